/* bundle_transaction.c -- the steps of a transaction (R4 http.html#trules).
 *
 * A transaction first learns which resources its entries mean, and the ids of what it
 * creates, so that entries may refer to one another by fullUrl in any order:
 *   1. what is deleted goes first: conditions do not find it any more;
 *   2. conditions are looked up, those of entries and those in references;
 *   3. Patients get compartment and id;
 *   4. every other new resource, with references to those resolved, shows
 *      which patients it belongs to, and so its compartment and id;
 *   5. with all ids known, references are rewritten and the other entries performed:
 *      POST, then PUT and PATCH; composite search parameters behind their components.
 *
 * Reads come last and see what was written: the writer lets them be performed in its own
 * transaction, where nobody else has written since, and where one that fails still undoes it all. */
#include "rest/bundle_inside.h"

#include <stdlib.h>

#include "base/arena.h"
#include "exchange/exchange.h"
#include "exchange/place.h"
#include "exchange/service.h"
#include "rest/bundle.h"
#include "rest/conditional.h"
#include "rest/rest.h"
#include "rest/write.h"
#include "search/custom.h"

/* The entry's own refusal becomes the transaction's, with its place. */
static bool
blame(struct bundle *b, uint32_t i)
{
	struct exchange *x = b->entries[i].x;

	for (struct issue *issue = x->outcome.first; issue != NULL; issue = issue->next) {
		struct place place = bundle_place(b, i);

		place.path = bundle_entry_path(place.path, issue->place.path, x->arena);
		if (faults[issue->fault].status >= 400)
			outcome_fail(&b->outer->outcome, issue->fault, place, issue->detail);
	}
	return false;
}

/* Does it make a resource that was not there? */
static bool
is_maker(const struct entry *e)
{
	const struct exchange *x = e->x;

	if (x->interaction == NULL || x->old != NULL || e->resource == 0 || e->twin != NULL)
		return false;
	return x->interaction->verb == PERMIT_CREATE
	    || (x->interaction->body == BODY_RESOURCE && x->interaction->shape == PATH_TYPE);
}

static bool
is_patient(const struct exchange *x)
{
	return x->type != NULL && slice_is(x->type->name, "Patient");
}

static void
assign_id(struct entry *e)
{
	struct exchange *x = e->x;
	struct store *store = x->service->store;

	x->row = is_patient(x) ? x->compartment.number : store_new_row(store);
	x->vid = store_new_vid(store);
	x->id = x->chosen_id.len > 0 ? x->chosen_id
	    : store_id(store, x->compartment.number, x->row, x->arena);
	e->version = store_version_id(store, x->row, x->vid, x->arena);
	if (is_patient(x))
		store_name_patient(store, x->row, x->id);
	bundle_set_target(e);
}

static int
by_row(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Step 1: they need nothing of the others. */
static bool
perform_deletes(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (x->interaction->verb == PERMIT_DELETE && !rest_perform(x))
			return blame(b, i);
		for (uint32_t k = 0; k < x->write_count; k++) {
			b->gone = arena_more(b->outer->arena, b->gone, b->gone_count, sizeof *b->gone);
			b->gone[b->gone_count++] = x->write[k].row;
		}
	}
	if (b->gone_count > 0)
		qsort(b->gone, b->gone_count, sizeof *b->gone, by_row);
	return true;
}

bool
bundle_deletes(const struct bundle *b, int64_t row)
{
	return b->gone_count > 0 && bsearch(&row, b->gone, b->gone_count, sizeof row, by_row) != NULL;
}

/* Two creates on one condition are one resource: R4 leaves it open, and two would be what the condition is
 * there to prevent.  An update on it would have the identity of what the other creates. */
static bool
claim_condition(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];
	const struct exchange *x = e->x;
	struct slice name = bundle_joined(b, x->type->name, "?", condition_text(write_criteria(x)));
	uint32_t maker = names_find(&b->makers, name);

	if (maker == NAME_UNKNOWN)
		return names_add(&b->makers, name, i);
	if (x->interaction->verb != PERMIT_CREATE
	    || b->entries[maker].x->interaction->verb != PERMIT_CREATE)
		return exchange_fail(b->outer, FAULT_INVALID, "two entries have one identity");
	e->twin = &b->entries[maker];
	return true;
}

/* Step 2, conditions of entries. */
static bool
resolve_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];
	struct exchange *x = e->x;

	if ((x->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE)) == 0
	    || x->interaction->body == BODY_ANY || !write_is_conditional(x))
		return true;
	if (!write_resolve(x))
		return blame(b, i);
	if (x->old != NULL && bundle_deletes(b, x->old->row)) {
		x->old = NULL;
		x->id = SLICE_NONE;
	}
	if (x->old == NULL)
		return claim_condition(b, i);
	bundle_set_target(e);
	return true;
}

static bool
resolve_conditions(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (!resolve_entry(b, i))
			return false;
	for (uint32_t i = 0; i < b->count; i++)
		if (!bundle_resolve_references(b, &b->entries[i]))
			return blame(b, i);
	return true;
}

