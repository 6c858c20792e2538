/* terminology.h -- what the terminology operations share: the caller's view of the definitions. */
#ifndef REST_TERMINOLOGY_H
#define REST_TERMINOLOGY_H

#include <stdbool.h>

#include "base/attr.h"
#include "fhir/terminology.h"
#include "rest/parameters.h"

struct exchange;

/* The pack, and behind it those resources of the store that the caller may read. */
struct terminology_source rest_terminology_source(struct exchange *);
void rest_terminology(struct exchange *, struct terminology *);

/* Each visible resource of the store that a query finds, one page of them. */
void rest_definitions(struct exchange *, const char *type, struct slice query,
    void (*each)(void *ctx, const struct json *), void *ctx);

/* The definition that the request means: of the instance, inline (`resource`), or by `url` and
 * `version`.  False with the fault.  A `json` of NULL with true: it is named by `canonical`. */
struct definition_asked {
	const struct json *json;
	uint32_t           node;
	struct slice       canonical;
};
MUST_USE bool rest_definition(const struct parameters *, enum terminology_kind,
    const char *resource, const char *url, const char *version, struct definition_asked *);
/* The value set that the request means. */
MUST_USE bool rest_value_set(const struct parameters *, struct terminology *, struct code_set **);

/* A code as it was asked for: `code` and `system`, a Coding, or one of a CodeableConcept. */
#define CODINGS_MAX 32
struct coding_asked {
	struct slice system, version, code, display;
};
struct codings_asked {
	struct coding_asked at[CODINGS_MAX];
	uint32_t            count;
};
MUST_USE bool rest_codings(const struct parameters *, const char *version_name,
    struct codings_asked *);

/* The members of a designation, without the braces. */
struct designation_row;
void rest_write_designation(struct buf *, const struct code_system *,
    const struct designation_row *);

/* Does a language tag fit the one that was asked for?  What a concept is called in it: a designation, or
 * `otherwise`. */
bool rest_language_fits(struct slice language, struct slice wanted);
struct slice rest_concept_display(const struct code_system *, uint32_t number, struct slice language,
    struct slice otherwise);

/* url or url|version */
struct slice rest_canonical(struct exchange *, struct slice url, struct slice version);

#endif
