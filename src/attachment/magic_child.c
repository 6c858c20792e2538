/* magic_child.c -- see magic.h: the process that runs libmagic.
 *
 * First the definitions are read and a first answer made, so that everything that opens files
 * has been done; then the door is closed: limits, and a seccomp filter.  A
 * refused system call kills the process, and its parent sees the end of the stream. */
#include "attachment/magic.h"

#include <errno.h>
#include <magic.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"

#define MEMORY ((rlim_t)256 << 20)

static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit_group), SCMP_SYS(exit), SCMP_SYS(brk),
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mprotect),
	SCMP_SYS(futex), SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(getrandom),
#ifdef __SANITIZE_ADDRESS__
	/* what the sanitizer needs to report */
	SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(sched_yield), SCMP_SYS(tgkill),
#endif
};

static bool
limit(int what, rlim_t most)
{
	struct rlimit l = { most, most };

	return setrlimit((__rlimit_resource_t)what, &l) == 0;
}

static bool
close_the_door(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool good = filter != NULL && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
	    && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0)
	    && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0);

#ifndef __SANITIZE_ADDRESS__
	good = good && limit(RLIMIT_AS, MEMORY);        /* shadow memory is terabytes */
#endif
	for (size_t i = 0; good && i < COUNT_OF(allowed); i++)
		good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	good = good && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return good;
}

static bool
move(void *bytes, size_t n, bool out)
{
	char *at = bytes;

	while (n > 0) {
		ssize_t done = out ? write(1, at, n) : read(0, at, n);

		if (done == 0 || (done < 0 && errno != EINTR))
			return false;
		if (done > 0) {
			at += done;
			n -= (size_t)done;
		}
	}
	return true;
}

static bool
answer(magic_t m, uint8_t *bytes)
{
	uint8_t length[4];
	const char *type;
	size_t n;

	if (!move(length, sizeof length, false))
		return false;
	n = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
	if (n > MAGIC_HEAD || !move(bytes, n, false))
		return false;
	if ((type = magic_buffer(m, bytes, n)) == NULL)
		type = "application/octet-stream";
	n = strlen(type);
	if (n >= MAGIC_TYPE)
		return false;
	length[0] = length[1] = 0;
	length[2] = (uint8_t)(n >> 8);
	length[3] = (uint8_t)n;
	return move(length, sizeof length, true) && move((void *)(uintptr_t)type, n, true);
}

int
magic_worker_main(void)
{
	uint8_t *bytes = malloc(MAGIC_HEAD + 1);
	magic_t m = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);

	close_range(3, ~0u, 0);
	if (m == NULL || bytes == NULL || magic_load(m, NULL) != 0
	    || magic_buffer(m, "a text", 6) == NULL || !close_the_door())
		return 2;
	while (answer(m, bytes))
		;
	_exit(0);
}
