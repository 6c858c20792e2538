/* search.c -- a query on one lead after the other.
 *
 * Without _sort the order is type, lead, row, and a page ends where it is full.  With it, all matches
 * pass through a page-sized list that is kept in order. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

/* One lead */

struct hunt {
	const struct query_part *part;
	uint32_t number;                /* of the part */
	bool     paged;                 /* in order, from the cursor on, until there is enough */
	int64_t  after;
	/* A match: false when something failed; `more` false: enough. */
	bool   (*take)(struct plan *, struct hunt *, const struct type *, int64_t lead,
	    const struct candidate *, bool *more);
	void    *ctx;
};

static bool
passes(struct plan *p, const struct query_part *part, int64_t lead, const struct candidate *at,
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

	if (!passes(p, h->part, lead, at, &yes))
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
		    || (found && !passes(p, h->part, row, &at, &yes))
		    || (yes && !h->take(p, h, h->part->type, DIRECTORY, &at, more)))
			return false;
	}
	return true;
}

/* Worth it where there is an end to it soon, or what is left is to look at each. */
static bool
can_leap(struct plan *p, struct hunt *h, int64_t lead, bool *yes)
{
	bool worth = h->paged;

	*yes = false;
	for (uint32_t i = 0; i < h->part->clause_count; i++)
		worth |= h->part->clauses[i].on == CLAUSE_HAS;
	return !worth || p->bound || lead != DIRECTORY || p->leads != LEADS_ONE
	    || h->part->type != p->reader->store->patient || plan_narrows(p, h->part, yes);
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
hunt_part(struct plan *p, struct hunt *h, bool *more)
{
	bool resume = h->paged && p->from->set && p->from->part == h->number;
	int64_t lead = resume ? p->from->compartment : 0;

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

/* Every part; `paged`: those behind the cursor only. */
static bool
hunt_all(struct plan *p, bool paged,
    bool (*take)(struct plan *, struct hunt *, const struct type *, int64_t, const struct candidate *,
        bool *), void *ctx)
{
	bool more = true;

	for (uint32_t i = 0; i < p->query->part_count && more; i++) {
		struct hunt h = { .part = &p->query->parts[i], .number = i, .take = take, .ctx = ctx,
			.paged = paged };

		if (paged && p->from->set && i < p->from->part)
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
	++*(int64_t *)h->ctx;
	return true;
}

static bool
count_all(struct plan *p, int64_t *total)
{
	*total = 0;
	if (planted(2))
		p->bound = false;
	return hunt_all(p, false, count_one, total);
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

/* Pages */

struct match {
	struct store_position at;
	const struct type *type;
	int64_t vid;
};

struct page {
	struct match *at;
	uint32_t      want, have;
	/* of a sorted search, for the lead at hand */
	int64_t          lead;
	uint32_t         part;
	bool             ready;
	struct sort_key *keys[QUERY_SORTS];
	uint32_t         key_count[QUERY_SORTS];
};

static bool
take_in_order(struct plan *p UNUSED, struct hunt *h, const struct type *type, int64_t lead,
    const struct candidate *at, bool *more)
{
	struct page *page = h->ctx;

	page->at[page->have++] = (struct match){ .type = type, .vid = at->vid,
		.at = { .set = true, .part = h->number, .compartment = lead, .row = at->row } };
	*more = page->have < page->want;
	return true;
}

/* Pages with _sort: keys of one lead at a time; a row without a key is last. */

enum { KEY_NONE, KEY_INT, KEY_REAL, KEY_TEXT };

static void
set_text(struct store_position *at, uint32_t i, struct slice text)
{
	at->key[i].kind = KEY_TEXT;
	at->key[i].len = (uint8_t)(text.len > sizeof at->key[i].text ? sizeof at->key[i].text : text.len);
	memcpy(at->key[i].text, text.ptr, at->key[i].len);
}

static void
set_key(struct store_position *at, uint32_t i, const struct sort_key *key)
{
	switch (key->kind) {
	case SQLITE_INTEGER:
		at->key[i].kind = KEY_INT;
		at->key[i].i = key->i;
		break;
	case SQLITE_FLOAT:
		at->key[i].kind = KEY_REAL;
		at->key[i].d = key->d;
		break;
	default:
		set_text(at, i, key->text);
	}
}

static const struct sort_key *
key_of(const struct sort_key *keys, uint32_t count, int64_t row)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (keys[middle].row == row)
			return &keys[middle];
		if (keys[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What the index has as hashes only is taken from the resource: its least or greatest text. */
static bool
key_from_body(struct plan *p, const struct query_sort *sort, const struct type *type,
    const struct candidate *at, struct store_position *out, uint32_t i)
{
	struct index_texts texts;
	struct slice body, best = SLICE_NONE;
	struct json j;

	if (at->row >= INDEX_CONTAINED)
		return true;
	if (!plan_body(p, type, at->vid, &body)
	    || !json_parse(body, json_bounds(p->reader->store->config.limits, false), p->text, &j, p->outcome)
	    || !index_texts(p->query->index, type, sort->param, false, &j, 0, p->text, &texts, p->outcome))
		return false;
	for (uint32_t k = 0; k < texts.count; k++)
		if (best.len == 0 || (slice_cmp(texts.at[k], best) < 0) != sort->descending)
			best = texts.at[k];
	if (best.len > 0)
		set_text(out, i, best);
	return true;
}

static bool
prepare_keys(struct plan *p, struct page *page, struct hunt *h, int64_t lead)
{
	if (page->ready && page->lead == lead && page->part == h->number)
		return true;
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		const struct query_sort *sort = &h->part->sorts[i];

		if (sort->on == CLAUSE_INDEX && !sort->by_body
		    && !plan_keys(p, sort, lead, &page->keys[i], &page->key_count[i]))
			return false;
	}
	page->ready = true;
	page->lead = lead;
	page->part = h->number;
	return true;
}

static bool
find_keys(struct plan *p, struct page *page, struct hunt *h, const struct type *type,
    const struct candidate *at, struct match *m)
{
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		const struct query_sort *sort = &h->part->sorts[i];
		const struct sort_key *key;

		if (sort->on != CLAUSE_INDEX) {
			m->at.key[i].kind = KEY_INT;
			m->at.key[i].i = sort->on == CLAUSE_ID ? at->row : at->updated;
		} else if (sort->by_body) {
			if (!key_from_body(p, sort, type, at, &m->at, i))
				return false;
		} else if ((key = key_of(page->keys[i], page->key_count[i], at->row)) != NULL) {
			set_key(&m->at, i, key);
		}
	}
	return true;
}

static int
compare_key(const struct store_position *a, const struct store_position *b, uint32_t i)
{
	if (a->key[i].kind == KEY_INT)
		return (a->key[i].i > b->key[i].i) - (a->key[i].i < b->key[i].i);
	if (a->key[i].kind == KEY_REAL)
		return (a->key[i].d > b->key[i].d) - (a->key[i].d < b->key[i].d);
	return slice_cmp(slice_make(a->key[i].text, a->key[i].len),
	    slice_make(b->key[i].text, b->key[i].len));
}

static int
compare(const struct plan *p, const struct store_position *a, const struct store_position *b)
{
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		int order;

		if ((a->key[i].kind == KEY_NONE) != (b->key[i].kind == KEY_NONE))
			return a->key[i].kind == KEY_NONE ? 1 : -1;
		order = a->key[i].kind == KEY_NONE ? 0 : compare_key(a, b, i);
		if (order != 0)
			return p->query->parts[0].sorts[i].descending ? -order : order;
	}
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	if (a->compartment != b->compartment)
		return a->compartment < b->compartment ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* Into its place of the page; what falls off its end is not of this page. */
static void
insert(struct plan *p, struct page *page, const struct match *m)
{
	uint32_t low = 0, high = page->have;

	if (p->from->set && compare(p, &m->at, p->from) <= 0)
		return;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (compare(p, &page->at[middle].at, &m->at) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == page->want)
		return;
	if (page->have < page->want)
		page->have++;
	memmove(&page->at[low + 1], &page->at[low], (page->have - low - 1) * sizeof *page->at);
	page->at[low] = *m;
}

static bool
take_sorted(struct plan *p, struct hunt *h, const struct type *type, int64_t lead,
    const struct candidate *at, bool *more UNUSED)
{
	struct page *page = h->ctx;
	struct match m = { .type = type, .vid = at->vid,
		.at = { .set = true, .part = h->number, .compartment = lead, .row = at->row } };

	if (!prepare_keys(p, page, h, lead) || !find_keys(p, page, h, type, at, &m))
		return false;
	insert(p, page, &m);
	return true;
}

/* Bodies */

/* The id that clients know: of a row with a chosen one, the one in its body. */
static struct slice
id_in_body(const struct stored *v)
{
	struct slice rest = slice_sub(v->body, sizeof "{\"resourceType\":\"" - 1, v->body.len);

	rest = slice_sub(rest, v->type->name.len + sizeof "\",\"id\":\"" - 1, rest.len);
	return slice_cut(&rest, '"');
}

bool
sqlite_load_found(struct store_reader *r, struct stored *v, struct arena *arena, struct outcome *o)
{
	if (!sqlite_load_version(r, v, arena, o))
		return false;
	v->id = id_in_body(v);
	return true;
}

static bool
load_page(struct plan *p, const struct page *page, struct store_page *out)
{
	out->at = arena_array(p->arena, out->count + 1, sizeof *out->at);
	out->contained = arena_array(p->arena, out->count + 1, sizeof *out->contained);
	for (uint32_t i = 0; i < out->count; i++) {
		int64_t row = page->at[i].at.row;

		out->at[i] = (struct stored){ .type = page->at[i].type, .vid = page->at[i].vid };
		out->contained[i] = row < INDEX_CONTAINED ? 0 : (uint32_t)(row % INDEX_GROUPS);
		if (!sqlite_load_found(p->reader, &out->at[i], p->arena, p->outcome))
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

	if (q->count_only)
		return true;
	if (!hunt_all(p, q->sort_count == 0, q->sort_count == 0 ? take_in_order : take_sorted, page))
		return false;
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
	good = plan_allowed(&p) && find_page(&p, &page, out)
	    && ((q->total != TOTAL_ACCURATE && !q->count_only) || count_all(&p, &out->total))
	    && load_page(&p, &page, out);
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
