/* patch_dom.c -- see patch_dom.h. */
#include "rest/patch_dom.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "xml/xml_parse.h"
#include "xml/xml_tree.h"

#define XML_URI "http://www.w3.org/XML/1998/namespace"

struct builder {
	struct xml_parse xml;
	const struct limits *limits;
	struct arena   *arena;
	struct dom     *open;
	struct dom_namespace *declared; /* for the element that begins next */
	struct buf      run;            /* text that has not ended yet; no arena: none */
	size_t          depth, count;
};

/* expat gives "uri local" or "local" */
static void
split_name(struct builder *b, const char *name, struct slice *uri, struct slice *local)
{
	struct slice whole = slice_dup(slice_of(name), b->arena);
	size_t space = slice_find(whole, ' ');

	*uri = space == whole.len ? SLICE_NONE : slice_sub(whole, 0, space);
	*local = space == whole.len ? whole : slice_sub(whole, space + 1, whole.len);
}

static struct dom *
node_add_here(struct builder *b, enum dom_kind kind)
{
	struct dom *n = arena_alloc(b->arena, sizeof *n);

	n->kind = kind;
	n->line = xml_parse_line(&b->xml);
	n->column = xml_parse_column(&b->xml);
	if (++b->count > b->limits->of[LIMIT_JSON_NODES])
		xml_parse_stop(&b->xml, FAULT_TOO_COMPLEX, "too many elements");
	dom_insert(b->open, NULL, n);
	return n;
}

static void
end_text(struct builder *b)
{
	if (b->run.arena != NULL)
		node_add_here(b, DOM_TEXT)->text = buf_slice(&b->run);
	b->run.arena = NULL;
}

static struct dom *
node_add(struct builder *b, enum dom_kind kind)
{
	end_text(b);
	return node_add_here(b, kind);
}

static void
add_attributes(struct builder *b, struct dom *n, const XML_Char **from)
{
	struct dom_attribute **to = &n->attributes;
	size_t count = 0;

	for (; *from != NULL; from += 2, to = &(*to)->next) {
		*to = arena_alloc(b->arena, sizeof **to);
		split_name(b, from[0], &(*to)->uri, &(*to)->local);
		(*to)->value = slice_dup(slice_of(from[1]), b->arena);
		if (++count > b->limits->of[LIMIT_XML_ATTRIBUTES])
			xml_parse_stop(&b->xml, FAULT_SYNTAX, "too many attributes");
	}
}

static void XMLCALL
on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct builder *b = ctx;
	struct dom *n;

	if (b->xml.failed)
		return;
	n = node_add(b, DOM_ELEMENT);
	split_name(b, name, &n->uri, &n->local);
	add_attributes(b, n, attributes);
	n->namespaces = b->declared;
	b->declared = NULL;
	b->open = n;
	if (++b->depth > b->limits->of[LIMIT_XML_DEPTH])
		xml_parse_stop(&b->xml, FAULT_SYNTAX, "nested too deeply");
}

static void XMLCALL
on_end(void *ctx, const XML_Char *name UNUSED)
{
	struct builder *b = ctx;

	if (b->xml.failed)
		return;
	end_text(b);
	b->open = b->open->parent;
	b->depth--;
}

static void XMLCALL
on_namespace(void *ctx, const XML_Char *prefix, const XML_Char *uri)
{
	struct builder *b = ctx;
	struct dom_namespace *n = arena_alloc(b->arena, sizeof *n);

	n->prefix = prefix == NULL ? SLICE_NONE : slice_dup(slice_of(prefix), b->arena);
	n->uri = uri == NULL ? SLICE_NONE : slice_dup(slice_of(uri), b->arena);
	n->next = b->declared;
	b->declared = n;
}

/* expat gives text in pieces: those of one run become one node. */
static void XMLCALL
on_text(void *ctx, const XML_Char *text, int len)
{
	struct builder *b = ctx;

	if (b->xml.failed || b->depth == 0)
		return;
	if (b->run.arena == NULL)
		buf_init(&b->run, b->arena, SIZE_MAX);
	buf_add_bytes(&b->run, text, (size_t)len);
}

static void XMLCALL
on_comment(void *ctx, const XML_Char *text)
{
	struct builder *b = ctx;

	if (!b->xml.failed)
		node_add(b, DOM_COMMENT)->text = slice_dup(slice_of(text), b->arena);
}

static void XMLCALL
on_instruction(void *ctx, const XML_Char *target, const XML_Char *text)
{
	struct builder *b = ctx;
	struct dom *n;

	if (b->xml.failed)
		return;
	n = node_add(b, DOM_INSTRUCTION);
	n->local = slice_dup(slice_of(target), b->arena);
	n->text = slice_dup(slice_of(text), b->arena);
}

bool
dom_parse(struct slice text, const struct limits *limits, struct arena *arena,
    struct dom **document, struct outcome *o)
{
	struct builder b = { .limits = limits, .arena = arena };

	b.open = *document = arena_alloc(arena, sizeof **document);
	xml_parse_begin(&b.xml, o);
	XML_SetReturnNSTriplet(b.xml.parser, 0);
	XML_SetElementHandler(b.xml.parser, on_start, on_end);
	XML_SetCharacterDataHandler(b.xml.parser, on_text);
	XML_SetCommentHandler(b.xml.parser, on_comment);
	XML_SetProcessingInstructionHandler(b.xml.parser, on_instruction);
	XML_SetStartNamespaceDeclHandler(b.xml.parser, on_namespace);
	return xml_parse_end(&b.xml, text);
}