/* R4 http.html#upsert: an update that makes a Patient, or brings one back. */
static bool
assign_upsert(struct entry *e, struct transaction *t)
{
	struct exchange *x = e->x;
	struct outcome aside;
	struct stored s;

	outcome_init(&aside, x->arena);
	if (store_find(x->worker->reader, x->permit, x->type, x->id, &s, &aside))
		return true;
	if (!write_find_old(x))
		return false;
	if (x->old == NULL && !permit_chooses_ids(x->permit))
		return true;            /* refused where it is performed */
	if (x->old == NULL) {
		if (!store_compartment_new(x->service->store, &x->compartment, &x->outcome))
			return false;
		x->chosen_id = x->id;
		assign_id(e);
	}
	t->patients[t->count++] = (struct fresh_patient){ x->id,
		x->old == NULL ? x->compartment.number : x->old->compartment };
	return true;
}

static bool
is_upsert(const struct exchange *x)
{
	return x->interaction->verb == PERMIT_UPDATE && x->interaction->shape == PATH_INSTANCE
	    && x->interaction->body == BODY_RESOURCE;
}

/* Step 3. */
static bool
assign_patients(struct bundle *b, struct transaction *t)
{
	struct exchange *outer = b->outer;

	t->patients = arena_array(outer->arena, b->count + 1, sizeof *t->patients);
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (is_upsert(x) && is_patient(x) && !assign_upsert(&b->entries[i], t))
			return blame(b, i);
		if (!is_maker(&b->entries[i]))
			continue;
		bundle_keep_id(b, &b->entries[i]);
		if (!is_patient(x))
			continue;
		if (!store_compartment_new(outer->service->store, &x->compartment, &outer->outcome))
			return false;
		assign_id(&b->entries[i]);
		t->patients[t->count++] = (struct fresh_patient){ x->id, x->compartment.number };
	}
	return bundle_index_urls(b);
}

/* Step 4.  The parse is thrown away: with all ids known the text changes once more. */
static bool
assign_others(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct entry *e = &b->entries[i];

		if (!is_maker(e) || e->target.len > 0)
			continue;
		if (!bundle_rewrite_entry(b, e, false) || !rest_parse(e->x)
		    || !exchange_place(e->x, e->x->body))
			return blame(b, i);
		assign_id(e);
	}
	for (uint32_t i = 0; i < b->count; i++)
		if (b->entries[i].twin != NULL)
			b->entries[i].target = b->entries[i].twin->target;
	return bundle_index_urls(b);
}

static void
targets_of_updates(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (x->interaction != NULL && x->interaction->verb == PERMIT_UPDATE
		    && x->interaction->shape == PATH_INSTANCE)
			bundle_set_target(&b->entries[i]);
	}
}

/* With all ids known: what entries may refer to although it is not stored yet. */
static bool
name_targets(struct bundle *b, struct transaction *t)
{
	t->targets = arena_alloc(b->outer->arena, sizeof *t->targets);
	names_init_keyed(t->targets, b->outer->arena, b->count);
	for (uint32_t i = 0; i < b->count; i++)
		if (b->entries[i].target.len > 0)
			names_add(t->targets, b->entries[i].target, i);
	return true;
}

/* The answer of an entry whose condition another entry fulfils. */
static void
answer_as_twin(struct entry *e)
{
	const struct exchange *twin = e->twin->x;

	e->x->id = twin->id;
	e->x->status = 200;
	e->x->out_count = twin->out_count;
	memcpy(e->x->out, twin->out, sizeof twin->out);
}

static bool
perform_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];

	if (e->twin != NULL) {
		answer_as_twin(e);
		return true;
	}
	if (e->resource != 0 && !bundle_rewrite_entry(b, e, true))
		return blame(b, i);
	return rest_perform(e->x) || blame(b, i);
}

static bool
is_composite(const struct bundle *b, const struct entry *e)
{
	return e->x->type != NULL && slice_is(e->x->type->name, "SearchParameter") && e->resource != 0
	    && custom_is_composite(b->json, e->resource);
}

/* Step 5. */
static bool
perform_writes(struct bundle *b)
{
	static const struct { unsigned verb; bool composite; } steps[] = {
		{ PERMIT_CREATE, false }, { PERMIT_UPDATE, false }, { PERMIT_CREATE, true }, { PERMIT_UPDATE, true },
	};

	for (size_t s = 0; s < COUNT_OF(steps); s++)
		for (uint32_t i = 0; i < b->count; i++)
			if (b->entries[i].x->interaction->verb == steps[s].verb
			    && is_composite(b, &b->entries[i]) == steps[s].composite && !perform_entry(b, i))
				return false;
	return true;
}

/* R4: no resource may be the target of two entries. */
static bool
rows_distinct(struct bundle *b, const struct store_unit *u)
{
	int64_t *rows = arena_array(b->outer->arena, u->count + 1, sizeof *rows);

	for (uint32_t i = 0; i < u->count; i++)
		rows[i] = u->writes[i].row;
	qsort(rows, u->count, sizeof *rows, by_row);
	for (uint32_t i = 1; i < u->count; i++)
		if (rows[i - 1] == rows[i])
			return exchange_fail(b->outer, FAULT_INVALID, "two entries have one identity");
	return true;
}

