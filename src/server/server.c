/* server.c -- the path of a request between the listener and the controls.
 *
 *   head      on the loop: route, request phase of the controls.  A stranger is
 *             refused here, before a byte of body is read.
 *   request   on the loop, or for Bundles and wide searches on the pool: rest_run() in one store
 *             snapshot.
 *   delivery  writer or audit thread make it durable; the loop sends.
 *
 * A loop never waits: what it has prepared is held until the other threads
 * post it back. */
#include "server/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/log.h"
#include "bulk/bulk.h"
#include "controls/attachments.h"
#include "controls/control.h"
#include "crypto/keeper.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "http/http.h"
#include "oauth/registry.h"
#include "rest/binary.h"
#include "rest/rest.h"
#include "server/admin.h"
#include "server/delivery.h"
#include "server/imports.h"
#include "server/download.h"
#include "server/house.h"
#include "server/indexer.h"
#include "server/pool.h"
#include "server/upload.h"

#define GRACE_SECONDS 10
#define LONG_BODY     65536

struct server {
	struct service     *service;
	struct http_server *http;
	struct worker      *workers;            /* one per loop */
	int                 worker_count;
	struct pool        *pool;               /* Bundles, and bodies that are long to look through */
	struct pool        *inspectors;         /* they wait for the malware scanner */
};

/* One request on its way; lives in the HTTP exchange's arena. */
struct job {
	struct server        *server;
	struct http_exchange *http;
	struct exchange      *x;
	struct delivery       delivery;
	struct upload        *upload;           /* of a body that is not gathered; or NULL */
};

static struct worker *
loop_worker(struct job *job)
{
	return &job->server->workers[http_loop_number(job->http->loop)];
}

static void
reply(struct job *job)
{
	struct exchange *x = job->x;

	if (x->stream != NULL)
		download_start(job->http, x, job->server->pool);
	else
		http_reply(job->http, x->status, x->out, x->out_count, x->bytes);
}

static void run_again(struct job *job);

static void
deliver_more(void *arg, struct worker *w)
{
	struct job *job = arg;

	delivery_more(&job->delivery, w);
}

static void
finish(void *arg)
{
	struct job *job = arg;

	job->x->worker = loop_worker(job);
	switch (delivery_finish(&job->delivery)) {
	case DELIVERY_READY:
		reply(job);
		break;
	case DELIVERY_AGAIN:
		run_again(job);
		break;
	case DELIVERY_MORE:
		pool_submit(job->server->pool, deliver_more, job);
		break;
	case DELIVERY_RECORDS:
		delivery_start(&job->delivery);
		break;
	}
}

static void
durable(struct delivery *d)
{
	struct job *job = d->ctx;

	http_post(job->http->loop, finish, job);
}

static void inspect(void *arg, struct worker *w);
static void run_pooled(void *arg, struct worker *w);

/* From the beginning again, where it holds up nobody. */
static void
put_off(struct job *job)
{
	outcome_clear(&job->x->outcome);
	job->x->postponed = false;
	job->x->on_pool = true;
	pool_submit(job->server->pool, run_pooled, job);
}

/* In one snapshot of the store; on whatever thread the worker belongs to. */
static void
run(struct job *job, struct worker *w)
{
	delivery_prepare(job->x, w);
	if (job->x->postponed) {
		put_off(job);
		return;
	}
	if (attachments_waiting(job->x)) {
		pool_submit(job->server->inspectors, inspect, job);
		return;
	}
	job->delivery.x = job->x;
	job->delivery.ctx = job;
	job->delivery.done = durable;
	delivery_start(&job->delivery);
}

/* What was prepared stands when its content is clean; else it is prepared again, to be refused. */
static void
inspect(void *arg, struct worker *w)
{
	struct job *job = arg;

	if (attachments_inspect(job->x)) {
		job->delivery.x = job->x;
		job->delivery.ctx = job;
		job->delivery.done = durable;
		delivery_start(&job->delivery);
		return;
	}
	delivery_put_back(job->x);
	run(job, w);
}

static void
run_pooled(void *arg, struct worker *w)
{
	run(arg, w);
}

