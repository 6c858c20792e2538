/* rest.h -- the FHIR RESTful API: routes and interactions (R4 http.html).
 *
 * rest_route() finds the row of the interactions table; rest_parse() reads the
 * body that the row asks for; the row's perform() does the work under the
 * exchange's permit and prepares the answer.  Nothing here writes: a write is
 * left in x->commit for the server to make. */
#ifndef REST_REST_H
#define REST_REST_H

#include <stdbool.h>

#include "base/attr.h"
#include "exchange/interaction.h"

struct arena;
struct documents;
struct exchange;
struct outcome;
struct search_index;
struct service;
struct slice;
struct type;

/* Sets interaction, type, id and version from method and path.  When nothing
 * fits, interaction stays NULL and x->misrouted says why. */
void rest_route(struct exchange *);

/* Is the form asked for one that there is (406)?  Then x->body from content (415, 400, 413). */
MUST_USE bool rest_parse(struct exchange *);

/* Take in (parse, controls_in) and perform.  For entries too. */
MUST_USE bool rest_perform(struct exchange *);

/* Operations that are defined here and nowhere else; GET OperationDefinition/[name] tells them. */
#define OWN_OPERATIONS "urn:x-firebreak:OperationDefinition:"

/* Does it wait for the disk?  Then it is no work for an event loop. */
bool rest_waits(const struct interaction *);

/* The answer to a failed exchange: status, OperationOutcome. */
void rest_refuse(struct exchange *);

/* The whole of one exchange after its head was let in: perform, and when that
 * fails refuse; then the response phase of the controls.  Leaves status, bytes
 * and headers, and what has to be durable first: commit, or records. */
void rest_run(struct exchange *);

/* Set after a conflict: what a write lost to (If-Match: 412, else 409). */
void rest_conflict(struct exchange *);

extern const struct interaction interactions[];
extern const int interaction_count;
extern const struct operation operations[];
extern const int operation_count;

/* The types that have a compartment, GET /Patient/1/Observation. */
struct compartment { const char *type, *definition; };
extern const struct compartment rest_compartments[];
extern const int rest_compartment_count;
bool rest_has_compartment(const struct type *);

/* May this operation be called on this type (NULL: on the system)? */
bool rest_operation_on(const struct operation *, const struct slice *type_name);

/* The CapabilityStatement of this service, from the interactions table, the pack and the search
 * index, in `arena`. */
MUST_USE bool rest_capabilities(const struct service *, const struct search_index *, struct arena *,
    struct slice *out);
/* The same for terminology: a TerminologyCapabilities. */
MUST_USE bool rest_terminology_capabilities(const struct service *, struct arena *,
    struct slice *out);

/* The same as an OpenAPI 3.0 document. */
MUST_USE bool rest_openapi_document(const struct service *, const struct search_index *, struct arena *,
    struct slice *out);

/* Keeps both, for each generation of the search index: documents.h. */
struct documents *documents_new(struct arena *);

#endif
