/* terraform_azapi.c -- see terraform_azapi.h. */
#include "iac/terraform_azapi.h"

#include "base/attr.h"
#include "iac/hcl.h"

struct slice
terraform_azapi_type(const struct value *attributes)
{
	const struct value *type = value_member(attributes, SLICE("type"));

	return type->kind == VALUE_STRING ? slice_sub(type->text, 0, slice_find(type->text, '@')) : SLICE("");
}

const struct value *
terraform_azapi_attributes(struct arena *arena, const struct value *attributes)
{
	static const char *const own[] = { "name", "location", "tags", "identity" };
	struct hcl_map map = { .arena = arena };
	const struct value *body = value_member(attributes, SLICE("body")), *v;
	struct value *made;

	if (body->kind == VALUE_STRING && (v = hcl_read_json(arena, body->text, body->span)) != NULL)
		body = v;
	for (uint32_t i = 0; body->kind == VALUE_MAP && i < body->count; i++)
		hcl_map_add(&map, body->members[i].key, body->members[i].key_span, body->members[i].value);
	if (body->kind == VALUE_UNKNOWN)
		hcl_map_add(&map, SLICE("properties"), body->span, body);
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if ((v = value_member(attributes, slice_of(own[i])))->kind != VALUE_NULL)
			hcl_map_add(&map, slice_of(own[i]), v->span, v);
	made = (struct value *)(uintptr_t)hcl_map_end(&map, attributes->span);
	made->why = attributes->why;
	return made;
}
