/* log_internal.h -- the parts of a log that its files share. */
#ifndef AUDIT_LOG_INTERNAL_H
#define AUDIT_LOG_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/audit.h"
#include "audit/merkle.h"
#include "audit/record.h"
#include "audit/segment.h"

struct waiting {
	struct slice record;
	void       (*done)(void *ctx, bool durable);
	void        *ctx;
};

struct audit_log {
	const struct env *env;
	struct keeper    *keeper;
	struct arena     *arena;
	char              dir[SEGMENT_PATH - 64];
	struct slice      origin;
	struct audit_keys keys;
	int               lock_fd, fd;
	uint64_t          segment, offset;      /* first index and bytes of records of the open file */
	uint64_t          room;                 /* its length: zeros follow the records */
	struct merkle     tree;
	uint8_t           previous[MERKLE_HASH];        /* leaf hash of the newest record */
	uint64_t          checkpointed;         /* size that is signed */
	int64_t           checkpoint_time;      /* monotonic */

	pthread_t         thread;
	pthread_mutex_t   lock;
	pthread_cond_t    wake;
	struct waiting   *queue, *batch;        /* swapped: one fills while one is written */
	size_t            queued, capacity;
	bool              closing;
	atomic_bool       healthy;
	atomic_ullong     durable;

	pthread_mutex_t   ids_lock;
	uint8_t         (*ids)[AUDIT_EVENT_ID]; /* of the last two segments, sorted */
	size_t            id_count;
	bool              ids_loaded;
};

/* The keys of D/audit/key, unwrapped; made when `create`. */
bool audit_load_keys(const struct env *, struct keeper *, const char *dir, bool create,
    struct audit_keys *, struct outcome *);

/* D/audit/frontier: where the log stood when its last checkpoint was signed. */
struct frontier {
	struct merkle tree;
	uint8_t       previous[MERKLE_HASH];
	uint64_t      segment, offset;
};
bool frontier_write(const struct env *, const char *dir, const struct frontier *);
bool frontier_read(const struct env *, const char *dir, struct frontier *);

#endif
