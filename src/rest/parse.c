/* parse.c -- the body as a resource. */
#include "rest/rest.h"

#include "base/arena.h"
#include "base/limits.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/binary.h"
#include "rest/format.h"
#include "rest/patch_body.h"
#include "xml/xml.h"

/* The body as JSON, whatever form it came in.  It is converted once: a write that
 * lost a race comes here again. */
static bool
content_as_json(struct exchange *x, enum format format, bool bundle, struct slice *json)
{
	struct xml_places *places;

	*json = x->converted.len > 0 ? x->converted : x->content;
	if (format != FORMAT_XML || x->converted.len > 0)
		return true;
	places = arena_alloc(x->arena, sizeof *places);
	if (!xml_read(x->service->pack, x->content, x->service->limits, bundle ? XML_BUNDLE : 0, x->arena,
	    &x->converted, places, &x->outcome))
		return false;
	*json = x->converted;
	x->places = places;
	return true;
}

/* Is that text what was parsed already?  A write that lost a race comes here again, as does what was looked into to
 * see what it is. */
static bool
is_parsed(const struct exchange *x, struct slice text, const struct json_bounds *bounds)
{
	return x->body != NULL && x->body->json.text.ptr == text.ptr && x->body->json.text.len == text.len
	    && x->body->json.count <= bounds->nodes;
}

bool
parse_resource(struct exchange *x, enum format format, bool bundle)
{
	struct json_bounds bounds = json_bounds(x->service->limits, bundle);
	struct resource *r;
	struct slice text, name;

	if (!content_as_json(x, format, bundle, &text))
		return false;
	if (is_parsed(x, text, &bounds))
		return true;
	r = arena_alloc(x->arena, sizeof *r);
	if (!json_parse(text, bounds, x->arena, &r->json, &x->outcome))
		return false;
	name = json_string(&r->json, json_get(&r->json, 0, SLICE("resourceType")), x->arena);
	if ((r->type = pack_resource(x->service->pack, name)) == NULL)
		return exchange_fail(x, FAULT_INVALID, "resourceType is not the name of a resource");
	x->body = r;
	return true;
}

static bool
parse_body(struct exchange *x)
{
	bool bundle = x->interaction->body == BODY_BUNDLE;
	enum format format = x->parent != NULL ? FORMAT_JSON : format_of_content(x);

	if (binary_native(x, format))
		return binary_parse(x);

	if (format != FORMAT_JSON && format != FORMAT_XML) {
		exchange_add_header(x, "accept-post", SLICE("application/fhir+json, application/fhir+xml"));
		return exchange_fail(x, FAULT_MEDIA_TYPE, "");
	}
	if (!parse_resource(x, format, bundle))
		return false;
	if (bundle)
		return slice_is(x->body->type->name, "Bundle")
		    || exchange_fail(x, FAULT_INVALID, "a Bundle is expected here");
	if (x->interaction->body == BODY_RESOURCE && x->body->type != x->type)
		return exchange_fail(x, FAULT_INVALID, "resourceType is not that of the URL");
	return binary_adopt(x);
}

bool
rest_parse(struct exchange *x)
{
	if (x->unacceptable && !(binary_is(x) && x->interaction->body == BODY_NONE))
		return exchange_fail(x, FAULT_NOT_ACCEPTABLE, "");
	switch (x->interaction->body) {
	case BODY_RESOURCE:
	case BODY_BUNDLE:
	case BODY_ANY:
		return parse_body(x);
	case BODY_PARAMETERS:
		return x->content.len == 0 || parse_body(x);
	case BODY_FORM:
		if (x->content.len > 0 && format_of_content(x) != FORMAT_FORM)
			return exchange_fail(x, FAULT_MEDIA_TYPE, "");
		return true;
	case BODY_PATCH:
		return patch_parse(x);
	case BODY_NONE:
		break;
	}
	return true;
}
