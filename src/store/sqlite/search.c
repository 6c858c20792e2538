/* search.c -- a query on one lead after the other.
 *
 * Without _sort the order is type, lead, row, and a page ends where it is full. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

/* One lead */

bool
plan_passes(struct plan *p, const struct query_part *part, int64_t lead, const struct candidate *at,
    bool *yes)
{
	*yes = true;
	for (uint32_t i = 0; i < part->clause_count && *yes; i++)
		if (!plan_test(p, &part->clauses[i], part->type, lead, at, yes))
			return false;
	return true;
}

static bool
consider(struct plan *p, const struct type *type, int64_t lead, const struct candidate *at,
    void *ctx, bool *more)
{
	struct hunt *h = ctx;
	bool yes;

	if (!plan_passes(p, h->part, lead, at, &yes))
		return false;
	return !yes || h->take(p, h, type, lead, at, more);
}

/* A Patient, and what it contains, stands in two leads: one of them counts. */
static bool
stands_twice(const struct plan *p, const struct type *type, int64_t lead)
{
	return type == p->reader->store->patient && !p->bound && lead != DIRECTORY && p->leads == LEADS_ALL;
}

/* A row of a set: the version that it stands for, through the gate. */
static bool
consider_row(struct plan *p, struct hunt *h, int64_t lead, int64_t row, bool *more)
{
	const struct type *holder = h->part->type;
	struct candidate at;
	bool found;

	if (row < INDEX_CONTAINED ? !plan_find(p, h->part->type, lead, row, &at, &found)
	    : !plan_holder(p, h->part->type, lead, row, &at, &holder, &found))
		return false;
	return !found || stands_twice(p, holder, lead) || consider(p, holder, lead, &at, h, more);
}

static bool
wanted(const struct query *q, int64_t row)
{
	return row < INDEX_CONTAINED ? q->contained != CONTAINED_TRUE : q->contained != CONTAINED_FALSE;
}

static bool
walk_set(struct plan *p, struct hunt *h, int64_t lead, const struct row_set *set, bool *more)
{
	for (uint32_t i = 0; i < set->count && *more; i++)
		if (set->at[i] > h->after && wanted(p->query, set->at[i])
		    && !consider_row(p, h, lead, set->at[i], more))
			return false;
	return true;
}

static void
intersect(struct row_set *set, const struct row_set *other, struct arena *arena)
{
	struct row_set out = { arena_array(arena, set->count + 1, sizeof *set->at), 0 };

	for (uint32_t i = 0; i < set->count; i++)
		if (plan_has_row(other, set->at[i]))
			out.at[out.count++] = set->at[i];
	*set = out;
}

/* All that can be had as sets, first; false in `any` when there is none.  `leaping`: what says where
 * its matches are needs no set. */
static bool
common_rows(struct plan *p, const struct query_part *part, int64_t lead, bool leaping,
    struct row_set *out, bool *any)
{
	*any = false;
	for (uint32_t i = 0; i < part->clause_count && (!*any || out->count > 0); i++) {
		struct row_set one;
		bool leaps = false;

		if (leaping && !plan_clause_narrows(p, part, i, &leaps))
			return false;
		if (leaps || !plan_settable(&part->clauses[i]))
			continue;
		if (!plan_set(p, &part->clauses[i], part->type, lead, &one))
			return false;
		if (*any)
			intersect(out, &one, leaping ? p->arena : p->scratch);
		else
			*out = one;
		*any = true;
	}
	return true;
}

/* Patients, from one on which the clauses agree to the next.  Each is looked at in its own lead,
 * where there is little. */
