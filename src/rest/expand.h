/* expand.h -- what the files of $expand share. */
#ifndef REST_EXPAND_H
#define REST_EXPAND_H

#include "rest/terminology.h"

/* What was asked for. */
struct expand_asked {
	struct exchange *x;
	struct parameters p;
	struct slice filter, language;          /* the filter is folded */
	uint64_t     offset, count;
	bool         paged, designations, definition, active_only, nested, selectable_only;
};

/* What a member is called in the language that was asked for. */
struct slice expand_display(struct expand_asked *, const struct member *);
/* A member, without its closing brace: what is nested below may follow. */
void expand_open_member(struct expand_asked *, struct buf *, const struct member *);

#endif
