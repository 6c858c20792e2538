/* audit.c -- firebreak audit: the log, checked and read offline. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "crypto/keeper.h"

static const char usage[] =
    "usage: firebreak audit verify --dir D\n"
    "       firebreak audit show --dir D [--from N] [--count N]\n"
    "\n"
    "verify  checks every record, the chain, the Merkle tree and the signed checkpoint.\n"
    "        Exit: 0 good; 3 tampered (the first bad record is named); 4 cut short;\n"
    "        5 not the log that was signed; 6 a tail older than 2 s is not signed.\n"
    "show    prints records as FHIR R4 AuditEvents, one JSON line for each patient of a record.\n";

struct request {
	const char *dir;
	uint64_t    from, left;
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "from", required_argument, NULL, 'f' },
	{ "count", required_argument, NULL, 'c' }, { "help", no_argument, NULL, '?' }, { 0 },
};

static bool
print_one(void *ctx, uint64_t index UNUSED, struct slice json)
{
	struct request *q = ctx;

	printf("%.*s\n", SLICE_FMT(json));
	return --q->left > 0;
}

static int
verify(struct request *q, struct keeper *k, struct outcome *o)
{
	struct buf report;
	int code;

	buf_init(&report, o->arena, 1 << 20);
	code = audit_verify(&env_real, k, q->dir, &report);
	fprintf(code == 0 ? stdout : stderr, "%.*s", SLICE_FMT(buf_slice(&report)));
	return code;
}

static int
show(struct request *q, struct keeper *k, struct outcome *o)
{
	return audit_show(&env_real, k, q->dir, q->from, print_one, q, o) ? EXIT_OK
	    : command_fail(o, "audit");
}

int
cmd_audit(int argc, char **argv)
{
	struct request q = { .left = UINT64_MAX };
	struct arena *arena;
	struct keeper *k;
	struct outcome o;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': q.dir = optarg; break;
		case 'f': q.from = strtoull(optarg, NULL, 10); break;
		case 'c': q.left = strtoull(optarg, NULL, 10); break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (q.dir == NULL || optind + 1 != argc || q.left == 0
	    || (strcmp(argv[optind], "verify") != 0 && strcmp(argv[optind], "show") != 0))
		return fputs(usage, stderr), EXIT_CANNOT;
	arena = arena_new(16384);
	outcome_init(&o, arena);
	if ((k = keeper_open(&env_real, q.dir, &o)) == NULL)
		return command_fail(&o, "audit");
	code = strcmp(argv[optind], "verify") == 0 ? verify(&q, k, &o) : show(&q, k, &o);
	keeper_close(k);
	arena_free(arena);
	return code;
}
