/* builtin_settings.c -- what a server is told, in whatever form: settings() and key().
 *
 * A setting is given by an environment variable, a flag of the command, an option of the Java
 * virtual machine, SPRING_APPLICATION_JSON, or a file that is mounted.  Their names differ by the
 * binding of the framework (Spring, .NET): "hapi.fhir.cors", "HAPI_FHIR_CORS", "FhirServer:Security",
 * "FhirServer__Security"; so letters are compared without case and "-_.:" not at all. */
#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/builtin.h"
#include "iac/document.h"

enum { FILE_MAX = 1 << 18, COMMAND_MAX = 1 << 16, SETTINGS_MAX = 4096, DEPTH_MAX = 32 };

/* ---- names ---- */

/* Lower case, without "-_.:". */
static struct slice
bare(struct arena *a, struct slice name)
{
	char *to = arena_alloc(a, name.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (c != '-' && c != '_' && c != '.' && c != ':')
			to[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return slice_make(to, n);
}

/* Member whose whole name is one of those. */
static const struct value *
key(struct builtin_call *c)
{
	const struct value *map = c->args[0];

	for (uint32_t i = 1; i < c->count; i++) {
		struct slice pattern = bare(c->arena, builtin_text_of(c, c->args[i]));

		for (uint32_t k = 0; map->kind == VALUE_MAP && k < map->count; k++)
			if (builtin_glob(pattern, bare(c->arena, map->members[k].key), false))
				return map->members[k].value;
	}
	if (map->why == &hcl_partial_map)
		return builtin_unknown(c, "a part of the map is not among the files");
	return map->kind == VALUE_UNKNOWN ? map : &value_null;
}

/* ---- collecting: what comes first wins ---- */

struct settings {
	struct builtin_call *call;
	struct hcl_map       map;
};

static void
add(struct settings *s, struct slice name, struct span span, const struct value *v)
{
	if (name.len == 0 || s->map.count >= SETTINGS_MAX)
		return;
	for (uint32_t i = 0; i < s->map.count; i++)
		if (slice_eq(s->map.members[i].key, name))
			return;
	hcl_map_add(&s->map, name, span, v);
}

/* "a=b" */
static void
add_pair(struct settings *s, struct slice pair, struct span span)
{
	struct slice name = slice_trim(slice_cut(&pair, '='));

	if (pair.ptr != NULL)
		add(s, name, span, value_string(s->call->arena, span, slice_trim(pair)));
}

/* "--a=b" and "--a b" of a program, "-Da=b" of Java. */
static void
add_flags(struct settings *s, struct slice words, struct span span)
{
	struct slice before = SLICE(""), word;

	while (words.len > 0) {
		word = slice_cut(&words, ' ');
		if (slice_starts(before, SLICE("--")) && !slice_starts(word, SLICE("-")) && word.len > 0)
			add(s, slice_sub(before, 2, before.len), span, value_string(s->call->arena, span, word));
		if (slice_starts(word, SLICE("--")) || slice_starts(word, SLICE("-D")))
			add_pair(s, slice_sub(word, 2, word.len), span);
		before = word;
	}
}

static struct slice
joined(struct arena *a, struct slice head, struct slice tail)
{
	struct buf b;

	if (head.len == 0)
		return tail;
	buf_init(&b, a, head.len + tail.len + 2);
	buf_printf(&b, "%.*s.%.*s", SLICE_FMT(head), SLICE_FMT(tail));
	return buf_slice(&b);
}

/* { a = { b = 1 } } is a.b = 1; the items of a list are a.0, a.1. */
static void
add_tree(struct settings *s, struct slice path, const struct value *v, uint32_t depth)
{
	uint32_t i;
	char index[12];

	if (depth > DEPTH_MAX)
		return;
	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		add_tree(s, joined(s->call->arena, path, v->members[i].key), v->members[i].value, depth + 1);
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++) {
		snprintf(index, sizeof index, "%u", i);
		add_tree(s, joined(s->call->arena, path, slice_dup(slice_of(index), s->call->arena)), v->items[i], depth + 1);
	}
	if (v->kind != VALUE_MAP && v->kind != VALUE_LIST && v->kind != VALUE_NULL)
		add(s, path, v->span, v);
}

/* YAML, and JSON as YAML has it; of many documents the first, which holds in every profile. */
static void
add_document(struct settings *s, struct slice text, struct span span)
{
	const struct value **documents;
	struct project inner;
	uint32_t count;

	if (text.len > FILE_MAX)
		return;
	project_init(&inner, s->call->arena, s->call->engine->project->env);
	if (document_yaml(&inner, project_add_source(&inner, SLICE("settings"), text), YAML_1_2_CORE, &documents, &count)
	    && count > 0)
		add_tree(s, SLICE(""), value_moved(s->call->arena, documents[0], span), 0);
}

static void
add_file(struct settings *s, struct slice name, const struct value *v)
{
	struct slice text = v->kind == VALUE_STRING ? v->text : SLICE("");

	if (slice_ends(name, SLICE(".yaml")) || slice_ends(name, SLICE(".yml")) || slice_ends(name, SLICE(".json")))
		add_document(s, text, v->span);
	while (slice_ends(name, SLICE(".properties")) && text.len > 0)
		add_pair(s, slice_cut(&text, '\n'), v->span);
}

/* ---- the kinds of arguments ---- */

static bool
is_java_options(struct slice name)
{
	static const char *const names[] = { "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JAVA_OPTIONS",
		"CATALINA_OPTS" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

static void
add_command(struct settings *s, const struct value *words)
{
	struct buf b;

	buf_init(&b, s->call->arena, COMMAND_MAX);
	for (uint32_t i = 0; words->kind == VALUE_LIST && i < words->count; i++)
		if (words->items[i]->kind == VALUE_STRING && buf_slice(&b).len + words->items[i]->text.len + 2 < COMMAND_MAX)
			buf_printf(&b, "%.*s ", SLICE_FMT(words->items[i]->text));
	add_flags(s, buf_slice(&b), words->span);
}

static void
add_environment(struct settings *s, const struct value *env)
{
	uint32_t i;

	for (i = 0; env->kind == VALUE_MAP && i < env->count; i++) {
		const struct value *v = env->members[i].value;

		if (v->kind == VALUE_STRING && slice_is(env->members[i].key, "SPRING_APPLICATION_JSON"))
			add_document(s, v->text, v->span);
		if (v->kind == VALUE_STRING && is_java_options(env->members[i].key))
			add_flags(s, v->text, v->span);
	}
	for (i = 0; env->kind == VALUE_MAP && i < env->count; i++)
		add(s, env->members[i].key, env->members[i].key_span, env->members[i].value);
}

static void
add_files(struct settings *s, const struct value *maps)
{
	for (uint32_t i = 0; maps->kind == VALUE_LIST && i < maps->count; i++)
		for (uint32_t k = 0; maps->items[i]->kind == VALUE_MAP && k < maps->items[i]->count; k++)
			add_file(s, maps->items[i]->members[k].key, maps->items[i]->members[k].value);
}

/* settings(env, command, files, unread): files are maps of name to text; whether others are not read. */
static const struct value *
settings(struct builtin_call *c)
{
	struct settings s = { .call = c, .map = { .arena = c->arena } };
	struct value *made;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	add_command(&s, c->args[1]);
	add_environment(&s, c->args[0]);
	add_files(&s, c->args[2]);
	made = (struct value *)(uintptr_t)hcl_map_end(&s.map, c->args[0]->span);
	made->why = c->args[3]->kind == VALUE_BOOL && c->args[3]->boolean ? &hcl_partial_map : c->args[0]->why;
	return made;
}

const struct builtin builtins_settings[] = {
	{ "key", 2, 255, 0, key },
	{ "settings", 4, 4, BUILTIN_LOOKS, settings },
};
const size_t builtins_settings_count = COUNT_OF(builtins_settings);
