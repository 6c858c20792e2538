/* evaluate.c -- the tree over a resource; see fhirpath.h.
 *
 * A collection is a list of items in the arena.  Every step is counted, so that
 * no expression runs for ever, and every collection is bounded. */
#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "fhirpath/ast.h"

bool
eval_fail(struct evaluation *e, const char *why)
{
	return outcome_fail_at_once(e->outcome, FAULT_INVALID, why);
}

static bool
over_budget(struct evaluation *e)
{
	return outcome_fail_at_once(e->outcome, FAULT_BUDGET, "");
}

bool
list_add(struct evaluation *e, struct list *l, struct item item)
{
	if (l->count == l->room) {
		uint32_t room = l->room == 0 ? 4 : l->room * 2;

		if (l->count >= e->scope->limits->of[LIMIT_FHIRPATH_ITEMS])
			return over_budget(e);
		l->at = arena_grow(e->arena, l->at, l->room * sizeof item, room * sizeof item);
		l->room = room;
	}
	l->at[l->count++] = item;
	return true;
}

#define LOOK_EVERY 1024         /* steps from one look at the clock to the next */

static bool
is_late(struct evaluation *e)
{
	if (e->scope->deadline == 0 || e->scope->env == NULL || e->steps < e->look_at)
		return false;
	e->look_at = e->steps + LOOK_EVERY;
	return env_monotonic(e->scope->env) > e->scope->deadline;
}

bool
eval_spend(struct evaluation *e, size_t steps)
{
	const size_t *limits = e->scope->limits->of;

	e->steps += steps;
	return (e->steps <= limits[LIMIT_FHIRPATH_STEPS] && !is_late(e)
	    && arena_used(e->arena) - e->start <= limits[LIMIT_FHIRPATH_MEMORY]) || over_budget(e);
}

/* Eight comparisons are a step, one of what has children is. */
bool
eval_compared(struct evaluation *e, const struct item *item, uint32_t comparisons)
{
	bool deep = item->kind == ITEM_NODE && item->json != NULL && item->node != ITEM_ABSENT
	    && json_type(item->json, item->node) >= JSON_ARRAY;

	return eval_spend(e, deep ? comparisons : comparisons / 8);
}

bool
list_has(struct evaluation *e, const struct list *l, const struct item *item, bool *found)
{
	uint32_t k = 0;

	while (k < l->count && fhirpath_equal(&l->at[k], item, e->arena) != 1)
		k++;
	*found = k < l->count;
	return eval_compared(e, item, k);
}

bool
list_add_all(struct evaluation *e, struct list *to, const struct list *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		if (!list_add(e, to, from->at[i]))
			return false;
	return true;
}

/* Children */

/* Resource in general is what its resourceType says. */
static const struct type *
actual_type(const struct pack *pack, const struct type *type, const struct json *j, uint32_t node)
{
	uint32_t name;

	if (type == NULL || !type->abstract || node == ITEM_ABSENT || json_type(j, node) != JSON_OBJECT
	    || (name = json_get(j, node, SLICE("resourceType"))) == 0)
		return type;
	return pack_resource(pack, json_raw(j, name));
}

static bool
add_one(struct evaluation *e, struct list *out, const struct json *j, uint32_t node,
    uint32_t sibling, const struct type *type, struct slice member)
{
	struct item item = { .kind = ITEM_NODE, .json = j, .sibling = sibling, .member = member };

	item.node = node == 0 || json_type(j, node) == JSON_NULL ? ITEM_ABSENT : node;
	item.type = actual_type(e->scope->pack, type, j, item.node);
	if (sibling != 0 && json_type(j, sibling) != JSON_OBJECT)
		item.sibling = 0;
	if (item.type == NULL || (item.node == ITEM_ABSENT && item.sibling == 0))
		return true;
	return list_add(e, out, item);
}

static uint32_t
item_or_none(const struct json *j, uint32_t array, uint32_t child)
{
	if (array == 0 || json_type(j, array) != JSON_ARRAY)
		return 0;
	return child == 0 ? json_first(j, array) : json_next(j, array, child);
}

