/* xhtml_names.h -- the tables of what a narrative may have; private to text/. */
#ifndef TEXT_XHTML_NAMES_H
#define TEXT_XHTML_NAMES_H

#include "text/xhtml.h"

/* How an HTML parser treats an element (html.spec.whatwg.org, tree construction). */
enum {
	ELEMENT_BLOCK   = 1,            /* closes an open p */
	ELEMENT_VOID    = 2,            /* has no content and no end tag */
	ELEMENT_HEADING = 4,            /* closes a heading it stands in */
	ELEMENT_CELL    = 8,            /* what is open outside is not seen from inside */
};

struct xhtml_element {
	const char *name;
	unsigned    flags;
	const char *parents;            /* where alone it may stand, space-separated; NULL: anywhere */
	const char *children;           /* what alone may stand in it, and no text; NULL: anything */
};

enum xhtml_kind {
	VALUE_TEXT, VALUE_WORD, VALUE_ID, VALUE_ANCHOR, VALUE_NUMBER, VALUE_LENGTH, VALUE_LINK,
	VALUE_IMAGE, VALUE_FRAGMENT, VALUE_STYLE, VALUE_COLOR, VALUE_NAMESPACE,
};

enum { ATTRIBUTE_NOT_SHOWN = 1 };       /* kept, but left out of HTML */

struct xhtml_attribute {
	const char     *name;
	const char     *elements;       /* space-separated; NULL: all */
	enum xhtml_kind kind;
	unsigned        flags;
};

/* What a property's value may be made of. */
enum {
	STYLE_WORD = 1, STYLE_LENGTH = 2, STYLE_COLOR = 4, STYLE_STRING = 8, STYLE_IMAGE = 16,
	STYLE_SIZE = 32,                /* of letters or lines: not too small to be read */
	STYLE_SHOWS = 64,               /* words from the list of displays */
};

struct xhtml_property {
	const char *name;
	unsigned    allows;
};

const struct xhtml_element *xhtml_element(struct slice name);
/* Known to be bad: `*drops` when its content is no text for readers. */
const char *xhtml_unwanted(struct slice name, bool *drops);
const struct xhtml_attribute *xhtml_attribute(const struct xhtml_element *, struct slice name);
/* The name of an attribute that is known to be bad, for the report; NULL: not known. */
const char *xhtml_unwanted_attribute(struct slice name);
const struct xhtml_property *xhtml_property(struct slice name);
/* Is the word in a space-separated list? */
bool xhtml_listed(const char *list, struct slice word);

/* xhtml_values.c: the decoded value of an attribute.  True when it is good; else `*rule`. */
bool xhtml_value_good(const struct xhtml_how *, const struct xhtml_attribute *, struct slice value,
    enum xhtml_rule *rule);

/* xhtml_style.c: true when all declarations are good.  The good ones go to `kept` (NULL: nowhere). */
struct xhtml_style_fault {
	enum xhtml_rule rule;
	const char     *name;           /* of the property, or NULL */
};
bool xhtml_style_good(struct slice style, struct buf *kept, struct xhtml_style_fault *first);
bool xhtml_color_good(struct slice);

#define XHTML_URI "http://www.w3.org/1999/xhtml"

#endif
