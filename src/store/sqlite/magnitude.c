/* magnitude.c -- numbers and quantities of all leads in the order of their values:
 * (type, key, side, level, params, at, lead, row) -> before labels.
 *
 * Callers without a compartment read pieces of it for ranges.  The key of a quantity is its unit, as it stands or
 * in base units; of a composite it is the code that stands beside the value, and the base units where it is in such.
 * `at` is the value, as an integer that has its order.  What several parameters find alike stands there once: `params` are
 * their bits (census.c).  Several values of a resource are found once: `before` is the next one below, so that whoever
 * reads from a value on knows whether the resource came already.
 *
 * Where one of them is an interval (a range, or behind a comparator) all of them stand twice, by their least and by
 * their greatest ends, else once.  Neither what is contained is there nor what custom parameters find. */
#include <stdlib.h>

#include "base/arena.h"
#include "store/sqlite/plan.h"

static int64_t
order_of(double value)
{
	double d = value == 0 ? 0 : value;      /* not -0 */
	int64_t bits;

	memcpy(&bits, &d, sizeof bits);
	return bits < 0 ? bits ^ INT64_MAX : bits;
}

/* Of what stands alone the code is 0; of numbers, and of quantities beside a code, so is the unit. */
static int64_t
key_of(int64_t code, bool canonical, int64_t unit)
{
	return (int64_t)((uint64_t)code * 3 + (uint64_t)unit * (canonical ? 5 : 1));
}

/* Gathering */

struct magnitude {
	int64_t key, param, x, y;
};

struct magnitudes {
	struct magnitude *at;
	uint32_t count;
	struct arena *arena;
	int64_t param, canonical;       /* the bit of the parameter at hand; the mark of base units */
};

static bool
is_magnitude(const struct index_row *r)
{
	return r->contained == 0 && (r->kind == SEARCH_QUANTITY || r->kind == SEARCH_NUMBER);
}

static void
add(struct magnitudes *m, const struct index_row *r, int64_t code)
{
	bool canonical = r->kind == SEARCH_QUANTITY && r->b == m->canonical;

	m->at = arena_more(m->arena, m->at, m->count, sizeof *m->at);
	m->at[m->count++] = (struct magnitude){ key_of(code, canonical, canonical || code == 0 ? r->a : 0), m->param,
		order_of(r->x), order_of(r->y) };
}

/* With each code of its group. */
static void
add_joined(struct magnitudes *m, const struct index_rows *rows, uint32_t first, const struct index_row *r)
{
	for (uint32_t i = first; i < rows->count && rows->at[i].param == r->param; i++) {
		const struct index_row *code = &rows->at[i];

		if (code->kind == SEARCH_TOKEN && code->group == r->group && code->part != r->part && code->contained == 0
		    && code->a != 0)
			add(m, r, code->a);
	}
}

static int
compare(const void *a, const void *b)
{
	const struct magnitude *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->param != y->param)
		return x->param < y->param ? -1 : 1;
	return x->x != y->x ? (x->x > y->x) - (x->x < y->x) : (x->y > y->y) - (x->y < y->y);
}

static int
by_greatest(const void *a, const void *b)
{
	const struct magnitude *x = a, *y = b;

	return (x->y > y->y) - (x->y < y->y);
}

/* In order, each once. */
static void
tidy(struct magnitudes *m)
{
	uint32_t kept = 0;

	if (m->count > 0)
		qsort(m->at, m->count, sizeof *m->at, compare);
	for (uint32_t i = 0; i < m->count; i++)
		if (kept == 0 || compare(&m->at[kept - 1], &m->at[i]) != 0)
			m->at[kept++] = m->at[i];
	m->count = kept;
}

/* Rows are in the order of their parameters. */
static void
gather(struct magnitudes *m, const struct store *s, const struct type *type, const struct index_rows *rows)
{
	const struct search_param *param = NULL;

	for (uint32_t i = 0, first = 0; i < rows->count; i++) {
		const struct index_row *r = &rows->at[i];

		if (!is_magnitude(r))
			continue;
		if (param == NULL || param->number != r->param) {
			param = sqlite_packed_param(s, r->param);
			m->param = param == NULL ? 0 : sqlite_shape_bit(s, type, param);
			for (first = i; first > 0 && rows->at[first - 1].param == r->param; first--)
				;
		}
		if (m->param != 0 && r->part > 0)
			add_joined(m, rows, first, r);
		else if (m->param != 0 && r->kind == (uint8_t)param->kind)
			add(m, r, 0);
	}
	tidy(m);
}

