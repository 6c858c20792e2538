/* narratives.c -- see narratives.h. */
#include "fhir/narratives.h"

#include "base/arena.h"
#include "base/buf.h"
#include "text/xhtml.h"

static bool
is_member(const struct json *j, uint32_t n, struct slice name)
{
	return (j->nodes[n].flags & JSON_IS_NAME) && json_is(j, n, name);
}

/* The child of `container` that holds `node`: a member name, or an item. */
static uint32_t
child_towards(const struct json *j, uint32_t container, uint32_t node, int64_t *index)
{
	bool object = json_type(j, container) == JSON_OBJECT;

	*index = 0;
	for (uint32_t c = json_first(j, container); c != 0; c = json_next(j, container, c), ++*index)
		if (node >= c && node < (object ? j->nodes[c + 1].next : j->nodes[c].next))
			return c;
	return 0;
}

static bool
is_resource(const struct json *j, uint32_t node)
{
	return json_type(j, node) == JSON_OBJECT && json_get(j, node, SLICE("resourceType")) != 0;
}

/* Down from the resource to the div, noting what is passed. */
static bool
locate(const struct json *j, uint32_t from, struct narrative *n, struct buf *path)
{
	uint32_t at = from, last_name = 0;
	bool contained = false;
	int64_t index;

	n->resource = n->outer = from;
	while (at != n->div) {
		uint32_t child = child_towards(j, at, n->div, &index);

		if (child == 0)
			return false;
		if (json_type(j, at) == JSON_ARRAY) {
			buf_printf(path, "[%lld]", (long long)index);
			at = child;
		} else {
			buf_printf(path, ".%.*s", SLICE_FMT(json_raw(j, child)));
			n->object = at;
			n->member = last_name;
			last_name = child;
			contained = json_is(j, child, SLICE("contained"));
			at = child + 1;
		}
		if (at != n->div && is_resource(j, at)) {
			n->outer = contained ? n->resource : at;
			n->resource = at;
		}
	}
	return n->member != 0;
}

uint32_t
narratives_find(const struct json *j, uint32_t node, struct slice name, struct arena *arena,
    struct narrative **out)
{
	uint32_t count = 0, room = 0;

	*out = NULL;
	for (uint32_t i = node; i < j->nodes[node].next; i++) {
		struct narrative n = { .div = i + 1 };
		struct buf path;

		if (!is_member(j, i, SLICE("div")) || json_type(j, i + 1) != JSON_STRING)
			continue;
		buf_init(&path, arena, 4096);
		buf_add(&path, name);
		if (!locate(j, node, &n, &path))
			continue;
		n.path = buf_slice(&path);
		if (count == room) {
			room = room == 0 ? 4 : 2 * room;
			*out = arena_grow(arena, *out, count * sizeof **out, room * sizeof **out);
		}
		(*out)[count++] = n;
	}
	return count;
}

uint32_t
narratives_contained(const struct json *j, uint32_t outer, struct slice id)
{
	uint32_t list = json_get(j, outer, SLICE("contained"));

	if (list == 0 || json_type(j, list) != JSON_ARRAY)
		return 0;
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t has = json_type(j, n) == JSON_OBJECT ? json_get(j, n, SLICE("id")) : 0;

		if (has != 0 && json_is(j, has, id))
			return n;
	}
	return 0;
}

/* But its own, which nothing within it refers to. */
struct xhtml_ids *
narratives_ids(const struct json *j, uint32_t outer, struct arena *arena)
{
	uint32_t own = json_get(j, outer, SLICE("id"));
	struct xhtml_ids *ids = arena_alloc(arena, sizeof *ids);

	for (uint32_t i = outer; i < j->nodes[outer].next; i++)
		if (is_member(j, i, SLICE("id")) && i + 1 != own && json_type(j, i + 1) == JSON_STRING)
			xhtml_ids_add(ids, json_string(j, i + 1, arena), arena);
	xhtml_ids_sort(ids);
	return ids;
}

/* Changes */

static size_t
begin_of(const struct json *j, uint32_t node)
{
	return j->nodes[node].at - (json_type(j, node) == JSON_STRING);
}

static size_t
end_of(const struct json *j, uint32_t node)
{
	return (size_t)j->nodes[node].at + j->nodes[node].len + (json_type(j, node) == JSON_STRING);
}

struct narrative_edit
edit_value(const struct json *j, uint32_t value, struct slice with)
{
	return (struct narrative_edit){ begin_of(j, value), end_of(j, value), with };
}

/* With the comma in front of it, else with the one behind. */
struct narrative_edit
edit_remove(const struct json *j, uint32_t object, uint32_t member)
{
	struct narrative_edit e = { begin_of(j, member), end_of(j, member + 1), SLICE_NONE };

	if (json_first(j, object) != member) {
		while (j->text.ptr[--e.from] != ',')
			;
	} else if (json_next(j, object, member) != 0) {
		while (j->text.ptr[e.to++] != ',')
			;
	}
	return e;
}

struct narrative_edit
edit_insert(const struct json *j, uint32_t object, struct slice member_and_comma)
{
	size_t at = begin_of(j, object) + 1;

	return (struct narrative_edit){ at, at, member_and_comma };
}

struct slice
narratives_edit(const struct json *j, uint32_t node, const struct narrative_edit *edits,
    uint32_t count, struct arena *arena)
{
	size_t at = begin_of(j, node), end = end_of(j, node), room = end - at;
	struct buf b;

	for (uint32_t i = 0; i < count; i++)
		room += edits[i].with.len;
	buf_init(&b, arena, SIZE_MAX);
	buf_reserve(&b, room);
	for (uint32_t i = 0; i < count; i++) {
		buf_add(&b, slice_sub(j->text, at, edits[i].from - at));
		buf_add(&b, edits[i].with);
		at = edits[i].to;
	}
	buf_add(&b, slice_sub(j->text, at, end - at));
	return buf_slice(&b);
}
