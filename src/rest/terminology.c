/* terminology.c -- see terminology.h.
 *
 * A definition of the store is found by a search under the caller's permit, and goes
 * through the same controls as an answer, so that an operation shows no more of it than
 * a read would.  A caller who may not read the type has none. */
#include "rest/terminology.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"

static const char *const type_names[] = {
	[TERMINOLOGY_SYSTEM] = "CodeSystem", [TERMINOLOGY_SUPPLEMENT] = "CodeSystem",
	[TERMINOLOGY_VALUE_SET] = "ValueSet", [TERMINOLOGY_MAP] = "ConceptMap",
};

static const struct json *
visible_json(struct exchange *x, struct stored *s)
{
	struct json *j = arena_alloc(x->arena, sizeof *j);
	struct outcome aside;

	outcome_init(&aside, x->arena);
	if (s->deleted || !controls_out(x, s)
	    || !json_parse(s->body, json_bounds(x->service->limits, true), x->arena, j, &aside))
		return NULL;
	answer_note_patient(x, s->compartment);
	return j;
}

void
rest_definitions(struct exchange *x, const char *type_name, struct slice text,
    void (*each)(void *ctx, const struct json *), void *ctx)
{
	const struct type *type = pack_resource(x->service->pack, slice_of(type_name));
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct store_position from = { .set = false };
	struct store_page page;
	struct outcome aside;
	struct query q;

	outcome_init(&aside, x->arena);
	if (!permit_allows(x->permit, type, PERMIT_READ)
	    || !query_parse(store_index(x->worker->reader), type, text, SLICE_NONE, false, &resolver,
	        x->service->limits, x->received, x->arena, &q, &aside)
	    || !store_search(x->worker->reader, planted(78) ? authorization_house : x->permit, &q, &from, x->arena,
	        &page, &aside))
		return;
	for (uint32_t i = 0; i < page.count; i++) {
		const struct json *j = visible_json(x, &page.at[i]);

		if (j != NULL)
			each(ctx, j);
	}
}

/* The newest of those with the highest version that fits. */
struct choice {
	enum terminology_kind kind;
	const struct json *json;
	struct slice       asked, version;
	struct arena      *arena;
};

static bool
is_of_kind(const struct json *j, enum terminology_kind kind)
{
	bool system = kind == TERMINOLOGY_SYSTEM || kind == TERMINOLOGY_SUPPLEMENT;

	return !system || code_system_is_supplement(j, 0) == (kind == TERMINOLOGY_SUPPLEMENT);
}

static void
choose(void *ctx, const struct json *j)
{
	struct choice *c = ctx;
	struct slice version = json_string(j, json_get(j, 0, SLICE("version")), c->arena);

	if (!is_of_kind(j, c->kind) || !version_fits(c->asked, version)
	    || (c->json != NULL && version_compare(version, c->version) <= 0))
		return;
	c->json = j;
	c->version = version;
}

static const struct json *
find_stored(void *ctx, enum terminology_kind kind, struct slice url, struct slice version,
    struct arena *arena)
{
	struct exchange *x = ctx;
	struct choice found = { .kind = kind, .asked = version, .arena = arena };
	struct slice id = url, type = slice_cut(&id, '/');
	bool relative = slice_is(type, type_names[kind]) && id.len > 0;         /* "ValueSet/1" */
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add_cstr(&b, "_sort=-_lastUpdated&_count=100&");
	buf_add_cstr(&b, relative ? "_id=" : "url=");
	query_write_value(&b, relative ? id : url, arena);
	if (version.len > 0 && !version_is_wide(version)) {
		buf_add(&b, SLICE("&version=%7C"));
		query_write_value(&b, version, arena);
	}
	rest_definitions(x, type_names[kind], buf_slice(&b), choose, &found);
	return found.json;
}

struct terminology_source
rest_terminology_source(struct exchange *x)
{
	return (struct terminology_source){ x, find_stored };
}

void
rest_terminology(struct exchange *x, struct terminology *t)
{
	struct terminology_source source = rest_terminology_source(x);

	terminology_init(t, x->service->pack, x->service->limits, &source, x->arena);
}

struct slice
rest_canonical(struct exchange *x, struct slice url, struct slice version)
{
	struct buf b;

	if (version.len == 0)
		return url;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "%.*s|%.*s", SLICE_FMT(url), SLICE_FMT(version));
	return buf_slice(&b);
}

/* Which definition? */

