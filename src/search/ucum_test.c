/* UCUM expressions: what is equal, what is not comparable, what is no unit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "search/ucum.h"

static struct pack *pack;
static struct arena *arena;

static const struct { double value; const char *unit; double other; const char *other_unit; } equal[] = {
	{ 5.4, "g", 5400, "mg" }, { 1, "kg", 1000, "g" }, { 1, "L", 1, "l" }, { 1, "dL", 100, "mL" },
	{ 1, "mg/dL", 10, "mg/L" }, { 37, "Cel", 98.6, "[degF]" }, { 0, "Cel", 273.15, "K" },
	{ 760, "mm[Hg]", 101.32472, "kPa" }, { 1, "mmol/L", 1, "umol/mL" }, { 4.5, "10*3/uL", 4.5, "10*9/L" },
	{ 60, "/min", 1, "/s" }, { 60, "/min", 1, "Hz" }, { 22, "kg/m2", 2.2, "g/cm2" }, { 1, "h", 60, "min" },
	{ 50, "%", 0.5, "1" }, { 1, "U/L", 1, "umol/min/L" }, { 1, "k[iU]/L", 1, "[iU]/mL" },
	{ 72, "{beats}/min", 72, "/min" }, { 1, "m.s-1", 1, "m/s" }, { 1, "N", 1, "kg.m/s2" },
	{ 1, "mL/min/{1.73_m2}", 1, "cm3/min" }, { 2, "[in_i]", 5.08, "cm" }, { 1, "[lb_av]", 453.59237, "g" },
	{ 1, "10^3", 1000, "{count}" }, { 1, "/(s.m)", 1, "s-1/m" }, { 1, "mo", 30.4375, "d" },
};

static const char *const apart[][2] = {
	{ "g", "L" }, { "[iU]", "1" }, { "[iU]", "[USP'U]" }, { "mol", "1" }, { "mmol/L", "/L" }, { "Cel", "m" },
};

static const char *const unknown[] = {
	"", "beats/min", "mgg", "/", "m/", "(m", "m)", "m..s", "kCel2", "[pH]", "m0", "{open", "Cel/m", "0", "5 mg",
	"((((((((((m))))))))))", "m9999999999",
};

static void
equal_amounts(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(equal); i++) {
		double a = equal[i].value, b = equal[i].other, unused = 0;
		char one[UCUM_UNITS], two[UCUM_UNITS];

		if (!ucum_canonical(pack, slice_of(equal[i].unit), &a, &unused, one)
		    || !ucum_canonical(pack, slice_of(equal[i].other_unit), &b, &unused, two))
			fail_msg("%s or %s is not known", equal[i].unit, equal[i].other_unit);
		assert_string_equal(one, two);
		if (fabs(a - b) > 1e-6 * fabs(a))
			fail_msg("%s %g, %s %g", equal[i].unit, a, equal[i].other_unit, b);
	}
}

static void
other_dimensions(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(apart); i++) {
		double low = 1, high = 1;
		char one[UCUM_UNITS], two[UCUM_UNITS];

		assert_true(ucum_canonical(pack, slice_of(apart[i][0]), &low, &high, one));
		assert_true(ucum_canonical(pack, slice_of(apart[i][1]), &low, &high, two));
		assert_string_not_equal(one, two);
	}
}

static void
no_units(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(unknown); i++) {
		double low = 1, high = 1;
		char units[UCUM_UNITS];

		if (ucum_canonical(pack, slice_of(unknown[i]), &low, &high, units))
			fail_msg("\"%s\" is taken", unknown[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_amounts), cmocka_unit_test(other_dimensions),
		cmocka_unit_test(no_units),
	};
	struct outcome o;

	arena = arena_new(4096);
	outcome_init(&o, arena);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	return pack == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
