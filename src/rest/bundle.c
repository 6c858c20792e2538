/* bundle.c -- batch and transaction (R4 http.html#transaction).
 *
 * Each entry is an exchange of its own under the parent's permit.  A batch gives one
 * store unit per writing entry: each stands or falls alone.  A transaction gives
 * one unit for all: it happens whole or not at all.
 *
 * A transaction first learns the ids of what it creates, so that entries may
 * refer to one another by fullUrl in any order:
 *   1. Patients get compartment and id;
 *   2. every other new resource, with references to those resolved, shows
 *      which patients it belongs to, and so its compartment and id;
 *   3. with all ids known, references are rewritten and each entry performed
 *      in the order DELETE, POST, PUT, GET. */
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
#include "rest/answer.h"
#include "rest/bundle.h"
#include "rest/rest.h"
#include "validate/validate.h"

struct entry {
	uint32_t      node, resource;   /* in the Bundle; resource 0: none */
	struct slice  full_url;
	struct slice  target;           /* "Patient/abc": what full_url stands for; or empty */
	struct exchange *x;
};

struct bundle {
	struct exchange   *outer;
	const struct json *json;
	struct entry      *entries;
	uint32_t           count;
	bool               transaction;
	const struct entry **by_url;    /* those with a target, sorted by full_url */
	uint32_t           url_count;
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

static bool
open_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];
	struct exchange *x = e->x = exchange_entry(b->outer);
	uint32_t request = json_get(b->json, e->node, SLICE("request"));

	e->resource = json_get(b->json, e->node, SLICE("resource"));
	e->full_url = json_string(b->json, json_get(b->json, e->node, SLICE("fullUrl")), x->arena);
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

static bool
is_create(const struct exchange *x)
{
	return x->interaction != NULL && x->interaction->verb == PERMIT_CREATE;
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

static struct slice
target_of(void *ctx, struct slice url)
{
	struct bundle *b = ctx;
	struct entry wanted = { .full_url = url };
	const struct entry *key = &wanted;
	const struct entry **found;

	if (b->url_count == 0)
		return SLICE_NONE;
	found = bsearch(&key, b->by_url, b->url_count, sizeof *b->by_url, by_full_url);
	return found == NULL ? SLICE_NONE : (*found)->target;
}

/* What import --keep-ids asks for: the resource's own id, bound as an alias. */
static void
keep_id(struct bundle *b, struct entry *e)
{
	struct slice id = json_string(b->json, json_get(b->json, e->resource, SLICE("id")),
	    e->x->arena);

	if (b->outer->keep_ids && id.len > 0 && permit_chooses_ids(b->outer->permit))
		e->x->chosen_id = id;
}

static void
assign_id(struct exchange *x)
{
	struct store *store = x->service->store;

	x->row = is_patient(x) ? x->compartment.number : store_new_row(store);
	x->id = x->chosen_id.len > 0 ? x->chosen_id
	    : store_id(store, x->compartment.number, x->row, x->arena);
}

/* Step 1. */
static bool
assign_patients(struct bundle *b, struct transaction *t)
{
	struct exchange *outer = b->outer;

	t->patients = arena_array(outer->arena, b->count + 1, sizeof *t->patients);
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		x->transaction = t;
		if (!is_create(x) || b->entries[i].resource == 0)
			continue;
		keep_id(b, &b->entries[i]);
		if (!is_patient(x))
			continue;
		if (!store_compartment_new(outer->service->store, &x->compartment, &outer->outcome))
			return false;
		assign_id(x);
		set_target(&b->entries[i]);
		t->patients[t->count++] = (struct fresh_patient){ x->id, x->compartment.number };
	}
	return index_urls(b);
}

static bool
rewrite(struct bundle *b, struct entry *e, bool final)
{
	struct slice text = bundle_rewrite(b->json, e->resource, target_of, b, e->x->arena);

	e->x->content = text;
	return !final || !bundle_has_urn(text, e->x->arena)
	    || exchange_fail(e->x, FAULT_INVALID, "a urn:uuid reference has no entry");
}

/* Step 2.  The parse is thrown away: with all ids known the text changes once more. */
static bool
assign_others(struct bundle *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct entry *e = &b->entries[i];

		if (!is_create(e->x) || e->resource == 0 || e->target.len > 0)
			continue;
		if (!rewrite(b, e, false) || !rest_parse(e->x)
		    || !exchange_place(e->x, e->x->body))
			return blame(b, i);
		assign_id(e->x);
		set_target(e);
	}
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

