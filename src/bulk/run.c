/* run.c -- working at an export.
 *
 * A batch of rows is one snapshot: it goes through the controls as an answer does, into the
 * files.  Every few megabytes, or seconds, is a checkpoint: files synced, state saved, the caller's
 * registration looked at again.  The next batch may happen in another run of the server.
 *
 * The rows that a filter lets through, and the Provenance that goes with what is exported, are
 * found first, by searches under the same permit, as row numbers. */
#include "bulk/inside.h"

#include <stdlib.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/env.h"
#include "base/instant.h"
#include "base/limits.h"
#include "base/log.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "oauth/registry.h"

#define BATCH_ROWS       256
#define CHECKPOINT_BYTES (32u << 20)
#define CHECKPOINT_NS    500000000ll
#define FILTER_PAGE      500

struct row_set {                /* the rows of a type that are let through; NULL `at`: all */
	bool     chosen;
	int64_t *at;
	uint32_t count, room;
};

struct running {
	struct exchange     *x;         /* of the batch under way */
	const struct bulk_request *request;
	struct arena        *arena;     /* of the whole run */
	bool                *types;
	struct row_set      *sets;      /* by type number */
	struct store_scan    scan;
	struct referred     *referred;  /* NULL: nothing but what is asked for */
	bool                 at_referred;       /* the rows are those, and no others */
	bool               (*put)(void *ctx, const struct type *, bool deleted, struct slice line);
	void                *ctx;
	uint64_t             count;
};

/* Who may have what */

bool
bulk_types(struct exchange *x, const struct bulk_request *q, bool *types)
{
	const struct pack *pack = x->service->pack;
	bool any = false;

	for (uint32_t i = 0; i < pack_type_count(pack); i++) {
		const struct type *t = pack_type_at(pack, i);

		types[i] = t->kind == TYPE_RESOURCE && !t->abstract && q->type_count == 0
		    && permit_allows(x->permit, t, PERMIT_READ);
		any |= types[i];
	}
	for (uint32_t i = 0; i < q->type_count; i++) {
		const struct type *t = pack_resource(pack, q->types[i]);

		if (t == NULL || !permit_allows(x->permit, t, PERMIT_READ))
			return exchange_fail(x, FAULT_FORBIDDEN, "");
		types[t->number] = any = true;
	}
	return any || exchange_fail(x, FAULT_FORBIDDEN, "");
}

static struct exchange *
open_exchange(struct arena *arena, struct worker *w, struct principal *who)
{
	struct exchange *x = arena_alloc(arena, sizeof *x);

	x->arena = arena;
	x->worker = w;
	x->service = w->service;
	x->who = who;
	x->peer = SLICE("");
	x->received = env_wall(w->service->env);
	outcome_init(&x->outcome, arena);
	return x;
}

/* Row sets */

static void
let_through(struct running *r, struct row_set *set, int64_t row)
{
	if (set->count == set->room) {
		uint32_t room = set->room == 0 ? 256 : set->room * 2;

		set->at = arena_grow(r->arena, set->at, set->room * sizeof *set->at, room * sizeof *set->at);
		set->room = room;
	}
	set->at[set->count++] = row;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool
passes(const struct row_set *set, int64_t row)
{
	return !set->chosen || (set->count > 0
	    && bsearch(&row, set->at, set->count, sizeof row, by_number) != NULL);
}

/* All pages of a search; `take` gets each row. */
static bool
search_all(struct running *r, const struct type *type, struct slice text,
    bool (*take)(struct running *, const struct stored *), struct exchange *x)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct arena *scratch = arena_new(1 << 16);
	struct store_position from = { .set = false };
	struct store_page page = { .more = true };
	struct query q;
	bool good = query_parse(store_index(x->worker->reader), type, text, SLICE_NONE, false, &resolver,
	    x->service->limits, x->received, r->arena, &q, &x->outcome);

	query_match_only(&q, FILTER_PAGE);
	while (good && page.more) {
		good = store_search(x->worker->reader, x->permit, &q, &from, scratch, &page, &x->outcome);
		for (uint32_t i = 0; good && i < page.count; i++)
			good = take(r, &page.at[i]);
		from = page.end;
		arena_reset(scratch);
	}
	arena_free(scratch);
	return good;
}

