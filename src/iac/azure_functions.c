/* azure_functions.c -- the functions of ARM templates and Bicep; see azure.h.
 *
 * What is the same in Terraform is called there.  What only a deployment knows is unknown; a
 * resourceId() keeps its path as a sketch and leaves a reference. */
#include "iac/azure.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/encode.h"

struct call {
	struct azure              *azure;
	struct arena              *arena;
	const struct value *const *args;
	uint32_t                   count;
	struct span                span;
};

typedef const struct value *function_fn(struct call *);

static const struct value *
unknown(struct call *c, const char *because)
{
	return value_unknown(c->arena, c->span, slice_of(because));
}

static const struct value *
arg(struct call *c, uint32_t i)
{
	return i < c->count ? c->args[i] : &value_null;
}

static const struct value *
text_value(struct call *c, struct slice s)
{
	return value_string(c->arena, c->span, s);
}

static const struct value *
truth(struct call *c, bool b)
{
	return value_bool(c->arena, c->span, b);
}

/* The first argument that is not known; NULL when all are. */
static const struct value *
open_argument(struct call *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
	return NULL;
}

/* The same function of Terraform. */
static const struct value *
terraform(struct call *c, const char *name)
{
	struct hcl_scope s = { .project = c->azure->project, .meter = c->azure->meter };
	const struct value *v = hcl_call(&s, slice_of(name), (const struct value **)(uintptr_t)c->args, c->count,
	    c->span);

	return v != NULL ? v : unknown(c, "this function is not computed");
}

/* ---- texts ---- */

struct parts {
	struct buf          text;
	const struct value *unknown;
	bool                sensitive;
};

static void
add_part(struct call *c, struct parts *p, const struct value *v)
{
	const struct value *text = v->kind == VALUE_NULL ? text_value(c, SLICE("")) : hcl_to_string(c->arena, v);

	p->sensitive |= v->sensitive;
	if (text == NULL) {
		hcl_write_json(&p->text, c->arena, v, 0);
		return;
	}
	if (text->kind == VALUE_UNKNOWN && p->unknown == NULL)
		p->unknown = text;
	buf_add(&p->text, text->kind == VALUE_UNKNOWN && text->text.len == 0 ? SLICE("${?}") : text->text);
}

static const struct value *
parts_value(struct call *c, struct parts *p)
{
	struct value *v = arena_alloc(c->arena, sizeof *v);

	hcl_spend(c->azure->meter, p->text.len);
	if (!buf_ok(&p->text))
		return unknown(c, "the text is too long");
	v->kind = p->unknown != NULL ? VALUE_UNKNOWN : VALUE_STRING;
	v->why = p->unknown != NULL ? p->unknown->why : NULL;
	v->span = c->span;
	v->text = buf_slice(&p->text);
	v->sensitive = p->sensitive;
	return v;
}

static const struct value *
joined_lists(struct call *c)
{
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->count; i++)
		for (uint32_t k = 0; c->args[i]->kind == VALUE_LIST && k < c->args[i]->count; k++)
			value_append(&b, c->args[i]->items[k]);
	return value_end(&b);
}

static const struct value *
concat(struct call *c)
{
	struct parts p = { 0 };

	if (arg(c, 0)->kind == VALUE_LIST)
		return joined_lists(c);
	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	for (uint32_t i = 0; i < c->count; i++)
		add_part(c, &p, c->args[i]);
	return parts_value(c, &p);
}

/* "{0}-{1:x}"; "{{" is a brace. */
static const struct value *
format(struct call *c)
{
	struct slice f = arg(c, 0)->text;
	struct parts p = { 0 };
	size_t i = 0;

	if (arg(c, 0)->kind != VALUE_STRING)
		return unknown(c, "the format is not known");
	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	while (i < f.len) {
		size_t end = i + slice_find(slice_sub(f, i, f.len), '}');
		uint64_t n;
		struct slice inside = slice_sub(f, i + 1, end - i - 1);

		if (f.ptr[i] == '{' && end < f.len && slice_uint(slice_cut(&inside, ':'), &n) && n < c->count) {
			add_part(c, &p, arg(c, (uint32_t)n + 1));
			i = end + 1;
			continue;
		}
		buf_add_char(&p.text, f.ptr[i]);
		i += (f.ptr[i] == '{' || f.ptr[i] == '}') && i + 1 < f.len && f.ptr[i + 1] == f.ptr[i] ? 2 : 1;
	}
	return parts_value(c, &p);
}

