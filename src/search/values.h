/* values.h -- what index.c and query.c share. */
#ifndef SEARCH_VALUES_H
#define SEARCH_VALUES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/siphash.h"
#include "base/slice.h"
#include "search/custom.h"
#include "search/index.h"

struct fhirpath;
struct limits;

struct params_of_type {
	const struct search_param **at;         /* sorted by code */
	uint32_t count;
};

struct search_index {
	const struct pack   *pack;
	const struct limits *limits;
	struct siphash_key   key;
	struct fhirpath    **compiled;          /* of the pack's, by number; NULL when not searchable */
	struct fhirpath   ***components;        /* of composites */
	const struct custom_param *custom;
	uint32_t             custom_count;
	struct params_of_type *of_type;         /* by type number, of types that have custom ones */
	int64_t              generation;
	struct arena        *arena;             /* its own; NULL: lives with the arena it was made in */
	atomic_uint          held;
};

/* A decimal as it is; false when it is none. */
bool values_exact(struct slice text, double *value);
/* A decimal as the interval of its significant digits, without its upper end: 100 is
 * [99.5 ... 100.5) (R4 search.html#number). */
bool values_number(struct slice text, double *low, double *high);

/* The target of "Type/id" text that is not held here. */
int64_t values_foreign(const struct search_index *, struct slice text);

/* The token that stands for an identifier with its type (:of-type). */
void values_of_type(const struct search_index *, struct slice system, struct slice code,
    struct slice value, struct arena *, int64_t *a, int64_t *b);

/* The token of a string, in letters of any case (R4 search.html#token). */
int64_t values_folded(const struct search_index *, struct slice text, struct arena *);

/* The token that stands for a media type whatever its parameters (R4 search.html#mimetype). */
int64_t values_media_type(const struct search_index *, struct slice text, struct arena *);

/* A UCUM quantity in base units: scales the interval and gives the hash of the units.
 * False when the code is not understood. */
bool values_canonical(const struct search_index *, struct slice code, double *low, double *high,
    int64_t *units);

#endif
