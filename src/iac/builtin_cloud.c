/* builtin_cloud.c -- functions about tags, addresses, ports, environments, selectors. */
#include <arpa/inet.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/builtin.h"

/* ---- maps of many shapes ---- */

/* A list of { name, value } (or Key, Value) or a map, added to a map. */
static const struct value *config_value(struct builtin_call *, const struct value *from);

static const struct value *
pair_value(struct builtin_call *c, const struct value *item)
{
	static const char *const names[] = { "value", "Value" };
	const struct value *from;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (value_path(item, names[i])->kind != VALUE_NULL)
			return value_path(item, names[i]);
	from = value_path(item, "valueFrom");
	while (from->kind == VALUE_LIST && from->count > 0)
		from = from->items[0];
	if (from->kind == VALUE_NULL)
		from = value_path(item, "value_source");
	if (value_path(from, "configMapKeyRef")->kind == VALUE_MAP)
		return config_value(c, value_path(from, "configMapKeyRef"));
	return from;
}

static void
add_pair(struct builtin_call *c, struct hcl_map *to, const struct value *item)
{
	static const char *const names[] = { "name", "Name", "key", "Key" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct value *name = value_path(item, names[i]), *v;

		if (name->kind != VALUE_STRING)
			continue;
		v = pair_value(c, item);
		hcl_map_add(to, name->text, item->span.line > 0 ? item->span : name->span, v);
		return;
	}
}

static void
add_pairs(struct builtin_call *c, struct hcl_map *to, const struct value *v)
{
	uint32_t i;

	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		hcl_map_add(to, v->members[i].key, v->members[i].key_span, v->members[i].value);
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++) {
		const struct value *item = v->items[i];

		if (item->kind == VALUE_MAP)
			add_pair(c, to, item);
		if (item->kind == VALUE_STRING && slice_find(item->text, '=') < item->text.len) {
			struct slice rest = item->text, name = slice_cut(&rest, '=');

			hcl_map_add(to, name, item->span, value_string(c->arena, item->span, rest));
		}
	}
}

/* ---- configuration in Kubernetes ---- */

static const struct value *
config_map(struct builtin_call *c, const struct value *name)
{
	const struct value *found = name->kind != VALUE_STRING ? NULL
	    : builtin_first_where(c, SLICE("ConfigMap"), SLICE("metadata.name"), name->text);

	return found == NULL ? NULL : value_path(found, "data");
}

static const struct value *
config_value(struct builtin_call *c, const struct value *from)
{
	const struct value *data = config_map(c, value_path(from, "name")), *found;

	found = data == NULL ? &value_null : value_member(data, builtin_text_of(c, value_path(from, "key")));
	return found->kind != VALUE_NULL ? found
	    : value_unknown(c->arena, from->span, SLICE("the ConfigMap is not among the files"));
}

/* False when something named is not among the files, or is a Secret. */
static bool
add_config_maps(struct builtin_call *c, struct hcl_map *to, const struct value *env_from)
{
	bool whole = true;

	for (uint32_t i = 0; env_from->kind == VALUE_LIST && i < env_from->count; i++) {
		const struct value *name = value_path(env_from->items[i], "configMapRef.name");
		const struct value *data = name->kind == VALUE_STRING ? config_map(c, name) : NULL;

		whole = whole && (data != NULL || (name->kind == VALUE_NULL
		    && value_path(env_from->items[i], "secretRef")->kind == VALUE_NULL));
		if (data != NULL)
			add_pairs(c, to, data);
	}
	return whole;
}

/* env(a, b ...): later arguments win; a list of envFrom may be among them. */
static const struct value *
env(struct builtin_call *c)
{
	struct hcl_map map = { .arena = c->arena };
	struct value *made;
	bool whole = true;

	for (uint32_t i = 0; i < c->count; i++) {
		whole = add_config_maps(c, &map, c->args[i]) && whole && c->args[i]->kind != VALUE_UNKNOWN;
		add_pairs(c, &map, c->args[i]);
	}
	made = (struct value *)(uintptr_t)hcl_map_end(&map, c->count > 0 ? c->args[c->count - 1]->span : c->span);
	made->why = whole ? NULL : &hcl_partial_map;
	return made;
}

/* ---- tags ---- */

static const char *const tag_places[] = { "tags_all", "tags", "Tags", "labels", "user_labels",
	"resource_labels", "metadata.annotations", "metadata.labels" };

