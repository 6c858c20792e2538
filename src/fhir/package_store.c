/* package_store.c -- see package_store.h. */
#include "fhir/package_store.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/digest.h"
#include "fhir/pack.h"
#include "json/json.h"

#define INDEX_BYTES_MAX ((size_t)1 << 20)
#define FILE_BYTES_MAX  ((size_t)1 << 30)
#define COMPILED        ".pack"
#define SOURCE          ".tgz"

static char *
path_in(const char *dir, struct slice name, struct slice version, const char *ending,
    struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 4096);
	buf_printf(&b, "%s/packages/", dir);
	buf_add(&b, name);
	if (version.len > 0) {
		buf_add_char(&b, '@');
		buf_add(&b, version);
		buf_add_cstr(&b, ending);
	}
	return slice_cstr(buf_slice(&b), arena);
}

static char *
index_path(const char *dir, struct arena *arena)
{
	return path_in(dir, SLICE("index.json"), SLICE_NONE, "", arena);
}

static struct slice
sha256_hex(struct slice bytes, struct arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[SHA256_BYTES];
	char *hex = arena_alloc(arena, sizeof hash * 2 + 1);

	sha256_one(bytes, hash);
	for (size_t i = 0; i < sizeof hash; i++) {
		hex[i * 2] = digits[hash[i] >> 4];
		hex[i * 2 + 1] = digits[hash[i] & 15];
	}
	return slice_make(hex, sizeof hash * 2);
}

/* The index */

static void
read_needs(const struct json *j, uint32_t row, struct arena *arena, struct stored_package *p)
{
	uint32_t list = json_get(j, row, SLICE("needs"));
	struct package_need *needs;

	if (list == 0 || json_type(j, list) != JSON_OBJECT)
		return;
	p->needs = needs = arena_array(arena, json_size(j, list) + 1, sizeof *needs);
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
		needs[p->need_count++] = (struct package_need){ json_string(j, n, arena),
			json_string(j, n + 1, arena) };
}

static void
read_row(const struct json *j, uint32_t row, struct arena *arena, struct stored_package *p)
{
	uint32_t profiles = json_get(j, row, SLICE("profiles"));
	uint64_t n;

	p->name = json_string(j, json_get(j, row, SLICE("name")), arena);
	p->version = json_string(j, json_get(j, row, SLICE("version")), arena);
	p->source = json_string(j, json_get(j, row, SLICE("source")), arena);
	p->compiled = json_string(j, json_get(j, row, SLICE("compiled")), arena);
	p->profiles = profiles != 0 && slice_uint(json_raw(j, profiles), &n) ? (uint32_t)n : 0;
	read_needs(j, row, arena, p);
}

bool
package_store_list(const struct env *env, const char *dir, struct arena *arena,
    struct stored_packages *out, struct outcome *o)
{
	const struct json_bounds bounds = { .depth = 8, .nodes = 100000, .number = 16, .key = 256 };
	char *path = index_path(dir, arena);
	struct slice text;
	struct json j;

	*out = (struct stored_packages){ 0 };
	if (!env_read_file(env, path, INDEX_BYTES_MAX, arena, &text))
		return errno == ENOENT || outcome_fail_at_once(o, FAULT_UNAVAILABLE,
		    "the index of packages cannot be read");
	if (!json_parse(text, bounds, arena, &j, o))
		return false;
	if (json_type(&j, 0) != JSON_ARRAY)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the index of packages is damaged");
	out->at = arena_array(arena, json_size(&j, 0) + 2, sizeof *out->at);
	for (uint32_t n = json_first(&j, 0); n != 0; n = json_next(&j, 0, n))
		if (json_type(&j, n) == JSON_OBJECT)
			read_row(&j, n, arena, &out->at[out->count++]);
	return true;
}

static void
write_member(struct buf *b, const char *name, struct slice value)
{
	buf_printf(b, "\"%s\":", name);
	json_write_string(b, value);
	buf_add_char(b, ',');
}

static void
write_row(struct buf *b, const struct stored_package *p)
{
	buf_add_cstr(b, "  {");
	write_member(b, "name", p->name);
	write_member(b, "version", p->version);
	write_member(b, "source", p->source);
	write_member(b, "compiled", p->compiled);
	buf_printf(b, "\"profiles\":%u,\"needs\":{", p->profiles);
	for (uint32_t i = 0; i < p->need_count; i++) {
		buf_add_cstr(b, i > 0 ? "," : "");
		json_write_string(b, p->needs[i].name);
		buf_add_char(b, ':');
		json_write_string(b, p->needs[i].version);
	}
	buf_add_cstr(b, "}}");
}

static bool
write_index(const struct env *env, const char *dir, const struct stored_packages *all,
    struct arena *arena, struct outcome *o)
{
	struct buf b;

	buf_init(&b, arena, INDEX_BYTES_MAX);
	buf_add_cstr(&b, "[\n");
	for (uint32_t i = 0; i < all->count; i++) {
		write_row(&b, &all->at[i]);
		buf_add_cstr(&b, i + 1 < all->count ? ",\n" : "\n");
	}
	buf_add_cstr(&b, "]\n");
	return (buf_ok(&b) && env_write_file(env, index_path(dir, arena), buf_slice(&b), 0600))
	    || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the index of packages cannot be written");
}

/* Loading */

static bool
load_one(struct pack *pack, const struct env *env, const char *dir, const struct stored_package *p,
    struct arena *arena, struct outcome *o)
{
	struct slice bytes;

	if (!env_read_file(env, path_in(dir, p->name, p->version, COMPILED, arena), FILE_BYTES_MAX, arena, &bytes))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "a compiled package cannot be read");
	if (!slice_eq(sha256_hex(bytes, arena), p->compiled))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE,
		    "a compiled package is not the one that was added");
	return pack_add(pack, bytes, o);
}

