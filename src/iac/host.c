/* host.c -- see host.h. */
#include "iac/host.h"

#include <zlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/encode.h"
#include "iac/conf.h"
#include "iac/document.h"
#include "iac/hcl.h"
#include "iac/shell.h"

enum { TEXT_MAX = 4 << 20, NAMES_MAX = 2000, PARTS_MAX = 50, LEVELS_MAX = 4 };

struct host {
	struct project      *project;
	struct arena        *arena;
	struct span          span;
	struct buf           script;
	struct value_builder commands, files, services, packages, configs, servers;
	const struct value  *timezone, *directives;
	bool                 enabled, disabled, configured, windows, partial, any;
	uint32_t             level;
};

struct host *
host_new(struct project *p, struct span span)
{
	struct host *h = arena_alloc(p->arena, sizeof *h);

	h->project = p;
	h->arena = p->arena;
	h->span = span;
	buf_init(&h->script, p->arena, TEXT_MAX);
	value_begin(&h->commands, p->arena, VALUE_LIST, span);
	value_begin(&h->files, p->arena, VALUE_MAP, span);
	value_begin(&h->services, p->arena, VALUE_MAP, span);
	value_begin(&h->packages, p->arena, VALUE_MAP, span);
	value_begin(&h->configs, p->arena, VALUE_LIST, span);
	value_begin(&h->servers, p->arena, VALUE_LIST, span);
	return h;
}

void
host_partial(struct host *h)
{
	h->partial = true;
}

static const struct value *
text_of(struct host *h, struct slice s)
{
	return value_string(h->arena, h->span, s);
}

/* ---- single facts ---- */

static bool
is_time_service(struct slice name)
{
	static const char *const names[] = { "chronyd", "chrony", "ntpd", "ntp", "ntpsec", "systemd-timesyncd",
		"timesyncd", "openntpd", "w32time" };

	if (slice_ends(name, SLICE(".service")))
		name = slice_sub(name, 0, name.len - 8);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_eq_nocase(name, slice_of(names[i])))
			return true;
	return false;
}

void
host_service(struct host *h, struct slice name, const char *member, bool on)
{
	const struct value *before;
	struct value_builder b;

	if (slice_ends(name, SLICE(".service")))
		name = slice_sub(name, 0, name.len - 8);
	if (h->services.made->count >= NAMES_MAX || name.len == 0)
		return;
	before = value_member(h->services.made, name);
	value_begin(&b, h->arena, VALUE_MAP, h->span);
	for (uint32_t i = 0; i < before->count; i++)
		value_put(&b, before->members[i].key, h->span, before->members[i].value);
	value_put(&b, slice_of(member), h->span, value_bool(h->arena, h->span, on));
	value_put(&h->services, name, h->span, value_end(&b));
	h->enabled |= on && is_time_service(name);
	h->disabled |= !on && is_time_service(name);
	h->any = true;
}

void
host_package(struct host *h, struct slice name, bool present)
{
	name = slice_sub(name, 0, slice_find(name, '='));
	if (h->packages.made->count >= NAMES_MAX || name.len == 0 || name.ptr[0] == '-')
		return;
	value_put(&h->packages, name, h->span, text_of(h, present ? SLICE("present") : SLICE("absent")));
	h->any = true;
}

void
host_timezone(struct host *h, struct slice zone)
{
	h->timezone = text_of(h, zone);
	h->any = true;
}

/* ---- files ---- */

static bool
contains(struct slice s, const char *what)
{
	return s.len > 0 && memmem(s.ptr, s.len, what, strlen(what)) != NULL;
}

static bool
is_time_file(struct slice path)
{
	struct slice name = slice_after_last(path, '/');

	return (slice_ends(name, SLICE(".conf")) && (contains(name, "chrony") || contains(name, "ntp")
	    || contains(name, "timesyncd"))) || contains(path, "/chrony.d/") || contains(path, "/chrony/conf.d/")
	    || contains(path, "/chrony/sources.d/") || contains(path, "/timesyncd.conf.d/");
}

static bool
is_nginx_file(struct slice path)
{
	struct slice name = slice_after_last(path, '/');

	return slice_ends(name, SLICE(".conf")) && (contains(path, "nginx") || slice_is(name, "default.conf"));
}

