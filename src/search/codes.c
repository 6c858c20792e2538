/* codes.c -- codes of a value set, or by their hierarchy, as values of a query. */
#include "search/parser.h"

#include "base/arena.h"

static enum taken
not_known(struct parser *p)
{
	return parser_refuse(p, FAULT_NOT_SUPPORTED, "the codes that it stands for are not known here");
}

static void
add_code(struct parser *p, struct query_value *v, struct slice system, struct slice code)
{
	*v = (struct query_value){ .a = (int64_t)index_hash(p->index, code),
		.b = system.len == 0 ? 0 : (int64_t)index_hash(p->index, system),
		.any_system = system.len == 0 };
}

bool
parser_value_set(struct parser *p, struct query_clause *c, struct slice url)
{
	struct slice rest = url;
	const struct value_set *set = pack_value_set(p->index->pack, slice_cut(&rest, '|'));
	uint32_t count = set == NULL ? 0 : set->count;

	if (set == NULL || !set->complete)
		return not_known(p) == TAKEN;
	if (c->count + count > p->limits->of[LIMIT_SEARCH_CODES])
		return parser_refuse(p, FAULT_TOO_COSTLY, "the value set has too many codes") == TAKEN;
	c->values = arena_grow(p->arena, c->values, c->count * sizeof *c->values,
	    (c->count + count + 1) * sizeof *c->values);
	for (uint32_t i = 0; i < count; i++) {
		struct slice system, code;

		value_set_code(set, i, &system, &code);
		add_code(p, &c->values[c->count++], system, code);
	}
	return true;
}

bool
parser_hierarchy(struct parser *p, struct query_clause *c, bool below, struct slice system,
    struct slice code)
{
	(void)c;
	(void)below;
	(void)system;
	(void)code;
	return not_known(p) == TAKEN;
}
