/* slicing.c -- see slicing.h. */
#include "validate/slicing.h"

#define PATH_STEPS 16
#define CORE       "http://hl7.org/fhir/StructureDefinition/"

/* Fixed values and patterns */

static bool
scalars_equal(struct walk *w, uint32_t node, const struct json *j, uint32_t at)
{
	if (json_type(w->json, node) != json_type(j, at))
		return false;
	if (json_type(j, at) == JSON_STRING)
		return slice_eq(json_string(w->json, node, w->arena), json_string(j, at, w->arena));
	return slice_eq(json_raw(w->json, node), json_raw(j, at));
}

static bool
lists_equal(struct walk *w, uint32_t node, const struct json *j, uint32_t at)
{
	uint32_t a = json_first(w->json, node), b = json_first(j, at);

	while (a != 0 && b != 0 && value_is_fixed(w, a, j, b)) {
		a = json_next(w->json, node, a);
		b = json_next(j, at, b);
	}
	return a == 0 && b == 0;
}

bool
value_is_fixed(struct walk *w, uint32_t node, const struct json *j, uint32_t at)
{
	enum json_type type = json_type(j, at);

	if (type != JSON_OBJECT && type != JSON_ARRAY)
		return scalars_equal(w, node, j, at);
	if (json_type(w->json, node) != type || json_size(w->json, node) != json_size(j, at))
		return false;
	if (type == JSON_ARRAY)
		return lists_equal(w, node, j, at);
	for (uint32_t n = json_first(j, at); n != 0; n = json_next(j, at, n)) {
		uint32_t mine = json_get(w->json, node, json_string(j, n, w->arena));

		if (mine == 0 || !value_is_fixed(w, mine, j, n + 1))
			return false;
	}
	return true;
}

static bool
some_item_has(struct walk *w, uint32_t list, const struct json *j, uint32_t at)
{
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (value_has_pattern(w, n, j, at))
			return true;
	return false;
}

bool
value_has_pattern(struct walk *w, uint32_t node, const struct json *j, uint32_t at)
{
	enum json_type type = json_type(j, at);

	if (type != JSON_OBJECT && type != JSON_ARRAY)
		return scalars_equal(w, node, j, at);
	if (json_type(w->json, node) != type)
		return false;
	for (uint32_t n = json_first(j, at); n != 0; n = json_next(j, at, n)) {
		uint32_t mine;

		if (type == JSON_ARRAY) {
			if (!some_item_has(w, node, j, n))
				return false;
			continue;
		}
		mine = json_get(w->json, node, json_string(j, n, w->arena));
		if (mine == 0 || !value_has_pattern(w, mine, j, n + 1))
			return false;
	}
	return true;
}

/* Children */

uint32_t
value_object(const struct walk *w, const struct value *v)
{
	uint32_t node = v->type != NULL && v->type->kind == TYPE_PRIMITIVE ? v->sibling : v->node;

	return node != ITEM_ABSENT && (node != 0 || v->sibling == 0) && json_type(w->json, node) == JSON_OBJECT
	    && !(v->type != NULL && v->type->kind == TYPE_PRIMITIVE && v->sibling == 0) ? node : ITEM_ABSENT;
}

static const struct type *
type_of(struct walk *w, const struct type *type, uint32_t node)
{
	const struct type *actual;

	if (type == NULL || type->kind != TYPE_RESOURCE || !type->abstract || node == 0
	    || json_type(w->json, node) != JSON_OBJECT)
		return type;
	actual = pack_resource(w->pack, walk_text(w, node, SLICE("resourceType")));
	return actual == NULL ? type : actual;
}

static void
add_value(struct walk *w, struct values *out, uint32_t *room, struct value v)
{
	if ((v.node == 0 || json_type(w->json, v.node) == JSON_NULL) && v.sibling == 0)
		return;
	if (v.node != 0 && json_type(w->json, v.node) == JSON_NULL)
		v.node = 0;
	if (out->count == *room) {
		uint32_t more = *room == 0 ? 4 : *room * 2;

		out->at = arena_grow(w->arena, out->at, *room * sizeof v, more * sizeof v);
		*room = more;
	}
	v.type = type_of(w, v.type, v.node);
	out->at[out->count++] = v;
}

static uint32_t
list_item(struct walk *w, uint32_t list, uint32_t after)
{
	if (list == 0 || json_type(w->json, list) != JSON_ARRAY)
		return 0;
	return after == 0 ? json_first(w->json, list) : json_next(w->json, list, after);
}