void
host_file(struct host *h, struct slice path, const struct value *text, bool append)
{
	const struct value *before = value_member(h->files.made, path);
	struct buf b;

	if (h->files.made->count >= NAMES_MAX || path.len == 0)
		return;
	if (append && before->text.len + text->text.len < TEXT_MAX && before->kind == VALUE_STRING
	    && text->kind == VALUE_STRING) {
		buf_init(&b, h->arena, TEXT_MAX);
		buf_add(&b, before->text);
		buf_add(&b, text->text);
		text = value_string(h->arena, text->span, buf_slice(&b));
	}
	if (text->kind == VALUE_UNKNOWN)
		h->partial = true;
	value_put(&h->files, path, text->span, text);
	h->configured |= is_time_file(path);
	h->any = true;
}

/* ---- commands ---- */

static struct slice
nth(const struct value *words, uint32_t i)
{
	return value_item(words, i)->text;
}

static bool
one_of(struct slice s, const char *list)
{
	struct slice rest = slice_of(list);

	while (rest.ptr != NULL)
		if (slice_eq(slice_cut(&rest, ' '), s))
			return s.len > 0;
	return false;
}

/* systemctl [--now] disable a b; service a stop; chkconfig a off */
static void
service_command(struct host *h, const struct value *w, uint32_t at)
{
	bool control = slice_is(nth(w, at), "systemctl");
	struct slice verb = SLICE(""), names[16];
	uint32_t count = 0;

	for (uint32_t i = at + 1; i < w->count; i++) {
		struct slice s = nth(w, i);

		if (s.len == 0 || s.ptr[0] == '-')
			continue;
		if (verb.len == 0 && (control || one_of(s, "start stop restart on off disable enable remove defaults")))
			verb = s;
		else if (count < COUNT_OF(names))
			names[count++] = s;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (one_of(verb, "enable disable mask unmask on off remove defaults"))
			host_service(h, names[i], "enabled", one_of(verb, "enable unmask on defaults"));
		else if (one_of(verb, "start stop restart reload"))
			host_service(h, names[i], "running", !slice_is(verb, "stop"));
	}
}

static void
package_command(struct host *h, const struct value *w, uint32_t at)
{
	bool install = false, removal = false;

	for (uint32_t i = at + 1; i < w->count; i++) {
		struct slice s = nth(w, i);

		if (install || removal)
			host_package(h, s, install);
		install |= one_of(s, "install add -S");
		removal |= one_of(s, "remove purge erase del autoremove -R");
	}
}

static void
time_command(struct host *h, const struct value *w, uint32_t at)
{
	struct slice how = nth(w, at + 2);

	if (slice_is(nth(w, at + 1), "set-timezone"))
		host_timezone(h, how);
	if (!slice_is(nth(w, at + 1), "set-ntp"))
		return;
	h->enabled |= one_of(how, "true yes on 1");
	h->disabled |= one_of(how, "false no off 0");
	h->any = true;
}

static const struct interpreter {
	const char *names;
	void (*apply)(struct host *, const struct value *words, uint32_t at);
} interpreters[] = {
	{ "systemctl service chkconfig update-rc.d rc-service", service_command },
	{ "apt apt-get aptitude yum dnf microdnf tdnf zypper apk pacman", package_command },
	{ "timedatectl", time_command },
};

static void
command(struct host *h, const struct value *words)
{
	uint32_t at = 0;

	if (h->commands.made->count >= SCAN_LIMIT(COMMANDS))
		return;
	value_append(&h->commands, words);
	while (at + 1 < words->count && (one_of(nth(words, at), "sudo exec command nohup env")
	    || (at > 0 && slice_starts(nth(words, at), SLICE("-")))))
		at++;
	for (size_t i = 0; i < COUNT_OF(interpreters); i++)
		if (one_of(slice_after_last(nth(words, at), '/'), interpreters[i].names))
			interpreters[i].apply(h, words, at);
}

void
host_script(struct host *h, struct slice text)
{
	const struct value *commands, *files;

	h->any |= text.len > 0;
	buf_add(&h->script, slice_sub(text, 0, TEXT_MAX));
	buf_add_char(&h->script, '\n');
	shell_read(h->arena, h->span, text, &commands, &files);
	for (uint32_t i = 0; i < commands->count; i++)
		command(h, commands->items[i]);
	for (uint32_t i = 0; i < files->count; i++)
		host_file(h, files->members[i].key, files->members[i].value, false);
}

/* ---- cloud-config ---- */

