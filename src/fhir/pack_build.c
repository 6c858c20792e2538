/* pack_build.c -- npm packages of FHIR definitions to one pack file.
 *
 * Three steps: read the definitions that matter (by file name, in name order);
 * number what refers to one another (types, value sets); write the words of
 * pack_format.h.  The same input gives the same bytes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/digest.h"
#include "fhir/expression.h"
#include "fhir/names.h"
#include "fhir/pack.h"
#include "fhir/pack_build.h"
#include "fhir/pack_format.h"
#include "fhir/terminology_format.h"
#include "json/json.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

static const struct json_bounds bounds = {
	.depth = 128, .nodes = 8000000, .number = 4096, .key = 4096
};

/* Reading */

static void
keep(struct builder *b, enum definition kind, struct json *j)
{
	struct definitions *d = &b->of[kind];

	if (d->count == d->room) {
		uint32_t room = d->room == 0 ? 256 : d->room * 2;

		d->at = arena_grow(b->arena, d->at, d->room * sizeof *d->at, room * sizeof *d->at);
		d->package = arena_grow(b->arena, d->package, d->room * sizeof *d->package,
		    room * sizeof *d->package);
		d->room = room;
	}
	d->package[d->count] = b->package;
	d->at[d->count++] = *j;
}

static const struct { const char *prefix, *type; } kinds[] = {
	[DEFINITION_STRUCTURE]   = { "StructureDefinition-",   "StructureDefinition" },
	[DEFINITION_PARAM]       = { "SearchParameter-",       "SearchParameter" },
	[DEFINITION_COMPARTMENT] = { "CompartmentDefinition-", "CompartmentDefinition" },
	[DEFINITION_SET]         = { "ValueSet-",              "ValueSet" },
	[DEFINITION_SYSTEM]      = { "CodeSystem-",            "CodeSystem" },
	[DEFINITION_MAP]         = { "ConceptMap-",            "ConceptMap" },
	[DEFINITION_OPERATION]   = { "OperationDefinition-",   "OperationDefinition" },
	[DEFINITION_GUIDE]       = { "ImplementationGuide-",   "ImplementationGuide" },
};

bool
builder_take(struct builder *b, struct slice text)
{
	struct json j;

	if (!json_parse(text, bounds, b->arena, &j, b->outcome))
		return false;
	for (int k = 0; k < DEFINITION_KINDS; k++)
		if (json_is(&j, json_get(&j, 0, SLICE("resourceType")), slice_of(kinds[k].type)))
			keep(b, (enum definition)k, &j);
	return true;
}

static bool
read_definition(struct builder *b, const char *path)
{
	struct slice text;

	if (!env_read_file(b->env, path, FILE_BYTES_MAX, b->arena, &text))
		return outcome_fail_at_once(b->outcome, FAULT_UNAVAILABLE,
		    "a definition file cannot be read");
	return builder_take(b, text);
}

static int
is_definition(const struct dirent *e)
{
	struct slice name = slice_of(e->d_name);

	if (!slice_ends(name, SLICE(".json")) || slice_starts(name, SLICE("SearchParameter-example"))
	    || slice_starts(name, SLICE("CompartmentDefinition-example")))
		return 0;
	for (int k = 0; k < DEFINITION_KINDS; k++)
		if (slice_starts(name, slice_of(kinds[k].prefix)))
			return 1;
	return 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);      /* never by locale */
}

static bool
read_package(struct builder *b, const char *dir)
{
	char path[4096], inner[4096];
	struct dirent **names;
	bool good = true;
	int n;

	snprintf(inner, sizeof inner, "%s/package", dir);
	if (access(inner, X_OK) != 0)
		snprintf(inner, sizeof inner, "%s", dir);
	if ((n = scandir(inner, &names, is_definition, by_name)) < 0)
		return outcome_fail_at_once(b->outcome, FAULT_UNAVAILABLE,
		    "a package directory cannot be read");
	for (int i = 0; i < n; i++) {
		if (good && (size_t)snprintf(path, sizeof path, "%s/%s", inner, names[i]->d_name)
		    < sizeof path)
			good = read_definition(b, path);
		free(names[i]);
	}
	free(names);
	return good && builder_read_units(b, dir);
}

