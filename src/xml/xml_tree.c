/* xml_tree.c -- see xml_tree.h.  Bytes to nodes, with expat. */
#include "xml/xml_tree.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "text/xhtml.h"
#include "xml/xml_parse.h"

#define DEPTH_MAX 512           /* the ceiling of LIMIT_XML_DEPTH */
#define SCHEMA_INSTANCE "http://www.w3.org/2001/XMLSchema-instance "
#define XML_OWN         "http://www.w3.org/XML/1998/namespace "

struct builder {
	struct xml_parse xml;
	struct slice    text;
	const struct limits *limits;
	struct arena   *arena;
	struct xml_node *root, *open[DEPTH_MAX], *newest[DEPTH_MAX];   /* newest: last child */
	size_t          depth, count, most;
	size_t          xhtml;          /* depth of the div we are in; 0: none */
	bool            declares_xhtml; /* the next element makes XHTML the default namespace */
	bool            rewriting;      /* the div has a prefix: it is written to `div` without */
	bool            start_open;     /* "<p" is written, without its end */
	struct buf      div;
};

static bool
in_namespace(const char *name, const char *uri)
{
	size_t n = strlen(uri);

	return strncmp(name, uri, n) == 0 && name[n] == ' ';
}

static bool
has_prefix(const char *name)
{
	const char *local = strchr(name, ' ');

	return local != NULL && strchr(local + 1, ' ') != NULL;
}

/* Attributes */

static struct slice *
known_attribute(struct xml_attributes *a, const char *name)
{
	const struct { const char *name; struct slice *at; } known[] = {
		{ "value", &a->value }, { "id", &a->id }, { "url", &a->url },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].at;
	return NULL;
}

static void
take_attribute(struct builder *b, struct xml_node *n, struct xml_attributes **to, const char *name,
    const char *value)
{
	struct xml_attributes aside, *a;

	if (strncmp(name, SCHEMA_INSTANCE, sizeof SCHEMA_INSTANCE - 1) == 0)
		return;                         /* schemaLocation says nothing about the resource */
	if (known_attribute(&aside, name) == NULL) {
		n->flags |= XML_ODD_ATTRIBUTE;
		return;
	}
	if (value[0] == '\0')
		n->flags |= XML_EMPTY_ATTRIBUTE;
	if (*to == NULL)
		*to = arena_alloc(b->arena, sizeof **to);
	a = *to;
	*known_attribute(a, name) = slice_dup(slice_of(value), b->arena);
	n->attributes = a;
}

static bool
few_attributes(struct builder *b, const XML_Char **attributes)
{
	size_t n = 0;

	while (attributes[n * 2] != NULL)
		n++;
	if (n > b->limits->of[LIMIT_XML_ATTRIBUTES])
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "too many attributes");
	return !b->xml.failed;
}

/* Elements */

static struct xml_node *
node_add(struct builder *b)
{
	struct xml_node *n = arena_alloc(b->arena, sizeof *n);

	n->line = xml_parse_line(&b->xml);
	n->column = xml_parse_column(&b->xml);
	if (b->depth == 0)
		b->root = n;
	else if (b->newest[b->depth - 1] == NULL)
		b->open[b->depth - 1]->first = n;
	else
		b->newest[b->depth - 1]->next = n;
	if (b->depth > 0)
		b->newest[b->depth - 1] = n;
	return n;
}

/* The name as the text has it, behind "<" and a prefix. */
static void
take_name(struct builder *b, struct xml_node *n, const char *name)
{
	const char *local = strchr(name, ' '), *end;
	const char *at = b->text.ptr + XML_GetCurrentByteIndex64(b->xml.parser) + 1;

	local = local == NULL ? name : local + 1;
	end = strchr(local, ' ');
	if (end != NULL)
		at += strlen(end + 1) + 1;
	n->name = at;
	n->name_len = (uint32_t)(end == NULL ? strlen(local) : (size_t)(end - local));
}

/* A div with a prefix, which JSON has no place for, is written again without: the same elements,
 * attributes and text. */

static struct slice
local_name(const char *name)
{
	struct slice rest = slice_of(name), first = slice_cut(&rest, ' ');

	return rest.ptr == NULL ? first : slice_cut(&rest, ' ');
}

static void
close_start(struct builder *b)
{
	if (b->start_open)
		buf_add_char(&b->div, '>');
	b->start_open = false;
}

static void
write_start(struct builder *b, const char *name, const char **attributes)
{
	close_start(b);
	buf_add_char(&b->div, '<');
	buf_add(&b->div, local_name(name));
	if (b->div.len == sizeof "<div" - 1)
		buf_add_cstr(&b->div, " xmlns=\"" XHTML_NAMESPACE "\"");
	for (; *attributes != NULL; attributes += 2) {
		buf_add_cstr(&b->div, strchr(*attributes, ' ') == NULL ? " " : " xml:");
		buf_add(&b->div, local_name(attributes[0]));
		buf_add_cstr(&b->div, "=\"");
		xhtml_escape(&b->div, slice_of(attributes[1]), true);
		buf_add_char(&b->div, '"');
	}
	b->start_open = true;
}

static void
write_end(struct builder *b, const char *name)
{
	if (b->start_open) {
		buf_add_cstr(&b->div, "/>");
	} else {
		buf_add_cstr(&b->div, "</");
		buf_add(&b->div, local_name(name));
		buf_add_char(&b->div, '>');
	}
	b->start_open = false;
}

