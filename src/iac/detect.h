/* detect.h -- which front-end takes a source, by its name and its first bytes. */
#ifndef IAC_DETECT_H
#define IAC_DETECT_H

#include "iac/project.h"

#define DETECT_BYTES (1u << 20)         /* of a text that are looked at */

/* False when it is no infrastructure that we read; that is no problem. */
bool detect_language(struct slice path, struct slice text, enum language *);

#endif
