/* terminology_compile.c -- a CodeSystem resource to the tables of terminology_format.h.
 *
 * Three passes: the concepts, nested ones behind their parent; what their
 * properties say of them (not for use, inactive, parents and children beyond
 * the nesting; codesystem-concept-properties.html); the order by code.  A code
 * that stands twice is taken once, where it stood first. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "fhir/names.h"
#include "fhir/terminology.h"
#include "fhir/terminology_format.h"
#include "json/json.h"

#define NESTED_MAX 60

struct link {
	uint32_t parent, child;
};

struct compiler {
	const struct json *json;
	uint32_t           root;
	struct arena      *arena;
	struct buf         concepts, properties, designations, kinds, text;
	struct link       *links;
	uint32_t           link_count, link_room, count;
	struct names       codes;
	struct text_at     nothing;
	struct slice       parent, subsumed_by, child, not_selectable, inactive, status;
};

static struct text_at
put_text(struct compiler *c, struct slice s)
{
	struct text_at t = { (uint32_t)c->text.len, (uint32_t)s.len };

	if (s.len == 0)
		return c->nothing;
	buf_add(&c->text, s);
	return t;
}

static struct slice
member(struct compiler *c, uint32_t node, const char *name)
{
	return json_string(c->json, json_path(c->json, node, name), c->arena);
}

static struct text_at
put_member(struct compiler *c, uint32_t node, const char *name)
{
	return put_text(c, member(c, node, name));
}

static void
add_link(struct compiler *c, uint32_t parent, uint32_t child)
{
	for (uint32_t i = c->link_count; i > 0 && i + 64 > c->link_count; i--)
		if (c->links[i - 1].parent == parent && c->links[i - 1].child == child)
			return;
	if (c->link_count == c->link_room) {
		uint32_t room = c->link_room == 0 ? 256 : c->link_room * 2;

		c->links = arena_grow(c->arena, c->links, c->link_room * sizeof *c->links,
		    room * sizeof *c->links);
		c->link_room = room;
	}
	c->links[c->link_count++] = (struct link){ parent, child };
}

static bool
is_list(const struct json *j, uint32_t node)
{
	return node != 0 && json_type(j, node) == JSON_ARRAY;
}

/* The properties that the system defines; those with a meaning to us by their uri. */

static void
note_kind(struct compiler *c, struct slice code, struct slice uri)
{
	const struct { const char *uri; struct slice *name; } meanings[] = {
		{ "http://hl7.org/fhir/concept-properties#child",         &c->child },
		{ "http://hl7.org/fhir/concept-properties#notSelectable", &c->not_selectable },
		{ "http://hl7.org/fhir/concept-properties#inactive",      &c->inactive },
		{ "http://hl7.org/fhir/concept-properties#status",        &c->status },
	};

	if (slice_is(uri, "http://hl7.org/fhir/concept-properties#parent")
	    && !slice_is(code, "subsumedBy"))
		c->parent = code;
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (slice_is(uri, meanings[i].uri))
			*meanings[i].name = code;
}

static void
put_kinds(struct compiler *c)
{
	uint32_t list = json_get(c->json, c->root, SLICE("property"));

	for (uint32_t n = is_list(c->json, list) ? json_first(c->json, list) : 0; n != 0;
	    n = json_next(c->json, list, n)) {
		struct kind_row row = {
			.code = put_member(c, n, "code"), .uri = put_member(c, n, "uri"),
			.description = put_member(c, n, "description"), .type = put_member(c, n, "type"),
		};

		note_kind(c, member(c, n, "code"), member(c, n, "uri"));
		buf_add_bytes(&c->kinds, &row, sizeof row);
	}
}

/* Concepts */

static uint32_t
value_of(const struct json *j, uint32_t property, struct slice *type)
{
	for (uint32_t name = json_first(j, property); name != 0; name = json_next(j, property, name))
		if (slice_starts(json_raw(j, name), SLICE("value"))) {
			*type = json_raw(j, name);
			return name + 1;
		}
	return 0;
}

