/* quarantine.c -- resources that nobody may see until someone has judged their content.
 *
 * A resource in quarantine carries a label set of its own: the same codings at
 * QUARANTINE_LEVEL, above every clearance but a security officer's.  So the row gate, which every query
 * has, hides it, and nothing else needs to know.  The labels that it came with wait in the
 * table, with what was found.  It leaves as a new version with those labels, or is destroyed:
 * a tombstone that stays hidden, with the bodies and contents before it gone. */
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

bool
sqlite_quarantine_labels(struct store *s, uint32_t *labels, struct arena *arena, struct outcome *o)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add(&b, SLICE("quarantine\n"));
	buf_add(&b, sqlite_codings(s, *labels));
	return sqlite_intern(s, buf_slice(&b), planted(70) ? DEFAULT_LEVEL : QUARANTINE_LEVEL, labels, o);
}

bool
sqlite_widen_quarantine(sqlite3 *db)
{
	sqlite3_stmt *q = NULL;
	bool wide = sqlite3_prepare_v2(db, "SELECT sha256 FROM quarantine", -1, &q, NULL) == SQLITE_OK;

	sqlite3_finalize(q);
	return wide || sqlite3_exec(db, "ALTER TABLE quarantine ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''",
	    NULL, NULL, NULL) == SQLITE_OK;
}

/* Writing, in the writer's transaction */

static void
bind_text(sqlite3_stmt *q, int at, struct slice text)
{
	sqlite3_bind_text(q, at, text.len == 0 ? "" : text.ptr, (int)text.len, SQLITE_STATIC);
}

static bool
enter(struct store_reader *w, const struct store_write *v)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("INSERT OR REPLACE INTO quarantine "
	    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->row);
	sqlite3_bind_int64(q, 2, v->vid);
	sqlite3_bind_int64(q, 3, v->compartment.number);
	sqlite3_bind_int64(q, 4, v->type->number);
	sqlite3_bind_int64(q, 5, v->own_labels);
	sqlite3_bind_int64(q, 6, v->updated);
	sqlite3_bind_int(q, 7, v->quarantine->infected);
	sqlite3_bind_text(q, 8, v->quarantine->signature, -1, SQLITE_STATIC);
	bind_text(q, 9, v->quarantine->sha256);
	return sqlite_run(q);
}

static bool
leave(struct store_reader *w, const struct store_write *v)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("DELETE FROM quarantine WHERE row=?1"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->row);
	return sqlite_run(q);
}

/* The file goes when the transaction is durable, or with the sweep of the next start. */
static bool
purge_content(struct store_reader *w, int64_t vid)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("SELECT file FROM content WHERE vid=?1"));
	struct store *s = w->store;

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, vid);
	if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_bytes(q, 0) == STORE_CONTENT_NAME) {
		s->purged = realloc(s->purged, (s->purged_count + 1) * STORE_CONTENT_NAME);
		if (s->purged == NULL)
			abort();
		memcpy(s->purged + s->purged_count++ * STORE_CONTENT_NAME, sqlite3_column_blob(q, 0),
		    STORE_CONTENT_NAME);
	}
	sqlite3_reset(q);
	q = sqlite_statement(w, SLICE("DELETE FROM content WHERE vid=?1"));
	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, vid);
	return sqlite_run(q);
}

static bool
purge_version(struct store_reader *w, int64_t vid, int64_t *previous)
{
	sqlite3_stmt *q = sqlite_statement(w, SLICE("SELECT previous FROM version WHERE vid=?1"));

	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, vid);
	*previous = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	q = sqlite_statement(w, SLICE("UPDATE version SET body=NULL, method=68 WHERE vid=?1"));
	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, vid);
	return sqlite_run(q) && purge_content(w, vid);
}

static bool
purge(struct store_reader *w, const struct store_write *v)
{
	int64_t vid = v->replaces, previous;

	for (; vid != 0; vid = previous)
		if (!purge_version(w, vid, &previous))
			return false;
	return true;
}

bool
sqlite_quarantine_write(struct store_reader *w, const struct store_write *v)
{
	if (v->quarantine != NULL)
		return enter(w, v);
	if (v->fate == QUARANTINE_STAYS)
		return true;
	return leave(w, v) && (v->fate != QUARANTINE_DESTROYED || purge(w, v));
}

void
sqlite_quarantine_unlink(struct store *s)
{
	for (size_t i = 0; i < s->purged_count; i++)
		sqlite_unlink_content(s, s->purged + i * STORE_CONTENT_NAME);
	free(s->purged);
	s->purged = NULL;
	s->purged_count = 0;
}

/* Reading */

static void
read_row(struct store_reader *r, sqlite3_stmt *q, struct store_quarantined *out, struct arena *arena)
{
	*out = (struct store_quarantined){
		.type = pack_type_at(r->store->config.pack, (uint32_t)sqlite3_column_int(q, 3)),
		.compartment = sqlite3_column_int64(q, 2), .row = sqlite3_column_int64(q, 0),
		.vid = sqlite3_column_int64(q, 1), .labels = (uint32_t)sqlite3_column_int64(q, 4),
		.since = sqlite3_column_int64(q, 5), .infected = sqlite3_column_int(q, 6) != 0,
		.signature = slice_dup(slice_of((const char *)sqlite3_column_text(q, 7)), arena),
		.sha256 = slice_dup(slice_of((const char *)sqlite3_column_text(q, 8)), arena),
	};
	out->id = store_id(r->store, out->compartment, out->row, arena);
}

