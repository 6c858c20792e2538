/* format.c -- see format.h. */
#include "rest/format.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/log.h"
#include "controls/narrative.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "xml/xml.h"

static const struct { const char *name; enum format format; } media_types[] = {
	{ "application/fhir+json", FORMAT_JSON }, { "application/json", FORMAT_JSON },
	{ "text/json", FORMAT_JSON }, { "application/fhir+xml", FORMAT_XML },
	{ "application/xml", FORMAT_XML }, { "text/xml", FORMAT_XML },
	{ "application/x-www-form-urlencoded", FORMAT_FORM },
	{ "text/html", FORMAT_HTML },
	{ "json", FORMAT_JSON }, { "xml", FORMAT_XML }, { "html", FORMAT_HTML },  /* of _format */
};

static enum format
format_named(struct slice type)
{
	for (size_t i = 0; i < COUNT_OF(media_types); i++)
		if (slice_eq_nocase(type, slice_of(media_types[i].name)))
			return media_types[i].format;
	return FORMAT_NONE;
}

/* The value of a parameter of a media type, without quotes; SLICE_NONE when absent. */
static struct slice
type_parameter(struct slice parameters, struct slice name)
{
	while (parameters.len > 0) {
		struct slice value = slice_trim(slice_cut(&parameters, ';'));

		if (!slice_eq_nocase(slice_trim(slice_cut(&value, '=')), name))
			continue;
		value = slice_trim(value);
		if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
			value = slice_sub(value, 1, value.len - 2);
		return value;
	}
	return SLICE_NONE;
}

/* R4 http.html#version-parameter: absent, or the version we speak. */
static bool
version_good(struct slice parameters)
{
	struct slice version = type_parameter(parameters, SLICE("fhirVersion"));

	return version.ptr == NULL || slice_is(version, "4.0");
}

/* RFC 9110 12.4.2: 0 to 1000; what has another form counts as 1. */
static int
weight_of(struct slice parameters)
{
	struct slice q = type_parameter(parameters, SLICE("q"));
	int weight = 0, scale = 100;

	if (q.len == 0 || q.len > 5 || q.ptr[0] != '0' || (q.len > 1 && q.ptr[1] != '.'))
		return 1000;
	for (size_t i = 2; i < q.len; i++, scale /= 10) {
		if (q.ptr[i] < '0' || q.ptr[i] > '9')
			return 1000;
		weight += (q.ptr[i] - '0') * scale;
	}
	return weight;
}

/* How an Accept header speaks of one form: the narrowest range that has it counts. */
struct wish {
	int narrow;                     /* 0 not named, 1 star/star, 2 type/star, 3 by name */
	int weight;
	int order;                      /* of the range, from the first */
};

static int
narrowness(struct slice range, enum format format)
{
	if (format_named(range) == format)
		return 3;
	if (slice_eq_nocase(range, SLICE("application/*")) || slice_eq_nocase(range, SLICE("text/*")))
		return 2;
	return slice_is(range, "*/*") ? 1 : 0;
}

static void
take_range(struct wish *w, enum format format, struct slice range, struct slice parameters,
    int order)
{
	int narrow = narrowness(range, format), weight = weight_of(parameters);

	if (narrow == 0 || narrow < w->narrow || !version_good(parameters)
	    || (narrow == w->narrow && weight <= w->weight))
		return;
	*w = (struct wish){ narrow, weight, order };
}

/* Between equals the one that is named, then the first; then `a`. */
static bool
prefers(const struct wish *b, const struct wish *a)
{
	if (b->weight != a->weight)
		return b->weight > a->weight;
	if (b->narrow != a->narrow)
		return b->narrow > a->narrow;
	return b->order < a->order;
}

/* Pages are for those who read, by name, and only where the configuration has them. */
static bool
shows_html(const struct exchange *x)
{
	return x->service->options.narrative_html && x->interaction != NULL
	    && (slice_is(x->method, "GET") || slice_is(x->method, "HEAD"));
}

