/* index.c -- a resource to index rows; see index.h.
 *
 * Each parameter's expression gives items with their FHIR types; a table says
 * how an item of a type becomes rows of a kind (R4 search.html, "Data Types" of
 * each parameter type).  What a table row does not name gives no rows. */
#include "search/index.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/outcome.h"
#include "fhirpath/fhirpath.h"
#include "search/values.h"

struct extraction {
	const struct search_index *index;
	const struct index_resolver *resolver;
	struct arena *arena;
	const struct search_param *param;
	struct index_row *rows;
	uint32_t count, room;
};

uint64_t
index_hash(const struct search_index *index, struct slice s)
{
	return siphash(&index->key, s);
}

static int64_t
hash(const struct extraction *e, struct slice s)
{
	return (int64_t)index_hash(e->index, s);
}

int64_t
values_foreign(const struct search_index *index, struct slice text)
{
	return (int64_t)(index_hash(index, text) | (uint64_t)1 << 63);
}

static void
add(struct extraction *e, struct index_row row)
{
	if (e->count == e->room) {
		uint32_t room = e->room == 0 ? 32 : e->room * 2;

		e->rows = arena_grow(e->arena, e->rows, e->room * sizeof row, room * sizeof row);
		e->room = room;
	}
	row.param = e->param->number;
	row.kind = (uint8_t)e->param->kind;
	e->rows[e->count++] = row;
}

static struct slice
text_at(struct extraction *e, const struct item *i, struct slice name)
{
	uint32_t node = i->node == 0 ? 0 : json_get(i->json, i->node, name);

	return node == 0 ? SLICE_NONE : json_string(i->json, node, e->arena);
}

static uint32_t
node_at(const struct item *i, struct slice name)
{
	return json_type(i->json, i->node) == JSON_OBJECT ? json_get(i->json, i->node, name) : 0;
}

/* Tokens */

static void
add_token(struct extraction *e, struct slice system, struct slice code)
{
	if (code.len > 0 || system.len > 0)
		add(e, (struct index_row){ .a = code.len == 0 ? 0 : hash(e, code),
			.b = system.len == 0 ? 0 : hash(e, system) });
}

static void
token_coding(struct extraction *e, const struct item *i)
{
	add_token(e, text_at(e, i, SLICE("system")), text_at(e, i, SLICE("code")));
}

static void
token_concept(struct extraction *e, const struct item *i)
{
	uint32_t list = node_at(i, SLICE("coding"));

	for (uint32_t n = list == 0 ? 0 : json_first(i->json, list); n != 0;
	    n = json_next(i->json, list, n)) {
		struct item coding = { .json = i->json, .node = n };

		token_coding(e, &coding);
	}
}

static void
token_identifier(struct extraction *e, const struct item *i)
{
	add_token(e, text_at(e, i, SLICE("system")), text_at(e, i, SLICE("value")));
}

static void
token_contact(struct extraction *e, const struct item *i)
{
	add_token(e, SLICE_NONE, text_at(e, i, SLICE("value")));
}

static void
token_primitive(struct extraction *e, const struct item *i)
{
	add_token(e, SLICE_NONE, item_text(i, e->arena));
}

/* Strings */

static void
add_string(struct extraction *e, struct slice s)
{
	struct slice folded = index_fold(s, e->arena);

	if (s.len > 0)
		add(e, (struct index_row){ .text = folded, .a = hash(e, s) });
}

static void
string_primitive(struct extraction *e, const struct item *i)
{
	add_string(e, item_text(i, e->arena));
}

/* HumanName and Address: each of their strings (R4 search.html#string). */
static void
string_complex(struct extraction *e, const struct item *i)
{
	for (uint32_t k = 0; k < i->type->element_count; k++) {
		const struct element *element = &i->type->elements[k];
		uint32_t node;

		if (element->type_count != 1 || element->types[0].type == NULL
		    || !slice_is(element->types[0].type->name, "string")
		    || slice_is(element->name, "id") || (node = node_at(i, element->name)) == 0)
			continue;
		if (json_type(i->json, node) == JSON_STRING)
			add_string(e, json_string(i->json, node, e->arena));
		else if (json_type(i->json, node) == JSON_ARRAY)
			for (uint32_t n = json_first(i->json, node); n != 0; n = json_next(i->json, node, n))
				add_string(e, json_string(i->json, n, e->arena));
	}
}

/* References */

bool
values_local_reference(const struct index_resolver *resolver, struct slice reference,
    struct slice *type, struct slice *id)
{
	struct slice rest = reference;

