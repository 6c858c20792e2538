/* hcl_functions_pattern.c -- regular expressions.
 *
 * Terraform's are RE2's.  PCRE2 reads nearly the same; what RE2 refuses (looking around,
 * back references, atomic groups) is refused here, and matching stops at a limit. */
#include "iac/hcl_functions.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"

enum { PATTERN_MAX = 8192, MATCHES_MAX = 10000 };

struct pattern {
	pcre2_code         *code;
	pcre2_match_data   *data;
	pcre2_match_context *context;
	uint32_t            groups, names, name_size;
	PCRE2_SPTR          name_table;
	uint32_t            found;      /* matches so far */
};

static void
free_code(void *code)
{
	pcre2_code_free(code);
}

static void
free_data(void *data)
{
	pcre2_match_data_free(data);
}

static void
free_context(void *context)
{
	pcre2_match_context_free(context);
}

static bool
is_beyond_re2(struct slice p)
{
	static const char *const beyond[] = { "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?|", "(?R", "(?&", "(?(", "(*",
		"\\K", "\\G", "\\k", "\\g", "\\X", "\\R" };

	for (size_t i = 0; i < COUNT_OF(beyond); i++)
		if (p.len > 0 && memmem(p.ptr, p.len, beyond[i], strlen(beyond[i])) != NULL)
			return true;
	for (size_t i = 0; i + 1 < p.len; i++)
		if (p.ptr[i] == '\\') {
			i++;
			if (p.ptr[i] >= '1' && p.ptr[i] <= '9')
				return true;
		}
	return false;
}

static bool
compile(struct hcl_call *c, struct slice text, struct pattern *p)
{
	PCRE2_SIZE offset;
	int error;

	*p = (struct pattern){ 0 };
	if (text.len > PATTERN_MAX || is_beyond_re2(text))
		return false;
	p->code = pcre2_compile((PCRE2_SPTR)(text.len == 0 ? "" : text.ptr), text.len, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY
	    | PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
	if (p->code == NULL)
		return false;
	arena_defer(c->arena, free_code, p->code);
	p->data = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->context = pcre2_match_context_create(NULL);
	arena_defer(c->arena, free_data, p->data);
	arena_defer(c->arena, free_context, p->context);
	pcre2_set_match_limit(p->context, SCAN_LIMIT(REGEX_STEPS));
	pcre2_set_depth_limit(p->context, 5000);
	pcre2_set_heap_limit(p->context, 20000);
	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &p->groups);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &p->names);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &p->name_size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &p->name_table);
	return true;
}

/* 1: found at `start` or behind; 0: not; -1: the limit. */
static int
match(struct hcl_call *c, struct pattern *p, struct slice s, size_t start)
{
	int rc;

	if (c->scope->meter->steps < 100)
		return -1;
	c->scope->meter->steps -= 100;
	rc = pcre2_match(p->code, (PCRE2_SPTR)(s.len == 0 ? "" : s.ptr), s.len, start, 0, p->data, p->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc > 0 ? 1 : -1;
}

static struct slice
group(const struct pattern *p, struct slice s, uint32_t i)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(p->data);

	if (i >= pcre2_get_ovector_count(p->data) || v[2 * i] == PCRE2_UNSET || v[2 * i + 1] < v[2 * i])
		return SLICE_NONE;
	return slice_sub(s, v[2 * i], v[2 * i + 1] - v[2 * i]);
}

static const struct value *
group_value(struct hcl_call *c, const struct pattern *p, struct slice s, uint32_t i)
{
	struct slice g = group(p, s, i);

	return g.ptr == NULL ? &value_null : hcl_text_value(c, g);
}

/* A text without groups, a map with names, else a list. */
static const struct value *
captured(struct hcl_call *c, const struct pattern *p, struct slice s)
{
	struct hcl_map map = { .arena = c->arena };
	struct value_builder b;
	uint32_t i;

	if (p->groups == 0)
		return group_value(c, p, s, 0);
	if (p->names > 0) {
		for (i = 0; i < p->names; i++) {
			PCRE2_SPTR entry = p->name_table + (size_t)i * p->name_size;

			hcl_map_add(&map, slice_dup(slice_of((const char *)entry + 2), c->arena), c->span,
			    group_value(c, p, s, (uint32_t)entry[0] << 8 | entry[1]));
		}
		return hcl_map_end(&map, c->span);
	}
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (i = 1; i <= p->groups; i++)
		value_append(&b, group_value(c, p, s, i));
	return value_end(&b);
}

