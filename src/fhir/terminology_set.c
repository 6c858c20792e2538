/* terminology_set.c -- ValueSet.compose (R4 valueset.html#composition), made ready.
 *
 * A value set is made ready once: each include and exclude with its system, its
 * list of codes as a map, its filters, and the value sets that it imports.
 *
 * An answer that could only be had from a system that is not held is UNKNOWN, unless
 * the definition comes with an expansion: then that is taken. */
#include "fhir/terminology_set.h"

#include "base/arena.h"
#include "base/buf.h"

struct slice
set_text(struct terminology *t, const struct code_set *set, uint32_t node, const char *name)
{
	return json_string(set->json, json_get(set->json, node, slice_of(name)), t->arena);
}

uint32_t
set_list(const struct json *j, uint32_t node, const char *name)
{
	uint32_t list = json_get(j, node, slice_of(name));

	return list != 0 && json_type(j, list) == JSON_ARRAY ? list : 0;
}

uint32_t
set_first(const struct json *j, uint32_t list)
{
	return list == 0 ? 0 : json_first(j, list);
}

struct slice
set_join(struct terminology *t, struct slice a, struct slice b)
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
		struct slice code = set_text(t, set, n, "code");

		if (code.len > 0)
			names_add(&p->listed, p->exact ? code : lower(t, code), n);
	}
}

uint32_t
part_listed(struct terminology *t, const struct part *p, struct slice code)
{
	uint32_t node = names_find(&p->listed, p->exact ? code : lower(t, code));

	return node == NAME_UNKNOWN ? 0 : node;
}

static void
prepare_filters(struct terminology *t, struct code_set *set, struct part *p, uint32_t list)
{
	const struct json *j = set->json;

	p->filter_count = list == 0 ? 0 : json_size(j, list);
	if (p->held == NULL)
		return;
	p->filters = arena_array(t->arena, p->filter_count + 1, sizeof *p->filters);
	for (uint32_t n = set_first(j, list), i = 0; n != 0; n = json_next(j, list, n))
		p->filters[i++] = filter_new(t, p->held, j, n);
}

/* "#id": what the resource contains, of which `set` is a part or the whole; 0: nothing of the type. */
static uint32_t
contained(const struct code_set *set, struct slice reference, struct slice type)
{
	const struct json *j = set->json;
	uint32_t list = set_list(j, set->container, "contained");

	for (uint32_t n = set_first(j, list); n != 0; n = json_next(j, list, n))
		if (json_is(j, json_get(j, n, SLICE("id")), slice_sub(reference, 1, reference.len))
		    && json_is(j, json_get(j, n, SLICE("resourceType")), type))
			return n;
	return 0;
}

static bool
is_contained(struct slice reference)
{
	return slice_starts(reference, SLICE("#"));
}

static struct code_set *
set_contained(struct terminology *t, const struct code_set *set, struct slice reference)
{
	uint32_t node = contained(set, reference, SLICE("ValueSet"));
	struct definition d = { .json = set->json, .node = node, .package = set->package };

	if (node == 0)
		return NULL;
	for (struct code_set *s = t->sets; s != NULL; s = s->next)
		if (s->json == d.json && s->node == node)
			return s;
	return set_new(t, SLICE_NONE, d, set->container);
}

static struct code_set *
set_named(struct terminology *t, const struct code_set *set, struct slice canonical)
{
	if (is_contained(canonical))
		return set_contained(t, set, canonical);
	return set_find(t, canonical, set->package);
}

static void
prepare_sets(struct terminology *t, struct code_set *set, struct part *p, uint32_t list)
{
	const struct json *j = set->json;

	p->sets = arena_array(t->arena, (list == 0 ? 0 : json_size(j, list)) + 1, sizeof *p->sets);
	for (uint32_t n = set_first(j, list); n != 0 && !t->spent; n = json_next(j, list, n))
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
void
part_check_version(struct terminology *t, const struct part *p)
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
		if (code_system_supplemented_by(s, set->supplements[i]))
			s = terminology_with(t, s, set->supplements[i]);
	return s;
}

/* A code system that the resource contains, compiled once. */
struct contained_system {
	const struct json *json;
	uint32_t           node;
	const struct code_system *system;
	struct contained_system  *next;
};

static const struct code_system *
system_contained(struct terminology *t, const struct code_set *set, struct slice reference)
{
	uint32_t node = contained(set, reference, SLICE("CodeSystem"));
	struct contained_system *c;

	for (c = t->contained; c != NULL; c = c->next)
		if (c->json == set->json && c->node == node)
			return c->system;
	if (node == 0 || code_system_is_supplement(set->json, node))
		return NULL;
	c = arena_alloc(t->arena, sizeof *c);
	*c = (struct contained_system){ set->json, node, code_system_compile(set->json, node, t->arena),
		t->contained };
	t->contained = c;
	return c->system;
}