static bool
take_filtered(struct running *r, const struct stored *s)
{
	let_through(r, &r->sets[s->type->number], s->row);
	return true;
}

static bool
choose_filtered(struct running *r, struct exchange *x)
{
	for (uint32_t i = 0; i < r->request->filter_count; i++) {
		const struct bulk_filter *f = &r->request->filters[i];
		const struct type *type = pack_resource(x->service->pack, f->type);

		r->sets[type->number].chosen = true;
		if (!search_all(r, type, f->query, take_filtered, x))
			return false;
	}
	return true;
}

/* Provenance of what is exported: of all targets of the types, or the latest of each target. */

struct latest {
	struct slice target;
	int64_t      updated, row;
};

struct provenances {
	struct running *r;
	struct latest  *at;
	uint32_t        count, room;
};

static bool
target_wanted(struct running *r, struct slice reference)
{
	struct slice rest = reference;
	const struct type *t = pack_resource(r->x->service->pack, slice_cut(&rest, '/'));

	return t != NULL && r->types[t->number] && !slice_is(t->name, "Provenance");
}

static void
note_latest(struct provenances *p, struct slice target, const struct stored *s)
{
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 256 : p->room * 2;

		p->at = arena_grow(p->r->arena, p->at, p->room * sizeof *p->at, room * sizeof *p->at);
		p->room = room;
	}
	p->at[p->count++] = (struct latest){ slice_dup(target, p->r->arena), s->updated, s->row };
}

static int
by_target(const void *a, const void *b)
{
	const struct latest *x = a, *y = b;
	int order = slice_cmp(x->target, y->target);

	return order != 0 ? order : x->updated != y->updated ? (x->updated > y->updated ? -1 : 1)
	    : (x->row < y->row) - (x->row > y->row);
}

static bool
take_provenance(void *ctx, struct stored *s)
{
	struct provenances *p = ctx;
	struct exchange *x = p->r->x;
	struct json j;
	uint32_t list;

	if (s->deleted)
		return true;
	if (!json_parse(s->body, json_bounds(x->service->limits, true), x->arena, &j, &x->outcome))
		return false;
	list = json_get(&j, 0, SLICE("target"));
	for (uint32_t n = list == 0 ? 0 : json_first(&j, list); n != 0; n = json_next(&j, list, n)) {
		struct slice target = json_string(&j, json_get(&j, n, SLICE("reference")), x->arena);

		if (target_wanted(p->r, target))
			note_latest(p, target, s);
	}
	return true;
}

static bool
choose_provenance(struct running *r, struct exchange *x)
{
	const struct type *type = pack_resource(x->service->pack, SLICE("Provenance"));
	struct row_set *set = &r->sets[type->number];
	struct provenances p = { .r = r };
	struct store_scan only = r->scan;
	struct store_scan_position at = { .done = false };
	bool *types = arena_array(r->arena, pack_type_count(x->service->pack), sizeof *types), good = true;
	struct arena *scratch;

	if (r->request->provenance == PROVENANCE_NONE || r->types[type->number])
		return true;
	scratch = arena_new(1 << 20);
	types[type->number] = true;
	only.types = types;
	only.since = 0;
	while (good && !at.done) {
		r->x = open_exchange(scratch, x->worker, x->who);
		good = store_scan(x->worker->reader, x->permit, &only, &at, BATCH_ROWS, scratch,
		    take_provenance, &p, &r->x->outcome);
		arena_reset(scratch);
	}
	arena_free(scratch);
	r->x = x;
	if (!good)
		return exchange_fail(x, FAULT_NO_STORE, "");
	if (p.count > 0)
		qsort(p.at, p.count, sizeof *p.at, by_target);
	for (uint32_t i = 0; i < p.count; i++)
		if (r->request->provenance == PROVENANCE_RELEVANT || i == 0
		    || !slice_eq(p.at[i].target, p.at[i - 1].target))
			let_through(r, set, p.at[i].row);
	set->chosen = true;
	r->types[type->number] = permit_allows(x->permit, type, PERMIT_READ);
	return true;
}

