/* pool.h -- a few threads for work that would hold up an event loop. */
#ifndef SERVER_POOL_H
#define SERVER_POOL_H

struct outcome;
struct pool;
struct service;
struct worker;

/* `threads` of them (0: as many as there are processors), each with a worker of its own; NULL
 * when a worker cannot be opened. */
struct pool *pool_new(const struct service *, int threads, struct outcome *);

/* fn(arg, worker) on one of the threads, in the order of submission. */
void pool_submit(struct pool *, void (*fn)(void *arg, struct worker *), void *arg);

/* Waits until everything submitted has been done. */
void pool_free(struct pool *);

#endif