/* Words and strings */

void
builder_word(struct builder *b, uint32_t word)
{
	buf_add_bytes(&b->words, &word, sizeof word);
}

uint32_t
builder_intern(struct builder *b, struct slice s)
{
	uint32_t number = names_find(&b->strings, s), entry[2];

	if (number != NAME_UNKNOWN)
		return number;
	number = b->strings.count;
	names_add(&b->strings, s, number);
	entry[0] = (uint32_t)b->text.len;
	entry[1] = (uint32_t)s.len;
	buf_add_bytes(&b->string_table, entry, sizeof entry);
	buf_add(&b->text, s);
	return number;
}

void
builder_string(struct builder *b, struct slice s)
{
	builder_word(b, builder_intern(b, s));
}

struct slice
builder_text(struct builder *b, const struct json *j, uint32_t node, const char *path)
{
	uint32_t found = json_path(j, node, path);

	return found == 0 ? SLICE_NONE : json_string(j, found, b->arena);
}

/* Search parameters: one for each concrete type */

struct param {
	uint32_t     type;
	struct slice code, url, expression;
	enum search_kind kind;
	const struct json *json;
	uint32_t     targets;           /* node of SearchParameter.target, 0 */
	bool         inherited;
};

/* A word that is no type is none that can be searched by. */
static enum search_kind
search_kind_of(struct slice name)
{
	enum search_kind kind = SEARCH_SPECIAL;

	search_kind_find(name, &kind);
	return kind;
}

static void
add_param(struct builder *b, const struct json *j, uint32_t type, struct slice base)
{
	struct param *p;

	if (b->param_count == b->param_room) {
		uint32_t room = b->param_room == 0 ? 1024 : b->param_room * 2;

		b->params = arena_grow(b->arena, b->params, b->param_room * sizeof *p, room * sizeof *p);
		b->param_room = room;
	}
	p = &b->params[b->param_count++];
	*p = (struct param){
		.type = type, .code = builder_text(b, j, 0, "code"), .url = builder_text(b, j, 0, "url"),
		.expression = expression_for(builder_text(b, j, 0, "expression"), base, b->arena),
		.kind = search_kind_of(builder_text(b, j, 0, "type")), .json = j,
		.targets = json_get(j, 0, SLICE("target")),
		.inherited = !slice_eq(b->types[type].name, base),
	};
}

static void
collect_param(struct builder *b, const struct json *j)
{
	uint32_t bases = json_get(j, 0, SLICE("base"));

	for (uint32_t n = bases == 0 ? 0 : json_first(j, bases); n != 0; n = json_next(j, bases, n)) {
		struct slice base = json_string(j, n, b->arena);
		uint32_t ancestor = names_find(&b->type_names, base);

		for (uint32_t t = 0; ancestor != NAME_UNKNOWN && t < b->type_count; t++)
			if (b->types[t].kind == TYPE_RESOURCE && !b->types[t].abstract
			    && builder_type_is(b, t, ancestor))
				add_param(b, j, t, base);
	}
}

static int
by_type_and_code(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int order;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if ((order = slice_cmp(x->code, y->code)) != 0)
		return order;
	if (x->inherited != y->inherited)
		return x->inherited ? 1 : -1;
	return slice_cmp(x->url, y->url);
}

