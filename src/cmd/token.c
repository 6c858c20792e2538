/* token.c -- firebreak token: the operator's way to an access token.
 *
 * Issued by the same code as any token of this server, within what the client
 * is registered for, and audited: the event is durable in the spool before the
 * token is printed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/env.h"
#include "base/options.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "crypto/keeper.h"
#include "crypto/token.h"
#include "exchange/scope.h"
#include "oauth/registry.h"

static const char usage[] =
    "usage: firebreak token --dir D --scope SCOPES [--client ID] [--patient ID]\n"
    "                       [--purpose CODE] [--clearance U|L|M|N|R|V|Q] [--ttl SECONDS]\n"
    "\n"
    "Prints an access token.  SCOPES are SMART scopes, v1 or v2, separated by spaces,\n"
    "for example \"patient/*.rs\" (with --patient) or \"system/*.cruds\".  The default\n"
    "client is \"operator\".  Clearance Q, which sees what is in quarantine, takes a client\n"
    "that is registered as an officer.  The issue is audited.\n";

struct request {
	const char  *dir;
	struct token token;
	int64_t      ttl;
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "scope", required_argument, NULL, 's' },
	{ "client", required_argument, NULL, 'c' }, { "patient", required_argument, NULL, 'p' },
	{ "purpose", required_argument, NULL, 'u' }, { "clearance", required_argument, NULL, 'l' },
	{ "ttl", required_argument, NULL, 't' }, { "help", no_argument, NULL, '?' }, { 0 },
};

static bool
scope_granted(struct request *q, struct outcome *o)
{
	struct registry *r = registry_open(&env_real, q->dir, o);
	struct client client;
	bool known, covered;

	if (r == NULL)
		return false;
	known = registry_find(r, q->token.client_id, o->arena, &client);
	registry_close(r);
	if (!known)
		return outcome_fail_at_once(o, FAULT_NO_SUCH, "there is no such client");
	if (slice_is(q->token.clearance, "Q") && !client.officer)
		return outcome_fail_at_once(o, FAULT_FORBIDDEN, "the client is not registered as an officer");
	covered = scope_list_covers(client.scope, q->token.scope, o->arena);
	return covered || outcome_fail_at_once(o, FAULT_FORBIDDEN,
	    "the client is not registered for these scopes");
}

static void
address(const struct options *options, struct token *t)
{
	struct slice base = options->server_base_url;

	while (base.len > 0 && base.ptr[base.len - 1] == '/')
		base.len--;
	t->audience = base;
	t->issuer = slice_sub(base, 0, 8 + slice_find(slice_sub(base, 8, base.len), '/'));
}

static bool
record(struct request *q, struct outcome *o)
{
	struct audit_event e = {
		.time = env_wall(&env_real), .interaction = SLICE("token"), .action = 'E', .status = 200,
		.principal = q->token.subject, .client = q->token.client_id, .token_id = q->token.jti,
		.purpose = q->token.purpose,
	};

	env_entropy(&env_real, e.id, sizeof e.id);
	return audit_spool_put(&env_real, q->dir, &e, o);
}

static bool
issue(struct request *q, struct keeper *k, const struct options *options, struct outcome *o)
{
	int64_t now = env_wall(&env_real) / 1000;
	struct slice compact;

	address(options, &q->token);
	q->token.subject = q->token.client_id;
	q->token.issued = now;
	q->token.expires = now + (q->ttl > 0 ? q->ttl : options->token_ttl);
	if (!token_issue(k, &env_real, &q->token, o->arena, &compact, o) || !record(q, o))
		return false;
	printf("%.*s\n", SLICE_FMT(compact));
	return true;
}

static int
run(struct request *q, struct arena *arena)
{
	struct options options;
	struct outcome o;
	struct keeper *k;
	char path[4096];
	bool good;

	outcome_init(&o, arena);
	snprintf(path, sizeof path, "%s/firebreak.yaml", q->dir);
	if (!options_load(&env_real, path, arena, &options, &o) || !scope_granted(q, &o)
	    || (k = keeper_open(&env_real, q->dir, &o)) == NULL)
		return command_fail(&o, "token");
	good = issue(q, k, &options, &o);
	keeper_close(k);
	return good ? EXIT_OK : command_fail(&o, "token");
}

int
cmd_token(int argc, char **argv)
{
	struct request q = { .token = { .client_id = SLICE("operator") } };
	struct arena *arena;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': q.dir = optarg; break;
		case 's': q.token.scope = slice_of(optarg); break;
		case 'c': q.token.client_id = slice_of(optarg); break;
		case 'p': q.token.patient = slice_of(optarg); break;
		case 'u': q.token.purpose = slice_of(optarg); break;
		case 'l': q.token.clearance = slice_of(optarg); break;
		case 't': q.ttl = strtol(optarg, NULL, 10); break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (q.dir == NULL || q.token.scope.len == 0 || optind != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	arena = arena_new(16384);
	code = run(&q, arena);
	arena_free(arena);
	return code;
}
