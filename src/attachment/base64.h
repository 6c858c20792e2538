/* base64.h -- the value of a base64Binary (RFC 4648 section 4; R4 datatypes.html#base64Binary).
 *
 * Exact: the standard alphabet, whole groups of four, padding where it belongs and zero bits
 * behind the last byte, so that every content has one spelling but for white space,
 * which R4 allows between groups and nowhere else. */
#ifndef ATTACHMENT_BASE64_H
#define ATTACHMENT_BASE64_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

/* Bytes that a text of this length has at most. */
size_t base64_most(size_t text_len);
bool   base64_decode(struct slice text, struct arena *, struct slice *out);

#endif
