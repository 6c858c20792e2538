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

static bool
is_profile(const struct builder *b, const struct json *j)
{
	uint32_t type = json_get(j, 0, SLICE("type"));

	return json_is(j, json_get(j, 0, SLICE("derivation")), SLICE("constraint"))
	    && names_find(&b->type_names, json_string(j, type, b->arena)) != NAME_UNKNOWN;
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

static void
overlay_binding(struct builder *b, struct draft_rule *r, const struct json *j, uint32_t element)
{
	struct slice url = builder_text(b, j, element, "binding.valueSet");

	if (json_get(j, element, SLICE("binding")) == 0)
		return;
	r->strength = builder_strength(b, j, element);
	r->binding = url;
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
	overlay_binding(b, r, j, element);
	overlay_constraints(b, r, j, element);
	overlay_types(b, r, j, element);
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
	builder_word(b, r->max_length);
	builder_word(b, r->strength);
	builder_word(b, builder_set_word(b, r->binding));
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

static void
write_profile(struct builder *b, const struct json *j, const struct draft_rule *root)
{
	builder_string(b, builder_text(b, j, 0, "url"));
	builder_string(b, builder_text(b, j, 0, "version"));
	builder_string(b, builder_text(b, j, 0, "baseDefinition"));
	builder_word(b, names_find(&b->type_names, builder_text(b, j, 0, "type")));
	builder_word(b, is_modifier(j) ? PACK_MODIFIER_EXTENSION : 0u);
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
		struct draft_rule *root = is_profile(b, &d->at[i]) ? rules_of(b, &d->at[i]) : NULL;

		if (root != NULL) {
			write_profile(b, &d->at[i], root);
			count++;
		} else {
			b->left_out += is_profile(b, &d->at[i]);
		}
	}
	b->profile_count = count;
	memcpy(b->words.ptr + at, &count, sizeof count);
}
