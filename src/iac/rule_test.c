/* The language of rules: how values look to them, functions, links, views; what a finding is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "iac/fix.h"
#include "iac/scan.h"
#include "iac/suppress.h"

/* Rules and one file, scanned. */
struct bench {
	struct arena *arena;
	struct rules  rules;
	struct scan   scan;
};

static void
run(struct bench *b, const char *rules, const char *path, const char *text)
{
	b->arena = arena_new(1 << 16);
	rules_init(&b->rules, b->arena, &env_real, false);
	b->rules.rule_count = 0;        /* only those of the test; views stay */
	rules_add(&b->rules, SLICE("test.hcl"), slice_of(rules));
	scan_init(&b->scan, &b->rules, b->arena);
	scan_add_text(&b->scan, slice_of(path), slice_of(text));
	scan_run(&b->scan, NULL);
	assert_int_equal(b->rules.project.problem_count, 0);
	assert_int_equal(b->scan.project.problem_count, 0);
}

static const char world[] =
    "variable \"unset\" {}\n"
    "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"first-bucket\"\n  tags = { Data = \"phi\" }\n"
    "  versioning {\n    enabled = \"true\"\n  }\n  rule {\n    n = 1\n  }\n  rule {\n    n = 2\n  }\n"
    "  port = 8080\n  flag = var.unset\n  policy = \"{\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\","
    "\\\"Action\\\":\\\"s3:Get*\\\",\\\"Principal\\\":\\\"*\\\",\\\"Resource\\\":\\\"${var.unset}\\\"}}\"\n}\n"
    "resource \"aws_s3_bucket_policy\" \"p\" {\n  bucket = \"first-bucket\"\n}\n"
    "resource \"aws_s3_bucket_logging\" \"l\" {\n  bucket = aws_s3_bucket.a.id\n}\n"
    "resource \"aws_s3_bucket_acl\" \"x\" {\n  bucket = var.unset\n}\n";

