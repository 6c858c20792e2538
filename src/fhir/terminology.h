/* terminology.h -- what codes mean: code systems, value sets, concept maps
 * (R4 terminology-module.html, terminology-service.html).
 *
 * Definitions come from two places.  Those of the packages are in the pack,
 * code systems as tables that are read where they are mapped
 * (terminology_format.h).  Others, such as a ValueSet that a client has
 * stored, come from a source that the caller hands in: for the REST API it
 * looks under the caller's permit, so what is hidden does not exist here
 * either.  The pack wins: nobody changes the meaning of a published system by
 * storing another of its name.
 *
 * A question about a system that is held nowhere has no answer.  It is
 * UNKNOWN: never no, never an error.
 *
 * A `struct terminology` belongs to one piece of work and its arena.  What it
 * compiled or parsed is kept until then, and a budget of steps bounds all that
 * is asked of it (limits.h TERMINOLOGY_STEPS); when it is used up, every
 * answer is UNKNOWN and `spent` is set. */
#ifndef FHIR_TERMINOLOGY_H
#define FHIR_TERMINOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct code_system;
struct json;
struct limits;
struct pack;

/* A supplement is a CodeSystem too, but no code system. */
enum terminology_kind { TERMINOLOGY_SYSTEM, TERMINOLOGY_SUPPLEMENT, TERMINOLOGY_VALUE_SET, TERMINOLOGY_MAP,
	TERMINOLOGY_OPERATION, TERMINOLOGY_EXPANSION, TERMINOLOGY_KINDS };

/* The caller's view of definitions beside the pack. */
struct terminology_source {
	void *ctx;
	/* The resource with this canonical url, as a root of its own: of those whose version fits
	 * (version_fits()), the one with the highest.  NULL: none.  It lives as long as the arena. */
	const struct json *(*find)(void *ctx, enum terminology_kind, struct slice url,
	    struct slice version, struct arena *);
};

/* What a request says of the version of a code system (R4 valueset-operation-expand.html): what is meant where
 * the value set names none; what must be the one; what is meant whatever the value set names. */
enum version_rule { VERSION_DEFAULT, VERSION_CHECK, VERSION_FORCE };
struct version_asked {
	enum version_rule rule;
	struct slice      system, version;
};

struct terminology {
	const struct pack   *pack;
	struct arena        *arena;
	struct terminology_source source;       /* find is NULL: the pack alone */
	uint64_t             steps;             /* that are left */
	uint32_t             members;           /* that an expansion may have */
	const struct version_asked *versions;
	uint32_t             version_count;
	bool                 conflict;          /* a VERSION_CHECK found another version */
	bool                 broken;            /* a value set has a filter without a value */
	bool                 spent;
	struct slice         missing_system, missing_set;       /* the first that was needed and not
	                                                         * held, or empty */
	const struct slice  *supplements;       /* urls of those that the request wants used */
	uint32_t             supplement_count;
	struct slice         missing_supplement;        /* the first that is not held, or empty */
	struct terminology_kept *kept;          /* what was found, newest first */
	struct blend        *blends;
	struct contained_system *contained;
	struct code_set     *sets;              /* made ready so far */
};

enum known { KNOWN_NO, KNOWN_YES, UNKNOWN };

/* `source` may be NULL. */
void terminology_init(struct terminology *, const struct pack *, const struct limits *,
    const struct terminology_source *, struct arena *);

/* Is `version` what was asked for?  The same, or as wide as "1.x" or "2.*.0"; an empty one asks for any. */
bool version_fits(struct slice asked, struct slice version);
bool version_is_wide(struct slice asked);
/* Numbers in it count as numbers: 1.9 is before 1.10, and none before any. */
int version_compare(struct slice a, struct slice b);

/* Code systems.  A url may end in "|version". */

struct concept {
	const struct code_system *in;
	uint32_t     number;            /* in its system */
	struct slice code, display, definition;
	bool         abstract;          /* not for use in data (notSelectable) */
	bool         inactive;
};

/* Is a CodeSystem resource a supplement?  One that names what it supplements is, whatever it says. */
bool code_system_is_supplement(const struct json *, uint32_t node);
/* NULL: not held. */
const struct code_system *terminology_system(struct terminology *, struct slice url);
/* The same with the supplements that the request wants used. */
const struct code_system *terminology_supplemented(struct terminology *, const struct code_system *);
/* NULL: not held. */
const struct code_system *terminology_supplement(struct terminology *, struct slice url);

/* Is the code in the system?  UNKNOWN when the system is held in part only (a
 * fragment or an example) and the part does not have it.  `out` may be NULL. */
