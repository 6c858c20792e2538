/* reindex.c -- all index rows are made again from the bodies, by the definitions of today.
 *
 * Until it is done the store names no definitions, so that nothing serves from half an index; when
 * it is broken off it is begun anew. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "store/sqlite/sqlite.h"

#define AT_ONCE 500

struct reindex {
	struct store_reader  writer;    /* a connection that writes, with statements of its own */
	struct store_reader *reader;
	struct index_resolver resolver;
	struct arena         *arena;
	struct outcome       *outcome;
	int64_t lead, type, row;        /* the last that was done */
	int64_t done;
	struct census census;
};

static bool
failed(struct reindex *r)
{
	return sqlite_failed(r->writer.db, "reindex", r->outcome);
}

static bool
step(struct reindex *r, sqlite3_stmt *s)
{
	return sqlite_run(s) || failed(r);
}

/* Before the schema is made: tables of an older form go with their rows. */
bool
sqlite_forget_index(sqlite3 *db)
{
	static const char forget[] =
	    "DROP TABLE IF EXISTS token; DROP TABLE IF EXISTS string; DROP TABLE IF EXISTS reference;"
	    "DROP TABLE IF EXISTS date; DROP TABLE IF EXISTS number; DROP TABLE IF EXISTS quantity;"
	    "DROP TABLE IF EXISTS uri; DROP TABLE IF EXISTS composite; DROP TABLE IF EXISTS contained;"
	    "DROP TABLE IF EXISTS backref; DROP TABLE IF EXISTS occurrence; DROP TABLE IF EXISTS parameter;"
	    "DROP TABLE IF EXISTS census; DROP TABLE IF EXISTS magnitude;";

	/* first, so that a break leaves no store that seems whole; fails where there is none yet */
	sqlite3_exec(db, "UPDATE meta SET value=x'' WHERE key='pack'", NULL, NULL, NULL);
	/* fails where it is there already */
	sqlite3_exec(db, "ALTER TABLE alias ADD COLUMN target INTEGER NOT NULL DEFAULT 0", NULL, NULL, NULL);
	return sqlite3_exec(db, forget, NULL, NULL, NULL) == SQLITE_OK;
}

static bool
insert(struct reindex *r, const struct store_write *w, const struct index_row *row, int64_t lead)
{
	sqlite3_stmt *s = sqlite_statement(&r->writer, slice_of(index_tables[sqlite_table_of(row)].insert));

	if (s == NULL)
		return failed(r);
	sqlite_bind_row(s, lead, row, w->row, w->labels);
	if (!step(r, s) || (!sqlite_occurs(&r->writer, row, lead, w->labels) && !failed(r))
	    || !sqlite_is_backref(w, row, lead))
		return !r->outcome->failed;
	s = sqlite_statement(&r->writer, SLICE("INSERT OR IGNORE INTO backref VALUES(?1,?2,?3,?4,?5)"));
	if (s == NULL)
		return failed(r);
	sqlite3_bind_int64(s, 1, row->a);
	sqlite3_bind_int64(s, 2, row->param);
	sqlite3_bind_int64(s, 3, lead);
	sqlite3_bind_int64(s, 4, w->row);
	sqlite3_bind_int64(s, 5, w->labels);
	return step(r, s);
}

static bool
insert_all(struct reindex *r, const struct store_write *w, int64_t lead)
{
	for (uint32_t i = 0; i < w->rows.count; i++)
		if (!insert(r, w, &w->rows.at[i], lead))
			return false;
	return true;
}

/* What a reference to a chosen id is as long as it is not there. */
static bool
name_alias(struct reindex *r, const struct stored *v)
{
	sqlite3_stmt *s = sqlite_statement(&r->writer, SLICE("UPDATE alias SET target=?1 WHERE row=?2"));
	struct buf text;

	if (s == NULL)
		return failed(r);
	buf_init(&text, r->arena, 1024);
	buf_printf(&text, "%.*s/%.*s", SLICE_FMT(v->type->name), SLICE_FMT(v->id));
	sqlite3_bind_int64(s, 1, index_foreign(&r->reader->store->index_key, buf_slice(&text)));
	sqlite3_bind_int64(s, 2, v->row);
	return step(r, s);
}

/* Of a store from before it kept what stands for Binaries. */
static bool
keep_context(struct reindex *r, const struct stored *v, const struct json *j)
{
	struct slice type, id, text = json_string(j, json_path(j, 0, "securityContext.reference"), r->arena);
	struct store_target context;
	int64_t lead;

	if (!sqlite_has_context(r->reader->store, v->type) || !index_local(&r->resolver, text, &type, &id))
		return true;
	context.type = pack_resource(r->reader->store->config.pack, type);
	return context.type == NULL || !r->resolver.find(r->resolver.ctx, type, id, &lead, &context.row)
	    || sqlite_write_context(&r->writer, v->row, &context) || failed(r);
}

