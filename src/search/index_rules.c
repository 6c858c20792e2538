/* index_rules.c -- an item of a resource to index rows; see index.h.
 *
 * A table says how an item of a FHIR type becomes rows of a kind (R4 search.html, "Data
 * Types" of each parameter type).  What the table does not name gives no rows. */
#include "search/extraction.h"

#include "base/arena.h"
#include "base/buf.h"
#include "search/values.h"

#define OF_TYPE "of-type"

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
index_foreign(const struct siphash_key *key, struct slice text)
{
	return (int64_t)(siphash(key, text) | (uint64_t)1 << 63);
}

int64_t
values_foreign(const struct search_index *index, struct slice text)
{
	return index_foreign(&index->key, text);
}

int64_t
index_canonical(const struct search_index *index)
{
	return (int64_t)index_hash(index, SLICE("canonical units"));
}

void
values_of_type(const struct search_index *index, struct slice system, struct slice code,
    struct slice value, struct arena *arena, int64_t *a, int64_t *b)
{
	struct buf text;

	buf_init(&text, arena, SIZE_MAX);
	buf_printf(&text, "%.*s|%.*s|%.*s", SLICE_FMT(system), SLICE_FMT(code), SLICE_FMT(value));
	*a = (int64_t)index_hash(index, buf_slice(&text));
	*b = (int64_t)index_hash(index, SLICE(OF_TYPE));
}

static bool
has_letters(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || (s.ptr[i] & 0x80) != 0)
			return true;
	return false;
}

int64_t
values_folded(const struct search_index *index, struct slice text, struct arena *arena)
{
	struct buf b;

	if (!has_letters(text))
		return (int64_t)index_hash(index, text);
	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "%.*s\x1f", SLICE_FMT(index_fold(text, arena)));
	return (int64_t)index_hash(index, buf_slice(&b));
}

int64_t
values_media_type(const struct search_index *index, struct slice text, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "%.*s;*", SLICE_FMT(slice_trim(slice_sub(text, 0, slice_find(text, ';')))));
	return (int64_t)index_hash(index, buf_slice(&b));
}

void
extraction_add(struct extraction *e, enum search_kind kind, struct index_row row)
{
	if (e->count == e->room) {
		uint32_t room = e->room == 0 ? 32 : e->room * 2;

		e->rows = arena_grow(e->arena, e->rows, e->room * sizeof row, room * sizeof row);
		e->room = room;
	}
	row.param = e->number;
	row.kind = (uint8_t)kind;
	row.part = e->part;
	row.group = e->group;
	row.contained = e->contained;
	e->rows[e->count++] = row;
}

static void
add(struct extraction *e, struct index_row row)
{
	extraction_add(e, e->kind, row);
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
		extraction_add(e, SEARCH_TOKEN, (struct index_row){
			.a = code.len == 0 ? 0 : hash(e, code),
			.b = system.len == 0 ? 0 : hash(e, system) });
}

