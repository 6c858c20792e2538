/* bundle.c -- what a Bundle adds to its resources (bundle.html). */
#include "validate/walk.h"

#include "fhir/names.h"

/* In all but what is asked of a server, and what it answers to that. */
static bool
needs_full_url(struct walk *w)
{
	struct slice type = walk_text(w, w->bundle, SLICE("type"));

	return slice_is(type, "document") || slice_is(type, "message") || slice_is(type, "collection");
}

static void
check_entry(struct walk *w, const struct step *at, uint32_t entry)
{
	uint32_t resource = json_get(w->json, entry, SLICE("resource"));
	struct slice full = walk_text(w, entry, SLICE("fullUrl")), id, rest = full, before = SLICE_NONE,
	    last = SLICE_NONE;

	if (resource == 0 || json_type(w->json, resource) != JSON_OBJECT)
		return;
	if (full.len == 0) {
		if (w->how->codes && needs_full_url(w))
			complain(w, at, entry, MESSAGE_full_url_missing, SLICE_NONE);
		return;
	}
	if (slice_find(full, ':') == full.len) {
		complain(w, at, entry, MESSAGE_full_url_absolute, SLICE_NONE);
		return;
	}
	id = walk_text(w, resource, SLICE("id"));
	while (rest.len > 0) {
		before = last;
		last = slice_cut(&rest, '/');
	}
	if (!slice_eq(before, walk_text(w, resource, SLICE("resourceType")))) {
		if (slice_starts(full, SLICE("http")) && last.len > 0 && pack_resource(w->pack, before) != NULL)
			complain(w, at, resource, MESSAGE_full_url, SLICE_NONE);
		return;
	}
	if (id.len == 0)
		complain(w, at, resource, MESSAGE_full_url_no_id, SLICE_NONE);
	else if (!slice_eq(last, id))
		complain(w, at, resource, MESSAGE_full_url, SLICE_NONE);
}

/* What leads to the Bundle itself and through its pages is there once; others, such as
 * "stylesheet", may lead to many. */
static bool
leads_to_one(struct slice relation)
{
	static const char *const once[] = { "self", "first", "previous", "prev", "next", "last" };

	for (size_t i = 0; i < COUNT_OF(once); i++)
		if (slice_is(relation, once[i]))
			return true;
	return false;
}

static void
check_links(struct walk *w, const struct step *at, uint32_t list)
{
	struct step here = { at, SLICE("link"), 0, NULL, NULL, NULL, 0 };
	struct names seen;

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return;
	names_init_keyed(&seen, w->arena, 8);
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		struct slice relation = json_type(w->json, n) == JSON_OBJECT ? walk_text(w, n, SLICE("relation")) : SLICE_NONE;

		if (leads_to_one(relation) && !names_add(&seen, relation, 0))
			complain(w, &here, n, MESSAGE_link_twice, SLICE_NONE);
		here.index++;
	}
}

static void
check_found(struct walk *w, const struct step *entry, uint32_t node)
{
	uint32_t resource = json_get(w->json, node, SLICE("resource"));
	struct step at = { entry, SLICE("resource"), -1, NULL, NULL, NULL, 0 };

	if (resource != 0 && json_type(w->json, resource) == JSON_OBJECT
	    && json_get(w->json, resource, SLICE("id")) == 0
	    && !slice_is(walk_text(w, resource, SLICE("resourceType")), "OperationOutcome"))
		complain(w, &at, resource, MESSAGE_resource_id, SLICE_NONE);
}

void
check_bundle(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("entry"));
	struct slice type = walk_text(w, node, SLICE("type"));
	struct step entry = { at, SLICE("entry"), 0, NULL, NULL, NULL, 0 };

	check_links(w, at, json_get(w->json, node, SLICE("link")));
	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT)
			check_entry(w, &entry, n);
		if (json_type(w->json, n) == JSON_OBJECT && slice_is(type, "searchset"))
			check_found(w, &entry, n);
		entry.index++;
	}
	if (slice_is(type, "document"))
		check_document(w, at, list);
}
