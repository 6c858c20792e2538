/* bundle.c -- batch and transaction (R4 http.html#transaction).
 *
 * Each entry is an exchange of its own under the parent's permit.  A batch gives one
 * store unit per writing entry: each stands or falls alone.  A transaction gives
 * one unit for all: it happens whole or not at all.
 *
 * A transaction first learns which resources its entries mean, and the ids of what it
 * creates, so that entries may refer to one another by fullUrl in any order:
 *   1. what is deleted goes first: conditions do not find it any more;
 *   2. conditions are looked up, those of entries and those in references;
 *   3. Patients get compartment and id;
 *   4. every other new resource, with references to those resolved, shows
 *      which patients it belongs to, and so its compartment and id;
 *   5. with all ids known, references are rewritten and the other entries performed:
 *      POST, then PUT and PATCH; composite search parameters behind their components.
 *
 * Reads come last and see what was written: the writer lets them be performed in its own
 * transaction, where nobody else has written since, and where one that fails still undoes it all. */
#include "rest/interactions.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "base/limits.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/place.h"
#include "exchange/service.h"
#include "fhir/names.h"
#include "rest/answer.h"
#include "rest/bundle.h"
#include "rest/conditional.h"
#include "rest/replay.h"
#include "rest/rest.h"
#include "rest/write.h"
#include "search/custom.h"
#include "search/query.h"
#include "validate/validate.h"

struct entry {
	uint32_t      node, resource;   /* in the Bundle; resource 0: none */
	struct slice  full_url;
	struct slice  target;           /* "Patient/abc": what full_url stands for; or empty */
	struct slice  version;          /* that is written, once it is known; or empty */
	struct slice  base;             /* of full_url when it ends with "/Patient/1"; or empty */
	bool          defines;          /* full_url is the canonical url of the resource too */
	const struct entry *twin;       /* creates on the same condition, so this one does not */
	const struct query_row *row;    /* of what it writes, for conditions; NULL: not asked yet */
	struct exchange *x;
};

struct bundle {
	struct exchange   *outer;
	const struct json *json;
	struct entry      *entries;
	uint32_t           count;
	bool               transaction;
	struct entry      **by_url;     /* those with a target, sorted by full_url */
	uint32_t           url_count;
	struct names       meant;       /* references with a condition, "Patient?identifier=x" */
	struct meaning {                /* of each: what is stored, or what an entry writes */
		struct slice        target;
		const struct entry *entry;
	} *meanings;
	struct names       makers;      /* entries that a condition makes create, by type and condition */
	uint32_t           deletes;
};

static struct place
entry_place(struct bundle *b, uint32_t i)
{
	struct place place = json_place(b->json, b->entries[i].node);
	struct buf path;

	buf_init(&path, b->outer->arena, 64);
	buf_printf(&path, "Bundle.entry[%u]", i);
	place.path = buf_slice(&path);
	return place;
}

/* The Bundle without its resources must be as defined; the resources are
 * validated where they are written. */
static bool
shell_good(struct exchange *x)
{
	const struct json *j = &x->body->json;
	struct slice shell = bundle_shell(j, x->arena);
	struct json shell_json;

	return json_parse(shell, json_bounds(x->service->limits, true), x->arena, &shell_json,
	        &x->outcome)
	    && validate_structure(x->service->pack, x->body->type, &shell_json, 0,
	        x->service->limits, x->arena, &x->outcome);
}

static bool
kind_of(struct bundle *b)
{
	uint32_t type = json_get(b->json, 0, SLICE("type"));

	b->transaction = json_is(b->json, type, SLICE("transaction"));
	if (b->transaction)
		return true;
	if (!json_is(b->json, type, SLICE("batch")))
		return outcome_fail(&b->outer->outcome, FAULT_INVALID, json_place(b->json, type),
		    SLICE("Bundle.type must be batch or transaction"));
	for (int i = 0; i < interaction_count; i++)
		if (slice_is(slice_of(interactions[i].code), "batch"))
			b->outer->interaction = &interactions[i];
	return true;
}

