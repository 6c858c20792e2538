/* values.c -- system values: what a FHIR primitive stands for, equality, order,
 * arithmetic and types (FHIRPath N1, "Operations"). */
#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "fhirpath/ast.h"

struct item
value_boolean(bool b)
{
	return (struct item){ .kind = ITEM_BOOLEAN, .boolean = b };
}

struct item
value_integer(int64_t i)
{
	return (struct item){ .kind = ITEM_INTEGER, .integer = i };
}

struct item
fhirpath_string(struct slice s)
{
	return (struct item){ .kind = ITEM_STRING, .text = s };
}

struct item
value_text(enum item_kind kind, struct slice s)
{
	return (struct item){ .kind = kind, .text = s };
}

struct item
value_decimal(struct decimal d, struct arena *arena)
{
	return value_text(ITEM_DECIMAL, decimal_text(d, arena));
}

bool
value_add_whole(struct evaluation *e, struct list *out, __int128 n)
{
	return n < INT64_MIN || n > INT64_MAX || list_add(e, out, value_integer((int64_t)n));
}

/* From FHIR */

static const struct { const char *type; enum item_kind kind; } primitives[] = {
	{ "boolean", ITEM_BOOLEAN }, { "integer", ITEM_INTEGER }, { "positiveInt", ITEM_INTEGER },
	{ "unsignedInt", ITEM_INTEGER }, { "decimal", ITEM_DECIMAL }, { "date", ITEM_DATE },
	{ "dateTime", ITEM_DATETIME }, { "instant", ITEM_DATETIME }, { "time", ITEM_TIME },
};

static struct item
integer_of(struct slice text)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	uint64_t n = 0;

	slice_uint(negative ? slice_sub(text, 1, text.len) : text, &n);
	return value_integer(negative ? -(int64_t)n : (int64_t)n);
}

static struct item
quantity_of(const struct item *i, struct arena *arena)
{
	uint32_t value = json_get(i->json, i->node, SLICE("value"));
	uint32_t code = json_get(i->json, i->node, SLICE("code"));
	uint32_t unit = json_get(i->json, i->node, SLICE("unit"));

	if (value == 0)
		return *i;
	return (struct item){ .kind = ITEM_QUANTITY, .text = json_raw(i->json, value),
		.unit = code != 0 ? json_string(i->json, code, arena)
		    : unit != 0 ? json_string(i->json, unit, arena) : SLICE("1") };
}

static bool
is_quantity(const struct type *t)
{
	while (t != NULL && !slice_is(t->name, "Quantity"))
		t = t->base;
	return t != NULL;
}

struct item
value_system(const struct item *i, struct arena *arena)
{
	struct slice text;

	if (i->kind != ITEM_NODE || i->node == ITEM_ABSENT || i->type == NULL)
		return *i;
	if (json_type(i->json, i->node) == JSON_OBJECT)
		return is_quantity(i->type) ? quantity_of(i, arena) : *i;
	if (json_type(i->json, i->node) == JSON_ARRAY)
		return *i;
	text = json_type(i->json, i->node) == JSON_STRING ? json_string(i->json, i->node, arena)
	    : json_raw(i->json, i->node);
	for (size_t k = 0; k < COUNT_OF(primitives); k++) {
		if (!slice_is(i->type->name, primitives[k].type))
			continue;
		if (primitives[k].kind == ITEM_BOOLEAN)
			return value_boolean(json_type(i->json, i->node) == JSON_TRUE);
		if (primitives[k].kind == ITEM_INTEGER)
			return integer_of(text);
		return value_text(primitives[k].kind, text);
	}
	return fhirpath_string(text);
}

struct slice
item_text(const struct item *i, struct arena *arena)
{
	struct item v = value_system(i, arena);
	struct buf b;

	switch (v.kind) {
	case ITEM_BOOLEAN:
		return v.boolean ? SLICE("true") : SLICE("false");
	case ITEM_INTEGER:
		buf_init(&b, arena, 32);
		buf_add_int(&b, v.integer);
		return buf_slice(&b);
	case ITEM_QUANTITY:
		buf_init(&b, arena, SIZE_MAX);
		buf_add(&b, v.text);
		if (v.boolean)
			buf_printf(&b, " %.*s", SLICE_FMT(v.unit));
		else
			buf_printf(&b, " '%.*s'", SLICE_FMT(v.unit));
		return buf_slice(&b);
	case ITEM_NODE:
	case ITEM_TYPE:
		return SLICE_NONE;
	default:
		return v.text;
	}
}

