/* server.h -- the running program: a service, its listeners and its housekeeping. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>

#include "base/attr.h"

struct env;
struct outcome;
struct service;
struct worker;

/* Opens everything that `dir` (made by `firebreak init`) holds: options, keys,
 * audit log, store, client registry; and the definitions pack at `pack_path`.
 * NULL when a part cannot be opened; what was opened before it is closed again. */
/* The same of a store that may have been indexed with another pack: for store_reindex() alone. */
struct service *service_open_to_reindex(const struct env *, const char *dir, const char *pack_path,
    struct outcome *);
struct service *service_open(const struct env *, const char *dir, const char *pack_path,
    struct outcome *);
void service_close(struct service *);

/* A thread's own part: store reader and token cache. */
MUST_USE bool worker_open(struct worker *, const struct service *, struct outcome *);
void          worker_close(struct worker *);

/* Serves on `listen` ("127.0.0.1:8443") until SIGINT or SIGTERM, then closes what
 * is open.  `ready` is called once connections are taken. */
MUST_USE bool server_run(struct service *, const char *listen, void (*ready)(void *ctx, int port),
    void *ctx, struct outcome *);

#endif