static const struct { const char *member, *header; } conditions[] = {
	{ "ifMatch", "if-match" }, { "ifNoneMatch", "if-none-match" },
	{ "ifModifiedSince", "if-modified-since" }, { "ifNoneExist", "if-none-exist" },
};

static void
read_conditions(struct bundle *b, struct exchange *x, uint32_t request)
{
	struct http_header *headers = arena_array(x->arena, COUNT_OF(conditions), sizeof *headers);

	x->headers = headers;
	for (size_t i = 0; i < COUNT_OF(conditions); i++) {
		uint32_t value = json_get(b->json, request, slice_of(conditions[i].member));

		if (value != 0)
			headers[x->header_count++] = (struct http_header){
				slice_of(conditions[i].header), json_string(b->json, value, x->arena) };
	}
}

static void
read_url(struct exchange *x, struct slice url)
{
	struct slice base = x->service->base;

	if (slice_starts(url, base) && url.len > base.len && url.ptr[base.len] == '/')
		url = slice_sub(url, base.len + 1, url.len);
	else if (url.len > 0 && url.ptr[0] == '/')
		url = slice_sub(url, 1, url.len);
	x->query = url;
	x->path = slice_cut(&x->query, '?');
}

/* "http://example.org/fhir" of "http://example.org/fhir/Patient/1" */
static struct slice
base_of(struct bundle *b, struct slice url)
{
	size_t id = url.len, type;

	while (id > 0 && url.ptr[id - 1] != '/')
		id--;
	for (type = id > 0 ? id - 1 : 0; type > 0 && url.ptr[type - 1] != '/';)
		type--;
	return type > 1 && pack_resource(b->outer->service->pack,
	    slice_sub(url, type, id - 1 - type)) != NULL ? slice_sub(url, 0, type - 1) : SLICE_NONE;
}

static bool
open_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];
	struct exchange *x = e->x = exchange_entry(b->outer);
	uint32_t request = json_get(b->json, e->node, SLICE("request"));

	e->resource = json_get(b->json, e->node, SLICE("resource"));
	e->full_url = json_string(b->json, json_get(b->json, e->node, SLICE("fullUrl")), x->arena);
	e->base = base_of(b, e->full_url);
	e->defines = e->resource != 0 && json_is(b->json, json_get(b->json, e->resource, SLICE("url")), e->full_url);
	if (request == 0)
		return outcome_fail(&b->outer->outcome, FAULT_INVALID, entry_place(b, i),
		    SLICE("an entry needs a request"));
	x->method = json_string(b->json, json_get(b->json, request, SLICE("method")), x->arena);
	read_url(x, json_string(b->json, json_get(b->json, request, SLICE("url")), x->arena));
	read_conditions(b, x, request);
	rest_route(x);
	if (e->resource != 0)
		x->content = json_raw(b->json, e->resource);
	return true;
}

static bool
open_entries(struct bundle *b)
{
	struct exchange *outer = b->outer;
	uint32_t list = json_get(b->json, 0, SLICE("entry")), i = 0;

	b->count = list == 0 ? 0 : json_size(b->json, list);
	if (b->count > outer->service->limits->of[LIMIT_BUNDLE_ENTRIES])
		return exchange_fail(outer, FAULT_TOO_COMPLEX, "too many entries");
	b->entries = arena_array(outer->arena, b->count + 1, sizeof *b->entries);
	outer->entries = arena_array(outer->arena, b->count + 1, sizeof *outer->entries);
	for (uint32_t n = list == 0 ? 0 : json_first(b->json, list); n != 0;
	    n = json_next(b->json, list, n), i++) {
		b->entries[i].node = n;
		if (!open_entry(b, i))
			return false;
		outer->entries[outer->entry_count++] = b->entries[i].x;
	}
	return true;
}

