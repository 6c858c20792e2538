/* hcl_expression.c -- the grammar of expressions, by recursive descent. */
#include <stdlib.h>
#include <string.h>

#include "iac/hcl_parser.h"

static struct hcl_expression *read_operand(struct hcl_parser *);

/* ---- brackets ---- */

/* Reads with newlines as white space, then as before. */
static struct hcl_expression *
read_inside(struct hcl_parser *p, bool newlines,
    struct hcl_expression *(*read)(struct hcl_parser *, struct hcl_cursor),
    struct hcl_cursor start)
{
	bool before = p->newlines;
	struct hcl_expression *e;

	p->newlines = newlines;
	e = hcl_enter(p) ? read(p, start) : NULL;
	hcl_leave(p);
	p->newlines = before;
	return e == NULL ? NULL : hcl_close(p, e);
}

/* "(" Expression ")" */
static struct hcl_expression *
read_parentheses(struct hcl_parser *p, struct hcl_cursor start)
{
	struct hcl_expression *e = hcl_node(p, HCL_PARENTHESES, start);

	if (!hcl_adopt(p, e, hcl_read_expression(p)) || !hcl_expect(p, ')', "expected ')'"))
		return NULL;
	return e;
}

/* "for" Identifier ("," Identifier)? "in" Expression ":" */
static bool
read_for_intro(struct hcl_parser *p, struct hcl_expression *e)
{
	struct hcl_token name;

	hcl_take(p);
	name = hcl_peek(p);
	if (!hcl_expect(p, TOKEN_NAME, "expected a name behind \"for\""))
		return false;
	e->name = hcl_token_text(p, name);
	if (hcl_accept(p, ',')) {
		name = hcl_peek(p);
		if (!hcl_expect(p, TOKEN_NAME, "expected a second name"))
			return false;
		e->key = e->name;
		e->name = hcl_token_text(p, name);
	}
	if (!hcl_word(p, "in"))
		return hcl_fail(p, hcl_token_span(p, hcl_peek(p)), "expected \"in\"") != NULL;
	hcl_take(p);
	return hcl_adopt(p, e, hcl_read_expression(p)) && hcl_expect(p, ':', "expected ':'");
}

/* The four children of a for: collection, key, value, condition. */
static bool
adopt_parts(struct hcl_parser *p, struct hcl_expression *e, struct hcl_expression *parts[3])
{
	struct hcl_expression *all[4] = { e->items[0], parts[0], parts[1], parts[2] };
	int i;

	e->count = 0;
	for (i = 0; i < 4; i++) {
		if (all[i] != NULL && !hcl_adopt(p, e, all[i]))
			return false;
	}
	e->items = arena_array(p->arena, 4, sizeof *e->items);
	memcpy((void *)e->items, (void *)all, sizeof all);
	e->count = 4;
	return true;
}

/* ForExpr = "for" ... ":" (Expression "=>")? Expression "..."? ("if" Expression)? */
static struct hcl_expression *
read_for(struct hcl_parser *p, struct hcl_cursor start, enum hcl_kind kind, uint32_t close)
{
	struct hcl_expression *e = hcl_node(p, kind, start), *parts[3] = { NULL, NULL, NULL };

	if (!read_for_intro(p, e))
		return NULL;
	if ((parts[1] = hcl_read_expression(p)) == NULL)
		return NULL;
	if (kind == HCL_FOR_OBJECT) {
		parts[0] = parts[1];
		if (!hcl_expect(p, TOKEN_ARROW, "expected '=>'"))
			return NULL;
		if ((parts[1] = hcl_read_expression(p)) == NULL)
			return NULL;
		e->spread = hcl_accept(p, TOKEN_ELLIPSIS);
	}
	if (hcl_word(p, "if")) {
		hcl_take(p);
		if ((parts[2] = hcl_read_expression(p)) == NULL)
			return NULL;
	}
	return hcl_expect(p, close, "expected the end of the for expression")
	    && adopt_parts(p, e, parts) ? e : NULL;
}

static struct hcl_expression *
read_for_tuple(struct hcl_parser *p, struct hcl_cursor start)
{
	return read_for(p, start, HCL_FOR_TUPLE, ']');
}

static struct hcl_expression *
read_for_object(struct hcl_parser *p, struct hcl_cursor start)
{
	return read_for(p, start, HCL_FOR_OBJECT, '}');
}

