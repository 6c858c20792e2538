/* hcl_template.c -- quoted texts, heredocs and whole files with ${ } and %{ } in them.
 *
 * A template is read into a flat run of parts, trimmed (strip markers, then the indent of
 * "<<-"), and only then made a tree, as the official parser does: both kinds of
 * trimming speak of neighbours in the text, not of the tree. */
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "base/buf.h"
#include "iac/hcl_parser.h"

enum part_type { PART_TEXT, PART_VALUE, PART_IF, PART_ELSE, PART_ENDIF, PART_FOR, PART_ENDFOR, PART_END };

struct part {
	enum part_type         type;
	struct hcl_cursor      start;
	struct slice           text;
	struct hcl_expression *expression;      /* VALUE, IF; FOR: with its names, one child */
};

enum mode { QUOTED, HEREDOC, BARE };

struct template {
	struct hcl_parser *parser;
	enum mode          mode;
	struct slice       marker;
	struct part       *parts;
	uint32_t           count, room, next;
	bool               trim;        /* "~}" stood before */
};

static struct part *
add_part(struct template *t, enum part_type type)
{
	struct hcl_parser *p = t->parser;
	struct part *part;

	if (t->count == t->room) {
		t->room = t->room == 0 ? 4 : t->room * 2;
		t->parts = arena_grow(p->arena, t->parts, t->count * sizeof *t->parts,
		    t->room * sizeof *t->parts);
	}
	part = &t->parts[t->count++];
	*part = (struct part){ .type = type, .start = p->at };
	return part;
}

static char
byte(const struct template *t, uint32_t ahead)
{
	size_t at = t->parser->at.at + (size_t)ahead;

	return at < t->parser->text.len ? t->parser->text.ptr[at] : '\0';
}

static void
step(struct template *t, uint32_t bytes)
{
	struct hcl_cursor at = t->parser->at;

	hcl_advance(&at, t->parser->text, bytes);
	hcl_move(t->parser, at);
}

static bool
fail(struct template *t, const char *message)
{
	struct hcl_parser *p = t->parser;

	return hcl_fail(p, hcl_span(p, p->at, p->at), message) != NULL;
}

static bool
at_end(const struct template *t)
{
	return t->parser->at.at >= t->parser->text.len;
}

/* ---- literal text ---- */

static bool
hex_value(const struct template *t, uint32_t digits, uint32_t *value)
{
	*value = 0;
	for (uint32_t i = 0; i < digits; i++) {
		char c = byte(t, 2 + i);
		const char *hex = "0123456789abcdef", *at = strchr(hex, c | 0x20);

		if (c == '\0' || at == NULL || (c | 0x20) == '\0')
			return false;
		*value = *value << 4 | (uint32_t)(at - hex);
	}
	return true;
}

static void
add_code_point(struct buf *b, uint32_t point)
{
	char bytes[U8_MAX_LENGTH];
	uint32_t n = 0;
	UBool bad = false;

	if (point > 0x10ffff || (point & 0xfffff800u) == 0xd800)
		point = 0xfffd;
	U8_APPEND(bytes, n, U8_MAX_LENGTH, (UChar32)point, bad);
	if (!bad)
		buf_add_bytes(b, bytes, n);
}

/* "\uXXXX", "\UXXXXXXXX" */
static bool
add_unicode(struct template *t, struct buf *b, uint32_t digits)
{
	uint32_t point;

	if (!hex_value(t, digits, &point))
		return fail(t, "expected hexadecimal digits in the escape");
	add_code_point(b, point);
	step(t, 2 + digits);
	return true;
}

static bool
add_escape(struct template *t, struct buf *b)
{
	static const char names[] = "nrt\"\\", values[] = "\n\r\t\"\\";
	char c = byte(t, 1);
	const char *at;

	if (c == 'u' || c == 'U')
		return add_unicode(t, b, c == 'u' ? 4 : 8);
	at = c == '\0' ? NULL : strchr(names, c);
	if (at == NULL)
		return fail(t, "no such escape");
	buf_add_char(b, values[at - names]);
	step(t, 2);
	return true;
}

/* "${" or "%{" */
static bool
at_sequence(const struct template *t, uint32_t ahead)
{
	char c = byte(t, ahead);

	return (c == '$' || c == '%') && byte(t, ahead + 1) == '{';
}

