/* pack_snapshot.c -- rules out of a differential (profiling.html#snapshot).
 *
 * A validator needs of a snapshot only what goes beyond the base type, which it
 * checks anyway; so the base's rules with the differential laid over them are
 * enough, and children of data types need not be spelled out.  The base is a
 * profile of the same package, one that was compiled before, or a type. */
#include "base/arena.h"
#include "fhir/pack_format.h"
#include "fhir/pack_rules.h"

#define CORE      "http://hl7.org/fhir/StructureDefinition/"
#define BASES_MAX 16
#define RULES_MAX 1000000 /* made in all: bases within bases end */

/* Compiled rules as drafts */

static struct slice
text_of(const struct json *j)
{
	return j == NULL ? SLICE_NONE : j->text;
}

static struct slice *
copy_texts(struct builder *b, const struct slice *of, uint32_t count)
{
	struct slice *all = arena_array(b->arena, count + 1, sizeof *all);

	if (count > 0)
		memcpy(all, of, count * sizeof *all);
	return all;
}

static struct slice
canonical_of(struct builder *b, const struct value_set *set)
{
	struct buf out;

	if (set == NULL || set->version.len == 0)
		return set == NULL ? SLICE_NONE : set->url;
	buf_init(&out, b->arena, 65536);
	buf_add(&out, set->url);
	buf_add_char(&out, '|');
	buf_add(&out, set->version);
	return buf_slice(&out);
}

static void
copy_lists(struct builder *b, struct draft_rule *d, const struct rule *r)
{
	d->discriminator_count = r->discriminator_count;
	d->discriminators = arena_array(b->arena, r->discriminator_count + 1, sizeof *d->discriminators);
	for (uint32_t i = 0; i < r->discriminator_count; i++)
		d->discriminators[i] = (struct draft_discriminator){ r->discriminators[i].kind,
			r->discriminators[i].path };
	d->more_count = r->more_count;
	d->more = arena_array(b->arena, r->more_count + 1, sizeof *d->more);
	for (uint32_t i = 0; i < r->more_count; i++)
		d->more[i] = (struct draft_binding){ r->more[i].strength, canonical_of(b, r->more[i].set) };
	d->constraint_count = r->constraint_count;
	d->constraints = arena_array(b->arena, r->constraint_count + 1, sizeof *d->constraints);
	for (uint32_t i = 0; i < r->constraint_count; i++)
		d->constraints[i] = (struct draft_constraint){ r->constraints[i].key,
			r->constraints[i].expression, r->constraints[i].human, r->constraints[i].error };
	d->type_count = r->type_count;
	d->types = arena_array(b->arena, r->type_count + 1, sizeof *d->types);
	for (uint32_t i = 0; i < r->type_count; i++) {
		const struct rule_type *t = &r->types[i];

		d->types[i] = (struct draft_type_rule){
			.type = t->type == NULL ? PACK_NONE : t->type->number,
			.refer = t->refer,
			.code = t->type == NULL ? SLICE_NONE : t->type->name,
			.profiles = copy_texts(b, t->profiles, t->profile_count),
			.targets = copy_texts(b, t->targets, t->target_count),
			.profile_count = t->profile_count, .target_count = t->target_count,
		};
	}
}

static struct draft_rule *
draft_of(struct builder *b, struct draft_rule *up, const struct rule *r)
{
	struct draft_rule *d = rule_add(b, up, NULL, r->name, r->slice);

	d->min = r->min;
	d->max = r->max;
	d->flags = (r->choice ? PACK_CHOICE : 0u) | (r->sliced ? PACK_SLICED : 0u)
	    | (r->ordered ? PACK_ORDERED : 0u) | (r->closed ? PACK_CLOSED : 0u)
	    | (r->at_end ? PACK_AT_END : 0u) | (r->has_value ? PACK_HAS_VALUE : 0u);
	d->fixed = text_of(r->fixed);
	d->pattern = text_of(r->pattern);
	d->value_type = r->value_type;
	d->min_value = text_of(r->min_value);
	d->max_value = text_of(r->max_value);
	d->min_length = r->min_length;
	d->max_length = r->max_length;
	d->alternatives = copy_texts(b, r->alternatives, r->alternative_count);
	d->alternative_count = r->alternative_count;
	d->strength = r->binding_strength;
	d->binding = canonical_of(b, r->binding);
	copy_lists(b, d, r);
	for (const struct rule *c = r->first; c != NULL; c = c->next)
		draft_of(b, d, c);
	return d;
}

