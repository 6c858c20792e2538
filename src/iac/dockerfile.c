/* dockerfile.c -- see dockerfile.h. */
#include "iac/dockerfile.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/places.h"
#include "iac/shell.h"

enum { VARIABLES_MAX = 500, HEREDOCS_MAX = 16, REFERENCES_MAX = 100,
	VALUE_MAX = 64 << 10, NESTING_MAX = 10 };

#define BLANKS " \t\r\n"               /* as slice_trim() */

struct heredoc {
	struct slice name, content;
	bool         indented;
};

struct instruction {
	struct slice   name, text;
	struct span    span;
	struct heredoc heredocs[HEREDOCS_MAX];
	uint32_t       heredoc_count;
};

/* Names and values; of equal names the later one counts. */
struct stage {
	struct slice         name, address;
	struct value_builder env, labels, arguments, exposed, instructions;
	const struct value  *from, *user, *workdir, *stopsignal, *healthcheck, *entrypoint, *cmd;
	struct span          span, head;
	struct reference     references[REFERENCES_MAX];
	uint32_t             reference_count;
};

struct reader {
	struct project      *project;
	struct arena        *arena;
	struct places        places;
	struct slice         text;
	size_t               at;
	char                 escape;
	struct value_builder globals;           /* ARG ahead of the first FROM */
	struct stage       **stages;
	uint32_t             stage_count;
	size_t               expanded;
};

/* ---- lines ---- */

static bool
is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static struct slice
next_line(struct reader *r)
{
	struct slice rest = slice_sub(r->text, r->at, r->text.len);
	size_t len = slice_find(rest, '\n');

	r->at += len + (len < rest.len);
	return slice_sub(rest, 0, len);
}

/* `# escape=` + '`' on the first lines; others of the kind are passed over. */
static void
read_directives(struct reader *r)
{
	while (r->at < r->text.len) {
		size_t before = r->at;
		struct slice line = slice_trim(next_line(r)), key;
		bool directive = line.len > 0 && line.ptr[0] == '#' && slice_find(line, '=') < line.len;

		key = directive ? slice_trim(slice_sub(line, 1, slice_find(line, '=') - 1)) : SLICE("");
		if (key.len == 0 || slice_find(key, ' ') < key.len) {
			r->at = before;
			return;
		}
		if (slice_eq_nocase(key, SLICE("escape")) && line.ptr[line.len - 1] == '`')
			r->escape = '`';
	}
}

/* A line without its end; true when the next one goes on. */
static bool
continues(const struct reader *r, struct slice *line)
{
	size_t len = line->len;

	while (len > 0 && is_blank(line->ptr[len - 1]))
		len--;
	line->len = len;
	if (len == 0 || line->ptr[len - 1] != r->escape)
		return false;
	line->len--;
	return true;
}

/* Comments and empty lines inside a continuation are no part of it. */
static struct slice
logical_line(struct reader *r)
{
	struct buf b;
	bool more = true;

	buf_init(&b, r->arena, SCAN_LIMIT(SOURCE));
	while (more && r->at < r->text.len) {
		struct slice line = next_line(r), trimmed = slice_trim(line);

		if (b.len > 0 && (trimmed.len == 0 || trimmed.ptr[0] == '#'))
			continue;
		more = continues(r, &line);
		buf_add(&b, line);
	}
	return slice_trim(buf_slice(&b));
}

/* `<<EOF`, `<<-EOF`, `<<"EOF"`; not `<<<`. */
static void
find_heredocs(struct instruction *in)
{
	struct slice t = in->text;

	for (size_t i = 0; i + 2 < t.len && in->heredoc_count < HEREDOCS_MAX; i++) {
		struct heredoc *h = &in->heredocs[in->heredoc_count];
		size_t start = i + 2, end;

		if (t.ptr[i] != '<' || t.ptr[i + 1] != '<')
			continue;
		h->indented = t.ptr[start] == '-';
		start += h->indented;
		start += start < t.len && (t.ptr[start] == '"' || t.ptr[start] == '\'');
		for (end = start; end < t.len && (t.ptr[end] == '_' || (t.ptr[end] >= '0' && t.ptr[end] <= '9')
		    || ((t.ptr[end] | 32) >= 'a' && (t.ptr[end] | 32) <= 'z')); end++)
			;
		h->name = slice_sub(t, start, end - start);
		in->heredoc_count += h->name.len > 0;
		for (i = end > i + 2 ? end - 1 : i + 1; h->name.len == 0 && i + 1 < t.len && t.ptr[i + 1] == '<'; i++)
			;
	}
}

