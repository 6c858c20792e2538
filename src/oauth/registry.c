/* registry.c -- see registry.h. */
#include "oauth/registry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "json/json.h"

#define FILE_BYTES_MAX ((size_t)16 << 20)
#define ID_MAX         64

struct registry {
	const struct env *env;
	char              path[4096];
	pthread_mutex_t   lock;
	struct arena     *arena;        /* of the clients */
	struct client    *clients;      /* sorted by id */
	size_t            count;
	struct stat       file;         /* as it was read: a replaced file has another inode */
	atomic_uint       generation;
};

static int
by_id(const void *a, const void *b)
{
	return slice_cmp(((const struct client *)a)->client_id, ((const struct client *)b)->client_id);
}

static bool
id_good(struct slice id)
{
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (!(ascii_is_letter(c) || ascii_is_digit(c)
		    || c == '.' || c == '_' || c == '-'))
			return false;
	}
	return id.len > 0 && id.len <= ID_MAX;
}

static bool
read_client(const struct json *j, uint32_t node, struct arena *arena, struct client *c)
{
	uint32_t chooses = json_get(j, node, SLICE("chooses_ids"));
	uint32_t officer = json_get(j, node, SLICE("officer"));

	c->client_id = slice_dup(json_string(j, json_get(j, node, SLICE("client_id")), arena), arena);
	c->name = slice_dup(json_string(j, json_get(j, node, SLICE("name")), arena), arena);
	c->scope = slice_dup(json_string(j, json_get(j, node, SLICE("scope")), arena), arena);
	c->chooses_ids = chooses != 0 && json_type(j, chooses) == JSON_TRUE;
	c->officer = officer != 0 && json_type(j, officer) == JSON_TRUE;
	return id_good(c->client_id);
}

static bool
read_clients(struct registry *r, struct slice text, struct arena *arena, struct outcome *o)
{
	static const struct json_bounds bounds = {
		.depth = 8, .nodes = 1 << 20, .number = 20, .key = 64 };
	struct json j;
	size_t count;
	struct client *clients;

	if (!json_parse(text, bounds, arena, &j, o))
		return false;
	count = json_type(&j, 0) == JSON_ARRAY ? json_size(&j, 0) : 0;
	clients = arena_array(arena, count + 1, sizeof *clients);
	count = 0;
	for (uint32_t n = json_first(&j, 0); n != 0; n = json_next(&j, 0, n))
		if (!read_client(&j, n, arena, &clients[count++]))
			return outcome_fail(o, FAULT_INVALID, json_place(&j, n),
			    SLICE("a client in clients.json has no good client_id"));
	qsort(clients, count, sizeof *clients, by_id);
	r->clients = clients;
	r->count = count;
	return true;
}

/* Under the lock.  A file that cannot be read leaves what was known before. */
static bool
load(struct registry *r, struct outcome *o)
{
	struct arena *arena = arena_new(4096), *before = r->arena;
	struct slice text = SLICE("[]");
	struct stat st = { 0 };

	if (stat(r->path, &st) == 0
	    && !env_read_file(r->env, r->path, FILE_BYTES_MAX, arena, &text)) {
		arena_free(arena);
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE, "clients.json cannot be read");
	}
	if (!read_clients(r, text, arena, o)) {
		arena_free(arena);
		return false;
	}
	r->arena = arena;
	r->file = st;
	atomic_fetch_add(&r->generation, 1);
	arena_free(before);
	return true;
}

struct registry *
registry_open(const struct env *env, const char *dir, struct outcome *o)
{
	struct registry *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	r->env = env;
	pthread_mutex_init(&r->lock, NULL);
	snprintf(r->path, sizeof r->path, "%s/clients.json", dir);
	if (load(r, o))
		return r;
	registry_close(r);
	return NULL;
}