static bool
leap(struct plan *p, struct hunt *h, bool *more)
{
	struct row_set rows;
	int64_t row = h->after + 1;
	bool any;

	if (!common_rows(p, h->part, DIRECTORY, true, &rows, &any))
		return false;
	for (; *more; row++) {
		struct candidate at;
		bool found, yes = false;

		if (!plan_next_agreed(p, h->part, row, &row))
			return false;
		if (row == NO_LEAD || (any && (row = plan_next_in(&rows, row)) == NO_LEAD))
			return true;
		arena_reset(p->scratch);
		p->lead_memo = NULL;
		if (!plan_find(p, h->part->type, DIRECTORY, row, &at, &found)
		    || (found && !plan_passes(p, h->part, row, &at, &yes))
		    || (yes && !h->take(p, h, h->part->type, DIRECTORY, &at, more)))
			return false;
	}
	return true;
}

/* Rows of an index stand for what is there now, under its labels: where all clauses are sets, what they have
 * in common is what matches. */
static bool
sets_suffice(const struct plan *p, const struct hunt *h)
{
	bool sets = h->by_row && p->query->contained == CONTAINED_FALSE
	    && !sqlite_has_context(p->reader->store, h->part->type);

	for (uint32_t i = 0; i < h->part->clause_count; i++)
		sets &= plan_settable(&h->part->clauses[i]);
	return sets;
}

static bool
take_set(struct plan *p, struct hunt *h, int64_t lead, const struct row_set *set, bool *more)
{
	for (uint32_t i = 0; i < set->count && *more && set->at[i] < INDEX_CONTAINED; i++)
		if (set->at[i] > h->after
		    && !h->take(p, h, h->part->type, lead, &(struct candidate){ .row = set->at[i] }, more))
			return false;
	return true;
}

/* Worth it where there is an end to it soon, or what is left is to look at each; when many are to be counted,
 * others than those that _has finds are had at less cost all at once. */
static bool
can_leap(struct plan *p, struct hunt *h, int64_t lead, bool *yes)
{
	bool worth = h->ends, tests = false;

	*yes = false;
	for (uint32_t i = 0; i < h->part->clause_count; i++) {
		worth |= h->part->clauses[i].on == CLAUSE_HAS;
		tests |= !plan_settable(&h->part->clauses[i]);
	}
	if ((!worth && !tests) || p->bound || lead != DIRECTORY || p->leads != LEADS_ONE
	    || h->part->type != p->reader->store->patient)
		return true;
	return worth ? plan_narrows(p, h->part, yes) : plan_is_sparse(p, h->part, yes);
}

/* Ascending by row: contained ones are behind all others. */
static bool
hunt_lead(struct plan *p, struct hunt *h, int64_t lead, bool *more)
{
	struct row_set rows;
	bool any, leaps;

	arena_reset(p->scratch);
	p->lead_memo = NULL;
	if (!can_leap(p, h, lead, &leaps))
		return false;
	if (leaps)
		return leap(p, h, more);
	if (!common_rows(p, h->part, lead, false, &rows, &any))
		return false;
	if (any && sets_suffice(p, h))
		return stands_twice(p, h->part->type, lead) || take_set(p, h, lead, &rows, more);
	if (any)
		return walk_set(p, h, lead, &rows, more);
	if (p->query->contained != CONTAINED_TRUE && !stands_twice(p, h->part->type, lead)
	    && !plan_scan(p, h->part->type, lead, h->after, consider, h, more))
		return false;
	if (p->query->contained == CONTAINED_FALSE || !*more)
		return true;
	return plan_contained(p, h->part->type, lead, &rows) && walk_set(p, h, lead, &rows, more);
}

/* Only some rows: those of this lead, each once. */
static bool
hunt_only(struct plan *p, struct hunt *h, bool *more)
{
	const struct query_only *only = p->query->only;

	for (uint32_t i = 0; i < only->count && *more; i++) {
		arena_reset(p->scratch);
		p->lead_memo = NULL;
		if ((!p->bound || only->leads[i] == p->lead)
		    && !consider_row(p, h, only->leads[i], only->rows[i], more))
			return false;
	}
	return true;
}

static bool
counts_all(const struct plan *p, const struct hunt *h)
{
	return h->count != NULL && h->part->clause_count == 0 && !p->bound && !p->query->in_patient
	    && !sqlite_has_context(p->reader->store, h->part->type) && p->query->contained == CONTAINED_FALSE;
}

