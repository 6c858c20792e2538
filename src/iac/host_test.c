/* Tests of host.c, shell.c and conf.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/encode.h"
#include "iac/conf.h"
#include "iac/host.h"
#include "iac/terraform.h"

/* What user data says. */
static const struct value *
facts(struct arena *a, struct slice text)
{
	struct project *p = arena_alloc(a, sizeof *p);
	struct host *h;

	project_init(p, a, NULL);
	h = host_new(p, (struct span){ .line = 7 });
	host_user_data(h, text);
	host_give(h, LANGUAGE_CLOUD_INIT, SLICE("x"), NULL, (struct span){ 0 });
	return p->resource_count == 1 ? p->resources[0].attributes : &value_null;
}

static const char script[] = "#!/bin/bash\nset -e\nsudo systemctl --now disable chronyd ntp\n"
	"timedatectl set-ntp false; timedatectl set-timezone Europe/Berlin\n"
	"apt-get install -y nginx=1.2 && yum -y remove chrony\n"
	"cat > /etc/chrony.conf <<'EOF'\nserver time.aws.com iburst nts\nmakestep 1.0 3\nEOF\n"
	"echo \"pool pool.ntp.org\" >> /etc/chrony.conf\n"
	"cat <<X | sudo tee -a /etc/x >/dev/null\nbody\nX\necho done\n";

static void
expect_script(const struct value *v)
{
	assert_true(slice_is(value_path(v, "timezone")->text, "Europe/Berlin"));
	assert_int_equal(value_path(v, "ntp.enabled")->kind, VALUE_BOOL);
	assert_false(value_path(v, "ntp.enabled")->boolean);
	assert_int_equal(value_path(v, "ntp.servers")->count, 2);
	assert_true(value_path(v, "ntp.servers.0.options.nts")->boolean);
	assert_true(slice_is(value_path(v, "ntp.servers.1.address")->text, "pool.ntp.org"));
	assert_true(slice_is(value_path(v, "packages.nginx")->text, "present"));
	assert_true(slice_is(value_path(v, "packages.chrony")->text, "absent"));
	assert_false(value_path(v, "services.ntp.enabled")->boolean);
	assert_int_equal(value_path(v, "services.ntp.enabled")->kind, VALUE_BOOL);
	assert_true(slice_is(value_path(v, "commands.1.0")->text, "sudo"));
}

static void
test_forms(void **state)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)script, .avail_in = sizeof script - 1 };
	unsigned char packed[2000];
	struct arena *a = arena_new(1 << 16);
	struct buf b;

	(void)state;
	expect_script(facts(a, slice_of(script)));
	z.next_out = packed;
	z.avail_out = sizeof packed;
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	expect_script(facts(a, slice_make(packed, z.total_out)));
	buf_init(&b, a, 8192);
	encode_base64(&b, packed, z.total_out);
	expect_script(facts(a, buf_slice(&b)));
	buf_init(&b, a, 8192);
	encode_base64(&b, script, sizeof script - 1);
	expect_script(facts(a, buf_slice(&b)));
	buf_init(&b, a, 8192);
	buf_printf(&b, "Content-Type: multipart/mixed; boundary=\"XX\"\nMIME-Version: 1.0\n\n--XX\n"
	    "Content-Type: text/x-shellscript\n\n%s\n--XX\nContent-Type: text/cloud-config\n\n"
	    "packages: [git]\n--XX--\n", script);
	expect_script(facts(a, buf_slice(&b)));
	assert_true(slice_is(value_path(facts(a, buf_slice(&b)), "packages.git")->text, "present"));
	assert_true(value_path(facts(a, SLICE("\x1f\x8b broken")), "partial")->kind == VALUE_NULL);
	assert_true(value_path(facts(a, SLICE("<powershell>\nSet-Service w32time\n</powershell>")), "windows")->boolean);
	arena_free(a);
}