/* Writing */

struct change {
	struct store_reader *writer;
	struct slice sql;
	const struct store_write *of;
	uint32_t labels;
};

static bool
write_one(const struct change *c, const struct magnitude *m, enum magnitude_side side, const int64_t *before)
{
	sqlite3_stmt *s = sqlite_statement(c->writer, c->sql);

	if (s == NULL)
		return false;
	sqlite3_bind_int(s, 1, c->of->type->number);
	sqlite3_bind_int64(s, 2, m->key);
	sqlite3_bind_int(s, 3, side);
	sqlite3_bind_int(s, 4, sqlite_level(c->writer->store, c->labels));
	sqlite3_bind_int64(s, 5, m->param);
	sqlite3_bind_int64(s, 6, side == SIDE_GREATEST ? m->y : m->x);
	sqlite3_bind_int64(s, 7, c->of->compartment.number);
	sqlite3_bind_int64(s, 8, c->of->row);
	if (before != NULL)
		sqlite3_bind_int64(s, 9, *before);
	else
		sqlite3_bind_null(s, 9);
	sqlite3_bind_int64(s, 10, c->labels);
	return sqlite_run(s);
}

static bool
write_side(const struct change *c, const struct magnitude *m, uint32_t count, enum magnitude_side side)
{
	const int64_t *before = NULL;

	for (uint32_t i = 0; i < count; i++) {
		const int64_t *at = side == SIDE_GREATEST ? &m[i].y : &m[i].x;

		if (before != NULL && *before == *at)
			continue;
		if (!write_one(c, &m[i], side, before))
			return false;
		before = at;
	}
	return true;
}

/* All of one key and the same parameters. */
static bool
write_run(const struct change *c, struct magnitude *m, uint32_t count, int64_t params)
{
	bool wide = false;

	for (uint32_t i = 0; i < count; i++) {
		wide |= m[i].x != m[i].y;
		m[i].param = params;
	}
	if (!wide)
		return write_side(c, m, count, SIDE_BOTH);
	if (!write_side(c, m, count, SIDE_LEAST))
		return false;
	qsort(m, count, sizeof *m, by_greatest);
	return write_side(c, m, count, SIDE_GREATEST);
}

static uint32_t
run_at(const struct magnitudes *m, uint32_t first)
{
	uint32_t n = 1;

	while (first + n < m->count && m->at[first + n].key == m->at[first].key && m->at[first + n].param == m->at[first].param)
		n++;
	return n;
}

static bool
are_alike(const struct magnitude *a, const struct magnitude *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (a[i].x != b[i].x || a[i].y != b[i].y)
			return false;
	return true;
}

/* The bits of what finds the same as the run, behind it; theirs become 0. */
static int64_t
take_alike(struct magnitudes *m, uint32_t first, uint32_t count)
{
	int64_t params = m->at[first].param;

	for (uint32_t i = first + count, n; i < m->count && m->at[i].key == m->at[first].key; i += n) {
		n = run_at(m, i);
		if (n != count || m->at[i].param == 0 || !are_alike(&m->at[first], &m->at[i], n))
			continue;
		params |= m->at[i].param;
		for (uint32_t k = 0; k < n; k++)
			m->at[i + k].param = 0;
	}
	return params;
}

static bool
write_all(const struct change *c, const struct index_rows *rows)
{
	struct magnitudes m = { .arena = arena_new(1024), .canonical = index_canonical(c->writer->store->standard) };
	bool good = true;

	gather(&m, c->writer->store, c->of->type, rows);
	for (uint32_t i = 0, n; i < m.count && good; i += n) {
		n = run_at(&m, i);
		good = m.at[i].param == 0 || write_run(c, &m.at[i], n, take_alike(&m, i, n));
	}
	arena_free(m.arena);
	return good;
}

