/* job.c -- what is known of an export across a crash.
 *
 * D/bulk/<job>/state is the wrapped key followed by the sealed state, a JSON text.  The
 * file is replaced as a whole (env_write_file), so it is always one of a checkpoint. */
#include "bulk/inside.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/log.h"
#include "base/outcome.h"
#include "crypto/aead.h"
#include "crypto/keeper.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "json/json.h"

#define STATE_MAX (64u << 20)

char *
job_path(const struct bulk *b, const char *id, const char *name, struct arena *arena)
{
	size_t n = strlen(b->service->dir) + strlen(id) + strlen(name) + 16;
	char *path = arena_alloc(arena, n);

	snprintf(path, n, "%s/bulk/%s%s%s", b->service->dir, id, name[0] == '\0' ? "" : "/", name);
	return path;
}

/* Writing */

static void
add_text(struct buf *b, const char *name, struct slice value)
{
	buf_printf(b, "%s\"%s\":", b->ptr[b->len - 1] == '{' ? "" : ",", name);
	json_write_string(b, value);
}

static void
add_number(struct buf *b, const char *name, int64_t value)
{
	buf_printf(b, "%s\"%s\":%lld", b->ptr[b->len - 1] == '{' ? "" : ",", name, (long long)value);
}

static void
add_list(struct buf *b, const char *name, const struct slice *at, uint32_t count)
{
	buf_printf(b, ",\"%s\":[", name);
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		json_write_string(b, at[i]);
	}
	buf_add_char(b, ']');
}

static void
add_who(struct buf *b, const struct principal *who)
{
	add_text(b, "subject", who->subject);
	add_text(b, "client", who->client_id);
	add_text(b, "token", who->token_id);
	add_text(b, "patient", who->patient);
	add_text(b, "purpose", who->purpose);
	add_text(b, "scope", who->scope_text);
	add_number(b, "clearance", who->clearance);
}

