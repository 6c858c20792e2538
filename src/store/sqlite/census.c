/* census.c -- how many resources there are: (type, level, shape, lead, labels) -> n, of each compartment, and of
 * whatever shape, under ANY_SHAPE, of all compartments too, under ALL_LEADS.
 *
 * So one knows in which compartments there is something of a type, and what a search without clauses counts, by
 * what the caller may see alone: what is above its clearance stands in pieces of its own.  Patients are counted in
 * their own compartment.
 *
 * The shape of a resource is which parameters of its type find something in it, a bit for each.  Resources have few
 * shapes, so that one knows as well where a parameter is missing, or where it is not.
 *
 * What a batch writes is counted in memory first, as most of it is of few types, shapes and compartments. */
#include "store/sqlite/plan.h"

/* Shapes */

#define SHAPE_BITS 62
#define ANY_SHAPE  (-1)

int64_t
sqlite_shape_bit(const struct store *s, const struct type *type, const struct search_param *param)
{
	uint32_t count;
	const struct search_param *const *params = pack_params(s->config.pack, type, &count);

	for (uint32_t i = 0; i < count && i < SHAPE_BITS; i++)
		if (params[i]->number == param->number)
			return (int64_t)1 << i;
	return 0;
}

const struct search_param *
sqlite_packed_param(const struct store *s, uint32_t number)
{
	return number < pack_param_count(s->config.pack) ? pack_param_at(s->config.pack, number) : NULL;
}

/* Rows are in the order of their parameters. */
static int64_t
shape_of(const struct store *s, const struct type *type, const struct index_rows *rows)
{
	const struct search_param *param = NULL;
	int64_t shape = 0, bit = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct index_row *r = &rows->at[i];

		if (param == NULL || param->number != r->param) {
			param = sqlite_packed_param(s, r->param);
			bit = param == NULL ? 0 : sqlite_shape_bit(s, type, param);
		}
		if (bit != 0 && r->contained == 0 && (r->part > 0 || r->kind == (uint8_t)param->kind))
			shape |= bit;
	}
	return shape;
}

/* Counting */

static sqlite3_stmt *
statement(struct store_reader *w, struct slice sql, const struct census_change *c)
{
	sqlite3_stmt *q = sqlite_statement(w, sql);

	if (q == NULL)
		return NULL;
	sqlite3_bind_int(q, 1, c->type);
	sqlite3_bind_int(q, 2, sqlite_level(w->store, c->labels));
	sqlite3_bind_int64(q, 3, c->shape);
	sqlite3_bind_int64(q, 4, c->lead);
	sqlite3_bind_int64(q, 5, c->labels);
	return q;
}

/* The last of its labels goes from a compartment. */
static bool
apply(struct store_reader *w, const struct census_change *c)
{
	sqlite3_stmt *q = statement(w, SLICE("INSERT INTO census VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET n=n+?6"), c);

	if (q == NULL)
		return false;
	sqlite3_bind_int(q, 6, c->n);
	return sqlite_run(q) && (c->n > 0 || sqlite_run(statement(w,
	    SLICE("DELETE FROM census WHERE type=?1 AND level=?2 AND shape=?3 AND lead=?4 AND labels=?5 AND n=0"), c)));
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

		if (at->type == c.type && at->shape == c.shape && at->lead == c.lead && at->labels == c.labels) {
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
add_all(struct store_reader *w, struct census *census, const struct store_write *v, const struct index_rows *rows,
    uint32_t labels, int n)
{
	int64_t lead = v->compartment.number, shape = shape_of(w->store, v->type, rows);
	int type = v->type->number;

	return add(w, census, (struct census_change){ ANY_SHAPE, lead, labels, type, n })
	    && add(w, census, (struct census_change){ ANY_SHAPE, ALL_LEADS, labels, type, n })
	    && add(w, census, (struct census_change){ shape, lead, labels, type, n });
}

bool
sqlite_labels_before(struct store_reader *w, const struct store_write *v, uint32_t *before)
{
	sqlite3_stmt *q;
	int code;

	*before = NO_LABELS;
	if (v->replaces == 0)
		return true;
	q = sqlite_statement(w, SLICE("SELECT labels FROM resource WHERE lead=?1 AND type=?2 AND row=?3 AND deleted=0"));
	if (q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, v->compartment.number);
	sqlite3_bind_int(q, 2, v->type->number);
	sqlite3_bind_int64(q, 3, v->row);
	if ((code = sqlite3_step(q)) == SQLITE_ROW)
		*before = (uint32_t)sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool
sqlite_count(struct store_reader *w, struct census *census, const struct store_write *v, uint32_t before)
{
	return (v->method == 'D' || add_all(w, census, v, &v->rows, v->labels, 1))
	    && (before == NO_LABELS || add_all(w, census, v, &v->old_rows, before, -1));
}

/* Asking.  ?4 is the level, ?5 the shape. */

static bool
one_number(struct plan *p, struct slice sql, const struct type *type, int64_t lead, int level, int64_t shape, int64_t *out)
{
	sqlite3_stmt *q = sqlite_statement(p->reader, sql);
	int code;

	if (q == NULL)
		return sqlite_failed(p->reader->db, "census", p->outcome);
	sqlite3_bind_int64(q, 1, lead);
	sqlite3_bind_int(q, 2, plan_clearance(p));
	sqlite3_bind_int(q, 3, type->number);
	sqlite3_bind_int(q, 4, level);
	sqlite3_bind_int64(q, 5, shape);
	if ((code = sqlite3_step(q)) == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return code == SQLITE_ROW || code == SQLITE_DONE || sqlite_failed(p->reader->db, "census", p->outcome);
}

#define OF_LEVEL "WHERE type=?3 AND level=?4 AND "

bool
plan_count(struct plan *p, const struct type *type, int64_t *count)
{
	*count = 0;
	for (int level = 0; sqlite_next_level(p->reader->store, plan_clearance(p), &level); level++) {
		int64_t n = 0;

		if (!one_number(p, SLICE("SELECT sum(n) FROM census " OF_LEVEL "shape=?5 AND lead=?1" GATE), type, ALL_LEADS,
		    level, ANY_SHAPE, &n))
			return false;
		*count += n;
	}
	return true;
}

/* The least of what all levels within the clearance say. */
static bool
least(struct plan *p, struct slice sql, const struct type *type, int64_t from, int64_t shape, int64_t *out)
{
	*out = NO_LEAD;
	for (int level = 0; sqlite_next_level(p->reader->store, plan_clearance(p), &level); level++) {
		int64_t one = NO_LEAD;

		if (!one_number(p, sql, type, from, level, shape, &one))
			return false;
		*out = one < *out ? one : *out;
	}
	return true;
}

bool
plan_next_of_shape(struct plan *p, const struct type *type, int64_t shape, int64_t from, int64_t *lead)
{
	return least(p, SLICE("SELECT lead FROM census " OF_LEVEL "shape=?5 AND lead>=?1" GATE " ORDER BY lead LIMIT 1"),
	    type, from, shape, lead);
}

bool
plan_next_inhabited(struct plan *p, const struct type *type, int64_t from, int64_t *lead)
{
	return plan_next_of_shape(p, type, ANY_SHAPE, from, lead);
}

bool
plan_next_shape(struct plan *p, const struct type *type, int64_t from, int64_t *shape)
{
	return least(p, SLICE("SELECT shape FROM census " OF_LEVEL "shape>=?1" GATE " ORDER BY shape LIMIT 1"), type, from, 0,
	    shape);
}
