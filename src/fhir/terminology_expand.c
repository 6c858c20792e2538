/* terminology_expand.c -- which codes are in a value set (R4 valueset.html#expansion). */
#include "fhir/terminology_set.h"

#include "base/arena.h"

struct expanding {
	struct terminology *t;
	struct code_set    *set;
	struct expansion   *out;
	uint32_t            room;
	struct names        seen, used;
	int                 depth;
};

static void
add_used(struct expanding *e, struct slice url, struct slice version)
{
	struct slice one = version.len > 0 ? set_join(e->t, url, version) : url;
	struct expansion *x = e->out;

	if (!names_add(&e->used, one, x->used_count))
		return;
	x->used = arena_more(e->t->arena, x->used, x->used_count, sizeof *x->used);
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
	enum known out = set_excludes(e->t, e->set, &s, e->depth);

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
	in = part_in_sets(e->t, p, &s, sets_from, e->depth);
	if (in == UNKNOWN)
		e->out->complete = false;
	if (in != KNOWN_YES || (e->set->exclude_count > 0 && excluded(e, m))
	    || !names_add(&e->seen, set_join(e->t, set_join(e->t, m->system, m->version), m->code), 0))
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
		struct slice code = set_text(e->t, e->set, n, "code"), display;
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
		if ((display = set_text(e->t, e->set, n, "display")).len > 0)
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
		enum known in = part_filters_hold(e->t, p, i);
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
	part_check_version(e->t, p);
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
	names_init_keyed(&e.used, t->arena, 4);
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

	if (set->busy || depth > SET_NESTED_MAX)
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

	for (uint32_t n = set_first(j, list); n != 0 && !t->spent; n = json_next(j, list, n)) {
		struct member m = {
			.system = json_string(j, json_get(j, n, SLICE("system")), t->arena),
			.version = json_string(j, json_get(j, n, SLICE("version")), t->arena),
			.code = json_string(j, json_get(j, n, SLICE("code")), t->arena),
			.display = json_string(j, json_get(j, n, SLICE("display")), t->arena),
			.abstract = is_true(j, n, "abstract"), .inactive = is_true(j, n, "inactive"),
			.list = j, .node = n,
		};

		if (m.code.len > 0 && names_add(&e->set->given_codes, set_join(t, m.system, m.code), 0)) {
			names_add(&e->set->given_codes, set_join(t, SLICE_NONE, m.code), 0);
			append(e, &m);
		}
		if (depth < SET_NESTED_MAX)
			read_contains(e, j, set_list(j, n, "contains"), depth + 1);
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
	uint32_t list = set_list(j, expansion, "extension"), total = json_get(j, expansion, SLICE("total"));
	uint64_t n;

	for (uint32_t x = set_first(j, list); x != 0; x = json_next(j, list, x))
		for (size_t i = 0; i < COUNT_OF(open); i++)
			if (json_is(j, json_get(j, x, SLICE("url")), open[i]))
				return false;
	return total == 0 || !slice_uint(json_raw(j, total), &n) || n <= count;
}

static void
read_versions(struct expanding *e, const struct json *j, uint32_t expansion)
{
	uint32_t list = set_list(j, expansion, "parameter");

	for (uint32_t n = set_first(j, list); n != 0; n = json_next(j, list, n))
		if (json_is(j, json_get(j, n, SLICE("name")), SLICE("version")))
			add_used(e, json_string(j, json_get(j, n, SLICE("valueUri")), e->t->arena), SLICE_NONE);
}

void
set_read_given(struct terminology *t, struct code_set *set, const struct json *j, uint32_t expansion)
{
	struct expanding e = { .t = t, .set = set };

	if (set_list(j, expansion, "contains") == 0)
		return;
	e.out = arena_alloc(t->arena, sizeof *e.out);
	names_init_keyed(&set->given_codes, t->arena, 64);
	names_init_keyed(&e.used, t->arena, 4);
	read_versions(&e, j, expansion);
	read_contains(&e, j, set_list(j, expansion, "contains"), 0);
	e.out->given = true;
	e.out->complete = says_all(j, expansion, e.out->count);
	set->given = e.out;
}
