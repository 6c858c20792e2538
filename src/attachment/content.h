/* content.h -- bytes that came in, on their way into the store.
 *
 * What can be found out by looking (form, hash, type, structure) is found out
 * where a request is prepared; what takes time (libmagic in its process, the
 * malware scanner) waits until it is, and holds the reply, never a thread of a loop.  The
 * verdict is about the SHA-256 of the bytes: exactly what was judged is stored. */
#ifndef ATTACHMENT_CONTENT_H
#define ATTACHMENT_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "attachment/clamd.h"
#include "base/slice.h"
#include "crypto/digest.h"

enum content_verdict {
	CONTENT_WAITING,
	CONTENT_CLEAN,
	CONTENT_INFECTED,
	CONTENT_MISMATCH,               /* libmagic calls it something else than declared */
	CONTENT_UNAVAILABLE,            /* could not be judged: no scanner, old signatures, too long */
	CONTENT_UNKEPT,                 /* its file could not be made durable */
};

struct content {
	struct slice bytes;             /* empty when they went by in a stream */
	struct slice essence;           /* declared media type; empty: nothing is declared */
	uint64_t     size;
	uint8_t      sha256[SHA256_BYTES], sha1[SHA1_BYTES];
	enum content_verdict verdict;
	char         signature[SIGNATURE_NAME]; /* of what was found in it */
	struct content *next;
};

/* The one with these bytes, declared so; NULL when there is none. */
struct content *content_find(struct content *list, const uint8_t sha256[SHA256_BYTES],
    struct slice essence);

#endif
