/* moment.c -- dates, dateTimes and times, as precise as they were written. */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "fhirpath/ast.h"

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

int
moment_compare(struct moment a, struct moment b, int *order)
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

/* Arithmetic */

static void
add_months(struct moment *m, int64_t months)
{
	int64_t all = (int64_t)m->year * 12 + m->month - 1 + months;
	int days;

	m->year = (int)((all >= 0 ? all : all - 11) / 12);
	m->month = (int)((all % 12 + 12) % 12) + 1;
	days = instant_month_days(m->year, m->month);
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

int
moment_shift(struct moment *m, enum item_kind kind, double n, struct slice unit)
{
	size_t i = 0;

	while (i < COUNT_OF(spans) && !slice_is(unit, spans[i].unit))
		i++;
	if (i == COUNT_OF(spans))
		return -1;
	if (leaves_calendar(n, i))
		return 0;
	if (spans[i].months != 0)
		add_months(m, (int64_t)n * spans[i].months);
	else if (m->precision < 3 && kind != ITEM_TIME)
		add_months(m, (int64_t)(n * (double)spans[i].ms / 86400000 / 30)
		    / (m->precision == 1 ? 12 : 1) * (m->precision == 1 ? 12 : 1));
	else
		add_milliseconds(m, (int64_t)n * spans[i].ms, kind == ITEM_TIME);
	return kind == ITEM_TIME || (m->year >= 1 && m->year <= 9999);
}
