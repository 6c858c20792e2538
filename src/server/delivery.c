/* delivery.c -- see delivery.h. */
#include "server/delivery.h"

#include "base/arena.h"
#include "base/log.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/bundle.h"
#include "rest/rest.h"

#define ATTEMPTS 10

static void
committed(struct store_commit *c)
{
	struct delivery *d = c->ctx;

	d->done(d);
}

static void
recorded(void *ctx, bool durable)
{
	struct delivery *d = ctx;

	d->durable = durable;
	d->done(d);
}

static void
start_commit(struct delivery *d)
{
	struct exchange *x = d->x;
	struct outcome aside;

	x->commit->done = committed;
	x->commit->ctx = d;
	for (uint32_t i = 0; i < x->commit->count; i++)
		x->commit->units[i].verdict = STORE_FAILED;
	outcome_init(&aside, x->arena);
	if (!store_submit(x->service->store, x->permit, x->commit, x->arena, &aside))
		d->done(d);
}

/* Records become durable in order: the last one speaks for all. */
static void
start_records(struct delivery *d)
{
	struct exchange *x = d->x;

	for (uint32_t i = 0; i + 1 < x->record_count; i++)
		if (!audit_append(x->service->audit, x->records[i], NULL, NULL)) {
			recorded(d, false);
			return;
		}
	if (!audit_append(x->service->audit, x->records[x->record_count - 1], recorded, d))
		recorded(d, false);
}

void
delivery_start(struct delivery *d)
{
	if (d->x->commit != NULL)
		start_commit(d);
	else if (d->x->record_count > 0)
		start_records(d);
	else
		recorded(d, !d->x->audited);
}

void
delivery_last_resort(struct exchange *x)
{
	x->audited = false;
	x->record_count = 0;
	x->out_count = 0;
	outcome_clear(&x->outcome);
	exchange_add_header(x, "retry-after", SLICE("60"));
	exchange_fail(x, FAULT_NO_AUDIT, "");
	rest_refuse(x);
	if (!controls_response(x))
		log_event(LOG_ERROR, "response-controls-failed", "%s", "");
}

void
delivery_prepare(struct exchange *x, struct worker *w)
{
	x->worker = w;
	if (store_begin(w->reader, &x->outcome)) {
		rest_run(x);
		store_end(w->reader);
	} else {
		rest_run(x);            /* the outcome says why not */
	}
}

void
delivery_put_back(struct exchange *x)
{
	outcome_clear(&x->outcome);
	x->out_count = 0;
	x->events = NULL;
	x->shown = (struct numbers){ .count = 0 };
	x->records = NULL;
	x->record_count = 0;
	x->commit = NULL;
	x->write = NULL;
	x->write_count = 0;
	x->old = NULL;
	x->resolved = false;
	x->late = false;
	x->guard = NULL;
	x->chosen_id = SLICE_NONE;
	if (x->interaction->shape == PATH_TYPE)
		x->id = SLICE_NONE;
	x->placed = false;
	x->compartment = (struct store_compartment){ .number = 0 };
	x->row = 0;
	x->entries = NULL;
	x->entry_count = 0;
	x->entry_records = NULL;
	x->entry_record_count = 0;
	x->bytes = SLICE_NONE;
	x->stream = NULL;
	x->file = NULL;
	x->kept = NULL;
	x->cut_data = SLICE_NONE;
	x->quarantine = NULL;
}

static enum delivery_state
refuse(struct delivery *d)
{
	struct exchange *x = d->x;

	x->out_count = 0;
	x->events = NULL;
	x->record_count = 0;
	rest_refuse(x);
	if (controls_response(x))
		return DELIVERY_RECORDS;
	delivery_last_resort(x);
	return DELIVERY_READY;
}

static bool
any_verdict(const struct store_commit *c, enum store_verdict verdict)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->units[i].verdict == verdict)
			return true;
	return false;
}

