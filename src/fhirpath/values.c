/* values.c -- system values: what a FHIR primitive stands for, equality, order,
 * arithmetic and types (FHIRPath N1, "Operations").
 *
 * Decimals are exact: an integer of up to 38 digits and a scale. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "fhirpath/ast.h"

#define SCALE_MAX   28
#define DIVIDE_SCALE 16

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

/* Decimals */

bool
decimal_parse(struct slice s, struct decimal *d)
{
	size_t i = 0;
	bool negative = s.len > 0 && s.ptr[0] == '-', dot = false, any = false;
	int exponent = 0;

	*d = (struct decimal){ 0, 0 };
	if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
		i++;
	for (; i < s.len && ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] == '.' && !dot)); i++) {
		if (s.ptr[i] == '.') {
			dot = true;
			continue;
		}
		any = true;
		if (d->scale >= SCALE_MAX && dot)
			continue;
		if (__builtin_mul_overflow(d->digits, 10, &d->digits)
		    || __builtin_add_overflow(d->digits, s.ptr[i] - '0', &d->digits))
			return false;
		d->scale += dot;
	}
	if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E') && any) {
		char text[8] = { 0 };
		struct slice power = slice_sub(s, i + 1, s.len);
		char *end;

		if (power.len == 0 || power.len >= sizeof text)
			return false;
		memcpy(text, power.ptr, power.len);
		exponent = (int)strtol(text, &end, 10);
		if (*end != '\0' || abs(exponent) > SCALE_MAX)
			return false;
		i = s.len;
	}
	if (!any || i != s.len)
		return false;
	for (d->scale -= exponent; d->scale < 0; d->scale++)
		if (__builtin_mul_overflow(d->digits, 10, &d->digits))
			return false;
	if (negative)
		d->digits = -d->digits;
	return d->scale <= SCALE_MAX * 2;
}

struct slice
decimal_text(struct decimal d, struct arena *arena)
{
	char digits[64];
	int n = 0, at = 0;
	bool negative = d.digits < 0;
	unsigned __int128 left = negative ? -(unsigned __int128)d.digits : (unsigned __int128)d.digits;
	char *to = arena_alloc(arena, 128);

	do {
		digits[n++] = (char)('0' + (int)(left % 10));
		left /= 10;
	} while (left > 0 || n <= d.scale);
	if (negative)
		to[at++] = '-';
	while (n > 0) {
		if (n == d.scale)
			to[at++] = '.';
		to[at++] = digits[--n];
	}
	return slice_make(to, (size_t)at);
}

bool
decimal_of(const struct item *i, struct decimal *d)
{
	if (i->kind == ITEM_INTEGER) {
		*d = (struct decimal){ i->integer, 0 };
		return true;
	}
	return (i->kind == ITEM_DECIMAL || i->kind == ITEM_QUANTITY) && decimal_parse(i->text, d);
}

static bool
align(struct decimal *a, struct decimal *b)
{
	for (; a->scale < b->scale; a->scale++)
		if (__builtin_mul_overflow(a->digits, 10, &a->digits))
			return false;
	for (; b->scale < a->scale; b->scale++)
		if (__builtin_mul_overflow(b->digits, 10, &b->digits))
			return false;
	return true;
}

int
decimal_compare(struct decimal a, struct decimal b)
{
	double x, y;

	if (align(&a, &b))
		return (a.digits > b.digits) - (a.digits < b.digits);
	x = decimal_to_double(a);       /* too far apart for exactness to matter */
	y = decimal_to_double(b);
	return (x > y) - (x < y);
}

static bool
add_decimals(struct decimal a, struct decimal b, struct decimal *out)
{
	if (!align(&a, &b))
		return false;
	out->scale = a.scale;
	return !__builtin_add_overflow(a.digits, b.digits, &out->digits);
}

static struct decimal
trimmed(struct decimal d, int least)
{
	while (d.scale > least && d.digits % 10 == 0) {
		d.digits /= 10;
		d.scale--;
	}
	return d;
}

