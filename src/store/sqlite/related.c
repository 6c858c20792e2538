/* related.c -- _include and _revinclude (R4 search.html#revinclude).
 *
 * Forward: the references in the body that is on the page anyway, each looked up under the permit
 * like a read; canonical.c says what a url means.  Backward: those that refer to a row, found as for _has.  What an
 * iterating include adds goes through all iterating includes again. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/numbers.h"
#include "base/outcome.h"
#include "search/values.h"
#include "store/sqlite/plan.h"

struct relating {
	struct plan   p;
	const struct index_resolver *resolver;
	struct store_related *out;
	struct numbers seen;            /* rows */
	uint32_t      max, list_room;
};

static bool
take(struct relating *r, struct stored *v)
{
	struct store_related *out = r->out;

	if (!numbers_add(&r->seen, r->p.arena, v->row))
		return true;
	if (out->count == r->max) {
		out->cut = true;
		return true;
	}
	if (!sqlite_load_found(r->p.reader, v, r->p.arena, r->p.outcome))
		return false;
	if (out->count == r->list_room) {
		uint32_t room = r->list_room == 0 ? 32 : r->list_room * 2;

		out->at = arena_grow(r->p.arena, out->at, r->list_room * sizeof *v, room * sizeof *v);
		r->list_room = room;
	}
	out->at[out->count++] = *v;
	return true;
}

/* Forward */

/* Planted: no look at the permit. */
static bool
leak_include(struct relating *r, const struct type *type, struct slice id)
{
	struct stored v = { .type = type };
	struct candidate at;
	bool found;

	r->p.leaking = true;
	if (!sqlite_row_of(r->p.reader, type, id, &v.compartment, &v.row)
	    || !plan_find(&r->p, type, v.compartment, v.row, &at, &found) || !found)
		return true;
	v.vid = at.vid;
	return take(r, &v);
}

/* Of a url, with "|version" or without. */
static bool
follow_canonical(struct relating *r, const struct type *type, struct slice reference)
{
	struct slice url = slice_cut(&reference, '|');
	int64_t name = index_named(r->p.query->index, url, reference, r->p.text);
	struct candidate at;
	struct stored v = { .type = type };
	bool found;

	if (!plan_meant(&r->p, type, name, &at, &found))
		return false;
	v.row = at.row;
	v.vid = at.vid;
	return !found || take(r, &v);
}

/* A reference that is no local one may be the url of something that has such. */
static bool
follow_url(struct relating *r, const struct query_include *include, const struct search_param *param,
    struct slice reference)
{
	const struct pack *pack = r->p.reader->store->config.pack;

	for (uint32_t i = 0; i < param->target_count; i++) {
		const struct type *type = pack_resource(pack, param->targets[i]);

		if (type != NULL && permit_knows(r->p.permit, type)
		    && (include->target == NULL || type == include->target)
		    && !follow_canonical(r, type, reference))
			return false;
	}
	return true;
}

/* R4 search.html#versions: the version that is referred to; the current one where that cannot be had. */
static void
go_to_version(struct relating *r, struct slice id, struct slice reference, struct stored *v)
{
	struct slice rest = slice_sub(reference, (size_t)(id.ptr + id.len - reference.ptr), reference.len);
	struct slice mark = SLICE("/_history/"), version = slice_sub(rest, mark.len, rest.len);
	struct outcome aside;
	struct stored there;

	outcome_init(&aside, r->p.scratch);
	if (slice_starts(rest, mark) && permit_allows(r->p.permit, v->type, PERMIT_READ)
	    && store_vread(r->p.reader, r->p.permit, v->type, id, version, r->p.text, &there, &aside))
		*v = there;
}

static bool
follow(struct relating *r, const struct query_include *include, const struct search_param *param,
    struct slice reference)
{
	struct slice type_name, id;
	const struct type *type;
	struct outcome aside;
	struct stored v;

	if (!index_local(r->resolver, reference, &type_name, &id))
		return follow_url(r, include, param, reference);
	type = pack_resource(r->p.reader->store->config.pack, type_name);
	if (type == NULL || !search_may_refer(param, type_name) || (include->target != NULL && type != include->target) || !permit_knows(r->p.permit, type))
		return true;
	outcome_init(&aside, r->p.scratch);
	if (planted(44))
		return leak_include(r, type, id);
	if (!sqlite_find(r->p.reader, r->p.permit, type, id, &v, &aside))
		return true;                    /* hidden or absent: nothing */
	if (v.deleted)
		return true;
	go_to_version(r, id, reference, &v);
	return take(r, &v);
}

static bool
follow_all(struct relating *r, const struct query_include *include, const struct search_param *param,
    const struct stored *from, const struct json *j)
{
	struct index_texts texts;

	if (!index_texts(r->p.query->index, from->type, param, false, j, 0, r->p.text, &texts, r->p.outcome))
		return false;
	for (uint32_t i = 0; i < texts.count; i++)
		if (!follow(r, include, param, texts.at[i]))
			return false;
	return true;
}

