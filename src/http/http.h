/* http.h -- HTTP/1.1 and HTTP/2 over TLS, as whole requests and held replies.
 *
 * The server runs one event loop per core.  A request is handed to the handler
 * twice on its loop's thread: when its head is there (the handler may refuse it
 * before a byte of body is read), and when it is whole.  The handler answers
 * when it likes, by http_reply() on the same loop; another thread reaches the
 * loop with http_post().  Nothing is sent before http_reply().  A long body may go
 * through a sink as it comes, and a long answer be asked for piece by piece.
 *
 * Framing is strict (RFC 9112, RFC 9113): what is ambiguous is refused with 400
 * and the connection closed.  Bounds come from limits.h. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;
struct limits;
struct outcome;
struct http_loop;
struct http_server;

struct http_header {
	struct slice name, value;       /* names arrive and leave in lower case */
};

/* Where a body goes that is not gathered in memory.  Both are called on the loop's thread. */
struct http_sink {
	/* Takes all of the bytes.  False: no more for now; http_resume() follows. */
	bool (*take)(void *ctx, const void *bytes, size_t n);
	/* The rest will never come: the peer is gone, or the request was refused. */
	void (*gone)(void *ctx);
	void  *ctx;
};

struct http_exchange {
	struct arena *arena;            /* dies when the reply has been written */
	struct http_loop *loop;
	struct slice  method;           /* "GET" */
	struct slice  path, query;      /* as sent, not decoded; query without '?', may be empty */
	struct slice  host;             /* Host or :authority */
	const struct http_header *headers;
	size_t        header_count;
	struct slice  body;             /* whole; empty in the head phase */
	struct slice  peer;             /* address of the peer as text */
	int           version;          /* 1 or 2 */
	const struct http_sink *sink;   /* set in the head phase; then `body` stays empty */
	void         *user;             /* the handler's own */
};

struct http_handler {
	void *ctx;
	/* Head phase.  `*body_limit` is set to the default and may be changed.
	 * False refuses the request: exactly one http_reply() follows, now or later,
	 * and the body is not read; request() is not called. */
	bool (*head)(void *ctx, struct http_exchange *, size_t *body_limit);
	/* The whole request.  Exactly one http_reply() must follow, now or later. */
	void (*request)(void *ctx, struct http_exchange *);
	/* A request that could not be read (400, 408, 413, 414, 431, 421, 417, 501):
	 * exactly one http_reply() follows, now or later; the connection closes after
	 * it.  `x` may have an empty method and path.  `fault` is an enum fault of
	 * outcome.h. */
	void (*refuse)(void *ctx, struct http_exchange *, int fault);
	/* The loop has had nothing to do for some milliseconds; on its thread; may be NULL. */
	void (*idle)(void *ctx, int loop);
};

struct http_config {
	const struct env    *env;
	const struct limits *limits;
	/* Sets key and chain on an SSL_CTX. */
	bool               (*use_tls)(void *ctx, void *ssl_ctx, struct outcome *);
	void                *use_tls_ctx;
	const char          *address;   /* "127.0.0.1" or "::" */
	uint16_t             port;      /* 0: any, see http_port() */
	int                  loops;     /* threads; 0: one per core */
	const char *const   *hosts;     /* host[:port] names that are ours, NULL-terminated; NULL: any.
	                                 * Others get 421 */
};

/* The value of the first header with this (lower-case) name; SLICE_NONE when
 * absent.  http_header_count() tells a repetition. */
struct slice http_header(const struct http_exchange *, const char *name);
size_t       http_header_count(const struct http_exchange *, const char *name);

/* Answer.  Headers and body must live as long as x->arena (or for ever).
 * Content-Length is added; Date is not (the Time Keeping control's work).  A
 * HEAD request, 204 and 304 get no body.  After it, x belongs to the loop again.  Only on
 * x->loop's thread. */
void http_reply(struct http_exchange *, int status, const struct http_header *, size_t count,
    struct slice body);

/* More of a body may come into its sink.  On the loop's thread, before the request was whole. */
void http_resume(struct http_exchange *);

/* Answer with a body of `length` bytes that is asked for piece by piece: want(ctx) is called on the
 * loop's thread, and http_piece() must follow, now or later, on the same thread.  A piece is
 * copied; one of no bytes says that the rest cannot be had, and breaks the connection.  When the peer
 * goes, want() is not called any more; after the piece that was under way x is the loop's again. */
struct http_source {
	void (*want)(void *ctx);
	void  *ctx;
};
void http_reply_pieces(struct http_exchange *, int status, const struct http_header *, size_t count,
    uint64_t length, struct http_source);
void http_piece(struct http_exchange *, struct slice piece);

/* Run fn(arg) soon on the loop's thread.  From any thread. */
void http_post(struct http_loop *, void (*fn)(void *), void *arg);

/* 0-based number of the loop, for per-loop state such as a store reader. */
int http_loop_number(const struct http_loop *);

struct http_server *http_server_new(const struct http_config *, const struct http_handler *,
    struct outcome *);
uint16_t http_port(const struct http_server *);
int      http_loops(const struct http_server *);

/* Serves until http_stop(); then finishes open requests for up to `grace`
 * seconds (GOAWAY, Connection: close) and returns. */
void http_run(struct http_server *, int grace);
void http_stop(struct http_server *);           /* async-signal-safe */
void http_server_free(struct http_server *);

#endif
