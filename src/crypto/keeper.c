/* keeper.c -- see keeper.h.
 *
 * Keys are read once at opening and never leave this file but as the result of
 * a fixed operation.  Each operation checks the form of what it is asked to
 * sign, so that a token key can sign nothing but tokens, and the audit key
 * nothing but checkpoints. */
#include "crypto/keeper.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

#define FILE_MAX_BYTES (1u << 20)

struct keeper {
	const struct env *env;
	struct arena *arena;
	uint8_t   kek[32];
	EVP_PKEY *token, *audit, *server;
	struct slice chain, ca;         /* PEM */
	struct slice kid, jwk;
};

static char *
path_of(struct arena *arena, const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 8;
	char *path = arena_alloc(arena, n);

	snprintf(path, n, "%s/keys/%s", dir, name);
	return path;
}

static bool
load_file(struct keeper *k, const char *dir, const char *name, struct slice *out,
    struct outcome *o)
{
	return env_read_file(k->env, path_of(k->arena, dir, name), FILE_MAX_BYTES, k->arena, out)
	    || outcome_fail_at_once(o, FAULT_UNAVAILABLE,
	        "a key file cannot be read (firebreak init makes them)");
}

static bool
load_key(struct keeper *k, const char *dir, const char *name, EVP_PKEY **key, struct outcome *o)
{
	struct slice pem;
	BIO *bio;

	if (!load_file(k, dir, name, &pem, o))
		return false;
	bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	*key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return *key != NULL || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "a key file is damaged");
}

/* The RFC 7638 thumbprint of a P-256 key, and its JWK. */
static bool
describe_token_key(struct keeper *k)
{
	uint8_t point[65], hash[SHA256_BYTES];
	struct buf x, y, canonical, kid, jwk;
	size_t n;

	if (EVP_PKEY_get_octet_string_param(k->token, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
	    sizeof point, &n) != 1 || n != sizeof point || point[0] != 4)
		return false;
	buf_init(&x, k->arena, 64);
	buf_init(&y, k->arena, 64);
	encode_base64url(&x, point + 1, 32);
	encode_base64url(&y, point + 33, 32);
	buf_init(&canonical, k->arena, 256);
	buf_printf(&canonical, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
	    SLICE_FMT(buf_slice(&x)), SLICE_FMT(buf_slice(&y)));
	sha256_one(buf_slice(&canonical), hash);
	buf_init(&kid, k->arena, 64);
	encode_base64url(&kid, hash, sizeof hash);
	buf_init(&jwk, k->arena, 512);
	buf_printf(&jwk, "{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%.*s\",\"crv\":\"P-256\","
	    "\"x\":\"%.*s\",\"y\":\"%.*s\"}", SLICE_FMT(buf_slice(&kid)), SLICE_FMT(buf_slice(&x)),
	    SLICE_FMT(buf_slice(&y)));
	k->kid = buf_slice(&kid);
	k->jwk = buf_slice(&jwk);
	return true;
}

static bool
load_kek(struct keeper *k, const char *dir, struct outcome *o)
{
	struct slice bytes;

	if (!load_file(k, dir, "kek", &bytes, o))
		return false;
	if (bytes.len != sizeof k->kek)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "a key file is damaged");
	memcpy(k->kek, bytes.ptr, sizeof k->kek);
	return true;
}

static bool
load_all(struct keeper *k, const char *dir, struct outcome *o)
{
	return load_kek(k, dir, o)
	    && load_key(k, dir, "token.pem", &k->token, o)
	    && load_key(k, dir, "audit.pem", &k->audit, o)
	    && load_key(k, dir, "server.pem", &k->server, o)
	    && load_file(k, dir, "server.crt", &k->chain, o)
	    && load_file(k, dir, "ca.crt", &k->ca, o)
	    && (describe_token_key(k)
	        || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the token key is not a P-256 key"));
}

struct keeper *
keeper_open(const struct env *env, const char *dir, struct outcome *o)
{
	struct keeper *k = calloc(1, sizeof *k);

	if (k == NULL)
		abort();
	k->env = env;
	k->arena = arena_new(8192);
	if (load_all(k, dir, o))
		return k;
	keeper_close(k);
	return NULL;
}

void
keeper_close(struct keeper *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->token);
	EVP_PKEY_free(k->audit);
	EVP_PKEY_free(k->server);
	arena_free(k->arena);
	OPENSSL_cleanse(k, sizeof *k);
	free(k);
}

/* Data keys */

bool
keeper_new_data_key(struct keeper *k, struct slice context, uint8_t key[32],
    uint8_t wrapped[KEEPER_WRAPPED])
{
	struct arena *arena = arena_new(256);
	struct slice sealed;

	env_entropy(k->env, key, 32);
	sealed = aead_seal(k->kek, k->env, context, slice_make(key, 32), arena);
	memcpy(wrapped, sealed.ptr, KEEPER_WRAPPED);
	arena_free(arena);
	return true;
}