enum known code_system_find(const struct code_system *, struct slice code, struct concept *out);

/* Is it a name of the concept: its display or one of its designations, in letters of any case?
 * A concept without a display may have any, and an empty one is right. */
bool concept_has_display(const struct concept *, struct slice display);

struct slice code_system_url(const struct code_system *);
struct slice code_system_version(const struct code_system *);
struct slice code_system_content(const struct code_system *);    /* CodeSystem.content */
struct slice code_system_language(const struct code_system *);   /* of its displays; may be empty */
/* CodeSystem.property.type of a property that the system defines; else empty. */
struct slice code_system_property_type(const struct code_system *, struct slice property);

/* Is `code` the same as `ancestor`, or below it?  UNKNOWN when the system, or a
 * code in it, is not known. */
enum known terminology_subsumes(struct terminology *, struct slice system,
    struct slice ancestor, struct slice code);

enum known code_system_subsumes(struct terminology *, const struct code_system *,
    struct slice ancestor, struct slice code);

/* The code itself and everything below (or above) it, once each.  `each` returns false
 * to stop.  UNKNOWN when the code or its system is not known; else KNOWN_YES. */
typedef bool terminology_each(void *ctx, const struct concept *);
enum known terminology_below(struct terminology *, struct slice system, struct slice code,
    terminology_each *, void *ctx);
enum known terminology_above(struct terminology *, struct slice system, struct slice code,
    terminology_each *, void *ctx);

/* Value sets.  A url may end in "|version". */

struct code_set;        /* a ValueSet, made ready */

/* NULL: not held. */
struct code_set *terminology_set(struct terminology *, struct slice url);
/* A ValueSet that is at hand, in `json` from `node` on. */
struct code_set *terminology_set_of(struct terminology *, const struct json *, uint32_t node);

/* Is this code in it?  An empty system asks for the code alone, of whatever
 * system.  UNKNOWN: what it needs is not held. */
enum known code_set_has(struct terminology *, struct code_set *, struct slice system,
    struct slice code);
/* The same for a code of a version of its system, which may be empty.  `in` and `number` become the concept in
 * the version that the value set means, also where the answer is no; `in` is NULL when there is none.  Of several
 * that fit, the one that has the display. */
struct sought {
	struct slice system, version, code, display;
	const struct code_system *in;
	uint32_t     number;
	bool         listed;            /* by name, as in struct member */
	bool         ambiguous;         /* no system was named, and codes of several systems fit */
	struct slice name;              /* that the value set gives to it, or empty */
};
enum known code_set_find(struct terminology *, struct code_set *, struct sought *);
/* The same by url; UNKNOWN too when there is no such value set. */
enum known terminology_member(struct terminology *, struct slice url, struct slice system,
    struct slice code);

/* A member of an expansion.  `display` is the value set's own, else the system's. */
struct member {
	struct slice system, version, code, display;
	bool         abstract, inactive;
	bool         listed;            /* by name: who lists an abstract code means it to be used */
	const struct json *list;        /* the value set's own entry, with designations; or NULL */
	uint32_t     node;
	const struct code_system *in;   /* NULL: a system that is not held, or a code not in it */
	uint32_t     number;
};

struct expansion {
	struct member *at;
	uint32_t       count;
	bool           complete;        /* all members are here */
	bool           open;            /* not, but all of those fragments that are held of a code system */
	bool           given;           /* taken from the definition's own expansion */
	struct slice  *used;            /* "url|version" of each code system, in the order of use */
	uint32_t       used_count;
};

/* All members in the order of the definition; incomplete when something is missing, or there are
 * more than limits.h EXPANSION, or the budget is used up. */
const struct expansion *code_set_expand(struct terminology *, struct code_set *);

/* The supplements that it is used with, from 0 on; NULL: no more. */
const struct code_system *code_set_supplement(const struct code_set *, uint32_t number);

/* The resource itself, and where in it. */
const struct json *code_set_json(const struct code_set *, uint32_t *node);

/* Takes steps from the budget; false when it is used up. */
bool terminology_take(struct terminology *, uint64_t steps);

/* A definition as it stands: a map, an operation, a value set; NULL: not held. */
const struct json *terminology_definition(struct terminology *, enum terminology_kind,
    struct slice url, uint32_t *node);

/* The text of a packed definition by its id, and its url; SLICE_NONE: there is none. */
struct slice pack_definition(const struct pack *, enum terminology_kind, struct slice id,
    struct slice *url);
/* All of a kind, one after the other: begin with 0; false at the end. */
bool pack_definitions(const struct pack *, enum terminology_kind, uint64_t *at, struct slice *url,
    struct slice *version);

#endif
