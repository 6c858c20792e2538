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
#include "search/ucum.h"
#include "validate/validate.h"
#include "xml/xml.h"

#define PROFILES_MAX 16
#define PACKAGES_MAX 16
#define WITH_MAX     256

static const char usage[] =
    "usage: firebreak validate [--format text|json] [--pack FILE] [--package FILE.tgz]... [--dir D]\n"
    "                          [--with FILE]... [--profile URL]... [--extensions known|any]\n"
    "                          [--understand] PATH...\n"
    "\n"
    "Checks resources in JSON or XML against the definitions: structure, invariants, bindings,\n"
    "references, extensions, and the profiles that they claim.\n"
    "  --format json   one OperationOutcome a file, a line each\n"
    "  --package FILE  an implementation guide's package to use beside the pack\n"
    "  --dir D         use the packages that were added to this data directory\n"
    "  --with FILE     a profile, extension, value set, code system or questionnaire to use as well\n"
    "  --profile URL   a profile of the pack to check against as well\n"
    "  --extensions any   an extension without a definition is a warning, not an error\n"
    "  --understand    refuse modifier extensions and implicitRules, as the server does\n"
    "Exit: 0 all are valid; 1 one is not; 2 one could not be read.\n";

struct request {
	const char *pack, *format, *dir, *packages[PACKAGES_MAX], *with[WITH_MAX];
	int         package_count, with_count;
	struct slice profiles[PROFILES_MAX], texts[WITH_MAX];   /* texts: of `with`, as JSON */
	struct validation how;
	struct arena *arena;
	struct outcome o;
};

/* Offline nobody is kept waiting: definitions are larger than patients. */
static struct limits file_limits;

static void
set_limits(void)
{
	file_limits = limits_default;
	file_limits.of[LIMIT_ARRAY_ITEMS] = limit_rows[LIMIT_ARRAY_ITEMS].ceiling;
	file_limits.of[LIMIT_PROFILE_STEPS] = limit_rows[LIMIT_PROFILE_STEPS].ceiling / 10;
}

static bool
is_xml(struct slice text)
{
	struct slice trimmed = slice_trim(text);

	return (trimmed.len > 0 && trimmed.ptr[0] == '<') || slice_starts(text, SLICE("\xEF\xBB\xBF<"));
}

