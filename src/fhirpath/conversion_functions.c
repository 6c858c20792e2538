/* conversion_functions.c -- toX() and convertsToX(): each gives the value, or nothing when there is none. */
#include "base/arena.h"
#include "fhirpath/function_tables.h"

static bool
to_boolean(struct evaluation *e, const struct item *v, struct item *r)
{
	static const char *const yes[] = { "true", "t", "yes", "y", "1", "1.0" };
	static const char *const no[] = { "false", "f", "no", "n", "0", "0.0" };
	struct slice s = item_text(v, e->arena);

	if (v->kind == ITEM_BOOLEAN) {
		*r = *v;
		return true;
	}
	if (v->kind != ITEM_STRING && v->kind != ITEM_INTEGER && v->kind != ITEM_DECIMAL)
		return false;
	for (size_t i = 0; i < COUNT_OF(yes); i++) {
		if (slice_eq_nocase(s, slice_of(yes[i])) || slice_eq_nocase(s, slice_of(no[i]))) {
			*r = value_boolean(slice_eq_nocase(s, slice_of(yes[i])));
			return true;
		}
	}
	return false;
}

static bool
to_integer(struct evaluation *e, const struct item *v, struct item *r)
{
	struct slice s = item_text(v, e->arena);
	bool negative = s.len > 0 && s.ptr[0] == '-';
	uint64_t n;

	if (v->kind == ITEM_BOOLEAN) {
		*r = value_integer(v->boolean);
		return true;
	}
	if (v->kind != ITEM_STRING && v->kind != ITEM_INTEGER)
		return false;
	if (negative || (s.len > 0 && s.ptr[0] == '+'))
		s = slice_sub(s, 1, s.len);
	if (!slice_uint(s, &n) || n > 2147483648u || (!negative && n > INT32_MAX))
		return false;
	*r = value_integer(negative ? -(int64_t)n : (int64_t)n);
	return true;
}

static bool
to_decimal(struct evaluation *e, const struct item *v, struct item *r)
{
	struct slice s = item_text(v, e->arena);
	struct decimal d;

	if (v->kind == ITEM_BOOLEAN) {
		*r = value_text(ITEM_DECIMAL, v->boolean ? SLICE("1.0") : SLICE("0.0"));
		return true;
	}
	if ((v->kind != ITEM_STRING && v->kind != ITEM_INTEGER && v->kind != ITEM_DECIMAL)
	    || !decimal_parse(s, &d)
	    || (v->kind == ITEM_STRING && slice_find(s, 'e') + slice_find(s, 'E') < 2 * s.len))
		return false;
	*r = value_text(ITEM_DECIMAL, s);
	return true;
}

static bool
to_string(struct evaluation *e, const struct item *v, struct item *r)
{
	if (v->kind == ITEM_NODE || v->kind == ITEM_TYPE)
		return false;
	*r = fhirpath_string(item_text(v, e->arena));
	return true;
}

static bool
to_moment(struct evaluation *e, const struct item *v, enum item_kind kind, struct item *r)
{
	struct slice s = item_text(v, e->arena);
	struct moment m;

	if (v->kind != ITEM_STRING && v->kind != ITEM_DATE && v->kind != ITEM_DATETIME
	    && v->kind != ITEM_TIME)
		return false;
	if (kind == ITEM_DATE && slice_find(s, 'T') < s.len && v->kind != ITEM_TIME)
		s = slice_sub(s, 0, slice_find(s, 'T'));
	if (!moment_parse(s, kind, &m))
		return false;
	*r = value_text(kind, s);
	return true;
}

static bool
to_date(struct evaluation *e, const struct item *v, struct item *r)
{
	return to_moment(e, v, ITEM_DATE, r);
}

static bool
to_datetime(struct evaluation *e, const struct item *v, struct item *r)
{
	return to_moment(e, v, ITEM_DATETIME, r);
}

static bool
to_time(struct evaluation *e, const struct item *v, struct item *r)
{
	return to_moment(e, v, ITEM_TIME, r);
}

static const char *const time_words[] = { "year", "month", "week", "day", "hour", "minute",
	"second", "millisecond" };

