/* scan_changed.c -- asks git for names, and narrows findings to them.
 *
 * git is run without a shell.  The commit cannot be an option, and nothing that the configuration of
 * a strange repository names is run: no file system monitor, no external diff. */
#include "cmd/scan_changed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/files.h"

enum { NAMES_BYTES = 64 << 20, CHUNK = 1 << 16, NAMES = 1 << 20 };

struct changed {
	struct arena *arena;
	struct slice *paths;            /* absolute, links followed */
	uint32_t      count, room;
	bool          full;
};

/* ---- git ---- */

static bool
start(char *const argv[], int output, pid_t *child)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	bool good = posix_spawn_file_actions_init(&actions) == 0;

	if (!good)
		return false;
	good = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0
	    && posix_spawn_file_actions_adddup2(&actions, output, 1) == 0
	    && posix_spawnp(child, argv[0], &actions, NULL, argv, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	return good;
}

static void
read_all(int fd, struct buf *b)
{
	for (;;) {
		char *room = buf_reserve(b, CHUNK);
		ssize_t n = room == NULL ? 0 : read(fd, room, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		b->len += (size_t)n;
	}
}

/* What git prints in a directory; false when it says no. */
static bool
git(struct arena *arena, struct slice directory, const char *const *arguments, struct slice *out)
{
	char *argv[16] = { "git", "-C", slice_cstr(directory, arena), "-c", "core.fsmonitor=false" };
	int ends[2], status = -1;
	struct buf b;
	pid_t child;
	bool good;

	for (size_t i = 0, n = 5; arguments[i] != NULL && n + 1 < COUNT_OF(argv); i++)
		argv[n++] = (char *)(uintptr_t)arguments[i];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	buf_init(&b, arena, NAMES_BYTES);
	good = start(argv, ends[1], &child);
	close(ends[1]);
	if (good)
		read_all(ends[0], &b);
	close(ends[0]);
	while (good && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	*out = buf_slice(&b);
	return good && buf_ok(&b) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

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
ask(struct changed *c, const char *path, const char *commit)
{
	const char *const which[] = { "rev-parse", "--show-toplevel", NULL };
	const char *const differing[] = { "diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--no-relative",
		"--diff-filter=d", "--end-of-options", commit, "--", NULL };
	const char *const strange[] = { "ls-files", "--others", "--exclude-standard", "--full-name", "-z", NULL };
	struct slice directory = slice_of(path), top, names;
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		directory = files_directory(directory);
	if (!git(c->arena, directory, which, &top))
		return false;
	if (top.len > 0 && top.ptr[top.len - 1] == '\n')
		top.len--;
	if (!git(c->arena, top, differing, &names))
		return false;
	add_names(c, top, names);
	if (!git(c->arena, top, strange, &names))
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

bool
scan_changed(struct findings *f, struct project *p, char **paths, const char *commit)
{
	struct changed c = { .arena = p->arena };
	bool *marks;

	for (; *paths != NULL; paths++)
		if (!ask(&c, *paths, commit))
			return false;
	if (c.count > 0)
		qsort(c.paths, c.count, sizeof *c.paths, compare_slices);
	marks = mark(&c, p);
	findings_narrow(f, marks);
	narrow_problems(p, marks);
	return true;
}
