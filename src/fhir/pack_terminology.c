/* pack_terminology.c -- the pack's section of code systems, value sets, concept maps and
 * operations (terminology_format.h).
 *
 * Of two definitions with the same url and version the one of the earlier package stays.
 * The expansion that a package gives for a value set is kept only where the set
 * needs a code system that the packages do not hold whole: else it is computed. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fhir/pack_build.h"
#include "fhir/terminology.h"
#include "fhir/terminology_format.h"

#define NESTED_MAX 16

struct draft {
	uint32_t     kind, package;
	struct slice url, version, id, body;
};

struct drafts {
	struct draft *at;
	uint32_t      count;
};

static const struct {
	enum definition       from;
	enum terminology_kind to;
} kept_kinds[] = {
	{ DEFINITION_SYSTEM,    TERMINOLOGY_SYSTEM },
	{ DEFINITION_SET,       TERMINOLOGY_VALUE_SET },
	{ DEFINITION_MAP,       TERMINOLOGY_MAP },
	{ DEFINITION_OPERATION, TERMINOLOGY_OPERATION },
};

/* The resource without narrative, and without its expansion. */
static struct slice
plain_text(struct builder *b, const struct json *j)
{
	struct buf out;
	char before = '{';

	buf_init(&out, b->arena, SIZE_MAX);
	for (uint32_t name = json_first(j, 0); name != 0; name = json_next(j, 0, name)) {
		if (json_is(j, name, SLICE("text")) || json_is(j, name, SLICE("expansion")))
			continue;
		buf_add_char(&out, before);
		json_write_node(&out, j, name);
		buf_add_char(&out, ':');
		json_write_node(&out, j, name + 1);
		before = ',';
	}
	buf_add_char(&out, '}');
	return buf_slice(&out);
}

/* {"url": ..., "version": ..., "expansion": ...} */
static struct slice
expansion_text(struct builder *b, const struct json *j, uint32_t expansion)
{
	struct buf out;

	buf_init(&out, b->arena, SIZE_MAX);
	buf_add(&out, SLICE("{\"resourceType\":\"ValueSet\",\"expansion\":"));
	json_write_node(&out, j, expansion);
	buf_add_char(&out, '}');
	return buf_slice(&out);
}

static bool
is_whole(const struct json *j)
{
	return json_is(j, json_get(j, 0, SLICE("content")), SLICE("complete"))
	    && json_get(j, 0, SLICE("concept")) != 0;
}

static bool
system_is_whole(struct builder *b, struct slice system, struct slice version)
{
	const struct definitions *all = &b->of[DEFINITION_SYSTEM];
	uint32_t first = names_find(&b->system_names, system);

	if (first == NAME_UNKNOWN || version.len == 0)
		return first != NAME_UNKNOWN && is_whole(&all->at[first]);
	for (uint32_t i = first; i < all->count; i++)
		if (slice_eq(builder_text(b, &all->at[i], 0, "url"), system)
		    && slice_eq(builder_text(b, &all->at[i], 0, "version"), version))
			return is_whole(&all->at[i]);
	return false;
}

static bool computable(struct builder *, const struct json *, int depth);

static bool
set_computable(struct builder *b, struct slice url, int depth)
{
	uint32_t number = names_find(&b->set_names, slice_cut(&url, '|'));

	return number != NAME_UNKNOWN && depth < NESTED_MAX
	    && computable(b, b->sets[number].json, depth + 1);
}

static bool
part_computable(struct builder *b, const struct json *j, uint32_t part, int depth)
{
	struct slice system = builder_text(b, j, part, "system");
	uint32_t sets = json_get(j, part, SLICE("valueSet"));

	if (system.len > 0 && json_get(j, part, SLICE("concept")) == 0 
	    && !system_is_whole(b, system, builder_text(b, j, part, "version")))
		return false;
	for (uint32_t n = sets == 0 ? 0 : json_first(j, sets); n != 0; n = json_next(j, sets, n))
		if (!set_computable(b, json_string(j, n, b->arena), depth))
			return false;
	return true;
}

