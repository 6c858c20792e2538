/* compose.c -- see compose.h. */
#include "iac/compose.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/env.h"
#include "iac/document.h"
#include "iac/files.h"
#include "iac/hcl.h"
#include "iac/shell.h"

enum { FILES_MAX = 100, MEMBERS_MAX = 2000,
	TEXT_MAX = 64 << 10, PATH_BYTES = 4096, REFERENCES_MAX = 200, MERGES_MAX = 1000000 };

struct reader {
	struct project     *project;
	struct arena       *arena;
	struct slice        root;
	const struct value *variables;          /* of .env */
	size_t              expanded;
	uint32_t            files, merges;
};

/* ---- files ---- */

static bool
is_inside(const struct reader *r, const char *path)
{
	char *real = realpath(path, NULL);
	char *root = realpath(r->root.len > 0 ? slice_cstr(r->root, r->arena) : ".", NULL);
	size_t len = root == NULL ? 0 : strlen(root);
	bool inside = real != NULL && root != NULL && strncmp(real, root, len) == 0
	    && (len == 1 || real[len] == '/');

	free(real);
	free(root);
	return inside;
}

/* A regular file inside the root, found from the directory of `from`. */
static bool
read_file(struct reader *r, struct slice from, struct slice relative, struct slice *path,
    struct slice *text)
{
	struct slice directory = files_prefix(from);
	struct buf b;
	char *name;
	struct stat st;

