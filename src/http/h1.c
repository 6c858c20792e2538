/* h1.c -- HTTP/1.1 (RFC 9112), strictly.
 *
 * A head is gathered whole before anything looks at it; its raw bytes are then
 * checked for what parsers disagree about (bare CR or LF, obs-fold, NUL), and only
 * then llhttp reads it.  One request is under way at a time; what a client
 * pipelines behind it waits in `in`. */
#include <inttypes.h>
#include <llhttp.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/internal.h"

#define CHUNK_SLACK  65536              /* framing bytes a chunked body may cost */
#define IN_MANY      (256u * 1024)
#define READ_FIRST   4096

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_WAIT };     /* wait: for the reply */

struct h1 {
	struct connection *connection;
	enum stage  stage;
	char       *in;
	size_t      in_len, in_room;
	llhttp_t    parser;
	struct exchange_state *x;
	struct slice name, value, target;
	size_t      raw_body;           /* bytes of body framing and content */
	int64_t     body_began;         /* monotonic */
	bool        complete, failed;
	enum fault  fault;
	bool        in_feed;
	bool        blank;              /* the one empty line before a request was there */
};

static const size_t *
limits(const struct h1 *h)
{
	return h->connection->loop->server->config.limits->of;
}

static int
fail(struct h1 *h, enum fault fault)
{
	if (!h->failed)
		h->fault = fault;
	h->failed = true;
	return HPE_USER;
}

/* llhttp's callbacks: spans are whole, because the head is. */

static struct slice
joined(struct slice before, const char *at, size_t n)
{
	return before.len > 0 && before.ptr + before.len == at
	    ? slice_make(before.ptr, before.len + n) : slice_make(at, n);
}

static int
on_url(llhttp_t *p, const char *at, size_t n)
{
	struct h1 *h = p->data;

	h->target = joined(h->target, at, n);
	return 0;
}

static int
on_field(llhttp_t *p, const char *at, size_t n)
{
	struct h1 *h = p->data;

	h->name = joined(h->name, at, n);
	return 0;
}

static int
on_value(llhttp_t *p, const char *at, size_t n)
{
	struct h1 *h = p->data;

	h->value = joined(h->value, at, n);
	return 0;
}

static int
on_value_complete(llhttp_t *p)
{
	struct h1 *h = p->data;
	char *name = (char *)(uintptr_t)h->name.ptr;    /* in our own copy of the head */

	if (h->stage != STAGE_HEAD)
		return 0;                               /* a trailer: read over */
	for (size_t i = 0; i < h->name.len; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] = (char)(name[i] + ('a' - 'A'));
	if (h->name.len + h->value.len > limits(h)[LIMIT_HEADER]
	    || h->x->public.header_count >= limits(h)[LIMIT_HEADER_COUNT])
		return fail(h, FAULT_HEADERS_TOO_BIG);
	exchange_add_header_in(h->x, h->name, slice_trim(h->value));
	h->name = h->value = SLICE_NONE;
	return 0;
}

static int
on_body(llhttp_t *p, const char *at, size_t n)
{
	struct h1 *h = p->data;

	return exchange_add_body(h->x, at, n) ? 0 : fail(h, FAULT_TOO_BIG);
}

static int
on_complete(llhttp_t *p)
{
	struct h1 *h = p->data;

	h->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = on_url, .on_header_field = on_field, .on_header_value = on_value,
	.on_header_value_complete = on_value_complete, .on_body = on_body,
	.on_message_complete = on_complete,
};

struct h1 *
h1_new(struct connection *c)
{
	struct h1 *h = calloc(1, sizeof *h);

	if (h == NULL)
		abort();
	h->connection = c;
	return h;
}

void
h1_free(struct h1 *h)
{
	if (h == NULL)
		return;
	if (h->in != NULL)
		explicit_bzero(h->in, h->in_room);
	free(h->in);
	free(h);
}

/* Refusing: the handler answers, and the connection closes after it. */
static void
refuse(struct h1 *h, enum fault fault)
{
	if (h->x == NULL)
		h->x = exchange_new(h->connection, 1);
	h->x->keep_alive = false;
	h->stage = STAGE_WAIT;
	connection_set_deadline(h->connection, 0);
	exchange_refuse(h->x, fault);
}

/* The raw head */