static const struct value *
string_of(struct call *c)
{
	return concat(&(struct call){ c->azure, c->arena, c->args, c->count > 0, c->span });
}

static const struct value *to_lower(struct call *c) { return terraform(c, "lower"); }
static const struct value *to_upper(struct call *c) { return terraform(c, "upper"); }
static const struct value *trim(struct call *c) { return terraform(c, "trimspace"); }
static const struct value *length(struct call *c) { return terraform(c, "length"); }
static const struct value *minimum(struct call *c) { return terraform(c, "min"); }
static const struct value *maximum(struct call *c) { return terraform(c, "max"); }
static const struct value *integer(struct call *c) { return terraform(c, "tonumber"); }
static const struct value *base64(struct call *c) { return terraform(c, "base64encode"); }
static const struct value *from_base64(struct call *c) { return terraform(c, "base64decode"); }
static const struct value *json(struct call *c) { return terraform(c, "jsondecode"); }

static const struct value *
replace(struct call *c)
{
	struct slice rest = arg(c, 0)->text, what = arg(c, 1)->text;
	struct parts p = { 0 };
	const char *at;

	if (arg(c, 0)->kind != VALUE_STRING || what.len == 0)
		return open_argument(c) != NULL ? open_argument(c) : arg(c, 0);
	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	while ((at = memmem(rest.ptr, rest.len, what.ptr, what.len)) != NULL) {
		buf_add(&p.text, slice_sub(rest, 0, (size_t)(at - rest.ptr)));
		add_part(c, &p, arg(c, 2));
		rest = slice_sub(rest, (size_t)(at - rest.ptr) + what.len, rest.len);
	}
	buf_add(&p.text, rest);
	return parts_value(c, &p);
}

/* join(list, separator), where Terraform has them the other way. */
static const struct value *
join(struct call *c)
{
	const struct value *list = arg(c, 0);
	struct parts p = { 0 };

	if (list->kind != VALUE_LIST)
		return unknown(c, "the list is not known");
	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	for (uint32_t i = 0; i < list->count; i++) {
		if (i > 0)
			add_part(c, &p, arg(c, 1));
		add_part(c, &p, list->items[i]);
	}
	return parts_value(c, &p);
}

static const struct value *
split(struct call *c)
{
	const struct value *args[] = { arg(c, 1), arg(c, 0) };

	if (arg(c, 1)->kind != VALUE_STRING || arg(c, 1)->text.len == 0)
		return unknown(c, "the separators are not computed");
	return terraform(&(struct call){ c->azure, c->arena, args, 2, c->span }, "split");
}

static bool
number(struct call *c, uint32_t i, long double *out)
{
	const struct value *v = hcl_to_number(c->arena, arg(c, i));

	if (v == NULL || v->kind != VALUE_NUMBER)
		return false;
	*out = hcl_number(v);
	return true;
}

/* From `from` on, `len` items of a list or bytes of a text. */
static const struct value *
part(struct call *c, const struct value *of, long double from, long double len)
{
	struct value_builder b;

	if (from < 0)
		from = 0;
	if (of->kind == VALUE_STRING)
		return text_value(c, slice_sub(of->text, from > 1e9L ? of->text.len : (size_t)from,
		    len < 0 ? 0 : len > 1e9L ? of->text.len : (size_t)len));
	if (of->kind != VALUE_LIST)
		return of->kind == VALUE_UNKNOWN ? of : unknown(c, "only texts and lists have parts");
	value_begin(&b, c->arena, VALUE_LIST, of->span);
	for (uint32_t i = 0; i < of->count; i++)
		if (i >= from && i < from + len)
			value_append(&b, of->items[i]);
	return value_end(&b);
}

static const struct value *
substring(struct call *c)
{
	long double from, len = 1e18L;

	if (!number(c, 1, &from) || (c->count > 2 && !number(c, 2, &len)))
		return unknown(c, "the part of the text is not known");
	return part(c, arg(c, 0), from, len);
}

