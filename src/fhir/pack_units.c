/* pack_units.c -- units of measure, from the table of the UCUM tools.
 *
 * @lhncbc/ucum-lhc carries the units of the UCUM specification with their magnitudes and
 * dimensions, as rows of values under a list of column names.  Rows of other sources are
 * combinations of them, and left out. */
#include "fhir/pack_build.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/outcome.h"

#define UNITS_FILE  "data/ucumDefs.min.json"
#define UNITS_BYTES ((size_t)4 << 20)

bool
builder_read_units(struct builder *b, const char *dir)
{
	static const struct json_bounds bounds = { .depth = 16, .nodes = 400000, .number = 64, .key = 64 };
	struct json *j = arena_alloc(b->arena, sizeof *j);
	char path[4096];
	struct slice text;

	if ((size_t)snprintf(path, sizeof path, "%s/package/" UNITS_FILE, dir) >= sizeof path
	    || !env_read_file(b->env, path, UNITS_BYTES, b->arena, &text))
		return true;                    /* another package */
	if (!json_parse(text, bounds, b->arena, j, b->outcome))
		return false;
	b->units = j;
	return true;
}

/* The place of a column; dimensions are a pair of names. */
static uint32_t
column(const struct json *j, uint32_t config, const char *name)
{
	uint32_t at = 0;

	for (uint32_t n = json_first(j, config); n != 0; n = json_next(j, config, n), at++)
		if (json_type(j, n) == JSON_STRING ? json_is(j, n, slice_of(name))
		    : json_is(j, json_item(j, n, 0), slice_of(name)))
			return at;
	return UINT32_MAX;
}

struct table {
	struct builder *b;
	const struct json *j;
	uint32_t config, row;
};

static uint32_t
cell(const struct table *t, const char *name)
{
	return json_item(t->j, t->row, column(t->j, t->config, name));
}

static struct slice
text_cell(const struct table *t, const char *name)
{
	return json_string(t->j, cell(t, name), t->b->arena);
}

static double
number(const struct table *t, uint32_t node)
{
	return node == 0 || json_type(t->j, node) != JSON_NUMBER ? 0
	    : strtod(slice_cstr(json_raw(t->j, node), t->b->arena), NULL);
}

static uint32_t
is_true(const struct table *t, const char *name)
{
	uint32_t node = cell(t, name);

	return node != 0 && json_type(t->j, node) == JSON_TRUE;
}

static void
write_double(struct builder *b, double value)
{
	uint32_t words[2];

	memcpy(words, &value, sizeof words);
	builder_word(b, words[0]);
	builder_word(b, words[1]);
}

/* Of UCUM itself, and one symbol. */
static bool
is_atom(const struct table *t)
{
	struct slice code = text_cell(t, "csCode_");

	return slice_is(text_cell(t, "source_"), "UCUM") && code.len > 0
	    && slice_find(code, '/') == code.len && slice_find(code, '.') == code.len;
}

static void
write_unit(const struct table *t)
{
	uint32_t dimensions = cell(t, "dim_");

	builder_string(t->b, text_cell(t, "csCode_"));
	builder_word(t->b, (is_true(t, "isMetric_") | is_true(t, "isBase_")) | is_true(t, "isSpecial_") << 1
	    | is_true(t, "isArbitrary_") << 2);
	write_double(t->b, number(t, cell(t, "magnitude_")));
	for (uint32_t i = 0; i < 7; i++)
		builder_word(t->b, (uint32_t)(int32_t)(dimensions == 0
		    || json_type(t->j, dimensions) != JSON_ARRAY ? 0
		    : number(t, json_item(t->j, dimensions, i))));
	builder_word(t->b, (uint32_t)(int32_t)number(t, cell(t, "moleExp_")));
}

static uint32_t
write_rows(struct table *t, const char *name, bool (*taken)(const struct table *),
    void (*write)(const struct table *))
{
	uint32_t part = json_get(t->j, 0, slice_of(name)), rows, count = 0;
	size_t at = t->b->words.len;

	builder_word(t->b, 0);
	t->config = json_get(t->j, part, SLICE("config"));
	rows = json_get(t->j, part, SLICE("data"));
	for (t->row = json_first(t->j, rows); t->row != 0; t->row = json_next(t->j, rows, t->row))
		if (taken(t)) {
			write(t);
			count++;
		}
	memcpy(t->b->words.ptr + at, &count, sizeof count);
	return count;
}

static bool
is_prefix(const struct table *t)
{
	return text_cell(t, "code_").len > 0;
}

static void
write_prefix(const struct table *t)
{
	builder_string(t->b, text_cell(t, "code_"));
	write_double(t->b, number(t, cell(t, "value_")));
}

void
builder_write_units(struct builder *b)
{
	struct table t = { .b = b, .j = b->units };

	if (b->units == NULL) {
		builder_word(b, 0);
		builder_word(b, 0);
		return;
	}
	write_rows(&t, "units", is_atom, write_unit);
	write_rows(&t, "prefixes", is_prefix, write_prefix);
}