bool
package_store_load(struct pack *pack, const struct env *env, const char *dir, struct arena *arena,
    struct outcome *o)
{
	struct stored_packages all;

	if (!package_store_list(env, dir, arena, &all, o))
		return false;
	for (uint32_t i = 0; i < all.count; i++)
		if (!load_one(pack, env, dir, &all.at[i], arena, o))
			return false;
	return true;
}

/* Changing */

static struct stored_package *
find(const struct stored_packages *all, struct slice name, struct slice version)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (slice_eq(all->at[i].name, name)
		    && (version.len == 0 || slice_eq(all->at[i].version, version)))
			return &all->at[i];
	return NULL;
}

bool
package_store_add(const struct env *env, const char *dir, struct slice tgz, const struct package *p,
    struct arena *arena, struct outcome *o)
{
	struct slice source = sha256_hex(tgz, arena);
	struct stored_packages all;
	struct stored_package *there;
	char *folder = path_in(dir, SLICE(""), SLICE_NONE, "", arena);

	if (!package_store_list(env, dir, arena, &all, o))
		return false;
	if ((there = find(&all, p->name, p->version)) != NULL && !slice_eq(there->source, source))
		return outcome_fail_at_once(o, FAULT_CONFLICT,
		    "this version was added with other content: remove it first");
	if (all.at == NULL)
		all.at = arena_array(arena, 1, sizeof *all.at);
	if (there == NULL)
		there = &all.at[all.count++];
	*there = (struct stored_package){ p->name, p->version, source, sha256_hex(p->compiled, arena),
		p->needs, p->need_count, p->profiles };
	if ((mkdir(folder, 0700) != 0 && errno != EEXIST)
	    || !env_write_file(env, path_in(dir, p->name, p->version, SOURCE, arena), tgz, 0600)
	    || !env_write_file(env, path_in(dir, p->name, p->version, COMPILED, arena), p->compiled, 0600))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the compiled package cannot be written");
	return write_index(env, dir, &all, arena, o);
}

static bool
refresh_one(struct pack *pack, const struct env *env, const char *dir, struct stored_package *p,
    const struct limits *limits, struct arena *arena, struct outcome *o)
{
	struct package made;
	struct slice tgz;

	if (!env_read_file(env, path_in(dir, p->name, p->version, SOURCE, arena), FILE_BYTES_MAX, arena, &tgz)
	    || !slice_eq(sha256_hex(tgz, arena), p->source))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "a package is not the one that was added");
	if (!package_compile(tgz, pack, env, limits, arena, &made, o) || !pack_add(pack, made.compiled, o))
		return false;
	p->compiled = sha256_hex(made.compiled, arena);
	p->profiles = made.profiles;
	return env_write_file(env, path_in(dir, p->name, p->version, COMPILED, arena), made.compiled, 0600)
	    || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the compiled package cannot be written");
}

bool
package_store_refresh(struct pack *pack, const struct env *env, const char *dir,
    const struct limits *limits, struct arena *arena, struct outcome *o)
{
	struct stored_packages all;

	if (!package_store_list(env, dir, arena, &all, o))
		return false;
	for (uint32_t i = 0; i < all.count; i++)
		if (!refresh_one(pack, env, dir, &all.at[i], limits, arena, o))
			return false;
	return write_index(env, dir, &all, arena, o);
}

static bool
is_needed(const struct stored_packages *all, const struct stored_package *p)
{
	for (uint32_t i = 0; i < all->count; i++)
		for (uint32_t k = 0; &all->at[i] != p && k < all->at[i].need_count; k++)
			if (slice_eq(all->at[i].needs[k].name, p->name))
				return true;
	return false;
}

bool
package_store_remove(const struct env *env, const char *dir, struct slice name, struct slice version,
    struct arena *arena, struct outcome *o)
{
	struct stored_packages all;
	struct stored_package *p;
	char *path, *source;

	if (!package_store_list(env, dir, arena, &all, o))
		return false;
	if ((p = find(&all, name, version)) == NULL)
		return outcome_fail_at_once(o, FAULT_NO_SUCH, "no such package was added");
	if (is_needed(&all, p))
		return outcome_fail_at_once(o, FAULT_CONFLICT, "another package needs it");
	path = path_in(dir, p->name, p->version, COMPILED, arena);
	source = path_in(dir, p->name, p->version, SOURCE, arena);
	memmove(p, p + 1, (size_t)(&all.at[all.count] - (p + 1)) * sizeof *p);
	all.count--;
	if (!write_index(env, dir, &all, arena, o))
		return false;
	return ((unlink(path) == 0 || errno == ENOENT) && (unlink(source) == 0 || errno == ENOENT))
	    || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the compiled package cannot be removed");
}

/* What the pack itself is made of (tools/packages.txt). */
static bool
is_in_pack(const struct pack *pack, const struct package_need *need)
{
	if (slice_is(need->name, "hl7.fhir.r4.core"))
		return package_version_fits(pack_fhir_version(pack), need->version);
	return slice_is(need->name, "hl7.terminology.r4") || slice_is(need->name, "hl7.terminology");
}

const struct package_need *
package_store_missing(const struct pack *pack, const struct stored_packages *all,
    const struct package *p, struct arena *arena, uint32_t *count)
{
	struct package_need *missing = arena_array(arena, p->need_count + 1, sizeof *missing);

	*count = 0;
	for (uint32_t i = 0; i < p->need_count; i++)
		if (!is_in_pack(pack, &p->needs[i]) && find(all, p->needs[i].name, SLICE_NONE) == NULL)
			missing[(*count)++] = p->needs[i];
	return missing;
}
