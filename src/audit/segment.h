/* segment.h -- the files of the log: names, frames, and walking over them.
 *
 * D/audit/segment-<20 digits> holds records from that index on, each as
 *   u32le length | u32le crc32c(bytes) | bytes
 * One record follows another; the next file begins when one is over 64 MiB.  The file that
 * is written to may end in zeros: room made ahead, so that a sync needs no change of size. */
#ifndef AUDIT_SEGMENT_H
#define AUDIT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct env;

#define SEGMENT_BYTES (64u << 20)
#define SEGMENT_AHEAD (1u << 20)        /* zeros at the end, at most */
#define SEGMENT_PATH  4096

enum frame { FRAME_RECORD, FRAME_END, FRAME_BAD };

/* Takes the next record off `rest`; zeros to the end are the end. */
enum frame frame_next(struct slice *rest, struct slice *record);

void segment_path(const char *dir, uint64_t first, char path[SEGMENT_PATH]);

/* First indexes of the segments that are there, ascending, in the arena. */
bool segment_list(const char *dir, struct arena *, uint64_t **firsts, size_t *count);

/* One record in its place; `bad` is set for the bytes that are no frame. */
struct walk_step {
	uint64_t     index, segment;    /* segment: its first index */
	uint64_t     offset;            /* of the frame in its file */
	struct slice record;
	bool         bad;
};

/* Calls `each` for all records from the start of segment `first` on; stops when
 * it returns false.  False when a file cannot be read. */
bool segment_walk(const struct env *, const char *dir, uint64_t first,
    bool (*each)(void *ctx, const struct walk_step *), void *ctx);

#endif
