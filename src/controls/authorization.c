/* authorization.c -- Authorization/Access Control: may this principal do this now.
 *
 * Promises, checked by number in controls_test.c:
 *  (1) Only what a scope names is possible; a type or interaction outside every
 *      scope is 403 before any row is looked at.
 *  (2) A token with any patient/ scope is bound to the compartment of its
 *      patient in everything it does; a patient/ scope without a patient, or
 *      with one that does not exist, reaches nothing.  One thing is read beside: a Binary that says no
 *      context, which a resource in the compartment refers to (store.h, ORPHAN_LEVEL).
 *  (3) What is written must be within the permit's reach, before and after.
 *  (4) What changes the search for everybody is the operator's: a SearchParameter is
 *      written, or deleted, by the operator's client under a system/ scope only.
 * The permit made here is the only way to a row (store/permit.h). */
#include "controls/authorization.h"

#include "controls/control.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/place.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "store/permit_make.h"

/* Used for one thing only: to find the compartment of a launch context. */
static const struct permit_rule any_rule = {
	.type = NULL, .verbs = PERMIT_READ | PERMIT_SEARCH, .bound = false
};
static const struct permit finder = {
	.rules = &any_rule, .count = 1, .bound = false, .clearance = 5
};

static const struct permit_rule house_rule = {
	.type = NULL, .bound = false,
	.verbs = PERMIT_CREATE | PERMIT_READ | PERMIT_UPDATE | PERMIT_DELETE | PERMIT_SEARCH,
};
static const struct permit house = {
	.rules = &house_rule, .count = 1, .bound = false, .clearance = QUARANTINE_LEVEL
};
const struct permit *const authorization_house = &house;

static bool
find_launch_compartment(struct exchange *x, struct slice patient, int64_t *number)
{
	struct patient_refs refs = { &patient, 1 };
	struct store_compartment c;
	struct outcome aside;
	bool found;

	outcome_init(&aside, x->arena);
	if (!store_begin(x->worker->reader, &aside))
		return false;
	found = store_compartment_of(x->worker->reader, &finder, &refs, x->arena, &c, &aside);
	store_end(x->worker->reader);
	*number = found ? c.number : 0;
	return found;
}

static bool
rule_of(const struct service *s, const struct scope *scope, struct permit_rule *rule)
{
	*rule = (struct permit_rule){ NULL, scope->verbs, scope->context == SCOPE_PATIENT };
	if (slice_is(scope->type, "*"))
		return true;
	rule->type = pack_resource(s->pack, scope->type);
	return rule->type != NULL;
}

/* A person is the same through every client; a client of its own is its own subject. */
static uint64_t
maker_of(const struct service *s, const struct principal *who, struct arena *arena)
{
	struct siphash_key key = store_index_key(s->store);
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add_cstr(&b, "maker ");
	buf_add(&b, who->subject);
	return who->subject.len == 0 ? 0 : siphash(&key, buf_slice(&b));
}

static struct permit *
make_permit(struct exchange *x, struct arena *arena)
{
	struct principal *who = x->who;
	struct permit *p = arena_alloc(arena, sizeof *p);
	struct permit_rule *rules = arena_array(arena, who->scope_count + 1, sizeof *rules);

	p->rules = rules;
	p->clearance = who->clearance;
	p->chooses_ids = who->chooses_ids;
	p->maker = maker_of(x->service, who, arena);
	for (uint32_t i = 0; i < who->scope_count; i++)
		if (rule_of(x->service, &who->scopes[i], &rules[p->count]))
			p->bound |= rules[p->count++].bound;
	return p;
}

/* A permit is kept with its token, unless its patient was not there: then the
 * next request looks again. */
static const struct permit *
permit_of(struct exchange *x)
{
	int64_t compartment = 0;
	struct permit *p;

	if (x->who->permit != NULL)
		return x->who->permit;
	p = make_permit(x, x->arena);
	if (p->bound && (x->who->patient.len == 0
	    || !find_launch_compartment(x, x->who->patient, &compartment)))
		return p;
	p = make_permit(x, x->who->arena);
	p->compartment = compartment;
	return x->who->permit = p;
}

bool
authorization_again(struct exchange *x)
{
	x->permit = permit_of(x);
	return x->permit != NULL;
}

#define WRITING (PERMIT_CREATE | PERMIT_UPDATE | PERMIT_DELETE)

static bool
changes_search(const struct exchange *x)
{
	return (x->interaction->verb & WRITING) != 0 && x->type != NULL
	    && slice_is(x->type->name, "SearchParameter");
}

static bool
administers(const struct exchange *x)
{
	const struct scope asked = { SCOPE_SYSTEM, x->type->name, x->interaction->verb };

	for (uint32_t i = 0; exchange_is_operator(x) && i < x->who->scope_count; i++)
		if (scope_covers(&x->who->scopes[i], &asked))
			return true;
	return x->permit == authorization_house;
}

static bool
insufficient_scope(struct exchange *x)
{
	static const char letters[] = "cruds";
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_add(&b, SLICE("Bearer error=\"insufficient_scope\""));
	for (int i = 0; x->type != NULL && letters[i] != '\0'; i++)
		if (x->interaction->verb == 1u << i)
			buf_printf(&b, ", scope=\"%s/%.*s.%c\"", x->permit->bound ? "patient" : changes_search(x) ? "system" : "user",
			    SLICE_FMT(x->type->name), letters[i]);
	if (x->parent == NULL)
		exchange_add_header(x, "www-authenticate", buf_slice(&b));
	return exchange_fail(x, FAULT_FORBIDDEN, "");
}

static bool
authorization_request(struct exchange *x)
{
	if (x->interaction == NULL)
		return exchange_fail(x, x->misrouted, "");
	if (x->interaction->open)
		return true;
	if (x->parent == NULL)
		x->permit = permit_of(x);
	if (x->interaction->verb != 0 && !permit_allows(x->permit, x->type, x->interaction->verb))
		return insufficient_scope(x);
	return !changes_search(x) || administers(x) || insufficient_scope(x);
}

static bool
authorization_in(struct exchange *x, struct resource *r)
{
	if (!exchange_place(x, r))
		return false;
	if (!permit_reaches(x->permit, x->compartment.number, x->level))
		return exchange_fail(x, FAULT_FORBIDDEN, "");
	return true;
}

/* Belt and braces: the row gate is in the SQL; a row that got past it is our
 * own fault, and does not leave. */
static bool
authorization_out(struct exchange *x, struct stored *s)
{
	if (s->orphan || permit_reaches(x->permit, s->compartment, store_level(x->service->store, s->labels)))
		return true;
	x->hidden_reason = SLICE("a row outside the permit reached the answer");
	return exchange_fail(x, FAULT_BROKEN, "");
}

static void
authorization_status(const struct service *s UNUSED, struct control_status *out)
{
	out->state = CONTROL_ENFORCED;
	snprintf(out->evidence, sizeof out->evidence,
	    "SMART scopes make a permit; its compartment and clearance are in the SQL of every leg; "
	    "consent is not built");
}

const struct control authorization_control = {
	.name         = "Authorization/Access Control",
	.rule         = "no permit, no rows; a patient scope sees its compartment only",
	.request      = authorization_request,
	.resource_in  = authorization_in,
	.resource_out = authorization_out,
	.status       = authorization_status,
};
