/* special.c -- rules that R4 gives in prose: vital signs (observation-vitalsigns.html),
 * Attachment.size, the codes that a ValueSet lists. */
#include "validate/walk.h"

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

	if (!is_list(w, list))
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
	const struct value_set *all = system.len == 0 ? NULL : pack_value_set(w->pack, system);
	struct step at = { include, SLICE("concept"), 0, NULL, NULL, NULL };

	if (all == NULL || !all->complete || !is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		struct slice code = json_type(w->json, n) == JSON_OBJECT ? walk_text(w, n, SLICE("code"))
		    : SLICE_NONE;

		if (code.len > 0 && !value_set_has(w->pack, all, system, code))
			complain(w, &at, n, MESSAGE_code_unknown, all->url);
		at.index++;
	}
}

void
check_value_set(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_path(w->json, node, "compose.include");
	struct step compose = { at, SLICE("compose"), -1, NULL, NULL, NULL };
	struct step include = { &compose, SLICE("include"), 0, NULL, NULL, NULL };

	if (!is_list(w, list))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT)
			check_listed_codes(w, &include, n);
		include.index++;
	}
}
