/* permit.h -- what one caller may do, as a value without which there are no rows.
 *
 * Only controls/authorization makes permits (permit_make.h is included there
 * and by the store's own tests and tools; a check in ./test refuses others).  A permit can be
 * narrowed, never widened.  NULL is "no". */
#ifndef STORE_PERMIT_H
#define STORE_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct permit;
struct type;

enum permit_verb {                      /* SMART v2: c r u d s */
	PERMIT_CREATE = 1, PERMIT_READ = 2, PERMIT_UPDATE = 4, PERMIT_DELETE = 8,
	PERMIT_SEARCH = 16,
};

/* May the caller do this to this type at all?  Asked before any row is looked at. */
bool permit_allows(const struct permit *, const struct type *, enum permit_verb);

/* May it be told whether there is such a resource of this type: may it read or search the type? */
bool permit_knows(const struct permit *, const struct type *);

/* Everything outside one compartment is hidden: true and its number (-1: no compartment,
 * nothing is visible); false when the permit is not bound. */
bool permit_compartment(const struct permit *, int64_t *compartment);

/* May it see or write a row of this compartment with this label level? */
bool permit_reaches(const struct permit *, int64_t compartment, int level);

/* Highest confidentiality level that is visible: 0 U, 1 L, 2 M, 3 N, 4 R, 5 V
 * (v3-Confidentiality). */
int permit_clearance(const struct permit *);

/* Who it was made for, as a number: the same person or client has the same one.  0: nobody. */
uint64_t permit_maker(const struct permit *);

/* May the client choose ids (PUT to a new id, import --keep-ids)? */
bool permit_chooses_ids(const struct permit *);

#endif
