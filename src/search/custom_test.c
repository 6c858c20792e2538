/* SearchParameters: what stands as a parameter and what is refused; and a custom parameter makes the rows that
 * the same one of R4 makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "search/custom.h"
#include "search/extraction.h"
#include "search/values.h"

#define EXAMPLES "build/packages/hl7.fhir.r4.examples/package/"
#define GENDER   "\"component\":[{\"definition\":\"http://hl7.org/fhir/SearchParameter/individual-gender\",\"expression\":"

static const struct siphash_key key = { 1, 2 };
static struct pack *pack;
static struct arena *arena;
static struct search_index *standard;

/* `more`: members beside these.  `element` and `why`: what is wrong, by the beginning of the words. */
static const struct row {
	const char *code, *base, *kind, *expression, *more, *element, *why;
} rows[] = {
	{ "hue", "Patient",            "token",     "Patient.gender",                            NULL, NULL, NULL },
	{ "hue", "Resource",           "token",     "Resource.language",                         NULL, NULL, NULL },
	{ "hue", "Patient\",\"Person", "token",     "Patient.gender | Person.gender",            NULL, NULL, NULL },
	{ "hue", "Patient",            "string",    "Patient.name.where(text = 'it\\'s | so').family", NULL, NULL, NULL },
	{ "hue", "Observation",        "quantity",  "Observation.value as Quantity",             NULL, NULL, NULL },
	{ "hue", "Observation",        "quantity",  "Observation.value",                         NULL, NULL, NULL },
	{ "hue", "Patient",            "reference", "Patient.link.other",  "\"target\":[\"Patient\"]", NULL, NULL },
	{ "hue", "Patient",            "composite", "Patient",             GENDER "\"gender\"}]", NULL, NULL },
	{ "hue", "Patient\",\"Person", "token",     "Patient.gender",      NULL, "expression", "there is no such element" },
	{ "hue", "Patient",            "token",     "Patient.nothing",     NULL, "expression", "there is no such element, at line 1" },
	{ "hue", "Patient",            "token",     "Patient.hue()",       NULL, "expression", "there is no such function" },
	{ "hue", "Patient",            "token",     "Patient.name.where(", NULL, "expression", "" },
	{ "hue", "Patient",            "token",     NULL,                  NULL, "expression", "" },
	{ "hue", "Patient",            "date",      "now()",               NULL, "expression", "what it says changes" },
	{ "hue", "Patient",            "token",     "Patient.gender.memberOf('x')", NULL, "expression", "what it says changes" },
	{ "hue", "Patient",            "date",      "Patient.birthDate.where($this < today())", NULL, "expression", "what it says" },
	{ "hue", "Patient",            "date",      "Patient.name | Patient.name", NULL, "type", "the expression finds" },
	{ "hue", "Patient",            "uri",       "Patient.name",        NULL, "type", "the expression finds" },
	{ "hue", "Patient",            "special",   "Patient",             NULL, "type", "such a parameter" },
	{ "hue", "Patient",            "colour",    "Patient",             NULL, "type", "such a parameter" },
	{ "hue", "Nothing",            "token",     "Patient.gender",      NULL, "base", "there is no such type" },
	{ "hue", "HumanName",          "token",     "HumanName.use",       NULL, "base", "there is no such type" },
	{ "hue", NULL,                 "token",     "Patient.gender",      NULL, "base", "" },
	{ "gender", "Patient",         "token",     "Patient.gender",      NULL, "code", "another parameter" },
	{ "hue", "Patient\",\"Patient", "token",    "Patient.gender",      NULL, "code", "another parameter" },
	{ "_id", "Patient",            "token",     "Patient.id",          NULL, "code", "a code is made of" },
	{ "a:b", "Patient",            "token",     "Patient.id",          NULL, "code", "a code is made of" },
	{ "a.b", "Patient",            "token",     "Patient.id",          NULL, "code", "a code is made of" },
	{ "",    "Patient",            "token",     "Patient.id",          NULL, "code", "a code is made of" },
	{ "hue", "Patient", "token", "Patient.gender", "\"target\":[\"Patient\"]",       "target", "only references" },
	{ "hue", "Patient", "token", "Patient.gender", "\"xpathUsage\":\"phonetic\"",    "xpathUsage", "only normal" },
	{ "hue", "Patient", "token", "Patient.gender", GENDER "\"gender\"}]",            "component", "composites have" },
	{ "hue", "Patient", "composite", "Patient",    NULL,                             "component", "composites have" },
	{ "hue", "Patient", "composite", "Patient",    GENDER "\"hue\"}]",               "component.expression", "there is no" },
	{ "hue", "Patient", "composite", "Patient",    GENDER "\"name\"}]",              "component", "the expression finds" },
	{ "hue", "Patient", "composite", "Patient", "\"component\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "component", "there are too many" },
	{ "hue", "Patient", "composite", "Patient", "\"component\":[{\"definition\":\"http://a.test/none\",\"expression\":\"gender\"}]",
	  "component.definition", "no parameter" },
};

static void
member(struct buf *b, const char *name, struct slice value)
{
	buf_printf(b, ",\"%s\":", name);
	json_write_string(b, value);
}

static struct json
define(const struct row *r)
{
	struct outcome o;
	struct buf b;
	struct json j;

	outcome_init(&o, arena);
	buf_init(&b, arena, 1 << 20);
	buf_add_cstr(&b, "{\"resourceType\":\"SearchParameter\",\"status\":\"active\",\"url\":\"http://a.test/p\"");
	member(&b, "code", slice_of(r->code));
	member(&b, "type", slice_of(r->kind));
	if (r->expression != NULL)
		member(&b, "expression", slice_of(r->expression));
	if (r->base != NULL)
		buf_printf(&b, ",\"base\":[\"%s\"]", r->base);
	if (r->more != NULL)
		buf_printf(&b, ",%s", r->more);
	buf_add_char(&b, '}');
	assert_true(json_parse(buf_slice(&b), json_bounds(&limits_default, false), arena, &j, &o));
	return j;
}

static void
what_stands(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct custom_params to = { .standard = standard, .arena = arena };
		struct json j = define(&rows[i]);
		struct outcome o;
		char path[64];
		bool good;

		outcome_init(&o, arena);
		good = custom_add(&to, &j, 0, 1, &o);
		if (good != (rows[i].element == NULL) || good != (to.count > 0))
			fail_msg("row %zu %s", i, good ? "stands" : o.first->place.path.ptr);
		if (good)
			continue;
		snprintf(path, sizeof path, "SearchParameter.%s", rows[i].element);
		if (outcome_status(&o) != 422 || !slice_is(o.first->place.path, path)
		    || !slice_starts(o.first->detail, slice_of(rows[i].why)))
			fail_msg("row %zu: %.*s: %.*s", i, SLICE_FMT(o.first->place.path), SLICE_FMT(o.first->detail));
	}
}

