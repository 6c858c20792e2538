/* The readers of YAML and JSON against tables, the corpus and hostile texts; the numbers
 * are those of the promises in document.h. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/env.h"
#include "iac/document.h"

#define CORPUS "../shared/corpus/iac/kics"

struct read {
	struct arena        *arena;
	struct project       project;
	const struct value **documents;
	uint32_t             count;
	bool                 clean;
};

static struct read
yaml_in(struct slice text, enum yaml_schema schema)
{
	struct read r = { .arena = arena_new(64 * 1024) };
	uint32_t source;

	project_init(&r.project, r.arena, &env_real);
	source = project_add_source(&r.project, SLICE("a.yaml"), text);
	r.clean = document_yaml(&r.project, source, schema, &r.documents, &r.count);
	return r;
}

static struct read
json_in(struct slice text, enum json_dialect dialect)
{
	struct read r = { .arena = arena_new(64 * 1024) };
	uint32_t source;

	project_init(&r.project, r.arena, &env_real);
	source = project_add_source(&r.project, SLICE("a.json"), text);
	r.documents = arena_alloc(r.arena, sizeof *r.documents);
	r.clean = document_json(&r.project, source, dialect, &r.documents[0]);
	r.count = 1;
	return r;
}

/* A value as one line: strings quoted, numbers as C sees them. */
static void
show(struct buf *b, const struct value *v)
{
	uint32_t i;

	if (v->kind == VALUE_STRING)
		buf_printf(b, "\"%.*s\"", SLICE_FMT(v->text));
	else if (v->kind == VALUE_NUMBER)
		buf_printf(b, "%.15g", v->number);
	else if (v->kind == VALUE_BOOL)
		buf_add_cstr(b, v->boolean ? "true" : "false");
	else if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
		buf_add_char(b, v->kind == VALUE_LIST ? '[' : '{');
	else
		buf_add_cstr(b, v->kind == VALUE_NULL ? "null" : "?");
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++) {
		buf_add_cstr(b, i > 0 ? " " : "");
		show(b, v->items[i]);
	}
	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++) {
		buf_printf(b, "%s%.*s:", i > 0 ? " " : "", SLICE_FMT(v->members[i].key));
		show(b, v->members[i].value);
	}
	if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
		buf_add_char(b, v->kind == VALUE_LIST ? ']' : '}');
}

static const char *
shown(struct read *r)
{
	struct buf b;

	buf_init(&b, r->arena, 1 << 20);
	for (uint32_t i = 0; i < r->count; i++) {
		buf_add_cstr(&b, i > 0 ? " | " : "");
		show(&b, r->documents[i]);
	}
	buf_add_char(&b, '\0');
	return b.ptr;
}

struct row {
	const char *text, *shows;
	bool        clean;
};

static const struct row core_rows[] = {
	{ "", "", true },
	{ "# only\n", "", true },
	{ "a: 1\nb: [x, 'y', \"z\\n\"]\n", "{a:1 b:[\"x\" \"y\" \"z\n\"]}", true },
	{ "a\n---\nb\n...\n---\n", "\"a\" | \"b\" | null", true },
	{ "[yes, on, true, True, TRUE, tRUE, ~, null, '']", "[\"yes\" \"on\" true true true \"tRUE\" null null \"\"]", true },
	{ "[1, -2, 0o17, 0x1F, 017, 1_0, 1e3, .5, 5., +4, 1.2.3, 0x, -, '']",
	  "[1 -2 15 31 17 \"1_0\" 1000 0.5 5 4 \"1.2.3\" \"0x\" \"-\" \"\"]", true },
	{ "[.inf, -.INF, 8080:80, 2024-01-01, 1:2:3]", "[inf -inf \"8080:80\" \"2024-01-01\" \"1:2:3\"]", true },
	{ "a: |\n  x\n  y\n\nb: >-\n  x\n  y\n", "{a:\"x\ny\n\" b:\"x y\"}", true },
	{ "on: 1\n80: 2\ntrue: 3\n? [a]\n: 4\n", "{on:1 80:2 true:3 [a]:4}", true },
	{ "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\nc: *x\n", "{a:{p:1 q:2} b:{p:1 q:3} c:{p:1 q:2}}", true },
	{ "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y], r: 1}\nd: {'<<': 1}\n",
	  "{a:{p:1} b:{p:2 q:2} c:{p:1 q:2 r:1} d:{<<:1}}", true },
	{ "a: !!str 1\nb: ! 2\nc: !!int '3'\nd: !foo 4\n", "{a:\"1\" b:\"2\" c:3 d:\"4\"}", true },
	{ "!Ref a", "{Ref:\"a\"}", true },
	{ "a: !Sub x\nb: !GetAtt a.b\nc: !If [x, !Ref y, z]\nd: !Condition e\n",
	  "{a:{Fn::Sub:\"x\"} b:{Fn::GetAtt:\"a.b\"} c:{Fn::If:[\"x\" {Ref:\"y\"} \"z\"]} d:{Condition:\"e\"}}", true },
	{ "a: 1\nb: 2\na: 3\n", "{a:3 b:2}", false },                           /* promise 3 */
	{ "a: *x\n", "{a:?}", false },
	{ "a: &x [*x]\n", "{a:[?]}", false },
	{ "a: {<<: 5, b: 1}\n", "{a:{b:1}}", false },
	{ "a\n---\nb: [\n", "\"a\"", false },
	{ "a: b: c\n", "", false },
	{ "\tb", "", false },
	{ "'open", "", false },
	{ "\"open", "", false },
	{ "a: \"\\q\"", "", false },
};