/* Which interactions an entry may ask for; a Bundle in a Bundle is not one. */
static bool
entry_allowed(struct exchange *x)
{
	if (x->interaction != NULL && (x->interaction->open || x->interaction->body == BODY_BUNDLE))
		return exchange_fail(x, FAULT_NOT_SUPPORTED, "not possible in an entry");
	return controls_request(x);
}

/* The entry's own refusal becomes the transaction's, with its place. */
static bool
blame(struct bundle *b, uint32_t i)
{
	struct exchange *x = b->entries[i].x;

	for (struct issue *issue = x->outcome.first; issue != NULL; issue = issue->next) {
		struct place place = entry_place(b, i);

		place.path = bundle_entry_path(place.path, issue->place.path, x->arena);
		if (faults[issue->fault].status >= 400)
			outcome_fail(&b->outer->outcome, issue->fault, place, issue->detail);
	}
	return false;
}

/* Does it make a resource that was not there? */
static bool
is_maker(const struct entry *e)
{
	const struct exchange *x = e->x;

	if (x->interaction == NULL || x->old != NULL || e->resource == 0 || e->twin != NULL)
		return false;
	return x->interaction->verb == PERMIT_CREATE
	    || (x->interaction->body == BODY_RESOURCE && x->interaction->shape == PATH_TYPE);
}

static bool
is_patient(const struct exchange *x)
{
	return x->type != NULL && slice_is(x->type->name, "Patient");
}

static void
set_target(struct entry *e)
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

/* The entries that others may refer to, so far as their ids are known.  False
 * when two claim one fullUrl (R4 bundle.html#bundle-7). */
static bool
index_urls(struct bundle *b)
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

static struct slice
joined(struct bundle *b, struct slice left, const char *between, struct slice right)
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
	    : joined(b, e->target, mark, e->version);
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
	return target_of_url(r->bundle, joined(r->bundle, r->of->base, "/", url));
}

/* What a patch has put into a resource; of what was there, relative references are what they were. */
static struct slice
link_patched(void *ctx, struct exchange *x, struct slice text)
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

/* What import --keep-ids asks for: the resource's own id, bound as an alias. */
static void
keep_id(struct bundle *b, struct entry *e)
{
	struct slice id = json_string(b->json, json_get(b->json, e->resource, SLICE("id")),
	    e->x->arena);

	if (id.len > 0 && permit_chooses_ids(b->outer->permit)
	    && (b->outer->keep_ids || (b->transaction && e->x->interaction->verb == PERMIT_UPDATE)))
		e->x->chosen_id = id;
}

static void
assign_id(struct entry *e)
{
	struct exchange *x = e->x;
	struct store *store = x->service->store;

	x->row = is_patient(x) ? x->compartment.number : store_new_row(store);
	x->vid = store_new_vid(store);
	x->id = x->chosen_id.len > 0 ? x->chosen_id
	    : store_id(store, x->compartment.number, x->row, x->arena);
	e->version = store_version_id(store, x->row, x->vid, x->arena);
	if (is_patient(x))
		store_name_patient(store, x->row, x->id);
	set_target(e);
}

/* Step 1: they need nothing of the others. */
static bool
perform_deletes(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (x->interaction->verb == PERMIT_DELETE && !rest_perform(x))
			return blame(b, i);
		b->deletes += x->write_count;
	}
	return true;
}

static bool
is_buried(struct bundle *b, const struct stored *s)
{
	for (uint32_t i = 0; i < b->count && b->deletes > 0; i++) {
		const struct exchange *x = b->entries[i].x;

		for (uint32_t k = 0; k < x->write_count; k++)
			if (x->interaction->verb == PERMIT_DELETE && x->write[k].row == s->row)
				return true;
	}
	return false;
}

/* Two creates on one condition are one resource: R4 leaves it open, and two would be what the condition is
 * there to prevent.  An update on it would have the identity of what the other creates. */
