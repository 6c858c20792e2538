/* patch_tree.c -- see patch_tree.h. */
#include "rest/patch_tree.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"

struct value *
tree_new(enum json_type type, struct slice text, struct arena *arena)
{
	struct value *v = arena_alloc(arena, sizeof *v);

	v->type = type;
	v->text = text;
	return v;
}

static struct value *
one(const struct json *j, uint32_t node, struct arena *arena, struct value **by_node)
{
	enum json_type type = json_type(j, node);
	struct value *v = tree_new(type, type < JSON_ARRAY ? json_raw(j, node) : SLICE_NONE, arena);

	if (by_node != NULL)
		by_node[node] = v;
	if (type < JSON_ARRAY)
		return v;
	for (uint32_t n = json_first(j, node); n != 0; n = json_next(j, node, n)) {
		bool named = (j->nodes[n].flags & JSON_IS_NAME) != 0;
		struct value *child = one(j, named ? n + 1 : n, arena, by_node);

		if (named)
			child->name = json_string(j, n, arena);
		tree_insert(v, NULL, child);
	}
	return v;
}

struct value *
tree_of(const struct json *j, uint32_t node, struct arena *arena, struct value ***by_node)
{
	if (by_node == NULL)
		return one(j, node, arena, NULL);
	*by_node = arena_array(arena, j->count + 1, sizeof **by_node);
	return one(j, node, arena, *by_node);
}

struct value *
tree_copy(const struct value *from, struct arena *arena, size_t *budget)
{
	struct value *v;

	if (*budget == 0)
		return NULL;
	--*budget;
	v = tree_new(from->type, from->text, arena);
	v->name = from->name;
	for (const struct value *c = from->first; c != NULL; c = c->next) {
		struct value *child = tree_copy(c, arena, budget);

		if (child == NULL)
			return NULL;
		tree_insert(v, NULL, child);
	}
	return v;
}

struct value *
tree_member(const struct value *object, struct slice name)
{
	struct value *c = object->type == JSON_OBJECT ? object->first : NULL;

	while (c != NULL && !slice_eq(c->name, name))
		c = c->next;
	return c;
}

struct value *
tree_item(const struct value *array, uint32_t i)
{
	struct value *c = array->type == JSON_ARRAY && i < array->count ? array->first : NULL;

	while (c != NULL && i-- > 0)
		c = c->next;
	return c;
}

uint32_t
tree_index(const struct value *item)
{
	uint32_t i = 0;

	while ((item = item->prev) != NULL)
		i++;
	return i;
}

void
tree_insert(struct value *parent, struct value *before, struct value *child)
{
	struct value *after = before == NULL ? parent->last : before->prev;

	child->parent = parent;
	child->prev = after;
	child->next = before;
	*(after == NULL ? &parent->first : &after->next) = child;
	*(before == NULL ? &parent->last : &before->prev) = child;
	parent->count++;
}

void
tree_take(struct value *child)
{
	struct value *parent = child->parent;

	*(child->prev == NULL ? &parent->first : &child->prev->next) = child->next;
	*(child->next == NULL ? &parent->last : &child->next->prev) = child->prev;
	parent->count--;
	child->parent = child->prev = child->next = NULL;
}

void
tree_replace(struct value *old, struct value *new_one)
{
	new_one->name = old->name;
	tree_insert(old->parent, old, new_one);
	tree_take(old);
}

void
tree_set(struct value *object, struct slice name, struct value *v)
{
	struct value *old = tree_member(object, name);

	v->name = name;
	if (old != NULL)
		tree_replace(old, v);
	else
		tree_insert(object, NULL, v);
}

/* Numbers: the digits without zeros at both ends, and the power of ten of the last one. */
struct number {
	bool    negative;
	struct slice digits;
	int64_t power;
};

static int64_t
exponent_of(struct slice text)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	uint64_t n = 0;

	if (text.len > 0 && (negative || text.ptr[0] == '+'))
		text = slice_sub(text, 1, text.len);
	if (!slice_uint(text, &n) || n > (uint64_t)1 << 40)
		n = (uint64_t)1 << 40;          /* so far out that only the same text is equal */
	return negative ? -(int64_t)n : (int64_t)n;
}

