/* parameter_status.c -- how far custom search parameters are (docs/search.md).
 *
 *   GET [base]/SearchParameter/[id]/$status       those of one resource, for who may read it
 *   GET [base]/SearchParameter/$status            all, those of packages too; for the operator
 *
 * How many resources there are, and on how many of them the expression fails, is told to the operator only. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "search/custom.h"

static void
write_text(struct buf *b, const char *name, const char *kind, struct slice value)
{
	buf_printf(b, "{\"name\":\"%s\",\"%s\":", name, kind);
	json_write_string(b, value);
	buf_add(b, SLICE("},"));
}

static void
write_one(struct exchange *x, struct buf *b, const struct store_parameter *p)
{
	buf_add(b, SLICE("{\"name\":\"parameter\",\"part\":["));
	write_text(b, "url", "valueUri", p->param->url);
	write_text(b, "code", "valueCode", p->param->code);
	write_text(b, "base", "valueCode", p->param->on->name);
	if (exchange_is_operator(x))
		buf_printf(b, "{\"name\":\"failed\",\"valueDecimal\":%lld},", (long long)p->failed);
	if (exchange_is_operator(x) && !p->ready)
		buf_printf(b, "{\"name\":\"indexed\",\"valueDecimal\":%lld},{\"name\":\"total\",\"valueDecimal\":%lld},",
		    (long long)p->done, (long long)p->total);
	buf_printf(b, "{\"name\":\"state\",\"valueCode\":\"%s\"}]}", p->ready ? "ready" : "indexing");
}

static bool
answer(struct exchange *x, int64_t source, const char *otherwise)
{
	struct store_parameter *all;
	uint32_t count;
	struct buf b;

	if (!store_parameters(x->worker->reader, source, exchange_is_operator(x), x->arena, &all, &count, &x->outcome))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_add(&b, SLICE("{\"resourceType\":\"Parameters\""));
	for (uint32_t i = 0; i < count; i++) {
		buf_add(&b, i == 0 ? SLICE(",\"parameter\":[") : SLICE(","));
		write_one(x, &b, &all[i]);
	}
	if (count == 0 && otherwise != NULL)
		buf_printf(&b, ",\"parameter\":[{\"name\":\"state\",\"valueCode\":\"%s\"}", otherwise);
	buf_add(&b, count > 0 || otherwise != NULL ? SLICE("]}") : SLICE("}"));
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}

/* One that is active and yet not taken: another has its code, or a component of it is gone. */
static bool
answer_of_resource(struct exchange *x)
{
	struct stored s;
	struct json j;

	if (!store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, &s, &x->outcome))
		return false;
	if (s.deleted)
		return exchange_fail(x, FAULT_DELETED, "");
	if (!json_parse(s.body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	return answer(x, s.row, custom_is_active(&j, 0) ? "left-out" : "not-used");
}

bool
rest_parameter_status(struct exchange *x)
{
	if (x->id.len > 0)
		return answer_of_resource(x);
	return exchange_is_operator(x) ? answer(x, -1, NULL) : exchange_fail(x, FAULT_FORBIDDEN, "");
}