static bool
claim_condition(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];
	const struct exchange *x = e->x;
	struct slice name = joined(b, x->type->name, "?", condition_text(write_criteria(x)));
	uint32_t maker = names_find(&b->makers, name);

	if (maker == NAME_UNKNOWN)
		return names_add(&b->makers, name, i);
	if (x->interaction->verb != PERMIT_CREATE
	    || b->entries[maker].x->interaction->verb != PERMIT_CREATE)
		return exchange_fail(b->outer, FAULT_INVALID, "two entries have one identity");
	e->twin = &b->entries[maker];
	return true;
}

/* Step 2, conditions of entries. */
static bool
resolve_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];
	struct exchange *x = e->x;

	if ((x->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE)) == 0
	    || x->interaction->body == BODY_ANY || !write_is_conditional(x))
		return true;
	if (!write_resolve(x))
		return blame(b, i);
	if (x->old != NULL && is_buried(b, x->old)) {
		x->old = NULL;
		x->id = SLICE_NONE;
	}
	if (x->old == NULL)
		return claim_condition(b, i);
	set_target(e);
	return true;
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
	return is_buried(b, s);
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
		m->target = joined(b, type->name, "/", match->id);
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
	if (!find_meaning(b, x, type, criteria, &m))
		return false;
	b->meanings = arena_grow(b->outer->arena, b->meanings, b->meant.count * sizeof m,
	    (b->meant.count + 1) * sizeof m);
	b->meanings[b->meant.count] = m;
	return names_add(&b->meant, url, b->meant.count);
}

static bool
resolve_references(struct bundle *b, uint32_t i)
{
	const struct json *j = b->json;
	struct entry *e = &b->entries[i];
	uint32_t end = e->resource == 0 ? 0 : j->nodes[e->resource].next;

	for (uint32_t n = e->resource + 1; n + 1 < end; n++) {
		if ((j->nodes[n].flags & JSON_IS_NAME) == 0 || !json_is(j, n, SLICE("reference"))
		    || slice_find(json_raw(j, n + 1), '?') == j->nodes[n + 1].len)
			continue;
		if (!add_meant(b, e->x, json_string(j, n + 1, e->x->arena)))
			return blame(b, i);
	}
	return true;
}

static bool
resolve_conditions(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (!resolve_entry(b, i))
			return false;
	for (uint32_t i = 0; i < b->count; i++)
		if (!resolve_references(b, i))
			return false;
	return true;
}

/* R4 http.html#upsert: an update that makes a Patient, or brings one back. */
static bool
assign_upsert(struct entry *e, struct transaction *t)
{
	struct exchange *x = e->x;
	struct outcome aside;
	struct stored s;

	outcome_init(&aside, x->arena);
	if (store_find(x->worker->reader, x->permit, x->type, x->id, &s, &aside))
		return true;
	if (!write_find_old(x))
		return false;
	if (x->old == NULL && !permit_chooses_ids(x->permit))
		return true;            /* refused where it is performed */
	if (x->old == NULL) {
		if (!store_compartment_new(x->service->store, &x->compartment, &x->outcome))
			return false;
		x->chosen_id = x->id;
		assign_id(e);
	}
	t->patients[t->count++] = (struct fresh_patient){ x->id,
		x->old == NULL ? x->compartment.number : x->old->compartment };
	return true;
}

static bool
is_upsert(const struct exchange *x)
{
	return x->interaction->verb == PERMIT_UPDATE && x->interaction->shape == PATH_INSTANCE
	    && x->interaction->body == BODY_RESOURCE;
}

