/* bundle_links.c -- what the entries of a transaction say of one another: by fullUrl, by version, by
 * search criteria (R4 bundle.html#references, http.html#trules). */
#include "rest/bundle_inside.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/bundle.h"
#include "rest/conditional.h"
#include "search/query.h"

struct slice
bundle_base_of(struct bundle *b, struct slice url)
{
	size_t id = url.len, type;

	while (id > 0 && url.ptr[id - 1] != '/')
		id--;
	for (type = id > 0 ? id - 1 : 0; type > 0 && url.ptr[type - 1] != '/';)
		type--;
	return type > 1 && pack_resource(b->outer->service->pack,
	    slice_sub(url, type, id - 1 - type)) != NULL ? slice_sub(url, 0, type - 1) : SLICE_NONE;
}

void
bundle_set_target(struct entry *e)
{
	struct exchange *x = e->x;
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_printf(&b, "%.*s/%.*s", SLICE_FMT(x->type->name), SLICE_FMT(x->id));
	e->target = buf_slice(&b);
}

static int
by_full_url(const void *a, const void *b)
{
	return slice_cmp((*(const struct entry *const *)a)->full_url,
	    (*(const struct entry *const *)b)->full_url);
}

bool
bundle_index_urls(struct bundle *b)
{
	if (b->by_url == NULL)
		b->by_url = arena_array(b->outer->arena, b->count + 1, sizeof *b->by_url);
	b->url_count = 0;
	for (uint32_t i = 0; i < b->count; i++)
		if (b->entries[i].target.len > 0 && b->entries[i].full_url.len > 0)
			b->by_url[b->url_count++] = &b->entries[i];
	qsort(b->by_url, b->url_count, sizeof *b->by_url, by_full_url);
	for (uint32_t i = 1; i < b->url_count; i++)
		if (slice_eq(b->by_url[i - 1]->full_url, b->by_url[i]->full_url))
			return exchange_fail(b->outer, FAULT_INVALID, "two entries have one fullUrl");
	return true;
}

static struct entry *
entry_of_url(struct bundle *b, struct slice url)
{
	struct entry wanted = { .full_url = url };
	const struct entry *key = &wanted;
	struct entry **found;

	if (b->url_count == 0)
		return NULL;
	found = bsearch(&key, b->by_url, b->url_count, sizeof *b->by_url, by_full_url);
	return found == NULL ? NULL : *found;
}

static struct slice
target_of_meant(struct bundle *b, struct slice url)
{
	uint32_t i = names_find(&b->meant, url);

	if (i == NAME_UNKNOWN)
		return SLICE_NONE;
	return b->meanings[i].entry != NULL ? b->meanings[i].entry->target : b->meanings[i].target;
}

struct slice
bundle_joined(struct bundle *b, struct slice left, const char *between, struct slice right)
{
	struct buf buf;

	buf_init(&buf, b->outer->arena, 4096);
	buf_printf(&buf, "%.*s%s%.*s", SLICE_FMT(left), between, SLICE_FMT(right));
	return buf_slice(&buf);
}

/* That of an update is made when something refers to it. */
static struct slice
version_of(struct entry *e)
{
	struct exchange *x = e->x;
	struct outcome aside;
	struct stored s;

	outcome_init(&aside, x->arena);
	if (e->version.len == 0 && x->interaction->verb == PERMIT_UPDATE
	    && store_find(x->worker->reader, x->permit, x->type, x->id, &s, &aside)) {
		x->vid = store_new_vid(x->service->store);
		e->version = store_version_id(x->service->store, s.row, x->vid, x->arena);
	}
	return e->version;
}

/* R4 bundle.html#references: a version is no part of what fullUrl names. */
static struct slice
target_of_url(struct bundle *b, struct slice url)
{
	static const char mark[] = "/_history/";
	const char *version = memmem(url.ptr, url.len, mark, sizeof mark - 1);
	struct entry *e = entry_of_url(b, version == NULL ? url
	    : slice_make(url.ptr, (size_t)(version - url.ptr)));

	if (e == NULL)
		return SLICE_NONE;
	return version == NULL || version_of(e).len == 0 ? e->target
	    : bundle_joined(b, e->target, mark, e->version);
}

struct rewriting {
	struct bundle *bundle;
	const struct entry *of;
};

/* R4 bundle.html#references: a relative reference counts from where the entry's fullUrl is.  What is no
 * reference and equals a canonical url means the definition, wherever it is. */
static struct slice
target_of(void *ctx, struct slice url, bool reference)
{
	struct rewriting *r = ctx;
	const struct entry *e = reference ? NULL : entry_of_url(r->bundle, url);
	struct slice target = e != NULL && e->defines ? SLICE_NONE : target_of_url(r->bundle, url);

	if (target.len > 0 || !reference || url.len == 0)
		return target;
	if (slice_find(url, '?') < url.len)
		return target_of_meant(r->bundle, url);
	if (r->of->base.len == 0 || slice_find(url, ':') < url.len)
		return SLICE_NONE;
	return target_of_url(r->bundle, bundle_joined(r->bundle, r->of->base, "/", url));
}

