/* scan_changed.c -- asks git for names, and narrows findings to them and to what they caused elsewhere.
 *
 * What a change caused in a file that did not change is what the tree of the commit had not: that is
 * written to a directory of its own and scanned too, when there is any such finding to ask about. */
#include "cmd/scan_changed.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/siphash.h"
#include "cmd/git.h"
#include "iac/files.h"

enum { NAMES = 1 << 20 };

struct changed {
	struct arena *arena;
	struct slice *paths;            /* absolute, links followed */
	uint32_t      count, room;
	bool          full;
};

/* ---- names ---- */

static struct slice
real_path(struct arena *arena, struct slice path)
{
	char real[PATH_MAX];

	if (realpath(slice_cstr(path, arena), real) == NULL)
		return path;
	return slice_of(slice_cstr(slice_of(real), arena));
}

static int
compare_slices(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static void
add_path(struct changed *c, struct slice path)
{
	uint32_t before = c->room;

	if (c->count == NAMES) {
		c->full = true;
		return;
	}
	if (c->count == before) {
		c->room = before == 0 ? 64 : before * 2;
		c->paths = arena_grow(c->arena, c->paths, before * sizeof *c->paths, c->room * sizeof *c->paths);
	}
	c->paths[c->count++] = real_path(c->arena, path);
}

/* Names from the top of the work tree, each ended by NUL. */
static void
add_names(struct changed *c, struct slice top, struct slice names)
{
	while (names.len > 0)
		add_path(c, files_join(c->arena, top, slice_cut(&names, '\0')));
}

static bool
top_of(struct arena *arena, const char *path, struct slice *top)
{
	const char *const which[] = { "rev-parse", "--show-toplevel", NULL };
	struct slice directory = slice_of(path);
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		directory = files_directory(directory);
	if (!git_run(arena, directory, which, NULL, top))
		return false;
	if (top->len > 0 && top->ptr[top->len - 1] == '\n')
		top->len--;
	*top = real_path(arena, *top);
	return true;
}

static bool
ask(struct changed *c, const char *path, const char *commit)
{
	const char *const differing[] = { "diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--no-relative",
		"--end-of-options", commit, "--", NULL };
	const char *const strange[] = { "ls-files", "--others", "--exclude-standard", "--full-name", "-z", NULL };
	struct slice top, names;

	if (!top_of(c->arena, path, &top))
		return false;
	if (!git_run(c->arena, top, differing, NULL, &names))
		return false;
	add_names(c, top, names);
	if (!git_run(c->arena, top, strange, NULL, &names))
		return false;
	add_names(c, top, names);
	return !c->full;
}

/* ---- narrowing ---- */

/* For each source, whether it is a changed file. */
static bool *
mark(const struct changed *c, const struct project *p)
{
	bool *marks = arena_array(c->arena, p->source_count + 1u, sizeof *marks);

	for (uint32_t i = 0; i < p->source_count && c->count > 0; i++) {
		struct slice path = real_path(c->arena, p->sources[i].path);

		marks[i] = bsearch(&path, c->paths, c->count, sizeof path, compare_slices) != NULL;
	}
	return marks;
}

static void
narrow_problems(struct project *p, const bool *marks)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < p->problem_count; i++)
		if (marks[p->problems[i].span.source])
			p->problems[to++] = p->problems[i];
	p->problem_count = to;
}

/* ---- the tree before ---- */

/* A finding, wherever the tree lies: `top` is taken from its path. */
static uint64_t
key_of(struct arena *arena, const struct project *p, const struct finding *f, struct slice top)
{
	struct slice path = real_path(arena, p->sources[f->span.source].path);
	struct slice parts[] = { f->check->id, slice_sub(path, top.len, path.len), f->address, f->attribute };
	uint64_t key = f->status;

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		key = siphash(&(struct siphash_key){ key, parts[i].len }, parts[i]);
	return key;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct before {
	uint64_t *keys;
	uint32_t  count;
};

static void
scan_before(struct before *b, const struct scan *now, const char *directory, struct slice below)
{
	struct arena *a = now->arena;
	struct slice top = real_path(a, slice_of(directory));
	struct scan old;

	scan_init(&old, now->rules, a);
	old.given = now->given;
	if (!scan_add_path(&old, slice_cstr(files_join(a, top, below), a)))
		return;
	scan_run(&old, NULL);
	b->keys = arena_grow(a, b->keys, b->count * sizeof *b->keys, (b->count + old.findings.count + 1u) * sizeof *b->keys);
	for (uint32_t i = 0; i < old.findings.count; i++)
		b->keys[b->count++] = key_of(a, &old.project, &old.findings.list[i], top);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

/* What was found below a path at the commit. */
static bool
find_before(struct before *b, const struct scan *now, struct slice top, const char *path, const char *commit)
{
	struct slice real = real_path(now->arena, slice_of(path)), below = slice_sub(real, top.len, real.len);
	const char *temporary = getenv("TMPDIR");
	char directory[PATH_MAX];
	bool good;

	while (below.len > 0 && below.ptr[0] == '/')
		below = slice_sub(below, 1, below.len);
	snprintf(directory, sizeof directory, "%s/firebreak-XXXXXX", temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(directory) == NULL)
		return false;
	good = git_write_tree(now->arena, top, commit, below, directory, SCAN_LIMIT(BYTES));
	if (good)
		scan_before(b, now, directory, below);
	return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 && good;
}

/* For each finding in a file that did not change, whether it was not there before; NULL: cannot be told. */
static bool *
mark_caused(const struct scan *s, const bool *changed, char **paths, const char *commit)
{
	bool *caused = arena_array(s->arena, s->findings.count + 1u, sizeof *caused), any = false;
	struct before before = { 0 };
	struct slice top;

	for (uint32_t i = 0; i < s->findings.count; i++)
		any = any || !changed[s->findings.list[i].span.source];
	for (; any && *paths != NULL; paths++)
		if (!top_of(s->arena, *paths, &top) || !find_before(&before, s, top, *paths, commit))
			return NULL;
	if (before.count > 0)
		qsort(before.keys, before.count, sizeof *before.keys, by_number);
	for (uint32_t i = 0; any && i < s->findings.count; i++) {
		uint64_t key = key_of(s->arena, &s->project, &s->findings.list[i], top);

		caused[i] = before.count == 0 || bsearch(&key, before.keys, before.count, sizeof key, by_number) == NULL;
	}
	return caused;
}

bool
scan_changed(struct scan *s, char **paths, const char *commit)
{
	struct changed c = { .arena = s->arena };
	bool *marks, *caused;
	char **path;

	for (path = paths; *path != NULL; path++)
		if (!ask(&c, *path, commit))
			return false;
	if (c.count > 0)
		qsort(c.paths, c.count, sizeof *c.paths, compare_slices);
	marks = mark(&c, &s->project);
	caused = c.count == 0 ? arena_array(s->arena, s->findings.count + 1u, sizeof *caused)
	    : mark_caused(s, marks, paths, commit);
	if (caused == NULL)
		return false;
	findings_narrow(&s->findings, marks, caused);
	narrow_problems(&s->project, marks);
	return true;
}
