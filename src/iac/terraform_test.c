/* Modules of Terraform: what is expanded, known, referred to; and the corpus. */
#include <stdlib.h>
#include <unistd.h>

#include "iac/front_end_test.h"
#include "iac/terraform.h"

static void
read_text(struct project *p, struct arena *a, const char *text)
{
	uint32_t source;

	project_init(p, a, NULL);
	source = project_add_source(p, SLICE("nowhere/main.tf"), slice_of(text));
	terraform_read(p, &source, 1, SLICE("nowhere"));
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

/* ---- in a directory of their own ---- */

struct room {
	char            path[64];
	struct arena   *arena;
	struct project  project;
	uint32_t        sources[32], count;
};

/* Files as name, text, name, text ... NULL; those of the first level are the root module. */
static void
make_room(struct room *r, const char *const *files)
{
	char path[300], command[400];
	FILE *f;

	memset(r, 0, sizeof *r);
	strcpy(r->path, "/tmp/terraform-XXXXXX");
	assert_non_null(mkdtemp(r->path));
	r->arena = arena_new(1 << 16);
	project_init(&r->project, r->arena, NULL);
	for (; *files != NULL; files += 2) {
		snprintf(path, sizeof path, "%s/%s", r->path, files[0]);
		snprintf(command, sizeof command, "mkdir -p \"$(dirname %s)\"", path);
		assert_int_equal(system(command), 0);
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(files[1], f);
		fclose(f);
		if (strchr(files[0], '/') == NULL)
			r->sources[r->count++] = project_add_source(&r->project, slice_dup(slice_of(path), r->arena),
			    slice_of(files[1]));
	}
}

static void
read_room(struct room *r)
{
	terraform_read(&r->project, r->sources, r->count, slice_of(r->path));
	for (uint32_t i = 0; i < r->project.problem_count; i++)
		print_message("%.*s:%u: %s\n", SLICE_FMT(r->project.sources[r->project.problems[i].span.source].path),
		    r->project.problems[i].span.line, r->project.problems[i].message.ptr);
}

static void
leave_room(struct room *r)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", r->path);
	assert_int_equal(system(command), 0);
	arena_free(r->arena);
}

static const char *
at(struct room *r, const char *address, const char *path)
{
	return shown(value_path(resource(&r->project, address)->attributes, path));
}

static void
test_json(void **state)
{
	static const char *const files[] = { "main.tf.json",
		"{\"//\": \"c\", \"variable\": {\"n\": {\"default\": \"x\"}},\n"
		"\"resource\": {\"aws_s3_bucket\": {\"b\": {\"bucket\": \"${var.n}-logs\", \"tags\": {\"a\": \"$${x}\"},\n"
		"  \"depends_on\": [\"aws_kms_key.k\"], \"dynamic\": {\"rule\": {\"for_each\": [1, 2], \"content\":\n"
		"  {\"v\": \"${rule.value + 1}\"}}}}}, \"aws_kms_key\": {\"k\": [{\"count\": 2, \"i\": \"${count.index}\"}]}},\n"
		"\"locals\": {\"l\": [true, 1.5]}, \"output\": {\"o\": {\"value\": \"${local.l[1]}\"}}}", NULL };
	struct room r;

	(void)state;
	make_room(&r, files);
	read_room(&r);
	assert_int_equal(r.project.problem_count, 0);
	assert_string_equal(at(&r, "aws_s3_bucket.b", "bucket"), "x-logs");
	assert_string_equal(at(&r, "aws_s3_bucket.b", "tags.a"), "${x}");
	assert_string_equal(at(&r, "aws_s3_bucket.b", "rule.1.v"), "3");
	assert_string_equal(at(&r, "aws_kms_key.k[1]", "i"), "1");
	assert_string_equal(at(&r, "output.o", "value"), "1.5");
	assert_true(slice_is(resource(&r.project, "aws_s3_bucket.b")->references[0].address, "aws_kms_key.k"));
	assert_int_equal(resource(&r.project, "aws_s3_bucket.b")->span.line, 2);
	assert_int_equal(value_path(resource(&r.project, "aws_s3_bucket.b")->attributes, "tags")->span.line, 2);
	leave_room(&r);
}

