/* ansible.c -- see ansible.h. */
#include "iac/ansible.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/ansible_files.h"
#include "iac/conf.h"
#include "iac/document.h"
#include "iac/files.h"
#include "iac/hcl.h"
#include "iac/host.h"

enum { DEPTH_MAX = 50, MAPS_MAX = 20, FACTS_MAX = 1000, TEXT_MAX = 1 << 20, NAME_BYTES = 200 };

/* What a task gets from around it. */
struct context {
	const struct context *outer;
	const struct value   *keywords;         /* the block or play */
};

struct fact {
	const struct member *member;
	bool                 certain;
	struct fact         *next;
};

/* The later wins. */
struct maps {
	const struct value *list[MAPS_MAX];
	uint32_t            count;
};

struct reader {
	struct project *project;
	struct arena   *arena;
	struct slice    root, path, play;
	struct ansible_files *files;
	struct host    *host;
	/* Variables: what tasks set on their way, the files that a play names, those of groups and hosts, and
	 * the defaults of the role that is read. */
	struct fact    *facts;
	uint32_t        fact_count;
	struct maps     named, inventory;
	const struct value *defaults;
	size_t          expanded;
	uint32_t        tasks;
};

/* Keywords of tasks, blocks and plays: what is none of them is the module. */
static bool
is_keyword(struct slice key)
{
	static const char *const keywords[] = { "action", "always", "any_errors_fatal", "args", "async", "become",
		"become_exe", "become_flags", "become_method", "become_user", "block", "changed_when", "check_mode",
		"collections", "connection", "debugger", "delay", "delegate_facts", "delegate_to", "diff",
		"environment", "failed_when", "ignore_errors", "ignore_unreachable", "listen", "local_action", "loop",
		"loop_control", "module_defaults", "name", "no_log", "notify", "poll", "port", "register",
		"remote_user", "rescue", "retries", "run_once", "sudo", "sudo_user", "tags", "throttle", "timeout",
		"until", "vars", "when" };

	if (slice_starts(key, SLICE("with_")))
		return true;
	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (slice_is(key, keywords[i]))
			return true;
	return false;
}

static const char *const inherited[] = { "no_log", "become", "become_user", "environment", "when", "check_mode" };

/* ---- templates ---- */

static const struct value *
in_maps(const struct maps *m, struct slice name)
{
	const struct value *v = &value_null;

	for (uint32_t i = m->count; i-- > 0 && v == &value_null; )
		v = value_member(m->list[i], name);
	return v;
}

/* NULL: it is set, nobody knows to what. */
static const struct value *
fact(const struct reader *r, struct slice name)
{
	for (const struct fact *f = r->facts; f != NULL; f = f->next)
		if (slice_eq(f->member->key, name))
			return f->certain ? f->member->value : NULL;
	return &value_null;
}

/* From the nearest to the farthest; facts win over the variables of the play, the outermost of the contexts. */
static const struct value *
variable(const struct reader *r, const struct context *c, struct slice name)
{
	const struct value *v = &value_null;

	for (; c != NULL && v == &value_null; c = c->outer) {
		if (c->outer == NULL)
			v = fact(r, name);
		if (c->outer == NULL && v == &value_null)
			v = in_maps(&r->named, name);
		if (v == &value_null)
			v = value_member(value_member(c->keywords, SLICE("vars")), name);
	}
	if (v == &value_null)
		v = in_maps(&r->inventory, name);
	if (v == &value_null)
		v = value_member(r->defaults, name);
	if (v == NULL || (v->kind != VALUE_STRING && v->kind != VALUE_NUMBER && v->kind != VALUE_BOOL))
		return NULL;
	return slice_find(v->text, '{') < v->text.len ? NULL : v;
}

