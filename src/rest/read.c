/* read.c -- read and vread (R4 http.html#read, #vread).
 *
 * Hidden and absent are one answer: the store gives both as FAULT_NO_SUCH, and
 * nothing here looks further.  Deleted is said only of what the caller could
 * have read. */
#include "rest/interactions.h"

#include "base/instant.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/binary.h"

/* R4 http.html#cread: If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2). */
static bool
not_modified(struct exchange *x, const struct stored *s)
{
	struct slice tags = exchange_header(x, "if-none-match");
	struct slice since = exchange_header(x, "if-modified-since"), version;
	int64_t ms;

	if (tags.len > 0) {
		while (tags.len > 0) {
			struct slice one = slice_trim(slice_cut(&tags, ','));

			if (slice_is(one, "*") || (answer_parse_etag(one, &version)
			    && slice_eq(version, s->version)))
				return true;
		}
		return false;
	}
	return since.len > 0 && instant_parse_http_date(since, &ms) && s->updated / 1000 * 1000 <= ms;
}

static bool
gone(struct exchange *x, const struct stored *s)
{
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	return exchange_fail(x, FAULT_DELETED, "");
}

static bool
deliver(struct exchange *x, struct stored *s)
{
	if (s->deleted)
		return gone(x, s);
	if (binary_is(x))
		return binary_answer(x, s, not_modified(x, s));
	if (!not_modified(x, s))
		return answer_stored(x, s, 200);
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