static const struct value *
too_much(struct hcl_call *c)
{
	return value_unknown(c->arena, c->span, SLICE("the pattern takes too long"));
}

static const struct value *
regex(struct hcl_call *c)
{
	struct slice text, s;
	struct pattern p;
	int found;

	if (!hcl_text(c, 0, &text) || !hcl_text(c, 1, &s))
		return hcl_wrong(c, "this is not a text");
	if (!compile(c, text, &p))
		return hcl_wrong(c, "the pattern cannot be read");
	found = match(c, &p, s, 0);
	if (found < 0)
		return too_much(c);
	return found ? captured(c, &p, s) : hcl_wrong(c, "the pattern is not in the text");
}

/* Where to look after a match: behind it, or one letter on when it was empty. */
static size_t
behind(const struct pattern *p, struct slice s)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(p->data);
	size_t at = v[1];

	if (v[1] > v[0])
		return at;
	for (at++; at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80; at++)
		;
	return at;
}

static const struct value *
regexall(struct hcl_call *c)
{
	struct slice text, s;
	struct value_builder b;
	struct pattern p;
	int found = 0;

	if (!hcl_text(c, 0, &text) || !hcl_text(c, 1, &s))
		return hcl_wrong(c, "this is not a text");
	if (!compile(c, text, &p))
		return hcl_wrong(c, "the pattern cannot be read");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (size_t at = 0; at <= s.len && b.made->count < MATCHES_MAX && (found = match(c, &p, s, at)) > 0;
	    at = behind(&p, s))
		value_append(&b, captured(c, &p, s));
	return found < 0 ? too_much(c) : value_end(&b);
}

static struct slice
named_group(const struct pattern *p, struct slice s, struct slice name)
{
	uint64_t n;

	if (slice_uint(name, &n))
		return n <= p->groups ? group(p, s, (uint32_t)n) : SLICE_NONE;
	for (uint32_t i = 0; i < p->names; i++) {
		PCRE2_SPTR entry = p->name_table + (size_t)i * p->name_size;

		if (slice_is(name, (const char *)entry + 2))
			return group(p, s, (uint32_t)entry[0] << 8 | entry[1]);
	}
	return SLICE_NONE;
}

static bool
in_name(char c)
{
	return c == '_' || ascii_is_digit(c) || ascii_is_letter(c);
}

/* $1, $name, ${name}, $$ */
static void
expand(struct buf *b, const struct pattern *p, struct slice s, struct slice with)
{
	for (size_t i = 0, end; i < with.len; i = end) {
		bool braces = i + 1 < with.len && with.ptr[i + 1] == '{';
		size_t start = i + 1 + braces;

		end = i + 1;
		if (with.ptr[i] != '$') {
			buf_add_char(b, with.ptr[i]);
			continue;
		}
		if (end < with.len && with.ptr[end] == '$') {
			buf_add_char(b, '$');
			end++;
			continue;
		}
		for (end = start; end < with.len && in_name(with.ptr[end]); end++)
			;
		if (end == start) {
			buf_add_char(b, '$');
			end = i + 1;
			continue;
		}
		buf_add(b, named_group(p, s, slice_sub(with, start, end - start)));
		end += braces && end < with.len;
	}
}

const struct value *
hcl_replace_pattern(struct hcl_call *c, struct slice s, struct slice text, struct slice with)
{
	size_t at = 0, done = 0;
	struct pattern p;
	struct buf b;
	int found = 0;

	if (!compile(c, text, &p))
		return hcl_wrong(c, "the pattern cannot be read");
	hcl_begin(c, &b);
	for (uint32_t n = 0; at <= s.len && n < MATCHES_MAX && (found = match(c, &p, s, at)) > 0; n++) {
		const PCRE2_SIZE *v = pcre2_get_ovector_pointer(p.data);

		buf_add(&b, slice_sub(s, done, v[0] - done));
		expand(&b, &p, s, with);
		done = v[1];
		at = behind(&p, s);
	}
	if (found < 0)
		return too_much(c);
	buf_add(&b, slice_sub(s, done, s.len));
	return hcl_built(c, &b);
}

static const struct hcl_function rows[] = {
	{ "regex", 2, 2, 0, regex }, { "regexall", 2, 2, 0, regexall },
};

const struct hcl_table hcl_pattern_table = { rows, COUNT_OF(rows) };
