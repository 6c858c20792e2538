/* patch.c -- the patch interaction (R4 http.html#patch).
 *
 * The current version is read, patched, and then goes the way of an update: validation,
 * labels, authorization, optimistic write.  A patch tells its sender what is in the
 * resource ("test", selectors, FHIRPath), so it takes the right to read as well as the
 * right to update. */
#include "rest/patch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/format.h"
#include "rest/interactions.h"
#include "rest/patch_body.h"
#include "rest/write.h"
#include "validate/validate.h"
#include "xml/xml.h"

#define ACCEPT_PATCH "application/json-patch+json, application/xml-patch+xml, " \
	"application/fhir+json, application/fhir+xml"

static bool
media_type(struct exchange *x)
{
	exchange_add_header(x, "accept-patch", SLICE(ACCEPT_PATCH));
	return exchange_fail(x, FAULT_MEDIA_TYPE, "");
}

/* Applying */

static bool
old_json(struct exchange *x, struct json *j)
{
	return json_parse(x->old->body, json_bounds(x->service->limits, false), x->arena, j,
	    &x->outcome);
}

static bool
apply_json(struct exchange *x, struct slice *out)
{
	const struct limits *l = x->service->limits;
	struct json patch, target;

	return json_parse(x->patch, json_bounds(l, false), x->arena, &patch, &x->outcome)
	    && old_json(x, &target)
	    && patch_json(&target, &patch, l, x->arena, out, &x->outcome);
}

static bool
apply_fhirpath(struct exchange *x, struct slice *out)
{
	const struct service *s = x->service;

	return patch_fhirpath(s->pack, s->env, x->old->body, &x->body->json, s->limits, x->arena, out,
	    &x->outcome);
}

/* The resource as XML, patched, and as JSON again; what is then no FHIR is the patch's fault. */
static bool
apply_xml(struct exchange *x, struct slice *out)
{
	const struct service *s = x->service;
	struct slice patched;
	struct json target;
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	if (!old_json(x, &target))
		return false;
	if (!xml_write(s->pack, &target, 0, XML_COMPACT, x->arena, &b))
		return exchange_fail(x, FAULT_BROKEN, "");
	return patch_xml(buf_slice(&b), x->patch, s->limits, x->arena, &patched, &x->outcome)
	    && xml_read(s->pack, patched, s->limits, 0, x->arena, out, NULL, &x->outcome);
}

static const struct language {
	const char *type;
	bool      (*apply)(struct exchange *, struct slice *out);
} languages[] = {
	{ "application/json-patch+json", apply_json },
	{ "application/xml-patch+xml",   apply_xml },
};

/* The body as a patch */

static bool
parse_parameters(struct exchange *x, enum format format)
{
	static const struct slice name = SLICE_INIT("Parameters");

	if (!parse_resource(x, format, false))
		return false;
	if (!slice_eq(x->body->type->name, name))
		return exchange_fail(x, FAULT_INVALID, "Parameters are expected here");
	return validate_structure(x->service->pack, x->body->type, &x->body->json, 0,
	    x->service->limits, x->arena, &x->outcome);
}

static bool
choose_language(struct exchange *x, struct slice content_type)
{
	for (size_t i = 0; i < COUNT_OF(languages); i++)
		if (format_is(content_type, languages[i].type)) {
			x->apply = languages[i].apply;
			return true;
		}
	return false;
}

static struct slice
member(struct exchange *x, const char *name)
{
	const struct json *j = &x->body->json;

	return json_string(j, json_get(j, 0, slice_of(name)), x->arena);
}

static bool
parse_entry(struct exchange *x)
{
	x->apply = apply_fhirpath;
	if (!parse_resource(x, FORMAT_JSON, false))
		return false;
	if (!slice_is(x->body->type->name, "Binary"))
		return parse_parameters(x, FORMAT_JSON);
	if (!choose_language(x, member(x, "contentType")))
		return media_type(x);
	return decode_base64(member(x, "data"), x->arena, &x->patch)
	    || exchange_fail(x, FAULT_INVALID, "the Binary of a patch needs data");
}

bool
patch_parse(struct exchange *x)
{
	enum format format;

	if (x->parent != NULL)
		return parse_entry(x);
	if (choose_language(x, exchange_header(x, "content-type"))) {
		x->patch = x->content;
		return true;
	}
	x->apply = apply_fhirpath;
	format = format_of_content(x);
	return format == FORMAT_JSON || format == FORMAT_XML ? parse_parameters(x, format)
	    : media_type(x);
}

/* The interaction */

/* What the server gives a resource is no patch's to change. */
static const char *const fixed[] = {
	"resourceType", "id", "meta.versionId", "meta.lastUpdated",
};

static bool
fixed_kept(struct exchange *x, const struct json *old)
{
	const struct json *new_one = &x->body->json;

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		uint32_t before = json_path(old, 0, fixed[i]), after = json_path(new_one, 0, fixed[i]);

		if (after == 0 || !json_is(new_one, after, json_string(old, before, x->arena))) {
			struct place place = { SLICE_NONE, 0, 0 };

			place.path = slice_of(fixed[i]);
			return outcome_fail(&x->outcome, FAULT_PATCH, place,
			    SLICE("the server's own elements cannot be changed"));
		}
	}
	return true;
}

static bool
take_result(struct exchange *x, struct slice text)
{
	struct resource *r = arena_alloc(x->arena, sizeof *r);
	struct json old;

	r->type = x->type;
	if (!json_parse(text, json_bounds(x->service->limits, false), x->arena, &r->json, &x->outcome)
	    || !old_json(x, &old))
		return false;
	x->body = r;
	x->places = NULL;
	return fixed_kept(x, &old);
}

/* Nobody saw the lines of the text that came of the patch. */
static bool
pass_controls(struct exchange *x)
{
	bool good = controls_in(x, x->body);

	for (struct issue *i = x->outcome.first; i != NULL; i = i->next)
		i->place.line = i->place.column = 0;
	return good;
}

bool
rest_patch(struct exchange *x)
{
	struct slice text;

	if (!write_find_target(x) || !x->apply(x, &text))
		return false;
	if (x->transaction != NULL)
		text = x->transaction->link(x->transaction->ctx, x, text);
	return take_result(x, text) && pass_controls(x) && write_body(x, 'U');
}