/* "$${" or "%%{" */
static bool
at_escaped_sequence(const struct template *t)
{
	return (byte(t, 0) == '$' || byte(t, 0) == '%') && byte(t, 0) == byte(t, 1) && byte(t, 2) == '{';
}

/* Bytes up to the next one that may mean something. */
static uint32_t
plain_length(const struct template *t)
{
	struct slice rest = slice_sub(t->parser->text, t->parser->at.at, t->parser->text.len);
	uint32_t n = 0;

	while (n < rest.len && strchr("$%\"\\\n", rest.ptr[n]) == NULL)
		n++;
	while (n < rest.len && rest.ptr[n] == '\0')
		n++;
	return n;
}

/* One piece of literal text; false when the text part ends here (or fails). */
static bool
add_piece(struct template *t, struct buf *b)
{
	char c = byte(t, 0);
	uint32_t n = 1;

	if (at_end(t) || at_sequence(t, 0) || (t->mode == QUOTED && (c == '"' || c == '\n')))
		return false;
	if (t->mode == QUOTED && c == '\\')
		return add_escape(t, b);
	if (at_escaped_sequence(t)) {
		buf_add_bytes(b, t->parser->text.ptr + t->parser->at.at, 1);
		buf_add_char(b, '{');
		step(t, 3);
		return true;
	}
	n = plain_length(t);
	n = n == 0 ? 1 : n;
	buf_add_bytes(b, t->parser->text.ptr + t->parser->at.at, n);
	step(t, n);
	return c != '\n' || t->mode == QUOTED;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

static struct slice
from_utf16(struct arena *a, const UChar *from, int32_t len)
{
	int32_t cap = len * 3 + 1, made = 0;
	char *to = arena_alloc(a, (size_t)cap);
	UErrorCode status = U_ZERO_ERROR;

	u_strToUTF8(to, cap, &made, from, len, &status);
	return slice_make(to, (size_t)made);
}

/* NFC, as all strings of HCL are. */
static struct slice
normalised(struct arena *a, struct slice s)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfc = is_ascii(s) ? NULL : unorm2_getNFCInstance(&status);
	int32_t cap = (int32_t)s.len + 1, len = 0, made;
	UChar *wide, *composed;

	if (nfc == NULL)
		return s;
	wide = arena_array(a, (size_t)cap, sizeof *wide);
	composed = arena_array(a, (size_t)cap * 3, sizeof *composed);
	u_strFromUTF8(wide, cap, &len, s.ptr, (int32_t)s.len, &status);
	if (U_FAILURE(status) || unorm2_quickCheck(nfc, wide, len, &status) == UNORM_YES)
		return s;
	made = unorm2_normalize(nfc, wide, len, composed, cap * 3, &status);
	return U_FAILURE(status) ? s : from_utf16(a, composed, made);
}

/* White space as Go's unicode.IsSpace knows it, in ASCII. */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice
trim_left(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[0]))
		s = slice_sub(s, 1, s.len);
	return s;
}