bool
sqlite_change_magnitudes(struct store_reader *w, const struct store_write *v, uint32_t before)
{
	struct change erase = { w, SLICE("DELETE FROM magnitude WHERE type=?1 AND key=?2 AND side=?3 AND level=?4 AND params=?5 "
	    "AND at=?6 AND lead=?7 AND row=?8"), v, before };
	struct change add = { w, SLICE("INSERT OR IGNORE INTO magnitude VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"), v, v->labels };

	return (before == NO_LABELS || write_all(&erase, &v->old_rows)) && write_all(&add, &v->rows);
}

/* Ranges */

static bool
bounds(const struct query_value *v, struct plan_range *out)
{
	int64_t x = order_of(v->x), y = order_of(v->y);

	*out = (struct plan_range){ .side = SIDE_LEAST, .low = INT64_MIN, .high = INT64_MAX, .wide_low = INT64_MIN,
		.wide_high = INT64_MAX };
	switch (v->prefix) {
	case PREFIX_EQ: out->low = out->wide_low = x; out->high = out->wide_high = y; return true;
	case PREFIX_GT: out->side = SIDE_GREATEST; out->low = out->wide_low = y + 1; return true;
	case PREFIX_GE: out->side = SIDE_GREATEST; out->low = out->wide_low = x; return true;
	case PREFIX_LT:
	case PREFIX_EB: out->high = out->wide_high = x - 1; return true;
	case PREFIX_LE: out->high = out->wide_high = y; return true;
	case PREFIX_SA: out->low = out->wide_low = y + 1; return true;
	case PREFIX_AP: out->low = x; out->high = out->wide_high = y; return true;
	case PREFIX_NE: return false;
	}
	return false;
}

/* A unit is named alone, or beside a code. */
static bool
range_of(const struct plan *p, const struct query_clause *c, enum search_kind kind, const struct query_value *v,
    int64_t code, struct plan_range *out)
{
	bool canonical = kind == SEARCH_QUANTITY && !v->any_unit && v->b == index_canonical(p->query->index);

	if ((kind == SEARCH_QUANTITY && code == 0 && v->any_code) || !bounds(v, out))
		return false;
	out->type = c->param->on;
	out->key = key_of(code, canonical, canonical || code == 0 ? v->a : 0);
	out->param = sqlite_shape_bit(p->reader->store, out->type, c->param);
	return out->param != 0;
}

static bool
range_of_composite(const struct plan *p, const struct query_clause *c, const struct query_value *v, struct plan_range *out)
{
	const struct search_component *parts = c->param->components;
	uint32_t code = 0, value = 0, count = c->param->component_count;

	while (code < count && (parts[code].kind != SEARCH_TOKEN || v->parts[code].any_code))
		code++;
	while (value < count && parts[value].kind != SEARCH_QUANTITY && parts[value].kind != SEARCH_NUMBER)
		value++;
	return code < count && value < count && v->parts[code].a != 0
	    && range_of(p, c, parts[value].kind, &v->parts[value], v->parts[code].a, out);
}

bool
plan_range(const struct plan *p, const struct query_clause *c, uint32_t value, struct plan_range *out)
{
	if (c->on != CLAUSE_INDEX || c->modifier != MODIFIER_NONE || value >= c->count)
		return false;
	if (c->kind == SEARCH_COMPOSITE)
		return range_of_composite(p, c, &c->values[value], out);
	return (c->kind == SEARCH_QUANTITY || c->kind == SEARCH_NUMBER) && c->kind == c->param->kind
	    && range_of(p, c, c->kind, &c->values[value], 0, out);
}

bool
plan_range_of(const struct plan *p, const struct query_part *part, struct plan_range *out)
{
	for (uint32_t i = 0; i < part->clause_count; i++)
		if (part->clauses[i].count == 1 && plan_range(p, &part->clauses[i], 0, out))
			return true;
	return false;
}

/* Pieces */

static sqlite3_stmt *
piece(struct plan *p, struct slice sql, const struct plan_range *r, const struct plan_piece *at)
{
	sqlite3_stmt *s = sqlite_statement(p->reader, sql);

	if (s == NULL)
		return NULL;
	sqlite3_bind_int(s, 1, at->level);
	sqlite3_bind_int(s, 2, plan_clearance(p));
	sqlite3_bind_int(s, 3, r->type->number);
	sqlite3_bind_int64(s, 4, r->key);
	sqlite3_bind_int(s, 5, at->side);
	sqlite3_bind_int64(s, 6, at->params);
	return s;
}

