/* download.h -- an answer whose body is in a content file: read, opened and sent in pieces, so that
 * it is never whole in memory and no loop waits for the disk. */
#ifndef SERVER_DOWNLOAD_H
#define SERVER_DOWNLOAD_H

struct exchange;
struct http_exchange;
struct pool;

/* Sends x's answer; x->stream says of what. */
void download_start(struct http_exchange *, struct exchange *, struct pool *);

#endif
