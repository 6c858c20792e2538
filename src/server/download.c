/* download.c -- see download.h.
 *
 *   loop:   want() submits fetch()
 *   pool:   fetch() reads chunks, checks and opens them, makes the next piece, posts give()
 *   loop:   give() hands it to the connection
 *
 * One piece is under way at a time, so nothing here is locked. */
#include "server/download.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/log.h"
#include "exchange/exchange.h"
#include "http/http.h"
#include "server/pool.h"

#define CHUNKS 3                /* three chunks are whole groups of base64 */

struct download {
	struct http_exchange *http;
	const struct exchange_stream *stream;
	struct pool  *pool;
	struct arena *scratch;
	uint64_t      at;               /* of the content, where the next piece begins */
	bool          begun;            /* `before` was sent */
	struct slice  piece;            /* in scratch */
};

static void
close_download(void *arg)
{
	struct download *d = arg;

	arena_free(d->scratch);
}

static bool
add_chunk(struct download *d, struct buf *b, uint64_t end)
{
	uint64_t index = d->at / STORE_CHUNK, skip = d->at % STORE_CHUNK;
	struct slice chunk;

	if (!store_content_chunk(d->stream->content, d->stream->fd, index, d->scratch, &chunk))
		return false;
	chunk = slice_sub(chunk, skip, end - d->at);
	buf_add(b, chunk);
	d->at += chunk.len;
	return chunk.len > 0;
}

static bool
make_piece(struct download *d)
{
	const struct exchange_stream *s = d->stream;
	uint64_t end = s->from + s->length;
	struct buf content, out;

	if (s->next != NULL)
		return s->next(s->ctx, d->scratch, &d->piece);
	buf_init(&content, d->scratch, SIZE_MAX);
	for (int i = 0; i < CHUNKS && d->at < end; i++)
		if (!add_chunk(d, &content, end))
			return false;
	if (!s->base64) {
		d->piece = buf_slice(&content);
		return true;
	}
	buf_init(&out, d->scratch, SIZE_MAX);
	if (!d->begun)
		buf_add(&out, s->before);
	d->begun = true;
	encode_base64(&out, content.ptr, content.len);
	if (d->at == end)
		buf_add(&out, s->after);
	d->piece = buf_slice(&out);
	return true;
}

static void
give(void *arg)
{
	struct download *d = arg;

	http_piece(d->http, d->piece);  /* d may be gone now */
}

static void
fetch(void *arg, struct worker *w UNUSED)
{
	struct download *d = arg;

	arena_reset(d->scratch);
	if (!make_piece(d)) {
		log_event(LOG_ERROR, "content-not-readable", "%s", "");
		d->piece = SLICE_NONE;
	}
	http_post(d->http->loop, give, d);
}

static void
want(void *arg)
{
	struct download *d = arg;

	pool_submit(d->pool, fetch, d);
}

void
download_start(struct http_exchange *h, struct exchange *x, struct pool *pool)
{
	struct download *d = arena_alloc(h->arena, sizeof *d);
	const struct exchange_stream *s = x->stream;

	*d = (struct download){ .http = h, .stream = s, .pool = pool, .at = s->from,
		.scratch = arena_new(STORE_CHUNK * 8) };
	arena_defer(h->arena, close_download, d);
	http_reply_pieces(h, x->status, x->out, x->out_count, exchange_stream_bytes(s),
	    (struct http_source){ want, d });
}
