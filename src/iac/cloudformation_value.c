/* cloudformation_value.c -- intrinsic functions; see cloudformation.h.
 *
 * A map of one member whose name is in the table below is a function.  Values are computed
 * anew where they stand, since each place has its own path; conditions are kept.  Which
 * parameters a condition depends on is found by trying: each unknown answer names the first
 * parameter that stood in the way, which is then pinned to each of its allowed values. */
#include "iac/cloudformation_stack.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/hcl.h"

static const struct value *
unknown(struct stack *s, struct span span, const char *because)
{
	return value_unknown(s->arena, span, slice_of(because));
}

static const struct value *
unknown_named(struct stack *s, struct span span, const char *format, struct slice name)
{
	struct buf b;

	name = slice_sub(name, 0, 200);
	buf_init(&b, s->arena, 512);
	buf_printf(&b, format, SLICE_FMT(name));
	return value_unknown(s->arena, span, buf_slice(&b));
}

/* One that a resource will give. */
static const struct value *
made_named(struct stack *s, struct span span, const char *format, struct slice name)
{
	return value_made(s->arena, span, unknown_named(s, span, format, name)->why->text);
}

/* An unknown that is one of these. */
static const struct value *
one_of(struct stack *s, const struct value *why, const struct value **items, uint32_t count)
{
	struct value *v = arena_alloc(s->arena, sizeof *v);

	*v = *why;
	v->items = items;
	v->count = count;
	return v;
}

static const struct value *
item(const struct value *args, uint32_t i)
{
	return args->kind == VALUE_LIST && i < args->count ? args->items[i] : &value_null;
}

/* ---- names ---- */

struct names
names_of(struct arena *a, const struct value *map)
{
	struct names n = { NULL, map->kind == VALUE_MAP ? map->count : 0 };

	if (n.count > 0)
		n.sorted = hcl_sorted(a, map);
	return n;
}

uint32_t
names_place(const struct names *n, struct slice key)
{
	uint32_t low = 0, high = n->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = slice_cmp(n->sorted[middle]->key, key);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return n->count;
}

const struct value *
template_name_find(const struct names *n, struct slice key)
{
	uint32_t i = names_place(n, key);

	return i < n->count ? n->sorted[i]->value : NULL;
}

void
stack_refer(struct stack *s, struct slice address, struct span span)
{
	struct slice path = buf_slice(&s->path);
	uint32_t i, room = s->reference_room;

	for (i = 0; i < s->reference_count; i++)
		if (slice_eq(s->references[i].address, address) && slice_eq(s->references[i].attribute, path))
			return;
	if (s->reference_count == STACK_REFERENCES)
		return;
	if (s->reference_count == room) {
		s->reference_room = room == 0 ? 4 : room * 2;
		s->references = arena_grow(s->arena, s->references, room * sizeof *s->references,
		    s->reference_room * sizeof *s->references);
	}
	s->references[s->reference_count++] = (struct reference){ address, slice_dup(path, s->arena), span };
}

/* ---- texts ---- */

/* Parts joined; when one is unknown, the sketch of what is known. */
struct joined {
	struct buf          text;
	const struct value *unknown;
	bool                sensitive;
};

static void
add_part(struct stack *s, struct joined *j, const struct value *v)
{
	const struct value *text = hcl_to_string(s->arena, v);

	if (text == NULL)
		text = unknown(s, v->span, "only texts can be joined");
	if (text->kind == VALUE_UNKNOWN && j->unknown == NULL)
		j->unknown = text;
	j->sensitive |= v->sensitive;
	buf_add(&j->text, text->kind == VALUE_UNKNOWN && text->text.len == 0 ? SLICE("${?}") : text->text);
}

static struct joined
join_begin(struct stack *s)
{
	struct joined j = { 0 };

	buf_init(&j.text, s->arena, s->bytes < STACK_TEXT ? s->bytes : STACK_TEXT);
	return j;
}

