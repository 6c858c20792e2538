/* terminology_filter.c -- ValueSet.compose.include.filter (R4 valueset.html#filter,
 * valueset-filter-operator).
 *
 * A filter is made ready once for a system: the concepts below (or above) its
 * value as bits, its expression compiled.  Then it is asked of one concept after
 * the other.  What it cannot say, because the system does not define the
 * property, or the operator is none of R4, is UNKNOWN. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "fhir/terminology_format.h"
#include "fhir/terminology_inside.h"

#define PATTERN_MAX 1024
#define MATCH_MAX   100000
#define STATES_MAX  4096
#define WHOLE       (PCRE2_ANCHORED | PCRE2_ENDANCHORED)

struct filter {
	struct slice  property, value;
	enum known  (*holds)(struct terminology *, const struct code_system *,
	    const struct filter *, uint32_t concept);
	bool          on_code, wanted;
	uint8_t      *bits;
	pcre2_code   *pattern;
};

/* The hierarchy: bits are set for the value and what is below (or above) it. */

static bool
has_bit(const struct filter *f, uint32_t concept)
{
	return f->bits != NULL && (f->bits[concept / 8] & 1 << concept % 8) != 0;
}

static enum known
in_bits(struct terminology *t UNUSED, const struct code_system *s UNUSED, const struct filter *f,
    uint32_t concept)
{
	return has_bit(f, concept) == f->wanted ? KNOWN_YES : KNOWN_NO;
}

static enum known
below_value(struct terminology *t UNUSED, const struct code_system *s, const struct filter *f,
    uint32_t concept)
{
	struct slice code = code_system_text(s, code_system_concept(s, concept)->code);
	bool exact = (code_system_head(s)->flags & SYSTEM_CASE_SENSITIVE) != 0;

	return has_bit(f, concept) && code_compare(code, f->value, exact) != 0 ? KNOWN_YES : KNOWN_NO;
}

/* Property values */

typedef bool value_test(struct terminology *, const struct filter *, struct slice value);

static bool
any_link(struct terminology *t, const struct code_system *s, const struct filter *f, uint32_t first,
    uint32_t count, value_test *test)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct concept_row *row = code_system_concept(s, code_system_link(s, first + i));

		if (test(t, f, code_system_text(s, row->code)))
			return true;
	}
	return false;
}

/* A Coding stands for its code. */
static struct slice
value_of(struct terminology *t, const struct code_system *s, const struct property_row *p)
{
	struct slice value = code_system_text(s, p->value);
	const struct json *j;

	if (!slice_is(code_system_text(s, p->type), "valueCoding") || !terminology_take(t, 20))
		return value;
	j = terminology_parse(t, value);
	return j == NULL ? value : json_string(j, json_get(j, 0, SLICE("code")), t->arena);
}

/* Does any value of the property pass? */
static bool
any_value(struct terminology *t, const struct code_system *s, const struct filter *f,
    uint32_t concept, value_test *test)
{
	const struct concept_row *row = code_system_concept(s, concept);

	if (f->on_code)
		return test(t, f, code_system_text(s, row->code));
	if (slice_is(f->property, "display"))
		return test(t, f, code_system_text(s, row->display));
	if (slice_is(f->property, "definition"))
		return test(t, f, code_system_text(s, row->definition));
	for (uint32_t i = 0; i < row->property_count; i++) {
		const struct property_row *p = code_system_property(s, row->properties + i);

		if (slice_eq(code_system_text(s, p->code), f->property)
		    && test(t, f, value_of(t, s, p)))
			return true;
	}
	if (slice_is(f->property, "parent"))
		return any_link(t, s, f, row->parents, row->parent_count, test);
	return slice_is(f->property, "child")
	    && any_link(t, s, f, row->children, row->child_count, test);
}

static bool
equal(struct terminology *t UNUSED, const struct filter *f, struct slice value)
{
	return slice_eq(value, f->value);
}

static bool
listed(struct terminology *t UNUSED, const struct filter *f, struct slice value)
{
	struct slice rest = f->value;

	while (rest.len > 0)
		if (slice_eq(slice_trim(slice_cut(&rest, ',')), value))
			return true;
	return false;
}

static bool
present(struct terminology *t UNUSED, const struct filter *f UNUSED, struct slice value)
{
	return value.len > 0;
}

/* All ways at once, so that no pattern takes more than its length times that of the value; one that needs what this
 * cannot (a reference back) is tried one way after the other, under a limit. */
static bool
matches(struct terminology *t, const struct filter *f, struct slice value)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	PCRE2_SPTR text = (PCRE2_SPTR)(value.len == 0 ? "" : value.ptr);
	int n = PCRE2_ERROR_NOMEMORY, states[STATES_MAX];

	if (context != NULL && data != NULL) {
		pcre2_set_match_limit(context, MATCH_MAX);
		n = pcre2_dfa_match(f->pattern, text, value.len, 0, WHOLE, data, context, states, STATES_MAX);
		if (n == PCRE2_ERROR_DFA_UITEM)
			n = pcre2_match(f->pattern, text, value.len, 0, WHOLE, data, context);
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (n < PCRE2_ERROR_NOMATCH)
		t->spent = true;
	return n >= 0;
}

