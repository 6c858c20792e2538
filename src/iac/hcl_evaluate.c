/* hcl_evaluate.c -- expressions to values; see hcl.h for what unknown means here. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "iac/hcl.h"

enum { DEPTH_MAX = 1000, TEXT_MAX = 1 << 20 };

#define PLACEHOLDER SLICE("${?}")

void
hcl_meter_init(struct hcl_meter *m)
{
	*m = (struct hcl_meter){ .steps = limits_default.of[LIMIT_SCAN_STEPS],
		.bytes = limits_default.of[LIMIT_SCAN_TEXT] };
}

size_t
hcl_room(const struct hcl_meter *m)
{
	return m->bytes < TEXT_MAX ? m->bytes : TEXT_MAX;
}

void
hcl_spend(struct hcl_meter *m, size_t bytes)
{
	m->bytes -= bytes < m->bytes ? bytes : m->bytes;
}

static struct arena *
arena_of(const struct hcl_scope *s)
{
	return s->project->arena;
}

/* Counted from the first evaluation on. */
static bool
is_out_of_memory(const struct hcl_scope *s)
{
	size_t used = arena_used(arena_of(s));

	if (s->meter->memory == 0)
		s->meter->memory = used + limits_default.of[LIMIT_SCAN_MEMORY];
	return used > s->meter->memory;
}

const struct value *
hcl_error(const struct hcl_scope *s, struct span span, const char *reason)
{
	s->meter->errors++;
	return value_unknown(arena_of(s), span, slice_of(reason));
}

const struct value *
hcl_because(struct arena *a, const struct value *v, struct span span, struct slice text)
{
	struct value *copy = arena_alloc(a, sizeof *copy);
	struct why *why = arena_alloc(a, sizeof *why);

	*copy = *v;
	*why = (struct why){ text, span, v->why };
	copy->why = why;
	return copy;
}

/* A part of a value is known, or not, for the reasons the whole is. */
static const struct value *
inherit(struct arena *a, const struct value *whole, const struct value *part)
{
	struct value *copy;

	if (part == &value_null || ((whole->why == NULL || part->why != NULL) && !whole->sensitive))
		return part;
	copy = arena_alloc(a, sizeof *copy);
	*copy = *part;
	copy->sensitive = whole->sensitive || part->sensitive;
	if (copy->why == NULL && whole->why != &hcl_open_map && whole->why != &hcl_partial_map)
		copy->why = whole->why;
	return copy;
}

/* An unknown without the values it may be: what is made of it is another. */
static const struct value *
only_unknown(struct arena *a, const struct value *v)
{
	struct value *copy;

	if (v->kind != VALUE_UNKNOWN || v->count == 0)
		return v;
	copy = arena_alloc(a, sizeof *copy);
	*copy = *v;
	copy->count = 0;
	copy->items = NULL;
	return copy;
}

static const struct value *
find_member(const struct value *map, struct slice name)
{
	for (uint32_t i = 0; i < map->count; i++)
		if (slice_eq(map->members[i].key, name))
			return map->members[i].value;
	return NULL;
}

const struct value *
hcl_member(const struct hcl_scope *s, const struct value *v, struct slice name, struct span span)
{
	const struct value *found;

	if (v->kind == VALUE_UNKNOWN)
		return only_unknown(arena_of(s), v);
	if (s->lenient && v->kind == VALUE_LIST && v->count == 1)
		return hcl_member(s, inherit(arena_of(s), v, v->items[0]), name, span);
	if (s->lenient && v->kind == VALUE_LIST && v->count > 1)
		return hcl_error(s, span, "there are several; use a for expression");
	if (s->lenient && v->kind != VALUE_MAP)
		return &value_null;
	if (v->kind != VALUE_MAP)
		return hcl_error(s, span, "only an object has attributes");
	found = find_member(v, name);
	if (found != NULL)
		return inherit(arena_of(s), v, found);
	if (s->member != NULL && (found = s->member(s->ctx, v, name)) != NULL)
		return found;
	if (v->why == &hcl_partial_map)
		return value_unknown(arena_of(s), span, hcl_partial_map.text);
	if (s->lenient)
		return &value_null;
	if (v->why == &hcl_open_map)
		return value_made(arena_of(s), span, hcl_open_map.text);
	return hcl_error(s, span, "the object has no such attribute");
}

