/* subset.h -- parts of resources: _elements and _summary (R4 search.html#elements, #summary). */
#ifndef REST_SUBSET_H
#define REST_SUBSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct exchange;
struct json;
struct query;
struct stored;
struct type;

/* R4 http.html#parameters: _elements and _summary are for every interaction.  What the request's are, for a resource
 * of the type; its other parameters are not looked at. */
bool subset_asked(struct exchange *, const struct type *, struct query *out);

/* What the query asks for of a resource: its body as it is, or what is left of it, tagged
 * SUBSETTED.  Mandatory elements, and those that change the meaning of others, always stay. */
bool subset_of(struct exchange *, const struct query *, const struct stored *, struct slice *out);

/* Is the resource tagged so? */
bool subset_tagged(const struct json *, uint32_t node);

#endif
