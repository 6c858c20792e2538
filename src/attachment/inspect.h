/* inspect.h -- who judges content: the malware scanner and libmagic.
 *
 * Fail closed: without a scanner (unless the operator justified "none"), with signatures that
 * are too old, with an answer that is not understood, nothing is clean.
 * Every call here waits, up to the limits; they are for threads that may. */
#ifndef ATTACHMENT_INSPECT_H
#define ATTACHMENT_INSPECT_H

#include "attachment/clamd.h"
#include "attachment/content.h"
#include "attachment/probe.h"

struct arena;
struct env;
struct inspection;
struct inspector;
struct limits;
struct outcome;

struct inspector_config {
	const struct env    *env;
	const struct limits *limits;
	struct slice         scanner;           /* "clamd:/path/of/socket" or "none" */
	int64_t              signature_days;    /* 0: their age is not asked for */
};

/* NULL when the scanner is neither. */
struct inspector *inspector_new(const struct inspector_config *, struct outcome *);
void              inspector_free(struct inspector *);           /* NULL is fine */

/* Sets the verdict of content in memory that was looked into before. */
void inspector_judge(struct inspector *, struct content *);

/* Content that goes by in a stream: everything is done on the way.  The outcome of
 * looking into it is in `finding`; size, hashes and verdict in `content`, whose essence must
 * be set. */
struct inspection *inspection_begin(struct inspector *, struct slice essence);
void               inspection_add(struct inspection *, struct slice piece);
enum probed       inspection_end(struct inspection *, struct content *);
void               inspection_drop(struct inspection *);        /* NULL is fine */

enum inspector_state { INSPECTOR_GOOD, INSPECTOR_UNSCANNED, INSPECTOR_DOWN, INSPECTOR_OLD };

/* What the scanner says of itself and its signatures: others, another text.  False without an answer. */
bool inspector_signatures(struct inspector *, char text[SIGNATURES_TEXT]);

/* Asks the scanner, and libmagic; `days` is the age of the signatures, -1 when unknown. */
enum inspector_state inspector_state(struct inspector *, int64_t *days, bool *magic_works);

#endif
