/* metadata.c -- what the server says of itself, from the tables that it runs by.
 *
 * CapabilityStatement (R4 http.html#capabilities): types from the
 * pack, parameters from the search index, interactions from the interactions table.  It is the same for everyone,
 * and names no software version to strangers (controls 0.3). */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "base/env.h"
#include "crypto/keeper.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/documents.h"
#include "rest/rest.h"
#include "rest/subset.h"
#include "search/query.h"

static bool
is_of_system(const struct interaction *row)
{
	return row->shape == PATH_BASE || row->shape == PATH_BASE_HISTORY;
}

static void
write_interactions(struct buf *b, bool of_system)
{
	bool first = true;

	for (int i = 0; i < interaction_count; i++) {
		const struct interaction *row = &interactions[i];
		bool repeated = i > 0 && slice_is(slice_of(interactions[i - 1].code), row->code);

		if (row->open || repeated || row->shape == PATH_COMPARTMENT || row->shape == PATH_COMPARTMENT_SEARCH
		    || (row->shape >= PATH_EXPORT && row->shape <= PATH_IMPORT_FILE)
		    || is_of_system(row) != of_system)
			continue;
		buf_printf(b, "%s{\"code\":\"%s\"}", first ? "" : ",", row->code);
		first = false;
	}
}

static void
write_params(struct buf *b, const struct search_index *index, const struct type *type)
{
	uint32_t count;
	const struct search_param *const *params = search_params(index, type, &count);
	bool first = true;

	for (uint32_t i = 0; i < count; i++) {
		if (!search_index_supports(index, params[i]))
			continue;
		buf_printf(b, "%s{\"name\":\"%.*s\",\"definition\":", first ? "" : ",",
		    SLICE_FMT(params[i]->code));
		json_write_string(b, params[i]->url);
		buf_printf(b, ",\"type\":\"%s\"", search_kind_name(params[i]->kind));
		documents_write_use(b, ",\"documentation\":", params[i]);
		buf_add_char(b, '}');
		first = false;
	}
}

/* Includes: of a type every reference that it has, and every one that may point to it. */

static void
write_include(struct buf *b, const struct search_param *p, bool *first)
{
	buf_printf(b, "%s\"%.*s:%.*s\"", *first ? "" : ",", SLICE_FMT(p->on->name), SLICE_FMT(p->code));
	*first = false;
}

static bool
is_reference(const struct search_index *index, const struct search_param *p)
{
	return p->kind == SEARCH_REFERENCE && search_index_supports(index, p);
}

static void
write_includes(struct buf *b, const struct search_index *index, const struct type *type)
{
	uint32_t count;
	const struct search_param *const *params = search_params(index, type, &count);
	bool first = false;

	buf_add(b, SLICE("\"*\""));
	for (uint32_t i = 0; i < count; i++)
		if (is_reference(index, params[i]))
			write_include(b, params[i], &first);
}

static void
write_reverse_includes(struct buf *b, const struct search_index *index, const struct type *type)
{
	bool first = false;

	buf_add(b, SLICE("\"*\""));
	for (uint32_t i = 0; i < search_param_count(index); i++) {
		const struct search_param *p = search_param_at(index, i);
		bool may = false;

		for (uint32_t k = 0; k < p->target_count && !may; k++)
			may = slice_eq(p->targets[k], type->name);
		if (may && is_reference(index, p))
			write_include(b, p, &first);
	}
}

static bool
is_repeated(int i)
{
	const struct operation *o = &operations[i];

	for (int k = 0; k < i; k++)
		if (strcmp(operations[k].name, o->name) == 0
		    && strcmp(operations[k].definition, o->definition) == 0
		    && (operations[k].row.shape == PATH_SYSTEM_OPERATION)
		    == (o->row.shape == PATH_SYSTEM_OPERATION))
			return true;
	return false;
}

