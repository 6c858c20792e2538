/* builtin_policy.c -- IAM policies: documents to statements, and what they allow.
 *
 * A policy may be a map, JSON text, or the sketch of JSON text of which parts are not known
 * ("${?}").  A statement has one form whatever it was written in:
 *   sid, effect, actions, not_actions, resources, not_resources, principals,
 *   not_principals: lists of texts; condition: a map or null
 * Principals are "*", an ARN or account, "service:x" or "federated:x". */
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/builtin.h"

enum { DEPTH_MAX = 60 };

/* What is nothing but "${?}" is not known. */
static const struct value *
unsketch(struct arena *a, const struct value *v, const struct value *whole, uint32_t depth)
{
	struct value *copy = arena_alloc(a, sizeof *copy);
	uint32_t i;

	*copy = *v;
	copy->span = whole->span;
	if (v->kind == VALUE_STRING && slice_is(v->text, "${?}")) {
		copy->kind = VALUE_UNKNOWN;
		copy->text = SLICE_NONE;
		copy->why = whole->why;
	}
	if (depth == DEPTH_MAX)
		return copy;
	if (v->kind == VALUE_LIST)
		copy->items = arena_array(a, v->count + 1u, sizeof *copy->items);
	if (v->kind == VALUE_MAP)
		copy->members = arena_array(a, v->count + 1u, sizeof *copy->members);
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		copy->items[i] = unsketch(a, v->items[i], whole, depth + 1);
	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++) {
		copy->members[i] = v->members[i];
		copy->members[i].key_span = whole->span;
		copy->members[i].value = unsketch(a, v->members[i].value, whole, depth + 1);
	}
	return copy;
}

/* A map or list as it is; JSON text or sketch, read. */
static const struct value *
document(struct builtin_call *c, const struct value *v)
{
	const struct value *read;

	if (v->kind != VALUE_STRING && !(v->kind == VALUE_UNKNOWN && v->text.len > 0))
		return v;
	read = hcl_read_json(c->arena, v->text, v->span);
	if (read != NULL)
		return unsketch(c->arena, read, v, 0);
	return v->kind == VALUE_UNKNOWN ? v : &value_null;
}

static const struct value *
json(struct builtin_call *c)
{
	return document(c, c->args[0]);
}

/* ---- statements ---- */

static const struct value *
member(const struct value *map, const char *a, const char *b)
{
	const struct value *v = value_path(map, a);

	return v->kind == VALUE_NULL ? value_path(map, b) : v;
}

static struct slice
prefixed(struct builtin_call *c, struct slice kind, struct slice name)
{
	struct buf b;

	if (slice_is(name, "*") || slice_is(kind, "AWS") || slice_is(kind, "*"))
		return name;
	buf_init(&b, c->arena, kind.len + name.len + 2);
	for (size_t i = 0; i < kind.len; i++)
		buf_add_char(&b, kind.ptr[i] >= 'A' && kind.ptr[i] <= 'Z' ? (char)(kind.ptr[i] + 32) : kind.ptr[i]);
	buf_add_char(&b, ':');
	buf_add(&b, name);
	return buf_slice(&b);
}

static void
add_principals(struct builtin_call *c, struct value_builder *b, struct slice kind, const struct value *v)
{
	const struct value *names = builtin_list(c->arena, v);

	if (names->kind == VALUE_UNKNOWN)
		value_append(b, names);
	for (uint32_t i = 0; names->kind == VALUE_LIST && i < names->count; i++) {
		const struct value *name = names->items[i];

		value_append(b, name->kind != VALUE_STRING ? name
		    : value_string(c->arena, name->span, prefixed(c, kind, name->text)));
	}
}

/* "*", { AWS = [...] }, or blocks of { type, identifiers }. */
static const struct value *
principals(struct builtin_call *c, const struct value *v)
{
	struct value_builder b;
	uint32_t i;

	if (v->kind == VALUE_UNKNOWN)
		return v;
	value_begin(&b, c->arena, VALUE_LIST, v->span);
	if (v->kind == VALUE_STRING)
		add_principals(c, &b, SLICE("AWS"), v);
	for (i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		add_principals(c, &b, v->members[i].key, v->members[i].value);
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		if (v->items[i]->kind == VALUE_STRING)
			add_principals(c, &b, SLICE("AWS"), v->items[i]);
		else
			add_principals(c, &b, builtin_text_of(c, value_path(v->items[i], "type")),
			    value_path(v->items[i], "identifiers"));
	return value_end(&b);
}

/* A map of operators, or blocks of { test, variable, values }. */
static const struct value *
condition(struct builtin_call *c, const struct value *v)
{
	struct hcl_map all = { .arena = c->arena };

	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++) {
		struct hcl_map one = { .arena = c->arena };

		hcl_map_add(&one, builtin_text_of(c, value_path(v->items[i], "variable")), v->items[i]->span,
		    value_path(v->items[i], "values"));
		hcl_map_add(&all, builtin_text_of(c, value_path(v->items[i], "test")), v->items[i]->span,
		    hcl_map_end(&one, v->items[i]->span));
	}
	return v->kind == VALUE_LIST ? hcl_map_end(&all, v->span) : v;
}

static const struct { const char *field, *json, *hcl; } lists[] = {
	{ "actions", "Action", "actions" },       { "not_actions", "NotAction", "not_actions" },
	{ "resources", "Resource", "resources" }, { "not_resources", "NotResource", "not_resources" },
};