static void
add_folded(struct extraction *e, struct slice text)
{
	if (text.len > 0)
		extraction_add(e, SEARCH_TOKEN, (struct index_row){
			.a = values_folded(e->index, text, e->arena) });
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
add_of_type(struct extraction *e, const struct item *i, struct slice value)
{
	struct item type = { .json = i->json, .node = node_at(i, SLICE("type")) };
	uint32_t list = type.node == 0 ? 0 : node_at(&type, SLICE("coding"));

	for (uint32_t n = list == 0 ? 0 : json_first(i->json, list); n != 0;
	    n = json_next(i->json, list, n)) {
		struct item coding = { .json = i->json, .node = n };
		struct index_row row = { .a = 0 };

		values_of_type(e->index, text_at(e, &coding, SLICE("system")),
		    text_at(e, &coding, SLICE("code")), value, e->arena, &row.a, &row.b);
		extraction_add(e, SEARCH_TOKEN, row);
	}
}

static void
token_identifier(struct extraction *e, const struct item *i)
{
	struct slice value = text_at(e, i, SLICE("value"));

	add_token(e, text_at(e, i, SLICE("system")), value);
	if (value.len > 0)
		add_of_type(e, i, value);
}

static void
token_contact(struct extraction *e, const struct item *i)
{
	add_folded(e, text_at(e, i, SLICE("value")));
}

static void
token_primitive(struct extraction *e, const struct item *i)
{
	add_token(e, SLICE_NONE, item_text(i, e->arena));
}

static void
token_string(struct extraction *e, const struct item *i)
{
	add_folded(e, item_text(i, e->arena));
}

/* Media types are codes: found by what is before their parameters too. */
static void
token_code(struct extraction *e, const struct item *i)
{
	struct slice text = item_text(i, e->arena);

	add_token(e, SLICE_NONE, text);
	if (slice_find(text, '/') < text.len)
		extraction_add(e, SEARCH_TOKEN, (struct index_row){
			.a = values_media_type(e->index, text, e->arena) });
}

/* Strings */

static void
add_string(struct extraction *e, struct slice s)
{
	struct slice folded = index_fold_string(s, e->arena), head = index_head(folded);

	if (s.len == 0)
		return;
	add(e, (struct index_row){ .text = head, .a = hash(e, s) });
	if (head.len < folded.len)
		add(e, (struct index_row){ .text = folded });
}

/* R4 search.html#string: the parts of a family name are searched independently. */
static void
add_further_words(struct extraction *e, struct slice s)
{
	int words = 0;

	for (size_t i = 1; i < s.len && words < INDEX_WORDS; i++)
		if ((s.ptr[i - 1] == ' ' || s.ptr[i - 1] == '-') && s.ptr[i] != ' ' && s.ptr[i] != '-') {
			add(e, (struct index_row){
				.text = index_fold_string(slice_sub(s, i, s.len), e->arena) });
			words++;
		}
}

static void
string_primitive(struct extraction *e, const struct item *i)
{
	struct slice s = item_text(i, e->arena);

	add_string(e, s);
	if (e->family)
		add_further_words(e, s);
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
		if (slice_is(element->name, "family"))
			add_further_words(e, json_string(i->json, node, e->arena));
		if (json_type(i->json, node) == JSON_STRING)
			add_string(e, json_string(i->json, node, e->arena));
		else if (json_type(i->json, node) == JSON_ARRAY)
			for (uint32_t n = json_first(i->json, node); n != 0; n = json_next(i->json, node, n))
				add_string(e, json_string(i->json, n, e->arena));
	}
}

/* References */

bool
index_local(const struct index_resolver *resolver, struct slice reference, struct slice *type,
    struct slice *id)
{
	struct slice rest = reference;

	if (resolver->base.len > 0 && slice_starts(rest, resolver->base)
	    && rest.len > resolver->base.len && rest.ptr[resolver->base.len] == '/')
		rest = slice_sub(rest, resolver->base.len + 1, rest.len);
	if (slice_find(rest, ':') < rest.len || slice_find(rest, '?') < rest.len
	    || slice_find(rest, '#') < rest.len || slice_find(rest, '|') < rest.len)
		return false;
	*type = slice_cut(&rest, '/');
	*id = slice_cut(&rest, '/');
	return type->len > 0 && id->len > 0
	    && (rest.len == 0 || slice_starts(rest, SLICE("_history/")));
}

static void
add_foreign(struct extraction *e, struct slice text)
{
	extraction_add(e, SEARCH_REFERENCE, (struct index_row){ .a = values_foreign(e->index, text),
		.b = INDEX_FOREIGN });
}

/* Under what the id says, and, with a version, under the text with it too. */
static void
add_local(struct extraction *e, struct slice type, struct slice id, struct slice reference)
{
	struct slice text = slice_make(type.ptr, type.len + 1 + id.len);
	struct index_row row = { .unresolved = values_foreign(e->index, text) };

	if (e->resolver->find == NULL
	    || !e->resolver->find(e->resolver->ctx, type, id, &row.b, &row.a)) {
		row.a = row.unresolved;
		row.b = INDEX_FOREIGN;
	}
	extraction_add(e, SEARCH_REFERENCE, row);
	if (id.ptr + id.len < reference.ptr + reference.len)
		add_foreign(e, slice_make(type.ptr, (size_t)(reference.ptr + reference.len - type.ptr)));
}

