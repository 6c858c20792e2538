/* suppress.h -- findings that someone has decided to live with.
 *
 * Comments of ours name rules, give a reason and may end on a day:
 *     # firebreak:ignore FB-COMM-001,FB-DATA-011 until=2027-01-31 reason="until the proxy is there"
 * They hold for the line they end, or for the next line that is not a comment; there, for the
 * resource whose head it is.  As annotation or metadata (firebreak/ignore: "FB-... reason='...'")
 * they hold for the resource they stand in.  Without a reason, behind their day, or when nothing
 * was found that they are about, they are noticed.
 *
 * Comments of others (checkov:skip=, trivy:ignore:, tfsec:ignore:, kics-scan ignore...) hold for the
 * rules whose `peers` name the id, as far as they hold for their own scanner. */
#ifndef IAC_SUPPRESS_H
#define IAC_SUPPRESS_H

#include "iac/finding.h"

/* Takes away what is suppressed.  `today`: days since 1970-01-01. */
void suppress_by_comments(struct findings *, int64_t today);

/* Takes away what a baseline holds: the text of a file that baseline_write() made.  False: it is
 * none. */
bool suppress_by_baseline(struct findings *, struct slice baseline);

struct buf;
void baseline_write(const struct findings *, struct buf *);

#endif
