/* xhtml_style.c -- style attributes: declarations of known properties, whose values
 * are words, lengths, colours, names of fonts or an embedded image (CSS 2.2).
 *
 * What makes CSS hard to judge is refused before anything is looked at: escapes,
 * comments, at-rules, blocks, "!".  Then nothing is left that a browser could read
 * in another way. */
#include "text/xhtml_names.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"

#define STYLE_MAX   8192        /* bytes; an embedded image aside */
#define LENGTH_MAX  10000.0     /* pixels, or any other unit */

static bool
hexadecimal(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Sizes below which a letter or line is not read; by unit. */
static const struct { struct slice unit; double least; } units[] = {
	{ SLICE_INIT("px"), 5 },    { SLICE_INIT("pt"), 4 },   { SLICE_INIT("em"), 0.4 },
	{ SLICE_INIT("rem"), 0.4 }, { SLICE_INIT("ex"), 0.8 }, { SLICE_INIT("%"), 40 },
	{ SLICE_INIT("pc"), 0.4 },  { SLICE_INIT("cm"), 0.15 }, { SLICE_INIT("mm"), 1.5 },
	{ SLICE_INIT("in"), 0.06 }, { SLICE_INIT(""), 0.4 },
};

/* Values of display (and empty-cells) that show. */
static const char shows[] = "block inline inline-block list-item table inline-table table-cell "
    "table-row table-row-group table-header-group table-footer-group table-column "
    "table-column-group table-caption inherit initial show";

bool
xhtml_color_good(struct slice s)
{
	if (s.len == 0 || s.ptr[0] != '#' || (s.len != 4 && s.len != 7))
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!hexadecimal(s.ptr[i]))
			return false;
	return true;
}

/* rgb(1, 2, 3) and nothing with transparency. */
static bool
is_rgb(struct slice s)
{
	int commas = 0;

	if (!slice_eq_nocase(slice_sub(s, 0, 4), SLICE("rgb(")) || s.ptr[s.len - 1] != ')')
		return false;
	for (size_t i = 4; i + 1 < s.len; i++) {
		commas += s.ptr[i] == ',';
		if (!ascii_is_digit(s.ptr[i]) && s.ptr[i] != ',' && s.ptr[i] != ' ' && s.ptr[i] != '%')
			return false;
	}
	return commas == 2 && s.len <= 32;
}

static bool
is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_letter(s.ptr[i]) && s.ptr[i] != '-')
			return false;
	return s.len > 0 && s.len <= 40 && ascii_is_letter(s.ptr[0]);
}

/* A number that is not negative, and its unit. */
static bool
read_length(struct slice s, double *number, size_t *unit)
{
	char text[16] = "";
	size_t n = 0;

	while (n < s.len && n < sizeof text - 1 && (ascii_is_digit(s.ptr[n]) || s.ptr[n] == '.'))
		n++;
	memcpy(text, s.ptr, n);
	*number = strtod(text, NULL);
	s = slice_sub(s, n, s.len);
	for (*unit = 0; *unit < COUNT_OF(units); ++*unit)
		if (slice_eq_nocase(s, units[*unit].unit))
			return n > 0 && *number <= LENGTH_MAX;
	return false;
}

static bool
is_string(struct slice s)
{
	char quote = s.ptr[0];

	if (s.len < 2 || (quote != '"' && quote != '\'') || s.ptr[s.len - 1] != quote)
		return false;
	for (size_t i = 1; i + 1 < s.len; i++)
		if (!ascii_is_letter(s.ptr[i]) && !ascii_is_digit(s.ptr[i]) && s.ptr[i] != ' ' && s.ptr[i] != '-')
			return false;
	return true;
}

static bool
is_image(struct slice s)
{
	if (!slice_eq_nocase(slice_sub(s, 0, 4), SLICE("url(")) || s.ptr[s.len - 1] != ')')
		return false;
	s = slice_trim(slice_sub(s, 4, s.len - 5));
	if (s.len >= 2 && (s.ptr[0] == '"' || s.ptr[0] == '\'') && s.ptr[s.len - 1] == s.ptr[0])
		s = slice_sub(s, 1, s.len - 2);
	return xhtml_is_data_image(s);
}

static bool
size_good(struct slice s)
{
	double number;
	size_t unit;

	return read_length(s, &number, &unit) && number >= units[unit].least && number <= 200 * 10;
}

static bool
length_good(struct slice s)
{
	double number;
	size_t unit;

	return read_length(s, &number, &unit);
}

static bool
word_shows(struct slice s)
{
	char lower[40];

	if (s.len > sizeof lower)
		return false;
	for (size_t i = 0; i < s.len; i++)
		lower[i] = (char)(ascii_is_letter(s.ptr[i]) ? s.ptr[i] | 0x20 : s.ptr[i]);
	return xhtml_listed(shows, slice_make(lower, s.len));
}

static bool
token_good(unsigned allows, struct slice s)
{
	return ((allows & STYLE_WORD) && is_word(s)) || ((allows & STYLE_LENGTH) && length_good(s))
	    || ((allows & STYLE_SIZE) && size_good(s))
	    || ((allows & STYLE_COLOR) && (xhtml_color_good(s) || is_rgb(s)))
	    || ((allows & STYLE_STRING) && is_string(s)) || ((allows & STYLE_IMAGE) && is_image(s))
	    || ((allows & STYLE_SHOWS) && word_shows(s));
}