/* Step 3. */
static bool
assign_patients(struct bundle *b, struct transaction *t)
{
	struct exchange *outer = b->outer;

	t->patients = arena_array(outer->arena, b->count + 1, sizeof *t->patients);
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (is_upsert(x) && is_patient(x) && !assign_upsert(&b->entries[i], t))
			return blame(b, i);
		if (!is_maker(&b->entries[i]))
			continue;
		keep_id(b, &b->entries[i]);
		if (!is_patient(x))
			continue;
		if (!store_compartment_new(outer->service->store, &x->compartment, &outer->outcome))
			return false;
		assign_id(&b->entries[i]);
		t->patients[t->count++] = (struct fresh_patient){ x->id, x->compartment.number };
	}
	return index_urls(b);
}

static bool
rewrite(struct bundle *b, struct entry *e, bool final)
{
	struct rewriting rewriting = { b, e };
	struct slice text = bundle_rewrite(b->outer->service->pack, b->json, e->resource, target_of, &rewriting,
	    e->x->arena);

	e->x->content = text;
	return !final || !bundle_has_urn(text, e->x->arena)
	    || exchange_fail(e->x, FAULT_INVALID, "a urn:uuid reference has no entry");
}

/* Step 4.  The parse is thrown away: with all ids known the text changes once more. */
static bool
assign_others(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct entry *e = &b->entries[i];

		if (!is_maker(e) || e->target.len > 0)
			continue;
		if (!rewrite(b, e, false) || !rest_parse(e->x)
		    || !exchange_place(e->x, e->x->body))
			return blame(b, i);
		assign_id(e);
	}
	for (uint32_t i = 0; i < b->count; i++)
		if (b->entries[i].twin != NULL)
			b->entries[i].target = b->entries[i].twin->target;
	return index_urls(b);
}

static void
targets_of_updates(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (x->interaction != NULL && x->interaction->verb == PERMIT_UPDATE
		    && x->interaction->shape == PATH_INSTANCE)
			set_target(&b->entries[i]);
	}
}

/* With all ids known: what entries may refer to although it is not stored yet. */
static bool
name_targets(struct bundle *b, struct transaction *t)
{
	t->targets = arena_alloc(b->outer->arena, sizeof *t->targets);
	names_init_keyed(t->targets, b->outer->arena, b->count);
	for (uint32_t i = 0; i < b->count; i++)
		if (b->entries[i].target.len > 0)
			names_add(t->targets, b->entries[i].target, i);
	return true;
}

static bool
reads(const struct exchange *x)
{
	return (x->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE | PERMIT_DELETE)) == 0;
}

/* The answer of an entry whose condition another entry fulfils. */
static void
answer_as_twin(struct entry *e)
{
	const struct exchange *twin = e->twin->x;

	e->x->id = twin->id;
	e->x->status = 200;
	e->x->out_count = twin->out_count;
	memcpy(e->x->out, twin->out, sizeof twin->out);
}

static bool
perform_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];

	if (e->twin != NULL) {
		answer_as_twin(e);
		return true;
	}
	if (e->resource != 0 && !rewrite(b, e, true))
		return blame(b, i);
	return rest_perform(e->x) || blame(b, i);
}

static bool
is_composite(const struct bundle *b, const struct entry *e)
{
	return e->x->type != NULL && slice_is(e->x->type->name, "SearchParameter") && e->resource != 0
	    && custom_is_composite(b->json, e->resource);
}

/* Step 5. */
static bool
perform_writes(struct bundle *b)
{
	static const struct { unsigned verb; bool composite; } steps[] = {
		{ PERMIT_CREATE, false }, { PERMIT_UPDATE, false }, { PERMIT_CREATE, true }, { PERMIT_UPDATE, true },
	};

	for (size_t s = 0; s < COUNT_OF(steps); s++)
		for (uint32_t i = 0; i < b->count; i++)
			if (b->entries[i].x->interaction->verb == steps[s].verb
			    && is_composite(b, &b->entries[i]) == steps[s].composite && !perform_entry(b, i))
				return false;
	return true;
}

