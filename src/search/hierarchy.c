/* hierarchy.c -- references with :below and :above (R4 search.html#reference).
 *
 * Types whose resources are part of one another, as Locations are by Location.partOf, say so by a parameter
 * "partof" or "part-of" that may point to the type itself.  location:below=42 finds what is at 42 or at what is
 * part of it, by as many chains as levels are followed; location:above=42 what is at 42 or at what it is part
 * of, by as many _has.  So what a caller may not see hides what is behind it, as in any chain. */
#include "search/parser.h"

#include "base/arena.h"

struct climb {
	struct parser     *p;
	bool               below;
	struct slice       value, type, id;     /* type and id: of a literal reference; or empty */
	uint32_t           levels;
};

static bool
is_part_of(struct slice code)
{
	return slice_is(code, "partof") || slice_is(code, "part-of");
}

/* What makes a hierarchy of a type; NULL: it has none. */
static const struct search_param *
hierarchy_of(const struct parser *p, const struct type *type)
{
	uint32_t count;
	const struct search_param *const *params = search_params(p->index, type, &count);

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; is_part_of(params[i]->code) && k < params[i]->target_count; k++)
			if (slice_eq(params[i]->targets[k], type->name) && search_index_supports(p->index, params[i]))
				return params[i];
	return NULL;
}

static bool
refers(const struct climb *c, const struct search_param *param, struct query_clause *out)
{
	*out = (struct query_clause){ .on = CLAUSE_INDEX, .param = param, .kind = SEARCH_REFERENCE };
	return parser_spend(c->p) && parser_value(c->p, out, param->on, c->value, SLICE_NONE);
}

static bool add_level(const struct climb *, const struct search_param *, uint32_t level,
    struct query_clause *out, bool *any);

/* It is the one, or the one is part of it. */
static bool
holds(const struct climb *c, const struct type *type, const struct search_param *part, uint32_t level,
    struct query_clause *out)
{
	struct query_clause *one, *has;

	*out = (struct query_clause){ .on = CLAUSE_ANY };
	one = parser_part(c->p, out);
	*one = (struct query_clause){ .on = CLAUSE_ID, .kind = SEARCH_TOKEN };
	if (!parser_spend(c->p) || !parser_value(c->p, one, type, c->id, SLICE_NONE))
		return false;
	if (level == c->levels)
		return true;
	has = parser_part(c->p, out);
	*has = (struct query_clause){ .on = CLAUSE_HAS, .param = part, .kind = SEARCH_REFERENCE, .type = type };
	return holds(c, type, part, level + 1, parser_part(c->p, has));
}

/* Behind the chain: a part of the one, at some level; or what the one is part of. */
static bool
behind(const struct climb *c, const struct type *type, const struct search_param *part, uint32_t level,
    struct query_clause *out)
{
	struct query_clause *has;
	bool any;

	if (c->below)
		return add_level(c, part, level + 1, out, &any);
	*out = (struct query_clause){ .on = CLAUSE_ANY };
	has = parser_part(c->p, out);
	*has = (struct query_clause){ .on = CLAUSE_HAS, .param = part, .kind = SEARCH_REFERENCE, .type = type };
	return holds(c, type, part, level + 1, parser_part(c->p, has));
}

/* Any of: refers to the one; refers to what is below (above) it. */
static bool
add_level(const struct climb *c, const struct search_param *param, uint32_t level, struct query_clause *out,
    bool *any)
{
	*out = (struct query_clause){ .on = CLAUSE_ANY };
	*any = false;
	if (!refers(c, param, parser_part(c->p, out)))
		return false;
	for (uint32_t i = 0; i < param->target_count && level < c->levels; i++) {
		const struct type *type = pack_resource(c->p->index->pack, param->targets[i]);
		const struct search_param *part = type == NULL ? NULL : hierarchy_of(c->p, type);
		struct query_clause *chain;

		if (part == NULL || (c->type.len > 0 && !slice_eq(c->type, type->name)))
			continue;
		*any = true;
		chain = parser_part(c->p, out);
		*chain = (struct query_clause){ .on = CLAUSE_CHAIN, .param = param, .kind = SEARCH_REFERENCE,
			.type = type, .implied = c->type.len == 0 && param->target_count > 1 };
		if (!behind(c, type, part, level, parser_part(c->p, chain)))
			return false;
	}
	return true;
}

/* R4 search.html#versions: a canonical url below another has its version, or one that goes on behind it. */
static bool
below_canonical(struct parser *p, const struct search_param *param, struct slice text,
    struct query_clause *out)
{
	struct slice versions;
	struct buf b;

	buf_init(&b, p->arena, SIZE_MAX);
	buf_printf(&b, "%.*s.", SLICE_FMT(text));
	versions = slice_find(text, '|') < text.len ? buf_slice(&b) : text;
	*out = (struct query_clause){ .on = CLAUSE_INDEX, .param = param, .kind = SEARCH_REFERENCE };
	out->values = arena_array(p->arena, 2, sizeof *out->values);
	out->values[out->count++] = (struct query_value){ .a = values_foreign(p->index, text), .b = INDEX_FOREIGN };
	out->values[out->count++] = (struct query_value){ .a = values_foreign(p->index, versions), .b = INDEX_FOREIGN };
	return true;
}

static bool
add_value(struct parser *p, const struct search_param *param, bool below, struct slice value,
    struct query_clause *out, bool *any)
{
	struct slice text = parser_unescape(p, value);
	struct climb c = { .p = p, .below = below, .value = value,
		.levels = (uint32_t)p->limits->of[LIMIT_SEARCH_LINKS] };

	if (!index_local(p->resolver, text, &c.type, &c.id)) {
		if (below && slice_find(text, ':') < text.len)
			return *any = below_canonical(p, param, text, out);
		c.type = SLICE_NONE;
		c.id = value;
	}
	return add_level(&c, param, 0, out, any);
}

enum taken
parser_part_of(struct parser *p, const struct search_param *param, bool below, struct slice value,
    struct query_clause *out)
{
	size_t count = 0;
	bool any;

	*out = (struct query_clause){ .on = CLAUSE_ANY };
	while (value.len > 0) {
		enum taken more = parser_more_values(p, param, ++count);

		if (more != TAKEN)
			return more;
		if (!add_value(p, param, below, parser_cut(&value, ','), parser_part(p, out), &any))
			return p->outcome->failed ? REFUSED
			    : parser_refuse(p, FAULT_BAD_SEARCH, "the value has the wrong form");
		if (!any)
			return parser_refuse(p, FAULT_BAD_PARAMETER, "what is referred to has no hierarchy");
	}
	return TAKEN;
}
