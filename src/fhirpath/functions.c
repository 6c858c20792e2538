/* functions.c -- the functions of FHIRPath, one row each; the table is last. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/instant.h"
#include "base/limits.h"
#include "fhir/names.h"
#include "fhirpath/ast.h"
#include "fhirpath/function_tables.h"

/* The argument evaluated with one item as $this. */
static bool
with_item(struct evaluation *e, const struct node *argument, const struct item *item,
    int64_t index, struct list *out)
{
	const struct list *self = e->self;
	int64_t old_index = e->index;
	struct list one = { (struct item *)(uintptr_t)item, 1, 1 };
	bool good;

	e->self = &one;
	e->index = index;
	good = eval(e, argument, &one, out);
	e->self = self;
	e->index = old_index;
	return good;
}

bool
function_argument(struct evaluation *e, const struct node *argument, struct list *out)
{
	return eval(e, argument, e->self, out);
}

static bool
truth_of_item(struct evaluation *e, const struct node *argument, const struct item *item,
    int64_t index, int *truth)
{
	struct list l = { 0 };

	return with_item(e, argument, item, index, &l) && list_truth(e, &l, truth);
}

static bool
add_boolean(struct evaluation *e, struct list *out, bool b)
{
	return list_add(e, out, value_boolean(b));
}

/* Adds it when it is, or is not, in the list already. */
static bool
add_if(struct evaluation *e, struct list *out, const struct list *in, const struct item *item, bool there)
{
	bool found;

	return list_has(e, in, item, &found) && (found != there || list_add(e, out, *item));
}

/* Existence */

static bool
fn_empty(ARGS)
{
	(void)n;
	return add_boolean(e, out, focus->count == 0);
}

static bool
filter(ARGS)
{
	for (uint32_t i = 0; i < focus->count; i++) {
		int truth;

		if (!truth_of_item(e, n->left, &focus->at[i], i, &truth))
			return false;
		if (truth == 1 && !list_add(e, out, focus->at[i]))
			return false;
	}
	return true;
}

static bool
fn_exists(ARGS)
{
	struct list kept = { 0 };

	if (n->arguments == 0)
		return add_boolean(e, out, focus->count > 0);
	return filter(e, n, focus, &kept) && add_boolean(e, out, kept.count > 0);
}

static bool
fn_all(ARGS)
{
	struct list kept = { 0 };

	return filter(e, n, focus, &kept) && add_boolean(e, out, kept.count == focus->count);
}

static bool
count_truths(struct evaluation *e, const struct list *focus, uint32_t *yes)
{
	*yes = 0;
	for (uint32_t i = 0; i < focus->count; i++) {
		struct item v = value_system(&focus->at[i], e->arena);

		if (v.kind != ITEM_BOOLEAN)
			return eval_fail(e, "booleans are expected");
		*yes += v.boolean;
	}
	return true;
}

static bool
fn_all_true(ARGS)
{
	uint32_t yes;

	(void)n;
	return count_truths(e, focus, &yes) && add_boolean(e, out, yes == focus->count);
}

static bool
fn_any_true(ARGS)
{
	uint32_t yes;

	(void)n;
	return count_truths(e, focus, &yes) && add_boolean(e, out, yes > 0);
}

static bool
fn_all_false(ARGS)
{
	uint32_t yes;

	(void)n;
	return count_truths(e, focus, &yes) && add_boolean(e, out, yes == 0);
}

static bool
fn_any_false(ARGS)
{
	uint32_t yes;

	(void)n;
	return count_truths(e, focus, &yes) && add_boolean(e, out, yes < focus->count);
}

static bool
all_in(struct evaluation *e, const struct list *few, const struct list *many, struct list *out)
{
	bool found = true;

	for (uint32_t i = 0; i < few->count && found; i++)
		if (!list_has(e, many, &few->at[i], &found))
			return false;
	return add_boolean(e, out, found);
}

static bool
fn_subset_of(ARGS)
{
	struct list other = { 0 };

	return function_argument(e, n->left, &other) && all_in(e, focus, &other, out);
}

static bool
fn_superset_of(ARGS)
{
	struct list other = { 0 };

	return function_argument(e, n->left, &other) && all_in(e, &other, focus, out);
}

static bool
fn_count(ARGS)
{
	(void)n;
	return list_add(e, out, value_integer(focus->count));
}

static bool
fn_distinct(ARGS)
{
	(void)n;
	for (uint32_t i = 0; i < focus->count; i++)
		if (!add_if(e, out, out, &focus->at[i], false))
			return false;
	return true;
}