static bool
computable(struct builder *b, const struct json *j, int depth)
{
	static const char *const lists[] = { "compose.include", "compose.exclude" };

	if (json_path(j, 0, lists[0]) == 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		uint32_t list = json_path(j, 0, lists[i]);

		for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
			if (!part_computable(b, j, n, depth))
				return false;
	}
	return true;
}

static void
add_draft(struct builder *b, struct drafts *d, const struct json *j, uint32_t kind, uint32_t package)
{
	struct draft *new = &d->at[d->count];
	uint32_t expansion = json_get(j, 0, SLICE("expansion"));

	*new = (struct draft){ kind, package, builder_text(b, j, 0, "url"),
		builder_text(b, j, 0, "version"), builder_text(b, j, 0, "id"), SLICE_NONE };
	if (new->url.len == 0)
		return;
	if (kind == TERMINOLOGY_SYSTEM && code_system_is_supplement(j, 0))
		new->kind = TERMINOLOGY_SUPPLEMENT;
	new->body = kind == TERMINOLOGY_SYSTEM
	    ? code_system_bytes(code_system_compile(j, 0, b->arena)) : plain_text(b, j);
	d->count++;
	if (kind != TERMINOLOGY_VALUE_SET || expansion == 0 || computable(b, j, 0))
		return;
	d->at[d->count] = *new;
	d->at[d->count].kind = TERMINOLOGY_EXPANSION;
	d->at[d->count++].body = expansion_text(b, j, expansion);
}

static int
by_name(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;
	int order;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if ((order = slice_cmp(x->url, y->url)) != 0)
		return order;
	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	return slice_cmp(x->version, y->version);
}

/* The same definition in two packages: with the same url and version, of the same kind. */
static bool
stands_before(const struct drafts *d, uint32_t kept, const struct draft *one)
{
	for (uint32_t i = kept; i > 0; i--) {
		const struct draft *before = &d->at[i - 1];

		if (before->kind != one->kind || !slice_eq(before->url, one->url))
			return false;
		if (slice_eq(before->version, one->version))
			return true;
	}
	return false;
}

static void
collect(struct builder *b, struct drafts *d)
{
	uint32_t room = 0, kept = 0;

	for (size_t k = 0; k < COUNT_OF(kept_kinds); k++)
		room += 2 * b->of[kept_kinds[k].from].count;
	d->at = arena_array(b->arena, room + 1, sizeof *d->at);
	for (size_t k = 0; k < COUNT_OF(kept_kinds); k++)
		for (uint32_t i = 0; i < b->of[kept_kinds[k].from].count; i++)
			add_draft(b, d, &b->of[kept_kinds[k].from].at[i], kept_kinds[k].to,
			    b->of[kept_kinds[k].from].package[i]);
	qsort(d->at, d->count, sizeof *d->at, by_name);
	for (uint32_t i = 0; i < d->count; i++)
		if (!stands_before(d, kept, &d->at[i]))
			d->at[kept++] = d->at[i];
	d->count = kept;
}

/* Bodies begin at whole words, because code systems are read in place. */
static struct text_at
place(struct buf *out, struct slice s, size_t align)
{
	struct text_at t;

	while (out->len % align != 0)
		buf_add_char(out, '\0');
	t = (struct text_at){ (uint32_t)out->len, (uint32_t)s.len };
	buf_add(out, s);
	return t;
}

void
builder_write_terminology(struct builder *b, struct buf *section)
{
	struct drafts d = { .count = 0 };
	struct entry_row none = { .kind = 0 }, *rows;

	collect(b, &d);
	buf_add_bytes(section, &d.count, sizeof d.count);
	for (uint32_t i = 0; i < d.count; i++)
		buf_add_bytes(section, &none, sizeof none);
	for (uint32_t i = 0; i < d.count; i++) {
		struct entry_row row = { d.at[i].kind, d.at[i].package, place(section, d.at[i].url, 1),
			place(section, d.at[i].version, 1), place(section, d.at[i].id, 1),
			place(section, d.at[i].body, 4) };

		rows = (void *)(section->ptr + sizeof d.count);
		rows[i] = row;
	}
	while (section->len % 4 != 0)
		buf_add_char(section, '\0');
}
