/* serve.c -- firebreak serve: the server in the foreground. */
#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/log.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "exchange/service.h"
#include "server/server.h"

static const char usage[] =
    "usage: firebreak serve --dir D [--listen ADDR:PORT] [--pack FILE]\n"
    "\n"
    "Serves the data directory D until SIGINT or SIGTERM.  The FHIR base is the\n"
    "server.base_url of D/firebreak.yaml.  Prints one line when it is ready.\n";

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "listen", required_argument, NULL, 'l' },
	{ "pack", required_argument, NULL, 'p' }, { "help", no_argument, NULL, '?' }, { 0 },
};

/* Keys and patients are in this process: no core files, no ptrace by others. */
static void
harden(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void
announce(void *ctx, int port)
{
	const struct service *s = ctx;

	printf("ready %.*s port %d\n", SLICE_FMT(s->base), port);
	fflush(stdout);
}

int
cmd_serve(int argc, char **argv)
{
	const char *dir = NULL, *listen = NULL, *pack = NULL;
	struct arena *arena = arena_new(4096);
	struct service *s;
	struct outcome o;
	bool good;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'l': listen = optarg; break;
		case 'p': pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (dir == NULL || optind != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	harden();
	if ((s = command_service("serve", dir, pack, arena)) == NULL)
		return EXIT_CANNOT;
	outcome_init(&o, arena);
	if (listen == NULL)
		listen = slice_cstr(s->options.server_listen, s->arena);
	good = server_run(s, listen, announce, s, &o);
	service_close(s);
	if (!good)
		return command_fail(&o, "serve");
	arena_free(arena);
	return EXIT_OK;
}
