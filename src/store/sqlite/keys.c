/* keys.c -- data keys, sealed bodies, ids. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/outcome.h"
#include "base/plant.h"
#include "crypto/aead.h"
#include "crypto/keeper.h"
#include "store/sqlite/sqlite.h"

/* Data keys */

static struct key_slot *
slot_of(struct store *s, int64_t compartment)
{
	uint64_t h = (uint64_t)compartment * 0x9E3779B97F4A7C15u;
	size_t at = (h >> 20) & (s->key_room - 1);

	while (s->keys[at].compartment != -1 && s->keys[at].compartment != compartment)
		at = (at + 1) & (s->key_room - 1);
	return &s->keys[at];
}

static void
make_room(struct store *s, size_t room)
{
	struct key_slot *old = s->keys;
	size_t old_room = s->key_room;

	s->keys = malloc(room * sizeof *s->keys);
	if (s->keys == NULL)
		abort();
	s->key_room = room;
	for (size_t i = 0; i < room; i++)
		s->keys[i].compartment = -1;
	for (size_t i = 0; i < old_room; i++)
		if (old[i].compartment != -1)
			*slot_of(s, old[i].compartment) = old[i];
	if (old != NULL)
		explicit_bzero(old, old_room * sizeof *old);
	free(old);
}

void
sqlite_keep_key(struct store *s, int64_t compartment, const uint8_t key[32])
{
	struct key_slot *slot;

	pthread_rwlock_wrlock(&s->keys_lock);
	if (s->key_count * 2 >= s->key_room)
		make_room(s, s->key_room == 0 ? 1024 : s->key_room * 2);
	slot = slot_of(s, compartment);
	if (slot->compartment == -1) {
		slot->compartment = compartment;
		slot->patient = NULL;
		memcpy(slot->key, key, 32);
		s->key_count++;
	}
	pthread_rwlock_unlock(&s->keys_lock);
}

static bool
known_key(struct store *s, int64_t compartment, uint8_t key[32])
{
	struct key_slot *slot;
	bool found = false;

	pthread_rwlock_rdlock(&s->keys_lock);
	if (s->key_room > 0 && (slot = slot_of(s, compartment))->compartment == compartment) {
		memcpy(key, slot->key, 32);
		found = true;
	}
	pthread_rwlock_unlock(&s->keys_lock);
	return found;
}

void
sqlite_forget_keys(struct store *s)
{
	for (size_t i = 0; i < s->key_room; i++)
		if (s->keys[i].compartment != -1)
			free(s->keys[i].patient);
	if (s->keys != NULL)
		explicit_bzero(s->keys, s->key_room * sizeof *s->keys);
	free(s->keys);
}

struct slice
sqlite_known_patient(struct store *s, int64_t compartment, struct arena *arena)
{
	struct slice id = SLICE_NONE;
	struct key_slot *slot;

	pthread_rwlock_rdlock(&s->keys_lock);
	if (s->key_room > 0 && (slot = slot_of(s, compartment))->compartment == compartment
	    && slot->patient != NULL)
		id = slice_dup(slice_of(slot->patient), arena);
	pthread_rwlock_unlock(&s->keys_lock);
	return id;
}

void
store_name_patient(struct store *s, int64_t compartment, struct slice id)
{
	struct key_slot *slot;

	pthread_rwlock_wrlock(&s->keys_lock);
	if (s->key_room > 0 && (slot = slot_of(s, compartment))->compartment == compartment
	    && slot->patient == NULL && (slot->patient = strndup(id.ptr, id.len)) == NULL)
		abort();
	pthread_rwlock_unlock(&s->keys_lock);
}

static struct slice
key_context(int64_t compartment, char text[40])
{
	int n = snprintf(text, 40, "compartment %lld", (long long)compartment);

	return slice_make(text, (size_t)n);
}

bool
sqlite_data_key(struct store *s, sqlite3 *db, int64_t compartment, uint8_t key[32])
{
	sqlite3_stmt *get;
	char context[40];
	bool good = false;

	if (known_key(s, compartment, key))
		return true;
	if (sqlite3_prepare_v2(db, "SELECT wrapped FROM compartment WHERE number=?1", -1,
	    &get, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(get, 1, compartment);
	if (sqlite3_step(get) == SQLITE_ROW)
		good = keeper_unwrap(s->config.keeper, key_context(compartment, context),
		    slice_make(sqlite3_column_blob(get, 0), (size_t)sqlite3_column_bytes(get, 0)), key);
	sqlite3_finalize(get);
	if (good)
		sqlite_keep_key(s, compartment, key);
	return good;
}

static bool
new_key(struct store *s, struct store_compartment *c, struct outcome *o)
{
	uint8_t key[32];
	char context[40];

	if (!keeper_new_data_key(s->config.keeper, key_context(c->number, context), key, c->wrapped))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "no data key could be made");
	sqlite_keep_key(s, c->number, key);
	explicit_bzero(key, sizeof key);
	c->fresh = true;
	return true;
}

bool
store_compartment_new(struct store *s, struct store_compartment *c, struct outcome *o)
{
	*c = (struct store_compartment){ .number = store_new_row(s) };
	return new_key(s, c, o);
}

/* Bodies: a body opens only in the row, version and labels it was sealed for. */

static void
put(uint8_t *to, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(n >> (8 * i));
}

struct slice
sqlite_body_context(int64_t compartment, int64_t row, int64_t vid, uint32_t labels, uint8_t out[32])
{
	put(out, (uint64_t)compartment);
	put(out + 8, (uint64_t)row);
	put(out + 16, (uint64_t)vid);
	put(out + 24, labels);
	return slice_make(out, 32);
}

bool
sqlite_open_body(struct store_reader *r, struct stored *v, struct slice sealed,
    struct arena *arena, struct outcome *o)
{
	uint8_t key[32], context[32];
	bool good = sqlite_data_key(r->store, r->db, v->compartment, key)
	    && aead_open(key, sqlite_body_context(v->compartment, v->row, v->vid, v->labels, context),
	        sealed, arena, &v->body);

	explicit_bzero(key, sizeof key);
	return good || sqlite_failed(r->db, "unseal", o);
}

/* Ids */

static struct slice
block_text(const struct block_cipher *cipher, uint64_t a, uint64_t b, struct arena *arena)
{
	char *text = arena_alloc(arena, BASE32_BLOCK);
	uint8_t block[16];

	put(block, a);
	put(block + 8, b);
	block_encrypt(cipher, block);
	encode_block(block, text);
	return slice_make(text, BASE32_BLOCK);
}

struct slice
store_id(struct store *s, int64_t compartment, int64_t row, struct arena *arena)
{
	return block_text(s->ids, (uint64_t)compartment, (uint64_t)row, arena);
}

struct slice
store_version_id(struct store *s, int64_t row, int64_t vid, struct arena *arena)
{
	return block_text(s->versions, (uint64_t)row, (uint64_t)vid, arena);
}

int64_t
store_new_row(struct store *s)
{
	return atomic_fetch_add(&s->next, 1);
}

int64_t
store_new_vid(struct store *s)
{
	return atomic_fetch_add(&s->next, 1);
}

int64_t
store_stamp(struct store *s, int64_t behind)
{
	long long last = atomic_load(&s->stamp), now = env_wall(s->config.env);

	while (now > last && !atomic_compare_exchange_weak(&s->stamp, &last, now))
		;
	if (planted(86))
		return atomic_fetch_add(&s->stamp, 1) + 1;
	now = now > last ? now : last;
	return now > behind ? now : behind + 1;
}
