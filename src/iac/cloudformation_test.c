/* Tests of cloudformation*.c, on own templates and on every file of the corpus. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iac/cloudformation.h"
#include "iac/front_end_test.h"

static void
read_text(struct project *p, const char *path, const char *text)
{
	cloudformation_read(p, project_add_source(p, slice_of(path), slice_of(text)), NULL, SLICE(""));
}

static void
test_shape(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.yaml", "Parameters:\n  Name: {Type: String, Default: logs}\n"
	    "Resources:\n  Data:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n"
	    "    DependsOn: Key\n    Properties:\n      BucketName: !Ref Name\n"
	    "      Encrypted: 'true'\n      Tags:\n      - {Key: a, Value: !GetAtt Key.Arn}\n"
	    "      Gone: !Ref AWS::NoValue\n  Key:\n    Type: AWS::KMS::Key\n");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 3);
	assert_true(slice_is(resource(&p, "parameter.Name")->type, "parameter"));
	r = resource(&p, "Data");
	assert_true(slice_is(r->type, "AWS::S3::Bucket") && r->language == LANGUAGE_CLOUDFORMATION);
	assert_int_equal(r->span.line, 4);
	assert_int_equal(r->head.line, 4);
	assert_int_equal(r->span.end_line, 13);
	assert_true(slice_is(value_path(r->attributes, "BucketName")->text, "logs"));
	assert_true(slice_is(value_path(r->attributes, "BucketName")->why->text, "default of parameter \"Name\""));
	assert_true(slice_is(value_path(r->attributes, "DeletionPolicy")->text, "Retain"));
	assert_int_equal(value_path(r->attributes, "Encrypted")->kind, VALUE_BOOL);
	assert_int_equal(value_path(r->attributes, "Tags.0.Value")->kind, VALUE_UNKNOWN);
	assert_int_equal(value_path(r->attributes, "Gone")->kind, VALUE_NULL);
	assert_true(refers(r, "Key", "Tags.0.Value") && refers(r, "Key", "DependsOn"));
	arena_free(a);
}

static void
test_functions(void **state)
{
	static const struct {
		const char *expression, *value;
	} cases[] = {
		{ "!Ref S", "s" }, { "!Ref N", "5" }, { "!Ref L", "[2]b" }, { "!Ref U", "?" },
		{ "!Ref AWS::Region", "?" }, { "!Ref R", "?" }, { "!Ref Nothing", "?" },
		{ "!Sub 'x-${S}-${!S}'", "x-s-${S}" }, { "!Sub ['${A}${S}', {A: !Ref N}]", "5s" },
		{ "!Sub 'arn:${AWS::Partition}:${S}'", "?arn:${?}:s" }, { "!Sub '${S'", "${S" },
		{ "!Sub '${R.Arn}/*'", "?${?}/*" }, { "!Sub 'a$b'", "a$b" },
		{ "!Join ['-', [a, !Ref S, 1]]", "a-s-1" }, { "!Join ['', [a, !Ref U]]", "?a${?}" },
		{ "!Join [',', !Ref L]", "a,b" }, { "!Join x", "?" },
		{ "!Select [1, [a, b]]", "b" }, { "!Select ['1', !Split ['|', 'a|b']]", "b" },
		{ "!Select [2, [a, b]]", "?" }, { "!Select [0, !GetAZs '']", "?" },
		{ "!FindInMap [M, x, k]", "1" }, { "!FindInMap [M, !Ref AWS::Region, same]", "7" },
		{ "!FindInMap [M, !Ref AWS::Region, k]", "?" }, { "!FindInMap [M, x, none]", "?" },
		{ "!FindInMap [M, z, k, {DefaultValue: d}]", "d" },
		{ "!ImportValue x", "?" }, { "{'Fn::Base64': !Sub '${S}!'}", "s!" },
		{ "!Cidr ['10.0.0.0/16', 2, 8]", "[2]10.0.1.0/24" },
		{ "!If [Is, a, b]", "a" }, { "!If [Isnt, a, b]", "b" }, { "!If [Open, a, b]", "?" },
		{ "!If [Open, a, a]", "a" }, { "!If [Both, a, b]", "a" }, { "!If [Never, a, b]", "b" },
		{ "!If [Isnt, a, !Ref AWS::NoValue]", "null" }, { "!If [Cycle, a, b]", "?" },
		{ "{'Fn::Length': [1, 2, 3]}", "3" }, { "{'Fn::ToJsonString': {a: [1, x]}}", "{\"a\":[1,\"x\"]}" },
		{ "{'Fn::Transform': {Name: x}}", "?" }, { "!Ref B", "true" }, { "{Ref: [a]}", "?" },
		{ "!Equals [!Ref S, s]", "true" }, { "{Condition: Is}", "true" }, { "!GetAtt R.Arn", "?" },
		{ "!GetAtt [R, Arn]", "?" }, { "!Ref SSM", "?" },
	};
	static const char before[] = "Parameters:\n  S: {Type: String, Default: s}\n"
	    "  N: {Type: Number, Default: '5'}\n  L: {Type: CommaDelimitedList, Default: 'a, b'}\n"
	    "  U: {Type: String}\n  E: {Type: String, AllowedValues: [dev, prod]}\n"
	    "  B: {Type: String, Default: 'true'}\n"
	    "  SSM: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}\n"
	    "Mappings:\n  M: {x: {k: 1, same: 7}, y: {k: 2, same: 7}}\n"
	    "Conditions:\n  Is: !Equals [!Ref S, s]\n  Isnt: !Not [!Condition Is]\n"
	    "  Open: !Equals [!Ref E, prod]\n"
	    "  Both: !Or [!Equals [!Ref E, prod], !Equals [!Ref E, dev]]\n"
	    "  Never: !And [!Equals [!Ref E, prod], !Equals [!Ref E, dev]]\n"
	    "  Cycle: !Not [!Condition Cycle]\n"
	    "Resources:\n  R: {Type: AWS::KMS::Key}\n  X:\n    Type: AWS::X::Y\n    Properties:\n      V: ";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 16);
		struct project p;
		char text[2000];

		snprintf(text, sizeof text, "%s%s\n", before, cases[i].expression);
		project_init(&p, a, NULL);
		read_text(&p, "a.yaml", text);
		assert_int_equal(p.problem_count, 0);
		if (strcmp(shown(value_path(resource(&p, "X")->attributes, "V")), cases[i].value) != 0)
			fail_msg("%s: %s", cases[i].expression, shown(value_path(resource(&p, "X")->attributes, "V")));
		arena_free(a);
	}
}

static void
test_conditions(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.json", "{\"Parameters\":{\"E\":{\"Type\":\"String\",\"Default\":\"dev\","
	    "\"AllowedValues\":[\"dev\",\"prod\"]},\"K\":{\"Type\":\"String\",\"Default\":\"a\"}},"
	    "\"Conditions\":{\"P\":{\"Fn::Equals\":[{\"Ref\":\"E\"},\"prod\"]},"
	    "\"T\":{\"Fn::Equals\":[{\"Ref\":\"E\"},\"test\"]}},"
	    "\"Resources\":{\"A\":{\"Type\":\"AWS::X::Y\",\"Condition\":\"P\",\"Properties\":"
	    "{\"V\":{\"Fn::If\":[\"P\",1,2]},\"C\":{\"Ref\":\"K\"}}},"
	    "\"B\":{\"Type\":\"AWS::X::Y\",\"Condition\":\"T\"}}}");
	assert_int_equal(p.problem_count, 0);
	assert_null(find_resource(&p, "B"));         /* for no allowed value */
	v = resource(&p, "A")->attributes;
	assert_true(slice_is(v->why->text, "only when condition \"P\" holds"));
	assert_int_equal((int)value_path(v, "V")->number, 2);
	arena_free(a);
}