static bool
check(const struct validator *v, const struct validation *how, struct slice text, struct arena *arena, struct outcome *o)
{
	bool xml = is_xml(text);
	struct xml_places places;
	const struct type *type;
	struct json j;
	bool good;

	if (xml && !xml_read(validator_pack(v), text, &file_limits, XML_BUNDLE, arena, &text, &places, o))
		return false;
	if (!json_parse(text, json_bounds(&file_limits, true), arena, &j, o))
		return false;
	type = pack_resource(validator_pack(v), json_string(&j, json_get(&j, 0, SLICE("resourceType")), arena));
	if (type == NULL)
		return outcome_fail_at_once(o, FAULT_INVALID, "resourceType is not the name of a resource");
	good = validate_resource(v, how, type, &j, 0, arena, o);
	if (xml)
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
add_package(struct request *q, struct pack *pack, const char *path)
{
	struct package package;
	struct slice tgz;

	if (!env_read_file(&env_real, path, file_limits.of[LIMIT_PACKAGE_BYTES], q->arena, &tgz))
		return outcome_fail_at_once(&q->o, FAULT_INVALID, "a package cannot be read");
	return package_compile(tgz, pack, &env_real, &file_limits, q->arena, &package, &q->o)
	    && pack_add(pack, package.compiled, &q->o);
}

static bool
read_with(struct request *q, const struct pack *pack, int i)
{
	struct xml_places places;
	struct slice *text = &q->texts[i];

	if (!env_read_file(&env_real, q->with[i], (size_t)1 << 30, q->arena, text))
		return outcome_fail_at_once(&q->o, FAULT_INVALID, "a file given by --with cannot be read");
	return !is_xml(*text) || xml_read(pack, *text, &file_limits, XML_BUNDLE | XML_ANY_ORDER, q->arena, text, &places, &q->o);
}

static bool
add_all(struct request *q, struct pack *pack)
{
	struct package loose;

	if (q->dir != NULL && !package_store_load(pack, &env_real, q->dir, q->arena, &q->o))
		return false;
	for (int i = 0; i < q->package_count; i++)
		if (!add_package(q, pack, q->packages[i]))
			return false;
	for (int i = 0; i < q->with_count; i++)
		if (!read_with(q, pack, i))
			return false;
	return q->with_count == 0 || (package_compile_texts(q->texts, (uint32_t)q->with_count, pack, &env_real,
	    q->arena, &loose, &q->o) && pack_add(pack, loose.compiled, &q->o));
}

/* Among the files given by --with. */
static bool
find_questionnaire(void *ctx, struct slice url, struct json *out)
{
	struct request *q = ctx;

	for (int i = 0; i < q->with_count; i++) {
		struct outcome ignored;

		outcome_init(&ignored, q->arena);
		if (json_parse(q->texts[i], json_bounds(&file_limits, true), q->arena, out, &ignored)
		    && json_is(out, json_get(out, 0, SLICE("resourceType")), SLICE("Questionnaire"))
		    && json_is(out, json_get(out, 0, SLICE("url")), url))
			return true;
	}
	return false;
}

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "package", required_argument, NULL, 'g' }, { "dir", required_argument, NULL, 'd' },
	{ "profile", required_argument, NULL, 'r' }, { "understand", no_argument, NULL, 'u' },
	{ "extensions", required_argument, NULL, 'e' }, { "with", required_argument, NULL, 'w' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

/* -1 to go on, else the exit code. */
static int
read_request(int argc, char **argv, struct request *q)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'f': q->format = optarg; break;
		case 'p': q->pack = optarg; break;
		case 'd': q->dir = optarg; break;
		case 'g':
			if (q->package_count == PACKAGES_MAX)
				return command_usage("validate", "too many packages");
			q->packages[q->package_count++] = optarg;
			break;
		case 'w':
			if (q->with_count == WITH_MAX)
				return command_usage("validate", "too many files given by --with");
			q->with[q->with_count++] = optarg;
			break;
		case 'r':
			if (q->how.profile_count == PROFILES_MAX)
				return command_usage("validate", "too many profiles");
			q->profiles[q->how.profile_count++] = slice_of(optarg);
			break;
		case 'u': q->how.understand = true; break;
		case 'e': q->how.extensions_known = strcmp(optarg, "any") != 0; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (optind == argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	return -1;
}

/* What the guides that are used want of every resource. */
static bool
impose_globals(struct request *q, struct validator *v, const struct pack *pack)
{
	uint32_t count = 0;
	struct slice *urls = arena_array(q->arena, pack_profile_count(pack) + 1, sizeof *urls);

	for (uint32_t i = 0; i < pack_profile_count(pack); i++)
		if (pack_profile_at(pack, i)->global && pack_profile_at(pack, i)->type->kind == TYPE_RESOURCE)
			urls[count++] = pack_profile_at(pack, i)->url;
	return validator_impose(v, urls, count, &q->o);
}

static int
run(struct request *q, struct pack *pack, char **paths, int count)
{
	struct validator *v;
	int worst = EXIT_OK;

	if (!add_all(q, pack) || (v = validator_new(pack, &file_limits, &env_real, q->arena, &q->o)) == NULL)
		return command_fail(&q->o, "validate");
	validator_use_units(v, ucum_canonical);
	if (!impose_globals(q, v, pack))
		return command_fail(&q->o, "validate");
	for (int i = 0; i < count; i++) {
		int code = validate_file(v, &q->how, paths[i], strcmp(q->format, "json") == 0);

		worst = code > worst ? code : worst;
	}
	return worst;
}

int
cmd_validate(int argc, char **argv)
{
	struct arena *arena = arena_new(1 << 16);
	struct request *q = arena_alloc(arena, sizeof *q);
	char *path = arena_alloc(arena, 4096);
	struct pack *pack;
	int code;

	*q = (struct request){ .format = "text", .arena = arena };
	q->how = (struct validation){ .profiles = q->profiles, .extensions_known = true, .codes = true,
		.find_questionnaire = find_questionnaire, .find_ctx = q };
	outcome_init(&q->o, arena);
	set_limits();
	if ((code = read_request(argc, argv, q)) >= 0)
		;
	else if (!command_pack_path(q->pack, path, 4096))
		code = command_usage("validate", "the definitions pack is not there");
	else if ((pack = pack_open(&env_real, path, &q->o)) == NULL)
		code = command_fail(&q->o, "validate");
	else {
		code = run(q, pack, argv + optind, argc - optind);
		pack_close(pack);
	}
	arena_free(arena);
	return code;
}
