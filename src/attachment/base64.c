/* base64.c -- see base64.h. */
#include "attachment/base64.h"

#include "base/arena.h"
#include "base/encode.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t
base64_most(size_t text_len)
{
	return text_len / 4 * 3;
}

/* The text without white space; false where it stands inside a group. */
static bool
join(struct slice text, struct arena *arena, struct slice *joined)
{
	char *to = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		if (!is_space(text.ptr[i]))
			to[n++] = text.ptr[i];
		else if (n % 4 != 0)
			return false;
	*joined = slice_make(to, n);
	return true;
}

bool
base64_decode(struct slice text, struct arena *arena, struct slice *out)
{
	bool spaced = false;

	for (size_t i = 0; !spaced && i < text.len; i++)
		spaced = is_space(text.ptr[i]);
	return (!spaced || join(text, arena, &text)) && decode_base64(text, arena, out);
}
