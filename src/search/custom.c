/* custom.c -- a SearchParameter to parameters; see custom.h. */
#include "search/custom.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "crypto/digest.h"
#include "fhir/expression.h"
#include "fhirpath/fhirpath.h"
#include "json/json.h"
#include "search/extraction.h"
#include "search/values.h"

#define COMPONENTS_MAX 16       /* each has its number in a row, and is compiled for each type */
#define PRINT_FORMAT "2"        /* another one when the same expression gives other rows than before */

struct reading {
	struct custom_params *to;
	const struct search_index *index;
	const struct json *json;
	uint32_t        node;
	int64_t         source;
	struct slice    code, url, expression;
	enum search_kind kind;
	struct slice   *targets;
	uint32_t        target_count;
	struct search_use use;
	struct outcome *outcome;
};

static bool
wrong(struct reading *r, enum fault fault, const char *element, struct slice why)
{
	struct buf path;

	buf_init(&path, r->outcome->arena, 256);
	buf_printf(&path, "SearchParameter.%s", element);
	return outcome_fail(r->outcome, fault, (struct place){ buf_slice(&path), 0, 0 }, why);
}

/* Texts outlive the resource. */
static struct slice
text_of(struct reading *r, uint32_t node, const char *name)
{
	uint32_t found = json_get(r->json, node, slice_of(name));

	return found == 0 || json_type(r->json, found) != JSON_STRING ? SLICE_NONE
	    : slice_dup(json_string(r->json, found, r->to->arena), r->to->arena);
}

static uint32_t
list_of(const struct json *j, uint32_t node, const char *name)
{
	uint32_t list = json_get(j, node, slice_of(name));

	return list != 0 && json_type(j, list) == JSON_ARRAY ? list : 0;
}

bool
custom_is_active(const struct json *j, uint32_t node)
{
	uint32_t status = json_get(j, node, SLICE("status"));

	return status != 0 && json_is(j, status, SLICE("active"));
}

bool
custom_is_composite(const struct json *j, uint32_t node)
{
	uint32_t type = json_get(j, node, SLICE("type"));

	return type != 0 && json_is(j, type, SLICE("composite"));
}

/* The definition as a whole */

/* It stands in front of "=", ":" and "."; those with a "_" are the specification's. */
static bool
code_good(struct slice code)
{
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (!(ascii_is_digit(c) || ascii_is_letter(c) || c == '-'
		    || (c == '_' && i > 0)))
			return false;
	}
	return code.len > 0 && code.len <= 64;
}

static bool
read_targets(struct reading *r)
{
	uint32_t list = list_of(r->json, r->node, "target");

	if (list == 0)
		return true;
	if (r->kind != SEARCH_REFERENCE)
		return wrong(r, FAULT_VALUE, "target", SLICE("only references have targets"));
	r->targets = arena_array(r->to->arena, json_size(r->json, list) + 1, sizeof *r->targets);
	for (uint32_t n = json_first(r->json, list); n != 0; n = json_next(r->json, list, n))
		r->targets[r->target_count++] = slice_dup(json_string(r->json, n, r->to->arena), r->to->arena);
	return true;
}

static bool
read_head(struct reading *r)
{
	uint32_t usage = json_get(r->json, r->node, SLICE("xpathUsage"));

	r->code = text_of(r, r->node, "code");
	r->url = text_of(r, r->node, "url");
	r->expression = text_of(r, r->node, "expression");
	r->use = use_read(r->json, r->node, r->to->arena);
	if (!code_good(r->code))
		return wrong(r, FAULT_VALUE, "code", SLICE("a code is made of letters, digits and -"));
	if (!search_kind_find(text_of(r, r->node, "type"), &r->kind) || r->kind == SEARCH_SPECIAL)
		return wrong(r, FAULT_VALUE, "type", SLICE("such a parameter cannot be searched by"));
	if (r->expression.len == 0)
		return wrong(r, FAULT_REQUIRED, "expression", SLICE_NONE);
	if (usage != 0 && !json_is(r->json, usage, SLICE("normal")))
		return wrong(r, FAULT_VALUE, "xpathUsage", SLICE("only normal use is supported"));
	return read_targets(r);
}