static const struct value *
joined_value(struct stack *s, struct joined *j, struct span span)
{
	struct value *v = arena_alloc(s->arena, sizeof *v);

	s->bytes -= j->text.len < s->bytes ? j->text.len : s->bytes;
	if (!buf_ok(&j->text))
		return unknown(s, span, "the text is too long");
	v->kind = j->unknown != NULL ? VALUE_UNKNOWN : VALUE_STRING;
	v->why = j->unknown != NULL ? j->unknown->why : NULL;
	v->text = buf_slice(&j->text);
	v->sensitive = j->sensitive;
	v->span = span;
	return v;
}

/* ---- parameters ---- */

/* "a, b" as a list. */
static const struct value *
comma_list(struct stack *s, const struct value *v)
{
	struct slice rest = v->text;
	struct value_builder b;

	if (v->kind != VALUE_STRING)
		return v;
	value_begin(&b, s->arena, VALUE_LIST, v->span);
	while (rest.len > 0 && b.made->count < STACK_ITEMS)
		value_append(&b, value_string(s->arena, v->span, slice_trim(slice_cut(&rest, ','))));
	return value_end(&b);
}

static const struct value *
typed(struct stack *s, const struct value *parameter, const struct value *v)
{
	struct slice type = value_member(parameter, SLICE("Type"))->text;
	const struct value *number = slice_is(type, "Number") ? hcl_to_number(s->arena, v) : NULL;
	struct value *copy;

	if (slice_starts(type, SLICE("AWS::SSM::Parameter::Value")))
		return value_made(s->arena, v->span, SLICE("the value stands in the parameter store"));
	if (slice_is(type, "CommaDelimitedList") || slice_starts(type, SLICE("List<")))
		v = comma_list(s, v);
	if (number != NULL)
		v = number;
	if (!value_member(parameter, SLICE("NoEcho"))->boolean
	    && !slice_is(value_member(parameter, SLICE("NoEcho"))->text, "true"))
		return v;
	copy = arena_alloc(s->arena, sizeof *copy);
	*copy = *v;
	copy->sensitive = true;
	return copy;
}

static const struct value *
explained(struct stack *s, const struct value *v, const char *format, struct slice name)
{
	struct buf b;

	name = slice_sub(name, 0, 200);
	buf_init(&b, s->arena, 512);
	buf_printf(&b, format, SLICE_FMT(name));
	return hcl_because(s->arena, v, v->span, buf_slice(&b));
}

static const struct value *
allowed_values(struct stack *s, const struct value *parameter, struct slice name, struct span span)
{
	const struct value *allowed = value_member(parameter, SLICE("AllowedValues"));
	const struct value *why = unknown_named(s, span, "parameter \"%.*s\" has no default", name);

	if (allowed->kind != VALUE_LIST || allowed->count == 0 || allowed->count > STACK_CHOICES)
		return why;
	if (s->open == NULL) {
		s->open = parameter;
		s->open_name = name;
	}
	return one_of(s, why, allowed->items, allowed->count);
}

static const struct value *
parameter_value(struct stack *s, const struct value *parameter, struct slice name, struct span span)
{
	const struct value *given = s->given != NULL ? value_member(s->given, name) : &value_null;
	const struct value *usual = value_member(parameter, SLICE("Default"));

	for (const struct pin *p = s->pins; p != NULL; p = p->next)
		if (slice_eq(p->name, name))
			return typed(s, parameter, p->value);
	if (given->kind == VALUE_UNKNOWN)
		return given;
	if (given->kind != VALUE_NULL)
		return explained(s, typed(s, parameter, given), "value of parameter \"%.*s\"", name);
	if (!s->any && usual->kind != VALUE_NULL)
		return explained(s, typed(s, parameter, usual), "default of parameter \"%.*s\"", name);
	return allowed_values(s, parameter, name, span);
}

/* ---- functions ---- */

/* A reference, an attribute of one, or a pseudo parameter.  NULL: AWS::NoValue. */
static const struct value *
ref_name(struct stack *s, struct slice name, struct span span)
{
	const struct value *parameter = template_name_find(&s->parameters, name);

	if (parameter != NULL)
		return parameter_value(s, parameter, name, span);
	if (slice_is(name, "AWS::NoValue"))
		return NULL;
	if (slice_starts(name, SLICE("AWS::")))
		return made_named(s, span, "%.*s is known only when the stack is made", name);
	if (names_place(&s->resources, name) == s->resources.count)
		return value_made(s->arena, span, SLICE("nothing has this name"));
	stack_refer(s, name, span);
	return made_named(s, span, "\"%.*s\" is known only when it is made", name);
}

