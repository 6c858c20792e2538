/* conditional.c -- see conditional.h. */
#include "rest/conditional.h"

#include "base/arena.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "search/query.h"
#include "store/store.h"

struct slice
condition_text(struct slice criteria)
{
	size_t mark = slice_find(criteria, '?');

	return mark == criteria.len ? criteria : slice_sub(criteria, mark + 1, criteria.len);
}

static bool
parse(struct exchange *x, const struct type *type, struct slice criteria, uint32_t most,
    struct query *q)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);

	if (!query_parse(store_index(x->worker->reader), type, condition_text(criteria), SLICE_NONE, false, &resolver,
	    x->service->limits, x->received, x->arena, q, &x->outcome))
		return false;
	if (q->parts[0].clause_count == 0 || q->cursor.len > 0)
		return exchange_fail(x, FAULT_BAD_SEARCH, "a condition needs search criteria");
	query_match_only(q, most);
	q->is_condition = true;
	return true;
}

bool
condition_find(struct exchange *x, const struct type *type, struct slice criteria, uint32_t most,
    struct condition *c)
{
	struct store_position from = { .set = false };
	struct store_page page;
	struct query *q = arena_alloc(x->arena, sizeof *q);

	if (!permit_allows(x->permit, type, PERMIT_SEARCH))
		return exchange_fail(x, FAULT_FORBIDDEN, "");
	if (!parse(x, type, criteria, most, q) || !store_search(x->worker->reader, x->permit, q, &from,
	    x->arena, &page, &x->outcome))
		return false;
	*c = (struct condition){ page.at, page.count, page.more, q };
	return true;
}

bool
condition_one(struct exchange *x, const struct type *type, struct slice criteria,
    struct stored **match, struct condition *c)
{
	if (!condition_find(x, type, criteria, 1, c))
		return false;
	*match = c->count == 0 ? NULL : &c->matches[0];
	return !c->more || exchange_fail(x, FAULT_MULTIPLE, "");
}

bool
condition_row(struct exchange *x, const struct type *type, struct slice id, const struct json *j,
    uint32_t node, struct query_row *out)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct outcome aside;
	int64_t lead;

	*out = (struct query_row){ .type = type, .row = -1, .updated = x->received,
		.body = json_raw(j, node) };
	if (id.len > 0)
		resolver.find(resolver.ctx, type->name, id, &lead, &out->row);
	outcome_init(&aside, x->arena);
	return index_extract(store_index(x->worker->reader), type, j, node, &resolver, x->arena, &out->rows,
	    &aside);
}

bool
condition_met(struct exchange *x, const struct condition *c, const struct query_row *row)
{
	struct query_world alone = { row, 1, x->arena };

	return query_matches(c->query, &alone, row);
}

static void
let_go_of_index(void *index)
{
	search_index_let_go(index);
}

/* The writer asks its query, when this snapshot is no more. */
void
condition_guard(struct exchange *x, const struct condition *c)
{
	struct store_guard *g = arena_alloc(x->arena, sizeof *g);

	*g = (struct store_guard){ x->permit, c->query, store_seen(x->worker->reader) };
	arena_defer(x->arena, let_go_of_index, search_index_hold(store_index(x->worker->reader)));
	x->guard = g;
}
