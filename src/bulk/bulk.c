/* bulk.c -- the jobs that there are, and the threads that work at them; see bulk.h. */
#include "bulk/inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "crypto/keeper.h"
#include "exchange/exchange.h"
#include "exchange/principal.h"
#include "exchange/scope.h"
#include "exchange/service.h"

#define IDLE_SECONDS 1

/* The data directory */

static int
is_job(const struct dirent *e)
{
	uint8_t block[16];

	return decode_block(slice_of(e->d_name), block);
}

static void
load_jobs(struct bulk *b)
{
	struct arena *arena = arena_new(4096);
	struct dirent **names;
	int n = scandir(job_path(b, "", "", arena), &names, is_job, alphasort);

	for (int i = 0; i < n; i++) {
		struct bulk_job *job = job_load(b, names[i]->d_name);

		if (job != NULL) {
			job->next = b->jobs;
			b->jobs = job;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	arena_free(arena);
}

static bool
make_directory(const struct bulk *b, const char *id)
{
	struct arena *arena = arena_new(4096);
	char *path = job_path(b, id, "", arena);
	bool good = (mkdir(path, 0700) == 0 && env_sync_parent(b->service->env, path)) || errno == EEXIST;

	arena_free(arena);
	return good;
}

struct bulk *
bulk_open(struct service *s, struct outcome *o)
{
	struct bulk *b = arena_alloc(s->arena, sizeof *b);

	b->service = s;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->wake, NULL);
	if (!make_directory(b, "")) {
		outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the directory of exports cannot be made");
		return NULL;
	}
	load_jobs(b);
	return b;
}

/* The list */

static void
unlink_job(struct bulk *b, struct bulk_job *job)
{
	struct bulk_job **at = &b->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
}

static struct bulk_job *
expired_job(struct bulk *b, int64_t now)
{
	struct bulk_job *job = b->jobs;

	while (job != NULL && (job->busy || job->expires == 0 || job->expires > now))
		job = job->next;
	return job;
}

/* Called with the lock; gives it up while files are deleted. */
static void
remove_expired(struct bulk *b)
{
	struct bulk_job *job;

	while ((job = expired_job(b, env_wall(b->service->env))) != NULL) {
		unlink_job(b, job);
		pthread_mutex_unlock(&b->lock);
		job_remove(b, job);
		job_free(job);
		pthread_mutex_lock(&b->lock);
	}
}

/* The oldest that waits. */
static struct bulk_job *
next_job(struct bulk *b)
{
	struct bulk_job *found = NULL;

	for (struct bulk_job *job = b->jobs; job != NULL; job = job->next)
		if (job->state == BULK_RUNNING && !job->busy && (found == NULL || job->time < found->time))
			found = job;
	return found;
}

static void
wait_a_little(struct bulk *b)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += IDLE_SECONDS;
	pthread_cond_timedwait(&b->wake, &b->lock, &until);
}

/* Threads */

static void
run_one(struct bulk *b, struct bulk_job *job, struct worker *w)
{
	job->busy = true;
	pthread_mutex_unlock(&b->lock);
	bulk_run(b, job, w);
	pthread_mutex_lock(&b->lock);
	job->busy = false;
	if (!atomic_load(&job->cancelled))
		return;
	pthread_mutex_unlock(&b->lock);         /* it left the list when it was cancelled */
	job_remove(b, job);
	job_free(job);
	pthread_mutex_lock(&b->lock);
}

static void *
work(void *arg)
{
	struct bulk *b = arg;
	struct worker w = { .service = b->service };
	struct arena *arena = arena_new(4096);
	struct bulk_job *job;
	struct outcome o;

	outcome_init(&o, arena);
	w.reader = store_reader_open(b->service->store, &o);
	pthread_mutex_lock(&b->lock);
	while (!b->closing && w.reader != NULL) {
		remove_expired(b);
		if ((job = next_job(b)) != NULL)
			run_one(b, job, &w);
		else
			wait_a_little(b);
	}
	pthread_mutex_unlock(&b->lock);
	store_reader_close(w.reader);
	arena_free(arena);
	return NULL;
}

