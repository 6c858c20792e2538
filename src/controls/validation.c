/* validation.c -- Input Validation: nothing is stored that is not as defined.
 *
 * The machines are lower down: framing and limits in http/, syntax in json/,
 * structure, invariants, bindings, references, extensions and profiles in
 * validate/.  Here is what needs the store: does the target of a reference exist,
 * for this caller?  What is hidden is not there. */
#include "controls/control.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/names.h"
#include "fhir/pack.h"
#include "search/custom.h"
#include "validate/validate.h"

/* "Type/id" or "Type/id/_history/version", also behind our own base. */
struct local {
	const struct type *type;
	struct slice       id, version;
};

static bool
is_local(const struct exchange *x, struct slice reference, struct local *out)
{
	struct slice base = x->service->base, rest = reference, type, word;

	if (slice_starts(rest, base) && rest.len > base.len && rest.ptr[base.len] == '/')
		rest = slice_sub(rest, base.len + 1, rest.len);
	type = slice_cut(&rest, '/');
	out->id = slice_cut(&rest, '/');
	word = slice_cut(&rest, '/');
	out->version = slice_cut(&rest, '/');
	out->type = pack_resource(x->service->pack, type);
	return out->type != NULL && out->id.len > 0 && rest.len == 0
	    && (word.len == 0 || (slice_is(word, "_history") && out->version.len > 0));
}

/* Itself, or of the same transaction; which version that becomes nobody knows yet. */
static bool
is_written_now(const struct exchange *x, const struct local *l)
{
	struct buf b;

	if (l->type == x->type && slice_eq(l->id, x->id))
		return true;
	if (x->transaction == NULL || x->transaction->targets == NULL)
		return false;
	buf_init(&b, x->arena, 512);
	buf_add(&b, l->type->name);
	buf_add_char(&b, '/');
	buf_add(&b, l->id);
	return names_find(x->transaction->targets, buf_slice(&b)) != NAME_UNKNOWN;
}

/* It must be there still when the write is committed. */
static void
lean_on(struct exchange *x, const struct stored *s)
{
	x->targets = arena_more(x->arena, x->targets, x->target_count, sizeof *x->targets);
	x->targets[x->target_count++] = (struct store_target){ s->type, s->row };
}

static bool
is_there(struct exchange *x, const struct local *l)
{
	struct store_reader *reader = x->worker->reader;
	struct outcome ignored;
	struct stored s;

	outcome_init(&ignored, x->arena);
	if (l->version.len > 0)
		return store_vread(reader, planted(83) ? authorization_house : x->permit, l->type, l->id, l->version,
		    x->arena, &s, &ignored) && !s.deleted;
	if (!store_read(reader, planted(82) ? authorization_house : x->permit, l->type, l->id, x->arena, &s, &ignored)
	    || s.deleted)
		return false;
	lean_on(x, &s);
	return true;
}

/* Relative, or behind our own base: here or nowhere (R4 references.html#literal).  "Patient?identifier=x" too: a
 * transaction has put a resource in its place; elsewhere it means none (http.html#transaction), and like whatever else
 * is not as a reference is, it would leave what it is about in no compartment. */
static bool
is_ours(const struct exchange *x, struct slice reference)
{
	struct slice base = x->service->base;
	size_t scheme = slice_find(reference, ':');

	return scheme == reference.len || slice_find(reference, '/') < scheme
	    || (slice_starts(reference, base) && reference.len > base.len && reference.ptr[base.len] == '/');
}

/* Of a type that the caller may not look at nothing is said, and nothing held against it. */
static bool
is_missing(void *ctx, struct slice reference)
{
	struct exchange *x = ctx;
	struct local l;

	if (!is_local(x, reference, &l))
		return is_ours(x, reference);
	return permit_knows(x->permit, l.type) && !is_written_now(x, &l) && !is_there(x, &l);
}

static bool
find_stored(struct exchange *x, const struct type *type, struct slice criteria, struct stored *out)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct store_position from = { .set = false };
	struct store_page page;
	struct outcome ignored;
	struct query q;

	outcome_init(&ignored, x->arena);
	if (!query_parse(store_index(x->worker->reader), type, criteria, SLICE_NONE, false, &resolver,
	    x->service->limits, x->received, x->arena, &q, &ignored))
		return false;
	q.page = 1;
	if (!store_search(x->worker->reader, x->permit, &q, &from, x->arena, &page, &ignored)
	    || page.count == 0)
		return false;
	*out = page.at[0];
	return true;
}

