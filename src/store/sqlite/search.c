/* search.c -- a query tree as SQL.
 *
 * The text of the SQL comes from the shape of the query alone; every value is
 * bound.  One statement looks at one lead: its legs are `row IN (SELECT row
 * FROM <index> WHERE lead=? ...)`, each with the gate of its own (the lead, and
 * the labels that the permit may see).  A permit that is bound to a compartment
 * looks at that lead only.  Another looks at the directory for Patients and at
 * one compartment after the other for all else; a clause that names patients
 * narrows these to their compartments.
 *
 * Without _sort the order is lead, row.  With it, all matches pass through a
 * page-sized list that is kept in order. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "base/plant.h"
#include "store/sqlite/sqlite.h"

#define VISIBLE " AND labels IN (SELECT number FROM labelset WHERE level<=?2)"

struct bound {                  /* one value to bind, in order */
	enum { BOUND_INT, BOUND_REAL, BOUND_TEXT } kind;
	int64_t      i;
	double       d;
	struct slice text;
};

struct plan {
	struct store_reader *reader;
	const struct permit *permit;
	const struct query  *query;
	const struct store_position *from;
	struct arena        *arena;
	struct outcome      *outcome;
	struct buf           sql;
	struct bound        *values;    /* ?5 and up */
	uint32_t             count, room;
	int64_t             *leads;
	uint32_t             lead_count;
};

/* ?1 lead, ?2 clearance, ?3 type, ?4 last row of the page before */
#define FIRST_VALUE 5

static void
bind(struct plan *p, struct bound value)
{
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 64 : p->room * 2;

		p->values = arena_grow(p->arena, p->values, p->room * sizeof value, room * sizeof value);
		p->room = room;
	}
	buf_printf(&p->sql, "?%u", FIRST_VALUE + p->count);
	p->values[p->count++] = value;
}

static void
add(struct plan *p, const char *sql)
{
	buf_add_cstr(&p->sql, sql);
}

static void
bind_int(struct plan *p, const char *before, int64_t i)
{
	add(p, before);
	bind(p, (struct bound){ .kind = BOUND_INT, .i = i });
}

static void
bind_text(struct plan *p, const char *before, struct slice text)
{
	add(p, before);
	bind(p, (struct bound){ .kind = BOUND_TEXT, .text = text });
}

/* Conditions of one value; they mean what query_matches() says. */

/* low and high of the row against [ql, qh] of the value, by prefix; L H l h are
 * the row's low and high and the value's low and high. */
static const char *const interval_rules[] = {
	[PREFIX_EQ] = "l<=L AND H<=h",     [PREFIX_NE] = "NOT(l<=L AND H<=h)",
	[PREFIX_GT] = "H>h",               [PREFIX_LT] = "L<l",
	[PREFIX_GE] = "(H>h OR (l<=L AND H<=h))", [PREFIX_LE] = "(L<l OR (l<=L AND H<=h))",
	[PREFIX_SA] = "L>h",               [PREFIX_EB] = "H<l",
	[PREFIX_AP] = "L<=h AND H>=l",
};

static void
interval(struct plan *p, enum query_prefix prefix, const char *low, const char *high,
    struct bound ql, struct bound qh)
{
	for (const char *c = interval_rules[prefix]; *c != '\0'; c++)
		switch (*c) {
		case 'L': /* "L" alone: no keyword of the rules begins with it */
			add(p, low);
			break;
		case 'H': add(p, high); break;
		case 'l': bind(p, ql); break;
		case 'h': bind(p, qh); break;
		default: buf_add_char(&p->sql, *c);
		}
}

static void
date_value(struct plan *p, const struct query_value *v, const char *low, const char *high)
{
	interval(p, v->prefix, low, high, (struct bound){ .kind = BOUND_INT, .i = v->a },
	    (struct bound){ .kind = BOUND_INT, .i = v->b });
}

