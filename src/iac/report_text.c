/* report_text.c -- for people: the eleven controls first, then what was found. */
#include "base/buf.h"
#include "iac/report.h"

enum { LINE_BYTES = 160 };

static const char *const colours[] = { "\033[36m", "\033[33m", "\033[31m", "\033[1;31m" };

static void
in_colour(struct buf *b, const struct report_options *o, const char *colour, struct slice text)
{
	if (o->colour)
		buf_add_cstr(b, colour);
	buf_add(b, text);
	if (o->colour)
		buf_add_cstr(b, "\033[0m");
}

static void
write_controls(const struct findings *f, struct buf *b)
{
	buf_printf(b, "%-30s %5s %6s %7s   %s\n", "control", "met", "failed", "unknown", "not visible in files");
	for (uint32_t i = 0; i < CONTROL_COUNT; i++) {
		struct tally t = findings_control(f, i);

		buf_printf(b, "%-30s %5u %6u %7u   %s\n", scan_controls[i].title, t.passed, t.failed, t.unknown,
		    scan_controls[i].not_visible);
	}
}

/* Terminals obey control characters; a source must not. */
static void
add_printable(struct buf *b, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(b, text.ptr[i] == '\t' ? ' ' : (unsigned char)text.ptr[i] < 32 || text.ptr[i] == 127
		    ? '?' : text.ptr[i]);
}

static void
write_snippet(const struct findings *f, const struct report_options *o, struct buf *b,
    const struct finding *x)
{
	struct span s = x->span;
	uint32_t indent = s.column > 0 ? s.column - 1 : 0, width = 1;
	bool cut;
	struct slice line = slice_sub(report_shown_line(f, x, &cut), 0, LINE_BYTES);

	buf_printf(b, "%6u | ", s.line);
	add_printable(b, line);
	buf_add_cstr(b, cut ? " ...\n       | " : "\n       | ");
	if (indent >= line.len)
		indent = (uint32_t)line.len - (line.len > 0);
	for (uint32_t i = 0; i < indent; i++)
		buf_add_char(b, ' ');
	if (s.end_line == s.line && s.end > s.start)
		width = s.end - s.start;
	else if (line.len > indent)
		width = (uint32_t)line.len - indent;
	if (o->colour)
		buf_add_cstr(b, "\033[31m");
	for (uint32_t i = 0; i < width && i + indent < line.len; i++)
		buf_add_char(b, i == 0 ? '^' : '~');
	buf_add_cstr(b, o->colour ? "\033[0m\n" : "\n");
}

static void
write_finding(const struct findings *f, const struct report_options *o, struct buf *b,
    const struct finding *x)
{
	struct slice path = report_path(f, x->span.source);

	buf_printf(b, "\n%.*s:%u: ", SLICE_FMT(path), x->span.line);
	in_colour(b, o, colours[x->rule->severity], slice_of(x->status == FINDING_UNKNOWN ? "cannot tell"
	    : severity_names[x->rule->severity]));
	buf_add_cstr(b, " ");
	buf_add(b, x->rule->id);
	buf_add_cstr(b, " ");
	add_printable(b, x->message);
	buf_add_cstr(b, "\n  in ");
	add_printable(b, x->address);
	buf_printf(b, "; control: %s\n", scan_controls[x->rule->control].title);
	if (x->span.line > 0)
		write_snippet(f, o, b, x);
	for (const struct why *w = x->why; w != NULL; w = w->next) {
		buf_add_cstr(b, "  why: ");
		add_printable(b, w->text);
		if (w->span.source >= f->rules->project.source_count)
			buf_printf(b, " (%.*s:%u)", SLICE_FMT(report_path(f, w->span.source)), w->span.line);
		buf_add_char(b, '\n');
	}
	if (x->rule->advice.len > 0 && x->status == FINDING_FAIL)
		buf_printf(b, "  advice: %.*s\n", SLICE_FMT(x->rule->advice));
}

void
report_text(const struct findings *f, const struct report_options *o, struct buf *b)
{
	uint32_t i, failed = 0;

	write_controls(f, b);
	if (o->only_controls)
		return;
	for (i = 0; i < f->count; i++) {
		write_finding(f, o, b, &f->list[i]);
		failed += f->list[i].status == FINDING_FAIL;
	}
	for (i = 0; i < f->project->problem_count; i++) {
		const struct problem *p = &f->project->problems[i];

		buf_printf(b, "\n%.*s:%u:%u: cannot be parsed: %.*s\n", SLICE_FMT(report_path(f, p->span.source)),
		    p->span.line, p->span.column, SLICE_FMT(p->message));
	}
	for (i = 0; i < f->notice_count; i++)
		buf_printf(b, "\n%.*s:%u: %s\n", SLICE_FMT(report_path(f, f->notices[i].span.source)),
		    f->notices[i].span.line, f->notices[i].message);
	buf_printf(b, "\n%u files, %u failed, %u cannot be told, %u suppressed, %u not parsed\n", f->files,
	    failed, f->count - failed, f->suppressed, f->project->problem_count);
}
