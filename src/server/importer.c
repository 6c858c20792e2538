/* importer.c -- see importer.h. */
#include "server/importer.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "controls/attachments.h"
#include "controls/control.h"
#include "crypto/digest.h"
#include "crypto/token.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/format.h"
#include "rest/rest.h"
#include "server/delivery.h"
#include "server/journal.h"
#include "server/pool.h"

#define IN_FLIGHT 64            /* items, that share commits */
#define FEW       4             /* that many keep all threads busy, however large; more of them are */
#define BYTES_IN_FLIGHT (8u << 20)      /* that large together: in memory they take some times that */
#define FILE_BYTES_MAX ((size_t)1 << 30)

struct importer {
	struct importer_config config;
	struct arena   *arena;
	struct journal *journal;
	struct slice    token;          /* "Bearer ..." */
	pthread_mutex_t lock;
	pthread_cond_t  room;
	int             in_flight;
	size_t          bytes_in_flight;
	struct importer_figures figures;
};

struct item {
	struct importer *importer;
	struct arena    *arena;
	struct slice     bytes;
	const char      *name;          /* file and line for messages */
	uint8_t          hash[SHA256_BYTES];
	struct exchange *x;
	struct delivery  delivery;
};

static uint64_t
stored_count(const struct exchange *x)
{
	uint64_t n = 0;

	if (x->entry_count == 0)
		return 1;
	for (uint32_t i = 0; i < x->entry_count; i++)
		n += !x->entries[i]->outcome.failed && x->entries[i]->write != NULL;
	return n;
}

/* An item is at its end */

static void
tell_refusal(struct importer *m, const char *name, struct exchange *x)
{
	pthread_mutex_lock(&m->lock);
	if (m->config.refused != NULL)
		m->config.refused(m->config.ctx, name, x);
	pthread_mutex_unlock(&m->lock);
}

static bool
is_stopped(const struct importer *m)
{
	return m->config.stop != NULL && m->config.stop(m->config.ctx);
}

static void
close_item(struct item *item, bool stored, bool skipped)
{
	struct importer *m = item->importer;

	pthread_mutex_lock(&m->lock);
	m->figures.items++;
	m->figures.skipped += skipped;
	m->figures.refused += !stored && !skipped;
	m->figures.bytes_done += item->bytes.len;
	if (stored)
		m->figures.resources += stored_count(item->x);
	m->in_flight--;
	m->bytes_in_flight -= item->bytes.len;
	if (m->config.progress != NULL)
		m->config.progress(m->config.ctx, &m->figures);
	pthread_cond_signal(&m->room);
	pthread_mutex_unlock(&m->lock);
	arena_free(item->arena);
}

static void run_item(void *arg, struct worker *w);

static void
finish_item(void *arg, struct worker *w)
{
	struct item *item = arg;
	bool stored;

	item->x->worker = w;
	switch (delivery_finish(&item->delivery)) {
	case DELIVERY_AGAIN:
		run_item(item, w);
		return;
	case DELIVERY_RECORDS:
		delivery_start(&item->delivery);
		return;
	case DELIVERY_MORE:
		delivery_more(&item->delivery, w);
		return;
	case DELIVERY_READY:
		break;
	}
	stored = !item->x->outcome.failed;
	if (stored)
		journal_add(item->importer->journal, item->hash);
	else
		tell_refusal(item->importer, item->name, item->x);
	close_item(item, stored, false);
}

static void
delivered(struct delivery *d)
{
	struct item *item = d->ctx;

	pool_submit(item->importer->config.pool, finish_item, item);
}

/* An item as a request */

static bool
is_bundle(const struct resource *r)
{
	uint32_t type = json_get(&r->json, 0, SLICE("type"));

	return slice_is(r->type->name, "Bundle") && (json_is(&r->json, type, SLICE("transaction"))
	    || json_is(&r->json, type, SLICE("batch")));
}

