/* recheck.h -- what is stored is inspected again, as the scanner learns.
 *
 * All versions of every resource that there is; what is infected by now is held (controls/attachments.h),
 * whatever the policy.  Each that is held has its audit records, and the whole one more. */
#ifndef SERVER_RECHECK_H
#define SERVER_RECHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"
#include "store/store.h"

struct outcome;
struct service;
struct worker;

struct recheck {
	const struct service *service;
	struct worker        *worker;
	struct slice          who;              /* what the audit record names */
	void                (*held)(struct slice type, struct slice id);        /* told of each; or NULL */
	struct stored         behind;           /* where it is; zeros: at the beginning */
	uint64_t              checked, held_count, failed;
};

/* One resource.  False when there is no scanner now; one that is there and cannot say is not asked again. */
bool recheck_one(struct recheck *, struct slice type, struct slice id);
/* A piece of it; `more` says whether there is another.  False when the store fails, or when
 * the scanner is not there any more: then the same resource is next. */
MUST_USE bool recheck_piece(struct recheck *, bool *more, struct outcome *);
/* The record of the whole. */
MUST_USE bool recheck_end(const struct recheck *, struct outcome *);

/* The server's own: begun when the scanner's signatures are others than those of the last one, or when that
 * is attachments.recheck_hours ago.  The end of the last one is remembered in D/recheck. */
struct recheck_watch;
struct recheck_watch *recheck_watch_new(const struct service *, struct worker *);
void                  recheck_watch_free(struct recheck_watch *);
/* Is one due?  Asks the scanner; waits. */
void                  recheck_watch_look(struct recheck_watch *);
/* A piece of the one that is under way, if any. */
void                  recheck_watch_work(struct recheck_watch *);

#endif
