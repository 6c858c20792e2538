/* azure.c -- names, references and resources of both languages; see azure.h. */
#include "iac/azure.h"

#include <stdlib.h>

#include "base/arena.h"

static const struct value *
unknown(struct azure *z, struct span span, const char *because)
{
	return value_unknown(z->arena, span, slice_of(because));
}

void
azure_init(struct azure *z, struct project *p, uint32_t source)
{
	*z = (struct azure){ .project = p, .arena = p->arena, .source = source, .path = p->sources[source].path,
		.given = &value_null, .functions = &value_null, .arguments = &value_null };
	buf_init(&z->at, p->arena, 4096);
}

/* ---- names ---- */

/* Azure compares names without regard to case. */
static int
compare_names(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : strncasecmp(a.ptr, b.ptr, n);

	return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int
by_name(const void *a, const void *b)
{
	const struct azure_cell *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : compare_names(x->name, y->name);
}

struct azure_cell *
azure_add(struct azure *z, enum azure_kind kind, struct slice name, struct span span)
{
	uint32_t room = z->cell_room;

	if (z->cell_count == room) {
		z->cell_room = room == 0 ? 16 : room * 2;
		z->cells = arena_grow(z->arena, z->cells, room * sizeof *z->cells, z->cell_room * sizeof *z->cells);
	}
	z->cells[z->cell_count] = (struct azure_cell){ .kind = kind, .name = name, .span = span,
		.allowed = &value_null };
	return &z->cells[z->cell_count++];
}

void
azure_sort(struct azure *z)
{
	if (z->cell_count > 0)
		qsort(z->cells, z->cell_count, sizeof *z->cells, by_name);
}

const struct azure_cell *
azure_find(struct azure *z, enum azure_kind kind, struct slice name)
{
	struct azure_cell key = { .kind = kind, .name = name };

	return z->cell_count == 0 ? NULL : bsearch(&key, z->cells, z->cell_count, sizeof key, by_name);
}

static const struct value *
named_because(struct azure *z, const struct value *v, const char *format, struct slice name)
{
	struct buf b;

	name = slice_sub(name, 0, 200);
	buf_init(&b, z->arena, 512);
	buf_printf(&b, format, SLICE_FMT(name));
	return hcl_because(z->arena, v, v->span, buf_slice(&b));
}

/* An unknown, with what it may be. */
static const struct value *
not_given(struct azure *z, const struct azure_cell *c)
{
	struct value *v = arena_alloc(z->arena, sizeof *v);
	struct buf b;

	buf_init(&b, z->arena, 512);
	buf_printf(&b, "parameter \"%.*s\" has no default", (int)slice_sub(c->name, 0, 200).len, c->name.ptr);
	*v = *value_unknown(z->arena, c->span, buf_slice(&b));
	if (c->allowed->kind == VALUE_LIST && c->allowed->count <= AZURE_CHOICES) {
		v->items = c->allowed->items;
		v->count = c->allowed->count;
	}
	return v;
}

/* Names of parameters are compared without case. */
static const struct value *
given_value(const struct azure *z, struct slice name)
{
	const struct value *all = z->given;

	for (uint32_t i = 0; all->kind == VALUE_MAP && i < all->count; i++)
		if (slice_eq_nocase(all->members[i].key, name))
			return all->members[i].value;
	return &value_null;
}

static const struct value *
cell_source(struct azure *z, struct azure_cell *c)
{
	const struct value *given = c->kind == AZURE_PARAMETER ? given_value(z, c->name) : &value_null;

	if (given->kind != VALUE_NULL)
		return named_because(z, given, "value of parameter \"%.*s\"", c->name);
	if (c->raw == NULL && c->expression == NULL)
		return not_given(z, c);
	given = c->raw != NULL ? arm_value(z, c->raw) : azure_evaluate(z, c->expression, NULL);
	if (c->copied)
		given = value_member(given, c->name);
	return c->kind == AZURE_PARAMETER ? named_because(z, given, "default of parameter \"%.*s\"", c->name) : given;
}

static const struct value *
cell_value(struct azure *z, struct azure_cell *c)
{
	const struct azure_loop *loops = z->loops;
	const struct value *v;
	struct value *copy;

	if (c->busy)
		return unknown(z, c->span, "the value depends on itself");
	if (c->value == NULL) {
		c->busy = true;
		z->loops = NULL;
		v = cell_source(z, c);
		z->loops = loops;
		if (c->secure) {
			copy = arena_alloc(z->arena, sizeof *copy);
			*copy = *v;
			copy->sensitive = true;
			v = copy;
		}
		c->value = v;
		c->busy = false;
	}
	if (c->kind == AZURE_PARAMETER)
		z->by_default = true;
	return c->value;
}

const struct value *
azure_name(struct azure *z, enum azure_kind kind, struct slice name, struct span span)
{
	const struct value *argument = value_member(z->arguments, name);
	struct azure *at = z->outer != NULL ? z->outer : z;
	const struct azure_cell *c;
	const struct value *v;

	if (kind == AZURE_PARAMETER && argument != &value_null)
		return argument;
	if ((c = azure_find(at, kind, name)) == NULL)
		return unknown(z, span, "nothing has this name");
	v = cell_value(at, (struct azure_cell *)(uintptr_t)c);
	z->by_default |= at->by_default;
	return v;
}

/* ---- expressions ---- */

static const struct value *
traverse(void *ctx, const struct hcl_step *steps, uint32_t count, uint32_t *used)
{
	struct azure *z = ctx;
	struct slice root = steps[0].key->text;
	const struct azure_cell *c;

	*used = 1;
	if (azure_find(z, AZURE_PARAMETER, root) != NULL)
		return azure_name(z, AZURE_PARAMETER, root, steps[0].span);
	if (azure_find(z, AZURE_VARIABLE, root) != NULL)
		return azure_name(z, AZURE_VARIABLE, root, steps[0].span);
	c = azure_find(z, AZURE_SYMBOL, root);
	if (c != NULL && z->symbol != NULL)
		return z->symbol(z, c, steps, count, used);
	return unknown(z, steps[0].span, "nothing has this name");
}

const struct value *
azure_evaluate(struct azure *z, const struct hcl_expression *e, const struct hcl_binding *bindings)
{
	struct hcl_scope s = { .project = z->project, .meter = z->meter, .ctx = z, .traverse = traverse,
		.call = azure_call, .bindings = bindings };

	return hcl_evaluate(e, &s);
}

/* ---- references ---- */

void
azure_refer(struct azure *z, struct slice address, const char *attribute, struct span span)
{
	struct slice path = attribute != NULL ? slice_of(attribute) : buf_slice(&z->at);
	uint32_t room = z->reference_room;

	for (uint32_t i = 0; i < z->reference_count; i++)
		if (slice_eq(z->references[i].address, address) && slice_eq(z->references[i].attribute, path))
			return;
	if (z->reference_count == AZURE_REFERENCES)
		return;
	if (z->reference_count == room) {
		z->reference_room = room == 0 ? 4 : room * 2;
		z->references = arena_grow(z->arena, z->references, room * sizeof *z->references,
		    z->reference_room * sizeof *z->references);
	}
	z->references[z->reference_count++] = (struct reference){ address, slice_dup(path, z->arena), span };
}

void
azure_enter(struct azure *z, size_t *before, struct slice key, uint32_t index)
{
	*before = z->at.len;
	if (key.ptr != NULL)
		buf_printf(&z->at, "%s%.*s", *before > 0 ? "." : "", SLICE_FMT(key));
	else
		buf_printf(&z->at, "%s%u", *before > 0 ? "." : "", index);
}

void
azure_leave(struct azure *z, size_t before)
{
	z->at.len = before;
	z->at.full = false;
}

struct slice
azure_text(struct azure *z, const struct value *v)
{
	const struct value *text = hcl_to_string(z->arena, v);

	if (text == NULL || (text->kind == VALUE_UNKNOWN && text->text.len == 0))
		return SLICE("${?}");
	return text->text;
}

struct slice
azure_address(struct azure *z, struct slice type, struct slice name)
{
	struct buf b;

	buf_init(&b, z->arena, type.len + name.len + 2);
	buf_printf(&b, "%.*s/%.*s", SLICE_FMT(type), SLICE_FMT(name));
	return buf_slice(&b);
}

/* ---- resources ---- */

/* Without its last part; empty when there is but one. */
static struct slice
without_last(struct slice s)
{
	size_t len = s.len;

	while (len > 0 && s.ptr[len - 1] != '/')
		len--;
	return slice_sub(s, 0, len > 0 ? len - 1 : 0);
}

/* "Microsoft.Sql/servers/databases" of the name "s/d" is inside "Microsoft.Sql/servers" "s". */
static void
refer_parent(struct azure *z, struct slice type, struct slice name, struct span span)
{
	struct slice outer = without_last(type), owner = without_last(name);

	if (owner.len > 0 && slice_find(outer, '/') < outer.len)
		azure_refer(z, azure_address(z, outer, owner), "parent", span);
}

void
azure_give(struct azure *z, const struct resource *of)
{
	struct resource *r;

	if (!project_is_full(z->project, of->head)) {
		refer_parent(z, of->type, of->name, of->head);
		r = project_add_resource(z->project);
		*r = *of;
		r->language = LANGUAGE_ARM;
		r->address = azure_address(z, of->type, of->name);
		r->module = z->module;
		r->references = z->references;
		r->reference_count = z->reference_count;
	}
	z->references = NULL;
	z->reference_count = z->reference_room = 0;
}

static const struct value *
parameter_attributes(struct azure *z, const struct azure_cell *c)
{
	struct hcl_map m = { .arena = z->arena };

	if (c->raw != NULL || c->expression != NULL)
		hcl_map_add(&m, SLICE("default"), c->span, c->raw != NULL ? arm_value(z, c->raw)
		    : azure_evaluate(z, c->expression, NULL));
	hcl_map_add(&m, SLICE("secure"), c->span, value_bool(z->arena, c->span, c->secure));
	return hcl_map_end(&m, c->span);
}

void
azure_give_parameters(struct azure *z)
{
	struct buf b;

	for (uint32_t i = 0; i < z->cell_count; i++) {
		const struct azure_cell *c = &z->cells[i];

		if (c->kind != AZURE_PARAMETER || project_is_full(z->project, c->span))
			continue;
		buf_init(&b, z->arena, c->name.len + 16);
		buf_printf(&b, "parameter.%.*s", SLICE_FMT(c->name));
		*project_add_resource(z->project) = (struct resource){ .language = LANGUAGE_ARM,
			.address = buf_slice(&b), .module = z->module, .type = SLICE("parameter"), .name = c->name,
			.attributes = parameter_attributes(z, c), .span = c->span, .head = c->span };
		z->references = NULL;
		z->reference_count = z->reference_room = 0;
	}
}

enum azure_presence
azure_presence(struct azure *z, const struct value *condition, bool by_default)
{
	const struct value *v = hcl_to_bool(z->arena, condition);

	if (v == NULL || v->kind == VALUE_UNKNOWN)
		return AZURE_CONDITIONAL;
	if (v->kind == VALUE_NULL || v->boolean)
		return AZURE_PRESENT;
	return by_default ? AZURE_CONDITIONAL : AZURE_ABSENT;
}

static int
by_address(const void *a, const void *b)
{
	const struct resource *x = *(struct resource *const *)a, *y = *(struct resource *const *)b;
	int order = slice_cmp(x->address, y->address);

	return order != 0 ? order : x < y ? -1 : x > y;
}

void
azure_distinct(struct project *p, uint32_t first)
{
	uint32_t count = p->resource_count - first, number = 1;
	struct resource **sorted = arena_array(p->arena, count + 1u, sizeof *sorted);
	struct slice last = SLICE_NONE;
	struct buf b;

	for (uint32_t i = 0; i < count; i++)
		sorted[i] = &p->resources[first + i];
	qsort(sorted, count, sizeof *sorted, by_address);
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || !slice_eq(sorted[i]->address, last)) {
			last = sorted[i]->address;
			number = 1;
			continue;
		}
		buf_init(&b, p->arena, last.len + 16);
		buf_printf(&b, "%.*s#%u", SLICE_FMT(last), ++number);
		sorted[i]->address = buf_slice(&b);
	}
}
