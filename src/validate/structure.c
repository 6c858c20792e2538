/* structure.c -- see structure.h.
 *
 * One walk down the tree.  Where it stands is a chain of steps on the C stack,
 * so that a path is only written when there is something to complain about;
 * the depth of the chain is bounded by the JSON parser. */
#include "validate/structure.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/datatype.h"
#include "fhir/pack.h"

#define ISSUES_MAX   50
#define ELEMENTS_MAX 128        /* no R4 type has more */

struct step {
	const struct step *up;
	struct slice       name;
	int64_t            index;       /* -1: not in a list */
};

struct walk {
	const struct pack   *pack;
	const struct json   *json;
	const struct limits *limits;
	struct arena        *arena;
	struct outcome      *outcome;
	int                  issues;
	int                  contained; /* depth of contained resources */
};

static void
write_path(struct buf *b, const struct step *at)
{
	if (at->up != NULL) {
		write_path(b, at->up);
		buf_add_char(b, '.');
	}
	buf_add(b, at->name);
	if (at->index >= 0)
		buf_printf(b, "[%lld]", (long long)at->index);
}

/* `member` is a name from the definition, or empty. */
static void
complain(struct walk *w, const struct step *at, struct slice member, uint32_t node,
    enum fault fault, const char *why)
{
	struct place place = json_place(w->json, node);
	struct buf b;

	if (w->issues++ >= ISSUES_MAX)
		return;
	buf_init(&b, w->arena, 4096);
	write_path(&b, at);
	if (member.len > 0)
		buf_printf(&b, ".%.*s", SLICE_FMT(member));
	place.path = buf_slice(&b);
	outcome_fail(w->outcome, fault, place, slice_of(why));
}

static void check_object(struct walk *, const struct step *, const struct type *, uint32_t node);

/* Resources inside resources: the type is what resourceType says. */
static void
check_resource(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t name = json_type(w->json, node) == JSON_OBJECT
	    ? json_get(w->json, node, SLICE("resourceType")) : 0;
	const struct type *type = name == 0 ? NULL
	    : pack_resource(w->pack, json_string(w->json, name, w->arena));

	if (type == NULL)
		complain(w, at, SLICE_NONE, node, FAULT_STRUCTURE, "resourceType is not the name of a resource");
	else
		check_object(w, at, type, node);
}

static void
check_contained(struct walk *w, const struct step *at, uint32_t node)
{
	if (w->contained > 0) {
		complain(w, at, SLICE_NONE, node, FAULT_INVARIANT, "a contained resource contains none");
		return;
	}
	w->contained++;
	check_resource(w, at, node);
	w->contained--;
}

/* Bindings */

static struct slice
text_of(struct walk *w, uint32_t object, struct slice name)
{
	uint32_t node = json_get(w->json, object, name);

	return node == 0 ? SLICE_NONE : json_string(w->json, node, w->arena);
}

static bool
coding_bound(struct walk *w, const struct value_set *set, uint32_t coding)
{
	return json_type(w->json, coding) == JSON_OBJECT
	    && value_set_has(w->pack, set, text_of(w, coding, SLICE("system")),
	        text_of(w, coding, SLICE("code")));
}

static bool
concept_bound(struct walk *w, const struct value_set *set, uint32_t concept)
{
	uint32_t list = json_type(w->json, concept) == JSON_OBJECT
	    ? json_get(w->json, concept, SLICE("coding")) : 0;

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return false;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (coding_bound(w, set, n))
			return true;
	return false;
}

static void
check_binding(struct walk *w, const struct step *at, const struct element *e,
    const struct type *type, uint32_t node)
{
	bool bound = true;

	if (e->binding_strength != BINDING_REQUIRED || e->binding == NULL || !e->binding->complete)
		return;
	if (type->kind == TYPE_PRIMITIVE)
		bound = json_type(w->json, node) != JSON_STRING
		    || value_set_has(w->pack, e->binding, SLICE_NONE, json_string(w->json, node, w->arena));
	else if (slice_is(type->name, "Coding"))
		bound = coding_bound(w, e->binding, node);
	else if (slice_is(type->name, "CodeableConcept"))
		bound = concept_bound(w, e->binding, node);
	if (!bound)
		complain(w, at, SLICE_NONE, node, FAULT_CODE, "");
}

