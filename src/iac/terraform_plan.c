/* terraform_plan.c -- see terraform_plan.h. */
#include "iac/terraform_plan.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "iac/document.h"
#include "iac/hcl.h"
#include "iac/host.h"
#include "iac/terraform_kubernetes.h"

enum { MODULE_DEPTH = 50, REFERENCE_DEPTH = 20, REFERENCES_MAX = 200,
	STEPS_MAX = 2000000, PATH_BYTES = 2048 };

/* Something found by its address. */
struct entry {
	struct slice        address;
	const struct value *value;
	const struct scope *scope;      /* of a configured resource */
};

struct index {
	struct entry *list;
	uint32_t      count, room;
};

/* A module as it is configured. */
struct scope {
	const struct scope *parent;
	struct slice        path;       /* "module.a.module.b", without indexes */
	const struct value *module, *call;
};

struct plan {
	struct project *project;
	struct arena   *arena;
	struct index    changes, configured;
	uint64_t        steps;
	struct reference *references;
	uint32_t        reference_count, reference_room;
};

/* ---- indexes ---- */

static int
by_address(const void *a, const void *b)
{
	return slice_cmp(((const struct entry *)a)->address, ((const struct entry *)b)->address);
}

static void
add_entry(struct plan *p, struct index *x, struct slice address, const struct value *v,
    const struct scope *scope)
{
	uint32_t room = x->room;

	if (x->count == room) {
		x->room = room == 0 ? 16 : room * 2;
		x->list = arena_grow(p->arena, x->list, room * sizeof *x->list, x->room * sizeof *x->list);
	}
	x->list[x->count++] = (struct entry){ address, v, scope };
}

static void
sort(struct index *x)
{
	if (x->count > 0)
		qsort(x->list, x->count, sizeof *x->list, by_address);
}

static const struct entry *
find(const struct index *x, struct slice address)
{
	struct entry key = { .address = address };

	return x->count == 0 ? NULL : bsearch(&key, x->list, x->count, sizeof key, by_address);
}

static struct slice
text_of(const struct value *map, const char *name)
{
	const struct value *v = value_member(map, slice_of(name));

	return v->kind == VALUE_STRING ? v->text : SLICE("");
}

static struct slice
joined(struct plan *p, struct slice a, const char *between, struct slice b)
{
	struct buf text;

	if (a.len == 0)
		return b;
	buf_init(&text, p->arena, a.len + b.len + 16);
	buf_printf(&text, "%.*s%s%.*s", SLICE_FMT(a), between, SLICE_FMT(b));
	return buf_slice(&text);
}

/* "module.a[0].x.y["k"]" without what stands in brackets. */
static struct slice
without_keys(struct plan *p, struct slice address)
{
	struct buf b;
	bool quoted = false;
	uint32_t depth = 0;

	if (slice_find(address, '[') == address.len)
		return address;
	buf_init(&b, p->arena, address.len + 1);
	for (size_t i = 0; i < address.len; i++) {
		char c = address.ptr[i];

		quoted ^= c == '"' && depth > 0 && (i == 0 || address.ptr[i - 1] != '\\');
		depth += !quoted && c == '[';
		if (depth == 0)
			buf_add_char(&b, c);
		depth -= !quoted && c == ']' && depth > 0;
	}
	return buf_slice(&b);
}

/* ---- values ---- */