static const struct value *
ref(struct stack *s, const struct value *args, struct span span)
{
	const struct value *name = stack_value(s, args);

	if (name == NULL || name->kind != VALUE_STRING)
		return name != NULL && name->kind == VALUE_UNKNOWN ? name : unknown(s, span, "Ref takes a name");
	return ref_name(s, name->text, span);
}

static const struct value *
attribute_of(struct stack *s, struct slice name, struct span span)
{
	stack_refer(s, name, span);
	return made_named(s, span, "an attribute of \"%.*s\" is known only when it is made", name);
}

static const struct value *
get_att(struct stack *s, const struct value *args, struct span span)
{
	struct slice name = args->kind == VALUE_LIST ? item(args, 0)->text : args->text;

	if (args->kind == VALUE_STRING)
		name = slice_sub(name, 0, slice_find(name, '.'));
	return name.len > 0 ? attribute_of(s, name, span) : unknown(s, span, "GetAtt takes a name");
}

/* ${X}, ${X.Attribute}, and X of the map. */
static const struct value *
sub_name(struct stack *s, struct slice name, const struct value *map, struct span span)
{
	const struct value *own = value_member(map, name);
	size_t dot = slice_find(name, '.');

	if (own != &value_null)
		return stack_value(s, own);
	if (dot < name.len)
		return attribute_of(s, slice_sub(name, 0, dot), span);
	return ref_name(s, name, span);
}

static const struct value *
sub(struct stack *s, const struct value *args, struct span span)
{
	const struct value *text = args->kind == VALUE_LIST ? item(args, 0) : args, *part;
	struct slice t = text->text;
	struct joined j = join_begin(s);
	size_t i, end;

	if (text->kind != VALUE_STRING)
		return unknown(s, span, "Fn::Sub takes a text");
	for (i = 0; i < t.len; i = end) {
		end = i + slice_find(slice_sub(t, i, t.len), '}') + 1;
		if (!slice_starts(slice_sub(t, i, 2), SLICE("${")) || end > t.len) {
			end = i + 1 + slice_find(slice_sub(t, i + 1, t.len), '$');
			buf_add(&j.text, slice_sub(t, i, end - i));
		} else if (t.ptr[i + 2] == '!') {
			buf_add_cstr(&j.text, "${");
			buf_add(&j.text, slice_sub(t, i + 3, end - i - 3));
		} else {
			part = sub_name(s, slice_trim(slice_sub(t, i + 2, end - i - 3)), item(args, 1), text->span);
			if (part != NULL)
				add_part(s, &j, part);
		}
	}
	return joined_value(s, &j, span);
}

static const struct value *
join(struct stack *s, const struct value *args, struct span span)
{
	const struct value *list = stack_value(s, item(args, 1)), *by = stack_value(s, item(args, 0));
	struct joined j = join_begin(s);

	if (list == NULL || list->kind != VALUE_LIST || by == NULL)
		return list != NULL && list->kind == VALUE_UNKNOWN ? list : unknown(s, span, "Fn::Join takes a list");
	for (uint32_t i = 0; i < list->count; i++) {
		if (i > 0)
			add_part(s, &j, by);
		add_part(s, &j, list->items[i]);
	}
	return joined_value(s, &j, span);
}

static const struct value *
select_one(struct stack *s, const struct value *args, struct span span)
{
	const struct value *list = stack_value(s, item(args, 1));
	const struct value *n = stack_value(s, item(args, 0));

	n = n == NULL ? NULL : hcl_to_number(s->arena, n);
	if (list == NULL || list->kind == VALUE_UNKNOWN || n == NULL || n->kind == VALUE_UNKNOWN)
		return unknown(s, span, "which item is selected is not known");
	if (list->kind != VALUE_LIST || !(n->number >= 0) || n->number >= list->count)
		return unknown(s, span, "the list has no such item");
	return list->items[(uint32_t)n->number];
}

