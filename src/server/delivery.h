/* delivery.h -- from a prepared answer to one that may leave.
 *
 * rest_run() leaves a commit (with its audit records) or audit records alone.
 * A delivery makes them durable and only then lets the answer go:
 *
 *   delivery_start() -> writer or audit thread -> done() -> delivery_finish()
 *
 * After a lost race the exchange is prepared again, a few times; then, and when
 * nothing could be made durable, the answer becomes a refusal.  The server runs
 * this on its loops, `firebreak import` in its workers. */
#ifndef SERVER_DELIVERY_H
#define SERVER_DELIVERY_H

#include <stdbool.h>

struct exchange;
struct worker;

struct delivery {
	struct exchange *x;
	void (*done)(struct delivery *);        /* on another thread, or at once */
	void  *ctx;
	int    attempts;
	bool   durable;                         /* of records without a commit */
};

/* rest_run() in one snapshot of the worker's store; on the thread that the worker belongs to. */
void delivery_prepare(struct exchange *, struct worker *);

/* As if it had not been prepared: delivery_prepare() again. */
void delivery_put_back(struct exchange *);

/* Queue what has to be durable; done() follows, always. */
void delivery_start(struct delivery *);

enum delivery_state {
	DELIVERY_READY,         /* the answer may leave */
	DELIVERY_AGAIN,         /* x was put back: run it again, then delivery_start() */
	DELIVERY_RECORDS,       /* x became a refusal: delivery_start() for its records */
	DELIVERY_MORE,          /* a Bundle is not done: delivery_more() */
};
enum delivery_state delivery_finish(struct delivery *);

/* What remains of a Bundle: the answer of a transaction that has read what it wrote, or, in a new snapshot
 * of the worker's store, the entries of a batch that lost a race.  done() follows, always. */
void delivery_more(struct delivery *, struct worker *);

/* An answer made of fixed text, for when not even a refusal can be audited. */
void delivery_last_resort(struct exchange *);

#endif
