/* note.c -- see note.h.  Formats: C2SP signed-note and tlog-checkpoint. */
#include "audit/note.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "crypto/keeper.h"

#define DASH      "\xE2\x80\x94 "
#define ED25519   1
#define SIGNATURE (4 + 64)

/* signed-note: SHA-256(name | newline | algorithm | public key), first four bytes. */
static void
key_id(struct slice name, const uint8_t public_key[32], uint8_t id[4])
{
	uint8_t hash[SHA256_BYTES];
	const uint8_t algorithm = ED25519;
	struct slice parts[] = { name, SLICE("\n"), slice_make(&algorithm, 1),
		slice_make(public_key, 32) };

	sha256(parts, 4, hash);
	memcpy(id, hash, 4);
}

bool
note_write(struct keeper *k, const struct checkpoint *c, struct arena *arena, struct slice *text)
{
	uint8_t public_key[32], blob[SIGNATURE];
	size_t body;
	struct buf b;

	buf_init(&b, arena, 4096);
	buf_add(&b, c->origin);
	buf_add_char(&b, '\n');
	buf_add_uint(&b, c->size);
	buf_add_char(&b, '\n');
	encode_base64(&b, c->root, sizeof c->root);
	buf_add_char(&b, '\n');
	body = b.len;
	keeper_checkpoint_key(k, public_key);
	key_id(c->origin, public_key, blob);
	if (!keeper_sign_checkpoint(k, c->origin, slice_make(b.ptr, body), blob + 4))
		return false;
	buf_add_cstr(&b, "\n" DASH);
	buf_add(&b, c->origin);
	buf_add_char(&b, ' ');
	encode_base64(&b, blob, sizeof blob);
	buf_add_char(&b, '\n');
	*text = buf_slice(&b);
	return buf_ok(&b);
}

static bool
read_body(struct slice body, struct arena *arena, struct checkpoint *c)
{
	struct slice rest = body, size, root, bytes;

	c->origin = slice_cut(&rest, '\n');
	size = slice_cut(&rest, '\n');
	root = slice_cut(&rest, '\n');
	if (c->origin.len == 0 || rest.len != 0 || !slice_uint(size, &c->size)
	    || !decode_base64(root, arena, &bytes) || bytes.len != sizeof c->root)
		return false;
	memcpy(c->root, bytes.ptr, sizeof c->root);
	return true;
}

static bool
signed_by(struct slice line, struct slice body, struct slice origin,
    const uint8_t public_key[32], struct arena *arena)
{
	struct slice rest = line, blob;
	uint8_t id[4];

	if (!slice_starts(rest, SLICE(DASH)))
		return false;
	rest = slice_sub(rest, sizeof DASH - 1, rest.len);
	if (!slice_eq(slice_cut(&rest, ' '), origin) || !decode_base64(rest, arena, &blob)
	    || blob.len != SIGNATURE)
		return false;
	key_id(origin, public_key, id);
	return memcmp(id, blob.ptr, sizeof id) == 0
	    && checkpoint_verify(public_key, body, (const uint8_t *)blob.ptr + 4);
}

bool
note_read(struct slice text, const uint8_t public_key[32], struct arena *arena,
    struct checkpoint *c)
{
	const char *gap = text.len == 0 ? NULL : memmem(text.ptr, text.len, "\n\n", 2);
	struct slice body, lines;

	if (gap == NULL)
		return false;
	body = slice_make(text.ptr, (size_t)(gap - text.ptr) + 1);
	lines = slice_sub(text, body.len + 1, text.len);
	if (!read_body(body, arena, c))
		return false;
	while (lines.len > 0)
		if (signed_by(slice_cut(&lines, '\n'), body, c->origin, public_key, arena))
			return true;
	return false;
}