static struct number
number_of(struct slice text, struct arena *arena)
{
	char *digits = arena_alloc(arena, text.len + 1);
	struct number n = { .negative = text.len > 0 && text.ptr[0] == '-' };
	size_t count = 0, i = n.negative;
	bool fraction = false;

	for (; i < text.len && text.ptr[i] != 'e' && text.ptr[i] != 'E'; i++) {
		if (text.ptr[i] == '.') {
			fraction = true;
			continue;
		}
		n.power -= fraction;
		if (count > 0 || text.ptr[i] != '0')
			digits[count++] = text.ptr[i];
	}
	if (i < text.len)
		n.power += exponent_of(slice_sub(text, i + 1, text.len));
	for (; count > 0 && digits[count - 1] == '0'; count--)
		n.power++;
	n.digits = slice_make(digits, count);
	return n;
}

static bool
numbers_equal(struct slice a, struct slice b, struct arena *arena)
{
	struct number x = number_of(a, arena), y = number_of(b, arena);

	if (!slice_eq(x.digits, y.digits))
		return false;
	return x.digits.len == 0 || (x.negative == y.negative && x.power == y.power);
}

static struct slice
unescaped(const struct value *v, struct arena *arena)
{
	struct json_node node = { 0, (uint32_t)v->text.len, 1, JSON_STRING, JSON_ESCAPED, 0 };
	struct json j = { v->text, &node, 1 };

	return slice_find(v->text, '\\') == v->text.len ? v->text : json_string(&j, 0, arena);
}

static int
by_name(const void *a, const void *b)
{
	return slice_cmp((*(const struct value *const *)a)->name, (*(const struct value *const *)b)->name);
}

static const struct value **
sorted_members(const struct value *object, struct arena *arena)
{
	const struct value **all = arena_array(arena, object->count + 1, sizeof *all);
	uint32_t n = 0;

	for (const struct value *c = object->first; c != NULL; c = c->next)
		all[n++] = c;
	qsort(all, n, sizeof *all, by_name);
	return all;
}

static bool
members_equal(const struct value *a, const struct value *b, struct arena *arena)
{
	const struct value **x = sorted_members(a, arena), **y = sorted_members(b, arena);

	for (uint32_t i = 0; i < a->count; i++)
		if (!slice_eq(x[i]->name, y[i]->name) || !tree_equal(x[i], y[i], arena))
			return false;
	return true;
}

static bool
items_equal(const struct value *a, const struct value *b, struct arena *arena)
{
	const struct value *x = a->first, *y = b->first;

	for (; x != NULL; x = x->next, y = y->next)
		if (!tree_equal(x, y, arena))
			return false;
	return true;
}

bool
tree_equal(const struct value *a, const struct value *b, struct arena *arena)
{
	if (a->type != b->type || a->count != b->count)
		return false;
	switch (a->type) {
	case JSON_NUMBER:
		return numbers_equal(a->text, b->text, arena);
	case JSON_STRING:
		return slice_eq(unescaped(a, arena), unescaped(b, arena));
	case JSON_ARRAY:
		return items_equal(a, b, arena);
	case JSON_OBJECT:
		return members_equal(a, b, arena);
	default:
		return true;
	}
}

static void
write_children(struct buf *b, const struct value *v)
{
	for (const struct value *c = v->first; c != NULL; c = c->next) {
		if (c != v->first)
			buf_add_char(b, ',');
		if (v->type == JSON_OBJECT) {
			json_write_string(b, c->name);
			buf_add_char(b, ':');
		}
		tree_write(b, c);
	}
}

void
tree_write(struct buf *b, const struct value *v)
{
	static const char brackets[][2] = { { '[', ']' }, { '{', '}' } };

	if (v->type == JSON_STRING) {
		buf_add_char(b, '"');
		buf_add(b, v->text);
		buf_add_char(b, '"');
	} else if (v->type < JSON_ARRAY) {
		buf_add(b, v->text);
	} else {
		buf_add_char(b, brackets[v->type == JSON_OBJECT][0]);
		write_children(b, v);
		buf_add_char(b, brackets[v->type == JSON_OBJECT][1]);
	}
}
