/* hcl_functions_text.c -- Terraform's functions on texts and numbers. */
#include "iac/hcl_functions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/arena.h"
#include "base/attr.h"

/* ---- letters ---- */

struct letters {
	int32_t *list;                  /* code points */
	size_t   count;
};

static struct letters
letters_of(struct hcl_call *c, struct slice s)
{
	struct letters l = { arena_array(c->arena, s.len + 1, sizeof *l.list), 0 };
	int32_t i = 0, len = (int32_t)s.len;

	while (i < len) {
		UChar32 one;

		U8_NEXT_OR_FFFD((const uint8_t *)s.ptr, i, len, one);
		l.list[l.count++] = one;
	}
	return l;
}

static void
add_letter(struct buf *b, int32_t letter)
{
	uint8_t bytes[4];
	int32_t n = 0;

	U8_APPEND_UNSAFE(bytes, n, letter);
	buf_add_bytes(b, bytes, (size_t)n);
}

static const struct value *
letters_value(struct hcl_call *c, const struct letters *l, size_t from, size_t to)
{
	struct buf b;

	hcl_begin(c, &b);
	for (size_t i = from; i < to; i++)
		add_letter(&b, l->list[i]);
	return hcl_built(c, &b);
}

static const struct value *
changed(struct hcl_call *c, UChar32 (*by)(UChar32), bool only_first)
{
	struct slice s;
	struct letters l;
	bool inside = false;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	l = letters_of(c, s);
	for (size_t i = 0; i < l.count; i++) {
		bool first = !inside;

		inside = u_isalnum(l.list[i]) || l.list[i] == '_' || l.list[i] == '\'';
		if (!only_first || first)
			l.list[i] = by(l.list[i]);
	}
	return letters_value(c, &l, 0, l.count);
}

static const struct value *lower(struct hcl_call *c) { return changed(c, u_tolower, false); }
static const struct value *upper(struct hcl_call *c) { return changed(c, u_toupper, false); }
static const struct value *title(struct hcl_call *c) { return changed(c, u_toupper, true); }

static const struct value *
strrev(struct hcl_call *c)
{
	struct slice s;
	struct letters l;
	struct buf b;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	l = letters_of(c, s);
	hcl_begin(c, &b);
	for (size_t i = l.count; i-- > 0;)
		add_letter(&b, l.list[i]);
	return hcl_built(c, &b);
}

/* A negative offset counts from the end, a negative length goes to it. */
static const struct value *
substr(struct hcl_call *c)
{
	long double from, len;
	struct slice s;
	struct letters l;
	size_t start, end;

	if (!hcl_text(c, 0, &s) || !hcl_count(c, 1, &from) || !hcl_count(c, 2, &len))
		return hcl_wrong(c, "substr() takes a text and two numbers");
	l = letters_of(c, s);
	if (from < 0)
		from += (long double)l.count;
	start = from < 0 ? 0 : from > (long double)l.count ? l.count : (size_t)from;
	end = len < 0 || len > (long double)(l.count - start) ? l.count : start + (size_t)len;
	return letters_value(c, &l, start, end);
}

static bool
is_in(const struct letters *set, int32_t letter)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i] == letter)
			return true;
	return false;
}

static const struct value *
trim(struct hcl_call *c)
{
	struct slice s, cut;
	struct letters l, set;
	size_t from = 0, to;

	if (!hcl_text(c, 0, &s) || !hcl_text(c, 1, &cut) || cut.len > 1000)
		return hcl_wrong(c, "this is not a text");
	l = letters_of(c, s);
	set = letters_of(c, cut);
	for (to = l.count; from < to && is_in(&set, l.list[from]); from++)
		;
	while (to > from && is_in(&set, l.list[to - 1]))
		to--;
	return letters_value(c, &l, from, to);
}

static const struct value *
trimspace(struct hcl_call *c)
{
	struct slice s;
	struct letters l;
	size_t from = 0, to;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	l = letters_of(c, s);
	for (to = l.count; from < to && u_isUWhiteSpace(l.list[from]); from++)
		;
	while (to > from && u_isUWhiteSpace(l.list[to - 1]))
		to--;
	return letters_value(c, &l, from, to);
}

static const struct value *
chomp(struct hcl_call *c)
{
	struct slice s;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
		s.len--;
	return hcl_text_value(c, s);
}

