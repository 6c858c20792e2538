/* spool.c -- events of commands that run beside the server.
 *
 * The log has one writer.  A command that must be audited while the server runs
 * (firebreak token) leaves its event as a durable file; the server takes it in. */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/log_internal.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/outcome.h"
#include "json/json.h"

#define FILE_BYTES_MAX (1u << 16)

static const struct { const char *name; size_t offset; } texts[] = {
	{ "request_id", offsetof(struct audit_event, request_id) },
	{ "principal",  offsetof(struct audit_event, principal) },
	{ "client",     offsetof(struct audit_event, client) },
	{ "token_id",   offsetof(struct audit_event, token_id) },
	{ "interaction", offsetof(struct audit_event, interaction) },
	{ "reason",     offsetof(struct audit_event, reason) },
	{ "purpose",    offsetof(struct audit_event, purpose) },
	{ "peer",       offsetof(struct audit_event, peer) },
	{ "resource",   offsetof(struct audit_event, resource) },
	{ "patient",    offsetof(struct audit_event, patient) },
};

static struct slice *
text_of(const struct audit_event *e, size_t i)
{
	return (struct slice *)(void *)((char *)(uintptr_t)e + texts[i].offset);
}

bool
audit_spool_put(const struct env *env, const char *dir, const struct audit_event *e,
    struct outcome *o)
{
	char path[SEGMENT_PATH], name[BASE32_BLOCK];
	struct buf b;

	snprintf(path, sizeof path, "%s/audit", dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit directory cannot be made");
	snprintf(path, sizeof path, "%s/audit/spool", dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit spool cannot be made");
	buf_init(&b, o->arena, FILE_BYTES_MAX);
	buf_printf(&b, "{\"time\":%lld,\"action\":\"%c\",\"outcome\":%d,\"status\":%d",
	    (long long)e->time, e->action, e->outcome, e->status);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		buf_printf(&b, ",\"%s\":", texts[i].name);
		json_write_string(&b, *text_of(e, i));
	}
	buf_add_char(&b, '}');
	encode_block(e->id, name);
	snprintf(path, sizeof path, "%s/audit/spool/%.*s", dir, BASE32_BLOCK, name);
	return (buf_ok(&b) && env_write_file(env, path, buf_slice(&b), 0600))
	    || outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit spool cannot be written");
}

static int64_t
number(const struct json *j, struct slice name)
{
	uint64_t n = 0;

	slice_uint(json_raw(j, json_get(j, 0, name)), &n);
	return (int64_t)n;
}

static bool
read_event(const struct env *env, const char *path, const char *name, struct arena *arena,
    struct audit_event *e)
{
	static const struct json_bounds small = { .depth = 2, .nodes = 64, .number = 20, .key = 32 };
	struct outcome aside;
	struct slice text, action;
	struct json j;

	outcome_init(&aside, arena);
	*e = (struct audit_event){ .action = 'E' };
	if (!decode_block(slice_of(name), e->id)
	    || !env_read_file(env, path, FILE_BYTES_MAX, arena, &text)
	    || !json_parse(text, small, arena, &j, &aside))
		return false;
	e->time = number(&j, SLICE("time"));
	e->outcome = (int)number(&j, SLICE("outcome"));
	e->status = (int)number(&j, SLICE("status"));
	action = json_string(&j, json_get(&j, 0, SLICE("action")), arena);
	if (action.len == 1)
		e->action = action.ptr[0];
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		*text_of(e, i) = json_string(&j, json_get(&j, 0, slice_of(texts[i].name)), arena);
	return true;
}

struct spooled {
	struct arena *arena;
	char          path[SEGMENT_PATH];
};

static void
spooled_done(void *ctx, bool durable)
{
	struct spooled *s = ctx;

	if (durable)
		unlink(s->path);
	arena_free(s->arena);
}

/* A file whose event is in the log already was not unlinked before a crash. */
static void
take_file(struct audit_log *log, const char *path, const char *name)
{
	struct arena *arena = arena_new(8192);
	struct spooled *s = arena_alloc(arena, sizeof *s);
	struct audit_event e;
	struct slice record;

	s->arena = arena;
	snprintf(s->path, sizeof s->path, "%s", path);
	if (read_event(log->env, path, name, arena, &e)) {
		if (audit_contains(log, e.id)) {
			spooled_done(s, true);
			return;
		}
		if (audit_encode(log, &e, arena, &record) && audit_append(log, record, spooled_done, s))
			return;
	}
	arena_free(arena);
}

void
audit_spool_drain(struct audit_log *log)
{
	char path[SEGMENT_PATH], file[SEGMENT_PATH + 256];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/audit/spool", log->dir);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (strlen(e->d_name) == BASE32_BLOCK) {
			snprintf(file, sizeof file, "%s/%s", path, e->d_name);
			if (strlen(file) < SEGMENT_PATH)
				take_file(log, file, e->d_name);
		}
	closedir(d);
}
