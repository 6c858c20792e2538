/* everything.c -- $everything of a Patient, of all Patients, and of an Encounter (R4
 * operation-patient-everything.html, operation-encounter-everything.html).
 *
 * It is a search of all types in the compartment, under the caller's permit, that includes what
 * is referred to.  By GET, or by POST of Parameters; further pages are by GET.  A page is as long as _count says, else as long as pages may be. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/parameters.h"
#include "rest/searchset.h"

struct wish {
	struct buf   search;            /* the parameters as those of a search */
	struct buf   shown;             /* as they were asked for, for links */
	bool         counted, dated;
	int64_t      first, last;
	const struct type **types;      /* of _type */
	uint32_t     type_count;
};

static void
add_pair(struct buf *b, struct slice name, struct slice value)
{
	if (b->len > 0)
		buf_add_char(b, '&');
	encode_percent(b, name);
	buf_add_char(b, '=');
	encode_percent(b, value);
}

static bool
take_date(struct exchange *x, struct wish *w, bool start, struct slice value)
{
	int64_t first, last;

	if (!index_date(value, &first, &last))
		return outcome_fail(&x->outcome, FAULT_BAD_SEARCH, (struct place){ start ? SLICE("start") : SLICE("end"), 0, 0 },
		    SLICE(""));
	if (start)
		w->first = first;
	else
		w->last = last;
	return w->dated = true;
}

static bool
take_since(struct exchange *x, struct wish *w, struct slice value)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "ge%.*s", SLICE_FMT(value));
	add_pair(&w->search, SLICE("_lastUpdated"), buf_slice(&b));
	return true;
}

static bool
bad_type(struct exchange *x, const char *why)
{
	return outcome_fail(&x->outcome, FAULT_BAD_SEARCH, (struct place){ SLICE("_type"), 0, 0 }, slice_of(why));
}

static void
add_type(struct exchange *x, struct wish *w, const struct type *type)
{
	for (uint32_t i = 0; i < w->type_count; i++)
		if (w->types[i] == type)
			return;
	w->types = arena_more(x->arena, w->types, w->type_count, sizeof *w->types);
	w->types[w->type_count++] = type;
}

static bool
take_types(struct exchange *x, struct wish *w, struct slice value)
{
	while (value.len > 0) {
		const struct type *type = pack_resource(x->service->pack, slice_trim(slice_cut(&value, ',')));

		if (type == NULL)
			return bad_type(x, "no such resource type");
		add_type(x, w, type);
	}
	return true;
}

/* Those of the compartment are searched for; all of them are included where something refers to them. */
static bool
search_types(struct exchange *x, struct wish *w)
{
	struct buf names;
	uint32_t count;

	buf_init(&names, x->arena, SIZE_MAX);
	for (uint32_t i = 0; i < w->type_count; i++)
		if (w->types[i] == x->type
		    || pack_compartment(x->service->pack, x->type->name, w->types[i], &count) != NULL)
			buf_printf(&names, "%s%.*s", names.len > 0 ? "," : "", SLICE_FMT(w->types[i]->name));
	if (w->type_count > 0 && names.len == 0)
		return bad_type(x, "nothing of it is in the compartment");
	add_pair(&w->search, SLICE("_type"), buf_slice(&names));
	return true;
}

static bool
take_parameter(struct exchange *x, struct wish *w, struct slice name, struct slice value)
{
	if (value.len == 0)
		return true;
	if (!slice_is(name, "_cursor"))
		add_pair(&w->shown, name, value);
	w->counted |= slice_is(name, "_count");
	if (slice_is(name, "start") || slice_is(name, "end"))
		return take_date(x, w, slice_is(name, "start"), value);
	if (slice_is(name, "_since"))
		return take_since(x, w, value);
	if (slice_is(name, "_type"))
		return take_types(x, w, value);
	add_pair(&w->search, name, value);
	return true;
}

static bool
take_parameters(struct exchange *x, struct wish *w)
{
	struct parameters p;

	*w = (struct wish){ .first = INT64_MIN, .last = INT64_MAX };
	buf_init(&w->search, x->arena, SIZE_MAX);
	buf_init(&w->shown, x->arena, SIZE_MAX);
	if (!parameters_read(x, "start end _since _type _count _elements _summary _cursor", &p))
		return false;
	for (uint32_t i = 0; i < p.count; i++)
		if (!take_parameter(x, w, p.at[i].name, p.at[i].text))
			return false;
	return search_types(x, w);
}

static bool
may_see(void *ctx, const struct type *type)
{
	return permit_allows(ctx, type, PERMIT_SEARCH);
}

/* Hidden and absent look the same; then everything else is about what is there. */
static bool
is_there(struct exchange *x)
{
	struct stored s;

	if (x->id.len == 0)
		return true;
	if (!store_find(x->worker->reader, planted(84) ? authorization_house : x->permit, x->type, x->id, &s,
	    &x->outcome))
		return false;
	return !s.deleted || exchange_fail(x, FAULT_DELETED, "");
}

static void
include_all(struct exchange *x, const struct wish *w, struct query *q)
{
	q->includes = arena_array(x->arena, w->type_count + 1, sizeof *q->includes);
	q->include_count = w->type_count == 0 ? 1 : w->type_count;
	for (uint32_t i = 0; i < w->type_count; i++)
		q->includes[i].target = w->types[i];
}

static bool
prepare(struct exchange *x, const struct index_resolver *resolver, struct query *q)
{
	struct query_place place = { .within = x->type, .id = x->id, .allowed = may_see,
		.ctx = (void *)(uintptr_t)x->permit, .all = x->id.len == 0 };
	struct wish w;

	if (!take_parameters(x, &w) || !query_parse_at(store_index(x->worker->reader), &place, buf_slice(&w.search),
	    SLICE_NONE, false, resolver, x->service->limits, x->received, x->arena, q, &x->outcome))
		return false;
	if (q->part_count == 0)
		return exchange_fail(x, FAULT_FORBIDDEN, "");
	if (w.dated)
		query_add_dates(q, w.first, w.last, x->arena);
	if (!w.counted)
		q->page = (uint32_t)x->service->limits->of[LIMIT_PAGE];
	q->canonical = buf_slice(&w.shown);
	include_all(x, &w, q);
	return true;
}

bool
rest_everything(struct exchange *x)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct searchset set = { .x = x };
	struct query q;
	struct buf path;

	if (!is_there(x) || !prepare(x, &resolver, &q))
		return false;
	buf_init(&path, x->arena, 1024);
	buf_printf(&path, "/%.*s", SLICE_FMT(x->type->name));
	if (x->id.len > 0)
		buf_printf(&path, "/%.*s", SLICE_FMT(x->id));
	buf_add(&path, SLICE("/$everything"));
	set.path = buf_slice(&path);
	set.query = &q;
	return searchset_answer(&set, &resolver);
}