/* Expressions */

/* What the compiler says, with the column of the expression. */
static bool
does_not_compile(struct reading *r, const char *element, const struct outcome *why)
{
	struct buf text;

	buf_init(&text, r->outcome->arena, 1024);
	buf_add(&text, why->first->detail);
	if (why->first->place.column > 0)
		buf_printf(&text, ", at line %u, column %u of the expression", why->first->place.line,
		    why->first->place.column);
	return wrong(r, FAULT_VALUE, element, buf_slice(&text));
}

static struct fhirpath *
compile(struct reading *r, const char *element, struct slice expression, const struct type *on)
{
	struct outcome aside;
	struct fhirpath *f;

	outcome_init(&aside, r->to->arena);
	f = fhirpath_compile(r->index->pack, expression, on, r->index->limits, r->to->arena, &aside);
	if (f == NULL) {
		does_not_compile(r, element, &aside);
		return NULL;
	}
	if (!fhirpath_is_lasting(f)) {
		wrong(r, FAULT_VALUE, element, SLICE("what it says changes with time or terminology"));
		return NULL;
	}
	return f;
}

static bool
fits(struct reading *r, const char *element, enum search_kind kind, const struct fhirpath *f)
{
	const struct type *type = fhirpath_result(f);

	return type == NULL || type->abstract || extraction_has_rule(r->index->pack, kind, type)
	    || wrong(r, FAULT_VALUE, element, SLICE("the expression finds what this type of parameter cannot be "
	        "searched by"));
}

/* Components */

/* By canonical url: any type's will do, they differ in their part of the expression. */
static const struct search_param *
param_by_url(struct reading *r, struct slice url)
{
	for (uint32_t i = 0; i < r->to->count; i++)
		if (slice_eq(r->to->at[i].param.url, url))
			return &r->to->at[i].param;
	for (uint32_t i = 0; i < pack_param_count(r->index->pack); i++)
		if (slice_eq(pack_param_at(r->index->pack, i)->url, url))
			return pack_param_at(r->index->pack, i);
	return NULL;
}

static bool
read_component(struct reading *r, uint32_t node, const struct type *focus,
    struct search_component *c, struct fhirpath **compiled)
{
	struct slice url = text_of(r, node, "definition");
	const struct search_param *of = param_by_url(r, slice_cut(&url, '|'));

	if (of == NULL || of->kind == SEARCH_COMPOSITE || of->kind == SEARCH_SPECIAL)
		return wrong(r, FAULT_VALUE, "component.definition",
		    SLICE("no parameter that could be a component is known by it"));
	*c = (struct search_component){ text_of(r, node, "expression"), of->kind, of->targets,
		of->target_count };
	*compiled = compile(r, "component.expression", c->expression, focus);
	return *compiled != NULL && fits(r, "component", c->kind, *compiled);
}

static bool
read_components(struct reading *r, struct custom_param *p)
{
	uint32_t list = list_of(r->json, r->node, "component"), n;
	uint32_t count = list == 0 ? 0 : json_size(r->json, list);
	struct search_component *all;

	if (count > COMPONENTS_MAX)
		return wrong(r, FAULT_VALUE, "component", SLICE("there are too many"));
	if ((p->param.kind == SEARCH_COMPOSITE) != (count > 0))
		return wrong(r, FAULT_VALUE, "component", SLICE("composites have components, and only they"));
	if (count == 0)
		return true;
	p->param.components = all = arena_array(r->to->arena, count, sizeof *all);
	p->components = arena_array(r->to->arena, count, sizeof *p->components);
	for (n = json_first(r->json, list); n != 0; n = json_next(r->json, list, n)) {
		uint32_t at = p->param.component_count++;

		if (!read_component(r, n, fhirpath_result(p->compiled), &all[at], &p->components[at]))
			return false;
	}
	return true;
}

/* For one type */

static void
print_text(struct buf *b, struct slice s)
{
	buf_printf(b, "%zu:", s.len);
	buf_add(b, s);
}

