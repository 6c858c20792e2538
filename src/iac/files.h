/* files.h -- files that a source names: a module, a nested template, a text to embed.
 *
 * Nothing outside the root of the scan is read, wherever symbolic links lead; devices, pipes
 * and directories are no files. */
#ifndef IAC_FILES_H
#define IAC_FILES_H

#include "iac/project.h"

#define FILES_BYTES SCAN_LIMIT(SOURCE)  /* of one such file */

/* What stands before the last '/'; "." when there is none. */
struct slice files_directory(struct slice path);
/* The same with its '/'; empty when there is none. */
struct slice files_prefix(struct slice path);

/* `relative` seen from `directory`, without "." and "x/.." in it. */
struct slice files_join(struct arena *, struct slice directory, struct slice relative);

/* Whether something is there, and lies in `root` (empty: the working directory). */
bool files_inside(struct arena *, struct slice root, struct slice path);

/* The bytes of a regular file inside `root`; false when there is no such file. */
bool files_text(struct arena *, struct slice root, struct slice path, struct slice *text);

/* The same as a source of the project: the one that has this path, or a new one. */
bool files_source(struct project *, struct slice root, struct slice path, uint32_t *source);

#endif
