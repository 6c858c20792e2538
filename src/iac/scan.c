/* scan.c -- see scan.h. */
#include "iac/scan.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/env.h"
#include "iac/builtin.h"
#include "iac/detect.h"
#include "iac/engine.h"
#include "iac/files.h"

void
scan_init(struct scan *s, struct rules *rules, struct arena *arena)
{
	memset(s, 0, sizeof *s);
	s->arena = arena;
	s->rules = rules;
	s->root = SLICE("nowhere");
	rules_attach(rules, &s->project, arena);
}

/* ---- gathering ---- */

void
scan_add_text(struct scan *s, struct slice path, struct slice text)
{
	uint32_t before = s->file_room;
	enum language language;

	if (!detect_language(path, text, &language))
		return;
	if (s->file_count == before) {
		s->file_room = before == 0 ? 64 : before * 2;
		s->files = arena_grow(s->arena, s->files, before * sizeof *s->files,
		    s->file_room * sizeof *s->files);
	}
	s->files[s->file_count++] = (struct scan_file){ project_add_source(&s->project, path, text), language,
		files_directory(path) };
}

static void
unreadable(struct scan *s, struct slice path, const char *why)
{
	uint32_t source = project_add_source(&s->project, path, SLICE(""));

	project_problem(&s->project, (struct span){ .source = source, .line = 1, .column = 1, .end_line = 1 },
	    why);
}

/* Endings of files that may hold infrastructure. */
static const char *const endings[] = { ".tf", ".tfvars", ".json", ".yaml", ".yml", ".template",
	".dockerfile", ".cfg", ".bicep", ".tofu" };

static bool
is_candidate(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (slice_ends(name, slice_of(endings[i])))
			return true;
	for (size_t i = 0; i + 8 <= name.len; i++)
		if (slice_eq_nocase(slice_sub(name, i, 10), SLICE("Dockerfile"))
		    || slice_starts(slice_sub(name, i, 13), SLICE("Containerfile"))
		    || slice_starts(slice_sub(name, i, 9), SLICE("user-data"))
		    || slice_starts(slice_sub(name, i, 9), SLICE("user_data")))
			return true;
	return slice_is(name, "Kustomization");
}

/* Data may be long, what is written by hand is not. */
static off_t
most_bytes(struct slice name)
{
	static const char *const data[] = { ".json", ".yaml", ".yml", ".template" };

	for (size_t i = 0; i < COUNT_OF(data); i++)
		if (slice_ends(name, slice_of(data[i])))
			return SCAN_LIMIT(BYTES);
	return SCAN_LIMIT(SOURCE);
}

static void
add_file(struct scan *s, const char *path, const struct stat *st)
{
	struct slice name = slice_dup(slice_of(path), s->arena), text;

	if (s->full)
		return;
	s->full = s->file_count == SCAN_LIMIT(FILES)
	    || s->bytes + (uint64_t)st->st_size > limits_default.of[LIMIT_SCAN_TOTAL];
	if (s->full)
		unreadable(s, name, "this is more than a scan reads: it and what follows is left out");
	else if (!S_ISREG(st->st_mode))
		unreadable(s, name, "this is not a file");
	else if (st->st_size > most_bytes(name))
		unreadable(s, name, "the file is too large");
	else if (!env_read_file(&env_real, path, (size_t)most_bytes(name), s->arena, &text))
		unreadable(s, name, "the file cannot be read");
	else {
		s->bytes += text.len;
		scan_add_text(s, name, text);
	}
}

static const char *const passed_over[] = { ".git", ".terraform", ".hg", ".svn", "node_modules", ".venv",
	".terragrunt-cache" };

static bool
is_passed_over(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(passed_over); i++)
		if (strcmp(name, passed_over[i]) == 0)
			return true;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* `exclude` of the settings: patterns of paths below the directory that is scanned. */
static bool
is_excluded(const struct scan *s, struct slice path)
{
	const struct value *all = value_path(s->rules->settings, "exclude");
	struct slice below = slice_sub(path, s->root.len + 1, path.len);

	for (uint32_t i = 0; all->kind == VALUE_LIST && i < all->count; i++)
		if (all->items[i]->kind == VALUE_STRING && builtin_glob(all->items[i]->text, below, false))
			return true;
	return false;
}

static void walk(struct scan *, const char *directory);

/* Links to directories are not followed: they may lead back. */
static void
walk_entry(struct scan *s, const char *directory, const char *name)
{
	char path[4096];
	struct stat st;

	if (is_passed_over(name)
	    || snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path
	    || is_excluded(s, slice_of(path)) || lstat(path, &st) != 0)
		return;
	if (S_ISDIR(st.st_mode))
		walk(s, path);
	else if ((S_ISREG(st.st_mode) || (S_ISLNK(st.st_mode) && stat(path, &st) == 0 && S_ISREG(st.st_mode)))
	    && is_candidate(slice_of(name)))
		add_file(s, path, &st);
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
walk(struct scan *s, const char *directory)
{
	struct dirent **names;
	int n;

	if (s->depth == SCAN_LIMIT(DIRECTORIES))
		return;
	if ((n = scandir(directory, &names, NULL, by_bytes)) < 0) {
		unreadable(s, slice_dup(slice_of(directory), s->arena), "the directory cannot be read");
		return;
	}
	s->depth++;
	for (int i = 0; i < n; i++) {
		walk_entry(s, directory, names[i]->d_name);
		free(names[i]);
	}
	s->depth--;
	free(names);
}

bool
scan_add_path(struct scan *s, const char *path)
{
	struct slice given = slice_of(path);
	struct stat st;

	while (given.len > 1 && given.ptr[given.len - 1] == '/')
		given.len--;
	path = slice_cstr(given, s->arena);
	if (stat(path, &st) != 0)
		return false;
	if (S_ISDIR(st.st_mode)) {
		s->root = slice_of(path);
		walk(s, path);
		return true;
	}
	s->root = files_directory(slice_of(path));
	add_file(s, path, &st);
	return true;
}

/* Each type once. */
struct types {
	struct slice *list;
	uint32_t      count;
};

static void
gather_types(struct types *t, const struct project *p)
{
	t->list = arena_array(p->arena, p->resource_count + 1u, sizeof *t->list);
	for (uint32_t i = 0; i < p->resource_count; i++) {
		uint32_t k = t->count;

		while (k > 0 && !slice_eq(t->list[k - 1], p->resources[i].type))
			k--;
		if (k == 0)
			t->list[t->count++] = p->resources[i].type;
	}
}

static bool
has_type(void *ctx, struct slice type)
{
	const struct types *t = ctx;

	for (uint32_t i = 0; i < t->count; i++)
		if (graph_type_matches(type, t->list[i]))
			return true;
	return false;
}

/* Notes of the front-ends become notices. */
static void
move_notes(struct findings *f, struct project *p)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < p->problem_count; i++)
		if (p->problems[i].note)
			findings_notice(f, p->problems[i].span, slice_cstr(p->problems[i].message, p->arena));
		else
			p->problems[to++] = p->problems[i];
	p->problem_count = to;
}

void
scan_run(struct scan *s, struct rule *only)
{
	struct types types = { 0 };

	scan_read(s);
	rules_spell_types(s->rules, &s->project);
	gather_types(&types, &s->project);
	if (only != NULL)
		rules_need(s->rules, only);
	rules_need_types(s->rules, has_type, &types);
	findings_init(&s->findings, s->rules, &s->project);
	s->findings.files = s->file_count;
	move_notes(&s->findings, &s->project);
	engine_run(s->rules, &s->project, &s->findings, only);
}