/* Up to white space or comma, parentheses and quotes kept together. */
static struct slice
token(struct slice *rest)
{
	struct slice s = *rest;
	size_t n = 0;
	char quote = 0;
	int deep = 0;

	for (; n < s.len && (deep > 0 || quote != 0 || (!white(s.ptr[n]) && s.ptr[n] != ',')); n++) {
		if (quote != 0)
			quote = s.ptr[n] == quote ? 0 : quote;
		else if (s.ptr[n] == '"' || s.ptr[n] == '\'')
			quote = s.ptr[n];
		else
			deep += (s.ptr[n] == '(') - (s.ptr[n] == ')');
	}
	*rest = slice_sub(s, n, s.len);
	return slice_sub(s, 0, n);
}

static bool
value_good(unsigned allows, struct slice value)
{
	bool any = false;

	while (value.len > 0) {
		if (white(value.ptr[0]) || value.ptr[0] == ',') {
			value = slice_sub(value, 1, value.len);
			continue;
		}
		if (!token_good(allows, token(&value)))
			return false;
		any = true;
	}
	return any;
}

/* Is this one of the ways to make text unseen? */
static bool
hides(const struct xhtml_property *p, struct slice value)
{
	return (p->allows & (STYLE_SIZE | STYLE_SHOWS)) != 0
	    || (slice_is(slice_of(p->name), "color") && slice_eq_nocase(value, SLICE("transparent")));
}

static bool
hiding_name(struct slice name)
{
	static const char *const names[] = { "visibility", "opacity", "clip", "clip-path", "overflow",
		"overflow-x", "overflow-y", "text-indent", "filter", "content-visibility" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_eq_nocase(name, slice_of(names[i])))
			return true;
	return false;
}

struct colours {
	struct slice text, ground;
};

/* Letters of the colour of their ground. */
static bool
colours_differ(struct colours *c, const struct xhtml_property *p, struct slice value)
{
	struct slice name = slice_of(p->name);

	if (slice_is(name, "color"))
		c->text = value;
	else if (slice_is(name, "background") || slice_is(name, "background-color"))
		c->ground = value;
	return c->text.len == 0 || slice_is(c->text, "inherit") || !slice_eq_nocase(c->text, c->ground);
}

static bool
refuse(struct xhtml_style_fault *first, enum xhtml_rule rule, const char *name)
{
	if (first->rule == XHTML_RULE_COUNT)
		*first = (struct xhtml_style_fault){ rule, name };
	return false;
}

static bool
declaration_good(struct slice text, struct colours *colours, struct xhtml_style_fault *first)
{
	size_t colon = slice_find(text, ':');
	struct slice name = slice_trim(slice_sub(text, 0, colon));
	struct slice value = slice_trim(slice_sub(text, colon + 1, text.len));
	const struct xhtml_property *p = xhtml_property(name);

	if (colon == text.len)          /* a word alone, which every reader skips */
		return is_word(name) || refuse(first, XHTML_style, NULL);
	if (p == NULL)
		return refuse(first, hiding_name(name) ? XHTML_hidden : XHTML_style, NULL);
	if (!value_good(p->allows, value))
		return refuse(first, hides(p, value) ? XHTML_hidden : XHTML_style, p->name);
	if (hides(p, value) && slice_is(slice_of(p->name), "color"))
		return refuse(first, XHTML_hidden, p->name);
	return colours_differ(colours, p, value) || refuse(first, XHTML_hidden, p->name);
}

/* Up to the semicolon that ends it: one in an url() does not. */
static struct slice
declaration(struct slice *rest)
{
	struct slice s = *rest;
	size_t n = 0;
	int deep = 0;

	while (n < s.len && (s.ptr[n] != ';' || deep > 0)) {
		deep += (s.ptr[n] == '(') - (s.ptr[n] == ')');
		n++;
	}
	*rest = slice_sub(s, n + 1, s.len);
	return slice_trim(slice_sub(s, 0, n));
}

/* Nothing of what opens another context. */
static bool
text_good(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if ((c < ' ' && !white((char)c)) || c >= 0x7f || memchr("\\@{}<>!&[]", c, 10) != NULL
		    || (c == '/' && i + 1 < s.len && s.ptr[i + 1] == '*'))
			return false;
	}
	return true;
}

bool
xhtml_style_good(struct slice style, struct buf *kept, struct xhtml_style_fault *first)
{
	struct colours colours = { SLICE_NONE, SLICE_NONE };
	bool good = true;

	*first = (struct xhtml_style_fault){ XHTML_RULE_COUNT, NULL };
	while (style.len > 0) {
		struct slice one = declaration(&style);
		bool fits = text_good(one) && (one.len <= STYLE_MAX
		    || slice_eq_nocase(slice_sub(one, 0, 17), SLICE("background-image:")));

		if (one.len == 0)
			continue;
		if (!(fits ? declaration_good(one, &colours, first) : refuse(first, XHTML_style, NULL)))
			good = false;
		else if (kept != NULL) {
			if (kept->len > 0)
				buf_add(kept, SLICE("; "));
			buf_add(kept, one);
		}
	}
	return good;
}
