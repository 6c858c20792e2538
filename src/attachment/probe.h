/* probe.h -- a look into content of a known type, piece by piece.
 *
 * Nothing is decoded, and nothing unpacked but GZIP, to be counted: what is looked for is what makes content
 * dangerous to whoever opens it.  A PDF that runs, launches or carries something, or is encrypted
 * and so cannot be looked into; an image of absurd dimensions; XML with a document type; a text
 * with NUL; an archive that claims to unpack to too much; bytes that are a
 * second kind of file as well.  The malware scanner comes after it. */
#ifndef ATTACHMENT_PROBE_H
#define ATTACHMENT_PROBE_H

#include <stdbool.h>

#include "attachment/media.h"
#include "base/slice.h"

struct limits;
struct probe;

/* symbol, what the client is told */
#define PROBES(X)                                                                     \
	X(GOOD,      "")                                                                    \
	X(PROGRAM,   "the content is a program")                                            \
	X(MISMATCH,  "the content is not of the type that it is declared as")               \
	X(ACTIVE,    "the document acts by itself or carries other files")                  \
	X(ENCRYPTED, "the content is encrypted and cannot be inspected")                    \
	X(PIXELS,    "the image has too many pixels")                                       \
	X(ARCHIVE,   "the archive unpacks to too much or holds what it may not")            \
	X(POLYGLOT,  "the content is of more than one type")                                \
	X(XML,       "the XML is not well-formed or has a document type")                   \
	X(TEXT,      "the text holds bytes that are not text")

enum probed {
#define X(sym, text) PROBED_##sym,
	PROBES(X)
#undef X
};

const char *probed_text(enum probed);

/* The type may be empty: then only programs are refused. */
struct probe *probe_new(struct slice essence, const struct limits *);
void          probe_add(struct probe *, struct slice piece);
enum probed  probe_end(struct probe *);
void          probe_free(struct probe *);       /* NULL is fine */

/* The same for content that is in memory. */
enum probed  probe_whole(struct slice essence, const struct limits *, struct slice content);

#endif