	if (resolver->base.len > 0 && slice_starts(rest, resolver->base)
	    && rest.len > resolver->base.len && rest.ptr[resolver->base.len] == '/')
		rest = slice_sub(rest, resolver->base.len + 1, rest.len);
	if (slice_find(rest, ':') < rest.len || slice_find(rest, '?') < rest.len
	    || slice_find(rest, '#') < rest.len)
		return false;
	*type = slice_cut(&rest, '/');
	*id = slice_cut(&rest, '/');
	return type->len > 0 && id->len > 0
	    && (rest.len == 0 || slice_starts(rest, SLICE("_history/")));
}

int64_t
index_target(const struct search_index *index, const struct index_resolver *resolver,
    struct slice reference)
{
	struct slice type, id;
	int64_t row;

	if (reference.len == 0 || reference.ptr[0] == '#')
		return 0;
	if (!values_local_reference(resolver, reference, &type, &id))
		return values_foreign(index, reference);
	row = resolver->row == NULL ? 0 : resolver->row(resolver->ctx, type, id);
	if (row > 0)
		return row;
	return values_foreign(index, slice_make(type.ptr, type.len + 1 + id.len));
}

static void
add_target(struct extraction *e, struct slice reference)
{
	int64_t target = index_target(e->index, e->resolver, reference);

	if (target != 0)
		add(e, (struct index_row){ .a = target });
}

static void
reference_reference(struct extraction *e, const struct item *i)
{
	add_target(e, text_at(e, i, SLICE("reference")));
}

static void
reference_uri(struct extraction *e, const struct item *i)
{
	add_target(e, item_text(i, e->arena));
}

/* Dates */

static void
date_primitive(struct extraction *e, const struct item *i)
{
	struct index_row row = { .a = 0 };

	if (index_date(item_text(i, e->arena), &row.a, &row.b))
		add(e, row);
}

static void
date_period(struct extraction *e, const struct item *i)
{
	struct index_row row = { .a = INT64_MIN, .b = INT64_MAX };
	struct slice start = text_at(e, i, SLICE("start")), end = text_at(e, i, SLICE("end"));
	int64_t unused;

	if ((start.len == 0 && end.len == 0)
	    || (start.len > 0 && !index_date(start, &row.a, &unused))
	    || (end.len > 0 && !index_date(end, &unused, &row.b)))
		return;
	add(e, row);
}

/* R4: the outer limits of a Timing's events, or of its bounds. */
static void
date_timing(struct extraction *e, const struct item *i)
{
	struct index_row row = { .a = INT64_MAX, .b = INT64_MIN };
	uint32_t events = node_at(i, SLICE("event")), repeat = node_at(i, SLICE("repeat"));
	uint32_t bounds = repeat == 0 ? 0 : json_get(i->json, repeat, SLICE("boundsPeriod"));
	struct item period = { .json = i->json, .node = bounds };

	if (bounds != 0)
		date_period(e, &period);
	for (uint32_t n = events == 0 ? 0 : json_first(i->json, events); n != 0;
	    n = json_next(i->json, events, n)) {
		int64_t first, last;

		if (!index_date(json_string(i->json, n, e->arena), &first, &last))
			continue;
		row.a = first < row.a ? first : row.a;
		row.b = last > row.b ? last : row.b;
	}
	if (row.a <= row.b)
		add(e, row);
}

/* Numbers and quantities */

static void
number_primitive(struct extraction *e, const struct item *i)
{
	struct index_row row = { .a = 0 };

	if (values_number(item_text(i, e->arena), &row.x, &row.y))
		add(e, row);
}

static struct slice
number_text(const struct item *i, struct slice name)
{
	uint32_t node = node_at(i, name);

	return node == 0 ? SLICE_NONE : json_raw(i->json, node);
}

/* One row under the code; one more under the unit where that is another text. */
static void
add_quantity(struct extraction *e, double low, double high, struct slice system, struct slice code,
    struct slice unit)
{
	struct index_row row = { .x = low, .y = high };

	if (code.len > 0 || unit.len == 0) {
		row.a = code.len == 0 ? 0 : hash(e, code);
		row.b = system.len == 0 ? 0 : hash(e, system);
		add(e, row);
	}
	if (unit.len > 0 && !slice_eq(unit, code)) {
		row.a = hash(e, unit);
		row.b = 0;
		add(e, row);
	}
}

static void
quantity_quantity(struct extraction *e, const struct item *i)
{
	double low, high;

	if (values_number(number_text(i, SLICE("value")), &low, &high))
		add_quantity(e, low, high, text_at(e, i, SLICE("system")), text_at(e, i, SLICE("code")),
		    text_at(e, i, SLICE("unit")));
}

