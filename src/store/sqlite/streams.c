/* streams.c -- rows of all leads at once, in the order of a date, of a value or of their last change.
 *
 * What is read is a merge of streams, each a piece of an index that is in that order: of dates those of one part of
 * the query, one set of labels and one span, of values a piece of magnitude.c, of changes those of one type and level.  Streams above the clearance are not read, so that
 * what is hidden costs nothing.  By its span a stream knows how far the two ends of its intervals are apart: what
 * the clauses say of one end bounds the other, and so where a stream begins and ends.
 *
 * A date's first instant is what one sorts by, its last when descending.  Rows with the same are in the order of
 * part, lead and row; changes are not, but each is of another resource. */
#include "base/arena.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

#define CHUNK 32

struct stream {
	uint32_t part;
	const struct type *type;
	const struct query_sort *sort;
	int64_t labels;                 /* or the level */
	int     span;
	struct plan_range range;        /* of values, */
	struct plan_piece piece;        /* in this piece */
	int64_t low, high;              /* what is left is from here to here, */
	bool    midway;                 /* and, where it begins, behind these: */
	int64_t lead, row;
	bool    ended;
	struct stream_row chunk[CHUNK];
	int     count, at;
};

struct streams {
	struct stream *at;
	uint32_t       count, room;
	bool           descending;
};

static bool
failed(struct plan *p)
{
	return sqlite_failed(p->reader->db, "streams", p->outcome);
}

/* Bounds */

static const struct plan_bounds unbounded = { INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX };

