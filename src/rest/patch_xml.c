/* patch_xml.c -- XML Patch (RFC 5261).
 *
 * The selectors are the subset of XPath that the RFC asks for:
 *
 *   selector  = ["/"] step *("/" step) ["/" last] / last
 *   step      = ("." / "*" / name) *predicate
 *   last      = "@" name / "text()" [position] / "comment()" [position]
 *             / "processing-instruction(" [quoted] ")" [position] / "namespace::" prefix
 *   predicate = "[" (number / ("@" name / name / ".") "=" quoted) "]"
 *
 * Each must find exactly one node.  What is not of this form is refused, never
 * guessed. */
#include "rest/patch.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "rest/patch_dom.h"
#include "xml/xml_tree.h"

struct patch {
	const struct limits *limits;
	struct arena   *arena;
	struct outcome *outcome;
	struct dom     *document;
	const struct dom *op;           /* the element of the operation */
	size_t          steps;          /* nodes that its selector has looked at */
};

/* What a selector ends at: a node, one of its attributes, or a namespace that it declares. */
struct target {
	struct dom *node;
	struct dom_attribute *attribute;
	struct dom_namespace *space;
};

struct nodes {
	struct dom **at;
	uint32_t     count;
};

static struct place
place_of_op(const struct patch *p)
{
	return (struct place){ SLICE_NONE, p->op == NULL ? 0 : p->op->line,
		p->op == NULL ? 0 : p->op->column };
}

static bool
bad(struct patch *p, const char *why)
{
	return outcome_fail(p->outcome, FAULT_INVALID, place_of_op(p), slice_of(why));
}

static bool
cannot(struct patch *p, const char *why)
{
	return outcome_fail(p->outcome, FAULT_PATCH, place_of_op(p), slice_of(why));
}

static void
nodes_add(struct patch *p, struct nodes *list, struct dom *n)
{
	list->at = arena_more(p->arena, list->at, list->count, sizeof n);
	list->at[list->count++] = n;
}

/* Names */

