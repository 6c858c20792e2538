/* route.c -- from method and path to a row of the interactions table.
 *
 * The path is decoded once, segment by segment; a segment that is neither a
 * known word nor a well-formed FHIR id fits nothing.  No file name, no URL and
 * no SQL is ever made from it. */
#include "rest/rest.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/encode.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/interactions.h"

#define SEGMENTS 4              /* of a path below the base */
#define ID_MAX   64

struct segments {
	struct slice at[SEGMENTS];
	int          count;
};

/* R4 datatypes.html#id */
static bool
id_good(struct slice id)
{
	if (id.len == 0 || id.len > ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (!(ascii_is_letter(c) || ascii_is_digit(c)
		    || c == '-' || c == '.'))
			return false;
	}
	return true;
}

static bool
split(struct exchange *x, struct slice rest, struct segments *s)
{
	s->count = 0;
	while (rest.len > 0) {
		struct slice piece = slice_cut(&rest, '/');

		if (piece.len == 0 && rest.len == 0)
			break;                          /* one slash at the end */
		if (s->count == SEGMENTS
		    || !decode_percent(piece, false, x->arena, &s->at[s->count]))
			return false;
		s->count++;
	}
	return true;
}

static bool
operation_named(struct exchange *x, struct slice segment)
{
	if (!slice_starts(segment, SLICE("$")))
		return false;
	x->operation = slice_sub(segment, 1, segment.len);
	return true;
}

/* Of R4 compartmentdefinition.html. */
#define COMPARTMENT(name) "http://hl7.org/fhir/CompartmentDefinition/" name

const struct compartment rest_compartments[] = {
	{ "Patient",       COMPARTMENT("patient") },
	{ "Encounter",     COMPARTMENT("encounter") },
	{ "RelatedPerson", COMPARTMENT("relatedPerson") },
	{ "Practitioner",  COMPARTMENT("practitioner") },
	{ "Device",        COMPARTMENT("device") },
};
const int rest_compartment_count = sizeof rest_compartments / sizeof rest_compartments[0];

bool
rest_has_compartment(const struct type *type)
{
	for (int i = 0; i < rest_compartment_count; i++)
		if (slice_is(type->name, rest_compartments[i].type))
			return true;
	return false;
}

/* /Patient/1/Observation, /Patient/1 with a star, and with _search behind it */
static enum path_shape
in_compartment(struct exchange *x, const struct segments *s)
{
	const struct type *of = pack_resource(x->service->pack, s->at[2]);

	if (!rest_has_compartment(x->type) || (of == NULL && !slice_is(s->at[2], "*"))
	    || (s->count == 4 && !slice_is(s->at[3], "_search")))
		return PATH_NONE;
	x->id = s->at[1];
	x->within = x->type;
	x->type = of;
	return s->count == 4 ? PATH_COMPARTMENT_SEARCH : PATH_COMPARTMENT;
}

static enum path_shape
below_type(struct exchange *x, const struct segments *s)
{
	bool history = s->count > 2 && slice_is(s->at[2], "_history");

	if ((x->type = pack_resource(x->service->pack, s->at[0])) == NULL)
		return PATH_NONE;
	if (s->count == 1)
		return PATH_TYPE;
	if (s->count == 2 && slice_is(s->at[1], "_search"))
		return PATH_TYPE_SEARCH;
	if (s->count == 2 && slice_is(s->at[1], "_history"))
		return PATH_TYPE_HISTORY;
	if (s->count == 2 && operation_named(x, s->at[1]))
		return PATH_TYPE_OPERATION;
	if (s->count == 3 && id_good(s->at[1]) && operation_named(x, s->at[2])) {
		x->id = s->at[1];
		return PATH_INSTANCE_OPERATION;
	}
	if (s->count > 2 && !history && id_good(s->at[1]))
		return in_compartment(x, s);
	if (!id_good(s->at[1]) || (s->count > 2 && !history))
		return PATH_NONE;
	x->id = s->at[1];
	if (s->count == 2)
		return PATH_INSTANCE;
	if (s->count == 3)
		return PATH_HISTORY;
	x->version = s->at[3];
	return id_good(x->version) ? PATH_VERSION : PATH_NONE;
}

static enum path_shape
of_job(struct exchange *x, const struct segments *s, enum path_shape job, enum path_shape file)
{
	x->id = s->at[1];
	if (s->count == 3)
		x->version = s->at[2];
	if (!id_good(x->id) || (s->count == 3 && !id_good(x->version)))
		return PATH_NONE;
	return s->count == 2 ? job : file;
}

