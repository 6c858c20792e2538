/* census.c -- how many resources there are: (type, lead, labels) -> n, of each compartment, and of all of them
 * under ALL_LEADS.
 *
 * So one knows in which compartments there is something of a type, and what a search without clauses counts, by
 * what the caller may see alone.  Patients are counted in their own compartment.  What a batch writes is counted
 * in memory first, as most of it is of few types and compartments. */
#include "store/sqlite/plan.h"

static sqlite3_stmt *
statement(struct store_reader *w, struct slice sql, const struct census_change *c)
{
	sqlite3_stmt *q = sqlite_statement(w, sql);

	if (q == NULL)
		return NULL;
	sqlite3_bind_int(q, 1, c->type);
	sqlite3_bind_int64(q, 2, c->lead);
	sqlite3_bind_int64(q, 3, c->labels);
	return q;
}

/* The last of its labels goes from a compartment. */
static bool
apply(struct store_reader *w, const struct census_change *c)
{
	sqlite3_stmt *q = statement(w, SLICE("INSERT INTO census VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE SET n=n+?4"), c);

	if (q == NULL)
		return false;
	sqlite3_bind_int(q, 4, c->n);
	return sqlite_run(q) && (c->n > 0 || c->lead == ALL_LEADS || sqlite_run(statement(w,
	    SLICE("DELETE FROM census WHERE type=?1 AND lead=?2 AND labels=?3 AND n=0"), c)));
}

bool
sqlite_write_census(struct store_reader *w, struct census *census)
{
	bool good = true;

	for (uint32_t i = 0; i < census->count && good; i++)
		good = census->at[i].n == 0 || apply(w, &census->at[i]);
	census->count = 0;
	return good;
}

static bool
add(struct store_reader *w, struct census *census, struct census_change c)
{
	for (uint32_t i = 0; i < census->count; i++) {
		struct census_change *at = &census->at[i];

		if (at->type == c.type && at->lead == c.lead && at->labels == c.labels) {
			at->n += c.n;
			return true;
		}
	}
	if (census->count == CENSUS_CHANGES && !sqlite_write_census(w, census))
		return false;
	census->at[census->count++] = c;
	return true;
}

static bool
add_both(struct store_reader *w, struct census *census, const struct store_write *v, int64_t labels, int n)
{
	return add(w, census, (struct census_change){ v->compartment.number, labels, v->type->number, n })
	    && add(w, census, (struct census_change){ ALL_LEADS, labels, v->type->number, n });
}

/* The labels that it has been counted under; -1: none. */
static bool
counted(struct store_reader *w, const struct store_write *v, int64_t *labels)
{
	sqlite3_stmt *q;
	int code;

	*labels = -1;
	if (v->replaces == 0)
		return true;
	q = sqlite_statement(w, SLICE("SELECT labels FROM resource WHERE lead=?1 AND type=?2 AND row=?3 AND deleted=0"));
	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->compartment.number);
	sqlite3_bind_int(q, 2, v->type->number);
	sqlite3_bind_int64(q, 3, v->row);
	if ((code = sqlite3_step(q)) == SQLITE_ROW)
		*labels = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool
sqlite_count(struct store_reader *w, struct census *census, const struct store_write *v)
{
	int64_t before, now = v->method == 'D' ? -1 : (int64_t)v->labels;

	if (!counted(w, v, &before))
		return false;
	return before == now || ((now < 0 || add_both(w, census, v, now, 1))
	    && (before < 0 || add_both(w, census, v, before, -1)));
}

bool
sqlite_fill_census(sqlite3 *db)
{
	static const char fill[] =
	    "BEGIN IMMEDIATE;"
	    "INSERT INTO census SELECT type, lead, labels, count(*) FROM resource r WHERE deleted=0 AND NOT(lead=0"
	    "  AND EXISTS(SELECT 1 FROM resource o WHERE o.lead=r.row AND o.type=r.type AND o.row=r.row))"
	    "  GROUP BY type, lead, labels;"
	    "INSERT INTO census SELECT type, -2, labels, sum(n) FROM census GROUP BY type, labels;"
	    "INSERT INTO meta VALUES('census', x'01');"
	    "COMMIT;";

	return sqlite_is_noted(db, "census") || sqlite3_exec(db, fill, NULL, NULL, NULL) == SQLITE_OK;
}

/* Asking */

static bool
one_number(struct plan *p, sqlite3_stmt *q, const struct type *type, int64_t lead, int64_t *out)
{
	int code;

	if (q == NULL)
		return sqlite_failed(p->reader->db, "census", p->outcome);
	sqlite3_bind_int64(q, 1, lead);
	sqlite3_bind_int(q, 2, plan_clearance(p));
	sqlite3_bind_int(q, 3, type->number);
	if ((code = sqlite3_step(q)) == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return code == SQLITE_ROW || code == SQLITE_DONE || sqlite_failed(p->reader->db, "census", p->outcome);
}

bool
plan_count(struct plan *p, const struct type *type, int64_t *count)
{
	return one_number(p, sqlite_statement(p->reader,
	    SLICE("SELECT sum(n) FROM census WHERE type=?3 AND lead=?1" GATE)), type, ALL_LEADS, count);
}

bool
plan_next_inhabited(struct plan *p, const struct type *type, int64_t from, int64_t *lead)
{
	*lead = NO_LEAD;
	return one_number(p, sqlite_statement(p->reader,
	    SLICE("SELECT lead FROM census WHERE type=?3 AND lead>=?1" GATE " ORDER BY lead LIMIT 1")), type, from, lead);
}