static const struct value *
split(struct stack *s, const struct value *args, struct span span)
{
	const struct value *by = stack_value(s, item(args, 0)), *v = stack_value(s, item(args, 1));
	struct slice rest;
	struct value_builder b;

	if (v == NULL || by == NULL || v->kind != VALUE_STRING || by->kind != VALUE_STRING || by->text.len == 0)
		return v != NULL && v->kind == VALUE_UNKNOWN ? v : unknown(s, span, "Fn::Split takes two texts");
	value_begin(&b, s->arena, VALUE_LIST, span);
	for (rest = v->text; b.made->count < STACK_ITEMS;) {
		const char *at = memmem(rest.ptr, rest.len, by->text.ptr, by->text.len);
		size_t len = at == NULL ? rest.len : (size_t)(at - rest.ptr);

		value_append(&b, value_string(s->arena, span, slice_sub(rest, 0, len)));
		if (at == NULL)
			break;
		rest = slice_sub(rest, len + by->text.len, rest.len);
	}
	return value_end(&b);
}

/* One step into a mapping; with an unknown key the only thing it can be, when there is one. */
static const struct value *
map_step(struct stack *s, const struct value *map, const struct value *key, struct span span)
{
	const struct value *text = key == NULL ? NULL : hcl_to_string(s->arena, key), **all;

	if (text == NULL || map->kind != VALUE_MAP || map->count == 0)
		return map->kind == VALUE_UNKNOWN ? map : unknown(s, span, "the mapping has no such entry");
	if (text->kind == VALUE_STRING)
		return value_member(map, text->text);
	if (map->count > STACK_CHOICES)
		return unknown(s, span, "which entry of the mapping is not known");
	all = arena_array(s->arena, map->count, sizeof *all);
	for (uint32_t i = 0; i < map->count; i++)
		all[i] = map->members[i].value;
	for (uint32_t i = 1; i < map->count; i++)
		if (!value_equal(all[0], all[i]))
			return one_of(s, unknown(s, span, "which entry of the mapping is not known"), all, map->count);
	return all[0];
}

/* Two unknown steps: what is in all entries under a key that is known. */
static const struct value *
second_step(struct stack *s, const struct value *first, const struct value *key, struct span span)
{
	const struct value **all;
	bool same = true;

	if (first->kind != VALUE_UNKNOWN || first->count == 0 || key == NULL)
		return map_step(s, first, key, span);
	all = arena_array(s->arena, first->count, sizeof *all);
	for (uint32_t i = 0; i < first->count; i++)
		all[i] = map_step(s, first->items[i], key, span);
	for (uint32_t i = 0; i < first->count; i++)
		same &= value_equal(all[0], all[i]);
	return same ? all[0] : one_of(s, first, all, first->count);
}

static const struct value *
find_in_map(struct stack *s, const struct value *args, struct span span)
{
	const struct value *name = stack_value(s, item(args, 0)), *map = &value_null, *v;
	const struct value *otherwise = value_member(item(args, 3), SLICE("DefaultValue"));

	if (name != NULL && name->kind == VALUE_STRING)
		map = template_name_find(&s->mappings, name->text);
	v = map_step(s, map == NULL ? &value_null : map, stack_value(s, item(args, 1)), span);
	v = second_step(s, v, stack_value(s, item(args, 2)), span);
	if ((v->kind == VALUE_NULL || (v->kind == VALUE_UNKNOWN && v->count == 0))
	    && otherwise != &value_null && (name == NULL || name->kind == VALUE_STRING))
		return stack_value(s, otherwise);
	return v->kind == VALUE_NULL ? unknown(s, span, "the mapping has no such entry") : v;
}

static const struct value *
import_value(struct stack *s, const struct value *args, struct span span)
{
	stack_value(s, args);
	return value_made(s->arena, span, SLICE("the value is exported by another stack"));
}

static const struct value *
get_azs(struct stack *s, const struct value *args, struct span span)
{
	(void)args;
	return unknown(s, span, "the availability zones are known only when the stack is made");
}

