/* text_functions.c -- strings, conversions and mathematics of FHIRPath.
 *
 * Regular expressions are PCRE2 with limits on matching, depth and heap: one
 * that would run long fails instead. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "fhirpath/text_functions.h"

#define ARGS struct evaluation *e, const struct node *n, const struct list *focus, struct list *out
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
#define HEAP_KIB    4096

/* One string in focus; none gives *has false. */
static bool
one_string(struct evaluation *e, const struct list *l, struct slice *s, bool *has)
{
	struct item v;

	*has = l->count == 1;
	if (l->count == 0)
		return true;
	if (l->count > 1)
		return eval_fail(e, "one value is expected, not several");
	v = value_system(&l->at[0], e->arena);
	if (v.kind != ITEM_STRING)
		return eval_fail(e, "a string is expected");
	*s = v.text;
	return eval_spend(e, s->len / TEXT_STEP);
}

static bool
string_argument(struct evaluation *e, const struct node *a, struct slice *s, bool *has)
{
	struct list l = { 0 };

	return function_argument(e, a, &l) && one_string(e, &l, s, has);
}

/* Focus and first argument; *has when both are there. */
static bool
two_strings(struct evaluation *e, const struct node *n, const struct list *focus, struct slice *s,
    struct slice *a, bool *has)
{
	bool second;

	if (!one_string(e, focus, s, has) || !string_argument(e, n->left, a, &second))
		return false;
	*has = *has && second;
	return true;
}

static bool
add_string(struct evaluation *e, struct list *out, struct slice s)
{
	return list_add(e, out, fhirpath_string(s));
}

/* Characters */

static size_t
char_bytes(struct slice s, size_t at)
{
	size_t n = 1;

	while (at + n < s.len && ((unsigned char)s.ptr[at + n] & 0xC0) == 0x80)
		n++;
	return n;
}

static int64_t
char_count(struct slice s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.len; i += char_bytes(s, i))
		n++;
	return n;
}

static size_t
char_offset(struct slice s, int64_t chars)
{
	size_t at = 0;

	while (chars-- > 0 && at < s.len)
		at += char_bytes(s, at);
	return at;
}

static bool
fn_index_of(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	const char *found;
	bool has;

	if (!two_strings(e, n, focus, &s, &a, &has) || !has)
		return !e->outcome->failed;
	found = a.len == 0 ? s.ptr : s.len == 0 ? NULL : memmem(s.ptr, s.len, a.ptr, a.len);
	return list_add(e, out, value_integer(found == NULL ? -1
	    : char_count(slice_make(s.ptr, (size_t)(found - s.ptr)))));
}

static bool
integer_at(struct evaluation *e, const struct node *a, int64_t *i, bool *has)
{
	struct list l = { 0 };

	*has = false;
	if (!function_argument(e, a, &l))
		return false;
	if (l.count == 1) {
		struct item v = value_system(&l.at[0], e->arena);

		if (v.kind != ITEM_INTEGER)
			return eval_fail(e, "an integer is expected");
		*i = v.integer;
		*has = true;
	}
	return true;
}

static bool
fn_substring(ARGS)
{
	struct slice s = SLICE_NONE;
	int64_t start = 0, length = INT32_MAX;
	bool has, has_start, has_length;
	size_t from;

	if (!one_string(e, focus, &s, &has) || !integer_at(e, n->left, &start, &has_start)
	    || (n->arguments == 2 && !integer_at(e, n->left->next, &length, &has_length)))
		return false;
	if (!has || !has_start || start < 0 || start >= char_count(s))
		return true;
	from = char_offset(s, start);
	s = slice_sub(s, from, s.len);
	return add_string(e, out, slice_sub(s, 0, char_offset(s, length < 0 ? 0 : length)));
}

static bool
fn_starts_with(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	bool has;

	if (!two_strings(e, n, focus, &s, &a, &has))
		return false;
	return !has || list_add(e, out, value_boolean(slice_starts(s, a)));
}

static bool
fn_ends_with(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	bool has;

	if (!two_strings(e, n, focus, &s, &a, &has))
		return false;
	return !has || list_add(e, out, value_boolean(slice_ends(s, a)));
}

static bool
fn_contains(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	bool has;

	if (!two_strings(e, n, focus, &s, &a, &has))
		return false;
	return !has || list_add(e, out, value_boolean(a.len == 0
	    || (s.len > 0 && memmem(s.ptr, s.len, a.ptr, a.len) != NULL)));
}

