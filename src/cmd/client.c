/* client.c -- firebreak client: the registered clients. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "oauth/registry.h"

static const char usage[] =
    "usage: firebreak client add --dir D --id ID --name NAME --scope SCOPES [--chooses-ids] [--officer]\n"
    "       firebreak client remove --dir D --id ID\n"
    "       firebreak client list --dir D\n"
    "\n"
    "SCOPES is the most that the client may be given, in SMART form, separated by\n"
    "spaces.  --chooses-ids lets it PUT to ids of its own choice; --officer lets its\n"
    "tokens have the clearance Q, which sees what is in quarantine.  A running server\n"
    "notices a change within a second.\n";

struct request {
	const char *dir;
	struct client client;
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "id", required_argument, NULL, 'i' },
	{ "name", required_argument, NULL, 'n' }, { "scope", required_argument, NULL, 's' },
	{ "chooses-ids", no_argument, NULL, 'c' }, { "officer", no_argument, NULL, 'o' }, { "help", no_argument, NULL, '?' }, { 0 },
};

static bool
add(struct registry *r, struct request *q, struct outcome *o)
{
	return registry_add(r, &q->client, o);
}

static bool
remove_client(struct registry *r, struct request *q, struct outcome *o)
{
	return registry_remove(r, q->client.client_id, o);
}

static bool
list(struct registry *r, struct request *q UNUSED, struct outcome *o)
{
	size_t count;
	struct client *all = registry_list(r, o->arena, &count);

	for (size_t i = 0; i < count; i++)
		printf("%-20.*s %s %s %.*s  (%.*s)\n", SLICE_FMT(all[i].client_id),
		    all[i].chooses_ids ? "chooses-ids" : "           ", all[i].officer ? "officer" : "       ",
		    SLICE_FMT(all[i].scope),
		    SLICE_FMT(all[i].name));
	return true;
}

static const struct { const char *name; bool (*run)(struct registry *, struct request *, struct outcome *); }
actions[] = {
	{ "add", add }, { "remove", remove_client }, { "list", list },
};

static int
act(const char *action, struct request *q, struct arena *arena)
{
	struct outcome o;
	struct registry *r;
	int code = EXIT_CANNOT;

	outcome_init(&o, arena);
	if ((r = registry_open(&env_real, q->dir, &o)) == NULL)
		return command_fail(&o, "client");
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (strcmp(action, actions[i].name) == 0)
			code = actions[i].run(r, q, &o) ? EXIT_OK : command_fail(&o, "client");
	registry_close(r);
	return code;
}

int
cmd_client(int argc, char **argv)
{
	struct request q = { .dir = NULL };
	struct arena *arena;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': q.dir = optarg; break;
		case 'i': q.client.client_id = slice_of(optarg); break;
		case 'n': q.client.name = slice_of(optarg); break;
		case 's': q.client.scope = slice_of(optarg); break;
		case 'c': q.client.chooses_ids = true; break;
		case 'o': q.client.officer = true; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (q.dir == NULL || optind + 1 != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	arena = arena_new(4096);
	code = act(argv[optind], &q, arena);
	arena_free(arena);
	return code;
}
