/* Tests of compose.c, on own files and on every file of the corpus. */
#include <stdlib.h>
#include <unistd.h>

#include "iac/compose.h"
#include "iac/front_end_test.h"
#include "iac/hcl.h"

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

/* Files in a folder of their own: name, text ... NULL; the first `count` are given. */
static void
read_room(struct project *p, struct arena *a, char *room, const char *const *files, uint32_t count)
{
	uint32_t sources[8];
	char path[300];

	project_init(p, a, NULL);
	assert_non_null(mkdtemp(room));
	for (uint32_t i = 0; files[2 * i] != NULL; i++) {
		FILE *f;

		snprintf(path, sizeof path, "%s/%s", room, files[2 * i]);
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(files[2 * i + 1], f);
		fclose(f);
		if (i < count)
			sources[i] = project_add_source(p, slice_dup(slice_of(path), a), slice_of(files[2 * i + 1]));
	}
	snprintf(path, sizeof path, "%s/link.env", room);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	compose_read(p, sources, count, slice_of(room));
}

static void
leave_room(const char *room, struct arena *a)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", room);
	assert_int_equal(system(command), 0);
	arena_free(a);
}

static void
test_files(void **state)
{
	static const char *const files[] = { "compose.yml", "include: [more.yml]\nservices:\n  web:\n"
		"    extends: {file: base.yml, service: base}\n    image: w\n  gone:\n    extends: {file: ../../etc/passwd, service: x}\n"
		"  envs:\n    image: e\n    env_file: [a.env, missing.env]\n    environment: {B: '2'}\n  all:\n    image: e\n"
		"    env_file: a.env\n  linked:\n    image: e\n    env_file: link.env\n  debug:\n    image: d\n    profiles: [debug]\n",
		"base.yml", "services:\n  base: {image: b, privileged: true}\n", "more.yml", "services:\n  db: {image: postgres}\n",
		"a.env", "# c\nA=1\nexport C='x y'\n", NULL };
	char room[] = "/tmp/compose-XXXXXX";
	struct arena *a = arena_new(1 << 16);
	struct project p;
	const struct value *v;

	(void)state;
	read_room(&p, a, room, files, 1);
	assert_int_equal(p.problem_count, 1);           /* the file outside */
	v = resource(&p, "service.web")->attributes;
	is(v, "image", "w");
	assert_true(value_path(v, "privileged")->boolean);
	is(resource(&p, "service.db")->attributes, "image", "postgres");
	v = value_path(resource(&p, "service.envs")->attributes, "environment");
	is(v, "A", "1");
	is(v, "B", "2");
	assert_ptr_equal(v->why, &hcl_partial_map);
	v = value_path(resource(&p, "service.all")->attributes, "environment");
	is(v, "C", "x y");
	assert_ptr_not_equal(v->why, &hcl_partial_map);
	v = value_path(resource(&p, "service.linked")->attributes, "environment");
	assert_int_equal(v->count, 0);
	assert_ptr_equal(v->why, &hcl_partial_map);
	assert_true(slice_is(resource(&p, "service.debug")->attributes->why->text, "only with one of its profiles"));
	leave_room(room, a);
}

static void
test_override(void **state)
{
	static const char *const files[] = { "compose.yml", "services:\n  web:\n    image: w\n    ports: ['80:80']\n"
		"    volumes: ['a:/a', 'b:/b']\n    environment: {A: '1', B: '2'}\n    privileged: true\n",
		"compose.override.yml", "services:\n  web:\n    ports: !override ['90:90']\n    volumes: !reset []\n"
		"    environment: {A: !reset null, C: '3'}\n    privileged: !reset null\n", NULL };
	char room[] = "/tmp/compose-XXXXXX";
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;

	(void)state;
	read_room(&p, a, room, files, 2);
	assert_int_equal(p.problem_count, 0);
	v = resource(&p, "service.web")->attributes;
	assert_int_equal(value_path(v, "ports")->count, 1);
	is(v, "ports.0.target", "90");
	assert_int_equal(value_path(v, "volumes")->kind, VALUE_NULL);
	assert_int_equal(value_path(v, "privileged")->kind, VALUE_NULL);
	assert_int_equal(value_path(v, "environment.A")->kind, VALUE_NULL);
	is(v, "environment.B", "2");
	is(v, "environment.C", "3");
	leave_room(room, a);
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
		cmocka_unit_test(test_old_and_cycle), cmocka_unit_test(test_files), cmocka_unit_test(test_override), cmocka_unit_test(test_corpus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
