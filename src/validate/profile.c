/* profile.c -- a value against the rules of a profile (profiling.html).
 *
 * What the base type demands is checked with the type; here only what the
 * profile adds. */
#include "validate/slicing.h"

#include <stdlib.h>

#include "base/encode.h"
#include "fhir/names.h"

#define PROFILE_DEPTH_MAX 12
#define CORE "http://hl7.org/fhir/StructureDefinition/"

static void check_rule(struct walk *, const struct step *, const struct rule *, const struct value *);

/* Values */

static bool
as_number(const struct json *j, uint32_t node, double *out)
{
	char text[80];
	struct slice raw = json_raw(j, node);

	if (json_type(j, node) != JSON_NUMBER || raw.len >= sizeof text)
		return false;
	memcpy(text, raw.ptr, raw.len);
	text[raw.len] = '\0';
	*out = strtod(text, NULL);
	return true;
}

static int
order(double left, double right)
{
	return left < right ? -1 : left > right;
}

/* A quantity in base units; false when its unit is not known. */
static bool
in_base_units(struct walk *w, const struct json *j, uint32_t quantity, double *value, char units[VALIDATOR_UNITS])
{
	uint32_t node = json_get(j, quantity, SLICE("value"));
	double high;

	if (node == 0 || !as_number(j, node, value) || w->validator->canonical_units == NULL
	    || !json_is(j, json_get(j, quantity, SLICE("system")), SLICE("http://unitsofmeasure.org")))
		return false;
	high = *value;
	return w->validator->canonical_units(w->pack,
	    json_string(j, json_get(j, quantity, SLICE("code")), w->arena), value, &high, units);
}

static int
quantity_order(struct walk *w, const struct json *a, uint32_t x, const struct json *b, uint32_t y, bool *known)
{
	uint32_t unit = json_get(a, x, SLICE("code")), other = json_get(b, y, SLICE("code"));
	uint32_t value = json_get(a, x, SLICE("value")), bound = json_get(b, y, SLICE("value"));
	char units[VALIDATOR_UNITS], others[VALIDATOR_UNITS];
	double left, right;

	if (unit != 0 && other != 0 && value != 0 && bound != 0 && slice_eq(json_raw(a, unit), json_raw(b, other)))
		return value_order(w, a, value, b, bound, known);
	*known = in_base_units(w, a, x, &left, units) && in_base_units(w, b, y, &right, others)
	    && strcmp(units, others) == 0;
	return *known ? order(left, right) : 0;
}

int
value_order(struct walk *w, const struct json *a, uint32_t x, const struct json *b, uint32_t y, bool *known)
{
	double left, right;
	struct slice first, second;

	*known = true;
	if (json_type(a, x) == JSON_OBJECT && json_type(b, y) == JSON_OBJECT)
		return quantity_order(w, a, x, b, y, known);
	if (as_number(a, x, &left) && as_number(b, y, &right))
		return order(left, right);
	first = json_raw(a, x);
	second = json_raw(b, y);
	/* Dates without time zones are in the order of their text, so far as both go; where one
	 * begins with the other, it is within it. */
	*known = json_type(a, x) == JSON_STRING && json_type(b, y) == JSON_STRING
	    && slice_find(first, 'T') == first.len && slice_find(second, 'T') == second.len;
	if (*known && first.len != second.len) {
		size_t both = first.len < second.len ? first.len : second.len;

		first = slice_sub(first, 0, both);
		second = slice_sub(second, 0, both);
		*known = !slice_eq(first, second);
	}
	return *known ? slice_cmp(first, second) : 0;
}

static void
check_range(struct walk *w, const struct step *at, const struct rule *r, uint32_t node)
{
	bool known;

	if ((r->min_value != NULL && value_order(w, w->json, node, r->min_value, 0, &known) < 0 && known)
	    || (r->max_value != NULL && value_order(w, w->json, node, r->max_value, 0, &known) > 0 && known))
		complain(w, at, node, MESSAGE_profile_range, SLICE_NONE);
}