static size_t
find_text(struct slice s, size_t at, const char *what)
{
	const char *p = at >= s.len ? NULL : memmem(s.ptr + at, s.len - at, what, strlen(what));

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

static const struct value *
unknown_sketch(struct reader *r, const struct value *v, struct slice sketch)
{
	struct value *u = arena_alloc(r->arena, sizeof *u);

	*u = *value_unknown(r->arena, v->span, SLICE("a template makes this text"));
	u->text = sketch;
	return u;
}

static const struct value *
template_text(struct reader *r, const struct context *c, const struct value *v)
{
	struct slice t = v->text;
	bool known = true;
	struct buf b;

	if (find_text(t, 0, "{{") == t.len && find_text(t, 0, "{%") == t.len)
		return v;
	buf_init(&b, r->arena, r->expanded < SCAN_LIMIT(EXPANDED) ? TEXT_MAX : 0);
	for (size_t i = 0, start, end; i < t.len; i = end + 2) {
		size_t code = find_text(t, i, "{%");
		const struct value *found;

		start = find_text(t, i, "{{");
		start = start < code ? start : code;
		buf_add(&b, slice_sub(t, i, start - i));
		if (start == t.len)
			break;
		end = find_text(t, start, start == code ? "%}" : "}}");
		found = start == code ? NULL : variable(r, c, slice_trim(slice_sub(t, start + 2, end - start - 2)));
		if (found != NULL && start == 0 && end + 2 == t.len)
			return found;
		buf_add(&b, found != NULL ? hcl_to_string(r->arena, found)->text : SLICE("${?}"));
		known = known && found != NULL;
	}
	r->expanded += b.len;
	return known && buf_ok(&b) ? value_string(r->arena, v->span, buf_slice(&b))
	    : unknown_sketch(r, v, buf_slice(&b));
}

static const struct value *
templated(struct reader *r, const struct context *c, const struct value *v)
{
	struct value *copy;

	if (v->kind == VALUE_STRING)
		return template_text(r, c, v);
	if (v->kind != VALUE_LIST && v->kind != VALUE_MAP)
		return v;
	copy = arena_alloc(r->arena, sizeof *copy);
	*copy = *v;
	if (v->kind == VALUE_LIST)
		copy->items = arena_array(r->arena, v->count + 1u, sizeof *copy->items);
	else
		copy->members = arena_array(r->arena, v->count + 1u, sizeof *copy->members);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		copy->items[i] = templated(r, c, v->items[i]);
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		copy->members[i] = (struct member){ v->members[i].key, v->members[i].key_span,
			templated(r, c, v->members[i].value) };
	return copy;
}

/* ---- tasks ---- */

/* "src=a dest='b c'": words that begin with a name and "="; the rest is the raw text. */
static const struct value *
split_arguments(struct reader *r, const struct value *text)
{
	struct hcl_map m = { .arena = r->arena };
	struct slice rest = slice_trim(text->text);

	while (rest.len > 0) {
		struct slice key = rest, v;
		size_t len, i;

		v = key;
		key = slice_cut(&v, '=');
		for (i = 0; i < key.len && strchr(" \t\n", key.ptr[i]) == NULL; i++)
			;
		if (v.ptr == NULL || i < key.len || key.len == 0) {
			hcl_map_add(&m, SLICE("_raw_params"), text->span, value_string(r->arena, text->span, rest));
			break;
		}
		if (v.len > 1 && (v.ptr[0] == '"' || v.ptr[0] == '\'')) {
			len = slice_find(slice_sub(v, 1, v.len), v.ptr[0]);
			hcl_map_add(&m, key, text->span, value_string(r->arena, text->span, slice_sub(v, 1, len)));
			len += 2;
		} else {
			/* Up to a blank that is not inside braces. */
			uint32_t depth = 0;

			for (len = 0; len < v.len && (depth > 0 || strchr(" \t\n", v.ptr[len]) == NULL); len++) {
				depth += v.ptr[len] == '{';
				depth -= depth > 0 && v.ptr[len] == '}';
			}
			hcl_map_add(&m, key, text->span, document_scalar(r->arena, text->span, slice_sub(v, 0, len), YAML_1_1));
		}
		rest = slice_trim(slice_sub(v, len, v.len));
	}
	return hcl_map_end(&m, text->span);
}

static bool
is_free_form(struct slice action)
{
	return slice_is(action, "command") || slice_is(action, "shell") || slice_is(action, "raw")
	    || slice_is(action, "script") || slice_is(action, "win_shell") || slice_is(action, "win_command");
}

static const struct value *
merged(struct reader *r, const struct value *a, const struct value *b)
{
	struct hcl_map m = { .arena = r->arena };

	if (b->kind != VALUE_MAP)
		return a;
	for (uint32_t i = 0; a->kind == VALUE_MAP && i < a->count; i++)
		hcl_map_add(&m, a->members[i].key, a->members[i].key_span, a->members[i].value);
	for (uint32_t i = 0; i < b->count; i++)
		hcl_map_add(&m, b->members[i].key, b->members[i].key_span, b->members[i].value);
	return hcl_map_end(&m, a->span);
}

static const struct value *
arguments_of(struct reader *r, struct slice action, const struct value *v, const struct value *more)
{
	struct hcl_map m = { .arena = r->arena };

	if (v->kind == VALUE_STRING && is_free_form(action)) {
		hcl_map_add(&m, SLICE("_raw_params"), v->span, v);
		v = hcl_map_end(&m, v->span);
	} else if (v->kind == VALUE_STRING) {
		v = split_arguments(r, v);
	} else if (v->kind != VALUE_MAP) {
		v = hcl_map_end(&m, v->span);
	}
	return merged(r, v, more);
}

/* The module of a task and what it is told. */
static const struct member *
module_of(struct reader *r, const struct value *task)
{
	struct member *made = arena_alloc(r->arena, sizeof *made);

	for (uint32_t i = 0; i < task->count; i++)
		if (!is_keyword(task->members[i].key))
			return &task->members[i];
	for (uint32_t i = 0; i < task->count; i++) {
		const struct value *v = task->members[i].value;
		struct slice rest = v->text;

		if (!slice_is(task->members[i].key, "action") && !slice_is(task->members[i].key, "local_action"))
			continue;
		*made = task->members[i];
		made->key = v->kind == VALUE_MAP ? value_member(v, SLICE("module"))->text : slice_cut(&rest, ' ');
		if (v->kind == VALUE_STRING)
			made->value = value_string(r->arena, v->span, rest.ptr == NULL ? SLICE("") : rest);
		return made->key.len > 0 ? made : NULL;
	}
	return NULL;
}

static const struct value *
keyword(const struct context *c, const char *name)
{
	for (; c != NULL; c = c->outer) {
		const struct value *v = value_member(c->keywords, slice_of(name));

		if (v != &value_null)
			return v;
	}
	return &value_null;
}

/* ---- what tasks say of the machine ---- */

static struct slice
text_at(const struct value *map, const char *a, const char *b)
{
	const struct value *v = value_member(map, slice_of(a));

	if (v->kind != VALUE_STRING && b != NULL)
		v = value_member(map, slice_of(b));
	return v->kind == VALUE_STRING ? v->text : SLICE("");
}

static void
told_service(struct reader *r, const struct value *args)
{
	struct slice name = text_at(args, "name", "service"), state = text_at(args, "state", NULL);
	const struct value *enabled = value_member(args, SLICE("enabled")), *masked = value_member(args, SLICE("masked"));

	if (enabled->kind == VALUE_BOOL)
		host_service(r->host, name, "enabled", enabled->boolean);
	if (masked->kind == VALUE_BOOL && masked->boolean)
		host_service(r->host, name, "enabled", false);
	if (state.len > 0)
		host_service(r->host, name, "running", !slice_is(state, "stopped"));
}

static void
told_package(struct reader *r, const struct value *args)
{
	const struct value *name = value_member(args, SLICE("name"));
	struct slice state = text_at(args, "state", NULL), rest;
	bool present = !slice_is(state, "absent") && !slice_is(state, "removed");

	if (name->kind == VALUE_NULL)
		name = value_member(args, SLICE("pkg"));
	for (uint32_t i = 0; name->kind == VALUE_LIST && i < name->count; i++)
		host_package(r->host, name->items[i]->text, present);
	for (rest = name->kind == VALUE_STRING ? name->text : SLICE(""); rest.len > 0;)
		host_package(r->host, slice_trim(slice_cut(&rest, ',')), present);
}

/* The text that copy and template send: beside the tasks, or in files/ and templates/. */
static const struct value *
sent_text(struct reader *r, const struct context *c, const struct value *args, bool template)
{
	static const char *const places[] = { "", "files/", "templates/", "../files/", "../templates/" };
	struct slice source = text_at(args, "src", NULL), text;
	struct span at = value_member(args, SLICE("src"))->span;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(places) && source.len > 0 && source.len < 1000; i++) {
		buf_init(&b, r->arena, 2000);
		buf_printf(&b, "%s%.*s", places[i], SLICE_FMT(source));
		if (!files_text(r->arena, r->root, files_join(r->arena, files_directory(r->path), buf_slice(&b)), &text))
			continue;
		return template ? template_text(r, c, value_string(r->arena, at, text)) : value_string(r->arena, at, text);
	}
	return value_unknown(r->arena, at, SLICE("the file is not here"));
}