/* Changing */

struct dom *
dom_copy(const struct dom *from, struct arena *arena)
{
	struct dom *n = arena_alloc(arena, sizeof *n);
	struct dom_attribute **to = &n->attributes;

	*n = (struct dom){ .kind = from->kind, .uri = from->uri, .local = from->local,
		.text = from->text, .namespaces = from->namespaces };
	for (const struct dom_attribute *a = from->attributes; a != NULL; a = a->next, to = &(*to)->next) {
		*to = arena_alloc(arena, sizeof **to);
		**to = *a;
		(*to)->next = NULL;
	}
	for (const struct dom *c = from->first; c != NULL; c = c->next)
		dom_insert(n, NULL, dom_copy(c, arena));
	return n;
}

void
dom_insert(struct dom *parent, struct dom *before, struct dom *child)
{
	struct dom *after = before == NULL ? parent->last : before->prev;

	child->parent = parent;
	child->prev = after;
	child->next = before;
	*(after == NULL ? &parent->first : &after->next) = child;
	*(before == NULL ? &parent->last : &before->prev) = child;
}

void
dom_take(struct dom *n)
{
	struct dom *parent = n->parent;

	*(n->prev == NULL ? &parent->first : &n->prev->next) = n->next;
	*(n->next == NULL ? &parent->last : &n->next->prev) = n->prev;
	n->parent = n->prev = n->next = NULL;
}

/* Looking */

struct dom *
dom_element(const struct dom *document)
{
	struct dom *n = document->first;

	while (n != NULL && n->kind != DOM_ELEMENT)
		n = n->next;
	return n;
}

struct dom_attribute *
dom_attribute(const struct dom *n, struct slice uri, struct slice local)
{
	struct dom_attribute *a = n->attributes;

	while (a != NULL && !(slice_eq(a->uri, uri) && slice_eq(a->local, local)))
		a = a->next;
	return a;
}

bool
dom_namespace(const struct dom *at, struct slice prefix, struct slice *uri)
{
	if (slice_is(prefix, "xml")) {
		*uri = SLICE(XML_URI);
		return true;
	}
	for (; at != NULL; at = at->parent)
		for (const struct dom_namespace *n = at->namespaces; n != NULL; n = n->next)
			if (slice_eq(n->prefix, prefix)) {
				*uri = n->uri;
				return true;
			}
	return false;
}

bool
dom_is_blank(const struct dom *n)
{
	return n->kind == DOM_TEXT && slice_trim(n->text).len == 0;
}

/* Writing: each element in the default namespace, which is declared where it changes. */

static void
write_attribute(struct buf *b, const struct dom_attribute *a, unsigned number)
{
	buf_add_char(b, ' ');
	if (slice_is(a->uri, XML_URI)) {
		buf_add(b, SLICE("xml:"));
	} else if (a->uri.len > 0) {            /* a prefix that is declared for this one alone */
		buf_printf(b, "xmlns:a%u=\"", number);
		xml_escape(b, a->uri);
		buf_printf(b, "\" a%u:", number);
	}
	buf_add(b, a->local);
	buf_add(b, SLICE("=\""));
	xml_escape(b, a->value);
	buf_add_char(b, '"');
}

static void
write_namespaces(struct buf *b, const struct dom *n)
{
	struct slice above = n->parent == NULL || n->parent->kind != DOM_ELEMENT ? SLICE_NONE
	    : n->parent->uri;

	if (!slice_eq(n->uri, above)) {
		buf_add(b, SLICE(" xmlns=\""));
		xml_escape(b, n->uri);
		buf_add_char(b, '"');
	}
	for (const struct dom_namespace *d = n->namespaces; d != NULL; d = d->next)
		if (d->prefix.len > 0) {
			buf_printf(b, " xmlns:%.*s=\"", SLICE_FMT(d->prefix));
			xml_escape(b, d->uri);
			buf_add_char(b, '"');
		}
}

static void
write_element(struct buf *b, const struct dom *n)
{
	unsigned number = 0;

	buf_add_char(b, '<');
	buf_add(b, n->local);
	write_namespaces(b, n);
	for (const struct dom_attribute *a = n->attributes; a != NULL; a = a->next)
		write_attribute(b, a, number++);
	if (n->first == NULL) {
		buf_add(b, SLICE("/>"));
		return;
	}
	buf_add_char(b, '>');
	for (const struct dom *c = n->first; c != NULL; c = c->next)
		dom_write(b, c);
	buf_add(b, SLICE("</"));
	buf_add(b, n->local);
	buf_add_char(b, '>');
}

void
dom_write(struct buf *b, const struct dom *n)
{
	switch (n->kind) {
	case DOM_DOCUMENT:
		for (const struct dom *c = n->first; c != NULL; c = c->next)
			dom_write(b, c);
		break;
	case DOM_ELEMENT:
		write_element(b, n);
		break;
	case DOM_TEXT:
		xml_escape(b, n->text);
		break;
	case DOM_COMMENT:
		buf_printf(b, "<!--%.*s-->", SLICE_FMT(n->text));
		break;
	case DOM_INSTRUCTION:
		buf_printf(b, "<?%.*s %.*s?>", SLICE_FMT(n->local), SLICE_FMT(n->text));
		break;
	}
}
