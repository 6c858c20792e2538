/* xml.h -- the XML form of resources (R4 xml.html), to and from the JSON form.
 *
 * The server works on one form, the JSON tape; XML is turned into it when it
 * arrives and made from it when it leaves.  The definitions say the rest: which
 * name is a list, which value a number, in what order elements stand.
 *
 * Reading is strict: the namespace http://hl7.org/fhir, no DOCTYPE, no entities
 * but XML's five, UTF-8, elements as defined and in the order of their
 * definition, attributes only `value`, `id` and `url` where they belong.  The
 * xhtml div of a narrative is kept as the text that it is; one with a prefix is written without. */
#ifndef XML_XML_H
#define XML_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct buf;
struct json;
struct limits;
struct outcome;
struct pack;

/* Where the values of a converted text stood in the XML. */
struct xml_places {
	struct xml_place {
		uint32_t at;            /* byte in the JSON text */
		uint32_t line, column;
	} *of;
	uint32_t count, room;
};

/* One resource as compact JSON text, in the arena.  False with FAULT_SYNTAX for
 * what is no XML of FHIR, FAULT_TOO_COMPLEX for too many elements, and FAULT_STRUCTURE
 * or FAULT_VALUE with FHIRPath, line and column for up to 50 elements that are not as
 * defined.  What is needed but absent is not checked here.  `places` may be NULL. */
enum { XML_BUNDLE = 1, XML_ANY_ORDER = 2 };     /* larger limits; elements in another order */
MUST_USE bool xml_read(const struct pack *, struct slice text, const struct limits *, unsigned how,
    struct arena *, struct slice *json, struct xml_places *places, struct outcome *);

/* Line and column of the JSON text, in every issue, become those of the XML. */
void xml_replace_places(const struct xml_places *, struct outcome *);

enum xml_style { XML_COMPACT, XML_PRETTY };

/* Appends the resource at `node` as an element of the FHIR namespace, without an
 * XML declaration, elements in the order of their definition.  False when a member is
 * not as defined; what was appended is then of no use.  Characters that XML
 * cannot hold become U+FFFD; a div that is no XHTML becomes one with its text. */
MUST_USE bool xml_write(const struct pack *, const struct json *, uint32_t node, enum xml_style,
    struct arena *, struct buf *);

#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

#endif