/* What an unknown can be is said. */
static void
test_choices(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.yaml", "Parameters: {E: {Type: String, AllowedValues: [dev, prod]}}\n"
	    "Conditions: {P: !Equals [!Ref E, prod]}\nResources:\n  A:\n    Type: AWS::X::Y\n"
	    "    Properties: {V: !If [P, 1, 2], E: !Ref E}\n");
	v = value_path(resource(&p, "A")->attributes, "V");
	assert_int_equal(v->kind, VALUE_UNKNOWN);
	assert_int_equal(v->count, 2);
	assert_int_equal((int)v->items[1]->number, 2);
	v = value_path(resource(&p, "A")->attributes, "E");
	assert_true(v->count == 2 && slice_is(v->items[0]->text, "dev"));
	arena_free(a);
}

static void
test_for_each(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.yaml", "Transform: AWS::LanguageExtensions\nParameters:\n"
	    "  Names: {Type: CommaDelimitedList, Default: 'One,Two'}\nResources:\n"
	    "  Fn::ForEach::Topics:\n  - N\n  - !Ref Names\n  - Topic${N}:\n"
	    "      Type: AWS::SNS::Topic\n      Properties:\n        TopicName: !Ref N\n"
	    "        DisplayName: !Sub 'the ${N}'\n");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 3);
	assert_string_equal(shown(value_path(resource(&p, "TopicTwo")->attributes, "TopicName")), "Two");
	assert_string_equal(shown(value_path(resource(&p, "TopicOne")->attributes, "DisplayName")), "the One");
	arena_free(a);
}

