/* structure.c -- the walk down a resource; see validate.h.
 *
 * One walk.  Where it stands is a chain of steps on the C stack, so that a path
 * is only written when there is something to complain about; the depth of the
 * chain is bounded by the JSON parser. */
#include "validate/walk.h"

#include "base/buf.h"
#include "fhir/datatype.h"

#define ISSUES_MAX   50         /* errors; and as many lesser issues */
#define ELEMENTS_MAX 128        /* no R4 type has more */

static void
write_path(struct buf *b, const struct step *at)
{
	if (at->up != NULL) {
		write_path(b, at->up);
		buf_add_char(b, '.');
	}
	buf_add(b, at->name);
	if (at->chosen != NULL)
		buf_printf(b, ".ofType(%.*s)", SLICE_FMT(at->chosen->name));
	if (at->index >= 0)
		buf_printf(b, "[%lld]", (long long)at->index);
}

static const struct {
	const char *id;
	enum fault  fault;
	struct slice text;
} messages[MESSAGE_COUNT] = {
#define X(id, fault, text) { #id, FAULT_##fault, SLICE_INIT(text) },
	MESSAGES(X)
#undef X
};

static struct slice
sentence(struct walk *w, struct slice text, struct slice name)
{
	size_t mark = slice_find(text, '%');
	struct buf b;

	if (mark == text.len)
		return text;
	buf_init(&b, w->arena, 8192);
	buf_add(&b, slice_sub(text, 0, mark));
	buf_add(&b, name);
	buf_add(&b, slice_sub(text, mark + 1, text.len));
	return buf_slice(&b);
}

/* The walk goes forward: counting goes on where it ended last. */
static struct place
place_in(struct walk *w, uint32_t node)
{
	size_t at = w->json->nodes[node].at - (json_type(w->json, node) == JSON_STRING);
	struct place here;

	if (w->place.line == 0 || at < w->place_at)
		w->place = place_of(w->json->text, at);
	else {
		here = place_of(slice_sub(w->json->text, w->place_at, w->json->text.len), at - w->place_at);
		if (here.line == 1)
			here.column += w->place.column - 1;
		here.line += w->place.line - 1;
		w->place = here;
	}
	w->place_at = at;
	return w->place;
}

/* `name` is out of a definition, or empty. */
void
complain(struct walk *w, const struct step *at, uint32_t node, enum message m, struct slice name)
{
	bool error = faults[messages[m].fault].status >= 400;
	int *count = error ? &w->issues : &w->notes;
	struct place place;
	struct buf b;

	if ((*count)++ >= ISSUES_MAX || w->quiet > 0)
		return;
	place = place_in(w, node == ITEM_ABSENT ? 0 : node);
	buf_init(&b, w->arena, 4096);
	write_path(&b, at);
	place.path = buf_slice(&b);
	outcome_issue(w->outcome, messages[m].fault, messages[m].id, place,
	    sentence(w, messages[m].text, name));
}

struct slice
walk_text(struct walk *w, uint32_t object, struct slice name)
{
	uint32_t node = json_get(w->json, object, name);

	return node == 0 || json_type(w->json, node) != JSON_STRING ? SLICE_NONE
	    : json_string(w->json, node, w->arena);
}

static void check_object(struct walk *, const struct step *, const struct type *, uint32_t node);

/* Resource types that have rules in prose. */
static const struct {
	const char *type;
	void (*check)(struct walk *, const struct step *, uint32_t node);
} about[] = {
	{ "Bundle", check_bundle }, { "Observation", check_vital_signs },
	{ "ValueSet", check_value_set }, { "ConceptMap", check_concept_map }, { "CodeSystem", check_code_system },
	{ "Questionnaire", check_questionnaire }, { "CapabilityStatement", check_capabilities },
	{ "SearchParameter", check_search_param },
	{ "QuestionnaireResponse", check_questionnaire_response },
	{ "StructureDefinition", check_structure_definition },
};

