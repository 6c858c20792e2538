/* log.c -- appending; see audit.h.
 *
 * Promises, checked by number in audit_test.c:
 *  (1) done(true) is called only after the record, and all before it, were synced.
 *  (2) After one failed write or sync nothing is written any more: the file's
 *      state is unknown, and a second sync could falsely succeed.
 *  (3) A torn tail is cut at opening; a log shorter than its signed checkpoint,
 *      or with another root at its size, is not opened.
 *  (4) One process at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/log_internal.h"
#include "audit/note.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/outcome.h"
#include "crypto/digest.h"
#include "crypto/keeper.h"

#define CHECKPOINT_RECORDS 4096
#define SECOND             1000000000LL
#define SMALL_FILE         (1u << 16)

static void
path_in(const char *dir, const char *name, char path[SEGMENT_PATH])
{
	snprintf(path, SEGMENT_PATH, "%s/audit/%s", dir, name);
}

/* Keys */

bool
audit_load_keys(const struct env *env, struct keeper *k, const char *dir, bool create,
    struct audit_keys *keys, struct outcome *o)
{
	uint8_t key[32], wrapped[KEEPER_WRAPPED];
	char path[SEGMENT_PATH];
	struct slice file;

	path_in(dir, "key", path);
	if (env_read_file(env, path, SMALL_FILE, o->arena, &file)) {
		if (!keeper_unwrap(k, SLICE("audit"), file, key))
			return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit key does not open");
	} else if (!create || errno != ENOENT
	    || !keeper_new_data_key(k, SLICE("audit"), key, wrapped)
	    || !env_write_file(env, path, slice_make(wrapped, sizeof wrapped), 0600)) {
		return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit key cannot be read");
	}
	hkdf_sha256(key, SLICE("audit seal"), keys->seal, 32);
	hkdf_sha256(key, SLICE("audit hash"), keys->hash, 32);
	explicit_bzero(key, sizeof key);
	return true;
}

/* Frontier */

bool
frontier_write(const struct env *env, const char *dir, const struct frontier *f)
{
	uint8_t bytes[sizeof *f + SHA256_BYTES];
	char path[SEGMENT_PATH];

	memcpy(bytes, f, sizeof *f);
	sha256_one(slice_make(f, sizeof *f), bytes + sizeof *f);
	path_in(dir, "frontier", path);
	return env_write_file(env, path, slice_make(bytes, sizeof bytes), 0600);
}

bool
frontier_read(const struct env *env, const char *dir, struct frontier *f)
{
	struct arena *arena = arena_new(8192);
	uint8_t hash[SHA256_BYTES];
	char path[SEGMENT_PATH];
	struct slice file;
	bool good;

	path_in(dir, "frontier", path);
	good = env_read_file(env, path, SMALL_FILE, arena, &file)
	    && file.len == sizeof *f + SHA256_BYTES;
	if (good) {
		sha256_one(slice_sub(file, 0, sizeof *f), hash);
		good = memcmp(hash, file.ptr + sizeof *f, sizeof hash) == 0;
		memcpy(f, file.ptr, sizeof *f);
	}
	arena_free(arena);
	return good;
}

/* Opening */

