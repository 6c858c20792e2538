/* patch_body.h -- a request's body as a patch. */
#ifndef REST_PATCH_BODY_H
#define REST_PATCH_BODY_H

#include <stdbool.h>

#include "base/attr.h"

struct exchange;

/* Is it in one of the patch languages?  Parameters are parsed into x->body.  An entry's patch is a
 * Parameters, or a Binary that holds one in another language (R4 http.html#patch). */
MUST_USE bool patch_parse(struct exchange *);

#endif
