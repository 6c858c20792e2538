/* buf.c -- see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

void
buf_init(struct buf *b, struct arena *arena, size_t max)
{
	*b = (struct buf){ .arena = arena, .max = max };
}

char *
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;

	if (b->full || __builtin_add_overflow(b->len, n, &need) || need > b->max) {
		b->full = true;
		return NULL;
	}
	if (need > b->cap) {
		cap = b->cap < 128 ? 256 : b->cap * 2;
		if (cap < need)
			cap = need;
		b->ptr = arena_grow(b->arena, b->ptr, b->cap, cap);
		b->cap = cap;
	}
	return b->ptr + b->len;
}

void
buf_add_bytes(struct buf *b, const void *bytes, size_t n)
{
	char *to = buf_reserve(b, n);

	if (to != NULL && n > 0) {
		memcpy(to, bytes, n);
		b->len += n;
	}
}

void
buf_add(struct buf *b, struct slice s)
{
	buf_add_bytes(b, s.ptr, s.len);
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add_bytes(b, &c, 1);
}

void
buf_add_cstr(struct buf *b, const char *cstr)
{
	buf_add_bytes(b, cstr, strlen(cstr));
}

void
buf_add_uint(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add_bytes(b, digits + at, sizeof digits - at);
}

void
buf_add_int(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_add_char(b, '-');
	buf_add_uint(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->full ? 0 : b->cap - b->len;
	va_list args;
	int need;
	char *to;

	va_start(args, fmt);
	need = vsnprintf(room == 0 ? NULL : b->ptr + b->len, room, fmt, args);
	va_end(args);
	if (need >= 0 && (size_t)need < room && b->len + (size_t)need < b->max) {
		b->len += (size_t)need;
		return;
	}
	if (need < 0 || (to = buf_reserve(b, (size_t)need + 1)) == NULL) {
		b->full = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(to, (size_t)need + 1, fmt, args);
	va_end(args);
	b->len += (size_t)need;
}
