/* _filter: any text on Observation; what is taken is asked of a resource without rows. */
#include "search/query.h"

#include "base/buf.h"
#include "base/encode.h"
#include "definitions.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct search_index *index;
	static struct arena *index_arena;
	const struct pack *pack = definitions();
	struct arena *a = arena_new(1 << 14);
	struct index_resolver resolver = { .base = SLICE_INIT("https://localhost/fhir") };
	struct query_row row = { .type = pack_resource(pack, SLICE("Observation")), .row = 1, .body = SLICE_INIT("{}") };
	struct query_world world = { &row, 1, a };
	struct outcome o;
	struct query q;
	struct buf text;

	outcome_init(&o, a);
	if (index == NULL) {
		const struct siphash_key key = { 1, 2 };

		index_arena = arena_new(1 << 16);
		index = search_index_new(pack, &limits_default, &key, index_arena, &o);
	}
	buf_init(&text, a, SIZE_MAX);
	buf_add(&text, SLICE("_filter="));
	encode_percent(&text, slice_make(bytes, n));
	if (query_parse(index, row.type, buf_slice(&text), SLICE_NONE, false, &resolver, &limits_default,
	    1800000000000, a, &q, &o))
		query_matches(&q, &world, &row);
	arena_free(a);
	return 0;
}
