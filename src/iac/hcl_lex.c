/* hcl_lex.c -- see hcl_lex.h. */
#include "iac/hcl_lex.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/ascii.h"
#include "base/attr.h"

void
hcl_advance(struct hcl_cursor *c, struct slice text, uint32_t bytes)
{
	for (uint32_t end = c->at + bytes; c->at < end; c->at++) {
		if (text.ptr[c->at] == '\n')
			c->line++, c->column = 1;
		else if (((unsigned char)text.ptr[c->at] & 0xc0) != 0x80)
			c->column++;
	}
}

static char
byte(struct slice text, uint32_t at)
{
	return at < text.len ? text.ptr[at] : '\0';
}

/* Bytes of the code point at `at` when it may stand in an identifier (UAX #31). */
static uint32_t
name_character(struct slice text, uint32_t at, bool first)
{
	const uint8_t *bytes = (const uint8_t *)text.ptr;
	char c = byte(text, at);
	uint32_t next = at;
	UChar32 point;

	if (ascii_is_letter(c) || c == '_')
		return 1;
	if ((unsigned char)c < 0x80)
		return !first && (ascii_is_digit(c) || c == '-') && at < text.len;
	U8_NEXT(bytes, next, (uint32_t)text.len, point);
	if (point < 0 || !u_hasBinaryProperty(point, first ? UCHAR_ID_START : UCHAR_ID_CONTINUE))
		return 0;
	return next - at;
}

uint32_t
hcl_name_length(struct slice text, uint32_t at)
{
	uint32_t len = name_character(text, at, true), more = len;

	while (more > 0) {
		more = name_character(text, at + len, false);
		len += more;
	}
	return len;
}

static uint32_t
digits(struct slice text, uint32_t at)
{
	uint32_t n = 0;

	while (ascii_is_digit(byte(text, at + n)))
		n++;
	return n;
}

/* As the official scanner takes it: digits, dots and exponents as far as they go, a last dot
 * left.  "1.2.3" is one token, and no number. */
static uint32_t
number_length(struct slice text, uint32_t at)
{
	uint32_t n = digits(text, at), end = n;

	for (;;) {
		uint32_t sign = byte(text, at + n + 1) == '+' || byte(text, at + n + 1) == '-';
		char c = byte(text, at + n);

		if (ascii_is_digit(c))
			end = n += digits(text, at + n);
		else if (c == '.')
			n++;
		else if ((c == 'e' || c == 'E') && ascii_is_digit(byte(text, at + n + 1 + sign)))
			end = n += 1 + sign + digits(text, at + n + 1 + sign);
		else
			return end;
	}
}

static uint32_t
line_comment(struct slice text, uint32_t at)
{
	struct slice rest = slice_sub(text, at, text.len);

	return (uint32_t)slice_find(rest, '\n');
}

/* 0 when it is not closed. */
static uint32_t
block_comment(struct slice text, uint32_t at)
{
	struct slice rest = slice_sub(text, at + 2, text.len);
	const char *end = rest.len == 0 ? NULL : memmem(rest.ptr, rest.len, "*/", 2);

	return end == NULL ? 0 : (uint32_t)(end - rest.ptr) + 4;
}

static uint32_t
blanks(struct slice text, uint32_t at)
{
	uint32_t n = 0;

	while (byte(text, at + n) == ' ' || byte(text, at + n) == '\t')
		n++;
	return n;
}

/* Bytes of the space or comment at `at`; 0 when there is none. */
static uint32_t
space_length(struct slice text, uint32_t at)
{
	char c = byte(text, at), next = byte(text, at + 1);

	if (at >= text.len)
		return 0;
	if (c == ' ' || c == '\t')
		return blanks(text, at);
	if (c == '#' || (c == '/' && next == '/'))
		return line_comment(text, at);
	if (c == '/' && next == '*')
		return block_comment(text, at);
	return 0;
}

/* "<<" "-"? Identifier Newline; 0 when it is not that. */
static uint32_t
heredoc_length(struct slice text, uint32_t at)
{
	uint32_t n = 2 + (byte(text, at + 2) == '-');
	uint32_t name = hcl_name_length(text, at + n);

	n += name;
	n += byte(text, at + n) == '\r';
	return name > 0 && byte(text, at + n) == '\n' ? n + 1 : 0;
}

static const struct operator {
	struct slice text;
	uint32_t     type;
} operators[] = {
	{ SLICE_INIT("..."), TOKEN_ELLIPSIS }, { SLICE_INIT("=>"), TOKEN_ARROW },
	{ SLICE_INIT("::"), TOKEN_COLONS }, { SLICE_INIT("||"), TOKEN_OR },
	{ SLICE_INIT("&&"), TOKEN_AND }, { SLICE_INIT("=="), TOKEN_EQUAL },
	{ SLICE_INIT("!="), TOKEN_NOT_EQUAL }, { SLICE_INIT("<="), TOKEN_LESS_EQUAL },
	{ SLICE_INIT(">="), TOKEN_GREATER_EQUAL }, { SLICE_INIT("~}"), TOKEN_STRIP_CLOSE },
	{ SLICE_INIT("\r\n"), TOKEN_NEWLINE },
};

static uint32_t
symbol(struct slice text, uint32_t at, uint32_t *type)
{
	struct slice rest = slice_sub(text, at, 3);

	for (size_t i = 0; i < COUNT_OF(operators); i++) {
		if (operators[i].text.ptr[0] != rest.ptr[0] || !slice_starts(rest, operators[i].text))
			continue;
		*type = operators[i].type;
		return (uint32_t)operators[i].text.len;
	}
	*type = TOKEN_BAD;
	if (rest.ptr[0] == '\n')
		*type = TOKEN_NEWLINE;
	else if (rest.ptr[0] > ' ' && strchr("{}[]()=<>!+-*/%?:,.", rest.ptr[0]) != NULL)
		*type = (unsigned char)rest.ptr[0];
	return 1;
}

static uint32_t
token_length(struct slice text, uint32_t at, uint32_t *type)
{
	char c = byte(text, at);
	uint32_t n;

	if (at >= text.len)
		return *type = TOKEN_END, 0;
	if ((n = hcl_name_length(text, at)) > 0)
		return *type = TOKEN_NAME, n;
	if (ascii_is_digit(c))
		return *type = TOKEN_NUMBER, number_length(text, at);
	if (c == '"')
		return *type = TOKEN_QUOTE, 1;
	if (c == '<' && byte(text, at + 1) == '<' && (n = heredoc_length(text, at)) > 0)
		return *type = TOKEN_HEREDOC, n;
	return symbol(text, at, type);
}

struct hcl_token
hcl_next(struct slice text, struct hcl_cursor at)
{
	struct hcl_token t = { TOKEN_BAD, at, at };
	uint32_t n;

	while ((n = space_length(text, t.start.at)) > 0)
		hcl_advance(&t.start, text, n);
	t.end = t.start;
	n = token_length(text, t.start.at, &t.type);
	if (n > 0 && slice_starts(slice_sub(text, t.start.at, 2), SLICE("/*")))
		t.type = TOKEN_BAD;             /* a comment without end */
	hcl_advance(&t.end, text, n);
	return t;
}