static void
run_again(struct job *job)
{
	const struct interaction *i = job->x->interaction;
	bool heavy = i != NULL && (rest_waits(i) || i->body == BODY_BUNDLE || i->body == BODY_PATCH
	    || i->shape == PATH_TYPE_OPERATION || i->shape == PATH_SYSTEM_OPERATION
	    || job->x->content.len > LONG_BODY);

	if (heavy && !job->x->outcome.failed)
		pool_submit(job->server->pool, run_pooled, job);
	else
		run(job, loop_worker(job));
}

static struct job *
new_job(struct server *server, struct http_exchange *h)
{
	struct job *job = arena_alloc(h->arena, sizeof *job);
	struct exchange *x = job->x = arena_alloc(h->arena, sizeof *x);

	job->server = server;
	job->http = h;
	h->user = job;
	x->arena = h->arena;
	x->service = server->service;
	x->worker = loop_worker(job);
	x->method = h->method;
	x->path = h->path;
	x->query = h->query;
	x->headers = h->headers;
	x->header_count = h->header_count;
	x->peer = h->peer;
	outcome_init(&x->outcome, h->arena);
	return job;
}

/* Content in its own type goes into a file as it comes; false when its type is not taken. */
static bool
begin_upload(struct job *job, size_t *body_limit)
{
	struct exchange *x = job->x;
	struct slice essence;

	if (!binary_brings_stream(x, &essence))
		return !x->outcome.failed;
	*body_limit = x->service->limits->of[LIMIT_ATTACHMENT];
	job->upload = upload_begin(job->http, x->service, job->server->inspectors, essence);
	return true;
}

static void
uploaded(void *arg)
{
	struct job *job = arg;

	job->x->uploaded = upload_result(job->upload);
	run_again(job);
}

static bool
on_head(void *ctx, struct http_exchange *h, size_t *body_limit)
{
	struct job *job = new_job(ctx, h);
	struct exchange *x = job->x;

	rest_route(x);
	if (x->interaction != NULL && x->interaction->body == BODY_BUNDLE)
		*body_limit = x->service->limits->of[LIMIT_BUNDLE_BODY];
	if (controls_request(x) && begin_upload(job, body_limit))
		return true;
	run(job, x->worker);
	return false;
}

static void
on_request(void *ctx UNUSED, struct http_exchange *h)
{
	struct job *job = h->user;

	job->x->content = h->body;
	if (job->upload != NULL)
		upload_end(job->upload, uploaded, job);
	else
		run_again(job);
}

static void
on_refuse(void *ctx, struct http_exchange *h, int fault)
{
	struct job *job = h->user == NULL ? new_job(ctx, h) : h->user;
	struct exchange *x = job->x;

	exchange_fail(x, (enum fault)fault, "");
	if (x->received == 0)
		x->received = env_wall(x->service->env);
	run(job, x->worker);
}

static bool
use_tls(void *ctx, void *ssl_ctx, struct outcome *o)
{
	return keeper_use_tls(ctx, ssl_ctx, o);
}

static bool
split_listen(const char *listen, char host[64], uint16_t *port)
{
	const char *colon = strrchr(listen, ':');
	uint64_t n;

	if (colon == NULL || colon - listen >= 64 || !slice_uint(slice_of(colon + 1), &n)
	    || n > 65535)
		return false;
	memcpy(host, listen, (size_t)(colon - listen));
	host[colon - listen] = '\0';
	*port = (uint16_t)n;
	return true;
}

struct http_server *
server_listen(struct service *s, const char *listen, int loops, const struct http_handler *handler,
    struct outcome *o)
{
	const struct option_list *list = &s->options.server_hosts;
	const char **hosts = arena_array(s->arena, list->count + 1, sizeof *hosts);
	char *host = arena_alloc(s->arena, 64);
	struct http_config config = {
		.env = s->env, .limits = s->limits, .use_tls = use_tls, .use_tls_ctx = s->keeper,
		.address = host, .loops = loops, .hosts = list->count > 0 ? hosts : NULL,
	};