static const struct value *
list_index(const struct hcl_scope *s, const struct value *v, const struct value *key, struct span span)
{
	const struct value *n = hcl_to_number(arena_of(s), key);

	if (n == NULL || n->kind != VALUE_NUMBER)
		return hcl_error(s, span, "the index of a list is a number");
	if (!(n->number >= 0) || n->number >= v->count || floor(n->number) < n->number)
		return s->lenient ? &value_null : hcl_error(s, span, "the index is not in the list");
	return inherit(arena_of(s), v, v->items[(uint32_t)n->number]);
}

const struct value *
hcl_index(const struct hcl_scope *s, const struct value *v, const struct value *key, struct span span)
{
	const struct value *name;

	if (v->kind == VALUE_UNKNOWN)
		return only_unknown(arena_of(s), v);
	if (key->kind == VALUE_UNKNOWN)
		return key;
	if (s->lenient && (v->kind == VALUE_NULL || key->kind == VALUE_NULL))
		return &value_null;
	if (v->kind == VALUE_LIST)
		return list_index(s, v, key, span);
	name = hcl_to_string(arena_of(s), key);
	if (v->kind != VALUE_MAP || name == NULL || name->kind != VALUE_STRING)
		return s->lenient ? &value_null : hcl_error(s, span, "this value has no such index");
	return hcl_member(s, v, name->text, span);
}

/* ---- names and paths ---- */

static const struct value *
bound(const struct hcl_scope *s, struct slice name)
{
	for (const struct hcl_binding *b = s->bindings; b != NULL; b = b->next)
		if (slice_eq(b->name, name))
			return b->value;
	return NULL;
}

static const struct value *
evaluate_root(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *v = bound(s, e->name);

	if (v == NULL && s->root != NULL)
		v = s->root(s->ctx, e->name);
	return v != NULL ? v : hcl_error(s, e->span, "no such name");
}

static bool
is_step(const struct hcl_expression *e)
{
	return e->kind == HCL_MEMBER || e->kind == HCL_INDEX;
}

/* The root below members and indexes, when it is a free name. */
static const struct hcl_expression *
free_root(const struct hcl_expression *e, const struct hcl_scope *s, uint32_t *steps)
{
	for (*steps = 1; is_step(e); ++*steps)
		e = e->items[0];
	return e->kind == HCL_ROOT && bound(s, e->name) == NULL ? e : NULL;
}

static struct hcl_step
step_of(const struct hcl_expression *e, const struct hcl_scope *s)
{
	if (e->kind == HCL_INDEX)
		return (struct hcl_step){ hcl_evaluate(e->items[1], s), e->span, true };
	return (struct hcl_step){ value_string(arena_of(s), e->span, e->name), e->span, false };
}

static const struct value *
apply_steps(const struct hcl_scope *s, const struct value *v, const struct hcl_step *steps, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		v = steps[i].index ? hcl_index(s, v, steps[i].key, steps[i].span)
		    : hcl_member(s, v, steps[i].key->text, steps[i].span);
	return v;
}

static const struct value *
evaluate_path(const struct hcl_expression *e, const struct hcl_scope *s)
{
	uint32_t n, i, used = 1;
	const struct hcl_expression *root = free_root(e, s, &n);
	const struct value *v = NULL;
	struct hcl_step *steps;

	if (root == NULL && e->kind == HCL_MEMBER)
		return hcl_member(s, hcl_evaluate(e->items[0], s), e->name, e->span);
	if (root == NULL)
		return hcl_index(s, hcl_evaluate(e->items[0], s), hcl_evaluate(e->items[1], s), e->span);
	steps = arena_array(arena_of(s), n, sizeof *steps);
	for (i = n; i-- > 0; e = i > 0 ? e->items[0] : e)
		steps[i] = step_of(e, s);
	if (s->traverse != NULL)
		v = s->traverse(s->ctx, steps, n, &used);
	if (v == NULL) {
		used = 1;
		v = evaluate_root(root, s);
	}
	return apply_steps(s, v, steps + used, n - used);
}

