/* Bytes as a Dockerfile. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 16);
	struct project project;

	project_init(&project, a, NULL);
	dockerfile_read(&project, project_add_source(&project, SLICE("Dockerfile"), slice_make(bytes, n)));
	arena_free(a);
	return 0;
}
