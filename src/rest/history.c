/* history.c -- the history of an instance, of a type and of the system (R4 http.html#history).
 *
 * Newest first, in pages; a cursor is sealed to the caller and the parameters.  A total is there
 * when one page has all: more would have to be counted.  The history of a type and of the
 * system takes the right to search, type by type, as SMART App Launch 2.2 has it. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/instant.h"
#include "base/limits.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/format.h"
#include "search/cursor.h"

#define HISTORY_PAGE 50

struct history {
	struct exchange  *x;
	struct store_span span;
	struct slice      since, at;    /* as the client gave them: they go into the links */
	struct { int64_t updated, vid; } before;        /* where the last page ended */
};

static bool
of_one(const struct exchange *x)
{
	return x->id.len > 0;
}

/* "[base]/Patient/1/_history?_since=...&_count=50", without _format and cursor */
static struct slice
own_url(struct history *h, bool with_count)
{
	struct exchange *x = h->x;
	struct buf b;

	buf_init(&b, x->arena, 16384);
	buf_add(&b, x->service->base);
	if (x->type != NULL)
		buf_printf(&b, "/%.*s", SLICE_FMT(x->type->name));
	if (of_one(x))
		buf_printf(&b, "/%.*s", SLICE_FMT(x->id));
	buf_add(&b, SLICE("/_history?"));
	if (h->since.len > 0) {
		buf_add(&b, SLICE("_since="));
		encode_percent(&b, h->since);
		buf_add_char(&b, '&');
	}
	if (h->at.len > 0) {
		buf_add(&b, SLICE("_at="));
		encode_percent(&b, h->at);
		buf_add_char(&b, '&');
	}
	if (with_count)
		buf_printf(&b, "_count=%u", h->span.max - 1);
	return buf_slice(&b);
}

/* What a cursor is sealed to: this caller, this history. */
static struct slice
binding(struct history *h)
{
	struct buf b;

	buf_init(&b, h->x->arena, 32768);
	buf_printf(&b, "history %.*s ", SLICE_FMT(own_url(h, false)));
	exchange_write_binding(h->x, &b);
	return buf_slice(&b);
}

/* Parameters */

static bool
bad_parameter(struct history *h, struct slice name)
{
	return outcome_fail(&h->x->outcome, FAULT_BAD_SEARCH, (struct place){ name, 0, 0 }, SLICE(""));
}

static bool
read_count(struct history *h, struct slice value)
{
	size_t most = h->x->service->limits->of[LIMIT_PAGE];
	uint64_t n;

	if (!slice_uint(value, &n) || n == 0)
		return bad_parameter(h, SLICE("_count"));
	h->span.max = (uint32_t)(n > most ? most : n) + 1;
	return true;
}

/* R4: an instant; a date stands for its beginning. */
static bool
read_since(struct history *h, struct slice value)
{
	int64_t last;

	h->since = value;
	return index_date(value, &h->span.since, &last) || bad_parameter(h, SLICE("_since"));
}

static bool
read_at(struct history *h, struct slice value)
{
	h->at = value;
	return index_date(value, &h->span.first, &h->span.last) || bad_parameter(h, SLICE("_at"));
}

static bool
pass_over(struct history *h UNUSED, struct slice value UNUSED)
{
	return true;
}

static const struct {
	const char *name;
	bool      (*read)(struct history *, struct slice value);
} parameters[] = {
	{ "_count", read_count }, { "_since", read_since }, { "_at", read_at },
	{ "_format", pass_over }, { "_pretty", pass_over },
	{ "_cursor", pass_over },       /* read last: it is sealed to the others */
};

static bool
read_parameter(struct history *h, struct slice name, struct slice value)
{
	for (size_t i = 0; i < COUNT_OF(parameters); i++)
		if (slice_is(name, parameters[i].name))
			return parameters[i].read(h, value);
	return exchange_fail(h->x, FAULT_BAD_PARAMETER, "");
}

static bool
open_cursor(struct history *h, struct slice cursor)
{
	struct exchange *x = h->x;
	struct slice plain;

	if (cursor.len == 0)
		return true;
	if (!cursor_open(x->service->cursor_key, binding(h), cursor, x->arena, &plain)
	    || plain.len < sizeof h->before)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	memcpy(&h->before, plain.ptr, sizeof h->before);
	return true;
}

static bool
read_query(struct history *h)
{
	struct exchange *x = h->x;
	struct slice rest = x->query, cursor = SLICE_NONE;

	h->span = (struct store_span){ .since = INT64_MIN, .first = INT64_MIN, .last = INT64_MAX,
		.before = INT64_MAX, .max = HISTORY_PAGE + 1 };
	while (rest.len > 0) {
		struct slice value = slice_cut(&rest, '&');
		struct slice name = slice_cut(&value, '='), text;

		if (!decode_percent(value, true, x->arena, &text))
			return exchange_fail(x, FAULT_BAD_SEARCH, "");
		if (slice_is(name, "_cursor"))
			cursor = text;
		if (!read_parameter(h, name, text))
			return false;
	}
	return open_cursor(h, cursor);
}

