/* siphash.h -- SipHash-2-4, a keyed 64-bit hash (Aumasson and Bernstein, 2012).
 *
 * For hash tables that hold outside keys, and for blind index values: without
 * the 128-bit key a value can be neither computed nor steered to collide. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/slice.h"

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *, struct slice);

#endif
