/* HTTP/2: frames of any kind on a connection.  Never a crash or a leak; no request is handed on without a
 * host and a path, or with a line end or NUL in a value; a request is answered once. */
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/env.h"
#include "http/internal.h"

#include "definitions.h"

static struct http_loop loop;
static struct http_server server;
static struct http_exchange *held;      /* answered after the next frame, if at all */

static void
require(bool good)
{
	if (!good)
		abort();
}

static bool
one_line(struct slice s)
{
	return slice_find(s, '\r') == s.len && slice_find(s, '\n') == s.len && slice_find(s, '\0') == s.len;
}

static bool
head(void *ctx, struct http_exchange *x, size_t *body_limit)
{
	(void)ctx;
	require(x->version == 2 && x->host.len > 0 && x->path.len > 0 && one_line(x->path) && one_line(x->host));
	for (size_t i = 0; i < x->header_count; i++)
		require(one_line(x->headers[i].name) && one_line(x->headers[i].value));
	*body_limit = 256;
	if (!slice_starts(x->path, SLICE("/no")))
		return true;
	http_reply(x, 401, NULL, 0, SLICE("no"));
	return false;
}

static void
answer_held(void)
{
	struct http_exchange *x = held;

	held = NULL;
	if (x != NULL)
		http_reply(x, 200, NULL, 0, SLICE("later"));
}

static void
request(void *ctx, struct http_exchange *x)
{
	(void)ctx;
	require(x->body.len <= 256);
	if (!slice_starts(x->path, SLICE("/wait")) || held != NULL)
		http_reply(x, 200, NULL, 0, SLICE("yes"));
	else
		held = x;
}

static void
refuse(void *ctx, struct http_exchange *x, int fault)
{
	(void)ctx;
	http_reply(x, faults[fault].status, NULL, 0, SLICE("refused"));
}

static struct connection *
connect_to_nobody(void)
{
	static SSL_CTX *tls;
	struct connection *c = calloc(1, sizeof *c);

	if (tls == NULL)
		tls = SSL_CTX_new(TLS_server_method());
	require(c != NULL && tls != NULL);
	c->loop = &loop;
	c->fd = -1;
	c->ssl = SSL_new(tls);          /* never shakes hands: what is sent stays in c->out */
	SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(c->ssl);
	c->state = OPEN;
	c->h2 = h2_new(c);
	loop.connections = c;
	atomic_fetch_add(&server.connections, 1);
	return c;
}

static void
prepare(void)
{
	static const char *const hosts[] = { "a", NULL };
	static struct limits limits;

	limits = limits_default;
	limits.of[LIMIT_HEADER_COUNT] = 8;
	limits.of[LIMIT_HEADER] = 128;
	limits.of[LIMIT_REQUEST_LINE] = 128;
	limits.of[LIMIT_RESETS] = 10;
	server.config = (struct http_config){ .env = &env_real, .limits = &limits, .hosts = hosts };
	server.handler = (struct http_handler){ .head = head, .request = request, .refuse = refuse };
	loop_init(&loop, &server, 0);
}

/* The input is frames behind the preface, the length of each in front of it in one byte: so a mutation of one
 * does not move the others. */
static void
feed(struct connection *c, struct slice frames)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";

	h2_read(c->h2, preface, sizeof preface);        /* its NUL ends the SETTINGS frame */
	while (frames.len > 5 && c->state == OPEN) {
		size_t n = (unsigned char)frames.ptr[0];
		char frame[9 + 255] = { 0, 0, (char)n, frames.ptr[1], frames.ptr[2], 0, 0, 0, frames.ptr[3] };
		struct slice payload = slice_sub(frames, 4, n);

		memcpy(frame + 9, payload.ptr, payload.len);
		frames = slice_sub(frames, 4 + payload.len, frames.len);
		h2_read(c->h2, frame, 9 + n);
		if (frame[8] % 3 == 0)
			answer_held();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct connection *c;

	if (server.config.env == NULL)
		prepare();
	held = NULL;
	c = connect_to_nobody();
	c->processing = true;
	feed(c, slice_make(bytes, n));
	h2_tick(c->h2, connection_now(c) + 100 * 1000000000LL);
	connection_break(c);
	c->processing = false;
	connection_reap(c);
	answer_held();
	require(loop.connections == NULL);
	return 0;
}
