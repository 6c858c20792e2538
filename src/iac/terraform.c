/* terraform.c -- see terraform.h.
 *
 * What a module declares becomes cells, sorted for lookup.  A cell is computed when first
 * asked for; one that is asked for while it is being computed is part of a cycle and
 * unknown.  Each cell keeps the references it met, so that who uses its value has them. */
#include "iac/terraform.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/env.h"
#include "iac/document.h"
#include "iac/files.h"
#include "iac/hcl.h"
#include "iac/host.h"
#include "iac/terraform_azapi.h"
#include "iac/terraform_data.h"
#include "iac/terraform_kubernetes.h"
#include "iac/terraform_json.h"
#include "iac/terraform_registry.h"
#include "iac/terraform_type.h"

enum { REFERENCES_MAX = 64 };

enum cell_kind { CELL_VARIABLE, CELL_LOCAL, CELL_RESOURCE, CELL_MODULE, CELL_OUTPUT, CELL_OTHER };

struct references {
	struct reference *list;
	uint32_t          count, room;
};

/* One of count or for_each. */
struct instance {
	const struct value *key, *value, *index;        /* NULL: neither */
	struct slice        suffix;                     /* "[0]", "[\"a\"]" */
	const struct value *attributes;                 /* resources */
	struct references   references;
	struct module      *module;                     /* module calls */
};

struct cell {
	enum cell_kind          kind;
	struct slice            type, name;
	const struct hcl_block *block;
	const struct hcl_expression *expression;        /* locals */
	const struct value     *value;
	bool                    busy, expanded;
	struct references       references;
	struct instance        *instances;
	uint32_t                instance_count;
	const struct value     *why_unknown;            /* the repetition is not known */
	bool                    counted;
};

struct reader {
	struct project    *project;
	struct slice       root;
	struct hcl_meter   meter;
	struct references *sink;
	struct slice       attribute;   /* being evaluated */
	uint32_t           modules, instances;
	uint64_t           bytes;       /* of what was parsed */
	struct slice       directory;   /* of the root module */
	const struct value *installed;  /* modules.json: a list of { Key, Dir } */
	struct parsed     *parsed;      /* directories that were read */
	uint32_t           parsed_count, parsed_room;
};

/* What a directory declares, before anything is evaluated. */
struct parsed {
	struct slice directory;
	struct cell *cells;
	uint32_t     count;
};

struct module {
	struct reader       *reader;
	const struct module *parent;
	struct slice         address, directory, relative;      /* to the root module's */
	struct cell         *cells;
	uint32_t             count, room, depth;
	const struct value  *arguments;
	const struct instance *each;    /* while something is evaluated */
};

static struct arena *
arena_of(const struct module *m)
{
	return m->reader->project->arena;
}

static struct slice PRINTF_LIKE(2, 3)
printed(struct arena *a, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	struct slice s;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	s = slice_dup(slice_of(text), a);
	free(text);
	return s;
}

static const struct value *
unknown(const struct module *m, struct span span, const char *because)
{
	return value_unknown(arena_of(m), span, slice_of(because));
}

/* ---- references ---- */

static void
refer(struct reader *r, struct slice address, struct slice attribute, struct span span)
{
	struct references *to = r->sink;
	uint32_t i, room;

	for (i = 0; to != NULL && i < to->count; i++)
		if (slice_eq(to->list[i].address, address) && slice_eq(to->list[i].attribute, attribute))
			return;
	if (to == NULL || to->count == REFERENCES_MAX)
		return;
	if ((room = to->room) == to->count) {
		to->room = room == 0 ? 4 : room * 2;
		to->list = arena_grow(r->project->arena, to->list, room * sizeof *to->list,
		    to->room * sizeof *to->list);
	}
	to->list[to->count++] = (struct reference){ address, attribute, span };
}

static void
absorb(struct reader *r, const struct references *from, struct span span)
{
	for (uint32_t i = 0; i < from->count; i++)
		refer(r, from->list[i].address, r->attribute, span);
}

/* ---- cells ---- */

static int
compare_cells(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	int order = (int)x->kind - (int)y->kind;

	if (order == 0)
		order = slice_cmp(x->type, y->type);
	return order != 0 ? order : slice_cmp(x->name, y->name);
}

static void
sort_cells(struct module *m)
{
	if (m->count > 0)               /* an empty table is NULL, which qsort() must not get */
		qsort(m->cells, m->count, sizeof *m->cells, compare_cells);
}

static struct cell *
find_cell(struct module *m, enum cell_kind kind, struct slice type, struct slice name)
{
	struct cell key = { .kind = kind, .type = type, .name = name };

	return m->count == 0 ? NULL : bsearch(&key, m->cells, m->count, sizeof key, compare_cells);
}

static struct cell *
add_cell(struct module *m, enum cell_kind kind, struct slice type, struct slice name)
{
	uint32_t room = m->room;

	if (m->count == room) {
		m->room = room == 0 ? 16 : room * 2;
		m->cells = arena_grow(arena_of(m), m->cells, room * sizeof *m->cells,
		    m->room * sizeof *m->cells);
	}
	m->cells[m->count] = (struct cell){ .kind = kind, .type = type, .name = name };
	return &m->cells[m->count++];
}

static void
declare_locals(struct module *m, const struct hcl_body *body)
{
	for (uint32_t i = 0; i < body->attribute_count; i++)
		add_cell(m, CELL_LOCAL, SLICE_NONE, body->attributes[i].name)->expression =
		    body->attributes[i].expression;
}

static void
declare(struct module *m, const struct hcl_block *b)
{
	struct slice one = b->label_count > 0 ? b->labels[0] : SLICE("terraform");
	struct slice two = b->label_count > 1 ? b->labels[1] : SLICE("");
	struct cell *c;

	if (slice_is(b->type, "locals")) {
		declare_locals(m, &b->body);
		return;
	}
	if (slice_is(b->type, "resource"))
		c = add_cell(m, CELL_RESOURCE, one, two);
	else if (slice_is(b->type, "data") || slice_is(b->type, "ephemeral"))
		c = add_cell(m, CELL_RESOURCE, printed(arena_of(m), "%.*s.%.*s", SLICE_FMT(b->type), SLICE_FMT(one)), two);
	else if (slice_is(b->type, "variable"))
		c = add_cell(m, CELL_VARIABLE, SLICE_NONE, one);
	else if (slice_is(b->type, "output"))
		c = add_cell(m, CELL_OUTPUT, SLICE_NONE, one);
	else if (slice_is(b->type, "module"))
		c = add_cell(m, CELL_MODULE, SLICE_NONE, one);
	else if (slice_is(b->type, "provider") || slice_is(b->type, "terraform"))
		c = add_cell(m, CELL_OTHER, b->type, one);
	else
		return;
	c->block = b;
}

