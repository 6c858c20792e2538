/* codes.c -- codes of a value set, or by their hierarchy, as values of a query.
 *
 * The definitions are those of the pack, and those that the place of the query knows besides.  What is not held is refused: "not in" a value
 * set of which some members are not known would be a guess. */
#include "search/parser.h"

#include "base/arena.h"
#include "fhir/terminology.h"

static bool
not_known(struct parser *p)
{
	parser_refuse(p, FAULT_NOT_SUPPORTED, "the codes that it stands for are not known here");
	return false;
}

static bool
add_code(struct parser *p, struct query_clause *c, struct slice system, struct slice code)
{
	if (c->count == p->limits->of[LIMIT_SEARCH_CODES])
		return parser_refuse(p, FAULT_TOO_COSTLY, "too many codes") == TAKEN;
	c->values = arena_more(p->arena, c->values, c->count, sizeof *c->values);
	c->values[c->count++] = (struct query_value){
		.a = (int64_t)index_hash(p->index, code),
		.b = system.len == 0 ? 0 : (int64_t)index_hash(p->index, system),
		.any_system = system.len == 0,
	};
	return true;
}

/* A code without a system, as elements of type code have it, is of the value set's. */
static bool
add_member(struct parser *p, struct query_clause *c, const struct member *m)
{
	if (!add_code(p, c, m->system, m->code) || !add_code(p, c, m->system, m->code))
		return false;
	c->values[c->count - 1].b = 0;
	return true;
}

/* All codes of a system, or some that are named; false when it is more than that. */
static bool
add_include(struct parser *p, struct query_clause *c, const struct json *j, uint32_t include)
{
	static const char *const more[] = { "filter", "valueSet", "version" };
	uint32_t system = json_get(j, include, SLICE("system")), list = json_get(j, include, SLICE("concept"));
	struct member m = { .system = system == 0 ? SLICE_NONE : json_string(j, system, p->arena) };

	for (size_t i = 0; i < COUNT_OF(more); i++)
		if (json_get(j, include, slice_of(more[i])) != 0)
			return false;
	if (list == 0 && !add_code(p, c, m.system, SLICE_NONE))
		return false;
	if (list == 0)
		c->values[c->count - 1].any_code = true;
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		m.code = json_string(j, json_get(j, n, SLICE("code")), p->arena);
		if (!add_member(p, c, &m))
			return false;
	}
	return m.system.len > 0;
}

/* What is in it can be told without its codes: all of LOINC, say. */
static bool
add_includes(struct parser *p, struct query_clause *c, struct terminology *t, struct slice url)
{
	uint32_t node, compose, list;
	const struct json *j = terminology_definition(t, TERMINOLOGY_VALUE_SET, url, &node);

	if (j == NULL || (compose = json_get(j, node, SLICE("compose"))) == 0
	    || json_get(j, compose, SLICE("exclude")) != 0
	    || (list = json_get(j, compose, SLICE("include"))) == 0)
		return false;
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
		if (!add_include(p, c, j, n))
			return false;
	return true;
}

bool
parser_value_set(struct parser *p, struct query_clause *c, struct slice url)
{
	struct terminology t;
	struct code_set *set;
	const struct expansion *all;

	terminology_init(&t, p->index->pack, p->limits, p->place->source, p->arena);
	set = terminology_set(&t, url);
	all = set == NULL ? NULL : code_set_expand(&t, set);
	if (all == NULL || !all->complete)
		return add_includes(p, c, &t, url) || (!p->outcome->failed && not_known(p));
	for (uint32_t i = 0; i < all->count; i++)
		if ((!all->at[i].abstract || all->at[i].listed) && !add_member(p, c, &all->at[i]))
			return false;
	return true;
}

/* The element that a plain path ends at, "Patient.gender", and its type; NULL when it is no such path. */
static const struct type *
type_at(const struct pack *pack, struct slice path, const struct element **e)
{
	const struct type *type = pack_type(pack, slice_cut(&path, '.'));

	*e = NULL;
	while (type != NULL && path.len > 0) {
		*e = type_element(type, slice_cut(&path, '.'));
		type = *e != NULL && (*e)->type_count == 1 ? (*e)->types[0].type : NULL;
	}
	return type;
}

static const struct element *
code_element(const struct pack *pack, struct slice path)
{
	const struct element *e;
	const struct type *type = type_at(pack, path, &e);

	return type != NULL && slice_is(type->name, "code") ? e : NULL;
}

bool
parser_case_counts(struct parser *p, const struct search_param *param)
{
	const struct element *e;
	const struct type *type = param == NULL ? NULL : type_at(p->index->pack, param->expression, &e);

	return type != NULL && !slice_is(type->name, "string") && !slice_is(type->name, "ContactPoint");
}

static bool
all_of_system(const struct value_set *set, struct slice system)
{
	struct slice its, code;

	for (uint32_t i = 0; i < set->count; i++) {
		value_set_code(set, i, &its, &code);
		if (!slice_eq(its, system))
			return false;
	}
	return set->count > 0;
}

bool
parser_system_implied(struct parser *p, const struct search_param *param, struct slice system,
    struct slice code)
{
	const struct element *e = param == NULL ? NULL : code_element(p->index->pack, param->expression);
	const struct value_set *set = e == NULL ? NULL : e->binding;

	if (set == NULL || !set->complete || system.len == 0)
		return false;
	return code.len == 0 ? all_of_system(set, system)
	    : value_set_has(p->index->pack, set, system, code);
}

struct walk {
	struct parser       *p;
	struct query_clause *c;
	struct slice         system;
	bool                 good;
};

static bool
each(void *ctx, const struct concept *concept)
{
	struct walk *w = ctx;

	return w->good = add_code(w->p, w->c, w->system, concept->code);
}

bool
parser_hierarchy(struct parser *p, struct query_clause *c, bool below, struct slice system,
    struct slice code)
{
	struct walk w = { p, c, system, true };
	struct terminology t;
	enum known known;

	terminology_init(&t, p->index->pack, p->limits, p->place->source, p->arena);
	known = (below ? terminology_below : terminology_above)(&t, system, code, each, &w);
	return w.good && (known == KNOWN_YES || not_known(p));
}