static void
check_length(struct walk *w, const struct step *at, const struct rule *r, uint32_t node)
{
	size_t length = utf8_length(json_string(w->json, node, w->arena));

	if (length < r->min_length || (r->max_length > 0 && length > r->max_length))
		complain(w, at, node, MESSAGE_profile_length, SLICE_NONE);
}

/* ElementDefinition.mustHaveValue, .valueAlternatives of R5: a primitive without a value. */
static void
check_alternatives(struct walk *w, const struct step *at, const struct rule *r, const struct value *v)
{
	uint32_t list = json_type(w->json, v->sibling) == JSON_OBJECT ? json_get(w->json, v->sibling, SLICE("extension")) : 0;

	if (!r->has_value && r->alternative_count == 0)
		return;
	for (uint32_t n = list == 0 || json_type(w->json, list) != JSON_ARRAY ? 0 : json_first(w->json, list); n != 0;
	    n = json_next(w->json, list, n))
		for (uint32_t i = 0; i < r->alternative_count; i++)
			if (json_type(w->json, n) == JSON_OBJECT && slice_eq(walk_text(w, n, SLICE("url")), r->alternatives[i]))
				return;
	complain(w, at, v->sibling, MESSAGE_profile_value, SLICE_NONE);
}

static void
check_fixed(struct walk *w, const struct step *at, const struct rule *r, const struct value *v)
{
	if (v->node == 0) {
		check_alternatives(w, at, r, v);
		return;
	}
	if (r->fixed != NULL && !value_is_fixed(w, v->node, r->fixed, 0))
		complain(w, at, v->node, MESSAGE_profile_fixed, SLICE_NONE);
	if (r->pattern != NULL && !value_has_pattern(w, v->node, r->pattern, 0))
		complain(w, at, v->node, MESSAGE_profile_pattern, SLICE_NONE);
	if ((r->max_length > 0 || r->min_length > 0) && json_type(w->json, v->node) == JSON_STRING)
		check_length(w, at, r, v->node);
	if (r->min_value != NULL || r->max_value != NULL)
		check_range(w, at, r, v->node);
}

/* Types */

static const struct profile *
profile_of(struct walk *w, struct slice url)
{
	return pack_profile(w->pack, slice_cut(&url, '|'));
}

static bool
quietly(struct walk *w, const struct step *at, const struct profile *p, const struct value *v)
{
	int issues = w->issues, notes = w->notes;
	bool good;

	w->quiet++;
	check_profile(w, at, p, v);
	w->quiet--;
	good = w->issues == issues;
	w->issues = issues;
	w->notes = notes;
	return good;
}

enum { DECIDING, CONFORMS, DOES_NOT };

static struct slice
verdict_key(struct walk *w, const struct profile *p, uint32_t node)
{
	struct { const struct profile *p; uint64_t node; } *key = arena_alloc(w->arena, sizeof *key);

	key->p = p;
	key->node = node;
	return slice_make(key, sizeof *key);
}

/* Each resource is held against each profile once, however often it is referred to;
 * while that goes on, one that leads back to it takes it for good. */
bool
profile_fits(struct walk *w, const struct step *at, const struct profile *p, const struct value *v)
{
	struct slice key = verdict_key(w, p, v->node);
	uint32_t known;
	bool good;

	if (v->sibling != 0)
		return quietly(w, at, p, v);    /* a primitive: no node says which */
	if (w->verdicts == NULL) {
		w->verdicts = arena_alloc(w->arena, sizeof *w->verdicts);
		names_init(w->verdicts, w->arena, 64);
	}
	if ((known = names_find(w->verdicts, key)) != NAME_UNKNOWN)
		return known != DOES_NOT;
	names_add(w->verdicts, key, DECIDING);
	good = quietly(w, at, p, v);
	names_set(w->verdicts, key, good ? CONFORMS : DOES_NOT);
	return good;
}

static bool target_allows(struct walk *, struct slice url, const struct type *);

