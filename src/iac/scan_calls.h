/* scan_calls.h -- modules and nested templates are read by those who call them, with their arguments.
 *
 * A unit is what is read together: a directory of Terraform, a template of CloudFormation.  Calls are
 * looked for in the texts, before anything is parsed. */
#ifndef IAC_SCAN_CALLS_H
#define IAC_SCAN_CALLS_H

#include "iac/scan.h"

struct scan_unit {
	uint32_t from, to;              /* files */
	bool     called;                /* by one that is read: not to be read on its own */
};

/* Of those that only call each other the first is not `called`. */
void scan_find_calls(struct scan *, struct scan_unit *, uint32_t count);

#endif
