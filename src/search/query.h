/* query.h -- the text of a search, as a typed tree.
 *
 * query_parse() checks every parameter against the pack: unknown ones, unknown
 * modifiers, prefixes and ill-formed values are faults with the parameter's
 * name as the place (strict handling is the default), or are left out
 * and listed (lenient).  The tree holds hashes, intervals and row numbers only, so that
 * a store needs no FHIR to run it; the permit is joined to it by the store.
 *
 * This header is the reference for what a search means; match.c says the same as
 * plain code over arrays, and a store's answers are tested against it.  "Visible"
 * below is: of the permit's compartment and clearance, and not deleted.  A row that is
 * not visible neither matches nor counts, at any depth: it does not make a chain or a _has
 * true, is not included, and gives no sort key.  A type that the permit may not
 * search is refused where it is named in a chain or _has, and left out where it is not. */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"
#include "search/index.h"

struct buf;
struct terminology_source;

enum query_prefix { PREFIX_EQ, PREFIX_NE, PREFIX_GT, PREFIX_LT, PREFIX_GE, PREFIX_LE,
	PREFIX_SA, PREFIX_EB, PREFIX_AP };

enum query_modifier { MODIFIER_NONE, MODIFIER_MISSING, MODIFIER_EXACT, MODIFIER_CONTAINS,
	MODIFIER_NOT, MODIFIER_TEXT, MODIFIER_IN, MODIFIER_NOT_IN, MODIFIER_ABOVE, MODIFIER_BELOW,
	MODIFIER_IDENTIFIER, MODIFIER_OF_TYPE,
	MODIFIER_EQUALS, MODIFIER_ENDS,         /* of _filter: eq and ew of strings */
	MODIFIER_DIFFERS };                     /* of _filter: ne; some row does not match */

enum clause_on {
	CLAUSE_INDEX,           /* index rows of `param` */
	CLAUSE_ID,              /* _id: a value's `a` is the row number, 0 matches nothing */
	CLAUSE_LAST_UPDATED,    /* _lastUpdated: DATE values against the row's own instant */
	CLAUSE_CHAIN,           /* a row that `param` refers to is a visible `type` and matches all `parts` */
	CLAUSE_HAS,             /* a visible `type` refers here by its `param`, and matches all `parts` */
	CLAUSE_ALL, CLAUSE_ANY, /* all, any of `parts` */
	CLAUSE_NOT,             /* not parts[0] */
	CLAUSE_NEAR,            /* a position within `reach` metres of a value's x (latitude), y (longitude) */
	CLAUSE_WORDS,           /* each of a value's folded words begins a word of the resource's text: */
};

enum query_words { WORDS_NARRATIVE,     /* _text: of text.div */
	WORDS_CONTENT,                  /* _content: of all its strings and its narrative */
	WORDS_DISPLAY };                /* :text: of what `param` finds: text, display, type.text; there a
	                                 * value's text as a whole begins a text */

/* One alternative; fields by kind as in struct index_row.
 *
 * What a prefix means for a row's interval [l, h] and the value's [ql, qh] (R4
 * search.html#prefix; dates, numbers and quantities alike):
 *   eq  ql<=l and h<=qh      ne  not eq
 *   gt  h>qh                 lt  l<ql
 *   ge  gt or eq             le  lt or eq
 *   sa  l>qh                 eb  h<ql
 *   ap  l<=qh and h>=ql, the value's interval being widened by a tenth when parsed
 * A number's interval is that of its significant digits for eq, ne, ap; for the others it is the
 * number itself.
 * STRING: the row's text begins with the value's (:contains: has it in it; :exact: the
 * exact hashes are equal).  URI: the texts are equal (:below: the row's is the value's or begins with
 * it and a slash; :above: the other way round).  REFERENCE: the same target.  COMPOSITE: rows
 * of the same group match each component's part.  A resource matches when any of its rows does; :not
 * and :not-in when none does; :missing=true when it has no row of the parameter. */
struct query_value {
	enum query_prefix prefix;
	int64_t a, b;
	double  x, y;
	double  reach;          /* NEAR: metres */
	struct slice text;      /* STRING: folded; URI: as it is; WORDS: folded words, one space between */
	bool    any_code;       /* TOKEN "system|", QUANTITY "5|system|": only b counts */
	bool    any_system;     /* TOKEN "code", QUANTITY "5||kg" or "5": b does not count */
	bool    any_unit;       /* QUANTITY "5": neither a nor b counts, but rows in canonical units do not match */
	struct query_value *parts;      /* COMPOSITE: one for each component */
};

struct query_clause {           /* matches when any value does; see above for :not */
	enum clause_on      on;
	const struct search_param *param;       /* of INDEX, CHAIN, HAS, NEAR, WORDS_DISPLAY */
	enum search_kind    kind;               /* of the rows looked at: TOKEN for reference:identifier */
	enum query_modifier modifier;
	enum query_words    words;
	bool                missing;            /* of :missing */
	struct query_value *values;
	uint32_t            count;
	const struct type  *type;               /* CHAIN: the target's; HAS: the referrer's */
	bool                implied;            /* the type was not named in the request */
	struct query_clause *parts;
	uint32_t            part_count;
};

