/* plan.h -- a search while it runs; what its parts share.
 *
 *   search.c     pages, totals
 *   order.c      pages with _sort
 *   streams.c    rows of all leads in the order of an index
 *   magnitude.c  ranges of numbers and quantities
 *   leads.c      where to look
 *   evaluate.c   clauses on one lead: sets of rows, and tests of one row
 *   canonical.c  references by url
 *   leaf.c       the SQL: every statement that a search runs, with the one gate
 *   related.c    what is included
 *
 * A lead is a compartment, or the directory of Patients.  Everything that is found is found by a
 * statement on one lead that ends with GATE; what is between them is sets of row numbers.  Which
 * statements run depends on the query and on what the caller may see, never on statistics. */
#ifndef STORE_SQLITE_PLAN_H
#define STORE_SQLITE_PLAN_H

#include "base/plant.h"
#include "store/sqlite/sqlite.h"

/* The labels of a row are within the clearance: ?2 of every statement. */
#define GATE " AND visible(labels,?2)"

/* Row numbers, ascending and distinct. */
struct row_set {
	int64_t *at;
	uint32_t count;
};

/* One lead; a Patient's; those that the clauses agree on; those with one of the type; all there are. */
enum plan_leads { LEADS_ONE, LEADS_PATIENT, LEADS_AGREED, LEADS_INHABITED, LEADS_ALL };

struct plan {
	struct store_reader *reader;
	const struct permit *permit;
	const struct query  *query;
	const struct store_position *from;
	struct arena        *arena;     /* of what stays */
	struct arena        *scratch;   /* of one lead's work; emptied when the search goes to the next */
	struct arena        *text;      /* of one body */
	struct outcome      *outcome;
	bool                 bound;     /* the permit is, to this lead: */
	int64_t              lead;
	enum plan_leads      leads;     /* where the part at hand is looked for */
	struct whereabouts  *known;     /* what was found out about clauses; see leads.c */
	struct memo         *memo;      /* sets that are known, of the directory and lead 0 */
	struct memo         *lead_memo; /* of other leads; forgotten with scratch */
	struct plan_names   *names;     /* of resources that have canonical urls; see canonical.c */
	uint32_t             bodies;    /* that were read for words or order */
	bool                 leaking;   /* a planted leak is at work: see leaks.c */
};

/* leaks.c: the clearance of a leg, and whether it may leave the compartment: the permit's, but for
 * leaks that are planted for the test of the twin test. */
int  plan_clearance(const struct plan *);
bool plan_leaves(const struct plan *, int leak);

/* A resource that stands in a lead. */
struct candidate {
	int64_t row, vid, updated;
};

/* search.c */

/* A search on its way from lead to lead. */
struct hunt {
	const struct query_part *part;
	uint32_t number;                /* of the part */
	bool     paged;                 /* from the cursor on */
	bool     ends;                  /* with what is enough, not with the last match */
	int64_t *count;                 /* where all of a type is counted at once, here; or NULL */
	bool     by_row;                /* `take` looks at a candidate's row number alone */
	int64_t  after;
	/* A match: false when something failed; `more` false: enough. */
	bool   (*take)(struct plan *, struct hunt *, const struct type *, int64_t lead,
	    const struct candidate *, bool *more);
	void    *ctx;
};
bool plan_hunt(struct plan *, struct hunt);
/* Do all clauses of a part hold for a candidate in a lead? */
bool plan_passes(struct plan *, const struct query_part *, int64_t lead, const struct candidate *,
    bool *yes);

struct match {
	struct store_position at;
	const struct type *type;
};

struct page {
	struct match *at;
	uint32_t      want, have;
};

/* order.c: a page with _sort; `implied`: by what follows.  The query with the order that its dates give it, if
 * they do; the cursor says whether they did. */
bool plan_sorted(struct plan *, bool implied, struct page *);
bool plan_implies_order(struct plan *, struct query *out, bool *yes);

void plan_init(struct plan *, struct store_reader *, const struct permit *, const struct query *,
    struct arena *, struct outcome *);
void plan_done(struct plan *);

/* leads.c.  False with the outcome set. */

#define NO_LEAD INT64_MAX

bool plan_in_compartments(const struct plan *, const struct type *);
/* Where a part is looked for, and the next lead there at or behind `from`; NO_LEAD: no more. */
bool plan_leads(struct plan *, const struct query_part *);
bool plan_next_lead(struct plan *, const struct query_part *, int64_t from, int64_t *lead);
/* Do its clauses say where a match can be?  The next lead that they agree on; of a part of Patients,
 * the next row. */
