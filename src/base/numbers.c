/* numbers.c -- see numbers.h.  Numbers are our own, row by row: a multiplication spreads them. */
#include "base/numbers.h"

#include "base/arena.h"

#define FIRST_ROOM 64

/* Its place, or the one where it would be. */
static int64_t *
place(const struct numbers *n, int64_t number)
{
	uint32_t at = (uint32_t)((uint64_t)number * 0x9E3779B97F4A7C15u >> 32) & (n->room - 1);

	while (n->at[at] != 0 && n->at[at] != number)
		at = (at + 1) & (n->room - 1);
	return &n->at[at];
}

static void
make_room(struct numbers *n, struct arena *arena)
{
	struct numbers more = { .count = n->count, .room = n->room == 0 ? FIRST_ROOM : n->room * 2 };

	more.at = arena_array(arena, more.room, sizeof *more.at);
	for (uint32_t i = 0; i < n->room; i++)
		if (n->at[i] != 0)
			*place(&more, n->at[i]) = n->at[i];
	*n = more;
}

bool
numbers_add(struct numbers *n, struct arena *arena, int64_t number)
{
	int64_t *at;

	if (n->count * 2 >= n->room)
		make_room(n, arena);
	at = place(n, number);
	if (*at != 0)
		return false;
	*at = number;
	n->count++;
	return true;
}

bool
numbers_has(const struct numbers *n, int64_t number)
{
	return n->count > 0 && *place(n, number) != 0;
}
