/* conditional.h -- conditions of writes: which resource do search criteria mean
 * (R4 http.html#ccreate, #cond-update, #cond-delete)? */
#ifndef REST_CONDITIONAL_H
#define REST_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct exchange;
struct json;
struct query;
struct query_row;
struct type;

/* "?identifier=x", "Patient?identifier=x" and the whole URL mean the same: what is behind the mark. */
struct slice condition_text(struct slice criteria);

struct condition {
	struct stored *matches;         /* what the caller may see */
	uint32_t       count;
	bool           more;            /* than `most` */
	const struct query *query;
};

/* Up to `most` matches of the criteria.  They answer a question, so the caller needs the right to
 * search the type (403).  Criteria that are not understood are refused, whatever Prefer says:
 * a parameter left out would mean more resources, not fewer. */
MUST_USE bool condition_find(struct exchange *, const struct type *, struct slice criteria,
    uint32_t most, struct condition *);

/* One match or none (NULL); several are 412. */
MUST_USE bool condition_one(struct exchange *, const struct type *, struct slice criteria,
    struct stored **, struct condition *);

/* What a resource that is not in the store yet is found by; `id`: when it has one already.  False: it
 * is not as defined, which is said where it is written. */
bool condition_row(struct exchange *, const struct type *, struct slice id, const struct json *,
    uint32_t node, struct query_row *);
/* Does it match, other resources aside? */
bool condition_met(struct exchange *, const struct condition *, const struct query_row *);

/* What is written now leans on the condition having found nothing. */
void condition_guard(struct exchange *, const struct condition *);

#endif
