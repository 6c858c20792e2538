/* document_scalar.c -- what a scalar without quotes means in YAML.
 *
 * YAML 1.2 section 10.3.2 (core schema), and the types of YAML 1.1 as the readers of
 * Kubernetes, CloudFormation and Ansible take them: a lone `y` or `n` stays text, dates
 * stay text. */
#include "iac/document.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"

struct word {
	struct slice text;
	bool         means;
	bool         old;               /* YAML 1.1 only */
};

static const struct word truths[] = {
	{ SLICE_INIT("true"), true, false },   { SLICE_INIT("false"), false, false },
	{ SLICE_INIT("yes"), true, true },     { SLICE_INIT("no"), false, true },
	{ SLICE_INIT("on"), true, true },      { SLICE_INIT("off"), false, true },
};

/* "true", "True" and "TRUE", but not "tRUE". */
static bool
is_word(struct slice text, struct slice word)
{
	bool upper = text.len > 1 && text.ptr[1] >= 'A' && text.ptr[1] <= 'Z';

	if (!slice_eq_nocase(text, word))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool capital = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';

		if (i == 0 ? upper && !capital : capital != upper)
			return false;
	}
	return true;
}

static const struct word *
truth(struct slice text, enum yaml_schema schema)
{
	for (size_t i = 0; i < COUNT_OF(truths); i++)
		if ((schema == YAML_1_1 || !truths[i].old) && is_word(text, truths[i].text))
			return &truths[i];
	return NULL;
}

static bool
is_null(struct slice text)
{
	return text.len == 0 || slice_is(text, "~") || is_word(text, SLICE("null"));
}

/* How many of `set` stand from `i` on. */
static size_t
run(const char *s, size_t i, const char *set)
{
	return strspn(s + i, set);
}

/* Digits of one base after a prefix, nothing else: "0x1f". */
static bool
based(const char *s, const char *prefix, const char *digits, int base, double *number)
{
	size_t skip = strlen(prefix), n = 0;

	if (strncmp(s, prefix, skip) == 0)
		n = run(s, skip, digits);
	if (n == 0 || s[skip + n] != '\0')
		return false;
	*number = 0;
	for (const char *p = s + skip; *p != '\0'; p++)
		*number = *number * base + (*p <= '9' ? *p - '0' : (*p | 32) - 'a' + 10);
	return true;
}

/* [0-9]* (\.[0-9]*)? ([eE][-+]?[0-9]+)? with a digit before the exponent. */
static bool
decimal(const char *s, double *number)
{
	size_t whole = run(s, 0, "0123456789"), i = whole, part = 0;

	if (s[i] == '.') {
		part = run(s, i + 1, "0123456789");
		i += part + 1;
	}
	if (whole + part == 0)
		return false;
	if (s[i] == 'e' || s[i] == 'E') {
		i += s[i + 1] == '-' || s[i + 1] == '+' ? 2 : 1;
		if (run(s, i, "0123456789") == 0)
			return false;
		i += run(s, i, "0123456789");
	}
	*number = strtod(s, NULL);
	return s[i] == '\0';
}

/* YAML 1.1: 190:20:30 is base sixty. */
static bool
sexagesimal(const char *s, double *number)
{
	size_t i = run(s, 0, "0123456789");

	if (i == 0 || s[i] != ':')
		return false;
	for (*number = strtod(s, NULL); s[i] == ':'; ) {
		size_t n = run(s, i + 1, "0123456789");

		if (n == 0 || n > 2 || (n == 2 && s[i + 1] > '5'))
			return false;
		*number = *number * 60 + (double)strtoul(s + i + 1, NULL, 10);
		i += n + 1;
	}
	return s[i] == '\0';
}

static bool
special(const char *s, double *number)
{
	if (s[0] != '.')
		return false;
	if (is_word(slice_of(s + 1), SLICE("inf")))
		*number = INFINITY;
	else if (slice_is(slice_of(s + 1), "nan") || slice_is(slice_of(s + 1), "NaN")
	    || slice_is(slice_of(s + 1), "NAN"))
		*number = NAN;
	else
		return false;
	return true;
}

static bool
old_number(const char *s, double *number)
{
	return based(s, "0b", "01", 2, number)
	    || based(s, "0", "01234567", 8, number)
	    || sexagesimal(s, number);
}

/* The number without its sign; `_` between digits was legal until 1.2. */
static bool
unsigned_number(char *s, enum yaml_schema schema, double *number)
{
	char *to = s;

	if (schema == YAML_1_1 && s[0] != '_') {
		for (const char *from = s; *from != '\0'; from++)
			if (*from != '_')
				*to++ = *from;
		*to = '\0';
	}
	if (schema == YAML_1_1 && old_number(s, number))
		return true;
	return (schema == YAML_1_2_CORE && based(s, "0o", "01234567", 8, number))
	    || based(s, "0x", "0123456789abcdefABCDEF", 16, number)
	    || decimal(s, number) || special(s, number);
}

#define LONGEST_NUMBER 128

static bool
is_number(struct slice text, enum yaml_schema schema, double *number)
{
	char s[LONGEST_NUMBER + 1];
	size_t sign = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');

	if (text.len <= sign || text.len > LONGEST_NUMBER || memchr(text.ptr, '\0', text.len) != NULL)
		return false;
	memcpy(s, text.ptr + sign, text.len - sign);
	s[text.len - sign] = '\0';
	if (!unsigned_number(s, schema, number))
		return false;
	if (text.ptr[0] == '-')
		*number = -*number;
	return true;
}

/* value_number() would read "0644" and "0o17" as C does. */
static const struct value *
number_of(struct arena *a, struct span span, struct slice text, double number)
{
	struct value *v = arena_alloc(a, sizeof *v);

	v->kind = VALUE_NUMBER;
	v->span = span;
	v->text = text;
	v->number = number;
	return v;
}

static const struct value *
null_of(struct arena *a, struct span span)
{
	struct value *v = arena_alloc(a, sizeof *v);

	v->kind = VALUE_NULL;
	v->span = span;
	return v;
}

const struct value *
document_scalar(struct arena *a, struct span span, struct slice text, enum yaml_schema schema)
{
	const struct word *word = truth(text, schema);
	double number = 0;

	if (word != NULL)
		return value_bool(a, span, word->means);
	if (is_null(text))
		return null_of(a, span);
	if (is_number(text, schema, &number))
		return number_of(a, span, text, number);
	return value_string(a, span, text);
}
