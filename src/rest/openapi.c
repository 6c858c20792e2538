/* openapi.c -- the API as an OpenAPI 3.0 document, from the tables that route requests.
 *
 * One path item for each shape of path (and type), one operation for each row
 * of the interactions and operations tables.  Search parameters come from the
 * search index.  Like the CapabilityStatement it is the same for everyone.
 * Source: OpenAPI Specification 3.0.3. */
#include "rest/interactions.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/documents.h"
#include "rest/rest.h"
#include "search/query.h"

/* Below the base; "@" stands for the type, "$" for an operation's name.  A shape without a
 * text is not below the FHIR base. */
static const char *const templates[] = {
	[PATH_BASE]               = "/",
	[PATH_METADATA]           = "/metadata",
	[PATH_OPENAPI]            = "/openapi.json",
	[PATH_SMART]              = "/.well-known/smart-configuration",
	[PATH_TYPE]               = "/@",
	[PATH_TYPE_SEARCH]        = "/@/_search",
	[PATH_SYSTEM_SEARCH]      = "/_search",
	[PATH_COMPARTMENT]        = "/@/{id}/{type}",
	[PATH_COMPARTMENT_SEARCH] = "/@/{id}/{type}/_search",
	[PATH_INSTANCE]           = "/@/{id}",
	[PATH_BASE_HISTORY]       = "/_history",
	[PATH_TYPE_HISTORY]       = "/@/_history",
	[PATH_HISTORY]            = "/@/{id}/_history",
	[PATH_VERSION]            = "/@/{id}/_history/{vid}",
	[PATH_SYSTEM_OPERATION]   = "/$",
	[PATH_TYPE_OPERATION]     = "/@/$",
	[PATH_INSTANCE_OPERATION] = "/@/{id}/$",
	[PATH_EXPORT]             = "/bulk/{id}",
	[PATH_EXPORT_FILE]        = "/bulk/{id}/{vid}",
	[PATH_IMPORT]             = "/import/{id}",
	[PATH_IMPORT_FILE]        = "/import/{id}/{vid}",
	[PATH_NONE]               = NULL,
};

static const char head[] =
    "\"security\":[{\"bearer\":[]}],\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\","
    "\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\",\"description\":\"An access token with SMART on FHIR "
    "scopes\"}},\"schemas\":{\"Resource\":{\"type\":\"object\",\"required\":[\"resourceType\"],"
    "\"properties\":{\"resourceType\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"}}}},"
    "\"parameters\":{\"id\":{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":"
    "\"string\",\"pattern\":\"^[A-Za-z0-9.-]{1,64}$\"}},\"vid\":{\"name\":\"vid\",\"in\":\"path\","
    "\"required\":true,\"schema\":{\"type\":\"string\"}},\"type\":{\"name\":\"type\",\"in\":\"path\","
    "\"required\":true,\"description\":\"A type of the compartment, or * for all\",\"schema\":{\"type\":"
    "\"string\"}},\"format\":{\"name\":\"_format\",\"in\":"
    "\"query\",\"schema\":{\"type\":\"string\"}},\"pretty\":{\"name\":\"_pretty\",\"in\":\"query\","
    "\"schema\":{\"type\":\"boolean\"}}},\"responses\":{\"Success\":{\"description\":\"As the FHIR "
    "specification says\",\"content\":{\"application/fhir+json\":{\"schema\":{\"$ref\":"
    "\"#/components/schemas/Resource\"}},\"application/fhir+xml\":{\"schema\":{\"type\":\"string\"}}}},"
    "\"Refusal\":{\"description\":\"An OperationOutcome\",\"content\":{\"application/fhir+json\":"
    "{\"schema\":{\"$ref\":\"#/components/schemas/Resource\"}}}}}},\"paths\":{";

static void
write_path(struct buf *b, const char *template, struct slice type, const char *operation)
{
	for (const char *c = template; *c != '\0'; c++)
		switch (*c) {
		case '@': buf_add(b, type); break;
		case '$': buf_printf(b, "$%s", operation); break;
		default:  buf_add_char(b, *c);
		}
}

