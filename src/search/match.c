/* match.c -- query_matches(): the meaning of a query, without a database.
 *
 * Slow and plain on purpose: a store's SQL is tested against it. */
#include "search/query.h"

#include <math.h>

#include "base/arena.h"
#include "search/values.h"

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
has_in_it(struct slice text, struct slice part)
{
	return part.len == 0
	    || (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

static bool
string_matches(enum query_modifier modifier, const struct query_value *v, const struct index_row *r)
{
	switch (modifier) {
	case MODIFIER_EXACT:    return r->a == v->a;
	case MODIFIER_CONTAINS: return has_in_it(r->text, v->text);
	case MODIFIER_DIFFERS:  return slice_eq(r->text, v->text) || r->a == 0;
	case MODIFIER_EQUALS:   return slice_eq(r->text, v->text);
	case MODIFIER_ENDS:     return slice_ends(r->text, v->text);
	default:                return slice_starts(r->text, v->text);
	}
}

static bool
is_below(struct slice text, struct slice top)
{
	char between = slice_find(top, '|') < top.len ? '.' : '/';      /* of versions, of paths */

	return slice_starts(text, top)
	    && (text.len == top.len || text.ptr[top.len] == between || slice_ends(top, SLICE("/")));
}

static bool
uri_matches(enum query_modifier modifier, const struct query_value *v, const struct index_row *r)
{
	switch (modifier) {
	case MODIFIER_BELOW: return is_below(r->text, v->text);
	case MODIFIER_ABOVE: return is_below(v->text, r->text);
	default:             return slice_eq(r->text, v->text);
	}
}

static bool
quantity_matches(const struct query_value *v, const struct index_row *r)
{
	if (!interval_matches(v->prefix, r->x, r->y, v->x, v->y))
		return false;
	if (v->any_unit)
		return r->b != v->b;
	return (v->any_code || r->a == v->a) && (v->any_system || r->b == v->b);
}

static bool
row_matches(enum search_kind kind, enum query_modifier modifier, const struct query_value *v,
    const struct index_row *r)
{
	switch (kind) {
	case SEARCH_TOKEN:
		return (v->any_code || r->a == v->a) && (v->any_system || r->b == v->b);
	case SEARCH_STRING:    return string_matches(modifier, v, r);
	case SEARCH_REFERENCE: return r->a == v->a && r->b == v->b;
	case SEARCH_DATE:      return dates_match(v->prefix, r->a, r->b, v->a, v->b);
	case SEARCH_NUMBER:    return interval_matches(v->prefix, r->x, r->y, v->x, v->y);
	case SEARCH_QUANTITY:  return quantity_matches(v, r);
	default:               return uri_matches(modifier, v, r);
	}
}

static bool
of_clause(const struct query_clause *c, const struct index_row *r, uint32_t contained)
{
	return r->param == c->param->number && r->kind != SEARCH_SPECIAL && r->contained == contained;
}

/* Composite: in some group there is a row for each part. */
static bool
group_matches(const struct query_clause *c, const struct query_value *v,
    const struct index_rows *rows, uint32_t contained, uint32_t group)
{
	for (uint32_t k = 0; k < c->param->component_count; k++) {
		bool any = false;

		for (uint32_t i = 0; i < rows->count && !any; i++) {
			const struct index_row *r = &rows->at[i];

			any = of_clause(c, r, contained) && r->part == k + 1 && r->group == group
			    && row_matches(c->param->components[k].kind, MODIFIER_NONE, &v->parts[k], r);
		}
		if (!any)
			return false;
	}
	return true;
}

static bool
any_group(const struct query_clause *c, const struct index_rows *rows, uint32_t contained)
{
	for (uint32_t k = 0; k < c->count; k++)
		for (uint32_t group = 1; group < INDEX_GROUPS; group++)
			if (group_matches(c, &c->values[k], rows, contained, group))
				return true;
	return false;
}

static bool
any_value(const struct query_clause *c, const struct index_row *r)
{
	for (uint32_t k = 0; k < c->count; k++)
		if (row_matches(c->kind, c->modifier, &c->values[k], r))
			return true;
	return false;
}

static bool
any_row(const struct query_clause *c, const struct index_rows *rows, uint32_t contained)
{
	if (c->kind == SEARCH_COMPOSITE && c->modifier != MODIFIER_MISSING)
		return any_group(c, rows, contained);
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct index_row *r = &rows->at[i];

		if (!of_clause(c, r, contained)
		    || (c->kind != SEARCH_COMPOSITE && r->kind != (uint8_t)c->kind))
			continue;
		if (c->modifier == MODIFIER_MISSING)
			return true;
		if (any_value(c, r) != (c->modifier == MODIFIER_DIFFERS))
			return true;
	}
	return false;
}

double
query_distance(double latitude, double longitude, double other_latitude, double other_longitude)
{
	const double radius = 6371008.8, degree = M_PI / 180;
	double up = sin((other_latitude - latitude) * degree / 2);
	double along = sin((other_longitude - longitude) * degree / 2);
	double h = up * up + cos(latitude * degree) * cos(other_latitude * degree) * along * along;

	return 2 * radius * asin(sqrt(h > 1 ? 1 : h));
}

static const struct query_part *
part_of(const struct query *q, const struct type *type)
{
	for (uint32_t i = 0; i < q->part_count; i++)
		if (q->parts[i].type == type)
			return &q->parts[i];
	return NULL;
}

static bool
number_at(const struct json *j, const char *path, double *out)
{
	uint32_t node = json_path(j, 0, path);

	return node != 0 && values_exact(json_raw(j, node), out);
}

const struct query_clause *
query_near(const struct query *q, const struct type *type)
{
	const struct query_part *part = part_of(q, type);

	for (uint32_t i = 0; part != NULL && i < part->clause_count; i++)
		if (part->clauses[i].on == CLAUSE_NEAR)
			return &part->clauses[i];
	return NULL;
}

bool
query_near_distance(const struct query_clause *near, const struct json *j, double *metres)
{
	double latitude, longitude;

	*metres = INFINITY;
	if (!number_at(j, "position.latitude", &latitude) || !number_at(j, "position.longitude", &longitude))
		return false;
	for (uint32_t i = 0; i < near->count; i++)
		*metres = fmin(*metres, query_distance(near->values[i].x, near->values[i].y, latitude, longitude));
	return near->count > 0;
}

static bool
is_near(const struct query_clause *c, const struct index_rows *rows, uint32_t contained)
{
	for (uint32_t i = 0; i < rows->count; i++)
		for (uint32_t k = 0; k < c->count; k++) {
			const struct index_row *r = &rows->at[i];

			if (of_clause(c, r, contained)
			    && query_distance(c->values[k].x, c->values[k].y, r->x, r->y) <= c->values[k].reach)
				return true;
		}
	return false;
}

/* Where a clause is asked: a resource of the world, or one that is contained in it. */
struct spot {
	const struct query *query;
	const struct query_world *world;
	const struct query_row *at;
	const struct type *type;
	uint32_t contained;
};

static bool clause_matches(const struct spot *, const struct query_clause *);

static bool
all_match(const struct spot *s, const struct query_clause *clauses, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!clause_matches(s, &clauses[i]))
			return false;
	return true;
}