/* A type's own parameter wins over an inherited one of the same code. */
static void
sort_params(struct builder *b)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->of[DEFINITION_PARAM].count; i++)
		collect_param(b, &b->of[DEFINITION_PARAM].at[i]);
	qsort(b->params, b->param_count, sizeof *b->params, by_type_and_code);
	for (uint32_t i = 0; i < b->param_count; i++)
		if (kept == 0 || b->params[kept - 1].type != b->params[i].type
		    || !slice_eq(b->params[kept - 1].code, b->params[i].code))
			b->params[kept++] = b->params[i];
	b->param_count = kept;
}

static void
write_strings(struct builder *b, const struct json *j, uint32_t list)
{
	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		builder_string(b, json_string(j, n, b->arena));
}

/* The definition of a component's parameter, by its canonical url; NULL: not in the packages. */
static const struct json *
param_by_url(struct builder *b, struct slice url)
{
	const struct definitions *d = &b->of[DEFINITION_PARAM];

	for (uint32_t i = 0; i < d->count; i++)
		if (json_is(&d->at[i], json_get(&d->at[i], 0, SLICE("url")), url))
			return &d->at[i];
	return NULL;
}

/* Is the parameter's expression that of the composite, gone on with this one? */
static bool
goes_on(struct builder *b, const struct json *j, struct slice expression, const struct json *param)
{
	struct buf whole;

	buf_init(&whole, b->arena, 1 << 16);
	buf_printf(&whole, "%.*s.%.*s", SLICE_FMT(builder_text(b, j, 0, "expression")), SLICE_FMT(expression));
	return slice_eq(buf_slice(&whole), builder_text(b, param, 0, "expression"));
}

/* What R4 has, and what it means: there is no type DateTime. */
static const struct { const char *has, *means; } corrections[] = {
	{ "value.as(DateTime) | value.as(Period)", "value.as(dateTime) | value.as(Period)" },
};

static struct slice
corrected(struct slice expression)
{
	for (size_t i = 0; i < COUNT_OF(corrections); i++)
		if (slice_is(expression, corrections[i].has))
			return slice_of(corrections[i].means);
	return expression;
}

/* A component's own, unless that of another is its definition's: R4 has the two of DocumentReference
 * relationship crossed. */
static struct slice
component_expression(struct builder *b, const struct json *j, uint32_t component, const struct json *of)
{
	uint32_t list = json_get(j, 0, SLICE("component"));

	for (uint32_t n = of == NULL ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice expression = builder_text(b, j, n, "expression");

		if (goes_on(b, j, expression, of))
			return expression;
	}
	return corrected(builder_text(b, j, component, "expression"));
}

static void
write_component(struct builder *b, const struct json *j, uint32_t component)
{
	struct slice url = builder_text(b, j, component, "definition");
	const struct json *of = param_by_url(b, slice_cut(&url, '|'));

	builder_string(b, component_expression(b, j, component, of));
	builder_word(b, of == NULL ? SEARCH_SPECIAL : search_kind_of(builder_text(b, of, 0, "type")));
	write_strings(b, of, of == NULL ? 0 : json_get(of, 0, SLICE("target")));
}

static void
write_components(struct builder *b, const struct json *j)
{
	uint32_t list = json_get(j, 0, SLICE("component"));

	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		write_component(b, j, n);
}

static void
write_param(struct builder *b, const struct param *p)
{
	builder_word(b, p->type);
	builder_string(b, p->code);
	builder_string(b, p->url);
	builder_string(b, p->expression);
	builder_word(b, p->kind);
	write_strings(b, p->json, p->targets);
	write_components(b, p->json);
}

/* Compartments */

static void
write_compartment(struct builder *b, const struct json *j, uint32_t resource, uint32_t *count)
{
	uint32_t type = names_find(&b->type_names, builder_text(b, j, resource, "code"));
	uint32_t params = json_get(j, resource, SLICE("param")), n = 0;

	if (type == NAME_UNKNOWN || params == 0)
		return;
	++*count;
	builder_string(b, builder_text(b, j, 0, "code"));
	builder_word(b, type);
	for (uint32_t p = json_first(j, params); p != 0; p = json_next(j, params, p))
		n += !json_is(j, p, SLICE("{def}"));
	builder_word(b, n);
	for (uint32_t p = json_first(j, params); p != 0; p = json_next(j, params, p))
		if (!json_is(j, p, SLICE("{def}")))
			builder_string(b, json_string(j, p, b->arena));
}

