/* translate.c -- ConceptMap/$translate (R4 conceptmap-operation-translate.html).
 *
 * The map of the instance, the one given, the one with the url, or all that are held:
 * those of the pack and those of the store that the caller may read and that name the code's
 * system.  reverse looks for the code among the targets.
 *
 * A target that depends on other elements is one only where the request gives each of them as a `dependency`
 * with that value. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/encode.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/terminology.h"

#define MATCHES_MAX 256
#define OTHER_MAPS  4

static const char names[] = "url conceptMap conceptMapVersion code system version source coding "
    "codeableConcept target targetsystem dependency reverse";

struct match {
	struct slice equivalence, system, version, code, display, map;
	const struct json *json;        /* with its products, or NULL */
	uint32_t     products;
};

struct translation {
	struct exchange *x;
	struct parameters p;
	struct terminology t;
	struct slice source, target, target_system;
	bool         reverse, too_many;
	const struct json *json;                /* of the map under way */
	struct slice map;                       /* its url */
	struct match at[MATCHES_MAX];
	uint32_t     count, depth;
};

static struct slice
text(const struct translation *r, uint32_t node, const char *name)
{
	return json_string(r->json, json_get(r->json, node, slice_of(name)), r->x->arena);
}

static uint32_t
list(const struct translation *r, uint32_t node, const char *name)
{
	uint32_t found = json_get(r->json, node, slice_of(name));

	return found != 0 && json_type(r->json, found) == JSON_ARRAY ? found : 0;
}

static uint32_t
first(const struct translation *r, uint32_t container)
{
	return container == 0 ? 0 : json_first(r->json, container);
}

/* What it is in the other direction (R4 concept-map-equivalence). */
static struct slice
reversed(struct slice equivalence)
{
	static const char *const pairs[][2] = { { "wider", "narrower" }, { "subsumes", "specializes" } };

	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		for (int k = 0; k < 2; k++)
			if (slice_is(equivalence, pairs[i][k]))
				return slice_of(pairs[i][!k]);
	return equivalence;
}

static void
add_match(struct translation *r, struct match m)
{
	m.map = r->map;
	for (uint32_t i = 0; i < r->count; i++)
		if (slice_eq(r->at[i].code, m.code) && slice_eq(r->at[i].system, m.system)
		    && slice_eq(r->at[i].map, m.map) && slice_eq(r->at[i].equivalence, m.equivalence))
			return;
	if (r->count == MATCHES_MAX) {
		r->too_many = true;
		return;
	}
	r->at[r->count++] = m;
}

/* Is a side of the group of this system, and of its version where both name one?  An empty system is any. */
static bool
side_fits(const struct translation *r, uint32_t group, bool source, struct slice system, struct slice version)
{
	struct slice its = text(r, group, source ? "sourceVersion" : "targetVersion");

	return (system.len == 0 || slice_eq(text(r, group, source ? "source" : "target"), system))
	    && (version.len == 0 || its.len == 0 || slice_eq(its, version));
}

/* Dependencies */

/* A part of a parameter by its name; 0: there is none. */
static uint32_t
part_of(const struct json *j, uint32_t parameter, struct slice name)
{
	uint32_t parts = json_get(j, parameter, SLICE("part"));

	if (parts == 0 || json_type(j, parts) != JSON_ARRAY)
		return 0;
	for (uint32_t n = json_first(j, parts); n != 0; n = json_next(j, parts, n))
		if (json_is(j, json_get(j, n, SLICE("name")), name))
			return n;
	return 0;
}

/* The Coding of that system with that code in a CodeableConcept. */
static bool
concept_has(const struct translation *r, uint32_t concept, struct slice system, struct slice code)
{
	const struct json *j = r->p.json;
	uint32_t codings = json_get(j, concept, SLICE("coding"));

	if (codings == 0 || json_type(j, codings) != JSON_ARRAY)
		return false;
	for (uint32_t n = json_first(j, codings); n != 0; n = json_next(j, codings, n))
		if (json_is(j, json_get(j, n, SLICE("code")), code)
		    && (system.len == 0 || json_is(j, json_get(j, n, SLICE("system")), system)))
			return true;
	return false;
}

