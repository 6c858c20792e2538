/* narrate.c -- a resource in words.
 *
 * Elements are taken in the order of the definition, so that the order of the JSON does
 * not matter.  A data type is written by its template; one without a template as a
 * list of its elements, with names in words.  R4's definitions have no labels (and
 * `short` is often a list of codes), so an element is called by its name: "birthDate" is
 * "Birth date".  There is no code for any one type.
 *
 * Templates:  {name} is an element; [ ] is left out when an element in it is absent;
 * "|" stands between alternatives: the first whose elements outside brackets are all
 * there is taken. */
#include "fhir/narratives.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "fhir/pack.h"
#include "text/xhtml.h"

#define LIST_DEPTH 12           /* below, elements stand in one line */

static const struct {
	const char *type, *between, *text;      /* between the items of a list in it */
} templates[] = {
	{ "HumanName",       " ",  "{text}[ ({use})]|[{prefix} ][{given} ][{family} ][{suffix} ][({use})]" },
	{ "Address",         ", ", "{text}[ ({use})]|[{line}, ][{city}, ][{district}, ][{state} ][{postalCode} ][{country} ][({use})]" },
	{ "ContactPoint",    ", ", "[{system}: ]{value}[ ({use})]" },
	{ "Identifier",      ", ", "{value}[ ({type})]|{type}|{system}" },
	{ "CodeableConcept", ", ", "{text}|{coding}" },
	{ "Coding",          ", ", "{display}|{code}|{system}" },
	{ "Quantity",        ", ", "[{comparator} ]{value} {unit}|[{comparator} ]{value} {code}|[{comparator} ]{value}|{unit}|{code}" },
	{ "Money",           ", ", "{value}[ {currency}]|{currency}" },
	{ "Range",           ", ", "{low} to {high}|at least {low}|at most {high}" },
	{ "Ratio",           ", ", "{numerator} to {denominator}" },
	{ "Period",          ", ", "{start} to {end}|from {start}|until {end}" },
	{ "Reference",       ", ", "{display}|{reference}|{identifier}|{type}" },
	{ "Annotation",      ", ", "{text}[ ({author})][ ({time})]" },
	{ "Attachment",      ", ", "{title}[ ({contentType})]|attachment ({contentType})|attachment" },
	{ "Signature",       ", ", "signed {when}[ by {who}]" },
	{ "SampledData",     ", ", "sampled values" },
	{ "Dosage",          ", ", "{text}" },
	{ "Timing",          ", ", "{code}" },
	{ "Expression",      ", ", "{description}|{expression}" },
	{ "ContactDetail",   ", ", "{name}[: {telecom}]|{telecom}" },
	{ "UsageContext",    ", ", "{code}: {value}" },
	{ "Extension",       ", ", "{value}" },
};

/* Not said: of every element and resource, and what is not for readers. */
static const char *const unsaid[] = { "id", "meta", "implicitRules", "language", "text", "contained",
	"extension", "modifierExtension" };

/* Words of names that are written otherwise. */
static const struct { const char *word, *as; } words[] = {
	{ "url", "URL" }, { "uri", "URI" }, { "udi", "UDI" }, { "id", "ID" }, { "hrf", "HRF" },
};

struct narrator {
	const struct pack *pack;
	const struct json *json;
	struct arena      *arena;
	struct buf        *out;
	bool               summary;
	const char        *between;
};

static bool
among(const char *const *list, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(name, list[i]))
			return true;
	return false;
}

static bool
upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void
write_word(struct buf *b, struct slice word, bool first)
{
	char begin = word.ptr[0];

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq_nocase(word, slice_of(words[i].word))) {
			buf_add_cstr(b, words[i].as);
			return;
		}
	if (first && begin >= 'a' && begin <= 'z')
		begin = (char)(begin - 'a' + 'A');
	else if (!first && upper(begin) && !(word.len > 1 && upper(word.ptr[1])))
		begin = (char)(begin - 'A' + 'a');
	buf_add_char(b, begin);
	buf_add(b, slice_sub(word, 1, word.len));
}

/* "birthDate" as "Birth date", "MedicationRequest" as "Medication request". */
static void
write_label(struct buf *b, struct slice name)
{
	size_t from = 0;

	for (size_t i = 1; i <= name.len; i++) {
		if (i < name.len && !(upper(name.ptr[i]) && !upper(name.ptr[i - 1])))
			continue;
		if (from > 0)
			buf_add_char(b, ' ');
		write_word(b, slice_sub(name, from, i - from), from == 0);
		from = i;
	}
}

/* UAX 9 marks that turn the text around them (U+202A-202E, U+2066-2069), and U+FFFE, U+FFFF. */
static bool
left_out(struct slice s, size_t i)
{
	unsigned char a, b, c;

	if (i + 2 >= s.len)
		return false;
	a = (unsigned char)s.ptr[i], b = (unsigned char)s.ptr[i + 1], c = (unsigned char)s.ptr[i + 2];
	return (a == 0xE2 && b == 0x80 && c >= 0xAA && c <= 0xAE)
	    || (a == 0xE2 && b == 0x81 && c >= 0xA6 && c <= 0xA9) || (a == 0xEF && b == 0xBF && c >= 0xBE);
}

