/* exchange.c -- requests and replies, whatever carries them. */
#include <stdlib.h>

#include "http/internal.h"

struct exchange_state *
exchange_new(struct connection *c, int version)
{
	struct arena *arena = loop_arena(c->loop);
	struct exchange_state *x = arena_alloc(arena, sizeof *x);

	x->public.arena = arena;
	x->public.loop = c->loop;
	x->public.version = version;
	x->public.peer = slice_dup(slice_of(c->peer), arena);
	x->connection = c;
	x->body_limit = c->loop->server->config.limits->of[LIMIT_BODY];
	x->next = c->exchanges;
	c->exchanges = x;
	c->held++;
	return x;
}

static int64_t
unpause(struct exchange_state *x)
{
	struct connection *c = x->connection;

	if (!x->paused)
		return 0;
	x->paused = false;
	return c == NULL || --c->paused > 0 ? 0 : connection_now(c) - c->paused_since;
}

/* A body that will not become whole. */
static void
leave_sink(struct exchange_state *x)
{
	const struct http_sink *sink = x->public.sink;

	unpause(x);
	x->public.sink = NULL;
	if (sink != NULL && !x->delivered)
		sink->gone(sink->ctx);
}

void
exchange_done(struct exchange_state *x)
{
	struct connection *c = x->connection;
	struct http_loop *loop = x->public.loop;

	if (c != NULL) {
		struct exchange_state **at = &c->exchanges;

		while (*at != x)
			at = &(*at)->next;
		*at = x->next;
		c->held--;
	}
	leave_sink(x);
	if (x->body != NULL)
		explicit_bzero(x->body, x->body_len);
	free(x->body);
	free(x->piece);
	loop_keep_arena(loop, x->public.arena);
}

void
exchange_add_header_in(struct exchange_state *x, struct slice name, struct slice value)
{
	if (x->public.header_count == x->header_room) {
		size_t room = x->header_room == 0 ? 16 : x->header_room * 2;

		x->headers = arena_grow(x->public.arena, x->headers,
		    x->header_room * sizeof *x->headers, room * sizeof *x->headers);
		x->header_room = room;
		x->public.headers = x->headers;
	}
	x->headers[x->public.header_count++] = (struct http_header){ name, value };
}

static void
give_to_sink(struct exchange_state *x, const void *bytes, size_t n)
{
	struct connection *c = x->connection;

	x->body_len += n;
	if (x->public.sink->take(x->public.sink->ctx, bytes, n) || x->paused)
		return;
	x->paused = true;
	if (c->paused++ == 0)
		c->paused_since = connection_now(c);
}

void
http_resume(struct http_exchange *public)
{
	struct exchange_state *x = (struct exchange_state *)public;
	struct connection *c = x->connection;
	int64_t waited = unpause(x);

	if (c == NULL || c->state == BROKEN)
		return;
	if (c->h1 != NULL)
		h1_excuse(c->h1, waited);
	else
		h2_excuse(c->h2, waited);
	connection_process(c);
}

bool
exchange_add_body(struct exchange_state *x, const void *bytes, size_t n)
{
	if (n > x->body_limit - x->body_len)
		return false;
	if (x->public.sink != NULL) {
		give_to_sink(x, bytes, n);
		return true;
	}
	if (x->body_len + n > x->body_room) {
		size_t room = x->body_room == 0 ? 8192 : x->body_room * 2;
		char *bigger;

		while (room < x->body_len + n)
			room *= 2;
		if ((bigger = realloc(x->body, room)) == NULL)
			abort();
		x->body = bigger;
		x->body_room = room;
	}
	memcpy(x->body + x->body_len, bytes, n);
	x->body_len += n;
	return true;
}

void
exchange_deliver(struct exchange_state *x)
{
	const struct http_handler *h = &x->public.loop->server->handler;

	x->delivered = true;
	unpause(x);
	if (x->public.sink == NULL)
		x->public.body = slice_make(x->body, x->body_len);
	h->request(h->ctx, &x->public);
}

void
exchange_refuse(struct exchange_state *x, enum fault fault)
{
	const struct http_handler *h = &x->public.loop->server->handler;

	leave_sink(x);
	x->delivered = true;
	x->keep_alive = false;
	h->refuse(h->ctx, &x->public, (int)fault);
}

static bool
is_our_host(struct exchange_state *x)
{
	const char *const *hosts = x->public.loop->server->config.hosts;

	if (hosts == NULL)
		return true;
	for (; *hosts != NULL; hosts++)
		if (slice_eq_nocase(x->public.host, slice_of(*hosts)))
			return true;
	return false;
}

/* RFC 9110 10.1.1, 15.5.16: a body in a coding would be read as what it is not. */
enum fault
exchange_check_head(struct exchange_state *x)
{
	struct slice expect = http_header(&x->public, "expect");
	struct slice coding = http_header(&x->public, "content-encoding");

	if (!is_our_host(x))
		return FAULT_MISDIRECTED;
	if (expect.len > 0 && !slice_eq_nocase(expect, SLICE("100-continue")))
		return FAULT_EXPECTATION;
	return http_header_count(&x->public, "content-encoding") > 1
	    || (coding.len > 0 && !slice_eq_nocase(coding, SLICE("identity"))) ? FAULT_MEDIA_TYPE : FAULT_COUNT;
}