bool plan_narrows(struct plan *, const struct query_part *, bool *yes);
bool plan_clause_narrows(struct plan *, const struct query_part *, uint32_t clause, bool *yes);
bool plan_next_agreed(struct plan *, const struct query_part *, int64_t from, int64_t *lead);
/* Do they agree on few? */
bool plan_is_sparse(struct plan *, const struct query_part *, bool *yes);
/* The first of a set at or behind `from`, or NO_LEAD. */
int64_t plan_next_in(const struct row_set *, int64_t from);

/* leaf.c.  False with the outcome set. */

/* Rows of `lead` in which an index row matches a value of the clause; its negation is not looked at. */
bool plan_leaf(struct plan *, const struct query_clause *, int64_t lead, struct row_set *out);
/* Rows of `lead` whose position is near. */
bool plan_near(struct plan *, const struct query_clause *, int64_t lead, struct row_set *out);
/* The current, visible version; `found` false when there is none. */
bool plan_find(struct plan *, const struct type *, int64_t lead, int64_t row, struct candidate *,
    bool *found);
/* All resources of a type behind `after`; contained ones of the type are another list. */
typedef bool plan_each(struct plan *, const struct type *, int64_t lead, const struct candidate *,
    void *ctx, bool *more);
/* `more` becomes false when `each` has had enough. */
bool plan_scan(struct plan *, const struct type *, int64_t lead, int64_t after, plan_each *, void *ctx,
    bool *more);
bool plan_contained(struct plan *, const struct type *, int64_t lead, struct row_set *out);
/* The holder of a contained resource of a type. */
bool plan_holder(struct plan *, const struct type *, int64_t lead, int64_t row, struct candidate *,
    const struct type **holder, bool *found);

/* References: from a lead by a parameter. */
bool plan_leads_referred(struct plan *, uint32_t param, int64_t lead, struct row_set *out);
bool plan_referrers(struct plan *, uint32_t param, int64_t lead, int64_t target_lead, int64_t target,
    struct row_set *out);
/* Is there this one reference? */
bool plan_refers(struct plan *, uint32_t param, int64_t lead, int64_t target_lead, int64_t target,
    int64_t row, bool *yes);
/* All that are under one lead, as pairs {target, row}, by target. */
struct pair { int64_t target, row; };
bool plan_pairs(struct plan *, uint32_t param, int64_t lead, int64_t target_lead, struct pair **out,
    uint32_t *count);
/* Referrers under other leads than the target's, as pairs {lead, row}. */
bool plan_backrefs(struct plan *, uint32_t param, int64_t target, struct pair **out, uint32_t *count);
/* The next at or behind `from`, or NO_LEAD: lead where a code may occur, where there is a contained
 * resource; lead of a referrer under another lead than the target's; target of such; set of patients with
 * this one; compartment. */
bool plan_next_occurrence(struct plan *, uint32_t param, int64_t code, int64_t from, int64_t *lead);
/* Of the codes that a parameter has somewhere in a compartment. */
bool plan_next_code(struct plan *, uint32_t param, int64_t from, int64_t *code);
bool plan_next_contained(struct plan *, const struct type *, int64_t from, int64_t *lead);
bool plan_next_referring(struct plan *, uint32_t param, int64_t target, int64_t from, int64_t *lead);
bool plan_next_target(struct plan *, uint32_t param, int64_t from, int64_t *target);
bool plan_next_set(struct plan *, int64_t patient, int64_t from, int64_t *lead);
bool plan_next_compartment(struct plan *, int64_t from, int64_t *lead);
/* Ids that clients chose: what a reference to a row is while it is not there (0: nothing); and the
 * other way round. */
bool plan_alias_of(struct plan *, int64_t row, int64_t *target);
bool plan_alias(struct plan *, const struct type *, int64_t target, int64_t *lead, int64_t *row);

/* Of the parameter of canonical urls, in lead 0: rows that have a name; all rows with their names as targets. */
bool plan_named(struct plan *, uint32_t param, int64_t name, struct row_set *out);
bool plan_names_in(struct plan *, uint32_t param, struct pair **out, uint32_t *count);

/* Sort keys of a parameter's rows in a lead, ascending by row. */
struct sort_key { int64_t row; uint8_t kind; int64_t i; double d; struct slice text; };
bool plan_keys(struct plan *, const struct query_sort *, int64_t lead, struct sort_key **out,
    uint32_t *count);
/* That of one row; of kind SQLITE_NULL when it has none. */
bool plan_key(struct plan *, const struct query_sort *, int64_t lead, int64_t row, struct sort_key *);
/* The next text in the directory by which Patients are sorted, behind the one in `key` or `itself` too;
 * SQLITE_NULL in `key` is before all of them, and comes behind them.  Rows that have it. */
bool plan_next_key(struct plan *, const struct query_sort *, struct sort_key *key, bool itself);
bool plan_rows_of_key(struct plan *, const struct query_sort *, const struct sort_key *,
    struct row_set *out);

