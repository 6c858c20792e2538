/* pack_types.c -- StructureDefinition snapshots to types and elements.
 *
 * A snapshot is a flat list of paths.  Every path that has children becomes a
 * type of its own; the children one step below it are its elements. */
#include <stdlib.h>

#include "base/arena.h"
#include "fhir/pack_build.h"
#include "fhir/pack_format.h"

#define FHIR_TYPE "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
#define REGEX     "http://hl7.org/fhir/StructureDefinition/regex"
#define SYSTEM    "http://hl7.org/fhirpath/System."
#define TYPES_MAX 4096

static struct slice
path_at(struct builder *b, const struct json *j, uint32_t element)
{
	return builder_text(b, j, element, "path");
}

static struct slice
parent_of(struct slice path)
{
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '.')
		at--;
	return slice_sub(path, 0, at == 0 ? 0 : at - 1);
}

struct slice
builder_last_of(struct slice path)
{
	struct slice parent = parent_of(path);

	return parent.len == 0 ? path : slice_sub(path, parent.len + 1, path.len);
}

/* The extension of this url in a list; 0 when there is none. */
static uint32_t
extension(const struct json *j, uint32_t holder, struct slice url)
{
	uint32_t list = json_get(j, holder, SLICE("extension"));

	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		if (json_is(j, json_get(j, n, SLICE("url")), url))
			return n;
	return 0;
}

static struct draft_type *
add_type(struct builder *b, struct slice name)
{
	struct draft_type *t = &b->types[b->type_count];

	if (b->type_count == TYPES_MAX || !names_add(&b->type_names, name, b->type_count))
		return NULL;
	b->type_count++;
	t->name = name;
	t->base = PACK_NONE;
	return t;
}

/* All nodes of the snapshot whose parent is `path`. */
static void
take_children(struct builder *b, struct draft_type *t, const struct json *j, uint32_t list,
    struct slice path)
{
	uint32_t *nodes = arena_array(b->arena, json_size(j, list) + 1, sizeof *nodes), count = 0;

	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
		if (slice_eq(parent_of(path_at(b, j, n)), path)
		    && !(t->kind == TYPE_PRIMITIVE && slice_is(builder_last_of(path_at(b, j, n)), "value")))
			nodes[count++] = n;
	t->json = j;
	t->elements = nodes;
	t->element_count = count;
}

static bool
has_children(struct builder *b, const struct json *j, uint32_t list, uint32_t element)
{
	uint32_t next = json_next(j, list, element);

	return next != 0 && slice_eq(parent_of(path_at(b, j, next)), path_at(b, j, element));
}

static struct slice
first_type_code(struct builder *b, const struct json *j, uint32_t element)
{
	uint32_t types = json_get(j, element, SLICE("type"));

	return types == 0 ? SLICE_NONE : builder_text(b, j, json_first(j, types), "code");
}

/* The regex of a primitive stands at the type of its value element. */
static struct slice
pattern_of(struct builder *b, const struct json *j, uint32_t list)
{
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t types = json_get(j, n, SLICE("type")), found;

		if (types == 0 || !slice_is(builder_last_of(path_at(b, j, n)), "value"))
			continue;
		found = extension(j, json_first(j, types), SLICE(REGEX));
		if (found != 0)
			return builder_text(b, j, found, "valueString");
	}
	return SLICE_NONE;
}

static enum type_kind
kind_of(const struct json *j)
{
	uint32_t kind = json_get(j, 0, SLICE("kind"));

	if (json_is(j, kind, SLICE("resource")))
		return TYPE_RESOURCE;
	return json_is(j, kind, SLICE("primitive-type")) ? TYPE_PRIMITIVE : TYPE_COMPLEX;
}

static void
collect_backbones(struct builder *b, const struct json *j, uint32_t list)
{
	for (uint32_t n = json_next(j, list, json_first(j, list)); n != 0; n = json_next(j, list, n)) {
		struct draft_type *t;

		if (!has_children(b, j, list, n) || (t = add_type(b, path_at(b, j, n))) == NULL)
			continue;
		t->kind = TYPE_BACKBONE;
		t->base_name = first_type_code(b, j, n);
		take_children(b, t, j, list, t->name);
	}
}

/* A specialization, or a root of the tree: profiles are not types. */
static bool
is_type(const struct json *j)
{
	uint32_t derivation = json_get(j, 0, SLICE("derivation"));

	return json_path(j, 0, "snapshot.element") != 0
	    && (derivation == 0 || json_is(j, derivation, SLICE("specialization")))
	    && !json_is(j, json_get(j, 0, SLICE("kind")), SLICE("logical"));
}