static uint32_t
ordinal_of(struct extraction *e, struct slice id)
{
	uint32_t list = json_get(e->json, e->resource, SLICE("contained")), ordinal = 0;

	for (uint32_t n = list == 0 ? 0 : json_first(e->json, list); n != 0;
	    n = json_next(e->json, list, n)) {
		ordinal++;
		if (slice_eq(json_string(e->json, json_get(e->json, n, SLICE("id")), e->arena), id))
			return ordinal < INDEX_GROUPS ? ordinal : 0;
	}
	return 0;
}

static void
add_contained(struct extraction *e, struct slice id)
{
	uint32_t ordinal = ordinal_of(e, id);

	if (ordinal != 0)
		extraction_add(e, SEARCH_REFERENCE, (struct index_row){ .a = ordinal, .b = INDEX_WITHIN });
}

/* A canonical with a version is found with and without it, and below what its version begins with
 * (R4 search.html#versions): 1.0 is below "1.". */
static void
add_versions(struct extraction *e, struct slice canonical, size_t bar)
{
	int parts = 0;

	add_foreign(e, slice_sub(canonical, 0, bar));
	for (size_t i = bar; i < canonical.len && parts < INDEX_WORDS; i++)
		if (canonical.ptr[i] == '.') {
			add_foreign(e, slice_sub(canonical, 0, i + 1));
			parts++;
		}
}

int64_t
index_named(const struct search_index *index, struct slice url, struct slice version, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_add(&b, url);
	buf_add_char(&b, '|');
	buf_add(&b, version);
	return values_foreign(index, buf_slice(&b));
}

static void
add_name(struct extraction *e, struct slice url, struct slice version)
{
	extraction_add(e, SEARCH_TOKEN, (struct index_row){
		.a = index_named(e->index, url, version, e->arena), .b = INDEX_FOREIGN });
}

void
extraction_name(struct extraction *e, const struct item *resource)
{
	const struct json *j = resource->json;
	struct slice url = json_string(j, json_get(j, resource->node, SLICE("url")), e->arena);
	struct slice version = json_string(j, json_get(j, resource->node, SLICE("version")), e->arena);

	if (url.len == 0)
		return;
	add_name(e, url, SLICE_NONE);
	if (version.len > 0)
		add_name(e, url, version);
}

void
extraction_refer(struct extraction *e, struct slice reference)
{
	struct slice type, id;
	size_t bar = slice_find(reference, '|');

	if (reference.len == 0)
		return;
	if (reference.ptr[0] == '#') {
		add_contained(e, slice_sub(reference, 1, reference.len));
	} else if (index_local(e->resolver, reference, &type, &id)) {
		if (e->targets == NULL || search_may_refer(e->targets, type))
			add_local(e, type, id, reference);
	} else {
		add_foreign(e, reference);
		if (bar < reference.len)
			add_versions(e, reference, bar);
		else
			extraction_add(e, SEARCH_REFERENCE, (struct index_row){ .b = INDEX_FOREIGN,
				.a = index_named(e->index, reference, SLICE_NONE, e->arena) });
	}
}

/* One that is known by an identifier or a name only has a row that no value names, so that it
 * is not missing. */
static void
reference_reference(struct extraction *e, const struct item *i)
{
	struct item identifier = { .json = i->json, .node = node_at(i, SLICE("identifier")) };
	struct slice text = text_at(e, i, SLICE("reference"));

	extraction_refer(e, text);
	if (text.len == 0)
		add_foreign(e, SLICE_NONE);
	if (identifier.node != 0)
		token_identifier(e, &identifier);
}

