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
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/names.h"
#include "fhir/pack.h"
#include "fhir/terminology.h"
#include "fhir/terminology_inside.h"
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

/* Where ours is another expansion than theirs, and why.  `extra` and `missing` are numbers of codes. */
#define DEPRECATED "they leave out deprecated codes; a deprecated code may still be used (R4 codesystem-concept-properties)"
#define DEEPER     "they leave out codes nested further down or linked by the property child; is-a is transitive (R4 valueset-filter-operator)"
#define NOTHING    "needs a code system that is not held: they say that it is empty, we that it is not known"
static const struct {
	const char *url;
	uint32_t    extra, missing;
	const char *reason;
} differences[] = {
	{ "http://hl7.org/fhir/ValueSet/c80-doc-typecodes", 5401, 0, "theirs is cut at 1000 codes and says so" },
	{ "http://hl7.org/fhir/ValueSet/care-team-category", 0, 0, NOTHING },
	{ "http://hl7.org/fhir/ValueSet/message-events", 0, 0, NOTHING },
	{ "http://hl7.org/fhir/ValueSet/mimetypes", 0, 0, NOTHING },
	{ "http://hl7.org/fhir/ValueSet/questionnaire-answers", 0, 0, NOTHING },
	{ "http://hl7.org/fhir/ValueSet/detectedissue-category", 49, 0, DEEPER },
	{ "http://hl7.org/fhir/ValueSet/security-labels", 7, 0, DEEPER },
	{ "http://terminology.hl7.org/ValueSet/v3-ActPharmacySupplyType", 4, 0, DEEPER },
	{ "http://hl7.org/fhir/ValueSet/diagnostic-service-sections", 4, 0, DEPRECATED },
	{ "http://hl7.org/fhir/ValueSet/observation-interpretation", 10, 0, DEPRECATED },
	{ "http://hl7.org/fhir/ValueSet/patient-contactrelationship", 4, 0, DEPRECATED },
	{ "http://hl7.org/fhir/ValueSet/relatedperson-relationshiptype", 4, 0, DEPRECATED },
	{ "http://terminology.hl7.org/ValueSet/v2-0487", 2, 0, DEPRECATED },
	{ "http://terminology.hl7.org/ValueSet/v2-0916", 1, 0, DEPRECATED },
	{ "http://terminology.hl7.org/ValueSet/v3-ActCode", 1, 0, DEPRECATED },
	{ "http://hl7.org/fhir/ValueSet/referencerange-meaning", 0, 2,
	  "they list codes that the system's property `abstract` says are not for use" },
};

struct compared {
	struct arena      *a;
	struct terminology t;
	struct code_set   *set;
	const struct expansion *e;
	struct names       theirs;
	struct slice       url;
	uint32_t           extra, missing, wrong;
};

static void
read_theirs(struct compared *c, const char *path, struct slice *canonical)
{
	struct slice bytes;
	struct json j;
	struct outcome o;
	uint32_t list;

	outcome_init(&o, c->a);
	assert_true(env_read_file(&env_real, path, 64 << 20, c->a, &bytes));
	assert_true(json_parse(bytes, bounds, c->a, &j, &o));
	list = json_path(&j, 0, "expansion.contains");
	names_init(&c->theirs, c->a, 64);
	if (list != 0)
		gather(&j, list, &c->theirs, c->a);
	c->url = text(&j, 0, "url", c->a);
	*canonical = key(c->url, text(&j, 0, "version", c->a), c->a);
}

/* Theirs are flat: without abstract codes.  Each member must be one for the other question too. */
static void
count_differences(struct compared *c)
{
	uint32_t common = 0;

	for (uint32_t i = 0; i < c->e->count; i++) {
		const struct member *m = &c->e->at[i];

		c->wrong += code_set_has(&c->t, c->set, m->system, m->code) != KNOWN_YES;
		if (m->abstract)
			continue;
		if (names_find(&c->theirs, key(m->system, m->code, c->a)) != NAME_UNKNOWN)
			common++;
		else
			c->extra++;
	}
	c->missing = c->theirs.count - common;
	c->wrong += code_set_has(&c->t, c->set, SLICE("urn:none"), SLICE("no-such-code")) == KNOWN_YES;
}

static bool
explained(const struct compared *c)
{
	for (size_t i = 0; i < COUNT_OF(differences); i++)
		if (slice_is(c->url, differences[i].url))
			return c->extra == differences[i].extra && c->missing == differences[i].missing;
	return c->extra == 0 && c->missing == 0
	    && (c->e->complete || c->e->given);
}

