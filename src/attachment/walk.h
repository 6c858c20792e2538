/* walk.h -- every place of a resource where bytes of some other format may be.
 *
 * Driven by the pack: whatever element has the type Attachment, or base64Binary (so Binary.data,
 * Signature.data, valueBase64Binary of an extension, all others), in contained resources,
 * in the entries of a Bundle, in Parameters, in the extensions of primitives; and the
 * data: URLs of a narrative.  No type is named but Attachment, Binary and
 * Signature, which say beside the bytes what they are. */
#ifndef ATTACHMENT_WALK_H
#define ATTACHMENT_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct json;
struct pack;
struct type;

enum place_kind {
	PLACE_ATTACHMENT, PLACE_BINARY, PLACE_SIGNATURE,
	PLACE_BARE,             /* base64Binary with nothing that says what it is */
	PLACE_NARRATIVE,        /* a data: URL in XHTML */
};

struct content_place {
	enum place_kind kind;
	uint32_t        holder;         /* the Attachment, Binary or Signature (0 is the root) */
	uint32_t        data;           /* the string with the base64 text; of a narrative, the div; or 0 */
	struct slice    path;           /* FHIRPath of the holder, or of the string */
	struct slice    text;           /* the base64 text, or of a narrative the data: URL */
};

/* Calls `each` for one place after the other; false as soon as it says so, or when the
 * resource nests deeper than any that was parsed (then `each` was not asked). */
bool content_walk(const struct pack *, const struct type *, const struct json *, uint32_t node,
    struct arena *, bool (*each)(void *ctx, const struct content_place *), void *ctx);

#endif
