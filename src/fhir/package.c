/* package.c -- see package.h. */
#include "fhir/package.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/outcome.h"
#include "fhir/pack_build.h"
#include "fhir/pack_format.h"
#include "fhir/terminology_format.h"
#include "fhir/tgz.h"

#define MANIFEST "package/package.json"

struct reading {
	struct arena   *arena;
	struct slice    manifest;
	struct builder *builder;
};

/* "package/x.json", not below: examples and what tools left there are no definitions. */
static bool
is_definition(struct slice name)
{
	struct slice rest = name;

	return slice_is(slice_cut(&rest, '/'), "package") && slice_find(rest, '/') == rest.len
	    && slice_ends(rest, SLICE(".json")) && rest.len > 0 && rest.ptr[0] != '.';
}

static bool
wants(void *ctx UNUSED, struct slice name)
{
	return slice_is(name, MANIFEST) || is_definition(name);
}

static bool
take(void *ctx, struct slice name, struct slice bytes)
{
	struct reading *r = ctx;

	if (slice_is(name, MANIFEST)) {
		r->manifest = slice_dup(bytes, r->arena);
		return true;
	}
	return builder_take(r->builder, bytes);
}

static bool
is_for_release(struct builder *b, const struct json *j, struct slice release)
{
	static const char *const members[] = { "fhirVersions", "fhir-version-list" };

	for (size_t i = 0; i < COUNT_OF(members); i++) {
		uint32_t list = json_get(j, 0, slice_of(members[i]));

		if (list == 0 || json_type(j, list) != JSON_ARRAY)
			continue;
		for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
			if (slice_starts(json_string(j, n, b->arena), slice_sub(release, 0, 3)))
				return true;
		return false;
	}
	return true;
}

static void
read_needs(const struct json *j, struct arena *arena, struct package *out)
{
	uint32_t list = json_get(j, 0, SLICE("dependencies")), count;
	struct package_need *needs;

	if (list == 0 || json_type(j, list) != JSON_OBJECT)
		return;
	count = json_size(j, list);
	needs = arena_array(arena, count + 1, sizeof *needs);
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
		needs[out->need_count++] = (struct package_need){ json_string(j, n, arena),
			json_string(j, n + 1, arena) };
	out->needs = needs;
}

/* A name and a version go into file names: letters, digits, ".", "-", "_". */
static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!(ascii_is_digit(c) || ascii_is_letter(c)
		    || c == '.' || c == '-' || c == '_'))
			return false;
	}
	return s.len > 0 && s.len <= 128 && s.ptr[0] != '.';
}

static bool
read_manifest(struct slice text, struct arena *arena, struct json *j, struct package *out,
    struct outcome *o)
{
	const struct json_bounds bounds = { .depth = 64, .nodes = 10000, .number = 64, .key = 256 };

	if (text.len == 0)
		return outcome_fail_at_once(o, FAULT_INVALID, "no FHIR package: package/package.json is missing");
	if (!json_parse(text, bounds, arena, j, o))
		return false;
	out->name = json_string(j, json_get(j, 0, SLICE("name")), arena);
	out->version = json_string(j, json_get(j, 0, SLICE("version")), arena);
	out->canonical = json_string(j, json_get(j, 0, SLICE("canonical")), arena);
	read_needs(j, arena, out);
	return (is_plain(out->name) && is_plain(out->version))
	    || outcome_fail_at_once(o, FAULT_INVALID, "the package has no usable name and version");
}

/* They are read like those of resources (search/custom.h). */
static void
write_definitions(struct builder *b)
{
	const struct definitions *d = &b->of[DEFINITION_PARAM];

	builder_word(b, d->count);
	for (uint32_t i = 0; i < d->count; i++)
		builder_string(b, json_raw(&d->at[i], 0));
}

static void
finish(struct builder *b, struct arena *arena, struct package *out)
{
	builder_borrow_types(b);
	builder_collect_sets(b);
	builder_word(b, b->set_count);
	builder_write_sets(b);
	builder_write_profiles(b);
	write_definitions(b);
	builder_write_terminology(b, &b->terminology);
	out->profiles = b->profile_count;
	out->left_out = b->left_out;
	out->compiled = slice_dup(builder_assemble(b), arena);
}

static bool
compile(struct builder *b, struct slice tgz, const struct limits *limits, struct arena *arena,
    struct package *out, struct outcome *o)
{
	struct reading r = { .arena = arena, .builder = b };
	struct json j;

	if (!tgz_read(tgz, limits, b->arena, wants, take, &r, o)
	    || !read_manifest(r.manifest, arena, &j, out, o))
		return false;
	if (!is_for_release(b, &j, pack_fhir_version(b->base)))
		return outcome_fail_at_once(o, FAULT_INVALID, "the package is for another FHIR release");
	finish(b, arena, out);
	return true;
}

bool
package_compile(struct slice tgz, const struct pack *pack, const struct env *env,
    const struct limits *limits, struct arena *arena, struct package *out, struct outcome *o)
{
	struct builder *b = builder_new(env, pack, o);
	bool good;

	*out = (struct package){ 0 };
	good = compile(b, tgz, limits, arena, out, o);
	arena_free(b->arena);
	return good;
}

bool
package_compile_texts(const struct slice *texts, uint32_t count, const struct pack *pack,
    const struct env *env, struct arena *arena, struct package *out, struct outcome *o)
{
	struct builder *b = builder_new(env, pack, o);
	bool good = true;

	*out = (struct package){ 0 };
	for (uint32_t i = 0; i < count && good; i++)
		good = builder_take(b, texts[i]);
	if (good)
		finish(b, arena, out);
	arena_free(b->arena);
	return good;
}

bool
package_version_fits(struct slice have, struct slice asked)
{
	if (slice_ends(asked, SLICE(".x")))
		asked.len -= 2;
	if (slice_is(asked, "latest") || slice_is(asked, "current") || slice_is(asked, "dev"))
		return true;
	return slice_starts(have, asked)
	    && (have.len == asked.len || have.ptr[asked.len] == '.' || have.ptr[asked.len] == '-');
}
