/* leaf.c -- the statements of a search.
 *
 * Each looks at one lead by the beginning of a key, and ends with the gate.  Their texts come
 * from the shape of a clause alone; every value is bound: ?1 lead, ?2 clearance, ?3
 * parameter, ?4 and up the value. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

#define FIRST_VALUE 4

static bool
failed(struct plan *p)
{
	return sqlite_failed(p->reader->db, "search", p->outcome);
}

/* What comes of a lead goes with it; what comes of the common one is kept. */
static struct arena *
arena_for(struct plan *p, int64_t lead)
{
	return lead == DIRECTORY ? p->arena : p->scratch;
}

static void
add_row(struct row_set *set, struct arena *arena, int64_t row)
{
	if ((set->count & (set->count - 1)) == 0 && (set->count == 0 || set->count >= 16)) {
		uint32_t room = set->count == 0 ? 16 : set->count * 2;

		set->at = arena_grow(arena, set->at, set->count * sizeof row, room * sizeof row);
	}
	set->at[set->count++] = row;
}

static int
by_row(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void
plan_order(struct row_set *set)
{
	bool ascending = true;
	uint32_t kept = 0;

	for (uint32_t i = 1; i < set->count && ascending; i++)
		ascending = set->at[i - 1] < set->at[i];
	if (ascending)
		return;
	qsort(set->at, set->count, sizeof *set->at, by_row);
	for (uint32_t i = 0; i < set->count; i++)
		if (kept == 0 || set->at[kept - 1] != set->at[i])
			set->at[kept++] = set->at[i];
	set->count = kept;
}

/* Statements */

/* The lead and clearance of a leg. */
static sqlite3_stmt *
leg(struct plan *p, struct slice sql, int64_t lead, int64_t param)
{
	sqlite3_stmt *s = sqlite_statement(p->reader, sql);

	if (s == NULL)
		return NULL;
	sqlite3_bind_int64(s, 1, lead);
	sqlite3_bind_int(s, 2, plan_clearance(p));
	sqlite3_bind_int64(s, 3, param);
	return s;
}

static bool
collect(struct plan *p, sqlite3_stmt *s, struct arena *arena, struct row_set *out)
{
	int code = SQLITE_DONE;

	if (s == NULL)
		return failed(p);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		add_row(out, arena, sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(p);
}

/* Conditions; they mean what query_matches() says.  l and h are the row's, ?4 and ?5 the value's. */
#define INTERVALS(l, h) { \
	[PREFIX_EQ] = l ">=?4 AND " l "<=?5 AND " h "<=?5", \
	[PREFIX_NE] = "NOT(" l ">=?4 AND " h "<=?5)", \
	[PREFIX_GT] = h ">?5 AND ?4=?4", \
	[PREFIX_LT] = l "<?4 AND ?5=?5", \
	[PREFIX_GE] = "(" h ">?5 OR (" l ">=?4 AND " h "<=?5))", \
	[PREFIX_LE] = "(" l "<?4 OR (" l ">=?4 AND " h "<=?5))", \
	[PREFIX_SA] = l ">?5 AND ?4=?4", \
	[PREFIX_EB] = l "<?4 AND " h "<?4 AND ?5=?5", \
	[PREFIX_AP] = l "<=?5 AND " h ">=?4" }

static const char *const date_intervals[] = INTERVALS("a", "b");
static const char *const number_intervals[] = INTERVALS("x", "y");

static const char *
token_condition(const struct query_value *v)
{
	if (v->any_code)
		return v->any_system ? "1" : "b=?5";
	return v->any_system ? "a=?4" : "a=?4 AND b=?5";
}

/* `?5` is behind all that begin with `?4`. */
static const char *
string_condition(enum query_modifier modifier, const struct query_value *v)
{
	switch (modifier) {
	case MODIFIER_EXACT:    return "text=?4 AND a=?6";
	case MODIFIER_CONTAINS: return "instr(text,?4)>0";
	case MODIFIER_DIFFERS:  return "(text=?4 OR a=0)";
	case MODIFIER_EQUALS:   return "text=?4";
	case MODIFIER_ENDS:     return "length(text)>=length(?4) AND substr(text,-length(?4))=?4";
	default:                return v->text.len == 0 ? "1" : "text>=?4 AND text<?5";
	}
}

/* What stands between a uri and what is below it: of versions a dot, of paths a slash. */
#define BETWEEN(uri) "iif(instr(" uri ",'|')>0,'.','/')"

static const char *
uri_condition(enum query_modifier modifier)
{
	switch (modifier) {
	case MODIFIER_BELOW:
		return "text>=?4 AND text<?5 AND (text=?4 OR substr(text,length(?4)+1,1)=" BETWEEN("?4") " OR substr(?4,-1)='/')";
	case MODIFIER_ABOVE:
		return "text<=?4 AND (text=?4 OR substr(?4,1,length(text)+1)=text||" BETWEEN("text")
		    " OR (substr(text,-1)='/' AND substr(?4,1,length(text))=text))";
	default:
		return "text=?4";
	}
}

static const char *
quantity_unit(const struct query_value *v)
{
	if (v->any_unit)
		return " AND b<>?7";
	if (v->any_code)
		return " AND b=?7";
	return v->any_system ? " AND a=?6" : " AND a=?6 AND b=?7";
}

static void
condition(struct buf *b, enum search_kind kind, enum query_modifier modifier,
    const struct query_value *v)
{
	switch (kind) {
	case SEARCH_TOKEN:     buf_add_cstr(b, token_condition(v)); break;
	case SEARCH_STRING:    buf_add_cstr(b, string_condition(modifier, v)); break;
	case SEARCH_REFERENCE: buf_add_cstr(b, "b=?5 AND a=?4"); break;
	case SEARCH_DATE:      buf_add_cstr(b, date_intervals[v->prefix]); break;
	case SEARCH_NUMBER:    buf_add_cstr(b, number_intervals[v->prefix]); break;
	case SEARCH_QUANTITY:
		buf_add_cstr(b, number_intervals[v->prefix]);
		buf_add_cstr(b, quantity_unit(v));
		break;
	default:               buf_add_cstr(b, uri_condition(modifier)); break;
	}
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
bind_text(sqlite3_stmt *s, int at, struct slice text)
{
	sqlite3_bind_text(s, at, text.len == 0 ? "" : text.ptr, (int)text.len, SQLITE_STATIC);
}

/* Parameters that the text does not have are refused by SQLite, which is as well. */
static void
bind_value(sqlite3_stmt *s, enum search_kind kind, const struct query_value *v, struct arena *arena)
{
	switch (kind) {
	case SEARCH_STRING:
	case SEARCH_URI:
		bind_text(s, 4, v->text);
		bind_text(s, 5, behind(v->text, arena));
		sqlite3_bind_int64(s, 6, v->a);
		break;
	case SEARCH_NUMBER:
	case SEARCH_QUANTITY:
		sqlite3_bind_double(s, 4, v->x);
		sqlite3_bind_double(s, 5, v->y);
		sqlite3_bind_int64(s, 6, v->a);
		sqlite3_bind_int64(s, 7, v->b);
		break;
	default:
		sqlite3_bind_int64(s, 4, v->a);
		sqlite3_bind_int64(s, 5, v->b);
	}
}

static bool
one_value(struct plan *p, const struct query_clause *c, const struct query_value *v, int64_t lead,
    struct row_set *out)
{
	bool differs = c->modifier == MODIFIER_DIFFERS;
	sqlite3_stmt *s;
	struct buf b;

	buf_init(&b, p->scratch, 1024);
	buf_add_cstr(&b, "SELECT row FROM ");
	buf_add_cstr(&b, index_tables[c->kind].name);
	buf_add_cstr(&b, " WHERE lead=?1 AND param=?3 AND ");
	buf_add_cstr(&b, differs ? "NOT(" : "");
	condition(&b, c->kind, c->modifier, v);
	buf_add_cstr(&b, differs ? ")" : "");
	buf_add_cstr(&b, GATE);
	if ((s = leg(p, buf_slice(&b), lead, c->param->number)) == NULL)
		return failed(p);
	bind_value(s, c->kind, v, p->scratch);
	return collect(p, s, arena_for(p, lead), out);
}

/* Composites: a component's rows with their group. */

struct place_of_group { int64_t row, group; };

struct group_set {
	struct place_of_group *at;
	uint32_t count, room;
};

static int
by_group(const void *a, const void *b)
{
	const struct place_of_group *x = a, *y = b;

	return x->row != y->row ? (x->row > y->row) - (x->row < y->row)
	    : (x->group > y->group) - (x->group < y->group);
}

static void
add_group(struct plan *p, struct group_set *set, struct place_of_group one)
{
	if (set->count == set->room) {
		uint32_t room = set->room == 0 ? 16 : set->room * 2;

		set->at = arena_grow(p->scratch, set->at, set->room * sizeof one, room * sizeof one);
		set->room = room;
	}
	set->at[set->count++] = one;
}

static bool
one_component(struct plan *p, const struct query_clause *c, const struct query_value *v,
    uint32_t part, int64_t lead, struct group_set *out)
{
	sqlite3_stmt *s;
	struct buf b;
	int code;

	buf_init(&b, p->scratch, 1024);
	buf_add_cstr(&b, "SELECT row, grp FROM composite WHERE lead=?1 AND param=?3 AND part=?8 AND ");
	condition(&b, c->param->components[part].kind, MODIFIER_NONE, &v->parts[part]);
	buf_add_cstr(&b, GATE);
	if ((s = leg(p, buf_slice(&b), lead, c->param->number)) == NULL)
		return failed(p);
	bind_value(s, c->param->components[part].kind, &v->parts[part], p->scratch);
	sqlite3_bind_int(s, 8, (int)part + 1);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		add_group(p, out, (struct place_of_group){ sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1) });
	sqlite3_reset(s);
	if (out->count > 0)
		qsort(out->at, out->count, sizeof *out->at, by_group);
	return code == SQLITE_DONE || failed(p);
}

static void
intersect(struct group_set *set, const struct group_set *other)
{
	uint32_t kept = 0, k = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		while (k < other->count && by_group(&other->at[k], &set->at[i]) < 0)
			k++;
		if (k < other->count && by_group(&other->at[k], &set->at[i]) == 0)
			set->at[kept++] = set->at[i];
	}
	set->count = kept;
}

