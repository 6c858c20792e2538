/* terminology_set.c -- ValueSet.compose (R4 valueset.html#composition): is a code in it, and
 * which are.
 *
 * A value set is made ready once: each include and exclude with its system, its
 * list of codes as a map, its filters, and the value sets that it imports.
 * Within one include all of these must hold; of several value sets in it, all;
 * of several includes, any; then no exclude.
 *
 * An answer that could only be had from a system that is not held is UNKNOWN, unless
 * the definition comes with an expansion: then that is taken. */
#include "base/arena.h"
#include "base/buf.h"
#include "fhir/names.h"
#include "fhir/terminology_format.h"
#include "fhir/terminology_inside.h"

#define NESTED_MAX 16

struct part {
	uint32_t      node;
	struct slice  system, version;          /* the version that is asked for, or empty */
	struct slice  canonical;                /* both */
	const struct code_system *held;         /* NULL: not */
	uint32_t      concepts;                 /* node of the list, or 0 */
	struct names  listed;                   /* code -> node */
	bool          exact;                    /* codes differ by case */
	const struct filter **filters;          /* NULL: `held` is */
	uint32_t      filter_count;
	struct code_set **sets;                 /* NULL in it: not held */
	uint32_t      set_count;
};

struct code_set {
	struct slice  canonical;                /* empty: it was at hand */
	uint32_t      package, node;
	uint32_t      container;                /* node of the resource that contains it, or its own */
	const struct json *json;
	struct part  *includes, *excludes;
	uint32_t      include_count, exclude_count;
	bool          no_inactive, busy;
	bool          versions_differ;          /* it includes one system in several versions */
	const struct code_system **supplements; /* NULL in it: not held */
	uint32_t      supplement_count;
	struct expansion *expansion;
	struct expansion *given;                /* its own; NULL: none */
	struct names  given_codes;              /* "system|code" and "|code" */
	struct code_set *next;
};

static struct slice
text(struct terminology *t, const struct code_set *set, uint32_t node, const char *name)
{
	return json_string(set->json, json_get(set->json, node, slice_of(name)), t->arena);
}

static uint32_t
list_of(const struct json *j, uint32_t node, const char *name)
{
	uint32_t list = json_get(j, node, slice_of(name));

	return list != 0 && json_type(j, list) == JSON_ARRAY ? list : 0;
}

static uint32_t
first_of(const struct json *j, uint32_t list)
{
	return list == 0 ? 0 : json_first(j, list);
}

static struct slice
join(struct terminology *t, struct slice a, struct slice b)
{
	struct buf out;

	buf_init(&out, t->arena, SIZE_MAX);
	buf_add(&out, a);
	buf_add_char(&out, '|');
	buf_add(&out, b);
	return buf_slice(&out);
}

static struct slice
lower(struct terminology *t, struct slice s)
{
	char *copy = arena_alloc(t->arena, s.len + 1);

	for (size_t i = 0; i < s.len; i++)
		copy[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] - 'A' + 'a' : s.ptr[i]);
	return slice_make(copy, s.len);
}

/* Making ready */

static struct code_set *set_find(struct terminology *, struct slice canonical, uint32_t package);
static struct code_set *set_new(struct terminology *, struct slice canonical, struct definition,
    uint32_t container);

static void
prepare_list(struct terminology *t, struct code_set *set, struct part *p)
{
	const struct json *j = set->json;

	names_init_keyed(&p->listed, t->arena, json_size(j, p->concepts));
	for (uint32_t n = json_first(j, p->concepts); n != 0; n = json_next(j, p->concepts, n)) {
		struct slice code = text(t, set, n, "code");

		if (code.len > 0)
			names_add(&p->listed, p->exact ? code : lower(t, code), n);
	}
}

static void
prepare_filters(struct terminology *t, struct code_set *set, struct part *p, uint32_t list)
{
	const struct json *j = set->json;

	p->filter_count = list == 0 ? 0 : json_size(j, list);
	if (p->held == NULL)
		return;
	p->filters = arena_array(t->arena, p->filter_count + 1, sizeof *p->filters);
	for (uint32_t n = first_of(j, list), i = 0; n != 0; n = json_next(j, list, n))
		p->filters[i++] = filter_new(t, p->held, j, n);
}

