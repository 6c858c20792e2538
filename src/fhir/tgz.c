/* tgz.c -- see tgz.h.  Inflated block by block; no more than one file is held. */
#include "fhir/tgz.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/outcome.h"

#define BLOCK    512u
#define NAME_MAX_BYTES 4096u

struct reader {
	z_stream             z;
	const struct limits *limits;
	struct outcome      *outcome;
	size_t               inflated;
	bool                 ended;
};

static bool
bad(struct reader *r)
{
	return outcome_fail_at_once(r->outcome, FAULT_SYNTAX, "not a gzip-compressed tar archive");
}

static bool
too_big(struct reader *r)
{
	return outcome_fail_at_once(r->outcome, FAULT_TOO_BIG, "the package is larger than the limit");
}

/* Exactly n bytes; false at the end too, without an issue when none was read. */
static bool
inflate_bytes(struct reader *r, void *out, size_t n)
{
	r->inflated += n;
	if (r->inflated > r->limits->of[LIMIT_PACKAGE_BYTES])
		return too_big(r);
	r->z.next_out = out;
	r->z.avail_out = (uInt)n;
	while (r->z.avail_out > 0 && !r->ended) {
		int code = inflate(&r->z, Z_NO_FLUSH);

		r->ended = code == Z_STREAM_END;
		if (code != Z_OK && code != Z_STREAM_END)
			return bad(r);
	}
	if (r->z.avail_out == 0)
		return true;
	return r->z.avail_out == n ? false : bad(r);
}

static bool
skip_bytes(struct reader *r, uint64_t n)
{
	char block[BLOCK];

	for (; n > 0; n -= n < BLOCK ? n : BLOCK)
		if (!inflate_bytes(r, block, n < BLOCK ? (size_t)n : BLOCK))
			return r->outcome->failed ? false : bad(r);
	return true;
}

/* Octal, ended by a NUL or space. */
static bool
octal(const char *field, size_t width, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	while (i < width && field[i] == ' ')
		i++;
	for (; i < width && field[i] >= '0' && field[i] <= '7'; i++)
		*out = *out * 8 + (uint64_t)(field[i] - '0');
	return i > 0 && (i == width || field[i] == '\0' || field[i] == ' ');
}

static bool
checksum_good(const unsigned char *h)
{
	uint64_t said, sum = 0;

	if (!octal((const char *)h + 148, 8, &said))
		return false;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return sum == said;
}

static struct slice
field(const char *at, size_t width)
{
	return slice_make(at, strnlen(at, width));
}

/* prefix "/" name */
static struct slice
name_of(const char *h, struct arena *arena)
{
	struct slice name = field(h, 100), prefix = field(h + 345, 155);
	char *all;

	if (memcmp(h + 257, "ustar\0", 6) != 0 || prefix.len == 0)
		return slice_dup(name, arena);
	all = arena_alloc(arena, prefix.len + name.len + 1);
	memcpy(all, prefix.ptr, prefix.len);
	all[prefix.len] = '/';
	memcpy(all + prefix.len + 1, name.ptr, name.len);
	return slice_make(all, prefix.len + name.len + 1);
}

/* "23 path=package/a.json\n": the path of a pax header. */
static struct slice
pax_path(struct slice pax)
{
	while (pax.len > 0) {
		struct slice line = slice_cut(&pax, '\n'), value = line;

		slice_cut(&value, ' ');
		if (slice_starts(value, SLICE("path=")))
			return slice_sub(value, 5, value.len);
	}
	return SLICE_NONE;
}

static bool
read_body(struct reader *r, uint64_t size, struct arena *arena, struct slice *out)
{
	char *bytes;

	if (size > r->limits->of[LIMIT_PACKAGE_BYTES] - r->inflated)
		return too_big(r);
	bytes = arena_alloc(arena, (size_t)size + 1);
	if (size > 0 && !inflate_bytes(r, bytes, (size_t)size))
		return r->outcome->failed ? false : bad(r);
	*out = slice_make(bytes, (size_t)size);
	return skip_bytes(r, (BLOCK - size % BLOCK) % BLOCK);
}

static bool
is_file(char type)
{
	return type == '0' || type == '\0' || type == '7';
}

/* What an entry is for, by its type: a name for the next one, a file, nothing. */
static bool
read_entry(struct reader *r, const char *h, struct arena *arena, struct slice *next_name,
    tgz_wants *wants, tgz_take *take, void *ctx)
{
	char type = h[156];
	struct slice name = next_name->len > 0 ? *next_name : name_of(h, arena), bytes;
	uint64_t size;

	if (!octal(h + 124, 12, &size))
		return bad(r);
	if (type == 'L' || type == 'x' || type == 'g') {
		if (size > NAME_MAX_BYTES || !read_body(r, size, arena, &bytes))
			return r->outcome->failed ? false : bad(r);
		if (type != 'g')
			*next_name = type == 'x' ? pax_path(bytes) : field(bytes.ptr, bytes.len);
		return true;
	}
	*next_name = SLICE_NONE;
	if (type == '5')
		return skip_bytes(r, (size + BLOCK - 1) / BLOCK * BLOCK);
	if (!is_file(type))
		return outcome_fail_at_once(r->outcome, FAULT_SYNTAX, "a package holds files, no links");
	if (!wants(ctx, name))
		return skip_bytes(r, (size + BLOCK - 1) / BLOCK * BLOCK);
	return read_body(r, size, arena, &bytes) && take(ctx, name, bytes);
}

static bool
is_zero(const char *block)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

static bool
read_entries(struct reader *r, struct arena *arena, tgz_wants *wants, tgz_take *take, void *ctx)
{
	char block[BLOCK];
	struct slice next_name = SLICE_NONE;
	size_t files = 0;

	while (inflate_bytes(r, block, BLOCK)) {
		if (is_zero(block))
			return true;
		if (!checksum_good((const unsigned char *)block))
			return bad(r);
		if (++files > r->limits->of[LIMIT_PACKAGE_FILES])
			return too_big(r);
		if (!read_entry(r, block, arena, &next_name, wants, take, ctx))
			return false;
	}
	return !r->outcome->failed && (files > 0 || bad(r));
}

bool
tgz_read(struct slice archive, const struct limits *limits, struct arena *arena, tgz_wants *wants,
    tgz_take *take, void *ctx, struct outcome *o)
{
	struct reader r = { .limits = limits, .outcome = o };
	bool good;

	if (archive.len > limits->of[LIMIT_PACKAGE_BYTES])
		return too_big(&r);
	r.z.next_in = (Bytef *)(uintptr_t)archive.ptr;
	r.z.avail_in = (uInt)archive.len;
	if (inflateInit2(&r.z, 16 + MAX_WBITS) != Z_OK)
		return bad(&r);
	good = read_entries(&r, arena, wants, take, ctx);
	inflateEnd(&r.z);
	return good;
}
