/* buf.h -- bytes under construction, with a ceiling.
 *
 * A buf grows inside an arena up to the maximum it was made with.  Going over
 * marks it `full`, adds nothing more and stays so: the builder checks once, at
 * the end, with buf_ok().  The bytes are valid as long as the arena. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;

struct buf {
	struct arena *arena;
	char         *ptr;
	size_t        len, cap, max;
	bool          full;             /* something did not fit */
};

void buf_init(struct buf *, struct arena *, size_t max);

void buf_add(struct buf *, struct slice);
void buf_add_bytes(struct buf *, const void *, size_t);
void buf_add_char(struct buf *, char);
void buf_add_cstr(struct buf *, const char *);
void buf_add_uint(struct buf *, uint64_t);
void buf_add_int(struct buf *, int64_t);
void buf_printf(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Room for `n` more bytes at ptr + len, or NULL when that would be too much.
 * The caller adds what it wrote to len. */
char *buf_reserve(struct buf *, size_t n);

static inline bool
buf_ok(const struct buf *b)
{
	return !b->full;
}

static inline struct slice
buf_slice(const struct buf *b)
{
	return slice_make(b->ptr, b->len);
}

#endif
