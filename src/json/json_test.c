/* The JSON reader against the JSONTestSuite corpus, and its limits. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "json/json.h"

#define CORPUS "../shared/corpus/json"

static const struct json_bounds wide = { .depth = 64, .nodes = 1 << 20, .number = 4096, .key = 4096 };

static bool
parses(struct slice text, struct arena *a, struct json *j, struct outcome *o)
{
	outcome_init(o, a);
	return json_parse(text, wide, a, j, o);
}

/* RFC 8259 leaves repeated names to the reader; FHIR forbids them. */
static const char *const refused_though_allowed[] = {
	"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
};

/* What the suite leaves open: numbers are text here and of any size; texts that are
 * not UTF-8, or hold lone surrogates or a byte order mark, are refused. */
static const char *const accepted_though_open[] = {
	"i_number_double_huge_neg_exp.json", "i_number_huge_exp.json", "i_number_neg_int_huge_exp.json",
	"i_number_pos_double_huge_exp.json", "i_number_real_neg_overflow.json",
	"i_number_real_pos_overflow.json", "i_number_real_underflow.json",
	"i_number_too_big_neg_int.json", "i_number_too_big_pos_int.json",
	"i_number_very_big_negative_int.json",
};

static bool
listed(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static bool
expected(const char *name)
{
	if (name[0] == 'y')
		return !listed(refused_though_allowed, COUNT_OF(refused_though_allowed), name);
	return name[0] == 'i' && listed(accepted_though_open, COUNT_OF(accepted_though_open), name);
}

static void
the_corpus_is_judged_as_it_says(void **state UNUSED)
{
	struct dirent *e;
	DIR *d = opendir(CORPUS);
	int count = 0, wrong = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		struct arena *a = arena_new(4096);
		struct outcome o;
		struct slice text;
		struct json j;
		char path[512];

		snprintf(path, sizeof path, CORPUS "/%s", e->d_name);
		if (slice_ends(slice_of(e->d_name), SLICE(".json"))
		    && env_read_file(&env_real, path, 1 << 24, a, &text)) {
			count++;
			if (parses(text, a, &j, &o) != expected(e->d_name)) {
				print_error("%s\n", e->d_name);
				wrong++;
			}
		}
		arena_free(a);
	}
	closedir(d);
	assert_int_equal(count, 318);
	assert_int_equal(wrong, 0);
}

static const struct {
	const char *text;
	unsigned line, column;
} errors[] = {
	{ "", 1, 1 }, { "{", 1, 2 }, { "{\"a\" 1}", 1, 6 }, { "[1,\n2,,3]", 2, 3 }, { "[01]", 1, 3 },
	{ "{\"a\":1,\n \"a\":2}", 2, 2 }, { "{\"id\":1,\"\\u0069d\":2}", 1, 9 }, { "\"\\ud800\"", 1, 8 },
	{ "\"a\nb\"", 1, 3 }, { "[1] 2", 1, 5 }, { "nul", 1, 1 }, { "[\"\\x\"]", 1, 4 }, { "{1:2}", 1, 2 },
	{ "[1", 1, 3 }, { "\"\xff\"", 1, 2 }, { "-", 1, 2 }, { "1.", 1, 3 }, { "1e", 1, 3 },
};

static void
errors_have_their_place(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		struct arena *a = arena_new(4096);
		struct outcome o;
		struct json j;

		assert_false(parses(slice_of(errors[i].text), a, &j, &o));
		if (o.first->place.line != errors[i].line || o.first->place.column != errors[i].column)
			print_error("row %zu: %u:%u\n", i, o.first->place.line, o.first->place.column);
		assert_int_equal(o.first->place.line, errors[i].line);
		assert_int_equal(o.first->place.column, errors[i].column);
		arena_free(a);
	}
}

