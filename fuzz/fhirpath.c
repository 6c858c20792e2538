/* FHIRPath: any text as an expression over a small Patient, within a budget. */
#include "fhirpath/fhirpath.h"

#include "definitions.h"

static const char patient[] = "{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true,\"name\":[{\"family\":"
    "\"Muster\",\"given\":[\"Ada\",\"B\"],\"period\":{\"start\":\"2020-01-01\"}}],\"birthDate\":\"1980-02-29\","
    "\"contained\":[{\"resourceType\":\"Observation\",\"id\":\"o\",\"valueQuantity\":{\"value\":1.50,\"code\":\"kg\"}}]}";

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct pack *pack = definitions();
	struct arena *a = arena_new(1 << 14);
	struct limits few = limits_default;
	struct outcome o;
	struct json j;
	struct item focus;
	struct items items;
	struct fhirpath *f;

	few.of[LIMIT_FHIRPATH_STEPS] = 5000;
	few.of[LIMIT_FHIRPATH_ITEMS] = 500;
	outcome_init(&o, a);
	if (!json_parse(slice_of(patient), json_bounds(&few, false), a, &j, &o))
		abort();
	focus = fhirpath_node(&j, 0, pack_resource(pack, SLICE("Patient")));
	f = fhirpath_compile(pack, slice_make(bytes, n), focus.type, &few, a, &o);
	if (f != NULL) {
		struct fhirpath_scope scope = { .pack = pack, .limits = &few, .env = &env_real,
			.resource = focus, .root = focus };

		if (fhirpath_evaluate(f, &scope, focus, a, &items, &o))
			for (uint32_t i = 0; i < items.count; i++)
				item_text(&items.at[i], a);
	}
	arena_free(a);
	return 0;
}