static const struct value *
transform(struct stack *s, const struct value *args, struct span span)
{
	(void)args;
	return unknown(s, span, "a macro makes this value");
}

static const struct value *
base64(struct stack *s, const struct value *args, struct span span)
{
	(void)span;
	return stack_value(s, args);
}

/* [block, count, bits of a host]: subnets, IPv4. */
static const struct value *
cidr(struct stack *s, const struct value *args, struct span span)
{
	const struct value *block = stack_value(s, item(args, 0)), *count = stack_value(s, item(args, 1));
	const struct value *bits = stack_value(s, item(args, 2));
	unsigned a[4], mask;
	struct value_builder b;
	char text[64];

	count = count == NULL ? NULL : hcl_to_number(s->arena, count);
	bits = bits == NULL ? NULL : hcl_to_number(s->arena, bits);
	if (block == NULL || block->kind != VALUE_STRING || block->text.len > 40 || count == NULL
	    || bits == NULL || !(bits->number >= 1 && bits->number <= 31)
	    || !(count->number >= 1 && count->number <= 256)
	    || sscanf(slice_cstr(block->text, s->arena), "%3u.%3u.%3u.%3u/%2u", &a[0], &a[1], &a[2], &a[3], &mask) != 5)
		return unknown(s, span, "the blocks of addresses are not known");
	value_begin(&b, s->arena, VALUE_LIST, span);
	for (uint32_t i = 0; i < (uint32_t)count->number; i++) {
		uint32_t at = (a[0] << 24 | (a[1] & 255) << 16 | (a[2] & 255) << 8 | (a[3] & 255))
		    + (i << (unsigned)bits->number);

		snprintf(text, sizeof text, "%u.%u.%u.%u/%u", at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255,
		    32 - (unsigned)bits->number);
		value_append(&b, value_string(s->arena, span, slice_dup(slice_of(text), s->arena)));
	}
	return value_end(&b);
}

static const struct value *
length(struct stack *s, const struct value *args, struct span span)
{
	const struct value *list = stack_value(s, args);

	if (list == NULL || list->kind != VALUE_LIST)
		return unknown(s, span, "how long the list is is not known");
	return hcl_number_value(s->arena, span, list->count);
}

static const struct value *
to_json(struct stack *s, const struct value *args, struct span span)
{
	const struct value *v = stack_value(s, args);
	struct joined j = join_begin(s);

	hcl_write_json(&j.text, s->arena, v == NULL ? &value_null : v, 0);
	if (v != NULL && value_has_unknown(v))
		j.unknown = v->kind == VALUE_UNKNOWN ? v : unknown(s, span, "a part of the value is not known");
	return joined_value(s, &j, span);
}

/* ---- conditions ---- */

static const struct value *named_condition(struct stack *, struct slice, struct span);

static const struct value *
truth(struct stack *s, const struct value *v)
{
	const struct value *made = stack_value(s, v), *b = made == NULL ? NULL : hcl_to_bool(s->arena, made);

	return b != NULL && b->kind != VALUE_NULL ? b : unknown(s, v->span, "this is no condition");
}

static const struct value *
condition(struct stack *s, const struct value *args, struct span span)
{
	return args->kind == VALUE_STRING ? named_condition(s, args->text, span)
	    : unknown(s, span, "a condition has a name");
}

static const struct value *
equals(struct stack *s, const struct value *args, struct span span)
{
	const struct value *a = stack_value(s, item(args, 0)), *b = stack_value(s, item(args, 1));

	a = a == NULL ? NULL : hcl_to_string(s->arena, a);
	b = b == NULL ? NULL : hcl_to_string(s->arena, b);
	if (a == NULL || b == NULL)
		return unknown(s, span, "Fn::Equals compares texts");
	if (a->kind == VALUE_UNKNOWN || b->kind == VALUE_UNKNOWN)
		return a->kind == VALUE_UNKNOWN ? a : b;
	return value_bool(s->arena, span, slice_eq(a->text, b->text));
}