static void
number_value(struct plan *p, const struct query_value *v)
{
	interval(p, v->prefix, "x", "y", (struct bound){ .kind = BOUND_REAL, .d = v->x },
	    (struct bound){ .kind = BOUND_REAL, .d = v->y });
}

static void
token_value(struct plan *p, const struct query_value *v)
{
	if (!v->any_code)
		bind_int(p, "a=", v->a);
	if (!v->any_system)
		bind_int(p, v->any_code ? "b=" : " AND b=", v->b);
	if (v->any_code && v->any_system)
		add(p, "1");
}

static void
quantity_value(struct plan *p, const struct query_value *v)
{
	add(p, "(");
	number_value(p, v);
	add(p, ")");
	if (v->any_unit)
		return;
	bind_int(p, " AND a=", v->a);
	if (!v->any_system)
		bind_int(p, " AND b=", v->b);
}

/* The first text behind all that begin with `prefix`: its last byte made greater. */
static struct slice
behind(struct slice prefix, struct arena *arena)
{
	struct slice copy = slice_dup(prefix, arena);

	while (copy.len > 0 && (unsigned char)copy.ptr[copy.len - 1] == 0xff)
		copy.len--;
	if (copy.len > 0)
		((char *)(uintptr_t)copy.ptr)[copy.len - 1]++;
	return copy;
}

static void
string_value(struct plan *p, const struct query_clause *c, const struct query_value *v)
{
	switch (c->modifier) {
	case MODIFIER_EXACT:
		bind_int(p, "a=", v->a);
		break;
	case MODIFIER_CONTAINS:
		bind_text(p, "instr(text,", v->text);
		add(p, ")>0");
		break;
	default:
		bind_text(p, "text>=", v->text);
		if (v->text.len > 0)
			bind_text(p, " AND text<", behind(v->text, p->arena));
	}
}

static void
one_value(struct plan *p, const struct query_clause *c, const struct query_value *v)
{
	add(p, "(");
	switch (c->kind) {
	case SEARCH_TOKEN:     token_value(p, v); break;
	case SEARCH_STRING:    string_value(p, c, v); break;
	case SEARCH_REFERENCE: bind_int(p, "a=", v->a); break;
	case SEARCH_DATE:      date_value(p, v, "a", "b"); break;
	case SEARCH_NUMBER:    number_value(p, v); break;
	case SEARCH_QUANTITY:  quantity_value(p, v); break;
	default:               bind_text(p, "text=", v->text); break;
	}
	add(p, ")");
}

static void
index_leg(struct plan *p, const struct query_clause *c)
{
	bool negative = c->modifier == MODIFIER_NOT || (c->modifier == MODIFIER_MISSING && c->missing);

	buf_printf(&p->sql, " AND r.row %sIN (SELECT row FROM %s WHERE ", negative ? "NOT " : "",
	    index_tables[c->kind].name);
	bind_int(p, "lead=?1 AND param=", c->param->number);
	add(p, VISIBLE);
	for (uint32_t i = 0; c->modifier != MODIFIER_MISSING && i < c->count; i++) {
		add(p, i == 0 ? " AND (" : " OR ");
		one_value(p, c, &c->values[i]);
	}
	add(p, c->modifier != MODIFIER_MISSING && c->count > 0 ? "))" : ")");
}

static void
column_leg(struct plan *p, const struct query_clause *c)
{
	add(p, " AND (");
	for (uint32_t i = 0; i < c->count; i++) {
		add(p, i == 0 ? "(" : " OR (");
		if (c->on == CLAUSE_ID)
			bind_int(p, "r.row=", c->values[i].a);
		else
			date_value(p, &c->values[i], "r.updated", "r.updated");
		add(p, ")");
	}
	add(p, c->count == 0 ? "0)" : ")");
}

/* Planted leaks.  1: a date clause without the compartment; 5: _sort, 6: :not and :missing
 * without the labels. */
