/* Expressions and their values, and sources that are broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/hcl.h"

static const struct {
	const char *text, *json;        /* NULL: unknown */
} rows[] = {
	{ "1 + 2 * 3", "7" }, { "(1 + 2) * 3", "9" }, { "10 - 4 - 3", "3" }, { "7 % 4", "3" },
	{ "0.1 + 0.2", "0.3" }, { "1.50", "1.5" }, { "1e3", "1000" }, { "-2", "-2" }, { "-(1)", "-1" },
	{ "1 < 2", "true" }, { "2 <= 1", "false" }, { "1 == 1.0", "true" }, { "1 != 1", "false" },
	{ "true && false", "false" }, { "true || false", "true" }, { "!true", "false" },
	{ "false && nothing", "false" }, { "nothing || true", "true" }, { "nothing && true", NULL },
	{ "true ? 1 : 2", "1" }, { "false ? 1 : true ? 2 : 3", "2" }, { "nothing ? 1 : 1", "1" },
	{ "1 / 0", NULL }, { "null", "null" }, { "\"5\" + 1", "6" }, { "\"a\" + 1", NULL },
	{ "\"a${1}b\"", "\"a1b\"" }, { "\"${true}\"", "true" }, { "\"$${x}\"", "\"${x}\"" },
	{ "\"%%{x}\"", "\"%{x}\"" }, { "\"\\u00e9\\t\"", "\"\xc3\xa9\\t\"" }, { "\"$\"", "\"$\"" },
	{ "\"a ${~ 1 ~} b\"", "\"a1b\"" }, { "\"%{if true}y%{else}n%{endif}\"", "\"y\"" },
	{ "\"%{ for x in [1,2] }<${x}>%{ endfor }\"", "\"\\u003c1\\u003e\\u003c2\\u003e\"" },
	{ "<<X\na\n  b\nX\n", "\"a\\n  b\\n\"" }, { "<<-X\n    a\n      b\n    X\n", "\"a\\n  b\\n\"" },
	{ "[1, 2,]", "[1,2]" }, { "{ a = 1, b : 2 }", "{\"a\":1,\"b\":2}" },
	{ "{\n a = 1\n b = 2\n}", "{\"a\":1,\"b\":2}" }, { "{ (\"x\") = 1 }", "{\"x\":1}" },
	{ "[1,2][1]", "2" }, { "[1,2].0", "1" }, { "{a={b=3}}.a.b", "3" }, { "{a=1}[\"a\"]", "1" },
	{ "[[1,2],[3]].0.1", "2" }, { "[1][5]", NULL }, { "{a=1}.b", NULL },
	{ "[for x in [1,2,3] : x * 2 if x > 1]", "[4,6]" },
	{ "{for k, v in {b=1, a=2} : k => v}", "{\"a\":2,\"b\":1}" },
	{ "{for x in [\"a\",\"b\",\"a\"] : x => 1...}", "{\"a\":[1,1],\"b\":[1]}" },
	{ "[for i, x in [\"p\"] : \"${i}${x}\"]", "[\"0p\"]" },
	{ "[{a=1},{a=2}][*].a", "[1,2]" }, { "[{a=1},{a=2}].*.a", "[1,2]" }, { "null[*]", "[]" },
	{ "{a=[1]}[*].a[0]", "[1]" }, { "3[*]", "[3]" },
	{ "upper(\"aB\")", "\"AB\"" }, { "lower(\"aB\")", "\"ab\"" }, { "length([1,2])", "2" },
	{ "length(\"\xc3\xa9\")", "1" }, { "max([1,5,3]...)", "5" }, { "min(2, 1)", "1" },
	{ "join(\",\", [\"a\", 1])", "\"a,1\"" }, { "split(\",\", \"a,,b\")", "[\"a\",\"\",\"b\"]" },
	{ "replace(\"aXbX\", \"X\", \"-\")", "\"a-b-\"" }, { "trimspace(\" a \")", "\"a\"" },
	{ "merge({a=1},{a=2,b=3})", "{\"a\":2,\"b\":3}" }, { "concat([1],[2])", "[1,2]" },
	{ "lookup({a=1},\"b\",9)", "9" }, { "element([1,2],3)", "2" }, { "contains([1,2],2)", "true" },
	{ "keys({b=1,a=2})", "[\"a\",\"b\"]" }, { "values({b=1,a=2})", "[2,1]" },
	{ "flatten([[1,[2]],3])", "[1,2,3]" }, { "distinct([1,1,2])", "[1,2]" },
	{ "compact([\"a\",\"\",null])", "[\"a\"]" }, { "coalesce(null,\"\",\"x\")", "\"x\"" },
	{ "toset([\"b\",\"a\",\"b\"])", "[\"a\",\"b\"]" }, { "tostring(1.0)", "\"1\"" },
	{ "tonumber(\"12\")", "12" }, { "tobool(\"true\")", "true" }, { "range(3)", "[0,1,2]" },
	{ "zipmap([\"a\"],[1])", "{\"a\":1}" }, { "format(\"%s-%d%%\", \"a\", 5)", "\"a-5%\"" },
	{ "jsonencode({b=[1,\"x\"]})", "\"{\\\"b\\\":[1,\\\"x\\\"]}\"" },
	{ "jsondecode(\"{\\\"a\\\":[1]}\").a[0]", "1" }, { "base64encode(\"hi\")", "\"aGk=\"" },
	{ "base64decode(\"aGk=\")", "\"hi\"" }, { "try({}.a, 1)", "1" }, { "can({}.a)", "false" },
	{ "can(1)", "true" }, { "startswith(\"abc\",\"ab\")", "true" }, { "ceil(1.2)", "2" },
	{ "floor(-1.2)", "-2" }, { "abs(-3)", "3" }, { "uuid()", NULL }, { "frobnicate()", NULL },
	{ "1 /* c */ + 2 # d", "3" }, { "a-b", NULL }, { "core::upper(\"a\")", "\"A\"" },
};

