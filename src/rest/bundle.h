/* bundle.h -- the texts of batch and transaction Bundles. */
#ifndef REST_BUNDLE_H
#define REST_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct exchange;
struct json;
struct pack;

/* The Bundle without entry.resource: what is validated as a Bundle. */
struct slice bundle_shell(const struct json *, struct arena *);

/* The text of a resource in which every link (R4 http.html#trules) that equals a known fullUrl has
 * become its target ("Patient/abc"), those of the narrative as well; `target` gives SLICE_NONE
 * for others.  `reference`: it stands in Reference.reference. */
struct slice bundle_rewrite(const struct pack *, const struct json *, uint32_t resource,
    struct slice (*target)(void *ctx, struct slice url, bool reference), void *ctx, struct arena *);

/* Is there still a Reference.reference that begins "urn:uuid:" or "urn:oid:"? */
bool bundle_has_urn(struct slice text, struct arena *);

/* "Bundle.entry[3]" and "Patient.name[0]" -> "Bundle.entry[3].resource.name[0]". */
struct slice bundle_entry_path(struct slice entry, struct slice path, struct arena *);

/* Those entries of a batch that lost a race are prepared again, into x->commit and
 * x->entry_records; in a snapshot, if it could be had.  False when an audit record cannot be made. */
bool bundle_perform_again(struct exchange *, bool snapshot);

/* The response Bundle of a transaction without resources, as JSON. */
struct slice bundle_outcome_text(struct exchange *);

/* The response Bundle of x->entries as the answer of x. */
void bundle_answer(struct exchange *, bool transaction);

#endif
