/* context.c -- the value set that an element of a definition is bound to (R4 valueset-operation-expand.html, the
 * parameter `context`): "[StructureDefinition url]#[path]". */
#include "rest/terminology.h"

#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/pack.h"

#define DEFINITIONS "http://hl7.org/fhir/StructureDefinition/"

/* "value[x]" is the element value. */
static struct slice
plain_name(struct slice name)
{
	return slice_ends(name, SLICE("[x]")) ? slice_sub(name, 0, name.len - 3) : name;
}

static const struct value_set *
bound_in_type(const struct type *type, struct slice path)
{
	const struct element *e = NULL;

	while (type != NULL && path.len > 0) {
		struct slice name = slice_cut(&path, '.');

		e = type_element(type, plain_name(slice_cut(&name, ':')));
		type = e != NULL && e->type_count == 1 ? e->types[0].type : NULL;
	}
	return e == NULL || path.len > 0 ? NULL : e->binding;
}

/* "component:systolic" is a slice of component, and bound as that where it has no binding of its own. */
static const struct rule *
child_of(const struct rule *parent, struct slice step)
{
	struct slice part = step, name = plain_name(slice_cut(&part, ':'));
	const struct rule *whole = NULL;

	for (const struct rule *r = parent->first; r != NULL; r = r->next) {
		if (!slice_eq(r->name, name))
			continue;
		if (slice_eq(r->slice, part))
			return r;
		if (r->slice.len == 0)
			whole = r;
	}
	return whole;
}

static const struct value_set *
bound_in_profile(const struct profile *p, struct slice path)
{
	const struct rule *r = p->root;
	struct slice rest = path;

	while (r != NULL && rest.len > 0)
		r = child_of(r, slice_cut(&rest, '.'));
	return r != NULL && r->binding != NULL ? r->binding : bound_in_type(p->type, path);
}

struct slice
rest_context_set(struct exchange *x, struct slice context)
{
	const struct pack *pack = x->service->pack;
	struct slice path = context, url = slice_cut(&path, '#');
	const struct profile *p = pack_profile(pack, url);
	const struct value_set *set;

	slice_cut(&path, '.');                  /* the type's name */
	set = p != NULL ? bound_in_profile(p, path) : !slice_starts(url, SLICE(DEFINITIONS)) ? NULL
	    : bound_in_type(pack_type(pack, slice_sub(url, sizeof DEFINITIONS - 1, url.len)), path);
	return set == NULL ? SLICE_NONE : rest_canonical(x, set->url, set->version);
}
