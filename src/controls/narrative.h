/* narrative.h -- narratives outside the two hooks of the control: the same
 * judgement for files, and the only way to HTML. */
#ifndef CONTROLS_NARRATIVE_H
#define CONTROLS_NARRATIVE_H

#include <stdbool.h>

#include "base/attr.h"
#include "fhir/narratives.h"
#include "http/http.h"
#include "text/xhtml.h"

struct exchange;
struct options;
struct outcome;

/* One narrative and what it stands in. */
struct narrative_text {
	const struct json      *json;
	const struct narrative *at;
	const struct options   *options;
	struct arena           *arena;
	struct xhtml_ids       *ids;    /* of the resource, shared by its narratives; NULL: not compared */
};

/* Reads it by the rules of the options; what is left goes to `out` in the form asked for.
 * True when nothing is wrong. */
bool narrative_read(const struct narrative_text *, enum xhtml_form, struct slice prefix,
    struct buf *out, struct xhtml *found);

/* What was found as issues at the div's place: faults, or warnings when it was taken out. */
void narrative_report(const struct narrative_text *, const struct xhtml *, bool taken_out,
    struct outcome *);

/* What becomes of the narratives of a resource on its way out. */
struct narrative_renewal {
	const struct pack    *pack;
	const struct options *options;
	bool drop;                      /* elements were taken out: nothing that was written before stays */
	bool recheck;                   /* what is not by the rules does not stay */
	bool make, make_missing;        /* the resource's own text is made again; where it has none */
	bool replace;                   /* ... where it has one */
};

/* `body` changes to the text with narratives renewed. */
MUST_USE bool narrative_renew(const struct narrative_renewal *, const struct type *, struct slice *body,
    struct arena *, struct outcome *);

/* Elements were cut at the caller's wish: the resource's own text, if it is among those that are left, is made
 * again from the others. */
MUST_USE bool narrative_of_rest(struct exchange *, const struct type *, struct slice *body);

/* A page of the narratives of a JSON answer and of its text, escaped.  With a pack, what has no
 * text of its own is shown with one that is made.  False when the answer is no JSON object. */
bool narrative_page(struct slice answer, const struct pack *, const struct options *, struct arena *,
    struct buf *);

/* What the page is sent with, beside the headers of every answer: it may run, fetch and
 * frame nothing, is of no origin, and shows images only that are in it. */
extern const struct http_header narrative_page_csp;

#endif