/* Whose?  The patients that were named, or the members of the group; only those that are visible. */

static bool
patient_number(struct exchange *x, struct slice id, int64_t *number)
{
	struct patient_refs refs = { &id, 1 };
	struct store_compartment c;
	struct outcome aside;

	outcome_init(&aside, x->arena);
	if (!store_compartment_of(x->worker->reader, x->permit, &refs, x->arena, &c, &aside))
		return false;
	*number = c.number;
	return true;
}

struct patients {
	struct running *r;
	int64_t        *at;
	uint32_t        count, room;
};

static void
add_patient(struct patients *p, struct exchange *x, struct slice id)
{
	int64_t number;

	if (!patient_number(x, id, &number))
		return;
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 64 : p->room * 2;

		p->at = arena_grow(p->r->arena, p->at, p->room * sizeof *p->at, room * sizeof *p->at);
		p->room = room;
	}
	p->at[p->count++] = number;
}

static bool
named(const struct bulk_request *q, struct slice id)
{
	for (uint32_t i = 0; i < q->patient_count; i++)
		if (slice_eq(q->patients[i], id))
			return true;
	return q->patient_count == 0;
}

static bool
is_inactive(const struct json *j, uint32_t member)
{
	uint32_t inactive = json_get(j, member, SLICE("inactive"));

	return inactive != 0 && json_type(j, inactive) == JSON_TRUE;
}

static bool
add_members(struct patients *p, struct exchange *x)
{
	const struct bulk_request *q = p->r->request;
	struct stored s;
	struct json j;
	uint32_t list;

	if (!store_read(x->worker->reader, x->permit, pack_resource(x->service->pack, SLICE("Group")),
	    q->group, x->arena, &s, &x->outcome))
		return false;
	if (s.deleted)
		return exchange_fail(x, FAULT_DELETED, "");
	if (!json_parse(s.body, json_bounds(x->service->limits, true), x->arena, &j, &x->outcome))
		return false;
	list = json_get(&j, 0, SLICE("member"));
	for (uint32_t n = list == 0 ? 0 : json_first(&j, list); n != 0; n = json_next(&j, list, n)) {
		struct slice id = json_string(&j, json_path(&j, n, "entity.reference"), x->arena);

		if (slice_is(slice_cut(&id, '/'), "Patient") && !is_inactive(&j, n) && named(q, id))
			add_patient(p, x, id);
	}
	return true;
}

static bool
choose_patients(struct running *r, struct exchange *x)
{
	const struct bulk_request *q = r->request;
	struct patients p = { .r = r };
	int64_t *all;

	r->scan.patients_only = q->level != BULK_SYSTEM;
	if (q->level == BULK_SYSTEM || (q->level == BULK_PATIENT && q->patient_count == 0))
		return true;
	for (uint32_t i = 0; q->level == BULK_PATIENT && i < q->patient_count; i++)
		add_patient(&p, x, q->patients[i]);
	if (q->level == BULK_GROUP && !add_members(&p, x))
		return false;
	if (!store_compartments_with(x->worker->reader, p.at, p.count, r->arena, &all,
	    &r->scan.compartment_count, &x->outcome))
		return false;
	r->scan.compartments = all;
	return true;
}

/* One resource */

/* As a Bundle that deletes it, as Bulk Data Access asks for. */
static struct slice
deletion(struct exchange *x, const struct stored *s)
{
	struct buf b;

	buf_init(&b, x->arena, 1024);
	buf_printf(&b, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":"
	    "{\"method\":\"DELETE\",\"url\":\"%.*s/%.*s\"}}]}", SLICE_FMT(s->type->name),
	    SLICE_FMT(s->id));
	return buf_slice(&b);
}

