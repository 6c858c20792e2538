/* Modules of Terraform: what is expanded, known, referred to; and the corpus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "iac/terraform.h"

static void
read_text(struct project *p, struct arena *a, const char *text)
{
	uint32_t source;

	project_init(p, a, NULL);
	source = project_add_source(p, SLICE("nowhere/main.tf"), slice_of(text));
	terraform_read(p, &source, 1, SLICE("nowhere"));
}

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
test_expansion(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	read_text(&p, a, "variable \"n\" {\n default = 2\n}\nlocals {\n x = var.n + 1\n}\n"
	    "resource \"t\" \"a\" {\n count = var.n\n i = count.index\n x = local.x\n}\n"
	    "resource \"t\" \"b\" {\n for_each = toset([\"k\"])\n v = each.value\n r = t.a[0].id\n}\n"
	    "resource \"t\" \"c\" {\n i = t.a[1].i\n dynamic \"d\" {\n for_each = [1, 2]\n content {\n"
	    "  e = d.value\n }\n }\n}\n");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal((int)value_path(resource(&p, "t.a[1]")->attributes, "i")->number, 1);
	assert_int_equal((int)value_path(resource(&p, "t.a[0]")->attributes, "x")->number, 3);
	assert_true(slice_is(value_path(resource(&p, "t.b[\"k\"]")->attributes, "v")->text, "k"));
	assert_int_equal(value_path(resource(&p, "t.b[\"k\"]")->attributes, "r")->kind, VALUE_UNKNOWN);
	assert_true(slice_is(resource(&p, "t.b[\"k\"]")->references[0].address, "t.a[0]"));
	assert_true(slice_is(resource(&p, "t.b[\"k\"]")->references[0].attribute, "r"));
	assert_int_equal((int)value_path(resource(&p, "t.c")->attributes, "d.1.e")->number, 2);
	assert_int_equal((int)value_path(resource(&p, "t.c")->attributes, "i")->number, 1);
	arena_free(a);
}

/* Found by the fuzzer: nothing to sort, nothing to search in. */
static void
test_empty(void **state)
{
	static const char *const texts[] = { "", "# a comment\n", "unheard_of \"x\" {\n a = local.b\n}\n" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct arena *a = arena_new(1 << 16);
		struct project p;

		read_text(&p, a, texts[i]);
		assert_int_equal(p.resource_count, 0);
		arena_free(a);
	}
}

static void
test_cycles(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	read_text(&p, a, "locals {\n a = local.b\n b = local.a\n}\nresource \"t\" \"a\" {\n x = local.a\n"
	    " y = t.b.y\n}\nresource \"t\" \"b\" {\n y = t.a.y\n count = t.b.z\n}\n"
	    "resource \"t\" \"c\" {\n count = t.c.n\n}\n");
	assert_int_equal(value_path(resource(&p, "t.a")->attributes, "x")->kind, VALUE_UNKNOWN);
	arena_free(a);
}

static void
put(const char *directory, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_modules(void **state)
{
	char root[] = "/tmp/terraform_testXXXXXX", child[60], command[80];
	struct arena *a = arena_new(1 << 16);
	struct project p;
	uint32_t source[2];

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(child, sizeof child, "%s/child", root);
	snprintf(command, sizeof command, "mkdir %s", child);
	assert_int_equal(system(command), 0);
	put(child, "main.tf", "variable \"v\" {}\nresource \"t\" \"in\" {\n x = var.v\n}\n"
	    "output \"o\" {\n value = \"${t.in.x}!\"\n}\nmodule \"again\" {\n source = \"../child\"\n}\n");
	project_init(&p, a, NULL);
	snprintf(command, sizeof command, "%s/main.tf", root);
	source[0] = project_add_source(&p, slice_of(command), SLICE("variable \"w\" {}\nmodule \"m\" {\n"
	    " source = \"./child\"\n for_each = { a = var.w }\n v = each.value\n}\n"
	    "resource \"t\" \"out\" {\n y = module.m[\"a\"].o\n}\n"));
	source[1] = project_add_source(&p, SLICE("terraform.tfvars"), SLICE("w = \"hey\"\n"));
	terraform_read(&p, source, 2, slice_of(root));
	assert_true(slice_is(value_path(resource(&p, "module.m[\"a\"].t.in")->attributes, "x")->text, "hey"));
	assert_true(slice_is(value_path(resource(&p, "t.out")->attributes, "y")->text, "hey!"));
	assert_int_equal(p.problem_count, 1);   /* the module that calls itself */
	arena_free(a);
	snprintf(command, sizeof command, "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* Every file of the corpus is read without a problem. */
static void
test_corpus(void **state)
{
	FILE *list = popen("find ../shared/corpus/iac/kics/terraform -name '*.tf' | sort", "r");
	static char text[1 << 20];
	char path[1000];
	uint32_t files = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(path, sizeof path, list) != NULL) {
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
		terraform_read(&p, &source, 1, SLICE("../shared/corpus/iac/kics/terraform"));
		for (uint32_t i = 0; i < p.problem_count; i++)
			print_message("%s:%u: %s\n", path, p.problems[i].span.line, p.problems[i].message.ptr);
		assert_int_equal(p.problem_count, 0);
		assert_true(p.resource_count > 0);
		arena_free(a);
		files++;
	}
	pclose(list);
	print_message("%u files\n", files);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion), cmocka_unit_test(test_empty), cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_modules), cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