static void
write_text(struct narrator *w, struct slice s, bool lines)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool control = (unsigned char)s.ptr[i] < 0x20, out = left_out(s, i);

		if (!control && !out)
			continue;
		xhtml_escape(w->out, slice_sub(s, from, i - from), false);
		if (control)
			buf_add(w->out, s.ptr[i] == '\n' && lines ? SLICE("<br/>") : SLICE(" "));
		i += out ? 2 : 0;
		from = i + 1;
	}
	xhtml_escape(w->out, slice_sub(s, from, s.len), false);
}

static void
write_primitive(struct narrator *w, const struct type *type, uint32_t node, bool lines)
{
	switch (json_type(w->json, node)) {
	case JSON_TRUE:
		buf_add(w->out, SLICE("yes"));
		return;
	case JSON_FALSE:
		buf_add(w->out, SLICE("no"));
		return;
	case JSON_NUMBER:
		write_text(w, json_raw(w->json, node), false);
		return;
	case JSON_STRING:
		if (slice_is(type->name, "base64Binary"))
			buf_add(w->out, SLICE("binary data"));
		else
			write_text(w, json_string(w->json, node, w->arena), lines);
		return;
	default:
		return;
	}
}

/* Values */

static bool write_value(struct narrator *, const struct type *, uint32_t node, int depth, bool line);

/* The value of an element in an object, whichever type it has; 0: none. */
static uint32_t
value_of(const struct narrator *w, const struct element *e, uint32_t object, const struct type **type)
{
	for (uint32_t i = 0; i < e->type_count; i++) {
		uint32_t node = e->types[i].type == NULL ? 0 : json_get(w->json, object, e->types[i].json_name);

		*type = e->types[i].type;
		if (node != 0)
			return node;
	}
	return 0;
}

static bool
write_items(struct narrator *w, const struct type *type, uint32_t node, struct slice between, int depth,
    bool line)
{
	bool any = false;

	if (json_type(w->json, node) != JSON_ARRAY)
		return write_value(w, type, node, depth, line);
	for (uint32_t n = json_first(w->json, node); n != 0; n = json_next(w->json, node, n)) {
		size_t before = w->out->len;

		if (any)
			buf_add(w->out, between);
		if (write_value(w, type, n, depth, line))
			any = true;
		else
			w->out->len = before;
	}
	return any;
}

/* One {name}: false when it is absent. */
static bool
write_placeholder(struct narrator *w, const struct type *type, struct slice name, uint32_t object)
{
	const struct element *e = type_element(type, name);
	const struct type *of = NULL;
	uint32_t node = e == NULL ? 0 : value_of(w, e, object, &of);
	const char *between = w->between;
	bool said = node != 0 && write_items(w, of, node, slice_of(between), LIST_DEPTH, true);

	w->between = between;
	return said;
}

/* A run without brackets; false, and nothing is written, when an element is absent. */
static bool
write_run(struct narrator *w, const struct type *type, struct slice run, uint32_t object)
{
	size_t before = w->out->len;

	while (run.len > 0) {
		buf_add(w->out, slice_cut(&run, '{'));
		if (run.ptr != NULL && !write_placeholder(w, type, slice_cut(&run, '}'), object)) {
			w->out->len = before;
			return false;
		}
	}
	return true;
}

static bool
write_alternative(struct narrator *w, const struct type *type, struct slice text, uint32_t object)
{
	size_t before = w->out->len;

	while (text.len > 0) {
		if (!write_run(w, type, slice_cut(&text, '['), object)) {
			w->out->len = before;
			return false;
		}
		if (text.len > 0)
			(void)write_run(w, type, slice_cut(&text, ']'), object);
	}
	while (w->out->len > before && w->out->ptr[w->out->len - 1] == ' ')
		w->out->len--;
	return w->out->len > before;
}

static bool
write_template(struct narrator *w, const struct type *type, uint32_t object)
{
	for (const struct type *t = type; t != NULL; t = t->base)
		for (size_t i = 0; i < COUNT_OF(templates); i++) {
			struct slice rest = slice_of(templates[i].text);

			if (!slice_is(t->name, templates[i].type))
				continue;
			while (rest.len > 0) {
				w->between = templates[i].between;
				if (write_alternative(w, type, slice_cut(&rest, '|'), object))
					return true;
			}
			return false;
		}
	return false;
}

/* Elements of an object, one after the other: in rows, items, or one line. */
static const struct form {
	struct slice before, begin, middle, end, after;
} forms[] = {
	{ SLICE_INIT("<table><tbody>"), SLICE_INIT("<tr><th>"), SLICE_INIT("</th><td>"),
	  SLICE_INIT("</td></tr>"), SLICE_INIT("</tbody></table>") },
	{ SLICE_INIT("<ul>"), SLICE_INIT("<li>"), SLICE_INIT(": "), SLICE_INIT("</li>"), SLICE_INIT("</ul>") },
	{ SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT(": "), SLICE_INIT("; "), SLICE_INIT("") },
};
enum { AS_TABLE, AS_LIST, AS_LINE };