static bool
count_part(struct plan *p, struct hunt *h)
{
	int64_t n = 0;

	if (!plan_count(p, h->part->type, &n))
		return false;
	*h->count += n;
	return true;
}

static bool
hunt_part(struct plan *p, struct hunt *h, bool *more)
{
	bool resume = h->paged && p->from->set && p->from->part == h->number;
	int64_t lead = resume ? p->from->compartment : 0;

	if (counts_all(p, h))
		return count_part(p, h);
	if (p->query->only != NULL)
		return hunt_only(p, h, more);
	if (!plan_leads(p, h->part))
		return false;
	for (; *more; lead++) {
		if (!plan_next_lead(p, h->part, lead, &lead))
			return false;
		if (lead == NO_LEAD)
			return true;
		h->after = resume && lead == p->from->compartment ? p->from->row : 0;
		if (!hunt_lead(p, h, lead, more))
			return false;
	}
	return true;
}

bool
plan_hunt(struct plan *p, struct hunt h)
{
	bool more = true;

	for (uint32_t i = 0; i < p->query->part_count && more; i++) {
		h.part = &p->query->parts[i];
		h.number = i;
		if (h.paged && p->from->set && i < p->from->part)
			continue;
		if (!hunt_part(p, &h, &more))
			return false;
	}
	return true;
}

/* Totals */

static bool
count_one(struct plan *p UNUSED, struct hunt *h, const struct type *type UNUSED,
    int64_t lead UNUSED, const struct candidate *at UNUSED, bool *more UNUSED)
{
	++*h->count;
	return true;
}

static bool
count_all(struct plan *p, int64_t *total)
{
	*total = 0;
	if (planted(2))
		p->bound = false;
	return plan_hunt(p, (struct hunt){ .by_row = true, .take = count_one, .count = total });
}

/* Planted: whether there is more depends on what is hidden. */
static bool
leak_more(struct plan *p, struct store_page *out)
{
	int64_t all;

	p->leaking = true;
	p->bound = false;
	if (!count_all(p, &all))
		return false;
	p->leaking = false;
	p->bound = permit_compartment(p->permit, &p->lead);
	out->more |= out->count > 0 && all > out->count;
	return true;
}

/* What is asked for, or what the one page there is tells. */
static bool
find_total(struct plan *p, struct store_page *out)
{
	if (p->query->count_only || p->query->total == TOTAL_ACCURATE)
		return count_all(p, &out->total);
	if (!p->from->set && !out->more && p->query->contained == CONTAINED_FALSE)
		out->total = out->count;
	return true;
}

/* Pages */

static bool
take_in_order(struct plan *p UNUSED, struct hunt *h, const struct type *type, int64_t lead,
    const struct candidate *at, bool *more)
{
	struct page *page = h->ctx;

	page->at[page->have++] = (struct match){ .type = type,
		.at = { .set = true, .part = h->number, .compartment = lead, .row = at->row } };
	*more = page->have < page->want;
	return true;
}

/* Bodies */

static bool
load_page(struct plan *p, const struct page *page, struct store_page *out)
{
	out->at = arena_array(p->arena, out->count + 1, sizeof *out->at);
	out->contained = arena_array(p->arena, out->count + 1, sizeof *out->contained);
	for (uint32_t i = 0; i < out->count; i++) {
		const struct match *m = &page->at[i];
		bool within = m->at.row >= INDEX_CONTAINED;

		out->at[i] = (struct stored){ .type = m->type, .row = within ? index_holder(m->at.row) : m->at.row };
		out->contained[i] = within ? (uint32_t)(m->at.row % INDEX_GROUPS) : 0;
		if (!sqlite_load_current(p->reader, m->at.compartment, plan_clearance(p), &out->at[i], p->arena, p->outcome))
			return false;
	}
	if (out->count > 0)
		out->end = page->at[out->count - 1].at;
	return true;
}