/* Of strings alone, without comparing each with each: a code system has
 * thousands. */
static bool
strings_distinct(struct evaluation *e, const struct list *focus, bool *distinct)
{
	struct names seen;

	*distinct = true;
	names_init_keyed(&seen, e->arena, focus->count);
	for (uint32_t i = 0; i < focus->count; i++) {
		struct item v = value_system(&focus->at[i], e->arena);

		if (v.kind != ITEM_STRING)
			return false;
		*distinct &= names_add(&seen, v.text, i);
	}
	return true;
}

static bool
fn_is_distinct(ARGS)
{
	struct list l = { 0 };
	bool distinct;

	if (strings_distinct(e, focus, &distinct))
		return add_boolean(e, out, distinct);
	return fn_distinct(e, n, focus, &l) && add_boolean(e, out, l.count == focus->count);
}

/* Filtering and projection */

static bool
fn_select(ARGS)
{
	for (uint32_t i = 0; i < focus->count; i++)
		if (!with_item(e, n->left, &focus->at[i], i, out))
			return false;
	return true;
}

static bool
fn_repeat(ARGS)
{
	struct list todo = *focus;

	while (todo.count > 0) {
		struct list found = { 0 }, fresh = { 0 };

		if (!fn_select(e, n, &todo, &found))
			return false;
		for (uint32_t i = 0; i < found.count; i++) {
			bool known;

			if (!list_has(e, out, &found.at[i], &known) || (!known
			    && (!list_add(e, out, found.at[i]) || !list_add(e, &fresh, found.at[i]))))
				return false;
		}
		todo = fresh;
	}
	return true;
}

/* The argument as a type's name: an identifier, or two with a dot. */
static bool
type_argument(struct evaluation *e, const struct node *a, struct slice *name)
{
	struct buf b;

	if (a->kind == NODE_NAME) {
		*name = a->name;
		return true;
	}
	if (a->kind != NODE_DOT || a->left->kind != NODE_NAME || a->right->kind != NODE_NAME)
		return eval_fail(e, "a type is expected");
	buf_init(&b, e->arena, 256);
	buf_printf(&b, "%.*s.%.*s", SLICE_FMT(a->left->name), SLICE_FMT(a->right->name));
	*name = buf_slice(&b);
	return true;
}

static bool
fn_of_type(ARGS)
{
	struct slice type;

	if (!type_argument(e, n->left, &type))
		return false;
	for (uint32_t i = 0; i < focus->count; i++)
		if (value_is(e->scope->pack, &focus->at[i], type) && !list_add(e, out, focus->at[i]))
			return false;
	return true;
}

static bool
fn_is(ARGS)
{
	struct slice type;

	if (!type_argument(e, n->left, &type))
		return false;
	if (focus->count > 1)
		return eval_fail(e, "one value is expected, not several");
	return focus->count == 0
	    || add_boolean(e, out, value_is(e->scope->pack, &focus->at[0], type));
}

static bool
fn_as(ARGS)
{
	if (focus->count > 1)
		return eval_fail(e, "one value is expected, not several");
	return fn_of_type(e, n, focus, out);
}

/* Subsetting */

bool
function_integer(struct evaluation *e, const struct node *a, int64_t *value, bool *given)
{
	struct list l = { 0 };
	struct item v;

	if (!function_argument(e, a, &l))
		return false;
	*given = l.count == 1;
	if (l.count == 0)
		return true;
	v = value_system(&l.at[0], e->arena);
	if (l.count > 1 || v.kind != ITEM_INTEGER)
		return eval_fail(e, "an integer is expected");
	*value = v.integer;
	return true;
}

static bool
add_range(struct evaluation *e, struct list *out, const struct list *from, int64_t first,
    int64_t last)
{
	for (int64_t i = first < 0 ? 0 : first; i < last && i < (int64_t)from->count; i++)
		if (!list_add(e, out, from->at[i]))
			return false;
	return true;
}

static bool
fn_single(ARGS)
{
	(void)n;
	if (focus->count > 1)
		return eval_fail(e, "one value is expected, not several");
	return list_add_all(e, out, focus);
}

static bool
fn_first(ARGS)
{
	(void)n;
	return add_range(e, out, focus, 0, 1);
}

static bool
fn_last(ARGS)
{
	(void)n;
	return add_range(e, out, focus, (int64_t)focus->count - 1, focus->count);
}

static bool
fn_tail(ARGS)
{
	(void)n;
	return add_range(e, out, focus, 1, focus->count);
}