static bool
says_no(const struct value *v)
{
	return (v->kind == VALUE_BOOL && !v->boolean) || one_of(v->text, "false no off");
}

static void
list_servers(struct host *h, const struct value *list, const char *kind)
{
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count && i < NAMES_MAX; i++) {
		struct hcl_map m = { .arena = h->arena };
		struct span at = list->items[i]->span;

		hcl_map_add(&m, SLICE("kind"), at, value_string(h->arena, at, slice_of(kind)));
		hcl_map_add(&m, SLICE("address"), at, list->items[i]);
		hcl_map_add(&m, SLICE("options"), at, hcl_map_end(&(struct hcl_map){ .arena = h->arena }, at));
		value_append(&h->servers, hcl_map_end(&m, at));
		h->configured = true;
	}
}

static void
config_time(struct host *h, const struct value *ntp, const struct value *zone)
{
	const struct value *path = value_path(ntp, "config.confpath"), *text = value_path(ntp, "config.template");

	if (zone->kind == VALUE_STRING)
		host_timezone(h, zone->text);
	if (ntp->kind != VALUE_MAP)
		return;
	if (says_no(value_member(ntp, SLICE("enabled"))))
		h->disabled = true;
	else
		h->enabled = true;
	list_servers(h, value_member(ntp, SLICE("servers")), "server");
	list_servers(h, value_member(ntp, SLICE("pools")), "pool");
	if (text->kind == VALUE_STRING)
		host_file(h, path->kind == VALUE_STRING ? path->text : SLICE("/etc/chrony.conf"), text, false);
}

static void
config_files(struct host *h, const struct value *list)
{
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count; i++) {
		const struct value *f = list->items[i], *text = value_member(f, SLICE("content"));
		struct slice encoding = value_member(f, SLICE("encoding"))->text, plain;
		bool coded = one_of(encoding, "b64 base64");

		if (contains(encoding, "gz") || (coded && !decode_base64(slice_trim(text->text), h->arena, &plain))) {
			h->partial = true;
			continue;
		}
		if (coded)
			text = value_string(h->arena, text->span, plain);
		host_file(h, value_member(f, SLICE("path"))->text, text, value_member(f, SLICE("append"))->boolean);
	}
}

/* A text is shell; a list is one command. */
static void
config_commands(struct host *h, const struct value *list)
{
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count; i++)
		if (list->items[i]->kind == VALUE_STRING)
			host_script(h, list->items[i]->text);
		else if (list->items[i]->kind == VALUE_LIST)
			command(h, list->items[i]);
}

void
host_cloud_config(struct host *h, const struct value *d)
{
	const struct value *packages = value_member(d, SLICE("packages"));

	if (d->kind != VALUE_MAP)
		return;
	value_append(&h->configs, d);
	h->any = true;
	config_time(h, value_member(d, SLICE("ntp")), value_member(d, SLICE("timezone")));
	config_files(h, value_member(d, SLICE("write_files")));
	config_commands(h, value_member(d, SLICE("bootcmd")));
	config_commands(h, value_member(d, SLICE("runcmd")));
	for (uint32_t i = 0; packages->kind == VALUE_LIST && i < packages->count; i++)
		host_package(h, packages->items[i]->kind == VALUE_LIST ? nth(packages->items[i], 0)
		    : packages->items[i]->text, true);
}

/* ---- forms of user data ---- */

/* What is wrong in it is no problem of the file around it. */
static void
config_text(struct host *h, struct slice text)
{
	struct project inner;
	const struct value **documents;
	uint32_t count;

	project_init(&inner, h->arena, h->project->env);
	if (!document_yaml(&inner, project_add_source(&inner, SLICE("user-data"), text), YAML_1_1, &documents, &count))
		h->partial = true;
	for (uint32_t i = 0; i < count; i++)
		host_cloud_config(h, value_moved(h->arena, documents[i], h->span));
}

static bool
gunzip(struct host *h, struct slice in, struct slice *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.ptr, .avail_in = (uInt)in.len };
	char *to;
	int rc;

	if (in.len > TEXT_MAX || inflateInit2(&z, 15 + 32) != Z_OK)
		return false;
	to = arena_alloc(h->arena, TEXT_MAX);
	z.next_out = (Bytef *)to;
	z.avail_out = TEXT_MAX;
	rc = inflate(&z, Z_FINISH);
	*out = slice_make(to, TEXT_MAX - z.avail_out);
	inflateEnd(&z);
	return rc == Z_STREAM_END;
}