static void
compare(const char *path, int *computed, int *given)
{
	struct compared c = { .a = arena_new(1 << 16) };
	struct slice canonical;

	read_theirs(&c, path, &canonical);
	terminology_init(&c.t, pack, &limits_default, NULL, c.a);
	c.set = terminology_set(&c.t, canonical);
	assert_non_null(c.set);
	c.e = code_set_expand(&c.t, c.set);
	count_differences(&c);
	if (c.wrong > 0 || !explained(&c)) {
		print_error("%.*s: %u extra, %u missing, %u wrong\n", SLICE_FMT(c.url), c.extra, c.missing,
		    c.wrong);
		fail();
	}
	*given += c.e->given;
	*computed += !c.e->given;
	arena_free(c.a);
}

static void
expansions_are_those_of_the_specification(void **state UNUSED)
{
	struct dirent **names;
	int n = scandir(EXPANSIONS, &names, NULL, alphasort), computed = 0, given = 0;
	char path[1024];

	for (int i = 0; i < n; i++) {
		if (strncmp(names[i]->d_name, "ValueSet-", 9) == 0
		    && slice_ends(slice_of(names[i]->d_name), SLICE(".json"))) {
			snprintf(path, sizeof path, EXPANSIONS "/%s", names[i]->d_name);
			compare(path, &computed, &given);
		}
		free(names[i]);
	}
	free(names);
	assert_int_equal(computed, 497);
	assert_int_equal(given, 56);            /* of systems that the packages do not hold whole */
}

/* Membership and subsumption by hand */

#define GENDER   "http://hl7.org/fhir/administrative-gender"
#define ACT_CODE "http://terminology.hl7.org/CodeSystem/v3-ActCode"

static const struct {
	const char *set, *system, *code;
	enum known  want;
} memberships[] = {
	{ "http://hl7.org/fhir/ValueSet/administrative-gender", GENDER, "female", KNOWN_YES },
	{ "http://hl7.org/fhir/ValueSet/administrative-gender", "", "female", KNOWN_YES },
	{ "http://hl7.org/fhir/ValueSet/administrative-gender", "urn:x", "female", KNOWN_NO },
	{ "http://hl7.org/fhir/ValueSet/administrative-gender", GENDER, "FEMALE", KNOWN_NO },
	{ "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1", GENDER, "male", KNOWN_YES },
	{ "http://hl7.org/fhir/ValueSet/administrative-gender|9", GENDER, "male", UNKNOWN },
	{ "http://hl7.org/fhir/ValueSet/account-type", ACT_CODE, "PBILLACCT", KNOWN_YES },
	{ "http://hl7.org/fhir/ValueSet/account-type", ACT_CODE, "_ActAccountCode", KNOWN_YES },
	{ "http://hl7.org/fhir/ValueSet/account-type", ACT_CODE, "EXPLORE", KNOWN_NO },
	{ "http://hl7.org/fhir/ValueSet/patient-contactrelationship",
	  "http://terminology.hl7.org/CodeSystem/v2-0131", "O", KNOWN_NO },
	{ "http://hl7.org/fhir/ValueSet/patient-contactrelationship",
	  "http://terminology.hl7.org/CodeSystem/v2-0131", "N", KNOWN_YES },
	{ "http://hl7.org/fhir/ValueSet/questionnaire-answers", "http://snomed.info/sct", "22298006", UNKNOWN },
	{ "urn:none", GENDER, "male", UNKNOWN },
};

static void
membership_is_known_or_said_to_be_unknown(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(memberships); i++) {
		struct arena *a = arena_new(4096);
		struct terminology t;
		enum known got;

		terminology_init(&t, pack, &limits_default, NULL, a);
		got = terminology_member(&t, slice_of(memberships[i].set), slice_of(memberships[i].system),
		    slice_of(memberships[i].code));
		if (got != memberships[i].want)
			print_error("%s %s: %d\n", memberships[i].set, memberships[i].code, got);
		assert_int_equal(got, memberships[i].want);
		arena_free(a);
	}
}

