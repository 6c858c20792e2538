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
#include "fhir/pack.h"
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

struct page {
	const struct json    *json;
	const struct pack    *pack;
	const struct options *options;
	struct arena         *arena;
	struct buf           *out;
	uint32_t              boxes;
};

static void
open_box(struct page *p, char prefix[24])
{
	snprintf(prefix, 24, "n%u-", p->boxes++);
	buf_add(p->out, SLICE("<section dir=\"auto\">"));
}

static void
close_box(struct page *p, bool readable, struct slice html)
{
	buf_add(p->out, readable ? html : SLICE("<p>The narrative cannot be shown.</p>"));
	buf_add(p->out, SLICE("</section>\n"));
}

static void
show_narrative(struct page *p, const struct narrative *n)
{
	struct narrative_text t = { p->json, n, p->options, p->arena, NULL };
	struct xhtml found;
	struct buf html;
	char prefix[24];

	open_box(p, prefix);
	buf_init(&html, p->arena, SIZE_MAX);
	(void)narrative_read(&t, XHTML_AS_HTML, slice_of(prefix), &html, &found);
	close_box(p, found.readable, buf_slice(&html));
}

/* Of a resource without a text of its own; it goes the same way as those that are stored. */
static void
show_made(struct page *p, uint32_t node, const struct type *type)
{
	struct xhtml_how how = { .limits = &p->options->limits, .form = XHTML_AS_HTML };
	struct xhtml found;
	struct slice div;
	struct buf html;
	char prefix[24];
	bool good;

	if (!narrate(p->pack, p->json, node, type, false, &p->options->limits, p->arena, &div))
		return;
	open_box(p, prefix);
	buf_init(&html, p->arena, SIZE_MAX);
	how.out = &html;
	how.prefix = slice_of(prefix);
	good = xhtml_read(div, &how, p->arena, &found);
	close_box(p, good, buf_slice(&html));
}

static struct slice
text_of(struct page *p, uint32_t node, const char *member)
{
	return json_string(p->json, json_get(p->json, node, slice_of(member)), p->arena);
}

static void
show_resource(struct page *p, uint32_t node)
{
	struct slice name = text_of(p, node, "resourceType"), id = text_of(p, node, "id");
	const struct type *type = p->pack == NULL ? NULL : pack_resource(p->pack, name);
	struct narrative *all;
	uint32_t count = narratives_find(p->json, node, name, p->arena, &all);

	buf_add(p->out, SLICE("<h2>"));
	xhtml_escape(p->out, name, false);
	buf_add(p->out, id.len > 0 ? SLICE(" ") : SLICE(""));
	xhtml_escape(p->out, id, false);
	buf_add(p->out, SLICE("</h2>\n"));
	if (type != NULL && json_get(p->json, node, SLICE("text")) == 0
	    && type_element(type, SLICE("text")) != NULL)
		show_made(p, node, type);
	for (uint32_t i = 0; i < count; i++)
		show_narrative(p, &all[i]);
}

/* The resource; of a Bundle those in its entries. */
static void
show_all(struct page *p)
{
	uint32_t list = slice_is(text_of(p, 0, "resourceType"), "Bundle")
	    ? json_get(p->json, 0, SLICE("entry")) : 0;

	if (list == 0 || json_type(p->json, list) != JSON_ARRAY) {
		show_resource(p, 0);
		return;
	}
	for (uint32_t n = json_first(p->json, list); n != 0; n = json_next(p->json, list, n)) {
		uint32_t resource = json_type(p->json, n) == JSON_OBJECT
		    ? json_get(p->json, n, SLICE("resource")) : 0;

		if (resource != 0 && json_type(p->json, resource) == JSON_OBJECT)
			show_resource(p, resource);
	}
}

bool
narrative_page(struct slice answer, const struct pack *pack, const struct options *options,
    struct arena *arena, struct buf *b)
{
	const struct json_bounds any = { .depth = 1024, .nodes = UINT32_MAX - 1, .number = SIZE_MAX,
		.key = SIZE_MAX };
	struct outcome aside;
	struct json j;
	struct page p = { &j, pack, options, arena, b, 0 };
	struct buf pretty;

	outcome_init(&aside, arena);
	if (!json_parse(answer, any, arena, &j, &aside) || json_type(&j, 0) != JSON_OBJECT)
		return false;
	buf_add(b, SLICE("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<title>FHIR resource</title><style>" STYLE "</style></head>\n<body>\n"));
	show_all(&p);
	buf_init(&pretty, arena, SIZE_MAX);
	json_write_pretty(&pretty, &j, 0);
	buf_add(b, SLICE("<pre class=\"json\">\n"));
	xhtml_escape(b, buf_slice(&pretty), false);
	buf_add(b, SLICE("</pre>\n</body></html>\n"));
	return buf_ok(b);
}