/* "#id": a value set that the resource contains, of which `set` is one or the whole. */
static struct code_set *
set_contained(struct terminology *t, const struct code_set *set, struct slice id)
{
	const struct json *j = set->json;
	uint32_t list = list_of(j, set->container, "contained");

	for (uint32_t n = first_of(j, list); n != 0; n = json_next(j, list, n)) {
		if (!json_is(j, json_get(j, n, SLICE("id")), id)
		    || !json_is(j, json_get(j, n, SLICE("resourceType")), SLICE("ValueSet")))
			continue;
		for (struct code_set *s = t->sets; s != NULL; s = s->next)
			if (s->json == j && s->node == n)
				return s;
		return set_new(t, SLICE_NONE, (struct definition){ .json = j, .node = n,
			.package = set->package }, set->container);
	}
	return NULL;
}

static struct code_set *
set_named(struct terminology *t, const struct code_set *set, struct slice canonical)
{
	return slice_starts(canonical, SLICE("#")) ? set_contained(t, set, slice_sub(canonical, 1, canonical.len))
	    : set_find(t, canonical, set->package);
}

static void
prepare_sets(struct terminology *t, struct code_set *set, struct part *p, uint32_t list)
{
	const struct json *j = set->json;

	p->sets = arena_array(t->arena, (list == 0 ? 0 : json_size(j, list)) + 1, sizeof *p->sets);
	for (uint32_t n = first_of(j, list); n != 0; n = json_next(j, list, n))
		p->sets[p->set_count++] = set_named(t, set, json_string(j, n, t->arena));
}

/* The version that the request wants, in place of the value set's own. */
static struct slice
version_wanted(const struct terminology *t, struct slice system, struct slice version)
{
	struct slice wanted = version;

	for (uint32_t i = 0; i < t->version_count; i++) {
		const struct version_asked *a = &t->versions[i];

		if (slice_eq(a->system, system) && (a->rule == VERSION_FORCE || wanted.len == 0))
			wanted = a->version;
	}
	return wanted;
}

/* Of a part that is used. */
static void
check_version(struct terminology *t, const struct part *p)
{
	for (uint32_t i = 0; i < t->version_count; i++) {
		const struct version_asked *a = &t->versions[i];

		if (a->rule == VERSION_CHECK && slice_eq(a->system, p->system) && p->held != NULL
		    && !version_fits(a->version, code_system_version(p->held)))
			t->conflict = true;
	}
}

static const struct code_system *
supplemented(struct terminology *t, const struct code_set *set, const struct code_system *s)
{
	for (uint32_t i = 0; s != NULL && i < set->supplement_count; i++)
		if (set->supplements[i] != NULL && code_system_supplemented_by(s, set->supplements[i]))
			s = terminology_with(t, s, set->supplements[i]);
	return s;
}

static void
find_held(struct terminology *t, const struct code_set *set, struct part *p)
{
	p->canonical = p->version.len > 0 ? join(t, p->system, p->version) : p->system;
	if (p->system.len > 0)
		p->held = supplemented(t, set, terminology_find_system(t, TERMINOLOGY_SYSTEM, p->canonical,
		    set->package));
}

static void
prepare_part(struct terminology *t, struct code_set *set, struct part *p, uint32_t node,
    struct slice version)
{
	*p = (struct part){ .node = node, .system = text(t, set, node, "system"), .version = version };
	find_held(t, set, p);
	p->exact = p->held == NULL
	    || (code_system_head(p->held)->flags & SYSTEM_CASE_SENSITIVE) != 0;
	p->concepts = list_of(set->json, node, "concept");
	if (p->concepts != 0)
		prepare_list(t, set, p);
	prepare_filters(t, set, p, list_of(set->json, node, "filter"));
	prepare_sets(t, set, p, list_of(set->json, node, "valueSet"));
}

static struct part *
prepare_parts(struct terminology *t, struct code_set *set, const char *which, uint32_t *count)
{
	uint32_t compose = json_get(set->json, set->node, SLICE("compose"));
	uint32_t list = compose == 0 ? 0 : list_of(set->json, compose, which);
	struct part *parts = arena_array(t->arena, (list == 0 ? 0 : json_size(set->json, list)) + 1,
	    sizeof *parts);

	for (uint32_t n = first_of(set->json, list); n != 0; n = json_next(set->json, list, n))
		prepare_part(t, set, &parts[(*count)++], n, version_wanted(t, text(t, set, n, "system"),
		    text(t, set, n, "version")));
	return parts;
}

