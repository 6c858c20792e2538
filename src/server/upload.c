/* upload.c -- see upload.h.
 *
 *   loop:   take() fills a piece of 64 KiB, queues it, submits work() unless one is under way
 *   pool:   work() takes what is queued, inspects, seals and writes; at the end posts done()
 *
 * `lock` is of the queue and the marks below it; what stands below those belongs to whoever works.  The
 * exchange, work under way and what is posted each hold the upload; the last frees it. */
#include "server/upload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "attachment/inspect.h"
#include "base/arena.h"
#include "base/attr.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "http/http.h"
#include "server/pool.h"
#include "store/store.h"

#define PIECE       STORE_CHUNK
#define QUEUED_MANY 4           /* pieces: then the peer has to wait */

struct piece {
	struct piece *next;
	size_t        len;
	char          bytes[PIECE];
};

struct upload {
	const struct service *service;
	struct pool          *pool;
	struct http_exchange *http;             /* the loop's; NULL when it is gone */
	struct http_loop     *loop;
	struct http_sink      sink;
	struct piece         *filling;
	atomic_int            holders;

	pthread_mutex_t lock;
	struct piece   *first, **tail;
	int             queued;
	bool            working, whole, paused, abandoned;

	void          (*done)(void *);
	void           *done_ctx;

	struct arena               *arena;
	struct inspection          *inspection;
	struct store_content_writer *writer;
	struct uploaded             result;
};

static void
free_piece(struct piece *p)
{
	if (p != NULL)
		explicit_bzero(p, sizeof *p);
	free(p);
}

static void
let_go(struct upload *u)
{
	struct piece *p, *next;

	if (atomic_fetch_sub(&u->holders, 1) > 1)
		return;
	for (p = u->first; p != NULL; p = next) {
		next = p->next;
		free_piece(p);
	}
	free_piece(u->filling);
	inspection_drop(u->inspection);
	store_content_drop(u->writer);
	pthread_mutex_destroy(&u->lock);
	arena_free(u->arena);           /* and the file, unless a version has it */
	free(u);
}

static void
post(struct upload *u, void (*fn)(void *))
{
	atomic_fetch_add(&u->holders, 1);
	http_post(u->loop, fn, u);
}

/* Posted to the loop */

static void
resume(void *arg)
{
	struct upload *u = arg;

	if (u->http != NULL)
		http_resume(u->http);
	let_go(u);
}

static void
tell_done(void *arg)
{
	struct upload *u = arg;

	if (u->http != NULL)
		u->done(u->done_ctx);
	let_go(u);
}

/* The pool's side */

static void
open_parts(struct upload *u)
{
	if (u->inspection != NULL)
		return;
	u->inspection = inspection_begin(u->service->inspector, u->result.content.essence);
	u->result.file = store_content_new(u->service->store, u->arena);
	u->writer = store_content_write(u->result.file);
}

static void
take_in(struct upload *u, const struct piece *p)
{
	struct slice bytes = slice_make(p->bytes, p->len);

	open_parts(u);
	inspection_add(u->inspection, bytes);
	store_content_add(u->writer, bytes);
}

static void
finish(struct upload *u)
{
	struct uploaded *r = &u->result;

	open_parts(u);
	r->finding = inspection_end(u->inspection, &r->content);
	u->inspection = NULL;
	memcpy(r->file->sha256, r->content.sha256, sizeof r->file->sha256);
	memcpy(r->file->sha1, r->content.sha1, sizeof r->file->sha1);
	if (!store_content_end(u->writer))
		r->file = NULL;
	u->writer = NULL;
	post(u, tell_done);
}

static struct piece *
unqueue(struct upload *u)
{
	struct piece *p = u->first;

	if (p == NULL)
		return NULL;
	u->first = p->next;
	if (u->first == NULL)
		u->tail = &u->first;
	u->queued--;
	return p;
}

enum next { NEXT_PIECE, NEXT_WAITS, NEXT_END };

/* What there is to do; with NEXT_WAITS and NEXT_END this work is over. */
static enum next
next_of(struct upload *u, struct piece **p)
{
	enum next next = NEXT_PIECE;

	pthread_mutex_lock(&u->lock);
	*p = unqueue(u);
	if (*p == NULL) {
		next = u->whole && !u->abandoned ? NEXT_END : NEXT_WAITS;
		u->working = false;
	} else if (u->abandoned) {
		free_piece(*p);
		*p = NULL;
	}
	if (u->paused && u->queued <= 1) {
		u->paused = false;
		post(u, resume);
	}
	pthread_mutex_unlock(&u->lock);
	return next;
}

static void
work(void *arg, struct worker *w UNUSED)
{
	struct upload *u = arg;
	struct piece *p;
	enum next next;

	while ((next = next_of(u, &p)) == NEXT_PIECE)
		if (p != NULL) {
			take_in(u, p);
			free_piece(p);
		}
	if (next == NEXT_END)
		finish(u);
	let_go(u);
}

/* With the lock held. */
static void
see_to_it(struct upload *u)
{
	if (u->working)
		return;
	u->working = true;
	atomic_fetch_add(&u->holders, 1);
	pool_submit(u->pool, work, u);
}

/* The loop's side */

static bool
enqueue(struct upload *u, bool whole)
{
	bool more;

	pthread_mutex_lock(&u->lock);
	if (u->filling != NULL) {
		*u->tail = u->filling;
		u->tail = &u->filling->next;
		u->queued++;
	}
	u->filling = NULL;
	u->whole = whole;
	u->paused = more = u->queued >= QUEUED_MANY;
	see_to_it(u);
	pthread_mutex_unlock(&u->lock);
	return !more;
}

static bool
take(void *ctx, const void *bytes, size_t n)
{
	struct upload *u = ctx;
	struct slice rest = slice_make(bytes, n), part;
	bool more = true;

	while (rest.len > 0) {
		if (u->filling == NULL && (u->filling = calloc(1, sizeof *u->filling)) == NULL)
			abort();
		part = slice_sub(rest, 0, PIECE - u->filling->len);
		memcpy(u->filling->bytes + u->filling->len, part.ptr, part.len);
		u->filling->len += part.len;
		rest = slice_sub(rest, part.len, rest.len);
		if (u->filling->len == PIECE)
			more = enqueue(u, false);
	}
	return more;
}

static void
gone(void *ctx)
{
	struct upload *u = ctx;

	pthread_mutex_lock(&u->lock);
	u->abandoned = true;
	pthread_mutex_unlock(&u->lock);
}

static void
exchange_ends(void *ctx)
{
	struct upload *u = ctx;

	gone(u);
	u->http = NULL;
	let_go(u);
}

struct upload *
upload_begin(struct http_exchange *h, const struct service *s, struct pool *pool,
    struct slice essence)
{
	struct upload *u = calloc(1, sizeof *u);

	if (u == NULL)
		abort();
	u->service = s;
	u->pool = pool;
	u->http = h;
	u->loop = h->loop;
	u->sink = (struct http_sink){ take, gone, u };
	u->tail = &u->first;
	u->arena = arena_new(4096);
	u->result.content.essence = slice_dup(essence, u->arena);
	pthread_mutex_init(&u->lock, NULL);
	atomic_init(&u->holders, 1);
	arena_defer(h->arena, exchange_ends, u);
	h->sink = &u->sink;
	return u;
}

void
upload_end(struct upload *u, void (*done)(void *ctx), void *ctx)
{
	u->done = done;
	u->done_ctx = ctx;
	enqueue(u, true);
}

struct uploaded *
upload_result(struct upload *u)
{
	return &u->result;
}