static void
write_compartments(struct builder *b)
{
	size_t at = b->words.len;
	uint32_t count = 0;

	builder_word(b, 0);
	for (uint32_t i = 0; i < b->of[DEFINITION_COMPARTMENT].count; i++) {
		const struct json *j = &b->of[DEFINITION_COMPARTMENT].at[i];
		uint32_t list = json_get(j, 0, SLICE("resource"));

		for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
			write_compartment(b, j, n, &count);
	}
	memcpy(b->words.ptr + at, &count, sizeof count);
}

/* The file */

struct slice
builder_assemble(struct builder *b)
{
	struct pack_header h = {
		.magic = PACK_MAGIC, .format = PACK_FORMAT, .string_count = b->strings.count,
		.code_count = (uint32_t)(b->codes.len / 8), .word_count = (uint32_t)(b->words.len / 4),
		.text_bytes = (uint32_t)b->text.len,
		.terminology_bytes = (uint32_t)b->terminology.len,
	};
	struct slice parts[] = { buf_slice(&b->string_table), buf_slice(&b->codes),
		buf_slice(&b->words), buf_slice(&b->terminology), buf_slice(&b->text) };
	struct buf out;

	h.version = b->version;
	if (b->base != NULL)
		memcpy(h.base, pack_hash(b->base).ptr, sizeof h.base);
	sha256(parts, COUNT_OF(parts), h.hash);
	buf_init(&out, b->arena, SIZE_MAX);
	buf_add_bytes(&out, &h, sizeof h);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		buf_add(&out, parts[i]);
	return buf_slice(&out);
}

static void
write_tables(struct builder *b)
{
	builder_word(b, b->type_count);
	builder_word(b, b->param_count);
	builder_word(b, b->set_count);
	for (uint32_t i = 0; i < b->type_count; i++)
		builder_write_type(b, i);
	for (uint32_t i = 0; i < b->param_count; i++)
		write_param(b, &b->params[i]);
	builder_write_sets(b);
	write_compartments(b);
	builder_write_profiles(b);
	builder_write_units(b);
	builder_write_terminology(b, &b->terminology);
	b->version = builder_intern(b, SLICE("4.0.1"));
}

struct builder *
builder_new(const struct env *env, const struct pack *base, struct outcome *o)
{
	struct arena *arena = arena_new(1 << 14);
	struct builder *b = arena_alloc(arena, sizeof *b);

	b->env = env;
	b->base = base;
	b->arena = arena;
	b->outcome = o;
	names_init(&b->strings, arena, 64);
	names_init(&b->base_keys, arena, 64);
	buf_init(&b->words, arena, UINT32_MAX);
	buf_init(&b->string_table, arena, UINT32_MAX);
	buf_init(&b->codes, arena, UINT32_MAX);
	buf_init(&b->text, arena, UINT32_MAX);
	buf_init(&b->terminology, arena, UINT32_MAX);
	return b;
}

bool
pack_build(const struct env *env, const char *const *packages, int count, const char *out_path,
    struct outcome *o)
{
	struct builder *b = builder_new(env, NULL, o);
	bool good = true;

	for (int i = 0; i < count && good; i++) {
		b->package = (uint32_t)i;
		good = read_package(b, packages[i]);
	}
	if (good) {
		builder_collect_types(b);
		builder_collect_sets(b);
		sort_params(b);
		write_tables(b);
		good = env_write_file(env, out_path, builder_assemble(b), 0644)
		    || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the pack cannot be written");
	}
	arena_free(b->arena);
	return good;
}