/* By name 3, by type 2, by star 1, else 0. */
static int
type_narrowness(struct slice range, struct slice essence)
{
	struct slice type = slice_sub(essence, 0, slice_find(essence, '/') + 1);

	if (slice_eq_nocase(range, essence))
		return 3;
	if (slice_ends(range, SLICE("/*")) && range.len == type.len + 1
	    && slice_eq_nocase(slice_sub(range, 0, type.len), type))
		return 2;
	return slice_is(range, "*/*") ? 1 : 0;
}

static int
fhir_narrowness(struct slice range, struct slice essence UNUSED)
{
	return format_named(range) == FORMAT_JSON || format_named(range) == FORMAT_XML ? 3 : 0;
}

static int
wanted(const struct exchange *x, struct slice essence, int (*narrow)(struct slice, struct slice),
    bool *named)
{
	int best = 0, weight = 0;
	bool any = false;

	for (size_t i = 0; i < x->header_count; i++) {
		struct slice rest = x->headers[i].value;

		if (!slice_is(x->headers[i].name, "accept"))
			continue;
		any |= rest.len > 0;
		while (rest.len > 0) {
			struct slice parameters = slice_cut(&rest, ',');
			int n = narrow(slice_trim(slice_cut(&parameters, ';')), essence);
			int w = weight_of(parameters);

			if (n > best || (n == best && n > 0 && w > weight)) {
				best = n;
				weight = w;
			}
		}
	}
	*named = best == 3;
	return any ? weight : 1000;
}

int
format_wanted(const struct exchange *x, struct slice essence, bool *named)
{
	return wanted(x, essence, type_narrowness, named);
}

int
format_fhir_wanted(const struct exchange *x, bool *named)
{
	return wanted(x, SLICE_NONE, fhir_narrowness, named);
}

static void
read_accept(struct exchange *x)
{
	struct wish json = { 0, 0, 0 }, xml = { 0, 0, 0 }, html = { 0, 0, 0 };
	bool any = false;
	int order = 0;

	for (size_t i = 0; i < x->header_count; i++) {
		struct slice rest = x->headers[i].value;

		if (!slice_is(x->headers[i].name, "accept"))
			continue;
		any |= rest.len > 0;
		while (rest.len > 0) {
			struct slice parameters = slice_cut(&rest, ',');
			struct slice range = slice_trim(slice_cut(&parameters, ';'));

			take_range(&json, FORMAT_JSON, range, parameters, order);
			take_range(&xml, FORMAT_XML, range, parameters, order);
			if (shows_html(x) && format_named(range) == FORMAT_HTML)
				take_range(&html, FORMAT_HTML, range, parameters, order);
			order++;
		}
	}
	x->unacceptable = any && json.weight == 0 && xml.weight == 0 && html.weight == 0;
	x->as_html = html.weight > 0 && prefers(&html, &json) && prefers(&html, &xml);
	x->as_xml = !x->as_html && (any ? prefers(&xml, &json) : format_of_content(x) == FORMAT_XML);
}

/* _format wins over Accept; a "+" in it is meant as one. */
static void
take_parameter(struct exchange *x, struct slice name, struct slice value)
{
	struct slice text;
	enum format format;

	if (slice_is(name, "_pretty"))
		x->pretty = slice_is(value, "true");
	if (!slice_is(name, "_format") || !decode_percent(value, false, x->arena, &text)
	    || text.len == 0)
		return;
	format = format_named(slice_trim(slice_cut(&text, ';')));
	x->format_asked = true;
	x->as_xml = format == FORMAT_XML;
	x->as_html = format == FORMAT_HTML && shows_html(x);
	x->unacceptable = (format != FORMAT_XML && format != FORMAT_JSON && !x->as_html)
	    || !version_good(text);
}

static void
read_parameters(struct exchange *x, struct slice rest)
{
	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&');
		struct slice name = slice_cut(&value, '=');

		if (name.len > 0 && name.ptr[0] == '_')
			take_parameter(x, name, value);
	}
}

