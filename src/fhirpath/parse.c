/* parse.c -- text to tree, by precedence climbing (FHIRPath N1, grammar).
 *
 * Every node remembers the byte it began at, so that a complaint points into
 * the source.  The parser stops at its first error.  Depth is limited, because
 * the stack is not. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "fhirpath/ast.h"

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_QUOTED, TOKEN_STRING, TOKEN_NUMBER, TOKEN_MOMENT,
	TOKEN_SYMBOL };

struct parser {
	struct slice    src;
	size_t          pos;            /* next byte to read */
	size_t          depth, depth_max;
	struct arena   *arena;
	struct outcome *outcome;
	enum token_kind kind;           /* of the current token */
	struct slice    tok;            /* its text; a string without quotes, unescaped */
	size_t          at;             /* where it began */
	bool            failed;
};

static struct node *
fail(struct parser *p, const char *why)
{
	if (!p->failed)
		outcome_fail(p->outcome, FAULT_INVALID, place_of(p->src, p->at), slice_of(why));
	p->failed = true;
	p->kind = TOKEN_END;
	return NULL;
}

/* Lexing */

static char
peek(const struct parser *p, size_t ahead)
{
	return p->pos + ahead < p->src.len ? p->src.ptr[p->pos + ahead] : '\0';
}

static bool
name_byte(char c)
{
	return ascii_is_letter(c) || c == '_' || ascii_is_digit(c);
}

static bool
skip_comment(struct parser *p)
{
	if (peek(p, 0) != '/' || (peek(p, 1) != '/' && peek(p, 1) != '*'))
		return false;
	if (peek(p, 1) == '/') {
		while (p->pos < p->src.len && peek(p, 0) != '\n')
			p->pos++;
		return true;
	}
	p->at = p->pos;
	for (p->pos += 2; p->pos < p->src.len; p->pos++)
		if (peek(p, 0) == '*' && peek(p, 1) == '/') {
			p->pos += 2;
			return true;
		}
	fail(p, "the comment is not closed");
	return false;
}

static void
skip_space(struct parser *p)
{
	while (p->pos < p->src.len && (strchr(" \t\r\n", peek(p, 0)) != NULL || skip_comment(p)))
		if (strchr(" \t\r\n", peek(p, 0)) != NULL && p->pos < p->src.len)
			p->pos++;
}

static void
put_point(struct buf *b, unsigned point)
{
	if (point < 0x80) {
		buf_add_char(b, (char)point);
	} else if (point < 0x800) {
		buf_add_char(b, (char)(0xC0 | point >> 6));
		buf_add_char(b, (char)(0x80 | (point & 0x3F)));
	} else {
		buf_add_char(b, (char)(0xE0 | point >> 12));
		buf_add_char(b, (char)(0x80 | (point >> 6 & 0x3F)));
		buf_add_char(b, (char)(0x80 | (point & 0x3F)));
	}
}

static bool
escape(struct parser *p, struct buf *b)
{
	static const char plain[] = "fnrt'\"`\\/", meant[] = "\f\n\r\t'\"`\\/";
	char c = peek(p, 1);
	const char *found = c == '\0' ? NULL : strchr(plain, c);

	if (c == 'u' && p->pos + 6 <= p->src.len) {
		char hex[5] = { 0 };
		char *end;

		memcpy(hex, p->src.ptr + p->pos + 2, 4);
		put_point(b, (unsigned)strtoul(hex, &end, 16));
		p->pos += 6;
		return *end == '\0';
	}
	if (found == NULL)
		return false;
	buf_add_char(b, meant[found - plain]);
	p->pos += 2;
	return true;
}

static void
quoted(struct parser *p, char quote, enum token_kind kind)
{
	struct buf b;

	buf_init(&b, p->arena, SIZE_MAX);
	buf_reserve(&b, 1);
	for (p->pos++; p->pos < p->src.len && peek(p, 0) != quote;) {
		if (peek(p, 0) != '\\') {
			buf_add_char(&b, peek(p, 0));
			p->pos++;
		} else if (!escape(p, &b)) {
			fail(p, "unknown escape");
			return;
		}
	}
	if (p->pos >= p->src.len) {
		fail(p, "the quote is not closed");
		return;
	}
	p->pos++;
	p->kind = kind;
	p->tok = buf_slice(&b);
}

static void
number(struct parser *p)
{
	size_t start = p->pos;

	while (ascii_is_digit(peek(p, 0)))
		p->pos++;
	if (peek(p, 0) == '.' && ascii_is_digit(peek(p, 1)))
		for (p->pos++; ascii_is_digit(peek(p, 0));)
			p->pos++;
	p->kind = TOKEN_NUMBER;
	p->tok = slice_sub(p->src, start, p->pos - start);
}