struct query_sort {
	enum clause_on on;                      /* INDEX, ID, LAST_UPDATED */
	const struct search_param *param;
	enum search_kind kind;
	bool           descending;
	bool           by_body;                 /* ids, tokens and references: by their text in the resource */
	bool           by_range;                /* by the values that a clause bounds; the store's own */
};

#define QUERY_SORTS 4

/* What is searched in one type: all clauses must match. */
struct query_part {
	const struct type   *type;
	struct query_clause *clauses;
	uint32_t             clause_count;
	struct query_sort    sorts[QUERY_SORTS];
};

/* _include: what a match of `source` refers to by `param` is added to the page; _revinclude: what
 * is a `source` and refers to a match by `param`.  `iterate`: the same for what was added. */
struct query_include {
	bool reverse, iterate;
	const struct type *source;              /* NULL: of any type */
	const struct search_param *param;       /* NULL: every reference parameter of the source */
	const struct type *target;              /* NULL: of any type */
};

enum query_total { TOTAL_NONE, TOTAL_ACCURATE };
enum query_summary { SUMMARY_FALSE, SUMMARY_TRUE, SUMMARY_TEXT, SUMMARY_DATA };
enum query_contained { CONTAINED_FALSE, CONTAINED_TRUE, CONTAINED_BOTH };

/* Where it is asked: of one type, of several (the system), within a compartment. */
struct query_place {
	const struct type *type;                /* NULL: those of _type, else all */
	const struct type *within;              /* Patient in GET /Patient/1/Observation; or NULL */
	struct slice       id;                  /* of the compartment's resource */
	bool               all;                 /* every compartment of the type, not that of `id` */
	const struct terminology_source *source;        /* of value sets and code systems beside the pack; or NULL */
	bool (*allowed)(void *ctx, const struct type *);        /* left out otherwise; NULL: all are in */
	void *ctx;
};

/* These rows alone, each under its lead; the store's own, for its guards. */
struct query_only {
	int64_t *rows, *leads;
	uint32_t count;
};

struct query {
	const struct search_index *index;
	const struct type   *type;              /* of the only part; NULL when there are several */
	struct query_part   *parts;             /* a resource matches when it does the part of its type */
	uint32_t             part_count;
	uint32_t             sort_count;
	bool                 in_patient;        /* of one Patient's compartment only: */
	int64_t              patient;           /* its row; 0: there is none, nothing matches */
	struct query_include *includes;
	uint32_t             include_count;
	uint32_t             page;              /* _count, cut to LIMIT_PAGE; 20 by default */
	enum query_total     total;
	bool                 count_only;        /* _summary=count or _count=0 */
	enum query_summary   summary;
	struct slice        *elements;          /* of _elements */
	uint32_t             element_count;
	enum query_contained contained;         /* match contained resources too, or only these */
	bool                 contained_alone;   /* _containedType=contained: these themselves, not what holds them */
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

/* The same for any place. */
MUST_USE bool query_parse_at(const struct search_index *, const struct query_place *,
    struct slice text, struct slice form, bool lenient, const struct index_resolver *,
    const struct limits *, int64_t now_ms, struct arena *, struct query *out, struct outcome *);

/* Only what matches counts: not in which order, how many at once, or what else is shown. */
void query_match_only(struct query *, uint32_t page);

/* Only what has a date of care that overlaps [first, last], or none ($everything). */
void query_add_dates(struct query *, int64_t first, int64_t last, struct arena *);

/* A text as one value of a query: what separates values is escaped (R4 search.html#escaping), then
 * percent-encoded. */
void query_write_value(struct buf *, struct slice value, struct arena *);

/* The modifiers and prefixes that a kind of parameter has, by their codes in R4 search-modifier-code and
 * search-comparator, from 0; NULL: no more. */
const char *query_modifier(enum search_kind, size_t i);
const char *query_prefix(enum search_kind, size_t i);

/* The parameters that say how the answer looks (R4 search.html#return), from 0; NULL: no more. */
const char *query_setting(size_t i);

/* A resource as the reference semantics see it: all that are visible are the world. */
struct query_row {
	const struct type *type;
	int64_t row, updated;
	struct index_rows rows;
	struct slice body;
};

struct query_world {
	const struct query_row *at;
	uint32_t count;
	struct arena *arena;            /* for work */
};

/* Does this resource of the world match (all clauses of its part)?  The reference
 * semantics: SQL must agree with it. */
bool query_matches(const struct query *, const struct query_world *, const struct query_row *);

/* Does the body have the words of one value?  Shared by match.c and the store. */
bool query_words_match(const struct search_index *, const struct query_clause *, const struct type *,
    struct slice body, struct arena *);
/* Metres on the sphere between two positions in degrees. */
double query_distance(double latitude, double longitude, double other_latitude, double other_longitude);
/* The clause of `near` that a type has; NULL: none. */
const struct query_clause *query_near(const struct query *, const struct type *);
/* How many metres a resource is from the nearest position that is asked for; false: it has none. */
bool query_near_distance(const struct query_clause *near, const struct json *, double *metres);

#endif
