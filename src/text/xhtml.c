/* xhtml.c -- see xhtml.h.  A reader with a stack of open elements, and a writer that
 * is told of each start, text and end.
 *
 * Promises, with their numbers in xhtml_test.c and fuzz/narrative.c:
 *  (1) what is accepted is well-formed XML in the namespace of XHTML;
 *  (2) what was written is accepted, and written again it is the same;
 *  (3) an HTML parser builds from the HTML the elements that were written, and
 *      none of them outside the div;
 *  (4) nothing that was read gets into the report. */
#include "text/xhtml.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "text/xhtml_names.h"

#define FINDINGS_MAX 50

const struct xhtml_rule_row xhtml_rules[XHTML_RULE_COUNT] = {
#define X(id, fault, basis, text) { "narrative_" #id, FAULT_##fault, XHTML_##basis, SLICE_INIT(text) },
	XHTML_RULES(X)
#undef X
};

struct attribute {
	struct slice name, value;       /* the value without references */
	size_t       at;
};

struct open {
	struct slice name;
	const struct xhtml_element *kind;       /* NULL: none that is allowed */
	bool written;                   /* its start tag */
	bool muted;                     /* nothing in it is kept */
};

struct reader {
	const struct xhtml_how *how;
	struct slice      text;
	size_t            at;
	struct arena     *arena;
	struct xhtml     *found;
	struct xhtml_finding **tail;
	struct open      *open;
	size_t            depth, elements, findings;
	struct attribute *attributes;
	size_t            attribute_count;
	struct xhtml_ids  ids;
	struct buf       *out;          /* of `how`, or one that is thrown away */
	bool              says, turned;
	bool              no_ids;       /* the second time, when one was there twice */
};

/* Findings */

static struct xhtml_finding *
finding(struct reader *r, enum xhtml_rule rule, size_t at, const char *name)
{
	struct xhtml_finding *f = arena_alloc(r->arena, sizeof *f);

	*f = (struct xhtml_finding){ rule, at, name, NULL };
	return f;
}

static void
find(struct reader *r, enum xhtml_rule rule, size_t at, const char *name)
{
	if (faults[xhtml_rules[rule].fault].status >= 400)
		r->found->count++;
	if (r->findings++ >= FINDINGS_MAX)
		return;
	*r->tail = finding(r, rule, at, name);
	r->tail = &(*r->tail)->next;
}

/* It cannot be read on; what was found so far does not matter any more. */
static bool
stop(struct reader *r, enum xhtml_rule rule)
{
	if (r->found->stop == NULL)
		r->found->stop = finding(r, rule, r->at, NULL);
	return false;
}

struct slice
xhtml_sentence(const struct xhtml_finding *f, struct arena *arena)
{
	struct slice text = xhtml_rules[f->rule].text;
	size_t mark = slice_find(text, '%');
	struct buf b;

	if (mark == text.len)
		return text;
	buf_init(&b, arena, 512);
	buf_add(&b, slice_sub(text, 0, mark));
	if (f->name != NULL)
		buf_printf(&b, " (%s)", f->name);
	buf_add(&b, slice_sub(text, mark + 1, text.len));
	return buf_slice(&b);
}

/* Characters */

static bool
white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
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
skip_white(struct reader *r)
{
	while (r->at < r->text.len && white(r->text.ptr[r->at]))
		r->at++;
}

/* XML 1.0, production 2. */
static bool
is_character(uint32_t c)
{
	return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xD800) || (c >= 0xE000 && c < 0xFFFE)
	    || (c >= 0x10000 && c <= 0x10FFFF);
}

static uint32_t
decode(struct slice s, size_t *at)
{
	unsigned char first = (unsigned char)s.ptr[(*at)++];
	int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	uint32_t c = more == 0 ? first : first & (0x3Fu >> more);

	while (more-- > 0 && *at < s.len)
		c = c << 6 | ((unsigned char)s.ptr[(*at)++] & 0x3Fu);
	return c;
}

