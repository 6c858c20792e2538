/* xml_parse.c -- see xml_parse.h. */
#include "xml/xml_parse.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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

static void XMLCALL
on_doctype(void *ctx, const XML_Char *name UNUSED, const XML_Char *system UNUSED,
    const XML_Char *public UNUSED, int internal UNUSED)
{
	xml_parse_stop(ctx, FAULT_SYNTAX, "a DOCTYPE is not allowed");
}

static void XMLCALL
on_declaration(void *ctx, const XML_Char *version UNUSED, const XML_Char *encoding,
    int standalone UNUSED)
{
	if (encoding != NULL && !slice_eq_nocase(slice_of(encoding), SLICE("utf-8"))
	    && !slice_eq_nocase(slice_of(encoding), SLICE("us-ascii")))
		xml_parse_stop(ctx, FAULT_SYNTAX, "the encoding must be UTF-8");
}

void
xml_parse_begin(struct xml_parse *x, struct outcome *o)
{
	static const XML_Memory_Handling_Suite wiping = {
		wiping_malloc, wiping_realloc, wiping_free
	};

	*x = (struct xml_parse){ XML_ParserCreate_MM("UTF-8", &wiping, " "), o, false };
	if (x->parser == NULL)
		abort();
	XML_SetReturnNSTriplet(x->parser, 1);
	XML_SetUserData(x->parser, x);
	XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
	XML_SetXmlDeclHandler(x->parser, on_declaration);
}

unsigned
xml_parse_line(const struct xml_parse *x)
{
	return (unsigned)XML_GetCurrentLineNumber64(x->parser);
}

unsigned
xml_parse_column(const struct xml_parse *x)
{
	return (unsigned)XML_GetCurrentColumnNumber64(x->parser) + 1;
}

void
xml_parse_stop(struct xml_parse *x, enum fault fault, const char *why)
{
	struct place place = { SLICE_NONE, xml_parse_line(x), xml_parse_column(x) };

	if (!x->failed && x->outcome != NULL)
		outcome_fail(x->outcome, fault, place, slice_of(why));
	x->failed = true;
	XML_StopParser(x->parser, XML_FALSE);
}

static const struct { enum XML_Error error; const char *why; } reasons[] = {
	{ XML_ERROR_UNDEFINED_ENTITY, "an entity that is not defined" },
	{ XML_ERROR_TAG_MISMATCH, "an end tag that does not fit" },
	{ XML_ERROR_DUPLICATE_ATTRIBUTE, "a repeated attribute" },
	{ XML_ERROR_UNBOUND_PREFIX, "a prefix without a namespace" },
	{ XML_ERROR_NO_ELEMENTS, "no element" },
	{ XML_ERROR_INVALID_TOKEN, "not well-formed XML in UTF-8" },
	{ XML_ERROR_UNCLOSED_TOKEN, "the text ends inside a tag" },
	{ XML_ERROR_JUNK_AFTER_DOC_ELEMENT, "something follows the element" },
};

static const char *
reason(enum XML_Error error)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].why;
	return "not well-formed XML";
}

bool
xml_parse_end(struct xml_parse *x, struct slice text)
{
	if (text.len > INT_MAX)
		xml_parse_stop(x, FAULT_TOO_BIG, "");
	else if (XML_Parse(x->parser, text.len == 0 ? "" : text.ptr, (int)text.len, 1) != XML_STATUS_OK)
		xml_parse_stop(x, FAULT_SYNTAX, reason(XML_GetErrorCode(x->parser)));
	XML_ParserFree(x->parser);
	return !x->failed;
}
