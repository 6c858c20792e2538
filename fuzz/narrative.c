/* Narratives: any text as a div, and as a resource.  Never a crash; what is accepted is
 * well-formed XML in the namespace of XHTML (expat agrees); what is written is accepted, and
 * written again it is the same; text that is made of any resource is as allowed. */
#include "base/buf.h"
#include "fhir/narratives.h"
#include "json/json.h"
#include "text/xhtml.h"
#include "xml/xml.h"
#include "xml/xml_tree.h"

#include "definitions.h"

static struct xhtml
read_as(struct slice text, enum xhtml_form form, struct arena *a, struct buf *out)
{
	struct xhtml_how how = { .limits = &limits_default, .http = true, .form = form, .prefix = SLICE("n-"),
		.out = out };
	struct xhtml found;

	buf_init(out, a, SIZE_MAX);
	if (xhtml_read(text, &how, a, &found) != (found.readable && found.count == 0))
		abort();
	return found;
}

static void
check_div(struct slice text, struct arena *a)
{
	struct buf once, twice, html;
	struct xhtml found = read_as(text, XHTML_AS_XML, a, &once), again;
	struct slice div;

	if (!found.readable)
		return;
	if (found.count == 0 && !xml_xhtml_check(slice_trim(text), &div))
		abort();
	again = read_as(buf_slice(&once), XHTML_AS_XML, a, &twice);
	if (!again.readable || again.count > (again.says ? 0u : 1u) || again.says != found.says
	    || !slice_eq(buf_slice(&once), buf_slice(&twice)) || !xml_xhtml_check(buf_slice(&once), &div))
		abort();
	(void)read_as(text, XHTML_AS_HTML, a, &html);
}

static void
check_made(struct slice text, struct arena *a)
{
	const struct type *type;
	struct slice div;
	struct outcome o;
	struct json j;
	struct buf out;

	outcome_init(&o, a);
	if (!json_parse(text, json_bounds(&limits_default, false), a, &j, &o) || json_type(&j, 0) != JSON_OBJECT)
		return;
	type = pack_resource(definitions(), json_string(&j, json_get(&j, 0, SLICE("resourceType")), a));
	if (type == NULL)
		type = pack_resource(definitions(), SLICE("Patient"));
	if (narrate(definitions(), &j, 0, type, false, &limits_default, a, &div)
	    && read_as(div, XHTML_AS_NOTHING, a, &out).count > 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);
	struct slice text = slice_make(bytes, n);

	check_div(text, a);
	check_made(text, a);
	arena_free(a);
	return 0;
}
