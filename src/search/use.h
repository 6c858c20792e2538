/* use.h -- what a definition allows of the use of its parameter (R4 searchparameter.html: modifier,
 * comparator, multipleOr, multipleAnd, chain).
 *
 * What it does not state it does not restrict; nor is a parameter of R4 itself restricted, see docs/search.md. */
#ifndef SEARCH_USE_H
#define SEARCH_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "fhir/pack.h"

struct arena;
struct json;

struct use_list {
	bool          stated;
	struct slice *at;
	uint32_t      count;
};

struct search_use {
	struct use_list modifiers, comparators, chains;
	bool            one_value;      /* multipleOr is false */
	bool            once;           /* multipleAnd is false */
};

/* Of a SearchParameter; lives with the arena. */
struct search_use use_read(const struct json *, uint32_t node, struct arena *);

/* Of a parameter, NULL being one that allows all.  A modifier by its code in R4 search-modifier-code; "type"
 * is a reference's [type]. */
bool use_allows_modifier(const struct search_param *, struct slice code);
/* "eq" is what a value without one means, and always is. */
bool use_allows_comparator(const struct search_param *, struct slice prefix);
/* Of a reference: the code of the target's parameter. */
bool use_allows_chain(const struct search_param *, struct slice code);
bool use_allows_values(const struct search_param *);
bool use_allows_repeating(const struct search_param *);

/* In words: what can be done with a parameter, of all that can be done with one of its type (query.h); empty
 * when it is all of that. */
struct slice use_words(const struct search_param *, struct arena *);

#endif
