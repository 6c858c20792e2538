/* hcl_value.c -- numbers, conversions, order and JSON of values as HCL sees them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "iac/hcl.h"
#include "json/json.h"

enum { TEXT_MAX = 1 << 20, JSON_DEPTH_MAX = 100 };

const struct why hcl_open_map = { .text = SLICE_INIT("other attributes are known only to the provider") };
const struct why hcl_partial_map = { .text = SLICE_INIT("a part of the map is not among the files") };

/* ---- numbers ---- */

long double
hcl_number(const struct value *v)
{
	char text[128];

	if (v->text.len == 0 || v->text.len >= sizeof text)
		return v->number;
	memcpy(text, v->text.ptr, v->text.len);
	text[v->text.len] = '\0';
	return strtold(text, NULL);
}

/* Whole numbers in full, others with as many digits as are exact. */
const struct value *
hcl_number_value(struct arena *a, struct span span, long double n)
{
	char text[64];
	int len;

	if (!isfinite(n))
		return value_unknown(a, span, SLICE("the number is not finite"));
	if (fabsl(n) < 1e20L && floorl(n) >= n)
		len = snprintf(text, sizeof text, "%.0Lf", n + 0.0L);
	else
		len = snprintf(text, sizeof text, "%.17Lg", n);
	return value_number(a, span, strcmp(text, "-0") == 0 ? SLICE("0") : slice_make(text, (size_t)len));
}

static bool
is_plain_integer(struct slice s)
{
	size_t i = s.len > 1 && s.ptr[0] == '-';

	if (s.len == i || (s.ptr[i] == '0' && s.len > i + 1))
		return false;
	while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
		i++;
	return i == s.len;
}

struct slice
hcl_number_text(const struct value *v, struct arena *a)
{
	if (is_plain_integer(v->text))
		return v->text;
	return hcl_number_value(a, v->span, hcl_number(v))->text;
}

/* ---- conversions ---- */

static const struct value *
derived(struct arena *a, const struct value *from, const struct value *made)
{
	struct value *v = arena_alloc(a, sizeof *v);

	*v = *made;
	v->why = from->why;
	v->sensitive = from->sensitive;
	return v;
}

const struct value *
hcl_to_string(struct arena *a, const struct value *v)
{
	if (v->kind == VALUE_NUMBER)
		return derived(a, v, value_string(a, v->span, hcl_number_text(v, a)));
	if (v->kind == VALUE_BOOL)
		return derived(a, v, value_string(a, v->span, v->boolean ? SLICE("true") : SLICE("false")));
	return v->kind == VALUE_LIST || v->kind == VALUE_MAP ? NULL : v;
}

static bool
is_number_text(struct slice s)
{
	char text[128], *end;

	if (s.len == 0 || s.len >= sizeof text)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (strchr("0123456789.eE+-", s.ptr[i]) == NULL || s.ptr[i] == '\0')
			return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	strtold(text, &end);
	return *end == '\0';
}

const struct value *
hcl_to_number(struct arena *a, const struct value *v)
{
	if (v->kind == VALUE_STRING)
		return is_number_text(v->text) ? derived(a, v, value_number(a, v->span, v->text)) : NULL;
	return v->kind == VALUE_LIST || v->kind == VALUE_MAP || v->kind == VALUE_BOOL ? NULL : v;
}

const struct value *
hcl_to_bool(struct arena *a, const struct value *v)
{
	if (v->kind == VALUE_STRING && (slice_is(v->text, "true") || slice_is(v->text, "false")))
		return derived(a, v, value_bool(a, v->span, v->text.len == 4));
	return v->kind == VALUE_BOOL || v->kind == VALUE_NULL || v->kind == VALUE_UNKNOWN ? v : NULL;
}

/* ---- order ---- */

static int
by_key(const void *a, const void *b)
{
	const struct member *const *x = a, *const *y = b;
	int order = slice_cmp((*x)->key, (*y)->key);

	return order != 0 ? order : (*x < *y ? -1 : *x > *y);
}

const struct member **
hcl_sorted(struct arena *a, const struct value *map)
{
	const struct member **sorted = arena_array(a, map->count + 1u, sizeof *sorted);

	for (uint32_t i = 0; i < map->count; i++)
		sorted[i] = &map->members[i];
	qsort((void *)sorted, map->count, sizeof *sorted, by_key);
	return sorted;
}