/* A batch entry that lost its race: it alone is refused, in the same answer. */
static void
refuse_entries(struct exchange *x)
{
	for (uint32_t i = 0; i < x->entry_count; i++) {
		struct exchange *e = x->entries[i];

		if (e->unit == NULL || e->unit->verdict == STORE_DONE)
			continue;
		rest_conflict(e);
		e->events = NULL;
		rest_refuse(e);
	}
	x->out_count = 0;
	bundle_answer(x, false);
}

static bool
collect_entry_records(struct exchange *x)
{
	uint32_t count = 0;

	x->records = arena_array(x->arena, x->entry_count + 1, sizeof *x->records);
	for (uint32_t i = 0; i < x->entry_count; i++) {
		struct exchange *e = x->entries[i];

		if (e->unit == NULL || e->unit->verdict == STORE_DONE)
			continue;
		if (!controls_response(e) || e->record_count == 0)
			return false;
		x->records[count++] = e->records[0];
	}
	x->record_count = count;
	return true;
}

/* The writes that won are done and recorded; now the losers' records. */
static enum delivery_state
settle_batch(struct delivery *d)
{
	struct exchange *x = d->x;

	x->commit = NULL;
	refuse_entries(x);
	x->audited = false;                     /* the Bundle's own event is durable already */
	if (!controls_response(x)) {
		delivery_last_resort(x);
		return DELIVERY_READY;
	}
	if (!collect_entry_records(x)) {
		delivery_last_resort(x);
		return DELIVERY_READY;
	}
	return DELIVERY_RECORDS;
}

/* The Bundle's own event is durable already; those of its entries follow. */
static bool
answer_again(struct exchange *x, bool transaction)
{
	x->out_count = 0;
	bundle_answer(x, transaction);
	x->audited = false;
	x->record_count = 0;
	return controls_response(x);
}

static bool
perform_again(struct exchange *x)
{
	struct outcome aside;
	bool snapshot, good;

	outcome_init(&aside, x->arena);
	snapshot = store_begin(x->worker->reader, &aside);
	good = bundle_perform_again(x, snapshot);
	store_end(x->worker->reader);
	return good;
}

void
delivery_more(struct delivery *d, struct worker *w)
{
	struct exchange *x = d->x;
	bool transaction = x->late;

	x->worker = w;
	x->commit = NULL;
	if ((transaction || perform_again(x)) && answer_again(x, transaction)) {
		x->records = x->entry_records;
		x->record_count = x->entry_record_count;
		delivery_start(d);
		return;
	}
	x->commit = NULL;
	delivery_last_resort(x);
	d->done(d);
}

static enum delivery_state
finish_commit(struct delivery *d)
{
	struct exchange *x = d->x;
	bool lost;

	if (any_verdict(x->commit, STORE_FAILED)) {
		outcome_clear(&x->outcome);
		exchange_add_header(x, "retry-after", SLICE("60"));
		exchange_fail(x, FAULT_NO_STORE, "");
		return refuse(d);
	}
	if (any_verdict(x->commit, STORE_REFUSED))
		return refuse(d);       /* the outcome says why */
	lost = any_verdict(x->commit, STORE_CONFLICT);
	if (!lost && !any_verdict(x->commit, STORE_STALE))
		return x->late ? DELIVERY_MORE : DELIVERY_READY;
	d->attempts += lost;            /* a new generation of the index, or an instant that is over, is nobody's conflict */
	if (x->entry_count > 0 && x->commit->count > 1)
		return d->attempts < ATTEMPTS ? DELIVERY_MORE : settle_batch(d);
	if (d->attempts < ATTEMPTS) {
		delivery_put_back(x);
		return DELIVERY_AGAIN;
	}
	rest_conflict(x);
	return refuse(d);
}

enum delivery_state
delivery_finish(struct delivery *d)
{
	struct exchange *x = d->x;

	if (x->commit != NULL)
		return finish_commit(d);
	if (!d->durable && (x->audited || x->record_count > 0))
		delivery_last_resort(x);
	return DELIVERY_READY;
}
