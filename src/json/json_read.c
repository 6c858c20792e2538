/* json_read.c -- looking at a tape: members, items, values, places. */
#include "json/json.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"

uint32_t
json_first(const struct json *j, uint32_t container)
{
	const struct json_node *n = &j->nodes[container];

	if (n->type < JSON_ARRAY || n->next == container + 1)
		return 0;
	return container + 1;
}

uint32_t
json_next(const struct json *j, uint32_t container, uint32_t child)
{
	uint32_t last = j->nodes[child].flags & JSON_IS_NAME ? child + 1 : child;
	uint32_t next = j->nodes[last].next;

	return next < j->nodes[container].next ? next : 0;
}

uint32_t
json_size(const struct json *j, uint32_t container)
{
	uint32_t n = 0;

	for (uint32_t child = json_first(j, container); child != 0;
	    child = json_next(j, container, child))
		n++;
	return n;
}

uint32_t
json_get(const struct json *j, uint32_t object, struct slice name)
{
	const struct json_node *nodes = j->nodes;
	uint32_t end = nodes[object].next;

	if (nodes[object].type != JSON_OBJECT)
		return 0;
	for (uint32_t n = object + 1; n < end; n = nodes[n + 1].next) {
		if ((nodes[n].flags & JSON_ESCAPED) != 0) {
			if (json_is(j, n, name))
				return n + 1;
		} else if (nodes[n].len == name.len
		    && memcmp(j->text.ptr + nodes[n].at, name.ptr, name.len) == 0) {
			return n + 1;
		}
	}
	return 0;
}

uint32_t
json_path(const struct json *j, uint32_t object, const char *path)
{
	struct slice rest = slice_of(path);
	uint32_t node = object;

	while (rest.len > 0)
		if ((node = json_get(j, node, slice_cut(&rest, '.'))) == 0)
			return 0;
	return node;
}

uint32_t
json_item(const struct json *j, uint32_t array, uint32_t i)
{
	uint32_t n = json_type(j, array) == JSON_ARRAY ? json_first(j, array) : 0;

	while (n != 0 && i-- > 0)
		n = json_next(j, array, n);
	return n;
}

static uint32_t
unit_at(const char *p)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

static char *
put_utf8(char *to, uint32_t point)
{
	if (point < 0x80) {
		*to++ = (char)point;
	} else if (point < 0x800) {
		*to++ = (char)(0xC0 | point >> 6);
		*to++ = (char)(0x80 | (point & 0x3F));
	} else if (point < 0x10000) {
		*to++ = (char)(0xE0 | point >> 12);
		*to++ = (char)(0x80 | (point >> 6 & 0x3F));
		*to++ = (char)(0x80 | (point & 0x3F));
	} else {
		*to++ = (char)(0xF0 | point >> 18);
		*to++ = (char)(0x80 | (point >> 12 & 0x3F));
		*to++ = (char)(0x80 | (point >> 6 & 0x3F));
		*to++ = (char)(0x80 | (point & 0x3F));
	}
	return to;
}