static bool
plant_leak(struct plan *p)
{
	bool date = false, negative = false;

	for (uint32_t i = 0; i < p->query->clause_count; i++) {
		date |= p->query->clauses[i].kind == SEARCH_DATE;
		negative |= p->query->clauses[i].modifier == MODIFIER_NOT
		    || p->query->clauses[i].modifier == MODIFIER_MISSING;
	}
	if (!(planted(1) && date) && !(planted(5) && p->query->sort_count > 0)
	    && !(planted(6) && negative))
		return false;
	add(p, planted(1) ? " WHERE ?1=?1 AND ?2=?2" : " WHERE r.lead=?1 AND ?2=?2");
	add(p, " AND r.type=?3 AND r.row>?4 AND r.deleted=0");
	return true;
}

static void
legs(struct plan *p)
{
	if (plant_leak(p))
		return;
	add(p, " WHERE r.lead=?1 AND r.type=?3 AND r.row>?4 AND r.deleted=0");
	add(p, planted(22) && p->query->is_condition ? " AND ?2=?2"
	    : " AND r.labels IN (SELECT number FROM labelset WHERE level<=?2)");
	for (uint32_t i = 0; p->query->only != NULL && i < p->query->only->room; i++)
		bind_int(p, i == 0 ? " AND r.row IN (" : ",", p->query->only->rows[i]);
	add(p, p->query->only != NULL ? ")" : "");
	for (uint32_t i = 0; i < p->query->clause_count; i++)
		if (p->query->clauses[i].on == CLAUSE_INDEX)
			index_leg(p, &p->query->clauses[i]);
		else
			column_leg(p, &p->query->clauses[i]);
}

/* Leads */

static void
add_lead(struct plan *p, int64_t lead)
{
	for (uint32_t i = 0; i < p->lead_count; i++)
		if (p->leads[i] == lead)
			return;
	p->leads = arena_grow(p->arena, p->leads, p->lead_count * sizeof lead,
	    (p->lead_count + 1) * sizeof lead);
	p->leads[p->lead_count++] = lead;
}

static void
add_numbers(struct plan *p, struct slice sql, int64_t value)
{
	sqlite3_stmt *q = sqlite_statement(p->reader, sql);
	int64_t *all = NULL;
	size_t count = 0, room = 0;

	if (q == NULL)
		return;
	sqlite3_bind_int64(q, 1, value);
	while (sqlite3_step(q) == SQLITE_ROW) {
		if (count == room) {
			all = arena_grow(p->arena, all, room * sizeof *all, (room * 2 + 64) * sizeof *all);
			room = room * 2 + 64;
		}
		all[count++] = sqlite3_column_int64(q, 0);
	}
	if (p->lead_count == 0) {       /* distinct already, and ascending */
		p->leads = all;
		p->lead_count = (uint32_t)count;
		return;
	}
	for (size_t i = 0; i < count; i++)
		add_lead(p, all[i]);
}

/* Does this clause decide the compartment?  A parameter of the Patient
 * compartment, or `patient`, which is the part of such a one that is a Patient. */
static bool
names_compartment(struct plan *p, const struct query_clause *c)
{
	uint32_t count;
	const struct slice *codes = pack_compartment(p->reader->store->config.pack, SLICE("Patient"),
	    p->query->type, &count);

	if (c->on != CLAUSE_INDEX || c->kind != SEARCH_REFERENCE || c->modifier != MODIFIER_NONE
	    || codes == NULL)
		return false;
	if (slice_is(c->param->code, "patient"))
		return true;
	for (uint32_t i = 0; i < count; i++)
		if (slice_eq(codes[i], c->param->code))
			return true;
	return false;
}

static bool
is_patient_row(struct plan *p, int64_t row)
{
	sqlite3_stmt *q = sqlite_statement(p->reader,
	    SLICE("SELECT 1 FROM compartment WHERE number=?1 AND members IS NULL"));

	if (row <= 0 || q == NULL)
		return false;
	sqlite3_bind_int64(q, 1, row);
	return sqlite3_step(q) == SQLITE_ROW;
}

