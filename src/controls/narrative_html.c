/* narrative_html.c -- narratives as HTML: the one place where text of a resource
 * becomes markup.
 *
 * A narrative gets here as what xhtml_read() writes of it, whatever is stored: elements
 * and attributes of our tables, escaped values, ids with a prefix of their own, no
 * image but those that are embedded.  All else on the page is escaped text.  Each narrative
 * stands in a box that cuts off what would leave it.  And should all of this be wrong,
 * the page is sent with a policy under which nothing runs, loads or is submitted. */
#include "controls/narrative.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/options.h"
#include "json/json.h"

/* The style element below by its hash (a test compares them); style attributes are those that
 * were let through. */
#define STYLE                                                                                       \
	"body{font:16px/1.4 sans-serif;margin:1em;color:#111;background:#fff}"                      \
	"section{border:1px solid #999;margin:0 0 1em;padding:1em;overflow:auto;contain:content;"   \
	"position:relative;unicode-bidi:isolate;overflow-wrap:anywhere}"                            \
	"section img{max-width:100%}"                                                               \
	"pre.json{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #ccc;padding:1em}"   \
	"table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:2px 6px;"               \
	"text-align:left;vertical-align:top}"                                                       \
	".bold{font-weight:bold}.italics{font-style:italic}.underline{text-decoration:underline}"   \
	".strikethrough{text-decoration:line-through}.left{text-align:left}.right{text-align:right}" \
	".center{text-align:center}.justify{text-align:justify}.border-left{border-left:1px solid}" \
	".border-right{border-right:1px solid}.border-top{border-top:1px solid}"                    \
	".border-bottom{border-bottom:1px solid}.arabic{list-style-type:decimal}"                   \
	".little-roman{list-style-type:lower-roman}.big-roman{list-style-type:upper-roman}"         \
	".little-alpha{list-style-type:lower-alpha}.big-alpha{list-style-type:upper-alpha}"         \
	".disc{list-style-type:disc}.circle{list-style-type:circle}.square{list-style-type:square}" \
	".unlist{list-style-type:none}"

const struct http_header narrative_page_csp = {
	SLICE_INIT("content-security-policy"),
	SLICE_INIT("default-src 'none'; img-src data:; style-src-elem 'sha256-mpgnunIrJWB5Z/trkQyfT0sLq/e8k41CnVQq7i4PRtw='; "
	    "style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'; sandbox"),
};

static void
write_box(const struct narrative_text *t, uint32_t number, struct buf *b)
{
	struct xhtml found;
	struct buf html;
	char prefix[24];

	snprintf(prefix, sizeof prefix, "n%u-", number);
	buf_init(&html, t->arena, SIZE_MAX);
	(void)narrative_read(t, XHTML_AS_HTML, slice_of(prefix), &html, &found);
	buf_add(b, SLICE("<section dir=\"auto\">"));
	if (found.readable)
		buf_add(b, buf_slice(&html));
	else
		buf_add(b, SLICE("<p>The narrative cannot be shown.</p>"));
	buf_add(b, SLICE("</section>\n"));
}

static void
write_narratives(const struct json *j, const struct options *options, struct arena *arena, struct buf *b)
{
	struct narrative *all;
	uint32_t count = narratives_find(j, 0, SLICE_NONE, arena, &all);

	for (uint32_t i = 0; i < count; i++) {
		struct narrative_text t = { j, &all[i], options, arena };

		write_box(&t, i, b);
	}
}

bool
narrative_page(struct slice answer, const struct options *options, struct arena *arena, struct buf *b)
{
	const struct json_bounds any = { .depth = 1024, .nodes = UINT32_MAX - 1, .number = SIZE_MAX,
		.key = SIZE_MAX };
	struct outcome aside;
	struct buf pretty;
	struct json j;

	outcome_init(&aside, arena);
	if (!json_parse(answer, any, arena, &j, &aside))
		return false;
	buf_add(b, SLICE("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<title>FHIR resource</title><style>" STYLE "</style></head>\n<body>\n"));
	write_narratives(&j, options, arena, b);
	buf_init(&pretty, arena, SIZE_MAX);
	json_write_pretty(&pretty, &j, 0);
	buf_add(b, SLICE("<pre class=\"json\">\n"));
	xhtml_escape(b, buf_slice(&pretty), false);
	buf_add(b, SLICE("</pre>\n</body></html>\n"));
	return buf_ok(b);
}