/* `from` stands behind the backslash; the escape was checked when parsed. */
static const char *
unescape_one(const char *from, char **to)
{
	static const char plain[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *found = strchr(plain, *from);
	uint32_t point;

	if (*from != 'u') {
		*(*to)++ = found == NULL ? *from : meant[found - plain];
		return from + 1;
	}
	point = unit_at(from + 1);
	from += 5;
	if (point >= 0xD800 && point <= 0xDBFF) {
		point = 0x10000 + ((point - 0xD800) << 10) + (unit_at(from + 2) - 0xDC00);
		from += 6;
	}
	*to = put_utf8(*to, point);
	return from;
}

static struct slice
unescape(struct slice raw, struct arena *arena)
{
	char *start = arena_alloc(arena, raw.len), *to = start;
	const char *from = raw.ptr, *end = raw.ptr + raw.len;

	while (from < end) {
		const char *escape = memchr(from, '\\', (size_t)(end - from));
		size_t plain = (size_t)((escape == NULL ? end : escape) - from);

		memcpy(to, from, plain);
		to += plain;
		from = escape == NULL ? end : unescape_one(escape + 1, &to);
	}
	return slice_make(start, (size_t)(to - start));
}

struct slice
json_string(const struct json *j, uint32_t node, struct arena *arena)
{
	const struct json_node *n = &j->nodes[node];

	if (n->type != JSON_STRING || (node == 0 && j->count > 1))
		return SLICE_NONE;
	return n->flags & JSON_ESCAPED ? unescape(json_raw(j, node), arena) : json_raw(j, node);
}

/* Compares piece by piece, so that nothing has to be allocated. */
bool
json_is(const struct json *j, uint32_t node, struct slice value)
{
	const struct json_node *n = &j->nodes[node];
	struct slice raw = json_raw(j, node);
	const char *from = raw.ptr, *end = raw.ptr + raw.len;

	if (n->type != JSON_STRING || node == 0)
		return false;
	if ((n->flags & JSON_ESCAPED) == 0)
		return slice_eq(raw, value);
	while (from < end) {
		char piece[4], *to = piece;
		size_t len;

		if (*from == '\\')
			from = unescape_one(from + 1, &to);
		else
			*to++ = *from++;
		len = (size_t)(to - piece);
		if (value.len < len || memcmp(value.ptr, piece, len) != 0)
			return false;
		value = slice_sub(value, len, value.len);
	}
	return value.len == 0;
}

struct place
json_place(const struct json *j, uint32_t node)
{
	const struct json_node *n = &j->nodes[node];

	return place_of(j->text, n->type == JSON_STRING ? n->at - 1 : n->at);
}

/* Is the subtree's text free of white space outside strings?  Counted: in compact
 * text every byte belongs to a value, a name, a quote or one separator. */
static bool
is_compact(const struct json *j, uint32_t node)
{
	const struct json_node *nodes = j->nodes;
	size_t bytes = 0;

	for (uint32_t n = node; n < nodes[node].next; n++) {
		uint32_t children;

		if (nodes[n].type < JSON_ARRAY) {
			bytes += nodes[n].len + (nodes[n].type == JSON_STRING ? 2u : 0u);
			continue;
		}
		children = 0;
		for (uint32_t c = json_first(j, n); c != 0; c = json_next(j, n, c))
			children += nodes[n].type == JSON_OBJECT ? 2 : 1;
		bytes += 2 + (children > 0 ? children - 1 : 0);
	}
	return bytes == nodes[node].len;
}

static void write_value(struct buf *out, const struct json *j, uint32_t node);

static void
write_scalar(struct buf *out, const struct json *j, uint32_t node)
{
	const struct json_node *n = &j->nodes[node];

	if (n->type == JSON_STRING)
		buf_add_bytes(out, j->text.ptr + n->at - 1, n->len + 2u);
	else
		buf_add_bytes(out, j->text.ptr + n->at, n->len);
}

static void
write_container(struct buf *out, const struct json *j, uint32_t node)
{
	bool object = json_type(j, node) == JSON_OBJECT;

	buf_add_char(out, object ? '{' : '[');
	for (uint32_t c = json_first(j, node); c != 0; c = json_next(j, node, c)) {
		if (c != node + 1)
			buf_add_char(out, ',');
		if (object) {
			write_scalar(out, j, c);
			buf_add_char(out, ':');
		}
		write_value(out, j, object ? c + 1 : c);
	}
	buf_add_char(out, object ? '}' : ']');
}

/* Recursion is as deep as the parser's depth limit, no deeper. */
static void
write_value(struct buf *out, const struct json *j, uint32_t node)
{
	if (json_type(j, node) < JSON_ARRAY)
		write_scalar(out, j, node);
	else
		write_container(out, j, node);
}

void
json_write_node(struct buf *out, const struct json *j, uint32_t node)
{
	const struct json_node *n = &j->nodes[node];

	if (n->type >= JSON_ARRAY && is_compact(j, node))
		buf_add_bytes(out, j->text.ptr + n->at, n->len);
	else
		write_value(out, j, node);
}

void
json_write_string(struct buf *out, struct slice s)
{
	static const char plain[] = "\b\f\n\r\t", letters[] = "bfnrt";
	size_t copied = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		const char *found;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add_bytes(out, s.ptr + copied, i - copied);
		copied = i + 1;
		found = c == 0 ? NULL : strchr(plain, c);
		if (c >= 0x20)
			buf_printf(out, "\\%c", c);
		else if (found != NULL)
			buf_printf(out, "\\%c", letters[found - plain]);
		else
			buf_printf(out, "\\u%04x", c);
	}
	buf_add_bytes(out, s.ptr + copied, s.len - copied);
	buf_add_char(out, '"');
}
