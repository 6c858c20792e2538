/* Bytes as an ARM template and as Bicep. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/arm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 16);
	struct project project;
	uint32_t source;

	project_init(&project, a, NULL);
	source = project_add_source(&project, SLICE("x.bicep"), slice_make(bytes, n));
	arm_read(&project, source, NULL, SLICE("/nowhere"));
	source = project_add_source(&project, SLICE("x.json"), slice_make(bytes, n));
	arm_read(&project, source, arm_parameters(&project, source), SLICE("/nowhere"));
	arena_free(a);
	return 0;
}
