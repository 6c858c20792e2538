/* shell.c -- see shell.h. */
#include "iac/shell.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/project.h"

enum { HEREDOCS = 8, FILES_MAX = 1000 };

struct shell {
	struct arena        *arena;
	struct span          span;
	struct value_builder commands, words, files;
	struct buf           word;
	bool                 in_word, heredocs;
	struct slice         pending[HEREDOCS];         /* delimiters whose text begins on the next line */
	bool                 indented[HEREDOCS];
	uint32_t             pending_count;
	const struct value  *writer;                    /* the command that has them */
	struct slice         body;
};

static bool
is_keyword(struct slice w)
{
	static const char *const keywords[] = { "if", "then", "else", "elif", "fi", "do", "done", "while",
		"until", "!", "{", "}", "esac" };

	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (slice_is(w, keywords[i]))
			return true;
	return false;
}

static bool
in_name(char c)
{
	return c == '_' || ascii_is_digit(c) || ascii_is_letter(c);
}

static bool
is_assignment(struct slice w)
{
	size_t end = 0;

	while (end < w.len && in_name(w.ptr[end]))
		end++;
	return end > 0 && end < w.len && w.ptr[end] == '=';
}

/* ---- files ---- */

/* The name behind > or >>, or of tee; *more: what was there stays. */
static struct slice
target_of(const struct value *words, bool *more)
{
	for (uint32_t i = 0; i < words->count; i++) {
		struct slice w = words->items[i]->text;
		size_t mark = w.len > 0 && w.ptr[0] == '1' ? 1 : 0;

		if (mark < w.len && w.ptr[mark] == '>') {
			*more = mark + 1 < w.len && w.ptr[mark + 1] == '>';
			w = slice_sub(w, mark + 1 + *more, w.len);
			return w.len > 0 || i + 1 == words->count ? w : words->items[i + 1]->text;
		}
	}
	for (uint32_t i = 0; i < words->count; i++)
		if (slice_is(words->items[i]->text, "tee") && words->count > i + 1) {
			*more = slice_is(words->items[i + 1]->text, "-a");
			return *more && words->count > i + 2 ? words->items[i + 2]->text : words->items[i + 1]->text;
		}
	return SLICE("");
}

static void
write_file(struct shell *s, struct slice name, bool more, struct slice text)
{
	const struct value *before = value_member(s->files.made, name);
	struct buf b;

	if (name.len == 0 || s->files.made->count >= FILES_MAX)
		return;
	if (more && before->kind == VALUE_STRING) {
		buf_init(&b, s->arena, before->text.len + text.len);
		buf_add(&b, before->text);
		buf_add(&b, text);
		text = buf_slice(&b);
	}
	value_put(&s->files, name, s->span, value_string(s->arena, s->span, text));
}

/* echo and printf: their words, up to the redirection, are a line. */
static void
write_words(struct shell *s, const struct value *words)
{
	struct slice first = words->items[0]->text;
	struct buf b;
	bool more = false;
	struct slice name = target_of(words, &more);
	uint32_t i = 1;

	if (name.len == 0 || (!slice_is(first, "echo") && !slice_is(first, "printf")))
		return;
	if (i < words->count && slice_eq(slice_sub(words->items[i]->text, 0, 1), SLICE("-")))
		i++;
	buf_init(&b, s->arena, s->word.max);
	for (; i < words->count && slice_find(slice_sub(words->items[i]->text, 0, 2), '>') > 1; i++) {
		buf_add(&b, b.len > 0 ? SLICE(" ") : SLICE(""));
		buf_add(&b, words->items[i]->text);
	}
	buf_add_char(&b, '\n');
	write_file(s, name, more, buf_slice(&b));
}

/* ---- words ---- */

static void
end_word(struct shell *s)
{
	struct slice w = slice_dup(buf_slice(&s->word), s->arena);

	if (!s->in_word)
		return;
	s->in_word = false;
	s->word.len = 0;
	if (s->words.made->count == 0 && (is_keyword(w) || is_assignment(w)))
		return;
	value_append(&s->words, value_string(s->arena, s->span, w));
}

static void
end_command(struct shell *s)
{
	const struct value *words;

	end_word(s);
	if (s->words.made->count == 0 || s->commands.made->count >= SCAN_LIMIT(COMMANDS))
		return;
	words = value_end(&s->words);
	value_append(&s->commands, words);
	if (s->heredocs)
		write_words(s, words);
	if (s->heredocs && s->pending_count > 0) {
		bool more;

		if (s->writer == NULL || target_of(words, &more).len > 0)
			s->writer = words;
	}
	value_begin(&s->words, s->arena, VALUE_LIST, s->span);
}

static void
take(struct shell *s, char c)
{
	s->in_word = true;
	buf_add_char(&s->word, c);
}

