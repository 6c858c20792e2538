/* boundary_functions.c -- lowBoundary, highBoundary, precision, comparable, sort
 * (FHIRPath, STU functions that the suite for R4 uses). */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "fhirpath/function_tables.h"

#define DECIMAL_DIGITS 8
#define DIGITS_MAX     28

static __int128
floor_by(__int128 a, __int128 by)
{
	return a / by - (a % by < 0);
}

/* Half a unit of the last digit away, then to `scale` digits, outward. */
static bool
decimal_boundary(struct decimal d, int64_t scale, bool high, struct decimal *r)
{
	if (scale < 0 || scale > DIGITS_MAX || d.scale >= DIGITS_MAX
	    || __builtin_mul_overflow(d.digits, 10, &r->digits)
	    || __builtin_add_overflow(r->digits, high ? 5 : -5, &r->digits))
		return false;
	r->scale = d.scale + 1;
	for (; r->scale < scale; r->scale++)
		if (__builtin_mul_overflow(r->digits, 10, &r->digits))
			return false;
	for (; r->scale > scale; r->scale--)
		r->digits = high ? -floor_by(-r->digits, 10) : floor_by(r->digits, 10);
	return true;
}

/* Characters of digits to our precision: 4 year, 6 month, 8 day ... 17 millisecond. */
static int
precision_of(int64_t digits, enum item_kind kind)
{
	static const int dates[] = { 4, 6, 8, 10, 12, 14, 17 }, times[] = { 2, 4, 6, 9 };

	if (kind == ITEM_TIME) {
		for (int i = 0; i < 4; i++)
			if (times[i] == digits)
				return i + 4;
		return 0;
	}
	for (int i = 0; i < 7; i++)
		if (dates[i] == digits)
			return i + 1;
	return 0;
}

static int
digits_of(const struct moment *m, enum item_kind kind)
{
	static const int dates[] = { 0, 4, 6, 8, 10, 12, 14, 17 };

	return dates[m->precision] - (kind == ITEM_TIME ? 8 : 0);
}

static void
fill(struct moment *m, bool high)
{
	if (m->precision < 2)
		m->month = high ? 12 : 1;
	if (m->precision < 3)
		m->day = high ? instant_month_days(m->year, m->month) : 1;
	if (m->precision < 4 && high)
		m->hour = 23;
	if (m->precision < 4 && high)
		m->minute = 59;
	if (m->precision < 6)
		m->second = high ? 59 : 0;
	if (m->precision < 7)
		m->ms = high ? 999 : 0;
}

static bool
moment_boundary(struct evaluation *e, const struct item *v, int64_t digits, bool high,
    struct list *out)
{
	struct moment m;
	int precision = precision_of(digits, v->kind);
	enum item_kind kind = v->kind;

	if (precision == 0 || !moment_parse(v->text, kind, &m))
		return true;
	fill(&m, high);
	if (kind != ITEM_TIME && precision > 3) {
		kind = ITEM_DATETIME;
		if (!m.zoned)
			m.offset = high ? -12 * 60 : 14 * 60;
		m.zoned = true;
	} else {
		m.zoned = false;
	}
	m.precision = precision;
	return list_add(e, out, value_text(kind, moment_text(&m, kind, e->arena)));
}

static bool
boundary(ARGS, bool high)
{
	struct item v;
	struct decimal d, r;
	int64_t digits = 0;
	bool given = false;

	if (n->arguments == 1 && !function_integer(e, n->left, &digits, &given))
		return false;
	if (focus->count != 1)
		return focus->count == 0 || eval_fail(e, "one value is expected, not several");
	v = value_system(&focus->at[0], e->arena);
	if (v.kind == ITEM_DATE || v.kind == ITEM_DATETIME || v.kind == ITEM_TIME)
		return moment_boundary(e, &v, given ? digits : v.kind == ITEM_DATE ? 8
		    : v.kind == ITEM_TIME ? 9 : 17, high, out);
	if (!decimal_of(&v, &d) || !decimal_boundary(d, given ? digits : DECIMAL_DIGITS, high, &r))
		return true;
	if (v.kind != ITEM_QUANTITY)
		return list_add(e, out, value_decimal(r, e->arena));
	v.text = decimal_text(r, e->arena);
	return list_add(e, out, v);
}

