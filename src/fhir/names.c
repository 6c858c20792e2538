/* names.c -- see names.h.  For names of pinned definitions a plain FNV-1a hash
 * is enough; those of strangers are hashed under a key. */
#include "fhir/names.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/siphash.h"

static struct siphash_key process_key;

static void
make_key(void)
{
	env_entropy(&env_real, &process_key, sizeof process_key);
}

static uint32_t
hash(const struct names *n, struct slice s)
{
	uint32_t h = 2166136261u;

	if (n->key != NULL)
		return (uint32_t)siphash(n->key, s);
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
	return h ^ h >> 15;
}

void
names_init(struct names *n, struct arena *arena, uint32_t expected)
{
	n->arena = arena;
	n->count = 0;
	n->key = NULL;
	for (n->size = 16; n->size < expected * 2; n->size *= 2)
		;
	n->slots = arena_array(arena, n->size, sizeof *n->slots);
}

void
names_init_keyed(struct names *n, struct arena *arena, uint32_t expected)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	names_init(n, arena, expected);
	n->key = &process_key;
}

static struct name_slot *
slot_of(const struct names *n, struct slice name)
{
	uint32_t at = hash(n, name) & (n->size - 1);

	while (n->slots[at].used && !slice_eq(n->slots[at].name, name))
		at = (at + 1) & (n->size - 1);
	return &n->slots[at];
}

static void
grow(struct names *n)
{
	struct names bigger;

	names_init(&bigger, n->arena, n->size);
	bigger.key = n->key;
	for (uint32_t i = 0; i < n->size; i++)
		if (n->slots[i].used)
			names_add(&bigger, n->slots[i].name, n->slots[i].number);
	*n = bigger;
}

bool
names_add(struct names *n, struct slice name, uint32_t number)
{
	struct name_slot *slot;

	if (n->count * 2 >= n->size)
		grow(n);
	slot = slot_of(n, name);
	if (slot->used)
		return false;
	*slot = (struct name_slot){ name, number, true };
	n->count++;
	return true;
}

void
names_set(struct names *n, struct slice name, uint32_t number)
{
	if (!names_add(n, name, number))
		slot_of(n, name)->number = number;
}

uint32_t
names_find(const struct names *n, struct slice name)
{
	const struct name_slot *slot = slot_of(n, name);

	return slot->used ? slot->number : NAME_UNKNOWN;
}
