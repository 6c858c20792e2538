/* import.c -- firebreak import: files through the same path as requests.
 *
 * Every Bundle, NDJSON line or resource file becomes an exchange with the
 * operator's own token: routed, authorised, validated, indexed and audited like
 * any write, only without HTTP around it.
 *
 * Importing is idempotent and resumable: an item is known by the SHA-256 of its
 * bytes.  What was stored is listed in D/import.journal; the audit event of an item has
 * an id made from that hash, and is in the same transaction as its resources, so
 * that even a kill between commit and journal imports nothing twice. */
#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/limits.h"
#include "cmd/common.h"
#include "cmd/journal.h"
#include "controls/attachments.h"
#include "controls/control.h"
#include "crypto/digest.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/rest.h"
#include "server/delivery.h"
#include "server/pool.h"
#include "server/server.h"

static const char usage[] =
    "usage: firebreak import --dir D [--keep-ids] [--validate full|structure] [--format text|json]\n"
    "                        [--pack FILE] PATH...\n"
    "\n"
    "Stores transaction and batch Bundles, resources (*.json) and NDJSON (*.ndjson);\n"
    "a directory stands for the files in it.  The server must not be running.\n"
    "  --keep-ids  resources keep their own ids (the client \"operator\" has the grant)\n"
    "  --validate structure  elements, types and required codes only, no rules or profiles: for data\n"
    "              that was validated before; full is the default\n"
    "An item that was imported before is skipped.  Exit: 0 all is stored; 1 some items\n"
    "were refused, each with its reason; 2 nothing could be done.\n";

#define IN_FLIGHT 64
#define FILE_BYTES_MAX ((size_t)1 << 30)

struct import {
	struct service *service;
	struct pool    *pool;
	struct journal *journal;
	struct slice    token;          /* "Bearer ..." */
	bool            keep_ids, text, structure_only;
	pthread_mutex_t lock;
	pthread_cond_t  room;
	int             in_flight;
	int64_t         started;        /* monotonic */
	uint64_t        bytes_total, bytes_done, resources, items, skipped, refused;
	int64_t         shown;
};

struct item {
	struct import   *import;
	struct arena    *arena;
	struct slice     bytes;
	const char      *name;          /* file and line for messages */
	uint8_t          hash[SHA256_BYTES];
	struct exchange *x;
	struct delivery  delivery;
};

/* Progress */

static void
show_progress(struct import *m, bool last)
{
	int64_t now = env_monotonic(&env_real);
	double seconds = (double)(now - m->started) / 1e9, share;

	if (!isatty(STDERR_FILENO) || (!last && now - m->shown < 200000000))
		return;
	m->shown = now;
	share = m->bytes_total == 0 ? 1 : (double)m->bytes_done / (double)m->bytes_total;
	fprintf(stderr, "\r%" PRIu64 " resources, %.0f/s, %3.0f %%, %.0f s left ", m->resources,
	    (double)m->resources / (seconds > 0 ? seconds : 1), share * 100,
	    share > 0 ? seconds * (1 - share) / share : 0);
	if (last)
		fputc('\n', stderr);
}

static void
show_refusal(const struct item *item)
{
	struct buf b;

	buf_init(&b, item->x->arena, 1 << 20);
	outcome_text(&item->x->outcome, item->name, &b);
	fprintf(stderr, "%s%.*s", isatty(STDERR_FILENO) ? "\n" : "", SLICE_FMT(buf_slice(&b)));
}

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
close_item(struct item *item, bool stored, bool skipped)
{
	struct import *m = item->import;

	pthread_mutex_lock(&m->lock);
	m->items++;
	m->skipped += skipped;
	m->refused += !stored && !skipped;
	m->bytes_done += item->bytes.len;
	if (stored)
		m->resources += stored_count(item->x);
	m->in_flight--;
	show_progress(m, false);
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
		journal_add(item->import->journal, item->hash);
	else
		show_refusal(item);
	close_item(item, stored, false);
}

