/* query.c -- query text to a query tree; see query.h.
 *
 * Each pair name=value becomes a clause for every type that is searched, or a setting. */
#include "search/parser.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/encode.h"

#define PAGE_DEFAULT 20

/* The place is a name from the definitions, never one from the request. */
enum taken
parser_refuse(struct parser *p, enum fault fault, const char *why)
{
	struct place place = { p->code, 0, 0 };

	if (p->building)
		why = "resources are being indexed by it";
	if (p->lenient && (fault == FAULT_BAD_PARAMETER || (fault == FAULT_BAD_SEARCH && p->setting))) {
		outcome_warn(p->outcome, place, slice_of(*why == '\0' ? "a parameter that is not known was left out" : why));
		return LEFT_OUT;
	}
	outcome_fail(p->outcome, fault, place, slice_of(why));
	return REFUSED;
}

/* Clauses */

static struct query_clause *
new_clause(struct parser *p, struct query_part *part)
{
	part->clauses = arena_more(p->arena, part->clauses, part->clause_count, sizeof *part->clauses);
	return &part->clauses[part->clause_count];
}

/* For every type, or for none. */
static enum taken
take_clause(struct parser *p, struct slice name, struct slice value)
{
	struct query *q = p->query;
	enum taken taken = TAKEN;

	p->links = p->depth = 0;
	p->once_before = p->once_count;
	for (uint32_t i = 0; i < q->part_count && taken == TAKEN; i++)
		taken = parser_clause(p, q->parts[i].type, name, value, new_clause(p, &q->parts[i]));
	if (taken != TAKEN)
		p->once_count = p->once_before;
	for (uint32_t i = 0; i < q->part_count && taken == TAKEN; i++)
		q->parts[i].clause_count++;
	return taken;
}

/* Settings */

static enum taken
take_count(struct parser *p, struct slice value)
{
	uint64_t n;

	if (!slice_uint(value, &n))
		return parser_refuse(p, FAULT_BAD_SEARCH, "_count is a number");
	p->query->count_only |= n == 0;
	p->query->page = n > p->limits->of[LIMIT_PAGE] ? (uint32_t)p->limits->of[LIMIT_PAGE]
	    : n == 0 ? 1 : (uint32_t)n;
	return TAKEN;
}

#define NO_SORT (1u << SEARCH_COMPOSITE | 1u << SEARCH_SPECIAL)

static bool
sort_of(struct parser *p, const struct type *type, struct slice name, bool down,
    struct query_sort *out)
{
	struct query_clause c;

	if (parser_param(p, type, name, &c) == NULL || c.on > CLAUSE_LAST_UPDATED
	    || (NO_SORT & 1u << c.kind) != 0)
		return false;
	*out = (struct query_sort){ c.on, c.param,
		c.on == CLAUSE_LAST_UPDATED ? SEARCH_DATE : c.kind, down,
		c.on != CLAUSE_LAST_UPDATED && (c.kind == SEARCH_TOKEN || c.kind == SEARCH_REFERENCE), false };
	return true;
}

static enum taken
take_sort(struct parser *p, struct slice value)
{
	struct query *q = p->query;
	uint32_t before = q->sort_count;

	while (value.len > 0) {
		struct slice one = slice_cut(&value, ',');
		bool down = one.len > 0 && one.ptr[0] == '-', good = q->sort_count < QUERY_SORTS;

		if (down)
			one = slice_sub(one, 1, one.len);
		for (uint32_t i = 0; i < q->part_count && good; i++)
			good = sort_of(p, q->parts[i].type, one, down, &q->parts[i].sorts[q->sort_count]);
		if (!good) {
			q->sort_count = before;
			p->code = SLICE("_sort");
			return parser_refuse(p, FAULT_BAD_PARAMETER, "cannot sort by this");
		}
		q->sort_count++;
	}
	return TAKEN;
}

static enum taken
take_total(struct parser *p, struct slice value)
{
	if (slice_is(value, "accurate") || slice_is(value, "estimate"))
		p->query->total = TOTAL_ACCURATE;
	else if (!slice_is(value, "none"))
		return parser_refuse(p, FAULT_BAD_SEARCH, "_total is none, estimate or accurate");
	return TAKEN;
}

static const struct { const char *value; enum query_summary summary; bool count; } summaries[] = {
	{ "false", SUMMARY_FALSE, false }, { "true", SUMMARY_TRUE, false },
	{ "text",  SUMMARY_TEXT,  false }, { "data", SUMMARY_DATA, false },
	{ "count", SUMMARY_FALSE, true },
};