/* What nobody sees is not taken out in passing. */
static void XMLCALL
on_comment(void *ctx, const XML_Char *text UNUSED)
{
	struct builder *b = ctx;

	if (b->rewriting)
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "a comment in XHTML with a prefix");
}

static void XMLCALL
on_instruction(void *ctx, const XML_Char *target UNUSED, const XML_Char *text UNUSED)
{
	struct builder *b = ctx;

	if (b->rewriting)
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "a processing instruction in XHTML");
}

/* The text of a div stands for itself in JSON: so it must say its namespace itself. */
static void
open_xhtml(struct builder *b, struct xml_node *n, const char *name)
{
	if (!slice_is(local_name(name), "div") || !(b->declares_xhtml || has_prefix(name))) {
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "XHTML begins with a div that declares its namespace");
		return;
	}
	n->flags |= XML_IS_XHTML;
	n->name = b->text.ptr + XML_GetCurrentByteIndex64(b->xml.parser);
	b->xhtml = b->depth + 1;
	b->rewriting = has_prefix(name);
	b->start_open = false;
	buf_init(&b->div, b->arena, SIZE_MAX);
}

static void
inside_xhtml(struct builder *b, const char *name, const char **attributes)
{
	if (b->rewriting ? !in_namespace(name, XHTML_NAMESPACE) : has_prefix(name))
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "an XHTML element with a prefix, or of another namespace");
	for (const char **a = attributes; *a != NULL; a += 2)
		if (strchr(*a, ' ') != NULL && strncmp(*a, XML_OWN, sizeof XML_OWN - 1) != 0)
			xml_parse_stop(&b->xml, FAULT_SYNTAX, "an XHTML attribute of another namespace");
	if (b->rewriting)
		write_start(b, name, attributes);
}

static void
close_xhtml(struct builder *b, struct xml_node *n)
{
	n->name_len = (uint32_t)(b->text.ptr + XML_GetCurrentByteIndex64(b->xml.parser)
	    + XML_GetCurrentByteCount64(b->xml.parser) - n->name);
	if (b->rewriting) {
		n->name = b->div.ptr;
		n->name_len = (uint32_t)b->div.len;
	}
	b->rewriting = false;
	b->xhtml = 0;
}

static void
open_element(struct builder *b, const char *name, const char **attributes)
{
	struct xml_node *n = node_add(b);
	struct xml_attributes *taken = NULL;

	b->open[b->depth] = n;
	b->newest[b->depth] = NULL;
	if (in_namespace(name, XHTML_NAMESPACE) && b->depth > 0) {
		open_xhtml(b, n, name);
		inside_xhtml(b, name, attributes);
		return;
	}
	take_name(b, n, name);
	if (!in_namespace(name, FHIR_NAMESPACE))
		n->flags |= XML_FOREIGN_ELEMENT;
	for (; *attributes != NULL; attributes += 2)
		take_attribute(b, n, &taken, attributes[0], attributes[1]);
}

static void XMLCALL
on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct builder *b = ctx;

	if (b->xml.failed || !few_attributes(b, attributes))
		return;
	if (b->depth >= b->limits->of[LIMIT_XML_DEPTH] || b->depth >= DEPTH_MAX)
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "nested too deeply");
	else if (++b->count > b->most)
		xml_parse_stop(&b->xml, FAULT_TOO_COMPLEX, "too many elements");
	else if (b->xhtml > 0)
		inside_xhtml(b, name, attributes);
	else
		open_element(b, name, attributes);
	b->depth++;
	b->declares_xhtml = false;
}

static void XMLCALL
on_end(void *ctx, const XML_Char *name)
{
	struct builder *b = ctx;

	if (b->xml.failed)
		return;
	if (b->rewriting)
		write_end(b, name);
	if (b->depth == b->xhtml)
		close_xhtml(b, b->open[b->depth - 1]);
	b->depth--;
}

static void XMLCALL
on_namespace(void *ctx, const XML_Char *prefix, const XML_Char *uri)
{
	struct builder *b = ctx;

	if (prefix == NULL)
		b->declares_xhtml = uri != NULL && strcmp(uri, XHTML_NAMESPACE) == 0;
}

static void XMLCALL
on_text(void *ctx, const XML_Char *text, int len)
{
	struct builder *b = ctx;

	if (b->rewriting && !b->xml.failed) {
		close_start(b);
		xhtml_escape(&b->div, slice_make(text, (size_t)len), false);
	}
	if (b->xml.failed || b->xhtml > 0 || b->depth == 0)
		return;
	for (int i = 0; i < len; i++)
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			b->open[b->depth - 1]->flags |= XML_STRAY_TEXT;
}

bool
xml_tree(struct slice text, const struct limits *limits, bool bundle, struct arena *arena,
    struct xml_node **root, struct outcome *o)
{
	struct builder b = { .text = text, .limits = limits, .arena = arena,
		/* an element becomes two JSON values at least */
		.most = limits->of[bundle ? LIMIT_BUNDLE_NODES : LIMIT_JSON_NODES] / 2 };

	xml_parse_begin(&b.xml, o);
	XML_SetElementHandler(b.xml.parser, on_start, on_end);
	XML_SetCharacterDataHandler(b.xml.parser, on_text);
	XML_SetCommentHandler(b.xml.parser, on_comment);
	XML_SetProcessingInstructionHandler(b.xml.parser, on_instruction);
	XML_SetStartNamespaceDeclHandler(b.xml.parser, on_namespace);
	if (!xml_parse_end(&b.xml, text))
		return false;
	*root = b.root;
	return true;
}
