/* patch_fhirpath.c -- FHIRPath Patch (R4 fhirpatch.html).
 *
 * An operation's path is evaluated over the tape of the resource as it is by then; what it
 * finds are nodes of the tape, and a tree that was made of the same tape gives the place
 * of each.  After an operation the tree is written and read again for the next one.
 *
 * An element is up to two JSON members: "birthDate" and "_birthDate", each an array
 * when the element is a list.  What is done to an element is done to both. */
#include "rest/patch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "fhirpath/fhirpath.h"
#include "rest/patch_tree.h"

#define DEADLINE_NS 2000000000  /* for all expressions of one patch */

struct operation {
	uint32_t     node;              /* its Parameters.parameter */
	struct slice type, path, name;
	int64_t      index, source, destination;        /* -1: not given */
	uint32_t     value;             /* its part, 0: none */
};

struct patch {
	const struct pack   *pack;
	const struct limits *limits;
	struct arena        *arena;
	struct outcome      *outcome;
	const struct json   *json;      /* the Parameters */
	struct fhirpath_scope scope;
	struct slice         text;      /* of the resource, as it is by now */
	struct json          tape;
	struct value       **by_node;
	struct value        *root;
	struct operation     op;
};

/* Where an element stands: the object that it is a member of, and its name without "_". */
struct spot {
	struct value *object;           /* NULL: the resource itself */
	struct slice  name;
	bool          list;
	uint32_t      index;
};

/* What an operation brings along. */
struct content {
	struct value *value, *sibling;  /* either may be NULL */
	struct slice  suffix;           /* "Quantity" of valueQuantity; empty: made of parts */
};

static bool
bad(struct patch *p, const char *why)
{
	return outcome_fail(p->outcome, FAULT_INVALID, json_place(p->json, p->op.node), slice_of(why));
}

static bool
cannot(struct patch *p, const char *why)
{
	return outcome_fail(p->outcome, FAULT_PATCH, json_place(p->json, p->op.node), slice_of(why));
}

/* Names and types */

static struct slice
joined(struct patch *p, const char *before, struct slice name)
{
	struct buf b;

	buf_init(&b, p->arena, 1024);
	buf_printf(&b, "%s%.*s", before, SLICE_FMT(name));
	return buf_slice(&b);
}

static struct slice
base_name(struct slice name)
{
	return slice_starts(name, SLICE("_")) ? slice_sub(name, 1, name.len) : name;
}

static const struct type *
resource_type(struct patch *p, const struct value *v)
{
	const struct value *name = tree_member(v, SLICE("resourceType"));

	return name == NULL ? NULL : pack_resource(p->pack, name->text);
}

/* The FHIR type of an object or scalar of the tree; NULL when it is none. */
static const struct type *
type_of(struct patch *p, const struct value *v)
{
	const struct value *member = v->parent != NULL && v->parent->type == JSON_ARRAY ? v->parent : v;
	const struct element_type *which;
	const struct type *outer;

	if (member->parent == NULL)
		return resource_type(p, v);
	outer = type_of(p, member->parent);
	if (outer == NULL || pack_member(p->pack, outer, base_name(member->name), &which) == NULL)
		return NULL;
	return which->type->abstract ? resource_type(p, v) : which->type;
}

/* The JSON name of an element that is named as FHIRPath has it, or as JSON has it. */
static const struct element *
resolve(struct patch *p, const struct type *type, struct slice name, struct slice suffix,
    const struct element_type **which)
{
	const struct element *e = type_element(type, name);

	if (e == NULL)
		return pack_member(p->pack, type, name, which);
	for (uint32_t i = 0; i < e->type_count; i++) {
		struct slice json_name = e->types[i].json_name;

		*which = &e->types[i];
		if (!e->choice || slice_eq(slice_sub(json_name, e->name.len, json_name.len), suffix))
			return e;
	}
	return NULL;
}

/* Elements in the tree */

static struct spot
spot_of(const struct value *v)
{
	struct value *array = v->parent;

	if (array == NULL)
		return (struct spot){ .object = NULL };
	if (array->type != JSON_ARRAY)
		return (struct spot){ .object = array, .name = base_name(v->name) };
	return (struct spot){ array->parent, base_name(array->name), true, tree_index(v) };
}

