/* terraform_data.c -- see terraform_data.h. */
#include "iac/terraform_data.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/hcl_functions.h"

static void
put(struct hcl_map *m, const char *key, const struct value *v)
{
	if (v->kind != VALUE_NULL)
		hcl_map_add(m, slice_of(key), v->span, v);
}

/* ---- aws_iam_policy_document ---- */

/* One text alone stands without brackets, several are in order from the last, as the provider has them. */
static const struct value *
texts(struct arena *a, const struct value *v)
{
	const struct value *set;
	struct value_builder b;

	if (v->kind != VALUE_LIST)
		return v;
	set = v->count == 1 ? v : hcl_set(a, v);
	if (set->count == 1)
		return set->items[0];
	value_begin(&b, a, VALUE_LIST, v->span);
	for (uint32_t i = set->count; i-- > 0;)
		value_append(&b, set->items[i]);
	return value_end(&b);
}

/* principals and not_principals: {type: identifiers}; "*" alone for everyone. */
static const struct value *
principals(struct arena *a, const struct value *blocks)
{
	struct hcl_map m = { .arena = a };

	if (blocks->kind == VALUE_UNKNOWN)
		return blocks;
	for (uint32_t i = 0; blocks->kind == VALUE_LIST && i < blocks->count; i++) {
		const struct value *type = value_member(blocks->items[i], SLICE("type"));
		const struct value *who = texts(a, value_member(blocks->items[i], SLICE("identifiers")));

		if (type->kind == VALUE_UNKNOWN)
			return type;
		if (slice_is(type->text, "*") && slice_is(who->text, "*"))
			return who;
		hcl_map_add(&m, slice_is(type->text, "*") ? SLICE("AWS") : type->text, blocks->items[i]->span, who);
	}
	return m.count > 0 ? hcl_map_end(&m, blocks->span) : &value_null;
}

/* condition: {test: {variable: values}}. */
static const struct value *
conditions(struct arena *a, const struct value *blocks)
{
	struct hcl_map m = { .arena = a };

	if (blocks->kind == VALUE_UNKNOWN)
		return blocks;
	for (uint32_t i = 0; blocks->kind == VALUE_LIST && i < blocks->count; i++) {
		const struct value *b = blocks->items[i], *before = &value_null;
		struct slice test = value_member(b, SLICE("test"))->text;
		struct hcl_map inner = { .arena = a };
		uint32_t k;

		for (k = 0; k < m.count; k++)
			if (slice_eq(m.members[k].key, test))
				before = m.members[k].value;
		for (k = 0; k < before->count; k++)
			hcl_map_add(&inner, before->members[k].key, before->members[k].key_span, before->members[k].value);
		hcl_map_add(&inner, value_member(b, SLICE("variable"))->text, b->span,
		    texts(a, value_member(b, SLICE("values"))));
		hcl_map_add(&m, test, b->span, hcl_map_end(&inner, b->span));
	}
	return m.count > 0 ? hcl_map_end(&m, blocks->span) : &value_null;
}

static const struct value *
statement(struct arena *a, const struct value *s)
{
	const struct value *effect = value_member(s, SLICE("effect"));
	struct hcl_map m = { .arena = a };

	put(&m, "Sid", value_member(s, SLICE("sid")));
	put(&m, "Effect", effect->kind == VALUE_NULL ? value_string(a, s->span, SLICE("Allow")) : effect);
	put(&m, "Action", texts(a, value_member(s, SLICE("actions"))));
	put(&m, "NotAction", texts(a, value_member(s, SLICE("not_actions"))));
	put(&m, "Resource", texts(a, value_member(s, SLICE("resources"))));
	put(&m, "NotResource", texts(a, value_member(s, SLICE("not_resources"))));
	put(&m, "Principal", principals(a, value_member(s, SLICE("principals"))));
	put(&m, "NotPrincipal", principals(a, value_member(s, SLICE("not_principals"))));
	put(&m, "Condition", conditions(a, value_member(s, SLICE("condition"))));
	return hcl_map_end(&m, s->span);
}

/* Statements by Sid: of documents, in order. */
struct statements {
	struct arena        *arena;
	struct value_builder list;
	const struct value  *unknown;
};

static void
add_statement(struct statements *all, const struct value *s, bool override)
{
	struct slice sid = value_member(s, SLICE("Sid"))->text;

	for (uint32_t i = 0; override && sid.len > 0 && i < all->list.made->count; i++)
		if (slice_eq(value_member(all->list.made->items[i], SLICE("Sid"))->text, sid)) {
			all->list.made->items[i] = s;
			return;
		}
	if (all->list.made->count < 1000)
		value_append(&all->list, s);
}

static void
add_document(struct statements *all, const struct value *text, bool override)
{
	const struct value *d, *list;

	if (text->kind == VALUE_NULL || (text->kind == VALUE_STRING && text->text.len == 0))
		return;
	d = text->text.len == 0 ? NULL : hcl_read_json(all->arena, text->text, text->span);
	if (text->kind == VALUE_UNKNOWN)
		all->unknown = text;
	if (d == NULL)
		return;
	list = value_member(d, SLICE("Statement"));
	if (list->kind == VALUE_MAP)
		add_statement(all, list, override);
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count; i++)
		add_statement(all, list->items[i], override);
}

static void
add_documents(struct statements *all, const struct value *v, bool override)
{
	if (v->kind != VALUE_LIST)
		add_document(all, v, override);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		add_document(all, v->items[i], override);
}