static void
told_file(struct reader *r, const struct context *c, struct slice action, const struct value *args)
{
	struct slice path = text_at(args, "dest", "path");
	const struct value *text = value_member(args, SLICE("content"));
	bool more = slice_is(action, "lineinfile") || slice_is(action, "blockinfile");
	struct buf b;

	if (path.len == 0)
		path = text_at(args, "name", NULL);
	if (slice_is(action, "lineinfile"))
		text = value_member(args, SLICE("line"));
	else if (slice_is(action, "blockinfile"))
		text = value_member(args, SLICE("block"));
	else if (text->kind == VALUE_NULL)
		text = sent_text(r, c, args, slice_is(action, "template"));
	if (more && (text->kind != VALUE_STRING || slice_is(text_at(args, "state", NULL), "absent")))
		return;
	if (more) {
		buf_init(&b, r->arena, text->text.len + 1);
		buf_add(&b, text->text);
		buf_add_char(&b, '\n');
		text = value_string(r->arena, text->span, buf_slice(&b));
		host_partial(r->host);
	}
	host_file(r->host, path, text, more);
}

static void
told(struct reader *r, const struct context *c, struct slice action, const struct value *args)
{
	struct slice raw = text_at(args, "_raw_params", "cmd");

	if (is_free_form(action))
		host_script(r->host, raw);
	else if (slice_is(action, "service") || slice_is(action, "systemd") || slice_is(action, "systemd_service")
	    || slice_is(action, "sysvinit"))
		told_service(r, args);
	else if (slice_is(action, "package") || slice_is(action, "apt") || slice_is(action, "yum")
	    || slice_is(action, "dnf") || slice_is(action, "apk") || slice_is(action, "zypper"))
		told_package(r, args);
	else if (slice_is(action, "copy") || slice_is(action, "template") || slice_is(action, "lineinfile")
	    || slice_is(action, "blockinfile"))
		told_file(r, c, action, args);
	else if (slice_is(action, "timezone") && text_at(args, "name", NULL).len > 0)
		host_timezone(r->host, text_at(args, "name", NULL));
}

