/* upload.h -- a body that goes into a content file as it comes, and is never whole in memory.
 *
 * The loop hands over pieces and goes on; threads that may wait inspect them, seal them and write them.
 * When they fall behind, the connection is not read for a while.  At most a few hundred KiB of
 * an upload are in memory. */
#ifndef SERVER_UPLOAD_H
#define SERVER_UPLOAD_H

#include "base/slice.h"

struct http_exchange;
struct pool;
struct service;
struct upload;
struct uploaded;

/* For the head phase: becomes the sink of the exchange, and ends with it.  `essence` is the declared
 * media type. */
struct upload *upload_begin(struct http_exchange *, const struct service *, struct pool *,
    struct slice essence);

/* The body is whole: done(ctx) follows on the loop's thread, when all of it was inspected and the file
 * is durable (or will never be). */
void upload_end(struct upload *, void (*done)(void *ctx), void *ctx);

/* After done(): what came. */
struct uploaded *upload_result(struct upload *);

#endif