static bool
put_binary(struct running *r, const struct stored *s, struct slice body)
{
	struct arena *arena;
	struct slice line;
	bool good;

	if (s->content == NULL || s->content->size == 0
	    || !elements_has(r->x, r->request, s->type, SLICE("data")))
		return r->put(r->ctx, s->type, false, body);
	arena = arena_new(1 << 16);
	good = binary_line(s->content, body, arena, &line) && r->put(r->ctx, s->type, false, line);
	arena_free(arena);
	return good;
}

static bool
put_resource(struct running *r, const struct stored *s, struct slice line)
{
	return slice_is(s->type->name, "Binary") ? put_binary(r, s, line)
	    : r->put(r->ctx, s->type, false, line);
}

static bool
take_row(void *ctx, struct stored *s)
{
	struct running *r = ctx;
	struct slice line;

	if (s->deleted) {                       /* no search would find it, but it may have been exported */
		const struct type *bundle = pack_resource(r->x->service->pack, SLICE("Bundle"));

		return s->id.len == 0 || !r->types[s->type->number]
		    || r->put(r->ctx, bundle, true, deletion(r->x, s));
	}
	if (!passes(&r->sets[s->type->number], s->row)
	    || (slice_is(s->type->name, "Binary") && !binary_visible(r->x, s)))
		return true;
	if (r->referred != NULL && !r->at_referred)
		referred_find(r->referred, r->x, r->types, s->body);
	if (!r->types[s->type->number])
		return true;                    /* it was read for what it refers to */
	if (!controls_out(r->x, s) || !elements_line(r->x, r->request, s, &line)
	    || !put_resource(r, s, line))
		return false;
	r->count++;
	return true;
}

/* What patients' resources refer to */

/* A type that is in no patient's compartment can be asked for by name: then all that may be read is, for what it refers
 * to. */
static bool
asks_for_referred(const struct bulk_request *q, const struct pack *pack)
{
	for (uint32_t i = 0; q->level != BULK_SYSTEM && i < q->type_count; i++) {
		const struct type *t = pack_resource(pack, q->types[i]);
		uint32_t n;

		if (!slice_is(t->name, "Patient") && pack_compartment(pack, SLICE("Patient"), t, &n) == NULL)
			return true;
	}
	return false;
}

static const bool *
types_to_read(const struct running *r, struct exchange *x)
{
	struct bulk_request all = { .level = r->request->level };
	bool *types;

	if (!asks_for_referred(r->request, x->service->pack))
		return r->types;
	types = arena_array(r->arena, pack_type_count(x->service->pack), sizeof *types);
	return bulk_types(x, &all, types) ? types : r->types;
}

static bool
is_referred(const void *referred, int64_t row)
{
	return numbers_has(&((const struct referred *)referred)->all, row);
}

/* They go with what is exported, whenever they were changed. */
static void
turn_to_referred(struct running *r)
{
	static const int64_t common = 0;

	r->at_referred = true;
	r->scan = (struct store_scan){ .types = r->types, .compartments = &common, .compartment_count = 1,
		.until = r->scan.until, .takes = is_referred, .takes_ctx = r->referred };
}

/* All of it but the rows themselves, in one snapshot. */
static bool
choose(struct running *r, struct exchange *x, const struct bulk_request *q, int64_t until,
    struct arena *arena)
{
	uint32_t types = pack_type_count(x->service->pack);

	*r = (struct running){ .x = x, .request = q, .arena = arena,
		.scan = { .since = q->since, .until = until, .deleted = q->since > 0 } };
	r->types = arena_array(arena, types, sizeof *r->types);
	r->sets = arena_array(arena, types, sizeof *r->sets);
	r->scan.types = r->types;
	if (!bulk_types(x, q, r->types) || !choose_patients(r, x) || !choose_filtered(r, x)
	    || !choose_provenance(r, x))
		return false;
	r->scan.types = types_to_read(r, x);
	for (uint32_t i = 0; i < types; i++)
		if (r->sets[i].count > 0)
			qsort(r->sets[i].at, r->sets[i].count, sizeof *r->sets[i].at, by_number);
	return true;
}

