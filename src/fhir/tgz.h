/* tgz.h -- the files of a gzip-compressed tar archive, one after the other.
 *
 * The form of npm and FHIR packages: ustar (POSIX.1-1988) with pax and GNU long
 * names read, links and devices refused.  Nothing is written to disk. */
#ifndef FHIR_TGZ_H
#define FHIR_TGZ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct limits;
struct outcome;

/* Called with each file; `bytes` are in the arena.  False stops. */
typedef bool tgz_take(void *ctx, struct slice name, struct slice bytes);

/* Which files are wanted; the others are passed over. */
typedef bool tgz_wants(void *ctx, struct slice name);

/* False with FAULT_SYNTAX when it is no such archive, FAULT_TOO_BIG when it goes
 * over limits.h PACKAGE_BYTES or PACKAGE_FILES, or when `take` stopped. */
MUST_USE bool tgz_read(struct slice archive, const struct limits *, struct arena *,
    tgz_wants *, tgz_take *, void *ctx, struct outcome *);

#endif
