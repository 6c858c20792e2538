/* token.c -- see token.h.
 *
 * The order of a check: form, header, signature, claims.  Only after the
 * signature is good is a claim looked at, and only an expired token of ours is
 * told apart from one that never was good. */
#include "crypto/token.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "crypto/keeper.h"
#include "json/json.h"

#define LEEWAY       60
#define LIFETIME_MAX 86400

static void
add_claim(struct buf *b, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	buf_printf(b, ",\"%s\":", name);
	json_write_string(b, value);
}

static void
write_payload(struct buf *b, const struct token *t)
{
	buf_add(b, SLICE("{\"iss\":"));
	json_write_string(b, t->issuer);
	add_claim(b, "aud", t->audience);
	add_claim(b, "sub", t->subject);
	add_claim(b, "client_id", t->client_id);
	add_claim(b, "scope", t->scope);
	add_claim(b, "patient", t->patient);
	add_claim(b, "purpose_of_use", t->purpose);
	add_claim(b, "clearance", t->clearance);
	add_claim(b, "jti", t->jti);
	buf_printf(b, ",\"iat\":%lld,\"exp\":%lld}", (long long)t->issued, (long long)t->expires);
}

static void
make_jti(const struct env *env, struct token *t, struct arena *arena)
{
	uint8_t bytes[16];
	struct buf b;

	env_entropy(env, bytes, sizeof bytes);
	buf_init(&b, arena, 32);
	encode_base64url(&b, bytes, sizeof bytes);
	t->jti = buf_slice(&b);
}

bool
token_issue(struct keeper *k, const struct env *env, struct token *t, struct arena *arena,
    struct slice *compact, struct outcome *o)
{
	struct buf header, payload, whole;
	uint8_t sig[64];

	if (t->jti.len == 0)
		make_jti(env, t, arena);
	buf_init(&header, arena, 512);
	buf_printf(&header, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"}",
	    SLICE_FMT(keeper_token_kid(k)));
	buf_init(&payload, arena, 8192);
	write_payload(&payload, t);
	buf_init(&whole, arena, 16384);
	encode_base64url(&whole, header.ptr, header.len);
	buf_add_char(&whole, '.');
	encode_base64url(&whole, payload.ptr, payload.len);
	if (!buf_ok(&payload) || !keeper_sign_token(k, buf_slice(&whole), sig))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the token cannot be signed");
	buf_add_char(&whole, '.');
	encode_base64url(&whole, sig, sizeof sig);
	*compact = buf_slice(&whole);
	return true;
}

static bool
read_object(struct slice part, struct arena *arena, struct json *j)
{
	static const struct json_bounds small = { .depth = 4, .nodes = 128, .number = 20, .key = 64 };
	struct outcome aside;
	struct slice text;

	outcome_init(&aside, arena);
	return decode_base64url(part, arena, &text)
	    && json_parse(text, small, arena, j, &aside) && json_type(j, 0) == JSON_OBJECT;
}

/* Exactly alg, typ and kid, with our values: no jwk, jku, x5c, crit, zip. */
static bool
header_good(const struct keeper *k, struct slice part, struct arena *arena)
{
	struct json j;

	return read_object(part, arena, &j) && json_size(&j, 0) == 3
	    && json_is(&j, json_get(&j, 0, SLICE("alg")), SLICE("ES256"))
	    && json_is(&j, json_get(&j, 0, SLICE("typ")), SLICE("at+jwt"))
	    && json_is(&j, json_get(&j, 0, SLICE("kid")), keeper_token_kid(k));
}

static bool
signature_good(const struct keeper *k, struct slice input, struct slice part, struct arena *arena)
{
	struct slice sig;

	return decode_base64url(part, arena, &sig) && sig.len == 64
	    && keeper_verify_token(k, input, (const uint8_t *)sig.ptr);
}

static bool
text_claim(const struct json *j, struct slice name, bool required, struct arena *arena,
    struct slice *out)
{
	uint32_t node = json_get(j, 0, name);

	*out = SLICE_NONE;
	if (node == 0)
		return !required;
	if (json_type(j, node) != JSON_STRING)
		return false;
	*out = json_string(j, node, arena);
	return out->len > 0;
}

static bool
time_claim(const struct json *j, struct slice name, int64_t *out)
{
	uint32_t node = json_get(j, 0, name);
	uint64_t n;

	if (node == 0 || json_type(j, node) != JSON_NUMBER || !slice_uint(json_raw(j, node), &n)
	    || n > INT64_MAX / 2000)
		return false;
	*out = (int64_t)n;
	return true;
}

static const struct { struct slice name; bool required; size_t offset; } text_claims[] = {
	{ SLICE_INIT("iss"),            true,  offsetof(struct token, issuer) },
	{ SLICE_INIT("aud"),            true,  offsetof(struct token, audience) },
	{ SLICE_INIT("sub"),            true,  offsetof(struct token, subject) },
	{ SLICE_INIT("client_id"),      true,  offsetof(struct token, client_id) },
	{ SLICE_INIT("scope"),          true,  offsetof(struct token, scope) },
	{ SLICE_INIT("jti"),            true,  offsetof(struct token, jti) },
	{ SLICE_INIT("patient"),        false, offsetof(struct token, patient) },
	{ SLICE_INIT("purpose_of_use"), false, offsetof(struct token, purpose) },
	{ SLICE_INIT("clearance"),      false, offsetof(struct token, clearance) },
};

static bool
read_claims(const struct json *j, struct arena *arena, struct token *t)
{
	for (size_t i = 0; i < COUNT_OF(text_claims); i++)
		if (!text_claim(j, text_claims[i].name, text_claims[i].required, arena,
		    (struct slice *)(void *)((char *)t + text_claims[i].offset)))
			return false;
	return time_claim(j, SLICE("iat"), &t->issued) && time_claim(j, SLICE("exp"), &t->expires);
}

static bool
times_good(const struct json *j, const struct token *t, int64_t now)
{
	int64_t not_before = t->issued;

	if (json_get(j, 0, SLICE("nbf")) != 0 && !time_claim(j, SLICE("nbf"), &not_before))
		return false;
	return t->issued <= now + LEEWAY && not_before <= now + LEEWAY && t->expires > t->issued
	    && t->expires - t->issued <= LIFETIME_MAX;
}

bool
token_verify(const struct keeper *k, const struct limits *l, struct slice compact,
    struct slice issuer, struct slice audience, int64_t now_ms, struct arena *arena,
    struct token *t, struct outcome *o)
{
	struct slice sig = compact, header = slice_cut(&sig, '.'), payload = slice_cut(&sig, '.');
	struct slice input = slice_make(compact.ptr, header.len + 1 + payload.len);
	struct json j;

	*t = (struct token){ .issued = 0 };
	if (compact.len > l->of[LIMIT_TOKEN] || sig.len == 0 || slice_find(sig, '.') != sig.len
	    || !header_good(k, header, arena) || !signature_good(k, input, sig, arena)
	    || !read_object(payload, arena, &j) || !read_claims(&j, arena, t)
	    || !slice_eq(t->issuer, issuer) || !slice_eq(t->audience, audience)
	    || !times_good(&j, t, now_ms / 1000))
		return outcome_fail_at_once(o, FAULT_BAD_TOKEN, "");
	if (now_ms / 1000 > t->expires + LEEWAY)
		return outcome_fail_at_once(o, FAULT_TOKEN_EXPIRED, "");
	return true;
}