static const struct value *
take(struct call *c)
{
	long double n;

	return number(c, 1, &n) ? part(c, arg(c, 0), 0, n) : unknown(c, "how many is not known");
}

static const struct value *
skip(struct call *c)
{
	long double n;

	return number(c, 1, &n) ? part(c, arg(c, 0), n, 1e18L) : unknown(c, "how many is not known");
}

static const struct value *
end_item(struct call *c, bool last)
{
	const struct value *v = arg(c, 0);

	if (v->kind == VALUE_LIST)
		return v->count > 0 ? v->items[last ? v->count - 1 : 0] : &value_null;
	return part(c, v, last && v->text.len > 0 ? (long double)(v->text.len - 1) : 0, 1);
}

static const struct value *first(struct call *c) { return end_item(c, false); }
static const struct value *last(struct call *c) { return end_item(c, true); }

static bool
begins(struct slice s, struct slice with, bool end)
{
	if (s.len < with.len)
		return false;
	return slice_eq_nocase(slice_sub(s, end ? s.len - with.len : 0, with.len), with);
}

static const struct value *
edge(struct call *c, bool end)
{
	const struct value *open = open_argument(c);

	if (open != NULL || arg(c, 0)->kind != VALUE_STRING || arg(c, 1)->kind != VALUE_STRING)
		return open != NULL ? open : unknown(c, "only texts are compared");
	return truth(c, begins(arg(c, 0)->text, arg(c, 1)->text, end));
}

static const struct value *starts_with(struct call *c) { return edge(c, false); }
static const struct value *ends_with(struct call *c) { return edge(c, true); }

static const struct value *
contains(struct call *c)
{
	const struct value *in = arg(c, 0), *what = arg(c, 1), *open = open_argument(c);

	if (open != NULL)
		return open;
	if (in->kind == VALUE_STRING)
		return truth(c, what->text.len == 0 || memmem(in->text.ptr, in->text.len, what->text.ptr,
		    what->text.len) != NULL);
	if (in->kind == VALUE_MAP)
		return truth(c, value_member(in, what->text) != &value_null);
	for (uint32_t i = 0; in->kind == VALUE_LIST && i < in->count; i++) {
		if (in->items[i]->kind == VALUE_UNKNOWN)
			open = in->items[i];
		else if (value_equal(in->items[i], what))
			return truth(c, true);
	}
	return open != NULL ? open : truth(c, false);
}

static const struct value *
empty(struct call *c)
{
	const struct value *v = arg(c, 0);

	if (v->kind == VALUE_UNKNOWN)
		return v;
	return truth(c, v->kind == VALUE_NULL || (v->kind == VALUE_STRING && v->text.len == 0)
	    || ((v->kind == VALUE_LIST || v->kind == VALUE_MAP) && v->count == 0));
}

static const struct value *
index_of(struct call *c)
{
	struct slice in = arg(c, 0)->text, what = arg(c, 1)->text;
	const char *at = in.len == 0 || what.len == 0 ? NULL : memmem(in.ptr, in.len, what.ptr, what.len);

	if (open_argument(c) != NULL || arg(c, 0)->kind != VALUE_STRING)
		return unknown(c, "where it stands is not known");
	return hcl_number_value(c->arena, c->span, at == NULL ? -1 : at - in.ptr);
}

static const struct value *
pad_left(struct call *c)
{
	struct parts p = { 0 };
	long double n;

	if (open_argument(c) != NULL || !number(c, 1, &n) || n > 1000)
		return unknown(c, "the text is not known");
	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	for (size_t i = azure_text(c->azure, arg(c, 0)).len; i < n; i++)
		buf_add(&p.text, c->count > 2 ? slice_sub(arg(c, 2)->text, 0, 1) : SLICE(" "));
	add_part(c, &p, arg(c, 0));
	return parts_value(c, &p);
}

static const struct value *
uri(struct call *c)
{
	struct parts p = { 0 };

	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	add_part(c, &p, arg(c, 0));
	if (p.text.len > 0 && p.text.ptr[p.text.len - 1] != '/')
		buf_add_char(&p.text, '/');
	add_part(c, &p, arg(c, 1));
	return parts_value(c, &p);
}

