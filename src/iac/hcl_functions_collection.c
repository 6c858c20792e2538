/* hcl_functions_collection.c -- Terraform's functions on lists, sets and maps. */
#include "iac/hcl_functions.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"

static bool
is_list(const struct value *v)
{
	return v->kind == VALUE_LIST;
}

static const struct value *
unknown_item(const struct value *list)
{
	for (uint32_t i = 0; is_list(list) && i < list->count; i++)
		if (list->items[i]->kind == VALUE_UNKNOWN)
			return list->items[i];
	return NULL;
}

/* alltrue(), anytrue(): one item may decide. */
static const struct value *
all_or_any(struct hcl_call *c, bool decides)
{
	const struct value *list = c->args[0], *open = NULL;

	if (!is_list(list))
		return list->kind == VALUE_UNKNOWN ? list : hcl_wrong(c, "this is not a list");
	for (uint32_t i = 0; i < list->count; i++) {
		const struct value *b = hcl_to_bool(c->arena, list->items[i]);

		if (b == NULL || b->kind == VALUE_UNKNOWN)
			open = b == NULL ? hcl_wrong(c, "this is not a bool") : b;
		else if (b->kind == VALUE_BOOL ? b->boolean == decides : !decides)
			return value_bool(c->arena, c->span, decides);
	}
	return open != NULL ? open : value_bool(c->arena, c->span, !decides);
}

static const struct value *alltrue(struct hcl_call *c) { return all_or_any(c, false); }
static const struct value *anytrue(struct hcl_call *c) { return all_or_any(c, true); }

static const struct value *
chunklist(struct hcl_call *c)
{
	struct value_builder all, one;
	long double size;

	if (!is_list(c->args[0]) || !hcl_count(c, 1, &size) || size < 0)
		return hcl_wrong(c, "chunklist() takes a list and a size");
	value_begin(&all, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->args[0]->count; i++) {
		if (i == 0 || (size >= 1 && i % (uint32_t)(size < 1e9L ? size : 1e9L) == 0)) {
			if (i > 0)
				value_append(&all, value_end(&one));
			value_begin(&one, c->arena, VALUE_LIST, c->span);
		}
		value_append(&one, c->args[0]->items[i]);
	}
	if (c->args[0]->count > 0)
		value_append(&all, value_end(&one));
	return value_end(&all);
}

static const struct value *
coalescelist(struct hcl_call *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->args[i]->kind == VALUE_UNKNOWN || (is_list(c->args[i]) && c->args[i]->count > 0))
			return c->args[i];
	return hcl_wrong(c, "every list is empty");
}

static const struct value *
index_of(struct hcl_call *c)
{
	const struct value *list = c->args[0], *open = unknown_item(list);

	if (!is_list(list))
		return hcl_wrong(c, "index() takes a list");
	for (uint32_t i = 0; i < list->count && open == NULL; i++)
		if (value_equal(list->items[i], c->args[1]))
			return hcl_number_value(c->arena, c->span, i);
	return open != NULL ? open : hcl_wrong(c, "the list has no such item");
}

static const struct value *
matchkeys(struct hcl_call *c)
{
	const struct value *values = c->args[0], *keys = c->args[1], *wanted = c->args[2];
	struct value_builder b;

	if (!is_list(values) || !is_list(keys) || !is_list(wanted) || values->count != keys->count
	    || (uint64_t)keys->count * wanted->count > 1000000)
		return hcl_wrong(c, "matchkeys() takes three lists");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < keys->count; i++)
		for (uint32_t k = 0; k < wanted->count; k++)
			if (value_equal(keys->items[i], wanted->items[k])) {
				value_append(&b, values->items[i]);
				break;
			}
	return value_end(&b);
}

static const struct value *
one(struct hcl_call *c)
{
	const struct value *v = c->args[0];

	if (v->kind == VALUE_UNKNOWN)
		return v;
	if (!is_list(v) || v->count > 1)
		return hcl_wrong(c, "one() takes a list of at most one item");
	return v->count == 1 ? v->items[0] : &value_null;
}

static const struct value *
reverse(struct hcl_call *c)
{
	struct value_builder b;

	if (!is_list(c->args[0]))
		return hcl_wrong(c, "reverse() takes a list");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = c->args[0]->count; i-- > 0;)
		value_append(&b, c->args[0]->items[i]);
	return value_end(&b);
}

static const struct value *
part(struct hcl_call *c)
{
	long double from, to;
	struct value_builder b;

	if (!is_list(c->args[0]) || !hcl_count(c, 1, &from) || !hcl_count(c, 2, &to) || from < 0 || to < from
	    || to > c->args[0]->count)
		return hcl_wrong(c, "slice() takes a list and two places in it");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = (uint32_t)from; i < (uint32_t)to; i++)
		value_append(&b, c->args[0]->items[i]);
	return value_end(&b);
}

static int
by_text(const void *a, const void *b)
{
	return slice_cmp((*(const struct value *const *)a)->text, (*(const struct value *const *)b)->text);
}

static const struct value *
sort(struct hcl_call *c)
{
	const struct value **items, *open = unknown_item(c->args[0]);
	struct value_builder b;
	uint32_t i, n = c->args[0]->count;

	if (!is_list(c->args[0]))
		return hcl_wrong(c, "sort() takes a list");
	if (open != NULL)
		return open;
	items = arena_array(c->arena, n + 1u, sizeof *items);
	for (i = 0; i < n; i++)
		if ((items[i] = hcl_to_string(c->arena, c->args[0]->items[i])) == NULL)
			return hcl_wrong(c, "sort() takes texts");
	qsort((void *)items, n, sizeof *items, by_text);
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (i = 0; i < n; i++)
		value_append(&b, items[i]);
	return value_end(&b);
}

