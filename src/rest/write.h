/* write.h -- the steps that writing interactions share. */
#ifndef REST_WRITE_H
#define REST_WRITE_H

#include <stdbool.h>

#include "base/slice.h"

struct exchange;

/* Is it addressed by search criteria: If-None-Exist, or a query instead of an id? */
bool write_is_conditional(const struct exchange *);

/* Those criteria; empty when there are none. */
struct slice write_criteria(const struct exchange *);

/* Looks the criteria up, once: the match becomes x->old and x->id.  None: x->old stays
 * NULL.  x->guard is set, for a write of what is new. */
bool write_resolve(struct exchange *);

/* The current version, when the caller may see it; x->old stays NULL when there is none. */
bool write_find_old(struct exchange *);

/* What a patch changes: the current version, which the caller may read, in x->old.  404, 410, 412, or
 * 400 for content that is kept beside its version. */
bool write_find_target(struct exchange *);


/* The text of a version, or what Prefer asks for instead, as the body of the answer. */
void write_answer(struct exchange *, struct slice text);

/* As write_body(), with an answer that has no body yet. */
bool write_version(struct exchange *, char method);

/* x->body, which has passed the controls, as the version that comes after x->old: the write and
 * the answer. */
bool write_body(struct exchange *, char method);

/* The end of x->old. */
bool write_tombstone(struct exchange *);

#endif
