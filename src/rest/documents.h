/* documents.h -- what the server says of itself, made once for each generation of the search index. */
#ifndef REST_DOCUMENTS_H
#define REST_DOCUMENTS_H

#include "base/slice.h"

struct exchange;

/* The CapabilityStatement, and the OpenAPI document, of the exchange's snapshot; they live as long as
 * the exchange. */
struct slice documents_capabilities(struct exchange *);
struct slice documents_openapi(struct exchange *);

#endif