/* Quantities: units of one dimension, by their factor to the first of it. */
static const struct unit { const char *code; int dimension; double factor; } units[] = {
	{ "1", 0, 1 }, { "", 0, 1 }, { "%", 0, 0.01 },
	{ "g", 1, 1 }, { "kg", 1, 1e3 }, { "mg", 1, 1e-3 }, { "ug", 1, 1e-6 }, { "ng", 1, 1e-9 },
	{ "[lb_av]", 1, 453.59237 }, { "[oz_av]", 1, 28.349523125 },
	{ "m", 2, 1 }, { "cm", 2, 1e-2 }, { "mm", 2, 1e-3 }, { "km", 2, 1e3 }, { "um", 2, 1e-6 },
	{ "[in_i]", 2, 0.0254 }, { "[ft_i]", 2, 0.3048 },
	{ "s", 3, 1 }, { "min", 3, 60 }, { "h", 3, 3600 }, { "d", 3, 86400 }, { "wk", 3, 604800 },
	{ "ms", 3, 1e-3 }, { "second", 3, 1 }, { "minute", 3, 60 }, { "hour", 3, 3600 },
	{ "day", 3, 86400 }, { "week", 3, 604800 }, { "millisecond", 3, 1e-3 },
	{ "mo", 4, 1 }, { "a", 4, 12 }, { "month", 5, 1 }, { "year", 5, 12 },
	{ "L", 6, 1 }, { "l", 6, 1 }, { "mL", 6, 1e-3 }, { "dL", 6, 0.1 }, { "uL", 6, 1e-6 },
};

static const struct unit *
unit_of(struct slice code)
{
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (slice_is(code, units[i].code))
			return &units[i];
	return NULL;
}

static int
compare_quantities(const struct item *a, const struct item *b, int *order)
{
	const struct unit *ua = unit_of(a->unit), *ub = unit_of(b->unit);
	struct decimal x, y;
	double left, right;

	if (!decimal_of(a, &x) || !decimal_of(b, &y))
		return 0;
	if (slice_eq(a->unit, b->unit)) {
		*order = decimal_compare(x, y);
		return 1;
	}
	if (ua == NULL || ub == NULL || ua->dimension != ub->dimension)
		return 0;
	left = decimal_to_double(x) * ua->factor;
	right = decimal_to_double(y) * ub->factor;
	*order = fabs(left - right) <= 1e-12 * (fabs(left) + fabs(right)) ? 0 : left < right ? -1 : 1;
	return 1;
}

/* Comparing */

static bool
is_number(const struct item *i)
{
	return i->kind == ITEM_INTEGER || i->kind == ITEM_DECIMAL;
}

static bool
is_moment(const struct item *i)
{
	return i->kind == ITEM_DATE || i->kind == ITEM_DATETIME;
}

static bool
as_quantity(struct item *i, struct arena *arena)
{
	if (i->kind == ITEM_QUANTITY)
		return true;
	if (!is_number(i))
		return false;
	i->text = item_text(i, arena);
	i->kind = ITEM_QUANTITY;
	i->unit = SLICE("1");
	return true;
}

static int
compare_moment_items(const struct item *a, const struct item *b, int *order)
{
	struct moment x, y;

	if (!moment_parse(a->text, a->kind, &x) || !moment_parse(b->text, b->kind, &y))
		return 0;
	return moment_compare(x, y, order);
}

/* A text where a date or time is compared with one: FHIR choices give such. */
static int
compare_system(struct item a, struct item b, struct arena *arena, int *order)
{
	struct decimal x, y;

	if (is_number(&a) && is_number(&b)) {
		if (!decimal_of(&a, &x) || !decimal_of(&b, &y))
			return 0;
		*order = decimal_compare(x, y);
		return 1;
	}
	if ((is_moment(&a) && is_moment(&b)) || (a.kind == ITEM_TIME && b.kind == ITEM_TIME))
		return compare_moment_items(&a, &b, order);
	if (a.kind == ITEM_STRING && b.kind == ITEM_STRING) {
		*order = slice_cmp(a.text, b.text);
		return 1;
	}
	if ((a.kind == ITEM_QUANTITY || b.kind == ITEM_QUANTITY) && as_quantity(&a, arena)
	    && as_quantity(&b, arena))
		return compare_quantities(&a, &b, order);
	return -1;
}

int
value_compare(const struct item *a, const struct item *b, struct arena *arena, int *order)
{
	return compare_system(value_system(a, arena), value_system(b, arena), arena, order);
}

/* Equality of trees: same members in any order, same values. */
static bool
trees_equal(const struct json *ja, uint32_t a, const struct json *jb, uint32_t b,
    struct arena *arena)
{
	struct decimal x, y;