static int
by_row(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* R4: no resource may be the target of two entries. */
static bool
rows_distinct(struct bundle *b, const struct store_unit *u)
{
	int64_t *rows = arena_array(b->outer->arena, u->count + 1, sizeof *rows);

	for (uint32_t i = 0; i < u->count; i++)
		rows[i] = u->writes[i].row;
	qsort(rows, u->count, sizeof *rows, by_row);
	for (uint32_t i = 1; i < u->count; i++)
		if (rows[i - 1] == rows[i])
			return exchange_fail(b->outer, FAULT_INVALID, "two entries have one identity");
	return true;
}

/* The same of ids that the client chose: their rows are new, and so always distinct. */
static bool
aliases_distinct(struct bundle *b, const struct store_unit *u)
{
	struct names chosen;

	names_init_keyed(&chosen, b->outer->arena, u->count);
	for (uint32_t i = 0; i < u->count; i++)
		if (u->writes[i].alias.len > 0 && !names_add(&chosen, joined(b, u->writes[i].type->name,
		    "/", u->writes[i].alias), i))
			return exchange_fail(b->outer, FAULT_INVALID, "two entries have one identity");
	return true;
}

/* What is deleted goes first, so no reference can mean it any more. */
static bool
targets_stay(struct bundle *b, const struct store_unit *u)
{
	int64_t *gone = arena_array(b->outer->arena, b->deletes + 1, sizeof *gone);
	uint32_t n = 0;

	for (uint32_t i = 0; b->deletes > 0 && i < u->count; i++)
		if (u->writes[i].method == 'D')
			gone[n++] = u->writes[i].row;
	qsort(gone, n, sizeof *gone, by_row);
	for (uint32_t i = 0; n > 0 && i < u->count; i++)
		for (uint32_t k = 0; k < u->writes[i].target_count; k++)
			if (bsearch(&u->writes[i].targets[k].row, gone, n, sizeof *gone, by_row) != NULL)
				return exchange_fail(b->outer, FAULT_BUSINESS_RULE, "another entry deletes it");
	return true;
}

static void
add_writes(struct store_unit *u, const struct exchange *x)
{
	for (uint32_t i = 0; i < x->write_count; i++)
		u->writes[u->count++] = x->write[i];
	if (x->guard != NULL && x->write_count > 0)
		u->guards[u->guard_count++] = *x->guard;
}

static bool
one_unit(struct bundle *b)
{
	struct exchange *outer = b->outer;
	struct store_commit *c = arena_alloc(outer->arena, sizeof *c);
	struct store_unit *u = c->units = arena_alloc(outer->arena, sizeof *c->units);
	uint32_t writes = 0;

	for (uint32_t i = 0; i < b->count; i++)
		writes += b->entries[i].x->write_count;
	u->writes = arena_array(outer->arena, writes + 1, sizeof *u->writes);
	u->guards = arena_array(outer->arena, b->count + 1, sizeof *u->guards);
	for (uint32_t i = 0; i < b->count; i++)
		add_writes(u, b->entries[i].x);
	if (!rows_distinct(b, u) || !aliases_distinct(b, u) || !targets_stay(b, u))
		return false;
	c->count = 1;
	if (u->count > 0)
		outer->commit = c;
	return true;
}

/* Records of entries */

static void
add_records(struct arena *arena, struct slice **records, uint32_t *count, const struct slice *more,
    uint32_t n)
{
	*records = arena_grow(arena, *records, *count * sizeof *more, (*count + n) * sizeof *more);
	if (n > 0)
		memcpy(*records + *count, more, n * sizeof *more);
	*count += n;
}

/* An entry's own records: into its unit, so that they happen with its write, else among those of
 * the Bundle. */
static bool
record_entry(struct exchange *outer, struct exchange *x)
{
	if (!controls_response(x))
		return exchange_fail(outer, FAULT_NO_AUDIT, "");
	if (x->unit != NULL) {
		x->unit->records = x->records;
		x->unit->record_count = x->record_count;
		return true;
	}
	add_records(outer->arena, &outer->entry_records, &outer->entry_record_count, x->records,
	    x->record_count);
	return true;
}

static void
forget_records(struct exchange *outer)
{
	outer->entry_records = NULL;
	outer->entry_record_count = 0;
}

/* Reads */

static bool
read_written(struct bundle *b, uint32_t i, struct store_reader *r)
{
	struct exchange *x = b->entries[i].x;
	bool good = rest_perform(x);

	if (store_overdue(r)) {         /* and then nothing that it has found is to be trusted */
		outcome_clear(&x->outcome);
		good = exchange_fail(x, FAULT_BUDGET, "the reads of a transaction that writes");
	}
	return good ? record_entry(b->outer, x) : blame(b, i);
}

/* On the writer's thread, in its transaction; see struct store_unit. */
static bool
read_all_written(void *ctx, struct store_reader *r, struct store_unit *u)
{
	struct bundle *b = ctx;
	struct exchange *outer = b->outer;
	struct worker writer = { .service = outer->service, .reader = r };
	bool good = true;

	forget_records(outer);
	for (uint32_t i = 0; good && i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (!x->late)
			continue;
		x->worker = &writer;
		good = read_written(b, i, r);
		x->worker = outer->worker;
	}
	add_records(outer->arena, &u->records, &u->record_count, outer->entry_records,
	    outer->entry_record_count);
	forget_records(outer);
	return good;
}

static bool
perform_reads(struct bundle *b)
{
	struct exchange *outer = b->outer;

	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (!reads(x))
			continue;
		x->status = 200;
		x->late = outer->commit != NULL;
		outer->late |= x->late;
		if (!x->late && !rest_perform(x))
			return blame(b, i);
	}
	if (outer->late) {
		outer->commit->units[0].read = read_all_written;
		outer->commit->units[0].ctx = b;
	}
	return true;
}