static void
add_member(struct walk *w, struct values *out, uint32_t *room, uint32_t object, struct value v)
{
	char name[128];
	uint32_t node = json_get(w->json, object, v.json_name), sibling = 0, a, b;

	if (v.type != NULL && v.type->kind == TYPE_PRIMITIVE && v.json_name.len + 1 < sizeof name) {
		name[0] = '_';
		memcpy(name + 1, v.json_name.ptr, v.json_name.len);
		sibling = json_get(w->json, object, slice_make(name, v.json_name.len + 1));
	}
	v.index = -1;
	if ((node == 0 || json_type(w->json, node) != JSON_ARRAY)
	    && (sibling == 0 || json_type(w->json, sibling) != JSON_ARRAY)) {
		v.node = node;
		v.sibling = sibling;
		add_value(w, out, room, v);
		return;
	}
	a = list_item(w, node, 0);
	b = list_item(w, sibling, 0);
	for (v.index = 0; a != 0 || b != 0; v.index++) {
		v.node = a;
		v.sibling = b != 0 && json_type(w->json, b) == JSON_OBJECT ? b : 0;
		add_value(w, out, room, v);
		a = a == 0 ? 0 : list_item(w, node, a);
		b = b == 0 ? 0 : list_item(w, sibling, b);
	}
}

struct values
value_children(struct walk *w, const struct value *of, struct slice name)
{
	uint32_t object = value_object(w, of), room = 0;
	struct values out = { 0 };
	const struct element_type *which;
	const struct element *e;

	if (object == ITEM_ABSENT || of->type == NULL)
		return out;
	if ((e = type_element(of->type, name)) != NULL) {
		for (uint32_t i = 0; i < e->type_count; i++)
			add_member(w, &out, &room, object, (struct value){ .element = e,
			    .type = e->types[i].type, .json_name = e->types[i].json_name });
	} else if ((e = pack_member(w->pack, of->type, name, &which)) != NULL) {
		add_member(w, &out, &room, object, (struct value){ .element = e, .type = which->type,
		    .json_name = which->json_name });
	}
	return out;
}

/* Discriminators: the rule and the values at a path */

struct spot {
	const struct rule *rule;        /* NULL: the profile says nothing there */
	const struct rule *reference;   /* behind resolve(): the rule of the reference */
	struct values      values;
};

static const struct rule *
child_rule(struct walk *w, const struct rule *r, struct slice name)
{
	const struct rule *whole = NULL;

	for (const struct rule *c = r->first; c != NULL; c = c->next)
		if (slice_eq(c->name, name) && (c->slice.len == 0 ? whole == NULL : c->min > 0))
			whole = c;              /* a slice that must be there says more */
	if (whole != NULL)
		return whole;
	for (uint32_t i = 0; i < r->type_count; i++)
		for (uint32_t k = 0; k < r->types[i].profile_count; k++) {
			const struct profile *p = pack_profile(w->pack, r->types[i].profiles[k]);

			if (p != NULL && p->root != r && p->root->type_count == 0
			    && (whole = child_rule(w, p->root, name)) != NULL)
				return whole;
		}
	return NULL;
}

static const struct rule *
extension_rule(const struct rule *r, struct slice url)
{
	for (const struct rule *c = r->first; c != NULL; c = c->next)
		if (slice_is(c->name, "extension") && c->type_count > 0 && c->types[0].profile_count > 0
		    && slice_eq(c->types[0].profiles[0], url))
			return c;
	return NULL;
}

static void
append(struct walk *w, struct values *to, const struct values *from)
{
	struct value *all = arena_array(w->arena, to->count + from->count + 1, sizeof *all);

	if (to->count > 0)
		memcpy(all, to->at, to->count * sizeof *all);
	if (from->count > 0)
		memcpy(all + to->count, from->at, from->count * sizeof *all);
	to->at = all;
	to->count += from->count;
}

static void
into_children(struct walk *w, struct spot *s, struct slice name)
{
	struct values all = { 0 };

	for (uint32_t i = 0; i < s->values.count; i++) {
		struct values some = value_children(w, &s->values.at[i], name);

		append(w, &all, &some);
	}
	s->values = all;
	s->rule = s->rule == NULL ? NULL : child_rule(w, s->rule, name);
}

