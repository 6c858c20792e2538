/* report_sarif.c -- SARIF 2.1.0 (OASIS, errata 01), one run.
 *
 * A definite failure is a result of kind `fail`; what cannot be told has kind `open` and level `none`
 * (3.27.9, 3.27.10).  How a value came to be is a code flow; a fix is there when every one of its
 * edits has a place, in lines and columns and in bytes of the file.  What was suppressed is listed with
 * its reason.  Only rules that a result names are described, in their order. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "iac/fix.h"
#include "iac/report.h"
#include "json/json.h"

static const char *const levels[] = { "note", "warning", "error", "error" };
/* What code scanning sorts by: a score between 0 and 10. */
static const char *const scores[] = { "3.0", "5.5", "8.0", "9.5" };

/* A byte of a source and its line. */
struct point {
	uint32_t source, at, line;
};

struct writing {
	const struct findings *findings;
	struct buf            *out;
	uint32_t              *index;           /* of each rule in the list of rules */
	struct point          *last;            /* places come nearly in order: lines are counted from here */
};

/* ---- places ---- */

/* In code points, 1-based; bytes that continue a character are none. */
static uint32_t
column_of(const struct writing *w, uint32_t source, uint32_t at)
{
	struct slice text = w->findings->project->sources[source].text;
	uint32_t column = 1;

	for (uint32_t i = at; i > 0 && text.ptr[i - 1] != '\n'; i--)
		column += ((unsigned char)text.ptr[i - 1] & 0xc0) != 0x80;
	return column;
}

static uint32_t
line_of(const struct writing *w, uint32_t source, uint32_t at)
{
	struct slice text = w->findings->project->sources[source].text;
	struct point *p = w->last;

	if (p->source != source || p->line == 0)
		*p = (struct point){ source, 0, 1 };
	for (; p->at < at; p->at++)
		p->line += text.ptr[p->at] == '\n';
	for (; p->at > at; p->at--)
		p->line -= text.ptr[p->at - 1] == '\n';
	return p->line;
}

/* A text as an object: {"text": ...}. */
static void
message(struct buf *b, const char *name, struct slice text)
{
	buf_printf(b, ",\"%s\":{\"text\":", name);
	json_write_string(b, text);
	buf_add_char(b, '}');
}

/* RFC 3986: each name percent-encoded; a path from the root is a file: URI. */
static void
artifact(const struct writing *w, uint32_t source)
{
	struct slice rest = report_path(w->findings, source);

	buf_add_cstr(w->out, "\"artifactLocation\":{\"uri\":\"");
	if (slice_starts(rest, SLICE("/")))
		buf_add_cstr(w->out, "file://");
	while (rest.len > 0) {
		size_t before = rest.len;
		struct slice name = slice_cut(&rest, '/');

		encode_percent(w->out, name);
		if (name.len < before)
			buf_add_char(w->out, '/');
	}
	buf_add_cstr(w->out, "\"}");
}

/* A line that a span ends in is known, the column only by the bytes. */
static void
region(const struct writing *w, struct span s)
{
	buf_printf(w->out, "{\"startLine\":%u", s.line);
	if (s.column > 0)
		buf_printf(w->out, ",\"startColumn\":%u", s.column);
	if (s.end_line >= s.line)
		buf_printf(w->out, ",\"endLine\":%u", s.end_line);
	if (s.column > 0 && s.end > s.start && s.end <= w->findings->project->sources[s.source].text.len)
		buf_printf(w->out, ",\"endColumn\":%u", column_of(w, s.source, s.end));
	buf_add_char(w->out, '}');
}

static void
physical(const struct writing *w, struct span s)
{
	buf_add_cstr(w->out, "\"physicalLocation\":{");
	artifact(w, s.source);
	buf_add_cstr(w->out, ",\"region\":");
	region(w, s);
	buf_add_char(w->out, '}');
}

static void
location(const struct writing *w, const struct finding *x)
{
	buf_add_char(w->out, '{');
	if (report_has_place(w->findings, x->span)) {
		physical(w, x->span);
		buf_add_char(w->out, ',');
	}
	buf_add_cstr(w->out, "\"logicalLocations\":[{\"kind\":\"resource\"");
	report_member(w->out, "fullyQualifiedName", x->address);
	buf_add_cstr(w->out, "}]}");
}

