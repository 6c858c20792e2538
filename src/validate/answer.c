/* answer.c -- what a question says of its answers beside their type: maxLength, and in extensions
 * (the R4 definitions of minValue, maxValue, minLength, maxDecimalPlaces, mimeType, maxSize, regex,
 * questionnaire-unitOption, -unitValueSet, -referenceResource, -minOccurs, -maxOccurs,
 * -optionExclusive; of SDC minQuantity, maxQuantity). */
#include "validate/answer.h"

#include "base/buf.h"
#include "base/encode.h"

#define CORE "http://hl7.org/fhir/StructureDefinition/"
#define SDC  "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"

/* The value of the extension, whatever its type; 0 when it has none. */
static uint32_t
value_of(const struct json *q, uint32_t extension)
{
	for (uint32_t n = json_first(q, extension); n != 0; n = json_next(q, extension, n))
		if (slice_starts(json_raw(q, n), SLICE("value")))
			return n + 1;
	return 0;
}

static uint32_t
next_extension(const struct json *q, uint32_t holder, struct slice url, uint32_t after)
{
	uint32_t list = json_type(q, holder) == JSON_OBJECT ? json_get(q, holder, SLICE("extension")) : 0;
	uint32_t n = list == 0 || json_type(q, list) != JSON_ARRAY ? 0
	    : after == 0 ? json_first(q, list) : json_next(q, list, after);

	for (; n != 0; n = json_next(q, list, n))
		if (json_type(q, n) == JSON_OBJECT && json_is(q, json_get(q, n, SLICE("url")), url))
			return n;
	return 0;
}

/* Dates may leave it open; a quantity that cannot be compared is not within the limit. */
static bool
not_below(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	bool known;
	int order = value_order(w, w->json, value, q, limit, &known);

	return known ? order >= 0 : json_type(q, limit) != JSON_OBJECT;
}

static bool
not_above(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	bool known;
	int order = value_order(w, w->json, value, q, limit, &known);

	return known ? order <= 0 : json_type(q, limit) != JSON_OBJECT;
}

static bool
is_object(const struct json *j, uint32_t node)
{
	return json_type(j, node) == JSON_OBJECT;
}

static bool
as_count(const struct json *j, uint32_t node, uint64_t *out)
{
	return node != 0 && slice_uint(json_raw(j, node), out);
}

static bool
is_long_enough(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	uint64_t least;

	return json_type(w->json, value) != JSON_STRING || !as_count(q, limit, &least)
	    || utf8_length(json_string(w->json, value, w->arena)) >= least;
}

static bool
is_too_long(struct walk *w, const struct json *q, uint32_t question, uint32_t value)
{
	uint64_t most;

	return json_type(w->json, value) == JSON_STRING && as_count(q, json_get(q, question, SLICE("maxLength")), &most)
	    && utf8_length(json_string(w->json, value, w->arena)) > most;
}

/* The regular expression as FHIRPath has them, which bounds the work. */
static bool
text_has_format(struct walk *w, struct slice text, struct slice regex)
{
	struct item focus = { .kind = ITEM_STRING, .text = text };
	struct items found = { 0 };
	struct buf b;

	buf_init(&b, w->arena, 8192);
	buf_add_cstr(&b, "matchesFull('");
	for (size_t i = 0; i < regex.len; i++) {
		if (regex.ptr[i] == '\\' || regex.ptr[i] == '\'')
			buf_add_char(&b, '\\');
		buf_add_char(&b, regex.ptr[i]);
	}
	buf_add_cstr(&b, "')");
	return !buf_ok(&b) || !evaluate_expression(w, buf_slice(&b), focus, &found) || items_are_true(w, &found);
}

static bool
has_format(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	return json_type(w->json, value) != JSON_STRING || json_type(q, limit) != JSON_STRING
	    || text_has_format(w, json_string(w->json, value, w->arena), json_string(q, limit, w->arena));
}

static bool
is_small_enough(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	uint64_t most, size;

	return !is_object(w->json, value) || !as_count(q, limit, &most)
	    || !as_count(w->json, json_get(w->json, value, SLICE("size")), &size) || size <= most;
}

static bool
is_of_unit(struct walk *w, const struct json *q, uint32_t unit, uint32_t value)
{
	return !is_object(w->json, value) || !is_object(q, unit)
	    || (slice_eq(json_string(q, json_get(q, unit, SLICE("system")), w->arena), walk_text(w, value, SLICE("system")))
	    && slice_eq(json_string(q, json_get(q, unit, SLICE("code")), w->arena), walk_text(w, value, SLICE("code"))));
}

