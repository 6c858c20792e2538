/* pool.c -- see pool.h. */
#include "server/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "exchange/exchange.h"
#include "server/server.h"

#define THREADS_MAX 64

struct task {
	struct task *next;
	void (*fn)(void *, struct worker *);
	void *arg;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	struct task    *first, **tail;
	bool            closing;
	int             count;
	pthread_t       threads[THREADS_MAX];
	struct worker   workers[THREADS_MAX];
};

struct thread_start {
	struct pool *pool;
	int          number;
};

static struct task *
next_task(struct pool *p)
{
	struct task *t;

	pthread_mutex_lock(&p->lock);
	while (p->first == NULL && !p->closing)
		pthread_cond_wait(&p->wake, &p->lock);
	if ((t = p->first) != NULL && (p->first = t->next) == NULL)
		p->tail = &p->first;
	pthread_mutex_unlock(&p->lock);
	return t;
}

static void *
work(void *arg)
{
	struct thread_start *start = arg;
	struct pool *p = start->pool;
	struct worker *w = &p->workers[start->number];
	struct task *t;

	free(start);
	while ((t = next_task(p)) != NULL) {
		t->fn(t->arg, w);
		free(t);
	}
	return NULL;
}

static void
start_thread(struct pool *p, int number)
{
	struct thread_start *start = malloc(sizeof *start);

	if (start == NULL)
		abort();
	*start = (struct thread_start){ p, number };
	if (pthread_create(&p->threads[number], NULL, work, start) != 0)
		abort();
}

struct pool *
pool_new(const struct service *s, int threads, struct outcome *o)
{
	struct pool *p = calloc(1, sizeof *p);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int wanted = threads > 0 ? threads : cores < 1 ? 1 : (int)cores;

	if (p == NULL)
		abort();
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->tail = &p->first;
	if (wanted > THREADS_MAX)
		wanted = THREADS_MAX;
	for (; p->count < wanted; p->count++) {
		if (!worker_open(&p->workers[p->count], s, o)) {
			pool_free(p);
			return NULL;
		}
		start_thread(p, p->count);
	}
	return p;
}

void
pool_submit(struct pool *p, void (*fn)(void *, struct worker *), void *arg)
{
	struct task *t = malloc(sizeof *t);

	if (t == NULL)
		abort();
	*t = (struct task){ NULL, fn, arg };
	pthread_mutex_lock(&p->lock);
	*p->tail = t;
	p->tail = &t->next;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->count; i++) {
		pthread_join(p->threads[i], NULL);
		worker_close(&p->workers[i]);
	}
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
