/* keeper.h -- the one holder of private keys.
 *
 * Callers ask for fixed operations and never see a private key or the key
 * encryption key (KEK).  Today the keeper lives in the same process; the seam
 * is made so that it can become a process of its own without a change here.
 *
 * D/keys/ holds: kek (32 bytes), token.pem (P-256), audit.pem (Ed25519),
 * server.pem + server.crt, ca.pem + ca.crt; mode 0600 in a 0700 directory. */
#ifndef CRYPTO_KEEPER_H
#define CRYPTO_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct outcome;
struct keeper;

/* Makes every key that is not there yet, a development CA (P-256, 10 years) and
 * a server certificate for localhost, 127.0.0.1, ::1 and `host` (may be NULL).
 * Existing keys are left alone. */
MUST_USE bool keeper_create(const struct env *, const char *dir, const char *host, struct outcome *);

struct keeper *keeper_open(const struct env *, const char *dir, struct outcome *);
void           keeper_close(struct keeper *);

/* Fresh 256-bit data key, in clear and wrapped under the KEK with the context
 * ("compartment 17") as associated data. */
#define KEEPER_WRAPPED 60
MUST_USE bool keeper_new_data_key(struct keeper *, struct slice context, uint8_t key[32],
    uint8_t wrapped[KEEPER_WRAPPED]);
/* False when the wrapping is not ours or the context differs. */
MUST_USE bool keeper_unwrap(struct keeper *, struct slice context, struct slice wrapped,
    uint8_t key[32]);

/* Store-wide derived keys, HKDF(KEK, purpose): "id", "index", "cursor", ... */
void keeper_derive(struct keeper *, struct slice purpose, uint8_t key[32]);

/* ES256 over "header.payload" as raw r||s; the key's RFC 7638 thumbprint is its
 * kid.  Only a JWS signing input is accepted (two base64url parts, one dot). */
MUST_USE bool keeper_sign_token(struct keeper *, struct slice signing_input, uint8_t sig[64]);
struct slice  keeper_token_kid(const struct keeper *);
/* The public JWK as JSON, for /oauth/jwks. */
struct slice  keeper_token_jwk(const struct keeper *);
/* Verifies with the public half; safe to call from any thread. */
MUST_USE bool keeper_verify_token(const struct keeper *, struct slice signing_input,
    const uint8_t sig[64]);

/* Ed25519 over a C2SP tlog-checkpoint body (it must begin with `origin` and a
 * newline); and its public half. */
MUST_USE bool keeper_sign_checkpoint(struct keeper *, struct slice origin, struct slice body,
    uint8_t sig[64]);
void keeper_checkpoint_key(const struct keeper *, uint8_t public_key[32]);
MUST_USE bool checkpoint_verify(const uint8_t public_key[32], struct slice body,
    const uint8_t sig[64]);

/* What the TLS listener needs: an SSL_CTX key and chain are set by the keeper,
 * so that the key never leaves it.  `ssl_ctx` is an SSL_CTX *. */
MUST_USE bool keeper_use_tls(struct keeper *, void *ssl_ctx, struct outcome *);

#endif
