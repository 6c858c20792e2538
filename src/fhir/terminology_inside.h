/* terminology_inside.h -- what the terminology*.c files share. */
#ifndef FHIR_TERMINOLOGY_INSIDE_H
#define FHIR_TERMINOLOGY_INSIDE_H

#include "fhir/terminology.h"
#include "json/json.h"

/* A definition that was found. */
struct definition {
	const struct json        *json;         /* NULL for a code system of the pack */
	uint32_t                  node;
	const struct code_system *system;
	uint32_t                  package;      /* of the pack; PACKAGE_NONE: another source */
};

#define PACKAGE_NONE UINT32_MAX

/* By "url" or "url|version"; without a version the one of `package` is preferred, because the
 * definitions of one package mean each other.  Kept for the work's life; NULL: not held. */
const struct definition *terminology_find(struct terminology *, enum terminology_kind,
    struct slice canonical, uint32_t package);
/* The code system of a definition, or NULL. */
const struct code_system *terminology_find_system(struct terminology *, enum terminology_kind,
    struct slice canonical, uint32_t package);
/* A text as JSON that lives as long as the work; NULL: it is none. */
const struct json *terminology_parse(struct terminology *, struct slice text);
/* The expansion that a package gives for one of its value sets which cannot be computed. */
const struct definition *terminology_find_expansion(struct terminology *, struct slice canonical);

/* A supplement that is to be used; one that is not held is noted. */
const struct code_system *terminology_needed_supplement(struct terminology *, struct slice url);
/* The code system with what the supplement adds, made once for the work. */
const struct code_system *terminology_with(struct terminology *, const struct code_system *,
    const struct code_system *supplement);

/* From `start` along the links, each concept once: the numbers that were reached, start
 * included; a bit for each in `bits` when it is not NULL. */
const uint32_t *terminology_walk(struct terminology *, const struct code_system *, uint32_t start,
    bool up, uint32_t *count, uint8_t **bits);

/* filter.c: a ValueSet.compose.include.filter, made ready for one system. */
struct filter;
const struct filter *filter_new(struct terminology *, const struct code_system *,
    const struct json *, uint32_t node);
enum known filter_holds(struct terminology *, const struct code_system *, const struct filter *,
    uint32_t concept);

#endif
