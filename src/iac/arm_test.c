/* Tests of arm.c, bicep.c and azure*.c, on own templates and on every file of the corpus. */
#include "iac/arm.h"
#include "iac/front_end_test.h"

static void
read_text(struct project *p, const char *path, const char *text)
{
	arm_read(p, project_add_source(p, slice_of(path), slice_of(text)), NULL, SLICE(""));
}

static void
test_shape(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.json", "{ // a comment\n\"$schema\":\"x\",\n"
	    "\"parameters\":{\"n\":{\"type\":\"string\",\"defaultValue\":\"s1\"},"
	    "\"pw\":{\"type\":\"securestring\"}},\n"
	    "\"resources\":[\n{\"type\":\"Microsoft.Sql/servers\",\n\"apiVersion\":\"2021\","
	    "\"name\":\"[parameters('n')]\",\"properties\":{\"login\":\"[[x]\",\"pw\":\"[parameters('pw')]\"},\n"
	    "\"resources\":[{\"type\":\"databases\",\"name\":\"db\",\"properties\":{}},"
	    "{\"type\":\"databases/tags\",\"name\":\"db2/t\"}]},\n"
	    "{\"type\":\"Microsoft.Sql/servers/auditingSettings\",\"name\":\"[concat(parameters('n'), '/a')]\","
	    "\"dependsOn\":[\"[resourceId('Microsoft.Sql/servers', parameters('n'))]\"]}]}");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 6);
	assert_string_equal(shown(value_path(resource(&p, "parameter.n")->attributes, "default")), "s1");
	assert_string_equal(shown(value_path(resource(&p, "parameter.pw")->attributes, "secure")), "true");
	assert_true(slice_is(resource(&p, "Microsoft.Sql/servers/databases/tags/s1/db2/t")->name, "s1/db2/t"));
	r = resource(&p, "Microsoft.Sql/servers/s1");
	assert_int_equal(r->span.line, 5);
	assert_true(slice_is(r->name, "s1"));
	assert_string_equal(shown(value_path(r->attributes, "properties.login")), "[x]");
	assert_true(value_path(r->attributes, "properties.pw")->sensitive);
	assert_int_equal(value_path(r->attributes, "resources")->kind, VALUE_NULL);
	r = resource(&p, "Microsoft.Sql/servers/databases/s1/db");
	assert_true(refers(r, "Microsoft.Sql/servers/s1", "parent"));
	assert_string_equal(shown(value_path(r->attributes, "type")), "Microsoft.Sql/servers/databases");
	r = resource(&p, "Microsoft.Sql/servers/auditingSettings/s1/a");
	assert_true(refers(r, "Microsoft.Sql/servers/s1", "parent"));
	assert_true(refers(r, "Microsoft.Sql/servers/s1", "dependsOn.0"));
	arena_free(a);
}

