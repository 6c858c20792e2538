/* clamd.c -- see clamd.h. */
#include "attachment/clamd.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/env.h"

#define CONNECT_SECONDS 2
#define REPLY_MAX       1024

struct clamd {
	int     fd;
	int64_t deadline;               /* monotonic ms */
	bool    failed;
};

static int64_t
now(void)
{
	return env_monotonic(&env_real) / 1000000;
}

/* Replies */

static bool
harmless(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c)
	    || (c != '\0' && strchr("._-:()", c) != NULL);
}

static void
copy_name(struct slice from, char name[SIGNATURE_NAME])
{
	size_t n = 0;

	for (size_t i = 0; i < from.len && n + 1 < SIGNATURE_NAME; i++)
		if (harmless(from.ptr[i]))
			name[n++] = from.ptr[i];
	name[n] = '\0';
}

enum clamd_verdict
clamd_read_reply(struct slice reply, char name[SIGNATURE_NAME])
{
	struct slice stream = SLICE("stream: "), found = SLICE(" FOUND");

	name[0] = '\0';
	if (slice_is(reply, "stream: OK"))
		return CLAMD_CLEAN;
	if (slice_is(reply, "INSTREAM size limit exceeded. ERROR"))
		return CLAMD_TOO_LONG;
	if (!slice_starts(reply, stream) || !slice_ends(reply, found)
	    || reply.len <= stream.len + found.len)
		return CLAMD_FAILED;
	copy_name(slice_sub(reply, stream.len, reply.len - stream.len - found.len), name);
	return CLAMD_INFECTED;
}

/* "Fri Nov 21 08:12:55 2025", always in English. */
static bool
read_day(struct slice text, int64_t *ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct slice rest = text, month;
	uint64_t day, year;
	const char *at;
	struct tm tm = { 0 };
	time_t t;

	slice_cut(&rest, ' ');
	month = slice_cut(&rest, ' ');
	while (slice_starts(rest, SLICE(" ")))
		rest = slice_sub(rest, 1, rest.len);
	if (month.len != 3 || !slice_uint(slice_cut(&rest, ' '), &day))
		return false;
	slice_cut(&rest, ' ');
	at = memmem(months, sizeof months - 1, month.ptr, 3);
	if (at == NULL || (at - months) % 3 != 0 || !slice_uint(slice_trim(rest), &year)
	    || day < 1 || day > 31 || year < 2000 || year > 9999)
		return false;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_mday = (int)day;
	tm.tm_year = (int)year - 1900;
	t = timegm(&tm);
	*ms = (int64_t)t * 1000;
	return true;
}

bool
clamd_read_version(struct slice reply, int64_t *signatures)
{
	struct slice rest = reply;

	*signatures = 0;
	if (!slice_starts(reply, SLICE("ClamAV ")))
		return false;
	slice_cut(&rest, '/');
	slice_cut(&rest, '/');
	return rest.len == 0 || read_day(rest, signatures);
}

/* The connection */

static bool
ready(const struct clamd *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int64_t left = c->deadline - now();
	int n;

	do
		n = left <= 0 ? 0 : poll(&p, 1, (int)left);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool
send_all(struct clamd *c, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0 && !c->failed) {
		ssize_t sent = send(c->fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			at += sent;
			n -= (size_t)sent;
		} else if (errno != EINTR && (errno != EAGAIN || !ready(c, POLLOUT))) {
			c->failed = true;
		}
	}
	return !c->failed;
}

/* Up to a NUL, or to the end of the connection. */
static struct slice
receive(struct clamd *c, char reply[REPLY_MAX])
{
	size_t n = 0;

	while (n < REPLY_MAX && ready(c, POLLIN)) {
		ssize_t got = recv(c->fd, reply + n, REPLY_MAX - n, MSG_DONTWAIT);
		char *end;

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			break;
		if ((end = memchr(reply + n, '\0', (size_t)got)) != NULL)
			return slice_make(reply, (size_t)(end - reply));
		n += (size_t)got;
	}
	return SLICE_NONE;              /* a reply without its end is none */
}

