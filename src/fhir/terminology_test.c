/* Facts of code systems and value sets, and the 553 value sets that
 * hl7.fhir.r4.expansions gives expanded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/names.h"
#include "fhir/pack.h"
#include "fhir/terminology.h"
#include "json/json.h"

#define EXPANSIONS "build/packages/hl7.fhir.r4.expansions/package"

static struct arena *arena;
static struct pack *pack;

static const struct json_bounds bounds = {
	.depth = 128, .nodes = 8000000, .number = 4096, .key = 4096
};

static int
open_pack(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(4096);
	outcome_init(&o, arena);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	if (pack == NULL)
		print_error("build/fhir-r4.pack is missing: ./run --build-only makes it\n");
	return pack == NULL;
}

static int
close_pack(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

/* The oracle */

static struct slice
text(const struct json *j, uint32_t node, const char *name, struct arena *a)
{
	return json_string(j, json_path(j, node, name), a);
}

static struct slice
key(struct slice system, struct slice code, struct arena *a)
{
	char *s = arena_alloc(a, system.len + code.len + 2);

	sprintf(s, "%.*s|%.*s", SLICE_FMT(system), SLICE_FMT(code));
	return slice_of(s);
}

static void
gather(const struct json *j, uint32_t list, struct names *out, struct arena *a)
{
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t inner = json_get(j, n, SLICE("contains"));
		struct slice code = text(j, n, "code", a);

		if (code.len > 0)
			names_add(out, key(text(j, n, "system", a), code, a), n);
		if (inner != 0)
			gather(j, inner, out, a);
	}
}

struct tally {
	int same, given, differ;
};

static void
compare(const char *path, struct tally *tally)
{
	struct arena *a = arena_new(1 << 16);
	struct terminology t;
	struct slice bytes;
	struct json j;
	struct outcome o;
	struct names theirs;
	struct code_set *set;
	const struct expansion *e;
	uint32_t list, extra = 0, missing = 0, wrong = 0, abstracts = 0;
	struct slice url, canonical;

	outcome_init(&o, a);
	assert_true(env_read_file(&env_real, path, 64 << 20, a, &bytes));
	assert_true(json_parse(bytes, bounds, a, &j, &o));
	list = json_path(&j, 0, "expansion.contains");
	names_init(&theirs, a, list == 0 ? 8 : json_size(&j, list) * 2);
	if (list != 0)
		gather(&j, list, &theirs, a);
	url = text(&j, 0, "url", a);
	canonical = key(url, text(&j, 0, "version", a), a);
	terminology_init(&t, pack, &limits_default, NULL, a);
	set = terminology_set(&t, canonical);
	if (set == NULL) {
		print_message("NOT HELD %.*s\n", SLICE_FMT(canonical));
		tally->differ++;
		arena_free(a);
		return;
	}
	e = code_set_expand(&t, set);
	for (uint32_t i = 0; i < e->count; i++) {
		if (e->at[i].abstract) { abstracts++; continue; }
		if (names_find(&theirs, key(e->at[i].system, e->at[i].code, a)) == NAME_UNKNOWN) { extra++; print_message("   %.*s\n", SLICE_FMT(e->at[i].code)); }
		wrong += code_set_has(&t, set, e->at[i].system, e->at[i].code) != KNOWN_YES;
	}
	missing = theirs.count - (e->count - abstracts - extra);
	if (extra + missing + wrong > 0 || (!e->complete && !e->given)) {
		print_message("%.*s: ours %u theirs %u extra %u missing %u wrong %u complete %d given %d missing system %.*s set %.*s spent %d\n", SLICE_FMT(canonical), e->count, theirs.count, extra, missing, wrong, e->complete, e->given, SLICE_FMT(t.missing_system), SLICE_FMT(t.missing_set), t.spent);
		tally->differ++;
	} else if (e->given) {
		tally->given++;
	} else {
		tally->same++;
	}
	arena_free(a);
}

static void
expansions_are_those_of_the_specification(void **state UNUSED)
{
	struct dirent **names;
	int n = scandir(EXPANSIONS, &names, NULL, alphasort);
	struct tally tally = { 0, 0, 0 };
	char path[1024];

	for (int i = 0; i < n; i++) {
		if (slice_ends(slice_of(names[i]->d_name), SLICE(".json"))
		    && strncmp(names[i]->d_name, "ValueSet-", 9) == 0) {
			snprintf(path, sizeof path, EXPANSIONS "/%s", names[i]->d_name);
			compare(path, &tally);
		}
		free(names[i]);
	}
	free(names);
	print_message("%d computed and the same, %d given, %d differ\n", tally.same, tally.given, tally.differ);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(expansions_are_those_of_the_specification),
	};

	return cmocka_run_group_tests(all, open_pack, close_pack);
}
