/* report.h -- findings in the forms that others read; a form is a row of the table. */
#ifndef IAC_REPORT_H
#define IAC_REPORT_H

#include "iac/finding.h"

struct buf;

struct report_options {
	bool colour;
	bool only_controls;             /* text: the matrix alone */
	const char *version;            /* of this program */
	int64_t now;                    /* milliseconds since 1970; only forms that must hold a time do */
};

struct report_format {
	const char *name, *summary;
	void (*write)(const struct findings *, const struct report_options *, struct buf *);
};

extern const struct report_format report_formats[];
extern const size_t report_format_count;

/* In valid UTF-8, whatever bytes the files held. */
void report_write(const struct report_format *, const struct findings *, const struct report_options *,
    struct buf *);

/* NULL: there is none. */
const struct report_format *report_format(const char *name);

void report_text(const struct findings *, const struct report_options *, struct buf *);
void report_json(const struct findings *, const struct report_options *, struct buf *);
void report_sarif(const struct findings *, const struct report_options *, struct buf *);
void report_junit(const struct findings *, const struct report_options *, struct buf *);
void report_gitlab(const struct findings *, const struct report_options *, struct buf *);
void report_markdown(const struct findings *, const struct report_options *, struct buf *);
void report_html(const struct findings *, const struct report_options *, struct buf *);

/* ---- what writers share ---- */

/* Of a source, without "./". */
struct slice report_path(const struct findings *, uint32_t source);
/* The line of a finding as it may be shown: what is or may be a secret ends behind its name. */
struct slice report_shown_line(const struct findings *, const struct finding *, bool *cut);
extern const char *const report_status[2];
/* Whether a span is a place in a file that was scanned. */
bool report_has_place(const struct findings *, struct span);
/* ,"name":"text" */
void report_member(struct buf *, const char *name, struct slice text);
/* Text of XML or HTML, also between quotes; what XML cannot hold becomes U+FFFD. */
void report_markup(struct buf *, struct slice text);

#endif
