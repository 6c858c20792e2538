/* scan.c -- see scan.h. */
#include "iac/scan.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/env.h"
#include "iac/ansible.h"
#include "iac/arm.h"
#include "iac/cloudformation.h"
#include "iac/compose.h"
#include "iac/detect.h"
#include "iac/dockerfile.h"
#include "iac/engine.h"
#include "iac/files.h"
#include "iac/host.h"
#include "iac/kubernetes.h"
#include "iac/terraform.h"
#include "iac/terraform_plan.h"

enum { FILE_BYTES = 64 << 20, FILES_MAX = 200000, WALK_DEPTH = 64 };

struct scan_file {
	uint32_t      source;
	enum language language;
	struct slice  directory;
};

void
scan_init(struct scan *s, const struct rules *rules, struct arena *arena)
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

	if (!detect_language(path, text, &language) || s->file_count == FILES_MAX)
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
	".dockerfile", ".cfg", ".tfplan.json", ".bicep", ".tofu" };

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
	return false;
}

static void
add_file(struct scan *s, const char *path, off_t size)
{
	struct slice name = slice_dup(slice_of(path), s->arena), text;

	if (size > FILE_BYTES) {
		unreadable(s, name, "the file is too large");
		return;
	}
	if (!env_read_file(&env_real, path, FILE_BYTES, s->arena, &text)) {
		unreadable(s, name, "the file cannot be read");
		return;
	}
	scan_add_text(s, name, text);
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

static void walk(struct scan *, const char *directory);

/* Links to directories are not followed: they may lead back. */
static void
walk_entry(struct scan *s, const char *directory, const char *name)
{
	char path[4096];
	struct stat st;

	if (is_passed_over(name)
	    || snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path
	    || lstat(path, &st) != 0)
		return;
	if (S_ISDIR(st.st_mode))
		walk(s, path);
	else if ((S_ISREG(st.st_mode) || (S_ISLNK(st.st_mode) && stat(path, &st) == 0 && S_ISREG(st.st_mode)))
	    && is_candidate(slice_of(name)))
		add_file(s, path, st.st_size);
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

	if (s->depth == WALK_DEPTH)
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
	add_file(s, path, st.st_size);
	return true;
}

/* ---- modules that are called are read by their callers ---- */

/* The text in quotes behind `source =`, from *at on; empty at the end. */
static struct slice
next_source(struct slice text, size_t *at)
{
	const char *found;

	while (*at < text.len && (found = memmem(text.ptr + *at, text.len - *at, "source", 6)) != NULL) {
		size_t i = (size_t)(found - text.ptr) + 6;

		*at = i;
		while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t'))
			i++;
		if (i >= text.len || text.ptr[i] != '=')
			continue;
		for (i++; i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t'); i++)
			;
		if (i >= text.len || text.ptr[i] != '"')
			continue;
		text = slice_sub(text, i + 1, text.len);
		return slice_sub(text, 0, slice_find(text, '"'));
	}
	return SLICE_NONE;
}

struct called {
	struct slice *list;
	uint32_t      count, room;
};

static void
gather_called(struct scan *s, const struct scan_file *f, struct called *c)
{
	struct slice text = s->project.sources[f->source].text, source;
	size_t at = 0;

	while ((source = next_source(text, &at)).ptr != NULL) {
		uint32_t before = c->room;

		if (source.len == 0 || source.ptr[0] != '.')
			continue;
		if (c->count == before) {
			c->room = before == 0 ? 16 : before * 2;
			c->list = arena_grow(s->arena, c->list, before * sizeof *c->list,
			    c->room * sizeof *c->list);
		}
		c->list[c->count++] = files_join(s->arena, f->directory, source);
	}
}

static int
by_slice(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static bool
is_called(struct scan *s, const struct called *c, struct slice directory)
{
	struct slice whole = files_join(s->arena, directory, SLICE("."));

	return c->count > 0 && bsearch(&whole, c->list, c->count, sizeof *c->list, by_slice) != NULL;
}

/* ---- reading ---- */

static int
by_directory(const void *a, const void *b)
{
	const struct scan_file *x = a, *y = b;
	int order = (int)x->language - (int)y->language;

	if (order == 0)
		order = slice_cmp(x->directory, y->directory);
	return order != 0 ? order : x->source < y->source ? -1 : x->source > y->source;
}

/* Files from..to are of one language and directory. */
static void
read_together(struct scan *s, uint32_t from, uint32_t to)
{
	uint32_t *sources = arena_array(s->arena, to - from + 1u, sizeof *sources);

	for (uint32_t i = from; i < to; i++)
		sources[i - from] = s->files[i].source;
	if (s->files[from].language == LANGUAGE_TERRAFORM)
		terraform_read(&s->project, sources, to - from, s->root);
	else
		compose_read(&s->project, sources, to - from, s->root);
}

static void
read_template(struct project *p, uint32_t source, struct slice root)
{
	cloudformation_read(p, source, NULL, root);
}

static void
read_plan(struct project *p, uint32_t source, struct slice root)
{
	(void)root;
	terraform_plan_read(p, source);
}

static void
read_manifest(struct project *p, uint32_t source, struct slice root)
{
	(void)root;
	kubernetes_read(p, source);
}

static void
read_dockerfile(struct project *p, uint32_t source, struct slice root)
{
	(void)root;
	dockerfile_read(p, source);
}

static void
read_azure(struct project *p, uint32_t source, struct slice root)
{
	arm_read(p, source, NULL, root);
}

static void
read_user_data(struct project *p, uint32_t source, struct slice root)
{
	(void)root;
	cloud_init_read(p, source);
}

static void (*const readers[])(struct project *, uint32_t, struct slice) = {
	[LANGUAGE_TERRAFORM_PLAN] = read_plan,    [LANGUAGE_CLOUDFORMATION] = read_template,
	[LANGUAGE_KUBERNETES] = read_manifest,    [LANGUAGE_DOCKERFILE] = read_dockerfile,
	[LANGUAGE_ARM] = read_azure,              [LANGUAGE_ANSIBLE] = ansible_read,
	[LANGUAGE_CLOUD_INIT] = read_user_data,
};

static void
set_unit(struct scan *s, uint32_t from, uint32_t unit)
{
	for (uint32_t i = from; i < s->project.resource_count; i++)
		s->project.resources[i].unit = unit;
}

static void
read_files(struct scan *s)
{
	struct called called = { 0 };
	uint32_t i, next, before;

	qsort(s->files, s->file_count, sizeof *s->files, by_directory);
	for (i = 0; i < s->file_count; i++)
		if (s->files[i].language == LANGUAGE_TERRAFORM)
			gather_called(s, &s->files[i], &called);
	if (called.count > 0)
		qsort(called.list, called.count, sizeof *called.list, by_slice);
	for (i = 0; i < s->file_count; i = next) {
		const struct scan_file *f = &s->files[i];
		bool together = f->language == LANGUAGE_TERRAFORM || f->language == LANGUAGE_COMPOSE;

		for (next = i + 1; together && next < s->file_count && s->files[next].language == f->language
		    && slice_eq(s->files[next].directory, f->directory); next++)
			;
		before = s->project.resource_count;
		if (together && !(f->language == LANGUAGE_TERRAFORM && is_called(s, &called, f->directory)))
			read_together(s, i, next);
		else if (!together && readers[f->language] != NULL)
			readers[f->language](&s->project, f->source, s->root);
		/* Objects of Kubernetes refer to each other across files. */
		set_unit(s, before, f->language == LANGUAGE_KUBERNETES ? UINT32_MAX : i);
	}
}

void
scan_run(struct scan *s, const struct rule *only)
{
	if (s->file_count > 0)
		read_files(s);
	findings_init(&s->findings, s->rules, &s->project);
	s->findings.files = s->file_count;
	engine_run(s->rules, &s->project, &s->findings, only);
}
