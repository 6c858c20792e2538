/* audit.c -- Audit: not audited, not answered.
 *
 * Promises, checked by number in controls_test.c and tests/:
 *  (1) Every exchange that touches FHIR data, refusals included, leaves at
 *      least one record, and its records are encoded before the answer may go.
 *  (2) When the log is not healthy, FHIR data is refused with 503 no-store.
 *  (3) The record holds the true reason of a refusal, where the answer may not.
 *  (4) The request id is the client's when it is well formed, else ours; nothing
 *      else of a request reaches a header of the answer. */
#include "controls/control.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/principal.h"
#include "exchange/service.h"

#define REQUEST_ID_MAX 64

static bool
request_id_good(struct slice id)
{
	if (id.len == 0 || id.len > REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (!(ascii_is_letter(c) || ascii_is_digit(c)
		    || c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

static struct slice
mint_request_id(struct exchange *x)
{
	uint8_t block[16];
	char *text = arena_alloc(x->arena, BASE32_BLOCK);

	env_entropy(x->service->env, block, sizeof block);
	encode_block(block, text);
	return slice_make(text, BASE32_BLOCK);
}

static bool
audit_request(struct exchange *x)
{
	struct slice id = exchange_header(x, "x-request-id");

	if (x->parent == NULL)
		x->request_id = request_id_good(id) ? id : mint_request_id(x);
	x->audited = x->interaction == NULL || !x->interaction->open;
	if (x->audited && !audit_healthy(x->service->audit)) {
		exchange_add_header(x, "retry-after", SLICE("60"));
		return exchange_fail(x, FAULT_NO_AUDIT, "");
	}
	return true;
}

/* R4 audit-event-outcome: 4 the caller's fault, 8 ours, 12 a control is down. */
static int
outcome_code(int status)
{
	if (status < 400)
		return 0;
	if (status < 500)
		return 4;
	return status == 503 ? 12 : 8;
}

static struct slice
reason(const struct exchange *x)
{
	if (x->hidden_reason.len > 0)
		return x->hidden_reason;
	if (!x->outcome.failed)
		return SLICE_NONE;
	return slice_of(faults[x->outcome.worst].text);
}

static struct slice
resource_name(struct exchange *x)
{
	struct buf b;

	if (x->type == NULL)
		return SLICE_NONE;
	if (x->id.len == 0)
		return x->type->name;
	buf_init(&b, x->arena, 256);
	buf_printf(&b, "%.*s/%.*s", SLICE_FMT(x->type->name), SLICE_FMT(x->id));
	return buf_slice(&b);
}

static struct slice
raw_query(const struct exchange *x)
{
	bool form = x->interaction != NULL && x->interaction->body == BODY_FORM;

	return x->query.len > 0 || !form ? x->query : x->content;
}

static void
complete(struct exchange *x, struct audit_event *e)
{
	if (x->event_id != NULL && e == &x->events->event)
		memcpy(e->id, x->event_id, sizeof e->id);
	else
		env_entropy(x->service->env, e->id, sizeof e->id);
	if (e->interaction.len == 0)
		e->interaction = x->interaction == NULL ? SLICE("unknown")
		    : slice_of(x->interaction->code);
	e->action = x->interaction == NULL ? 'E' : x->interaction->action;
	e->status = x->status;
	e->outcome = outcome_code(x->status);
	if (e->reason.len == 0)
		e->reason = reason(x);
	e->query = raw_query(x);
	if (e->resource.len == 0)
		e->resource = resource_name(x);
}

static bool
audit_response(struct exchange *x)
{
	uint32_t n = 0;

	if (x->request_id.len == 0)
		x->request_id = mint_request_id(x);
	if (x->parent == NULL)
		exchange_add_header(x, "x-request-id", x->request_id);
	if (!x->audited)
		return true;
	exchange_own_event(x);
	for (struct exchange_event *e = x->events; e != NULL; e = e->next)
		n++;
	x->records = arena_array(x->arena, n, sizeof *x->records);
	x->record_count = 0;
	for (struct exchange_event *e = x->events; e != NULL; e = e->next) {
		complete(x, &e->event);
		if (!audit_encode(x->service->audit, &e->event, x->arena,
		    &x->records[x->record_count++]))
			return exchange_fail(x, FAULT_NO_AUDIT, "");
	}
	return true;
}

static void
audit_status(const struct service *s, struct control_status *out)
{
	bool healthy = audit_healthy(s->audit);

	out->state = healthy ? CONTROL_ENFORCED : CONTROL_FAILED;
	snprintf(out->evidence, sizeof out->evidence, healthy
	    ? "%" PRIu64 " durable records in a Merkle tree with signed checkpoints"
	    : "the log failed after %" PRIu64 " durable records", audit_size(s->audit));
	if (healthy && s->options.store_sync_normal) {
		out->state = CONTROL_DEGRADED;
		snprintf(out->evidence, sizeof out->evidence,
		    "store.sync_normal is set: a power cut may lose acknowledged writes");
	}
}

const struct control audit_control = {
	.name             = "Audit",
	.rule             = "the record is durable before the first byte of the answer leaves",
	.request          = audit_request,
	.response         = audit_response,
	.status           = audit_status,
	.refuse_when_down = true,
};
