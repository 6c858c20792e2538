/* names.h -- a map from names to numbers, in an arena. */
#ifndef FHIR_NAMES_H
#define FHIR_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct siphash_key;

struct names {
	struct arena *arena;
	struct name_slot { struct slice name; uint32_t number; bool used; } *slots;
	const struct siphash_key *key;  /* of a map of strangers' names; else NULL */
	uint32_t size, count;           /* size is a power of two */
};

#define NAME_UNKNOWN UINT32_MAX

void names_init(struct names *, struct arena *, uint32_t expected);

/* For names that strangers choose: hashed under a key of this process. */
void names_init_keyed(struct names *, struct arena *, uint32_t expected);

/* Binds the name, which must live as long as the map; false when it is bound already. */
bool names_add(struct names *, struct slice name, uint32_t number);

/* Binds the name anew. */
void names_set(struct names *, struct slice name, uint32_t number);

uint32_t names_find(const struct names *, struct slice name);

#endif
