/* terraform_type.c -- see terraform_type.h.
 *
 *   type = "string" | "number" | "bool" | "any" | "list" "(" type ")" | "set" "(" type ")"
 *        | "map" "(" type ")" | "object" "(" "{" { name "=" field } "}" ")" | "tuple" "(" "[" types "]" ")"
 *   field = type | "optional" "(" type [ "," expression ] ")" */
#include "iac/terraform_type.h"

#include "base/arena.h"
#include "base/attr.h"

enum { DEPTH_MAX = 50 };

static const struct value *convert(const struct hcl_scope *, const struct hcl_expression *, const struct value *,
    uint32_t depth);

static const struct value *
wrong(const struct hcl_scope *s, const struct value *v)
{
	return hcl_error(s, v->span, "the value does not fit the type of its variable");
}

/* The same value made anew keeps why it is so. */
static const struct value *
kept(const struct hcl_scope *s, const struct value *from, const struct value *made)
{
	struct value *copy;

	if (made == from || made == NULL)
		return made;
	copy = arena_alloc(s->project->arena, sizeof *copy);
	*copy = *made;
	copy->why = from->why;
	copy->sensitive = from->sensitive;
	copy->span = from->span;
	return copy;
}

static const struct value *
convert_list(const struct hcl_scope *s, const struct hcl_expression *type, const struct value *v, bool set,
    uint32_t depth)
{
	struct value_builder b;

	if (v->kind != VALUE_LIST)
		return wrong(s, v);
	value_begin(&b, s->project->arena, VALUE_LIST, v->span);
	for (uint32_t i = 0; i < v->count; i++)
		value_append(&b, convert(s, type, v->items[i], depth + 1));
	return kept(s, v, set ? hcl_set(s->project->arena, value_end(&b)) : value_end(&b));
}

static const struct value *
convert_map(const struct hcl_scope *s, const struct hcl_expression *type, const struct value *v, uint32_t depth)
{
	struct hcl_map m = { .arena = s->project->arena };

	if (v->kind != VALUE_MAP)
		return wrong(s, v);
	for (uint32_t i = 0; i < v->count; i++)
		hcl_map_add(&m, v->members[i].key, v->members[i].key_span, convert(s, type, v->members[i].value, depth + 1));
	return kept(s, v, hcl_map_end(&m, v->span));
}

static const struct value *
convert_field(const struct hcl_scope *s, const struct hcl_expression *field, const struct value *v, bool there,
    uint32_t depth)
{
	bool optional = field->kind == HCL_CALL && slice_is(field->name, "optional") && field->count > 0;

	if (!optional)
		return there ? convert(s, field, v, depth + 1) : NULL;
	if ((!there || v->kind == VALUE_NULL) && field->count > 1)
		return convert(s, field->items[0], hcl_evaluate(field->items[1], s), depth + 1);
	return there ? convert(s, field->items[0], v, depth + 1) : &value_null;
}

static const struct value *
convert_object(const struct hcl_scope *s, const struct hcl_expression *fields, const struct value *v,
    uint32_t depth)
{
	struct hcl_map m = { .arena = s->project->arena };

	if (v->kind != VALUE_MAP || fields->kind != HCL_OBJECT)
		return wrong(s, v);
	for (uint32_t i = 0; i + 1 < fields->count; i += 2) {
		const struct hcl_expression *key = fields->items[i];
		struct slice name = key->kind == HCL_LITERAL ? key->literal->text : key->name;
		const struct value *own = value_member(v, name), *made;

		made = convert_field(s, fields->items[i + 1], own, own != &value_null, depth);
		if (made == NULL)
			return wrong(s, v);
		hcl_map_add(&m, name, own != &value_null ? own->span : v->span, made);
	}
	return kept(s, v, hcl_map_end(&m, v->span));
}

static const struct value *
convert_tuple(const struct hcl_scope *s, const struct hcl_expression *types, const struct value *v,
    uint32_t depth)
{
	struct value_builder b;

	if (v->kind != VALUE_LIST || types->kind != HCL_TUPLE || types->count != v->count)
		return wrong(s, v);
	value_begin(&b, s->project->arena, VALUE_LIST, v->span);
	for (uint32_t i = 0; i < v->count; i++)
		value_append(&b, convert(s, types->items[i], v->items[i], depth + 1));
	return kept(s, v, value_end(&b));
}

static const struct value *
convert_primitive(const struct hcl_scope *s, struct slice type, const struct value *v)
{
	struct arena *a = s->project->arena;
	const struct value *made = v;

	if (slice_is(type, "string"))
		made = hcl_to_string(a, v);
	else if (slice_is(type, "number"))
		made = hcl_to_number(a, v);
	else if (slice_is(type, "bool"))
		made = hcl_to_bool(a, v);
	return made != NULL ? made : wrong(s, v);
}

static const struct value *
convert(const struct hcl_scope *s, const struct hcl_expression *type, const struct value *v, uint32_t depth)
{
	if (type == NULL || v->kind == VALUE_UNKNOWN || v->kind == VALUE_NULL || depth > DEPTH_MAX)
		return v;
	if (type->kind == HCL_ROOT)
		return convert_primitive(s, type->name, v);
	if (type->kind == HCL_LITERAL && type->literal->kind == VALUE_STRING)
		return convert_primitive(s, type->literal->text, v);    /* as 0.11 wrote it */
	if (type->kind != HCL_CALL || type->count == 0)
		return v;
	if (slice_is(type->name, "list") || slice_is(type->name, "set"))
		return convert_list(s, type->items[0], v, type->name.len == 3, depth);
	if (slice_is(type->name, "map"))
		return convert_map(s, type->items[0], v, depth);
	if (slice_is(type->name, "object"))
		return convert_object(s, type->items[0], v, depth);
	return slice_is(type->name, "tuple") ? convert_tuple(s, type->items[0], v, depth) : v;
}

const struct value *
terraform_convert(const struct hcl_scope *s, const struct hcl_expression *type, const struct value *v)
{
	return convert(s, type, v, 0);
}

bool
terraform_is_complex(const struct hcl_expression *type)
{
	return type != NULL && (type->kind == HCL_CALL || (type->kind == HCL_ROOT && slice_is(type->name, "any")));
}
