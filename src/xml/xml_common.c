/* xml_common.c -- what reader and writer share: parsers, attributes, escapes, the
 * narrative's div. */
#include "xml/xml_tree.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/buf.h"
#include "fhir/pack.h"
#include "xml/xml_expat.h"

#define DIV_DEPTH 256

/* Each block carries its size in front, as wide as any alignment needs. */
union header {
	size_t      size;
	max_align_t align;
};

static void *
wiping_malloc(size_t size)
{
	union header *h = size > SIZE_MAX - sizeof *h ? NULL : malloc(sizeof *h + size);

	if (h == NULL)
		return NULL;
	h->size = size;
	return h + 1;
}

static void
wiping_free(void *block)
{
	union header *h = block;

	if (block == NULL)
		return;
	h--;
	explicit_bzero(h, sizeof *h + h->size);
	free(h);
}

static void *
wiping_realloc(void *block, size_t size)
{
	void *bigger = wiping_malloc(size);
	size_t old = block == NULL ? 0 : ((union header *)block - 1)->size;

	if (bigger == NULL)
		return NULL;
	if (block != NULL)
		memcpy(bigger, block, old < size ? old : size);
	wiping_free(block);
	return bigger;
}

/* Names come as "uri local", or "uri local prefix". */
XML_Parser
xml_parser_new(void)
{
	static const XML_Memory_Handling_Suite wiping = {
		wiping_malloc, wiping_realloc, wiping_free
	};
	XML_Parser p = XML_ParserCreate_MM("UTF-8", &wiping, " ");

	if (p == NULL)
		abort();
	XML_SetReturnNSTriplet(p, 1);
	return p;
}

bool
xml_has_url(const struct type *type)
{
	return slice_is(type->name, "Extension");
}

bool
xml_is_attribute(const struct type *type, const struct element *e)
{
	return type->kind != TYPE_RESOURCE
	    && (slice_is(e->name, "id") || (xml_has_url(type) && slice_is(e->name, "url")));
}

/* A character that XML 1.0 has no way to say, at s.ptr[i]: its length, else 0. */
static size_t
unspeakable(struct slice s, size_t i)
{
	unsigned char c = (unsigned char)s.ptr[i];

	if (c < 0x20)
		return 1;
	if (c == 0xEF && s.len - i >= 3 && (unsigned char)s.ptr[i + 1] == 0xBF
	    && (unsigned char)s.ptr[i + 2] >= 0xBE)
		return 3;
	return 0;
}

static const struct { char c; const char *as; } escapes[] = {
	{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\n', "&#10;" },
	{ '\r', "&#13;" }, { '\t', "&#9;" },
};

static const char *
escape_of(char c)
{
	for (size_t i = 0; i < COUNT_OF(escapes); i++)
		if (escapes[i].c == c)
			return escapes[i].as;
	return NULL;
}

void
xml_escape(struct buf *b, struct slice s)
{
	size_t copied = 0, width;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		const char *as;

		if (c > '>' && c != 0xEF)
			continue;
		if ((as = escape_of(s.ptr[i])) != NULL)
			width = 1;
		else if ((width = unspeakable(s, i)) > 0)
			as = "\xEF\xBF\xBD";
		else
			continue;
		buf_add_bytes(b, s.ptr + copied, i - copied);
		buf_add_cstr(b, as);
		i += width - 1;
		copied = i + 1;
	}
	buf_add_bytes(b, s.ptr + copied, s.len - copied);
}

struct div_check {
	XML_Parser parser;
	size_t     start, end;
	int        depth;
	bool       bad;
};

static void
refuse(struct div_check *c)
{
	c->bad = true;
	XML_StopParser(c->parser, XML_FALSE);
}

static void XMLCALL
div_start(void *ctx, const XML_Char *name, const XML_Char **attributes UNUSED)
{
	struct div_check *c = ctx;

	if (c->depth == 0) {
		c->start = (size_t)XML_GetCurrentByteIndex64(c->parser);
		if (strcmp(name, XHTML_NAMESPACE " div") != 0)
			refuse(c);
	}
	if (++c->depth > DIV_DEPTH)
		refuse(c);
}

static void XMLCALL
div_end(void *ctx, const XML_Char *name UNUSED)
{
	struct div_check *c = ctx;

	if (--c->depth == 0)
		c->end = (size_t)XML_GetCurrentByteIndex64(c->parser)
		    + (size_t)XML_GetCurrentByteCount64(c->parser);
}

static void XMLCALL
div_doctype(void *ctx, const XML_Char *name UNUSED, const XML_Char *system UNUSED,
    const XML_Char *public UNUSED, int internal UNUSED)
{
	refuse(ctx);
}

bool
xml_xhtml_check(struct slice text, struct slice *div)
{
	struct div_check c = { .parser = xml_parser_new() };
	bool good;

	XML_SetUserData(c.parser, &c);
	XML_SetElementHandler(c.parser, div_start, div_end);
	XML_SetStartDoctypeDeclHandler(c.parser, div_doctype);
	good = text.len <= INT_MAX && text.len > 0
	    && XML_Parse(c.parser, text.ptr, (int)text.len, 1) == XML_STATUS_OK && !c.bad;
	if (good)
		*div = slice_sub(text, c.start, c.end - c.start);
	XML_ParserFree(c.parser);
	return good;
}
