/* pack_profiles.c -- profiles and extension definitions to rules.
 *
 * A snapshot is written as the flat list that it is, each rule with its depth.
 * Constraints that the base type has itself are left out: they are checked
 * with the type. */
#include "base/arena.h"
#include "fhir/pack_build.h"
#include "fhir/pack_format.h"

static bool
is_profile(const struct builder *b, const struct json *j)
{
	uint32_t type = json_get(j, 0, SLICE("type"));

	return json_path(j, 0, "snapshot.element") != 0
	    && json_is(j, json_get(j, 0, SLICE("derivation")), SLICE("constraint"))
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
write_discriminators(struct builder *b, const struct json *j, uint32_t element)
{
	uint32_t list = json_path(j, element, "slicing.discriminator");

	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		builder_word(b, kind_of(builder_text(b, j, n, "type")));
		builder_string(b, builder_text(b, j, n, "path"));
	}
}

/* The value of the member whose name begins so ("fixed": fixedUri); its text is
 * interned, what stands behind the prefix is *type. */
static void
write_value(struct builder *b, const struct json *j, uint32_t element, struct slice prefix,
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
	builder_string(b, buf_slice(&out));
}

static void
write_values(struct builder *b, const struct json *j, uint32_t element)
{
	struct slice type = SLICE_NONE, length = SLICE_NONE;
	uint32_t node = json_get(j, element, SLICE("maxLength"));
	uint64_t n = 0;

	write_value(b, j, element, SLICE("fixed"), &type);
	write_value(b, j, element, SLICE("pattern"), &type);
	builder_string(b, type);
	write_value(b, j, element, SLICE("minValue"), NULL);
	write_value(b, j, element, SLICE("maxValue"), NULL);
	if (node != 0)
		length = json_raw(j, node);
	builder_word(b, slice_uint(length, &n) ? (uint32_t)n : 0);
}

static void
write_own_constraints(struct builder *b, const struct json *j, uint32_t element)
{
	uint32_t list = json_get(j, element, SLICE("constraint")), count = 0;
	size_t at = b->words.len;

	builder_word(b, 0);
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice key = builder_text(b, j, n, "key");

		if (names_find(&b->base_keys, key) != NAME_UNKNOWN)
			continue;
		count++;
		builder_string(b, key);
		builder_string(b, builder_text(b, j, n, "expression"));
		builder_string(b, builder_text(b, j, n, "human"));
		builder_word(b, json_is(j, json_get(j, n, SLICE("severity")), SLICE("error")));
	}
	memcpy(b->words.ptr + at, &count, sizeof count);
}

static void
write_strings(struct builder *b, const struct json *j, uint32_t list)
{
	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n))
		builder_string(b, json_string(j, n, b->arena));
}

static void
write_rule_types(struct builder *b, const struct json *j, uint32_t element)
{
	uint32_t list = json_get(j, element, SLICE("type"));

	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t number = names_find(&b->type_names, builder_text(b, j, n, "code"));

		builder_word(b, number == NAME_UNKNOWN ? PACK_NONE : number);
		write_strings(b, j, json_get(j, n, SLICE("profile")));
		write_strings(b, j, json_get(j, n, SLICE("targetProfile")));
	}
}

static uint32_t
rule_flags(struct builder *b, const struct json *j, uint32_t element, bool choice)
{
	uint32_t ordered = json_path(j, element, "slicing.ordered");
	struct slice rules = builder_text(b, j, element, "slicing.rules");

	return (choice ? PACK_CHOICE : 0u)
	    | (json_get(j, element, SLICE("slicing")) != 0 ? PACK_SLICED : 0u)
	    | (ordered != 0 && json_type(j, ordered) == JSON_TRUE ? PACK_ORDERED : 0u)
	    | (slice_is(rules, "closed") ? PACK_CLOSED : 0u)
	    | (slice_is(rules, "openAtEnd") ? PACK_AT_END : 0u);
}

static void
write_rule(struct builder *b, const struct json *j, uint32_t element)
{
	struct slice path = builder_text(b, j, element, "path"), name = builder_last_of(path);
	bool choice = slice_ends(name, SLICE("[x]"));

	if (choice)
		name.len -= 3;
	builder_word(b, depth_of(path));
	builder_string(b, name);
	builder_string(b, builder_text(b, j, element, "sliceName"));
	builder_word(b, builder_cardinality(b, j, element, "min"));
	builder_word(b, builder_cardinality(b, j, element, "max"));
	builder_word(b, rule_flags(b, j, element, choice));
	write_discriminators(b, j, element);
	write_values(b, j, element);
	builder_write_binding(b, j, element);
	write_own_constraints(b, j, element);
	write_rule_types(b, j, element);
}

static void
write_contexts(struct builder *b, const struct json *j)
{
	uint32_t list = json_get(j, 0, SLICE("context"));

	builder_word(b, list == 0 ? 0 : json_size(j, list));
	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		builder_string(b, builder_text(b, j, n, "type"));
		builder_string(b, builder_text(b, j, n, "expression"));
	}
}

static void
write_profile(struct builder *b, const struct json *j)
{
	uint32_t list = json_path(j, 0, "snapshot.element");

	builder_string(b, builder_text(b, j, 0, "url"));
	builder_string(b, builder_text(b, j, 0, "version"));
	builder_word(b, names_find(&b->type_names, builder_text(b, j, 0, "type")));
	builder_word(b, builder_is_true(j, json_first(j, list), SLICE("isModifier"))
	    ? PACK_MODIFIER_EXTENSION : 0u);
	write_contexts(b, j);
	builder_word(b, json_size(j, list));
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
		write_rule(b, j, n);
}

void
builder_write_profiles(struct builder *b)
{
	const struct definitions *d = &b->of[DEFINITION_STRUCTURE];
	size_t at = b->words.len;
	uint32_t count = 0;

	builder_word(b, 0);
	for (uint32_t i = 0; i < d->count; i++)
		if (is_profile(b, &d->at[i])) {
			write_profile(b, &d->at[i]);
			count++;
		}
	memcpy(b->words.ptr + at, &count, sizeof count);
}
