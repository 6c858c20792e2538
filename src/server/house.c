/* house.c -- see house.h. */
#include "server/house.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "attachment/inspect.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "controls/attachments.h"
#include "controls/authorization.h"
#include "exchange/exchange.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "rest/rest.h"
#include "server/delivery.h"
#include "server/recheck.h"
#include "server/server.h"

#define LOOK_SECONDS 5
#define LOOK_AT      100        /* at a time */

static struct exchange *
new_exchange(const struct service *s, struct slice who, struct slice method, struct slice path,
    struct arena *arena)
{
	struct exchange *x = arena_alloc(arena, sizeof *x);
	struct buf b;

	buf_init(&b, arena, 4096);
	buf_printf(&b, "%.*s/%.*s", SLICE_FMT(s->base_path), SLICE_FMT(path));
	x->arena = arena;
	x->service = s;
	x->method = method;
	x->path = buf_slice(&b);
	x->peer = SLICE("127.0.0.1");
	x->received = env_wall(s->env);
	x->audited = true;
	x->who = principal_new();
	arena_defer(arena, principal_release, x->who);
	x->who->subject = x->who->client_id = who;
	x->permit = authorization_house;
	outcome_init(&x->outcome, arena);
	rest_route(x);
	if (x->interaction == NULL)
		exchange_fail(x, x->misrouted, "");
	return x;
}

static void
prepare(struct exchange *x, struct worker *w)
{
	delivery_prepare(x, w);
	while (attachments_waiting(x) && !attachments_inspect(x)) {
		delivery_put_back(x);
		delivery_prepare(x, w);
	}
}

static void
delivered(struct delivery *d)
{
	sem_post(d->ctx);
}

static void
wait_for(sem_t *done)
{
	while (sem_wait(done) != 0)
		;
}

struct exchange *
house_run(const struct service *s, struct worker *w, struct slice who, struct slice method,
    struct slice path, struct arena *arena)
{
	struct exchange *x = new_exchange(s, who, method, path, arena);
	struct delivery d = { .x = x, .done = delivered };
	enum delivery_state state = DELIVERY_AGAIN;
	sem_t done;

	sem_init(&done, 0, 0);
	d.ctx = &done;
	while (state != DELIVERY_READY) {
		if (state == DELIVERY_AGAIN)
			prepare(x, w);
		delivery_start(&d);
		wait_for(&done);
		state = delivery_finish(&d);
	}
	sem_destroy(&done);
	return x;
}

/* The thread */

struct house {
	const struct service *service;
	struct worker         worker;
	struct recheck_watch *watch;
	pthread_t             thread;
	atomic_bool           stopping;
};

static void
rescan(struct house *h, const struct store_quarantined *q, struct arena *arena)
{
	struct buf path;

	buf_init(&path, arena, 4096);
	buf_printf(&path, "%.*s/%.*s/$quarantine-rescan", SLICE_FMT(q->type->name), SLICE_FMT(q->id));
	house_run(h->service, &h->worker, SLICE("firebreak"), SLICE("POST"), buf_slice(&path), arena);
}

static bool
scanner_answers(const struct service *s)
{
	int64_t days;
	bool magic_works;

	return inspector_state(s->inspector, &days, &magic_works) == INSPECTOR_GOOD && magic_works;
}

static void
look(struct house *h)
{
	struct arena *arena = arena_new(65536);
	struct store_quarantined *held = NULL;
	uint32_t count = 0;
	struct outcome o;

	outcome_init(&o, arena);
	if (store_begin(h->worker.reader, &o)) {
		if (!store_quarantined(h->worker.reader, authorization_house, true, LOOK_AT, arena, &held, &count, &o))
			count = 0;
		store_end(h->worker.reader);
	}
	if (count > 0 && scanner_answers(h->service))
		for (uint32_t i = 0; i < count && !atomic_load(&h->stopping); i++)
			rescan(h, &held[i], arena);
	arena_free(arena);
}

static void *
keep_looking(void *arg)
{
	struct house *h = arg;

	for (int tenths = 0; !atomic_load(&h->stopping); tenths++) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		if (tenths % (LOOK_SECONDS * 10) == 0) {
			look(h);
			recheck_watch_look(h->watch);
		}
		recheck_watch_work(h->watch);
	}
	return NULL;
}

struct house *
house_start(const struct service *s, struct outcome *o)
{
	struct house *h = calloc(1, sizeof *h);

	if (h == NULL)
		abort();
	h->service = s;
	if (!worker_open(&h->worker, s, o)) {
		free(h);
		return NULL;
	}
	h->watch = recheck_watch_new(s, &h->worker);
	if (pthread_create(&h->thread, NULL, keep_looking, h) != 0)
		abort();
	return h;
}

void
house_stop(struct house *h)
{
	if (h == NULL)
		return;
	atomic_store(&h->stopping, true);
	pthread_join(h->thread, NULL);
	recheck_watch_free(h->watch);
	worker_close(&h->worker);
	free(h);
}
