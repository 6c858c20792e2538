/* invariant.c -- the FHIRPath constraints of types and profiles.
 *
 * Each distinct expression is compiled once.  Some constraints stand on almost
 * every element and say what the walk knows anyhow; these are done there. */
#include "validate/walk.h"

#include "fhir/names.h"

/* What the walk does by hand: structure.c, extension.c, reference.c, xhtml.c. */
static const char *const by_hand[] = { "ele-1", "ext-1", "dom-3", "ref-1", "txt-1", "txt-2" };

static bool
is_by_hand(struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(by_hand); i++)
		if (slice_is(key, by_hand[i]))
			return true;
	return false;
}

/* Expressions of R4 that do not say what their text says; as later releases have
 * them. */
static const struct {
	struct slice key, as_published, as_meant;
} errata[] = {
	/* answer is a FHIR boolean, never a System.Boolean */
	{ SLICE_INIT("que-7"), SLICE_INIT("operator = 'exists' implies (answer is Boolean)"),
	  SLICE_INIT("operator = 'exists' implies (answer is boolean)") },
	/* "If there are more than one enableWhen" */
	{ SLICE_INIT("que-12"), SLICE_INIT("enableWhen.count() > 2 implies enableBehavior.exists()"),
	  SLICE_INIT("enableWhen.count() > 1 implies enableBehavior.exists()") },
};

static struct slice
expression_of(const struct constraint *c)
{
	for (size_t i = 0; i < COUNT_OF(errata); i++)
		if (slice_eq(c->key, errata[i].key) && slice_eq(c->expression, errata[i].as_published))
			return errata[i].as_meant;
	return c->expression;
}

struct compiler {
	struct validator *v;
	struct names      seen;
	const struct fhirpath **distinct;
	uint32_t          count;
	bool              of_profile;   /* what cannot be read is left to be said when it is met */
	struct arena     *arena;
	struct outcome   *outcome;
};

static bool
compile(struct compiler *c, const struct constraint *of, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct slice expression = expression_of(&of[i]);
		struct outcome ignored;
		uint32_t found;

		if (is_by_hand(of[i].key) || expression.len == 0)
			continue;
		found = names_find(&c->seen, expression);
		if (found == NAME_UNKNOWN) {
			found = c->count++;
			outcome_init(&ignored, c->arena);
			c->distinct[found] = fhirpath_compile(c->v->pack, expression, NULL, c->v->limits,
			    c->arena, c->of_profile ? &ignored : c->outcome);
			if (c->distinct[found] == NULL && !c->of_profile)
				return false;
			names_add(&c->seen, expression, found);
		}
		c->v->compiled[of[i].number] = c->distinct[found];
		c->v->broken[of[i].number] = c->distinct[found] == NULL;
	}
	return true;
}

static bool
compile_rules(struct compiler *c, const struct rule *r)
{
	for (; r != NULL; r = r->next)
		if (!compile(c, r->constraints, r->constraint_count) || !compile_rules(c, r->first))
			return false;
	return true;
}

static bool
compile_all(struct compiler *c)
{
	for (uint32_t i = 0; i < pack_type_count(c->v->pack); i++) {
		const struct type *t = pack_type_at(c->v->pack, i);

		if (!compile(c, t->constraints, t->constraint_count))
			return false;
		for (uint32_t k = 0; k < t->element_count; k++)
			if (!compile(c, t->elements[k].constraints, t->elements[k].constraint_count))
				return false;
	}
	c->of_profile = true;
	for (uint32_t i = 0; i < pack_profile_count(c->v->pack); i++)
		if (!compile_rules(c, pack_profile_at(c->v->pack, i)->root))
			return false;
	return true;
}

struct validator *
validator_new(const struct pack *pack, const struct limits *limits, const struct env *env,
    struct arena *arena, struct outcome *o)
{
	struct validator *v = arena_alloc(arena, sizeof *v);
	struct compiler c = { .v = v, .arena = arena, .outcome = o };
	uint32_t count = pack_constraint_count(pack);

	*v = (struct validator){ pack, limits, env, arena_array(arena, count + 1, sizeof *v->compiled),
		arena_array(arena, count + 1, sizeof *v->broken),
		index_data_types(pack, arena), NULL, NULL };
	c.distinct = arena_array(arena, count + 1, sizeof *c.distinct);
	names_init(&c.seen, arena, 1024);
	return compile_all(&c) ? v : NULL;
}

