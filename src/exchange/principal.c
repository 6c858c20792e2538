/* principal.c -- see principal.h. */
#include "exchange/principal.h"

#include "base/arena.h"

struct principal *
principal_new(void)
{
	struct arena *arena = arena_new(2048);
	struct principal *who = arena_alloc(arena, sizeof *who);

	who->arena = arena;
	atomic_init(&who->holders, 1);
	return who;
}

struct principal *
principal_hold(struct principal *who)
{
	atomic_fetch_add(&who->holders, 1);
	return who;
}

void
principal_release(void *principal)
{
	struct principal *who = principal;

	if (who != NULL && atomic_fetch_sub(&who->holders, 1) == 1)
		arena_free(who->arena);
}