static const struct value *
json_text(const struct hcl_scope *s, const struct value *v, const struct value *unknown, struct span span)
{
	struct value *made = arena_alloc(s->project->arena, sizeof *made);
	uint64_t nodes = 100000;
	struct buf b;

	buf_init(&b, s->project->arena, hcl_room(s->meter));
	if (!hcl_moderate(v, 80, &nodes))
		return value_unknown(s->project->arena, span, SLICE("the policy is too large"));
	hcl_write_json(&b, s->project->arena, v, 0);
	hcl_spend(s->meter, b.len);
	if (unknown == NULL && value_has_unknown(v))
		unknown = value_unknown(s->project->arena, span, SLICE("a part of the policy is unknown"));
	*made = (struct value){ .kind = unknown == NULL ? VALUE_STRING : VALUE_UNKNOWN, .text = buf_slice(&b),
		.span = span, .why = unknown == NULL ? NULL : unknown->why };
	return made;
}

static void
policy_document(const struct hcl_scope *s, const struct value *a, struct hcl_map *out)
{
	struct statements all = { .arena = s->project->arena };
	const struct value *own = value_member(a, SLICE("statement")), *json;
	struct hcl_map m = { .arena = s->project->arena };

	value_begin(&all.list, all.arena, VALUE_LIST, a->span);
	add_documents(&all, value_member(a, SLICE("source_json")), false);
	add_documents(&all, value_member(a, SLICE("source_policy_documents")), false);
	if (own->kind == VALUE_UNKNOWN)
		all.unknown = own;
	for (uint32_t i = 0; own->kind == VALUE_LIST && i < own->count; i++)
		if (own->items[i]->kind == VALUE_UNKNOWN)
			all.unknown = own->items[i];
		else
			add_statement(&all, statement(all.arena, own->items[i]), true);
	add_documents(&all, value_member(a, SLICE("override_json")), true);
	add_documents(&all, value_member(a, SLICE("override_policy_documents")), true);
	put(&m, "Version", value_member(a, SLICE("version"))->kind != VALUE_NULL ? value_member(a, SLICE("version"))
	    : value_string(all.arena, a->span, SLICE("2012-10-17")));
	put(&m, "Id", value_member(a, SLICE("policy_id")));
	put(&m, "Statement", value_end(&all.list));
	json = json_text(s, hcl_map_end(&m, a->span), all.unknown, a->span);
	hcl_map_add(out, SLICE("json"), a->span, json);
	hcl_map_add(out, SLICE("minified_json"), a->span, json);
}

/* ---- templates ---- */

static void
template_file(const struct hcl_scope *s, const struct value *a, struct hcl_map *out)
{
	const struct value *text = value_member(a, SLICE("template")), *variables = value_member(a, SLICE("vars"));
	struct hcl_call c = { s, s->project->arena, NULL, 0, SLICE("templatestring"), a->span };

	if (variables->kind == VALUE_NULL)
		variables = hcl_map_end(&(struct hcl_map){ .arena = s->project->arena }, a->span);
	hcl_map_add(out, SLICE("rendered"), a->span, text->kind == VALUE_STRING
	    ? hcl_render(&c, text->text, variables) : value_unknown(s->project->arena, a->span,
	    SLICE("the template is not known")));
}

static void
cloudinit(const struct hcl_scope *s, const struct value *a, struct hcl_map *out)
{
	const struct value *parts = value_member(a, SLICE("part")), *unknown = NULL;
	struct value *made = arena_alloc(s->project->arena, sizeof *made);
	struct buf b;

	buf_init(&b, s->project->arena, hcl_room(s->meter));
	buf_add_cstr(&b, "Content-Type: multipart/mixed; boundary=\"MIMEBOUNDARY\"\nMIME-Version: 1.0\n\n");
	if (parts->kind == VALUE_UNKNOWN)
		unknown = parts;
	for (uint32_t i = 0; parts->kind == VALUE_LIST && i < parts->count; i++) {
		const struct value *type = value_member(parts->items[i], SLICE("content_type"));
		const struct value *text = value_member(parts->items[i], SLICE("content"));

		if (text->kind == VALUE_UNKNOWN)
			unknown = text;
		buf_printf(&b, "--MIMEBOUNDARY\nContent-Type: %.*s\n\n%.*s\n", SLICE_FMT(type->text.len > 0 ? type->text
		    : SLICE("text/plain")), SLICE_FMT(text->text));
	}
	buf_add_cstr(&b, "--MIMEBOUNDARY--\n");
	hcl_spend(s->meter, b.len);
	*made = (struct value){ .kind = unknown == NULL ? VALUE_STRING : VALUE_UNKNOWN, .text = buf_slice(&b),
		.span = a->span, .why = unknown == NULL ? NULL : unknown->why };
	hcl_map_add(out, SLICE("rendered"), a->span, made);
}

static const struct computed {
	const char *type;
	void (*compute)(const struct hcl_scope *, const struct value *attributes, struct hcl_map *);
} computed[] = {
	{ "data.aws_iam_policy_document", policy_document }, { "data.template_file", template_file },
	{ "data.cloudinit_config", cloudinit },              { "data.template_cloudinit_config", cloudinit },
};

const struct value *
terraform_data(const struct hcl_scope *s, struct slice type, const struct value *a)
{
	for (size_t i = 0; i < COUNT_OF(computed); i++) {
		struct hcl_map m = { .arena = s->project->arena };
		struct value *made;

		if (!slice_is(type, computed[i].type) || a->kind != VALUE_MAP)
			continue;
		for (uint32_t k = 0; k < a->count; k++)
			hcl_map_add(&m, a->members[k].key, a->members[k].key_span, a->members[k].value);
		computed[i].compute(s, a, &m);
		made = (struct value *)(uintptr_t)hcl_map_end(&m, a->span);
		made->why = a->why;
		return made;
	}
	return a;
}