static const struct value *
statement(struct builtin_call *c, const struct value *s)
{
	struct hcl_map m = { .arena = c->arena };
	const struct value *effect = member(s, "Effect", "effect");

	hcl_map_add(&m, SLICE("sid"), s->span, member(s, "Sid", "sid"));
	hcl_map_add(&m, SLICE("effect"), s->span, effect->kind == VALUE_NULL
	    ? value_string(c->arena, s->span, SLICE("Allow")) : effect);
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		hcl_map_add(&m, slice_of(lists[i].field), s->span,
		    builtin_list(c->arena, member(s, lists[i].json, lists[i].hcl)));
	hcl_map_add(&m, SLICE("principals"), s->span, principals(c, member(s, "Principal", "principals")));
	hcl_map_add(&m, SLICE("not_principals"), s->span,
	    principals(c, member(s, "NotPrincipal", "not_principals")));
	hcl_map_add(&m, SLICE("condition"), s->span,
	    condition(c, member(s, "Condition", "condition")));
	return hcl_map_end(&m, s->span);
}

/* statements(policy ...): of one or more documents, or of blocks of a policy document. */
static const struct value *
statements(struct builtin_call *c)
{
	const struct value *unknown = NULL;
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct value *d = document(c, c->args[i]), *all;

		all = d->kind == VALUE_LIST ? d : builtin_list(c->arena, member(d, "Statement", "statement"));
		if (all->kind == VALUE_UNKNOWN)
			unknown = all;
		for (uint32_t k = 0; all->kind == VALUE_LIST && k < all->count; k++)
			if (all->items[k]->kind == VALUE_MAP)
				value_append(&b, statement(c, all->items[k]));
	}
	return b.made->count == 0 && unknown != NULL ? unknown : value_end(&b);
}

/* ---- what a statement allows ---- */

/* Three values: whether a pattern of the list covers the text. */
static int
covered(struct builtin_call *c, const struct value *patterns, struct slice text)
{
	int found = 0;

	if (patterns->kind == VALUE_UNKNOWN)
		return -1;
	for (uint32_t i = 0; patterns->kind == VALUE_LIST && i < patterns->count; i++) {
		if (patterns->items[i]->kind == VALUE_UNKNOWN)
			found = -1;
		else if (builtin_glob(builtin_text_of(c, patterns->items[i]), text, true)
		    || slice_is(builtin_text_of(c, patterns->items[i]), "*:*"))         /* of any service */
			return 1;
	}
	return found;
}

static const struct value *
three(struct builtin_call *c, int answer)
{
	return answer < 0 ? builtin_unknown(c, "a part of the policy is not known") : builtin_bool(c, answer);
}

static bool
is_allow(struct builtin_call *c, const struct value *s)
{
	return slice_eq_nocase(builtin_text_of(c, builtin_member(c, s, "effect")), SLICE("Allow"));
}

static int
covers_action(struct builtin_call *c, const struct value *s, struct slice action)
{
	const struct value *others = builtin_member(c, s, "not_actions");
	int no;

	if (others->kind == VALUE_LIST && others->count > 0) {
		no = covered(c, others, action);
		return no < 0 ? -1 : !no;
	}
	return covered(c, builtin_member(c, s, "actions"), action);
}

/* allows(statement, action), allows(statement, action, principal): whether the statement lets
 * anyone, or this principal, do it.  The action may hold "*": then all of it must be covered. */
static const struct value *
allows(struct builtin_call *c)
{
	const struct value *s = c->args[0], *actions = builtin_list(c->arena, c->args[1]);
	int answer = 0, who = 1;

	if (s->kind != VALUE_MAP)
		return s->kind == VALUE_UNKNOWN ? s : builtin_bool(c, false);
	if (!is_allow(c, s))
		return builtin_bool(c, false);
	if (c->count > 2)
		who = covered(c, builtin_member(c, s, "principals"), builtin_text_of(c, c->args[2]));
	for (uint32_t i = 0; i < actions->count && answer < 1; i++) {
		int one = covers_action(c, s, builtin_text_of(c, actions->items[i]));

		answer = one != 0 ? one : answer;
	}
	return three(c, answer == 0 || who == 0 ? 0 : answer < 0 || who < 0 ? -1 : 1);
}

/* Whether the statement is for everyone and no condition narrows it. */
static const struct value *
is_for_anyone(struct builtin_call *c)
{
	const struct value *s = c->args[0], *condition = builtin_member(c, s, "condition");
	int anyone;

	if (!is_allow(c, s))
		return builtin_bool(c, false);
	anyone = covered(c, builtin_member(c, s, "principals"), SLICE("\x01"));
	if (anyone == 0 && builtin_member(c, s, "not_principals")->count > 0)
		anyone = 1;
	if (anyone == 1 && condition->kind != VALUE_NULL && condition->count > 0)
		anyone = 0;
	return three(c, anyone);
}

const struct builtin builtins_policy[] = {
	{ "allows", 2, 3, BUILTIN_LOOKS, allows }, { "is_for_anyone", 1, 1, 0, is_for_anyone },
	{ "json", 1, 1, BUILTIN_LOOKS, json },     { "statements", 1, 255, BUILTIN_LOOKS, statements },
};
const size_t builtins_policy_count = COUNT_OF(builtins_policy);