/* Base64 over several lines; letters and lines that are no base64 are refused. */
static bool
from_base64(struct host *h, struct slice in, struct slice *out)
{
	struct buf b;

	in = slice_trim(in);
	if (in.len < 16)
		return false;
	buf_init(&b, h->arena, in.len);
	for (size_t i = 0; i < in.len; i++)
		if (in.ptr[i] != '\n' && in.ptr[i] != '\r')
			buf_add_char(&b, in.ptr[i]);
	return decode_base64(buf_slice(&b), h->arena, out);
}

/* The value of a header in the lines before the first empty one. */
static struct slice
header(struct slice head, const char *name)
{
	while (head.len > 0) {
		struct slice line = slice_cut(&head, '\n'), v = line, key = slice_cut(&v, ':');

		if (slice_eq_nocase(slice_trim(key), slice_of(name)))
			return slice_trim(v);
	}
	return SLICE("");
}

/* Cuts at the first empty line. */
static struct slice
cut_head(struct slice *text)
{
	struct slice all = *text;
	size_t at = 0;

	while (at < all.len) {
		size_t len = slice_find(slice_sub(all, at, all.len), '\n');

		if (slice_trim(slice_sub(all, at, len)).len == 0 && at > 0)
			break;
		at += len + 1;
	}
	*text = slice_sub(all, at, all.len);
	return slice_sub(all, 0, at);
}

static struct slice
boundary_of(struct slice type)
{
	const char *at = type.len == 0 ? NULL : memmem(type.ptr, type.len, "boundary=", 9);
	struct slice s = at == NULL ? SLICE("") : slice_sub(type, (size_t)(at - type.ptr) + 9, type.len);

	if (s.len > 0 && s.ptr[0] == '"')
		return slice_sub(s, 1, slice_find(slice_sub(s, 1, s.len), '"'));
	return slice_trim(slice_sub(s, 0, slice_find(s, ';')));
}

static void
mime_part(struct host *h, struct slice part)
{
	struct slice head = cut_head(&part), out = part;

	if (slice_eq_nocase(header(head, "Content-Transfer-Encoding"), SLICE("base64"))
	    && !from_base64(h, part, &out)) {
		h->partial = true;
		return;
	}
	if (contains(header(head, "Content-Type"), "cloud-config") && !slice_starts(slice_trim(out), SLICE("#cloud-config")))
		config_text(h, out);
	else
		host_user_data(h, slice_trim(out));
}

static void
mime(struct host *h, struct slice text)
{
	struct slice head = cut_head(&text), boundary = boundary_of(header(head, "Content-Type"));
	size_t start = text.len, at = 0;

	/* Parts stand between lines of "--boundary". */
	for (uint32_t parts = 0; boundary.len > 0 && at < text.len && parts < PARTS_MAX;) {
		size_t len = slice_find(slice_sub(text, at, text.len), '\n');
		struct slice line = slice_trim(slice_sub(text, at, len));

		if (slice_starts(line, SLICE("--")) && slice_starts(slice_sub(line, 2, line.len), boundary)) {
			if (start < text.len) {
				mime_part(h, slice_sub(text, start, at - start));
				parts++;
			}
			start = at + len + 1;
		}
		at += len + 1;
	}
	if (start < text.len && slice_trim(slice_sub(text, start, text.len)).len > 0 && boundary.len > 0)
		mime_part(h, slice_sub(text, start, text.len));
}

static bool
is_powershell(struct slice t)
{
	return slice_starts(t, SLICE("<powershell>")) || slice_starts(t, SLICE("#ps1"))
	    || slice_starts(t, SLICE("<script>"));
}

static void
by_first_line(struct host *h, struct slice t)
{
	if (slice_starts(t, SLICE("#cloud-config")))
		config_text(h, t);
	else if (slice_starts(t, SLICE("Content-Type: multipart")) || slice_starts(t, SLICE("MIME-Version:"))
	    || slice_starts(t, SLICE("From ")))
		mime(h, t);
	else if (slice_starts(t, SLICE("#include")) || slice_starts(t, SLICE("## template: jinja")))
		h->partial = true;
	else
		host_script(h, t);
	h->windows |= is_powershell(t);
}