static const struct value *
value_of(struct arena *a, struct project *p, struct slice text, struct hcl_meter *m)
{
	struct hcl_scope s = { .project = p, .meter = m };
	struct hcl_expression *e;

	(void)a;
	hcl_meter_init(m);
	e = hcl_parse_expression(p, project_add_source(p, SLICE("x"), text));
	return e == NULL ? NULL : hcl_evaluate(e, &s);
}

static void
test_values(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct hcl_meter m;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct value *v = value_of(a, &p, slice_of(rows[i].text), &m);
		struct buf b;

		buf_init(&b, a, 1 << 16);
		if (v == NULL)
			fail_msg("%s: not parsed", rows[i].text);
		hcl_write_json(&b, a, v, 0);
		if ((v->kind == VALUE_UNKNOWN) != (rows[i].json == NULL)
		    || (rows[i].json != NULL && !slice_is(buf_slice(&b), rows[i].json)))
			fail_msg("%s: got %.*s", rows[i].text, SLICE_FMT(buf_slice(&b)));
	}
	arena_free(a);
}

static void
test_sketch(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct hcl_meter m;
	struct project p;
	const struct value *v;

	(void)state;
	project_init(&p, a, NULL);
	v = value_of(a, &p, SLICE("\"arn:${nothing.x}/y\""), &m);
	assert_int_equal(v->kind, VALUE_UNKNOWN);
	assert_true(slice_is(v->text, "arn:${?}/y"));
	arena_free(a);
}

/* Never a crash, always an answer in time. */
static void
broken(struct slice text, bool good)
{
	struct arena *a = arena_new(1 << 16);
	struct hcl_body *body;
	struct project p;

	project_init(&p, a, NULL);
	assert_int_equal(hcl_parse(&p, project_add_source(&p, SLICE("x"), text), &body), good);
	assert_int_equal(p.problem_count == 0, good);
	arena_free(a);
}

static void
test_broken(void **state)
{
	static const char *const texts[] = { "a = \"", "a = \"${", "a = <<X\n", "a = [", "a {", "a = 1 2",
		"}", "a { b = 1, c = 2 }", "a = \"\\q\"", "/*", "a = {", "a = f(", "a = 1 +", "a = \"%{if x}\"",
		"a \"${x}\" {}", "a = 1\na = 2", "a = (\n", "= 1", "\xff", "a = x.", "a = [for x in y]", "a = x[",
		"a = \"\\", "a = \"\\u", "a = <<-", "a { b {} }", "a = \"${\"", "a = 'x'" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		broken(slice_of(texts[i]), false);
	broken(SLICE(""), true);
	broken(SLICE("a {}\n\nb \"c\" d {\n x = 1\n}\n# e"), true);
	broken(SLICE("\xef\xbb\xbf" "a = 1\r\nb = <<E\r\nx\r\nE\r\n"), true);
}

static void
test_hostile(void **state)
{
	static const char *const units[] = { "(", "[", "{a=", "!", "-", "a{\n", "\"${", "x?", "f(", "1+", "a.",
		"a[*]", "<<X\n", "\"", "[for x in ", "/*", "}", "a = (\n", "\"%{if x}" };
	struct arena *a = arena_new(1 << 16);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		struct buf b;

		buf_init(&b, a, 1 << 22);
		buf_add_cstr(&b, "a = ");
		for (int n = 0; n < 50000; n++)
			buf_add_cstr(&b, units[i]);
		broken(buf_slice(&b), false);
	}
	arena_free(a);
}

/* What is good around an error is read. */
static void
test_recovery(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct hcl_body *body;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	assert_false(hcl_parse(&p, project_add_source(&p, SLICE("x"),
	    SLICE("a = 1\nb {\n c = ]\n d = 2\n}\ne = 3\n")), &body));
	assert_int_equal(body->attribute_count, 2);
	assert_int_equal(body->blocks[0].body.attribute_count, 1);
	assert_int_equal(p.problem_count, 1);
	assert_int_equal(p.problems[0].span.line, 3);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_sketch), cmocka_unit_test(test_broken),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_recovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
