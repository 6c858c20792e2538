/* place.h -- where in the store a resource belongs. */
#ifndef EXCHANGE_PLACE_H
#define EXCHANGE_PLACE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/slice.h"

struct exchange;
struct resource;
struct stored;

/* Finds compartment, labels and level of a resource that is to be written, into
 * the exchange; once.  A patient it refers to must be visible to the caller, or made by
 * the same transaction: else FAULT_BUSINESS_RULE, the same for hidden and
 * missing.  A resource never changes its patient: FAULT_FORBIDDEN. */
MUST_USE bool exchange_place(struct exchange *, struct resource *);

/* The resource that a Binary's securityContext names, local and visible to the caller, and of a
 * type that it may look at or a Patient; everything but its body.  False, and nothing else, when there is none. */
MUST_USE bool exchange_find_context(struct exchange *, struct slice reference, struct stored *);

/* The same of this Binary; type NULL when there is none. */
struct store_target exchange_context(struct exchange *, const struct resource *);

#endif