const struct pack *
validator_pack(const struct validator *v)
{
	return v->pack;
}

/* Evaluation */

/* Constraints of R4 that are meant to hold where what they speak of is not there,
 * and are empty then ("fullUrl.contains(...).not()" without a fullUrl; a Period as dateTime). */
static const char *const may_be_empty[] = { "bdl-7", "bdl-8", "ras-2", "vs-1" };

static bool
empty_passes(struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(may_be_empty); i++)
		if (slice_is(key, may_be_empty[i]))
			return true;
	return false;
}

/* A constraint holds when it is true (conformance-rules.html#constraints); one that is
 * empty, as when a date is compared with a time of that day, does not.  What is no
 * boolean is there, and so true. */
static bool
fails(struct walk *w, const struct constraint *c, const struct items *items)
{
	return items->count == 0 ? !empty_passes(c->key) : !items_are_true(w, items);
}

bool
items_are_true(struct walk *w, const struct items *items)
{
	const struct item *one = items->at;

	if (items->count != 1)
		return items->count > 1;
	if (one->kind == ITEM_NODE && one->type != NULL && slice_is(one->type->name, "boolean"))
		return !slice_is(item_text(one, w->scratch), "false");
	return one->kind != ITEM_BOOLEAN || one->boolean;
}

static struct slice
label(struct walk *w, const struct constraint *c)
{
	size_t len = c->key.len + 2 + c->human.len;
	char *text = arena_alloc(w->arena, len + 1);

	memcpy(text, c->key.ptr, c->key.len);
	memcpy(text + c->key.len, ": ", 2);
	memcpy(text + c->key.len + 2, c->human.ptr, c->human.len);
	return slice_make(text, len);
}

static struct fhirpath_scope
scope_of(struct walk *w)
{
	return (struct fhirpath_scope){ .pack = w->pack, .limits = w->limits, .env = w->validator->env,
		.resource = w->resource, .root = w->root, .resolve = resolve_for_fhirpath, .resolve_ctx = w };
}

bool
evaluate_expression(struct walk *w, struct slice expression, struct item focus, struct items *out)
{
	struct fhirpath_scope scope = scope_of(w);
	const struct fhirpath *f;
	struct outcome o;

	outcome_init(&o, w->scratch);
	f = fhirpath_compile(w->pack, expression, NULL, w->limits, w->scratch, &o);
	return f != NULL && fhirpath_evaluate(f, &scope, focus, w->scratch, out, &o);
}

static void
check_one(struct walk *w, const struct step *at, const struct constraint *c,
    const struct fhirpath *f, struct item focus, uint32_t place)
{
	struct fhirpath_scope scope = scope_of(w);
	struct items items = { 0 };
	struct outcome o;
	bool good;

	outcome_init(&o, w->scratch);
	good = fhirpath_evaluate(f, &scope, focus, w->scratch, &items, &o);
	if (!good && o.worst == FAULT_BUDGET)
		complain(w, at, place, MESSAGE_invariant_costly, c->key);
	else if (!good)
		complain(w, at, place, MESSAGE_invariant_undecided, c->key);
	else if (fails(w, c, &items))
		complain(w, at, place, c->error ? MESSAGE_invariant : MESSAGE_invariant_warning,
		    w->quiet > 0 ? c->key : label(w, c));
}

#define SCRATCH_MAX ((size_t)1 << 20)

void
check_constraints(struct walk *w, const struct step *at, const struct constraint *of,
    uint32_t count, const struct value *v)
{
	struct item focus;

	if (w->validator == NULL || count == 0)
		return;
	focus = fhirpath_node(w->json, v->node == 0 && v->sibling != 0 ? ITEM_ABSENT : v->node, v->type);
	focus.sibling = v->sibling;
	for (uint32_t i = 0; i < count; i++) {
		const struct fhirpath *f = w->validator->compiled[of[i].number];

		if (w->validator->broken[of[i].number])
			complain(w, at, v->node != 0 ? v->node : v->sibling, MESSAGE_invariant_undecided, of[i].key);
		if (f != NULL)
			check_one(w, at, &of[i], f, focus, v->node != 0 ? v->node : v->sibling);
	}
	if (arena_used(w->scratch) > SCRATCH_MAX)
		arena_reset(w->scratch);
}