static bool
fn_skip(ARGS)
{
	int64_t k = 0;
	bool given;

	return function_integer(e, n->left, &k, &given) && add_range(e, out, focus, k, focus->count);
}

static bool
fn_take(ARGS)
{
	int64_t k = 0;
	bool given;

	return function_integer(e, n->left, &k, &given) && add_range(e, out, focus, 0, given ? k : 0);
}

static bool
fn_intersect(ARGS)
{
	struct list other = { 0 };
	bool found;

	if (!function_argument(e, n->left, &other))
		return false;
	for (uint32_t i = 0; i < focus->count; i++)
		if (!list_has(e, &other, &focus->at[i], &found)
		    || (found && !add_if(e, out, out, &focus->at[i], false)))
			return false;
	return true;
}

static bool
fn_exclude(ARGS)
{
	struct list other = { 0 };

	if (!function_argument(e, n->left, &other))
		return false;
	for (uint32_t i = 0; i < focus->count; i++)
		if (!add_if(e, out, &other, &focus->at[i], false))
			return false;
	return true;
}

static bool
fn_union(ARGS)
{
	struct list both = { 0 };

	return list_add_all(e, &both, focus) && function_argument(e, n->left, &both)
	    && fn_distinct(e, n, &both, out);
}

static bool
fn_combine(ARGS)
{
	return list_add_all(e, out, focus) && function_argument(e, n->left, out);
}

/* Control and tree */

static bool
fn_iif(ARGS)
{
	const struct list *self = e->self;
	struct list l = { 0 };
	int truth;
	bool good = true;

	e->self = focus;
	if (focus->count > 1)
		good = eval_fail(e, "one value is expected, not several");
	good = good && eval(e, n->left, focus, &l) && list_truth(e, &l, &truth);
	if (good && truth == 1)
		good = eval(e, n->left->next, focus, out);
	else if (good && n->arguments == 3)
		good = eval(e, n->left->next->next, focus, out);
	e->self = self;
	return good;
}

static bool
fn_not(ARGS)
{
	int truth;

	(void)n;
	return list_truth(e, focus, &truth) && (truth < 0 || add_boolean(e, out, !truth));
}

static bool
fn_children(ARGS)
{
	(void)n;
	for (uint32_t i = 0; i < focus->count; i++)
		if (!list_add_children(e, out, &focus->at[i], SLICE_NONE))
			return false;
	return true;
}

static bool
fn_descendants(ARGS)
{
	uint32_t done = 0;

	if (!fn_children(e, n, focus, out))
		return false;
	while (done < out->count) {
		struct item one = out->at[done++];

		if (!eval_spend(e, 1) || !list_add_children(e, out, &one, SLICE_NONE))
			return false;
	}
	return true;
}

static bool
fn_aggregate(ARGS)
{
	const struct list *old = e->total;
	struct list total = { 0 };
	bool good = n->arguments < 2 || function_argument(e, n->left->next, &total);

	for (uint32_t i = 0; good && i < focus->count; i++) {
		struct list next = { 0 };

		e->total = &total;
		good = with_item(e, n->left, &focus->at[i], i, &next);
		total = next;
	}
	e->total = old;
	return good && list_add_all(e, out, &total);
}

static bool
fn_trace(ARGS)
{
	struct list name = { 0 };
	struct items shown = { focus->at, focus->count };

	if (!function_argument(e, n->left, &name))
		return false;
	if (e->scope->trace != NULL && name.count == 1)
		e->scope->trace(e->scope->trace_ctx, item_text(&name.at[0], e->arena), &shown);
	return list_add_all(e, out, focus);
}

static bool
add_now(struct evaluation *e, struct list *out, enum item_kind kind)
{
	char *text = arena_alloc(e->arena, INSTANT_TEXT);
	struct slice s = slice_make(text, INSTANT_TEXT);

	if (e->scope->env == NULL)
		return eval_fail(e, "there is no clock here");
	instant_format(env_wall(e->scope->env), text);
	if (kind == ITEM_DATE)
		s = slice_sub(s, 0, 10);
	if (kind == ITEM_TIME)
		s = slice_sub(s, 11, 12);
	return list_add(e, out, value_text(kind, s));
}

static bool
fn_now(ARGS)
{
	(void)n;
	(void)focus;
	return add_now(e, out, ITEM_DATETIME);
}

static bool
fn_today(ARGS)
{
	(void)n;
	(void)focus;
	return add_now(e, out, ITEM_DATE);
}

static bool
fn_time_of_day(ARGS)
{
	(void)n;
	(void)focus;
	return add_now(e, out, ITEM_TIME);
}

/* FHIR */

