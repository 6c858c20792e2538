/* write.h -- the steps that writing interactions share. */
#ifndef REST_WRITE_H
#define REST_WRITE_H

#include <stdbool.h>

struct exchange;

/* Is it addressed by search criteria: If-None-Exist, or a query instead of an id? */
bool write_is_conditional(const struct exchange *);

/* Looks the criteria up, once: the match becomes x->old and x->id.  None: x->old stays
 * NULL, and x->guard is set. */
bool write_resolve(struct exchange *);

/* The current version, when the caller may see it; x->old stays NULL when there is none. */
bool write_find_old(struct exchange *);

/* If-Match and If-None-Match against x->old. */
bool write_version_agrees(struct exchange *);

/* x->body, which has passed the controls, as the version that comes after x->old: the write and
 * the answer. */
bool write_body(struct exchange *, char method);

#endif