void
host_user_data(struct host *h, struct slice text)
{
	struct slice t = text, out;

	if (h->level == LEVELS_MAX || text.len > TEXT_MAX) {
		h->partial = true;
		return;
	}
	h->level++;
	while (t.len > 0 && (t.ptr[0] == '\n' || t.ptr[0] == '\r'))
		t = slice_sub(t, 1, t.len);
	if (slice_starts(t, SLICE("\x1f\x8b"))) {
		if (gunzip(h, t, &out))
			host_user_data(h, out);
		else
			h->partial = true;
	} else if (from_base64(h, t, &out) && (utf8_valid(out) || slice_starts(out, SLICE("\x1f\x8b")))) {
		host_user_data(h, out);
	} else {
		by_first_line(h, t);
	}
	h->level--;
}

/* ---- the resource ---- */

static void
put(struct hcl_map *m, const char *key, const struct value *v, bool there)
{
	if (there)
		hcl_map_add(m, slice_of(key), v->span, v);
}

/* All files about time as one configuration. */
static const struct value *
time_value(struct host *h)
{
	struct hcl_map m = { .arena = h->arena }, directives = { .arena = h->arena };
	struct conf conf = { h->arena, h->span, NULL };

	for (uint32_t i = 0; i < h->files.made->count; i++) {
		const struct member *f = &h->files.made->members[i];
		const struct value *c;

		if (!is_time_file(f->key) || f->value->text.len == 0)
			continue;
		conf.span = f->value->span;
		c = conf_time(&conf, f->value->text);
		for (uint32_t k = 0; k < value_member(c, SLICE("servers"))->count; k++)
			value_append(&h->servers, value_member(c, SLICE("servers"))->items[k]);
		c = value_member(c, SLICE("directives"));
		for (uint32_t k = 0; k < c->count; k++)
			hcl_map_add(&directives, c->members[k].key, c->members[k].key_span, c->members[k].value);
	}
	if (h->enabled || h->disabled)
		hcl_map_add(&m, SLICE("enabled"), h->span, value_bool(h->arena, h->span, !h->disabled));
	hcl_map_add(&m, SLICE("configured"), h->span, value_bool(h->arena, h->span, h->configured));
	hcl_map_add(&m, SLICE("servers"), h->span, value_end(&h->servers));
	hcl_map_add(&m, SLICE("directives"), h->span, hcl_map_end(&directives, h->span));
	return hcl_map_end(&m, h->span);
}

static const struct value *
nginx_value(struct host *h)
{
	struct conf conf = { h->arena, h->span, NULL };
	struct value_builder b;

	value_begin(&b, h->arena, VALUE_LIST, h->span);
	for (uint32_t i = 0; i < h->files.made->count; i++) {
		const struct member *f = &h->files.made->members[i];
		const struct value *c;

		if (!is_nginx_file(f->key) || f->value->text.len == 0)
			continue;
		conf.span = f->value->span;
		c = conf_nginx(&conf, f->value->text);
		for (uint32_t k = 0; k < c->count; k++)
			value_append(&b, c->items[k]);
	}
	return value_end(&b);
}

static const struct value *
attributes(struct host *h)
{
	struct hcl_map m = { .arena = h->arena };
	const struct value *nginx = nginx_value(h);

	put(&m, "script", text_of(h, buf_slice(&h->script)), h->script.len > 0);
	put(&m, "commands", value_end(&h->commands), true);
	put(&m, "files", value_end(&h->files), true);
	put(&m, "services", value_end(&h->services), true);
	put(&m, "packages", value_end(&h->packages), true);
	put(&m, "cloud_config", value_end(&h->configs), true);
	if (h->timezone != NULL)
		put(&m, "timezone", h->timezone, true);
	put(&m, "ntp", time_value(h), true);
	put(&m, "nginx", nginx, nginx->count > 0);
	put(&m, "windows", value_bool(h->arena, h->span, true), h->windows);
	put(&m, "partial", value_bool(h->arena, h->span, true), h->partial);
	return hcl_map_end(&m, h->span);
}

void
host_give(struct host *h, enum language language, struct slice address, const struct resource *owner,
    struct span head)
{
	struct resource made = { .language = language, .address = address, .type = SLICE("host_facts"),
		.name = address, .span = h->span, .head = head };

	if (!h->any)
		return;
	if (owner != NULL) {
		made.module = owner->module;
		made.references = arena_alloc(h->arena, sizeof *made.references);
		*made.references = (struct reference){ owner->address, SLICE("host"), head };
		made.reference_count = 1;
	}
	made.attributes = attributes(h);
	*project_add_resource(h->project) = made;
}

