/* slice.c -- see slice.h. */
#include "base/slice.h"

#include "base/arena.h"

int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

struct slice
slice_cut(struct slice *rest, char sep)
{
	size_t at = slice_find(*rest, sep);
	struct slice piece = slice_make(rest->ptr, at);

	*rest = at < rest->len
	    ? slice_make(rest->ptr + at + 1, rest->len - at - 1)
	    : SLICE_NONE;
	return piece;
}

struct slice
slice_after_last(struct slice s, char sep)
{
	size_t at = s.len;

	while (at > 0 && s.ptr[at - 1] != sep)
		at--;
	return slice_sub(s, at, s.len);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

char *
slice_cstr(struct slice s, struct arena *arena)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

struct slice
slice_dup(struct slice s, struct arena *arena)
{
	return slice_make(slice_cstr(s, arena), s.len);
}

bool
slice_uint(struct slice s, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(n, 10u, &n)
		    || __builtin_add_overflow(n, (uint64_t)(s.ptr[i] - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}