	if (relative.len == 0 || memchr(relative.ptr, '\0', relative.len) != NULL || r->files >= FILES_MAX)
		return false;
	buf_init(&b, r->arena, PATH_BYTES);
	if (relative.ptr[0] != '/')
		buf_add(&b, directory);
	buf_add(&b, relative);
	name = slice_cstr(buf_slice(&b), r->arena);
	if (!buf_ok(&b) || !is_inside(r, name) || stat(name, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	r->files++;
	*path = slice_of(name);
	return env_read_file(&env_real, name, SCAN_LIMIT(SOURCE), r->arena, text);
}

/* K=V lines. */
static const struct value *
read_variables(struct reader *r, struct slice from, struct slice name, struct span span)
{
	struct value_builder b;
	struct slice path, text;

	value_begin(&b, r->arena, VALUE_MAP, span);
	if (!read_file(r, from, name, &path, &text)) {
		b.made->why = &hcl_partial_map;            /* it may hold anything */
		return value_end(&b);
	}
	while (text.len > 0 && b.made->count < MEMBERS_MAX) {
		struct slice v = slice_trim(slice_cut(&text, '\n')), key;

		if (v.len == 0 || v.ptr[0] == '#' || slice_find(v, '=') == v.len)
			continue;
		key = slice_trim(slice_cut(&v, '='));
		v = slice_trim(v);
		if (slice_starts(key, SLICE("export ")))
			key = slice_trim(slice_sub(key, 7, key.len));
		if (v.len > 1 && (v.ptr[0] == '"' || v.ptr[0] == '\'') && v.ptr[v.len - 1] == v.ptr[0])
			v = slice_sub(v, 1, v.len - 2);
		value_put(&b, key, span, value_string(r->arena, span, v));
	}
	return value_end(&b);
}

/* ---- interpolation ---- */

struct expansion {
	struct reader *reader;
	struct buf     out;
	struct slice   missing;
};

static void expand(struct expansion *, struct slice, uint32_t depth);

/* ${A:-b} ${A-b} ${A:?b} ${A?b} ${A:+b} ${A+b} */
static void
expand_one(struct expansion *x, struct slice name, struct slice operator, uint32_t depth)
{
	const struct value *v = value_member(x->reader->variables, name);
	bool colon = slice_starts(operator, SLICE(":"));
	bool set = v->kind == VALUE_STRING && (!colon || v->text.len > 0);
	struct slice rest = slice_sub(operator, colon, operator.len), word = slice_sub(rest, 1, rest.len);
	char kind = rest.len > 0 ? rest.ptr[0] : '\0';

	if ((kind == '+' && set) || (kind == '-' && !set))
		expand(x, word, depth + 1);
	else if (kind != '+' && set)
		buf_add(&x->out, v->text);
	else if (kind != '+' && x->missing.ptr == NULL)
		x->missing = name;
}

static size_t
braces_end(struct slice t, size_t i)
{
	uint32_t depth = 1;

	for (; i < t.len; i++) {
		depth += (t.ptr[i] == '{') - (t.ptr[i] == '}');
		if (depth == 0)
			break;
	}
	return i;
}

static void
expand(struct expansion *x, struct slice t, uint32_t depth)
{
	for (size_t i = 0; i < t.len; ) {
		bool braces = i + 1 < t.len && t.ptr[i + 1] == '{';
		size_t start = i + 1 + braces, end = shell_name_end(t, start), close;

		if (t.ptr[i] != '$' || end == start || depth > SCAN_LIMIT(NESTING)) {
			buf_add_char(&x->out, t.ptr[i]);
			i += t.ptr[i] == '$' && i + 1 < t.len && t.ptr[i + 1] == '$' ? 2 : 1;
			continue;
		}
		close = braces ? braces_end(t, end) : end;
		expand_one(x, slice_sub(t, start, end - start), slice_sub(t, end, close - end), depth);
		i = close + (braces && close < t.len);
	}
}

static bool
is_plain(const struct reader *r, struct span span)
{
	struct slice text = r->project->sources[span.source].text;

	return span.start < text.len && strchr("\"'|>", text.ptr[span.start]) == NULL;
}

static const struct value *
interpolated_text(struct reader *r, const struct value *v)
{
	struct expansion x = { .reader = r };
	struct buf why;

	if (slice_find(v->text, '$') == v->text.len)
		return v;
	buf_init(&x.out, r->arena, TEXT_MAX);
	expand(&x, v->text, 0);
	r->expanded += x.out.len;
	if (x.missing.ptr != NULL) {
		buf_init(&why, r->arena, 512);
		buf_printf(&why, "variable \"%.*s\" is not set", (int)slice_sub(x.missing, 0, 100).len,
		    x.missing.ptr);
		return value_unknown(r->arena, v->span, buf_slice(&why));
	}
	if (!buf_ok(&x.out) || r->expanded > SCAN_LIMIT(EXPANDED))
		return value_unknown(r->arena, v->span, SLICE("the value is too long"));
	return is_plain(r, v->span) ? document_scalar(r->arena, v->span, buf_slice(&x.out), YAML_1_2_CORE)
	    : value_string(r->arena, v->span, buf_slice(&x.out));
}

/* A document is bounded in depth and, aliases counted as copies, in size. */
static const struct value *
interpolated(struct reader *r, const struct value *v)
{
	struct value *copy;

	if (v->kind == VALUE_STRING)
		return interpolated_text(r, v);
	if (v->kind != VALUE_MAP && v->kind != VALUE_LIST)
		return v;
	copy = arena_alloc(r->arena, sizeof *copy);
	*copy = *v;
	if (v->kind == VALUE_MAP)
		copy->members = arena_array(r->arena, v->count + 1u, sizeof *copy->members);
	else
		copy->items = arena_array(r->arena, v->count + 1u, sizeof *copy->items);
	for (uint32_t i = 0; i < v->count; i++) {
		if (v->kind == VALUE_LIST) {
			copy->items[i] = interpolated(r, v->items[i]);
			continue;
		}
		copy->members[i] = v->members[i];
		copy->members[i].value = interpolated(r, v->members[i].value);
	}
	return copy;
}

/* ---- one form ---- */

/* [K=V, K] as a map. */
static const struct value *
as_map(struct reader *r, const struct value *v)
{
	struct value_builder b;

	if (v->kind != VALUE_LIST)
		return v;
	value_begin(&b, r->arena, VALUE_MAP, v->span);
	for (uint32_t i = 0; i < v->count && i < MEMBERS_MAX; i++) {
		struct slice text = v->items[i]->text, key = slice_cut(&text, '=');

		if (v->items[i]->kind == VALUE_STRING)
			value_put(&b, key, v->items[i]->span, text.ptr == NULL
			    ? value_unknown(r->arena, v->items[i]->span, SLICE("the value comes from outside"))
			    : value_string(r->arena, v->items[i]->span, text));
	}
	b.made->why = v->why;
	return value_end(&b);
}

static void
put_text(struct value_builder *b, const char *key, struct slice text)
{
	if (text.len > 0)
		value_put(b, slice_of(key), b->made->span, value_string(b->arena, b->made->span, text));
}

/* What stands behind the last `c` is cut off and returned; all of it when there is none. */
static struct slice
cut_last(struct slice *s, char c)
{
	size_t i = s->len;
	struct slice last;

	while (i > 0 && s->ptr[i - 1] != c && s->ptr[i - 1] != ']')
		i--;
	if (i > 0 && s->ptr[i - 1] == ']')
		i = 0;
	last = slice_sub(*s, i, s->len);
	*s = slice_sub(*s, 0, i > 0 ? i - 1 : 0);
	return last;
}

/* [[host:]published:]target[/protocol] */
static const struct value *
port(struct reader *r, const struct value *v)
{
	struct value_builder b;
	struct slice text = v->text, rest;

	if (v->kind != VALUE_STRING && v->kind != VALUE_NUMBER)
		return v;
	rest = slice_cut(&text, '/');
	value_begin(&b, r->arena, VALUE_MAP, v->span);
	put_text(&b, "target", cut_last(&rest, ':'));
	put_text(&b, "published", cut_last(&rest, ':'));
	if (rest.len > 1 && rest.ptr[0] == '[' && rest.ptr[rest.len - 1] == ']')
		rest = slice_sub(rest, 1, rest.len - 2);
	put_text(&b, "host_ip", rest);
	put_text(&b, "protocol", text.len > 0 ? text : SLICE("tcp"));
	return value_end(&b);
}

static bool
is_path(struct slice s)
{
	return s.len > 0 && strchr("./~\\", s.ptr[0]) != NULL;
}

/* [source:]target[:mode]; `C:\x` is no source "C". */
static const struct value *
mount(struct reader *r, const struct value *v)
{
	struct value_builder b;
	struct slice text = v->text, first, second;
	bool drive = text.len > 2 && text.ptr[1] == ':' && text.ptr[2] == '\\';

	if (v->kind != VALUE_STRING)
		return v;
	first = slice_cut(&text, ':');
	if (drive)
		first = slice_make(first.ptr, 2 + slice_cut(&text, ':').len);
	second = slice_cut(&text, ':');
	value_begin(&b, r->arena, VALUE_MAP, v->span);
	put_text(&b, "type", second.ptr != NULL && (drive || is_path(first)) ? SLICE("bind") : SLICE("volume"));
	if (second.ptr != NULL)
		put_text(&b, "source", first);
	put_text(&b, "target", second.ptr != NULL ? second : first);
	value_put(&b, SLICE("read_only"), v->span, value_bool(r->arena, v->span,
	    slice_is(text, "ro") || slice_starts(text, SLICE("ro,")) || slice_ends(text, SLICE(",ro"))));
	return value_end(&b);
}

static const struct value *
each(struct reader *r, const struct value *v, const struct value *(*fn)(struct reader *, const struct value *))
{
	struct value_builder b;

	if (v->kind != VALUE_LIST)
		return v;
	value_begin(&b, r->arena, VALUE_LIST, v->span);
	for (uint32_t i = 0; i < v->count; i++)
		value_append(&b, fn(r, v->items[i]));
	b.made->why = v->why;
	return value_end(&b);
}

static const struct value *merge(struct reader *, const struct value *, const struct value *,
    struct slice key, uint32_t depth);

/* Two environments; open when one of them is. */
static const struct value *
joined(struct reader *r, const struct value *under, const struct value *over)
{
	const struct value *made = merge(r, under, over, SLICE(""), 0);
	struct value *copy;

	if ((under->why != &hcl_partial_map && over->why != &hcl_partial_map) || made->kind != VALUE_MAP)
		return made;
	copy = arena_alloc(r->arena, sizeof *copy);
	*copy = *made;
	copy->why = &hcl_partial_map;
	return copy;
}

/* A text, a list of texts or of { path }. */
static const struct value *
env_files(struct reader *r, struct slice from, const struct value *files)
{
	const struct value *all = &value_null, *one;

	if (files->kind == VALUE_STRING)
		return read_variables(r, from, files->text, files->span);
	for (uint32_t i = 0; files->kind == VALUE_LIST && i < files->count && r->files < FILES_MAX; i++) {
		one = files->items[i]->kind == VALUE_MAP ? value_member(files->items[i], SLICE("path"))
		    : files->items[i];
		if (one->kind == VALUE_STRING)
			all = joined(r, all, read_variables(r, from, one->text, one->span));
	}
	return all;
}

static const struct value *
normal_service(struct reader *r, struct slice from, const struct value *v)
{
	const struct value *files = value_member(v, SLICE("env_file")), *environment;
	struct value_builder b;

	if (v->kind != VALUE_MAP || v->count > MEMBERS_MAX)
		return v;
	value_begin(&b, r->arena, VALUE_MAP, v->span);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct member *m = &v->members[i];
		const struct value *one = m->value;

		if (slice_is(m->key, "environment") || slice_is(m->key, "labels"))
			one = as_map(r, one);
		else if (slice_is(m->key, "ports"))
			one = each(r, one, port);
		else if (slice_is(m->key, "volumes"))
			one = each(r, one, mount);
		value_put(&b, m->key, m->key_span, one);
	}
	environment = value_member(b.made, SLICE("environment"));
	if (files != &value_null)
		value_put(&b, SLICE("environment"), files->span, joined(r, env_files(r, from, files), environment));
	b.made->why = v->why;
	return value_end(&b);
}

/* ---- merging ---- */

static bool
is_replaced(struct slice key)
{
	return slice_is(key, "command") || slice_is(key, "entrypoint") || slice_is(key, "test");
}

/* Mounts of one target: the later one counts. */
static bool
is_overridden(const struct value *item, const struct value *later, struct slice key)
{
	const struct value *target = value_member(item, SLICE("target"));

	for (uint32_t i = 0; i < later->count; i++)
		if (value_equal(item, later->items[i]) || (slice_is(key, "volumes")
		    && target->kind == VALUE_STRING
		    && value_equal(target, value_member(later->items[i], SLICE("target")))))
			return true;
	return false;
}

static const struct value *
merge_lists(struct reader *r, const struct value *under, const struct value *over, struct slice key)
{
	struct value_builder b;

	value_begin(&b, r->arena, VALUE_LIST, over->span);
	for (uint32_t i = 0; i < under->count; i++)
		if (!is_overridden(under->items[i], over, key))
			value_append(&b, under->items[i]);
	for (uint32_t i = 0; i < over->count; i++)
		value_append(&b, over->items[i]);
	return value_end(&b);
}

static const struct value *
merge_maps(struct reader *r, const struct value *under, const struct value *over, uint32_t depth)
{
	struct value_builder b;

	value_begin(&b, r->arena, VALUE_MAP, over->span);
	for (uint32_t i = 0; i < under->count; i++)
		if (value_member(over, under->members[i].key)->why != &document_reset)
			value_put(&b, under->members[i].key, under->members[i].key_span, under->members[i].value);
	for (uint32_t i = 0; i < over->count; i++)
		if (over->members[i].value->why != &document_reset)
			value_put(&b, over->members[i].key, over->members[i].key_span, merge(r,
			    value_member(under, over->members[i].key), over->members[i].value,
			    over->members[i].key, depth + 1));
	b.made->why = under->why == &hcl_partial_map ? under->why : over->why;
	return value_end(&b);
}

/* Maps by their keys, lists one behind the other, else what is written later. */
static const struct value *
merge(struct reader *r, const struct value *under, const struct value *over, struct slice key,
    uint32_t depth)
{
	uint32_t cost = under->count + over->count;

	if (over->kind == VALUE_NULL)
		return under;
	if (over->why == &document_override)
		return over;
	if (under->kind != over->kind || is_replaced(key) || (over->kind != VALUE_MAP && over->kind != VALUE_LIST))
		return over;
	if (cost > MEMBERS_MAX || r->merges + cost > MERGES_MAX || depth > DOCUMENT_DEPTH) {
		project_problem(r->project, over->span, "too much to merge");
		return over;
	}
	r->merges += cost;
	return over->kind == VALUE_MAP ? merge_maps(r, under, over, depth) : merge_lists(r, under, over, key);
}

/* ---- files and services ---- */

/* The first form had services on the first level. */
static const struct value *
with_services(struct reader *r, const struct value *v)
{
	struct value_builder b;

	if (v->kind != VALUE_MAP || value_member(v, SLICE("services")) != &value_null)
		return v;
	for (uint32_t i = 0; i < v->count; i++)
		if (value_member(v->members[i].value, SLICE("image"))->kind != VALUE_NULL
		    || value_member(v->members[i].value, SLICE("build"))->kind != VALUE_NULL) {
			value_begin(&b, r->arena, VALUE_MAP, v->span);
			value_put(&b, SLICE("services"), v->span, v);
			return value_end(&b);
		}
	return v;
}

static const struct value *extended(struct reader *, uint32_t source, const struct value *services,
    const struct value *service, uint32_t depth);
static const struct value *read_source(struct reader *, uint32_t source, uint32_t depth);

static const struct value *
raw_source(struct reader *r, uint32_t source)
{
	const struct value **documents;
	uint32_t count;

	document_yaml(r->project, source, YAML_1_2_CORE, &documents, &count);
	return count == 0 ? &value_null : with_services(r, interpolated(r, documents[0]));
}

/* The source of another file, or false after a problem. */
static bool
other_file(struct reader *r, uint32_t source, const struct value *name, uint32_t *other)
{
	struct slice path, text;

	if (name->kind == VALUE_UNKNOWN)
		return false;
	if (name->kind != VALUE_STRING
	    || !read_file(r, r->project->sources[source].path, name->text, &path, &text)) {
		project_problem(r->project, name->span, "a file that is named cannot be read here");
		return false;
	}
	*other = project_add_source(r->project, path, text);
	return true;
}

static const struct value *
extended(struct reader *r, uint32_t source, const struct value *services, const struct value *service,
    uint32_t depth)
{
	const struct value *extends = value_member(service, SLICE("extends")), *name, *file, *base;
	struct slice from = r->project->sources[source].path;

	if (depth > SCAN_LIMIT(NESTING)) {
		project_problem(r->project, extends->span, "a service extends itself, or too many others");
		return service;
	}
	if (extends->kind != VALUE_STRING && extends->kind != VALUE_MAP)
		return normal_service(r, from, service);
	name = extends->kind == VALUE_STRING ? extends : value_member(extends, SLICE("service"));
	file = value_member(extends, SLICE("file"));
	if (file != &value_null) {
		uint32_t other;

		if (!other_file(r, source, file, &other))
			return normal_service(r, from, service);
		source = other;
		services = value_member(raw_source(r, other), SLICE("services"));
	}
	base = value_member(services, name->text);
	if (name->kind != VALUE_STRING || base->kind != VALUE_MAP)
		return normal_service(r, from, service);
	return merge(r, extended(r, source, services, base, depth + 1), normal_service(r, from, service),
	    SLICE(""), 0);
}

static const struct value *
with_includes(struct reader *r, uint32_t source, const struct value *file, uint32_t depth)
{
	const struct value *includes = value_member(file, SLICE("include")), *one;
	uint32_t other;

	for (uint32_t i = 0; includes->kind == VALUE_LIST && i < includes->count; i++) {
		one = includes->items[i]->kind == VALUE_MAP ? value_member(includes->items[i], SLICE("path"))
		    : includes->items[i];
		if (depth >= SCAN_LIMIT(NESTING) || r->files >= FILES_MAX) {
			project_problem(r->project, includes->span, "too many files are included");
			break;
		}
		if (other_file(r, source, one, &other))
			file = merge(r, read_source(r, other, depth + 1), file, SLICE(""), 0);
	}
	return file;
}

static const struct value *
read_source(struct reader *r, uint32_t source, uint32_t depth)
{
	const struct value *file = raw_source(r, source), *services = value_member(file, SLICE("services"));
	struct value_builder b, whole;

	if (services->kind != VALUE_MAP || services->count > MEMBERS_MAX || file->count > MEMBERS_MAX)
		return with_includes(r, source, file, depth);
	value_begin(&b, r->arena, VALUE_MAP, services->span);
	for (uint32_t i = 0; i < services->count; i++)
		value_put(&b, services->members[i].key, services->members[i].key_span,
		    extended(r, source, services, services->members[i].value, 0));
	value_begin(&whole, r->arena, VALUE_MAP, file->span);
	for (uint32_t i = 0; i < file->count; i++)
		value_put(&whole, file->members[i].key, file->members[i].key_span, file->members[i].value);
	value_put(&whole, SLICE("services"), services->span, value_end(&b));
	return with_includes(r, source, value_end(&whole), depth);
}

/* ---- what is given ---- */

static const struct kind {
	const char *key, *type;
} kinds[] = {
	{ "services", "service" }, { "networks", "network" }, { "volumes", "volume" },
	{ "secrets", "secret" }, { "configs", "config" },
};

static struct slice
address(struct arena *a, const char *type, struct slice name)
{
	struct buf b;

	buf_init(&b, a, name.len + 16);
	buf_add_cstr(&b, type);
	buf_add_char(&b, '.');
	buf_add(&b, name);
	return buf_slice(&b);
}

static void
refer(struct reader *r, struct resource *out, const char *type, const char *key, struct slice name,
    struct span span)
{
	if (name.len > 0 && out->reference_count < REFERENCES_MAX)
		out->references[out->reference_count++] = (struct reference){ address(r->arena, type, name),
			slice_of(key), span };
}

static void
refer_all(struct reader *r, struct resource *out, const char *type, const char *key)
{
	const struct value *v = value_member(out->attributes, slice_of(key));

	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		refer(r, out, type, key, v->members[i].key, v->members[i].key_span);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++) {
		const struct value *one = v->items[i];

		if (one->kind == VALUE_MAP && !slice_is(value_member(one, SLICE("type"))->text, "bind"))
			one = value_member(one, SLICE("source"));
		if (one->kind == VALUE_STRING)
			refer(r, out, type, key, one->text, one->span);
	}
}

