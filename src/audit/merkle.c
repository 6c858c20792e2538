/* merkle.c -- see merkle.h. */
#include "audit/merkle.h"

#include "crypto/digest.h"

static const uint8_t leaf_mark = 0, node_mark = 1;

void
merkle_leaf(struct slice record, uint8_t hash[MERKLE_HASH])
{
	struct slice parts[] = { slice_make(&leaf_mark, 1), record };

	sha256(parts, 2, hash);
}

static void
join(const uint8_t left[MERKLE_HASH], const uint8_t right[MERKLE_HASH], uint8_t out[MERKLE_HASH])
{
	struct slice parts[] = { slice_make(&node_mark, 1), slice_make(left, MERKLE_HASH),
		slice_make(right, MERKLE_HASH) };

	sha256(parts, 3, out);
}

void
merkle_add(struct merkle *m, const uint8_t leaf[MERKLE_HASH])
{
	uint8_t carry[MERKLE_HASH];
	int k = 0;

	memcpy(carry, leaf, sizeof carry);
	for (; m->size >> k & 1; k++)
		join(m->node[k], carry, carry);
	memcpy(m->node[k], carry, sizeof carry);
	m->size++;
}

void
merkle_root(const struct merkle *m, uint8_t root[MERKLE_HASH])
{
	bool begun = false;

	if (m->size == 0) {
		sha256(NULL, 0, root);
		return;
	}
	for (int k = 0; k < MERKLE_BITS; k++) {
		if ((m->size >> k & 1) == 0)
			continue;
		if (begun)
			join(m->node[k], root, root);
		else
			memcpy(root, m->node[k], MERKLE_HASH);
		begun = true;
	}
}
