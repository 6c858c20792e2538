/* cursor.c -- see cursor.h. */
#include "search/cursor.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/aead.h"

struct slice
cursor_seal(const uint8_t key[32], const struct env *env, struct slice binding, const void *bytes,
    size_t n, struct arena *arena)
{
	char *padded = arena_alloc(arena, CURSOR_BYTES);
	struct slice sealed;
	struct buf text;

	assert(n <= CURSOR_BYTES);
	memcpy(padded, bytes, n);
	sealed = aead_seal(key, env, binding, slice_make(padded, CURSOR_BYTES), arena);
	buf_init(&text, arena, 2048);
	encode_base64url(&text, sealed.ptr, sealed.len);
	return buf_slice(&text);
}

bool
cursor_open(const uint8_t key[32], struct slice binding, struct slice text, struct arena *arena,
    struct slice *plain)
{
	struct slice sealed;

	return decode_base64url(text, arena, &sealed)
	    && aead_open(key, binding, sealed, arena, plain) && plain->len == CURSOR_BYTES;
}
