/* env.c -- see env.h. */
#include "base/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/slice.h"

static int64_t
real_wall(const struct env *e UNUSED)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
real_monotonic(const struct env *e UNUSED)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t
real_clock_error(const struct env *e UNUSED)
{
	struct timex t = { .modes = 0 };

	if (adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
		return -1;
	return t.maxerror;
}

static void
system_entropy(void *bytes, size_t n)
{
	unsigned char *p = bytes;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		p += got;
		n -= (size_t)got;
	}
}

/* Nonces, salts and ids come out of a thread's own pool, and are wiped there; keys
 * come from the system one by one. */
#define POOLED 24

static void
real_entropy(const struct env *e UNUSED, void *bytes, size_t n)
{
	static _Thread_local unsigned char pool[1024];
	static _Thread_local size_t left;

	if (n > POOLED) {
		system_entropy(bytes, n);
		return;
	}
	if (left < n) {
		system_entropy(pool, sizeof pool);
		left = sizeof pool;
	}
	left -= n;
	memcpy(bytes, pool + left, n);
	explicit_bzero(pool + left, n);
}

static int
real_open(const struct env *e UNUSED, const char *path, int flags, mode_t mode)
{
	return open(path, flags | O_CLOEXEC, mode);
}

static ssize_t
real_pread(const struct env *e UNUSED, int fd, void *to, size_t n, off_t at)
{
	return pread(fd, to, n, at);
}

static ssize_t
real_pwrite(const struct env *e UNUSED, int fd, const void *from, size_t n, off_t at)
{
	return pwrite(fd, from, n, at);
}

static int
real_sync(const struct env *e UNUSED, int fd)
{
	return fdatasync(fd);
}

static int
real_truncate(const struct env *e UNUSED, int fd, off_t size)
{
	return ftruncate(fd, size);
}

static int
real_rename(const struct env *e UNUSED, const char *from, const char *to)
{
	return rename(from, to);
}

static int
real_close(const struct env *e UNUSED, int fd)
{
	return close(fd);
}

const struct env env_real = {
	.wall        = real_wall,
	.monotonic   = real_monotonic,
	.clock_error = real_clock_error,
	.entropy     = real_entropy,
	.open        = real_open,
	.pread       = real_pread,
	.pwrite      = real_pwrite,
	.sync        = real_sync,
	.truncate    = real_truncate,
	.rename      = real_rename,
	.close       = real_close,
};

static bool
read_all(const struct env *e, int fd, char *to, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = e->pread(e, fd, to + done, n - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

bool
env_read_file(const struct env *e, const char *path, size_t max,
    struct arena *arena, struct slice *out)
{
	int fd = e->open(e, path, O_RDONLY, 0);
	struct stat st;
	bool good;
	char *bytes;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
		e->close(e, fd);
		errno = EFBIG;
		return false;
	}
	bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	good = read_all(e, fd, bytes, (size_t)st.st_size);
	e->close(e, fd);
	*out = slice_make(bytes, (size_t)st.st_size);
	return good;
}

bool
env_pwrite_all(const struct env *e, int fd, struct slice bytes, off_t at)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t put = e->pwrite(e, fd, bytes.ptr + done, bytes.len - done, at + (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

bool
env_sync_parent(const struct env *e, const char *path)
{
	char dir[4096];
	char *slash;
	int fd, n = snprintf(dir, sizeof dir, "%s", path);
	bool good;

	if (n < 0 || (size_t)n >= sizeof dir)
		return false;
	slash = strrchr(dir, '/');
	if (slash == NULL)
		snprintf(dir, sizeof dir, ".");
	else
		slash[slash == dir] = '\0';
	if ((fd = e->open(e, dir, O_RDONLY | O_DIRECTORY, 0)) < 0)
		return false;
	good = fsync(fd) == 0;
	e->close(e, fd);
	return good;
}

bool
env_write_file(const struct env *e, const char *path, struct slice bytes, mode_t mode)
{
	char temp[4096];
	bool good;
	int fd, n = snprintf(temp, sizeof temp, "%s.new", path);

	if (n < 0 || (size_t)n >= sizeof temp)
		return false;
	if ((fd = e->open(e, temp, O_WRONLY | O_CREAT | O_TRUNC, mode)) < 0)
		return false;
	good = env_pwrite_all(e, fd, bytes, 0) && e->sync(e, fd) == 0;
	good = e->close(e, fd) == 0 && good;
	return good && e->rename(e, temp, path) == 0 && env_sync_parent(e, path);
}
