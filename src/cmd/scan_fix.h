/* scan_fix.h -- firebreak scan --fix: what is mechanical, mended in the files. */
#ifndef CMD_SCAN_FIX_H
#define CMD_SCAN_FIX_H

#include "base/attr.h"
#include "iac/scan.h"

/* What was changed: to be judged by a scan after it. */
struct scan_fixes {
	struct arena      *arena;
	struct scan_edit  *edits;
	struct mended     *mended;      /* findings whose edits were made */
	struct fixed_file *files;
	uint32_t           edit_count, edit_room, mended_count, mended_room, file_count;
	uint32_t           put_back;    /* files */
};

/* Makes the edits of the findings and writes the files.  False and errno when one cannot be
 * written; those before it are. */
MUST_USE bool scan_fixes_make(struct scan_fixes *, const struct scan *, struct arena *);

/* Puts a file back in which a mended finding still is, or that can no longer be parsed. */
MUST_USE bool scan_fixes_judge(struct scan_fixes *, const struct scan *again);

#endif
