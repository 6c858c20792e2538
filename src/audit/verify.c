/* verify.c -- audit_verify() and audit_show(): the log read by somebody who
 * does not trust it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "audit/log_internal.h"
#include "audit/note.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/keeper.h"

enum { VERIFY_OK = 0, VERIFY_TAMPERED = 3, VERIFY_SHORT = 4, VERIFY_FORK = 5, VERIFY_UNSIGNED = 6 };

#define UNSIGNED_MS 2000

struct verification {
	struct checkpoint signed_at;
	struct merkle     tree;
	uint8_t           previous[MERKLE_HASH];
	int64_t           newest;       /* time of the last record */
	bool              tampered, forked;
	struct buf       *report;
};

static bool
tampered(struct verification *v, const struct walk_step *step, const char *why)
{
	v->tampered = true;
	buf_printf(v->report, "record %" PRIu64 " (segment-%020" PRIu64 ", byte %" PRIu64 "): %s\n",
	    step->index, step->segment, step->offset, why);
	return false;
}

static void
check_root(struct verification *v)
{
	uint8_t root[MERKLE_HASH];

	if (v->tree.size != v->signed_at.size)
		return;
	merkle_root(&v->tree, root);
	v->forked = memcmp(root, v->signed_at.root, sizeof root) != 0;
}

static bool
verify_step(void *ctx, const struct walk_step *step)
{
	struct verification *v = ctx;
	struct arena *arena;
	struct audit_event e;
	bool readable;

	if (step->bad)
		return tampered(v, step, "the frame is damaged");
	if (step->index != v->tree.size)
		return tampered(v, step, "records before it are missing");
	if (memcmp(step->record.ptr + RECORD_PREVIOUS, v->previous, MERKLE_HASH) != 0)
		return tampered(v, step, "it does not follow the record before it");
	arena = arena_new(1024);
	readable = record_decode(step->record, NULL, arena, &e);
	v->newest = e.time;
	arena_free(arena);
	if (!readable)
		return tampered(v, step, "it is not a record");
	merkle_leaf(step->record, v->previous);
	merkle_add(&v->tree, v->previous);
	check_root(v);
	return true;
}

static bool
read_note(const struct env *env, struct keeper *k, const char *dir, struct arena *arena,
    struct verification *v)
{
	uint8_t public_key[32];
	char path[SEGMENT_PATH];
	struct slice text;

	snprintf(path, sizeof path, "%s/audit/checkpoint", dir);
	if (!env_read_file(env, path, 1 << 16, arena, &text))
		return errno == ENOENT;
	keeper_checkpoint_key(k, public_key);
	return note_read(text, public_key, arena, &v->signed_at);
}

static int
conclude(struct verification *v, int64_t now)
{
	struct buf *r = v->report;

	if (v->tampered)
		return VERIFY_TAMPERED;
	if (v->forked) {
		buf_printf(r, "the first %" PRIu64 " records are not those that were signed\n",
		    v->signed_at.size);
		return VERIFY_FORK;
	}
	if (v->tree.size < v->signed_at.size) {
		buf_printf(r, "%" PRIu64 " records, but %" PRIu64 " were signed: the log was cut\n",
		    v->tree.size, v->signed_at.size);
		return VERIFY_SHORT;
	}
	buf_printf(r, "%" PRIu64 " records, %" PRIu64 " signed\n", v->tree.size, v->signed_at.size);
	return v->tree.size > v->signed_at.size && now - v->newest > UNSIGNED_MS
	    ? VERIFY_UNSIGNED : VERIFY_OK;
}

int
audit_verify(const struct env *env, struct keeper *k, const char *dir, struct buf *report)
{
	struct arena *arena = arena_new(8192);
	struct verification v = { .report = report };
	int code;

	if (!read_note(env, k, dir, arena, &v)) {
		buf_add_cstr(report, "the checkpoint is not signed by this server's audit key\n");
		code = VERIFY_TAMPERED;
	} else if (!segment_walk(env, dir, 0, verify_step, &v)) {
		buf_add_cstr(report, "the log cannot be read\n");
		code = VERIFY_SHORT;
	} else {
		code = conclude(&v, env_wall(env));
	}
	arena_free(arena);
	return code;
}

struct showing {
	struct audit_keys keys;
	struct slice      observer;
	uint64_t          from;
	bool            (*each)(void *ctx, uint64_t index, struct slice json);
	void             *ctx;
	bool              damaged;
};

/* Compartments of several patients can name one twice. */
static bool
is_repeated(struct slice patients, struct slice one)
{
	struct slice before = slice_sub(patients, 0, (size_t)(one.ptr - patients.ptr));

	return one.len > 0 && memmem(before.ptr, before.len, one.ptr, one.len) != NULL;
}

static bool
show_event(struct showing *s, const struct audit_event *e, uint64_t index, struct arena *arena)
{
	struct slice rest = e->patient;
	unsigned nth = 0;
	bool more = true;

	do {
		struct slice one = slice_cut(&rest, ' ');

		if (!is_repeated(e->patient, one))
			more = s->each(s->ctx, index, record_event(e, one, ++nth, index, s->observer, arena));
	} while (more && rest.len > 0);
	return more;
}

static bool
show_step(void *ctx, const struct walk_step *step)
{
	struct showing *s = ctx;
	struct arena *arena;
	struct audit_event e;
	bool more;

	if (!step->bad && step->index < s->from)
		return true;
	arena = arena_new(8192);
	s->damaged = step->bad || !record_decode(step->record, &s->keys, arena, &e);
	more = !s->damaged && show_event(s, &e, step->index, arena);
	arena_free(arena);
	return more;
}

/* The newest segment that begins at or before `from`. */
static uint64_t
segment_of(const char *dir, uint64_t from, struct arena *arena)
{
	uint64_t *firsts, found = 0;
	size_t count;

	if (segment_list(dir, arena, &firsts, &count))
		for (size_t i = 0; i < count && firsts[i] <= from; i++)
			found = firsts[i];
	return found;
}

bool
audit_show(const struct env *env, struct keeper *k, const char *dir, uint64_t from,
    bool (*each)(void *ctx, uint64_t index, struct slice json), void *ctx, struct outcome *o)
{
	struct showing s = { .from = from, .each = each, .ctx = ctx, .observer = SLICE("Firebreak") };
	bool good;

	if (!audit_load_keys(env, k, dir, false, &s.keys, o))
		return false;
	good = segment_walk(env, dir, segment_of(dir, from, o->arena), show_step, &s);
	explicit_bzero(&s.keys, sizeof s.keys);
	if (!good || s.damaged)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the log cannot be read to its end");
	return true;
}