static bool
name_char(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '_'
	    || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static struct slice
take_name(struct slice *rest)
{
	size_t n = 0;
	struct slice name;

	while (n < rest->len && name_char(rest->ptr[n]))
		n++;
	name = slice_sub(*rest, 0, n);
	*rest = slice_sub(*rest, n, rest->len);
	return name;
}

static bool
take(struct slice *rest, const char *text)
{
	if (!slice_starts(*rest, slice_of(text)))
		return false;
	*rest = slice_sub(*rest, strlen(text), rest->len);
	return true;
}

static const struct { const char *prefix, *uri; } usual[] = {
	{ "f", FHIR_NAMESPACE }, { "h", XHTML_NAMESPACE },
};

static bool
prefix_uri(struct patch *p, struct slice prefix, struct slice *uri)
{
	if (dom_namespace(p->op, prefix, uri))
		return true;
	for (size_t i = 0; i < COUNT_OF(usual); i++)
		if (slice_is(prefix, usual[i].prefix)) {
			*uri = slice_of(usual[i].uri);
			return true;
		}
	return bad(p, "a selector has a prefix without a namespace");
}

/* "f:name" or "name"; an attribute without a prefix is in no namespace. */
static bool
take_qname(struct patch *p, struct slice *rest, bool attribute, struct slice *uri, struct slice *local)
{
	*uri = SLICE_NONE;
	*local = take_name(rest);
	if (local->len > 0 && rest->len > 1 && rest->ptr[0] == ':' && rest->ptr[1] != ':') {
		if (!prefix_uri(p, *local, uri))
			return false;
		*rest = slice_sub(*rest, 1, rest->len);
		*local = take_name(rest);
	} else if (!attribute) {
		dom_namespace(p->op, SLICE_NONE, uri);
	}
	return local->len > 0 || bad(p, "a selector has not the form that is supported");
}

static bool
take_quoted(struct patch *p, struct slice *rest, struct slice *text)
{
	size_t end;

	if (rest->len == 0 || (rest->ptr[0] != '"' && rest->ptr[0] != '\''))
		return bad(p, "a selector has not the form that is supported");
	end = slice_find(slice_sub(*rest, 1, rest->len), rest->ptr[0]);
	if (end + 1 >= rest->len)
		return bad(p, "a selector has not the form that is supported");
	*text = slice_sub(*rest, 1, end);
	*rest = slice_sub(*rest, end + 2, rest->len);
	return true;
}

/* Predicates */

struct predicate {
	enum { BY_NUMBER, BY_ATTRIBUTE, BY_CHILD, BY_TEXT } kind;
	uint64_t     number;
	struct slice uri, local, text;
};

/* Takes the text of the node from the front of `rest`; false when it is another. */
static bool
take_text(struct patch *p, const struct dom *n, struct slice *rest)
{
	p->steps++;
	if (n->kind == DOM_TEXT) {
		if (!slice_starts(*rest, n->text))
			return false;
		*rest = slice_sub(*rest, n->text.len, rest->len);
	}
	for (const struct dom *c = n->first; c != NULL; c = c->next)
		if (!take_text(p, c, rest))
			return false;
	return true;
}

static bool
text_is(struct patch *p, const struct dom *n, struct slice text)
{
	return take_text(p, n, &text) && text.len == 0;
}

static bool
is_element(const struct dom *n, struct slice uri, struct slice local)
{
	return n->kind == DOM_ELEMENT && slice_eq(n->local, local) && slice_eq(n->uri, uri);
}

static bool
holds(struct patch *p, const struct dom *n, const struct predicate *by)
{
	const struct dom_attribute *a;

	switch (by->kind) {
	case BY_ATTRIBUTE:
		a = dom_attribute(n, by->uri, by->local);
		return a != NULL && slice_eq(a->value, by->text);
	case BY_CHILD:
		for (const struct dom *c = n->first; c != NULL; c = c->next, p->steps++)
			if (is_element(c, by->uri, by->local) && text_is(p, c, by->text))
				return true;
		return false;
	default:
		return text_is(p, n, by->text);
	}
}

static bool
within_budget(struct patch *p)
{
	return p->steps <= p->limits->of[LIMIT_FHIRPATH_STEPS]
	    || outcome_fail(p->outcome, FAULT_BUDGET, place_of_op(p), SLICE(""));
}

static bool
filter(struct patch *p, struct nodes *list, const struct predicate *by)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->count; i++, p->steps++)
		if (by->kind == BY_NUMBER ? i + 1 == by->number : holds(p, list->at[i], by))
			list->at[kept++] = list->at[i];
	list->count = kept;
	return within_budget(p);
}

static bool
take_number(struct slice *rest, uint64_t *n)
{
	size_t digits = 0;

	while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
		digits++;
	if (digits == 0 || !slice_uint(slice_sub(*rest, 0, digits), n))
		return false;
	*rest = slice_sub(*rest, digits, rest->len);
	return true;
}

static bool
take_predicate(struct patch *p, struct slice *rest, struct predicate *by)
{
	*by = (struct predicate){ .kind = BY_NUMBER };
	if (take_number(rest, &by->number))
		return take(rest, "]") || bad(p, "a selector has not the form that is supported");
	by->kind = take(rest, "@") ? BY_ATTRIBUTE : take(rest, ".") ? BY_TEXT : BY_CHILD;
	if (by->kind != BY_TEXT
	    && !take_qname(p, rest, by->kind == BY_ATTRIBUTE, &by->uri, &by->local))
		return false;
	*rest = slice_trim(*rest);
	if (!take(rest, "="))
		return bad(p, "a selector has not the form that is supported");
	*rest = slice_trim(*rest);
	return take_quoted(p, rest, &by->text)
	    && (take(rest, "]") || bad(p, "a selector has not the form that is supported"));
}

static bool
predicates(struct patch *p, struct slice *rest, struct nodes *list)
{
	struct predicate by;

	while (take(rest, "["))
		if (!take_predicate(p, rest, &by) || !filter(p, list, &by))
			return false;
	return true;
}

/* Steps */

/* The children of each node that are so, predicates counted per parent as XPath does. */
static bool
children_step(struct patch *p, struct slice *rest, struct nodes *list, bool any, enum dom_kind kind,
    struct slice uri, struct slice local)
{
	struct nodes out = { .count = 0 };
	struct slice after = *rest;

