/* searchset.c -- see searchset.h. */
#include "rest/searchset.h"

#include "base/arena.h"
#include "base/buf.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/format.h"
#include "rest/subset.h"
#include "search/cursor.h"

static struct slice
binding(struct searchset *s)
{
	struct buf b;

	buf_init(&b, s->x->arena, SIZE_MAX);
	buf_printf(&b, "search %.*s?%.*s ", SLICE_FMT(s->path), SLICE_FMT(s->query->canonical));
	exchange_write_binding(s->x, &b);
	return buf_slice(&b);
}

static bool
open_cursor(struct searchset *s, struct store_position *from)
{
	struct exchange *x = s->x;
	struct slice plain;

	*from = (struct store_position){ .set = false };
	if (s->query->cursor.len == 0)
		return true;
	if (!cursor_open(x->service->cursor_key, binding(s), s->query->cursor, x->arena, &plain)
	    || plain.len < sizeof *from)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	memcpy(from, plain.ptr, sizeof *from);
	return true;
}

/* Links */

static void
link_url(struct searchset *s, struct buf *b, const char *relation, struct slice cursor)
{
	const struct query *q = s->query;
	bool begun = q->canonical.len > 0 || cursor.len > 0;

	buf_printf(b, "{\"relation\":\"%s\",\"url\":\"%.*s%.*s", relation,
	    SLICE_FMT(s->x->service->base), SLICE_FMT(s->path));
	if (begun)
		buf_add_char(b, '?');
	buf_add(b, q->canonical);
	if (cursor.len > 0)
		buf_printf(b, "%s_cursor=%.*s", q->canonical.len > 0 ? "&" : "", SLICE_FMT(cursor));
	format_link(s->x, b, begun);
	buf_add(b, SLICE("\"}"));
}

static void
write_links(struct searchset *s, struct buf *b, const struct store_page *page)
{
	struct exchange *x = s->x;

	buf_add(b, SLICE(",\"link\":["));
	link_url(s, b, "self", SLICE_NONE);
	if (page->more) {
		buf_add_char(b, ',');
		link_url(s, b, "next", cursor_seal(x->service->cursor_key, x->service->env, binding(s),
		    &page->end, sizeof page->end, x->arena));
	}
	buf_add_char(b, ']');
}

/* Entries */

struct entries {
	struct searchset *set;
	struct buf       *b;
	bool              any;
};

static void
begin_entry(struct entries *e)
{
	buf_add(e->b, e->any ? SLICE(",{") : SLICE(",\"entry\":[{"));
	e->any = true;
}