/* ---- scopes ---- */

static const struct value *traverse(void *, const struct hcl_step *, uint32_t, uint32_t *);

static struct hcl_scope
scope_of(struct module *m)
{
	return (struct hcl_scope){ .project = m->reader->project, .meter = &m->reader->meter, .ctx = m,
		.traverse = traverse, .directory = m->reader->directory, .root_directory = m->reader->root };
}

static const struct value *
evaluate(struct module *m, const struct hcl_expression *e, const struct hcl_binding *bindings)
{
	struct hcl_scope s = scope_of(m);

	s.bindings = bindings;
	return hcl_evaluate(e, &s);
}

/* Too large or too deep values go no further. */
static const struct value *
moderate(const struct module *m, const struct value *v, struct span span)
{
	uint64_t nodes = 200000;

	return hcl_moderate(v, 150, &nodes) ? v : unknown(m, span, "the value is too large");
}

/* A text from outside may be an expression. */
static const struct value *
given_value(struct module *m, struct cell *c, const struct value *all, const struct hcl_expression *type)
{
	const struct value *v = m->parent == NULL ? value_member(all, c->name) : &value_null;
	struct project *p = m->reader->project;
	uint32_t before = p->problem_count;
	struct hcl_expression *e;
	struct hcl_scope s = { .project = p, .meter = &m->reader->meter };

	if (v->kind != VALUE_STRING || !terraform_is_complex(type))
		return v;
	e = hcl_parse_expression(p, project_add_source(p, SLICE("TF_VAR"), v->text));
	p->problem_count = before;
	return e == NULL ? v : value_moved(p->arena, hcl_evaluate(e, &s), v->span);
}

/* The value that was given, as it was given. */
static const struct value *
raw_variable(struct module *m, struct cell *c, const struct hcl_expression *type)
{
	const struct hcl_attribute *def = hcl_attribute(&c->block->body, "default");
	const struct hcl_attribute *nullable = hcl_attribute(&c->block->body, "nullable");
	const struct value *v = given_value(m, c, m->reader->project->variables, type);
	bool never_null = nullable != NULL && nullable->expression->kind == HCL_LITERAL
	    && !nullable->expression->literal->boolean;

	if (v == &value_null)
		v = value_member(m->arguments, c->name);
	if (v == &value_null)
		v = given_value(m, c, m->reader->project->environment, type);
	if (v != &value_null && !(v->kind == VALUE_NULL && never_null))
		return hcl_because(arena_of(m), v, v->span, printed(arena_of(m), "%s of %s \"%.*s\"",
		    m->parent == NULL ? "value" : "argument",
		    m->parent == NULL ? "variable" : "module variable", SLICE_FMT(c->name)));
	if (def != NULL)
		return hcl_because(arena_of(m), evaluate(m, def->expression, NULL), def->span,
		    printed(arena_of(m), "default of variable \"%.*s\"", SLICE_FMT(c->name)));
	return value_unknown(arena_of(m), c->block->head, printed(arena_of(m),
	    "variable \"%.*s\" has no default", SLICE_FMT(c->name)));
}

static const struct value *
variable_value(struct module *m, struct cell *c)
{
	const struct hcl_attribute *type = hcl_attribute(&c->block->body, "type");
	const struct hcl_attribute *secret = hcl_attribute(&c->block->body, "sensitive");
	struct hcl_scope s = scope_of(m);
	const struct value *v = raw_variable(m, c, type == NULL ? NULL : type->expression);
	struct value *copy;

	v = terraform_convert(&s, type == NULL ? NULL : type->expression, v);
	if (secret == NULL || secret->expression->kind != HCL_LITERAL || !secret->expression->literal->boolean)
		return v;
	copy = arena_alloc(arena_of(m), sizeof *copy);
	*copy = *v;
	copy->sensitive = true;
	return copy;
}

static const struct value *
output_value(struct module *m, struct cell *c)
{
	const struct hcl_attribute *v = hcl_attribute(&c->block->body, "value");

	return v == NULL ? unknown(m, c->block->head, "the output has no value")
	    : evaluate(m, v->expression, NULL);
}

/* A variable, local or output. */
static const struct value *
cell_value(struct module *m, struct cell *c, struct span span)
{
	struct references *sink = m->reader->sink;
	const struct instance *each = m->each;

	if (c->busy)
		return unknown(m, span, "the value depends on itself");
	if (c->value == NULL) {
		c->busy = true;
		m->reader->sink = &c->references;
		m->each = NULL;
		c->value = moderate(m, c->kind == CELL_VARIABLE ? variable_value(m, c)
		    : c->kind == CELL_OUTPUT ? output_value(m, c) : evaluate(m, c->expression, NULL), span);
		m->each = each;
		m->reader->sink = sink;
		c->busy = false;
	}
	absorb(m->reader, &c->references, span);
	return c->value;
}

/* ---- repetition ---- */

static struct instance *
add_instance(struct cell *c)
{
	return &c->instances[c->instance_count++];
}

/* One stands for too many. */
static uint32_t
capped(struct module *m, double wanted)
{
	if (wanted > SCAN_LIMIT(INSTANCES) || m->reader->instances + wanted > SCAN_LIMIT(RESOURCES))
		return 1;
	m->reader->instances += (uint32_t)wanted;
	return (uint32_t)wanted;
}

static void
expand_count(struct module *m, struct cell *c, const struct value *n)
{
	uint32_t total = n->number > 0 ? capped(m, n->number) : 0;

	c->counted = true;
	c->instances = arena_array(arena_of(m), total + 1u, sizeof *c->instances);
	for (uint32_t i = 0; i < total; i++) {
		struct instance *in = add_instance(c);

		in->suffix = printed(arena_of(m), "[%u]", i);
		in->index = value_number(arena_of(m), n->span, slice_sub(in->suffix, 1, in->suffix.len - 2));
	}
}

