/* route.c -- from method and path to a row of the interactions table.
 *
 * The path is decoded once, segment by segment; a segment that is neither a
 * known word nor a well-formed FHIR id fits nothing.  No file name, no URL and
 * no SQL is ever made from it. */
#include "rest/rest.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/interactions.h"

#define SEGMENTS 4
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

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
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
	if (s->count == 2 && slice_is(s->at[1], "$validate"))
		return PATH_VALIDATE;
	if (s->count == 3 && slice_is(s->at[2], "$validate") && id_good(s->at[1])) {
		x->id = s->at[1];
		return PATH_VALIDATE_INSTANCE;
	}
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
	if (s.count == 1 && slice_is(s.at[0], "metadata"))
		return PATH_METADATA;
	if (s.count == 2 && slice_is(s.at[0], ".well-known")
	    && slice_is(s.at[1], "smart-configuration"))
		return PATH_SMART;
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
	return shape == PATH_METADATA || shape == PATH_SMART || shape == PATH_JWKS;
}

static const struct interaction *
row_of(struct slice method, enum path_shape shape, bool *shape_known)
{
	*shape_known = false;
	for (int i = 0; i < interaction_count; i++) {
		if (interactions[i].shape != shape)
			continue;
		*shape_known = true;
		if (slice_is(method, interactions[i].method))
			return &interactions[i];
	}
	return NULL;
}

static void
misroute(struct exchange *x, enum path_shape shape, bool shape_known)
{
	if (!shape_known) {
		x->misrouted = FAULT_NO_SUCH_TYPE;
		return;
	}
	x->misrouted = FAULT_NO_METHOD;
	exchange_add_header(x, "allow", rest_allowed(x, shape));
}

void
rest_route(struct exchange *x)
{
	enum path_shape shape = shape_of(x);
	bool shape_known;

	if (slice_is(x->method, "OPTIONS") && x->parent == NULL) {
		x->interaction = &options_interactions[!open_to_all(shape)];
		x->version = rest_allowed(x, shape);
		return;
	}
	x->interaction = row_of(x->method, shape, &shape_known);
	if (x->interaction == NULL)
		misroute(x, shape, shape_known);
}

struct slice
rest_allowed(const struct exchange *x, enum path_shape shape)
{
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_add_cstr(&b, "OPTIONS");
	for (int i = 0; i < interaction_count; i++)
		if (interactions[i].shape == shape
		    && (i == 0 || interactions[i - 1].shape != shape
		    || !slice_is(slice_of(interactions[i - 1].method), interactions[i].method)))
			buf_printf(&b, ", %s", interactions[i].method);
	return buf_slice(&b);
}

bool
rest_options(struct exchange *x)
{
	exchange_add_header(x, "allow", x->version);
	x->status = 204;
	return true;
}
