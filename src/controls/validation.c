/* validation.c -- Input Validation: nothing is stored that is not as defined.
 *
 * The machines are lower down: framing and limits in http/, syntax in json/,
 * structure, invariants, bindings, references, extensions and profiles in
 * validate/. */
#include "controls/control.h"

#include <stdio.h>

#include "exchange/exchange.h"
#include "exchange/service.h"
#include "validate/validate.h"

static bool
validation_in(struct exchange *x, struct resource *r)
{
	static const struct validation how = { .understand = true, .narratives_elsewhere = true };

	return validate_resource(x->service->validator, &how, r->type, &r->json, r->node, x->arena,
	    &x->outcome);
}

static void
validation_status(const struct service *s UNUSED, struct control_status *out)
{
	out->state = CONTROL_DEGRADED;
	snprintf(out->evidence, sizeof out->evidence,
	    "syntax, limits, structure, invariants, bindings and the profiles of the pack are enforced; "
	    "existence of targets and packages beside the pack are not built");
}

const struct control validation_control = {
	.name        = "Input Validation",
	.rule        = "what comes in is read once, bounded, and as the definitions say",
	.resource_in = validation_in,
	.status      = validation_status,
};
