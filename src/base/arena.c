/* arena.c -- a chain of chunks, the newest first.
 *
 * Small requests are cut from the newest chunk; each further chunk doubles
 * until CHUNK_MAX.  Memory comes zeroed: chunks are wiped up to the mark they
 * reached when they are given back, and a kept chunk is therefore zero again.
 * A reset keeps some for the next use, as what an arena is used for is of one size.
 * Under AddressSanitizer what is not handed out is poisoned, so that a read
 * past an allocation is found although it stays within the chunk. */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define GAP            16       /* poisoned bytes behind every allocation */
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP            0
#endif

#define ALIGN     alignof(max_align_t)
#define CHUNK_MAX (1u << 20)
#define KEPT_MAX  (1u << 18)     /* bytes of spare chunks */

struct chunk {
	struct chunk *older;
	size_t        size, used;       /* of bytes[] */
	alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *thing;
};

struct arena {
	struct chunk    *newest, *first, *spare;        /* the smallest spare one is first */
	size_t           spare_size;
	struct deferred *deferred;
	size_t           handed_out;
};

static size_t
round_up(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static struct chunk *
chunk_new(size_t size, struct chunk *older)
{
	struct chunk *c = calloc(1, sizeof *c + size);

	if (c == NULL)
		abort();
	c->older = older;
	c->size = size;
	POISON(c->bytes, size);
	return c;
}

static void
chunk_wipe(struct chunk *c)
{
	UNPOISON(c->bytes, c->size);
	explicit_bzero(c->bytes, c->used);
	c->used = 0;
}

struct arena *
arena_new(size_t first_chunk)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a == NULL)
		abort();
	a->first = a->newest = chunk_new(round_up(first_chunk), NULL);
	return a;
}

static void
run_deferred(struct arena *a)
{
	while (a->deferred != NULL) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->thing);
	}
}

static void
give_back(struct arena *a, struct chunk *c)
{
	chunk_wipe(c);
	if (a->spare_size + c->size > KEPT_MAX) {
		free(c);
		return;
	}
	POISON(c->bytes, c->size);
	a->spare_size += c->size;
	c->older = a->spare;
	a->spare = c;
}

void
arena_reset(struct arena *a)
{
	run_deferred(a);
	while (a->newest != a->first) {
		struct chunk *c = a->newest;

		a->newest = c->older;
		give_back(a, c);
	}
	chunk_wipe(a->first);
	POISON(a->first->bytes, a->first->size);
	a->handed_out = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	a->first->older = a->spare;
	for (struct chunk *c = a->first, *older; c != NULL; c = older) {
		older = c->older;
		UNPOISON(c->bytes, c->size);
		free(c);
	}
	free(a);
}

static struct chunk *
take_spare(struct arena *a)
{
	struct chunk *c = a->spare;

	a->spare = c->older;
	a->spare_size -= c->size;
	c->older = a->newest;
	return c;
}

static struct chunk *
chunk_with_room(struct arena *a, size_t size)
{
	size_t next = a->newest->size * 2;

	if (a->newest->size - a->newest->used >= size)
		return a->newest;
	if (next > CHUNK_MAX)
		next = CHUNK_MAX;
	a->newest = a->spare != NULL && a->spare->size >= size ? take_spare(a)
	    : chunk_new(next < size ? size : next, a->newest);
	return a->newest;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t whole = round_up(size == 0 ? 1 : size) + GAP;
	struct chunk *c;
	void *p;

	if (whole < size)
		abort();
	c = chunk_with_room(a, whole);
	p = c->bytes + c->used;
	c->used += whole;
	a->handed_out += whole;
	UNPOISON(p, size);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return arena_alloc(a, total);
}

void *
arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	struct chunk *c = a->newest;
	size_t whole_old = round_up(old_size == 0 ? 1 : old_size) + GAP;
	size_t whole_new = round_up(new_size) + GAP;
	void *fresh;

	if (old != NULL && new_size >= old_size && whole_new >= new_size
	    && (unsigned char *)old + whole_old == c->bytes + c->used
	    && c->size - c->used >= whole_new - whole_old) {
		c->used += whole_new - whole_old;
		a->handed_out += whole_new - whole_old;
		UNPOISON(old, new_size);
		return old;
	}
	fresh = arena_alloc(a, new_size);
	if (old_size > 0)
		memcpy(fresh, old, old_size < new_size ? old_size : new_size);
	return fresh;
}

void *
arena_more(struct arena *a, void *items, size_t count, size_t size)
{
	size_t total;

	if ((count & (count - 1)) != 0)
		return items;
	if (__builtin_mul_overflow(count == 0 ? 1 : 2 * count, size, &total))
		abort();
	return arena_grow(a, items, count * size, total);
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *thing)
{
	struct deferred *d = arena_alloc(a, sizeof *d);

	*d = (struct deferred){ a->deferred, fn, thing };
	a->deferred = d;
}

bool
arena_holds(const struct arena *a, const void *p)
{
	const unsigned char *at = p;

	for (const struct chunk *c = a->newest; c != NULL; c = c->older)
		if (at >= c->bytes && at < c->bytes + c->used)
			return true;
	return false;
}

size_t
arena_used(const struct arena *a)
{
	return a->handed_out;
}
