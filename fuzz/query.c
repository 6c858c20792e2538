/* Search: any text as a query on Observation; what is taken must match nothing
 * without rows unless it asks for their absence. */
#include "search/query.h"

#include "definitions.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct search_index *index;
	static struct arena *index_arena;
	const struct pack *pack = definitions();
	struct arena *a = arena_new(1 << 14);
	struct index_resolver resolver = { .base = SLICE_INIT("https://localhost/fhir") };
	struct query_row row = { .type = pack_resource(pack, SLICE("Observation")), .row = 1,
		.updated = 1800000000000, .body = SLICE_INIT("{}") };
	struct query_world world = { &row, 1, a };
	struct outcome o;
	struct query q;

	if (index == NULL) {
		const struct siphash_key key = { 1, 2 };

		index_arena = arena_new(1 << 16);
		index = search_index_new(pack, &limits_default, &key, index_arena, &o);
	}
	outcome_init(&o, a);
	if (query_parse(index, pack_resource(pack, SLICE("Observation")), slice_make(bytes, n), SLICE_NONE,
	    n % 2 == 0, &resolver, &limits_default, 1800000000000, a, &q, &o))
		query_matches(&q, &world, &row);
	arena_free(a);
	return 0;
}