static struct slice
encode(uint32_t c, char out[4])
{
	static const unsigned char leads[] = { 0, 0xC0, 0xE0, 0xF0 };
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	out[0] = (char)(leads[more] | c >> (6 * more));
	for (size_t i = more; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	return slice_make(out, more + 1);
}

/* Ranges without ink: spaces and what is not seen at all (Unicode White_Space,
 * Default_Ignorable_Code_Point). */
static const struct { uint32_t first, last; } blank[] = {
	{ 0x00, 0x20 }, { 0x7F, 0xA0 }, { 0xAD, 0xAD }, { 0x034F, 0x034F }, { 0x061C, 0x061C },
	{ 0x115F, 0x1160 }, { 0x1680, 0x1680 }, { 0x17B4, 0x17B5 }, { 0x180B, 0x180F },
	{ 0x2000, 0x200F }, { 0x2028, 0x202F }, { 0x205F, 0x206F }, { 0x2800, 0x2800 },
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF },
	{ 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB }, { 0xE0000, 0xE0FFF },
};

static bool
has_ink(uint32_t c)
{
	for (size_t i = 0; i < COUNT_OF(blank); i++)
		if (c >= blank[i].first && c <= blank[i].last)
			return false;
	return true;
}

/* UAX 9: embeddings, overrides and isolates. */
static bool
turns(uint32_t c)
{
	return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* All characters are ones that XML has?  Notes ink and turns. */
static bool
look_at(struct reader *r, struct slice s, bool *ink)
{
	bool turned = false;

	*ink = false;
	for (size_t i = 0; i < s.len; ) {
		uint32_t c;

		if (s.ptr[i] > 0x20 && s.ptr[i] < 0x7F) {       /* most are */
			*ink = true;
			i++;
			continue;
		}
		c = decode(s, &i);
		if (!is_character(c))
			return stop(r, XHTML_character);
		*ink = *ink || (c > 0x20 && (c < 0x7F || has_ink(c)));
		turned |= c > 0x2000 && turns(c);
	}
	if (turned && !r->turned)
		find(r, XHTML_bidi, r->at, NULL);
	r->turned |= turned;
	return true;
}

void
xhtml_escape(struct buf *b, struct slice s, bool attribute)
{
	static const struct { char c; bool always; const char *as; } escapes[] = {
		{ '&', true, "&amp;" }, { '<', true, "&lt;" }, { '>', true, "&gt;" },
		{ '"', true, "&quot;" }, { '\r', true, "&#13;" }, { '\n', false, "&#10;" },
		{ '\t', false, "&#9;" },
	};
	size_t copied = 0;

	for (size_t i = 0; i < s.len; i++)
		for (size_t k = 0; (unsigned char)s.ptr[i] <= '>' && k < COUNT_OF(escapes); k++)
			if (s.ptr[i] == escapes[k].c && (escapes[k].always || attribute)) {
				buf_add_bytes(b, s.ptr + copied, i - copied);
				buf_add_cstr(b, escapes[k].as);
				copied = i + 1;
			}
	buf_add_bytes(b, s.ptr + copied, s.len - copied);
}

/* "#160" or "#xA0", without "&" and ";". */
static bool
character_number(struct slice s, uint32_t *c)
{
	bool hex = s.len > 1 && s.ptr[1] == 'x';
	size_t i = hex ? 2 : 1;

	*c = 0;
	if (i == s.len || s.len > 10)
		return false;
	for (; i < s.len; i++) {
		char d = s.ptr[i];
		uint32_t v = d >= '0' && d <= '9' ? (uint32_t)(d - '0')
		    : hex && (d | 0x20) >= 'a' && (d | 0x20) <= 'f' ? (uint32_t)((d | 0x20) - 'a' + 10) : 99;

		if (v == 99 || *c > 0x10FFFF)
			return false;
		*c = *c * (hex ? 16 : 10) + v;
	}
	return true;
}

static bool
reference(struct reader *r, uint32_t *c)
{
	static const struct { const char *name; char c; } entities[] = {
		{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' },
	};
	struct slice rest = slice_sub(r->text, r->at + 1, 12), name;
	size_t end = slice_find(rest, ';');

	if (end == rest.len || end == 0)
		return stop(r, XHTML_not_xml);
	name = slice_sub(rest, 0, end);
	r->at += end + 2;
	if (name.ptr[0] == '#')
		return (character_number(name, c) && is_character(*c)) || stop(r, XHTML_character);
	for (size_t i = 0; i < COUNT_OF(entities); i++)
		if (slice_is(name, entities[i].name)) {
			*c = (uint32_t)entities[i].c;
			return true;
		}
	return stop(r, XHTML_entity);
}

/* The writer */

/* The nearest element around that was written; NULL outside the div. */
static const struct open *
around(const struct reader *r)
{
	size_t i = r->depth;

	while (i > 0 && !r->open[i - 1].written)
		i--;
	return i == 0 ? NULL : &r->open[i - 1];
}

static bool
is_open(const struct reader *r, const char *name)
{
	for (size_t i = r->depth; i > 0; i--) {
		const struct open *o = &r->open[i - 1];

		if (o->written && slice_is(slice_of(o->kind->name), name))
			return true;
		if (o->written && (o->kind->flags & ELEMENT_CELL))
			return false;
	}
	return false;
}

static bool
as_html(const struct reader *r)
{
	return r->how->form == XHTML_AS_HTML;
}

/* Where an HTML parser puts the element elsewhere, or closes others for it. */
static bool
place_good(const struct reader *r, const struct xhtml_element *e)
{
	const struct open *o = around(r);

	if (o == NULL)
		return true;
	if (e->parents != NULL && !xhtml_listed(e->parents, slice_of(o->kind->name)))
		return false;
	if (o->kind->children != NULL && !xhtml_listed(o->kind->children, slice_of(e->name)))
		return false;
	return strcmp(e->name, "a") != 0 || !is_open(r, "a");
}

/* What R4 leaves open and HTML does not: written another way in HTML, never refused. */
static bool
html_parser_follows(struct reader *r, const struct xhtml_element *e)
{
	struct open *o = (struct open *)around(r);

	if (o == NULL || !as_html(r))
		return true;
	if ((e->flags & ELEMENT_HEADING) && (o->kind->flags & ELEMENT_HEADING))
		return false;
	if (!(e->flags & ELEMENT_BLOCK) || !is_open(r, "p"))
		return true;
	if (strcmp(o->kind->name, "p") != 0)
		return false;
	buf_add(r->out, SLICE("</p>"));
	o->written = false;
	return html_parser_follows(r, e);
}

static void
write_text(struct reader *r, struct slice s)
{
	const struct open *o = around(r);
	bool ink;

	if (!look_at(r, s, &ink) || o == NULL)
		return;
	if (r->open[r->depth - 1].muted || (o->kind->children != NULL && ink)
	    || (o->kind->flags & ELEMENT_VOID)) {
		r->found->lost |= ink;
		if (ink && !r->open[r->depth - 1].muted)
			find(r, XHTML_nesting, r->at, o->kind->name);
		return;
	}
	r->says |= ink;
	xhtml_escape(r->out, s, false);
}

static void
write_pair(struct reader *r, const char *name, struct slice before, struct slice value)
{
	buf_add_char(r->out, ' ');
	buf_add_cstr(r->out, name);
	buf_add(r->out, SLICE("=\""));
	xhtml_escape(r->out, before, true);
	xhtml_escape(r->out, value, true);
	buf_add_char(r->out, '"');
}

/* Links lead out of the page with nothing in hand. */
static void
write_link(struct reader *r, const char *name, struct slice value)
{
	if (slice_starts(value, SLICE("#"))) {
		buf_printf(r->out, " %s=\"#", name);
		xhtml_escape(r->out, r->how->prefix, true);
		xhtml_escape(r->out, slice_sub(value, 1, value.len), true);
		buf_add_char(r->out, '"');
		return;
	}
	write_pair(r, name, SLICE_NONE, value);
	buf_add(r->out, SLICE(" rel=\"noopener noreferrer nofollow\""));
}

static struct slice
shown_image(struct reader *r, struct slice src)
{
	if (!slice_starts(src, SLICE("#")))
		return xhtml_is_data_image(src) ? src : SLICE_NONE;
	src = r->how->image == NULL ? SLICE_NONE : r->how->image(r->how->ctx, slice_sub(src, 1, src.len));
	return xhtml_is_data_image(src) ? src : SLICE_NONE;
}

/* Text that would be markup if it were put into a page without escaping once more. */
static bool
is_markup(struct slice s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if ((s.ptr[i] == '<' && s.ptr[i + 1] != ' ') || slice_starts(slice_sub(s, i, 2), SLICE("->"))
		    || slice_starts(slice_sub(s, i, 2), SLICE("]>")))
			return true;
	return false;
}

static void
write_html_attribute(struct reader *r, const struct xhtml_attribute *a, struct slice value)
{
	if (a->flags & ATTRIBUTE_NOT_SHOWN)
		return;
	switch (a->kind) {
	case VALUE_LINK:
		write_link(r, a->name, value);
		break;
	case VALUE_IMAGE:
		if ((value = shown_image(r, value)).len > 0)
			write_pair(r, a->name, SLICE_NONE, value);
		break;
	case VALUE_ID: case VALUE_ANCHOR:
		write_pair(r, a->name, r->how->prefix, value);
		break;
	default:
		if (!is_markup(value))
			write_pair(r, a->name, SLICE_NONE, value);
	}
}

static void
write_attribute(struct reader *r, const struct xhtml_attribute *a, struct slice value)
{
	if (as_html(r))
		write_html_attribute(r, a, value);
	else if (a->kind != VALUE_NAMESPACE || r->depth == 0)
		write_pair(r, a->name, SLICE_NONE, value);
}

/* Attributes */

void
xhtml_ids_add(struct xhtml_ids *ids, struct slice id, struct arena *arena)
{
	if (ids->count == ids->room) {
		size_t room = ids->room == 0 ? 16 : 2 * ids->room;

		ids->at = arena_grow(arena, ids->at, ids->room * sizeof *ids->at, room * sizeof *ids->at);
		ids->room = room;
	}
	ids->at[ids->count++] = id;
}

static int
by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* How many were there twice. */
static size_t
sort_ids(struct xhtml_ids *ids)
{
	size_t given = ids->count, kept = 0;

	if (given > 1)
		qsort(ids->at, given, sizeof *ids->at, by_text);
	for (size_t i = 0; i < given; i++)
		if (kept == 0 || !slice_eq(ids->at[kept - 1], ids->at[i]))
			ids->at[kept++] = ids->at[i];
	ids->count = kept;
	return given - kept;
}

void
xhtml_ids_sort(struct xhtml_ids *ids)
{
	sort_ids(ids);
}

static void
take_style(struct reader *r, const struct xhtml_attribute *a, const struct attribute *given)
{
	struct xhtml_style_fault fault;
	struct buf kept;

	buf_init(&kept, r->arena, SIZE_MAX);
	if (!xhtml_style_good(given->value, &kept, &fault))
		find(r, fault.rule, given->at, fault.name);
	if (kept.len > 0)
		write_attribute(r, a, buf_slice(&kept));
}

/* "#id" must be an image of the resource. */
static bool
given_good(struct reader *r, const struct xhtml_attribute *a, struct slice value, enum xhtml_rule *rule)
{
	if (!xhtml_value_good(r->how, a, value, rule))
		return false;
	return a->kind != VALUE_IMAGE || !slice_starts(value, SLICE("#")) || r->how->contained == NULL
	    || r->how->contained(r->how->ctx, slice_sub(value, 1, value.len));
}

static void
take_attribute(struct reader *r, const struct xhtml_element *e, const struct attribute *given)
{
	const struct xhtml_attribute *a = xhtml_attribute(e, given->name);
	enum xhtml_rule rule = XHTML_value;

	if (a == NULL) {
		find(r, XHTML_attribute, given->at, xhtml_unwanted_attribute(given->name));
	} else if (a->kind == VALUE_STYLE) {
		take_style(r, a, given);
	} else if (!given_good(r, a, given->value, &rule)) {
		find(r, rule, given->at, a->name);
		r->found->lost |= a->kind == VALUE_IMAGE;
	} else if (a->kind != VALUE_ID || !r->no_ids) {
		if (a->kind == VALUE_ID)
			xhtml_ids_add(&r->ids, given->value, r->arena);
		r->says |= a->kind == VALUE_IMAGE;
		write_attribute(r, a, given->value);
	}
}

/* Does an attribute put the element into another namespace?  A prefix always does. */
static bool
namespace_good(const struct attribute *a)
{
	if (slice_is(a->name, "xmlns"))
		return slice_is(a->value, XHTML_URI);
	return slice_find(a->name, ':') == a->name.len || slice_starts(a->name, SLICE("xml:"));
}

static bool
all_in_namespace(const struct reader *r)
{
	for (size_t i = 0; i < r->attribute_count; i++)
		if (!namespace_good(&r->attributes[i]))
			return false;
	return true;
}

static bool
declares_namespace(const struct reader *r)
{
	for (size_t i = 0; i < r->attribute_count; i++)
		if (slice_is(r->attributes[i].name, "xmlns"))
			return true;
	return false;
}

/* Elements */

static bool
begin_unknown(struct reader *r, struct open *o, size_t at)
{
	if (slice_find(o->name, ':') < o->name.len)
		return stop(r, XHTML_namespace);
	find(r, XHTML_element, at, xhtml_unwanted(o->name, &o->muted));
	o->muted = o->muted || !all_in_namespace(r);
	return true;
}

static void
write_start(struct reader *r, struct open *o)
{
	buf_add_char(r->out, '<');
	buf_add_cstr(r->out, o->kind->name);
	for (size_t i = 0; i < r->attribute_count; i++)
		take_attribute(r, o->kind, &r->attributes[i]);
	if (!(o->kind->flags & ELEMENT_VOID))
		buf_add_char(r->out, '>');
	else
		buf_add(r->out, as_html(r) ? SLICE(">") : SLICE("/>"));
	/* HTML leaves out a line end that follows the tag. */
	if (as_html(r) && strcmp(o->kind->name, "pre") == 0)
		buf_add_char(r->out, '\n');
	o->written = true;
}

/* R4 narrative.html: both should be those of the resource. */
static void
compare_language(struct reader *r, size_t at)
{
	struct slice wanted = r->how->language;
	bool good = true;

	for (size_t i = 0; i < r->attribute_count; i++) {
		struct slice name = r->attributes[i].name, value = r->attributes[i].value;

		if (!slice_is(name, "lang") && !slice_is(name, "xml:lang"))
			continue;
		if (wanted.len == 0)
			wanted = value;
		good &= slice_eq_nocase(value, wanted);
	}
	if (!good)
		find(r, XHTML_language, at, NULL);
}

static bool
begin_known(struct reader *r, struct open *o, size_t at)
{
	if (r->depth == 0)
		compare_language(r, at);
	if (!all_in_namespace(r) || (r->depth == 0 && !declares_namespace(r)))
		return stop(r, XHTML_namespace);
	if (!place_good(r, o->kind))
		find(r, XHTML_nesting, at, o->kind->name);
	else if (html_parser_follows(r, o->kind))
		write_start(r, o);
	return true;
}

static bool
begin(struct reader *r, struct slice name, size_t at)
{
	struct open o = { .name = name, .kind = xhtml_element(name),
		.muted = r->depth > 0 && r->open[r->depth - 1].muted };

	if (r->depth == r->how->limits->of[LIMIT_NARRATIVE_DEPTH])
		return stop(r, XHTML_too_deep);
	if (++r->elements > r->how->limits->of[LIMIT_NARRATIVE_ELEMENTS])
		return stop(r, XHTML_too_many);
	if (r->depth == 0 && (o.kind == NULL || !slice_is(name, "div")))
		return stop(r, slice_find(name, ':') < name.len ? XHTML_namespace : XHTML_root);
	if (!o.muted && !(o.kind == NULL ? begin_unknown(r, &o, at) : begin_known(r, &o, at)))
		return false;
	r->open[r->depth++] = o;
	return true;
}

static bool
end(struct reader *r, struct slice name)
{
	struct open *o = r->depth == 0 ? NULL : &r->open[r->depth - 1];

	if (o == NULL || !slice_eq(o->name, name))
		return stop(r, XHTML_not_xml);
	if (o->written && !(o->kind->flags & ELEMENT_VOID)) {
		buf_add(r->out, SLICE("</"));
		buf_add_cstr(r->out, o->kind->name);
		buf_add_char(r->out, '>');
	}
	r->depth--;
	return true;
}

/* The grammar (XML 1.0) */

static bool
name_character(unsigned char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == ':'
	    || c == '-' || c == '_' || c == '.';
}

/* ASCII names alone: all that are allowed are such. */
static bool
read_name(struct reader *r, struct slice *name)
{
	size_t from = r->at;

	while (r->at < r->text.len && name_character((unsigned char)r->text.ptr[r->at]))
		r->at++;
	*name = slice_sub(r->text, from, r->at - from);
	if (name->len == 0 || memchr("-.0123456789:", name->ptr[0], 13) != NULL)
		return stop(r, XHTML_not_xml);
	return true;
}

/* AttValue, normalised: white space as it stands becomes a space. */
static bool
read_value(struct reader *r, struct slice *value)
{
	char quote = r->at < r->text.len ? r->text.ptr[r->at] : 0, utf8[4];
	struct slice rest = slice_sub(r->text, r->at + 1, r->text.len);
	size_t end = slice_find(rest, quote);
	bool ink;
	struct buf b;

	if ((quote != '"' && quote != '\'') || end == rest.len)
		return stop(r, XHTML_not_xml);
	end += ++r->at;
	buf_init(&b, r->arena, SIZE_MAX);
	buf_reserve(&b, end - r->at + 1);
	while (r->at < end) {
		char c = r->text.ptr[r->at];
		uint32_t decoded;

		if (c == '<')
			return stop(r, XHTML_not_xml);
		if (c != '&') {
			buf_add_char(&b, white(c) ? ' ' : c);
			r->at++;
		} else if (!reference(r, &decoded))
			return false;
		else
			buf_add(&b, encode(decoded, utf8));
	}
	*value = buf_slice(&b);
	return r->at++ == end && look_at(r, *value, &ink);
}

static bool
read_attribute(struct reader *r)
{
	struct attribute *a = &r->attributes[r->attribute_count];

	if (r->attribute_count == r->how->limits->of[LIMIT_NARRATIVE_ATTRIBUTES])
		return stop(r, XHTML_too_many);
	a->at = r->at;
	if (!read_name(r, &a->name))
		return false;
	skip_white(r);
	if (!mark(r, "="))
		return stop(r, XHTML_not_xml);
	skip_white(r);
	if (!read_value(r, &a->value))
		return false;
	for (size_t i = 0; i < r->attribute_count; i++)
		if (slice_eq(r->attributes[i].name, a->name))
			return stop(r, XHTML_not_xml);
	r->attribute_count++;
	return true;
}

/* White space stands before each attribute. */
static bool
read_attributes(struct reader *r)
{
	r->attribute_count = 0;
	for (;;) {
		size_t before = r->at;

		skip_white(r);
		if (r->at == r->text.len)
			return stop(r, XHTML_not_xml);
		if (r->text.ptr[r->at] == '>' || r->text.ptr[r->at] == '/')
			return true;
		if (r->at == before)
			return stop(r, XHTML_not_xml);
		if (!read_attribute(r))
			return false;
	}
}

static bool
start_tag(struct reader *r)
{
	size_t at = r->at - 1;
	struct slice name;

	if (!read_name(r, &name) || !read_attributes(r))
		return false;
	if (mark(r, "/>"))
		return begin(r, name, at) && end(r, name);
	return mark(r, ">") ? begin(r, name, at) : stop(r, XHTML_not_xml);
}

static bool
end_tag(struct reader *r)
{
	struct slice name;

	if (!read_name(r, &name))
		return false;
	skip_white(r);
	return mark(r, ">") ? end(r, name) : stop(r, XHTML_not_xml);
}

static bool
up_to(struct reader *r, const char *mark_text, struct slice *inside)
{
	struct slice wanted = slice_of(mark_text);
	size_t from = r->at;

	for (; r->at + wanted.len <= r->text.len; r->at++)
		if (slice_starts(slice_sub(r->text, r->at, wanted.len), wanted)) {
			*inside = slice_sub(r->text, from, r->at - from);
			r->at += wanted.len;
			return true;
		}
	return stop(r, XHTML_not_xml);
}

static bool
comment(struct reader *r)
{
	size_t at = r->at - 4;
	struct slice inside;
	bool ink;

	if (!up_to(r, "--", &inside) || !look_at(r, inside, &ink))
		return false;
	if (!mark(r, ">"))
		return stop(r, XHTML_not_xml);
	find(r, XHTML_comment, at, NULL);
	return true;
}

static bool
cdata(struct reader *r)
{
	size_t at = r->at - 9;
	struct slice inside;

	if (r->depth == 0 || !up_to(r, "]]>", &inside))
		return r->depth > 0 ? false : stop(r, XHTML_not_xml);
	find(r, XHTML_cdata, at, NULL);
	write_text(r, inside);
	return true;
}

static bool
characters(struct reader *r)
{
	size_t from = r->at;
	char utf8[4];
	uint32_t c;

	if (r->depth == 0)
		return stop(r, XHTML_root);
	if (r->text.ptr[r->at] == '&') {
		if (!reference(r, &c))
			return false;
		write_text(r, encode(c, utf8));
		return true;
	}
	while (r->at < r->text.len && r->text.ptr[r->at] != '<' && r->text.ptr[r->at] != '&') {
		if (r->text.ptr[r->at] == ']' && mark(r, "]]>"))
			return stop(r, XHTML_not_xml);
		r->at++;
	}
	write_text(r, slice_sub(r->text, from, r->at - from));
	return true;
}

static bool
piece(struct reader *r)
{
	if (mark(r, "<!--"))
		return comment(r);
	if (mark(r, "<![CDATA["))
		return cdata(r);
	if (mark(r, "<!") || mark(r, "<?"))
		return stop(r, XHTML_doctype);
	if (mark(r, "</"))
		return end_tag(r);
	return mark(r, "<") ? start_tag(r) : characters(r);
}

static bool
whole(struct reader *r)
{
	skip_white(r);
	do {
		if (r->at == r->text.len)
			return stop(r, r->depth > 0 ? XHTML_not_xml : XHTML_root);
		if (!piece(r))
			return false;
	} while (r->depth > 0 || r->elements == 0);
	skip_white(r);
	if (r->at < r->text.len)
		return stop(r, XHTML_root);
	return true;
}

/* The ends */

/* From each other, and from those of the resource, which they become too. */
static bool
ids_differ(struct reader *r)
{
	struct xhtml_ids *taken = r->how->ids;
	bool differ = sort_ids(&r->ids) == 0;

	if (taken == NULL || r->ids.count == 0)
		return differ;
	for (size_t i = 0; i < r->ids.count; i++)
		xhtml_ids_add(taken, r->ids.at[i], r->arena);
	return sort_ids(taken) == 0 && differ;
}

static bool
open_reader(struct reader *r)
{
	const struct limits *l = r->how->limits;

	r->tail = &r->found->first;
	if (r->text.len > l->of[LIMIT_NARRATIVE_BYTES])
		return stop(r, XHTML_too_long);
	if (!utf8_valid(r->text))
		return stop(r, XHTML_character);
	r->open = arena_array(r->arena, l->of[LIMIT_NARRATIVE_DEPTH] + 1, sizeof *r->open);
	r->attributes = arena_array(r->arena, l->of[LIMIT_NARRATIVE_ATTRIBUTES] + 1, sizeof *r->attributes);
	return true;
}

/* Once more, for what is written alone. */
static void
write_without_ids(struct reader *r, size_t from)
{
	struct xhtml again = { 0 };
	struct reader second = { .how = r->how, .text = r->text, .arena = r->arena, .found = &again,
		.out = r->out, .no_ids = true };

	r->out->len = from;
	r->found->readable = open_reader(&second) && whole(&second) && again.stop == NULL;
}

bool
xhtml_read(struct slice text, const struct xhtml_how *how, struct arena *arena, struct xhtml *found)
{
	struct buf nowhere;
	struct reader r = { .how = how, .text = text, .arena = arena, .found = found,
		.out = how->form == XHTML_AS_NOTHING ? &nowhere : how->out };
	size_t from = how->form == XHTML_AS_NOTHING ? 0 : how->out->len;

	*found = (struct xhtml){ .readable = false };
	buf_init(&nowhere, arena, 0);
	found->readable = open_reader(&r) && whole(&r) && found->stop == NULL;
	if (!found->readable)
		return false;
	if (!ids_differ(&r)) {
		find(&r, XHTML_id_twice, 0, NULL);
		if (how->form != XHTML_AS_NOTHING)
			write_without_ids(&r, from);
	}
	found->says = r.says;
	if (!r.says)
		find(&r, XHTML_empty, 0, NULL);
	return found->count == 0;
}