/* Values */

static void
check_primitive(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	enum json_type json = json_type(w->json, node);
	struct slice text = json == JSON_STRING ? json_string(w->json, node, w->arena)
	    : json_raw(w->json, node);

	if (json >= JSON_ARRAY || json == JSON_NULL)
		complain(w, at, SLICE_NONE, node, FAULT_STRUCTURE, "a primitive value is expected");
	else if (!datatype_check(type, json, text, w->limits))
		complain(w, at, SLICE_NONE, node, FAULT_VALUE, "");
}

static bool
must_understand(const struct element *e)
{
	return slice_is(e->name, "modifierExtension") || slice_is(e->name, "implicitRules");
}

static void
check_value(struct walk *w, const struct step *at, const struct element *e,
    const struct type *type, uint32_t node)
{
	if (must_understand(e))
		complain(w, at, SLICE_NONE, node, FAULT_EXTENSION, "");
	else if (type == NULL)
		complain(w, at, SLICE_NONE, node, FAULT_STRUCTURE, "");
	else if (type->kind == TYPE_PRIMITIVE)
		check_primitive(w, at, type, node);
	else if (type->kind == TYPE_RESOURCE)
		(slice_is(e->name, "contained") ? check_contained : check_resource)(w, at, node);
	else
		check_object(w, at, type, node);
	if (type != NULL)
		check_binding(w, at, e, type, node);
}

/* A "_name" companion: id and extensions of a primitive. */
static void
check_companion(struct walk *w, const struct step *at, uint32_t node)
{
	const struct type *element = pack_type(w->pack, SLICE("Element"));

	if (json_type(w->json, node) == JSON_OBJECT && element != NULL)
		check_object(w, at, element, node);
	else
		complain(w, at, SLICE_NONE, node, FAULT_STRUCTURE, "id and extensions are expected");
}

static uint32_t
item_after(const struct json *j, uint32_t array, uint32_t child)
{
	if (array == 0 || json_type(j, array) != JSON_ARRAY)
		return 0;
	return child == 0 ? json_first(j, array) : json_next(j, array, child);
}

static bool
is_null(const struct json *j, uint32_t node)
{
	return node == 0 || json_type(j, node) == JSON_NULL;
}

/* Values and companions in step: null stands for the one that is not there. */
static uint32_t
check_list(struct walk *w, const struct step *up, const struct element *e, const struct type *type,
    struct slice name, uint32_t values, uint32_t companions)
{
	uint32_t a = item_after(w->json, values, 0), b = item_after(w->json, companions, 0);
	struct step at = { up, name, 0 };

	if (a == 0 && b == 0)
		complain(w, up, name, values != 0 ? values : companions, FAULT_STRUCTURE,
		    "a list is never empty");
	for (; a != 0 || b != 0; at.index++) {
		if (is_null(w->json, a) && is_null(w->json, b))
			complain(w, &at, SLICE_NONE, a != 0 ? a : b, FAULT_STRUCTURE, "null without a companion");
		if (!is_null(w->json, a))
			check_value(w, &at, e, type, a);
		if (!is_null(w->json, b))
			check_companion(w, &at, b);
		a = a == 0 ? 0 : item_after(w->json, values, a);
		b = b == 0 ? 0 : item_after(w->json, companions, b);
	}
	if ((size_t)at.index > w->limits->of[LIMIT_ARRAY_ITEMS] && w->contained == 0
	    && !slice_is(up->name, "Bundle"))
		complain(w, up, name, values, FAULT_STRUCTURE, "the list is too long");
	return (uint32_t)at.index;
}

