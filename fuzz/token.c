/* Tokens: any text in place of one is refused, and so is any header and claims under a good signature
 * unless they are those of a token of ours that is still good. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/keeper.h"
#include "crypto/token.h"
#include "json/json.h"

#include "definitions.h"

#define NOW     1767225600
#define ISSUER  "https://localhost:8443"
#define BASE    ISSUER "/fhir"

static struct keeper *
keys(void)
{
	static struct keeper *k;
	struct arena *a;
	struct outcome o;
	char dir[] = "/tmp/firebreak-fuzz-XXXXXX";

	if (k != NULL)
		return k;
	a = arena_new(4096);
	outcome_init(&o, a);
	if (mkdtemp(dir) == NULL || !keeper_create(&env_real, dir, NULL, &o)
	    || (k = keeper_open(&env_real, dir, &o)) == NULL)
		abort();
	arena_free(a);
	return k;
}

static bool
verify(struct slice compact, struct arena *a, struct token *t)
{
	struct outcome o;
	bool good;

	outcome_init(&o, a);
	good = token_verify(keys(), &limits_default, compact, SLICE(ISSUER), SLICE(BASE), (int64_t)NOW * 1000, a, t, &o);
	if (good == o.failed)
		abort();
	return good;
}

/* The parts as they are, under our signature. */
static struct slice
sealed(struct slice header, struct slice claims, struct arena *a)
{
	uint8_t signature[64];
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	encode_base64url(&b, header.ptr, header.len);
	buf_add_char(&b, '.');
	encode_base64url(&b, claims.ptr, claims.len);
	if (!keeper_sign_token(keys(), buf_slice(&b), signature))
		return SLICE_NONE;
	buf_add_char(&b, '.');
	encode_base64url(&b, signature, sizeof signature);
	return buf_slice(&b);
}

static void
check_claims(struct slice claims, struct arena *a)
{
	struct slice compact;
	struct token t = { 0 };
	struct buf header;

	buf_init(&header, a, 4096);
	buf_printf(&header, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"}", SLICE_FMT(keeper_token_kid(keys())));
	compact = sealed(buf_slice(&header), claims, a);
	if (compact.len > 0 && verify(compact, a, &t)
	    && (!slice_is(t.issuer, ISSUER) || t.expires < NOW - 60 || t.issued > NOW + 60 || t.jti.len == 0))
		abort();
}

static void
check_header(struct slice header, struct arena *a)
{
	struct slice claims = SLICE("{\"iss\":\"" ISSUER "\",\"aud\":\"" BASE "\",\"sub\":\"a\",\"client_id\":\"b\","
	    "\"scope\":\"system/*.r\",\"jti\":\"abcdefghijklmnopqrstuv\",\"iat\":1767225600,\"exp\":1767229200}");
	struct slice compact = sealed(header, claims, a), alg = SLICE_NONE;
	struct outcome o;
	struct token t;
	struct json j;

	if (compact.len == 0 || !verify(compact, a, &t))
		return;
	outcome_init(&o, a);
	if (json_parse(header, json_bounds(&limits_default, false), a, &j, &o))
		alg = json_string(&j, json_get(&j, 0, SLICE("alg")), a);
	if (!slice_is(alg, "ES256"))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);
	struct slice text = slice_make(bytes, n);
	struct token t;

	if (verify(text, a, &t))
		abort();                /* nobody guesses a signature */
	check_claims(text, a);
	check_header(text, a);
	arena_free(a);
	return 0;
}