/* The base */

static const struct json *
definition_of(struct builder *b, struct slice url)
{
	const struct definitions *d = &b->of[DEFINITION_STRUCTURE];

	for (uint32_t i = 0; i < d->count; i++)
		if (json_is(&d->at[i], json_get(&d->at[i], 0, SLICE("url")), url))
			return &d->at[i];
	return NULL;
}

static struct draft_rule *
rules_of_url(struct builder *b, struct slice canonical)
{
	struct slice rest = canonical, url = slice_cut(&rest, '|');
	const struct json *j = definition_of(b, url);
	const struct profile *p = b->base == NULL ? NULL : pack_profile(b->base, canonical);

	if (b->rule_count > RULES_MAX)
		return NULL;
	if (p == NULL && b->base != NULL)
		p = pack_profile(b->base, url);
	if (j != NULL && builder_is_profile(b, j)) {
		struct draft_rule *r;

		if (b->bases >= BASES_MAX)
			return NULL;
		b->bases++;
		r = rules_of(b, j);
		b->bases--;
		return r;
	}
	if (p != NULL)
		return draft_of(b, NULL, p->root);
	return slice_starts(url, SLICE(CORE)) && names_find(&b->type_names,
	    slice_sub(url, sizeof CORE - 1, url.len)) != NAME_UNKNOWN
	    ? rule_add(b, NULL, NULL, slice_sub(url, sizeof CORE - 1, url.len), SLICE_NONE) : NULL;
}

/* Finding the rule that an element of the differential is about */

static struct draft_rule *
find_child(struct draft_rule *up, struct slice name, struct slice slice)
{
	for (struct draft_rule *c = up->first; c != NULL; c = c->next)
		if (slice_eq(c->name, name) && slice_eq(c->slice, slice))
			return c;
	return NULL;
}

static void
adopt(struct draft_rule *up, struct draft_rule *from)
{
	up->first = from->first;
	up->last = from->last;
	for (struct draft_rule *c = up->first; c != NULL; c = c->next)
		c->up = up;
}

/* A rule that goes into what a profile of its type describes has that profile's
 * rules: there stand the slicings. */
static void
unfold(struct builder *b, struct draft_rule *r)
{
	struct draft_rule *of;

	if (r->first != NULL || r->type_count != 1 || r->types[0].profile_count != 1
	    || (of = rules_of_url(b, r->types[0].profiles[0])) == NULL)
		return;
	adopt(r, of);
}

static bool
is_extension(struct slice name)
{
	return slice_is(name, "extension") || slice_is(name, "modifierExtension");
}

/* Extensions are sliced by url and choices by type, also where nobody says so. */
static void
slice_by_default(struct builder *b, struct draft_rule *whole)
{
	if ((whole->flags & PACK_SLICED) != 0)
		return;
	whole->flags |= PACK_SLICED;
	whole->discriminator_count = 1;
	whole->discriminators = arena_array(b->arena, 1, sizeof *whole->discriminators);
	whole->discriminators[0] = is_extension(whole->name)
	    ? (struct draft_discriminator){ DISCRIMINATE_VALUE, SLICE("url") }
	    : (struct draft_discriminator){ DISCRIMINATE_TYPE, SLICE("$this") };
}

static struct draft_rule *
last_slice(struct draft_rule *whole, struct slice prefix)
{
	struct draft_rule *last = whole;

	for (struct draft_rule *c = whole->next; c != NULL && slice_eq(c->name, whole->name); c = c->next)
		if (prefix.len == 0 || (slice_starts(c->slice, prefix)
		    && (c->slice.len == prefix.len || c->slice.ptr[prefix.len] == '/')))
			last = c;
	return last;
}