/* A Resource with the profile of another type of resource. */
static bool
some_profile_allows(struct walk *w, const struct rule_type *t, const struct type *type)
{
	for (uint32_t i = 0; i < t->profile_count; i++)
		if (target_allows(w, t->profiles[i], type))
			return true;
	return t->profile_count == 0;
}

/* One of the profiles of the type; an unknown one may be it. */
static void
check_type_profiles(struct walk *w, const struct step *at, const struct rule_type *t,
    const struct value *v)
{
	if (slice_is(v->type->name, "Extension"))
		return;                         /* by its url, in extension.c */
	for (uint32_t i = 0; t->profile_count > 1 && i < t->profile_count; i++) {
		const struct profile *p = profile_of(w, t->profiles[i]);

		if (p == NULL || quietly(w, at, p, v))
			return;
	}
	if (v->type->kind == TYPE_RESOURCE && !some_profile_allows(w, t, v->type)) {
		complain(w, at, v->node, MESSAGE_profile_element_type, SLICE_NONE);
		return;
	}
	if (t->profile_count > 0 && profile_of(w, t->profiles[0]) != NULL)
		check_profile(w, at, profile_of(w, t->profiles[0]), v);
}

static bool
target_allows(struct walk *w, struct slice url, const struct type *type)
{
	const struct profile *p = profile_of(w, url);
	const struct type *named;

	if (p != NULL)
		return type_is(type, p->type);
	if (!slice_starts(url, SLICE(CORE)))
		return true;                    /* not here: not decided */
	named = pack_type(w->pack, slice_sub(url, sizeof CORE - 1, url.len));
	return named == NULL || type_is(type, named);
}

/* Where the target is here: it has one of the profiles; one that is not here may
 * be it. */
static bool
target_conforms(struct walk *w, const struct step *at, const struct rule_type *t, const struct item *target)
{
	struct value v = { .node = target->node, .type = target->type, .index = -1 };

	if (target->node == ITEM_ABSENT)
		return true;
	for (uint32_t i = 0; i < t->target_count; i++) {
		const struct profile *p = profile_of(w, t->targets[i]);

		if (p == NULL ? target_allows(w, t->targets[i], target->type)
		    : type_is(target->type, p->type) && profile_fits(w, at, p, &v))
			return true;
	}
	return false;
}

static bool
has_version(struct slice reference)
{
	for (size_t i = 0; i < reference.len; i++)
		if (slice_starts(slice_sub(reference, i, reference.len), SLICE("/_history/")))
			return true;
	return false;
}

/* ElementDefinition.type.aggregation, .versioning */
static void
check_way(struct walk *w, const struct step *at, const struct rule_type *t, struct slice reference,
    bool here, uint32_t node)
{
	uint8_t way = reference.ptr[0] == '#' ? REFER_CONTAINED : here ? REFER_BUNDLED : REFER_ELSEWHERE;
	uint8_t ways = t->refer & (REFER_CONTAINED | REFER_ELSEWHERE | REFER_BUNDLED);

	if (ways != 0 && (ways & way) == 0 && !(way == REFER_BUNDLED && (ways & REFER_ELSEWHERE) != 0))
		complain(w, at, node, MESSAGE_reference_way, SLICE_NONE);
	if ((t->refer & (has_version(reference) ? REFER_UNVERSIONED : REFER_VERSIONED)) != 0)
		complain(w, at, node, MESSAGE_reference_versioned, SLICE_NONE);
}

static void
check_targets(struct walk *w, const struct step *at, const struct rule_type *t,
    const struct value *v)
{
	struct slice reference;
	struct item target;
	bool allowed = false;

	if (!slice_is(v->type->name, "Reference") || v->node == 0
	    || json_type(w->json, v->node) != JSON_OBJECT
	    || (reference = walk_text(w, v->node, SLICE("reference"))).len == 0)
		return;
	if (t->refer != 0)
		check_way(w, at, t, reference, resolve_reference(w, reference, &target), v->node);
	if (t->target_count == 0 || !resolve_for_fhirpath(w, reference, &target))
		return;
	for (uint32_t i = 0; i < t->target_count && !allowed; i++)
		allowed = target_allows(w, t->targets[i], target.type);
	if (!allowed)
		complain(w, at, v->node, MESSAGE_reference_target, SLICE_NONE);
	else if (!target_conforms(w, at, t, &target))
		complain(w, at, v->node, MESSAGE_reference_profile, SLICE_NONE);
}

