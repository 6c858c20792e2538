/* options.c -- see options.h.  libyaml's events are read into (key, value) pairs
 * of depth two; each pair is then looked up in the table. */
#include "base/options.h"

#include <stddef.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define LIST_MAX       256

enum option_kind { KIND_TEXT, KIND_LIST, KIND_INT, KIND_BOOL };

static const struct row {
	const char *key;
	enum option_kind kind;
	const char *initial;
	int64_t     least, most;
	const char *control;
	bool        weakens;
	const char *meaning;
	size_t      offset;
} rows[] = {
#define X(field, key, kind, initial, least, most, control, weakens, meaning) \
	{ key, KIND_##kind, initial, least, most, control, weakens, meaning, \
	  offsetof(struct options, field) },
	OPTIONS(X)
#undef X
};

struct reader {
	yaml_parser_t   parser;
	yaml_event_t    event;
	struct arena   *arena;
	struct options *options;
	struct outcome *outcome;
	bool            seen[COUNT_OF(rows)], seen_limit[LIMIT_COUNT];
	bool            weakened[COUNT_OF(rows)], justified[COUNT_OF(rows)];
};

static bool
fail(struct reader *r, const char *why)
{
	struct place place = { SLICE_NONE, (unsigned)r->event.start_mark.line + 1,
		(unsigned)r->event.start_mark.column + 1 };

	return outcome_fail(r->outcome, FAULT_INVALID, place, slice_of(why));
}

static bool
next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event) != 1) {
		r->event.start_mark = r->parser.problem_mark;
		return fail(r, "this is not YAML");
	}
	if (r->event.type == YAML_ALIAS_EVENT
	    || (r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.anchor != NULL))
		return fail(r, "anchors and aliases are not allowed");
	return true;
}

static struct slice
scalar(struct reader *r)
{
	return slice_dup(slice_make(r->event.data.scalar.value, r->event.data.scalar.length), r->arena);
}

static bool
scalar_needed(struct reader *r, struct slice *out)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return fail(r, "a single value is expected");
	*out = scalar(r);
	return true;
}

/* Is `word` among the words between the meaning's parentheses? */
static bool
word_allowed(const struct row *row, struct slice word)
{
	struct slice words = slice_of(row->meaning);
	size_t open = slice_find(words, '(');

	if (row->most < 2)
		return true;
	words = slice_sub(words, open + 1, slice_find(words, ')') - open - 1);
	while (words.len > 0)
		if (slice_eq(slice_cut(&words, ' '), word))
			return true;
	return false;
}

static bool
set_scalar(struct reader *r, const struct row *row, struct slice text)
{
	void *field = (char *)r->options + row->offset;
	uint64_t n;

	switch (row->kind) {
	case KIND_TEXT:
		if (text.len == 0 || !word_allowed(row, text))
			return fail(r, "the value is not one of those allowed");
		*(struct slice *)field = text;
		return true;
	case KIND_BOOL:
		if (!slice_is(text, "true") && !slice_is(text, "false"))
			return fail(r, "true or false is expected");
		*(bool *)field = slice_is(text, "true");
		return true;
	case KIND_INT:
		if (!slice_uint(text, &n) || n > INT64_MAX || (int64_t)n < row->least
		    || (int64_t)n > row->most)
			return fail(r, "the number is out of range");
		*(int64_t *)field = (int64_t)n;
		return true;
	case KIND_LIST:
		break;
	}
	return fail(r, "a list is expected");
}

static bool
read_list(struct reader *r, const struct row *row)
{
	struct option_list *list = (struct option_list *)(void *)((char *)r->options + row->offset);
	struct slice one = SLICE_NONE;

	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return fail(r, "a list is expected");
	*list = (struct option_list){ arena_array(r->arena, LIST_MAX, sizeof *list->at), 0 };
	for (;;) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (list->count == LIST_MAX)
			return fail(r, "the list is too long");
		if (!scalar_needed(r, &one))
			return false;
		list->at[list->count++] = one;
	}
}

/* The default, or something of the same kind at another place ("clamd:/elsewhere"). */
static bool
as_strong_as_default(const struct row *row, struct slice text)
{
	struct slice initial = slice_of(row->initial);
	size_t kind = slice_find(initial, ':');

	return slice_eq(text, initial)
	    || (row->kind == KIND_TEXT && kind < initial.len && text.len > kind + 1
	        && slice_starts(text, slice_sub(initial, 0, kind + 1)));
}

static bool
read_row(struct reader *r, size_t i)
{
	struct slice text = SLICE_NONE;

	if (r->seen[i])
		return fail(r, "the key is given twice");
	r->seen[i] = true;
	if (rows[i].kind == KIND_LIST)
		return read_list(r, &rows[i]);
	if (!scalar_needed(r, &text) || !set_scalar(r, &rows[i], text))
		return false;
	r->weakened[i] = rows[i].weakens && !as_strong_as_default(&rows[i], text);
	return true;
}

static bool
read_limit(struct reader *r, size_t i)
{
	struct slice text = SLICE_NONE;
	uint64_t n;

	if (r->seen_limit[i])
		return fail(r, "the key is given twice");
	r->seen_limit[i] = true;
	if (!scalar_needed(r, &text))
		return false;
	if (!slice_uint(text, &n) || n < 1 || n > limit_rows[i].ceiling)
		return fail(r, "the number is out of range");
	r->options->limits.of[i] = n;
	return true;
}

