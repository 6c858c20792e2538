/* bicep.c -- Bicep files; see arm.h.
 *
 *   file       = { { decorator } statement newline }
 *   statement  = "param" name type [ "=" expression ] | "var" name [ type ] "=" expression
 *              | "resource" name text [ "existing" ] "=" body | "module" name text "=" body
 *              | anything else: passed over to the end of its line
 *   body       = object | "if" "(" expression ")" object
 *              | "[" "for" ( name | "(" name "," name ")" ) "in" expression ":" body "]"
 *   expression = binary [ "?" expression ":" expression ]
 *   object     = "{" { key ":" expression | { decorator } resource } "}", by newline or comma
 *   array      = "[" { expression } "]" | "[" "for" ... ":" expression "]"
 *
 * Expressions become trees of hcl.h; operators that HCL does not have become calls. */
#include "iac/azure.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "iac/files.h"
#include "iac/places.h"


/* A declared resource or module. */
struct bicep_resource {
	struct slice name;              /* in the file */
	const struct hcl_expression *type, *object, *condition, *collection;
	struct slice item, position;    /* names of a loop */
	const struct bicep_resource *parent;
	bool         existing, module;
	struct span  span, head;
	const struct hcl_binding *bindings;     /* while an instance is made */
	bool         busy;
};

struct parser {
	struct azure   *azure;
	struct arena   *arena;
	struct places   places;
	struct slice    text;
	uint32_t        at, depth, parens;
	bool            failed;
	struct bicep_resource **list;
	uint32_t        count, room;
	const struct hcl_expression *allowed;
	bool            secure;
};

static struct hcl_expression *expression(struct parser *);
static bool declare_resource(struct parser *, uint32_t start, bool module,
    const struct bicep_resource *parent);

/* ---- letters ---- */

static struct span
span_from(const struct parser *p, uint32_t start)
{
	return places_span(&p->places, start, p->at);
}

static void *
fail(struct parser *p, const char *message)
{
	if (!p->failed)
		project_problem(p->azure->project, places_span(&p->places, p->at, p->at), message);
	p->failed = true;
	return NULL;
}

static char
letter(const struct parser *p, uint32_t ahead)
{
	return p->at + ahead < p->text.len ? p->text.ptr[p->at + ahead] : '\0';
}

static bool
at_text(const struct parser *p, const char *what)
{
	return slice_starts(slice_sub(p->text, p->at, p->text.len), slice_of(what));
}

/* Over blanks and comments; over newlines too inside parentheses. */
static void
blank(struct parser *p, bool newlines)
{
	for (;;) {
		char c = letter(p, 0);

		if (p->at < p->text.len && (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && (newlines || p->parens > 0)))) {
			p->at++;
		} else if (at_text(p, "//")) {
			p->at += (uint32_t)slice_find(slice_sub(p->text, p->at, p->text.len), '\n');
		} else if (at_text(p, "/*")) {
			const char *end = memmem(p->text.ptr + p->at + 2, p->text.len - p->at - 2, "*/", 2);

			p->at = end == NULL ? (uint32_t)p->text.len : (uint32_t)(end - p->text.ptr) + 2;
		} else {
			return;
		}
	}
}

static char
peek(struct parser *p)
{
	blank(p, false);
	return letter(p, 0);
}

static bool
accept(struct parser *p, const char *what)
{
	blank(p, false);
	if (!at_text(p, what))
		return false;
	p->at += (uint32_t)strlen(what);
	return true;
}

static bool
in_name(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c) || c == '_';
}

static bool
is_word(struct parser *p, const char *word)
{
	blank(p, false);
	return at_text(p, word) && !in_name(letter(p, (uint32_t)strlen(word)));
}

static bool
accept_word(struct parser *p, const char *word)
{
	if (!is_word(p, word))
		return false;
	p->at += (uint32_t)strlen(word);
	return true;
}

static struct slice
name(struct parser *p)
{
	uint32_t start;

	blank(p, false);
	start = p->at;
	if (letter(p, 0) >= '0' && letter(p, 0) <= '9')
		return SLICE("");
	while (in_name(letter(p, 0)))
		p->at++;
	return slice_sub(p->text, start, p->at - start);
}

static struct hcl_expression *
node(struct parser *p, enum hcl_kind kind, uint32_t start)
{
	struct hcl_expression *e = arena_alloc(p->arena, sizeof *e);

	e->kind = (uint8_t)kind;
	e->span = span_from(p, start);
	return e;
}

