/* custom.h -- search parameters that are not in the definitions pack: of SearchParameter resources
 * and of added packages (R4 searchparameter.html).
 *
 * A definition becomes a parameter for each concrete type of its bases, as those of the pack are; what
 * cannot be searched by is refused whole.  An expression must say the same of the same resource at any
 * time: rows are found again, to be erased, by evaluating it. */
#ifndef SEARCH_CUSTOM_H
#define SEARCH_CUSTOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"
#include "fhir/pack.h"
#include "search/use.h"

struct arena;
struct fhirpath;
struct json;
struct outcome;
struct search_index;

#define CUSTOM_FIRST ((uint32_t)1 << 16)        /* numbers from here, below INDEX_ATTACHED, are not the pack's */
#define CUSTOM_PRINT 32

struct custom_param {
	struct search_param param;      /* first: a parameter with such a number is one of these */
	struct fhirpath  *compiled, **components;
	struct search_use use;
	uint8_t           print[CUSTOM_PRINT];  /* of all that its index rows are made by */
	int64_t           source;       /* row of its SearchParameter; 0: of a package */
	bool              ready;        /* every resource is indexed by it */
};

struct custom_params {
	const struct search_index *standard;    /* what the pack has */
	struct arena        *arena;             /* of what stands in `at` */
	struct custom_param *at;
	uint32_t             count, room;
};

/* Is it in effect at all?  Only with status "active". */
bool custom_is_active(const struct json *, uint32_t node);
bool custom_is_composite(const struct json *, uint32_t node);

/* Adds what a SearchParameter defines.  False, and nothing is added, with what is wrong with it, 422
 * and the element as the place: it does not compile, its code is taken, its parts do not
 * fit one another.  Components are those of the pack or were added before. */
MUST_USE bool custom_add(struct custom_params *, const struct json *, uint32_t node, int64_t source,
    struct outcome *);

/* Those of an index: to see with custom_add() what would stand beside them.  Without those of one source. */
void custom_beside(const struct search_index *, struct arena *, struct custom_params *out);
void custom_drop(struct custom_params *, int64_t source);

#endif
