/* exchange.c -- see exchange.h. */
#include "exchange/exchange.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "exchange/principal.h"

struct slice
exchange_header(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->header_count; i++)
		if (slice_is(x->headers[i].name, name))
			return x->headers[i].value;
	return SLICE_NONE;
}

size_t
exchange_header_count(const struct exchange *x, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < x->header_count; i++)
		n += slice_is(x->headers[i].name, name);
	return n;
}

void
exchange_add_header(struct exchange *x, const char *name, struct slice value)
{
	assert(x->out_count < EXCHANGE_HEADERS);
	x->out[x->out_count++] = (struct http_header){ slice_of(name), value };
}

struct exchange *
exchange_entry(struct exchange *parent)
{
	struct exchange *x = arena_alloc(parent->arena, sizeof *x);

	x->arena = parent->arena;
	x->worker = parent->worker;
	x->service = parent->service;
	x->parent = parent;
	x->peer = parent->peer;
	x->received = parent->received;
	x->request_id = parent->request_id;
	x->who = parent->who;
	x->permit = parent->permit;
	outcome_init(&x->outcome, x->arena);
	return x;
}

uint64_t
exchange_stream_bytes(const struct exchange_stream *s)
{
	return !s->base64 ? s->length : s->before.len + (s->length + 2) / 3 * 4 + s->after.len;
}

bool
exchange_fail(struct exchange *x, enum fault fault, const char *detail)
{
	return outcome_fail_at_once(&x->outcome, fault, detail);
}

bool
exchange_is_operator(const struct exchange *x)
{
	int64_t compartment;

	return x->who != NULL && slice_is(x->who->client_id, "operator")
	    && permit_chooses_ids(x->permit) && !permit_compartment(x->permit, &compartment);
}

void
exchange_write_binding(const struct exchange *x, struct buf *b)
{
	const struct principal *who = x->who;

	if (who != NULL)
		buf_printf(b, "%.*s %.*s %.*s %.*s %d", SLICE_FMT(who->subject),
		    SLICE_FMT(who->client_id), SLICE_FMT(who->patient), SLICE_FMT(who->scope_text),
		    who->clearance);
}

struct audit_event *
exchange_event_add(struct exchange *x)
{
	struct exchange_event *e = arena_alloc(x->arena, sizeof *e);

	e->event.time = x->received;
	e->event.request_id = x->request_id;
	e->event.peer = x->peer;
	if (x->who != NULL) {
		e->event.principal = x->who->subject;
		e->event.client = x->who->client_id;
		e->event.token_id = x->who->token_id;
		e->event.purpose = x->who->purpose;
	}
	buf_init(&e->patients, x->arena, SIZE_MAX);
	e->next = x->events;
	x->events = e;
	return &e->event;
}

struct exchange_event *
exchange_own_event(struct exchange *x)
{
	struct exchange_event *e = x->events;

	while (e != NULL && e->event.interaction.len > 0)
		e = e->next;
	if (e != NULL)
		return e;
	exchange_event_add(x);
	return x->events;
}
