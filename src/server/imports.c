/* imports.c -- see imports.h. */
#include "server/imports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/outcome.h"
#include "exchange/exchange.h"
#include "exchange/imports.h"
#include "exchange/service.h"
#include "json/json.h"
#include "server/importer.h"
#include "server/pool.h"

#define STATE_MAX 65536
#define SAVE_NS   1000000000ll
#define LOOK_SECONDS 10         /* from one look for what is to go to the next */

struct import_job {
	char                id[BASE32_BLOCK + 1];
	char                directory[65];
	bool                keep_ids;
	enum import_state   state;
	int64_t             asked, ended;       /* ms since 1970; 0: it is not over */
	struct importer_figures figures;
	atomic_bool         cancelled;
	bool                busy;               /* the thread works at it, so that it must stay */
	struct import_job  *next;
};

struct imports {
	struct import_ops  ops;         /* first: what the API calls */
	struct service    *service;
	pthread_mutex_t    lock;
	pthread_cond_t     wake;
	struct import_job *jobs;
	bool               closing;
	pthread_t          thread;
	struct pool       *pool;
};

/* Files */

static char *
path_of(const struct imports *m, const char *format, const char *name, struct arena *arena)
{
	char tail[160], *path = arena_alloc(arena, strlen(m->service->dir) + sizeof tail + 2);

	snprintf(tail, sizeof tail, format, name);
	sprintf(path, "%s/%s", m->service->dir, tail);
	return path;
}

static bool
save(const struct imports *m, const struct import_job *job)
{
	struct arena *arena = arena_new(4096);
	struct buf b;
	bool good;

	buf_init(&b, arena, STATE_MAX);
	buf_printf(&b, "{\"directory\":\"%s\",\"keepIds\":%s,\"state\":%d,\"asked\":%lld,\"ended\":%lld,\"resources\":%llu,"
	    "\"items\":%llu,\"skipped\":%llu,\"refused\":%llu}\n", job->directory,
	    job->keep_ids ? "true" : "false", (int)job->state, (long long)job->asked, (long long)job->ended,
	    (unsigned long long)job->figures.resources, (unsigned long long)job->figures.items,
	    (unsigned long long)job->figures.skipped, (unsigned long long)job->figures.refused);
	good = env_write_file(m->service->env, path_of(m, "imports/%s.json", job->id, arena),
	    buf_slice(&b), 0600);
	arena_free(arena);
	return good;
}

static uint64_t
number(const struct json *j, const char *name)
{
	uint32_t value = json_get(j, 0, slice_of(name));
	uint64_t n;

	return value != 0 && slice_uint(json_raw(j, value), &n) ? n : 0;
}

static bool
parse_state(struct import_job *job, const struct json *j, struct arena *arena)
{
	struct slice directory = json_string(j, json_get(j, 0, SLICE("directory")), arena);
	uint32_t keep = json_get(j, 0, SLICE("keepIds"));

	if (directory.len == 0 || directory.len >= sizeof job->directory)
		return false;
	memcpy(job->directory, directory.ptr, directory.len);
	job->keep_ids = keep != 0 && json_type(j, keep) == JSON_TRUE;
	job->state = (enum import_state)number(j, "state");
	job->asked = (int64_t)number(j, "asked");
	job->ended = (int64_t)number(j, "ended");
	job->figures = (struct importer_figures){ .resources = number(j, "resources"),
		.items = number(j, "items"), .skipped = number(j, "skipped"), .refused = number(j, "refused") };
	return true;
}

/* `id` begins a file name that is_state() has seen. */
static struct import_job *
load(const struct imports *m, const char *id)
{
	static const struct json_bounds bounds = { .depth = 4, .nodes = 100, .number = 24, .key = 32 };
	struct import_job *job = calloc(1, sizeof *job);
	struct arena *arena = arena_new(4096);
	struct slice text;
	struct outcome o;
	struct json j;

	if (job == NULL)
		abort();
	outcome_init(&o, arena);
	memcpy(job->id, id, BASE32_BLOCK);
	if (!env_read_file(m->service->env, path_of(m, "imports/%s.json", job->id, arena), STATE_MAX, arena,
	    &text) || !json_parse(text, bounds, arena, &j, &o) || !parse_state(job, &j, arena)) {
		log_event(LOG_ERROR, "import-state-unreadable", "job=%s", job->id);
		free(job);
		job = NULL;
	}
	arena_free(arena);
	return job;
}

static int
is_state(const struct dirent *e)
{
	struct slice name = slice_of(e->d_name);
	uint8_t block[16];

	return slice_ends(name, SLICE(".json")) && decode_block(slice_sub(name, 0, name.len - 5), block);
}

