/* aead.h -- AES-256-GCM, and one AES-256 block.
 *
 * A sealed message is nonce (12 random bytes) | ciphertext | tag (16 bytes).
 * The associated data is not in it; both sides must give the same.  All
 * functions may be called from any thread. */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;

#define AEAD_KEY      32
#define AEAD_OVERHEAD 28

/* In the arena; plain.len + AEAD_OVERHEAD bytes. */
struct slice aead_seal(const uint8_t key[AEAD_KEY], const struct env *, struct slice associated,
    struct slice plain, struct arena *);

/* False when anything was changed, cut or sealed under another key. */
MUST_USE bool aead_open(const uint8_t key[AEAD_KEY], struct slice associated,
    struct slice sealed, struct arena *, struct slice *plain);

/* One 16-byte block under AES-256: a keyed permutation of 128-bit numbers,
 * which makes row numbers into ids that look random.  `block` is replaced. */
struct block_cipher;
struct block_cipher *block_cipher_new(const uint8_t key[32]);
void block_cipher_free(struct block_cipher *);
void block_encrypt(const struct block_cipher *, uint8_t block[16]);
void block_decrypt(const struct block_cipher *, uint8_t block[16]);

#endif