static uint32_t
count_of(struct patch *p, const struct value *object, struct slice name)
{
	const struct value *main = tree_member(object, name);
	const struct value *beside = tree_member(object, joined(p, "_", name));
	uint32_t a = main == NULL ? 0 : main->count, b = beside == NULL ? 0 : beside->count;

	return a > b ? a : b;
}

static struct value *
null_value(struct patch *p)
{
	return tree_new(JSON_NULL, SLICE("null"), p->arena);
}

static void
array_insert(struct patch *p, struct value *object, struct slice name, uint32_t at, uint32_t count,
    struct value *v)
{
	struct value *array = tree_member(object, name);

	if (array == NULL && v == NULL)
		return;
	if (array == NULL)
		tree_set(object, name, array = tree_new(JSON_ARRAY, SLICE_NONE, p->arena));
	while (array->count < count)
		tree_insert(array, NULL, null_value(p));
	tree_insert(array, tree_item(array, at), v == NULL ? null_value(p) : v);
}

static void
list_insert(struct patch *p, struct value *object, struct slice name, uint32_t at,
    const struct content *c)
{
	uint32_t count = count_of(p, object, name);

	array_insert(p, object, name, at, count, c->value);
	array_insert(p, object, joined(p, "_", name), at, count, c->sibling);
}

static bool
all_null(const struct value *array)
{
	if (array->type != JSON_ARRAY)
		return false;
	for (const struct value *c = array->first; c != NULL; c = c->next)
		if (c->type != JSON_NULL)
			return false;
	return true;
}

/* Arrays of which nothing is left do not stay. */
static void
tidy_list(struct patch *p, struct value *object, struct slice name)
{
	struct value *main = tree_member(object, name);
	struct value *beside = tree_member(object, joined(p, "_", name));

	if (beside != NULL && all_null(beside)) {
		tree_take(beside);
		beside = NULL;
	}
	if (main != NULL && beside == NULL && all_null(main))
		tree_take(main);
}

static struct content
list_take(struct patch *p, const struct spot *s)
{
	struct content c = { .value = NULL };
	struct value *main = tree_member(s->object, s->name);
	struct value *beside = tree_member(s->object, joined(p, "_", s->name));

	if (main != NULL && (c.value = tree_item(main, s->index)) != NULL)
		tree_take(c.value);
	if (beside != NULL && (c.sibling = tree_item(beside, s->index)) != NULL)
		tree_take(c.sibling);
	return c;
}

static void
take_member(struct value *object, struct slice name)
{
	struct value *v = tree_member(object, name);

	if (v != NULL)
		tree_take(v);
}

static void
element_remove(struct patch *p, const struct spot *s)
{
	if (s->list) {
		list_take(p, s);
		tidy_list(p, s->object, s->name);
		return;
	}
	take_member(s->object, s->name);
	take_member(s->object, joined(p, "_", s->name));
}

/* FHIR has no empty elements: an object that lost its last member goes too. */
static void
prune(struct patch *p, struct value *object)
{
	struct value *holder = object->parent;
	struct spot s;

	if (holder == NULL || object->count > 0)
		return;
	s = spot_of(object);
	if (slice_starts(holder->type == JSON_ARRAY ? holder->name : object->name, SLICE("_"))) {
		if (s.list)
			tree_replace(object, null_value(p));
		else
			tree_take(object);
		tidy_list(p, s.object, s.name);
	} else {
		element_remove(p, &s);
	}
	prune(p, s.object);
}

static void
element_set(struct patch *p, struct value *object, struct slice name, const struct content *c)
{
	if (c->value != NULL)
		tree_set(object, name, c->value);
	else
		take_member(object, name);
	if (c->sibling != NULL)
		tree_set(object, joined(p, "_", name), c->sibling);
	else
		take_member(object, joined(p, "_", name));
}

