/* loop.c -- one thread, its connections, and work that others post to it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/env.h"
#include "http/internal.h"

#define EVENTS 256
#define SECOND 1000000000LL
#define IDLE_MS 10

void
loop_init(struct http_loop *l, struct http_server *server, int number)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };

	*l = (struct http_loop){ .server = server, .number = number };
	l->tail = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &e) != 0)
		abort();
}

void
loop_free(struct http_loop *l)
{
	struct posted *p, *next;

	for (p = l->first; p != NULL; p = next) {       /* what came too late */
		next = p->next;
		free(p);
	}
	while (l->kept_count > 0)
		arena_free(l->kept[--l->kept_count]);
	close(l->epoll);
	close(l->wake);
	pthread_mutex_destroy(&l->lock);
}

struct arena *
loop_arena(struct http_loop *l)
{
	return l->kept_count > 0 ? l->kept[--l->kept_count] : arena_new(16 * 1024);
}

void
loop_keep_arena(struct http_loop *l, struct arena *arena)
{
	if (l->kept_count == ARENAS_KEPT) {
		arena_free(arena);
		return;
	}
	arena_reset(arena);
	l->kept[l->kept_count++] = arena;
}

void
http_post(struct http_loop *l, void (*fn)(void *), void *arg)
{
	struct posted *p = malloc(sizeof *p);
	uint64_t one = 1;
	bool was_empty;

	if (p == NULL)
		abort();
	*p = (struct posted){ NULL, fn, arg };
	pthread_mutex_lock(&l->lock);
	was_empty = l->first == NULL;
	*l->tail = p;
	l->tail = &p->next;
	pthread_mutex_unlock(&l->lock);
	if (was_empty && write(l->wake, &one, sizeof one) < 0 && errno != EAGAIN)
		abort();
}

int
http_loop_number(const struct http_loop *l)
{
	return l->number;
}

static void
run_posted(struct http_loop *l)
{
	struct posted *p, *next;
	uint64_t count;

	if (read(l->wake, &count, sizeof count) < 0 && errno != EAGAIN)
		abort();
	pthread_mutex_lock(&l->lock);
	p = l->first;
	l->first = NULL;
	l->tail = &l->first;
	pthread_mutex_unlock(&l->lock);
	for (; p != NULL; p = next) {
		next = p->next;
		p->fn(p->arg);
		free(p);
	}
}

/* Once a second: who is too slow, who may go. */
static void
sweep(struct http_loop *l)
{
	int64_t now = env_monotonic(l->server->config.env);
	struct connection *c, *next;

	if (now - l->swept < SECOND / 2)
		return;
	l->swept = now;
	for (c = l->connections; c != NULL; c = next) {
		next = c->next;
		connection_tick(c, now);
	}
}

/* After http_stop(): no new requests; open ones are answered. */
static void
drain_all(struct http_loop *l)
{
	struct connection *c, *next;

	for (c = l->connections; c != NULL; c = next) {
		next = c->next;
		connection_drain(c);
	}
}

static void
break_all(struct http_loop *l)
{
	struct connection *c, *next;

	for (c = l->connections; c != NULL; c = next) {
		next = c->next;
		connection_break(c);
		connection_reap(c);
	}
}

static bool
has_posted(struct http_loop *l)
{
	bool any;

	pthread_mutex_lock(&l->lock);
	any = l->first != NULL;
	pthread_mutex_unlock(&l->lock);
	return any;
}

static int
wait_for_events(struct http_loop *l, struct epoll_event *events, bool draining)
{
	const struct http_handler *h = &l->server->handler;
	int n = epoll_wait(l->epoll, events, EVENTS, IDLE_MS);

	if (n != 0)
		return n;
	if (h->idle != NULL)
		h->idle(h->ctx, l->number);
	return epoll_wait(l->epoll, events, EVENTS, draining ? 50 : 1000);
}

void *
loop_run(void *arg)
{
	struct http_loop *l = arg;
	struct epoll_event events[EVENTS];
	int64_t until = 0;
	bool draining = false;

	for (;;) {
		int n = wait_for_events(l, events, draining);

		for (int i = 0; i < n; i++)
			if (events[i].data.ptr != NULL)
				connection_event(events[i].data.ptr, events[i].events);
		run_posted(l);
		sweep(l);
		if (l->stopping && !draining) {
			draining = true;
			until = env_monotonic(l->server->config.env) + l->server->grace * SECOND;
			drain_all(l);
		}
		if (draining && (l->connections == NULL
		    || env_monotonic(l->server->config.env) > until) && !has_posted(l))
			break;
	}
	break_all(l);
	return NULL;
}
