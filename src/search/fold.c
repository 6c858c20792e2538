/* fold.c -- the values of index rows: folded text, hashes, intervals. */
#include <math.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "base/arena.h"
#include "base/instant.h"
#include "search/index.h"
#include "search/values.h"


/* Plain ASCII: lower case, runs of space to one, trimmed; false otherwise. */
static bool
fold_ascii(struct slice text, struct arena *arena, struct slice *out)
{
	char *to = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((unsigned char)c >= 0x80)
			return false;
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			if (n > 0 && to[n - 1] != ' ')
				to[n++] = ' ';
			continue;
		}
		to[n++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	if (n > 0 && to[n - 1] == ' ')
		n--;
	*out = slice_make(to, n);
	return true;
}

/* Decomposed, without marks, case folded. */
static bool
fold_unicode(struct slice text, struct arena *arena, struct slice *out)
{
	UErrorCode e = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&e);
	int32_t room = (int32_t)text.len * 4 + 16, n, kept = 0, bytes;
	UChar *a = arena_array(arena, (size_t)room, sizeof *a);
	UChar *b = arena_array(arena, (size_t)room * 2, sizeof *b);
	char *utf8 = arena_alloc(arena, (size_t)room * 4);

	u_strFromUTF8(a, room, &n, text.ptr, (int32_t)text.len, &e);
	n = u_strFoldCase(b, room * 2, a, n, U_FOLD_CASE_DEFAULT, &e);
	a = arena_array(arena, (size_t)room * 8, sizeof *a);
	n = unorm2_normalize(nfkd, b, n, a, room * 8, &e);
	if (U_FAILURE(e))
		return false;
	for (int32_t i = 0; i < n;) {
		UChar32 c;

		U16_NEXT(a, i, n, c);
		if (u_charType(c) == U_NON_SPACING_MARK)
			continue;
		U16_APPEND_UNSAFE(a, kept, c);
	}
	u_strToUTF8(utf8, room * 4, &bytes, a, kept, &e);
	if (U_FAILURE(e))
		return false;
	*out = slice_make(utf8, (size_t)bytes);
	return true;
}

static struct slice
squeeze(struct slice s, struct arena *arena)
{
	struct slice out;
	char *to = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	s = slice_trim(s);
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != ' ' || (n > 0 && to[n - 1] != ' '))
			to[n++] = s.ptr[i];
	out = slice_make(to, n);
	return out;
}

/* At most `len` bytes, and no part of a character; there are more than `len`. */
static struct slice
cut(struct slice s, size_t len)
{
	while (len > 0 && ((unsigned char)s.ptr[len] & 0xC0) == 0x80)
		len--;
	return slice_sub(s, 0, len);
}

static struct slice
at_most(struct slice s, size_t len)
{
	return s.len > len ? cut(s, len) : s;
}

static struct slice
fold(struct slice text, struct arena *arena)
{
	struct slice out;

	text = at_most(text, 4 * INDEX_TEXT);   /* more than is kept */
	if (fold_ascii(text, arena, &out))
		return out;
	return fold_unicode(text, arena, &out) ? squeeze(out, arena) : SLICE_NONE;
}

struct slice
index_fold(struct slice text, struct arena *arena)
{
	return at_most(fold(text, arena), INDEX_TEXT);
}

struct slice
index_head(struct slice folded)
{
	return at_most(folded, INDEX_HEAD);
}

static struct slice
without_punctuation(struct slice s, struct arena *arena)
{
	char *to = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0, next = 0; i < s.len; i = next) {
		UChar32 c;

		U8_NEXT((const uint8_t *)s.ptr, next, s.len, c);
		if (u_ispunct(c))
			continue;
		memcpy(to + n, s.ptr + i, next - i);
		n += next - i;
	}
	return squeeze(slice_make(to, n), arena);
}

struct slice
index_fold_string(struct slice text, struct arena *arena)
{
	struct slice whole = fold(text, arena), plain = without_punctuation(whole, arena);

	return at_most(plain.len > 0 ? plain : whole, INDEX_TEXT);
}

/* Dates */

struct scanner {
	struct slice s;
	size_t at;
};

static bool
digits(struct scanner *d, int width, int *out)
{
	uint64_t n;

	if (!slice_uint(slice_sub(d->s, d->at, (size_t)width), &n)
	    || d->s.len - d->at < (size_t)width)
		return false;
	d->at += (size_t)width;
	*out = (int)n;
	return true;
}

static bool
mark(struct scanner *d, char c)
{
	if (d->at >= d->s.len || d->s.ptr[d->at] != c)
		return false;
	d->at++;
	return true;
}

/* "Z", "+hh:mm", "-hh:mm" or nothing: milliseconds to take off; false when malformed. */
static bool
zone(struct scanner *d, int64_t *offset)
{
	int sign, hour, minute;

	*offset = 0;
	if (d->at == d->s.len || mark(d, 'Z'))
		return d->at == d->s.len;
	sign = mark(d, '+') ? 1 : mark(d, '-') ? -1 : 0;
	/* a '+' that came through a form is a space */
	if (sign == 0 && mark(d, ' '))
		sign = 1;
	if (sign == 0 || !digits(d, 2, &hour) || !mark(d, ':') || !digits(d, 2, &minute)
	    || hour > 14 || minute > 59)
		return false;
	*offset = sign * (hour * 60 + minute) * 60000LL;
	return d->at == d->s.len;
}