static enum known
known(bool yes)
{
	return yes ? KNOWN_YES : KNOWN_NO;
}

static enum known
value_is(struct terminology *t, const struct code_system *s, const struct filter *f, uint32_t c)
{
	return known(any_value(t, s, f, c, equal));
}

static enum known
value_in(struct terminology *t, const struct code_system *s, const struct filter *f, uint32_t c)
{
	return known(any_value(t, s, f, c, listed) == f->wanted);
}

static enum known
value_exists(struct terminology *t, const struct code_system *s, const struct filter *f, uint32_t c)
{
	return known(any_value(t, s, f, c, present) == f->wanted);
}

static enum known
value_matches(struct terminology *t, const struct code_system *s, const struct filter *f, uint32_t c)
{
	bool yes;

	if (f->pattern == NULL || !terminology_take(t, 20))
		return UNKNOWN;
	yes = any_value(t, s, f, c, matches);
	return t->spent ? UNKNOWN : known(yes);
}

/* Making one ready */

static void
free_pattern(void *p)
{
	pcre2_code_free(p);
}

static void
compile(struct terminology *t, struct filter *f)
{
	PCRE2_SIZE where;
	int error;

	if (f->value.len > PATTERN_MAX)
		return;
	f->pattern = pcre2_compile((PCRE2_SPTR)f->value.ptr, f->value.len,
	    PCRE2_UTF | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C, &error, &where, NULL);
	if (f->pattern != NULL)
		arena_defer(t->arena, free_pattern, f->pattern);
}

enum walks { WALK_NONE, WALK_DOWN, WALK_UP };

static const struct {
	const char *name;
	enum walks  walk;
	bool        wanted;
	enum known (*holds)(struct terminology *, const struct code_system *, const struct filter *,
	    uint32_t);
} operators[] = {
	{ "is-a",          WALK_DOWN, true,  in_bits },
	{ "descendent-of", WALK_DOWN, true,  below_value },
	{ "is-not-a",      WALK_DOWN, false, in_bits },
	{ "generalizes",   WALK_UP,   true,  in_bits },
	{ "=",             WALK_NONE, true,  value_is },
	{ "in",            WALK_NONE, true,  value_in },
	{ "not-in",        WALK_NONE, false, value_in },
	{ "exists",        WALK_NONE, true,  value_exists },
	{ "regex",         WALK_NONE, true,  value_matches },
};

/* Those of the concept itself, and those that R4 defines for all systems (http://hl7.org/fhir/concept-properties). */
static const char *const own_properties[] = { "concept", "code", "display", "definition", "parent",
	"child", "inactive", "deprecated", "notSelectable" };

static bool
property_defined(const struct code_system *s, struct slice property)
{
	for (size_t i = 0; i < COUNT_OF(own_properties); i++)
		if (slice_is(property, own_properties[i]))
			return true;
	for (uint32_t i = 0; i < code_system_head(s)->kind_count; i++)
		if (slice_eq(code_system_text(s, code_system_kind(s, i)->code), property))
			return true;
	return false;
}

static void
set_bits(struct terminology *t, const struct code_system *s, struct filter *f, bool up)
{
	struct concept c;
	uint32_t count;

	if (code_system_find(s, f->value, &c) == KNOWN_YES)
		terminology_walk(t, s, c.number, up, &count, &f->bits);
}

static void
choose(struct terminology *t, const struct code_system *s, struct filter *f, struct slice op)
{
	for (size_t i = 0; i < COUNT_OF(operators); i++) {
		if (!slice_is(op, operators[i].name)
		    || (operators[i].walk != WALK_NONE && !f->on_code))
			continue;
		f->holds = operators[i].holds;
		f->wanted = operators[i].wanted;
		if (operators[i].walk != WALK_NONE)
			set_bits(t, s, f, operators[i].walk == WALK_UP);
	}
	if (f->holds == value_exists)
		f->wanted = !slice_is(f->value, "false");
	if (f->holds == value_matches)
		compile(t, f);
}

const struct filter *
filter_new(struct terminology *t, const struct code_system *s, const struct json *j, uint32_t node)
{
	struct filter *f = arena_alloc(t->arena, sizeof *f);

	f->property = json_string(j, json_get(j, node, SLICE("property")), t->arena);
	f->value = json_string(j, json_get(j, node, SLICE("value")), t->arena);
	f->on_code = slice_is(f->property, "concept") || slice_is(f->property, "code");
	t->broken |= f->value.len == 0;
	if (property_defined(s, f->property) && f->value.len > 0)
		choose(t, s, f, json_string(j, json_get(j, node, SLICE("op")), t->arena));
	return f;
}

enum known
filter_holds(struct terminology *t, const struct code_system *s, const struct filter *f,
    uint32_t concept)
{
	if (f->holds == NULL || !terminology_take(t, 1))
		return UNKNOWN;
	return f->holds(t, s, f, concept);
}
