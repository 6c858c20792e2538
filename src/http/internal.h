/* internal.h -- the inside of the HTTP server.
 *
 *   server.c      listener, loops, shutdown         -- accepts and hands out
 *   loop.c        one thread: epoll, posted work, the clock of each second
 *   connection.c  TLS and buffers; what is read goes to h1.c or h2.c
 *   h1.c h2.c     framing; both make the same struct http_exchange
 *   exchange.c    headers and replies */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "http/http.h"

struct connection;
struct h1;
struct h2;

/* The server's side of an exchange; `public` is what the handler sees. */
struct exchange_state {
	struct http_exchange public;
	struct connection *connection;  /* NULL when the peer is gone */
	struct http_header *headers;
	size_t         header_room;
	char          *body;            /* malloc'ed while it grows */
	size_t         body_len, body_room, body_limit;
	int32_t        stream;          /* HTTP/2; else 0 */
	int64_t        began;           /* HTTP/2, monotonic: its head, then its body, then its answer */
	size_t         given;           /* HTTP/2: bytes of the answer since then that the peer had room for */
	bool           head_whole;      /* HTTP/2 */
	bool           too_big;         /* HTTP/2: a header over its limit */
	bool           refused;         /* in the head phase: the body is not read */
	bool           delivered;       /* request() or refuse() was called */
	bool           keep_alive, head_only;
	struct slice   reply_body;      /* HTTP/2: what is still to be sent */
	size_t         reply_at;
	bool           replied;
	bool           paused;          /* its sink has enough for now */
	struct http_source source;      /* want != NULL: the answer comes in pieces */
	bool           asking;          /* a piece is under way */
	uint64_t       left;            /* bytes of the answer that were not given yet */
	char          *piece;           /* HTTP/2: malloc'ed; reply_body is of it */
	struct exchange_state *next;    /* of the connection */
};

struct posted {
	struct posted *next;
	void (*fn)(void *);
	void *arg;
};

#define ARENAS_KEPT 64

struct http_loop {
	struct http_server *server;
	int             number, epoll, wake;
	pthread_t       thread;
	pthread_mutex_t lock;
	struct posted  *first, **tail;
	struct connection *connections; /* all, doubly linked */
	size_t          count;
	bool            stopping;
	struct arena   *kept[ARENAS_KEPT];
	int             kept_count;
	int64_t         swept;          /* monotonic, when timeouts were last looked at */
};

struct http_server {
	struct http_config  config;
	struct http_handler handler;
	SSL_CTX            *tls;
	int                 listener, stop;
	uint16_t            port;
	int                 loop_count;
	struct http_loop   *loops;
	atomic_size_t       connections;
	int                 grace;
};

#define RATE_GRACE 5                    /* seconds of a body before LIMIT_RATE_FLOOR counts */

/* Of a body that comes: less than LIMIT_RATE_FLOOR asks of the time since it began? */
bool rate_too_low(const size_t *limits, int64_t began, int64_t now, size_t bytes);
/* Of an answer that goes: in each time that a connection may idle, the peer takes what LIMIT_RATE_FLOOR
 * asks of it.  True when it did not; when it did, the next such time begins. */
bool rate_was_too_low(const size_t *limits, int64_t *since, int64_t now, size_t *taken);

enum connection_state { HANDSHAKE, OPEN, CLOSING, BROKEN };

struct connection {
	struct http_loop *loop;
	struct connection *next, *previous;
	int              fd;
	SSL             *ssl;
	enum connection_state state;
	char             peer[64];
	struct h1       *h1;
	struct h2       *h2;
	char            *out;           /* to be sent, from out_at */
	size_t           out_len, out_at, out_room;
	struct exchange_state *exchanges;       /* that a handler still holds */
	size_t           held;
	int64_t          deadline;      /* monotonic; 0: none */
	int              paused;        /* exchanges whose sink has enough: nothing is read */
	int64_t          paused_since;
	bool             processing, stuck;     /* stuck: waits for the socket to take more */
	int64_t          stuck_since;   /* monotonic, for rate_was_too_low(); 0: nothing waits */
	size_t           taken;         /* bytes that the socket took since then */
};

/* connection.c */
void connection_open(struct http_loop *, int fd);
void connection_event(struct connection *, uint32_t events);
void connection_send(struct connection *, const void *, size_t);        /* queue; flushed later */
/* As both, but what the socket takes at once is sent from where it stands. */
void connection_send_now(struct connection *, struct slice);
void connection_flush(struct connection *);
void connection_process(struct connection *);           /* read what is there */
void connection_close_when_sent(struct connection *);
void connection_break(struct connection *);             /* at once */
void connection_tick(struct connection *, int64_t now);
void connection_drain(struct connection *);             /* the server is stopping */
void connection_reap(struct connection *);              /* free when broken and not held */
void connection_set_deadline(struct connection *, int64_t seconds);
int64_t connection_now(const struct connection *);

/* exchange.c */
struct exchange_state *exchange_new(struct connection *, int version);
void exchange_add_header_in(struct exchange_state *, struct slice name, struct slice value);
/* False when the body is over its limit. */
bool exchange_add_body(struct exchange_state *, const void *, size_t);
void exchange_deliver(struct exchange_state *);
void exchange_refuse(struct exchange_state *, enum fault);
void exchange_done(struct exchange_state *);            /* unlink and give the arena back */
/* What a head may ask of any server, whatever carries it: FAULT_COUNT when it is well. */
enum fault exchange_check_head(struct exchange_state *);
struct slice exchange_status_reason(int status);
void exchange_feed(struct connection *);                /* ask for pieces while there is room */

/* h1.c */
struct h1 *h1_new(struct connection *);
void       h1_free(struct h1 *);
bool       h1_read(struct h1 *, const char *, size_t);  /* take bytes; false: stop reading */
void       h1_reply(struct h1 *, struct exchange_state *, int status,
    const struct http_header *, size_t count, struct slice body);
void       h1_begin_pieces(struct h1 *, struct exchange_state *, int status,
    const struct http_header *, size_t count, uint64_t length);
void       h1_end_pieces(struct h1 *, struct exchange_state *);
void       h1_excuse(struct h1 *, int64_t ns);          /* the peer was made to wait */
void       h1_timeout(struct h1 *);
bool       h1_too_slow(struct h1 *, int64_t now);

/* h2.c */
struct h2 *h2_new(struct connection *);
void       h2_free(struct h2 *);
bool       h2_read(struct h2 *, const char *, size_t);
void       h2_reply(struct h2 *, struct exchange_state *, int status,
    const struct http_header *, size_t count, struct slice body);
void       h2_begin_pieces(struct h2 *, struct exchange_state *, int status,
    const struct http_header *, size_t count, uint64_t length);
void       h2_go_on(struct h2 *, struct exchange_state *, bool good);   /* a piece is there, or none will be */
void       h2_write(struct h2 *);                       /* frames that are ready, to the connection */
void       h2_drain(struct h2 *);
void       h2_excuse(struct h2 *, int64_t ns);          /* the peer was made to wait */
void       h2_tick(struct h2 *, int64_t now);           /* ends what comes too slowly */

/* loop.c */
void *loop_run(void *loop);
void  loop_init(struct http_loop *, struct http_server *, int number);
void  loop_free(struct http_loop *);
struct arena *loop_arena(struct http_loop *);
void  loop_keep_arena(struct http_loop *, struct arena *);

#endif
