/* leaks.c -- leaks that are planted on purpose (base/plant.h): the twin test must find each.
 *
 * A leak raises the clearance of a search that has some feature, or lets a part of it leave the
 * compartment.  In every other build plan_clearance() is the permit's and nothing leaves. */
#include "store/sqlite/plan.h"

#ifdef PLANTED

static bool
any_clause(const struct query_clause *clauses, uint32_t count, bool (*is)(const struct query_clause *))
{
	for (uint32_t i = 0; i < count; i++)
		if (is(&clauses[i]) || any_clause(clauses[i].parts, clauses[i].part_count, is))
			return true;
	return false;
}

static bool
is_negative(const struct query_clause *c)
{
	return c->modifier == MODIFIER_NOT || c->modifier == MODIFIER_MISSING;
}

static bool is_composite(const struct query_clause *c) { return c->kind == SEARCH_COMPOSITE; }
static bool is_joined(const struct query_clause *c) { return c->on == CLAUSE_ALL || c->on == CLAUSE_NOT; }
static bool is_words(const struct query_clause *c) { return c->on == CLAUSE_WORDS; }
static bool is_id(const struct query_clause *c) { return c->on == CLAUSE_ID; }
static bool is_in(const struct query_clause *c) { return c->modifier == MODIFIER_IN || c->modifier == MODIFIER_NOT_IN; }
static bool is_updated(const struct query_clause *c) { return c->on == CLAUSE_LAST_UPDATED; }
static bool is_quantity(const struct query_clause *c) { return c->kind == SEARCH_QUANTITY; }

static const struct { int leak; bool (*is)(const struct query_clause *); } by_clause[] = {
	{ 6, is_negative }, { 47, is_composite }, { 48, is_joined }, { 49, is_words }, { 50, is_id },
	{ 51, is_in }, { 52, is_updated }, { 53, is_quantity },
};

static bool
has_feature(const struct query *q)
{
	if ((planted(5) && q->sort_count > 0) || (planted(22) && q->is_condition) || (planted(54) && q->part_count > 1)
	    || (planted(55) && q->contained != CONTAINED_FALSE) || (planted(56) && q->in_patient)
	    || (planted(57) && q->sort_count > 0 && q->parts[0].sorts[0].by_body)
	    || (planted(58) && (q->element_count > 0 || q->summary != SUMMARY_FALSE)))
		return true;
	for (size_t i = 0; i < COUNT_OF(by_clause); i++)
		for (uint32_t k = 0; planted(by_clause[i].leak) && k < q->part_count; k++)
			if (any_clause(q->parts[k].clauses, q->parts[k].clause_count, by_clause[i].is))
				return true;
	return false;
}

int
plan_clearance(const struct plan *p)
{
	return p->leaking || has_feature(p->query) ? 5 : permit_clearance(p->permit);
}

#else

int
plan_clearance(const struct plan *p)
{
	return permit_clearance(p->permit);
}

#endif

bool
plan_leaves(const struct plan *p, int leak)
{
	return !p->bound || planted(leak);
}
