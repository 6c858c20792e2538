/* connection.c -- a TLS connection: handshake, reading, writing, time.
 *
 * Sockets are edge-triggered: every event is followed by reading until TLS
 * wants more bytes than there are, and by writing until the socket is full.  A
 * connection is freed when it is broken and no handler holds an exchange of it. */
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/env.h"
#include "http/internal.h"

#define SECOND      1000000000LL
#define READ_BYTES  16384
#define WRITE_BYTES 16384
#define OUT_KEPT    (64 * 1024)
#define OUT_MANY    (4u << 20)  /* an HTTP/2 peer that reads slower than it asks */

int64_t
connection_now(const struct connection *c)
{
	return env_monotonic(c->loop->server->config.env);
}

void
connection_set_deadline(struct connection *c, int64_t seconds)
{
	c->deadline = seconds == 0 ? 0 : connection_now(c) + seconds * SECOND;
}

bool
rate_too_low(const size_t *limits, int64_t began, int64_t now, size_t bytes)
{
	int64_t seconds = (now - began) / SECOND - RATE_GRACE;

	return seconds > 0 && bytes < (size_t)seconds * limits[LIMIT_RATE_FLOOR];
}

bool
rate_was_too_low(const size_t *limits, int64_t *since, int64_t now, size_t *taken)
{
	bool low = *taken < limits[LIMIT_IDLE_SECONDS] * limits[LIMIT_RATE_FLOOR];

	if (now - *since < (int64_t)limits[LIMIT_IDLE_SECONDS] * SECOND)
		return false;
	*since = now;
	*taken = 0;
	return low;
}

static void
name_peer(struct connection *c)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;

	if (getpeername(c->fd, (struct sockaddr *)&address, &n) != 0
	    || getnameinfo((struct sockaddr *)&address, n, c->peer, sizeof c->peer, NULL, 0,
	        NI_NUMERICHOST) != 0)
		c->peer[0] = '\0';
}

void
connection_open(struct http_loop *l, int fd)
{
	struct connection *c = calloc(1, sizeof *c);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

	if (c == NULL)
		abort();
	c->loop = l;
	c->fd = fd;
	c->ssl = SSL_new(l->server->tls);
	e.data.ptr = c;
	if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1
	    || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
		SSL_free(c->ssl);
		close(fd);
		free(c);
		atomic_fetch_sub(&l->server->connections, 1);
		return;
	}
	SSL_set_accept_state(c->ssl);
	name_peer(c);
	c->next = l->connections;
	if (c->next != NULL)
		c->next->previous = c;
	l->connections = c;
	connection_set_deadline(c, (int64_t)l->server->config.limits->of[LIMIT_HEAD_SECONDS]);
}

static void
forget_exchanges(struct connection *c)
{
	struct exchange_state *x, *next;

	for (x = c->exchanges; x != NULL; x = next) {
		next = x->next;
		if ((!x->delivered && !x->refused) || (x->replied && !x->asking)) {
			exchange_done(x);       /* no handler knows of the rest of it */
		} else {
			x->connection = NULL;
		}
	}
	c->exchanges = NULL;
	c->held = 0;
}

void
connection_break(struct connection *c)
{
	if (c->state == BROKEN)
		return;
	c->state = BROKEN;
	shutdown(c->fd, SHUT_RDWR);
}

void
connection_reap(struct connection *c)
{
	struct http_loop *l = c->loop;

	if (c->state != BROKEN || c->processing)
		return;
	forget_exchanges(c);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		l->connections = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	h1_free(c->h1);
	h2_free(c->h2);
	SSL_free(c->ssl);
	close(c->fd);
	if (c->out != NULL)
		explicit_bzero(c->out, c->out_room);
	free(c->out);
	free(c);
	atomic_fetch_sub(&l->server->connections, 1);
}

/* SSL_get_error() looks into the thread's queue of errors: it is empty before each call.  To see that is
 * cheaper than to empty it. */
static void
forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

/* Writing */

void
connection_send(struct connection *c, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	if (c->out_at > 0 && c->out_len + n > c->out_room) {   /* what was sent makes room */
		c->out_len -= c->out_at;
		memmove(c->out, c->out + c->out_at, c->out_len);
		c->out_at = 0;
	}
	if (c->out_len + n > c->out_room) {
		size_t room = c->out_room == 0 ? 4096 : c->out_room;

		while (room < c->out_len + n)
			room *= 2;
		if ((c->out = realloc(c->out, room)) == NULL)
			abort();
		c->out_room = room;
	}
	memcpy(c->out + c->out_len, bytes, n);
	c->out_len += n;
}

/* What it took to send does not count as idle. */
static void
all_sent(struct connection *c)
{
	if (c->stuck_since != 0 && c->deadline != 0)
		connection_set_deadline(c, (int64_t)c->loop->server->config.limits->of[LIMIT_IDLE_SECONDS]);
	c->stuck_since = 0;
	c->out_len = c->out_at = 0;
	if (c->out_room > OUT_KEPT) {
		explicit_bzero(c->out, c->out_room);
		free(c->out);
		c->out = NULL;
		c->out_room = 0;
	}
	if (c->state == CLOSING) {
		SSL_shutdown(c->ssl);
		connection_break(c);
	}
}

static void
stuck(struct connection *c)
{
	c->stuck_since = connection_now(c);
	c->taken = 0;
}

