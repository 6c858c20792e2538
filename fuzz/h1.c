/* HTTP/1.1: any bytes on a connection, whole and in pieces.  Never a crash; in pieces they are the
 * same requests and refusals; no request that is handed on could be read in another way: one Host,
 * one length or chunks, no line end or NUL in a value, nothing after a refusal. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "http/internal.h"

#include "definitions.h"

static struct http_loop loop;
static struct http_server server;
static struct buf *told;                /* what the handler was told, of this run */
static bool refused;

static void
require(bool good)
{
	if (!good)
		abort();
}

static void
tell(const struct http_exchange *x)
{
	buf_printf(told, "%.*s %.*s ? %.*s @ %.*s\n", SLICE_FMT(x->method), SLICE_FMT(x->path),
	    SLICE_FMT(x->query), SLICE_FMT(x->host));
	for (size_t i = 0; i < x->header_count; i++)
		buf_printf(told, "%.*s: %.*s\n", SLICE_FMT(x->headers[i].name), SLICE_FMT(x->headers[i].value));
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
	require(!refused);
	require(http_header_count(x, "host") == 1 && http_header_count(x, "content-length") <= 1);
	require(http_header_count(x, "content-length") == 0 || http_header_count(x, "transfer-encoding") == 0);
	require(x->path.len > 0 && one_line(x->path) && one_line(x->query) && slice_find(x->path, ' ') == x->path.len);
	for (size_t i = 0; i < x->header_count; i++) {
		require(x->headers[i].name.len > 0 && one_line(x->headers[i].name) && one_line(x->headers[i].value));
		for (size_t k = 0; k < x->headers[i].name.len; k++)
			require((unsigned char)x->headers[i].name.ptr[k] > ' ' && x->headers[i].name.ptr[k] != ':');
	}
	*body_limit = 4096;
	tell(x);
	if (!slice_starts(x->path, SLICE("/no")))
		return true;
	http_reply(x, 401, NULL, 0, SLICE("no"));
	return false;
}

static void
request(void *ctx, struct http_exchange *x)
{
	(void)ctx;
	require(!refused && x->body.len <= 4096);
	buf_printf(told, "body %zu: ", x->body.len);
	buf_add(told, x->body);
	buf_add_char(told, '\n');
	http_reply(x, 200, NULL, 0, SLICE("yes"));
}

static void
refuse(void *ctx, struct http_exchange *x, int fault)
{
	(void)ctx;
	require(!refused);
	refused = true;
	buf_printf(told, "refused %d\n", faults[fault].status);
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
	c->h1 = h1_new(c);
	loop.connections = c;
	atomic_fetch_add(&server.connections, 1);
	return c;
}

/* `sizes` says how long the pieces are; none: all at once. */
static struct slice
run(struct slice bytes, struct slice sizes, struct arena *a)
{
	struct connection *c = connect_to_nobody();
	struct buf b;
	size_t at = 0;

	buf_init(&b, a, SIZE_MAX);
	told = &b;
	refused = false;
	c->processing = true;
	while (at < bytes.len && c->state == OPEN) {
		size_t n = sizes.len == 0 ? bytes.len : 1 + (unsigned char)sizes.ptr[at % sizes.len] % 32;
		struct slice piece = slice_sub(bytes, at, n);

		at += piece.len;
		h1_read(c->h1, piece.ptr, piece.len);
	}
	connection_break(c);
	c->processing = false;
	connection_reap(c);
	require(loop.connections == NULL);
	return buf_slice(&b);
}

static void
prepare(void)
{
	static const char *const hosts[] = { "a", "localhost:8443", NULL };
	static struct limits limits;

	limits = limits_default;
	limits.of[LIMIT_REQUEST_LINE] = 256;
	limits.of[LIMIT_HEADERS] = 1024;
	limits.of[LIMIT_HEADER] = 128;
	limits.of[LIMIT_HEADER_COUNT] = 8;
	server.config = (struct http_config){ .env = &env_real, .limits = &limits, .hosts = hosts };
	server.handler = (struct http_handler){ .head = head, .request = request, .refuse = refuse };
	loop_init(&loop, &server, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);
	struct slice all = slice_make(bytes, n);
	struct slice sizes = slice_sub(all, 0, 4), text = slice_sub(all, 4, n);

	if (server.config.env == NULL)
		prepare();
	if (text.len > 0 && !slice_eq(run(text, SLICE_NONE, a), run(text, sizes, a)))
		abort();
	arena_free(a);
	return 0;
}