static void
test_functions(void **state)
{
	static const struct {
		const char *expression, *value;
	} cases[] = {
		{ "[parameters('d')]", "v" }, { "[parameters('none')]", "?" }, { "[parameters('o')]", "?" },
		{ "[variables('list')]", "[3]2" }, { "[variables('cycle')]", "?" },
		{ "[concat('a', parameters('d'), 1)]", "av1" }, { "[concat(createArray(1), createArray('z'))]", "[2]z" },
		{ "[concat('a', parameters('o'))]", "?a${?}" }, { "[format('{0}-{1}{{', 'a', 2)]", "a-2{" },
		{ "[toLower('AB')]", "ab" }, { "[TOUPPER('ab')]", "AB" }, { "[replace('aXa', 'X', 'y')]", "aya" },
		{ "[split('a,b', ',')]", "[2]b" }, { "[join(createArray('a','b'), '-')]", "a-b" },
		{ "[substring('hello', 1, 3)]", "ell" }, { "[length('abc')]", "3" }, { "[empty('')]", "true" },
		{ "[first('abc')]", "a" }, { "[last(createArray(1,2))]", "2" }, { "[indexOf('abc', 'c')]", "2" },
		{ "[contains('abc', 'b')]", "true" }, { "[contains(createArray('x'), 'y')]", "false" },
		{ "[startsWith('abc', 'AB')]", "true" }, { "[add(1, 2)]", "3" }, { "[div(7, 2)]", "3" },
		{ "[mod(7, 4)]", "3" }, { "[equals('a', 'a')]", "true" }, { "[not(equals(1, 2))]", "true" },
		{ "[and(true(), equals(parameters('o'), 'x'))]", "?" },
		{ "[and(false(), equals(parameters('o'), 'x'))]", "false" },
		{ "[or(true, false)]", "?" }, { "[if(equals(1,1), 'y', 'n')]", "y" }, { "[less(1, 2)]", "true" },
		{ "[coalesce(null(), 'x')]", "x" }, { "[union(createObject('a',1), createObject('b',2))]", "[2]" },
		{ "[take('abc', 2)]", "ab" }, { "[skip(createArray(1,2,3), 2)]", "[1]3" }, { "[range(1, 3)]", "[3]3" },
		{ "[json('{\"a\":[1]}').a[0]]", "1" }, { "[base64('a')]", "YQ==" }, { "[string(1)]", "1" },
		{ "[int('5')]", "5" }, { "[bool('true')]", "true" }, { "[padLeft('7', 3, '0')]", "007" },
		{ "[resourceGroup().location]", "?" }, { "[listKeys('x', '1').keys[0].value]", "?" },
		{ "[c.twice('a')]", "aa" }, { "[uniqueString('x')]", "?" }, { "[nothing", "[nothing" },
		{ "[broken(]", "?" }, { "['it''s']", "it's" }, { "[[literal]", "[literal]" },
		{ "[resourceId('Microsoft.A/b/c', 'x', 'y')]",
		    "?/subscriptions/${?}/resourceGroups/${?}/providers/Microsoft.A/b/x/c/y" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 16);
		struct project p;
		char text[2000], quoted[400], *to = quoted;

		for (const char *s = cases[i].expression; *s != '\0'; s++) {
			if (*s == '"')
				*to++ = '\\';
			*to++ = *s;
		}
		*to = '\0';
		snprintf(text, sizeof text, "{\"parameters\":{\"d\":{\"type\":\"string\",\"defaultValue\":\"v\"},"
		    "\"o\":{\"type\":\"string\"}},\"variables\":{\"cycle\":\"[variables('cycle')]\",\"copy\":[{\"name\":"
		    "\"list\",\"count\":3,\"input\":\"[copyIndex('list')]\"}]},\"functions\":[{\"namespace\":\"c\","
		    "\"members\":{\"twice\":{\"parameters\":[{\"name\":\"s\",\"type\":\"string\"}],\"output\":{\"value\":"
		    "\"[concat(parameters('s'), parameters('s'))]\"}}}}],"
		    "\"resources\":[{\"type\":\"A/b\",\"name\":\"n\",\"v\":\"%s\"}]}", quoted);
		project_init(&p, a, NULL);
		read_text(&p, "a.json", text);
		assert_int_equal(p.problem_count, 0);
		if (strcmp(shown(value_path(resource(&p, "A/b/n")->attributes, "v")), cases[i].value) != 0)
			fail_msg("%s: %s", cases[i].expression, shown(value_path(resource(&p, "A/b/n")->attributes, "v")));
		arena_free(a);
	}
}

static void
test_copies(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.json", "{\"parameters\":{\"on\":{\"type\":\"bool\",\"defaultValue\":false}},\"resources\":{"
	    "\"x\":{\"type\":\"A/b\",\"name\":\"[concat('n', copyIndex(1))]\",\"copy\":{\"name\":\"l\",\"count\":2},"
	    "\"properties\":{\"copy\":[{\"name\":\"disks\",\"count\":3,\"input\":{\"lun\":\"[copyIndex('disks')]\"}}]}},"
	    "\"y\":{\"type\":\"A/c\",\"name\":\"n\",\"condition\":\"[parameters('on')]\"},"
	    "\"z\":{\"type\":\"A/c\",\"name\":\"gone\",\"condition\":false},"
	    "\"d\":{\"type\":\"A/c\",\"name\":\"n\"}}}");
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 5);
	assert_string_equal(shown(value_path(resource(&p, "A/b/n2")->attributes, "properties.disks.2.lun")), "2");
	r = resource(&p, "A/c/n");
	assert_true(slice_is(r->attributes->why->text, "only when its condition holds"));
	resource(&p, "A/c/n#2");
	arena_free(a);
}

static void
test_nested(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.json", "{\"parameters\":{\"p\":{\"type\":\"string\",\"defaultValue\":\"outer\"}},\"resources\":["
	    "{\"type\":\"Microsoft.Resources/deployments\",\"name\":\"d\",\"properties\":{\"template\":{\"resources\":["
	    "{\"type\":\"A/b\",\"name\":\"[parameters('p')]\"}]}}},"
	    "{\"type\":\"Microsoft.Resources/deployments\",\"name\":\"e\",\"properties\":{"
	    "\"expressionEvaluationOptions\":{\"scope\":\"inner\"},\"parameters\":{\"p\":{\"value\":\"given\"}},"
	    "\"template\":{\"parameters\":{\"p\":{\"type\":\"string\"}},\"resources\":["
	    "{\"type\":\"A/b\",\"name\":\"[parameters('p')]\"}]}}}]}");
	assert_int_equal(p.problem_count, 0);
	assert_true(slice_is(resource(&p, "A/b/outer")->module, "d"));
	assert_true(slice_is(resource(&p, "A/b/given")->module, "e"));
	arena_free(a);
}