/* A resource and what is about it as a whole. */
static void
check_resource_of(struct walk *w, struct step *at, const struct type *type, uint32_t node)
{
	struct item resource = w->resource, root = w->root;
	uint32_t bundle = w->bundle;
	struct names *entries = w->entries;
	struct value v = { .node = node, .type = type, .index = -1 };

	w->resource = fhirpath_node(w->json, node, type);
	if (w->contained == 0)
		w->root = w->resource;
	if (w->validator != NULL && slice_is(type->name, "Bundle")) {
		w->bundle = node;
		index_entries(w, node);
	}
	at->type = type;
	check_object(w, at, type, node);
	if (w->validator != NULL && json_type(w->json, node) == JSON_OBJECT) {
		check_constraints(w, at, type->constraints, type->constraint_count, &v);
		check_contained_use(w, at, node);
		for (size_t i = 0; i < COUNT_OF(about); i++)
			if (slice_is(type->name, about[i].type))
				about[i].check(w, at, node);
		check_canonical_url(w, at, node);
		check_profiles(w, at, type, node);
	}
	w->resource = resource;
	w->root = root;
	w->bundle = bundle;
	w->entries = entries;
}

/* Resources inside resources: the type is what resourceType says. */
static void
check_resource(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t name = json_type(w->json, node) == JSON_OBJECT
	    ? json_get(w->json, node, SLICE("resourceType")) : 0;
	const struct type *type = name == 0 ? NULL
	    : pack_resource(w->pack, json_string(w->json, name, w->arena));
	struct step here = *at;

	if (type == NULL)
		complain(w, at, node, MESSAGE_not_a_resource, SLICE_NONE);
	else
		check_resource_of(w, &here, type, node);
}

static void
check_contained(struct walk *w, const struct step *at, uint32_t node)
{
	if (w->contained > 0) {
		complain(w, at, node, MESSAGE_contained_nested, SLICE_NONE);
		return;
	}
	w->contained++;
	check_resource(w, at, node);
	w->contained--;
}

/* Values */

static void
check_primitive(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	enum json_type json = json_type(w->json, node);
	struct slice text = json == JSON_STRING ? json_string(w->json, node, w->arena)
	    : json_raw(w->json, node);

	if (json >= JSON_ARRAY || json == JSON_NULL)
		complain(w, at, node, MESSAGE_primitive_expected, type->name);
	else if (!datatype_check(type, json, text, w->limits))
		complain(w, at, node, slice_is(type->name, "base64Binary") ? MESSAGE_primitive_base64
		    : MESSAGE_primitive_value, type->name);
	else if (w->validator != NULL && !w->how->narratives_elsewhere && slice_is(type->name, "xhtml"))
		check_narrative(w, at, node, text);
}

/* What changes the meaning of all around it, and nobody said that it is understood. */
static bool
must_understand(struct walk *w, const struct element *e, uint32_t node)
{
	struct slice url;

	if (!slice_is(e->name, "modifierExtension"))
		return slice_is(e->name, "implicitRules");
	url = json_type(w->json, node) == JSON_OBJECT ? walk_text(w, node, SLICE("url")) : SLICE_NONE;
	for (size_t i = 0; i < w->how->understood_count; i++)
		if (slice_eq(url, w->how->understood[i]))
			return false;
	return true;
}

/* What only some data types need. */
static void
check_special(struct walk *w, const struct step *at, const struct element *e,
    const struct element_type *which, uint32_t node)
{
	check_data_type *check;

	if (w->validator == NULL || json_type(w->json, node) != JSON_OBJECT)
		return;
	check = w->validator->data_types[which->type->number];
	if (check != NULL)
		check(w, at, e, which, node);
}

static void
special_extension(struct walk *w, const struct step *at, const struct element *e,
    const struct element_type *which UNUSED, uint32_t node)
{
	check_extension(w, at, e, node);
}

static void
special_reference(struct walk *w, const struct step *at, const struct element *e UNUSED,
    const struct element_type *which, uint32_t node)
{
	check_reference(w, at, which, node);
}

#define SPECIAL(name)                                                                         \
	static void                                                                           \
	special_##name(struct walk *w, const struct step *at, const struct element *e UNUSED, \
	    const struct element_type *which UNUSED, uint32_t node)                           \
	{                                                                                     \
		check_##name(w, at, node);                                                    \
	}
SPECIAL(coding)
SPECIAL(attachment)
SPECIAL(identifier)
SPECIAL(expression)

static const struct {
	const char *type;
	check_data_type *check;
} specials[] = {
	{ "Extension", special_extension }, { "Reference", special_reference },
	{ "Coding", special_coding }, { "Attachment", special_attachment },
	{ "Identifier", special_identifier }, { "Expression", special_expression },
};

check_data_type **
index_data_types(const struct pack *pack, struct arena *arena)
{
	check_data_type **of = arena_array(arena, pack_type_count(pack) + 1, sizeof *of);

	for (size_t i = 0; i < COUNT_OF(specials); i++) {
		const struct type *type = pack_type(pack, slice_of(specials[i].type));

		if (type != NULL)
			of[type->number] = specials[i].check;
	}
	return of;
}