/* What a provider of Terraform adds to everything that it makes. */
static void
add_default_tags(struct builtin_call *c, struct hcl_map *to, const struct resource *r)
{
	struct slice provider = slice_sub(r->type, 0, slice_find(r->type, '_'));
	const struct value *all;

	if (r->language != LANGUAGE_TERRAFORM || provider.len == r->type.len)
		return;
	all = engine_objects(c->engine, SLICE("provider"));
	for (uint32_t i = 0; i < all->count; i++) {
		const struct object *o = engine_find_object(c->engine, all->items[i]);

		if (o == NULL || !slice_starts(o->resource->name, provider))
			continue;
		add_pairs(c, to, value_path(o->value, "default_tags.0.tags"));
		add_pairs(c, to, value_path(o->value, "default_labels"));
	}
}

static const struct value *
tags(struct builtin_call *c)
{
	struct hcl_map map = { .arena = c->arena };
	const struct value *v, *unknown = NULL;
	const struct object *o = engine_find_object(c->engine, c->args[0]);
	const struct value *of = o != NULL && o->row_of != NULL ? o->self : c->args[0];

	if (o != NULL)
		add_default_tags(c, &map, o->resource);
	for (size_t i = 0; i < COUNT_OF(tag_places); i++) {
		v = value_path(of, tag_places[i]);
		if (v->kind == VALUE_UNKNOWN)
			unknown = v;
		add_pairs(c, &map, v);
	}
	return map.count == 0 && unknown != NULL ? unknown : hcl_map_end(&map, c->args[0]->span);
}

static const struct value *
tag(struct builtin_call *c)
{
	const struct value *all = tags(c);

	if (all->kind == VALUE_UNKNOWN)
		return all;
	for (uint32_t i = 1; i < c->count; i++)
		for (uint32_t k = 0; k < all->count; k++)
			if (builtin_glob(builtin_text_of(c, c->args[i]), all->members[k].key, true))
				return all->members[k].value;
	return &value_null;
}

/* ---- addresses ---- */

static const char *const anywhere[] = { "*", "any", "internet", "0.0.0.0/0", "::/0", "/0" };

/* So large a range that it is not one's own.  Providers refuse a range with bits behind its
 * length ("0.1.0.0/0"): it opens nothing. */
static bool
is_wide(struct slice cidr)
{
	struct slice address = slice_sub(cidr, 0, slice_find(cidr, '/'));
	struct slice length = slice_sub(cidr, address.len + 1, cidr.len);
	char text[64];
	struct in_addr v4;
	uint64_t bits;

	if (address.len >= sizeof text || !slice_uint(length, &bits) || bits >= 8)
		return false;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	return inet_pton(AF_INET, text, &v4) == 1 && (ntohl(v4.s_addr) & (0xffffffffu >> bits)) == 0;
}

static bool
is_public(struct slice cidr)
{
	for (size_t i = 0; i < COUNT_OF(anywhere); i++)
		if (slice_eq_nocase(cidr, slice_of(anywhere[i])))
			return true;
	return is_wide(cidr);
}

static const struct value *
is_public_cidr(struct builtin_call *c)
{
	const struct value *unknown = NULL;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct value *some = builtin_list(c->arena, c->args[i]);

		if (some->kind == VALUE_UNKNOWN)
			unknown = some;
		for (uint32_t k = 0; some->kind == VALUE_LIST && k < some->count; k++) {
			if (some->items[k]->kind == VALUE_UNKNOWN)
				unknown = some->items[k];
			else if (is_public(slice_trim(builtin_text_of(c, some->items[k]))))
				return builtin_bool(c, true);
		}
	}
	return unknown != NULL ? unknown : builtin_bool(c, false);
}

/* ---- ports ---- */

static const struct value *
range_value(struct builtin_call *c, struct span span, long double from, long double to)
{
	struct hcl_map m = { .arena = c->arena };

	hcl_map_add(&m, SLICE("from"), span, hcl_number_value(c->arena, span, from));
	hcl_map_add(&m, SLICE("to"), span, hcl_number_value(c->arena, span, to));
	return hcl_map_end(&m, span);
}

/* "22", "20-30", "*", 22, -1.  Providers take no commas in one text. */
static void
add_range(struct builtin_call *c, struct value_builder *b, const struct value *v)
{
	struct slice rest = slice_trim(builtin_text_of(c, v)), low = slice_trim(slice_cut(&rest, '-'));
	uint64_t from, to;

	if (v->kind == VALUE_UNKNOWN)
		value_append(b, v);
	else if (slice_is(low, "*") || slice_eq_nocase(low, SLICE("any")) || low.len == 0)
		value_append(b, range_value(c, v->span, 0, 65535));
	else if (slice_uint(low, &from)) {
		if (!slice_uint(slice_trim(rest), &to))
			to = from;
		value_append(b, range_value(c, v->span, from, to));
	}
}