/* A service of a profile is there only when that is chosen. */
static const struct value *
with_profiles(struct reader *r, const struct value *v)
{
	const struct value *profiles = value_member(v, SLICE("profiles"));

	if (profiles->kind != VALUE_LIST || profiles->count == 0)
		return v;
	return hcl_because(r->arena, v, profiles->span, SLICE("only with one of its profiles"));
}

static void
give_one(struct reader *r, const struct kind *k, const struct member *m)
{
	struct resource *out = project_add_resource(r->project);

	*out = (struct resource){ .language = LANGUAGE_COMPOSE, .address = address(r->arena, k->type, m->key),
		.module = SLICE(""), .type = slice_of(k->type), .name = m->key, .attributes = with_profiles(r, m->value),
		.span = m->value->kind == VALUE_NULL ? m->key_span : m->value->span, .head = m->key_span };
	if (k != kinds)
		return;
	out->references = arena_array(r->arena, REFERENCES_MAX, sizeof *out->references);
	refer_all(r, out, "service", "depends_on");
	for (size_t i = 1; i < COUNT_OF(kinds); i++)
		refer_all(r, out, kinds[i].type, kinds[i].key);
}

static void
give(struct reader *r, const struct value *file)
{
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const struct value *all = value_member(file, slice_of(kinds[k].key));

		for (uint32_t i = 0; all->kind == VALUE_MAP && i < all->count && i < MEMBERS_MAX; i++)
			if (all->members[i].value->kind == VALUE_MAP || all->members[i].value->kind == VALUE_NULL)
				give_one(r, &kinds[k], &all->members[i]);
	}
}