/* Evaluated with `self` being aws_s3_bucket.a, written as JSON; "?" for unknown. */
static const struct { const char *expression, *expected; } expressions[] = {
	{ "self.none", "null" },                        { "self.none.deeper[3].x", "null" },
	{ "self.versioning.enabled == true", "true" },  { "self.versioning[0].enabled", "\"true\"" },
	{ "self.port == \"8080\"", "true" },            { "self.rule.n", "?" },
	{ "self.none != true", "true" },                { "!self.none", "true" },
	{ "self.none < 5", "false" },                   { "self.none > 5", "false" },
	{ "self.none && true", "false" },               { "self.flag && false", "false" },
	{ "self.flag || true", "true" },                { "self.flag == true", "?" },
	{ "[for r in self.rule : r.n if r.n > 1]", "[2]" },
	{ "[for r in self.none : r]", "[]" },           { "[for r in self.port : r]", "[8080]" },
	{ "[for r in self.rule : r.n if r.n > 1 || self.flag]", "[2]" },
	{ "[for r in self.rule : r.n if self.flag]", "?" },
	{ "lower(self.none)", "null" },                 { "length(self.none)", "0" },
	{ "contains(self.none, 1)", "false" },          { "self._type", "\"aws_s3_bucket\"" },
	{ "self._address", "\"aws_s3_bucket.a\"" },     { "self._language", "\"terraform\"" },
	{ "absent(self.none)", "true" },                { "absent(self.flag)", "?" },
	{ "known(self.flag)", "false" },                { "either(self.none, \"\", 3)", "3" },
	{ "join_lists(1, [2, 3], null)", "[1,2,3]" },   { "first([])", "null" },
	{ "any([false, self.flag])", "?" },             { "any([true, self.flag])", "true" },
	{ "all([false, self.flag])", "false" },         { "all([])", "true" },
	{ "one_of(\"Enabled\", \"enabled\")", "true" }, { "one_of(null, \"\")", "false" },
	{ "get(self, \"Versioning.Enabled\")", "\"true\"" },
	{ "key({ A__B = 1 }, \"a__*\")", "1" },         { "tag(self, \"data\")", "\"phi\"" },
	{ "tag(self, \"owner\")", "null" },
	{ "[for o in linked(self, \"aws_s3_bucket_policy\") : o._name]", "[\"p\"]" },
	{ "[for o in linked_from(self, \"aws_s3_bucket_*\") : o._name]", "[\"l\",\"p\"]" },
	{ "linked_to(self, \"aws_s3_bucket_policy\")", "[]" },
	{ "linked(self, \"aws_s3_bucket_acl\")", "?" },
	{ "[for o in where(\"aws_s3_bucket_policy\", \"bucket\", self.bucket) : o._name]", "[\"p\"]" },
	{ "where(\"aws_s3_bucket_acl\", \"bucket\", \"x\")", "?" },
	{ "[for o in where(\"object_store\", \"name\", \"first-bucket\") : o._name]", "[\"a\"]" },
	{ "length(resources(\"aws_s3_bucket_*\"))", "3" },
	{ "is_public_cidr([\"10.0.0.0/8\", \"0.0.0.0/0\"])", "true" },
	{ "is_public_cidr(\"::/0\", \"10.0.0.0/8\")", "true" },
	{ "is_public_cidr(\"128.0.0.0/1\")", "true" },  { "is_public_cidr(\"0.1.0.0/0\")", "false" },
	{ "is_public_cidr([self.flag, \"*\"])", "true" }, { "is_public_cidr([self.flag])", "?" },
	{ "port_open(port_ranges(20, 30), 22)", "true" }, { "port_open(port_ranges(\"*\"), 22)", "true" },
	{ "port_open(port_ranges([\"1-3\", 5]), 4)", "false" },
	{ "port_open(port_ranges(-1, -1), 4)", "true" },
	{ "allows(statements(self.policy)[0], \"s3:GetObject\")", "true" },
	{ "allows(statements(self.policy)[0], \"s3:PutObject\")", "false" },
	{ "allows(statements(self.policy)[0], \"*\")", "false" },
	{ "allows(statements(self.policy)[0], \"s3:GetObject\", \"*\")", "true" },
	{ "is_for_anyone(statements(self.policy)[0])", "true" },
	{ "contains(statements(self.policy)[0].resources, \"*\")", "?" },
	{ "statements({ Statement = [{ Effect = \"Deny\", NotAction = \"x\" }] })[0].not_actions", "[\"x\"]" },
	{ "json(\"{\\\"a\\\":[1]}\").a", "[1]" },
	{ "image(\"ghcr.io/a/b:1@sha256:ff\").repository", "\"a/b\"" },
	{ "image(\"localhost:5000/b\").tag", "\"\"" },  { "image(\"a:1\").tag", "\"1\"" },
	{ "image_is(\"docker.io/samply/blaze:1\", \"samply/blaze\")", "true" },
	{ "image_is(\"my-samply/blaze\", \"samply/blaze\")", "false" },
	{ "regex_match(\"^a.c$\", [\"x\", \"abc\"])", "true" }, { "regex_match(\"a\", null)", "false" },
	{ "regex_find(\"a(.)\", \"abac\")", "[\"b\",\"c\"]" },
	{ "glob_match(\"S3:*\", \"s3:get\")", "true" }, { "lines(\"a\\n b \")", "[\"a\",\"b\"]" },
	{ "min_tls(\"ELBSecurityPolicy-TLS13-1-2-2021-06\")", "1.2" }, { "min_tls(\"TLSv1.2_2021\")", "1.2" },
	{ "min_tls(\"ELBSecurityPolicy-2016-08\")", "1" }, { "min_tls(\"TLS1_0\")", "1" },
	{ "min_tls(\"nothing\")", "null" },
	{ "days(\"P1Y\")", "365" }, { "days(\"48h\")", "2" }, { "days(\"7776000s\")", "90" }, { "days(30)", "30" },
	{ "is_secret_like(\"DB_PASSWORD\", \"hunter22\")", "true" },
	{ "is_secret_like(\"DB_PASSWORD\", \"$${DB_PASSWORD}\")", "false" },
	{ "is_secret_like(\"DB_PASSWORD_FILE\", \"/run/secrets/x\")", "false" },
	{ "is_secret_like(\"X\", \"AKIAIOSFODNN7EXAMPLE\")", "true" },
	{ "secrets({ a = [{ name = \"DB_PASSWORD\", value = \"hunter22\" }], token_ttl = \"9m\" })", "[\"hunter22\"]" },
	{ "secrets({ tags = { secret = \"yes\" }, b = { key = \"AKIAIOSFODNN7EXAMPLE\" } })", "[\"AKIAIOSFODNN7EXAMPLE\"]" },
	{ "\"arn:${self.flag}:root\" == \"*\"", "false" }, { "\"${self.flag}*\" != \"*\"", "${?}*" },
	{ "\"a${self.flag}b${self.flag}c\" == \"axbyc\"", "a${?}b${?}c" }, { "\"a${self.flag}b${self.flag}c\" == \"axyc\"", "false" },
	{ "contains([\"arn:${self.flag}\"], \"*\")", "false" },
	{ "is_secret_like(\"token\", \"var.token\")", "false" },
	{ "is_secret_like(\"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ==\")", "true" },
	{ "is_secret_like(\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\")", "false" },
	{ "statements({ statement = [{ condition = [{ test = \"Bool\", variable = \"x\", values = [1] }] }] })[0].condition.Bool.x",
	    "[1]" },
	{ "is_phi_like(\"patient_mrn\", \"MRN-0012345\")", "true" }, { "is_phi_like(\"A\", \"1.2.3\")", "false" },
	{ "selects({ matchLabels = { a = \"b\" } }, { a = \"b\", c = \"d\" })", "true" },
	{ "selects({}, { a = \"b\" })", "true" },       { "selects({ a = \"x\" }, { a = \"b\" })", "false" },
	{ "env([{ name = \"A\", value = \"1\" }], { B = 2 }).B", "2" },
	{ "env([{ secretRef = { name = \"s\" } }]).B", "?" },
};

