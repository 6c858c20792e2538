/* validate.h -- is a resource as its definitions say?
 *
 * Driven by the pack alone.  The type: members, JSON types, cardinality,
 * choices, primitive formats, "_name" companions, invariants, bindings,
 * references, contained resources, extensions, Bundle entries.  Then the
 * profiles: those that the resource claims in meta.profile, those that were
 * asked for, and those that a definition demands of an element. */
#ifndef VALIDATE_VALIDATE_H
#define VALIDATE_VALIDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "json/json.h"

struct arena;
struct env;
struct limits;
struct outcome;
struct pack;
struct type;
struct validator;               /* the compiled invariants; const, for all threads */

/* Compiles every invariant of the pack once; lives as long as the arena.
 * False (NULL) when an expression of a type's definition cannot be compiled. */
struct validator *validator_new(const struct pack *, const struct limits *, const struct env *,
    struct arena *, struct outcome *);
const struct pack *validator_pack(const struct validator *);

/* Every resource of a profile's type must have it, whatever it claims.  False when
 * one of them is not in the pack or not of a resource. */
MUST_USE bool validator_impose(struct validator *, const struct slice *urls, size_t count,
    struct outcome *);

/* How quantities become comparable (search/ucum.h, which stands higher); without it only
 * those of one unit are. */
#define VALIDATOR_UNITS 384
typedef bool canonical_units(const struct pack *, struct slice code, double *low, double *high,
    char units[VALIDATOR_UNITS]);
void validator_use_units(struct validator *, canonical_units *);

struct validation {
	const struct slice *profiles;   /* urls asked for, beside meta.profile */
	uint32_t            profile_count;
	bool                codes;      /* a code that its system does not have is an error, else a
	                                 * warning; and R4's vital signs profiles go with their codes */
	bool                extensions_known;   /* one without a definition is an error */
	/* Is a target of a reference that leads out of the resource not to be had?  NULL: not asked. */
	bool              (*is_missing)(void *ctx, struct slice reference);
	void               *is_missing_ctx;
	/* The Questionnaire of a canonical url, as a tree whose root it is; NULL: only what comes
	 * with the response. */
	bool              (*find_questionnaire)(void *ctx, struct slice url, struct json *out);
	void               *find_ctx;
	const struct slice *understood; /* urls of modifier extensions that are not refused */
	size_t              understood_count;
	bool                understand; /* refuse modifierExtension and implicitRules */
	bool                narratives_elsewhere;       /* somebody else judges their XHTML */
};

/* Collects up to 50 errors and 50 lesser issues, each with FHIRPath, line and
 * column; false when there is an error. */
MUST_USE bool validate_resource(const struct validator *, const struct validation *,
    const struct type *, const struct json *, uint32_t node, struct arena *, struct outcome *);

/* Structure alone: no invariants, no profiles, no references. */
MUST_USE bool validate_structure(const struct pack *, const struct type *, const struct json *,
    uint32_t node, const struct limits *, struct arena *, struct outcome *);

#endif