static const unsigned verbs_in_order[] = {
	PERMIT_DELETE, PERMIT_CREATE, PERMIT_UPDATE, PERMIT_READ, PERMIT_SEARCH,
};

static bool
perform_entry(struct bundle *b, uint32_t i)
{
	struct entry *e = &b->entries[i];

	if (e->resource != 0 && !rewrite(b, e, true))
		return blame(b, i);
	return rest_perform(e->x) || blame(b, i);
}

static bool
perform_in_order(struct bundle *b)
{
	for (size_t v = 0; v < COUNT_OF(verbs_in_order); v++)
		for (uint32_t i = 0; i < b->count; i++)
			if (b->entries[i].x->interaction->verb == verbs_in_order[v]
			    && !perform_entry(b, i))
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

static bool
one_unit(struct bundle *b)
{
	struct exchange *outer = b->outer;
	struct store_commit *c = arena_alloc(outer->arena, sizeof *c);
	struct store_unit *u = c->units = arena_alloc(outer->arena, sizeof *c->units);

	u->writes = arena_array(outer->arena, b->count + 1, sizeof *u->writes);
	for (uint32_t i = 0; i < b->count; i++)
		if (b->entries[i].x->write != NULL)
			u->writes[u->count++] = *b->entries[i].x->write;
	if (!rows_distinct(b, u))
		return false;
	c->count = 1;
	if (u->count > 0)
		outer->commit = c;
	return true;
}

/* A read in a writing transaction would have to see what it wrote. */
static bool
no_reads_beside_writes(struct bundle *b)
{
	bool reads = false, writes = false;

	for (uint32_t i = 0; i < b->count; i++) {
		bool reading = (b->entries[i].x->interaction->verb & (PERMIT_READ | PERMIT_SEARCH)) != 0;

		reads |= reading;
		writes |= !reading;
	}
	return !(reads && writes)
	    || exchange_fail(b->outer, FAULT_NOT_SUPPORTED, "a transaction that writes cannot read");
}

static bool
transact(struct bundle *b)
{
	struct transaction *t = arena_alloc(b->outer->arena, sizeof *t);

	for (uint32_t i = 0; i < b->count; i++)
		if (!entry_allowed(b->entries[i].x))
			return blame(b, i);
	targets_of_updates(b);
	return no_reads_beside_writes(b) && assign_patients(b, t) && assign_others(b)
	    && perform_in_order(b) && one_unit(b);
}

static void
batch(struct bundle *b)
{
	struct exchange *outer = b->outer;
	struct store_commit *c = arena_alloc(outer->arena, sizeof *c);

	c->units = arena_array(outer->arena, b->count + 1, sizeof *c->units);
	for (uint32_t i = 0; i < b->count; i++) {
		struct exchange *x = b->entries[i].x;

		if (b->entries[i].resource != 0)
			keep_id(b, &b->entries[i]);
		if (!entry_allowed(x) || !rest_perform(x))
			rest_refuse(x);
		else if (x->write != NULL) {
			x->unit = &c->units[c->count++];
			x->unit->writes = x->write;
			x->unit->count = x->write_count;
			x->unit->guards = x->guard;
			x->unit->guard_count = x->guard != NULL;
		}
	}
	if (c->count > 0) {
		c->count++;             /* the last one is for the records of the rest */
		outer->commit = c;
	}
}

/* Each entry's own records: into its unit, so that they happen with its write,
 * else among those of the Bundle. */
static bool
record_entries(struct exchange *outer)
{
	struct slice *loose = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < outer->entry_count; i++) {
		struct exchange *x = outer->entries[i];

		if (!controls_response(x))
			return exchange_fail(outer, FAULT_NO_AUDIT, "");
		if (x->unit != NULL) {
			x->unit->records = x->records;
			x->unit->record_count = x->record_count;
			continue;
		}
		loose = arena_grow(outer->arena, loose, count * sizeof *loose,
		    (count + x->record_count) * sizeof *loose);
		if (x->record_count > 0)
			memcpy(loose + count, x->records, x->record_count * sizeof *loose);
		count += x->record_count;
	}
	outer->entry_records = loose;
	outer->entry_record_count = count;
	return true;
}

bool
rest_bundle(struct exchange *x)
{
	struct bundle b = { .outer = x, .json = &x->body->json };

	if (!shell_good(x) || !kind_of(&b) || !open_entries(&b))
		return false;
	if (!b.transaction)
		batch(&b);
	else if (!transact(&b))
		return false;
	bundle_answer(x, b.transaction);
	return record_entries(x);
}
