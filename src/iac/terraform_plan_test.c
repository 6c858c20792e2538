/* Tests of terraform_plan.c, on an own plan and on those of the corpus. */
#include "iac/front_end_test.h"
#include "iac/terraform_plan.h"

static const char plan[] = "{\"format_version\":\"1.2\",\"terraform_version\":\"1.11.4\",\n"
	"\"variables\":{\"v\":{\"value\":1}},\n"
	"\"planned_values\":{\"root_module\":{\"resources\":[\n"
	"{\"address\":\"aws_kms_key.k\",\"mode\":\"managed\",\"type\":\"aws_kms_key\",\"name\":\"k\","
	"\"values\":{\"enable_key_rotation\":true,\"policy\":null},\"sensitive_values\":{}}],\n"
	"\"child_modules\":[{\"address\":\"module.m[0]\",\"resources\":[\n"
	"{\"address\":\"module.m[0].aws_s3_bucket.b[\\\"x\\\"]\",\"mode\":\"managed\",\"type\":\"aws_s3_bucket\","
	"\"name\":\"b\",\"index\":\"x\",\"values\":{\"bucket\":\"n\",\"rule\":[{\"a\":1}]},"
	"\"sensitive_values\":{\"bucket\":true}}]}]}},\n"
	"\"resource_changes\":[{\"address\":\"module.m[0].aws_s3_bucket.b[\\\"x\\\"]\",\"change\":{"
	"\"actions\":[\"delete\",\"create\"],\"replace_paths\":[[\"bucket\"]],"
	"\"after_unknown\":{\"arn\":true,\"rule\":[{\"key\":true}]}}}],\n"
	"\"prior_state\":{\"values\":{\"root_module\":{\"resources\":[{\"address\":"
	"\"data.aws_iam_policy_document.d\",\"mode\":\"data\",\"type\":\"aws_iam_policy_document\",\"name\":\"d\","
	"\"values\":{\"json\":\"{}\"}},{\"address\":\"aws_kms_key.k\",\"mode\":\"managed\",\"type\":\"aws_kms_key\","
	"\"name\":\"k\",\"values\":{}}]}}},\n"
	"\"configuration\":{\"provider_config\":{\"aws\":{\"name\":\"aws\",\"expressions\":{\"region\":"
	"{\"constant_value\":\"eu-west-1\"}}}},\"root_module\":{\"resources\":[],\"module_calls\":{\"m\":{"
	"\"expressions\":{\"key\":{\"references\":[\"aws_kms_key.k.arn\",\"aws_kms_key.k\"]}},"
	"\"module\":{\"resources\":[{\"address\":\"aws_s3_bucket.b\",\"expressions\":{\"rule\":[{\"key\":"
	"{\"references\":[\"var.key\"]}}],\"logging\":{\"references\":[\"module.n.id\"]}}}],"
	"\"module_calls\":{\"n\":{\"module\":{\"outputs\":{\"id\":{\"expression\":{\"references\":"
	"[\"aws_s3_bucket.logs.id\"]}}}}}}}}}}}}\n";

static void
test_plan(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	terraform_plan_read(&p, project_add_source(&p, SLICE("plan.json"), slice_of(plan)));
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 5);
	assert_true(value_path(resource(&p, "aws_kms_key.k")->attributes, "enable_key_rotation")->boolean);
	r = resource(&p, "module.m[0].aws_s3_bucket.b[\"x\"]");
	assert_true(slice_is(r->module, "module.m[0]") && slice_is(r->type, "aws_s3_bucket"));
	assert_int_equal(r->head.line, 6);
	assert_true(value_path(r->attributes, "bucket")->sensitive);
	assert_int_equal(value_path(r->attributes, "arn")->kind, VALUE_UNKNOWN);
	assert_int_equal(value_path(r->attributes, "rule.0.key")->kind, VALUE_UNKNOWN);
	assert_int_equal((int)value_path(r->attributes, "rule.0.a")->number, 1);
	assert_true(slice_is(value_path(r->attributes, "_change.actions.0")->text, "delete"));
	assert_true(slice_is(value_path(r->attributes, "_change.replace_paths.0.0")->text, "bucket"));
	assert_true(refers(r, "aws_kms_key.k", "rule.0.key"));
	assert_true(refers(r, "module.m.module.n.aws_s3_bucket.logs", "logging"));
	assert_true(slice_is(resource(&p, "data.aws_iam_policy_document.d")->type, "data.aws_iam_policy_document"));
	assert_true(slice_is(value_path(resource(&p, "provider.aws")->attributes, "region")->text, "eu-west-1"));
	assert_int_equal((int)value_path(resource(&p, "var.v")->attributes, "value")->number, 1);
	arena_free(a);
}

/* Files that end early or hold other things. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof plan - 1; len += 7) {
		struct arena *a = arena_new(1 << 16);
		struct project p;

		project_init(&p, a, NULL);
		terraform_plan_read(&p, project_add_source(&p, SLICE("plan.json"), slice_make(plan, len)));
		assert_int_equal(p.problem_count, 1);
		arena_free(a);
	}
}

static void
test_corpus(void **state)
{
	FILE *list = popen("find ../shared/corpus/iac/kics/terraform -name '*.json' ! -name '*expected*'", "r");
	static char text[1 << 20];
	char path[1000];
	uint32_t files = 0;

	(void)state;
	while (fgets(path, sizeof path, list) != NULL) {
		struct arena *a = arena_new(1 << 16);
		struct project p;
		FILE *f;

		path[strcspn(path, "\n")] = '\0';
		f = fopen(path, "r");
		assert_non_null(f);
		project_init(&p, a, NULL);
		terraform_plan_read(&p, project_add_source(&p, slice_of(path),
		    slice_make(text, fread(text, 1, sizeof text, f))));
		fclose(f);
		assert_int_equal(p.problem_count, 0);
		assert_true(p.resource_count > 0);
		arena_free(a);
		files++;
	}
	pclose(list);
	assert_true(files >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan), cmocka_unit_test(test_cut), cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
