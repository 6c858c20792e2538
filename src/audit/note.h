/* note.h -- checkpoints of the log as C2SP signed notes (tlog-checkpoint). */
#ifndef AUDIT_NOTE_H
#define AUDIT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/merkle.h"
#include "base/slice.h"

struct arena;
struct keeper;

struct checkpoint {
	struct slice origin;
	uint64_t     size;
	uint8_t      root[MERKLE_HASH];
};

/* "origin\nsize\nbase64(root)\n\n-- origin signature\n" (with an em dash), signed. */
bool note_write(struct keeper *, const struct checkpoint *, struct arena *, struct slice *text);

/* False when the form is wrong or no signature of the key is on it. */
bool note_read(struct slice text, const uint8_t public_key[32], struct arena *,
    struct checkpoint *);

#endif
