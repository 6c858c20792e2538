/* match.c -- query_matches(): the meaning of a query, without a database.
 *
 * Slow and plain on purpose: a store's SQL is tested against it. */
#include "search/query.h"

static bool
interval_matches(enum query_prefix prefix, double l, double h, double ql, double qh)
{
	bool eq = ql <= l && h <= qh;

	switch (prefix) {
	case PREFIX_EQ: return eq;
	case PREFIX_NE: return !eq;
	case PREFIX_GT: return h > qh;
	case PREFIX_LT: return l < ql;
	case PREFIX_GE: return h > qh || eq;
	case PREFIX_LE: return l < ql || eq;
	case PREFIX_SA: return l > qh;
	case PREFIX_EB: return h < ql;
	case PREFIX_AP: return l <= qh && h >= ql;
	}
	return false;
}

/* As interval_matches(), for integers that a double cannot hold. */
static bool
dates_match(enum query_prefix prefix, int64_t l, int64_t h, int64_t ql, int64_t qh)
{
	bool eq = ql <= l && h <= qh;

	switch (prefix) {
	case PREFIX_EQ: return eq;
	case PREFIX_NE: return !eq;
	case PREFIX_GT: return h > qh;
	case PREFIX_LT: return l < ql;
	case PREFIX_GE: return h > qh || eq;
	case PREFIX_LE: return l < ql || eq;
	case PREFIX_SA: return l > qh;
	case PREFIX_EB: return h < ql;
	case PREFIX_AP: return l <= qh && h >= ql;
	}
	return false;
}

static bool
string_matches(const struct query_clause *c, const struct query_value *v, const struct index_row *r)
{
	if (c->modifier == MODIFIER_EXACT)
		return r->a == v->a;
	if (c->modifier == MODIFIER_CONTAINS)
		return v->text.len == 0 || (r->text.len > 0
		    && memmem(r->text.ptr, r->text.len, v->text.ptr, v->text.len) != NULL);
	return slice_starts(r->text, v->text);
}

static bool
row_matches(const struct query_clause *c, const struct query_value *v, const struct index_row *r)
{
	switch (c->kind) {
	case SEARCH_TOKEN:
		return (v->any_code || r->a == v->a) && (v->any_system || r->b == v->b);
	case SEARCH_STRING:
		return string_matches(c, v, r);
	case SEARCH_REFERENCE:
		return r->a == v->a;
	case SEARCH_DATE:
		return dates_match(v->prefix, r->a, r->b, v->a, v->b);
	case SEARCH_NUMBER:
		return interval_matches(v->prefix, r->x, r->y, v->x, v->y);
	case SEARCH_QUANTITY:
		return interval_matches(v->prefix, r->x, r->y, v->x, v->y)
		    && (v->any_unit || (r->a == v->a && (v->any_system || r->b == v->b)));
	default:
		return slice_eq(r->text, v->text);
	}
}

static bool
any_row(const struct query_clause *c, const struct index_rows *rows)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		if (rows->at[i].param != c->param->number)
			continue;
		if (c->modifier == MODIFIER_MISSING)
			return true;
		for (uint32_t k = 0; k < c->count; k++)
			if (row_matches(c, &c->values[k], &rows->at[i]))
				return true;
	}
	return false;
}

static bool
column_matches(const struct query_clause *c, int64_t row, int64_t last_updated)
{
	for (uint32_t i = 0; i < c->count; i++) {
		const struct query_value *v = &c->values[i];

		if (c->on == CLAUSE_ID ? v->a == row && row != 0
		    : dates_match(v->prefix, last_updated, last_updated, v->a, v->b))
			return true;
	}
	return false;
}

static bool
clause_matches(const struct query_clause *c, const struct index_rows *rows, int64_t row,
    int64_t last_updated)
{
	bool any;

	if (c->on != CLAUSE_INDEX)
		return column_matches(c, row, last_updated);
	any = any_row(c, rows);
	if (c->modifier == MODIFIER_MISSING)
		return any != c->missing;
	return c->modifier == MODIFIER_NOT ? !any : any;
}

bool
query_matches(const struct query *q, const struct index_rows *rows, int64_t row,
    int64_t last_updated)
{
	for (uint32_t i = 0; i < q->clause_count; i++)
		if (!clause_matches(&q->clauses[i], rows, row, last_updated))
			return false;
	return true;
}