/* ---- templates ---- */

static void
add_part(struct buf *b, const struct hcl_scope *s, const struct value *v, const struct value **unknown)
{
	const struct value *text = hcl_to_string(arena_of(s), v);

	if (text == NULL || text->kind == VALUE_NULL)
		text = hcl_error(s, v->span, "a template cannot hold this value");
	if (text->kind == VALUE_UNKNOWN && *unknown == NULL)
		*unknown = text;
	buf_add(b, text->kind == VALUE_UNKNOWN && text->text.len == 0 ? PLACEHOLDER : text->text);
}

/* The text; or, when a part is unknown, an unknown with its sketch. */
static const struct value *
text_value(const struct hcl_scope *s, struct span span, struct buf *b, const struct value *unknown)
{
	struct value *v = arena_alloc(arena_of(s), sizeof *v);

	hcl_spend(s->meter, b->len);
	if (!buf_ok(b))
		return value_unknown(arena_of(s), span, SLICE("the text is too long"));
	v->kind = unknown != NULL ? VALUE_UNKNOWN : VALUE_STRING;
	v->span = span;
	v->text = buf_slice(b);
	v->why = unknown != NULL ? unknown->why : NULL;
	return v;
}

static const struct value *
evaluate_template(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *unknown = NULL, *v, *made;
	bool sensitive = false;
	struct buf b;

	buf_init(&b, arena_of(s), hcl_room(s->meter));
	for (uint32_t i = 0; i < e->count; i++) {
		v = hcl_evaluate(e->items[i], s);
		sensitive = sensitive || v->sensitive;
		add_part(&b, s, v, &unknown);
	}
	made = text_value(s, e->span, &b, unknown);
	return sensitive ? inherit(arena_of(s), &(struct value){ .sensitive = true }, made) : made;
}

static const struct value *
evaluate_join(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *list = hcl_evaluate(e->items[0], s), *unknown = NULL;
	struct buf b;

	if (list->kind != VALUE_LIST)
		return list;
	buf_init(&b, arena_of(s), hcl_room(s->meter));
	for (uint32_t i = 0; i < list->count; i++)
		add_part(&b, s, list->items[i], &unknown);
	return text_value(s, e->span, &b, unknown);
}

/* ---- constructors ---- */

static const struct value *
evaluate_tuple(const struct hcl_expression *e, const struct hcl_scope *s)
{
	struct value_builder b;

	value_begin(&b, arena_of(s), VALUE_LIST, e->span);
	for (uint32_t i = 0; i < e->count; i++)
		value_append(&b, hcl_evaluate(e->items[i], s));
	return value_end(&b);
}

/* A key as text; NULL when it is none. */
static const struct value *
key_text(const struct hcl_scope *s, const struct value *key)
{
	const struct value *text = hcl_to_string(arena_of(s), key);

	return text != NULL && text->kind == VALUE_STRING ? text : NULL;
}

static const struct value *
evaluate_object(const struct hcl_expression *e, const struct hcl_scope *s)
{
	struct hcl_map map = { .arena = arena_of(s) };

	for (uint32_t i = 0; i + 1 < e->count; i += 2) {
		const struct value *key = hcl_evaluate(e->items[i], s), *text = key_text(s, key);

		if (key->kind == VALUE_UNKNOWN)
			return key;
		if (text == NULL)
			return hcl_error(s, key->span, "a key of an object is a text");
		hcl_map_add(&map, text->text, e->items[i]->span, hcl_evaluate(e->items[i + 1], s));
	}
	return hcl_map_end(&map, e->span);
}

/* ---- for and splat ---- */

