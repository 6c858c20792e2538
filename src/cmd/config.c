/* config.c -- firebreak config explain. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/options.h"
#include "cmd/common.h"

static const char usage[] =
    "usage: firebreak config explain\n"
    "\n"
    "Prints every key of firebreak.yaml with its default, its meaning and the\n"
    "control it belongs to.\n";

int
cmd_config(int argc, char **argv)
{
	struct arena *arena;
	struct buf b;

	if (argc != 2 || strcmp(argv[1], "explain") != 0) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;

		fputs(usage, asked ? stdout : stderr);
		return asked ? EXIT_OK : EXIT_CANNOT;
	}
	arena = arena_new(4096);
	buf_init(&b, arena, 1 << 20);
	options_explain(&b);
	printf("%.*s", SLICE_FMT(buf_slice(&b)));
	arena_free(arena);
	return EXIT_OK;
}
