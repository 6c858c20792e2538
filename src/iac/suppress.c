/* suppress.c -- see suppress.h. */
#include "iac/suppress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/instant.h"
#include "iac/places.h"
#include "iac/suppress_kics.h"

enum scope { SCOPE_LINE, SCOPE_RESOURCE, SCOPE_BLOCK, SCOPE_FILE };

enum dialect { OURS, CHECKOV, TRIVY, KICS };

struct suppression {
	enum dialect dialect;
	enum scope   scope;
	struct span  span;              /* of the marker; source and line */
	uint32_t     target, last;      /* the line it is about; of a block the last one, too */
	struct slice ids;               /* separated by ','; empty: all (KICS) */
	struct slice reason, until;
	bool         others;            /* about all rules but these (KICS) */
	bool         used;
};

struct suppressions {
	struct findings    *findings;
	int64_t             today;
	struct suppression *list;
	uint32_t            count, room;
};

/* ---- lines ---- */

/* One source.  Lines are looked at as often as there are markers, so none is walked twice. */
struct lines {
	struct places places;
	uint32_t      head;             /* the first line that is no comment */
	uint32_t      from, to;         /* lines [from, to) are comments, `to` is none */
};

static struct slice
line_of(const struct lines *l, uint32_t line)
{
	struct slice text = l->places.text;
	size_t start = l->places.lines[line - 1], end = line < l->places.line_count ? l->places.lines[line] : text.len;

	return slice_sub(text, start, end - start);
}

static bool
is_comment(struct slice line)
{
	static const char *const marks[] = { "#", "//", "/*", "*", "--" };

	line = slice_trim(line);
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (slice_starts(line, slice_of(marks[i])))
			return true;
	return line.len == 0;
}

/* The next line that is not a comment. */
static uint32_t
next_line(struct lines *l, uint32_t line)
{
	if (line >= l->from && line < l->to)
		return l->to;
	l->from = line;
	while (line <= l->places.line_count && is_comment(line_of(l, line)))
		line++;
	return l->to = line;
}

static size_t
indentation(struct slice line)
{
	size_t n = 0;

	while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t'))
		n++;
	return n;
}

/* The last line of what begins at a line, by its indentation: what stands further in, and a bracket that closes it. */
static uint32_t
block_end(const struct lines *l, uint32_t first)
{
	size_t depth = first <= l->places.line_count ? indentation(line_of(l, first)) : 0;
	uint32_t line = first + 1;

	while (line <= l->places.line_count && (slice_trim(line_of(l, line)).len == 0 || indentation(line_of(l, line)) > depth))
		line++;
	if (line <= l->places.line_count && indentation(line_of(l, line)) == depth
	    && strchr("}])", line_of(l, line).ptr[depth]) != NULL)
		line++;
	return line - 1;
}

static void
begin_lines(struct lines *l, struct arena *a, uint32_t source, struct slice text)
{
	*l = (struct lines){ 0 };
	places_init(&l->places, a, source, text);
	l->head = next_line(l, 1);
}

/* ---- reading ---- */

enum { OPTIONS_BYTES = 1024 };          /* behind a marker */

/* What stands behind `key=`, in quotes or up to a space. */
static struct slice
option(struct slice line, const char *key)
{
	struct slice k = slice_of(key);

	for (size_t i = 0; i + k.len < line.len; i++) {
		struct slice rest = slice_sub(line, i + k.len, line.len);

		if (!slice_starts(slice_sub(line, i, line.len), k) || (i > 0 && line.ptr[i - 1] != ' '))
			continue;
		while (rest.len > 0 && rest.ptr[0] == '\\')
			rest = slice_sub(rest, 1, rest.len);
		if (rest.len > 0 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'')) {
			size_t end = slice_find(slice_sub(rest, 1, rest.len), rest.ptr[0]);

			rest = slice_sub(rest, 1, end);
			return rest.len > 0 && rest.ptr[rest.len - 1] == '\\' ? slice_sub(rest, 0, rest.len - 1) : rest;
		}
		return slice_sub(rest, 0, slice_find(rest, ' '));
	}
	return SLICE("");
}

static bool
is_id_byte(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '_'
	    || c == ',' || c == '.';
}

