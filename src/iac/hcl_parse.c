/* hcl_parse.c -- bodies, attributes and blocks; and the tools all of the parser uses.
 *
 * Recovery: an item that fails is left behind at the first newline behind the failure
 * that is outside all brackets the item opened.  After twenty problems the rest of the
 * source is given up, so that no source can cost more than a few passes. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "iac/hcl_parser.h"

void
hcl_parser_init(struct hcl_parser *p, struct project *project, uint32_t source)
{
	memset(p, 0, sizeof *p);
	p->project = project;
	p->arena = project->arena;
	p->source = source;
	p->text = project->sources[source].text;
	p->at = (struct hcl_cursor){ 0, project->sources[source].line + (project->sources[source].line == 0), 1 };
	if (slice_starts(p->text, SLICE("\xef\xbb\xbf")))
		p->at.at = 3;
}

struct hcl_token
hcl_peek(struct hcl_parser *p)
{
	if (p->peeked && p->peeked_newlines == p->newlines)
		return p->token;
	p->token = hcl_next(p->text, p->at);
	while (!p->newlines && p->token.type == TOKEN_NEWLINE)
		p->token = hcl_next(p->text, p->token.end);
	p->peeked = true;
	p->peeked_newlines = p->newlines;
	return p->token;
}

struct hcl_token
hcl_take(struct hcl_parser *p)
{
	struct hcl_token t = hcl_peek(p);

	hcl_move(p, t.end);
	return t;
}

bool
hcl_accept(struct hcl_parser *p, uint32_t type)
{
	if (hcl_peek(p).type != type)
		return false;
	hcl_take(p);
	return true;
}

bool
hcl_expect(struct hcl_parser *p, uint32_t type, const char *otherwise)
{
	if (hcl_accept(p, type))
		return true;
	hcl_fail(p, hcl_token_span(p, hcl_peek(p)), otherwise);
	return false;
}

struct slice
hcl_token_text(const struct hcl_parser *p, struct hcl_token t)
{
	return slice_sub(p->text, t.start.at, t.end.at - t.start.at);
}

bool
hcl_word(struct hcl_parser *p, const char *word)
{
	struct hcl_token t = hcl_peek(p);

	return t.type == TOKEN_NAME && slice_is(hcl_token_text(p, t), word);
}

void
hcl_move(struct hcl_parser *p, struct hcl_cursor to)
{
	p->at = to;
	p->peeked = false;
}

struct span
hcl_span(const struct hcl_parser *p, struct hcl_cursor start, struct hcl_cursor end)
{
	return (struct span){ p->source, start.at, end.at, start.line, start.column, end.line };
}

struct span
hcl_token_span(const struct hcl_parser *p, struct hcl_token t)
{
	struct span s = hcl_span(p, t.start, t.end);

	s.end_line = s.line;
	return s;
}

void *
hcl_fail(struct hcl_parser *p, struct span span, const char *message)
{
	if (!p->failed) {
		project_problem(p->project, span, message);
		p->problems++;
	}
	p->failed = true;
	return NULL;
}

bool
hcl_enter(struct hcl_parser *p)
{
	if (++p->depth <= SCAN_LIMIT(SYNTAX))
		return true;
	hcl_fail(p, hcl_token_span(p, hcl_peek(p)), "nested too deeply");
	return false;
}

void
hcl_leave(struct hcl_parser *p)
{
	p->depth--;
}

struct hcl_expression *
hcl_node(struct hcl_parser *p, enum hcl_kind kind, struct hcl_cursor start)
{
	struct hcl_expression *e = arena_alloc(p->arena, sizeof *e);

	e->kind = (uint8_t)kind;
	e->span = hcl_span(p, start, p->at);
	return e;
}

/* Room is 2, 4, 8 ...: full exactly when the count is such a number. */
static void *
room_for_one(struct arena *a, void *old, uint32_t count, size_t size)
{
	if (count == 0)
		return arena_array(a, 2, size);
	if (count == 1 || (count & (count - 1)) != 0)
		return old;
	return arena_grow(a, old, count * size, 2 * count * size);
}