static bool
is_there(struct patch *p, const struct value *object, const struct element *e)
{
	for (uint32_t i = 0; i < e->type_count; i++)
		if (tree_member(object, e->types[i].json_name) != NULL
		    || tree_member(object, joined(p, "_", e->types[i].json_name)) != NULL)
			return true;
	return false;
}

/* Values of Parameters */

static struct slice
string_of(struct patch *p, uint32_t part, const char *member)
{
	return json_string(p->json, json_get(p->json, part, slice_of(member)), p->arena);
}

/* value[x], its companion, or a resource; nothing for a part that has parts. */
static struct content
plain_content(struct patch *p, uint32_t part)
{
	struct content c = { .value = NULL };
	const struct json *j = p->json;

	for (uint32_t n = json_first(j, part); n != 0; n = json_next(j, part, n)) {
		struct slice name = json_raw(j, n);

		if (slice_starts(name, SLICE("value")) || slice_is(name, "resource"))
			c.value = tree_of(j, n + 1, p->arena, NULL);
		else if (slice_starts(name, SLICE("_value")))
			c.sibling = tree_of(j, n + 1, p->arena, NULL);
		else
			continue;
		name = base_name(name);
		if (slice_starts(name, SLICE("value")))
			c.suffix = slice_sub(name, 5, name.len);
	}
	return c;
}

static bool element_add(struct patch *, struct value *object, const struct type *, struct slice name,
    uint32_t part);

/* The content of a part for an element of that type: an anonymous type comes as parts. */
static bool
content_of(struct patch *p, uint32_t part, const struct type *type, struct content *c)
{
	uint32_t parts = json_get(p->json, part, SLICE("part"));

	*c = plain_content(p, part);
	if (c->value != NULL || c->sibling != NULL)
		return true;
	if (parts == 0)
		return bad(p, "an operation lacks its value");
	c->value = tree_new(JSON_OBJECT, SLICE_NONE, p->arena);
	for (uint32_t n = json_first(p->json, parts); n != 0; n = json_next(p->json, parts, n))
		if (!element_add(p, c->value, type, string_of(p, n, "name"), n))
			return false;
	return true;
}

/* A primitive is no object, all else is one; more is said when the result is validated. */
static bool
shape_fits(struct patch *p, const struct type *type, const struct content *c)
{
	return c->value == NULL || (c->value->type == JSON_OBJECT) == (type->kind != TYPE_PRIMITIVE)
	    || cannot(p, "there is no such element, or not with a value of this type");
}

static bool
element_add(struct patch *p, struct value *object, const struct type *type, struct slice name,
    uint32_t part)
{
	struct content c = plain_content(p, part);
	const struct element_type *which = NULL;
	const struct element *e = resolve(p, type, name, c.suffix, &which);

	if (e == NULL)
		return cannot(p, "there is no such element, or not with a value of this type");
	if (!content_of(p, part, which->type, &c) || !shape_fits(p, which->type, &c))
		return false;
	if (e->max > 1)
		list_insert(p, object, which->json_name, count_of(p, object, which->json_name), &c);
	else if (is_there(p, object, e))
		return cannot(p, "the element is there already");
	else
		element_set(p, object, which->json_name, &c);
	return true;
}

/* Paths */

static bool
read_tape(struct patch *p)
{
	return json_parse(p->text, json_bounds(p->limits, false), p->arena, &p->tape, p->outcome)
	    && (p->root = tree_of(&p->tape, 0, p->arena, &p->by_node)) != NULL;
}

/* What an operation changed, as text and tape again. */
static bool
renew(struct patch *p)
{
	struct buf b;

	buf_init(&b, p->arena, p->limits->of[LIMIT_BODY]);
	tree_write(&b, p->root);
	p->text = buf_slice(&b);
	return buf_ok(&b) ? read_tape(p) : outcome_fail_at_once(p->outcome, FAULT_TOO_BIG, "");
}

static struct fhirpath *
compile(struct patch *p, struct slice path)
{
	struct outcome aside;
	struct fhirpath *expression;

	outcome_init(&aside, p->arena);
	expression = fhirpath_compile(p->pack, path, type_of(p, p->root), p->limits, p->arena, &aside);
	if (expression == NULL)
		bad(p, "the path is no FHIRPath over this type of resource");
	return expression;
}