static void
compare_versions(struct terminology *t, struct code_set *set)
{
	struct names first;

	names_init_keyed(&first, t->arena, set->include_count);
	for (uint32_t i = 0; i < set->include_count; i++) {
		const struct part *p = &set->includes[i];

		if (p->system.len > 0 && !names_add(&first, p->system, i)
		    && set->includes[names_find(&first, p->system)].held != p->held)
			set->versions_differ = true;
	}
}

/* Those that the value set names (extension valueset-supplement), then those of the request. */

static void
find_supplements(struct terminology *t, struct code_set *set)
{
	const struct json *j = set->json;
	uint32_t list = list_of(j, set->node, "extension");

	set->supplements = arena_array(t->arena, (list == 0 ? 0 : json_size(j, list)) + t->supplement_count + 1,
	    sizeof *set->supplements);
	for (uint32_t n = first_of(j, list); n != 0; n = json_next(j, list, n))
		if (json_is(j, json_get(j, n, SLICE("url")),
		    SLICE("http://hl7.org/fhir/StructureDefinition/valueset-supplement")))
			set->supplements[set->supplement_count++] =
			    terminology_needed_supplement(t, text(t, set, n, "valueCanonical"));
	for (uint32_t i = 0; i < t->supplement_count; i++)
		set->supplements[set->supplement_count++] = terminology_needed_supplement(t, t->supplements[i]);
}

static void read_given(struct terminology *, struct code_set *, const struct json *, uint32_t);

static void
find_given(struct terminology *t, struct code_set *set)
{
	uint32_t own = json_get(set->json, set->node, SLICE("expansion"));
	struct slice url = text(t, set, set->node, "url"), version = text(t, set, set->node, "version");
	const struct definition *d;

	if (own != 0) {
		read_given(t, set, set->json, own);
		return;
	}
	d = set->package == PACKAGE_NONE ? NULL
	    : terminology_find_expansion(t, version.len > 0 ? join(t, url, version) : url);
	if (d != NULL)
		read_given(t, set, d->json, json_get(d->json, 0, SLICE("expansion")));
}

static struct code_set *
set_new(struct terminology *t, struct slice canonical, struct definition d, uint32_t container)
{
	struct code_set *set = arena_alloc(t->arena, sizeof *set);
	const struct json *j = d.json;
	uint32_t inactive = json_path(j, d.node, "compose.inactive");

	*set = (struct code_set){ .canonical = canonical, .json = j, .node = d.node,
		.container = container, .package = d.package, .next = t->sets };
	t->sets = set;
	set->no_inactive = inactive != 0 && json_type(j, inactive) == JSON_FALSE;
	set->busy = true;
	find_supplements(t, set);
	set->includes = prepare_parts(t, set, "include", &set->include_count);
	set->excludes = prepare_parts(t, set, "exclude", &set->exclude_count);
	compare_versions(t, set);
	find_given(t, set);
	set->busy = false;
	return set;
}

/* The definition that a url of the form "[system]?fhir_vs", or with "=isa/[code]" behind it, stands for.  NULL:
 * it is another url, or of a system that is not held. */
static const struct json *
implied(struct terminology *t, struct slice url)
{
	struct slice rest = url, system = slice_cut(&rest, '?'), code = SLICE_NONE;
	struct buf b;

	if (slice_starts(rest, SLICE("fhir_vs=isa/")))
		code = slice_sub(rest, sizeof "fhir_vs=isa/" - 1, rest.len);
	if ((code.len == 0 && !slice_is(rest, "fhir_vs")) || terminology_system(t, system) == NULL)
		return NULL;
	buf_init(&b, t->arena, SIZE_MAX);
	buf_add(&b, SLICE("{\"resourceType\":\"ValueSet\",\"status\":\"active\",\"url\":"));
	json_write_string(&b, url);
	buf_add(&b, SLICE(",\"compose\":{\"include\":[{\"system\":"));
	json_write_string(&b, system);
	if (code.len > 0) {
		buf_add(&b, SLICE(",\"filter\":[{\"property\":\"concept\",\"op\":\"is-a\",\"value\":"));
		json_write_string(&b, code);
		buf_add(&b, SLICE("}]"));
	}
	buf_add(&b, SLICE("}]}}"));
	return terminology_parse(t, buf_slice(&b));
}

