/* server.c -- the listener.  One thread accepts and hands connections to the
 * loops in turn; loops run until http_stop(). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/internal.h"

#define LOOPS_MAX 64

/* RFC 9325: ECDHE with AEAD only; TLS 1.3 suites are all of that kind. */
static const char suites[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *ctx)
{
	static const unsigned char ours[] = "\x02h2\x08http/1.1";

	(void)ssl;
	(void)ctx;
	return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, ours, sizeof ours - 1,
	    in, in_len) == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
make_tls(struct http_server *s, struct outcome *o)
{
	static const unsigned char session_context[] = "firebreak";

	s->tls = SSL_CTX_new(TLS_server_method());
	if (s->tls == NULL || SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION) != 1
	    || SSL_CTX_set_cipher_list(s->tls, suites) != 1
	    || SSL_CTX_set1_groups_list(s->tls, "X25519:P-256") != 1
	    || SSL_CTX_set_session_id_context(s->tls, session_context,
	        sizeof session_context - 1) != 1)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "TLS cannot be set up");
	SSL_CTX_set_options(s->tls, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION
	    | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(s->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
	    | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(s->tls, 1);      /* a record's head and body by one read */
	SSL_CTX_set_max_early_data(s->tls, 0);
	SSL_CTX_set_alpn_select_cb(s->tls, choose_alpn, NULL);
	return s->config.use_tls(s->config.use_tls_ctx, s->tls, o);
}

static bool
make_address(const struct http_config *c, struct sockaddr_storage *address, socklen_t *n)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)address;

	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, c->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(c->port);
		*n = sizeof *v4;
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(c->port);
	*n = sizeof *v6;
	return inet_pton(AF_INET6, c->address, &v6->sin6_addr) == 1;
}

static uint16_t
bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &n) != 0)
		return 0;
	return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)(void *)&address)->sin_port)
	    : ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port);
}

static bool
listen_on(struct http_server *s, struct outcome *o)
{
	struct sockaddr_storage address;
	socklen_t n;
	int one = 1;

	if (!make_address(&s->config, &address, &n))
		return outcome_fail_at_once(o, FAULT_INVALID, "the listen address is not an IP address");
	s->listener = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->listener < 0)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "no socket");
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(s->listener, (struct sockaddr *)&address, n) != 0 || listen(s->listener, 1024) != 0)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the port cannot be listened on");
	s->port = bound_port(s->listener);
	return true;
}

struct http_server *
http_server_new(const struct http_config *config, const struct http_handler *handler,
    struct outcome *o)
{
	struct http_server *s = calloc(1, sizeof *s);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (s == NULL)
		abort();
	s->config = *config;
	s->handler = *handler;
	s->listener = -1;
	s->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->loop_count = config->loops > 0 ? config->loops : cores > 0 ? (int)cores : 1;
	if (s->loop_count > LOOPS_MAX)
		s->loop_count = LOOPS_MAX;
	if (!make_tls(s, o) || !listen_on(s, o)) {
		http_server_free(s);
		return NULL;
	}
	s->loops = calloc((size_t)s->loop_count, sizeof *s->loops);
	if (s->loops == NULL)
		abort();
	for (int i = 0; i < s->loop_count; i++)
		loop_init(&s->loops[i], s, i);
	return s;
}

uint16_t
http_port(const struct http_server *s)
{
	return s->port;
}

int
http_loops(const struct http_server *s)
{
	return s->loop_count;
}

struct handover {
	struct http_loop *loop;
	int fd;
};

static void
take_over(void *arg)
{
	struct handover *h = arg;

	connection_open(h->loop, h->fd);
	free(h);
}

static void
hand_out(struct http_server *s, int fd, unsigned turn)
{
	struct handover *h = malloc(sizeof *h);
	int one = 1;

	if (h == NULL)
		abort();
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	*h = (struct handover){ &s->loops[turn % (unsigned)s->loop_count], fd };
	http_post(h->loop, take_over, h);
}

static void
accept_all(struct http_server *s, unsigned *turn)
{
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (atomic_fetch_add(&s->connections, 1) >= s->config.limits->of[LIMIT_CONNECTIONS]) {
			atomic_fetch_sub(&s->connections, 1);
			close(fd);
			continue;
		}
		hand_out(s, fd, (*turn)++);
	}
	if (errno == EMFILE || errno == ENFILE) {
		log_event(LOG_WARNING, "accept-failed", "errno=%d", errno);
		poll(NULL, 0, 50);
	}
}

static void
stop_loop(void *arg)
{
	struct http_loop *l = arg;

	l->stopping = true;
}

void
http_run(struct http_server *s, int grace)
{
	struct pollfd fds[] = {
		{ .fd = s->listener, .events = POLLIN }, { .fd = s->stop, .events = POLLIN },
	};
	unsigned turn = 0;

	s->grace = grace;
	for (int i = 0; i < s->loop_count; i++)
		if (pthread_create(&s->loops[i].thread, NULL, loop_run, &s->loops[i]) != 0)
			abort();
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if ((fds[1].revents & POLLIN) != 0)
			break;
		if ((fds[0].revents & POLLIN) != 0)
			accept_all(s, &turn);
	}
	close(s->listener);
	s->listener = -1;
	for (int i = 0; i < s->loop_count; i++)
		http_post(&s->loops[i], stop_loop, &s->loops[i]);
	for (int i = 0; i < s->loop_count; i++)
		pthread_join(s->loops[i].thread, NULL);
}

void
http_stop(struct http_server *s)
{
	uint64_t one = 1;
	ssize_t put = write(s->stop, &one, sizeof one);

	(void)put;
}

void
http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	for (int i = 0; s->loops != NULL && i < s->loop_count; i++)
		loop_free(&s->loops[i]);
	if (s->listener >= 0)
		close(s->listener);
	close(s->stop);
	SSL_CTX_free(s->tls);
	free(s->loops);
	free(s);
}
