/* places.c -- see places.h. */
#include "iac/places.h"

#include "base/arena.h"

static bool
starts_a_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static void
count_characters(struct places *p, struct arena *a)
{
	uint32_t i, n = 0;

	p->stride_count = (uint32_t)(p->text.len / PLACES_STRIDE + 1);
	p->characters = arena_array(a, p->stride_count, sizeof *p->characters);
	for (i = 0; i < p->text.len; i++) {
		if (i % PLACES_STRIDE == 0)
			p->characters[i / PLACES_STRIDE] = n;
		n += starts_a_character(p->text.ptr[i]);
	}
	if (i % PLACES_STRIDE == 0)
		p->characters[i / PLACES_STRIDE] = n;
	p->ascii = n == p->text.len;
}

static void
count_lines(struct places *p, struct arena *a)
{
	uint32_t i, n = 1;

	for (i = 0; i < p->text.len; i++)
		n += p->text.ptr[i] == '\n';
	p->lines = arena_array(a, n, sizeof *p->lines);
	for (i = 0, n = 1; i < p->text.len; i++)
		if (p->text.ptr[i] == '\n')
			p->lines[n++] = i + 1;
	p->line_count = n;
}

void
places_init(struct places *p, struct arena *a, uint32_t source, struct slice text)
{
	p->source = source;
	p->text = text;
	count_characters(p, a);
	count_lines(p, a);
}

/* Index of the last entry that is not above `wanted`; entry 0 is 0. */
static uint32_t
last_not_above(const uint32_t *table, uint32_t count, uint32_t wanted)
{
	uint32_t low = 0, high = count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table[middle] <= wanted)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint32_t
places_byte(const struct places *p, uint32_t character)
{
	uint32_t stride = last_not_above(p->characters, p->stride_count, character);
	uint32_t i = stride * PLACES_STRIDE, n = p->characters[stride];

	if (p->ascii && character < p->text.len)
		return character;
	for (; i < p->text.len; i++)
		if (starts_a_character(p->text.ptr[i]) && n++ == character)
			return i;
	return (uint32_t)p->text.len;
}

static uint32_t
characters_before(const struct places *p, uint32_t byte)
{
	uint32_t i = byte / PLACES_STRIDE * PLACES_STRIDE, n = p->characters[byte / PLACES_STRIDE];

	if (p->ascii)
		return byte;
	for (; i < byte; i++)
		n += starts_a_character(p->text.ptr[i]);
	return n;
}

struct span
places_span(const struct places *p, uint32_t start, uint32_t end)
{
	uint32_t line, last;

	if (start > p->text.len)
		start = (uint32_t)p->text.len;
	if (end > p->text.len)
		end = (uint32_t)p->text.len;
	if (end < start)
		end = start;
	line = last_not_above(p->lines, p->line_count, start);
	last = last_not_above(p->lines, p->line_count, end > start ? end - 1 : end);
	return (struct span){
		.source = p->source, .start = start, .end = end, .line = line + 1,
		.column = characters_before(p, start) - characters_before(p, p->lines[line]) + 1,
		.end_line = last + 1,
	};
}
