/* xml_tree.h -- XML text as a tree, before the definitions look at it.
 *
 * What belongs to the syntax of XML and to namespaces is settled here; which
 * elements there may be is not.  Names point into the text; attribute values and
 * nodes are in the arena. */
#ifndef XML_XML_TREE_H
#define XML_XML_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct buf;
struct element;
struct limits;
struct outcome;
struct type;

#define FHIR_NAMESPACE  "http://hl7.org/fhir"
#define XHTML_NAMESPACE "http://www.w3.org/1999/xhtml"

/* ptr NULL: the attribute is not there. */
struct xml_attributes {
	struct slice value, id, url;
};

enum {
	XML_FOREIGN_ELEMENT = 1,        /* of another namespace */
	XML_ODD_ATTRIBUTE   = 2,        /* it has one that is none of the three */
	XML_EMPTY_ATTRIBUTE = 4,        /* of the three, one is "" */
	XML_STRAY_TEXT      = 8,        /* text between its elements */
	XML_IS_XHTML        = 16,       /* a div: `name` is its text, from "<div" to "</div>" */
};

struct xml_node {
	const char *name;
	uint32_t    name_len;
	uint32_t    flags;
	uint32_t    line, column;       /* from 1, of its "<" */
	const struct xml_attributes *attributes;        /* NULL: none of the three */
	struct xml_node *first, *next;
};

static inline struct slice
xml_name(const struct xml_node *n)
{
	return slice_make(n->name, n->name_len);
}

/* False with FAULT_SYNTAX or FAULT_TOO_COMPLEX. */
MUST_USE bool xml_tree(struct slice text, const struct limits *, bool bundle, struct arena *,
    struct xml_node **root, struct outcome *);

/* Is the text one XHTML div, well formed and without DOCTYPE?  `*div` is it, without
 * what stands around. */
bool xml_xhtml_check(struct slice text, struct slice *div);

/* What XML writes as an attribute (R4 xml.html): the id of all but resources, the url of
 * an extension. */
bool xml_is_attribute(const struct type *, const struct element *);
bool xml_has_url(const struct type *);

/* Appends text that stands in an attribute or between tags. */
void xml_escape(struct buf *, struct slice);

#endif