/* tuple = "[" (Expression ("," Expression)* ","?)? "]" */
static struct hcl_expression *
read_tuple(struct hcl_parser *p, struct hcl_cursor start)
{
	struct hcl_expression *e;

	if (hcl_word(p, "for"))
		return read_for_tuple(p, start);
	e = hcl_node(p, HCL_TUPLE, start);
	while (!hcl_accept(p, ']')) {
		if (!hcl_adopt(p, e, hcl_read_expression(p)))
			return NULL;
		if (hcl_peek(p).type != ']' && !hcl_expect(p, ',', "expected ',' or ']'"))
			return NULL;
	}
	return e;
}

/* A key that is a bare name stands for itself. */
static struct hcl_expression *
read_key(struct hcl_parser *p)
{
	struct hcl_expression *e = hcl_read_expression(p);

	if (e != NULL && (e->kind == HCL_ROOT
	    || (e->kind == HCL_LITERAL && e->literal->kind != VALUE_STRING
	    && e->literal->kind != VALUE_NUMBER))) {
		e->kind = HCL_LITERAL;
		e->literal = value_string(p->arena, e->span,
		    slice_sub(p->text, e->span.start, e->span.end - e->span.start));
	}
	return e;
}

/* objectelem = (Identifier | Expression) ("=" | ":") Expression */
static bool
read_element(struct hcl_parser *p, struct hcl_expression *e)
{
	uint32_t type;

	if (!hcl_adopt(p, e, read_key(p)))
		return false;
	if (!hcl_accept(p, ':') && !hcl_expect(p, '=', "expected '=' or ':' behind the key"))
		return false;
	if (!hcl_adopt(p, e, hcl_read_expression(p)))
		return false;
	type = hcl_peek(p).type;
	if (type == '}' || type == TOKEN_NEWLINE)
		return true;
	return hcl_expect(p, ',', "expected ',', a new line or '}'");
}

/* object = "{" (objectelem (("," | Newline) objectelem)* ","?)? "}" */
static struct hcl_expression *
read_object(struct hcl_parser *p, struct hcl_cursor start)
{
	struct hcl_expression *e;

	while (hcl_accept(p, TOKEN_NEWLINE))
		;
	if (hcl_word(p, "for"))
		return read_inside(p, false, read_for_object, start);
	e = hcl_node(p, HCL_OBJECT, start);
	for (;;) {
		while (hcl_accept(p, TOKEN_NEWLINE))
			;
		if (hcl_accept(p, '}'))
			return e;
		if (!read_element(p, e))
			return NULL;
	}
}

/* ---- calls and names ---- */

/* arguments = "(" (Expression ("," Expression)* ("," | "...")?)? ")" */
static struct hcl_expression *
read_arguments(struct hcl_parser *p, struct hcl_cursor start)
{
	struct hcl_expression *e = hcl_node(p, HCL_CALL, start);

	while (!hcl_accept(p, ')')) {
		if (!hcl_adopt(p, e, hcl_read_expression(p)))
			return NULL;
		e->spread = hcl_accept(p, TOKEN_ELLIPSIS);
		if (e->spread)
			return hcl_expect(p, ')', "expected ')' behind '...'") ? e : NULL;
		if (hcl_peek(p).type != ')' && !hcl_expect(p, ',', "expected ',' or ')'"))
			return NULL;
	}
	return e;
}

/* Identifier ("::" Identifier)* */
static bool
read_namespaces(struct hcl_parser *p, struct hcl_token *name)
{
	while (hcl_accept(p, TOKEN_COLONS)) {
		name->end = hcl_peek(p).end;
		if (!hcl_expect(p, TOKEN_NAME, "expected a name behind '::'"))
			return false;
	}
	return true;
}

static struct hcl_expression *
read_call(struct hcl_parser *p, struct hcl_token name)
{
	struct hcl_expression *e;

	if (!read_namespaces(p, &name) || !hcl_expect(p, '(', "expected '('"))
		return NULL;
	e = read_inside(p, false, read_arguments, name.start);
	if (e != NULL)
		e->name = hcl_token_text(p, name);
	return e;
}

static const struct value *
word_value(struct hcl_parser *p, struct slice word, struct span span)
{
	struct value *null;

	if (slice_is(word, "true") || slice_is(word, "false"))
		return value_bool(p->arena, span, slice_is(word, "true"));
	if (!slice_is(word, "null"))
		return NULL;
	null = arena_alloc(p->arena, sizeof *null);
	null->span = span;
	return null;
}

