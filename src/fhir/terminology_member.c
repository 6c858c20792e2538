/* terminology_member.c -- is a code in a value set (R4 valueset.html#composition)?
 *
 * Within one include its system, its list of codes, its filters and its value sets
 * must all hold; of several value sets in it, all; of several includes, any; then
 * no exclude. */
#include "fhir/terminology_set.h"

#include "base/arena.h"

static enum known set_has(struct terminology *, struct code_set *, struct sought *, int depth);

static enum known
both(enum known a, enum known b)
{
	return a == KNOWN_NO || b == KNOWN_NO ? KNOWN_NO : a == UNKNOWN || b == UNKNOWN ? UNKNOWN
	    : KNOWN_YES;
}

static enum known
either(enum known a, enum known b)
{
	return a == KNOWN_YES || b == KNOWN_YES ? KNOWN_YES : a == UNKNOWN || b == UNKNOWN ? UNKNOWN
	    : KNOWN_NO;
}

enum known
part_filters_hold(struct terminology *t, const struct part *p, uint32_t concept)
{
	enum known answer = KNOWN_YES;

	for (uint32_t i = 0; i < p->filter_count && answer != KNOWN_NO; i++)
		answer = both(answer, filter_holds(t, p->held, p->filters[i], concept));
	return answer;
}

/* The concept in the version that the part means. */
static enum known
in_system(struct terminology *t, const struct code_set *set, const struct part *p, struct sought *s)
{
	struct concept c;
	enum known answer;

	if (p->held == NULL) {
		terminology_find(t, TERMINOLOGY_SYSTEM, p->canonical, set->package);    /* notes it */
		return UNKNOWN;
	}
	part_check_version(t, p);
	answer = code_system_find(p->held, s->code, &c);
	if (answer != KNOWN_YES)
		return answer;
	s->in = p->held;
	s->number = c.number;
	if (set->no_inactive && c.inactive)
		return KNOWN_NO;
	return part_filters_hold(t, p, c.number);
}

/* What is listed is there, unless its system is known not to have it. */
static enum known
in_list(struct terminology *t, const struct code_set *set, const struct part *p, struct sought *s)
{
	uint32_t node = part_listed(t, p, s->code);
	enum known answer = in_system(t, set, p, s);

	if (node == 0)
		return KNOWN_NO;
	s->listed = true;
	s->name = set_text(t, set, node, "display");
	return answer == UNKNOWN ? KNOWN_YES : answer;
}

enum known
part_in_sets(struct terminology *t, const struct part *p, struct sought *s, uint32_t from, int depth)
{
	enum known answer = KNOWN_YES;

	for (uint32_t i = from; i < p->set_count && answer != KNOWN_NO; i++)
		answer = both(answer, p->sets[i] == NULL ? UNKNOWN : set_has(t, p->sets[i], s, depth + 1));
	return answer;
}

static enum known
in_part(struct terminology *t, const struct code_set *set, const struct part *p, struct sought *s,
    int depth)
{
	enum known answer = KNOWN_YES;
	struct slice system = s->system;

	if (p->concepts != 0)
		answer = in_list(t, set, p, s);
	else if (p->system.len > 0)
		answer = in_system(t, set, p, s);
	if (answer == KNOWN_NO || p->set_count == 0)
		return answer;
	s->system = system.len > 0 ? system : p->system;
	answer = both(answer, part_in_sets(t, p, s, 0, depth));
	s->system = system;
	return answer;
}

/* The version that the part means; one of a code is another where the two do not fit. */
static bool
is_other_version(const struct part *p, struct slice version)
{
	struct slice held = p->held == NULL ? p->version : code_system_version(p->held);

	return p->system.len > 0 && version.len > 0 && held.len > 0 && !version_fits(held, version);
}

static enum known
part_has(struct terminology *t, struct code_set *set, const struct part *p, struct sought *s, int depth)
{
	if (p->system.len > 0 && s->system.len > 0 && !slice_eq(s->system, p->system))
		return KNOWN_NO;
	if (!is_other_version(p, s->version))
		return in_part(t, set, p, s, depth);
	if (!version_is_wide(p->version) || !version_fits(p->version, s->version)) {
		in_system(t, set, p, s);        /* the concept that was meant */
		return KNOWN_NO;
	}
	return in_part(t, set, part_in_version(t, set, p, s->version), s, depth);
}

