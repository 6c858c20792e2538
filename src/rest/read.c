/* read.c -- read and vread (R4 http.html#read, #vread).
 *
 * Hidden and absent are one answer: the store gives both as FAULT_NO_SUCH, and
 * nothing here looks further.  Deleted is said only of what the caller could
 * have read. */
#include "rest/interactions.h"

#include "base/plant.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/binary.h"
#include "rest/subset.h"
#include "search/query.h"

static bool
gone(struct exchange *x, const struct stored *s)
{
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	return exchange_fail(x, FAULT_DELETED, "");
}

static bool
answer_parts(struct exchange *x, struct stored *s)
{
	struct slice body;
	struct query q;

	if (!subset_asked(x, s->type, &q) || !controls_out(x, s) || !subset_of(x, &q, s, &body))
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
		return binary_answer(x, s, answer_not_modified(x, s));
	if (!answer_not_modified(x, s))
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
	    || !answer_not_modified(x, &s))
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
