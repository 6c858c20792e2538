/* write.c -- create, update, delete (R4 http.html#create, #update, #delete).
 *
 * Everything is found out before anything is written: the version replaced,
 * the compartment, ids, text and index rows.  What remains is a store_write
 * that loses when another version became current in between. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/binary.h"

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

static void
answer_preferred(struct exchange *x, struct slice text)
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

	return index_extract(x->service->index, x->type, j, node, &resolver, x->arena, rows,
	    &x->outcome);
}

/* The rows that the replaced version has in the index: made again from its text. */
static bool
extract_old(struct exchange *x, struct index_rows *rows)
{
	struct json j;

	*rows = (struct index_rows){ NULL, 0 };
	if (x->old == NULL || x->old->deleted)
		return true;
	return json_parse(x->old->body, json_bounds(x->service->limits, false), x->arena, &j,
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

static struct store_write *
new_write(struct exchange *x, char method)
{
	struct store *store = x->service->store;
	struct store_write *w = arena_alloc(x->arena, sizeof *w);

	w->type = x->type;
	w->row = row_of(x);
	w->vid = store_new_vid(store);
	w->replaces = x->old == NULL ? 0 : x->old->vid;
	w->updated = store_stamp(store);
	w->method = method;
	w->compartment = x->compartment;
	w->labels = x->labels;
	w->alias = x->chosen_id;
	w->content = method == 'D' ? NULL : x->file;
	return w;
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
store_body(struct exchange *x, char method)
{
	struct store_write *w = x->write = new_write(x, method);
	struct stored s = outcome_of(x);

	w->body = s.body = answer_version_text(x, &x->body->json, x->body->node, s.id, s.version,
	    s.updated);
	if (!extract(x, &x->body->json, x->body->node, &w->rows) || !extract_old(x, &w->old_rows))
		return false;
	x->id = s.id;
	x->status = x->old == NULL || x->old->deleted ? 201 : 200;
	answer_note_patient(x, s.compartment);
	answer_version_headers(x, &s);
	answer_location(x, &s);
	answer_preferred(x, w->body);
	return true;
}

bool
rest_create(struct exchange *x)
{
	if (exchange_header(x, "if-none-exist").len > 0)
		return exchange_fail(x, FAULT_NOT_SUPPORTED, "conditional create");
	return controls_in(x, x->body) && store_body(x, 'P');
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

/* R4 http.html#concurrency */
static bool
version_agrees(struct exchange *x)
{
	struct slice header = exchange_header(x, "if-match"), version;

	if (header.len == 0)
		return true;
	if (exchange_header_count(x, "if-match") > 1 || !answer_parse_etag(header, &version))
		return exchange_fail(x, FAULT_INVALID, "If-Match is not one entity tag");
	if (x->old == NULL || x->old->deleted || !slice_eq(version, x->old->version))
		return exchange_fail(x, FAULT_PRECONDITION, "");
	return true;
}

/* The current version, when the caller may see it; x->old stays NULL when there is none. */
static bool
find_old(struct exchange *x)
{
	struct stored *old = arena_alloc(x->arena, sizeof *old);
	struct outcome aside;

	outcome_init(&aside, x->arena);
	if (store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, old, &aside)) {
		x->old = old;
		return true;
	}
	return aside.worst == FAULT_NO_SUCH || outcome_fail_at_once(&x->outcome, aside.worst, "");
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

bool
rest_update(struct exchange *x)
{
	return same_id(x) && find_old(x) && version_agrees(x) && may_choose_id(x)
	    && controls_in(x, x->body) && store_body(x, 'U');
}

static bool
bury(struct exchange *x)
{
	x->compartment.number = x->old->compartment;
	x->labels = x->old->labels;
	x->write = new_write(x, 'D');
	if (!extract_old(x, &x->write->old_rows))
		return false;
	answer_note_patient(x, x->old->compartment);
	x->status = 204;
	return true;
}

bool
rest_delete(struct exchange *x)
{
	if (!find_old(x) || !version_agrees(x))
		return false;
	if (x->old == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	if (!x->old->deleted)
		return bury(x);
	answer_note_patient(x, x->old->compartment);
	x->status = 204;
	return true;
}
