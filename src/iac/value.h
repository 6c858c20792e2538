/* value.h -- what every front-end gives: a tree of values that know where they stand.
 *
 * Nothing behind this header knows which language a value came from.  A value is
 * made once and never changed; it lives in the arena of the scan, its texts point into
 * that arena or into a source.
 *
 * VALUE_UNKNOWN is an answer, not an error: the text of `why` says what would have to be
 * known ("variable \"region\" has no default"); rules that meet it answer "cannot tell".  Where
 * it can only be one of some values (allowed values of a parameter, branches of a condition),
 * these are its `items`. */
#ifndef IAC_VALUE_H
#define IAC_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

enum value_kind {
	VALUE_NULL, VALUE_UNKNOWN, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_LIST, VALUE_MAP,
};

/* A place in a source: 1-based line and column (in code points), bytes [start, end). */
struct span {
	uint32_t source;                /* index in the scan's table of sources */
	uint32_t start, end;
	uint32_t line, column, end_line;
};

/* How a value came to be: "default of variable x", then "argument of module y" ... */
struct why {
	struct slice      text;
	struct span       span;
	const struct why *next;
};

struct value;

struct member {
	struct slice        key;
	struct span         key_span;
	const struct value *value;
};

/* There is one of these for each scalar of a scan: it is kept to 64 bytes. */
struct value {
	enum value_kind   kind : 8;
	bool              boolean;
	bool              sensitive;    /* written by sensitive(), a sensitive variable, NoEcho */
	bool              made;         /* UNKNOWN: given by what a resource will be, so neither null nor empty */
	uint32_t          count;        /* LIST, MAP, UNKNOWN */
	struct span       span;
	struct slice      text;         /* STRING: its bytes; NUMBER: its exact text */
	union {
		double               number;
		const struct value **items;     /* LIST, UNKNOWN */
		struct member       *members;   /* MAP, in source order; keys are distinct */
	};
	const struct why *why;          /* NULL when it is literally there */
};

/* Never NULL: an absent member, an index out of range, a step into a scalar give the null
 * value; a step into unknown gives that unknown. */
const struct value *value_member(const struct value *map, struct slice key);
const struct value *value_item(const struct value *list, uint32_t index);
/* "a.b.0.c": members and indexes. */
const struct value *value_path(const struct value *, const char *path);

extern const struct value value_null;

const struct value *value_unknown(struct arena *, struct span, struct slice because);
/* Unknown until the resource is made, but certain to be there. */
const struct value *value_made(struct arena *, struct span, struct slice because);
const struct value *value_bool(struct arena *, struct span, bool);
/* The text is what a reader sees: "1.50" stays so. */
const struct value *value_number(struct arena *, struct span, struct slice text);
const struct value *value_string(struct arena *, struct span, struct slice text);

/* A copy all of whose parts stand at one place: it was read from a text inside another file. */
const struct value *value_moved(struct arena *, const struct value *, struct span);

/* Lists and maps are built, then sealed. */
struct value_builder {
	struct arena *arena;
	struct value *made;
	uint32_t      room;
};
void value_begin(struct value_builder *, struct arena *, enum value_kind, struct span);
void value_append(struct value_builder *, const struct value *);
/* The first of equal keys stays where it was and takes the new value. */
void value_put(struct value_builder *, struct slice key, struct span, const struct value *);
const struct value *value_end(struct value_builder *);

/* Deep; numbers by value, maps without regard to order.  False when either holds an unknown. */
bool value_equal(const struct value *, const struct value *);
/* Whether an unknown is anywhere inside. */
bool value_has_unknown(const struct value *);

#endif