static void
collect_type(struct builder *b, const struct json *j)
{
	uint32_t list = json_path(j, 0, "snapshot.element");
	struct draft_type *t;

	if (!is_type(j) || (t = add_type(b, builder_text(b, j, 0, "type"))) == NULL)
		return;
	t->kind = kind_of(j);
	t->abstract = json_type(j, json_get(j, 0, SLICE("abstract"))) == JSON_TRUE;
	t->base_name = builder_last_of(builder_text(b, j, 0, "baseDefinition"));
	while (slice_find(t->base_name, '/') < t->base_name.len)
		slice_cut(&t->base_name, '/');
	if (t->kind == TYPE_PRIMITIVE)
		t->pattern = pattern_of(b, j, list);
	t->root = json_first(j, list);
	take_children(b, t, j, list, t->name);
	collect_backbones(b, j, list);
}

void
builder_collect_types(struct builder *b)
{
	b->types = arena_array(b->arena, TYPES_MAX, sizeof *b->types);
	names_init(&b->type_names, b->arena, TYPES_MAX);
	for (uint32_t i = 0; i < b->of[DEFINITION_STRUCTURE].count; i++)
		collect_type(b, &b->of[DEFINITION_STRUCTURE].at[i]);
	for (uint32_t i = 0; i < b->type_count; i++) {
		uint32_t base = names_find(&b->type_names, b->types[i].base_name);

		b->types[i].base = base == NAME_UNKNOWN || base == i ? PACK_NONE : base;
	}
}

static void
borrow_key(struct builder *b, const struct constraint *of, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		names_add(&b->base_keys, of[i].key, 0);
}

void
builder_borrow_types(struct builder *b)
{
	names_init(&b->type_names, b->arena, TYPES_MAX);
	for (uint32_t i = 0; i < pack_type_count(b->base); i++) {
		const struct type *t = pack_type_at(b->base, i);

		names_add(&b->type_names, t->name, i);
		borrow_key(b, t->constraints, t->constraint_count);
		for (uint32_t k = 0; k < t->element_count; k++)
			borrow_key(b, t->elements[k].constraints, t->elements[k].constraint_count);
	}
}

bool
builder_type_is(const struct builder *b, uint32_t type, uint32_t ancestor)
{
	while (type != PACK_NONE && type != ancestor)
		type = b->types[type].base;
	return type != PACK_NONE;
}

/* Writing */

static void
write_constraints(struct builder *b, const struct json *j, uint32_t element)
{
	uint32_t list = element == 0 ? 0 : json_get(j, element, SLICE("constraint"));

	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		names_add(&b->base_keys, builder_text(b, j, n, "key"), 0);
		builder_string(b, builder_text(b, j, n, "key"));
		builder_string(b, builder_text(b, j, n, "expression"));
		builder_string(b, builder_text(b, j, n, "human"));
		builder_word(b, json_is(j, json_get(j, n, SLICE("severity")), SLICE("error")));
	}
}

/* The FHIR type that a system type of FHIRPath stands for (R4 has this at ids,
 * urls and the values of primitives). */
static struct slice
type_code(struct builder *b, const struct json *j, uint32_t node, struct slice path)
{
	struct slice code = builder_text(b, j, node, "code");
	uint32_t found;

	if (!slice_starts(code, SLICE(SYSTEM)))
		return code;
	if (slice_is(builder_last_of(path), "id") && parent_of(parent_of(path)).len == 0
	    && names_find(&b->type_names, parent_of(path)) != NAME_UNKNOWN
	    && b->types[names_find(&b->type_names, parent_of(path))].kind == TYPE_RESOURCE)
		return SLICE("id");
	found = extension(j, node, SLICE(FHIR_TYPE));
	return found == 0 ? SLICE("string") : builder_text(b, j, found, "valueUrl");
}

static struct slice
json_name(struct builder *b, struct slice name, bool choice, struct slice code)
{
	struct buf out;

	if (!choice)
		return name;
	buf_init(&out, b->arena, 256);
	buf_add(&out, name);
	buf_add_char(&out, (char)(code.ptr[0] >= 'a' ? code.ptr[0] - ('a' - 'A') : code.ptr[0]));
	buf_add(&out, slice_sub(code, 1, code.len));
	return buf_slice(&out);
}