/* Those that are no JSON strings are written as they stand: then they must be none. */
static bool
fits_type(const struct json *j, uint32_t value, struct slice type)
{
	static const char *const bare[] = { "valueBoolean", "valueInteger", "valueDecimal" };

	if (slice_is(type, "valueCoding"))
		return json_type(j, value) == JSON_OBJECT;
	for (size_t i = 0; i < COUNT_OF(bare); i++)
		if (slice_is(type, bare[i]))
			return json_type(j, value) < JSON_STRING;
	return json_type(j, value) == JSON_STRING;
}

static struct slice
plain_value(struct compiler *c, uint32_t value)
{
	return json_type(c->json, value) == JSON_STRING ? json_string(c->json, value, c->arena)
	    : json_raw(c->json, value);
}

static void
put_properties(struct compiler *c, struct concept_row *row, uint32_t list)
{
	row->properties = (uint32_t)(c->properties.len / sizeof(struct property_row));
	for (uint32_t n = is_list(c->json, list) ? json_first(c->json, list) : 0; n != 0;
	    n = json_next(c->json, list, n)) {
		struct slice type = SLICE_NONE, code = member(c, n, "code"), text;
		uint32_t value = json_type(c->json, n) == JSON_OBJECT ? value_of(c->json, n, &type) : 0;
		struct property_row p;

		if (value == 0 || !fits_type(c->json, value, type))
			continue;
		text = plain_value(c, value);
		p = (struct property_row){ put_text(c, code), put_text(c, type), put_text(c, text) };
		buf_add_bytes(&c->properties, &p, sizeof p);
		row->property_count++;
		if (((slice_eq(code, c->not_selectable) || slice_is(code, "abstract"))
		    && slice_is(text, "true")))
			row->flags |= CONCEPT_ABSTRACT;
		if ((slice_eq(code, c->inactive) && slice_is(text, "true")) || (slice_eq(code, c->status)
		    && (slice_is(text, "retired") || slice_is(text, "inactive"))))
			row->flags |= CONCEPT_INACTIVE;
	}
}

static void
put_designations(struct compiler *c, struct concept_row *row, uint32_t list)
{
	row->designations = (uint32_t)(c->designations.len / sizeof(struct designation_row));
	for (uint32_t n = is_list(c->json, list) ? json_first(c->json, list) : 0; n != 0;
	    n = json_next(c->json, list, n)) {
		struct designation_row d = {
			.language = put_member(c, n, "language"), .use_system = put_member(c, n, "use.system"),
			.use_code = put_member(c, n, "use.code"), .use_display = put_member(c, n, "use.display"),
			.value = put_member(c, n, "value"),
		};

		buf_add_bytes(&c->designations, &d, sizeof d);
		row->designation_count++;
	}
}

static void
put_concepts(struct compiler *c, uint32_t list, uint32_t parent, int depth)
{
	for (uint32_t n = json_first(c->json, list); n != 0; n = json_next(c->json, list, n)) {
		struct slice code = member(c, n, "code");
		uint32_t number = c->count, inner = json_get(c->json, n, SLICE("concept"));
		struct concept_row row = { .flags = 0 };

		if (code.len == 0)
			continue;
		if (names_add(&c->codes, code, number)) {
			row.code = put_text(c, code);
			row.display = put_member(c, n, "display");
			row.definition = put_member(c, n, "definition");
			put_properties(c, &row, json_get(c->json, n, SLICE("property")));
			put_designations(c, &row, json_get(c->json, n, SLICE("designation")));
			buf_add_bytes(&c->concepts, &row, sizeof row);
			c->count++;
		} else {
			number = names_find(&c->codes, code);
		}
		if (parent != NAME_UNKNOWN && parent != number)
			add_link(c, parent, number);
		if (is_list(c->json, inner) && depth < NESTED_MAX)
			put_concepts(c, inner, number, depth + 1);
	}
}

/* Links: nesting gave some, properties give the others. */

