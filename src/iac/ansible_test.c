/* Tests of ansible.c, on own playbooks and on the corpus. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iac/ansible.h"
#include "iac/front_end_test.h"

static void
test_plays(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	ansible_read(&p, project_add_source(&p, SLICE("play.yml"), SLICE("- name: Web\n  hosts: all\n  no_log: true\n"
	    "  vars: {zone: UTC, who: a}\n  tasks:\n  - name: user\n    ansible.builtin.user:\n      name: '{{ who }}'\n"
	    "      password: '{{ item }}'\n    loop: [x]\n  - name: zone\n    timezone: name={{ zone }}\n"
	    "  - block:\n    - name: inner\n      shell: systemctl disable --now chronyd\n      no_log: no\n"
	    "    when: x\n  - name: conf\n    copy:\n      dest: /etc/chrony.conf\n"
	    "      content: |\n        server 169.254.169.123 prefer iburst\n        pool pool.ntp.org key 1\n"
	    "        makestep 1.0 3\n  - name: old\n    action: service name=ntp state=stopped enabled=no\n"
	    "  handlers:\n  - name: again\n    service: {name: nginx, state: restarted}\n")), SLICE(""));
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 8);
	r = resource(&p, "task.user");
	assert_true(slice_is(r->type, "ansible_task") && slice_is(r->module, "Web"));
	assert_true(slice_is(value_path(r->attributes, "action")->text, "user"));
	assert_true(slice_is(value_path(r->attributes, "arguments.name")->text, "a"));
	assert_int_equal(value_path(r->attributes, "arguments.password")->kind, VALUE_UNKNOWN);
	assert_true(value_path(r->attributes, "no_log")->boolean);
	assert_int_equal(r->head.line, 6);
	assert_true(slice_is(value_path(resource(&p, "task.zone")->attributes, "arguments.name")->text, "UTC"));
	r = resource(&p, "task.inner");
	assert_int_equal(value_path(r->attributes, "no_log")->kind, VALUE_BOOL);
	assert_false(value_path(r->attributes, "no_log")->boolean);
	assert_true(slice_is(value_path(r->attributes, "when")->text, "x"));
	r = resource(&p, "host.Web");
	assert_true(slice_is(value_path(r->attributes, "timezone")->text, "UTC"));
	assert_false(value_path(r->attributes, "ntp.enabled")->boolean);
	assert_int_equal(value_path(r->attributes, "ntp.enabled")->kind, VALUE_BOOL);
	assert_true(slice_is(value_path(r->attributes, "ntp.servers.0.address")->text, "169.254.169.123"));
	assert_true(value_path(r->attributes, "ntp.servers.0.options.iburst")->boolean);
	assert_true(slice_is(value_path(r->attributes, "ntp.servers.1.options.key")->text, "1"));
	assert_true(slice_is(value_path(r->attributes, "ntp.directives.makestep.0")->text, "1.0 3"));
	assert_int_equal(value_path(r->attributes, "services.ntp.enabled")->kind, VALUE_BOOL);
	arena_free(a);
}

/* Files that roles send are found beside them, and only inside the root. */
static void
test_files(void **state)
{
	char room[] = "/tmp/ansible-XXXXXX", path[100];
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(room));
	snprintf(path, sizeof path, "%s/tasks", room);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/templates", room);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/templates/ntp.conf.j2", room);
	f = fopen(path, "w");
	fputs("server {{ host }} nts\n", f);
	fclose(f);
	project_init(&p, a, NULL);
	snprintf(path, sizeof path, "%s/tasks/main.yml", room);
	ansible_read(&p, project_add_source(&p, slice_of(path), SLICE("- name: a\n  template: {src: ntp.conf.j2, "
	    "dest: /etc/ntp.conf}\n- name: b\n  copy: {src: ../../../etc/passwd, dest: /x}\n")), slice_of(room));
	v = resource(&p, "host.tasks")->attributes;
	assert_true(slice_is(value_path(v, "ntp.servers.0.address")->text, "${?}"));
	assert_true(value_path(v, "ntp.servers.0.options.nts")->boolean);
	assert_true(value_path(v, "partial")->boolean);
	assert_int_equal(value_member(value_member(v, SLICE("files")), SLICE("/x"))->kind, VALUE_UNKNOWN);
	snprintf(path, sizeof path, "rm -r %s", room);
	assert_int_equal(system(path), 0);
	arena_free(a);
}

static void
test_config(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct value *v;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	ansible_read(&p, project_add_source(&p, SLICE("ansible.cfg"), SLICE("# c\n[defaults]\nlog_path = /x\n"
	    "[galaxy]\nserver=http://g\n  more\n")), SLICE(""));
	v = resource(&p, "ansible.cfg")->attributes;
	assert_true(slice_is(value_path(v, "defaults.log_path")->text, "/x"));
	assert_true(slice_is(value_path(v, "galaxy.server")->text, "http://g\nmore"));
	assert_int_equal(value_path(v, "galaxy.server")->span.line, 5);
	arena_free(a);
}

static void
test_corpus(void **state)
{
	FILE *list = popen("find ../shared/corpus/iac/kics/ansible -type f ! -name '*expected*'", "r");
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
		ansible_read(&p, project_add_source(&p, slice_of(path),
		    slice_make(text, fread(text, 1, sizeof text, f))), SLICE(""));
		fclose(f);
		assert_int_equal(p.problem_count, 0);
		assert_true(p.resource_count > 0);
		arena_free(a);
		files++;
	}
	pclose(list);
	assert_int_equal(files, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plays), cmocka_unit_test(test_files), cmocka_unit_test(test_config),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