static bool
has_unit_of(struct walk *w, const struct json *q, uint32_t set, uint32_t value)
{
	return !is_object(w->json, value) || set_may_have(w, json_string(q, set, w->arena),
	    walk_text(w, value, SLICE("system")), walk_text(w, value, SLICE("code")));
}

static bool
has_places(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	struct slice text = json_raw(w->json, value);
	size_t dot = slice_find(text, '.');
	uint64_t most;

	return json_type(w->json, value) != JSON_NUMBER || !slice_uint(json_raw(q, limit), &most)
	    || dot == text.len || text.len - dot - 1 <= most;
}

static bool
is_of_mime_type(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	struct slice type = json_type(w->json, value) == JSON_OBJECT
	    ? walk_text(w, value, SLICE("contentType")) : SLICE_NONE;

	return type.len == 0 || slice_eq(type, json_string(q, limit, w->arena));
}

static bool
refers_to(struct walk *w, const struct json *q, uint32_t limit, uint32_t value)
{
	struct slice reference = json_type(w->json, value) == JSON_OBJECT
	    ? walk_text(w, value, SLICE("reference")) : SLICE_NONE;
	struct item target;

	return reference.len == 0 || !resolve_for_fhirpath(w, reference, &target)
	    || slice_eq(target.type->name, json_string(q, limit, w->arena));
}

/* Of those that may stand several times, one must hold. */
static const struct {
	struct slice url;
	bool (*holds)(struct walk *, const struct json *q, uint32_t limit, uint32_t value);
} limits[] = {
	{ SLICE_INIT(CORE "minValue"), not_below }, { SLICE_INIT(CORE "maxValue"), not_above },
	{ SLICE_INIT(SDC "minQuantity"), not_below }, { SLICE_INIT(SDC "maxQuantity"), not_above },
	{ SLICE_INIT(CORE "minLength"), is_long_enough }, { SLICE_INIT(CORE "regex"), has_format },
	{ SLICE_INIT(CORE "maxDecimalPlaces"), has_places }, { SLICE_INIT(CORE "mimeType"), is_of_mime_type },
	{ SLICE_INIT(CORE "maxSize"), is_small_enough },
	{ SLICE_INIT(CORE "questionnaire-unitOption"), is_of_unit },
	{ SLICE_INIT(CORE "questionnaire-unitValueSet"), has_unit_of },
	{ SLICE_INIT(CORE "questionnaire-referenceResource"), refers_to },
};

void
check_answer_limits(struct walk *w, const struct step *at, const struct json *q, uint32_t question,
    uint32_t value)
{
	if (is_too_long(w, q, question, value))
		complain(w, at, value, MESSAGE_response_length, SLICE_NONE);
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		bool some = false, holds = false;

		for (uint32_t e = next_extension(q, question, limits[i].url, 0); e != 0 && !holds;
		    e = next_extension(q, question, limits[i].url, e)) {
			uint32_t limit = value_of(q, e);

			some = true;
			holds = limit == 0 || limits[i].holds(w, q, limit, value);
		}
		if (some && !holds)
			complain(w, at, value, MESSAGE_response_limit, SLICE_NONE);
	}
}

static bool
occurs(const struct json *q, uint32_t question, struct slice url, uint64_t *times)
{
	uint32_t e = next_extension(q, question, url, 0), value = e == 0 ? 0 : value_of(q, e);

	return value != 0 && slice_uint(json_raw(q, value), times);
}

void
check_answer_count(struct walk *w, const struct step *item, const struct json *q, uint32_t question,
    uint32_t count, uint32_t place)
{
	uint64_t times;

	if ((occurs(q, question, SLICE(CORE "questionnaire-minOccurs"), &times) && count < times)
	    || (occurs(q, question, SLICE(CORE "questionnaire-maxOccurs"), &times) && count > times))
		complain(w, item, place, MESSAGE_response_count, SLICE_NONE);
}

bool
answer_option_is_exclusive(const struct json *q, uint32_t option)
{
	uint32_t e = next_extension(q, option, SLICE(CORE "questionnaire-optionExclusive"), 0);
	uint32_t value = e == 0 ? 0 : value_of(q, e);

	return value != 0 && json_type(q, value) == JSON_TRUE;
}

struct slice
question_enabled_by(struct walk *w, const struct json *q, uint32_t question)
{
	uint32_t e = next_extension(q, question, SLICE(SDC "enableWhenExpression"), 0);
	uint32_t value = e == 0 ? 0 : value_of(q, e);

	if (value == 0 || !is_object(q, value)
	    || !slice_is(json_string(q, json_get(q, value, SLICE("language")), w->arena), "text/fhirpath"))
		return SLICE_NONE;
	return json_string(q, json_get(q, value, SLICE("expression")), w->arena);
}
