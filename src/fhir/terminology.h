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

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct code_system;
struct json;
struct limits;
struct outcome;
struct pack;

enum terminology_kind { TERMINOLOGY_SYSTEM, TERMINOLOGY_VALUE_SET, TERMINOLOGY_MAP,
	TERMINOLOGY_OPERATION, TERMINOLOGY_KINDS };

/* The caller's view of definitions beside the pack. */
struct terminology_source {
	void *ctx;
	/* The resource with this canonical url, as a root of its own; an empty version asks
	 * for the newest.  NULL: none.  It lives as long as the arena. */
	const struct json *(*find)(void *ctx, enum terminology_kind, struct slice url,
	    struct slice version, struct arena *);
};

struct terminology {
	const struct pack   *pack;
	struct arena        *arena;
	struct terminology_source source;       /* find is NULL: the pack alone */
	uint64_t             steps;             /* that are left */
	bool                 spent;
	uint32_t             depth;             /* of value sets in value sets */
	struct terminology_kept *kept;          /* what was found, newest first */
};

enum known { KNOWN_NO, KNOWN_YES, UNKNOWN };

/* `source` may be NULL. */
void terminology_init(struct terminology *, const struct pack *, const struct limits *,
    const struct terminology_source *, struct arena *);

/* Code systems.  A url may end in "|version". */

struct concept {
	const struct code_system *in;
	uint32_t     number;            /* in its system */
	struct slice code, display, definition;
	bool         abstract;          /* not for use in data (notSelectable) */
	bool         inactive;
};

/* NULL: not held. */
const struct code_system *terminology_system(struct terminology *, struct slice url);

/* Is the code in the system?  UNKNOWN when the system is held in part only (a
 * fragment or an example) and the part does not have it.  `out` may be NULL. */
enum known code_system_find(const struct code_system *, struct slice code, struct concept *out);

struct slice code_system_url(const struct code_system *);
struct slice code_system_version(const struct code_system *);

/* Is `code` the same as `ancestor`, or below it?  UNKNOWN when the system, or a
 * code in it, is not known. */
enum known terminology_subsumes(struct terminology *, struct slice system,
    struct slice ancestor, struct slice code);

/* The code itself and everything below (or above) it, once each.  `each` returns false
 * to stop.  UNKNOWN when the code or its system is not known; else KNOWN_YES. */
typedef bool terminology_each(void *ctx, const struct concept *);
enum known terminology_below(struct terminology *, struct slice system, struct slice code,
    terminology_each *, void *ctx);
enum known terminology_above(struct terminology *, struct slice system, struct slice code,
    terminology_each *, void *ctx);

/* Value sets.  A url may end in "|version". */

/* Is this code in it?  An empty system asks for the code alone, of whatever
 * system.  UNKNOWN: no such value set, or what it needs is not held. */
enum known terminology_member(struct terminology *, struct slice url, struct slice system,
    struct slice code);

/* A member of an expansion.  `display` is the value set's own, else the system's. */
struct member {
	struct slice system, version, code, display;
	bool         abstract, inactive;
	const struct json *designations;        /* the compose's own list, or NULL */
	uint32_t     designation_node;
	const struct code_system *in;           /* NULL: a system that is not held */
	uint32_t     number;
};

struct expansion {
	const struct json *set;         /* the ValueSet */
	struct member *at;
	uint32_t       count;
	bool           complete;        /* all members are here */
	bool           given;           /* taken from the definition's own expansion */
	struct slice   missing;         /* a system or value set that is not held, or empty */
	struct slice   missing_set;     /* a value set that is not held, or empty */
	struct slice  *used;            /* "url|version" of each code system */
	uint32_t       used_count;
};

/* All members in the order of the definition; NULL: no such value set.
 * Incomplete when something is missing or the budget is used up. */
const struct expansion *terminology_expand(struct terminology *, struct slice url);
/* The same of a ValueSet that is at hand. */
const struct expansion *terminology_expand_set(struct terminology *, const struct json *set,
    uint32_t node);

#endif