static void
into_extension(struct walk *w, struct spot *s, struct slice url)
{
	const struct rule *rule = s->rule == NULL ? NULL : extension_rule(s->rule, url);
	uint32_t kept = 0;

	into_children(w, s, SLICE("extension"));
	for (uint32_t i = 0; i < s->values.count; i++)
		if (slice_eq(walk_text(w, s->values.at[i].node, SLICE("url")), url))
			s->values.at[kept++] = s->values.at[i];
	s->values.count = kept;
	s->rule = rule;
}

static const struct type *
target_type(struct walk *w, struct slice url)
{
	struct slice bare = slice_cut(&url, '|'), name = SLICE_NONE;
	const struct profile *p = pack_profile(w->pack, bare);

	if (p != NULL)
		return p->type;
	if (!slice_starts(bare, SLICE(CORE)))
		return NULL;
	for (struct slice rest = bare; rest.len > 0;)
		name = slice_cut(&rest, '/');
	return pack_type(w->pack, name);
}

static void
into_resolved(struct walk *w, struct spot *s)
{
	uint32_t kept = 0;
	const struct profile *p = s->rule != NULL && s->rule->type_count > 0
	    && s->rule->types[0].target_count == 1
	    ? pack_profile(w->pack, s->rule->types[0].targets[0]) : NULL;

	for (uint32_t i = 0; i < s->values.count; i++) {
		struct item item;

		if (s->values.at[i].node == ITEM_ABSENT
		    || json_type(w->json, s->values.at[i].node) != JSON_OBJECT
		    || !resolve_for_fhirpath(w, walk_text(w, s->values.at[i].node, SLICE("reference")), &item))
			continue;
		s->values.at[kept++] = (struct value){ .node = item.node, .type = item.type, .index = -1 };
	}
	s->values.count = kept;
	s->reference = s->rule;
	s->rule = p != NULL ? p->root : s->rule;
}

static struct slice
quoted(struct slice call)
{
	struct slice rest = call;

	slice_cut(&rest, '\'');
	return slice_cut(&rest, '\'');
}

/* The next step of a discriminator path; a dot within quotes is none. */
static struct slice
next_step(struct slice *rest)
{
	bool inside = false;
	size_t i = 0;
	struct slice step;

	for (; i < rest->len && (inside || rest->ptr[i] != '.'); i++)
		inside ^= rest->ptr[i] == '\'';
	step = slice_sub(*rest, 0, i);
	*rest = i < rest->len ? slice_sub(*rest, i + 1, rest->len) : SLICE_NONE;
	return step;
}

static struct spot
follow(struct walk *w, const struct rule *slice, const struct value *item, struct slice path)
{
	struct spot s = { .rule = slice };
	int steps = 0;

	s.values.at = arena_array(w->arena, 1, sizeof *item);
	s.values.at[0] = *item;
	s.values.count = 1;
	while (path.len > 0 && steps++ < PATH_STEPS) {
		struct slice step = next_step(&path);

		if (slice_is(step, "$this"))
			continue;
		if (slice_is(step, "resolve()"))
			into_resolved(w, &s);
		else if (slice_starts(step, SLICE("extension(")))
			into_extension(w, &s, quoted(step));
		else if (slice_find(step, '(') < step.len)
			continue;               /* ofType(): the values tell */
		else
			into_children(w, &s, step);
	}
	return s;
}

/* Does a value have all that the rule and those below it fix? */
static bool
conforms(struct walk *w, const struct rule *r, const struct value *v)
{
	if (v->node == ITEM_ABSENT)
		return true;                    /* not here: not decided */
	if (r->fixed != NULL && (v->node == 0 || !value_is_fixed(w, v->node, r->fixed, 0)))
		return false;
	if (r->pattern != NULL && (v->node == 0 || !value_has_pattern(w, v->node, r->pattern, 0)))
		return false;
	if (r->fixed == NULL && r->pattern == NULL && r->binding_strength == BINDING_REQUIRED
	    && r->binding != NULL && v->node != 0 && v->type != NULL
	    && binding_holds(w, r->binding, v->type, v->node) == KNOWN_NO)
		return false;
	for (const struct rule *c = r->first; c != NULL; c = c->next) {
		struct values values;
		bool some = false;

		if (c->max == 0 || (c->min == 0 && c->fixed == NULL && c->pattern == NULL))
			continue;
		values = value_children(w, v, c->name);
		for (uint32_t i = 0; i < values.count && !some; i++)
			some = conforms(w, c, &values.at[i]);
		if (!some && (c->min > 0 || (values.count > 0 && c->slice.len == 0)))
			return false;
	}
	return true;
}

