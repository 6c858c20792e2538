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
	struct slice  system, canonical;        /* without and with its version */
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
	const struct json *json;
	struct part  *includes, *excludes;
	uint32_t      include_count, exclude_count;
	bool          no_inactive, busy;
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

static void
prepare_sets(struct terminology *t, struct code_set *set, struct part *p, uint32_t list)
{
	const struct json *j = set->json;

	p->sets = arena_array(t->arena, (list == 0 ? 0 : json_size(j, list)) + 1, sizeof *p->sets);
	for (uint32_t n = first_of(j, list); n != 0; n = json_next(j, list, n))
		p->sets[p->set_count++] = set_find(t, json_string(j, n, t->arena), set->package);
}

static void
prepare_part(struct terminology *t, struct code_set *set, struct part *p, uint32_t node)
{
	struct slice version = text(t, set, node, "version");
	const struct definition *d;

	p->canonical = p->system = text(t, set, node, "system");
	if (version.len > 0)
		p->canonical = join(t, p->system, version);
	d = p->system.len == 0 ? NULL
	    : terminology_find(t, TERMINOLOGY_SYSTEM, p->canonical, set->package);
	p->held = d == NULL ? NULL : d->system;
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
		prepare_part(t, set, &parts[(*count)++], n);
	return parts;
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
set_new(struct terminology *t, struct slice canonical, const struct json *j, uint32_t node,
    uint32_t package)
{
	struct code_set *set = arena_alloc(t->arena, sizeof *set);
	uint32_t inactive;

	*set = (struct code_set){ .canonical = canonical, .json = j, .node = node,
		.package = package, .next = t->sets };
	t->sets = set;
	inactive = json_path(j, node, "compose.inactive");
	set->no_inactive = inactive != 0 && json_type(j, inactive) == JSON_FALSE;
	set->busy = true;
	set->includes = prepare_parts(t, set, "include", &set->include_count);
	set->excludes = prepare_parts(t, set, "exclude", &set->exclude_count);
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
	return j == NULL ? NULL : set_new(t, slice_dup(url, t->arena), j, 0, PACKAGE_NONE);
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
	return set_new(t, slice_dup(canonical, t->arena), d->json, d->node, d->package);
}

struct code_set *
terminology_set(struct terminology *t, struct slice url)
{
	return set_find(t, url, PACKAGE_NONE);
}

struct code_set *
terminology_set_of(struct terminology *t, const struct json *j, uint32_t node)
{
	return set_new(t, SLICE_NONE, j, node, PACKAGE_NONE);
}

const struct json *
code_set_json(const struct code_set *set, uint32_t *node)
{
	*node = set->node;
	return set->json;
}

/* Is a code in it? */

static enum known set_has(struct terminology *, struct code_set *, struct slice system,
    struct slice code, int depth);

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

static enum known
in_system(struct terminology *t, const struct code_set *set, const struct part *p, struct slice code)
{
	struct concept c;
	enum known answer;

	if (p->held == NULL) {
		terminology_find(t, TERMINOLOGY_SYSTEM, p->canonical, set->package);    /* notes it */
		return UNKNOWN;
	}
	answer = code_system_find(p->held, code, &c);
	if (answer != KNOWN_YES)
		return answer;
	if (set->no_inactive && c.inactive)
		return KNOWN_NO;
	return filters_hold(t, p, c.number);
}

static enum known
in_sets(struct terminology *t, const struct part *p, struct slice system, struct slice code,
    uint32_t from, int depth)
{
	enum known answer = KNOWN_YES;

	for (uint32_t i = from; i < p->set_count && answer != KNOWN_NO; i++)
		answer = both(answer, p->sets[i] == NULL ? UNKNOWN
		    : set_has(t, p->sets[i], system, code, depth + 1));
	return answer;
}

static enum known
part_has(struct terminology *t, const struct code_set *set, const struct part *p,
    struct slice system, struct slice code, int depth)
{
	enum known answer = KNOWN_YES;

	if (p->system.len > 0 && system.len > 0 && !slice_eq(system, p->system))
		return KNOWN_NO;
	if (p->concepts != 0)
		answer = listed(t, p, code) != 0 ? KNOWN_YES : KNOWN_NO;
	else if (p->system.len > 0)
		answer = in_system(t, set, p, code);
	if (answer == KNOWN_NO)
		return answer;
	return both(answer, in_sets(t, p, system.len > 0 ? system : p->system, code, 0, depth));
}

static enum known
any_part_has(struct terminology *t, const struct code_set *set, const struct part *parts,
    uint32_t count, struct slice system, struct slice code, int depth)
{
	enum known answer = KNOWN_NO;

	for (uint32_t i = 0; i < count && answer != KNOWN_YES; i++)
		answer = either(answer, part_has(t, set, &parts[i], system, code, depth));
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

static enum known
computed_has(struct terminology *t, struct code_set *set, struct slice system, struct slice code,
    int depth)
{
	enum known in, out;

	if (set->include_count == 0)
		return UNKNOWN;
	in = any_part_has(t, set, set->includes, set->include_count, system, code, depth);
	if (in == KNOWN_NO || set->exclude_count == 0)
		return in;
	out = any_part_has(t, set, set->excludes, set->exclude_count, system, code, depth);
	return out == KNOWN_YES ? KNOWN_NO : both(in, out == UNKNOWN ? UNKNOWN : KNOWN_YES);
}

static enum known
set_has(struct terminology *t, struct code_set *set, struct slice system, struct slice code,
    int depth)
{
	enum known answer;

	if (set->busy || depth > NESTED_MAX || !terminology_take(t, 1))
		return UNKNOWN;
	set->busy = true;
	answer = computed_has(t, set, system, code, depth);
	set->busy = false;
	return answer == UNKNOWN ? given_has(t, set, system, code) : answer;
}

enum known
code_set_has(struct terminology *t, struct code_set *set, struct slice system, struct slice code)
{
	return set_has(t, set, system, code, 0);
}

enum known
terminology_member(struct terminology *t, struct slice url, struct slice system, struct slice code)
{
	struct code_set *set = terminology_set(t, url);

	return set == NULL ? UNKNOWN : set_has(t, set, system, code, 0);
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
	enum known out = any_part_has(e->t, e->set, e->set->excludes, e->set->exclude_count, m->system,
	    m->code, e->depth);

	if (out == UNKNOWN)
		e->out->complete = false;
	return out != KNOWN_NO;
}

/* Once it is known to be in the part: the value sets beside it, the excludes, once. */
static void
candidate(struct expanding *e, const struct part *p, const struct member *m, uint32_t sets_from)
{
	enum known in;

	if (!terminology_take(e->t, 1)) {
		e->out->complete = false;
		return;
	}
	if (e->set->no_inactive && m->inactive)
		return;
	in = in_sets(e->t, p, m->system, m->code, sets_from, e->depth);
	if (in == UNKNOWN)
		e->out->complete = false;
	if (in != KNOWN_YES || (e->set->exclude_count > 0 && excluded(e, m))
	    || !names_add(&e->seen, join(e->t, m->system, m->code), 0))
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

		if (code.len == 0)
			continue;
		if (p->held != NULL && code_system_find(p->held, code, &c) == KNOWN_YES)
			m = member_of(p, &c);
		m.code = code;
		m.abstract = false;             /* who lists it means it to be chosen */
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

	if (h == NULL || (h->flags & SYSTEM_COMPLETE) == 0) {
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
	e->out->complete &= first->complete;
	for (uint32_t i = 0; i < first->used_count; i++)
		add_used(e, first->used[i], SLICE_NONE);
	for (uint32_t i = 0; i < first->count && !e->t->spent; i++)
		candidate(e, p, &first->at[i], 1);
}

static void
expand_part(struct expanding *e, const struct part *p)
{
	if (p->system.len > 0)
		add_used(e, p->system, p->held == NULL ? SLICE_NONE : code_system_version(p->held));
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
	e.out->complete &= !t->spent;
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
