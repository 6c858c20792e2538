/* fix.h -- what a rule's `fix` means in the bytes of a file.
 *
 * A fix is a map of path to value.  A value that stands literally in its place is replaced; one that
 * is not there is added to the block or mapping that would hold it, in the style of its
 * neighbours.  What comes from elsewhere (a variable, a module) has no edit. */
#ifndef IAC_FIX_H
#define IAC_FIX_H

#include "iac/finding.h"

struct fix_edit {
	struct slice        path;
	const struct value *value;
	bool                placed;     /* else the rest is not there */
	uint32_t            source, start, end; /* bytes [start, end) become `text` */
	struct slice        text;
};

/* The edits of a finding, in the order of their paths; *count of them, 0 when it has no fix. */
const struct fix_edit *fix_edits(const struct findings *, const struct finding *, struct arena *,
    uint32_t *count);

/* What stands at a path of a fix, looked for from a resource or a part of it; NULL: nothing. */
const struct member *fix_member(const struct value *, struct slice path);

#endif