static int
by_value(const void *a, const void *b)
{
	const struct value *x = *(const struct value *const *)a, *y = *(const struct value *const *)b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind == VALUE_STRING)
		return slice_cmp(x->text, y->text);
	if (x->kind == VALUE_NUMBER)
		return x->number < y->number ? -1 : x->number > y->number;
	if (x->kind == VALUE_BOOL)
		return (int)x->boolean - (int)y->boolean;
	return 0;
}

static bool
is_scalar(const struct value *v)
{
	return v->kind != VALUE_LIST && v->kind != VALUE_MAP && v->kind != VALUE_UNKNOWN;
}

static bool
seen(const struct value *made, const struct value *v)
{
	uint32_t from = is_scalar(v) && made->count > 0 ? made->count - 1 : 0;

	/* Sorted scalars have their equals beside them; others are few. */
	for (uint32_t i = from; i < made->count; i++)
		if (value_equal(made->items[i], v))
			return true;
	return false;
}

const struct value *
hcl_set(struct arena *a, const struct value *list)
{
	const struct value **sorted = arena_array(a, list->count + 1u, sizeof *sorted);
	struct value_builder b;
	uint32_t i;

	if (list->count > 0)
		memcpy((void *)sorted, (const void *)list->items, list->count * sizeof *sorted);
	qsort((void *)sorted, list->count, sizeof *sorted, by_value);
	value_begin(&b, a, VALUE_LIST, list->span);
	for (i = 0; i < list->count && i < 10000; i++)
		if (!seen(b.made, sorted[i]))
			value_append(&b, sorted[i]);
	b.made->why = list->why;
	return value_end(&b);
}

/* ---- maps ---- */

void
hcl_map_add(struct hcl_map *m, struct slice key, struct span span, const struct value *v)
{
	uint32_t room = m->room;

	if (m->count == room) {
		m->room = room == 0 ? 4 : room * 2;
		m->members = arena_grow(m->arena, m->members, room * sizeof *m->members,
		    m->room * sizeof *m->members);
	}
	m->members[m->count++] = (struct member){ key, span, v };
}

/* Sorted by key, then place: the last of equals is moved to the first's place. */
static void
drop_duplicates(struct hcl_map *m, const struct member **sorted)
{
	uint32_t i, first = 0, to = 0;
	bool *dropped = arena_array(m->arena, m->count + 1u, sizeof *dropped);

	for (i = 1; i < m->count; i++) {
		if (!slice_eq(sorted[i]->key, sorted[first]->key)) {
			first = i;
			continue;
		}
		m->members[sorted[first] - m->members] = *sorted[i];
		dropped[sorted[i] - m->members] = true;
	}
	for (i = 0; i < m->count; i++)
		if (!dropped[i])
			m->members[to++] = m->members[i];
	m->count = to;
}

const struct value *
hcl_map_end(struct hcl_map *m, struct span span)
{
	struct value *v = arena_alloc(m->arena, sizeof *v);
	struct value all = { .count = m->count, .members = m->members };

	if (m->count > 1)
		drop_duplicates(m, hcl_sorted(m->arena, &all));
	v->kind = VALUE_MAP;
	v->span = span;
	v->members = m->members;
	v->count = m->count;
	return v;
}

/* ---- JSON ---- */

static void
write_list(struct buf *b, struct arena *a, const struct value *v, uint32_t depth)
{
	buf_add_char(b, '[');
	for (uint32_t i = 0; i < v->count && buf_ok(b); i++) {
		if (i > 0)
			buf_add_char(b, ',');
		hcl_write_json(b, a, v->items[i], depth + 1);
	}
	buf_add_char(b, ']');
}

/* Go escapes these for HTML, and Terraform with it. */
static void
write_text(struct buf *b, struct arena *a, struct slice text)
{
	struct buf plain;

	buf_init(&plain, a, text.len * 6 + 2);
	json_write_string(&plain, text);
	for (size_t i = 0; i < plain.len; i++) {
		char c = plain.ptr[i];

		if (c == '<' || c == '>' || c == '&')
			buf_printf(b, "\\u%04x", (unsigned)c);
		else
			buf_add_char(b, c);
	}
}

