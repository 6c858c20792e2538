/* quarantine.c -- firebreak quarantine: what is held, and what becomes of it. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cmd/common.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "server/house.h"
#include "server/recheck.h"
#include "server/server.h"

static const char usage[] =
    "usage: firebreak quarantine list --dir D [--format text|json]\n"
    "       firebreak quarantine release --dir D --id TYPE/ID\n"
    "       firebreak quarantine rescan  --dir D --id TYPE/ID\n"
    "       firebreak quarantine destroy --dir D --id TYPE/ID\n"
    "       firebreak quarantine check   --dir D [--id TYPE/ID]\n"
    "\n"
    "With attachments.policy quarantine, new resources whose content is infected or could\n"
    "not be scanned are stored where only a security officer sees them.  release lets one\n"
    "of them out as it is, rescan does if the scanner calls it clean now, destroy takes\n"
    "away its bytes for good.  check inspects what is stored again, all versions of one\n"
    "resource or of every resource, and what is infected now is held: for after the\n"
    "scanner has got new signatures; a server does so by itself.  All are audited.  The server must not be running; of a\n"
    "running one call $quarantine, and $quarantine-release, -rescan, -destroy on the\n"
    "resource, with a token of clearance Q.  Exit: 0; 1 refused; 2 nothing could be done.\n";

static const struct { const char *name, *operation; } actions[] = {
	{ "list", NULL }, { "release", "quarantine-release" }, { "rescan", "quarantine-rescan" },
	{ "destroy", "quarantine-destroy" }, { "check", "quarantine-check" },
};

struct request {
	const char *dir, *id, *format, *pack;
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "id", required_argument, NULL, 'i' },
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

/* The value[x] of a part: its second member. */
static uint32_t
value_of(const struct json *j, uint32_t part)
{
	return json_next(j, part, json_first(j, part)) + 1;
}

/* One line for each: resource, since, state, signature, SHA-256 of the content. */
static void
print_list(struct slice bytes, struct arena *arena)
{
	const struct json_bounds bounds = { .depth = 64, .nodes = 1 << 20, .number = 64, .key = 256 };
	struct outcome aside;
	uint32_t list;
	struct json j;

	outcome_init(&aside, arena);
	if (!json_parse(bytes, bounds, arena, &j, &aside)
	    || (list = json_get(&j, 0, SLICE("parameter"))) == 0)
		return;
	for (uint32_t n = json_first(&j, list); n != 0; n = json_next(&j, list, n)) {
		uint32_t parts = json_get(&j, n, SLICE("part"));

		for (uint32_t p = json_first(&j, parts); p != 0; p = json_next(&j, parts, p))
			printf("%.*s%c", SLICE_FMT(json_raw(&j, value_of(&j, p))),
			    json_next(&j, parts, p) == 0 ? '\n' : ' ');
	}
}

static int
run(const char *operation, const struct request *q, struct service *s, struct worker *w,
    struct arena *arena)
{
	struct exchange *x;
	struct buf path;

	buf_init(&path, arena, 4096);
	if (operation == NULL)
		buf_add_cstr(&path, "$quarantine");
	else
		buf_printf(&path, "%.1000s/$%s", q->id, operation);
	x = house_run(s, w, SLICE("operator"), operation == NULL ? SLICE("GET") : SLICE("POST"),
	    buf_slice(&path), arena);
	if (x->outcome.failed) {
		command_fail(&x->outcome, "quarantine");
		return EXIT_NEGATIVE;
	}
	if (operation == NULL && strcmp(q->format, "json") == 0)
		printf("%.*s\n", SLICE_FMT(x->bytes));
	else if (operation == NULL)
		print_list(x->bytes, arena);
	return EXIT_OK;
}

static void
print_held(struct slice type, struct slice id)
{
	printf("%.*s/%.*s is held\n", SLICE_FMT(type), SLICE_FMT(id));
}

/* One resource, or every one. */
static bool
check_pieces(struct recheck *r, const char *one, struct outcome *o)
{
	struct slice id = slice_of(one == NULL ? "" : one), type = slice_cut(&id, '/');
	bool more = true;

	if (one != NULL)
		return recheck_one(r, type, id) ? r->checked > 0 || outcome_fail_at_once(o, FAULT_NO_SUCH, "")
		    : outcome_fail_at_once(o, FAULT_UNAVAILABLE, "");
	while (more) {
		if (!recheck_piece(r, &more, o))
			return false;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%" PRIu64 " resources ", r->checked);
	}
	return true;
}

static int
check(struct service *s, struct worker *w, const char *one, struct arena *arena)
{
	struct recheck r = { .service = s, .worker = w, .who = SLICE("operator"), .held = print_held };
	struct outcome o;

	outcome_init(&o, arena);
	if (!check_pieces(&r, one, &o) || !recheck_end(&r, &o))
		return command_fail(&o, "quarantine");
	printf("%" PRIu64 " resources checked, %" PRIu64 " held, %" PRIu64 " could not be inspected\n",
	    r.checked, r.held_count, r.failed);
	return r.failed == 0 ? EXIT_OK : EXIT_NEGATIVE;
}

static int
act(const char *operation, const struct request *q, struct arena *arena)
{
	struct service *s = command_service("quarantine", q->dir, q->pack, arena);
	struct worker w = { .service = s };
	struct outcome o;
	int code;

	if (s == NULL)
		return EXIT_CANNOT;
	outcome_init(&o, arena);
	if (!worker_open(&w, s, &o)) {
		service_close(s);
		return command_fail(&o, "quarantine");
	}
	code = operation != NULL && strcmp(operation, "quarantine-check") == 0 ? check(s, &w, q->id, arena)
	    : run(operation, q, s, &w, arena);
	worker_close(&w);
	service_close(s);
	return code;
}

int
cmd_quarantine(int argc, char **argv)
{
	struct request q = { .format = "text" };
	struct arena *arena;
	int c, code = -1;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': q.dir = optarg; break;
		case 'i': q.id = optarg; break;
		case 'f': q.format = optarg; break;
		case 'p': q.pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	arena = arena_new(16384);
	for (size_t i = 0; q.dir != NULL && optind + 1 == argc && i < COUNT_OF(actions); i++)
		if (strcmp(argv[optind], actions[i].name) == 0
		    && ((actions[i].operation == NULL) == (q.id == NULL)
		    || (q.id == NULL && strcmp(actions[i].name, "check") == 0)))
			code = act(actions[i].operation, &q, arena);
	arena_free(arena);
	return code >= 0 ? code : (fputs(usage, stderr), EXIT_CANNOT);
}
