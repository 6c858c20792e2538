/* document_map.h -- a map under construction, for the two readers of documents.
 *
 * value_put() looks through all members at each call; a hostile file has a hundred
 * thousand.  Here members are gathered and sorted once at the end, which finds
 * duplicates and what a merge key must not override. */
#ifndef IAC_DOCUMENT_MAP_H
#define IAC_DOCUMENT_MAP_H

#include "iac/project.h"

struct gathered {
	struct member member;
	uint32_t      order;
	bool          merged;           /* came through `<<`: yields to what is written */
	bool          dropped;
};

struct map_maker {
	struct gathered *all;
	uint32_t         count, room;
};

void map_add(struct map_maker *, struct arena *, struct member, bool merged);

/* False after a problem for each key that was written twice; the later one stays. */
bool map_end(struct map_maker *, struct project *, struct span, const struct value **);

#endif
