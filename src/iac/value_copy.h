/* value_copy.h -- values out of an arena that will be reset.
 *
 * What was shared stays shared within one copier.  Texts that lie in a source are moved to the
 * same place of its twin, others are copied. */
#ifndef IAC_VALUE_COPY_H
#define IAC_VALUE_COPY_H

#include "iac/project.h"

/* A source before and after: places and texts are carried over. */
struct source_twin {
	uint32_t     index;
	struct slice before, after;
};

struct value_copier {
	struct arena             *arena;        /* of the copies */
	struct arena             *scratch;      /* of the table below; gone with the copier */
	const struct arena       *only;         /* what this one does not hold is not copied; NULL: all is */
	const struct source_twin *twins;        /* by source before; NULL: sources are the same */
	uint32_t                  twin_count;
	struct copied { const void *from; const void *to; } *slots;
	uint32_t                  used, room;
};

void value_copier_init(struct value_copier *, struct arena *to, struct arena *scratch,
    const struct source_twin *, uint32_t count);
const struct value *value_copy(struct value_copier *, const struct value *);
struct span value_copy_span(const struct value_copier *, struct span);
struct slice value_copy_text(const struct value_copier *, struct slice, uint32_t source);
const struct why *value_copy_why(struct value_copier *, const struct why *);

#endif
