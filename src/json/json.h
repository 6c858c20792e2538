/* json.h -- JSON text as a tape of nodes that point back into it.
 *
 * json_parse() checks the whole text (RFC 8259, UTF-8, and stricter: duplicate
 * member names after unescaping, lone surrogates and a byte order mark are
 * refused) and lays one 16-byte node per value and per member name in the
 * order of the text.  Nothing is copied or converted: numbers keep their exact
 * text, strings stay escaped until json_string() is asked.
 *
 * A node is named by its index.  Index 0 is the root, and because the root is
 * nobody's child, 0 also means "none" wherever a child is returned.  In an
 * object each member is a name node directly followed by its value node.
 * The tape and the text live as long as the arena and the source. */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/outcome.h"
#include "base/slice.h"

struct arena;
struct buf;
struct limits;

enum json_type {
	JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT
};

enum {
	JSON_IS_NAME = 1,       /* a member name, followed by its value */
	JSON_ESCAPED = 2,       /* the string holds a backslash */
};

struct json_node {
	uint32_t at;            /* first byte: of the value; of a string, behind its quote */
	uint32_t len;           /* bytes of the value's text; of a string, between the quotes */
	uint32_t next;          /* index of the node behind this subtree */
	uint8_t  type, flags;
	uint16_t unused;
};

struct json {
	struct slice      text;
	struct json_node *nodes;
	uint32_t          count;
};

/* What a text may at most be: limits.h JSON_DEPTH, JSON_NODES or BUNDLE_NODES,
 * JSON_NUMBER, JSON_KEY. */
struct json_bounds {
	size_t depth, nodes, number, key;
};

struct json_bounds json_bounds(const struct limits *, bool bundle);

/* False with FAULT_SYNTAX (or FAULT_TOO_COMPLEX for the node limit) and line
 * and column of the first wrong byte. */
MUST_USE bool json_parse(struct slice text, struct json_bounds, struct arena *,
    struct json *out, struct outcome *);

static inline enum json_type
json_type(const struct json *j, uint32_t node)
{
	return (enum json_type)j->nodes[node].type;
}

/* The text between the quotes, or the literal text of any other value. */
static inline struct slice
json_raw(const struct json *j, uint32_t node)
{
	return slice_make(j->text.ptr + j->nodes[node].at, j->nodes[node].len);
}

/* First child of an array, first member name of an object; 0 when empty. */
uint32_t json_first(const struct json *, uint32_t container);

/* The child (or member name) after `child` in `container`; 0 at the end. */
uint32_t json_next(const struct json *, uint32_t container, uint32_t child);

/* Number of items or members. */
uint32_t json_size(const struct json *, uint32_t container);

/* The value of a member; 0 when `object` has no such member or is none. */
uint32_t json_get(const struct json *, uint32_t object, struct slice name);

/* The value at a path of member names, "meta.versionId"; 0 when any is absent. */
uint32_t json_path(const struct json *, uint32_t object, const char *path);

/* Item `i` of an array; 0 when there is none. */
uint32_t json_item(const struct json *, uint32_t array, uint32_t i);

/* A string's value: borrowed from the text when it holds no escape, else made
 * in the arena.  SLICE_NONE when the node is 0 or not a string. */
struct slice json_string(const struct json *, uint32_t node, struct arena *);

/* Does this string (or name) equal `value`, unescaped? */
bool json_is(const struct json *, uint32_t node, struct slice value);

/* Line and column where the node begins. */
struct place json_place(const struct json *, uint32_t node);

/* Append in compact form: no white space outside strings, strings and numbers
 * as they were written. */
void json_write_node(struct buf *, const struct json *, uint32_t node);

/* The same for people: one member or item a line, indented by two spaces. */
void json_write_pretty(struct buf *, const struct json *, uint32_t node);

/* Append a quoted, escaped string. */
void json_write_string(struct buf *, struct slice);

#endif
