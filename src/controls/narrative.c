/* narrative.c -- Narrative: what people read is safe, says something, and shows
 * no more than the data (R4 narrative.html, security.html#narrative).
 *
 * Promises, with their numbers in tests/narrative_test:
 *  (1) Nothing is stored whose narratives, wherever they stand, are not of the
 *      XHTML that is allowed (text/xhtml.h): refused, or cleaned when so configured,
 *      and then it is said what was taken out, to the client and the audit log.
 *  (2) The report holds rules and places, never what was sent.
 *  (3) When elements were taken out of what is sent, no narrative that was stored goes
 *      with it: it is made again from the elements that are left.
 *  (4) HTML is made by narrative_html.c alone. */
#include "controls/narrative.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/pack.h"

/* Reading one */

/* R4: an image of the resource is a contained Binary or Media. */
static bool
is_contained_image(void *ctx, struct slice id)
{
	const struct narrative_text *t = ctx;
	uint32_t node = narratives_contained(t->json, t->at->outer, id);
	uint32_t type = node == 0 ? 0 : json_get(t->json, node, SLICE("resourceType"));

	return type != 0 && (json_is(t->json, type, SLICE("Binary")) || json_is(t->json, type, SLICE("Media")));
}

static struct slice
contained_image(void *ctx, struct slice id)
{
	const struct narrative_text *t = ctx;
	uint32_t node = narratives_contained(t->json, t->at->outer, id);
	struct slice type, data;
	struct buf b;

	if (node == 0)
		return SLICE_NONE;
	type = json_string(t->json, json_get(t->json, node, SLICE("contentType")), t->arena);
	data = json_string(t->json, json_get(t->json, node, SLICE("data")), t->arena);
	buf_init(&b, t->arena, SIZE_MAX);
	buf_printf(&b, "data:%.*s;base64,%.*s", SLICE_FMT(type), SLICE_FMT(data));
	return buf_slice(&b);
}

bool
narrative_read(const struct narrative_text *t, enum xhtml_form form, struct slice prefix,
    struct buf *out, struct xhtml *found)
{
	struct xhtml_how how = {
		.limits = &t->options->limits, .http = slice_is(t->options->narrative_links, "web"),
		.remote_images = slice_is(t->options->narrative_images, "remote"), .form = form,
		.prefix = prefix, .contained = is_contained_image, .image = contained_image,
		.ctx = (void *)t, .out = out,
	};

	return xhtml_read(json_string(t->json, t->at->div, t->arena), &how, t->arena, found);
}

static struct slice
taken_out_text(struct slice sentence, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 512);
	buf_add(&b, SLICE("taken out: "));
	buf_add(&b, sentence);
	return buf_slice(&b);
}

static void
report_one(const struct narrative_text *t, const struct xhtml_finding *f, bool taken_out,
    struct outcome *o)
{
	const struct xhtml_rule_row *row = &xhtml_rules[f->rule];
	struct place place = json_place(t->json, t->at->div);
	struct slice text = xhtml_sentence(f, t->arena);

	place.path = t->at->path;
	taken_out = taken_out && faults[row->fault].status >= 400;
	outcome_issue(o, taken_out ? FAULT_WARNING : row->fault, row->id, place,
	    taken_out ? taken_out_text(text, t->arena) : text);
}

void
narrative_report(const struct narrative_text *t, const struct xhtml *found, bool taken_out,
    struct outcome *o)
{
	if (found->stop != NULL)
		report_one(t, found->stop, false, o);
	for (const struct xhtml_finding *f = found->stop == NULL ? found->first : NULL; f != NULL; f = f->next)
		report_one(t, f, taken_out, o);
}

/* On the way in */

struct cleaning {
	struct exchange       *x;
	struct resource       *r;
	struct narrative_edit *edits;
	uint32_t               count;
	struct buf             reason;          /* for the audit record: rules, names */
};

static void
add_edit(struct cleaning *c, struct narrative_edit e)
{
	struct narrative_edit *last = c->count == 0 ? NULL : &c->edits[c->count - 1];

	c->edits[c->count++] = e;
	if (last != NULL && last->from > e.from) {      /* status behind div, or in front */
		c->edits[c->count - 1] = *last;
		*last = e;
	}
}

static void
note_for_audit(struct cleaning *c, const struct xhtml *found)
{
	for (const struct xhtml_finding *f = found->first; f != NULL; f = f->next) {
		buf_add(&c->reason, c->reason.len == 0 ? SLICE("taken out of narrative: ") : SLICE(", "));
		buf_add_cstr(&c->reason, xhtml_rules[f->rule].id);
		if (f->name != NULL)
			buf_printf(&c->reason, " %s", f->name);
	}
}

