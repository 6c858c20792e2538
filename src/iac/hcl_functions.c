/* hcl_functions.c -- the functions of Terraform 1.11, and those that are older than the other
 * files of them; see hcl_functions.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/encode.h"
#include "iac/hcl_functions.h"

enum { MANY = HCL_MANY, LOOKS = HCL_LOOKS, ITEMS_MAX = HCL_ITEMS };

/* ---- for all files of functions ---- */

const struct value *
hcl_wrong(const struct hcl_call *c, const char *reason)
{
	return hcl_error(c->scope, c->span, reason);
}

static const struct value *
wrong(const struct hcl_call *c, const char *reason)
{
	return hcl_wrong(c, reason);
}

static bool
is_list(const struct value *v)
{
	return v->kind == VALUE_LIST;
}

bool
hcl_text(struct hcl_call *c, uint32_t i, struct slice *out)
{
	const struct value *v = i < c->count ? hcl_to_string(c->arena, c->args[i]) : NULL;

	if (v == NULL || v->kind != VALUE_STRING)
		return false;
	*out = v->text;
	return true;
}

bool
hcl_count(struct hcl_call *c, uint32_t i, long double *out)
{
	const struct value *v = i < c->count ? hcl_to_number(c->arena, c->args[i]) : NULL;

	if (v == NULL || v->kind != VALUE_NUMBER)
		return false;
	*out = hcl_number(v);
	return true;
}

const struct value *
hcl_text_value(struct hcl_call *c, struct slice s)
{
	return value_string(c->arena, c->span, s);
}

void
hcl_begin(struct hcl_call *c, struct buf *b)
{
	buf_init(b, c->arena, hcl_room(c->scope->meter));
}

const struct value *
hcl_built(struct hcl_call *c, struct buf *b)
{
	hcl_spend(c->scope->meter, b->len);
	return buf_ok(b) ? hcl_text_value(c, buf_slice(b))
	    : value_unknown(c->arena, c->span, SLICE("the text is too long"));
}

const struct value *
hcl_built_unless(struct hcl_call *c, struct buf *b, const struct value *unknown)
{
	struct value *made = arena_alloc(c->arena, sizeof *made);

	if (unknown == NULL || !buf_ok(b))
		return hcl_built(c, b);
	hcl_spend(c->scope->meter, b->len);
	*made = (struct value){ .kind = VALUE_UNKNOWN, .text = buf_slice(b), .span = c->span, .why = unknown->why };
	return made;
}

static bool
text(struct hcl_call *c, uint32_t i, struct slice *out)
{
	return hcl_text(c, i, out);
}

static bool
number(struct hcl_call *c, uint32_t i, long double *out)
{
	return hcl_count(c, i, out);
}

static const struct value *
string_value(struct hcl_call *c, struct slice s)
{
	return hcl_text_value(c, s);
}

static const struct value *
built(struct hcl_call *c, struct buf *b)
{
	return hcl_built(c, b);
}

/* ---- texts ---- */

static const struct value *
join(struct hcl_call *c)
{
	struct slice separator, s;
	struct buf b;
	bool first = true;

	hcl_begin(c, &b);
	if (!text(c, 0, &separator))
		return wrong(c, "this is not a text");
	for (uint32_t i = 1; i < c->count; i++) {
		for (uint32_t k = 0; is_list(c->args[i]) && k < c->args[i]->count; k++, first = false) {
			const struct value *v = hcl_to_string(c->arena, c->args[i]->items[k]);

			if (v == NULL || v->kind == VALUE_NULL)
				return wrong(c, "the items to join are not texts");
			s = v->kind == VALUE_UNKNOWN && v->text.len == 0 ? SLICE("${?}") : v->text;
			buf_add(&b, first ? SLICE("") : separator);
			buf_add(&b, s);
			if (v->kind == VALUE_UNKNOWN)
				return v;
		}
	}
	return built(c, &b);
}