static bool
one_composite(struct plan *p, const struct query_clause *c, const struct query_value *v,
    int64_t lead, struct row_set *out)
{
	struct group_set all = { .count = 0 };

	for (uint32_t part = 0; part < c->param->component_count; part++) {
		struct group_set one = { .count = 0 };

		if (!one_component(p, c, v, part, lead, &one))
			return false;
		if (part == 0)
			all = one;
		else
			intersect(&all, &one);
	}
	for (uint32_t i = 0; i < all.count; i++)
		add_row(out, arena_for(p, lead), all.at[i].row);
	return true;
}

static bool
any_row(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	struct buf b;

	buf_init(&b, p->scratch, 1024);
	buf_printf(&b, "SELECT row FROM %s WHERE lead=?1 AND param=?3", index_tables[c->kind].name);
	buf_add_cstr(&b, GATE);
	return collect(p, leg(p, buf_slice(&b), lead, c->param->number), arena_for(p, lead), out);
}

/* Many codes: one walk over the parameter's rows instead of a seek for each. */
#define MANY_VALUES 64

struct code { int64_t a, b; bool any_system; };

static int
by_code(const void *a, const void *b)
{
	const struct code *x = a, *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->any_system || y->any_system ? 0 : (x->b > y->b) - (x->b < y->b);
}

