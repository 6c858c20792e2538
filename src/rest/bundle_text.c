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

/* A container that is being walked through, and what its items or members are of.  Those that were left
 * are used again. */
struct level {
	struct level *outer, *inner;
	uint32_t      node;
	const struct type *type;        /* once it was asked for; NULL: none */
	bool          typed;
};

struct rewrite {
	const struct pack *pack;
	const struct json *json;
	struct arena *arena;
	struct level *at;
	struct slice (*target)(void *ctx, struct slice url, bool reference);
	void        *ctx;
	struct buf   out;
	size_t       copied;            /* of the text, from its beginning */
};

static const struct type *type_within(struct rewrite *, struct level *);

/* The type of a value that stands in the container; NULL: there is none. */
static const struct type *
type_of_value(struct rewrite *r, struct level *in, uint32_t value)
{
	const struct element_type *which;
	const struct type *type = in == NULL ? pack_type(r->pack, SLICE("Resource")) : type_within(r, in);
	struct slice name;

	if (type == NULL || in == NULL || json_type(r->json, in->node) == JSON_ARRAY)
		return type;
	name = json_string(r->json, value - 1, r->arena);
	if (name.len > 0 && name.ptr[0] == '_')
		return pack_type(r->pack, SLICE("Element"));
	return pack_member(r->pack, type, name, &which) != NULL ? which->type : NULL;
}

static const struct type *
type_within(struct rewrite *r, struct level *l)
{
	uint32_t name;

	if (l->typed)
		return l->type;
	l->typed = true;
	l->type = type_of_value(r, l->outer, l->node);
	if (l->type != NULL && (l->type->abstract || l->type->kind == TYPE_RESOURCE)
	    && (name = json_get(r->json, l->node, SLICE("resourceType"))) != 0)
		l->type = pack_resource(r->pack, json_string(r->json, name, r->arena));
	return l->type;
}

static void
enter(struct rewrite *r, uint32_t node)
{
	struct level *l = r->at->inner;

	if (l == NULL) {
		l = r->at->inner = arena_alloc(r->arena, sizeof *l);
		l->outer = r->at;
	}
	l->node = node;
	l->typed = false;
	r->at = l;
}

/* R4 http.html#trules; a canonical is none.  A uuid and an oid stay, because no id of ours is one. */
static bool
is_link(struct rewrite *r, uint32_t node)
{
	const struct type *type = type_of_value(r, r->at, node);

	return type != NULL && (slice_is(type->name, "uri") || slice_is(type->name, "url"));
}

static bool
is_narrative(const struct json *j, uint32_t node)
{
	return (j->nodes[node - 1].flags & JSON_IS_NAME) != 0 && json_is(j, node - 1, SLICE("div"));
}

static void
splice(struct rewrite *r, size_t from, size_t len, struct slice by)
{
	buf_add_bytes(&r->out, r->json->text.ptr + r->copied, from - r->copied);
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
rewrite_string(struct rewrite *r, uint32_t n)
{
	const struct json *j = r->json;
	bool reference = is_reference(j, n);
	struct slice to;

	if (is_narrative(j, n)) {
		rewrite_narrative(r, j->nodes[n].at, json_raw(j, n));
		return;
	}
	if (!reference && !may_be_url(j, n))
		return;
	to = r->target(r->ctx, json_string(j, n, r->arena), reference);
	if (to.len > 0 && (reference || is_link(r, n)))
		splice(r, j->nodes[n].at, j->nodes[n].len, to);
}

struct slice
bundle_rewrite(const struct pack *pack, const struct json *j, uint32_t resource,
    struct slice (*target)(void *ctx, struct slice url, bool reference), void *ctx,
    struct arena *arena)
{
	const struct json_node *whole = &j->nodes[resource];
	struct level outermost = { .node = resource };
	struct rewrite r = { .pack = pack, .json = j, .arena = arena, .at = &outermost, .target = target,
		.ctx = ctx, .copied = whole->at };

	buf_init(&r.out, arena, SIZE_MAX);
	buf_reserve(&r.out, whole->len + 64);
	for (uint32_t n = resource + 1; n < whole->next; n++) {
		while (n >= j->nodes[r.at->node].next)
			r.at = r.at->outer;
		if (is_value(j, n))
			rewrite_string(&r, n);
		else if (json_type(j, n) >= JSON_ARRAY)
			enter(&r, n);
	}
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
