/* xml_parse.h -- one XML text through expat: what all builders of nodes share.
 *
 * DOCTYPE and encodings other than UTF-8 are refused; what expat gives back is wiped, it has held
 * patients.  The functions of expat go by the names of its release 2.9, which counts places in 64 bits;
 * in earlier ones the same go by the older names that 2.9 calls deprecated. */
#ifndef XML_XML_PARSE_H
#define XML_XML_PARSE_H

#include <expat.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/outcome.h"
#include "base/slice.h"

#if XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION < 9
#define XML_GetCurrentLineNumber64   XML_GetCurrentLineNumber
#define XML_GetCurrentColumnNumber64 XML_GetCurrentColumnNumber
#define XML_GetCurrentByteIndex64    XML_GetCurrentByteIndex
#define XML_GetCurrentByteCount64    XML_GetCurrentByteCount
#endif

/* The first member of a builder, which is what expat's handlers are given. */
struct xml_parse {
	XML_Parser      parser;
	struct outcome *outcome;        /* NULL: nobody asks why */
	bool            failed;
};

/* Names come as "uri local", or "uri local prefix".  Handlers may be set behind it. */
void xml_parse_begin(struct xml_parse *, struct outcome *);
/* From 1, of what expat is at. */
unsigned xml_parse_line(const struct xml_parse *);
unsigned xml_parse_column(const struct xml_parse *);
/* Of several failures the first is told. */
void xml_parse_stop(struct xml_parse *, enum fault, const char *why);
/* The whole text; the parser is gone behind it. */
MUST_USE bool xml_parse_end(struct xml_parse *, struct slice text);

#endif
