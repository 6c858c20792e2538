/* pack_profiles.c -- profiles and extension definitions to rules.
 *
 * A profile becomes a tree of draft rules, out of its snapshot or, where it has
 * none, its differential (pack_snapshot.c); the tree is written as a flat list,
 * each rule with its depth.  Constraints that the base type has itself are left
 * out: they are checked with the type. */
#include "base/arena.h"
#include "fhir/pack_format.h"
#include "fhir/pack_rules.h"

#define DEPTH_MAX 64
#define CORE  "http://hl7.org/fhir/StructureDefinition/"
#define R5    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition."
#define TOOLS "http://hl7.org/fhir/tools/StructureDefinition/"

bool
builder_is_profile(const struct builder *b, const struct json *j)
{
	struct slice type = json_string(j, json_get(j, 0, SLICE("type")), b->arena);

	return (b->base != NULL || json_is(j, json_get(j, 0, SLICE("derivation")), SLICE("constraint")))
	    && json_get(j, 0, SLICE("baseDefinition")) != 0 && names_find(&b->type_names, type) != NAME_UNKNOWN;
}

static uint32_t
depth_of(struct slice path)
{
	uint32_t depth = 0;

	for (size_t i = 0; i < path.len; i++)
		depth += path.ptr[i] == '.';
	return depth;
}

static uint32_t
list_at(const struct json *j, uint32_t holder, const char *path, uint32_t *count)
{
	uint32_t list = json_path(j, holder, path);

	if (list != 0 && json_type(j, list) != JSON_ARRAY)
		list = 0;
	*count = list == 0 ? 0 : json_size(j, list);
	return list == 0 ? 0 : list;
}

/* Reading an ElementDefinition */

static const char *const kinds[] = { "value", "exists", "pattern", "type", "profile" };

static uint32_t
kind_of(struct slice name)
{
	for (uint32_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_is(name, kinds[i]))
			return i;
	return DISCRIMINATE_VALUE;
}

static void
overlay_slicing(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t ordered = json_path(j, element, "slicing.ordered"), i = 0, list;
	struct slice rules = builder_text(b, j, element, "slicing.rules");

	if (json_get(j, element, SLICE("slicing")) == 0)
		return;
	r->flags &= ~(uint32_t)(PACK_ORDERED | PACK_CLOSED | PACK_AT_END);
	r->flags |= PACK_SLICED
	    | (ordered != 0 && json_type(j, ordered) == JSON_TRUE ? PACK_ORDERED : 0u)
	    | (slice_is(rules, "closed") ? PACK_CLOSED : 0u)
	    | (slice_is(rules, "openAtEnd") ? PACK_AT_END : 0u);
	list = list_at(j, element, "slicing.discriminator", &r->discriminator_count);
	r->discriminators = arena_array(b->arena, r->discriminator_count + 1, sizeof *r->discriminators);
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		r->discriminators[i++] = (struct draft_discriminator){
			kind_of(builder_text(b, j, n, "type")), builder_text(b, j, n, "path") };
}

/* The value of the member whose name begins so ("fixed": fixedUri), as JSON text;
 * what stands behind the prefix is *type.  Empty when there is none. */
static struct slice
value_of(struct builder *b, const struct json *j, uint32_t element, struct slice prefix,
    struct slice *type)
{
	struct buf out;

	buf_init(&out, b->arena, 1 << 20);
	for (uint32_t n = json_first(j, element); n != 0; n = json_next(j, element, n)) {
		struct slice name = json_string(j, n, b->arena);

		if (!slice_starts(name, prefix) || name.len == prefix.len
		    || name.ptr[prefix.len] < 'A' || name.ptr[prefix.len] > 'Z')
			continue;
		if (slice_is(name, "maxLength"))
			continue;
		json_write_node(&out, j, n + 1);
		if (type != NULL)
			*type = slice_sub(name, prefix.len, name.len);
		break;
	}
	return buf_slice(&out);
}

static void
replace(struct slice *old, struct slice new)
{
	if (new.len > 0)
		*old = new;
}

