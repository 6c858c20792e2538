/* subset.c -- see subset.h. */
#include "rest/subset.h"

#include "base/arena.h"
#include "base/buf.h"
#include "controls/narrative.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "store/store.h"

#define SYSTEM "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
#define SUBSETTED "{\"system\":\"" SYSTEM "\",\"code\":\"SUBSETTED\"}"

struct subset {
	const struct pack  *pack;
	const struct query *query;
	const struct type  *type;
	const struct json  *json;
	struct arena       *arena;
	struct buf         *b;
};

/* The element of a member: "_birthDate" is birthDate's, "valueQuantity" is value's. */
static const struct element *
element_of(const struct subset *s, const struct type *type, struct slice member,
    const struct element_type **which)
{
	if (member.len > 0 && member.ptr[0] == '_')
		member = slice_sub(member, 1, member.len);
	return pack_member(s->pack, type, member, which);
}

static bool
is_asked_for(const struct query *q, const struct element *e, struct slice member)
{
	for (uint32_t i = 0; i < q->element_count; i++)
		if (slice_eq(q->elements[i], e->name) || slice_eq(q->elements[i], member))
			return true;
	return false;
}

static bool
always(struct slice member)
{
	return slice_is(member, "resourceType") || slice_is(member, "id") || slice_is(member, "meta");
}

/* Of the resource itself. */
static bool
stays(const struct subset *s, const struct element *e, struct slice member)
{
	if (e == NULL || always(member))
		return true;
	if (s->query->element_count > 0)
		return e->min > 0 || e->modifier || is_asked_for(s->query, e, member);
	switch (s->query->summary) {
	case SUMMARY_TRUE: return e->summary || e->min > 0 || e->modifier;
	case SUMMARY_TEXT: return e->min > 0 || e->modifier || slice_is(member, "text");
	case SUMMARY_DATA: return !slice_is(member, "text");
	case SUMMARY_FALSE: break;
	}
	return true;
}

static void write_value(struct subset *, const struct type *, uint32_t node);

/* _summary=true looks into the unnamed structures of a resource too. */
static void
write_inside(struct subset *s, const struct type *type, uint32_t object)
{
	bool first = true;

	buf_add_char(s->b, '{');
	for (uint32_t n = json_first(s->json, object); n != 0; n = json_next(s->json, object, n)) {
		const struct element_type *which = NULL;
		struct slice member = json_string(s->json, n, s->arena);
		const struct element *e = element_of(s, type, member, &which);

		if (e != NULL && !e->summary && e->min == 0 && !e->modifier && !slice_is(member, "id"))
			continue;
		if (!first)
			buf_add_char(s->b, ',');
		first = false;
		json_write_node(s->b, s->json, n);
		buf_add_char(s->b, ':');
		write_value(s, which == NULL ? NULL : which->type, n + 1);
	}
	buf_add_char(s->b, '}');
}

static void
write_value(struct subset *s, const struct type *type, uint32_t node)
{
	bool first = true;

	if (type == NULL || type->kind != TYPE_BACKBONE || s->query->summary != SUMMARY_TRUE) {
		json_write_node(s->b, s->json, node);
		return;
	}
	if (json_type(s->json, node) != JSON_ARRAY) {
		write_inside(s, type, node);
		return;
	}
	buf_add_char(s->b, '[');
	for (uint32_t n = json_first(s->json, node); n != 0; n = json_next(s->json, node, n)) {
		if (!first)
			buf_add_char(s->b, ',');
		first = false;
		write_inside(s, type, n);
	}
	buf_add_char(s->b, ']');
}

static void
write_tags(struct subset *s, uint32_t tags)
{
	buf_add(s->b, SLICE("\"tag\":["));
	for (uint32_t n = tags == 0 ? 0 : json_first(s->json, tags); n != 0;
	    n = json_next(s->json, tags, n)) {
		json_write_node(s->b, s->json, n);
		buf_add_char(s->b, ',');
	}
	buf_add(s->b, SLICE(SUBSETTED "]"));
}

static void
write_meta(struct subset *s, uint32_t meta)
{
	uint32_t tags = 0;

	buf_add_char(s->b, '{');
	for (uint32_t n = json_first(s->json, meta); n != 0; n = json_next(s->json, meta, n)) {
		if (json_is(s->json, n, SLICE("tag"))) {
			tags = n + 1;
			continue;
		}
		json_write_node(s->b, s->json, n);
		buf_add_char(s->b, ':');
		json_write_node(s->b, s->json, n + 1);
		buf_add_char(s->b, ',');
	}
	write_tags(s, tags);
	buf_add_char(s->b, '}');
}

static void
write_subset(struct subset *s)
{
	bool first = true;

	buf_add_char(s->b, '{');
	for (uint32_t n = json_first(s->json, 0); n != 0; n = json_next(s->json, 0, n)) {
		const struct element_type *which = NULL;
		struct slice member = json_string(s->json, n, s->arena);
		const struct element *e = element_of(s, s->type, member, &which);

		if (!stays(s, e, member))
			continue;
		if (!first)
			buf_add_char(s->b, ',');
		first = false;
		json_write_node(s->b, s->json, n);
		buf_add_char(s->b, ':');
		if (slice_is(member, "meta"))
			write_meta(s, n + 1);
		else
			write_value(s, which == NULL ? NULL : which->type, n + 1);
		if (slice_is(member, "resourceType") && json_get(s->json, 0, SLICE("meta")) == 0) {
			buf_add(s->b, SLICE(",\"meta\":{"));
			write_tags(s, 0);
			buf_add_char(s->b, '}');
		}
	}
	buf_add_char(s->b, '}');
}

static bool
asks_for_text(const struct query *q)
{
	for (uint32_t i = 0; i < q->element_count; i++)
		if (slice_is(q->elements[i], "text"))
			return true;
	return false;
}

bool
subset_of(struct exchange *x, const struct query *q, const struct stored *stored, struct slice *out)
{
	struct subset s = { .pack = x->service->pack, .query = q, .type = stored->type,
		.arena = x->arena };
	struct json j;
	struct buf b;

	*out = stored->body;
	if (q->element_count == 0 && q->summary == SUMMARY_FALSE)
		return true;
	if (!json_parse(stored->body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	s.json = &j;
	s.b = &b;
	write_subset(&s);
	*out = buf_slice(&b);
	return q->element_count == 0 || !asks_for_text(q) || narrative_of_rest(x, stored->type, out);
}

bool
subset_asked(struct exchange *x, const struct type *type, struct query *q)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct slice rest = x->query;
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	while (rest.len > 0) {
		struct slice pair = slice_cut(&rest, '&');

		if (slice_starts(pair, SLICE("_elements=")) || slice_starts(pair, SLICE("_summary="))) {
			buf_add(&b, pair);
			buf_add_char(&b, '&');
		}
	}
	if (!query_parse(store_index(x->worker->reader), type, buf_slice(&b), SLICE_NONE, false, &resolver, x->service->limits,
	    x->received, x->arena, q, &x->outcome))
		return false;
	return !q->count_only || exchange_fail(x, FAULT_BAD_SEARCH, "there is nothing to count");
}

bool
subset_tagged(const struct json *j, uint32_t node)
{
	uint32_t tags = json_path(j, node, "meta.tag");

	for (uint32_t n = tags == 0 ? 0 : json_first(j, tags); n != 0; n = json_next(j, tags, n))
		if (json_is(j, json_get(j, n, SLICE("code")), SLICE("SUBSETTED"))
		    && json_is(j, json_get(j, n, SLICE("system")), SLICE(SYSTEM)))
			return true;
	return false;
}
