/* Audit records: any bytes decode or do not; what decodes makes an AuditEvent. */
#include "audit/record.h"
#include "audit/segment.h"

#include "definitions.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct audit_keys keys = { { 1 }, { 2 } };
	struct arena *a = arena_new(1 << 12);
	struct slice rest = slice_make(bytes, n), record;
	struct audit_event e;

	if (record_decode(rest, &keys, a, &e))
		record_event(&e, 1, SLICE("x"), a);
	while (frame_next(&rest, &record) == FRAME_RECORD)
		if (record_decode(record, &keys, a, &e))
			record_event(&e, 1, SLICE("x"), a);
	arena_free(a);
	return 0;
}