static void
overlay_values(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t node = json_get(j, element, SLICE("maxLength"));
	uint64_t n = 0;

	replace(&r->fixed, value_of(b, j, element, SLICE("fixed"), &r->value_type));
	replace(&r->pattern, value_of(b, j, element, SLICE("pattern"), &r->value_type));
	replace(&r->min_value, value_of(b, j, element, SLICE("minValue"), NULL));
	replace(&r->max_value, value_of(b, j, element, SLICE("maxValue"), NULL));
	if (node != 0 && slice_uint(json_raw(j, node), &n))
		r->max_length = (uint32_t)n;
}

/* What extensions of an ElementDefinition say, some of them from later releases */

static uint32_t
value_node(const struct json *j, uint32_t extension)
{
	for (uint32_t n = json_first(j, extension); n != 0; n = json_next(j, extension, n))
		if (slice_starts(json_raw(j, n), SLICE("value")))
			return n + 1;
	return 0;
}

/* The next extension of the list with this url; the first is after 0. */
static uint32_t
next_extension(const struct json *j, uint32_t list, struct slice url, uint32_t after)
{
	uint32_t n = list == 0 ? 0 : after == 0 ? json_first(j, list) : json_next(j, list, after);

	while (n != 0 && !json_is(j, json_get(j, n, SLICE("url")), url))
		n = json_next(j, list, n);
	return n;
}

static struct slice
extension_text(struct builder *b, const struct json *j, uint32_t list, struct slice url)
{
	uint32_t n = next_extension(j, list, url, 0);

	return n == 0 ? SLICE_NONE : json_string(j, value_node(j, n), b->arena);
}

static void
overlay_value_extensions(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t count, list = list_at(j, element, "extension", &count);
	uint32_t shortest = next_extension(j, list, SLICE(CORE "minLength"), 0);
	uint32_t must = next_extension(j, list, SLICE(R5 "mustHaveValue"), 0);
	uint64_t n = 0;

	if (shortest != 0 && slice_uint(json_raw(j, value_node(j, shortest)), &n))
		r->min_length = (uint32_t)n;
	if (must != 0 && json_type(j, value_node(j, must)) == JSON_TRUE)
		r->flags |= PACK_HAS_VALUE;
	if (next_extension(j, list, SLICE(R5 "valueAlternatives"), 0) == 0)
		return;
	r->alternatives = arena_array(b->arena, count + 1, sizeof *r->alternatives);
	r->alternative_count = 0;
	for (uint32_t e = next_extension(j, list, SLICE(R5 "valueAlternatives"), 0); e != 0;
	    e = next_extension(j, list, SLICE(R5 "valueAlternatives"), e))
		r->alternatives[r->alternative_count++] = json_string(j, value_node(j, e), b->arena);
}

/* One that a type of R4 has itself, and here only by inheritance. */
static bool
is_inherited(struct builder *b, const struct json *j, uint32_t constraint)
{
	struct slice source = builder_text(b, j, constraint, "source");

	if (names_find(&b->base_keys, builder_text(b, j, constraint, "key")) == NAME_UNKNOWN)
		return false;
	while (slice_find(source, '/') < source.len)
		slice_cut(&source, '/');
	source = slice_cut(&source, '|');
	return source.len == 0 || names_find(&b->type_names, slice_cut(&source, '.')) != NAME_UNKNOWN
	    || b->base == NULL;
}

static bool
has_constraint(const struct draft_rule *r, struct slice key)
{
	for (uint32_t i = 0; i < r->constraint_count; i++)
		if (slice_eq(r->constraints[i].key, key))
			return true;
	return false;
}

static void
overlay_constraints(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t more, list = list_at(j, element, "constraint", &more);
	struct draft_constraint *all;

	if (list == 0)
		return;
	all = arena_array(b->arena, r->constraint_count + more + 1, sizeof *all);
	if (r->constraint_count > 0)
		memcpy(all, r->constraints, r->constraint_count * sizeof *all);
	r->constraints = all;
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice key = builder_text(b, j, n, "key");

		if (is_inherited(b, j, n) || has_constraint(r, key))
			continue;
		all[r->constraint_count++] = (struct draft_constraint){ key,
			builder_text(b, j, n, "expression"), builder_text(b, j, n, "human"),
			json_is(j, json_get(j, n, SLICE("severity")), SLICE("error")) };
	}
}

