/* contains.c -- which events are in the log's last two segments. */
#include <stdlib.h>

#include "audit/log_internal.h"
#include "base/arena.h"

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, AUDIT_EVENT_ID);
}

struct loading {
	struct audit_log *log;
	size_t            room;
	uint64_t          end;          /* what is behind may still be written */
};

static bool
load_step(void *ctx, const struct walk_step *step)
{
	struct loading *l = ctx;
	struct audit_log *log = l->log;

	if (step->bad || step->index >= l->end)
		return false;
	if (log->id_count == l->room) {
		l->room = l->room == 0 ? 1024 : l->room * 2;
		log->ids = realloc(log->ids, l->room * sizeof *log->ids);
		if (log->ids == NULL)
			abort();
	}
	audit_record_id(step->record, log->ids[log->id_count++]);
	return true;
}

static void
load(struct audit_log *log)
{
	struct loading l = { .log = log, .end = audit_size(log) };
	struct arena *arena = arena_new(1024);
	uint64_t *firsts, from = 0;
	size_t count;

	if (segment_list(log->dir, arena, &firsts, &count) && count > 1)
		from = firsts[count - 2];
	segment_walk(log->env, log->dir, from, load_step, &l);
	if (log->id_count > 0)
		qsort(log->ids, log->id_count, sizeof *log->ids, by_bytes);
	log->ids_loaded = true;
	arena_free(arena);
}

bool
audit_contains(struct audit_log *log, const uint8_t id[AUDIT_EVENT_ID])
{
	bool found;

	pthread_mutex_lock(&log->ids_lock);
	if (!log->ids_loaded)
		load(log);
	found = log->id_count > 0
	    && bsearch(id, log->ids, log->id_count, sizeof *log->ids, by_bytes) != NULL;
	pthread_mutex_unlock(&log->ids_lock);
	return found;
}