/* @2020-01, @2020-01-01T10:00:00+01:00, @T14:30, @2020T */
static void
moment(struct parser *p)
{
	size_t start = ++p->pos;

	while (p->pos < p->src.len && (ascii_is_digit(peek(p, 0)) || strchr("-T:+Z", peek(p, 0)) != NULL
	    || (peek(p, 0) == '.' && ascii_is_digit(peek(p, 1)))))
		p->pos++;
	p->kind = TOKEN_MOMENT;
	p->tok = slice_sub(p->src, start, p->pos - start);
}

static const char *const long_symbols[] = { "!=", "!~", "<=", ">=" };

static void
symbol(struct parser *p)
{
	size_t n = 1;

	for (size_t i = 0; i < COUNT_OF(long_symbols); i++)
		if (peek(p, 0) == long_symbols[i][0] && peek(p, 1) == long_symbols[i][1])
			n = 2;
	p->kind = TOKEN_SYMBOL;
	p->tok = slice_sub(p->src, p->pos, n);
	p->pos += n;
}

static void
next(struct parser *p)
{
	char c;
	size_t start;

	if (p->failed)
		return;
	skip_space(p);
	p->at = start = p->pos;
	c = peek(p, 0);
	if (p->failed || p->pos >= p->src.len) {
		p->kind = TOKEN_END;
		p->tok = SLICE_NONE;
	} else if (c == '\'') {
		quoted(p, '\'', TOKEN_STRING);
	} else if (c == '`' || c == '"') {
		quoted(p, c, TOKEN_QUOTED);
	} else if (ascii_is_digit(c)) {
		number(p);
	} else if (c == '@') {
		moment(p);
	} else if (name_byte(c) || c == '$') {
		for (p->pos++; name_byte(peek(p, 0));)
			p->pos++;
		p->kind = TOKEN_NAME;
		p->tok = slice_sub(p->src, start, p->pos - start);
	} else {
		symbol(p);
	}
}

static bool
is_symbol(const struct parser *p, const char *text)
{
	return p->kind == TOKEN_SYMBOL && slice_is(p->tok, text);
}

static bool
is_word(const struct parser *p, const char *text)
{
	return p->kind == TOKEN_NAME && slice_is(p->tok, text);
}

static bool
expect(struct parser *p, const char *text, const char *why)
{
	if (!is_symbol(p, text)) {
		fail(p, why);
		return false;
	}
	next(p);
	return !p->failed;
}

static struct node *
node_new(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->arena, sizeof *n);

	n->kind = kind;
	n->at = p->at;
	return n;
}

/* Its parts are there: it is as high as an evaluation may be deep (see eval()). */
static struct node *
complete(struct parser *p, struct node *n)
{
	n->height = n->right == NULL ? 0 : n->right->height + 1;
	for (const struct node *part = n->left; part != NULL; part = part->next)
		if (n->height <= part->height)
			n->height = part->height + 1;
	return n->height < p->depth_max * 4 ? n : fail(p, "nested too deeply");
}

/* Grammar */

static struct node *expression(struct parser *p, int limit);

static struct node *
literal(struct parser *p, struct item value)
{
	struct node *n = node_new(p, NODE_LITERAL);

	n->value = value;
	next(p);
	return n;
}

static const char *const calendar_units[] = { "year", "month", "week", "day", "hour", "minute",
	"second", "millisecond" };

/* A plural or singular calendar word gives its singular. */
static bool
calendar_unit(struct slice word, struct slice *unit)
{
	for (size_t i = 0; i < COUNT_OF(calendar_units); i++) {
		struct slice one = slice_of(calendar_units[i]);

		if (slice_eq(word, one) || (word.len == one.len + 1 && slice_starts(word, one)
		    && word.ptr[one.len] == 's')) {
			*unit = one;
			return true;
		}
	}
	return false;
}

/* number [ 'unit' | calendar word ] */
static struct node *
number_literal(struct parser *p)
{
	bool whole = slice_find(p->tok, '.') == p->tok.len;
	struct slice text = p->tok, unit;
	struct node *n = literal(p, (struct item){ .kind = whole ? ITEM_INTEGER : ITEM_DECIMAL,
	    .text = text });
	uint64_t value = 0;

	if (p->kind == TOKEN_STRING || (p->kind == TOKEN_NAME && calendar_unit(p->tok, &unit))) {
		n->value.kind = ITEM_QUANTITY;
		n->value.unit = p->kind == TOKEN_STRING ? p->tok : unit;
		n->value.boolean = p->kind == TOKEN_NAME;       /* a calendar duration */
		next(p);
		return n;
	}
	if (whole && (!slice_uint(text, &value) || value > 4294967296u))
		return fail(p, "the number is too large");
	n->value.integer = (int64_t)value;
	return n;
}

