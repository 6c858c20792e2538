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
/* The url and version of the value set that an element is bound to; empty: it is not known, or not bound. */
struct slice rest_context_set(struct exchange *, struct slice context);
/* Are all supplements held that the request, or the value set, wants used?  False with the fault. */
MUST_USE bool rest_supplements(struct exchange *, const struct terminology *);
/* The value set that the request means. */
MUST_USE bool rest_value_set(const struct parameters *, struct terminology *, struct code_set **);

/* A code as it was asked for: `code` and `system`, a Coding, or one of a CodeableConcept. */
#define CODINGS_MAX 32
struct coding_asked {
	struct slice system, version, code, display;
	bool         of_coding;
};
struct codings_asked {
	struct coding_asked at[CODINGS_MAX];
	uint32_t            count;
};
MUST_USE bool rest_codings(const struct parameters *, const char *version_name,
    struct codings_asked *);
/* The system that it names, in the version that it names, with the supplements of the request; NULL: not held. */
const struct code_system *rest_system_of(struct exchange *, struct terminology *,
    const struct coding_asked *);
/* Does it name another system, or version, than this?  Naming none, or being asked of none, is no other. */
bool rest_is_of_system(const struct code_system *, const struct coding_asked *);
bool rest_is_of_version(const struct code_system *, const struct coding_asked *);

/* Is a property's value of this type ("valueInteger") written as it is held, without quotes? */
bool rest_value_is_bare(struct slice type);

/* ,"name":"value" unless it is empty */
void rest_write_member(struct buf *, const char *name, struct slice value);
/* The members of a designation, without the braces. */
struct designation_row;
void rest_write_designation(struct buf *, const struct code_system *,
    const struct designation_row *);

/* The languages that the request wants, as displayLanguage or Accept-Language list them; false with the fault. */
MUST_USE bool rest_languages(const struct parameters *, struct slice *out);
/* Does a language tag fit one of those? */
bool rest_language_fits(struct slice tag, struct slice wanted);
/* What a concept is called in the first of them in which it has a name; else `otherwise`, which is also its
 * name in the language of its system. */
struct slice rest_concept_display(const struct code_system *, uint32_t number, struct slice wanted,
    struct slice otherwise);
/* Is it a name of the concept in one of them?  A concept that has none in them may have any of its names. */
bool rest_concept_named(const struct concept *, struct slice display, struct slice wanted);

/* What an operation goes by beside the definitions that are held: useSupplement, and resources that the request
 * brings (tx-resource), before those of the store; system-version, check-system-version, force-system-version
 * ("url|version"). */
#define REST_BESIDE_NAMES  "useSupplement tx-resource"
#define REST_VERSION_NAMES "system-version check-system-version force-system-version " REST_BESIDE_NAMES
MUST_USE bool rest_beside(const struct parameters *, struct terminology *);

/* url or url|version */
struct slice rest_canonical(struct exchange *, struct slice url, struct slice version);

#endif