static bool
many_codes(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT row, a, b FROM token WHERE lead=?1 AND param=?3" GATE), lead,
	    c->param->number);
	struct code *codes = arena_array(p->scratch, c->count + 1, sizeof *codes);
	int code;

	if (s == NULL)
		return failed(p);
	for (uint32_t i = 0; i < c->count; i++)
		codes[i] = (struct code){ c->values[i].a, c->values[i].b, c->values[i].any_system };
	qsort(codes, c->count, sizeof *codes, by_code);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		struct code key = { sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2), false };

		if (bsearch(&key, codes, c->count, sizeof *codes, by_code) != NULL)
			add_row(out, arena_for(p, lead), sqlite3_column_int64(s, 0));
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(p);
}

static bool
is_value(const struct query_clause *c, int64_t a, int64_t b)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->values[i].a == a && c->values[i].b == b)
			return true;
	return false;
}

/* One reference is several values: another is none of them. */
static bool
other_references(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT row, a, b FROM reference WHERE lead=?1 AND param=?3" GATE), lead,
	    c->param->number);
	int code;

	if (s == NULL)
		return failed(p);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		if (!is_value(c, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2)))
			add_row(out, arena_for(p, lead), sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(p);
}

bool
plan_leaf(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	bool good = true;

	*out = (struct row_set){ NULL, 0 };
	if (c->modifier == MODIFIER_MISSING)
		good = any_row(p, c, lead, out);
	else if (c->kind == SEARCH_REFERENCE && c->modifier == MODIFIER_DIFFERS)
		good = other_references(p, c, lead, out);
	else if (c->kind == SEARCH_TOKEN && c->count > MANY_VALUES && c->modifier != MODIFIER_DIFFERS)
		good = many_codes(p, c, lead, out);
	else
		for (uint32_t i = 0; i < c->count && good; i++)
			good = c->kind == SEARCH_COMPOSITE
			    ? one_composite(p, c, &c->values[i], lead, out)
			    : one_value(p, c, &c->values[i], lead, out);
	plan_order(out);
	return good;
}