	for (uint32_t i = 0; i < list->count; i++) {
		struct nodes found = { .count = 0 };

		for (struct dom *c = list->at[i]->first; c != NULL; c = c->next, p->steps++)
			if (c->kind == kind && (any || (slice_eq(c->local, local) && slice_eq(c->uri, uri))))
				nodes_add(p, &found, c);
		after = *rest;
		if (!predicates(p, &after, &found))
			return false;
		for (uint32_t k = 0; k < found.count; k++)
			nodes_add(p, &out, found.at[k]);
	}
	if (list->count == 0) {                 /* the form is checked all the same */
		struct nodes none = { .count = 0 };

		if (!predicates(p, &after, &none))
			return false;
	}
	*rest = after;
	*list = out;
	return within_budget(p);
}

static bool
instruction_step(struct patch *p, struct slice *rest, struct nodes *list)
{
	struct slice name = SLICE_NONE;
	bool any = take(rest, ")");

	if (!any && (!take_quoted(p, rest, &name) || !take(rest, ")")))
		return p->outcome->failed ? false
		    : bad(p, "a selector has not the form that is supported");
	return children_step(p, rest, list, any, DOM_INSTRUCTION, SLICE_NONE, name);
}

static bool
step(struct patch *p, struct slice *rest, struct nodes *list)
{
	struct slice uri, local;

	if (take(rest, "text()"))
		return children_step(p, rest, list, true, DOM_TEXT, SLICE_NONE, SLICE_NONE);
	if (take(rest, "comment()"))
		return children_step(p, rest, list, true, DOM_COMMENT, SLICE_NONE, SLICE_NONE);
	if (take(rest, "processing-instruction("))
		return instruction_step(p, rest, list);
	if (take(rest, "."))
		return predicates(p, rest, list);
	if (take(rest, "*"))
		return children_step(p, rest, list, true, DOM_ELEMENT, SLICE_NONE, SLICE_NONE);
	return take_qname(p, rest, false, &uri, &local)
	    && children_step(p, rest, list, false, DOM_ELEMENT, uri, local);
}

static bool
one_node(struct patch *p, const struct nodes *list, struct dom **node)
{
	if (list->count == 0)
		return cannot(p, "the selector finds nothing");
	if (list->count > 1)
		return cannot(p, "the selector finds more than one node");
	*node = list->at[0];
	return true;
}

static bool
attribute_end(struct patch *p, struct slice *rest, const struct nodes *list, struct target *t)
{
	struct slice uri, local;

	if (!take_qname(p, rest, true, &uri, &local) || !one_node(p, list, &t->node))
		return false;
	t->attribute = dom_attribute(t->node, uri, local);
	return t->attribute != NULL || cannot(p, "the selector finds nothing");
}

static bool
namespace_end(struct patch *p, struct slice *rest, const struct nodes *list, struct target *t)
{
	struct slice prefix = take_name(rest);

	if (!one_node(p, list, &t->node))
		return false;
	for (t->space = t->node->namespaces; t->space != NULL; t->space = t->space->next)
		if (slice_eq(t->space->prefix, prefix))
			return true;
	return cannot(p, "the selector finds nothing");
}

static bool
ended(struct patch *p, struct slice rest)
{
	return rest.len == 0 || bad(p, "a selector has not the form that is supported");
}

static bool
select_target(struct patch *p, struct target *t)
{
	const struct dom_attribute *sel = dom_attribute(p->op, SLICE_NONE, SLICE("sel"));
	struct nodes list = { .count = 0 };
	struct slice rest;

	*t = (struct target){ .node = NULL };
	p->steps = 0;
	if (sel == NULL)
		return bad(p, "an operation lacks its selector");
	rest = slice_trim(sel->value);
	take(&rest, "/");
	nodes_add(p, &list, p->document);
	do {
		if (take(&rest, "@"))
			return attribute_end(p, &rest, &list, t) && ended(p, rest);
		if (take(&rest, "namespace::"))
			return namespace_end(p, &rest, &list, t) && ended(p, rest);
		if (!step(p, &rest, &list))
			return false;
	} while (take(&rest, "/"));
	return ended(p, rest) && one_node(p, &list, &t->node);
}

/* Operations */

static void
add_text(struct buf *b, const struct dom *n)
{
	if (n->kind == DOM_TEXT)
		buf_add(b, n->text);
	for (const struct dom *c = n->first; c != NULL; c = c->next)
		add_text(b, c);
}