static enum taken
take_summary(struct parser *p, struct slice value)
{
	for (size_t i = 0; i < COUNT_OF(summaries); i++)
		if (slice_is(value, summaries[i].value)) {
			p->query->summary = summaries[i].summary;
			p->query->count_only |= summaries[i].count;
			return TAKEN;
		}
	return parser_refuse(p, FAULT_BAD_SEARCH, "_summary is true, text, data, count or false");
}

static bool
is_element(const struct query *q, const struct search_index *index, struct slice name)
{
	const struct element_type *which;

	for (uint32_t i = 0; i < q->part_count; i++)
		if (type_element(q->parts[i].type, name) != NULL
		    || pack_member(index->pack, q->parts[i].type, name, &which) != NULL)
			return true;
	return false;
}

static enum taken
take_elements(struct parser *p, struct slice value)
{
	struct query *q = p->query;
	uint32_t before = q->element_count;

	while (value.len > 0) {
		struct slice one = slice_trim(slice_cut(&value, ','));

		if (!is_element(q, p->index, one) || q->element_count == 256) {
			q->element_count = before;
			return parser_refuse(p, FAULT_BAD_PARAMETER, "no such element");
		}
		q->elements = arena_more(p->arena, q->elements, q->element_count, sizeof one);
		q->elements[q->element_count++] = one;
	}
	return TAKEN;
}

static enum taken
take_contained(struct parser *p, struct slice value)
{
	static const char *const values[] = { "false", "true", "both" };

	for (size_t i = 0; i < COUNT_OF(values); i++)
		if (slice_is(value, values[i])) {
			p->query->contained = (enum query_contained)i;
			return TAKEN;
		}
	return parser_refuse(p, FAULT_BAD_SEARCH, "_contained is true, false or both");
}

static enum taken
take_contained_type(struct parser *p, struct slice value)
{
	bool alone = slice_is(value, "contained");

	if (!alone && !slice_is(value, "container"))
		return parser_refuse(p, FAULT_BAD_SEARCH, "_containedType is container or contained");
	p->query->contained_alone = alone;
	return TAKEN;
}

static enum taken
take_cursor(struct parser *p, struct slice value)
{
	p->query->cursor = value;
	return TAKEN;
}

static enum taken
take_nothing(struct parser *p, struct slice value)
{
	(void)p;
	(void)value;
	return TAKEN;                   /* was looked at before the search began */
}

/* Includes: Type:parameter[:Target], Type:*, *:*, or * */

static bool
include_of(struct parser *p, struct slice value, struct query_include *out)
{
	bool ended = value.len > 0 && value.ptr[value.len - 1] == ':';
	struct slice source = slice_cut(&value, ':'), code = slice_cut(&value, ':');
	struct query_clause unused;

	if (slice_is(source, "*"))
		return !ended && (code.len == 0 || slice_is(code, "*")) && value.len == 0;
	out->source = pack_resource(p->index->pack, source);
	out->target = pack_resource(p->index->pack, value);
	if (out->source == NULL || ended || code.len == 0 || (value.len > 0 && out->target == NULL))
		return false;
	if (slice_is(code, "*"))
		return true;
	out->param = parser_param(p, out->source, code, &unused);
	return out->param != NULL && out->param->kind == SEARCH_REFERENCE;
}

static enum taken
take_include(struct parser *p, struct slice value, bool reverse, bool iterate)
{
	struct query *q = p->query;
	struct query_include one = { .reverse = reverse, .iterate = iterate };

	if (!include_of(p, value, &one)) {
		p->code = reverse ? SLICE("_revinclude") : SLICE("_include");
		return parser_refuse(p, FAULT_BAD_PARAMETER, "an include is Type:parameter or Type:parameter:Target");
	}
	q->includes = arena_more(p->arena, q->includes, q->include_count, sizeof one);
	q->includes[q->include_count++] = one;
	return TAKEN;
}

static enum taken
include(struct parser *p, struct slice value)
{
	return take_include(p, value, false, false);
}

static enum taken
include_iterate(struct parser *p, struct slice value)
{
	return take_include(p, value, false, true);
}

static enum taken
revinclude(struct parser *p, struct slice value)
{
	return take_include(p, value, true, false);
}

static enum taken
revinclude_iterate(struct parser *p, struct slice value)
{
	return take_include(p, value, true, true);
}