static void
test_overrides(void **state)
{
	static const char *const files[] = { "a_override.tf", "resource \"t\" \"a\" {\n x = 2\n b {\n v = 9\n }\n lifecycle "
		"{\n prevent_destroy = true\n }\n}\nlocals {\n l = \"over\"\n}\n", "main.tf", "resource \"t\" \"a\" {\n x = 1\n"
		" y = local.l\n b {\n v = 1\n }\n b {\n v = 2\n }\n lifecycle {\n create_before_destroy = true\n }\n}\n"
		"locals {\n l = \"base\"\n}\n", "main.tofu", "resource \"u\" \"b\" {}\nresource \"t\" \"a\" {\n x = 1\n y = local.l\n"
		" b {\n v = 1\n }\n b {\n v = 2\n }\n lifecycle {\n create_before_destroy = true\n }\n}\nlocals {\n l = \"base\"\n}\n",
		NULL };
	struct room r;

	(void)state;
	make_room(&r, files);
	read_room(&r);
	assert_int_equal(r.project.problem_count, 0);
	assert_int_equal(r.project.resource_count, 2);          /* main.tofu instead of main.tf */
	assert_string_equal(at(&r, "t.a", "x"), "2");
	assert_string_equal(at(&r, "t.a", "y"), "over");
	assert_string_equal(at(&r, "t.a", "b.0.v"), "9");
	assert_string_equal(at(&r, "t.a", "b.1.v"), "null");
	assert_string_equal(at(&r, "t.a", "lifecycle.0.prevent_destroy"), "true");
	assert_string_equal(at(&r, "t.a", "lifecycle.0.create_before_destroy"), "true");
	leave_room(&r);
}

static void
test_variables(void **state)
{
	static const char *const files[] = { "main.tf", "variable \"a\" {\n type = number\n}\nvariable \"b\" {}\nvariable \"c\""
		" {}\nvariable \"d\" {\n type = object({\n x = string\n y = optional(number, 5)\n z = optional(bool)\n })\n}\n"
		"variable \"e\" {\n type = set(string)\n default = [\"b\", \"a\", \"b\"]\n}\nvariable \"f\" {\n type = list(number)\n"
		" default = [\"x\"]\n}\nvariable \"g\" {\n type = map(string)\n sensitive = true\n default = { k = 1 }\n}\n"
		"variable \"h\" {\n type = string\n nullable = false\n default = \"usual\"\n}\nvariable \"i\" {\n type = list(string)\n}\n"
		"variable \"j\" {\n type = string\n}\nresource \"t\" \"a\" {\n a = var.a\n b = var.b\n c = var.c\n d = var.d\n e = "
		"var.e\n f = var.f\n g = var.g[\"k\"]\n h = var.h\n i = var.i\n j = var.j\n}\n",
		"terraform.tfvars", "a = \"7\"\nb = \"terraform\"\nc = \"terraform\"\nd = { x = 1, w = 2 }\nh = null\n",
		"b.auto.tfvars", "b = \"auto\"\n", "a.auto.tfvars.json", "{\"b\": \"json\", \"c\": \"json\"}", NULL };
	static const char *const environment[] = { "TF_VAR_i=[\"p\", \"q\"]", "PATH=/", "TF_VAR_j=[1]", NULL };
	struct room r;

	(void)state;
	make_room(&r, files);
	r.project.environment = terraform_environment(&r.project, (char *const *)(uintptr_t)environment);
	read_room(&r);
	assert_int_equal(r.project.problem_count, 0);
	assert_int_equal(value_path(resource(&r.project, "t.a")->attributes, "a")->kind, VALUE_NUMBER);
	assert_string_equal(at(&r, "t.a", "b"), "auto");
	assert_string_equal(at(&r, "t.a", "c"), "json");
	assert_string_equal(at(&r, "t.a", "d.x"), "1");
	assert_string_equal(at(&r, "t.a", "d.y"), "5");
	assert_int_equal(value_path(resource(&r.project, "t.a")->attributes, "d")->count, 3);
	assert_string_equal(at(&r, "t.a", "e.0"), "a");
	assert_string_equal(at(&r, "t.a", "f.0"), "?");
	assert_string_equal(at(&r, "t.a", "g"), "1");
	assert_true(value_path(resource(&r.project, "t.a")->attributes, "g")->sensitive);
	assert_string_equal(at(&r, "t.a", "h"), "usual");
	assert_string_equal(at(&r, "t.a", "i.1"), "q");
	assert_string_equal(at(&r, "t.a", "j"), "[1]");
	leave_room(&r);
}