static void
read_heredoc(struct reader *r, struct heredoc *h, struct span span)
{
	size_t start = r->at, end;

	while (r->at < r->text.len) {
		struct slice line;

		end = r->at;
		line = next_line(r);
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		while (h->indented && line.len > 0 && line.ptr[0] == '\t')
			line = slice_sub(line, 1, line.len);
		if (slice_eq(line, h->name)) {
			h->content = slice_sub(r->text, start, end - start);
			return;
		}
	}
	h->content = slice_sub(r->text, start, r->text.len);
	project_problem(r->project, span, "a heredoc does not end");
}

static bool
has_heredocs(struct slice name)
{
	return slice_is(name, "RUN") || slice_is(name, "COPY") || slice_is(name, "ADD");
}

static struct slice
capitals(struct arena *a, struct slice s)
{
	char *made = arena_alloc(a, s.len + 1);

	for (size_t i = 0; i < s.len; i++)
		made[i] = s.ptr[i] >= 'a' && s.ptr[i] <= 'z' ? (char)(s.ptr[i] - 32) : s.ptr[i];
	return slice_make(made, s.len);
}

/* False at the end of the text. */
static bool
next_instruction(struct reader *r, struct instruction *in)
{
	struct slice line = SLICE("");
	size_t start = 0, name;

	memset(in, 0, sizeof *in);
	while (line.len == 0 && r->at < r->text.len) {
		start = r->at;
		line = slice_trim(next_line(r));
		if (line.len > 0 && line.ptr[0] == '#')
			line = SLICE("");
	}
	if (line.len == 0)
		return false;
	start = (size_t)(line.ptr - r->text.ptr);
	r->at = start;
	line = logical_line(r);
	for (name = 0; name < line.len && !is_blank(line.ptr[name]); name++)
		;
	in->name = capitals(r->arena, slice_sub(line, 0, name));
	in->text = slice_trim(slice_sub(line, name, line.len));
	in->span = places_span(&r->places, (uint32_t)start, (uint32_t)r->at);
	if (has_heredocs(in->name))
		find_heredocs(in);
	for (uint32_t i = 0; i < in->heredoc_count; i++)
		read_heredoc(r, &in->heredocs[i], in->span);
	in->span = places_span(&r->places, (uint32_t)start, (uint32_t)r->at);
	return true;
}

/* ---- variables ---- */

static const struct value *
lookup(const struct reader *r, const struct stage *s, struct slice name)
{
	const struct value *v;

	if (s == NULL)
		return value_member(r->globals.made, name);
	v = value_member(s->env.made, name);
	return v != &value_null ? v : value_member(s->arguments.made, name);
}

struct expansion {
	struct reader      *reader;
	const struct stage *stage;
	struct buf          out;
	const struct value *unknown;
	struct span         span;
};

static void expand_text(struct expansion *, struct slice, uint32_t depth, bool quotes);

/* ${name}, ${name:-word}, ${name:+word} and both without the colon. */
static void
expand_one(struct expansion *x, struct slice name, struct slice operator, uint32_t depth)
{
	const struct value *v = lookup(x->reader, x->stage, name);
	bool colon = slice_starts(operator, SLICE(":")), set;
	struct slice rest = slice_sub(operator, colon, operator.len), word = slice_sub(rest, 1, rest.len);
	char kind = rest.len > 0 ? rest.ptr[0] : '\0';

	set = v->kind == VALUE_UNKNOWN || (v->kind == VALUE_STRING && (!colon || v->text.len > 0));
	if (kind == '+' && set)
		expand_text(x, word, depth + 1, true);
	else if (kind == '-' && !set)
		expand_text(x, word, depth + 1, true);
	else if (kind != '+' && v->kind == VALUE_STRING)
		buf_add(&x->out, v->text);
	else if (kind != '+' && x->unknown == NULL)
		x->unknown = v->kind == VALUE_UNKNOWN ? v : value_unknown(x->reader->arena, x->span,
		    SLICE("a variable is set neither here nor by an argument with a default"));
}