bool
keeper_unwrap(struct keeper *k, struct slice context, struct slice wrapped, uint8_t key[32])
{
	struct arena *arena = arena_new(256);
	struct slice plain;
	bool good = wrapped.len == KEEPER_WRAPPED
	    && aead_open(k->kek, context, wrapped, arena, &plain) && plain.len == 32;

	if (good)
		memcpy(key, plain.ptr, 32);
	arena_free(arena);
	return good;
}

void
keeper_derive(struct keeper *k, struct slice purpose, uint8_t key[32])
{
	char info[80];
	int n = snprintf(info, sizeof info, "firebreak %.*s", SLICE_FMT(purpose));

	hkdf_sha256(k->kek, slice_make(info, (size_t)n), key, 32);
}

/* Tokens */

static bool
base64url_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!(ascii_is_letter(c) || ascii_is_digit(c)
		    || c == '-' || c == '_'))
			return false;
	}
	return s.len > 0;
}

static bool
signing_input_good(struct slice input)
{
	struct slice payload = input, header = slice_cut(&payload, '.');

	return base64url_text(header) && base64url_text(payload);
}

/* ECDSA signatures: DER in OpenSSL, r and s of fixed length in JOSE (RFC 7518 3.4). */
static bool
der_to_raw(const uint8_t *der, size_t n, uint8_t raw[64])
{
	const uint8_t *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	bool good = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32
	    && BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32;

	ECDSA_SIG_free(sig);
	return good;
}

static int
raw_to_der(const uint8_t raw[64], uint8_t der[80])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
	uint8_t *p = der;
	int n = -1;

	if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
		n = i2d_ECDSA_SIG(sig, &p);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return n;
}

bool
keeper_sign_token(struct keeper *k, struct slice input, uint8_t sig[64])
{
	EVP_MD_CTX *c;
	uint8_t der[80];
	size_t n = sizeof der;
	bool good;

	if (!signing_input_good(input) || (c = EVP_MD_CTX_new()) == NULL)
		return false;
	good = EVP_DigestSignInit_ex(c, NULL, "SHA256", NULL, NULL, k->token, NULL) == 1
	    && EVP_DigestSign(c, der, &n, (const uint8_t *)input.ptr, input.len) == 1
	    && der_to_raw(der, n, sig);
	EVP_MD_CTX_free(c);
	return good;
}

bool
keeper_verify_token(const struct keeper *k, struct slice input, const uint8_t sig[64])
{
	EVP_MD_CTX *c;
	uint8_t der[80];
	int n = raw_to_der(sig, der);
	bool good;

	if (n <= 0 || (c = EVP_MD_CTX_new()) == NULL)
		return false;
	good = EVP_DigestVerifyInit_ex(c, NULL, "SHA256", NULL, NULL, k->token, NULL) == 1
	    && EVP_DigestVerify(c, der, (size_t)n, (const uint8_t *)input.ptr, input.len) == 1;
	EVP_MD_CTX_free(c);
	return good;
}

struct slice
keeper_token_kid(const struct keeper *k)
{
	return k->kid;
}

struct slice
keeper_token_jwk(const struct keeper *k)
{
	return k->jwk;
}

/* Checkpoints */

bool
keeper_sign_checkpoint(struct keeper *k, struct slice origin, struct slice body, uint8_t sig[64])
{
	EVP_MD_CTX *c;
	size_t n = 64;
	bool good;

	if (origin.len == 0 || !slice_starts(body, origin) || body.len <= origin.len
	    || body.ptr[origin.len] != '\n' || (c = EVP_MD_CTX_new()) == NULL)
		return false;
	good = EVP_DigestSignInit_ex(c, NULL, NULL, NULL, NULL, k->audit, NULL) == 1
	    && EVP_DigestSign(c, sig, &n, (const uint8_t *)body.ptr, body.len) == 1 && n == 64;
	EVP_MD_CTX_free(c);
	return good;
}

void
keeper_checkpoint_key(const struct keeper *k, uint8_t public_key[32])
{
	size_t n = 32;

	if (EVP_PKEY_get_raw_public_key(k->audit, public_key, &n) != 1 || n != 32)
		abort();
}

bool
checkpoint_verify(const uint8_t public_key[32], struct slice body, const uint8_t sig[64])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = key != NULL && c != NULL
	    && EVP_DigestVerifyInit_ex(c, NULL, NULL, NULL, NULL, key, NULL) == 1
	    && EVP_DigestVerify(c, sig, 64, (const uint8_t *)body.ptr, body.len) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
	return good;
}

/* TLS */

static X509 *
first_certificate(struct slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return x;
}

bool
keeper_use_tls(struct keeper *k, void *ssl_ctx, struct outcome *o)
{
	X509 *certificate = first_certificate(k->chain), *ca = first_certificate(k->ca);
	bool good = certificate != NULL && ca != NULL
	    && SSL_CTX_use_certificate(ssl_ctx, certificate) == 1
	    && SSL_CTX_add1_chain_cert(ssl_ctx, ca) == 1
	    && SSL_CTX_use_PrivateKey(ssl_ctx, k->server) == 1
	    && SSL_CTX_check_private_key(ssl_ctx) == 1;

	X509_free(certificate);
	X509_free(ca);
	return good || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the server certificate is damaged");
}

