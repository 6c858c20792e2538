/* binding.c -- codes against value sets and code systems (terminologies.html#strength).
 *
 * Most sets are lists of codes in the pack.  What a list cannot say, because the set
 * has filters or leaves something out, is asked of the terminology; what that does not
 * know nobody complains about. */
#include "validate/walk.h"

#include "base/ascii.h"
#include "base/buf.h"

static struct terminology *
terminology_of(struct walk *w)
{
	if (w->terminology == NULL) {
		w->terminology = arena_alloc(w->arena, sizeof *w->terminology);
		terminology_init(w->terminology, w->pack, w->limits, NULL, w->arena);
	}
	return w->terminology;
}

/* May the set have codes of the system that its list does not say? */
static bool
is_open(const struct value_set *set, struct slice system)
{
	if (set->unknown || system.len == 0)
		return true;
	for (uint32_t i = 0; i < set->open_count; i++)
		if (slice_eq(set->open[i], system))
			return true;
	return false;
}

static struct slice
canonical_of(struct walk *w, const struct value_set *set)
{
	struct buf out;

	if (set->version.len == 0)
		return set->url;
	buf_init(&out, w->arena, 65536);
	buf_add(&out, set->url);
	buf_add_char(&out, '|');
	buf_add(&out, set->version);
	return buf_slice(&out);
}

static enum known
set_has(struct walk *w, const struct value_set *set, struct slice system, struct slice code)
{
	bool listed = value_set_has(w->pack, set, system, code);

	if (set->complete)
		return listed ? KNOWN_YES : KNOWN_NO;
	if (!listed && !is_open(set, system))
		return KNOWN_NO;
	if (code.len == 0 || w->validator == NULL
	    || (system.len > 0 && terminology_system(terminology_of(w), system) == NULL))
		return UNKNOWN;
	return terminology_member(terminology_of(w), canonical_of(w, set), system, code);
}

bool
set_may_have(struct walk *w, struct slice canonical, struct slice system, struct slice code)
{
	const struct value_set *set = pack_value_set(w->pack, canonical);

	return set == NULL || set_has(w, set, system, code) != KNOWN_NO;
}

bool
system_may_have(struct walk *w, struct slice system, struct slice code)
{
	const struct value_set *all = system.len == 0 || code.len == 0 ? NULL : pack_value_set(w->pack, system);

	return all == NULL || !all->complete || value_set_has(w->pack, all, system, code);
}

struct slice
property_type(struct walk *w, struct slice system, struct slice property)
{
	const struct code_system *s = system.len == 0 ? NULL : terminology_system(terminology_of(w), system);

	return s == NULL ? SLICE_NONE : code_system_property_type(s, property);
}

static enum known
has_coding(struct walk *w, const struct value_set *set, uint32_t coding)
{
	if (json_type(w->json, coding) != JSON_OBJECT)
		return KNOWN_NO;
	return set_has(w, set, walk_text(w, coding, SLICE("system")), walk_text(w, coding, SLICE("code")));
}

/* One of the codings is enough. */
static enum known
has_concept(struct walk *w, const struct value_set *set, uint32_t concept)
{
	uint32_t list = json_type(w->json, concept) == JSON_OBJECT
	    ? json_get(w->json, concept, SLICE("coding")) : 0;
	enum known best = KNOWN_NO;

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return KNOWN_NO;
	for (uint32_t n = json_first(w->json, list); n != 0 && best != KNOWN_YES; n = json_next(w->json, list, n)) {
		enum known one = has_coding(w, set, n);

		if (one != KNOWN_NO)
			best = one;
	}
	return best;
}

/* Yes too for what has no code at all, like a date. */
enum known
binding_holds(struct walk *w, const struct value_set *set, const struct type *type, uint32_t node)
{
	if (type->kind == TYPE_PRIMITIVE)
		return json_type(w->json, node) != JSON_STRING ? KNOWN_YES
		    : set_has(w, set, SLICE_NONE, json_string(w->json, node, w->arena));
	if (slice_is(type->name, "Coding") || slice_is(type->name, "Quantity"))
		return has_coding(w, set, node);
	return slice_is(type->name, "CodeableConcept") ? has_concept(w, set, node) : KNOWN_YES;
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

void
check_binding(struct walk *w, const struct step *at, const struct value_set *set,
    enum binding_strength strength, const struct type *type, uint32_t node)
{
	if (strength < BINDING_PREFERRED || set == NULL
	    || (w->validator == NULL && strength != BINDING_REQUIRED)
	    || (strength != BINDING_REQUIRED && !has_code(w, type, node))
	    || binding_holds(w, set, type, node) != KNOWN_NO)
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

		if (!(ascii_is_digit(c) || ascii_is_letter(c)))
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

/* A display is a name that the code system gives to the code (datatypes.html#Coding). */
static void
check_display(struct walk *w, const struct step *at, uint32_t coding, struct slice system, struct slice code)
{
	struct slice display = walk_text(w, coding, SLICE("display"));
	struct step here = { at, SLICE("display"), -1, NULL, NULL, NULL, 0 };
	const struct code_system *s = display.len == 0 ? NULL : terminology_system(terminology_of(w), system);
	struct concept c;

	if (s != NULL && code_system_find(s, code, &c) == KNOWN_YES && !concept_has_display(&c, display))
		complain(w, &here, json_get(w->json, coding, SLICE("display")), MESSAGE_display, system);
}

static bool
is_supplement(struct walk *w, struct slice system)
{
	return w->validator != NULL && terminology_supplement(terminology_of(w), system) != NULL;
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
	if (all == NULL || (!all->complete && !is_supplement(w, system)))
		return;
	if (!all->complete)
		complain(w, &at_system, json_get(w->json, coding, SLICE("system")), MESSAGE_coding_supplement, SLICE_NONE);
	else if (!value_set_has(w->pack, all, system, code))
		complain(w, &at_code, json_get(w->json, coding, SLICE("code")), w->how->codes
		    ? MESSAGE_code_unknown : MESSAGE_code_unlisted, all->url);
	else
		check_display(w, at, coding, system, code);
}
