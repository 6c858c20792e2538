/* builtin.c -- functions about values and about the graph; the table of all. */
#include "iac/builtin.h"

#include "base/arena.h"
#include "base/attr.h"

enum { MANY = 255 };

const struct value *
builtin_bool(struct builtin_call *c, bool b)
{
	return value_bool(c->arena, c->span, b);
}

const struct value *
builtin_number(struct builtin_call *c, long double n)
{
	return hcl_number_value(c->arena, c->span, n);
}

const struct value *
builtin_text(struct builtin_call *c, struct slice s)
{
	return value_string(c->arena, c->span, s);
}

const struct value *
builtin_unknown(struct builtin_call *c, const char *because)
{
	return value_unknown(c->arena, c->span, slice_of(because));
}

struct slice
builtin_text_of(struct builtin_call *c, const struct value *v)
{
	const struct value *text = hcl_to_string(c->arena, v);

	return text != NULL && text->kind == VALUE_STRING ? text->text : SLICE("");
}

const struct value *
builtin_member(struct builtin_call *c, const struct value *v, const char *name)
{
	const struct object *o = engine_find_object(c->engine, v);
	const struct value *field = o == NULL || o->row_of == NULL ? NULL
	    : engine_field(c->engine, o, slice_of(name));

	return field != NULL ? field : value_path(v, name);
}

const struct value *
builtin_list(struct arena *a, const struct value *v)
{
	struct value_builder b;

	if (v->kind == VALUE_LIST || v->kind == VALUE_UNKNOWN)
		return v;
	value_begin(&b, a, VALUE_LIST, v->span);
	if (v->kind != VALUE_NULL)
		value_append(&b, v);
	return value_end(&b);
}

const struct value *
builtin_words(struct arena *a, const char *const *words, size_t count)
{
	struct value_builder b;

	value_begin(&b, a, VALUE_LIST, (struct span){ 0 });
	for (size_t i = 0; i < count; i++)
		value_append(&b, value_string(a, (struct span){ 0 }, slice_of(words[i])));
	return value_end(&b);
}

/* ---- values ---- */

static bool
is_empty(const struct value *v)
{
	if (v->kind == VALUE_STRING)
		return slice_trim(v->text).len == 0;
	return v->kind == VALUE_NULL || ((v->kind == VALUE_LIST || v->kind == VALUE_MAP) && v->count == 0);
}

/* Could it be empty or not?  What a resource gives is there, and so is a text with a known part. */
static bool
uncertain(const struct value *v)
{
	return v->kind == VALUE_UNKNOWN && !v->made
	    && (v->text.len == 0 || slice_is(v->text, "${?}"));
}

static const struct value *
absent(struct builtin_call *c)
{
	return uncertain(c->args[0]) ? c->args[0] : builtin_bool(c, is_empty(c->args[0]));
}

static const struct value *
present(struct builtin_call *c)
{
	return uncertain(c->args[0]) ? c->args[0] : builtin_bool(c, !is_empty(c->args[0]));
}

static const struct value *
known(struct builtin_call *c)
{
	return builtin_bool(c, c->args[0]->kind != VALUE_UNKNOWN);
}

static const struct value *
list(struct builtin_call *c)
{
	return builtin_list(c->arena, c->args[0]);
}

/* All items of all arguments that are lists, in one. */
static const struct value *
join_lists(struct builtin_call *c)
{
	const struct value *unknown = NULL;
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct value *v = builtin_list(c->arena, c->args[i]);

		if (v->kind == VALUE_UNKNOWN)
			unknown = v;
		for (uint32_t k = 0; v->kind == VALUE_LIST && k < v->count; k++)
			value_append(&b, v->items[k]);
	}
	return b.made->count == 0 && unknown != NULL ? unknown : value_end(&b);
}

static const struct value *
first(struct builtin_call *c)
{
	const struct value *v = builtin_list(c->arena, c->args[0]);

	return v->count > 0 ? v->items[0] : &value_null;
}

/* Whether a definite item equals `decides`; unknown when one may. */
static const struct value *
decide(struct builtin_call *c, bool decides)
{
	const struct value *all = builtin_list(c->arena, c->args[0]), *unknown = NULL;

	if (all->kind == VALUE_UNKNOWN)
		return all;
	for (uint32_t i = 0; i < all->count; i++) {
		const struct value *v = hcl_to_bool(c->arena, all->items[i]);

		if (v != NULL && v->kind == VALUE_UNKNOWN)
			unknown = v;
		else if ((v != NULL && v->kind == VALUE_BOOL && v->boolean) == decides)
			return builtin_bool(c, decides);
	}
	return unknown != NULL ? unknown : builtin_bool(c, !decides);
}

static const struct value *any(struct builtin_call *c) { return decide(c, true); }
static const struct value *all(struct builtin_call *c) { return decide(c, false); }

/* The first argument that is neither null nor empty. */
static const struct value *
either(struct builtin_call *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (!is_empty(c->args[i]))
			return c->args[i];
	return &value_null;
}

