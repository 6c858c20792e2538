/* hcl_functions_time.c -- formatdate() and its like, on times that are written down. */
#include "iac/hcl_functions.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"

/* RFC 3339; `offset` in minutes. */
struct moment {
	int64_t seconds;                /* since 1970, UTC */
	int     year, month, day, hour, minute, second, offset;
	bool    zulu;
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t
days_of(int64_t y, int m, int d)
{
	y -= m <= 2;
	return (y >= 0 ? y : y - 399) / 400 * 146097
	    + ((y % 400 + 400) % 400) * 365 + ((y % 400 + 400) % 400) / 4 - ((y % 400 + 400) % 400) / 100
	    + (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
}

static void
from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static bool
parse(struct hcl_call *c, uint32_t argument, struct moment *m)
{
	int used = 0, hours = 0, minutes = 0;
	struct slice s, rest;
	char *text, sign = 'Z';

	if (!hcl_text(c, argument, &s) || s.len > 64)
		return false;
	text = slice_cstr(s, c->arena);
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &m->year, &m->month, &m->day, &m->hour, &m->minute, &m->second,
	    &used) != 6 || used != 19)
		return false;
	rest = slice_sub(s, 19, s.len);
	if (rest.len > 0 && rest.ptr[0] == '.')
		for (rest = slice_sub(rest, 1, rest.len); rest.len > 0 && rest.ptr[0] >= '0' && rest.ptr[0] <= '9';)
			rest = slice_sub(rest, 1, rest.len);
	m->zulu = slice_is(rest, "Z");
	if (!m->zulu && (rest.len != 6 || sscanf(slice_cstr(rest, c->arena), "%c%2d:%2d", &sign, &hours, &minutes) != 3
	    || (sign != '+' && sign != '-')))
		return false;
	m->offset = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	m->seconds = days_of(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 + m->second
	    - m->offset * 60;
	return m->month >= 1 && m->month <= 12 && m->day >= 1 && m->day <= 31 && m->hour < 24 && m->minute < 60;
}

static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December" };
static const char *const weekdays[] = { "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday",
	"Wednesday" };

static void
zone(struct buf *b, const struct moment *m, size_t run)
{
	int hours = (m->offset < 0 ? -m->offset : m->offset) / 60, minutes = (m->offset < 0 ? -m->offset : m->offset) % 60;
	char sign = m->offset < 0 ? '-' : '+';

	if (run == 1 && m->offset == 0)
		buf_add_char(b, 'Z');
	else if (run == 3 && m->offset == 0)
		buf_add_cstr(b, "UTC");
	else if (run == 4 || run == 3)
		buf_printf(b, "%c%02d%02d", sign, hours, minutes);
	else
		buf_printf(b, "%c%02d:%02d", sign, hours, minutes);
}

/* One run of a letter: "YYYY", "MMM" ...; false when it means nothing. */
static bool
add_run(struct buf *b, const struct moment *m, char letter, size_t run)
{
	int64_t days = days_of(m->year, m->month, m->day);
	int twelve = m->hour % 12 == 0 ? 12 : m->hour % 12;
	const char *weekday = weekdays[(days % 7 + 7) % 7], *month = months[m->month - 1];
	const char *number = run == 1 ? "%d" : "%02d";

	switch (letter) {
	case 'Y':
		buf_printf(b, run == 2 ? "%02d" : "%04d", run == 2 ? m->year % 100 : m->year);
		return run == 2 || run == 4;
	case 'M':
		if (run <= 2)
			buf_printf(b, number, m->month);
		else
			buf_add(b, slice_sub(slice_of(month), 0, run == 3 ? 3 : 20));
		return run <= 4;
	case 'D':  buf_printf(b, number, m->day); return run <= 2;
	case 'E':  buf_add(b, slice_sub(slice_of(weekday), 0, run == 3 ? 3 : 20)); return run == 3 || run == 4;
	case 'h':  buf_printf(b, number, m->hour); return run <= 2;
	case 'H':  buf_printf(b, number, twelve); return run <= 2;
	case 'm':  buf_printf(b, number, m->minute); return run <= 2;
	case 's':  buf_printf(b, number, m->second); return run <= 2;
	case 'A':  buf_add_cstr(b, m->hour < 12 ? "AM" : "PM"); return run == 2;
	case 'a':  buf_add_cstr(b, m->hour < 12 ? "am" : "pm"); return run == 2;
	case 'Z':  zone(b, m, run); return run <= 5;
	default:   return false;
	}
}

/* Runs of letters, texts in quotes, anything else as it is. */
static const struct value *
formatdate(struct hcl_call *c)
{
	struct moment m;
	struct slice f;
	struct buf b;

	if (!hcl_text(c, 0, &f) || !parse(c, 1, &m))
		return hcl_wrong(c, "formatdate() takes a format and a time");
	hcl_begin(c, &b);
	for (size_t i = 0, run; i < f.len; i += run) {
		char letter = f.ptr[i];

		run = 1;
		if (letter == '\'') {
			for (; i + run < f.len && !(f.ptr[i + run] == '\'' && !(i + run + 1 < f.len && f.ptr[i + run + 1] == '\''));
			    run++) {
				run += f.ptr[i + run] == '\'';
				buf_add_char(&b, f.ptr[i + run]);
			}
			if (i + run == f.len)
				return hcl_wrong(c, "a text in the format is not closed");
			run++;
			continue;
		}
		if (!((letter | 32) >= 'a' && (letter | 32) <= 'z')) {
			buf_add_char(&b, letter);
			continue;
		}
		while (i + run < f.len && f.ptr[i + run] == letter)
			run++;
		if (!add_run(&b, &m, letter, run))
			return hcl_wrong(c, "the format has letters without a meaning");
	}
	return hcl_built(c, &b);
}

/* "1h30m", "-10s" */
static bool
duration(struct slice s, double *seconds)
{
	bool negative = slice_starts(s, SLICE("-"));
	static const struct {
		const char *name;
		double      seconds;
	} units[] = { { "ns", 1e-9 }, { "us", 1e-6 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };

	*seconds = 0;
	if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
		s = slice_sub(s, 1, s.len);
	while (s.len > 0) {
		double n = 0, scale = 0;
		size_t i = 0, unit;

		for (; i < s.len && ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] == '.' && !(scale > 0))); i++) {
			if (s.ptr[i] == '.') {
				scale = 1;
				continue;
			}
			n = n * 10 + (s.ptr[i] - '0');
			scale *= 10;
		}
		for (unit = 0; unit < COUNT_OF(units); unit++)
			if (slice_starts(slice_sub(s, i, s.len), slice_of(units[unit].name)))
				break;
		if (i == 0 || unit == COUNT_OF(units))
			return false;
		*seconds += n / (scale > 0 ? scale : 1) * units[unit].seconds;
		s = slice_sub(s, i + strlen(units[unit].name), s.len);
	}
	if (negative)
		*seconds = -*seconds;
	return true;
}