/* The next `what` in `s` from `at`; s.len when there is none. */
static size_t
find(struct slice s, size_t at, struct slice what)
{
	const char *p = what.len == 0 || at >= s.len ? NULL
	    : memmem(s.ptr + at, s.len - at, what.ptr, what.len);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

static const struct value *
split(struct hcl_call *c)
{
	struct slice separator, s;
	struct value_builder b;
	size_t at = 0, next;

	if (!text(c, 0, &separator) || !text(c, 1, &s))
		return wrong(c, "this is not a text");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (; b.made->count < ITEMS_MAX; at = next + separator.len) {
		next = find(s, at, separator);
		value_append(&b, string_value(c, slice_sub(s, at, next - at)));
		if (next == s.len)
			break;
	}
	return value_end(&b);
}

static const struct value *
replace(struct hcl_call *c)
{
	struct slice s, what, with;
	struct buf b;
	size_t at = 0, next;

	if (!text(c, 0, &s) || !text(c, 1, &what) || !text(c, 2, &with))
		return wrong(c, "this is not a text");
	if (what.len > 1 && what.ptr[0] == '/' && slice_ends(what, SLICE("/")))
		return hcl_replace_pattern(c, s, slice_sub(what, 1, what.len - 2), with);
	hcl_begin(c, &b);
	while ((next = find(s, at, what)) < s.len) {
		buf_add(&b, slice_sub(s, at, next - at));
		buf_add(&b, with);
		at = next + what.len;
	}
	buf_add(&b, slice_sub(s, at, s.len));
	return built(c, &b);
}

static const struct value *
affix(struct hcl_call *c, bool at_end, bool trim)
{
	struct slice s, part;
	bool there;

	if (!text(c, 0, &s) || !text(c, 1, &part))
		return wrong(c, "this is not a text");
	there = at_end ? slice_ends(s, part) : slice_starts(s, part);
	if (!trim)
		return value_bool(c->arena, c->span, there);
	if (!there)
		return string_value(c, s);
	return string_value(c, slice_sub(s, at_end ? 0 : part.len, s.len - part.len));
}

/* What a text of which parts are unknown begins or ends with is often known: of "arn:${?}:key"
 * both.  The known part decides when it is long enough, or differs. */
static const struct value *
affix_of_sketch(struct hcl_call *c, bool at_end)
{
	const struct slice hole = SLICE("${?}");
	struct slice known = c->args[0]->text, part, ends;
	size_t from = 0, next;

	if (c->args[0]->kind != VALUE_UNKNOWN)
		return c->args[1]->kind == VALUE_UNKNOWN ? c->args[1] : affix(c, at_end, false);
	for (size_t at = 0; (next = find(known, at, hole)) < known.len; at = next + hole.len)
		from = next + hole.len;
	if (from == 0 || !text(c, 1, &part))
		return c->args[0];
	known = at_end ? slice_sub(known, from, known.len) : slice_sub(known, 0, find(known, 0, hole));
	ends = known.len >= part.len ? part : at_end ? slice_sub(part, part.len - known.len, part.len)
	    : slice_sub(part, 0, known.len);
	if (!(at_end ? slice_ends(known, ends) : slice_starts(known, ends)))
		return value_bool(c->arena, c->span, false);
	return known.len >= part.len ? value_bool(c->arena, c->span, true)
	    : value_unknown(c->arena, c->span, SLICE("how the text begins or ends is not known"));
}

static const struct value *startswith(struct hcl_call *c) { return affix_of_sketch(c, false); }
static const struct value *endswith(struct hcl_call *c) { return affix_of_sketch(c, true); }
static const struct value *trimprefix(struct hcl_call *c) { return affix(c, false, true); }
static const struct value *trimsuffix(struct hcl_call *c) { return affix(c, true, true); }

/* ---- collections ---- */

static const struct value *
length(struct hcl_call *c)
{
	const struct value *v = c->args[0];
	size_t n = v->count;

	if (v->kind == VALUE_UNKNOWN)
		return v;
	if (v->kind != VALUE_LIST && v->kind != VALUE_MAP && v->kind != VALUE_STRING)
		return wrong(c, "this has no length");
	if (v->kind == VALUE_STRING)
		n = utf8_length(v->text);
	return hcl_number_value(c->arena, c->span, (long double)n);
}

static const struct value *
concat(struct hcl_call *c)
{
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
		if (!is_list(c->args[i]) || b.made->count > ITEMS_MAX)
			return wrong(c, "concat() takes lists");
		for (uint32_t k = 0; k < c->args[i]->count; k++)
			value_append(&b, c->args[i]->items[k]);
	}
	return value_end(&b);
}

static const struct value *
merge(struct hcl_call *c)
{
	struct hcl_map map = { .arena = c->arena };

	for (uint32_t i = 0; i < c->count; i++) {
		const struct value *v = c->args[i];

		if (v->kind == VALUE_UNKNOWN)
			return v;
		if (v->kind != VALUE_MAP && v->kind != VALUE_NULL)
			return wrong(c, "merge() takes maps");
		for (uint32_t k = 0; v->kind == VALUE_MAP && k < v->count; k++)
			hcl_map_add(&map, v->members[k].key, v->members[k].key_span, v->members[k].value);
	}
	return hcl_map_end(&map, c->span);
}