static void
delivered(struct delivery *d)
{
	struct item *item = d->ctx;

	pool_submit(item->import->pool, finish_item, item);
}

/* An item as a request */

static bool
is_bundle(struct exchange *x)
{
	struct json j;
	struct outcome aside;

	outcome_init(&aside, x->arena);
	return json_parse(x->content, json_bounds(x->service->limits, true), x->arena, &j, &aside)
	    && json_is(&j, json_get(&j, 0, SLICE("resourceType")), SLICE("Bundle"))
	    && (json_is(&j, json_get(&j, 0, SLICE("type")), SLICE("transaction"))
	    || json_is(&j, json_get(&j, 0, SLICE("type")), SLICE("batch")));
}

/* A lone resource: POST to its type, or with --keep-ids PUT to its id. */
static void
address_resource(struct exchange *x, bool keep_ids)
{
	struct json j;
	struct outcome aside;
	struct slice type, id = SLICE_NONE;
	struct buf path;

	outcome_init(&aside, x->arena);
	buf_init(&path, x->arena, 1024);
	buf_printf(&path, "%.*s/", SLICE_FMT(x->service->base_path));
	x->method = SLICE("POST");
	if (json_parse(x->content, json_bounds(x->service->limits, false), x->arena, &j, &aside)) {
		type = json_string(&j, json_get(&j, 0, SLICE("resourceType")), x->arena);
		if (keep_ids)
			id = json_string(&j, json_get(&j, 0, SLICE("id")), x->arena);
		buf_add(&path, slice_sub(type, 0, 100));
	}
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

	headers[0] = (struct http_header){ SLICE("authorization"), item->import->token };
	headers[1] = (struct http_header){ SLICE("content-type"), SLICE("application/fhir+json") };
	headers[2] = (struct http_header){ SLICE("prefer"), SLICE("return=minimal") };
	x->arena = item->arena;
	x->service = item->import->service;
	x->worker = w;
	x->headers = headers;
	x->header_count = 3;
	x->peer = SLICE("127.0.0.1");
	x->content = item->bytes;
	x->keep_ids = item->import->keep_ids;
	x->event_id = item->hash;
	x->structure_only = item->import->structure_only;
	outcome_init(&x->outcome, x->arena);
	if (is_bundle(x)) {
		x->method = SLICE("POST");
		x->path = x->service->base_path;
	} else {
		address_resource(x, x->keep_ids);
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
	if (journal_has(item->import->journal, item->hash)) {
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
submit(struct import *m, struct arena *arena, struct slice bytes, const char *name)
{
	struct item *item = arena_alloc(arena, sizeof *item);

	*item = (struct item){ .import = m, .arena = arena, .bytes = bytes, .name = name };
	pthread_mutex_lock(&m->lock);
	while (m->in_flight >= IN_FLIGHT)
		pthread_cond_wait(&m->room, &m->lock);
	m->in_flight++;
	pthread_mutex_unlock(&m->lock);
	pool_submit(m->pool, start_item, item);
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
submit_lines(struct import *m, const char *path, struct slice all)
{
	for (unsigned line = 1; all.len > 0; line++) {
		struct slice one = slice_trim(slice_cut(&all, '\n'));
		struct arena *arena;

		if (one.len == 0)
			continue;
		arena = arena_new(one.len + 16384);
		submit(m, arena, slice_dup(one, arena), name_of_line(arena, path, line));
	}
}

static bool
import_file(struct import *m, const char *path)
{
	struct arena *arena = arena_new(16384);
	struct slice bytes;

	if (!env_read_file(&env_real, path, FILE_BYTES_MAX, arena, &bytes)) {
		fprintf(stderr, "firebreak import: %s cannot be read\n", path);
		arena_free(arena);
		m->refused++;
		return false;
	}
	if (slice_ends(slice_of(path), SLICE(".ndjson"))) {
		submit_lines(m, path, bytes);
		arena_free(arena);
	} else {
		submit(m, arena, bytes, name_of_line(arena, path, 0));
	}
	return true;
}

static int
importable(const struct dirent *e)
{
	return slice_ends(slice_of(e->d_name), SLICE(".json"))
	    || slice_ends(slice_of(e->d_name), SLICE(".ndjson"));
}

/* Calls fn for the file, or for the files of the directory in order of name. */
static bool
each_file(struct import *m, const char *path, bool (*fn)(struct import *, const char *))
{
	struct dirent **names;
	struct stat st;
	bool good = true;
	int n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return fn(m, path);
	if ((n = scandir(path, &names, importable, alphasort)) < 0)
		return false;
	for (int i = 0; i < n; i++) {
		char file[4096];

		if ((size_t)snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name) < sizeof file)
			good = fn(m, file) && good;
		free(names[i]);
	}
	free(names);
	return good;
}

static bool
add_size(struct import *m, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		m->bytes_total += (uint64_t)st.st_size;
	return true;
}

static void
wait_for_all(struct import *m)
{
	pthread_mutex_lock(&m->lock);
	while (m->in_flight > 0)
		pthread_cond_wait(&m->room, &m->lock);
	pthread_mutex_unlock(&m->lock);
}

static void
print_summary(const struct import *m)
{
	double seconds = (double)(env_monotonic(&env_real) - m->started) / 1e9;

	printf(m->text
	    ? "%" PRIu64 " resources stored from %" PRIu64 " items (%" PRIu64 " skipped, %" PRIu64
	      " refused) in %.2f s, %.0f resources/s\n"
	    : "{\"resources\":%" PRIu64 ",\"items\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"refused\":%"
	      PRIu64 ",\"seconds\":%.3f,\"resources_per_second\":%.0f}\n",
	    m->resources, m->items, m->skipped, m->refused, seconds,
	    (double)m->resources / (seconds > 0 ? seconds : 1));
}

static int
import_all(struct import *m, char **paths, int count)
{
	m->started = env_monotonic(&env_real);
	for (int i = 0; i < count; i++)
		each_file(m, paths[i], add_size);
	for (int i = 0; i < count; i++)
		each_file(m, paths[i], import_file);
	wait_for_all(m);
	show_progress(m, true);
	print_summary(m);
	return m->refused == 0 ? EXIT_OK : EXIT_NEGATIVE;
}

static int
run_import(struct import *m, char **paths, int count, struct arena *arena)
{
	struct outcome o;
	int code;

	outcome_init(&o, arena);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->room, NULL);
	m->journal = journal_open(m->service, &o);
	if (m->journal == NULL || !command_operator(m->service, arena, &m->token, &o)
	    || (m->pool = pool_new(m->service, 0, &o)) == NULL) {
		journal_close(m->journal);
		return command_fail(&o, "import");
	}
	code = import_all(m, paths, count);
	pool_free(m->pool);
	journal_close(m->journal);
	return code;
}

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "keep-ids", no_argument, NULL, 'k' },
	{ "validate", required_argument, NULL, 'v' },
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_import(int argc, char **argv)
{
	const char *dir = NULL, *pack = NULL;
	struct import m = { .text = true };
	struct arena *arena;
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'k': m.keep_ids = true; break;
		case 'v':
			if (strcmp(optarg, "full") != 0 && strcmp(optarg, "structure") != 0)
				return command_usage("import", "--validate is full or structure");
			m.structure_only = strcmp(optarg, "structure") == 0;
			break;
		case 'f': m.text = strcmp(optarg, "json") != 0; break;
		case 'p': pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	if (dir == NULL || optind == argc)
		return fputs(usage, stderr), EXIT_CANNOT;
	arena = arena_new(16384);
	if ((m.service = command_service("import", dir, pack, arena)) == NULL)
		return EXIT_CANNOT;
	code = run_import(&m, argv + optind, argc - optind, arena);
	service_close(m.service);
	arena_free(arena);
	return code;
}
