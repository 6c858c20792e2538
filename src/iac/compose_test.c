/* Tests of compose.c, on own files and on every file of the corpus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "iac/compose.h"

static const struct resource *
resource(const struct project *p, const char *address)
{
	for (uint32_t i = 0; i < p->resource_count; i++)
		if (slice_is(p->resources[i].address, address))
			return &p->resources[i];
	fail_msg("%s is not there", address);
	return NULL;
}

static void
is(const struct value *v, const char *path, const char *text)
{
	v = value_path(v, path);
	if (v->kind != VALUE_STRING || !slice_is(v->text, text))
		fail_msg("%s is \"%.*s\"", path, SLICE_FMT(v->text));
}

static void
test_service(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;
	uint32_t s[2];

	(void)state;
	project_init(&p, a, NULL);
	s[0] = project_add_source(&p, SLICE("nowhere/compose.yaml"), SLICE("x-a: &a {restart: always}\n"
	    "services:\n  web:\n    <<: *a\n    extends: base\n    image: \"x:${V:-1}$$\"\n"
	    "    privileged: ${P:-true}\n    hostname: ${H}\n    environment: [A=b=c, C]\n"
	    "    ports: [\"127.0.0.1:80:8080/udp\", 90, \"[::1]:1:2\"]\n    volumes: [\"v:/d:ro\", \"./x:/y\"]\n"
	    "    depends_on: [base]\n  base:\n    build: .\n    environment: {A: z, B: y}\nvolumes: {v: }\n"));
	s[1] = project_add_source(&p, SLICE("nowhere/compose.override.yaml"), SLICE("services:\n  web:\n"
	    "    image: other\n    environment: {N: m}\n    volumes: [\"w:/d\"]\n    ports: [\"1:1\"]\n"));
	compose_read(&p, s, 2, SLICE("nowhere"));
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 3);
	v = resource(&p, "service.web")->attributes;
	is(v, "image", "other");
	is(v, "restart", "always");
	is(v, "build", ".");
	is(v, "environment.A", "b=c");
	is(v, "environment.B", "y");
	is(v, "environment.N", "m");
	assert_int_equal(value_path(v, "environment.C")->kind, VALUE_UNKNOWN);
	assert_true(value_path(v, "privileged")->boolean);
	assert_int_equal(value_path(v, "hostname")->kind, VALUE_UNKNOWN);
	assert_true(slice_is(value_path(v, "hostname")->why->text, "variable \"H\" is not set"));
	is(v, "ports.0.host_ip", "127.0.0.1");
	is(v, "ports.0.published", "80");
	is(v, "ports.0.target", "8080");
	is(v, "ports.0.protocol", "udp");
	is(v, "ports.1.target", "90");
	is(v, "ports.2.host_ip", "::1");
	assert_int_equal(value_path(v, "ports")->count, 4);
	is(v, "volumes.0.type", "bind");
	is(v, "volumes.1.source", "w");
	assert_int_equal(value_path(v, "volumes")->count, 2);
	assert_true(resource(&p, "service.web")->reference_count >= 2);
	resource(&p, "volume.v");
	arena_free(a);
}

static void
test_old_and_cycle(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;
	uint32_t s[2];

	(void)state;
	project_init(&p, a, NULL);
	s[0] = project_add_source(&p, SLICE("nowhere/a.yml"), SLICE("web:\n  image: ${A-x$$y}\n"));
	s[1] = project_add_source(&p, SLICE("nowhere/b.yml"), SLICE("services: {q: {extends: r}, r: {extends: q}}\n"));
	compose_read(&p, s, 2, SLICE("nowhere"));
	is(resource(&p, "service.web")->attributes, "image", "x$y");
	assert_int_equal(p.problem_count, 2);
	arena_free(a);
}

static void
test_corpus(void **state)
{
	FILE *list = popen("find ../shared/corpus/iac/kics/dockerCompose -name '*.yaml'", "r");
	static char text[1 << 20];
	char path[1000];
	uint32_t files = 0;

	(void)state;
	assert_non_null(list);
	for (; fgets(path, sizeof path, list) != NULL; files++) {
		struct arena *a = arena_new(1 << 16);
		struct project p;
		uint32_t source;
		FILE *f;

		path[strcspn(path, "\n")] = '\0';
		f = fopen(path, "r");
		assert_non_null(f);
		project_init(&p, a, NULL);
		source = project_add_source(&p, slice_of(path), slice_make(text, fread(text, 1, sizeof text, f)));
		fclose(f);
		compose_read(&p, &source, 1, SLICE("../shared/corpus/iac/kics/dockerCompose"));
		for (uint32_t i = 0; i < p.problem_count; i++)
			print_message("%s:%u: %s\n", path, p.problems[i].span.line, p.problems[i].message.ptr);
		assert_true(p.resource_count > 0);
		assert_int_equal(p.problem_count, 0);
		arena_free(a);
	}
	pclose(list);
	assert_true(files > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_service),
		cmocka_unit_test(test_old_and_cycle), cmocka_unit_test(test_corpus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
