/* read.c -- read and vread (R4 http.html#read, #vread).
 *
 * Hidden and absent are one answer: the store gives both as FAULT_NO_SUCH, and
 * nothing here looks further.  Deleted is said only of what the caller could
 * have read. */
#include "rest/interactions.h"

#include "base/buf.h"
#include "base/instant.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/binary.h"
#include "rest/subset.h"
#include "search/query.h"

/* R4 http.html#cread: If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2). */
static bool
not_modified(struct exchange *x, const struct stored *s)
{
	struct slice since = exchange_header(x, "if-modified-since");
	bool named;
	int64_t ms;

	if (exchange_header(x, "if-none-match").len > 0)
		return answer_tags_name(x, "if-none-match", s->version, &named) && named;
	return since.len > 0 && instant_parse_http_date(since, &ms) && s->updated / 1000 * 1000 <= ms;
}

static bool
gone(struct exchange *x, const struct stored *s)
{
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	return exchange_fail(x, FAULT_DELETED, "");
}

/* R4 http.html#parameters: _elements and _summary are for every interaction.  Others are not for a read. */
static bool
asked_parts(struct exchange *x, struct query *q)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct slice rest = x->query;
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	while (rest.len > 0) {
		struct slice pair = slice_cut(&rest, '&');

		if (slice_starts(pair, SLICE("_elements=")) || slice_starts(pair, SLICE("_summary="))) {
			buf_add(&b, pair);
			buf_add_char(&b, '&');
		}
	}
	if (!query_parse(store_index(x->worker->reader), x->type, buf_slice(&b), SLICE_NONE, false, &resolver, x->service->limits,
	    x->received, x->arena, q, &x->outcome))
		return false;
	return !q->count_only || exchange_fail(x, FAULT_BAD_SEARCH, "there is nothing to count");
}

static bool
answer_parts(struct exchange *x, struct stored *s)
{
	struct slice body;
	struct query q;

	if (!asked_parts(x, &q) || !controls_out(x, s) || !subset_of(x, &q, s, &body))
		return false;
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	answer_bytes(x, 200, body);
	return true;
}

static bool
deliver(struct exchange *x, struct stored *s)
{
	if (s->deleted)
		return gone(x, s);
	if (binary_is(x))
		return binary_answer(x, s, not_modified(x, s));
	if (!not_modified(x, s))
		return x->query.len > 0 ? answer_parts(x, s) : answer_stored(x, s, 200);
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	x->status = 304;
	return true;
}

/* Of the planted leak: 304 for a hidden one whose version the caller knows. */
static bool
matches_hidden(struct exchange *x)
{
	struct outcome aside;
	struct stored s;

	outcome_init(&aside, x->arena);
	if (!store_read(x->worker->reader, authorization_house, x->type, x->id, x->arena, &s, &aside)
	    || !not_modified(x, &s))
		return false;
	x->status = 304;
	return true;
}

bool
rest_read(struct exchange *x)
{
	struct stored s;

	if (!store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, &s, &x->outcome))
		return planted(81) && matches_hidden(x) ? true : rest_read_operation(x);
	return deliver(x, &s);
}

bool
rest_vread(struct exchange *x)
{
	struct stored s;

	return store_vread(x->worker->reader, x->permit, x->type, x->id, x->version, x->arena, &s,
	    &x->outcome) && deliver(x, &s);
}