/* One condition may decide alone. */
static const struct value *
any_of(struct stack *s, const struct value *args, struct span span, bool decides)
{
	const struct value *open = NULL;

	for (uint32_t i = 0; args->kind == VALUE_LIST && i < args->count; i++) {
		const struct value *v = truth(s, args->items[i]);

		if (v->kind == VALUE_BOOL && v->boolean == decides)
			return value_bool(s->arena, span, decides);
		if (v->kind == VALUE_UNKNOWN && open == NULL)
			open = v;
	}
	return open != NULL ? open : value_bool(s->arena, span, !decides);
}

static const struct value *
and_all(struct stack *s, const struct value *args, struct span span)
{
	return any_of(s, args, span, false);
}

static const struct value *
or_any(struct stack *s, const struct value *args, struct span span)
{
	return any_of(s, args, span, true);
}

static const struct value *
not(struct stack *s, const struct value *args, struct span span)
{
	const struct value *v = truth(s, args->kind == VALUE_LIST ? item(args, 0) : args);

	return v->kind == VALUE_UNKNOWN ? v : value_bool(s->arena, span, !v->boolean);
}

/* Both branches when it is not known which; the one value when they agree. */
static const struct value *
if_else(struct stack *s, const struct value *args, struct span span)
{
	struct slice name = item(args, 0)->text;
	const struct value *v = stack_condition(s, name, span, false), *a, *b, **both;

	if (v->kind == VALUE_BOOL) {
		a = stack_value(s, item(args, v->boolean ? 1 : 2));
		return a == NULL ? NULL
		    : explained(s, a, v->boolean ? "as condition \"%.*s\" holds" : "as condition \"%.*s\" does not hold", name);
	}
	a = stack_value(s, item(args, 1));
	b = stack_value(s, item(args, 2));
	if ((a == NULL && b == NULL) || (a != NULL && b != NULL && value_equal(a, b)))
		return a;
	both = arena_array(s->arena, 2, sizeof *both);
	both[0] = a == NULL ? &value_null : a;
	both[1] = b == NULL ? &value_null : b;
	return one_of(s, unknown_named(s, span, "whether condition \"%.*s\" holds is not known", name), both, 2);
}

static const struct function {
	struct slice name;
	const struct value *(*apply)(struct stack *, const struct value *args, struct span);
} functions[] = {
	{ SLICE_INIT("Ref"), ref },                      { SLICE_INIT("Fn::GetAtt"), get_att },
	{ SLICE_INIT("Fn::Sub"), sub },                  { SLICE_INIT("Fn::Join"), join },
	{ SLICE_INIT("Fn::Select"), select_one },        { SLICE_INIT("Fn::Split"), split },
	{ SLICE_INIT("Fn::FindInMap"), find_in_map },    { SLICE_INIT("Fn::ImportValue"), import_value },
	{ SLICE_INIT("Fn::GetAZs"), get_azs },           { SLICE_INIT("Fn::Base64"), base64 },
	{ SLICE_INIT("Fn::Cidr"), cidr },                { SLICE_INIT("Fn::Transform"), transform },
	{ SLICE_INIT("Fn::If"), if_else },               { SLICE_INIT("Fn::Equals"), equals },
	{ SLICE_INIT("Fn::And"), and_all },              { SLICE_INIT("Fn::Or"), or_any },
	{ SLICE_INIT("Fn::Not"), not },                  { SLICE_INIT("Fn::Length"), length },
	{ SLICE_INIT("Fn::ToJsonString"), to_json },     { SLICE_INIT("Condition"), condition },
};

static const struct function *
function_of(const struct value *v)
{
	if (v->kind != VALUE_MAP || v->count != 1)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		if (slice_eq(functions[i].name, v->members[0].key))
			return functions[i].apply != condition || v->members[0].value->kind == VALUE_STRING
			    ? &functions[i] : NULL;
	return NULL;
}

/* ---- all ---- */

