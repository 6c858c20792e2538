/* digest.h -- SHA-256, HMAC-SHA-256 and HKDF (FIPS 180-4, RFC 2104, RFC 5869). */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define SHA256_BYTES 32

/* The digest of the parts in a row.  Thread-safe. */
void sha256(const struct slice *parts, size_t count, uint8_t out[SHA256_BYTES]);
void sha256_one(struct slice, uint8_t out[SHA256_BYTES]);

/* SHA-256, and the SHA-1 that R4's Attachment.hash asks for, of bytes that come piece by
 * piece.  digest_end() frees it; the outputs may be NULL. */
#define SHA1_BYTES 20
struct digest;
struct digest *digest_begin(void);
void digest_add(struct digest *, struct slice);
void digest_end(struct digest *, uint8_t sha256_out[SHA256_BYTES], uint8_t sha1_out[SHA1_BYTES]);

void hmac_sha256(const uint8_t key[32], struct slice message, uint8_t out[SHA256_BYTES]);

/* HKDF-SHA-256 of a 32-byte key with an info label; up to 255 * 32 bytes. */
void hkdf_sha256(const uint8_t key[32], struct slice info, uint8_t *out, size_t n);

/* CRC-32C (Castagnoli), as RFC 3720 B.4 has it. */
uint32_t crc32c(uint32_t crc, const void *, size_t);

/* Equal bytes, in time that depends on n only. */
bool secret_equal(const void *, const void *, size_t n);

#endif