/* R4 search.html#reference: a resource itself, which chains look into. */
static void
reference_resource(struct extraction *e, const struct item *i)
{
	struct slice id = text_at(e, i, SLICE("id"));
	uint32_t ordinal = 1, n = extraction_within(e, 0);
	struct buf text;

	for (; n != 0 && n != i->node; n = extraction_within(e, n))
		ordinal++;
	if (n == 0 || ordinal >= INDEX_GROUPS || !search_may_refer(e->param, i->type->name))
		return;
	extraction_add(e, SEARCH_REFERENCE, (struct index_row){ .a = ordinal, .b = INDEX_WITHIN });
	buf_init(&text, e->arena, SIZE_MAX);
	buf_printf(&text, "%.*s/%.*s", SLICE_FMT(i->type->name), SLICE_FMT(id));
	if (id.len > 0)
		add_foreign(e, buf_slice(&text));
}

static void
reference_uri(struct extraction *e, const struct item *i)
{
	extraction_refer(e, item_text(i, e->arena));
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

	if (values_exact(item_text(i, e->arena), &row.x)) {
		row.y = row.x;
		add(e, row);
	}
}

static struct slice
number_text(const struct item *i, struct slice name)
{
	uint32_t node = node_at(i, name);

	return node == 0 ? SLICE_NONE : json_raw(i->json, node);
}

/* One row under the code; one more under the unit where that is another text, and one in base
 * units for what UCUM knows. */
static void
add_quantity(struct extraction *e, double low, double high, struct slice system, struct slice code,
    struct slice unit)
{
	struct index_row row = { .x = low, .y = high };

	if (code.len > 0 || system.len > 0 || unit.len == 0) {
		row.a = code.len == 0 ? 0 : hash(e, code);
		row.b = system.len == 0 ? 0 : hash(e, system);
		add(e, row);
	}
	if (unit.len > 0 && !slice_eq(unit, code)) {
		row.a = hash(e, unit);
		row.b = 0;
		add(e, row);
	}
	if (slice_is(system, "http://unitsofmeasure.org")
	    && values_canonical(e->index, code, &row.x, &row.y, &row.a)) {
		row.b = index_canonical(e->index);
		add(e, row);
	}
}

/* R4 datatypes.html#quantity: a comparator says that the value lies on one side. */
static void
open_side(struct slice comparator, double *low, double *high)
{
	if (slice_starts(comparator, SLICE("<")))
		*low = -1e308;
	if (slice_starts(comparator, SLICE(">")))
		*high = 1e308;
}

static void
quantity_quantity(struct extraction *e, const struct item *i)
{
	double low, high;

	if (!values_exact(number_text(i, SLICE("value")), &low))
		return;
	high = low;
	open_side(text_at(e, i, SLICE("comparator")), &low, &high);
	add_quantity(e, low, high, text_at(e, i, SLICE("system")), text_at(e, i, SLICE("code")),
	    text_at(e, i, SLICE("unit")));
}

static void
quantity_money(struct extraction *e, const struct item *i)
{
	double value;

	if (values_exact(number_text(i, SLICE("value")), &value))
		add_quantity(e, value, value, SLICE("urn:iso:std:iso:4217"),
		    text_at(e, i, SLICE("currency")), SLICE_NONE);
}

static void
quantity_range(struct extraction *e, const struct item *i)
{
	struct item low = { .json = i->json, .node = node_at(i, SLICE("low")) };
	struct item high = { .json = i->json, .node = node_at(i, SLICE("high")) };
	const struct item *of = low.node != 0 ? &low : &high;
	double least = -1e308, greatest = 1e308;

	if (of->node == 0
	    || (low.node != 0 && !values_exact(number_text(&low, SLICE("value")), &least))
	    || (high.node != 0 && !values_exact(number_text(&high, SLICE("value")), &greatest)))
		return;
	add_quantity(e, least, greatest, text_at(e, of, SLICE("system")), text_at(e, of, SLICE("code")),
	    text_at(e, of, SLICE("unit")));
}

/* Location.position: decimal degrees. */
static void
position_near(struct extraction *e, const struct item *i)
{
	struct index_row row = { .a = 0 };

	if (!values_exact(number_text(i, SLICE("latitude")), &row.x)
	    || !values_exact(number_text(i, SLICE("longitude")), &row.y))
		return;
	extraction_add(e, SEARCH_NUMBER, row);
}

static void
uri_primitive(struct extraction *e, const struct item *i)
{
	struct slice s = item_text(i, e->arena);

	if (s.len > 0)
		add(e, (struct index_row){ .text = s });
}

