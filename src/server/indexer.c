/* indexer.c -- see indexer.h. */
#include "server/indexer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "controls/control.h"
#include "exchange/service.h"
#include "store/store.h"

#define IDLE_NS   200000000     /* between looks when there is nothing to do */
#define PAUSE_NS  50000000      /* at most, between two pieces */

struct indexer {
	const struct service *service;
	struct store_reader  *reader;
	pthread_t             thread;
	atomic_bool           stopping;
	int64_t               current, finished;        /* generations; of the second all is done */
};

/* Nothing comes to be done without a new generation of the index. */
static bool
has_work(struct indexer *n, struct outcome *o)
{
	int64_t generation = n->finished;

	if (store_begin(n->reader, o))
		generation = search_index_generation(store_index(n->reader));
	store_end(n->reader);
	n->current = generation;
	return generation != n->finished;
}

/* How long to rest after it. */
static long
one_piece(struct indexer *n, struct outcome *o)
{
	int64_t before = env_monotonic(n->service->env), took;
	bool more = false, good;

	if (!has_work(n, o) || !controls_open(n->service))
		return IDLE_NS;
	good = store_index_step(n->reader, n->service->base, &more, o);
	if (good && !more)
		n->finished = n->current;
	took = env_monotonic(n->service->env) - before;
	if (!good || !more)
		return IDLE_NS;
	return took < PAUSE_NS ? (long)took : PAUSE_NS;
}

static void *
work(void *arg)
{
	struct indexer *n = arg;

	while (!atomic_load(&n->stopping)) {
		struct arena *arena = arena_new(4096);
		struct timespec rest = { .tv_sec = 0 };
		struct outcome o;

		outcome_init(&o, arena);
		rest.tv_nsec = one_piece(n, &o);
		arena_free(arena);
		nanosleep(&rest, NULL);
	}
	return NULL;
}

struct indexer *
indexer_start(const struct service *s, struct outcome *o)
{
	struct indexer *n = calloc(1, sizeof *n);

	if (n == NULL)
		abort();
	n->service = s;
	n->finished = -1;
	if ((n->reader = store_reader_open(s->store, o)) == NULL) {
		free(n);
		return NULL;
	}
	if (pthread_create(&n->thread, NULL, work, n) != 0)
		abort();
	return n;
}

void
indexer_stop(struct indexer *n)
{
	if (n == NULL)
		return;
	atomic_store(&n->stopping, true);
	pthread_join(n->thread, NULL);
	store_reader_close(n->reader);
	free(n);
}