/* ---- resources ---- */

static struct slice
address_of(struct reader *r, const char *prefix, struct slice name, uint32_t line)
{
	struct buf b;

	buf_init(&b, r->arena, NAME_BYTES + 32);
	if (name.len > 0)
		buf_printf(&b, "%s.%.*s", prefix, SLICE_FMT(slice_sub(name, 0, NAME_BYTES)));
	else
		buf_printf(&b, "%s.%u", prefix, line);
	return buf_slice(&b);
}

static const struct value *
task_attributes(struct reader *r, const struct context *c, const struct value *task,
    const struct member *module, const struct value *args)
{
	struct hcl_map m = { .arena = r->arena };

	hcl_map_add(&m, SLICE("module"), module->key_span, value_string(r->arena, module->key_span, module->key));
	hcl_map_add(&m, SLICE("action"), module->key_span, value_string(r->arena, module->key_span,
	    slice_after_last(module->key, '.')));
	hcl_map_add(&m, SLICE("arguments"), module->value->span, args);
	for (size_t i = 0; i < COUNT_OF(inherited); i++)
		if (keyword(c, inherited[i]) != &value_null)
			hcl_map_add(&m, slice_of(inherited[i]), keyword(c, inherited[i])->span, templated(r, c,
			    keyword(c, inherited[i])));
	for (uint32_t i = 0; i < task->count; i++) {
		const struct member *one = &task->members[i];

		if (is_keyword(one->key) && !slice_is(one->key, "action") && !slice_is(one->key, "args"))
			hcl_map_add(&m, one->key, one->key_span, templated(r, c, one->value));
	}
	return hcl_map_end(&m, task->span);
}

static void read_tasks(struct reader *, const struct value *list, const struct context *, uint32_t depth);

/* ---- roles and includes ---- */

static void
read_task_file(struct reader *r, struct ansible_file *file, const struct context *c, uint32_t depth)
{
	struct slice before = r->path;
	const struct value *document;

	if (file == NULL || depth >= DEPTH_MAX)
		return;
	file->used = true;
	document = ansible_files_document(r->files, file);
	r->path = file->path;
	read_tasks(r, document, c, depth + 1);
	r->path = before;
}

