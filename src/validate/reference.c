/* reference.c -- references: where they point to, and what contained resources
 * are for (references.html, bundle.html#references). */
#include "validate/walk.h"

#include <ctype.h>

#include "fhir/names.h"

static uint32_t
contained_with_id(struct walk *w, struct slice id)
{
	uint32_t list = w->root.json == NULL ? 0 : json_get(w->json, w->root.node, SLICE("contained"));
	size_t seen = 0;

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return 0;
	for (uint32_t n = json_first(w->json, list); n != 0 && seen++ < w->limits->of[LIMIT_CONTAINED];
	    n = json_next(w->json, list, n))
		if (json_type(w->json, n) == JSON_OBJECT
		    && json_is(w->json, json_get(w->json, n, SLICE("id")), id))
			return n;
	return 0;
}

static const struct type *
resource_type(struct walk *w, uint32_t node)
{
	return json_type(w->json, node) != JSON_OBJECT ? NULL
	    : pack_resource(w->pack, walk_text(w, node, SLICE("resourceType")));
}

static bool
found(struct walk *w, uint32_t node, struct item *out)
{
	const struct type *type = resource_type(w, node);

	if (type == NULL)
		return false;
	*out = fhirpath_node(w->json, node, type);
	return true;
}

static bool
is_id(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '.')
			return false;
	return s.len > 0 && s.len <= 64;
}

/* "Patient/1" or ".../Patient/1/_history/2": the type it names; NULL when the
 * reference does not tell. */
static const struct type *
named_type(struct walk *w, struct slice reference)
{
	struct slice rest = reference, last = SLICE_NONE, before = SLICE_NONE;

	while (rest.len > 0) {
		struct slice part = slice_cut(&rest, '/');

		if (slice_is(part, "_history"))
			break;
		before = last;
		last = part;
	}
	return before.len == 0 || !is_id(last) ? NULL : pack_resource(w->pack, before);
}

/* fullUrl ends in the relative reference, or is the absolute one. */
static bool
full_url_is(struct slice full, struct slice reference)
{
	if (slice_eq(full, reference))
		return true;
	return slice_ends(full, reference) && full.len > reference.len
	    && full.ptr[full.len - reference.len - 1] == '/' && !slice_starts(reference, SLICE("http"));
}

bool
resolve_reference(struct walk *w, struct slice reference, struct item *out)
{
	uint32_t node;
	size_t history = 0;

	if (reference.len > 0 && reference.ptr[0] == '#') {
		if (reference.len == 1)
			return w->root.json != NULL && (*out = w->root, true);
		node = contained_with_id(w, slice_sub(reference, 1, reference.len));
		return node != 0 && found(w, node, out);
	}
	while (history < reference.len && !slice_starts(slice_sub(reference, history, reference.len),
	    SLICE("/_history/")))
		history++;
	reference = slice_sub(reference, 0, history);
	node = w->entries == NULL ? NAME_UNKNOWN : names_find(w->entries, reference);
	return node != NAME_UNKNOWN && found(w, node, out);
}

/* The last two segments: "Patient/1". */
static struct slice
relative(struct slice full)
{
	size_t slashes = 0, at = full.len;

	while (at > 0 && (slashes += full.ptr[at - 1] == '/') < 2)
		at--;
	return slice_sub(full, at, full.len);
}

/* The entries of a Bundle by fullUrl and by what relative references say. */
void
index_entries(struct walk *w, uint32_t bundle)
{
	uint32_t list = json_get(w->json, bundle, SLICE("entry"));
	struct names *entries = arena_alloc(w->arena, sizeof *entries);

	w->entries = entries;
	names_init_keyed(entries, w->arena, 64);
	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		uint32_t node = json_type(w->json, n) == JSON_OBJECT ? json_get(w->json, n, SLICE("resource")) : 0;
		struct slice full = node == 0 ? SLICE_NONE : walk_text(w, n, SLICE("fullUrl"));

		if (full.len == 0)
			continue;
		names_add(entries, full, node);
		names_add(entries, relative(full), node);
	}
}

/* What is not here has at least the type that the reference names. */
bool
resolve_for_fhirpath(void *walk, struct slice reference, struct item *out)
{
	struct walk *w = walk;
	const struct type *type;

	if (resolve_reference(w, reference, out))
		return true;
	if ((type = named_type(w, reference)) == NULL)
		return false;
	*out = fhirpath_node(w->json, ITEM_ABSENT, type);
	return true;
}

static bool
allowed(struct walk *w, const struct element_type *which, const struct type *type)
{
	if (which->target_count == 0 || type == NULL)
		return true;
	for (uint32_t i = 0; i < which->target_count; i++) {
		const struct type *target = pack_type(w->pack, which->targets[i]);

		if (target == NULL || type_is(type, target))
			return true;
	}
	return false;
}

/* In a document, a reference to a version has that version in it
 * (bundle.html#references). */
