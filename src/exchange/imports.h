/* imports.h -- what the API asks of imports; the server answers (server/imports.h), because an
 * import writes as requests do. */
#ifndef EXCHANGE_IMPORTS_H
#define EXCHANGE_IMPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct exchange;

enum import_state { IMPORT_RUNNING, IMPORT_DONE, IMPORT_FAILED };

struct import_status {
	enum import_state state;
	int64_t           asked;                /* ms since 1970 */
	struct slice      directory;
	uint64_t          resources, items, skipped, refused;
};

/* All may wait for the disk; all fail with FAULT_NO_SUCH when there is none of this name. */
struct import_ops {
	/* A job that takes in D/import/<directory>, one word of letters, digits, "-" and "."; its id. */
	bool (*begin)(struct import_ops *, struct exchange *, struct slice directory, bool keep_ids,
	    struct slice *id);
	bool (*look)(struct import_ops *, struct exchange *, struct slice id, struct import_status *);
	/* What is under way is finished, no more is begun; a job that is over is forgotten. */
	bool (*cancel)(struct import_ops *, struct exchange *, struct slice id);
	/* OperationOutcomes of the items that were refused, as lines; the id of each is its place. */
	bool (*refusals)(struct import_ops *, struct exchange *, struct slice id, struct slice *lines);
};

#endif