/* What a patch has put into a resource; of what was there, relative references are what they were. */
struct slice
bundle_link_patched(void *ctx, struct exchange *x, struct slice text)
{
	static const struct entry nowhere;
	struct rewriting rewriting = { ctx, &nowhere };
	struct outcome aside;
	struct json j;

	outcome_init(&aside, x->arena);
	if (!json_parse(text, json_bounds(x->service->limits, false), x->arena, &j, &aside))
		return text;            /* said where it is taken as the result */
	return bundle_rewrite(x->service->pack, &j, 0, target_of, &rewriting, x->arena);
}

bool
bundle_rewrite_entry(struct bundle *b, struct entry *e, bool final)
{
	struct rewriting rewriting = { b, e };
	struct slice text = bundle_rewrite(b->outer->service->pack, b->json, e->resource, target_of, &rewriting,
	    e->x->arena);

	e->x->content = text;
	return !final || !bundle_has_urn(text, e->x->arena)
	    || exchange_fail(e->x, FAULT_INVALID, "a urn:uuid reference has no entry");
}

/* Conditions in references (R4 http.html#trules, step 5): exactly one resource each, of what is there when
 * the entries are done. */

/* Will the resource be as the entry has it? */
static bool
stores(const struct entry *e)
{
	const struct exchange *x = e->x;

	return e->resource != 0 && e->twin == NULL && x->interaction->body == BODY_RESOURCE
	    && (x->interaction->verb == PERMIT_UPDATE || (x->interaction->verb == PERMIT_CREATE && x->old == NULL));
}

static bool
is_replaced(struct bundle *b, const struct stored *s)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (stores(&b->entries[i]) && b->entries[i].x->type == s->type
		    && slice_eq(b->entries[i].x->id, s->id))
			return true;
	return bundle_deletes(b, s->row);
}

static bool
stores_match(struct bundle *b, struct entry *e, const struct type *type, const struct condition *c)
{
	struct query_row *row;

	if (e->x->type != type || !stores(e))
		return false;
	if (e->row == NULL) {
		e->row = row = arena_alloc(b->outer->arena, sizeof *row);
		if (!condition_row(e->x, type, e->x->id, b->json, e->resource, row))
			row->type = NULL;
	}
	return e->row->type != NULL && condition_met(e->x, c, e->row);
}

static bool
find_meaning(struct bundle *b, struct exchange *x, const struct type *type, struct slice criteria,
    struct meaning *m)
{
	struct condition condition;
	struct stored *match;

	if (!condition_one(x, type, criteria, &match, &condition))
		return false;
	if (match != NULL && !is_replaced(b, match))
		m->target = bundle_joined(b, type->name, "/", match->id);
	for (uint32_t i = 0; i < b->count; i++) {
		if (!stores_match(b, &b->entries[i], type, &condition))
			continue;
		if (m->entry != NULL || m->target.len > 0)
			return exchange_fail(x, FAULT_MULTIPLE, "");
		m->entry = &b->entries[i];
	}
	return m->entry != NULL || m->target.len > 0
	    || exchange_fail(x, FAULT_BUSINESS_RULE, "a condition in a reference finds nothing");
}

static bool
add_meant(struct bundle *b, struct exchange *x, struct slice url)
{
	struct slice criteria = url, name = slice_cut(&criteria, '?');
	const struct type *type = pack_resource(x->service->pack, name);
	struct meaning m = { .entry = NULL };

	if (type == NULL || names_find(&b->meant, url) != NAME_UNKNOWN)
		return true;
	if (b->meant.count >= x->service->limits->of[LIMIT_REFERENCES])
		return exchange_fail(x, FAULT_TOO_COMPLEX, "too many conditions in references");
	if (!find_meaning(b, x, type, criteria, &m))
		return false;
	b->meanings = arena_more(b->outer->arena, b->meanings, b->meant.count, sizeof m);
	b->meanings[b->meant.count] = m;
	return names_add(&b->meant, url, b->meant.count);
}

bool
bundle_resolve_references(struct bundle *b, struct entry *e)
{
	const struct json *j = b->json;
	uint32_t end = e->resource == 0 ? 0 : j->nodes[e->resource].next;

	for (uint32_t n = e->resource + 1; n + 1 < end; n++) {
		if ((j->nodes[n].flags & JSON_IS_NAME) == 0 || !json_is(j, n, SLICE("reference"))
		    || slice_find(json_raw(j, n + 1), '?') == j->nodes[n + 1].len)
			continue;
		if (!add_meant(b, e->x, json_string(j, n + 1, e->x->arena)))
			return false;
	}
	return true;
}