/* True when the clause's values are patients (or nothing at all): only their
 * compartments can match. */
static bool
leads_of_clause(struct plan *p, const struct query_clause *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->values[i].a > 0 && !is_patient_row(p, c->values[i].a))
			return false;
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->values[i].a <= 0)
			continue;
		add_lead(p, c->values[i].a);
		add_numbers(p, SLICE("SELECT number FROM member WHERE member=?1 ORDER BY number"),
		    c->values[i].a);
	}
	return true;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
find_leads(struct plan *p)
{
	const struct query *q = p->query;
	int64_t bound;

	if (permit_compartment(p->permit, &bound)) {
		add_lead(p, bound);
		return;
	}
	if (q->only != NULL) {
		for (uint32_t i = 0; i < q->only->room; i++)
			add_lead(p, q->only->leads[i]);
		return;
	}
	if (q->type == p->reader->store->patient) {
		add_lead(p, DIRECTORY);
		return;
	}
	for (uint32_t i = 0; i < q->clause_count; i++)
		if (names_compartment(p, &q->clauses[i]) && leads_of_clause(p, &q->clauses[i])) {
			if (p->lead_count > 0)
				qsort(p->leads, p->lead_count, sizeof *p->leads, by_number);
			return;
		}
	p->lead_count = 0;
	add_numbers(p, SLICE("SELECT number FROM compartment WHERE number>=?1 ORDER BY number"), 0);
}

/* Running */

static sqlite3_stmt *
start(struct plan *p, int64_t lead, int64_t after_row)
{
	sqlite3_stmt *s = sqlite_statement(p->reader, buf_slice(&p->sql));

	if (s == NULL)
		return NULL;
	sqlite3_bind_int64(s, 1, lead);
	sqlite3_bind_int(s, 2, permit_clearance(p->permit));
	sqlite3_bind_int64(s, 3, p->query->type->number);
	sqlite3_bind_int64(s, 4, after_row);
	for (uint32_t i = 0; i < p->count; i++) {
		const struct bound *v = &p->values[i];
		int at = FIRST_VALUE + (int)i;

		if (v->kind == BOUND_INT)
			sqlite3_bind_int64(s, at, v->i);
		else if (v->kind == BOUND_REAL)
			sqlite3_bind_double(s, at, v->d);
		else
			sqlite3_bind_text(s, at, v->text.len == 0 ? "" : v->text.ptr, (int)v->text.len,
			    SQLITE_STATIC);
	}
	return s;
}

static bool
failed(struct plan *p)
{
	return sqlite_failed(p->reader->db, "search", p->outcome);
}

static bool
count_all(struct plan *p, int64_t *total)
{
	*total = 0;
	add(p, "SELECT count(*) FROM resource r");
	if (planted(2)) {
		add(p, " WHERE ?1>=0 AND r.type=?3 AND r.row>?4 AND r.deleted=0 AND ?2>=0 AND r.lead>0");
		p->lead_count = 1;
	} else {
		legs(p);
	}
	for (uint32_t i = 0; i < p->lead_count; i++) {
		sqlite3_stmt *s = start(p, p->leads[i], 0);

		if (s == NULL || sqlite3_step(s) != SQLITE_ROW)
			return failed(p);
		*total += sqlite3_column_int64(s, 0);
	}
	return true;
}

struct match {
	struct store_position at;
	int64_t vid;
};

/* Pages without _sort */

static bool
page_of_lead(struct plan *p, int64_t lead, struct match *page, uint32_t want, uint32_t *have)
{
	int64_t after = p->from->set && p->from->compartment == lead ? p->from->row : 0;
	sqlite3_stmt *s = start(p, lead, after);
	int code = SQLITE_DONE;

	if (s == NULL)
		return failed(p);
	while (*have < want && (code = sqlite3_step(s)) == SQLITE_ROW)
		page[(*have)++] = (struct match){ .vid = sqlite3_column_int64(s, 1),
			.at = { .set = true, .compartment = lead, .row = sqlite3_column_int64(s, 0) } };
	sqlite3_reset(s);
	return code == SQLITE_DONE || code == SQLITE_ROW || failed(p);
}