static struct slice
op_text(struct patch *p)
{
	struct buf b;

	buf_init(&b, p->arena, SIZE_MAX);
	add_text(&b, p->op);
	return buf_slice(&b);
}

static bool
add_attribute(struct patch *p, struct dom *to, struct slice name)
{
	struct dom_attribute *a = arena_alloc(p->arena, sizeof *a), **end = &to->attributes;

	if (!take_qname(p, &name, true, &a->uri, &a->local) || !ended(p, name))
		return false;
	if (dom_attribute(to, a->uri, a->local) != NULL)
		return cannot(p, "the attribute is there already");
	a->value = op_text(p);
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	return true;
}

static bool
add_namespace(struct patch *p, struct dom *to, struct slice prefix)
{
	struct dom_namespace *n = arena_alloc(p->arena, sizeof *n);

	n->prefix = take_name(&prefix);
	if (n->prefix.len == 0 || prefix.len > 0)
		return bad(p, "a namespace lacks its prefix");
	for (const struct dom_namespace *d = to->namespaces; d != NULL; d = d->next)
		if (slice_eq(d->prefix, n->prefix))
			return cannot(p, "the namespace is declared already");
	n->uri = op_text(p);
	n->next = to->namespaces;
	to->namespaces = n;
	return true;
}

static size_t
depth_of(const struct dom *n)
{
	size_t depth = 0;

	while ((n = n->parent) != NULL)
		depth++;
	return depth;
}

/* RFC 5261 4.3: as the last child, or by pos: before all, beside the node. */
static bool
add_nodes(struct patch *p, struct dom *node, struct slice pos)
{
	struct dom *parent = node, *before = NULL;

	if (slice_is(pos, "prepend"))
		before = node->first;
	else if (slice_is(pos, "before"))
		before = node;
	else if (slice_is(pos, "after"))
		before = node->next;
	else if (pos.len > 0)
		return bad(p, "pos is one of before, after and prepend");
	if (slice_is(pos, "before") || slice_is(pos, "after"))
		parent = node->parent;
	else if (node->kind != DOM_ELEMENT)
		return cannot(p, "only an element can take what is added");
	if (parent == NULL || depth_of(parent) >= p->limits->of[LIMIT_XML_DEPTH])
		return cannot(p, "nothing can be added there");
	for (const struct dom *c = p->op->first; c != NULL; c = c->next)
		dom_insert(parent, before, dom_copy(c, p->arena));
	return true;
}

static struct slice
op_attribute(const struct patch *p, const char *name)
{
	const struct dom_attribute *a = dom_attribute(p->op, SLICE_NONE, slice_of(name));

	return a == NULL ? SLICE_NONE : a->value;
}

static bool
run_add(struct patch *p)
{
	struct slice type = op_attribute(p, "type");
	struct target t;

	if (!select_target(p, &t))
		return false;
	if (t.attribute != NULL || t.space != NULL)
		return cannot(p, "nothing can be added there");
	if (type.len == 0)
		return add_nodes(p, t.node, op_attribute(p, "pos"));
	if (t.node->kind != DOM_ELEMENT)
		return cannot(p, "only an element can take what is added");
	if (take(&type, "@"))
		return add_attribute(p, t.node, type);
	return take(&type, "namespace::") ? add_namespace(p, t.node, type)
	    : bad(p, "type is an attribute or a namespace");
}

/* RFC 5261 4.4: exactly one node of the same kind; a text may be replaced by nothing. */
static bool
replace_node(struct patch *p, struct dom *node)
{
	const struct dom *by = NULL;

	if (node->kind == DOM_TEXT) {
		struct dom *text = dom_copy(node, p->arena);

		text->text = op_text(p);
		dom_insert(node->parent, node, text);
		dom_take(node);
		return true;
	}
	for (const struct dom *c = p->op->first; c != NULL; c = c->next) {
		if (dom_is_blank(c))
			continue;
		if (by != NULL || c->kind != node->kind)
			return bad(p, "a node is replaced by one node of its kind");
		by = c;
	}
	if (by == NULL)
		return bad(p, "a node is replaced by one node of its kind");
	dom_insert(node->parent, node, dom_copy(by, p->arena));
	dom_take(node);
	return true;
}

