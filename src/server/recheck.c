/* recheck.c -- see recheck.h. */
#include "server/recheck.h"

#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "attachment/inspect.h"
#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/log.h"
#include "base/outcome.h"
#include "controls/authorization.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "server/house.h"

#define ROWS    200             /* of a piece */
#define HOUR_MS 3600000LL

static bool
scanner_answers(const struct service *s)
{
	char signatures[SIGNATURES_TEXT];

	return inspector_signatures(s->inspector, signatures);
}

bool
recheck_one(struct recheck *r, struct slice type, struct slice id)
{
	struct arena *arena = arena_new(65536);
	struct exchange *x;
	struct buf path;
	bool decided, gone;

	buf_init(&path, arena, 4096);
	buf_printf(&path, "%.*s/%.*s/$quarantine-check", SLICE_FMT(type), SLICE_FMT(id));
	x = house_run(r->service, r->worker, r->who, SLICE("POST"), buf_slice(&path), arena);
	decided = !x->outcome.failed || x->outcome.worst != FAULT_UNAVAILABLE || scanner_answers(r->service);
	gone = x->outcome.failed && x->outcome.worst == FAULT_NO_SUCH;
	r->checked += decided && !gone;
	r->failed += x->outcome.failed && decided && !gone;
	r->held_count += x->status == 202;
	if (x->status == 202 && r->held != NULL)
		r->held(type, id);
	arena_free(arena);
	return decided;
}

static bool
next_rows(struct recheck *r, struct arena *arena, struct stored **at, uint32_t *count, struct outcome *o)
{
	bool good = store_begin(r->worker->reader, o);

	if (good) {
		good = store_rows(r->worker->reader, authorization_house, &r->behind, ROWS, arena, at, count, o);
		store_end(r->worker->reader);
	}
	return good;
}

bool
recheck_piece(struct recheck *r, bool *more, struct outcome *o)
{
	struct arena *arena = arena_new(65536);
	struct stored *at = NULL;
	uint32_t count = 0;
	bool good = next_rows(r, arena, &at, &count, o);

	for (uint32_t i = 0; good && i < count; i++) {
		good = recheck_one(r, at[i].type->name, at[i].id) || outcome_fail_at_once(o, FAULT_UNAVAILABLE,
		    "content cannot be inspected now");
		if (good)
			r->behind = (struct stored){ .type = at[i].type, .row = at[i].row,
				.compartment = at[i].compartment };
	}
	*more = good && count == ROWS;
	arena_free(arena);
	return good;
}

struct kept {
	sem_t done;
	bool  durable;
};

static void
kept(void *ctx, bool durable)
{
	struct kept *k = ctx;

	k->durable = durable;
	sem_post(&k->done);
}

/* Waits until it is durable. */
static bool
keep_record(const struct service *s, struct slice record)
{
	struct kept k = { .durable = false };

	sem_init(&k.done, 0, 0);
	if (audit_append(s->audit, record, kept, &k))
		while (sem_wait(&k.done) != 0)
			;
	sem_destroy(&k.done);
	return k.durable;
}

bool
recheck_end(const struct recheck *r, struct outcome *o)
{
	const struct service *s = r->service;
	struct audit_event e = {
		.time = env_wall(s->env), .interaction = SLICE("quarantine-check"), .action = 'E',
		.principal = r->who, .status = 200,
	};
	struct slice record;
	struct buf reason;

	buf_init(&reason, o->arena, 256);
	buf_printf(&reason, "content that is stored was inspected again: %" PRIu64 " resources, %" PRIu64
	    " held, %" PRIu64 " not inspected", r->checked, r->held_count, r->failed);
	e.reason = buf_slice(&reason);
	env_entropy(s->env, e.id, sizeof e.id);
	return (audit_encode(s->audit, &e, o->arena, &record) && keep_record(s, record))
	    || outcome_fail_at_once(o, FAULT_NO_AUDIT, "");
}

/* The server's own */