/* One degree of latitude, roughly; a little more than it is. */
#define METRES_A_DEGREE 110500.0

static bool
near_one(struct plan *p, const struct query_clause *c, const struct query_value *v, int64_t lead,
    struct row_set *out)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT row, x, y FROM number WHERE lead=?1 AND param=?3 AND x>=?4 "
	    "AND x<=?5" GATE), lead, c->param->number);
	int code;

	if (s == NULL)
		return failed(p);
	sqlite3_bind_double(s, 4, v->x - v->reach / METRES_A_DEGREE);
	sqlite3_bind_double(s, 5, v->x + v->reach / METRES_A_DEGREE);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		if (query_distance(v->x, v->y, sqlite3_column_double(s, 1), sqlite3_column_double(s, 2))
		    <= v->reach)
			add_row(out, arena_for(p, lead), sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(p);
}

bool
plan_near(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	*out = (struct row_set){ NULL, 0 };
	for (uint32_t i = 0; i < c->count; i++)
		if (!near_one(p, c, &c->values[i], lead, out))
			return false;
	plan_order(out);
	return true;
}

/* Resources; of a Binary what stands for it is asked too */

#define CONTEXT " AND " CONTEXT_SEEN("?1", "resource.row", "?2")
#define FIND "SELECT vid, updated FROM resource WHERE lead=?1 AND type=?3 AND row=?4 AND deleted=0" GATE
#define SCAN "SELECT row, vid, updated FROM resource WHERE lead=?1 AND type=?3 AND row>?4 AND deleted=0" GATE
#define IN_ORDER " ORDER BY row LIMIT 128"

bool
plan_find(struct plan *p, const struct type *type, int64_t lead, int64_t row, struct candidate *c,
    bool *found)
{
	sqlite3_stmt *s = leg(p, sqlite_has_context(p->reader->store, type) ? SLICE(FIND CONTEXT) : SLICE(FIND), lead,
	    type->number);
	int code;

	*found = false;
	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, row);
	if ((code = sqlite3_step(s)) == SQLITE_ROW) {
		*c = (struct candidate){ row, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1) };
		*found = true;
	}
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE || failed(p);
}

#define CHUNK 128