/* ---- lists and objects ---- */

static const struct value *
array(struct call *c)
{
	struct value_builder b;

	if (arg(c, 0)->kind == VALUE_LIST || arg(c, 0)->kind == VALUE_UNKNOWN)
		return arg(c, 0);
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	value_append(&b, arg(c, 0));
	return value_end(&b);
}

static const struct value *
create_array(struct call *c)
{
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < c->count; i++)
		value_append(&b, c->args[i]);
	return value_end(&b);
}

static const struct value *
create_object(struct call *c)
{
	struct hcl_map m = { .arena = c->arena };

	for (uint32_t i = 0; i + 1 < c->count; i += 2)
		hcl_map_add(&m, azure_text(c->azure, c->args[i]), c->span, c->args[i + 1]);
	return hcl_map_end(&m, c->span);
}

/* union() of lists or, the inner ones too, of objects. */
static const struct value *
merged(struct call *c, const struct value *a, const struct value *b, uint32_t depth)
{
	struct hcl_map m = { .arena = c->arena };
	uint32_t i;

	if (a->kind != VALUE_MAP || b->kind != VALUE_MAP || depth == 0)
		return b;
	for (i = 0; i < a->count; i++)
		hcl_map_add(&m, a->members[i].key, a->members[i].key_span, a->members[i].value);
	for (i = 0; i < b->count; i++) {
		const struct value *before = value_member(a, b->members[i].key);

		hcl_map_add(&m, b->members[i].key, b->members[i].key_span, before == &value_null
		    ? b->members[i].value : merged(c, before, b->members[i].value, depth - 1));
	}
	return hcl_map_end(&m, b->span);
}

static const struct value *
union_of(struct call *c)
{
	const struct value *v = arg(c, 0), *open = open_argument(c);

	if (open != NULL)
		return open;
	if (v->kind == VALUE_LIST) {
		const struct value *all = joined_lists(c);

		return terraform(&(struct call){ c->azure, c->arena, &all, 1, c->span }, "distinct");
	}
	for (uint32_t i = 1; i < c->count; i++)
		v = merged(c, v, c->args[i], 20);
	return v;
}

static const struct value *
range(struct call *c)
{
	long double from, count;
	struct value_builder b;

	if (!number(c, 0, &from) || !number(c, 1, &count) || !(count >= 0 && count <= 10000))
		return unknown(c, "the range is not known");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t i = 0; i < count; i++)
		value_append(&b, hcl_number_value(c->arena, c->span, from + i));
	return value_end(&b);
}

static const struct value *
coalesce(struct call *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->args[i]->kind != VALUE_NULL)
			return c->args[i];
	return &value_null;
}

/* a.?b: null when it is not there. */
static const struct value *
try_get(struct call *c)
{
	const struct value *v = arg(c, 0);

	for (uint32_t i = 1; i < c->count; i++) {
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
		v = v->kind == VALUE_LIST ? value_item(v, (uint32_t)c->args[i]->number)
		    : value_member(v, c->args[i]->text);
	}
	return v;
}

/* [{key, value}] in the order of the keys. */
static const struct value *
items(struct call *c)
{
	const struct value *v = arg(c, 0);
	const struct member **sorted;
	struct value_builder b;

	if (v->kind != VALUE_MAP)
		return unknown(c, "the object is not known");
	sorted = hcl_sorted(c->arena, v);
	value_begin(&b, c->arena, VALUE_LIST, v->span);
	for (uint32_t i = 0; i < v->count; i++) {
		struct hcl_map m = { .arena = c->arena };

		hcl_map_add(&m, SLICE("key"), v->span, value_string(c->arena, sorted[i]->key_span, sorted[i]->key));
		hcl_map_add(&m, SLICE("value"), v->span, sorted[i]->value);
		value_append(&b, hcl_map_end(&m, v->span));
	}
	return value_end(&b);
}

static const struct value *keys(struct call *c) { return terraform(c, "keys"); }

/* ---- numbers and truths ---- */

