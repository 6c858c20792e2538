/* Bytes under each kind of name. */
#include <stdint.h>

#include "base/attr.h"
#include "iac/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct slice names[] = { SLICE_INIT("x.yaml"), SLICE_INIT("x.json"),
		SLICE_INIT("Dockerfile.x"), SLICE_INIT("x") };
	enum language language;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		detect_language(names[i], slice_make(bytes, n), &language);
	return 0;
}