/* In chunks, so that what `each` does may run the same statement on another lead. */
bool
plan_scan(struct plan *p, const struct type *type, int64_t lead, int64_t after, plan_each *each,
    void *ctx, bool *more)
{
	struct candidate chunk[CHUNK];
	int n = CHUNK;

	while (n == CHUNK && *more) {
		sqlite3_stmt *s = leg(p, sqlite_has_context(p->reader->store, type) ? SLICE(SCAN CONTEXT IN_ORDER)
		    : SLICE(SCAN IN_ORDER), lead, type->number);
		int code = SQLITE_DONE;

		if (s == NULL)
			return failed(p);
		sqlite3_bind_int64(s, 4, after);
		for (n = 0; n < CHUNK && (code = sqlite3_step(s)) == SQLITE_ROW; n++)
			chunk[n] = (struct candidate){ sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
				sqlite3_column_int64(s, 2) };
		sqlite3_reset(s);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return failed(p);
		for (int i = 0; i < n && *more; i++)
			if (!each(p, type, lead, &chunk[i], ctx, more))
				return false;
		after = n == 0 ? after : chunk[n - 1].row;
	}
	return true;
}

bool
plan_contained(struct plan *p, const struct type *type, int64_t lead, struct row_set *out)
{
	*out = (struct row_set){ NULL, 0 };
	return collect(p, leg(p, SLICE("SELECT row FROM contained WHERE lead=?1 AND param=?3"
	    GATE
	    " ORDER BY row"), lead, type->number), arena_for(p, lead), out);
}

bool
plan_holder(struct plan *p, const struct type *type, int64_t lead, int64_t row,
    struct candidate *c, const struct type **holder, bool *found)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT a FROM contained WHERE lead=?1 AND param=?3 AND row=?4"
	    GATE), lead, type->number);

	*found = false;
	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, row);
	if (sqlite3_step(s) != SQLITE_ROW) {
		sqlite3_reset(s);
		return true;
	}
	*holder = pack_type_at(p->reader->store->config.pack, (uint32_t)sqlite3_column_int(s, 0));
	sqlite3_reset(s);
	if (!plan_find(p, *holder, lead, index_holder(row), c, found))
		return false;
	c->row = row;
	return true;
}

/* References */

bool
plan_leads_referred(struct plan *p, uint32_t param, int64_t lead, struct row_set *out)
{
	int64_t last = INDEX_WITHIN;

	*out = (struct row_set){ NULL, 0 };
	for (;;) {
		sqlite3_stmt *s = leg(p, SLICE("SELECT b FROM reference WHERE lead=?1 AND param=?3 AND b>?4"
		    GATE " ORDER BY b LIMIT 1"), lead, param);
		int code;

		if (s == NULL)
			return failed(p);
		sqlite3_bind_int64(s, 4, last);
		if ((code = sqlite3_step(s)) == SQLITE_ROW)
			add_row(out, p->scratch, last = sqlite3_column_int64(s, 0));
		sqlite3_reset(s);
		if (code != SQLITE_ROW)
			return code == SQLITE_DONE || failed(p);
	}
}

bool
plan_referrers(struct plan *p, uint32_t param, int64_t lead, int64_t target_lead, int64_t target,
    struct row_set *out)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT row FROM reference WHERE lead=?1 AND param=?3 AND b=?4 "
	    "AND a=?5"
	    GATE
	    " ORDER BY row"), lead, param);

	*out = (struct row_set){ NULL, 0 };
	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, target_lead);
	sqlite3_bind_int64(s, 5, target);
	return collect(p, s, p->scratch, out);
}

bool
plan_refers(struct plan *p, uint32_t param, int64_t lead, int64_t target_lead, int64_t target,
    int64_t row, bool *yes)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT 1 FROM reference WHERE lead=?1 AND param=?3 AND b=?4 AND "
	    "a=?5 AND row=?6" GATE), lead, param);
	int code;

	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, target_lead);
	sqlite3_bind_int64(s, 5, target);
	sqlite3_bind_int64(s, 6, row);
	*yes = (code = sqlite3_step(s)) == SQLITE_ROW;
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE || failed(p);
}

static bool
pairs(struct plan *p, sqlite3_stmt *s, struct arena *arena, struct pair **out, uint32_t *count)
{
	uint32_t room = 0;
	int code;

	*out = NULL;
	*count = 0;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (*count == room) {
			uint32_t more = room == 0 ? 16 : room * 2;

			*out = arena_grow(arena, *out, room * sizeof **out, more * sizeof **out);
			room = more;
		}
		(*out)[(*count)++] = (struct pair){ sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1) };
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(p);
}