void
bulk_start(struct bulk *b)
{
	int wanted = (int)b->service->limits->of[LIMIT_BULK_THREADS];

	b->threads = arena_array(b->service->arena, (size_t)wanted + 1, sizeof *b->threads);
	for (; b->thread_count < wanted; b->thread_count++)
		if (pthread_create(&b->threads[b->thread_count], NULL, work, b) != 0)
			abort();
}

void
bulk_close(struct bulk *b)
{
	struct bulk_job *next;

	pthread_mutex_lock(&b->lock);
	b->closing = true;
	pthread_cond_broadcast(&b->wake);
	pthread_mutex_unlock(&b->lock);
	while (b->thread_count > 0)
		pthread_join(b->threads[--b->thread_count], NULL);
	for (struct bulk_job *job = b->jobs; job != NULL; job = next) {
		next = job->next;
		job_free(job);
	}
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
}

/* A new job */

static struct slice *
copy_texts(const struct slice *at, uint32_t count, struct arena *arena)
{
	struct slice *copy = arena_array(arena, count + 1, sizeof *copy);

	for (uint32_t i = 0; i < count; i++)
		copy[i] = slice_dup(at[i], arena);
	return copy;
}

static void
copy_request(struct bulk_request *to, const struct bulk_request *from, struct arena *arena)
{
	struct bulk_filter *filters = arena_array(arena, from->filter_count + 1, sizeof *filters);

	*to = *from;
	to->url = slice_dup(from->url, arena);
	to->group = slice_dup(from->group, arena);
	to->types = copy_texts(from->types, from->type_count, arena);
	to->elements = copy_texts(from->elements, from->element_count, arena);
	to->patients = copy_texts(from->patients, from->patient_count, arena);
	for (uint32_t i = 0; i < from->filter_count; i++)
		filters[i] = (struct bulk_filter){ slice_dup(from->filters[i].type, arena),
			slice_dup(from->filters[i].query, arena) };
	to->filters = filters;
}

static struct principal *
copy_who(const struct principal *from)
{
	struct principal *who = principal_new();
	struct arena *a = who->arena;

	who->subject = slice_dup(from->subject, a);
	who->client_id = slice_dup(from->client_id, a);
	who->token_id = slice_dup(from->token_id, a);
	who->patient = slice_dup(from->patient, a);
	who->purpose = slice_dup(from->purpose, a);
	who->scope_text = slice_dup(from->scope_text, a);
	who->clearance = from->clearance;
	who->scopes = scope_parse_list(who->scope_text, a, &who->scope_count);
	return who;
}

static struct bulk_job *
new_job(struct bulk *b, struct exchange *x, const struct bulk_request *q)
{
	struct arena *arena = arena_new(16384);
	struct bulk_job *job = arena_alloc(arena, sizeof *job);
	uint8_t block[16];
	char context[64];

	job->arena = arena;
	env_entropy(b->service->env, block, sizeof block);
	encode_block(block, job->id);
	job->who = copy_who(x->who);
	copy_request(&job->request, q, arena);
	job->time = store_close_instant(b->service->store);
	snprintf(context, sizeof context, "bulk %s", job->id);
	if (keeper_new_data_key(b->service->keeper, slice_of(context), job->key, job->wrapped)
	    && make_directory(b, job->id) && job_save(b, job))
		return job;
	job_remove(b, job);
	job_free(job);
	exchange_fail(x, FAULT_NO_STORE, "");
	return NULL;
}

static bool
has_room(struct bulk *b, const struct exchange *x)
{
	const size_t *limits = b->service->limits->of;
	size_t all = 0, own = 0;

	pthread_mutex_lock(&b->lock);
	for (const struct bulk_job *job = b->jobs; job != NULL; job = job->next) {
		all++;
		own += slice_eq(job->who->client_id, x->who->client_id);
	}
	pthread_mutex_unlock(&b->lock);
	return own < limits[LIMIT_BULK_JOBS_OF_CLIENT] && all < limits[LIMIT_BULK_JOBS];
}

bool
bulk_create(struct bulk *b, struct exchange *x, const struct bulk_request *q, struct slice *id)
{
	struct bulk_job *job;

	if (!has_room(b, x)) {
		exchange_add_header(x, "retry-after", SLICE("300"));
		return exchange_fail(x, FAULT_THROTTLED, "too many exports: cancel one");
	}
	if ((job = new_job(b, x, q)) == NULL)
		return false;
	*id = slice_dup(slice_of(job->id), x->arena);
	pthread_mutex_lock(&b->lock);
	job->next = b->jobs;
	b->jobs = job;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	return true;
}