bool
hcl_adopt(struct hcl_parser *p, struct hcl_expression *e, struct hcl_expression *child)
{
	if (child == NULL)
		return false;
	e->items = room_for_one(p->arena, (void *)e->items, e->count, sizeof *e->items);
	e->items[e->count++] = child;
	if (child->height >= e->height)
		e->height = (uint16_t)(child->height + 1);
	if (e->height > HCL_HEIGHT)
		hcl_fail(p, child->span, "nested too deeply");
	return e->height <= HCL_HEIGHT;
}

struct hcl_expression *
hcl_close(struct hcl_parser *p, struct hcl_expression *e)
{
	e->span.end = p->at.at;
	e->span.end_line = p->at.line;
	return e;
}

struct hcl_expression *
hcl_text_node(struct hcl_parser *p, struct hcl_cursor start, struct slice text)
{
	struct hcl_expression *e = hcl_node(p, HCL_LITERAL, start);

	e->literal = value_string(p->arena, e->span, text);
	return e;
}

/* ---- recovery ---- */

/* One token of an item being skipped, and how deep in brackets one is then. */
static bool
skip_token(struct hcl_parser *p, uint32_t *depth)
{
	struct hcl_token t = hcl_take(p);

	if (t.type == TOKEN_QUOTE || t.type == TOKEN_HEREDOC)
		return hcl_skip_text(p, t);
	if (t.type == '{' || t.type == '(' || t.type == '[')
		++*depth;
	else if ((t.type == '}' || t.type == ')' || t.type == ']') && *depth > 0)
		--*depth;
	return t.type != TOKEN_END;
}

/* To the first end of a line at or behind `failure` outside the item's own brackets. */
static bool
skip_item(struct hcl_parser *p, uint32_t failure)
{
	uint32_t depth = 0;

	for (;;) {
		struct hcl_token t = hcl_peek(p);

		if (t.type == TOKEN_END)
			return depth == 0;
		if (depth == 0 && t.start.at >= failure && (t.type == TOKEN_NEWLINE || t.type == '}'))
			return true;
		if (!skip_token(p, &depth))
			return false;
	}
}

static void
skip_line(struct hcl_parser *p, struct hcl_cursor at)
{
	struct slice rest = slice_sub(p->text, at.at, p->text.len);

	hcl_advance(&at, p->text, (uint32_t)slice_find(rest, '\n'));
	hcl_move(p, at);
}

static void
recover(struct hcl_parser *p, struct hcl_cursor item)
{
	struct hcl_cursor failure = p->at;
	struct hcl_cursor end = p->at;

	p->failed = false;
	p->newlines = true;
	if (p->problems >= HCL_PROBLEMS) {
		hcl_advance(&end, p->text, (uint32_t)p->text.len - end.at);
		hcl_move(p, end);
		return;
	}
	hcl_move(p, item);
	if (!skip_item(p, failure.at))
		skip_line(p, failure);
}

/* ---- structure ---- */

static bool read_body(struct hcl_parser *, struct hcl_body *);

static struct hcl_attribute *
add_attribute(struct hcl_parser *p, struct hcl_body *body)
{
	body->attributes = room_for_one(p->arena, body->attributes, body->attribute_count,
	    sizeof *body->attributes);
	return &body->attributes[body->attribute_count++];
}

static struct hcl_block *
add_block(struct hcl_parser *p, struct hcl_body *body)
{
	body->blocks = room_for_one(p->arena, body->blocks, body->block_count, sizeof *body->blocks);
	return &body->blocks[body->block_count++];
}

/* Attribute = Identifier "=" Expression Newline */
static bool
read_attribute(struct hcl_parser *p, struct hcl_body *body, struct hcl_token name)
{
	struct hcl_expression *e = hcl_read_expression(p);
	struct hcl_attribute *a;

	if (e == NULL)
		return false;
	a = add_attribute(p, body);
	a->name = hcl_token_text(p, name);
	a->name_span = hcl_token_span(p, name);
	a->expression = e;
	a->span = hcl_span(p, name.start, p->at);
	a->span.end_line = e->span.end_line;
	return true;
}

