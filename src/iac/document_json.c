/* document_json.c -- see document.h.
 *
 *   value  = object | array | string | number | "true" | "false" | "null"
 *   object = "{" [ string ":" value { "," string ":" value } ] "}"
 *   array  = "[" [ value { "," value } ] "]"
 *   blank  = { space | "//" to the end of the line | "/" "*" to the closing pair } */
#include "iac/document.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "iac/document_map.h"
#include "iac/places.h"

struct json_reader {
	struct project   *project;
	struct arena     *arena;
	struct places     places;
	enum json_dialect dialect;
	const char       *s;
	uint32_t          at, len, nodes, depth;
	bool              clean;
};

static bool
give_up(struct json_reader *r, const char *message)
{
	project_problem(r->project, places_span(&r->places, r->at, r->at), message);
	return false;
}

static bool
has(const struct json_reader *r, char c)
{
	return r->at < r->len && r->s[r->at] == c;
}

static bool
take(struct json_reader *r, char c)
{
	if (!has(r, c))
		return false;
	r->at++;
	return true;
}

/* To the end of a comment that begins here, or not at all. */
static bool
comment(struct json_reader *r)
{
	struct slice rest = slice_sub(slice_make(r->s, r->len), r->at, r->len);
	const char *end;

	if (r->dialect != JSON_WITH_COMMENTS)
		return false;
	if (slice_starts(rest, SLICE("//"))) {
		r->at += (uint32_t)slice_find(rest, '\n');
		return true;
	}
	if (!slice_starts(rest, SLICE("/*")))
		return false;
	end = memmem(rest.ptr + 2, rest.len - 2, "*/", 2);
	r->at = end == NULL ? r->len : (uint32_t)(end - r->s) + 2;
	return true;
}

static void
blank(struct json_reader *r)
{
	do
		while (has(r, ' ') || has(r, '\t') || has(r, '\n') || has(r, '\r'))
			r->at++;
	while (comment(r));
}

static struct span
from(const struct json_reader *r, uint32_t start)
{
	return places_span(&r->places, start, r->at);
}

static bool
hex4(struct json_reader *r, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		int digit = r->at < r->len ? ascii_hex_value(r->s[r->at]) : -1;

		if (digit < 0)
			return give_up(r, "four hexadecimal digits are expected");
		*code = *code << 4 | (uint32_t)digit;
	}
	return true;
}

static void
add_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_add_char(b, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_add_char(b, (char)(0xe0 | c >> 12));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_add_char(b, (char)(0xf0 | c >> 18));
		buf_add_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_char(b, (char)(0x80 | (c & 0x3f)));
}

/* Half of a surrogate pair without the other half is U+FFFD. */
static bool
unicode(struct json_reader *r, struct buf *b)
{
	uint32_t high, low, back;

	if (!hex4(r, &high))
		return false;
	if (high >= 0xd800 && high < 0xdc00 && has(r, '\\') && r->at + 1 < r->len
	    && r->s[r->at + 1] == 'u') {
		back = r->at;
		r->at += 2;
		if (!hex4(r, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000)
			high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		else
			r->at = back;
	}
	add_utf8(b, high >= 0xd800 && high < 0xe000 ? 0xfffd : high);
	return true;
}

static bool
escape(struct json_reader *r, struct buf *b)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	char c = r->at < r->len ? r->s[r->at] : '\0';
	const char *p = c == '\0' ? NULL : strchr(names, c);

	if (p == NULL && c != 'u')
		return give_up(r, "no such escape in a string");
	r->at++;
	if (c == 'u')
		return unicode(r, b);
	buf_add_char(b, means[p - names]);
	return true;
}

/* As long as nothing is escaped the text is the source's own. */
static uint32_t
plain_run(const struct json_reader *r)
{
	uint32_t i = r->at;

	while (i < r->len && r->s[i] != '"' && r->s[i] != '\\' && (unsigned char)r->s[i] >= 0x20)
		i++;
	return i - r->at;
}

static bool
string(struct json_reader *r, struct slice *text)
{
	uint32_t n;
	struct buf b;

	r->at++;
	n = plain_run(r);
	*text = slice_make(r->s + r->at, n);
	r->at += n;
	if (take(r, '"'))
		return true;
	buf_init(&b, r->arena, r->len);
	buf_add(&b, *text);
	while (!take(r, '"')) {
		if (!take(r, '\\'))
			return give_up(r, "a string is not closed on its line");
		if (!escape(r, &b))
			return false;
		n = plain_run(r);
		buf_add_bytes(&b, r->s + r->at, n);
		r->at += n;
	}
	*text = buf_slice(&b);
	return true;
}

static bool
digits(struct json_reader *r)
{
	uint32_t start = r->at;

	while (r->at < r->len && r->s[r->at] >= '0' && r->s[r->at] <= '9')
		r->at++;
	return r->at > start;
}