/* ---- in resources ---- */

static const struct holder {
	const char *type, *path;
} holders[] = {
	{ "aws_instance", "user_data" },                  { "aws_instance", "user_data_base64" },
	{ "aws_launch_template", "user_data" },           { "aws_launch_configuration", "user_data" },
	{ "aws_launch_configuration", "user_data_base64" }, { "aws_spot_instance_request", "user_data" },
	{ "azurerm_linux_virtual_machine", "custom_data" }, { "azurerm_linux_virtual_machine", "user_data" },
	{ "azurerm_windows_virtual_machine", "custom_data" }, { "azurerm_windows_virtual_machine", "user_data" },
	{ "azurerm_linux_virtual_machine_scale_set", "custom_data" },
	{ "azurerm_windows_virtual_machine_scale_set", "custom_data" },
	{ "azurerm_virtual_machine", "os_profile.0.custom_data" },
	{ "google_compute_instance", "metadata_startup_script" },
	{ "google_compute_instance", "metadata.user-data" },
	{ "google_compute_instance", "metadata.startup-script" },
	{ "google_compute_instance_template", "metadata_startup_script" },
	{ "google_compute_instance_template", "metadata.user-data" },
	{ "google_compute_instance_template", "metadata.startup-script" },
	{ "AWS::EC2::Instance", "UserData" },             { "AWS::EC2::LaunchTemplate", "LaunchTemplateData.UserData" },
	{ "AWS::AutoScaling::LaunchConfiguration", "UserData" },
	{ "Microsoft.Compute/virtualMachines", "properties.osProfile.customData" },
	{ "Microsoft.Compute/virtualMachines", "properties.userData" },
	{ "Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.osProfile.customData" },
};

static void
gather_held(struct host *h, const struct resource *r)
{
	for (size_t i = 0; i < COUNT_OF(holders); i++) {
		const struct value *v = slice_is(r->type, holders[i].type) ? value_path(r->attributes, holders[i].path)
		    : &value_null;

		if (v->kind == VALUE_NULL)
			continue;
		h->span = v->span;
		h->partial |= v->kind == VALUE_UNKNOWN;
		host_user_data(h, v->text);
	}
}

static void
gather_map(struct host *h, const struct resource *r)
{
	const struct value *data = value_member(r->attributes, SLICE("data"));

	for (uint32_t i = 0; slice_is(r->type, "ConfigMap") && data->kind == VALUE_MAP && i < data->count; i++) {
		const struct member *m = &data->members[i];

		if (!is_time_file(m->key) && !is_nginx_file(m->key) && !slice_is(m->key, "default.conf"))
			continue;
		h->span = m->value->span;
		host_file(h, m->key, m->value, false);
	}
}

static bool
may_hold(const struct resource *r)
{
	if (slice_is(r->type, "ConfigMap"))
		return true;
	for (size_t i = 0; i < COUNT_OF(holders); i++)
		if (slice_is(r->type, holders[i].type))
			return true;
	return false;
}

void
host_gather(struct project *p, uint32_t first)
{
	uint32_t last = p->resource_count;

	for (uint32_t i = first; i < last; i++) {
		struct resource r = p->resources[i];
		struct host *h;
		struct buf b;

		if (!may_hold(&r))
			continue;
		h = host_new(p, r.span);
		gather_held(h, &r);
		gather_map(h, &r);
		buf_init(&b, p->arena, r.address.len + 16);
		buf_printf(&b, "%.*s/host", SLICE_FMT(r.address));
		host_give(h, r.language, buf_slice(&b), &r, r.head);
	}
}

void
cloud_init_read(struct project *p, uint32_t source)
{
	struct slice text = p->sources[source].text;
	struct host *h = host_new(p, project_span(p, source, 0, (uint32_t)slice_find(text, '\n')));
	const struct value **documents;
	uint32_t count;

	if (slice_starts(text, SLICE("#cloud-config"))) {
		document_yaml(p, source, YAML_1_1, &documents, &count);
		for (uint32_t i = 0; i < count; i++)
			host_cloud_config(h, documents[i]);
	} else {
		host_user_data(h, text);
	}
	host_give(h, LANGUAGE_CLOUD_INIT, p->sources[source].path, NULL, h->span);
}