/* ---- how a value came to be ---- */

static void
step(const struct writing *w, const struct why *why)
{
	buf_add_cstr(w->out, "{\"location\":{\"message\":{\"text\":");
	json_write_string(w->out, why->text);
	buf_add_char(w->out, '}');
	if (report_has_place(w->findings, why->span)) {
		buf_add_char(w->out, ',');
		physical(w, why->span);
	}
	buf_add_cstr(w->out, "}},");
}

static void
code_flow(const struct writing *w, const struct finding *x)
{
	if (x->why == NULL)
		return;
	buf_add_cstr(w->out, ",\"codeFlows\":[{\"threadFlows\":[{\"locations\":[");
	for (const struct why *why = x->why; why != NULL; why = why->next)
		step(w, why);
	buf_add_cstr(w->out, "{\"location\":");
	location(w, x);
	buf_add_cstr(w->out, "}]}]}]");
}

/* ---- fixes ---- */

/* All have a place, and no two touch the same bytes.  A part of a file has no bytes of its own. */
static bool
can_apply(const struct writing *w, const struct fix_edit *edits, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!edits[i].placed || w->findings->project->sources[edits[i].source].line > 1)
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (edits[i].source != edits[k].source || (edits[i].start <= edits[k].end
			    && edits[k].start <= edits[i].end))
				return false;
	}
	return count > 0;
}

static void
replacement(const struct writing *w, const struct fix_edit *e)
{
	buf_printf(w->out, "{\"deletedRegion\":{\"startLine\":%u,\"startColumn\":%u", line_of(w, e->source, e->start),
	    column_of(w, e->source, e->start));
	buf_printf(w->out, ",\"endLine\":%u,\"endColumn\":%u,\"byteOffset\":%u,\"byteLength\":%u},"
	    "\"insertedContent\":{\"text\":", line_of(w, e->source, e->end), column_of(w, e->source, e->end), e->start,
	    e->end - e->start);
	json_write_string(w->out, e->text);
	buf_add_cstr(w->out, "}}");
}

static void
fixes(const struct writing *w, const struct finding *x)
{
	uint32_t count;
	const struct fix_edit *edits = fix_edits(w->findings, x, w->findings->project->arena, &count);

	if (!can_apply(w, edits, count))
		return;
	buf_add_cstr(w->out, ",\"fixes\":[{\"artifactChanges\":[{");
	artifact(w, edits[0].source);
	buf_add_cstr(w->out, ",\"replacements\":[");
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(w->out, ',');
		replacement(w, &edits[i]);
	}
	buf_add_cstr(w->out, "]}]");
	if (x->rule->advice.len > 0)
		message(w->out, "description", x->rule->advice);
	buf_add_cstr(w->out, "}]");
}

/* ---- results ---- */

static void
suppression(const struct writing *w, const struct taken *t)
{
	buf_printf(w->out, ",\"suppressions\":[{\"kind\":\"%s\"", t->in_source ? "inSource" : "external");
	if (t->reason.len > 0)
		report_member(w->out, "justification", t->reason);
	buf_add_cstr(w->out, "}]");
}

static void
result(const struct writing *w, const struct finding *x, const struct taken *taken)
{
	bool fails = x->status == FINDING_FAIL;

	buf_add_cstr(w->out, "\n{\"ruleId\":");
	json_write_string(w->out, x->rule->id);
	buf_printf(w->out, ",\"ruleIndex\":%u,\"kind\":\"%s\",\"level\":\"%s\"",
	    w->index[x->rule - w->findings->rules->rules], fails ? "fail" : "open", fails ? levels[x->rule->severity]
	    : "none");
	message(w->out, "message", x->message.len > 0 ? x->message : x->rule->title);
	buf_add_cstr(w->out, ",\"locations\":[");
	location(w, x);
	buf_printf(w->out, "],\"partialFingerprints\":{\"firebreak/v1\":\"%016" PRIx64 "\"}", x->fingerprint);
	code_flow(w, x);
	fixes(w, x);
	if (taken != NULL)
		suppression(w, taken);
	buf_add_cstr(w->out, ",\"properties\":{\"check\":");
	json_write_string(w->out, x->check->id);
	buf_add_cstr(w->out, "}}");
}