/* The value with what the two shadows of it mark.  A value of theirs that is true marks all. */
static const struct value *
shaded(struct plan *p, const struct value *v, const struct value *unknown, const struct value *secret)
{
	struct hcl_map map = { .arena = p->arena };
	struct value_builder b;
	struct value *copy;
	uint32_t i;

	if (unknown->kind == VALUE_BOOL && unknown->boolean)
		return value_unknown(p->arena, v->span, SLICE("known after apply"));
	if (p->steps == 0)
		return v;
	p->steps--;
	if (secret->kind == VALUE_BOOL && secret->boolean) {
		copy = arena_alloc(p->arena, sizeof *copy);
		*copy = *v;
		copy->sensitive = true;
		return copy;
	}
	if (v->kind == VALUE_LIST || (v->kind == VALUE_NULL && unknown->kind == VALUE_LIST)) {
		value_begin(&b, p->arena, VALUE_LIST, v->span);
		for (i = 0; i < v->count || (unknown->kind == VALUE_LIST && i < unknown->count); i++)
			value_append(&b, shaded(p, value_item(v, i), value_item(unknown, i), value_item(secret, i)));
		return value_end(&b);
	}
	if (v->kind != VALUE_MAP)
		return v;
	for (i = 0; i < v->count; i++)
		hcl_map_add(&map, v->members[i].key, v->members[i].key_span, shaded(p, v->members[i].value,
		    value_member(unknown, v->members[i].key), value_member(secret, v->members[i].key)));
	for (i = 0; unknown->kind == VALUE_MAP && i < unknown->count; i++)
		if (value_member(v, unknown->members[i].key) == &value_null)
			hcl_map_add(&map, unknown->members[i].key, v->span,
			    shaded(p, &value_null, unknown->members[i].value, &value_null));
	return hcl_map_end(&map, v->span);
}

static const struct value *
change_of(struct plan *p, const struct value *change)
{
	struct hcl_map map = { .arena = p->arena };

	hcl_map_add(&map, SLICE("actions"), change->span, value_member(change, SLICE("actions")));
	hcl_map_add(&map, SLICE("replace_paths"), change->span, value_member(change, SLICE("replace_paths")));
	return hcl_map_end(&map, change->span);
}

static const struct value *
attributes_of(struct plan *p, const struct value *r, const struct value *change)
{
	const struct value *values = value_member(r, SLICE("values"));
	struct hcl_map map = { .arena = p->arena };

	values = shaded(p, values, value_member(change, SLICE("after_unknown")),
	    value_member(r, SLICE("sensitive_values")));
	for (uint32_t i = 0; values->kind == VALUE_MAP && i < values->count; i++)
		hcl_map_add(&map, values->members[i].key, values->members[i].key_span, values->members[i].value);
	if (change->kind == VALUE_MAP)
		hcl_map_add(&map, SLICE("_change"), change->span, change_of(p, change));
	return hcl_map_end(&map, value_member(r, SLICE("values"))->kind == VALUE_MAP
	    ? value_member(r, SLICE("values"))->span : r->span);
}

/* ---- references ---- */

static void
refer(struct plan *p, struct slice address, struct slice attribute, struct span span)
{
	uint32_t room = p->reference_room;

	for (uint32_t i = 0; i < p->reference_count; i++)
		if (slice_eq(p->references[i].address, address) && slice_eq(p->references[i].attribute, attribute))
			return;
	if (p->reference_count == REFERENCES_MAX)
		return;
	if (p->reference_count == room) {
		p->reference_room = room == 0 ? 4 : room * 2;
		p->references = arena_grow(p->arena, p->references, room * sizeof *p->references,
		    p->reference_room * sizeof *p->references);
	}
	p->references[p->reference_count++] = (struct reference){ address, attribute, span };
}

static void resolve(struct plan *, const struct scope *, const struct value *expression,
    struct slice attribute, uint32_t depth);

/* The output of a module that is called here. */
static void
resolve_output(struct plan *p, const struct scope *at, struct slice rest, struct slice attribute,
    uint32_t depth)
{
	struct slice name = slice_cut(&rest, '.');
	const struct value *call;
	struct scope inner;

	name = slice_sub(name, 0, slice_find(name, '['));
	call = value_member(value_member(at->module, SLICE("module_calls")), name);
	inner = (struct scope){ at, joined(p, at->path, ".", joined(p, SLICE("module"), ".", name)),
		value_member(call, SLICE("module")), call };
	rest = slice_sub(rest, 0, slice_find(rest, '.'));
	if (rest.len > 0)
		resolve(p, &inner, value_member(value_member(value_member(inner.module, SLICE("outputs")), rest),
		    SLICE("expression")), attribute, depth + 1);
}

/* "aws_x.y.id" is "aws_x.y". */
static struct slice
resource_address(struct slice reference)
{
	struct slice rest = reference;
	size_t parts = slice_starts(reference, SLICE("data.")) ? 3 : 2, len = 0;

	for (; parts > 0 && rest.ptr != NULL; parts--) {
		len += slice_cut(&rest, '.').len;
		len += parts > 1;
	}
	return slice_sub(reference, 0, len);
}

