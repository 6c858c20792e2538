/* Bytes as YAML of both schemas and as JSON of both dialects. */
#include <stdint.h>

#include "base/arena.h"
#include "iac/document.h"
#include "iac/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 16);
	const struct value **documents, *document;
	struct project project;
	uint32_t source, count;

	project_init(&project, a, NULL);
	source = project_add_source(&project, SLICE("x"), slice_make(bytes, n));
	document_yaml(&project, source, YAML_1_2_CORE, &documents, &count);
	document_yaml(&project, source, YAML_1_1, &documents, &count);
	document_json(&project, source, JSON_STRICT, &document);
	document_json(&project, source, JSON_WITH_COMMENTS, &document);
	arena_free(a);
	return 0;
}