static struct hcl_expression *
read_name(struct hcl_parser *p, struct hcl_token name)
{
	struct hcl_expression *e;
	uint32_t next = hcl_peek(p).type;

	if (next == '(' || next == TOKEN_COLONS)
		return read_call(p, name);
	e = hcl_node(p, HCL_ROOT, name.start);
	e->name = hcl_token_text(p, name);
	e->literal = word_value(p, e->name, e->span);
	if (e->literal != NULL)
		e->kind = HCL_LITERAL;
	return e;
}

static struct hcl_expression *
read_number(struct hcl_parser *p, struct hcl_token t)
{
	struct hcl_expression *e = hcl_node(p, HCL_LITERAL, t.start);
	char *text = slice_cstr(hcl_token_text(p, t), p->arena), *end;

	strtod(text, &end);
	if (*end != '\0')
		return hcl_fail(p, hcl_token_span(p, t), "this is not a number");
	e->literal = value_number(p->arena, e->span, hcl_token_text(p, t));
	return e;
}

/* ---- terms ---- */

static struct hcl_expression *
read_unary(struct hcl_parser *p, struct hcl_token t)
{
	struct hcl_expression *e = hcl_node(p, HCL_UNARY, t.start);
	bool good;

	e->operator = t.type == '!' ? HCL_NOT : HCL_NEGATE;
	good = hcl_enter(p) && hcl_adopt(p, e, read_operand(p));
	hcl_leave(p);
	return good ? hcl_close(p, e) : NULL;
}

static struct hcl_expression *
read_term(struct hcl_parser *p)
{
	struct hcl_token t = hcl_take(p);

	switch (t.type) {
	case TOKEN_NAME:        return read_name(p, t);
	case TOKEN_NUMBER:      return read_number(p, t);
	case TOKEN_QUOTE:       return hcl_read_quoted(p, t);
	case TOKEN_HEREDOC:     return hcl_read_heredoc(p, t);
	case '(':               return read_inside(p, false, read_parentheses, t.start);
	case '[':               return read_inside(p, false, read_tuple, t.start);
	case '{':               return read_inside(p, true, read_object, t.start);
	case '-': case '!':     return read_unary(p, t);
	default:                return hcl_fail(p, hcl_token_span(p, t), "expected an expression");
	}
}

/* ---- what follows a term: members, indexes, splats ---- */

static struct hcl_expression *
wrap(struct hcl_parser *p, enum hcl_kind kind, struct hcl_cursor start, struct hcl_expression *inner)
{
	struct hcl_expression *e = hcl_node(p, kind, start);

	return hcl_adopt(p, e, inner) ? e : NULL;
}

static struct hcl_expression *
member(struct hcl_parser *p, struct hcl_cursor start, struct hcl_expression *of, struct hcl_token name)
{
	struct hcl_expression *e = wrap(p, HCL_MEMBER, start, of);

	if (e != NULL)
		e->name = hcl_token_text(p, name);
	return e;
}

/* ".0"; two of them in a row ("a.0.1") are not allowed. */
static struct hcl_expression *
legacy_index(struct hcl_parser *p, struct hcl_cursor start, struct hcl_expression *of,
    struct hcl_token t)
{
	struct hcl_expression *key = hcl_node(p, HCL_LITERAL, t.start);
	struct hcl_expression *e = wrap(p, HCL_INDEX, start, of);
	struct slice text = hcl_token_text(p, t);

	if (strspn(slice_cstr(text, p->arena), "0123456789") < text.len)
		return hcl_fail(p, key->span, "expected one whole number behind '.'");
	key->literal = value_number(p->arena, key->span, text);
	return e != NULL && hcl_adopt(p, e, key) ? e : NULL;
}

static struct hcl_expression *read_steps(struct hcl_parser *, struct hcl_cursor,
    struct hcl_expression *, bool members_only);

/* ".*" takes the members behind it, "[*]" all that is behind it. */
static struct hcl_expression *
splat(struct hcl_parser *p, struct hcl_cursor start, struct hcl_expression *of, bool members_only)
{
	struct hcl_expression *e = wrap(p, HCL_SPLAT, start, of), *each = NULL;

	if (e == NULL)
		return NULL;
	if (hcl_enter(p))
		each = read_steps(p, start, hcl_node(p, HCL_ITEM, start), members_only);
	hcl_leave(p);
	return hcl_adopt(p, e, each) ? hcl_close(p, e) : NULL;
}

static struct hcl_expression *
read_dot(struct hcl_parser *p, struct hcl_cursor start, struct hcl_expression *of, bool in_splat)
{
	struct hcl_token t = hcl_take(p);

	if (t.type == TOKEN_NAME)
		return member(p, start, of, t);
	if (t.type == TOKEN_NUMBER)
		return legacy_index(p, start, of, t);
	if (t.type == '*' && !in_splat)
		return splat(p, start, of, true);
	return hcl_fail(p, hcl_token_span(p, t), "expected a name behind '.'");
}

