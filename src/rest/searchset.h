/* searchset.h -- the answer to a query: a Bundle of type searchset. */
#ifndef REST_SEARCHSET_H
#define REST_SEARCHSET_H

#include <stdbool.h>

#include "base/slice.h"

struct exchange;
struct index_resolver;
struct query;

struct searchset {
	struct exchange    *x;
	const struct query *query;
	struct slice        path;       /* of its links, below the base: "/Patient" */
};

/* Searches and answers a page.  A search that may take its time is put off to the pool when it is
 * asked on an event loop: x->postponed, nothing is answered yet. */
bool searchset_answer(struct searchset *, const struct index_resolver *);

#endif