/* The text of a label: no templates, as the official parser. */
static bool
read_label(struct hcl_parser *p, struct slice *label)
{
	struct hcl_token t = hcl_take(p);
	struct hcl_expression *e;

	if (t.type == TOKEN_NAME) {
		*label = hcl_token_text(p, t);
		return true;
	}
	if (t.type != TOKEN_QUOTE)
		return hcl_fail(p, hcl_token_span(p, t), "expected '=', a label or '{'") != NULL;
	e = hcl_read_quoted(p, t);
	if (e == NULL)
		return false;
	if (e->kind != HCL_LITERAL)
		return hcl_fail(p, e->span, "a label cannot hold a template") != NULL;
	*label = e->literal->text;
	return true;
}

static bool
read_labels(struct hcl_parser *p, struct hcl_block *b)
{
	while (hcl_peek(p).type != '{') {
		b->labels = room_for_one(p->arena, b->labels, b->label_count, sizeof *b->labels);
		if (!read_label(p, &b->labels[b->label_count]))
			return false;
		b->label_count++;
	}
	return true;
}

/* OneLineBlock = ... "{" (Identifier "=" Expression)? "}" */
static bool
read_one_line(struct hcl_parser *p, struct hcl_body *body)
{
	struct hcl_token name;

	if (hcl_accept(p, '}'))
		return true;
	name = hcl_take(p);
	if (name.type != TOKEN_NAME)
		return hcl_fail(p, hcl_token_span(p, name), "expected an attribute or '}'") != NULL;
	return hcl_expect(p, '=', "a block on one line holds one attribute, and no blocks")
	    && read_attribute(p, body, name)
	    && hcl_expect(p, '}', "a block on one line must end on it");
}

static bool
read_braces(struct hcl_parser *p, struct hcl_block *b)
{
	if (hcl_peek(p).type != TOKEN_NEWLINE)
		return read_one_line(p, &b->body);
	/* What is wrong inside has its own problem and its own recovery. */
	read_body(p, &b->body);
	return hcl_expect(p, '}', "the block is not closed");
}

/* Block = Identifier (StringLit|Identifier)* "{" Newline Body "}" Newline */
static bool
read_block(struct hcl_parser *p, struct hcl_body *body, struct hcl_token type)
{
	struct hcl_block b = { .type = hcl_token_text(p, type) };
	struct hcl_token open;
	bool good;

	if (!read_labels(p, &b))
		return false;
	b.head = hcl_span(p, type.start, p->at);
	b.head.end_line = b.head.line;
	open = hcl_take(p);
	good = hcl_enter(p) && read_braces(p, &b);
	hcl_leave(p);
	b.span = hcl_span(p, type.start, p->at);
	b.body.span = hcl_span(p, open.start, p->at);
	*add_block(p, body) = b;
	return good;
}

/* An item ends with its line. */
static bool
at_end_of_line(struct hcl_parser *p)
{
	struct hcl_token t = hcl_peek(p);

	if (t.type == TOKEN_NEWLINE || t.type == TOKEN_END)
		return true;
	return hcl_fail(p, hcl_token_span(p, t), "expected the end of the line") != NULL;
}

static bool
read_item(struct hcl_parser *p, struct hcl_body *body)
{
	struct hcl_token name = hcl_take(p);

	if (name.type != TOKEN_NAME)
		return hcl_fail(p, hcl_token_span(p, name), "expected an attribute or a block") != NULL;
	if (hcl_accept(p, '='))
		return read_attribute(p, body, name) && at_end_of_line(p);
	return read_block(p, body, name) && at_end_of_line(p);
}

static int
by_name(const void *a, const void *b)
{
	const struct hcl_attribute *const *x = a, *const *y = b;
	int order = slice_cmp((*x)->name, (*y)->name);

	return order != 0 ? order : (*x < *y ? -1 : 1);
}