static void
link_property(struct compiler *c, uint32_t number, const struct property_row *p)
{
	struct slice code = slice_make(c->text.ptr + p->code.at, p->code.len);
	struct slice value = slice_make(c->text.ptr + p->value.at, p->value.len);
	bool up = slice_eq(code, c->parent) || slice_eq(code, c->subsumed_by);
	uint32_t other;

	if ((!up && !slice_eq(code, c->child))
	    || (other = names_find(&c->codes, value)) == NAME_UNKNOWN || other == number)
		return;
	add_link(c, up ? other : number, up ? number : other);
}

static void
link_properties(struct compiler *c)
{
	const struct concept_row *rows = (const void *)c->concepts.ptr;
	const struct property_row *properties = (const void *)c->properties.ptr;

	for (uint32_t i = 0; i < c->count; i++)
		for (uint32_t k = 0; k < rows[i].property_count; k++)
			link_property(c, i, &properties[rows[i].properties + k]);
}

static int
by_child(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->child != y->child)
		return x->child < y->child ? -1 : 1;
	return x->parent < y->parent ? -1 : x->parent > y->parent;
}

static int
by_parent(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return x->child < y->child ? -1 : x->child > y->child;
}

static void
drop_doubles(struct compiler *c)
{
	uint32_t kept = 0;

	qsort(c->links, c->link_count, sizeof *c->links, by_child);
	for (uint32_t i = 0; i < c->link_count; i++)
		if (kept == 0 || by_child(&c->links[kept - 1], &c->links[i]) != 0)
			c->links[kept++] = c->links[i];
	c->link_count = kept;
}

static void
lay_links(struct compiler *c, struct buf *out)
{
	struct concept_row *rows = (void *)c->concepts.ptr;
	uint32_t at = 0;

	if (c->link_count > 0)
		drop_doubles(c);
	for (uint32_t i = 0; i < c->link_count; i++, at++) {
		struct concept_row *row = &rows[c->links[i].child];

		if (row->parent_count++ == 0)
			row->parents = at;
		buf_add_bytes(out, &c->links[i].parent, sizeof c->links[i].parent);
	}
	if (c->link_count > 0)
		qsort(c->links, c->link_count, sizeof *c->links, by_parent);
	for (uint32_t i = 0; i < c->link_count; i++, at++) {
		struct concept_row *row = &rows[c->links[i].parent];

		if (row->child_count++ == 0)
			row->children = at;
		buf_add_bytes(out, &c->links[i].child, sizeof c->links[i].child);
	}
}

/* Order */

struct ordering {
	const struct concept_row *rows;
	const char *text;
	bool        exact;
};

static int
by_code(const void *a, const void *b, void *ctx)
{
	const struct ordering *o = ctx;
	struct text_at x = o->rows[*(const uint32_t *)a].code, y = o->rows[*(const uint32_t *)b].code;

	return code_compare(slice_make(o->text + x.at, x.len), slice_make(o->text + y.at, y.len),
	    o->exact);
}

static uint32_t *
order_of(struct compiler *c, bool exact)
{
	struct ordering o = { (const void *)c->concepts.ptr, c->text.ptr, exact };
	uint32_t *order = arena_array(c->arena, c->count + 1, sizeof *order);

	for (uint32_t i = 0; i < c->count; i++)
		order[i] = i;
	if (c->count > 0)
		qsort_r(order, c->count, sizeof *order, by_code, &o);
	return order;
}

/* The whole */

bool
code_system_is_supplement(const struct json *j, uint32_t node)
{
	return json_is(j, json_get(j, node, SLICE("content")), SLICE("supplement"))
	    || json_get(j, node, SLICE("supplements")) != 0;
}

static struct slice
content_of(struct compiler *c)
{
	return code_system_is_supplement(c->json, c->root) ? SLICE("supplement") : member(c, c->root, "content");
}

