/* patch_dom.h -- any XML as a tree that can be changed, for XML Patch.
 *
 * xml/xml_tree.h knows FHIR's own XML only, and keeps no text.  Here everything is kept:
 * text, comments, instructions, attributes and namespaces of any kind. */
#ifndef REST_PATCH_DOM_H
#define REST_PATCH_DOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct buf;
struct limits;
struct outcome;

enum dom_kind { DOM_DOCUMENT, DOM_ELEMENT, DOM_TEXT, DOM_COMMENT, DOM_INSTRUCTION };

struct dom_attribute {
	struct slice uri, local, value;
	struct dom_attribute *next;
};

/* A namespace that an element declares with a prefix (empty: the default one). */
struct dom_namespace {
	struct slice prefix, uri;
	struct dom_namespace *next;
};

struct dom {
	enum dom_kind kind;
	struct slice  uri, local;       /* ELEMENT; INSTRUCTION: local is the target */
	struct slice  text;             /* TEXT, COMMENT, INSTRUCTION */
	struct dom_attribute *attributes;
	struct dom_namespace *namespaces;
	struct dom   *parent, *first, *last, *next, *prev;
	unsigned      line, column;
};

/* The document; its element is among its children.  FAULT_SYNTAX, FAULT_TOO_COMPLEX. */
MUST_USE bool dom_parse(struct slice text, const struct limits *, struct arena *,
    struct dom **document, struct outcome *);

struct dom *dom_copy(const struct dom *, struct arena *);
void        dom_insert(struct dom *parent, struct dom *before, struct dom *child);
void        dom_take(struct dom *);
struct dom *dom_element(const struct dom *document);    /* NULL: none */

struct dom_attribute *dom_attribute(const struct dom *, struct slice uri, struct slice local);
/* The namespace of a prefix where `at` stands; false when it is not declared. */
bool dom_namespace(const struct dom *at, struct slice prefix, struct slice *uri);
bool dom_is_blank(const struct dom *);                  /* text of white space alone */

void dom_write(struct buf *, const struct dom *);

#endif
