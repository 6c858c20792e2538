/* scope.h -- SMART App Launch scopes, v1 and v2 (SMART 2.2, scopes-and-launch-context).
 *
 *   scope = ("patient" / "user" / "system") "/" ("*" / type) "." suffix
 *   suffix = v2: a non-empty subset of "cruds" in that order
 *          / v1: "read" (= rs) / "write" (= cud) / "*" (= cruds)
 *
 * A suffix out of order (".dus") is refused, and so is a "?parameter" part:
 * what could not be enforced is not granted. */
#ifndef EXCHANGE_SCOPE_H
#define EXCHANGE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;

enum scope_context { SCOPE_PATIENT, SCOPE_USER, SCOPE_SYSTEM };

struct scope {
	enum scope_context context;
	struct slice type;              /* "Observation", or "*" */
	unsigned     verbs;             /* enum permit_verb of store/permit.h, or-ed */
};

MUST_USE bool scope_parse(struct slice one, struct scope *);

/* All scopes of a space-separated list that have the form above; others
 * ("openid", "launch/patient") are passed over.  `*count` is set. */
struct scope *scope_parse_list(struct slice list, struct arena *, uint32_t *count);

/* Does `maximum` allow all that `asked` asks for?  system covers user and patient, user
 * covers patient. */
bool scope_covers(const struct scope *maximum, const struct scope *asked);

/* Is every resource scope of `asked` covered by one of `maximum`, and is there one at all? */
bool scope_list_covers(struct slice maximum, struct slice asked, struct arena *);

#endif
