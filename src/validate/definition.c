/* definition.c -- what a StructureDefinition says about others: its type is one that is
 * known, or has an absolute URI; the paths of a differential are elements of the type
 * that it constrains. */
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

/* Of a type that no release of FHIR has, like a logical model, only the name that paths begin with is known. */
static bool
begins_with(struct slice path, struct slice type)
{
	struct slice name = SLICE_NONE;

	while (type.len > 0)
		name = slice_cut(&type, '/');
	return slice_eq(slice_cut(&path, '.'), name);
}

static void
check_paths(struct walk *w, const struct step *at, uint32_t list, struct slice name)
{
	const struct type *type = pack_type(w->pack, name);
	struct step differential = { at, SLICE("differential"), -1, NULL, NULL, NULL, 0 };
	struct step element = { &differential, SLICE("element"), 0, NULL, NULL, NULL, 0 };

	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n), element.index++) {
		struct slice path = json_type(w->json, n) == JSON_OBJECT ? walk_text(w, n, SLICE("path"))
		    : SLICE_NONE;

		if (path.len > 0 && !(type != NULL ? path_exists(w, type, path) : begins_with(path, name)))
			complain(w, &element, n, MESSAGE_differential_path, SLICE_NONE);
	}
}

void
check_structure_definition(struct walk *w, const struct step *at, uint32_t node)
{
	uint32_t list = json_path(w->json, node, "differential.element");
	struct slice name = walk_text(w, node, SLICE("type"));
	struct step here = { at, SLICE("type"), -1, NULL, NULL, NULL, 0 };
	bool known = pack_type(w->pack, name) != NULL;

	if (!known && slice_starts(walk_text(w, node, SLICE("url")), SLICE("http://hl7.org/fhir/")))
		return;                         /* R4's patterns, which are types of no resource */
	if (name.len > 0 && !known && slice_find(name, ':') == name.len)
		complain(w, &here, json_get(w->json, node, SLICE("type")), MESSAGE_type_unknown, SLICE_NONE);
	else if (list != 0 && json_type(w->json, list) == JSON_ARRAY
	    && (!known || slice_is(walk_text(w, node, SLICE("derivation")), "constraint")))
		check_paths(w, at, list, name);
}
