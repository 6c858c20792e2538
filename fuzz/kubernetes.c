/* Bytes as manifests, YAML and JSON, and as a kustomization. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/kubernetes.h"
#include "iac/unbuilt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 16);
	struct project project;
	struct unbuilt unbuilt;
	uint32_t source;

	project_init(&project, a, NULL);
	kubernetes_read(&project, project_add_source(&project, SLICE("x.yaml"), slice_make(bytes, n)));
	kubernetes_read(&project, project_add_source(&project, SLICE("x.json"), slice_make(bytes, n)));
	source = project_add_source(&project, SLICE("kustomization.yaml"), slice_make(bytes, n));
	unbuilt_find(&unbuilt, &project, &source, 1, SLICE("/nowhere"));
	unbuilt_holds(&unbuilt, source);
	arena_free(a);
	return 0;
}