static bool
add_value(struct evaluation *e, struct list *out, const struct json *j, uint32_t node,
    uint32_t sibling, const struct type *type, struct slice member)
{
	bool array = (node != 0 && json_type(j, node) == JSON_ARRAY)
	    || (node == 0 && sibling != 0 && json_type(j, sibling) == JSON_ARRAY);
	uint32_t a, b;

	if (!array)
		return add_one(e, out, j, node, sibling, type, member);
	a = item_or_none(j, node, 0);
	b = item_or_none(j, sibling, 0);
	while (a != 0 || b != 0) {
		if (!add_one(e, out, j, a, b, type, member))
			return false;
		a = a == 0 ? 0 : item_or_none(j, node, a);
		b = b == 0 ? 0 : item_or_none(j, sibling, b);
	}
	return true;
}

static uint32_t
sibling_of(const struct json *j, uint32_t object, struct slice name)
{
	char text[128];

	if (name.len + 1 > sizeof text)
		return 0;
	text[0] = '_';
	memcpy(text + 1, name.ptr, name.len);
	return json_get(j, object, slice_make(text, name.len + 1));
}

static bool
add_element(struct evaluation *e, struct list *out, const struct item *of, uint32_t object,
    const struct element *element)
{
	for (uint32_t i = 0; i < element->type_count; i++) {
		const struct element_type *t = &element->types[i];
		bool primitive = t->type != NULL && t->type->kind == TYPE_PRIMITIVE;
		uint32_t node = json_get(of->json, object, t->json_name);
		uint32_t sibling = primitive ? sibling_of(of->json, object, t->json_name) : 0;

		if ((node != 0 || sibling != 0)
		    && !add_value(e, out, of->json, node, sibling, t->type, t->json_name))
			return false;
	}
	return true;
}

/* Of a primitive, id and extension are in the sibling. */
bool
list_add_children(struct evaluation *e, struct list *out, const struct item *of, struct slice name)
{
	uint32_t object = ITEM_ABSENT;
	const struct element *element;

	if (of->kind == ITEM_TYPE && slice_is(name, "name"))
		return list_add(e, out, fhirpath_string(of->text));
	if (of->kind == ITEM_TYPE && slice_is(name, "namespace"))
		return list_add(e, out, fhirpath_string(of->unit));
	if (of->kind != ITEM_NODE || of->type == NULL)
		return true;
	if (of->type->kind == TYPE_PRIMITIVE)
		object = of->sibling == 0 ? ITEM_ABSENT : of->sibling;
	else if (of->node != ITEM_ABSENT && json_type(of->json, of->node) == JSON_OBJECT)
		object = of->node;
	if (object == ITEM_ABSENT)
		return true;
	if (name.len > 0) {
		element = type_element(of->type, name);
		return element == NULL || add_element(e, out, of, object, element);
	}
	for (uint32_t i = 0; i < of->type->element_count; i++)
		if (!add_element(e, out, of, object, &of->type->elements[i]))
			return false;
	return true;
}

/* Truth */

bool
list_truth(struct evaluation *e, const struct list *l, int *truth)
{
	struct item v;

	*truth = -1;
	if (l->count == 0)
		return true;
	if (l->count > 1)
		return eval_fail(e, "one value is expected, not several");
	v = value_system(&l->at[0], e->arena);
	*truth = v.kind == ITEM_BOOLEAN ? v.boolean : 1;        /* singleton evaluation */
	return true;
}

static bool
add_truth(struct evaluation *e, struct list *out, int truth)
{
	return truth < 0 || list_add(e, out, value_boolean(truth));
}

/* Kleene's logic: -1 is unknown. */
static int
logic(enum operator op, int a, int b)
{
	switch (op) {
	case OP_AND:
		return a == 0 || b == 0 ? 0 : a < 0 || b < 0 ? -1 : 1;
	case OP_OR:
		return a == 1 || b == 1 ? 1 : a < 0 || b < 0 ? -1 : 0;
	case OP_XOR:
		return a < 0 || b < 0 ? -1 : a != b;
	default:
		return a == 0 || b == 1 ? 1 : a < 0 || b < 0 ? -1 : 0;
	}
}

static bool
logical(struct evaluation *e, enum operator op, const struct list *l, const struct list *r,
    struct list *out)
{
	int a, b;

	return list_truth(e, l, &a) && list_truth(e, r, &b) && add_truth(e, out, logic(op, a, b));
}

/* Comparison */