static size_t
row_number(const char *key)
{
	size_t i = 0;

	while (i < COUNT_OF(rows) && strcmp(rows[i].key, key) != 0)
		i++;
	return i;
}

static bool
read_value(struct reader *r, const char *key)
{
	size_t i = row_number(key);

	if (i < COUNT_OF(rows))
		return read_row(r, i);
	for (i = 0; i < LIMIT_COUNT; i++)
		if (strcmp(limit_rows[i].key, key) == 0)
			return read_limit(r, i);
	return fail(r, "there is no such key");
}

static bool
read_justification(struct reader *r, const char *key)
{
	size_t i = row_number(key);
	struct slice text = SLICE_NONE;

	if (i == COUNT_OF(rows))
		return fail(r, "there is no such key");
	if (!scalar_needed(r, &text))
		return false;
	r->justified[i] = slice_trim(text).len > 0;
	return true;
}

/* Pairs of name and value until the mapping ends; each goes to `read`. */
static bool
read_section(struct reader *r, struct slice section)
{
	bool justifications = slice_is(section, "justifications");
	struct slice name = SLICE_NONE;
	struct buf key;

	if (!next(r))
		return false;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fail(r, "keys are expected here");
	for (;;) {
		if (!next(r))
			return false;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!scalar_needed(r, &name))
			return false;
		buf_init(&key, r->arena, 256);
		if (!justifications)
			buf_printf(&key, "%.*s.", SLICE_FMT(slice_sub(section, 0, 100)));
		buf_printf(&key, "%.*s", SLICE_FMT(slice_sub(name, 0, 100)));
		if (!next(r))
			return false;
		if (!(justifications ? read_justification : read_value)(r,
		    slice_cstr(buf_slice(&key), r->arena)))
			return false;
	}
}

static bool
read_sections(struct reader *r)
{
	for (;;) {
		struct slice section = SLICE_NONE;

		if (!next(r))
			return false;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!scalar_needed(r, &section) || !read_section(r, section))
			return false;
	}
}

static bool
read_document(struct reader *r)
{
	if (!next(r) || !next(r))                       /* stream, document */
		return false;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return true;                            /* an empty file: all defaults */
	if (!next(r))
		return false;
	if (r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0)
		return true;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fail(r, "sections are expected");
	return read_sections(r);
}

static bool
all_justified(struct reader *r)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (r->weakened[i] && !r->justified[i])
			return outcome_fail(r->outcome, FAULT_INVALID,
			    (struct place){ slice_of(rows[i].key), 0, 0 },
			    SLICE("this weakens a control and needs a text under justifications"));
	return true;
}

/* What the audit log is told of. */
static void
note_weakened(struct reader *r)
{
	struct option_list *list = &r->options->weakened;

	*list = (struct option_list){ arena_array(r->arena, COUNT_OF(rows), sizeof *list->at), 0 };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (r->weakened[i])
			list->at[list->count++] = slice_of(rows[i].key);
}

static void
default_list(struct arena *arena, struct option_list *list, const char *initial)
{
	struct slice rest = slice_of(initial);

	*list = (struct option_list){ arena_array(arena, LIST_MAX, sizeof *list->at), 0 };
	while (rest.len > 0)
		list->at[list->count++] = slice_cut(&rest, '|');
}

void
options_default(struct arena *arena, struct options *o)
{
	o->limits = limits_default;
	o->weakened = (struct option_list){ NULL, 0 };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		void *field = (char *)o + rows[i].offset;
		uint64_t n = 0;

		switch (rows[i].kind) {
		case KIND_TEXT: *(struct slice *)field = slice_of(rows[i].initial); break;
		case KIND_BOOL: *(bool *)field = strcmp(rows[i].initial, "true") == 0; break;
		case KIND_LIST: default_list(arena, field, rows[i].initial); break;
		case KIND_INT:
			if (slice_uint(slice_of(rows[i].initial), &n))
				*(int64_t *)field = (int64_t)n;
			break;
		}
	}
}

bool
options_parse(struct slice yaml, struct arena *arena, struct options *options,
    struct outcome *outcome)
{
	struct reader *r = arena_alloc(arena, sizeof *r);
	bool good;

	r->arena = arena;
	r->options = options;
	r->outcome = outcome;
	options_default(arena, options);
	if (yaml_parser_initialize(&r->parser) != 1)
		return outcome_fail_at_once(outcome, FAULT_BROKEN, "");
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)yaml.ptr, yaml.len);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	good = read_document(r) && all_justified(r);
	note_weakened(r);
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
	return good;
}

bool
options_load(const struct env *env, const char *path, struct arena *arena, struct options *options,
    struct outcome *outcome)
{
	struct slice yaml;

	if (!env_read_file(env, path, FILE_BYTES_MAX, arena, &yaml))
		return outcome_fail_at_once(outcome, FAULT_UNAVAILABLE,
		    "firebreak.yaml cannot be read (firebreak init makes it)");
	return options_parse(yaml, arena, options, outcome);
}

void
options_explain(struct buf *b)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		buf_printf(b, "%-22s default %s\n    %s\n    %s%s\n", rows[i].key,
		    rows[i].initial[0] == '\0' ? "none" : rows[i].initial, rows[i].meaning,
		    rows[i].control, rows[i].weakens ? "; another value needs a justification" : "");
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		buf_printf(b, "%-26s default %zu, at most %zu\n    %s\n    Input Validation\n",
		    limit_rows[i].key, limit_rows[i].initial, limit_rows[i].ceiling,
		    limit_rows[i].meaning);
}
