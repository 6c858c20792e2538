/* Bytes as a Terraform file: parsed, and, when it is one, read as a module. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/hcl.h"
#include "iac/project.h"
#include "iac/terraform.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new(1 << 16);
	struct project project;
	uint32_t source;

	project_init(&project, arena, NULL);
	source = project_add_source(&project, SLICE("main.tf"), slice_make(bytes, n));
	terraform_read(&project, &source, 1, SLICE_NONE);
	arena_free(arena);
	return 0;
}
