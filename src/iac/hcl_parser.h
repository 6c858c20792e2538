/* hcl_parser.h -- what the three parts of the parser share: bodies (hcl_parse.c),
 * expressions (hcl_expression.c), templates (hcl_template.c).
 *
 * A parsing function returns NULL (or false) after the first failure; who reads a body
 * then goes on with its next item.  Newlines are tokens only while `newlines` is set. */
#ifndef IAC_HCL_PARSER_H
#define IAC_HCL_PARSER_H

#include "base/arena.h"
#include "iac/hcl.h"
#include "iac/hcl_lex.h"

enum { HCL_HEIGHT = 500, HCL_PROBLEMS = 20 };

struct hcl_parser {
	struct project   *project;
	struct arena     *arena;
	struct slice      text;
	uint32_t          source;
	struct hcl_cursor at;           /* behind the last token taken */
	struct hcl_token  token;        /* the next one, when `peeked` */
	bool              peeked, peeked_newlines;
	bool              newlines;
	bool              failed;       /* in the item at hand */
	uint32_t          depth, problems;
};

void hcl_parser_init(struct hcl_parser *, struct project *, uint32_t source);

struct hcl_token hcl_peek(struct hcl_parser *);
struct hcl_token hcl_take(struct hcl_parser *);
bool             hcl_accept(struct hcl_parser *, uint32_t type);
bool             hcl_expect(struct hcl_parser *, uint32_t type, const char *otherwise);
struct slice     hcl_token_text(const struct hcl_parser *, struct hcl_token);
/* A name with this text comes next. */
bool             hcl_word(struct hcl_parser *, const char *);
/* Go on from another place of the text. */
void             hcl_move(struct hcl_parser *, struct hcl_cursor);

struct span hcl_span(const struct hcl_parser *, struct hcl_cursor start, struct hcl_cursor end);
struct span hcl_token_span(const struct hcl_parser *, struct hcl_token);

/* Records the problem unless this item has one already; gives NULL. */
void *hcl_fail(struct hcl_parser *, struct span, const char *message);
/* True when one may go deeper; pairs with hcl_leave() whatever it answered. */
bool hcl_enter(struct hcl_parser *);
void hcl_leave(struct hcl_parser *);

struct hcl_expression *hcl_node(struct hcl_parser *, enum hcl_kind, struct hcl_cursor start);
/* Appends a child; false when it is NULL or the tree grows too high. */
bool hcl_adopt(struct hcl_parser *, struct hcl_expression *, struct hcl_expression *child);
/* The node ends behind the last token taken. */
struct hcl_expression *hcl_close(struct hcl_parser *, struct hcl_expression *);
struct hcl_expression *hcl_text_node(struct hcl_parser *, struct hcl_cursor start, struct slice);

struct hcl_expression *hcl_read_expression(struct hcl_parser *);
/* Behind the quote or the "<<X" line. */
struct hcl_expression *hcl_read_quoted(struct hcl_parser *, struct hcl_token open);
struct hcl_expression *hcl_read_heredoc(struct hcl_parser *, struct hcl_token open);
/* The whole text as a template. */
struct hcl_expression *hcl_read_bare(struct hcl_parser *);
/* Over a quoted text or a heredoc without looking at it; false at the end of the text. */
bool hcl_skip_text(struct hcl_parser *, struct hcl_token open);

#endif