static void
add_request(struct buf *b, const struct bulk_request *r)
{
	add_text(b, "url", r->url);
	add_text(b, "group", r->group);
	add_number(b, "level", r->level);
	add_number(b, "provenance", r->provenance);
	add_number(b, "since", r->since);
	add_list(b, "types", r->types, r->type_count);
	add_list(b, "elements", r->elements, r->element_count);
	add_list(b, "patients", r->patients, r->patient_count);
	buf_add(b, SLICE(",\"filters\":["));
	for (uint32_t i = 0; i < r->filter_count; i++) {
		buf_add(b, i == 0 ? SLICE("{") : SLICE(",{"));
		add_text(b, "type", r->filters[i].type);
		add_text(b, "query", r->filters[i].query);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
add_files(struct buf *b, const struct bulk_job *job)
{
	buf_add(b, SLICE(",\"files\":["));
	for (uint32_t i = 0; i < job->file_count; i++) {
		const struct bulk_file *f = &job->files[i];

		buf_add(b, i == 0 ? SLICE("{") : SLICE(",{"));
		add_text(b, "type", f->type);
		add_number(b, "deleted", f->deleted);
		add_number(b, "count", (int64_t)f->count);
		add_number(b, "plain", (int64_t)f->plain);
		add_number(b, "sealed", (int64_t)f->sealed);
		add_number(b, "chunks", (int64_t)f->chunks);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
write_state(struct buf *b, const struct bulk_job *job)
{
	buf_add_char(b, '{');
	add_who(b, job->who);
	add_request(b, &job->request);
	add_number(b, "time", job->time);
	add_number(b, "state", job->state);
	add_number(b, "expires", job->expires);
	add_number(b, "count", (int64_t)job->count);
	add_number(b, "compartment", job->position.compartment);
	add_number(b, "row", job->position.row);
	add_number(b, "type", job->position.type);
	add_number(b, "at", job->position.at);
	add_number(b, "done", job->position.done);
	add_number(b, "at_referred", job->at_referred);
	add_files(b, job);
	buf_add_char(b, '}');
}

bool
job_save(const struct bulk *b, const struct bulk_job *job)
{
	struct arena *arena = arena_new(16384);
	struct buf text, file;
	bool good;

	buf_init(&text, arena, STATE_MAX);
	write_state(&text, job);
	buf_init(&file, arena, STATE_MAX + 1024);
	buf_add_bytes(&file, job->wrapped, sizeof job->wrapped);
	buf_add(&file, aead_seal(job->key, b->service->env, slice_of(job->id), buf_slice(&text), arena));
	good = buf_ok(&text) && env_write_file(b->service->env, job_path(b, job->id, "state", arena),
	    buf_slice(&file), 0600);
	arena_free(arena);
	return good;
}

/* Reading */

struct reading {
	const struct json *json;
	struct arena      *arena;
};

static struct slice
text(const struct reading *r, uint32_t node, const char *name)
{
	struct slice s = json_string(r->json, json_get(r->json, node, slice_of(name)), r->arena);

	return slice_dup(s, r->arena);
}

static int64_t
number_at(const struct reading *r, uint32_t value)
{
	struct slice raw = value == 0 ? SLICE_NONE : json_raw(r->json, value);
	bool negative = slice_starts(raw, SLICE("-"));
	uint64_t n = 0;

	if (negative)
		raw = slice_sub(raw, 1, raw.len);
	return !slice_uint(raw, &n) ? 0 : negative ? -(int64_t)n : (int64_t)n;
}

static int64_t
number(const struct reading *r, uint32_t node, const char *name)
{
	return number_at(r, json_get(r->json, node, slice_of(name)));
}

static const struct slice *
texts(const struct reading *r, const char *name, uint32_t *count)
{
	uint32_t list = json_get(r->json, 0, slice_of(name));
	struct slice *out = arena_array(r->arena, (list == 0 ? 0 : json_size(r->json, list)) + 1,
	    sizeof *out);

	*count = 0;
	for (uint32_t n = list == 0 ? 0 : json_first(r->json, list); n != 0;
	    n = json_next(r->json, list, n))
		out[(*count)++] = slice_dup(json_string(r->json, n, r->arena), r->arena);
	return out;
}

/* Scopes and all that hangs on them are made again; the registry is asked when the job runs. */
static struct principal *
read_who(const struct reading *r)
{
	struct principal *who = principal_new();
	struct reading own = { r->json, who->arena };

	who->subject = text(&own, 0, "subject");
	who->client_id = text(&own, 0, "client");
	who->token_id = text(&own, 0, "token");
	who->patient = text(&own, 0, "patient");
	who->purpose = text(&own, 0, "purpose");
	who->scope_text = text(&own, 0, "scope");
	who->clearance = (int)number(&own, 0, "clearance");
	who->scopes = scope_parse_list(who->scope_text, who->arena, &who->scope_count);
	return who;
}

static void
read_request(const struct reading *r, struct bulk_request *q)
{
	uint32_t list = json_get(r->json, 0, SLICE("filters"));
	struct bulk_filter *filters = arena_array(r->arena, (list == 0 ? 0 : json_size(r->json, list)) + 1,
	    sizeof *filters);

	q->url = text(r, 0, "url");
	q->group = text(r, 0, "group");
	q->level = (enum bulk_level)number(r, 0, "level");
	q->provenance = (enum bulk_provenance)number(r, 0, "provenance");
	q->since = number(r, 0, "since");
	q->types = texts(r, "types", &q->type_count);
	q->elements = texts(r, "elements", &q->element_count);
	q->patients = texts(r, "patients", &q->patient_count);
	for (uint32_t n = list == 0 ? 0 : json_first(r->json, list); n != 0;
	    n = json_next(r->json, list, n))
		filters[q->filter_count++] = (struct bulk_filter){ text(r, n, "type"), text(r, n, "query") };
	q->filters = filters;
}

static void
read_files(const struct reading *r, struct bulk_job *job)
{
	uint32_t list = json_get(r->json, 0, SLICE("files"));

	job->file_room = list == 0 ? 0 : json_size(r->json, list);
	job->files = arena_array(r->arena, job->file_room + 1, sizeof *job->files);
	for (uint32_t n = list == 0 ? 0 : json_first(r->json, list); n != 0;
	    n = json_next(r->json, list, n), job->file_count++)
		job->files[job->file_count] = (struct bulk_file){
			.type = text(r, n, "type"), .number = job->file_count,
			.deleted = number(r, n, "deleted") != 0, .count = (uint64_t)number(r, n, "count"),
			.plain = (uint64_t)number(r, n, "plain"), .sealed = (uint64_t)number(r, n, "sealed"),
			.chunks = (uint64_t)number(r, n, "chunks"),
		};
}

static void
read_state(const struct reading *r, struct bulk_job *job)
{
	job->who = read_who(r);
	read_request(r, &job->request);
	job->time = number(r, 0, "time");
	job->state = (enum bulk_state)number(r, 0, "state");
	job->expires = number(r, 0, "expires");
	job->count = (uint64_t)number(r, 0, "count");
	job->position = (struct store_scan_position){ .done = number(r, 0, "done") != 0,
		.compartment = number(r, 0, "compartment"), .row = number(r, 0, "row"),
		.type = (uint32_t)number(r, 0, "type"), .at = (uint32_t)number(r, 0, "at") };
	job->at_referred = number(r, 0, "at_referred") != 0;
	read_files(r, job);
}

static struct slice
key_context(const struct bulk_job *job, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 64);
	buf_printf(&b, "bulk %s", job->id);
	return buf_slice(&b);
}

static bool
open_state(const struct bulk *b, struct bulk_job *job, struct json *j)
{
	static const struct json_bounds bounds = { .depth = 8, .nodes = 4000000, .number = 24, .key = 64 };
	struct slice file, wrapped, plain;
	struct outcome o;

	outcome_init(&o, job->arena);
	if (!env_read_file(b->service->env, job_path(b, job->id, "state", job->arena), STATE_MAX,
	    job->arena, &file))
		return false;
	wrapped = slice_sub(file, 0, sizeof job->wrapped);
	if (wrapped.len != sizeof job->wrapped
	    || !keeper_unwrap(b->service->keeper, key_context(job, job->arena), wrapped, job->key)
	    || !aead_open(job->key, slice_of(job->id), slice_sub(file, wrapped.len, file.len), job->arena,
	        &plain))
		return false;
	memcpy(job->wrapped, wrapped.ptr, wrapped.len);
	return json_parse(plain, bounds, job->arena, j, &o);
}

struct bulk_job *
job_load(const struct bulk *b, const char *id)
{
	struct arena *arena = arena_new(16384);
	struct bulk_job *job = arena_alloc(arena, sizeof *job);
	struct json j;

	job->arena = arena;
	snprintf(job->id, sizeof job->id, "%s", id);
	if (open_state(b, job, &j)) {
		read_state(&(struct reading){ &j, arena }, job);
		return job;
	}
	log_event(LOG_ERROR, "bulk-state-unreadable", "job=%s", job->id);
	job_remove(b, job);
	job_free(job);
	return NULL;
}

/* The state first: without its key the files say nothing. */
void
job_remove(const struct bulk *b, const struct bulk_job *job)
{
	struct arena *arena = arena_new(4096);
	char *dir = job_path(b, job->id, "", arena), *state = job_path(b, job->id, "state", arena);
	struct dirent *e;
	DIR *d;

	unlink(state);
	env_sync_parent(b->service->env, state);
	if ((d = opendir(dir)) != NULL) {
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				unlink(job_path(b, job->id, e->d_name, arena));
		closedir(d);
	}
	rmdir(dir);
	arena_free(arena);
}

void
job_free(struct bulk_job *job)
{
	principal_release(job->who);
	explicit_bzero(job->key, sizeof job->key);
	arena_free(job->arena);
}
