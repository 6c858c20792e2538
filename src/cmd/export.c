/* export.c -- firebreak export: everything, or what was asked for, as NDJSON files.
 *
 * One file for each type, in clear, in a new directory that only its owner may enter.  The
 * operator's own token goes through the controls as that of a request does; the audit
 * record is durable before the first line is written. */
#include <errno.h>
#include <fcntl.h>
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
#include "base/env.h"
#include "bulk/bulk.h"
#include "cmd/common.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/pack.h"
#include "rest/rest.h"
#include "search/index.h"
#include "server/importer.h"
#include "server/server.h"

static const char usage[] =
    "usage: firebreak export --dir D --out DIRECTORY [--type TYPE,...] [--since INSTANT]\n"
    "                        [--format text|json] [--pack FILE]\n"
    "\n"
    "Writes every resource, in clear, to one NDJSON file for each type.  The directory\n"
    "must be new; only its owner can enter it.  The server must not be running: while it\n"
    "is, use $export (docs/bulk.md).\n"
    "Exit: 0 all is written; 2 it could not.\n";

struct export {
	struct service *service;
	struct worker   worker;
	const char     *out;
	FILE          **files;          /* by type number */
	uint64_t        resources, bytes;
	int64_t         started, shown;
	bool            text;
};

static void
show_progress(struct export *e, bool last)
{
	int64_t now = env_monotonic(&env_real);

	if (!isatty(STDERR_FILENO) || (!last && now - e->shown < 200000000))
		return;
	e->shown = now;
	fprintf(stderr, "\r%" PRIu64 " resources, %" PRIu64 " MB ", e->resources, e->bytes >> 20);
	if (last)
		fputc('\n', stderr);
}

static FILE *
open_file(struct export *e, const struct type *type)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/%.*s.ndjson", e->out, SLICE_FMT(type->name));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool
put(void *ctx, const struct type *type, struct slice line)
{
	struct export *e = ctx;
	FILE **f = &e->files[type->number];

	if (*f == NULL && (*f = open_file(e, type)) == NULL)
		return false;
	e->resources++;
	e->bytes += line.len + 1;
	show_progress(e, false);
	return fwrite(line.ptr, 1, line.len, *f) == line.len && fputc('\n', *f) != EOF;
}

static bool
close_files(struct export *e)
{
	bool good = true;

	for (uint32_t i = 0; i < pack_type_count(e->service->pack); i++)
		if (e->files[i] != NULL)
			good &= fflush(e->files[i]) == 0 && fsync(fileno(e->files[i])) == 0
			    && fclose(e->files[i]) == 0;
	return good;
}

/* The record first */

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	bool            done, durable;
};

static void
recorded(void *ctx, bool durable)
{
	struct waiting *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	w->durable = durable;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static bool
record(struct exchange *x)
{
	struct waiting w = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

	exchange_event_add(x)->resource = SLICE("$export");
	x->status = 200;
	if (!controls_response(x) || x->record_count == 0
	    || !audit_append(x->service->audit, x->records[0], recorded, &w))
		return exchange_fail(x, FAULT_NO_AUDIT, "");
	pthread_mutex_lock(&w.lock);
	while (!w.done)
		pthread_cond_wait(&w.wake, &w.lock);
	pthread_mutex_unlock(&w.lock);
	return w.durable || exchange_fail(x, FAULT_NO_AUDIT, "");
}

static void
open_exchange(struct export *e, struct exchange *x, struct http_header *header, struct arena *arena)
{
	struct buf path;

	buf_init(&path, arena, 4096);
	buf_printf(&path, "%.*s/$export", SLICE_FMT(e->service->base_path));
	x->arena = arena;
	x->service = e->service;
	x->worker = &e->worker;
	x->method = SLICE("GET");
	x->path = buf_slice(&path);
	x->peer = SLICE("127.0.0.1");
	x->headers = header;
	x->header_count = 1;
	outcome_init(&x->outcome, arena);
	rest_route(x);
}

static int
print_summary(struct export *e)
{
	double seconds = (double)(env_monotonic(&env_real) - e->started) / 1e9;

	show_progress(e, true);
	printf(e->text ? "%" PRIu64 " resources, %" PRIu64 " bytes in %.2f s, %.1f MB/s\n"
	    : "{\"resources\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seconds\":%.3f,\"megabytes_per_second\":%.1f}\n",
	    e->resources, e->bytes, seconds, (double)e->bytes / 1e6 / (seconds > 0 ? seconds : 1));
	return EXIT_OK;
}

static int
run(struct export *e, const struct bulk_request *q, struct arena *arena)
{
	struct http_header header = { SLICE("authorization"), SLICE_NONE };
	struct exchange x = { .arena = arena };
	struct outcome o;
	bool *types = arena_array(arena, pack_type_count(e->service->pack), sizeof *types);

	outcome_init(&o, arena);
	e->files = arena_array(arena, pack_type_count(e->service->pack), sizeof *e->files);
	e->started = env_monotonic(&env_real);
	if (!worker_open(&e->worker, e->service, &o)
	    || !service_operator(e->service, arena, &header.value, &o))
		return command_fail(&o, "export");
	open_exchange(e, &x, &header, arena);
	if (!controls_request(&x) || !bulk_types(&x, q, types) || !record(&x)
	    || !bulk_export_now(&x, q, store_close_instant(e->service->store), put, e) || !close_files(e))
		return command_fail(&x.outcome, "export");
	worker_close(&e->worker);
	return print_summary(e);
}

static void
take_types(struct bulk_request *q, struct slice list, struct arena *arena)
{
	struct slice *types = arena_array(arena, list.len + 1, sizeof *types);

	while (list.len > 0)
		types[q->type_count++] = slice_trim(slice_cut(&list, ','));
	q->types = types;
}

static int
open_and_run(struct export *e, struct bulk_request *q, const char *dir, const char *pack,
    const char *since, struct arena *arena)
{
	int64_t end;
	int code;

	if (since != NULL && !index_date(slice_of(since), &q->since, &end))
		return command_usage("export", "--since is a date or an instant");
	if (mkdir(e->out, 0700) != 0)
		return command_usage("export", errno == EEXIST ? "the directory is there already"
		    : "the directory cannot be made");
	if ((e->service = command_service("export", dir, pack, arena)) == NULL)
		return EXIT_CANNOT;
	code = run(e, q, arena);
	service_close(e->service);
	return code;
}

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, 'd' }, { "out", required_argument, NULL, 'o' },
	{ "type", required_argument, NULL, 't' }, { "since", required_argument, NULL, 's' },
	{ "format", required_argument, NULL, 'f' }, { "pack", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, '?' }, { 0 },
};

int
cmd_export(int argc, char **argv)
{
	const char *dir = NULL, *pack = NULL, *since = NULL;
	struct arena *arena = arena_new(16384);
	struct export e = { .text = true };
	struct bulk_request q = { .level = BULK_SYSTEM };
	int c, code;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 'd': dir = optarg; break;
		case 'o': e.out = optarg; break;
		case 't': take_types(&q, slice_of(optarg), arena); break;
		case 's': since = optarg; break;
		case 'f': e.text = strcmp(optarg, "json") != 0; break;
		case 'p': pack = optarg; break;
		default: fputs(usage, optopt == 0 ? stdout : stderr); return optopt == 0 ? 0 : EXIT_CANNOT;
		}
	code = dir == NULL || e.out == NULL || optind != argc ? (fputs(usage, stderr), EXIT_CANNOT)
	    : open_and_run(&e, &q, dir, pack, since, arena);
	arena_free(arena);
	return code;
}
