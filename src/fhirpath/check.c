/* check.c -- names against types, where the types are known.
 *
 * Only what is certainly wrong is refused: a member that no possible type has.
 * Where a type is open (a choice, a resource in general, a function's result)
 * nothing is said. */
#include "fhirpath/ast.h"

struct checker {
	const struct fhirpath *f;
	struct outcome        *outcome;
	const struct type     *self;    /* of $this; NULL: not known */
};

static bool check(struct checker *, const struct node *, const struct type *focus,
    const struct type **type);

static bool
unknown_name(struct checker *c, const struct node *n)
{
	return outcome_fail(c->outcome, FAULT_INVALID, place_of(c->f->text, n->at),
	    SLICE("there is no such element"));
}

static bool
check_name(struct checker *c, const struct node *n, const struct type *focus,
    const struct type **type)
{
	const struct type *named;
	const struct element *e;

	*type = NULL;
	if (focus == NULL)
		return true;
	named = pack_type(c->f->pack, n->name);
	if (named != NULL && type_is(focus, named)) {
		*type = focus;
		return true;
	}
	if ((e = type_element(focus, n->name)) == NULL)
		return focus->abstract || focus->kind == TYPE_PRIMITIVE || unknown_name(c, n);
	if (e->type_count == 1 && e->types[0].type != NULL && !e->types[0].type->abstract)
		*type = e->types[0].type;
	return true;
}

/* Functions that give what they were given. */
static const char *const same_type[] = { "where", "first", "last", "tail", "skip", "take", "single",
	"distinct", "trace" };

static bool
gives_same(struct slice name)
{
	for (size_t i = 0; i < sizeof same_type / sizeof same_type[0]; i++)
		if (slice_is(name, same_type[i]))
			return true;
	return false;
}

static bool
takes_type(struct slice name)
{
	return slice_is(name, "is") || slice_is(name, "as") || slice_is(name, "ofType");
}

static bool
check_call(struct checker *c, const struct node *n, const struct type *focus,
    const struct type **type)
{
	bool about_items = gives_same(n->name) || slice_is(n->name, "exists")
	    || slice_is(n->name, "all") || slice_is(n->name, "select");
	const struct type *self = c->self, *ignored;
	bool good = true;

	*type = gives_same(n->name) ? focus : NULL;
	if (takes_type(n->name))
		return true;
	if (about_items)
		c->self = focus;
	for (const struct node *a = n->left; good && a != NULL; a = a->next)
		good = check(c, a, c->self, &ignored);
	c->self = self;
	return good;
}

static bool
check(struct checker *c, const struct node *n, const struct type *focus, const struct type **type)
{
	const struct type *left, *right, *ignored;

	*type = NULL;
	switch (n->kind) {
	case NODE_NAME:
		return check_name(c, n, focus, type);
	case NODE_DOT:
		return check(c, n->left, focus, &left) && check(c, n->right, left, type);
	case NODE_CALL:
		return check_call(c, n, focus, type);
	case NODE_THIS:
		*type = c->self;
		return true;
	case NODE_INDEX:
		return check(c, n->left, focus, type) && check(c, n->right, focus, &ignored);
	case NODE_OPERATOR:
		if (!check(c, n->left, focus, &left) || !check(c, n->right, focus, &right))
			return false;
		*type = n->op == OP_UNION && left == right ? left : NULL;
		return true;
	case NODE_AS:
		*type = pack_type(c->f->pack, n->name);
		return check(c, n->left, focus, &left);
	case NODE_IS: case NODE_NEGATE: case NODE_PLUS:
		return check(c, n->left, focus, &left);
	default:
		return true;
	}
}

bool
fhirpath_check(struct fhirpath *f, struct outcome *o)
{
	struct checker c = { f, o, f->context };

	return check(&c, f->root, f->context, &f->result);
}

const struct type *
fhirpath_result(const struct fhirpath *f)
{
	return f->result;
}

/* What they say depends on more than the resource, or shows it elsewhere. */
static const char *const passing[] = { "now", "today", "timeOfDay", "memberOf", "trace" };

static bool
is_lasting(const struct node *n)
{
	for (; n != NULL; n = n->next) {
		for (size_t i = 0; n->kind == NODE_CALL && i < sizeof passing / sizeof passing[0]; i++)
			if (slice_is(n->name, passing[i]))
				return false;
		if (!is_lasting(n->left) || !is_lasting(n->right))
			return false;
	}
	return true;
}

bool
fhirpath_is_lasting(const struct fhirpath *f)
{
	return is_lasting(f->root);
}
