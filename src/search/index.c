/* index.c -- a resource to index rows; see index.h.
 *
 * Each parameter's expression gives items with their FHIR types; index_rules.c
 * makes rows of them.  No type is treated by hand. */
#include "search/index.h"

#include <stdlib.h>

#include "attachment/walk.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/outcome.h"
#include "fhir/names.h"
#include "fhirpath/fhirpath.h"
#include "search/custom.h"
#include "search/extraction.h"
#include "search/values.h"

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
	return (p->kind != SEARCH_SPECIAL || slice_is(p->code, "near")) && p->expression.len > 0;
}

/* A composite whose components do not all compile is left out. */
static struct fhirpath **
compile_components(const struct search_index *index, const struct search_param *p,
    struct arena *arena)
{
	struct fhirpath **all = arena_array(arena, p->component_count + 1, sizeof *all);
	struct outcome aside;

	outcome_init(&aside, arena);
	for (uint32_t i = 0; i < p->component_count; i++) {
		all[i] = fhirpath_compile(index->pack, p->components[i].expression, NULL, index->limits,
		    arena, &aside);
		if (all[i] == NULL || p->components[i].kind == SEARCH_SPECIAL
		    || p->components[i].kind == SEARCH_COMPOSITE)
			return NULL;
	}
	return p->component_count == 0 ? NULL : all;
}

static bool
compile(struct search_index *index, const struct search_param *p, struct arena *arena)
{
	struct outcome aside;

	outcome_init(&aside, arena);
	if (p->kind == SEARCH_COMPOSITE
	    && (index->components[p->number] = compile_components(index, p, arena)) == NULL)
		return false;
	index->compiled[p->number] = fhirpath_compile(index->pack, p->expression, p->on, index->limits,
	    arena, &aside);
	return index->compiled[p->number] != NULL;
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
	index->components = arena_array(arena, count + 1, sizeof *index->components);
	for (uint32_t i = 0; i < count; i++)
		if (indexed(pack_param_at(pack, i)))
			left_out += !compile(index, pack_param_at(pack, i), arena);
	if (left_out > 0)
		log_event(LOG_WARNING, "search-parameters-left-out", "count=%u", left_out);
	return index;
}

/* Custom parameters */

static int
by_code(const void *a, const void *b)
{
	return slice_cmp((*(const struct search_param *const *)a)->code,
	    (*(const struct search_param *const *)b)->code);
}

static void
add_to_type(struct search_index *index, const struct search_param *p)
{
	struct params_of_type *of = &index->of_type[p->on->number];

	if (of->at == NULL) {
		const struct search_param *const *standard = pack_params(index->pack, p->on, &of->count);

		of->at = arena_array(index->arena, of->count + index->custom_count + 1, sizeof *of->at);
		memcpy(of->at, standard, of->count * sizeof *of->at);
	}
	of->at[of->count++] = p;
	qsort(of->at, of->count, sizeof *of->at, by_code);
}

struct search_index *
search_index_with(const struct custom_params *custom, int64_t generation)
{
	struct search_index *index = arena_alloc(custom->arena, sizeof *index);

	*index = *custom->standard;
	index->arena = custom->arena;
	index->custom = custom->at;
	index->custom_count = custom->count;
	index->generation = generation;
	atomic_init(&index->held, 1);
	if (custom->count > 0)
		index->of_type = arena_array(index->arena, pack_type_count(index->pack),
		    sizeof *index->of_type);
	for (uint32_t i = 0; i < custom->count; i++)
		add_to_type(index, &custom->at[i].param);
	return index;
}

struct search_index *
search_index_hold(struct search_index *index)
{
	atomic_fetch_add(&index->held, 1);
	return index;
}

void
search_index_let_go(struct search_index *index)
{
	if (index != NULL && atomic_fetch_sub(&index->held, 1) == 1)
		arena_free(index->arena);
}

int64_t
search_index_generation(const struct search_index *index)
{
	return index->generation;
}

const struct search_param *const *
search_params(const struct search_index *index, const struct type *type, uint32_t *count)
{
	const struct params_of_type *of = index->of_type == NULL ? NULL : &index->of_type[type->number];

	if (of == NULL || of->at == NULL)
		return pack_params(index->pack, type, count);
	*count = of->count;
	return (const struct search_param *const *)of->at;
}

