/* datatype.c -- see datatype.h.  No regular expressions: each check reads the
 * text once. */
#include "fhir/datatype.h"

#include "base/ascii.h"
#include "base/attr.h"
#include "base/instant.h"
#include "base/limits.h"
#include "fhir/pack.h"

static bool
digits(struct slice *s, int width, int *out)
{
	uint64_t n;

	if (s->len < (size_t)width || !slice_uint(slice_sub(*s, 0, (size_t)width), &n))
		return false;
	*out = (int)n;
	*s = slice_sub(*s, (size_t)width, s->len);
	return true;
}

static bool
mark(struct slice *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = slice_sub(*s, 1, s->len);
	return true;
}

/* How much of a date was there: 1 year, 2 month, 3 day; 0 is none. */
static int
date_part(struct slice *s)
{
	int year, month, day, y, m, d;

	if (!digits(s, 4, &year) || year == 0)
		return 0;
	if (!mark(s, '-'))
		return 1;
	if (!digits(s, 2, &month) || month < 1 || month > 12)
		return 0;
	if (!mark(s, '-'))
		return 2;
	if (!digits(s, 2, &day) || day < 1 || day > 31)
		return 0;
	instant_date(instant_days(year, month, day), &y, &m, &d);
	return m == month ? 3 : 0;
}

/* hh:mm:ss[.f+]; 24:00 is no time. */
static bool
time_part(struct slice *s)
{
	int hour, minute, second;

	if (!digits(s, 2, &hour) || !mark(s, ':') || !digits(s, 2, &minute) || !mark(s, ':')
	    || !digits(s, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return false;
	if (!mark(s, '.'))
		return true;
	if (s->len == 0 || !ascii_is_digit(s->ptr[0]))
		return false;
	while (s->len > 0 && ascii_is_digit(s->ptr[0]))
		*s = slice_sub(*s, 1, s->len);
	return true;
}

static bool
zone_part(struct slice *s)
{
	int hour, minute;

	if (mark(s, 'Z'))
		return true;
	if (!mark(s, '+') && !mark(s, '-'))
		return false;
	return digits(s, 2, &hour) && mark(s, ':') && digits(s, 2, &minute) && minute < 60
	    && (hour < 14 || (hour == 14 && minute == 0));
}

static bool
check_date(struct slice s, const struct limits *l UNUSED)
{
	return date_part(&s) > 0 && s.len == 0;
}

static bool
check_datetime(struct slice s, const struct limits *l UNUSED)
{
	int parts = date_part(&s);

	return parts > 0 && (s.len == 0
	    || (parts == 3 && mark(&s, 'T') && time_part(&s) && zone_part(&s) && s.len == 0));
}

static bool
check_instant(struct slice s, const struct limits *l UNUSED)
{
	return date_part(&s) == 3 && mark(&s, 'T') && time_part(&s) && zone_part(&s) && s.len == 0;
}

static bool
check_time(struct slice s, const struct limits *l UNUSED)
{
	return time_part(&s) && s.len == 0;
}

/* The code point at `at`, which is moved behind it; the text is UTF-8 (json/). */
static uint32_t
code_point(struct slice s, size_t *at)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	uint32_t c = p[*at];
	int more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	++*at;
	if (more == 0)
		return c;
	c &= 0x3fu >> more;
	while (more-- > 0 && *at < s.len)
		c = c << 6 | (p[(*at)++] & 0x3f);
	return c;
}

/* C0 but white space, and what is no character at all.  C1 is allowed in text: R4's
 * own definitions have it. */
static bool
is_control(uint32_t c)
{
	return (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || (c & 0xfffe) == 0xfffe
	    || (c >= 0xfdd0 && c <= 0xfdef);
}

/* Seen by nobody, or turning round what is seen: C1, directions, joiners, zero width. */
static bool
is_invisible(uint32_t c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e)
	    || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

static bool
no_controls(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		if ((unsigned char)s.ptr[i] >= 0x20 && (unsigned char)s.ptr[i] < 0x80)
			i++;
		else if (is_control(code_point(s, &i)))
			return false;
	}
	return true;
}

bool
datatype_text_is_plain(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t c;

		if ((unsigned char)s.ptr[i] < 0x80) {
			i++;
			continue;
		}
		c = code_point(s, &i);
		if (is_invisible(c) || is_control(c))
			return false;
	}
	return true;
}

