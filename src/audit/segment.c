/* segment.c -- see segment.h. */
#include "audit/segment.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record.h"
#include "base/arena.h"
#include "base/env.h"
#include "crypto/digest.h"

static uint32_t
u32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static bool
all_zero(struct slice s)
{
	return s.len == 0 || (s.ptr[0] == 0 && memcmp(s.ptr, s.ptr + 1, s.len - 1) == 0);
}

enum frame
frame_next(struct slice *rest, struct slice *record)
{
	uint32_t len;

	if (rest->len == 0 || (rest->len <= SEGMENT_AHEAD && all_zero(*rest)))
		return FRAME_END;
	if (rest->len < FRAME_HEAD)
		return FRAME_BAD;
	len = u32(rest->ptr);
	if (len < RECORD_FIXED || len > RECORD_MAX || len > rest->len - FRAME_HEAD)
		return FRAME_BAD;
	*record = slice_sub(*rest, FRAME_HEAD, len);
	if (crc32c(0, record->ptr, record->len) != u32(rest->ptr + 4))
		return FRAME_BAD;
	*rest = slice_sub(*rest, FRAME_HEAD + len, rest->len);
	return FRAME_RECORD;
}

void
segment_path(const char *dir, uint64_t first, char path[SEGMENT_PATH])
{
	snprintf(path, SEGMENT_PATH, "%s/audit/segment-%020" PRIu64, dir, first);
}

static bool
segment_name(const char *name, uint64_t *first)
{
	struct slice s = slice_of(name);

	return slice_starts(s, SLICE("segment-")) && s.len == 28
	    && slice_uint(slice_sub(s, 8, 20), first);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool
segment_list(const char *dir, struct arena *arena, uint64_t **firsts, size_t *count)
{
	char path[SEGMENT_PATH];
	size_t room = 64;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/audit", dir);
	*firsts = arena_array(arena, room, sizeof **firsts);
	*count = 0;
	if ((d = opendir(path)) == NULL)
		return false;
	while ((e = readdir(d)) != NULL) {
		uint64_t first;

		if (!segment_name(e->d_name, &first))
			continue;
		if (*count == room) {
			*firsts = arena_grow(arena, *firsts, room * sizeof **firsts,
			    2 * room * sizeof **firsts);
			room *= 2;
		}
		(*firsts)[(*count)++] = first;
	}
	closedir(d);
	qsort(*firsts, *count, sizeof **firsts, by_number);
	return true;
}

/* A file that was not closed in order may hold a batch more than its size. */
#define FILE_BYTES_MAX ((size_t)SEGMENT_BYTES * 4)

static bool
walk_one(const struct env *env, const char *dir, uint64_t first, bool *more,
    bool (*each)(void *ctx, const struct walk_step *), void *ctx)
{
	struct arena *arena = arena_new(1 << 16);
	struct walk_step step = { .index = first, .segment = first };
	char path[SEGMENT_PATH];
	struct slice all, rest;

	segment_path(dir, first, path);
	if (!env_read_file(env, path, FILE_BYTES_MAX, arena, &all)) {
		arena_free(arena);
		return false;
	}
	rest = all;
	while (*more) {
		enum frame found;

		step.offset = all.len - rest.len;
		if ((found = frame_next(&rest, &step.record)) == FRAME_END)
			break;
		step.bad = found == FRAME_BAD;
		*more = each(ctx, &step) && !step.bad;
		step.index++;
	}
	arena_free(arena);
	return true;
}

bool
segment_walk(const struct env *env, const char *dir, uint64_t from,
    bool (*each)(void *ctx, const struct walk_step *), void *ctx)
{
	struct arena *arena = arena_new(1024);
	uint64_t *firsts;
	size_t count;
	bool good = segment_list(dir, arena, &firsts, &count), more = true;

	for (size_t i = 0; good && more && i < count; i++)
		if (firsts[i] >= from)
			good = walk_one(env, dir, firsts[i], &more, each, ctx);
	arena_free(arena);
	return good;
}