static bool
lock_directory(struct audit_log *log, struct outcome *o)
{
	char path[SEGMENT_PATH];

	path_in(log->dir, "", path);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit directory cannot be made");
	path_in(log->dir, "lock", path);
	log->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (log->lock_fd < 0 || flock(log->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT,
		    "the audit log is in use by another process");
	return true;
}

static void
take_in(struct audit_log *log, struct slice record)
{
	merkle_leaf(record, log->previous);
	merkle_add(&log->tree, log->previous);
}

struct recovery {
	struct audit_log *log;
	struct checkpoint signed_at;    /* size 0 when there is none */
	uint64_t known, seen;           /* bytes of the frontier's segment: should be, are whole */
	bool     mismatch;
};

static void
compare_root(struct recovery *r)
{
	uint8_t root[MERKLE_HASH];

	if (r->log->tree.size != r->signed_at.size || r->signed_at.size == 0)
		return;
	merkle_root(&r->log->tree, root);
	r->mismatch |= memcmp(root, r->signed_at.root, sizeof root) != 0;
}

static bool
recover_step(void *ctx, const struct walk_step *step)
{
	struct recovery *r = ctx;
	struct audit_log *log = r->log;

	if (r->seen < r->known) {       /* behind the frontier: only that it is there */
		if (!step->bad)
			r->seen = step->offset + FRAME_HEAD + step->record.len;
		return !step->bad;
	}
	log->segment = step->segment;
	log->offset = step->offset;
	if (step->bad)
		return false;
	take_in(log, step->record);
	log->offset += FRAME_HEAD + step->record.len;
	compare_root(r);
	return true;
}

/* Only as far back as nothing is signed: from the frontier, or from the start. */
static bool
recover(struct audit_log *log, struct recovery *r, struct outcome *o)
{
	struct frontier f;

	if (frontier_read(log->env, log->dir, &f) && f.tree.size <= r->signed_at.size) {
		log->tree = f.tree;
		memcpy(log->previous, f.previous, sizeof f.previous);
		log->segment = f.segment;
		log->offset = r->known = f.offset;
		compare_root(r);
	}
	if (!segment_walk(log->env, log->dir, log->segment, recover_step, r))
		return outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit log cannot be read");
	if (log->tree.size < r->signed_at.size || r->seen < r->known)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT,
		    "the audit log is shorter than its checkpoint");
	if (r->mismatch)
		return outcome_fail_at_once(o, FAULT_NO_AUDIT,
		    "the audit log is not the one that was signed");
	return true;
}

static bool
read_checkpoint(struct audit_log *log, struct checkpoint *c, struct outcome *o)
{
	uint8_t public_key[32];
	char path[SEGMENT_PATH];
	struct slice text;

	*c = (struct checkpoint){ .size = 0 };
	path_in(log->dir, "checkpoint", path);
	if (!env_read_file(log->env, path, SMALL_FILE, log->arena, &text))
		return errno == ENOENT
		    || outcome_fail_at_once(o, FAULT_NO_AUDIT, "the checkpoint cannot be read");
	keeper_checkpoint_key(log->keeper, public_key);
	return note_read(text, public_key, log->arena, c)
	    || outcome_fail_at_once(o, FAULT_NO_AUDIT, "the checkpoint is not signed by our key");
}

/* The newest file, cut behind its last good record. */
static bool
open_segment(struct audit_log *log)
{
	char path[SEGMENT_PATH];

	segment_path(log->dir, log->segment, path);
	log->fd = log->env->open(log->env, path, O_RDWR | O_CREAT, 0600);
	log->room = log->offset;
	return log->fd >= 0 && log->env->truncate(log->env, log->fd, (off_t)log->offset) == 0
	    && log->env->sync(log->env, log->fd) == 0 && env_sync_parent(log->env, path);
}

/* Writing */

/* Zeros ahead: a sync that changes only bytes is cheaper than one that changes the length. */
static bool
make_room(struct audit_log *log)
{
	static const char zeros[SEGMENT_AHEAD / 2];

	if (log->offset < log->room)
		return true;
	log->room = log->offset + sizeof zeros;
	return env_pwrite_all(log->env, log->fd, slice_make(zeros, sizeof zeros), (off_t)log->offset);
}

static bool
write_batch(struct audit_log *log, struct slice bytes)
{
	if (!env_pwrite_all(log->env, log->fd, bytes, (off_t)log->offset))
		return false;
	log->offset += bytes.len;
	return make_room(log) && log->env->sync(log->env, log->fd) == 0;
}

/* Cuts off the room.  Whether that works does not matter: zeros are read as the end. */
static void
close_segment(struct audit_log *log)
{
	if (atomic_load(&log->healthy))
		log->env->truncate(log->env, log->fd, (off_t)log->offset);
	log->env->close(log->env, log->fd);
}