enum { LATIN = 1, GREEK = 2, CYRILLIC = 4 };

static int
script_of(uint32_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return LATIN;
	if (c >= 0x370 && c <= 0x3ff)
		return GREEK;
	return c >= 0x400 && c <= 0x52f ? CYRILLIC : 0;
}

bool
datatype_text_is_of_one_script(struct slice s)
{
	int scripts = 0;

	for (size_t i = 0; i < s.len;)
		scripts |= script_of(code_point(s, &i));
	return (scripts & (scripts - 1)) == 0;
}

static bool
check_string(struct slice s, const struct limits *l)
{
	return s.len > 0 && s.len <= l->of[LIMIT_STRING_BYTES] && no_controls(s)
	    && slice_trim(s).len > 0;
}

/* No string: as long as a body may be. */
static bool
check_xhtml(struct slice s, const struct limits *l UNUSED)
{
	return no_controls(s) && slice_trim(s).len > 0;
}

/* No white space but single spaces inside. */
static bool
check_code(struct slice s, const struct limits *l UNUSED)
{
	unsigned char all = 0;

	if (s.len == 0 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x20 || c == 0x7f || (c == ' ' && s.ptr[i + 1] == ' '))
			return false;
		all |= c;
	}
	return all < 0x80 || datatype_text_is_plain(s);
}

static bool
check_id(struct slice s, const struct limits *l UNUSED)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!(ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'
		    || c == '.'))
			return false;
	}
	return s.len >= 1 && s.len <= 64;
}

static bool check_oid(struct slice, const struct limits *);
static bool is_uuid_of_any_case(struct slice);

/* An OID or UUID is one. */
static bool
urn_has_form(struct slice s)
{
	if (slice_starts(s, SLICE("urn:oid:")))
		return check_oid(s, NULL);
	return !slice_starts(s, SLICE("urn:uuid:")) || is_uuid_of_any_case(s);
}

static bool
check_uri(struct slice s, const struct limits *l)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.ptr[i] <= 0x20 || s.ptr[i] == 0x7f)
			return false;
		all |= (unsigned char)s.ptr[i];
	}
	if (slice_starts(s, SLICE("urn:")) && !urn_has_form(s))
		return false;
	return s.len > 0 && s.len <= l->of[LIMIT_STRING_BYTES] && (all < 0x80 || datatype_text_is_plain(s));
}

/* urn:oid:[0-2](.(0|[1-9][0-9]*))+ */
static bool
check_oid(struct slice s, const struct limits *l UNUSED)
{
	struct slice prefix = SLICE("urn:oid:"), rest;
	int arcs = 0;

	if (!slice_starts(s, prefix))
		return false;
	rest = slice_sub(s, prefix.len, s.len);
	while (rest.len > 0) {
		bool more = slice_find(rest, '.') < rest.len;
		struct slice arc = slice_cut(&rest, '.');

		if (arc.len == 0 || (arc.len > 1 && arc.ptr[0] == '0') || (more && rest.len == 0))
			return false;
		for (size_t i = 0; i < arc.len; i++)
			if (!ascii_is_digit(arc.ptr[i]))
				return false;
		if (arcs++ == 0 && (arc.len != 1 || arc.ptr[0] > '2'))
			return false;
	}
	return arcs >= 2;
}

