/* validation.c -- Input Validation: nothing is stored that is not as defined.
 *
 * The machines are lower down: framing and limits in http/, syntax in json/,
 * structure, cardinality, primitive formats and required bindings in validate/.
 * Profiles, invariants and slicing are not checked yet, and status says so. */
#include "controls/control.h"

#include <stdio.h>

#include "exchange/exchange.h"
#include "exchange/service.h"
#include "validate/structure.h"

static bool
validation_in(struct exchange *x, struct resource *r)
{
	return validate_structure(x->service->pack, r->type, &r->json, r->node,
	    x->service->limits, x->arena, &x->outcome);
}

static void
validation_status(const struct service *s UNUSED, struct control_status *out)
{
	out->state = CONTROL_DEGRADED;
	snprintf(out->evidence, sizeof out->evidence,
	    "syntax, limits, structure, primitives and required bindings are enforced; "
	    "invariants, profiles and slicing are not built");
}

const struct control validation_control = {
	.name        = "Input Validation",
	.rule        = "what comes in is read once, bounded, and as the definitions say",
	.resource_in = validation_in,
	.status      = validation_status,
};
