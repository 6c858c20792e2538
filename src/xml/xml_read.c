/* xml_read.c -- XML to JSON text (R4 xml.html, json.html).
 *
 * The tree is walked along the definitions and JSON is written as it goes.  A
 * run of elements of one name is one member: its values first, then, when there is
 * an id or extension, its "_name" companion.  Where the walk stands is a chain of
 * steps on the C stack; the tree's depth is bounded. */
#include "xml/xml.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "fhir/datatype.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "xml/xml_tree.h"

#define ISSUES_MAX 50

struct step {
	const struct step *up;
	struct slice       name;
	int64_t            index;       /* -1: not in a list */
};

struct reader {
	const struct pack *pack;
	struct arena      *arena;
	struct outcome    *outcome;
	struct xml_places *places;
	struct buf        *out;
	int                issues;
	bool               any_order;
};

static void
write_path(struct buf *b, const struct step *at)
{
	if (at->up != NULL) {
		write_path(b, at->up);
		buf_add_char(b, '.');
	}
	buf_add(b, at->name);
	if (at->index >= 0)
		buf_printf(b, "[%lld]", (long long)at->index);
}

static void
complain(struct reader *r, const struct step *at, const struct xml_node *n, enum fault fault,
    const char *why)
{
	struct place place = { SLICE_NONE, n->line, n->column };
	struct buf b;

	if (r->issues++ >= ISSUES_MAX)
		return;
	buf_init(&b, r->arena, 4096);
	write_path(&b, at);
	place.path = buf_slice(&b);
	outcome_fail(r->outcome, fault, place, slice_of(why));
}

static void
note_place(struct reader *r, const struct xml_node *n)
{
	struct xml_places *p = r->places;

	if (p == NULL)
		return;
	if (p->count == p->room) {
		uint32_t room = p->room == 0 ? 64 : p->room * 2;

		p->of = arena_grow(r->arena, p->of, p->room * sizeof *p->of, room * sizeof *p->of);
		p->room = room;
	}
	p->of[p->count++] = (struct xml_place){ (uint32_t)r->out->len, n->line, n->column };
}

static struct slice
attribute_id(const struct xml_node *n)
{
	return n->attributes == NULL ? SLICE_NONE : n->attributes->id;
}

static struct slice
attribute_value(const struct xml_node *n)
{
	return n->attributes == NULL ? SLICE_NONE : n->attributes->value;
}

/* Which attributes an element of this type may have (R4 xml.html): `value` a
 * primitive, `id` all but resources, `url` an extension. */
static void
check_attributes(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	const struct xml_attributes *a = n->attributes;

	if ((n->flags & XML_ODD_ATTRIBUTE) != 0 || (a != NULL
	    && ((a->value.ptr != NULL && type->kind != TYPE_PRIMITIVE)
	    || (a->id.ptr != NULL && type->kind == TYPE_RESOURCE)
	    || (a->url.ptr != NULL && !xml_has_url(type)))))
		complain(r, at, n, FAULT_STRUCTURE, "an attribute that is not defined");
	if ((n->flags & XML_EMPTY_ATTRIBUTE) != 0)
		complain(r, at, n, FAULT_VALUE, "an attribute is never empty");
	if ((n->flags & XML_STRAY_TEXT) != 0)
		complain(r, at, n, FAULT_STRUCTURE, "text where only elements may be");
}

/* Primitives */

static bool
digits(struct slice *s)
{
	size_t n = 0;

	while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9')
		n++;
	*s = slice_sub(*s, n, s->len);
	return n > 0;
}

static bool
mark(struct slice *s, const char *any)
{
	if (s->len == 0 || s->ptr[0] == '\0' || strchr(any, s->ptr[0]) == NULL)
		return false;
	*s = slice_sub(*s, 1, s->len);
	return true;
}