static bool
dependency_given(const struct translation *r, uint32_t depends)
{
	const struct json *j = r->p.json;

	for (uint32_t i = 0; i < r->p.count; i++) {
		uint32_t node = r->p.at[i].node, element, concept;

		if (!slice_is(r->p.at[i].name, "dependency") || node == 0)
			continue;
		element = json_get(j, part_of(j, node, SLICE("element")), SLICE("valueUri"));
		concept = json_get(j, part_of(j, node, SLICE("concept")), SLICE("valueCodeableConcept"));
		if (element != 0 && concept != 0 && json_is(j, element, text(r, depends, "property"))
		    && concept_has(r, concept, text(r, depends, "system"), text(r, depends, "value")))
			return true;
	}
	return false;
}

static bool
dependencies_hold(const struct translation *r, uint32_t target)
{
	uint32_t depends = list(r, target, "dependsOn");

	for (uint32_t n = first(r, depends); n != 0; n = json_next(r->json, depends, n))
		if (!dependency_given(r, n))
			return false;
	return true;
}

/* Matches */

static void
add_targets(struct translation *r, uint32_t group, uint32_t element)
{
	uint32_t targets = list(r, element, "target");

	for (uint32_t n = first(r, targets); n != 0; n = json_next(r->json, targets, n))
		if (dependencies_hold(r, n))
			add_match(r, (struct match){ .equivalence = text(r, n, "equivalence"),
				.system = text(r, group, "target"), .version = text(r, group, "targetVersion"),
				.code = text(r, n, "code"), .display = text(r, n, "display"),
				.json = r->json, .products = list(r, n, "product") });
}

static void
add_sources(struct translation *r, uint32_t group, uint32_t element, struct slice code)
{
	uint32_t targets = list(r, element, "target");

	for (uint32_t n = first(r, targets); n != 0; n = json_next(r->json, targets, n))
		if (slice_eq(text(r, n, "code"), code))
			add_match(r, (struct match){ .equivalence = reversed(text(r, n, "equivalence")),
				.system = text(r, group, "source"), .version = text(r, group, "sourceVersion"),
				.code = text(r, element, "code"), .display = text(r, element, "display") });
}

static void translate_in(struct translation *, const struct json *, uint32_t node,
    const struct coding_asked *);

/* group.unmapped: provided, fixed, other-map. */
static void
add_unmapped(struct translation *r, uint32_t group, const struct coding_asked *c)
{
	uint32_t unmapped = json_get(r->json, group, SLICE("unmapped")), node;
	struct slice mode = text(r, unmapped, "mode"), url;
	const struct json *other;

	if (unmapped == 0)
		return;
	if (slice_is(mode, "provided"))
		add_match(r, (struct match){ .equivalence = SLICE("equal"),
			.system = text(r, group, "target"), .code = c->code, .display = c->display });
	else if (slice_is(mode, "fixed"))
		add_match(r, (struct match){ .equivalence = SLICE("inexact"),
			.system = text(r, group, "target"), .code = text(r, unmapped, "code"),
			.display = text(r, unmapped, "display") });
	else if ((url = text(r, unmapped, "url")).len > 0 && r->depth < OTHER_MAPS
	    && (other = terminology_definition(&r->t, TERMINOLOGY_MAP, url, &node)) != NULL)
		translate_in(r, other, node, c);
}

static void
translate_in_group(struct translation *r, uint32_t group, const struct coding_asked *c)
{
	uint32_t elements = list(r, group, "element");
	bool mapped = false;

	if (!terminology_take(&r->t, 1) || !side_fits(r, group, !r->reverse, c->system, c->version)
	    || !side_fits(r, group, r->reverse, r->target_system, SLICE_NONE))
		return;
	for (uint32_t n = first(r, elements); n != 0 && terminology_take(&r->t, 1);
	    n = json_next(r->json, elements, n)) {
		if (r->reverse) {
			add_sources(r, group, n, c->code);
		} else if (slice_eq(text(r, n, "code"), c->code)) {
			mapped = true;
			add_targets(r, group, n);
		}
	}
	if (!mapped && !r->reverse && !r->t.spent)
		add_unmapped(r, group, c);
}

