/* xml_common.c -- what reader and writer share: attributes, escapes, the
 * narrative's div. */
#include "xml/xml_tree.h"

#include "base/attr.h"
#include "base/buf.h"
#include "fhir/pack.h"
#include "xml/xml_parse.h"

#define DIV_DEPTH 256

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
	struct xml_parse xml;
	size_t           start, end;
	int              depth;
};

static void XMLCALL
div_start(void *ctx, const XML_Char *name, const XML_Char **attributes UNUSED)
{
	struct div_check *c = ctx;

	if (c->depth == 0) {
		c->start = (size_t)XML_GetCurrentByteIndex64(c->xml.parser);
		if (strcmp(name, XHTML_NAMESPACE " div") != 0)
			xml_parse_stop(&c->xml, FAULT_SYNTAX, "");
	}
	if (++c->depth > DIV_DEPTH)
		xml_parse_stop(&c->xml, FAULT_SYNTAX, "");
}

static void XMLCALL
div_end(void *ctx, const XML_Char *name UNUSED)
{
	struct div_check *c = ctx;

	if (--c->depth == 0)
		c->end = (size_t)XML_GetCurrentByteIndex64(c->xml.parser)
		    + (size_t)XML_GetCurrentByteCount64(c->xml.parser);
}

bool
xml_xhtml_check(struct slice text, struct slice *div)
{
	struct div_check c = { 0 };

	xml_parse_begin(&c.xml, NULL);
	XML_SetElementHandler(c.xml.parser, div_start, div_end);
	if (!xml_parse_end(&c.xml, text))
		return false;
	*div = slice_sub(text, c.start, c.end - c.start);
	return true;
}
