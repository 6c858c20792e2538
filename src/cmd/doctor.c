/* doctor.c -- firebreak doctor: the eleven controls, with evidence. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cmd/common.h"
#include "controls/control.h"
#include "server/admin.h"
#include "server/server.h"

static const char usage[] =
    "usage: firebreak doctor --dir D [--format text|json] [--pack FILE]\n"
    "\n"
    "One line for each of the eleven controls: enforced, degraded, failed or not\n"
    "built, and what was looked at.  Exit: 0; 1 when one failed; 2 when D cannot be\n"
    "opened (a running server has it locked: ask its /controls instead).\n";

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "format", required_argument, NULL, 'f' },
	{ "pack", required_argument, NULL, 'p' }, { "help", no_argument, NULL, '?' }, { 0 },
};

static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m", "\033[31m" };

static void
print_text(const struct service *s)
{
	bool tty = isatty(STDOUT_FILENO);

	for (int i = 0; i < controls_count; i++) {
		struct control_status status;

		control_state_of(controls[i], s, &status);
		printf("%2d  %-28s %s%-9s%s  %s\n", i + 1, controls[i]->name,
		    tty ? colours[status.state] : "", control_state_name(status.state),
		    tty ? "\033[0m" : "", status.evidence);
	}
}

static bool
any_failed(const struct service *s)
{
	struct control_status status;

	for (int i = 0; i < controls_count; i++) {
		control_state_of(controls[i], s, &status);
		if (status.state == CONTROL_FAILED)
			return true;
	}
	return false;
}

int
cmd_doctor(int argc, char **argv)
{
	const char *dir = NULL, *pack = NULL, *format = "text";
	struct arena *arena = arena_new(4096);
	struct service *s;
	struct buf b;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'f': format = optarg; break;
		case 'p': pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (dir == NULL || optind != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	if ((s = command_service("doctor", dir, pack, arena)) == NULL) {
		arena_free(arena);
		return EXIT_CANNOT;
	}
	buf_init(&b, arena, 1 << 16);
	admin_write_controls(s, &b);
	if (strcmp(format, "json") == 0)
		printf("%.*s\n", SLICE_FMT(buf_slice(&b)));
	else
		print_text(s);
	code = any_failed(s) ? EXIT_NEGATIVE : EXIT_OK;
	service_close(s);
	arena_free(arena);
	return code;
}
