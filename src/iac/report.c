/* report.c -- the table of forms, and what they share. */
#include "iac/report.h"

#include "base/attr.h"

const struct report_format report_formats[] = {
	{ "text", "for people: the controls, then each finding with its lines", report_text },
	{ "json", "for programs", report_json },
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

struct slice
report_path(const struct findings *f, uint32_t source)
{
	struct slice path = f->project->sources[source].path;

	return slice_starts(path, SLICE("./")) ? slice_sub(path, 2, path.len) : path;
}

struct slice
report_line(const struct findings *f, uint32_t source, uint32_t line)
{
	struct slice rest = f->project->sources[source].text, text = SLICE("");

	for (uint32_t i = 0; i < line && rest.ptr != NULL; i++)
		text = slice_cut(&rest, '\n');
	if (text.len > 0 && text.ptr[text.len - 1] == '\r')
		text.len--;
	return text;
}