/* One that is contained is meant only where no other is held under its url. */
static void
find_held(struct terminology *t, const struct code_set *set, struct part *p)
{
	const struct code_system *own = is_contained(p->system) ? system_contained(t, set, p->system) : NULL;

	if (own != NULL && code_system_url(own).len > 0)
		p->system = code_system_url(own);
	p->canonical = p->version.len > 0 ? set_join(t, p->system, p->version) : p->system;
	if (p->system.len > 0)
		p->held = terminology_find_system(t, TERMINOLOGY_SYSTEM, p->canonical, set->package);
	p->held = supplemented(t, set, p->held != NULL ? p->held : own);
}

static void
prepare_part(struct terminology *t, struct code_set *set, struct part *p, uint32_t node,
    struct slice version)
{
	*p = (struct part){ .node = node, .system = set_text(t, set, node, "system"), .version = version };
	find_held(t, set, p);
	p->exact = p->held == NULL
	    || (code_system_head(p->held)->flags & SYSTEM_CASE_SENSITIVE) != 0;
	p->concepts = set_list(set->json, node, "concept");
	if (p->concepts != 0)
		prepare_list(t, set, p);
	prepare_filters(t, set, p, set_list(set->json, node, "filter"));
	prepare_sets(t, set, p, set_list(set->json, node, "valueSet"));
}

const struct part *
part_in_version(struct terminology *t, struct code_set *set, const struct part *p, struct slice version)
{
	struct part *other;

	for (other = set->others; other != NULL; other = other->next)
		if (other->node == p->node && slice_eq(other->version, version))
			return other;
	other = arena_alloc(t->arena, sizeof *other);
	prepare_part(t, set, other, p->node, version);
	other->next = set->others;
	set->others = other;
	return other;
}

static struct part *
prepare_parts(struct terminology *t, struct code_set *set, const char *which, uint32_t *count)
{
	uint32_t compose = json_get(set->json, set->node, SLICE("compose"));
	uint32_t list = compose == 0 ? 0 : set_list(set->json, compose, which);
	struct part *parts = arena_array(t->arena, (list == 0 ? 0 : json_size(set->json, list)) + 1,
	    sizeof *parts);

	for (uint32_t n = set_first(set->json, list); n != 0 && !t->spent; n = json_next(set->json, list, n))
		prepare_part(t, set, &parts[(*count)++], n, version_wanted(t, set_text(t, set, n, "system"),
		    set_text(t, set, n, "version")));
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

static void
add_supplement(struct terminology *t, struct code_set *set, struct slice url)
{
	const struct code_system *s = terminology_needed_supplement(t, url);

	for (uint32_t i = 0; i < set->supplement_count; i++)
		if (set->supplements[i] == s)
			return;
	if (s != NULL)
		set->supplements[set->supplement_count++] = s;
}

/* Those that the value set names (extension valueset-supplement), then those of the request. */
static void
find_supplements(struct terminology *t, struct code_set *set)
{
	const struct json *j = set->json;
	uint32_t list = set_list(j, set->node, "extension");

	set->supplements = arena_array(t->arena, (list == 0 ? 0 : json_size(j, list)) + t->supplement_count + 1,
	    sizeof *set->supplements);
	for (uint32_t n = set_first(j, list); n != 0; n = json_next(j, list, n))
		if (json_is(j, json_get(j, n, SLICE("url")),
		    SLICE("http://hl7.org/fhir/StructureDefinition/valueset-supplement")))
			add_supplement(t, set, set_text(t, set, n, "valueCanonical"));
	for (uint32_t i = 0; i < t->supplement_count; i++)
		add_supplement(t, set, t->supplements[i]);
}

static void
find_given(struct terminology *t, struct code_set *set)
{
	uint32_t own = json_get(set->json, set->node, SLICE("expansion"));
	struct slice url = set_text(t, set, set->node, "url"), version = set_text(t, set, set->node, "version");
	const struct definition *d;

	if (own != 0) {
		set_read_given(t, set, set->json, own);
		return;
	}
	d = set->package == PACKAGE_NONE ? NULL
	    : terminology_find_expansion(t, version.len > 0 ? set_join(t, url, version) : url);
	if (d != NULL)
		set_read_given(t, set, d->json, json_get(d->json, 0, SLICE("expansion")));
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
	struct definition d = { .json = j, .node = node, .package = PACKAGE_NONE };

	return set_new(t, SLICE_NONE, d, node);
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
