/* git.c -- see git.h. */
#include "cmd/git.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/env.h"

enum { OUTPUT_BYTES = 512 << 20, CHUNK = 1 << 16 };

static bool
start(char *const argv[], const char *input, int output, pid_t *child)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	bool good = posix_spawn_file_actions_init(&actions) == 0;

	if (!good)
		return false;
	good = posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0) == 0
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

bool
git_run(struct arena *arena, struct slice directory, const char *const *arguments, const char *input, struct slice *out)
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
	buf_init(&b, arena, OUTPUT_BYTES);
	good = start(argv, input == NULL ? "/dev/null" : input, ends[1], &child);
	close(ends[1]);
	if (good)
		read_all(ends[0], &b);
	close(ends[0]);
	while (good && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	*out = buf_slice(&b);
	return good && buf_ok(&b) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- trees ---- */

/* One line of ls-tree: "MODE TYPE ID SIZE\tPATH". */
struct entry {
	struct slice mode, id, path;
	uint64_t     size;
};

static struct slice
word(struct slice *rest)
{
	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = slice_sub(*rest, 1, rest->len);
	return slice_cut(rest, ' ');
}

static struct entry
read_entry(struct slice line)
{
	struct slice head = slice_cut(&line, '\t'), size;
	struct entry e = { .path = line };

	e.mode = word(&head);
	word(&head);
	e.id = word(&head);
	size = word(&head);
	if (!slice_uint(size, &e.size))
		e.size = UINT64_MAX;
	return e;
}

/* A tree of a stranger may name anything. */
static bool
is_safe(struct slice path)
{
	if (path.len == 0 || path.len >= PATH_MAX)
		return false;
	while (path.len > 0) {
		struct slice part = slice_cut(&path, '/');

		if (part.len == 0 || slice_is(part, ".") || slice_is(part, "..") || slice_eq_nocase(part, SLICE(".git")))
			return false;
	}
	return true;
}

static bool
is_wanted(const struct entry *e, struct slice below, uint64_t most)
{
	return slice_starts(e->mode, SLICE("100")) && e->size <= most && is_safe(e->path)
	    && (below.len == 0 || slice_eq(e->path, below)
	        || (slice_starts(e->path, below) && e->path.len > below.len && e->path.ptr[below.len] == '/'));
}

static bool
write_file(const char *to, struct slice path, struct slice bytes)
{
	char name[PATH_MAX + 64];
	FILE *f;

	if (snprintf(name, sizeof name, "%s/%.*s", to, SLICE_FMT(path)) >= (int)sizeof name)
		return false;
	for (char *slash = name + strlen(to) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (mkdir(name, 0700) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	if ((f = fopen(name, "wx")) == NULL)
		return false;
	return fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len ? fclose(f) == 0 : (fclose(f), false);
}

/* What cat-file prints for each id that it read: "ID TYPE SIZE\n", the bytes, "\n". */
static bool
write_entries(const char *to, struct slice listing, struct slice contents, struct slice below, uint64_t most)
{
	while (listing.len > 0) {
		struct entry e = read_entry(slice_cut(&listing, '\0'));

		if (!is_wanted(&e, below, most))
			continue;
		slice_cut(&contents, '\n');
		if (contents.len < e.size || !write_file(to, e.path, slice_sub(contents, 0, e.size)))
			return false;
		contents = slice_sub(contents, e.size + 1, contents.len);
	}
	return true;
}

bool
git_write_tree(struct arena *arena, struct slice top, const char *commit, struct slice below, const char *to, uint64_t most)
{
	const char *const list[] = { "ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", commit, NULL };
	const char *const cat[] = { "cat-file", "--batch", NULL };
	struct slice listing, rest, contents;
	char input[PATH_MAX];
	struct buf ids;

	if (!git_run(arena, top, list, NULL, &listing))
		return false;
	buf_init(&ids, arena, OUTPUT_BYTES);
	for (rest = listing; rest.len > 0; ) {
		struct entry e = read_entry(slice_cut(&rest, '\0'));

		if (is_wanted(&e, below, most))
			buf_printf(&ids, "%.*s\n", SLICE_FMT(e.id));
	}
	snprintf(input, sizeof input, "%s/.ids", to);
	if (!write_file(to, SLICE(".ids"), buf_slice(&ids)))
		return false;
	return git_run(arena, top, cat, input, &contents) && unlink(input) == 0
	    && write_entries(to, listing, contents, below, most);
}