static void
resolve_name(struct plan *p, const struct scope *at, struct slice name, struct slice attribute,
    struct span span, uint32_t depth)
{
	static const char *const roots[] = { "local.", "each.", "count.", "path.", "terraform.", "self." };
	struct slice rest = name, root = slice_cut(&rest, '.');

	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
		if (slice_starts(name, slice_of(roots[i])))
			return;
	if (slice_is(root, "var")) {
		if (at->parent != NULL)
			resolve(p, at->parent, value_member(value_member(at->call, SLICE("expressions")),
			    slice_cut(&rest, '.')), attribute, depth + 1);
	} else if (slice_is(root, "module")) {
		resolve_output(p, at, rest, attribute, depth);
	} else if (rest.ptr != NULL) {
		refer(p, joined(p, at->path, ".", resource_address(name)), attribute, span);
	}
}

/* Each text under "references", wherever it stands in the expression. */
static void
resolve(struct plan *p, const struct scope *at, const struct value *e, struct slice attribute,
    uint32_t depth)
{
	const struct value *names = value_member(e, SLICE("references"));
	struct buf b;
	uint32_t i;

	if (depth > REFERENCE_DEPTH || p->steps == 0)
		return;
	p->steps--;
	for (i = 0; names->kind == VALUE_LIST && i < names->count; i++)
		if (names->items[i]->kind == VALUE_STRING)
			resolve_name(p, at, names->items[i]->text, attribute, names->items[i]->span, depth);
	for (i = 0; names->kind != VALUE_LIST && (e->kind == VALUE_MAP || e->kind == VALUE_LIST)
	    && i < e->count; i++) {
		buf_init(&b, p->arena, PATH_BYTES);
		buf_printf(&b, "%.*s%s", SLICE_FMT(attribute), attribute.len > 0 ? "." : "");
		if (e->kind == VALUE_MAP)
			buf_add(&b, e->members[i].key);
		else
			buf_printf(&b, "%u", i);
		resolve(p, at, e->kind == VALUE_MAP ? e->members[i].value : e->items[i], buf_slice(&b), depth + 1);
	}
}

/* ---- resources ---- */

static void
add_resource(struct plan *p, const struct value *r, struct slice module)
{
	struct slice address = text_of(r, "address"), type = text_of(r, "type");
	const struct entry *change = find(&p->changes, address);
	const struct entry *configured = find(&p->configured, without_keys(p, address));
	struct resource *out;

	if (address.len == 0 || type.len == 0 || project_is_full(p->project, r->span))
		return;
	p->references = NULL;
	p->reference_count = p->reference_room = 0;
	if (configured != NULL)
		resolve(p, configured->scope, value_member(configured->value, SLICE("expressions")), SLICE(""), 0);
	out = project_add_resource(p->project);
	*out = (struct resource){ .language = LANGUAGE_TERRAFORM_PLAN, .address = address, .module = module,
		.type = slice_is(text_of(r, "mode"), "data") ? joined(p, SLICE("data"), ".", type) : type,
		.name = text_of(r, "name"), .attributes = attributes_of(p, r, change == NULL ? &value_null
		    : change->value), .references = p->references, .reference_count = p->reference_count,
		.span = r->span, .head = value_member(r, SLICE("address"))->span };
}

static void
add_module(struct plan *p, const struct value *module, uint32_t depth, bool only_data)
{
	const struct value *resources = value_member(module, SLICE("resources"));
	const struct value *children = value_member(module, SLICE("child_modules"));
	uint32_t i;

	for (i = 0; resources->kind == VALUE_LIST && i < resources->count; i++)
		if (!only_data || slice_is(text_of(resources->items[i], "mode"), "data"))
			add_resource(p, resources->items[i], text_of(module, "address"));
	for (i = 0; depth < MODULE_DEPTH && children->kind == VALUE_LIST && i < children->count; i++)
		add_module(p, children->items[i], depth + 1, only_data);
}

/* ---- the configuration ---- */

static void
index_changes(struct plan *p, const struct value *changes)
{
	for (uint32_t i = 0; changes->kind == VALUE_LIST && i < changes->count; i++)
		add_entry(p, &p->changes, text_of(changes->items[i], "address"),
		    value_member(changes->items[i], SLICE("change")), NULL);
	sort(&p->changes);
}