static bool
change_case(struct evaluation *e, const struct list *focus, struct list *out, char first, int by)
{
	struct slice s = SLICE_NONE;
	char *copy;
	bool has;

	if (!one_string(e, focus, &s, &has) || !has)
		return !e->outcome->failed;
	copy = slice_cstr(s, e->arena);
	for (size_t i = 0; i < s.len; i++)
		if (copy[i] >= first && copy[i] < first + 26)
			copy[i] = (char)(copy[i] + by);
	return add_string(e, out, slice_make(copy, s.len));
}

static bool
fn_upper(ARGS)
{
	(void)n;
	return change_case(e, focus, out, 'a', 'A' - 'a');
}

static bool
fn_lower(ARGS)
{
	(void)n;
	return change_case(e, focus, out, 'A', 'a' - 'A');
}

static bool
fn_replace(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE, b = SLICE_NONE;
	bool has, third;
	struct buf text;

	if (!two_strings(e, n, focus, &s, &a, &has)
	    || !string_argument(e, n->left->next, &b, &third))
		return false;
	if (!has || !third)
		return true;
	buf_init(&text, e->arena, 1 << 24);
	buf_reserve(&text, 1);
	for (size_t i = 0; i < s.len;) {
		bool here = a.len == 0 || slice_starts(slice_sub(s, i, s.len), a);

		if (here)
			buf_add(&text, b);
		if (here && a.len > 0) {
			i += a.len;
			continue;
		}
		buf_add(&text, slice_sub(s, i, char_bytes(s, i)));
		i += char_bytes(s, i);
	}
	if (a.len == 0)
		buf_add(&text, b);
	return buf_ok(&text) ? add_string(e, out, buf_slice(&text)) : eval_fail(e, "too long");
}

static bool
fn_length(ARGS)
{
	struct slice s = SLICE_NONE;
	bool has;

	(void)n;
	if (!one_string(e, focus, &s, &has))
		return false;
	return !has || list_add(e, out, value_integer(char_count(s)));
}

static bool
fn_to_chars(ARGS)
{
	struct slice s = SLICE_NONE;
	bool has;

	(void)n;
	if (!one_string(e, focus, &s, &has) || !has)
		return !e->outcome->failed;
	for (size_t i = 0; i < s.len; i += char_bytes(s, i))
		if (!add_string(e, out, slice_sub(s, i, char_bytes(s, i))))
			return false;
	return true;
}

static bool
fn_trim(ARGS)
{
	struct slice s = SLICE_NONE;
	bool has;

	(void)n;
	if (!one_string(e, focus, &s, &has))
		return false;
	return !has || add_string(e, out, slice_trim(s));
}

static bool
fn_split(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	bool has;

	if (!two_strings(e, n, focus, &s, &a, &has) || !has || a.len == 0)
		return !e->outcome->failed;
	for (;;) {
		const char *found = s.len == 0 ? NULL : memmem(s.ptr, s.len, a.ptr, a.len);
		size_t at = found == NULL ? s.len : (size_t)(found - s.ptr);

		if (!add_string(e, out, slice_sub(s, 0, at)))
			return false;
		if (found == NULL)
			return true;
		s = slice_sub(s, at + a.len, s.len);
	}
}

static bool
fn_join(ARGS)
{
	struct slice a = SLICE_NONE;
	bool has = false;
	struct buf text;

	if (n->arguments == 1 && !string_argument(e, n->left, &a, &has))
		return false;
	buf_init(&text, e->arena, 1 << 24);
	buf_reserve(&text, 1);
	for (uint32_t i = 0; i < focus->count; i++) {
		if (i > 0)
			buf_add(&text, a);
		buf_add(&text, item_text(&focus->at[i], e->arena));
	}
	if (!buf_ok(&text))
		return eval_fail(e, "too long");
	return focus->count == 0 || add_string(e, out, buf_slice(&text));
}

/* encode and decode: hex, base64, urlbase64 */

static bool
fn_encode(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	struct buf text;
	bool has;

	if (!two_strings(e, n, focus, &s, &a, &has) || !has)
		return !e->outcome->failed;
	buf_init(&text, e->arena, SIZE_MAX);
	buf_reserve(&text, 1);
	if (slice_is(a, "hex"))
		encode_hex(&text, s.ptr, s.len);
	else if (slice_is(a, "base64"))
		encode_base64(&text, s.ptr, s.len);
	else if (slice_is(a, "urlbase64")) {
		encode_base64url(&text, s.ptr, s.len);
		while (text.len % 4 != 0)
			buf_add_char(&text, '=');
	} else {
		return true;
	}
	return add_string(e, out, buf_slice(&text));
}

