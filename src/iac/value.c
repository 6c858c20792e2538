/* value.c -- see value.h. */
#include "iac/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

const struct value value_null = { .kind = VALUE_NULL };

const struct value *
value_member(const struct value *map, struct slice key)
{
	uint32_t i;

	if (map->kind == VALUE_UNKNOWN)
		return map;
	if (map->kind == VALUE_MAP)
		for (i = 0; i < map->count; i++)
			if (slice_eq(map->members[i].key, key))
				return map->members[i].value;
	return &value_null;
}

const struct value *
value_item(const struct value *list, uint32_t index)
{
	if (list->kind == VALUE_UNKNOWN)
		return list;
	return list->kind == VALUE_LIST && index < list->count ? list->items[index] : &value_null;
}

const struct value *
value_path(const struct value *v, const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, ".");

		if (v->kind == VALUE_LIST)
			v = value_item(v, (uint32_t)strtoul(path, NULL, 10));
		else
			v = value_member(v, slice_make(path, len));
		path += len + (path[len] == '.');
	}
	return v;
}

static struct value *
make(struct arena *a, enum value_kind kind, struct span span)
{
	struct value *v = arena_alloc(a, sizeof *v);

	v->kind = kind;
	v->span = span;
	return v;
}

const struct value *
value_unknown(struct arena *a, struct span span, struct slice because)
{
	struct value *v = make(a, VALUE_UNKNOWN, span);
	struct why *why = arena_alloc(a, sizeof *why);

	why->text = because;
	why->span = span;
	v->why = why;
	return v;
}

const struct value *
value_made(struct arena *arena, struct span span, struct slice because)
{
	struct value *v = arena_alloc(arena, sizeof *v);

	*v = *value_unknown(arena, span, because);
	v->made = true;
	return v;
}

const struct value *
value_bool(struct arena *a, struct span span, bool boolean)
{
	struct value *v = make(a, VALUE_BOOL, span);

	v->boolean = boolean;
	return v;
}

const struct value *
value_number(struct arena *a, struct span span, struct slice text)
{
	struct value *v = make(a, VALUE_NUMBER, span);
	char *copy = arena_alloc(a, text.len + 1);

	memcpy(copy, text.ptr, text.len);
	v->text = slice_make(copy, text.len);
	v->number = strtod(copy, NULL);
	return v;
}

const struct value *
value_string(struct arena *a, struct span span, struct slice text)
{
	struct value *v = make(a, VALUE_STRING, span);

	v->text = text;
	return v;
}

void
value_begin(struct value_builder *b, struct arena *a, enum value_kind kind, struct span span)
{
	b->arena = a;
	b->made = make(a, kind, span);
	b->room = 0;
}

static void *
grown(struct value_builder *b, void *old, size_t size)
{
	uint32_t before = b->room;

	b->room = before == 0 ? 4 : before * 2;
	return arena_grow(b->arena, old, before * size, b->room * size);
}

void
value_append(struct value_builder *b, const struct value *v)
{
	if (b->made->count == b->room)
		b->made->items = grown(b, (void *)b->made->items, sizeof *b->made->items);
	b->made->items[b->made->count++] = v;
}

void
value_put(struct value_builder *b, struct slice key, struct span span, const struct value *v)
{
	struct value *made = b->made;
	uint32_t i;

	for (i = 0; i < made->count && !slice_eq(made->members[i].key, key); i++)
		;
	if (i == b->room)
		made->members = grown(b, made->members, sizeof *made->members);
	made->members[i] = (struct member){ key, span, v };
	if (i == made->count)
		made->count++;
}

const struct value *
value_end(struct value_builder *b)
{
	return b->made;
}

const struct value *
value_moved(struct arena *a, const struct value *v, struct span span)
{
	struct value *copy = arena_alloc(a, sizeof *copy);

	*copy = *v;
	copy->span = span;
	if (v->kind == VALUE_LIST)
		copy->items = arena_array(a, v->count + 1u, sizeof *copy->items);
	if (v->kind == VALUE_MAP)
		copy->members = arena_array(a, v->count + 1u, sizeof *copy->members);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		copy->items[i] = value_moved(a, v->items[i], span);
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		copy->members[i] = (struct member){ v->members[i].key, span, value_moved(a, v->members[i].value, span) };
	return copy;
}

static bool
members_equal(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->count; i++) {
		const struct value *other = value_member(b, a->members[i].key);

		if (other == &value_null || !value_equal(a->members[i].value, other))
			return false;
	}
	return true;
}

static bool
items_equal(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (!value_equal(a->items[i], b->items[i]))
			return false;
	return true;
}

bool
value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind || a->kind == VALUE_UNKNOWN)
		return false;
	switch (a->kind) {
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_NUMBER:
		return !(a->number < b->number) && !(a->number > b->number);
	case VALUE_STRING:
		return slice_eq(a->text, b->text);
	case VALUE_LIST:
		return a->count == b->count && items_equal(a, b);
	case VALUE_MAP:
		return a->count == b->count && members_equal(a, b);
	default:
		return true;
	}
}

bool
value_has_unknown(const struct value *v)
{
	uint32_t i;

	if (v->kind == VALUE_UNKNOWN)
		return true;
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		if (value_has_unknown(v->items[i]))
			return true;
	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		if (value_has_unknown(v->members[i].value))
			return true;
	return false;
}