static const struct {
	const char *system, *a, *b;
	enum known  want;
} subsumptions[] = {
	{ ACT_CODE, "_ActAccountCode", "PBILLACCT", KNOWN_YES },
	{ ACT_CODE, "PBILLACCT", "PBILLACCT", KNOWN_YES },
	{ ACT_CODE, "PBILLACCT", "_ActAccountCode", KNOWN_NO },
	{ ACT_CODE "|2018-08-12", "ACCTRECEIVABLE", "PBILLACCT", KNOWN_NO },
	{ ACT_CODE, "FF", "FFS", KNOWN_YES },           /* by the property child */
	{ ACT_CODE, "PBILLACCT", "no-such-code", UNKNOWN },
	{ "http://snomed.info/sct", "1", "1", UNKNOWN },
};

static void
subsumption_follows_nesting_and_properties(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(subsumptions); i++) {
		struct arena *a = arena_new(4096);
		struct terminology t;

		terminology_init(&t, pack, &limits_default, NULL, a);
		assert_int_equal(terminology_subsumes(&t, slice_of(subsumptions[i].system),
		    slice_of(subsumptions[i].a), slice_of(subsumptions[i].b)), subsumptions[i].want);
		arena_free(a);
	}
}

static const struct {
	const char *asked, *version;
	bool        fits;
} fits[] = {
	{ "", "1.0", true }, { "1.0", "1.0", true }, { "1", "1.0", false }, { "1.0", "", false }, { "1.x", "1.7", true },
	{ "1.X", "1.7.2", false }, { "1.*", "1.7.2", true }, { "*", "2024-01-01", true }, { "1.x.2", "1.7.2", true },
	{ "1.x.2", "1.7.3", false }, { "1.x", "1", false }, { "x", "", false }, { "xy", "1", false },
};

/* In their order. */
static const char *const versions[] = { "", "1", "1.2", "1.9", "1.09.1", "1.10", "2", "10", "2018-08-12", "2018-10-01" };

static void
versions_fit_and_have_an_order(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(fits); i++)
		if (version_fits(slice_of(fits[i].asked), slice_of(fits[i].version)) != fits[i].fits)
			fail_msg("%s for %s", fits[i].version, fits[i].asked);
	for (size_t i = 0; i < COUNT_OF(versions); i++)
		for (size_t k = 0; k < COUNT_OF(versions); k++) {
			int order = version_compare(slice_of(versions[i]), slice_of(versions[k]));

			if ((order > 0) - (order < 0) != (i > k) - (i < k))
				fail_msg("%s and %s", versions[i], versions[k]);
		}
}

/* Composition, with a code system and value sets of our own. */

static const char animals[] = "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:animals\","
    "\"content\":\"complete\",\"caseSensitive\":false,\"property\":["
    "{\"code\":\"legs\",\"type\":\"integer\"},{\"code\":\"inactive\",\"type\":\"boolean\","
    "\"uri\":\"http://hl7.org/fhir/concept-properties#inactive\"},{\"code\":\"parent\",\"type\":\"code\"}],"
    "\"concept\":[{\"code\":\"mammal\",\"concept\":[{\"code\":\"cat\",\"display\":\"Cat\",\"property\":"
    "[{\"code\":\"legs\",\"valueInteger\":4}],\"concept\":[{\"code\":\"tomcat\"}]},{\"code\":\"whale\"}]},"
    "{\"code\":\"bird\",\"concept\":[{\"code\":\"dodo\",\"property\":[{\"code\":\"inactive\","
    "\"valueBoolean\":true},{\"code\":\"legs\",\"valueInteger\":2}]}]},"
    "{\"code\":\"platypus\",\"property\":[{\"code\":\"parent\",\"valueCode\":\"mammal\"},"
    "{\"code\":\"parent\",\"valueCode\":\"platypus\"}]}]}";

#define ALL "{\"system\":\"urn:animals\"}"
#define FILTER(property, op, value) "{\"system\":\"urn:animals\",\"filter\":[{\"property\":\"" property \
	"\",\"op\":\"" op "\",\"value\":\"" value "\"}]}"
#define SET(include) "{\"resourceType\":\"ValueSet\",\"compose\":{\"include\":[" include "]}}"
#define WITHOUT(include, exclude) "{\"resourceType\":\"ValueSet\",\"compose\":{\"include\":[" include \
	"],\"exclude\":[" exclude "]}}"

