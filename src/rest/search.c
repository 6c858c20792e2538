/* search.c -- search by type, GET and POST (R4 search.html, http.html#search).
 *
 * The query tree goes to the store together with the permit; totals, pages and
 * cursors are of what the permit reaches.  A cursor is sealed to the caller and
 * the query, is of one length, and says nothing. */
#include "rest/interactions.h"

#include "base/buf.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/format.h"
#include "search/cursor.h"

static struct slice
binding(struct exchange *x, const struct query *q)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "search %.*s?%.*s ", SLICE_FMT(x->type->name), SLICE_FMT(q->canonical));
	exchange_write_binding(x, &b);
	return buf_slice(&b);
}

static bool
open_cursor(struct exchange *x, const struct query *q, struct store_position *from)
{
	struct slice plain;

	*from = (struct store_position){ .set = false };
	if (q->cursor.len == 0)
		return true;
	if (!cursor_open(x->service->cursor_key, binding(x, q), q->cursor, x->arena, &plain)
	    || plain.len < sizeof *from)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	memcpy(from, plain.ptr, sizeof *from);
	return true;
}

static void
link_url(struct exchange *x, struct buf *b, const char *relation, const struct query *q,
    struct slice cursor)
{
	buf_printf(b, "{\"relation\":\"%s\",\"url\":\"%.*s/%.*s", relation,
	    SLICE_FMT(x->service->base), SLICE_FMT(x->type->name));
	if (q->canonical.len > 0 || cursor.len > 0)
		buf_add_char(b, '?');
	buf_add(b, q->canonical);
	if (cursor.len > 0)
		buf_printf(b, "%s_cursor=%.*s", q->canonical.len > 0 ? "&" : "", SLICE_FMT(cursor));
	format_link(x, b, q->canonical.len > 0 || cursor.len > 0);
	buf_add(b, SLICE("\"}"));
}

static void
write_links(struct exchange *x, struct buf *b, const struct query *q, const struct store_page *page)
{
	buf_add(b, SLICE(",\"link\":["));
	link_url(x, b, "self", q, SLICE_NONE);
	if (page->more) {
		buf_add_char(b, ',');
		link_url(x, b, "next", q, cursor_seal(x->service->cursor_key, x->service->env,
		    binding(x, q), &page->end, sizeof page->end, x->arena));
	}
	buf_add_char(b, ']');
}

static void
write_entry(struct exchange *x, struct buf *b, const struct stored *s)
{
	buf_add(b, SLICE("{\"fullUrl\":"));
	answer_full_url(b, x, s);
	buf_add(b, SLICE(",\"resource\":"));
	buf_add(b, s->body);
	buf_add(b, SLICE(",\"search\":{\"mode\":\"match\"}}"));
}

/* What a lenient search left out, as an entry of its own (R4 search.html#errors). */
static void
write_warnings(struct exchange *x, struct buf *b, bool comma)
{
	if (x->outcome.first == NULL)
		return;
	buf_add(b, comma ? SLICE(",{\"resource\":") : SLICE("{\"resource\":"));
	outcome_json(&x->outcome, b);
	buf_add(b, SLICE(",\"search\":{\"mode\":\"outcome\"}}"));
}

static bool
write_entries(struct exchange *x, struct buf *b, const struct store_page *page)
{
	if (page->count == 0 && x->outcome.first == NULL)
		return true;
	buf_add(b, SLICE(",\"entry\":["));
	for (uint32_t i = 0; i < page->count; i++) {
		if (!controls_out(x, &page->at[i]))
			return false;
		answer_note_patient(x, page->at[i].compartment);
		if (i > 0)
			buf_add_char(b, ',');
		write_entry(x, b, &page->at[i]);
	}
	write_warnings(x, b, page->count > 0);
	buf_add_char(b, ']');
	return true;
}

static bool
answer_page(struct exchange *x, const struct query *q, const struct store_page *page)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_add(&b, SLICE("{\"resourceType\":\"Bundle\",\"type\":\"searchset\""));
	if (page->total >= 0)
		buf_printf(&b, ",\"total\":%lld", (long long)page->total);
	write_links(x, &b, q, page);
	if (!write_entries(x, &b, page))
		return false;
	buf_add_char(&b, '}');
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}

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

bool
rest_search(struct exchange *x)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct slice form = x->interaction->body == BODY_FORM ? x->content : SLICE_NONE;
	struct store_position from;
	struct store_page page;
	struct query q;

	return query_parse(x->service->index, x->type, x->query, form, is_lenient(x), &resolver,
	        x->service->limits, x->received, x->arena, &q, &x->outcome)
	    && open_cursor(x, &q, &from)
	    && store_search(x->worker->reader, x->permit, &q, &from, x->arena, &page, &x->outcome)
	    && answer_page(x, &q, &page);
}