static bool
adopt(struct parser *p, struct hcl_expression *e, struct hcl_expression *child)
{
	/* Room for a power of two. */
	if (child == NULL)
		return false;
	if ((e->count & (e->count - 1)) == 0)
		e->items = arena_grow(p->arena, e->items, e->count * sizeof(void *),
		    (e->count == 0 ? 1 : e->count * 2) * sizeof(void *));
	e->items[e->count++] = child;
	return true;
}

static struct hcl_expression *
end(struct parser *p, struct hcl_expression *e)
{
	e->span = span_from(p, e->span.start);
	return e;
}

static struct hcl_expression *
call_of(struct parser *p, const char *function, uint32_t start, struct hcl_expression *a,
    struct hcl_expression *b)
{
	struct hcl_expression *e = node(p, HCL_CALL, start);

	e->name = slice_of(function);
	if (!adopt(p, e, a) || (b != NULL && !adopt(p, e, b)))
		return NULL;
	return end(p, e);
}

static struct hcl_expression *
literal(struct parser *p, uint32_t start, struct slice text)
{
	struct hcl_expression *e = node(p, HCL_LITERAL, start);

	e->literal = value_string(p->arena, e->span, text);
	return e;
}

/* ---- texts ---- */

static void
add_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(b, (char)c);
	} else if (c < 0x800) {
		buf_add_char(b, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_add_char(b, (char)(0xe0 | c >> 12));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_add_char(b, (char)(0xf0 | (c >> 18 & 7)));
		buf_add_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	if (c >= 0x80)
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
}

/* \n \r \t \\ \' \$ \u{1F600} */
static bool
escape(struct parser *p, struct buf *b)
{
	static const char names[] = "nrt\\'$", means[] = "\n\r\t\\'$";
	char c = letter(p, 0);
	const char *at = c == '\0' ? NULL : strchr(names, c);

	p->at++;
	if (at != NULL) {
		buf_add_char(b, means[at - names]);
		return true;
	}
	if (c != 'u' || letter(p, 0) != '{')
		return false;
	p->at++;
	add_utf8(b, (uint32_t)strtoul(slice_cstr(slice_sub(p->text, p->at, 8), p->arena), NULL, 16) & 0x1fffff);
	p->at += (uint32_t)slice_find(slice_sub(p->text, p->at, p->text.len), '}') + 1;
	return true;
}

/* ''' to ''', the first newline gone. */
static struct hcl_expression *
raw_text(struct parser *p)
{
	uint32_t start = p->at;
	const char *close;
	struct slice text;

	p->at += 3;
	p->at += at_text(p, "\n") ? 1 : at_text(p, "\r\n") ? 2 : 0;
	close = memmem(p->text.ptr + p->at, p->text.len - p->at, "'''", 3);
	if (close == NULL)
		return fail(p, "a text is not closed");
	while (close + 3 < p->text.ptr + p->text.len && close[3] == '\'')
		close++;
	text = slice_make(p->text.ptr + p->at, (size_t)(close - p->text.ptr) - p->at);
	p->at = (uint32_t)(close - p->text.ptr) + 3;
	return literal(p, start, text);
}

static bool
interpolation(struct parser *p, struct hcl_expression *e)
{
	uint32_t parens = p->parens;
	struct hcl_expression *inner;

	p->at += 2;
	p->parens = 1;
	inner = expression(p);
	if (inner == NULL)
		return false;
	if (!accept(p, "}"))
		return fail(p, "a closing brace is expected") != NULL;
	p->parens = parens;
	return adopt(p, e, inner);
}

/* One literal, or format() by parts: concat(a, b, c). */
static struct hcl_expression *
quoted(struct parser *p)
{
	uint32_t start = p->at, from;
	struct hcl_expression *e = node(p, HCL_CALL, start);
	struct buf b;

	if (at_text(p, "'''"))
		return raw_text(p);
	e->name = SLICE("concat");
	for (p->at++, from = p->at;; from = p->at) {
		buf_init(&b, p->arena, p->text.len);
		while (p->at < p->text.len && letter(p, 0) != '\'' && letter(p, 0) != '\n' && !at_text(p, "${")) {
			if (letter(p, 0) != '\\') {
				buf_add_char(&b, letter(p, 0));
				p->at++;
				continue;
			}
			p->at++;
			if (!escape(p, &b))
				return fail(p, "no such escape in a text");
		}
		if (b.len > 0 || (e->count == 0 && letter(p, 0) == '\''))
			adopt(p, e, literal(p, from, buf_slice(&b)));
		if (letter(p, 0) == '\'')
			break;
		if (!at_text(p, "${"))
			return fail(p, "a text is not closed on its line");
		if (!interpolation(p, e))
			return NULL;
	}
	p->at++;
	end(p, e);
	if (e->count > 1 || e->items[0]->kind != HCL_LITERAL)
		return e;
	return literal(p, start, e->items[0]->literal->text);
}

/* ---- lists and objects ---- */

static void
separators(struct parser *p)
{
	do
		blank(p, true);
	while (accept(p, ","));
}

/* "for x in list:" or "for (x, i) in list:" */
static struct hcl_expression *
loop_head(struct parser *p, struct slice *item, struct slice *position)
{
	struct hcl_expression *collection;

	*position = SLICE("");
	if (accept(p, "(")) {
		*item = name(p);
		if (!accept(p, ","))
			return fail(p, "a comma is expected");
		*position = name(p);
		if (!accept(p, ")"))
			return fail(p, "a closing parenthesis is expected");
	} else {
		*item = name(p);
	}
	if (item->len == 0 || !accept_word(p, "in"))
		return fail(p, "\"in\" is expected");
	collection = expression(p);
	if (collection != NULL && !accept(p, ":"))
		return fail(p, "a colon is expected");
	return collection;
}

static struct hcl_expression *
array(struct parser *p)
{
	struct hcl_expression *e = node(p, HCL_TUPLE, p->at), *collection;
	uint32_t parens = p->parens;

	p->at++;
	p->parens = 0;
	blank(p, true);
	if (accept_word(p, "for")) {
		e->kind = HCL_FOR_TUPLE;
		collection = loop_head(p, &e->name, &e->key);
		if (collection == NULL)
			return NULL;
		blank(p, true);
		e->items = arena_array(p->arena, 4, sizeof *e->items);
		e->count = 4;
		e->items[0] = collection;
		if ((e->items[2] = expression(p)) == NULL)
			return NULL;
		blank(p, true);
		if (!accept(p, "]"))
			return fail(p, "a closing bracket is expected");
	} else {
		for (separators(p); !accept(p, "]"); separators(p))
			if (!adopt(p, e, expression(p)))
				return fail(p, "a value is expected");
	}
	p->parens = parens;
	return end(p, e);
}

static void decorators(struct parser *);

/* A resource inside the object of another. */
static bool
nested(struct parser *p, const struct bicep_resource *owner)
{
	uint32_t before = p->at, start;

	if (owner == NULL)
		return false;
	if (letter(p, 0) == '@')
		decorators(p);
	start = p->at;
	if (accept_word(p, "resource") && peek(p) != ':') {
		declare_resource(p, start, false, owner);
		return true;
	}
	p->at = before;
	return false;
}

static struct hcl_expression *
object(struct parser *p, const struct bicep_resource *owner)
{
	struct hcl_expression *e = node(p, HCL_OBJECT, p->at), *key;
	uint32_t parens = p->parens, start;
	struct slice word;

	p->at++;
	p->parens = 0;
	for (separators(p); !accept(p, "}"); separators(p)) {
		if (nested(p, owner)) {
			if (p->failed)
				return NULL;
			continue;
		}
		start = p->at;
		if (peek(p) == '\'') {
			key = quoted(p);
		} else {
			word = name(p);
			key = word.len > 0 ? literal(p, start, word) : fail(p, "a name is expected");
		}
		if (key == NULL || !accept(p, ":"))
			return fail(p, "a colon is expected");
		blank(p, true);
		if (!adopt(p, e, key) || !adopt(p, e, expression(p)))
			return fail(p, "a value is expected");
	}
	p->parens = parens;
	return end(p, e);
}

/* ---- operators ---- */

static bool
arguments(struct parser *p, struct hcl_expression *e)
{
	uint32_t parens = p->parens;

	p->parens = 1;
	for (separators(p); !accept(p, ")"); separators(p))
		if (!adopt(p, e, expression(p)))
			return fail(p, "a value is expected") != NULL;
	p->parens = parens;
	return true;
}

static struct hcl_expression *
number(struct parser *p)
{
	uint32_t start = p->at;
	struct hcl_expression *e;

	while (letter(p, 0) >= '0' && letter(p, 0) <= '9')
		p->at++;
	e = node(p, HCL_LITERAL, start);
	e->literal = value_number(p->arena, e->span, slice_sub(p->text, start, p->at - start));
	return e;
}

static struct hcl_expression *
word_literal(struct parser *p, struct slice word, uint32_t start)
{
	struct hcl_expression *e = node(p, HCL_LITERAL, start);

	if (slice_is(word, "null"))
		e->literal = &value_null;
	else if (slice_is(word, "true") || slice_is(word, "false"))
		e->literal = value_bool(p->arena, e->span, word.len == 4);
	else
		return NULL;
	return e;
}

/* x => expression: nothing here calls it. */
static struct hcl_expression *
lambda(struct parser *p, uint32_t start)
{
	struct hcl_expression *e;

	if (expression(p) == NULL)
		return NULL;
	e = node(p, HCL_CALL, start);
	e->name = SLICE("lambda");
	return e;
}

static struct hcl_expression *
named(struct parser *p)
{
	uint32_t start = p->at;
	struct slice word = name(p);
	struct hcl_expression *e = word_literal(p, word, start);

	if (e != NULL)
		return e;
	if (word.len == 0)
		return fail(p, "a value is expected");
	if (accept(p, "=>"))
		return lambda(p, start);
	e = node(p, HCL_ROOT, start);
	e->name = word;
	if (!accept(p, "("))
		return e;
	e->kind = HCL_CALL;
	return arguments(p, e) ? end(p, e) : NULL;
}

/* ( expression ) or (a, b) => expression */
static struct hcl_expression *
parenthesised(struct parser *p)
{
	struct hcl_expression *e = node(p, HCL_TUPLE, p->at);
	uint32_t start = p->at++;

	if (!arguments(p, e))
		return NULL;
	if (accept(p, "=>"))
		return lambda(p, start);
	if (e->count != 1)
		return fail(p, "one value is expected in parentheses");
	e->kind = HCL_PARENTHESES;
	return end(p, e);
}

static struct hcl_expression *
primary(struct parser *p)
{
	char c = peek(p);

	switch (c) {
	case '\'': return quoted(p);
	case '[':  return array(p);
	case '{':  return object(p, NULL);
	case '(':  return parenthesised(p);
	default:   return ascii_is_digit(c) ? number(p) : named(p);
	}
}

/* .x ?.x [x] [?x] .x() ::x ! */
static struct hcl_expression *
one_step(struct parser *p, struct hcl_expression *of, bool *more)
{
	uint32_t start = of->span.start, parens = p->parens;
	struct hcl_expression *e;
	bool maybe;

	*more = true;
	if (letter(p, 0) == '[' || at_text(p, "?[")) {
		maybe = accept(p, "?");
		p->at++;
		maybe |= accept(p, "?");
		p->parens = 1;
		e = expression(p);
		if (e == NULL || !accept(p, "]"))
			return fail(p, "a closing bracket is expected");
		p->parens = parens;
	} else if ((letter(p, 0) == '.' || at_text(p, "?.") || at_text(p, "::")) && !at_text(p, "..")) {
		maybe = accept(p, "?.");
		if (!maybe && !accept(p, "::"))
			p->at++;
		maybe |= accept(p, "?");
		e = literal(p, p->at, name(p));
		if (accept(p, "(")) {
			e->kind = HCL_CALL;
			e->name = e->literal->text;
			e->literal = NULL;
			return arguments(p, e) ? end(p, e) : NULL;
		}
	} else {
		if (letter(p, 0) == '!' && letter(p, 1) != '=' && letter(p, 1) != '~')
			p->at++;
		else
			*more = false;
		return of;
	}
	if (maybe)
		return call_of(p, "tryGet", start, of, e);
	of = call_of(p, "", start, of, e);
	of->kind = e->kind == HCL_LITERAL && e->literal->kind == VALUE_STRING ? HCL_MEMBER : HCL_INDEX;
	if (of->kind == HCL_MEMBER) {
		of->name = e->literal->text;
		of->count = 1;
	}
	return of;
}

static struct hcl_expression *
unary(struct parser *p)
{
	uint32_t start, count = 0;
	struct hcl_expression *e;
	bool more = true;

	blank(p, false);
	start = p->at;
	if (p->depth >= AZURE_LEVELS)
		return fail(p, "the expression is nested too deeply");
	if (letter(p, 0) == '!' || letter(p, 0) == '-') {
		bool negate = letter(p, 0) == '!';

		p->at++;
		p->depth++;
		e = unary(p);
		p->depth--;
		if (e == NULL || negate)
			return e == NULL ? NULL : call_of(p, "not", start, e, NULL);
		e = call_of(p, "", start, e, NULL);
		e->kind = HCL_UNARY;
		e->operator = HCL_NEGATE;
		return e;
	}
	for (e = primary(p); e != NULL && more && count < AZURE_LEVELS; count++)
		e = one_step(p, e, &more);
	return e;
}

/* Operators as functions, by rising strength. */
static const struct operator {
	const char *text, *function;
	int         strength;
} operators[] = {
	{ "??", "coalesce", 1 },    { "||", "or", 2 },            { "&&", "and", 3 },
	{ "==", "equals", 4 },      { "!=", "!equals", 4 },       { "=~", "equals", 4 },
	{ "!~", "!equals", 4 },     { "<=", "lessOrEquals", 5 },  { ">=", "greaterOrEquals", 5 },
	{ "<", "less", 5 },         { ">", "greater", 5 },        { "+", "add", 6 },
	{ "-", "sub", 6 },          { "*", "mul", 7 },            { "/", "div", 7 },
	{ "%", "mod", 7 },
};

static const struct operator *
next_operator(struct parser *p)
{
	blank(p, false);
	for (size_t i = 0; i < COUNT_OF(operators); i++)
		if (at_text(p, operators[i].text))
			return &operators[i];
	return NULL;
}

static struct hcl_expression *
binary(struct parser *p, int strength)
{
	struct hcl_expression *left = unary(p), *right;
	const struct operator *o;
	uint32_t count = 0;

	while (left != NULL && (o = next_operator(p)) != NULL && o->strength >= strength) {
		p->at += (uint32_t)strlen(o->text);
		blank(p, true);
		if (++count > 1000)
			return fail(p, "the expression is too long");
		if ((right = binary(p, o->strength + 1)) == NULL)
			return NULL;
		left = call_of(p, o->function + (o->function[0] == '!'), left->span.start, left, right);
		if (o->function[0] == '!')
			left = call_of(p, "not", left->span.start, left, NULL);
	}
	return left;
}

/* "?" may stand on the next line. */
static bool
accept_over_lines(struct parser *p, const char *what)
{
	uint32_t before = p->at;

	blank(p, true);
	if (at_text(p, what) && !at_text(p, "?.") && !at_text(p, "?[")) {
		p->at++;
		return true;
	}
	p->at = before;
	return false;
}

static struct hcl_expression *
ternary(struct parser *p)
{
	struct hcl_expression *condition = binary(p, 1), *e, *yes;

	if (condition == NULL || !accept_over_lines(p, "?"))
		return condition;
	blank(p, true);
	e = node(p, HCL_CONDITIONAL, condition->span.start);
	if ((yes = expression(p)) == NULL)
		return NULL;
	if (!accept_over_lines(p, ":"))
		return fail(p, "a colon is expected");
	blank(p, true);
	if (!adopt(p, e, condition) || !adopt(p, e, yes) || !adopt(p, e, expression(p)))
		return NULL;
	return end(p, e);
}

static struct hcl_expression *
expression(struct parser *p)
{
	struct hcl_expression *e;

	if (p->depth >= AZURE_LEVELS)
		return fail(p, "the expression is nested too deeply");
	p->depth++;
	e = ternary(p);
	p->depth--;
	return e;
}

/* ---- statements ---- */

/* @name(...) before a statement. */
static void
decorators(struct parser *p)
{
	struct hcl_expression *e;

	p->allowed = NULL;
	p->secure = false;
	for (blank(p, true); accept(p, "@") && !p->failed; blank(p, true)) {
		accept(p, "sys.");
		e = unary(p);
		if (e == NULL || e->kind != HCL_CALL)
			continue;
		if (slice_is(e->name, "secure"))
			p->secure = true;
		else if (slice_is(e->name, "allowed") && e->count == 1)
			p->allowed = e->items[0];
	}
}

/* To the end of the line on which all brackets are closed, or to `=`. */
static bool
pass_over(struct parser *p, bool to_equals)
{
	uint32_t depth = 0;

	for (blank(p, false); p->at < p->text.len; blank(p, false)) {
		char c = letter(p, 0);

		if (c == '\'') {
			if (quoted(p) == NULL)
				return false;
			continue;
		}
		if (depth == 0 && (c == '\n' || (to_equals && c == '=' && letter(p, 1) != '=' && letter(p, 1) != '>')))
			return c == '=';
		depth += c == '(' || c == '[' || c == '{';
		depth -= depth > 0 && (c == ')' || c == ']' || c == '}');
		p->at++;
	}
	return false;
}

static void
declare_name(struct parser *p, enum azure_kind kind)
{
	const struct hcl_expression *allowed = p->allowed, *e = NULL;
	bool secure = p->secure;
	uint32_t start;
	struct slice word;
	struct azure_cell *c;

	blank(p, false);
	start = p->at;
	word = name(p);
	if (pass_over(p, true)) {
		p->at++;
		blank(p, true);
		e = expression(p);
	}
	if (word.len == 0 || p->failed)
		return;
	c = azure_add(p->azure, kind, word, places_span(&p->places, start, start + (uint32_t)word.len));
	c->expression = e;
	c->secure = secure;
	if (allowed != NULL && kind == AZURE_PARAMETER)
		c->allowed = azure_evaluate(p->azure, allowed, NULL);
}

static bool
body(struct parser *p, struct bicep_resource *r, uint32_t level)
{
	blank(p, true);
	if (level == 0 && accept(p, "[")) {
		blank(p, true);
		if (!accept_word(p, "for") || (r->collection = loop_head(p, &r->item, &r->position)) == NULL
		    || !body(p, r, 1))
			return fail(p, "a loop is expected") != NULL;
		blank(p, true);
		return accept(p, "]") || fail(p, "a closing bracket is expected") != NULL;
	}
	if (accept_word(p, "if")) {
		if (peek(p) != '(' || (r->condition = parenthesised(p)) == NULL)
			return fail(p, "a condition is expected") != NULL;
		blank(p, true);
	}
	if (peek(p) != '{')
		return fail(p, "an object is expected") != NULL;
	return (r->object = object(p, r)) != NULL;
}

static bool
declare_resource(struct parser *p, uint32_t start, bool module, const struct bicep_resource *parent)
{
	struct bicep_resource *r = arena_alloc(p->arena, sizeof *r);
	struct azure_cell *c;

	r->module = module;
	r->parent = parent;
	r->name = name(p);
	if (r->name.len == 0 || peek(p) != '\'' || (r->type = quoted(p)) == NULL)
		return fail(p, "a name and a type are expected") != NULL;
	r->head = span_from(p, start);
	r->existing = accept_word(p, "existing");
	if (!accept(p, "=") || p->count >= SCAN_LIMIT(STATEMENTS))
		return fail(p, "\"=\" is expected") != NULL;
	if (p->count == p->room) {
		uint32_t room = p->room;

		p->room = room == 0 ? 16 : room * 2;
		p->list = arena_grow(p->arena, p->list, room * sizeof(void *), p->room * sizeof(void *));
	}
	p->list[p->count++] = r;
	if (!body(p, r, 0))
		return false;
	r->span = span_from(p, start);
	c = azure_add(p->azure, AZURE_SYMBOL, r->name, r->head);
	c->symbol = r;
	return true;
}

static void
statement(struct parser *p)
{
	uint32_t start;

	decorators(p);
	start = p->at;
	if (accept_word(p, "param"))
		declare_name(p, AZURE_PARAMETER);
	else if (accept_word(p, "var"))
		declare_name(p, AZURE_VARIABLE);
	else if (accept_word(p, "resource"))
		declare_resource(p, start, false, NULL);
	else if (accept_word(p, "module"))
		declare_resource(p, start, true, NULL);
	else if (in_name(peek(p)))
		pass_over(p, false);
	else if (p->at < p->text.len)
		fail(p, "a statement is expected");
}

/* ---- evaluation ---- */

/* Objects and lists are walked so that each reference knows its path. */
static const struct value *
walked(struct azure *z, const struct hcl_expression *e, const struct hcl_binding *bindings)
{
	struct hcl_map m = { .arena = z->arena };
	struct value_builder b;
	size_t before;
	uint32_t i;

	if (e->kind == HCL_TUPLE) {
		value_begin(&b, z->arena, VALUE_LIST, e->span);
		for (i = 0; i < e->count; i++) {
			azure_enter(z, &before, SLICE_NONE, i);
			value_append(&b, walked(z, e->items[i], bindings));
			azure_leave(z, before);
		}
		return value_end(&b);
	}
	if (e->kind != HCL_OBJECT)
		return azure_evaluate(z, e, bindings);
	for (i = 0; i + 1 < e->count; i += 2) {
		const struct value *key = azure_evaluate(z, e->items[i], bindings);
		struct slice text = azure_text(z, key);

		azure_enter(z, &before, text, 0);
		hcl_map_add(&m, text, e->items[i]->span, walked(z, e->items[i + 1], bindings));
		azure_leave(z, before);
	}
	return hcl_map_end(&m, e->span);
}

static const struct hcl_expression *
property(const struct bicep_resource *r, const char *name)
{
	for (uint32_t i = 0; r->object != NULL && i + 1 < r->object->count; i += 2)
		if (r->object->items[i]->kind == HCL_LITERAL && slice_is(r->object->items[i]->literal->text, name))
			return r->object->items[i + 1];
	return NULL;
}

static struct slice type_of(struct azure *, const struct bicep_resource *, uint32_t depth);

/* The resource that `parent:` names, or that it stands in. */
static const struct bicep_resource *
parent_of(struct azure *z, const struct bicep_resource *r)
{
	const struct hcl_expression *e = property(r, "parent");
	const struct azure_cell *c;

	if (r->parent != NULL || e == NULL)
		return r->parent;
	while (e->kind == HCL_INDEX || e->kind == HCL_PARENTHESES)
		e = e->items[0];
	c = e->kind == HCL_ROOT ? azure_find(z, AZURE_SYMBOL, e->name) : NULL;
	return c != NULL && c->symbol != r ? c->symbol : NULL;
}

static struct slice
type_of(struct azure *z, const struct bicep_resource *r, uint32_t depth)
{
	struct slice own = r->type->kind == HCL_LITERAL ? r->type->literal->text : SLICE("${?}");

	own = slice_sub(own, 0, slice_find(own, '@'));
	if (r->parent == NULL || depth > AZURE_DEPTH || slice_find(own, '/') < own.len)
		return own;
	return azure_address(z, type_of(z, r->parent, depth + 1), own);
}

static struct slice
name_of(struct azure *z, const struct bicep_resource *r, uint32_t depth)
{
	struct bicep_resource *mutable = (struct bicep_resource *)(uintptr_t)r;
	const struct hcl_expression *e = property(r, "name");
	const struct bicep_resource *parent = parent_of(z, r);
	struct slice own = SLICE("${?}");

	if (e != NULL && !r->busy && depth <= AZURE_DEPTH) {
		mutable->busy = true;
		own = azure_text(z, azure_evaluate(z, e, r->bindings));
		mutable->busy = false;
	}
	if (parent == NULL || depth > AZURE_DEPTH || slice_find(own, '/') < own.len)
		return own;
	return azure_address(z, name_of(z, parent, depth + 1), own);
}

/* A symbol: its name is known, the rest only when it is deployed. */
static const struct value *
symbol(struct azure *z, const struct azure_cell *c, const struct hcl_step *steps, uint32_t count,
    uint32_t *used)
{
	const struct bicep_resource *r = c->symbol;
	uint32_t at = count > 1 && steps[1].index ? 2 : 1;
	struct buf why;

	*used = count;
	if (!r->module)
		azure_refer(z, azure_address(z, type_of(z, r, 0), name_of(z, r, 0)), NULL, steps[0].span);
	if (!r->module && at < count && slice_is(steps[at].key->text, "name") && r->collection == NULL) {
		*used = at + 1;
		return value_string(z->arena, steps[0].span, name_of(z, r, 0));
	}
	buf_init(&why, z->arena, 512);
	buf_printf(&why, "\"%.*s\" is known only when it is deployed", (int)slice_sub(c->name, 0, 200).len,
	    c->name.ptr);
	return value_unknown(z->arena, steps[0].span, buf_slice(&why));
}

/* Without `parent`, with the whole type and name. */
static const struct value *
attributes_of(struct azure *z, const struct bicep_resource *r, struct slice type, struct slice name)
{
	const struct value *made = walked(z, r->object, r->bindings);
	struct slice version = r->type->kind == HCL_LITERAL ? r->type->literal->text : SLICE("");
	struct hcl_map m = { .arena = z->arena };

	hcl_map_add(&m, SLICE("type"), r->head, value_string(z->arena, r->head, type));
	version = slice_sub(version, slice_find(version, '@') + 1, version.len);
	hcl_map_add(&m, SLICE("apiVersion"), r->head, value_string(z->arena, r->head, version));
	for (uint32_t i = 0; i < made->count; i++) {
		const struct member *one = &made->members[i];

		if (slice_is(one->key, "parent"))
			continue;
		hcl_map_add(&m, one->key, one->key_span, slice_is(one->key, "name") && one->value->kind == VALUE_STRING
		    ? value_string(z->arena, one->value->span, name) : one->value);
	}
	return hcl_map_end(&m, r->object->span);
}

/* Another file, with its parameters. */
static void
read_module(struct azure *z, const struct bicep_resource *r)
{
	const struct hcl_expression *given = property(r, "params");
	struct slice path = r->type->kind == HCL_LITERAL ? r->type->literal->text : SLICE("");
	struct azure *n;
	uint32_t source;

	if (!slice_ends(path, SLICE(".bicep")) || z->depth >= AZURE_DEPTH || *z->templates == 0
	    || !files_source(z->project, z->root, files_join(z->arena, files_directory(z->path), path), &source))
		return;
	--*z->templates;
	n = arena_alloc(z->arena, sizeof *n);
	azure_init(n, z->project, source);
	n->meter = z->meter;
	n->templates = z->templates;
	n->root = z->root;
	n->depth = z->depth + 1;
	n->module = z->module.len > 0 ? azure_address(z, z->module, r->name) : r->name;
	if (given != NULL)
		n->given = walked(z, given, r->bindings);
	bicep_read(n);
}

static void
give(struct azure *z, const struct bicep_resource *r)
{
	const struct value *condition = &value_null, *attributes;
	bool before = z->by_default;
	enum azure_presence presence;
	struct slice type, name;

	z->by_default = false;
	if (r->condition != NULL)
		condition = azure_evaluate(z, r->condition, r->bindings);
	presence = azure_presence(z, condition, z->by_default);
	z->by_default = before;
	z->reference_count = 0;
	if (presence == AZURE_ABSENT)
		return;
	if (r->module) {
		read_module(z, r);
		return;
	}
	type = type_of(z, r, 0);
	name = name_of(z, r, 0);
	z->reference_count = 0;
	attributes = attributes_of(z, r, type, name);
	if (presence == AZURE_CONDITIONAL)
		attributes = hcl_because(z->arena, attributes, r->condition->span, SLICE("only when its condition holds"));
	azure_give(z, &(struct resource){ .type = type, .name = name, .attributes = attributes, .span = r->span,
	    .head = r->head });
}

static void
give_all(struct azure *z, struct bicep_resource *r)
{
	const struct value *over = r->collection == NULL ? NULL : azure_evaluate(z, r->collection, NULL);
	struct hcl_binding item = { r->item, over, NULL }, position = { r->position, over, &item };
	uint32_t count = over != NULL && over->kind == VALUE_LIST ? over->count : 1;

	if (r->existing)
		return;
	r->bindings = over == NULL ? NULL : r->position.len > 0 ? &position : &item;
	if (over != NULL && over->kind != VALUE_LIST && over->kind != VALUE_UNKNOWN)
		count = 0;
	for (uint32_t i = 0; i < count && i < AZURE_INSTANCES; i++) {
		if (over != NULL && over->kind == VALUE_LIST) {
			item.value = over->items[i];
			position.value = hcl_number_value(z->arena, over->span, i);
		}
		give(z, r);
	}
	r->bindings = NULL;
}

void
bicep_read(struct azure *z)
{
	struct parser *p = arena_alloc(z->arena, sizeof *p);

	*p = (struct parser){ .azure = z, .arena = z->arena,
		.text = slice_sub(z->project->sources[z->source].text, 0, SCAN_LIMIT(SOURCE)) };
	places_init(&p->places, z->arena, z->source, p->text);
	if (slice_starts(p->text, SLICE("\xef\xbb\xbf")))
		p->at = 3;
	for (blank(p, true); p->at < p->text.len && !p->failed; blank(p, true))
		statement(p);
	azure_sort(z);
	z->symbol = symbol;
	for (uint32_t i = 0; i < p->count; i++)
		if (p->list[i]->object != NULL)
			give_all(z, p->list[i]);
}