static enum path_shape
shape_of(struct exchange *x)
{
	struct slice base = x->service->base_path, rest = x->path;
	struct segments s;

	if (slice_is(rest, "/oauth/jwks"))
		return PATH_JWKS;
	if (x->parent == NULL) {
		if (!slice_starts(rest, base) || (rest.len > base.len && rest.ptr[base.len] != '/'))
			return PATH_NONE;
		rest = slice_sub(rest, base.len + 1, rest.len);
	}
	if (!split(x, rest, &s))
		return PATH_NONE;
	if (s.count == 0)
		return PATH_BASE;
	if (s.count == 1 && slice_is(s.at[0], "_history"))
		return PATH_BASE_HISTORY;
	if (s.count == 1 && slice_is(s.at[0], "metadata"))
		return PATH_METADATA;
	if (s.count == 1 && slice_is(s.at[0], "_search"))
		return PATH_SYSTEM_SEARCH;
	if (s.count == 1 && slice_is(s.at[0], "openapi.json"))
		return PATH_OPENAPI;
	if (s.count == 2 && slice_is(s.at[0], ".well-known")
	    && slice_is(s.at[1], "smart-configuration"))
		return PATH_SMART;
	if (s.count == 1 && operation_named(x, s.at[0]))
		return PATH_SYSTEM_OPERATION;
	if (s.count > 1 && s.count < 4 && slice_is(s.at[0], "bulk"))
		return of_job(x, &s, PATH_EXPORT, PATH_EXPORT_FILE);
	if (s.count > 1 && s.count < 4 && slice_is(s.at[0], "import"))
		return of_job(x, &s, PATH_IMPORT, PATH_IMPORT_FILE);
	return below_type(x, &s);
}

/* The first for paths that answer anybody, from any origin. */
static const struct interaction options_interactions[] = {
	{ "options", "OPTIONS", PATH_METADATA, 0, 'R', true, BODY_NONE, rest_options },
	{ "options", "OPTIONS", PATH_NONE,     0, 'R', true, BODY_NONE, rest_options },
};

static bool
open_to_all(enum path_shape shape)
{
	return shape == PATH_METADATA || shape == PATH_OPENAPI || shape == PATH_SMART || shape == PATH_JWKS;
}

bool
rest_operation_on(const struct operation *o, const struct slice *type_name)
{
	struct slice types, one;

	if (o->types == NULL || type_name == NULL)
		return o->types == NULL;
	types = slice_of(o->types);
	while (types.len > 0) {
		one = slice_cut(&types, ' ');
		if (slice_eq(one, *type_name))
			return true;
	}
	return false;
}

/* The rows of a path, one after the other: those of its shape, or of its operation.
 * Begin with 0; NULL when there are no more. */
static const struct interaction *
next_row(const struct exchange *x, enum path_shape shape, int *at)
{
	const struct slice *type = x->type == NULL ? NULL : &x->type->name;

	if (x->operation.len == 0) {
		while (*at < interaction_count)
			if (interactions[(*at)++].shape == shape)
				return &interactions[*at - 1];
		return NULL;
	}
	while (*at < operation_count) {
		const struct operation *o = &operations[(*at)++];

		if (o->row.shape == shape && slice_is(x->operation, o->name)
		    && (shape == PATH_SYSTEM_OPERATION || rest_operation_on(o, type)))
			return &o->row;
	}
	return NULL;
}

static const struct interaction *
row_of(const struct exchange *x, enum path_shape shape, bool *shape_known)
{
	const struct interaction *row;
	int at = 0;

	*shape_known = false;
	while ((row = next_row(x, shape, &at)) != NULL) {
		*shape_known = true;
		if (slice_is(x->method, row->method)
		    || (slice_is(x->method, "HEAD") && strcmp(row->method, "GET") == 0))
			return row;
	}
	return NULL;
}

/* Of the Allow header: the methods that the path's shape, or its operation, has. */
static struct slice
allowed(const struct exchange *x, enum path_shape shape)
{
	const struct interaction *row, *before = NULL;
	struct buf b;
	int at = 0;

	buf_init(&b, x->arena, 256);
	buf_add_cstr(&b, "OPTIONS");
	while ((row = next_row(x, shape, &at)) != NULL) {
		if (before == NULL || !slice_is(slice_of(before->method), row->method))
			buf_printf(&b, ", %s%s", row->method, strcmp(row->method, "GET") == 0 ? ", HEAD" : "");
		before = row;
	}
	return buf_slice(&b);
}

static void
misroute(struct exchange *x, enum path_shape shape, bool shape_known)
{
	if (!shape_known) {
		x->misrouted = FAULT_NO_SUCH_TYPE;
		return;
	}
	x->misrouted = FAULT_NO_METHOD;
	exchange_add_header(x, "allow", allowed(x, shape));
}

void
rest_route(struct exchange *x)
{
	enum path_shape shape = shape_of(x);
	bool shape_known;

	if (slice_is(x->method, "OPTIONS") && x->parent == NULL) {
		x->interaction = &options_interactions[!open_to_all(shape)];
		x->version = allowed(x, shape);
		return;
	}
	x->interaction = row_of(x, shape, &shape_known);
	if (x->interaction == NULL)
		misroute(x, shape, shape_known);
}

bool
rest_options(struct exchange *x)
{
	exchange_add_header(x, "allow", x->version);
	x->status = 204;
	return true;
}
