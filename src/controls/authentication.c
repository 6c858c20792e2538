/* authentication.c -- Authentication: who is asking.
 *
 * Promises, checked by number in controls_test.c:
 *  (1) Without a token nothing but the open interactions answers: 401 with a
 *      bare Bearer challenge, the same for what exists and what does not.
 *  (2) A token that is not exactly as we issue it is refused with one text,
 *      whatever is wrong with it.
 *  (3) A token in the query, or sent twice, is refused with 400.
 *  (4) A token of a client that is no longer registered is refused.
 * Tokens are never written to a log or an audit record; the jti is. */
#include "controls/authentication.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "controls/control.h"
#include "crypto/digest.h"
#include "crypto/token.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "oauth/registry.h"

#define SLOTS 1024              /* a power of two */

struct token_slot {
	uint8_t           hash[SHA256_BYTES];
	struct principal *who;          /* NULL: empty */
	unsigned          generation;   /* of the registry that it was checked against */
};

struct token_cache {
	struct token_slot slots[SLOTS];
};

struct token_cache *
token_cache_new(void)
{
	struct token_cache *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	return c;
}

void
token_cache_free(struct token_cache *c)
{
	for (size_t i = 0; c != NULL && i < SLOTS; i++)
		principal_release(c->slots[i].who);
	free(c);
}

static struct token_slot *
slot_of(struct token_cache *c, const uint8_t hash[SHA256_BYTES])
{
	return &c->slots[(hash[0] | (size_t)hash[1] << 8) & (SLOTS - 1)];
}

/* v3-Confidentiality, least first; no claim is N, as no label is.  Q is our own, above all of them: what is in
 * quarantine, for clients with the grant. */
static int
clearance_level(struct slice code, bool officer)
{
	static const char codes[] = "ULMNRV";

	if (slice_is(code, "Q"))
		return officer ? QUARANTINE_LEVEL : 5;
	for (int i = 0; code.len == 1 && codes[i] != '\0'; i++)
		if (code.ptr[0] == codes[i])
			return i;
	return 3;
}

static struct principal *
principal_of(const struct token *t, const struct client *client)
{
	struct principal *who = principal_new();
	struct arena *arena = who->arena;

	who->subject = slice_dup(t->subject, arena);
	who->client_id = slice_dup(t->client_id, arena);
	who->token_id = slice_dup(t->jti, arena);
	who->patient = slice_dup(t->patient, arena);
	who->purpose = slice_dup(t->purpose, arena);
	who->scope_text = slice_dup(t->scope, arena);
	who->clearance = clearance_level(t->clearance, client->officer);
	who->scopes = scope_parse_list(who->scope_text, arena, &who->scope_count);
	who->chooses_ids = client->chooses_ids;
	who->expires = t->expires;
	return who;
}

static bool
verify(struct exchange *x, struct slice compact, struct token_slot *slot,
    const uint8_t hash[SHA256_BYTES])
{
	const struct service *s = x->service;
	unsigned generation = registry_generation(s->registry);
	struct client client;
	struct token t;

	if (!token_verify(s->keeper, s->limits, compact, s->issuer, s->base, x->received, x->arena,
	    &t, &x->outcome))
		return false;
	if (!registry_find(s->registry, t.client_id, x->arena, &client))
		return exchange_fail(x, FAULT_BAD_TOKEN, "");
	principal_release(slot->who);
	memcpy(slot->hash, hash, SHA256_BYTES);
	slot->generation = generation;
	slot->who = principal_of(&t, &client);
	return true;
}

#define LEEWAY_SECONDS 60

static bool
identify(struct exchange *x, struct slice compact)
{
	uint8_t hash[SHA256_BYTES];
	struct token_slot *slot;

	sha256_one(compact, hash);
	slot = slot_of(x->worker->tokens, hash);
	if ((slot->who == NULL || slot->generation != registry_generation(x->service->registry)
	    || !secret_equal(slot->hash, hash, sizeof hash)) && !verify(x, compact, slot, hash))
		return false;
	if (x->received / 1000 > slot->who->expires + LEEWAY_SECONDS)
		return exchange_fail(x, FAULT_TOKEN_EXPIRED, "");
	x->who = principal_hold(slot->who);
	arena_defer(x->arena, principal_release, x->who);
	return true;
}

static bool
query_has_token(struct slice query)
{
	while (query.len > 0) {
		struct slice value = slice_cut(&query, '&');

		if (slice_eq_nocase(slice_cut(&value, '='), SLICE("access_token")))
			return true;
	}
	return false;
}

static bool
authentication_request(struct exchange *x)
{
	struct slice header = exchange_header(x, "authorization"), scheme;
	bool open = x->interaction != NULL && x->interaction->open;

	if (x->parent != NULL || open)
		return true;
	if (query_has_token(x->query) || exchange_header_count(x, "authorization") > 1)
		return exchange_fail(x, FAULT_TOKEN_TWICE, "");
	if (header.len == 0)
		return exchange_fail(x, FAULT_NO_LOGIN, "");
	scheme = slice_cut(&header, ' ');
	if (!slice_eq_nocase(scheme, SLICE("Bearer")) || header.len == 0)
		return exchange_fail(x, FAULT_BAD_TOKEN, "");
	return identify(x, header);
}

static void
authentication_status(const struct service *s UNUSED, struct control_status *out)
{
	out->state = CONTROL_DEGRADED;
	snprintf(out->evidence, sizeof out->evidence,
	    "every request but metadata needs our ES256 token of a registered client; "
	    "the authorization server's endpoints are not built, tokens come from the operator");
}

const struct control authentication_control = {
	.name    = "Authentication",
	.rule    = "nobody without a verified access token of a registered client",
	.request = authentication_request,
	.status  = authentication_status,
};
