/* The patch languages: a letter for the language, a target, a NUL, a patch.  Never a crash; what
 * comes out can be read, and what is refused says why. */
#include "base/buf.h"
#include "json/json.h"
#include "rest/patch.h"
#include "rest/patch_dom.h"

#include "definitions.h"

static bool
by_json(struct slice target, struct slice patch, bool fhirpath, struct arena *a, struct outcome *o)
{
	struct json_bounds bounds = json_bounds(&limits_default, false);
	struct json t, p;
	struct slice out;

	if (!json_parse(target, bounds, a, &t, o) || !json_parse(patch, bounds, a, &p, o))
		return true;
	if (fhirpath ? !patch_fhirpath(definitions(), &env_real, target, &p, &limits_default, a, &out, o)
	    : !patch_json(&t, &p, &limits_default, a, &out, o))
		return o->failed;
	bounds.depth *= 3;              /* it may be deeper and larger than a body, which is refused later */
	bounds.nodes *= 3;
	return json_parse(out, bounds, a, &t, o);
}

static bool
by_xml(struct slice target, struct slice patch, struct arena *a, struct outcome *o)
{
	struct limits wide = limits_default;
	struct dom *document;
	struct slice out;

	if (!patch_xml(target, patch, &limits_default, a, &out, o))
		return o->failed;
	for (int i = 0; i < LIMIT_COUNT; i++)
		wide.of[i] *= 3;
	/* a comment or a name may be made that XML does not have: then it is refused when it is read */
	return dom_parse(out, &wide, a, &document, o) || o->failed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);
	struct slice patch = slice_make(bytes + (n > 0), n - (n > 0));
	struct slice target = slice_cut(&patch, '\0');
	struct outcome o;

	outcome_init(&o, a);
	if (n > 0 && (bytes[0] == 'X' ? !by_xml(target, patch, a, &o)
	    : !by_json(target, patch, bytes[0] == 'F', a, &o)))
		abort();
	arena_free(a);
	return 0;
}
