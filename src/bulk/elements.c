/* elements.c -- _elements of an export: "Patient.name" for one type, "name" for all.
 *
 * Top-level elements, as Bulk Data Access says; those that are mandatory stay, and what was
 * cut says so with the SUBSETTED tag (R4 resource.html#simple-tags). */
#include "bulk/inside.h"

#include "base/arena.h"
#include "base/limits.h"
#include "controls/narrative.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/pack.h"

#define SUBSETTED "{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\",\"code\":\"SUBSETTED\"}"

static bool
asked_by(struct slice element, const struct type *type, struct slice name)
{
	struct slice rest = element, head = slice_cut(&rest, '.');

	return rest.ptr == NULL ? slice_eq(head, name) : slice_eq(head, type->name) && slice_eq(rest, name);
}

/* Is anything asked of this type?  An element without a type is asked of all. */
static bool
concerns(const struct bulk_request *q, const struct type *type)
{
	for (uint32_t i = 0; i < q->element_count; i++) {
		struct slice rest = q->elements[i], head = slice_cut(&rest, '.');

		if (rest.ptr == NULL || slice_eq(head, type->name))
			return true;
	}
	return false;
}

static bool
kept(struct exchange *x, const struct bulk_request *q, const struct type *type, struct slice name)
{
	struct slice plain = name.len > 1 && name.ptr[0] == '_' ? slice_sub(name, 1, name.len) : name;
	const struct element_type *which;
	const struct element *e = pack_member(x->service->pack, type, plain, &which);

	if (slice_is(name, "resourceType") || slice_is(name, "id") || (e != NULL && e->min > 0))
		return true;
	for (uint32_t i = 0; i < q->element_count; i++)
		if (asked_by(q->elements[i], type, plain)
		    || (e != NULL && e->choice && asked_by(q->elements[i], type, e->name)))
			return true;
	return false;
}

bool
elements_has(struct exchange *x, const struct bulk_request *q, const struct type *type,
    struct slice name)
{
	return !concerns(q, type) || kept(x, q, type, name);
}

static void
add_member(struct buf *b, const struct json *j, uint32_t name)
{
	if (b->ptr[b->len - 1] != '{')
		buf_add_char(b, ',');
	json_write_node(b, j, name);
	buf_add_char(b, ':');
	json_write_node(b, j, name + 1);
}

static void
add_tags(struct buf *b, const struct json *j, uint32_t meta)
{
	uint32_t tags = meta == 0 ? 0 : json_get(j, meta, SLICE("tag"));

	if (b->ptr[b->len - 1] != '{')
		buf_add_char(b, ',');
	buf_add(b, SLICE("\"tag\":["));
	for (uint32_t n = tags == 0 ? 0 : json_first(j, tags); n != 0; n = json_next(j, tags, n)) {
		json_write_node(b, j, n);
		buf_add_char(b, ',');
	}
	buf_add(b, SLICE(SUBSETTED "]"));
}

static void
add_meta(struct buf *b, const struct json *j)
{
	uint32_t meta = json_get(j, 0, SLICE("meta"));

	buf_add(b, b->ptr[b->len - 1] == '{' ? SLICE("\"meta\":{") : SLICE(",\"meta\":{"));
	for (uint32_t n = meta == 0 ? 0 : json_first(j, meta); n != 0; n = json_next(j, meta, n))
		if (!json_is(j, n, SLICE("tag")))
			add_member(b, j, n);
	add_tags(b, j, meta);
	buf_add_char(b, '}');
}

bool
elements_line(struct exchange *x, const struct bulk_request *q, const struct stored *s,
    struct slice *line)
{
	struct json j;
	struct buf b;

	*line = s->body;
	if (!concerns(q, s->type))
		return true;
	if (!json_parse(s->body, json_bounds(x->service->limits, true), x->arena, &j, &x->outcome))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_add_char(&b, '{');
	for (uint32_t n = json_first(&j, 0); n != 0; n = json_next(&j, 0, n)) {
		if (json_is(&j, n, SLICE("meta")))
			add_meta(&b, &j);
		else if (kept(x, q, s->type, json_raw(&j, n)))
			add_member(&b, &j, n);
	}
	buf_add_char(&b, '}');
	*line = buf_slice(&b);
	return !kept(x, q, s->type, SLICE("text")) || narrative_of_rest(x, s->type, line);
}