/* Rows */

static bool
may_take(const struct exchange *x, const struct type *type)
{
	return type->kind == TYPE_RESOURCE && !type->abstract && (x->type == NULL || x->type == type)
	    && permit_allows(x->permit, type, PERMIT_SEARCH);
}

static bool
find_types(struct history *h)
{
	struct exchange *x = h->x;
	uint32_t all = pack_type_count(x->service->pack);
	const struct type **types = arena_array(x->arena, all, sizeof *types);

	for (uint32_t i = 0; i < all; i++)
		if (may_take(x, pack_type_at(x->service->pack, i)))
			types[h->span.type_count++] = pack_type_at(x->service->pack, i);
	h->span.types = types;
	return h->span.type_count > 0 || exchange_fail(x, FAULT_FORBIDDEN, "");
}

static bool
find_versions(struct history *h, struct stored **at, uint32_t *count)
{
	struct exchange *x = h->x;
	struct store_reader *reader = x->worker->reader;

	if (of_one(x))
		return store_history(reader, x->permit, x->type, x->id, h->before.vid, &h->span, x->arena, at,
		    count, &x->outcome);
	if (h->before.vid != 0) {
		h->span.before = h->before.updated;
		h->span.before_vid = h->before.vid;
	}
	return find_types(h) && store_changes(reader, x->permit, &h->span, x->arena, at, count,
	    &x->outcome);
}

/* Answer */

static const struct { char method; const char *verb, *status; bool with_id; } methods[] = {
	{ 'P', "POST", "201", false }, { 'C', "PUT", "201", true }, { 'U', "PUT", "200", true },
	{ 'D', "DELETE", "204", true },
};

static void
write_entry(struct history *h, struct buf *b, const struct stored *s)
{
	char instant[INSTANT_TEXT];
	size_t m = 0;

	while (methods[m].method != s->method)
		m++;
	buf_add(b, SLICE("{\"fullUrl\":"));
	answer_full_url(b, h->x, s);
	if (!s->deleted) {
		buf_add(b, SLICE(",\"resource\":"));
		buf_add(b, s->body);
	}
	instant_format(s->updated, instant);
	buf_printf(b, ",\"request\":{\"method\":\"%s\",\"url\":\"%.*s", methods[m].verb,
	    SLICE_FMT(s->type->name));
	if (methods[m].with_id)
		buf_printf(b, "/%.*s", SLICE_FMT(s->id));
	buf_printf(b, "\"},\"response\":{\"status\":\"%s\",\"etag\":\"W/\\\"%.*s\\\"\","
	    "\"lastModified\":\"%.*s\"}}", methods[m].status, SLICE_FMT(s->version), INSTANT_TEXT, instant);
}

static void
write_links(struct history *h, struct buf *b, const struct stored *end)
{
	struct exchange *x = h->x;

	buf_printf(b, ",\"link\":[{\"relation\":\"self\",\"url\":\"%.*s", SLICE_FMT(own_url(h, true)));
	format_link(x, b, true);
	if (end != NULL) {
		h->before.updated = end->updated;
		h->before.vid = end->vid;
		buf_printf(b, "\"},{\"relation\":\"next\",\"url\":\"%.*s&_cursor=%.*s",
		    SLICE_FMT(own_url(h, true)), SLICE_FMT(cursor_seal(x->service->cursor_key,
		    x->service->env, binding(h), &h->before, sizeof h->before, x->arena)));
		format_link(x, b, true);
	}
	buf_add(b, SLICE("\"}]"));
}

static bool
write_entries(struct history *h, struct buf *b, struct stored *at, uint32_t count)
{
	if (count == 0)
		return true;
	buf_add(b, SLICE(",\"entry\":["));
	for (uint32_t i = 0; i < count; i++) {
		if (!at[i].deleted && !controls_out(h->x, &at[i]))
			return false;
		answer_note_patient(h->x, at[i].compartment);
		if (i > 0)
			buf_add_char(b, ',');
		write_entry(h, b, &at[i]);
	}
	buf_add_char(b, ']');
	return true;
}

bool
rest_history(struct exchange *x)
{
	struct history h = { .x = x };
	struct stored *at;
	uint32_t count;
	bool more;
	struct buf b;

	if (!read_query(&h) || !find_versions(&h, &at, &count))
		return false;
	more = count == h.span.max;
	count -= more;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_add(&b, SLICE("{\"resourceType\":\"Bundle\",\"type\":\"history\""));
	if (!more && h.before.vid == 0)
		buf_printf(&b, ",\"total\":%u", count);
	write_links(&h, &b, more ? &at[count - 1] : NULL);
	if (!write_entries(&h, &b, at, count))
		return false;
	buf_add_char(&b, '}');
	answer_bytes(x, 200, buf_slice(&b));
	return true;
}