static void
expand_each(struct module *m, struct cell *c, const struct value *over)
{
	uint32_t total = capped(m, over->count);

	c->instances = arena_array(arena_of(m), total + 1u, sizeof *c->instances);
	for (uint32_t i = 0; i < total; i++) {
		struct instance *in = add_instance(c);
		const struct value *item = over->kind == VALUE_LIST ? over->items[i] : over->members[i].value;

		in->key = over->kind == VALUE_LIST ? item : value_string(arena_of(m),
		    over->members[i].key_span, over->members[i].key);
		in->value = item;
		in->suffix = printed(arena_of(m), "[\"%.*s\"]", SLICE_FMT(in->key->text));
	}
}

static void
expand_unknown(struct module *m, struct cell *c, const struct value *v)
{
	c->instances = arena_array(arena_of(m), 1, sizeof *c->instances);
	c->instance_count = 1;
	if (v != NULL)
		c->instances[0] = (struct instance){ .key = v, .value = v, .index = v };
	c->why_unknown = v;
}

static void
expand(struct module *m, struct cell *c)
{
	const struct hcl_attribute *count = hcl_attribute(&c->block->body, "count");
	const struct hcl_attribute *each = hcl_attribute(&c->block->body, "for_each");
	const struct value *v, *n;

	if (c->expanded)
		return;
	c->expanded = true;
	if (count == NULL && each == NULL) {
		expand_unknown(m, c, NULL);
		return;
	}
	v = evaluate(m, (count != NULL ? count : each)->expression, NULL);
	n = count != NULL ? hcl_to_number(arena_of(m), v) : NULL;
	if (n != NULL && n->kind == VALUE_NUMBER)
		expand_count(m, c, n);
	else if (count == NULL && (v->kind == VALUE_LIST || v->kind == VALUE_MAP))
		expand_each(m, c, v);
	else
		expand_unknown(m, c, v->kind == VALUE_UNKNOWN ? v
		    : unknown(m, c->block->head, "the repetition is wrong"));
}

/* ---- bodies ---- */

static const struct value *body_value(struct module *, const struct hcl_body *,
    const struct hcl_binding *, struct slice path, uint32_t depth);

/* Names there are not values: depends_on, provider, type ... */
static bool
is_meta(struct slice name)
{
	static const char *const metas[] = { "depends_on", "provider", "providers", "ignore_changes",
		"replace_triggered_by", "type" };

	for (size_t i = 0; i < sizeof metas / sizeof metas[0]; i++)
		if (slice_is(name, metas[i]))
			return true;
	return false;
}

static const struct value *
source_text(struct module *m, const struct hcl_expression *e)
{
	struct slice text = m->reader->project->sources[e->span.source].text;
	struct value_builder b;

	if (e->kind == HCL_LITERAL)
		return e->literal;
	if (e->kind != HCL_TUPLE)
		return value_string(arena_of(m), e->span, slice_sub(text, e->span.start,
		    e->span.end - e->span.start));
	value_begin(&b, arena_of(m), VALUE_LIST, e->span);
	for (uint32_t i = 0; i < e->count; i++) {
		struct span s = e->items[i]->span;
		struct slice name = slice_sub(text, s.start, s.end - s.start);

		if (e->items[i]->kind == HCL_LITERAL && e->items[i]->literal->kind == VALUE_STRING)
			name = e->items[i]->literal->text;
		if (m->reader->attribute.len == SLICE("depends_on").len)
			refer(m->reader, name, m->reader->attribute, s);
		value_append(&b, value_string(arena_of(m), s, name));
	}
	return value_end(&b);
}

static const struct value *
attribute_value(struct module *m, const struct hcl_attribute *a, const struct hcl_binding *bindings,
    struct slice path, bool raw_type)
{
	struct slice before = m->reader->attribute;
	const struct value *v;

	m->reader->attribute = path.len == 0 ? a->name
	    : printed(arena_of(m), "%.*s.%.*s", SLICE_FMT(path), SLICE_FMT(a->name));
	if (is_meta(a->name) && (raw_type || !slice_is(a->name, "type"))
	    && a->expression->kind != HCL_LITERAL && (path.len == 0 || !slice_is(a->name, "provider")))
		v = source_text(m, a->expression);
	else
		v = evaluate(m, a->expression, bindings);
	m->reader->attribute = before;
	return moderate(m, v, a->span);
}

struct nested {
	struct slice         type;
	struct value_builder list;
	const struct value  *unknown;   /* a dynamic block nobody can count */
};

static struct nested *
nested_of(struct module *m, struct nested *all, uint32_t *count, struct slice type, struct span span)
{
	uint32_t i;

	for (i = 0; i < *count; i++)
		if (slice_eq(all[i].type, type))
			return &all[i];
	all[i].type = type;
	value_begin(&all[i].list, arena_of(m), VALUE_LIST, span);
	++*count;
	return &all[i];
}

static void
append_body(struct module *m, struct nested *n, const struct hcl_block *block,
    const struct hcl_body *body, const struct hcl_binding *bindings, struct slice path, uint32_t depth)
{
	struct slice inner = printed(arena_of(m), "%.*s%s%.*s.%u", SLICE_FMT(path),
	    path.len > 0 ? "." : "", SLICE_FMT(n->type), n->list.made->count);
	struct value_builder b = { .arena = arena_of(m) };
	const struct value *v = body_value(m, body, bindings, inner, depth + 1);

	if (block != NULL && block->label_count > 0) {
		b.made = (struct value *)(uintptr_t)v;
		b.room = v->count;
		b.made->members = arena_grow(b.arena, b.made->members, v->count * sizeof *v->members,
		    (v->count + 1u) * sizeof *v->members);
		b.room++;
		value_put(&b, SLICE("_label"), block->head, value_string(b.arena, block->head, block->labels[0]));
	}
	value_append(&n->list, v);
}

static struct slice
iterator_name(struct module *m, const struct hcl_block *d)
{
	const struct hcl_attribute *a = hcl_attribute(&d->body, "iterator");

	return a == NULL ? d->labels[0] : source_text(m, a->expression)->text;
}

static const struct value *
iterator_value(struct module *m, const struct value *over, uint32_t i)
{
	struct hcl_map map = { .arena = arena_of(m) };
	const struct value *item = over->kind == VALUE_LIST ? over->items[i] : over->members[i].value;
	const struct value *key = over->kind == VALUE_MAP
	    ? value_string(arena_of(m), over->members[i].key_span, over->members[i].key)
	    : hcl_number_value(arena_of(m), over->span, i);

	hcl_map_add(&map, SLICE("key"), over->span, key);
	hcl_map_add(&map, SLICE("value"), over->span, item);
	return hcl_map_end(&map, over->span);
}

