/* Tests of ansible.c, on own playbooks and on the corpus. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iac/ansible.h"
#include "iac/front_end_test.h"

static void
read_text(struct project *p, uint32_t source, struct slice root)
{
	ansible_read(p, &source, 1, root);
}

static void
test_plays(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;

	(void)state;
	project_init(&p, a, NULL);
	read_text(&p, project_add_source(&p, SLICE("play.yml"), SLICE("- name: Web\n  hosts: all\n  no_log: true\n"
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
	read_text(&p, project_add_source(&p, slice_of(path), SLICE("- name: a\n  template: {src: ntp.conf.j2, "
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

/* A room of files: path, text ... NULL; all of them are given, but variables are only there. */
static void
write_room(const char *room, const char *const *files, struct project *p, uint32_t *sources, uint32_t *count)
{
	char path[300], command[400];

	for (*count = 0; *files != NULL; files += 2) {
		FILE *f;

		snprintf(path, sizeof path, "%s/%s", room, files[0]);
		snprintf(command, sizeof command, "mkdir -p $(dirname %s)", path);
		assert_int_equal(system(command), 0);
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(files[1], f);
		fclose(f);
		if (strstr(files[0], "vars") == NULL && strstr(files[0], "defaults") == NULL && strstr(files[0], "meta") == NULL)
			sources[(*count)++] = project_add_source(p, slice_of(slice_cstr(slice_of(path), p->arena)), slice_of(files[1]));
	}
}

/* Roles, includes and variables are followed; what a playbook reaches is not read on its own. */
static void
test_roles(void **state)
{
	static const char *const files[] = {
		"site.yml", "- name: P\n  hosts: web\n  vars: {of_play: play}\n  vars_files: [vars/named.yml]\n  roles:\n"
		"  - {role: time, given: role}\n  tasks:\n  - include_vars: vars/more.yml\n"
		"  - set_fact: {set: fact}\n  - set_fact: {perhaps: fact}\n    when: x\n"
		"  - name: out\n    debug: {msg: '{{ of_play }} {{ named }} {{ more }} {{ set }} {{ all }} {{ group }} {{ host }}'}\n"
		"  - name: unsure\n    debug: {msg: '{{ perhaps }}'}\n  - import_tasks: extra.yml\n  - include_role: {name: late}\n",
		"extra.yml", "- name: extra\n  debug: {msg: '{{ of_play }}'}\n",
		"vars/named.yml", "named: file\n", "vars/more.yml", "more: included\n",
		"group_vars/all.yml", "all: all\ngroup: all\nhost: all\n", "group_vars/web/main.yml", "group: web\nhost: web\n",
		"host_vars/web.yml", "host: host\n",
		"roles/time/tasks/main.yml", "- name: role\n  debug: {msg: '{{ lowest }} {{ higher }} {{ given }} {{ group }}'}\n"
		"- include_tasks: conf.yml\n",
		"roles/time/tasks/conf.yml", "- name: conf\n  timezone: {name: '{{ zone }}'}\n",
		"roles/time/defaults/main.yml", "lowest: default\nhigher: default\ngroup: default\nzone: UTC\n",
		"roles/time/vars/main.yml", "higher: vars\n", "roles/time/meta/main.yml", "dependencies: [base]\n",
		"roles/time/handlers/main.yml", "- name: handler\n  service: {name: x, state: restarted}\n",
		"roles/base/tasks/main.yml", "- name: base\n  ping:\n", "roles/late/tasks/main.yml", "- name: late\n  ping:\n",
		"roles/unused/tasks/main.yml", "- name: unused\n  debug: {msg: '{{ own }}'}\n- import_tasks: again.yml\n",
		"roles/unused/tasks/again.yml", "- name: again\n  import_tasks: again.yml\n",
		"roles/unused/defaults/main.yml", "own: default\n", NULL };
	static const struct { const char *address, *message; } told[] = {
		{ "task.out", "play file included fact all web host" }, { "task.role", "default vars role web" },
		{ "task.extra", "play" }, { "task.unused", "default" },
	};
	char room[] = "/tmp/ansible-XXXXXX", command[100];
	struct arena *a = arena_new(1 << 16);
	uint32_t sources[20], count, bases = 0;
	struct project p;

	(void)state;
	assert_non_null(mkdtemp(room));
	project_init(&p, a, NULL);
	write_room(room, files, &p, sources, &count);
	ansible_read(&p, sources, count, slice_of(room));
	snprintf(command, sizeof command, "rm -r %s", room);
	assert_int_equal(system(command), 0);
	assert_int_equal(p.problem_count, 0);
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
		assert_string_equal(slice_cstr(value_path(resource(&p, told[i].address)->attributes, "arguments.msg")->text, a),
		    told[i].message);
	assert_int_equal(value_path(resource(&p, "task.unsure")->attributes, "arguments.msg")->kind, VALUE_UNKNOWN);
	assert_true(slice_is(value_path(resource(&p, "host.P")->attributes, "timezone")->text, "UTC"));
	assert_true(slice_is(resource(&p, "task.handler")->module, "P") && slice_is(resource(&p, "task.late")->module, "P"));
	for (uint32_t i = 0; i < p.resource_count; i++)
		bases += slice_is(p.resources[i].address, "task.base");
	assert_int_equal(bases, 1);
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
	read_text(&p, project_add_source(&p, SLICE("ansible.cfg"), SLICE("# c\n[defaults]\nlog_path = /x\n"
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
		read_text(&p, project_add_source(&p, slice_of(path),
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
		cmocka_unit_test(test_plays), cmocka_unit_test(test_files), cmocka_unit_test(test_roles), cmocka_unit_test(test_config),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