static void
test_expressions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		struct bench b;
		char rules[2048];
		struct slice got;

		snprintf(rules, sizeof rules, "rule \"X\" {\n title = \"?\"\n control = \"audit\"\n severity = \"low\"\n"
		    " on \"aws_s3_bucket\" {\n  fail = true\n  message = jsonencode(%s)\n }\n}\n", expressions[i].expression);
		run(&b, rules, "nowhere/main.tf", world);
		assert_int_equal(b.scan.findings.count, 1);
		got = b.scan.findings.list[0].message;
		if (slice_is(got, "\"${?}\"") || slice_is(got, "[\"${?}\"]"))
			got = SLICE("?");
		if (!slice_is(got, expressions[i].expected))
			fail_msg("%s is %.*s, not %s", expressions[i].expression, SLICE_FMT(got), expressions[i].expected);
		arena_free(b.arena);
	}
}

/* `fail`, and what comes of it: F failed, U unknown, - passed, for each finding in order. */
static const struct { const char *when, *fail, *expected; } verdicts[] = {
	{ "true", "true", "F" },                { "true", "false", "" },
	{ "true", "null", "" },                 { "true", "[]", "" },
	{ "true", "self.flag", "U" },           { "true", "self.rule", "FF" },
	{ "false", "true", "" },                { "self.flag", "true", "U" },
	{ "self.flag", "false", "" },           { "self.none", "true", "" },
	{ "true", "[for r in self.rule : r if r.n == 2]", "F" },
	{ "true", "self.flag && self.none", "" },
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		char rules[1024], got[8] = "";
		struct bench b;

		snprintf(rules, sizeof rules, "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
		    " on \"aws_s3_bucket\" {\n  when = %s\n  fail = %s\n }\n}\n", verdicts[i].when, verdicts[i].fail);
		run(&b, rules, "nowhere/main.tf", world);
		for (uint32_t k = 0; k < b.scan.findings.count && k < 7; k++)
			got[k] = b.scan.findings.list[k].status == FINDING_FAIL ? 'F' : 'U';
		if (strcmp(got, verdicts[i].expected) != 0)
			fail_msg("when %s fail %s: %s", verdicts[i].when, verdicts[i].fail, got);
		arena_free(b.arena);
	}
}

/* `at`, and lines of the finding. */
static const struct { const char *at; uint32_t line, end; } places[] = {
	{ "\"bucket\"", 3, 3 },                 { "\"versioning.enabled\"", 6, 6 },
	{ "\"versioning.none\"", 5, 7 },        { "\"none\"", 2, 17 },
	{ "[\"none\", \"port\"]", 14, 14 },     { "\"rule.1.n\"", 12, 12 },
};

