/* hcl_lex.h -- tokens of HCL, one at a time; private to the parser.
 *
 * The lexer knows no modes: the texts of templates are read by hcl_template.c straight from
 * the source, and tokens only where an expression or a body stands. */
#ifndef IAC_HCL_LEX_H
#define IAC_HCL_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum hcl_token_type {
	TOKEN_END, TOKEN_BAD, TOKEN_NEWLINE, TOKEN_NAME, TOKEN_NUMBER, TOKEN_QUOTE, TOKEN_HEREDOC,
	TOKEN_STRIP_CLOSE,      /* ~} */
	TOKEN_ELLIPSIS, TOKEN_ARROW, TOKEN_COLONS,
	TOKEN_OR, TOKEN_AND, TOKEN_EQUAL, TOKEN_NOT_EQUAL, TOKEN_LESS_EQUAL, TOKEN_GREATER_EQUAL,
	/* All others are their own character. */
	TOKEN_CHARACTER = 32,
};

/* 1-based; columns count code points. */
struct hcl_cursor {
	uint32_t at, line, column;
};

struct hcl_token {
	uint32_t          type;
	struct hcl_cursor start, end;
};

void hcl_advance(struct hcl_cursor *, struct slice text, uint32_t bytes);
struct hcl_token hcl_next(struct slice text, struct hcl_cursor);

/* Bytes of the identifier that begins at `at`; 0 when none does. */
uint32_t hcl_name_length(struct slice text, uint32_t at);

#endif