const struct search_param *
search_param(const struct search_index *index, const struct type *type, struct slice code)
{
	const struct search_param sought = { .code = code }, *key = &sought;
	uint32_t count;
	const struct search_param *const *all = search_params(index, type, &count), *const *found;

	found = count == 0 ? NULL : bsearch(&key, all, count, sizeof *all, by_code);
	return found == NULL ? NULL : *found;
}

uint32_t
search_param_count(const struct search_index *index)
{
	return pack_param_count(index->pack) + index->custom_count;
}

const struct search_param *
search_param_at(const struct search_index *index, uint32_t i)
{
	uint32_t standard = pack_param_count(index->pack);

	return i < standard ? pack_param_at(index->pack, i) : &index->custom[i - standard].param;
}

const struct search_param *
search_canonical(const struct search_index *index, const struct type *type)
{
	return type_element(type, SLICE("url")) == NULL || type_element(type, SLICE("version")) == NULL ? NULL
	    : pack_param(index->pack, type, SLICE("url"));
}

bool
search_may_refer(const struct search_param *p, struct slice type)
{
	for (uint32_t i = 0; i < p->target_count; i++)
		if (slice_eq(p->targets[i], type) || slice_is(p->targets[i], "Resource"))
			return true;
	return p->target_count == 0;
}

static const struct custom_param *
custom_of(const struct search_param *p)
{
	return p->number < CUSTOM_FIRST ? NULL : (const struct custom_param *)p;
}

static const struct fhirpath *
compiled_of(const struct search_index *index, const struct search_param *p)
{
	return custom_of(p) != NULL ? custom_of(p)->compiled : index->compiled[p->number];
}

static const struct fhirpath *
component_of(const struct search_index *index, const struct search_param *p, uint32_t i)
{
	return custom_of(p) != NULL ? custom_of(p)->components[i] : index->components[p->number][i];
}

/* Searched by, without rows of their own. */
static const char *const computed_codes[] = {
	"_id", "_lastUpdated", "_text", "_content", "_has", "_list", "_filter",
};

bool
search_index_supports(const struct search_index *index, const struct search_param *p)
{
	for (size_t i = 0; i < COUNT_OF(computed_codes); i++)
		if (slice_is(p->code, computed_codes[i]))
			return true;
	return compiled_of(index, p) != NULL && !search_index_is_building(index, p);
}

bool
search_index_is_building(const struct search_index *index UNUSED, const struct search_param *p)
{
	return custom_of(p) != NULL && !custom_of(p)->ready;
}

/* Extracting */

static int
by_value(const void *a, const void *b)
{
	const struct index_row *x = a, *y = b;
	int order;

	if (x->param != y->param)
		return x->param < y->param ? -1 : 1;
	if (x->kind != y->kind || x->part != y->part)
		return x->kind != y->kind ? x->kind - y->kind : x->part - y->part;
	if (x->group != y->group || x->contained != y->contained)
		return x->contained != y->contained ? x->contained - y->contained : x->group - y->group;
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

#define DAY ((int64_t)86400000)

int64_t
index_width(enum index_span span)
{
	static const int64_t widths[] = { [SPAN_INSTANT] = 0, [SPAN_SECOND] = 999, [SPAN_DAY] = DAY, [SPAN_MONTH] = 31 * DAY,
		[SPAN_WIDE] = INT64_MAX, [SPAN_SEVERAL] = INT64_MAX };

	return widths[span];
}

static bool
same_param(const struct index_row *x, const struct index_row *y)
{
	return x->param == y->param && x->kind == y->kind && x->part == y->part && x->contained == y->contained;
}

static uint8_t
span_of(const struct index_row *rows, uint32_t count, uint32_t i)
{
	uint64_t width = (uint64_t)rows[i].b - (uint64_t)rows[i].a;
	uint8_t span = SPAN_INSTANT;

	if ((i > 0 && same_param(&rows[i - 1], &rows[i])) || (i + 1 < count && same_param(&rows[i], &rows[i + 1])))
		return SPAN_SEVERAL;
	while (span < SPAN_WIDE && (span <= SPAN_SECOND ? width != (uint64_t)index_width(span)
	    : width > (uint64_t)index_width(span)))
		span++;
	return span;
}

static void
set_spans(struct index_row *rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].kind == SEARCH_DATE)
			rows[i].span = span_of(rows, count, i);
}

