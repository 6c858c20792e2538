/* The client registry: what is added is there, after a reopening too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"
#include "oauth/registry.h"

static void
clients_come_and_go(void **state UNUSED)
{
	char dir[] = "/tmp/registry-XXXXXX", path[64];
	struct arena *a = arena_new(4096);
	struct client c = { SLICE("app-1"), SLICE("An \"app\""), SLICE("patient/*.rs"), false, true }, got;
	struct registry *r, *other;
	struct outcome o;
	unsigned before;
	size_t count;

	assert_non_null(mkdtemp(dir));
	outcome_init(&o, a);
	r = registry_open(&env_real, dir, &o);
	other = registry_open(&env_real, dir, &o);
	assert_non_null(r);
	assert_false(registry_find(r, SLICE("app-1"), a, &got));
	assert_true(registry_add(r, &c, &o));
	assert_false(registry_add(r, &c, &o));
	before = registry_generation(other);
	assert_true(registry_refresh(other));
	assert_int_not_equal(registry_generation(other), before);
	assert_true(registry_find(other, SLICE("app-1"), a, &got));
	assert_true(slice_is(got.name, "An \"app\""));
	assert_false(got.chooses_ids);
	registry_list(other, a, &count);
	assert_int_equal(count, 1);
	assert_true(registry_remove(other, SLICE("app-1"), &o));
	assert_true(registry_refresh(r));
	assert_false(registry_find(r, SLICE("app-1"), a, &got));
	registry_close(r);
	registry_close(other);
	snprintf(path, sizeof path, "%s/clients.json", dir);
	unlink(path);
	rmdir(dir);
	arena_free(a);
}

static const char *const bad_ids[] = { "", "a b", "a/b", "a\"b", "../x",
	"12345678901234567890123456789012345678901234567890123456789012345" };

static void
odd_ids_are_refused(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct outcome o;
	struct registry *r;

	outcome_init(&o, a);
	r = registry_open(&env_real, "/nonexistent", &o);
	assert_non_null(r);
	for (size_t i = 0; i < COUNT_OF(bad_ids); i++) {
		struct client c = { slice_of(bad_ids[i]), SLICE("n"), SLICE("s"), false, false };

		assert_false(registry_add(r, &c, &o));
	}
	registry_close(r);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_come_and_go),
		cmocka_unit_test(odd_ids_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