static bool
batch(struct running *r, struct exchange *x, struct store_scan_position *at)
{
	bool good;

	r->x = x;
	if (!store_begin(x->worker->reader, &x->outcome))
		return false;
	good = store_scan(x->worker->reader, x->permit, &r->scan, at, BATCH_ROWS, x->arena, take_row, r,
	    &x->outcome);
	store_end(x->worker->reader);
	if (at->done && r->referred != NULL && !r->at_referred && r->referred->count > 0) {
		turn_to_referred(r);
		*at = (struct store_scan_position){ .done = false };
	}
	return good;
}

/* At once, for the operator's command */

struct now {
	bool (*put)(void *ctx, const struct type *, struct slice line);
	void  *ctx;
};

static bool
put_now(void *ctx, const struct type *type, bool deleted UNUSED, struct slice line)
{
	struct now *n = ctx;

	return n->put(n->ctx, type, line);
}

bool
bulk_export_now(struct exchange *x, const struct bulk_request *q, int64_t until,
    bool (*put)(void *ctx, const struct type *, struct slice line), void *ctx)
{
	struct arena *scratch = arena_new(1 << 20);
	struct now now = { put, ctx };
	struct store_scan_position at = { .done = false };
	struct running r;
	bool good;

	if (!store_begin(x->worker->reader, &x->outcome))
		return false;
	good = choose(&r, x, q, until, x->arena);
	store_end(x->worker->reader);
	r.put = put_now;
	r.ctx = &now;
	while (good && !at.done) {
		struct exchange *one = open_exchange(scratch, x->worker, x->who);

		one->permit = x->permit;
		if (!(good = batch(&r, one, &at)))
			exchange_fail(x, FAULT_NO_STORE, "");
		arena_reset(scratch);
	}
	arena_free(scratch);
	return good;
}

/* A job */

struct at_work {
	struct bulk     *bulk;
	struct bulk_job *job;
	struct worker   *worker;
	struct output   *output;
	struct running   running;
	struct referred  referred;
	struct store_scan_position position;
	unsigned         generation;            /* of the registry */
	uint64_t         bytes;                 /* at the last checkpoint */
	int64_t          time;
	uint64_t         before;                /* count of the runs before */
};

static bool
put_in_file(void *ctx, const struct type *type, bool deleted, struct slice line)
{
	struct at_work *w = ctx;

	return output_line(w->output, type, deleted, line);
}

/* Is the client still registered, with all that the job was begun with? */
static bool
registered(struct at_work *w, struct arena *arena)
{
	struct registry *registry = w->bulk->service->registry;
	struct client client;

	registry_refresh(registry);
	w->generation = registry_generation(registry);
	return registry_find(registry, w->job->who->client_id, arena, &client)
	    && scope_list_covers(client.scope, w->job->who->scope_text, arena);
}

static bool
stopped(struct at_work *w)
{
	bool closing;

	pthread_mutex_lock(&w->bulk->lock);
	closing = w->bulk->closing;
	pthread_mutex_unlock(&w->bulk->lock);
	return closing || atomic_load(&w->job->cancelled);
}

static bool
checkpoint(struct at_work *w)
{
	struct arena *arena;
	bool good;

	if (!referred_save(&w->referred, w->output) || !output_flush(w->output))
		return false;
	pthread_mutex_lock(&w->bulk->lock);
	w->job->position = w->position;
	w->job->at_referred = w->running.at_referred;
	w->job->count = w->before + w->running.count;
	pthread_mutex_unlock(&w->bulk->lock);
	w->bytes = output_bytes(w->output);
	w->time = env_monotonic(w->bulk->service->env);
	arena = arena_new(4096);
	good = job_save(w->bulk, w->job) && audit_healthy(w->bulk->service->audit)
	    && (w->generation == registry_generation(w->bulk->service->registry) || registered(w, arena));
	arena_free(arena);
	return good;
}

static bool
due(const struct at_work *w)
{
	return output_bytes(w->output) - w->bytes >= CHECKPOINT_BYTES
	    || env_monotonic(w->bulk->service->env) - w->time >= CHECKPOINT_NS;
}