	if (json_type(ja, a) != json_type(jb, b))
		return false;
	switch (json_type(ja, a)) {
	case JSON_NUMBER:
		return decimal_parse(json_raw(ja, a), &x) && decimal_parse(json_raw(jb, b), &y)
		    && decimal_compare(x, y) == 0;
	case JSON_STRING:
		return slice_eq(json_string(ja, a, arena), json_string(jb, b, arena));
	case JSON_ARRAY: {
		uint32_t n = json_first(ja, a), m = json_first(jb, b);

		for (; n != 0 && m != 0; n = json_next(ja, a, n), m = json_next(jb, b, m))
			if (!trees_equal(ja, n, jb, m, arena))
				return false;
		return n == 0 && m == 0;
	}
	case JSON_OBJECT:
		if (json_size(ja, a) != json_size(jb, b))
			return false;
		for (uint32_t n = json_first(ja, a); n != 0; n = json_next(ja, a, n)) {
			uint32_t m = json_get(jb, b, json_string(ja, n, arena));

			if (m == 0 || !trees_equal(ja, n + 1, jb, m, arena))
				return false;
		}
		return true;
	default:
		return true;
	}
}

int
fhirpath_equal(const struct item *a, const struct item *b, struct arena *arena)
{
	struct item x = value_system(a, arena), y = value_system(b, arena);
	int order, known;

	if (x.kind == ITEM_NODE && y.kind == ITEM_NODE)
		return x.node != ITEM_ABSENT && y.node != ITEM_ABSENT
		    && trees_equal(x.json, x.node, y.json, y.node, arena);
	if (x.kind == ITEM_BOOLEAN && y.kind == ITEM_BOOLEAN)
		return x.boolean == y.boolean;
	if (x.kind == ITEM_TYPE && y.kind == ITEM_TYPE)
		return slice_eq(x.text, y.text) && slice_eq(x.unit, y.unit);
	known = compare_system(x, y, arena, &order);
	return known < 0 ? 0 : known == 0 ? -1 : order == 0;
}

static bool
texts_equivalent(struct slice a, struct slice b)
{
	size_t i = 0, k = 0;

	a = slice_trim(a);
	b = slice_trim(b);
	while (i < a.len && k < b.len) {
		bool sa = strchr(" \t\r\n", a.ptr[i]) != NULL, sb = strchr(" \t\r\n", b.ptr[k]) != NULL;

		if (sa != sb || (!sa && !slice_eq_nocase(slice_sub(a, i, 1), slice_sub(b, k, 1))))
			return false;
		for (i++; sa && i < a.len && strchr(" \t\r\n", a.ptr[i]) != NULL; i++)
			;
		for (k++; sb && k < b.len && strchr(" \t\r\n", b.ptr[k]) != NULL; k++)
			;
	}
	return i == a.len && k == b.len;
}

bool
value_equivalent(const struct item *a, const struct item *b, struct arena *arena)
{
	struct item x = value_system(a, arena), y = value_system(b, arena);
	struct decimal m, n;
	int order = 1;

	if (x.kind == ITEM_STRING && y.kind == ITEM_STRING)
		return texts_equivalent(x.text, y.text);
	if (is_number(&x) && is_number(&y) && decimal_of(&x, &m) && decimal_of(&y, &n))
		return decimal_equivalent(m, n);
	if (x.kind == ITEM_NODE && y.kind == ITEM_NODE)
		return fhirpath_equal(&x, &y, arena) == 1;
	if (x.kind == ITEM_BOOLEAN || y.kind == ITEM_BOOLEAN)
		return x.kind == y.kind && x.boolean == y.boolean;
	return compare_system(x, y, arena, &order) == 1 && order == 0;
}

/* Arithmetic */

static bool
shift_moment(struct evaluation *e, const struct item *a, const struct item *q, int sign,
    struct list *out)
{
	struct moment m;
	struct decimal amount;
	int there;

	if (!moment_parse(a->text, a->kind, &m) || !decimal_of(q, &amount))
		return true;
	there = moment_shift(&m, a->kind, decimal_to_double(amount) * sign, q->unit);
	if (there < 0)
		return eval_fail(e, "the unit is not one of time");
	return there == 0 || list_add(e, out, value_text(a->kind, moment_text(&m, a->kind, e->arena)));
}

static bool
divide(struct evaluation *e, enum operator op, struct decimal a, struct decimal b, bool whole,
    struct list *out)
{
	struct decimal q = { 0, 0 }, product, rest;

	if (b.digits == 0 || !decimal_divide(a, b, &q))
		return true;
	if (op == OP_DIVIDE)
		return list_add(e, out, value_decimal(q, e->arena));
	for (; q.scale > 0; q.scale--)
		q.digits /= 10;
	if (op == OP_DIV)
		return value_add_whole(e, out, q.digits);
	if (!decimal_multiply(q, b, &product))
		return true;
	product.digits = -product.digits;
	if (!decimal_add(a, product, &rest))
		return true;
	return list_add(e, out, whole ? value_integer((int64_t)rest.digits)
	    : value_decimal(rest, e->arena));
}

