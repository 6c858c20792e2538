/* Every file of hl7.fhir.r4.examples from JSON to XML and back, the same in canonical
 * form: members sorted by name, no white space, strings with the fewest escapes,
 * numbers as they were written. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "xml/xml.h"

#define EXAMPLES "build/packages/hl7.fhir.r4.examples/package"

static const struct {
	const char *file, *why;
} exceptions[] = {
	{ "package.json", "not a resource: it describes the package" },
};

static bool seen[COUNT_OF(exceptions)];
static struct pack *pack;

static int
open_pack(void **state UNUSED)
{
	struct arena *a = arena_new(4096);
	struct outcome o;

	outcome_init(&o, a);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	arena_free(a);
	return pack == NULL;
}

static int
close_pack(void **state UNUSED)
{
	pack_close(pack);
	return 0;
}

struct member {
	struct slice name;
	uint32_t     value;
};

static int
by_name(const void *a, const void *b)
{
	return slice_cmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void canonical(struct buf *, const struct json *, uint32_t node, struct arena *);

static void
canonical_object(struct buf *b, const struct json *j, uint32_t node, struct arena *a)
{
	uint32_t count = json_size(j, node), i = 0;
	struct member *members = arena_array(a, count + 1, sizeof *members);

	for (uint32_t n = json_first(j, node); n != 0; n = json_next(j, node, n))
		members[i++] = (struct member){ json_string(j, n, a), n + 1 };
	qsort(members, count, sizeof *members, by_name);
	buf_add_char(b, '{');
	for (i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		json_write_string(b, members[i].name);
		buf_add_char(b, ':');
		canonical(b, j, members[i].value, a);
	}
	buf_add_char(b, '}');
}

static void
canonical(struct buf *b, const struct json *j, uint32_t node, struct arena *a)
{
	switch (json_type(j, node)) {
	case JSON_OBJECT:
		canonical_object(b, j, node, a);
		break;
	case JSON_ARRAY:
		buf_add_char(b, '[');
		for (uint32_t n = json_first(j, node); n != 0; n = json_next(j, node, n)) {
			if (n != json_first(j, node))
				buf_add_char(b, ',');
			canonical(b, j, n, a);
		}
		buf_add_char(b, ']');
		break;
	case JSON_STRING:
		json_write_string(b, json_string(j, node, a));
		break;
	default:
		buf_add(b, json_raw(j, node));
	}
}

static struct slice
canonical_text(const struct json *j, struct arena *a)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	canonical(&b, j, 0, a);
	return buf_slice(&b);
}

static void
differ(struct slice a, struct slice b, const char *file)
{
	size_t i = 0, from;

	while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
		i++;
	from = i > 60 ? i - 60 : 0;
	print_error("%s differs:\n  %.*s\n  %.*s\n", file, SLICE_FMT(slice_sub(a, from, 160)),
	    SLICE_FMT(slice_sub(b, from, 160)));
}

static void
say(const struct outcome *o, const char *file, struct arena *a)
{
	struct buf b;

	buf_init(&b, a, 1 << 16);
	outcome_text(o, file, &b);
	print_error("%.*s", SLICE_FMT(buf_slice(&b)));
}

/* In the compact form, and in the pretty one. */
static bool
round_trip(struct slice text, const char *file, enum xml_style style, struct arena *a)
{
	const struct json_bounds wide = json_bounds(&limits_default, true);
	struct json before, after;
	struct slice back, x, y;
	struct outcome o;
	struct buf xml;

	outcome_init(&o, a);
	buf_init(&xml, a, SIZE_MAX);
	if (!json_parse(text, wide, a, &before, &o))
		return say(&o, file, a), false;
	if (!xml_write(pack, &before, 0, style, a, &xml))
		return print_error("%s cannot be written\n", file), false;
	if (!xml_read(pack, buf_slice(&xml), &limits_default, XML_BUNDLE, a, &back, NULL, &o)
	    || !json_parse(back, wide, a, &after, &o))
		return say(&o, file, a), false;
	x = canonical_text(&before, a);
	y = canonical_text(&after, a);
	if (!slice_eq(x, y))
		return differ(x, y, file), false;
	return true;
}

static bool
excepted(const char *file)
{
	for (size_t i = 0; i < COUNT_OF(exceptions); i++)
		if (strcmp(exceptions[i].file, file) == 0)
			return seen[i] = true;
	return false;
}

static bool
file_good(const char *name, int number)
{
	struct arena *a = arena_new(1 << 20);
	char path[512];
	struct slice text;
	bool good;

	snprintf(path, sizeof path, EXAMPLES "/%s", name);
	assert_true(env_read_file(&env_real, path, (size_t)1 << 28, a, &text));
	good = round_trip(text, name, number % 2 == 0 ? XML_COMPACT : XML_PRETTY, a);
	arena_free(a);
	return good;
}

static void
every_example_makes_the_round_trip(void **state UNUSED)
{
	DIR *d = opendir(EXAMPLES);
	int done = 0, bad = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (!slice_ends(slice_of(e->d_name), SLICE(".json")) || excepted(e->d_name))
			continue;
		bad += !file_good(e->d_name, done++);
	}
	closedir(d);
	assert_int_equal(bad, 0);
	assert_int_equal(done, 5306);
	for (size_t i = 0; i < COUNT_OF(exceptions); i++)
		assert_true(seen[i]);
}

#define OFFICIAL "../shared/corpus/fhirpath/input"

static const struct {
	const char *file, *why;
} refused[] = {
	{ "observation-example.xml", "status stands before extension: not the order of the definition" },
};

static bool
is_refused(const char *file)
{
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (strcmp(refused[i].file, file) == 0)
			return true;
	return false;
}

/* XML that others wrote: read, and then the round trip from its JSON. */
static void
read_official(const char *file)
{
	struct arena *a = arena_new(1 << 20);
	struct slice text, json;
	struct outcome o;
	char path[512];

	outcome_init(&o, a);
	snprintf(path, sizeof path, OFFICIAL "/%s", file);
	assert_true(env_read_file(&env_real, path, (size_t)1 << 28, a, &text));
	if (xml_read(pack, text, &limits_default, 0, a, &json, NULL, &o)) {
		assert_false(is_refused(file));
		assert_true(round_trip(json, file, XML_COMPACT, a));
	} else if (!is_refused(file)) {
		say(&o, file, a);
		fail();
	}
	arena_free(a);
}

static void
official_xml_is_read(void **state UNUSED)
{
	DIR *d = opendir(OFFICIAL);
	int done = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (slice_ends(slice_of(e->d_name), SLICE(".xml"))) {
			read_official(e->d_name);
			done++;
		}
	closedir(d);
	assert_true(done >= 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_makes_the_round_trip),
		cmocka_unit_test(official_xml_is_read),
	};

	return cmocka_run_group_tests(tests, open_pack, close_pack);
}
