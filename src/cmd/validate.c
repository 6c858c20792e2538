/* validate.c -- firebreak validate: files against the definitions, offline. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "fhir/pack.h"
#include "fhir/package_store.h"
#include "json/json.h"
#include "validate/validate.h"
#include "xml/xml.h"

#define PROFILES_MAX 16
#define PACKAGES_MAX 16

static const char usage[] =
    "usage: firebreak validate [--format text|json] [--pack FILE] [--package FILE.tgz]... [--dir D]\n"
    "                          [--profile URL]... [--extensions known|any] [--understand] PATH...\n"
    "\n"
    "Checks resources in JSON or XML against the definitions: structure, invariants, bindings,\n"
    "references, extensions, and the profiles that they claim.\n"
    "  --format json   one OperationOutcome a file, a line each\n"
    "  --package FILE  an implementation guide's package to use beside the pack\n"
    "  --dir D         use the packages that were added to this data directory\n"
    "  --profile URL   a profile of the pack to check against as well\n"
    "  --extensions any   an extension without a definition is a warning, not an error\n"
    "  --understand    refuse modifier extensions and implicitRules, as the server does\n"
    "Exit: 0 all are valid; 1 one is not; 2 one could not be read.\n";

/* Offline nobody is kept waiting: definitions are larger than patients. */
static struct limits file_limits;

static void
set_limits(void)
{
	file_limits = limits_default;
	file_limits.of[LIMIT_ARRAY_ITEMS] = limit_rows[LIMIT_ARRAY_ITEMS].ceiling;
}

static bool
check(const struct validator *v, const struct validation *how, struct slice text, struct arena *arena, struct outcome *o)
{
	struct slice trimmed = slice_trim(text);
	bool is_xml = trimmed.len > 0 && (trimmed.ptr[0] == '<' || slice_starts(text, SLICE("\xEF\xBB\xBF<")));
	struct xml_places places;
	const struct type *type;
	struct json j;
	bool good;

	if (is_xml && !xml_read(validator_pack(v), text, &file_limits, true, arena, &text, &places, o))
		return false;
	if (!json_parse(text, json_bounds(&file_limits, true), arena, &j, o))
		return false;
	type = pack_resource(validator_pack(v), json_string(&j, json_get(&j, 0, SLICE("resourceType")), arena));
	if (type == NULL)
		return outcome_fail_at_once(o, FAULT_INVALID, "resourceType is not the name of a resource");
	good = validate_resource(v, how, type, &j, 0, arena, o);
	if (is_xml)
		xml_replace_places(&places, o);
	return good;
}

static int
validate_file(const struct validator *v, const struct validation *how, const char *path, bool as_json)
{
	struct arena *arena = arena_new(1 << 16);
	struct outcome o;
	struct slice text;
	struct buf b;
	int code;

	outcome_init(&o, arena);
	if (!env_read_file(&env_real, path, (size_t)1 << 30, arena, &text)) {
		fprintf(stderr, "firebreak validate: %s cannot be read\n", path);
		arena_free(arena);
		return EXIT_CANNOT;
	}
	code = check(v, how, text, arena, &o) ? EXIT_OK : EXIT_NEGATIVE;
	buf_init(&b, arena, (size_t)1 << 24);
	if (as_json) {
		outcome_json(&o, &b);
		buf_add_char(&b, '\n');
	} else {
		outcome_text(&o, path, &b);
	}
	printf("%.*s", SLICE_FMT(buf_slice(&b)));
	arena_free(arena);
	return code;
}

static bool
add_package(struct pack *pack, const char *path, struct arena *arena, struct outcome *o)
{
	struct package package;
	struct slice tgz;

	if (!env_read_file(&env_real, path, file_limits.of[LIMIT_PACKAGE_BYTES], arena, &tgz))
		return outcome_fail_at_once(o, FAULT_INVALID, "a package cannot be read");
	return package_compile(tgz, pack, &env_real, &file_limits, arena, &package, o)
	    && pack_add(pack, package.compiled, o);
}

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "package", required_argument, NULL, 'g' }, { "dir", required_argument, NULL, 'd' },
	{ "profile", required_argument, NULL, 'r' }, { "understand", no_argument, NULL, 'u' },
	{ "extensions", required_argument, NULL, 'e' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_validate(int argc, char **argv)
{
	const char *given = NULL, *format = "text", *dir = NULL, *packages[PACKAGES_MAX];
	struct arena *arena = arena_new(8192);
	char *path = arena_alloc(arena, 4096);
	struct outcome o;
	struct slice profiles[PROFILES_MAX];
	struct validation how = { .profiles = profiles, .extensions_known = true,
		.codes = true };
	const struct validator *v;
	struct pack *pack;
	int c, worst = EXIT_OK, package_count = 0;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'f': format = optarg; break;
		case 'p': given = optarg; break;
		case 'd': dir = optarg; break;
		case 'g':
			if (package_count == PACKAGES_MAX)
				return command_usage("validate", "too many packages");
			packages[package_count++] = optarg;
			break;
		case 'r':
			if (how.profile_count == PROFILES_MAX)
				return command_usage("validate", "too many profiles");
			profiles[how.profile_count++] = slice_of(optarg);
			break;
		case 'u': how.understand = true; break;
		case 'e': how.extensions_known = strcmp(optarg, "any") != 0; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	outcome_init(&o, arena);
	set_limits();
	if (optind == argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	if (!command_pack_path(given, path, 4096))
		return command_usage("validate", "the definitions pack is not there");
	if ((pack = pack_open(&env_real, path, &o)) == NULL)
		return command_fail(&o, "validate");
	if (dir != NULL && !package_store_load(pack, &env_real, dir, arena, &o))
		return command_fail(&o, "validate");
	for (int i = 0; i < package_count; i++)
		if (!add_package(pack, packages[i], arena, &o))
			return command_fail(&o, "validate");
	if ((v = validator_new(pack, &file_limits, &env_real, arena, &o)) == NULL)
		return command_fail(&o, "validate");
	for (int i = optind; i < argc; i++) {
		int code = validate_file(v, &how, argv[i], strcmp(format, "json") == 0);

		worst = code > worst ? code : worst;
	}
	pack_close(pack);
	arena_free(arena);
	return worst;
}
