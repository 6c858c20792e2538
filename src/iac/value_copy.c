/* value_copy.c -- see value_copy.h. */
#include "iac/value_copy.h"

#include "base/arena.h"
#include "iac/hcl.h"

void
value_copier_init(struct value_copier *c, struct arena *to, struct arena *scratch,
    const struct source_twin *twins, uint32_t count)
{
	*c = (struct value_copier){ .arena = to, .scratch = scratch, .twins = twins, .twin_count = count };
}

/* ---- what was copied before ---- */

static struct copied *
slot_of(struct copied *slots, uint32_t room, const void *from)
{
	uint64_t hash = (uint64_t)(uintptr_t)from * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(hash >> 32) & (room - 1);

	while (slots[i].from != NULL && slots[i].from != from)
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static const void *
copied_before(const struct value_copier *c, const void *from)
{
	return c->room == 0 ? NULL : slot_of(c->slots, c->room, from)->to;
}

static void
remember(struct value_copier *c, const void *from, const void *to)
{
	if (c->used * 2 >= c->room) {
		uint32_t room = c->room == 0 ? 256 : c->room * 2;
		struct copied *slots = arena_array(c->scratch, room, sizeof *slots);

		for (uint32_t i = 0; i < c->room; i++)
			if (c->slots[i].from != NULL)
				*slot_of(slots, room, c->slots[i].from) = c->slots[i];
		c->slots = slots;
		c->room = room;
	}
	*slot_of(c->slots, c->room, from) = (struct copied){ from, to };
	c->used++;
}

/* ---- parts ---- */

static bool
stays(const struct value_copier *c, const void *p)
{
	return c->only != NULL && !arena_holds(c->only, p);
}

struct span
value_copy_span(const struct value_copier *c, struct span s)
{
	if (s.source < c->twin_count)
		s.source = c->twins[s.source].index;
	return s;
}

struct slice
value_copy_text(const struct value_copier *c, struct slice text, uint32_t source)
{
	const struct source_twin *t = source < c->twin_count ? &c->twins[source] : NULL;

	if (text.len == 0 || stays(c, text.ptr))
		return text;
	if (t != NULL && text.ptr >= t->before.ptr && text.ptr + text.len <= t->before.ptr + t->before.len)
		return slice_make(t->after.ptr + (text.ptr - t->before.ptr), text.len);
	return slice_dup(text, c->arena);
}

const struct why *
value_copy_why(struct value_copier *c, const struct why *w)
{
	struct why *made;
	const struct why *before;

	if (w == NULL || w == &hcl_open_map || w == &hcl_partial_map || stays(c, w))
		return w;
	if ((before = copied_before(c, w)) != NULL)
		return before;
	made = arena_alloc(c->arena, sizeof *made);
	remember(c, w, made);
	made->text = value_copy_text(c, w->text, w->span.source);
	made->span = value_copy_span(c, w->span);
	made->next = value_copy_why(c, w->next);
	return made;
}

static void
copy_items(struct value_copier *c, struct value *to, const struct value *from)
{
	if (stays(c, from->items))
		return;
	to->items = arena_array(c->arena, from->count, sizeof *to->items);
	for (uint32_t i = 0; i < from->count; i++)
		to->items[i] = value_copy(c, from->items[i]);
}

static void
copy_members(struct value_copier *c, struct value *to, const struct value *from)
{
	if (stays(c, from->members))
		return;         /* objects are known by their members */
	to->members = arena_array(c->arena, from->count, sizeof *to->members);
	for (uint32_t i = 0; i < from->count; i++) {
		const struct member *m = &from->members[i];

		to->members[i] = (struct member){ value_copy_text(c, m->key, m->key_span.source),
			value_copy_span(c, m->key_span), value_copy(c, m->value) };
	}
}

/* Depth is limited by those who make values (DOCUMENT_DEPTH, hcl_moderate()). */
const struct value *
value_copy(struct value_copier *c, const struct value *v)
{
	const struct value *before;
	struct value *made;

	if (v == &value_null || stays(c, v))
		return v;
	if ((before = copied_before(c, v)) != NULL)
		return before;
	made = arena_alloc(c->arena, sizeof *made);
	remember(c, v, made);
	*made = *v;
	made->text = value_copy_text(c, v->text, v->span.source);
	made->span = value_copy_span(c, v->span);
	made->why = value_copy_why(c, v->why);
	if (v->kind == VALUE_MAP && v->count > 0)
		copy_members(c, made, v);
	else if (v->kind != VALUE_NUMBER && v->count > 0)
		copy_items(c, made, v);
	return made;
}