/* A lone resource: POST to its type, or with --keep-ids PUT to its id. */
static void
address_resource(struct exchange *x, const struct resource *r)
{
	struct slice id = SLICE_NONE;
	struct buf path;

	buf_init(&path, x->arena, 1024);
	buf_printf(&path, "%.*s/", SLICE_FMT(x->service->base_path));
	x->method = SLICE("POST");
	if (r != NULL)
		buf_add(&path, r->type->name);
	if (r != NULL && x->keep_ids)
		id = json_string(&r->json, json_get(&r->json, 0, SLICE("id")), x->arena);
	if (id.len > 0) {
		x->method = SLICE("PUT");
		buf_printf(&path, "/%.*s", SLICE_FMT(slice_sub(id, 0, 100)));
	}
	x->path = buf_slice(&path);
}

static void
open_exchange(struct item *item, struct worker *w)
{
	struct http_header *headers = arena_array(item->arena, 4, sizeof *headers);
	struct exchange *x = item->x = arena_alloc(item->arena, sizeof *x);

	headers[0] = (struct http_header){ SLICE("authorization"), item->importer->token };
	headers[1] = (struct http_header){ SLICE("content-type"), SLICE("application/fhir+json") };
	headers[2] = (struct http_header){ SLICE("prefer"), SLICE("return=minimal") };
	x->arena = item->arena;
	x->service = item->importer->config.service;
	x->worker = w;
	x->headers = headers;
	x->header_count = 3;
	x->peer = SLICE("127.0.0.1");
	x->content = item->bytes;
	x->keep_ids = item->importer->config.keep_ids;
	x->event_id = item->hash;
	x->structure_only = item->importer->config.structure_only;
	outcome_init(&x->outcome, x->arena);
	parse_resource(x, FORMAT_JSON, true);
	outcome_clear(&x->outcome);             /* what is wrong with it is said where it is performed */
	if (x->body != NULL && is_bundle(x->body)) {
		x->method = SLICE("POST");
		x->path = x->service->base_path;
	} else {
		address_resource(x, x->body);
	}
}

static void
run_item(void *arg, struct worker *w)
{
	struct item *item = arg;
	struct exchange *x = item->x;

	delivery_prepare(x, w);
	while (attachments_waiting(x) && !attachments_inspect(x)) {
		delivery_put_back(x);
		delivery_prepare(x, w);
	}
	item->delivery.x = x;
	item->delivery.ctx = item;
	item->delivery.done = delivered;
	delivery_start(&item->delivery);
}

static void
start_item(void *arg, struct worker *w)
{
	struct item *item = arg;

	sha256_one(item->bytes, item->hash);
	if (journal_has(item->importer->journal, item->hash)) {
		close_item(item, false, true);
		return;
	}
	open_exchange(item, w);
	rest_route(item->x);
	if (!controls_request(item->x))
		item->x->outcome.failed = true;
	run_item(item, w);
}

static void
submit(struct importer *m, struct arena *arena, struct slice bytes, const char *name)
{
	struct item *item = arena_alloc(arena, sizeof *item);

	*item = (struct item){ .importer = m, .arena = arena, .bytes = bytes, .name = name };
	pthread_mutex_lock(&m->lock);
	while (m->in_flight >= IN_FLIGHT || (m->in_flight >= FEW && m->bytes_in_flight + bytes.len > BYTES_IN_FLIGHT))
		pthread_cond_wait(&m->room, &m->lock);
	m->in_flight++;
	m->bytes_in_flight += bytes.len;
	pthread_mutex_unlock(&m->lock);
	pool_submit(m->config.pool, start_item, item);
}

/* Files */

static char *
name_of_line(struct arena *arena, const char *path, unsigned line)
{
	size_t n = strlen(path) + 16;
	char *name = arena_alloc(arena, n);

	snprintf(name, n, line == 0 ? "%s" : "%s:%u", path, line);
	return name;
}

