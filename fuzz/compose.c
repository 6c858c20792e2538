/* Bytes as a file of Compose and its override. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 16);
	struct project project;
	uint32_t sources[2];

	project_init(&project, a, NULL);
	sources[0] = project_add_source(&project, SLICE("nowhere/compose.yaml"), slice_make(bytes, n));
	sources[1] = project_add_source(&project, SLICE("nowhere/compose.override.yaml"),
	    slice_make(bytes, n));
	compose_read(&project, sources, 2, SLICE("nowhere"));
	arena_free(a);
	return 0;
}