static bool
fn_extension(ARGS)
{
	struct list url = { 0 }, all = { 0 };

	if (!function_argument(e, n->left, &url) || url.count != 1)
		return url.count == 0;
	for (uint32_t i = 0; i < focus->count; i++)
		if (!list_add_children(e, &all, &focus->at[i], SLICE("extension")))
			return false;
	for (uint32_t i = 0; i < all.count; i++) {
		struct list its = { 0 };

		if (!list_add_children(e, &its, &all.at[i], SLICE("url")))
			return false;
		if (its.count == 1 && fhirpath_equal(&its.at[0], &url.at[0], e->arena) == 1
		    && !list_add(e, out, all.at[i]))
			return false;
	}
	return true;
}

/* Not in the specification, but in the search parameters of R4 (QuestionnaireResponse item-subject). */
static bool
fn_has_extension(ARGS)
{
	struct list found = { 0 };

	return fn_extension(e, n, focus, &found) && add_boolean(e, out, found.count > 0);
}

static bool
has_primitive_value(const struct item *i)
{
	return i->kind != ITEM_NODE || (i->node != ITEM_ABSENT && i->type->kind == TYPE_PRIMITIVE);
}

static bool
fn_has_value(ARGS)
{
	(void)n;
	return add_boolean(e, out, focus->count == 1 && has_primitive_value(&focus->at[0]));
}

static bool
fn_get_value(ARGS)
{
	(void)n;
	if (focus->count != 1 || !has_primitive_value(&focus->at[0]))
		return true;
	return list_add(e, out, value_system(&focus->at[0], e->arena));
}

/* A contained resource of %rootResource, or what its text alone says of it. */
static bool
resolve_one(struct evaluation *e, struct slice reference, struct list *out)
{
	struct item found = { .kind = ITEM_NODE, .node = ITEM_ABSENT };
	struct slice rest = reference, type;

	if (slice_starts(reference, SLICE("#"))) {
		struct list contained = { 0 };

		if (!list_add_children(e, &contained, &e->scope->root, SLICE("contained")))
			return false;
		for (uint32_t i = 0; i < contained.count; i++)
			if (json_is(contained.at[i].json, json_get(contained.at[i].json,
			    contained.at[i].node, SLICE("id")), slice_sub(reference, 1, reference.len)))
				return list_add(e, out, contained.at[i]);
		return true;
	}
	if (e->scope->resolve != NULL)
		return !e->scope->resolve(e->scope->resolve_ctx, reference, &found)
		    || list_add(e, out, found);
	/* ".../Patient/1" or ".../Patient/1/_history/2" */
	while (rest.len > 0) {
		type = slice_cut(&rest, '/');
		if ((found.type = pack_resource(e->scope->pack, type)) != NULL && rest.len > 0) {
			found.json = e->scope->root.json;
			return list_add(e, out, found);
		}
	}
	return true;
}

/* Known by an identifier only: what it says that it is (R4 references.html#Reference, Reference.type). */
static bool
resolve_by_type(struct evaluation *e, const struct item *reference, struct list *out)
{
	struct item found = { .kind = ITEM_NODE, .node = ITEM_ABSENT, .json = e->scope->root.json }, text;
	struct list type = { 0 };

	if (!list_add_children(e, &type, reference, SLICE("type")))
		return false;
	if (type.count != 1 || e->scope->resolve != NULL)
		return true;
	text = value_system(&type.at[0], e->arena);
	found.type = text.kind == ITEM_STRING ? pack_resource(e->scope->pack, text.text) : NULL;
	return found.type == NULL || list_add(e, out, found);
}

static bool
fn_resolve(ARGS)
{
	(void)n;
	for (uint32_t i = 0; i < focus->count; i++) {
		struct list reference = { 0 };
		struct item v = value_system(&focus->at[i], e->arena);

		if (v.kind == ITEM_NODE
		    && !list_add_children(e, &reference, &focus->at[i], SLICE("reference")))
			return false;
		if (v.kind == ITEM_NODE && reference.count == 0 && !resolve_by_type(e, &focus->at[i], out))
			return false;
		if (reference.count == 1)
			v = value_system(&reference.at[0], e->arena);
		if (v.kind == ITEM_STRING && !resolve_one(e, v.text, out))
			return false;
	}
	return true;
}