static bool
has_display(const struct sought *s)
{
	struct concept c = s->in == NULL ? (struct concept){ .in = NULL }
	    : code_system_concept_at(s->in, s->number);

	return s->in == NULL || concept_has_display(&c, s->display);
}

static enum known
given_has(struct terminology *t, const struct code_set *set, struct slice system, struct slice code)
{
	if (set->given == NULL)
		return UNKNOWN;
	if (names_find(&set->given_codes, set_join(t, system, code)) != NAME_UNKNOWN)
		return KNOWN_YES;
	return set->given->complete ? KNOWN_NO : UNKNOWN;
}

static enum known any_part_has(struct terminology *, struct code_set *, bool including, struct sought *,
    int depth);

/* A code is excluded in every version, where the set does not tell them apart. */
enum known
set_excludes(struct terminology *t, struct code_set *set, const struct sought *s, int depth)
{
	struct sought out = { .system = s->system, .code = s->code,
		.version = set->versions_differ ? s->version : SLICE_NONE };

	if (set->versions_differ && out.version.len == 0 && s->in != NULL)
		out.version = code_system_version(s->in);
	return any_part_has(t, set, false, &out, depth);
}

static enum known
include_has(struct terminology *t, struct code_set *set, const struct part *p, struct sought *s, int depth)
{
	enum known in = part_has(t, set, p, s, depth), out;

	if (in == KNOWN_NO || set->exclude_count == 0)
		return in;
	out = set_excludes(t, set, s, depth);
	return out == KNOWN_YES ? KNOWN_NO : both(in, out == UNKNOWN ? UNKNOWN : KNOWN_YES);
}

/* Of two versions that have the code: the one that knows it by the display, else the higher. */
static bool
is_better(const struct sought *a, const struct sought *than)
{
	if (a->in == NULL || than->in == NULL)
		return a->in != NULL;
	if (has_display(a) != has_display(than))
		return has_display(a);
	return version_compare(code_system_version(a->in), code_system_version(than->in)) > 0;
}

static bool
are_of_two_systems(const struct sought *a, const struct sought *b)
{
	return a->in != NULL && b->in != NULL && !slice_eq(code_system_url(a->in), code_system_url(b->in));
}

static enum known
any_part_has(struct terminology *t, struct code_set *set, bool including, struct sought *s, int depth)
{
	uint32_t count = including ? set->include_count : set->exclude_count;
	enum known answer = KNOWN_NO, one;
	struct sought best = *s;
	bool first, same, all = set->versions_differ || s->system.len == 0;

	for (uint32_t i = 0; i < count && (answer != KNOWN_YES || all); i++) {
		struct sought here = *s;

		if (i > 0 && !terminology_take(t, 1))   /* the first is what was taken for the code */
			return UNKNOWN;
		one = including ? include_has(t, set, &set->includes[i], &here, depth)
		    : part_has(t, set, &set->excludes[i], &here, depth);
		if (one == KNOWN_YES && answer == KNOWN_YES && are_of_two_systems(&here, &best))
			here.ambiguous = best.ambiguous = true;
		first = one == KNOWN_YES && answer != KNOWN_YES;
		same = (one == KNOWN_YES) == (answer == KNOWN_YES);
		if (first || (same && is_better(&here, &best)))
			best = here;
		answer = either(answer, one);
	}
	*s = best;
	return answer;
}

static enum known
set_has(struct terminology *t, struct code_set *set, struct sought *s, int depth)
{
	enum known answer;

	if (set->busy || depth > SET_NESTED_MAX || !terminology_take(t, 1))
		return UNKNOWN;
	set->busy = true;
	answer = set->include_count == 0 ? UNKNOWN : any_part_has(t, set, true, s, depth);
	set->busy = false;
	return answer == UNKNOWN ? given_has(t, set, s->system, s->code) : answer;
}

enum known
code_set_find(struct terminology *t, struct code_set *set, struct sought *s)
{
	return set_has(t, set, s, 0);
}

enum known
code_set_has(struct terminology *t, struct code_set *set, struct slice system, struct slice code)
{
	struct sought s = { .system = system, .code = code };

	return set_has(t, set, &s, 0);
}

enum known
terminology_member(struct terminology *t, struct slice url, struct slice system, struct slice code)
{
	struct code_set *set = terminology_set(t, url);

	return set == NULL ? UNKNOWN : code_set_has(t, set, system, code);
}