/* Each operation once, whatever methods and levels it has. */
static void
write_operations(struct buf *b, const struct slice *type)
{
	bool first = true;

	for (int i = 0; i < operation_count; i++) {
		const struct operation *o = &operations[i];

		if (is_repeated(i) || (o->row.shape == PATH_SYSTEM_OPERATION) != (type == NULL)
		    || (type != NULL && !rest_operation_on(o, type)))
			continue;
		buf_printf(b, "%s{\"name\":\"%s\",\"definition\":\"%s\"}", first ? "" : ",", o->name,
		    o->definition);
		first = false;
	}
}

static void
write_type(struct buf *b, const struct service *s, const struct search_index *index,
    const struct type *type)
{
	buf_printf(b, "{\"type\":\"%.*s\",\"interaction\":[", SLICE_FMT(type->name));
	write_interactions(b, false);
	buf_add(b, SLICE("],\"versioning\":\"versioned\",\"readHistory\":true,"
	    "\"updateCreate\":false,\"conditionalCreate\":true,\"conditionalRead\":\"full-support\","
	    "\"conditionalUpdate\":true,\"conditionalDelete\":\""));
	buf_add(b, s->options.rest_conditional_delete);
	buf_add(b, SLICE("\",\"referencePolicy\":[\"literal\",\"logical\"],\"searchInclude\":["));
	write_includes(b, index, type);
	buf_add(b, SLICE("],\"searchRevInclude\":["));
	write_reverse_includes(b, index, type);
	buf_add(b, SLICE("],\"operation\":["));
	write_operations(b, &type->name);
	buf_add(b, SLICE("],\"searchParam\":["));
	write_params(b, index, type);
	buf_add(b, SLICE("]}"));
}

static void
write_security(struct buf *b)
{
	buf_add(b, SLICE("\"security\":{\"cors\":true,\"service\":[{\"coding\":[{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/restful-security-service\",\"code\":\"OAuth\"}],"
	    "\"text\":\"OAuth 2.0 bearer tokens with SMART on FHIR scopes\"}]},"));
}

/* What can be done with a parameter that says nothing of it, by its type. */
static void
write_search(struct buf *b)
{
	buf_add(b, SLICE("\"documentation\":\"Modifiers and comparators of search parameters, where a parameter's "
	    "documentation does not say less."));
	for (enum search_kind kind = SEARCH_NUMBER; kind < SEARCH_SPECIAL; kind++) {
		buf_printf(b, " %s:", search_kind_name(kind));
		for (size_t i = 0; query_modifier(kind, i) != NULL; i++)
			buf_printf(b, " %s", query_modifier(kind, i));
		for (size_t i = 0; query_prefix(kind, i) != NULL; i++)
			buf_printf(b, " %s", query_prefix(kind, i));
		buf_add_char(b, '.');
	}
	buf_add(b, SLICE("\","));
}

static void
write_types(struct buf *b, const struct service *s, const struct search_index *index)
{
	bool first = true;

	for (uint32_t i = 0; i < pack_type_count(s->pack); i++) {
		const struct type *type = pack_type_at(s->pack, i);

		if (type->kind != TYPE_RESOURCE || type->abstract)
			continue;
		if (!first)
			buf_add_char(b, ',');
		first = false;
		write_type(b, s, index, type);
	}
}

static void
write_compartments(struct buf *b)
{
	for (int i = 0; i < rest_compartment_count; i++)
		buf_printf(b, "%s\"%s\"", i == 0 ? "" : ",", rest_compartments[i].definition);
}

bool
rest_capabilities(const struct service *s, const struct search_index *index, struct arena *arena,
    struct slice *out)
{
	char now[INSTANT_TEXT];
	struct buf b;