static struct slice
resliced(struct slice slice)
{
	size_t at = slice.len;

	while (at > 0 && slice.ptr[at - 1] != '/')
		at--;
	return slice_sub(slice, 0, at == 0 ? 0 : at - 1);
}

static struct draft_rule *
child(struct builder *b, struct draft_rule *up, struct slice name, bool choice, struct slice slice)
{
	struct draft_rule *found, *whole, *r;

	unfold(b, up);
	if ((found = find_child(up, name, slice)) != NULL)
		return found;
	if (slice.len == 0) {
		r = rule_add(b, up, NULL, name, slice);
		r->flags = choice ? PACK_CHOICE : 0;
		return r;
	}
	whole = child(b, up, name, choice, SLICE_NONE);
	if (choice || is_extension(name))
		slice_by_default(b, whole);
	r = rule_add(b, up, last_slice(whole, resliced(slice)), name, slice);
	r->flags = whole->flags & PACK_CHOICE;
	r->max = whole->max;
	return r;
}

/* What a value at the rule is, where that is one type. */
static const struct type *
type_at(struct builder *b, const struct draft_rule *r)
{
	const struct type *above;
	const struct element *e;

	if (b->base == NULL)
		return NULL;
	if (r->up == NULL)
		return pack_type(b->base, r->name);
	if ((above = type_at(b, r->up)) == NULL || (e = type_element(above, r->name)) == NULL)
		return NULL;
	if (e->type_count == 1 && e->types[0].type != NULL && e->types[0].type->kind == TYPE_BACKBONE)
		return e->types[0].type;
	if (r->type_count == 1 && r->types[0].type != PACK_NONE)
		return pack_type_at(b->base, r->types[0].type);
	return e->type_count == 1 ? e->types[0].type : NULL;
}

static void
allow_only(struct builder *b, struct draft_rule *r, const struct type *type)
{
	for (uint32_t i = 0; i < r->type_count; i++)
		if (r->types[i].type == type->number) {
			r->types = &r->types[i];
			r->type_count = 1;
			return;
		}
	r->type_count = 1;
	r->types = arena_alloc(b->arena, sizeof *r->types);
	*r->types = (struct draft_type_rule){ .type = type->number, .code = type->name };
}

/* What was said of the whole choice was meant for one of its types. */
static void
split(struct builder *b, struct draft_rule *whole)
{
	struct draft_rule *s = rule_add(b, whole->up, last_slice(whole, SLICE_NONE), whole->name, whole->shortcut);
	struct draft_rule *next = s->next, *before = whole->before, *behind = whole->next;

	*s = *whole;
	s->slice = whole->shortcut;
	s->next = next;
	s->before = NULL;
	for (struct draft_rule *c = s->first; c != NULL; c = c->next)
		c->up = s;
	*whole = *before;
	whole->next = behind;
	slice_by_default(b, whole);
}

static struct draft_rule *
shorten(struct builder *b, struct draft_rule *whole, struct slice name, const struct type *type)
{
	if (slice_eq(whole->shortcut, name))
		return whole;
	if (whole->shortcut.len > 0 || last_slice(whole, SLICE_NONE) != whole) {
		struct draft_rule *s;

		if (whole->shortcut.len > 0)
			split(b, whole);
		s = child(b, whole->up, whole->name, true, name);
		if (type != NULL)
			allow_only(b, s, type);
		return s;
	}
	whole->before = arena_alloc(b->arena, sizeof *whole);
	*whole->before = *whole;
	whole->shortcut = name;
	if (type != NULL)
		allow_only(b, whole, type);
	return whole;
}

/* "valueQuantity" is short for "value[x]" that can only be a Quantity; or for the
 * slice of that name, where there are slices or other types are named so too. */