/* census.c.  False with the outcome set.  How many of a type the caller may see, without a compartment; the next
 * lead with one, at or behind `from`, or NO_LEAD. */
bool plan_count(struct plan *, const struct type *, int64_t *count);
bool plan_next_inhabited(struct plan *, const struct type *, int64_t from, int64_t *lead);
/* The next shape of a type; the next lead with one of that shape. */
bool plan_next_shape(struct plan *, const struct type *, int64_t from, int64_t *shape);
bool plan_next_of_shape(struct plan *, const struct type *, int64_t shape, int64_t from, int64_t *lead);

/* streams.c.  False with the outcome set. */

/* A row of a part and what it is sorted by; `several`: the resource has other such rows. */
struct stream_row {
	int64_t  at, lead, row;
	uint32_t part;
	bool     several;
};

/* What the ends of intervals are within, inclusive. */
struct plan_bounds {
	int64_t first_low, first_high, last_low, last_high;
};

/* What clauses say of the dates, or changes, that one sorts by; false when they say nothing. */
bool plan_bounds(const struct query_part *, const struct query_sort *, struct plan_bounds *);

/* Rows of all parts in the order of the first key, a date or _lastUpdated, from the cursor's value on; behind
 * the cursor's row when the key stands `alone`. */
struct streams;
bool plan_streams(struct plan *, bool alone, struct streams **);
bool plan_stream_next(struct plan *, struct streams *, struct stream_row *, bool *found);

/* magnitude.c: where the values are that can match a number, a quantity or a composite of a code and one of them:
 * single ones from `low` to `high`; those of resources that have intervals, too, by one of their ends, from `wide_low` to
 * `wide_high`.  False when nothing is known of that. */
struct plan_range {
	const struct type *type;
	int64_t  param, key, low, high, wide_low, wide_high;    /* param: its bit */
	enum magnitude_side side;       /* of intervals */
};
bool plan_range(const struct plan *, const struct query_clause *, uint32_t value, struct plan_range *);
/* Of the first clause of a part that is one such range. */
bool plan_range_of(const struct plan *, const struct query_part *, struct plan_range *);

/* The pieces of the index that have values of a range, from { 0 } on; what is above the clearance is in others.  From
 * here on false with the outcome set. */
struct plan_piece {
	int     level;
	enum magnitude_side side;
	int64_t params;
};
bool plan_next_piece(struct plan *, const struct plan_range *, struct plan_piece *, bool *found);
void plan_bounds_of_piece(const struct plan_range *, const struct plan_piece *, int64_t *low, int64_t *high);
/* Leads of the values, behind the first `count`; there is room for `room` in all. */
bool plan_leads_of_range(struct plan *, const struct plan_range *, int64_t *leads, uint32_t room, uint32_t *count);
/* A statement of (at, lead, row), the least first: of values from `low` to `high`, or behind a row of `low`. */
struct plan_reading {
	bool    midway;
	int64_t low, high, lead, row;
	int     most;
};
bool plan_read_piece(struct plan *, const struct plan_range *, const struct plan_piece *, const struct plan_reading *,
    sqlite3_stmt **);

/* canonical.c: what a reference by such a text means (index.h); those texts that mean a row of lead 0. */
bool plan_meant(struct plan *, const struct type *, int64_t name, struct candidate *, bool *found);
bool plan_names(struct plan *, const struct type *, int64_t row, struct row_set *names);

/* evaluate.c */

/* Is a lead within the permit? */
bool plan_reachable(const struct plan *, int64_t lead);

/* May the caller search every type that the query names?  FAULT_FORBIDDEN before any row is
 * looked at; types that were implied are left out as long as there is another. */
bool plan_allowed(struct plan *);
/* Can the clause be had as a set, without candidates? */
bool plan_settable(const struct query_clause *);
bool plan_set(struct plan *, const struct query_clause *, const struct type *, int64_t lead,
    struct row_set *out);
bool plan_test(struct plan *, const struct query_clause *, const struct type *, int64_t lead,
    const struct candidate *, bool *yes);
/* All rows of a type in a lead that match all clauses; contained ones too. */
bool plan_all(struct plan *, const struct query_clause *, uint32_t count, const struct type *,
    int64_t lead, struct row_set *out);
bool plan_has_row(const struct row_set *, int64_t row);
/* Where a row's own compartment is: Patients stand in the directory too. */
int64_t plan_lead_of(const struct plan *, const struct type *, int64_t lead, int64_t row);
/* The set in `rows` becomes ascending and distinct. */
void plan_order(struct row_set *);

/* The clear body of a version; until the next. */
bool plan_body(struct plan *, const struct type *, int64_t vid, struct slice *out);

#endif
