/* documents.h -- what the server says of itself, made once for each generation of the search index. */
#ifndef REST_DOCUMENTS_H
#define REST_DOCUMENTS_H

#include "base/slice.h"

struct buf;
struct exchange;
struct search_param;

/* The CapabilityStatement with its version, and the OpenAPI document, of the exchange's snapshot; they live as long
 * as the exchange. */
struct slice documents_capabilities(struct exchange *, struct slice *version);
struct slice documents_openapi(struct exchange *);

/* A member that says what can be done with a search parameter, when that is less than with others. */
void documents_write_use(struct buf *, const char *member, const struct search_param *);

#endif
