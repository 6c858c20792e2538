/* hcl_functions_file.c -- functions that read files and templates, inside the root only.
 *
 * Names are relative to the directory of the root module, as in Terraform; `path.module` is
 * relative to it too.  Where there is no directory (rules, expressions alone) nothing is read. */
#include "iac/hcl_functions.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/encode.h"
#include "iac/files.h"

enum { ENTRIES_MAX = 5000, WALK_DEPTH = 20, DEPTH_STEP = 50 };

static const struct value *
unknown(struct hcl_call *c, const char *because)
{
	return value_unknown(c->arena, c->span, slice_of(because));
}

/* The path an argument means; false when nothing may be read. */
static bool
path_of(struct hcl_call *c, struct slice *path)
{
	struct slice s;

	if (!hcl_text(c, 0, &s) || c->scope->directory.len == 0)
		return false;
	*path = files_join(c->arena, c->scope->directory, s);
	return true;
}

static bool
bytes_of(struct hcl_call *c, struct slice *text)
{
	struct slice path;
	uint32_t source;

	/* A source of the project is read once, however often it is named. */
	if (!path_of(c, &path) || !files_source(c->scope->project, c->scope->root_directory, path, &source))
		return false;
	*text = c->scope->project->sources[source].text;
	return true;
}

static const struct value *
file(struct hcl_call *c)
{
	struct slice s;

	if (!bytes_of(c, &s))
		return unknown(c, "the file is not here");
	return utf8_valid(s) ? hcl_text_value(c, s) : hcl_wrong(c, "the file is not UTF-8");
}

static const struct value *
fileexists(struct hcl_call *c)
{
	struct slice path;
	struct stat st;

	if (!path_of(c, &path))
		return unknown(c, "files are not looked at here");
	return value_bool(c->arena, c->span, files_inside(c->arena, c->scope->root_directory, path)
	    && stat(slice_cstr(path, c->arena), &st) == 0 && S_ISREG(st.st_mode));
}

/* The function of a text, of a file's bytes. */
static const struct value *
of_file(struct hcl_call *c, const char *function)
{
	const struct value *text, *v;
	struct slice s;

	if (!bytes_of(c, &s))
		return unknown(c, "the file is not here");
	text = hcl_text_value(c, s);
	v = hcl_call(c->scope, slice_of(function), &text, 1, c->span);
	return v != NULL ? v : unknown(c, "this function is not computed");
}

static const struct value *filebase64(struct hcl_call *c) { return of_file(c, "base64encode"); }
static const struct value *filemd5(struct hcl_call *c) { return of_file(c, "md5"); }
static const struct value *filesha1(struct hcl_call *c) { return of_file(c, "sha1"); }
static const struct value *filesha256(struct hcl_call *c) { return of_file(c, "sha256"); }
static const struct value *filesha512(struct hcl_call *c) { return of_file(c, "sha512"); }
static const struct value *filebase64sha256(struct hcl_call *c) { return of_file(c, "base64sha256"); }
static const struct value *filebase64sha512(struct hcl_call *c) { return of_file(c, "base64sha512"); }

/* ---- fileset() ---- */

struct walk {
	struct hcl_call     *call;
	struct slice         top, pattern;
	struct value_builder found;
	uint32_t             entries, depth;
};

/* "**" is any number of directories. */
static bool
matches(struct slice pattern, struct slice path, struct arena *a, uint32_t depth)
{
	struct slice one, part, rest_pattern = pattern, rest_path = path;

	if (depth > 2 * WALK_DEPTH)
		return false;
	if (pattern.ptr == NULL || path.ptr == NULL)
		return pattern.ptr == NULL && path.ptr == NULL;
	one = slice_cut(&rest_pattern, '/');
	part = slice_cut(&rest_path, '/');
	if (slice_is(one, "**"))
		return matches(rest_pattern, path, a, depth + 1) || matches(pattern, rest_path, a, depth + 1);
	return fnmatch(slice_cstr(one, a), slice_cstr(part, a), 0) == 0
	    && matches(rest_pattern, rest_path, a, depth + 1);
}

