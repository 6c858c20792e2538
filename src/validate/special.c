/* special.c -- rules that R4 gives in prose: vital signs (observation-vitalsigns.html),
 * Attachment.size, the codes that a ValueSet lists. */
#include "validate/walk.h"

#include "fhir/datatype.h"
#include "fhir/names.h"

#define CORE "http://hl7.org/fhir/StructureDefinition/"

static const struct {
	struct slice loinc, snomed, profile;
} vital_signs[] = {
	{ SLICE_INIT("85353-1"), SLICE_INIT(""),          SLICE_INIT(CORE "vitalspanel") },
	{ SLICE_INIT("9279-1"),  SLICE_INIT("86290005"),  SLICE_INIT(CORE "resprate") },
	{ SLICE_INIT("8867-4"),  SLICE_INIT("364075005"), SLICE_INIT(CORE "heartrate") },
	{ SLICE_INIT("2708-6"),  SLICE_INIT("103228002"), SLICE_INIT(CORE "oxygensat") },
	{ SLICE_INIT("8310-5"),  SLICE_INIT("276885007"), SLICE_INIT(CORE "bodytemp") },
	{ SLICE_INIT("8302-2"),  SLICE_INIT("50373000"),  SLICE_INIT(CORE "bodyheight") },
	{ SLICE_INIT("9843-4"),  SLICE_INIT("363812007"), SLICE_INIT(CORE "headcircum") },
	{ SLICE_INIT("29463-7"), SLICE_INIT("27113001"),  SLICE_INIT(CORE "bodyweight") },
	{ SLICE_INIT("39156-5"), SLICE_INIT("60621009"),  SLICE_INIT(CORE "bmi") },
	{ SLICE_INIT("85354-9"), SLICE_INIT("75367002"),  SLICE_INIT(CORE "bp") },
};

static const struct profile *
profile_for(struct walk *w, uint32_t coding)
{
	struct slice system, code;

	if (json_type(w->json, coding) != JSON_OBJECT)
		return NULL;
	system = walk_text(w, coding, SLICE("system"));
	code = walk_text(w, coding, SLICE("code"));
	for (size_t i = 0; i < COUNT_OF(vital_signs); i++)
		if ((slice_is(system, "http://loinc.org") && slice_eq(code, vital_signs[i].loinc))
		    || (slice_is(system, "http://snomed.info/sct") && slice_eq(code, vital_signs[i].snomed)))
			return pack_profile(w->pack, vital_signs[i].profile);
	return NULL;
}

static bool
is_list(struct walk *w, uint32_t node)
{
	return node != 0 && json_type(w->json, node) == JSON_ARRAY;
}

/* "If implementations use this code, they SHALL conform to the profile." */
void
check_vital_signs(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_path(w->json, node, "code.coding");
	struct value v = { .node = node, .type = at->type, .index = -1 };

	if (!w->how->codes || !is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		const struct profile *p = profile_for(w, n);

		if (p != NULL) {
			check_profile(w, at, p, &v);
			return;
		}
	}
}

static size_t
decoded_size(struct slice text)
{
	size_t chars = 0;

	for (size_t i = 0; i < text.len; i++)
		chars += memchr(" \t\r\n=", text.ptr[i], 5) == NULL;
	return chars / 4 * 3 + (chars % 4 == 0 ? 0 : chars % 4 - 1);
}

void
check_attachment(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t size = json_get(w->json, node, SLICE("size"));
	struct slice data = walk_text(w, node, SLICE("data"));
	uint64_t said;

	if (size != 0 && data.len > 0 && slice_uint(json_raw(w->json, size), &said)
	    && said != decoded_size(data))
		complain(w, at, size, MESSAGE_attachment_size, SLICE_NONE);
}