/* A definition may take the place of itself, and of nothing else. */
static void
beside_others(void **state UNUSED)
{
	struct arena *own = arena_new(4096);
	struct custom_params to = { .standard = standard, .arena = own }, beside;
	struct json j = define(&rows[0]);
	struct search_index *index;
	struct outcome o;

	outcome_init(&o, arena);
	assert_true(custom_add(&to, &j, 0, 7, &o));
	index = search_index_with(&to, 1);
	custom_beside(index, arena, &beside);
	assert_false(custom_add(&beside, &j, 0, 0, &o));
	custom_drop(&beside, 8);
	assert_false(custom_add(&beside, &j, 0, 0, &o));
	custom_drop(&beside, 7);
	assert_true(custom_add(&beside, &j, 0, 0, &o));
	assert_false(custom_add(&beside, &j, 0, 0, &o));
	search_index_let_go(index);
}

/* Against the parameters of R4 */

static void
copy_of(const struct search_param *p, struct custom_params *to)
{
	struct outcome o;
	struct buf b, more;
	struct json j;

	outcome_init(&o, arena);
	buf_init(&more, arena, 1 << 16);
	buf_add_cstr(&more, "\"target\":[");
	for (uint32_t i = 0; i < p->target_count; i++)
		buf_printf(&more, "%s\"%.*s\"", i > 0 ? "," : "", SLICE_FMT(p->targets[i]));
	buf_add_char(&more, ']');
	buf_init(&b, arena, 1024);
	buf_printf(&b, "own-%.*s", SLICE_FMT(p->code));
	j = define(&(struct row){ .code = slice_cstr(buf_slice(&b), arena), .base = slice_cstr(p->on->name, arena),
		.kind = search_kind_name(p->kind), .expression = slice_cstr(p->expression, arena),
		.more = p->kind == SEARCH_REFERENCE ? slice_cstr(buf_slice(&more), arena) : NULL });
	if (!custom_add(to, &j, 0, 1, &o))
		fail_msg("%.*s of %.*s: %.*s", SLICE_FMT(p->code), SLICE_FMT(p->on->name), SLICE_FMT(o.first->detail));
	to->at[to->count - 1].param.number = CUSTOM_FIRST + p->number;
}