/* To its caller only: the same client, subject and patient, with all that it was begun with. */
static bool
is_of(const struct bulk_job *job, struct exchange *x)
{
	const struct principal *mine = x->who, *its = job->who;

	return slice_eq(mine->client_id, its->client_id) && slice_eq(mine->subject, its->subject)
	    && slice_eq(mine->patient, its->patient) && mine->clearance >= its->clearance
	    && scope_list_covers(mine->scope_text, its->scope_text, x->arena);
}

/* With the lock.  NULL: there is none for this caller. */
static struct bulk_job *
find(struct bulk *b, struct exchange *x, struct slice id)
{
	for (struct bulk_job *job = b->jobs; job != NULL; job = job->next)
		if (slice_is(id, job->id) && is_of(job, x)
		    && (job->expires == 0 || job->expires > env_wall(b->service->env)))
			return job;
	return NULL;
}

static void
copy_files(const struct bulk_job *job, struct arena *arena, struct bulk_status *out)
{
	out->file_count = 0;
	out->files = arena_array(arena, job->file_count + 1, sizeof *out->files);
	for (uint32_t i = 0; i < job->file_count; i++) {
		struct bulk_file *f = &out->files[out->file_count];

		*f = job->files[i];
		f->type = slice_dup(f->type, arena);
		out->file_count += f->type.len > 0;     /* others are our own notes */
	}
}

bool
bulk_look(struct bulk *b, struct exchange *x, struct slice id, struct bulk_status *out)
{
	struct bulk_job *job;

	pthread_mutex_lock(&b->lock);
	if ((job = find(b, x, id)) != NULL) {
		*out = (struct bulk_status){ .state = job->state, .time = job->time,
			.expires = job->expires, .count = job->count,
			.url = slice_dup(job->request.url, x->arena) };
		copy_files(job, x->arena, out);
	}
	pthread_mutex_unlock(&b->lock);
	return job != NULL || exchange_fail(x, FAULT_NO_SUCH, "");
}

void
bulk_file_name(struct buf *b, const struct bulk_file *f)
{
	buf_printf(b, "%.*s.%u%s.ndjson", SLICE_FMT(f->type), f->number, f->deleted ? ".deleted" : "");
}

static const struct bulk_file *
file_named(const struct bulk_status *s, struct slice name, struct arena *arena)
{
	for (uint32_t i = 0; i < s->file_count; i++) {
		struct buf b;

		buf_init(&b, arena, 256);
		bulk_file_name(&b, &s->files[i]);
		if (slice_eq(buf_slice(&b), name))
			return &s->files[i];
	}
	return NULL;
}

bool
bulk_read(struct bulk *b, struct exchange *x, struct slice id, struct slice name)
{
	struct bulk_status status = { .file_count = 0 };
	struct bulk_job copy = { .state = BULK_RUNNING }, *job;
	const struct bulk_file *f;

	pthread_mutex_lock(&b->lock);
	if ((job = find(b, x, id)) != NULL && job->state == BULK_DONE) {
		memcpy(copy.id, job->id, sizeof copy.id);
		memcpy(copy.key, job->key, sizeof copy.key);
		copy_files(job, x->arena, &status);
	}
	pthread_mutex_unlock(&b->lock);
	if ((f = file_named(&status, name, x->arena)) == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	x->stream = output_stream(b, &copy, f, x->arena);
	explicit_bzero(copy.key, sizeof copy.key);
	return x->stream != NULL || exchange_fail(x, FAULT_NO_STORE, "");
}

bool
bulk_cancel(struct bulk *b, struct exchange *x, struct slice id)
{
	struct bulk_job *job;
	bool busy = false;

	pthread_mutex_lock(&b->lock);
	if ((job = find(b, x, id)) != NULL) {
		unlink_job(b, job);
		atomic_store(&job->cancelled, true);
		if ((busy = job->busy))
			job_remove(b, job);     /* its thread frees it */
	}
	pthread_mutex_unlock(&b->lock);
	if (job == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	if (!busy) {
		job_remove(b, job);
		job_free(job);
	}
	return true;
}