static bool
page_in_order(struct plan *p, struct match *page, uint32_t want, uint32_t *have)
{
	add(p, "SELECT r.row, r.vid FROM resource r");
	legs(p);
	add(p, " ORDER BY r.row");
	for (uint32_t i = 0; i < p->lead_count && *have < want; i++)
		if ((!p->from->set || p->leads[i] >= p->from->compartment)
		    && !page_of_lead(p, p->leads[i], page, want, have))
			return false;
	return true;
}

/* Pages with _sort: key columns k0..k3, NULL when a row has none (last). */

static const char *
key_column(const struct query_sort *sort)
{
	switch (sort->kind) {
	case SEARCH_DATE:     return sort->descending ? "max(b)" : "min(a)";
	case SEARCH_NUMBER:
	case SEARCH_QUANTITY: return sort->descending ? "max(y)" : "min(x)";
	default:              return sort->descending ? "max(text)" : "min(text)";
	}
}

static void
sorted_sql(struct plan *p)
{
	add(p, "SELECT r.row, r.vid");
	for (uint32_t i = 0; i < p->query->sort_count; i++)
		if (p->query->sorts[i].on == CLAUSE_INDEX)
			buf_printf(&p->sql, ", k%u.k", i);
		else
			add(p, p->query->sorts[i].on == CLAUSE_ID ? ", r.row" : ", r.updated");
	add(p, " FROM resource r");
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		const struct query_sort *sort = &p->query->sorts[i];

		if (sort->on != CLAUSE_INDEX)
			continue;
		buf_printf(&p->sql, " LEFT JOIN (SELECT row, %s AS k FROM %s WHERE lead=?1",
		    key_column(sort), index_tables[sort->kind].name);
		bind_int(p, " AND param=", sort->param->number);
		buf_printf(&p->sql, VISIBLE " GROUP BY row) k%u ON k%u.row=r.row", i, i);
	}
	legs(p);
}

enum { KEY_NONE, KEY_INT, KEY_REAL, KEY_TEXT };

static void
read_key(sqlite3_stmt *s, int column, struct store_position *at, uint32_t i)
{
	switch (sqlite3_column_type(s, column)) {
	case SQLITE_INTEGER:
		at->key[i].kind = KEY_INT;
		at->key[i].i = sqlite3_column_int64(s, column);
		break;
	case SQLITE_FLOAT:
		at->key[i].kind = KEY_REAL;
		at->key[i].d = sqlite3_column_double(s, column);
		break;
	case SQLITE_TEXT: {
		size_t n = (size_t)sqlite3_column_bytes(s, column);

		at->key[i].kind = KEY_TEXT;
		at->key[i].len = (uint8_t)(n > sizeof at->key[i].text ? sizeof at->key[i].text : n);
		memcpy(at->key[i].text, sqlite3_column_text(s, column), at->key[i].len);
		break;
	}
	default:
		at->key[i].kind = KEY_NONE;
	}
}

static int
compare_key(const struct store_position *a, const struct store_position *b, uint32_t i)
{
	if (a->key[i].kind == KEY_INT)
		return (a->key[i].i > b->key[i].i) - (a->key[i].i < b->key[i].i);
	if (a->key[i].kind == KEY_REAL)
		return (a->key[i].d > b->key[i].d) - (a->key[i].d < b->key[i].d);
	return slice_cmp(slice_make(a->key[i].text, a->key[i].len),
	    slice_make(b->key[i].text, b->key[i].len));
}

