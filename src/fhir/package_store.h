/* package_store.h -- the packages of a data directory: D/packages/NAME@VERSION.tgz as it
 * came, NAME@VERSION.pack as compiled, and index.json, which pins the SHA-256 of each.
 *
 * Only `firebreak package` writes here, with the server stopped or before it starts
 * again; a server reads all of it at start and refuses what is not as pinned. */
#ifndef FHIR_PACKAGE_STORE_H
#define FHIR_PACKAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"
#include "fhir/package.h"

struct stored_package {
	struct slice name, version;
	struct slice source, compiled;  /* SHA-256 in hex: of the .tgz, of the .pack */
	const struct package_need *needs;
	uint32_t     need_count;
	uint32_t     profiles;
};

struct stored_packages {
	struct stored_package *at;      /* in the order in which they were added */
	uint32_t     count;
};

/* An index that is not there is an empty list. */
MUST_USE bool package_store_list(const struct env *, const char *dir, struct arena *,
    struct stored_packages *, struct outcome *);

/* Puts all of them beside the pack (pack.h pack_add).  The arena must live as long
 * as the pack. */
MUST_USE bool package_store_load(struct pack *, const struct env *, const char *dir,
    struct arena *, struct outcome *);

/* The same name and version with other bytes is refused: remove it first. */
MUST_USE bool package_store_add(const struct env *, const char *dir, struct slice tgz,
    const struct package *, struct arena *, struct outcome *);

/* Compiles all of them anew, in their order, for this pack: after it has changed. */
MUST_USE bool package_store_refresh(struct pack *, const struct env *, const char *dir,
    const struct limits *, struct arena *, struct outcome *);

/* False with FAULT_CONFLICT when another needs it, FAULT_NO_SUCH when it is not there. */
MUST_USE bool package_store_remove(const struct env *, const char *dir, struct slice name,
    struct slice version, struct arena *, struct outcome *);

/* What a package needs and neither the pack nor the store has, in that order. */
const struct package_need *package_store_missing(const struct pack *, const struct stored_packages *,
    const struct package *, struct arena *, uint32_t *count);

#endif