static bool
evaluate(struct patch *p, struct slice path, struct items *found)
{
	struct fhirpath *expression = compile(p, path);
	struct item root = fhirpath_node(&p->tape, 0, type_of(p, p->root));
	struct outcome aside;

	if (expression == NULL)
		return false;
	p->scope.resource = p->scope.root = root;
	outcome_init(&aside, p->arena);
	if (fhirpath_evaluate(expression, &p->scope, root, p->arena, found, &aside))
		return true;
	return aside.worst == FAULT_BUDGET ? outcome_fail_at_once(p->outcome, FAULT_BUDGET, "")
	    : cannot(p, "the path does not apply to this resource");
}

static struct value *
value_of(struct patch *p, const struct item *i)
{
	if (i->kind != ITEM_NODE || i->json != &p->tape)
		return NULL;
	if (i->node != ITEM_ABSENT)
		return p->by_node[i->node];
	return i->sibling != 0 ? p->by_node[i->sibling] : NULL;
}

static bool
find_all(struct patch *p, struct slice path, struct value ***at, uint32_t *count)
{
	struct items found;

	if (!evaluate(p, path, &found))
		return false;
	*at = arena_array(p->arena, found.count + 1, sizeof **at);
	*count = found.count;
	for (uint32_t i = 0; i < found.count; i++)
		if (((*at)[i] = value_of(p, &found.at[i])) == NULL)
			return cannot(p, "the path finds what is no element of the resource");
	return true;
}

/* The one element at the path; NULL in *v when there is none. */
static bool
find_one(struct patch *p, struct value **v)
{
	struct value **at;
	uint32_t count;

	if (!find_all(p, p->op.path, &at, &count))
		return false;
	*v = count == 0 ? NULL : at[0];
	return count <= 1 || cannot(p, "the path finds more than one element");
}

/* All elements at the path, which must be of one list. */
static bool
find_list(struct patch *p, struct spot **spots, uint32_t *count)
{
	struct value **at;

	if (!find_all(p, p->op.path, &at, count))
		return false;
	*spots = arena_array(p->arena, *count + 1, sizeof **spots);
	for (uint32_t i = 0; i < *count; i++) {
		(*spots)[i] = spot_of(at[i]);
		if (!(*spots)[i].list || (*spots)[i].object != (*spots)[0].object
		    || !slice_eq((*spots)[i].name, (*spots)[0].name))
			return cannot(p, "the path does not find the elements of one list");
	}
	return true;
}

/* Operations */

/* The object that takes the elements of what was found: of a primitive, its companion. */
static struct value *
object_of(struct patch *p, struct value *v)
{
	struct value *object = tree_new(JSON_OBJECT, SLICE_NONE, p->arena), *beside;
	struct spot s = spot_of(v);
	struct slice name;

	if (v->type == JSON_OBJECT)
		return v;
	name = joined(p, "_", s.name);
	beside = tree_member(s.object, name);
	if (!s.list) {
		if (beside == NULL)
			tree_set(s.object, name, beside = object);
		return beside;
	}
	if (beside == NULL)
		tree_set(s.object, name, beside = tree_new(JSON_ARRAY, SLICE_NONE, p->arena));
	while (beside->count < count_of(p, s.object, s.name))
		tree_insert(beside, NULL, null_value(p));
	v = tree_item(beside, s.index);
	if (v->type == JSON_OBJECT)
		return v;
	tree_replace(v, object);
	return object;
}

static bool
run_add(struct patch *p)
{
	const struct type *type;
	struct value *v;

	if (!find_one(p, &v))
		return false;
	if (v == NULL)
		return cannot(p, "the path finds nothing");
	if ((type = type_of(p, v)) == NULL)
		return cannot(p, "the path finds what is no element of the resource");
	return element_add(p, object_of(p, v), type, p->op.name, p->op.value);
}

