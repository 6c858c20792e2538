/* store.c -- opening and closing; see store.h. */
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "crypto/aead.h"
#include "crypto/keeper.h"
#include "store/sqlite/sqlite.h"

static void
derive(struct store *s)
{
	uint8_t key[32];

	keeper_derive(s->config.keeper, SLICE("id"), key);
	s->ids = block_cipher_new(key);
	keeper_derive(s->config.keeper, SLICE("version"), key);
	s->versions = block_cipher_new(key);
	keeper_derive(s->config.keeper, SLICE("index"), key);
	memcpy(&s->index_key, key, sizeof s->index_key);
	explicit_bzero(key, sizeof key);
}

static bool
lock_directory(struct store *s, struct outcome *o)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/store.lock", s->config.path);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0 || flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return outcome_fail_at_once(o, FAULT_NO_STORE, "the store is in use by another process");
	return true;
}

/* Compartment 0 has a data key like any other. */
static bool
common_compartment(struct store *s, sqlite3 *db, struct outcome *o)
{
	uint8_t key[32], wrapped[KEEPER_WRAPPED];
	sqlite3_stmt *put;
	bool good;

	if (sqlite_data_key(s, db, 0, key))
		return true;
	if (!keeper_new_data_key(s->config.keeper, SLICE("compartment 0"), key, wrapped)
	    || sqlite3_prepare_v2(db, "INSERT INTO compartment VALUES(0,?1,NULL,0)", -1, &put, NULL)
	    != SQLITE_OK)
		return sqlite_failed(db, "compartment-0", o);
	sqlite3_bind_blob(put, 1, wrapped, sizeof wrapped, SQLITE_STATIC);
	good = sqlite3_step(put) == SQLITE_DONE;
	sqlite3_finalize(put);
	sqlite_keep_key(s, 0, key);
	return good || sqlite_failed(db, "compartment-0", o);
}

static bool
make_file(struct store *s, struct outcome *o)
{
	int fd;

	snprintf(s->path, sizeof s->path, "%s/store.db", s->config.path);
	if ((fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return outcome_fail_at_once(o, FAULT_NO_STORE, "the store cannot be opened");
	close(fd);                      /* SQLite would make it with a wider mode */
	return true;
}

/* The same tables in memory that the connections of this process share; gone with the
 * last of them.  It has no write-ahead log, so a snapshot holds up the writer. */
static bool
name_memory(struct store *s)
{
	static atomic_int count;

	s->in_memory = true;
	snprintf(s->path, sizeof s->path, "file:/firebreak-%d?vfs=memdb", atomic_fetch_add(&count, 1));
	return true;
}

static bool
open_database(struct store *s, struct outcome *o)
{
	if (!sqlite_connect(s, true, &s->sealing))
		return sqlite_failed(s->sealing, "open", o);
	return sqlite_create(s, s->sealing, o) && sqlite_load(s, s->sealing, o)
	    && common_compartment(s, s->sealing, o)
	    && sqlite_open_content(s, s->sealing, o) && sqlite_start_writer(s, o);
}

struct store *
store_open(const char *kind, const struct store_config *config, struct outcome *o)
{
	struct store *s = calloc(1, sizeof *s);
	bool named;

	if (s == NULL)
		abort();
	/* counts that nobody reads would take a lock of all threads for each allocation; only the first
	 * store of a process is in time to say so */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	s->config = *config;
	s->arena = arena_new(4096);
	s->lock_fd = -1;
	s->tail = &s->first;
	s->patient = pack_resource(config->pack, SLICE("Patient"));
	s->binary = pack_resource(config->pack, SLICE("Binary"));
	s->search_parameter = pack_resource(config->pack, SLICE("SearchParameter"));
	atomic_store(&s->healthy, true);
	pthread_mutex_init(&s->index_lock, NULL);
	pthread_rwlock_init(&s->keys_lock, NULL);
	pthread_mutex_init(&s->labels_lock, NULL);
	names_init_keyed(&s->label_numbers, s->arena, 64);
	pthread_mutex_init(&s->sealing_lock, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->writing, NULL);
	pthread_cond_init(&s->wake, NULL);
	pthread_cond_init(&s->rest, NULL);
	derive(s);
	s->standard = search_index_new(config->pack, config->limits, &s->index_key, s->arena, o);
	if (strcmp(kind, "sqlite") == 0)
		named = lock_directory(s, o) && make_file(s, o);
	else if (strcmp(kind, "memory") == 0)
		named = name_memory(s);
	else
		named = outcome_fail_at_once(o, FAULT_NO_STORE, "there is no such kind of store");
	if (named && open_database(s, o))
		return s;
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	sqlite_stop_writer(s);
	sqlite3_close(s->sealing);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	block_cipher_free(s->ids);
	block_cipher_free(s->versions);
	sqlite_forget_keys(s);
	search_index_let_go(s->index);
	search_index_let_go(s->index_before);
	pthread_mutex_destroy(&s->index_lock);
	pthread_rwlock_destroy(&s->keys_lock);
	pthread_mutex_destroy(&s->labels_lock);
	pthread_mutex_destroy(&s->sealing_lock);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->writing);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->rest);
	arena_free(s->arena);
	free(s);
}

struct siphash_key
store_index_key(const struct store *s)
{
	return s->index_key;
}

bool
store_healthy(const struct store *s)
{
	return atomic_load(&s->healthy);
}
