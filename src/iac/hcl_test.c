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
	{ "<<-X\n\xe2\x80\x83\xe2\x80\x83" "a\n b\nX\n", "\"\xe2\x80\x83" "a\\nb\\n\"" }, { "[1, 2,]", "[1,2]" }, { "{ a = 1, b : 2 }", "{\"a\":1,\"b\":2}" },
	{ "{\n a = 1\n b = 2\n}", "{\"a\":1,\"b\":2}" }, { "{ (\"x\") = 1 }", "{\"x\":1}" },
	{ "[1,2][1]", "2" }, { "[1,2].0", "1" }, { "{a={b=3}}.a.b", "3" }, { "{a=1}[\"a\"]", "1" },
	{ "[[1,2],[3]][0].1", "2" }, { "1.e1", "10" }, { "[1][5]", NULL }, { "{a=1}.b", NULL },
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
	{ "can(1)", "true" }, { "startswith(\"abc\",\"ab\")", "true" },
	{ "startswith(\"ab${timestamp()}\",\"a\")", "true" }, { "endswith(\"a${timestamp()}b\",\"cb\")", NULL },
	{ "endswith(\"a${timestamp()}b\",\"c\")", "false" }, { "startswith(timestamp(),\"a\")", NULL }, { "ceil(1.2)", "2" },
	{ "floor(-1.2)", "-2" }, { "abs(-3)", "3" }, { "uuid()", NULL }, { "frobnicate()", NULL },
	/* Results as Terraform 1.11 gives them. */
	{ "alltrue([true, \"true\"])", "true" }, { "alltrue([])", "true" }, { "anytrue([false])", "false" },
	{ "chunklist([1,2,3],2)", "[[1,2],[3]]" }, { "coalescelist([],[1])", "[1]" }, { "index([\"a\",\"b\"],\"b\")", "1" },
	{ "matchkeys([\"i\",\"j\"],[\"x\",\"y\"],[\"y\"])", "[\"j\"]" }, { "one([1])", "1" }, { "one([])", "null" },
	{ "one([1,2])", NULL }, { "reverse([1,2])", "[2,1]" }, { "slice([1,2,3,4],1,3)", "[2,3]" },
	{ "sort([\"b\",\"a\"])", "[\"a\",\"b\"]" }, { "sum([1,2.5])", "3.5" },
	{ "setunion([\"b\"],[\"a\",\"b\"])", "[\"a\",\"b\"]" }, { "setintersection([\"a\",\"b\"],[\"b\"])", "[\"b\"]" },
	{ "setsubtract([\"a\",\"b\"],[\"b\"])", "[\"a\"]" },
	{ "setproduct([1,2],[\"a\"])", "[[1,\"a\"],[2,\"a\"]]" },
	{ "transpose({a=[\"1\",\"2\"],b=[\"2\"]})", "{\"1\":[\"a\"],\"2\":[\"a\",\"b\"]}" },
	{ "chomp(\"a\\n\\r\\n\")", "\"a\"" }, { "indent(2, \"a\\nb\")", "\"a\\n  b\"" },
	{ "title(\"hello world\")", "\"Hello World\"" }, { "strrev(\"a\xc3\xa9\")", "\"\xc3\xa9" "a\"" },
	{ "substr(\"hello\", 1, 3)", "\"ell\"" }, { "substr(\"hello\", -3, -1)", "\"llo\"" },
	{ "trim(\"?!hello?!\", \"!?\")", "\"hello\"" }, { "strcontains(\"hello\", \"ell\")", "true" },
	{ "upper(\"\xc3\xa9\")", "\"\xc3\x89\"" }, { "trimprefix(\"helloworld\", \"hello\")", "\"world\"" },
	{ "format(\"%05.1f|%-4s|%4s|%x|%b|%t|%q\", 3.14159, \"a\", \"b\", 255, 5, true, \"q\")",
	    "\"003.1|a   |   b|ff|101|true|\\\"q\\\"\"" },
	{ "format(\"%[2]s %[1]s\", \"a\", \"b\")", "\"b a\"" }, { "format(\"%#v\", {a=1})", "\"{\\\"a\\\":1}\"" },
	{ "format(\"%s\")", NULL }, { "format(\"%d\", 1.5)", NULL },
	{ "formatlist(\"%s-%d\", [\"a\",\"b\"], [1,2])", "[\"a-1\",\"b-2\"]" },
	{ "log(8, 2)", "3" }, { "pow(3, 2)", "9" }, { "signum(-3)", "-1" }, { "parseint(\"ff\", 16)", "255" },
	{ "parseint(\"-10\", 2)", "-2" }, { "parseint(\"zz\", 10)", NULL },
	{ "md5(\"hello world\")", "\"5eb63bbbe01eeed093cb22bb8f5acdc3\"" },
	{ "sha1(\"hello world\")", "\"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed\"" },
	{ "sha256(\"hello world\")", "\"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\"" },
	{ "base64sha256(\"hello world\")", "\"uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\"" },
	{ "uuidv5(\"dns\", \"www.terraform.io\")", "\"a5008fae-b28c-5ba5-96cd-82b4c53552d6\"" },
	{ "urlencode(\"Hello World & co\")", "\"Hello+World+%26+co\"" }, { "urlencode(\"\")", "\"\"" },
	{ "textencodebase64(\"Hello World\", \"UTF-16LE\")", "\"SABlAGwAbABvACAAVwBvAHIAbABkAA==\"" },
	{ "textdecodebase64(\"SABlAGwAbABvACAAVwBvAHIAbABkAA==\", \"UTF-16LE\")", "\"Hello World\"" },
	{ "yamlencode({a=\"b\",c=[1,{d=\"e\",f={}}]})",
	    "\"\\\"a\\\": \\\"b\\\"\\n\\\"c\\\":\\n- 1\\n- \\\"d\\\": \\\"e\\\"\\n  \\\"f\\\": {}\\n\"" },
	{ "yamldecode(\"a: [1, x]\")", "{\"a\":[1,\"x\"]}" }, { "yamldecode(yamlencode({a=\"x\\ny\\n\"})).a", "\"x\\ny\\n\"" },
	{ "csvdecode(\"a,b\\n1,\\\"x,y\\\"\\n\")", "[{\"a\":\"1\",\"b\":\"x,y\"}]" }, { "csvdecode(\"a\\n1,2\\n\")", NULL },
	{ "cidrhost(\"10.12.112.0/20\", 16)", "\"10.12.112.16\"" }, { "cidrhost(\"10.0.0.0/8\", -1)", "\"10.255.255.255\"" },
	{ "cidrhost(\"fd00:fd12:3456:7890:00a2::/72\", 34)", "\"fd00:fd12:3456:7890::22\"" },
	{ "cidrnetmask(\"172.16.0.0/12\")", "\"255.240.0.0\"" },
	{ "cidrsubnet(\"172.16.0.0/12\", 4, 2)", "\"172.18.0.0/16\"" },
	{ "cidrsubnet(\"10.1.2.0/24\", 4, 15)", "\"10.1.2.240/28\"" }, { "cidrsubnet(\"10.1.2.0/24\", 4, 16)", NULL },
	{ "cidrsubnet(\"fd00:fd12:3456:7890::/56\", 16, 162)", "\"fd00:fd12:3456:7800:a200::/72\"" },
	{ "cidrsubnets(\"10.1.0.0/16\", 4, 4, 8, 4)",
	    "[\"10.1.0.0/20\",\"10.1.16.0/20\",\"10.1.32.0/24\",\"10.1.48.0/20\"]" },
	{ "regex(\"[a-z]+\", \"53453453.345345aaabbbccc23454\")", "\"aaabbbccc\"" },
	{ "regex(\"(\\\\d\\\\d\\\\d\\\\d)-(\\\\d\\\\d)\", \"2019-02\")", "[\"2019\",\"02\"]" },
	{ "regex(\"(?P<y>\\\\d+)-(?P<m>\\\\d+)\", \"2019-02\")", "{\"m\":\"02\",\"y\":\"2019\"}" },
	{ "regex(\"x\", \"y\")", NULL }, { "can(regex(\"^a\", \"ba\"))", "false" }, { "regex(\"(?=a)\", \"a\")", NULL },
	{ "regex(\"(a)|(b)\", \"b\")", "[null,\"b\"]" }, { "regex(\"[\", \"y\")", NULL },
	{ "regexall(\"[a-z]+\", \"1234abcd5678efgh9\")", "[\"abcd\",\"efgh\"]" }, { "regexall(\"x*\", \"ab\")", "[\"\",\"\",\"\"]" },
	{ "replace(\"hello world\", \"/w.*d/\", \"everybody\")", "\"hello everybody\"" },
	{ "replace(\"a1b2\", \"/([a-z])([0-9])/\", \"$2-\")", "\"1-2-\"" },
	{ "formatdate(\"DD MMM YYYY hh:mm ZZZ\", \"2018-01-02T23:12:01Z\")", "\"02 Jan 2018 23:12 UTC\"" },
	{ "formatdate(\"EEEE, DD-MMM-YY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01-08:00\")",
	    "\"Tuesday, 02-Jan-18 23:12:01 -0800\"" },
	{ "formatdate(\"h'h'mm'm'\", \"2018-01-02T03:04:05Z\")", "\"3h04m\"" },
	{ "formatdate(\"EEE, DD MMM YYYY hh:mm:ss ZZZ\", \"2018-01-02T23:12:01Z\")", "\"Tue, 02 Jan 2018 23:12:01 UTC\"" },
	{ "timeadd(\"2017-11-22T00:00:00Z\", \"10m\")", "\"2017-11-22T00:10:00Z\"" },
	{ "timeadd(\"2024-02-28T23:00:00Z\", \"25h\")", "\"2024-03-01T00:00:00Z\"" },
	{ "timecmp(\"2017-11-22T00:00:00Z\", \"2017-11-22T01:00:00+01:00\")", "0" },
	{ "basename(\"foo/bar/baz.txt\")", "\"baz.txt\"" }, { "dirname(\"foo/bar/baz.txt\")", "\"foo/bar\"" },
	{ "file(\"/etc/passwd\")", NULL }, { "templatestring(\"a $${x}\", {x = 1})", "\"a 1\"" },
	{ "timestamp()", NULL }, { "issensitive(upper(sensitive(\"a\")))", "true" }, { "bcrypt(\"a\")", NULL },
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
		"a = \"\\", "a = \"\\u", "a = <<-", "a { b {} }", "a = b.0.1", "a = 1.2.3", "a = 1..2", "a = \"${\"", "a = 'x'" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		broken(slice_of(texts[i]), false);
	broken(SLICE(""), true);
	broken(SLICE("a {}\n\nb \"c\" d {\n x = 1\n}\n# e"), true);
	broken(SLICE("\xef\xbb\xbf" "a = 1\r\nb = <<E\r\nx\r\nE\r\n"), true);
}

/* Loops in loops end, and do not take the memory of the machine. */
static void
test_loops(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct hcl_meter m;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	assert_non_null(value_of(a, &p, SLICE("[for x in range(1000) : [for y in range(1000) : [for z in range(1000) :"
	    " \"${x}${y}${z}\"]]]"), &m));
	assert_true(arena_used(a) < (size_t)1 << 30);
	arena_free(a);
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
		cmocka_unit_test(test_loops), cmocka_unit_test(test_hostile), cmocka_unit_test(test_recovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
