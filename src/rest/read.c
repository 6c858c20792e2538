/* read.c -- read, vread and the history of an instance (R4 http.html#read,
 * #vread, #history).
 *
 * Hidden and absent are one answer: the store gives both as FAULT_NO_SUCH, and
 * nothing here looks further.  Deleted is said only of what the caller could
 * have read. */
#include "rest/interactions.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/instant.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/binary.h"
#include "rest/format.h"
#include "search/cursor.h"

/* R4 http.html#cread: If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2). */
static bool
not_modified(struct exchange *x, const struct stored *s)
{
	struct slice tags = exchange_header(x, "if-none-match");
	struct slice since = exchange_header(x, "if-modified-since"), version;
	int64_t ms;

	if (tags.len > 0) {
		while (tags.len > 0) {
			struct slice one = slice_trim(slice_cut(&tags, ','));

			if (slice_is(one, "*") || (answer_parse_etag(one, &version)
			    && slice_eq(version, s->version)))
				return true;
		}
		return false;
	}
	return since.len > 0 && instant_parse_http_date(since, &ms) && s->updated / 1000 * 1000 <= ms;
}

static bool
gone(struct exchange *x, const struct stored *s)
{
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	return exchange_fail(x, FAULT_DELETED, "");
}

static bool
deliver(struct exchange *x, struct stored *s)
{
	if (s->deleted)
		return gone(x, s);
	if (binary_is(x))
		return binary_answer(x, s, not_modified(x, s));
	if (!not_modified(x, s))
		return answer_stored(x, s, 200);
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	x->status = 304;
	return true;
}

bool
rest_read(struct exchange *x)
{
	struct stored s;

	return store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, &s, &x->outcome)
	    && deliver(x, &s);
}

bool
rest_vread(struct exchange *x)
{
	struct stored s;

	return store_vread(x->worker->reader, x->permit, x->type, x->id, x->version, x->arena, &s,
	    &x->outcome) && deliver(x, &s);
}

#define HISTORY_PAGE 50

struct history_page {
	uint32_t max;
	int64_t  before;                /* the vid that the last page ended with */
};

/* What a cursor is sealed to: this caller, this resource. */
static struct slice
history_binding(struct exchange *x)
{
	struct buf b;

	buf_init(&b, x->arena, 4096);
	buf_printf(&b, "history %.*s %.*s ", SLICE_FMT(x->type->name), SLICE_FMT(x->id));
	exchange_write_binding(x, &b);
	return buf_slice(&b);
}

static bool
history_parameter(struct exchange *x, struct slice name, struct slice value,
    struct history_page *page)
{
	uint64_t n;

	if (slice_is(name, "_count")) {
		if (!slice_uint(value, &n) || n == 0)
			return outcome_fail(&x->outcome, FAULT_BAD_SEARCH,
			    (struct place){ SLICE("_count"), 0, 0 }, SLICE(""));
		page->max = n > x->service->limits->of[LIMIT_PAGE]
		    ? (uint32_t)x->service->limits->of[LIMIT_PAGE] : (uint32_t)n;
		return true;
	}
	if (slice_is(name, "_cursor")) {
		struct slice plain;

		if (!cursor_open(x->service->cursor_key, history_binding(x), value, x->arena, &plain)
		    || plain.len < sizeof page->before)
			return exchange_fail(x, FAULT_NO_SUCH, "");
		memcpy(&page->before, plain.ptr, sizeof page->before);
		return true;
	}
	if (slice_is(name, "_format") || slice_is(name, "_pretty"))
		return true;
	return exchange_fail(x, FAULT_BAD_PARAMETER, "");
}

static bool
history_page(struct exchange *x, struct history_page *page)
{
	struct slice rest = x->query;

	*page = (struct history_page){ HISTORY_PAGE, 0 };
	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&');
		struct slice name = slice_cut(&value, '='), text;

		if (!decode_percent(value, true, x->arena, &text))
			return exchange_fail(x, FAULT_BAD_SEARCH, "");
		if (!history_parameter(x, name, text, page))
			return false;
	}
	return true;
}

static void
history_entry(struct exchange *x, struct buf *b, const struct stored *s)
{
	const char *method = s->method == 'P' ? "POST" : s->method == 'U' ? "PUT" : "DELETE";
	const char *status = s->method == 'P' ? "201" : s->method == 'U' ? "200" : "204";
	char instant[INSTANT_TEXT];

	buf_add(b, SLICE("{\"fullUrl\":"));
	answer_full_url(b, x, s);
	if (!s->deleted) {
		buf_add(b, SLICE(",\"resource\":"));
		buf_add(b, s->body);
	}
	instant_format(s->updated, instant);
	buf_printf(b, ",\"request\":{\"method\":\"%s\",\"url\":\"%.*s", method,
	    SLICE_FMT(s->type->name));
	if (s->method != 'P')
		buf_printf(b, "/%.*s", SLICE_FMT(s->id));
	buf_printf(b, "\"},\"response\":{\"status\":\"%s\",\"etag\":\"W/\\\"%.*s\\\"\","
	    "\"lastModified\":\"%.*s\"}}", status, SLICE_FMT(s->version), INSTANT_TEXT, instant);
}

static void
history_next(struct exchange *x, struct buf *b, const struct history_page *page, int64_t before)
{
	struct slice cursor = cursor_seal(x->service->cursor_key, x->service->env,
	    history_binding(x), &before, sizeof before, x->arena);

	buf_printf(b, ",{\"relation\":\"next\",\"url\":\"%.*s/%.*s/%.*s/_history?_count=%u&_cursor=%.*s",
	    SLICE_FMT(x->service->base), SLICE_FMT(x->type->name), SLICE_FMT(x->id), page->max,
	    SLICE_FMT(cursor));
	format_link(x, b, true);
	buf_add(b, SLICE("\"}"));
}

bool
rest_history(struct exchange *x)
{
	struct history_page page;
	struct stored *at;
	uint32_t count;
	bool more;
	struct buf b;

	if (!history_page(x, &page) || !store_history(x->worker->reader, x->permit, x->type, x->id,
	    page.before, page.max + 1, x->arena, &at, &count, &x->outcome))
		return false;
	more = count > page.max;
	count -= more;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"link\":["
	    "{\"relation\":\"self\",\"url\":\"%.*s/%.*s/%.*s/_history?_count=%u",
	    SLICE_FMT(x->service->base), SLICE_FMT(x->type->name), SLICE_FMT(x->id), page.max);
	format_link(x, &b, true);
	buf_add(&b, SLICE("\"}"));
	if (more)
		history_next(x, &b, &page, at[count - 1].vid);
	buf_add(&b, SLICE("],\"entry\":["));
	for (uint32_t i = 0; i < count; i++) {
		if (!at[i].deleted && !controls_out(x, &at[i]))
			return false;
		answer_note_patient(x, at[i].compartment);
		if (i > 0)
			buf_add_char(&b, ',');
		history_entry(x, &b, &at[i]);
	}
	buf_add(&b, SLICE("]}"));
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}