static void
test_bicep(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, "a.bicep", "targetScope = 'resourceGroup'\n"
	    "@description('a\\nb')\n@allowed([\n  'x'\n  'y'\n])\nparam n string = 'srv'\n"
	    "@secure()\nparam pw string\nparam kind 'a' | 'b' = 'a'\nparam on bool = false\n"
	    "type t = {\n  a: string\n}\nvar full = '${n}-${toUpper('q')}'\nvar multi = '''\nline\n'''\n"
	    "resource s 'Microsoft.Sql/servers@2021-02-01' = {\n  name: full\n  location: resourceGroup().location\n"
	    "  properties: {\n    pw: pw\n    big: 1 + 2 * 3 > 6 && !on ? 'yes' : 'no'\n    'quoted-key': multi\n"
	    "    list: [1, 2\n 3]\n    loop: [for (i, k) in range(0, 2): {\n      v: i + k\n    }]\n"
	    "    maybe: s2.?properties.?x ?? 'else'\n  }\n"
	    "  resource child 'databases' = {\n    name: 'db'\n    properties: {}\n  }\n}\n"
	    "resource audit 'Microsoft.Sql/servers/databases/auditingSettings@2021' = {\n  parent: s::child\n"
	    "  name: 'default'\n}\n"
	    "resource fw 'Microsoft.Sql/servers/firewallRules@2021' = [for i in range(0, 2): {\n  parent: s\n"
	    "  name: 'r${i}'\n  dependsOn: [s]\n}]\n"
	    "resource old 'A/b@1' existing = {\n  name: 'old'\n}\n"
	    "resource c 'A/c@1' = if (on) {\n  name: 'c'\n  properties: {\n    id: old.id\n    n: s.name\n  }\n}\n"
	    "output o string = s.id\n");
	for (uint32_t i = 0; i < p.problem_count; i++)
		print_message("%u: %s\n", p.problems[i].span.line, p.problems[i].message.ptr);
	assert_int_equal(p.problem_count, 0);
	r = resource(&p, "Microsoft.Sql/servers/srv-Q");
	assert_string_equal(shown(value_path(r->attributes, "properties.big")), "yes");
	assert_string_equal(shown(value_path(r->attributes, "properties.quoted-key")), "line\n");
	assert_string_equal(shown(value_path(r->attributes, "properties.list")), "[3]3");
	assert_string_equal(shown(value_path(r->attributes, "properties.loop.1.v")), "2");
	assert_string_equal(shown(value_path(r->attributes, "apiVersion")), "2021-02-01");
	assert_true(value_path(r->attributes, "properties.pw")->sensitive);
	r = resource(&p, "Microsoft.Sql/servers/databases/srv-Q/db");
	assert_true(refers(r, "Microsoft.Sql/servers/srv-Q", "parent"));
	r = resource(&p, "Microsoft.Sql/servers/firewallRules/srv-Q/r1");
	assert_true(refers(r, "Microsoft.Sql/servers/srv-Q", "dependsOn.0"));
	r = resource(&p, "A/c/c");
	assert_true(refers(r, "A/b/old", "properties.id"));
	assert_string_equal(shown(value_path(r->attributes, "properties.n")), "srv-Q");
	arena_free(a);
}

static void
test_broken_bicep(void **state)
{
	static const char *const texts[] = {
		"resource", "resource x", "resource x 'a'", "resource x 'a' =", "resource x 'a' = {", "param x = 'a",
		"var x = [", "var x = [for", "var x = 1 +", "var x = f(", "= 1", "var x = '${", "@", "@f(",
		"resource x 'a' = [for i in y: {", "var x = a ? b", "var x = '\\q'",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct arena *a = arena_new(1 << 16);
		struct project p;

		project_init(&p, a, NULL);
		read_text(&p, "a.bicep", texts[i]);
		if (p.problem_count != 1)
			fail_msg("%s: %u problems", texts[i], p.problem_count);
		arena_free(a);
	}
}

static void
corpus(const char *names, uint32_t least)
{
	static char text[1 << 20];
	char path[1000], command[300];
	uint32_t files = 0, resources = 0, wrong = 0;
	FILE *list;

	snprintf(command, sizeof command, "find ../shared/corpus/iac/kics/azureResourceManager -name '%s' ! -name '*expected*' | sort", names);
	list = popen(command, "r");
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
		if (p.resource_count == 0)
			print_message("%s: nothing\n", path);
		wrong += p.problem_count > 0 || p.resource_count == 0;
		resources += p.resource_count;
		arena_free(a);
		files++;
	}
	pclose(list);
	print_message("%u files, %u resources\n", files, resources);
	assert_int_equal(wrong, 0);
	assert_true(files > least);
}

static void
test_corpus(void **state)
{
	(void)state;
	corpus("*.json", 50);
	corpus("*.bicep", 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape), cmocka_unit_test(test_functions), cmocka_unit_test(test_copies),
		cmocka_unit_test(test_nested), cmocka_unit_test(test_bicep), cmocka_unit_test(test_broken_bicep),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
