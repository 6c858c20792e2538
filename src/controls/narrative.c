/* narrative.c -- Narrative.  Not built: the row is in the table so that doctor,
 * /controls and the reader see the gap.  Its rule: narrative is safe XHTML and agrees with the data. */
#include "controls/control.h"

#include <stddef.h>

const struct control narrative_control = {
	.name = "Narrative",
	.rule = "narrative is safe XHTML and agrees with the data",
};
