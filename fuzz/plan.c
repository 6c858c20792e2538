/* Bytes as the JSON of a Terraform plan. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/terraform_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 16);
	struct project project;

	project_init(&project, a, NULL);
	terraform_plan_read(&project, project_add_source(&project, SLICE("plan.json"), slice_make(bytes, n)));
	arena_free(a);
	return 0;
}
