/* aead.c -- see aead.h. */
#include "crypto/aead.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"

#define NONCE 12
#define TAG   16

static EVP_CIPHER *gcm, *ecb;
static pthread_key_t contexts_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define BLOCK_CONTEXTS 8

/* A thread's own.  A context that keeps its cipher needs not be made anew for another key, and one
 * that keeps its key not even that. */
struct contexts {
	EVP_CIPHER_CTX *gcm;
	uint8_t key[AEAD_KEY];          /* that it has: most of what is opened at once is of one compartment */
	bool    keyed;
	struct { uint64_t of; EVP_CIPHER_CTX *context; } block[BLOCK_CONTEXTS];
};

static void
free_contexts(void *contexts)
{
	struct contexts *c = contexts;

	EVP_CIPHER_CTX_free(c->gcm);
	for (size_t i = 0; i < BLOCK_CONTEXTS; i++)
		EVP_CIPHER_CTX_free(c->block[i].context);
	OPENSSL_cleanse(c, sizeof *c);
	free(c);
}

static void
fetch(void)
{
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	if (gcm == NULL || ecb == NULL || pthread_key_create(&contexts_key, free_contexts) != 0)
		abort();
}

static struct contexts *
contexts(void)
{
	struct contexts *c;

	pthread_once(&once, fetch);
	if ((c = pthread_getspecific(contexts_key)) != NULL)
		return c;
	if ((c = calloc(1, sizeof *c)) == NULL || (c->gcm = EVP_CIPHER_CTX_new()) == NULL
	    || EVP_CipherInit_ex2(c->gcm, gcm, NULL, NULL, 1, NULL) != 1
	    || pthread_setspecific(contexts_key, c) != 0)
		abort();
	return c;
}

/* With this key and nonce. */
static EVP_CIPHER_CTX *
gcm_context(const uint8_t key[AEAD_KEY], const uint8_t *nonce, int encrypt)
{
	struct contexts *c = contexts();
	bool same = c->keyed && CRYPTO_memcmp(c->key, key, AEAD_KEY) == 0;

	if (EVP_CipherInit_ex2(c->gcm, NULL, same ? NULL : key, nonce, encrypt, NULL) != 1)
		abort();
	memcpy(c->key, key, AEAD_KEY);
	c->keyed = true;
	return c->gcm;
}

/* Feeds the associated data and then the text; lengths are bounded by the callers' limits. */
static bool
feed(EVP_CIPHER_CTX *c, struct slice associated, struct slice in, uint8_t *out)
{
	int n;

	if (associated.len > INT_MAX || in.len > INT_MAX)
		return false;
	return EVP_CipherUpdate(c, NULL, &n, (const uint8_t *)associated.ptr, (int)associated.len) == 1
	    && EVP_CipherUpdate(c, out, &n, (const uint8_t *)in.ptr, (int)in.len) == 1;
}

struct slice
aead_seal(const uint8_t key[AEAD_KEY], const struct env *env, struct slice associated,
    struct slice plain, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, plain.len + AEAD_OVERHEAD);
	EVP_CIPHER_CTX *c;
	int n;

	env_entropy(env, out, NONCE);
	c = gcm_context(key, out, 1);
	if (!feed(c, associated, plain, out + NONCE)
	    || EVP_EncryptFinal_ex(c, out + NONCE + plain.len, &n) != 1
	    || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, out + NONCE + plain.len) != 1)
		abort();
	return slice_make(out, plain.len + AEAD_OVERHEAD);
}

bool
aead_open(const uint8_t key[AEAD_KEY], struct slice associated, struct slice sealed,
    struct arena *arena, struct slice *plain)
{
	const uint8_t *in = (const uint8_t *)sealed.ptr;
	EVP_CIPHER_CTX *c;
	uint8_t *out;
	size_t len;
	int n;

	if (sealed.len < AEAD_OVERHEAD)
		return false;
	len = sealed.len - AEAD_OVERHEAD;
	out = arena_alloc(arena, len + 1);
	c = gcm_context(key, in, 0);
	if (!feed(c, associated, slice_make(in + NONCE, len), out)
	    || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, (void *)(in + NONCE + len)) != 1
	    || EVP_DecryptFinal_ex(c, out + len, &n) != 1) {
		OPENSSL_cleanse(out, len);
		return false;
	}
	*plain = slice_make(out, len);
	return true;
}

struct block_cipher {
	uint64_t number;                /* never given out twice */
	uint8_t  key[32];
};

struct block_cipher *
block_cipher_new(const uint8_t key[32])
{
	static atomic_ullong last;
	struct block_cipher *b = malloc(sizeof *b);

	if (b == NULL)
		abort();
	b->number = atomic_fetch_add(&last, 1) + 1;
	memcpy(b->key, key, sizeof b->key);
	return b;
}

void
block_cipher_free(struct block_cipher *b)
{
	if (b != NULL)
		OPENSSL_cleanse(b, sizeof *b);
	free(b);
}

/* The thread's context with this key and direction. */
static EVP_CIPHER_CTX *
block_context(const struct block_cipher *b, int encrypt)
{
	uint64_t of = b->number * 2 + (uint64_t)encrypt;
	struct contexts *all = contexts();
	size_t at = of % BLOCK_CONTEXTS;

	if (all->block[at].of == of)
		return all->block[at].context;
	if (all->block[at].context == NULL && (all->block[at].context = EVP_CIPHER_CTX_new()) == NULL)
		abort();
	if (EVP_CipherInit_ex2(all->block[at].context, ecb, b->key, NULL, encrypt, NULL) != 1
	    || EVP_CIPHER_CTX_set_padding(all->block[at].context, 0) != 1)
		abort();
	all->block[at].of = of;
	return all->block[at].context;
}

static void
one_block(const struct block_cipher *b, uint8_t block[16], int encrypt)
{
	uint8_t out[32];
	int n;

	if (EVP_CipherUpdate(block_context(b, encrypt), out, &n, block, 16) != 1 || n != 16)
		abort();
	memcpy(block, out, 16);
}

void
block_encrypt(const struct block_cipher *b, uint8_t block[16])
{
	one_block(b, block, 1);
}

void
block_decrypt(const struct block_cipher *b, uint8_t block[16])
{
	one_block(b, block, 0);
}
