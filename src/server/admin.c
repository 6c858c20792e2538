/* admin.c -- see admin.h.  Nothing here shows a patient. */
#include "server/admin.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "controls/control.h"
#include "exchange/service.h"
#include "http/http.h"
#include "json/json.h"
#include "oauth/registry.h"
#include "store/store.h"

struct admin {
	struct service     *service;
	struct http_server *http;
	pthread_t           listener, housekeeper;
	atomic_bool         stopping;
};

void
admin_write_controls(const struct service *s, struct buf *b)
{
	buf_add(b, SLICE("{\"controls\":["));
	for (int i = 0; i < controls_count; i++) {
		struct control_status status;

		control_state_of(controls[i], s, &status);
		buf_printf(b, "%s{\"name\":\"%s\",\"state\":\"%s\",\"rule\":\"%s\",\"evidence\":",
		    i == 0 ? "" : ",", controls[i]->name, control_state_name(status.state),
		    controls[i]->rule);
		json_write_string(b, slice_of(status.evidence));
		buf_add_char(b, '}');
	}
	buf_add(b, SLICE("]}"));
}

static bool
ready(const struct service *s)
{
	return controls_open(s) && store_healthy(s->store);
}

static int
write_live(const struct service *s UNUSED, struct buf *b)
{
	buf_add(b, SLICE("{\"status\":\"live\"}"));
	return 200;
}

static int
write_ready(const struct service *s, struct buf *b)
{
	bool good = ready(s);

	buf_printf(b, "{\"status\":\"%s\"}", good ? "ready" : "not ready");
	return good ? 200 : 503;
}

static int
write_controls(const struct service *s, struct buf *b)
{
	admin_write_controls(s, b);
	return 200;
}

/* Prometheus text exposition format 0.0.4 */
static int
write_metrics(const struct service *s, struct buf *b)
{
	buf_printf(b, "# TYPE firebreak_audit_records counter\nfirebreak_audit_records %" PRIu64 "\n"
	    "# TYPE firebreak_audit_healthy gauge\nfirebreak_audit_healthy %d\n"
	    "# TYPE firebreak_store_healthy gauge\nfirebreak_store_healthy %d\n",
	    audit_size(s->audit), audit_healthy(s->audit), store_healthy(s->store));
	return 200;
}

static const struct {
	const char *path, *type;
	int (*write)(const struct service *, struct buf *);
} pages[] = {
	{ "/health/live",  "application/json",          write_live },
	{ "/health/ready", "application/json",          write_ready },
	{ "/controls",     "application/json",          write_controls },
	{ "/metrics",      "text/plain; version=0.0.4", write_metrics },
};

static void
answer(struct http_exchange *h, int status, const char *type, struct slice body)
{
	struct http_header *headers = arena_array(h->arena, 3, sizeof *headers);

	headers[0] = (struct http_header){ SLICE("content-type"), slice_of(type) };
	headers[1] = (struct http_header){ SLICE("cache-control"), SLICE("no-store") };
	headers[2] = (struct http_header){ SLICE("x-content-type-options"), SLICE("nosniff") };
	http_reply(h, status, headers, 3, body);
}

static bool
on_head(void *ctx UNUSED, struct http_exchange *h UNUSED, size_t *body_limit)
{
	*body_limit = 0;
	return true;
}

static void
on_request(void *ctx, struct http_exchange *h)
{
	struct admin *a = ctx;
	struct buf b;

	buf_init(&b, h->arena, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		if (slice_is(h->method, "GET") && slice_is(h->path, pages[i].path)) {
			int status = pages[i].write(a->service, &b);

			answer(h, status, pages[i].type, buf_slice(&b));
			return;
		}
	answer(h, 404, "application/json", SLICE("{}"));
}

static void
on_refuse(void *ctx UNUSED, struct http_exchange *h, int fault)
{
	answer(h, faults[fault].status, "application/json", SLICE("{}"));
}

static void *
listen_on(void *arg)
{
	struct admin *a = arg;

	http_run(a->http, 1);
	return NULL;
}

/* Tokens that the operator issued leave their audit events in a spool, because
 * the log has one writer: this process. */
static void *
keep_house(void *arg)
{
	struct admin *a = arg;

	while (!atomic_load(&a->stopping)) {
		nanosleep(&(struct timespec){ .tv_nsec = 500 * 1000 * 1000 }, NULL);
		registry_refresh(a->service->registry);
		audit_spool_drain(a->service->audit);
	}
	return NULL;
}

struct admin *
admin_start(struct service *s, struct outcome *o)
{
	struct admin *a = arena_alloc(s->arena, sizeof *a);
	struct http_handler handler = {
		.ctx = a, .head = on_head, .request = on_request, .refuse = on_refuse,
	};

	a->service = s;
	a->http = server_listen(s, slice_cstr(s->options.server_admin_listen, s->arena), 1, &handler, o);
	if (a->http == NULL)
		return NULL;
	if (pthread_create(&a->listener, NULL, listen_on, a) != 0
	    || pthread_create(&a->housekeeper, NULL, keep_house, a) != 0)
		abort();
	return a;
}

void
admin_stop(struct admin *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->stopping, true);
	http_stop(a->http);
	pthread_join(a->listener, NULL);
	pthread_join(a->housekeeper, NULL);
	http_server_free(a->http);
}
