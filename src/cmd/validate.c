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
#include "json/json.h"
#include "validate/structure.h"
#include "xml/xml.h"

static const char usage[] =
    "usage: firebreak validate [--format text|json] [--pack FILE] PATH...\n"
    "\n"
    "Checks structure, cardinality, primitive formats and required bindings\n"
    "of resources in JSON or XML.\n"
    "  --format json   one OperationOutcome a file, a line each\n"
    "Exit: 0 all are valid; 1 one is not; 2 one could not be read.\n";

static bool
check(const struct pack *pack, struct slice text, struct arena *arena, struct outcome *o)
{
	struct slice trimmed = slice_trim(text);
	bool is_xml = trimmed.len > 0 && (trimmed.ptr[0] == '<' || slice_starts(text, SLICE("\xEF\xBB\xBF<")));
	struct xml_places places;
	const struct type *type;
	struct json j;
	bool good;

	if (is_xml && !xml_read(pack, text, &limits_default, true, arena, &text, &places, o))
		return false;
	if (!json_parse(text, json_bounds(&limits_default, true), arena, &j, o))
		return false;
	type = pack_resource(pack, json_string(&j, json_get(&j, 0, SLICE("resourceType")), arena));
	if (type == NULL)
		return outcome_fail_at_once(o, FAULT_INVALID, "resourceType is not the name of a resource");
	good = validate_structure(pack, type, &j, 0, &limits_default, arena, o);
	if (is_xml)
		xml_replace_places(&places, o);
	return good;
}

static int
validate_file(const struct pack *pack, const char *path, bool as_json)
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
	code = check(pack, text, arena, &o) ? EXIT_OK : EXIT_NEGATIVE;
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

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_validate(int argc, char **argv)
{
	const char *given = NULL, *format = "text";
	struct arena *arena = arena_new(8192);
	char *path = arena_alloc(arena, 4096);
	struct outcome o;
	struct pack *pack;
	int c, worst = EXIT_OK;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'f': format = optarg; break;
		case 'p': given = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	outcome_init(&o, arena);
	if (optind == argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	if (!command_pack_path(given, path, 4096))
		return command_usage("validate", "the definitions pack is not there");
	if ((pack = pack_open(&env_real, path, &o)) == NULL)
		return command_fail(&o, "validate");
	for (int i = optind; i < argc; i++) {
		int code = validate_file(pack, argv[i], strcmp(format, "json") == 0);

		worst = code > worst ? code : worst;
	}
	pack_close(pack);
	arena_free(arena);
	return worst;
}