static const struct value *
compute(struct call *c, char operator)
{
	long double a, b;

	if (open_argument(c) != NULL)
		return open_argument(c);
	if (!number(c, 0, &a) || !number(c, 1, &b) || ((operator == '/' || operator == '%') && !(b < 0 || b > 0)))
		return unknown(c, "the arithmetic is wrong");
	switch (operator) {
	case '+': a += b; break;
	case '-': a -= b; break;
	case '*': a *= b; break;
	case '/': a = (long double)(int64_t)(a / b); break;
	default:  a -= b * (long double)(int64_t)(a / b); break;
	}
	return hcl_number_value(c->arena, c->span, a);
}

static const struct value *add(struct call *c) { return compute(c, '+'); }
static const struct value *subtract(struct call *c) { return compute(c, '-'); }
static const struct value *multiply(struct call *c) { return compute(c, '*'); }
static const struct value *divide(struct call *c) { return compute(c, '/'); }
static const struct value *modulo(struct call *c) { return compute(c, '%'); }

static const struct value *
equals(struct call *c)
{
	const struct value *a = arg(c, 0), *b = arg(c, 1);

	if (open_argument(c) != NULL)
		return open_argument(c);
	if (value_has_unknown(a) || value_has_unknown(b))
		return unknown(c, "a part of what is compared is not known");
	return truth(c, value_equal(a, b));
}

static const struct value *
compare(struct call *c, bool less, bool equal)
{
	long double a, b;
	int order;

	if (open_argument(c) != NULL)
		return open_argument(c);
	if (arg(c, 0)->kind == VALUE_STRING && arg(c, 1)->kind == VALUE_STRING)
		order = slice_cmp(arg(c, 0)->text, arg(c, 1)->text);
	else if (number(c, 0, &a) && number(c, 1, &b))
		order = a < b ? -1 : a > b;
	else
		return unknown(c, "these values have no order");
	return truth(c, (order < 0 && less) || (order > 0 && !less) || (order == 0 && equal));
}

static const struct value *less(struct call *c) { return compare(c, true, false); }
static const struct value *less_or_equals(struct call *c) { return compare(c, true, true); }
static const struct value *greater(struct call *c) { return compare(c, false, false); }
static const struct value *greater_or_equals(struct call *c) { return compare(c, false, true); }

static const struct value *
logic(struct call *c, bool decides)
{
	const struct value *open = NULL;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct value *v = hcl_to_bool(c->arena, c->args[i]);

		if (v != NULL && v->kind == VALUE_BOOL && v->boolean == decides)
			return truth(c, decides);
		if (v == NULL || v->kind != VALUE_BOOL)
			open = c->args[i];
	}
	return open == NULL ? truth(c, !decides) : open->kind == VALUE_UNKNOWN ? open : unknown(c, "this is no bool");
}

static const struct value *and(struct call *c) { return logic(c, false); }
static const struct value *or(struct call *c) { return logic(c, true); }

static const struct value *
boolean(struct call *c)
{
	const struct value *v = hcl_to_bool(c->arena, arg(c, 0));

	if (v == NULL && arg(c, 0)->kind == VALUE_STRING && slice_eq_nocase(arg(c, 0)->text, SLICE("true")))
		return truth(c, true);
	if (v == NULL && arg(c, 0)->kind == VALUE_NUMBER)
		return truth(c, arg(c, 0)->number > 0 || arg(c, 0)->number < 0);
	return v != NULL ? v : truth(c, false);
}

static const struct value *
not(struct call *c)
{
	const struct value *v = boolean(c);

	return v->kind == VALUE_BOOL ? truth(c, !v->boolean) : v;
}

static const struct value *yes(struct call *c) { return truth(c, true); }
static const struct value *no(struct call *c) { return truth(c, false); }
static const struct value *null(struct call *c) { (void)c; return &value_null; }

/* ---- what a template knows of itself ---- */

static const struct value *
parameters(struct call *c)
{
	return arg(c, 0)->kind != VALUE_STRING ? unknown(c, "the name of the parameter is not known")
	    : azure_name(c->azure, AZURE_PARAMETER, arg(c, 0)->text, c->span);
}

static const struct value *
variables(struct call *c)
{
	return arg(c, 0)->kind != VALUE_STRING ? unknown(c, "the name of the variable is not known")
	    : azure_name(c->azure, AZURE_VARIABLE, arg(c, 0)->text, c->span);
}