static const struct {
	const char *name;
	enum taken (*take)(struct parser *, struct slice);
	bool shown;                     /* in the self link */
} settings[] = {
	{ "_count",          take_count,          true },
	{ "_sort",           take_sort,           true },
	{ "_total",          take_total,          true },
	{ "_summary",        take_summary,        true },
	{ "_elements",       take_elements,       true },
	{ "_contained",      take_contained,      true },
	{ "_containedType",  take_contained_type, true },
	{ "_include",        include,             true },
	{ "_include:iterate", include_iterate,    true },
	{ "_include:recurse", include_iterate,    true },
	{ "_revinclude",     revinclude,          true },
	{ "_revinclude:iterate", revinclude_iterate, true },
	{ "_revinclude:recurse", revinclude_iterate, true },
	{ "_cursor",         take_cursor,         false },
	{ "_format",         take_nothing,        false },
	{ "_pretty",         take_nothing,        false },
};

const char *
query_setting(size_t i)
{
	return i < COUNT_OF(settings) && settings[i].take != take_nothing ? settings[i].name : NULL;
}

static void
show(struct parser *p, struct slice name, struct slice value)
{
	if (p->canonical.len > 0)
		buf_add_char(&p->canonical, '&');
	encode_percent(&p->canonical, name);
	buf_add_char(&p->canonical, '=');
	encode_percent(&p->canonical, value);
}

static enum taken
take_parameter(struct parser *p, struct slice name, struct slice value, bool *shown)
{
	p->code = SLICE_NONE;
	p->building = p->setting = false;
	if (slice_is(name, "_type") && p->place->type == NULL) {
		*shown = true;
		return TAKEN;           /* was looked at before all others */
	}
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		if (slice_is(name, settings[i].name)) {
			p->code = slice_of(settings[i].name);
			p->setting = true;
			*shown = settings[i].shown;
			return settings[i].take(p, value);
		}
	*shown = true;
	return take_clause(p, name, value);
}

static bool
take_pair(struct parser *p, struct slice pair)
{
	struct slice value = pair, name = slice_cut(&value, '='), plain_name, plain_value;
	enum taken taken;
	bool shown;

	if (++p->parameters > p->limits->of[LIMIT_SEARCH_PARAMS])
		return outcome_fail_at_once(p->outcome, FAULT_TOO_COSTLY, "too many parameters");
	if (!decode_percent(name, true, p->arena, &plain_name)
	    || !decode_percent(value, true, p->arena, &plain_value)
	    || !utf8_valid(plain_value))
		return outcome_fail_at_once(p->outcome, FAULT_BAD_SEARCH, "a broken escape");
	if (plain_value.len == 0)
		return true;            /* R4: a parameter without a value is ignored */
	taken = take_parameter(p, plain_name, plain_value, &shown);
	if (taken == TAKEN && shown)
		show(p, plain_name, plain_value);
	return taken != REFUSED;
}

static bool
take_pairs(struct parser *p, struct slice text)
{
	while (text.len > 0) {
		struct slice pair = slice_cut(&text, '&');

		if (pair.len > 0 && !take_pair(p, pair))
			return false;
	}
	return true;
}

/* What is searched */

static bool
in_compartment(struct parser *p, const struct type *type)
{
	uint32_t count;

	return p->place->within == NULL || type == p->place->within
	    || pack_compartment(p->index->pack, p->place->within->name, type, &count) != NULL;
}

static void
add_type(struct parser *p, const struct type *type)
{
	struct query *q = p->query;

	for (uint32_t i = 0; i < q->part_count; i++)
		if (q->parts[i].type == type)
			return;
	q->parts[q->part_count++] = (struct query_part){ .type = type };
}

static void
add_all_types(struct parser *p)
{
	for (uint32_t i = 0; i < pack_type_count(p->index->pack); i++) {
		const struct type *type = pack_type_at(p->index->pack, i);

		if (pack_resource(p->index->pack, type->name) != NULL && in_compartment(p, type)
		    && (p->place->allowed == NULL || p->place->allowed(p->place->ctx, type)))
			add_type(p, type);
	}
}

static int
by_number(const void *a, const void *b)
{
	const struct query_part *x = a, *y = b;

	return x->type->number - y->type->number;
}

static bool
add_named_types(struct parser *p, struct slice names)
{
	while (names.len > 0) {
		const struct type *type = pack_resource(p->index->pack, slice_cut(&names, ','));

		if (type == NULL || !in_compartment(p, type)) {
			p->code = SLICE("_type");
			parser_refuse(p, FAULT_BAD_SEARCH, "no such resource type here");
			return false;
		}
		add_type(p, type);
	}
	qsort(p->query->parts, p->query->part_count, sizeof *p->query->parts, by_number);
	return true;
}

