/* authorization.h -- the permit of the house: of the operator at the data directory, and of what the server
 * does by itself.  Unbound, of every type, and above what is in quarantine.  Whoever uses
 * it is audited as whom it says. */
#ifndef CONTROLS_AUTHORIZATION_H
#define CONTROLS_AUTHORIZATION_H

struct permit;

extern const struct permit *const authorization_house;

#endif
