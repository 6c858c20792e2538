/* authentication.h -- the cache of verified tokens, one per worker. */
#ifndef CONTROLS_AUTHENTICATION_H
#define CONTROLS_AUTHENTICATION_H

struct token_cache;

/* A verified token is remembered by its SHA-256 until it expires or is displaced, so
 * that a signature is checked once, not once a request.  Not shared between threads. */
struct token_cache *token_cache_new(void);
void                token_cache_free(struct token_cache *);

#endif