/* "common", { role: common, vars ... }, { name: common }. */
static struct slice
role_name(const struct value *role)
{
	struct slice name = role->kind == VALUE_STRING ? role->text : text_at(role, "role", "name");

	return slice_find(name, '{') < name.len ? SLICE("") : name;
}

static void read_roles(struct reader *, const struct value *list, const struct context *, uint32_t depth);

/* As keywords that set these variables. */
static const struct value *
as_vars(struct reader *r, const struct value *variables)
{
	struct hcl_map m = { .arena = r->arena };

	hcl_map_add(&m, SLICE("vars"), variables->span, variables);
	return hcl_map_end(&m, variables->span);
}

/* Its dependencies, then its tasks and handlers, with its variables. */
static void
read_role(struct reader *r, const struct value *role, struct slice tasks, const struct context *outer, uint32_t depth)
{
	struct slice directory = ansible_files_role(r->files, files_directory(r->path), role_name(role));
	const struct value *before = r->defaults;
	struct context variables = { outer, &value_null }, given = { &variables, as_vars(r, role) }, c = { &given, role };

	if (directory.len == 0 || depth >= DEPTH_MAX)
		return;
	read_roles(r, value_member(ansible_files_variables(r->files, directory, SLICE("meta/main")), SLICE("dependencies")),
	    &c, depth + 1);
	r->defaults = ansible_files_variables(r->files, directory, SLICE("defaults/main"));
	variables.keywords = as_vars(r, ansible_files_variables(r->files, directory, SLICE("vars/main")));
	read_task_file(r, ansible_files_find(r->files, files_join(r->arena, directory, SLICE("tasks")), tasks), &c, depth);
	read_task_file(r, ansible_files_find(r->files, directory, SLICE("handlers/main")), &c, depth);
	r->defaults = before;
}

static void
read_roles(struct reader *r, const struct value *list, const struct context *c, uint32_t depth)
{
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count && r->tasks++ < SCAN_LIMIT(TASKS); i++)
		read_role(r, list->items[i], SLICE("main"), c, depth);
}

/* What one or more variables are from here on.  Under a condition nobody knows. */
static void
set_facts(struct reader *r, const struct value *task, const struct value *facts)
{
	bool certain = value_member(task, SLICE("when")) == &value_null;

	for (uint32_t i = 0; facts->kind == VALUE_MAP && i < facts->count && r->fact_count < FACTS_MAX; i++) {
		struct fact *f = arena_alloc(r->arena, sizeof *f);

		*f = (struct fact){ &facts->members[i], certain, r->facts };
		r->facts = f;
		r->fact_count++;
	}
}

/* Beside the file that names it, or in a folder of the role. */
static struct ansible_file *
included_file(struct reader *r, struct slice name, const char *folder)
{
	struct slice directory = files_directory(r->path);
	struct ansible_file *found = ansible_files_find(r->files, directory, name);

	if (found == NULL)
		found = ansible_files_find(r->files, files_join(r->arena, directory, slice_of(folder)), name);
	return found;
}

static void
include_variables(struct reader *r, const struct value *task, struct slice name)
{
	struct ansible_file *file = included_file(r, name, "../vars");

	if (file != NULL)
		set_facts(r, task, ansible_files_document(r->files, file));
}

/* What is not here, or has a template for its name, is left out. */
static void
include(struct reader *r, const struct context *c, struct slice action, const struct value *args, uint32_t depth)
{
	struct slice file = text_at(args, "file", "_raw_params"), from = text_at(args, "tasks_from", NULL);

	if (slice_is(action, "include_tasks") || slice_is(action, "import_tasks") || slice_is(action, "include"))
		read_task_file(r, included_file(r, file, "../tasks"), c, depth);
	else if (slice_is(action, "include_role") || slice_is(action, "import_role"))
		read_role(r, args, from.len > 0 ? from : SLICE("main"), c, depth + 1);
	else if (slice_is(action, "include_vars"))
		include_variables(r, c->keywords, file);
	else if (slice_is(action, "set_fact"))
		set_facts(r, c->keywords, args);
}