static bool
run_replace(struct patch *p)
{
	struct target t;

	if (!select_target(p, &t))
		return false;
	if (t.attribute != NULL)
		t.attribute->value = op_text(p);
	else if (t.space != NULL)
		t.space->uri = op_text(p);
	else
		return replace_node(p, t.node);
	return true;
}

/* RFC 5261 4.5: `ws` takes the white space beside the node along. */
static bool
remove_blank(struct patch *p, struct slice ws, const char *side, struct dom *neighbour)
{
	if (!slice_is(ws, side) && !slice_is(ws, "both"))
		return true;
	if (neighbour == NULL || !dom_is_blank(neighbour))
		return cannot(p, "there is no white space to remove");
	dom_take(neighbour);
	return true;
}

static bool
remove_node(struct patch *p, struct dom *node)
{
	struct slice ws = op_attribute(p, "ws");

	if (node == p->document || (node->parent == p->document && node->kind == DOM_ELEMENT))
		return cannot(p, "the resource itself cannot be removed");
	if (ws.len > 0 && !slice_is(ws, "before") && !slice_is(ws, "after") && !slice_is(ws, "both"))
		return bad(p, "ws is one of before, after and both");
	if (!remove_blank(p, ws, "before", node->prev) || !remove_blank(p, ws, "after", node->next))
		return false;
	dom_take(node);
	return true;
}

static void
unlink_attribute(struct target *t)
{
	struct dom_attribute **at = &t->node->attributes;

	while (*at != t->attribute)
		at = &(*at)->next;
	*at = t->attribute->next;
}

static void
unlink_namespace(struct target *t)
{
	struct dom_namespace **at = &t->node->namespaces;

	while (*at != t->space)
		at = &(*at)->next;
	*at = t->space->next;
}

static bool
run_remove(struct patch *p)
{
	struct target t;

	if (!select_target(p, &t))
		return false;
	if (t.attribute != NULL)
		unlink_attribute(&t);
	else if (t.space != NULL)
		unlink_namespace(&t);
	else
		return remove_node(p, t.node);
	return true;
}

static const struct operation_row {
	const char *name;
	bool      (*run)(struct patch *);
} operation_rows[] = {
	{ "add", run_add }, { "replace", run_replace }, { "remove", run_remove },
};

static bool
run_one(struct patch *p)
{
	for (size_t i = 0; i < COUNT_OF(operation_rows); i++)
		if (slice_is(p->op->local, operation_rows[i].name))
			return operation_rows[i].run(p);
	return bad(p, "an operation is one of add, replace and remove");
}

static bool
run_all(struct patch *p, const struct dom *patch)
{
	size_t count = 0, start = arena_used(p->arena);

	for (p->op = patch->first; p->op != NULL; p->op = p->op->next) {
		if (p->op->kind == DOM_TEXT && !dom_is_blank(p->op))
			return bad(p, "text stands between the operations");
		if (p->op->kind != DOM_ELEMENT)
			continue;
		if (++count > p->limits->of[LIMIT_PATCH_OPERATIONS])
			return outcome_fail_at_once(p->outcome, FAULT_TOO_COMPLEX, "too many operations");
		if (arena_used(p->arena) - start > PATCH_MEMORY)
			return outcome_fail_at_once(p->outcome, FAULT_TOO_COSTLY, "");
		if (!run_one(p))
			return false;
	}
	return count > 0 || bad(p, "a patch has operations");
}

bool
patch_xml(struct slice target, struct slice patch, const struct limits *limits,
    struct arena *arena, struct slice *out, struct outcome *o)
{
	struct patch p = { .limits = limits, .arena = arena, .outcome = o };
	struct dom *operations;
	struct buf b;

	if (!dom_parse(patch, limits, arena, &operations, o)
	    || !dom_parse(target, limits, arena, &p.document, o)
	    || !run_all(&p, dom_element(operations)))
		return false;
	buf_init(&b, arena, limits->of[LIMIT_BODY]);
	dom_write(&b, p.document);
	*out = buf_slice(&b);
	return buf_ok(&b) || outcome_fail_at_once(o, FAULT_TOO_BIG, "");
}