/* The rows of a parameter, without its number. */
static uint32_t
rows_of(const struct index_rows *all, uint32_t number, struct index_row *out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < all->count; i++)
		if (all->at[i].param == number && all->at[i].kind != SEARCH_SPECIAL) {
			out[count] = all->at[i];
			out[count++].param = 0;
		}
	return count;
}

static bool
same_row(const struct index_row *a, const struct index_row *b)
{
	return a->kind == b->kind && a->contained == b->contained && a->a == b->a && a->b == b->b
	    && !(a->x < b->x) && !(a->x > b->x) && !(a->y < b->y) && !(a->y > b->y) && slice_eq(a->text, b->text);
}

/* How many rows they both have. */
static uint32_t
compare(const struct index_rows *all, uint32_t one, uint32_t other)
{
	struct index_row *a = arena_array(arena, all->count + 1, sizeof *a), *b = arena_array(arena, all->count + 1, sizeof *b);
	uint32_t count = rows_of(all, one, a);

	assert_int_equal(rows_of(all, other, b), count);
	for (uint32_t i = 0; i < count; i++)
		assert_true(same_row(&a[i], &b[i]));
	return count;
}

static const struct { const char *type, *file; } examples[] = {
	{ "Patient",     "Patient-example.json" },   { "Observation", "Observation-blood-pressure.json" },
	{ "Observation", "Observation-example.json" }, { "Encounter", "Encounter-example.json" },
	{ "Condition",   "Condition-example.json" },
};

static uint32_t
compare_on(const struct search_index *index, const char *type, const char *file)
{
	const struct index_resolver none = { .find = NULL };
	struct index_rows all, chosen;
	struct outcome o;
	struct slice text;
	struct json j;
	char path[256];
	uint32_t same = 0;

	outcome_init(&o, arena);
	snprintf(path, sizeof path, EXAMPLES "%s", file);
	assert_true(env_read_file(&env_real, path, 1 << 20, arena, &text));
	assert_true(json_parse(text, json_bounds(&limits_default, false), arena, &j, &o));
	assert_true(index_extract(index, pack_resource(pack, slice_of(type)), &j, 0, &none, arena, &all, &o));
	for (uint32_t i = pack_param_count(pack); i < search_param_count(index); i++) {
		uint32_t number = search_param_at(index, i)->number;
		struct index_choice choice = { &number, 1 };
		uint32_t count = compare(&all, number - CUSTOM_FIRST, number);

		assert_true(index_extract_chosen(index, &choice, pack_resource(pack, slice_of(type)), &j, 0, &none,
		    arena, &chosen, &o));
		assert_int_equal(chosen.count, count);
		same += count;
	}
	return same;
}

