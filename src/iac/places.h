/* places.h -- from characters and bytes of a text to lines and columns, in little time.
 *
 * project_span() walks the text from its start, which is fine for one problem and
 * quadratic for a file full of values.  A `struct places` is made once for a text and
 * then answers each question in the time of a binary search.  It lives in the arena. */
#ifndef IAC_PLACES_H
#define IAC_PLACES_H

#include "iac/value.h"

struct arena;

#define PLACES_STRIDE 256               /* bytes between two counted places */

struct places {
	uint32_t     source;
	struct slice text;
	uint32_t    *characters;        /* code points before byte i * PLACES_STRIDE */
	uint32_t     stride_count;
	bool         ascii;             /* a character is a byte */
	uint32_t    *lines;             /* first byte of each line */
	uint32_t     line_count;
};

/* The text is shorter than 2^32 bytes. */
void places_init(struct places *, struct arena *, uint32_t source, struct slice text);

/* The byte where the code point of that index (from 0) begins; the end when past it. */
uint32_t places_byte(const struct places *, uint32_t character);

/* The span of bytes [start, end). */
struct span places_span(const struct places *, uint32_t start, uint32_t end);

#endif