bool
plan_pairs(struct plan *p, uint32_t param, int64_t lead, int64_t target_lead, struct pair **out,
    uint32_t *count)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT a, row FROM reference WHERE lead=?1 AND param=?3 AND b=?4"
	    GATE), lead, param);

	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, target_lead);
	return pairs(p, s, p->scratch, out, count);
}

bool
plan_backrefs(struct plan *p, uint32_t param, int64_t target, struct pair **out, uint32_t *count)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT lead, row FROM backref WHERE target=?1 AND param=?3"
	    GATE), target, param);

	return s == NULL ? failed(p) : pairs(p, s, p->scratch, out, count);
}

/* Canonical urls */

bool
plan_named(struct plan *p, uint32_t param, int64_t name, struct row_set *out)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT row FROM token WHERE lead=?1 AND param=?3 AND a=?4 AND b=?5" GATE),
	    DIRECTORY, param);

	*out = (struct row_set){ NULL, 0 };
	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, name);
	sqlite3_bind_int64(s, 5, INDEX_FOREIGN);
	return collect(p, s, p->scratch, out);
}

bool
plan_names_in(struct plan *p, uint32_t param, struct pair **out, uint32_t *count)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT a, row FROM token WHERE lead=?1 AND param=?3" GATE), DIRECTORY, param);

	return s == NULL ? failed(p) : pairs(p, s, p->arena, out, count);
}

/* What comes next: one number, ascending by key */

static bool
next(struct plan *p, sqlite3_stmt *s, int64_t *out)
{
	int code;

	*out = NO_LEAD;
	if (s == NULL)
		return failed(p);
	if ((code = sqlite3_step(s)) == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE || failed(p);
}

/* The least of what all levels within the clearance say: ?4 is the level, ?5 the code. */
static bool
next_in_levels(struct plan *p, struct slice sql, int64_t param, int64_t code, int64_t from, int64_t *out)
{
	*out = NO_LEAD;
	for (int level = 0; sqlite_next_level(p->reader->store, plan_clearance(p), &level); level++) {
		sqlite3_stmt *s = leg(p, sql, from, param);
		int64_t one;

		if (s != NULL) {
			sqlite3_bind_int(s, 4, level);
			sqlite3_bind_int64(s, 5, code);
		}
		if (!next(p, s, &one))
			return false;
		*out = one < *out ? one : *out;
	}
	return true;
}

static bool
next_occurrence(struct plan *p, int64_t param, int64_t code, int64_t from, int64_t *lead)
{
	return next_in_levels(p, SLICE("SELECT lead FROM occurrence WHERE param=?3 AND level=?4 AND a=?5 AND lead>=?1" GATE
	    " ORDER BY lead LIMIT 1"), param, code, from, lead);
}

bool
plan_next_code(struct plan *p, uint32_t param, int64_t from, int64_t *code)
{
	return next_in_levels(p, SLICE("SELECT a FROM occurrence WHERE param=?3 AND level=?4 AND a>=?1" GATE
	    " ORDER BY a LIMIT 1"), param, 0, from, code);
}

bool
plan_next_occurrence(struct plan *p, uint32_t param, int64_t code, int64_t from, int64_t *lead)
{
	*lead = DIRECTORY;
	return from <= DIRECTORY || next_occurrence(p, param, code, from, lead);
}

bool
plan_next_contained(struct plan *p, const struct type *type, int64_t from, int64_t *lead)
{
	return next_occurrence(p, OCCURS_CONTAINED(type->number), 0, from, lead);
}

bool
plan_next_referring(struct plan *p, uint32_t param, int64_t target, int64_t from, int64_t *lead)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT lead FROM backref WHERE param=?3 AND target=?4 AND lead>=?1"
	    GATE " ORDER BY lead LIMIT 1"), from, param);

	if (s != NULL)
		sqlite3_bind_int64(s, 4, target);
	return next(p, s, lead);
}