static bool
forward(struct relating *r, const struct query_include *include, const struct stored *from)
{
	uint32_t count;
	const struct search_param *const *params = search_params(r->p.query->index, from->type, &count);
	struct json j;

	if (include->source != NULL && include->source != from->type)
		return true;
	arena_reset(r->p.text);
	if (!json_parse(from->body, json_bounds(r->p.reader->store->config.limits, false), r->p.text, &j,
	        r->p.outcome))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (params[i]->kind == SEARCH_REFERENCE && (include->param == NULL || include->param == params[i])
		    && !follow_all(r, include, params[i], from, &j))
			return false;
	return true;
}

/* Backward */

static bool
referrer(struct relating *r, const struct search_param *param, int64_t lead, int64_t row)
{
	struct stored v = { .type = param->on };
	struct candidate at;
	bool found;

	if (row >= INDEX_CONTAINED || (lead != r->p.lead && !plan_leaves(&r->p, 46)))
		return true;
	r->p.leaking = planted(45);
	if (!plan_find(&r->p, param->on, lead, row, &at, &found))
		return false;
	v.row = row;
	v.vid = at.vid;
	return !found || take(r, &v);
}

static bool
referrers(struct relating *r, const struct search_param *param, int64_t lead, int64_t target_lead,
    int64_t target)
{
	struct row_set rows;
	struct pair *pairs = NULL;
	uint32_t count = 0;

	r->p.leaking = planted(45);
	if (lead >= 0 && (lead == r->p.lead || plan_leaves(&r->p, 46))) {
		if (!plan_referrers(&r->p, param->number, lead, target_lead, target, &rows))
			return false;
		for (uint32_t i = 0; i < rows.count; i++)
			if (!referrer(r, param, lead, rows.at[i]))
				return false;
	}
	if (plan_leaves(&r->p, 46) && !plan_backrefs(&r->p, param->number, target, &pairs, &count))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!referrer(r, param, pairs[i].target, pairs[i].row))
			return false;
	return true;
}

/* The texts that a reference to it can be: its chosen id, its canonical url. */
static bool
find_names(struct relating *r, const struct stored *to, int64_t *alias, struct row_set *names)
{
	*names = (struct row_set){ NULL, 0 };
	return plan_alias_of(&r->p, to->row, alias)
	    && (to->compartment != DIRECTORY || plan_names(&r->p, to->type, to->row, names));
}

static bool
backward_by(struct relating *r, const struct search_param *param, const struct stored *to, int64_t alias,
    const struct row_set *names)
{
	if (!permit_knows(r->p.permit, param->on))
		return true;
	if (!referrers(r, param, to->compartment, to->compartment, to->row)
	    || (alias != 0 && !referrers(r, param, to->compartment, INDEX_FOREIGN, alias)))
		return false;
	for (uint32_t i = 0; i < names->count; i++)
		if (!referrers(r, param, to->compartment, INDEX_FOREIGN, names->at[i]))
			return false;
	return true;
}

static bool
backward(struct relating *r, const struct query_include *include, const struct stored *to)
{
	const struct search_index *index = r->p.query->index;
	struct row_set names;
	int64_t alias;

	if (include->target != NULL && include->target != to->type)
		return true;
	if (!find_names(r, to, &alias, &names))
		return false;
	for (uint32_t i = 0; i < search_param_count(index); i++) {
		const struct search_param *param = search_param_at(index, i);

		if (param->kind == SEARCH_REFERENCE && search_index_supports(index, param)
		    && (include->param == NULL || include->param == param)
		    && (include->source == NULL || include->source == param->on)
		    && search_may_refer(param, to->type->name) && !backward_by(r, param, to, alias, &names))
			return false;
	}
	return true;
}

static bool
relate(struct relating *r, const struct stored *of, bool match)
{
	const struct query *q = r->p.query;

	for (uint32_t i = 0; i < q->include_count; i++) {
		const struct query_include *include = &q->includes[i];

		if ((match || include->iterate)
		    && !(include->reverse ? backward : forward)(r, include, of))
			return false;
	}
	return true;
}

bool
store_include(struct store_reader *reader, const struct permit *permit, const struct query *q,
    const struct index_resolver *resolver, const struct store_page *page, struct arena *arena,
    struct store_related *out, struct outcome *o)
{
	struct relating r = { .resolver = resolver, .out = out,
		.max = (uint32_t)reader->store->config.limits->of[LIMIT_INCLUDES] };
	bool good = true;

	*out = (struct store_related){ NULL, 0, false };
	if (q->include_count == 0)
		return true;
	plan_init(&r.p, reader, permit, q, arena, o);
	for (uint32_t i = 0; i < page->count; i++)
		numbers_add(&r.seen, arena, page->at[i].row);
	for (uint32_t i = 0; i < page->count && good; i++)
		good = relate(&r, &page->at[i], true);
	for (uint32_t i = 0; i < out->count && good; i++) {
		struct stored of = out->at[i];  /* the list moves while it grows */

		good = relate(&r, &of, false);
	}
	plan_done(&r.p);
	return good;
}