static bool
multiply_decimals(struct decimal a, struct decimal b, struct decimal *out)
{
	a = trimmed(a, 0);
	b = trimmed(b, 0);
	out->scale = a.scale + b.scale;
	return out->scale <= 2 * SCALE_MAX && !__builtin_mul_overflow(a.digits, b.digits, &out->digits);
}

static bool
divide_decimals(struct decimal a, struct decimal b, struct decimal *out)
{
	struct decimal before = a;

	if (b.digits == 0)
		return false;
	for (; a.scale < DIVIDE_SCALE + b.scale; a.scale++)
		if (__builtin_mul_overflow(a.digits, 10, &a.digits))
			return decimal_from_double(decimal_to_double(before) / decimal_to_double(b), out);
	out->digits = a.digits / b.digits;
	out->scale = a.scale - b.scale;
	*out = trimmed(*out, 0);
	return true;
}

double
decimal_to_double(struct decimal d)
{
	double x = (double)d.digits;

	for (int i = 0; i < d.scale; i++)
		x /= 10;
	return x;
}

bool
decimal_from_double(double x, struct decimal *out)
{
	char text[64];

	if (!isfinite(x) || fabs(x) >= 1e20)
		return false;
	snprintf(text, sizeof text, "%.12f", x);
	if (!decimal_parse(slice_of(text), out))
		return false;
	*out = trimmed(*out, 0);
	return true;
}

/* Moments */

static bool
take(struct slice *s, int width, int *out)
{
	uint64_t n;

	if (s->len < (size_t)width || !slice_uint(slice_sub(*s, 0, (size_t)width), &n))
		return false;
	*out = (int)n;
	*s = slice_sub(*s, (size_t)width, s->len);
	return true;
}

static bool
take_char(struct slice *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = slice_sub(*s, 1, s->len);
	return true;
}

static bool
parse_zone(struct slice *s, struct moment *m)
{
	int sign, hour, minute;

	if (s->len == 0)
		return true;
	m->zoned = true;
	if (take_char(s, 'Z'))
		return s->len == 0;
	sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
	if (sign == 0 || !take(s, 2, &hour) || !take_char(s, ':') || !take(s, 2, &minute))
		return false;
	m->offset = sign * (hour * 60 + minute);
	return s->len == 0 && hour <= 14 && minute < 60;
}

static bool
parse_time(struct slice *s, struct moment *m)
{
	int scale = 100;

	if (!take(s, 2, &m->hour) || m->hour > 23)
		return false;
	m->precision = 4;
	if (!take_char(s, ':'))
		return true;
	if (!take(s, 2, &m->minute) || m->minute > 59)
		return false;
	m->precision = 5;
	if (!take_char(s, ':'))
		return true;
	if (!take(s, 2, &m->second) || m->second > 60)
		return false;
	m->precision = 6;
	if (!take_char(s, '.'))
		return true;
	for (m->precision = 7; s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9'; scale /= 10) {
		m->ms += (s->ptr[0] - '0') * scale;
		*s = slice_sub(*s, 1, s->len);
	}
	return true;
}

bool
moment_parse(struct slice s, enum item_kind kind, struct moment *m)
{
	*m = (struct moment){ .month = 1, .day = 1 };
	if (kind == ITEM_TIME)
		return parse_time(&s, m) && s.len == 0;
	if (!take(&s, 4, &m->year))
		return false;
	m->precision = 1;
	if (take_char(&s, '-')) {
		if (!take(&s, 2, &m->month) || m->month < 1 || m->month > 12)
			return false;
		m->precision = 2;
		if (take_char(&s, '-')) {
			if (!take(&s, 2, &m->day) || m->day < 1 || m->day > 31)
				return false;
			m->precision = 3;
		}
	}
	if (s.len == 0)
		return true;
	if (kind != ITEM_DATETIME || !take_char(&s, 'T'))
		return false;
	return s.len == 0 || (m->precision == 3 && parse_time(&s, m) && parse_zone(&s, m));
}

