/* profile.c -- a value against the rules of a profile (profiling.html).
 *
 * What the base type demands is checked with the type; here only what the
 * profile adds. */
#include "validate/slicing.h"

#include <stdlib.h>

#define PROFILE_DEPTH_MAX 12
#define CORE "http://hl7.org/fhir/StructureDefinition/"

static void check_rule(struct walk *, const struct step *, const struct rule *, const struct value *);

/* Values */

static size_t
characters(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return n;
}

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

static void
check_range(struct walk *w, const struct step *at, const struct rule *r, uint32_t node)
{
	double value, bound;

	if (!as_number(w->json, node, &value))
		return;
	if ((r->min_value != NULL && as_number(r->min_value, 0, &bound) && value < bound)
	    || (r->max_value != NULL && as_number(r->max_value, 0, &bound) && value > bound))
		complain(w, at, node, MESSAGE_profile_range, SLICE_NONE);
}

static void
check_fixed(struct walk *w, const struct step *at, const struct rule *r, const struct value *v)
{
	if (v->node == 0)
		return;
	if (r->fixed != NULL && !value_is_fixed(w, v->node, r->fixed, 0))
		complain(w, at, v->node, MESSAGE_profile_fixed, SLICE_NONE);
	if (r->pattern != NULL && !value_has_pattern(w, v->node, r->pattern, 0))
		complain(w, at, v->node, MESSAGE_profile_pattern, SLICE_NONE);
	if (r->max_length > 0 && json_type(w->json, v->node) == JSON_STRING
	    && characters(json_string(w->json, v->node, w->arena)) > r->max_length)
		complain(w, at, v->node, MESSAGE_profile_length, SLICE_NONE);
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

static void
check_targets(struct walk *w, const struct step *at, const struct rule_type *t,
    const struct value *v)
{
	struct slice reference;
	struct item target;

	if (t->target_count == 0 || !slice_is(v->type->name, "Reference") || v->node == 0
	    || json_type(w->json, v->node) != JSON_OBJECT)
		return;
	reference = walk_text(w, v->node, SLICE("reference"));
	if (reference.len == 0 || !resolve_for_fhirpath(w, reference, &target))
		return;
	for (uint32_t i = 0; i < t->target_count; i++)
		if (target_allows(w, t->targets[i], target.type))
			return;
	complain(w, at, v->node, MESSAGE_reference_target, SLICE_NONE);
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
	if (v->element != NULL && v->element->choice)
		complain(w, at, v->node != 0 ? v->node : v->sibling, MESSAGE_profile_element_type, SLICE_NONE);
}

/* Slices */

static bool
is_slice_of(const struct rule *r, const struct rule *whole)
{
	return r != NULL && r->slice.len > 0 && slice_eq(r->name, whole->name);
}

static bool
is_reslice(const struct rule *r)
{
	return slice_find(r->slice, '/') < r->slice.len;
}

static struct step
step_to(const struct step *up, const struct rule *r, const struct value *v)
{
	return (struct step){ up, v->element != NULL ? v->element->name : r->name, v->index,
		v->element != NULL && v->element->choice ? v->type : NULL, v->type, v->element };
}

/* The first slice that the item matches; *order is its place among the slices. */
static const struct rule *
slice_of_item(struct walk *w, const struct rule *whole, const struct value *item, uint32_t *order)
{
	*order = 0;
	for (const struct rule *s = whole->next; is_slice_of(s, whole); s = s->next, ++*order)
		if (!is_reslice(s) && slice_matches(w, whole, s, item))
			return s;
	return NULL;
}

static void
check_slice_counts(struct walk *w, const struct step *at, const struct rule *whole, uint32_t place,
    const uint32_t *counts)
{
	uint32_t i = 0;

	if (whole->discriminator_count == 0 && !whole->choice)
		return;
	for (const struct rule *s = whole->next; is_slice_of(s, whole); s = s->next, i++) {
		if (is_reslice(s))
			continue;
		if (counts[i] < s->min)
			complain(w, at, place, MESSAGE_slice_min, s->slice);
		else if (counts[i] > s->max)
			complain(w, at, place, MESSAGE_slice_max, s->slice);
	}
}

static void
check_slices(struct walk *w, const struct step *at, const struct rule *whole, uint32_t place,
    const struct values *items)
{
	uint32_t slices = 0, last = 0, order, *counts;
	bool outside = false;

	for (const struct rule *s = whole->next; is_slice_of(s, whole); s = s->next)
		slices++;
	counts = arena_array(w->arena, slices + 1, sizeof *counts);
	for (uint32_t i = 0; i < items->count; i++) {
		const struct value *v = &items->at[i];
		const struct rule *s = slice_of_item(w, whole, v, &order);
		struct step here = step_to(at, whole, v);

		if (s == NULL) {
			outside = true;
			if (whole->closed && whole->discriminator_count > 0)
				complain(w, &here, v->node, MESSAGE_slice_closed, SLICE_NONE);
			continue;
		}
		if ((whole->ordered && order < last) || (whole->at_end && outside))
			complain(w, &here, v->node, MESSAGE_slice_order, s->slice);
		last = order;
		counts[order]++;
		check_rule(w, &here, s, v);
	}
	check_slice_counts(w, at, whole, place, counts);
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

	check_fixed(w, at, r, v);
	check_types(w, at, r, v);
	if (v->node != 0 && v->type != NULL && !(r->choice && r->type_count > 1) && (v->element == NULL || r->binding != v->element->binding
	    || r->binding_strength != v->element->binding_strength))
		check_binding(w, at, r->binding, r->binding_strength, v->type, v->node);
	check_constraints(w, at, r->constraints, r->constraint_count, v);
	if (v->type == NULL || (v->type->kind == TYPE_PRIMITIVE && v->sibling == 0))
		return;
	for (const struct rule *c = r->first; c != NULL; c = c->next)
		if (c->slice.len == 0 && is_defined(w, v->type, c->name))
			check_child(w, at, c, v, place);
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
    uint32_t node, uint32_t place)
{
	struct slice bare = slice_cut(&url, '|');
	const struct profile *p = pack_profile(w->pack, bare);
	const struct type *named = !slice_starts(bare, SLICE(CORE)) ? NULL
	    : pack_type(w->pack, slice_sub(bare, sizeof CORE - 1, bare.len));
	struct value v = { .node = node, .type = type, .index = -1 };

	if (p != NULL && !slice_is(p->type->name, "Extension"))
		check_profile(w, at, p, &v);
	else if (named == NULL)
		complain(w, at, place, MESSAGE_profile_unknown, SLICE_NONE);
	else if (!type_is(type, named))
		complain(w, at, place, MESSAGE_profile_type, SLICE_NONE);
}

void
check_profiles(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	uint32_t meta = json_get(w->json, node, SLICE("meta"));
	uint32_t list = meta == 0 || json_type(w->json, meta) != JSON_OBJECT ? 0
	    : json_get(w->json, meta, SLICE("profile"));

	if (list != 0 && json_type(w->json, list) == JSON_ARRAY)
		for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
			if (json_type(w->json, n) == JSON_STRING)
				check_url(w, at, type, json_string(w->json, n, w->arena), node, n);
	for (uint32_t i = 0; at->up == NULL && i < w->how->profile_count; i++)
		check_url(w, at, type, w->how->profiles[i], node, node);
}
