/* write.c -- create, update, delete (R4 http.html#create, #update, #delete), also
 * conditional (#ccreate, #cond-update, #cond-delete).
 *
 * Everything is found out before anything is written: the version replaced,
 * the compartment, ids, text and index rows.  What remains is a store_write
 * that loses when another version became current in between. */
#include "rest/write.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/place.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/binary.h"
#include "rest/conditional.h"
#include "rest/interactions.h"
#include "rest/subset.h"

static const struct slice patient_type = SLICE_INIT("Patient");

/* R4 http.html#ops: Prefer: return=.  A caller that may not read gets minimal. */
enum prefer { RETURN_MINIMAL, RETURN_REPRESENTATION, RETURN_OUTCOME };

static enum prefer
preferred(const struct exchange *x)
{
	const struct exchange *asked = x->parent == NULL ? x : x->parent;
	struct slice prefer = exchange_header(asked, "prefer");
	enum prefer wish = x->parent == NULL && x->uploaded == NULL ? RETURN_REPRESENTATION : RETURN_MINIMAL;

	while (prefer.len > 0) {
		struct slice one = slice_trim(slice_cut(&prefer, ','));

		if (slice_is(one, "return=minimal"))
			wish = RETURN_MINIMAL;
		else if (slice_is(one, "return=representation"))
			wish = RETURN_REPRESENTATION;
		else if (slice_is(one, "return=OperationOutcome"))
			wish = RETURN_OUTCOME;
	}
	if (wish == RETURN_REPRESENTATION && !permit_allows(x->permit, x->type, PERMIT_READ))
		return RETURN_MINIMAL;
	return wish;
}

void
write_answer(struct exchange *x, struct slice text)
{
	struct buf b;

	switch (preferred(x)) {
	case RETURN_MINIMAL:
		break;
	case RETURN_REPRESENTATION:
		answer_bytes(x, x->status, binary_with_data(x, text));
		break;
	case RETURN_OUTCOME:
		buf_init(&b, x->arena, SIZE_MAX);
		outcome_json(&x->outcome, &b);
		answer_bytes(x, x->status, buf_slice(&b));
		break;
	}
}

static bool
extract(struct exchange *x, const struct json *j, uint32_t node, struct index_rows *rows)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);

	return index_extract(store_index(x->worker->reader), x->type, j, node, &resolver, x->arena, rows,
	    &x->outcome);
}

/* The rows that the replaced version has in the index: made again from its text. */
static bool
extract_old(struct exchange *x, const struct stored *old, struct index_rows *rows)
{
	struct json j;

	*rows = (struct index_rows){ NULL, 0 };
	if (old == NULL || old->deleted)
		return true;
	return json_parse(old->body, json_bounds(x->service->limits, false), x->arena, &j,
	    &x->outcome) && extract(x, &j, 0, rows);
}

static int64_t
row_of(struct exchange *x)
{
	if (x->old != NULL)
		return x->old->row;
	if (x->row != 0)
		return x->row;
	if (slice_eq(x->type->name, patient_type))
		return x->compartment.number;
	return store_new_row(x->service->store);
}

/* All of a transaction happens at one instant, but for what that one would put before the version it replaces. */
static int64_t
instant_of(const struct exchange *x)
{
	struct store *store = x->service->store;
	int64_t behind = x->old == NULL ? 0 : x->old->updated;

	if (x->transaction == NULL || planted(86))
		return store_stamp(store, behind);
	if (x->transaction->instant == 0)
		x->transaction->instant = store_stamp(store, 0);
	return x->transaction->instant > behind ? x->transaction->instant : behind + 1;
}

static void
fill_write(struct exchange *x, struct store_write *w, char method)
{
	struct store *store = x->service->store;

	if (x->old != NULL)
		x->guard = NULL;        /* it found something: that is guarded by `replaces` */
	w->type = x->type;
	w->row = row_of(x);
	w->vid = x->vid != 0 ? x->vid : store_new_vid(store);
	w->replaces = x->old == NULL ? 0 : x->old->vid;
	w->updated = instant_of(x);
	w->method = method;
	w->compartment = x->compartment;
	w->labels = x->labels;
	w->alias = x->chosen_id;
	w->content = method == 'D' ? NULL : x->file;
	w->quarantine = x->quarantine;
	w->generation = search_index_generation(store_index(x->worker->reader));
	w->targets = x->targets;
	w->target_count = method == 'D' ? 0 : x->target_count;
	w->seen = store_seen(x->worker->reader);
}