static void
load_all(struct imports *m)
{
	struct arena *arena = arena_new(4096);
	struct dirent **names;
	int n = scandir(path_of(m, "imports%s", "", arena), &names, is_state, alphasort);

	for (int i = 0; i < n; i++) {
		struct import_job *job;

		if ((job = load(m, names[i]->d_name)) != NULL) {
			job->next = m->jobs;
			m->jobs = job;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	arena_free(arena);
}

/* Working at one */

struct at_work {
	struct imports    *m;
	struct import_job *job;
	FILE              *refusals;
	int64_t            saved;
};

/* The place is the OperationOutcome's id, file and line, in the characters of an id. */
static void
refused(void *ctx, const char *name, struct exchange *x)
{
	struct at_work *w = ctx;
	const char *file = strrchr(name, '/') == NULL ? name : strrchr(name, '/') + 1;
	char id[65];
	struct buf b;
	int n = 0;

	for (; file[n] != '\0' && n < 64; n++)
		id[n] = (file[n] >= '0' && file[n] <= '9') || (file[n] >= 'a' && file[n] <= 'z')
		    || (file[n] >= 'A' && file[n] <= 'Z') || file[n] == '.' ? file[n] : '-';
	id[n] = '\0';
	if (x == NULL || w->refusals == NULL)
		return;
	buf_init(&b, x->arena, SIZE_MAX);
	outcome_json(&x->outcome, &b);
	fprintf(w->refusals, "{\"resourceType\":\"OperationOutcome\",\"id\":\"%s\"%.*s\n", id,
	    (int)(b.len - (sizeof "{\"resourceType\":\"OperationOutcome\"" - 1)),
	    b.ptr + sizeof "{\"resourceType\":\"OperationOutcome\"" - 1);
}

static void
progress(void *ctx, const struct importer_figures *figures)
{
	struct at_work *w = ctx;
	int64_t now = env_monotonic(w->m->service->env);

	pthread_mutex_lock(&w->m->lock);
	w->job->figures = *figures;
	pthread_mutex_unlock(&w->m->lock);
	if (now - w->saved > SAVE_NS && save(w->m, w->job))
		w->saved = now;
}

static bool
stop(void *ctx)
{
	struct at_work *w = ctx;
	bool closing;

	pthread_mutex_lock(&w->m->lock);
	closing = w->m->closing;
	pthread_mutex_unlock(&w->m->lock);
	return closing || atomic_load(&w->job->cancelled);
}

static bool
import_directory(struct at_work *w, const char *path)
{
	struct importer_config config = { .service = w->m->service, .pool = w->m->pool,
		.keep_ids = w->job->keep_ids, .refused = refused, .progress = progress, .stop = stop,
		.ctx = w };
	struct arena *arena = arena_new(4096);
	struct importer *i;
	struct outcome o;

	outcome_init(&o, arena);
	if ((i = importer_new(&config, &o)) != NULL) {
		importer_weigh(i, path);
		importer_take(i, path);
		importer_wait(i);
		w->job->figures = importer_figures(i);
		importer_free(i);
	}
	arena_free(arena);
	return i != NULL;
}

static void
run(struct imports *m, struct import_job *job)
{
	struct arena *arena = arena_new(4096);
	struct at_work w = { .m = m, .job = job, .saved = env_monotonic(m->service->env) };
	int fd = open(path_of(m, "imports/%s.ndjson", job->id, arena),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	w.refusals = fd < 0 ? NULL : fdopen(fd, "w");
	good = w.refusals != NULL && import_directory(&w, path_of(m, "import/%s", job->directory, arena));
	if (w.refusals != NULL)
		fclose(w.refusals);
	pthread_mutex_lock(&m->lock);
	if (!m->closing || !good) {
		job->state = good ? IMPORT_DONE : IMPORT_FAILED;
		job->ended = env_wall(m->service->env);
	}
	pthread_mutex_unlock(&m->lock);
	if (!save(m, job))
		log_event(LOG_ERROR, "import-not-saved", "job=%s", job->id);
	arena_free(arena);
}

static struct import_job *
next_job(struct imports *m)
{
	struct import_job *found = NULL;

	for (struct import_job *job = m->jobs; job != NULL; job = job->next)
		if (job->state == IMPORT_RUNNING && (found == NULL || job->asked < found->asked))
			found = job;
	return found;
}

/* Files, then the job; under the lock. */
static void
forget(struct imports *m, struct import_job **place)
{
	struct import_job *job = *place;
	struct arena *arena = arena_new(4096);

	unlink(path_of(m, "imports/%s.ndjson", job->id, arena));
	unlink(path_of(m, "imports/%s.json", job->id, arena));
	*place = job->next;
	free(job);
	arena_free(arena);
}

static void
forget_old(struct imports *m)
{
	int64_t before = env_wall(m->service->env) - (int64_t)m->service->limits->of[LIMIT_BULK_SECONDS] * 1000;
	struct import_job **place = &m->jobs;

	while (*place != NULL)
		if ((*place)->state != IMPORT_RUNNING && (*place)->ended < before)
			forget(m, place);
		else
			place = &(*place)->next;
}

static void
wait_a_little(struct imports *m)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_SECONDS;
	pthread_cond_timedwait(&m->wake, &m->lock, &until);
}

static void *
work(void *arg)
{
	struct imports *m = arg;
	struct import_job *job;

	pthread_mutex_lock(&m->lock);
	while (!m->closing) {
		forget_old(m);
		if ((job = next_job(m)) == NULL) {
			wait_a_little(m);
			continue;
		}
		job->busy = true;
		pthread_mutex_unlock(&m->lock);
		run(m, job);
		pthread_mutex_lock(&m->lock);
		job->busy = false;
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* What the API asks */

static bool
is_directory(struct imports *m, const char *name)
{
	struct arena *arena = arena_new(4096);
	struct stat st;
	bool good = lstat(path_of(m, "import/%s", name, arena), &st) == 0 && S_ISDIR(st.st_mode);

	arena_free(arena);
	return good;
}

static bool
begin(struct import_ops *ops, struct exchange *x, struct slice directory, bool keep_ids,
    struct slice *id)
{
	struct imports *m = (struct imports *)ops;
	struct import_job *job = calloc(1, sizeof *job);
	uint8_t block[16];

	if (job == NULL)
		abort();
	memcpy(job->directory, directory.ptr, directory.len < 64 ? directory.len : 64);
	job->keep_ids = keep_ids;
	job->asked = x->received;
	env_entropy(m->service->env, block, sizeof block);
	encode_block(block, job->id);
	if (!is_directory(m, job->directory) || !save(m, job)) {
		free(job);
		return exchange_fail(x, FAULT_NO_SUCH, "no such directory of the operator's");
	}
	*id = slice_dup(slice_of(job->id), x->arena);
	pthread_mutex_lock(&m->lock);
	job->next = m->jobs;
	m->jobs = job;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	return true;
}

/* The place of the job in the list, or of its end. */
static struct import_job **
find(struct imports *m, struct slice id)
{
	struct import_job **place = &m->jobs;

	while (*place != NULL && !slice_is(id, (*place)->id))
		place = &(*place)->next;
	return place;
}

static bool
look(struct import_ops *ops, struct exchange *x, struct slice id, struct import_status *out)
{
	struct imports *m = (struct imports *)ops;
	struct import_job *job;

	pthread_mutex_lock(&m->lock);
	if ((job = *find(m, id)) != NULL)
		*out = (struct import_status){ .state = job->state, .asked = job->asked,
			.directory = slice_dup(slice_of(job->directory), x->arena),
			.resources = job->figures.resources, .items = job->figures.items,
			.skipped = job->figures.skipped, .refused = job->figures.refused };
	pthread_mutex_unlock(&m->lock);
	return job != NULL || exchange_fail(x, FAULT_NO_SUCH, "");
}

/* One that is over is forgotten. */
static bool
cancel(struct import_ops *ops, struct exchange *x, struct slice id)
{
	struct imports *m = (struct imports *)ops;
	struct import_job **place;
	bool found;

	pthread_mutex_lock(&m->lock);
	place = find(m, id);
	if ((found = *place != NULL)) {
		atomic_store(&(*place)->cancelled, true);
		if ((*place)->state != IMPORT_RUNNING && !(*place)->busy)
			forget(m, place);
	}
	pthread_mutex_unlock(&m->lock);
	return found || exchange_fail(x, FAULT_NO_SUCH, "");
}

static bool
refusals(struct import_ops *ops, struct exchange *x, struct slice id, struct slice *lines)
{
	struct imports *m = (struct imports *)ops;
	struct import_status status;
	char name[BASE32_BLOCK + 1];

	if (!look(ops, x, id, &status))
		return false;
	snprintf(name, sizeof name, "%.*s", SLICE_FMT(id));
	return env_read_file(m->service->env, path_of(m, "imports/%s.ndjson", name, x->arena),
	    x->service->limits->of[LIMIT_BUNDLE_BODY], x->arena, lines) || exchange_fail(x, FAULT_NO_SUCH, "");
}

struct imports *
imports_start(struct service *s, struct outcome *o)
{
	struct imports *m = arena_alloc(s->arena, sizeof *m);
	static const char *const directories[] = { "import%s", "imports%s" };

	m->ops = (struct import_ops){ begin, look, cancel, refusals };
	m->service = s;
	for (size_t i = 0; i < COUNT_OF(directories); i++)
		if (mkdir(path_of(m, directories[i], "", s->arena), 0700) != 0 && errno != EEXIST) {
			outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the directory of imports cannot be made");
			return NULL;
		}
	if ((m->pool = pool_new(s, 1, o)) == NULL)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	load_all(m);
	if (pthread_create(&m->thread, NULL, work, m) != 0)
		abort();
	s->imports = &m->ops;
	return m;
}

void
imports_stop(struct imports *m)
{
	struct import_job *next;

	if (m == NULL)
		return;
	m->service->imports = NULL;
	pthread_mutex_lock(&m->lock);
	m->closing = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	pool_free(m->pool);
	for (struct import_job *job = m->jobs; job != NULL; job = next) {
		next = job->next;
		free(job);
	}
}
