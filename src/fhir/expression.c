/* expression.c -- see expression.h. */
#include "fhir/expression.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

/* The next part of a union: up to a '|' that is in no bracket and no string. */
static struct slice
next_part(struct slice *rest)
{
	int depth = 0;
	bool quoted = false;
	size_t i;
	struct slice part;

	for (i = 0; i < rest->len; i++) {
		char c = rest->ptr[i];

		if (quoted && c == '\\') {
			i++;
			continue;
		}
		quoted ^= c == '\'';
		depth += !quoted && c == '(';
		depth -= !quoted && c == ')';
		if (c == '|' && depth == 0 && !quoted)
			break;
	}
	i = i < rest->len ? i : rest->len;
	part = slice_trim(slice_sub(*rest, 0, i));
	*rest = i < rest->len ? slice_sub(*rest, i + 1, rest->len) : SLICE_NONE;
	return part;
}

static bool
part_is_of(struct slice part, struct slice base)
{
	while (part.len > 0 && part.ptr[0] == '(')
		part = slice_sub(part, 1, part.len);
	return slice_eq(part, base) || (slice_starts(part, base) && part.len > base.len
	    && (part.ptr[base.len] == '.' || part.ptr[base.len] == ' '));
}

struct slice
expression_for(struct slice whole, struct slice base, struct arena *arena)
{
	struct slice rest = whole;
	struct buf out;

	buf_init(&out, arena, 1 << 20);
	while (rest.len > 0) {
		struct slice part = next_part(&rest);

		if (!part_is_of(part, base))
			continue;
		if (out.len > 0)
			buf_add(&out, SLICE(" | "));
		buf_add(&out, part);
	}
	return out.len > 0 ? buf_slice(&out) : whole;
}