static const struct value *
indent(struct hcl_call *c)
{
	long double n;
	struct slice s;
	struct buf b;

	if (!hcl_count(c, 0, &n) || !hcl_text(c, 1, &s) || n < 0 || n > 1000)
		return hcl_wrong(c, "indent() takes a number and a text");
	hcl_begin(c, &b);
	for (size_t i = 0; i < s.len; i++) {
		buf_add_char(&b, s.ptr[i]);
		for (long double k = 0; s.ptr[i] == '\n' && k < n; k++)
			buf_add_char(&b, ' ');
	}
	return hcl_built(c, &b);
}

static const struct value *
strcontains(struct hcl_call *c)
{
	struct slice s, part;

	if (!hcl_text(c, 0, &s) || !hcl_text(c, 1, &part))
		return hcl_wrong(c, "this is not a text");
	return value_bool(c->arena, c->span, part.len == 0
	    || (s.len > 0 && memmem(s.ptr, s.len, part.ptr, part.len) != NULL));
}

/* ---- format() ---- */

/* %[flags][width][.precision][[index]]verb */
struct verb {
	char   flags[8];
	int    width, precision;        /* -1: none */
	size_t argument;                /* 0: the next */
	char   letter;
	bool   sharp;
};

static size_t
digits(struct slice f, size_t i, int *n)
{
	*n = 0;
	for (; i < f.len && f.ptr[i] >= '0' && f.ptr[i] <= '9'; i++)
		*n = *n > 10000 ? *n : *n * 10 + (f.ptr[i] - '0');
	return i;
}

static size_t
read_verb(struct slice f, size_t i, struct verb *v)
{
	size_t flags = 0;
	int n;

	*v = (struct verb){ .width = -1, .precision = -1 };
	for (; i < f.len && f.ptr[i] != '\0' && strchr("+- #0", f.ptr[i]) != NULL; i++) {
		v->sharp |= f.ptr[i] == '#';
		if (flags + 1 < sizeof v->flags)
			v->flags[flags++] = f.ptr[i];
	}
	if (i < f.len && f.ptr[i] >= '0' && f.ptr[i] <= '9')
		i = digits(f, i, &v->width);
	if (i < f.len && f.ptr[i] == '.')
		i = digits(f, i + 1, &v->precision);
	if (i < f.len && f.ptr[i] == '[') {
		i = digits(f, i + 1, &n);
		v->argument = (size_t)n;
		i += i < f.len && f.ptr[i] == ']';
	}
	v->letter = i < f.len ? f.ptr[i] : '\0';
	return i;
}

static void
padded(struct hcl_call *c, struct buf *b, const struct verb *v, struct slice text)
{
	size_t shown = letters_of(c, text).count, wanted = v->width < 0 ? 0 : (size_t)v->width;
	bool left = strchr(v->flags, '-') != NULL;

	for (size_t i = shown; !left && i < wanted; i++)
		buf_add_char(b, strchr(v->flags, '0') != NULL ? '0' : ' ');
	buf_add(b, text);
	for (size_t i = shown; left && i < wanted; i++)
		buf_add_char(b, ' ');
}

static void
binary(struct buf *b, long long n)
{
	bool begun = false;

	if (n < 0)
		buf_add_char(b, '-');
	for (int i = 63; i >= 0; i--) {
		bool bit = (unsigned long long)(n < 0 ? -n : n) >> i & 1;

		begun |= bit || i == 0;
		if (begun)
			buf_add_char(b, bit ? '1' : '0');
	}
}