/* -? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][-+]?[0-9]+)? */
static bool
number(struct json_reader *r, const struct value **v)
{
	uint32_t start = r->at;

	take(r, '-');
	if (!take(r, '0') && !digits(r))
		return give_up(r, "a value is expected");
	if (take(r, '.') && !digits(r))
		return give_up(r, "a digit is expected");
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '-'))
			take(r, '+');
		if (!digits(r))
			return give_up(r, "a digit is expected");
	}
	*v = value_number(r->arena, from(r, start), slice_make(r->s + start, r->at - start));
	return true;
}

static bool value(struct json_reader *, const struct value **);

static bool
array(struct json_reader *r, const struct value **v)
{
	uint32_t start = r->at++;
	struct value_builder b;
	const struct value *item;

	value_begin(&b, r->arena, VALUE_LIST, from(r, start));
	blank(r);
	while (!take(r, ']')) {
		if (b.made->count > 0 && !take(r, ','))
			return give_up(r, "a comma or a closing bracket is expected");
		if (!value(r, &item))
			return false;
		value_append(&b, item);
		blank(r);
	}
	b.made->span = from(r, start);
	*v = value_end(&b);
	return true;
}

static bool
object_member(struct json_reader *r, struct map_maker *m)
{
	struct member made = { 0 };
	uint32_t start;

	blank(r);
	start = r->at;
	if (!has(r, '"'))
		return give_up(r, "a name in quotes is expected");
	if (!string(r, &made.key))
		return false;
	made.key_span = from(r, start);
	blank(r);
	if (!take(r, ':'))
		return give_up(r, "a colon is expected");
	if (!value(r, &made.value))
		return false;
	map_add(m, r->arena, made, false);
	blank(r);
	return true;
}

static bool
object(struct json_reader *r, const struct value **v)
{
	uint32_t start = r->at++;
	struct map_maker m = { 0 };

	blank(r);
	while (!take(r, '}')) {
		if (m.count > 0 && !take(r, ','))
			return give_up(r, "a comma or a closing brace is expected");
		if (!object_member(r, &m))
			return false;
	}
	r->clean &= map_end(&m, r->project, from(r, start), v);
	return true;
}

static bool
word(struct json_reader *r, const char *text)
{
	struct slice rest = slice_sub(slice_make(r->s, r->len), r->at, r->len);

	if (!slice_starts(rest, slice_of(text)))
		return false;
	r->at += (uint32_t)strlen(text);
	return true;
}

static bool
text_value(struct json_reader *r, const struct value **v)
{
	uint32_t start = r->at;
	struct slice text;

	if (!string(r, &text))
		return false;
	*v = value_string(r->arena, from(r, start), text);
	return true;
}

static bool
scalar(struct json_reader *r, const struct value **v)
{
	uint32_t start = r->at;
	struct value *null;

	if (has(r, '"'))
		return text_value(r, v);
	if (word(r, "true") || word(r, "false")) {
		*v = value_bool(r->arena, from(r, start), r->s[start] == 't');
		return true;
	}
	if (!word(r, "null"))
		return number(r, v);
	null = arena_alloc(r->arena, sizeof *null);
	null->span = from(r, start);
	*v = null;
	return true;
}

static bool
value(struct json_reader *r, const struct value **v)
{
	bool good;

	blank(r);
	if (++r->nodes > DOCUMENT_JSON_NODES)
		return give_up(r, "too many values");
	if (!has(r, '{') && !has(r, '['))
		return scalar(r, v);
	if (++r->depth > DOCUMENT_JSON_DEPTH)
		return give_up(r, "too many levels");
	good = has(r, '{') ? object(r, v) : array(r, v);
	r->depth--;
	return good;
}

static bool
whole(struct json_reader *r, const struct value **document)
{
	word(r, "\xef\xbb\xbf");
	if (!value(r, document))
		return false;
	blank(r);
	return r->at == r->len || give_up(r, "the text goes on behind its value");
}

bool
document_json(struct project *p, uint32_t source, enum json_dialect dialect,
    const struct value **document)
{
	struct json_reader *r = arena_alloc(p->arena, sizeof *r);
	struct slice text = slice_sub(p->sources[source].text, 0, DOCUMENT_BYTES);
	const struct value *v = NULL;

	*r = (struct json_reader){ .project = p, .arena = p->arena, .dialect = dialect, .clean = true };
	places_init(&r->places, p->arena, source, text);
	r->s = text.ptr;
	r->len = (uint32_t)text.len;
	*document = &value_null;
	if (p->sources[source].text.len > DOCUMENT_BYTES)
		return give_up(r, "the text is too long");
	if (!whole(r, &v))
		return false;
	*document = v;
	return r->clean;
}
