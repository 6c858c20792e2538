/* report_json.c -- the form programs read; docs/scan.md names its members. */
#include "base/arena.h"
#include "base/buf.h"
#include "iac/fix.h"
#include "iac/report.h"
#include "json/json.h"

static void
write_why(const struct findings *f, struct buf *b, const struct why *why)
{
	buf_add_cstr(b, ",\"why\":[");
	for (const struct why *w = why; w != NULL; w = w->next) {
		buf_add_cstr(b, w == why ? "{\"text\":" : ",{\"text\":");
		json_write_string(b, w->text);
		if (w->span.source >= f->rules->project.source_count) {
			report_member(b, "file", report_path(f, w->span.source));
			buf_printf(b, ",\"line\":%u", w->span.line);
		}
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

/* null, or a list of values to set with the bytes that do it where that is mechanical. */
static void
write_fix(const struct findings *f, struct buf *b, const struct finding *x)
{
	uint32_t count;
	const struct fix_edit *edits = fix_edits(f, x, f->project->arena, &count);

	buf_add_cstr(b, count == 0 ? ",\"fix\":null" : ",\"fix\":[");
	for (uint32_t i = 0; i < count; i++) {
		buf_add_cstr(b, i == 0 ? "{\"path\":" : ",{\"path\":");
		json_write_string(b, edits[i].path);
		buf_add_cstr(b, ",\"value\":");
		hcl_write_json(b, f->project->arena, edits[i].value, 0);
		if (edits[i].placed) {
			report_member(b, "file", report_path(f, edits[i].source));
			buf_printf(b, ",\"start\":%u,\"end\":%u", edits[i].start, edits[i].end);
			report_member(b, "text", edits[i].text);
		}
		buf_add_char(b, '}');
	}
	if (count > 0)
		buf_add_char(b, ']');
}

static void
write_finding(const struct findings *f, struct buf *b, const struct finding *x)
{
	buf_add_cstr(b, "{\"rule\":");
	json_write_string(b, x->rule->id);
	report_member(b, "check", x->check->id);
	report_member(b, "control", slice_of(scan_controls[x->rule->control].key));
	report_member(b, "severity", slice_of(severity_names[x->rule->severity]));
	report_member(b, "status", slice_of(report_status[x->status]));
	report_member(b, "resource", x->address);
	report_member(b, "file", report_path(f, x->span.source));
	buf_printf(b, ",\"line\":%u,\"end_line\":%u", x->span.line, x->span.end_line);
	report_member(b, "message", x->message);
	write_why(f, b, x->why);
	write_fix(f, b, x);
	buf_add_char(b, '}');
}

static void
write_control(const struct findings *f, struct buf *b, uint32_t i)
{
	struct tally t = findings_control(f, i);

	buf_add_cstr(b, "{\"control\":");
	json_write_string(b, slice_of(scan_controls[i].key));
	buf_printf(b, ",\"met\":%u,\"failed\":%u,\"unknown\":%u,\"not_visible\":[", t.passed, t.failed, t.unknown);
	json_write_string(b, slice_of(scan_controls[i].not_visible));
	buf_add_cstr(b, "]}");
}

static void
write_problem(const struct findings *f, struct buf *b, const struct problem *p)
{
	buf_add_cstr(b, "{\"file\":");
	json_write_string(b, report_path(f, p->span.source));
	buf_printf(b, ",\"line\":%u,\"column\":%u", p->span.line, p->span.column);
	report_member(b, "message", p->message);
	buf_add_char(b, '}');
}

/* Only when there are any. */
static void
write_notices(const struct findings *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->notice_count; i++) {
		buf_add_cstr(b, i == 0 ? ",\n\"notices\":[\n" : ",\n");
		write_problem(f, b, &(struct problem){ .span = f->notices[i].span,
		    .message = slice_of(f->notices[i].message) });
	}
	if (f->notice_count > 0)
		buf_add_char(b, ']');
}

void
report_json(const struct findings *f, const struct report_options *o, struct buf *b)
{
	uint32_t i;

	(void)o;
	buf_add_cstr(b, "{\"findings\":[");
	for (i = 0; i < f->count; i++) {
		buf_add_cstr(b, i > 0 ? ",\n" : "\n");
		write_finding(f, b, &f->list[i]);
	}
	buf_add_cstr(b, "],\n\"controls\":[");
	for (i = 0; i < CONTROL_COUNT; i++) {
		buf_add_cstr(b, i > 0 ? ",\n" : "\n");
		write_control(f, b, i);
	}
	buf_printf(b, "],\n\"files\":%u,\n\"errors\":[", f->files);
	for (i = 0; i < f->project->problem_count; i++) {
		buf_add_cstr(b, i > 0 ? ",\n" : "\n");
		write_problem(f, b, &f->project->problems[i]);
	}
	buf_add_cstr(b, "]");
	write_notices(f, b);
	buf_add_cstr(b, "}\n");
}