static void
append_dynamic(struct module *m, struct nested *n, const struct hcl_block *d,
    const struct hcl_binding *bindings, struct slice path, uint32_t depth)
{
	const struct hcl_attribute *each = hcl_attribute(&d->body, "for_each");
	const struct hcl_block *content = hcl_block(&d->body, "content", NULL);
	struct hcl_binding iterator = { iterator_name(m, d), NULL, bindings };
	const struct value *over;

	if (each == NULL || content == NULL)
		return;
	over = evaluate(m, each->expression, bindings);
	if (over->kind == VALUE_UNKNOWN)
		n->unknown = over;
	for (uint32_t i = 0; (over->kind == VALUE_LIST || over->kind == VALUE_MAP) && i < over->count
	    && i < SCAN_LIMIT(INSTANCES); i++) {
		iterator.value = iterator_value(m, over, i);
		append_body(m, n, NULL, &content->body, &iterator, path, depth);
	}
}

static const struct value *
nested_value(struct nested *n)
{
	if (n->unknown != NULL && n->list.made->count == 0)
		return n->unknown;
	if (n->unknown != NULL)
		value_append(&n->list, n->unknown);
	return value_end(&n->list);
}

static void
add_blocks(struct module *m, struct hcl_map *map, const struct hcl_body *body,
    const struct hcl_binding *bindings, struct slice path, uint32_t depth)
{
	struct nested *all = arena_array(arena_of(m), body->block_count + 1u, sizeof *all);
	uint32_t count = 0, i;

	for (i = 0; i < body->block_count; i++) {
		const struct hcl_block *b = &body->blocks[i];
		bool dynamic = slice_is(b->type, "dynamic") && b->label_count == 1;
		struct nested *n = nested_of(m, all, &count, dynamic ? b->labels[0] : b->type, b->span);

		if (dynamic)
			append_dynamic(m, n, b, bindings, path, depth);
		else
			append_body(m, n, b, &b->body, bindings, path, depth);
	}
	for (i = 0; i < count; i++)
		hcl_map_add(map, all[i].type, all[i].list.made->span, nested_value(&all[i]));
}

static const struct value *
body_value(struct module *m, const struct hcl_body *body, const struct hcl_binding *bindings,
    struct slice path, uint32_t depth)
{
	struct hcl_map map = { .arena = arena_of(m) };
	struct value *v;

	for (uint32_t i = 0; i < body->attribute_count; i++)
		hcl_map_add(&map, body->attributes[i].name, body->attributes[i].name_span,
		    attribute_value(m, &body->attributes[i], bindings, path, false));
	if (depth < SCAN_LIMIT(SYNTAX))
		add_blocks(m, &map, body, bindings, path, depth);
	v = (struct value *)(uintptr_t)hcl_map_end(&map, body->span);
	v->why = &hcl_open_map;
	return v;
}

/* The attributes of one instance, with the references they hold. */
static const struct value *
instance_value(struct module *m, struct cell *c, struct instance *in)
{
	struct references *sink = m->reader->sink;
	const struct instance *each = m->each;
	struct hcl_scope s = scope_of(m);

	if (in->attributes != NULL)
		return in->attributes;
	if (c->busy)
		return unknown(m, c->block->head, "the resource depends on itself");
	c->busy = true;
	m->reader->sink = &in->references;
	m->each = in;
	in->attributes = body_value(m, &c->block->body, NULL, SLICE(""), 0);
	if (c->kind == CELL_RESOURCE)
		in->attributes = terraform_data(&s, c->type, in->attributes);
	m->each = each;
	m->reader->sink = sink;
	c->busy = false;
	return in->attributes;
}

/* ---- names ---- */

static struct slice
address_of(const struct module *m, const struct cell *c, struct slice suffix)
{
	static const char *const prefixes[] = { "var.", "local.", "", "module.", "output.", "" };
	bool other = c->kind == CELL_RESOURCE || c->kind == CELL_OTHER;

	return printed(arena_of(m), "%.*s%s%s%.*s%s%.*s%.*s", SLICE_FMT(m->address),
	    m->address.len > 0 ? "." : "", prefixes[c->kind], SLICE_FMT(other ? c->type : SLICE("")),
	    other ? "." : "", SLICE_FMT(c->name), SLICE_FMT(suffix));
}

/* The instance a step in brackets names; NULL when it is not known which. */
static struct instance *
pick(struct module *m, struct cell *c, const struct hcl_step *step)
{
	const struct value *key = hcl_to_string(arena_of(m), step->key), *own;

	for (uint32_t i = 0; key != NULL && key->kind == VALUE_STRING && i < c->instance_count; i++) {
		own = c->counted ? c->instances[i].index : c->instances[i].key;
		own = own == NULL ? NULL : hcl_to_string(arena_of(m), own);
		if (own != NULL && own->kind == VALUE_STRING && slice_eq(own->text, key->text))
			return &c->instances[i];
	}
	return NULL;
}

static bool
repeated(const struct cell *c)
{
	return hcl_attribute(&c->block->body, "count") != NULL
	    || hcl_attribute(&c->block->body, "for_each") != NULL;
}

static const struct value *child_value(struct module *, struct cell *, struct instance *);

static const struct value *
one_value(struct module *m, struct cell *c, struct instance *in)
{
	return c->kind == CELL_MODULE ? child_value(m, c, in) : instance_value(m, c, in);
}

/* All instances: a list (count) or a map (for_each). */
static const struct value *
all_instances(struct module *m, struct cell *c)
{
	struct hcl_map map = { .arena = arena_of(m) };
	struct value_builder b;
	uint32_t i;

	if (c->why_unknown != NULL)
		return c->why_unknown;
	value_begin(&b, arena_of(m), VALUE_LIST, c->block->head);
	for (i = 0; i < c->instance_count; i++) {
		if (c->counted)
			value_append(&b, one_value(m, c, &c->instances[i]));
		else
			hcl_map_add(&map, c->instances[i].key->text, c->block->head,
			    one_value(m, c, &c->instances[i]));
	}
	return c->counted ? value_end(&b) : hcl_map_end(&map, c->block->head);
}

