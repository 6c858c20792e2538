/* clamd.h -- the client's side of clamd(8): INSTREAM and VERSION over its Unix socket.
 *
 * Only a Unix socket: TCP would have no authentication.  The process at the other end
 * must be root's, clamav's or our own.  Calls wait, with deadlines; they are for threads that
 * may.  Whatever is not exactly "stream: OK" is not clean. */
#ifndef ATTACHMENT_CLAMD_H
#define ATTACHMENT_CLAMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define SIGNATURE_NAME 128      /* the longest name that is kept */

enum clamd_verdict {
	CLAMD_CLEAN, CLAMD_INFECTED,
	CLAMD_TOO_LONG,         /* over its StreamMaxLength: cannot be scanned */
	CLAMD_FAILED,           /* no connection, no answer, or one that we do not know */
};

/* The reply to INSTREAM, up to its NUL; `name` gets the signature of what was found, only
 * letters, digits and "._-:()" of it. */
enum clamd_verdict clamd_read_reply(struct slice reply, char name[SIGNATURE_NAME]);

/* "ClamAV 1.4.6/27461/Fri Nov 21 08:12:55 2025": the signatures' day in ms since 1970; 0
 * when it does not say.  False when it is no version. */
bool clamd_read_version(struct slice reply, int64_t *signatures);

/* A stream; NULL when there is no scanner.  `seconds` is for all of it. */
struct clamd;
struct clamd *clamd_open(const char *path, int seconds);
bool          clamd_send(struct clamd *, struct slice piece);
/* Ends the stream and frees. */
enum clamd_verdict clamd_finish(struct clamd *, char name[SIGNATURE_NAME]);
void          clamd_drop(struct clamd *);       /* NULL is fine */

/* Asks VERSION; false when there is no scanner.  `text` gets what it says of itself (or is NULL), spaces for
 * what cannot be printed. */
#define SIGNATURES_TEXT 128
bool clamd_version(const char *path, int seconds, int64_t *signatures, char text[SIGNATURES_TEXT]);

#endif