	if (!split_listen(listen, host, &config.port)) {
		outcome_fail_at_once(o, FAULT_INVALID, "a listen address is ADDRESS:PORT");
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++)
		hosts[i] = slice_cstr(list->at[i], s->arena);
	return http_server_new(&config, handler, o);
}

static struct http_server *stoppable;

static void
on_signal(int number UNUSED)
{
	if (stoppable != NULL)
		http_stop(stoppable);
}

static void
catch_signals(struct http_server *http)
{
	struct sigaction act = { .sa_handler = on_signal };

	stoppable = http;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool
open_workers(struct server *server, struct outcome *o)
{
	int loops = http_loops(server->http);

	server->workers = arena_array(server->service->arena, (size_t)loops, sizeof *server->workers);
	for (; server->worker_count < loops; server->worker_count++) {
		if (!worker_open(&server->workers[server->worker_count], server->service, o))
			return false;
		store_reader_lazy(server->workers[server->worker_count].reader);
	}
	server->pool = pool_new(server->service, 0, o);
	if (server->pool == NULL || (server->service->bulk = bulk_open(server->service, o)) == NULL)
		return false;
	server->inspectors = server->pool == NULL ? NULL : pool_new(server->service,
	    (int)server->service->limits->of[LIMIT_SCAN_THREADS], o);
	return server->inspectors != NULL;
}

static void
on_idle(void *ctx, int loop)
{
	struct server *server = ctx;

	store_release(server->workers[loop].reader);
}

static void
close_workers(struct server *server)
{
	pool_free(server->inspectors);
	pool_free(server->pool);
	if (server->service->bulk != NULL)
		bulk_close(server->service->bulk);
	server->service->bulk = NULL;
	while (server->worker_count > 0)
		worker_close(&server->workers[--server->worker_count]);
}

/* A setting that weakens a control is justified in the file, and its use is on record. */
static bool
record_weakened(const struct service *s, struct outcome *o)
{
	const struct option_list *weakened = &s->options.weakened;

	for (size_t i = 0; i < weakened->count; i++) {
		struct audit_event e = {
			.time = env_wall(s->env), .interaction = SLICE("configuration"), .action = 'E',
			.principal = SLICE("operator"), .status = 200,
		};
		struct slice record;
		struct buf reason;

		buf_init(&reason, s->arena, 256);
		buf_printf(&reason, "weakened with a justification: %.*s", SLICE_FMT(weakened->at[i]));
		e.reason = buf_slice(&reason);

		env_entropy(s->env, e.id, sizeof e.id);
		if (!audit_encode(s->audit, &e, s->arena, &record)
		    || !audit_append(s->audit, record, NULL, NULL))
			return outcome_fail_at_once(o, FAULT_NO_AUDIT, "");
	}
	return true;
}

bool
server_run(struct service *s, const char *listen, void (*ready)(void *ctx, int port), void *ctx,
    struct outcome *o)
{
	struct server *server = arena_alloc(s->arena, sizeof *server);
	struct http_handler handler = {
		.ctx = server, .head = on_head, .request = on_request, .refuse = on_refuse,
		.idle = on_idle,
	};
	struct admin *admin = NULL;
	struct house *house = NULL;
	struct imports *imports = NULL;
	struct indexer *indexer = NULL;
	bool good;

	server->service = s;
	server->http = server_listen(s, listen, (int)s->options.server_loops, &handler, o);
	if (server->http == NULL)
		return false;
	good = record_weakened(s, o) && open_workers(server, o) && (admin = admin_start(s, o)) != NULL
	    && (house = house_start(s, o)) != NULL
	    && (imports = imports_start(s, o)) != NULL && (indexer = indexer_start(s, o)) != NULL;
	if (good) {
		catch_signals(server->http);
		bulk_start(s->bulk);
		ready(ctx, http_port(server->http));
		http_run(server->http, GRACE_SECONDS);
		stoppable = NULL;
	}
	indexer_stop(indexer);
	house_stop(house);
	admin_stop(admin);
	close_workers(server);          /* what is under way may still post to the loops */
	imports_stop(imports);
	http_server_free(server->http);
	return good;
}