static int
compare(const struct plan *p, const struct store_position *a, const struct store_position *b)
{
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		int order;

		if ((a->key[i].kind == KEY_NONE) != (b->key[i].kind == KEY_NONE))
			return a->key[i].kind == KEY_NONE ? 1 : -1;
		order = a->key[i].kind == KEY_NONE ? 0 : compare_key(a, b, i);
		if (order != 0)
			return p->query->sorts[i].descending ? -order : order;
	}
	if (a->compartment != b->compartment)
		return a->compartment < b->compartment ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* Into its place of the page; what falls off its end is not of this page. */
static void
insert(struct plan *p, struct match *page, uint32_t want, uint32_t *have, const struct match *m)
{
	uint32_t low = 0, high = *have;

	if (p->from->set && compare(p, &m->at, p->from) <= 0)
		return;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (compare(p, &page[middle].at, &m->at) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == want)
		return;
	if (*have < want)
		++*have;
	memmove(&page[low + 1], &page[low], (*have - low - 1) * sizeof *page);
	page[low] = *m;
}

static bool
page_sorted(struct plan *p, struct match *page, uint32_t want, uint32_t *have)
{
	sorted_sql(p);
	for (uint32_t i = 0; i < p->lead_count; i++) {
		sqlite3_stmt *s = start(p, p->leads[i], 0);
		int code;

		if (s == NULL)
			return failed(p);
		while ((code = sqlite3_step(s)) == SQLITE_ROW) {
			struct match m = { .vid = sqlite3_column_int64(s, 1),
				.at = { .set = true, .compartment = p->leads[i],
				    .row = sqlite3_column_int64(s, 0) } };

			for (uint32_t k = 0; k < p->query->sort_count; k++)
				read_key(s, 2 + (int)k, &m.at, k);
			insert(p, page, want, have, &m);
		}
		if (code != SQLITE_DONE)
			return failed(p);
	}
	return true;
}

/* The id that clients know: of a row with a chosen one, the one in its body. */
static struct slice
id_in_body(const struct stored *v)
{
	struct slice rest = slice_sub(v->body, sizeof "{\"resourceType\":\"" - 1, v->body.len);

	rest = slice_sub(rest, v->type->name.len + sizeof "\",\"id\":\"" - 1, rest.len);
	return slice_cut(&rest, '"');
}

static bool
load_page(struct plan *p, const struct match *page, struct store_page *out)
{
	out->at = arena_array(p->arena, out->count + 1, sizeof *out->at);
	for (uint32_t i = 0; i < out->count; i++) {
		struct stored *v = &out->at[i];

		*v = (struct stored){ .type = p->query->type, .vid = page[i].vid };
		if (!sqlite_load_version(p->reader, v, p->arena, p->outcome))
			return false;
		v->id = id_in_body(v);
	}
	if (out->count > 0)
		out->end = page[out->count - 1].at;
	return true;
}

static void
new_text(struct plan *p)
{
	buf_init(&p->sql, p->arena, 1 << 20);
	p->count = 0;
}

bool
store_search(struct store_reader *r, const struct permit *permit, const struct query *q,
    const struct store_position *from, struct arena *arena, struct store_page *out,
    struct outcome *o)
{
	struct plan p = { .reader = r, .permit = permit, .query = q, .from = from, .arena = arena,
		.outcome = o };
	struct match *page = arena_array(arena, q->page + 2, sizeof *page);

	*out = (struct store_page){ .total = -1 };
	find_leads(&p);
	new_text(&p);
	if (!q->count_only && !(q->sort_count == 0 ? page_in_order : page_sorted)(&p, page,
	    q->page + 1, &out->count))
		return false;
	out->more = out->count > q->page;
	out->count -= out->more;
	if (planted(8)) {
		add_numbers(&p, SLICE("SELECT row FROM resource WHERE type=?1 AND deleted=0"),
		    q->type->number);
		out->more |= p.lead_count > out->count && q->clause_count == 0;
	}
	new_text(&p);
	if ((q->total == TOTAL_ACCURATE || q->count_only) && !count_all(&p, &out->total))
		return false;
	return load_page(&p, page, out);
}
