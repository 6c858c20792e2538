/* documents.c -- see documents.h. */
#include "rest/documents.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/rest.h"
#include "search/index.h"
#include "search/use.h"

struct set {
	struct arena *arena;            /* its own */
	int64_t       generation;
	struct slice  capabilities, version, openapi;
	atomic_uint   held;
};

struct documents {
	pthread_mutex_t lock;
	struct set     *newest;
};

static void
let_go(void *set)
{
	struct set *s = set;

	if (s != NULL && atomic_fetch_sub(&s->held, 1) == 1)
		arena_free(s->arena);
}

static void
free_documents(void *documents)
{
	struct documents *d = documents;

	let_go(d->newest);
	pthread_mutex_destroy(&d->lock);
}

struct documents *
documents_new(struct arena *arena)
{
	struct documents *d = arena_alloc(arena, sizeof *d);

	pthread_mutex_init(&d->lock, NULL);
	arena_defer(arena, free_documents, d);
	return d;
}

static struct slice
version_of(struct slice document, struct arena *arena)
{
	char *version = arena_alloc(arena, BASE32_BLOCK);
	uint8_t digest[SHA256_BYTES];

	sha256_one(document, digest);
	encode_block(digest, version);
	return slice_make(version, BASE32_BLOCK);
}

static struct set *
make(const struct service *s, const struct search_index *index)
{
	struct arena *arena = arena_new(1 << 20);
	struct set *set = arena_alloc(arena, sizeof *set);

	*set = (struct set){ .arena = arena, .generation = search_index_generation(index) };
	atomic_init(&set->held, 1);
	if (rest_capabilities(s, index, arena, &set->capabilities)
	    && rest_openapi_document(s, index, arena, &set->openapi)) {
		set->version = version_of(set->capabilities, arena);
		return set;
	}
	arena_free(arena);
	return NULL;
}

/* Snapshots of an older generation are few and short: theirs are not kept. */
static struct set *
find(struct exchange *x)
{
	struct documents *d = x->service->documents;
	const struct search_index *index = store_index(x->worker->reader);
	struct set *set;

	pthread_mutex_lock(&d->lock);
	if (d->newest == NULL || d->newest->generation != search_index_generation(index)) {
		let_go(d->newest);
		d->newest = make(x->service, index);
	}
	if ((set = d->newest) != NULL)
		atomic_fetch_add(&set->held, 1);
	pthread_mutex_unlock(&d->lock);
	arena_defer(x->arena, let_go, set);
	return set;
}

struct slice
documents_capabilities(struct exchange *x, struct slice *version)
{
	struct set *set = find(x);

	*version = set == NULL ? SLICE_NONE : set->version;
	return set == NULL ? SLICE_NONE : set->capabilities;
}

struct slice
documents_openapi(struct exchange *x)
{
	struct set *set = find(x);

	return set == NULL ? SLICE_NONE : set->openapi;
}

void
documents_write_use(struct buf *b, const char *member, const struct search_param *param)
{
	struct slice words = use_words(param, b->arena);

	if (words.len == 0)
		return;
	buf_add_cstr(b, member);
	json_write_string(b, words);
}
