/* git.h -- what git says of a repository, and its files as they were.
 *
 * git is run without a shell.  Nothing that the configuration of a strange repository names is run: no
 * file system monitor, no external diff, no filters. */
#ifndef CMD_GIT_H
#define CMD_GIT_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

/* What git prints in a directory; false when it says no.  `input`: a file for it to read, or NULL. */
bool git_run(struct arena *, struct slice directory, const char *const *arguments, const char *input,
    struct slice *out);

/* The regular files below `below` (from the top of the work tree, empty: all) as they were at a commit, written
 * below the directory `to`.  Those longer than `most` bytes are left out. */
bool git_write_tree(struct arena *, struct slice top, const char *commit, struct slice below, const char *to,
    uint64_t most);

#endif