static bool
lists_equal(struct evaluation *e, const struct list *l, const struct list *r, int *equal)
{
	*equal = l->count == 0 || r->count == 0 ? -1 : l->count == r->count;
	for (uint32_t i = 0; *equal != 0 && i < l->count && i < r->count; i++) {
		int one = fhirpath_equal(&l->at[i], &r->at[i], e->arena);

		if (one != 1)
			*equal = one;
	}
	return l->count == 0 || eval_compared(e, &l->at[0], l->count);
}

/* Order does not matter: each of one side has its own partner on the other. */
static int
lists_equivalent(struct evaluation *e, const struct list *l, const struct list *r)
{
	bool *used;

	if (l->count != r->count)
		return 0;
	used = arena_array(e->arena, r->count + 1, sizeof *used);
	for (uint32_t i = 0; i < l->count; i++) {
		uint32_t k = 0;

		while (k < r->count && (used[k] || !value_equivalent(&l->at[i], &r->at[k], e->arena)))
			k++;
		if (!eval_compared(e, &l->at[i], k))
			return -1;
		if (k == r->count)
			return 0;
		used[k] = true;
	}
	return 1;
}

static bool
ordered(struct evaluation *e, enum operator op, const struct list *l, const struct list *r,
    struct list *out)
{
	int order, known;

	if (l->count == 0 || r->count == 0)
		return true;
	if (l->count > 1 || r->count > 1)
		return eval_fail(e, "one value is expected, not several");
	known = value_compare(&l->at[0], &r->at[0], e->arena, &order);
	if (known < 0)
		return eval_fail(e, "the values cannot be compared");
	if (known == 0)
		return true;
	return list_add(e, out, value_boolean(op == OP_LT ? order < 0 : op == OP_GT ? order > 0
	    : op == OP_LE ? order <= 0 : order >= 0));
}

static bool
membership(struct evaluation *e, const struct list *one, const struct list *of, struct list *out)
{
	bool found;

	if (one->count == 0)
		return true;
	if (one->count > 1)
		return eval_fail(e, "one value is expected, not several");
	return list_has(e, of, &one->at[0], &found) && list_add(e, out, value_boolean(found));
}

static bool
unite(struct evaluation *e, const struct list *l, const struct list *r, struct list *out)
{
	const struct list *both[] = { l, r };
	bool found;

	for (int k = 0; k < 2; k++)
		for (uint32_t i = 0; i < both[k]->count; i++)
			if (!list_has(e, out, &both[k]->at[i], &found)
			    || (!found && !list_add(e, out, both[k]->at[i])))
				return false;
	return true;
}

static struct slice
joined(struct evaluation *e, struct slice a, struct slice b)
{
	char *text = arena_alloc(e->arena, a.len + b.len + 1);

	if (a.len > 0)
		memcpy(text, a.ptr, a.len);
	if (b.len > 0)
		memcpy(text + a.len, b.ptr, b.len);
	return slice_make(text, a.len + b.len);
}

static bool
concatenate(struct evaluation *e, const struct list *l, const struct list *r, struct list *out)
{
	struct slice a = SLICE_NONE, b = SLICE_NONE;

	if (l->count > 1 || r->count > 1)
		return eval_fail(e, "one value is expected, not several");
	if (l->count == 1)
		a = item_text(&l->at[0], e->arena);
	if (r->count == 1)
		b = item_text(&r->at[0], e->arena);
	return eval_spend(e, (a.len + b.len) / TEXT_STEP)
	    && list_add(e, out, fhirpath_string(joined(e, a, b)));
}

static bool
arithmetic(struct evaluation *e, enum operator op, const struct list *l, const struct list *r,
    struct list *out)
{
	struct item a, b;

	if (l->count == 0 || r->count == 0)
		return true;
	if (l->count > 1 || r->count > 1)
		return eval_fail(e, "one value is expected, not several");
	a = value_system(&l->at[0], e->arena);
	b = value_system(&r->at[0], e->arena);
	return value_arithmetic(e, op, &a, &b, out);
}

static bool
operate(struct evaluation *e, enum operator op, const struct list *l, const struct list *r,
    struct list *out)
{
	int equal, truth;

