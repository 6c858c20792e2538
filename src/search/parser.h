/* parser.h -- a query in the making: what the parts of the parser share.
 *
 *   query.c         parameters of a request, settings
 *   query_clause.c  one name and value to a clause: chains, _has, modifiers
 *   query_value.c   one value, by kind
 *   hierarchy.c     references with :above and :below
 *   filter.c        _filter */
#ifndef SEARCH_PARSER_H
#define SEARCH_PARSER_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "search/query.h"
#include "search/values.h"

struct parser {
	const struct search_index   *index;
	const struct index_resolver *resolver;
	const struct query_place    *place;
	const struct limits *limits;
	struct arena   *arena;
	struct query   *query;
	struct outcome *outcome;
	bool            lenient;
	uint32_t        parameters;
	uint32_t        links;          /* clauses that the parameter at hand has become */
	uint32_t        depth;          /* links that it is in */
	int64_t         now;            /* ms since 1970, for ap */
	struct buf      canonical;
	struct slice    code;           /* of the parameter at hand, known ones only */
	bool            building;       /* it cannot be searched by yet */
	bool            setting;        /* what is at hand says how the answer looks, not what is searched */
	const struct search_param **once;       /* that stood in earlier pairs, of those that may not stand again */
	uint32_t        once_count, once_before;        /* before: the pair at hand */
};

enum taken { TAKEN, REFUSED, LEFT_OUT };

/* A fault at the parameter at hand; REFUSED, or LEFT_OUT where a lenient search goes on. */
enum taken parser_refuse(struct parser *, enum fault, const char *why);

/* query_clause.c: the clause of "name=value" on resources of the type. */
enum taken parser_clause(struct parser *, const struct type *, struct slice name, struct slice value,
    struct query_clause *out);
/* The parameter of a type that can be searched by; NULL: there is none.  Sets `out` to its empty clause. */
const struct search_param *parser_param(struct parser *, const struct type *, struct slice code,
    struct query_clause *out);
/* One more clause; false when there are too many. */
bool parser_spend(struct parser *);
/* May it stand in this pair, as it does or does not in others? */
bool parser_may_repeat(struct parser *, const struct search_param *);
/* By its code in R4 search-modifier-code; empty for those of _filter. */
struct slice parser_modifier_code(enum query_modifier);
struct query_clause *parser_part(struct parser *, struct query_clause *of);

/* query_value.c */
enum taken parser_values(struct parser *, struct query_clause *, const struct type *,
    struct slice value, struct slice only_type);
/* May a parameter have so many? */
enum taken parser_more_values(struct parser *, const struct search_param *, size_t count);
bool parser_value(struct parser *, struct query_clause *, const struct type *, struct slice value,
    struct slice only_type);
struct slice parser_unescape(struct parser *, struct slice);
/* Cuts at the first `sep` that is not escaped. */
struct slice parser_cut(struct slice *rest, char sep);

/* filter.c */
enum taken parser_filter(struct parser *, const struct type *, struct slice text,
    struct query_clause *out);

/* codes.c: the members of a value set, or the codes below or above one, as TOKEN values
 * of the clause.  False when that is not known. */
bool parser_value_set(struct parser *, struct query_clause *, struct slice url);
bool parser_hierarchy(struct parser *, struct query_clause *, bool below, struct slice system,
    struct slice code);
/* Is it plain to see that no string or contact point is found by the parameter, in which case does not count? */
bool parser_case_counts(struct parser *, const struct search_param *);
/* Is this the system that the binding of a parameter's code implies?  An empty code: of every code. */
bool parser_system_implied(struct parser *, const struct search_param *, struct slice system,
    struct slice code);

/* hierarchy.c: the clause of a reference with :below or :above. */
enum taken parser_part_of(struct parser *, const struct search_param *, bool below, struct slice value,
    struct query_clause *out);

#endif