static void
index_configuration(struct plan *p, const struct scope *at, uint32_t depth)
{
	const struct value *resources = value_member(at->module, SLICE("resources"));
	const struct value *calls = value_member(at->module, SLICE("module_calls"));
	uint32_t i;

	for (i = 0; resources->kind == VALUE_LIST && i < resources->count; i++)
		add_entry(p, &p->configured, joined(p, at->path, ".", text_of(resources->items[i], "address")),
		    resources->items[i], at);
	for (i = 0; depth < MODULE_DEPTH && calls->kind == VALUE_MAP && i < calls->count; i++) {
		struct scope *inner = arena_alloc(p->arena, sizeof *inner);

		*inner = (struct scope){ at, joined(p, at->path, ".", joined(p, SLICE("module"), ".",
		    calls->members[i].key)), value_member(calls->members[i].value, SLICE("module")),
			calls->members[i].value };
		index_configuration(p, inner, depth + 1);
	}
}

/* {"constant_value": x} is x, {"references": ...} unknown. */
static const struct value *
constant(struct plan *p, const struct value *e)
{
	struct hcl_map map = { .arena = p->arena };
	struct value_builder b;
	uint32_t i;

	if (value_member(e, SLICE("constant_value")) != &value_null)
		return value_member(e, SLICE("constant_value"));
	if (p->steps == 0 || value_member(e, SLICE("references")) != &value_null)
		return value_unknown(p->arena, e->span, SLICE("the plan holds no value of a provider's arguments"));
	p->steps--;
	if (e->kind == VALUE_LIST) {
		value_begin(&b, p->arena, VALUE_LIST, e->span);
		for (i = 0; i < e->count; i++)
			value_append(&b, constant(p, e->items[i]));
		return value_end(&b);
	}
	if (e->kind != VALUE_MAP)
		return e;
	for (i = 0; i < e->count; i++)
		hcl_map_add(&map, e->members[i].key, e->members[i].key_span, constant(p, e->members[i].value));
	return hcl_map_end(&map, e->span);
}

static void
add_named(struct plan *p, const char *type, const char *prefix, const struct member *m,
    const struct value *attributes)
{
	struct resource *r = project_add_resource(p->project);

	*r = (struct resource){ .language = LANGUAGE_TERRAFORM_PLAN, .type = slice_of(type), .name = m->key,
		.address = joined(p, slice_of(prefix), ".", m->key), .attributes = attributes,
		.span = m->value->span, .head = m->key_span };
}

static void
add_providers(struct plan *p, const struct value *providers, const struct value *variables)
{
	uint32_t i;

	for (i = 0; providers->kind == VALUE_MAP && i < providers->count; i++)
		add_named(p, "provider", "provider", &providers->members[i],
		    constant(p, value_member(providers->members[i].value, SLICE("expressions"))));
	for (i = 0; variables->kind == VALUE_MAP && i < variables->count; i++)
		add_named(p, "variable", "var", &variables->members[i], variables->members[i].value);
}

void
terraform_plan_read(struct project *project, uint32_t source)
{
	struct plan *p = arena_alloc(project->arena, sizeof *p);
	struct scope *root = arena_alloc(project->arena, sizeof *root);
	uint32_t first = project->resource_count;
	const struct value *document;

	*p = (struct plan){ .project = project, .arena = project->arena, .steps = STEPS_MAX };
	if (!document_json(project, source, JSON_STRICT, &document) && document->kind != VALUE_MAP)
		return;
	root->module = value_path(document, "configuration.root_module");
	index_changes(p, value_member(document, SLICE("resource_changes")));
	index_configuration(p, root, 0);
	sort(&p->configured);
	add_module(p, value_path(document, "planned_values.root_module"), 0, false);
	add_module(p, value_path(document, "values.root_module"), 0, false);
	add_module(p, value_path(document, "prior_state.values.root_module"), 0, true);
	add_providers(p, value_path(document, "configuration.provider_config"),
	    value_member(document, SLICE("variables")));
	terraform_kubernetes(project, first);
	host_gather(project, first);
}
