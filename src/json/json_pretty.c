/* json_pretty.c -- a tape as text for people. */
#include "base/buf.h"
#include "json/json.h"

static void
new_line(struct buf *b, int depth)
{
	buf_add_char(b, '\n');
	for (int i = 0; i < depth; i++)
		buf_add(b, SLICE("  "));
}

/* Recursion is as deep as the parser's depth limit, no deeper. */
static void
write_value(struct buf *b, const struct json *j, uint32_t node, int depth)
{
	bool object = json_type(j, node) == JSON_OBJECT;

	if (json_type(j, node) < JSON_ARRAY || json_first(j, node) == 0) {
		json_write_node(b, j, node);
		return;
	}
	buf_add_char(b, object ? '{' : '[');
	for (uint32_t n = json_first(j, node); n != 0; n = json_next(j, node, n)) {
		if (n != json_first(j, node))
			buf_add_char(b, ',');
		new_line(b, depth + 1);
		if (object) {
			json_write_node(b, j, n);
			buf_add(b, SLICE(": "));
		}
		write_value(b, j, object ? n + 1 : n, depth + 1);
	}
	new_line(b, depth);
	buf_add_char(b, object ? '}' : ']');
}

void
json_write_pretty(struct buf *b, const struct json *j, uint32_t node)
{
	write_value(b, j, node, 0);
}