static void
members_and_items_are_found(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct outcome o;
	struct json j;

	assert_true(parses(SLICE("{\"a\":[1,{\"b\":\"x\\u0041\\ud83d\\ude00\"},null],\"c\\u0064\":2.00}"),
	    a, &j, &o));
	assert_int_equal(json_size(&j, 0), 2);
	assert_int_equal(json_size(&j, json_get(&j, 0, SLICE("a"))), 3);
	assert_true(slice_is(json_raw(&j, json_get(&j, 0, SLICE("cd"))), "2.00"));
	assert_true(slice_is(json_string(&j, json_get(&j, json_item(&j, json_get(&j, 0, SLICE("a")), 1),
	    SLICE("b")), a), "xA\xF0\x9F\x98\x80"));
	assert_true(json_is(&j, json_get(&j, json_item(&j, json_get(&j, 0, SLICE("a")), 1), SLICE("b")),
	    SLICE("xA\xF0\x9F\x98\x80")));
	assert_int_equal(json_get(&j, 0, SLICE("b")), 0);
	assert_int_equal(json_item(&j, json_get(&j, 0, SLICE("a")), 3), 0);
	assert_int_equal(json_path(&j, 0, "a.b"), 0);
	arena_free(a);
}

static void
limits_hold(void **state UNUSED)
{
	static const struct json_bounds narrow = { .depth = 3, .nodes = 6, .number = 5, .key = 3 };
	static const struct { const char *text; bool good; } rows[] = {
		{ "[[[1]]]", true }, { "[[[[1]]]]", false }, { "[1,2,3,4,5]", true },
		{ "[1,2,3,4,5,6]", false }, { "12345", true }, { "123456", false },
		{ "{\"abc\":1}", true }, { "{\"abcd\":1}", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(4096);
		struct outcome o;
		struct json j;

		outcome_init(&o, a);
		assert_int_equal(json_parse(slice_of(rows[i].text), narrow, a, &j, &o), rows[i].good);
		arena_free(a);
	}
}

/* A million names in one object: found distinct, or one repeated, in linear time. */
static void
many_names_are_told_apart(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20);
	struct outcome o;
	struct json j;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	buf_add_char(&b, '{');
	for (int i = 0; i < 200000; i++)
		buf_printf(&b, "\"n%d\":0,", i);
	buf_add(&b, SLICE("\"last\":0}"));
	assert_true(parses(buf_slice(&b), a, &j, &o));
	b.len--;
	buf_add(&b, SLICE(",\"n7\":0}"));
	assert_false(parses(buf_slice(&b), a, &j, &o));
	arena_free(a);
}

static void
compact_text_reads_the_same(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20);
	struct outcome o;
	struct slice text;
	struct json one, two;
	struct buf first, second;

	assert_true(env_read_file(&env_real, "../shared/corpus/synthea/patient-01.json", 1 << 26, a, &text));
	assert_true(parses(text, a, &one, &o));
	buf_init(&first, a, SIZE_MAX);
	buf_init(&second, a, SIZE_MAX);
	json_write_node(&first, &one, 0);
	assert_true(first.len < text.len);
	assert_true(parses(buf_slice(&first), a, &two, &o));
	assert_int_equal(one.count, two.count);
	json_write_node(&second, &two, 0);
	assert_true(slice_eq(buf_slice(&first), buf_slice(&second)));
	arena_free(a);
}

static void
strings_are_written_escaped(void **state UNUSED)
{
	struct arena *a = arena_new(1024);
	struct buf b;

	buf_init(&b, a, 1024);
	json_write_string(&b, SLICE("a\"b\\c\n\x01\xC3\xA9"));
	assert_true(slice_is(buf_slice(&b), "\"a\\\"b\\\\c\\n\\u0001\xC3\xA9\""));
	arena_free(a);
}

static void
pretty_text_has_a_line_for_each_member(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct outcome o;
	struct json j;
	struct buf b;

	assert_true(parses(SLICE("{\"a\":[1,{\"b\":\"\\n\"}],\"c\":{},\"d\":[]}"), a, &j, &o));
	buf_init(&b, a, 4096);
	json_write_pretty(&b, &j, 0);
	assert_true(slice_is(buf_slice(&b), "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"\\n\"\n    }\n  ],\n"
	    "  \"c\": {},\n  \"d\": []\n}"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pretty_text_has_a_line_for_each_member),
		cmocka_unit_test(the_corpus_is_judged_as_it_says),
		cmocka_unit_test(errors_have_their_place),
		cmocka_unit_test(members_and_items_are_found),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(many_names_are_told_apart),
		cmocka_unit_test(compact_text_reads_the_same),
		cmocka_unit_test(strings_are_written_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