static size_t
braces_end(struct slice t, size_t i)
{
	uint32_t depth = 1;

	for (; i < t.len && depth > 0; i++)
		depth += (t.ptr[i] == '{') - (t.ptr[i] == '}');
	return depth == 0 ? i - 1 : t.len;
}

/* At a '$'; the index behind what was expanded. */
static size_t
expand_dollar(struct expansion *x, struct slice t, size_t i, uint32_t depth)
{
	bool braces = i + 1 < t.len && t.ptr[i + 1] == '{';
	size_t start = i + 1 + braces, end = shell_name_end(t, start), close;

	if (end == start || depth > NESTING_MAX) {
		buf_add_char(&x->out, '$');
		return i + 1;
	}
	close = braces ? braces_end(t, end) : end;
	expand_one(x, slice_sub(t, start, end - start), slice_sub(t, end, close - end), depth);
	return close + (braces && close < t.len);
}

static void
expand_text(struct expansion *x, struct slice t, uint32_t depth, bool quotes)
{
	char quote = '\0';

	for (size_t i = 0; i < t.len; ) {
		char c = t.ptr[i];

		if (c == '$' && quote != '\'') {
			i = expand_dollar(x, t, i, depth);
			continue;
		}
		if (quotes && (c == '"' || c == '\'') && (quote == '\0' || quote == c)) {
			quote = quote == '\0' ? c : '\0';
		} else if (quotes && c == x->reader->escape && quote != '\'' && i + 1 < t.len) {
			buf_add_char(&x->out, t.ptr[++i]);
		} else {
			buf_add_char(&x->out, c);
		}
		i++;
	}
}

static const struct value *
expand(struct reader *r, const struct stage *s, struct slice text, struct span span)
{
	struct expansion x = { .reader = r, .stage = s, .span = span };

	buf_init(&x.out, r->arena, VALUE_MAX);
	expand_text(&x, text, 0, true);
	r->expanded += x.out.len;
	if (x.unknown != NULL)
		return x.unknown;
	if (!buf_ok(&x.out) || r->expanded > SCAN_LIMIT(EXPANDED))
		return value_unknown(r->arena, span, SLICE("the value is too long"));
	return value_string(r->arena, span, buf_slice(&x.out));
}

/* ---- words ---- */

/* The next word with its quotes; blanks inside quotes are part of it. */
static struct slice
word(const struct reader *r, struct slice *rest)
{
	struct slice t = slice_trim(*rest);
	char quote = '\0';
	size_t i;

	for (i = 0; i < t.len && (i == 0 || quote != '\0' || !is_blank(t.ptr[i])); i++) {
		char c = t.ptr[i];

		if (c == r->escape && quote != '\'')
			i++;
		else if ((c == '"' || c == '\'') && (quote == '\0' || quote == c))
			quote = quote == '\0' ? c : '\0';
	}
	*rest = slice_sub(t, i, t.len);
	return slice_sub(t, 0, i);
}

static void
put_text(struct value_builder *b, const char *key, struct span span, struct slice text)
{
	value_put(b, slice_of(key), span, value_string(b->arena, span, text));
}

/* type=secret,id=x */
static const struct value *
mount(struct reader *r, struct slice text, struct span span)
{
	struct value_builder b;
	uint32_t n = 0;

	value_begin(&b, r->arena, VALUE_MAP, span);
	while (text.len > 0 && n++ < 32) {
		struct slice field = slice_cut(&text, ','), key = slice_cut(&field, '=');

		value_put(&b, key, span, field.ptr == NULL ? value_bool(r->arena, span, true)
		    : value_string(r->arena, span, field));
	}
	return value_end(&b);
}

/* Takes `--name=value` words from the front of the text. */
static const struct value *
read_flags(struct reader *r, const struct stage *s, struct slice *text, struct span span)
{
	struct value_builder b, mounts;
	uint32_t n = 0;

	value_begin(&b, r->arena, VALUE_MAP, span);
	value_begin(&mounts, r->arena, VALUE_LIST, span);
	while (slice_starts(*text, SLICE("--")) && n++ < 100) {
		struct slice flag = word(r, text), name;

		flag = slice_sub(flag, 2, flag.len);
		name = slice_cut(&flag, '=');
		*text = slice_trim(*text);
		if (slice_is(name, "mount"))
			value_append(&mounts, mount(r, flag, span));
		else
			value_put(&b, name, span, flag.ptr == NULL ? value_bool(r->arena, span, true)
			    : expand(r, s, flag, span));
	}
	if (mounts.made->count > 0)
		value_put(&b, SLICE("mount"), span, value_end(&mounts));
	return value_end(&b);
}