static void
put_u32(char *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(n >> (8 * i));
}

static void
frame(struct audit_log *log, struct buf *out, struct slice record)
{
	char *to = buf_reserve(out, FRAME_HEAD + record.len), *body = to + FRAME_HEAD;

	if (to == NULL)
		abort();                /* the batch buffer has no ceiling */
	memcpy(body, record.ptr, record.len);
	memcpy(body + RECORD_PREVIOUS, log->previous, MERKLE_HASH);
	put_u32(to, (uint32_t)record.len);
	put_u32(to + 4, crc32c(0, body, record.len));
	take_in(log, slice_make(body, record.len));
	out->len += FRAME_HEAD + record.len;
}

static bool
next_segment(struct audit_log *log)
{
	if (log->offset < SEGMENT_BYTES)
		return true;
	close_segment(log);
	log->segment = log->tree.size;
	log->offset = 0;
	return open_segment(log);
}

static bool
append_batch(struct audit_log *log, size_t count, struct arena *arena)
{
	struct buf out;

	if (!next_segment(log))
		return false;
	buf_init(&out, arena, SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		frame(log, &out, log->batch[i].record);
	return write_batch(log, buf_slice(&out));
}

static bool
sign(struct audit_log *log, struct arena *arena)
{
	struct checkpoint c = { .origin = log->origin, .size = log->tree.size };
	struct frontier f = { .tree = log->tree, .segment = log->segment, .offset = log->offset };
	char path[SEGMENT_PATH];
	struct slice text;

	memcpy(f.previous, log->previous, sizeof f.previous);
	merkle_root(&log->tree, c.root);
	path_in(log->dir, "checkpoint", path);
	if (!frontier_write(log->env, log->dir, &f) || !note_write(log->keeper, &c, arena, &text)
	    || !env_write_file(log->env, path, text, 0600))
		return false;
	log->checkpointed = c.size;
	log->checkpoint_time = env_monotonic(log->env);
	return true;
}

static bool
checkpoint_due(const struct audit_log *log)
{
	return log->tree.size - log->checkpointed >= CHECKPOINT_RECORDS
	    || (log->tree.size > log->checkpointed
	        && env_monotonic(log->env) - log->checkpoint_time >= SECOND);
}

static void
fail_for_good(struct audit_log *log, const char *step)
{
	if (atomic_exchange(&log->healthy, false))
		log_event(LOG_ERROR, "audit-failed", "step=%s errno=%d", step, errno);
}

/* Waits for records, or until a checkpoint may be due; takes all there are. */
static size_t
take_queue(struct audit_log *log, bool *closing)
{
	struct timespec until;
	struct waiting *swap;
	size_t count;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&log->lock);
	while (log->queued == 0 && !log->closing)
		if (pthread_cond_timedwait(&log->wake, &log->lock, &until) == ETIMEDOUT)
			break;
	count = log->queued;
	swap = log->queue;
	log->queue = log->batch;
	log->batch = swap;
	log->queued = 0;
	*closing = log->closing;
	pthread_mutex_unlock(&log->lock);
	return count;
}

static void
answer(struct audit_log *log, size_t count, bool durable)
{
	for (size_t i = 0; i < count; i++)
		if (log->batch[i].done != NULL)
			log->batch[i].done(log->batch[i].ctx, durable);
}

static void *
run(void *arg)
{
	struct audit_log *log = arg;
	struct arena *arena = arena_new(1 << 20);
	bool closing = false;
	size_t count;

	while ((count = take_queue(log, &closing)) > 0 || !closing) {
		arena_reset(arena);
		if (count > 0 && atomic_load(&log->healthy) && !append_batch(log, count, arena))
			fail_for_good(log, "append");
		if (atomic_load(&log->healthy))
			atomic_store(&log->durable, log->tree.size);
		answer(log, count, atomic_load(&log->healthy));
		if (atomic_load(&log->healthy) && checkpoint_due(log) && !sign(log, arena))
			fail_for_good(log, "checkpoint");
	}
	arena_reset(arena);
	if (atomic_load(&log->healthy) && log->tree.size > log->checkpointed && !sign(log, arena))
		fail_for_good(log, "checkpoint");
	arena_free(arena);
	return NULL;
}

