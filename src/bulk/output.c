/* output.c -- the NDJSON files of an export, sealed in pieces.
 *
 * A file is a run of pieces,  length (32 bits) | nonce, ciphertext, tag ; a piece is about
 * a megabyte of lines, and opens only as that piece of that file of that job.  How many there
 * are stands in the job's sealed state, so that a file that was cut is found out.
 *
 * Pieces are written as they fill; output_flush() closes those that are begun and syncs,
 * and only then the job's own figures change.  What a crash left behind these is
 * cut off when the job is taken up again. */
#include "bulk/inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "crypto/aead.h"
#include "exchange/exchange.h"
#include "exchange/service.h"

#define PIECE     (1u << 20)
#define NAME_MAX_ 24

struct stream {                 /* of one type; told-of and deleted resources apart; the last is of notes */
	int              fd;            /* -1: none is open */
	uint32_t         number;        /* in job->files */
	struct bulk_file now;           /* with what is not flushed yet */
	struct buf       piece;
	bool             changed;
};

struct output {
	struct bulk     *bulk;
	struct bulk_job *job;
	struct arena    *arena, *scratch;
	struct stream   *streams;       /* two for each type, one for notes */
	uint32_t         count;
	uint64_t         bytes;
};

struct output *
output_new(struct bulk *b, struct bulk_job *job)
{
	struct arena *arena = arena_new(65536);
	struct output *out = arena_alloc(arena, sizeof *out);

	*out = (struct output){ .bulk = b, .job = job, .arena = arena, .scratch = arena_new(PIECE * 2),
		.count = pack_type_count(b->service->pack) * 2 + 1 };
	out->streams = arena_array(arena, out->count, sizeof *out->streams);
	for (uint32_t i = 0; i < out->count; i++)
		out->streams[i].fd = -1;
	return out;
}

static struct slice
piece_context(const struct bulk_job *job, uint32_t file, uint64_t piece, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 128);
	buf_printf(&b, "%s %u %llu", job->id, file, (unsigned long long)piece);
	return buf_slice(&b);
}

static int
open_numbered(const struct bulk *b, const struct bulk_job *job, uint32_t number, int flags,
    struct arena *arena)
{
	char name[NAME_MAX_];

	snprintf(name, sizeof name, "%u.sealed", number);
	return b->service->env->open(b->service->env, job_path(b, job->id, name, arena), flags, 0600);
}

static bool
write_piece(struct output *out, struct stream *s)
{
	const struct env *env = out->bulk->service->env;
	struct slice sealed = aead_seal(out->job->key, env, piece_context(out->job, s->number,
	    s->now.chunks, out->scratch), buf_slice(&s->piece), out->scratch);
	uint32_t length = (uint32_t)sealed.len;
	bool good = env_pwrite_all(env, s->fd, slice_make(&length, sizeof length), (off_t)s->now.sealed)
	    && env_pwrite_all(env, s->fd, sealed, (off_t)(s->now.sealed + sizeof length));

	s->now.sealed += sizeof length + sealed.len;
	s->now.chunks++;
	s->piece.len = 0;
	arena_reset(out->scratch);
	return good;
}

/* Files */

static uint32_t
add_file(struct output *out, const struct bulk_file *f)
{
	struct bulk_job *job = out->job;
	uint32_t number;

	pthread_mutex_lock(&out->bulk->lock);
	if (job->file_count == job->file_room) {
		uint32_t room = job->file_room == 0 ? 16 : job->file_room * 2;
		struct bulk_file *more = arena_array(job->arena, room, sizeof *more);

		if (job->file_count > 0)
			memcpy(more, job->files, job->file_count * sizeof *more);
		job->files = more;
		job->file_room = room;
	}
	number = job->file_count++;
	job->files[number] = *f;
	job->files[number].number = number;
	pthread_mutex_unlock(&out->bulk->lock);
	return number;
}

static bool
is_full(const struct output *out, const struct bulk_file *f)
{
	return f->plain >= out->bulk->service->limits->of[LIMIT_BULK_FILE];
}

/* The last of the type that has room: a job that is taken up again goes on with it. */
static uint32_t
begun_file(const struct output *out, struct slice type, bool deleted)
{
	for (uint32_t i = out->job->file_count; i > 0; i--) {
		const struct bulk_file *f = &out->job->files[i - 1];

		if (slice_eq(f->type, type) && f->deleted == deleted)
			return is_full(out, f) ? UINT32_MAX : i - 1;
	}
	return UINT32_MAX;
}

static bool
open_stream(struct output *out, struct stream *s, struct slice type, bool deleted)
{
	const struct env *env = out->bulk->service->env;

	s->number = begun_file(out, type, deleted);
	if (s->number == UINT32_MAX)
		s->number = add_file(out, &(struct bulk_file){ .type = type, .deleted = deleted });
	s->now = out->job->files[s->number];
	s->fd = open_numbered(out->bulk, out->job, s->number, O_WRONLY | O_CREAT | O_CLOEXEC,
	    out->scratch);
	buf_init(&s->piece, out->arena, SIZE_MAX);
	return s->fd >= 0 && env->truncate(env, s->fd, (off_t)s->now.sealed) == 0;
}

static bool
flush_stream(struct output *out, struct stream *s)
{
	const struct env *env = out->bulk->service->env;

	if (!s->changed)
		return true;
	if ((s->piece.len > 0 && !write_piece(out, s)) || env->sync(env, s->fd) != 0)
		return false;
	pthread_mutex_lock(&out->bulk->lock);
	out->job->files[s->number] = s->now;
	pthread_mutex_unlock(&out->bulk->lock);
	s->changed = false;
	return true;
}