static bool
member_of(struct evaluation *e, const struct value_set *set, const struct item *i, bool *is)
{
	struct item v = value_system(i, e->arena);
	struct list codings = { 0 };

	*is = false;
	if (v.kind == ITEM_STRING) {
		*is = value_set_has(e->scope->pack, set, SLICE_NONE, v.text);
		return true;
	}
	if (v.kind != ITEM_NODE)
		return true;
	if (slice_is(v.type->name, "Coding") ? !list_add(e, &codings, v)
	    : !list_add_children(e, &codings, &v, SLICE("coding")))
		return false;
	for (uint32_t k = 0; k < codings.count && !*is; k++) {
		const struct item *c = &codings.at[k];
		uint32_t system = json_get(c->json, c->node, SLICE("system"));
		uint32_t code = json_get(c->json, c->node, SLICE("code"));

		*is = code != 0 && value_set_has(e->scope->pack, set,
		    system == 0 ? SLICE_NONE : json_string(c->json, system, e->arena),
		    json_string(c->json, code, e->arena));
	}
	return true;
}

static bool
fn_member_of(ARGS)
{
	struct list url = { 0 };
	const struct value_set *set;
	bool is;

	if (!function_argument(e, n->left, &url))
		return false;
	if (url.count != 1 || focus->count != 1)
		return true;
	set = pack_value_set(e->scope->pack, item_text(&url.at[0], e->arena));
	if (set == NULL || !member_of(e, set, &focus->at[0], &is))
		return set == NULL;
	return (!is && !set->complete) || add_boolean(e, out, is);
}

static bool
fn_type(ARGS)
{
	(void)n;
	for (uint32_t i = 0; i < focus->count; i++) {
		struct item t = { .kind = ITEM_TYPE };

		value_type_name(&focus->at[i], &t.unit, &t.text);
		if (!list_add(e, out, t))
			return false;
	}
	return true;
}

/* The structure of a narrative is checked where narratives are; here: is it one? */
static bool
fn_html_checks(ARGS)
{
	(void)n;
	return add_boolean(e, out, focus->count == 1
	    && slice_starts(item_text(&focus->at[0], e->arena), SLICE("<div")));
}

static const struct function_row rows[] = {
	{ "empty", 0, 0, fn_empty }, { "exists", 0, 1, fn_exists }, { "all", 1, 1, fn_all },
	{ "allTrue", 0, 0, fn_all_true }, { "anyTrue", 0, 0, fn_any_true },
	{ "allFalse", 0, 0, fn_all_false }, { "anyFalse", 0, 0, fn_any_false },
	{ "subsetOf", 1, 1, fn_subset_of }, { "supersetOf", 1, 1, fn_superset_of },
	{ "count", 0, 0, fn_count }, { "distinct", 0, 0, fn_distinct },
	{ "isDistinct", 0, 0, fn_is_distinct },
	{ "where", 1, 1, filter }, { "select", 1, 1, fn_select }, { "repeat", 1, 1, fn_repeat },
	{ "ofType", 1, 1, fn_of_type }, { "is", 1, 1, fn_is }, { "as", 1, 1, fn_as },
	{ "single", 0, 0, fn_single }, { "first", 0, 0, fn_first }, { "last", 0, 0, fn_last },
	{ "tail", 0, 0, fn_tail }, { "skip", 1, 1, fn_skip }, { "take", 1, 1, fn_take },
	{ "intersect", 1, 1, fn_intersect }, { "exclude", 1, 1, fn_exclude },
	{ "union", 1, 1, fn_union }, { "combine", 1, 1, fn_combine }, { "iif", 2, 3, fn_iif },
	{ "not", 0, 0, fn_not }, { "children", 0, 0, fn_children },
	{ "descendants", 0, 0, fn_descendants }, { "aggregate", 1, 2, fn_aggregate },
	{ "trace", 1, 2, fn_trace }, { "now", 0, 0, fn_now }, { "today", 0, 0, fn_today },
	{ "timeOfDay", 0, 0, fn_time_of_day }, { "extension", 1, 1, fn_extension },
	{ "hasExtension", 1, 1, fn_has_extension },
	{ "hasValue", 0, 0, fn_has_value }, { "getValue", 0, 0, fn_get_value },
	{ "resolve", 0, 0, fn_resolve }, { "memberOf", 1, 1, fn_member_of },
	{ "type", 0, 0, fn_type }, { "htmlChecks", 0, 0, fn_html_checks },
};

static const struct function_table own = { rows, COUNT_OF(rows) };
static const struct function_table *const tables[] = {
	&own, &text_functions, &conversion_functions, &math_functions, &boundary_functions,
};

const struct function_row *
function_find(struct slice name)
{
	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			if (slice_is(name, tables[t]->rows[i].name))
				return &tables[t]->rows[i];
	return NULL;
}