static void
quantity_money(struct extraction *e, const struct item *i)
{
	double low, high;

	if (values_number(number_text(i, SLICE("value")), &low, &high))
		add_quantity(e, low, high, SLICE("urn:iso:std:iso:4217"),
		    text_at(e, i, SLICE("currency")), SLICE_NONE);
}

static void
quantity_range(struct extraction *e, const struct item *i)
{
	struct item low = { .json = i->json, .node = node_at(i, SLICE("low")) };
	struct item high = { .json = i->json, .node = node_at(i, SLICE("high")) };
	const struct item *of = low.node != 0 ? &low : &high;
	double least = -1e308, greatest = 1e308, unused;

	if (of->node == 0
	    || (low.node != 0 && !values_number(number_text(&low, SLICE("value")), &least, &unused))
	    || (high.node != 0 && !values_number(number_text(&high, SLICE("value")), &unused, &greatest)))
		return;
	add_quantity(e, least, greatest, text_at(e, of, SLICE("system")), text_at(e, of, SLICE("code")),
	    text_at(e, of, SLICE("unit")));
}

static void
uri_primitive(struct extraction *e, const struct item *i)
{
	struct slice s = item_text(i, e->arena);

	if (s.len > 0)
		add(e, (struct index_row){ .text = s });
}

/* A row applies to its type and to all that are derived from it; the first that fits. */
static const struct {
	enum search_kind kind;
	const char *type;
	void (*fn)(struct extraction *, const struct item *);
} rules[] = {
	{ SEARCH_TOKEN,     "Coding",          token_coding },
	{ SEARCH_TOKEN,     "CodeableConcept", token_concept },
	{ SEARCH_TOKEN,     "Identifier",      token_identifier },
	{ SEARCH_TOKEN,     "ContactPoint",    token_contact },
	{ SEARCH_TOKEN,     "boolean",         token_primitive },
	{ SEARCH_TOKEN,     "string",          token_primitive },     /* code, id, markdown too */
	{ SEARCH_TOKEN,     "uri",             token_primitive },
	{ SEARCH_STRING,    "string",          string_primitive },
	{ SEARCH_STRING,    "uri",             string_primitive },
	{ SEARCH_STRING,    "HumanName",       string_complex },
	{ SEARCH_STRING,    "Address",         string_complex },
	{ SEARCH_REFERENCE, "Reference",       reference_reference },
	{ SEARCH_REFERENCE, "uri",             reference_uri },       /* canonical too */
	{ SEARCH_DATE,      "date",            date_primitive },
	{ SEARCH_DATE,      "dateTime",        date_primitive },
	{ SEARCH_DATE,      "instant",         date_primitive },
	{ SEARCH_DATE,      "Period",          date_period },
	{ SEARCH_DATE,      "Timing",          date_timing },
	{ SEARCH_NUMBER,    "decimal",         number_primitive },
	{ SEARCH_NUMBER,    "integer",         number_primitive },    /* positiveInt, unsignedInt too */
	{ SEARCH_QUANTITY,  "Quantity",        quantity_quantity },   /* Age, Duration too */
	{ SEARCH_QUANTITY,  "Money",           quantity_money },
	{ SEARCH_QUANTITY,  "Range",           quantity_range },
	{ SEARCH_URI,       "uri",             uri_primitive },       /* url, canonical, oid too */
};

static void
take_item(struct extraction *e, const struct item *i)
{
	for (size_t k = 0; k < COUNT_OF(rules); k++)
		if (rules[k].kind == e->param->kind && i->kind == ITEM_NODE && i->node != ITEM_ABSENT
		    && type_is(i->type, pack_type(e->index->pack, slice_of(rules[k].type)))) {
			rules[k].fn(e, i);
			return;
		}
}

/* Compiling */

static const char *const special_codes[] = {
	"_id", "_lastUpdated", "_text", "_content", "_query", "_has", "_type", "_list", "_filter",
};

static bool
indexed(const struct search_param *p)
{
	for (size_t i = 0; i < COUNT_OF(special_codes); i++)
		if (slice_is(p->code, special_codes[i]))
			return false;
	return p->kind != SEARCH_COMPOSITE && p->kind != SEARCH_SPECIAL && p->expression.len > 0;
}

struct search_index *
search_index_new(const struct pack *pack, const struct limits *limits,
    const struct siphash_key *key, struct arena *arena, struct outcome *o)
{
	struct search_index *index = arena_alloc(arena, sizeof *index);
	uint32_t count = pack_param_count(pack), left_out = 0;

	(void)o;
	*index = (struct search_index){ .pack = pack, .limits = limits, .key = *key };
	index->compiled = arena_array(arena, count + 1, sizeof *index->compiled);
	for (uint32_t i = 0; i < count; i++) {
		const struct search_param *p = pack_param_at(pack, i);
		struct outcome aside;

		outcome_init(&aside, arena);
		if (!indexed(p))
			continue;
		index->compiled[i] = fhirpath_compile(pack, p->expression, p->on, limits, arena, &aside);
		left_out += index->compiled[i] == NULL;
	}
	if (left_out > 0)
		log_event(LOG_WARNING, "search-parameters-left-out", "count=%u", left_out);
	return index;
}

