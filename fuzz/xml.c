/* XML to JSON: never a crash; what is read is JSON, and when it is also as defined it can be
 * written as XML, and that is read to the same. */
#include "base/buf.h"
#include "json/json.h"
#include "validate/validate.h"
#include "xml/xml.h"

#include "definitions.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct pack *pack = definitions();
	struct arena *a = arena_new(1 << 14);
	struct xml_places places;
	struct slice json, again;
	struct outcome o;
	struct json j;
	struct buf b;

	outcome_init(&o, a);
	buf_init(&b, a, SIZE_MAX);
	if (!xml_read(pack, slice_make(bytes, n), &limits_default, 0, a, &json, &places, &o)) {
		if (!o.failed)
			abort();
	} else if (json_parse(json, json_bounds(&limits_default, false), a, &j, &o)) {
		const struct type *type = pack_resource(pack, json_string(&j, json_get(&j, 0,
		    SLICE("resourceType")), a));

		if (type == NULL)
			abort();
		if (validate_structure(pack, type, &j, 0, &limits_default, a, &o)
		    && (!xml_write(pack, &j, 0, XML_PRETTY, a, &b)
		    || !xml_read(pack, buf_slice(&b), &limits_default, 0, a, &again, NULL, &o)
		    || !slice_eq(json, again)))
			abort();
		xml_replace_places(&places, &o);
	}
	arena_free(a);
	return 0;
}