bool
store_quarantined(struct store_reader *r, const struct permit *p, bool pending, uint32_t max, struct arena *arena,
    struct store_quarantined **out, uint32_t *count, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT row, vid, compartment, type, labels, since, "
	    "infected, signature, sha256 FROM quarantine WHERE ?1>=?2 AND (?4=0 OR infected=0) ORDER BY row LIMIT ?3"));
	int code = SQLITE_DONE;

	*count = 0;
	*out = arena_array(arena, max + 1, sizeof **out);
	if (q == NULL)
		return sqlite_failed(r->db, "quarantine", o);
	sqlite3_bind_int(q, 1, permit_clearance(p));
	sqlite3_bind_int(q, 2, planted(74) ? 0 : QUARANTINE_LEVEL);
	sqlite3_bind_int64(q, 3, max);
	sqlite3_bind_int(q, 4, pending);
	while (*count < max && (code = sqlite3_step(q)) == SQLITE_ROW) {
		read_row(r, q, &(*out)[*count], arena);
		*count += planted(74) || permit_reaches(p, (*out)[*count].compartment, QUARANTINE_LEVEL);
	}
	sqlite3_reset(q);
	return code == SQLITE_DONE || code == SQLITE_ROW || sqlite_failed(r->db, "quarantine", o);
}

bool
store_quarantine_of(struct store_reader *r, const struct permit *p, const struct stored *v,
    struct arena *arena, struct store_quarantined *out, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT row, vid, compartment, type, labels, since, "
	    "infected, signature, sha256 FROM quarantine WHERE row=?1"));
	bool found;

	if (q == NULL)
		return sqlite_failed(r->db, "quarantine", o);
	sqlite3_bind_int64(q, 1, v->row);
	if ((found = sqlite3_step(q) == SQLITE_ROW))
		read_row(r, q, out, arena);
	sqlite3_reset(q);
	return (found && permit_reaches(p, v->compartment, QUARANTINE_LEVEL))
	    || outcome_fail_at_once(o, FAULT_NO_SUCH, "");
}

/* Rare, so on a connection of its own. */
bool
store_quarantine_found(struct store *s, int64_t row, const char *signature, struct slice sha256,
    struct outcome *o)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	bool good = sqlite_connect(s, true, &db)
	    && sqlite3_prepare_v2(db, "UPDATE quarantine SET infected=1, signature=?2, sha256=?3 WHERE "
	        "row=?1", -1, &q, NULL) == SQLITE_OK;

	if (good) {
		sqlite3_bind_int64(q, 1, row);
		sqlite3_bind_text(q, 2, signature, -1, SQLITE_STATIC);
		bind_text(q, 3, sha256);
		good = sqlite3_step(q) == SQLITE_DONE;
	}
	if (!good)
		sqlite_failed(db, "quarantine", o);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return good;
}

/* By the order of the primary key; Patients stand in the directory too, and are passed over there. */
bool
store_rows(struct store_reader *r, const struct permit *p, const struct stored *from, uint32_t max,
    struct arena *arena, struct stored **out, uint32_t *count, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT lead, type, row, labels FROM resource "
	    "WHERE (lead, type, row)>(?1,?2,?3) AND deleted=0 AND NOT (type=?4 AND lead=0) "
	    "AND visible(labels,?5) ORDER BY lead, type, row LIMIT ?6"));
	int code = SQLITE_DONE;

	*count = 0;
	*out = arena_array(arena, max + 1, sizeof **out);
	if (q == NULL)
		return sqlite_failed(r->db, "rows", o);
	sqlite3_bind_int64(q, 1, from->compartment);
	sqlite3_bind_int64(q, 2, from->type == NULL ? -1 : from->type->number);
	sqlite3_bind_int64(q, 3, from->row);
	sqlite3_bind_int64(q, 4, r->store->patient->number);
	sqlite3_bind_int(q, 5, permit_clearance(p) < QUARANTINE_LEVEL ? permit_clearance(p)
	    : QUARANTINE_LEVEL - 1);
	sqlite3_bind_int64(q, 6, max);
	while (*count < max && (code = sqlite3_step(q)) == SQLITE_ROW) {
		struct stored *v = &(*out)[*count];

		*v = (struct stored){ .compartment = sqlite3_column_int64(q, 0), .row = sqlite3_column_int64(q, 2),
			.type = pack_type_at(r->store->config.pack, (uint32_t)sqlite3_column_int(q, 1)),
			.labels = (uint32_t)sqlite3_column_int64(q, 3) };
		v->id = store_id(r->store, v->compartment, v->row, arena);
		++*count;
	}
	sqlite3_reset(q);
	return code == SQLITE_DONE || code == SQLITE_ROW || sqlite_failed(r->db, "rows", o);
}