static const struct row old_rows[] = {
	{ "[yes, NO, On, off, y, n, true]", "[true false true false \"y\" \"n\" true]", true },
	{ "[0644, 0b11, 1_000, 1:30, 08, 0o7, 0x_1f, 1:75]", "[420 3 1000 90 8 \"0o7\" 31 \"1:75\"]", true },
};

static void
check_row(const struct row *row, struct read r)
{
	if (strcmp(shown(&r), row->shows) != 0 || r.clean != row->clean)
		print_message("%s\n", row->text);
	assert_string_equal(shown(&r), row->shows);
	assert_int_equal(r.clean, row->clean);
	assert_int_equal(r.project.problem_count == 0, row->clean);
	arena_free(r.arena);
}

static void
values(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(core_rows); i++)
		check_row(&core_rows[i], yaml_in(slice_of(core_rows[i].text), YAML_1_2_CORE));
	for (size_t i = 0; i < COUNT_OF(old_rows); i++)
		check_row(&old_rows[i], yaml_in(slice_of(old_rows[i].text), YAML_1_1));
}

static const struct row json_rows[] = {
	{ "{\"a\": [1, -2.5e1, true, null, \"x\"]}", "{a:[1 -25 true null \"x\"]}", true },
	{ "\"\\u00e9\\ud83d\\ude00\\ud800\\n\"", "\"\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\n\"", true },
	{ "\xef\xbb\xbf{}", "{}", true },
	{ "{\"a\":1,\"a\":2}", "{a:2}", false },
	{ "", "null", false }, { "{", "null", false }, { "[1,]", "null", false }, { "01", "null", false },
	{ "{\"a\" 1}", "null", false }, { "\"a", "null", false }, { "\"\\x\"", "null", false },
	{ "\"\\u12", "null", false }, { "1 2", "null", false }, { "{a:1}", "null", false },
	{ "1 // x", "null", false }, { "tru", "null", false }, { "-", "null", false },
	{ "\"a\nb\"", "null", false }, { "1.", "null", false }, { "1e", "null", false },
};

static const struct row comment_rows[] = {
	{ "// a\n{ /* b */ \"a\": 1 // c\n }", "{a:1}", true },
	{ "/* open", "null", false }, { "/", "null", false }, { "1 /*/", "1", true },
};

static void
json_values(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(json_rows); i++)
		check_row(&json_rows[i], json_in(slice_of(json_rows[i].text), JSON_STRICT));
	for (size_t i = 0; i < COUNT_OF(comment_rows); i++)
		check_row(&comment_rows[i], json_in(slice_of(comment_rows[i].text), JSON_WITH_COMMENTS));
}

struct place {
	const char *text, *path, *bytes;
	uint32_t    line, column, end_line;
};

static const struct place places[] = {
	{ "a: 1\nb:\n  c: xyz # r\n", "b.c", "xyz", 3, 6, 3 },
	{ "a: 1\nb:\n  c: xyz # r\n", "b", "c: xyz", 3, 3, 3 },
	{ "\xef\xbb\xbf\xc3\xa9: \xe2\x82\xac\nb: [1, 2]", "b", "[1, 2]", 2, 4, 2 },
	{ "\xc3\xa9\xc3\xa9: {k: '\xe2\x82\xac', z: 7}", "\xc3\xa9\xc3\xa9.z", "7", 1, 17, 1 },
	{ "a: |\n  one\n  two\n\n\nb: 1", "a", "|\n  one\n  two", 1, 4, 3 },
	{ "a:\n- x\n- y: 1\n  z: 2\nb: 1", "a", "- x\n- y: 1\n  z: 2", 2, 1, 4 },
	{ "a: &n !!str  5\n", "a", "5", 1, 14, 1 },
	{ "a: !Ref  x\n", "a", "!Ref  x", 1, 4, 1 },
	{ "a: !Ref  x\n", "a.Ref", "x", 1, 10, 1 },
	{ "a:\r\n  b: 1\r\n  c: 2\r\n", "a.c", "2", 3, 6, 3 },
	{ "a:\nb: 1\n", "a", "", 1, 3, 1 },
	{ "a: x\xe2\x80\xa8y: z\nb: 3", "b", "3", 2, 4, 2 },
};