static void
check_listed_codes(struct walk *w, const struct step *include, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("concept"));
	struct slice system = walk_text(w, node, SLICE("system"));
	struct step at = { include, SLICE("concept"), 0, NULL, NULL, NULL, 0 };

	if (system.len > 0 && slice_find(system, ':') == system.len)
		complain(w, include, node, MESSAGE_coding_system, SLICE_NONE);
	if (!is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		struct slice code = json_type(w->json, n) == JSON_OBJECT ? walk_text(w, n, SLICE("code"))
		    : SLICE_NONE;

		if (!code_has_form(system, code))
			complain(w, &at, n, MESSAGE_code_form, SLICE_NONE);
		else if (!system_may_have(w, system, code))
			complain(w, &at, n, MESSAGE_code_unknown, system);
		at.index++;
	}
}

/* The operations on "concept" (and "code") whose value is a code of the system. */
static bool
is_about_code(struct slice property, struct slice op)
{
	static const char *const ops[] = { "is-a", "descendent-of", "is-not-a", "generalizes" };

	for (size_t i = 0; i < COUNT_OF(ops); i++)
		if (slice_is(op, ops[i]))
			return true;
	return slice_is(property, "concept") && slice_is(op, "=");
}

/* "system#code", as a filter names the value of a property that is a Coding. */
static bool
names_coding(struct walk *w, struct slice value)
{
	struct slice code = value, system = slice_cut(&code, '#');

	return code.len > 0 && system_may_have(w, slice_cut(&system, '|'), code);
}

static bool
filter_fits(struct walk *w, struct slice system, uint32_t filter)
{
	struct slice property = walk_text(w, filter, SLICE("property")), op = walk_text(w, filter, SLICE("op"));
	struct slice value = walk_text(w, filter, SLICE("value"));
	struct slice type = property_type(w, system, property);

	if (value.len == 0)
		return true;
	if (is_about_code(property, op))
		return code_has_form(system, value) && system_may_have(w, system, value);
	if (!slice_is(op, "="))
		return true;
	if (slice_is(type, "boolean"))
		return slice_is(value, "true") || slice_is(value, "false");
	if (slice_is(type, "code"))
		return system_may_have(w, system, value);
	return !slice_is(type, "Coding") || names_coding(w, value);
}

static void
check_filters(struct walk *w, const struct step *include, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("filter"));
	struct step at = { include, SLICE("filter"), 0, NULL, NULL, NULL, 0 };

	if (!is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT && !filter_fits(w, walk_text(w, node, SLICE("system")), n))
			complain(w, &at, n, MESSAGE_filter_value, SLICE_NONE);
		at.index++;
	}
}

void
check_value_set(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_path(w->json, node, "compose.include");
	struct step compose = { at, SLICE("compose"), -1, NULL, NULL, NULL, 0 };
	struct step include = { &compose, SLICE("include"), 0, NULL, NULL, NULL, 0 };

	if (!is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT) {
			check_listed_codes(w, &include, n);
			check_filters(w, &include, n);
		}
		include.index++;
	}
}

/* Codes that a ConceptMap maps are of the system of their group, and those it maps from of the
 * value set that it is for (conceptmap.html). */
static void
check_mapped(struct walk *w, const struct step *up, const char *name, uint32_t list, struct slice system, struct slice set)
{
	struct step at = { up, slice_of(name), 0, NULL, NULL, NULL, 0 };
	struct step at_code = { &at, SLICE("code"), -1, NULL, NULL, NULL, 0 };

	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n), at.index++) {
		struct slice code = json_type(w->json, n) == JSON_OBJECT ? walk_text(w, n, SLICE("code")) : SLICE_NONE;

		if (code.len > 0 && (!system_may_have(w, system, code)
		    || (set.len > 0 && !set_may_have(w, set, system, code))))
			complain(w, &at_code, json_get(w->json, n, SLICE("code")), MESSAGE_map_code, SLICE_NONE);
	}
}