static bool
fraction(struct scanner *d, int64_t *ms, int64_t *span)
{
	int64_t scale = 1000;

	if (!mark(d, '.'))
		return true;
	if (d->at == d->s.len)
		return false;
	for (*span = 1000; d->at < d->s.len && d->s.ptr[d->at] >= '0' && d->s.ptr[d->at] <= '9';
	    d->at++) {
		scale /= 10;
		*ms += (d->s.ptr[d->at] - '0') * scale;
		*span = scale > 0 ? scale : 1;
	}
	return true;
}

/* time = hh:mm [ :ss [ .fraction ] ] [ zone ] */
static bool
time_of_day(struct scanner *d, int64_t day, int64_t *first, int64_t *last)
{
	int hour, minute, second = 0;
	int64_t ms = 0, span = 60000, offset;

	if (!digits(d, 2, &hour) || !mark(d, ':') || !digits(d, 2, &minute) || hour > 23 || minute > 59)
		return false;
	if (mark(d, ':')) {
		span = 1000;
		if (!digits(d, 2, &second) || second > 60 || !fraction(d, &ms, &span))
			return false;
	}
	if (!zone(d, &offset))
		return false;
	*first = day * 86400000 + ((hour * 60LL + minute) * 60 + second) * 1000 + ms - offset;
	*last = *first + span - 1;
	return true;
}

bool
index_date(struct slice text, int64_t *first, int64_t *last)
{
	struct scanner d = { text, 0 };
	int year, month = 1, day = 1;

	if (!digits(&d, 4, &year) || year == 0)
		return false;
	if (d.at == text.len) {
		*first = instant_days(year, 1, 1) * 86400000;
		*last = instant_days(year + 1, 1, 1) * 86400000 - 1;
		return true;
	}
	if (!mark(&d, '-') || !digits(&d, 2, &month) || month < 1 || month > 12)
		return false;
	if (d.at == text.len) {
		*first = instant_days(year, month, 1) * 86400000;
		*last = instant_days(year, month, 1) * 86400000 + instant_month_days(year, month) * 86400000LL - 1;
		return true;
	}
	if (!mark(&d, '-') || !digits(&d, 2, &day) || day < 1 || day > instant_month_days(year, month))
		return false;
	*first = instant_days(year, month, day) * 86400000;
	*last = *first + 86400000 - 1;
	return d.at == text.len
	    || (mark(&d, 'T') && time_of_day(&d, instant_days(year, month, day), first, last));
}

/* Numbers: R4 search.html#number, "100" is [99.5, 100.5). */

static bool
decimal_good(struct slice s)
{
	size_t i = 0, whole, after;

	if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
		i++;
	for (whole = i; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
		;
	if (i == whole)
		return false;
	if (i < s.len && s.ptr[i] == '.') {
		for (after = ++i; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
			;
		if (i == after)
			return false;
	}
	if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
		i++;
		if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
			i++;
		for (after = i; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
			;
		if (i == after)
			return false;
	}
	return i == s.len;
}

#define EXPONENT_MAX 400        /* farther than a double reaches */

/* Half a unit of the last digit that is written; of 1e2 a tenth of that, since R4's own example is [95 ... 105). */
static double
half_unit(struct slice s)
{
	size_t e = 0, dot;
	int exponent = 0;
	double unit = 1;

	while (e < s.len && s.ptr[e] != 'e' && s.ptr[e] != 'E')
		e++;
	if (e < s.len) {
		char text[80] = { 0 };
		struct slice power = slice_sub(s, e + 1, sizeof text - 1);
		long n;

		memcpy(text, power.ptr, power.len);
		n = strtol(text, NULL, 10);
		exponent = n > EXPONENT_MAX ? EXPONENT_MAX : n < -EXPONENT_MAX ? -EXPONENT_MAX : (int)n;
	}
	dot = slice_find(slice_sub(s, 0, e), '.');
	exponent -= dot < e ? (int)(e - dot - 1) : e < s.len;
	for (int i = 0; i < abs(exponent) && i < EXPONENT_MAX; i++)
		unit = exponent < 0 ? unit / 10 : unit * 10;
	return unit / 2;
}

bool
values_exact(struct slice s, double *value)
{
	char text[80] = { 0 };

	if (s.len >= sizeof text || !decimal_good(s))
		return false;
	memcpy(text, s.ptr, s.len);
	*value = strtod(text, NULL);
	return *value - *value == 0;    /* not infinite */
}

bool
values_number(struct slice s, double *low, double *high)
{
	double value, half;

	if (!values_exact(s, &value))
		return false;
	half = half_unit(s);
	*low = value - half;
	*high = fmax(value, nextafter(value + half, -HUGE_VAL));        /* more digits than a double has */
	return true;
}