static void
make_print(struct custom_param *p, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	print_text(&b, SLICE(PRINT_FORMAT));
	print_text(&b, p->param.on->name);
	print_text(&b, p->param.code);
	print_text(&b, p->param.expression);
	buf_printf(&b, "%d", p->param.kind);
	for (uint32_t i = 0; i < p->param.target_count; i++)
		print_text(&b, p->param.targets[i]);
	for (uint32_t i = 0; i < p->param.component_count; i++) {
		print_text(&b, p->param.components[i].expression);
		buf_printf(&b, "%d", p->param.components[i].kind);
	}
	sha256_one(buf_slice(&b), p->print);
}

static bool
is_taken(const struct reading *r, const struct type *on)
{
	if (pack_param(r->index->pack, on, r->code) != NULL)
		return true;
	for (uint32_t i = 0; i < r->to->count; i++)
		if (r->to->at[i].param.on == on && slice_eq(r->to->at[i].param.code, r->code))
			return true;
	return false;
}

static struct custom_param *
new_param(struct custom_params *to)
{
	if (to->count == to->room) {
		uint32_t room = to->room == 0 ? 64 : to->room * 2;

		to->at = arena_grow(to->arena, to->at, to->room * sizeof *to->at, room * sizeof *to->at);
		to->room = room;
	}
	return &to->at[to->count++];
}

static bool
add_on(struct reading *r, const struct type *on, struct slice base)
{
	struct custom_param p = { .source = r->source, .use = r->use };

	if (is_taken(r, on))
		return wrong(r, FAULT_VALUE, "code", SLICE("another parameter of the type has this code"));
	p.param = (struct search_param){ .number = CUSTOM_FIRST, .on = on, .code = r->code, .url = r->url,
		.kind = r->kind, .expression = expression_for(r->expression, base, r->to->arena),
		.targets = r->targets, .target_count = r->target_count };
	p.compiled = compile(r, "expression", p.param.expression, on);
	if (p.compiled == NULL || !read_components(r, &p)
	    || (p.param.kind != SEARCH_COMPOSITE && !fits(r, "type", p.param.kind, p.compiled)))
		return false;
	make_print(&p, r->to->arena);
	*new_param(r->to) = p;
	return true;
}

static bool
add_base(struct reading *r, struct slice base)
{
	const struct pack *pack = r->index->pack;
	const struct type *of = pack_type(pack, base);

	if (of == NULL || of->kind != TYPE_RESOURCE)
		return wrong(r, FAULT_VALUE, "base", SLICE("there is no such type of resource"));
	for (uint32_t i = 0; i < pack_type_count(pack); i++) {
		const struct type *type = pack_type_at(pack, i);

		if (type->kind == TYPE_RESOURCE && !type->abstract && type_is(type, of)
		    && !add_on(r, type, base))
			return false;
	}
	return true;
}

static bool
add_bases(struct reading *r)
{
	uint32_t list = list_of(r->json, r->node, "base");

	for (uint32_t n = list == 0 ? 0 : json_first(r->json, list); n != 0;
	    n = json_next(r->json, list, n))
		if (!add_base(r, json_string(r->json, n, r->to->arena)))
			return false;
	return list != 0 || wrong(r, FAULT_REQUIRED, "base", SLICE_NONE);
}

bool
custom_add(struct custom_params *to, const struct json *j, uint32_t node, int64_t source,
    struct outcome *o)
{
	struct reading r = { .to = to, .index = to->standard, .json = j, .node = node, .source = source,
		.outcome = o };
	uint32_t before = to->count, most = (uint32_t)to->standard->limits->of[LIMIT_CUSTOM_PARAMS];

	if (read_head(&r) && add_bases(&r)
	    && (to->count <= most || wrong(&r, FAULT_VALUE, "base", SLICE("there are too many parameters"))))
		return true;
	to->count = before;
	return false;
}

void
custom_beside(const struct search_index *index, struct arena *arena, struct custom_params *out)
{
	*out = (struct custom_params){ .standard = index, .arena = arena };
	for (uint32_t i = 0; i < index->custom_count; i++)
		*new_param(out) = index->custom[i];
}

void
custom_drop(struct custom_params *from, int64_t source)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < from->count; i++)
		if (from->at[i].source != source)
			from->at[kept++] = from->at[i];
	from->count = kept;
}
