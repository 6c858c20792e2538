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

/* Something is to be stored, and content of it has no verdict yet. */
bool attachments_waiting(const struct exchange *);

/* Judges all content of a request; true when all of it is clean.  Waits. */
MUST_USE bool attachments_inspect(struct exchange *);

/* The content of a resource that is stored is listed to be judged anew, under the verdicts that
 * are known; as resource_in, but nothing is changed.  For x->again. */
MUST_USE bool attachments_again(struct exchange *, struct resource *);

#endif
