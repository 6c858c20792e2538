/* scan.c -- all rows that a permit reaches, as they were at one instant.
 *
 * The table of current versions is read in the order of its key.  A row that changed
 * after the instant is followed back to the version of then, which must be visible
 * by its own labels as the current one is by its.  Patients stand twice; here they are
 * those of their own compartments.
 *
 * The gate is that of a search: the compartment leads the key, and labels stand in
 * the statement. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

#define COLUMNS "SELECT lead,type,row,vid FROM resource "
/* Of an orphan is_seen() says more. */
#define VISIBLE " AND updated>=?4 AND labels IN (SELECT number FROM labelset WHERE level<=?5 " \
    "OR (level>=?6 AND level<?7)) "

struct scan {
	struct store_reader *reader;
	const struct permit *permit;
	const struct store_scan *of;
	struct store_scan_position *at;
	struct arena        *arena;
	bool               (*each)(void *, struct stored *);
	void                *ctx;
	struct outcome      *outcome;
};

static int64_t
version_before(struct scan *s, int64_t vid)
{
	sqlite3_stmt *q = sqlite_statement(s->reader, SLICE("SELECT previous FROM version WHERE vid=?1"));

	if (q == NULL)
		return 0;
	sqlite3_bind_int64(q, 1, vid);
	return sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
}

static bool
load(struct scan *s, const struct type *type, int64_t vid, struct stored *v)
{
	*v = (struct stored){ .type = type, .vid = vid };
	return sqlite_load_found(s->reader, v, s->arena, s->outcome);
}

static bool
is_seen(struct scan *s, struct stored *v)
{
	return planted(40) || (planted(41) && v->deleted) || sqlite_sees(s->reader, s->permit, v);
}

/* The version that was current for the caller at the instant; vid 0 when there was none. */
static bool
as_of(struct scan *s, struct stored *v)
{
	while (v->updated > s->of->until || !is_seen(s, v)) {
		int64_t before = version_before(s, v->vid);

		if (before == 0) {
			v->vid = 0;
			return true;
		}
		if (!load(s, v->type, before, v))
			return false;
	}
	return true;
}

static bool
tell(struct scan *s, struct stored *v)
{
	if (v->vid == 0 || v->updated < s->of->since || (v->deleted && !s->of->deleted))
		return true;
	return s->each(s->ctx, v);
}

struct found {
	int64_t  compartment, row, vid;
	uint32_t type;
};

static bool
take_row(struct scan *s, const struct found *f)
{
	const struct type *t = pack_type_at(s->reader->store->config.pack, f->type);
	struct stored v;

	s->at->compartment = f->compartment;
	s->at->type = f->type;
	s->at->row = f->row;
	if (!s->of->types[f->type] || (s->of->takes != NULL && !s->of->takes(s->of->takes_ctx, f->row))
	    || (f->compartment == DIRECTORY && t == s->reader->store->patient))
		return true;
	return load(s, t, f->vid, &v) && (!is_seen(s, &v) || (as_of(s, &v) && tell(s, &v)));
}

/* Statements displace each other, so the rows are listed before their bodies are looked for. */
static bool
list_rows(struct scan *s, struct slice sql, struct found *rows, uint32_t max, uint32_t *count)
{
	sqlite3_stmt *q = sqlite_statement(s->reader, sql);
	int code = SQLITE_ROW;

	if (q == NULL)
		return sqlite_failed(s->reader->db, "scan", s->outcome);
	sqlite3_bind_int64(q, 1, s->at->compartment);
	sqlite3_bind_int64(q, 2, s->at->type);
	sqlite3_bind_int64(q, 3, s->at->row);
	sqlite3_bind_int64(q, 4, s->of->since);
	sqlite3_bind_int(q, 5, planted(40) || planted(41) ? 5 : permit_clearance(s->permit));
	sqlite3_bind_int(q, 6, ORPHAN_LEVEL);
	sqlite3_bind_int(q, 7, QUARANTINE_LEVEL);
	while (*count < max && (code = sqlite3_step(q)) == SQLITE_ROW)
		rows[(*count)++] = (struct found){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 2),
			sqlite3_column_int64(q, 3), (uint32_t)sqlite3_column_int(q, 1) };
	sqlite3_reset(q);
	return code == SQLITE_DONE || code == SQLITE_ROW
	    || sqlite_failed(s->reader->db, "scan", s->outcome);
}

