/* definition.c -- what a StructureDefinition says about others: the paths of a
 * differential are elements of the type that it constrains. */
#include "validate/walk.h"

#define PATH_STEPS 32

/* The type of the element: the inside of one, or the only type that it has. */
static const struct type *
below(struct walk *w, const struct type *type, struct slice name, bool *known)
{
	const struct element_type *which = NULL;
	const struct element *e;
	bool marked = slice_ends(name, SLICE("[x]"));

	if (marked)
		name.len -= 3;
	e = type_element(type, name);
	if (e != NULL)
		return e->type_count == 1 ? e->types[0].type : NULL;
	e = marked ? NULL : pack_member(w->pack, type, name, &which);
	*known = e != NULL;
	return e == NULL ? NULL : which->type;
}

/* False when a step is no element; what is below a choice or an extension is not
 * looked at. */
static bool
path_exists(struct walk *w, const struct type *type, struct slice path)
{
	bool known = true;
	int steps = 0;

	if (!slice_eq(slice_cut(&path, '.'), type->name))
		return false;
	while (path.len > 0 && type != NULL && known && steps++ < PATH_STEPS)
		type = type->kind == TYPE_RESOURCE && type->abstract ? NULL
		    : below(w, type, slice_cut(&path, '.'), &known);
	return known;
}

void
check_structure_definition(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_path(w->json, node, "differential.element");
	const struct type *type = pack_type(w->pack, walk_text(w, node, SLICE("type")));

	if (type == NULL || list == 0 || json_type(w->json, list) != JSON_ARRAY
	    || !slice_is(walk_text(w, node, SLICE("derivation")), "constraint"))
		return;
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		struct slice path = json_type(w->json, n) == JSON_OBJECT ? walk_text(w, n, SLICE("path"))
		    : SLICE_NONE;

		if (path.len > 0 && !path_exists(w, type, path))
			complain(w, at, n, MESSAGE_differential_path, SLICE_NONE);
	}
}
