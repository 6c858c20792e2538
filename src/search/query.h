/* query.h -- the text of a search, as a typed tree.
 *
 * query_parse() checks every parameter against the pack: unknown ones, unknown
 * modifiers, prefixes and ill-formed values are faults with the parameter's
 * name as the place (strict handling is the default), or are left out
 * and listed (lenient).  The tree holds hashes, intervals and row numbers only, so that
 * a store needs no FHIR to run it; the permit is joined to it by the store. */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"
#include "search/index.h"

enum query_prefix { PREFIX_EQ, PREFIX_NE, PREFIX_GT, PREFIX_LT, PREFIX_GE, PREFIX_LE,
	PREFIX_SA, PREFIX_EB, PREFIX_AP };

enum query_modifier { MODIFIER_NONE, MODIFIER_MISSING, MODIFIER_EXACT, MODIFIER_CONTAINS,
	MODIFIER_NOT };

enum clause_on {
	CLAUSE_INDEX,           /* index rows of `param` */
	CLAUSE_ID,              /* _id: a value's `a` is the row number, 0 matches nothing */
	CLAUSE_LAST_UPDATED,    /* _lastUpdated: DATE values against the row's own instant */
};

/* One alternative; fields by kind as in struct index_row.
 *
 * What a prefix means for a row's interval [l, h] and the value's [ql, qh] (R4
 * search.html#prefix; dates, numbers and quantities alike):
 *   eq  ql<=l and h<=qh      ne  not eq
 *   gt  h>qh                 lt  l<ql
 *   ge  gt or eq             le  lt or eq
 *   sa  l>qh                 eb  h<ql
 *   ap  l<=qh and h>=ql, the value's interval being widened by a tenth when parsed
 * STRING: the row's text begins with the value's (:contains: has it in it; :exact: the
 * hashes are equal).  A resource matches when any of its rows does; :not when
 * none does; :missing=true when it has no row of the parameter. */
struct query_value {
	enum query_prefix prefix;
	int64_t a, b;
	double  x, y;
	struct slice text;      /* STRING: folded prefix (or part, or for :exact unused) */
	bool    any_code;       /* TOKEN "system|": only b counts */
	bool    any_system;     /* TOKEN "code", QUANTITY "5||kg" or "5": b does not count */
	bool    any_unit;       /* QUANTITY "5": neither a nor b counts */
};

struct query_clause {           /* matches when any value does; :not when none does */
	enum clause_on      on;
	const struct search_param *param;       /* NULL for CLAUSE_ID, CLAUSE_LAST_UPDATED */
	enum search_kind    kind;
	enum query_modifier modifier;
	bool                missing;            /* of :missing */
	struct query_value *values;
	uint32_t            count;
};

struct query_sort {
	enum clause_on on;                      /* CLAUSE_ID sorts by row */
	const struct search_param *param;
	enum search_kind kind;
	bool           descending;
};

enum query_total { TOTAL_NONE, TOTAL_ACCURATE };

/* These rows alone, each under its lead; the store's own, for its guards. */
struct query_only {
	int64_t *rows, *leads;
	uint32_t count, room;                   /* room: how many the arrays have, the rest repeats */
};

struct query {
	const struct type   *type;
	struct query_clause *clauses;           /* all must match */
	uint32_t             clause_count;
	struct query_sort   *sorts;
	uint32_t             sort_count;
	uint32_t             page;              /* _count, cut to LIMIT_PAGE; 20 by default */
	enum query_total     total;
	bool                 count_only;        /* _summary=count or _count=0 */
	bool                 is_condition;      /* of a write */
	const struct query_only *only;          /* NULL: all rows */
	struct slice         cursor;            /* sealed, of the "_cursor" parameter; or empty */
	struct slice         canonical;         /* the parameters that took effect, as they go into
	                                         * the self link; without the cursor */
};

/* `text` is the raw query (percent-encoded, '&' between), `form` an additional
 * application/x-www-form-urlencoded body or empty.  `lenient` leaves out what
 * is not understood, with a warning per parameter in the outcome. */
MUST_USE bool query_parse(const struct search_index *, const struct type *, struct slice text,
    struct slice form, bool lenient, const struct index_resolver *, const struct limits *,
    int64_t now_ms, struct arena *, struct query *out, struct outcome *);

/* Does a resource with these rows match (all clauses)?  The reference
 * semantics: the memory store uses it, SQL must agree with it. */
bool query_matches(const struct query *, const struct index_rows *, int64_t row,
    int64_t last_updated);

#endif