static void
check_map_group(struct walk *w, const struct step *at, uint32_t group, struct slice set)
{
	uint32_t list = json_get(w->json, group, SLICE("element"));
	struct step element = { at, SLICE("element"), 0, NULL, NULL, NULL, 0 };

	check_mapped(w, at, "element", list, walk_text(w, group, SLICE("source")), set);
	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n), element.index++)
		if (json_type(w->json, n) == JSON_OBJECT)
			check_mapped(w, &element, "target", json_get(w->json, n, SLICE("target")),
			    walk_text(w, group, SLICE("target")), SLICE_NONE);
}

void
check_concept_map(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("group"));
	struct slice set = walk_text(w, node, SLICE("sourceCanonical"));
	struct step group = { at, SLICE("group"), 0, NULL, NULL, NULL, 0 };

	if (set.len == 0)
		set = walk_text(w, node, SLICE("sourceUri"));
	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n), group.index++)
		if (json_type(w->json, n) == JSON_OBJECT)
			check_map_group(w, &group, n, set);
}

/* "urn:ietf:rfc:3986": the value is a URI (datatypes.html#Identifier).  Not on writes:
 * much data that is there has bare OIDs. */
void
check_identifier(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice value = walk_text(w, node, SLICE("value"));

	if (!datatype_text_is_plain(value) || !datatype_text_is_of_one_script(value))
		complain(w, at, json_get(w->json, node, SLICE("value")), MESSAGE_identifier_text, SLICE_NONE);
	if (w->how->codes && value.len > 0 && slice_is(walk_text(w, node, SLICE("system")), "urn:ietf:rfc:3986")
	    && !datatype_uri_is_absolute(value))
		complain(w, at, json_get(w->json, node, SLICE("value")), MESSAGE_identifier_uri, SLICE_NONE);
}

/* Syntax only: what it is evaluated over, and with which functions beside those of
 * FHIRPath, is not known here. */
void
check_expression(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice text = walk_text(w, node, SLICE("expression"));
	struct outcome o;

	if (text.len == 0 || !slice_is(walk_text(w, node, SLICE("language")), "text/fhirpath"))
		return;
	outcome_init(&o, w->scratch);
	if (fhirpath_compile(w->pack, text, NULL, w->limits, w->scratch, &o) == NULL
	    && (o.first == NULL || !slice_is(o.first->detail, FHIRPATH_NO_FUNCTION)))
		complain(w, at, json_get(w->json, node, SLICE("expression")), MESSAGE_expression_syntax,
		    SLICE_NONE);
}

/* What others refer to by its url: a definition, which has a status. */
void
check_canonical_url(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice url = walk_text(w, node, SLICE("url"));
	const struct element *e = at->type == NULL ? NULL : type_element(at->type, SLICE("url"));
	struct step here = { at, SLICE("url"), -1, NULL, NULL, NULL, 0 };

	if (url.len > 0 && slice_find(url, ':') == url.len && e != NULL && e->type_count == 1
	    && slice_is(e->types[0].type->name, "uri") && type_element(at->type, SLICE("status")) != NULL)
		complain(w, &here, json_get(w->json, node, SLICE("url")), MESSAGE_canonical_url, SLICE_NONE);
}

/* CodeSystem: properties are declared once and used as declared. */

struct properties {
	uint32_t list;                  /* CodeSystem.property */
	size_t   budget;                /* comparisons left */
};

static uint32_t
declared(struct walk *w, struct properties *p, struct slice code)
{
	for (uint32_t n = json_first(w->json, p->list); n != 0 && p->budget-- > 0;
	    n = json_next(w->json, p->list, n))
		if (json_type(w->json, n) == JSON_OBJECT && slice_eq(walk_text(w, n, SLICE("code")), code))
			return n;
	return 0;
}