static struct node *
moment_literal(struct parser *p)
{
	struct slice text = p->tok;
	struct moment m;
	size_t t = slice_find(text, 'T');
	enum item_kind kind = t == 0 ? ITEM_TIME : t < text.len ? ITEM_DATETIME : ITEM_DATE;

	if (kind == ITEM_TIME)
		text = slice_sub(text, 1, text.len);
	if (!moment_parse(text, kind, &m))
		return fail(p, "this is no date or time");
	return literal(p, (struct item){ .kind = kind, .text = text });
}

/* name "(" [ expression { "," expression } ] ")" */
static struct node *
call(struct parser *p, struct node *n)
{
	struct node **tail = &n->left;

	n->kind = NODE_CALL;
	n->function = function_find(n->name);
	if (n->function == NULL)
		return fail(p, FHIRPATH_NO_FUNCTION);
	next(p);
	while (!is_symbol(p, ")")) {
		if (n->arguments > 0 && !expect(p, ",", "expected a comma or a bracket"))
			return NULL;
		if ((*tail = expression(p, 0)) == NULL)
			return NULL;
		tail = &(*tail)->next;
		n->arguments++;
	}
	next(p);
	if (n->arguments < n->function->least || n->arguments > n->function->most) {
		p->at = n->at;
		return fail(p, "wrong number of arguments");
	}
	return complete(p, n);
}

static struct node *
special(struct parser *p)
{
	enum node_kind kind = is_word(p, "$this") ? NODE_THIS
	    : is_word(p, "$index") ? NODE_ITEM_INDEX : is_word(p, "$total") ? NODE_TOTAL : NODE_EMPTY;
	struct node *n = node_new(p, kind);

	if (kind == NODE_EMPTY)
		return fail(p, "there is no such variable");
	next(p);
	return n;
}

/* identifier | function | $this */
static struct node *
invocation(struct parser *p)
{
	struct node *n;

	if (p->kind != TOKEN_NAME && p->kind != TOKEN_QUOTED)
		return fail(p, "expected a name");
	if (p->tok.len > 0 && p->tok.ptr[0] == '$' && p->kind == TOKEN_NAME)
		return special(p);
	n = node_new(p, NODE_NAME);
	n->name = p->tok;
	n->quoted = p->kind == TOKEN_QUOTED;
	next(p);
	return is_symbol(p, "(") && !n->quoted ? call(p, n) : p->failed ? NULL : n;
}

static struct node *
variable(struct parser *p)
{
	struct node *n = node_new(p, NODE_VARIABLE);

	next(p);
	if (p->kind != TOKEN_NAME && p->kind != TOKEN_QUOTED && p->kind != TOKEN_STRING)
		return fail(p, "expected a name");
	n->name = p->tok;
	next(p);
	return n;
}

/* primary = "(" expression ")" | "{" "}" | literal | %variable | invocation | +- primary */
static struct node *
primary(struct parser *p)
{
	struct node *n;

	if (is_symbol(p, "(")) {
		next(p);
		if ((n = expression(p, 0)) == NULL || !expect(p, ")", "expected a closing bracket"))
			return NULL;
		return n;
	}
	if (is_symbol(p, "{")) {
		n = node_new(p, NODE_EMPTY);
		next(p);
		return expect(p, "}", "expected a closing brace") ? n : NULL;
	}
	if (is_symbol(p, "%"))
		return variable(p);
	if (p->kind == TOKEN_STRING)
		return literal(p, fhirpath_string(p->tok));
	if (p->kind == TOKEN_NUMBER)
		return number_literal(p);
	if (p->kind == TOKEN_MOMENT)
		return moment_literal(p);
	if (is_word(p, "true") || is_word(p, "false"))
		return literal(p, value_boolean(is_word(p, "true")));
	return invocation(p);
}

