/* merkle.h -- the history tree of RFC 9162 2.1, built leaf by leaf.
 *
 * Kept is only the frontier: the roots of the perfect subtrees that the leaves
 * so far make, one for each bit of their number. */
#ifndef AUDIT_MERKLE_H
#define AUDIT_MERKLE_H

#include <stdint.h>

#include "base/slice.h"

#define MERKLE_HASH 32
#define MERKLE_BITS 64

struct merkle {
	uint64_t size;
	uint8_t  node[MERKLE_BITS][MERKLE_HASH];        /* [k]: of 2^k leaves, when bit k is set */
};

/* SHA-256(0x00 | record) */
void merkle_leaf(struct slice record, uint8_t hash[MERKLE_HASH]);

void merkle_add(struct merkle *, const uint8_t leaf[MERKLE_HASH]);

/* Of the empty tree: SHA-256 of nothing. */
void merkle_root(const struct merkle *, uint8_t root[MERKLE_HASH]);

#endif
