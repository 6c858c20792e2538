/* init.c -- firebreak init: a data directory that serve can open. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "crypto/keeper.h"
#include "oauth/registry.h"

static const char usage[] =
    "usage: firebreak init --dir D [--dev] [--host NAME] [--listen ADDR:PORT] [--admin ADDR:PORT]\n"
    "\n"
    "Makes D with firebreak.yaml, keys, a certificate authority of its own, a server\n"
    "certificate for localhost (and NAME), and the client \"operator\".\n"
    "  --dev     loopback only; Time Keeping is attested by you instead of the kernel,\n"
    "            and content is not scanned for malware\n"
    "What is already in D is left as it is.\n";

struct request {
	const char *dir, *host, *listen, *admin;
	bool dev;
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "host", required_argument, NULL, 'h' },
	{ "listen", required_argument, NULL, 'l' }, { "admin", required_argument, NULL, 'a' },
	{ "dev", no_argument, NULL, 'D' }, { "help", no_argument, NULL, '?' }, { 0 },
};

static int
read_request(int argc, char **argv, struct request *r)
{
	int c;

	*r = (struct request){ .listen = "127.0.0.1:8443", .admin = "127.0.0.1:9443" };
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': r->dir = optarg; break;
		case 'h': r->host = optarg; break;
		case 'l': r->listen = optarg; break;
		case 'a': r->admin = optarg; break;
		case 'D': r->dev = true; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (r->dir == NULL || optind != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	return -1;
}

static void
write_configuration(const struct request *r, struct buf *b)
{
	const char *port = strrchr(r->listen, ':');
	const char *host = r->host == NULL ? "localhost" : r->host;

	if (port == NULL)
		port = "";
	buf_printf(b, "# firebreak config explain tells of every key.\n"
	    "server:\n  listen: \"%s\"\n  admin_listen: \"%s\"\n  base_url: \"https://%s%s/fhir\"\n"
	    "  hosts: [\"%s%s\", \"127.0.0.1%s\"]\n", r->listen, r->admin, host, port, host, port, port);
	if (r->dev)
		buf_add_cstr(b, "clock:\n  mode: attested\nattachments:\n  scanner: none\njustifications:\n"
		    "  clock.mode: \"development on one machine: the operator vouches for its clock\"\n"
		    "  attachments.scanner: \"development on one machine: invented content, no clamd\"\n");
}

static bool
put_configuration(const struct request *r, struct arena *arena)
{
	char path[4096];
	struct buf b;

	snprintf(path, sizeof path, "%s/firebreak.yaml", r->dir);
	if (access(path, F_OK) == 0)
		return true;
	buf_init(&b, arena, 1 << 16);
	write_configuration(r, &b);
	return env_write_file(&env_real, path, buf_slice(&b), 0600);
}

static bool
put_first_client(const char *dir, struct outcome *o)
{
	struct registry *registry = registry_open(&env_real, dir, o);
	struct client operator = {
		.client_id = SLICE("operator"), .name = SLICE("The operator of this server"),
		.scope = SLICE("system/*.cruds user/*.cruds patient/*.cruds"), .chooses_ids = true,
	};
	struct client there;
	bool good;

	if (registry == NULL)
		return false;
	good = registry_find(registry, operator.client_id, o->arena, &there)
	    || registry_add(registry, &operator, o);
	registry_close(registry);
	return good;
}

static bool
loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "::1:", 4) == 0;
}

int
cmd_init(int argc, char **argv)
{
	struct arena *arena = arena_new(4096);
	struct outcome o;
	struct request r;
	int code = read_request(argc, argv, &r);

	if (code >= 0)
		return code;
	outcome_init(&o, arena);
	if (r.dev && !loopback(r.listen))
		return command_usage("init", "--dev listens on loopback only");
	if (mkdir(r.dir, 0700) != 0 && errno != EEXIST)
		return command_usage("init", "the directory cannot be made");
	if (!put_configuration(&r, arena))
		return command_usage("init", "firebreak.yaml cannot be written");
	if (!keeper_create(&env_real, r.dir, r.host, &o) || !put_first_client(r.dir, &o))
		return command_fail(&o, "init");
	arena_free(arena);
	return EXIT_OK;
}
