/* shell.h -- shell text cut into commands; no shell: nothing is expanded or followed.
 *
 *   commands  a list of commands, each a list of words without quotes.  Pipes, &&, ||, ;, &,
 *             newlines, parentheses and braces separate; assignments ahead of a command and words
 *             like "if" and "then" are not part of it; `$(...)` stays inside its word
 *   files     a map of what the text writes into files whose name is literal: heredocs of cat and
 *             tee, echo and printf with > or >>
 *
 * Source: POSIX.1-2017 XCU 2, as far as that goes. */
#ifndef IAC_SHELL_H
#define IAC_SHELL_H

#include "iac/value.h"

struct arena;

/* Where a variable's name that begins at `from` ends. */
size_t shell_name_end(struct slice, size_t from);

/* Without `files` a heredoc is text like other text. */
void shell_read(struct arena *, struct span, struct slice text, const struct value **commands,
    const struct value **files);

#endif