bool
plan_next_target(struct plan *p, uint32_t param, int64_t from, int64_t *target)
{
	return next(p, leg(p, SLICE("SELECT target FROM backref WHERE param=?3 AND target>=?1" GATE
	    " ORDER BY target LIMIT 1"), from, param), target);
}

/* Numbers of compartments, which say nothing of what is in them. */
static bool
next_number(struct plan *p, struct slice sql, int64_t from, int64_t member, int64_t *lead)
{
	sqlite3_stmt *s = sqlite_statement(p->reader, sql);

	if (s != NULL)
		sqlite3_bind_int64(s, 1, from);
	if (s != NULL && member != 0)
		sqlite3_bind_int64(s, 2, member);
	return next(p, s, lead);
}

bool
plan_next_set(struct plan *p, int64_t patient, int64_t from, int64_t *lead)
{
	return next_number(p, SLICE("SELECT number FROM member WHERE member=?2 AND number>=?1 "
	    "ORDER BY number LIMIT 1"), from, patient, lead);
}

bool
plan_next_compartment(struct plan *p, int64_t from, int64_t *lead)
{
	return next_number(p, SLICE("SELECT number FROM compartment WHERE number>=?1 ORDER BY number LIMIT 1"),
	    from, 0, lead);
}

/* Says nothing of a resource: a name for a number.  What it leads to goes through the gate. */
bool
plan_alias_of(struct plan *p, int64_t row, int64_t *target)
{
	sqlite3_stmt *s = sqlite_statement(p->reader, SLICE("SELECT target FROM alias WHERE row=?1"));

	*target = 0;
	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 1, row);
	if (sqlite3_step(s) == SQLITE_ROW)
		*target = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return true;
}

bool
plan_alias(struct plan *p, const struct type *type, int64_t target, int64_t *lead, int64_t *row)
{
	sqlite3_stmt *s = sqlite_statement(p->reader,
	    SLICE("SELECT compartment, row FROM alias WHERE target=?1 AND type=?2"));

	*row = 0;
	if (s == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 1, target);
	sqlite3_bind_int(s, 2, type->number);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*lead = sqlite3_column_int64(s, 0);
		*row = sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return true;
}

/* Sort keys */

static const char *
key_column(const struct query_sort *sort)
{
	switch (sort->kind) {
	case SEARCH_DATE:     return sort->descending ? "b" : "a";
	case SEARCH_NUMBER:
	case SEARCH_QUANTITY: return sort->descending ? "y" : "x";
	default:              return "text";
	}
}

/* Rows that are only found by are not sorted by. */
static const char *
key_rows(const struct query_sort *sort)
{
	return sort->kind == SEARCH_STRING ? " AND a<>0" GATE : GATE;
}

static void
read_key(sqlite3_stmt *s, struct sort_key *key, struct arena *arena)
{
	key->row = sqlite3_column_int64(s, 0);
	key->kind = (uint8_t)sqlite3_column_type(s, 1);
	key->i = sqlite3_column_int64(s, 1);
	key->d = sqlite3_column_double(s, 1);
	if (key->kind == SQLITE_TEXT)
		key->text = slice_dup(slice_make(sqlite3_column_text(s, 1),
		    (size_t)sqlite3_column_bytes(s, 1)), arena);
}

static int
by_key(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->kind == SQLITE_INTEGER)
		return (x->i > y->i) - (x->i < y->i);
	return x->kind == SQLITE_FLOAT ? (x->d > y->d) - (x->d < y->d) : slice_cmp(x->text, y->text);
}

/* The least of each row, or the greatest; sorted here, which is less work than a statement that groups. */
static uint32_t
one_of_each(struct sort_key *keys, uint32_t count, bool greatest)
{
	uint32_t kept = 0;

	if (count > 0)
		qsort(keys, count, sizeof *keys, by_key);
	for (uint32_t i = 0; i < count; i++) {
		if (kept == 0 || keys[kept - 1].row != keys[i].row)
			keys[kept++] = keys[i];
		else if (greatest)
			keys[kept - 1] = keys[i];
	}
	return kept;
}

