/* h2.c -- HTTP/2 (RFC 9113) by nghttp2, which keeps the framing; here streams
 * become exchanges, and floods are cut off.
 *
 * A peer may reset streams, or make us reset them, only so often: past
 * LIMIT_RESETS in ten seconds the connection ends with ENHANCE_YOUR_CALM
 * (CVE-2023-44487, CVE-2025-8671).  What comes in drops is ended as in HTTP/1.1:
 * heads after LIMIT_HEAD_SECONDS, bodies below LIMIT_RATE_FLOOR, and a connection is
 * idle while no frame becomes whole. */
#include <inttypes.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/internal.h"

#define SECOND         1000000000LL
#define RESET_SECONDS  10
#define STREAM_WINDOW  (1 << 20)
#define SESSION_WINDOW (8 << 20)

struct h2 {
	struct connection *connection;
	nghttp2_session   *session;
	size_t             resets;
	int64_t            resets_since;
	bool               calmed;
};

static const size_t *
limits(const struct h2 *h)
{
	return h->connection->loop->server->config.limits->of;
}

static struct exchange_state *
exchange_of(struct h2 *h, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(h->session, stream);
}

static void
not_idle(struct h2 *h)
{
	connection_set_deadline(h->connection, (int64_t)limits(h)[LIMIT_IDLE_SECONDS]);
}

static void
count_reset(struct h2 *h)
{
	int64_t now = connection_now(h->connection);

	if (now - h->resets_since > RESET_SECONDS * SECOND) {
		h->resets_since = now;
		h->resets = 0;
	}
	if (++h->resets > limits(h)[LIMIT_RESETS] && !h->calmed) {
		h->calmed = true;
		nghttp2_session_terminate_session(h->session, NGHTTP2_ENHANCE_YOUR_CALM);
	}
}

/* Requests */

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2 *h = ctx;
	struct exchange_state *x;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	x = exchange_new(h->connection, 2);
	x->stream = frame->hd.stream_id;
	x->began = connection_now(h->connection);
	x->keep_alive = true;
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, x);
	return 0;
}

static void
take_pseudo(struct exchange_state *x, struct slice name, struct slice value)
{
	struct http_exchange *p = &x->public;

	if (slice_is(name, ":method")) {
		p->method = value;
	} else if (slice_is(name, ":authority")) {
		p->host = value;
	} else if (slice_is(name, ":path")) {
		p->query = value;
		p->path = slice_cut(&p->query, '?');
	}
}

/* Over a limit the exchange is marked: the head is refused
 * when it is whole. */
static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
	struct h2 *h = ctx;
	struct exchange_state *x = exchange_of(h, frame->hd.stream_id);
	struct slice n, v;

	(void)session;
	(void)flags;
	if (x == NULL || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	if (name_len + value_len > limits(h)[LIMIT_HEADER]
	    || x->public.header_count >= limits(h)[LIMIT_HEADER_COUNT]) {
		x->too_big = true;
		return 0;
	}
	n = slice_dup(slice_make(name, name_len), x->public.arena);
	v = slice_dup(slice_make(value, value_len), x->public.arena);
	if (n.len > 0 && n.ptr[0] == ':')
		take_pseudo(x, n, v);
	else
		exchange_add_header_in(x, n, slice_trim(v));
	return 0;
}

static enum fault
check_head(struct h2 *h, struct exchange_state *x)
{
	struct http_exchange *p = &x->public;
	size_t hosts = http_header_count(p, "host");

	if (x->too_big)
		return FAULT_HEADERS_TOO_BIG;
	if (p->path.len + p->query.len > limits(h)[LIMIT_REQUEST_LINE])
		return FAULT_URI_TOO_LONG;
	if (p->host.len == 0 && hosts == 1)
		p->host = http_header(p, "host");
	else if (hosts > 1 || (hosts == 1 && !slice_eq_nocase(http_header(p, "host"), p->host)))
		return FAULT_INVALID;
	if (p->host.len == 0 || p->path.len == 0
	    || (p->path.ptr[0] != '/' && !slice_is(p->path, "*")))
		return FAULT_INVALID;
	return exchange_check_head(x);
}

