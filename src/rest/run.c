/* run.c -- one exchange from the parsed head to an answer that is ready to go.
 *
 * Nothing is written or sent here.  A write stands in x->commit, the audit
 * records beside it or, for a read, in x->records; the server makes them durable and only
 * then lets the answer leave. */
#include "rest/rest.h"

#include "base/arena.h"
#include "base/buf.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/format.h"
#include "rest/replay.h"

bool
rest_perform(struct exchange *x)
{
	return rest_parse(x) && x->interaction->perform(x);
}

static void
challenge(struct exchange *x)
{
	if (x->outcome.worst == FAULT_NO_LOGIN)
		exchange_add_header(x, "www-authenticate", SLICE("Bearer realm=\"fhir\""));
	else if (x->outcome.worst == FAULT_BAD_TOKEN || x->outcome.worst == FAULT_TOKEN_EXPIRED)
		exchange_add_header(x, "www-authenticate", SLICE("Bearer error=\"invalid_token\""));
	else if (x->outcome.worst == FAULT_TOKEN_TWICE)
		exchange_add_header(x, "www-authenticate", SLICE("Bearer error=\"invalid_request\""));
}

static const char *const kept_headers[] = {
	"retry-after", "allow", "content-range", "accept-post", "accept-patch", "etag", "last-modified", "www-authenticate",
};

/* A refusal keeps only those headers that were set for it. */
static void
drop_headers(struct exchange *x)
{
	size_t kept = 0;

	for (size_t i = 0; i < x->out_count; i++)
		for (size_t k = 0; k < COUNT_OF(kept_headers); k++)
			if (slice_is(x->out[i].name, kept_headers[k]))
				x->out[kept++] = x->out[i];
	x->out_count = kept;
}

void
rest_refuse(struct exchange *x)
{
	struct buf b;

	x->commit = NULL;
	x->write = NULL;
	x->stream = NULL;
	drop_headers(x);
	challenge(x);
	format_places(x);
	buf_init(&b, x->arena, SIZE_MAX);
	outcome_json(&x->outcome, &b);
	answer_bytes(x, outcome_status(&x->outcome), buf_slice(&b));
}

static void
commit_of_one(struct exchange *x)
{
	struct store_commit *c = arena_alloc(x->arena, sizeof *c);

	c->units = arena_alloc(x->arena, sizeof *c->units);
	c->count = 1;
	c->units[0].writes = x->write;
	c->units[0].count = x->write_count;
	c->units[0].guards = x->guard;
	c->units[0].guard_count = x->guard != NULL;
	x->commit = c;
}

/* The exchange's own records, those of a Bundle's entries that have no unit of
 * their own, and those that are in the unit already. */
static void
gather_records(struct exchange *x, struct slice **records, uint32_t *count)
{
	const struct { const struct slice *at; uint32_t count; } parts[] = {
		{ *records, *count }, { x->entry_records, x->entry_record_count },
		{ x->records, x->record_count },
	};
	struct slice *all = arena_array(x->arena,
	    parts[0].count + parts[1].count + parts[2].count + 1, sizeof *all);
	uint32_t n = 0;

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		for (uint32_t k = 0; k < parts[i].count; k++)
			all[n++] = parts[i].at[k];
	*records = all;
	*count = n;
}

/* With a commit they go into its last unit: for a single write and a
 * transaction the only one, for a batch the one that is kept free for this. */
static void
attach_records(struct exchange *x)
{
	struct store_unit *u;
	uint32_t count = 0;
	struct slice *records = NULL;

	if (x->commit != NULL) {
		u = &x->commit->units[x->commit->count - 1];
		gather_records(x, &u->records, &u->record_count);
	} else if (x->entry_record_count > 0) {
		gather_records(x, &records, &count);
		x->records = records;
		x->record_count = count;
	}
}

/* When the response phase itself fails (no audit), what stood is replaced by a
 * refusal, and nothing of it is written. */
static void
respond(struct exchange *x)
{
	if (controls_response(x))
		return;
	x->record_count = 0;
	x->audited = false;
	rest_refuse(x);
	if (!controls_response(x))
		x->record_count = 0;
}

/* A request that came before is answered as it was then. */
static bool
perform_once(struct exchange *x)
{
	return replay_find(x) ? replay_answer(x) : rest_perform(x);
}

void
rest_run(struct exchange *x)
{
	format_negotiate(x);
	if (x->outcome.failed || !perform_once(x))
		rest_refuse(x);
	else if (x->write != NULL)
		commit_of_one(x);
	if (x->postponed)
		return;
	if (x->commit != NULL && x->commit->count == 1)
		x->commit->units[0].replay = replay_keep(x);
	respond(x);
	attach_records(x);
}

void
rest_conflict(struct exchange *x)
{
	bool asked = exchange_header(x, "if-match").len > 0;

	outcome_clear(&x->outcome);
	exchange_fail(x, asked ? FAULT_PRECONDITION : FAULT_CONFLICT, "");
}
