/* query_dates.c -- the dates of care that $everything asks for (R4 operation-patient-everything). */
#include "search/query.h"

#include "base/arena.h"

/* The parameter that says when the care was; the first of these that a type has. */
static const char *const codes[] = {
	"date", "period", "authoredon", "authored", "effective-time", "occurrence", "performed", "onset-date",
	"issued", "started", "sent", "created", "recorded", "recorded-date", "effective", "collected",
};

static const struct search_param *
date_of(const struct search_index *index, const struct type *type)
{
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		const struct search_param *p = search_param(index, type, slice_of(codes[i]));

		if (p != NULL && p->kind == SEARCH_DATE && search_index_supports(index, p))
			return p;
	}
	return NULL;
}

/* Overlaps [first, last], or has no date. */
static void
add_range(struct query_part *part, const struct search_param *param, int64_t first, int64_t last,
    struct arena *arena)
{
	struct query_clause *parts = arena_array(arena, 2, sizeof *parts);
	struct query_value *v = arena_alloc(arena, sizeof *v);

	*v = (struct query_value){ .prefix = PREFIX_AP, .a = first, .b = last };
	parts[0] = (struct query_clause){ .on = CLAUSE_INDEX, .param = param, .kind = SEARCH_DATE,
		.values = v, .count = 1 };
	parts[1] = (struct query_clause){ .on = CLAUSE_INDEX, .param = param, .kind = SEARCH_DATE,
		.modifier = MODIFIER_MISSING, .missing = true };
	part->clauses = arena_more(arena, part->clauses, part->clause_count, sizeof *part->clauses);
	part->clauses[part->clause_count++] = (struct query_clause){ .on = CLAUSE_ANY, .parts = parts,
		.part_count = 2 };
}

void
query_add_dates(struct query *q, int64_t first, int64_t last, struct arena *arena)
{
	for (uint32_t i = 0; i < q->part_count; i++) {
		const struct search_param *param = date_of(q->index, q->parts[i].type);

		if (param != NULL)
			add_range(&q->parts[i], param, first, last, arena);
	}
}
