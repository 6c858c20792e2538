/* binding.c -- codes against value sets and code systems (terminologies.html#strength).
 *
 * Membership is known where the pack holds all codes; what it cannot know it
 * does not complain about. */
#include "validate/walk.h"

static bool
coding_in(struct walk *w, const struct value_set *set, uint32_t coding)
{
	return json_type(w->json, coding) == JSON_OBJECT
	    && value_set_has(w->pack, set, walk_text(w, coding, SLICE("system")),
	        walk_text(w, coding, SLICE("code")));
}

static bool
concept_in(struct walk *w, const struct value_set *set, uint32_t concept)
{
	uint32_t list = json_type(w->json, concept) == JSON_OBJECT
	    ? json_get(w->json, concept, SLICE("coding")) : 0;

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return false;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (coding_in(w, set, n))
			return true;
	return false;
}

/* True too for what has no code at all, like a Quantity bound to units: there
 * the element itself says what it needs. */
bool
binding_holds(struct walk *w, const struct value_set *set, const struct type *type, uint32_t node)
{
	if (type->kind == TYPE_PRIMITIVE)
		return json_type(w->json, node) != JSON_STRING
		    || value_set_has(w->pack, set, SLICE_NONE, json_string(w->json, node, w->arena));
	if (slice_is(type->name, "Coding") || slice_is(type->name, "Quantity"))
		return coding_in(w, set, node);
	if (slice_is(type->name, "CodeableConcept"))
		return concept_in(w, set, node);
	return true;
}

/* Only a text: nothing can be said for less than a required binding. */
static bool
has_code(struct walk *w, const struct type *type, uint32_t node)
{
	if (type->kind == TYPE_PRIMITIVE)
		return true;
	return json_type(w->json, node) == JSON_OBJECT && json_get(w->json, node,
	    slice_is(type->name, "CodeableConcept") ? SLICE("coding") : SLICE("code")) != 0;
}

static const enum message by_strength[] = {
	[BINDING_PREFERRED] = MESSAGE_binding_preferred,
	[BINDING_EXTENSIBLE] = MESSAGE_binding_extensible,
	[BINDING_REQUIRED] = MESSAGE_binding_required,
};

/* Certainly not in a set of which not all is known: of a system that none of its codes is of. */
static bool
coding_excluded(struct walk *w, const struct value_set *set, uint32_t coding)
{
	struct slice system = json_type(w->json, coding) == JSON_OBJECT
	    ? walk_text(w, coding, SLICE("system")) : SLICE_NONE;

	if (system.len == 0 || set->unknown)
		return false;
	for (uint32_t i = 0; i < set->open_count; i++)
		if (slice_eq(set->open[i], system))
			return false;
	return !value_set_has(w->pack, set, system, walk_text(w, coding, SLICE("code")));
}

static bool
excluded(struct walk *w, const struct value_set *set, const struct type *type, uint32_t node)
{
	uint32_t list;

	if (json_type(w->json, node) != JSON_OBJECT)
		return false;
	if (!slice_is(type->name, "CodeableConcept"))
		return (slice_is(type->name, "Coding") || slice_is(type->name, "Quantity"))
		    && coding_excluded(w, set, node);
	list = json_get(w->json, node, SLICE("coding"));
	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return false;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (!coding_excluded(w, set, n))
			return false;
	return true;
}

void
check_binding(struct walk *w, const struct step *at, const struct value_set *set,
    enum binding_strength strength, const struct type *type, uint32_t node)
{
	if (strength < BINDING_PREFERRED || set == NULL
	    || (w->validator == NULL && strength != BINDING_REQUIRED)
	    || (strength != BINDING_REQUIRED && !has_code(w, type, node))
	    || (set->complete ? binding_holds(w, set, type, node) : !excluded(w, set, type, node)))
		return;
	complain(w, at, node, by_strength[strength], set->url);
}

/* A SNOMED CT identifier ends in a Verhoeff check digit; an expression has more
 * than letters and digits (terminologies-systems: snomedct.html). */
static bool
is_sctid(struct slice s)
{
	static const uint8_t d[10][10] = { { 0,1,2,3,4,5,6,7,8,9 }, { 1,2,3,4,0,6,7,8,9,5 },
		{ 2,3,4,0,1,7,8,9,5,6 }, { 3,4,0,1,2,8,9,5,6,7 }, { 4,0,1,2,3,9,5,6,7,8 },
		{ 5,9,8,7,6,0,4,3,2,1 }, { 6,5,9,8,7,1,0,4,3,2 }, { 7,6,5,9,8,2,1,0,4,3 },
		{ 8,7,6,5,9,3,2,1,0,4 }, { 9,8,7,6,5,4,3,2,1,0 } };
	static const uint8_t p[8][10] = { { 0,1,2,3,4,5,6,7,8,9 }, { 1,5,7,6,2,8,3,0,9,4 },
		{ 5,8,0,3,7,9,6,1,4,2 }, { 8,9,1,6,0,4,3,5,2,7 }, { 9,4,5,3,1,2,6,8,7,0 },
		{ 4,2,8,6,5,7,3,9,0,1 }, { 2,7,9,3,8,0,6,4,1,5 }, { 7,0,4,6,9,1,3,2,5,8 } };
	uint8_t c = 0;

	if (s.len < 6 || s.len > 18)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char digit = s.ptr[s.len - 1 - i];

		if (digit < '0' || digit > '9')
			return false;
		c = d[c][p[i % 8][digit - '0']];
	}
	return c == 0;
}

static bool
is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			return false;
	}
	return true;
}

bool
code_has_form(struct slice system, struct slice code)
{
	return !slice_is(system, "http://snomed.info/sct") || code.len == 0 || !is_word(code)
	    || is_sctid(code);
}

/* A code system of which the pack holds every code has no other. */
void
check_coding(struct walk *w, const struct step *at, uint32_t coding)
{
	struct slice system = walk_text(w, coding, SLICE("system"));
	struct slice code = walk_text(w, coding, SLICE("code"));
	struct step at_system = { at, SLICE("system"), -1, NULL, NULL, NULL, 0 };
	struct step at_code = { at, SLICE("code"), -1, NULL, NULL, NULL, 0 };
	const struct value_set *all = system.len == 0 || code.len == 0 ? NULL
	    : pack_value_set(w->pack, system);

	if (system.len > 0 && slice_find(system, ':') == system.len)
		complain(w, &at_system, json_get(w->json, coding, SLICE("system")), MESSAGE_coding_system,
		    SLICE_NONE);
	if (!code_has_form(system, code))
		complain(w, &at_code, json_get(w->json, coding, SLICE("code")), MESSAGE_code_form, SLICE_NONE);
	if (all != NULL && all->complete && !value_set_has(w->pack, all, system, code))
		complain(w, &at_code, json_get(w->json, coding, SLICE("code")), w->how->codes
		    ? MESSAGE_code_unknown : MESSAGE_code_unlisted, all->url);
}
