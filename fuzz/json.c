/* JSON: what parses is written compactly, parses again to the same tape size and
 * writes to the same bytes. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(4096);
	struct json_bounds bounds = json_bounds(&limits_default, false);
	struct outcome o;
	struct json one, two;
	struct buf first, second;

	outcome_init(&o, a);
	if (json_parse(slice_make(bytes, n), bounds, a, &one, &o)) {
		buf_init(&first, a, SIZE_MAX);
		buf_init(&second, a, SIZE_MAX);
		json_write_node(&first, &one, 0);
		if (!json_parse(buf_slice(&first), bounds, a, &two, &o) || one.count != two.count)
			abort();
		json_write_node(&second, &two, 0);
		if (!slice_eq(buf_slice(&first), buf_slice(&second)))
			abort();
		for (uint32_t i = 0; i < one.count; i++)
			json_string(&one, i, a);
	}
	arena_free(a);
	return 0;
}