struct slice
moment_text(const struct moment *m, enum item_kind kind, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 64);
	if (kind != ITEM_TIME) {
		buf_printf(&b, "%04d", m->year);
		if (m->precision >= 2)
			buf_printf(&b, "-%02d", m->month);
		if (m->precision >= 3)
			buf_printf(&b, "-%02d", m->day);
		if (m->precision >= 4)
			buf_add_char(&b, 'T');
	}
	if (m->precision >= 4)
		buf_printf(&b, "%02d", m->hour);
	if (m->precision >= 5)
		buf_printf(&b, ":%02d", m->minute);
	if (m->precision >= 6)
		buf_printf(&b, ":%02d", m->second);
	if (m->precision >= 7)
		buf_printf(&b, ".%03d", m->ms);
	if (m->zoned && m->offset == 0)
		buf_add_char(&b, 'Z');
	else if (m->zoned)
		buf_printf(&b, "%c%02d:%02d", m->offset < 0 ? '-' : '+', abs(m->offset) / 60,
		    abs(m->offset) % 60);
	return buf_slice(&b);
}

static void
to_utc(struct moment *m)
{
	int64_t minutes;

	if (!m->zoned || m->precision < 4 || m->offset == 0)
		return;
	minutes = instant_days(m->year, m->month, m->day) * 1440 + m->hour * 60 + m->minute - m->offset;
	instant_date((minutes >= 0 ? minutes : minutes - 1439) / 1440, &m->year, &m->month, &m->day);
	minutes = (minutes % 1440 + 1440) % 1440;
	m->hour = (int)minutes / 60;
	m->minute = (int)minutes % 60;
	m->offset = 0;
}

/* As precise as both are: equal so far but not equally precise is unknown. */
static int
compare_moments(struct moment a, struct moment b, int *order)
{
	int left[6], right[6], pa, pb;

	if (a.zoned != b.zoned && a.precision > 3 && b.precision > 3)
		return 0;
	to_utc(&a);
	to_utc(&b);
	memcpy(left, (int[]){ a.year, a.month, a.day, a.hour, a.minute, a.second * 1000 + a.ms },
	    sizeof left);
	memcpy(right, (int[]){ b.year, b.month, b.day, b.hour, b.minute, b.second * 1000 + b.ms },
	    sizeof right);
	pa = a.precision > 6 ? 6 : a.precision;         /* seconds and their parts are one */
	pb = b.precision > 6 ? 6 : b.precision;
	for (int i = 0; i < (pa < pb ? pa : pb); i++)
		if (left[i] != right[i]) {
			*order = left[i] < right[i] ? -1 : 1;
			return 1;
		}
	*order = 0;
	return pa == pb;
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
	return compare_moments(x, y, order);
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

/* Numbers to the precision of the less precise one. */
static bool
numbers_equivalent(struct decimal a, struct decimal b)
{
	struct decimal *wide = a.scale > b.scale ? &a : &b, *narrow = wide == &a ? &b : &a;

	while (wide->scale > narrow->scale) {
		int last = (int)(wide->digits % 10);

		wide->digits = wide->digits / 10 + (last >= 5) - (last <= -5);
		wide->scale--;
	}
	return a.digits == b.digits;
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
		return numbers_equivalent(m, n);
	if (x.kind == ITEM_NODE && y.kind == ITEM_NODE)
		return fhirpath_equal(&x, &y, arena) == 1;
	if (x.kind == ITEM_BOOLEAN || y.kind == ITEM_BOOLEAN)
		return x.kind == y.kind && x.boolean == y.boolean;
	return compare_system(x, y, arena, &order) == 1 && order == 0;
}

/* Arithmetic */

static int
days_of_month(int year, int month)
{
	return (int)(instant_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1)
	    - instant_days(year, month, 1));
}

static void
add_months(struct moment *m, int64_t months)
{
	int64_t all = (int64_t)m->year * 12 + m->month - 1 + months;
	int days;

	m->year = (int)((all >= 0 ? all : all - 11) / 12);
	m->month = (int)((all % 12 + 12) % 12) + 1;
	days = days_of_month(m->year, m->month);
	if (m->day > days)
		m->day = days;
}

