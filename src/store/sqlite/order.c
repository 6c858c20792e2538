/* order.c -- pages with _sort.
 *
 * Matches pass through a page-sized list that is kept in order.  Where there are few, or nothing but
 * they themselves tells of their order, all of them do.  Else one walks in the order of the first key until the
 * page is full: by dates and by _lastUpdated in all leads at once (streams.c), by names of Patients from
 * value to value, for which the directory is the index.  Values lead to rows of other matches, too: a row counts
 * under its own least, or greatest, value only.
 *
 * A search without _sort has its dates' order when what it says of them is all that tells where to look; or that of
 * the values of which it gives a range. */
#include "base/arena.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

/* That many pages of matches are ordered without a walk. */
#define FEW 32

struct found {
	uint32_t           part;
	const struct type *type;
	int64_t            lead;
	struct candidate   at;
};

struct sorting {
	struct page     *page;
	bool             walks;         /* it may, */
	bool             one_by_one;    /* and does: each is another lead's */
	struct found    *few;           /* that were found before it did */
	uint32_t         few_count;
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

/* The least or greatest text. */
static bool
text_of(struct plan *p, const struct query_sort *sort, const struct type *type, const struct json *j, struct slice *out)
{
	struct index_texts texts;

	*out = SLICE_NONE;
	if (sort->on == CLAUSE_ID) {
		*out = json_string(j, json_get(j, 0, SLICE("id")), p->text);
		return true;
	}
	if (!index_texts(p->query->index, type, sort->param, false, j, 0, p->text, &texts, p->outcome))
		return false;
	for (uint32_t k = 0; k < texts.count; k++)
		if (out->len == 0 || (slice_cmp(texts.at[k], *out) < 0) != sort->descending)
			*out = texts.at[k];
	return true;
}

/* What the index does not have, or as hashes only, is taken from the resource. */
static bool
key_from_body(struct plan *p, const struct query_sort *sort, const struct type *type,
    const struct candidate *at, struct store_position *out, uint32_t i)
{
	struct slice body, text;
	struct json j;

	if (at->row >= INDEX_CONTAINED)
		return true;
	if (!plan_body(p, type, at->vid, &body)
	    || !json_parse(body, json_bounds(p->reader->store->config.limits, false), p->text, &j, p->outcome)
	    || !text_of(p, sort, type, &j, &text))
		return false;
	if (text.len > 0)
		set_text(out, i, text);
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
	bool patient = m->type == p->reader->store->patient;
	const struct sort_key *found;

	if (s->one_by_one || (s->walks && patient))
		return plan_key(p, &h->part->sorts[i], patient ? m->at.row : m->at.compartment, m->at.row, key);
	if (!prepare_keys(p, s, h, m->at.compartment))
		return false;
	found = key_of(s->keys[i], s->key_count[i], m->at.row);
	*key = found != NULL ? *found : (struct sort_key){ .kind = SQLITE_NULL };
	return true;
}

/* From the `i`-th on. */
static bool
find_keys(struct plan *p, struct sorting *s, struct hunt *h, const struct candidate *at, uint32_t i,
    struct match *m)
{
	for (; i < p->query->sort_count; i++) {
		const struct query_sort *sort = &h->part->sorts[i];
		struct sort_key key = { .kind = SQLITE_INTEGER, .i = at->updated };

		if (sort->by_body) {
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
	return (struct match){ .type = type,
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
    bool *more UNUSED)
{
	struct sorting *s = h->ctx;
	struct match m = match_of(h, type, lead, at);

	if (!find_keys(p, s, h, at, 0, &m))
		return false;
	insert(p, s->page, &m);
	return true;
}

/* Few */

static bool
take_few(struct plan *p UNUSED, struct hunt *h, const struct type *type, int64_t lead,
    const struct candidate *at, bool *more)
{
	struct sorting *s = h->ctx;

	s->few[s->few_count++] = (struct found){ h->number, type, lead, *at };
	*more = s->few_count < FEW * s->page->want;
	return true;
}

/* What was found for the last lead, or value, is forgotten. */
static void
forget(struct plan *p, struct sorting *s)
{
	arena_reset(p->scratch);
	p->lead_memo = NULL;
	s->ready = false;
}

/* All matches, if there are no more than that. */
static bool
order_few(struct plan *p, struct sorting *s, struct hunt h, bool *all)
{
	bool more = true;

	s->few = arena_array(p->arena, FEW * s->page->want, sizeof *s->few);
	h.take = take_few;
	h.ends = true;
	if (!plan_hunt(p, h))
		return false;
	*all = s->few_count < FEW * s->page->want;
	for (uint32_t i = 0; i < s->few_count && *all; i++) {
		const struct found *f = &s->few[i];

		if (i == 0 || f->lead != f[-1].lead)
			forget(p, s);
		h.number = f->part;
		h.part = &p->query->parts[f->part];
		if (!take(p, &h, f->type, f->lead, &f->at, &more))
			return false;
	}
	return true;
}

/* The walk */

static bool
is_walked(const struct plan *p, const struct query *q)
{
	bool walked = !p->bound && q->contained == CONTAINED_FALSE && !q->in_patient && q->only == NULL;

	for (uint32_t i = 0; i < q->part_count && walked; i++) {
		const struct query_sort *first = &q->parts[i].sorts[0];

		walked = first->on == CLAUSE_LAST_UPDATED || (first->on == CLAUSE_INDEX && first->kind == SEARCH_DATE)
		    || first->by_range || (first->on == CLAUSE_INDEX && first->kind == SEARCH_STRING && q->part_count == 1
		        && q->parts[i].type == p->reader->store->patient);
	}
	return walked;
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

/* A row that has the value; of `several` it is under another when that is the first. */
static bool
visit(struct plan *p, struct sorting *s, struct hunt *h, const struct sort_key *key, bool several,
    int64_t lead, const struct candidate *at)
{
	bool patient = h->part->type == p->reader->store->patient, yes;
	struct match m = match_of(h, h->part->type, lead, at);

	if (!plan_passes(p, h->part, patient ? at->row : lead, at, &yes))
		return false;
	if (!yes)
		return true;
	if (!several)
		set_key(&m.at, 0, key);
	if (!find_keys(p, s, h, at, several ? 0 : 1, &m))
		return false;
	if (!several || same_key(&m.at, key))
		insert(p, s->page, &m);
	return true;
}

static bool
visit_row(struct plan *p, struct sorting *s, struct hunt *h, const struct sort_key *key, bool several,
    int64_t lead, int64_t row)
{
	struct candidate at;
	bool found;

	if (row >= INDEX_CONTAINED)
		return true;
	return plan_find(p, h->part->type, lead, row, &at, &found)
	    && (!found || visit(p, s, h, key, several, lead, &at));
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

	if (!visit(p, s, h, &none, true, lead, at))
		return false;
	*more = p->query->sort_count > 1 || !is_full(s);
	return true;
}

static bool
walk_keyless_part(struct plan *p, struct sorting *s, struct hunt *h, bool resume, bool *more)
{
	int64_t from = resume ? p->from->compartment : DIRECTORY;

	if (!plan_leads(p, h->part))
		return false;
	for (int64_t lead = from; *more; lead++) {
		if (!plan_next_lead(p, h->part, lead, &lead))
			return false;
		if (lead == NO_LEAD)
			return true;
		forget(p, s);
		if (!plan_scan(p, h->part->type, lead, resume && lead == from ? p->from->row : 0, visit_keyless, h, more))
			return false;
	}
	return true;
}

/* Last, those without a value. */
static bool
walk_keyless(struct plan *p, struct sorting *s, struct hunt *h)
{
	bool resume = p->from->set && p->from->key[0].kind == KEY_NONE && p->query->sort_count == 1, more = true;

	s->one_by_one = false;
	for (h->number = resume ? p->from->part : 0; h->number < p->query->part_count && more; h->number++, resume = false) {
		h->part = &p->query->parts[h->number];
		if (!walk_keyless_part(p, s, h, resume, &more))
			return false;
	}
	return true;
}

/* Do clauses of all parts bound their first keys? */
static bool
all_bounded(const struct query *q)
{
	struct plan_bounds bounds;
	bool bounded = true;

	for (uint32_t i = 0; i < q->part_count && bounded; i++)
		bounded = plan_bounds(&q->parts[i], &q->parts[i].sorts[0], &bounds);
	return bounded;
}

static bool
all_sparse(struct plan *p, bool *yes)
{
	*yes = true;
	for (uint32_t i = 0; i < p->query->part_count && *yes; i++)
		if (!plan_is_sparse(p, &p->query->parts[i], yes))
			return false;
	return true;
}

static bool
walk_texts(struct plan *p, struct sorting *s, struct hunt *h)
{
	const struct query_sort *sort = &h->part->sorts[0];
	struct sort_key key = { .kind = SQLITE_NULL };
	char text[sizeof p->from->key[0].text];
	bool itself = p->from->set;

	if (itself) {
		memcpy(text, p->from->key[0].text, sizeof text);
		key = (struct sort_key){ .kind = SQLITE_TEXT, .text = slice_make(text, p->from->key[0].len) };
	}
	for (; !is_full(s); itself = false) {
		struct row_set rows;

		if (!plan_next_key(p, sort, &key, itself))
			return false;
		if (key.kind == SQLITE_NULL)
			return walk_keyless(p, s, h);
		forget(p, s);
		if (!plan_rows_of_key(p, sort, &key, &rows))
			return false;
		for (uint32_t i = 0; i < rows.count; i++)
			if (!visit_row(p, s, h, &key, true, DIRECTORY, rows.at[i]))
				return false;
	}
	return true;
}

/* Dates alone come in the order of the page; what has one more key, or of changes the same time, is put in
 * order among what has the same. */
static bool
walk_streams(struct plan *p, struct sorting *s, struct hunt *h)
{
	const struct query_sort *sort = &h->part->sorts[0];
	bool alone = p->query->sort_count == 1 && sort->on == CLAUSE_INDEX, first = true, found;
	struct stream_row r, last = { 0 };
	struct streams *streams;

	if (!plan_streams(p, alone, &streams))
		return false;
	for (;; last = r, first = false) {
		if (!plan_stream_next(p, streams, &r, &found))
			return false;
		if (!found)
			break;
		if (is_full(s) && (alone || r.at != last.at))
			return true;
		if (first || r.at != last.at || r.part != last.part || r.lead != last.lead)
			forget(p, s);
		h->number = r.part;
		h->part = &p->query->parts[r.part];
		if (!visit_row(p, s, h, &(struct sort_key){ .kind = SQLITE_INTEGER, .i = r.at }, r.several, r.lead, r.row))
			return false;
	}
	return is_full(s) || sort->on == CLAUSE_LAST_UPDATED || sort->by_range || all_bounded(p->query) || walk_keyless(p, s, h);
}

static bool
walk(struct plan *p, struct sorting *s, struct hunt *h)
{
	s->one_by_one = true;
	if (p->from->set && p->from->key[0].kind == KEY_NONE)
		return walk_keyless(p, s, h);
	return (h->part->sorts[0].kind == SEARCH_STRING ? walk_texts : walk_streams)(p, s, h);
}

/* Is it worth looking for few matches first?  Not where only a range of the key says where to look. */
static bool
looks_first(struct plan *p, bool *yes)
{
	*yes = p->query->parts[0].clause_count > 0;
	return !*yes || !all_bounded(p->query) || all_sparse(p, yes);
}

bool
plan_sorted(struct plan *p, bool implied, struct page *page)
{
	struct sorting s = { .page = page };
	struct hunt h = { .part = &p->query->parts[0], .take = take, .ctx = &s };
	bool looks = false, all = false;

	s.walks = is_walked(p, p->query);
	if (!s.walks)
		return plan_hunt(p, h);
	if ((!implied && !looks_first(p, &looks)) || (looks && !order_few(p, &s, h, &all)))
		return false;
	return all || walk(p, &s, &h);
}

/* Of a search without _sort */

static bool
sort_by_range(struct query_part *part)
{
	struct plan_bounds bounds;

	for (uint32_t i = 0; i < part->clause_count; i++) {
		const struct query_clause *c = &part->clauses[i];

		part->sorts[0] = (struct query_sort){ .on = c->on, .param = c->param, .kind = SEARCH_DATE };
		if (plan_bounds(part, &part->sorts[0], &bounds))
			return true;
	}
	return false;
}

/* Of several types that is their last change, which all have. */
static bool
sort_by_ranges(struct query *q)
{
	for (uint32_t i = 0; i < q->part_count; i++)
		if (!sort_by_range(&q->parts[i]) || q->parts[i].sorts[0].on != q->parts[0].sorts[0].on)
			return false;
	return true;
}

/* Values of different parameters have no order. */
static bool
sort_by_values(const struct plan *p, struct query *q)
{
	struct plan_range range;

	if (q->part_count != 1 || !plan_range_of(p, &q->parts[0], &range))
		return false;
	q->parts[0].sorts[0] = (struct query_sort){ .on = CLAUSE_INDEX, .kind = SEARCH_QUANTITY, .by_range = true };
	return true;
}

/* Nothing else says where to look. */
static bool
is_range_alone(const struct query *q)
{
	return q->parts[0].sorts[0].by_range && q->parts[0].clause_count == 1;
}

bool
plan_implies_order(struct plan *p, struct query *out, bool *yes)
{
	const struct query *q = p->query;
	bool sparse = false;

	*out = *q;
	*yes = false;
	if (q->sort_count > 0 || (p->from->set && p->from->key[0].kind == KEY_NONE))
		return true;
	out->parts = arena_array(p->arena, q->part_count + 1, sizeof *out->parts);
	memcpy(out->parts, q->parts, q->part_count * sizeof *out->parts);
	if (!(sort_by_ranges(out) || sort_by_values(p, out)) || !is_walked(p, out))
		return true;
	if (!p->from->set && !is_range_alone(out) && !all_sparse(p, &sparse))
		return false;
	out->sort_count = 1;
	*yes = !sparse;
	return true;
}
