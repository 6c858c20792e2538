/* communications.c -- Communications Security: what surrounds every answer.
 *
 * TLS itself is the listener's (http/).  Here: security headers, CORS by exact
 * registered origin (never "*" on FHIR data, never credentials), and caches
 * kept away from patient data (controls 0.3, 2.3 C7 and C8). */
#include "controls/control.h"

#include <stdio.h>

#include "controls/narrative.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"

static const struct http_header always[] = {
	{ SLICE_INIT("strict-transport-security"), SLICE_INIT("max-age=63072000; includeSubDomains") },
	{ SLICE_INIT("x-content-type-options"),    SLICE_INIT("nosniff") },
	{ SLICE_INIT("content-security-policy"),
	    SLICE_INIT("default-src 'none'; frame-ancestors 'none'; sandbox") },
	{ SLICE_INIT("referrer-policy"),              SLICE_INIT("no-referrer") },
	{ SLICE_INIT("cross-origin-resource-policy"), SLICE_INIT("same-origin") },
	{ SLICE_INIT("cross-origin-opener-policy"),   SLICE_INIT("same-origin") },
	{ SLICE_INIT("cache-control"),                SLICE_INIT("no-store") },
	{ SLICE_INIT("vary"), SLICE_INIT("Authorization, Accept, Accept-Language, Origin, Prefer") },
};

static bool
origin_registered(const struct service *s, struct slice origin)
{
	for (size_t i = 0; i < s->options.server_origins.count; i++)
		if (slice_eq(s->options.server_origins.at[i], origin))
			return true;
	return false;
}

static void
allow_origin(struct exchange *x)
{
	struct slice origin = exchange_header(x, "origin");
	bool open = x->interaction != NULL && x->interaction->open
	    && x->interaction->shape != PATH_NONE;

	if (origin.len == 0 || (!open && !origin_registered(x->service, origin)))
		return;
	exchange_add_header(x, "access-control-allow-origin", open ? SLICE("*") : origin);
	exchange_add_header(x, "access-control-expose-headers", SLICE("etag, location, content-location, "
	    "last-modified, dpop-nonce, www-authenticate, x-request-id"));
	if (!slice_is(x->method, "OPTIONS"))
		return;
	exchange_add_header(x, "access-control-allow-methods", SLICE("GET, HEAD, POST, PUT, PATCH, DELETE"));
	exchange_add_header(x, "access-control-allow-headers", SLICE("authorization, content-type, "
	    "if-match, if-none-match, if-none-exist, prefer, dpop, x-request-id, idempotency-key"));
	exchange_add_header(x, "access-control-max-age", SLICE("600"));
}

static bool
communications_response(struct exchange *x)
{
	if (x->parent != NULL)
		return true;
	for (size_t i = 0; i < COUNT_OF(always); i++)
		x->out[x->out_count++] = x->as_html && slice_eq(always[i].name, narrative_page_csp.name)
		    ? narrative_page_csp : always[i];
	allow_origin(x);
	return true;
}

static void
communications_status(const struct service *s UNUSED, struct control_status *out)
{
	out->state = CONTROL_ENFORCED;
	snprintf(out->evidence, sizeof out->evidence,
	    "TLS 1.2 and 1.3 with ECDHE and AEAD only; strict framing; security headers");
}

const struct control communications_control = {
	.name     = "Communications Security",
	.rule     = "TLS 1.2 or 1.3 only, strict HTTP framing, no caching, exact origins",
	.response = communications_response,
	.status   = communications_status,
};
