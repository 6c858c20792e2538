/* quarantine.c -- operations of the security officer on what is in quarantine.
 *
 *   GET  [base]/$quarantine                        what is there, and why
 *   POST [base]/[type]/[id]/$quarantine-release    it becomes a resource like any other
 *   POST [base]/[type]/[id]/$quarantine-rescan     the same, if its content is clean now
 *   POST [base]/[type]/[id]/$quarantine-destroy    nothing of it is left
 *   POST [base]/[type]/[id]/$quarantine-check      all versions of what is not held are inspected again, and
 *                                                  when one is infected now, all of it is held
 *
 * The officer's permit reaches above every confidentiality (store.h, QUARANTINE_LEVEL); for
 * all others none of it is there, and these say so.  Each is audited with its reason. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/attachments.h"
#include "controls/authorization.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/write.h"

static bool
officer(struct exchange *x)
{
	return permit_clearance(x->permit) >= QUARANTINE_LEVEL || planted(74) || exchange_fail(x, FAULT_FORBIDDEN, "");
}

static void
part(struct buf *b, const char *name, const char *kind, struct slice value)
{
	buf_printf(b, "{\"name\":\"%s\",\"%s\":", name, kind);
	json_write_string(b, value);
	buf_add_char(b, '}');
}

static void
write_one(struct exchange *x, struct buf *b, const struct store_quarantined *q)
{
	char instant[INSTANT_TEXT];
	struct buf url;

	instant_format(q->since, instant);
	buf_init(&url, x->arena, 256);
	buf_printf(&url, "%.*s/%.*s", SLICE_FMT(q->type->name), SLICE_FMT(q->id));
	buf_add_cstr(b, "{\"name\":\"held\",\"part\":[");
	part(b, "resource", "valueUri", buf_slice(&url));
	buf_add_char(b, ',');
	part(b, "since", "valueInstant", slice_make(instant, INSTANT_TEXT));
	buf_add_char(b, ',');
	part(b, "state", "valueCode", q->infected ? SLICE("infected") : SLICE("pending"));
	if (q->signature.len > 0) {
		buf_add_char(b, ',');
		part(b, "signature", "valueString", q->signature);
	}
	if (q->sha256.len > 0) {
		buf_add_char(b, ',');
		part(b, "sha256", "valueString", q->sha256);
	}
	buf_add_cstr(b, "]}");
}

bool
rest_quarantine(struct exchange *x)
{
	struct store_quarantined *held;
	uint32_t count;
	struct buf b;

	if (!officer(x) || !store_quarantined(x->worker->reader, x->permit, false,
	    (uint32_t)x->service->limits->of[LIMIT_PAGE], x->arena, &held, &count, &x->outcome))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_add_cstr(&b, "{\"resourceType\":\"Parameters\"");
	for (uint32_t i = 0; i < count; i++) {
		buf_add_cstr(&b, i == 0 ? ",\"parameter\":[" : ",");
		write_one(x, &b, &held[i]);
	}
	buf_add_cstr(&b, count > 0 ? "]}" : "}");
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}

/* x->old, and its text as a resource that is written again. */
static bool
find_held(struct exchange *x, struct store_quarantined *q)
{
	struct resource *r = arena_alloc(x->arena, sizeof *r);

	if (!officer(x) || !write_find_old(x))
		return false;
	if (x->old == NULL || x->old->deleted)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	if (!store_quarantine_of(x->worker->reader, x->permit, x->old, x->arena, q, &x->outcome)
	    || !json_parse(x->old->body, json_bounds(x->service->limits, true), x->arena, &r->json,
	        &x->outcome))
		return false;
	r->type = x->type;
	x->body = r;
	((struct stored *)(uintptr_t)x->old)->id = json_string(&r->json,
	    json_get(&r->json, 0, SLICE("id")), x->arena);         /* which a client may have chosen */
	return true;
}

/* As a version of its own, under the labels that it came with: its first, for all others. */
static bool
set_free(struct exchange *x, const struct store_quarantined *q)
{
	x->placed = true;
	x->compartment.number = x->old->compartment;
	x->labels = q->labels;
	x->level = store_level(x->service->store, q->labels);
	x->file = (struct store_content *)(uintptr_t)x->old->content;
	if (!write_body(x, 'P'))
		return false;
	x->write->fate = QUARANTINE_LEFT;
	return true;
}

bool
rest_quarantine_release(struct exchange *x)
{
	struct store_quarantined q;

	x->hidden_reason = SLICE("released from quarantine by the officer");
	return find_held(x, &q) && set_free(x, &q);
}

bool
rest_quarantine_rescan(struct exchange *x)
{
	struct store_quarantined q;

	x->hidden_reason = SLICE("content in quarantine was inspected again");
	x->again = true;
	return find_held(x, &q) && attachments_again(x, x->body, x->old->content) && set_free(x, &q);
}

bool
rest_quarantine_destroy(struct exchange *x)
{
	struct store_quarantined q;

	x->hidden_reason = SLICE("destroyed in quarantine");
	return find_held(x, &q) && write_tombstone(x);
}

/* Checking what is stored */

#define VERSIONS_MAX 10000

static bool
check_version(struct exchange *x, const struct stored *v, struct resource *r)
{
	r->type = x->type;
	return json_parse(v->body, json_bounds(x->service->limits, true), x->arena, &r->json, &x->outcome)
	    && attachments_again(x, r, v->content);
}

/* The newest is the one that is written again when it is to be held. */
static bool
check_versions(struct exchange *x)
{
	const struct store_span all = { .since = INT64_MIN, .first = INT64_MIN, .last = INT64_MAX,
		.before = INT64_MAX, .max = VERSIONS_MAX };
	struct stored *at;
	uint32_t count;

	if (!store_history(x->worker->reader, x->permit, x->type, x->id, 0, &all, x->arena, &at, &count,
	    &x->outcome))
		return false;
	for (uint32_t i = count; i-- > 0;) {
		x->body = arena_alloc(x->arena, sizeof *x->body);
		if (!at[i].deleted && !check_version(x, &at[i], x->body))
			return false;
	}
	return true;
}

static bool
find_checked(struct exchange *x)
{
	if (!officer(x) || !write_find_old(x))
		return false;
	if (x->old == NULL || x->old->deleted
	    || store_level(x->service->store, x->old->labels) >= QUARANTINE_LEVEL)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	return true;
}

static bool
take_away(struct exchange *x)
{
	x->placed = true;
	x->compartment.number = x->old->compartment;
	x->labels = x->old->labels;
	x->level = store_level(x->service->store, x->labels);
	x->file = (struct store_content *)(uintptr_t)x->old->content;
	return write_body(x, 'U');
}

bool
rest_quarantine_check(struct exchange *x)
{
	struct buf b;

	x->again = true;
	x->audited = true;
	x->hidden_reason = SLICE("content that is stored was inspected again");
	if (!find_checked(x) || !check_versions(x))
		return false;
	if (x->quarantine != NULL)
		return take_away(x);
	x->audited = x->permit != authorization_house;  /* who goes through all has one record of it */
	buf_init(&b, x->arena, SIZE_MAX);
	outcome_json(&x->outcome, &b);
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}
