/* magnitude.c -- numbers and quantities of all leads in the order of their values:
 * (param, key, side, level, at, lead, row) -> before labels.
 *
 * Callers without a compartment read pieces of it for ranges.  The key is 0 for a value as it stands, whatever its
 * unit, and the unit for one in base units; of a composite it is the code that stands beside the value, with the
 * base units or without.  `at` is the value, as an integer that has its order.  Values of a resource under one key
 * are found once: `before` is the next one below, so that whoever reads from a value on knows whether the resource
 * came already.
 *
 * Where one of them is an interval (a range, or behind a comparator) all of the resource stand twice, by
 * their least and by their greatest value, else once.  What is contained is not there. */
#include <stdlib.h>

#include "base/arena.h"
#include "store/sqlite/plan.h"

int64_t
sqlite_magnitude(double value)
{
	double d = value == 0 ? 0 : value;      /* not -0 */
	int64_t bits;

	memcpy(&bits, &d, sizeof bits);
	return bits < 0 ? bits ^ INT64_MAX : bits;
}

int64_t
sqlite_magnitude_key(int64_t code, bool canonical, int64_t unit)
{
	return canonical ? (int64_t)((uint64_t)code * 3 + (uint64_t)unit) : code;
}

/* Gathering */

struct magnitude {
	uint32_t param;
	int64_t  key, x, y;
};

struct magnitudes {
	struct magnitude *at;
	uint32_t count, room;
	struct arena *arena;
	int64_t canonical;
};

static bool
is_magnitude(const struct index_row *r)
{
	return r->contained == 0 && (r->kind == SEARCH_QUANTITY || r->kind == SEARCH_NUMBER);
}

static void
add(struct magnitudes *m, const struct index_row *r, int64_t code)
{
	if (m->count == m->room) {
		uint32_t room = m->room == 0 ? 16 : m->room * 2;

		m->at = arena_grow(m->arena, m->at, m->room * sizeof *m->at, room * sizeof *m->at);
		m->room = room;
	}
	m->at[m->count++] = (struct magnitude){ r->param,
		sqlite_magnitude_key(code, r->kind == SEARCH_QUANTITY && r->b == m->canonical, r->a),
		sqlite_magnitude(r->x), sqlite_magnitude(r->y) };
}

/* With each code of its group. */
static void
add_joined(struct magnitudes *m, const struct index_rows *rows, uint32_t first, const struct index_row *r)
{
	for (uint32_t i = first; i < rows->count && rows->at[i].param == r->param; i++) {
		const struct index_row *code = &rows->at[i];

		if (code->kind == SEARCH_TOKEN && code->group == r->group && code->part != r->part && code->contained == 0)
			add(m, r, code->a);
	}
}

static int
compare(const void *a, const void *b)
{
	const struct magnitude *x = a, *y = b;

	if (x->param != y->param)
		return x->param < y->param ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->x != y->x ? (x->x > y->x) - (x->x < y->x) : (x->y > y->y) - (x->y < y->y);
}

static int
by_greatest(const void *a, const void *b)
{
	const struct magnitude *x = a, *y = b;

	return (x->y > y->y) - (x->y < y->y);
}

/* Rows are in the order of their parameters.  Composites that somebody made may join many with many. */
static void
gather(struct magnitudes *m, const struct store *s, const struct index_rows *rows)
{
	for (uint32_t i = 0, first = 0; i < rows->count; i++) {
		const struct index_row *r = &rows->at[i];

		if (r->param != rows->at[first].param)
			first = i;
		if (!is_magnitude(r))
			continue;
		if (r->part == 0)
			add(m, r, 0);
		else if (r->param < pack_param_count(s->config.pack))
			add_joined(m, rows, first, r);
	}
	if (m->count > 0)
		qsort(m->at, m->count, sizeof *m->at, compare);
}

/* Writing */

struct change {
	struct store_reader *writer;
	struct slice sql;
	int64_t lead, row;
	uint32_t labels;
};

