/* reindex.c -- firebreak reindex: the index of a store by the definitions of today. */
#include <getopt.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "exchange/service.h"
#include "server/server.h"
#include "store/store.h"

static const char usage[] =
    "usage: firebreak reindex --dir D [--pack FILE]\n"
    "\n"
    "Makes the search index of the stopped server's store again from the resources, by the\n"
    "definitions pack of today.  A store that was indexed with another pack is refused until then; so is\n"
    "one whose reindexing was broken off.  Versions and the audit log are not touched.  Exit: 0; 2 when it\n"
    "cannot be done.\n";

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

static void
progress(int64_t done)
{
	if (done % 10000 < 500)
		fprintf(stderr, "\r%lld resources", (long long)done);
}

int
cmd_reindex(int argc, char **argv)
{
	const char *dir = NULL, *pack = NULL;
	struct arena *arena = arena_new(4096);
	struct outcome o;
	struct service *s = NULL;
	char path[4096];
	int64_t done = 0;
	int c, code = EXIT_OK;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'p': pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (dir == NULL || optind != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	outcome_init(&o, arena);
	if (!command_pack_path(pack, path, sizeof path))
		code = command_usage("reindex", "there is no definitions pack");
	else if ((s = service_open_to_reindex(&env_real, dir, path, &o)) == NULL)
		code = command_fail(&o, "reindex");
	else if (!store_reindex(s->store, s->index, s->base, progress, &done, &o))
		code = command_fail(&o, "reindex");
	else
		printf("\r%lld resources are indexed\n", (long long)done);
	if (s != NULL)
		service_close(s);
	arena_free(arena);
	return code;
}