static void
check_declarations(struct walk *w, const struct step *at, struct properties *p)
{
	struct step here = { at, SLICE("property"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = json_first(w->json, p->list); n != 0; n = json_next(w->json, p->list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT && p->budget > 0
		    && declared(w, p, walk_text(w, n, SLICE("code"))) != n && p->budget > 0)
			complain(w, &here, n, MESSAGE_property_twice, SLICE_NONE);
		here.index++;
	}
}

/* "valueCode" is of the property type "code". */
static bool
has_type(struct walk *w, uint32_t property, struct slice type)
{
	for (uint32_t n = json_first(w->json, property); n != 0; n = json_next(w->json, property, n)) {
		struct slice name = json_raw(w->json, n);

		if (slice_starts(name, SLICE("value")))
			return slice_eq_nocase(slice_sub(name, 5, name.len), type);
	}
	return true;
}

static void
check_used(struct walk *w, const struct step *concept, struct properties *p, uint32_t list)
{
	struct step here = { concept, SLICE("property"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		uint32_t d = json_type(w->json, n) != JSON_OBJECT ? 0
		    : declared(w, p, walk_text(w, n, SLICE("code")));

		if (d != 0 && !has_type(w, n, walk_text(w, d, SLICE("type"))))
			complain(w, &here, n, MESSAGE_property_type, SLICE_NONE);
		here.index++;
	}
}

static void
check_concepts(struct walk *w, const struct step *at, struct properties *p, uint32_t list)
{
	struct step here = { at, SLICE("concept"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT) {
			uint32_t used = json_get(w->json, n, SLICE("property"));

			if (is_list(w, used))
				check_used(w, &here, p, used);
			check_concepts(w, &here, p, json_get(w->json, n, SLICE("concept")));
		}
		here.index++;
	}
}

void
check_code_system(struct walk *w, const struct step *at, uint32_t node)
{
	struct properties p = { json_get(w->json, node, SLICE("property")),
		w->limits->of[LIMIT_FHIRPATH_STEPS] };
	struct step content = { at, SLICE("content"), -1, NULL, NULL, NULL, 0 };
	struct step concept = { at, SLICE("concept"), 0, NULL, NULL, NULL, 0 };

	if (json_get(w->json, node, SLICE("supplements")) != 0
	    && !slice_is(walk_text(w, node, SLICE("content")), "supplement"))
		complain(w, &content, json_get(w->json, node, SLICE("content")), MESSAGE_supplement, SLICE_NONE);
	if (slice_is(walk_text(w, node, SLICE("content")), "not-present")
	    && is_list(w, json_get(w->json, node, SLICE("concept"))))
		complain(w, &concept, json_get(w->json, node, SLICE("concept")), MESSAGE_concept_content,
		    SLICE_NONE);
	if (!is_list(w, p.list))
		return;
	check_declarations(w, at, &p);
	check_concepts(w, at, &p, json_get(w->json, node, SLICE("concept")));
}

/* Questionnaire.item.enableWhen */

static bool
asks_itself_or_nothing(struct walk *w, const struct names *links, uint32_t item, uint32_t when)
{
	struct slice question = json_type(w->json, when) != JSON_OBJECT ? SLICE_NONE
	    : walk_text(w, when, SLICE("question"));

	return question.len > 0 && (slice_eq(question, walk_text(w, item, SLICE("linkId")))
	    || names_find(links, question) == NAME_UNKNOWN);
}

/* Of an item that it would show or hide itself. */
static bool
asks_inside(struct walk *w, const struct names *links, uint32_t item, uint32_t when)
{
	uint32_t asked = json_type(w->json, when) != JSON_OBJECT ? NAME_UNKNOWN
	    : names_find(links, walk_text(w, when, SLICE("question")));

	return asked != NAME_UNKNOWN && asked > item && asked < w->json->nodes[item].next;
}

static void
check_enable_when(struct walk *w, const struct step *at, const struct names *links, uint32_t item)
{
	uint32_t list = json_get(w->json, item, SLICE("enableWhen"));

	if (!is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (asks_itself_or_nothing(w, links, item, n))
			complain(w, at, n, MESSAGE_enable_question, SLICE_NONE);
		else if (asks_inside(w, links, item, n))
			complain(w, at, n, MESSAGE_enable_inside, SLICE_NONE);
}

static void
collect_links(struct walk *w, struct names *links, uint32_t list)
{
	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) != JSON_OBJECT)
			continue;
		names_add(links, walk_text(w, n, SLICE("linkId")), n);
		collect_links(w, links, json_get(w->json, n, SLICE("item")));
	}
}

