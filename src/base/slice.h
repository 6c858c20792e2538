/* slice.h -- a borrowed run of bytes.
 *
 * A slice owns nothing.  It is valid as long as the memory it points into:
 * usually the arena of the exchange, sometimes a string literal or a mapped
 * file.  It may hold NULs and is not NUL-terminated; print it with
 * "%.*s" and SLICE_FMT(). */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct slice {
	const char *ptr;
	size_t      len;
};

#define SLICE(lit)      ((struct slice){ "" lit, sizeof(lit) - 1 })
#define SLICE_INIT(lit) { "" lit, sizeof(lit) - 1 }     /* for static tables */
#define SLICE_FMT(s)    (int)(s).len, (s).ptr
#define SLICE_NONE      ((struct slice){ NULL, 0 })

static inline struct slice
slice_make(const void *ptr, size_t len)
{
	return (struct slice){ ptr, len };
}

static inline struct slice
slice_of(const char *cstr)
{
	return (struct slice){ cstr, cstr == NULL ? 0 : strlen(cstr) };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
slice_is(struct slice a, const char *cstr)
{
	return slice_eq(a, slice_of(cstr));
}

static inline bool
slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && slice_eq(slice_make(s.ptr, prefix.len), prefix);
}

static inline bool
slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len
	    && slice_eq(slice_make(s.ptr + s.len - suffix.len, suffix.len), suffix);
}

/* From byte `from` on, at most `len` bytes; both are cut to what is there. */
static inline struct slice
slice_sub(struct slice s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	return slice_make(s.ptr + from, len);
}

/* Index of the first `c`, or s.len when there is none. */
static inline size_t
slice_find(struct slice s, char c)
{
	const char *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

/* <0, 0, >0 as memcmp, the shorter first when one is a prefix of the other. */
int slice_cmp(struct slice a, struct slice b);

/* ASCII letters compared without case: header names, schemes. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* Cuts `*rest` at the first `sep`: returns what stood before it and leaves
 * what stood after.  At the last piece `*rest` becomes SLICE_NONE. */
struct slice slice_cut(struct slice *rest, char sep);

/* What stands behind the last `sep`; all of it when there is none. */
struct slice slice_after_last(struct slice, char sep);

/* Without ASCII white space at both ends. */
struct slice slice_trim(struct slice);

/* A copy in the arena; slice_cstr() adds a NUL behind it. */
struct slice slice_dup(struct slice, struct arena *);
char        *slice_cstr(struct slice, struct arena *);

/* A decimal number without sign; false for anything else or on overflow. */
bool slice_uint(struct slice, uint64_t *);

#endif
