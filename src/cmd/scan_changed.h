/* scan_changed.h -- only what differs from a commit, as git sees it. */
#ifndef CMD_SCAN_CHANGED_H
#define CMD_SCAN_CHANGED_H

#include "iac/scan.h"

/* Takes findings and problems out that are not in files below the paths (ended by NULL) that differ from
 * the commit, are staged or are new.  Findings in other files stay when the tree of the commit had not got
 * them: the change caused them.  Everything was read: a rule about two files knows both.
 * False: git is not there, a path lies in no work tree, or there is no such commit. */
bool scan_changed(struct scan *, char **paths, const char *commit);

#endif
