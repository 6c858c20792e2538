/* numbers.h -- a set of numbers, in an arena. */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Open addressing; 0 is an empty place, and no number of a set.  One of zeros is empty. */
struct numbers {
	int64_t *at;
	uint32_t count, room;           /* room is a power of two, or 0 */
};

/* True when it was not there. */
bool numbers_add(struct numbers *, struct arena *, int64_t);
bool numbers_has(const struct numbers *, int64_t);

#endif