/* A custom expression that fails finds nothing: what somebody wrote for all resources refuses none. */
static bool
evaluate_as(const struct search_param *p, const struct fhirpath *compiled,
    const struct fhirpath_scope *scope, struct item focus, struct arena *arena, struct items *items,
    bool *failed, struct outcome *o)
{
	struct outcome aside;

	if (custom_of(p) == NULL)
		return fhirpath_evaluate(compiled, scope, focus, arena, items, o);
	outcome_init(&aside, arena);
	if (!fhirpath_evaluate(compiled, scope, focus, arena, items, &aside)) {
		*items = (struct items){ NULL, 0 };
		*failed = true;
	}
	return true;
}

static bool
evaluate(const struct search_index *index, const struct search_param *p, struct item focus,
    struct item root, struct arena *arena, struct items *items, bool *failed, struct outcome *o)
{
	struct fhirpath_scope scope = {
		.pack = index->pack, .limits = index->limits, .resource = focus, .root = root,
	};

	return evaluate_as(p, compiled_of(index, p), &scope, focus, arena, items, failed, o);
}

/* One item of a composite's expression: rows of each component, in one group. */
static bool
take_group(struct extraction *e, const struct search_param *p, struct item focus, struct item root,
    const struct item *item, bool *failed, struct outcome *o)
{
	struct fhirpath_scope scope = {
		.pack = e->index->pack, .limits = e->index->limits, .resource = focus, .root = root,
	};

	for (uint32_t i = 0; i < p->component_count; i++) {
		struct items items;

		if (!evaluate_as(p, component_of(e->index, p, i), &scope, *item, e->arena, &items, failed, o))
			return false;
		e->kind = p->components[i].kind;
		e->part = (uint8_t)(i + 1);
		for (uint32_t k = 0; k < items.count; k++)
			extraction_take(e, &items.at[k]);
	}
	e->part = 0;
	return true;
}

static bool
take_items(struct extraction *e, const struct search_param *p, struct item focus, struct item root,
    const struct items *items, bool *failed, struct outcome *o)
{
	e->number = p->number;
	e->param = p;
	e->targets = custom_of(p) == NULL || p->kind == SEARCH_COMPOSITE ? NULL : p;
	e->kind = p->kind;
	e->group = 0;
	e->family = slice_ends(p->expression, SLICE(".family"));
	for (uint32_t k = 0; k < items->count; k++) {
		if (p->kind != SEARCH_COMPOSITE)
			extraction_take(e, &items->at[k]);
		else if (++e->group < INDEX_GROUPS && !take_group(e, p, focus, root, &items->at[k], failed, o))
			return false;
	}
	e->group = 0;
	return true;
}

/* Of the outermost resource, wherever in it. */
static void
note_failure(struct extraction *e, uint32_t number)
{
	uint16_t contained = e->contained;

	e->number = INDEX_FAILED + number;
	e->contained = 0;
	extraction_add(e, SEARCH_REFERENCE, (struct index_row){ .a = -1, .b = INDEX_FOREIGN });
	e->contained = contained;
}

static bool
take_param(struct extraction *e, const struct search_param *p, struct item focus, struct item root,
    struct outcome *o)
{
	struct items items;
	bool failed = false;