/* R4 terminology-module.html, implicit value sets. */
static struct code_set *
set_implied(struct terminology *t, struct slice url)
{
	const struct json *j;

	for (struct code_set *s = t->sets; s != NULL; s = s->next)
		if (s->canonical.len > 0 && slice_eq(s->canonical, url))
			return s;
	j = implied(t, url);
	return j == NULL ? NULL : set_new(t, slice_dup(url, t->arena),
	    (struct definition){ .json = j, .package = PACKAGE_NONE }, 0);
}

/* A set that is being made ready is found too: sets that import each other end here. */
static struct code_set *
set_find(struct terminology *t, struct slice canonical, uint32_t package)
{
	const struct definition *d = terminology_find(t, TERMINOLOGY_VALUE_SET, canonical, package);

	if (d == NULL)
		return set_implied(t, canonical);
	for (struct code_set *s = t->sets; s != NULL; s = s->next)
		if (s->json == d->json && s->node == d->node)
			return s;
	return set_new(t, slice_dup(canonical, t->arena), *d, d->node);
}

struct code_set *
terminology_set(struct terminology *t, struct slice url)
{
	return set_find(t, url, PACKAGE_NONE);
}

struct code_set *
terminology_set_of(struct terminology *t, const struct json *j, uint32_t node)
{
	return set_new(t, SLICE_NONE, (struct definition){ .json = j, .node = node, .package = PACKAGE_NONE }, node);
}

const struct code_system *
code_set_supplement(const struct code_set *set, uint32_t number)
{
	return number < set->supplement_count ? set->supplements[number] : NULL;
}

const struct json *
code_set_json(const struct code_set *set, uint32_t *node)
{
	*node = set->node;
	return set->json;
}

/* Is a code in it? */

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

static uint32_t
listed(struct terminology *t, const struct part *p, struct slice code)
{
	uint32_t node = names_find(&p->listed, p->exact ? code : lower(t, code));

	return node == NAME_UNKNOWN ? 0 : node;
}

static enum known
filters_hold(struct terminology *t, const struct part *p, uint32_t concept)
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
	check_version(t, p);
	answer = code_system_find(p->held, s->code, &c);
	if (answer != KNOWN_YES)
		return answer;
	s->in = p->held;
	s->number = c.number;
	if (set->no_inactive && c.inactive)
		return KNOWN_NO;
	return filters_hold(t, p, c.number);
}

/* What is listed is there, unless its system is known not to have it. */
static enum known
in_list(struct terminology *t, const struct code_set *set, const struct part *p, struct sought *s)
{
	uint32_t node = listed(t, p, s->code);
	enum known answer = in_system(t, set, p, s);

	if (node == 0)
		return KNOWN_NO;
	s->listed = true;
	s->name = text(t, set, node, "display");
	return answer == UNKNOWN ? KNOWN_YES : answer;
}

static enum known
in_sets(struct terminology *t, const struct part *p, struct sought *s, uint32_t from, int depth)
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
	answer = both(answer, in_sets(t, p, s, 0, depth));
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
	struct part other;

	if (p->system.len > 0 && s->system.len > 0 && !slice_eq(s->system, p->system))
		return KNOWN_NO;
	if (!is_other_version(p, s->version))
		return in_part(t, set, p, s, depth);
	if (!version_is_wide(p->version) || !version_fits(p->version, s->version)) {
		in_system(t, set, p, s);        /* the concept that was meant */
		return KNOWN_NO;
	}
	prepare_part(t, set, &other, p->node, s->version);
	return in_part(t, set, &other, s, depth);
}

static bool
has_display(const struct sought *s)
{
	struct concept c = s->in == NULL ? (struct concept){ .in = NULL }
	    : code_system_concept_at(s->in, s->number);

	return s->in == NULL || concept_has_display(&c, s->display);
}

/* Of two versions that have the code: the one that knows it by the display, else the higher. */
static bool
is_better(const struct sought *a, const struct sought *than)
{
	bool knows = has_display(a);

	if (a->in == NULL || than->in == NULL || knows != has_display(than))
		return a->in != NULL && knows;
	return version_compare(code_system_version(a->in), code_system_version(than->in)) > 0;
}