static void
spans(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		const struct place *p = &places[i];
		struct read r = yaml_in(slice_of(p->text), YAML_1_2_CORE);
		struct span s = value_path(r.count > 0 ? r.documents[0] : &value_null, p->path)->span;

		if (s.line != p->line || s.column != p->column || s.end_line != p->end_line)
			print_message("%s: %u:%u-%u\n", p->text, s.line, s.column, s.end_line);
		assert_int_equal(s.end - s.start, strlen(p->bytes));
		assert_memory_equal(p->text + s.start, p->bytes, strlen(p->bytes));
		assert_int_equal(s.line, p->line);
		assert_int_equal(s.column, p->column);
		assert_int_equal(s.end_line, p->end_line);
		arena_free(r.arena);
	}
}

/* Every value's span gives the same line as project_span(). */
static void
spans_agree(const struct project *p, const struct value *v)
{
	struct span there = project_span(p, v->span.source, v->span.start, v->span.end);

	assert_int_equal(there.line, v->span.line);
	assert_int_equal(there.column, v->span.column);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		spans_agree(p, v->items[i]);
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		spans_agree(p, v->members[i].value);
}

static bool
libyaml_accepts(struct slice text)
{
	yaml_parser_t y;
	yaml_event_t e;
	bool end = false, good = true;

	assert_true(yaml_parser_initialize(&y));
	yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y, (const unsigned char *)text.ptr, text.len);
	while (good && !end) {
		good = yaml_parser_parse(&y, &e);
		end = good && e.type == YAML_STREAM_END_EVENT;
		if (good)
			yaml_event_delete(&e);
	}
	yaml_parser_delete(&y);
	return good;
}

static void
read_file(const char *path)
{
	struct arena *a = arena_new(64 * 1024);
	size_t len = strlen(path);
	bool json = strcmp(path + len - 5, ".json") == 0;
	struct slice text;
	struct read r;

	assert_true(env_read_file(&env_real, path, 1 << 24, a, &text));
	r = json ? json_in(text, JSON_STRICT) : yaml_in(text, YAML_1_1);
	if (!r.clean)
		print_message("%s:%u: %.*s\n", path, r.project.problems[0].span.line,
		    SLICE_FMT(r.project.problems[0].message));
	assert_true(r.clean);
	for (uint32_t i = 0; i < r.count; i++)
		spans_agree(&r.project, r.documents[i]);
	arena_free(r.arena);
	arena_free(a);
}

/* All files of a folder and those below it. */
static size_t
read_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t n = 0;
	char name[1024];

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR) {
			n += read_folder(name);
		} else {
			read_file(name);
			n++;
		}
	}
	closedir(d);
	return n;
}

static void
corpus_loads(void **state UNUSED)
{
	size_t n = read_folder(CORPUS "/k8s") + read_folder(CORPUS "/dockerCompose")
	    + read_folder(CORPUS "/cloudFormation");

	if (n == 0)
		skip();
	assert_true(n > 250);
}

/* Promise 1, on texts broken at random places: accepted exactly when libyaml accepts,
 * unless an own rule is broken. */
static bool
own_rule(const struct project *p)
{
	static const char *const rules[] = { "a key is repeated in a map", "too many levels",
		"an alias to an anchor that is not there", "what a merge key names is not a map" };

	for (uint32_t i = 0; i < p->problem_count; i++)
		for (size_t k = 0; k < COUNT_OF(rules); k++)
			if (slice_is(p->problems[i].message, rules[k]))
				return true;
	return false;
}

static void
broken_texts_agree(void **state UNUSED)
{
	static const char seed[] = "%YAML 1.1\n---\na: &x [1, {b: 'c'}, \"d\\n\"]\nb:\n  - *x\n  - !Ref y # z\n"
	    "c: |2-\n    lit\n  more\n? k\n: >+\n fold\n\n<<: *x\n...\n---\n- - x\n  -\ty\n";
	static const char signs[] = "\n \t:-?[]{},#&*!|>'\"%@`\\\0\x80\xff" "a";
	unsigned int random = 7;

	for (int i = 0; i < 3000; i++) {
		char text[sizeof seed];
		struct read r;

		memcpy(text, seed, sizeof seed);
		for (int k = 0; k < 1 + i % 4; k++)
			text[rand_r(&random) % (sizeof seed - 1)] = signs[rand_r(&random) % (sizeof signs - 1)];
		r = yaml_in(slice_make(text, (size_t)rand_r(&random) % sizeof seed), YAML_1_1);
		if (!own_rule(&r.project))
			assert_int_equal(r.clean, libyaml_accepts(r.project.sources[0].text));
		arena_free(r.arena);
	}
}

