/* signatures.c -- Digital Signatures.  Not built: the row is in the table so that doctor,
 * /controls and the reader see the gap.  Its rule: signatures are verified as received and made as sent. */
#include "controls/control.h"

#include <stddef.h>

const struct control signatures_control = {
	.name = "Digital Signatures",
	.rule = "signatures are verified as received and made as sent",
};
