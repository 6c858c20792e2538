/* extension.c -- extensions against their definitions: where they may stand, and
 * what is in them (extensibility.html, defining-extensions.html#context). */
#include "validate/walk.h"

#define CORE "http://hl7.org/fhir/StructureDefinition/"

/* "Observation.value[x]" and "Observation.value" are the same place. */
static bool
path_is(struct slice path, struct slice expression)
{
	if (slice_ends(path, SLICE("[x]")))
		path.len -= 3;
	if (slice_ends(expression, SLICE("[x]")))
		expression.len -= 3;
	return slice_eq(path, expression);
}

/* Names that later releases give to groups of R4's types. */
static bool
is_canonical(const struct type *type)
{
	return type != NULL && type->kind == TYPE_RESOURCE && type_element(type, SLICE("url")) != NULL
	    && type_element(type, SLICE("status")) != NULL;
}

/* "DomainResource.text" is an element of every resource that has it from there. */
static bool
inherited_path_is(struct walk *w, const struct step *holder, struct slice expression)
{
	struct slice name = expression, type = slice_cut(&name, '.');
	const struct type *named = pack_type(w->pack, type);

	return named != NULL && slice_find(name, '.') == name.len && slice_eq(holder->element->name, name)
	    && holder->up != NULL && holder->up->type != NULL && type_is(holder->up->type, named);
}

/* The holder is among what the expression selects in the resource. */
static bool
selected(struct walk *w, const struct step *holder, struct slice expression)
{
	struct items found = { 0 };

	if (w->resource.json == NULL || !evaluate_expression(w, expression, w->resource, &found))
		return true;
	for (uint32_t i = 0; i < found.count; i++)
		if (found.at[i].kind == ITEM_NODE && found.at[i].node == holder->node)
			return true;
	return found.count == 1 && found.at[0].kind == ITEM_BOOLEAN && found.at[0].boolean;
}

static bool
invariant_holds(struct walk *w, const struct step *holder, struct slice expression)
{
	struct item focus = fhirpath_node(w->json, holder->node, holder->type);
	struct items found = { 0 };

	return !evaluate_expression(w, expression, focus, &found) || items_are_true(w, &found);
}

static bool
element_context(struct walk *w, const struct step *holder, struct slice expression)
{
	const struct type *named = pack_type(w->pack, expression);

	if (slice_find(expression, '#') < expression.len || slice_find(expression, ':') < expression.len)
		return true;                    /* an element of a profile: not decided here */
	if (named != NULL && holder->type != NULL && type_is(holder->type, named))
		return true;
	if (slice_is(expression, "CanonicalResource") || slice_is(expression, "MetadataResource"))
		return is_canonical(holder->type);
	if (slice_is(expression, "Element") || slice_is(expression, "Base"))
		return true;                    /* R4 uses it for resources too */
	return holder->element != NULL && (path_is(holder->element->path, expression)
	    || inherited_path_is(w, holder, expression));
}

/* In the extension of this url, or in a part of it ("url#part"). */
static bool
in_extension(struct walk *w, const struct step *holder, struct slice expression)
{
	struct slice rest = expression, url = slice_cut(&rest, '#');

	if (holder->up != NULL && holder->up->type != NULL && slice_is(holder->up->type->name, "Extension")
	    && holder->element != NULL && slice_is(holder->element->name, "value"))
		holder = holder->up;            /* at its value is in it, too */
	if (holder->type == NULL || !slice_is(holder->type->name, "Extension"))
		return false;
	return rest.len > 0 || holder->node == 0 || slice_eq(walk_text(w, holder->node, SLICE("url")), url);
}

static bool
in_context(struct walk *w, const struct step *holder, const struct context *c)
{
	if (slice_is(c->kind, "element"))
		return element_context(w, holder, c->expression);
	if (slice_is(c->kind, "extension"))
		return in_extension(w, holder, c->expression);
	return !slice_is(c->kind, "fhirpath") || selected(w, holder, c->expression);
}

/* Where the definitions of R4 put their own extensions against what these say;
 * an empty path is any. */
static const struct {
	struct slice extension, path;
} slips[] = {
	{ SLICE_INIT(CORE "regex"), SLICE_INIT("ElementDefinition.type") },
	{ SLICE_INIT(CORE "structuredefinition-normative-version"), SLICE_INIT("") },
	{ SLICE_INIT(CORE "structuredefinition-fhir-type"), SLICE_INIT("ElementDefinition.type") },
};

static bool
is_slip(const struct step *holder, struct slice url)
{
	for (size_t i = 0; i < COUNT_OF(slips); i++)
		if (slice_eq(slips[i].extension, url) && (slips[i].path.len == 0
		    || (holder->element != NULL && path_is(holder->element->path, slips[i].path))))
			return true;
	return false;
}

static void
check_context(struct walk *w, const struct step *at, const struct profile *p, uint32_t node)
{
	bool somewhere = false;
	int places = 0;

	if (p->context_count == 0 || is_slip(at->up, p->url))
		return;
	for (uint32_t i = 0; i < p->context_count; i++) {
		bool invariant = slice_is(p->contexts[i].kind, "invariant");

		somewhere |= !invariant && in_context(w, at->up, &p->contexts[i]);
		places += !invariant;
		if (invariant && !invariant_holds(w, at->up, p->contexts[i].expression))
			complain(w, at->up, node, MESSAGE_extension_context, SLICE_NONE);
	}
	if (places > 0 && !somewhere)
		complain(w, at->up, node, MESSAGE_extension_context, SLICE_NONE);
}