/* The same of ids that the client chose: their rows are new, and so always distinct. */
static bool
aliases_distinct(struct bundle *b, const struct store_unit *u)
{
	struct names chosen;

	names_init_keyed(&chosen, b->outer->arena, u->count);
	for (uint32_t i = 0; i < u->count; i++)
		if (u->writes[i].alias.len > 0 && !names_add(&chosen, bundle_joined(b, u->writes[i].type->name,
		    "/", u->writes[i].alias), i))
			return exchange_fail(b->outer, FAULT_INVALID, "two entries have one identity");
	return true;
}

/* What is deleted goes first, so no reference can mean it any more. */
static bool
targets_stay(struct bundle *b, const struct store_unit *u)
{
	for (uint32_t i = 0; i < u->count; i++)
		for (uint32_t k = 0; k < u->writes[i].target_count; k++)
			if (bundle_deletes(b, u->writes[i].targets[k].row))
				return exchange_fail(b->outer, FAULT_BUSINESS_RULE, "another entry deletes it");
	return true;
}

static void
add_writes(struct store_unit *u, const struct exchange *x)
{
	for (uint32_t i = 0; i < x->write_count; i++)
		u->writes[u->count++] = x->write[i];
	if (x->guard != NULL && x->write_count > 0)
		u->guards[u->guard_count++] = *x->guard;
}

static bool
one_unit(struct bundle *b)
{
	struct exchange *outer = b->outer;
	struct store_commit *c = arena_alloc(outer->arena, sizeof *c);
	struct store_unit *u = c->units = arena_alloc(outer->arena, sizeof *c->units);
	uint32_t writes = 0;

	for (uint32_t i = 0; i < b->count; i++)
		writes += b->entries[i].x->write_count;
	u->writes = arena_array(outer->arena, writes + 1, sizeof *u->writes);
	u->guards = arena_array(outer->arena, b->count + 1, sizeof *u->guards);
	for (uint32_t i = 0; i < b->count; i++)
		add_writes(u, b->entries[i].x);
	if (!rows_distinct(b, u) || !aliases_distinct(b, u) || !targets_stay(b, u))
		return false;
	c->count = 1;
	if (u->count > 0)
		outer->commit = c;
	return true;
}

/* Reads */

static bool
reads(const struct exchange *x)
{
	return (x->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE | PERMIT_DELETE)) == 0;
}

static bool
read_written(struct bundle *b, uint32_t i, struct store_reader *r)
{
	struct exchange *x = b->entries[i].x;
	bool good = rest_perform(x);

	if (store_overdue(r)) {         /* and then nothing that it has found is to be trusted */
		outcome_clear(&x->outcome);
		good = exchange_fail(x, FAULT_BUDGET, "the reads of a transaction that writes");
	}
	return good ? bundle_record_entry(b->outer, x) : blame(b, i);
}

/* On the writer's thread, in its transaction; see struct store_unit. */
static bool
read_all_written(void *ctx, struct store_reader *r, struct store_unit *u)
{
	struct bundle *b = ctx;
	struct exchange *outer = b->outer;
	struct worker writer = { .service = outer->service, .reader = r };
	bool good = true;

	bundle_forget_records(outer);
	for (uint32_t i = 0; good && i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (!x->late)
			continue;
		x->worker = &writer;
		good = read_written(b, i, r);
		x->worker = outer->worker;
	}
	bundle_add_records(outer->arena, &u->records, &u->record_count, outer->entry_records,
	    outer->entry_record_count);
	bundle_forget_records(outer);
	return good;
}

static bool
perform_reads(struct bundle *b)
{
	struct exchange *outer = b->outer;

	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (!reads(x))
			continue;
		x->status = 200;
		x->late = outer->commit != NULL;
		outer->late |= x->late;
		if (!x->late && !rest_perform(x))
			return blame(b, i);
	}
	if (outer->late) {
		outer->commit->units[0].read = read_all_written;
		outer->commit->units[0].ctx = b;
	}
	return true;
}

bool
bundle_transact(struct bundle *b)
{
	struct transaction *t = arena_alloc(b->outer->arena, sizeof *t);

	t->link = bundle_link_patched;
	t->ctx = b;
	for (uint32_t i = 0; i < b->count; i++) {
		b->entries[i].x->transaction = t;
		if (!bundle_entry_allowed(b->entries[i].x))
			return blame(b, i);
	}
	names_init_keyed(&b->meant, b->outer->arena, 16);
	names_init_keyed(&b->makers, b->outer->arena, 16);
	targets_of_updates(b);
	return perform_deletes(b) && resolve_conditions(b) && assign_patients(b, t)
	    && assign_others(b) && name_targets(b, t) && perform_writes(b) && one_unit(b) && perform_reads(b);
}
