/* schema.c -- connections and tables. */
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/log.h"
#include "base/outcome.h"
#include "store/sqlite/sqlite.h"

#define FORMAT 1

bool
sqlite_failed(sqlite3 *db, const char *step, struct outcome *o)
{
	log_event(LOG_ERROR, "store-error", "step=%s code=%d", step, sqlite3_extended_errcode(db));
	return outcome_fail_at_once(o, FAULT_NO_STORE, "");
}

bool
sqlite_is_noted(sqlite3 *db, const char *key)
{
	sqlite3_stmt *q;
	bool noted = sqlite3_prepare_v2(db, "SELECT 1 FROM meta WHERE key=?1", -1, &q, NULL) == SQLITE_OK
	    && sqlite3_bind_text(q, 1, key, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW;

	sqlite3_finalize(q);
	return noted;
}

static bool
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool
sqlite_connect(struct store *s, bool writing, sqlite3 **db)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;

	if (sqlite3_open_v2(s->path, db, flags, NULL) != SQLITE_OK
	    || sqlite3_create_function(*db, "visible", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, s, sqlite_visible,
	        NULL, NULL) != SQLITE_OK)
		return false;
	sqlite3_busy_timeout(*db, 10000);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return run(*db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"
	        "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = OFF;"
	        "PRAGMA temp_store = MEMORY;")
	    && run(*db, s->config.no_sync ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL")
	    && run(*db, writing ? "PRAGMA cache_size = -65536" : "PRAGMA cache_size = -32768")
	    && (writing || run(*db, "PRAGMA query_only = ON"));
}

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS compartment(number INTEGER PRIMARY KEY, wrapped BLOB NOT NULL,"
    "  members BLOB, level INTEGER NOT NULL DEFAULT 3) STRICT;"
    "CREATE TABLE IF NOT EXISTS member(member INTEGER NOT NULL, number INTEGER NOT NULL,"
    "  PRIMARY KEY(member, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS labelset(number INTEGER PRIMARY KEY, level INTEGER NOT NULL,"
    "  codings BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS version(vid INTEGER PRIMARY KEY, row INTEGER NOT NULL,"
    "  previous INTEGER NOT NULL, compartment INTEGER NOT NULL, type INTEGER NOT NULL,"
    "  labels INTEGER NOT NULL, updated INTEGER NOT NULL, method INTEGER NOT NULL,"
    "  body BLOB) STRICT;"
    "CREATE TABLE IF NOT EXISTS resource(lead INTEGER NOT NULL, type INTEGER NOT NULL,"
    "  row INTEGER NOT NULL, vid INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  updated INTEGER NOT NULL, deleted INTEGER NOT NULL, PRIMARY KEY(lead, type, row))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS alias(type INTEGER NOT NULL, hash INTEGER NOT NULL,"
    "  compartment INTEGER NOT NULL, row INTEGER NOT NULL, target INTEGER NOT NULL,"
    "  PRIMARY KEY(type, hash)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS alias_target ON alias(target);"
    "CREATE INDEX IF NOT EXISTS alias_row ON alias(row);"
    "CREATE TABLE IF NOT EXISTS content(vid INTEGER PRIMARY KEY, compartment INTEGER NOT NULL,"
    "  file BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS content_file ON content(file);"
    "CREATE TABLE IF NOT EXISTS quarantine(row INTEGER PRIMARY KEY, vid INTEGER NOT NULL,"
    "  compartment INTEGER NOT NULL, type INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  since INTEGER NOT NULL, infected INTEGER NOT NULL, signature TEXT NOT NULL,"
    "  sha256 TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE IF NOT EXISTS context(row INTEGER PRIMARY KEY, type INTEGER NOT NULL, of INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS outbox(seq INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS change(lead INTEGER NOT NULL, level INTEGER NOT NULL,"
    "  type INTEGER NOT NULL, updated INTEGER NOT NULL, vid INTEGER NOT NULL, until INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, level, type, updated, vid)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS census(type INTEGER NOT NULL, level INTEGER NOT NULL, shape INTEGER NOT NULL,"
    "  lead INTEGER NOT NULL, labels INTEGER NOT NULL, n INTEGER NOT NULL,"
    "  PRIMARY KEY(type, level, shape, lead, labels)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS replay(day INTEGER NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL,"
    "  answer BLOB NOT NULL, PRIMARY KEY(day, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS token(lead INTEGER NOT NULL, param INTEGER NOT NULL, a INTEGER NOT NULL,"
    "  b INTEGER NOT NULL, row INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, a, b, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS string(lead INTEGER NOT NULL, param INTEGER NOT NULL, text TEXT NOT NULL,"
    "  a INTEGER NOT NULL, row INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, text, a, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS reference(lead INTEGER NOT NULL, param INTEGER NOT NULL,"
    "  b INTEGER NOT NULL, a INTEGER NOT NULL, row INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, b, a, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS backref(target INTEGER NOT NULL, param INTEGER NOT NULL,"
    "  lead INTEGER NOT NULL, row INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(param, target, lead, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS occurrence(param INTEGER NOT NULL, level INTEGER NOT NULL, a INTEGER NOT NULL,"
    "  lead INTEGER NOT NULL, labels INTEGER NOT NULL, PRIMARY KEY(param, level, a, lead, labels))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS magnitude(type INTEGER NOT NULL, key INTEGER NOT NULL, side INTEGER NOT NULL,"
    "  level INTEGER NOT NULL, params INTEGER NOT NULL, at INTEGER NOT NULL, lead INTEGER NOT NULL, row INTEGER NOT NULL,"
    "  before INTEGER, labels INTEGER NOT NULL, PRIMARY KEY(type, key, side, level, params, at, lead, row))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS composite(lead INTEGER NOT NULL, param INTEGER NOT NULL,"
    "  part INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL,"
    "  text TEXT NOT NULL, row INTEGER NOT NULL, grp INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, part, a, b, x, y, text, row, grp)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS contained(lead INTEGER NOT NULL, param INTEGER NOT NULL,"
    "  a INTEGER NOT NULL, row INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS date(lead INTEGER NOT NULL, param INTEGER NOT NULL, a INTEGER NOT NULL,"
    "  b INTEGER NOT NULL, row INTEGER NOT NULL, span INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, a, b, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS number(lead INTEGER NOT NULL, param INTEGER NOT NULL, x REAL NOT NULL,"
    "  y REAL NOT NULL, row INTEGER NOT NULL, labels INTEGER NOT NULL,"
    "  PRIMARY KEY(lead, param, x, y, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS quantity(lead INTEGER NOT NULL, param INTEGER NOT NULL, x REAL NOT NULL,"
    "  y REAL NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, row INTEGER NOT NULL,"
    "  labels INTEGER NOT NULL, PRIMARY KEY(lead, param, x, y, a, b, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS uri(lead INTEGER NOT NULL, param INTEGER NOT NULL, text TEXT NOT NULL,"
    "  row INTEGER NOT NULL, labels INTEGER NOT NULL, PRIMARY KEY(lead, param, text, row))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS parameter(number INTEGER PRIMARY KEY, print BLOB NOT NULL,"
    "  state INTEGER NOT NULL, lead INTEGER NOT NULL, type INTEGER NOT NULL, row INTEGER NOT NULL,"
    "  done INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS generation(one INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;"
    "INSERT OR IGNORE INTO labelset VALUES(0, 3, x'');";

/* What callers without a compartment go by from lead to lead: see streams.c.  Rows of an exact width are in one
 * order by both ends. */
static const char orders[] =
    "CREATE INDEX IF NOT EXISTS date_first ON date(param, labels, span, a, lead, row);"
    "CREATE INDEX IF NOT EXISTS date_last ON date(param, labels, span, b DESC, lead, row)"
    "  WHERE span>1;";
_Static_assert(SPAN_SECOND == 1, "as the index has it, and statements by it");

#define INDEX(name, columns, places, match) \
	{ #name, columns, \
	  "INSERT OR IGNORE INTO " #name " VALUES(?1,?2," places ")", \
	  "DELETE FROM " #name " WHERE lead=?1 AND param=?2 AND " match }

const struct index_table index_tables[SEARCH_SPECIAL + 1] = {
	[SEARCH_NUMBER]    = INDEX(number,    "xyr",     "?3,?4,?5,?6",       "x=?3 AND y=?4 AND row=?5"),
	[SEARCH_DATE]      = INDEX(date,      "abrs",    "?3,?4,?5,?6,?7",    "a=?3 AND b=?4 AND row=?5"),
	[SEARCH_STRING]    = INDEX(string,    "tar",     "?3,?4,?5,?6",       "text=?3 AND a=?4 AND row=?5"),
	[SEARCH_TOKEN]     = INDEX(token,     "abr",     "?3,?4,?5,?6",       "a=?3 AND b=?4 AND row=?5"),
	[SEARCH_REFERENCE] = INDEX(reference, "bar",     "?3,?4,?5,?6",       "b=?3 AND a=?4 AND row=?5"),
	[SEARCH_QUANTITY]  = INDEX(quantity,  "xyabr",   "?3,?4,?5,?6,?7,?8",
	    "x=?3 AND y=?4 AND a=?5 AND b=?6 AND row=?7"),
	[SEARCH_URI]       = INDEX(uri,       "tr",      "?3,?4,?5",          "text=?3 AND row=?4"),
	[SEARCH_COMPOSITE] = INDEX(composite, "pabxytrg", "?3,?4,?5,?6,?7,?8,?9,?10,?11",
	    "part=?3 AND a=?4 AND b=?5 AND x=?6 AND y=?7 AND text=?8 AND row=?9 AND grp=?10"),
	[SEARCH_SPECIAL]   = INDEX(contained, "ar",      "?3,?4,?5",          "a=?3 AND row=?4"),
};

enum search_kind
sqlite_table_of(const struct index_row *r)
{
	return r->part > 0 ? SEARCH_COMPOSITE : (enum search_kind)r->kind;
}

/* A contained resource is known by its row number; it is where its holder is. */
static void
bind_column(sqlite3_stmt *s, int at, char column, int64_t lead, const struct index_row *r,
    int64_t row)
{
	bool within = r->kind == SEARCH_REFERENCE && r->b == INDEX_WITHIN;

	switch (column) {
	case 'a': sqlite3_bind_int64(s, at, within ? index_contained(row, (uint32_t)r->a) : r->a); break;
	case 'b': sqlite3_bind_int64(s, at, within ? lead : r->b); break;
	case 'x': sqlite3_bind_double(s, at, r->x); break;
	case 'y': sqlite3_bind_double(s, at, r->y); break;
	case 'p': sqlite3_bind_int(s, at, r->part); break;
	case 'g': sqlite3_bind_int(s, at, r->group); break;
	case 's': sqlite3_bind_int(s, at, r->span); break;
	case 'r': sqlite3_bind_int64(s, at, index_contained(row, r->contained)); break;
	case 't':
		sqlite3_bind_text(s, at, r->text.len == 0 ? "" : r->text.ptr, (int)r->text.len,
		    SQLITE_STATIC);
		break;
	}
}

void
sqlite_bind_row(sqlite3_stmt *s, int64_t lead, const struct index_row *r, int64_t row,
    uint32_t labels)
{
	int at = 3;

	sqlite3_bind_int64(s, 1, lead);
	sqlite3_bind_int64(s, 2, r->param);
	for (const char *c = index_tables[sqlite_table_of(r)].columns; *c != '\0'; c++)
		bind_column(s, at++, *c, lead, r, row);
	if (labels != NO_LABELS)
		sqlite3_bind_int64(s, at, labels);
}

void
sqlite_index_maker(const struct store *s, uint8_t out[INDEX_MAKER])
{
	struct slice hash = pack_hash(s->config.pack);

	assert(hash.len == INDEX_MAKER - 1);
	memcpy(out, hash.ptr, hash.len);
	out[INDEX_MAKER - 1] = INDEX_RULES;
}

/* What made the index rows must be what reads them. */
static bool
same_pack(struct store *s, sqlite3 *db, struct outcome *o)
{
	sqlite3_stmt *get = NULL, *put = NULL;
	uint8_t maker[INDEX_MAKER];
	bool good = false;

	sqlite_index_maker(s, maker);
	if (sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key='pack'", -1, &get, NULL) != SQLITE_OK
	    || sqlite3_prepare_v2(db, "INSERT INTO meta VALUES('pack',?1)", -1, &put, NULL) != SQLITE_OK) {
		sqlite3_finalize(get);
		return sqlite_failed(db, "meta", o);
	}
	if (sqlite3_step(get) == SQLITE_ROW) {
		good = s->config.reindex || slice_eq(slice_make(maker, INDEX_MAKER), slice_make(sqlite3_column_blob(get, 0),
		    (size_t)sqlite3_column_bytes(get, 0)));
	} else {
		sqlite3_bind_blob(put, 1, maker, INDEX_MAKER, SQLITE_STATIC);
		good = sqlite3_step(put) == SQLITE_DONE;
	}
	sqlite3_finalize(get);
	sqlite3_finalize(put);
	return good || outcome_fail_at_once(o, FAULT_NO_STORE,
	    "the store was indexed with other definitions than this pack: firebreak reindex");
}

/* A store of before has sets of patients whatever the level. */
static bool
widen_compartments(sqlite3 *db)
{
	sqlite3_stmt *q = NULL;
	bool wide = sqlite3_prepare_v2(db, "SELECT level FROM compartment", -1, &q, NULL) == SQLITE_OK;

	sqlite3_finalize(q);
	return wide || run(db, "ALTER TABLE compartment ADD COLUMN level INTEGER NOT NULL DEFAULT 3");
}

bool
sqlite_create(struct store *s, sqlite3 *db, struct outcome *o)
{
	if (s->config.reindex && !sqlite_forget_index(db))
		return sqlite_failed(db, "forget", o);
	return (run(db, schema) || sqlite_failed(db, "schema", o)) && same_pack(s, db, o)
	    && (run(db, orders) || sqlite_failed(db, "orders", o))
	    && (widen_compartments(db) || sqlite_failed(db, "compartments", o))
	    && (sqlite_widen_quarantine(db) || sqlite_failed(db, "quarantine", o))
	    && (sqlite_fill_changes(db) || sqlite_failed(db, "changes", o));
}

static int64_t
one_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static bool
load_labels(struct store *s, sqlite3 *db, struct outcome *o)
{
	bool good = true;
	sqlite3_stmt *get;
	int step;

	if (sqlite3_prepare_v2(db, "SELECT level, codings FROM labelset ORDER BY number", -1, &get, NULL)
	    != SQLITE_OK)
		return sqlite_failed(db, "labels", o);
	while ((step = sqlite3_step(get)) == SQLITE_ROW && good)
		good = sqlite_add_label_set(s, sqlite3_column_int(get, 0), slice_dup(slice_make(
		    sqlite3_column_blob(get, 1), (size_t)sqlite3_column_bytes(get, 1)), s->arena));
	sqlite3_finalize(get);
	return (good && step == SQLITE_DONE) || sqlite_failed(db, "labels", o);
}

/* A version's number is taken after its row's and its compartment's: the
 * greatest vid is the greatest of all, but for compartments without a version. */
bool
sqlite_load(struct store *s, sqlite3 *db, struct outcome *o)
{
	int64_t vid = one_number(db, "SELECT max(vid) FROM version");
	int64_t number = one_number(db, "SELECT max(number) FROM compartment");

	atomic_store(&s->next, (vid > number ? vid : number) + 1);
	atomic_store(&s->stamp, one_number(db, "SELECT max(updated) FROM (SELECT updated FROM version "
	    "ORDER BY vid DESC LIMIT 10000)"));
	return load_labels(s, db, o);
}