/* A number by the C library; false when the verb takes none. */
static bool
add_number(struct buf *b, const struct verb *v, long double n)
{
	char format[32], text[400], flags[8];
	size_t k = 0;
	int len;

	if (strchr("dboxXeEfgG", v->letter) == NULL || v->width > 300 || v->precision > 100)
		return false;
	for (const char *f = v->flags; *f != '\0'; f++)
		if (*f != '#' || v->letter == 'x' || v->letter == 'X' || v->letter == 'o')
			flags[k++] = *f;
	flags[k] = '\0';
	if (strchr("dboxX", v->letter) != NULL && (floorl(n) < n || fabsl(n) > 9e18L))
		return false;
	if (v->letter == 'b') {
		binary(b, (long long)n);
		return true;
	}
	if (strchr("doxX", v->letter) != NULL)
		snprintf(format, sizeof format, "%%%s*.*ll%c", flags, v->letter);
	else
		snprintf(format, sizeof format, "%%%s*.*L%c", flags, v->letter);
	if (strchr("oxX", v->letter) != NULL)
		len = snprintf(text, sizeof text, format, v->width < 0 ? 0 : v->width, v->precision,
		    (unsigned long long)(long long)n);
	else if (v->letter == 'd')
		len = snprintf(text, sizeof text, format, v->width < 0 ? 0 : v->width, v->precision, (long long)n);
	else
		len = snprintf(text, sizeof text, format, v->width < 0 ? 0 : v->width, v->precision, n);
	buf_add_bytes(b, text, len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
	return true;
}

static bool
add_verb(struct hcl_call *c, struct buf *b, const struct verb *v, const struct value *arg)
{
	const struct value *text = hcl_to_string(c->arena, arg), *n;
	struct slice s = text == NULL || arg->kind == VALUE_NULL ? SLICE("null") : text->text;
	struct buf json;

	buf_init(&json, c->arena, hcl_room(c->scope->meter));
	if (arg->kind == VALUE_UNKNOWN) {
		buf_add(b, arg->text.len > 0 ? arg->text : SLICE("${?}"));
		return true;
	}
	switch (v->letter) {
	case 'v':
		if (v->sharp || text == NULL) {
			hcl_write_json(&json, c->arena, arg, 0);
			s = buf_slice(&json);
		}
		padded(c, b, v, s);
		return true;
	case 'q':
		if (text == NULL)
			return false;
		hcl_write_json(&json, c->arena, value_string(c->arena, c->span, s), 0);
		padded(c, b, v, buf_slice(&json));
		return true;
	case 's':
		if (text == NULL)
			return false;
		if (v->precision >= 0)
			s = letters_value(c, &(struct letters){ letters_of(c, s).list, letters_of(c, s).count }, 0,
			    (size_t)v->precision < letters_of(c, s).count ? (size_t)v->precision : letters_of(c, s).count)->text;
		padded(c, b, v, s);
		return true;
	case 't':
		arg = hcl_to_bool(c->arena, arg);
		if (arg == NULL || arg->kind != VALUE_BOOL)
			return false;
		padded(c, b, v, arg->boolean ? SLICE("true") : SLICE("false"));
		return true;
	default:
		n = hcl_to_number(c->arena, arg);
		return n != NULL && n->kind == VALUE_NUMBER && v->letter != '\0' && add_number(b, v, hcl_number(n));
	}
}

/* With args[1] and on; the value, or a wrong call. */
static const struct value *
formatted(struct hcl_call *c, struct slice f, const struct value **args, uint32_t count)
{
	const struct value *unknown = NULL;
	uint32_t next = 1;
	struct verb v;
	struct buf b;

	hcl_begin(c, &b);
	for (size_t i = 0; i < f.len; i++) {
		if (f.ptr[i] != '%') {
			buf_add_char(&b, f.ptr[i]);
			continue;
		}
		if (i + 1 < f.len && f.ptr[i + 1] == '%') {
			buf_add_char(&b, f.ptr[++i]);
			continue;
		}
		i = read_verb(f, i + 1, &v);
		if (v.argument > 0)
			next = (uint32_t)v.argument;
		if (next >= count)
			return hcl_wrong(c, "format() has too few arguments");
		if (args[next]->kind == VALUE_UNKNOWN && unknown == NULL)
			unknown = args[next];
		if (!add_verb(c, &b, &v, args[next++]))
			return hcl_wrong(c, "format() cannot show this value so");
	}
	return hcl_built_unless(c, &b, unknown);
}

static const struct value *
format(struct hcl_call *c)
{
	struct slice f;

	if (c->args[0]->kind == VALUE_UNKNOWN)
		return c->args[0];
	return hcl_text(c, 0, &f) ? formatted(c, f, c->args, c->count) : hcl_wrong(c, "the format is not a text");
}

/* Lists of one length, and single values for all. */
static const struct value *
formatlist(struct hcl_call *c)
{
	const struct value **args = arena_array(c->arena, c->count + 1u, sizeof *args);
	uint32_t length = UINT32_MAX;
	struct value_builder b;
	struct slice f;

	for (uint32_t i = 1; i < c->count; i++) {
		if (c->args[i]->kind == VALUE_UNKNOWN)
			return c->args[i];
		if (c->args[i]->kind == VALUE_LIST && length != UINT32_MAX && length != c->args[i]->count)
			return hcl_wrong(c, "the lists have different lengths");
		if (c->args[i]->kind == VALUE_LIST)
			length = c->args[i]->count;
	}
	if (!hcl_text(c, 0, &f))
		return hcl_wrong(c, "the format is not a text");
	value_begin(&b, c->arena, VALUE_LIST, c->span);
	for (uint32_t k = 0; k < (length == UINT32_MAX ? 1 : length) && k < HCL_ITEMS; k++) {
		for (uint32_t i = 1; i < c->count; i++)
			args[i] = c->args[i]->kind == VALUE_LIST ? c->args[i]->items[k] : c->args[i];
		value_append(&b, formatted(c, f, args, c->count));
	}
	return value_end(&b);
}

/* ---- numbers ---- */

static const struct value *
power(struct hcl_call *c)
{
	long double a, b;

	return hcl_count(c, 0, &a) && hcl_count(c, 1, &b) ? hcl_number_value(c->arena, c->span, powl(a, b))
	    : hcl_wrong(c, "this is not a number");
}

static const struct value *
logarithm(struct hcl_call *c)
{
	long double a, b;

	return hcl_count(c, 0, &a) && hcl_count(c, 1, &b) ? hcl_number_value(c->arena, c->span, logl(a) / logl(b))
	    : hcl_wrong(c, "this is not a number");
}

static const struct value *
signum(struct hcl_call *c)
{
	long double n;

	return hcl_count(c, 0, &n) ? hcl_number_value(c->arena, c->span, (n > 0) - (n < 0))
	    : hcl_wrong(c, "this is not a number");
}

static const struct value *
parseint(struct hcl_call *c)
{
	long double base;
	struct slice s;
	char *text, *end;
	long long n;

	if (!hcl_text(c, 0, &s) || !hcl_count(c, 1, &base) || base < 2 || base > 36 || s.len == 0 || s.len > 62)
		return hcl_wrong(c, "parseint() takes a text and a base from 2 to 62");
	text = slice_cstr(s, c->arena);
	n = strtoll(text, &end, (int)base);
	if (*end != '\0' || text[0] == ' ' || text[0] == '+' || (s.len > 1 && (text[1] | 32) == 'x'))
		return hcl_wrong(c, "the text is not a number of this base");
	return hcl_number_value(c->arena, c->span, n);
}

static const struct value *
sum(struct hcl_call *c)
{
	long double total = 0;

	if (c->args[0]->kind != VALUE_LIST || c->args[0]->count == 0)
		return hcl_wrong(c, "sum() takes a list that is not empty");
	for (uint32_t i = 0; i < c->args[0]->count; i++) {
		const struct value *n = hcl_to_number(c->arena, c->args[0]->items[i]);

		if (n == NULL || n->kind != VALUE_NUMBER)
			return n != NULL && n->kind == VALUE_UNKNOWN ? n : hcl_wrong(c, "this is not a number");
		total += hcl_number(n);
	}
	return hcl_number_value(c->arena, c->span, total);
}

static const struct hcl_function rows[] = {
	{ "chomp", 1, 1, 0, chomp },               { "format", 1, HCL_MANY, HCL_LOOKS, format },
	{ "formatlist", 1, HCL_MANY, HCL_LOOKS, formatlist }, { "indent", 2, 2, 0, indent },
	{ "log", 2, 2, 0, logarithm },             { "lower", 1, 1, 0, lower },
	{ "parseint", 2, 2, 0, parseint },         { "pow", 2, 2, 0, power },
	{ "signum", 1, 1, 0, signum },             { "strcontains", 2, 2, 0, strcontains },
	{ "strrev", 1, 1, 0, strrev },             { "substr", 3, 3, 0, substr },
	{ "sum", 1, 1, 0, sum },                   { "title", 1, 1, 0, title },
	{ "trim", 2, 2, 0, trim },                 { "trimspace", 1, 1, 0, trimspace },
	{ "upper", 1, 1, 0, upper },
};

const struct hcl_table hcl_text_table = { rows, COUNT_OF(rows) };
