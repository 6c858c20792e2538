/* SMART scopes: one row, one scope. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "exchange/scope.h"
#include "store/permit.h"

#define ALL (PERMIT_CREATE | PERMIT_READ | PERMIT_UPDATE | PERMIT_DELETE | PERMIT_SEARCH)

static const struct {
	const char *text;
	bool good;
	unsigned verbs;
} rows[] = {
	{ "patient/Observation.rs",   true,  PERMIT_READ | PERMIT_SEARCH },
	{ "patient/*.cruds",          true,  ALL },
	{ "system/*.*",               true,  ALL },
	{ "user/Patient.read",        true,  PERMIT_READ | PERMIT_SEARCH },
	{ "user/Patient.write",       true,  PERMIT_CREATE | PERMIT_UPDATE | PERMIT_DELETE },
	{ "system/Patient.d",         true,  PERMIT_DELETE },
	{ "patient/Observation.dus",  false, 0 },
	{ "patient/Observation.rr",   false, 0 },
	{ "patient/Observation.",     false, 0 },
	{ "patient/.rs",              false, 0 },
	{ "patient/Observation.rs?category=x", false, 0 },
	{ "other/Observation.rs",     false, 0 },
	{ "patient/Obs-1.rs",         false, 0 },
	{ "Patient.rs",               false, 0 },
	{ "patient/Observation.reads",false, 0 },
	{ "openid",                   false, 0 },
	{ "",                         false, 0 },
};

static void
scopes_are_read_as_smart_says(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scope s = { 0 };

		assert_int_equal(scope_parse(slice_of(rows[i].text), &s), rows[i].good);
		if (rows[i].good)
			assert_int_equal(s.verbs, rows[i].verbs);
	}
}

static const struct {
	const char *maximum, *asked;
	bool covers;
} cover_rows[] = {
	{ "system/*.cruds",      "patient/Observation.rs",            true },
	{ "system/*.cruds",      "system/*.cruds",                    true },
	{ "patient/*.rs",        "user/Observation.rs",               false },
	{ "patient/*.rs",        "patient/Observation.cruds",         false },
	{ "user/Patient.rs",     "user/*.rs",                         false },
	{ "user/Patient.rs user/Observation.rs", "user/Patient.r user/Observation.s", true },
	{ "system/*.cruds",      "",                                  false },
	{ "system/*.cruds",      "openid",                            false },
	{ "system/*.rs",         "system/Patient.rs system/Patient.c", false },
};

static void
a_maximum_covers_what_it_contains(void **state UNUSED)
{
	struct arena *a = arena_new(4096);

	for (size_t i = 0; i < COUNT_OF(cover_rows); i++)
		assert_int_equal(scope_list_covers(slice_of(cover_rows[i].maximum),
		    slice_of(cover_rows[i].asked), a), cover_rows[i].covers);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_are_read_as_smart_says),
		cmocka_unit_test(a_maximum_covers_what_it_contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