/* What lost text is not any more all that was generated: R4 narrative-status. */
static void
lower_status(struct cleaning *c, const struct narrative_text *t)
{
	uint32_t status = json_get(t->json, t->at->object, SLICE("status"));
	struct place place = json_place(t->json, status);
	struct buf path;

	if (status == 0 || !(json_is(t->json, status, SLICE("generated"))
	    || json_is(t->json, status, SLICE("extensions"))))
		return;
	add_edit(c, edit_value(t->json, status, SLICE("\"additional\"")));
	buf_init(&path, c->x->arena, 8192);
	buf_add(&path, slice_sub(t->at->path, 0, t->at->path.len - 3));
	buf_add(&path, SLICE("status"));
	place.path = buf_slice(&path);
	outcome_issue(&c->x->outcome, FAULT_WARNING, "narrative_status", place,
	    SLICE("the status is now additional: text was taken out"));
}

static bool
clean(struct cleaning *c, const struct narrative_text *t)
{
	struct outcome *o = &c->x->outcome;
	struct xhtml found;
	struct buf left, quoted;

	buf_init(&left, c->x->arena, SIZE_MAX);
	if (narrative_read(t, XHTML_AS_XML, SLICE_NONE, &left, &found)) {
		narrative_report(t, &found, false, o);
		return true;
	}
	if (!found.readable || !found.says) {
		narrative_report(t, &found, false, o);
		return false;
	}
	narrative_report(t, &found, true, o);
	note_for_audit(c, &found);
	buf_init(&quoted, c->x->arena, SIZE_MAX);
	json_write_string(&quoted, buf_slice(&left));
	add_edit(c, edit_value(t->json, t->at->div, buf_slice(&quoted)));
	if (found.lost)
		lower_status(c, t);
	return true;
}

/* The resource as it is without what was taken out. */
static bool
replace(struct cleaning *c)
{
	struct exchange *x = c->x;
	struct json *j = arena_alloc(x->arena, sizeof *j);
	struct slice text = narratives_edit(&c->r->json, c->r->node, c->edits, c->count, x->arena);

	if (!json_parse(text, json_bounds(x->service->limits, true), x->arena, j, &x->outcome))
		return false;
	x->hidden_reason = buf_slice(&c->reason);
	c->r->json = *j;
	c->r->node = 0;
	return true;
}

static bool
judge(const struct narrative_text *t, struct outcome *o)
{
	struct xhtml found;
	bool good = narrative_read(t, XHTML_AS_NOTHING, SLICE_NONE, NULL, &found);

	narrative_report(t, &found, false, o);
	return good;
}

static bool
narrative_in(struct exchange *x, struct resource *r)
{
	bool sanitise = slice_is(x->service->options.narrative_mode, "sanitise"), good = true;
	struct cleaning c = { .x = x, .r = r };
	struct narrative *all;
	uint32_t count = narratives_find(&r->json, r->node, r->type->name, x->arena, &all);

	c.edits = arena_array(x->arena, 2 * count + 1, sizeof *c.edits);
	buf_init(&c.reason, x->arena, 4096);
	for (uint32_t i = 0; i < count; i++) {
		struct narrative_text t = { &r->json, &all[i], &x->service->options, x->arena };

		good &= sanitise ? clean(&c, &t) : judge(&t, &x->outcome);
	}
	return good && (c.count == 0 || replace(&c));
}

/* On the way out */

struct rebuilding {
	struct exchange   *x;
	struct stored     *s;
	struct json        json;
	struct narrative_edit *edits;
	uint32_t           count;
};

static bool
has_text(const struct rebuilding *b)
{
	uint32_t text = json_get(&b->json, 0, SLICE("text"));
	uint32_t status = text == 0 ? 0 : json_get(&b->json, text, SLICE("status"));

	return text != 0 && !(status != 0 && json_is(&b->json, status, SLICE("empty")));
}

static bool
still_good(struct rebuilding *b, const struct narrative *n)
{
	struct narrative_text t = { &b->json, n, &b->x->service->options, b->x->arena };
	struct xhtml found;

	return narrative_read(&t, XHTML_AS_NOTHING, SLICE_NONE, NULL, &found);
}

