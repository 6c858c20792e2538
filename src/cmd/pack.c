/* pack.c -- firebreak pack: FHIR packages to one definitions pack. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "fhir/pack.h"

static const char usage[] =
    "usage: firebreak pack --out FILE PACKAGE...\n"
    "\n"
    "Compiles unpacked npm packages of FHIR definitions (directories) into the\n"
    "memory-mapped file that every other command reads.  The same packages give the\n"
    "same bytes.\n";

static const struct option long_options[] = {
	{ "out", required_argument, NULL, 'o' }, { "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_pack(int argc, char **argv)
{
	const char *out = NULL;
	struct arena *arena = arena_new(4096);
	struct outcome o;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'o': out = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (out == NULL || optind == argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	outcome_init(&o, arena);
	if (!pack_build(&env_real, (const char *const *)(argv + optind), argc - optind, out, &o))
		return command_fail(&o, "pack");
	arena_free(arena);
	return EXIT_OK;
}