/* The output of a child, without computing the others. */
static const struct value *
output_of(struct module *m, struct instance *in, const struct hcl_step *step)
{
	struct cell *out = in->module == NULL ? NULL
	    : find_cell(in->module, CELL_OUTPUT, SLICE_NONE, step->key->text);

	if (in->module == NULL)
		return unknown(m, step->span, "the module is not read");
	if (out == NULL)
		return unknown(m, step->span, "the module has no such output");
	return cell_value(in->module, out, step->span);
}

static void call_module(struct module *, struct cell *);

static const struct value *
repeatable(struct module *m, struct cell *c, const struct hcl_step *steps, uint32_t count,
    uint32_t at, uint32_t *used)
{
	struct instance *in = NULL;
	struct slice suffix = SLICE_NONE;

	expand(m, c);
	if (c->kind == CELL_MODULE)
		call_module(m, c);
	*used = at;
	if (!repeated(c) && c->instance_count > 0)
		in = &c->instances[0];
	else if (at < count && steps[at].index && (in = pick(m, c, &steps[at])) != NULL)
		*used = at + 1, suffix = in->suffix;
	refer(m->reader, address_of(m, c, suffix), m->reader->attribute, steps[0].span);
	if (in == NULL)
		return all_instances(m, c);
	if (c->kind == CELL_MODULE && *used < count && !steps[*used].index)
		return output_of(m, in, &steps[(*used)++]);
	return one_value(m, c, in);
}

static const struct value *
path_value(struct module *m, struct slice name, struct span span)
{
	if (slice_is(name, "module"))
		return value_string(arena_of(m), span, m->relative);
	if (slice_is(name, "root"))
		return value_string(arena_of(m), span, SLICE("."));
	return unknown(m, span, "where it is applied is not known");
}

static const struct value *
instance_name(struct module *m, struct slice root, struct slice name, struct span span)
{
	const struct value *v = NULL;

	if (m->each != NULL && slice_is(root, "count"))
		v = m->each->index;
	else if (m->each != NULL)
		v = slice_is(name, "key") ? m->each->key : m->each->value;
	return v != NULL ? v : unknown(m, span, "nothing is repeated here");
}

static const struct value *
named(struct module *m, enum cell_kind kind, const struct hcl_step *step)
{
	struct cell *c = find_cell(m, kind, SLICE_NONE, step->key->text);

	return c != NULL ? cell_value(m, c, step->span) : unknown(m, step->span, "nothing has this name");
}

static const struct value *
resource_path(struct module *m, const struct hcl_step *steps, uint32_t count, uint32_t *used)
{
	bool data = slice_is(steps[0].key->text, "data") || slice_is(steps[0].key->text, "ephemeral");
	struct slice type = steps[data].key->text;
	struct cell *c;

	if (count < 2u + data || steps[1].index)
		return NULL;
	if (data)
		type = printed(arena_of(m), "%.*s.%.*s", SLICE_FMT(steps[0].key->text), SLICE_FMT(type));
	c = find_cell(m, CELL_RESOURCE, type, steps[1 + data].key->text);
	if (c != NULL)
		return repeatable(m, c, steps, count, 2 + data, used);
	*used = count;
	refer(m->reader, printed(arena_of(m), "%.*s.%.*s", SLICE_FMT(type),
	    SLICE_FMT(steps[1 + data].key->text)), m->reader->attribute, steps[0].span);
	return value_made(arena_of(m), steps[0].span, SLICE("the resource is not declared here"));
}

static const struct value *
traverse(void *ctx, const struct hcl_step *steps, uint32_t count, uint32_t *used)
{
	struct module *m = ctx;
	struct slice root = steps[0].key->text;
	struct cell *c;

	if (count < 2 || steps[1].index)
		return NULL;
	*used = 2;
	if (slice_is(root, "var") || slice_is(root, "local"))
		return named(m, root.len == 3 ? CELL_VARIABLE : CELL_LOCAL, &steps[1]);
	if (slice_is(root, "path"))
		return path_value(m, steps[1].key->text, steps[1].span);
	if (slice_is(root, "terraform"))
		return value_string(arena_of(m), steps[1].span, SLICE("default"));
	if (slice_is(root, "count") || slice_is(root, "each"))
		return instance_name(m, root, steps[1].key->text, steps[1].span);
	if (slice_is(root, "self"))
		return unknown(m, steps[0].span, "self is known only after apply");
	if (slice_is(root, "module")) {
		c = find_cell(m, CELL_MODULE, SLICE_NONE, steps[1].key->text);
		return c != NULL ? repeatable(m, c, steps, count, 2, used)
		    : unknown(m, steps[1].span, "the module is not declared");
	}
	return resource_path(m, steps, count, used);
}

/* ---- modules ---- */

static const struct value *
child_value(struct module *m, struct cell *c, struct instance *in)
{
	struct hcl_map map = { .arena = arena_of(m) };
	struct value *v;

	if (in->module == NULL)
		return unknown(m, c->block->head, "the module is not read");
	for (uint32_t i = 0; i < in->module->count; i++)
		if (in->module->cells[i].kind == CELL_OUTPUT)
			hcl_map_add(&map, in->module->cells[i].name, c->block->head,
			    cell_value(in->module, &in->module->cells[i], c->block->head));
	v = (struct value *)(uintptr_t)hcl_map_end(&map, c->block->head);
	return v;
}

static const struct ending {
	struct slice text;
	bool         json, tofu;
} endings[] = {
	{ SLICE_INIT(".tf"), false, false },         { SLICE_INIT(".tf.json"), true, false },
	{ SLICE_INIT(".tofu"), false, true },        { SLICE_INIT(".tofu.json"), true, true },
};

static const struct ending *
ending_of(struct slice path)
{
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (slice_ends(path, endings[i].text))
			return &endings[i];
	return NULL;
}

/* override.tf and x_override.tf */
static bool
is_override(struct slice path)
{
	struct slice name = slice_after_last(path, '/');
	const struct ending *e = ending_of(name);

	name = slice_sub(name, 0, name.len - e->text.len);
	return slice_is(name, "override") || slice_ends(name, SLICE("_override"));
}