static bool
fn_decode(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE, plain = SLICE_NONE;
	bool has, good = false;

	if (!two_strings(e, n, focus, &s, &a, &has) || !has)
		return !e->outcome->failed;
	if (slice_is(a, "hex") && s.len % 2 == 0) {
		plain = slice_make(arena_alloc(e->arena, s.len + 1), s.len / 2);
		good = decode_hex(s, (uint8_t *)(uintptr_t)plain.ptr, s.len / 2);
	} else if (slice_is(a, "base64")) {
		good = decode_base64(s, e->arena, &plain);
	} else if (slice_is(a, "urlbase64")) {
		while (s.len > 0 && s.ptr[s.len - 1] == '=')
			s.len--;
		good = decode_base64url(s, e->arena, &plain);
	}
	return !good || add_string(e, out, plain);
}

/* Escapes for html and json */

static const struct { char c; const char *html, *json; } escapes[] = {
	{ '<', "&lt;", NULL }, { '>', "&gt;", NULL }, { '&', "&amp;", NULL },
	{ '"', "&quot;", "\\\"" }, { '\\', NULL, "\\\\" }, { '\n', NULL, "\\n" }, { '\t', NULL, "\\t" },
	{ '\r', NULL, "\\r" },
};

static const char *
escape_of(size_t i, bool html)
{
	return html ? escapes[i].html : escapes[i].json;
}

static bool
escaping(ARGS, bool back)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	struct buf text;
	bool has, html;

	if (!two_strings(e, n, focus, &s, &a, &has) || !has)
		return !e->outcome->failed;
	html = slice_is(a, "html");
	if (!html && !slice_is(a, "json"))
		return true;
	buf_init(&text, e->arena, SIZE_MAX);
	buf_reserve(&text, 1);
	for (size_t i = 0; i < s.len;) {
		size_t k = 0;

		for (; k < COUNT_OF(escapes); k++)
			if (escape_of(k, html) != NULL && (back
			    ? slice_starts(slice_sub(s, i, s.len), slice_of(escape_of(k, html)))
			    : s.ptr[i] == escapes[k].c))
				break;
		if (k == COUNT_OF(escapes)) {
			buf_add_char(&text, s.ptr[i++]);
		} else if (back) {
			buf_add_char(&text, escapes[k].c);
			i += strlen(escape_of(k, html));
		} else {
			buf_add_cstr(&text, escape_of(k, html));
			i++;
		}
	}
	return add_string(e, out, buf_slice(&text));
}

static bool
fn_escape(ARGS)
{
	return escaping(e, n, focus, out, false);
}

static bool
fn_unescape(ARGS)
{
	return escaping(e, n, focus, out, true);
}

/* Regular expressions */

#define REGEX_STEPS 64          /* that compiling and matching are, but for the text */

/* For pcre2_code_free(); NULL when it is none. */
static pcre2_code *
compile_regex(struct slice pattern, bool whole)
{
	int error;
	size_t at;
	uint32_t options = PCRE2_UTF | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C
	    | (whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0);

	return pattern.len > 4096 ? NULL
	    : pcre2_compile((PCRE2_SPTR)(pattern.len == 0 ? "" : pattern.ptr), pattern.len, options,
	        &error, &at, NULL);
}

/* For pcre2_match_context_free(). */
static pcre2_match_context *
match_limits(void)
{
	pcre2_match_context *m = pcre2_match_context_create(NULL);

	if (m == NULL)
		abort();
	pcre2_set_match_limit(m, MATCH_LIMIT);
	pcre2_set_depth_limit(m, DEPTH_LIMIT);
	pcre2_set_heap_limit(m, HEAP_KIB);
	return m;
}

static bool
regex_matches(ARGS, bool whole)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE;
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
	bool has;
	int found;

	if (!two_strings(e, n, focus, &s, &a, &has) || !has)
		return !e->outcome->failed;
	if (!eval_spend(e, REGEX_STEPS))
		return false;
	if ((code = compile_regex(a, whole)) == NULL)
		return eval_fail(e, "the regular expression is not valid");
	if ((data = pcre2_match_data_create_from_pattern(code, NULL)) == NULL)
		abort();
	limits = match_limits();
	found = pcre2_match(code, (PCRE2_SPTR)(s.len == 0 ? "" : s.ptr), s.len, 0, 0, data, limits);
	pcre2_match_context_free(limits);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	if (found < 0 && found != PCRE2_ERROR_NOMATCH)
		return outcome_fail_at_once(e->outcome, FAULT_BUDGET, "");
	return list_add(e, out, value_boolean(found >= 0));
}

