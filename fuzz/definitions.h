/* definitions.h -- the pack, opened once; targets run from the project's root. */
#ifndef FUZZ_DEFINITIONS_H
#define FUZZ_DEFINITIONS_H

#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"

static inline const struct pack *
definitions(void)
{
	static struct pack *pack;

	if (pack == NULL) {
		struct arena *a = arena_new(4096);
		struct outcome o;

		outcome_init(&o, a);
		if ((pack = pack_open(&env_real, "build/fhir-r4.pack", &o)) == NULL)
			abort();
		arena_free(a);
	}
	return pack;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