static bool
run_delete(struct patch *p)
{
	struct value *v;
	struct spot s;

	if (!find_one(p, &v))
		return false;
	if (v == NULL)
		return true;            /* nothing there is what was asked for */
	s = spot_of(v);
	if (s.object == NULL)
		return cannot(p, "the resource itself cannot be removed");
	element_remove(p, &s);
	prune(p, s.object);
	return true;
}

/* The type of the element at a place, and for a choice the name that goes with the value. */
static bool
content_for(struct patch *p, const struct spot *s, struct content *c, struct slice *name)
{
	const struct type *outer = type_of(p, s->object);
	const struct element_type *which = NULL;
	const struct element *e = outer == NULL ? NULL : pack_member(p->pack, outer, s->name, &which);

	if (e == NULL)
		return cannot(p, "the path finds what is no element of the resource");
	*c = plain_content(p, p->op.value);
	if (e->choice && resolve(p, outer, e->name, c->suffix, &which) == NULL)
		return cannot(p, "the element has no value of this type");
	*name = which->json_name;
	return content_of(p, p->op.value, which->type, c) && shape_fits(p, which->type, c);
}

static bool
run_replace(struct patch *p)
{
	struct content c;
	struct slice name;
	struct value *v;
	struct spot s;

	if (!find_one(p, &v))
		return false;
	if (v == NULL)
		return cannot(p, "the path finds nothing");
	s = spot_of(v);
	if (s.object == NULL)
		return cannot(p, "the resource itself cannot be replaced");
	if (!content_for(p, &s, &c, &name))
		return false;
	if (s.list) {
		list_take(p, &s);
		list_insert(p, s.object, s.name, s.index, &c);
		tidy_list(p, s.object, s.name);
		return true;
	}
	if (!slice_eq(name, s.name))
		element_remove(p, &s);
	element_set(p, s.object, name, &c);
	return true;
}

/* A list that is not there yet: what stands before the last name is its owner. */
static bool
insert_first(struct patch *p)
{
	size_t dot = p->op.path.len;

	while (dot > 0 && p->op.path.ptr[dot - 1] != '.')
		dot--;
	if (dot == 0 || p->op.index != 0)
		return cannot(p, "there is no such place in the list");
	p->op.name = slice_sub(p->op.path, dot, p->op.path.len);
	p->op.path = slice_sub(p->op.path, 0, dot - 1);
	return run_add(p);
}

static bool
run_insert(struct patch *p)
{
	struct content c;
	struct spot *spots;
	struct slice name;
	uint32_t count, at;

	if (!find_list(p, &spots, &count))
		return false;
	if (count == 0)
		return insert_first(p);
	if (p->op.index > count)
		return cannot(p, "there is no such place in the list");
	at = p->op.index == count ? spots[count - 1].index + 1 : spots[p->op.index].index;
	if (!content_for(p, &spots[0], &c, &name))
		return false;
	list_insert(p, spots[0].object, spots[0].name, at, &c);
	return true;
}

static bool
run_move(struct patch *p)
{
	struct spot *spots;
	uint32_t count, to;
	struct content c;

	if (!find_list(p, &spots, &count))
		return false;
	if (p->op.source >= count || p->op.destination >= count)
		return cannot(p, "there is no such place in the list");
	to = spots[p->op.destination].index;
	c = list_take(p, &spots[p->op.source]);
	list_insert(p, spots[0].object, spots[0].name, to, &c);
	tidy_list(p, spots[0].object, spots[0].name);
	return true;
}

enum { NEEDS_NAME = 1, NEEDS_VALUE = 2, NEEDS_INDEX = 4, NEEDS_ENDS = 8 };

static const struct operation_row {
	const char *name;
	unsigned    needs;
	bool      (*run)(struct patch *);
} operation_rows[] = {
	{ "add",     NEEDS_NAME | NEEDS_VALUE,  run_add },
	{ "insert",  NEEDS_INDEX | NEEDS_VALUE, run_insert },
	{ "delete",  0,                         run_delete },
	{ "replace", NEEDS_VALUE,               run_replace },
	{ "move",    NEEDS_ENDS,                run_move },
};

static const struct operation_row *
row_of(const struct operation *op)
{
	for (size_t i = 0; i < COUNT_OF(operation_rows); i++)
		if (slice_is(op->type, operation_rows[i].name))
			return &operation_rows[i];
	return NULL;
}