static bool
check_uuid(struct slice s, const struct limits *l UNUSED)
{
	struct slice prefix = SLICE("urn:uuid:");

	if (!slice_starts(s, prefix) || s.len != prefix.len + 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		char c = s.ptr[prefix.len + i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !(ascii_is_digit(c) || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

static bool
is_uuid_of_any_case(struct slice s)
{
	char lower[64];

	if (s.len >= sizeof lower)
		return false;
	for (size_t i = 0; i < s.len; i++)
		lower[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + 32 : s.ptr[i]);
	return check_uuid(slice_make(lower, s.len), NULL);
}

bool
datatype_uri_is_absolute(struct slice s)
{
	size_t colon = slice_find(s, ':');

	if (colon == 0 || colon == s.len)
		return false;
	for (size_t i = 0; i < colon; i++) {
		char c = s.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (i > 0 && (ascii_is_digit(c)
		    || c == '+' || c == '-' || c == '.'))))
			return false;
	}
	return urn_has_form(s);
}

static bool
base64_char(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
}

/* White space may stand between the groups (R4: base64Binary). */
static bool
check_base64(struct slice s, const struct limits *l UNUSED)
{
	size_t chars = 0, pad = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (strchr(" \t\r\n", s.ptr[i]) != NULL && s.ptr[i] != '\0')
			continue;
		pad += s.ptr[i] == '=';
		if (s.ptr[i] != '=' && (pad > 0 || !base64_char(s.ptr[i])))
			return false;
		chars++;
	}
	return chars > 0 && chars % 4 == 0 && pad <= 2;
}

static bool
check_decimal(struct slice s, const struct limits *l UNUSED)
{
	return s.len > 0 && s.len <= 64;        /* JSON's own grammar is stricter than R4's */
}

static bool
whole(struct slice s, bool may_be_negative, uint64_t least, uint64_t most)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	uint64_t n;

	if (negative && !may_be_negative)
		return false;
	if (!slice_uint(negative ? slice_sub(s, 1, s.len) : s, &n))
		return false;
	return n <= most + negative && (negative || n >= least);
}

static bool
check_integer(struct slice s, const struct limits *l UNUSED)
{
	return whole(s, true, 0, INT32_MAX);
}

static bool
check_unsigned(struct slice s, const struct limits *l UNUSED)
{
	return whole(s, false, 0, INT32_MAX);
}

static bool
check_positive(struct slice s, const struct limits *l UNUSED)
{
	return whole(s, false, 1, INT32_MAX);
}

static bool
check_boolean(struct slice s UNUSED, const struct limits *l UNUSED)
{
	return true;
}

static const struct row {
	const char *type;
	enum json_type json;            /* JSON_TRUE: either boolean */
	bool (*check)(struct slice, const struct limits *);
} rows[] = {
	{ "string",       JSON_STRING, check_string },   { "code",       JSON_STRING, check_code },
	{ "uri",          JSON_STRING, check_uri },      { "dateTime",   JSON_STRING, check_datetime },
	{ "boolean",      JSON_TRUE,   check_boolean },  { "decimal",    JSON_NUMBER, check_decimal },
	{ "id",           JSON_STRING, check_id },       { "instant",    JSON_STRING, check_instant },
	{ "date",         JSON_STRING, check_date },     { "time",       JSON_STRING, check_time },
	{ "integer",      JSON_NUMBER, check_integer },  { "unsignedInt",JSON_NUMBER, check_unsigned },
	{ "positiveInt",  JSON_NUMBER, check_positive }, { "url",        JSON_STRING, check_uri },
	{ "canonical",    JSON_STRING, check_uri },      { "oid",        JSON_STRING, check_oid },
	{ "uuid",         JSON_STRING, check_uuid },     { "markdown",   JSON_STRING, check_string },
	{ "base64Binary", JSON_STRING, check_base64 },   { "xhtml",      JSON_STRING, check_xhtml },
};

bool
datatype_check(const struct type *primitive, enum json_type json, struct slice text,
    const struct limits *limits)
{
	if (json == JSON_FALSE)
		json = JSON_TRUE;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_is(primitive->name, rows[i].type))
			return rows[i].json == json && rows[i].check(text, limits);
	return false;
}

enum json_type
datatype_json(const struct type *primitive)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_is(primitive->name, rows[i].type))
			return rows[i].json;
	return JSON_STRING;
}
