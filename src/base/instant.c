/* instant.c -- see instant.h.  Calendar arithmetic after Howard Hinnant's
 * "chrono-Compatible Low-Level Date Algorithms" (public domain). */
#include "base/instant.h"

#include <stdio.h>

static const char day_names[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

int64_t
instant_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int
instant_month_days(int year, int month)
{
	return (int)(instant_days(year + month / 12, month % 12 + 1, 1) - instant_days(year, month, 1));
}

void
instant_date(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

struct fields {
	int year, month, day, hour, minute, second, milli, weekday;
};

static struct fields
split(int64_t ms)
{
	int64_t days = (ms >= 0 ? ms : ms - 86399999) / 86400000;
	int64_t rest = ms - days * 86400000;
	struct fields f = {
		.hour = (int)(rest / 3600000), .minute = (int)(rest / 60000 % 60),
		.second = (int)(rest / 1000 % 60), .milli = (int)(rest % 1000),
		.weekday = (int)((days % 7 + 7) % 7),
	};

	instant_date(days, &f.year, &f.month, &f.day);
	return f;
}

static char *
digits(char *to, int n, int width)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + width;
}

static char *
clock_text(char *to, const struct fields *f)
{
	to = digits(to, f->hour, 2);
	*to++ = ':';
	to = digits(to, f->minute, 2);
	*to++ = ':';
	return digits(to, f->second, 2);
}

void
instant_format(int64_t ms, char out[INSTANT_TEXT])
{
	struct fields f = split(ms);
	char *to = digits(out, f.year, 4);

	*to++ = '-';
	to = digits(to, f.month, 2);
	*to++ = '-';
	to = digits(to, f.day, 2);
	*to++ = 'T';
	to = clock_text(to, &f);
	*to++ = '.';
	to = digits(to, f.milli, 3);
	*to = 'Z';
}

void
instant_http_date(int64_t ms, char out[HTTP_DATE_TEXT])
{
	struct fields f = split(ms);
	char *to = out;

	memcpy(to, day_names[f.weekday], 3);
	memcpy(to + 3, ", ", 2);
	to = digits(to + 5, f.day, 2);
	*to++ = ' ';
	memcpy(to, month_names[f.month - 1], 3);
	to[3] = ' ';
	to = digits(to + 4, f.year, 4);
	*to++ = ' ';
	to = clock_text(to, &f);
	memcpy(to, " GMT", 4);
}

static bool
number(struct slice s, size_t at, size_t width, int *out)
{
	uint64_t n;

	if (!slice_uint(slice_sub(s, at, width), &n))
		return false;
	*out = (int)n;
	return true;
}

bool
instant_parse_http_date(struct slice s, int64_t *ms)
{
	struct fields f = { 0 };
	char again[HTTP_DATE_TEXT];

	if (s.len != HTTP_DATE_TEXT || !number(s, 5, 2, &f.day) || !number(s, 12, 4, &f.year)
	    || !number(s, 17, 2, &f.hour) || !number(s, 20, 2, &f.minute)
	    || !number(s, 23, 2, &f.second))
		return false;
	for (int m = 0; m < 12; m++)
		if (memcmp(s.ptr + 8, month_names[m], 3) == 0)
			f.month = m + 1;
	if (f.month == 0 || f.hour > 23 || f.minute > 59 || f.second > 60)
		return false;
	*ms = (instant_days(f.year, f.month, f.day) * 86400
	    + f.hour * 3600 + f.minute * 60 + f.second) * 1000;
	instant_http_date(*ms, again);
	return f.second == 60 || memcmp(again, s.ptr, sizeof again) == 0;
}