static bool
transact(struct bundle *b)
{
	struct transaction *t = arena_alloc(b->outer->arena, sizeof *t);

	t->link = link_patched;
	t->ctx = b;
	for (uint32_t i = 0; i < b->count; i++) {
		b->entries[i].x->transaction = t;
		if (!entry_allowed(b->entries[i].x))
			return blame(b, i);
	}
	names_init_keyed(&b->meant, b->outer->arena, 16);
	names_init_keyed(&b->makers, b->outer->arena, 16);
	targets_of_updates(b);
	return perform_deletes(b) && resolve_conditions(b) && assign_patients(b, t)
	    && assign_others(b) && name_targets(b, t) && perform_writes(b) && one_unit(b) && perform_reads(b);
}

/* A request that came before is answered as it was then. */
static bool
perform_once(struct exchange *x)
{
	return replay_find(x) ? replay_answer(x) : rest_perform(x);
}

static void
perform_in_batch(struct exchange *x, struct store_commit *c)
{
	struct store_unit *u;

	x->unit = NULL;
	if (!entry_allowed(x) || x->outcome.failed || !perform_once(x)) {
		rest_refuse(x);
		return;
	}
	if (x->write == NULL)
		return;
	u = x->unit = &c->units[c->count++];
	*u = (struct store_unit){ .writes = x->write, .count = x->write_count, .guards = x->guard,
		.guard_count = x->guard != NULL, .replay = replay_keep(x) };
}

static struct store_commit *
new_commit(struct exchange *outer)
{
	struct store_commit *c = arena_alloc(outer->arena, sizeof *c);

	c->units = arena_array(outer->arena, outer->entry_count + 1, sizeof *c->units);
	return c;
}

static void
keep_commit(struct exchange *outer, struct store_commit *c)
{
	if (c->count == 0)
		return;
	c->count++;                     /* the last one is for the records of the rest */
	outer->commit = c;
}

/* R4 http.html#brules: there are no references between the entries of a batch.  One to a placeholder would
 * be kept as it stands, and put the resource outside its patient's compartment. */
