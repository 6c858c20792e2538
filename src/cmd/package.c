/* package.c -- firebreak package: implementation guides beside the definitions pack. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "fhir/pack.h"
#include "fhir/package_store.h"
#include "validate/validate.h"

static const char usage[] =
    "usage: firebreak package add FILE.tgz --dir D [--allow-missing] [--pack FILE]\n"
    "       firebreak package refresh --dir D [--pack FILE]\n"
    "       firebreak package list --dir D\n"
    "       firebreak package remove NAME[@VERSION] --dir D\n"
    "\n"
    "Compiles the profiles, extensions, value sets and code systems of a FHIR package beside\n"
    "the definitions pack, for the server and `validate --dir D`.  Nothing is fetched: bring the\n"
    "file, and those that it depends on first.  Its SHA-256 and that of the result are pinned.\n"
    "  --allow-missing  add it although packages that it depends on are not there\n"
    "  refresh         compile all of them anew, after the definitions pack has changed\n"
    "The server reads its packages when it starts.\n"
    "Exit: 0 done; 1 a dependency is missing, or another package needs it; 2 cannot be done.\n";

struct request {
	const char *dir, *pack, *what;
	bool allow_missing;
	struct arena *arena;
	struct outcome o;
};

static int
fail(struct request *q)
{
	int code = q->o.worst == FAULT_CONFLICT ? EXIT_NEGATIVE : EXIT_CANNOT;

	command_fail(&q->o, "package");
	return code;
}

static struct pack *
open_pack(struct request *q)
{
	char *path = arena_alloc(q->arena, 4096);

	if (!command_pack_path(q->pack, path, 4096)) {
		outcome_fail_at_once(&q->o, FAULT_UNAVAILABLE, "the definitions pack is not there");
		return NULL;
	}
	return pack_open(&env_real, path, &q->o);
}

static int
tell_missing(const struct package *p, const struct package_need *missing, uint32_t count, bool allowed)
{
	for (uint32_t i = 0; i < count; i++)
		fprintf(stderr, "firebreak package: %.*s@%.*s needs %.*s@%.*s, which is not there\n",
		    SLICE_FMT(p->name), SLICE_FMT(p->version), SLICE_FMT(missing[i].name),
		    SLICE_FMT(missing[i].version));
	return count == 0 || allowed ? EXIT_OK : EXIT_NEGATIVE;
}

/* Its constraints must compile, or the server would not start. */
static bool
usable(struct request *q, struct pack *pack, const struct package *p)
{
	return pack_add(pack, p->compiled, &q->o)
	    && validator_new(pack, &limits_default, &env_real, q->arena, &q->o) != NULL;
}

static int
add_to(struct request *q, struct pack *pack, struct slice tgz)
{
	const struct package_need *missing;
	struct stored_packages all;
	struct package p;
	uint32_t count;

	if (!package_store_list(&env_real, q->dir, q->arena, &all, &q->o)
	    || !package_store_load(pack, &env_real, q->dir, q->arena, &q->o)
	    || !package_compile(tgz, pack, &env_real, &limits_default, q->arena, &p, &q->o))
		return fail(q);
	missing = package_store_missing(pack, &all, &p, q->arena, &count);
	if (tell_missing(&p, missing, count, q->allow_missing) != EXIT_OK)
		return EXIT_NEGATIVE;
	if (!usable(q, pack, &p)
	    || !package_store_add(&env_real, q->dir, tgz, &p, q->arena, &q->o))
		return fail(q);
	printf("%.*s@%.*s: %u profiles and extensions", SLICE_FMT(p.name), SLICE_FMT(p.version), p.profiles);
	if (p.left_out > 0)
		printf(", %u left out: the definitions they build on are not here", p.left_out);
	putchar('\n');
	return EXIT_OK;
}

static int
add(struct request *q)
{
	struct pack *pack = open_pack(q);
	struct slice tgz;
	int code;

	if (pack == NULL)
		return fail(q);
	if (!env_read_file(&env_real, q->what, limits_default.of[LIMIT_PACKAGE_BYTES], q->arena, &tgz))
		code = command_usage("package", "the file cannot be read");
	else
		code = add_to(q, pack, tgz);
	pack_close(pack);
	return code;
}

static int
refresh(struct request *q)
{
	struct pack *pack = open_pack(q);
	bool good = pack != NULL && package_store_refresh(pack, &env_real, q->dir, &limits_default, q->arena, &q->o);

	pack_close(pack);
	return good ? EXIT_OK : fail(q);
}

static int
list(struct request *q)
{
	struct stored_packages all;

	if (!package_store_list(&env_real, q->dir, q->arena, &all, &q->o))
		return fail(q);
	for (uint32_t i = 0; i < all.count; i++)
		printf("%.*s@%.*s %u sha256:%.*s\n", SLICE_FMT(all.at[i].name), SLICE_FMT(all.at[i].version),
		    all.at[i].profiles, SLICE_FMT(all.at[i].source));
	return EXIT_OK;
}

static int
remove_one(struct request *q)
{
	struct slice version = slice_of(q->what), name = slice_cut(&version, '@');

	return package_store_remove(&env_real, q->dir, name, version, q->arena, &q->o) ? EXIT_OK : fail(q);
}

static const struct {
	const char *name;
	bool takes_one;
	int (*run)(struct request *);
} actions[] = {
	{ "add", true, add }, { "refresh", false, refresh }, { "list", false, list }, { "remove", true, remove_one },
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "pack", required_argument, NULL, 'p' },
	{ "allow-missing", no_argument, NULL, 'm' }, { "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_package(int argc, char **argv)
{
	struct request q = { 0 };
	int c, code = EXIT_CANNOT;
	size_t i;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': q.dir = optarg; break;
		case 'p': q.pack = optarg; break;
		case 'm': q.allow_missing = true; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	for (i = 0; optind < argc && i < COUNT_OF(actions); i++)
		if (strcmp(argv[optind], actions[i].name) == 0)
			break;
	if (q.dir == NULL || optind == argc || i == COUNT_OF(actions)
	    || argc - optind - 1 != actions[i].takes_one)
		return fputs(usage, stderr), EXIT_CANNOT;
	q.arena = arena_new(1 << 16);
	outcome_init(&q.o, q.arena);
	q.what = argv[optind + 1];
	code = actions[i].run(&q);
	arena_free(q.arena);
	return code;
}