static bool
write_element(struct narrator *w, const struct form *f, const struct element *e, uint32_t object,
    int depth)
{
	size_t before = w->out->len;
	const struct type *type;
	uint32_t node = among(unsaid, COUNT_OF(unsaid), e->name) ? 0 : value_of(w, e, object, &type);
	bool line = f == &forms[AS_LINE];

	if (node == 0 || (w->summary && !e->summary))
		return false;
	buf_add(w->out, f->begin);
	write_label(w->out, e->name);
	buf_add(w->out, f->middle);
	if (!write_items(w, type, node, line ? SLICE(", ") : SLICE("<br/>"), depth + 1, line)) {
		w->out->len = before;
		return false;
	}
	buf_add(w->out, f->end);
	return true;
}

/* R4: narrative SHALL reflect modifier extensions: that there is one, and its value. */
static bool
write_modifiers(struct narrator *w, const struct form *f, uint32_t object)
{
	uint32_t list = json_get(w->json, object, SLICE("modifierExtension"));
	const struct type *extension = pack_type(w->pack, SLICE("Extension"));

	if (list == 0 || extension == NULL || json_type(w->json, list) != JSON_ARRAY)
		return false;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		uint32_t url = json_type(w->json, n) == JSON_OBJECT ? json_get(w->json, n, SLICE("url")) : 0;

		buf_add(w->out, f->begin);
		buf_add(w->out, SLICE("Modifier"));
		buf_add(w->out, f->middle);
		if (url != 0)
			write_text(w, json_string(w->json, url, w->arena), false);
		buf_add_char(w->out, ' ');
		(void)write_template(w, extension, n);
		buf_add(w->out, f->end);
	}
	return true;
}

static bool
write_object(struct narrator *w, const struct type *type, uint32_t object, int form, int depth)
{
	const struct form *f = &forms[form];
	size_t before = w->out->len;
	bool any = false;

	if (json_type(w->json, object) != JSON_OBJECT)
		return false;
	buf_add(w->out, f->before);
	for (uint32_t i = 0; i < type->element_count; i++)
		any |= write_element(w, f, &type->elements[i], object, depth);
	any |= write_modifiers(w, f, object);
	if (form == AS_LINE && any && !w->out->full)
		w->out->len -= f->end.len;
	buf_add(w->out, f->after);
	if (!any)
		w->out->len = before;
	return any;
}

/* What stands in another resource is that one's to say. */
static bool
write_resource_name(struct narrator *w, uint32_t node)
{
	uint32_t name = json_type(w->json, node) == JSON_OBJECT
	    ? json_get(w->json, node, SLICE("resourceType")) : 0;

	if (name == 0)
		return false;
	write_text(w, json_string(w->json, name, w->arena), false);
	return true;
}

static bool
write_value(struct narrator *w, const struct type *type, uint32_t node, int depth, bool line)
{
	size_t before = w->out->len;

	if (w->out->full)
		return false;
	if (type->kind == TYPE_RESOURCE)
		return write_resource_name(w, node);
	if (type->kind == TYPE_PRIMITIVE) {
		write_primitive(w, type, node, !line);
		return w->out->len > before;
	}
	if (json_type(w->json, node) != JSON_OBJECT || slice_is(type->name, "Narrative"))
		return false;
	return write_template(w, type, node)
	    || write_object(w, type, node, line || depth > LIST_DEPTH ? AS_LINE : AS_LIST, depth);
}

bool
narrate(const struct pack *pack, const struct json *j, uint32_t node, const struct type *type,
    bool summary, const struct limits *limits, struct arena *arena, struct slice *div)
{
	struct narrator w = { .pack = pack, .json = j, .arena = arena, .summary = summary };
	bool any;
	struct buf b;

	buf_init(&b, arena, limits->of[LIMIT_NARRATIVE_BYTES]);
	w.out = &b;
	buf_add(&b, SLICE("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>"));
	write_label(&b, type->name);
	buf_add(&b, SLICE("</b></p>"));
	any = write_object(&w, type, node, AS_TABLE, 0);
	buf_add(&b, SLICE("</div>"));
	*div = buf_slice(&b);
	return any && buf_ok(&b);
}

struct slice
narrate_empty(void)
{
	return SLICE("{\"status\":\"empty\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">"
	    "<p>No text is shown here.</p></div>\"}");
}

struct slice
narrate_member(const struct pack *pack, const struct json *j, uint32_t node, const struct type *type,
    const struct limits *limits, struct arena *arena)
{
	bool modifiers = json_get(j, node, SLICE("modifierExtension")) != 0;
	struct slice div;
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add(&b, SLICE("\"text\":"));
	if (narrate(pack, j, node, type, false, limits, arena, &div)
	    || narrate(pack, j, node, type, true, limits, arena, &div)) {
		buf_printf(&b, "{\"status\":\"%s\",\"div\":", modifiers ? "extensions" : "generated");
		json_write_string(&b, div);
		buf_add_char(&b, '}');
	} else
		buf_add(&b, narrate_empty());
	return buf_slice(&b);
}