static bool
failed(struct plan *p)
{
	return sqlite_failed(p->reader->db, "magnitudes", p->outcome);
}

#define PIECE "FROM magnitude WHERE type=?3 AND key=?4 AND side=?5 AND level=?1 AND params"

/* Behind `at`, those with the range's parameter. */
static bool
next_params(struct plan *p, const struct plan_range *r, struct plan_piece *at, bool *found)
{
	for (*found = false; !*found; *found = (at->params & r->param) != 0) {
		sqlite3_stmt *s = piece(p, SLICE("SELECT params " PIECE ">?6" GATE " ORDER BY params LIMIT 1"), r, at);
		int code;

		if (s == NULL)
			return failed(p);
		if ((code = sqlite3_step(s)) == SQLITE_ROW)
			at->params = sqlite3_column_int64(s, 0);
		sqlite3_reset(s);
		if (code != SQLITE_ROW)
			return code == SQLITE_DONE || failed(p);
	}
	return true;
}

bool
plan_next_piece(struct plan *p, const struct plan_range *r, struct plan_piece *at, bool *found)
{
	for (*found = false; sqlite_next_level(p->reader->store, plan_clearance(p), &at->level);) {
		if (!next_params(p, r, at, found) || *found)
			return *found || !p->outcome->failed;
		at->params = 0;
		at->level += at->side != SIDE_BOTH;
		at->side = at->side == SIDE_BOTH ? r->side : SIDE_BOTH;
	}
	return true;
}

void
plan_bounds_of_piece(const struct plan_range *r, const struct plan_piece *at, int64_t *low, int64_t *high)
{
	*low = at->side == SIDE_BOTH ? r->low : r->wide_low;
	*high = at->side == SIDE_BOTH ? r->high : r->wide_high;
}

static bool
leads_of_piece(struct plan *p, const struct plan_range *r, const struct plan_piece *at, int64_t *leads, uint32_t room,
    uint32_t *count)
{
	sqlite3_stmt *s = piece(p, SLICE("SELECT lead " PIECE "=?6 AND at>=?7 AND at<=?8" GATE " LIMIT ?9"), r, at);
	int64_t low, high;
	int code;

	if (s == NULL)
		return failed(p);
	plan_bounds_of_piece(r, at, &low, &high);
	sqlite3_bind_int64(s, 7, low);
	sqlite3_bind_int64(s, 8, high);
	sqlite3_bind_int64(s, 9, room - *count);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		leads[(*count)++] = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(p);
}

bool
plan_leads_of_range(struct plan *p, const struct plan_range *r, int64_t *leads, uint32_t room, uint32_t *count)
{
	struct plan_piece at = { .level = 0 };
	bool found = true;

	while (found && *count < room)
		if (!plan_next_piece(p, r, &at, &found) || (found && !leads_of_piece(p, r, &at, leads, room, count)))
			return false;
	return true;
}

bool
plan_read_piece(struct plan *p, const struct plan_range *r, const struct plan_piece *at, const struct plan_reading *from,
    sqlite3_stmt **out)
{
	int64_t begin, end;
	sqlite3_stmt *s = piece(p, from->midway
	    ? SLICE("SELECT at, lead, row " PIECE "=?6 AND (before IS NULL OR before<?7) AND at=?8 AND (lead,row)>(?11,?12)" GATE
	        " ORDER BY lead, row LIMIT ?10")
	    : SLICE("SELECT at, lead, row " PIECE "=?6 AND (before IS NULL OR before<?7) AND at>=?8 AND at<=?9" GATE
	        " ORDER BY at, lead, row LIMIT ?10"), r, at);

	if ((*out = s) == NULL)
		return failed(p);
	plan_bounds_of_piece(r, at, &begin, &end);
	sqlite3_bind_int64(s, 7, begin);
	sqlite3_bind_int64(s, 8, from->low);
	sqlite3_bind_int64(s, 9, from->high);
	sqlite3_bind_int(s, 10, from->most);
	sqlite3_bind_int64(s, 11, from->lead);
	sqlite3_bind_int64(s, 12, from->row);
	return true;
}