static void
test_files_and_modules(void **state)
{
	static const char *const files[] = { "main.tf", "module \"m\" {\n source = \"./mod\"\n count = 2\n who = \"w${count.index}\"\n}\n"
		"module \"remote\" {\n source = \"terraform-aws-modules/x/aws\"\n}\nmodule \"gone\" {\n source = \"x/y/z\"\n}\n"
		"resource \"t\" \"a\" {\n f = file(\"policy.txt\")\n o = file(\"../../../etc/passwd\")\n e = fileexists(\"policy.txt\")\n"
		" r = module.remote.out\n g = module.gone.out\n m = module.m[1].text\n s = fileset(path.module, \"mod/*.t*\")\n"
		" h = filemd5(\"${path.root}/policy.txt\")\n}\n", "policy.txt", "{}", "mod/x.tf", "variable \"who\" {}\noutput "
		"\"text\" {\n value = templatefile(\"${path.module}/x.tpl\", { who = var.who })\n}\n", "mod/x.tpl",
		"hello ${upper(who)}%{ if who == \"w1\" }!%{ endif }", "vendored/y.tf", "output \"out\" {\n value = \"installed\"\n}\n",
		".terraform/modules/modules.json", "{\"Modules\":[{\"Key\":\"remote\",\"Dir\":\"vendored\"}]}", NULL };
	struct room r;

	(void)state;
	make_room(&r, files);
	r.count = 1;                    /* the text is no source */
	read_room(&r);
	assert_int_equal(r.project.problem_count, 0);
	assert_string_equal(at(&r, "t.a", "f"), "{}");
	assert_string_equal(at(&r, "t.a", "o"), "?");
	assert_string_equal(at(&r, "t.a", "e"), "true");
	assert_string_equal(at(&r, "t.a", "m"), "hello W1!");
	assert_string_equal(at(&r, "t.a", "r"), "installed");
	assert_string_equal(at(&r, "t.a", "g"), "?");
	assert_string_equal(at(&r, "t.a", "s.1"), "mod/x.tpl");
	assert_string_equal(at(&r, "t.a", "h"), "99914b932bd37a50b983c5e7c90ae93b");
	leave_room(&r);
}

/* A module that is not here is also the resource that it makes; its names and defaults are known. */
static void
test_registry_modules(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;
	const struct resource *made[2];

	(void)state;
	read_text(&p, a, "module \"db\" {\n source = \"terraform-aws-modules/rds/aws\"\n version = \"~> 2.0\"\n}\n"
	    "module \"eks\" {\n source = \"registry.terraform.io/terraform-aws-modules/eks/aws\"\n"
	    " cluster_enabled_log_types = [\"api\"]\n cluster_endpoint_public_access = true\n}\n"
	    "module \"own\" {\n source = \"git::https://example.org/rds/aws\"\n}\n");
	assert_int_equal(p.resource_count, 5);
	for (uint32_t i = 0, n = 0; i < p.resource_count; i++)
		if (!slice_is(p.resources[i].type, "module"))
			made[n++] = &p.resources[i];
	assert_true(slice_is(made[0]->type, "aws_db_instance") && slice_is(made[0]->address, "module.db"));
	assert_string_equal(shown(value_path(made[0]->attributes, "storage_encrypted")), "null");
	assert_true(slice_is(made[1]->type, "aws_eks_cluster"));
	assert_string_equal(shown(value_path(made[1]->attributes, "enabled_cluster_log_types.0")), "api");
	assert_string_equal(shown(value_path(made[1]->attributes, "vpc_config.endpoint_public_access")), "true");
	assert_string_equal(shown(value_path(made[1]->attributes, "vpc_config.endpoint_private_access")), "true");
	arena_free(a);
}

/* A resource of azapi is also the resource of ARM that it says, without its version. */
static void
test_azapi(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	read_text(&p, a, "resource \"azapi_resource\" \"a\" {\n type = \"Microsoft.Sql/servers@2023-08-01\"\n name = \"s\"\n"
	    " body = jsonencode({ properties = { x = 1 } })\n}\n"
	    "resource \"azapi_resource\" \"b\" {\n type = var.gone\n body = { properties = { x = 2 } }\n}\n");
	assert_int_equal(p.resource_count, 3);
	for (uint32_t i = 0; i < p.resource_count; i++)
		if (slice_is(p.resources[i].type, "Microsoft.Sql/servers")) {
			assert_true(slice_is(p.resources[i].address, "azapi_resource.a"));
			assert_string_equal(shown(value_path(p.resources[i].attributes, "properties.x")), "1");
			assert_string_equal(shown(value_path(p.resources[i].attributes, "name")), "s");
			arena_free(a);
			return;
		}
	fail();
}