static const struct value *
list_value(struct stack *s, const struct value *v)
{
	size_t before = s->path.len;
	struct value_builder b;

	value_begin(&b, s->arena, VALUE_LIST, v->span);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct value *one;

		buf_printf(&s->path, "%s%u", before > 0 ? "." : "", b.made->count);
		if ((one = stack_value(s, v->items[i])) != NULL)
			value_append(&b, one);
		s->path.len = before;
		s->path.full = false;
	}
	return value_end(&b);
}

static const struct value *
map_value(struct stack *s, const struct value *v)
{
	size_t before = s->path.len;
	struct value *made = arena_alloc(s->arena, sizeof *made);

	*made = *v;
	made->count = 0;
	made->members = arena_array(s->arena, v->count + 1u, sizeof *made->members);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct member *m = &v->members[i];
		const struct value *one;

		buf_printf(&s->path, "%s%.*s", before > 0 ? "." : "", SLICE_FMT(m->key));
		if ((one = stack_value(s, m->value)) != NULL)
			made->members[made->count++] = (struct member){ m->key, m->key_span, one };
		s->path.len = before;
		s->path.full = false;
	}
	return made;
}

static const struct value *
plain(struct stack *s, const struct value *v)
{
	struct value *b;

	if (v->kind != VALUE_STRING || (!slice_is(v->text, "true") && !slice_is(v->text, "false")))
		return v;
	b = arena_alloc(s->arena, sizeof *b);
	*b = *v;
	b->kind = VALUE_BOOL;
	b->boolean = v->text.len == 4;
	return b;
}

const struct value *
stack_value(struct stack *s, const struct value *v)
{
	const struct function *f = function_of(v);

	if (s->steps == 0)
		return unknown(s, v->span, "this is too much to evaluate");
	s->steps--;
	if (f != NULL) {
		v = f->apply(s, v->members[0].value, v->span);
		return v == NULL ? NULL : plain(s, v);
	}
	if (v->kind == VALUE_LIST)
		return list_value(s, v);
	return v->kind == VALUE_MAP ? map_value(s, v) : plain(s, v);
}

static const struct value *
named_condition(struct stack *s, struct slice name, struct span span)
{
	uint32_t i = names_place(&s->conditions, name);
	const struct value *v;

	if (i == s->conditions.count)
		return unknown(s, span, "no condition has this name");
	if (s->busy[i])
		return unknown(s, span, "the condition depends on itself");
	s->busy[i] = true;
	v = truth(s, s->conditions.sorted[i]->value);
	s->busy[i] = false;
	return v;
}

/* Each allowed value of the parameter that stood in the way is tried. */
static const struct value *
solve(struct stack *s, struct slice name, struct span span, uint32_t *budget)
{
	const struct value *v, *first = NULL, *parameter;
	const struct pin *before = s->pins;
	struct pin pin;

	s->open = NULL;
	v = named_condition(s, name, span);
	if (v->kind != VALUE_UNKNOWN || s->open == NULL)
		return v;
	parameter = value_member(s->open, SLICE("AllowedValues"));
	pin.name = s->open_name;
	for (uint32_t i = 0; i < parameter->count; i++) {
		const struct value *one;

		if (*budget == 0)
			return v;
		--*budget;
		pin.value = parameter->items[i];
		pin.next = before;
		s->pins = &pin;
		one = solve(s, name, span, budget);
		s->pins = before;
		if (one->kind != VALUE_BOOL || (first != NULL && first->boolean != one->boolean))
			return v;
		first = one;
	}
	return first;
}

const struct value *
stack_condition(struct stack *s, struct slice name, struct span span, bool any)
{
	uint32_t place = names_place(&s->conditions, name), budget = STACK_SOLVE;
	const struct value *open = s->open, *v;
	struct slice open_name = s->open_name;
	bool before = s->any, kept = !any && !before && s->pins == NULL && place < s->conditions.count;

	if (kept && s->solved[place] != NULL)
		return s->solved[place];
	s->any = any || before;
	v = solve(s, name, span, &budget);
	s->any = before;
	s->open = open;
	s->open_name = open_name;
	if (kept)
		s->solved[place] = v;
	return v;
}

/* ---- Fn::ForEach ---- */