/* Attributes of `over` replace those of `base`, blocks of a type those of that type. */
static void
merge_bodies(struct arena *a, const struct hcl_body *base, const struct hcl_body *over, struct hcl_body *out)
{
	uint32_t i;

	*out = (struct hcl_body){ .span = base->span };
	out->attributes = arena_array(a, base->attribute_count + over->attribute_count + 1u, sizeof *out->attributes);
	out->blocks = arena_array(a, base->block_count + over->block_count + 1u, sizeof *out->blocks);
	for (i = 0; i < base->attribute_count; i++)
		if (hcl_attribute(over, slice_cstr(base->attributes[i].name, a)) == NULL)
			out->attributes[out->attribute_count++] = base->attributes[i];
	for (i = 0; i < over->attribute_count; i++)
		out->attributes[out->attribute_count++] = over->attributes[i];
	for (i = 0; i < base->block_count; i++)
		if (hcl_block(over, slice_cstr(base->blocks[i].type, a), NULL) == NULL
		    || slice_is(base->blocks[i].type, "lifecycle"))
			out->blocks[out->block_count++] = base->blocks[i];
	for (i = 0; i < over->block_count; i++) {
		struct hcl_block *first = NULL;

		for (uint32_t k = 0; slice_is(over->blocks[i].type, "lifecycle") && k < out->block_count; k++)
			if (slice_is(out->blocks[k].type, "lifecycle"))
				first = &out->blocks[k];
		if (first != NULL) {
			struct hcl_body merged;

			merge_bodies(a, &first->body, &over->blocks[i].body, &merged);
			first->body = merged;
		} else {
			out->blocks[out->block_count++] = over->blocks[i];
		}
	}
}

/* The cells of an override file change those that are there. */
static void
apply_override(struct module *m, const struct module *over)
{
	for (uint32_t i = 0; i < over->count; i++) {
		const struct cell *o = &over->cells[i];
		struct hcl_block *merged;
		struct cell *c = NULL;

		for (uint32_t k = 0; k < m->count && c == NULL; k++)
			if (compare_cells(&m->cells[k], o) == 0 && (o->kind != CELL_OTHER || slice_is(o->type, "provider")))
				c = &m->cells[k];
		if (c == NULL) {
			c = add_cell(m, o->kind, o->type, o->name);
			c->block = o->block;
			c->expression = o->expression;
		} else if (o->kind == CELL_LOCAL) {
			c->expression = o->expression;
		} else {
			merged = arena_alloc(arena_of(m), sizeof *merged);
			*merged = *c->block;
			merge_bodies(arena_of(m), &c->block->body, &o->block->body, &merged->body);
			c->block = merged;
		}
	}
}

/* What is parsed stays as long as its root module is read. */
static bool
may_parse(struct module *m, uint32_t source)
{
	struct reader *r = m->reader;
	uint64_t before = r->bytes, most = SCAN_LIMIT(MODULE);

	r->bytes += r->project->sources[source].text.len;
	if (r->bytes > most && before <= most)
		project_problem(r->project, project_span(r->project, source, 0, 0),
		    "the module is too large: this and what follows is not read");
	return r->bytes <= most;
}

static void
parse_into(struct module *m, uint32_t source)
{
	const struct ending *e = ending_of(m->reader->project->sources[source].path);
	struct hcl_body *body;

	if (!may_parse(m, source))
		return;
	if (e->json)
		terraform_json_parse(m->reader->project, source, &body);
	else
		hcl_parse(m->reader->project, source, &body);
	for (uint32_t i = 0; i < body->block_count; i++)
		declare(m, &body->blocks[i]);
}

static struct module *new_module(struct reader *, const struct module *parent, struct slice address,
    struct slice directory);

/* x.tofu stands for x.tf. */
static bool
is_replaced(const struct project *p, const uint32_t *sources, uint32_t count, uint32_t i)
{
	struct slice path = p->sources[sources[i]].path;
	const struct ending *e = ending_of(path);

	path = slice_sub(path, 0, path.len - e->text.len);
	for (uint32_t k = 0; !e->tofu && k < count; k++) {
		struct slice other = p->sources[sources[k]].path;
		const struct ending *f = ending_of(other);

		if (f != NULL && f->tofu && f->json == e->json
		    && slice_eq(slice_sub(other, 0, other.len - f->text.len), path))
			return true;
	}
	return false;
}

/* All files of a module, those that override last. */
static void
parse_all(struct module *m, const uint32_t *sources, uint32_t count)
{
	const struct project *p = m->reader->project;
	struct module *over;

	for (uint32_t i = 0; i < count; i++) {
		struct slice path = p->sources[sources[i]].path;

		if (ending_of(path) != NULL && !is_override(path) && !is_replaced(p, sources, count, i))
			parse_into(m, sources[i]);
	}
	for (uint32_t i = 0; i < count; i++) {
		struct slice path = p->sources[sources[i]].path;

		if (ending_of(path) == NULL || !is_override(path))
			continue;
		over = new_module(m->reader, NULL, SLICE(""), m->directory);
		parse_into(over, sources[i]);
		apply_override(m, over);
	}
}