static bool
fn_matches(ARGS)
{
	return regex_matches(e, n, focus, out, false);
}

static bool
fn_matches_full(ARGS)
{
	return regex_matches(e, n, focus, out, true);
}

static bool
fn_replace_matches(ARGS)
{
	struct slice s = SLICE_NONE, a = SLICE_NONE, b = SLICE_NONE;
	pcre2_code *code;
	pcre2_match_context *limits;
	bool has, third;
	size_t room;
	char *to;
	int done;

	if (!two_strings(e, n, focus, &s, &a, &has)
	    || !string_argument(e, n->left->next, &b, &third))
		return false;
	if (!has || !third)
		return true;
	if (a.len == 0)
		return add_string(e, out, s);
	room = s.len * 4 + b.len * (s.len + 1) + 64;
	if (room > 1 << 24)
		return outcome_fail_at_once(e->outcome, FAULT_BUDGET, "");
	if (!eval_spend(e, REGEX_STEPS))
		return false;
	if ((code = compile_regex(a, false)) == NULL)
		return eval_fail(e, "the regular expression is not valid");
	to = arena_alloc(e->arena, room);
	limits = match_limits();
	done = pcre2_substitute(code, (PCRE2_SPTR)(s.len == 0 ? "" : s.ptr), s.len, 0,
	    PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY, NULL, limits,
	    (PCRE2_SPTR)(b.len == 0 ? "" : b.ptr), b.len, (PCRE2_UCHAR *)to, &room);
	pcre2_match_context_free(limits);
	pcre2_code_free(code);
	return done < 0 ? outcome_fail_at_once(e->outcome, FAULT_BUDGET, "")
	    : add_string(e, out, slice_make(to, room));
}

/* Conversions: each gives the value, or nothing when there is none. */

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

/* Mathematics */

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
	    || (n->arguments == 1 && !integer_at(e, n->left, &scale, &given)))
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
	{ "indexOf", 1, 1, fn_index_of }, { "substring", 1, 2, fn_substring },
	{ "startsWith", 1, 1, fn_starts_with }, { "endsWith", 1, 1, fn_ends_with },
	{ "contains", 1, 1, fn_contains }, { "upper", 0, 0, fn_upper }, { "lower", 0, 0, fn_lower },
	{ "replace", 2, 2, fn_replace }, { "matches", 1, 1, fn_matches },
	{ "matchesFull", 1, 1, fn_matches_full }, { "replaceMatches", 2, 2, fn_replace_matches },
	{ "length", 0, 0, fn_length }, { "toChars", 0, 0, fn_to_chars }, { "trim", 0, 0, fn_trim },
	{ "split", 1, 1, fn_split }, { "join", 0, 1, fn_join }, { "encode", 1, 1, fn_encode },
	{ "decode", 1, 1, fn_decode }, { "escape", 1, 1, fn_escape },
	{ "unescape", 1, 1, fn_unescape },
	{ "toBoolean", 0, 0, fn_to_boolean }, { "convertsToBoolean", 0, 0, fn_converts_to_boolean },
	{ "toInteger", 0, 0, fn_to_integer }, { "convertsToInteger", 0, 0, fn_converts_to_integer },
	{ "toDecimal", 0, 0, fn_to_decimal }, { "convertsToDecimal", 0, 0, fn_converts_to_decimal },
	{ "toString", 0, 0, fn_to_string }, { "convertsToString", 0, 0, fn_converts_to_string },
	{ "toDate", 0, 0, fn_to_date }, { "convertsToDate", 0, 0, fn_converts_to_date },
	{ "toDateTime", 0, 0, fn_to_datetime },
	{ "convertsToDateTime", 0, 0, fn_converts_to_datetime },
	{ "toTime", 0, 0, fn_to_time }, { "convertsToTime", 0, 0, fn_converts_to_time },
	{ "toQuantity", 0, 1, fn_to_quantity },
	{ "convertsToQuantity", 0, 1, fn_converts_to_quantity },
	{ "abs", 0, 0, fn_abs }, { "ceiling", 0, 0, fn_ceiling }, { "floor", 0, 0, fn_floor },
	{ "truncate", 0, 0, fn_truncate }, { "round", 0, 1, fn_round }, { "exp", 0, 0, fn_exp },
	{ "ln", 0, 0, fn_ln }, { "sqrt", 0, 0, fn_sqrt }, { "log", 1, 1, fn_log },
	{ "power", 1, 1, fn_power },
};

const struct function_row *
text_function_find(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_is(name, rows[i].name))
			return &rows[i];
	return boundary_function_find(name);
}