/* _containedType=contained: what is contained itself, under the address of what holds it. */
static bool
write_contained(struct entries *e, const struct stored *s, uint32_t ordinal)
{
	struct exchange *x = e->set->x;
	uint32_t list, node;
	struct json j;

	if (!json_parse(s->body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	list = json_get(&j, 0, SLICE("contained"));
	node = list == 0 ? 0 : json_item(&j, list, ordinal - 1);
	if (node == 0)
		return exchange_fail(x, FAULT_BROKEN, "");
	begin_entry(e);
	buf_printf(e->b, "\"fullUrl\":\"%.*s/%.*s/%.*s#%.*s\",\"resource\":", SLICE_FMT(x->service->base),
	    SLICE_FMT(s->type->name), SLICE_FMT(s->id),
	    SLICE_FMT(json_string(&j, json_get(&j, node, SLICE("id")), x->arena)));
	json_write_node(e->b, &j, node);
	return true;
}

static bool
write_resource(struct entries *e, const struct stored *s)
{
	struct exchange *x = e->set->x;
	struct slice body;

	if (!subset_of(x, e->set->query, s, &body))
		return false;
	begin_entry(e);
	buf_add(e->b, SLICE("\"fullUrl\":"));
	answer_full_url(e->b, x, s);
	buf_add(e->b, SLICE(",\"resource\":"));
	buf_add(e->b, body);
	return true;
}

/* R4 extension-location-distance.html */
static bool
write_distance(struct entries *e, const struct stored *s)
{
	const struct query_clause *near = query_near(e->set->query, s->type);
	struct exchange *x = e->set->x;
	struct json j;
	double metres;

	if (near == NULL)
		return true;
	if (!json_parse(s->body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	if (query_near_distance(near, &j, &metres))
		buf_printf(e->b, "\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/location-distance\","
		    "\"valueDistance\":{\"value\":%.0f,\"unit\":\"m\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"m\"}}],",
		    metres);
	return true;
}

static bool
write_entry(struct entries *e, struct stored *s, uint32_t contained, const char *mode)
{
	if (!controls_out(e->set->x, s))
		return false;
	answer_note_patient(e->set->x, s->compartment);
	if (contained > 0 && e->set->query->contained_alone
	    ? !write_contained(e, s, contained) : !write_resource(e, s))
		return false;
	buf_add(e->b, SLICE(",\"search\":{"));
	if (contained == 0 && mode[0] == 'm' && !write_distance(e, s))
		return false;
	buf_printf(e->b, "\"mode\":\"%s\"}}", mode);
	return true;
}

/* What a lenient search left out, as an entry of its own (R4 search.html#errors). */
static void
write_warnings(struct entries *e)
{
	struct exchange *x = e->set->x;

	if (x->outcome.first == NULL)
		return;
	begin_entry(e);
	buf_add(e->b, SLICE("\"resource\":"));
	outcome_json(&x->outcome, e->b);
	buf_add(e->b, SLICE(",\"search\":{\"mode\":\"outcome\"}}"));
}

/* A resource that holds several matches is one entry. */
static bool
is_repeated(const struct entries *e, const struct store_page *page, uint32_t i)
{
	return i > 0 && page->contained[i] > 0 && !e->set->query->contained_alone
	    && page->at[i].vid == page->at[i - 1].vid;
}

static bool
write_entries(struct entries *e, const struct store_page *page, const struct store_related *related)
{
	for (uint32_t i = 0; i < page->count; i++)
		if (!is_repeated(e, page, i)
		    && !write_entry(e, &page->at[i], page->contained[i], "match"))
			return false;
	for (uint32_t i = 0; i < related->count; i++)
		if (!write_entry(e, &related->at[i], 0, "include"))
			return false;
	write_warnings(e);
	if (e->any)
		buf_add_char(e->b, ']');
	return true;
}

#define AROUND_ENTRY 256        /* bytes, about */

/* A Bundle is grown once: its copies would cost more than its making. */
static size_t
expected_size(const struct searchset *s, const struct store_page *page, const struct store_related *related)
{
	size_t size = 1024 + s->path.len + 2 * s->query->canonical.len;

	for (uint32_t i = 0; i < page->count; i++)
		size += page->at[i].body.len + s->x->service->base.len + AROUND_ENTRY;
	for (uint32_t i = 0; i < related->count; i++)
		size += related->at[i].body.len + s->x->service->base.len + AROUND_ENTRY;
	return size;
}

static bool
answer_page(struct searchset *s, const struct store_page *page, const struct store_related *related)
{
	struct entries e = { .set = s };
	struct buf b;

	if (related->cut)
		outcome_warn(&s->x->outcome, NOWHERE, SLICE("not everything that is included fits on a page"));
	buf_init(&b, s->x->arena, SIZE_MAX);
	buf_reserve(&b, expected_size(s, page, related));
	buf_add(&b, SLICE("{\"resourceType\":\"Bundle\",\"type\":\"searchset\""));
	if (page->total >= 0)
		buf_printf(&b, ",\"total\":%lld", (long long)page->total);
	write_links(s, &b, page);
	e.b = &b;
	if (!write_entries(&e, page, related))
		return false;
	buf_add_char(&b, '}');
	answer_bytes(s->x, 200, buf_slice(&b));
	return true;
}

bool
searchset_answer(struct searchset *s, const struct index_resolver *resolver)
{
	struct exchange *x = s->x;
	struct store_position from;
	struct store_page page;
	struct store_related related;

	if (!x->on_pool && x->parent == NULL && store_search_is_wide(x->worker->reader, x->permit, s->query)) {
		x->postponed = true;
		return true;
	}
	return open_cursor(s, &from)
	    && store_search(x->worker->reader, x->permit, s->query, &from, x->arena, &page, &x->outcome)
	    && store_include(x->worker->reader, x->permit, s->query, resolver, &page, x->arena, &related,
	        &x->outcome)
	    && answer_page(s, &page, &related);
}