/* What every row at a path shares: the variables in it, and the two that any request has. */
static void
write_path_parameters(struct buf *b, const char *template)
{
	static const char *const names[] = { "id", "vid", "type" };

	buf_add(b, SLICE("\"parameters\":[{\"$ref\":\"#/components/parameters/format\"},"
	    "{\"$ref\":\"#/components/parameters/pretty\"}"));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char variable[8];

		snprintf(variable, sizeof variable, "{%s}", names[i]);
		if (strstr(template, variable) != NULL)
			buf_printf(b, ",{\"$ref\":\"#/components/parameters/%s\"}", names[i]);
	}
	buf_add_char(b, ']');
}

/* `param`: NULL for those of every search. */
static void
write_search_parameter(struct buf *b, struct slice name, const struct search_param *param, bool *first)
{
	buf_printf(b, "%s{\"name\":\"%.*s\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}",
	    *first ? "" : ",", SLICE_FMT(name));
	if (param != NULL)
		documents_write_use(b, ",\"description\":", param);
	buf_add_char(b, '}');
	*first = false;
}

/* Those of a type and those of every search; of several types (NULL) the latter alone. */
static void
write_search_parameters(struct buf *b, const struct search_index *index, const struct type *type)
{
	uint32_t count = 0;
	const struct search_param *const *params = type == NULL ? NULL : search_params(index, type, &count);
	bool first = true;

	buf_add(b, SLICE("\"parameters\":["));
	if (type == NULL)
		write_search_parameter(b, SLICE("_type"), NULL, &first);
	for (uint32_t i = 0; i < count; i++)
		if (search_index_supports(index, params[i]))
			write_search_parameter(b, params[i]->code, params[i], &first);
	for (size_t i = 0; query_setting(i) != NULL; i++)
		write_search_parameter(b, slice_of(query_setting(i)), NULL, &first);
	buf_add(b, SLICE("],"));
}

static void
write_body(struct buf *b, enum body_kind body)
{
	static const char *const media[] = {
		[BODY_NONE]     = NULL,
		[BODY_RESOURCE] = "application/fhir+json",
		[BODY_BUNDLE]   = "application/fhir+json",
		[BODY_ANY]      = "application/fhir+json",
		[BODY_PARAMETERS] = "application/fhir+json",
		[BODY_FORM]     = "application/x-www-form-urlencoded",
		[BODY_PATCH]    = "application/json-patch+json",
	};

	if (media[body] == NULL)
		return;
	buf_printf(b, "\"requestBody\":{\"content\":{\"%s\":{\"schema\":%s}}},", media[body],
	    body == BODY_FORM ? "{\"type\":\"object\"}" : "{\"$ref\":\"#/components/schemas/Resource\"}");
}

static void
write_lower(struct buf *b, const char *method)
{
	for (; *method != '\0'; method++)
		buf_add_char(b, (char)(*method | 0x20));
}

static void
write_one(struct buf *b, const struct search_index *index, const struct interaction *row,
    const struct type *type, const char *operation)
{
	buf_add(b, SLICE(",\""));
	write_lower(b, row->method);
	buf_printf(b, "\":{\"operationId\":\"%s-%s-%d-%.*s\",\"tags\":[\"%.*s\"],",
	    operation == NULL ? row->code : operation, row->method, (int)row->shape,
	    SLICE_FMT(type == NULL ? SLICE("system") : type->name),
	    SLICE_FMT(type == NULL ? SLICE("system") : type->name));
	if (row->open)
		buf_add(b, SLICE("\"security\":[],"));
	if (row->perform == rest_search && row->body == BODY_NONE)
		write_search_parameters(b, index, row->shape == PATH_TYPE ? type : NULL);
	write_body(b, row->body);
	buf_add(b, SLICE("\"responses\":{\"2XX\":{\"$ref\":\"#/components/responses/Success\"},"
	    "\"default\":{\"$ref\":\"#/components/responses/Refusal\"}}}"));
}

/* A row with GET stands for HEAD too. */
static void
write_row(struct buf *b, const struct search_index *index, const struct interaction *row,
    const struct type *type, const char *operation)
{
	struct interaction head_row = *row;

	write_one(b, index, row, type, operation);
	head_row.method = "HEAD";
	if (strcmp(row->method, "GET") == 0)
		write_one(b, index, &head_row, type, operation);
}