/* "${x}" and "&{x}" replaced. */
static struct slice
replaced(struct stack *s, struct slice text, struct slice name, struct slice with)
{
	struct buf b;

	if (slice_find(text, '{') == text.len)
		return text;
	buf_init(&b, s->arena, s->bytes < STACK_TEXT ? s->bytes : STACK_TEXT);
	for (size_t i = 0; i < text.len;) {
		struct slice rest = slice_sub(text, i, text.len);

		if (rest.len > name.len + 2 && (rest.ptr[0] == '$' || rest.ptr[0] == '&') && rest.ptr[1] == '{'
		    && slice_starts(slice_sub(rest, 2, rest.len), name) && rest.ptr[2 + name.len] == '}') {
			buf_add(&b, with);
			i += name.len + 3;
		} else {
			buf_add_char(&b, text.ptr[i++]);
		}
	}
	s->bytes -= b.len;
	return buf_slice(&b);
}

static const struct value *
with_name(struct stack *s, const struct value *v, struct slice name, struct slice with)
{
	struct value *copy;

	if (s->steps == 0 || (v->kind != VALUE_STRING && v->kind != VALUE_LIST && v->kind != VALUE_MAP))
		return v;
	s->steps--;
	if (v->kind == VALUE_MAP && v->count == 1 && slice_is(v->members[0].key, "Ref")
	    && slice_eq(v->members[0].value->text, name))
		return value_string(s->arena, v->span, with);
	copy = arena_alloc(s->arena, sizeof *copy);
	*copy = *v;
	if (v->kind == VALUE_STRING)
		copy->text = replaced(s, v->text, name, with);
	copy->items = arena_array(s->arena, v->count + 1u, sizeof *copy->items);
	copy->members = arena_array(s->arena, v->count + 1u, sizeof *copy->members);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		copy->items[i] = with_name(s, v->items[i], name, with);
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		copy->members[i] = (struct member){ replaced(s, v->members[i].key, name, with),
			v->members[i].key_span, with_name(s, v->members[i].value, name, with) };
	return copy;
}

static void unfold_into(struct stack *, struct hcl_map *, const struct value *map);

/* [identifier, list, map]: the map once for each item. */
static void
for_each(struct stack *s, struct hcl_map *into, const struct value *args)
{
	const struct value *list = stack_value(s, item(args, 1));

	if (item(args, 0)->kind != VALUE_STRING || list == NULL || list->kind != VALUE_LIST)
		return;
	for (uint32_t i = 0; i < list->count && i < 1000 && s->steps > 0; i++) {
		const struct value *with = hcl_to_string(s->arena, list->items[i]);

		if (with != NULL && with->kind == VALUE_STRING)
			unfold_into(s, into, with_name(s, item(args, 2), item(args, 0)->text, with->text));
	}
}

static void
unfold_into(struct stack *s, struct hcl_map *into, const struct value *map)
{
	for (uint32_t i = 0; map->kind == VALUE_MAP && i < map->count; i++) {
		const struct member *m = &map->members[i];

		if (slice_starts(m->key, SLICE("Fn::ForEach::")))
			for_each(s, into, m->value);
		else
			hcl_map_add(into, m->key, m->key_span, stack_unfold(s, m->value));
	}
}

static bool
has_for_each(const struct value *v)
{
	bool found = false;

	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count && !found; i++)
		found = slice_starts(v->members[i].key, SLICE("Fn::ForEach::")) || has_for_each(v->members[i].value);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count && !found; i++)
		found = has_for_each(v->items[i]);
	return found;
}

const struct value *
stack_unfold(struct stack *s, const struct value *v)
{
	struct hcl_map map = { .arena = s->arena };
	struct value *copy;

	if (!has_for_each(v))
		return v;
	if (v->kind == VALUE_MAP) {
		unfold_into(s, &map, v);
		return hcl_map_end(&map, v->span);
	}
	copy = arena_alloc(s->arena, sizeof *copy);
	*copy = *v;
	copy->items = arena_array(s->arena, v->count + 1u, sizeof *copy->items);
	for (uint32_t i = 0; i < v->count; i++)
		copy->items[i] = stack_unfold(s, v->items[i]);
	return copy;
}
