/* token.h -- access tokens: ES256 JWTs of our own (RFC 9068, RFC 7519, RFC 8725).
 *
 * One issuer, one algorithm, one type ("at+jwt"): anything else is refused
 * before its claims are looked at, and every refusal reads the same. */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct keeper;
struct limits;
struct outcome;

struct token {
	struct slice issuer, audience;  /* audience: the FHIR base URL */
	struct slice subject, client_id;
	struct slice scope;             /* space separated */
	struct slice patient;           /* launch context: a Patient id, or empty */
	struct slice purpose;           /* purpose of use, v3-PurposeOfUse code, or empty */
	struct slice clearance;         /* v3-Confidentiality code, or empty: "N" */
	struct slice jti;               /* 128 random bits */
	int64_t      issued, expires;   /* seconds since 1970 */
};

/* Fills jti when empty; the compact form in the arena. */
MUST_USE bool token_issue(struct keeper *, const struct env *, struct token *, struct arena *,
    struct slice *compact, struct outcome *);

/* Checks form, header (alg ES256, our kid, typ at+jwt, nothing critical), signature, duplicate
 * members, issuer and audience, exp/nbf/iat with 60 s leeway.  False with
 * FAULT_TOKEN_EXPIRED for one that was good once, else FAULT_BAD_TOKEN. */
MUST_USE bool token_verify(const struct keeper *, const struct limits *, struct slice compact,
    struct slice issuer, struct slice audience, int64_t now_ms, struct arena *,
    struct token *out, struct outcome *);

#endif
