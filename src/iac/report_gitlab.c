/* report_gitlab.c -- a SAST report of GitLab (security-report-schemas 15.2.1).
 *
 * Its schema wants the time of the scan: the one form whose bytes differ between two runs.  What
 * cannot be told has severity "Info". */
#include <inttypes.h>

#include "base/buf.h"
#include "base/instant.h"
#include "iac/report.h"
#include "json/json.h"

static const char *const severities[] = { "Low", "Medium", "High", "Critical" };

static void
identifiers(struct buf *b, const struct rule *r)
{
	buf_add_cstr(b, ",\"identifiers\":[{\"type\":\"firebreak_rule\"");
	report_member(b, "name", r->id);
	report_member(b, "value", r->id);
	buf_add_cstr(b, "}]");
}

static void
write_finding(const struct findings *f, struct buf *b, const struct finding *x)
{
	buf_printf(b, "{\"id\":\"%016" PRIx64 "\"", x->fingerprint);
	report_member(b, "name", x->rule->title);
	report_member(b, "description", x->message);
	buf_printf(b, ",\"severity\":\"%s\"", x->status == FINDING_FAIL ? severities[x->rule->severity] : "Info");
	if (x->rule->advice.len > 0)
		report_member(b, "solution", x->rule->advice);
	buf_add_cstr(b, ",\"location\":{\"class\":");
	json_write_string(b, x->address);
	if (report_has_place(f, x->span)) {
		report_member(b, "file", report_path(f, x->span.source));
		buf_printf(b, ",\"start_line\":%u,\"end_line\":%u", x->span.line, x->span.end_line);
	}
	buf_add_char(b, '}');
	identifiers(b, x->rule);
	buf_add_char(b, '}');
}

static void
write_tool(struct buf *b, const char *kind, const struct report_options *o)
{
	buf_printf(b, "\"%s\":{\"id\":\"firebreak\",\"name\":\"Firebreak\",\"vendor\":{\"name\":\"Firebreak\"}", kind);
	report_member(b, "version", slice_of(o->version));
	buf_add_cstr(b, "},");
}

static void
write_scan(const struct findings *f, struct buf *b, const struct report_options *o)
{
	char now[INSTANT_TEXT];

	instant_format(o->now, now);
	buf_add_cstr(b, "\"scan\":{");
	write_tool(b, "analyzer", o);
	write_tool(b, "scanner", o);
	buf_printf(b, "\"type\":\"sast\",\"start_time\":\"%.19s\",\"end_time\":\"%.19s\",\"status\":\"%s\"}", now, now,
	    f->project->problem_count == 0 ? "success" : "failure");
}

void
report_gitlab(const struct findings *f, const struct report_options *o, struct buf *b)
{
	buf_add_cstr(b, "{\"version\":\"15.2.1\",");
	write_scan(f, b, o);
	buf_add_cstr(b, ",\n\"vulnerabilities\":[");
	for (uint32_t i = 0; i < f->count; i++) {
		buf_add_cstr(b, i > 0 ? ",\n" : "\n");
		write_finding(f, b, &f->list[i]);
	}
	buf_add_cstr(b, "]}\n");
}