static void
test_cloud_config(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct value *v = facts(a, SLICE("#cloud-config\nntp:\n  enabled: true\n  servers: [169.254.169.123]\n"
	    "  pools: [0.pool.ntp.org]\ntimezone: UTC\nwrite_files:\n- path: /etc/chrony/conf.d/a.conf\n"
	    "  content: |\n    minsources 2\n- path: /b\n  encoding: b64\n  content: aGk=\n"
	    "runcmd:\n- [systemctl, enable, chronyd]\n- timedatectl set-ntp true\n"));

	(void)state;
	assert_true(value_path(v, "ntp.enabled")->boolean);
	assert_int_equal(value_path(v, "ntp.servers")->count, 2);
	assert_true(slice_is(value_path(v, "ntp.servers.1.kind")->text, "pool"));
	assert_true(slice_is(value_path(v, "ntp.directives.minsources.0")->text, "2"));
	assert_true(slice_is(value_member(value_path(v, "files"), SLICE("/b"))->text, "hi"));
	assert_int_equal(value_path(v, "cloud_config.0.ntp")->span.line, 7);
	assert_true(value_path(facts(a, SLICE("#cloud-config\nntp: {enabled: false}\n")), "ntp.enabled")->kind == VALUE_BOOL);
	arena_free(a);
}

static void
test_in_resources(void **state)
{
	struct arena *a = arena_new(1 << 16);
	const struct resource *r;
	struct project p;
	uint32_t source;

	(void)state;
	project_init(&p, a, NULL);
	source = project_add_source(&p, SLICE("main.tf"), SLICE("resource \"aws_instance\" \"a\" {\n  user_data = <<-EOT\n"
	    "    #!/bin/sh\n    systemctl disable chronyd\n    echo ${aws_eip.x.id}\n  EOT\n}\n"
	    "resource \"aws_instance\" \"b\" {\n  user_data = var.nothing\n}\n"));
	terraform_read(&p, &source, 1, SLICE(""));
	assert_int_equal(p.problem_count, 0);
	assert_int_equal(p.resource_count, 3);
	r = &p.resources[2];
	assert_true(slice_is(r->address, "aws_instance.a/host") && slice_is(r->type, "host_facts"));
	assert_true(slice_is(r->references[0].address, "aws_instance.a"));
	assert_true(value_path(r->attributes, "partial")->boolean);
	assert_false(value_path(r->attributes, "services.chronyd.enabled")->boolean);
	assert_int_equal(value_path(r->attributes, "services.chronyd.enabled")->kind, VALUE_BOOL);
	arena_free(a);
}

static void
test_nginx(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct conf c = { a, { .line = 3 }, NULL };
	const struct value *v = conf_nginx(&c, SLICE("user nginx; # who\nhttp {\n  log_format main '$request \"x\"';\n"
	    "  server { listen 443 ssl; location /${x} { return 200 \"a;b\"; } }\n}\nbroken {\n"));

	(void)state;
	assert_int_equal(v->count, 3);
	assert_true(slice_is(value_path(v, "1.block.0.arguments.1")->text, "$request \"x\""));
	assert_true(slice_is(value_path(v, "1.block.1.block.0.arguments.1")->text, "ssl"));
	assert_true(slice_is(value_path(v, "1.block.1.block.1.arguments.0")->text, "/${x}"));
	assert_true(slice_is(value_path(v, "1.block.1.block.1.block.0.arguments.1")->text, "a;b"));
	arena_free(a);
}

static void
test_nesting(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct conf c = { a, { 0 }, NULL };
	char text[4000];

	(void)state;
	memset(text, '{', sizeof text);
	conf_nginx(&c, slice_make(text, sizeof text));
	memset(text, ';', sizeof text);
	conf_nginx(&c, slice_make(text, sizeof text));
	memset(text, 0, sizeof text);
	conf_nginx(&c, slice_make(text, sizeof text));
	conf_time(&c, slice_make(text, sizeof text));
	conf_ini(&c, slice_make(text, sizeof text));
	facts(a, slice_make(text, sizeof text));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_cloud_config), cmocka_unit_test(test_in_resources),
		cmocka_unit_test(test_nginx), cmocka_unit_test(test_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
