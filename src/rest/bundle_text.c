/* bundle_text.c -- see bundle.h. */
#include "rest/bundle.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "base/limits.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/pack.h"
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

/* Long strings (attachments) are never a fullUrl. */
#define URL_MAX 2048

static bool
is_value(const struct json *j, uint32_t node)
{
	return json_type(j, node) == JSON_STRING && (j->nodes[node].flags & JSON_IS_NAME) == 0;
}

static bool
may_be_url(const struct json *j, uint32_t node)
{
	return j->nodes[node].len <= URL_MAX
	    && memchr(j->text.ptr + j->nodes[node].at, ':', j->nodes[node].len) != NULL;
}

static bool
is_reference(const struct json *j, uint32_t node)
{
	return (j->nodes[node - 1].flags & JSON_IS_NAME) != 0
	    && json_is(j, node - 1, SLICE("reference"));
}

/* The item, or the value of the member, that has `node` in it. */
static uint32_t
child_with(const struct json *j, uint32_t container, uint32_t node)
{
	uint32_t value = json_type(j, container) == JSON_OBJECT;
	uint32_t child = json_first(j, container);

	while (j->nodes[child + value].next <= node)
		child = json_next(j, container, child);
	return child + value;
}

static const struct type *
type_of_member(const struct pack *pack, const struct type *type, const struct json *j, uint32_t object,
    uint32_t value, struct arena *arena)
{
	uint32_t resource_type = json_get(j, object, SLICE("resourceType"));
	struct slice name = json_string(j, value - 1, arena);
	const struct element_type *which;

	if (resource_type != 0 && (type->abstract || type->kind == TYPE_RESOURCE))
		type = pack_resource(pack, json_string(j, resource_type, arena));
	if (name.len > 0 && name.ptr[0] == '_')
		return pack_type(pack, SLICE("Element"));
	return type != NULL && pack_member(pack, type, name, &which) != NULL ? which->type : NULL;
}

/* The type of the value at `node` within the resource at `at`; NULL: there is none. */
static const struct type *
type_at(const struct pack *pack, const struct json *j, uint32_t at, uint32_t node, struct arena *arena)
{
	const struct type *type = pack_type(pack, SLICE("Resource"));

	while (at != node && type != NULL) {
		uint32_t child = child_with(j, at, node);

		if (json_type(j, at) == JSON_OBJECT)
			type = type_of_member(pack, type, j, at, child, arena);
		at = child;
	}
	return type;
}

/* R4 http.html#trules; a canonical is none.  A uuid and an oid stay, because no id of ours is one. */
static bool
is_link(const struct pack *pack, const struct json *j, uint32_t resource, uint32_t node,
    struct arena *arena)
{
	const struct type *type = type_at(pack, j, resource, node, arena);

	return type != NULL && (slice_is(type->name, "uri") || slice_is(type->name, "url"));
}

static bool
is_narrative(const struct json *j, uint32_t node)
{
	return (j->nodes[node - 1].flags & JSON_IS_NAME) != 0 && json_is(j, node - 1, SLICE("div"));
}

struct rewrite {
	const struct pack *pack;
	uint32_t     resource;
	struct slice (*target)(void *ctx, struct slice url, bool reference);
	void        *ctx;
	struct buf   out;
	size_t       copied;            /* of the text, from its beginning */
	struct slice text;
};

static void
splice(struct rewrite *r, size_t from, size_t len, struct slice by)
{
	buf_add_bytes(&r->out, r->text.ptr + r->copied, from - r->copied);
	buf_add(&r->out, by);
	r->copied = from + len;
}

/* Is the "=" at `at` that of a link?  In a narrative that stands in JSON a quote is \" or '. */
static bool
link_begins(struct slice div, size_t at, size_t *from)
{
	struct slice before = slice_sub(div, 0, at);

	if (!slice_ends(before, SLICE("href")) && !slice_ends(before, SLICE("src")))
		return false;
	*from = at + (at + 1 < div.len && div.ptr[at + 1] == '\\' ? 3 : 2);
	return *from < div.len;
}