static void
close_stream(struct output *out, struct stream *s)
{
	if (s->fd >= 0)
		out->bulk->service->env->close(out->bulk->service->env, s->fd);
	s->fd = -1;
}

static bool
add_line(struct output *out, struct stream *s, struct slice type, bool deleted, struct slice line)
{
	if (s->fd < 0 && !open_stream(out, s, type, deleted))
		return false;
	buf_add(&s->piece, line);
	buf_add_char(&s->piece, '\n');
	s->changed = true;
	s->now.count++;
	s->now.plain += line.len + 1;
	out->bytes += line.len + 1;
	if (s->piece.len >= PIECE && !write_piece(out, s))
		return false;
	if (!is_full(out, &s->now))
		return true;
	if (!flush_stream(out, s))
		return false;
	close_stream(out, s);
	return true;
}

bool
output_line(struct output *out, const struct type *type, bool deleted, struct slice line)
{
	return add_line(out, &out->streams[type->number * 2u + deleted], type->name, deleted, line);
}

bool
output_note(struct output *out, struct slice line)
{
	return add_line(out, &out->streams[out->count - 1], SLICE_NONE, false, line);
}

bool
output_flush(struct output *out)
{
	const struct env *env = out->bulk->service->env;
	bool good = true;

	for (uint32_t i = 0; i < out->count && good; i++)
		good = flush_stream(out, &out->streams[i]);
	good = good && env_sync_parent(env, job_path(out->bulk, out->job->id, "state", out->scratch));
	arena_reset(out->scratch);
	return good;
}

uint64_t
output_bytes(const struct output *out)
{
	return out->bytes;
}

void
output_free(struct output *out)
{
	struct arena *scratch = out->scratch;

	for (uint32_t i = 0; i < out->count; i++)
		close_stream(out, &out->streams[i]);
	arena_free(scratch);
	arena_free(out->arena);
}

/* Reading */

struct reading {
	const struct env *env;
	struct bulk_job   job;          /* id and key only */
	struct bulk_file  file;
	int               fd;
	uint64_t          at, piece;    /* of the next: bytes, number */
	struct slice      first;        /* opened already; empty once it was given */
	struct exchange_stream stream;
};

static void
close_reading(void *arg)
{
	struct reading *r = arg;

	if (r->fd >= 0)
		r->env->close(r->env, r->fd);
	explicit_bzero(r->job.key, sizeof r->job.key);
}

static bool
read_all(struct reading *r, void *to, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = r->env->pread(r->env, r->fd, (char *)to + have, n - have, (off_t)(r->at + have));

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	r->at += n;
	return true;
}

static bool
open_piece(struct reading *r, struct arena *arena, struct slice *plain)
{
	uint32_t length;
	char *sealed;

	if (!read_all(r, &length, sizeof length) || length > r->file.sealed - r->at)
		return false;
	sealed = arena_alloc(arena, length);
	return read_all(r, sealed, length) && aead_open(r->job.key, piece_context(&r->job,
	    r->file.number, r->piece++, arena), slice_make(sealed, length), arena, plain);
}

static bool
next_piece(void *ctx, struct arena *arena, struct slice *piece)
{
	struct reading *r = ctx;

	if (r->first.len == 0)
		return open_piece(r, arena, piece);
	*piece = r->first;
	r->first = SLICE_NONE;
	return true;
}

const struct exchange_stream *
output_stream(const struct bulk *b, const struct bulk_job *job, const struct bulk_file *f,
    struct arena *arena)
{
	struct reading *r = arena_alloc(arena, sizeof *r);

	r->env = b->service->env;
	r->file = *f;
	memcpy(r->job.id, job->id, sizeof job->id);
	memcpy(r->job.key, job->key, sizeof job->key);
	arena_defer(arena, close_reading, r);
	r->fd = open_numbered(b, &r->job, f->number, O_RDONLY | O_CLOEXEC, arena);
	if (r->fd < 0 || !open_piece(r, arena, &r->first))
		return NULL;
	r->stream = (struct exchange_stream){ .next = next_piece, .ctx = r, .fd = -1, .length = f->plain };
	return &r->stream;
}

static bool
read_notes(const struct bulk *b, const struct bulk_job *job, const struct bulk_file *f, struct arena *arena,
    void (*each)(void *ctx, struct slice line), void *ctx)
{
	const struct exchange_stream *stream = output_stream(b, job, f, arena);
	struct slice piece;

	for (uint64_t left = f->plain; left > 0; left -= piece.len) {
		if (stream == NULL || !stream->next(stream->ctx, arena, &piece) || piece.len > left)
			return false;
		for (struct slice rest = piece; rest.len > 0;)
			each(ctx, slice_cut(&rest, '\n'));
	}
	return true;
}

bool
output_notes(const struct bulk *b, const struct bulk_job *job, void (*each)(void *ctx, struct slice line), void *ctx)
{
	bool good = true;

	for (uint32_t i = 0; i < job->file_count && good; i++) {
		struct arena *arena = arena_new(4096);

		good = job->files[i].type.len > 0 || job->files[i].plain == 0
		    || read_notes(b, job, &job->files[i], arena, each, ctx);
		arena_free(arena);
	}
	return good;
}
