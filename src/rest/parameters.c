/* parameters.c -- see parameters.h. */
#include "rest/parameters.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/limits.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"

/* What every request may have, whatever it asks for (R4 http.html#parameters). */
static const char general[] = "_format _pretty";

static bool
among(struct slice name, const char *names)
{
	struct slice rest = slice_of(names);

	while (rest.len > 0)
		if (slice_eq(slice_cut(&rest, ' '), name))
			return true;
	return false;
}

static bool
is_lenient(const struct exchange *x)
{
	struct slice prefer = exchange_header(x, "prefer");
	bool lenient = false;

	while (prefer.len > 0)
		lenient |= slice_is(slice_trim(slice_cut(&prefer, ',')), "handling=lenient");
	return lenient;
}

static bool
add(struct parameters *p, const char *names, struct parameter one)
{
	if (among(one.name, general) && one.node == 0)
		return true;
	if (!among(one.name, names) && is_lenient(p->x))
		return true;
	if (!among(one.name, names))
		return exchange_fail(p->x, FAULT_NOT_SUPPORTED, "a parameter of the operation");
	if (p->count >= p->x->service->limits->of[LIMIT_SEARCH_PARAMS])
		return exchange_fail(p->x, FAULT_TOO_COSTLY, "too many parameters");
	p->at[p->count++] = one;
	return true;
}

static bool
read_query(struct parameters *p, const char *names)
{
	struct slice rest = p->x->query;

	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&'), name = slice_cut(&value, '=');
		struct parameter one = { .node = 0 };

		if (!decode_percent(name, true, p->x->arena, &one.name)
		    || !decode_percent(value, true, p->x->arena, &one.text))
			return exchange_fail(p->x, FAULT_INVALID, "the query cannot be read");
		if (one.name.len > 0 && !add(p, names, one))
			return false;
	}
	return true;
}

/* value[x], when it is a primitive. */
static struct slice
primitive(struct parameters *p, uint32_t parameter)
{
	const struct json *j = p->json;

	for (uint32_t n = json_first(j, parameter); n != 0; n = json_next(j, parameter, n))
		if (slice_starts(json_raw(j, n), SLICE("value")) && json_type(j, n + 1) < JSON_ARRAY)
			return json_type(j, n + 1) == JSON_STRING ? json_string(j, n + 1, p->x->arena)
			    : json_raw(j, n + 1);
	return SLICE_NONE;
}

/* R4 operations.html#executing: a resource that is a parameter may be the body itself.  A ValueSet is the
 * parameter valueSet. */
static bool
is_parameter(struct parameters *p, const char *names)
{
	struct slice name = slice_dup(p->x->body->type->name, p->x->arena);

	*(char *)(uintptr_t)name.ptr |= 0x20;
	return among(name, names);
}

static bool
read_body(struct parameters *p, const char *names)
{
	const struct json *j = p->json;
	uint32_t list = json_get(j, 0, SLICE("parameter"));

	if (!slice_is(p->x->body->type->name, "Parameters"))
		return (p->bare = is_parameter(p, names))
		    || exchange_fail(p->x, FAULT_INVALID, "Parameters are expected here");
	if (list == 0 || json_type(j, list) != JSON_ARRAY)
		return true;
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct parameter one = { .node = n };

		if (json_type(j, n) != JSON_OBJECT)
			return exchange_fail(p->x, FAULT_INVALID, "a parameter is an object");
		one.name = json_string(j, json_get(j, n, SLICE("name")), p->x->arena);
		one.text = primitive(p, n);
		if (!add(p, names, one))
			return false;
	}
	return true;
}

bool
parameters_read(struct exchange *x, const char *names, struct parameters *p)
{
	*p = (struct parameters){ .x = x, .json = x->body == NULL ? NULL : &x->body->json };
	p->at = arena_array(x->arena, x->service->limits->of[LIMIT_SEARCH_PARAMS] + 1, sizeof *p->at);
	return read_query(p, names) && (p->json == NULL || read_body(p, names));
}

const struct parameter *
parameter_find(const struct parameters *p, const char *name)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (slice_is(p->at[i].name, name))
			return &p->at[i];
	return NULL;
}

struct slice
parameter_text(const struct parameters *p, const char *name)
{
	const struct parameter *one = parameter_find(p, name);

	return one == NULL ? SLICE_NONE : one->text;
}

uint32_t
parameter_value(const struct parameters *p, const char *name, const char *member)
{
	const struct parameter *one = parameter_find(p, name);
	uint32_t value = one == NULL || one->node == 0 ? 0
	    : json_get(p->json, one->node, slice_of(member));

	return value != 0 && json_type(p->json, value) == JSON_OBJECT ? value : 0;
}

bool
parameter_is(const struct parameters *p, const char *name, bool otherwise)
{
	const struct parameter *one = parameter_find(p, name);

	return one == NULL ? otherwise : slice_is(one->text, "true");
}

bool
parameter_number(const struct parameters *p, const char *name, uint64_t otherwise, uint64_t *out)
{
	const struct parameter *one = parameter_find(p, name);

	*out = otherwise;
	return one == NULL || slice_uint(one->text, out)
	    || exchange_fail(p->x, FAULT_INVALID, "a parameter is not a number");
}

/* The answer */

void
parameters_begin(struct exchange *x, struct buf *b)
{
	buf_init(b, x->arena, SIZE_MAX);
	buf_add(b, SLICE("{\"resourceType\":\"Parameters\",\"parameter\":["));
}

static void
begin_one(struct buf *b, const char *name)
{
	if (b->ptr[b->len - 1] != '[')
		buf_add_char(b, ',');
	buf_printf(b, "{\"name\":\"%s\",", name);
}

void
parameters_add_bool(struct buf *b, const char *name, bool value)
{
	begin_one(b, name);
	buf_printf(b, "\"valueBoolean\":%s}", value ? "true" : "false");
}

void
parameters_add(struct buf *b, const char *name, const char *member, struct slice value)
{
	if (value.len == 0)
		return;
	begin_one(b, name);
	buf_printf(b, "\"%s\":", member);
	json_write_string(b, value);
	buf_add_char(b, '}');
}

void
parameters_end(struct exchange *x, struct buf *b)
{
	buf_add(b, SLICE("]}"));
	answer_bytes(x, 200, buf_slice(b));
}
