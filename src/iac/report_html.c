/* report_html.c -- one page that stands alone: the matrix of the controls, and what was found.
 *
 * It has no script and loads nothing; its policy forbids both, should a text of a file ever get out of
 * its element. */
#include "base/buf.h"
#include "iac/report.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Firebreak scan</title>\n"
    "<style>\n"
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;"
    " color: #1b1b1b; background: #fff }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc }\n"
    "td.n { text-align: right }\n"
    "article { border-left: .3rem solid #767676; padding: .1rem 1rem; margin: 1rem 0 }\n"
    "article.critical, article.high { border-color: #a4000f }\n"
    "article.medium { border-color: #a35200 }\n"
    "h3 { font-size: 1rem; margin: .5rem 0 }\n"
    "p { margin: .3rem 0 }\n"
    "pre { background: #f2f2f2; padding: .5rem; overflow-x: auto }\n"
    "</style>\n</head>\n<body>\n<h1>Firebreak scan</h1>\n";

static void
element(struct buf *b, const char *name, struct slice text)
{
	buf_printf(b, "<%s>", name);
	report_markup(b, text);
	buf_printf(b, "</%s>", name);
}

static void
write_controls(const struct findings *f, struct buf *b)
{
	buf_add_cstr(b, "<h2>Controls</h2>\n<table>\n<thead><tr><th scope=\"col\">Control</th><th scope=\"col\">Met</th>"
	    "<th scope=\"col\">Failed</th><th scope=\"col\">Cannot tell</th><th scope=\"col\">Not visible in files</th>"
	    "</tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < CONTROL_COUNT; i++) {
		struct tally t = findings_control(f, i);

		buf_add_cstr(b, "<tr><th scope=\"row\">");
		report_markup(b, slice_of(scan_controls[i].title));
		buf_printf(b, "</th><td class=\"n\">%u</td><td class=\"n\">%u</td><td class=\"n\">%u</td>", t.passed, t.failed,
		    t.unknown);
		element(b, "td", slice_of(scan_controls[i].not_visible));
		buf_add_cstr(b, "</tr>\n");
	}
	buf_add_cstr(b, "</tbody>\n</table>\n");
}

static void
write_place(const struct findings *f, struct buf *b, struct span s)
{
	if (!report_has_place(f, s))
		return;
	buf_add_cstr(b, "<code>");
	report_markup(b, report_path(f, s.source));
	buf_printf(b, ":%u</code> ", s.line);
}

static void
write_why(const struct findings *f, struct buf *b, const struct why *why)
{
	for (; why != NULL; why = why->next) {
		buf_add_cstr(b, "<p>Why: ");
		report_markup(b, why->text);
		buf_add_char(b, ' ');
		write_place(f, b, why->span);
		buf_add_cstr(b, "</p>\n");
	}
}

static void
write_finding(const struct findings *f, struct buf *b, const struct finding *x)
{
	const char *severity = x->status == FINDING_UNKNOWN ? "cannot tell" : severity_names[x->rule->severity];
	bool cut;

	buf_printf(b, "<article class=\"%s\">\n<h3>%s %.*s ", x->status == FINDING_UNKNOWN ? "unknown" : severity, severity,
	    SLICE_FMT(x->rule->id));
	report_markup(b, x->message);
	buf_add_cstr(b, "</h3>\n<p>");
	write_place(f, b, x->span);
	element(b, "code", x->address);
	buf_add_cstr(b, "</p>\n");
	if (report_has_place(f, x->span))
		element(b, "pre", report_shown_line(f, x, &cut));
	write_why(f, b, x->why);
	if (x->rule->advice.len > 0 && x->status == FINDING_FAIL)
		element(b, "p", x->rule->advice);
	buf_add_cstr(b, "</article>\n");
}

static void
write_problems(const struct findings *f, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < f->project->problem_count; i++) {
		buf_add_cstr(b, "<p>Not parsed: ");
		write_place(f, b, f->project->problems[i].span);
		report_markup(b, f->project->problems[i].message);
		buf_add_cstr(b, "</p>\n");
	}
	for (i = 0; i < f->notice_count; i++) {
		buf_add_cstr(b, "<p>Suppression: ");
		write_place(f, b, f->notices[i].span);
		report_markup(b, slice_of(f->notices[i].message));
		buf_add_cstr(b, "</p>\n");
	}
}

void
report_html(const struct findings *f, const struct report_options *o, struct buf *b)
{
	buf_add_cstr(b, head);
	write_controls(f, b);
	if (!o->only_controls)
		buf_add_cstr(b, "<h2>Findings</h2>\n");
	for (uint32_t i = 0; i < f->count && !o->only_controls; i++)
		write_finding(f, b, &f->list[i]);
	write_problems(f, b);
	buf_printf(b, "<p>%u files, %u findings, %u suppressed.</p>\n</body>\n</html>\n", f->files, f->count, f->suppressed);
}