/* An extension whose definition is not here is known by its url all the same. */
static bool
is_named(struct walk *w, const struct rule *slice, const struct value *item)
{
	const struct rule_type *t = slice->type_count == 0 ? NULL : &slice->types[0];

	if (t == NULL || t->profile_count == 0 || item->type == NULL || !slice_is(item->type->name, "Extension"))
		return true;
	for (uint32_t i = 0; i < t->profile_count; i++) {
		struct slice rest = t->profiles[i];

		if (slice_eq(walk_text(w, item->node, SLICE("url")), slice_cut(&rest, '|')))
			return true;
	}
	return false;
}

static bool
value_matches(struct walk *w, const struct spot *s, const struct rule *slice, const struct value *item)
{
	if (s->rule == NULL)
		return is_named(w, slice, item);
	if (s->rule->max == 0)
		return s->values.count == 0;
	for (uint32_t i = 0; i < s->values.count; i++)
		if (conforms(w, s->rule, &s->values.at[i]))
			return true;
	return false;
}

static bool
type_matches(struct walk *w, const struct spot *s, bool resolved)
{
	const struct rule *r = s->rule;

	if (r == NULL || s->values.count == 0)
		return r == NULL;
	for (uint32_t i = 0; i < r->type_count; i++) {
		if (!resolved && (r->types[i].type == NULL || type_is(s->values.at[0].type, r->types[i].type)))
			return true;
		for (uint32_t k = 0; resolved && k < r->types[i].target_count; k++) {
			const struct type *t = target_type(w, r->types[i].targets[k]);

			if (t == NULL || type_is(s->values.at[0].type, t))
				return true;
		}
	}
	/* A resolved reference whose profile is known: the root of that profile. */
	return resolved && r->type_count == 0 && type_is(s->values.at[0].type, pack_type(w->pack, r->name));
}

/* Without complaint; what is not here is taken for what it should be. */
static bool
conforms_to(struct walk *w, struct slice url, const struct value *v)
{
	const struct profile *p = pack_profile(w->pack, url);
	struct step at = { NULL, SLICE(""), -1, NULL, v->type, NULL, 0 };
	const struct type *type = p == NULL ? target_type(w, url) : p->type;

	if (type != NULL && !type_is(v->type, type))
		return false;
	if (p == NULL || v->node == ITEM_ABSENT)
		return true;
	return profile_fits(w, &at, p, v);
}

/* One of the profiles of the element's type; behind resolve(), of the reference's targets. */
static bool
profile_matches(struct walk *w, const struct spot *s)
{
	const struct rule *r = s->reference != NULL ? s->reference : s->rule;

	if (r == NULL || (s->values.count == 0 && s->reference == NULL && r->min == 0))
		return true;                    /* the slice asks for nothing there */
	for (uint32_t i = 0; r != NULL && s->values.count > 0 && i < r->type_count; i++) {
		const struct rule_type *t = &r->types[i];
		const struct slice *urls = s->reference != NULL ? t->targets : t->profiles;
		uint32_t count = s->reference != NULL ? t->target_count : t->profile_count;

		for (uint32_t k = 0; k < count; k++)
			if (conforms_to(w, urls[k], &s->values.at[0]))
				return true;
		if (count == 0 && t->type != NULL && s->reference == NULL && type_is(s->values.at[0].type, t->type))
			return true;
	}
	return false;
}

static bool
discriminate(struct walk *w, const struct discriminator *d, const struct rule *slice,
    const struct value *item)
{
	struct spot s = follow(w, slice, item, d->path);

	switch (d->kind) {
	case DISCRIMINATE_EXISTS:
		return s.rule == NULL || (s.rule->max == 0 ? s.values.count == 0
		    : s.rule->min == 0 || s.values.count > 0);
	case DISCRIMINATE_TYPE:
		return type_matches(w, &s, slice_ends(d->path, SLICE("resolve()")));
	case DISCRIMINATE_PROFILE:
		return profile_matches(w, &s);
	default:
		return value_matches(w, &s, slice, item);
	}
}

bool
slice_matches(struct walk *w, const struct rule *whole, const struct rule *slice,
    const struct value *item)
{
	struct discriminator by_type = { DISCRIMINATE_TYPE, SLICE("$this") };

	if (whole->discriminator_count == 0)
		return whole->choice && discriminate(w, &by_type, slice, item);
	for (uint32_t i = 0; i < whole->discriminator_count; i++)
		if (!discriminate(w, &whole->discriminators[i], slice, item))
			return false;
	return true;
}
