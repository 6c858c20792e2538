/* authorization.h -- a permit outside a request. */
#ifndef CONTROLS_AUTHORIZATION_H
#define CONTROLS_AUTHORIZATION_H

#include <stdbool.h>

#include "base/attr.h"

struct exchange;

/* The permit of x->who, made from its scopes, patient and clearance as for a request of its own: for
 * work that goes on after the request that began it.  Whether the client may still have these scopes
 * is for the caller to ask the registry.  Outside a snapshot of the store. */
MUST_USE bool authorization_again(struct exchange *);

#endif
