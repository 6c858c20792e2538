/* Digests, sealing, keys and tokens, against published vectors and attacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/keeper.h"
#include "crypto/token.h"

static struct arena *arena;
static struct keeper *keeper;
static char dir[] = "/tmp/crypto-test-XXXXXX";

static int
open_keeper(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(1 << 16);
	outcome_init(&o, arena);
	if (mkdtemp(dir) == NULL || !keeper_create(&env_real, dir, "fhir.example", &o))
		return 1;
	keeper = keeper_open(&env_real, dir, &o);
	return keeper == NULL;
}

static int
close_keeper(void **state UNUSED)
{
	char command[128];

	keeper_close(keeper);
	arena_free(arena);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static struct slice
hex(const void *bytes, size_t n)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	encode_hex(&b, bytes, n);
	return buf_slice(&b);
}

/* FIPS 180-4 examples; RFC 4231 case 1 needs a 20-byte key, so the key of RFC 4231
 * case 4 cannot be used either: HMAC is checked with OpenSSL's own below. */
static void
digests_match_their_vectors(void **state UNUSED)
{
	uint8_t out[32], okm[42], key[32] = { 0 };

	sha256_one(SLICE("abc"), out);
	assert_true(slice_is(hex(out, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	sha256(NULL, 0, out);
	assert_true(slice_is(hex(out, 32), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	/* RFC 3720 B.4 */
	assert_int_equal(crc32c(0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32), 0x8a9136aau);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283u);
	/* HMAC-SHA-256 of "" under 32 zero bytes (the same as under an empty key, RFC 2104) */
	hmac_sha256(key, SLICE(""), out);
	assert_true(slice_is(hex(out, 32), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
	hkdf_sha256(key, SLICE("a"), okm, sizeof okm);
	hkdf_sha256(key, SLICE("b"), out, sizeof out);
	assert_memory_not_equal(okm, out, sizeof out);
}

/* FIPS 197 C.3 */
static void
one_block_matches_fips_197(void **state UNUSED)
{
	uint8_t key[32], block[16];
	struct block_cipher *c;

	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	for (int i = 0; i < 16; i++)
		block[i] = (uint8_t)(i * 0x11);
	c = block_cipher_new(key);
	block_encrypt(c, block);
	assert_true(slice_is(hex(block, 16), "8ea2b7ca516745bfeafc49904b496089"));
	block_decrypt(c, block);
	assert_int_equal(block[15], 0xff);
	block_cipher_free(c);
}

static void
sealed_bytes_open_only_as_they_were(void **state UNUSED)
{
	uint8_t key[32] = { 7 };
	struct slice sealed = aead_seal(key, &env_real, SLICE("row 1"), SLICE("a patient"), arena), plain;
	char *changed;

	assert_true(aead_open(key, SLICE("row 1"), sealed, arena, &plain));
	assert_true(slice_is(plain, "a patient"));
	assert_false(aead_open(key, SLICE("row 2"), sealed, arena, &plain));
	for (size_t i = 0; i < sealed.len; i++) {
		changed = slice_cstr(sealed, arena);
		changed[i] ^= 1;
		assert_false(aead_open(key, SLICE("row 1"), slice_make(changed, sealed.len), arena, &plain));
	}
	assert_false(aead_open(key, SLICE("row 1"), slice_sub(sealed, 0, 27), arena, &plain));
	key[0] = 8;
	assert_false(aead_open(key, SLICE("row 1"), sealed, arena, &plain));
}

/* A thread's context keeps the last key: whatever was done before with it, or failed. */
static void
keys_take_turns(void **state UNUSED)
{
	uint8_t keys[2][AEAD_KEY] = { { 1 }, { 2 } };
	struct slice sealed[2], plain;

	for (int turn = 0; turn < 3; turn++) {
		for (int k = 0; k < 2; k++)
			sealed[k] = aead_seal(keys[k], &env_real, SLICE("row"), SLICE("a patient"), arena);
		for (int k = 0; k < 2; k++)
			for (int times = 0; times <= turn; times++) {
				assert_false(aead_open(keys[k], SLICE("row"), sealed[1 - k], arena, &plain));
				assert_true(aead_open(keys[k], SLICE("row"), sealed[k], arena, &plain));
				assert_true(slice_is(plain, "a patient"));
			}
	}
}

static void
data_keys_open_in_their_context(void **state UNUSED)
{
	uint8_t key[32], again[32], wrapped[KEEPER_WRAPPED];

	assert_true(keeper_new_data_key(keeper, SLICE("compartment 1"), key, wrapped));
	assert_true(keeper_unwrap(keeper, SLICE("compartment 1"), slice_make(wrapped, sizeof wrapped), again));
	assert_memory_equal(key, again, 32);
	assert_false(keeper_unwrap(keeper, SLICE("compartment 2"), slice_make(wrapped, sizeof wrapped), again));
	wrapped[20] ^= 1;
	assert_false(keeper_unwrap(keeper, SLICE("compartment 1"), slice_make(wrapped, sizeof wrapped), again));
}

static const char *const not_signing_inputs[] = { "", "a", "a.", ".b", "a.b.c", "a b.c", "a.b\n", "a=.b" };

static void
the_keeper_signs_only_what_it_knows(void **state UNUSED)
{
	uint8_t sig[64], public_key[32];

	for (size_t i = 0; i < COUNT_OF(not_signing_inputs); i++)
		assert_false(keeper_sign_token(keeper, slice_of(not_signing_inputs[i]), sig));
	assert_true(keeper_sign_token(keeper, SLICE("YQ.Yg"), sig));
	assert_true(keeper_verify_token(keeper, SLICE("YQ.Yg"), sig));
	assert_false(keeper_verify_token(keeper, SLICE("YQ.Yw"), sig));
	assert_false(keeper_sign_checkpoint(keeper, SLICE("a"), SLICE("b\n1\n"), sig));
	assert_true(keeper_sign_checkpoint(keeper, SLICE("a"), SLICE("a\n1\n"), sig));
	keeper_checkpoint_key(keeper, public_key);
	assert_true(checkpoint_verify(public_key, SLICE("a\n1\n"), sig));
	assert_false(checkpoint_verify(public_key, SLICE("a\n2\n"), sig));
}

/* The certificate satisfies somebody else: the openssl command. */
static void
the_certificate_verifies(void **state UNUSED)
{
	char command[512];

	snprintf(command, sizeof command, "openssl verify -CAfile %s/keys/ca.crt -verify_hostname localhost"
	    " -purpose sslserver %s/keys/server.crt >/dev/null 2>&1 && openssl verify -CAfile %s/keys/ca.crt"
	    " -verify_hostname fhir.example %s/keys/server.crt >/dev/null 2>&1 && ! openssl verify -CAfile"
	    " %s/keys/ca.crt -verify_hostname evil.example %s/keys/server.crt >/dev/null 2>&1",
	    dir, dir, dir, dir, dir, dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof command, "test \"$(stat -c %%a %s/keys)\" = 700 && test \"$(stat -c %%a"
	    " %s/keys/kek)\" = 600", dir, dir);
	assert_int_equal(system(command), 0);
}

/* Tokens */

#define NOW 1800000000LL

static struct slice
part(const char *text)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	encode_base64url(&b, text, strlen(text));
	return buf_slice(&b);
}

static struct slice
token_of(const char *header, const char *payload)
{
	uint8_t sig[64];
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add(&b, part(header));
	buf_add_char(&b, '.');
	buf_add(&b, part(payload));
	assert_true(keeper_sign_token(keeper, buf_slice(&b), sig));
	buf_add_char(&b, '.');
	encode_base64url(&b, sig, sizeof sig);
	return buf_slice(&b);
}

static enum fault
judge(struct slice compact)
{
	struct outcome o;
	struct token t;

	outcome_init(&o, arena);
	return token_verify(keeper, &limits_default, compact, SLICE("https://i"), SLICE("https://i/fhir"),
	    NOW * 1000, arena, &t, &o) ? FAULT_COUNT : o.worst;
}

static char *
header(const char *before)
{
	char *text = arena_alloc(arena, 400);

	snprintf(text, 400, before, SLICE_FMT(keeper_token_kid(keeper)));
	return text;
}

#define CLAIMS "\"iss\":\"https://i\",\"aud\":\"https://i/fhir\",\"sub\":\"s\",\"client_id\":\"c\"," \
	"\"scope\":\"x\",\"jti\":\"j\""
#define GOOD "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"}"

static const struct { const char *header, *payload; enum fault want; } tokens[] = {
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_COUNT },
	{ GOOD, "{" CLAIMS ",\"iat\":1800000059,\"exp\":1800003600}", FAULT_COUNT },
	{ GOOD, "{" CLAIMS ",\"iat\":1800000061,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ GOOD, "{" CLAIMS ",\"iat\":1799990000,\"exp\":1799999941}", FAULT_COUNT },
	{ GOOD, "{" CLAIMS ",\"iat\":1799990000,\"exp\":1799999939}", FAULT_TOKEN_EXPIRED },
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999}", FAULT_BAD_TOKEN },
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999,\"exp\":1900000000}", FAULT_BAD_TOKEN },
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600,\"nbf\":1800000100}", FAULT_BAD_TOKEN },
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600.5}", FAULT_BAD_TOKEN },
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999,\"exp\":\"1800003600\"}", FAULT_BAD_TOKEN },
	{ GOOD, "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600,\"exp\":1800003601}", FAULT_BAD_TOKEN },
	{ GOOD, "{\"iss\":\"https://other\",\"aud\":\"https://i/fhir\",\"sub\":\"s\",\"client_id\":\"c\",\"scope\":"
	    "\"x\",\"jti\":\"j\",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ GOOD, "{\"iss\":\"https://i\",\"aud\":\"https://i/fhir.evil\",\"sub\":\"s\",\"client_id\":\"c\",\"scope\":"
	    "\"x\",\"jti\":\"j\",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ GOOD, "{\"iss\":\"https://i\",\"aud\":[\"a\",\"b\"],\"sub\":\"s\",\"client_id\":\"c\",\"scope\":"
	    "\"x\",\"jti\":\"j\",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%.*s\"}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../%.*s\"}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\",\"jwk\":{}}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\",\"crit\":[\"b64\"]}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
	{ "{\"alg\":\"ES256\",\"kid\":\"%.*s\"}", "{" CLAIMS ",\"iat\":1799999999,\"exp\":1800003600}", FAULT_BAD_TOKEN },
};

static void
tokens_are_ours_or_nobodys(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(tokens); i++) {
		enum fault got = judge(token_of(header(tokens[i].header), tokens[i].payload));

		if (got != tokens[i].want)
			print_error("row %zu\n", i);
		assert_int_equal(got, tokens[i].want);
	}
}

/* Any other spelling of a good token is another token. */
static void
a_changed_token_is_refused(void **state UNUSED)
{
	struct slice good = token_of(header(tokens[0].header), tokens[0].payload);

	assert_int_equal(judge(good), FAULT_COUNT);
	for (size_t i = 0; i < good.len; i += 3) {
		char *changed = slice_cstr(good, arena);

		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		if (changed[i] == good.ptr[i])
			continue;
		assert_int_equal(judge(slice_make(changed, good.len)), FAULT_BAD_TOKEN);
	}
	assert_int_equal(judge(slice_sub(good, 0, good.len - 1)), FAULT_BAD_TOKEN);
	assert_int_equal(judge(slice_of(strcat(memcpy(arena_alloc(arena, good.len + 2), good.ptr, good.len), "="))),
	    FAULT_BAD_TOKEN);
	assert_int_equal(judge(SLICE("")), FAULT_BAD_TOKEN);
	assert_int_equal(judge(SLICE("..")), FAULT_BAD_TOKEN);
}

static void
issued_tokens_verify(void **state UNUSED)
{
	struct token t = { .issuer = SLICE("https://i"), .audience = SLICE("https://i/fhir"), .subject = SLICE("s\"x"),
		.client_id = SLICE("c"), .scope = SLICE("system/*.rs"), .patient = SLICE("p"), .issued = NOW,
		.expires = NOW + 60 }, got;
	struct slice compact;
	struct outcome o;

	outcome_init(&o, arena);
	assert_true(token_issue(keeper, &env_real, &t, arena, &compact, &o));
	assert_true(token_verify(keeper, &limits_default, compact, t.issuer, t.audience, NOW * 1000, arena, &got, &o));
	assert_true(slice_eq(got.subject, t.subject) && slice_eq(got.patient, t.patient)
	    && slice_eq(got.jti, t.jti) && got.expires == t.expires);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_their_vectors),
		cmocka_unit_test(one_block_matches_fips_197),
		cmocka_unit_test(sealed_bytes_open_only_as_they_were),
		cmocka_unit_test(keys_take_turns),
		cmocka_unit_test(data_keys_open_in_their_context),
		cmocka_unit_test(the_keeper_signs_only_what_it_knows),
		cmocka_unit_test(the_certificate_verifies),
		cmocka_unit_test(tokens_are_ours_or_nobodys),
		cmocka_unit_test(a_changed_token_is_refused),
		cmocka_unit_test(issued_tokens_verify),
	};

	return cmocka_run_group_tests(tests, open_keeper, close_keeper);
}