/* JSON's number, which is R4's decimal as well. */
static bool
is_number(struct slice s)
{
	mark(&s, "-");
	if (mark(&s, "0")) {
		if (s.len > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9')
			return false;
	} else if (!digits(&s)) {
		return false;
	}
	if (mark(&s, ".") && !digits(&s))
		return false;
	if (mark(&s, "eE")) {
		mark(&s, "+-");
		if (!digits(&s))
			return false;
	}
	return s.len == 0;
}

/* R4 datatypes.html: integer and positiveInt may have a "+", which JSON has not. */
static struct slice
without_plus(const struct type *type, struct slice text)
{
	bool may = slice_is(type->name, "integer") || slice_is(type->name, "positiveInt");

	return may && text.len > 1 && text.ptr[0] == '+' && text.ptr[1] >= '1' && text.ptr[1] <= '9'
	    ? slice_sub(text, 1, text.len) : text;
}

static void
write_primitive(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	struct slice text = attribute_value(n);
	enum json_type json = datatype_json(type);
	bool good = json == JSON_STRING
	    || (json == JSON_TRUE && (slice_is(text, "true") || slice_is(text, "false")));

	if (json == JSON_NUMBER) {
		text = without_plus(type, text);
		good = is_number(text);
	}
	note_place(r, n);
	if (!good) {
		complain(r, at, n, FAULT_VALUE, "");
		buf_add(r->out, SLICE("null"));
	} else if (json == JSON_STRING) {
		json_write_string(r->out, text);
	} else {
		buf_add(r->out, text);
	}
}

static bool
has_companion(const struct xml_node *n)
{
	return n->first != NULL || attribute_id(n).ptr != NULL;
}

/* Objects */

static void write_members(struct reader *, const struct step *, const struct type *,
    const struct xml_node *);

static void
write_resource(struct reader *r, const struct step *at, const struct xml_node *n)
{
	const struct type *type = (n->flags & (XML_FOREIGN_ELEMENT | XML_IS_XHTML)) != 0 ? NULL
	    : pack_resource(r->pack, xml_name(n));

	if (type == NULL) {
		complain(r, at, n, FAULT_STRUCTURE, "the name of a resource in the namespace of FHIR is expected");
		buf_add(r->out, SLICE("null"));
		return;
	}
	check_attributes(r, at, type, n);
	note_place(r, n);
	buf_printf(r->out, "{\"resourceType\":\"%.*s\"", SLICE_FMT(type->name));
	write_members(r, at, type, n);
	buf_add_char(r->out, '}');
}

/* <contained><Patient>: one resource, and nothing else. */
static void
write_holder(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	check_attributes(r, at, type, n);
	if (n->first == NULL || n->first->next != NULL) {
		complain(r, at, n, FAULT_STRUCTURE, "one resource is expected here");
		buf_add(r->out, SLICE("null"));
		return;
	}
	write_resource(r, at, n->first);
}

static void
write_object(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	if (n->first == NULL && n->attributes == NULL)
		complain(r, at, n, FAULT_STRUCTURE, "an element is never empty");
	note_place(r, n);
	buf_add_char(r->out, '{');
	write_members(r, at, type, n);
	buf_add_char(r->out, '}');
}

static void
write_value(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	if ((n->flags & XML_IS_XHTML) != 0) {
		note_place(r, n);
		json_write_string(r->out, xml_name(n));
		return;
	}
	if (type->kind == TYPE_RESOURCE) {
		write_holder(r, at, type, n);
		return;
	}
	check_attributes(r, at, type, n);
	if (type->kind != TYPE_PRIMITIVE)
		write_object(r, at, type, n);
	else if (attribute_value(n).ptr != NULL)
		write_primitive(r, at, type, n);
	else {
		if (!has_companion(n))
			complain(r, at, n, FAULT_STRUCTURE, "an element is never empty");
		buf_add(r->out, SLICE("null"));
	}
}

static void
write_companion(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	if (!has_companion(n)) {
		buf_add(r->out, SLICE("null"));
		return;
	}
	note_place(r, n);
	buf_add_char(r->out, '{');
	write_members(r, at, type, n);
	buf_add_char(r->out, '}');
}

/* A run of elements of one name. */
struct run {
	const struct xml_node *first, *end;     /* end: behind the last */
	const struct element  *element;
	const struct element_type *which;
	bool values, companions;                /* some are there */
};

static void
write_name(struct reader *r, const char *before, struct slice name)
{
	char last = r->out->ptr[r->out->len - 1];

	buf_printf(r->out, "%s\"%s%.*s\":", last == '{' ? "" : ",", before, SLICE_FMT(name));
}

static void
write_list(struct reader *r, const struct step *up, const struct run *run,
    void (*one)(struct reader *, const struct step *, const struct type *, const struct xml_node *))
{
	bool list = run->element->max > 1;
	struct step at = { up, run->which->json_name, list ? 0 : -1 };

	if (list)
		buf_add_char(r->out, '[');
	for (const struct xml_node *n = run->first; n != run->end; n = n->next, at.index++) {
		if (n != run->first)
			buf_add_char(r->out, ',');
		one(r, &at, run->which->type, n);
		if (!list)
			break;
	}
	if (list)
		buf_add_char(r->out, ']');
}

static void
write_run(struct reader *r, const struct step *up, const struct run *run)
{
	struct step at = { up, run->which->json_name, -1 };

	if (run->element->max == 1 && run->first->next != run->end)
		complain(r, &at, run->first->next, FAULT_STRUCTURE, "there are too many");
	if (run->values || !run->companions) {
		write_name(r, "", run->which->json_name);
		write_list(r, up, run, write_value);
	}
	if (run->companions) {
		write_name(r, "_", run->which->json_name);
		write_list(r, up, run, write_companion);
		if (!run->values)
			for (const struct xml_node *n = run->first; n != run->end; n = n->next)
				check_attributes(r, &at, run->which->type, n);
	}
}

static struct run
take_run(const struct xml_node *n, const struct element *e, const struct element_type *which)
{
	struct run run = { .first = n, .end = n, .element = e, .which = which };
	bool primitive = which->type->kind == TYPE_PRIMITIVE;

	while (run.end != NULL && (run.end->flags & (XML_FOREIGN_ELEMENT | XML_IS_XHTML))
	    == (n->flags & (XML_FOREIGN_ELEMENT | XML_IS_XHTML))
	    && ((n->flags & XML_IS_XHTML) != 0 || slice_eq(xml_name(run.end), xml_name(n)))) {
		run.values |= !primitive || (n->flags & XML_IS_XHTML) != 0
		    || attribute_value(run.end).ptr != NULL;
		run.companions |= primitive && has_companion(run.end);
		run.end = run.end->next;
	}
	return run;
}

static const struct element *
element_of(struct reader *r, const struct type *type, const struct xml_node *n,
    const struct element_type **which)
{
	bool xhtml = (n->flags & XML_IS_XHTML) != 0;
	const struct element *e = (n->flags & XML_FOREIGN_ELEMENT) != 0 ? NULL
	    : pack_member(r->pack, type, xhtml ? SLICE("div") : xml_name(n), which);

	if (e == NULL || (*which)->type == NULL || xml_is_attribute(type, e)
	    || xhtml != slice_is((*which)->type->name, "xhtml"))
		return NULL;
	return e;
}

static void
write_children(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *parent)
{
	const struct element_type *which;
	const struct element *e;
	int64_t last = -1;

	for (const struct xml_node *n = parent->first; n != NULL;) {
		struct run run;

		if ((e = element_of(r, type, n, &which)) == NULL) {
			complain(r, at, n, FAULT_STRUCTURE, "an element that is not defined");
			n = n->next;
			continue;
		}
		run = take_run(n, e, which);
		n = run.end;
		if (e - type->elements > last || (r->any_order && e - type->elements != last)) {
			last = e - type->elements;
			write_run(r, at, &run);
		} else {
			complain(r, at, run.first, FAULT_STRUCTURE, e - type->elements == last
			    ? "only one of a choice is possible" : "the elements are not in the order of the definition");
		}
	}
}

static void
write_members(struct reader *r, const struct step *at, const struct type *type,
    const struct xml_node *n)
{
	if (type->kind != TYPE_RESOURCE && attribute_id(n).ptr != NULL) {
		write_name(r, "", SLICE("id"));
		json_write_string(r->out, attribute_id(n));
	}
	if (xml_has_url(type) && n->attributes != NULL && n->attributes->url.ptr != NULL) {
		write_name(r, "", SLICE("url"));
		json_write_string(r->out, n->attributes->url);
	}
	write_children(r, at, type, n);
}

bool
xml_read(const struct pack *pack, struct slice text, const struct limits *limits, unsigned how,
    struct arena *arena, struct slice *json, struct xml_places *places, struct outcome *o)
{
	struct reader r = { .pack = pack, .arena = arena, .outcome = o, .places = places,
		.any_order = (how & XML_ANY_ORDER) != 0 };
	struct xml_node *root;
	struct step at;
	struct buf out;

	if (places != NULL)
		*places = (struct xml_places){ NULL, 0, 0 };
	if (!xml_tree(text, limits, (how & XML_BUNDLE) != 0, arena, &root, o))
		return false;
	if ((root->flags & XML_FOREIGN_ELEMENT) != 0 || pack_resource(pack, xml_name(root)) == NULL)
		return outcome_fail(o, FAULT_SYNTAX, (struct place){ SLICE_NONE, root->line, root->column },
		    SLICE("the root is not the name of a resource in the namespace of FHIR"));
	buf_init(&out, arena, UINT32_MAX);
	buf_reserve(&out, text.len);
	r.out = &out;
	at = (struct step){ NULL, pack_resource(pack, xml_name(root))->name, -1 };
	write_resource(&r, &at, root);
	if (!buf_ok(&out))
		return outcome_fail_at_once(o, FAULT_TOO_BIG, "");
	*json = buf_slice(&out);
	return r.issues == 0;
}

/* The last place at or before byte `at`. */
static const struct xml_place *
place_before(const struct xml_places *p, size_t at)
{
	uint32_t low = 0, high = p->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (p->of[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return &p->of[low];
}

void
xml_replace_places(const struct xml_places *p, struct outcome *o)
{
	for (struct issue *i = o->first; i != NULL && p->count > 0; i = i->next) {
		const struct xml_place *found;

		if (i->place.line == 0)
			continue;
		found = place_before(p, i->place.column - 1);
		i->place.line = found->line;
		i->place.column = found->column;
	}
}