	switch (op) {
	case OP_AND: case OP_OR: case OP_XOR: case OP_IMPLIES:
		return logical(e, op, l, r, out);
	case OP_EQ: case OP_NE:
		return lists_equal(e, l, r, &equal) && add_truth(e, out, equal < 0 ? -1 : op == OP_EQ ? equal : !equal);
	case OP_EQUIVALENT: case OP_NOT_EQUIVALENT:
		truth = lists_equivalent(e, l, r);
		return truth >= 0 && add_truth(e, out, truth == (op == OP_EQUIVALENT));
	case OP_LT: case OP_GT: case OP_LE: case OP_GE:
		return ordered(e, op, l, r, out);
	case OP_IN:       return membership(e, l, r, out);
	case OP_CONTAINS: return membership(e, r, l, out);
	case OP_UNION:    return unite(e, l, r, out);
	case OP_CONCAT:   return concatenate(e, l, r, out);
	default:          return arithmetic(e, op, l, r, out);
	}
}

/* Nodes */

static bool
eval_operator(struct evaluation *e, const struct node *n, const struct list *focus,
    struct list *out)
{
	struct list l = { 0 }, r = { 0 };

	return eval(e, n->left, focus, &l) && eval(e, n->right, focus, &r)
	    && operate(e, n->op, &l, &r, out);
}

static bool
eval_name(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	for (uint32_t i = 0; i < focus->count; i++) {
		const struct item *item = &focus->at[i];
		const struct type *named;

		/* At the beginning of a path a type names the resource itself. */
		if (item->kind == ITEM_NODE && item->type != NULL && item->member.len == 0
		    && n->name.len > 0 && n->name.ptr[0] >= 'A' && n->name.ptr[0] <= 'Z'
		    && (named = pack_type(e->scope->pack, n->name)) != NULL
		    && type_is(item->type, named)) {
			if (!list_add(e, out, *item))
				return false;
		} else if (!list_add_children(e, out, item, n->name)) {
			return false;
		}
	}
	return true;
}

static bool
eval_index(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	struct list l = { 0 }, r = { 0 };
	struct item at;

	if (!eval(e, n->left, focus, &l) || !eval(e, n->right, focus, &r))
		return false;
	if (r.count != 1 || (at = value_system(&r.at[0], e->arena)).kind != ITEM_INTEGER)
		return r.count == 0 || eval_fail(e, "an index is one integer");
	return at.integer < 0 || at.integer >= (int64_t)l.count
	    || list_add(e, out, l.at[at.integer]);
}

static const struct { const char *name, *value; } constants[] = {
	{ "ucum", "http://unitsofmeasure.org" }, { "sct", "http://snomed.info/sct" },
	{ "loinc", "http://loinc.org" },
};

/* %`vs-name` and %`ext-name` (R4 fhirpath.html#variables) */
static const struct { struct slice prefix, base; } families[] = {
	{ SLICE_INIT("vs-"),  SLICE_INIT("http://hl7.org/fhir/ValueSet/") },
	{ SLICE_INIT("ext-"), SLICE_INIT("http://hl7.org/fhir/StructureDefinition/") },
};

static bool
eval_variable(struct evaluation *e, const struct node *n, struct list *out)
{
	if (slice_is(n->name, "resource"))
		return list_add(e, out, e->scope->resource);
	if (slice_is(n->name, "rootResource"))
		return list_add(e, out, e->scope->root);
	if (slice_is(n->name, "context"))
		return list_add(e, out, e->context);
	for (size_t i = 0; i < COUNT_OF(constants); i++)
		if (slice_is(n->name, constants[i].name))
			return list_add(e, out, fhirpath_string(slice_of(constants[i].value)));
	for (size_t i = 0; i < COUNT_OF(families); i++)
		if (slice_starts(n->name, families[i].prefix))
			return list_add(e, out, fhirpath_string(joined(e, families[i].base,
			    slice_sub(n->name, families[i].prefix.len, n->name.len))));
	return eval_fail(e, "there is no such variable");
}

static bool
negate(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	struct list l = { 0 };
	struct item minus = value_integer(-1), v;

	if (!eval(e, n->left, focus, &l))
		return false;
	if (l.count == 0)
		return true;
	if (l.count > 1)
		return eval_fail(e, "one value is expected, not several");
	v = value_system(&l.at[0], e->arena);
	return value_arithmetic(e, OP_MUL, &v, &minus, out);
}