static bool
take_rows(struct scan *s, struct slice sql, uint32_t *left)
{
	struct found *rows = arena_array(s->arena, *left, sizeof *rows);
	uint32_t count = 0;

	if (!list_rows(s, sql, rows, *left, &count))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!take_row(s, &rows[i]))
			return false;
	*left -= count;
	return true;
}

/* One compartment after the other; the position within one is forgotten at its end. */
static bool
scan_listed(struct scan *s, const int64_t *compartments, uint32_t count, uint32_t left)
{
	while (s->at->at < count && left > 0) {
		if (s->at->compartment != compartments[s->at->at])
			*s->at = (struct store_scan_position){ .compartment = compartments[s->at->at],
				.at = s->at->at };
		if (!take_rows(s, SLICE(COLUMNS "WHERE lead=?1 AND (type,row)>(?2,?3)" VISIBLE
		    "ORDER BY type,row"), &left))
			return false;
		if (left > 0)
			s->at->at++;
	}
	s->at->done = s->at->at >= count;
	return true;
}

static bool
scan_all(struct scan *s, uint32_t left)
{
	if (s->of->patients_only && s->at->compartment == 0)
		s->at->compartment = 1;
	if (!take_rows(s, SLICE(COLUMNS "WHERE (lead,type,row)>(?1,?2,?3)" VISIBLE
	    "ORDER BY lead,type,row"), &left))
		return false;
	s->at->done = left > 0;
	return true;
}

static bool
listed(const struct store_scan *of, int64_t compartment)
{
	for (uint32_t i = 0; i < of->compartment_count; i++)
		if (of->compartments[i] == compartment)
			return true;
	return of->compartments == NULL;
}

bool
store_scan(struct store_reader *r, const struct permit *permit, const struct store_scan *of,
    struct store_scan_position *at, uint32_t max, struct arena *arena,
    bool (*each)(void *ctx, struct stored *), void *ctx, struct outcome *o)
{
	struct scan s = { r, permit, of, at, arena, each, ctx, o };
	int64_t bound;

	if (permit_compartment(permit, &bound))
		return scan_listed(&s, &bound, listed(of, bound), max);
	if (of->compartments != NULL)
		return scan_listed(&s, of->compartments, of->compartment_count, max);
	return scan_all(&s, max);
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct numbers {
	struct arena *arena;
	int64_t      *at;
	uint32_t      count, room;
};

static void
add_number(struct numbers *n, int64_t number)
{
	if (n->count == n->room) {
		uint32_t room = n->room == 0 ? 64 : n->room * 2;

		n->at = arena_grow(n->arena, n->at, n->room * sizeof *n->at, room * sizeof *n->at);
		n->room = room;
	}
	n->at[n->count++] = number;
}

static bool
add_sets(struct store_reader *r, struct numbers *n, int64_t patient, struct outcome *o)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT number FROM member WHERE member=?1"));
	int code;

	if (q == NULL)
		return sqlite_failed(r->db, "members", o);
	sqlite3_bind_int64(q, 1, patient);
	while ((code = sqlite3_step(q)) == SQLITE_ROW)
		add_number(n, sqlite3_column_int64(q, 0));
	return code == SQLITE_DONE || sqlite_failed(r->db, "members", o);
}

bool
store_compartments_with(struct store_reader *r, const int64_t *patients, uint32_t count,
    struct arena *arena, int64_t **out, uint32_t *out_count, struct outcome *o)
{
	struct numbers n = { .arena = arena, .at = arena_alloc(arena, sizeof *n.at) };
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		add_number(&n, patients[i]);
		if (!add_sets(r, &n, patients[i], o))
			return false;
	}
	if (n.count > 0)
		qsort(n.at, n.count, sizeof *n.at, by_number);
	for (uint32_t i = 0; i < n.count; i++)
		if (kept == 0 || n.at[kept - 1] != n.at[i])
			n.at[kept++] = n.at[i];
	*out = n.at;
	*out_count = kept;
	return true;
}
