/* project.c -- see project.h. */
#include "iac/project.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

void
project_init(struct project *p, struct arena *arena, const struct env *env)
{
	memset(p, 0, sizeof *p);
	p->arena = arena;
	p->env = env;
	p->environment = p->variables = p->parameters = &value_null;
}

/* A slot at the end of a growing table. */
static void *
slot(struct project *p, void **table, uint32_t *count, uint32_t *room, size_t size)
{
	if (*count == *room) {
		*room = *room == 0 ? 16 : *room * 2;
		*table = arena_grow(p->arena, *table, *count * size, *room * size);
	}
	return (char *)*table + (*count)++ * size;
}

static bool
is_utf16(struct slice t, bool *big)
{
	*big = slice_starts(t, SLICE("\xfe\xff"));
	return t.len % 2 == 0 && (*big || slice_starts(t, SLICE("\xff\xfe")));
}

static uint32_t
unit(struct slice t, size_t i, bool big)
{
	uint32_t a = (unsigned char)t.ptr[i], b = (unsigned char)t.ptr[i + 1];

	return big ? a << 8 | b : b << 8 | a;
}

/* With a mark of its order; half of a pair is U+FFFD. */
static struct slice
from_utf16(struct arena *a, struct slice t, bool big)
{
	struct buf b;

	buf_init(&b, a, t.len * 2 + 4);
	for (size_t i = 2; i + 1 < t.len; i += 2) {
		uint32_t c = unit(t, i, big), low;

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < t.len && (low = unit(t, i + 2, big)) >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		}
		if (c >= 0xd800 && c < 0xe000)
			c = 0xfffd;
		if (c < 0x80)
			buf_add_char(&b, (char)c);
		else if (c < 0x800)
			buf_add_char(&b, (char)(0xc0 | c >> 6));
		else if (c < 0x10000)
			buf_add_char(&b, (char)(0xe0 | c >> 12));
		else
			buf_add_char(&b, (char)(0xf0 | c >> 18));
		if (c >= 0x10000)
			buf_add_char(&b, (char)(0x80 | (c >> 12 & 0x3f)));
		if (c >= 0x800)
			buf_add_char(&b, (char)(0x80 | (c >> 6 & 0x3f)));
		if (c >= 0x80)
			buf_add_char(&b, (char)(0x80 | (c & 0x3f)));
	}
	return buf_slice(&b);
}

uint32_t
project_add_source(struct project *p, struct slice path, struct slice text)
{
	struct source *s = slot(p, (void **)&p->sources, &p->source_count, &p->source_room, sizeof *s);
	bool big;

	if (is_utf16(text, &big))
		text = from_utf16(p->arena, text, big);
	if (text.ptr == NULL)                   /* parsers of others want a text, be it empty */
		text = SLICE("");
	*s = (struct source){ .path = path, .text = text };
	return p->source_count - 1;
}

struct resource *
project_add_resource(struct project *p)
{
	struct resource *r = slot(p, (void **)&p->resources, &p->resource_count, &p->resource_room,
	    sizeof *r);

	r->attributes = &value_null;
	return r;
}

bool
project_is_full(struct project *p, struct span span)
{
	if (p->resource_count < SCAN_LIMIT(RESOURCES))
		return false;
	if (!p->full)
		project_problem(p, span, "there are too many resources: this and what follows is not judged");
	return p->full = true;
}

void
project_problem(struct project *p, struct span span, const char *message)
{
	struct problem *q = slot(p, (void **)&p->problems, &p->problem_count, &p->problem_room,
	    sizeof *q);

	*q = (struct problem){ .span = span, .message = slice_of(message) };
}

static bool
starts_a_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

struct span
project_span(const struct project *p, uint32_t source, uint32_t start, uint32_t end)
{
	struct slice text = p->sources[source].text;
	struct span s = { source, start, end, 1, 1, 1 };
	uint32_t i;

	for (i = 0; i < start && i < text.len; i++) {
		if (text.ptr[i] == '\n')
			s.line++, s.column = 1;
		else if (starts_a_character(text.ptr[i]))
			s.column++;
	}
	for (s.end_line = s.line; i < end && i + 1 < text.len; i++)
		s.end_line += text.ptr[i] == '\n' && i + 1 < end;
	return s;
}