/* ---- sets ---- */

static bool
has(const struct value *list, const struct value *v)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (value_equal(list->items[i], v))
			return true;
	return false;
}

/* NULL when all are lists of moderate size that are wholly known. */
static const struct value *
not_sets(struct hcl_call *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
		if (!is_list(c->args[i]) || c->args[i]->count > 2000)
			return hcl_wrong(c, "the function takes sets");
		if (unknown_item(c->args[i]) != NULL)
			return unknown_item(c->args[i]);
	}
	return NULL;
}

static const struct value *
setunion(struct hcl_call *c)
{
	const struct value *bad = not_sets(c);
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; bad == NULL && i < c->count; i++)
		for (uint32_t k = 0; k < c->args[i]->count && b.made->count < HCL_ITEMS; k++)
			value_append(&b, c->args[i]->items[k]);
	return bad != NULL ? bad : hcl_set(c->arena, value_end(&b));
}

static const struct value *
setintersection(struct hcl_call *c)
{
	const struct value *bad = not_sets(c);
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t k = 0; bad == NULL && k < c->args[0]->count; k++) {
		bool everywhere = true;

		for (uint32_t i = 1; i < c->count; i++)
			everywhere = everywhere && has(c->args[i], c->args[0]->items[k]);
		if (everywhere)
			value_append(&b, c->args[0]->items[k]);
	}
	return bad != NULL ? bad : hcl_set(c->arena, value_end(&b));
}

static const struct value *
setsubtract(struct hcl_call *c)
{
	const struct value *bad = not_sets(c);
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t k = 0; bad == NULL && k < c->args[0]->count; k++)
		if (!has(c->args[1], c->args[0]->items[k]))
			value_append(&b, c->args[0]->items[k]);
	return bad != NULL ? bad : hcl_set(c->arena, value_end(&b));
}

/* Each item of the first with each of the others. */
static const struct value *
setproduct(struct hcl_call *c)
{
	struct value_builder all, row;
	uint64_t total = 1, rest;

	for (uint32_t i = 0; i < c->count; i++) {
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
		if (!is_list(c->args[i]) || (total *= c->args[i]->count) > 10000)
			return hcl_wrong(c, "setproduct() takes lists of moderate size");
	}
	value_begin(&all, c->arena, VALUE_LIST, c->span);
	for (uint64_t n = 0; n < total; n++) {
		value_begin(&row, c->arena, VALUE_LIST, c->span);
		rest = total;
		for (uint32_t i = 0; i < c->count; i++) {
			rest /= c->args[i]->count;
			value_append(&row, c->args[i]->items[n / rest % c->args[i]->count]);
		}
		value_append(&all, value_end(&row));
	}
	return value_end(&all);
}

/* ---- maps ---- */

/* {a: ["x"]} as {x: ["a"]} */
static const struct value *
transpose(struct hcl_call *c)
{
	const struct member **sorted;
	struct hcl_map map = { .arena = c->arena };

	if (c->args[0]->kind != VALUE_MAP)
		return hcl_wrong(c, "transpose() takes a map");
	sorted = hcl_sorted(c->arena, c->args[0]);
	for (uint32_t i = 0; i < c->args[0]->count; i++)
		for (uint32_t k = 0; k < sorted[i]->value->count && map.count < 2000; k++) {
			const struct value *key = is_list(sorted[i]->value) ? sorted[i]->value->items[k] : &value_null;
			struct value_builder b = { .arena = c->arena };
			uint32_t at;

			if (key->kind != VALUE_STRING)
				return key->kind == VALUE_UNKNOWN ? key : hcl_wrong(c, "transpose() takes lists of texts");
			for (at = 0; at < map.count && !slice_eq(map.members[at].key, key->text); at++)
				;
			value_begin(&b, c->arena, VALUE_LIST, c->span);
			for (uint32_t m = 0; at < map.count && m < map.members[at].value->count; m++)
				value_append(&b, map.members[at].value->items[m]);
			value_append(&b, value_string(c->arena, c->span, sorted[i]->key));
			if (at < map.count)
				map.members[at].value = value_end(&b);
			else
				hcl_map_add(&map, key->text, c->span, value_end(&b));
		}
	return hcl_map_end(&map, c->span);
}

static const struct value *
issensitive(struct hcl_call *c)
{
	return value_bool(c->arena, c->span, c->args[0]->sensitive);
}

static const struct value *
ephemeralasnull(struct hcl_call *c)
{
	return c->args[0];
}

static const struct hcl_function rows[] = {
	{ "alltrue", 1, 1, HCL_LOOKS, alltrue },          { "anytrue", 1, 1, HCL_LOOKS, anytrue },
	{ "chunklist", 2, 2, 0, chunklist },              { "coalescelist", 1, HCL_MANY, HCL_LOOKS, coalescelist },
	{ "ephemeralasnull", 1, 1, HCL_LOOKS, ephemeralasnull }, { "index", 2, 2, 0, index_of },
	{ "issensitive", 1, 1, HCL_LOOKS, issensitive },  { "matchkeys", 3, 3, 0, matchkeys },
	{ "one", 1, 1, HCL_LOOKS, one },                  { "reverse", 1, 1, 0, reverse },
	{ "setintersection", 1, HCL_MANY, HCL_LOOKS, setintersection },
	{ "setproduct", 1, HCL_MANY, HCL_LOOKS, setproduct }, { "setsubtract", 2, 2, HCL_LOOKS, setsubtract },
	{ "setunion", 1, HCL_MANY, HCL_LOOKS, setunion }, { "slice", 3, 3, 0, part },
	{ "sort", 1, 1, 0, sort },                        { "transpose", 1, 1, 0, transpose },
};

const struct hcl_table hcl_collection_table = { rows, COUNT_OF(rows) };
