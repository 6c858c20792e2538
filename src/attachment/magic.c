/* magic.c -- see magic.h: our side.  The child's is magic_child.c. */
#include "attachment/magic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/env.h"
#include "base/log.h"

struct magic_worker {
	pthread_mutex_t lock;
	int             seconds;
	pid_t           child;          /* 0: none */
	int             fd;
};

struct magic_worker *
magic_worker_new(int seconds)
{
	struct magic_worker *w = calloc(1, sizeof *w);

	if (w == NULL)
		abort();
	pthread_mutex_init(&w->lock, NULL);
	w->seconds = seconds;
	w->fd = -1;
	return w;
}

static void
end_child(struct magic_worker *w)
{
	if (w->child == 0)
		return;
	close(w->fd);
	kill(w->child, SIGKILL);
	while (waitpid(w->child, NULL, 0) < 0 && errno == EINTR)
		;
	w->child = 0;
	w->fd = -1;
}

void
magic_worker_free(struct magic_worker *w)
{
	if (w == NULL)
		return;
	end_child(w);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* A new image of this program: none of our memory, no environment. */
static bool
start_child(struct magic_worker *w)
{
	static char name[] = "firebreak", worker[] = "worker", magic[] = "magic";
	char *const argv[] = { name, worker, magic, NULL }, *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	bool good;

	if (w->child != 0)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	good = posix_spawn_file_actions_init(&actions) == 0;
	good = good && posix_spawn_file_actions_adddup2(&actions, ends[1], 0) == 0
	    && posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0
	    && posix_spawn(&w->child, "/proc/self/exe", &actions, NULL, argv, environment) == 0;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	w->fd = ends[0];
	if (good)
		return true;
	close(w->fd);
	w->child = 0;
	w->fd = -1;
	log_event(LOG_ERROR, "magic-worker-not-started", "errno=%d", errno);
	return false;
}

static int64_t
now(void)
{
	return env_monotonic(&env_real) / 1000000;
}

/* All n bytes in or out before the deadline. */
static bool
move(int fd, void *bytes, size_t n, bool out, int64_t deadline)
{
	char *at = bytes;

	while (n > 0) {
		struct pollfd p = { .fd = fd, .events = out ? POLLOUT : POLLIN };
		int64_t left = deadline - now();
		ssize_t done;

		if (left <= 0 || (poll(&p, 1, (int)left) <= 0 && errno != EINTR))
			return false;
		done = out ? send(fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL) : recv(fd, at, n, MSG_DONTWAIT);
		if (done == 0 || (done < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (done > 0) {
			at += done;
			n -= (size_t)done;
		}
	}
	return true;
}

bool
magic_answer_good(struct slice answer)
{
	size_t slashes = 0;

	for (size_t i = 0; i < answer.len; i++) {
		char c = answer.ptr[i];

		slashes += c == '/';
		if (!((c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '/' || c == '-' || c == '.'
		    || c == '+' || c == '_'))
			return false;
	}
	return answer.len > 2 && answer.len < MAGIC_TYPE && slashes == 1;
}

static bool
ask(struct magic_worker *w, struct slice head, char type[MAGIC_TYPE])
{
	uint8_t length[4] = { (uint8_t)(head.len >> 24), (uint8_t)(head.len >> 16),
		(uint8_t)(head.len >> 8), (uint8_t)head.len };
	int64_t deadline = now() + (int64_t)w->seconds * 1000;
	size_t n;

	if (!move(w->fd, length, sizeof length, true, deadline)
	    || !move(w->fd, (void *)(uintptr_t)head.ptr, head.len, true, deadline)
	    || !move(w->fd, length, sizeof length, false, deadline))
		return false;
	n = (size_t)length[2] << 8 | length[3];
	if (length[0] != 0 || length[1] != 0 || n >= MAGIC_TYPE || !move(w->fd, type, n, false, deadline))
		return false;
	type[n] = '\0';
	return magic_answer_good(slice_make(type, n));
}

bool
magic_type(struct magic_worker *w, struct slice head, char type[MAGIC_TYPE])
{
	bool good;

	head = slice_sub(head, 0, MAGIC_HEAD);
	pthread_mutex_lock(&w->lock);
	good = start_child(w) && ask(w, head, type);
	if (!good) {
		end_child(w);           /* perhaps killed by these very bytes, perhaps long ago */
		good = start_child(w) && ask(w, head, type);
	}
	if (!good) {
		end_child(w);
		log_event(LOG_WARNING, "magic-worker-failed", "%s", "");
	}
	pthread_mutex_unlock(&w->lock);
	return good;
}
