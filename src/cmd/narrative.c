/* narrative.c -- firebreak narrative: the narratives of files, as the server judges,
 * cleans, shows and makes them. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/options.h"
#include "base/outcome.h"
#include "cmd/common.h"
#include "controls/narrative.h"
#include "fhir/pack.h"
#include "json/json.h"

static const char usage[] =
    "usage: firebreak narrative [--as report|clean|html|generated] [--links web|secure]\n"
    "                           [--images embedded|remote] [--pack FILE] PATH...\n"
    "\n"
    "The narratives of resources in JSON, by the rules of the server.\n"
    "  --as report     what is wrong with them, a line each (the default)\n"
    "  --as clean      each as it is without that: {\"path\",\"div\"}, a line each; div is null\n"
    "                  where nothing can be read or is left\n"
    "  --as html       a page, as Accept: text/html is answered with\n"
    "  --as generated  the text that is made of the elements\n"
    "Exit: 0 all are good; 1 one is not; 2 one could not be read.\n";

struct work {
	struct options     options;
	const struct pack *pack;        /* NULL: not needed */
	const char        *path;
	struct arena      *arena;
	struct json        json;
	struct outcome     outcome;
};

static bool
each_narrative(struct work *w, bool (*take)(struct work *, const struct narrative_text *))
{
	struct narrative *all;
	struct slice name = json_string(&w->json, json_get(&w->json, 0, SLICE("resourceType")), w->arena);
	uint32_t count = narratives_find(&w->json, 0, name, w->arena, &all);
	struct xhtml_ids *ids = NULL;
	bool good = true;

	for (uint32_t i = 0; i < count; i++) {
		struct narrative_text t = { &w->json, &all[i], &w->options, w->arena, NULL };

		if (i == 0 || all[i].outer != all[i - 1].outer)
			ids = narratives_ids(&w->json, all[i].outer, w->arena);
		t.ids = ids;
		good &= take(w, &t);
	}
	return good;
}

static bool
report(struct work *w, const struct narrative_text *t)
{
	struct xhtml found;
	bool good = narrative_read(t, XHTML_AS_NOTHING, SLICE_NONE, NULL, &found);
	struct buf b;

	outcome_clear(&w->outcome);
	narrative_report(t, &found, false, &w->outcome);
	buf_init(&b, w->arena, SIZE_MAX);
	if (w->outcome.first != NULL)
		outcome_text(&w->outcome, w->path, &b);
	printf("%.*s", SLICE_FMT(buf_slice(&b)));
	return good;
}

static bool
clean(struct work *w, const struct narrative_text *t)
{
	struct xhtml found;
	struct buf left, b;
	bool good;

	buf_init(&left, w->arena, SIZE_MAX);
	good = narrative_read(t, XHTML_AS_XML, SLICE_NONE, &left, &found);
	buf_init(&b, w->arena, SIZE_MAX);
	buf_add(&b, SLICE("{\"path\":"));
	json_write_string(&b, t->at->path);
	buf_add(&b, SLICE(",\"div\":"));
	if (found.readable && found.says)
		json_write_string(&b, buf_slice(&left));
	else
		buf_add(&b, SLICE("null"));
	printf("%.*s}\n", SLICE_FMT(buf_slice(&b)));
	return good;
}

static bool
as_report(struct work *w)
{
	return each_narrative(w, report);
}

static bool
as_clean(struct work *w)
{
	return each_narrative(w, clean);
}

static bool
as_html(struct work *w)
{
	struct buf b;
	bool good;

	buf_init(&b, w->arena, SIZE_MAX);
	good = narrative_page(w->json.text, w->pack, &w->options, w->arena, &b);
	printf("%.*s", SLICE_FMT(buf_slice(&b)));
	return good;
}

static bool
as_generated(struct work *w)
{
	const struct type *type = pack_resource(w->pack, json_string(&w->json, json_get(&w->json, 0,
	    SLICE("resourceType")), w->arena));

	if (type == NULL || type_element(type, SLICE("text")) == NULL)
		return false;
	printf("{%.*s}\n", SLICE_FMT(narrate_member(w->pack, &w->json, 0, type, &w->options.limits, w->arena)));
	return true;
}

static const struct mode {
	const char *name;
	bool (*run)(struct work *);
	bool  needs_pack;
} modes[] = {
	{ "report", as_report, false }, { "clean", as_clean, false }, { "html", as_html, true },
	{ "generated", as_generated, true },
};

static int
take_file(struct work *w, const struct mode *mode, const char *path)
{
	struct slice text;
	int code = EXIT_CANNOT;

	w->path = path;
	w->arena = arena_new(1 << 16);
	outcome_init(&w->outcome, w->arena);
	if (!env_read_file(&env_real, path, (size_t)1 << 30, w->arena, &text))
		fprintf(stderr, "firebreak narrative: %s cannot be read\n", path);
	else if (!json_parse(text, json_bounds(&w->options.limits, true), w->arena, &w->json, &w->outcome))
		command_fail(&w->outcome, "narrative");
	else
		code = mode->run(w) ? EXIT_OK : EXIT_NEGATIVE;
	arena_free(w->arena);
	return code;
}

static const struct mode *
mode_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

static const struct option long_options[] = {
	{ "as", required_argument, NULL, 'a' }, { "links", required_argument, NULL, 'l' },
	{ "images", required_argument, NULL, 'i' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_narrative(int argc, char **argv)
{
	const char *given = NULL;
	struct arena *arena = arena_new(8192);
	char *path = arena_alloc(arena, 4096);
	const struct mode *mode = &modes[0];
	struct pack *pack = NULL;
	struct outcome o;
	struct work w = { .pack = NULL };
	int c, worst = EXIT_OK;

	options_default(arena, &w.options);
	outcome_init(&o, arena);
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'a': mode = mode_named(optarg); break;
		case 'l': w.options.narrative_links = slice_of(optarg); break;
		case 'i': w.options.narrative_images = slice_of(optarg); break;
		case 'p': given = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (optind == argc || mode == NULL)
		return fputs(usage, stderr), EXIT_CANNOT;
	if (mode->needs_pack && (!command_pack_path(given, path, 4096)
	    || (w.pack = pack = pack_open(&env_real, path, &o)) == NULL))
		return command_usage("narrative", "the definitions pack is not there");
	for (int i = optind; i < argc; i++) {
		int code = take_file(&w, mode, argv[i]);

		worst = code > worst ? code : worst;
	}
	if (pack != NULL)
		pack_close(pack);
	arena_free(arena);
	return worst;
}
