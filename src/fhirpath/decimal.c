/* decimal.c -- exact decimals: an integer of up to 38 digits and a scale. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "fhirpath/ast.h"

#define SCALE_MAX   28
#define DIVIDE_SCALE 16

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

bool
decimal_add(struct decimal a, struct decimal b, struct decimal *out)
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

bool
decimal_multiply(struct decimal a, struct decimal b, struct decimal *out)
{
	a = trimmed(a, 0);
	b = trimmed(b, 0);
	out->scale = a.scale + b.scale;
	return out->scale <= 2 * SCALE_MAX && !__builtin_mul_overflow(a.digits, b.digits, &out->digits);
}

bool
decimal_divide(struct decimal a, struct decimal b, struct decimal *out)
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

/* Numbers to the precision of the less precise one. */
bool
decimal_equivalent(struct decimal a, struct decimal b)
{
	struct decimal *wide = a.scale > b.scale ? &a : &b, *narrow = wide == &a ? &b : &a;

	while (wide->scale > narrow->scale) {
		int last = (int)(wide->digits % 10);

		wide->digits = wide->digits / 10 + (last >= 5) - (last <= -5);
		wide->scale--;
	}
	return a.digits == b.digits;
}