static bool
is_of_type(const struct query_row *r, const struct type *type, uint32_t contained)
{
	if (contained == 0)
		return r->type == type;
	for (uint32_t i = 0; i < r->rows.count; i++)
		if (r->rows.at[i].kind == SEARCH_SPECIAL && r->rows.at[i].contained == contained)
			return r->rows.at[i].param == type->number;
	return true;                    /* in a Bundle: of the only type that the reference may have */
}

/* What a canonical reference means: of what is visible and has the name, what was written last. */
static const struct query_row *
named(const struct spot *s, const struct type *type, int64_t name)
{
	const struct search_param *param = search_canonical(s->query->index, type);
	const struct query_row *latest = NULL;

	for (uint32_t i = 0; param != NULL && i < s->world->count; i++) {
		const struct query_row *at = &s->world->at[i];

		for (uint32_t k = 0; at->type == type && k < at->rows.count; k++) {
			const struct index_row *r = &at->rows.at[k];

			if (r->param == param->number && r->kind == SEARCH_TOKEN && r->contained == 0 && r->a == name
			    && (latest == NULL || at->updated > latest->updated))
				latest = at;
		}
	}
	return latest;
}

static bool
target_matches(const struct spot *s, const struct query_clause *c, const struct index_row *ref)
{
	struct spot there = { s->query, s->world, s->at, c->type, 0 };

	if (ref->b == INDEX_WITHIN) {
		there.contained = (uint32_t)ref->a;
		return is_of_type(s->at, c->type, there.contained)
		    && all_match(&there, c->parts, c->part_count);
	}
	if (ref->b == INDEX_FOREIGN && (there.at = named(s, c->type, ref->a)) != NULL
	    && all_match(&there, c->parts, c->part_count))
		return true;
	for (uint32_t i = 0; i < s->world->count; i++) {
		there.at = &s->world->at[i];
		if (there.at->row == ref->a && there.at->type == c->type
		    && all_match(&there, c->parts, c->part_count))
			return true;
	}
	return false;
}

