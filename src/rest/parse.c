/* parse.c -- media types, and the body as a resource.
 *
 * R4 http.html#mime-type: application/fhir+json, and application/json as its
 * lenient form.  XML is answered with 406 and 415 until it is built. */
#include "rest/rest.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/limits.h"
#include "exchange/exchange.h"
#include "exchange/service.h"

static const char *const json_types[] = {
	"application/fhir+json", "application/json", "text/json", "application/*", "*/*", "json",
};

static bool
is_json(struct slice type)
{
	for (size_t i = 0; i < COUNT_OF(json_types); i++)
		if (slice_eq_nocase(type, slice_of(json_types[i])))
			return true;
	return false;
}

/* "q=0" and its spellings; any other weight is a yes: there is one form. */
static bool
refused_by_weight(struct slice parameters)
{
	while (parameters.len > 0) {
		struct slice one = slice_trim(slice_cut(&parameters, ';'));

		if (slice_is(one, "q=0") || slice_is(one, "q=0.0") || slice_is(one, "q=0.00")
		    || slice_is(one, "q=0.000"))
			return true;
	}
	return false;
}

static bool
accept_header_good(struct slice accept)
{
	if (accept.len == 0)
		return true;
	while (accept.len > 0) {
		struct slice parameters = slice_cut(&accept, ',');
		struct slice type = slice_trim(slice_cut(&parameters, ';'));

		if (is_json(type) && !refused_by_weight(parameters))
			return true;
	}
	return false;
}

/* _format overrides Accept (R4 http.html#parameters). */
static struct slice
format_parameter(struct exchange *x)
{
	struct slice rest = x->query;

	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&');
		struct slice name = slice_cut(&value, '='), text;

		if (slice_is(name, "_format") && decode_percent(value, false, x->arena, &text))
			return slice_cut(&text, ';');
	}
	return SLICE_NONE;
}

static bool
content_type_good(struct exchange *x, bool form)
{
	struct slice parameters = exchange_header(x, "content-type");
	struct slice type = slice_trim(slice_cut(&parameters, ';'));

	while (parameters.len > 0) {
		struct slice value = slice_trim(slice_cut(&parameters, ';'));
		struct slice name = slice_cut(&value, '=');

		if (slice_eq_nocase(name, SLICE("charset"))
		    && !slice_eq_nocase(value, SLICE("utf-8"))
		    && !slice_eq_nocase(value, SLICE("\"utf-8\"")))
			return false;
	}
	if (form)
		return slice_eq_nocase(type, SLICE("application/x-www-form-urlencoded"));
	return type.len > 0 && type.ptr[0] != '*' && is_json(type)
	    && !slice_is(type, "json") && !slice_is(type, "application/*");
}

static bool
parse_resource(struct exchange *x, bool bundle)
{
	const struct limits *l = x->service->limits;
	struct resource *r = arena_alloc(x->arena, sizeof *r);
	struct slice name;

	if (!json_parse(x->content, json_bounds(l, bundle), x->arena, &r->json, &x->outcome))
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

	if (x->parent == NULL && !content_type_good(x, false)) {
		exchange_add_header(x, "accept-post", SLICE("application/fhir+json"));
		return exchange_fail(x, FAULT_MEDIA_TYPE, "");
	}
	if (!parse_resource(x, bundle))
		return false;
	if (bundle)
		return slice_is(x->body->type->name, "Bundle")
		    || exchange_fail(x, FAULT_INVALID, "a Bundle is expected here");
	if (x->interaction->body == BODY_RESOURCE && x->body->type != x->type)
		return exchange_fail(x, FAULT_INVALID, "resourceType is not that of the URL");
	return true;
}

bool
rest_parse(struct exchange *x)
{
	struct slice format = format_parameter(x);

	if (x->parent == NULL && format.len > 0) {
		if (!is_json(format))
			return exchange_fail(x, FAULT_NOT_ACCEPTABLE, "");
	} else if (x->parent == NULL && !accept_header_good(exchange_header(x, "accept"))) {
		return exchange_fail(x, FAULT_NOT_ACCEPTABLE, "");
	}
	switch (x->interaction->body) {
	case BODY_RESOURCE:
	case BODY_BUNDLE:
	case BODY_ANY:
		return parse_body(x);
	case BODY_FORM:
		if (x->content.len > 0 && !content_type_good(x, true))
			return exchange_fail(x, FAULT_MEDIA_TYPE, "");
		return true;
	case BODY_NONE:
		break;
	}
	return true;
}