	if (!evaluate(e->index, p, focus, root, e->arena, &items, &failed, o)
	    || !take_items(e, p, focus, root, &items, &failed, o))
		return false;
	if (failed)
		note_failure(e, p->number);
	if (p == e->canonical)
		extraction_name(e, &focus);
	return true;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool
is_chosen(const struct extraction *e, const struct search_param *p)
{
	return compiled_of(e->index, p) != NULL && (e->choice == NULL || (e->choice->count > 0
	    && bsearch(&p->number, e->choice->numbers, e->choice->count, sizeof p->number, by_number) != NULL));
}

static bool
take_resource(struct extraction *e, struct item focus, struct item root, struct outcome *o)
{
	uint32_t count;
	const struct search_param *const *params = search_params(e->index, focus.type, &count);

	e->canonical = search_canonical(e->index, focus.type);
	for (uint32_t i = 0; i < count; i++) {
		if (is_chosen(e, params[i]) && !take_param(e, params[i], focus, root, o))
			return false;
	}
	return true;
}

/* R4 bundle.html#search: the first resource of a document or message. */
static uint32_t
subject_of_bundle(const struct extraction *e)
{
	uint32_t type = json_get(e->json, e->resource, SLICE("type"));
	uint32_t entries = json_get(e->json, e->resource, SLICE("entry"));

	if (!json_is(e->json, json_get(e->json, e->resource, SLICE("resourceType")), SLICE("Bundle"))
	    || entries == 0 || json_type(e->json, entries) != JSON_ARRAY || json_size(e->json, entries) == 0
	    || !(json_is(e->json, type, SLICE("document")) || json_is(e->json, type, SLICE("message"))))
		return 0;
	return json_get(e->json, json_first(e->json, entries), SLICE("resource"));
}

uint32_t
extraction_within(const struct extraction *e, uint32_t before)
{
	uint32_t list = json_get(e->json, e->resource, SLICE("contained"));

	if (list == 0)
		return before == 0 ? subject_of_bundle(e) : 0;
	return before == 0 ? json_first(e->json, list) : json_next(e->json, list, before);
}

/* Chains look into contained resources, and _contained asks for them (R4 search.html#contained); what is in a
 * Bundle is not contained. */
static bool
take_contained(struct extraction *e, struct item root, struct outcome *o)
{
	bool contained = json_get(e->json, e->resource, SLICE("contained")) != 0;

	for (uint32_t n = extraction_within(e, 0); n != 0 && e->contained + 1 < INDEX_GROUPS;
	    n = extraction_within(e, n)) {
		const struct type *type = pack_resource(e->index->pack,
		    json_string(e->json, json_get(e->json, n, SLICE("resourceType")), e->arena));

		e->contained++;
		if (type == NULL)
			continue;
		e->number = type->number;
		if (contained && e->choice == NULL)
			extraction_add(e, SEARCH_SPECIAL, (struct index_row){ .a = root.type->number });
		if (!take_resource(e, fhirpath_node(e->json, n, type), root, o))
			return false;
	}
	return true;
}

static bool
take_url(void *ctx, const struct content_place *p)
{
	struct extraction *e = ctx;
	uint32_t url = p->kind == PLACE_ATTACHMENT ? json_get(e->json, p->holder, SLICE("url")) : 0;
	struct slice text = url == 0 ? SLICE_NONE : json_string(e->json, url, e->arena), type, id;

	if (url != 0 && index_local(e->resolver, text, &type, &id) && slice_is(type, "Binary"))
		extraction_refer(e, text);
	return true;
}

/* Attachments that name a Binary: few resources have any. */
static bool
take_attached(struct extraction *e, const struct type *type, struct outcome *o)
{
	const struct json_node *whole = &e->json->nodes[e->resource];

	e->number = INDEX_ATTACHED + type->number;
	e->targets = NULL;
	e->contained = 0;
	return memmem(e->json->text.ptr + whole->at, whole->len, "Binary/", 7) == NULL
	    || content_walk(e->index->pack, type, e->json, e->resource, e->arena, take_url, e)
	    || outcome_fail_at_once(o, FAULT_TOO_COMPLEX, "");
}

bool
index_extract_chosen(const struct search_index *index, const struct index_choice *choice,
    const struct type *type, const struct json *j, uint32_t resource,
    const struct index_resolver *resolver, struct arena *arena, struct index_rows *out,
    struct outcome *o)
{
	struct extraction e = { .index = index, .resolver = resolver, .arena = arena, .json = j,
		.resource = resource, .choice = choice };
	struct item focus = fhirpath_node(j, resource, type);

	if (!take_resource(&e, focus, focus, o) || !take_contained(&e, focus, o)
	    || (choice == NULL && !take_attached(&e, type, o)))
		return false;
	out->at = e.rows;
	out->count = distinct(e.rows, e.count);
	set_spans(e.rows, out->count);
	return true;
}

bool
index_extract(const struct search_index *index, const struct type *type, const struct json *j,
    uint32_t resource, const struct index_resolver *resolver, struct arena *arena,
    struct index_rows *out, struct outcome *o)
{
	return index_extract_chosen(index, NULL, type, j, resource, resolver, arena, out, o);
}

/* Texts */

static void
add_text(struct index_texts *out, struct slice s, struct arena *arena)
{
	if (s.len == 0)
		return;
	out->at = arena_more(arena, out->at, out->count, sizeof s);
	out->at[out->count++] = s;
}

static void
add_member(struct index_texts *out, const struct json *j, uint32_t object, const char *path,
    struct arena *arena)
{
	uint32_t node = json_type(j, object) == JSON_OBJECT ? json_path(j, object, path) : 0;