static void
test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char rules[1024];
		struct bench b;
		struct span s;

		snprintf(rules, sizeof rules, "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
		    " on \"aws_s3_bucket\" {\n  fail = true\n  at = %s\n }\n}\n", places[i].at);
		run(&b, rules, "nowhere/main.tf", world);
		s = b.scan.findings.list[0].span;
		if (s.line != places[i].line || s.end_line != places[i].end)
			fail_msg("%s is at %u to %u", places[i].at, s.line, s.end_line);
		arena_free(b.arena);
	}
}

static void
test_lets_and_locals(void **state)
{
	struct bench b;

	(void)state;
	run(&b, "locals {\n bad = [\"first-bucket\"]\n}\nrule \"X\" {\n title = \"t\"\n control = \"audit\"\n"
	    " severity = \"high\"\n let {\n  n = self.bucket\n  loop = loop\n }\n on \"aws_s3_bucket\" {\n  let {\n"
	    "   hit = contains(local.bad, n)\n  }\n  fail = hit\n  message = \"${n} is bad\"\n"
	    "  fix = { bucket = \"other\" }\n }\n}\n", "nowhere/main.tf", world);
	assert_int_equal(b.scan.findings.count, 1);
	assert_true(slice_is(b.scan.findings.list[0].message, "first-bucket is bad"));
	assert_true(slice_is(value_path(b.scan.findings.list[0].fix, "bucket")->text, "other"));
	arena_free(b.arena);
}

/* One question to a view, in each language. */
static const struct { const char *path, *text, *expression, *expected; } views[] = {
	{ "n/Dockerfile", "FROM a:1\nENV A=b\nUSER x\n", "[for c in resources(\"container\") : [c.image, c.user, c.env.A]]",
	    "[[\"a:1\",\"x\",\"b\"]]" },
	{ "n/compose.yaml", "services:\n  w:\n    image: a:1\n    ports: [\"80:8080\"]\n    cap_add: [X]\n",
	    "[for c in resources(\"container\") : [c.name, c.ports[0].host, c.cap_add]]", "[[\"w\",\"80\",[\"X\"]]]" },
	{ "n/x.yaml", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec:\n  jobTemplate:\n    spec:\n"
	    "      template:\n        spec:\n          containers: [{name: c, image: i, securityContext: {privileged: true}}]\n",
	    "[for c in resources(\"container\") : [c.name, c.privileged, c._address]]", "[[\"c\",true,\"CronJob/j\"]]" },
	{ "n/main.tf", "resource \"aws_ecs_task_definition\" \"t\" {\n container_definitions = jsonencode([{ name = \"c\","
	    " image = \"i\", environment = [{ name = \"A\", value = \"b\" }] }])\n}\n",
	    "[for c in resources(\"container\") : [c.image, c.env.A]]", "[[\"i\",\"b\"]]" },
	{ "n/main.tf", "resource \"aws_security_group\" \"g\" {\n ingress {\n  from_port = 1\n  to_port = 2\n"
	    "  protocol = \"tcp\"\n  cidr_blocks = [\"0.0.0.0/0\"]\n }\n}\n",
	    "[for r in resources(\"firewall_rule\") : [r.direction, r.ports, r.cidrs]]",
	    "[[\"in\",[{\"from\":1,\"to\":2}],[\"0.0.0.0/0\"]]]" },
	{ "n/main.tf", "resource \"aws_s3_bucket\" \"b\" {\n bucket = \"bbb\"\n}\nresource \"aws_s3_bucket_versioning\" \"v\" {\n"
	    " bucket = aws_s3_bucket.b.id\n versioning_configuration {\n  status = \"Enabled\"\n }\n}\n",
	    "[for o in resources(\"object_store\") : [o.name, o.versioning]]", "[[\"bbb\",true]]" },
	{ "n/x.yaml", "kind: ClusterRole\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: r}\n"
	    "rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]\n",
	    "[for s in resources(\"statement\") : [s.kind, s.actions, s.resources]]", "[[\"rbac\",[\"get\"],[\"secrets\"]]]" },
};

/* An unknown that is one of some values. */
static const struct { const char *fail; const char *expected; } possible[] = {
	{ "self.Engine == \"postgres\"", "" },          { "self.Engine != \"postgres\"", "F" },
	{ "self.Engine == \"mysql\"", "U" },            { "startswith(self.Engine, \"m\") == false", "U" },
	{ "regex_match(\"^m\", self.Engine)", "F" },    { "regex_match(\"^my\", self.Engine)", "U" },
	{ "self.AllocatedStorage < 30", "F" },          { "self.AllocatedStorage < 15", "U" },
};