static void
find_duplicates(struct hcl_parser *p, const struct hcl_body *body)
{
	uint32_t i, n = body->attribute_count;
	const struct hcl_attribute **sorted;

	if (n < 2)
		return;
	sorted = arena_array(p->arena, n, sizeof *sorted);
	for (i = 0; i < n; i++)
		sorted[i] = &body->attributes[i];
	qsort((void *)sorted, n, sizeof *sorted, by_name);
	for (i = 1; i < n && p->problems < HCL_PROBLEMS; i++)
		if (slice_eq(sorted[i]->name, sorted[i - 1]->name))
			hcl_fail(p, sorted[i]->name_span, "this attribute is already there"), p->failed = false;
}

/* Body = (Attribute | Block)*, up to '}' or the end */
static bool
read_body(struct hcl_parser *p, struct hcl_body *body)
{
	uint32_t before = p->problems;

	for (;;) {
		struct hcl_cursor item;
		uint32_t type;

		p->newlines = true;
		while (hcl_accept(p, TOKEN_NEWLINE))
			;
		type = hcl_peek(p).type;
		if (type == TOKEN_END || type == '}')
			break;
		item = hcl_peek(p).start;
		if (!read_item(p, body))
			recover(p, item);
	}
	find_duplicates(p, body);
	return p->problems == before;
}

static bool
read_file(struct hcl_parser *p, struct hcl_body *body)
{
	bool good = true;

	if (!utf8_valid(p->text))
		good = hcl_fail(p, hcl_span(p, p->at, p->at), "the text is not UTF-8") != NULL;
	p->failed = false;
	for (;;) {
		struct hcl_token t;

		good = read_body(p, body) && good;
		t = hcl_peek(p);
		if (t.type == TOKEN_END)
			return good;
		good = hcl_fail(p, hcl_token_span(p, t), "nothing is open that this could close") != NULL;
		hcl_take(p);
		recover(p, p->at);
	}
}

bool
hcl_parse(struct project *project, uint32_t source, struct hcl_body **out)
{
	const struct hcl_body *before = project->sources[source].tree;
	struct hcl_parser p;
	bool good;

	if (before != NULL) {
		*out = (struct hcl_body *)(uintptr_t)before;
		return project->sources[source].tree_is_good;
	}
	hcl_parser_init(&p, project, source);
	*out = arena_alloc(p.arena, sizeof **out);
	if (p.text.len > UINT32_MAX / 2) {
		hcl_fail(&p, hcl_span(&p, p.at, p.at), "the source is too large");
		return false;
	}
	good = read_file(&p, *out);
	(*out)->span = hcl_span(&p, (struct hcl_cursor){ 0, 1, 1 }, p.at);
	project->sources[source].tree = *out;
	project->sources[source].tree_is_good = good;
	return good;
}

struct hcl_expression *
hcl_parse_expression(struct project *project, uint32_t source)
{
	struct hcl_parser p;
	struct hcl_expression *e;

	hcl_parser_init(&p, project, source);
	e = hcl_read_expression(&p);
	if (e == NULL || !hcl_expect(&p, TOKEN_END, "expected the end of the expression"))
		return NULL;
	return e;
}

struct hcl_expression *
hcl_parse_template(struct project *project, uint32_t source)
{
	struct hcl_parser p;

	hcl_parser_init(&p, project, source);
	return hcl_read_bare(&p);
}

const struct hcl_attribute *
hcl_attribute(const struct hcl_body *body, const char *name)
{
	for (uint32_t i = 0; i < body->attribute_count; i++)
		if (slice_is(body->attributes[i].name, name))
			return &body->attributes[i];
	return NULL;
}

const struct hcl_block *
hcl_block(const struct hcl_body *body, const char *type, const struct hcl_block *after)
{
	uint32_t i = after == NULL ? 0 : (uint32_t)(after - body->blocks) + 1;

	for (; i < body->block_count; i++)
		if (slice_is(body->blocks[i].type, type))
			return &body->blocks[i];
	return NULL;
}
