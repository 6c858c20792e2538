/* scan_changed.h -- only what differs from a commit, as git sees it. */
#ifndef CMD_SCAN_CHANGED_H
#define CMD_SCAN_CHANGED_H

#include "iac/finding.h"

/* Takes findings and problems out that are not in files below the paths (ended by NULL) that differ from
 * the commit, are staged or are new.  Everything was read: a rule about two files knows both.
 * False: git is not there, a path lies in no work tree, or there is no such commit. */
bool scan_changed(struct findings *, struct project *, char **paths, const char *commit);

#endif
