/* patch_tree.h -- JSON as a tree that can be changed.
 *
 * A tape cannot: so a patch makes a tree of it, changes that, and writes it.
 * Scalars keep their text; everything is in the arena it was made in. */
#ifndef REST_PATCH_TREE_H
#define REST_PATCH_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "json/json.h"

struct arena;
struct buf;

struct value {
	enum json_type type;
	struct slice   text;            /* of a scalar, as it was written; a string without quotes */
	struct slice   name;            /* of a member, unescaped */
	struct value  *parent, *first, *last, *next, *prev;
	uint32_t       count;           /* children */
};

/* `by_node` may be NULL; else it is set to an array that gives each tape node's value. */
struct value *tree_of(const struct json *, uint32_t node, struct arena *, struct value ***by_node);

struct value *tree_new(enum json_type, struct slice text, struct arena *);
/* Deep; `*budget` is lowered by the number of values, and NULL returned when it is not enough. */
struct value *tree_copy(const struct value *, struct arena *, size_t *budget);

struct value *tree_member(const struct value *object, struct slice name);
struct value *tree_item(const struct value *array, uint32_t i);
uint32_t      tree_index(const struct value *item);

/* Before `before`, or last when it is NULL. */
void tree_insert(struct value *parent, struct value *before, struct value *child);
void tree_take(struct value *child);
void tree_replace(struct value *old, struct value *new_one);
/* The member of that name, replaced or added. */
void tree_set(struct value *object, struct slice name, struct value *);

/* As RFC 6902 4.6 says: numbers by value, objects in any order. */
bool tree_equal(const struct value *, const struct value *, struct arena *);
void tree_write(struct buf *, const struct value *);

#endif
