/* bundle_text.c -- see bundle.h. */
#include "rest/bundle.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "base/limits.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"

static void
shell_entry(struct buf *b, const struct json *j, uint32_t entry)
{
	bool first = true;

	buf_add_char(b, '{');
	for (uint32_t name = json_first(j, entry); name != 0; name = json_next(j, entry, name)) {
		if (json_is(j, name, SLICE("resource")))
			continue;
		if (!first)
			buf_add_char(b, ',');
		first = false;
		json_write_node(b, j, name);
		buf_add_char(b, ':');
		json_write_node(b, j, name + 1);
	}
	buf_add_char(b, '}');
}

static void
shell_entries(struct buf *b, const struct json *j, uint32_t list)
{
	buf_add_char(b, '[');
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		if (n != json_first(j, list))
			buf_add_char(b, ',');
		if (json_type(j, n) == JSON_OBJECT)
			shell_entry(b, j, n);
		else
			json_write_node(b, j, n);
	}
	buf_add_char(b, ']');
}

struct slice
bundle_shell(const struct json *j, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add_char(&b, '{');
	for (uint32_t name = json_first(j, 0); name != 0; name = json_next(j, 0, name)) {
		if (name != json_first(j, 0))
			buf_add_char(&b, ',');
		json_write_node(&b, j, name);
		buf_add_char(&b, ':');
		if (json_is(j, name, SLICE("entry")) && json_type(j, name + 1) == JSON_ARRAY)
			shell_entries(&b, j, name + 1);
		else
			json_write_node(&b, j, name + 1);
	}
	buf_add_char(&b, '}');
	return buf_slice(&b);
}

/* Long strings (narrative, attachments) are never a fullUrl. */
#define URL_MAX 2048

static bool
may_be_url(const struct json *j, uint32_t node)
{
	return json_type(j, node) == JSON_STRING && (j->nodes[node].flags & JSON_IS_NAME) == 0
	    && j->nodes[node].len <= URL_MAX
	    && memchr(j->text.ptr + j->nodes[node].at, ':', j->nodes[node].len) != NULL;
}

struct slice
bundle_rewrite(const struct json *j, uint32_t resource,
    struct slice (*target)(void *ctx, struct slice url), void *ctx, struct arena *arena)
{
	const struct json_node *whole = &j->nodes[resource];
	size_t copied = whole->at;
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_reserve(&b, whole->len + 64);
	for (uint32_t n = resource + 1; n < whole->next; n++) {
		struct slice to;

		if (!may_be_url(j, n) || (to = target(ctx, json_string(j, n, arena))).len == 0)
			continue;
		buf_add_bytes(&b, j->text.ptr + copied, j->nodes[n].at - copied);
		buf_add(&b, to);
		copied = j->nodes[n].at + j->nodes[n].len;
	}
	buf_add_bytes(&b, j->text.ptr + copied, whole->at + whole->len - copied);
	return buf_slice(&b);
}

bool
bundle_has_urn(struct slice text, struct arena *arena)
{
	static const char mark[] = "\"urn:";
	struct json j;
	struct outcome aside;

	if (memmem(text.ptr, text.len, mark, sizeof mark - 1) == NULL)
		return false;
	outcome_init(&aside, arena);
	if (!json_parse(text, json_bounds(&limits_default, true), arena, &j, &aside))
		return false;           /* said where it is parsed to be stored */
	for (uint32_t n = 1; n + 1 < j.count; n++)
		if ((j.nodes[n].flags & JSON_IS_NAME) != 0 && json_is(&j, n, SLICE("reference"))
		    && (slice_starts(json_raw(&j, n + 1), SLICE("urn:uuid:"))
		    || slice_starts(json_raw(&j, n + 1), SLICE("urn:oid:"))))
			return true;
	return false;
}

struct slice
bundle_entry_path(struct slice entry, struct slice path, struct arena *arena)
{
	size_t dot = slice_find(path, '.');
	struct buf b;

	if (path.len == 0)
		return entry;
	buf_init(&b, arena, 4096);
	buf_add(&b, entry);
	buf_add(&b, SLICE(".resource"));
	buf_add(&b, slice_sub(path, dot, path.len));
	return buf_slice(&b);
}

static void
entry_response(struct exchange *x, struct buf *b)
{
	static const char *const shown[] = { "location", "etag" };     /* the same names in both */

	buf_printf(b, "\"response\":{\"status\":\"%d\"", x->status);
	for (size_t i = 0; i < x->out_count; i++)
		for (size_t k = 0; k < COUNT_OF(shown); k++)
			if (slice_is(x->out[i].name, shown[k])) {
				buf_printf(b, ",\"%s\":", shown[k]);
				json_write_string(b, x->out[i].value);
			}
	if (x->write != NULL) {
		char instant[INSTANT_TEXT];

		instant_format(x->write->updated, instant);
		buf_printf(b, ",\"lastModified\":\"%.*s\"", INSTANT_TEXT, instant);
	}
	if (x->outcome.failed) {
		buf_add(b, SLICE(",\"outcome\":"));
		buf_add(b, x->bytes);
	}
	buf_add_char(b, '}');
}

void
bundle_answer(struct exchange *x, bool transaction)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "{\"resourceType\":\"Bundle\",\"type\":\"%s-response\"",
	    transaction ? "transaction" : "batch");
	for (uint32_t i = 0; i < x->entry_count; i++) {
		struct exchange *e = x->entries[i];

		buf_add(&b, i == 0 ? SLICE(",\"entry\":[{") : SLICE(",{"));
		if (!e->outcome.failed && e->bytes.len > 0) {
			buf_add(&b, SLICE("\"resource\":"));
			buf_add(&b, e->bytes);
			buf_add_char(&b, ',');
		}
		entry_response(e, &b);
		buf_add_char(&b, '}');
	}
	buf_add(&b, x->entry_count > 0 ? SLICE("]}") : SLICE("}"));
	answer_bytes(x, 200, buf_slice(&b));
}
