/* place.c -- see place.h. */
#include "exchange/place.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/plant.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "search/index.h"


static const struct fresh_patient *
fresh_patient(const struct exchange *x, struct slice id)
{
	for (uint32_t i = 0; x->transaction != NULL && i < x->transaction->count; i++)
		if (slice_eq(x->transaction->patients[i].id, id))
			return &x->transaction->patients[i];
	return NULL;
}

static bool
compartment_of_one(struct exchange *x, struct slice *id, int64_t *number)
{
	const struct fresh_patient *fresh = fresh_patient(x, *id);
	struct patient_refs one = { id, 1 };
	struct store_compartment c;

	if (fresh != NULL) {
		*number = fresh->compartment;
		return true;
	}
	if (!store_compartment_of(x->worker->reader, x->permit, &one, x->arena, &c, &x->outcome))
		return false;
	*number = c.number;
	return true;
}

/* Several patients, some of them of the same transaction. */
static bool
compartment_of_several(struct exchange *x, const struct patient_refs *refs)
{
	int64_t *members = arena_array(x->arena, refs->count, sizeof *members);
	struct store_set set = { .members = members, .level = x->quarantine != NULL ? QUARANTINE_LEVEL : x->level,
		.before = x->old == NULL ? 0 : x->old->compartment };

	for (uint32_t i = 0; i < refs->count; i++) {
		int64_t number;
		bool known = false;

		if (!compartment_of_one(x, &refs->ids[i], &number))
			return false;
		for (uint32_t k = 0; k < set.count; k++)
			known |= members[k] == number;
		if (!known)
			members[set.count++] = number;
	}
	return store_compartment_set(x->worker->reader, &set, x->arena, &x->compartment, &x->outcome);
}

/* An entry of the same transaction that was placed before. */
static bool
find_fresh_context(struct exchange *x, struct slice type, struct slice id, struct stored *s)
{
	struct exchange *outer = x->parent;

	for (uint32_t i = 0; x->transaction != NULL && i < outer->entry_count; i++) {
		struct exchange *e = outer->entries[i];

		if (e->type == NULL || !slice_eq(e->type->name, type) || !slice_eq(e->id, id) || !e->placed)
			continue;
		*s = (struct stored){ .type = e->type, .compartment = e->compartment.number,
			.row = e->old != NULL ? e->old->row : e->row, .labels = e->labels };
		return true;
	}
	return false;
}

/* A Patient decides where things are; of other types the caller must be able to tell by itself. */
static bool
may_stand(const struct exchange *x, const struct type *type)
{
	return slice_is(type->name, "Patient") || permit_knows(x->permit, type);
}

bool
exchange_find_context(struct exchange *x, struct slice reference, struct stored *s)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct slice type_name, id;
	const struct fresh_patient *fresh;
	const struct type *type;
	struct outcome aside;

	if (!index_local(&resolver, reference, &type_name, &id)
	    || (type = pack_resource(x->service->pack, type_name)) == NULL)
		return false;
	if (slice_is(type_name, "Patient") && (fresh = fresh_patient(x, id)) != NULL) {
		*s = (struct stored){ .type = type, .compartment = fresh->compartment, .row = fresh->compartment };
		return true;
	}
	outcome_init(&aside, x->arena);
	return find_fresh_context(x, type_name, id, s)
	    || (may_stand(x, type) && store_find(x->worker->reader, x->permit, type, id, s, &aside));
}

/* Of the planted leak: is there such a row, whoever asks? */
static bool
known(struct exchange *x, struct slice reference)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct slice type = slice_cut(&reference, '/');
	int64_t lead, row;

	return resolver.find(resolver.ctx, type, reference, &lead, &row);
}

static struct slice
context_of(struct exchange *x, const struct resource *r)
{
	return json_string(&r->json, json_path(&r->json, r->node, "securityContext.reference"), x->arena);
}

struct store_target
exchange_context(struct exchange *x, const struct resource *r)
{
	struct stored s;

	return exchange_find_context(x, context_of(x, r), &s) ? (struct store_target){ s.type, s.row }
	    : (struct store_target){ NULL, 0 };
}

/* R4 binary.html: securityContext stands for a Binary in access decisions, so a Binary is where it
 * is, and not below its level.  Hidden and missing are one refusal. */
static bool
place_by_context(struct exchange *x, struct resource *r)
{
	uint32_t node = json_path(&r->json, r->node, "securityContext.reference");
	struct stored s;
	int level;

	if (node == 0)
		return true;
	if (!exchange_find_context(x, context_of(x, r), &s))
		return exchange_fail(x, FAULT_FORBIDDEN, planted(73) && known(x, json_raw(&r->json, node))
		    ? "" : "the security context is not available");
	x->compartment.number = s.compartment;
	level = store_level(x->service->store, s.labels);
	if (level > x->level && !planted(71)) {
		x->labels = s.labels;
		x->level = level;
	}
	return true;
}

static bool
is_orphan(const struct exchange *x, const struct resource *r)
{
	return slice_is(r->type->name, "Binary") && x->compartment.number == 0
	    && json_path(&r->json, r->node, "securityContext.reference") == 0;
}

static bool
find_compartment(struct exchange *x, struct resource *r)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct patient_refs refs;

	if (x->compartment.number != 0)
		return true;
	if (slice_is(r->type->name, "Patient")) {
		if (x->old == NULL)
			return store_compartment_new(x->service->store, &x->compartment, &x->outcome);
		x->compartment.number = x->old->compartment;
		return true;
	}
	if (slice_is(r->type->name, "Binary"))
		return place_by_context(x, r);
	if (!index_patients(store_index(x->worker->reader), r->type, &r->json, r->node, &resolver, x->arena,
	    &refs, &x->outcome))
		return false;
	if (refs.count > 1)
		return compartment_of_several(x, &refs);
	if (refs.count == 1)
		return compartment_of_one(x, &refs.ids[0], &x->compartment.number);
	return true;
}

bool
exchange_place(struct exchange *x, struct resource *r)
{
	if (x->placed)
		return true;
	if (!store_labels(x->service->store, &r->json, r->node, &x->labels, &x->level, &x->outcome)
	    || !find_compartment(x, r))
		return false;
	if (x->old != NULL && x->compartment.number != x->old->compartment)
		return exchange_fail(x, FAULT_FORBIDDEN, "the patient of a resource cannot be changed");
	if (is_orphan(x, r) && !store_orphan_labels(x->service->store, x->permit, x->old, &x->labels, x->arena,
	    &x->outcome))
		return false;
	x->placed = true;
	return true;
}
