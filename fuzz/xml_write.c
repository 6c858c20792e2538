/* JSON to XML: never a crash; what is as defined can be written, and what was written is
 * well-formed XML of FHIR that is read again. */
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
	struct slice again;
	struct outcome o;
	struct json j;
	struct buf b;

	outcome_init(&o, a);
	buf_init(&b, a, SIZE_MAX);
	if (json_parse(slice_make(bytes, n), json_bounds(&limits_default, false), a, &j, &o)) {
		const struct type *type = pack_resource(pack, json_string(&j, json_get(&j, 0,
		    SLICE("resourceType")), a));
		bool written = xml_write(pack, &j, 0, XML_COMPACT, a, &b);

		if (type != NULL && validate_structure(pack, type, &j, 0, &limits_default, a, &o)
		    && (!written || !xml_read(pack, buf_slice(&b), &limits_default, 0, a, &again, NULL, &o)))
			abort();
	}
	arena_free(a);
	return 0;
}
