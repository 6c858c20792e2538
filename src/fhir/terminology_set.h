/* terminology_set.h -- a value set, made ready: what the files of composition share.
 *
 * set.c makes ready, member.c asks for one code, expand.c for all. */
#ifndef FHIR_TERMINOLOGY_SET_H
#define FHIR_TERMINOLOGY_SET_H

#include "fhir/names.h"
#include "fhir/terminology_format.h"
#include "fhir/terminology_inside.h"

#define SET_NESTED_MAX 16

/* An include or exclude. */
struct part {
	uint32_t      node;
	struct slice  system, version;          /* the version that is asked for, or empty */
	struct slice  canonical;                /* both */
	const struct code_system *held;         /* NULL: not */
	uint32_t      concepts;                 /* node of the list, or 0 */
	struct names  listed;                   /* code -> node */
	bool          exact;                    /* codes differ by case */
	const struct filter **filters;          /* NULL: `held` is */
	uint32_t      filter_count;
	struct code_set **sets;                 /* NULL in it: not held */
	uint32_t      set_count;
	struct part  *next;                     /* of the set's `others` */
};

struct code_set {
	struct slice  canonical;                /* empty: it was at hand */
	uint32_t      package, node;
	uint32_t      container;                /* node of the resource that contains it, or its own */
	const struct json *json;
	struct part  *includes, *excludes;
	struct part  *others;                   /* parts that mean any version, in the one that was asked for */
	uint32_t      include_count, exclude_count;
	bool          no_inactive, busy;
	bool          versions_differ;          /* it includes one system in several versions */
	const struct code_system **supplements; /* those that are held */
	uint32_t      supplement_count;
	struct expansion *expansion;
	struct expansion *given;                /* its own; NULL: none */
	struct names  given_codes;              /* "system|code" and "|code" */
	struct code_set *next;
};

/* A member that is a string; a list, or 0; its first item. */
struct slice set_text(struct terminology *, const struct code_set *, uint32_t node, const char *name);
uint32_t     set_list(const struct json *, uint32_t node, const char *name);
uint32_t     set_first(const struct json *, uint32_t list);
/* "a|b" */
struct slice set_join(struct terminology *, struct slice a, struct slice b);

/* The node of a code in the part's list, or 0. */
uint32_t part_listed(struct terminology *, const struct part *, struct slice code);
/* Is the part's system of the version that the request checks for?  Noted as a conflict where not. */
void part_check_version(struct terminology *, const struct part *);
/* The part, made ready for another version of its system. */
const struct part *part_in_version(struct terminology *, struct code_set *, const struct part *,
    struct slice version);

/* Do all filters hold for a concept of the system that is held? */
enum known part_filters_hold(struct terminology *, const struct part *, uint32_t concept);
/* Do all its value sets have the code, from number `from` on? */
enum known part_in_sets(struct terminology *, const struct part *, struct sought *, uint32_t from,
    int depth);
/* Does any exclude have the code? */
enum known set_excludes(struct terminology *, struct code_set *, const struct sought *, int depth);

/* The expansion that a definition gives. */
void set_read_given(struct terminology *, struct code_set *, const struct json *, uint32_t expansion);

#endif
