/* The configuration: one row, one file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/options.h"
#include "base/outcome.h"

static const struct {
	const char *yaml;
	unsigned line;          /* 0: accepted; UINT_MAX: refused without a line */
} rows[] = {
	{ "", 0 },
	{ "# only a comment\n", 0 },
	{ "server:\n  listen: \"127.0.0.1:1\"\n", 0 },
	{ "server:\n  hosts: [a, b]\n  loops: 3\n", 0 },
	{ "limits:\n  json_depth: 100\n", 0 },
	{ "clock:\n  mode: attested\njustifications:\n  clock.mode: \"a lab\"\n", 0 },
	{ "clock:\n  mode: attested\n", UINT32_MAX },
	{ "clock:\n  mode: attested\njustifications:\n  clock.mode: \" \"\n", UINT32_MAX },
	{ "clock:\n  mode: trusted\n", 2 },
	{ "server:\n  listne: x\n", 2 },
	{ "sever:\n  listen: x\n", 2 },
	{ "server:\n  loops: many\n", 2 },
	{ "server:\n  loops: 65\n", 2 },
	{ "server:\n  loops: -1\n", 2 },
	{ "server:\n  loops: [1]\n", 2 },
	{ "server:\n  hosts: a\n", 2 },
	{ "server:\n  hosts: [[a]]\n", 2 },
	{ "search:\n  strict: yes\n", 2 },
	{ "server:\n  loops: 1\n  loops: 2\n", 3 },
	{ "limits:\n  json_depth: 513\n", 2 },
	{ "limits:\n  json_depth: 0\n", 2 },
	{ "server:\n  listen: &a x\n", 2 },
	{ "server:\n  listen: *a\n", 2 },
	{ "server: 5\n", 1 },
	{ "- a\n", 1 },
	{ "justifications:\n  clock.mood: x\n", 2 },
	{ "a: [\n", 1 },
	{ "server:\n  listen: \"x\n", 3 },
};

static void
files_are_read_or_refused_with_their_line(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(4096);
		struct options o;
		struct outcome why;
		bool good;

		outcome_init(&why, a);
		good = options_parse(slice_of(rows[i].yaml), a, &o, &why);
		if (good != (rows[i].line == 0))
			print_error("row %zu: %s\n", i, rows[i].yaml);
		assert_int_equal(good, rows[i].line == 0);
		if (rows[i].line != 0 && rows[i].line != UINT32_MAX)
			assert_int_equal(why.first->place.line, rows[i].line);
		arena_free(a);
	}
}

static void
values_arrive(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct options o;
	struct outcome why;

	outcome_init(&why, a);
	assert_true(options_parse(SLICE("server:\n  hosts: [a, b]\nlimits:\n  page: 7\n"
	    "search:\n  strict: false\n"), a, &o, &why));
	assert_int_equal(o.server_hosts.count, 2);
	assert_true(slice_is(o.server_hosts.at[1], "b"));
	assert_int_equal(o.limits.of[LIMIT_PAGE], 7);
	assert_false(o.search_strict);
	assert_int_equal(o.clock_max_error_ms, 1000);
	arena_free(a);
}

static void
every_key_is_explained(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct buf b;

	buf_init(&b, a, 1 << 20);
	options_explain(&b);
	for (int i = 0; i < LIMIT_COUNT; i++)
		assert_non_null(memmem(b.ptr, b.len, limit_rows[i].key, strlen(limit_rows[i].key)));
#define X(field, key, ...) assert_non_null(memmem(b.ptr, b.len, key, sizeof key - 1));
	OPTIONS(X)
#undef X
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_or_refused_with_their_line),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(every_key_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