struct loop {
	const struct hcl_expression *e;
	struct hcl_scope             scope;
	struct hcl_binding           key, value;
	struct value_builder         list;
	struct hcl_map               map;
	const struct value          *stopped;   /* the answer, when it is certain early */
	const struct value          *doubtful;  /* lenient: a condition that is not known */
};

static bool
stop(struct loop *l, const struct value *because)
{
	l->stopped = because;
	return false;
}

/* Whether the item passes the condition. */
static bool
passes(struct loop *l)
{
	const struct value *v;

	if (l->e->items[3] == NULL)
		return true;
	v = hcl_to_bool(l->scope.project->arena, hcl_evaluate(l->e->items[3], &l->scope));
	if (v != NULL && v->kind == VALUE_NULL && l->scope.lenient)
		return false;
	if (v == NULL || v->kind == VALUE_NULL)
		v = hcl_error(&l->scope, l->e->items[3]->span, "the condition is not a bool");
	if (v->kind == VALUE_UNKNOWN && l->scope.lenient) {
		l->doubtful = v;
		return false;
	}
	if (v->kind == VALUE_UNKNOWN)
		return stop(l, v);
	return v->boolean;
}

static void
add_grouped(struct loop *l, struct slice key, const struct value *v)
{
	struct value *group = NULL;
	struct value_builder b = { .arena = l->scope.project->arena };

	for (uint32_t i = 0; i < l->map.count && group == NULL; i++)
		if (slice_eq(l->map.members[i].key, key))
			group = (struct value *)(uintptr_t)l->map.members[i].value;
	if (group == NULL) {
		value_begin(&b, b.arena, VALUE_LIST, v->span);
		value_append(&b, v);
		hcl_map_add(&l->map, key, v->span, value_end(&b));
		return;
	}
	b.made = group;
	b.room = group->count;
	group->items = arena_grow(b.arena, (void *)group->items, group->count * sizeof *group->items,
	    (group->count + 1) * sizeof *group->items);
	group->items[group->count++] = v;
}

static bool
loop_item(struct loop *l, const struct value *key, const struct value *item)
{
	const struct value *v, *text;

	l->key.value = key;
	l->value.value = item;
	if (!passes(l))
		return l->stopped == NULL;
	v = hcl_evaluate(l->e->items[2], &l->scope);
	if (l->e->kind == HCL_FOR_TUPLE) {
		value_append(&l->list, v);
		return true;
	}
	key = hcl_evaluate(l->e->items[1], &l->scope);
	text = key_text(&l->scope, key);
	if (key->kind == VALUE_UNKNOWN)
		return stop(l, key);
	if (text == NULL)
		return stop(l, hcl_error(&l->scope, key->span, "a key of an object is a text"));
	if (l->e->spread)
		add_grouped(l, text->text, v);
	else
		hcl_map_add(&l->map, text->text, key->span, v);
	return true;
}

static void
loop_all(struct loop *l, const struct value *over, struct arena *a)
{
	const struct member **sorted = over->kind == VALUE_MAP ? hcl_sorted(a, over) : NULL;
	char index[16];

	for (uint32_t i = 0; i < over->count; i++) {
		int len = snprintf(index, sizeof index, "%u", i);
		const struct value *key = sorted != NULL ? value_string(a, sorted[i]->key_span, sorted[i]->key)
		    : value_number(a, over->span, slice_make(index, (size_t)len));
		const struct value *item = sorted != NULL ? sorted[i]->value : over->items[i];

		if (is_out_of_memory(&l->scope)) {
			l->stopped = value_unknown(a, l->e->span, SLICE("this is too much to evaluate"));
			return;
		}
		if (!loop_item(l, key, inherit(a, over, item)))
			return;
	}
}

/* A scalar as a list of itself, null as an empty one. */
static const struct value *
as_collection(struct arena *a, const struct value *v)
{
	struct value_builder b;

	value_begin(&b, a, VALUE_LIST, v->span);
	if (v->kind != VALUE_NULL)
		value_append(&b, v);
	return value_end(&b);
}

