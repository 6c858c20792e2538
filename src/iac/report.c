/* report.c -- the table of forms, and what they share. */
#include "iac/report.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/encode.h"
#include "json/json.h"

const struct report_format report_formats[] = {
	{ "text", "for people: the controls, then each finding with its lines", report_text },
	{ "json", "for programs", report_json },
	{ "sarif", "SARIF 2.1.0: code scanning, editors", report_sarif },
	{ "junit", "JUnit XML: what shows results of tests", report_junit },
	{ "gitlab", "a SAST report of GitLab", report_gitlab },
	{ "markdown", "a comment or a summary of a job", report_markdown },
	{ "html", "one page for people", report_html },
};
const size_t report_format_count = COUNT_OF(report_formats);

const char *const report_status[2] = { "fail", "unknown" };

const struct report_format *
report_format(const char *name)
{
	for (size_t i = 0; i < report_format_count; i++)
		if (strcmp(name, report_formats[i].name) == 0)
			return &report_formats[i];
	return NULL;
}

/* Bytes of the character at the start; 0 when it is none. */
static size_t
character(struct slice s)
{
	for (size_t n = 1; n <= 4 && n <= s.len; n++)
		if (utf8_valid(slice_sub(s, 0, n)))
			return n;
	return 0;
}

void
report_write(const struct report_format *format, const struct findings *f, const struct report_options *o,
    struct buf *out)
{
	struct slice rest;
	struct buf raw;

	buf_init(&raw, f->project->arena, SIZE_MAX);
	format->write(f, o, &raw);
	rest = buf_slice(&raw);
	if (utf8_valid(rest)) {
		*out = raw;
		return;
	}
	while (rest.len > 0) {
		size_t n = character(rest);

		buf_add(out, n == 0 ? SLICE("\xef\xbf\xbd") : slice_sub(rest, 0, n));
		rest = slice_sub(rest, n + (n == 0), rest.len);
	}
}

struct slice
report_path(const struct findings *f, uint32_t source)
{
	struct slice path = f->project->sources[source].path;

	return slice_starts(path, SLICE("./")) ? slice_sub(path, 2, path.len) : path;
}

/* From the place itself, not from the first line: many findings of one file cost no more. */
static struct slice
line_of(const struct findings *f, struct span span)
{
	struct slice all = f->project->sources[span.source].text, text;
	size_t from = span.start < all.len ? span.start : all.len;

	while (from > 0 && all.ptr[from - 1] != '\n')
		from--;
	text = slice_sub(all, from, all.len);
	text = slice_cut(&text, '\n');
	if (text.len > 0 && text.ptr[text.len - 1] == '\r')
		text.len--;
	return text;
}

static bool
holds(struct slice text, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= text.len; i++)
		if (slice_eq_nocase(slice_sub(text, i, len), slice_of(word)))
			return true;
	return false;
}

static const char *const secret_words[] = { "pass", "pwd", "secret", "token", "apikey", "api_key", "private",
	"credential", "connection", "accountkey", "access_key", "AKIA" };

static bool
may_hold_secret(struct slice line)
{
	for (size_t i = 0; i < COUNT_OF(secret_words); i++)
		if (holds(line, secret_words[i]))
			return true;
	return false;
}

struct slice
report_shown_line(const struct findings *f, const struct finding *x, bool *cut)
{
	struct slice line = line_of(f, x->span);
	size_t at = 0;

	*cut = false;
	if (!x->rule->conceals && !may_hold_secret(line))
		return line;
	while (at < line.len && line.ptr[at] != '=' && line.ptr[at] != ':')
		at++;
	*cut = true;
	return slice_sub(line, 0, at < line.len ? at + 1 : 0);
}

bool
report_has_place(const struct findings *f, struct span s)
{
	return s.source >= f->rules->project.source_count && s.source < f->project->source_count && s.line > 0;
}

void
report_member(struct buf *b, const char *name, struct slice text)
{
	buf_printf(b, ",\"%s\":", name);
	json_write_string(b, text);
}

/* XML 1.0 section 2.2; U+FFFE and U+FFFF are three bytes. */
static bool
is_markup_char(struct slice rest)
{
	unsigned char c = (unsigned char)rest.ptr[0];

	if (rest.len >= 3 && c == 0xef && (unsigned char)rest.ptr[1] == 0xbf && (unsigned char)rest.ptr[2] >= 0xbe)
		return false;
	return (c >= 32 && c != 127) || c == '\t' || c == '\n';
}

void
report_markup(struct buf *b, struct slice text)
{
	static const char *const names[256] = { ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;",
		['\''] = "&#39;", ['\n'] = "&#10;", ['\t'] = "&#9;" };

	for (size_t i = 0; i < text.len; i++) {
		struct slice rest = slice_sub(text, i, text.len);
		const char *name = names[(unsigned char)text.ptr[i]];

		if (!is_markup_char(rest)) {
			buf_add_cstr(b, "\xef\xbf\xbd");
			i += (unsigned char)text.ptr[i] == 0xef ? 2 : 0;
		} else if (name != NULL) {
			buf_add_cstr(b, name);
		} else {
			buf_add_char(b, text.ptr[i]);
		}
	}
}