/* copyIndex(), copyIndex(offset), copyIndex(name), copyIndex(name, offset) */
static const struct value *
copy_index(struct call *c)
{
	const struct azure_loop *l = c->azure->loops;
	bool by_name = arg(c, 0)->kind == VALUE_STRING;
	long double offset = 0;

	while (by_name && l != NULL && !slice_eq_nocase(l->name, arg(c, 0)->text))
		l = l->next;
	if (l == NULL || l->unknown != NULL)
		return l != NULL ? l->unknown : unknown(c, "nothing is repeated here");
	number(c, by_name, &offset);
	return hcl_number_value(c->arena, c->span, l->index + offset);
}

/* The first argument that is a type ("Microsoft.Sql/servers"); those before it name a scope. */
static uint32_t
type_argument(struct call *c)
{
	uint32_t i;

	for (i = 0; i < c->count; i++)
		if (c->args[i]->kind == VALUE_STRING && slice_find(c->args[i]->text, '/') < c->args[i]->text.len
		    && c->args[i]->text.ptr[0] != '/')
			break;
	return i;
}

/* "/subscriptions/${?}/resourceGroups/${?}/providers/Microsoft.Sql/servers/s/databases/d" */
static const struct value *
resource_id(struct call *c)
{
	uint32_t type = type_argument(c), i;
	struct slice rest, name = SLICE("");
	struct parts p = { 0 };

	if (type == c->count)
		return unknown(c, "the type of the resource is not known");
	buf_init(&p.text, c->arena, hcl_room(c->azure->meter));
	rest = c->args[type]->text;
	buf_add_cstr(&p.text, "/subscriptions/${?}/resourceGroups/${?}/providers/");
	buf_add(&p.text, slice_cut(&rest, '/'));
	for (i = type + 1; i < c->count; i++) {
		struct slice one = azure_text(c->azure, c->args[i]), kind = slice_cut(&rest, '/');

		buf_printf(&p.text, "/%.*s/%.*s", SLICE_FMT(kind), SLICE_FMT(one));
		name = name.len == 0 ? one : azure_address(c->azure, name, one);
	}
	azure_refer(c->azure, azure_address(c->azure, c->args[type]->text, name), NULL, c->span);
	p.unknown = unknown(c, "the path of a resource is known only when it is deployed");
	return parts_value(c, &p);
}

static const struct value *
deployed(struct call *c)
{
	return unknown(c, "this is known only when it is deployed");
}

/* reference('x'): of a resource by its name or its path. */
static const struct value *
reference(struct call *c)
{
	return deployed(c);
}

static const struct value *
secret(struct call *c)
{
	struct value *v = arena_alloc(c->arena, sizeof *v);

	*v = *deployed(c);
	v->sensitive = true;
	return v;
}

/* ---- all ---- */

