/* report_markdown.c -- GitHub and GitLab flavours: the matrix, and a table of what was found.
 *
 * Texts of files are shown, never obeyed: no character of theirs is markup, a mention or a link. */
#include "base/buf.h"
#include "iac/report.h"

static void
add_text(struct buf *b, struct slice text)
{
	static const char *const names[256] = { ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['@'] = "&#64;",
		[':'] = "&#58;", ['\n'] = " ", ['\r'] = " ", ['\t'] = " " };

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (names[c] != NULL) {
			buf_add_cstr(b, names[c]);
			continue;
		}
		if (c < 32 || c == 127) {
			buf_add_cstr(b, "\xef\xbf\xbd");
			continue;
		}
		if (c != 0 && strchr("\\`*_[]|~#!$", c) != NULL)
			buf_add_char(b, '\\');
		buf_add_char(b, (char)c);
	}
}

static void
write_controls(const struct findings *f, struct buf *b)
{
	buf_add_cstr(b, "# Firebreak\n\n| Control | Met | Failed | Cannot tell | Not visible in files |\n"
	    "|---|--:|--:|--:|---|\n");
	for (uint32_t i = 0; i < CONTROL_COUNT; i++) {
		struct tally t = findings_control(f, i);

		buf_printf(b, "| %s | %u | %u | %u | %s |\n", scan_controls[i].title, t.passed, t.failed, t.unknown,
		    scan_controls[i].not_visible);
	}
}

static void
write_place(const struct findings *f, struct buf *b, struct span s)
{
	if (!report_has_place(f, s))
		return;
	add_text(b, report_path(f, s.source));
	buf_printf(b, "&#58;%u", s.line);
}

static void
write_finding(const struct findings *f, struct buf *b, const struct finding *x)
{
	buf_printf(b, "| %s | %.*s | ", x->status == FINDING_UNKNOWN ? "cannot tell" : severity_names[x->rule->severity],
	    SLICE_FMT(x->rule->id));
	write_place(f, b, x->span);
	buf_add_cstr(b, " | ");
	add_text(b, x->address);
	buf_add_cstr(b, " | ");
	add_text(b, x->message);
	buf_add_cstr(b, " |\n");
}

static void
write_problems(const struct findings *f, struct buf *b)
{
	uint32_t i;

	if (f->project->problem_count > 0)
		buf_add_cstr(b, "\nNot parsed:\n\n");
	for (i = 0; i < f->project->problem_count; i++) {
		buf_add_cstr(b, "* ");
		write_place(f, b, f->project->problems[i].span);
		buf_add_cstr(b, " ");
		add_text(b, f->project->problems[i].message);
		buf_add_char(b, '\n');
	}
	if (f->notice_count > 0)
		buf_add_cstr(b, "\nSuppressions:\n\n");
	for (i = 0; i < f->notice_count; i++) {
		buf_add_cstr(b, "* ");
		write_place(f, b, f->notices[i].span);
		buf_printf(b, " %s\n", f->notices[i].message);
	}
}

void
report_markdown(const struct findings *f, const struct report_options *o, struct buf *b)
{
	write_controls(f, b);
	if (f->count > 0 && !o->only_controls)
		buf_add_cstr(b, "\n| Severity | Rule | Place | Resource | What is wrong |\n|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < f->count && !o->only_controls; i++)
		write_finding(f, b, &f->list[i]);
	write_problems(f, b);
	buf_printf(b, "\n%u files, %u findings, %u suppressed.\n", f->files, f->count, f->suppressed);
}
