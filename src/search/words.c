/* words.c -- the text of a resource, for _text, _content and :text.
 *
 * Nothing of it is in the index, where it would stand in clear beside bodies that are
 * sealed: the bodies that remain after all other clauses are opened and read. */
#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "search/query.h"
#include "search/values.h"

/* Text without tags and entities, as far as words go. */
static void
add_markup(struct buf *b, struct slice div)
{
	bool tag = false;

	for (size_t i = 0; i < div.len; i++) {
		char c = div.ptr[i];

		if (c == '<')
			tag = true;
		if (!tag)
			buf_add_char(b, c);
		if (c == '>') {
			tag = false;
			buf_add_char(b, ' ');
		}
	}
	buf_add_char(b, ' ');
}

static void
add_strings(struct buf *b, const struct json *j, uint32_t node, struct arena *arena)
{
	enum json_type type = json_type(j, node);

	if (type == JSON_STRING) {
		buf_add(b, json_string(j, node, arena));
		buf_add_char(b, ' ');
	}
	if (type == JSON_ARRAY)
		for (uint32_t n = json_first(j, node); n != 0; n = json_next(j, node, n))
			add_strings(b, j, n, arena);
	for (uint32_t n = type == JSON_OBJECT ? json_first(j, node) : 0; n != 0;
	    n = json_next(j, node, n)) {
		if (json_is(j, n, SLICE("div")))
			add_markup(b, json_string(j, n + 1, arena));
		else
			add_strings(b, j, n + 1, arena);
	}
}

/* In pieces that index_fold() keeps whole; cut at spaces. */
#define PIECE 96

static struct slice
fold_all(struct slice text, struct arena *arena)
{
	struct buf out;

	buf_init(&out, arena, SIZE_MAX);
	buf_add_char(&out, ' ');
	while (text.len > 0) {
		size_t n = text.len < PIECE ? text.len : PIECE;

		while (n < text.len && text.ptr[n] != ' ' && n < 4 * PIECE)
			n++;
		while (n < text.len && ((unsigned char)text.ptr[n] & 0xC0) == 0x80)
			n++;
		buf_add(&out, index_fold(slice_sub(text, 0, n), arena));
		buf_add_char(&out, ' ');
		text = slice_sub(text, n, text.len);
	}
	return buf_slice(&out);
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || (c & 0x80) != 0;
}

static bool
has_word(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (memcmp(text.ptr + i, word.ptr, word.len) == 0 && (i == 0 || !is_word(text.ptr[i - 1])))
			return true;
	return false;
}

static bool
has_words(struct slice text, struct slice words)
{
	while (words.len > 0)
		if (!has_word(text, slice_cut(&words, ' ')))
			return false;
	return true;
}

static bool
any_display(const struct search_index *index, const struct query_clause *c,
    const struct type *type, const struct json *j, struct arena *arena)
{
	struct index_texts texts;
	struct outcome aside;

	outcome_init(&aside, arena);
	if (!index_texts(index, type, c->param, true, j, 0, arena, &texts, &aside))
		return false;
	for (uint32_t i = 0; i < texts.count; i++)
		for (uint32_t k = 0; k < c->count; k++)
			if (slice_starts(index_fold(texts.at[i], arena), c->values[k].text))
				return true;
	return false;
}

bool
query_words_match(const struct search_index *index, const struct query_clause *c,
    const struct type *type, struct slice body, struct arena *arena)
{
	struct outcome aside;
	struct slice text;
	struct json j;
	struct buf b;
	uint32_t div;

	outcome_init(&aside, arena);
	if (!json_parse(body, json_bounds(index->limits, false), arena, &j, &aside))
		return false;
	if (c->words == WORDS_DISPLAY)
		return any_display(index, c, type, &j, arena);
	buf_init(&b, arena, SIZE_MAX);
	div = json_path(&j, 0, "text.div");
	if (c->words == WORDS_CONTENT)
		add_strings(&b, &j, 0, arena);
	else if (div != 0)
		add_markup(&b, json_string(&j, div, arena));
	text = fold_all(buf_slice(&b), arena);
	for (uint32_t i = 0; i < c->count; i++)
		if (has_words(text, c->values[i].text))
			return true;
	return false;
}