static const struct value *
evaluate_for(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *over = hcl_evaluate(e->items[0], s);
	struct loop l = { .e = e, .scope = *s };

	if (over->kind == VALUE_UNKNOWN)
		return over;
	if (s->lenient && over->kind != VALUE_LIST && over->kind != VALUE_MAP)
		over = as_collection(arena_of(s), over);
	if (over->kind != VALUE_LIST && over->kind != VALUE_MAP)
		return hcl_error(s, e->items[0]->span, "one can iterate only over a list or a map");
	l.value = (struct hcl_binding){ e->name, NULL, s->bindings };
	l.key = (struct hcl_binding){ e->key, NULL, &l.value };
	l.scope.bindings = e->key.len > 0 ? &l.key : &l.value;
	l.map.arena = arena_of(s);
	value_begin(&l.list, arena_of(s), VALUE_LIST, e->span);
	loop_all(&l, over, arena_of(s));
	if (l.stopped != NULL)
		return l.stopped;
	if (l.doubtful != NULL && l.list.made->count == 0 && l.map.count == 0)
		return l.doubtful;
	return e->kind == HCL_FOR_TUPLE ? value_end(&l.list) : hcl_map_end(&l.map, e->span);
}

static const struct value *
evaluate_splat(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *of = hcl_evaluate(e->items[0], s);
	struct hcl_binding item = { .next = s->bindings };
	struct hcl_scope inner = *s;
	struct value_builder b;

	if (of->kind == VALUE_UNKNOWN)
		return of;
	inner.bindings = &item;
	value_begin(&b, arena_of(s), VALUE_LIST, e->span);
	for (uint32_t i = 0; of->kind == VALUE_LIST && i < of->count; i++) {
		item.value = inherit(arena_of(s), of, of->items[i]);
		value_append(&b, hcl_evaluate(e->items[1], &inner));
	}
	if (of->kind != VALUE_LIST && of->kind != VALUE_NULL) {
		item.value = of;
		value_append(&b, hcl_evaluate(e->items[1], &inner));
	}
	return value_end(&b);
}

/* ---- operators ---- */

/* An operand as a bool: NULL when it is none. */
static const struct value *
bool_operand(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *v = hcl_to_bool(arena_of(s), hcl_evaluate(e, s));

	if (s->lenient && v != NULL && v->kind == VALUE_NULL)
		return value_bool(arena_of(s), e->span, false);
	if (v == NULL || v->kind == VALUE_NULL)
		return hcl_error(s, e->span, "this is not a bool");
	return v;
}

/* && and ||: one operand may decide alone. */
static const struct value *
logic(const struct hcl_expression *e, const struct hcl_scope *s)
{
	bool decides = e->operator == HCL_OR;
	const struct value *left = bool_operand(e->items[0], s), *right;

	if (left->kind == VALUE_BOOL && left->boolean == decides)
		return value_bool(arena_of(s), e->span, decides);
	right = bool_operand(e->items[1], s);
	if (right->kind == VALUE_BOOL && right->boolean == decides)
		return value_bool(arena_of(s), e->span, decides);
	if (left->kind == VALUE_UNKNOWN)
		return left;
	if (right->kind == VALUE_UNKNOWN)
		return right;
	return value_bool(arena_of(s), e->span, !decides);
}

/* The first unknown anywhere inside, within reason. */
static const struct value *
unknown_inside(const struct value *v, uint32_t depth)
{
	const struct value *found = v->kind == VALUE_UNKNOWN ? v : NULL;
	uint32_t i;

	if (depth == 0)
		return found;
	for (i = 0; v->kind == VALUE_LIST && i < v->count && found == NULL; i++)
		found = unknown_inside(v->items[i], depth - 1);
	for (i = 0; v->kind == VALUE_MAP && i < v->count && found == NULL; i++)
		found = unknown_inside(v->members[i].value, depth - 1);
	return found;
}

