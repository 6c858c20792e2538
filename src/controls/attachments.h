/* attachments.h -- the part of the Attachments control that may wait.
 *
 * While a request is prepared the control looks into content and lists it; who prepared it
 * asks attachments_waiting(), and if so lets a thread that may wait call
 * attachments_inspect().  When it says true, what was prepared may be committed; else the
 * exchange is put back and prepared again: now the verdicts are known, and refuse. */
#ifndef CONTROLS_ATTACHMENTS_H
#define CONTROLS_ATTACHMENTS_H

#include <stdbool.h>

#include "base/attr.h"

struct exchange;
struct resource;
struct store_content;

/* Something is to be stored, and content of it has no verdict yet. */
bool attachments_waiting(const struct exchange *);

/* Judges all content of a request; true when all of it is clean.  Waits. */
MUST_USE bool attachments_inspect(struct exchange *);

/* The content of a version that is stored, in its text and in its file (NULL: none), is listed to be
 * judged anew by the scanner, under the verdicts that are known; nothing is changed.  For
 * x->again, with x->old set: what is not held yet and infected is, then x->quarantine is set. */
MUST_USE bool attachments_again(struct exchange *, struct resource *, const struct store_content *file);

#endif
