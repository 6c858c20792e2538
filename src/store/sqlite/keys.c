/* keys.c -- data keys, sealed bodies, ids, label sets. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
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

/* Label sets */

static const char confidentiality[] = "ULMNRV";

static int
level_of(const struct json *j, uint32_t coding)
{
	struct slice code = json_raw(j, json_get(j, coding, SLICE("code")));

	if (!json_is(j, json_get(j, coding, SLICE("system")),
	    SLICE("http://terminology.hl7.org/CodeSystem/v3-Confidentiality")))
		return -1;
	for (int i = 0; confidentiality[i] != '\0'; i++)
		if (code.len == 1 && code.ptr[0] == confidentiality[i])
			return i;
	return 5;                       /* a code we do not know: as closed as can be */
}

static int
by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* "system|code" lines in order: the same set has the same text. */
static struct slice
set_text(const struct json *j, uint32_t security, struct arena *arena, int *level)
{
	uint32_t count = json_size(j, security), n = 0;
	struct slice *lines = arena_array(arena, count + 1, sizeof *lines);
	struct buf b;

	*level = -1;
	for (uint32_t c = json_first(j, security); c != 0; c = json_next(j, security, c)) {
		int one = level_of(j, c);

		*level = one > *level ? one : *level;
		buf_init(&b, arena, SIZE_MAX);
		buf_printf(&b, "%.*s|%.*s\n", SLICE_FMT(json_raw(j, json_get(j, c, SLICE("system")))),
		    SLICE_FMT(json_raw(j, json_get(j, c, SLICE("code")))));
		lines[n++] = buf_slice(&b);
	}
	if (*level < 0)
		*level = DEFAULT_LEVEL;
	qsort(lines, n, sizeof *lines, by_text);
	buf_init(&b, arena, SIZE_MAX);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || !slice_eq(lines[i - 1], lines[i]))
			buf_add(&b, lines[i]);
	return buf_slice(&b);
}

/* Blocks 0, 1, 2 begin with the numbers 0, 64, 192. */
static struct label_set *
label_slot(const struct store *s, uint32_t number, uint32_t *block)
{
	*block = 31 - (uint32_t)__builtin_clz(number / LABEL_FIRST + 1);
	return *block >= LABEL_BLOCKS || s->label_blocks[*block] == NULL ? NULL
	    : &s->label_blocks[*block][number - LABEL_FIRST * ((1u << *block) - 1)];
}

const struct label_set *
sqlite_label_set(const struct store *s, uint32_t labels)
{
	uint32_t block;

	return labels < atomic_load(&s->label_count) ? label_slot(s, labels, &block) : NULL;
}

struct slice
sqlite_codings(const struct store *s, uint32_t labels)
{
	const struct label_set *set = sqlite_label_set(s, labels);

	return set == NULL ? SLICE_NONE : set->codings;
}

/* One after the other, under the lock. */
bool
sqlite_add_label_set(struct store *s, int level, struct slice codings)
{
	uint32_t number = atomic_load(&s->label_count), block;
	struct label_set *at = label_slot(s, number, &block);

	if (block >= LABEL_BLOCKS)
		return false;
	if (at == NULL) {
		s->label_blocks[block] = arena_array(s->arena, LABEL_FIRST << block, sizeof *at);
		at = label_slot(s, number, &block);
	}
	*at = (struct label_set){ level, codings };
	atomic_fetch_or(&s->levels, 1u << level);
	atomic_store(&s->label_count, number + 1);
	return true;
}

/* Interned at once and for good, on a connection of its own: rare. */
static bool
intern(struct store *s, struct slice codings, int level, struct outcome *o)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *put_set = NULL;
	bool good = sqlite_connect(s, true, &db)
	    && sqlite3_prepare_v2(db, "INSERT INTO labelset VALUES(?1,?2,?3)", -1, &put_set, NULL) == SQLITE_OK;

	if (good) {
		sqlite3_bind_int64(put_set, 1, atomic_load(&s->label_count));
		sqlite3_bind_int(put_set, 2, level);
		sqlite3_bind_blob(put_set, 3, codings.ptr, (int)codings.len, SQLITE_STATIC);
		good = sqlite3_step(put_set) == SQLITE_DONE
		    && sqlite_add_label_set(s, level, slice_dup(codings, s->arena));
	}
	if (!good)
		sqlite_failed(db, "labels", o);
	sqlite3_finalize(put_set);
	sqlite3_close(db);
	return good;
}

bool
sqlite_intern(struct store *s, struct slice codings, int level, uint32_t *number, struct outcome *o)
{
	const struct label_set *set;
	bool good = true;

	pthread_mutex_lock(&s->labels_lock);
	for (*number = 0; (set = sqlite_label_set(s, *number)) != NULL; ++*number)
		if (slice_eq(set->codings, codings))
			break;
	if (set == NULL)
		good = intern(s, codings, level, o);
	pthread_mutex_unlock(&s->labels_lock);
	return good;
}

bool
store_labels(struct store *s, const struct json *j, uint32_t security, uint32_t *labels,
    int *level, struct outcome *o)
{
	struct slice codings;

	*labels = 0;
	*level = DEFAULT_LEVEL;
	if (security == 0 || json_type(j, security) != JSON_ARRAY)
		return true;
	codings = set_text(j, security, o->arena, level);
	return sqlite_intern(s, codings, *level, labels, o);
}

int
sqlite_level(const struct store *s, uint32_t labels)
{
	const struct label_set *set = sqlite_label_set(s, labels);

	return set == NULL ? 5 : set->level;
}

bool
sqlite_next_level(const struct store *s, int clearance, int *level)
{
	unsigned levels = atomic_load(&s->levels);

	while (*level <= clearance && (levels >> *level & 1) == 0)
		++*level;
	return *level <= clearance;
}

void
sqlite_visible(sqlite3_context *c, int count UNUSED, sqlite3_value **values)
{
	const struct label_set *set = sqlite_label_set(sqlite3_user_data(c),
	    (uint32_t)sqlite3_value_int64(values[0]));

	sqlite3_result_int(c, set != NULL && set->level <= sqlite3_value_int(values[1]));
}

int
store_level(const struct store *s, uint32_t labels)
{
	int level = sqlite_level(s, labels);

	return level_is_orphan(level) ? level - ORPHAN_LEVEL : level;
}