static struct slice
repeated(struct arena *a, const char *before, const char *what, size_t times, const char *after)
{
	struct buf b;

	buf_init(&b, a, 1 << 26);
	buf_add_cstr(&b, before);
	while (times-- > 0)
		buf_add_cstr(&b, what);
	buf_add_cstr(&b, after);
	return buf_slice(&b);
}

/* Promise 2. */
/* Chains of `<<` are as deep as one map; marks of Compose; UTF-16. */
static void
merges_and_marks(void **state)
{
	static const char wide[] = "\xfe\xff\0a\0:\0 \0\xe9\xd8\x3d\xde\0";
	struct buf b;
	struct read r;
	struct arena *a = arena_new(1 << 16);

	(void)state;
	buf_init(&b, a, 1 << 20);
	buf_add_cstr(&b, "m0: &m0 {k: 1}\n");
	for (int i = 1; i < 300; i++)
		buf_printf(&b, "m%d: &m%d {<<: *m%d}\n", i, i, i - 1);
	r = yaml_in(buf_slice(&b), YAML_1_1);
	assert_true(r.clean);
	assert_int_equal((int)value_path(r.documents[0], "m299.k")->number, 1);
	arena_free(r.arena);
	r = yaml_in(SLICE("a: !reset null\nb: !override [1]\nc: !other x\n"), YAML_1_2_CORE);
	assert_true(r.clean);
	assert_ptr_equal(value_path(r.documents[0], "a")->why, &document_reset);
	assert_ptr_equal(value_path(r.documents[0], "b")->why, &document_override);
	assert_null(value_path(r.documents[0], "c")->why);
	arena_free(r.arena);
	r = yaml_in(slice_make(wide, sizeof wide - 1), YAML_1_1);
	assert_true(r.clean);
	assert_true(slice_is(value_path(r.documents[0], "a")->text, "\xc3\xa9\xf0\x9f\x98\x80"));
	assert_int_equal(value_path(r.documents[0], "a")->span.column, 4);
	arena_free(r.arena);
	arena_free(a);
}

static void
bombs(void **state UNUSED)
{
	static const char laughs[] =
	    "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
	    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
	    "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
	struct arena *a = arena_new(64 * 1024);
	const struct {
		struct slice text;
		bool         clean;
	} rows[] = {
		{ { laughs, sizeof laughs - 1 }, false },
		{ repeated(a, "", "[", 99, ""), false },
		{ repeated(a, repeated(a, "", "[", 98, "1\0").ptr, "]", 98, ""), true },
		{ repeated(a, "", "[", 100000, ""), false },
		{ repeated(a, "", "{a: ", 100000, ""), false },
		{ repeated(a, "", "- ", 100000, ""), false },
		{ repeated(a, "", "? ", 100000, ""), false },
		{ repeated(a, "", "&a ", 10000, ""), false },
		{ repeated(a, "a: &a {}\nb: [", "*a,", 100000, "]"), true },
		{ repeated(a, "", "x: 1\n", 20000, ""), false },
		{ repeated(a, "'", "a", 1000000, ""), false },
		{ repeated(a, "|\n", "\n", 1000000, ""), true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct read r = yaml_in(rows[i].text, YAML_1_2_CORE);

		if (r.clean != rows[i].clean)
			print_message("row %zu\n", i);
		assert_int_equal(r.clean, rows[i].clean);
		arena_free(r.arena);
	}
	arena_free(a);
}

static void
json_bombs(void **state UNUSED)
{
	struct arena *a = arena_new(64 * 1024);
	const struct slice rows[] = {
		repeated(a, "", "[", 1000000, ""), repeated(a, "", "{\"a\":", 1000000, ""),
		repeated(a, "[", "1,", 5000000, "1]"), repeated(a, "", "\"", 1000001, ""),
		repeated(a, "{", "\"a\":1,", 20000, "\"b\":1}"), repeated(a, "", "/*", 1000000, ""),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct read r = json_in(rows[i], JSON_WITH_COMMENTS);

		assert_false(r.clean);
		arena_free(r.arena);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(json_values),
		cmocka_unit_test(spans),
		cmocka_unit_test(corpus_loads),
		cmocka_unit_test(broken_texts_agree),
		cmocka_unit_test(merges_and_marks), cmocka_unit_test(bombs),
		cmocka_unit_test(json_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
