/* xhtml.h -- the XHTML of narratives (R4 narrative.html), read strictly.
 *
 * One pass over the text of a div: it must be well-formed XML in the namespace of
 * XHTML, of the elements and attributes that R4 allows, with links, images and
 * styles that can neither run, fetch nor hide anything, and it must say something.
 * What is wrong is found by rule and place; nothing that was read is repeated.
 *
 * On demand it is written again, without what is wrong: as XML, to be kept, or as
 * HTML, to be shown.  What is written is made of the tables in xhtml_names.c
 * and of escaped values, never copied, so that XML and HTML parsers build one tree of
 * it; reading and writing it again changes nothing. */
#ifndef TEXT_XHTML_H
#define TEXT_XHTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/outcome.h"
#include "base/slice.h"

struct arena;
struct buf;
struct limits;

/* R4: the specification says so.  OURS: the specification leaves it open, safety does not. */
enum xhtml_basis { XHTML_R4, XHTML_OURS };

/* symbol, fault, basis, what the client is told; "%" stands for a name of our tables */
#define XHTML_RULES(X)                                                                              \
	X(not_xml,    SYNTAX,    R4,   "the narrative is not well-formed XML")                      \
	X(doctype,    SYNTAX,    R4,   "a narrative has no DOCTYPE, XML declaration or processing instruction") \
	X(entity,     SYNTAX,    R4,   "a narrative has no entities but XML's five and numbers")    \
	X(character,  SYNTAX,    R4,   "a character that XML does not have")                        \
	X(namespace,  SYNTAX,    R4,   "a narrative is in the namespace of XHTML, without prefixes") \
	X(root,       SYNTAX,    R4,   "a narrative is one div")                                    \
	X(too_long,   VALUE,     OURS, "the narrative is too long")                                 \
	X(too_deep,   VALUE,     OURS, "the narrative is nested too deep")                          \
	X(too_many,   VALUE,     OURS, "the narrative has too many elements or attributes")         \
	X(element,    INVARIANT, R4,   "txt-1: an element that is not allowed%")                    \
	X(attribute,  INVARIANT, R4,   "txt-1: an attribute that is not allowed%")                  \
	X(comment,    INVARIANT, OURS, "a comment is read by nobody")                               \
	X(cdata,      INVARIANT, OURS, "CDATA is read in two ways")                                 \
	X(link,       INVARIANT, OURS, "a link of this kind is not allowed%")                       \
	X(image,      INVARIANT, OURS, "an image is embedded as PNG, JPEG or GIF, or contained%")   \
	X(style,      INVARIANT, OURS, "a style of this kind is not allowed%")                      \
	X(hidden,     INVARIANT, OURS, "a style that hides text%")                                  \
	X(value,      INVARIANT, OURS, "the value of an attribute has the wrong form%")             \
	X(nesting,    INVARIANT, OURS, "an element at a place where it is read in two ways%")       \
	X(id_twice,   INVARIANT, OURS, "an id is there once in a resource")                         \
	X(language,   WARNING,   OURS, "lang and xml:lang are the language of the resource")        \
	X(bidi,       WARNING,   OURS, "characters that turn the direction of the text")            \
	X(empty,      INVARIANT, R4,   "txt-2: the narrative says nothing")

enum xhtml_rule {
#define X(id, ...) XHTML_##id,
	XHTML_RULES(X)
#undef X
	XHTML_RULE_COUNT
};

struct xhtml_rule_row {
	const char      *id;            /* "narrative_link" */
	enum fault       fault;
	enum xhtml_basis basis;
	struct slice     text;
};

extern const struct xhtml_rule_row xhtml_rules[XHTML_RULE_COUNT];

struct xhtml_finding {
	enum xhtml_rule rule;
	size_t          at;             /* byte of the text */
	const char     *name;           /* of the element, attribute or property: ours, or NULL */
	struct xhtml_finding *next;
};

struct xhtml {
	struct xhtml_finding *stop;     /* why it could not be read to the end, or NULL */
	struct xhtml_finding *first;    /* what is wrong else, in the order of the text; at most 50 */
	uint32_t              count;    /* of those, and more; warnings left out */
	bool                  readable; /* to the end: what was written is whole */
	bool                  says;     /* text or an image is left */
	bool                  lost;     /* text or an image that a reader would have seen was left out */
};

enum xhtml_form { XHTML_AS_NOTHING, XHTML_AS_XML, XHTML_AS_HTML };

/* The ids of a resource outside of one narrative: sorted, distinct. */
struct xhtml_ids {
	struct slice *at;
	size_t        count, room;
};

struct xhtml_how {
	const struct limits *limits;    /* NARRATIVE_BYTES, _DEPTH, _ELEMENTS, _ATTRIBUTES */
	bool           http;            /* links may be http: */
	bool           remote_images;   /* images may come from elsewhere (never as HTML) */
	enum xhtml_form form;
	struct slice   prefix;          /* HTML: stands before every id and name */
	struct xhtml_ids *ids;          /* those that are taken; gets those of this narrative.  NULL: none are */
	struct slice   language;        /* of the resource; or empty */
	bool         (*contained)(void *ctx, struct slice id);  /* is "#id" an image that is here?  NULL: any is */
	struct slice (*image)(void *ctx, struct slice id);      /* HTML: a contained image as a data: URL,
	                                                         * or empty; may be NULL */
	void          *ctx;
	struct buf    *out;             /* gets what is written */
};

/* True when nothing is wrong (warnings aside).  The report lives in the arena. */
MUST_USE bool xhtml_read(struct slice text, const struct xhtml_how *, struct arena *, struct xhtml *);

/* The rule's sentence with the finding's name in it. */
struct slice xhtml_sentence(const struct xhtml_finding *, struct arena *);

/* Into the list, which is sorted by xhtml_ids_sort(). */
void xhtml_ids_add(struct xhtml_ids *, struct slice id, struct arena *);
void xhtml_ids_sort(struct xhtml_ids *);

/* "data:image/png;base64,..." of a PNG, JPEG or GIF: the form and the first bytes. */
bool xhtml_is_data_image(struct slice url);

/* Text with & < > " as references; line ends and tabs too when it is an attribute's. */
void xhtml_escape(struct buf *, struct slice, bool attribute);

#endif
