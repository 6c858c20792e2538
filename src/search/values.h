/* values.h -- what index.c and query.c share. */
#ifndef SEARCH_VALUES_H
#define SEARCH_VALUES_H

#include <stdbool.h>

#include "base/siphash.h"
#include "base/slice.h"
#include "search/index.h"

struct fhirpath;
struct limits;

struct search_index {
	const struct pack   *pack;
	const struct limits *limits;
	struct siphash_key   key;
	struct fhirpath    **compiled;  /* by search_param.number; NULL: not supported */
};

/* A decimal as the interval of its significant digits. */
bool values_number(struct slice text, double *low, double *high);

/* A literal reference split: "Patient/abc", its absolute form under our base,
 * with or without /_history/v.  False for anything else. */
bool values_local_reference(const struct index_resolver *, struct slice reference,
    struct slice *type, struct slice *id);

/* The target of "Type/id" text that is not held here. */
int64_t values_foreign(const struct search_index *, struct slice text);

#endif