/* Equal text, letters without case, to one of the others. */
static const struct value *
one_of(struct builtin_call *c)
{
	struct slice text = builtin_text_of(c, c->args[0]);

	for (uint32_t i = 1; i < c->count; i++) {
		const struct value *others = builtin_list(c->arena, c->args[i]);

		for (uint32_t k = 0; others->kind == VALUE_LIST && k < others->count; k++)
			if (c->args[0]->kind != VALUE_NULL
			    && slice_eq_nocase(text, builtin_text_of(c, others->items[k])))
				return builtin_bool(c, true);
	}
	return builtin_bool(c, false);
}

/* get(map, "a.b", "c"): the first path that is there, letters without case. */
static const struct value *
get_path(const struct value *v, struct slice path)
{
	while (path.len > 0) {
		struct slice step = slice_cut(&path, '.');
		const struct value *next = &value_null;

		while (v->kind == VALUE_LIST && v->count == 1)
			v = v->items[0];
		if (v->kind == VALUE_UNKNOWN)
			return v;
		for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count && next == &value_null; i++)
			if (slice_eq_nocase(v->members[i].key, step))
				next = v->members[i].value;
		v = next;
	}
	return v;
}

static const struct value *
get(struct builtin_call *c)
{
	const struct value *v = &value_null;

	for (uint32_t i = 1; i < c->count && v->kind == VALUE_NULL; i++)
		v = get_path(c->args[0], builtin_text_of(c, c->args[i]));
	return v;
}

/* ---- the graph ---- */

static const struct value *
resources(struct builtin_call *c)
{
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct value *some = engine_objects(c->engine, builtin_text_of(c, c->args[i]));

		for (uint32_t k = 0; k < some->count; k++)
			value_append(&b, some->items[k]);
	}
	return value_end(&b);
}

static void
add_links(struct builtin_call *c, struct value_builder *b, struct slice type, const uint32_t *links,
    uint32_t count)
{
	const struct resource *all = c->engine->project->resources;

	for (uint32_t i = 0; i < count; i++)
		if (graph_type_matches(type, all[links[i]].type))
			value_append(b, engine_object(c->engine, links[i]));
}

/* The last answers of graph_doubt(): many resources of one type ask the same. */
struct doubt_answer {
	struct slice        about, type;
	const struct value *answer;
};

enum { DOUBT_ANSWERS = 256 };

static const struct value *
doubt_from(struct engine *e, struct slice about, struct slice type)
{
	struct doubt_answer *a;

	if (e->doubts == NULL)
		e->doubts = arena_array(e->arena, DOUBT_ANSWERS, sizeof *e->doubts);
	a = &e->doubts[(about.len * 31 + type.len * 7 + (type.len > 2 ? (unsigned char)type.ptr[type.len / 2] : 0)
	    + (about.len > 2 ? (unsigned char)about.ptr[about.len / 2] : 0)) % DOUBT_ANSWERS];
	if (!slice_eq(a->about, about) || !slice_eq(a->type, type))
		*a = (struct doubt_answer){ about, slice_dup(type, e->arena), graph_doubt(e->graph, about, type) };
	return a->answer;
}

/* What stands in for links that are not known; NULL: nothing. */
static const struct value *
doubt(struct builtin_call *c, uint32_t self, struct slice type, unsigned ways)
{
	const struct graph *g = c->engine->graph;
	const struct value *v = NULL;

	if (ways & GRAPH_FROM)
		v = doubt_from(c->engine, c->engine->project->resources[self].type, type);
	return v == NULL && (ways & GRAPH_TO) ? graph_own_doubt(g, self, type) : v;
}

/* Those that are linked; unknown when none is and one may be. */
static const struct value *
links(struct builtin_call *c, unsigned ways)
{
	const struct object *o = engine_find_object(c->engine, c->args[0]);
	const struct value *unknown = NULL;
	const uint32_t *list;
	uint32_t self, i, count;
	struct value_builder b;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	if (o == NULL)
		return value_end(&b);
	self = (uint32_t)(o->resource - c->engine->project->resources);
	list = graph_links(c->engine->graph, c->arena, self, ways, &count);
	for (i = 1; i < c->count; i++)
		add_links(c, &b, builtin_text_of(c, c->args[i]), list, count);
	for (i = 1; b.made->count == 0 && i < c->count && unknown == NULL; i++)
		unknown = doubt(c, self, builtin_text_of(c, c->args[i]), ways);
	return unknown != NULL ? unknown : value_end(&b);
}

static const struct value *linked(struct builtin_call *c) { return links(c, GRAPH_FROM | GRAPH_TO); }
static const struct value *linked_from(struct builtin_call *c) { return links(c, GRAPH_FROM); }
static const struct value *linked_to(struct builtin_call *c) { return links(c, GRAPH_TO); }

/* ---- the table ---- */