/* One string of an exec form at *i, behind its quote; false when it is none. */
static bool
exec_string(struct slice t, size_t *i, struct buf *b)
{
	for (; *i < t.len && t.ptr[*i] != '"'; ++*i) {
		char c = t.ptr[*i];

		if (c == '\\' && ++*i < t.len) {
			c = t.ptr[*i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		buf_add_char(b, c);
	}
	return (*i)++ < t.len;
}

static size_t
skip_blanks(struct slice t, size_t i)
{
	while (i < t.len && is_blank(t.ptr[i]))
		i++;
	return i;
}

/* ["a", "b"]; NULL when it is not that, and so the shell form. */
static const struct value *
exec_form(struct reader *r, struct slice t, struct span span)
{
	struct value_builder b;
	size_t i = skip_blanks(t, 1);

	if (t.len < 2 || t.ptr[0] != '[')
		return NULL;
	value_begin(&b, r->arena, VALUE_LIST, span);
	while (i < t.len && t.ptr[i] == '"') {
		struct buf one;

		buf_init(&one, r->arena, t.len);
		i++;
		if (!exec_string(t, &i, &one))
			return NULL;
		value_append(&b, value_string(r->arena, span, buf_slice(&one)));
		i = skip_blanks(t, i);
		if (i < t.len && t.ptr[i] == ',')
			i = skip_blanks(t, i + 1);
		else
			break;
	}
	return i + 1 == t.len && t.ptr[i] == ']' ? value_end(&b) : NULL;
}

/* ---- shell ---- */

/* A text that begins with a heredoc runs it; others only hand it to a command. */
static const struct value *
commands(struct reader *r, const struct instruction *in, struct slice text, const struct value *exec)
{
	bool wrapped = exec != NULL && exec->count == 3 && slice_starts(exec->items[1]->text, SLICE("-"));
	struct slice script = SLICE("");
	const struct value *split;
	struct value_builder b;

	if (exec == NULL && !slice_starts(text, SLICE("<<")))
		script = text;
	else if (exec == NULL && in->heredoc_count > 0)
		script = in->heredocs[0].content;
	else if (exec != NULL && wrapped && slice_ends(exec->items[0]->text, SLICE("sh")))
		script = exec->items[2]->text;
	shell_read(r->arena, in->span, script, &split, NULL);
	if (exec == NULL || exec->count == 0 || script.len > 0)
		return split;
	value_begin(&b, r->arena, VALUE_LIST, in->span);
	value_append(&b, exec);
	return value_end(&b);
}

/* ---- instructions ---- */

static void
put_variable(struct value_builder *b, struct slice key, struct span span, const struct value *v)
{
	if (key.len > 0 && b->made->count < VARIABLES_MAX)
		value_put(b, key, span, v);
}

/* K=V K="V W", or the old `K V`. */
static const struct value *
pairs(struct reader *r, const struct stage *s, const struct instruction *in, struct value_builder *to)
{
	struct slice rest = in->text, first = rest, w = word(r, &first);
	struct value_builder b;
	bool old = slice_find(w, '=') == w.len;

	value_begin(&b, r->arena, VALUE_LIST, in->span);
	while ((rest = slice_trim(rest)).len > 0) {
		struct slice value = old ? slice_trim(first) : word(r, &rest), key;

		key = old ? w : slice_cut(&value, '=');
		value_append(&b, value_string(r->arena, in->span, old ? in->text : slice_make(key.ptr,
		    key.len + (value.ptr != NULL) + value.len)));
		if (value.ptr != NULL)
			put_variable(to, expand(r, s, key, in->span)->text, in->span, expand(r, s, value, in->span));
		if (old)
			break;
	}
	return value_end(&b);
}

/* ARG NAME or ARG NAME=default; the default of a global one holds when a stage repeats it. */
static const struct value *
arguments_of_arg(struct reader *r, struct stage *s, const struct instruction *in)
{
	struct value_builder b, *to = s == NULL ? &r->globals : &s->arguments;
	struct slice rest = in->text;

	value_begin(&b, r->arena, VALUE_LIST, in->span);
	while ((rest = slice_trim(rest)).len > 0) {
		struct slice value = word(r, &rest), whole = value, key = slice_cut(&value, '=');
		const struct value *v = s == NULL ? &value_null : value_member(r->globals.made, key);

		value_append(&b, value_string(r->arena, in->span, whole));
		if (value.ptr != NULL)
			v = expand(r, s, value, in->span);
		else if (v == &value_null)
			v = value_unknown(r->arena, in->span, SLICE("a build argument has no default"));
		put_variable(to, key, in->span, v);
	}
	return value_end(&b);
}

static const struct value *
words(struct reader *r, const struct stage *s, struct slice text, struct span span)
{
	struct value_builder b;

	value_begin(&b, r->arena, VALUE_LIST, span);
	while ((text = slice_trim(text)).len > 0)
		value_append(&b, expand(r, s, word(r, &text), span));
	return value_end(&b);
}

static const struct value *
one_text(struct reader *r, struct slice text, struct span span)
{
	struct value_builder b;

	value_begin(&b, r->arena, VALUE_LIST, span);
	value_append(&b, value_string(r->arena, span, text));
	return value_end(&b);
}

static const struct value *
heredocs(struct reader *r, const struct instruction *in)
{
	struct value_builder list, b;

	value_begin(&list, r->arena, VALUE_LIST, in->span);
	for (uint32_t i = 0; i < in->heredoc_count; i++) {
		value_begin(&b, r->arena, VALUE_MAP, in->span);
		put_text(&b, "name", in->span, in->heredocs[i].name);
		put_text(&b, "content", in->span, in->heredocs[i].content);
		value_append(&list, value_end(&b));
	}
	return value_end(&list);
}

enum shape { WORDS, PAIRS, SHELL_OR_EXEC, VERBATIM, ARGUMENT };

static const struct known {
	const char *name;
	enum shape  shape;
} known[] = {
	{ "ADD", WORDS }, { "ARG", ARGUMENT }, { "CMD", SHELL_OR_EXEC }, { "COPY", WORDS },
	{ "ENTRYPOINT", SHELL_OR_EXEC }, { "ENV", PAIRS }, { "EXPOSE", WORDS }, { "FROM", WORDS },
	{ "HEALTHCHECK", VERBATIM }, { "LABEL", PAIRS }, { "MAINTAINER", VERBATIM },
	{ "ONBUILD", VERBATIM }, { "RUN", SHELL_OR_EXEC }, { "SHELL", SHELL_OR_EXEC },
	{ "STOPSIGNAL", WORDS }, { "USER", WORDS }, { "VOLUME", WORDS }, { "WORKDIR", WORDS },
};

static const struct known *
find_known(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (slice_is(name, known[i].name))
			return &known[i];
	return NULL;
}

static const struct value *
arguments_of(struct reader *r, struct stage *s, const struct instruction *in, enum shape shape,
    struct slice text, const struct value *exec)
{
	if (exec != NULL)
		return exec;
	switch (shape) {
	case ARGUMENT:
		return arguments_of_arg(r, s, in);
	case PAIRS:
		return pairs(r, s, in, slice_is(in->name, "ENV") ? &s->env : &s->labels);
	case WORDS:
		return words(r, s, text, in->span);
	default:
		return one_text(r, text, in->span);
	}
}

static const struct value *
instruction_value(struct reader *r, struct stage *s, const struct instruction *in, enum shape shape)
{
	struct slice text = in->text;
	struct value_builder b;
	const struct value *exec, *flags = read_flags(r, s, &text, in->span);

	exec = shape == PAIRS || shape == ARGUMENT || shape == VERBATIM ? NULL : exec_form(r, text, in->span);
	value_begin(&b, r->arena, VALUE_MAP, in->span);
	put_text(&b, "instruction", in->span, in->name);
	put_text(&b, "text", in->span, in->text);
	if (shape == SHELL_OR_EXEC)
		put_text(&b, "form", in->span, exec != NULL ? SLICE("exec") : SLICE("shell"));
	value_put(&b, SLICE("flags"), in->span, flags);
	value_put(&b, SLICE("arguments"), in->span, arguments_of(r, s, in, shape, text, exec));
	if (in->heredoc_count > 0)
		value_put(&b, SLICE("heredocs"), in->span, heredocs(r, in));
	if (slice_is(in->name, "RUN"))
		value_put(&b, SLICE("commands"), in->span, commands(r, in, text, exec));
	return value_end(&b);
}

/* ---- stages ---- */

static struct slice
stage_address(struct arena *a, struct slice name, uint32_t number)
{
	struct buf b;

	buf_init(&b, a, SCAN_LIMIT(SOURCE));
	buf_add_cstr(&b, "stage.");
	if (name.len > 0)
		buf_add(&b, name);
	else
		buf_add_uint(&b, number);
	return buf_slice(&b);
}

/* By name, the later one first, else by number. */
static const struct stage *
find_stage(const struct reader *r, struct slice name, uint32_t before)
{
	uint64_t number;

	for (uint32_t i = before; i-- > 0; )
		if (name.len > 0 && slice_eq_nocase(r->stages[i]->name, name))
			return r->stages[i];
	return slice_uint(name, &number) && number < before ? r->stages[number] : NULL;
}

static void
refer(struct stage *s, const struct stage *to, struct slice attribute, struct span span)
{
	if (to != NULL && s->reference_count < REFERENCES_MAX)
		s->references[s->reference_count++] = (struct reference){ to->address, attribute, span };
}

static void
copy_map(struct value_builder *to, const struct value *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		value_put(to, from->members[i].key, from->members[i].key_span, from->members[i].value);
}

static void
inherit(struct stage *s, const struct stage *base)
{
	copy_map(&s->env, base->env.made);
	copy_map(&s->labels, base->labels.made);
	for (uint32_t i = 0; i < base->exposed.made->count; i++)
		value_append(&s->exposed, base->exposed.made->items[i]);
	s->user = base->user;
	s->workdir = base->workdir;
	s->stopsignal = base->stopsignal;
	s->healthcheck = base->healthcheck;
	s->entrypoint = base->entrypoint;
	s->cmd = base->cmd;
}

/* FROM [--platform=x] image [AS name] */
static struct stage *
begin_stage(struct reader *r, const struct instruction *in)
{
	struct stage *s = arena_alloc(r->arena, sizeof *s);
	struct slice text = in->text;
	const struct value *flags = read_flags(r, NULL, &text, in->span);
	const struct value *parts = words(r, NULL, text, in->span), *image = value_item(parts, 0);
	const struct stage *base = find_stage(r, image->text, r->stage_count);
	struct value_builder b;

	if (parts->count == 3 && slice_eq_nocase(parts->items[1]->text, SLICE("as")))
		s->name = parts->items[2]->text;
	else if (parts->count != 1)
		project_problem(r->project, in->span, "FROM takes an image and AS a name");
	s->address = stage_address(r->arena, s->name, r->stage_count);
	s->span = s->head = in->span;
	value_begin(&s->env, r->arena, VALUE_MAP, in->span);
	value_begin(&s->labels, r->arena, VALUE_MAP, in->span);
	value_begin(&s->arguments, r->arena, VALUE_MAP, in->span);
	value_begin(&s->exposed, r->arena, VALUE_LIST, in->span);
	value_begin(&s->instructions, r->arena, VALUE_LIST, in->span);
	value_begin(&b, r->arena, VALUE_MAP, in->span);
	value_put(&b, SLICE("image"), in->span, image);
	if (s->name.len > 0)
		put_text(&b, "name", in->span, s->name);
	if (value_member(flags, SLICE("platform")) != &value_null)
		value_put(&b, SLICE("platform"), in->span, value_member(flags, SLICE("platform")));
	s->from = value_end(&b);
	if (base != NULL)
		inherit(s, base);
	refer(s, base, SLICE("from.image"), in->span);
	r->stages[r->stage_count++] = s;
	return s;
}

static void
derive(struct reader *r, struct stage *s, const struct instruction *in, const struct value *v)
{
	const struct value *arguments = value_member(v, SLICE("arguments"));
	const struct { const char *name; const struct value **to, *value; } last[] = {
		{ "USER", &s->user, value_item(arguments, 0) },
		{ "WORKDIR", &s->workdir, value_item(arguments, 0) },
		{ "STOPSIGNAL", &s->stopsignal, value_item(arguments, 0) },
		{ "HEALTHCHECK", &s->healthcheck, v }, { "ENTRYPOINT", &s->entrypoint, v },
		{ "CMD", &s->cmd, v },
	};
	const struct value *from = value_path(v, "flags.from");

	for (size_t i = 0; i < COUNT_OF(last); i++)
		if (slice_is(in->name, last[i].name))
			*last[i].to = last[i].value;
	for (uint32_t i = 0; slice_is(in->name, "EXPOSE") && i < arguments->count; i++)
		if (s->exposed.made->count < VARIABLES_MAX)
			value_append(&s->exposed, arguments->items[i]);
	if (from->kind == VALUE_STRING)
		refer(s, find_stage(r, from->text, r->stage_count - 1), SLICE("instructions"), in->span);
}

static void
follow(struct reader *r, struct stage *s, const struct instruction *in)
{
	const struct known *k = find_known(in->name);
	const struct value *v;

	if (k == NULL) {
		project_problem(r->project, in->span, "the instruction is not known");
		return;
	}
	if (s == NULL && k->shape != ARGUMENT) {
		project_problem(r->project, in->span, "an instruction stands ahead of the first FROM");
		return;
	}
	v = instruction_value(r, s, in, k->shape);
	if (s == NULL)
		return;
	value_append(&s->instructions, v);
	derive(r, s, in, v);
	s->span = places_span(&r->places, s->span.start, in->span.end);
}

static const struct value *
attributes(struct reader *r, const struct stage *s, bool final)
{
	const struct { const char *key; const struct value *value; } rows[] = {
		{ "from", s->from }, { "final", value_bool(r->arena, s->head, final) },
		{ "instructions", s->instructions.made }, { "env", s->env.made }, { "labels", s->labels.made },
		{ "exposed", s->exposed.made }, { "user", s->user }, { "workdir", s->workdir },
		{ "stopsignal", s->stopsignal }, { "healthcheck", s->healthcheck },
		{ "entrypoint", s->entrypoint }, { "cmd", s->cmd },
	};
	struct value_builder b;

	value_begin(&b, r->arena, VALUE_MAP, s->span);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].value != NULL)
			value_put(&b, slice_of(rows[i].key), rows[i].value->span, rows[i].value);
	return value_end(&b);
}