static const struct value *
timeadd(struct hcl_call *c)
{
	struct moment m;
	struct slice s;
	double seconds;
	int64_t at, day;
	struct buf b;

	if (!parse(c, 0, &m) || !hcl_text(c, 1, &s) || !duration(s, &seconds) || seconds > 1e12 || seconds < -1e12)
		return hcl_wrong(c, "timeadd() takes a time and a duration");
	at = m.seconds + m.offset * 60 + (int64_t)seconds;
	day = (at >= 0 ? at : at - 86399) / 86400;
	from_days(day, &m.year, &m.month, &m.day);
	at -= day * 86400;
	buf_init(&b, c->arena, 64);
	buf_printf(&b, "%04d-%02d-%02dT%02d:%02d:%02d", m.year, m.month, m.day, (int)(at / 3600), (int)(at / 60 % 60),
	    (int)(at % 60));
	zone(&b, &m, m.offset == 0 ? 1 : 5);
	return hcl_text_value(c, buf_slice(&b));
}

static const struct value *
timecmp(struct hcl_call *c)
{
	struct moment a, b;

	if (!parse(c, 0, &a) || !parse(c, 1, &b))
		return hcl_wrong(c, "timecmp() takes two times");
	return hcl_number_value(c->arena, c->span, (a.seconds > b.seconds) - (a.seconds < b.seconds));
}

static const struct hcl_function rows[] = {
	{ "formatdate", 2, 2, 0, formatdate }, { "timeadd", 2, 2, 0, timeadd }, { "timecmp", 2, 2, 0, timecmp },
};

const struct hcl_table hcl_time_table = { rows, COUNT_OF(rows) };