static void
walk(struct walk *w, struct slice below)
{
	struct slice directory = files_join(w->call->arena, w->top, below);
	DIR *d = files_inside(w->call->arena, w->call->scope->root_directory, directory)
	    ? opendir(slice_cstr(directory, w->call->arena)) : NULL;
	struct dirent *entry;

	if (d == NULL)
		return;
	w->depth++;
	while (w->entries++ < ENTRIES_MAX && (entry = readdir(d)) != NULL) {
		struct slice name = slice_of(entry->d_name), path;
		struct stat st;

		if (slice_is(name, ".") || slice_is(name, ".."))
			continue;
		path = below.len > 0 ? files_join(w->call->arena, below, name) : slice_dup(name, w->call->arena);
		if (lstat(slice_cstr(files_join(w->call->arena, w->top, path), w->call->arena), &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && w->depth < WALK_DEPTH)
			walk(w, path);
		else if (S_ISREG(st.st_mode) && matches(w->pattern, path, w->call->arena, 0))
			value_append(&w->found, hcl_text_value(w->call, path));
	}
	w->depth--;
	closedir(d);
}

static const struct value *
fileset(struct hcl_call *c)
{
	struct walk w = { .call = c };

	if (!path_of(c, &w.top) || !hcl_text(c, 1, &w.pattern) || w.pattern.len > 1000)
		return unknown(c, "files are not looked at here");
	value_begin(&w.found, c->arena, VALUE_LIST, c->span);
	walk(&w, SLICE(""));
	return hcl_set(c->arena, value_end(&w.found));
}

/* ---- templates ---- */

static const struct value *
variable(void *variables, struct slice name)
{
	const struct value *v = value_member(variables, name);

	return v != &value_null ? v : NULL;
}

static const struct value *
rendered(struct hcl_call *c, uint32_t source, const struct value *variables)
{
	struct hcl_scope s = *c->scope;
	uint32_t before = c->scope->project->problem_count;
	struct hcl_expression *e;
	const struct value *v;
	size_t len = c->scope->project->sources[source].text.len;

	if (variables->kind != VALUE_MAP)
		return variables->kind == VALUE_UNKNOWN ? variables : hcl_wrong(c, "the variables are not a map");
	if (s.meter->depth > 500 || s.meter->steps < len)
		return unknown(c, "this is too much to evaluate");
	s.meter->steps -= len;
	e = hcl_parse_template(c->scope->project, source);
	c->scope->project->problem_count = before;      /* text of another kind: no problem of the scan */
	if (e == NULL)
		return hcl_wrong(c, "the template cannot be read");
	s.ctx = (void *)(uintptr_t)variables;
	s.root = variable;
	s.traverse = NULL;
	s.bindings = NULL;
	s.meter->depth += DEPTH_STEP;
	v = hcl_evaluate(e, &s);
	s.meter->depth -= DEPTH_STEP;
	return v;
}

static const struct value *
templatefile(struct hcl_call *c)
{
	struct slice path;
	uint32_t source;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	if (!path_of(c, &path) || !files_source(c->scope->project, c->scope->root_directory, path, &source))
		return unknown(c, "the template is not here");
	return rendered(c, source, c->args[1]);
}

static const struct value *
templatestring(struct hcl_call *c)
{
	struct slice s;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	return hcl_render(c, s, c->args[1]);
}

/* A source of its own, so that spans have something to point into. */
const struct value *
hcl_render(struct hcl_call *c, struct slice text, const struct value *variables)
{
	return rendered(c, project_add_source(c->scope->project, SLICE("template"), text), variables);
}

/* ---- names ---- */

static const struct value *
name_part(struct hcl_call *c, bool last)
{
	struct slice s;
	size_t i;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	while (last && s.len > 1 && s.ptr[s.len - 1] == '/')
		s.len--;
	for (i = s.len; i > 0 && s.ptr[i - 1] != '/'; i--)
		;
	if (last)
		return hcl_text_value(c, s.len == 0 ? SLICE(".") : i == s.len ? s : slice_sub(s, i, s.len));
	return hcl_text_value(c, i == 0 ? SLICE(".") : files_join(c->arena, SLICE(""), slice_sub(s, 0, i)));
}

static const struct value *basename_of(struct hcl_call *c) { return name_part(c, true); }
static const struct value *dirname_of(struct hcl_call *c) { return name_part(c, false); }

static const struct value *
abspath(struct hcl_call *c)
{
	struct slice s;

	if (hcl_text(c, 0, &s) && s.len > 0 && s.ptr[0] == '/')
		return hcl_text_value(c, files_join(c->arena, SLICE("/"), s));
	return unknown(c, "where the files lie is known only when they are applied");
}

static const struct value *
pathexpand(struct hcl_call *c)
{
	struct slice s;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	return slice_starts(s, SLICE("~")) ? unknown(c, "the home directory is not known") : c->args[0];
}

static const struct hcl_function rows[] = {
	{ "abspath", 1, 1, 0, abspath },                 { "basename", 1, 1, 0, basename_of },
	{ "dirname", 1, 1, 0, dirname_of },              { "file", 1, 1, 0, file },
	{ "filebase64", 1, 1, 0, filebase64 },           { "filebase64sha256", 1, 1, 0, filebase64sha256 },
	{ "filebase64sha512", 1, 1, 0, filebase64sha512 }, { "fileexists", 1, 1, 0, fileexists },
	{ "filemd5", 1, 1, 0, filemd5 },                 { "fileset", 2, 2, 0, fileset },
	{ "filesha1", 1, 1, 0, filesha1 },               { "filesha256", 1, 1, 0, filesha256 },
	{ "filesha512", 1, 1, 0, filesha512 },           { "pathexpand", 1, 1, 0, pathexpand },
	{ "templatefile", 2, 2, HCL_LOOKS, templatefile }, { "templatestring", 2, 2, HCL_LOOKS, templatestring },
};

const struct hcl_table hcl_file_table = { rows, COUNT_OF(rows) };
