/* Tests of kubernetes.c, on own manifests and on every file of the corpus. */
#include "iac/front_end_test.h"
#include "iac/kubernetes.h"

static uint32_t
read_text(struct project *p, const char *path, const char *text)
{
	uint32_t source = project_add_source(p, slice_of(path), slice_of(text));

	kubernetes_read(p, source);
	return source;
}

static void
test_objects(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.yaml", "# Source: fhir/templates/web.yaml\napiVersion: apps/v1\nkind: Deployment\n"
	    "metadata:\n  name: web\n  namespace: prod\nspec:\n  template:\n    spec:\n"
	    "      serviceAccountName: sa\n      containers:\n      - name: c\n        privileged: yes\n"
	    "        env:\n        - valueFrom: {secretKeyRef: {name: s, key: k}}\n"
	    "---\n---\napiVersion: v1\nkind: List\nitems:\n"
	    "- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
	    "- {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rb},\n"
	    "   roleRef: {kind: ClusterRole, name: cr}, subjects: [{kind: User, name: u}]}\n"
	    "---\njust: text\n");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 3);
	r = resource(&p, "Deployment/web");
	assert_true(slice_is(r->module, "prod"));
	assert_int_equal(r->head.line, 5);
	assert_int_equal(r->span.line, 2);
	assert_true(slice_is(r->attributes->why->text, "Source: fhir/templates/web.yaml"));
	assert_true(value_path(r->attributes, "spec.template.spec.containers.0.privileged")->boolean);
	assert_int_equal(value_path(r->attributes, "spec.template.spec.automountServiceAccountToken")->kind,
	    VALUE_NULL);
	assert_true(refers(r, "ServiceAccount/sa", "spec.template.spec.serviceAccountName"));
	assert_true(refers(r, "Secret/s", "spec.template.spec.containers.0.env.0.valueFrom.secretKeyRef"));
	assert_null(resource(&p, "Secret/s")->attributes->why);
	r = resource(&p, "RoleBinding/rb");
	assert_true(refers(r, "ClusterRole/cr", "roleRef") && refers(r, "User/u", "subjects"));
	arena_free(a);
}

static void
test_addresses(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.json", "{\"apiVersion\":\"v1\",\"kind\":\"PodList\",\"items\":["
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"namespace\":\"a\"}},"
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"namespace\":\"b\"}},"
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"namespace\":\"b\"}},"
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"},{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}]}");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 5);
	resource(&p, "a/Pod/x");
	resource(&p, "b/Pod/x");
	resource(&p, "b/Pod/x#2");
	resource(&p, "Pod");
	resource(&p, "Pod#2");
	arena_free(a);
}

/* One problem for all templates of a directory, none for braces in a text. */
static void
test_templates(void **state)
{
	static const char *const texts[] = {
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
		"{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
		"apiVersion: v1\nkind: Pod\nmetadata:\n{{ include \"labels\" . | indent 2 }}\n",
	};
	struct arena *a = arena_new(1 << 16);
	struct project p;
	char path[40];

	(void)state;
	project_init(&p, a, NULL);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		snprintf(path, sizeof path, "chart/templates/%zu.yaml", i);
		read_text(&p, slice_cstr(slice_of(path), a), texts[i]);
	}
	assert_int_equal(p.problem_count, 1);
	assert_int_equal(p.resource_count, 0);
	read_text(&p, "rules.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
	    "  alert: \"{{ $labels.job }}\"\n  secretName: x\n");
	assert_int_equal(p.problem_count, 1);
	assert_int_equal(resource(&p, "ConfigMap/c")->reference_count, 0);
	arena_free(a);
}

/* The corpus has no broken manifest; what its names call positive or negative holds objects. */
static void
test_corpus(void **state)
{
	FILE *list = popen("find ../shared/corpus/iac/kics/k8s -type f ! -name '*expected*' | sort", "r");
	static char text[1 << 20];
	char path[1000];
	uint32_t files = 0, resources = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(path, sizeof path, list) != NULL) {
		struct arena *a = arena_new(1 << 16);
		struct project p;
		FILE *f;

		path[strcspn(path, "\n")] = '\0';
		f = fopen(path, "r");
		assert_non_null(f);
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
		project_init(&p, a, NULL);
		read_text(&p, path, text);
		for (uint32_t i = 0; i < p.problem_count; i++)
			print_message("%s:%u: %s\n", path, p.problems[i].span.line, p.problems[i].message.ptr);
		assert_true(p.resource_count > 0);
		assert_int_equal(p.problem_count, 0);
		resources += p.resource_count;
		arena_free(a);
		files++;
	}
	pclose(list);
	assert_true(files > 50);
	print_message("%u files, %u resources\n", files, resources);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects), cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_templates), cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