static void
test_possible_values(void **state)
{
	static const char template[] = "Parameters:\n  E: {Type: String, AllowedValues: [mysql, mariadb]}\n"
	    "  S: {Type: Number, AllowedValues: [10, 20]}\nResources:\n  D:\n    Type: AWS::RDS::DBInstance\n"
	    "    Properties: {Engine: !Ref E, AllocatedStorage: !Ref S}\n";

	(void)state;
	for (size_t i = 0; i < sizeof possible / sizeof possible[0]; i++) {
		char rules[1024], got[8] = "";
		struct bench b;

		snprintf(rules, sizeof rules, "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
		    " on \"AWS::RDS::DBInstance\" {\n  fail = %s\n }\n}\n", possible[i].fail);
		run(&b, rules, "n/template.yaml", template);
		for (uint32_t k = 0; k < b.scan.findings.count && k < 7; k++)
			got[k] = b.scan.findings.list[k].status == FINDING_FAIL ? 'F' : 'U';
		if (strcmp(got, possible[i].expected) != 0)
			fail_msg("%s: %s", possible[i].fail, got);
		arena_free(b.arena);
	}
}

static void
test_views(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		char rules[2048];
		struct bench b;

		snprintf(rules, sizeof rules, "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
		    " on \"project\" {\n  fail = true\n  message = jsonencode(%s)\n }\n}\n", views[i].expression);
		run(&b, rules, views[i].path, views[i].text);
		assert_int_equal(b.scan.findings.count, 1);
		if (!slice_is(b.scan.findings.list[0].message, views[i].expected))
			fail_msg("%zu: %.*s", i, SLICE_FMT(b.scan.findings.list[0].message));
		arena_free(b.arena);
	}
}

/* A file, a fix, and the file behind it. */
static const struct { const char *path, *type, *fix, *before, *after; } fixes[] = {
	{ "n/main.tf", "t", "{ on = true }", "resource \"t\" \"a\" {\n  on = false # x\n}\n",
	    "resource \"t\" \"a\" {\n  on = true # x\n}\n" },
	{ "n/main.tf", "t", "{ mode = \"b\" }", "resource \"t\" \"a\" {\n  mode = \"a\"\n}\n",
	    "resource \"t\" \"a\" {\n  mode = \"b\"\n}\n" },
	{ "n/main.tf", "t", "{ on = true }", "resource \"t\" \"a\" {\n  x = 1\n}\n",
	    "resource \"t\" \"a\" {\n  x = 1\n  on = true\n}\n" },
	{ "n/main.tf", "t", "{ on = true }", "resource \"t\" \"a\" {}\n", "resource \"t\" \"a\" {\n  on = true\n}\n" },
	{ "n/main.tf", "t", "{ \"v.on\" = true }", "resource \"t\" \"a\" {\n  v {\n    x = 1\n  }\n}\n",
	    "resource \"t\" \"a\" {\n  v {\n    x = 1\n    on = true\n  }\n}\n" },
	{ "n/main.tf", "t", "{ \"v.on\" = true }", "resource \"t\" \"a\" {\n}\n",
	    "resource \"t\" \"a\" {\n  v {\n    on = true\n  }\n}\n" },
	{ "n/main.tf", "t", "{ on = true }", "variable \"v\" {\n  default = false\n}\nresource \"t\" \"a\" {\n  on = var.v\n}\n",
	    NULL },
	{ "n/x.yaml", "container", "{ \"securityContext.privileged\" = false }", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
	    "spec:\n  containers:\n    - name: c\n      image: i\n", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
	    "spec:\n  containers:\n    - securityContext:\n        privileged: false\n      name: c\n      image: i\n" },
	{ "n/x.yaml", "container", "{ \"securityContext.privileged\" = false }", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
	    "spec: {containers: [{name: c, securityContext: {privileged: true}}]}\n", "apiVersion: v1\nkind: Pod\n"
	    "metadata: {name: p}\nspec: {containers: [{name: c, securityContext: {privileged: false}}]}\n" },
	{ "n/template.json", "AWS::S3::Bucket", "{ \"V.Status\" = \"Enabled\" }", "{\"Resources\":{\"B\":{\"Type\":\"AWS::S3::Bucket\","
	    "\"Properties\":{\"A\":1}}}}", "{\"Resources\":{\"B\":{\"Type\":\"AWS::S3::Bucket\",\"Properties\":{"
	    "\"V\": {\"Status\": \"Enabled\"}, \"A\":1}}}}" },
};