void
plan_init(struct plan *p, struct store_reader *r, const struct permit *permit,
    const struct query *q, struct arena *arena, struct outcome *o)
{
	*p = (struct plan){ .reader = r, .permit = permit, .query = q, .arena = arena, .outcome = o };
	p->bound = permit_compartment(permit, &p->lead);
	p->scratch = r->scratch != NULL ? r->scratch : arena_new(1 << 14);
	p->text = r->text != NULL ? r->text : arena_new(1 << 14);
	r->scratch = r->text = NULL;
}

static void
keep(struct arena **place, struct arena *arena)
{
	arena_free(*place);
	arena_reset(arena);
	*place = arena;
}

void
plan_done(struct plan *p)
{
	keep(&p->reader->scratch, p->scratch);
	keep(&p->reader->text, p->text);
}

static bool
find_page(struct plan *p, struct page *page, struct store_page *out)
{
	const struct query *q = p->query;
	struct query ordered;
	bool implied;

	if (q->count_only)
		return true;
	if (!plan_implies_order(p, &ordered, &implied))
		return false;
	p->query = implied ? &ordered : q;
	if (!(implied || q->sort_count > 0 ? plan_sorted(p, implied, page)
	    : plan_hunt(p, (struct hunt){ .paged = true, .ends = true, .by_row = true, .take = take_in_order, .ctx = page })))
		return false;
	p->query = q;
	out->more = page->have > q->page;
	out->count = page->have - out->more;
	return !planted(8) || q->parts[0].clause_count > 0 || leak_more(p, out);
}

bool
store_search(struct store_reader *r, const struct permit *permit, const struct query *q,
    const struct store_position *from, struct arena *arena, struct store_page *out,
    struct outcome *o)
{
	struct page page = { .at = arena_array(arena, q->page + 2, sizeof *page.at),
		.want = q->page + 1 };
	struct plan p;
	bool good;

	*out = (struct store_page){ .total = -1 };
	plan_init(&p, r, permit, q, arena, o);
	p.from = from;
	good = plan_allowed(&p) && find_page(&p, &page, out) && find_total(&p, out) && load_page(&p, &page, out);
	plan_done(&p);
	return good;
}

/* Wide or not */

static bool
takes_time(const struct query_clause *c)
{
	if (c->on == CLAUSE_HAS || c->on == CLAUSE_WORDS)
		return true;
	if (c->on == CLAUSE_CHAIN && !(c->part_count == 1 && plan_settable(&c->parts[0])))
		return true;
	for (uint32_t i = 0; i < c->part_count; i++)
		if (takes_time(&c->parts[i]))
			return true;
	return false;
}

static bool
names_its_leads(const struct query_clause *c)
{
	return c->on == CLAUSE_ID || (c->on == CLAUSE_INDEX && c->kind == SEARCH_REFERENCE
	    && c->modifier == MODIFIER_NONE);
}

static bool
part_is_wide(const struct plan *p, const struct query_part *part)
{
	const struct query *q = p->query;
	bool narrow = false, settable = part->clause_count == 0;

	for (uint32_t i = 0; i < part->clause_count; i++) {
		if (takes_time(&part->clauses[i]))
			return true;
		narrow |= names_its_leads(&part->clauses[i]);
		settable |= plan_settable(&part->clauses[i]);
	}
	if (narrow)
		return false;
	return !settable || q->sort_count > 0 || q->total == TOTAL_ACCURATE || q->count_only
	    || (part->type != p->reader->store->patient && plan_in_compartments(p, part->type));
}

bool
store_search_is_wide(struct store_reader *r, const struct permit *permit, const struct query *q)
{
	struct plan p = { .reader = r, .permit = permit, .query = q };

	if (permit_compartment(permit, &p.lead) || q->in_patient)
		return false;
	for (uint32_t i = 0; i < q->part_count; i++)
		if (part_is_wide(&p, &q->parts[i]))
			return true;
	return q->contained != CONTAINED_FALSE;
}
