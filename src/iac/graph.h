/* graph.h -- which resources belong together: by reference, then by name.
 *
 * Made once for a project, in time linear in attributes and references; never changed.  An
 * attribute that refers to an address, or holds the name of a resource ("my-bucket", an ARN or a
 * path that ends with it), is an edge. */
#ifndef IAC_GRAPH_H
#define IAC_GRAPH_H

#include "iac/project.h"

enum graph_way { GRAPH_FROM = 1, GRAPH_TO = 2 };        /* who refers to it; whom it refers to */

struct graph_edge {
	uint32_t from, to;
};

struct graph {
	const struct project *project;
	uint32_t          *by_type;             /* resources by type, then order */
	struct graph_edge *out, *in;            /* the same edges, sorted by from, by to */
	uint32_t           edge_count;
	uint32_t          *doubtful;            /* resources with attributes of which it is not known */
	uint32_t           doubtful_count;      /*   where they point, by type, then order */
};

void graph_init(struct graph *, struct arena *, const struct project *);

/* The resources linked with one, in order, each once; `*count` of them. */
const uint32_t *graph_links(const struct graph *, struct arena *, uint32_t resource, unsigned ways,
    uint32_t *count);

/* An unknown attribute of a resource of type `type` that may hold a resource of type `about`;
 * NULL: there is none. */
const struct value *graph_doubt(const struct graph *, struct slice about, struct slice type);
/* An unknown attribute of this resource that may hold one of `type`. */
const struct value *graph_own_doubt(const struct graph *, uint32_t resource, struct slice type);

/* Positions in by_type of the types that match; `type` may end with "*". */
void graph_types(const struct graph *, struct slice type, uint32_t *from, uint32_t *to);
bool graph_type_matches(struct slice pattern, struct slice type);

#endif
