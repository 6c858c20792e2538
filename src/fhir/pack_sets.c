/* pack_sets.c -- value sets to lists of codes.
 *
 * A definition with an expansion is taken as it stands; else its compose is
 * computed where that needs no more than whole code systems, lists of codes
 * and other value sets.  What needs a filter, or a system that the packages do
 * not hold, is left incomplete: membership is then unknown, never "no". */
#include <stdlib.h>

#include "base/arena.h"
#include "fhir/pack_build.h"
#include "fhir/pack_format.h"

#define CODES_MAX  20000
#define OPEN_MAX   32
#define NESTED_MAX 8
#define STEPS_MAX  200000      /* of one set: sets within sets end */

struct code {
	struct slice system, code;
};

struct codes {
	struct arena *arena;
	struct code  *at;
	uint32_t      count, room, steps;
	bool          complete;
	struct slice  open[OPEN_MAX];   /* systems of which codes may be in it that are not here */
	uint32_t      open_count;
	bool          unknown;          /* so may codes of any system */
};

/* Some codes of the system, nobody here knows which; an empty one: of any. */
static void
leave_open(struct codes *c, struct slice system)
{
	c->complete = false;
	for (uint32_t i = 0; i < c->open_count; i++)
		if (slice_eq(c->open[i], system))
			return;
	if (system.len == 0 || c->open_count == OPEN_MAX)
		c->unknown = true;
	else
		c->open[c->open_count++] = system;
}

static void
add_code(struct codes *c, struct slice system, struct slice code)
{
	if (code.len == 0)
		return;
	c->steps++;
	if (c->count >= CODES_MAX) {
		leave_open(c, system);
		return;
	}
	if (c->count == c->room) {
		uint32_t room = c->room == 0 ? 64 : c->room * 2;

		c->at = arena_grow(c->arena, c->at, c->room * sizeof *c->at, room * sizeof *c->at);
		c->room = room;
	}
	c->at[c->count++] = (struct code){ system, code };
}

/* ValueSet.expansion.contains, nested; abstract entries are not codes. */
static void
add_contains(struct builder *b, struct codes *c, const struct json *j, uint32_t list)
{
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t inner = json_get(j, n, SLICE("contains"));
		uint32_t abstract = json_get(j, n, SLICE("abstract"));

		if (abstract == 0 || json_type(j, abstract) != JSON_TRUE)
			add_code(c, builder_text(b, j, n, "system"), builder_text(b, j, n, "code"));
		if (inner != 0)
			add_contains(b, c, j, inner);
	}
}

static void
add_concepts(struct builder *b, struct codes *c, const struct json *j, uint32_t list,
    struct slice system)
{
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t inner = json_get(j, n, SLICE("concept"));

		add_code(c, system, builder_text(b, j, n, "code"));
		if (inner != 0)
			add_concepts(b, c, j, inner, system);
	}
}

/* What the pack beside has; an incomplete set gives what it can. */
static bool
add_from_base(struct builder *b, struct codes *c, struct slice url)
{
	const struct value_set *set = b->base == NULL ? NULL : pack_value_set(b->base, url);
	struct slice system, code;

	if (set == NULL)
		return false;
	c->complete &= set->complete;
	c->unknown |= set->unknown;
	for (uint32_t i = 0; i < set->open_count; i++)
		leave_open(c, set->open[i]);
	for (uint32_t i = 0; i < set->count; i++) {
		value_set_code(set, i, &system, &code);
		add_code(c, system, code);
	}
	return true;
}

static void
add_system(struct builder *b, struct codes *c, struct slice system)
{
	uint32_t number = names_find(&b->system_names, system), list;
	const struct json *j;

	if (number == NAME_UNKNOWN) {
		if (!add_from_base(b, c, system))
			leave_open(c, system);
		return;
	}
	j = &b->of[DEFINITION_SYSTEM].at[number];
	list = json_get(j, 0, SLICE("concept"));
	if (!json_is(j, json_get(j, 0, SLICE("content")), SLICE("complete")) || list == 0
	    || json_get(j, 0, SLICE("supplements")) != 0)
		leave_open(c, system);
	else
		add_concepts(b, c, j, list, system);
}

static void compute(struct builder *b, struct codes *c, const struct json *j, int depth);

/* With a version, only that one: another package may have it. */
uint32_t
builder_own_set(struct builder *b, struct slice canonical)
{
	struct slice version = canonical, url = slice_cut(&version, '|');
	uint32_t number = names_find(&b->set_names, url);

	if (number == NAME_UNKNOWN || version.len == 0 || b->base == NULL
	    || slice_eq(b->sets[number].version, version) || pack_value_set(b->base, url) == NULL)
		return number;
	return NAME_UNKNOWN;
}

static void
add_value_sets(struct builder *b, struct codes *c, const struct json *j, uint32_t list, int depth)
{
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice url = json_string(j, n, b->arena);
		uint32_t number = builder_own_set(b, url);

		if (depth == NESTED_MAX || c->steps++ > STEPS_MAX)
			leave_open(c, SLICE_NONE);
		else if (number == NAME_UNKNOWN) {
			if (!add_from_base(b, c, url))
				leave_open(c, SLICE_NONE);
		}
		else
			compute(b, c, b->sets[number].json, depth + 1);
	}
}