/* Every header line begins with a name and its colon, nothing between. */
static bool
names_good(struct slice head)
{
	slice_cut(&head, '\n');
	while (head.len > 2) {
		struct slice line = slice_cut(&head, '\n');
		size_t colon = slice_find(line, ':');

		if (colon == 0 || colon == line.len)
			return false;
		for (size_t i = 0; i < colon; i++)
			if ((unsigned char)line.ptr[i] <= ' ' || line.ptr[i] == 0x7f)
				return false;
	}
	return true;
}

/* CRLF ends every line; no line begins with white space; no NUL. */
static bool
lines_good(struct slice head)
{
	for (size_t i = 0; i < head.len; i++) {
		char c = head.ptr[i];

		if (c == '\0' || (c == '\r' && (i + 1 == head.len || head.ptr[i + 1] != '\n')))
			return false;
		if (c != '\n')
			continue;
		if (i == 0 || head.ptr[i - 1] != '\r')
			return false;
		if (i + 1 < head.len && (head.ptr[i + 1] == ' ' || head.ptr[i + 1] == '\t'))
			return false;
	}
	return true;
}

/* The first line's method, to tell "not implemented" from nonsense. */
static bool
method_is_token(struct slice head)
{
	size_t n = slice_find(head, ' ');

	if (n == 0 || n > 32)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((head.ptr[i] >= 'A' && head.ptr[i] <= 'Z') || head.ptr[i] == '-'))
			return false;
	return true;
}

static enum fault
parse_fault(struct h1 *h, llhttp_errno_t error, struct slice head)
{
	if (h->failed)
		return h->fault;
	return error == HPE_INVALID_METHOD && method_is_token(head) ? FAULT_NOT_IMPLEMENTED
	    : FAULT_INVALID;
}

/* Origin-form, or the absolute form of a host of ours, or "*". */
static bool
take_target(struct h1 *h)
{
	struct http_exchange *x = &h->x->public;
	struct slice target = h->target, scheme = SLICE("https://");

	if (slice_eq_nocase(slice_sub(target, 0, scheme.len), scheme)) {
		size_t slash = slice_find(slice_sub(target, scheme.len, target.len), '/');

		if (!slice_eq_nocase(slice_sub(target, scheme.len, slash), x->host))
			return false;
		target = slice_sub(target, scheme.len + slash, target.len);
		if (target.len == 0)
			target = SLICE("/");
	}
	if (target.len == 0 || (target.ptr[0] != '/' && !slice_is(target, "*"))
	    || slice_find(target, '#') != target.len)
		return false;
	x->query = target;
	x->path = slice_cut(&x->query, '?');
	return true;
}

/* RFC 9112 6.1: "chunked" is the only coding there is; with HTTP/1.0 there is none. */
static bool
coding_good(struct h1 *h)
{
	const struct http_exchange *x = &h->x->public;
	size_t count = http_header_count(x, "transfer-encoding");

	return count == 0 || (count == 1 && h->parser.http_minor > 0
	    && http_header_count(x, "content-length") == 0
	    && slice_eq_nocase(http_header(x, "transfer-encoding"), SLICE("chunked")));
}

static enum fault
check_head(struct h1 *h)
{
	struct http_exchange *x = &h->x->public;

	if (h->target.len > limits(h)[LIMIT_REQUEST_LINE])
		return FAULT_URI_TOO_LONG;
	if (http_header_count(x, "host") != 1 || h->parser.upgrade
	    || (h->parser.http_major != 1 || h->parser.http_minor > 1)
	    || !coding_good(h) || http_header_count(x, "content-length") > 1)
		return FAULT_INVALID;
	x->host = http_header(x, "host");
	if (!take_target(h))
		return FAULT_INVALID;
	return exchange_check_head(h->x);
}

static bool
body_announced(struct h1 *h)
{
	return (h->parser.flags & F_CHUNKED) != 0 || h->parser.content_length > 0;
}

static void
begin_body(struct h1 *h)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (h->complete) {
		h->stage = STAGE_WAIT;
		connection_set_deadline(h->connection, 0);
		exchange_deliver(h->x);
		return;
	}
	h->stage = STAGE_BODY;
	h->raw_body = 0;
	h->body_began = connection_now(h->connection);
	connection_set_deadline(h->connection, 0);
	if (http_header(&h->x->public, "expect").len > 0 && h->parser.http_minor > 0)   /* RFC 9110 10.1.1 */
		connection_send(h->connection, go_on, sizeof go_on - 1);
}

