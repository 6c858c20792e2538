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
    "usage: firebreak reindex --dir D [--pack FILE] [--status]\n"
    "\n"
    "Makes the search index of the stopped server's store again from the resources, by the\n"
    "definitions pack of today.  A store that was indexed with another pack is refused until then; so is\n"
    "one whose reindexing was broken off.  Versions and the audit log are not touched.  With --status it\n"
    "only tells which custom search parameters there are and how far the index has them (of a running\n"
    "server: GET SearchParameter/$status).  Exit: 0; 2 when it cannot be done.\n";

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "pack", required_argument, NULL, 'p' },
	{ "status", no_argument, NULL, 's' }, { "help", no_argument, NULL, '?' }, { 0 },
};

static void
progress(int64_t done)
{
	if (done % 10000 < 500)
		fprintf(stderr, "\r%lld resources", (long long)done);
}

static bool
print_parameters(const struct service *s, struct arena *arena, struct outcome *o)
{
	struct store_reader *r = store_reader_open(s->store, o);
	struct store_parameter *all;
	uint32_t count = 0;
	bool good = r != NULL && store_begin(r, o) && store_parameters(r, -1, true, arena, &all, &count, o);

	for (uint32_t i = 0; good && i < count; i++) {
		printf("%-40.*s %s", SLICE_FMT(all[i].param->url), all[i].ready ? "ready" : "indexing");
		if (!all[i].ready)
			printf(", %lld of %lld", (long long)all[i].done, (long long)all[i].total);
		if (all[i].failed > 0)
			printf(", fails on %lld", (long long)all[i].failed);
		printf("  %.*s.%.*s\n", SLICE_FMT(all[i].param->on->name), SLICE_FMT(all[i].param->code));
	}
	if (r != NULL)
		store_end(r);
	store_reader_close(r);
	return good;
}

static bool
make_again(const struct service *s, struct outcome *o)
{
	int64_t done = 0;

	if (!store_reindex(s->store, s->base, progress, &done, o))
		return false;
	printf("\r%lld resources are indexed\n", (long long)done);
	return true;
}

int
cmd_reindex(int argc, char **argv)
{
	const char *dir = NULL, *pack = NULL;
	struct arena *arena = arena_new(4096);
	struct outcome o;
	struct service *s = NULL;
	char path[4096];
	bool status = false;
	int c, code = EXIT_OK;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'p': pack = optarg; break;
		case 's': status = true; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (dir == NULL || optind != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	outcome_init(&o, arena);
	if (!command_pack_path(pack, path, sizeof path))
		code = command_usage("reindex", "there is no definitions pack");
	else if ((s = status ? service_open(&env_real, dir, path, &o)
	    : service_open_to_reindex(&env_real, dir, path, &o)) == NULL)
		code = command_fail(&o, "reindex");
	else if (!(status ? print_parameters(s, arena, &o) : make_again(s, &o)))
		code = command_fail(&o, "reindex");
	if (s != NULL)
		service_close(s);
	arena_free(arena);
	return code;
}
