/* fhirpath.c -- firebreak fhirpath: an expression over a file. */
#include <getopt.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "fhirpath/fhirpath.h"
#include "fhir/pack.h"

static const char usage[] =
    "usage: firebreak fhirpath [--pack FILE] EXPRESSION FILE\n"
    "\n"
    "Evaluates a FHIRPath expression over a resource in JSON; prints the items, one\n"
    "JSON value a line.  Exit: 0; 1 the expression does not apply; 2 the file or the\n"
    "expression cannot be read.\n";

static void
print_item(const struct item *i, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	if (i->kind == ITEM_NODE && i->node != ITEM_ABSENT)
		json_write_node(&b, i->json, i->node);
	else if (i->kind == ITEM_BOOLEAN || i->kind == ITEM_INTEGER || i->kind == ITEM_DECIMAL)
		buf_add(&b, item_text(i, arena));
	else
		json_write_string(&b, i->kind == ITEM_TYPE ? i->text : item_text(i, arena));
	printf("%.*s\n", SLICE_FMT(buf_slice(&b)));
}

static int
evaluate(const struct pack *pack, struct slice expression, struct slice text, struct outcome *o)
{
	const struct type *type;
	struct fhirpath *f;
	struct json j;
	struct items items;
	struct item focus;

	if (!json_parse(text, json_bounds(&limits_default, true), o->arena, &j, o))
		return EXIT_CANNOT;
	type = pack_resource(pack, json_string(&j, json_get(&j, 0, SLICE("resourceType")), o->arena));
	if (type == NULL) {
		outcome_fail_at_once(o, FAULT_INVALID, "resourceType is not the name of a resource");
		return EXIT_CANNOT;
	}
	if ((f = fhirpath_compile(pack, expression, NULL, &limits_default, o->arena, o)) == NULL)
		return EXIT_CANNOT;
	focus = fhirpath_node(&j, 0, type);
	if (!fhirpath_evaluate(f, &(struct fhirpath_scope){ .pack = pack, .limits = &limits_default,
	    .env = &env_real, .resource = focus, .root = focus }, focus, o->arena, &items, o))
		return EXIT_NEGATIVE;
	for (uint32_t i = 0; i < items.count; i++)
		print_item(&items.at[i], o->arena);
	return EXIT_OK;
}

static const struct option long_options[] = {
	{ "pack", required_argument, NULL, 'p' }, { "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_fhirpath(int argc, char **argv)
{
	const char *given = NULL;
	struct arena *arena = arena_new(1 << 16);
	char *path = arena_alloc(arena, 4096);
	struct pack *pack;
	struct outcome o;
	struct slice text;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'p': given = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (optind + 2 != argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	outcome_init(&o, arena);
	if (!command_pack_path(given, path, 4096))
		return command_usage("fhirpath", "the definitions pack is not there");
	if ((pack = pack_open(&env_real, path, &o)) == NULL)
		return command_fail(&o, "fhirpath");
	if (!env_read_file(&env_real, argv[optind + 1], (size_t)1 << 30, arena, &text))
		return command_usage("fhirpath", "the file cannot be read");
	code = evaluate(pack, slice_of(argv[optind]), text, &o);
	if (code != EXIT_OK)
		command_fail(&o, "fhirpath");
	pack_close(pack);
	arena_free(arena);
	return code;
}
