/* import.c -- firebreak import: files through the same path as requests (server/importer.h). */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "exchange/exchange.h"
#include "server/importer.h"
#include "server/pool.h"
#include "server/server.h"

static const char usage[] =
    "usage: firebreak import --dir D [--keep-ids] [--validate full|structure] [--format text|json]\n"
    "                        [--pack FILE] PATH...\n"
    "\n"
    "Stores transaction and batch Bundles, resources (*.json) and NDJSON (*.ndjson);\n"
    "a directory stands for the files in it.  The server must not be running: while it is,\n"
    "use $import (docs/bulk.md).\n"
    "  --keep-ids  resources keep their own ids (the client \"operator\" has the grant)\n"
    "  --validate structure  elements, types and required codes only, no rules or profiles: for data\n"
    "              that was validated before; full is the default\n"
    "An item that was imported before is skipped.  Exit: 0 all is stored; 1 some items\n"
    "were refused, each with its reason; 2 nothing could be done.\n";

struct import {
	struct service *service;
	bool            keep_ids, text, structure_only;
	int64_t         started;        /* monotonic */
	int64_t         shown;
};

static void
print_progress(struct import *m, const struct importer_figures *f)
{
	double seconds = (double)(env_monotonic(&env_real) - m->started) / 1e9;
	double share = f->bytes_total == 0 ? 1 : (double)f->bytes_done / (double)f->bytes_total;

	fprintf(stderr, "\r%" PRIu64 " resources, %.0f/s, %3.0f %%, %.0f s left ", f->resources,
	    (double)f->resources / (seconds > 0 ? seconds : 1), share * 100,
	    share > 0 ? seconds * (1 - share) / share : 0);
}

static void
show_progress(void *ctx, const struct importer_figures *f)
{
	struct import *m = ctx;
	int64_t now = env_monotonic(&env_real);

	if (!isatty(STDERR_FILENO) || now - m->shown < 200000000)
		return;
	m->shown = now;
	print_progress(m, f);
}

static void
show_refusal(void *ctx UNUSED, const char *name, struct exchange *x)
{
	struct buf b;

	if (x == NULL) {
		fprintf(stderr, "firebreak import: %s cannot be read\n", name);
		return;
	}
	buf_init(&b, x->arena, 1 << 20);
	outcome_text(&x->outcome, name, &b);
	fprintf(stderr, "%s%.*s", isatty(STDERR_FILENO) ? "\n" : "", SLICE_FMT(buf_slice(&b)));
}

static int
print_summary(struct import *m, const struct importer_figures *f)
{
	double seconds = (double)(env_monotonic(&env_real) - m->started) / 1e9;

	if (isatty(STDERR_FILENO)) {
		print_progress(m, f);
		fputc('\n', stderr);
	}
	printf(m->text
	    ? "%" PRIu64 " resources stored from %" PRIu64 " items (%" PRIu64 " skipped, %" PRIu64
	      " refused) in %.2f s, %.0f resources/s\n"
	    : "{\"resources\":%" PRIu64 ",\"items\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"refused\":%"
	      PRIu64 ",\"seconds\":%.3f,\"resources_per_second\":%.0f}\n",
	    f->resources, f->items, f->skipped, f->refused, seconds,
	    (double)f->resources / (seconds > 0 ? seconds : 1));
	return f->refused == 0 ? EXIT_OK : EXIT_NEGATIVE;
}

static struct importer_figures
import_all(struct import *m, struct importer *i, char **paths, int count)
{
	m->started = env_monotonic(&env_real);
	for (int k = 0; k < count; k++)
		importer_weigh(i, paths[k]);
	for (int k = 0; k < count; k++)
		importer_take(i, paths[k]);
	importer_wait(i);
	return importer_figures(i);
}

static int
run_import(struct import *m, char **paths, int count, struct arena *arena)
{
	struct importer_config config = { .service = m->service, .keep_ids = m->keep_ids,
		.structure_only = m->structure_only, .refused = show_refusal, .progress = show_progress,
		.ctx = m };
	struct importer_figures figures;
	struct importer *i;
	struct outcome o;

	outcome_init(&o, arena);
	if ((config.pool = pool_new(m->service, 0, &o)) == NULL)
		return command_fail(&o, "import");
	if ((i = importer_new(&config, &o)) == NULL) {
		pool_free(config.pool);
		return command_fail(&o, "import");
	}
	figures = import_all(m, i, paths, count);
	pool_free(config.pool);
	importer_free(i);
	return print_summary(m, &figures);
}

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "keep-ids", no_argument, NULL, 'k' },
	{ "validate", required_argument, NULL, 'v' },
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_import(int argc, char **argv)
{
	const char *dir = NULL, *pack = NULL;
	struct import m = { .text = true };
	struct arena *arena;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'k': m.keep_ids = true; break;
		case 'v':
			if (strcmp(optarg, "full") != 0 && strcmp(optarg, "structure") != 0)
				return command_usage("import", "--validate is full or structure");
			m.structure_only = strcmp(optarg, "structure") == 0;
			break;
		case 'f': m.text = strcmp(optarg, "json") != 0; break;
		case 'p': pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (dir == NULL || optind == argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	arena = arena_new(16384);
	if ((m.service = command_service("import", dir, pack, arena)) == NULL)
		return EXIT_CANNOT;
	code = run_import(&m, argv + optind, argc - optind, arena);
	service_close(m.service);
	arena_free(arena);
	return code;
}