/* Exports are NDJSON, and the status of a job is JSON, whatever is accepted. */
static bool
has_own_form(const struct exchange *x)
{
	return x->interaction != NULL
	    && x->interaction->shape >= PATH_EXPORT && x->interaction->shape <= PATH_IMPORT_FILE;
}

void
format_negotiate(struct exchange *x)
{
	x->as_xml = x->as_html = x->pretty = x->format_asked = x->unacceptable = false;
	if (x->parent != NULL || has_own_form(x))
		return;
	read_parameters(x, x->query);
	if (x->interaction != NULL && x->interaction->body == BODY_FORM)
		read_parameters(x, x->content);
	if (!x->format_asked)
		read_accept(x);
}

bool
format_is(struct slice content_type, const char *media_type)
{
	struct slice type = slice_trim(slice_cut(&content_type, ';'));
	struct slice charset = type_parameter(content_type, SLICE("charset"));

	return slice_eq_nocase(type, slice_of(media_type))
	    && (charset.ptr == NULL || slice_eq_nocase(charset, SLICE("utf-8")));
}

enum format
format_of_content(const struct exchange *x)
{
	struct slice parameters = exchange_header(x, "content-type");
	struct slice type = slice_trim(slice_cut(&parameters, ';'));
	struct slice charset = type_parameter(parameters, SLICE("charset"));

	if ((charset.ptr != NULL && !slice_eq_nocase(charset, SLICE("utf-8")))
	    || !version_good(parameters) || slice_find(type, '/') == type.len)
		return FORMAT_NONE;
	return format_named(type);
}

/* The answer's own JSON: made here, so only as large as what it was made of. */
static bool
convert(struct exchange *x, struct buf *b)
{
	const struct json_bounds any = { .depth = 1024, .nodes = UINT32_MAX - 1, .number = SIZE_MAX,
		.key = SIZE_MAX };
	struct outcome aside;
	struct json j;

	if (x->as_html)
		return narrative_page(x->bytes, x->service->pack, &x->service->options, x->arena, b);
	outcome_init(&aside, x->arena);
	if (!json_parse(x->bytes, any, x->arena, &j, &aside))
		return false;
	if (!x->as_xml) {
		json_write_pretty(b, &j, 0);
		buf_add_char(b, '\n');
		return buf_ok(b);
	}
	buf_add_cstr(b, XML_DECLARATION);
	if (x->pretty)
		buf_add_char(b, '\n');
	return xml_write(x->service->pack, &j, 0, x->pretty ? XML_PRETTY : XML_COMPACT, x->arena, b);
}

void
format_answer(struct exchange *x)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_reserve(&b, x->bytes.len * 2);
	if (convert(x, &b)) {
		x->bytes = buf_slice(&b);
		return;
	}
	log_event(LOG_ERROR, "answer-not-converted", "%s", "");
	x->as_xml = x->as_html = x->pretty = false;
	x->write = NULL;
	x->commit = NULL;
	exchange_fail(x, FAULT_BROKEN, "");
	buf_init(&b, x->arena, SIZE_MAX);
	outcome_json(&x->outcome, &b);
	x->status = outcome_status(&x->outcome);
	x->bytes = buf_slice(&b);
}

/* In a Bundle an issue speaks of an entry's text, of which nobody saw a line. */
void
format_places(struct exchange *x)
{
	const struct exchange *outer = x->parent == NULL ? x : x->parent;

	if (outer->places == NULL)
		return;
	if (x->parent == NULL && x->interaction->body == BODY_RESOURCE)
		xml_replace_places(x->places, &x->outcome);
	else
		for (struct issue *i = x->outcome.first; i != NULL; i = i->next)
			i->place.line = i->place.column = 0;
	x->places = NULL;
}

void
format_link(const struct exchange *x, struct buf *b, bool query_begun)
{
	if (x->format_asked && (x->as_xml || x->as_html))
		buf_printf(b, "%c_format=%s", query_begun ? '&' : '?', x->as_xml ? "xml" : "html");
}