/* "x.override.yml" -> "x"; "x.yml" -> "x". */
static struct slice
stem(struct slice path, bool *override)
{
	struct slice mark = SLICE(".override");

	while (path.len > 0 && path.ptr[path.len - 1] != '.')
		path.len--;
	path.len -= path.len > 0;
	*override = slice_ends(path, mark);
	path.len -= *override ? mark.len : 0;
	return path;
}

static const struct value *
with_override(struct reader *r, const uint32_t *sources, uint32_t count, uint32_t i, bool *alone)
{
	bool mine, its;
	struct slice name = stem(r->project->sources[sources[i]].path, &mine);
	const struct value *file = &value_null;

	*alone = true;
	for (uint32_t k = 0; k < count; k++) {
		if (k == i || !slice_eq(stem(r->project->sources[sources[k]].path, &its), name) || its == mine)
			continue;
		*alone = !mine;
		if (!mine)
			file = read_source(r, sources[k], 0);
	}
	return *alone ? merge(r, read_source(r, sources[i], 0), file, SLICE(""), 0) : file;
}

void
compose_read(struct project *p, const uint32_t *sources, uint32_t count, struct slice root_directory)
{
	struct reader r = { .project = p, .arena = p->arena, .root = root_directory };
	const struct value *file;
	bool alone;

	if (count == 0)
		return;
	r.variables = read_variables(&r, p->sources[sources[0]].path, SLICE(".env"), (struct span){ 0 });
	for (uint32_t i = 0; i < count; i++) {
		r.files = r.merges = 0;
		r.expanded = 0;
		file = with_override(&r, sources, count, i, &alone);
		if (alone)
			give(&r, file);
	}
}
