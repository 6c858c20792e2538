/* media.h -- the media types of content, and what their bytes must look like.
 *
 * A row says how content of a type is looked into, what libmagic may call it,
 * and the ending of the file name under which we hand it out: never the
 * client's own.  Types without a row may be allowed by configuration; libmagic
 * must then name them exactly. */
#ifndef ATTACHMENT_MEDIA_H
#define ATTACHMENT_MEDIA_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct option_list;

enum media_probe { PROBE_NOTHING, PROBE_PDF, PROBE_PNG, PROBE_JPEG, PROBE_TIFF, PROBE_GIF, PROBE_GZIP, PROBE_TEXT,
	PROBE_XML, PROBE_ZIP, PROBE_DICOM };

struct media {
	const char      *type;          /* "application/pdf" */
	const char      *ending;        /* of a file name */
	enum media_probe probe;
	const char      *agrees;        /* what libmagic may say; "text/" ends with a slash: all of it */
	const char      *differs;       /* but not this */
};

/* NULL when there is no row. */
const struct media *media_find(struct slice essence);

/* "Text/Plain; charset=utf-8" -> "text/plain".  False when it is not a media type (RFC 9110
 * 8.3.1) or has a byte that does not belong into one. */
bool media_essence(struct slice declared, struct arena *, struct slice *essence);
/* Its parameters have values, and a charset is UTF-8 or ASCII: what is a text is given out as UTF-8. */
bool media_charset_good(struct slice declared);

bool media_allowed(const struct option_list *allowed, struct slice essence);

/* May content that libmagic calls `found`, and that begins so, be declared as `essence`? */
bool media_agrees(struct slice essence, struct slice found, struct slice head);

/* The first bytes of a program, whatever it is called: ELF, PE, Mach-O, Java, "#!". */
bool media_is_program(struct slice head);

/* May a browser that is shown this run something? */
bool media_is_active(struct slice essence);

#endif