void
registry_close(struct registry *r)
{
	if (r == NULL)
		return;
	arena_free(r->arena);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

bool
registry_refresh(struct registry *r)
{
	struct arena *arena = arena_new(256);
	struct outcome aside;
	struct stat st = { 0 };
	bool newer = false;

	outcome_init(&aside, arena);
	pthread_mutex_lock(&r->lock);
	if (stat(r->path, &st) == 0 && (st.st_ino != r->file.st_ino
	    || st.st_mtim.tv_sec != r->file.st_mtim.tv_sec
	    || st.st_mtim.tv_nsec != r->file.st_mtim.tv_nsec))
		newer = load(r, &aside);
	pthread_mutex_unlock(&r->lock);
	arena_free(arena);
	return newer;
}

unsigned
registry_generation(const struct registry *r)
{
	return atomic_load(&r->generation);
}

static struct client
copy(const struct client *c, struct arena *arena)
{
	return (struct client){ slice_dup(c->client_id, arena), slice_dup(c->name, arena),
		slice_dup(c->scope, arena), c->chooses_ids, c->officer };
}

static struct client *
find(struct registry *r, struct slice id)
{
	struct client key = { .client_id = id };

	return r->count == 0 ? NULL : bsearch(&key, r->clients, r->count, sizeof key, by_id);
}

bool
registry_find(struct registry *r, struct slice id, struct arena *arena, struct client *out)
{
	struct client *found;

	pthread_mutex_lock(&r->lock);
	if ((found = find(r, id)) != NULL)
		*out = copy(found, arena);
	pthread_mutex_unlock(&r->lock);
	return found != NULL;
}

struct client *
registry_list(struct registry *r, struct arena *arena, size_t *count)
{
	struct client *list;

	pthread_mutex_lock(&r->lock);
	list = arena_array(arena, r->count + 1, sizeof *list);
	for (size_t i = 0; i < r->count; i++)
		list[i] = copy(&r->clients[i], arena);
	*count = r->count;
	pthread_mutex_unlock(&r->lock);
	return list;
}

static void
write_client(struct buf *b, const struct client *c)
{
	buf_add(b, SLICE("  {\"client_id\": "));
	json_write_string(b, c->client_id);
	buf_add(b, SLICE(", \"name\": "));
	json_write_string(b, c->name);
	buf_add(b, SLICE(", \"scope\": "));
	json_write_string(b, c->scope);
	buf_printf(b, ", \"chooses_ids\": %s, \"officer\": %s}", c->chooses_ids ? "true" : "false",
	    c->officer ? "true" : "false");
}

/* Writes all but `without`, and `with` behind them; then reads it back. */
static bool
replace(struct registry *r, const struct client *with, struct slice without, struct outcome *o)
{
	struct buf b;
	bool first = true, good;

	buf_init(&b, o->arena, FILE_BYTES_MAX);
	buf_add(&b, SLICE("["));
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i <= r->count; i++) {
		const struct client *c = i < r->count ? &r->clients[i] : with;

		if (c == NULL || (i < r->count && slice_eq(c->client_id, without)))
			continue;
		buf_add(&b, first ? SLICE("\n") : SLICE(",\n"));
		first = false;
		write_client(&b, c);
	}
	buf_add(&b, SLICE("\n]\n"));
	good = buf_ok(&b) && env_write_file(r->env, r->path, buf_slice(&b), 0600);
	good = good ? load(r, o)
	    : outcome_fail_at_once(o, FAULT_UNAVAILABLE, "clients.json cannot be written");
	pthread_mutex_unlock(&r->lock);
	return good;
}

bool
registry_add(struct registry *r, const struct client *c, struct outcome *o)
{
	struct client there;

	if (!id_good(c->client_id))
		return outcome_fail_at_once(o, FAULT_INVALID, "a client id is [A-Za-z0-9._-]{1,64}");
	if (registry_find(r, c->client_id, o->arena, &there))
		return outcome_fail_at_once(o, FAULT_CONFLICT, "the client is there already");
	return replace(r, c, SLICE_NONE, o);
}

bool
registry_remove(struct registry *r, struct slice id, struct outcome *o)
{
	struct client there;

	if (!registry_find(r, id, o->arena, &there))
		return outcome_fail_at_once(o, FAULT_NO_SUCH, "there is no such client");
	return replace(r, NULL, id, o);
}
