/* math_functions.c -- the functions of numbers. */
#include <math.h>

#include "base/arena.h"
#include "fhirpath/function_tables.h"

static bool
one_number(struct evaluation *e, const struct list *l, struct item *v, struct decimal *d, bool *has)
{
	*has = false;
	if (l->count == 0)
		return true;
	if (l->count > 1)
		return eval_fail(e, "one value is expected, not several");
	*v = value_system(&l->at[0], e->arena);
	*has = decimal_of(v, d);
	return *has || eval_fail(e, "a number is expected");
}

static bool
fn_abs(ARGS)
{
	struct item v;
	struct decimal d = { 0, 0 };
	bool has;

	(void)n;
	if (!one_number(e, focus, &v, &d, &has) || !has)
		return !e->outcome->failed;
	if (d.digits < 0)
		d.digits = -d.digits;
	if (v.kind == ITEM_INTEGER)
		return list_add(e, out, value_integer((int64_t)d.digits));
	v.text = decimal_text(d, e->arena);
	return list_add(e, out, v);
}

/* To a number of digits behind the point; mode -1 down, 1 up, 0 half away from zero, 2 to zero. */
static struct decimal
rounded(struct decimal d, int scale, int mode)
{
	while (d.scale > scale) {
		int last = 0;
		bool rest = false;

		for (; d.scale > scale; d.scale--) {
			rest |= last != 0;
			last = (int)(d.digits % 10);
			d.digits /= 10;
		}
		if (mode == -1 && (last < 0 || (last == 0 && rest && d.digits < 0)))
			d.digits--;
		if (mode == 1 && (last > 0 || (last == 0 && rest && d.digits > 0)))
			d.digits++;
		if (mode == 0 && last >= 5)
			d.digits++;
		if (mode == 0 && last <= -5)
			d.digits--;
	}
	return d;
}

static bool
to_whole(struct evaluation *e, const struct list *focus, struct list *out, int mode)
{
	struct item v;
	struct decimal d = { 0, 0 };
	bool has;

	if (!one_number(e, focus, &v, &d, &has) || !has)
		return !e->outcome->failed;
	return value_add_whole(e, out, rounded(d, 0, mode).digits);
}

static bool
fn_ceiling(ARGS)
{
	(void)n;
	return to_whole(e, focus, out, 1);
}

static bool
fn_floor(ARGS)
{
	(void)n;
	return to_whole(e, focus, out, -1);
}

static bool
fn_truncate(ARGS)
{
	(void)n;
	return to_whole(e, focus, out, 2);
}

static bool
fn_round(ARGS)
{
	struct item v;
	struct decimal d;
	int64_t scale = 0;
	bool has, given;

	if (!one_number(e, focus, &v, &d, &has)
	    || (n->arguments == 1 && !function_integer(e, n->left, &scale, &given)))
		return false;
	if (!has)
		return true;
	if (scale < 0)
		return eval_fail(e, "the precision is negative");
	return list_add(e, out, value_decimal(scale < d.scale ? rounded(d, (int)scale, 0) : d, e->arena));
}

static bool
add_double(struct evaluation *e, struct list *out, double x)
{
	struct decimal d;

	return !decimal_from_double(x, &d) || list_add(e, out, value_decimal(d, e->arena));
}

static bool
by_double(struct evaluation *e, const struct list *focus, struct list *out, double (*fn)(double))
{
	struct item v;
	struct decimal d = { 0, 0 };
	bool has;

	if (!one_number(e, focus, &v, &d, &has) || !has)
		return !e->outcome->failed;
	return add_double(e, out, fn(decimal_to_double(d)));
}

static bool
fn_exp(ARGS)
{
	(void)n;
	return by_double(e, focus, out, exp);
}

static bool
fn_ln(ARGS)
{
	(void)n;
	return by_double(e, focus, out, log);
}

static bool
fn_sqrt(ARGS)
{
	(void)n;
	return by_double(e, focus, out, sqrt);
}

static bool
with_argument(ARGS, struct item *v, struct decimal *a, struct decimal *b, bool *has)
{
	struct list l = { 0 };
	struct item other;
	bool second;

	(void)out;
	if (!one_number(e, focus, v, a, has) || !function_argument(e, n->left, &l)
	    || !one_number(e, &l, &other, b, &second))
		return false;
	*has = *has && second;
	if (*has && other.kind != ITEM_INTEGER)
		v->kind = ITEM_DECIMAL;
	return true;
}

static bool
fn_log(ARGS)
{
	struct item v;
	struct decimal a = { 0, 0 }, b = { 0, 0 };
	bool has;

	if (!with_argument(e, n, focus, out, &v, &a, &b, &has) || !has)
		return !e->outcome->failed;
	return add_double(e, out, log(decimal_to_double(a)) / log(decimal_to_double(b)));
}

static bool
fn_power(ARGS)
{
	struct item v;
	struct decimal a = { 0, 0 }, b = { 0, 0 };
	double x;
	bool has;

	if (!with_argument(e, n, focus, out, &v, &a, &b, &has) || !has)
		return !e->outcome->failed;
	x = pow(decimal_to_double(a), decimal_to_double(b));
	if (v.kind == ITEM_INTEGER && isfinite(x) && fabs(x) < 2147483648.0 && floor(x) >= x)
		return list_add(e, out, value_integer((int64_t)x));
	return add_double(e, out, x);
}

static const struct function_row rows[] = {
	{ "abs", 0, 0, fn_abs }, { "ceiling", 0, 0, fn_ceiling }, { "floor", 0, 0, fn_floor },
	{ "truncate", 0, 0, fn_truncate }, { "round", 0, 1, fn_round }, { "exp", 0, 0, fn_exp },
	{ "ln", 0, 0, fn_ln }, { "sqrt", 0, 0, fn_sqrt }, { "log", 1, 1, fn_log },
	{ "power", 1, 1, fn_power },
};

const struct function_table math_functions = { rows, COUNT_OF(rows) };
