/* principal.h -- who is asking, as a verified access token says it. */
#ifndef EXCHANGE_PRINCIPAL_H
#define EXCHANGE_PRINCIPAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "exchange/scope.h"

struct arena;
struct permit;

/* Shared by the token cache and the exchanges under way, and freed with its arena
 * when the last of them lets go.  Only `permit` is set later, by authorization. */
struct principal {
	struct arena *arena;
	atomic_int    holders;
	struct slice  subject, client_id, token_id;
	struct slice  patient;          /* launch context, a Patient id; or empty */
	struct slice  purpose;          /* purpose of use, or empty */
	int           clearance;        /* confidentiality level, see permit_clearance() */
	struct slice  scope_text;       /* as the token has it */
	const struct scope *scopes;
	uint32_t      scope_count;
	bool          chooses_ids;      /* a grant of the client's registration */
	int64_t       expires;          /* seconds since 1970 */
	const struct permit *permit;    /* made once, by authorization */
};

/* A new one, held once. */
struct principal *principal_new(void);
struct principal *principal_hold(struct principal *);
void              principal_release(void *principal);           /* NULL is fine */

#endif
