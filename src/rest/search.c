/* search.c -- search of a type, of the system, and within a compartment; GET and POST
 * (R4 search.html, http.html#search, compartmentdefinition.html).
 *
 * The query tree goes to the store together with the permit; totals, pages,
 * cursors and what is included are of what the permit reaches.  A cursor is sealed to the caller
 * and the query, is of one length, and says nothing. */
#include "rest/interactions.h"

#include "base/buf.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/searchset.h"
#include "rest/terminology.h"

/* R4 search.html#errors: Prefer: handling=; strict is our default. */
static bool
is_lenient(const struct exchange *x)
{
	struct slice prefer = exchange_header(x, "prefer");
	bool lenient = !x->service->options.search_strict;

	while (prefer.len > 0) {
		struct slice one = slice_trim(slice_cut(&prefer, ','));

		if (slice_is(one, "handling=lenient"))
			lenient = true;
		if (slice_is(one, "handling=strict"))
			lenient = false;
	}
	return lenient;
}

static bool
may_search(void *ctx, const struct type *type)
{
	return permit_allows(ctx, type, PERMIT_SEARCH);
}

static bool
parse(struct exchange *x, const struct index_resolver *resolver, struct query *q)
{
	struct query_place place = { .type = x->type, .within = x->within, .id = x->id,
		.allowed = may_search, .ctx = (void *)(uintptr_t)x->permit };
	struct terminology_source source = rest_terminology_source(x);
	struct slice form = x->interaction->body == BODY_FORM ? x->content : SLICE_NONE;

	place.source = &source;
	if (!query_parse_at(store_index(x->worker->reader), &place, x->query, form, is_lenient(x), resolver,
	    x->service->limits, x->received, x->arena, q, &x->outcome))
		return false;
	return q->part_count > 0 || exchange_fail(x, FAULT_FORBIDDEN, "");
}

static void
write_path(struct exchange *x, struct buf *b)
{
	if (x->within != NULL)
		buf_printf(b, "/%.*s/%.*s", SLICE_FMT(x->within->name), SLICE_FMT(x->id));
	if (x->within != NULL && x->type == NULL)
		buf_add(b, SLICE("/*"));
	if (x->type != NULL)
		buf_printf(b, "/%.*s", SLICE_FMT(x->type->name));
}

bool
rest_search(struct exchange *x)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct searchset set = { .x = x };
	struct query q;
	struct buf path;

	if (!parse(x, &resolver, &q))
		return false;
	buf_init(&path, x->arena, 1024);
	write_path(x, &path);
	set.path = buf_slice(&path);
	set.query = &q;
	return searchset_answer(&set, &resolver);
}