/* Ids at the start of a text, separated by commas. */
static struct slice
ids_of(struct slice text)
{
	size_t len = 0;

	while (len < text.len && is_id_byte(text.ptr[len]))
		len++;
	return slice_sub(text, 0, len);
}

static struct suppression *
add(struct suppressions *s, const struct suppression *one)
{
	uint32_t before = s->room;

	if (s->count == before) {
		s->room = before == 0 ? 16 : before * 2;
		s->list = arena_grow(s->findings->project->arena, s->list, before * sizeof *s->list,
		    s->room * sizeof *s->list);
	}
	s->list[s->count] = *one;
	return &s->list[s->count++];
}

static void
read_ours(struct slice before, struct slice behind, struct suppression *one)
{
	bool in_comment = is_comment(before) || memchr(before.ptr, '#', before.len) != NULL
	    || memmem(before.ptr, before.len, "//", 2) != NULL;

	one->scope = in_comment ? SCOPE_LINE : SCOPE_RESOURCE;
	one->reason = option(behind, "reason=");
	one->until = option(behind, "until=");
}

static void
read_trivy(struct slice line, struct suppression *one)
{
	const char *until = memmem(line.ptr, line.len, ":exp:", 5);

	if (until != NULL)
		one->until = ids_of(slice_make(until + 5, line.len - (size_t)(until + 5 - line.ptr)));
}

static const struct marker {
	const char  *text;
	enum dialect dialect;
	enum scope   scope;
	bool         ids, others;       /* ids follow it; it is about all others */
} markers[] = {
	{ "firebreak:ignore", OURS, SCOPE_LINE, true, false },
	{ "firebreak/ignore", OURS, SCOPE_RESOURCE, true, false },
	{ "checkov:skip=", CHECKOV, SCOPE_RESOURCE, true, false },
	{ "trivy:ignore:", TRIVY, SCOPE_LINE, true, false },
	{ "tfsec:ignore:", TRIVY, SCOPE_LINE, true, false },
	{ "kics-scan ignore-line", KICS, SCOPE_LINE, false, false },
	{ "kics-scan ignore-block", KICS, SCOPE_BLOCK, false, false },
	{ "kics-scan disable=", KICS, SCOPE_FILE, true, false },
	{ "kics-scan enable=", KICS, SCOPE_FILE, true, true },
	{ "kics-scan ignore", KICS, SCOPE_FILE, false, false },
};

/* Those of a whole file stand before all that is not a comment. */
static void
read_marker(struct suppressions *s, struct lines *l, size_t at, const struct marker *m)
{
	struct suppression one = { .dialect = m->dialect, .scope = m->scope, .others = m->others,
		.span = places_span(&l->places, (uint32_t)at, (uint32_t)(at + strlen(m->text))) };
	struct slice line = line_of(l, one.span.line), behind, before;
	size_t start = l->places.lines[one.span.line - 1];

	if (m->scope == SCOPE_FILE && one.span.line >= l->head)
		return;
	before = slice_sub(line, 0, at - start);
	behind = slice_sub(line, at - start + strlen(m->text), OPTIONS_BYTES);
	behind = slice_sub(behind, 0, slice_find(behind, '\n'));
	while (m->dialect == OURS && behind.len > 0 && !is_id_byte(behind.ptr[0]))
		behind = slice_sub(behind, 1, behind.len);
	one.ids = m->ids ? ids_of(behind) : SLICE("");
	one.target = is_comment(line) ? next_line(l, one.span.line) : one.span.line;
	one.last = m->scope == SCOPE_BLOCK ? block_end(l, one.target) : one.target;
	if (m->dialect == OURS)
		read_ours(before, behind, &one);
	if (m->dialect == TRIVY)
		read_trivy(behind, &one);
	if (one.ids.len > 0 || !m->ids || m->dialect == OURS)
		add(s, &one);
}

/* The marker that stands at a place; NULL: none does. */
static const struct marker *
marker_at(struct slice rest)
{
	for (size_t i = 0; i < COUNT_OF(markers); i++)
		if (slice_starts(rest, slice_of(markers[i].text)))
			return &markers[i];
	return NULL;
}

/* All markers hold one of these words. */
static const char *const words[] = { "firebreak", "checkov:", "trivy:", "tfsec:", "kics-scan" };