static bool
begin(struct at_work *w, struct arena *arena, struct exchange *x)
{
	bool good;

	if (!registered(w, arena) || !authorization_again(x) || !referred_load(&w->referred, w->bulk, w->job))
		return false;
	if (!store_begin(w->worker->reader, &x->outcome))
		return false;
	good = choose(&w->running, x, &w->job->request, w->job->time, arena);
	store_end(w->worker->reader);
	w->running.put = put_in_file;
	w->running.ctx = w;
	w->running.referred = w->job->request.level == BULK_SYSTEM ? NULL : &w->referred;
	if (w->job->at_referred)
		turn_to_referred(&w->running);
	return good;
}

static bool
export_rows(struct at_work *w, const struct permit *permit)
{
	struct arena *scratch = arena_new(1 << 20);
	bool good = true;

	while (good && !w->position.done && !stopped(w)) {
		struct exchange *x = open_exchange(scratch, w->worker, w->job->who);

		x->permit = permit;
		good = batch(&w->running, x, &w->position) && (!due(w) || checkpoint(w));
		arena_reset(scratch);
	}
	arena_free(scratch);
	return good;
}

/* The end of a job is an event too.  It is waited for: a record lives until it is durable. */

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	bool            done;
};

static void
recorded(void *ctx, bool durable UNUSED)
{
	struct waiting *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static void
append_record(struct at_work *w, struct slice record)
{
	struct waiting wait = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

	if (!audit_append(w->bulk->service->audit, record, recorded, &wait)) {
		log_event(LOG_ERROR, "bulk-end-not-audited", "job=%s", w->job->id);
		return;
	}
	pthread_mutex_lock(&wait.lock);
	while (!wait.done)
		pthread_cond_wait(&wait.wake, &wait.lock);
	pthread_mutex_unlock(&wait.lock);
}

static void
record_end(struct at_work *w, struct exchange *x, bool good)
{
	struct audit_event *e = exchange_event_add(x);
	struct slice record;

	env_entropy(w->bulk->service->env, e->id, sizeof e->id);
	e->interaction = SLICE("operation");
	e->action = 'E';
	e->resource = SLICE("$export");
	e->status = good ? 200 : 500;
	e->outcome = good ? 0 : 8;
	e->reason = good ? SLICE("the export is complete") : SLICE("the export failed");
	if (audit_encode(w->bulk->service->audit, e, x->arena, &record))
		append_record(w, record);
}

/* Its files are to be had once its end is recorded and its state saved. */
static void
settle(struct at_work *w, struct exchange *x, bool good)
{
	int64_t life = (int64_t)w->bulk->service->limits->of[LIMIT_BULK_SECONDS] * 1000;
	struct bulk_job *job = w->job;

	if (atomic_load(&job->cancelled) || (good && !w->position.done))
		return;                         /* it is gone; or the server stops */
	record_end(w, x, good);
	pthread_mutex_lock(&w->bulk->lock);
	job->state = good ? BULK_DONE : BULK_FAILED;
	job->expires = env_wall(w->bulk->service->env) + life;
	if (!job_save(w->bulk, job))
		job->state = BULK_FAILED;
	pthread_mutex_unlock(&w->bulk->lock);
	if (!good)
		log_event(LOG_ERROR, "bulk-failed", "job=%s", job->id);
}

void
bulk_run(struct bulk *b, struct bulk_job *job, struct worker *worker)
{
	struct arena *arena = arena_new(1 << 16);
	struct exchange *x = open_exchange(arena, worker, job->who);
	struct at_work w = { .bulk = b, .job = job, .worker = worker, .position = job->position,
		.before = job->count, .output = output_new(b, job), .referred = { .arena = arena },
		.time = env_monotonic(b->service->env) };
	bool good = begin(&w, arena, x) && export_rows(&w, x->permit)
	    && (atomic_load(&job->cancelled) || checkpoint(&w));

	settle(&w, x, good);
	output_free(w.output);
	arena_free(arena);
}
