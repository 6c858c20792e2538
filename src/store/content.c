/* content.c -- content that is kept beside a version; see store.h.
 *
 * D/content/<32 hex digits> is a run of chunks of 64 KiB, each sealed with AES-256-GCM
 * under the file's own random key.  What a chunk is bound to: the file's name, its
 * place, and whether it is the last; so chunks cannot be moved, cut off or brought in from another file.
 * Name, key, size and hashes stand in the table `content`, sealed under the data key of the
 * version's compartment: when that key is destroyed, nothing here can be read.
 *
 * A file is durable before the version that names it is committed.  One that no version names is
 * taken away: at once when its work ends, and at the next start after a crash. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/log.h"
#include "base/outcome.h"
#include "crypto/aead.h"
#include "store/sqlite/sqlite.h"

#define CHUNK        STORE_CHUNK
#define SEALED_CHUNK (CHUNK + AEAD_OVERHEAD)
#define PATH_ROOM    4160

struct store_content_writer {
	struct store_content *content;
	struct arena *scratch;
	int           fd;
	bool          failed;
	size_t        held;
	uint64_t      index;
	uint8_t       chunk[CHUNK];
};

static void
path_of(const struct store *s, const uint8_t name[STORE_CONTENT_NAME], char path[PATH_ROOM])
{
	int n = snprintf(path, PATH_ROOM, "%s/content/", s->config.path);

	for (int i = 0; i < STORE_CONTENT_NAME; i++)
		n += snprintf(path + n, PATH_ROOM - (size_t)n, "%02x", name[i]);
}

void
sqlite_unlink_content(struct store *s, const uint8_t name[STORE_CONTENT_NAME])
{
	char path[PATH_ROOM];

	path_of(s, name, path);
	unlink(path);
}

static void
drop_unless_stored(void *content)
{
	struct store_content *c = content;

	if (c->written && !atomic_load(&c->stored) && store_healthy(c->store))
		sqlite_unlink_content(c->store, c->name);
	explicit_bzero(c->key, sizeof c->key);
}

struct store_content *
store_content_new(struct store *s, struct arena *arena)
{
	struct store_content *c = arena_alloc(arena, sizeof *c);

	c->store = s;
	env_entropy(s->config.env, c->name, sizeof c->name);
	env_entropy(s->config.env, c->key, sizeof c->key);
	arena_defer(arena, drop_unless_stored, c);
	return c;
}

/* Writing */

static struct slice
chunk_context(const struct store_content *c, uint64_t index, bool last, uint8_t out[25])
{
	memcpy(out, c->name, STORE_CONTENT_NAME);
	for (int i = 0; i < 8; i++)
		out[16 + i] = (uint8_t)(index >> (8 * i));
	out[24] = last;
	return slice_make(out, 25);
}

