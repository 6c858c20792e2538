/* slicing.h -- which slice does an item belong to (profiling.html#slicing)? */
#ifndef VALIDATE_SLICING_H
#define VALIDATE_SLICING_H

#include "validate/walk.h"

struct values {
	struct value *at;
	uint32_t      count;
};

/* The object that holds the children of a value; 0 when there is none. */
uint32_t value_object(const struct walk *, const struct value *);
/* The children of a value by element name, or by JSON name ("valueQuantity"). */
struct values value_children(struct walk *, const struct value *, struct slice name);
/* Does the item have what the slice's discriminators want?  `whole` is the rule
 * that is sliced. */
bool slice_matches(struct walk *, const struct rule *whole, const struct rule *slice,
    const struct value *item);

/* Equal to a fixed value; or at least what a pattern says. */
bool value_is_fixed(struct walk *, uint32_t node, const struct json *fixed, uint32_t at);
bool value_has_pattern(struct walk *, uint32_t node, const struct json *pattern, uint32_t at);

#endif