static enum known
any_part_has(struct terminology *t, struct code_set *set, const struct part *parts, uint32_t count,
    struct sought *s, int depth)
{
	enum known answer = KNOWN_NO, one;
	struct sought best = *s;

	for (uint32_t i = 0; i < count && (answer != KNOWN_YES || set->versions_differ); i++) {
		struct sought here = *s;

		one = part_has(t, set, &parts[i], &here, depth);
		if (answer != KNOWN_YES ? one == KNOWN_YES || best.in == NULL || is_better(&here, &best)
		    : one == KNOWN_YES && is_better(&here, &best))
			best = here;
		answer = either(answer, one);
	}
	*s = best;
	return answer;
}

static enum known
given_has(struct terminology *t, const struct code_set *set, struct slice system, struct slice code)
{
	if (set->given == NULL)
		return UNKNOWN;
	if (names_find(&set->given_codes, join(t, system, code)) != NAME_UNKNOWN)
		return KNOWN_YES;
	return set->given->complete ? KNOWN_NO : UNKNOWN;
}

/* A code is excluded in every version, where the set does not tell them apart. */
static enum known
is_excluded(struct terminology *t, struct code_set *set, const struct sought *s, int depth)
{
	struct sought out = { .system = s->system, .code = s->code,
		.version = set->versions_differ ? s->version : SLICE_NONE };

	if (set->versions_differ && out.version.len == 0 && s->in != NULL)
		out.version = code_system_version(s->in);
	return any_part_has(t, set, set->excludes, set->exclude_count, &out, depth);
}

static enum known
computed_has(struct terminology *t, struct code_set *set, struct sought *s, int depth)
{
	enum known in, out;

	if (set->include_count == 0)
		return UNKNOWN;
	in = any_part_has(t, set, set->includes, set->include_count, s, depth);
	if (in == KNOWN_NO || set->exclude_count == 0)
		return in;
	out = is_excluded(t, set, s, depth);
	return out == KNOWN_YES ? KNOWN_NO : both(in, out == UNKNOWN ? UNKNOWN : KNOWN_YES);
}

