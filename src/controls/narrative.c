/* narrative.c -- Narrative: what people read is safe, says something, and shows
 * no more than the data (R4 narrative.html, security.html#narrative).
 *
 * Promises, with their numbers in tests/narrative_test:
 *  (1) Nothing is stored whose narratives, wherever they stand, are not of the
 *      XHTML that is allowed (text/xhtml.h): refused, or cleaned when so configured,
 *      and then it is said what was taken out, to the client and the audit log.
 *  (2) The report holds rules and places, never what was sent.
 *  (3) When elements were taken out of what is sent, no narrative that was stored goes
 *      with it: it is made again from the elements that are left.  (_summary=text asks for the text
 *      itself, and gets it.)
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
	uint32_t language = json_get(t->json, t->at->outer, SLICE("language"));
	struct xhtml_how how = {
		.limits = &t->options->limits, .http = slice_is(t->options->narrative_links, "web"),
		.remote_images = slice_is(t->options->narrative_images, "remote"), .form = form,
		.prefix = prefix, .contained = is_contained_image, .image = contained_image, .ids = t->ids,
		.language = language == 0 ? SLICE_NONE : json_string(t->json, language, t->arena),
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
	struct xhtml_ids *ids = NULL;

	c.edits = arena_array(x->arena, 2 * count + 1, sizeof *c.edits);
	buf_init(&c.reason, x->arena, 4096);
	for (uint32_t i = 0; i < count; i++) {
		struct narrative_text t = { &r->json, &all[i], &x->service->options, x->arena, NULL };

		if (i == 0 || all[i].outer != all[i - 1].outer)
			ids = narratives_ids(&r->json, all[i].outer, x->arena);
		t.ids = ids;
		good &= sanitise ? clean(&c, &t) : judge(&t, &x->outcome);
	}
	return good && (c.count == 0 || replace(&c));
}

/* On the way out */

struct renewing {
	const struct narrative_renewal *how;
	const struct type *type;
	struct arena      *arena;
	struct json        json;
	struct narrative_edit *edits;
	uint32_t           count;
};

static bool
has_text(const struct renewing *r)
{
	uint32_t text = json_get(&r->json, 0, SLICE("text"));
	uint32_t status = text == 0 ? 0 : json_get(&r->json, text, SLICE("status"));

	return text != 0 && !(status != 0 && json_is(&r->json, status, SLICE("empty")));
}

static bool
still_good(struct renewing *r, const struct narrative *n)
{
	struct narrative_text t = { &r->json, n, r->how->options, r->arena, NULL };
	struct xhtml found;

	return narrative_read(&t, XHTML_AS_NOTHING, SLICE_NONE, NULL, &found);
}

/* Those below the resource itself are not made again; a section must have one. */
static void
empty_out(struct renewing *r, const struct narrative *n)
{
	r->edits[r->count++] = edit_value(&r->json, n->object, narrate_empty());
}

static void
make_text(struct renewing *r)
{
	uint32_t text = json_get(&r->json, 0, SLICE("text"));
	struct buf member;

	if (type_element(r->type, SLICE("text")) == NULL)
		return;
	if (text != 0)
		r->edits[r->count++] = edit_remove(&r->json, 0, text - 1);
	buf_init(&member, r->arena, SIZE_MAX);
	buf_add(&member, narrate_member(r->how->pack, &r->json, 0, r->type, &r->how->options->limits,
	    r->arena));
	buf_add_char(&member, ',');
	r->edits[r->count++] = edit_insert(&r->json, 0, buf_slice(&member));
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

/* True when the resource's own text is among those that cannot stay. */
static bool
drop_narratives(struct renewing *r)
{
	struct narrative *all;
	uint32_t count = narratives_find(&r->json, 0, r->type->name, r->arena, &all);
	uint32_t own = json_get(&r->json, 0, SLICE("text"));
	bool own_dropped = false;

	r->edits = arena_array(r->arena, count + 2, sizeof *r->edits);
	for (uint32_t i = 0; i < count; i++) {
		if (!r->how->drop && !(r->how->recheck && !still_good(r, &all[i])))
			continue;
		if (own != 0 && all[i].object == own)
			own_dropped = true;
		else
			empty_out(r, &all[i]);
	}
	return own_dropped;
}

bool
narrative_renew(const struct narrative_renewal *how, const struct type *type, struct slice *body,
    struct arena *arena, struct outcome *o)
{
	struct renewing r = { .how = how, .type = type, .arena = arena };
	bool make = how->make;

	if (!json_parse(*body, json_bounds(&how->options->limits, true), arena, &r.json, o))
		return false;
	make |= how->replace && json_get(&r.json, 0, SLICE("text")) != 0;
	if (drop_narratives(&r) || make || how->drop || (how->make_missing && !has_text(&r)))
		make_text(&r);
	if (r.count == 0)
		return true;
	qsort(r.edits, r.count, sizeof *r.edits, by_place);
	*body = narratives_edit(&r.json, 0, r.edits, r.count, arena);
	return true;
}

bool
narrative_of_rest(struct exchange *x, const struct type *type, struct slice *body)
{
	struct narrative_renewal how = { .pack = x->service->pack, .options = &x->service->options,
		.replace = true };

	return narrative_renew(&how, type, body, x->arena, &x->outcome);
}

static bool
narrative_out(struct exchange *x, struct stored *s)
{
	const struct options *o = &x->service->options;
	struct narrative_renewal how = {
		.pack = x->service->pack, .options = o, .drop = s->redacted,
		.recheck = o->narrative_recheck, .make = slice_is(o->narrative_generate, "always"),
		.make_missing = slice_is(o->narrative_generate, "missing"),
	};

	if (!how.drop && !how.recheck && !how.make && !how.make_missing)
		return true;
	return narrative_renew(&how, s->type, &s->body, x->arena, &x->outcome);
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