static int64_t
integer_of(struct patch *p, uint32_t part)
{
	uint32_t node = json_get(p->json, part, SLICE("valueInteger"));
	uint64_t n;

	if (node == 0)
		node = json_get(p->json, part, SLICE("valueUnsignedInt"));
	return node != 0 && slice_uint(json_raw(p->json, node), &n) && n < INT32_MAX ? (int64_t)n : -1;
}

static void
read_part(struct patch *p, struct operation *op, uint32_t part)
{
	struct slice name = string_of(p, part, "name"), text = string_of(p, part, "valueString");

	if (text.len == 0)
		text = string_of(p, part, "valueCode");
	if (slice_is(name, "type"))
		op->type = text;
	else if (slice_is(name, "path"))
		op->path = text;
	else if (slice_is(name, "name"))
		op->name = text;
	else if (slice_is(name, "index"))
		op->index = integer_of(p, part);
	else if (slice_is(name, "source"))
		op->source = integer_of(p, part);
	else if (slice_is(name, "destination"))
		op->destination = integer_of(p, part);
	else if (slice_is(name, "value"))
		op->value = part;
}

static bool
read_operation(struct patch *p, uint32_t parameter)
{
	uint32_t parts = json_get(p->json, parameter, SLICE("part"));
	const struct operation_row *row;
	struct operation *op = &p->op;

	*op = (struct operation){ .node = parameter, .index = -1, .source = -1, .destination = -1 };
	if (!slice_is(string_of(p, parameter, "name"), "operation") || parts == 0)
		return bad(p, "a patch has operations only");
	for (uint32_t n = json_first(p->json, parts); n != 0; n = json_next(p->json, parts, n))
		read_part(p, op, n);
	if ((row = row_of(op)) == NULL)
		return bad(p, "an operation is one of add, insert, delete, replace and move");
	if (op->path.len == 0 || ((row->needs & NEEDS_NAME) != 0 && op->name.len == 0)
	    || ((row->needs & NEEDS_VALUE) != 0 && op->value == 0)
	    || ((row->needs & NEEDS_INDEX) != 0 && op->index < 0)
	    || ((row->needs & NEEDS_ENDS) != 0 && (op->source < 0 || op->destination < 0)))
		return bad(p, "an operation lacks one of its parts");
	return true;
}

static bool
run_all(struct patch *p)
{
	uint32_t list = json_get(p->json, 0, SLICE("parameter"));
	size_t start = arena_used(p->arena);

	if (list == 0)
		return true;
	if (json_size(p->json, list) > p->limits->of[LIMIT_PATCH_OPERATIONS])
		return outcome_fail_at_once(p->outcome, FAULT_TOO_COMPLEX, "too many operations");
	for (uint32_t n = json_first(p->json, list); n != 0; n = json_next(p->json, list, n))
		if (!read_operation(p, n))
			return false;
	for (uint32_t n = json_first(p->json, list); n != 0; n = json_next(p->json, list, n))
		if (arena_used(p->arena) - start > PATCH_MEMORY)
			return outcome_fail_at_once(p->outcome, FAULT_TOO_COSTLY, "");
		else if (!read_operation(p, n) || !row_of(&p->op)->run(p) || !renew(p))
			return false;
	return true;
}

bool
patch_fhirpath(const struct pack *pack, const struct env *env, struct slice target,
    const struct json *patch, const struct limits *limits, struct arena *arena, struct slice *out,
    struct outcome *o)
{
	struct patch p = { .pack = pack, .limits = limits, .arena = arena, .outcome = o, .json = patch,
		.text = target,
		.scope = { .pack = pack, .limits = limits, .env = env } };

	if (env != NULL)
		p.scope.deadline = env_monotonic(env) + DEADLINE_NS;
	if (!read_tape(&p))
		return false;
	if (type_of(&p, p.root) == NULL)
		return outcome_fail_at_once(o, FAULT_PATCH, "");
	if (!run_all(&p))
		return false;
	*out = p.text;
	return true;
}