/* That an extension has the wrong type is said of the extension. */
static bool
of_extension(const struct step *at)
{
	return at->up != NULL && at->up->type != NULL && slice_is(at->up->type->name, "Extension");
}

static void
check_types(struct walk *w, const struct step *at, const struct rule *r, const struct value *v)
{
	if (r->type_count == 0 || v->type == NULL || v->type->kind == TYPE_BACKBONE)
		return;
	for (uint32_t i = 0; i < r->type_count; i++)
		if (r->types[i].type == NULL || type_is(v->type, r->types[i].type)) {
			check_type_profiles(w, at, &r->types[i], v);
			check_targets(w, at, &r->types[i], v);
			return;
		}
	if (v->element != NULL && (v->element->choice || v->type->kind == TYPE_RESOURCE))
		complain(w, of_extension(at) ? at->up : at, v->node != 0 ? v->node : v->sibling, MESSAGE_profile_element_type, SLICE_NONE);
}

/* Slices */

static bool
is_slice_of(const struct rule *r, const struct rule *whole)
{
	return r != NULL && r->slice.len > 0 && slice_eq(r->name, whole->name);
}

/* "a/b" is a slice of the slice "a", and directly in no other. */
static bool
is_directly_in(const struct rule *s, const struct rule *whole)
{
	struct slice rest = s->slice;

	if (whole->slice.len > 0) {
		if (!slice_starts(rest, whole->slice) || rest.len <= whole->slice.len
		    || rest.ptr[whole->slice.len] != '/')
			return false;
		rest = slice_sub(rest, whole->slice.len + 1, rest.len);
	}
	return slice_find(rest, '/') == rest.len;
}

static const struct rule *
slice_from(const struct rule *s, const struct rule *whole)
{
	while (is_slice_of(s, whole) && !is_directly_in(s, whole))
		s = s->next;
	return is_slice_of(s, whole) ? s : NULL;
}

static const struct rule *
first_slice(const struct rule *whole)
{
	return slice_from(whole->next, whole);
}

static const struct rule *
next_slice(const struct rule *s, const struct rule *whole)
{
	return slice_from(s->next, whole);
}

static struct step
step_to(const struct step *up, const struct rule *r, const struct value *v)
{
	return (struct step){ up, v->element != NULL ? v->element->name : r->name, v->index,
		v->element != NULL && v->element->choice ? v->type : NULL, v->type, v->element, v->node };
}

/* The first slice that the item matches; *order is its place among the slices. */
static const struct rule *
slice_of_item(struct walk *w, const struct rule *whole, const struct value *item, uint32_t *order)
{
	*order = 0;
	for (const struct rule *s = first_slice(whole); s != NULL; s = next_slice(s, whole), ++*order)
		if (slice_matches(w, whole, s, item))
			return s;
	return NULL;
}

static void check_slices(struct walk *, const struct step *, const struct rule *, uint32_t place,
    const struct values *);

/* How many are in each slice; and those that are sliced again. */
static void
check_each_slice(struct walk *w, const struct step *at, const struct rule *whole, uint32_t place,
    const struct values *items, const uint32_t *slice_of, uint32_t none)
{
	uint32_t number = 0;

	if (whole->discriminator_count == 0 && !whole->choice)
		return;
	for (const struct rule *s = first_slice(whole); s != NULL; s = next_slice(s, whole), number++) {
		struct values mine = { arena_array(w->arena, items->count + 1, sizeof *mine.at), 0 };

		for (uint32_t i = 0; i < items->count; i++)
			if (slice_of[i] != none && slice_of[i] == number)
				mine.at[mine.count++] = items->at[i];
		if (mine.count < s->min)
			complain(w, at, place, MESSAGE_slice_min, s->slice);
		else if (mine.count > s->max)
			complain(w, at, place, MESSAGE_slice_max, s->slice);
		if (s->sliced && first_slice(s) != NULL)
			check_slices(w, at, s, place, &mine);
	}
}