	instant_format(env_wall(s->env), now);
	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"%.*s\","
	    "\"kind\":\"instance\",\"instantiates\":[\"http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/"
	    "bulk-data\"],\"software\":{\"name\":\"Firebreak\"},\"implementation\":"
	    "{\"description\":\"Firebreak FHIR server\",\"url\":\"%.*s\"},\"fhirVersion\":\"4.0.1\","
	    "\"format\":[\"application/fhir+json\",\"application/fhir+xml\"],\"patchFormat\":"
	    "[\"application/json-patch+json\",\"application/xml-patch+xml\",\"application/fhir+json\",\"application/fhir+xml\"],\"rest\":[{\"mode\":\"server\",", INSTANT_TEXT, now,
	    SLICE_FMT(s->base));
	write_search(&b);
	write_security(&b);
	buf_add(&b, SLICE("\"resource\":["));
	write_types(&b, s, index);
	buf_add(&b, SLICE("],\"interaction\":["));
	write_interactions(&b, true);
	buf_add(&b, SLICE("],\"operation\":["));
	write_operations(&b, NULL);
	buf_add(&b, SLICE("],\"compartment\":["));
	write_compartments(&b);
	buf_add(&b, SLICE("]}]}"));
	*out = buf_slice(&b);
	return buf_ok(&b);
}

/* mode: full, normative or terminology (R4 http.html#capabilities). */
static struct slice
asked_mode(const struct exchange *x)
{
	struct slice rest = x->query;

	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&');

		if (slice_is(slice_cut(&value, '='), "mode"))
			return value;
	}
	return SLICE("full");
}

static bool
answer_statement(struct exchange *x, const char *type, struct slice body)
{
	struct stored s = { .type = pack_resource(x->service->pack, slice_of(type)), .body = body };
	struct query q;

	if (!subset_asked(x, s.type, &q) || !subset_of(x, &q, &s, &body))
		return false;
	answer_bytes(x, 200, body);
	return true;
}

/* R4 http.html#capabilities: with an ETag. */
static bool
answer_capabilities(struct exchange *x)
{
	struct stored s = { .updated = INT64_MAX };
	struct buf etag;

	s.body = documents_capabilities(x, &s.version);
	buf_init(&etag, x->arena, 64);
	buf_printf(&etag, "W/\"%.*s\"", SLICE_FMT(s.version));
	exchange_add_header(x, "etag", buf_slice(&etag));
	if (!answer_not_modified(x, &s))
		return answer_statement(x, "CapabilityStatement", s.body);
	x->status = 304;
	return true;
}

bool
rest_metadata(struct exchange *x)
{
	struct slice mode = asked_mode(x);

	if (slice_is(mode, "terminology"))
		return answer_statement(x, "TerminologyCapabilities", x->service->terminology_capabilities);
	if (slice_is(mode, "full") || slice_is(mode, "normative"))
		return answer_capabilities(x);
	return exchange_fail(x, FAULT_NOT_SUPPORTED, "mode is full, normative or terminology");
}

static void
answer_json(struct exchange *x, struct buf *b)
{
	x->status = 200;
	x->bytes = buf_slice(b);
	exchange_add_header(x, "content-type", SLICE("application/json"));
}

/* SMART App Launch 2.2, conformance: what is there today, no more. */
bool
rest_smart_configuration(struct exchange *x)
{
	struct buf b;

	buf_init(&b, x->arena, 4096);
	buf_printf(&b, "{\"issuer\":\"%.*s\",\"jwks_uri\":\"%.*s/oauth/jwks\",\"grant_types_supported\":[],"
	    "\"scopes_supported\":[\"patient/*.cruds\",\"user/*.cruds\",\"system/*.cruds\"],"
	    "\"capabilities\":[\"permission-v1\",\"permission-v2\",\"permission-patient\","
	    "\"permission-user\"]}", SLICE_FMT(x->service->issuer), SLICE_FMT(x->service->issuer));
	answer_json(x, &b);
	return true;
}

bool
rest_jwks(struct exchange *x)
{
	struct buf b;

	buf_init(&b, x->arena, 4096);
	buf_printf(&b, "{\"keys\":[%.*s]}", SLICE_FMT(keeper_token_jwk(x->service->keeper)));
	answer_json(x, &b);
	return true;
}