/* A file's source, new or already there; links and devices are passed over. */
static bool
load(struct project *p, struct slice path, uint32_t *source)
{
	struct slice text;
	struct stat st;

	for (*source = 0; *source < p->source_count; ++*source)
		if (slice_eq(p->sources[*source].path, path))
			return true;
	if (lstat(slice_cstr(path, p->arena), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SCAN_LIMIT(SOURCE)
	    || !env_read_file(&env_real, slice_cstr(path, p->arena), SCAN_LIMIT(SOURCE), p->arena, &text))
		return false;
	*source = project_add_source(p, path, text);
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

enum { FILES_IN_DIRECTORY = 1000 };

static void
read_directory(struct module *m)
{
	struct slice *names = arena_array(arena_of(m), FILES_IN_DIRECTORY, sizeof *names);
	uint32_t *sources = arena_array(arena_of(m), FILES_IN_DIRECTORY, sizeof *sources), count = 0, read = 0;
	DIR *d = opendir(slice_cstr(m->directory, arena_of(m)));
	struct dirent *entry;

	while (d != NULL && count < FILES_IN_DIRECTORY && (entry = readdir(d)) != NULL)
		if (ending_of(slice_of(entry->d_name)) != NULL)
			names[count++] = slice_dup(slice_of(entry->d_name), arena_of(m));
	if (d != NULL)
		closedir(d);
	qsort(names, count, sizeof *names, by_text);
	for (uint32_t i = 0; i < count; i++)
		if (load(m->reader->project, printed(arena_of(m), "%.*s/%.*s", SLICE_FMT(m->directory),
		    SLICE_FMT(names[i])), &sources[read]))
			read++;
	parse_all(m, sources, read);
	sort_cells(m);
}

/* The cells of a directory, read once however often it is called. */
static void
declare_directory(struct module *m)
{
	struct reader *r = m->reader;
	uint32_t room = r->parsed_room;

	for (uint32_t i = 0; i < r->parsed_count; i++)
		if (slice_eq(r->parsed[i].directory, m->directory)) {
			m->count = m->room = r->parsed[i].count;
			m->cells = arena_array(arena_of(m), m->count + 1u, sizeof *m->cells);
			if (m->count > 0)
				memcpy(m->cells, r->parsed[i].cells, m->count * sizeof *m->cells);
			return;
		}
	read_directory(m);
	if (r->parsed_count == room) {
		r->parsed_room = room == 0 ? 16 : room * 2;
		r->parsed = arena_grow(arena_of(m), r->parsed, room * sizeof *r->parsed,
		    r->parsed_room * sizeof *r->parsed);
	}
	r->parsed[r->parsed_count] = (struct parsed){ m->directory, arena_array(arena_of(m), m->count + 1u,
	    sizeof *m->cells), m->count };
	if (m->count > 0)
		memcpy(r->parsed[r->parsed_count].cells, m->cells, m->count * sizeof *m->cells);
	r->parsed_count++;
}

static bool
is_ancestor(const struct module *m, struct slice directory)
{
	for (; m != NULL; m = m->parent)
		if (slice_eq(m->directory, directory))
			return true;
	return false;
}

static struct module *
new_module(struct reader *r, const struct module *parent, struct slice address, struct slice directory)
{
	struct module *m = arena_alloc(r->project->arena, sizeof *m);

	m->reader = r;
	m->parent = parent;
	m->address = address;
	m->directory = directory;
	m->depth = parent == NULL ? 0 : parent->depth + 1;
	m->relative = parent == NULL ? SLICE(".") : parent->relative;
	m->arguments = &value_null;
	return m;
}

static void
call_instance(struct module *m, struct cell *c, struct instance *in, struct slice directory,
    struct slice relative)
{
	struct module *child;

	if (m->reader->modules++ >= SCAN_LIMIT(MODULES)) {
		if (m->reader->modules == SCAN_LIMIT(MODULES) + 1)
			project_problem(m->reader->project, c->block->head, "there are too many modules: this and what follows is not read");
		return;
	}
	child = new_module(m->reader, m, address_of(m, c, in->suffix), directory);
	child->relative = relative;
	declare_directory(child);
	in->module = child;
}

/* Arguments may refer to other modules: they are evaluated behind the calls. */
static void
give_arguments(struct module *m, struct cell *c)
{
	for (uint32_t i = 0; i < c->instance_count; i++)
		if (c->instances[i].module != NULL && c->instances[i].module->arguments == &value_null)
			c->instances[i].module->arguments = instance_value(m, c, &c->instances[i]);
}

/* "module.a[0].module.b" is "a.b" in modules.json. */
static struct slice
installed_key(struct module *m, struct cell *c)
{
	struct slice rest = m->address, part;
	struct buf b;

	buf_init(&b, arena_of(m), m->address.len + c->name.len + 2);
	while (rest.len > 0) {
		part = slice_cut(&rest, '.');
		if (!slice_is(part, "module"))
			buf_printf(&b, "%.*s.", SLICE_FMT(slice_sub(part, 0, slice_find(part, '['))));
	}
	buf_add(&b, c->name);
	return buf_slice(&b);
}

/* Where a module lies, relative to the root module; empty when it is not here. */
static struct slice
module_directory(struct module *m, struct cell *c, struct slice source)
{
	const struct value *list = m->reader->installed;
	struct slice key;

	if (slice_starts(source, SLICE("./")) || slice_starts(source, SLICE("../")))
		return files_join(arena_of(m), m->relative, source);
	if (list->kind != VALUE_LIST)
		return SLICE("");
	key = installed_key(m, c);
	for (uint32_t i = 0; i < list->count; i++)
		if (slice_eq(value_member(list->items[i], SLICE("Key"))->text, key))
			return value_member(list->items[i], SLICE("Dir"))->text;
	return SLICE("");
}

static void
call_module(struct module *m, struct cell *c)
{
	const struct hcl_attribute *source = hcl_attribute(&c->block->body, "source");
	struct slice text = SLICE_NONE, directory, relative;

	if (c->value != NULL || c->busy)
		return;
	c->value = &value_null;
	if (source != NULL && source->expression->kind == HCL_LITERAL)
		text = source->expression->literal->text;
	if (text.len == 0 || (relative = module_directory(m, c, text)).len == 0)
		return;
	directory = files_join(arena_of(m), m->reader->directory, relative);
	if (is_ancestor(m, directory) || m->depth >= SCAN_LIMIT(NESTING)) {
		project_problem(m->reader->project, source->span, "the module calls itself");
		return;
	}
	if (!files_inside(arena_of(m), m->reader->root.len > 0 ? m->reader->root : m->reader->directory, directory))
		return;
	for (uint32_t i = 0; i < c->instance_count; i++)
		call_instance(m, c, &c->instances[i], directory, relative);
	give_arguments(m, c);
}

/* ---- what is given to the project ---- */

static void
add_as(struct module *m, struct cell *c, struct instance *in, struct slice type, const struct value *attributes)
{
	struct resource *r;

	if (project_is_full(m->reader->project, c->block->head))
		return;
	r = project_add_resource(m->reader->project);
	*r = (struct resource){ .language = LANGUAGE_TERRAFORM, .address = address_of(m, c, in->suffix),
		.module = m->address, .type = type, .name = c->name, .attributes = attributes,
		.references = in->references.list, .reference_count = in->references.count,
		.span = c->block->span, .head = c->block->head };
}

static void
add_resource(struct module *m, struct cell *c, struct instance *in)
{
	static const char *const types[] = { "variable", "", "", "module", "output", "" };
	struct slice type = c->kind == CELL_RESOURCE ? c->type : c->kind == CELL_OTHER ? c->type
	    : slice_of(types[c->kind]);

	add_as(m, c, in, type, instance_value(m, c, in));
}

/* A module that is not here stands for what it makes; its parts refer to one another. */
static void
add_made(struct module *m, struct cell *c, struct instance *in)
{
	const struct value *call = instance_value(m, c, in);
	const struct value *source = value_member(call, SLICE("source"));
	struct references *sink = m->reader->sink;

	m->reader->sink = &in->references;
	refer(m->reader, address_of(m, c, in->suffix), SLICE("source"), c->block->head);
	m->reader->sink = sink;
	for (const struct registry_module *made = NULL; (made = terraform_registry_find(source->text, made)) != NULL; )
		add_as(m, c, in, terraform_registry_type(made), terraform_registry_attributes(arena_of(m), made, call));
}

static void
add_azapi(struct module *m, struct cell *c, struct instance *in)
{
	const struct value *attributes = instance_value(m, c, in);
	struct slice type = terraform_azapi_type(attributes);

	if (type.len > 0)
		add_as(m, c, in, type, terraform_azapi_attributes(arena_of(m), attributes));
}

static void
give(struct module *m)
{
	for (uint32_t i = 0; i < m->count; i++) {
		struct cell *c = &m->cells[i];

		if (c->kind == CELL_LOCAL)
			continue;
		expand(m, c);
		if (c->kind == CELL_MODULE)
			call_module(m, c);
		for (uint32_t k = 0; k < c->instance_count; k++)
			add_resource(m, c, &c->instances[k]);
		for (uint32_t k = 0; c->kind == CELL_RESOURCE && slice_is(c->type, "azapi_resource") && k < c->instance_count; k++)
			add_azapi(m, c, &c->instances[k]);
		for (uint32_t k = 0; c->kind == CELL_MODULE && k < c->instance_count; k++)
			if (c->instances[k].module != NULL)
				give(c->instances[k].module);
			else
				add_made(m, c, &c->instances[k]);
	}
}

/* ---- the root ---- */

/* terraform.tfvars, terraform.tfvars.json, then x.auto.tfvars and x.auto.tfvars.json by name; 0:
 * no file of values that is read by itself. */
static int
value_rank(struct slice path)
{
	struct slice name = slice_after_last(path, '/');

	if (slice_is(name, "terraform.tfvars"))
		return 1;
	if (slice_is(name, "terraform.tfvars.json"))
		return 2;
	return slice_ends(name, SLICE(".auto.tfvars")) || slice_ends(name, SLICE(".auto.tfvars.json")) ? 3 : 0;
}

static void
add_values(struct module *m, uint32_t source, struct hcl_map *values)
{
	struct project *p = m->reader->project;
	const struct value *document;
	struct hcl_body *body;

	if (!may_parse(m, source))
		return;
	if (slice_ends(p->sources[source].path, SLICE(".json"))) {
		document_json(p, source, JSON_STRICT, &document);
		for (uint32_t i = 0; document->kind == VALUE_MAP && i < document->count; i++)
			hcl_map_add(values, document->members[i].key, document->members[i].key_span,
			    document->members[i].value);
		return;
	}
	hcl_parse(p, source, &body);
	for (uint32_t i = 0; i < body->attribute_count; i++)
		hcl_map_add(values, body->attributes[i].name, body->attributes[i].span,
		    evaluate(m, body->attributes[i].expression, NULL));
}

/* The later file wins: the last of equal keys is kept. */
static const struct value *
read_values(struct module *m, const uint32_t *sources, uint32_t count)
{
	const struct project *p = m->reader->project;
	struct hcl_map values = { .arena = arena_of(m) };
	struct slice *names = arena_array(arena_of(m), count + 1u, sizeof *names);
	uint32_t autos = 0, i, k;

	for (int rank = 1; rank <= 2; rank++)
		for (i = 0; i < count; i++)
			if (value_rank(p->sources[sources[i]].path) == rank)
				add_values(m, sources[i], &values);
	for (i = 0; i < count; i++)
		if (value_rank(p->sources[sources[i]].path) == 3)
			names[autos++] = p->sources[sources[i]].path;
	qsort(names, autos, sizeof *names, by_text);
	for (k = 0; k < autos; k++)
		for (i = 0; i < count; i++)
			if (slice_eq(p->sources[sources[i]].path, names[k]))
				add_values(m, sources[i], &values);
	return hcl_map_end(&values, (struct span){ 0 });
}

static void
begin_reader(struct reader *r, struct project *p, struct slice root, struct slice directory)
{
	*r = (struct reader){ .project = p, .root = root, .directory = directory, .installed = &value_null };
	hcl_meter_init(&r->meter);
}

/* What `terraform init` wrote down about modules. */
static void
read_installed(struct reader *r)
{
	struct slice path = files_join(r->project->arena, r->directory, SLICE(".terraform/modules/modules.json"));
	const struct value *document;
	uint32_t source;

	if (files_source(r->project, r->root.len > 0 ? r->root : r->directory, path, &source)
	    && document_json(r->project, source, JSON_STRICT, &document))
		r->installed = value_member(document, SLICE("Modules"));
}

void
terraform_read(struct project *p, const uint32_t *sources, uint32_t count, struct slice root_directory)
{
	uint32_t first = p->resource_count;
	struct reader r;
	struct module *m;

	if (count == 0)
		return;
	begin_reader(&r, p, root_directory, files_directory(p->sources[sources[0]].path));
	read_installed(&r);
	m = new_module(&r, NULL, SLICE(""), r.directory);
	parse_all(m, sources, count);
	m->arguments = read_values(m, sources, count);
	sort_cells(m);
	give(m);
	terraform_kubernetes(p, first);
	host_gather(p, first);
}

const struct value *
terraform_values(struct project *p, uint32_t source)
{
	struct hcl_map values = { .arena = p->arena };
	struct reader r;

	begin_reader(&r, p, SLICE(""), SLICE("."));
	add_values(new_module(&r, NULL, SLICE(""), SLICE(".")), source, &values);
	return hcl_map_end(&values, (struct span){ .source = source });
}

const struct value *
terraform_environment(struct project *p, char *const *environment)
{
	struct hcl_map values = { .arena = p->arena };

	for (; *environment != NULL; environment++) {
		struct slice v = slice_of(*environment), name;

		if (!slice_starts(v, SLICE("TF_VAR_")))
			continue;
		v = slice_sub(v, 7, v.len);
		name = slice_cut(&v, '=');
		if (name.len > 0 && v.ptr != NULL)
			hcl_map_add(&values, name, (struct span){ 0 }, value_string(p->arena, (struct span){ 0 }, v));
	}
	return hcl_map_end(&values, (struct span){ 0 });
}