/* Rows that share a path are written as one item, and a method once in it. */
static bool
method_seen(int first, int i)
{
	for (int k = first; k < i; k++)
		if (interactions[k].shape == interactions[i].shape
		    && slice_is(slice_of(interactions[k].method), interactions[i].method))
			return true;
	return false;
}

static bool
shape_seen(int i)
{
	for (int k = 0; k < i; k++)
		if (interactions[k].shape == interactions[i].shape)
			return true;
	return false;
}

static bool
of_type(enum path_shape shape)
{
	return templates[shape] != NULL && strchr(templates[shape], '@') != NULL;
}

static void
begin_item(struct buf *b, enum path_shape shape, struct slice type, const char *operation, bool *first)
{
	buf_add(b, *first ? SLICE("\"") : SLICE(",\""));
	*first = false;
	write_path(b, templates[shape], type, operation);
	buf_add(b, SLICE("\":{"));
	write_path_parameters(b, templates[shape]);
}

static bool
is_compartment(enum path_shape shape)
{
	return shape == PATH_COMPARTMENT || shape == PATH_COMPARTMENT_SEARCH;
}

/* The paths of one type, or (NULL) those of none. */
static void
write_interactions(struct buf *b, const struct search_index *index, const struct type *type, bool *first)
{
	for (int i = 0; i < interaction_count; i++) {
		enum path_shape shape = interactions[i].shape;

		if (templates[shape] == NULL || of_type(shape) != (type != NULL) || shape_seen(i)
		    || (is_compartment(shape) && !rest_has_compartment(type)))
			continue;
		begin_item(b, shape, type == NULL ? SLICE_NONE : type->name, NULL, first);
		for (int k = i; k < interaction_count; k++)
			if (interactions[k].shape == shape && !method_seen(i, k))
				write_row(b, index, &interactions[k], type, NULL);
		buf_add_char(b, '}');
	}
}

static bool
applies(const struct operation *o, const struct type *type)
{
	return of_type(o->row.shape) ? type != NULL && rest_operation_on(o, &type->name) : type == NULL;
}

static bool
same_operation(const struct operation *a, const struct operation *b)
{
	return a->row.shape == b->row.shape && slice_is(slice_of(a->name), b->name);
}

static bool
operation_seen(int i, const struct type *type)
{
	for (int k = 0; k < i; k++)
		if (same_operation(&operations[k], &operations[i]) && applies(&operations[k], type))
			return true;
	return false;
}

static void
write_operations(struct buf *b, const struct search_index *index, const struct type *type, bool *first)
{
	for (int i = 0; i < operation_count; i++) {
		const struct operation *o = &operations[i];

		if (!applies(o, type) || operation_seen(i, type))
			continue;
		begin_item(b, o->row.shape, type == NULL ? SLICE_NONE : type->name, o->name, first);
		for (int k = i; k < operation_count; k++)
			if (same_operation(&operations[k], o) && applies(&operations[k], type))
				write_row(b, index, &operations[k].row, type, o->name);
		buf_add_char(b, '}');
	}
}

static void
write_paths(struct buf *b, const struct search_index *index, const struct type *type, bool *first)
{
	write_interactions(b, index, type, first);
	write_operations(b, index, type, first);
}

bool
rest_openapi_document(const struct service *s, const struct search_index *index, struct arena *arena,
    struct slice *out)
{
	bool first = true;
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"Firebreak FHIR R4 API\",\"version\":"
	    "\"4.0.1\"},\"servers\":[{\"url\":\"%.*s\"}],", SLICE_FMT(s->base));
	buf_add_cstr(&b, head);
	write_paths(&b, index, NULL, &first);
	for (uint32_t i = 0; i < pack_type_count(s->pack); i++) {
		const struct type *type = pack_type_at(s->pack, i);

		if (type->kind == TYPE_RESOURCE && !type->abstract)
			write_paths(&b, index, type, &first);
	}
	buf_add(&b, SLICE("}}"));
	*out = buf_slice(&b);
	return buf_ok(&b);
}

bool
rest_openapi(struct exchange *x)
{
	x->status = 200;
	x->bytes = documents_openapi(x);
	exchange_add_header(x, "content-type", SLICE("application/json"));
	return true;
}
