/* report_junit.c -- the XML that shows results of tests: a suite for each control.
 *
 * A rule that was asked and found nothing is a test that passed; each definite failure is a test that
 * failed, what cannot be told one that was skipped.  Files that cannot be parsed are errors. */
#include "base/buf.h"
#include "iac/report.h"

static void
attribute(struct buf *b, const char *name, struct slice text)
{
	buf_printf(b, " %s=\"", name);
	report_markup(b, text);
	buf_add_char(b, '"');
}

static void
add_place(const struct findings *f, struct buf *b, struct span s)
{
	if (!report_has_place(f, s))
		return;
	report_markup(b, report_path(f, s.source));
	buf_printf(b, ":%u", s.line);
}

static void
open_case(struct buf *b, uint32_t control, struct slice id)
{
	buf_add_cstr(b, "    <testcase");
	attribute(b, "classname", slice_of(scan_controls[control].key));
	buf_add_cstr(b, " name=\"");
	report_markup(b, id);
}

static void
write_finding(const struct findings *f, struct buf *b, const struct finding *x)
{
	open_case(b, x->rule->control, x->rule->id);
	buf_add_char(b, ' ');
	report_markup(b, x->address);
	buf_add_char(b, ' ');
	add_place(f, b, x->span);
	buf_add_cstr(b, x->status == FINDING_FAIL ? "\">\n      <failure" : "\">\n      <skipped");
	attribute(b, "message", x->message);
	if (x->status == FINDING_UNKNOWN) {
		buf_add_cstr(b, "/>\n    </testcase>\n");
		return;
	}
	attribute(b, "type", slice_of(severity_names[x->rule->severity]));
	buf_add_char(b, '>');
	report_markup(b, x->rule->advice);
	buf_add_cstr(b, "</failure>\n    </testcase>\n");
}

static bool
has_finding(const struct findings *f, const struct rule *r)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (f->list[i].rule == r)
			return true;
	return false;
}

static bool
passes(const struct findings *f, uint32_t rule)
{
	if (f->all != NULL && f->all[rule].failed + f->all[rule].unknown > 0)
		return false;
	return f->by_rule[rule].passed + f->by_rule[rule].taken > 0 && !has_finding(f, &f->rules->rules[rule]);
}

static void
count_findings(const struct findings *f, uint32_t control, uint32_t *failed, uint32_t *unknown)
{
	*failed = *unknown = 0;
	for (uint32_t i = 0; i < f->count; i++) {
		if (f->list[i].rule->control != control)
			continue;
		*failed += f->list[i].status == FINDING_FAIL;
		*unknown += f->list[i].status == FINDING_UNKNOWN;
	}
}

static void
write_passed(const struct findings *f, struct buf *b, const struct rule *r)
{
	(void)f;
	open_case(b, r->control, r->id);
	buf_add_char(b, ' ');
	report_markup(b, r->title);
	buf_add_cstr(b, "\"/>\n");
}

static void
write_control(const struct findings *f, struct buf *b, uint32_t control)
{
	uint32_t i, passed = 0, failed, unknown;

	count_findings(f, control, &failed, &unknown);
	for (i = 0; i < f->rules->rule_count; i++)
		passed += f->rules->rules[i].control == control && passes(f, i);
	buf_add_cstr(b, "  <testsuite");
	attribute(b, "name", slice_of(scan_controls[control].title));
	buf_printf(b, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", passed + failed + unknown, failed,
	    unknown);
	for (i = 0; i < f->rules->rule_count; i++)
		if (f->rules->rules[i].control == control && passes(f, i))
			write_passed(f, b, &f->rules->rules[i]);
	for (i = 0; i < f->count; i++)
		if (f->list[i].rule->control == control)
			write_finding(f, b, &f->list[i]);
	buf_add_cstr(b, "  </testsuite>\n");
}

static void
write_problems(const struct findings *f, struct buf *b)
{
	uint32_t count = f->project->problem_count;

	buf_printf(b, "  <testsuite name=\"Files\" tests=\"%u\" failures=\"0\" errors=\"%u\" skipped=\"0\">\n", count,
	    count);
	for (uint32_t i = 0; i < count; i++) {
		const struct problem *p = &f->project->problems[i];

		buf_add_cstr(b, "    <testcase classname=\"files\" name=\"");
		add_place(f, b, p->span);
		buf_add_cstr(b, "\">\n      <error type=\"unparsed\"");
		attribute(b, "message", p->message);
		buf_add_cstr(b, "/>\n    </testcase>\n");
	}
	buf_add_cstr(b, "  </testsuite>\n");
}

void
report_junit(const struct findings *f, const struct report_options *o, struct buf *b)
{
	(void)o;
	buf_add_cstr(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"firebreak scan\">\n");
	for (uint32_t i = 0; i < CONTROL_COUNT; i++)
		write_control(f, b, i);
	if (f->project->problem_count > 0)
		write_problems(f, b);
	buf_add_cstr(b, "</testsuites>\n");
}