static const struct value *
lookup(struct hcl_call *c)
{
	struct slice key;

	if (c->args[0]->kind == VALUE_UNKNOWN || c->args[1]->kind == VALUE_UNKNOWN)
		return c->args[c->args[0]->kind == VALUE_UNKNOWN ? 0 : 1];
	if (c->args[0]->kind != VALUE_MAP || !text(c, 1, &key))
		return wrong(c, "lookup() takes a map and a text");
	for (uint32_t i = 0; i < c->args[0]->count; i++)
		if (slice_eq(c->args[0]->members[i].key, key))
			return c->args[0]->members[i].value;
	return c->count > 2 ? c->args[2] : wrong(c, "the map has no such key");
}

static const struct value *
element(struct hcl_call *c)
{
	const struct value *list = c->args[0];
	long double n;

	if (list->kind == VALUE_UNKNOWN || c->args[1]->kind == VALUE_UNKNOWN)
		return list->kind == VALUE_UNKNOWN ? list : c->args[1];
	if (!is_list(list) || list->count == 0 || !number(c, 1, &n) || n < 0)
		return wrong(c, "element() takes a list and a number");
	return list->items[(uint32_t)fmodl(n, list->count)];
}

static const struct value *
contains(struct hcl_call *c)
{
	const struct value *list = c->args[0], *unknown = NULL;

	if (list->kind == VALUE_UNKNOWN || c->args[1]->kind == VALUE_UNKNOWN)
		return list->kind == VALUE_UNKNOWN ? list : c->args[1];
	if (!is_list(list))
		return wrong(c, "contains() takes a list");
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind == VALUE_UNKNOWN) {
			if (list->items[i]->text.len == 0 || c->args[1]->kind != VALUE_STRING
			    || hcl_sketch_may_be(list->items[i]->text, c->args[1]->text))
				unknown = list->items[i];
		} else if (value_equal(list->items[i], c->args[1]))
			return value_bool(c->arena, c->span, true);
	}
	return unknown != NULL ? unknown : value_bool(c->arena, c->span, false);
}

static const struct value *
members(struct hcl_call *c, bool keys)
{
	const struct member **sorted;
	struct value_builder b;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	if (c->args[0]->kind != VALUE_MAP)
		return wrong(c, "this is not a map");
	sorted = hcl_sorted(c->arena, c->args[0]);
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->args[0]->count; i++)
		value_append(&b, keys ? value_string(c->arena, sorted[i]->key_span, sorted[i]->key)
		    : sorted[i]->value);
	return value_end(&b);
}

static const struct value *keys(struct hcl_call *c) { return members(c, true); }
static const struct value *values(struct hcl_call *c) { return members(c, false); }

static void
flatten_into(struct value_builder *b, const struct value *v, uint32_t depth)
{
	for (uint32_t i = 0; i < v->count && b->made->count < ITEMS_MAX; i++) {
		if (is_list(v->items[i]) && depth < 200)
			flatten_into(b, v->items[i], depth + 1);
		else
			value_append(b, v->items[i]);
	}
}

static const struct value *
flatten(struct hcl_call *c)
{
	struct value_builder b;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	if (!is_list(c->args[0]))
		return wrong(c, "flatten() takes a list");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	flatten_into(&b, c->args[0], 0);
	return value_end(&b);
}

static bool
is_empty(const struct value *v)
{
	return v->kind == VALUE_NULL || (v->kind == VALUE_STRING && v->text.len == 0);
}

static const struct value *
compact(struct hcl_call *c)
{
	struct value_builder b;

	if (!is_list(c->args[0]))
		return c->args[0]->kind == VALUE_UNKNOWN ? c->args[0] : wrong(c, "compact() takes a list");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->args[0]->count; i++)
		if (!is_empty(c->args[0]->items[i]))
			value_append(&b, c->args[0]->items[i]);
	return value_end(&b);
}

static const struct value *
distinct(struct hcl_call *c)
{
	struct value_builder b;
	uint32_t i, k;

	if (!is_list(c->args[0]) || c->args[0]->count > 1000)
		return c->args[0]->kind == VALUE_UNKNOWN ? c->args[0] : wrong(c, "distinct() takes a list");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (i = 0; i < c->args[0]->count; i++) {
		for (k = 0; k < b.made->count && !value_equal(b.made->items[k], c->args[0]->items[i]); k++)
			;
		if (k == b.made->count)
			value_append(&b, c->args[0]->items[i]);
	}
	return value_end(&b);
}

static const struct value *
coalesce(struct hcl_call *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->args[i]->kind == VALUE_UNKNOWN || !is_empty(c->args[i]))
			return c->args[i];
	return wrong(c, "every argument is null or empty");
}

