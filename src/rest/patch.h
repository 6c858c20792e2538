/* patch.h -- the three patch languages of FHIR (R4 http.html#patch), over texts.
 *
 * Each takes the text of a resource and a patch, and gives the text of what comes
 * of it; nothing here knows requests or stores.  What a patch says against its own
 * language is FAULT_INVALID; what does not fit the resource, a failed test
 * among it, is FAULT_PATCH: the place is the operation's, never a value.
 * Operations are bounded (limits.h PATCH_OPERATIONS, JSON_NODES). */
#ifndef REST_PATCH_H
#define REST_PATCH_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct json;
struct limits;
struct outcome;
struct pack;

#define PATCH_MEMORY ((size_t)256 << 20)        /* bytes that the work on one patch may take */

/* RFC 6902, pointers by RFC 6901.  `target` is any JSON value. */
MUST_USE bool patch_json(const struct json *target, const struct json *patch,
    const struct limits *, struct arena *, struct slice *out, struct outcome *);

/* R4 fhirpatch.html.  `target` is a resource, `patch` a Parameters that was validated as such. */
MUST_USE bool patch_fhirpath(const struct pack *, const struct env *, struct slice target,
    const struct json *patch, const struct limits *, struct arena *, struct slice *out,
    struct outcome *);

/* RFC 5261, over any XML.  The prefixes f and h stand for FHIR and XHTML where the patch does
 * not say otherwise, and a name without one for its default namespace. */
MUST_USE bool patch_xml(struct slice target, struct slice patch, const struct limits *,
    struct arena *, struct slice *out, struct outcome *);

#endif