static struct slice
side(const struct translation *r, uint32_t node, const char *uri, const char *canonical)
{
	struct slice s = text(r, node, uri);

	return s.len > 0 ? s : text(r, node, canonical);
}

/* source and target name the value sets of the map, which reverse exchanges. */
static bool
map_fits(const struct translation *r, uint32_t node)
{
	struct slice from = side(r, node, "sourceUri", "sourceCanonical");
	struct slice to = side(r, node, "targetUri", "targetCanonical");
	struct slice source = r->reverse ? to : from, target = r->reverse ? from : to;

	return (r->source.len == 0 || slice_eq(slice_cut(&source, '|'), r->source))
	    && (r->target.len == 0 || slice_eq(slice_cut(&target, '|'), r->target));
}

static void
translate_in(struct translation *r, const struct json *j, uint32_t node,
    const struct coding_asked *c)
{
	const struct json *before = r->json;
	struct slice map = r->map;
	uint32_t groups;

	r->json = j;
	r->map = text(r, node, "url");
	r->depth++;
	groups = list(r, node, "group");
	if (map_fits(r, node) || r->depth > 1)
		for (uint32_t n = first(r, groups); n != 0; n = json_next(j, groups, n))
			translate_in_group(r, n, c);
	r->depth--;
	r->json = before;
	r->map = map;
}

/* Which maps? */

struct stored_map {
	struct translation        *r;
	const struct coding_asked *c;
};

/* Of several versions of a map the one that its url means. */
static bool
is_meant(struct translation *r, const struct json *j)
{
	struct slice url = json_string(j, json_get(j, 0, SLICE("url")), r->x->arena);
	struct slice version = json_string(j, json_get(j, 0, SLICE("version")), r->x->arena);
	const struct json *meant;
	uint32_t node;

	meant = url.len == 0 ? NULL : terminology_definition(&r->t, TERMINOLOGY_MAP, url, &node);
	return meant == NULL || slice_eq(version,
	    json_string(meant, json_get(meant, node, SLICE("version")), r->x->arena));
}

static void
in_stored(void *ctx, const struct json *j)
{
	struct stored_map *s = ctx;

	if (is_meant(s->r, j))
		translate_in(s->r, j, 0, s->c);
}

static void
in_all(struct translation *r, const struct coding_asked *c)
{
	struct stored_map stored = { r, c };
	struct slice url, version;
	uint64_t at = 0;
	uint32_t node;
	struct buf b;

	while (pack_definitions(r->t.pack, TERMINOLOGY_MAP, &at, &url, &version)) {
		const struct json *j = terminology_definition(&r->t, TERMINOLOGY_MAP,
		    rest_canonical(r->x, url, version), &node);

		if (j != NULL)
			translate_in(r, j, node, c);
	}
	buf_init(&b, r->x->arena, SIZE_MAX);
	buf_printf(&b, "_count=200&%s=", r->reverse ? "target-system" : "source-system");
	query_write_value(&b, c->system, r->x->arena);
	rest_definitions(r->x, "ConceptMap", buf_slice(&b), in_stored, &stored);
}

static bool
translate(struct translation *r, const struct coding_asked *c)
{
	struct definition_asked asked;

	if (!rest_definition(&r->p, TERMINOLOGY_MAP, "conceptMap", "url", "conceptMapVersion", &asked))
		return false;
	if (asked.json == NULL && asked.canonical.len == 0) {
		in_all(r, c);
		return true;
	}
	if (asked.json == NULL)
		asked.json = terminology_definition(&r->t, TERMINOLOGY_MAP, asked.canonical, &asked.node);
	if (asked.json == NULL)
		return exchange_fail(r->x, FAULT_NO_SUCH, "the concept map is not held here");
	translate_in(r, asked.json, asked.node, c);
	return true;
}

/* The answer */