struct recheck_watch {
	struct recheck work;
	bool    working, waiting;               /* waiting: the scanner went away */
	int64_t begun;                          /* the one that is under way: ms since 1970 */
	char    now[SIGNATURES_TEXT];           /* the signatures that it is done with */
	int64_t last_begun;                     /* the last that came to its end */
	char    last[SIGNATURES_TEXT];
};

static void
state_path(const struct recheck_watch *w, char path[4096])
{
	snprintf(path, 4096, "%s/recheck", w->work.service->dir);
}

/* "1764144000000 ClamAV 1.4.6/27461/Fri Nov 21 08:12:55 2025\n"; what is not there was never done. */
static void
remember(struct recheck_watch *w)
{
	struct arena *arena = arena_new(4096);
	struct slice text, instant;
	uint64_t begun;
	char path[4096];

	state_path(w, path);
	if (env_read_file(w->work.service->env, path, 4096, arena, &text)) {
		text = slice_trim(text);
		instant = slice_cut(&text, ' ');
		if (slice_uint(instant, &begun)) {
			w->last_begun = (int64_t)begun;
			snprintf(w->last, sizeof w->last, "%.*s", SLICE_FMT(text));
		}
	}
	arena_free(arena);
}

struct recheck_watch *
recheck_watch_new(const struct service *s, struct worker *worker)
{
	struct recheck_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		abort();
	w->work = (struct recheck){ .service = s, .worker = worker, .who = SLICE("firebreak") };
	remember(w);
	return w;
}

void
recheck_watch_free(struct recheck_watch *w)
{
	free(w);
}

static bool
is_due(const struct recheck_watch *w, const char *signatures)
{
	int64_t hours = w->work.service->options.attachments_recheck_hours;

	return hours > 0 && (strcmp(signatures, w->last) != 0
	    || env_wall(w->work.service->env) - w->last_begun >= hours * HOUR_MS);
}

void
recheck_watch_look(struct recheck_watch *w)
{
	char signatures[SIGNATURES_TEXT];

	if (!inspector_signatures(w->work.service->inspector, signatures))
		return;
	w->waiting = false;
	if (w->working ? strcmp(signatures, w->now) == 0 : !is_due(w, signatures))
		return;
	w->work.behind = (struct stored){ .type = NULL };
	w->work.checked = w->work.held_count = w->work.failed = 0;
	memcpy(w->now, signatures, sizeof w->now);
	w->begun = env_wall(w->work.service->env);
	w->working = true;
}

/* The file is behind the record: what a crash loses is done again. */
static bool
conclude(struct recheck_watch *w, struct outcome *o)
{
	const struct service *s = w->work.service;
	struct buf text;
	char path[4096];

	if (w->work.checked > 0 && !recheck_end(&w->work, o))
		return false;
	if (w->work.held_count > 0)
		log_event(LOG_WARNING, "content-held", "count=%" PRIu64, w->work.held_count);
	if (w->work.failed > 0)
		log_event(LOG_WARNING, "content-not-inspected", "count=%" PRIu64, w->work.failed);
	buf_init(&text, o->arena, 4096);
	buf_printf(&text, "%" PRId64 " %s\n", w->begun, w->now);
	state_path(w, path);
	w->last_begun = w->begun;
	memcpy(w->last, w->now, sizeof w->last);
	return env_write_file(s->env, path, buf_slice(&text), 0600)
	    || outcome_fail_at_once(o, FAULT_NO_STORE, "");
}

void
recheck_watch_work(struct recheck_watch *w)
{
	struct arena *arena;
	struct outcome o;
	bool more;

	if (!w->working || w->waiting)
		return;
	arena = arena_new(4096);
	outcome_init(&o, arena);
	if (!recheck_piece(&w->work, &more, &o)) {
		w->waiting = true;
	} else if (!more) {
		w->working = false;
		if (!conclude(w, &o))
			log_event(LOG_ERROR, "recheck-not-recorded", "%s", "");
	}
	arena_free(arena);
}
