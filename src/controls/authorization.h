/* authorization.h -- permits outside a request of a client's. */
#ifndef CONTROLS_AUTHORIZATION_H
#define CONTROLS_AUTHORIZATION_H

#include <stdbool.h>

#include "base/attr.h"

struct exchange;
struct permit;

/* The permit of x->who, made from its scopes, patient and clearance as for a request of its own: for
 * work that goes on after the request that began it.  Whether the client may still have these scopes
 * is for the caller to ask the registry.  Outside a snapshot of the store. */
MUST_USE bool authorization_again(struct exchange *);

/* The permit of the house: of the operator at the data directory, and of what the server does by
 * itself with what is in quarantine.  Unbound, of every type, above every confidentiality.  Whoever uses it is audited as
 * whom it says. */
extern const struct permit *const authorization_house;

#endif
