/* cursor.h -- where a page ended, as a sealed text of one length.
 *
 * The binding (caller and query) is sealed along: a cursor opens for the caller
 * and the query it was made for, and for nobody else. */
#ifndef SEARCH_CURSOR_H
#define SEARCH_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct env;

#define CURSOR_BYTES 704        /* plain text is padded to this */

struct slice cursor_seal(const uint8_t key[32], const struct env *, struct slice binding,
    const void *bytes, size_t n, struct arena *);

/* `*plain` has CURSOR_BYTES; what was sealed stands at its beginning. */
MUST_USE bool cursor_open(const uint8_t key[32], struct slice binding, struct slice text,
    struct arena *, struct slice *plain);

#endif