static void
test_fixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof fixes / sizeof fixes[0]; i++) {
		char rules[1024], got[2048];
		const struct fix_edit *edit;
		struct bench b;
		uint32_t count;

		snprintf(rules, sizeof rules, "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
		    " on \"%s\" {\n  fail = true\n  fix = %s\n }\n}\n", fixes[i].type, fixes[i].fix);
		run(&b, rules, fixes[i].path, fixes[i].before);
		assert_int_equal(b.scan.findings.count, 1);
		edit = fix_edits(&b.scan.findings, &b.scan.findings.list[0], b.arena, &count);
		assert_int_equal(count, 1);
		if (fixes[i].after == NULL) {
			assert_false(edit->placed);
			arena_free(b.arena);
			continue;
		}
		assert_true(edit->placed);
		snprintf(got, sizeof got, "%.*s%.*s%s", (int)edit->start, fixes[i].before, SLICE_FMT(edit->text),
		    fixes[i].before + edit->end);
		if (strcmp(got, fixes[i].after) != 0)
			fail_msg("%zu:\n%s", i, got);
		arena_free(b.arena);
	}
}

/* A comment before or in a resource that fails twice, and how many findings it leaves. */
static const struct { const char *before, *inside; uint32_t left, notices; } suppressions[] = {
	{ "", "", 1, 0 },
	{ "# firebreak:ignore X reason=\"r\"", "", 0, 0 },
	{ "# firebreak:ignore x until=2999-01-01 reason='r'", "", 0, 0 },
	{ "# firebreak:ignore X", "", 1, 1 },
	{ "# firebreak:ignore X until=2001-01-01 reason=\"r\"", "", 1, 1 },
	{ "# firebreak:ignore X until=soon reason=\"r\"", "", 1, 1 },
	{ "# firebreak:ignore Y reason=\"r\"", "", 1, 1 },
	{ "# firebreak:ignore Y,X reason=\"r\"", "", 0, 0 },
	{ "", "b = 1 # firebreak:ignore X reason=\"r\"", 1, 1 },
	{ "", "# checkov:skip=CKV_1:because", 0, 0 },
	{ "", "# checkov:skip=CKV_2:because", 1, 0 },
	{ "# trivy:ignore:AVD-AWS-0001", "", 0, 0 },
	{ "# trivy:ignore:AVD-AWS-0001:exp:2001-01-01", "", 1, 0 },
	{ "# kics-scan ignore-line", "", 0, 0 },
	{ "# kics-scan disable=abcdef00-1111", "", 0, 0 },
	{ "# kics-scan disable=abcdee00-1111", "", 1, 0 },
	{ "# kics-scan disable=0afa6ab8-a047-48cf-be07-93a2f8c34cf7,abcdee00", "", 0, 0 },
	{ "# kics-scan disable=15ffbacc-fa42-4f6f-a57d-2feac7365caa", "", 1, 0 },
	{ "# kics-scan enable=0afa6ab8-a047-48cf-be07-93a2f8c34cf7", "", 1, 0 },
	{ "# kics-scan enable=15ffbacc-fa42-4f6f-a57d-2feac7365caa", "", 0, 0 },
	{ "# kics-scan ignore", "", 0, 0 },
	{ "", "# kics-scan ignore", 1, 0 },
	{ "a = 1\n# kics-scan disable=abcdef00-1111", "", 1, 0 },
	{ "# kics-scan ignore-block", "", 0, 0 },
	{ "", "# kics-scan ignore-block\n  b {\n  }", 1, 0 },
	{ "# kics-scan ignore-block\nlocals {\n  a = 1\n}", "", 1, 0 },
};