/* INT64_MAX is any number. */
static int64_t
sum(int64_t a, int64_t b)
{
	int64_t c;

	if (b == INT64_MAX || b == -INT64_MAX || __builtin_add_overflow(a, b, &c))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return c;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What a row that matches is within; see query.h. */
static bool
bounds_of_value(const struct query_value *v, struct plan_bounds *out)
{
	int64_t low = v->a, high = v->b;

	*out = unbounded;
	switch (v->prefix) {
	case PREFIX_EQ: *out = (struct plan_bounds){ low, high, low, high }; return true;
	case PREFIX_GT: out->last_low = sum(high, 1); return true;
	case PREFIX_LT: out->first_high = sum(low, -1); return true;
	case PREFIX_GE: out->last_low = low; return true;
	case PREFIX_LE: out->first_high = high; return true;
	case PREFIX_SA: out->first_low = out->last_low = sum(high, 1); return true;
	case PREFIX_EB: out->first_high = out->last_high = sum(low, -1); return true;
	case PREFIX_AP: out->first_high = high; out->last_low = low; return true;
	case PREFIX_NE: return false;
	}
	return false;
}

static bool
bounds_of_clause(const struct query_clause *c, struct plan_bounds *out)
{
	struct plan_bounds one;

	*out = (struct plan_bounds){ INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN };
	for (uint32_t i = 0; i < c->count; i++) {
		if (!bounds_of_value(&c->values[i], &one))
			return false;
		out->first_low = least(out->first_low, one.first_low);
		out->first_high = greatest(out->first_high, one.first_high);
		out->last_low = least(out->last_low, one.last_low);
		out->last_high = greatest(out->last_high, one.last_high);
	}
	return c->count > 0;
}

static bool
is_range_of(const struct query_clause *c, const struct query_sort *sort)
{
	return c->on == sort->on && (c->on == CLAUSE_LAST_UPDATED
	    || (c->on == CLAUSE_INDEX && c->param == sort->param && c->kind == SEARCH_DATE
	        && c->modifier == MODIFIER_NONE));
}

bool
plan_bounds(const struct query_part *part, const struct query_sort *sort, struct plan_bounds *out)
{
	struct plan_bounds one;
	bool any = false;

	*out = unbounded;
	for (uint32_t i = 0; i < part->clause_count; i++) {
		if (!is_range_of(&part->clauses[i], sort) || !bounds_of_clause(&part->clauses[i], &one))
			continue;
		any = true;
		out->first_low = greatest(out->first_low, one.first_low);
		out->first_high = least(out->first_high, one.first_high);
		out->last_low = greatest(out->last_low, one.last_low);
		out->last_high = least(out->last_high, one.last_high);
	}
	return any;
}

/* Of the end that the stream is in the order of. */
static void
bound(struct stream *s, const struct plan_bounds *b, int64_t width)
{
	bool several = s->span == SPAN_SEVERAL;         /* what one sorts by is one, what matches another */

	if (s->sort->descending) {
		s->low = greatest(b->first_low, b->last_low);
		s->high = several ? INT64_MAX : least(b->last_high, sum(b->first_high, width));
	} else {
		s->low = several ? INT64_MIN : greatest(b->first_low, sum(b->last_low, -width));
		s->high = least(b->first_high, b->last_high);
	}
}

/* Reading */

static bool
collect(struct plan *p, struct stream *s, sqlite3_stmt *q, int *n)
{
	int code, before = s->count;

	if (q == NULL)
		return failed(p);
	while ((code = sqlite3_step(q)) == SQLITE_ROW)
		s->chunk[s->count++] = (struct stream_row){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
			sqlite3_column_int64(q, 2), s->part, !s->sort->by_range && s->span == SPAN_SEVERAL };
	sqlite3_reset(q);
	*n = s->count - before;
	return code == SQLITE_DONE || failed(p);
}

#define DATES(end) "SELECT " end ", lead, row FROM date WHERE param=?3 AND labels=?1 AND span=?4"

/* By the first instant, by the last, and by the last where it is as far from the first in all of them. */
enum { BY_FIRST, BY_LAST, BY_LAST_OF_EXACT };

static const struct slice dates[][2] = {
	{ SLICE_INIT(DATES("a") " AND a>=?5 AND a<=?6" GATE " ORDER BY a, lead, row LIMIT ?7"),
	  SLICE_INIT(DATES("a") " AND a=?5 AND (lead,row)>(?8,?9)" GATE " ORDER BY lead, row LIMIT ?7") },
	{ SLICE_INIT(DATES("b") " AND span>1 AND b>=?5 AND b<=?6" GATE " ORDER BY b DESC, lead, row LIMIT ?7"),
	  SLICE_INIT(DATES("b") " AND span>1 AND b=?6 AND (lead,row)>(?8,?9)" GATE " ORDER BY lead, row LIMIT ?7") },
	{ SLICE_INIT(DATES("b") " AND a>=?5 AND a<=?6" GATE " ORDER BY a DESC, lead, row LIMIT ?7"),
	  SLICE_INIT(DATES("b") " AND a=?6 AND (lead,row)>(?8,?9)" GATE " ORDER BY lead, row LIMIT ?7") },
};

static bool
read_dates(struct plan *p, struct stream *s, bool midway, int *n)
{
	int by = !s->sort->descending ? BY_FIRST : s->span > SPAN_SECOND ? BY_LAST : BY_LAST_OF_EXACT;
	int64_t behind = by == BY_LAST_OF_EXACT ? index_width((enum index_span)s->span) : 0;
	sqlite3_stmt *q = sqlite_statement(p->reader, dates[by][midway]);

	if (q == NULL)
		return failed(p);
	sqlite3_bind_int64(q, 1, s->labels);
	sqlite3_bind_int(q, 2, plan_clearance(p));
	sqlite3_bind_int64(q, 3, s->sort->param->number);
	sqlite3_bind_int(q, 4, s->span);
	sqlite3_bind_int64(q, 5, sum(s->low, -behind));
	sqlite3_bind_int64(q, 6, sum(s->high, -behind));
	sqlite3_bind_int(q, 7, CHUNK - s->count);
	sqlite3_bind_int64(q, 8, s->lead);
	sqlite3_bind_int64(q, 9, s->row);
	return collect(p, s, q, n);
}

static bool
read_values(struct plan *p, struct stream *s, bool midway, int *n)
{
	struct plan_reading from = { midway, s->low, s->high, s->lead, s->row, CHUNK - s->count };
	sqlite3_stmt *q;

	return plan_read_piece(p, &s->range, &s->piece, &from, &q) && collect(p, s, q, n);
}

static bool
read_rows(struct plan *p, struct stream *s, bool midway, int *n)
{
	return (s->sort->by_range ? read_values : read_dates)(p, s, midway, n);
}

/* Behind a value; false when none is. */
static bool
pass(struct stream *s, bool descending, int64_t at)
{
	s->midway = false;
	if (at == (descending ? INT64_MIN : INT64_MAX))
		return false;
	*(descending ? &s->high : &s->low) = descending ? at - 1 : at + 1;
	return s->low <= s->high;
}

static bool
fill_rows(struct plan *p, struct stream *s)
{
	bool down = s->sort->descending;
	int n;

	if (s->midway) {
		if (!read_rows(p, s, true, &n))
			return false;
		if (n < CHUNK)
			s->ended = !pass(s, down, down ? s->high : s->low);
	}
	if (s->count < CHUNK && !s->ended) {
		int wanted = CHUNK - s->count;

		if (!read_rows(p, s, false, &n))
			return false;
		s->ended = n < wanted;
	}
	if (s->count == CHUNK) {
		s->midway = true;
		*(down ? &s->high : &s->low) = s->chunk[CHUNK - 1].at;
		s->lead = s->chunk[CHUNK - 1].lead;
		s->row = s->chunk[CHUNK - 1].row;
	}
	return true;
}

/* Current versions of one level: the key of the changes has kept out those above the clearance. */
#define CHANGES "SELECT c.updated, v.compartment, v.row, c.vid FROM change c JOIN version v ON v.vid=c.vid WHERE " \
	"c.lead=-2 AND c.level=?1 AND c.type=?3 AND c.until=9223372036854775807"

static bool
fill_changes(struct plan *p, struct stream *s)
{
	sqlite3_stmt *q = sqlite_statement(p->reader, s->sort->descending
	    ? SLICE(CHANGES " AND c.updated>=?4 AND (c.updated,c.vid)<(?5,?6) ORDER BY c.updated DESC, c.vid DESC LIMIT 32")
	    : SLICE(CHANGES " AND (c.updated,c.vid)>(?4,?6) AND c.updated<=?5 ORDER BY c.updated, c.vid LIMIT 32"));
	int code = SQLITE_DONE;

	if (q == NULL)
		return failed(p);
	sqlite3_bind_int64(q, 1, s->labels);
	sqlite3_bind_int64(q, 3, s->type->number);
	sqlite3_bind_int64(q, 4, s->low);
	sqlite3_bind_int64(q, 5, s->high);
	sqlite3_bind_int64(q, 6, s->row);
	while (s->count < CHUNK && (code = sqlite3_step(q)) == SQLITE_ROW) {
		s->chunk[s->count++] = (struct stream_row){ sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
			sqlite3_column_int64(q, 2), s->part, false };
		*(s->sort->descending ? &s->high : &s->low) = sqlite3_column_int64(q, 0);
		s->row = sqlite3_column_int64(q, 3);
	}
	sqlite3_reset(q);
	s->ended = s->count < CHUNK;
	return code == SQLITE_ROW || code == SQLITE_DONE || failed(p);
}

static bool
fill(struct plan *p, struct stream *s)
{
	if (s->at < s->count || s->ended)
		return true;
	s->at = s->count = 0;
	return s->sort->on == CLAUSE_LAST_UPDATED ? fill_changes(p, s) : fill_rows(p, s);
}

/* Opening */

static struct stream *
new_stream(struct plan *p, struct streams *of, uint32_t number, int64_t labels, int span)
{
	const struct query_part *part = &p->query->parts[number];
	struct stream *s;

	if (of->count == of->room) {
		uint32_t room = of->room == 0 ? 8 : of->room * 2;

		of->at = arena_grow(p->arena, of->at, of->room * sizeof *of->at, room * sizeof *of->at);
		of->room = room;
	}
	s = &of->at[of->count++];
	*s = (struct stream){ .part = number, .type = part->type, .sort = &part->sorts[0], .labels = labels, .span = span };
	return s;
}

static void
add_stream(struct plan *p, struct streams *of, uint32_t number, int64_t labels, int span, int64_t width)
{
	struct stream *s = new_stream(p, of, number, labels, span);
	struct plan_bounds bounds;

	plan_bounds(&p->query->parts[number], s->sort, &bounds);
	bound(s, &bounds, width);
	s->row = s->sort->descending ? INT64_MAX : INT64_MIN;
	s->ended = s->low > s->high;
}

static void
add_levels(struct plan *p, struct streams *of, uint32_t part)
{
	for (int level = 0; level <= plan_clearance(p); level++)
		add_stream(p, of, part, level, SPAN_INSTANT, 0);
}

static bool
add_pieces(struct plan *p, struct streams *of, uint32_t part)
{
	struct plan_piece at = { .level = 0 };
	struct plan_range range;
	bool found;

	plan_range_of(p, &p->query->parts[part], &range);
	for (;;) {
		struct stream *s;

		if (!plan_next_piece(p, &range, &at, &found))
			return false;
		if (!found)
			return true;
		s = new_stream(p, of, part, 0, 0);
		s->range = range;
		s->piece = at;
		plan_bounds_of_piece(&range, &at, &s->low, &s->high);
		s->ended = s->low > s->high;
	}
}

/* The spans that there are of a set of labels. */
static bool
add_spans(struct plan *p, struct streams *of, uint32_t part, uint32_t labels)
{
	int code = SQLITE_ROW, span = -1;

	while (code == SQLITE_ROW) {
		sqlite3_stmt *q = sqlite_statement(p->reader, SLICE("SELECT span FROM date WHERE param=?3 AND labels=?1 "
		    "AND span>?4" GATE " ORDER BY span LIMIT 1"));

		if (q == NULL)
			return failed(p);
		sqlite3_bind_int64(q, 1, labels);
		sqlite3_bind_int(q, 2, plan_clearance(p));
		sqlite3_bind_int64(q, 3, p->query->parts[part].sorts[0].param->number);
		sqlite3_bind_int(q, 4, span);
		if ((code = sqlite3_step(q)) == SQLITE_ROW) {
			span = sqlite3_column_int(q, 0);
			add_stream(p, of, part, labels, span, index_width((enum index_span)span));
		}
		sqlite3_reset(q);
	}
	return code == SQLITE_DONE || failed(p);
}

static bool
add_label_sets(struct plan *p, struct streams *of, uint32_t part)
{
	const struct label_set *set;

	for (uint32_t labels = 0; (set = sqlite_label_set(p->reader->store, labels)) != NULL; labels++)
		if (set->level <= plan_clearance(p) && !add_spans(p, of, part, labels))
			return false;
	return true;
}

/* On from a value: behind a row of it when there is no other key to tell their order, else all of it again. */
static void
resume(struct stream *s, const struct store_position *from, bool behind)
{
	int64_t at = from->key[0].i;

	if (s->sort->descending ? at > s->high : at < s->low)
		return;
	*(s->sort->descending ? &s->high : &s->low) = at;
	s->ended |= s->low > s->high;
	if (behind && s->sort->on == CLAUSE_INDEX) {
		s->midway = true;
		s->lead = s->part == from->part ? from->compartment : s->part < from->part ? INT64_MAX : INT64_MIN;
		s->row = from->row;
	}
}

bool
plan_streams(struct plan *p, bool alone, struct streams **out)
{
	struct streams *of = arena_alloc(p->arena, sizeof *of);

	*of = (struct streams){ .descending = p->query->parts[0].sorts[0].descending };
	for (uint32_t i = 0; i < p->query->part_count; i++) {
		if (p->query->parts[i].sorts[0].on == CLAUSE_LAST_UPDATED)
			add_levels(p, of, i);
		else if (!(p->query->parts[i].sorts[0].by_range ? add_pieces : add_label_sets)(p, of, i))
			return false;
	}
	for (uint32_t i = 0; i < of->count && p->from->set; i++)
		resume(&of->at[i], p->from, alone);
	*out = of;
	return true;
}

/* Merging */

static bool
is_before(const struct streams *of, const struct stream_row *a, const struct stream_row *b)
{
	if (a->at != b->at)
		return (a->at < b->at) != of->descending;
	if (a->part != b->part)
		return a->part < b->part;
	return a->lead != b->lead ? a->lead < b->lead : a->row < b->row;
}

/* Patients stand in the directory; their dates are in their own lead too, their values and changes there alone. */
static bool
stands(const struct plan *p, struct stream_row *r)
{
	const struct query_part *part = &p->query->parts[r->part];
	bool patient = part->type == p->reader->store->patient;

	if (patient && (part->sorts[0].on == CLAUSE_LAST_UPDATED || part->sorts[0].by_range))
		r->lead = DIRECTORY;
	return r->row < INDEX_CONTAINED && (!patient || r->lead == DIRECTORY);
}

bool
plan_stream_next(struct plan *p, struct streams *of, struct stream_row *out, bool *found)
{
	do {
		struct stream *first = NULL;

		for (uint32_t i = 0; i < of->count; i++) {
			struct stream *s = &of->at[i];

			if (!fill(p, s))
				return false;
			if (s->at < s->count && (first == NULL || is_before(of, &s->chunk[s->at], &first->chunk[first->at])))
				first = s;
		}
		if (!(*found = first != NULL))
			return true;
		*out = first->chunk[first->at++];
	} while (!stands(p, out));
	return true;
}