static bool
numbers(struct evaluation *e, enum operator op, const struct item *a, const struct item *b,
    struct list *out)
{
	bool whole = a->kind == ITEM_INTEGER && b->kind == ITEM_INTEGER;
	struct decimal x, y, r = { 0, 0 };
	bool good;

	if (!decimal_of(a, &x) || !decimal_of(b, &y))
		return true;
	if (op == OP_DIVIDE || op == OP_DIV || op == OP_MOD)
		return divide(e, op, x, y, whole, out);
	if (op == OP_SUB)
		y.digits = -y.digits;
	good = op == OP_MUL ? decimal_multiply(x, y, &r) : decimal_add(x, y, &r);
	if (!good || (whole && (r.digits > INT32_MAX || r.digits < INT32_MIN)))
		return true;            /* overflow is empty */
	return list_add(e, out, whole ? value_integer((int64_t)r.digits) : value_decimal(r, e->arena));
}

static bool
quantities(struct evaluation *e, enum operator op, struct item a, struct item b, struct list *out)
{
	struct list result = { 0 };
	struct item x, y, q;

	if (!as_quantity(&a, e->arena) || !as_quantity(&b, e->arena))
		return eval_fail(e, "the operator does not apply to these values");
	if ((op == OP_ADD || op == OP_SUB) && !slice_eq(a.unit, b.unit))
		return true;
	x = value_text(ITEM_DECIMAL, a.text);
	y = value_text(ITEM_DECIMAL, b.text);
	if (!numbers(e, op, &x, &y, &result))
		return false;
	if (result.count == 0)
		return true;
	q = (struct item){ .kind = ITEM_QUANTITY, .text = item_text(&result.at[0], e->arena),
		.unit = op == OP_DIVIDE && slice_eq(a.unit, b.unit) ? SLICE("1")
		    : slice_is(a.unit, "1") && op == OP_MUL ? b.unit : a.unit,
		.boolean = a.boolean };
	return list_add(e, out, q);
}

bool
value_arithmetic(struct evaluation *e, enum operator op, const struct item *a,
    const struct item *b, struct list *out)
{
	if (a->kind == ITEM_STRING && b->kind == ITEM_STRING && op == OP_ADD) {
		struct buf text;

		if (!eval_spend(e, (a->text.len + b->text.len) / TEXT_STEP))
			return false;
		buf_init(&text, e->arena, SIZE_MAX);
		buf_add(&text, a->text);
		buf_add(&text, b->text);
		return list_add(e, out, fhirpath_string(buf_slice(&text)));
	}
	if (is_number(a) && is_number(b))
		return numbers(e, op, a, b, out);
	if ((is_moment(a) || a->kind == ITEM_TIME) && b->kind == ITEM_QUANTITY
	    && (op == OP_ADD || op == OP_SUB))
		return shift_moment(e, a, b, op == OP_ADD ? 1 : -1, out);
	return quantities(e, op, *a, *b, out);
}

/* Types */

static const char *const system_names[] = {
	[ITEM_BOOLEAN] = "Boolean", [ITEM_STRING] = "String", [ITEM_INTEGER] = "Integer",
	[ITEM_DECIMAL] = "Decimal", [ITEM_DATE] = "Date", [ITEM_DATETIME] = "DateTime",
	[ITEM_TIME] = "Time", [ITEM_QUANTITY] = "Quantity", [ITEM_TYPE] = "TypeInfo",
};

void
value_type_name(const struct item *i, struct slice *space, struct slice *name)
{
	*space = i->kind == ITEM_NODE ? SLICE("FHIR") : SLICE("System");
	*name = i->kind == ITEM_NODE ? i->type->name : slice_of(system_names[i->kind]);
}

static struct slice
without_quotes(struct slice s)
{
	return s.len > 1 && s.ptr[0] == '`' ? slice_sub(s, 1, s.len - 2) : s;
}

bool
value_is(const struct pack *pack, const struct item *i, struct slice type)
{
	struct slice name = type, space = slice_cut(&name, '.');
	const struct type *wanted;

	if (space.len == type.len) {
		name = without_quotes(type);
		space = SLICE_NONE;
	}
	name = without_quotes(name);
	if (i->kind != ITEM_NODE)
		return !slice_is(space, "FHIR") && slice_is(name, system_names[i->kind]);
	wanted = slice_is(space, "System") ? NULL : pack_type(pack, name);
	return wanted != NULL && type_is(i->type, wanted);
}
