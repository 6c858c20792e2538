/* Validation: any JSON as a resource, all rules on; never a crash, every issue has a stable
 * name, and what fails has an error. */
#include "json/json.h"
#include "validate/validate.h"

#include "definitions.h"

static const struct validator *
validator(void)
{
	static const struct validator *v;
	static struct arena *a;
	struct outcome o;

	if (v == NULL) {
		a = arena_new(1 << 20);
		outcome_init(&o, a);
		if ((v = validator_new(definitions(), &limits_default, &env_real, a, &o)) == NULL)
			abort();
	}
	return v;
}

static void
check(struct slice text, struct arena *a)
{
	static const struct validation how = { .codes = true, .extensions_known = true };
	const struct type *type;
	struct outcome o;
	struct json j;
	bool good;

	outcome_init(&o, a);
	if (!json_parse(text, json_bounds(&limits_default, false), a, &j, &o))
		return;
	type = pack_resource(definitions(), json_string(&j, json_get(&j, 0, SLICE("resourceType")), a));
	if (type == NULL)
		type = pack_resource(definitions(), SLICE("Patient"));
	good = validate_resource(validator(), &how, type, &j, 0, a, &o);
	if (good == o.failed)
		abort();
	for (const struct issue *i = o.first; i != NULL; i = i->next)
		if (i->id == NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);

	check(slice_make(bytes, n), a);
	arena_free(a);
	return 0;
}
