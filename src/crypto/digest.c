/* digest.c -- see digest.h.  Algorithms are fetched once and contexts kept per
 * thread: fetching anew costs as much as a short hash. */
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/attr.h"

static EVP_MD *sha256_algorithm, *sha1_algorithm;
static EVP_KDF *hkdf_algorithm;
static pthread_key_t context_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
free_context(void *context)
{
	EVP_MD_CTX_free(context);
}

static void
fetch(void)
{
	sha256_algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha1_algorithm = EVP_MD_fetch(NULL, "SHA1", NULL);
	hkdf_algorithm = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (sha256_algorithm == NULL || sha1_algorithm == NULL || hkdf_algorithm == NULL
	    || pthread_key_create(&context_key, free_context) != 0)
		abort();
}

static EVP_MD_CTX *
context(void)
{
	EVP_MD_CTX *c;

	pthread_once(&once, fetch);
	if ((c = pthread_getspecific(context_key)) != NULL)
		return c;
	if ((c = EVP_MD_CTX_new()) == NULL || pthread_setspecific(context_key, c) != 0)
		abort();
	return c;
}

void
sha256(const struct slice *parts, size_t count, uint8_t out[SHA256_BYTES])
{
	EVP_MD_CTX *c = context();

	if (EVP_DigestInit_ex2(c, sha256_algorithm, NULL) != 1)
		abort();
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(c, parts[i].ptr, parts[i].len) != 1)
			abort();
	if (EVP_DigestFinal_ex(c, out, NULL) != 1)
		abort();
}

void
sha256_one(struct slice s, uint8_t out[SHA256_BYTES])
{
	sha256(&s, 1, out);
}

struct digest {
	EVP_MD_CTX *sha256, *sha1;
};

struct digest *
digest_begin(void)
{
	struct digest *d = malloc(sizeof *d);

	pthread_once(&once, fetch);
	if (d == NULL || (d->sha256 = EVP_MD_CTX_new()) == NULL || (d->sha1 = EVP_MD_CTX_new()) == NULL
	    || EVP_DigestInit_ex2(d->sha256, sha256_algorithm, NULL) != 1
	    || EVP_DigestInit_ex2(d->sha1, sha1_algorithm, NULL) != 1)
		abort();
	return d;
}

void
digest_add(struct digest *d, struct slice s)
{
	if (EVP_DigestUpdate(d->sha256, s.ptr, s.len) != 1
	    || EVP_DigestUpdate(d->sha1, s.ptr, s.len) != 1)
		abort();
}

void
digest_end(struct digest *d, uint8_t sha256_out[SHA256_BYTES], uint8_t sha1_out[SHA1_BYTES])
{
	if ((sha256_out != NULL && EVP_DigestFinal_ex(d->sha256, sha256_out, NULL) != 1)
	    || (sha1_out != NULL && EVP_DigestFinal_ex(d->sha1, sha1_out, NULL) != 1))
		abort();
	EVP_MD_CTX_free(d->sha256);
	EVP_MD_CTX_free(d->sha1);
	free(d);
}

/* RFC 2104 by its definition; the key is a whole digest, shorter than a block. */
void
hmac_sha256(const uint8_t key[32], struct slice message, uint8_t out[SHA256_BYTES])
{
	uint8_t pad[64] = { 0 }, inner[SHA256_BYTES];
	struct slice parts[2] = { slice_make(pad, sizeof pad), message };

	memcpy(pad, key, 32);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	sha256(parts, 2, inner);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	parts[1] = slice_make(inner, sizeof inner);
	sha256(parts, 2, out);
	OPENSSL_cleanse(pad, sizeof pad);
}

void
hkdf_sha256(const uint8_t key[32], struct slice info, uint8_t *out, size_t n)
{
	EVP_KDF_CTX *c;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.ptr, info.len),
		OSSL_PARAM_construct_end(),
	};

	pthread_once(&once, fetch);
	if ((c = EVP_KDF_CTX_new(hkdf_algorithm)) == NULL || EVP_KDF_derive(c, out, n, params) != 1)
		abort();
	EVP_KDF_CTX_free(c);
}

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void
make_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
		crc_table[i] = crc;
	}
}

static uint32_t
crc_by_table(uint32_t crc, const uint8_t *p, size_t n)
{
	pthread_once(&crc_once, make_crc_table);
	while (n-- > 0)
		crc = crc >> 8 ^ crc_table[(crc ^ *p++) & 0xff];
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
crc_by_instruction(uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t wide = crc;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, sizeof word);
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	while (n-- > 0)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_by_instruction(~crc, bytes, n);
#endif
	return ~crc_by_table(~crc, bytes, n);
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