static void
add_milliseconds(struct moment *m, int64_t ms, bool time_only)
{
	int64_t days = time_only ? 0 : instant_days(m->year, m->month, m->day);
	int64_t all = ((m->hour * 60LL + m->minute) * 60 + m->second) * 1000 + m->ms + ms;
	int64_t carry = (all >= 0 ? all : all - 86399999) / 86400000;

	all -= carry * 86400000;
	m->hour = (int)(all / 3600000);
	m->minute = (int)(all / 60000 % 60);
	m->second = (int)(all / 1000 % 60);
	m->ms = (int)(all % 1000);
	if (!time_only)
		instant_date(days + carry, &m->year, &m->month, &m->day);
}

static const struct { const char *unit; int64_t months, ms; int needs; } spans[] = {
	{ "year", 12, 0, 1 }, { "month", 1, 0, 2 },
	{ "week", 0, 604800000, 3 }, { "wk", 0, 604800000, 3 }, { "day", 0, 86400000, 3 },
	{ "d", 0, 86400000, 3 }, { "hour", 0, 3600000, 4 }, { "h", 0, 3600000, 4 },
	{ "minute", 0, 60000, 5 }, { "min", 0, 60000, 5 }, { "second", 0, 1000, 6 },
	{ "s", 0, 1000, 6 }, { "millisecond", 0, 1, 7 }, { "ms", 0, 1, 7 },
};

#define YEARS_MAX 10000.0       /* from one end of the calendar to the other */

/* Before the first or behind the last year, which is empty. */
static bool
leaves_calendar(double n, size_t span)
{
	return fabs(n) * (double)spans[span].months > YEARS_MAX * 12
	    || fabs(n) * (double)spans[span].ms > YEARS_MAX * 366 * 86400000;
}

/* A date or time and a duration; what is finer than the date is cut off. */
static bool
shift_moment(struct evaluation *e, const struct item *a, const struct item *q, int sign,
    struct list *out)
{
	struct moment m;
	struct decimal amount;

	if (!moment_parse(a->text, a->kind, &m) || !decimal_of(q, &amount))
		return true;
	for (size_t i = 0; i < COUNT_OF(spans); i++) {
		int precision = m.precision;
		double n = decimal_to_double(amount) * sign;

		if (!slice_is(q->unit, spans[i].unit))
			continue;
		if (leaves_calendar(n, i))
			return true;
		if (spans[i].months != 0)
			add_months(&m, (int64_t)n * spans[i].months);
		else if (precision < 3 && a->kind != ITEM_TIME)
			add_months(&m, (int64_t)(n * (double)spans[i].ms / 86400000 / 30)
			    / (precision == 1 ? 12 : 1) * (precision == 1 ? 12 : 1));
		else
			add_milliseconds(&m, (int64_t)n * spans[i].ms, a->kind == ITEM_TIME);
		return (a->kind != ITEM_TIME && (m.year < 1 || m.year > 9999))
		    || list_add(e, out, value_text(a->kind, moment_text(&m, a->kind, e->arena)));
	}
	return eval_fail(e, "the unit is not one of time");
}

static bool
divide(struct evaluation *e, enum operator op, struct decimal a, struct decimal b, bool whole,
    struct list *out)
{
	struct decimal q = { 0, 0 }, product, rest;

	if (b.digits == 0 || !divide_decimals(a, b, &q))
		return true;
	if (op == OP_DIVIDE)
		return list_add(e, out, value_decimal(q, e->arena));
	for (; q.scale > 0; q.scale--)
		q.digits /= 10;
	if (op == OP_DIV)
		return value_add_whole(e, out, q.digits);
	if (!multiply_decimals(q, b, &product))
		return true;
	product.digits = -product.digits;
	if (!add_decimals(a, product, &rest))
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
	good = op == OP_MUL ? multiply_decimals(x, y, &r) : add_decimals(x, y, &r);
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