static void
head_phase(struct h1 *h)
{
	const struct http_handler *handler = &h->connection->loop->server->handler;
	struct exchange_state *x = h->x;
	enum fault fault = check_head(h);
	bool keep = llhttp_should_keep_alive(&h->parser) && !h->connection->loop->stopping;

	x->keep_alive = keep && !body_announced(h);     /* a refusal does not wait for the body */
	if (fault != FAULT_COUNT) {
		refuse(h, fault);
		return;
	}
	x->refused = true;              /* until the handler lets it in */
	h->stage = STAGE_WAIT;
	if (!handler->head(handler->ctx, &x->public, &x->body_limit))
		return;
	x->refused = false;
	x->keep_alive = keep;
	if ((h->parser.flags & F_CHUNKED) == 0 && h->parser.content_length > x->body_limit)
		refuse(h, FAULT_TOO_BIG);
	else
		begin_body(h);
}

static void
parse_head(struct h1 *h, size_t n)
{
	struct slice head;
	llhttp_errno_t error;

	h->x = exchange_new(h->connection, 1);
	head = slice_dup(slice_make(h->in, n), h->x->public.arena);
	h->in_len -= n;
	memmove(h->in, h->in + n, h->in_len);
	h->complete = h->failed = h->blank = false;
	h->name = h->value = h->target = SLICE_NONE;
	if (!lines_good(head) || !names_good(head)) {
		refuse(h, FAULT_INVALID);
		return;
	}
	llhttp_init(&h->parser, HTTP_REQUEST, &settings);
	h->parser.data = h;
	error = llhttp_execute(&h->parser, head.ptr, head.len);
	if ((error != HPE_OK && error != HPE_PAUSED) || h->failed) {
		refuse(h, parse_fault(h, error, head));
		return;
	}
	h->x->public.method = slice_of(llhttp_method_name((llhttp_method_t)h->parser.method));
	if (error == HPE_PAUSED)
		llhttp_resume(&h->parser);
	head_phase(h);
}

/* True when there was a whole head (or a refusal of what there is of one). */
static bool
try_head(struct h1 *h)
{
	size_t most = limits(h)[LIMIT_REQUEST_LINE] + limits(h)[LIMIT_HEADERS], line;
	const char *end;

	/* RFC 9112 2.2: one empty line before a request; more would keep a connection for nothing. */
	while (h->in_len >= 2 && h->in[0] == '\r' && h->in[1] == '\n') {
		if (h->blank) {
			refuse(h, FAULT_INVALID);
			return true;
		}
		h->blank = true;
		h->in_len -= 2;
		memmove(h->in, h->in + 2, h->in_len);
	}
	if (h->in_len == 0)
		return false;
	end = memmem(h->in, h->in_len, "\r\n\r\n", 4);
	if (end != NULL && (size_t)(end - h->in) <= most) {
		line = slice_find(slice_make(h->in, h->in_len), '\n');
		if (line > limits(h)[LIMIT_REQUEST_LINE])
			refuse(h, FAULT_URI_TOO_LONG);
		else
			parse_head(h, (size_t)(end - h->in) + 4);
		return true;
	}
	line = slice_find(slice_make(h->in, h->in_len), '\n');
	if (line > limits(h)[LIMIT_REQUEST_LINE])
		refuse(h, FAULT_URI_TOO_LONG);
	else if (memmem(h->in, h->in_len < most + 4 ? h->in_len : most + 4, "\n\n", 2) != NULL)
		refuse(h, FAULT_INVALID);       /* bare LF: would never end */
	else if (h->in_len >= most + 4)         /* the end begins at `most` at the latest */
		refuse(h, FAULT_HEADERS_TOO_BIG);
	else
		return false;
	return true;
}

/* The body */

static bool
try_body(struct h1 *h)
{
	llhttp_errno_t error;
	size_t used;

	if (h->in_len == 0)
		return false;
	error = llhttp_execute(&h->parser, h->in, h->in_len);
	used = error == HPE_OK ? h->in_len
	    : (size_t)(llhttp_get_error_pos(&h->parser) - h->in);
	h->raw_body += used;
	if ((error != HPE_OK && error != HPE_PAUSED) || h->failed) {
		refuse(h, h->failed ? h->fault : FAULT_INVALID);
		return true;
	}
	h->in_len -= used;
	memmove(h->in, h->in + used, h->in_len);
	if (h->complete) {
		h->stage = STAGE_WAIT;
		exchange_deliver(h->x);
	} else if (h->raw_body > h->x->body_len * 2 + CHUNK_SLACK) {
		refuse(h, FAULT_TOO_BIG);
	}
	return true;
}