static struct hcl_expression *
read_bracket(struct hcl_parser *p, struct hcl_cursor start)
{
	struct hcl_expression *key;

	(void)start;
	if (hcl_peek(p).type == '*') {
		hcl_take(p);
		return hcl_expect(p, ']', "expected ']'") ? hcl_node(p, HCL_ITEM, start) : NULL;
	}
	key = hcl_read_expression(p);
	return key != NULL && hcl_expect(p, ']', "expected ']'") ? key : NULL;
}

/* A "[*]" comes back as an item. */
static struct hcl_expression *
read_index(struct hcl_parser *p, struct hcl_cursor start, struct hcl_expression *of)
{
	struct hcl_expression *key = read_inside(p, false, read_bracket, p->at), *e;

	if (key == NULL)
		return NULL;
	if (key->kind == HCL_ITEM)
		return splat(p, start, of, false);
	e = wrap(p, HCL_INDEX, start, of);
	return e != NULL && hcl_adopt(p, e, key) ? e : NULL;
}

static struct hcl_expression *
read_steps(struct hcl_parser *p, struct hcl_cursor start, struct hcl_expression *e, bool members_only)
{
	while (e != NULL) {
		uint32_t type = hcl_peek(p).type;

		if (type == '.') {
			hcl_take(p);
			e = read_dot(p, start, e, members_only);
		} else if (type == '[' && !members_only) {
			hcl_take(p);
			e = read_index(p, start, e);
		} else {
			return e;
		}
	}
	return NULL;
}

static struct hcl_expression *
read_operand(struct hcl_parser *p)
{
	struct hcl_cursor start = hcl_peek(p).start;

	return read_steps(p, start, read_term(p), false);
}

/* ---- operators ---- */

struct level {
	uint32_t token;
	uint8_t  operator, binding;
};

static const struct level levels[] = {
	{ TOKEN_OR, HCL_OR, 1 },                 { TOKEN_AND, HCL_AND, 2 },
	{ TOKEN_EQUAL, HCL_EQUAL, 3 },           { TOKEN_NOT_EQUAL, HCL_NOT_EQUAL, 3 },
	{ '<', HCL_LESS, 4 },                    { TOKEN_LESS_EQUAL, HCL_LESS_EQUAL, 4 },
	{ '>', HCL_GREATER, 4 },                 { TOKEN_GREATER_EQUAL, HCL_GREATER_EQUAL, 4 },
	{ '+', HCL_ADD, 5 },                     { '-', HCL_SUBTRACT, 5 },
	{ '*', HCL_MULTIPLY, 6 },                { '/', HCL_DIVIDE, 6 },
	{ '%', HCL_MODULO, 6 },
};

static const struct level *
level_of(uint32_t token)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (levels[i].token == token)
			return &levels[i];
	return NULL;
}

/* Left to right, as long as operators bind at least as strongly as `least`. */
static struct hcl_expression *
read_binary(struct hcl_parser *p, unsigned least)
{
	struct hcl_cursor start = hcl_peek(p).start;
	struct hcl_expression *left = read_operand(p), *e;
	const struct level *level;

	while (left != NULL && (level = level_of(hcl_peek(p).type)) != NULL && level->binding >= least) {
		hcl_take(p);
		e = wrap(p, HCL_BINARY, start, left);
		if (e == NULL || !hcl_adopt(p, e, read_binary(p, level->binding + 1u)))
			return NULL;
		e->operator = level->operator;
		left = hcl_close(p, e);
	}
	return left;
}

/* Conditional = Expression "?" Expression ":" Expression */
static struct hcl_expression *
read_conditional(struct hcl_parser *p)
{
	struct hcl_cursor start = hcl_peek(p).start;
	struct hcl_expression *condition = read_binary(p, 1), *e;

	if (condition == NULL || !hcl_accept(p, '?'))
		return condition;
	e = wrap(p, HCL_CONDITIONAL, start, condition);
	if (e == NULL || !hcl_adopt(p, e, hcl_read_expression(p)) || !hcl_expect(p, ':', "expected ':'"))
		return NULL;
	return hcl_adopt(p, e, hcl_read_expression(p)) ? hcl_close(p, e) : NULL;
}

struct hcl_expression *
hcl_read_expression(struct hcl_parser *p)
{
	struct hcl_expression *e = hcl_enter(p) ? read_conditional(p) : NULL;

	hcl_leave(p);
	return e;
}
