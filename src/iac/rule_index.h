/* rule_index.h -- where the blocks of a rule file stand, found without parsing it.
 *
 * A start with two hundred rules must not parse them all: most are about types that the scanned
 * files do not hold.  The index walks over texts, comments and heredocs and notes the blocks of the
 * first level, and within a rule or view the labels of those of the second. */
#ifndef IAC_RULE_INDEX_H
#define IAC_RULE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

struct rule_part {              /* `on`, `from`, `example` ... */
	struct slice  type;
	struct slice *labels;
	uint32_t      label_count;
};

struct rule_block {             /* `rule`, `view`, `locals` */
	struct slice      type, label;
	size_t            start, end;
	uint32_t          line;         /* of its first byte, 1-based */
	struct rule_part *parts;
	uint32_t          part_count, part_room;
};

struct rule_index {
	struct arena      *arena;
	struct rule_block *blocks;
	uint32_t           count, room;
};

/* False when the text is not a row of blocks: then it has to be parsed to say what is wrong. */
bool rule_index_read(struct rule_index *, struct arena *, struct slice text);

#endif
