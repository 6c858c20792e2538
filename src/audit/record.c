/* record.c -- see record.h. */
#include "audit/record.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/siphash.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

#define VERSION 1

static const size_t fields[] = {
	offsetof(struct audit_event, request_id), offsetof(struct audit_event, principal),
	offsetof(struct audit_event, client), offsetof(struct audit_event, token_id),
	offsetof(struct audit_event, interaction), offsetof(struct audit_event, reason),
	offsetof(struct audit_event, purpose), offsetof(struct audit_event, peer),
	offsetof(struct audit_event, resource),
};

static void
put(struct buf *b, uint64_t n, int bytes)
{
	char little[8];

	for (int i = 0; i < bytes; i++)
		little[i] = (char)(n >> (8 * i));
	buf_add_bytes(b, little, (size_t)bytes);
}

static uint64_t
get(const char *p, int bytes)
{
	uint64_t n = 0;

	for (int i = bytes - 1; i >= 0; i--)
		n = n << 8 | (unsigned char)p[i];
	return n;
}

static const struct slice *
field(const struct audit_event *e, size_t i)
{
	return (const struct slice *)(const void *)((const char *)e + fields[i]);
}

static void
commit(const struct audit_keys *keys, const uint8_t salt[16], struct slice plain,
    struct arena *arena, uint8_t out[32])
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add_bytes(&b, salt, 16);
	buf_add(&b, plain);
	hmac_sha256(keys->hash, buf_slice(&b), out);
}

static uint64_t
query_hash(const struct audit_keys *keys, struct slice query)
{
	struct siphash_key key;

	memcpy(&key, keys->hash, sizeof key);
	return query.len == 0 ? 0 : siphash(&key, query);
}

static void
put_fixed(struct buf *b, const struct audit_event *e, const uint8_t salt[16],
    const uint8_t commitment[32], uint64_t hash)
{
	static const char zeros[32];

	put(b, VERSION, 1);
	buf_add_bytes(b, zeros, sizeof zeros);
	buf_add_bytes(b, e->id, sizeof e->id);
	put(b, (uint64_t)e->time, 8);
	buf_add_char(b, e->action);
	put(b, (uint64_t)e->outcome, 1);
	put(b, (uint64_t)e->status, 2);
	buf_add_bytes(b, salt, 16);
	buf_add_bytes(b, commitment, 32);
	put(b, hash, 8);
}

/* A field longer than its length word can say is cut: ids and fixed texts are short. */
static void
put_fields(struct buf *b, const struct audit_event *e)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		struct slice s = slice_sub(*field(e, i), 0, UINT16_MAX);

		put(b, s.len, 2);
		buf_add(b, s);
	}
}

bool
record_encode(const struct audit_event *e, const struct audit_keys *keys, const struct env *env,
    struct arena *arena, struct slice *record)
{
	struct slice id = slice_make(e->id, sizeof e->id), sealed;
	uint8_t salt[16], commitment[32];
	struct buf plain, b;

	buf_init(&plain, arena, RECORD_MAX);
	put(&plain, e->patient.len, 4);
	buf_add(&plain, e->patient);
	put(&plain, e->query.len, 4);
	buf_add(&plain, e->query);
	env_entropy(env, salt, sizeof salt);
	commit(keys, salt, buf_slice(&plain), arena, commitment);
	sealed = aead_seal(keys->seal, env, id, buf_slice(&plain), arena);
	buf_init(&b, arena, RECORD_MAX);
	buf_reserve(&b, RECORD_FIXED + 512 + sealed.len);
	put_fixed(&b, e, salt, commitment, query_hash(keys, e->query));
	put_fields(&b, e);
	put(&b, sealed.len, 4);
	buf_add(&b, sealed);
	*record = buf_slice(&b);
	return buf_ok(&plain) && buf_ok(&b);
}

/* Takes `width` bytes of length and as many bytes as they say. */
static bool
take(struct slice *rest, int width, struct slice *out)
{
	uint64_t n;

	if (rest->len < (size_t)width)
		return false;
	n = get(rest->ptr, width);
	*rest = slice_sub(*rest, (size_t)width, rest->len);
	if (n > rest->len)
		return false;
	*out = slice_sub(*rest, 0, n);
	*rest = slice_sub(*rest, n, rest->len);
	return true;
}

static bool
open_sealed(const struct audit_keys *keys, struct slice record, struct slice sealed,
    struct arena *arena, struct audit_event *e)
{
	uint8_t commitment[32];
	struct slice plain, rest;

	if (!aead_open(keys->seal, slice_make(e->id, sizeof e->id), sealed, arena, &plain))
		return false;
	commit(keys, (const uint8_t *)record.ptr + 61, plain, arena, commitment);
	rest = plain;
	return memcmp(commitment, record.ptr + 77, sizeof commitment) == 0
	    && take(&rest, 4, &e->patient) && take(&rest, 4, &e->query) && rest.len == 0;
}

bool
record_decode(struct slice record, const struct audit_keys *keys, struct arena *arena,
    struct audit_event *e)
{
	struct slice rest, sealed;

	*e = (struct audit_event){ .action = 0 };
	if (record.len < RECORD_FIXED || record.ptr[0] != VERSION)
		return false;
	memcpy(e->id, record.ptr + RECORD_ID, sizeof e->id);
	e->time = (int64_t)get(record.ptr + 49, 8);
	e->action = record.ptr[57];
	e->outcome = (int)get(record.ptr + 58, 1);
	e->status = (int)get(record.ptr + 59, 2);
	rest = slice_sub(record, RECORD_FIXED, record.len);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (!take(&rest, 2, (struct slice *)(void *)((char *)e + fields[i])))
			return false;
	if (!take(&rest, 4, &sealed) || rest.len != 0)
		return false;
	if (keys != NULL && !open_sealed(keys, record, sealed, arena, e))
		e->patient = e->query = SLICE_NONE;
	return true;
}
