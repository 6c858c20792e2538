/* bundle.c -- what a Bundle adds to its resources (bundle.html). */
#include "validate/walk.h"

/* Where a Bundle's references are followed, its entries need a fullUrl. */
static bool
type_is_one(struct slice type, const char *a, const char *b)
{
	return slice_is(type, a) || slice_is(type, b);
}

static void
check_entry(struct walk *w, const struct step *at, uint32_t entry)
{
	uint32_t resource = json_get(w->json, entry, SLICE("resource"));
	struct slice full = walk_text(w, entry, SLICE("fullUrl")), id, rest = full, before = SLICE_NONE,
	    last = SLICE_NONE;

	if (full.len == 0 || resource == 0 || json_type(w->json, resource) != JSON_OBJECT)
		return;
	if (slice_find(full, ':') == full.len) {
		complain(w, at, entry, MESSAGE_full_url_absolute, SLICE_NONE);
		return;
	}
	id = walk_text(w, resource, SLICE("id"));
	while (rest.len > 0) {
		before = last;
		last = slice_cut(&rest, '/');
	}
	if (id.len > 0 && slice_eq(before, walk_text(w, resource, SLICE("resourceType")))
	    && !slice_eq(last, id))
		complain(w, at, resource, MESSAGE_full_url, SLICE_NONE);
}

static void
check_first(struct walk *w, const struct step *at, struct slice type, uint32_t list)
{
	uint32_t first = json_first(w->json, list);
	uint32_t resource = first == 0 || json_type(w->json, first) != JSON_OBJECT ? 0
	    : json_get(w->json, first, SLICE("resource"));
	struct slice name = resource == 0 || json_type(w->json, resource) != JSON_OBJECT ? SLICE_NONE
	    : walk_text(w, resource, SLICE("resourceType"));

	if ((slice_is(type, "document") && !slice_is(name, "Composition"))
	    || (slice_is(type, "message") && !slice_is(name, "MessageHeader")))
		complain(w, at, first != 0 ? first : list, MESSAGE_entry_first, SLICE_NONE);
}

void
check_bundle(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_get(w->json, node, SLICE("entry"));
	struct slice type = walk_text(w, node, SLICE("type"));
	struct step entry = { at, SLICE("entry"), 0, NULL, NULL, NULL };

	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return;
	if (type_is_one(type, "document", "message"))
		check_first(w, at, type, list);
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		if (json_type(w->json, n) == JSON_OBJECT)
			check_entry(w, &entry, n);
		entry.index++;
	}
}