static bool
says_absent(struct walk *w, uint32_t companion)
{
	uint32_t list = json_type(w->json, companion) != JSON_OBJECT ? 0
	    : json_get(w->json, companion, SLICE("extension"));

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return false;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (json_type(w->json, n) == JSON_OBJECT && slice_is(walk_text(w, n, SLICE("url")),
		    "http://hl7.org/fhir/StructureDefinition/data-absent-reason"))
			return true;
	return false;
}

/* A reason why there is no code is none of a set that the code must be of. */
static void
check_absent(struct walk *w, const struct step *at, const struct element *e,
    const struct element_type *which, uint32_t companion)
{
	if (w->validator != NULL && e->binding_strength == BINDING_REQUIRED && e->binding != NULL
	    && e->binding->complete && slice_is(which->type->name, "code") && says_absent(w, companion))
		complain(w, at, companion, MESSAGE_code_absent, e->binding->url);
}

static void
check_value(struct walk *w, const struct step *at, const struct element *e,
    const struct element_type *which, uint32_t node, uint32_t sibling)
{
	const struct type *type = which->type;
	struct value v = { node, sibling, type, e, which->json_name, at->index };

	if (w->how->understand && must_understand(w, e, node)) {
		complain(w, at, node, MESSAGE_must_understand, e->name);
		return;
	}
	if (type == NULL) {
		complain(w, at, node, MESSAGE_no_type, SLICE_NONE);
		return;
	}
	if (type->kind == TYPE_RESOURCE) {
		(slice_is(e->name, "contained") ? check_contained : check_resource)(w, at, node);
		return;
	}
	if (type->kind == TYPE_PRIMITIVE)
		check_primitive(w, at, type, node);
	else
		check_object(w, at, type, node);
	check_special(w, at, e, which, node);
	check_binding(w, at, e->binding, e->binding_strength, type, node);
	check_constraints(w, at, e->constraints, e->constraint_count, &v);
	check_constraints(w, at, type->constraints, type->constraint_count, &v);
}