static void
uri_canonical(struct extraction *e, const struct item *i)
{
	struct slice s = item_text(i, e->arena);
	size_t bar = slice_find(s, '|');

	uri_primitive(e, i);
	if (bar < s.len)
		add(e, (struct index_row){ .text = slice_sub(s, 0, bar) });
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
	{ SEARCH_TOKEN,     "code",            token_code },
	{ SEARCH_TOKEN,     "id",              token_primitive },
	{ SEARCH_TOKEN,     "string",          token_string },        /* markdown too */
	{ SEARCH_TOKEN,     "uri",             token_primitive },
	{ SEARCH_STRING,    "string",          string_primitive },
	{ SEARCH_STRING,    "uri",             string_primitive },
	{ SEARCH_STRING,    "HumanName",       string_complex },
	{ SEARCH_STRING,    "Address",         string_complex },
	{ SEARCH_REFERENCE, "Reference",       reference_reference },
	{ SEARCH_REFERENCE, "uri",             reference_uri },       /* canonical too */
	{ SEARCH_REFERENCE, "Resource",        reference_resource },
	{ SEARCH_DATE,      "date",            date_primitive },
	{ SEARCH_DATE,      "dateTime",        date_primitive },
	{ SEARCH_DATE,      "instant",         date_primitive },
	{ SEARCH_DATE,      "Period",          date_period },
	{ SEARCH_DATE,      "Timing",          date_timing },
	{ SEARCH_DATE,      "string",          date_primitive },      /* if it is one, as CarePlan's scheduledString may be */
	{ SEARCH_NUMBER,    "decimal",         number_primitive },
	{ SEARCH_NUMBER,    "integer",         number_primitive },    /* positiveInt, unsignedInt too */
	{ SEARCH_QUANTITY,  "Quantity",        quantity_quantity },   /* Age, Duration too */
	{ SEARCH_QUANTITY,  "Money",           quantity_money },
	{ SEARCH_QUANTITY,  "Range",           quantity_range },
	{ SEARCH_URI,       "canonical",       uri_canonical },
	{ SEARCH_URI,       "uri",             uri_primitive },       /* url, oid too */
	{ SEARCH_SPECIAL,   "BackboneElement", position_near },
};

bool
extraction_has_rule(const struct pack *pack, enum search_kind kind, const struct type *type)
{
	for (size_t k = 0; k < COUNT_OF(rules); k++)
		if (rules[k].kind == kind && type_is(type, pack_type(pack, slice_of(rules[k].type))))
			return true;
	return false;
}

/* What stands in the resource, or what the expression made of it, as the truth that a Patient is deceased. */
static const struct type *
type_of(const struct extraction *e, const struct item *i)
{
	static const char *const made[] = {
		[ITEM_BOOLEAN] = "boolean", [ITEM_STRING] = "string", [ITEM_INTEGER] = "integer",
		[ITEM_DECIMAL] = "decimal", [ITEM_DATE] = "date", [ITEM_DATETIME] = "dateTime",
	};

	if (i->kind == ITEM_NODE)
		return i->node == ITEM_ABSENT ? NULL : i->type;
	return i->kind >= COUNT_OF(made) ? NULL : pack_type(e->index->pack, slice_of(made[i->kind]));
}

/* A concept in words only has a row that no value names, so that it is not missing (R4 search.html#modifiers). */
static void
take_by(struct extraction *e, const struct item *i, void (*rule)(struct extraction *, const struct item *))
{
	uint32_t before = e->count;

	rule(e, i);
	if (e->kind == SEARCH_TOKEN && e->count == before)
		add(e, (struct index_row){ .a = 0 });
}

void
extraction_take(struct extraction *e, const struct item *i)
{
	const struct type *type = type_of(e, i);

	for (size_t k = 0; type != NULL && k < COUNT_OF(rules); k++)
		if (rules[k].kind == e->kind && type_is(type, pack_type(e->index->pack, slice_of(rules[k].type)))) {
			take_by(e, i, rules[k].fn);
			return;
		}
}
