/* xhtml.c -- the XHTML of a narrative (narrative.html): well formed, of the
 * elements and attributes that are allowed, and saying something.
 *
 * One pass with a stack of open elements; nothing is built. */
#include "validate/walk.h"

#define OPEN_MAX 64

static const char *const elements[] = { "a", "abbr", "acronym", "b", "big", "blockquote", "br",
	"caption", "cite", "code", "col", "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2",
	"h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "samp", "small", "span",
	"strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var" };

static const char *const attributes[] = { "abbr", "accesskey", "align", "alt", "axis", "bgcolor",
	"border", "cellhalign", "cellpadding", "cellspacing", "cellvalign", "char", "charoff", "charset",
	"cite", "class", "colspan", "compact", "coords", "dir", "frame", "headers", "height", "href",
	"hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev", "rowspan",
	"rules", "scope", "shape", "span", "src", "start", "style", "summary", "tabindex", "title",
	"type", "valign", "value", "vspace", "width", "xml:lang", "xml:space", "xmlns" };

struct reader {
	struct slice text;
	size_t       at;
	struct slice open[OPEN_MAX];
	int          depth;
	bool         says;
};

static bool
is_in(const char *const *list, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(name, list[i]))
			return true;
	return false;
}

static bool
name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':'
	    || c == '-' || c == '_' || c == '.';
}

static struct slice
name(struct reader *r)
{
	size_t from = r->at;

	while (r->at < r->text.len && name_char(r->text.ptr[r->at]))
		r->at++;
	return slice_sub(r->text, from, r->at - from);
}

static bool
mark(struct reader *r, const char *what)
{
	if (!slice_starts(slice_sub(r->text, r->at, r->text.len), slice_of(what)))
		return false;
	r->at += strlen(what);
	return true;
}

static void
space(struct reader *r)
{
	while (r->at < r->text.len && memchr(" \t\r\n", r->text.ptr[r->at], 4) != NULL)
		r->at++;
}

/* "&lt;" "&#160;" "&#xA0;"; and the entities of XHTML by their names. */
static bool
entity(struct reader *r)
{
	bool number = mark(r, "#");
	size_t from = r->at;

	while (r->at < r->text.len && r->at - from < 10 && name_char(r->text.ptr[r->at]))
		r->at++;
	return r->at > from && mark(r, ";")
	    && (!number || slice_find(SLICE("x0123456789"), r->text.ptr[from]) < 11);
}

static bool
attribute(struct reader *r)
{
	struct slice key = name(r);
	char quote;

	space(r);
	if (key.len == 0 || !mark(r, "="))
		return false;
	space(r);
	if (r->at == r->text.len || (r->text.ptr[r->at] != '"' && r->text.ptr[r->at] != '\''))
		return false;
	quote = r->text.ptr[r->at++];
	while (r->at < r->text.len && r->text.ptr[r->at] != quote) {
		if (r->text.ptr[r->at] == '<' || (r->text.ptr[r->at++] == '&' && !entity(r)))
			return false;
	}
	return r->at++ < r->text.len && (slice_starts(key, SLICE("xmlns:"))
	    || is_in(attributes, COUNT_OF(attributes), key));
}

static bool
begin_tag(struct reader *r)
{
	struct slice tag = name(r);

	if (!is_in(elements, COUNT_OF(elements), tag) || (r->depth == 0 && !slice_is(tag, "div")))
		return false;
	for (space(r); r->at < r->text.len && !memchr("/>", r->text.ptr[r->at], 2); space(r))
		if (!attribute(r))
			return false;
	r->says |= slice_is(tag, "img");
	if (mark(r, "/>"))
		return true;
	if (!mark(r, ">") || r->depth == OPEN_MAX)
		return false;
	r->open[r->depth++] = tag;
	return true;
}

static bool
end_tag(struct reader *r)
{
	struct slice tag = name(r);

	space(r);
	return r->depth > 0 && slice_eq(tag, r->open[--r->depth]) && mark(r, ">");
}

static bool
comment(struct reader *r)
{
	while (r->at < r->text.len)
		if (mark(r, "-->"))
			return true;
		else
			r->at++;
	return false;
}

static bool
character(struct reader *r)
{
	char c = r->text.ptr[r->at++];

	r->says |= memchr(" \t\r\n", c, 4) == NULL;
	return r->depth > 0 && (c != '&' || entity(r));
}

static bool
piece(struct reader *r)
{
	if (mark(r, "<!--"))
		return comment(r);
	if (mark(r, "</"))
		return end_tag(r);
	return mark(r, "<") ? begin_tag(r) : character(r);
}

enum xhtml
xhtml_check(struct slice text)
{
	struct reader r = { .text = slice_trim(text) };

	do {
		if (!piece(&r))
			return XHTML_BAD;
	} while (r.depth > 0 && r.at < r.text.len);
	if (r.depth > 0 || r.at < r.text.len)
		return XHTML_BAD;
	return r.says ? XHTML_GOOD : XHTML_SAYS_NOTHING;
}
