/* env.h -- the outside world, as a table of functions.
 *
 * Clock, entropy and files are reached through a `struct env` only, so that a
 * seeded simulation (or a test that wants the disk to fail) can stand in for
 * the real one.  Modules get their env when they are opened and keep the
 * pointer; it outlives them.  All functions may be called from any thread. */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct slice;

struct env {
	void *state;                    /* of a stand-in; NULL in the real one */

	/* Milliseconds since 1970-01-01T00:00:00Z; may step. */
	int64_t (*wall)(const struct env *);
	/* Nanoseconds since an arbitrary start; never steps.  For durations,
	 * timeouts and expiry of caches. */
	int64_t (*monotonic)(const struct env *);
	/* Upper bound of the clock's error in microseconds, -1 when the clock is
	 * not synchronised (adjtimex(2)). */
	int64_t (*clock_error)(const struct env *);
	/* Fills with unpredictable bytes; aborts when it cannot. */
	void (*entropy)(const struct env *, void *, size_t);

	/* As open(2), pread(2), pwrite(2), fdatasync(2), ftruncate(2),
	 * rename(2), close(2); -1 and errno. */
	int     (*open)(const struct env *, const char *path, int flags, mode_t);
	ssize_t (*pread)(const struct env *, int fd, void *, size_t, off_t);
	ssize_t (*pwrite)(const struct env *, int fd, const void *, size_t, off_t);
	int     (*sync)(const struct env *, int fd);
	int     (*truncate)(const struct env *, int fd, off_t);
	int     (*rename)(const struct env *, const char *from, const char *to);
	int     (*close)(const struct env *, int fd);
};

/* The real world. */
extern const struct env env_real;

static inline int64_t
env_wall(const struct env *e)
{
	return e->wall(e);
}

static inline int64_t
env_monotonic(const struct env *e)
{
	return e->monotonic(e);
}

static inline void
env_entropy(const struct env *e, void *bytes, size_t n)
{
	e->entropy(e, bytes, n);
}

/* The whole file in the arena; false and errno when it cannot be read or is
 * longer than `max`. */
bool env_read_file(const struct env *, const char *path, size_t max,
    struct arena *, struct slice *out);

/* Durable and atomic: a temporary file beside it is written, synced, renamed,
 * and the directory synced.  False and errno when any step fails. */
bool env_write_file(const struct env *, const char *path, struct slice bytes,
    mode_t mode);

/* All of the bytes at offset `at`, whatever pwrite() takes at a time.  False and errno. */
bool env_pwrite_all(const struct env *, int fd, struct slice bytes, off_t at);

/* fsync of the directory that holds `path`. */
bool env_sync_parent(const struct env *, const char *path);

#endif
