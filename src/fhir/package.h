/* package.h -- an implementation guide's package (an npm .tgz of FHIR definitions)
 * compiled beside the pack; see pack.h pack_add().
 *
 * Taken are profiles, extensions, value sets and code systems; a profile without
 * a snapshot gets its rules from its differential.  Nothing is fetched and nothing
 * is unpacked to disk. */
#ifndef FHIR_PACKAGE_H
#define FHIR_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct limits;
struct outcome;
struct pack;

struct package_need {
	struct slice name, version;
};

struct package {
	struct slice name, version, canonical;  /* package.json */
	const struct package_need *needs;       /* package.json dependencies */
	uint32_t     need_count;
	uint32_t     profiles, left_out;        /* left out: their base definition is not here */
	struct slice compiled;                  /* what pack_add() takes */
};

/* False with an issue when it is no package for this FHIR version, or damaged.
 * Deterministic: the same package and pack give the same bytes. */
MUST_USE bool package_compile(struct slice tgz, const struct pack *, const struct env *,
    const struct limits *, struct arena *, struct package *, struct outcome *);

/* Definitions that are at hand as texts; `name` and `version` of the package are empty. */
MUST_USE bool package_compile_texts(const struct slice *texts, uint32_t count, const struct pack *,
    const struct env *, struct arena *, struct package *, struct outcome *);

/* "4.0.1" for 4.0.1, "7.0.1" for 7.x: does a version satisfy what is asked? */
bool package_version_fits(struct slice have, struct slice asked);

#endif