static void
advance(struct h1 *h)
{
	bool more = true;

	if (h->in_feed)
		return;
	h->in_feed = true;
	while (more && h->connection->state == OPEN)
		more = h->stage == STAGE_HEAD ? try_head(h) : h->stage == STAGE_BODY && try_body(h);
	h->in_feed = false;
}

bool
h1_read(struct h1 *h, const char *bytes, size_t n)
{
	if (h->in_len + n > h->in_room) {
		size_t room = h->in_room == 0 ? READ_FIRST : h->in_room;

		while (room < h->in_len + n)
			room *= 2;
		if ((h->in = realloc(h->in, room)) == NULL)
			abort();
		h->in_room = room;
	}
	if (h->stage == STAGE_HEAD && h->in_len == 0)
		connection_set_deadline(h->connection, (int64_t)limits(h)[LIMIT_HEAD_SECONDS]);
	memcpy(h->in + h->in_len, bytes, n);
	h->in_len += n;
	advance(h);
	return h->stage != STAGE_WAIT || h->in_len < IN_MANY;
}

static void
resume(struct h1 *h)
{
	struct connection *c = h->connection;

	h->stage = STAGE_HEAD;
	h->x = NULL;
	connection_set_deadline(c, (int64_t)limits(h)[h->in_len > 0 ? LIMIT_HEAD_SECONDS
	    : LIMIT_IDLE_SECONDS]);
	advance(h);
}

static void
send_text(struct connection *c, struct slice s)
{
	connection_send(c, s.ptr, s.len);
}

static void
send_head(struct connection *c, struct exchange_state *x, int status,
    const struct http_header *headers, size_t count, uint64_t body_len)
{
	char line[64];
	struct slice reason = exchange_status_reason(status);

	connection_send(c, line, (size_t)snprintf(line, sizeof line, "HTTP/1.1 %d ", status));
	send_text(c, reason);
	send_text(c, SLICE("\r\n"));
	for (size_t i = 0; i < count; i++) {
		send_text(c, headers[i].name);
		send_text(c, SLICE(": "));
		send_text(c, headers[i].value);
		send_text(c, SLICE("\r\n"));
	}
	if (status != 204 && status != 304)
		connection_send(c, line, (size_t)snprintf(line, sizeof line,
		    "content-length: %" PRIu64 "\r\n", body_len));
	send_text(c, x->keep_alive ? SLICE("\r\n") : SLICE("connection: close\r\n\r\n"));
}

/* The answer was put out whole: on to the next request, or to the end. */
static void
replied(struct h1 *h, struct exchange_state *x)
{
	struct connection *c = h->connection;
	bool keep = x->keep_alive;

	exchange_done(x);
	h->x = NULL;
	if (!keep) {
		connection_close_when_sent(c);
		return;
	}
	connection_flush(c);
	if (c->state == OPEN)
		resume(h);
}

void
h1_begin_pieces(struct h1 *h, struct exchange_state *x, int status, const struct http_header *headers,
    size_t count, uint64_t length)
{
	x->keep_alive &= !h->connection->loop->stopping;
	send_head(h->connection, x, status, headers, count, length);
	if (x->head_only)
		replied(h, x);
}

void
h1_end_pieces(struct h1 *h, struct exchange_state *x)
{
	replied(h, x);
}

void
h1_excuse(struct h1 *h, int64_t ns)
{
	h->body_began += ns;
}

void
h1_reply(struct h1 *h, struct exchange_state *x, int status, const struct http_header *headers,
    size_t count, struct slice body)
{
	x->keep_alive &= !h->connection->loop->stopping;
	send_head(h->connection, x, status, headers, count, body.len);
	if (!x->head_only)
		connection_send_now(h->connection, body);
	replied(h, x);
}

/* Time */

void
h1_timeout(struct h1 *h)
{
	if (h->stage == STAGE_WAIT)
		return;
	if (h->stage == STAGE_HEAD && h->in_len == 0)
		connection_break(h->connection);        /* idle */
	else
		refuse(h, FAULT_TIMEOUT);
}

bool
h1_too_slow(struct h1 *h, int64_t now)
{
	return h->stage == STAGE_BODY && h->connection->paused == 0
	    && rate_too_low(limits(h), h->body_began, now, h->raw_body);
}