/* One that the writer may not see is not there, and nothing is held against it. */
static bool
find_questionnaire(void *ctx, struct slice url, struct json *out)
{
	struct exchange *x = ctx;
	const struct type *type = pack_resource(x->service->pack, SLICE("Questionnaire"));
	struct outcome ignored;
	struct stored s;
	struct buf b;

	if (type == NULL || !permit_allows(x->permit, type, PERMIT_SEARCH))
		return false;
	buf_init(&b, x->arena, 8192);
	buf_add_cstr(&b, "url=");
	query_write_value(&b, url, x->arena);
	outcome_init(&ignored, x->arena);
	return buf_ok(&b) && find_stored(x, type, buf_slice(&b), &s)
	    && json_parse(s.body, json_bounds(x->service->limits, false), x->arena, out, &ignored);
}

/* An import comes in the order of its files; what it refers to may come later.  What
 * Binary.securityContext may name is decided with the attachments. */
static bool
may_dangle(const struct exchange *x, const struct resource *r)
{
	const struct exchange *outer = x->parent == NULL ? x : x->parent;

	return slice_is(r->type->name, "Binary") || outer->event_id != NULL || slice_is(x->service->options.references_dangling, "accept");
}

static void
drop_deleted(const struct exchange *outer, struct custom_params *from)
{
	for (uint32_t i = 0; i < outer->entry_count; i++) {
		const struct exchange *x = outer->entries[i];

		for (uint32_t k = 0; k < x->write_count; k++)
			if (x->write[k].method == 'D')
				custom_drop(from, x->write[k].row);
	}
}

/* What a definition stands beside: those in effect, and in a transaction those of the entries before it instead of
 * what these replace. */
static struct custom_params *
parameters_beside(struct exchange *x)
{
	struct transaction *t = x->transaction;
	struct custom_params *beside = t == NULL ? NULL : t->parameters;

	if (beside != NULL)
		return beside;
	beside = arena_alloc(x->arena, sizeof *beside);
	custom_beside(store_index(x->worker->reader), x->arena, beside);
	if (t != NULL) {
		drop_deleted(x->parent, beside);
		t->parameters = beside;
	}
	return beside;
}

/* A definition that is in effect as soon as it is stored. */
static bool
can_be_searched_by(struct exchange *x, const struct resource *r)
{
	struct custom_params *beside;

	if (!slice_is(r->type->name, "SearchParameter"))
		return true;
	beside = parameters_beside(x);
	if (x->old != NULL)
		custom_drop(beside, x->old->row);
	return !custom_is_active(&r->json, r->node)
	    || custom_add(beside, &r->json, r->node, 0, &x->outcome);
}

static bool
validation_in(struct exchange *x, struct resource *r)
{
	const struct validation how = {
		.understand = true, .narratives_elsewhere = true,
		.is_missing = may_dangle(x, r) ? NULL : is_missing, .is_missing_ctx = x,
		.understood = x->service->options.validation_modifiers.at,
		.understood_count = x->service->options.validation_modifiers.count,
		.find_questionnaire = find_questionnaire, .find_ctx = x,
	};

	x->targets = NULL;
	x->target_count = 0;
	if ((x->parent == NULL ? x : x->parent)->structure_only)
		return validate_structure(x->service->pack, r->type, &r->json, r->node, x->service->limits,
		    x->arena, &x->outcome) && can_be_searched_by(x, r);
	return validate_resource(x->service->validator, &how, r->type, &r->json, r->node, x->arena,
	    &x->outcome) && can_be_searched_by(x, r);
}

static void
validation_status(const struct service *s, struct control_status *out)
{
	out->state = CONTROL_ENFORCED;
	snprintf(out->evidence, sizeof out->evidence,
	    "syntax, limits, structure, invariants, bindings, %u profiles and extensions, %zu of them imposed; "
	    "references to what is not available: %.*s", pack_profile_count(s->pack),
	    s->options.validation_profiles.count, SLICE_FMT(s->options.references_dangling));
}

const struct control validation_control = {
	.name        = "Input Validation",
	.rule        = "what comes in is read once, bounded, and as the definitions say",
	.resource_in = validation_in,
	.status      = validation_status,
};
