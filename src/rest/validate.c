/* validate.c -- $validate (R4 resource-operation-validate.html), on a type and on
 * an instance.
 *
 * The body is the resource, or Parameters with `resource`, `mode` and `profile`.
 * Nothing is written, and nothing is read from the store: the answer depends on the
 * body and the definitions alone, so that it tells nothing of what is there.  But for the
 * mode "delete", which asks whether a DELETE of the instance would go through, and is
 * answered as that would be. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "store/store.h"
#include "validate/validate.h"

#define PROFILES_MAX 16

struct asked {
	const struct type *type;
	uint32_t     node;
	struct slice mode, profiles[PROFILES_MAX];
	uint32_t     profile_count;
};

static bool
add_profile(struct exchange *x, struct asked *a, struct slice url)
{
	if (url.len == 0)
		return true;
	if (a->profile_count == PROFILES_MAX)
		return exchange_fail(x, FAULT_TOO_COSTLY, "too many profiles");
	a->profiles[a->profile_count++] = url;
	return true;
}

static bool
read_query(struct exchange *x, struct asked *a)
{
	struct slice rest = x->query;

	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&');
		struct slice name = slice_cut(&value, '='), text;

		if (!decode_percent(value, true, x->arena, &text))
			return exchange_fail(x, FAULT_INVALID, "the query cannot be read");
		if (slice_is(name, "mode"))
			a->mode = text;
		else if (slice_is(name, "profile") && !add_profile(x, a, text))
			return false;
	}
	return true;
}

static struct slice
text_of(struct exchange *x, uint32_t parameter, const char *member)
{
	const struct json *j = &x->body->json;

	return json_string(j, json_get(j, parameter, slice_of(member)), x->arena);
}

static bool
read_parameter(struct exchange *x, struct asked *a, uint32_t n)
{
	const struct json *j = &x->body->json;
	struct slice name = text_of(x, n, "name");

	if (slice_is(name, "mode"))
		a->mode = text_of(x, n, "valueCode");
	else if (slice_is(name, "profile"))
		return add_profile(x, a, text_of(x, n, "valueUri"))
		    && add_profile(x, a, text_of(x, n, "valueCanonical"));
	else if (slice_is(name, "resource"))
		a->node = json_get(j, n, SLICE("resource"));
	return true;
}

static bool
read_parameters(struct exchange *x, struct asked *a)
{
	const struct json *j = &x->body->json;
	uint32_t list = json_get(j, 0, SLICE("parameter"));

	if (list != 0 && json_type(j, list) == JSON_ARRAY)
		for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
			if (json_type(j, n) == JSON_OBJECT && !read_parameter(x, a, n))
				return false;
	if (slice_is(a->mode, "delete"))
		return true;
	if (a->node == 0 || json_type(j, a->node) != JSON_OBJECT)
		return exchange_fail(x, FAULT_INVALID, "the parameter resource is missing");
	a->type = pack_resource(x->service->pack, text_of(x, a->node, "resourceType"));
	return a->type != NULL
	    || exchange_fail(x, FAULT_INVALID, "resourceType is not the name of a resource");
}

static bool
fits_url(struct exchange *x, const struct asked *a)
{
	if (a->type != x->type)
		return exchange_fail(x, FAULT_INVALID, "resourceType is not that of the URL");
	if (x->id.len > 0 && !slice_eq(text_of(x, a->node, "id"), x->id))
		return exchange_fail(x, FAULT_INVALID, "the id is not that of the URL");
	if (a->mode.len == 0 || slice_is(a->mode, "create") || slice_is(a->mode, "update")
	    || slice_is(a->mode, "profile"))
		return true;
	return exchange_fail(x, FAULT_NOT_SUPPORTED, "mode is create, update, delete or profile");
}

static bool
answer_outcome(struct exchange *x, const struct outcome *found)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	outcome_json(found, &b);
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}

static bool
validate_delete(struct exchange *x)
{
	struct outcome found;
	struct stored s;

	if (x->id.len == 0)
		return exchange_fail(x, FAULT_INVALID, "mode delete is about one resource: Type/id/$validate");
	if (!permit_allows(x->permit, x->type, PERMIT_DELETE))
		return exchange_fail(x, FAULT_FORBIDDEN, "");
	if (!store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, &s, &x->outcome))
		return false;
	answer_note_patient(x, s.compartment);
	outcome_init(&found, x->arena);
	return answer_outcome(x, &found);
}

bool
rest_validate(struct exchange *x)
{
	struct asked a = { .type = x->body->type };
	struct validation how = { .profiles = a.profiles, .codes = true,
		.understand = true, .understood = x->service->options.validation_modifiers.at,
		.understood_count = x->service->options.validation_modifiers.count };
	struct outcome found;

	if (!read_query(x, &a) || (slice_is(a.type->name, "Parameters") && x->type != a.type
	    && !read_parameters(x, &a)))
		return false;
	if (slice_is(a.mode, "delete"))
		return validate_delete(x);
	if (!fits_url(x, &a))
		return false;
	if (slice_is(a.mode, "profile") && a.profile_count == 0)
		return exchange_fail(x, FAULT_INVALID, "mode profile needs a profile");
	how.profile_count = a.profile_count;
	outcome_init(&found, x->arena);
	if (!validate_resource(x->service->validator, &how, a.type, &x->body->json, a.node, x->arena,
	    &found) && !found.failed)
		return exchange_fail(x, FAULT_BROKEN, "");
	return answer_outcome(x, &found);
}