const struct pack *
search_index_pack(const struct search_index *index)
{
	return index->pack;
}

bool
search_index_supports(const struct search_index *index, const struct search_param *p)
{
	return index->compiled[p->number] != NULL || slice_is(p->code, "_id")
	    || slice_is(p->code, "_lastUpdated");
}

/* Extracting */

static int
by_value(const void *a, const void *b)
{
	const struct index_row *x = a, *y = b;
	int order;

	if (x->param != y->param)
		return x->param < y->param ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	if (x->x < y->x || x->x > y->x)
		return x->x < y->x ? -1 : 1;
	if (x->y < y->y || x->y > y->y)
		return x->y < y->y ? -1 : 1;
	order = slice_cmp(x->text, y->text);
	return order;
}

static uint32_t
distinct(struct index_row *rows, uint32_t count)
{
	uint32_t kept = 0;

	if (count > 0)
		qsort(rows, count, sizeof *rows, by_value);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || by_value(&rows[kept - 1], &rows[i]) != 0)
			rows[kept++] = rows[i];
	return kept;
}

static bool
evaluate(const struct search_index *index, const struct search_param *p, struct item focus,
    struct arena *arena, struct items *items, struct outcome *o)
{
	struct fhirpath_scope scope = {
		.pack = index->pack, .limits = index->limits, .resource = focus, .root = focus,
	};

	return fhirpath_evaluate(index->compiled[p->number], &scope, focus, arena, items, o);
}

bool
index_extract(const struct search_index *index, const struct type *type, const struct json *j,
    uint32_t resource, const struct index_resolver *resolver, struct arena *arena,
    struct index_rows *out, struct outcome *o)
{
	struct extraction e = { .index = index, .resolver = resolver, .arena = arena };
	struct item focus = fhirpath_node(j, resource, type);
	uint32_t count;
	const struct search_param *const *params = pack_params(index->pack, type, &count);

	for (uint32_t i = 0; i < count; i++) {
		struct items items;

		if (index->compiled[params[i]->number] == NULL)
			continue;
		if (!evaluate(index, params[i], focus, arena, &items, o))
			return false;
		e.param = params[i];
		for (uint32_t k = 0; k < items.count; k++)
			take_item(&e, &items.at[k]);
	}
	out->at = e.rows;
	out->count = distinct(e.rows, e.count);
	return true;
}

static void
add_patient(struct patient_refs *refs, struct slice id)
{
	for (uint32_t i = 0; i < refs->count; i++)
		if (slice_eq(refs->ids[i], id))
			return;
	refs->ids[refs->count++] = id;
}

static void
patients_of_items(const struct items *items, const struct index_resolver *resolver,
    struct arena *arena, struct patient_refs *refs)
{
	for (uint32_t i = 0; i < items->count; i++) {
		const struct item *item = &items->at[i];
		struct slice text, type, id;
		uint32_t node;

		if (item->kind != ITEM_NODE || item->node == ITEM_ABSENT
		    || (node = node_at(item, SLICE("reference"))) == 0)
			continue;
		text = json_string(item->json, node, arena);
		if (values_local_reference(resolver, text, &type, &id) && slice_is(type, "Patient"))
			add_patient(refs, id);
	}
}

bool
index_patients(const struct search_index *index, const struct type *type, const struct json *j,
    uint32_t resource, const struct index_resolver *resolver, struct arena *arena,
    struct patient_refs *out, struct outcome *o)
{
	struct item focus = fhirpath_node(j, resource, type);
	uint32_t count;
	const struct slice *codes = pack_compartment(index->pack, SLICE("Patient"), type, &count);

	*out = (struct patient_refs){ NULL, 0 };
	for (uint32_t i = 0; i < count && !slice_is(type->name, "Patient"); i++) {
		const struct search_param *p = pack_param(index->pack, type, codes[i]);
		struct items items;

		if (p == NULL || index->compiled[p->number] == NULL)
			continue;
		if (!evaluate(index, p, focus, arena, &items, o))
			return false;
		out->ids = arena_grow(arena, out->ids, out->count * sizeof *out->ids,
		    (out->count + items.count + 1) * sizeof *out->ids);
		patients_of_items(&items, resolver, arena, out);
	}
	return true;
}