static bool
find_types(struct parser *p, struct slice text)
{
	while (text.len > 0) {
		struct slice value = slice_cut(&text, '&'), name = slice_cut(&value, '='), plain;

		if (slice_is(name, "_type") && decode_percent(value, true, p->arena, &plain)
		    && plain.len > 0 && !add_named_types(p, plain))
			return false;
	}
	return true;
}

static bool
take_types(struct parser *p, struct slice text, struct slice form)
{
	struct query *q = p->query;

	q->parts = arena_array(p->arena, p->place->type != NULL ? 1 : pack_type_count(p->index->pack) + 1,
	    sizeof *q->parts);
	if (p->place->type != NULL && !in_compartment(p, p->place->type))
		return outcome_fail_at_once(p->outcome, FAULT_BAD_SEARCH, "the type is not in the compartment");
	if (p->place->type != NULL)
		add_type(p, p->place->type);
	else if (!find_types(p, text) || !find_types(p, form))
		return false;
	if (p->place->type == NULL && q->part_count == 0)
		add_all_types(p);
	q->type = q->part_count == 1 ? q->parts[0].type : NULL;
	return true;
}

/* Compartments */

/* Of other compartments than a Patient's: by any parameter of the definition. */
static void
membership(struct parser *p, const struct type *type, struct query_clause *out)
{
	const struct query_place *place = p->place;
	uint32_t count;
	const struct slice *codes = pack_compartment(p->index->pack, place->within->name, type, &count);

	*out = (struct query_clause){ .on = CLAUSE_ANY };
	for (uint32_t i = 0; i < count; i++) {
		struct query_clause one;

		if (parser_param(p, type, codes[i], &one) != NULL
		    && parser_value(p, &one, type, place->id, place->within->name))
			*parser_part(p, out) = one;
	}
	if (type == place->within) {
		struct query_clause one = { .on = CLAUSE_ID, .kind = SEARCH_TOKEN };

		if (parser_value(p, &one, type, place->id, SLICE_NONE))
			*parser_part(p, out) = one;
	}
}

static void
take_compartment(struct parser *p)
{
	const struct query_place *place = p->place;
	struct query *q = p->query;
	int64_t lead;

	if (place->within == NULL || place->all)
		return;
	if (slice_is(place->within->name, "Patient")) {
		q->in_patient = true;
		if (p->resolver->find == NULL || !p->resolver->find(p->resolver->ctx, place->within->name,
		    place->id, &lead, &q->patient))
			q->patient = 0;
		return;
	}
	for (uint32_t i = 0; i < q->part_count; i++) {
		membership(p, q->parts[i].type, new_clause(p, &q->parts[i]));
		q->parts[i].clause_count++;
	}
}

void
query_match_only(struct query *q, uint32_t page)
{
	q->page = page;
	q->sort_count = 0;
	q->total = TOTAL_NONE;
	q->count_only = false;
}

bool
query_parse_at(const struct search_index *index, const struct query_place *place, struct slice text,
    struct slice form, bool lenient, const struct index_resolver *resolver,
    const struct limits *limits, int64_t now, struct arena *arena, struct query *out,
    struct outcome *o)
{
	struct parser p = {
		.index = index, .resolver = resolver, .place = place, .limits = limits, .arena = arena,
		.query = out, .outcome = o, .lenient = lenient, .now = now,
	};

	*out = (struct query){ .index = index, .page = PAGE_DEFAULT };
	if (out->page > limits->of[LIMIT_PAGE])
		out->page = (uint32_t)limits->of[LIMIT_PAGE];
	buf_init(&p.canonical, arena, SIZE_MAX);
	if (!take_types(&p, text, form))
		return false;
	take_compartment(&p);
	if (!take_pairs(&p, text) || !take_pairs(&p, form))
		return false;
	if (out->summary == SUMMARY_TEXT && out->include_count > 0)     /* R4 search.html#summary */
		return outcome_fail_at_once(o, FAULT_BAD_SEARCH, "_summary=text goes with no _include");
	out->canonical = buf_slice(&p.canonical);
	return true;
}

bool
query_parse(const struct search_index *index, const struct type *type, struct slice text,
    struct slice form, bool lenient, const struct index_resolver *resolver,
    const struct limits *limits, int64_t now, struct arena *arena, struct query *out,
    struct outcome *o)
{
	struct query_place place = { .type = type };

	return query_parse_at(index, &place, text, form, lenient, resolver, limits, now, arena, out, o);
}
