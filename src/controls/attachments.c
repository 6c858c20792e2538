/* attachments.c -- Attachments.  Not built: the row is in the table so that doctor,
 * /controls and the reader see the gap.  Its rule: attachments are typed, hashed, bounded and scanned. */
#include "controls/control.h"

#include <stddef.h>

const struct control attachments_control = {
	.name = "Attachments",
	.rule = "attachments are typed, hashed, bounded and scanned",
};
