/* scan.h -- files and directories to findings.
 *
 * Paths are gathered, then scan_run() reads them with the front-ends and applies the rules.
 * Names are walked in order, so the outcome does not depend on the file system. */
#ifndef IAC_SCAN_H
#define IAC_SCAN_H

#include "iac/finding.h"

struct given;

struct scan_file {
	uint32_t      source;
	enum language language;
	struct slice  directory;
};

struct scan {
	struct arena       *arena;
	struct rules       *rules;
	struct project      project;
	struct findings     findings;
	const struct given *given;              /* NULL: nothing */
	struct slice        root;               /* local modules and includes are read inside */
	struct scan_file   *files;
	uint32_t            file_count, file_room, depth;
	uint64_t            bytes;              /* of all files */
	bool                full;               /* more was not read */
};

void scan_init(struct scan *, struct rules *, struct arena *);
/* A file or a directory; false when it is not there or cannot be read. */
bool scan_add_path(struct scan *, const char *path);
/* A text as if it stood in a file of that name. */
void scan_add_text(struct scan *, struct slice path, struct slice text);
/* All rules, or one. */
void scan_run(struct scan *, struct rule *only);

/* The front-ends over what was gathered (scan_read.c). */
void scan_read(struct scan *);

/* Every example of every rule (of one rule); what is wrong is printed.  How many are. */
uint32_t scan_self_test(struct rules *, const struct rule *only, uint32_t *run);

#endif