static struct store_write *
new_write(struct exchange *x, char method)
{
	x->write = arena_alloc(x->arena, sizeof *x->write);
	x->write_count = 1;
	fill_write(x, x->write, method);
	return x->write;
}

static struct slice
id_of(struct exchange *x, const struct store_write *w)
{
	if (x->old != NULL)
		return x->old->id;
	if (x->chosen_id.len > 0)
		return x->chosen_id;
	return store_id(x->service->store, w->compartment.number, w->row, x->arena);
}

/* The version as it will be, once x->write is done. */
static struct stored
outcome_of(struct exchange *x)
{
	const struct store_write *w = x->write;

	return (struct stored){
		.type = x->type, .compartment = w->compartment.number, .row = w->row, .vid = w->vid,
		.labels = w->labels, .updated = w->updated, .method = w->method, .body = w->body,
		.id = id_of(x, w),
		.version = store_version_id(x->service->store, w->row, w->vid, x->arena),
	};
}

static bool
creates(const struct exchange *x)
{
	return x->old == NULL || x->old->deleted;
}

bool
write_version(struct exchange *x, char method)
{
	struct store_write *w = new_write(x, method);
	struct stored s = outcome_of(x);

	w->body = s.body = answer_version_text(x, &x->body->json, x->body->node, s.id, s.version,
	    s.updated);
	if (!extract(x, &x->body->json, x->body->node, &w->rows) || !extract_old(x, x->old, &w->old_rows))
		return false;
	if (binary_is(x))
		w->context = exchange_context(x, x->body);
	x->id = s.id;
	if (s.row == s.compartment)
		store_name_patient(x->service->store, s.row, s.id);
	x->status = x->quarantine != NULL ? 202 : creates(x) ? 201 : 200;
	answer_note_patient(x, s.compartment);
	if (x->quarantine == NULL)
		answer_version_headers(x, &s);
	answer_location(x, &s);
	return true;
}

/* Stored, but not to be seen by anybody before its content was judged. */
static void
answer_held(struct exchange *x)
{
	struct buf b;

	outcome_warn(&x->outcome, NOWHERE, SLICE("the content is held until it has been inspected"));
	buf_init(&b, x->arena, SIZE_MAX);
	outcome_json(&x->outcome, &b);
	answer_bytes(x, x->status, buf_slice(&b));
}

bool
write_body(struct exchange *x, char method)
{
	if (!write_version(x, method))
		return false;
	if (x->quarantine != NULL)
		answer_held(x);
	else
		write_answer(x, x->write->body);
	return true;
}

/* Conditions */

struct slice
write_criteria(const struct exchange *x)
{
	if (slice_is(x->method, "POST"))
		return exchange_header(x, "if-none-exist");
	return x->id.len == 0 ? x->query : SLICE_NONE;
}

bool
write_is_conditional(const struct exchange *x)
{
	return slice_is(x->method, "POST") ? exchange_header(x, "if-none-exist").len > 0
	    : x->interaction->shape == PATH_TYPE;
}

bool
write_resolve(struct exchange *x)
{
	struct condition condition;
	struct stored *match;

	if (x->resolved || !write_is_conditional(x))
		return true;
	if (!condition_one(x, x->type, write_criteria(x), &match, &condition))
		return false;
	x->resolved = true;
	condition_guard(x, &condition);
	x->old = match;
	if (match != NULL)
		x->id = match->id;
	return true;
}

/* R4 http.html#ccreate, one match: it is the answer, and nothing is written. */
static bool
answer_existing(struct exchange *x)
{
	struct stored s = *x->old;

	if (!controls_out(x, &s))
		return false;
	x->status = 200;
	answer_note_patient(x, s.compartment);
	answer_version_headers(x, &s);
	answer_location(x, &s);
	write_answer(x, s.body);
	return true;
}

