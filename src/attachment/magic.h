/* magic.h -- what libmagic calls the first bytes of content, from a process of its own.
 *
 * libmagic reads what strangers sent, so it runs where nothing can be lost: a child (this
 * program again, started as "worker magic") that has none of our memory, no files,
 * no sockets but the one to us, and a seccomp filter that kills it for anything
 * but read, write, memory and exit.
 *
 *   question:  <length, 4 bytes, big-endian> <bytes>
 *   answer:    <length, 4 bytes, big-endian> <"type/subtype">
 *
 * One question at a time; a child that does not answer in time, or not in this form, is
 * killed, and the next question starts another. */
#ifndef ATTACHMENT_MAGIC_H
#define ATTACHMENT_MAGIC_H

#include <stdbool.h>

#include "base/slice.h"

#define MAGIC_HEAD 65536        /* bytes that are looked at */
#define MAGIC_TYPE 128          /* the longest answer */

struct magic_worker;

/* `seconds` an answer may take.  The child is started with the first question. */
struct magic_worker *magic_worker_new(int seconds);
void                 magic_worker_free(struct magic_worker *);

/* The media type of the bytes (at most MAGIC_HEAD of them), as a string.  Thread-safe; waits.
 * False when the worker cannot be started or did not answer. */
bool magic_type(struct magic_worker *, struct slice head, char type[MAGIC_TYPE]);

/* The form of an answer: a media type in lower case, nothing else. */
bool magic_answer_good(struct slice answer);

/* The child: answers questions from standard input on standard output until its end.
 * Returns an exit code. */
int magic_worker_main(void);

#endif