static const struct value *
range(struct hcl_call *c)
{
	long double start = 0, limit, step = 1, n;
	struct value_builder b;

	if (!number(c, c->count > 1, &limit) || (c->count > 1 && !number(c, 0, &start))
	    || (c->count > 2 && !number(c, 2, &step)))
		return wrong(c, "range() takes numbers");
	if (c->count < 3 && limit < start)
		step = -1;
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (n = start; step > 0 ? n < limit : n > limit; n += step) {
		if (b.made->count >= 1024)
			return wrong(c, "range() gives at most 1024 numbers");
		value_append(&b, hcl_number_value(c->arena, c->span, n));
	}
	return value_end(&b);
}

static const struct value *
zipmap(struct hcl_call *c)
{
	struct hcl_map map = { .arena = c->arena };
	const struct value *k = c->args[0], *v = c->args[1], *key;

	if (k->kind == VALUE_UNKNOWN || v->kind == VALUE_UNKNOWN)
		return k->kind == VALUE_UNKNOWN ? k : v;
	if (!is_list(k) || !is_list(v) || k->count != v->count)
		return wrong(c, "zipmap() takes two lists of one length");
	for (uint32_t i = 0; i < k->count; i++) {
		key = hcl_to_string(c->arena, k->items[i]);
		if (key == NULL || key->kind != VALUE_STRING)
			return key != NULL && key->kind == VALUE_UNKNOWN ? key : wrong(c, "a key is not a text");
		hcl_map_add(&map, key->text, c->span, v->items[i]);
	}
	return hcl_map_end(&map, c->span);
}

/* ---- types and encodings ---- */

static const struct value *
same(struct hcl_call *c)
{
	return c->args[0];
}

static const struct value *
converted(struct hcl_call *c, const struct value *v)
{
	return v != NULL ? v : wrong(c, "the value cannot be converted");
}

static const struct value *tostring(struct hcl_call *c) { return converted(c, hcl_to_string(c->arena, c->args[0])); }
static const struct value *tonumber(struct hcl_call *c) { return converted(c, hcl_to_number(c->arena, c->args[0])); }
static const struct value *tobool(struct hcl_call *c) { return converted(c, hcl_to_bool(c->arena, c->args[0])); }

static const struct value *
toset(struct hcl_call *c)
{
	return is_list(c->args[0]) ? hcl_set(c->arena, c->args[0]) : same(c);
}

static const struct value *
sensitive(struct hcl_call *c)
{
	struct value *v = arena_alloc(c->arena, sizeof *v);

	*v = *c->args[0];
	v->sensitive = slice_is(c->name, "sensitive");
	return v;
}

static const struct value *
jsonencode(struct hcl_call *c)
{
	uint64_t nodes = 200000;
	struct buf b;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	hcl_begin(c, &b);
	if (hcl_moderate(c->args[0], 90, &nodes))
		hcl_write_json(&b, c->arena, c->args[0], 0);
	else
		b.full = true;
	return hcl_built_unless(c, &b, buf_ok(&b) && value_has_unknown(c->args[0])
	    ? value_unknown(c->arena, c->span, SLICE("a part of the text is unknown")) : NULL);
}

static const struct value *
jsondecode(struct hcl_call *c)
{
	struct slice s;
	const struct value *v;

	if (!text(c, 0, &s))
		return wrong(c, "this is not a text");
	v = hcl_read_json(c->arena, s, c->args[0]->span);
	return v != NULL ? v : wrong(c, "the text is not JSON");
}

static const struct value *
base64encode(struct hcl_call *c)
{
	struct slice s;
	struct buf b;

	if (!text(c, 0, &s))
		return wrong(c, "this is not a text");
	hcl_begin(c, &b);
	encode_base64(&b, s.ptr, s.len);
	return built(c, &b);
}

static const struct value *
base64decode(struct hcl_call *c)
{
	struct slice s, out;

	if (!text(c, 0, &s) || !decode_base64(s, c->arena, &out) || !utf8_valid(out))
		return wrong(c, "the text is not base64 of UTF-8");
	return string_value(c, out);
}

/* ---- numbers ---- */

static const struct value *
extreme(struct hcl_call *c, bool greatest)
{
	long double best = 0, n;

	for (uint32_t i = 0; i < c->count; i++) {
		if (!number(c, i, &n))
			return wrong(c, "this is not a number");
		if (i == 0 || (greatest ? n > best : n < best))
			best = n;
	}
	return hcl_number_value(c->arena, c->span, best);
}

static const struct value *max(struct hcl_call *c) { return extreme(c, true); }
static const struct value *min(struct hcl_call *c) { return extreme(c, false); }