	if (node != 0)
		add_text(out, json_string(j, node, arena), arena);
}

/* The member or members of an item that carry what is meant, by type. */
static const struct {
	const char *type, *codings, *text, *display;    /* display: for :text */
} texts_of[] = {
	{ "CodeableConcept", "coding", NULL,        "text" },
	{ "Coding",          NULL,     "code",      "display" },
	{ "Identifier",      NULL,     "value",     "type.text" },
	{ "ContactPoint",    NULL,     "value",     NULL },
	{ "Reference",       NULL,     "reference", "display" },
};

static void
texts_of_item(const struct search_index *index, const struct item *i, bool displays,
    struct arena *arena, struct index_texts *out)
{
	if (i->kind != ITEM_NODE && !displays)
		add_text(out, item_text(i, arena), arena);
	if (i->kind != ITEM_NODE || i->node == ITEM_ABSENT)
		return;
	for (size_t k = 0; k < COUNT_OF(texts_of); k++) {
		const char *member = displays ? texts_of[k].display : texts_of[k].text;
		uint32_t list;

		if (!type_is(i->type, pack_type(index->pack, slice_of(texts_of[k].type))))
			continue;
		if (member != NULL)
			add_member(out, i->json, i->node, member, arena);
		list = texts_of[k].codings == NULL ? 0
		    : json_get(i->json, i->node, slice_of(texts_of[k].codings));
		for (uint32_t n = list == 0 ? 0 : json_first(i->json, list); n != 0;
		    n = json_next(i->json, list, n))
			add_member(out, i->json, n, displays ? "display" : "code", arena);
		return;
	}
	if (i->type->kind == TYPE_PRIMITIVE)
		add_text(out, item_text(i, arena), arena);
}

bool
index_texts(const struct search_index *index, const struct type *type,
    const struct search_param *p, bool displays, const struct json *j, uint32_t resource,
    struct arena *arena, struct index_texts *out, struct outcome *o)
{
	struct item focus = fhirpath_node(j, resource, type);
	struct items items;
	bool failed;

	*out = (struct index_texts){ NULL, 0 };
	if (!search_index_supports(index, p) || compiled_of(index, p) == NULL)
		return true;
	if (!evaluate(index, p, focus, focus, arena, &items, &failed, o))
		return false;
	for (uint32_t i = 0; i < items.count; i++)
		texts_of_item(index, &items.at[i], displays, arena, out);
	return true;
}

/* Patients */

struct patients {
	struct patient_refs *refs;
	struct names seen;
};

static void
add_patient(struct patients *p, struct slice id, struct arena *arena)
{
	struct patient_refs *refs = p->refs;

	if (!names_add(&p->seen, id, refs->count))
		return;
	refs->ids = arena_more(arena, refs->ids, refs->count, sizeof *refs->ids);
	refs->ids[refs->count++] = id;
}

static uint32_t
reference_of(const struct item *i)
{
	return json_type(i->json, i->node) == JSON_OBJECT
	    ? json_get(i->json, i->node, SLICE("reference")) : 0;
}

static void
patients_of_items(const struct items *items, const struct index_resolver *resolver,
    struct arena *arena, struct patients *p)
{
	for (uint32_t i = 0; i < items->count; i++) {
		const struct item *item = &items->at[i];
		struct slice text, type, id;
		uint32_t node;

		if (item->kind != ITEM_NODE || item->node == ITEM_ABSENT
		    || (node = reference_of(item)) == 0)
			continue;
		text = json_string(item->json, node, arena);
		if (index_local(resolver, text, &type, &id) && slice_is(type, "Patient"))
			add_patient(p, id, arena);
		else if (slice_starts(text, SLICE("Patient?")))
			add_patient(p, text, arena);    /* a condition that nothing has resolved: no such patient */
	}
}

bool
index_patients(const struct search_index *index, const struct type *type, const struct json *j,
    uint32_t resource, const struct index_resolver *resolver, struct arena *arena,
    struct patient_refs *out, struct outcome *o)
{
	struct item focus = fhirpath_node(j, resource, type);
	struct patients patients = { .refs = out };
	uint32_t count;
	const struct slice *codes = pack_compartment(index->pack, SLICE("Patient"), type, &count);

	*out = (struct patient_refs){ NULL, 0 };
	names_init_keyed(&patients.seen, arena, 4);
	for (uint32_t i = 0; i < count && !slice_is(type->name, "Patient"); i++) {
		const struct search_param *p = pack_param(index->pack, type, codes[i]);
		struct items items;
		bool failed;

		if (p == NULL || index->compiled[p->number] == NULL)
			continue;
		if (!evaluate(index, p, focus, focus, arena, &items, &failed, o))
			return false;
		patients_of_items(&items, resolver, arena, &patients);
	}
	return true;
}