static void
results(const struct writing *w)
{
	const struct findings *f = w->findings;

	for (uint32_t i = 0; i < f->count; i++) {
		if (i > 0)
			buf_add_char(w->out, ',');
		result(w, &f->list[i], NULL);
	}
	for (uint32_t i = 0; i < f->suppressed; i++) {
		if (i + f->count > 0)
			buf_add_char(w->out, ',');
		result(w, &f->taken[i].finding, &f->taken[i]);
	}
}

/* ---- rules ---- */

/* 1 for those that a result names. */
static void
mark_rules(const struct writing *w)
{
	const struct findings *f = w->findings;

	for (uint32_t i = 0; i < f->count; i++)
		w->index[f->list[i].rule - f->rules->rules] = 1;
	for (uint32_t i = 0; i < f->suppressed; i++)
		w->index[f->taken[i].finding.rule - f->rules->rules] = 1;
}

static void
help(const struct writing *w, const struct rule *r)
{
	struct buf text;

	buf_init(&text, w->findings->project->arena, SIZE_MAX);
	buf_add(&text, r->advice.len > 0 ? r->advice : r->title);
	for (uint32_t i = 0; i < r->cites->count; i++) {
		buf_add_cstr(&text, i == 0 ? "\n\n" : ", ");
		buf_add(&text, r->cites->items[i]->text);
	}
	message(w->out, "help", buf_slice(&text));
}

static void
rule(const struct writing *w, const struct rule *r)
{
	buf_add_cstr(w->out, "\n{\"id\":");
	json_write_string(w->out, r->id);
	message(w->out, "shortDescription", r->title);
	help(w, r);
	buf_printf(w->out, ",\"defaultConfiguration\":{\"level\":\"%s\"},\"properties\":{\"security-severity\":\"%s\","
	    "\"precision\":\"very-high\",\"tags\":[\"security\",\"%s\"]}}", levels[r->severity], scores[r->severity],
	    scan_controls[r->control].key);
}

static void
rules(const struct writing *w)
{
	uint32_t count = 0;

	mark_rules(w);
	for (uint32_t i = 0; i < w->findings->rules->rule_count; i++) {
		if (w->index[i] == 0)
			continue;
		if (count > 0)
			buf_add_char(w->out, ',');
		rule(w, &w->findings->rules->rules[i]);
		w->index[i] = count++;
	}
}

/* ---- the run ---- */

static void
notification(const struct writing *w, const char *level, struct slice text, struct span s, bool first)
{
	buf_printf(w->out, "%s\n{\"level\":\"%s\"", first ? "" : ",", level);
	message(w->out, "message", text);
	if (report_has_place(w->findings, s)) {
		buf_add_cstr(w->out, ",\"locations\":[{");
		physical(w, s);
		buf_add_cstr(w->out, "}]");
	}
	buf_add_char(w->out, '}');
}

static void
invocation(const struct writing *w)
{
	const struct findings *f = w->findings;
	uint32_t i;

	buf_printf(w->out, "\"invocations\":[{\"executionSuccessful\":%s,\"toolExecutionNotifications\":[",
	    f->project->problem_count == 0 ? "true" : "false");
	for (i = 0; i < f->project->problem_count; i++)
		notification(w, "error", f->project->problems[i].message, f->project->problems[i].span, i == 0);
	buf_add_cstr(w->out, "],\"toolConfigurationNotifications\":[");
	for (i = 0; i < f->notice_count; i++)
		notification(w, "warning", slice_of(f->notices[i].message), f->notices[i].span, i == 0);
	buf_add_cstr(w->out, "]}]");
}

void
report_sarif(const struct findings *f, const struct report_options *o, struct buf *b)
{
	struct point last = { 0 };
	struct writing w = { f, b, arena_array(f->project->arena, f->rules->rule_count + 1u, sizeof *w.index), &last };

	buf_add_cstr(b, "{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
	    "sarif-schema-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"Firebreak\"");
	report_member(b, "semanticVersion", slice_of(o->version));
	buf_add_cstr(b, ",\"rules\":[");
	rules(&w);
	buf_add_cstr(b, "]}},\n\"columnKind\":\"unicodeCodePoints\",\n");
	invocation(&w);
	buf_add_cstr(b, ",\n\"results\":[");
	results(&w);
	buf_add_cstr(b, "]}]}\n");
}