static void
check_batch_references(struct bundle *b, const struct entry *e, const struct names *urls)
{
	const struct json *j = b->json;
	uint32_t end = e->resource == 0 ? 0 : j->nodes[e->resource].next;

	for (uint32_t n = e->resource + 1; n + 1 < end; n++)
		if ((j->nodes[n].flags & JSON_IS_NAME) != 0 && json_is(j, n, SLICE("reference"))
		    && slice_starts(json_raw(j, n + 1), SLICE("urn:"))
		    && names_find(urls, json_string(j, n + 1, e->x->arena)) != NAME_UNKNOWN)
			exchange_fail(e->x, FAULT_INVALID, "entries of a batch do not refer to one another");
}

static void
batch(struct bundle *b)
{
	struct store_commit *c = new_commit(b->outer);
	struct names urls;

	names_init_keyed(&urls, b->outer->arena, b->count);
	for (uint32_t i = 0; i < b->count; i++)
		names_add(&urls, b->entries[i].full_url, i);
	for (uint32_t i = 0; i < b->count; i++) {
		check_batch_references(b, &b->entries[i], &urls);
		if (b->entries[i].resource != 0 && b->entries[i].x->interaction != NULL)
			keep_id(b, &b->entries[i]);
		perform_in_batch(b->entries[i].x, c);
	}
	keep_commit(b->outer, c);
}

static bool
record_entries(struct exchange *outer)
{
	for (uint32_t i = 0; i < outer->entry_count; i++)
		if (!outer->entries[i]->late && !record_entry(outer, outer->entries[i]))
			return false;
	return true;
}

/* As it was before it was performed. */
static void
put_back_entry(struct exchange *x)
{
	x->out_count = 0;
	x->events = NULL;
	x->bytes = SLICE_NONE;
	outcome_clear(&x->outcome);
	x->write = NULL;
	x->write_count = 0;
	x->old = NULL;
	x->resolved = false;
	x->guard = NULL;
	x->placed = false;
	x->compartment = (struct store_compartment){ .number = 0 };
	if (x->interaction->shape == PATH_TYPE)
		x->id = SLICE_NONE;
	if (x->interaction->verb == PERMIT_UPDATE)
		x->chosen_id = SLICE_NONE;
}

/* What had a file written beside it would need that again: it is refused instead. */
static void
perform_lost(struct exchange *x, struct store_commit *c, bool snapshot)
{
	if (x->file != NULL || !snapshot) {
		rest_conflict(x);
		x->unit = NULL;
		x->events = NULL;
		rest_refuse(x);
		return;
	}
	put_back_entry(x);
	perform_in_batch(x, c);
}

bool
bundle_perform_again(struct exchange *outer, bool snapshot)
{
	struct store_commit *c = new_commit(outer);

	forget_records(outer);
	for (uint32_t i = 0; i < outer->entry_count; i++) {
		struct exchange *x = outer->entries[i];

		if (x->unit == NULL || x->unit->verdict == STORE_DONE)
			continue;
		x->worker = outer->worker;
		perform_lost(x, c, snapshot);
		if (!record_entry(outer, x))
			return false;
	}
	keep_commit(outer, c);
	if (outer->commit != NULL) {
		struct store_unit *rest = &c->units[c->count - 1];

		rest->records = outer->entry_records;
		rest->record_count = outer->entry_record_count;
		forget_records(outer);
	}
	return true;
}

bool
rest_bundle(struct exchange *x)
{
	struct bundle *b = arena_alloc(x->arena, sizeof *b);

	b->outer = x;
	b->json = &x->body->json;
	if (!shell_good(x) || !kind_of(b) || !open_entries(b))
		return false;
	if (!b->transaction)
		batch(b);
	else if (!transact(b))
		return false;
	bundle_answer(x, b->transaction);
	return record_entries(x);
}