static size_t
link_end(struct slice div, size_t at)
{
	while (at < div.len && div.ptr[at] != '\\' && div.ptr[at] != '\'' && div.ptr[at] != '>')
		at++;
	return at;
}

/* R4 http.html#transaction: links of a narrative are replaced too. */
static void
rewrite_narrative(struct rewrite *r, size_t begin, struct slice div)
{
	size_t at = 0, from, end;

	while ((at += slice_find(slice_sub(div, at, div.len), '=')) < div.len) {
		struct slice to;

		if (link_begins(div, at++, &from)) {
			end = link_end(div, from);
			to = r->target(r->ctx, slice_sub(div, from, end - from), false);
			if (to.len > 0)
				splice(r, begin + from, end - from, to);
			at = end;
		}
	}
}

static void
rewrite_string(struct rewrite *r, const struct json *j, uint32_t n, struct arena *arena)
{
	bool reference = is_reference(j, n);
	struct slice to;

	if (is_narrative(j, n)) {
		rewrite_narrative(r, j->nodes[n].at, json_raw(j, n));
		return;
	}
	if (!reference && !may_be_url(j, n))
		return;
	to = r->target(r->ctx, json_string(j, n, arena), reference);
	if (to.len > 0 && (reference || is_link(r->pack, j, r->resource, n, arena)))
		splice(r, j->nodes[n].at, j->nodes[n].len, to);
}

struct slice
bundle_rewrite(const struct pack *pack, const struct json *j, uint32_t resource,
    struct slice (*target)(void *ctx, struct slice url, bool reference), void *ctx,
    struct arena *arena)
{
	const struct json_node *whole = &j->nodes[resource];
	struct rewrite r = { .pack = pack, .resource = resource, .target = target, .ctx = ctx,
		.copied = whole->at, .text = j->text };

	buf_init(&r.out, arena, SIZE_MAX);
	buf_reserve(&r.out, whole->len + 64);
	for (uint32_t n = resource + 1; n < whole->next; n++)
		if (is_value(j, n))
			rewrite_string(&r, j, n, arena);
	splice(&r, whole->at + whole->len, 0, SLICE_NONE);
	return buf_slice(&r.out);
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

/* R4 bundle.html: an OperationOutcome about what was done stands in response.outcome. */
static bool
prefers_outcome(const struct exchange *x)
{
	return x->write != NULL && slice_starts(x->bytes, SLICE("{\"resourceType\":\"OperationOutcome\""));
}

static void
entry_response(struct exchange *x, struct buf *b)
{
	static const char *const shown[] = { "location", "etag" };     /* the same names in both */
	bool said = x->outcome.failed || prefers_outcome(x);

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
	if (said && x->bytes.len > 0) {
		buf_add(b, SLICE(",\"outcome\":"));
		buf_add(b, x->bytes);
	}
	buf_add_char(b, '}');
}

static void
write_entry(struct exchange *e, struct buf *b, bool with_resource)
{
	if (with_resource && !e->outcome.failed && e->bytes.len > 0 && !prefers_outcome(e)
	    && !slice_is(e->method, "HEAD")) {
		buf_add(b, SLICE("\"resource\":"));
		buf_add(b, e->bytes);
		buf_add_char(b, ',');
	}
	entry_response(e, b);
}

static struct slice
bundle_text(struct exchange *x, bool transaction, bool with_resources)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "{\"resourceType\":\"Bundle\",\"type\":\"%s-response\"",
	    transaction ? "transaction" : "batch");
	for (uint32_t i = 0; i < x->entry_count; i++) {
		buf_add(&b, i == 0 ? SLICE(",\"entry\":[{") : SLICE(",{"));
		write_entry(x->entries[i], &b, with_resources);
		buf_add_char(&b, '}');
	}
	buf_add(&b, x->entry_count > 0 ? SLICE("]}") : SLICE("}"));
	return buf_slice(&b);
}

struct slice
bundle_outcome_text(struct exchange *x)
{
	return bundle_text(x, true, false);
}

void
bundle_answer(struct exchange *x, bool transaction)
{
	answer_bytes(x, 200, bundle_text(x, transaction, true));
}