/* A "_name" companion: id and extensions of a primitive. */
static void
check_companion(struct walk *w, const struct step *at, uint32_t node, bool alone)
{
	const struct type *element = pack_type(w->pack, SLICE("Element"));

	if (json_type(w->json, node) == JSON_OBJECT && element != NULL) {
		check_object(w, at, element, node);
		if (alone && json_get(w->json, node, SLICE("extension")) == 0)
			complain(w, at, node, MESSAGE_only_id, SLICE_NONE);
	} else
		complain(w, at, node, MESSAGE_companion_object, SLICE_NONE);
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
check_list(struct walk *w, const struct step *first, const struct element *e,
    const struct element_type *which, uint32_t values, uint32_t companions)
{
	uint32_t a = item_after(w->json, values, 0), b = item_after(w->json, companions, 0);
	struct step at = *first;

	if (a == 0 && b == 0)
		complain(w, first, values != 0 ? values : companions, MESSAGE_list_empty, SLICE_NONE);
	for (at.index = 0; a != 0 || b != 0; at.index++) {
		bool no_value = is_null(w->json, a), no_companion = is_null(w->json, b);

		if (no_value && no_companion)
			complain(w, &at, a != 0 ? a : b, MESSAGE_null_alone, SLICE_NONE);
		at.node = a;
		if (!no_value)
			check_value(w, &at, e, which, a, no_companion ? 0 : b);
		if (!no_companion)
			check_companion(w, &at, b, no_value);
		if (!no_companion && no_value)
			check_absent(w, &at, e, which, b);
		a = a == 0 ? 0 : item_after(w->json, values, a);
		b = b == 0 ? 0 : item_after(w->json, companions, b);
	}
	if ((size_t)at.index > w->limits->of[LIMIT_ARRAY_ITEMS] && w->contained == 0
	    && !slice_is(first->up->name, "Bundle"))
		complain(w, first, values, MESSAGE_list_too_long, SLICE_NONE);
	return (uint32_t)at.index;
}

static uint32_t
check_member(struct walk *w, const struct step *up, const struct element *e,
    const struct element_type *which, uint32_t value, uint32_t companion)
{
	uint32_t any = value != 0 ? value : companion;
	bool list = e->max > 1, is_list = json_type(w->json, any) == JSON_ARRAY;
	struct step at = { up, e->name, -1, e->choice ? which->type : NULL, which->type, e, value };

	if (list != is_list || (value != 0 && companion != 0
	    && (json_type(w->json, companion) == JSON_ARRAY) != list)) {
		complain(w, &at, any, list ? MESSAGE_list_expected : MESSAGE_single_expected, SLICE_NONE);
		return 1;
	}
	if (list)
		return check_list(w, &at, e, which, value, companion);
	if (value != 0)
		check_value(w, &at, e, which, value, companion);
	if (companion != 0)
		check_companion(w, &at, companion, value == 0);
	if (companion != 0 && value == 0)
		check_absent(w, &at, e, which, companion);
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
	uint32_t value = name_node + 1, other = 0, *count;

	if (e == NULL || (companion && !may_have_companion(which))) {
		complain(w, at, name_node, MESSAGE_element_unknown, SLICE_NONE);
		return;
	}
	count = &counts[e - type->elements];
	if (companion) {
		if (json_get(w->json, object, which->json_name) == 0)
			*count += check_member(w, at, e, which, 0, value);
		return;                         /* else checked with its value */
	}
	if (may_have_companion(which))
		other = companion_of(w, object, which->json_name);
	if (*count > 0)
		complain(w, at, value, MESSAGE_choice_twice, SLICE_NONE);
	*count += check_member(w, at, e, which, value, other);
}

static void
check_counts(struct walk *w, const struct step *at, const struct type *type, uint32_t node,
    const uint32_t *counts)
{
	for (uint32_t i = 0; i < type->element_count; i++) {
		const struct element *e = &type->elements[i];

		if (counts[i] < e->min)
			complain(w, at, node, MESSAGE_required, e->name);
		else if (counts[i] > e->max)
			complain(w, at, node, MESSAGE_too_many, e->name);
	}
}

static void
check_object(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	uint32_t counts[ELEMENTS_MAX] = { 0 }, first;

	if (json_type(w->json, node) != JSON_OBJECT) {
		complain(w, at, node, MESSAGE_object_expected, SLICE_NONE);
		return;
	}
	if ((first = json_first(w->json, node)) == 0) {
		complain(w, at, node, MESSAGE_object_empty, SLICE_NONE);
		return;
	}
	if (type->kind != TYPE_RESOURCE && json_next(w->json, node, first) == 0
	    && json_is(w->json, first, SLICE("id")) && !slice_is(type->name, "Element"))
		complain(w, at, node, MESSAGE_only_id, SLICE_NONE);
	if (type->element_count > ELEMENTS_MAX)
		return;
	for (uint32_t n = first; n != 0; n = json_next(w->json, node, n))
		if (type->kind != TYPE_RESOURCE || !json_is(w->json, n, SLICE("resourceType")))
			check_named(w, at, type, node, n, counts);
	check_counts(w, at, type, node, counts);
}

/* The ends of the walk */

static bool
run(struct walk *w, const struct type *type, uint32_t node)
{
	struct step root = { NULL, type->name, -1, NULL, type, NULL, node };

	check_resource_of(w, &root, type, node);
	if (w->profile_steps > w->limits->of[LIMIT_PROFILE_STEPS])
		complain(w, &root, node, MESSAGE_profile_costly, SLICE_NONE);
	if (w->issues > ISSUES_MAX)
		outcome_issue(w->outcome, FAULT_STRUCTURE, messages[MESSAGE_too_many_issues].id, NOWHERE,
		    messages[MESSAGE_too_many_issues].text);
	return w->issues == 0;
}

bool
validate_structure(const struct pack *pack, const struct type *type, const struct json *j,
    uint32_t node, const struct limits *limits, struct arena *arena, struct outcome *o)
{
	static const struct validation strict = { .understand = true };
	struct walk w = { .how = &strict, .pack = pack, .json = j, .limits = limits, .arena = arena,
		.outcome = o, .bundle = ITEM_ABSENT };

	return run(&w, type, node);
}

bool
validate_resource(const struct validator *v, const struct validation *how, const struct type *type,
    const struct json *j, uint32_t node, struct arena *arena, struct outcome *o)
{
	struct walk w = { .validator = v, .how = how, .pack = v->pack, .json = j,
		.limits = v->limits, .arena = arena, .outcome = o, .bundle = ITEM_ABSENT };
	bool good;

	w.scratch = arena_new(1 << 14);
	good = run(&w, type, node);
	arena_free(w.scratch);
	return good;
}