static void
give(struct reader *r)
{
	for (uint32_t i = 0; i < r->stage_count; i++) {
		struct stage *s = r->stages[i];
		struct resource *out = project_add_resource(r->project);

		*out = (struct resource){ .language = LANGUAGE_DOCKERFILE, .address = s->address,
			.module = SLICE(""), .type = SLICE("stage"), .name = s->name,
			.attributes = attributes(r, s, i + 1 == r->stage_count), .references = s->references,
			.reference_count = s->reference_count, .span = s->span, .head = s->head };
	}
}

void
dockerfile_read(struct project *p, uint32_t source)
{
	struct reader *r = arena_alloc(p->arena, sizeof *r);
	struct instruction in;
	struct stage *s = NULL;
	uint32_t before = p->problem_count;

	*r = (struct reader){ .project = p, .arena = p->arena, .text = p->sources[source].text, .escape = '\\' };
	if (r->text.len > SCAN_LIMIT(SOURCE)) {
		project_problem(p, (struct span){ .source = source, .line = 1, .column = 1, .end_line = 1 },
		    "the text is too long");
		return;
	}
	if (slice_starts(r->text, SLICE("\xef\xbb\xbf")))
		r->at = 3;
	places_init(&r->places, p->arena, source, r->text);
	value_begin(&r->globals, p->arena, VALUE_MAP, places_span(&r->places, 0, 0));
	r->stages = arena_array(p->arena, DOCKERFILE_STAGES, sizeof *r->stages);
	read_directives(r);
	for (uint32_t n = 0; next_instruction(r, &in); n++) {
		if (n == SCAN_LIMIT(INSTRUCTIONS) || (slice_is(in.name, "FROM")
		    && r->stage_count == DOCKERFILE_STAGES)) {
			project_problem(p, in.span, "too many instructions");
			break;
		}
		if (slice_is(in.name, "FROM"))
			s = begin_stage(r, &in);
		else
			follow(r, s, &in);
	}
	if (r->stage_count == 0 && p->problem_count == before)
		project_problem(p, places_span(&r->places, 0, 0), "there is no FROM");
	give(r);
}