static void
head_phase(struct h2 *h, struct exchange_state *x)
{
	const struct http_handler *handler = &h->connection->loop->server->handler;
	enum fault fault = check_head(h, x);

	x->head_whole = true;
	x->began = connection_now(h->connection);
	if (fault != FAULT_COUNT) {
		exchange_refuse(x, fault);
		return;
	}
	x->refused = true;
	if (handler->head(handler->ctx, &x->public, &x->body_limit))
		x->refused = false;
}

static void
request_complete(struct h2 *h, int32_t stream)
{
	struct exchange_state *x = exchange_of(h, stream);

	if (x != NULL && !x->delivered && !x->refused)
		exchange_deliver(x);
}

static int
on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct h2 *h = ctx;
	struct exchange_state *x;

	(void)session;
	not_idle(h);
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		if (frame->headers.cat == NGHTTP2_HCAT_REQUEST
		    && (x = exchange_of(h, frame->hd.stream_id)) != NULL)
			head_phase(h, x);
		/* fall through */
	case NGHTTP2_DATA:
		if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
			request_complete(h, frame->hd.stream_id);
		break;
	case NGHTTP2_RST_STREAM:
		count_reset(h);
		break;
	default:
		break;
	}
	return 0;
}

static int
on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	(void)session;
	not_idle(ctx);
	if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		count_reset(ctx);
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t n,
    void *ctx)
{
	struct exchange_state *x = exchange_of(ctx, stream);

	(void)session;
	(void)flags;
	if (x != NULL && !x->delivered && !x->refused && !exchange_add_body(x, bytes, n))
		exchange_refuse(x, FAULT_TOO_BIG);
	return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error, void *ctx)
{
	struct exchange_state *x = exchange_of(ctx, stream);

	(void)error;
	if (x == NULL)
		return 0;
	nghttp2_session_set_stream_user_data(session, stream, NULL);
	if ((x->replied && !x->asking) || (!x->delivered && !x->refused))
		exchange_done(x);
	else
		x->stream = -1;         /* the handler still holds it; its reply goes nowhere */
	return 0;
}

/* Replies */

static ssize_t
read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room, uint32_t *flags,
    nghttp2_data_source *source, void *ctx)
{
	struct exchange_state *x = source->ptr;
	struct slice left = slice_sub(x->reply_body, x->reply_at, room);

	(void)session;
	(void)stream;
	(void)ctx;
	if (left.len == 0 && x->left > 0)
		return NGHTTP2_ERR_DEFERRED;    /* exchange_feed() asks for more when there is room */
	memcpy(to, left.ptr, left.len);
	x->reply_at += left.len;
	x->given += left.len;
	if (x->reply_at == x->reply_body.len && x->left == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)left.len;
}

static nghttp2_nv
field(struct slice name, struct slice value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.ptr, (uint8_t *)(uintptr_t)value.ptr, name.len,
		value.len, NGHTTP2_NV_FLAG_NONE };
}

static void
respond(struct h2 *h, struct exchange_state *x, int status, const struct http_header *headers,
    size_t count, uint64_t body_len)
{
	struct arena *arena = x->public.arena;
	nghttp2_nv *fields = arena_array(arena, count + 2, sizeof *fields);
	nghttp2_data_provider provider = { .source.ptr = x, .read_callback = read_body };
	char *code = arena_alloc(arena, 32), *length = code + 8;
	size_t n = 0;
	bool with_body = !x->head_only && body_len > 0;

	x->began = connection_now(h->connection);

	snprintf(code, 8, "%d", status);
	snprintf(length, 24, "%" PRIu64, body_len);
	fields[n++] = field(SLICE(":status"), slice_of(code));
	for (size_t i = 0; i < count; i++)
		fields[n++] = field(headers[i].name, headers[i].value);
	if (status != 204 && status != 304)
		fields[n++] = field(SLICE("content-length"), slice_of(length));
	nghttp2_submit_response(h->session, x->stream, fields, n, with_body ? &provider : NULL);
}

void
h2_reply(struct h2 *h, struct exchange_state *x, int status, const struct http_header *headers,
    size_t count, struct slice body)
{
	if (x->stream < 0) {
		exchange_done(x);
		return;
	}
	x->reply_body = body;
	respond(h, x, status, headers, count, body.len);
}