static void
check_slices(struct walk *w, const struct step *at, const struct rule *whole, uint32_t place,
    const struct values *items)
{
	uint32_t last = 0, order, *slice_of = arena_array(w->arena, items->count + 1, sizeof *slice_of);
	bool outside = false;

	for (uint32_t i = 0; i < items->count; i++) {
		const struct value *v = &items->at[i];
		const struct rule *s = slice_of_item(w, whole, v, &order);
		struct step here = step_to(at, whole, v);

		slice_of[i] = s == NULL ? UINT32_MAX : order;
		if (s == NULL) {
			outside = true;
			if (whole->closed && (whole->discriminator_count > 0 || whole->choice))
				complain(w, &here, v->node, MESSAGE_slice_closed, SLICE_NONE);
			continue;
		}
		if ((whole->ordered && order < last) || (whole->at_end && outside))
			complain(w, &here, v->node, MESSAGE_slice_order, s->slice);
		last = order;
		check_rule(w, &here, s, v);
	}
	check_each_slice(w, at, whole, place, items, slice_of, UINT32_MAX);
}

/* Children */

static uint32_t
base_min(const struct value *of, struct slice name)
{
	const struct element *e = of->type == NULL ? NULL : type_element(of->type, name);

	return e == NULL ? 0 : e->min;
}

static uint32_t
base_max(const struct value *of, struct slice name)
{
	const struct element *e = of->type == NULL ? NULL : type_element(of->type, name);

	return e == NULL ? UINT32_MAX : e->max;
}

static void
check_child(struct walk *w, const struct step *at, const struct rule *r, const struct value *of,
    uint32_t place)
{
	struct values items = value_children(w, of, r->name);

	if (items.count < r->min && items.count >= base_min(of, r->name))
		complain(w, at, place, MESSAGE_required, r->name);
	else if (items.count > r->max && items.count <= base_max(of, r->name))
		complain(w, at, items.at[0].node != 0 ? items.at[0].node : place, MESSAGE_too_many, r->name);
	for (uint32_t i = 0; i < items.count; i++) {
		struct step here = step_to(at, r, &items.at[i]);

		check_rule(w, &here, r, &items.at[i]);
	}
	if (is_slice_of(r->next, r))
		check_slices(w, at, r, place, &items);
}

static bool
is_defined(struct walk *w, const struct type *type, struct slice name)
{
	return type_element(type, name) != NULL || pack_member(w->pack, type, name, NULL) != NULL;
}

static void
check_rule(struct walk *w, const struct step *at, const struct rule *r, const struct value *v)
{
	uint32_t place = v->node != 0 ? v->node : v->sibling;
	struct item resource = w->resource;

	if (w->profile_steps++ >= w->limits->of[LIMIT_PROFILE_STEPS])
		return;                         /* said at the end, structure.c */
	check_fixed(w, at, r, v);
	check_types(w, at, r, v);
	if (v->node != 0 && v->type != NULL && !(r->choice && r->type_count > 1) && (v->element == NULL || r->binding != v->element->binding
	    || r->binding_strength != v->element->binding_strength))
		check_binding(w, at, r->binding, r->binding_strength, v->type, v->node);
	for (uint32_t i = 0; v->node != 0 && v->type != NULL && i < r->more_count; i++)
		check_binding(w, at, r->more[i].set, r->more[i].strength, v->type, v->node);
	check_constraints(w, at, r->constraints, r->constraint_count, v);
	if (v->type == NULL || (v->type->kind == TYPE_PRIMITIVE && v->sibling == 0))
		return;
	if (v->type->kind == TYPE_RESOURCE && v->node != ITEM_ABSENT)
		w->resource = fhirpath_node(w->json, v->node, v->type);
	for (const struct rule *c = r->first; c != NULL; c = c->next)
		if (c->slice.len == 0 && is_defined(w, v->type, c->name))
			check_child(w, at, c, v, place);
	w->resource = resource;
}