/* port_ranges(list) or port_ranges(from, to). */
static const struct value *
port_ranges(struct builtin_call *c)
{
	const struct value *from, *to, *all;
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->args[0]->span);
	if (c->count == 2) {
		if (c->args[0]->kind == VALUE_UNKNOWN || c->args[1]->kind == VALUE_UNKNOWN)
			return c->args[0]->kind == VALUE_UNKNOWN ? c->args[0] : c->args[1];
		from = hcl_to_number(c->arena, c->args[0]);
		to = hcl_to_number(c->arena, c->args[1]);
		if (from == NULL || from->kind != VALUE_NUMBER || from->number < 0)
			value_append(&b, range_value(c, c->args[0]->span, 0, 65535));
		else
			value_append(&b, range_value(c, c->args[0]->span, from->number,
			    to != NULL && to->kind == VALUE_NUMBER ? to->number : from->number));
		return value_end(&b);
	}
	all = builtin_list(c->arena, c->args[0]);
	if (all->kind == VALUE_UNKNOWN)
		return all;
	for (uint32_t i = 0; i < all->count; i++)
		add_range(c, &b, all->items[i]);
	return value_end(&b);
}

static bool
covers(const struct value *range, double port)
{
	return value_path(range, "from")->number <= port && value_path(range, "to")->number >= port;
}

/* port_open(ranges, 22, 3389 ...): whether one is inside. */
static const struct value *
port_open(struct builtin_call *c)
{
	const struct value *ranges = builtin_list(c->arena, c->args[0]), *unknown = NULL;

	if (ranges->kind == VALUE_UNKNOWN)
		return ranges;
	for (uint32_t i = 1; i < c->count; i++) {
		const struct value *ports = builtin_list(c->arena, c->args[i]);

		for (uint32_t k = 0; k < ports->count; k++)
			for (uint32_t r = 0; r < ranges->count; r++) {
				if (ranges->items[r]->kind == VALUE_UNKNOWN)
					unknown = ranges->items[r];
				else if (covers(ranges->items[r], ports->items[k]->number))
					return builtin_bool(c, true);
			}
	}
	return unknown != NULL ? unknown : builtin_bool(c, false);
}

/* ---- selectors ---- */

static bool
has_label(const struct value *labels, struct slice key, const struct value *values)
{
	const struct value *have = value_member(labels, key);

	if (have->kind == VALUE_NULL || values == NULL)
		return have->kind != VALUE_NULL;
	for (uint32_t i = 0; i < values->count; i++)
		if (value_equal(values->items[i], have))
			return true;
	return false;
}

static bool
expression_holds(struct builtin_call *c, const struct value *e, const struct value *labels)
{
	struct slice key = builtin_text_of(c, value_path(e, "key"));
	struct slice operator = builtin_text_of(c, value_path(e, "operator"));
	const struct value *values = value_path(e, "values");

	if (slice_is(operator, "Exists"))
		return has_label(labels, key, NULL);
	if (slice_is(operator, "DoesNotExist"))
		return !has_label(labels, key, NULL);
	return has_label(labels, key, values) == slice_is(operator, "In");
}

/* selects(selector, labels): a LabelSelector, or a plain map of labels. */
static const struct value *
selects(struct builtin_call *c)
{
	const struct value *selector = c->args[0], *labels = c->args[1], *expressions, *wanted;
	uint32_t i;

	if (selector->kind != VALUE_MAP)
		return builtin_bool(c, false);
	expressions = value_path(selector, "matchExpressions");
	wanted = value_path(selector, "matchLabels");
	if (wanted->kind == VALUE_NULL && expressions->kind == VALUE_NULL)
		wanted = selector;
	for (i = 0; wanted->kind == VALUE_MAP && i < wanted->count; i++)
		if (!value_equal(value_member(labels, wanted->members[i].key), wanted->members[i].value))
			return builtin_bool(c, false);
	for (i = 0; expressions->kind == VALUE_LIST && i < expressions->count; i++)
		if (!expression_holds(c, expressions->items[i], labels))
			return builtin_bool(c, false);
	return builtin_bool(c, true);
}

const struct builtin builtins_cloud[] = {
	{ "env", 1, 255, BUILTIN_LOOKS, env },
	{ "is_public_cidr", 1, 255, BUILTIN_LOOKS, is_public_cidr },
	{ "port_open", 2, 255, BUILTIN_LOOKS, port_open },
	{ "port_ranges", 1, 2, BUILTIN_LOOKS, port_ranges },
	{ "selects", 2, 2, 0, selects },          { "tag", 2, 255, 0, tag },
	{ "tags", 1, 1, 0, tags },
};
const size_t builtins_cloud_count = COUNT_OF(builtins_cloud);