static const struct {
	const char *set, *want;         /* "?": not known whole */
} compositions[] = {
	{ SET(ALL), "mammal cat tomcat whale bird dodo platypus" },
	{ SET(FILTER("concept", "is-a", "mammal")), "mammal cat tomcat whale platypus" },
	{ SET(FILTER("concept", "is-a", "MAMMAL")), "mammal cat tomcat whale platypus" },
	{ SET(FILTER("concept", "descendent-of", "cat")), "tomcat" },
	{ SET(FILTER("concept", "is-not-a", "mammal")), "bird dodo" },
	{ SET(FILTER("concept", "generalizes", "tomcat")), "mammal cat tomcat" },
	{ SET(FILTER("concept", "in", "cat, dodo")), "cat dodo" },
	{ SET(FILTER("concept", "not-in", "cat,dodo")), "mammal tomcat whale bird platypus" },
	{ SET(FILTER("code", "regex", ".*cat")), "cat tomcat" },
	{ SET(FILTER("code", "regex", "cat")), "cat" },
	{ SET(FILTER("code", "regex", "(")), "?" },
	{ SET(FILTER("legs", "=", "4")), "cat" },
	{ SET(FILTER("legs", "exists", "true")), "cat dodo" },
	{ SET(FILTER("legs", "exists", "false")), "mammal tomcat whale bird platypus" },
	{ SET(FILTER("legs", "regex", "[24]")), "cat dodo" },
	{ SET(FILTER("parent", "=", "mammal")), "cat whale platypus" },
	{ SET(FILTER("display", "=", "Cat")), "cat" },
	{ SET(FILTER("colour", "=", "red")), "?" },
	{ SET(FILTER("legs", "similar", "4")), "?" },
	{ SET("{\"system\":\"urn:animals\",\"concept\":[{\"code\":\"whale\"},{\"code\":\"yeti\"}]}"), "whale" },
	{ WITHOUT(ALL, FILTER("concept", "is-a", "mammal")), "bird dodo" },
	{ WITHOUT(ALL, "{\"system\":\"urn:animals\",\"concept\":[{\"code\":\"Bird\"}]}"),
	  "mammal cat tomcat whale dodo platypus" },
	{ SET("{\"valueSet\":[\"urn:cats\",\"urn:legs\"]}"), "cat" },
	{ SET("{\"system\":\"urn:animals\",\"valueSet\":[\"urn:cats\"]}"), "cat tomcat" },
	{ SET("{\"valueSet\":[\"urn:cats\"]}," FILTER("legs", "exists", "true")), "cat tomcat dodo" },
	{ SET("{\"valueSet\":[\"urn:circle\"]}"), "?" },
	{ SET(FILTER("concept", "is-a", "")), "?" },
	{ "{\"resourceType\":\"ValueSet\",\"contained\":[{\"resourceType\":\"ValueSet\",\"id\":\"a\",\"compose\":{\"include\":["
	  "{\"valueSet\":[\"#b\"]}]}},{\"resourceType\":\"ValueSet\",\"id\":\"b\",\"compose\":{\"include\":["
	  FILTER("concept", "is-a", "cat") "]}}],\"compose\":{\"include\":[{\"valueSet\":[\"#a\"]}]}}", "cat tomcat" },
	{ "{\"resourceType\":\"ValueSet\",\"contained\":[{\"resourceType\":\"CodeSystem\",\"id\":\"a\",\"content\":\"complete\","
	  "\"concept\":[{\"code\":\"ant\"}]}],\"compose\":{\"include\":[{\"system\":\"#a\"},{\"system\":\"#a\"}]}}", "ant" },
	{ SET("{\"system\":\"#none\"}"), "?" },
	{ SET("{\"valueSet\":[\"urn:none\"]}"), "?" },
	{ SET("{\"system\":\"urn:none\"}"), "?" },
	{ SET(FILTER("legs", "=", "4") ",{\"system\":\"urn:none\",\"concept\":[{\"code\":\"x\"}]}"), "cat x" },
	{ "{\"resourceType\":\"ValueSet\",\"compose\":{\"inactive\":false,\"include\":["
	  FILTER("legs", "exists", "true") "]}}", "cat" },
	{ "{\"resourceType\":\"ValueSet\",\"expansion\":{\"contains\":[{\"system\":\"urn:q\",\"code\":\"a\","
	  "\"contains\":[{\"system\":\"urn:q\",\"code\":\"b\"}]}]}}", "a b" },
};

static const struct { const char *url, *text; } stored[] = {
	{ "urn:animals", animals },
	{ "urn:cats", SET(FILTER("concept", "is-a", "cat")) },
	{ "urn:legs", SET(FILTER("legs", "exists", "true")) },
	{ "urn:circle", SET("{\"valueSet\":[\"urn:circle\"]}") },
};