static bool
one(struct reindex *r, struct stored *v, int64_t lead)
{
	struct store_write w = { .type = v->type, .compartment.number = lead, .row = v->row };
	struct json j;

	if (!sqlite_load_found(r->reader, v, r->arena, r->outcome)
	    || !json_parse(v->body, json_bounds(r->reader->store->config.limits, false), r->arena, &j,
	        r->outcome))
		return false;
	if (!json_is(&j, json_get(&j, 0, SLICE("resourceType")), v->type->name))
		return outcome_fail_at_once(r->outcome, FAULT_NO_STORE,
		    "the definitions number the resource types in another way than the store");
	w.labels = v->labels;
	return index_extract(r->reader->index, v->type, &j, 0, &r->resolver, r->arena, &w.rows, r->outcome)
	    && name_alias(r, v) && keep_context(r, v, &j)
	    && ((sqlite_count(&r->writer, &r->census, &w, NO_LABELS) && sqlite_change_magnitudes(&r->writer, &w, NO_LABELS)) || failed(r))
	    && insert_all(r, &w, lead)
	    && (v->type != r->reader->store->patient || insert_all(r, &w, DIRECTORY));
}

/* The next of them, each known by its key; `count` 0: all are done.  Patients come with their own lead. */
static bool
next_rows(struct reindex *r, struct stored *rows, int64_t *leads, uint32_t *count)
{
	sqlite3_stmt *s = sqlite_statement(r->reader, SLICE("SELECT lead, type, row, vid FROM resource WHERE "
	    "(lead,type,row)>(?1,?2,?3) AND deleted=0 ORDER BY lead, type, row LIMIT 500"));

	*count = 0;
	if (s == NULL)
		return failed(r);
	sqlite3_bind_int64(s, 1, r->lead);
	sqlite3_bind_int64(s, 2, r->type);
	sqlite3_bind_int64(s, 3, r->row);
	while (*count < AT_ONCE && sqlite3_step(s) == SQLITE_ROW) {
		leads[*count] = r->lead = sqlite3_column_int64(s, 0);
		r->type = sqlite3_column_int64(s, 1);
		r->row = sqlite3_column_int64(s, 2);
		rows[(*count)++] = (struct stored){ .vid = sqlite3_column_int64(s, 3), .row = r->row,
			.type = pack_type_at(r->reader->store->config.pack, (uint32_t)r->type) };
	}
	sqlite3_reset(s);
	return true;
}

static bool
batch(struct reindex *r, uint32_t *count)
{
	struct stored *rows = arena_array(r->arena, AT_ONCE, sizeof *rows);
	int64_t *leads = arena_array(r->arena, AT_ONCE, sizeof *leads);

	if (!next_rows(r, rows, leads, count)
	    || !step(r, sqlite_statement(&r->writer, SLICE("BEGIN IMMEDIATE"))))
		return false;
	for (uint32_t i = 0; i < *count; i++) {
		if (rows[i].type == r->reader->store->patient && leads[i] == DIRECTORY)
			continue;
		if (!one(r, &rows[i], leads[i]))
			return false;
		r->done++;
	}
	return (sqlite_write_census(&r->writer, &r->census) || failed(r))
	    && step(r, sqlite_statement(&r->writer, SLICE("COMMIT")));
}

static bool
finish(struct reindex *r)
{
	uint8_t maker[INDEX_MAKER];
	sqlite3_stmt *s = sqlite_statement(&r->writer, SLICE("UPDATE meta SET value=?1 WHERE key='pack'"));

	if (s == NULL || !step(r, sqlite_statement(&r->writer, SLICE("UPDATE parameter SET state=1"))))
		return failed(r);
	sqlite_index_maker(r->reader->store, maker);
	sqlite3_bind_blob(s, 1, maker, INDEX_MAKER, SQLITE_STATIC);
	return step(r, s);
}

static bool
run(struct reindex *r, void (*progress)(int64_t done))
{
	uint32_t count = AT_ONCE;

	while (count > 0) {
		bool good;

		if (!store_begin(r->reader, r->outcome))
			return false;
		good = batch(r, &count);
		store_end(r->reader);
		if (!good)
			return false;
		arena_reset(r->arena);
		progress(r->done);
	}
	return finish(r);
}

bool
store_reindex(struct store *s, struct slice base, void (*progress)(int64_t done), int64_t *done,
    struct outcome *o)
{
	struct reindex *r = calloc(1, sizeof *r);
	bool good;

	if (r == NULL)
		abort();
	*r = (struct reindex){ .outcome = o, .lead = -1, .arena = arena_new(1 << 20) };
	r->reader = store_reader_open(s, o);
	r->writer.store = s;
	good = r->reader != NULL && (sqlite_connect(s, true, &r->writer.db)
	    || failed(r));
	if (good) {
		r->resolver = store_resolver(r->reader, base);
		good = run(r, progress);
	}
	*done = r->done;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(r->writer.cache[i].statement);
	sqlite3_close(r->writer.db);
	store_reader_close(r->reader);
	arena_free(r->arena);
	free(r);
	return good;
}
