/* files.c -- see files.h. */
#include "iac/files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"

struct slice
files_prefix(struct slice path)
{
	while (path.len > 0 && path.ptr[path.len - 1] != '/')
		path.len--;
	return path;
}

struct slice
files_directory(struct slice path)
{
	size_t len = files_prefix(path).len;

	return len > 1 ? slice_sub(path, 0, len - 1) : len == 1 ? SLICE("/") : SLICE(".");
}

/* One part of a path behind those that are there; ".." takes one away. */
static void
step(struct buf *b, struct slice part, bool absolute)
{
	size_t last = b->len;

	while (last > 0 && b->ptr[last - 1] != '/')
		last--;
	if (part.len == 0 || slice_is(part, "."))
		return;
	if (slice_is(part, "..") && b->len > 0 && !slice_is(slice_sub(buf_slice(b), last, b->len), "..")) {
		b->len = last > 0 ? last - 1 : 0;
		return;
	}
	if (b->len > 0 || absolute)
		buf_add_char(b, '/');
	buf_add(b, part);
}

struct slice
files_join(struct arena *a, struct slice directory, struct slice relative)
{
	bool rooted = relative.len > 0 && relative.ptr[0] == '/';
	bool absolute = rooted || (directory.len > 0 && directory.ptr[0] == '/');
	struct buf b;

	buf_init(&b, a, directory.len + relative.len + 4);
	while (!rooted && directory.len > 0)
		step(&b, slice_cut(&directory, '/'), absolute);
	while (relative.len > 0)
		step(&b, slice_cut(&relative, '/'), absolute);
	return b.len > 0 ? buf_slice(&b) : absolute ? SLICE("/") : SLICE(".");
}

static bool
is_below(const char *root, const char *path)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 && (len == 1 || path[len] == '/' || path[len] == '\0');
}

bool
files_inside(struct arena *a, struct slice root, struct slice path)
{
	char *real, *top;
	bool inside;

	if (path.len == 0 || memchr(path.ptr, '\0', path.len) != NULL)
		return false;
	real = realpath(slice_cstr(path, a), NULL);
	top = realpath(root.len > 0 ? slice_cstr(root, a) : ".", NULL);
	inside = real != NULL && top != NULL && is_below(top, real);
	free(real);
	free(top);
	return inside;
}

bool
files_text(struct arena *a, struct slice root, struct slice path, struct slice *text)
{
	struct stat st;
	char *name;

	if (!files_inside(a, root, path))
		return false;
	name = slice_cstr(path, a);
	return stat(name, &st) == 0 && S_ISREG(st.st_mode)
	    && env_read_file(&env_real, name, FILES_BYTES, a, text);
}

bool
files_source(struct project *p, struct slice root, struct slice path, uint32_t *source)
{
	struct slice text;

	for (*source = 0; *source < p->source_count; ++*source)
		if (slice_eq(p->sources[*source].path, path))
			return true;
	if (!files_text(p->arena, root, path, &text))
		return false;
	*source = project_add_source(p, path, text);
	return true;
}
