/* order.c -- pages with _sort.
 *
 * Matches pass through a page-sized list that is kept in order.  Where there are few, or nothing but
 * they themselves tells of their order, all of them do.  Else one walks from value to value of the
 * first key, in its order, until the page is full: so are Patients by names and dates, for which the
 * directory is the index, and all types by _lastUpdated, by the changes.  Values lead to rows of
 * other matches, too: a row counts under its own least, or greatest, value only. */
#include "base/arena.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

/* That many pages of matches are ordered without a walk. */
#define FEW 32

#define LEVELS (QUARANTINE_LEVEL + 1)

struct sorting {
	struct page     *page;
	bool             walks;         /* it may */
	uint32_t         taken;
	/* keys of one lead at a time */
	int64_t          lead;
	uint32_t         part;
	bool             ready;
	struct sort_key *keys[QUERY_SORTS];
	uint32_t         key_count[QUERY_SORTS];
};

/* Keys; a row without one is last. */

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
prepare_keys(struct plan *p, struct sorting *s, struct hunt *h, int64_t lead)
{
	if (s->ready && s->lead == lead && s->part == h->number)
		return true;
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		const struct query_sort *sort = &h->part->sorts[i];

		if (sort->on == CLAUSE_INDEX && !sort->by_body
		    && !plan_keys(p, sort, lead, &s->keys[i], &s->key_count[i]))
			return false;
	}
	s->ready = true;
	s->lead = lead;
	s->part = h->number;
	return true;
}

/* A Patient's is looked up in its own lead, where there is little, unless all are wanted. */
static bool
key_from_index(struct plan *p, struct sorting *s, struct hunt *h, const struct match *m, uint32_t i,
    struct sort_key *key)
{
	const struct sort_key *found;

	if (s->walks && m->type == p->reader->store->patient)
		return plan_key(p, &h->part->sorts[i], m->at.row, m->at.row, key);
	if (!prepare_keys(p, s, h, m->at.compartment))
		return false;
	found = key_of(s->keys[i], s->key_count[i], m->at.row);
	*key = found != NULL ? *found : (struct sort_key){ .kind = SQLITE_NULL };
	return true;
}

static bool
find_keys(struct plan *p, struct sorting *s, struct hunt *h, const struct candidate *at, struct match *m)
{
	for (uint32_t i = 0; i < p->query->sort_count; i++) {
		const struct query_sort *sort = &h->part->sorts[i];
		struct sort_key key = { .kind = SQLITE_INTEGER, .i = sort->on == CLAUSE_ID ? at->row : at->updated };

		if (sort->on == CLAUSE_INDEX && sort->by_body) {
			if (!key_from_body(p, sort, m->type, at, &m->at, i))
				return false;
			continue;
		}
		if (sort->on == CLAUSE_INDEX && !key_from_index(p, s, h, m, i, &key))
			return false;
		if (key.kind != SQLITE_NULL)
			set_key(&m->at, i, &key);
	}
	return true;
}

