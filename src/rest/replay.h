/* replay.h -- the same request again: its first outcome.
 *
 * A writing request that names itself (Idempotency-Key, else X-Request-Id) and is sent again
 * within a day, by the same caller and with the same content, is answered as it was the
 * first time, and nothing is written twice.  The name alone is not enough: some clients give
 * one to all requests of a session, and each of those is a request of its own.
 *
 * Entries of a batch are kept one by one, for each stands alone. */
#ifndef REST_REPLAY_H
#define REST_REPLAY_H

#include <stdbool.h>

#include "base/attr.h"

struct exchange;
struct store_replay;

/* Is there a first outcome?  It is then in x->replay. */
bool replay_find(struct exchange *);

/* The first outcome as the answer; a body is made from the store again, under the permit. */
MUST_USE bool replay_answer(struct exchange *);

/* The outcome as it is prepared, to be kept with the writes; NULL when the request has no name. */
struct store_replay *replay_keep(struct exchange *);

#endif
