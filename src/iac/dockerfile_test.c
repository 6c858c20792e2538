/* Tests of dockerfile.c. */
#include "iac/dockerfile.h"
#include "iac/front_end_test.h"

static struct arena *arena;
static struct project project;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 16);
	project_init(&project, arena, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct value *
stage(uint32_t number)
{
	assert_true(number < project.resource_count);
	return project.resources[number].attributes;
}

static void
read_text(const char *text)
{
	dockerfile_read(&project, project_add_source(&project, SLICE("Dockerfile"), slice_of(text)));
}

static void
test_stages(void **state)
{
	(void)state;
	read_text("# syntax=docker/dockerfile:1\nARG V=17\nFROM --platform=linux/amd64 eclipse:${V:-11} AS build\n"
	    "USER app\nENV A=b C=\"d e\"\nENV OLD some value\nEXPOSE 8080/tcp 9090\n"
	    "FROM build\nARG V\nLABEL v=$V\nCOPY --from=build --chown=1:1 a b\nENTRYPOINT [\"/x\", \"a\\\"b\"]\n"
	    "CMD run it\nHEALTHCHECK --interval=3s CMD curl -f x\n");
	assert_int_equal(project.problem_count, 0);
	assert_int_equal(project.resource_count, 2);
	assert_true(slice_is(project.resources[0].address, "stage.build"));
	assert_true(slice_is(project.resources[1].address, "stage.1"));
	is(stage(0), "from.image", "eclipse:17");
	is(stage(0), "from.platform", "linux/amd64");
	assert_false(value_path(stage(0), "final")->boolean);
	assert_true(value_path(stage(1), "final")->boolean);
	is(stage(1), "user", "app");
	is(stage(1), "env.C", "d e");
	is(stage(1), "env.OLD", "some value");
	is(stage(1), "exposed.1", "9090");
	is(stage(1), "labels.v", "17");
	is(stage(1), "instructions.2.flags.chown", "1:1");
	is(stage(1), "entrypoint.form", "exec");
	is(stage(1), "entrypoint.arguments.1", "a\"b");
	is(stage(1), "cmd.arguments.0", "run it");
	is(stage(1), "healthcheck.flags.interval", "3s");
	assert_int_equal(project.resources[1].reference_count, 2);
	assert_true(slice_is(project.resources[1].references[1].address, "stage.build"));
}

static void
test_run(void **state)
{
	const struct value *c;

	(void)state;
	read_text("FROM a\nRUN --mount=type=secret,id=s apt-get update && \\\n  # why\n\n  A=b curl -k 'x y' | sh; "
	    "if [ 1 ]; then echo \"$(a; b)\" 2>&1; fi\n"
	    "RUN <<EOF\nwget z\n# no\nls\nEOF\nRUN [\"sh\", \"-c\", \"p && q\"]\nCOPY <<-\"X\" /y\n\ttext\n\tX\nUSER u\n");
	assert_int_equal(project.problem_count, 0);
	assert_int_equal(project.resource_count, 1);
	c = value_path(stage(0), "instructions.0");
	is(c, "flags.mount.0.type", "secret");
	is(c, "commands.0.0", "apt-get");
	is(c, "commands.1.0", "curl");
	is(c, "commands.1.2", "x y");
	is(c, "commands.2.0", "sh");
	is(c, "commands.4.1", "$(a; b)");
	assert_int_equal(value_path(c, "commands")->count, 5);
	is(stage(0), "instructions.1.commands.1.0", "ls");
	is(stage(0), "instructions.2.commands.1.0", "q");
	is(stage(0), "instructions.3.heredocs.0.content", "\ttext\n");
	is(stage(0), "user", "u");
}

static void
test_variables(void **state)
{
	(void)state;
	read_text("# escape=`\nARG N\nFROM img:$N\nARG M\nENV A=${M:+x}${Z:-${B:-d}} B=\\c `\n  C='$A'\nUSER $HOME\n"
	    "WORKDIR C:\\dir\n");
	assert_int_equal(project.problem_count, 0);
	assert_int_equal(value_path(stage(0), "from.image")->kind, VALUE_UNKNOWN);
	is(stage(0), "env.A", "xd");
	is(stage(0), "env.B", "\\c");
	is(stage(0), "env.C", "$A");
	is(stage(0), "workdir", "C:\\dir");
	assert_int_equal(value_path(stage(0), "user")->kind, VALUE_UNKNOWN);
}

static void
test_problems(void **state)
{
	static const char *const texts[] = { "", "RUN x\n", "FROM\n", "FROM a b\n", "FROM a\nNOPE x\n",
		"FROM a\nRUN <<E\nx\n" };

	(void)state;
	for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		read_text(texts[i]);
		assert_int_equal(project.problem_count, i + 1);
	}
}

/* Each line doubles the value: it ends as unknown, not with all memory gone. */
static void
test_growth(void **state)
{
	static char text[1 << 16] = "FROM a\nENV X=0123456789\n";

	(void)state;
	for (int i = 0; i < 2000; i++)
		strcat(text, "ENV X=$X$X\n");
	read_text(text);
	assert_int_equal(value_path(stage(0), "env.X")->kind, VALUE_UNKNOWN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_stages), T(test_run), T(test_variables),
		T(test_problems), T(test_growth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