static void
write_map(struct buf *b, struct arena *a, const struct value *v, uint32_t depth)
{
	const struct member **sorted = hcl_sorted(a, v);

	buf_add_char(b, '{');
	for (uint32_t i = 0; i < v->count && buf_ok(b); i++) {
		if (i > 0)
			buf_add_char(b, ',');
		write_text(b, a, sorted[i]->key);
		buf_add_char(b, ':');
		hcl_write_json(b, a, sorted[i]->value, depth + 1);
	}
	buf_add_char(b, '}');
}

void
hcl_write_json(struct buf *b, struct arena *a, const struct value *v, uint32_t depth)
{
	if (depth > JSON_DEPTH_MAX) {
		b->full = true;
		return;
	}
	switch (v->kind) {
	case VALUE_NULL:    buf_add_cstr(b, "null"); return;
	case VALUE_BOOL:    buf_add_cstr(b, v->boolean ? "true" : "false"); return;
	case VALUE_NUMBER:  buf_add(b, hcl_number_text(v, a)); return;
	case VALUE_STRING:  write_text(b, a, v->text); return;
	case VALUE_LIST:    write_list(b, a, v, depth); return;
	case VALUE_MAP:     write_map(b, a, v, depth); return;
	case VALUE_UNKNOWN: write_text(b, a, v->text.len > 0 ? v->text : SLICE("${?}")); return;
	}
}

static const struct value *
node_value(const struct json *j, uint32_t node, struct arena *a, struct span span)
{
	struct hcl_map map = { .arena = a };
	struct value_builder b;
	uint32_t i;

	switch (json_type(j, node)) {
	case JSON_NULL:   return &value_null;
	case JSON_FALSE:  return value_bool(a, span, false);
	case JSON_TRUE:   return value_bool(a, span, true);
	case JSON_NUMBER: return value_number(a, span, json_raw(j, node));
	case JSON_STRING: return value_string(a, span, json_string(j, node, a));
	case JSON_ARRAY:
		value_begin(&b, a, VALUE_LIST, span);
		for (i = json_first(j, node); i != 0; i = json_next(j, node, i))
			value_append(&b, node_value(j, i, a, span));
		return value_end(&b);
	default:
		for (i = json_first(j, node); i != 0; i = json_next(j, node, i))
			hcl_map_add(&map, json_string(j, i, a), span, node_value(j, i + 1, a, span));
		return hcl_map_end(&map, span);
	}
}

const struct value *
hcl_read_json(struct arena *a, struct slice text, struct span span)
{
	static const struct json_bounds bounds = { .depth = 64, .nodes = 100000, .number = 64, .key = 4096 };
	struct outcome o;
	struct json j;

	outcome_init(&o, a);
	if (text.len > TEXT_MAX || !json_parse(text, bounds, a, &j, &o))
		return NULL;
	return node_value(&j, 0, a, span);
}

bool
hcl_moderate(const struct value *v, uint32_t depth, uint64_t *nodes)
{
	uint32_t i;

	if (depth == 0 || *nodes == 0)
		return false;
	--*nodes;
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		if (!hcl_moderate(v->items[i], depth - 1, nodes))
			return false;
	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		if (!hcl_moderate(v->members[i].value, depth - 1, nodes))
			return false;
	return true;
}

/* Where `part` is in s from `at` on; s.len + 1 when it is not. */
static size_t
find_part(struct slice s, size_t at, struct slice part)
{
	for (; at + part.len <= s.len; at++)
		if (slice_eq(slice_sub(s, at, part.len), part))
			return at;
	return s.len + 1;
}

bool
hcl_sketch_may_be(struct slice sketch, struct slice text)
{
	const struct slice hole = SLICE("${?}");
	size_t next = find_part(sketch, 0, hole), at;

	if (next > sketch.len)
		return slice_eq(sketch, text);
	if (!slice_starts(text, slice_sub(sketch, 0, next)))
		return false;
	for (at = next; (sketch = slice_sub(sketch, next + hole.len, sketch.len)).len > 0; at += next) {
		next = find_part(sketch, 0, hole);
		if (next > sketch.len)
			return text.len >= at + sketch.len && slice_ends(text, sketch);
		if ((at = find_part(text, at, slice_sub(sketch, 0, next))) > text.len)
			return false;
	}
	return true;
}