static const struct builtin general[] = {
	{ "absent", 1, 1, BUILTIN_LOOKS, absent },            { "all", 1, 1, BUILTIN_LOOKS, all },
	{ "alltrue", 1, 1, BUILTIN_LOOKS, all },  { "any", 1, 1, BUILTIN_LOOKS, any },
	{ "anytrue", 1, 1, BUILTIN_LOOKS, any },  { "either", 1, MANY, BUILTIN_LOOKS, either },
	{ "first", 1, 1, 0, first },              { "get", 2, MANY, 0, get },
	{ "join_lists", 0, MANY, BUILTIN_LOOKS, join_lists },
	{ "known", 1, 1, BUILTIN_LOOKS, known },  { "linked", 2, MANY, BUILTIN_LOOKS, linked },
	{ "linked_from", 2, MANY, BUILTIN_LOOKS, linked_from },
	{ "linked_to", 2, MANY, BUILTIN_LOOKS, linked_to },
	{ "list", 1, 1, 0, list },                { "one_of", 2, MANY, 0, one_of },
	{ "present", 1, 1, BUILTIN_LOOKS, present },          { "resources", 1, MANY, 0, resources },
};

static const struct {
	const struct builtin *list;
	const size_t         *count;
} tables[] = {
	{ general, &(const size_t){ COUNT_OF(general) } }, { builtins_text, &builtins_text_count },
	{ builtins_cloud, &builtins_cloud_count }, { builtins_policy, &builtins_policy_count },
	{ builtins_settings, &builtins_settings_count }, { builtins_where, &builtins_where_count },
};

/* What functions of Terraform answer to null here. */
enum empty { EMPTY_NULL, EMPTY_FALSE, EMPTY_ZERO, EMPTY_LIST };

static const struct {
	const char *name;
	enum empty  answer;
} of_null[] = {
	{ "contains", EMPTY_FALSE }, { "distinct", EMPTY_LIST }, { "endswith", EMPTY_FALSE },
	{ "flatten", EMPTY_LIST },   { "join", EMPTY_NULL },     { "jsondecode", EMPTY_NULL },
	{ "keys", EMPTY_LIST },      { "length", EMPTY_ZERO },   { "lookup", EMPTY_NULL },
	{ "lower", EMPTY_NULL },     { "replace", EMPTY_NULL },  { "split", EMPTY_LIST },
	{ "startswith", EMPTY_FALSE }, { "strcontains", EMPTY_FALSE }, { "substr", EMPTY_NULL },
	{ "toset", EMPTY_LIST },     { "trim", EMPTY_NULL },     { "trimprefix", EMPTY_NULL },
	{ "trimspace", EMPTY_NULL }, { "trimsuffix", EMPTY_NULL }, { "upper", EMPTY_NULL },
	{ "values", EMPTY_LIST },
};

static const struct value *
answer_to_null(struct builtin_call *c, struct slice name)
{
	static const struct value no_items = { .kind = VALUE_LIST };

	for (size_t i = 0; i < COUNT_OF(of_null); i++) {
		if (!slice_is(name, of_null[i].name))
			continue;
		switch (of_null[i].answer) {
		case EMPTY_NULL:  return &value_null;
		case EMPTY_FALSE: return builtin_bool(c, false);
		case EMPTY_ZERO:  return builtin_number(c, 0);
		case EMPTY_LIST:  return &no_items;
		}
	}
	return NULL;
}

static const struct builtin *
find(struct slice name)
{
	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (size_t i = 0; i < *tables[t].count; i++)
			if (name.len > 0 && tables[t].list[i].name[0] == name.ptr[0]
			    && slice_is(name, tables[t].list[i].name))
				return &tables[t].list[i];
	return NULL;
}

/* An unknown that is one of some values: the answer, when it is the same for each. */
static const struct value *
for_each_possible(const struct builtin *b, struct builtin_call *c, uint32_t which)
{
	const struct value **args = arena_array(c->arena, c->count, sizeof *args), *many = c->args[which];
	const struct value *answer = NULL, *other;

	memcpy((void *)args, (const void *)c->args, c->count * sizeof *args);
	c->args = args;
	for (uint32_t i = 0; i < many->count; i++) {
		args[which] = many->items[i];
		for (uint32_t k = 0; k < c->count; k++)
			if (args[k]->kind == VALUE_UNKNOWN)
				return args[k];
		other = b->apply(c);
		if (answer != NULL && !value_equal(answer, other))
			return many;
		answer = other;
	}
	return answer;
}

const struct value *
builtin_call(void *frame, struct slice name, const struct value *const *args, uint32_t count,
    struct span span)
{
	const struct frame *f = frame;
	struct builtin_call c = { f->engine, f->engine->current->arena, f, args, count, span };
	const struct builtin *b = find(name);

	if (b == NULL)
		return count > 0 && args[0]->kind == VALUE_NULL ? answer_to_null(&c, name) : NULL;
	if (count < b->least || (b->most != MANY && count > b->most)) {
		f->engine->meter.errors++;
		return builtin_unknown(&c, "the function takes another number of arguments");
	}
	for (uint32_t i = 0; !(b->flags & BUILTIN_LOOKS) && i < count; i++)
		if (args[i]->kind == VALUE_UNKNOWN)
			return args[i]->count > 0 ? for_each_possible(b, &c, i) : args[i];
	return b->apply(&c);
}
