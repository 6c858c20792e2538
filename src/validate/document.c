/* document.c -- documents (documents.html, bundle.html#references): what the
 * Composition names is in the Bundle, and nothing is in it that has nothing to do
 * with the Composition.
 *
 * The entries are a graph; references are its edges, in both directions.  One pass
 * over the tape finds the edges, one breadth-first walk what is reached. */
#include "validate/walk.h"

#include "fhir/names.h"

struct graph {
	uint32_t *entry, *resource;     /* nodes, by entry number */
	uint32_t *edges, *first;        /* pairs (from, next), by target */
	uint32_t  count, edge_count, edge_room;
	struct names by_resource;       /* resource node as text -> entry number */
};

static bool
is_object(struct walk *w, uint32_t node)
{
	return node != 0 && json_type(w->json, node) == JSON_OBJECT;
}

static struct slice
as_text(struct walk *w, uint32_t node)
{
	uint32_t *key = arena_alloc(w->arena, sizeof *key);

	*key = node;
	return slice_make(key, sizeof *key);
}

/* What a Composition names must be here (documents.html#content). */
static const char *const named[] = { "subject", "encounter", "author", "custodian", "attester.party",
	"event.detail", "section.author", "section.focus", "section.entry" };

static void
check_reference_here(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice reference = is_object(w, node) ? walk_text(w, node, SLICE("reference")) : SLICE_NONE;
	struct item target;

	if (reference.len > 0 && reference.ptr[0] != '#' && !resolve_reference(w, reference, &target))
		complain(w, at, node, MESSAGE_document_reference, SLICE_NONE);
}

static void check_names(struct walk *, const struct step *, uint32_t object, struct slice path);

static void
check_name(struct walk *w, const struct step *at, uint32_t node, struct slice rest)
{
	if (rest.len == 0)
		check_reference_here(w, at, node);
	else
		check_names(w, at, node, rest);
}

static void
check_names(struct walk *w, const struct step *up, uint32_t object, struct slice path)
{
	struct slice rest = path, name = slice_cut(&rest, '.');
	uint32_t node = is_object(w, object) ? json_get(w->json, object, name) : 0;
	struct step at = { up, name, -1, NULL, NULL, NULL, 0 };

	if (node == 0)
		return;
	if (json_type(w->json, node) != JSON_ARRAY) {
		check_name(w, &at, node, rest);
		return;
	}
	at.index = 0;
	for (uint32_t n = json_first(w->json, node); n != 0; n = json_next(w->json, node, n)) {
		check_name(w, &at, n, rest);
		at.index++;
	}
}

/* Sections within sections. */
static void
check_sections(struct walk *w, const struct step *up, uint32_t composition)
{
	uint32_t list = json_get(w->json, composition, SLICE("section"));
	struct step at = { up, SLICE("section"), 0, NULL, NULL, NULL, 0 };

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n), at.index++) {
		if (!is_object(w, n) || json_get(w->json, n, SLICE("section")) == 0)
			continue;
		for (size_t i = 0; i < COUNT_OF(named); i++)
			if (slice_starts(slice_of(named[i]), SLICE("section.")))
				check_names(w, &at, n, slice_of(named[i]));
		check_sections(w, &at, n);
	}
}

static void
check_composition(struct walk *w, const struct step *entry, uint32_t composition)
{
	struct step at = { entry, SLICE("resource"), -1, NULL, NULL, NULL, 0 };

	for (size_t i = 0; i < COUNT_OF(named); i++)
		check_names(w, &at, composition, slice_of(named[i]));
	check_sections(w, &at, composition);
}

/* The graph */

static void
add_edge(struct walk *w, struct graph *g, uint32_t from, uint32_t to)
{
	if (g->edge_count + 2 > g->edge_room) {
		uint32_t room = g->edge_room == 0 ? 256 : g->edge_room * 2;

		g->edges = arena_grow(w->arena, g->edges, g->edge_room * 2 * sizeof *g->edges,
		    room * 2 * sizeof *g->edges);
		g->edge_room = room;
	}
	g->edges[g->edge_count * 2] = from;
	g->edges[g->edge_count * 2 + 1] = g->first[to];
	g->first[to] = ++g->edge_count;
}

static void
add_references(struct walk *w, struct graph *g, uint32_t from)
{
	uint32_t end = w->json->nodes[g->resource[from]].next;

	for (uint32_t n = g->resource[from]; n < end; n++) {
		struct item target;
		uint32_t to;

		if ((w->json->nodes[n].flags & JSON_IS_NAME) != 0 || json_type(w->json, n) != JSON_STRING
		    || !resolve_reference(w, json_string(w->json, n, w->arena), &target)
		    || (to = names_find(&g->by_resource, as_text(w, target.node))) == NAME_UNKNOWN)
			continue;
		add_edge(w, g, from, to);
		add_edge(w, g, to, from);
	}
}

static uint32_t *
reached_from_first(struct walk *w, struct graph *g)
{
	uint32_t *reached = arena_array(w->arena, g->count + 1, sizeof *reached);
	uint32_t *queue = arena_array(w->arena, g->count + 1, sizeof *queue), head = 0, tail = 0;

	reached[0] = 1;
	queue[tail++] = 0;
	while (head < tail)
		for (uint32_t e = g->first[queue[head++]]; e != 0; e = g->edges[e * 2 - 1]) {
			uint32_t next = g->edges[e * 2 - 2];

			if (reached[next])
				continue;
			reached[next] = 1;
			queue[tail++] = next;
		}
	return reached;
}

static void
collect(struct walk *w, struct graph *g, uint32_t list)
{
	uint32_t size = json_size(w->json, list) + 1;

	g->entry = arena_array(w->arena, size, sizeof *g->entry);
	g->resource = arena_array(w->arena, size, sizeof *g->resource);
	g->first = arena_array(w->arena, size, sizeof *g->first);
	names_init(&g->by_resource, w->arena, size);
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n), g->count++) {
		uint32_t resource = is_object(w, n) ? json_get(w->json, n, SLICE("resource")) : 0;

		g->entry[g->count] = n;
		g->resource[g->count] = is_object(w, resource) ? resource : n;
		names_add(&g->by_resource, as_text(w, g->resource[g->count]), g->count);
	}
}

void
check_document(struct walk *w, const struct step *at, uint32_t list)
{
	struct step entry = { at, SLICE("entry"), 0, NULL, NULL, NULL, 0 };
	struct graph g = { 0 };
	uint32_t *reached;

	collect(w, &g, list);
	if (g.count == 0 || g.resource[0] == g.entry[0]
	    || !slice_is(walk_text(w, g.resource[0], SLICE("resourceType")), "Composition"))
		return;                         /* bdl-11 */
	check_composition(w, &entry, g.resource[0]);
	for (uint32_t i = 0; i < g.count; i++)
		add_references(w, &g, i);
	reached = reached_from_first(w, &g);
	for (; entry.index < g.count; entry.index++)
		if (!reached[entry.index])
			complain(w, &entry, g.entry[entry.index], MESSAGE_document_orphan, SLICE_NONE);
}
