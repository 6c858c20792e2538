/* builtin_where.c -- where(type, member, value): objects by the value of a member.
 *
 * A rule that compares each object with each other takes time that grows with their square.  Here
 * the objects of a type are put in order of the member once, and then looked up. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/builtin.h"

struct entry {
	struct slice        text;
	const struct value *object;
	uint32_t            order;
};

struct member_index {
	struct slice         type, member;
	struct entry        *entries;           /* sorted by text, then order */
	uint32_t             count;
	const struct value  *unknown;           /* the first value that is not known, or NULL */
	struct member_index *next;
};

static int
by_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = slice_cmp(x->text, y->text);

	return order != 0 ? order : x->order < y->order ? -1 : x->order > y->order;
}

/* The member at a path; its first step may be a field of a row. */
static const struct value *
member_of(struct builtin_call *c, const struct value *object, struct slice path)
{
	struct slice rest = path, step = slice_cut(&rest, '.');
	const struct value *v = builtin_member(c, object, slice_cstr(step, c->arena));

	while (rest.len > 0) {
		step = slice_cut(&rest, '.');
		while (v->kind == VALUE_LIST && v->count == 1)
			v = v->items[0];
		v = value_member(v, step);
	}
	return v;
}

static void
add_entry(struct builtin_call *c, struct member_index *x, const struct value *object, const struct value *v)
{
	if (v->kind == VALUE_UNKNOWN && x->unknown == NULL)
		x->unknown = v;
	if (v->kind == VALUE_STRING || v->kind == VALUE_NUMBER || v->kind == VALUE_BOOL) {
		x->entries[x->count] = (struct entry){ builtin_text_of(c, v), object, x->count };
		x->count++;
	}
}

static struct member_index *
make(struct builtin_call *c, struct slice type, struct slice path)
{
	struct engine *e = c->engine;
	struct project *before = engine_keep(e);
	struct member_index *x = arena_alloc(e->arena, sizeof *x);
	const struct value *all = engine_objects(e, type);

	c->arena = e->arena;
	*x = (struct member_index){ slice_dup(type, e->arena), slice_dup(path, e->arena), NULL, 0, NULL, e->indexes };
	e->indexes = x;
	x->entries = arena_array(e->arena, all->count + 1u, sizeof *x->entries);
	for (uint32_t i = 0; i < all->count; i++)
		add_entry(c, x, all->items[i], member_of(c, all->items[i], path));
	qsort(x->entries, x->count, sizeof *x->entries, by_text);
	engine_pass(e, before);
	c->arena = e->current->arena;
	return x;
}

static struct member_index *
index_of(struct builtin_call *c, struct slice type, struct slice path)
{
	for (struct member_index *x = c->engine->indexes; x != NULL; x = x->next)
		if (slice_eq(x->type, type) && slice_eq(x->member, path))
			return x;
	return make(c, type, path);
}

static uint32_t
first_entry(const struct member_index *x, struct slice text)
{
	uint32_t low = 0, high = x->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (slice_cmp(x->entries[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct value *
builtin_first_where(struct builtin_call *c, struct slice type, struct slice path, struct slice text)
{
	struct member_index *x = index_of(c, type, path);
	uint32_t i = first_entry(x, text);

	return i < x->count && slice_eq(x->entries[i].text, text) ? x->entries[i].object : NULL;
}

static const struct value *
where(struct builtin_call *c)
{
	struct slice text = builtin_text_of(c, c->args[2]);
	struct member_index *x = index_of(c, builtin_text_of(c, c->args[0]), builtin_text_of(c, c->args[1]));
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	if (c->args[2]->kind == VALUE_NULL)
		return value_end(&b);
	for (uint32_t i = first_entry(x, text); i < x->count && slice_eq(x->entries[i].text, text); i++)
		value_append(&b, x->entries[i].object);
	return b.made->count == 0 && x->unknown != NULL ? x->unknown : value_end(&b);
}

const struct builtin builtins_where[] = { { "where", 3, 3, 0, where } };
const size_t builtins_where_count = COUNT_OF(builtins_where);