static uint32_t
flags_of(struct compiler *c)
{
	uint32_t sensitive = json_get(c->json, c->root, SLICE("caseSensitive"));
	struct slice meaning = member(c, c->root, "hierarchyMeaning");
	bool complete = slice_is(content_of(c), "complete") && c->count > 0;

	return (sensitive == 0 || json_type(c->json, sensitive) != JSON_FALSE
	    ? SYSTEM_CASE_SENSITIVE : 0u) | (complete ? SYSTEM_COMPLETE : 0u)
	    | (meaning.len == 0 || slice_is(meaning, "is-a") ? SYSTEM_IS_A : 0u);
}

static uint32_t
append(struct buf *out, struct slice bytes)
{
	uint32_t at = (uint32_t)out->len;

	buf_add(out, bytes);
	return at;
}

static struct system_head
head_of(struct compiler *c)
{
	return (struct system_head){
		.flags = flags_of(c), .url = put_member(c, c->root, "url"),
		.version = put_member(c, c->root, "version"), .name = put_member(c, c->root, "name"),
		.title = put_member(c, c->root, "title"), .value_set = put_member(c, c->root, "valueSet"),
		.content = put_text(c, content_of(c)), .language = put_member(c, c->root, "language"),
		.supplements = put_member(c, c->root, "supplements"),
	};
}

struct slice
code_system_assemble(struct system_head *h, const struct system_parts *p, struct arena *arena)
{
	struct buf out;

	buf_init(&out, arena, SYSTEM_PART_MAX);
	buf_add_bytes(&out, h, sizeof *h);
	h->concepts = append(&out, p->concepts);
	h->order = append(&out, p->order);
	h->links = append(&out, p->links);
	h->properties = append(&out, p->properties);
	h->designations = append(&out, p->designations);
	h->kinds = append(&out, p->kinds);
	h->text = append(&out, p->text);
	while (out.len % 4 != 0)
		buf_add_char(&out, '\0');
	h->bytes = (uint32_t)out.len;
	h->concept_count = (uint32_t)(p->concepts.len / sizeof(struct concept_row));
	h->property_count = (uint32_t)(p->properties.len / sizeof(struct property_row));
	h->designation_count = (uint32_t)(p->designations.len / sizeof(struct designation_row));
	h->kind_count = (uint32_t)(p->kinds.len / sizeof(struct kind_row));
	h->link_count = (uint32_t)(p->links.len / (2 * sizeof(uint32_t)));
	memcpy(out.ptr, h, sizeof *h);
	return buf_slice(&out);
}

/* The head's own strings follow the others, and the links the concepts, which they complete. */
static struct slice
assemble(struct compiler *c)
{
	struct system_head h = head_of(c);
	struct system_parts p = { .order = slice_make(order_of(c, (h.flags & SYSTEM_CASE_SENSITIVE) != 0),
	    c->count * sizeof(uint32_t)) };
	struct buf links;

	buf_init(&links, c->arena, SYSTEM_PART_MAX);
	lay_links(c, &links);
	p.links = buf_slice(&links);
	p.concepts = buf_slice(&c->concepts);
	p.properties = buf_slice(&c->properties);
	p.designations = buf_slice(&c->designations);
	p.kinds = buf_slice(&c->kinds);
	p.text = buf_slice(&c->text);
	return code_system_assemble(&h, &p, c->arena);
}

const struct code_system *
code_system_compile(const struct json *j, uint32_t node, struct arena *arena)
{
	uint32_t list = json_get(j, node, SLICE("concept"));
	struct compiler c = { .json = j, .root = node, .arena = arena, .parent = SLICE("parent"),
		.child = SLICE("child"), .subsumed_by = SLICE("subsumedBy"),
		.not_selectable = SLICE("notSelectable"), .inactive = SLICE("inactive"),
		.status = SLICE("status") };
	struct buf *const all[] = { &c.concepts, &c.properties, &c.designations, &c.kinds, &c.text };

	for (size_t i = 0; i < COUNT_OF(all); i++)
		buf_init(all[i], arena, SYSTEM_PART_MAX);
	names_init_keyed(&c.codes, arena, 1024);
	put_kinds(&c);
	if (is_list(j, list))
		put_concepts(&c, list, NAME_UNKNOWN, 0);
	link_properties(&c);
	return code_system_at(assemble(&c));
}
