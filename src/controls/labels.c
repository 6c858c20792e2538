/* labels.c -- Labels: a resource says itself how confidential it is.
 *
 * The clearance of a permit is part of the row gate: what is labelled above it
 * (meta.security, v3-Confidentiality) is absent in every query.  Here: a caller
 * cannot write what it could not read, nor lower a label.  Classification,
 * redaction and marking are not built, and status says so. */
#include "controls/control.h"

#include <stdio.h>

#include "exchange/exchange.h"
#include "exchange/place.h"
#include "exchange/service.h"

/* What is written under a label is not lowered by the next version. */
static bool
labels_in(struct exchange *x, struct resource *r)
{
	if (!exchange_place(x, r))
		return false;
	if (x->old == NULL || x->old->deleted || x->level >= store_level(x->service->store, x->old->labels))
		return true;
	return exchange_fail(x, FAULT_FORBIDDEN, "a security label cannot be lowered");
}

static void
labels_status(const struct service *s UNUSED, struct control_status *out)
{
	out->state = CONTROL_DEGRADED;
	snprintf(out->evidence, sizeof out->evidence,
	    "confidentiality is enforced in the row gate; classification, redaction and "
	    "marking are not built");
}

const struct control labels_control = {
	.name   = "Labels",
	.rule   = "rows above the caller's clearance are absent",
	.resource_in = labels_in,
	.status = labels_status,
};
