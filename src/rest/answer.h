/* answer.h -- the pieces that answers are made of. */
#ifndef REST_ANSWER_H
#define REST_ANSWER_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct exchange;
struct json;
struct stored;

/* The text of a version that is about to be written: resourceType, id, meta with
 * our versionId and lastUpdated, then everything else as it came, compact. */
struct slice answer_version_text(struct exchange *, const struct json *, uint32_t node,
    struct slice id, struct slice version, int64_t updated);

/* ETag and Last-Modified of a version. */
void answer_version_headers(struct exchange *, const struct stored *);

/* Location: [base]/Type/id/_history/version */
void answer_location(struct exchange *, const struct stored *);

/* Content-Type and the bytes: JSON, turned into the form that was asked for. */
void answer_bytes(struct exchange *, int status, struct slice bytes);

/* A stored version as the answer, after the controls have let it out. */
bool answer_stored(struct exchange *, struct stored *, int status);

/* "\"[base]/Type/id\"" */
void answer_full_url(struct buf *, const struct exchange *, const struct stored *);

/* Does a request header, a list of entity tags W/"v" or a star, name the version (RFC 9110 13.1)?  False when
 * it has another form. */
bool answer_tags_name(const struct exchange *, const char *header, struct slice version, bool *named);
/* Does the client say that it has this version already? */
bool answer_not_modified(const struct exchange *, const struct stored *);

/* The audit record of x names the patients of a compartment: something of it is in the answer. */
void answer_note_patient(struct exchange *, int64_t compartment);

#endif