/* "true" and "8080" as what stands on the other side. */
static void
unify(struct arena *a, const struct value **x, const struct value **y)
{
	const struct value **text = (*x)->kind == VALUE_STRING ? x : y;
	const struct value *other = text == x ? *y : *x, *made = NULL;

	if ((*text)->kind != VALUE_STRING)
		return;
	if (other->kind == VALUE_BOOL)
		made = hcl_to_bool(a, *text);
	if (other->kind == VALUE_NUMBER)
		made = hcl_to_number(a, *text);
	if (made != NULL)
		*text = made;
}

typedef const struct value *pair_fn(const struct hcl_expression *, const struct hcl_scope *,
    const struct value *, const struct value *);

/* Rules: an unknown that is one of some values (struct value, items) gives an answer when the answer
 * is the same for each. */
static const struct value *
for_each_possible(pair_fn *fn, const struct hcl_expression *e, const struct hcl_scope *s,
    const struct value *a, const struct value *b)
{
	const struct value *many = a->kind == VALUE_UNKNOWN && a->count > 0 ? a : b, *answer = NULL, *other;

	if (!s->lenient || many->kind != VALUE_UNKNOWN || many->count == 0)
		return fn(e, s, a, b);
	for (uint32_t i = 0; i < many->count; i++) {
		other = many == a ? fn(e, s, a->items[i], b) : fn(e, s, a, b->items[i]);
		if (answer != NULL && !value_equal(answer, other))
			return many;
		answer = other;
	}
	return answer;
}

/* Rules: a text of which a part is unknown is not "*" when its known parts are not there. */
static bool
differs(const struct value *a, const struct value *b)
{
	return a->kind == VALUE_UNKNOWN && a->text.len > 0 && b->kind == VALUE_STRING
	    && !hcl_sketch_may_be(a->text, b->text);
}

static const struct value *
equal_values(const struct hcl_expression *e, const struct hcl_scope *s, const struct value *a,
    const struct value *b)
{
	const struct value *unknown;
	uint64_t nodes = 100000;

	if (!hcl_moderate(a, 200, &nodes) || !hcl_moderate(b, 200, &nodes))
		return value_unknown(arena_of(s), e->span, SLICE("the values are too large to compare"));
	unknown = unknown_inside(a, 200);
	if (unknown == NULL)
		unknown = unknown_inside(b, 200);
	if (unknown != NULL && s->lenient && (differs(a, b) || differs(b, a)))
		return value_bool(arena_of(s), e->span, e->operator != HCL_EQUAL);
	if (unknown != NULL)
		return unknown;
	if (s->lenient)
		unify(arena_of(s), &a, &b);
	return value_bool(arena_of(s), e->span, value_equal(a, b) == (e->operator == HCL_EQUAL));
}

static const struct value *
equality(const struct hcl_expression *e, const struct hcl_scope *s)
{
	return for_each_possible(equal_values, e, s, hcl_evaluate(e->items[0], s), hcl_evaluate(e->items[1], s));
}

static const struct value *
compute(const struct hcl_expression *e, const struct hcl_scope *s, long double a, long double b)
{
	struct arena *arena = arena_of(s);

	switch (e->operator) {
	case HCL_LESS:          return value_bool(arena, e->span, a < b);
	case HCL_LESS_EQUAL:    return value_bool(arena, e->span, a <= b);
	case HCL_GREATER:       return value_bool(arena, e->span, a > b);
	case HCL_GREATER_EQUAL: return value_bool(arena, e->span, a >= b);
	case HCL_ADD:           return hcl_number_value(arena, e->span, a + b);
	case HCL_SUBTRACT:      return hcl_number_value(arena, e->span, a - b);
	case HCL_MULTIPLY:      return hcl_number_value(arena, e->span, a * b);
	default:                break;
	}
	if (!(b < 0) && !(b > 0))
		return hcl_error(s, e->span, "division by zero");
	return hcl_number_value(arena, e->span, e->operator == HCL_DIVIDE ? a / b : fmodl(a, b));
}