static bool
version_is_there(struct walk *w, struct slice reference)
{
	uint32_t list = json_get(w->json, w->bundle, SLICE("entry"));
	struct slice bare = reference, version;
	bool there = true;

	for (size_t i = 0; i < reference.len; i++)
		if (slice_starts(slice_sub(reference, i, reference.len), SLICE("/_history/")))
			bare = slice_sub(reference, 0, i);
	if (bare.len == reference.len || list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return true;
	version = slice_sub(reference, bare.len + sizeof "/_history/" - 1, reference.len);
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		uint32_t id = json_type(w->json, n) != JSON_OBJECT ? 0
		    : json_path(w->json, n, "resource.meta.versionId");

		if (id == 0 || !full_url_is(walk_text(w, n, SLICE("fullUrl")), bare))
			continue;
		if (json_is(w->json, id, version))
			return true;
		there = false;
	}
	return there;
}

static bool
in_document(struct walk *w)
{
	return w->bundle != ITEM_ABSENT && slice_is(walk_text(w, w->bundle, SLICE("type")), "document");
}

/* Targets outside, in the caller's store. */
static void
look_up(struct walk *w, const struct step *at, struct slice reference, uint32_t node)
{
	size_t most = w->limits->of[LIMIT_REFERENCES];

	if (w->lookups++ == most)
		complain(w, at, node, MESSAGE_references_many, SLICE_NONE);
	else if (w->lookups <= most && w->how->is_missing(w->how->is_missing_ctx, reference))
		complain(w, at, node, MESSAGE_reference_missing, SLICE_NONE);
}

static bool
has_space(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (isspace((unsigned char)s.ptr[i]))
			return true;
	return false;
}

void
check_reference(struct walk *w, const struct step *at, const struct element_type *which,
    uint32_t node)
{
	uint32_t literal = json_get(w->json, node, SLICE("reference"));
	struct slice text = walk_text(w, node, SLICE("reference"));
	struct item target;
	const struct type *type;

	if (has_space(text)) {
		complain(w, at, literal, MESSAGE_reference_form, SLICE_NONE);
		return;
	}
	if (text.len == 0) {
		type = pack_resource(w->pack, walk_text(w, node, SLICE("type")));
	} else if (resolve_reference(w, text, &target)) {
		type = target.type;
	} else if (text.ptr[0] == '#') {
		complain(w, at, literal, MESSAGE_reference_contained, SLICE_NONE);
		return;
	} else {
		type = named_type(w, text);
	}
	if (w->how->is_missing != NULL && w->bundle == ITEM_ABSENT && text.len > 0 && text.ptr[0] != '#')
		look_up(w, at, text, literal);
	if (in_document(w) && !version_is_there(w, text))
		complain(w, at, literal, MESSAGE_reference_version, SLICE_NONE);
	if (!allowed(w, which, type))
		complain(w, at, literal != 0 ? literal : node, MESSAGE_reference_target, SLICE_NONE);
}

/* A narrative shows a contained image, or leads to a contained resource: src="#id". */
static bool
narrative_names(struct slice text, struct slice id)
{
	const char *end = text.ptr + text.len, *p = text.ptr;

	if (text.len == 0 || text.ptr[0] != '<')
		return false;
	while ((p = memchr(p, '#', (size_t)(end - p))) != NULL) {
		p++;
		if ((size_t)(end - p) > id.len && memcmp(p, id.ptr, id.len) == 0
		    && memchr("\"'\\", p[id.len], 3) != NULL)
			return true;
	}
	return false;
}

/* dom-3: each contained resource is referred to from its container, or refers
 * to it. */
static bool
refers(struct walk *w, uint32_t from, uint32_t to, uint32_t but_from, uint32_t but_to,
    struct slice id)
{
	for (uint32_t n = from; n < to; n++) {
		struct slice text;

		if (n == but_from)
			n = but_to;
		if (n >= to)
			break;
		if (json_type(w->json, n) != JSON_STRING || (w->json->nodes[n].flags & JSON_IS_NAME) != 0
		    || (text = json_raw(w->json, n)).len == 0 || (text.ptr[0] != '#' && text.ptr[0] != '<'))
			continue;
		if (id.len > 0 && narrative_names(text, id))
			return true;
		if (slice_eq(slice_sub(text, 1, text.len), id))
			return true;
	}
	return false;
}

void
check_contained_use(struct walk *w, const struct step *at, uint32_t resource)
{
	uint32_t list = w->contained > 0 ? 0 : json_get(w->json, resource, SLICE("contained"));
	uint32_t end = w->json->nodes[resource].next;
	uint32_t count = 0;

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		uint32_t next = w->json->nodes[n].next;
		struct slice id = walk_text(w, n, SLICE("id"));

		if (++count > w->limits->of[LIMIT_CONTAINED]) {
			complain(w, at, list, MESSAGE_list_too_long, SLICE_NONE);
			return;
		}
		if (id.len == 0)
			complain(w, at, n, MESSAGE_contained_id, SLICE_NONE);
		else if (!refers(w, resource + 1, end, n, next, id) && !refers(w, n, next, 0, 0, SLICE("")))
			complain(w, at, n, MESSAGE_contained_orphan, SLICE_NONE);
	}
}