static struct slice *
texts(struct builder *b, const struct json *j, uint32_t holder, const char *path, uint32_t *count)
{
	uint32_t list = list_at(j, holder, path, count), i = 0;
	struct slice *all = arena_array(b->arena, *count + 1, sizeof *all);

	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		all[i++] = json_string(j, n, b->arena);
	return all;
}

static const struct { const char *word; uint32_t refer; } ways[] = {
	{ "contained", REFER_CONTAINED }, { "referenced", REFER_ELSEWHERE },
	{ "bundled", REFER_BUNDLED }, { "specific", REFER_VERSIONED },
	{ "independent", REFER_UNVERSIONED },
};

static uint32_t
way(struct slice word)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		if (slice_is(word, ways[i].word))
			return ways[i].refer;
	return 0;
}

static uint32_t
refer_of(struct builder *b, const struct json *j, uint32_t type)
{
	uint32_t count, refer = way(builder_text(b, j, type, "versioning"));
	uint32_t list = list_at(j, type, "aggregation", &count);

	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		refer |= way(json_string(j, n, b->arena));
	return refer;
}

/* "profile" is what one element of it says. */
static void
overlay_profile_element(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t count, list = list_at(j, element, "type", &count);
	uint32_t beside = list == 0 || json_first(j, list) == 0 ? 0
	    : list_at(j, json_first(j, list), "_profile", &count);
	uint32_t extensions = beside == 0 || json_first(j, beside) == 0 ? 0
	    : list_at(j, json_first(j, beside), "extension", &count);
	struct slice id = extension_text(b, j, extensions, SLICE(CORE "elementdefinition-profile-element"));

	if (id.len == 0 || r->type_count != 1 || r->types[0].profile_count != 1)
		return;
	rule_borrow(b, r, r->types[0].profiles[0], id);
	r->types[0].profile_count = 0;
}

static void
overlay_types(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t count, i = 0, list = list_at(j, element, "type", &count);

	if (list == 0)
		return;
	r->type_count = count;
	r->types = arena_array(b->arena, count + 1, sizeof *r->types);
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct draft_type_rule *t = &r->types[i++];
		uint32_t number;

		t->code = builder_text(b, j, n, "code");
		number = names_find(&b->type_names, t->code);
		t->type = number == NAME_UNKNOWN ? PACK_NONE : number;
		t->refer = refer_of(b, j, n);
		t->profiles = texts(b, j, n, "profile", &t->profile_count);
		t->targets = texts(b, j, n, "targetProfile", &t->target_count);
	}
}

/* What an additional binding is for; for others, and for one that holds at times only,
 * there is nothing to check. */
static const struct { const char *purpose; uint32_t strength; } purposes[] = {
	{ "required", BINDING_REQUIRED }, { "maximum", BINDING_REQUIRED },
	{ "extensible", BINDING_EXTENSIBLE }, { "preferred", BINDING_PREFERRED },
};

static void
add_binding(struct draft_rule *r, struct slice purpose, struct slice set)
{
	for (size_t i = 0; i < COUNT_OF(purposes); i++)
		if (set.len > 0 && slice_is(purpose, purposes[i].purpose))
			r->more[r->more_count++] = (struct draft_binding){ purposes[i].strength, set };
}

static void
overlay_more_bindings(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	uint32_t count, list = list_at(j, element, "binding.extension", &count);

	if (list == 0)
		return;
	r->more = arena_array(b->arena, count + 1, sizeof *r->more);
	r->more_count = 0;
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t parts, inner = list_at(j, n, "extension", &parts);

		if (json_is(j, json_get(j, n, SLICE("url")), SLICE(CORE "elementdefinition-maxValueSet")))
			add_binding(r, SLICE("maximum"), json_string(j, value_node(j, n), b->arena));
		else if ((json_is(j, json_get(j, n, SLICE("url")), SLICE(TOOLS "additional-binding"))
		    || json_is(j, json_get(j, n, SLICE("url")), SLICE(R5 "binding.additional")))
		    && next_extension(j, inner, SLICE("usage"), 0) == 0)
			add_binding(r, extension_text(b, j, inner, SLICE("purpose")),
			    extension_text(b, j, inner, SLICE("valueSet")));
	}
}