static void
write_targets(struct builder *b, const struct json *j, uint32_t node)
{
	uint32_t list = json_get(j, node, SLICE("targetProfile"));

	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice url = json_string(j, n, b->arena);

		while (slice_find(url, '/') < url.len)
			slice_cut(&url, '/');
		builder_string(b, url);
	}
}

static void
write_type_ref(struct builder *b, struct slice type, struct slice name)
{
	uint32_t number = names_find(&b->type_names, type);

	builder_word(b, number == NAME_UNKNOWN ? PACK_NONE : number);
	builder_string(b, name);
}

static void
write_element_types(struct builder *b, const struct json *j, uint32_t element, struct slice name,
    bool choice)
{
	struct slice path = path_at(b, j, element);
	struct slice content = builder_text(b, j, element, "contentReference");
	uint32_t list = json_get(j, element, SLICE("type"));

	if (content.len > 0 || names_find(&b->type_names, path) != NAME_UNKNOWN) {
		builder_word(b, 1);
		write_type_ref(b, content.len > 0 ? slice_sub(content, 1, content.len) : path, name);
		builder_word(b, 0);
		return;
	}
	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice code = type_code(b, j, n, path);

		write_type_ref(b, code, json_name(b, name, choice, code));
		write_targets(b, j, n);
	}
}

static const char *const strengths[] = { "", "example", "preferred", "extensible", "required" };

uint32_t
builder_strength(struct builder *b, const struct json *j, uint32_t element)
{
	struct slice strength = builder_text(b, j, element, "binding.strength");

	for (uint32_t i = 1; i < COUNT_OF(strengths); i++)
		if (slice_is(strength, strengths[i]))
			return i;
	return 0;
}

uint32_t
builder_set_word(struct builder *b, struct slice url)
{
	uint32_t number = builder_own_set(b, url);

	if (number != NAME_UNKNOWN)
		return number;
	if (b->base == NULL || url.len == 0 || pack_value_set(b->base, url) == NULL)
		return PACK_NONE;
	return PACK_BY_URL | builder_intern(b, url);
}

static void
write_binding(struct builder *b, const struct json *j, uint32_t element)
{
	struct slice url = builder_text(b, j, element, "binding.valueSet");

	builder_word(b, builder_strength(b, j, element));
	builder_word(b, builder_set_word(b, url));
}

bool
builder_is_true(const struct json *j, uint32_t element, struct slice name)
{
	uint32_t node = json_get(j, element, name);

	return node != 0 && json_type(j, node) == JSON_TRUE;
}

uint32_t
builder_cardinality(struct builder *b, const struct json *j, uint32_t element, const char *which)
{
	uint32_t node = json_path(j, element, which);
	struct slice text = node == 0 ? SLICE("1") : json_type(j, node) == JSON_STRING
	    ? json_string(j, node, b->arena) : json_raw(j, node);
	uint64_t n;

	return slice_uint(text, &n) ? (uint32_t)n : UINT32_MAX;
}

static void
write_element(struct builder *b, const struct json *j, uint32_t element)
{
	struct slice path = path_at(b, j, element), name = builder_last_of(path);
	bool choice = slice_ends(name, SLICE("[x]"));

	if (choice)
		name.len -= 3;
	builder_string(b, name);
	builder_string(b, path);
	builder_word(b, builder_cardinality(b, j, element, "min"));
	builder_word(b, builder_cardinality(b, j, element, "max"));
	builder_word(b, (choice ? PACK_CHOICE : 0u)
	    | (builder_is_true(j, element, SLICE("isModifier")) ? PACK_MODIFIER : 0u)
	    | (builder_is_true(j, element, SLICE("isSummary")) ? PACK_SUMMARY : 0u));
	write_binding(b, j, element);
	write_constraints(b, j, element);
	write_element_types(b, j, element, name, choice);
}

void
builder_write_type(struct builder *b, uint32_t number)
{
	const struct draft_type *t = &b->types[number];

	builder_string(b, t->name);
	builder_word(b, t->kind);
	builder_word(b, t->abstract ? PACK_ABSTRACT : 0);
	builder_word(b, t->base);
	builder_string(b, t->pattern);
	write_constraints(b, t->json, t->root);
	builder_word(b, t->element_count);
	for (uint32_t i = 0; i < t->element_count; i++)
		write_element(b, t->json, t->elements[i]);
}