static const struct value *
rounded(struct hcl_call *c, long double (*by)(long double))
{
	long double n;

	return number(c, 0, &n) ? hcl_number_value(c->arena, c->span, by(n)) : wrong(c, "this is not a number");
}

static const struct value *floor_of(struct hcl_call *c) { return rounded(c, floorl); }
static const struct value *ceil_of(struct hcl_call *c) { return rounded(c, ceill); }
static const struct value *abs_of(struct hcl_call *c) { return rounded(c, fabsl); }

/* ---- the table ---- */

static const struct hcl_function functions[] = {
	{ "abs", 1, 1, 0, abs_of },               { "base64decode", 1, 1, 0, base64decode },
	{ "base64encode", 1, 1, 0, base64encode }, { "ceil", 1, 1, 0, ceil_of },
	{ "coalesce", 1, MANY, LOOKS, coalesce }, { "compact", 1, 1, LOOKS, compact },
	{ "concat", 1, MANY, LOOKS, concat },     { "contains", 2, 2, LOOKS, contains },
	{ "distinct", 1, 1, LOOKS, distinct },    { "element", 2, 2, LOOKS, element },
	{ "endswith", 2, 2, LOOKS, endswith },        { "flatten", 1, 1, LOOKS, flatten },
	{ "floor", 1, 1, 0, floor_of },           { "join", 2, MANY, 0, join },             { "jsondecode", 1, 1, 0, jsondecode },
	{ "jsonencode", 1, 1, LOOKS, jsonencode }, { "keys", 1, 1, LOOKS, keys },
	{ "length", 1, 1, LOOKS, length },        { "lookup", 2, 3, LOOKS, lookup },
	{ "max", 1, MANY, 0, max },
	{ "merge", 0, MANY, LOOKS, merge },       { "min", 1, MANY, 0, min },
	{ "nonsensitive", 1, 1, LOOKS, sensitive }, { "range", 1, 3, 0, range },
	{ "replace", 3, 3, 0, replace },          { "sensitive", 1, 1, LOOKS, sensitive },
	{ "split", 2, 2, 0, split },              { "startswith", 2, 2, LOOKS, startswith },
	{ "tobool", 1, 1, 0, tobool },            { "tolist", 1, 1, LOOKS, same },
	{ "tomap", 1, 1, LOOKS, same },           { "tonumber", 1, 1, 0, tonumber },
	{ "toset", 1, 1, LOOKS, toset },          { "tostring", 1, 1, 0, tostring },
	{ "trimprefix", 2, 2, 0, trimprefix },    { "trimsuffix", 2, 2, 0, trimsuffix },    { "values", 1, 1, LOOKS, values },        { "zipmap", 2, 2, LOOKS, zipmap },
};

static const struct hcl_table base_table = { functions, COUNT_OF(functions) };

static const struct hcl_table *const tables[] = { &base_table, &hcl_text_table, &hcl_collection_table,
	&hcl_encoding_table, &hcl_network_table, &hcl_file_table, &hcl_time_table, &hcl_pattern_table };

/* What only an apply knows. */
static bool
is_impure(struct slice name)
{
	static const char *const names[] = { "bcrypt", "plantimestamp", "rsadecrypt", "timestamp", "uuid" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

/* A sensitive argument makes the result sensitive. */
static const struct value *
as_secret_as(struct hcl_call *c, const struct value *v)
{
	struct value *copy;
	bool secret = false;

	for (uint32_t i = 0; i < c->count; i++)
		secret = secret || c->args[i]->sensitive;
	if (!secret || v->sensitive || slice_is(c->name, "nonsensitive") || slice_is(c->name, "issensitive"))
		return v;
	copy = arena_alloc(c->arena, sizeof *copy);
	*copy = *v;
	copy->sensitive = true;
	return copy;
}

static const struct value *
apply(const struct hcl_function *f, struct hcl_call *c)
{
	if (c->count < f->least || (f->most != MANY && c->count > f->most))
		return wrong(c, "the function takes another number of arguments");
	for (uint32_t i = 0; !(f->flags & LOOKS) && i < c->count; i++)
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
	return as_secret_as(c, f->apply(c));
}

const struct value *
hcl_call(const struct hcl_scope *s, struct slice name, const struct value **args, uint32_t count,
    struct span span)
{
	struct hcl_call c = { s, s->project->arena, args, count, name, span };

	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			if (slice_is(name, tables[t]->rows[i].name))
				return apply(&tables[t]->rows[i], &c);
	if (is_impure(name))
		return value_unknown(c.arena, span, SLICE("this function is not computed"));
	return NULL;
}