static bool
fn_low(ARGS)
{
	return boundary(e, n, focus, out, false);
}

static bool
fn_high(ARGS)
{
	return boundary(e, n, focus, out, true);
}

static bool
fn_precision(ARGS)
{
	struct item v;
	struct decimal d;
	struct moment m;

	(void)n;
	if (focus->count != 1)
		return focus->count == 0 || eval_fail(e, "one value is expected, not several");
	v = value_system(&focus->at[0], e->arena);
	if (v.kind == ITEM_DECIMAL || v.kind == ITEM_INTEGER)
		return !decimal_of(&v, &d) || list_add(e, out, value_integer(d.scale));
	if (!moment_parse(v.text, v.kind, &m))
		return true;
	return list_add(e, out, value_integer(digits_of(&m, v.kind)));
}

/* Do two quantities measure the same? */
static bool
fn_comparable(ARGS)
{
	struct list other = { 0 };
	int order;

	if (!function_argument(e, n->left, &other))
		return false;
	if (focus->count != 1 || other.count != 1)
		return true;
	return list_add(e, out, value_boolean(
	    value_compare(&focus->at[0], &other.at[0], e->arena, &order) == 1));
}

/* sort(keys): a key with a minus in front sorts downward. */

#define KEYS_MAX 8

struct sortable {
	struct item item;
	struct list key[KEYS_MAX];
};

static bool
keys_of(struct evaluation *e, const struct node *n, const struct item *item, struct sortable *s)
{
	struct list one = { (struct item *)(uintptr_t)item, 1, 1 };
	const struct list *self = e->self;
	bool good = true;
	int k = 0;

	s->item = *item;
	e->self = &one;
	if (n->arguments == 0)
		good = list_add(e, &s->key[0], *item);
	for (const struct node *a = n->left; good && a != NULL; a = a->next, k++)
		good = eval(e, a->kind == NODE_NEGATE ? a->left : a, &one, &s->key[k]);
	e->self = self;
	return good;
}

static int
compare_sortables(struct evaluation *e, const struct node *n, const struct sortable *a,
    const struct sortable *b)
{
	const struct node *key = n->left;

	for (int k = 0; k == 0 || key != NULL; k++) {
		bool down = key != NULL && key->kind == NODE_NEGATE;
		int order = 0;

		if (a->key[k].count == 0 || b->key[k].count == 0)
			order = (a->key[k].count > 0) - (b->key[k].count > 0);
		else if (value_compare(&a->key[k].at[0], &b->key[k].at[0], e->arena, &order) != 1)
			order = 0;
		if (order != 0)
			return down ? -order : order;
		key = key == NULL ? NULL : key->next;
	}
	return 0;
}

static bool
fn_sort(ARGS)
{
	struct sortable *all = arena_array(e->arena, focus->count + 1, sizeof *all);

	for (uint32_t i = 0; i < focus->count; i++) {
		struct sortable s = { .item = focus->at[i] };
		uint32_t at = i;

		if (!eval_compared(e, &focus->at[i], i) || !keys_of(e, n, &focus->at[i], &s))
			return false;
		for (; at > 0 && compare_sortables(e, n, &all[at - 1], &s) > 0; at--)
			all[at] = all[at - 1];
		all[at] = s;
	}
	for (uint32_t i = 0; i < focus->count; i++)
		if (!list_add(e, out, all[i].item))
			return false;
	return true;
}

static const struct function_row rows[] = {
	{ "lowBoundary", 0, 1, fn_low }, { "highBoundary", 0, 1, fn_high },
	{ "precision", 0, 0, fn_precision }, { "comparable", 1, 1, fn_comparable },
	{ "sort", 0, KEYS_MAX, fn_sort },
};

const struct function_table boundary_functions = { rows, COUNT_OF(rows) };
