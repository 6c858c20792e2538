/* rule_index.c -- see rule_index.h. */
#include "iac/rule_index.h"

#include "base/arena.h"
#include "base/ascii.h"

struct walk {
	struct arena *arena;
	struct slice  text;
	size_t        at;
};

static char
here(const struct walk *w)
{
	return w->at < w->text.len ? w->text.ptr[w->at] : '\0';
}

static bool
looking_at(const struct walk *w, const char *what)
{
	return slice_starts(slice_sub(w->text, w->at, w->text.len), slice_of(what));
}

static void
skip_line(struct walk *w)
{
	w->at += slice_find(slice_sub(w->text, w->at, w->text.len), '\n');
}

static bool
skip_comment(struct walk *w)
{
	const char *end;

	if (here(w) == '#' || looking_at(w, "//")) {
		skip_line(w);
		return true;
	}
	if (!looking_at(w, "/*"))
		return false;
	end = memmem(w->text.ptr + w->at, w->text.len - w->at, "*/", 2);
	w->at = end == NULL ? w->text.len : (size_t)(end - w->text.ptr) + 2;
	return true;
}

static void
skip_space(struct walk *w)
{
	while (w->at < w->text.len)
		if (here(w) == ' ' || here(w) == '\t' || here(w) == '\n' || here(w) == '\r')
			w->at++;
		else if (!skip_comment(w))
			return;
}

static bool
is_name_byte(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '_' || c == '-';
}

static struct slice
name(struct walk *w)
{
	size_t start = w->at;

	while (is_name_byte(here(w)))
		w->at++;
	return slice_sub(w->text, start, w->at - start);
}

static bool skip_braces(struct walk *, struct rule_block *);

/* Behind the opening quote; templates may hold texts of their own. */
static bool
skip_text(struct walk *w)
{
	while (w->at < w->text.len) {
		char c = here(w);

		if (c == '\n')
			return false;
		w->at++;
		if (c == '"')
			return true;
		if (c == '\\')
			w->at++;
		else if ((c == '$' || c == '%') && here(w) == '{') {
			if (w->at >= 2 && w->text.ptr[w->at - 2] == c)  /* "$${" is text */
				continue;
			if (!skip_braces(w, NULL))
				return false;
		}
	}
	return false;
}

/* Behind "<<". */
static bool
skip_heredoc(struct walk *w)
{
	struct slice mark, line, rest;

	if (here(w) == '-')
		w->at++;
	mark = name(w);
	skip_line(w);
	while (w->at < w->text.len && mark.len > 0) {
		rest = slice_sub(w->text, w->at + 1, w->text.len);
		line = slice_sub(rest, 0, slice_find(rest, '\n'));
		w->at += 1 + line.len;
		if (slice_eq(slice_trim(line), mark))
			return true;
	}
	return false;
}

static bool
read_labels(struct walk *w, struct rule_part *p)
{
	struct slice labels[64];

	skip_space(w);
	for (p->label_count = 0; here(w) == '"' && p->label_count < 64; skip_space(w)) {
		size_t start = ++w->at;

		if (!skip_text(w))
			return false;
		labels[p->label_count++] = slice_sub(w->text, start, w->at - start - 1);
	}
	p->labels = arena_array(w->arena, p->label_count + 1u, sizeof *p->labels);
	memcpy(p->labels, labels, p->label_count * sizeof *labels);
	return true;
}

static void
add_part(struct walk *w, struct rule_block *b, const struct rule_part *p)
{
	uint32_t before = b->part_room;

	if (b->part_count == before) {
		b->part_room = before == 0 ? 8 : before * 2;
		b->parts = arena_grow(w->arena, b->parts, before * sizeof *b->parts,
		    b->part_room * sizeof *b->parts);
	}
	b->parts[b->part_count++] = *p;
}

/* A name at the first level of a block: of an attribute, or of a part. */
static bool
read_named(struct walk *w, struct rule_block *b)
{
	struct rule_part p = { 0 };
	size_t behind;

	p.type = name(w);
	behind = w->at;
	while (here(w) == ' ' || here(w) == '\t')
		w->at++;
	if (here(w) != '"' && here(w) != '{') {
		w->at = behind;
		return true;
	}
	if (!read_labels(w, &p) || here(w) != '{' || !skip_braces(w, NULL))
		return false;
	add_part(w, b, &p);
	return true;
}

/* Whether nothing but white space stands before the name on its line. */
static bool
begins_line(const struct walk *w)
{
	size_t i = w->at;

	while (i > 0 && (w->text.ptr[i - 1] == ' ' || w->text.ptr[i - 1] == '\t'))
		i--;
	return i == 0 || w->text.ptr[i - 1] == '\n' || w->text.ptr[i - 1] == '{';
}

/* Bytes that may begin something else than plain text of a block. */
static const bool special[256] = {
	['#'] = true, ['/'] = true, ['"'] = true, ['<'] = true, ['{'] = true, ['}'] = true,
};

static void
skip_plain(struct walk *w)
{
	while (w->at < w->text.len && !special[(unsigned char)w->text.ptr[w->at]])
		w->at++;
}

/* From the '{' to behind its '}'; parts are noted when `b` is there. */
static bool
skip_braces(struct walk *w, struct rule_block *b)
{
	uint32_t depth = 0;

	while (w->at < w->text.len) {
		char c;

		if (b == NULL || depth != 1)
			skip_plain(w);
		if (skip_comment(w))
			continue;
		c = here(w);
		if (b != NULL && depth == 1 && is_name_byte(c) && begins_line(w)) {
			if (!read_named(w, b))
				return false;
			continue;
		}
		w->at++;
		if (c == '"' && !skip_text(w))
			return false;
		if (c == '<' && here(w) == '<' && (w->at++, !skip_heredoc(w)))
			return false;
		if (c == '{')
			depth++;
		if (c == '}' && --depth == 0)
			return true;
	}
	return false;
}

static uint32_t
line_of(struct slice text, size_t from, size_t to, uint32_t line)
{
	for (; from < to; from++)
		line += text.ptr[from] == '\n';
	return line;
}

static bool
read_block(struct rule_index *x, struct walk *w, size_t *counted, uint32_t *line)
{
	struct rule_block b = { .start = w->at };
	struct rule_part head = { 0 };
	uint32_t before = x->room;

	b.type = name(w);
	if (b.type.len == 0 || !read_labels(w, &head) || head.label_count > 1 || here(w) != '{')
		return false;
	b.label = head.label_count == 1 ? head.labels[0] : SLICE("");
	if (!skip_braces(w, &b))
		return false;
	b.end = w->at;
	b.line = *line = line_of(w->text, *counted, b.start, *line);
	*counted = b.start;
	if (x->count == before) {
		x->room = before == 0 ? 32 : before * 2;
		x->blocks = arena_grow(x->arena, x->blocks, before * sizeof *x->blocks, x->room * sizeof *x->blocks);
	}
	x->blocks[x->count++] = b;
	return true;
}

bool
rule_index_read(struct rule_index *x, struct arena *arena, struct slice text)
{
	struct walk w = { arena, text, 0 };
	size_t counted = 0;
	uint32_t line = 1;

	*x = (struct rule_index){ .arena = arena };
	for (skip_space(&w); w.at < text.len; skip_space(&w))
		if (!read_block(x, &w, &counted, &line))
			return false;
	return true;
}