static struct draft_rule *
named_child(struct builder *b, struct draft_rule *up, struct slice name, bool choice, struct slice slice)
{
	const struct type *type = type_at(b, up);
	const struct element_type *which;
	const struct element *e;
	struct draft_rule *r;

	if (choice || slice.len > 0 || type == NULL || type_element(type, name) != NULL
	    || (e = pack_member(b->base, type, name, &which)) == NULL || !e->choice)
		return child(b, up, name, choice, slice);
	if ((r = find_child(up, e->name, name)) != NULL)
		return r;
	return shorten(b, child(b, up, e->name, true, SLICE_NONE), name, which->type);
}

/* "component:systolic" of an element's id. */
static struct draft_rule *
by_segment(struct builder *b, struct draft_rule *up, struct slice segment)
{
	struct slice slice = segment, name = slice_cut(&slice, ':');
	bool choice;

	name = rule_name(name, &choice);
	return named_child(b, up, name, choice, slice);
}

static struct draft_rule *
by_id(struct builder *b, struct draft_rule *root, struct slice id)
{
	struct draft_rule *r = root;

	slice_cut(&id, '.');
	while (id.len > 0)
		r = by_segment(b, r, slice_cut(&id, '.'));
	return r;
}

/* Without ids: below a slice stands what follows it. */
static struct draft_rule *
by_path(struct builder *b, struct draft_rule *root, struct draft_rule *last, struct slice path,
    struct slice slice)
{
	struct slice rest = path, names[BASES_MAX];
	struct draft_rule *up = root, *line[BASES_MAX * 2];
	uint32_t depth = 0, above = 0;

	slice_cut(&rest, '.');
	while (rest.len > 0 && depth < COUNT_OF(names))
		names[depth++] = slice_cut(&rest, '.');
	for (struct draft_rule *r = last; r != NULL && r->up != NULL && above < COUNT_OF(line); r = r->up)
		line[above++] = r;
	for (uint32_t i = 0; i + 1 < depth; i++) {
		bool choice;
		struct slice name = rule_name(names[i], &choice);

		if (i < above && slice_eq(line[above - 1 - i]->name, name) && line[above - 1 - i]->up == up)
			up = line[above - 1 - i];
		else
			up = named_child(b, up, name, choice, SLICE_NONE);
	}
	if (depth == 0)
		return root;
	{
		bool choice;
		struct slice name = rule_name(names[depth - 1], &choice);

		return named_child(b, up, name, choice, slice);
	}
}

void
rule_borrow(struct builder *b, struct draft_rule *r, struct slice profile, struct slice id)
{
	struct draft_rule *of = rules_of_url(b, profile), *from = of == NULL ? NULL : by_id(b, of, id);

	if (from == NULL)
		return;
	if (r->first == NULL)
		adopt(r, from);
	if (r->constraint_count == 0) {
		r->constraints = from->constraints;
		r->constraint_count = from->constraint_count;
	}
}

/* Of a choice there is one value: what its slice demands, it demands. */
static void
raise_choice(struct draft_rule *r)
{
	struct draft_rule *whole = (r->flags & PACK_CHOICE) != 0 && r->slice.len > 0 && r->up != NULL
	    ? find_child(r->up, r->name, SLICE_NONE) : NULL;

	if (whole != NULL && whole->min < r->min)
		whole->min = r->min;
}

struct draft_rule *
rules_from_differential(struct builder *b, const struct json *j)
{
	uint32_t list = json_path(j, 0, "differential.element");
	struct draft_rule *root = rules_of_url(b, builder_text(b, j, 0, "baseDefinition")), *last = root;

	if (root == NULL || list == 0 || json_type(j, list) != JSON_ARRAY)
		return root;
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice id = builder_text(b, j, n, "id"), path = builder_text(b, j, n, "path");
		struct slice slice = builder_text(b, j, n, "sliceName");

		last = id.len > 0 ? by_id(b, root, id) : by_path(b, root, last, path, slice);
		if (id.len > 0 && slice.len > 0 && last->slice.len == 0 && last->up != NULL
		    && !slice_eq(slice, last->slice))
			last = child(b, last->up, last->name, (last->flags & PACK_CHOICE) != 0, slice);
		rule_overlay(b, last, j, n);
		raise_choice(last);
	}
	return root;
}