/* A system and value sets together mean an intersection: not computed. */
static void
add_include(struct builder *b, struct codes *c, const struct json *j, uint32_t include, int depth)
{
	struct slice system = builder_text(b, j, include, "system");
	uint32_t concepts = json_get(j, include, SLICE("concept"));
	uint32_t sets = json_get(j, include, SLICE("valueSet"));

	if (json_get(j, include, SLICE("filter")) != 0
	    || (sets != 0 && (system.len > 0 || json_size(j, sets) > 1)))
		leave_open(c, system);
	else if (sets != 0)
		add_value_sets(b, c, j, sets, depth);
	else if (concepts != 0)
		add_concepts(b, c, j, concepts, system);
	else
		add_system(b, c, system);
}

static void
compute(struct builder *b, struct codes *c, const struct json *j, int depth)
{
	uint32_t contains = json_path(j, 0, "expansion.contains");
	uint32_t includes = json_path(j, 0, "compose.include");

	if (json_is(j, json_get(j, 0, SLICE("resourceType")), SLICE("CodeSystem"))) {
		add_system(b, c, builder_text(b, j, 0, "url"));
		return;
	}
	if (contains != 0) {
		add_contains(b, c, j, contains);
		return;
	}
	if (includes == 0)
		leave_open(c, SLICE_NONE);
	if (json_path(j, 0, "compose.exclude") != 0)
		c->complete = false;            /* what is listed may not be in it */
	for (uint32_t n = includes == 0 ? 0 : json_first(j, includes); n != 0;
	    n = json_next(j, includes, n))
		add_include(b, c, j, n, depth);
}

static int
by_code(const void *a, const void *b)
{
	const struct code *x = a, *y = b;
	int order = slice_cmp(x->code, y->code);

	return order != 0 ? order : slice_cmp(x->system, y->system);
}

static void
write_codes(struct builder *b, struct draft_set *set, struct codes *c)
{
	set->first = (uint32_t)(b->codes.len / 8);
	set->complete = c->complete;
	if (c->count > 0)
		qsort(c->at, c->count, sizeof *c->at, by_code);
	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t row[2];

		if (i > 0 && by_code(&c->at[i - 1], &c->at[i]) == 0)
			continue;
		row[0] = builder_intern(b, c->at[i].system);
		row[1] = builder_intern(b, c->at[i].code);
		buf_add_bytes(&b->codes, row, sizeof row);
		set->count++;
	}
}

static bool
better(const struct json *candidate, const struct json *present)
{
	return json_path(candidate, 0, "expansion.contains") != 0
	    && json_path(present, 0, "expansion.contains") == 0;
}

/* A code system is also the set of all its codes, by its own url. */
static void
collect_system(struct builder *b, const struct json *j)
{
	struct slice url = builder_text(b, j, 0, "url");

	if (url.len > 0 && names_add(&b->set_names, url, b->set_count))
		b->sets[b->set_count++] = (struct draft_set){ .url = url, .json = j,
			.version = builder_text(b, j, 0, "version") };
}

void
builder_collect_sets(struct builder *b)
{
	const struct definitions *sets = &b->of[DEFINITION_SET], *systems = &b->of[DEFINITION_SYSTEM];

	b->sets = arena_array(b->arena, sets->count + systems->count + 1, sizeof *b->sets);
	names_init(&b->set_names, b->arena, sets->count + systems->count);
	names_init(&b->system_names, b->arena, systems->count);
	for (uint32_t i = 0; i < systems->count; i++)
		names_add(&b->system_names, builder_text(b, &systems->at[i], 0, "url"), i);
	for (uint32_t i = 0; i < sets->count; i++) {
		struct slice url = builder_text(b, &sets->at[i], 0, "url");
		uint32_t number = names_find(&b->set_names, url);

		if (number == NAME_UNKNOWN) {
			names_add(&b->set_names, url, b->set_count);
			b->sets[b->set_count++] = (struct draft_set){ .url = url, .json = &sets->at[i],
				.version = builder_text(b, &sets->at[i], 0, "version") };
		} else if (better(&sets->at[i], b->sets[number].json)) {
			b->sets[number].json = &sets->at[i];
			b->sets[number].version = builder_text(b, &sets->at[i], 0, "version");
		}
	}
	for (uint32_t i = 0; i < systems->count; i++)
		collect_system(b, &systems->at[i]);
}

void
builder_write_sets(struct builder *b)
{
	for (uint32_t i = 0; i < b->set_count; i++) {
		struct codes c = { .arena = b->arena, .complete = true };

		compute(b, &c, b->sets[i].json, 0);
		write_codes(b, &b->sets[i], &c);
		builder_string(b, b->sets[i].url);
		builder_string(b, b->sets[i].version);
		builder_word(b, b->sets[i].complete | (c.unknown ? PACK_UNKNOWN : 0u));
		builder_word(b, c.open_count);
		for (uint32_t k = 0; k < c.open_count; k++)
			builder_string(b, c.open[k]);
		builder_word(b, b->sets[i].first);
		builder_word(b, b->sets[i].count);
	}
}
