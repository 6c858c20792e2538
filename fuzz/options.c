/* The configuration file: any bytes. */
#include "base/options.h"

#include "definitions.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 12);
	struct options options;
	struct outcome o;

	outcome_init(&o, a);
	if (!options_parse(slice_make(bytes, n), a, &options, &o) && o.first == NULL)
		abort();
	arena_free(a);
	return 0;
}