static struct slice
trim_right(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool
read_text(struct template *t)
{
	struct hcl_parser *p = t->parser;
	struct part *part = add_part(t, PART_TEXT);
	struct hcl_cursor start = p->at;
	struct buf b;

	buf_init(&b, p->arena, p->text.len + 1);
	while (add_piece(t, &b))
		;
	part->text = normalised(p->arena, buf_slice(&b));
	if (t->trim)
		part->text = trim_left(part->text);
	t->trim = false;
	return !p->failed && p->at.at > start.at;
}

/* ---- sequences ---- */

/* The closing brace of a sequence, perhaps with a strip marker. */
static bool
close_sequence(struct template *t)
{
	struct hcl_parser *p = t->parser;

	t->trim = hcl_accept(p, TOKEN_STRIP_CLOSE);
	return t->trim || hcl_expect(p, '}', "expected '}' at the end of the template sequence");
}

/* for [k,] v in collection: a FOR node with one child. */
static struct hcl_expression *
read_for(struct hcl_parser *p)
{
	struct hcl_expression *e = hcl_node(p, HCL_FOR_TUPLE, p->at);
	struct hcl_token name = hcl_peek(p);

	if (!hcl_expect(p, TOKEN_NAME, "expected a name behind \"for\""))
		return NULL;
	e->name = hcl_token_text(p, name);
	if (hcl_accept(p, ',')) {
		name = hcl_peek(p);
		if (!hcl_expect(p, TOKEN_NAME, "expected a second name"))
			return NULL;
		e->key = e->name;
		e->name = hcl_token_text(p, name);
	}
	if (!hcl_word(p, "in"))
		return hcl_fail(p, hcl_token_span(p, hcl_peek(p)), "expected \"in\"");
	hcl_take(p);
	return hcl_adopt(p, e, hcl_read_expression(p)) ? e : NULL;
}

static const struct {
	const char    *word;
	enum part_type type;
} directives[] = {
	{ "if", PART_IF }, { "else", PART_ELSE }, { "endif", PART_ENDIF },
	{ "for", PART_FOR }, { "endfor", PART_ENDFOR },
};

static bool
read_directive(struct template *t, struct part *part)
{
	struct hcl_parser *p = t->parser;
	struct slice word = hcl_token_text(p, hcl_take(p));
	size_t i;

	for (i = 0; i < sizeof directives / sizeof directives[0]; i++)
		if (slice_is(word, directives[i].word))
			break;
	if (i == sizeof directives / sizeof directives[0])
		return fail(t, "expected if, else, endif, for or endfor");
	part->type = directives[i].type;
	if (part->type == PART_IF)
		part->expression = hcl_read_expression(p);
	else if (part->type == PART_FOR)
		part->expression = read_for(p);
	return !p->failed;
}

static bool
read_sequence(struct template *t)
{
	struct hcl_parser *p = t->parser;
	struct part part = { .type = PART_VALUE, .start = p->at };
	bool control = byte(t, 0) == '%', strip = byte(t, 2) == '~', newlines = p->newlines;
	bool good;

	if (strip && t->count > 0 && t->parts[t->count - 1].type == PART_TEXT)
		t->parts[t->count - 1].text = trim_right(t->parts[t->count - 1].text);
	step(t, 2 + strip);
	p->newlines = false;
	if (control)
		good = read_directive(t, &part);
	else
		good = (part.expression = hcl_read_expression(p)) != NULL;
	good = good && close_sequence(t);
	p->newlines = newlines;
	*add_part(t, part.type) = part;
	return good;
}

/* ---- the ends of the three kinds ---- */

static struct slice
line_at(const struct hcl_parser *p)
{
	struct slice rest = slice_sub(p->text, p->at.at, p->text.len);

	return slice_sub(rest, 0, slice_find(rest, '\n'));
}

/* A line with nothing but the marker. */
static bool
at_marker(const struct template *t)
{
	if (t->parser->at.at > 0 && t->parser->text.ptr[t->parser->at.at - 1] != '\n')
		return false;
	return slice_eq(trim_right(trim_left(line_at(t->parser))), t->marker);
}

/* Over what ends the template, when that is here. */
static bool
take_end(struct template *t)
{
	struct slice line;

	if (t->mode == BARE)
		return at_end(t);
	if (t->mode == QUOTED) {
		if (byte(t, 0) != '"')
			return false;
		step(t, 1);
		return true;
	}
	if (!at_marker(t))
		return false;
	line = line_at(t->parser);
	step(t, (uint32_t)trim_right(line).len);
	return true;
}

static bool
read_parts(struct template *t)
{
	while (!take_end(t)) {
		bool good = at_sequence(t, 0) ? read_sequence(t) : read_text(t);

		if (!good)
			return fail(t, t->mode == HEREDOC ? "the heredoc is not closed"
			    : "the quoted text is not closed on its line");
	}
	add_part(t, PART_END);
	return true;
}

/* ---- indents of "<<-" ---- */

static bool
is_blank_line(struct slice text)
{
	return slice_ends(text, SLICE("\n")) && trim_left(text).len == 0;
}

/* Bytes of at most `most` white characters at the start; *count: how many these are. */
static size_t
white(struct slice text, size_t most, size_t *count)
{
	int32_t i = 0, before = 0, len = (int32_t)text.len;
	UChar32 c;

	for (*count = 0; i < len && *count < most; before = i, ++*count) {
		U8_NEXT_OR_FFFD((const uint8_t *)text.ptr, i, len, c);
		if (!u_isUWhiteSpace(c) || c == '\n')
			break;
	}
	return (size_t)before;
}

/* The smallest indent of the lines, in characters; texts that begin one are marked in `first`. */
static size_t
smallest_indent(struct template *t, bool *first)
{
	size_t least = SIZE_MAX, indent;
	bool newline = true;

	for (uint32_t i = 0; i < t->count && t->parts[i].type != PART_END; i++) {
		struct part *part = &t->parts[i];

		first[i] = newline && part->type == PART_TEXT && !is_blank_line(part->text);
		indent = 0;
		if (first[i])
			white(part->text, SIZE_MAX, &indent);
		if (newline && (first[i] || part->type != PART_TEXT) && indent < least)
			least = indent;
		newline = part->type == PART_TEXT && slice_ends(part->text, SLICE("\n"));
	}
	return least;
}

static void
remove_indent(struct template *t)
{
	bool *first = arena_array(t->parser->arena, t->count, sizeof *first);
	size_t least = smallest_indent(t, first), count;

	for (uint32_t i = 0; i < t->count; i++)
		if (first[i])
			t->parts[i].text = slice_sub(t->parts[i].text, white(t->parts[i].text, least, &count),
			    t->parts[i].text.len);
}

/* ---- the tree ---- */

static struct hcl_expression *build_run(struct template *, struct hcl_cursor start);

static bool
take_part(struct template *t, enum part_type type)
{
	if (t->parts[t->next].type != type)
		return fail(t, "the directives of the template are not balanced");
	t->next++;
	return true;
}

static struct hcl_expression *
build_if(struct template *t, struct part *open)
{
	struct hcl_parser *p = t->parser;
	struct hcl_expression *e = hcl_node(p, HCL_CONDITIONAL, open->start);

	if (!hcl_adopt(p, e, open->expression) || !hcl_adopt(p, e, build_run(t, open->start)))
		return NULL;
	if (t->parts[t->next].type == PART_ELSE) {
		t->next++;
		if (!hcl_adopt(p, e, build_run(t, open->start)))
			return NULL;
	} else if (!hcl_adopt(p, e, hcl_text_node(p, open->start, SLICE("")))) {
		return NULL;
	}
	return take_part(t, PART_ENDIF) ? e : NULL;
}

static struct hcl_expression *
build_for(struct template *t, struct part *open)
{
	struct hcl_parser *p = t->parser;
	struct hcl_expression *join = hcl_node(p, HCL_JOIN, open->start), *e = open->expression;
	struct hcl_expression *body = build_run(t, open->start), *collection = e->items[0];

	if (!hcl_adopt(p, e, body) || !take_part(t, PART_ENDFOR))
		return NULL;
	e->items = arena_array(p->arena, 4, sizeof *e->items);
	e->items[0] = collection;
	e->items[2] = body;
	e->count = 4;
	return hcl_adopt(p, join, e) ? join : NULL;
}

static struct hcl_expression *
build_part(struct template *t)
{
	struct part *part = &t->parts[t->next++];

	switch (part->type) {
	case PART_TEXT:  return hcl_text_node(t->parser, part->start, part->text);
	case PART_VALUE: return part->expression;
	case PART_IF:    return build_if(t, part);
	default:         return build_for(t, part);
	}
}

static bool
ends_run(enum part_type type)
{
	return type == PART_ELSE || type == PART_ENDIF || type == PART_ENDFOR || type == PART_END;
}

/* Parts up to the directive that ends them. */
static struct hcl_expression *
build_run(struct template *t, struct hcl_cursor start)
{
	struct hcl_parser *p = t->parser;
	struct hcl_expression *e = hcl_node(p, HCL_TEMPLATE, start);
	bool good = hcl_enter(p);

	while (good && !ends_run(t->parts[t->next].type))
		good = hcl_adopt(p, e, build_part(t));
	hcl_leave(p);
	return good ? e : NULL;
}

/* Texts side by side become one. */
static void
meld(struct template *t)
{
	uint32_t from, to = 0;
	struct buf b;

	for (from = 0; from < t->count; from++) {
		t->parts[to] = t->parts[from];
		if (t->parts[to++].type != PART_TEXT || t->parts[from + 1].type != PART_TEXT)
			continue;
		buf_init(&b, t->parser->arena, t->parser->text.len + 1);
		for (; t->parts[from].type == PART_TEXT; from++)
			buf_add(&b, t->parts[from].text);
		t->parts[to - 1].text = buf_slice(&b);
		from--;
	}
	t->count = to;
}

static struct hcl_expression *
build(struct template *t, struct hcl_cursor start)
{
	struct hcl_parser *p = t->parser;
	struct hcl_expression *e;

	meld(t);
	if (t->count == 1)
		return hcl_close(p, hcl_text_node(p, start, SLICE("")));
	if (t->count == 2 && t->parts[0].type == PART_TEXT)
		return hcl_close(p, hcl_text_node(p, start, t->parts[0].text));
	/* One interpolation and nothing else keeps its type. */
	if (t->count == 2 && t->parts[0].type == PART_VALUE) {
		e = hcl_node(p, HCL_PARENTHESES, start);
		return hcl_adopt(p, e, t->parts[0].expression) ? hcl_close(p, e) : NULL;
	}
	e = build_run(t, start);
	if (e == NULL || !take_part(t, PART_END))
		return NULL;
	return hcl_close(p, e);
}

/* A literal's value spans what its node spans. */
static struct hcl_expression *
finish(struct hcl_parser *p, struct hcl_expression *e)
{
	if (e != NULL && e->kind == HCL_LITERAL)
		e->literal = value_string(p->arena, e->span, e->literal->text);
	return e;
}

static struct hcl_expression *
read_template(struct template *t, struct hcl_cursor start, bool flush)
{
	struct hcl_expression *e = NULL;

	hcl_move(t->parser, t->parser->at);
	if (hcl_enter(t->parser) && read_parts(t)) {
		if (flush)
			remove_indent(t);
		e = build(t, start);
	}
	hcl_leave(t->parser);
	return finish(t->parser, e);
}

struct hcl_expression *
hcl_read_quoted(struct hcl_parser *p, struct hcl_token open)
{
	struct template t = { .parser = p, .mode = QUOTED };

	return read_template(&t, open.start, false);
}

/* The name in "<<-NAME\n" */
static struct slice
marker_of(const struct hcl_parser *p, struct hcl_token open, bool *flush)
{
	struct slice text = hcl_token_text(p, open);

	*flush = text.ptr[2] == '-';
	return slice_trim(slice_sub(text, 2 + *flush, text.len));
}

struct hcl_expression *
hcl_read_heredoc(struct hcl_parser *p, struct hcl_token open)
{
	struct template t = { .parser = p, .mode = HEREDOC };
	bool flush;

	t.marker = marker_of(p, open, &flush);
	return read_template(&t, open.start, flush);
}

struct hcl_expression *
hcl_read_bare(struct hcl_parser *p)
{
	struct template t = { .parser = p, .mode = BARE };

	return read_template(&t, p->at, false);
}

/* ---- skipping ---- */

static bool
skip_heredoc(struct hcl_parser *p, struct template *t)
{
	while (!take_end(t)) {
		if (at_end(t))
			return false;
		step(t, (uint32_t)line_at(p).len);
		if (!at_end(t))
			step(t, 1);
	}
	return true;
}

/* Sequences inside are counted by braces alone: good enough behind an error. */
static bool
skip_quoted(struct template *t)
{
	uint32_t depth = 0;

	for (; !at_end(t) && byte(t, 0) != '\n'; step(t, 1)) {
		if (at_sequence(t, 0))
			depth++;
		else if (byte(t, 0) == '}' && depth > 0)
			depth--;
		else if (byte(t, 0) == '\\' && depth == 0 && (byte(t, 1) == '"' || byte(t, 1) == '\\'))
			step(t, 1);
		else if (byte(t, 0) == '"' && depth == 0)
			return take_end(t);
	}
	return !at_end(t);
}

bool
hcl_skip_text(struct hcl_parser *p, struct hcl_token open)
{
	struct template t = { .parser = p, .mode = QUOTED };
	bool flush;

	if (open.type == TOKEN_QUOTE)
		return skip_quoted(&t);
	t.mode = HEREDOC;
	t.marker = marker_of(p, open, &flush);
	return skip_heredoc(p, &t);
}