/* A primitive of FHIR is a value of the system type, too: "name.family as String". */
static bool
add_as(struct evaluation *e, const struct item *item, struct slice name, struct list *out)
{
	struct item value;

	if (value_is(e->scope->pack, item, name))
		return list_add(e, out, *item);
	value = value_system(item, e->arena);
	return value.kind == ITEM_NODE || !value_is(e->scope->pack, &value, name) || list_add(e, out, value);
}

static bool
eval_type(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	struct list l = { 0 };
	bool is;

	if (!eval(e, n->left, focus, &l))
		return false;
	if (n->kind == NODE_IS) {
		if (l.count == 0)
			return true;
		if (l.count > 1)
			return eval_fail(e, "one value is expected, not several");
		is = value_is(e->scope->pack, &l.at[0], n->name);
		return list_add(e, out, value_boolean(is));
	}
	/* R4's search parameters use "as" on collections: a filter there. */
	for (uint32_t i = 0; i < l.count; i++)
		if (!add_as(e, &l.at[i], n->name, out))
			return false;
	return true;
}

static bool
eval_dot(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	struct list l = { 0 };

	return eval(e, n->left, focus, &l) && eval(e, n->right, &l, out);
}

static bool
eval_node(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	switch (n->kind) {
	case NODE_EMPTY:      return true;
	case NODE_LITERAL:    return list_add(e, out, n->value);
	case NODE_THIS:       return list_add_all(e, out, e->self);
	case NODE_ITEM_INDEX: return list_add(e, out, value_integer(e->index));
	case NODE_TOTAL:      return e->total == NULL || list_add_all(e, out, e->total);
	case NODE_VARIABLE:   return eval_variable(e, n, out);
	case NODE_NAME:       return eval_name(e, n, focus, out);
	case NODE_CALL:       return n->function->fn(e, n, focus, out);
	case NODE_DOT:        return eval_dot(e, n, focus, out);
	case NODE_INDEX:      return eval_index(e, n, focus, out);
	case NODE_NEGATE:     return negate(e, n, focus, out);
	case NODE_PLUS:       return eval(e, n->left, focus, out);
	case NODE_OPERATOR:   return eval_operator(e, n, focus, out);
	case NODE_IS:
	case NODE_AS:         return eval_type(e, n, focus, out);
	}
	return false;
}

bool
eval(struct evaluation *e, const struct node *n, const struct list *focus, struct list *out)
{
	bool good;

	if (!eval_spend(e, 1))
		return false;
	if (++e->depth > e->scope->limits->of[LIMIT_FHIRPATH_DEPTH] * 4)
		return over_budget(e);
	if (out->count == 0) {
		good = eval_node(e, n, focus, out);
	} else {                        /* what is distinct is so within its own result */
		struct list fresh = { 0 };

		good = eval_node(e, n, focus, &fresh) && list_add_all(e, out, &fresh);
	}
	e->depth--;
	return good;
}

struct fhirpath *
fhirpath_compile(const struct pack *pack, struct slice expression, const struct type *context,
    const struct limits *limits, struct arena *arena, struct outcome *outcome)
{
	struct fhirpath *f = arena_alloc(arena, sizeof *f);

	*f = (struct fhirpath){ .pack = pack, .context = context, .text = expression };
	f->root = fhirpath_parse(expression, limits, arena, outcome);
	if (f->root == NULL || (context != NULL && !fhirpath_check(f, outcome)))
		return NULL;
	return f;
}

struct item
fhirpath_node(const struct json *j, uint32_t node, const struct type *type)
{
	return (struct item){ .kind = ITEM_NODE, .json = j, .node = node, .type = type };
}

bool
fhirpath_evaluate(const struct fhirpath *f, const struct fhirpath_scope *scope, struct item focus,
    struct arena *arena, struct items *out, struct outcome *outcome)
{
	struct evaluation e = { .scope = scope, .arena = arena, .outcome = outcome, .context = focus,
		.start = arena_used(arena) };
	struct list start = { &focus, 1, 1 }, result = { 0 };

	e.self = &start;
	if (!eval(&e, f->root, &start, &result))
		return false;
	*out = (struct items){ result.at, result.count };
	return true;
}