static void
overlay_binding(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	struct slice url = builder_text(b, j, element, "binding.valueSet");

	if (json_get(j, element, SLICE("binding")) == 0)
		return;
	r->strength = builder_strength(b, j, element);
	r->binding = url;
	overlay_more_bindings(b, r, j, element);
}

void
rule_overlay(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	if (json_get(j, element, SLICE("min")) != 0)
		r->min = builder_cardinality(b, j, element, "min");
	if (json_get(j, element, SLICE("max")) != 0)
		r->max = builder_cardinality(b, j, element, "max");
	overlay_slicing(b, r, j, element);
	overlay_values(b, r, j, element);
	overlay_value_extensions(b, r, j, element);
	overlay_binding(b, r, j, element);
	overlay_constraints(b, r, j, element);
	overlay_types(b, r, j, element);
	overlay_profile_element(b, r, j, element);
}

/* The tree */

struct slice
rule_name(struct slice path, bool *choice)
{
	struct slice name = builder_last_of(path);

	*choice = slice_ends(name, SLICE("[x]"));
	if (*choice)
		name.len -= 3;
	return name;
}

struct draft_rule *
rule_add(struct builder *b, struct draft_rule *up, struct draft_rule *after, struct slice name,
    struct slice slice)
{
	struct draft_rule *r = arena_alloc(b->arena, sizeof *r);

	b->rule_count++;
	*r = (struct draft_rule){ .name = name, .slice = slice, .max = UINT32_MAX, .up = up };
	if (up == NULL)
		return r;
	if (after == NULL)
		after = up->last;
	if (after == NULL) {
		up->first = r;
	} else {
		r->next = after->next;
		after->next = r;
	}
	if (up->last == after)
		up->last = r;
	return r;
}

struct draft_rule *
rules_from_snapshot(struct builder *b, const struct json *j)
{
	uint32_t list = json_path(j, 0, "snapshot.element");
	struct draft_rule *last[DEPTH_MAX] = { NULL };

	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice path = builder_text(b, j, n, "path");
		uint32_t depth = depth_of(path);
		bool choice;

		if (depth >= DEPTH_MAX || (depth == 0) != (last[0] == NULL)
		    || (depth > 0 && last[depth - 1] == NULL))
			return NULL;
		last[depth] = rule_add(b, depth == 0 ? NULL : last[depth - 1], NULL,
		    rule_name(path, &choice), builder_text(b, j, n, "sliceName"));
		last[depth]->flags = choice ? PACK_CHOICE : 0;
		rule_overlay(b, last[depth], j, n);
		memset(last + depth + 1, 0, (DEPTH_MAX - depth - 1) * sizeof last[0]);
	}
	return last[0];
}

struct draft_rule *
rules_of(struct builder *b, const struct json *j)
{
	return json_path(j, 0, "snapshot.element") != 0 ? rules_from_snapshot(b, j)
	    : rules_from_differential(b, j);
}

/* Writing */

static void
write_texts(struct builder *b, const struct slice *of, uint32_t count)
{
	builder_word(b, count);
	for (uint32_t i = 0; i < count; i++)
		builder_string(b, of[i]);
}

static void
write_types(struct builder *b, const struct draft_rule *r)
{
	builder_word(b, r->type_count);
	for (uint32_t i = 0; i < r->type_count; i++) {
		builder_word(b, r->types[i].type);
		builder_word(b, r->types[i].refer);
		write_texts(b, r->types[i].profiles, r->types[i].profile_count);
		write_texts(b, r->types[i].targets, r->types[i].target_count);
	}
}

static void
write_constraints(struct builder *b, const struct draft_rule *r)
{
	builder_word(b, r->constraint_count);
	for (uint32_t i = 0; i < r->constraint_count; i++) {
		builder_string(b, r->constraints[i].key);
		builder_string(b, r->constraints[i].expression);
		builder_string(b, r->constraints[i].human);
		builder_word(b, r->constraints[i].error);
	}
}