static void
the_same_rows(void **state UNUSED)
{
	struct custom_params to = { .standard = standard, .arena = arena_new(1 << 16) };
	struct search_index *index;
	uint32_t same = 0;

	for (uint32_t i = 0; i < pack_param_count(pack); i++) {
		const struct search_param *p = pack_param_at(pack, i);
		bool wanted = search_index_supports(standard, p) && p->kind != SEARCH_COMPOSITE
		    && p->kind != SEARCH_SPECIAL && p->code.ptr[0] != '_';

		for (size_t k = 0; k < COUNT_OF(examples); k++)
			if (wanted && slice_is(p->on->name, examples[k].type)) {
				copy_of(p, &to);
				break;
			}
	}
	assert_in_range(to.count, 60, 200);
	index = search_index_with(&to, 1);
	for (size_t k = 0; k < COUNT_OF(examples); k++)
		same += compare_on(index, examples[k].type, examples[k].file);
	assert_in_range(same, 100, 10000);
	search_index_let_go(index);
}

/* Every parameter of R4 with an expression can be searched by: it compiles, and there is a rule for what it finds. */
static void
each_of_r4(void **state UNUSED)
{
	uint32_t certain = 0;

	for (uint32_t i = 0; i < pack_param_count(pack); i++) {
		const struct search_param *p = pack_param_at(pack, i);
		const struct fhirpath *f = standard->compiled[i];
		const struct type *type = f == NULL ? NULL : fhirpath_result(f);

		if (p->expression.len > 0 && !search_index_supports(standard, p))
			fail_msg("%.*s of %.*s", SLICE_FMT(p->code), SLICE_FMT(p->on->name));
		if (type == NULL || type->abstract || p->kind == SEARCH_COMPOSITE)
			continue;
		if (!extraction_has_rule(pack, p->kind, type))
			fail_msg("%.*s of %.*s finds %.*s", SLICE_FMT(p->code), SLICE_FMT(p->on->name), SLICE_FMT(type->name));
		certain++;
	}
	assert_in_range(certain, 2000, pack_param_count(pack));
}

/* An expression that fails on a resource finds nothing in it but that, and refuses nothing. */
static void
one_that_fails(void **state UNUSED)
{
	static const struct row fails = { .code = "hue", .base = "Patient", .kind = "token",
		.expression = "Patient.name.given + Patient.name.given" };
	struct custom_params to = { .standard = standard, .arena = arena_new(4096) };
	const struct index_resolver none = { .find = NULL };
	struct json j = define(&fails), body;
	struct search_index *index;
	struct index_rows all;
	struct outcome o;

	outcome_init(&o, arena);
	assert_true(custom_add(&to, &j, 0, 1, &o));
	index = search_index_with(&to, 1);
	assert_true(json_parse(SLICE("{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"A\",\"B\"]}]}"),
	    json_bounds(&limits_default, false), arena, &body, &o));
	assert_true(index_extract(index, pack_resource(pack, SLICE("Patient")), &body, 0, &none, arena, &all, &o));
	assert_in_range(all.count, 2, 100);
	for (uint32_t i = 0; i + 1 < all.count; i++)
		assert_in_range(all.at[i].param, 0, CUSTOM_FIRST - 1);
	assert_int_equal(all.at[all.count - 1].param, INDEX_FAILED + index->custom[0].param.number);
	search_index_let_go(index);
}

static int
open_pack(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(1 << 20);
	outcome_init(&o, arena);
	if ((pack = pack_open(&env_real, "build/fhir-r4.pack", &o)) == NULL)
		return 1;
	standard = search_index_new(pack, &limits_default, &key, arena, &o);
	return 0;
}

static int
close_pack(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands), cmocka_unit_test(beside_others), cmocka_unit_test(the_same_rows),
		cmocka_unit_test(one_that_fails), cmocka_unit_test(each_of_r4),
	};

	return cmocka_run_group_tests(tests, open_pack, close_pack);
}