static void
read_source(struct suppressions *s, uint32_t source)
{
	struct slice text = s->findings->project->sources[source].text;
	uint32_t most = s->count + SCAN_LIMIT(SUPPRESSIONS);
	struct lines lines = { 0 };

	for (size_t w = 0; w < COUNT_OF(words); w++) {
		size_t len = strlen(words[w]), at = 0;
		const char *found;

		while (s->count < most && text.len > at
		    && (found = memmem(text.ptr + at, text.len - at, words[w], len)) != NULL) {
			size_t here = (size_t)(found - text.ptr);
			const struct marker *m = marker_at(slice_sub(text, here, text.len));

			if (lines.head == 0)
				begin_lines(&lines, s->findings->project->arena, source, text);
			if (m != NULL)
				read_marker(s, &lines, here, m);
			at = here + len;
		}
	}
}

/* ---- which rules an id means ---- */

/* Peers are written "CKV_AWS_1", "AWS-0001", or "terraform/aws/name", a query of KICS, which may have the
 * first digits of its id behind it: "terraform/aws/name~1a2b3c". */
static bool
is_peer(struct slice peer, enum dialect dialect, struct slice id)
{
	size_t tilde = slice_find(peer, '~');

	if (dialect == KICS)
		return slice_find(peer, '/') < peer.len && (id.len == 0 || slice_eq(peer, kics_query_name(id))
		    || (tilde < peer.len && slice_starts(id, slice_sub(peer, tilde + 1, peer.len))));
	if (dialect == TRIVY && slice_starts(id, SLICE("AVD-")))
		id = slice_sub(id, 4, id.len);
	return slice_eq_nocase(peer, id);
}

static bool
any_peer(const struct value *peers, enum dialect dialect, struct slice id)
{
	for (uint32_t i = 0; peers != NULL && peers->kind == VALUE_LIST && i < peers->count; i++)
		if (is_peer(peers->items[i]->text, dialect, id))
			return true;
	return false;
}

static bool
means(const struct suppression *s, struct slice id, const struct finding *f)
{
	if (s->dialect == OURS)
		return slice_eq_nocase(id, f->rule->id) || slice_eq_nocase(id, f->check->id);
	return any_peer(f->rule->peers, s->dialect, id) || any_peer(f->check->peers, s->dialect, id);
}

static bool
means_any(const struct suppression *s, const struct finding *f)
{
	struct slice rest = s->ids;

	while (rest.ptr != NULL && rest.len > 0)
		if (means(s, slice_cut(&rest, ','), f))
			return true;
	return false;
}

static bool
names(const struct suppression *s, const struct finding *f)
{
	if (s->dialect == KICS && (s->ids.len == 0 || s->others))
		return means(s, SLICE(""), f) && !(s->others && means_any(s, f));
	return means_any(s, f);
}

/* ---- which findings it is about ---- */

static bool
is_inside(const struct span *outer, uint32_t source, uint32_t line)
{
	return outer->source == source && line >= outer->line && line <= outer->end_line;
}

static bool
is_about(const struct suppression *s, const struct finding *f)
{
	const struct resource *r = f->resource;

	if (s->scope == SCOPE_FILE)
		return f->span.source == s->span.source;
	if (is_inside(&(struct span){ .source = s->span.source, .line = s->target, .end_line = s->last },
	    f->span.source, f->span.line))
		return true;
	if (s->scope == SCOPE_BLOCK)
		return false;
	if (r == NULL || r->span.source != s->span.source)
		return false;
	if (r->head.line == s->target || r->span.line == s->target)
		return true;
	return s->scope == SCOPE_RESOURCE && is_inside(&r->span, s->span.source, s->span.line);
}

static bool
read_day(struct slice text, int64_t *day)
{
	int year, month, date;
	char buf[16];

	if (text.len != 10)
		return false;
	memcpy(buf, text.ptr, 10);
	buf[10] = '\0';
	if (sscanf(buf, "%4d-%2d-%2d", &year, &month, &date) != 3)
		return false;
	*day = instant_days(year, month, date);
	return true;
}