static bool
acceptable(const struct match *m)
{
	return !slice_is(m->equivalence, "unmatched") && !slice_is(m->equivalence, "disjoint");
}

static void
write_text(struct buf *b, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	if (b->ptr[b->len - 1] != '{')
		buf_add_char(b, ',');
	buf_printf(b, "\"%s\":", name);
	json_write_string(b, value);
}

/* What the target makes of other elements (R4 conceptmap.html, product). */
static void
write_product(struct buf *b, const struct json *j, uint32_t product)
{
	static const char *const members[][2] = { { "system", "system" }, { "value", "code" }, { "display", "display" } };
	bool first = true;

	buf_add(b, SLICE(",{\"name\":\"product\",\"part\":[{\"name\":\"element\",\"valueUri\":"));
	json_write_node(b, j, json_get(j, product, SLICE("property")));
	buf_add(b, SLICE("},{\"name\":\"concept\",\"valueCoding\":{"));
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		uint32_t value = json_get(j, product, slice_of(members[i][0]));

		if (value == 0)
			continue;
		buf_printf(b, "%s\"%s\":", first ? "" : ",", members[i][1]);
		json_write_node(b, j, value);
		first = false;
	}
	buf_add(b, SLICE("}}]}"));
}

static void
write_products(struct buf *b, const struct match *m)
{
	for (uint32_t n = m->products == 0 ? 0 : json_first(m->json, m->products); n != 0;
	    n = json_next(m->json, m->products, n))
		if (json_get(m->json, n, SLICE("property")) != 0)
			write_product(b, m->json, n);
}

static void
write_match(struct buf *b, const struct match *m)
{
	buf_add(b, SLICE(",{\"name\":\"match\",\"part\":[{\"name\":\"equivalence\",\"valueCode\":"));
	json_write_string(b, m->equivalence);
	buf_add_char(b, '}');
	if (m->code.len > 0) {
		buf_add(b, SLICE(",{\"name\":\"concept\",\"valueCoding\":{"));
		write_text(b, "system", m->system);
		write_text(b, "version", m->version);
		write_text(b, "code", m->code);
		write_text(b, "display", m->display);
		buf_add(b, SLICE("}}"));
	}
	if (m->map.len > 0) {
		buf_add(b, SLICE(",{\"name\":\"source\",\"valueUri\":"));
		json_write_string(b, m->map);
		buf_add_char(b, '}');
	}
	write_products(b, m);
	buf_add(b, SLICE("]}"));
}

static bool
answer(struct translation *r)
{
	bool result = false;
	struct buf b;

	for (uint32_t i = 0; i < r->count; i++)
		result |= acceptable(&r->at[i]);
	parameters_begin(r->x, &b);
	parameters_add_bool(&b, "result", result);
	if (!result)
		parameters_add(&b, "message", "valueString", r->count > 0
		    ? SLICE("The maps say that there is no translation")
		    : SLICE("Unknown: no map that is held here has the code"));
	else if (r->too_many)
		parameters_add(&b, "message", "valueString", SLICE("There are more matches than these"));
	for (uint32_t i = 0; i < r->count; i++)
		write_match(&b, &r->at[i]);
	parameters_end(r->x, &b);
	return true;
}

bool
rest_translate(struct exchange *x)
{
	struct translation *r = arena_alloc(x->arena, sizeof *r);
	struct codings_asked codings;

	r->x = x;
	rest_terminology(x, &r->t);
	if (!parameters_read(x, names, &r->p) || !rest_codings(&r->p, "version", &codings))
		return false;
	r->source = parameter_text(&r->p, "source");
	r->target = parameter_text(&r->p, "target");
	r->target_system = parameter_text(&r->p, "targetsystem");
	r->reverse = parameter_is(&r->p, "reverse", false);
	for (uint32_t i = 0; i < codings.count; i++) {
		if (codings.at[i].system.len == 0)
			return exchange_fail(x, FAULT_INVALID, "a code needs its system");
		if (!translate(r, &codings.at[i]))
			return false;
	}
	return r->t.spent ? exchange_fail(x, FAULT_TOO_COSTLY, "the maps are too large") : answer(r);
}
