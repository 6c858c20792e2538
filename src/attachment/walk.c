/* walk.c -- see walk.h. */
#include "attachment/walk.h"

#include "base/arena.h"
#include "base/buf.h"
#include "fhir/pack.h"
#include "json/json.h"

#define DEPTH_MAX 512           /* the ceiling of limits.json_depth */

struct step {
	const struct step *up;
	struct slice       name;
	int64_t            index;       /* -1: not in a list */
};

struct walk {
	const struct pack *pack;
	const struct json *json;
	struct arena      *arena;
	const struct type *element;     /* "Element", of what stands beside primitives */
	bool             (*each)(void *ctx, const struct content_place *);
	void              *ctx;
	int                depth;
};

static void
write_path(struct buf *b, const struct step *s)
{
	if (s == NULL)
		return;
	write_path(b, s->up);
	if (s->up != NULL)
		buf_add_char(b, '.');
	buf_add(b, s->name);
	if (s->index >= 0)
		buf_printf(b, "[%lld]", (long long)s->index);
}

static bool
tell(struct walk *w, const struct step *at, struct content_place place)
{
	struct buf b;

	buf_init(&b, w->arena, 1 << 16);
	write_path(&b, at);
	place.path = buf_slice(&b);
	if (place.kind != PLACE_NARRATIVE && place.data != 0)
		place.text = json_string(w->json, place.data, w->arena);
	return w->each(w->ctx, &place);
}

/* Narrative: the markup is checked elsewhere; any data: URL in it counts, wherever it stands. */
static bool
narrative(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice rest = json_string(w->json, node, w->arena);

	while (rest.len > 0) {
		size_t colon = slice_find(rest, ':');
		struct slice before = slice_sub(rest, 0, colon), url;
		size_t end = 0;

		rest = slice_sub(rest, colon + 1, rest.len);
		if (before.len < 4 || !slice_eq_nocase(slice_sub(before, before.len - 4, 4), SLICE("data")))
			continue;
		while (end < rest.len && strchr("\"'<>", rest.ptr[end]) == NULL)
			end++;
		url = slice_sub(rest, 0, end);
		if (before.len == 4 || strchr("\"' \t\r\n", before.ptr[before.len - 5]) == NULL)
			continue;                               /* "the data: ..." of a text is none */
		if (slice_find(url, ',') < url.len && !tell(w, at, (struct content_place){
		    .kind = PLACE_NARRATIVE, .data = node, .text = url }))
			return false;
	}
	return true;
}

static bool object(struct walk *, const struct step *, const struct type *, uint32_t node);

static const struct { const char *type; enum place_kind kind; } holders[] = {
	{ "Attachment", PLACE_ATTACHMENT }, { "Binary", PLACE_BINARY }, { "Signature", PLACE_SIGNATURE },
};

static bool
holder_kind(const struct type *type, enum place_kind *kind)
{
	for (size_t i = 0; i < COUNT_OF(holders); i++)
		if (slice_is(type->name, holders[i].type)) {
			*kind = holders[i].kind;
			return true;
		}
	return false;
}

static uint32_t
string_member(const struct json *j, uint32_t node, struct slice name)
{
	uint32_t value = json_get(j, node, name);

	return value != 0 && json_type(j, value) == JSON_STRING ? value : 0;
}

static bool
value(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	if (json_type(w->json, node) == JSON_OBJECT)
		return object(w, at, type, node);
	if (json_type(w->json, node) != JSON_STRING)
		return true;
	if (slice_is(type->name, "base64Binary"))
		return tell(w, at, (struct content_place){ .kind = PLACE_BARE, .data = node });
	return !slice_is(type->name, "xhtml") || narrative(w, at, node);
}

/* A member that is a list, and its items. */
static bool
values(struct walk *w, const struct step *up, struct slice name, const struct type *type,
    uint32_t node)
{
	struct step at = { up, name, -1 };

	if (json_type(w->json, node) != JSON_ARRAY)
		return value(w, &at, type, node);
	at.index = 0;
	for (uint32_t n = json_first(w->json, node); n != 0; n = json_next(w->json, node, n), at.index++)
		if (!value(w, &at, type, n))
			return false;
	return true;
}

/* Of a holder, what was told of already. */
static bool
told(const struct json *j, uint32_t name)
{
	return json_is(j, name, SLICE("data")) || json_is(j, name, SLICE("hash"));
}

static bool
member(struct walk *w, const struct step *at, const struct type *type, uint32_t name)
{
	struct slice text = json_string(w->json, name, w->arena);
	const struct element_type *which;
	const struct element *e;

	if (text.len > 0 && text.ptr[0] == '_')
		return w->element == NULL
		    || values(w, at, slice_sub(text, 1, text.len), w->element, name + 1);
	e = pack_member(w->pack, type, text, &which);
	return e == NULL || which->type == NULL || values(w, at, e->name, which->type, name + 1);
}

/* An element of the type Resource is what its resourceType says. */
static const struct type *
actual(struct walk *w, const struct type *type, uint32_t node)
{
	uint32_t name = json_get(w->json, node, SLICE("resourceType"));

	return name == 0 || !(type->abstract || type->kind == TYPE_RESOURCE) ? type
	    : pack_resource(w->pack, json_string(w->json, name, w->arena));
}

static bool
object(struct walk *w, const struct step *at, const struct type *type, uint32_t node)
{
	enum place_kind kind;
	bool holds, good = true;

	if ((type = actual(w, type, node)) == NULL)
		return true;
	if (++w->depth > DEPTH_MAX)
		return false;
	holds = holder_kind(type, &kind);
	if (holds)
		good = tell(w, at, (struct content_place){ .kind = kind, .holder = node,
			.data = string_member(w->json, node, SLICE("data")) });
	for (uint32_t n = json_first(w->json, node); good && n != 0; n = json_next(w->json, node, n))
		if (!holds || !told(w->json, n))
			good = member(w, at, type, n);
	w->depth--;
	return good;
}

bool
content_walk(const struct pack *pack, const struct type *type, const struct json *j, uint32_t node,
    struct arena *arena, bool (*each)(void *ctx, const struct content_place *), void *ctx)
{
	struct walk w = { .pack = pack, .json = j, .arena = arena, .each = each, .ctx = ctx,
		.element = pack_type(pack, SLICE("Element")) };
	struct step root = { NULL, type->name, -1 };

	return json_type(j, node) != JSON_OBJECT || object(&w, &root, type, node);
}