static void
read_task(struct reader *r, const struct value *task, const struct context *outer, uint32_t depth)
{
	static const char *const lists[] = { "block", "rescue", "always" };
	struct context c = { outer, task };
	const struct member *module;
	const struct value *args;
	struct slice name = value_member(task, SLICE("name"))->text;

	if (task->kind != VALUE_MAP || r->tasks++ >= SCAN_LIMIT(TASKS) || project_is_full(r->project, task->span))
		return;
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		read_tasks(r, value_member(task, slice_of(lists[i])), &c, depth + 1);
	module = module_of(r, task);
	if (value_member(task, SLICE("block")) != &value_null || module == NULL)
		return;
	args = templated(r, &c, arguments_of(r, slice_after_last(module->key, '.'), module->value,
	    value_member(task, SLICE("args"))));
	told(r, &c, slice_after_last(module->key, '.'), args);
	include(r, &c, slice_after_last(module->key, '.'), args, depth);
	*project_add_resource(r->project) = (struct resource){ .language = LANGUAGE_ANSIBLE,
		.address = address_of(r, "task", name, task->span.line), .module = r->play,
		.type = SLICE("ansible_task"), .name = name,
		.attributes = task_attributes(r, &c, task, module, args), .span = task->span,
		.head = name.len > 0 ? value_member(task, SLICE("name"))->span : module->key_span };
}

static void
read_tasks(struct reader *r, const struct value *list, const struct context *outer, uint32_t depth)
{
	for (uint32_t i = 0; depth < DEPTH_MAX && list->kind == VALUE_LIST && i < list->count; i++)
		read_task(r, list->items[i], outer, depth);
}

static const char *const task_lists[] = { "pre_tasks", "tasks", "post_tasks", "handlers" };

static bool
is_task_list(struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(task_lists); i++)
		if (slice_is(key, task_lists[i]))
			return true;
	return false;
}

static void
add_map(struct reader *r, struct maps *m, struct slice directory, struct slice name)
{
	if (m->count < MAPS_MAX)
		m->list[m->count++] = ansible_files_variables(r->files, directory, name);
}

/* Variables of groups and hosts, beside the playbook: of all, then of the one that the play names. */
static void
find_inventory(struct reader *r, const struct value *hosts)
{
	static const char *const folders[] = { "group_vars", "group_vars", "host_vars" };

	r->inventory.count = 0;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		struct slice directory = files_join(r->arena, files_directory(r->path), slice_of(folders[i]));
		struct slice name = i == 0 ? SLICE("all") : hosts->kind == VALUE_STRING ? hosts->text : SLICE("");

		if (name.len == 0)
			continue;
		add_map(r, &r->inventory, directory, name);
		directory = files_join(r->arena, directory, name);
		add_map(r, &r->inventory, directory, SLICE("main"));
		add_map(r, &r->inventory, directory, SLICE("vars"));
	}
}

/* `vars_files` of a play. */
static void
find_named(struct reader *r, const struct value *list)
{
	r->named.count = 0;
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count; i++)
		if (list->items[i]->kind == VALUE_STRING)
			add_map(r, &r->named, files_directory(r->path), list->items[i]->text);
}

static void
read_play(struct reader *r, const struct value *play)
{
	struct hcl_map m = { .arena = r->arena };
	struct context c = { NULL, play };
	struct slice name = value_member(play, SLICE("name"))->text;
	struct span head = play->count > 0 ? play->members[0].key_span : play->span;

	r->facts = NULL;
	r->fact_count = 0;
	find_named(r, value_member(play, SLICE("vars_files")));
	find_inventory(r, value_member(play, SLICE("hosts")));
	for (uint32_t i = 0; i < play->count; i++)
		if (!is_task_list(play->members[i].key))
			hcl_map_add(&m, play->members[i].key, play->members[i].key_span,
			    templated(r, &c, play->members[i].value));
	r->play = name;
	*project_add_resource(r->project) = (struct resource){ .language = LANGUAGE_ANSIBLE,
		.address = address_of(r, "play", name, play->span.line), .type = SLICE("ansible_play"), .name = name,
		.attributes = hcl_map_end(&m, play->span), .span = play->span, .head = head };
	r->host = host_new(r->project, play->span);
	for (size_t i = 0; i < COUNT_OF(task_lists); i++) {
		if (slice_is(slice_of(task_lists[i]), "tasks"))
			read_roles(r, value_member(play, SLICE("roles")), &c, 0);
		read_tasks(r, value_member(play, slice_of(task_lists[i])), &c, 0);
	}
	host_give(r->host, LANGUAGE_ANSIBLE, address_of(r, "host", name, play->span.line), NULL, head);
	r->play = SLICE("");
}