/* Those below the resource itself cannot be made again: of a section one must be left. */
static void
leave_out(struct rebuilding *b, const struct narrative *n)
{
	b->edits[b->count++] = edit_value(&b->json, n->object, narrate_empty());
}

static void
renew(struct rebuilding *b)
{
	uint32_t text = json_get(&b->json, 0, SLICE("text"));
	struct buf member;

	if (type_element(b->s->type, SLICE("text")) == NULL)
		return;
	if (text != 0)
		b->edits[b->count++] = edit_remove(&b->json, 0, text - 1);
	buf_init(&member, b->x->arena, SIZE_MAX);
	buf_add(&member, narrate_member(b->x->service->pack, &b->json, 0, b->s->type,
	    b->x->service->limits, b->x->arena));
	buf_add_char(&member, ',');
	b->edits[b->count++] = edit_insert(&b->json, 0, buf_slice(&member));
}

/* In the order of the text, what is inserted in front of what is removed. */
static int
by_place(const void *a, const void *b)
{
	const struct narrative_edit *left = a, *right = b;

	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return (left->to > right->to) - (left->to < right->to);
}

static void
rebuild(struct rebuilding *b, bool drop_all, bool recheck, bool make)
{
	struct narrative *all;
	uint32_t count = narratives_find(&b->json, 0, b->s->type->name, b->x->arena, &all);

	b->edits = arena_array(b->x->arena, count + 2, sizeof *b->edits);
	for (uint32_t i = 0; i < count; i++) {
		bool own = all[i].resource == 0 && json_is(&b->json, all[i].member, SLICE("text"))
		    && all[i].object == json_get(&b->json, 0, SLICE("text"));

		if (!drop_all && (!recheck || still_good(b, &all[i])))
			continue;
		if (own)
			make = true;
		else
			leave_out(b, &all[i]);
	}
	if (make)
		renew(b);
	if (b->count == 0)
		return;
	qsort(b->edits, b->count, sizeof *b->edits, by_place);
	b->s->body = narratives_edit(&b->json, 0, b->edits, b->count, b->x->arena);
}

static bool
narrative_out(struct exchange *x, struct stored *s)
{
	const struct options *o = &x->service->options;
	bool always = slice_is(o->narrative_generate, "always");
	bool missing = slice_is(o->narrative_generate, "missing");
	struct rebuilding b = { .x = x, .s = s };

	if (!s->redacted && !always && !missing && !o->narrative_recheck)
		return true;
	if (!json_parse(s->body, json_bounds(x->service->limits, true), x->arena, &b.json, &x->outcome))
		return false;
	rebuild(&b, s->redacted, o->narrative_recheck, always || s->redacted || (missing && !has_text(&b)));
	return true;
}

/* What stands behind "enforced": a narrative of every kind that must not pass is tried. */
static const struct { const char *div; bool good; } probes[] = {
	{ "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>", true },
	{ "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>a</script></div>", false },
	{ "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p onclick=\"a\">a</p></div>", false },
	{ "<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"java&#9;script:a\">a</a></div>", false },
	{ "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p style=\"display:none\">a</p></div>", false },
	{ "<div xmlns=\"http://www.w3.org/1999/xhtml\"> </div>", false },
	{ "<div><p>a</p></div>", false },
};

static bool
probes_pass(const struct service *s)
{
	struct arena *arena = arena_new(4096);
	struct xhtml_how how = { .limits = s->limits, .http = true };
	struct xhtml found;
	bool good = true;

	for (size_t i = 0; i < COUNT_OF(probes); i++)
		good &= xhtml_read(slice_of(probes[i].div), &how, arena, &found) == probes[i].good;
	arena_free(arena);
	return good;
}

static void
narrative_status(const struct service *s, struct control_status *out)
{
	const struct options *o = &s->options;

	out->state = probes_pass(s) ? CONTROL_ENFORCED : CONTROL_FAILED;
	snprintf(out->evidence, sizeof out->evidence,
	    "%zu probes judged; writes: %.*s; generated: %.*s, and where elements are taken out; "
	    "images: %.*s; HTML: %s", COUNT_OF(probes), SLICE_FMT(o->narrative_mode),
	    SLICE_FMT(o->narrative_generate), SLICE_FMT(o->narrative_images),
	    o->narrative_html ? "in a sandbox" : "none");
}

const struct control narrative_control = {
	.name              = "Narrative",
	.rule              = "narrative is safe XHTML, says something, and shows no more than the data",
	.resource_in       = narrative_in,
	.resource_out      = narrative_out,
	.status            = narrative_status,
	.refuse_when_down  = true,
};