static void
check_items(struct walk *w, const struct step *at, const struct names *links, uint32_t list)
{
	struct step here = { at, SLICE("item"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT) {
			check_enable_when(w, &here, links, n);
			check_items(w, &here, links, json_get(w->json, n, SLICE("item")));
		}
		here.index++;
	}
}

void
check_questionnaire(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("item"));
	struct names links;

	names_init_keyed(&links, w->arena, 64);
	collect_links(w, &links, list);
	check_items(w, at, &links, list);
}

/* Search parameters against those of R4 that they are, or are derived from */

static const struct slice search_kinds[] = { SLICE_INIT("number"), SLICE_INIT("date"),
	SLICE_INIT("string"), SLICE_INIT("token"), SLICE_INIT("reference"), SLICE_INIT("composite"),
	SLICE_INIT("quantity"), SLICE_INIT("uri"), SLICE_INIT("special") };

/* On a resource type, or on any when that is NULL. */
static const struct search_param *
param_by_url(struct walk *w, struct slice url, const struct type *on)
{
	for (uint32_t i = 0; url.len > 0 && i < pack_param_count(w->pack); i++) {
		const struct search_param *p = pack_param_at(w->pack, i);

		if (slice_eq(p->url, url) && (on == NULL || type_is(p->on, on)))
			return p;
	}
	return NULL;
}

static void
check_param_use(struct walk *w, const struct step *at, const struct type *on, uint32_t node)
{
	const struct search_param *p = on == NULL ? NULL
	    : pack_param(w->pack, on, walk_text(w, node, SLICE("name")));
	struct slice type = walk_text(w, node, SLICE("type"));

	if (p != NULL && slice_eq(p->url, walk_text(w, node, SLICE("definition"))) && type.len > 0
	    && !slice_eq(type, search_kinds[p->kind]))
		complain(w, at, node, MESSAGE_param_type, SLICE_NONE);
}

static void
check_resource_params(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("searchParam"));
	struct step here = { at, SLICE("searchParam"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT)
			check_param_use(w, &here, pack_resource(w->pack, walk_text(w, node, SLICE("type"))), n);
		here.index++;
	}
}

static void
check_rest(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("resource"));
	struct step here = { at, SLICE("resource"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT)
			check_resource_params(w, &here, n);
		here.index++;
	}
}

void
check_capabilities(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("rest"));
	struct step here = { at, SLICE("rest"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT)
			check_rest(w, &here, n);
		here.index++;
	}
}

void
check_search_param(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice from = walk_text(w, node, SLICE("derivedFrom"));
	const struct search_param *p = param_by_url(w, from, NULL);
	uint32_t list = json_get(w->json, node, SLICE("base"));

	if (slice_is(walk_text(w, node, SLICE("type")), "composite")
	    && json_get(w->json, node, SLICE("component")) == 0)
		complain(w, at, node, MESSAGE_param_components, SLICE_NONE);
	if (p == NULL)
		return;
	if (!slice_eq(walk_text(w, node, SLICE("type")), search_kinds[p->kind]))
		complain(w, at, json_get(w->json, node, SLICE("type")), MESSAGE_param_type, SLICE_NONE);
	for (uint32_t n = is_list(w, list) ? json_first(w->json, list) : 0; n != 0;
	    n = json_next(w->json, list, n)) {
		const struct type *base = json_type(w->json, n) != JSON_STRING ? NULL
		    : pack_type(w->pack, json_string(w->json, n, w->arena));

		if (base != NULL && param_by_url(w, from, base) == NULL)
			complain(w, at, n, MESSAGE_param_base, SLICE_NONE);
	}
}
