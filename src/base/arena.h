/* arena.h -- memory that lives exactly as long as one piece of work.
 *
 * An exchange, a start-up, a CLI run: each has one arena, and everything the
 * work allocates dies with it, in one call.  So there is no free() to forget
 * on an error path, and who owns what is answered by "which arena?".
 *
 * arena_alloc() never returns NULL: inputs are limited before they are parsed
 * (see limits.h), so running dry means the process is sick, and it stops.
 * arena_free() and arena_reset() wipe what they give back; it has held tokens
 * and patients.  An arena belongs to one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(size_t first_chunk);
void          arena_free(struct arena *);

/* As if freed and made anew, but the first chunk is kept for the next work. */
void arena_reset(struct arena *);

/* Zeroed, aligned for any type, valid until arena_free() or arena_reset(). */
void *arena_alloc(struct arena *, size_t size);

/* `count` items of `size` bytes; aborts when the product overflows. */
void *arena_array(struct arena *, size_t count, size_t size);

/* Makes the newest allocation longer in place when it can, else copies it.
 * The bytes behind `old_size` are zero. */
void *arena_grow(struct arena *, void *old, size_t old_size, size_t new_size);

/* Room for one more item behind `count` of `size` bytes, for an array that grows by this alone, one by one:
 * it is full when `count` is a power of two, and then doubles. */
void *arena_more(struct arena *, void *items, size_t count, size_t size);

/* Run fn(thing) when the arena is freed or reset, last registered first.  For
 * what is not memory: a file descriptor, a database statement, a TLS handle. */
void arena_defer(struct arena *, void (*fn)(void *), void *thing);

/* Whether the arena handed out this byte. */
bool arena_holds(const struct arena *, const void *);

/* Bytes handed out so far: what limits and tests look at. */
size_t arena_used(const struct arena *);

#endif