/* postfix = primary { "." invocation | "[" expression "]" } */
static struct node *
postfix(struct parser *p)
{
	struct node *left = primary(p);

	while (left != NULL && (is_symbol(p, ".") || is_symbol(p, "["))) {
		bool dot = is_symbol(p, ".");
		struct node *n = node_new(p, dot ? NODE_DOT : NODE_INDEX);

		next(p);
		n->left = left;
		n->right = dot ? invocation(p) : expression(p, 0);
		if (n->right == NULL || (!dot && !expect(p, "]", "expected a closing bracket")))
			return NULL;
		left = complete(p, n);
	}
	return left;
}

static struct node *
unary(struct parser *p)
{
	struct node *n;

	if (!is_symbol(p, "-") && !is_symbol(p, "+"))
		return postfix(p);
	n = node_new(p, is_symbol(p, "-") ? NODE_NEGATE : NODE_PLUS);
	next(p);
	if (++p->depth > p->depth_max)
		return fail(p, "nested too deeply");
	n->left = unary(p);
	p->depth--;
	return n->left == NULL ? NULL : complete(p, n);
}

/* Loosest first (FHIRPath N1, operator precedence).  All group to the left. */
static const struct { const char *word; int binds; enum operator op; } ops[] = {
	{ "implies", 1, OP_IMPLIES }, { "or", 2, OP_OR }, { "xor", 2, OP_XOR }, { "and", 3, OP_AND },
	{ "in", 4, OP_IN }, { "contains", 4, OP_CONTAINS },
	{ "=", 5, OP_EQ }, { "~", 5, OP_EQUIVALENT }, { "!=", 5, OP_NE }, { "!~", 5, OP_NOT_EQUIVALENT },
	{ "<", 6, OP_LT }, { ">", 6, OP_GT }, { "<=", 6, OP_LE }, { ">=", 6, OP_GE },
	{ "|", 7, OP_UNION },
	{ "+", 9, OP_ADD }, { "-", 9, OP_SUB }, { "&", 9, OP_CONCAT },
	{ "*", 10, OP_MUL }, { "/", 10, OP_DIVIDE }, { "div", 10, OP_DIV }, { "mod", 10, OP_MOD },
};
#define TYPE_BINDS 8

static int
binding(const struct parser *p, enum operator *op)
{
	if (p->kind != TOKEN_SYMBOL && p->kind != TOKEN_NAME)
		return 0;
	if (is_word(p, "is") || is_word(p, "as"))
		return TYPE_BINDS;
	for (size_t i = 0; i < COUNT_OF(ops); i++)
		if (slice_is(p->tok, ops[i].word)) {
			*op = ops[i].op;
			return ops[i].binds;
		}
	return 0;
}

/* type = identifier [ "." identifier ] */
static struct node *
type_operation(struct parser *p, struct node *left)
{
	struct node *n = node_new(p, is_word(p, "is") ? NODE_IS : NODE_AS);
	size_t start;

	next(p);
	start = p->at;
	n->left = left;
	n->name = p->tok;
	if (p->kind != TOKEN_NAME && p->kind != TOKEN_QUOTED)
		return fail(p, "expected a type");
	next(p);
	if (is_symbol(p, ".")) {
		next(p);
		if (p->kind != TOKEN_NAME && p->kind != TOKEN_QUOTED)
			return fail(p, "expected a type");
		n->name = slice_sub(p->src, start, p->pos - start);
		next(p);
	}
	return complete(p, n);
}

/* expression = unary { op expression | is type }, where op binds tighter than limit */
static struct node *
expression(struct parser *p, int limit)
{
	struct node *left, *n;
	enum operator op = OP_OR;
	int binds;

	if (++p->depth > p->depth_max)
		return fail(p, "nested too deeply");
	left = unary(p);
	while (left != NULL && (binds = binding(p, &op)) > limit) {
		if (binds == TYPE_BINDS) {
			left = type_operation(p, left);
			continue;
		}
		n = node_new(p, NODE_OPERATOR);
		n->op = op;
		n->left = left;
		next(p);
		if ((n->right = expression(p, binds)) == NULL)
			return NULL;
		left = complete(p, n);
	}
	p->depth--;
	return left;
}

struct node *
fhirpath_parse(struct slice text, const struct limits *limits, struct arena *arena,
    struct outcome *outcome)
{
	struct parser p = { .src = text, .arena = arena, .outcome = outcome,
		.depth_max = limits->of[LIMIT_FHIRPATH_DEPTH] };
	struct node *n;

	if (text.len > limits->of[LIMIT_FHIRPATH_TEXT])
		return fail(&p, "the expression is too long");
	next(&p);
	n = expression(&p, 0);
	if (p.failed || n == NULL)
		return NULL;
	return p.kind == TOKEN_END ? n : fail(&p, "expected an operator or the end");
}
