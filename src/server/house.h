/* house.h -- requests of the house's own: of the operator at the data directory, and of the server for
 * what waits in quarantine.  They go the way of any request, audit included, but for HTTP
 * and the token. */
#ifndef SERVER_HOUSE_H
#define SERVER_HOUSE_H

#include "base/slice.h"

struct arena;
struct exchange;
struct house;
struct service;
struct worker;

/* One request, `path` below the FHIR base, from beginning to end; waits.  `who` is what the audit
 * record names.  The answer is in the exchange. */
struct exchange *house_run(const struct service *, struct worker *, struct slice who, struct slice method,
    struct slice path, struct arena *);

/* The server's thread that has what is in quarantine inspected again, as soon as that is possible, and what
 * is stored when the scanner has learned (server/recheck.h).
 * NULL when its worker cannot be opened. */
struct outcome;
struct house *house_start(const struct service *, struct outcome *);
void          house_stop(struct house *);       /* NULL is fine */

#endif