static const struct function {
	struct slice name;              /* in small letters */
	function_fn *apply;
} functions[] = {
	{ SLICE_INIT("add"), add },                       { SLICE_INIT("and"), and },
	{ SLICE_INIT("any"), array },                     { SLICE_INIT("array"), array },
	{ SLICE_INIT("base64"), base64 },                 { SLICE_INIT("base64tostring"), from_base64 },
	{ SLICE_INIT("bool"), boolean },                  { SLICE_INIT("coalesce"), coalesce },
	{ SLICE_INIT("concat"), concat },                 { SLICE_INIT("contains"), contains },
	{ SLICE_INIT("copyindex"), copy_index },          { SLICE_INIT("createarray"), create_array },
	{ SLICE_INIT("createobject"), create_object },    { SLICE_INIT("div"), divide },
	{ SLICE_INIT("empty"), empty },                   { SLICE_INIT("endswith"), ends_with },
	{ SLICE_INIT("equals"), equals },                 { SLICE_INIT("extensionresourceid"), resource_id },
	{ SLICE_INIT("false"), no },                      { SLICE_INIT("first"), first },
	{ SLICE_INIT("format"), format },                 { SLICE_INIT("greater"), greater },
	{ SLICE_INIT("greaterorequals"), greater_or_equals }, { SLICE_INIT("indexof"), index_of },
	{ SLICE_INIT("int"), integer },                   { SLICE_INIT("items"), items },
	{ SLICE_INIT("join"), join },                     { SLICE_INIT("json"), json },
	{ SLICE_INIT("last"), last },                     { SLICE_INIT("length"), length },
	{ SLICE_INIT("less"), less },                     { SLICE_INIT("lessorequals"), less_or_equals },
	{ SLICE_INIT("list"), secret },                   { SLICE_INIT("listaccountsas"), secret },
	{ SLICE_INIT("listadminkeys"), secret },          { SLICE_INIT("listcredentials"), secret },
	{ SLICE_INIT("listkeys"), secret },               { SLICE_INIT("listkeyvalue"), secret },
	{ SLICE_INIT("listquerykeys"), secret },          { SLICE_INIT("listservicesas"), secret },
	{ SLICE_INIT("max"), maximum },                   { SLICE_INIT("min"), minimum },
	{ SLICE_INIT("mod"), modulo },                    { SLICE_INIT("mul"), multiply },
	{ SLICE_INIT("not"), not },                       { SLICE_INIT("null"), null },
	{ SLICE_INIT("objectkeys"), keys },               { SLICE_INIT("or"), or },
	{ SLICE_INIT("padleft"), pad_left },              { SLICE_INIT("parameters"), parameters },
	{ SLICE_INIT("range"), range },                   { SLICE_INIT("reference"), reference },
	{ SLICE_INIT("replace"), replace },               { SLICE_INIT("resourceid"), resource_id },
	{ SLICE_INIT("skip"), skip },                     { SLICE_INIT("split"), split },
	{ SLICE_INIT("startswith"), starts_with },        { SLICE_INIT("string"), string_of },
	{ SLICE_INIT("sub"), subtract },                  { SLICE_INIT("subscriptionresourceid"), resource_id },
	{ SLICE_INIT("substring"), substring },           { SLICE_INIT("take"), take },
	{ SLICE_INIT("tenantresourceid"), resource_id },  { SLICE_INIT("tolower"), to_lower },
	{ SLICE_INIT("toupper"), to_upper },              { SLICE_INIT("trim"), trim },
	{ SLICE_INIT("true"), yes },                      { SLICE_INIT("tryget"), try_get },
	{ SLICE_INIT("union"), union_of },                { SLICE_INIT("uri"), uri },
	{ SLICE_INIT("variables"), variables },
};

/* namespace.name of the template's own functions. */
static const struct value *
own_function(struct call *c, struct slice name)
{
	const struct value *spaces = c->azure->functions, *member = &value_null, *wanted, *before;
	struct slice space = slice_cut(&name, '.');
	struct hcl_map m = { .arena = c->arena };

	for (uint32_t i = 0; spaces->kind == VALUE_LIST && i < spaces->count; i++)
		if (slice_eq_nocase(value_member(spaces->items[i], SLICE("namespace"))->text, space))
			member = value_member(value_member(spaces->items[i], SLICE("members")), name);
	wanted = value_member(member, SLICE("parameters"));
	if (member->kind != VALUE_MAP || c->azure->meter->depth > 100)
		return NULL;
	for (uint32_t i = 0; wanted->kind == VALUE_LIST && i < wanted->count; i++)
		hcl_map_add(&m, value_member(wanted->items[i], SLICE("name"))->text, c->span, arg(c, i));
	before = c->azure->arguments;
	c->azure->arguments = hcl_map_end(&m, c->span);
	c->azure->meter->depth += 10;
	member = arm_value(c->azure, value_path(member, "output.value"));
	c->azure->meter->depth -= 10;
	c->azure->arguments = before;
	return member;
}

const struct value *
azure_call(void *ctx, struct slice name, const struct value *const *args, uint32_t count,
    struct span span)
{
	struct azure *z = ctx;
	struct call c = { z, z->arena, args, count, span };
	const struct value *own = slice_find(name, '.') < name.len ? own_function(&c, name) : NULL;

	if (own != NULL)
		return own;
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		if (slice_eq_nocase(functions[i].name, name))
			return functions[i].apply(&c);
	return deployed(&c);
}
