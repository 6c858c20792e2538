/* answer.c -- see answer.h. */
#include "rest/answer.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/format.h"

static const struct slice server_meta[] = { SLICE_INIT("versionId"), SLICE_INIT("lastUpdated") };
static const struct slice server_top[] = {
	SLICE_INIT("resourceType"), SLICE_INIT("id"), SLICE_INIT("meta"),
};

static bool
named(const struct json *j, uint32_t name, const struct slice *among, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (json_is(j, name, among[i]))
			return true;
	return false;
}

/* Every member of `object` but those `without`, each behind a comma. */
static void
write_others(struct buf *b, const struct json *j, uint32_t object, const struct slice *without,
    size_t count)
{
	for (uint32_t name = json_first(j, object); name != 0; name = json_next(j, object, name)) {
		if (named(j, name, without, count))
			continue;
		buf_add_char(b, ',');
		json_write_node(b, j, name);
		buf_add_char(b, ':');
		json_write_node(b, j, name + 1);
	}
}

struct slice
answer_version_text(struct exchange *x, const struct json *j, uint32_t node, struct slice id,
    struct slice version, int64_t updated)
{
	uint32_t meta = json_get(j, node, SLICE("meta"));
	char instant[INSTANT_TEXT];
	struct buf b;

	instant_format(updated, instant);
	buf_init(&b, x->arena, SIZE_MAX);
	buf_reserve(&b, j->nodes[node].len + 256);
	buf_add(&b, SLICE("{\"resourceType\":\""));
	buf_add(&b, x->type->name);
	buf_add(&b, SLICE("\",\"id\":\""));
	buf_add(&b, id);
	buf_add(&b, SLICE("\",\"meta\":{\"versionId\":\""));
	buf_add(&b, version);
	buf_add(&b, SLICE("\",\"lastUpdated\":\""));
	buf_add_bytes(&b, instant, sizeof instant);
	buf_add_char(&b, '"');
	if (meta != 0)
		write_others(&b, j, meta, server_meta, COUNT_OF(server_meta));
	buf_add_char(&b, '}');
	write_others(&b, j, node, server_top, COUNT_OF(server_top));
	buf_add_char(&b, '}');
	return buf_slice(&b);
}

void
answer_version_headers(struct exchange *x, const struct stored *s)
{
	char *date = arena_alloc(x->arena, HTTP_DATE_TEXT);
	struct buf etag;

	buf_init(&etag, x->arena, 128);
	buf_printf(&etag, "W/\"%.*s\"", SLICE_FMT(s->version));
	exchange_add_header(x, "etag", buf_slice(&etag));
	instant_http_date(s->updated, date);
	exchange_add_header(x, "last-modified", slice_make(date, HTTP_DATE_TEXT));
}

static void
add_url(struct buf *b, const struct exchange *x, const struct stored *s)
{
	buf_add(b, x->service->base);
	buf_add_char(b, '/');
	buf_add(b, s->type->name);
	buf_add_char(b, '/');
	buf_add(b, s->id);
}

void
answer_location(struct exchange *x, const struct stored *s)
{
	struct buf b;

	buf_init(&b, x->arena, 2048);
	add_url(&b, x, s);
	buf_printf(&b, "/_history/%.*s", SLICE_FMT(s->version));
	exchange_add_header(x, "location", buf_slice(&b));
}

void
answer_full_url(struct buf *b, const struct exchange *x, const struct stored *s)
{
	buf_add_char(b, '"');
	add_url(b, x, s);
	buf_add_char(b, '"');
}

void
answer_bytes(struct exchange *x, int status, struct slice bytes)
{
	x->status = status;
	x->bytes = bytes;
	if (bytes.len == 0 || x->parent != NULL)
		return;
	if (x->as_xml || x->as_html || x->pretty)
		format_answer(x);
	exchange_add_header(x, "content-type", x->as_html ? SLICE("text/html; charset=utf-8")
	    : x->as_xml ? SLICE("application/fhir+xml; charset=utf-8")
	    : SLICE("application/fhir+json; charset=utf-8"));
}

bool
answer_stored(struct exchange *x, struct stored *s, int status)
{
	if (!controls_out(x, s))
		return false;
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	answer_bytes(x, status, s->body);
	return true;
}

static bool
read_tag(struct slice s, struct slice *version)
{
	if (slice_starts(s, SLICE("W/")))
		s = slice_sub(s, 2, s.len);
	if (s.len < 3 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"')
		return false;
	*version = slice_sub(s, 1, s.len - 2);
	return slice_find(*version, '"') == version->len;
}

static bool
list_names(struct slice list, struct slice version, bool *named)
{
	while (list.len > 0) {
		struct slice one = slice_trim(slice_cut(&list, ',')), tag = version;

		if (one.len == 0)
			continue;
		if (!slice_is(one, "*") && !read_tag(one, &tag))
			return false;
		*named |= slice_eq(tag, version);
	}
	return true;
}

bool
answer_tags_name(const struct exchange *x, const char *header, struct slice version, bool *named)
{
	*named = false;
	for (size_t i = 0; i < x->header_count; i++)
		if (slice_is(x->headers[i].name, header) && !list_names(x->headers[i].value, version, named))
			return false;
	return true;
}

/* R4 http.html#cread: If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2). */
bool
answer_not_modified(const struct exchange *x, const struct stored *s)
{
	struct slice since = exchange_header(x, "if-modified-since");
	bool named;
	int64_t ms;

	if (exchange_header(x, "if-none-match").len > 0)
		return answer_tags_name(x, "if-none-match", s->version, &named) && named;
	return since.len > 0 && instant_parse_http_date(since, &ms) && s->updated / 1000 * 1000 <= ms;
}

void
answer_note_patient(struct exchange *x, int64_t compartment)
{
	struct exchange_event *own = exchange_own_event(x);

	if (compartment == 0 || !numbers_add(&x->shown, x->arena, compartment))
		return;
	if (own->patients.len >= AUDIT_PATIENTS) {
		exchange_event_add(x);
		own = x->events;
	}
	store_add_patients(x->worker->reader, compartment, &own->patients);
	own->event.patient = buf_slice(&own->patients);
}