static bool
write_one(const struct change *c, const struct magnitude *m, enum magnitude_side side, const int64_t *before)
{
	sqlite3_stmt *s = sqlite_statement(c->writer, c->sql);

	if (s == NULL)
		return false;
	sqlite3_bind_int64(s, 1, m->param);
	sqlite3_bind_int64(s, 2, m->key);
	sqlite3_bind_int(s, 3, side);
	sqlite3_bind_int(s, 4, sqlite_level(c->writer->store, c->labels));
	sqlite3_bind_int64(s, 5, side == SIDE_GREATEST ? m->y : m->x);
	sqlite3_bind_int64(s, 6, c->lead);
	sqlite3_bind_int64(s, 7, c->row);
	if (before != NULL)
		sqlite3_bind_int64(s, 8, *before);
	sqlite3_bind_int64(s, 9, c->labels);
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

/* All of one key. */
static bool
write_run(const struct change *c, struct magnitude *m, uint32_t count)
{
	bool wide = false;

	for (uint32_t i = 0; i < count; i++)
		wide |= m[i].x != m[i].y;
	if (!wide)
		return write_side(c, m, count, SIDE_BOTH);
	if (!write_side(c, m, count, SIDE_LEAST))
		return false;
	qsort(m, count, sizeof *m, by_greatest);
	return write_side(c, m, count, SIDE_GREATEST);
}

static bool
write_all(const struct change *c, const struct index_rows *rows)
{
	struct magnitudes m = { .arena = arena_new(1024) };
	bool good = true;

	m.canonical = index_canonical(c->writer->store->standard);
	gather(&m, c->writer->store, rows);
	for (uint32_t i = 0, k; i < m.count && good; i = k) {
		for (k = i + 1; k < m.count && m.at[k].param == m.at[i].param && m.at[k].key == m.at[i].key; k++)
			;
		good = write_run(c, &m.at[i], k - i);
	}
	arena_free(m.arena);
	return good;
}

bool
sqlite_add_magnitudes(struct store_reader *w, const struct store_write *v)
{
	struct change c = { w, SLICE("INSERT OR IGNORE INTO magnitude VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"),
		v->compartment.number, v->row, v->labels };

	return write_all(&c, &v->rows);
}

bool
sqlite_change_magnitudes(struct store_reader *w, const struct store_write *v, uint32_t before)
{
	struct change c = { w, SLICE("DELETE FROM magnitude WHERE param=?1 AND key=?2 AND side=?3 AND level=?4 AND at=?5 "
	    "AND lead=?6 AND row=?7"), v->compartment.number, v->row, before };

	return (before == NO_LABELS || write_all(&c, &v->old_rows)) && sqlite_add_magnitudes(w, v);
}

/* Ranges */

static bool
bounds(const struct query_value *v, struct plan_range *out)
{
	int64_t x = sqlite_magnitude(v->x), y = sqlite_magnitude(v->y);

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

static bool
range_of(const struct plan *p, const struct search_param *param, enum search_kind kind, const struct query_value *v,
    int64_t code, struct plan_range *out)
{
	bool canonical = kind == SEARCH_QUANTITY && !v->any_unit && v->b == index_canonical(p->query->index);

	if (!bounds(v, out))
		return false;
	out->param = param->number;
	out->key = sqlite_magnitude_key(code, canonical, v->a);
	return true;
}

static bool
range_of_composite(const struct plan *p, const struct search_param *param, const struct query_value *v,
    struct plan_range *out)
{
	uint32_t code = 0, value = 0, count = param->component_count;

	while (code < count && (param->components[code].kind != SEARCH_TOKEN || v->parts[code].any_code))
		code++;
	while (value < count && param->components[value].kind != SEARCH_QUANTITY && param->components[value].kind != SEARCH_NUMBER)
		value++;
	return code < count && value < count && param->number < pack_param_count(p->reader->store->config.pack)
	    && range_of(p, param, param->components[value].kind, &v->parts[value], v->parts[code].a, out);
}

bool
plan_range(const struct plan *p, const struct query_clause *c, uint32_t value, struct plan_range *out)
{
	if (c->on != CLAUSE_INDEX || c->modifier != MODIFIER_NONE || value >= c->count)
		return false;
	if (c->kind == SEARCH_COMPOSITE)
		return range_of_composite(p, c->param, &c->values[value], out);
	return (c->kind == SEARCH_QUANTITY || c->kind == SEARCH_NUMBER)
	    && range_of(p, c->param, c->kind, &c->values[value], 0, out);
}

bool
plan_range_of(const struct plan *p, const struct query_part *part, struct plan_range *out)
{
	for (uint32_t i = 0; i < part->clause_count; i++)
		if (part->clauses[i].count == 1 && plan_range(p, &part->clauses[i], 0, out))
			return true;
	return false;
}

static bool
leads_of_side(struct plan *p, const struct plan_range *r, int level, enum magnitude_side side, int64_t *leads, uint32_t room,
    uint32_t *count)
{
	sqlite3_stmt *s = sqlite_statement(p->reader, SLICE("SELECT lead FROM magnitude WHERE param=?3 AND key=?4 AND side=?5 "
	    "AND level=?1 AND at>=?6 AND at<=?7" GATE " LIMIT ?8"));
	int code;

	if (s == NULL)
		return sqlite_failed(p->reader->db, "magnitudes", p->outcome);
	sqlite3_bind_int(s, 1, level);
	sqlite3_bind_int(s, 2, plan_clearance(p));
	sqlite3_bind_int64(s, 3, r->param);
	sqlite3_bind_int64(s, 4, r->key);
	sqlite3_bind_int(s, 5, side);
	sqlite3_bind_int64(s, 6, side == SIDE_BOTH ? r->low : r->wide_low);
	sqlite3_bind_int64(s, 7, side == SIDE_BOTH ? r->high : r->wide_high);
	sqlite3_bind_int64(s, 8, room - *count);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		leads[(*count)++] = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return code == SQLITE_DONE || sqlite_failed(p->reader->db, "magnitudes", p->outcome);
}

bool
plan_leads_of_range(struct plan *p, const struct plan_range *r, int64_t *leads, uint32_t room, uint32_t *count)
{
	for (int level = 0; sqlite_next_level(p->reader->store, plan_clearance(p), &level); level++)
		if (!leads_of_side(p, r, level, SIDE_BOTH, leads, room, count)
		    || !leads_of_side(p, r, level, r->side, leads, room, count))
			return false;
	return true;
}