static bool
chain_matches(const struct spot *s, const struct query_clause *c)
{
	for (uint32_t i = 0; i < s->at->rows.count; i++) {
		const struct index_row *r = &s->at->rows.at[i];

		if (of_clause(c, r, s->contained) && r->kind == SEARCH_REFERENCE
		    && target_matches(s, c, r))
			return true;
	}
	return false;
}

static bool
refers_to(const struct spot *to, const struct query_clause *c, const struct query_row *from)
{
	for (uint32_t i = 0; i < from->rows.count; i++) {
		const struct index_row *r = &from->rows.at[i];

		if (of_clause(c, r, 0) && r->kind == SEARCH_REFERENCE && (r->b == INDEX_FOREIGN
		    ? named(to, to->at->type, r->a) == to->at : r->a == to->at->row && r->b >= 0))
			return true;
	}
	return false;
}

static bool
has_matches(const struct spot *s, const struct query_clause *c)
{
	for (uint32_t i = 0; s->contained == 0 && i < s->world->count; i++) {
		struct spot there = { s->query, s->world, &s->world->at[i], c->type, 0 };

		if (there.at->type == c->type && refers_to(s, c, there.at)
		    && all_match(&there, c->parts, c->part_count))
			return true;
	}
	return false;
}

static bool
column_matches(const struct spot *s, const struct query_clause *c)
{
	for (uint32_t i = 0; s->contained == 0 && i < c->count; i++) {
		const struct query_value *v = &c->values[i];

		if (c->on == CLAUSE_ID ? v->a == s->at->row && v->a != 0
		    : dates_match(v->prefix, s->at->updated, s->at->updated, v->a, v->b))
			return true;
	}
	return false;
}

static bool
index_matches(const struct spot *s, const struct query_clause *c)
{
	bool any = any_row(c, &s->at->rows, s->contained);

	if (c->modifier == MODIFIER_MISSING)
		return any != c->missing;
	return c->modifier == MODIFIER_NOT || c->modifier == MODIFIER_NOT_IN ? !any : any;
}

static bool
clause_matches(const struct spot *s, const struct query_clause *c)
{
	switch (c->on) {
	case CLAUSE_INDEX:        return index_matches(s, c);
	case CLAUSE_ID:
	case CLAUSE_LAST_UPDATED: return column_matches(s, c);
	case CLAUSE_CHAIN:        return chain_matches(s, c);
	case CLAUSE_HAS:          return has_matches(s, c);
	case CLAUSE_ALL:          return all_match(s, c->parts, c->part_count);
	case CLAUSE_NOT:          return !clause_matches(s, &c->parts[0]);
	case CLAUSE_NEAR:         return is_near(c, &s->at->rows, s->contained);
	case CLAUSE_WORDS:
		return s->contained == 0
		    && query_words_match(s->query->index, c, s->type, s->at->body, s->world->arena);
	case CLAUSE_ANY:
		break;
	}
	for (uint32_t i = 0; i < c->part_count; i++)
		if (clause_matches(s, &c->parts[i]))
			return true;
	return false;
}

bool
query_matches(const struct query *q, const struct query_world *world, const struct query_row *at)
{
	const struct query_part *part = part_of(q, at->type);
	struct spot s = { q, world, at, at->type, 0 };

	return part != NULL && all_match(&s, part->clauses, part->clause_count);
}