/* The resource of the URL; one of the pack when the store has none of this id. */
static bool
of_instance(struct exchange *x, enum terminology_kind kind, struct definition_asked *asked)
{
	struct stored s;
	struct outcome aside;

	outcome_init(&aside, x->arena);
	if (store_read(x->worker->reader, planted(79) ? authorization_house : x->permit, x->type, x->id, x->arena, &s,
	    &aside)) {
		if (s.deleted)
			return exchange_fail(x, FAULT_DELETED, "");
		asked->json = visible_json(x, &s);
		return asked->json != NULL || exchange_fail(x, FAULT_NO_SUCH, "");
	}
	pack_definition(x->service->pack, kind, x->id, &asked->canonical);
	return asked->canonical.len > 0 || exchange_fail(x, FAULT_NO_SUCH, "");
}

bool
rest_definition(const struct parameters *p, enum terminology_kind kind, const char *resource,
    const char *url, const char *version, struct definition_asked *asked)
{
	struct exchange *x = p->x;
	uint32_t node = parameter_value(p, resource, "resource");

	*asked = (struct definition_asked){ .json = NULL };
	if (x->id.len > 0)
		return of_instance(x, kind, asked);
	if (node != 0 || p->bare) {
		if (!json_is(p->json, json_get(p->json, node, SLICE("resourceType")),
		    slice_of(type_names[kind])))
			return exchange_fail(x, FAULT_INVALID, "the resource is of another type");
		asked->json = p->json;
		asked->node = node;
		return true;
	}
	asked->canonical = rest_canonical(x, parameter_text(p, url), parameter_text(p, version));
	return true;
}

bool
rest_supplements(struct exchange *x, const struct terminology *t)
{
	return t->missing_supplement.len == 0
	    || exchange_fail(x, FAULT_NO_SUCH, "a supplement that is to be used is not held here");
}

bool
rest_value_set(const struct parameters *p, struct terminology *t, struct code_set **out)
{
	struct definition_asked asked;

	if (!rest_definition(p, TERMINOLOGY_VALUE_SET, "valueSet", "url", "valueSetVersion", &asked))
		return false;
	if (asked.json == NULL && asked.canonical.len == 0 && parameter_find(p, "context") == NULL)
		return exchange_fail(p->x, FAULT_INVALID, "url, valueSet or context is needed");
	if (asked.json == NULL && asked.canonical.len == 0)
		asked.canonical = rest_context_set(p->x, parameter_text(p, "context"));
	*out = asked.json != NULL ? terminology_set_of(t, asked.json, asked.node)
	    : terminology_set(t, asked.canonical);
	if (t->broken)
		return exchange_fail(p->x, FAULT_INVALID, "a filter of the value set has no value");
	return rest_supplements(p->x, t)
	    && (*out != NULL || exchange_fail(p->x, FAULT_NO_SUCH, "the value set is not held here"));
}

/* With which versions, and what beside them? */

static const struct { const char *name; enum version_rule rule; } version_rules[] = {
	{ "system-version",       VERSION_DEFAULT },
	{ "check-system-version", VERSION_CHECK },
	{ "force-system-version", VERSION_FORCE },
};

static bool
add_version(const struct parameters *p, struct version_asked *out, enum version_rule rule,
    struct slice canonical)
{
	struct slice version = canonical, url = slice_cut(&version, '|');

	*out = (struct version_asked){ rule, url, version };
	return (url.len > 0 && version.len > 0)
	    || exchange_fail(p->x, FAULT_INVALID, "a version is asked for as system|version");
}

/* The definitions that the request brings, before those of the store. */
struct brought {
	const struct parameters  *p;
	struct terminology_source stored;
};

/* As a root of its own. */
static const struct json *
root_of(struct exchange *x, const struct json *j, uint32_t node)
{
	struct json *root = arena_alloc(x->arena, sizeof *root);
	struct outcome aside;
	struct buf b;

	outcome_init(&aside, x->arena);
	buf_init(&b, x->arena, SIZE_MAX);
	json_write_node(&b, j, node);
	return json_parse(buf_slice(&b), json_bounds(x->service->limits, true), x->arena, root, &aside)
	    ? root : NULL;
}

static const struct json *
find_brought(void *ctx, enum terminology_kind kind, struct slice url, struct slice version,
    struct arena *arena)
{
	struct brought *b = ctx;
	const struct json *j = b->p->json;
	struct choice found = { .kind = kind, .asked = version, .arena = arena };