bool
plan_keys(struct plan *p, const struct query_sort *sort, int64_t lead, struct sort_key **out,
    uint32_t *count)
{
	uint32_t room = 0;
	sqlite3_stmt *s;
	struct buf b;
	int code;

	*out = NULL;
	*count = 0;
	buf_init(&b, p->scratch, 1024);
	buf_printf(&b, "SELECT row, %s FROM %s WHERE lead=?1 AND param=?3%s", key_column(sort),
	    index_tables[sort->kind].name, key_rows(sort));
	if ((s = leg(p, buf_slice(&b), lead, sort->param->number)) == NULL)
		return failed(p);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (*count == room) {
			uint32_t more = room == 0 ? 64 : room * 2;

			*out = arena_grow(arena_for(p, lead), *out, room * sizeof **out, more * sizeof **out);
			room = more;
		}
		read_key(s, &(*out)[(*count)++], arena_for(p, lead));
	}
	sqlite3_reset(s);
	*count = one_of_each(*out, *count, sort->descending);
	return code == SQLITE_DONE || failed(p);
}

bool
plan_key(struct plan *p, const struct query_sort *sort, int64_t lead, int64_t row, struct sort_key *key)
{
	sqlite3_stmt *s;
	struct buf b;
	int code;

	buf_init(&b, p->scratch, 1024);
	buf_printf(&b, "SELECT row, %s(%s) FROM %s WHERE lead=?1 AND param=?3 AND row=?4%s",
	    sort->descending ? "max" : "min", key_column(sort), index_tables[sort->kind].name, key_rows(sort));
	if ((s = leg(p, buf_slice(&b), lead, sort->param->number)) == NULL)
		return failed(p);
	sqlite3_bind_int64(s, 4, row);
	if ((code = sqlite3_step(s)) == SQLITE_ROW)
		read_key(s, key, p->scratch);
	sqlite3_reset(s);
	return code == SQLITE_ROW || failed(p);
}

/* Walks by a text. */

bool
plan_next_key(struct plan *p, const struct query_sort *sort, struct sort_key *key, bool itself)
{
	const char *way = sort->descending ? "<" : ">";
	sqlite3_stmt *s;
	struct buf b;
	int code;

	buf_init(&b, p->scratch, 1024);
	buf_add_cstr(&b, "SELECT row, text FROM string WHERE lead=?1 AND param=?3");
	if (key->kind != SQLITE_NULL)
		buf_printf(&b, " AND text%s%s?4", way, itself ? "=" : "");
	buf_printf(&b, "%s ORDER BY text%s LIMIT 1", key_rows(sort), sort->descending ? " DESC" : "");
	if ((s = leg(p, buf_slice(&b), DIRECTORY, sort->param->number)) == NULL)
		return failed(p);
	if (key->kind != SQLITE_NULL)
		bind_text(s, 4, key->text);
	*key = (struct sort_key){ .kind = SQLITE_NULL };
	if ((code = sqlite3_step(s)) == SQLITE_ROW)
		read_key(s, key, p->arena);
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE || failed(p);
}

bool
plan_rows_of_key(struct plan *p, const struct query_sort *sort, const struct sort_key *key,
    struct row_set *out)
{
	sqlite3_stmt *s = leg(p, SLICE("SELECT row FROM string WHERE lead=?1 AND param=?3 AND text=?4 AND a<>0"
	    GATE), DIRECTORY, sort->param->number);

	*out = (struct row_set){ NULL, 0 };
	if (s == NULL)
		return failed(p);
	bind_text(s, 4, key->text);
	if (!collect(p, s, p->scratch, out))
		return false;
	plan_order(out);
	return true;
}

bool
plan_body(struct plan *p, const struct type *type, int64_t vid, struct slice *out)
{
	struct stored v = { .type = type, .vid = vid };

	if (++p->bodies > p->reader->store->config.limits->of[LIMIT_SEARCH_BODIES])
		return outcome_fail_at_once(p->outcome, FAULT_TOO_COSTLY,
		    "too many texts to read; narrow the search");
	arena_reset(p->text);
	if (!sqlite_load_version(p->reader, &v, p->text, p->outcome))
		return false;
	*out = v.body;
	return true;
}