static const struct json *
parse(const char *bytes, struct arena *a)
{
	struct json *j = arena_alloc(a, sizeof *j);
	struct outcome o;

	outcome_init(&o, a);
	assert_true(json_parse(slice_of(bytes), bounds, a, j, &o));
	return j;
}

static const struct json *
find_stored(void *ctx UNUSED, enum terminology_kind kind UNUSED, struct slice url,
    struct slice version UNUSED, struct arena *a)
{
	for (size_t i = 0; i < COUNT_OF(stored); i++)
		if (slice_is(url, stored[i].url))
			return parse(stored[i].text, a);
	return NULL;
}

static void
compositions_are_as_in_the_specification(void **state UNUSED)
{
	struct terminology_source source = { NULL, find_stored };

	for (size_t i = 0; i < COUNT_OF(compositions); i++) {
		struct arena *a = arena_new(4096);
		struct terminology t;
		struct code_set *set;
		const struct expansion *e;
		char got[1024] = "";

		terminology_init(&t, pack, &limits_default, &source, a);
		set = terminology_set_of(&t, parse(compositions[i].set, a), 0);
		e = code_set_expand(&t, set);
		for (uint32_t k = 0; k < e->count; k++) {
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", k == 0 ? "" : " ",
			    SLICE_FMT(e->at[k].code));
			assert_int_equal(code_set_has(&t, set, e->at[k].system, e->at[k].code), KNOWN_YES);
		}
		if (strcmp(e->complete ? got : "?", compositions[i].want) != 0)
			print_error("%s\n  got %s%s\n", compositions[i].set, got, e->complete ? "" : " ?");
		assert_string_equal(e->complete ? got : "?", compositions[i].want);
		arena_free(a);
	}
}

static void
a_budget_ends_what_would_not_end(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct limits small = limits_default;
	struct terminology t;
	struct code_set *set;

	small.of[LIMIT_TERMINOLOGY_STEPS] = 20;
	terminology_init(&t, pack, &small, NULL, a);
	set = terminology_set(&t, SLICE("http://terminology.hl7.org/ValueSet/v3-ActCode"));
	assert_false(code_set_expand(&t, set)->complete);
	assert_true(t.spent);
	small.of[LIMIT_TERMINOLOGY_STEPS] = 100000;
	small.of[LIMIT_EXPANSION] = 10;
	terminology_init(&t, pack, &small, NULL, a);
	set = terminology_set(&t, SLICE("http://terminology.hl7.org/ValueSet/v3-ActCode"));
	assert_false(code_set_expand(&t, set)->complete);
	assert_true(t.spent);
	arena_free(a);
}

/* Each member is asked of each exclude: that is work too. */
static void
excludes_are_work(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct limits small = limits_default;
	struct terminology t;
	const struct json *j;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	buf_add_cstr(&b, "{\"resourceType\":\"ValueSet\",\"compose\":{\"include\":[{\"system\":\"urn:x\",\"concept\":[");
	for (int i = 0; i < 300; i++)
		buf_printf(&b, "%s{\"code\":\"c%d\"}", i == 0 ? "" : ",", i);
	buf_add_cstr(&b, "]}],\"exclude\":[");
	for (int i = 0; i < 300; i++)
		buf_printf(&b, "%s{\"system\":\"urn:x\",\"concept\":[{\"code\":\"d%d\"}]}", i == 0 ? "" : ",", i);
	buf_add_cstr(&b, "]}}");
	small.of[LIMIT_TERMINOLOGY_STEPS] = 50000;
	terminology_init(&t, pack, &small, NULL, a);
	j = terminology_parse(&t, buf_slice(&b));
	assert_non_null(j);
	code_set_expand(&t, terminology_set_of(&t, j, 0));
	assert_true(t.spent);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(expansions_are_those_of_the_specification),
		cmocka_unit_test(membership_is_known_or_said_to_be_unknown),
		cmocka_unit_test(versions_fit_and_have_an_order),
		cmocka_unit_test(subsumption_follows_nesting_and_properties),
		cmocka_unit_test(compositions_are_as_in_the_specification),
		cmocka_unit_test(a_budget_ends_what_would_not_end), cmocka_unit_test(excludes_are_work),
	};

	return cmocka_run_group_tests(all, open_pack, close_pack);
}
