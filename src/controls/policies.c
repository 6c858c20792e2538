/* policies.c -- Data Management Policies.  Not built: the row is in the table so that doctor,
 * /controls and the reader see the gap.  Its rule: retention, consent and minimum necessary are applied. */
#include "controls/control.h"

#include <stddef.h>

const struct control policies_control = {
	.name = "Data Management Policies",
	.rule = "retention, consent and minimum necessary are applied",
};