bool
rest_create(struct exchange *x)
{
	if (!write_resolve(x))
		return false;
	if (x->old != NULL)
		return answer_existing(x);
	return controls_in(x, x->body) && write_body(x, 'P');
}

static struct slice
id_in_body(struct exchange *x)
{
	const struct json *j = &x->body->json;

	return json_string(j, json_get(j, x->body->node, SLICE("id")), x->arena);
}

/* R4 http.html#update: the id in the body is that of the URL. */
static bool
same_id(struct exchange *x)
{
	const struct json *j = &x->body->json;
	uint32_t id = json_get(j, x->body->node, SLICE("id"));

	if (id != 0 && json_is(j, id, x->id))
		return true;
	return outcome_fail(&x->outcome, FAULT_INVALID, json_place(j, id),
	    SLICE("the id of the resource must be that of the URL"));
}

static bool
is_there(const struct exchange *x)
{
	return x->old != NULL && !x->old->deleted;
}

/* R4 http.html#concurrency, RFC 9110 13.1.  If-None-Match: * asks that there is none yet. */
static bool
version_agrees(struct exchange *x)
{
	struct slice version = is_there(x) ? x->old->version : SLICE_NONE;
	bool named;

	if (is_there(x) && answer_tags_name(x, "if-none-match", version, &named) && named)
		return exchange_fail(x, FAULT_PRECONDITION, "");
	if (exchange_header(x, "if-match").len == 0)
		return true;
	if (!answer_tags_name(x, "if-match", version, &named))
		return exchange_fail(x, FAULT_INVALID, "If-Match is no list of entity tags");
	return (is_there(x) && named) || exchange_fail(x, FAULT_PRECONDITION, "");
}

/* For planted leaks: is there such a resource, whoever may see it? */
static bool
id_is_taken(struct exchange *x)
{
	struct index_resolver r = store_resolver(x->worker->reader, x->service->base);
	int64_t lead, row;

	return r.find(r.ctx, x->type->name, x->id, &lead, &row);
}

/* Who sees a Binary by what refers to it may be bound to a compartment that it is not in. */
static bool
may_write(struct exchange *x, const struct stored *old)
{
	return !old->orphan || permit_reaches(x->permit, old->compartment,
	    store_level(x->service->store, old->labels)) || exchange_fail(x, FAULT_FORBIDDEN, "");
}

bool
write_find_old(struct exchange *x)
{
	struct stored *old = arena_alloc(x->arena, sizeof *old);
	struct outcome aside;

	outcome_init(&aside, x->arena);
	if (store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, old, &aside)) {
		x->old = old;
		return may_write(x, old);
	}
	if (planted(23) && id_is_taken(x))
		return exchange_fail(x, FAULT_CONFLICT, "");
	return aside.worst == FAULT_NO_SUCH || outcome_fail_at_once(&x->outcome, aside.worst, "");
}

bool
write_find_target(struct exchange *x)
{
	if (!permit_allows(x->permit, x->type, PERMIT_READ))
		return exchange_fail(x, FAULT_FORBIDDEN, "");
	if (write_is_conditional(x) ? !write_resolve(x) : !write_find_old(x))
		return false;
	if (x->old == NULL)
		return exchange_fail(x, planted(24) && id_is_taken(x) ? FAULT_FORBIDDEN : FAULT_NO_SUCH, "");
	if (x->old->deleted) {
		answer_note_patient(x, x->old->compartment);
		return exchange_fail(x, FAULT_DELETED, "");
	}
	x->file = (struct store_content *)(uintptr_t)x->old->content;   /* stays, unless data is put in its place */
	return version_agrees(x);
}

/* R4 http.html#upsert, with a grant only: whether a chosen id is taken cannot be hidden. */
static bool
may_choose_id(struct exchange *x)
{
	if (x->old != NULL)
		return true;
	if (!permit_chooses_ids(x->permit))
		return exchange_fail(x, FAULT_NO_METHOD, "the server assigns ids");
	x->chosen_id = x->id;
	return true;
}