static bool
is_time_word(struct slice s)
{
	for (size_t i = 0; i < COUNT_OF(time_words); i++) {
		struct slice one = slice_of(time_words[i]);

		if (slice_eq(s, one) || (s.len == one.len + 1 && slice_starts(s, one)
		    && s.ptr[one.len] == 's'))
			return true;
	}
	return false;
}

/* "4 days", "1 'wk'", "5" */
static bool
quantity_text(struct slice s, struct item *r)
{
	struct slice unit = s, number = slice_cut(&unit, ' ');
	struct decimal d;

	if (!decimal_parse(number, &d))
		return false;
	unit = slice_trim(unit);
	*r = (struct item){ .kind = ITEM_QUANTITY, .text = number, .unit = SLICE("1") };
	if (unit.len == 0)
		return number.len == s.len;
	if (unit.len > 2 && unit.ptr[0] == '\'' && unit.ptr[unit.len - 1] == '\'') {
		r->unit = slice_sub(unit, 1, unit.len - 2);
		return true;
	}
	r->unit = unit;
	r->boolean = true;
	return is_time_word(unit);
}

static bool
to_quantity(struct evaluation *e, const struct item *v, struct item *r)
{
	if (v->kind == ITEM_QUANTITY) {
		*r = *v;
		return true;
	}
	if (v->kind == ITEM_BOOLEAN) {
		*r = (struct item){ .kind = ITEM_QUANTITY, .unit = SLICE("1"),
			.text = v->boolean ? SLICE("1.0") : SLICE("0.0") };
		return true;
	}
	return (v->kind == ITEM_INTEGER || v->kind == ITEM_DECIMAL || v->kind == ITEM_STRING)
	    && quantity_text(item_text(v, e->arena), r);
}

typedef bool convert_fn(struct evaluation *, const struct item *, struct item *);

static bool
convert(struct evaluation *e, const struct list *focus, struct list *out, convert_fn *fn,
    bool only_ask)
{
	struct item v, r;
	bool good;

	if (focus->count == 0)
		return true;
	if (focus->count > 1)
		return eval_fail(e, "one value is expected, not several");
	v = value_system(&focus->at[0], e->arena);
	good = fn(e, &v, &r);
	if (only_ask)
		return list_add(e, out, value_boolean(good));
	return !good || list_add(e, out, r);
}

#define CONVERSIONS(X)                                            \
	X(boolean, to_boolean) X(integer, to_integer) X(decimal, to_decimal) \
	X(string, to_string) X(date, to_date) X(datetime, to_datetime)       \
	X(time, to_time) X(quantity, to_quantity)

#define X(name, function) \
static bool fn_to_##name(ARGS) \
{ (void)n; return convert(e, focus, out, function, false); } \
static bool fn_converts_to_##name(ARGS) \
{ (void)n; return convert(e, focus, out, function, true); }
CONVERSIONS(X)
#undef X

static const struct function_row rows[] = {
	{ "toBoolean", 0, 0, fn_to_boolean }, { "convertsToBoolean", 0, 0, fn_converts_to_boolean },
	{ "toInteger", 0, 0, fn_to_integer }, { "convertsToInteger", 0, 0, fn_converts_to_integer },
	{ "toDecimal", 0, 0, fn_to_decimal }, { "convertsToDecimal", 0, 0, fn_converts_to_decimal },
	{ "toString", 0, 0, fn_to_string }, { "convertsToString", 0, 0, fn_converts_to_string },
	{ "toDate", 0, 0, fn_to_date }, { "convertsToDate", 0, 0, fn_converts_to_date },
	{ "toDateTime", 0, 0, fn_to_datetime },
	{ "convertsToDateTime", 0, 0, fn_converts_to_datetime }, { "toTime", 0, 0, fn_to_time },
	{ "convertsToTime", 0, 0, fn_converts_to_time }, { "toQuantity", 0, 1, fn_to_quantity },
	{ "convertsToQuantity", 0, 1, fn_converts_to_quantity },
};

const struct function_table conversion_functions = { rows, COUNT_OF(rows) };