static void
test_serverless(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.yaml", "Transform: AWS::Serverless-2016-10-31\nGlobals:\n"
	    "  Function: {Timeout: 3, Tracing: Active, Environment: {Variables: {A: 1}}}\nResources:\n"
	    "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Timeout: 9\n"
	    "      Environment: {Variables: {B: 2}}\n      Tags: {a: b}\n"
	    "      Policies: [AmazonS3FullAccess, {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}]\n"
	    "      FunctionUrlConfig: {AuthType: NONE}\n"
	    "      Events: {E: {Type: Api, Properties: {Path: /, Method: get}}}\n"
	    "  W:\n    Type: AWS::Serverless::Api\n    Properties: {StageName: v1, TracingEnabled: true}\n"
	    "  T:\n    Type: AWS::Serverless::SimpleTable\n    Properties: {SSESpecification: {SSEEnabled: true}}\n");
	assert_int_equal(p.problem_count, 0);
	r = resource(&p, "F");
	assert_true(slice_is(r->type, "AWS::Lambda::Function"));
	assert_string_equal(shown(value_path(r->attributes, "Timeout")), "9");
	assert_string_equal(shown(value_path(r->attributes, "Environment.Variables.A")), "1");
	assert_string_equal(shown(value_path(r->attributes, "TracingConfig.Mode")), "Active");
	assert_string_equal(shown(value_path(r->attributes, "Tags.0.Key")), "a");
	r = resource(&p, "FRole");
	assert_string_equal(shown(value_path(r->attributes, "Policies.0.PolicyDocument.Statement.0.Action")), "*");
	assert_string_equal(shown(value_path(r->attributes, "ManagedPolicyArns.0")), "AmazonS3FullAccess");
	assert_string_equal(shown(value_path(resource(&p, "FUrl")->attributes, "AuthType")), "NONE");
	assert_true(slice_is(resource(&p, "ServerlessRestApi")->type, "AWS::ApiGateway::RestApi"));
	assert_true(slice_is(resource(&p, "Wv1Stage")->type, "AWS::ApiGateway::Stage"));
	assert_string_equal(shown(value_path(resource(&p, "Wv1Stage")->attributes, "TracingEnabled")), "true");
	assert_true(refers(resource(&p, "Wv1Stage"), "W", "RestApiId"));
	assert_true(slice_is(resource(&p, "T")->type, "AWS::DynamoDB::Table"));
	arena_free(a);
}

static void
test_nested(void **state)
{
	char room[] = "/tmp/cloudformation-XXXXXX", path[100];
	struct arena *a = arena_new(1 << 16);
	struct project p;
	uint32_t source;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(room));
	snprintf(path, sizeof path, "%s/inner.yaml", room);
	f = fopen(path, "w");
	fputs("Parameters: {N: {Type: String}}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n"
	    "    Properties: {BucketName: !Ref N}\n  Again:\n    Type: AWS::CloudFormation::Stack\n"
	    "    Properties: {TemplateURL: inner.yaml, Parameters: {N: x}}\n", f);
	fclose(f);
	project_init(&p, a, NULL);
	snprintf(path, sizeof path, "%s/outer.yaml", room);
	source = project_add_source(&p, slice_of(path), SLICE("Resources:\n  In:\n"
	    "    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: ./inner.yaml\n"
	    "      Parameters: {N: given}\n  Out:\n    Type: AWS::CloudFormation::Stack\n"
	    "    Properties: {TemplateURL: ../../etc/passwd}\n"));
	cloudformation_read(&p, source, NULL, slice_of(room));
	assert_int_equal(p.problem_count, 0);
	assert_string_equal(shown(value_path(resource(&p, "In.B")->attributes, "BucketName")), "given");
	assert_true(slice_is(resource(&p, "In.B")->module, "In"));
	assert_null(find_resource(&p, "In.Again.B"));        /* it would never end */
	snprintf(path, sizeof path, "%s/inner.yaml", room);
	unlink(path);
	rmdir(room);
	arena_free(a);
}

static void
test_corpus(void **state)
{
	FILE *list = popen("find ../shared/corpus/iac/kics/cloudFormation -type f ! -name '*expected*' | sort", "r");
	static char text[1 << 20];
	char path[1000];
	uint32_t files = 0, resources = 0, problems = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(path, sizeof path, list) != NULL) {
		struct arena *a;
		struct project p;
		FILE *f;

		path[strcspn(path, "\n")] = '\0';
		if (strstr(path, "duty_detector_disabled/negative2.json") != NULL)     /* no template */
			continue;
		a = arena_new(1 << 16);
		f = fopen(path, "r");
		assert_non_null(f);
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
		project_init(&p, a, NULL);
		read_text(&p, path, text);
		for (uint32_t i = 0; i < p.problem_count; i++)
			print_message("%s:%u: %s\n", path, p.problems[i].span.line, p.problems[i].message.ptr);
		if (p.resource_count == 0)
			print_message("%s: nothing\n", path);
		problems += p.problem_count;
		resources += p.resource_count;
		arena_free(a);
		files++;
	}
	pclose(list);
	print_message("%u files, %u resources, %u problems\n", files, resources, problems);
	assert_true(files > 100);
	assert_int_equal(problems, 0);
}

static void
test_stream(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "t.yaml", "Resources:\n  A: {Type: AWS::S3::Bucket}\n---\nnothing: 1\n---\n"
	    "Parameters:\n  N: {Type: String, Default: x}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n"
	    "    Properties: {BucketName: !Ref N}\n");
	assert_int_equal(p.problem_count, 0);
	resource(&p, "A");
	assert_true(slice_is(value_path(resource(&p, "B")->attributes, "BucketName")->text, "x"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape), cmocka_unit_test(test_functions), cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_choices), cmocka_unit_test(test_for_each), cmocka_unit_test(test_serverless),
		cmocka_unit_test(test_nested), cmocka_unit_test(test_stream), cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