struct slice
http_header(const struct http_exchange *x, const char *name)
{
	for (size_t i = 0; i < x->header_count; i++)
		if (slice_is(x->headers[i].name, name))
			return x->headers[i].value;
	return SLICE_NONE;
}

size_t
http_header_count(const struct http_exchange *x, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < x->header_count; i++)
		n += slice_is(x->headers[i].name, name);
	return n;
}

/* RFC 9110 15: 1xx, 204 and 304 have no content; HEAD gets none. */
void
http_reply(struct http_exchange *public, int status, const struct http_header *headers,
    size_t count, struct slice body)
{
	struct exchange_state *x = (struct exchange_state *)public;
	struct connection *c = x->connection;
	bool outer;

	x->replied = true;
	if (c == NULL || c->state == BROKEN) {
		exchange_done(x);
		if (c != NULL)
			connection_reap(c);
		return;
	}
	x->head_only = slice_is(public->method, "HEAD") || status == 204 || status == 304;
	outer = c->processing;          /* nothing below may free the connection */
	c->processing = true;
	if (c->h2 != NULL)
		h2_reply(c->h2, x, status, headers, count, body);
	else
		h1_reply(c->h1, x, status, headers, count, body);
	c->processing = outer;
	if (!outer)
		connection_process(c);
}

/* Answers in pieces */

#define PIECES_MANY (256 * 1024)        /* bytes on their way out: no more is asked for */

void
exchange_feed(struct connection *c)
{
	struct exchange_state *x, *next;

	for (x = c->exchanges; x != NULL && c->state == OPEN; x = next) {
		next = x->next;
		if (x->source.want == NULL || x->asking || x->left == 0 || x->reply_at < x->reply_body.len
		    || c->out_len - c->out_at > PIECES_MANY)
			continue;
		x->asking = true;
		x->source.want(x->source.ctx);
	}
}

void
http_reply_pieces(struct http_exchange *public, int status, const struct http_header *headers,
    size_t count, uint64_t length, struct http_source source)
{
	struct exchange_state *x = (struct exchange_state *)public;
	struct connection *c = x->connection;
	bool outer;

	if (c == NULL || c->state == BROKEN || length == 0) {
		http_reply(public, status, headers, count, SLICE_NONE);
		return;
	}
	x->replied = true;
	x->head_only = slice_is(public->method, "HEAD");
	x->left = x->head_only ? 0 : length;
	x->source = source;
	outer = c->processing;
	c->processing = true;
	if (c->h2 != NULL)
		h2_begin_pieces(c->h2, x, status, headers, count, length);
	else
		h1_begin_pieces(c->h1, x, status, headers, count, length);
	c->processing = outer;
	if (!outer)
		connection_process(c);
}

static void
send_piece(struct connection *c, struct exchange_state *x, struct slice piece)
{
	bool good = piece.len > 0 && piece.len <= x->left;

	if (good)
		x->left -= piece.len;
	if (c->h2 != NULL) {
		if (good) {
			free(x->piece);
			if ((x->piece = malloc(piece.len)) == NULL)
				abort();
			memcpy(x->piece, piece.ptr, piece.len);
			x->reply_body = slice_make(x->piece, piece.len);
			x->reply_at = 0;
		}
		h2_go_on(c->h2, x, good);
	} else if (!good) {
		connection_break(c);            /* it was promised more */
	} else {
		connection_send(c, piece.ptr, piece.len);
		if (x->left == 0)
			h1_end_pieces(c->h1, x);
		else
			connection_flush(c);
	}
}

void
http_piece(struct http_exchange *public, struct slice piece)
{
	struct exchange_state *x = (struct exchange_state *)public;
	struct connection *c = x->connection;
	bool outer;

	x->asking = false;
	if (c == NULL || c->state == BROKEN || x->stream < 0) {
		exchange_done(x);
		if (c != NULL)
			connection_reap(c);
		return;
	}
	outer = c->processing;
	c->processing = true;
	send_piece(c, x, piece);
	c->processing = outer;
	if (!outer)
		connection_process(c);
}

static const struct { int status; const char *reason; } reasons[] = {
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
	{ 304, "Not Modified" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" }, { 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" },
	{ 412, "Precondition Failed" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
	{ 206, "Partial Content" }, { 416, "Range Not Satisfiable" }, { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
	{ 421, "Misdirected Request" }, { 422, "Unprocessable Content" },
	{ 428, "Precondition Required" }, { 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
	{ 501, "Not Implemented" }, { 503, "Service Unavailable" },
};

struct slice
exchange_status_reason(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return slice_of(reasons[i].reason);
	return SLICE("Status");
}