static uint32_t
check_member(struct walk *w, const struct step *up, const struct element *e,
    const struct type *type, struct slice name, uint32_t value, uint32_t companion)
{
	uint32_t any = value != 0 ? value : companion;
	bool list = e->max > 1, is_list = json_type(w->json, any) == JSON_ARRAY;
	struct step at = { up, name, -1 };

	if (list != is_list || (value != 0 && companion != 0
	    && (json_type(w->json, companion) == JSON_ARRAY) != list)) {
		complain(w, up, name, any, FAULT_STRUCTURE, list ? "a list is expected here"
		    : "a single value is expected here");
		return 1;
	}
	if (list)
		return check_list(w, up, e, type, name, value, companion);
	if (value != 0)
		check_value(w, &at, e, type, value);
	if (companion != 0)
		check_companion(w, &at, companion);
	return 1;
}

/* Objects */

static uint32_t
companion_of(struct walk *w, uint32_t object, struct slice name)
{
	char text[128];

	if (name.len + 1 > sizeof text)
		return 0;
	text[0] = '_';
	memcpy(text + 1, name.ptr, name.len);
	return json_get(w->json, object, slice_make(text, name.len + 1));
}

static bool
may_have_companion(const struct element_type *t)
{
	return t->type != NULL && t->type->kind == TYPE_PRIMITIVE;
}

/* One member by its name, and what stands beside it.  `counts` is by element. */
static void
check_named(struct walk *w, const struct step *at, const struct type *type, uint32_t object,
    uint32_t name_node, uint32_t *counts)
{
	struct slice name = json_string(w->json, name_node, w->arena);
	bool companion = name.len > 1 && name.ptr[0] == '_';
	const struct element_type *which;
	const struct element *e = pack_member(w->pack, type,
	    companion ? slice_sub(name, 1, name.len) : name, &which);
	uint32_t value = name_node + 1, other = 0;

	if (e == NULL || (companion && !may_have_companion(which))) {
		complain(w, at, SLICE_NONE, name_node, FAULT_STRUCTURE, "an element that is not defined");
		return;
	}
	if (companion) {
		if (json_get(w->json, object, which->json_name) != 0)
			return;                 /* checked with its value */
		counts[e - type->elements] += check_member(w, at, e, which->type, which->json_name, 0, value);
		return;
	}
	if (may_have_companion(which))
		other = companion_of(w, object, which->json_name);
	if (counts[e - type->elements] > 0)
		complain(w, at, which->json_name, value, FAULT_STRUCTURE, "only one of a choice is possible");
	counts[e - type->elements] += check_member(w, at, e, which->type, which->json_name, value, other);
}

static void
check_counts(struct walk *w, const struct step *at, const struct type *type, uint32_t node,
    const uint32_t *counts)
{
	for (uint32_t i = 0; i < type->element_count; i++) {
		const struct element *e = &type->elements[i];

		if (counts[i] < e->min)
			complain(w, at, e->name, node, FAULT_REQUIRED, "");
		else if (counts[i] > e->max)
			complain(w, at, e->name, node, FAULT_STRUCTURE, "there are too many");
	}
}

static void
check_object(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	uint32_t counts[ELEMENTS_MAX] = { 0 };

	if (json_type(w->json, node) != JSON_OBJECT) {
		complain(w, at, SLICE_NONE, node, FAULT_STRUCTURE, "an object is expected here");
		return;
	}
	if (json_first(w->json, node) == 0) {
		complain(w, at, SLICE_NONE, node, FAULT_STRUCTURE, "an object is never empty");
		return;
	}
	if (type->element_count > ELEMENTS_MAX)
		return;
	for (uint32_t n = json_first(w->json, node); n != 0; n = json_next(w->json, node, n))
		if (type->kind != TYPE_RESOURCE || !json_is(w->json, n, SLICE("resourceType")))
			check_named(w, at, type, node, n, counts);
	check_counts(w, at, type, node, counts);
}

bool
validate_structure(const struct pack *pack, const struct type *type, const struct json *j,
    uint32_t node, const struct limits *limits, struct arena *arena, struct outcome *o)
{
	struct walk w = { .pack = pack, .json = j, .limits = limits, .arena = arena, .outcome = o };
	struct step root = { NULL, type->name, -1 };

	check_object(&w, &root, type, node);
	return w.issues == 0;
}