/* The interface */

static bool
open_files(struct audit_log *log, struct outcome *o)
{
	struct recovery r = { .log = log };

	if (!lock_directory(log, o)
	    || !audit_load_keys(log->env, log->keeper, log->dir, true, &log->keys, o)
	    || !read_checkpoint(log, &r.signed_at, o) || !recover(log, &r, o))
		return false;
	log->checkpointed = r.signed_at.size;
	atomic_store(&log->durable, log->tree.size);
	return open_segment(log)
	    || outcome_fail_at_once(o, FAULT_NO_AUDIT, "the audit log cannot be written");
}

static void
start(struct audit_log *log)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&log->lock, NULL);
	pthread_mutex_init(&log->ids_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&log->wake, &attr);
	pthread_condattr_destroy(&attr);
	log->capacity = limits_default.of[LIMIT_AUDIT_QUEUE];
	log->queue = calloc(log->capacity, sizeof *log->queue);
	log->batch = calloc(log->capacity, sizeof *log->batch);
	if (log->queue == NULL || log->batch == NULL)
		abort();
	atomic_store(&log->healthy, true);
	if (pthread_create(&log->thread, NULL, run, log) != 0)
		abort();
}

struct audit_log *
audit_open(const struct env *env, struct keeper *keeper, const char *dir, const char *origin,
    struct outcome *o)
{
	struct audit_log *log = calloc(1, sizeof *log);

	if (log == NULL)
		abort();
	log->env = env;
	log->keeper = keeper;
	log->arena = arena_new(4096);
	log->origin = slice_dup(slice_of(origin), log->arena);
	log->lock_fd = log->fd = -1;
	snprintf(log->dir, sizeof log->dir, "%s", dir);
	if (open_files(log, o)) {
		start(log);
		return log;
	}
	if (log->fd >= 0)
		env->close(env, log->fd);
	if (log->lock_fd >= 0)
		close(log->lock_fd);
	arena_free(log->arena);
	free(log);
	return NULL;
}

void
audit_close(struct audit_log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	log->closing = true;
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
	pthread_join(log->thread, NULL);
	close_segment(log);
	close(log->lock_fd);
	pthread_mutex_destroy(&log->lock);
	pthread_mutex_destroy(&log->ids_lock);
	pthread_cond_destroy(&log->wake);
	explicit_bzero(&log->keys, sizeof log->keys);
	arena_free(log->arena);
	free(log->queue);
	free(log->batch);
	free(log->ids);
	free(log);
}

bool
audit_encode(struct audit_log *log, const struct audit_event *e, struct arena *arena,
    struct slice *record)
{
	return record_encode(e, &log->keys, log->env, arena, record);
}

bool
audit_append(struct audit_log *log, struct slice record,
    void (*done)(void *ctx, bool durable), void *ctx)
{
	bool taken = false;

	if (!atomic_load(&log->healthy))
		return false;
	pthread_mutex_lock(&log->lock);
	if (log->queued < log->capacity && !log->closing) {
		log->queue[log->queued++] = (struct waiting){ record, done, ctx };
		taken = true;
		if (log->queued == 1)
			pthread_cond_signal(&log->wake);
	}
	pthread_mutex_unlock(&log->lock);
	return taken;
}

bool
audit_healthy(const struct audit_log *log)
{
	return atomic_load(&log->healthy);
}

uint64_t
audit_size(const struct audit_log *log)
{
	return atomic_load(&log->durable);
}

void
audit_record_id(struct slice record, uint8_t id[AUDIT_EVENT_ID])
{
	memcpy(id, record.ptr + RECORD_ID, AUDIT_EVENT_ID);
}