/* Whoever took the socket's place is not the scanner. */
static bool
peer_good(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;
	struct passwd entry, *clamav = NULL;
	char room[1024];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return getpwnam_r("clamav", &entry, room, sizeof room, &clamav) == 0 && clamav != NULL
	    && clamav->pw_uid == peer.uid;
}

static bool
connect_to(struct clamd *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int64_t until = c->deadline;
	int code;

	if (strlen(path) >= sizeof address.sun_path)
		return false;
	memcpy(address.sun_path, path, strlen(path));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return false;
	c->deadline = now() + CONNECT_SECONDS * 1000;
	do {
		code = connect(c->fd, (struct sockaddr *)&address, sizeof address);
		if (code != 0 && errno == EAGAIN)               /* its backlog is full */
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	} while (code != 0 && (errno == EAGAIN || errno == EINTR) && now() < c->deadline);
	c->deadline = until;
	return code == 0 && peer_good(c->fd);
}

static struct clamd *
open_connection(const char *path, int seconds)
{
	struct clamd *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->fd = -1;
	c->deadline = now() + (int64_t)seconds * 1000;
	if (connect_to(c, path))
		return c;
	clamd_drop(c);
	return NULL;
}

struct clamd *
clamd_open(const char *path, int seconds)
{
	static const char command[] = "zINSTREAM";
	struct clamd *c = open_connection(path, seconds);

	if (c != NULL && send_all(c, command, sizeof command))
		return c;
	clamd_drop(c);
	return NULL;
}

/* <length, four bytes, big-endian> <bytes>; one of length 0 would be the end. */
bool
clamd_send(struct clamd *c, struct slice piece)
{
	uint8_t length[4] = { (uint8_t)(piece.len >> 24), (uint8_t)(piece.len >> 16),
		(uint8_t)(piece.len >> 8), (uint8_t)piece.len };

	return piece.len == 0
	    || (send_all(c, length, sizeof length) && send_all(c, piece.ptr, piece.len));
}

/* A reply that came before everything was read is not about everything: bytes are still
 * unread, or were when it hung up. */
static bool
all_taken(const struct clamd *c)
{
	int left = 1, error = 1;
	socklen_t n = sizeof error;

	return ioctl(c->fd, SIOCOUTQ, &left) == 0 && left == 0
	    && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0;
}

/* Also when the stream broke off in sending: the scanner says why it hung up. */
enum clamd_verdict
clamd_finish(struct clamd *c, char name[SIGNATURE_NAME])
{
	static const uint8_t end[4];
	char reply[REPLY_MAX];
	enum clamd_verdict verdict;
	bool whole = send_all(c, end, sizeof end);

	verdict = clamd_read_reply(receive(c, reply), name);
	if (verdict == CLAMD_CLEAN && (!whole || !all_taken(c)))
		verdict = CLAMD_FAILED;
	clamd_drop(c);
	return verdict;
}

void
clamd_drop(struct clamd *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

static void
copy_printable(struct slice from, char text[SIGNATURES_TEXT])
{
	size_t n = from.len < SIGNATURES_TEXT - 1 ? from.len : SIGNATURES_TEXT - 1;

	for (size_t i = 0; i < n; i++)
		text[i] = from.ptr[i] > ' ' && from.ptr[i] <= '~' ? from.ptr[i] : ' ';
	text[n] = '\0';
}

bool
clamd_version(const char *path, int seconds, int64_t *signatures, char text[SIGNATURES_TEXT])
{
	static const char command[] = "zVERSION";
	struct clamd *c = open_connection(path, seconds);
	char reply[REPLY_MAX];
	struct slice said;
	bool good;

	if (c == NULL)
		return false;
	good = send_all(c, command, sizeof command)
	    && clamd_read_version(said = receive(c, reply), signatures);
	if (good && text != NULL)
		copy_printable(said, text);
	clamd_drop(c);
	return good;
}