static void
test_suppressions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof suppressions / sizeof suppressions[0]; i++) {
		char text[1024];
		struct bench b;

		snprintf(text, sizeof text, "%s\nresource \"t\" \"a\" {\n  %s\n}\n", suppressions[i].before,
		    suppressions[i].inside);
		run(&b, "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
		    " peers = [\"CKV_1\", \"AWS-0001\", \"terraform/aws/q~abcdef\", \"terraform/aws/alb_is_not_integrated_with_waf\"]\n on \"t\" {\n  fail = true\n }\n}\n",
		    "nowhere/main.tf", text);
		suppress_by_comments(&b.scan.findings, 20000);
		if (b.scan.findings.count != suppressions[i].left
		    || b.scan.findings.notice_count != suppressions[i].notices)
			fail_msg("%zu: %u left, %u notices", i, b.scan.findings.count, b.scan.findings.notice_count);
		arena_free(b.arena);
	}
}

static void
test_baseline(void **state)
{
	static const char rule[] = "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n"
	    " on \"t\" {\n  fail = self.bad == true\n  at = \"bad\"\n }\n}\n";
	struct bench a, b;
	struct buf text;

	(void)state;
	run(&a, rule, "nowhere/main.tf", "resource \"t\" \"a\" {\n  bad = true\n}\n");
	buf_init(&text, a.arena, SIZE_MAX);
	baseline_write(&a.scan.findings, &text);
	run(&b, rule, "nowhere/main.tf", "\n\n# moved\nresource \"t\" \"a\" {\n  bad = true\n}\n"
	    "resource \"t\" \"new\" {\n  bad = true\n}\n");
	assert_true(suppress_by_baseline(&b.scan.findings, buf_slice(&text)));
	assert_int_equal(b.scan.findings.count, 1);
	assert_true(slice_is(b.scan.findings.list[0].address, "t.new"));
	assert_false(suppress_by_baseline(&b.scan.findings, SLICE("not a baseline")));
	arena_free(a.arena);
	arena_free(b.arena);
}

/* What is wrong with a file of rules is said, with its line. */
static const struct { const char *text; uint32_t line; } wrong[] = {
	{ "rule \"X\" {\n", 1 }, { "nonsense {\n}\n", 1 },
	{ "\nrule \"X\" {\n title = \"t\"\n control = \"none\"\n severity = \"low\"\n}\n", 2 },
	{ "\nrule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n on \"t\" {\n }\n}\n", 6 },
	{ "rule \"X\" {\n title = \"t\"\n control = \"audit\"\n severity = \"low\"\n fail ==\n}\n", 5 },
};

static void
test_wrong_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct arena *arena = arena_new(1 << 16);
		struct rules rules;

		rules_init(&rules, arena, &env_real, false);
		rules_add(&rules, SLICE("test.hcl"), slice_of(wrong[i].text));
		rules_need_all(&rules);
		if (rules.project.problem_count == 0)
			fail_msg("%zu is accepted", i);
		if (rules.project.problems[0].span.line != wrong[i].line && i > 0)
			fail_msg("%zu: line %u", i, rules.project.problems[0].span.line);
		arena_free(arena);
	}
}

static void
same_parts(const struct rule_block *a, const struct rule_block *b)
{
	assert_int_equal(a->part_count, b->part_count);
	for (uint32_t i = 0; i < a->part_count; i++) {
		const struct rule_part *p = &a->parts[i], *q = &b->parts[i];

		assert_true(slice_eq(p->type, q->type));
		assert_int_equal(p->label_count, q->label_count);
		for (uint32_t k = 0; k < p->label_count; k++)
			assert_true(slice_eq(p->labels[k], q->labels[k]));
	}
}

/* tools/embed finds by the layout of the files what is found here without it. */
static void
test_embedded_index(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct rule_index index;

	(void)state;
	for (const struct rule_text *t = rule_texts; t < rule_texts + rule_text_count; t++) {
		assert_true(rule_index_read(&index, arena, t->bare));
		assert_int_equal(index.count, t->block_count);
		for (uint32_t i = 0; i < index.count; i++) {
			const struct rule_block *a = &index.blocks[i], *b = &t->blocks[i];

			assert_true(slice_eq(a->type, b->type) && slice_eq(a->label, b->label));
			assert_true(a->start == b->start && a->end == b->end && a->line == b->line);
			same_parts(a, b);
		}
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embedded_index),
		cmocka_unit_test(test_expressions), cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_places), cmocka_unit_test(test_lets_and_locals),
		cmocka_unit_test(test_views), cmocka_unit_test(test_possible_values),
		cmocka_unit_test(test_suppressions), cmocka_unit_test(test_fixes),
		cmocka_unit_test(test_baseline), cmocka_unit_test(test_wrong_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