static bool
is_absolute(struct slice url)
{
	return slice_find(url, ':') < url.len;
}

/* ext-1, by hand: it stands on every extension. */
static void
check_content(struct walk *w, const struct step *at, uint32_t node)
{
	bool value = false, extensions = json_get(w->json, node, SLICE("extension")) != 0;

	for (uint32_t n = json_first(w->json, node); n != 0; n = json_next(w->json, node, n)) {
		struct slice name = json_raw(w->json, n);

		value |= slice_starts(name, SLICE("value")) || slice_starts(name, SLICE("_value"));
	}
	if (value == extensions)
		complain(w, at, node, MESSAGE_extension_both, SLICE_NONE);
}

/* Examples (RFC 2606), elements of other releases (versions.html#extensions; there are
 * none of DSTU2) and what tools note for one another have no definition. */
static const struct slice open_urls[] = { SLICE_INIT("http://example.org"),
	SLICE_INIT("http://example.com"), SLICE_INIT("https://example.org"),
	SLICE_INIT("https://example.com"), SLICE_INIT("http://hl7.org/fhir/3.0/"),
	SLICE_INIT("http://hl7.org/fhir/4.0/"), SLICE_INIT("http://hl7.org/fhir/4.3/"),
	SLICE_INIT("http://hl7.org/fhir/5.0/"), SLICE_INIT("http://hl7.org/fhir/tools/"),
	SLICE_INIT("http://hl7.org/fhir/uv/tools/") };

static bool
is_open(struct slice url)
{
	for (size_t i = 0; i < COUNT_OF(open_urls); i++)
		if (slice_starts(url, open_urls[i]))
			return true;
	return false;
}

static void
check_definition(struct walk *w, const struct step *at, const struct element *e,
    const struct profile *p, uint32_t node)
{
	struct value v = { .node = node, .type = p->type, .element = e, .index = at->index };

	check_context(w, at, p, node);
	if (p->modifier != slice_is(e->name, "modifierExtension"))
		complain(w, at, node, MESSAGE_extension_kind, SLICE_NONE);
	check_profile(w, at, p, &v);
}

/* Below the definition of the extension around it: is a part of this url there?  Only
 * for one that stands in an extension with an absolute url. */
static const struct rule *
extension_parts(const struct profile *p)
{
	for (const struct rule *r = p->root->first; r != NULL; r = r->next)
		if (slice_is(r->name, "extension") && r->slice.len > 0)
			return r;
	return NULL;
}

static bool
has_url(struct walk *w, const struct rule *part, struct slice url)
{
	for (const struct rule *c = part->first; c != NULL; c = c->next)
		if (slice_is(c->name, "url") && c->fixed != NULL)
			return slice_eq(json_string(c->fixed, 0, w->arena), url);
	return slice_eq(part->slice, url);
}

static bool
part_unknown(struct walk *w, const struct step *around, struct slice url)
{
	const struct profile *p = around->node == 0 ? NULL
	    : pack_profile(w->pack, walk_text(w, around->node, SLICE("url")));
	const struct rule *part = p == NULL ? NULL : extension_parts(p);

	if (part == NULL)
		return false;
	for (; part != NULL; part = part->next)
		if (slice_is(part->name, "extension") && part->slice.len > 0 && has_url(w, part, url))
			return false;
	return true;
}

static size_t
depth_of(const struct step *at)
{
	size_t depth = 0;

	for (; at != NULL && at->type != NULL && slice_is(at->type->name, "Extension"); at = at->up)
		depth++;
	return depth;
}

void
check_extension(struct walk *w, const struct step *at, const struct element *e, uint32_t node)
{
	struct slice url = walk_text(w, node, SLICE("url"));
	bool inside = at->up->type != NULL && slice_is(at->up->type->name, "Extension");
	const struct profile *p;

	check_content(w, at, node);
	if (depth_of(at) == w->limits->of[LIMIT_EXTENSION_DEPTH] + 1)
		complain(w, at, node, MESSAGE_extensions_deep, SLICE_NONE);
	if (url.len == 0)
		return;
	if (!is_absolute(url)) {
		if (!inside)
			complain(w, at, node, MESSAGE_extension_url, SLICE_NONE);
		else if (part_unknown(w, at->up, url))
			complain(w, at, node, MESSAGE_extension_part, SLICE_NONE);
		return;
	}
	p = pack_profile(w->pack, slice_cut(&url, '|'));
	if (p != NULL && slice_is(p->type->name, "Extension"))
		check_definition(w, at, e, p, node);
	else if (slice_starts(walk_text(w, node, SLICE("url")), SLICE(CORE)))
		complain(w, at, node, MESSAGE_extension_core, SLICE_NONE);
	else
		complain(w, at, node, w->how->extensions_known && !is_open(walk_text(w, node, SLICE("url")))
		    ? MESSAGE_extension_undefined : MESSAGE_extension_unknown, SLICE_NONE);
}