	for (uint32_t i = 0; i < b->p->count; i++) {
		uint32_t node = b->p->at[i].node == 0 || !slice_is(b->p->at[i].name, "tx-resource") ? 0
		    : json_get(j, b->p->at[i].node, SLICE("resource"));
		const struct json *root;

		if (node != 0 && json_is(j, json_get(j, node, SLICE("url")), url)
		    && json_is(j, json_get(j, node, SLICE("resourceType")), slice_of(type_names[kind]))
		    && (root = root_of(b->p->x, j, node)) != NULL)
			choose(&found, root);
	}
	return found.json != NULL ? found.json : b->stored.find(b->stored.ctx, kind, url, version, arena);
}

static void
use_brought(const struct parameters *p, struct terminology *t)
{
	struct brought *b = arena_alloc(p->x->arena, sizeof *b);

	*b = (struct brought){ p, t->source };
	t->source = (struct terminology_source){ b, find_brought };
}

bool
rest_beside(const struct parameters *p, struct terminology *t)
{
	struct version_asked *versions = arena_array(p->x->arena, p->count + 1, sizeof *versions);
	struct slice *supplements = arena_array(p->x->arena, p->count + 1, sizeof *supplements);

	for (uint32_t i = 0; i < p->count; i++) {
		struct slice name = p->at[i].name, text = p->at[i].text;

		if (slice_is(name, "useSupplement"))
			supplements[t->supplement_count++] = text;
		if (slice_is(name, "tx-resource") && t->source.find != find_brought)
			use_brought(p, t);
		for (size_t k = 0; k < COUNT_OF(version_rules); k++)
			if (slice_is(name, version_rules[k].name)
			    && !add_version(p, &versions[t->version_count++], version_rules[k].rule, text))
				return false;
	}
	t->versions = versions;
	t->supplements = supplements;
	return true;
}

/* Which code? */

static bool
add_coding(const struct parameters *p, uint32_t coding, struct codings_asked *out)
{
	const struct json *j = p->json;
	struct arena *a = p->x->arena;

	if (out->count == CODINGS_MAX)
		return exchange_fail(p->x, FAULT_TOO_COSTLY, "too many codings");
	out->at[out->count++] = (struct coding_asked){
		.system = json_string(j, json_get(j, coding, SLICE("system")), a),
		.version = json_string(j, json_get(j, coding, SLICE("version")), a),
		.code = json_string(j, json_get(j, coding, SLICE("code")), a),
		.display = json_string(j, json_get(j, coding, SLICE("display")), a),
		.of_coding = true,
	};
	return true;
}

static bool
add_concept(const struct parameters *p, uint32_t concept, struct codings_asked *out)
{
	uint32_t list = json_get(p->json, concept, SLICE("coding"));

	if (list == 0 || json_type(p->json, list) != JSON_ARRAY)
		return true;
	for (uint32_t n = json_first(p->json, list); n != 0; n = json_next(p->json, list, n))
		if (!add_coding(p, n, out))
			return false;
	return true;
}

/* "system|code" or "system|version|code" of a GET is no Coding in R4: a Coding needs a POST. */
bool
rest_codings(const struct parameters *p, const char *version_name, struct codings_asked *out)
{
	uint32_t coding = parameter_value(p, "coding", "valueCoding");
	uint32_t concept = parameter_value(p, "codeableConcept", "valueCodeableConcept");
	struct coding_asked plain = {
		.system = parameter_text(p, "system"), .version = parameter_text(p, version_name),
		.code = parameter_text(p, "code"), .display = parameter_text(p, "display"),
	};

	*out = (struct codings_asked){ .count = 0 };
	if ((plain.code.len > 0) + (coding != 0) + (concept != 0) != 1)
		return exchange_fail(p->x, FAULT_INVALID, "one code, coding or codeableConcept is needed");
	if (coding != 0)
		return add_coding(p, coding, out);
	if (concept != 0)
		return add_concept(p, concept, out);
	out->at[out->count++] = plain;
	return true;
}

const struct code_system *
rest_system_of(struct exchange *x, struct terminology *t, const struct coding_asked *c)
{
	const struct code_system *s = c->system.len == 0 ? NULL
	    : terminology_system(t, rest_canonical(x, c->system, c->version));

	return s == NULL ? NULL : terminology_supplemented(t, s);
}

bool
rest_is_of_system(const struct code_system *s, const struct coding_asked *c)
{
	return s == NULL || c->system.len == 0 || slice_eq(code_system_url(s), c->system);
}

bool
rest_is_of_version(const struct code_system *s, const struct coding_asked *c)
{
	return s == NULL || c->version.len == 0 || slice_eq(c->version, code_system_version(s));
}