static bool
is_play(const struct value *v)
{
	return value_member(v, SLICE("hosts")) != &value_null || value_member(v, SLICE("import_playbook")) != &value_null;
}

/* Plays, or tasks without one. */
static void
read_document(struct reader *r, const struct value *d)
{
	bool tasks = false;

	for (uint32_t i = 0; d->kind == VALUE_LIST && i < d->count; i++) {
		if (is_play(d->items[i]))
			read_play(r, d->items[i]);
		else
			tasks = true;
	}
	if (!tasks)
		return;
	r->host = host_new(r->project, d->span);
	for (uint32_t i = 0; i < d->count; i++)
		if (!is_play(d->items[i]))
			read_task(r, d->items[i], NULL, 0);
	host_give(r->host, LANGUAGE_ANSIBLE, address_of(r, "host", SLICE("tasks"), 0), NULL, d->span);
}

static void
read_config(struct reader *r, uint32_t source)
{
	struct slice text = r->project->sources[source].text;
	struct places places;
	struct conf conf = { r->arena, { 0 }, &places };

	if (text.len > SCAN_LIMIT(SOURCE))
		return;
	places_init(&places, r->arena, source, text);
	conf.span = places_span(&places, 0, (uint32_t)text.len);
	*project_add_resource(r->project) = (struct resource){ .language = LANGUAGE_ANSIBLE,
		.address = SLICE("ansible.cfg"), .type = SLICE("ansible_config"), .name = SLICE("ansible.cfg"),
		.attributes = conf_ini(&conf, text), .span = conf.span,
		.head = places_span(&places, 0, (uint32_t)slice_find(text, '\n')) };
}

static bool
has_plays(const struct value *d)
{
	for (uint32_t i = 0; d->kind == VALUE_LIST && i < d->count; i++)
		if (is_play(d->items[i]))
			return true;
	return false;
}

static struct reader
reader_of(struct ansible_files *files, struct slice path)
{
	struct project *p = files->project;

	return (struct reader){ .project = p, .arena = p->arena, .root = files->root, .path = path, .files = files,
		.defaults = &value_null };
}

/* Playbooks first, then what none of them names: tasks of roles before those that they may include. */
enum order { PLAYBOOKS, ROLES, TASKS, ORDERS };

static enum order
order_of(struct ansible_files *files, struct ansible_file *file)
{
	if (has_plays(ansible_files_document(files, file)))
		return PLAYBOOKS;
	return slice_ends(file->path, SLICE("/tasks/main.yml")) || slice_ends(file->path, SLICE("/tasks/main.yaml"))
	    ? ROLES : TASKS;
}

/* A role that no play names has its variables all the same. */
static void
read_alone(struct ansible_files *files, struct ansible_file *file, enum order order)
{
	struct reader r = reader_of(files, file->path);
	struct slice role = files_join(r.arena, files_directory(file->path), SLICE(".."));

	file->used = true;
	if (order == ROLES) {
		r.defaults = ansible_files_variables(files, role, SLICE("defaults/main"));
		add_map(&r, &r.named, role, SLICE("vars/main"));
	}
	for (uint32_t i = 0; i < file->document_count; i++)
		read_document(&r, file->documents[i]);
}

void
ansible_read(struct project *p, const uint32_t *sources, uint32_t count, struct slice root_directory)
{
	struct ansible_file **own = arena_array(p->arena, count + 1u, sizeof *own);
	struct ansible_files files;

	ansible_files_init(&files, p, sources, count, root_directory);
	memcpy(own, files.list, count * sizeof *own);
	for (uint32_t i = 0; i < count; i++)
		if (slice_ends(own[i]->path, SLICE(".cfg"))) {
			struct reader r = reader_of(&files, own[i]->path);

			own[i]->used = true;
			read_config(&r, own[i]->source);
		}
	for (enum order order = PLAYBOOKS; order < ORDERS; order++)
		for (uint32_t i = 0; i < count; i++)
			if (!own[i]->used && order_of(&files, own[i]) == order)
				read_alone(&files, own[i], order);
}