static void
test_data(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	read_text(&p, a, "data \"aws_iam_policy_document\" \"base\" {\n statement {\n sid = \"A\"\n actions = [\"s3:Get*\"]\n"
	    " resources = [\"*\"]\n }\n}\n"
	    "data \"aws_iam_policy_document\" \"d\" {\n source_policy_documents = [data.aws_iam_policy_document.base.json]\n"
	    " statement {\n sid = \"B\"\n effect = \"Deny\"\n actions = [\"s3:*\", \"a:b\"]\n resources = [\"x\"]\n principals {\n"
	    " type = \"*\"\n identifiers = [\"*\"]\n }\n condition {\n test = \"Bool\"\n variable = \"aws:SecureTransport\"\n"
	    " values = [\"false\"]\n }\n }\n override_policy_documents = [jsonencode({ Statement = [{ Sid = \"A\", Effect = \"Deny\" }] })]\n}\n"
	    "data \"aws_iam_policy_document\" \"u\" {\n statement {\n actions = [\"a\"]\n resources = [aws_x.y.arn]\n }\n}\n"
	    "data \"template_file\" \"t\" {\n template = \"a $${x}\"\n vars = { x = 1 }\n}\n"
	    "data \"cloudinit_config\" \"c\" {\n part {\n content_type = \"text/cloud-config\"\n content = \"ntp: {}\"\n }\n}\n"
	    "resource \"t\" \"a\" {\n d = data.aws_iam_policy_document.d.json\n u = data.aws_iam_policy_document.u.json\n"
	    " t = data.template_file.t.rendered\n c = data.cloudinit_config.c.rendered\n i = data.aws_caller_identity.me.account_id\n}\n");
	assert_int_equal(p.problem_count, 0);
	assert_string_equal(shown(value_path(resource(&p, "t.a")->attributes, "d")),
	    "{\"Statement\":[{\"Effect\":\"Deny\",\"Sid\":\"A\"},{\"Action\":[\"s3:*\",\"a:b\"],\"Condition\":{\"Bool\":"
	    "{\"aws:SecureTransport\":\"false\"}},\"Effect\":\"Deny\",\"Principal\":\"*\",\"Resource\":\"x\",\"Sid\":\"B\"}],"
	    "\"Version\":\"2012-10-17\"}");
	assert_string_equal(shown(value_path(resource(&p, "t.a")->attributes, "u")), "?{\"Statement\":[{\"Action\":\"a\","
	    "\"Effect\":\"Allow\",\"Resource\":\"${?}\"}],\"Version\":\"2012-10-17\"}");
	assert_string_equal(shown(value_path(resource(&p, "t.a")->attributes, "t")), "a 1");
	assert_non_null(strstr(shown(value_path(resource(&p, "t.a")->attributes, "c")), "ntp: {}"));
	assert_string_equal(shown(value_path(resource(&p, "t.a")->attributes, "i")), "?");
	arena_free(a);
}

/* Resources of the provider "kubernetes" have the form of the objects they make. */
static void
test_kubernetes(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;

	(void)state;
	read_text(&p, a, "resource \"kubernetes_stateful_set_v1\" \"s\" {\n metadata {\n name = \"s\"\n labels = { my_app = 1 }\n }\n"
	    " spec {\n service_name = \"s\"\n template {\n spec {\n host_pid = true\n init_container {\n name = \"i\"\n"
	    " security_context = { run_as_user = 7 }\n }\n container {\n name = \"c\"\n env {\n name = \"A\"\n value = \"1\"\n }\n"
	    " resources {\n limits = { \"a_b/c\" = 1 }\n }\n }\n }\n }\n }\n}\n"
	    "resource \"kubernetes_daemonset\" \"d\" {\n metadata {\n name = \"d\"\n }\n}\n"
	    "resource \"kubernetes_labels\" \"l\" {\n api_version = \"v1\"\n kind = \"Pod\"\n metadata {\n name = \"p\"\n }\n}\n"
	    "resource \"kubernetes_manifest\" \"m\" {\n manifest = {\n apiVersion = \"v1\"\n kind = \"Service\"\n spec = { clusterIP = \"x\" }\n }\n}\n");
	v = resource(&p, "kubernetes_stateful_set_v1.s")->attributes;
	assert_true(slice_is(resource(&p, "kubernetes_stateful_set_v1.s")->type, "StatefulSet"));
	assert_string_equal(shown(value_path(v, "metadata.labels.my_app")), "1");
	assert_string_equal(shown(value_path(v, "spec.serviceName")), "s");
	assert_string_equal(shown(value_path(v, "spec.template.spec.hostPID")), "true");
	assert_string_equal(shown(value_path(v, "spec.template.spec.initContainers.0.securityContext.runAsUser")), "7");
	assert_string_equal(shown(value_path(v, "spec.template.spec.containers.0.env.0.name")), "A");
	assert_string_equal(shown(value_member(value_path(v, "spec.template.spec.containers.0.resources.limits"), SLICE("a_b/c"))), "1");
	assert_true(slice_is(resource(&p, "kubernetes_daemonset.d")->type, "DaemonSet"));
	assert_true(slice_is(resource(&p, "kubernetes_labels.l")->type, "kubernetes_labels"));
	assert_true(slice_is(resource(&p, "kubernetes_manifest.m")->type, "Service"));
	assert_string_equal(shown(value_path(resource(&p, "kubernetes_manifest.m")->attributes, "spec.clusterIP")), "x");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json), cmocka_unit_test(test_overrides), cmocka_unit_test(test_variables),
		cmocka_unit_test(test_files_and_modules), cmocka_unit_test(test_registry_modules), cmocka_unit_test(test_azapi),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_kubernetes),
		cmocka_unit_test(test_expansion), cmocka_unit_test(test_empty), cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_modules), cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