/* R4 http.html#cond-update, no match: the body's id is taken for a new resource only. */
static bool
create_unmatched(struct exchange *x)
{
	struct slice id = id_in_body(x);

	if (id.len > 0) {
		x->id = id;
		if (!may_choose_id(x) || !write_find_old(x))
			return false;
		if (x->old != NULL)
			return exchange_fail(x, FAULT_CONFLICT, "");
	}
	return version_agrees(x) && controls_in(x, x->body)
	    && write_body(x, id.len > 0 ? 'U' : 'P');
}

/* R4 search.html#summary: the tag is there so that what was left out is not lost by an update. */
static bool
is_whole(struct exchange *x)
{
	struct outcome aside;
	struct json old;

	if (!is_there(x) || !subset_tagged(&x->body->json, x->body->node))
		return true;
	outcome_init(&aside, x->arena);
	return (json_parse(x->old->body, json_bounds(x->service->limits, false), x->arena, &old, &aside)
	    && subset_tagged(&old, 0)) || exchange_fail(x, FAULT_BUSINESS_RULE, "a part of a resource does not replace it");
}

static bool
update_conditionally(struct exchange *x)
{
	if (!write_resolve(x))
		return false;
	if (x->old == NULL)
		return create_unmatched(x);
	return (id_in_body(x).len == 0 || same_id(x)) && version_agrees(x)
	    && controls_in(x, x->body) && is_whole(x) && write_body(x, 'U');
}

bool
rest_update(struct exchange *x)
{
	if (write_is_conditional(x))
		return update_conditionally(x);
	return same_id(x) && write_find_old(x) && version_agrees(x) && may_choose_id(x)
	    && controls_in(x, x->body) && is_whole(x) && write_body(x, 'U');
}

/* Delete */

static bool
bury(struct exchange *x, const struct stored *old, struct store_write *w)
{
	x->old = old;
	x->compartment.number = old->compartment;
	x->labels = old->labels;
	fill_write(x, w, 'D');
	if (store_level(x->service->store, old->labels) >= QUARANTINE_LEVEL)
		w->fate = QUARANTINE_DESTROYED;
	answer_note_patient(x, old->compartment);
	return extract_old(x, old, &w->old_rows);
}

static bool
bury_all(struct exchange *x, const struct stored *at, uint32_t count)
{
	x->status = 204;
	if (count == 0)
		return true;
	x->write = arena_array(x->arena, count, sizeof *x->write);
	x->write_count = count;
	for (uint32_t i = 0; i < count; i++)
		if (!bury(x, &at[i], &x->write[i]))
			return false;
	return true;
}

bool
write_tombstone(struct exchange *x)
{
	return bury_all(x, x->old, 1);
}

static bool
deletes_many(const struct exchange *x)
{
	return slice_is(x->service->options.rest_conditional_delete, "multiple");
}

static bool
delete_matches(struct exchange *x)
{
	size_t most = x->service->limits->of[LIMIT_DELETE_MATCHES];
	struct condition c;

	if (exchange_header(x, "if-match").len > 0)
		return exchange_fail(x, FAULT_INVALID, "If-Match goes with one resource");
	if (!condition_find(x, x->type, write_criteria(x), (uint32_t)most, &c))
		return false;
	return c.more ? exchange_fail(x, FAULT_MULTIPLE, "") : bury_all(x, c.matches, c.count);
}

/* R4 http.html#cond-delete: none or one, or by configuration all of them. */
static bool
delete_conditionally(struct exchange *x)
{
	if (deletes_many(x))
		return delete_matches(x);
	if (!write_resolve(x) || !version_agrees(x))
		return false;
	return bury_all(x, x->old, x->old != NULL);
}

bool
rest_delete(struct exchange *x)
{
	if (write_is_conditional(x))
		return delete_conditionally(x);
	if (!write_find_old(x) || !version_agrees(x))
		return false;
	if (x->old == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	if (is_there(x))
		return bury_all(x, x->old, 1);
	answer_note_patient(x, x->old->compartment);
	x->status = 204;
	return true;
}