static void
write_rule(struct builder *b, const struct draft_rule *r, uint32_t depth)
{
	builder_word(b, depth);
	builder_string(b, r->name);
	builder_string(b, r->slice);
	builder_word(b, r->min);
	builder_word(b, r->max);
	builder_word(b, r->flags);
	builder_word(b, r->discriminator_count);
	for (uint32_t i = 0; i < r->discriminator_count; i++) {
		builder_word(b, r->discriminators[i].kind);
		builder_string(b, r->discriminators[i].path);
	}
	builder_string(b, r->fixed);
	builder_string(b, r->pattern);
	builder_string(b, r->value_type);
	builder_string(b, r->min_value);
	builder_string(b, r->max_value);
	builder_word(b, r->min_length);
	builder_word(b, r->max_length);
	write_texts(b, r->alternatives, r->alternative_count);
	builder_word(b, r->strength);
	builder_word(b, builder_set_word(b, r->binding));
	builder_word(b, r->more_count);
	for (uint32_t i = 0; i < r->more_count; i++) {
		builder_word(b, r->more[i].strength);
		builder_word(b, builder_set_word(b, r->more[i].set));
	}
	write_constraints(b, r);
	write_types(b, r);
}

static uint32_t
count_rules(const struct draft_rule *r)
{
	uint32_t count = 1;

	for (const struct draft_rule *c = r->first; c != NULL; c = c->next)
		count += count_rules(c);
	return count;
}

static void
write_rules(struct builder *b, const struct draft_rule *r, uint32_t depth)
{
	write_rule(b, r, depth);
	for (const struct draft_rule *c = r->first; c != NULL; c = c->next)
		write_rules(b, c, depth + 1);
}

static void
write_contexts(struct builder *b, const struct json *j)
{
	uint32_t count, invariants, list = list_at(j, 0, "context", &count);
	uint32_t rules = list_at(j, 0, "contextInvariant", &invariants);

	builder_word(b, count + invariants);
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		builder_string(b, builder_text(b, j, n, "type"));
		builder_string(b, builder_text(b, j, n, "expression"));
	}
	for (uint32_t n = rules == 0 ? 0 : json_first(j, rules); n != 0; n = json_next(j, rules, n)) {
		builder_string(b, SLICE("invariant"));
		builder_string(b, json_string(j, n, b->arena));
	}
}

static bool
is_modifier(const struct json *j)
{
	uint32_t list = json_path(j, 0, "snapshot.element");

	if (list == 0)
		list = json_path(j, 0, "differential.element");
	return list != 0 && builder_is_true(j, json_first(j, list), SLICE("isModifier"));
}

/* Does a guide beside it want it of every resource of its type (ImplementationGuide.global)? */
static bool
is_global(struct builder *b, struct slice url)
{
	const struct definitions *guides = &b->of[DEFINITION_GUIDE];

	for (uint32_t i = 0; b->base != NULL && i < guides->count; i++) {
		const struct json *j = &guides->at[i];
		uint32_t count, list = list_at(j, 0, "global", &count);

		for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
			if (json_is(j, json_get(j, n, SLICE("profile")), url))
				return true;
	}
	return false;
}

static void
write_profile(struct builder *b, const struct json *j, const struct draft_rule *root)
{
	struct slice url = builder_text(b, j, 0, "url");

	builder_string(b, url);
	builder_string(b, builder_text(b, j, 0, "version"));
	builder_string(b, builder_text(b, j, 0, "baseDefinition"));
	builder_word(b, names_find(&b->type_names, builder_text(b, j, 0, "type")));
	builder_word(b, (is_modifier(j) ? PACK_MODIFIER_EXTENSION : 0u) | (is_global(b, url) ? PACK_GLOBAL : 0u));
	write_contexts(b, j);
	builder_word(b, count_rules(root));
	write_rules(b, root, 0);
}

void
builder_write_profiles(struct builder *b)
{
	const struct definitions *d = &b->of[DEFINITION_STRUCTURE];
	size_t at = b->words.len;
	uint32_t count = 0;

	builder_word(b, 0);
	for (uint32_t i = 0; i < d->count; i++) {
		struct draft_rule *root = builder_is_profile(b, &d->at[i]) ? rules_of(b, &d->at[i]) : NULL;

		if (root != NULL) {
			write_profile(b, &d->at[i], root);
			count++;
		} else {
			b->left_out += builder_is_profile(b, &d->at[i]);
		}
	}
	b->profile_count = count;
	memcpy(b->words.ptr + at, &count, sizeof count);
}