/* Takes off `rest` what the socket takes of it. */
static void
write_records(struct connection *c, struct slice *rest)
{
	while (rest->len > 0) {
		int n;

		forget_errors();
		n = SSL_write(c->ssl, rest->ptr, (int)(rest->len < WRITE_BYTES ? rest->len : WRITE_BYTES));
		if (n > 0) {
			c->taken += (size_t)n;
			*rest = slice_sub(*rest, (size_t)n, rest->len);
			continue;
		}
		n = SSL_get_error(c->ssl, n);
		c->stuck = n == SSL_ERROR_WANT_WRITE || n == SSL_ERROR_WANT_READ;
		if (!c->stuck)
			connection_break(c);
		else if (c->stuck_since == 0)
			stuck(c);
		return;
	}
}

static void
write_waiting(struct connection *c)
{
	struct slice rest = slice_make(c->out + c->out_at, c->out_len - c->out_at);

	c->stuck = false;
	write_records(c, &rest);
	c->out_at = c->out_len - rest.len;
	if (rest.len == 0)
		all_sent(c);
}

/* Records of one answer share packets. */
static void
cork(const struct connection *c, int on)
{
	setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

void
connection_flush(struct connection *c)
{
	bool many = c->out_len - c->out_at > WRITE_BYTES;

	if (c->state == BROKEN || c->state == HANDSHAKE)
		return;
	if (many)
		cork(c, 1);
	write_waiting(c);
	if (many)
		cork(c, 0);
}

void
connection_send_now(struct connection *c, struct slice bytes)
{
	size_t waiting = c->out_len - c->out_at;
	struct slice first = slice_sub(bytes, 0, waiting < WRITE_BYTES ? WRITE_BYTES - waiting : 0);
	struct slice rest = slice_sub(bytes, first.len, bytes.len);

	connection_send(c, first.ptr, first.len);
	if (rest.len > 0 && c->state == OPEN) {
		cork(c, 1);
		write_waiting(c);
		if (c->out_len == 0)
			write_records(c, &rest);
		cork(c, 0);
	}
	connection_send(c, rest.ptr, rest.len);
}

void
connection_close_when_sent(struct connection *c)
{
	if (c->state == BROKEN)
		return;
	c->state = CLOSING;
	connection_set_deadline(c, 10);
	connection_flush(c);
}

/* Reading */

static bool
choose_protocol(struct connection *c)
{
	const unsigned char *name;
	unsigned n;

	SSL_get0_alpn_selected(c->ssl, &name, &n);
	if (n == 2 && memcmp(name, "h2", 2) == 0)
		c->h2 = h2_new(c);
	else
		c->h1 = h1_new(c);
	c->state = OPEN;
	return true;
}

static bool
shake_hands(struct connection *c)
{
	int code;

	forget_errors();
	if ((code = SSL_do_handshake(c->ssl)) == 1)
		return choose_protocol(c);
	code = SSL_get_error(c->ssl, code);
	if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE)
		connection_break(c);
	return false;
}

static bool
may_read(const struct connection *c)
{
	return c->state == OPEN && c->paused == 0 && c->out_len - c->out_at < OUT_MANY;
}

static bool
feed(struct connection *c, const char *bytes, size_t n)
{
	return c->h2 != NULL ? h2_read(c->h2, bytes, n) : h1_read(c->h1, bytes, n);
}

static void
read_all(struct connection *c)
{
	UNSET char bytes[READ_BYTES];
	int most = 0;

	while (may_read(c)) {
		int n;

		forget_errors();
		n = SSL_read(c->ssl, bytes, sizeof bytes);
		if (n > 0) {
			most = n > most ? n : most;
			if (!feed(c, bytes, (size_t)n))
				break;
			continue;
		}
		n = SSL_get_error(c->ssl, n);
		if (n != SSL_ERROR_WANT_READ && n != SSL_ERROR_WANT_WRITE)
			connection_break(c);
		break;
	}
	explicit_bzero(bytes, (size_t)most);
}

void
connection_process(struct connection *c)
{
	if (c->processing)
		return;
	c->processing = true;
	if (c->state != HANDSHAKE || shake_hands(c)) {
		read_all(c);
		if (c->h2 != NULL && c->state != BROKEN)
			h2_write(c->h2);
		connection_flush(c);
		exchange_feed(c);
	}
	c->processing = false;
	connection_reap(c);
}

void
connection_event(struct connection *c, uint32_t events)
{
	if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
		connection_break(c);
		connection_reap(c);
		return;
	}
	if (c->state == OPEN || c->state == CLOSING)
		connection_flush(c);
	if (c->state == BROKEN) {
		connection_reap(c);
		return;
	}
	connection_process(c);
}

/* Time */

static bool
holds_nothing(const struct connection *c)
{
	return c->held == 0 && c->out_len == 0;
}

static void
look_at_deadline(struct connection *c)
{
	if (c->state == OPEN && c->h1 != NULL)
		h1_timeout(c->h1);
	else if (c->state != OPEN || holds_nothing(c))
		connection_break(c);
}

void
connection_tick(struct connection *c, int64_t now)
{
	const size_t *limits = c->loop->server->config.limits->of;

	c->processing = true;
	if (c->state == OPEN && c->h2 != NULL)
		h2_tick(c->h2, now);
	if (c->stuck_since != 0 && rate_was_too_low(limits, &c->stuck_since, now, &c->taken))
		connection_break(c);
	else if (c->state == OPEN && c->h1 != NULL && h1_too_slow(c->h1, now))
		h1_timeout(c->h1);
	else if (c->stuck_since == 0 && c->deadline != 0 && now > c->deadline)
		look_at_deadline(c);
	connection_flush(c);
	c->processing = false;
	connection_reap(c);
}

void
connection_drain(struct connection *c)
{
	c->processing = true;
	if (c->h2 != NULL)
		h2_drain(c->h2);
	else if (c->held == 0)
		connection_close_when_sent(c);
	connection_flush(c);
	c->processing = false;
	connection_reap(c);
}