static struct match
match_of(const struct hunt *h, const struct type *type, int64_t lead, const struct candidate *at)
{
	return (struct match){ .type = type, .vid = at->vid,
		.at = { .set = true, .part = h->number, .compartment = lead, .row = at->row } };
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
take(struct plan *p, struct hunt *h, const struct type *type, int64_t lead, const struct candidate *at,
    bool *more)
{
	struct sorting *s = h->ctx;
	struct match m = match_of(h, type, lead, at);

	if (!find_keys(p, s, h, at, &m))
		return false;
	insert(p, s->page, &m);
	*more = !s->walks || ++s->taken < FEW * s->page->want;
	return true;
}

/* The walk */

static bool
can_walk(const struct plan *p)
{
	const struct query *q = p->query;
	const struct query_sort *first = &q->parts[0].sorts[0];

	if (p->bound || q->part_count != 1 || q->contained != CONTAINED_FALSE || q->in_patient || q->only != NULL)
		return false;
	return first->on == CLAUSE_LAST_UPDATED || (first->on == CLAUSE_INDEX && !first->by_body
	    && (first->kind == SEARCH_STRING || first->kind == SEARCH_DATE)
	    && q->parts[0].type == p->reader->store->patient);
}

static bool
same_key(const struct store_position *at, const struct sort_key *key)
{
	struct store_position other = { .set = false };

	if (key->kind != SQLITE_NULL)
		set_key(&other, 0, key);
	return other.key[0].kind == at->key[0].kind
	    && (key->kind == SQLITE_NULL || compare_key(&other, at, 0) == 0);
}

/* A row that has the value; it is under another when that is the first. */
static bool
visit(struct plan *p, struct sorting *s, struct hunt *h, const struct sort_key *key, int64_t lead,
    const struct candidate *at)
{
	bool patient = h->part->type == p->reader->store->patient, yes;
	struct match m = match_of(h, h->part->type, lead, at);

	if (!find_keys(p, s, h, at, &m))
		return false;
	if (!same_key(&m.at, key))
		return true;
	if (!plan_passes(p, h->part, patient ? at->row : lead, at, &yes))
		return false;
	if (yes)
		insert(p, s->page, &m);
	return true;
}

static bool
visit_row(struct plan *p, struct sorting *s, struct hunt *h, const struct sort_key *key, int64_t lead,
    int64_t row)
{
	struct candidate at;
	bool found;

	if (row >= INDEX_CONTAINED)
		return true;
	return plan_find(p, h->part->type, lead, row, &at, &found)
	    && (!found || visit(p, s, h, key, lead, &at));
}

/* What was found for the last value is forgotten. */
static void
forget(struct plan *p, struct sorting *s)
{
	arena_reset(p->scratch);
	p->lead_memo = NULL;
	s->ready = false;
}

static bool
is_full(const struct sorting *s)
{
	return s->page->have == s->page->want;
}

static bool
visit_keyless(struct plan *p, const struct type *type UNUSED, int64_t lead, const struct candidate *at,
    void *ctx, bool *more)
{
	struct sort_key none = { .kind = SQLITE_NULL };
	struct hunt *h = ctx;
	struct sorting *s = h->ctx;

	forget(p, s);
	if (!visit(p, s, h, &none, lead, at))
		return false;
	*more = p->query->sort_count > 1 || !is_full(s);
	return true;
}

/* Patients, by value; then those without. */
static bool
walk_values(struct plan *p, struct sorting *s, struct hunt *h)
{
	const struct query_sort *sort = &h->part->sorts[0];
	bool at_end = p->from->set && p->from->key[0].kind == KEY_NONE, itself = p->from->set, more = true;
	struct sort_key key = { .kind = SQLITE_NULL };
	char text[sizeof p->from->key[0].text];

	if (itself) {
		memcpy(text, p->from->key[0].text, sizeof text);
		key = (struct sort_key){ .kind = sort->kind == SEARCH_DATE ? SQLITE_INTEGER : SQLITE_TEXT,
			.i = p->from->key[0].i, .text = slice_make(text, p->from->key[0].len) };
	}
	for (; !at_end && !is_full(s); itself = false) {
		struct row_set rows;

		if (!plan_next_key(p, sort, &key, itself))
			return false;
		if (key.kind == SQLITE_NULL)
			break;
		forget(p, s);
		if (!plan_rows_of_key(p, sort, &key, &rows))
			return false;
		for (uint32_t i = 0; i < rows.count; i++)
			if (!visit_row(p, s, h, &key, DIRECTORY, rows.at[i]))
				return false;
	}
	return is_full(s) || plan_scan(p, h->part->type, DIRECTORY, at_end && p->query->sort_count == 1
	    ? p->from->row : 0, visit_keyless, h, &more);
}

static bool
visit_changes(struct plan *p, struct sorting *s, struct hunt *h, int level, int64_t updated)
{
	struct sort_key key = { .kind = SQLITE_INTEGER, .i = updated };
	struct pair *at;
	uint32_t count;

	if (!plan_changed_at(p, h->part->type, level, updated, &at, &count))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!visit_row(p, s, h, &key, h->part->type == p->reader->store->patient ? DIRECTORY : at[i].target,
		    at[i].row))
			return false;
	return true;
}

/* Each level has changes of its own, in order; the next of all of them is taken. */
static bool
walk_changes(struct plan *p, struct sorting *s, struct hunt *h)
{
	bool down = h->part->sorts[0].descending;
	int64_t end = down ? INT64_MIN : INT64_MAX, start = down ? INT64_MAX : INT64_MIN, at, next[LEVELS];
	int levels = plan_clearance(p) + 1;

	for (int level = 0; level < levels; level++) {
		next[level] = p->from->set ? p->from->key[0].i : start;
		if (!plan_next_change(p, h->part->type, level, down, &next[level]))
			return false;
	}
	while (!is_full(s)) {
		at = end;
		for (int level = 0; level < levels; level++)
			if (down ? next[level] > at : next[level] < at)
				at = next[level];
		if (at == end)
			return true;
		forget(p, s);
		for (int level = 0; level < levels; level++)
			if (next[level] == at) {
				if (!visit_changes(p, s, h, level, at))
					return false;
				next[level] += down ? -1 : 1;
				if (!plan_next_change(p, h->part->type, level, down, &next[level]))
					return false;
			}
	}
	return true;
}

bool
plan_sorted(struct plan *p, struct page *page)
{
	struct sorting s = { .page = page, .walks = can_walk(p) };
	struct hunt h = { .part = &p->query->parts[0], .ends = s.walks, .take = take, .ctx = &s };

	if (!s.walks || h.part->clause_count > 0) {
		if (!plan_hunt(p, h))
			return false;
		if (!s.walks || s.taken < FEW * page->want)
			return true;
		page->have = 0;
	}
	return (h.part->sorts[0].on == CLAUSE_LAST_UPDATED ? walk_changes : walk_values)(p, &s, &h);
}
