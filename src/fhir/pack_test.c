/* Facts of FHIR R4 as the pack tells them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "fhir/pack.h"

static struct arena *arena;
static struct pack *pack;

static int
open_pack(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(4096);
	outcome_init(&o, arena);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	if (pack == NULL)
		print_error("build/fhir-r4.pack is missing: ./run --build-only makes it\n");
	return pack == NULL;
}

static int
close_pack(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

static void
all_resource_types_are_there(void **state UNUSED)
{
	int concrete = 0;

	for (uint32_t i = 0; i < pack_type_count(pack); i++)
		concrete += pack_type_at(pack, i)->kind == TYPE_RESOURCE && !pack_type_at(pack, i)->abstract;
	assert_int_equal(concrete, 146);        /* R4 resourcelist.html */
	assert_null(pack_resource(pack, SLICE("DomainResource")));
	assert_null(pack_resource(pack, SLICE("HumanName")));
	assert_null(pack_resource(pack, SLICE("Nonsense")));
	assert_true(slice_is(pack_fhir_version(pack), "4.0.1"));
}

static const struct {
	const char *type, *element;
	uint32_t min, max, types;
	const char *json_name, *first_type;
} elements[] = {
	{ "Patient",     "id",             0, 1,          1,  "id",             "id" },
	{ "Patient",     "name",           0, UINT32_MAX, 1,  "name",           "HumanName" },
	{ "Patient",     "contact",        0, UINT32_MAX, 1,  "contact",        "Patient.contact" },
	{ "Patient",     "deceased",       0, 1,          2,  "deceasedBoolean","boolean" },
	{ "Observation", "status",         1, 1,          1,  "status",         "code" },
	{ "Observation", "value",          0, 1,          11, "valueQuantity",  "Quantity" },
	{ "Observation.component", "referenceRange", 0, UINT32_MAX, 1, "referenceRange",
	    "Observation.referenceRange" },
	{ "HumanName",   "given",          0, UINT32_MAX, 1,  "given",          "string" },
	{ "Extension",   "url",            1, 1,          1,  "url",            "uri" },
	{ "Narrative",   "div",            1, 1,          1,  "div",            "xhtml" },
	{ "Bundle.entry","resource",       0, 1,          1,  "resource",       "Resource" },
};

static void
elements_are_as_defined(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(elements); i++) {
		const struct type *t = pack_type(pack, slice_of(elements[i].type));
		const struct element *e;

		assert_non_null(t);
		e = type_element(t, slice_of(elements[i].element));
		assert_non_null(e);
		assert_int_equal(e->min, elements[i].min);
		assert_int_equal(e->max, elements[i].max);
		assert_int_equal(e->type_count, elements[i].types);
		assert_true(slice_is(e->types[0].json_name, elements[i].json_name));
		assert_true(slice_is(e->types[0].type->name, elements[i].first_type));
		assert_ptr_equal(pack_member(pack, t, slice_of(elements[i].json_name), NULL), e);
	}
}

static void
types_know_their_ancestors(void **state UNUSED)
{
	const struct type *age = pack_type(pack, SLICE("Age")), *quantity = pack_type(pack, SLICE("Quantity"));

	assert_true(type_is(age, quantity));
	assert_false(type_is(quantity, age));
	assert_true(type_is(pack_type(pack, SLICE("Patient")), pack_type(pack, SLICE("Resource"))));
	assert_true(type_is(pack_type(pack, SLICE("code")), pack_type(pack, SLICE("string"))));
}

static const struct {
	const char *type, *code, *expression;
	enum search_kind kind;
} params[] = {
	{ "Patient",     "family",  "Patient.name.family",         SEARCH_STRING },
	{ "Patient",     "_tag",    "Resource.meta.tag",           SEARCH_TOKEN },
	{ "Observation", "code",    "Observation.code",            SEARCH_TOKEN },
	{ "Observation", "combo-code", "Observation.code | Observation.component.code", SEARCH_TOKEN },
	{ "Observation", "patient", "Observation.subject.where(resolve() is Patient)", SEARCH_REFERENCE },
	{ "MedicationRequest", "code", "(MedicationRequest.medication as CodeableConcept)", SEARCH_TOKEN },
};

static void
parameters_have_their_types_part(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(params); i++) {
		const struct search_param *p = pack_param(pack,
		    pack_resource(pack, slice_of(params[i].type)), slice_of(params[i].code));

		assert_non_null(p);
		assert_true(slice_is(p->expression, params[i].expression));
		assert_int_equal(p->kind, params[i].kind);
		assert_ptr_equal(pack_param_at(pack, p->number), p);
	}
	assert_null(pack_param(pack, pack_resource(pack, SLICE("Patient")), SLICE("code")));
}

static void
compartments_name_their_parameters(void **state UNUSED)
{
	uint32_t count;
	const struct slice *codes = pack_compartment(pack, SLICE("Patient"),
	    pack_resource(pack, SLICE("Observation")), &count);

	assert_int_equal(count, 2);
	assert_true(slice_is(codes[0], "subject") && slice_is(codes[1], "performer"));
	assert_null(pack_compartment(pack, SLICE("Patient"),
	    pack_resource(pack, SLICE("Organization")), &count));
}

static void
required_sets_know_their_codes(void **state UNUSED)
{
	const struct value_set *gender = pack_value_set(pack,
	    SLICE("http://hl7.org/fhir/ValueSet/administrative-gender"));
	struct slice system = SLICE("http://hl7.org/fhir/administrative-gender");

	assert_non_null(gender);
	assert_true(gender->complete);
	assert_true(value_set_has(pack, gender, system, SLICE("unknown")));
	assert_true(value_set_has(pack, gender, SLICE(""), SLICE("other")));
	assert_false(value_set_has(pack, gender, system, SLICE("Male")));
	assert_false(value_set_has(pack, gender, SLICE("http://other"), SLICE("male")));
}

/* Any flipped byte is noticed: the file is hashed as a whole. */
static void
a_damaged_pack_is_refused(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20);
	struct outcome o;
	struct slice bytes;
	char path[] = "/tmp/pack-test-XXXXXX";
	int fd = mkstemp(path);

	outcome_init(&o, a);
	assert_true(fd >= 0);
	assert_true(env_read_file(&env_real, "build/fhir-r4.pack", 1 << 28, a, &bytes));
	((char *)bytes.ptr)[bytes.len / 2] ^= 1;
	assert_true(env_write_file(&env_real, path, bytes, 0600));
	assert_null(pack_open(&env_real, path, &o));
	assert_true(env_write_file(&env_real, path, slice_sub(bytes, 0, 100), 0600));
	assert_null(pack_open(&env_real, path, &o));
	unlink(path);
	close(fd);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_resource_types_are_there),
		cmocka_unit_test(elements_are_as_defined),
		cmocka_unit_test(types_know_their_ancestors),
		cmocka_unit_test(parameters_have_their_types_part),
		cmocka_unit_test(compartments_name_their_parameters),
		cmocka_unit_test(required_sets_know_their_codes),
		cmocka_unit_test(a_damaged_pack_is_refused),
	};

	return cmocka_run_group_tests(tests, open_pack, close_pack);
}
