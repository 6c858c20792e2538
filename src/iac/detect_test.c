/* Tests of detect.c: names, contents, and that every file of the corpus is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "iac/detect.h"

#define NOTHING (-1)

static int
detected(const char *path, struct slice text)
{
	enum language l;

	return detect_language(slice_of(path), text, &l) ? (int)l : NOTHING;
}

static void
test_table(void **state)
{
	static const struct {
		const char *path, *text;
		int         language;
	} cases[] = {
		{ "a/main.tf", "", LANGUAGE_TERRAFORM },
		{ "a/x.tf.json", "{}", LANGUAGE_TERRAFORM },
		{ "x.auto.tfvars", "", LANGUAGE_TERRAFORM },
		{ "a/Dockerfile", "", LANGUAGE_DOCKERFILE },
		{ "web.Dockerfile", "", LANGUAGE_DOCKERFILE },
		{ "Dockerfile.prod", "# x\nfrom scratch\n", LANGUAGE_DOCKERFILE },
		{ "Dockerfile.md", "How to write one\n", NOTHING },
		{ "Containerfile", "FROM a\n", LANGUAGE_DOCKERFILE },
		{ "docker-compose.override.yml", "", LANGUAGE_COMPOSE },
		{ "compose.yaml", "", LANGUAGE_COMPOSE },
		{ "x.yml", "services:\n  a:\n    image: b\n", LANGUAGE_COMPOSE },
		{ "x.yml", "# c\n---\napiVersion: v1\n\"kind\": Pod\n", LANGUAGE_KUBERNETES },
		{ "x.yml", "a:\n  apiVersion: v1\n  kind: Pod\n", NOTHING },
		{ "x.json", "{\"apiVersion\":\"v1\",\"items\":[]}", LANGUAGE_KUBERNETES },
		{ "x.json", "{\"a\":{\"apiVersion\":\"v1\",\"kind\":\"x\"}}", NOTHING },
		{ "x.yaml", "AWSTemplateFormatVersion: 2010-09-09\n", LANGUAGE_CLOUDFORMATION },
		{ "x.template", "{\"Resources\":{\"a\":{\"Type\":\"AWS::S3::Bucket\"}}}",
		    LANGUAGE_CLOUDFORMATION },
		{ "x.json", "{\"$schema\":\"https://x/2019-04-01/deploymentTemplate.json#\"}", LANGUAGE_ARM },
		{ "p.json", "{\"format_version\":\"1.2\",\"planned_values\":{}}", LANGUAGE_TERRAFORM_PLAN },
		{ "p.yml", "- hosts: all\n  tasks: []\n", LANGUAGE_ANSIBLE },
		{ "p.yml", "---\n- name: x\n  community.general.ufw:\n    a: b\n", LANGUAGE_ANSIBLE },
		{ "p.yml", "- name: x\n  colour: red\n", NOTHING },
		{ "user-data", "#cloud-config\npackages: []\n", LANGUAGE_CLOUD_INIT },
		{ "play.yml", "- name: x\n  ansible.builtin.command: y\n", LANGUAGE_ANSIBLE },
		{ "package.json", "{\"name\":\"x\"}", NOTHING },
		{ "README.md", "apiVersion: v1\nkind: Pod\n", NOTHING },
		{ "x.json", "{\"", NOTHING },
		{ "", "", NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int got = detected(cases[i].path, slice_of(cases[i].text));

		if (got != cases[i].language)
			fail_msg("%s, case %zu: %d", cases[i].path, i, got);
	}
}

static void
test_utf16(void **state)
{
	static const char text[] = "\xff\xfe" "a\0p\0i\0V\0e\0r\0s\0i\0o\0n\0:\0 \0v\0" "1\0\n\0k\0i\0n\0d\0:\0 \0P\0o\0d\0\n\0";
	enum language language = LANGUAGE_ARM;

	(void)state;
	assert_true(detect_language(SLICE("x.yaml"), slice_make(text, sizeof text - 1), &language));
	assert_int_equal(language, LANGUAGE_KUBERNETES);
}

static void
corpus(const char *folder, const char *names, int language, uint32_t least)
{
	static char text[1 << 20];
	char command[300], path[1000];
	uint32_t files = 0, wrong = 0;
	FILE *list, *f;

	snprintf(command, sizeof command, "find ../shared/corpus/iac/kics/%s -type f %s", folder, names);
	list = popen(command, "r");
	assert_non_null(list);
	for (; fgets(path, sizeof path, list) != NULL; files++) {
		path[strcspn(path, "\n")] = '\0';
		f = fopen(path, "r");
		assert_non_null(f);
		if (detected(path, slice_make(text, fread(text, 1, sizeof text, f))) != language) {
			print_message("%s\n", path);
			wrong++;
		}
		fclose(f);
	}
	pclose(list);
	assert_int_equal(wrong, 0);
	assert_true(files >= least);
}

static void
test_corpus(void **state)
{
	(void)state;
	corpus("k8s", "! -name '*expected*'", LANGUAGE_KUBERNETES, 50);
	corpus("dockerCompose", "-name '*.yaml'", LANGUAGE_COMPOSE, 20);
	/* One file there is a dump of the tool the corpus is of. */
	corpus("cloudFormation", "! -name '*expected*' ! -path '*duty_detector_disabled/negative2.json'",
	    LANGUAGE_CLOUDFORMATION, 100);
	corpus("azureResourceManager", "-name '*.json' ! -name '*expected*'", LANGUAGE_ARM, 30);
	corpus("azureResourceManager", "-name '*.bicep'", LANGUAGE_ARM, 50);
	corpus("ansible", "-name '*.cfg'", LANGUAGE_ANSIBLE, 2);
	corpus("ansible", "-name '*.yaml'", LANGUAGE_ANSIBLE, 3);
	corpus(".", "-name '*expected*'", NOTHING, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table), cmocka_unit_test(test_utf16), cmocka_unit_test(test_corpus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