static const struct value *
to_operand(const struct hcl_expression *e, const struct hcl_scope *s, const struct value *given)
{
	const struct value *v = hcl_to_number(arena_of(s), given);

	if (s->lenient && v != NULL && v->kind == VALUE_NULL)
		return v;
	if (v == NULL || v->kind == VALUE_NULL)
		return hcl_error(s, e->span, "this is not a number");
	return v;
}

static const struct value *
number_operand(const struct hcl_expression *e, const struct hcl_scope *s)
{
	return to_operand(e, s, hcl_evaluate(e, s));
}

static const struct value *
calculate(const struct hcl_expression *e, const struct hcl_scope *s, const struct value *a,
    const struct value *b)
{
	a = to_operand(e->items[0], s, a);
	b = to_operand(e->items[1], s, b);
	if (a->kind == VALUE_UNKNOWN || b->kind == VALUE_UNKNOWN)
		return a->kind == VALUE_UNKNOWN ? a : b;
	if (a->kind == VALUE_NULL || b->kind == VALUE_NULL)
		return e->operator <= HCL_GREATER_EQUAL ? value_bool(arena_of(s), e->span, false) : &value_null;
	return compute(e, s, hcl_number(a), hcl_number(b));
}

static const struct value *
evaluate_binary(const struct hcl_expression *e, const struct hcl_scope *s)
{
	if (e->operator == HCL_OR || e->operator == HCL_AND)
		return logic(e, s);
	if (e->operator == HCL_EQUAL || e->operator == HCL_NOT_EQUAL)
		return equality(e, s);
	return for_each_possible(calculate, e, s, hcl_evaluate(e->items[0], s), hcl_evaluate(e->items[1], s));
}

static const struct value *
evaluate_unary(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *v = e->operator == HCL_NOT ? bool_operand(e->items[0], s)
	    : number_operand(e->items[0], s);

	if (v->kind == VALUE_UNKNOWN || v->kind == VALUE_NULL)
		return v;
	if (e->operator == HCL_NOT)
		return value_bool(arena_of(s), e->span, !v->boolean);
	return hcl_number_value(arena_of(s), e->span, -hcl_number(v));
}

/* An unknown condition does not matter when both answers are the same. */
static const struct value *
evaluate_conditional(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *condition = bool_operand(e->items[0], s), *a, *b;
	uint64_t nodes = 1000;

	if (condition->kind == VALUE_BOOL)
		return hcl_evaluate(e->items[condition->boolean ? 1 : 2], s);
	a = hcl_evaluate(e->items[1], s);
	b = hcl_evaluate(e->items[2], s);
	if (hcl_moderate(a, 50, &nodes) && hcl_moderate(b, 50, &nodes) && value_equal(a, b))
		return a;
	return condition;
}

/* ---- calls ---- */

/* try(a, b ...) is the first that is not wrong, can(a) whether a is not. */
static const struct value *
evaluate_try(const struct hcl_expression *e, const struct hcl_scope *s, bool can)
{
	uint64_t errors = s->meter->errors;

	for (uint32_t i = 0; i < e->count; i++) {
		const struct value *v = hcl_evaluate(e->items[i], s);

		if (s->meter->errors == errors) {
			if (!can || v->kind == VALUE_UNKNOWN)
				return v;
			return value_bool(arena_of(s), e->span, true);
		}
		s->meter->errors = errors;
		if (can)
			return value_bool(arena_of(s), e->span, false);
	}
	return hcl_error(s, e->span, "no argument of try() can be evaluated");
}

/* The last argument, spread. */
static const struct value *
spread(const struct hcl_scope *s, const struct hcl_expression *e, const struct value ***args,
    uint32_t *count)
{
	const struct value *last = (*args)[e->count - 1], **all;

	if (last->kind == VALUE_UNKNOWN)
		return last;
	if (last->kind != VALUE_LIST)
		return hcl_error(s, last->span, "only a list can be spread");
	all = arena_array(arena_of(s), e->count + (size_t)last->count, sizeof *all);
	memcpy((void *)all, (void *)*args, (e->count - 1) * sizeof *all);
	if (last->count > 0)
		memcpy((void *)(all + e->count - 1), (const void *)last->items, last->count * sizeof *all);
	*args = all;
	*count = e->count - 1 + last->count;
	return NULL;
}

