/* text_functions.c -- the functions of strings.
 *
 * Regular expressions are PCRE2 with limits on matching, depth and heap: one
 * that would run long fails instead. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "fhirpath/function_tables.h"

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
fn_substring(ARGS)
{
	struct slice s = SLICE_NONE;
	int64_t start = 0, length = INT32_MAX;
	bool has, has_start, has_length;
	size_t from;

	if (!one_string(e, focus, &s, &has) || !function_integer(e, n->left, &start, &has_start)
	    || (n->arguments == 2 && !function_integer(e, n->left->next, &length, &has_length)))
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
};

const struct function_table text_functions = { rows, COUNT_OF(rows) };