struct store_content_writer *
store_content_write(struct store_content *c)
{
	struct store_content_writer *w = calloc(1, sizeof *w);
	char path[PATH_ROOM];

	if (w == NULL)
		abort();
	path_of(c->store, c->name, path);
	w->content = c;
	w->scratch = arena_new(SEALED_CHUNK + 64);
	w->fd = c->store->config.env->open(c->store->config.env, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	w->failed = w->fd < 0;
	c->written = w->fd >= 0;
	if (w->failed)
		log_event(LOG_ERROR, "content-not-opened", "errno=%d", errno);
	return w;
}

static void
put_chunk(struct store_content_writer *w, bool last)
{
	const struct env *env = w->content->store->config.env;
	uint8_t context[25];
	struct slice sealed = aead_seal(w->content->key, env,
	    chunk_context(w->content, w->index, last, context), slice_make(w->chunk, w->held), w->scratch);

	if (!w->failed && !env_pwrite_all(env, w->fd, sealed, (off_t)(w->index * SEALED_CHUNK))) {
		log_event(LOG_ERROR, "content-not-written", "errno=%d", errno);
		w->failed = true;
	}
	arena_reset(w->scratch);
	w->index++;
	w->held = 0;
}

/* A full chunk waits until more comes: it could be the last. */
void
store_content_add(struct store_content_writer *w, struct slice piece)
{
	w->content->size += piece.len;
	while (piece.len > 0) {
		struct slice part;

		if (w->held == CHUNK)
			put_chunk(w, false);
		part = slice_sub(piece, 0, CHUNK - w->held);
		memcpy(w->chunk + w->held, part.ptr, part.len);
		w->held += part.len;
		piece = slice_sub(piece, part.len, piece.len);
	}
}

static void
close_writer(struct store_content_writer *w)
{
	if (w->fd >= 0)
		w->content->store->config.env->close(w->content->store->config.env, w->fd);
	arena_free(w->scratch);
	explicit_bzero(w->chunk, sizeof w->chunk);
	free(w);
}

bool
store_content_end(struct store_content_writer *w)
{
	const struct env *env = w->content->store->config.env;
	char path[PATH_ROOM];
	bool good;

	put_chunk(w, true);
	path_of(w->content->store, w->content->name, path);
	good = !w->failed && env->sync(env, w->fd) == 0 && env_sync_parent(env, path);
	close_writer(w);
	return good;
}

void
store_content_drop(struct store_content_writer *w)
{
	if (w != NULL)
		close_writer(w);
}

/* Reading */

int
store_content_open(const struct store_content *c)
{
	char path[PATH_ROOM];

	path_of(c->store, c->name, path);
	return c->store->config.env->open(c->store->config.env, path, O_RDONLY | O_CLOEXEC, 0);
}

static uint64_t
chunk_count(const struct store_content *c)
{
	return c->size == 0 ? 1 : (c->size + CHUNK - 1) / CHUNK;
}

bool
store_content_chunk(const struct store_content *c, int fd, uint64_t index, struct arena *arena,
    struct slice *plain)
{
	const struct env *env = c->store->config.env;
	uint64_t count = chunk_count(c);
	bool last = index + 1 == count;
	size_t want = last ? c->size - index * CHUNK : CHUNK;
	uint8_t context[25], *sealed = arena_alloc(arena, SEALED_CHUNK);
	ssize_t got;

	if (index >= count)
		return false;
	got = env->pread(env, fd, sealed, want + AEAD_OVERHEAD, (off_t)(index * SEALED_CHUNK));
	return got == (ssize_t)(want + AEAD_OVERHEAD) && aead_open(c->key,
	    chunk_context(c, index, last, context), slice_make(sealed, (size_t)got), arena, plain);
}

/* The row that a version has: name | key | size | SHA-256 | SHA-1. */

#define PLAIN (STORE_CONTENT_NAME + 32 + 8 + 32 + 20)

static struct slice
row_context(int64_t compartment, int64_t row, int64_t vid, uint8_t out[40])
{
	memcpy(out, "content ", 8);
	sqlite_body_context(compartment, row, vid, 0, out + 8);
	return slice_make(out, 40);
}

struct slice
sqlite_seal_content(struct store *s, const uint8_t key[32], const struct store_content *c,
    int64_t compartment, int64_t row, int64_t vid, struct arena *arena)
{
	uint8_t plain[PLAIN], context[40], *at = plain;
	struct slice sealed;

	memcpy(at, c->name, sizeof c->name);
	memcpy(at += sizeof c->name, c->key, sizeof c->key);
	at += sizeof c->key;
	for (int i = 0; i < 8; i++)
		*at++ = (uint8_t)(c->size >> (8 * i));
	memcpy(at, c->sha256, sizeof c->sha256);
	memcpy(at + sizeof c->sha256, c->sha1, sizeof c->sha1);
	sealed = aead_seal(key, s->config.env, row_context(compartment, row, vid, context),
	    slice_make(plain, sizeof plain), arena);
	explicit_bzero(plain, sizeof plain);
	return sealed;
}

static void
wipe_key(void *content)
{
	struct store_content *c = content;

	explicit_bzero(c->key, sizeof c->key);
}

static struct store_content *
read_plain(struct store *s, struct slice plain, struct arena *arena)
{
	struct store_content *c = arena_alloc(arena, sizeof *c);
	const uint8_t *at = (const uint8_t *)plain.ptr;

	c->store = s;
	memcpy(c->name, at, sizeof c->name);
	memcpy(c->key, at += sizeof c->name, sizeof c->key);
	at += sizeof c->key;
	for (int i = 7; i >= 0; i--)
		c->size = c->size << 8 | at[i];
	memcpy(c->sha256, at + 8, sizeof c->sha256);
	memcpy(c->sha1, at + 8 + sizeof c->sha256, sizeof c->sha1);
	c->written = true;
	atomic_store(&c->stored, true);
	arena_defer(arena, wipe_key, c);
	return c;
}

bool
sqlite_load_content(struct store_reader *r, struct stored *v, struct arena *arena, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT sealed FROM content WHERE vid=?1"));
	uint8_t key[32], context[40];
	struct slice plain;
	bool good;

	if (q == NULL)
		return sqlite_failed(r->db, "content", o);
	sqlite3_bind_int64(q, 1, v->vid);
	if (sqlite3_step(q) != SQLITE_ROW)
		return true;                    /* it has none */
	good = sqlite_data_key(r->store, r->db, v->compartment, key)
	    && aead_open(key, row_context(v->compartment, v->row, v->vid, context),
	        slice_make(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0)), arena, &plain)
	    && plain.len == PLAIN;
	explicit_bzero(key, sizeof key);
	if (!good)
		return sqlite_failed(r->db, "unseal-content", o);
	v->content = read_plain(r->store, plain, arena);
	explicit_bzero((void *)(uintptr_t)plain.ptr, plain.len);
	return true;
}

/* At start: files that no version names.  The lock on the directory is held. */

static bool
named_by_a_version(sqlite3_stmt *q, const uint8_t name[STORE_CONTENT_NAME])
{
	bool found;

	sqlite3_bind_blob(q, 1, name, STORE_CONTENT_NAME, SQLITE_STATIC);
	found = sqlite3_step(q) == SQLITE_ROW;
	sqlite3_reset(q);
	return found;
}

static void
sweep(DIR *dir, sqlite3_stmt *q)
{
	uint8_t name[STORE_CONTENT_NAME];
	struct dirent *e;
	unsigned swept = 0;

	while ((e = readdir(dir)) != NULL)
		if (decode_hex(slice_of(e->d_name), name, sizeof name) && !named_by_a_version(q, name))
			swept += unlinkat(dirfd(dir), e->d_name, 0) == 0;
	if (swept > 0)
		log_event(LOG_INFO, "content-swept", "files=%u", swept);
}

bool
sqlite_open_content(struct store *s, sqlite3 *db, struct outcome *o)
{
	char path[PATH_ROOM];
	sqlite3_stmt *q;
	DIR *dir;

	if (s->config.path == NULL)
		return true;                    /* a test's store in memory */
	snprintf(path, sizeof path, "%s/content", s->config.path);
	if ((mkdir(path, 0700) != 0 && errno != EEXIST) || (dir = opendir(path)) == NULL)
		return outcome_fail_at_once(o, FAULT_NO_STORE, "the content directory cannot be opened");
	if (sqlite3_prepare_v2(db, "SELECT 1 FROM content WHERE file=?1", -1, &q, NULL) != SQLITE_OK) {
		closedir(dir);
		return sqlite_failed(db, "content", o);
	}
	sweep(dir, q);
	sqlite3_finalize(q);
	closedir(dir);
	return true;
}
