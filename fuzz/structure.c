/* Validation: any JSON as a resource; never a crash, and issues have a path. */
#include "json/json.h"
#include "validate/validate.h"

#include "definitions.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct pack *pack = definitions();
	struct arena *a = arena_new(1 << 14);
	struct outcome o;
	struct json j;

	outcome_init(&o, a);
	if (json_parse(slice_make(bytes, n), json_bounds(&limits_default, false), a, &j, &o)) {
		uint32_t name = json_get(&j, 0, SLICE("resourceType"));
		const struct type *type = pack_resource(pack, json_string(&j, name, a));

		if (!validate_structure(pack, type != NULL ? type : pack_resource(pack, SLICE("Patient")), &j, 0,
		    &limits_default, a, &o) && o.first->place.path.len == 0)
			abort();
	}
	arena_free(a);
	return 0;
}
