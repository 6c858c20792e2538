/* reader.c -- one thread's connection, its prepared statements and snapshot. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "store/sqlite/sqlite.h"

static const struct siphash_key statement_key = { 1, 2 };

/* Most texts are literals: where one was last time says where its statement is. */
static size_t
hint_of(struct slice sql)
{
	return ((uintptr_t)sql.ptr >> 3 ^ sql.len) % HINTS;
}

static bool
is_of(const struct store_reader *r, size_t at, struct slice sql)
{
	return r->cache[at].statement != NULL && r->cache[at].length == sql.len
	    && memcmp(sqlite3_sql(r->cache[at].statement), sql.ptr, sql.len) == 0;
}

static bool
make(struct store_reader *r, size_t at, struct slice sql)
{
	sqlite3_finalize(r->cache[at].statement);
	r->cache[at].statement = NULL;
	r->cache[at].length = sql.len;
	return sqlite3_prepare_v3(r->db, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT,
	    &r->cache[at].statement, NULL) == SQLITE_OK;
}

/* SQL texts come from shapes of queries, not from values, so there are few; two
 * that meet in a slot displace each other. */
sqlite3_stmt *
sqlite_statement(struct store_reader *r, struct slice sql)
{
	uint16_t *hint = &r->hints[hint_of(sql)];

	if (!is_of(r, *hint, sql)) {
		*hint = siphash(&statement_key, sql) % STATEMENTS;
		if (!is_of(r, *hint, sql) && !make(r, *hint, sql))
			return NULL;
	}
	sqlite3_reset(r->cache[*hint].statement);
	return r->cache[*hint].statement;
}

bool
sqlite_run(sqlite3_stmt *s)
{
	int code = s == NULL ? SQLITE_ERROR : sqlite3_step(s);

	if (s != NULL)
		sqlite3_reset(s);
	return code == SQLITE_DONE || code == SQLITE_ROW;
}

static bool
explain(struct store_reader *r, const char *sql, void (*each)(void *ctx, const char *sql,
    const char *line), void *ctx)
{
	char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *s = NULL;
	bool good = text != NULL && sqlite3_prepare_v2(r->db, text, -1, &s, NULL) == SQLITE_OK;

	while (good && sqlite3_step(s) == SQLITE_ROW)
		each(ctx, sql, (const char *)sqlite3_column_text(s, 3));
	sqlite3_finalize(s);
	sqlite3_free(text);
	return good;
}

bool
store_plans(struct store_reader *r, void (*each)(void *ctx, const char *sql, const char *line),
    void *ctx)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (r->cache[i].statement != NULL
		    && !explain(r, sqlite3_sql(r->cache[i].statement), each, ctx))
			return false;
	return true;
}

struct store_reader *
store_reader_open(struct store *s, struct outcome *o)
{
	struct store_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	r->store = s;
	if (sqlite_connect(s, false, &r->db)
	    && sqlite3_prepare_v2(r->db, "BEGIN", -1, &r->begin, NULL) == SQLITE_OK
	    && sqlite3_prepare_v2(r->db, "COMMIT", -1, &r->end, NULL) == SQLITE_OK)
		return r;
	sqlite_failed(r->db, "open-reader", o);
	store_reader_close(r);
	return NULL;
}

void
store_reader_close(struct store_reader *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(r->cache[i].statement);
	arena_free(r->scratch);
	arena_free(r->text);
	sqlite3_finalize(r->begin);
	sqlite3_finalize(r->end);
	sqlite3_close(r->db);
	search_index_let_go(r->index);
	free(r);
}

static void
let_go(struct store_reader *r)
{
	sqlite3_reset(r->end);
	sqlite3_step(r->end);
	r->open = false;
}

void
store_release(struct store_reader *r)
{
	if (r->lazy && r->open)
		let_go(r);
}

/* The first read makes the snapshot; in memory it locks the writer out, so that it is not made before it is
 * needed. */
bool
sqlite_find_index(struct store_reader *r)
{
	int64_t generation = sqlite_generation(r);
	struct search_index *index;

	if (r->index != NULL && search_index_generation(r->index) == generation)
		return true;
	index = sqlite_index_of(r->store, generation);
	if (index == NULL)
		return false;
	search_index_let_go(r->index);
	r->index = index;
	return true;
}

struct search_index *
store_index(const struct store_reader *r)
{
	return r->index;
}

#define ATTEMPTS 100

bool
store_begin(struct store_reader *r, struct outcome *o)
{
	if (r->epoch != atomic_load(&r->store->epoch))
		store_release(r);
	if (r->open)
		return true;
	r->epoch = atomic_load(&r->store->epoch);
	r->seen = atomic_load(&r->store->committed);    /* before the snapshot: it has these at least */
	for (int i = 0; i < ATTEMPTS; i++) {
		bool before = r->store->in_memory && sqlite_find_index(r);

		sqlite3_reset(r->begin);
		if (sqlite3_step(r->begin) != SQLITE_DONE)
			break;
		if (before || sqlite_find_index(r))
			return r->open = true;
		let_go(r);              /* two generations came in between */
	}
	return sqlite_failed(r->db, "begin", o);
}

int64_t
store_seen(const struct store_reader *r)
{
	return r->seen;
}

void
sqlite_rest(struct store_reader *r)
{
	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(r->db, s)) != NULL;)
		if (sqlite3_stmt_busy(s))
			sqlite3_reset(s);
}

bool
store_overdue(const struct store_reader *r)
{
	return r->until != 0 && env_monotonic(r->store->config.env) >= r->until;
}

void
store_end(struct store_reader *r)
{
	if (!r->open)
		return;
	sqlite_rest(r);
	if (!r->lazy)
		let_go(r);
}

void
store_reader_lazy(struct store_reader *r)
{
	r->lazy = !r->store->in_memory;
}
