/* server.h -- the running program: a service, its listeners and its housekeeping. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>

#include "base/attr.h"

struct arena;
struct env;
struct exchange;
struct outcome;
struct service;
struct worker;

/* Opens everything that `dir` (made by `firebreak init`) holds: options, keys,
 * pack, audit log, store, client registry.  `pack_path` is the definitions pack.  NULL when a
 * part cannot be opened; what was opened before it is closed. */
struct service *service_open(const struct env *, const char *dir, const char *pack_path,
    struct outcome *);
void service_close(struct service *);

/* A thread's own part: store reader and token cache. */
MUST_USE bool worker_open(struct worker *, const struct service *, struct outcome *);
void          worker_close(struct worker *);

/* Serves until SIGINT or SIGTERM.  `ready` is called with the port once connections are
 * taken. */
MUST_USE bool server_run(struct service *, const char *listen, void (*ready)(void *ctx, int port),
    void *ctx, struct outcome *);

/* Makes what the exchange prepared durable: its commit with its records, or its
 * records alone; `done` is called (on another thread) when that is certain or
 * has failed.  False when it could not even be queued.  Used by server and import. */
struct delivery {
	struct exchange *x;
	bool (*unused)(void);
	void (*done)(struct delivery *);
	void  *ctx;
	bool   durable;                 /* of the records, when there is no commit */
};
MUST_USE bool delivery_start(struct delivery *);

/* After done(): true when the prepared answer may leave.  False after a
 * conflict that should be tried again from the start (exchange_again()), or, with `*final`
 * set, when the answer was replaced by a refusal that has its own records to
 * make durable first. */
enum delivered { DELIVERED, DELIVERED_AGAIN, DELIVERED_REFUSED };
enum delivered delivery_finish(struct delivery *, int attempt);

/* Puts an exchange back to where its head was just let in. */
void exchange_again(struct exchange *);

#endif
