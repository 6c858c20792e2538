/* graph.c -- see graph.h. */
#include "iac/graph.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"

enum { SUFFIXES_MAX = 8, NAME_LEAST = 3 };

/* ---- types ---- */

bool
graph_type_matches(struct slice pattern, struct slice type)
{
	if (pattern.len > 0 && pattern.ptr[pattern.len - 1] == '*')
		return slice_starts(type, slice_sub(pattern, 0, pattern.len - 1));
	return slice_eq(pattern, type);
}

static int
by_type(const void *a, const void *b, void *resources)
{
	const struct resource *all = resources;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = slice_cmp(all[x].type, all[y].type);

	return order != 0 ? order : x < y ? -1 : x > y;
}

void
graph_types(const struct graph *g, struct slice type, uint32_t *from, uint32_t *to)
{
	const struct resource *all = g->project->resources;
	uint32_t low = 0, high = g->project->resource_count;
	struct slice prefix = type;

	if (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '*')
		prefix.len--;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (slice_cmp(all[g->by_type[middle]].type, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*from = *to = low;
	while (*to < g->project->resource_count && graph_type_matches(type, all[g->by_type[*to]].type))
		++*to;
}

/* ---- texts to resources ---- */

/* A text of a unit (0: of any) that names a resource; many may have the same. */
struct name {
	struct slice text;
	uint32_t     unit, resource, next;      /* next: index + 1 of the next in its chain */
};

struct names {
	struct arena *arena;
	struct name  *list;
	uint32_t      count, room, expected, *heads, head_room;
};

static uint32_t
hash_of(struct slice text, uint32_t unit)
{
	uint64_t h = 14695981039346656037u ^ unit;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * 1099511628211u;
	return (uint32_t)(h ^ h >> 32);
}

static void
names_add(struct names *n, struct slice text, uint32_t unit, uint32_t resource)
{
	uint32_t before = n->room;

	if (n->count == before) {
		n->room = before == 0 ? n->expected + 256 : before * 2;
		n->list = arena_grow(n->arena, n->list, before * sizeof *n->list, n->room * sizeof *n->list);
	}
	n->list[n->count++] = (struct name){ text, unit, resource, 0 };
}

/* Chains hold the names in the order they were added. */
static void
names_index(struct names *n)
{
	for (n->head_room = 256; n->head_room < n->count; n->head_room *= 2)
		;
	n->heads = arena_array(n->arena, n->head_room, sizeof *n->heads);
	for (uint32_t i = n->count; i-- > 0; ) {
		uint32_t *head = &n->heads[hash_of(n->list[i].text, n->list[i].unit) & (n->head_room - 1)];

		n->list[i].next = *head;
		*head = i + 1;
	}
}

/* The next behind `after` (NULL: the first). */
static const struct name *
names_next(const struct names *n, struct slice text, uint32_t unit, const struct name *after)
{
	uint32_t at = after != NULL ? after->next : n->heads[hash_of(text, unit) & (n->head_room - 1)];

	for (; at != 0; at = n->list[at - 1].next)
		if (n->list[at - 1].unit == unit && slice_eq(n->list[at - 1].text, text))
			return &n->list[at - 1];
	return NULL;
}

/* ---- addresses ---- */

/* "a.b[0]" is "a.b" and "[0]". */
static struct slice
base_of(struct slice address, struct slice *suffix)
{
	size_t len = address.len;

	*suffix = SLICE("");
	if (len == 0 || address.ptr[len - 1] != ']')
		return address;
	while (len > 0 && address.ptr[len - 1] != '[')
		len--;
	if (len == 0)
		return address;
	*suffix = slice_sub(address, len - 1, address.len);
	return slice_sub(address, 0, len - 1);
}

/* "prod/Service/x#2" is "Service/x". */
static struct slice
without_namespace(struct slice address)
{
	size_t first = slice_find(address, '/');
	struct slice rest = slice_sub(address, first + 1, address.len);

	address = slice_find(rest, '/') < rest.len ? rest : address;
	return slice_sub(address, 0, slice_find(address, '#'));
}

static struct slice
name_of(const struct resource *r, struct slice *suffix)
{
	*suffix = SLICE("");
	return r->language == LANGUAGE_KUBERNETES ? without_namespace(r->address) : base_of(r->address, suffix);
}

/* ---- building ---- */

struct builder {
	struct graph     *graph;
	struct arena     *arena;
	struct names      addresses, names;
	uint32_t          room;
};

static void
add_edge(struct builder *b, uint32_t from, uint32_t to)
{
	struct graph *g = b->graph;
	uint32_t before = b->room;

	if (from == to)
		return;
	if (g->edge_count == before) {
		b->room = before == 0 ? 256 : before * 2;
		g->out = arena_grow(b->arena, g->out, before * sizeof *g->out, b->room * sizeof *g->out);
	}
	g->out[g->edge_count++] = (struct graph_edge){ from, to };
}

/* The resources a reference means: an index in brackets must agree when both have one. */
static void
add_reference(struct builder *b, uint32_t from, struct slice address)
{
	const struct project *p = b->graph->project;
	struct slice suffix, own, base = base_of(address, &suffix);

	if (p->resources[from].language == LANGUAGE_KUBERNETES)
		base = address;
	for (const struct name *n = NULL; (n = names_next(&b->addresses, base, p->resources[from].unit, n)) != NULL; ) {
		name_of(&p->resources[n->resource], &own);
		if (suffix.len == 0 || own.len == 0 || slice_eq(suffix, own))
			add_edge(b, from, n->resource);
	}
}

/* Attributes that hold a resource's own name, and the end of the types for which they do. */
static const struct { const char *attribute, *type; } naming[] = {
	{ "name", "" },                 { "Name", "" },                 { "id", "" },
	{ "arn", "" },                  { "identifier", "" },           { "bucket", "_bucket" },
	{ "cluster_identifier", "_cluster" }, { "function_name", "_function" },
	{ "BucketName", "::Bucket" },   { "TableName", "::Table" },     { "FunctionName", "::Function" },
	{ "LogGroupName", "::LogGroup" }, { "DBInstanceIdentifier", "::DBInstance" },
};

static bool
is_naming(const struct resource *r, struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(naming); i++)
		if (slice_is(key, naming[i].attribute) && slice_ends(r->type, slice_of(naming[i].type)))
			return true;
	return false;
}

static void
gather_names(struct builder *b, uint32_t i)
{
	const struct resource *r = &b->graph->project->resources[i];
	struct slice suffix;

	names_add(&b->addresses, name_of(r, &suffix), r->unit, i);
	if (r->language == LANGUAGE_CLOUDFORMATION)
		names_add(&b->names, r->name, r->unit, i);      /* some write it where a Ref belongs */
	for (size_t k = 0; k < COUNT_OF(naming); k++) {
		const struct value *v = value_path(r->attributes, naming[k].attribute);

		if (v->kind == VALUE_STRING && v->text.len >= NAME_LEAST
		    && slice_ends(r->type, slice_of(naming[k].type)))
			names_add(&b->names, v->text, 0, i);
	}
}

/* The text as a whole, and what stands behind each ':' and '/' of it, the last ones first. */
static void
add_named(struct builder *b, uint32_t from, struct slice text)
{
	uint32_t tried = 0;

	for (size_t at = text.len; at-- > 0 && tried < SUFFIXES_MAX; ) {
		struct slice name = text;

		if (at > 0 && text.ptr[at - 1] != ':' && text.ptr[at - 1] != '/')
			continue;
		name = slice_sub(text, at, text.len);
		tried++;
		for (const struct name *n = NULL; name.len >= NAME_LEAST
		    && (n = names_next(&b->names, name, 0, n)) != NULL; )
			add_edge(b, from, n->resource);
	}
	if (b->graph->project->resources[from].language == LANGUAGE_CLOUDFORMATION)
		for (const struct name *n = NULL; (n = names_next(&b->names, text,
		    b->graph->project->resources[from].unit, n)) != NULL; )
			add_edge(b, from, n->resource);
}

static void
add_edges(struct builder *b, uint32_t i)
{
	const struct resource *r = &b->graph->project->resources[i];
	const struct value *all = r->attributes;
	uint32_t k;

	for (k = 0; k < r->reference_count; k++)
		add_reference(b, i, r->references[k].address);
	for (k = 0; all->kind == VALUE_MAP && k < all->count; k++)
		if (all->members[k].value->kind == VALUE_STRING && !is_naming(r, all->members[k].key))
			add_named(b, i, all->members[k].value->text);
}

static int
by_from(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static int
by_to(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static void
sort_edges(struct graph *g, struct arena *a)
{
	uint32_t to = 0;

	if (g->edge_count == 0)
		return;
	qsort(g->out, g->edge_count, sizeof *g->out, by_from);
	for (uint32_t i = 0; i < g->edge_count; i++)
		if (to == 0 || by_from(&g->out[to - 1], &g->out[i]) != 0)
			g->out[to++] = g->out[i];
	g->edge_count = to;
	g->in = arena_array(a, to, sizeof *g->in);
	memcpy(g->in, g->out, to * sizeof *g->in);
	qsort(g->in, to, sizeof *g->in, by_to);
}

/* ---- doubts ---- */

/* Attributes that may hold anything's name. */
static const char *const pointers[] = { "resource_arn", "resource_id", "target_resource_id", "target_id",
	"target_arn", "scope", "parent" };

static bool
is_pointer(struct slice attribute)
{
	for (size_t i = 0; i < COUNT_OF(pointers); i++)
		if (slice_is(attribute, pointers[i]))
			return true;
	return false;
}

/* Whether the first word of an attribute's name is a word of the type: "bucket", "aws_s3_bucket". */
static bool
may_point(struct slice attribute, struct slice type)
{
	struct slice word = slice_sub(attribute, 0, slice_find(attribute, '_'));

	if (is_pointer(attribute))
		return true;
	while (type.len > 0)
		if (slice_eq(slice_cut(&type, '_'), word))
			return true;
	return false;
}

/* Whether the attribute refers to something that has a place of its own: then it is known where it
 * points. */
static bool
is_bound(const struct resource *r, struct slice attribute)
{
	for (uint32_t k = 0; k < r->reference_count; k++)
		if (slice_eq(r->references[k].attribute, attribute)
		    && !slice_starts(r->references[k].address, SLICE("var."))
		    && !slice_starts(r->references[k].address, SLICE("module.")))
			return true;
	return false;
}

/* An unknown attribute that refers to nothing and may hold a resource of the type (empty: any). */
static const struct value *
doubt_of(const struct resource *from, struct slice type)
{
	const struct value *all = from->attributes;

	for (uint32_t k = 0; all->kind == VALUE_MAP && k < all->count; k++)
		if (all->members[k].value->kind == VALUE_UNKNOWN
		    && !slice_starts(all->members[k].value->text, SLICE("{"))   /* a document, no name */
		    && (type.len == 0 || may_point(all->members[k].key, type))
		    && !is_bound(from, all->members[k].key))
			return all->members[k].value;
	return NULL;
}

void
graph_init(struct graph *g, struct arena *a, const struct project *p)
{
	struct builder b = { .graph = g, .arena = a, .addresses = { .arena = a, .expected = p->resource_count },
		.names = { .arena = a, .expected = p->resource_count } };
	uint32_t i, n = p->resource_count;

	*g = (struct graph){ .project = p };
	g->by_type = arena_array(a, n + 1u, sizeof *g->by_type);
	g->doubtful = arena_array(a, n + 1u, sizeof *g->doubtful);
	for (i = 0; i < n; i++) {
		g->by_type[i] = i;
		gather_names(&b, i);
	}
	qsort_r(g->by_type, n, sizeof *g->by_type, by_type, p->resources);
	names_index(&b.addresses);
	names_index(&b.names);
	for (i = 0; i < n; i++)
		add_edges(&b, i);
	for (i = 0; i < n; i++)
		if (doubt_of(&p->resources[g->by_type[i]], SLICE("")) != NULL)
			g->doubtful[g->doubtful_count++] = g->by_type[i];
	sort_edges(g, a);
}

/* ---- asking ---- */

static uint32_t
first_edge(const struct graph_edge *edges, uint32_t count, uint32_t of, bool in)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if ((in ? edges[middle].to : edges[middle].from) < of)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

const uint32_t *
graph_links(const struct graph *g, struct arena *a, uint32_t r, unsigned ways, uint32_t *count)
{
	uint32_t in = first_edge(g->in, g->edge_count, r, true), out = first_edge(g->out, g->edge_count, r, false);
	uint32_t n = 0, to = 0, i, *list;

	for (i = in; i < g->edge_count && g->in[i].to == r; i++)
		n++;
	for (i = out; i < g->edge_count && g->out[i].from == r; i++)
		n++;
	list = arena_array(a, n + 1u, sizeof *list);
	n = 0;
	for (i = in; (ways & GRAPH_FROM) && i < g->edge_count && g->in[i].to == r; i++)
		list[n++] = g->in[i].from;
	for (i = out; (ways & GRAPH_TO) && i < g->edge_count && g->out[i].from == r; i++)
		list[n++] = g->out[i].to;
	qsort(list, n, sizeof *list, by_number);
	for (i = 0; i < n; i++)
		if (to == 0 || list[to - 1] != list[i])
			list[to++] = list[i];
	*count = to;
	return list;
}

/* The first of those in doubt whose type is not less. */
static uint32_t
first_doubtful(const struct graph *g, struct slice type)
{
	uint32_t low = 0, high = g->doubtful_count;

	if (type.len > 0 && type.ptr[type.len - 1] == '*')
		type.len--;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (slice_cmp(g->project->resources[g->doubtful[middle]].type, type) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct value *
graph_doubt(const struct graph *g, struct slice about, struct slice type)
{
	const struct resource *all = g->project->resources;
	const struct value *v = NULL;

	for (uint32_t i = first_doubtful(g, type); i < g->doubtful_count && v == NULL
	    && graph_type_matches(type, all[g->doubtful[i]].type); i++)
		v = doubt_of(&all[g->doubtful[i]], about);
	return v;
}

const struct value *
graph_own_doubt(const struct graph *g, uint32_t r, struct slice type)
{
	uint32_t from, to;

	graph_types(g, type, &from, &to);
	return from < to ? doubt_of(&g->project->resources[r], g->project->resources[g->by_type[from]].type) : NULL;
}
