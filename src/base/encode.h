/* encode.h -- the text forms of bytes: RFC 4648 hex, base32, base64url, and
 * percent-decoding (RFC 3986).  Decoders are exact: no stray characters, no
 * missing or surplus padding, no non-zero trailing bits, so that every value
 * has one spelling. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;

/* 16 bytes as 26 lower-case base32 characters (a-z2-7, no padding). */
#define BASE32_BLOCK 26
void encode_block(const uint8_t block[16], char out[BASE32_BLOCK]);
bool decode_block(struct slice text, uint8_t block[16]);

void encode_hex(struct buf *, const void *bytes, size_t n);
bool decode_hex(struct slice text, uint8_t *out, size_t n);       /* exactly n bytes */

void encode_base64url(struct buf *, const void *bytes, size_t n); /* no padding */
bool decode_base64url(struct slice text, struct arena *, struct slice *out);

void encode_base64(struct buf *, const void *bytes, size_t n);    /* with padding */
bool decode_base64(struct slice text, struct arena *, struct slice *out);

/* "%41" -> "A" and, when `plus` is set, '+' -> ' ' (query components).  False
 * on a broken escape or a NUL. */
bool decode_percent(struct slice text, bool plus, struct arena *, struct slice *out);

/* Everything but RFC 3986 unreserved characters as %XX. */
void encode_percent(struct buf *, struct slice);

/* Valid UTF-8 (RFC 3629: no overlong form, no surrogate, at most U+10FFFF). */
bool utf8_valid(struct slice);
size_t utf8_length(struct slice);        /* code points of valid UTF-8 */

#endif