void
check_profile(struct walk *w, const struct step *at, const struct profile *p,
    const struct value *v)
{
	if (w->profile_depth >= PROFILE_DEPTH_MAX || v->type == NULL)
		return;
	if (!type_is(v->type, p->type)) {
		complain(w, at, v->node, MESSAGE_profile_type, SLICE_NONE);
		return;
	}
	w->profile_depth++;
	check_rule(w, at, p->root, v);
	w->profile_depth--;
}

/* Profiles of a resource */

static void
check_url(struct walk *w, const struct step *at, const struct type *type, struct slice url,
    uint32_t node, uint32_t place, bool asked)
{
	struct slice whole = url, bare = slice_cut(&url, '|');
	const struct profile *p = pack_profile(w->pack, whole);
	const struct type *named = !slice_starts(bare, SLICE(CORE)) ? NULL
	    : pack_type(w->pack, slice_sub(bare, sizeof CORE - 1, bare.len));
	struct value v = { .node = node, .type = type, .index = -1 };

	if (p != NULL && !slice_is(p->type->name, "Extension"))
		check_profile(w, at, p, &v);
	else if (named == NULL)
		complain(w, at, place, asked ? MESSAGE_profile_asked : MESSAGE_profile_unknown, SLICE_NONE);
	else if (!type_is(type, named))
		complain(w, at, place, MESSAGE_profile_type, SLICE_NONE);
}

static void
check_imposed(struct walk *w, const struct step *at, const struct profile *const *list,
    const struct value *v)
{
	for (; *list != NULL; list++)
		check_profile(w, at, *list, v);
}

static void
impose(struct validator *v, const struct profile *p, size_t most, struct arena *arena)
{
	const struct profile **list = v->imposed[p->type->number];
	size_t i = 0;

	if (list == NULL)
		list = v->imposed[p->type->number] = arena_array(arena, most + 1, sizeof *list);
	while (list[i] != NULL)
		i++;
	list[i] = p;
}

bool
validator_impose(struct validator *v, const struct slice *urls, size_t count, struct outcome *o)
{
	if (count > 0)
		v->imposed = arena_array(o->arena, pack_type_count(v->pack) + 1, sizeof *v->imposed);
	for (size_t i = 0; i < count; i++) {
		const struct profile *p = pack_profile(v->pack, urls[i]);

		if (p == NULL || p->type->kind != TYPE_RESOURCE)
			return outcome_fail_at_once(o, FAULT_INVALID,
			    "validation.profiles: a profile is not in the definitions or packages");
		impose(v, p, count, o->arena);
	}
	return true;
}

void
validator_use_units(struct validator *v, canonical_units *canonical)
{
	v->canonical_units = canonical;
}

void
check_profiles(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	uint32_t meta = json_get(w->json, node, SLICE("meta"));
	uint32_t list = meta == 0 || json_type(w->json, meta) != JSON_OBJECT ? 0
	    : json_get(w->json, meta, SLICE("profile"));

	if (list != 0 && json_size(w->json, list) > w->limits->of[LIMIT_PROFILES])
		complain(w, at, list, MESSAGE_profiles_many, SLICE_NONE);
	else if (list != 0 && json_type(w->json, list) == JSON_ARRAY)
		for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
			if (json_type(w->json, n) == JSON_STRING)
				check_url(w, at, type, json_string(w->json, n, w->arena), node, n, false);
	if (at->up == NULL && w->validator->imposed != NULL && w->validator->imposed[type->number] != NULL)
		check_imposed(w, at, w->validator->imposed[type->number], &(struct value){ .node = node,
		    .type = type, .index = -1 });
	for (uint32_t i = 0; at->up == NULL && i < w->how->profile_count; i++)
		check_url(w, at, type, w->how->profiles[i], node, node, true);
}