static enum known
set_has(struct terminology *t, struct code_set *set, struct sought *s, int depth)
{
	enum known answer;

	if (set->busy || depth > NESTED_MAX || !terminology_take(t, 1))
		return UNKNOWN;
	set->busy = true;
	answer = computed_has(t, set, s, depth);
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

/* Which codes are? */

struct expanding {
	struct terminology *t;
	struct code_set    *set;
	struct expansion   *out;
	uint32_t            room, used_room;
	struct names        seen;
	int                 depth;
};

static void
add_used(struct expanding *e, struct slice url, struct slice version)
{
	struct slice one = version.len > 0 ? join(e->t, url, version) : url;
	struct expansion *x = e->out;

	for (uint32_t i = 0; i < x->used_count; i++)
		if (slice_eq(x->used[i], one))
			return;
	if (x->used_count == e->used_room) {
		uint32_t room = e->used_room == 0 ? 4 : e->used_room * 2;

		x->used = arena_grow(e->t->arena, x->used, e->used_room * sizeof *x->used,
		    room * sizeof *x->used);
		e->used_room = room;
	}
	x->used[x->used_count++] = one;
}

static void
append(struct expanding *e, const struct member *m)
{
	struct expansion *x = e->out;

	if (x->count >= e->t->members) {
		x->complete = false;
		e->t->spent = true;
		return;
	}
	if (x->count == e->room) {
		uint32_t room = e->room == 0 ? 64 : e->room * 2;

		x->at = arena_grow(e->t->arena, x->at, e->room * sizeof *x->at, room * sizeof *x->at);
		e->room = room;
	}
	x->at[x->count++] = *m;
}

static bool
excluded(struct expanding *e, const struct member *m)
{
	struct sought s = { .system = m->system, .version = m->version, .code = m->code };
	enum known out = is_excluded(e->t, e->set, &s, e->depth);

	if (out == UNKNOWN)
		e->out->complete = false;
	return out != KNOWN_NO;
}

/* Once it is known to be in the part: the value sets beside it, the excludes, once. */
static void
candidate(struct expanding *e, const struct part *p, const struct member *m, uint32_t sets_from)
{
	struct sought s = { .system = m->system, .version = m->version, .code = m->code };
	enum known in;

	if (!terminology_take(e->t, 1)) {
		e->out->complete = false;
		return;
	}
	if (e->set->no_inactive && m->inactive)
		return;
	in = in_sets(e->t, p, &s, sets_from, e->depth);
	if (in == UNKNOWN)
		e->out->complete = false;
	if (in != KNOWN_YES || (e->set->exclude_count > 0 && excluded(e, m))
	    || !names_add(&e->seen, join(e->t, join(e->t, m->system, m->version), m->code), 0))
		return;
	append(e, m);
}

static struct member
member_of(const struct part *p, const struct concept *c)
{
	return (struct member){ .system = p->system, .version = code_system_version(p->held),
		.code = c->code, .display = c->display, .abstract = c->abstract, .inactive = c->inactive,
		.in = p->held, .number = c->number };
}

static void
expand_list(struct expanding *e, const struct part *p)
{
	const struct json *j = e->set->json;

	for (uint32_t n = json_first(j, p->concepts); n != 0 && !e->t->spent;
	    n = json_next(j, p->concepts, n)) {
		struct slice code = text(e->t, e->set, n, "code"), display;
		struct member m = { .system = p->system, .code = code };
		struct concept c;
		enum known there = p->held == NULL ? UNKNOWN : code_system_find(p->held, code, &c);

		if (code.len == 0 || there == KNOWN_NO)
			continue;
		if (there == KNOWN_YES)
			m = member_of(p, &c);
		m.code = code;
		m.listed = true;
		m.list = j;
		m.node = n;
		if ((display = text(e->t, e->set, n, "display")).len > 0)
			m.display = display;
		candidate(e, p, &m, 0);
	}
}

static void
expand_system(struct expanding *e, const struct part *p)
{
	const struct system_head *h = p->held == NULL ? NULL : code_system_head(p->held);

	if (h != NULL && h->concept_count > 0 && slice_is(code_system_content(p->held), "fragment")) {
		e->out->open = true;
	} else if (h == NULL || (h->flags & SYSTEM_COMPLETE) == 0) {
		e->out->complete = false;
		if (e->t->missing_system.len == 0)
			e->t->missing_system = p->canonical;
	}
	for (uint32_t i = 0; h != NULL && i < h->concept_count && !e->t->spent; i++) {
		struct concept c = code_system_concept_at(p->held, i);
		enum known in = filters_hold(e->t, p, i);
		struct member m = member_of(p, &c);

		if (in == UNKNOWN)
			e->out->complete = false;
		if (in == KNOWN_YES)
			candidate(e, p, &m, 0);
	}
}

static const struct expansion *expand(struct terminology *, struct code_set *, int depth);

static void
expand_sets(struct expanding *e, const struct part *p)
{
	const struct expansion *first;

	if (p->set_count == 0 || p->sets[0] == NULL) {
		e->out->complete = false;
		return;
	}
	first = expand(e->t, p->sets[0], e->depth + 1);
	e->out->complete &= first->complete || first->open;
	e->out->open |= first->open;
	for (uint32_t i = 0; i < first->used_count; i++)
		add_used(e, first->used[i], SLICE_NONE);
	for (uint32_t i = 0; i < first->count && !e->t->spent; i++)
		candidate(e, p, &first->at[i], 1);
}

/* The excludes are used too; what they import is not told. */
static void
add_used_by(struct expanding *e, const struct part *p)
{
	if (p->system.len > 0)
		add_used(e, p->system, p->held == NULL ? SLICE_NONE : code_system_version(p->held));
}

static void
expand_part(struct expanding *e, const struct part *p)
{
	add_used_by(e, p);
	check_version(e->t, p);
	if (p->concepts != 0)
		expand_list(e, p);
	else if (p->system.len > 0)
		expand_system(e, p);
	else
		expand_sets(e, p);
}

static struct expansion *
compute(struct terminology *t, struct code_set *set, int depth)
{
	struct expanding e = { .t = t, .set = set, .depth = depth };

	e.out = arena_alloc(t->arena, sizeof *e.out);
	e.out->complete = set->include_count > 0;
	names_init_keyed(&e.seen, t->arena, 64);
	for (uint32_t i = 0; i < set->include_count && !t->spent; i++)
		expand_part(&e, &set->includes[i]);
	for (uint32_t i = 0; i < set->exclude_count; i++)
		add_used_by(&e, &set->excludes[i]);
	e.out->open &= e.out->complete && !t->spent;
	e.out->complete &= !t->spent && !e.out->open;
	return e.out;
}

static const struct expansion *
expand(struct terminology *t, struct code_set *set, int depth)
{
	static const struct expansion nothing;

	if (set->busy || depth > NESTED_MAX)
		return &nothing;
	if (set->expansion != NULL)
		return set->expansion;
	set->busy = true;
	set->expansion = compute(t, set, depth);
	set->busy = false;
	if (!set->expansion->complete && set->given != NULL && !t->spent)
		set->expansion = set->given;
	return set->expansion;
}

const struct expansion *
code_set_expand(struct terminology *t, struct code_set *set)
{
	return expand(t, set, 0);
}

/* An expansion as a definition gives it (R4 valueset.html#expansion). */

static bool
is_true(const struct json *j, uint32_t node, const char *name)
{
	uint32_t value = json_get(j, node, slice_of(name));

	return value != 0 && json_type(j, value) == JSON_TRUE;
}

static void
read_contains(struct expanding *e, const struct json *j, uint32_t list, int depth)
{
	struct terminology *t = e->t;

	for (uint32_t n = first_of(j, list); n != 0 && !t->spent; n = json_next(j, list, n)) {
		struct member m = {
			.system = json_string(j, json_get(j, n, SLICE("system")), t->arena),
			.version = json_string(j, json_get(j, n, SLICE("version")), t->arena),
			.code = json_string(j, json_get(j, n, SLICE("code")), t->arena),
			.display = json_string(j, json_get(j, n, SLICE("display")), t->arena),
			.abstract = is_true(j, n, "abstract"), .inactive = is_true(j, n, "inactive"),
			.list = j, .node = n,
		};

		if (m.code.len > 0 && names_add(&e->set->given_codes, join(t, m.system, m.code), 0)) {
			names_add(&e->set->given_codes, join(t, SLICE_NONE, m.code), 0);
			append(e, &m);
		}
		if (depth < NESTED_MAX)
			read_contains(e, j, list_of(j, n, "contains"), depth + 1);
	}
}

/* Some have more codes than they list, and say so. */
static bool
says_all(const struct json *j, uint32_t expansion, uint32_t count)
{
	static const struct slice open[] = {
		SLICE_INIT("http://hl7.org/fhir/StructureDefinition/valueset-unclosed"),
		SLICE_INIT("http://hl7.org/fhir/StructureDefinition/valueset-toocostly"),
		SLICE_INIT("http://hl7.org/fhir/StructureDefinition/expansion-toocostly"),
	};
	uint32_t list = list_of(j, expansion, "extension"), total = json_get(j, expansion, SLICE("total"));
	uint64_t n;

	for (uint32_t x = first_of(j, list); x != 0; x = json_next(j, list, x))
		for (size_t i = 0; i < COUNT_OF(open); i++)
			if (json_is(j, json_get(j, x, SLICE("url")), open[i]))
				return false;
	return total == 0 || !slice_uint(json_raw(j, total), &n) || n <= count;
}

static void
read_versions(struct expanding *e, const struct json *j, uint32_t expansion)
{
	uint32_t list = list_of(j, expansion, "parameter");

	for (uint32_t n = first_of(j, list); n != 0; n = json_next(j, list, n))
		if (json_is(j, json_get(j, n, SLICE("name")), SLICE("version")))
			add_used(e, json_string(j, json_get(j, n, SLICE("valueUri")), e->t->arena), SLICE_NONE);
}

static void
read_given(struct terminology *t, struct code_set *set, const struct json *j, uint32_t expansion)
{
	struct expanding e = { .t = t, .set = set };

	if (list_of(j, expansion, "contains") == 0)
		return;
	e.out = arena_alloc(t->arena, sizeof *e.out);
	names_init_keyed(&set->given_codes, t->arena, 64);
	read_versions(&e, j, expansion);
	read_contains(&e, j, list_of(j, expansion, "contains"), 0);
	e.out->given = true;
	e.out->complete = says_all(j, expansion, e.out->count);
	set->given = e.out;
}