void
h2_begin_pieces(struct h2 *h, struct exchange_state *x, int status, const struct http_header *headers,
    size_t count, uint64_t length)
{
	if (x->stream < 0)
		exchange_done(x);
	else
		respond(h, x, status, headers, count, length);
}

void
h2_go_on(struct h2 *h, struct exchange_state *x, bool good)
{
	if (good)
		nghttp2_session_resume_data(h->session, x->stream);
	else
		nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, x->stream, NGHTTP2_INTERNAL_ERROR);
	h2_write(h);
	connection_flush(h->connection);
}

void
h2_write(struct h2 *h)
{
	const uint8_t *bytes;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(h->session, &bytes)) > 0)
		connection_send(h->connection, bytes, (size_t)n);
	if (n < 0 || (!nghttp2_session_want_read(h->session)
	    && !nghttp2_session_want_write(h->session)))
		connection_close_when_sent(h->connection);
}

bool
h2_read(struct h2 *h, const char *bytes, size_t n)
{
	ssize_t used = nghttp2_session_mem_recv(h->session, (const uint8_t *)bytes, n);

	h2_write(h);
	if (used < 0)
		connection_close_when_sent(h->connection);
	connection_flush(h->connection);
	return used >= 0 && h->connection->state == OPEN;
}

void
h2_drain(struct h2 *h)
{
	nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(h->session), NGHTTP2_NO_ERROR, NULL, 0);
	h2_write(h);
	if (h->connection->held == 0)
		connection_close_when_sent(h->connection);
}

/* Time */

void
h2_excuse(struct h2 *h, int64_t ns)
{
	for (struct exchange_state *x = h->connection->exchanges; x != NULL; x = x->next)
		x->began += ns;
}

/* An answer of which nothing more is here waits for us, not for the peer. */
static bool
answer_too_slow(struct h2 *h, struct exchange_state *x, int64_t now)
{
	return x->reply_at < x->reply_body.len
	    && rate_was_too_low(limits(h), &x->began, now, &x->given);
}

/* Nothing can be sent in the middle of a header block: the connection ends. */
void
h2_tick(struct h2 *h, int64_t now)
{
	struct connection *c = h->connection;
	int64_t head = (int64_t)limits(h)[LIMIT_HEAD_SECONDS] * SECOND;
	struct exchange_state *x, *next;

	for (x = c->exchanges; x != NULL && c->state == OPEN && c->paused == 0; x = next) {
		next = x->next;
		if (x->stream >= 0 && x->replied && answer_too_slow(h, x, now))
			nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, x->stream, NGHTTP2_CANCEL);
		if (x->delivered || x->refused || x->stream < 0)
			continue;
		if (!x->head_whole && now - x->began > head)
			connection_break(c);
		else if (x->head_whole && rate_too_low(limits(h), x->began, now, x->body_len))
			exchange_refuse(x, FAULT_TIMEOUT);
	}
	if (c->state == OPEN)
		h2_write(h);
}

static void
set_callbacks(nghttp2_session_callbacks *c)
{
	nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(c, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
	nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_send);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
}

struct h2 *
h2_new(struct connection *c)
{
	struct h2 *h = calloc(1, sizeof *h);
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	nghttp2_settings_entry settings[3];

	if (h == NULL || nghttp2_session_callbacks_new(&callbacks) != 0
	    || nghttp2_option_new(&option) != 0)
		abort();
	h->connection = c;
	settings[0] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		(uint32_t)limits(h)[LIMIT_STREAMS] };
	settings[1] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW };
	settings[2] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
		(uint32_t)limits(h)[LIMIT_HEADERS] };
	set_callbacks(callbacks);
	nghttp2_option_set_max_settings(option, 32);
	if (nghttp2_session_server_new2(&h->session, callbacks, h, option) != 0
	    || nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, 3) != 0)
		abort();
	nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, SESSION_WINDOW);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return h;
}

void
h2_free(struct h2 *h)
{
	if (h == NULL)
		return;
	nghttp2_session_del(h->session);
	free(h);
}
