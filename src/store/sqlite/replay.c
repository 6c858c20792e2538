/* replay.c -- outcomes of requests, by the request's key, for a day.
 *
 * Rows are keyed by the day they were written on: a look asks two days, and what is older
 * leaves a few rows at a time with each new one.  Answers are sealed under the common
 * compartment's key; they hold ids and versions, no bodies. */
#include "base/arena.h"
#include "crypto/aead.h"
#include "store/sqlite/sqlite.h"

#define DAY_MS STORE_REPLAY_MS

static bool
find(struct store_reader *r, const uint8_t key[STORE_REPLAY_KEY], int64_t day, int64_t since,
    struct slice *sealed)
{
	sqlite3_stmt *q = sqlite_statement(r,
	    SLICE("SELECT answer FROM replay WHERE day=?1 AND key=?2 AND at>=?3"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, day);
	sqlite3_bind_blob(q, 2, key, STORE_REPLAY_KEY, SQLITE_STATIC);
	sqlite3_bind_int64(q, 3, since);
	if (sqlite3_step(q) != SQLITE_ROW)
		return false;
	*sealed = slice_make(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
	return true;
}

/* Today's or yesterday's; the bytes are good until the next statement. */
static bool
find_either(struct store_reader *r, const uint8_t key[STORE_REPLAY_KEY], int64_t now,
    struct slice *sealed)
{
	return find(r, key, now / DAY_MS, now - STORE_REPLAY_MS, sealed)
	    || find(r, key, now / DAY_MS - 1, now - STORE_REPLAY_MS, sealed);
}

bool
store_replayed(struct store_reader *r, const uint8_t key[STORE_REPLAY_KEY], int64_t now,
    struct arena *arena, struct slice *answer)
{
	uint8_t data_key[32];
	struct slice sealed;
	bool good;

	if (!find_either(r, key, now, &sealed))
		return false;
	sealed = slice_dup(sealed, arena);
	good = sqlite_data_key(r->store, r->db, 0, data_key)
	    && aead_open(data_key, slice_make(key, STORE_REPLAY_KEY), sealed, arena, answer);
	explicit_bzero(data_key, sizeof data_key);
	return good;
}

bool
sqlite_replay_free(struct store_reader *w, const struct store_replay *replay)
{
	struct slice sealed;

	return !find_either(w, replay->key, replay->at, &sealed);
}

static bool
step(sqlite3_stmt *q)
{
	int code = sqlite3_step(q);

	sqlite3_reset(q);
	return code == SQLITE_DONE;
}

bool
sqlite_replay_write(struct store_reader *w, const struct store_replay *replay)
{
	sqlite3_stmt *old = sqlite_statement(w, SLICE("DELETE FROM replay WHERE (day, key) IN "
	    "(SELECT day, key FROM replay WHERE day<?1 LIMIT 8)"));
	sqlite3_stmt *put = sqlite_statement(w, SLICE("INSERT OR REPLACE INTO replay VALUES(?1,?2,?3,?4)"));

	if (old == NULL || put == NULL)
		return false;
	sqlite3_bind_int64(old, 1, replay->at / DAY_MS - 1);
	sqlite3_bind_int64(put, 1, replay->at / DAY_MS);
	sqlite3_bind_blob(put, 2, replay->key, STORE_REPLAY_KEY, SQLITE_STATIC);
	sqlite3_bind_int64(put, 3, replay->at);
	sqlite3_bind_blob(put, 4, replay->answer.ptr, (int)replay->answer.len, SQLITE_STATIC);
	return step(old) && step(put);
}

bool
sqlite_replay_seal(struct store *s, sqlite3 *db, struct store_replay *replay, struct arena *arena)
{
	uint8_t key[32];
	bool known;

	pthread_mutex_lock(&s->sealing_lock);
	known = sqlite_data_key(s, db, 0, key);
	pthread_mutex_unlock(&s->sealing_lock);
	if (known)
		replay->answer = aead_seal(key, s->config.env, slice_make(replay->key, STORE_REPLAY_KEY),
		    replay->answer, arena);
	explicit_bzero(key, sizeof key);
	return known;
}