/* From '$(' to its ')'. */
static size_t
take_substitution(struct shell *s, struct slice t, size_t i)
{
	uint32_t depth = 0;

	for (; i < t.len; i++) {
		depth += t.ptr[i] == '(';
		take(s, t.ptr[i]);
		if (t.ptr[i] == ')' && --depth == 0)
			break;
	}
	return i;
}

static size_t
take_quoted(struct shell *s, struct slice t, size_t i)
{
	char quote = t.ptr[i];

	s->in_word = true;
	for (i++; i < t.len && t.ptr[i] != quote; i++) {
		if (t.ptr[i] == '\\' && quote == '"' && i + 1 < t.len)
			i++;
		take(s, t.ptr[i]);
	}
	return i;
}

/* ---- heredocs ---- */

/* "<<EOF", "<<-EOF", "<< 'EOF'": the delimiter is kept; the last byte of it is returned. */
static size_t
take_heredoc(struct shell *s, struct slice t, size_t i)
{
	uint32_t n = s->pending_count;
	size_t start;
	char quote;

	i += 2;
	if (n == HEREDOCS)
		return i;
	s->indented[n] = i < t.len && t.ptr[i] == '-';
	i += s->indented[n];
	while (i < t.len && (t.ptr[i] == ' ' || t.ptr[i] == '\t'))
		i++;
	quote = i < t.len && (t.ptr[i] == '\'' || t.ptr[i] == '"') ? t.ptr[i] : '\0';
	i += quote != '\0';
	for (start = i; i < t.len && (quote != '\0' ? t.ptr[i] != quote : in_name(t.ptr[i])); i++)
		;
	s->pending[n] = slice_sub(t, start, i - start);
	s->pending_count += s->pending[n].len > 0;
	return i - (quote == '\0' || i >= t.len);
}

/* The texts of the heredocs of a line; the place of the newline before the next. */
static size_t
read_heredocs(struct shell *s, struct slice t, size_t i)
{
	size_t start, end = i;
	bool more = false;

	for (uint32_t n = 0; n < s->pending_count; n++) {
		for (start = i + 1, end = start; end < t.len;) {
			struct slice line = slice_sub(t, end, slice_find(slice_sub(t, end, t.len), '\n'));

			if (slice_eq(s->indented[n] ? slice_trim(line) : line, s->pending[n])
			    || slice_eq(slice_trim(line), s->pending[n]))
				break;
			end += line.len + 1;
		}
		end = end > t.len ? t.len : end;
		if (s->writer != NULL && start <= end) {
			struct slice name = target_of(s->writer, &more);

			write_file(s, name, more, slice_sub(t, start, end - start));
		}
		i = end + slice_find(slice_sub(t, end, t.len), '\n');
	}
	s->pending_count = 0;
	s->writer = NULL;
	return i;
}

static void
split(struct shell *s, struct slice t)
{
	for (size_t i = 0; i < t.len; i++) {
		char c = t.ptr[i];
		bool redirects = i > 0 && (t.ptr[i - 1] == '>' || t.ptr[i - 1] == '<');

		if (c == '"' || c == '\'')
			i = take_quoted(s, t, i);
		else if (c == '\\' && i + 1 < t.len && t.ptr[++i] != '\n')
			take(s, t.ptr[i]);
		else if (c == '$' && i + 1 < t.len && t.ptr[i + 1] == '(')
			i = take_substitution(s, t, i);
		else if (c == '#' && !s->in_word)
			i += slice_find(slice_sub(t, i, t.len), '\n') - 1;
		else if (s->heredocs && c == '<' && i + 2 < t.len && t.ptr[i + 1] == '<' && t.ptr[i + 2] != '<')
			i = take_heredoc(s, t, i);
		else if (c == '\n' || c == ';' || c == '|' || c == '(' || c == ')' || (c == '&' && !redirects
		    && (i + 1 == t.len || t.ptr[i + 1] != '>')))
			end_command(s);
		else if (c == ' ' || c == '\t' || c == '\r')
			end_word(s);
		else
			take(s, c);
		if (c == '\n' && s->pending_count > 0 && i < t.len)
			i = read_heredocs(s, t, i);
	}
	end_command(s);
}

void
shell_read(struct arena *a, struct span span, struct slice text, const struct value **commands,
    const struct value **files)
{
	struct shell s = { .arena = a, .span = span, .heredocs = files != NULL };

	value_begin(&s.commands, a, VALUE_LIST, span);
	value_begin(&s.words, a, VALUE_LIST, span);
	value_begin(&s.files, a, VALUE_MAP, span);
	buf_init(&s.word, a, text.len + 1);
	split(&s, text);
	*commands = value_end(&s.commands);
	if (files != NULL)
		*files = value_end(&s.files);
}

size_t
shell_name_end(struct slice s, size_t from)
{
	while (from < s.len && (s.ptr[from] == '_' || ascii_is_digit(s.ptr[from]) || ascii_is_letter(s.ptr[from])))
		from++;
	return from;
}