static const struct value *
apply(const struct hcl_expression *e, const struct hcl_scope *s, const struct value **args, uint32_t n)
{
	const struct value *v = NULL;
	struct slice name = e->name;

	if (slice_starts(name, SLICE("core::")))
		name = slice_sub(name, 6, name.len);
	if (s->call != NULL)
		v = s->call(s->ctx, name, args, n, e->span);
	if (v == NULL)
		v = hcl_call(s, name, args, n, e->span);
	if (v == NULL && slice_starts(name, SLICE("provider::")))
		return value_unknown(arena_of(s), e->span, SLICE("a function of a provider"));
	return v != NULL ? v : hcl_error(s, e->span, "no such function");
}

static const struct value *
evaluate_call(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value **args, *wrong;
	uint32_t i, n = e->count;

	if (slice_is(e->name, "try") || slice_is(e->name, "can"))
		return evaluate_try(e, s, slice_is(e->name, "can"));
	args = arena_array(arena_of(s), n + 1u, sizeof *args);
	for (i = 0; i < n; i++)
		args[i] = hcl_evaluate(e->items[i], s);
	if (e->spread && (wrong = spread(s, e, &args, &n)) != NULL)
		return wrong;
	return apply(e, s, args, n);
}

/* ---- all ---- */

static const struct value *
evaluate_item(const struct hcl_expression *e, const struct hcl_scope *s)
{
	(void)e;
	return bound(s, SLICE_NONE);
}

static const struct value *
evaluate_literal(const struct hcl_expression *e, const struct hcl_scope *s)
{
	(void)s;
	return e->literal;
}

static const struct value *
evaluate_inner(const struct hcl_expression *e, const struct hcl_scope *s)
{
	return hcl_evaluate(e->items[0], s);
}

static const struct value *(*const evaluators[])(const struct hcl_expression *,
    const struct hcl_scope *) = {
	[HCL_LITERAL] = evaluate_literal,       [HCL_TEMPLATE] = evaluate_template,
	[HCL_JOIN] = evaluate_join,             [HCL_ROOT] = evaluate_path,
	[HCL_ITEM] = evaluate_item,             [HCL_MEMBER] = evaluate_path,
	[HCL_INDEX] = evaluate_path,            [HCL_SPLAT] = evaluate_splat,
	[HCL_CALL] = evaluate_call,             [HCL_TUPLE] = evaluate_tuple,
	[HCL_OBJECT] = evaluate_object,         [HCL_FOR_TUPLE] = evaluate_for,
	[HCL_FOR_OBJECT] = evaluate_for,        [HCL_CONDITIONAL] = evaluate_conditional,
	[HCL_UNARY] = evaluate_unary,           [HCL_BINARY] = evaluate_binary,
	[HCL_PARENTHESES] = evaluate_inner,
};

const struct value *
hcl_evaluate(const struct hcl_expression *e, const struct hcl_scope *s)
{
	const struct value *v;

	if (e->kind == HCL_LITERAL)
		return e->literal;
	if (s->meter->steps == 0 || s->meter->depth >= DEPTH_MAX || is_out_of_memory(s))
		return value_unknown(arena_of(s), e->span, SLICE("this is too much to evaluate"));
	s->meter->steps--;
	s->meter->depth++;
	if (e->kind == HCL_ROOT && bound(s, e->name) != NULL)
		v = bound(s, e->name);
	else
		v = evaluators[e->kind](e, s);
	if (s->lenient && e->kind >= HCL_SPLAT && e->kind != HCL_PARENTHESES && e->kind != HCL_CONDITIONAL)
		v = only_unknown(arena_of(s), v);
	s->meter->depth--;
	return v;
}
