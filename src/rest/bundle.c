/* bundle.c -- batch and transaction (R4 http.html#transaction).
 *
 * Each entry is an exchange of its own under the parent's permit.  A batch gives one
 * store unit per writing entry: each stands or falls alone.  A transaction gives
 * one unit for all: it happens whole or not at all. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "json/json.h"
#include "rest/answer.h"
#include "rest/bundle.h"
#include "rest/bundle_inside.h"
#include "rest/replay.h"
#include "rest/rest.h"
#include "validate/validate.h"

struct place
bundle_place(struct bundle *b, uint32_t i)
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
	e->base = bundle_base_of(b, e->full_url);
	e->defines = e->resource != 0 && json_is(b->json, json_get(b->json, e->resource, SLICE("url")), e->full_url);
	if (request == 0)
		return outcome_fail(&b->outer->outcome, FAULT_INVALID, bundle_place(b, i),
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

bool
bundle_entry_allowed(struct exchange *x)
{
	if (x->interaction != NULL && (x->interaction->open || x->interaction->body == BODY_BUNDLE))
		return exchange_fail(x, FAULT_NOT_SUPPORTED, "not possible in an entry");
	return controls_request(x);
}

void
bundle_keep_id(struct bundle *b, struct entry *e)
{
	struct slice id = json_string(b->json, json_get(b->json, e->resource, SLICE("id")),
	    e->x->arena);

	if (id.len > 0 && permit_chooses_ids(b->outer->permit)
	    && (b->outer->keep_ids || (b->transaction && e->x->interaction->verb == PERMIT_UPDATE)))
		e->x->chosen_id = id;
}

/* Records of entries */

void
bundle_add_records(struct arena *arena, struct slice **records, uint32_t *count, const struct slice *more,
    uint32_t n)
{
	*records = arena_grow(arena, *records, *count * sizeof *more, (*count + n) * sizeof *more);
	if (n > 0)
		memcpy(*records + *count, more, n * sizeof *more);
	*count += n;
}

bool
bundle_record_entry(struct exchange *outer, struct exchange *x)
{
	if (!controls_response(x))
		return exchange_fail(outer, FAULT_NO_AUDIT, "");
	if (x->unit != NULL) {
		x->unit->records = x->records;
		x->unit->record_count = x->record_count;
		return true;
	}
	bundle_add_records(outer->arena, &outer->entry_records, &outer->entry_record_count, x->records,
	    x->record_count);
	return true;
}

void
bundle_forget_records(struct exchange *outer)
{
	outer->entry_records = NULL;
	outer->entry_record_count = 0;
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
	if (!bundle_entry_allowed(x) || x->outcome.failed || !perform_once(x)) {
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
			bundle_keep_id(b, &b->entries[i]);
		perform_in_batch(b->entries[i].x, c);
	}
	keep_commit(b->outer, c);
}

static bool
record_entries(struct exchange *outer)
{
	for (uint32_t i = 0; i < outer->entry_count; i++)
		if (!outer->entries[i]->late && !bundle_record_entry(outer, outer->entries[i]))
			return false;
	return true;
}

/* As it was before it was performed. */
static void
put_back_entry(struct exchange *x)
{
	x->out_count = 0;
	x->events = NULL;
	x->shown = (struct numbers){ .count = 0 };
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

	bundle_forget_records(outer);
	for (uint32_t i = 0; i < outer->entry_count; i++) {
		struct exchange *x = outer->entries[i];

		if (x->unit == NULL || x->unit->verdict == STORE_DONE)
			continue;
		x->worker = outer->worker;
		perform_lost(x, c, snapshot);
		if (!bundle_record_entry(outer, x))
			return false;
	}
	keep_commit(outer, c);
	if (outer->commit != NULL) {
		struct store_unit *rest = &c->units[c->count - 1];

		rest->records = outer->entry_records;
		rest->record_count = outer->entry_record_count;
		bundle_forget_records(outer);
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
	else if (!bundle_transact(b))
		return false;
	bundle_answer(x, b->transaction);
	return record_entries(x);
}