/* What is wrong with it, before any finding is looked at; NULL: nothing. */
static const char *
fault(const struct suppressions *all, const struct suppression *s)
{
	int64_t day;

	if (s->dialect == OURS && s->ids.len == 0)
		return "a suppression names no rule";
	if (s->dialect == OURS && slice_trim(s->reason).len == 0)
		return "a suppression without a reason is not honoured";
	if (s->until.len == 0)
		return NULL;
	if (!read_day(s->until, &day))
		return "the day of a suppression is not a date (until=YYYY-MM-DD)";
	return day < all->today ? "the day of a suppression has passed" : NULL;
}

/* They are in the order of their sources. */
static uint32_t
first_in(const struct suppressions *all, uint32_t source)
{
	uint32_t low = 0, high = all->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (all->list[middle].span.source < source)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct suppression *
suppressing_in(struct suppressions *all, const struct finding *f, uint32_t source)
{
	const struct suppression *first = NULL;

	for (uint32_t i = first_in(all, source); i < all->count && all->list[i].span.source == source; i++) {
		struct suppression *s = &all->list[i];

		if (!is_about(s, f) || !names(s, f))
			continue;
		s->used = true;
		if (first == NULL && fault(all, s) == NULL)
			first = s;
	}
	return first;
}

/* The first that suppresses a finding, or NULL; all that are about it are used. */
static const struct suppression *
suppressing(struct suppressions *all, const struct finding *f)
{
	const struct suppression *first = suppressing_in(all, f, f->span.source), *other = NULL;

	if (f->resource != NULL && f->resource->span.source != f->span.source)
		other = suppressing_in(all, f, f->resource->span.source);
	return first != NULL ? first : other;
}

static void
notice(struct suppressions *all)
{
	for (uint32_t i = 0; i < all->count; i++) {
		const struct suppression *s = &all->list[i];
		const char *wrong = fault(all, s);

		if (wrong == NULL && !s->used)
			wrong = "a suppression is about nothing that was found";
		if (wrong != NULL && s->dialect == OURS)
			findings_notice(all->findings, s->span, wrong);
	}
}

void
suppress_by_comments(struct findings *f, int64_t today)
{
	struct suppressions all = { .findings = f, .today = today };
	uint32_t i, to = 0;

	for (i = f->rules->project.source_count; i < f->project->source_count; i++)
		read_source(&all, i);
	if (all.count == 0)
		return;
	for (i = 0; i < f->count; i++) {
		const struct suppression *s = suppressing(&all, &f->list[i]);

		if (s != NULL)
			findings_take_away(f, &f->list[i], true, s->reason);
		else
			f->list[to++] = f->list[i];
	}
	f->count = to;
	notice(&all);
}

/* ---- baseline ---- */

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void
baseline_write(const struct findings *f, struct buf *b)
{
	uint64_t *all = arena_array(f->project->arena, f->count + 1u, sizeof *all);

	for (uint32_t i = 0; i < f->count; i++)
		all[i] = f->list[i].fingerprint;
	qsort(all, f->count, sizeof *all, by_number);
	buf_add_cstr(b, "# firebreak scan baseline, version 1\n");
	for (uint32_t i = 0; i < f->count; i++)
		buf_printf(b, "%016" PRIx64 "\n", all[i]);
}

static bool
read_fingerprint(struct slice line, uint64_t *out)
{
	char text[17], *end;

	if (line.len != 16)
		return false;
	memcpy(text, line.ptr, 16);
	text[16] = '\0';
	*out = strtoull(text, &end, 16);
	return *end == '\0';
}

bool
suppress_by_baseline(struct findings *f, struct slice rest)
{
	uint64_t *all = arena_array(f->project->arena, rest.len / 16 + 1, sizeof *all);
	uint32_t i, count = 0, to = 0;

	while (rest.len > 0) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));

		if (line.len > 0 && line.ptr[0] != '#' && !read_fingerprint(line, &all[count++]))
			return false;
	}
	qsort(all, count, sizeof *all, by_number);
	for (i = 0; i < f->count; i++) {
		if (bsearch(&f->list[i].fingerprint, all, count, sizeof *all, by_number) != NULL)
			findings_take_away(f, &f->list[i], false, SLICE("in the baseline"));
		else
			f->list[to++] = f->list[i];
	}
	f->count = to;
	return true;
}
