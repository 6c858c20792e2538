/* scan_calls.c -- see scan_calls.h. */
#include "iac/scan_calls.h"

#include <stdlib.h>

#include "base/arena.h"
#include "iac/files.h"

/* What stands before the name of a local directory or file. */
static const char *const words[][2] = {
	[LANGUAGE_TERRAFORM] = { "source", NULL },
	[LANGUAGE_CLOUDFORMATION] = { "TemplateURL", "Location" },      /* stacks, applications of SAM */
	[LANGUAGE_CLOUD_INIT] = { NULL, NULL },
};

struct key {
	struct slice path;
	uint32_t     unit;
};

struct calling {
	struct scan      *scan;
	struct scan_unit *units;
	struct key       *keys;         /* of units that can be called; sorted */
	uint32_t          key_count;
	bool             *reached;
	uint32_t         *waiting;      /* units that are reached, their calls are not followed yet */
	uint32_t          waiting_count;
};

static int
by_path(const void *a, const void *b)
{
	return slice_cmp(((const struct key *)a)->path, ((const struct key *)b)->path);
}

/* ---- texts ---- */

static size_t
skip(struct slice text, size_t i, const char *bytes, size_t most)
{
	for (size_t n = 0; n < most && i < text.len && text.ptr[i] != '\0' && strchr(bytes, text.ptr[i]) != NULL; n++)
		i++;
	return i;
}

/* The text behind `word =` or `word:`, from *at on; NONE at the end. */
static struct slice
next_name(struct slice text, const char *word, size_t *at)
{
	const char *found;

	while (*at < text.len && (found = memmem(text.ptr + *at, text.len - *at, word, strlen(word))) != NULL) {
		size_t i = *at = (size_t)(found - text.ptr) + strlen(word), end;

		i = skip(text, skip(text, i, "\"'", 1), " \t", SIZE_MAX);
		end = skip(text, i, "=:", 1);
		if (end == i)
			continue;
		i = end = skip(text, skip(text, end, " \t", SIZE_MAX), "\"'", 1);
		while (end < text.len && strchr("\"'\r\n,} ", text.ptr[end]) == NULL)
			end++;
		*at = end;
		return slice_sub(text, i, end - i);
	}
	return SLICE_NONE;
}

/* ---- units ---- */

static const struct scan_file *
file_of(const struct calling *c, uint32_t unit)
{
	return &c->scan->files[c->units[unit].from];
}

static void
find_keys(struct calling *c, uint32_t count)
{
	struct arena *a = c->scan->arena;

	c->keys = arena_array(a, count + 1u, sizeof *c->keys);
	for (uint32_t i = 0; i < count; i++) {
		const struct scan_file *f = file_of(c, i);
		struct slice path = f->language == LANGUAGE_TERRAFORM ? f->directory
		    : c->scan->project.sources[f->source].path;

		if (words[f->language][0] != NULL)
			c->keys[c->key_count++] = (struct key){ files_join(a, path, SLICE(".")), i };
	}
	if (c->key_count > 0)
		qsort(c->keys, c->key_count, sizeof *c->keys, by_path);
}

/* What this unit calls is reached. */
static void
follow_name(struct calling *c, uint32_t unit, const struct scan_file *f, struct slice name)
{
	struct key wanted = { .unit = unit }, *found;

	if (f->language == LANGUAGE_TERRAFORM ? !slice_starts(name, SLICE(".")) : memchr(name.ptr, ':', name.len) != NULL)
		return;
	wanted.path = files_join(c->scan->arena, f->directory, name);
	found = bsearch(&wanted, c->keys, c->key_count, sizeof wanted, by_path);
	if (found == NULL || found->unit == unit || c->reached[found->unit]
	    || file_of(c, found->unit)->language != f->language)
		return;
	c->reached[found->unit] = true;
	c->units[found->unit].called = true;
	c->waiting[c->waiting_count++] = found->unit;
}

static void
follow_calls(struct calling *c, uint32_t unit)
{
	for (uint32_t i = c->units[unit].from; i < c->units[unit].to; i++) {
		const struct scan_file *f = &c->scan->files[i];
		struct slice text = c->scan->project.sources[f->source].text, name;

		for (size_t w = 0; w < 2 && words[f->language][w] != NULL; w++)
			for (size_t at = 0; (name = next_name(text, words[f->language][w], &at)).ptr != NULL; )
				if (name.len > 0)
					follow_name(c, unit, f, name);
	}
}

/* All that a unit reaches is called. */
static void
follow_all(struct calling *c, uint32_t unit)
{
	c->reached[unit] = true;
	c->waiting[c->waiting_count++] = unit;
	while (c->waiting_count > 0)
		follow_calls(c, c->waiting[--c->waiting_count]);
}

void
scan_find_calls(struct scan *s, struct scan_unit *units, uint32_t count)
{
	struct calling c = { .scan = s, .units = units };
	uint32_t i;

	find_keys(&c, count);
	if (c.key_count < 2)
		return;
	c.reached = arena_array(s->arena, count, sizeof *c.reached);
	c.waiting = arena_array(s->arena, count, sizeof *c.waiting);
	for (i = 0; i < count; i++)
		follow_calls(&c, i);            /* all that anybody calls */
	c.waiting_count = 0;
	memset(c.reached, 0, count * sizeof *c.reached);
	for (i = 0; i < count; i++)
		if (!units[i].called)
			follow_all(&c, i);
	for (i = 0; i < count; i++)
		if (!c.reached[i]) {
			units[i].called = false;
			follow_all(&c, i);
		}
}
