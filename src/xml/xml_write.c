/* xml_write.c -- JSON to XML (R4 xml.html).
 *
 * Members are laid out by the number of their element, so that they leave in the
 * order of the definition, whatever order they came in. */
#include "xml/xml.h"

#include "base/arena.h"
#include "base/buf.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "xml/xml_tree.h"

#define ELEMENTS_MAX 128        /* no R4 type has more */

struct writer {
	const struct pack *pack;
	const struct json *json;
	struct arena      *arena;
	struct buf        *out;
	bool               pretty;
	int                depth;
	bool               failed;
};

/* What is there of one element. */
struct member {
	const struct element_type *which;
	uint32_t value, companion;      /* nodes; 0: none */
};

static void
new_line(struct writer *w)
{
	if (!w->pretty)
		return;
	buf_add_char(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		buf_add(w->out, SLICE("  "));
}

static void
attribute(struct writer *w, const char *name, uint32_t node)
{
	struct slice text = json_type(w->json, node) == JSON_STRING
	    ? json_string(w->json, node, w->arena) : json_raw(w->json, node);

	if (json_type(w->json, node) >= JSON_ARRAY)
		w->failed = true;
	buf_printf(w->out, " %s=\"", name);
	xml_escape(w->out, text);
	buf_add_char(w->out, '"');
}

static void
start_tag(struct writer *w, struct slice name)
{
	new_line(w);
	buf_add_char(w->out, '<');
	buf_add(w->out, name);
}

static void
end_tag(struct writer *w, struct slice name)
{
	w->depth--;
	new_line(w);
	buf_add(w->out, SLICE("</"));
	buf_add(w->out, name);
	buf_add_char(w->out, '>');
}

/* Members by element */

static void
place_member(struct writer *w, const struct type *type, struct member *members, uint32_t name_node)
{
	struct slice name = json_string(w->json, name_node, w->arena);
	bool companion = name.len > 1 && name.ptr[0] == '_';
	const struct element_type *which;
	const struct element *e = pack_member(w->pack, type,
	    companion ? slice_sub(name, 1, name.len) : name, &which);
	struct member *m;

	if (e == NULL || which->type == NULL
	    || (companion && which->type->kind != TYPE_PRIMITIVE)) {
		w->failed = true;
		return;
	}
	m = &members[e - type->elements];
	if (m->which != NULL && m->which != which)
		w->failed = true;               /* two of a choice */
	m->which = which;
	*(companion ? &m->companion : &m->value) = name_node + 1;
}

static bool
collect(struct writer *w, const struct type *type, uint32_t object, struct member *members)
{
	const struct json *j = w->json;

	if (json_type(j, object) != JSON_OBJECT || type->element_count > ELEMENTS_MAX)
		w->failed = true;
	for (uint32_t n = w->failed ? 0 : json_first(j, object); n != 0; n = json_next(j, object, n))
		if (type->kind != TYPE_RESOURCE || !json_is(j, n, SLICE("resourceType")))
			place_member(w, type, members, n);
	return !w->failed;
}

static void write_member(struct writer *, const struct element *, const struct member *);

/* Attributes, then children; the name has been written.  `value` is a primitive's
 * own, 0 for none. */
static void
write_content(struct writer *w, const struct type *type, struct slice name, uint32_t object,
    uint32_t value)
{
	struct member members[ELEMENTS_MAX] = { { NULL, 0, 0 } };
	bool children = false;

	if (object != 0 && !collect(w, type, object, members))
		return;
	for (uint32_t i = 0; i < type->element_count; i++)
		if (members[i].which != NULL && xml_is_attribute(type, &type->elements[i]))
			attribute(w, slice_is(type->elements[i].name, "id") ? "id" : "url", members[i].value);
		else
			children |= members[i].which != NULL;
	if (value != 0)
		attribute(w, "value", value);
	if (!children) {
		buf_add(w->out, SLICE("/>"));
		return;
	}
	buf_add_char(w->out, '>');
	w->depth++;
	for (uint32_t i = 0; i < type->element_count && !w->failed; i++)
		if (members[i].which != NULL && !xml_is_attribute(type, &type->elements[i]))
			write_member(w, &type->elements[i], &members[i]);
	end_tag(w, name);
}

static void
write_resource(struct writer *w, uint32_t node, bool root)
{
	uint32_t name = json_type(w->json, node) == JSON_OBJECT
	    ? json_get(w->json, node, SLICE("resourceType")) : 0;
	const struct type *type = name == 0 ? NULL
	    : pack_resource(w->pack, json_string(w->json, name, w->arena));
	struct member members[ELEMENTS_MAX] = { { NULL, 0, 0 } };

	if (type == NULL || !collect(w, type, node, members)) {
		w->failed = true;
		return;
	}
	if (root)
		buf_printf(w->out, "<%.*s xmlns=\"" FHIR_NAMESPACE "\"", SLICE_FMT(type->name));
	else
		start_tag(w, type->name);
	buf_add_char(w->out, '>');
	w->depth++;
	for (uint32_t i = 0; i < type->element_count && !w->failed; i++)
		if (members[i].which != NULL)
			write_member(w, &type->elements[i], &members[i]);
	end_tag(w, type->name);
}

/* The text of a div is XML already, when it is what it should be.  If not, nothing
 * of it may become markup of the resource. */
static void
write_xhtml(struct writer *w, uint32_t node)
{
	struct slice text = json_string(w->json, node, w->arena), div;

	new_line(w);
	if (xml_xhtml_check(text, &div)) {
		buf_add(w->out, div);
		return;
	}
	buf_add(w->out, SLICE("<div xmlns=\"" XHTML_NAMESPACE "\">"));
	xml_escape(w->out, text);
	buf_add(w->out, SLICE("</div>"));
}

static bool
absent(const struct json *j, uint32_t node)
{
	return node == 0 || json_type(j, node) == JSON_NULL;
}

static void
write_one(struct writer *w, const struct element_type *which, uint32_t value, uint32_t companion)
{
	value = absent(w->json, value) ? 0 : value;
	companion = absent(w->json, companion) ? 0 : companion;
	if (slice_is(which->type->name, "xhtml") && value != 0) {
		write_xhtml(w, value);
		return;
	}
	start_tag(w, which->json_name);
	if (which->type->kind == TYPE_RESOURCE) {
		buf_add_char(w->out, '>');
		w->depth++;
		write_resource(w, value, false);
		end_tag(w, which->json_name);
	} else if (which->type->kind == TYPE_PRIMITIVE) {
		write_content(w, which->type, which->json_name, companion, value);
	} else if (value == 0) {
		w->failed = true;
	} else {
		write_content(w, which->type, which->json_name, value, 0);
	}
}

static uint32_t
item_after(const struct json *j, uint32_t array, uint32_t child)
{
	if (array == 0 || json_type(j, array) != JSON_ARRAY)
		return 0;
	return child == 0 ? json_first(j, array) : json_next(j, array, child);
}

static void
write_member(struct writer *w, const struct element *e, const struct member *m)
{
	uint32_t a, b;

	if (e->max <= 1) {
		write_one(w, m->which, m->value, m->companion);
		return;
	}
	if ((m->value != 0 && json_type(w->json, m->value) != JSON_ARRAY)
	    || (m->companion != 0 && json_type(w->json, m->companion) != JSON_ARRAY)) {
		w->failed = true;
		return;
	}
	a = item_after(w->json, m->value, 0);
	b = item_after(w->json, m->companion, 0);
	while ((a != 0 || b != 0) && !w->failed) {
		write_one(w, m->which, a, b);
		a = a == 0 ? 0 : item_after(w->json, m->value, a);
		b = b == 0 ? 0 : item_after(w->json, m->companion, b);
	}
}

bool
xml_write(const struct pack *pack, const struct json *j, uint32_t node, enum xml_style style,
    struct arena *arena, struct buf *out)
{
	struct writer w = { .pack = pack, .json = j, .arena = arena, .out = out,
		.pretty = style == XML_PRETTY };

	write_resource(&w, node, true);
	return !w.failed && buf_ok(out);
}