static void
submit_lines(struct importer *m, const char *path, struct slice all)
{
	for (unsigned line = 1; all.len > 0 && !is_stopped(m); line++) {
		struct slice one = slice_trim(slice_cut(&all, '\n'));
		struct arena *arena;

		if (one.len == 0)
			continue;
		arena = arena_new(one.len + 16384);
		submit(m, arena, slice_dup(one, arena), name_of_line(arena, path, line));
	}
}

static void
import_file(struct importer *m, const char *path)
{
	struct arena *arena = arena_new(16384);
	struct slice bytes;

	if (!env_read_file(&env_real, path, FILE_BYTES_MAX, arena, &bytes)) {
		tell_refusal(m, path, NULL);
		arena_free(arena);
		m->figures.refused++;
		return;
	}
	if (slice_ends(slice_of(path), SLICE(".ndjson"))) {
		submit_lines(m, path, bytes);
		arena_free(arena);
	} else {
		submit(m, arena, bytes, name_of_line(arena, path, 0));
	}
}

static int
importable(const struct dirent *e)
{
	return slice_ends(slice_of(e->d_name), SLICE(".json"))
	    || slice_ends(slice_of(e->d_name), SLICE(".ndjson"));
}

/* Calls fn for the file, or for the files of the directory in order of name. */
static void
each_file(struct importer *m, const char *path, void (*fn)(struct importer *, const char *))
{
	struct dirent **names;
	struct stat st;
	int n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		fn(m, path);
		return;
	}
	if ((n = scandir(path, &names, importable, alphasort)) < 0)
		return;
	for (int i = 0; i < n; i++) {
		char file[4096];

		if (!is_stopped(m)
		    && (size_t)snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name) < sizeof file)
			fn(m, file);
		free(names[i]);
	}
	free(names);
}

static void
add_size(struct importer *m, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		m->figures.bytes_total += (uint64_t)st.st_size;
}

void
importer_weigh(struct importer *m, const char *path)
{
	each_file(m, path, add_size);
}

void
importer_take(struct importer *m, const char *path)
{
	each_file(m, path, import_file);
}

void
importer_wait(struct importer *m)
{
	pthread_mutex_lock(&m->lock);
	while (m->in_flight > 0)
		pthread_cond_wait(&m->room, &m->lock);
	pthread_mutex_unlock(&m->lock);
}

struct importer_figures
importer_figures(struct importer *m)
{
	struct importer_figures f;

	pthread_mutex_lock(&m->lock);
	f = m->figures;
	pthread_mutex_unlock(&m->lock);
	return f;
}

bool
service_operator(const struct service *s, struct arena *arena, struct slice *header, struct outcome *o)
{
	int64_t now = env_wall(s->env) / 1000;
	struct token t = {
		.issuer = s->issuer, .audience = s->base, .subject = SLICE("operator"),
		.client_id = SLICE("operator"), .scope = SLICE("system/*.cruds"),
		.clearance = SLICE("V"), .issued = now, .expires = now + 86400,
	};
	struct slice compact;
	struct buf b;

	if (!token_issue(s->keeper, s->env, &t, arena, &compact, o))
		return false;
	buf_init(&b, arena, 8192);
	buf_printf(&b, "Bearer %.*s", SLICE_FMT(compact));
	*header = buf_slice(&b);
	return true;
}

struct importer *
importer_new(const struct importer_config *config, struct outcome *o)
{
	struct arena *arena = arena_new(16384);
	struct importer *m = arena_alloc(arena, sizeof *m);

	m->config = *config;
	m->arena = arena;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->room, NULL);
	m->journal = journal_open(config->service, o);
	if (m->journal != NULL && service_operator(config->service, arena, &m->token, o))
		return m;
	importer_free(m);
	return NULL;
}

void
importer_free(struct importer *m)
{
	journal_close(m->journal);
	pthread_cond_destroy(&m->room);
	pthread_mutex_destroy(&m->lock);
	arena_free(m->arena);
}
