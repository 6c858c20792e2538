/* query_clause.c -- one parameter's name and value to a clause (R4 search.html#chaining,
 * #has, #modifiers).
 *
 *   name = code [ ":" modifier ]
 *        | code [ ":" Type ] "." name              a chain
 *        | "_has:" Type ":" code ":" name          a reverse chain */
#include "search/parser.h"

#include "base/arena.h"

static const struct {
	const char *text;               /* NULL: [type], which is none of these words */
	const char *code;               /* R4 search-modifier-code */
	enum query_modifier modifier;
	unsigned kinds;                 /* bits of enum search_kind */
} modifiers[] = {
	{ "missing",    "missing",    MODIFIER_MISSING,    ~(1u << SEARCH_SPECIAL) },
	{ "exact",      "exact",      MODIFIER_EXACT,      1u << SEARCH_STRING },
	{ "contains",   "contains",   MODIFIER_CONTAINS,   1u << SEARCH_STRING },
	{ "not",        "not",        MODIFIER_NOT,        1u << SEARCH_TOKEN },
	{ "text",       "text",       MODIFIER_TEXT,       1u << SEARCH_TOKEN | 1u << SEARCH_REFERENCE },
	{ "in",         "in",         MODIFIER_IN,         1u << SEARCH_TOKEN },
	{ "not-in",     "not-in",     MODIFIER_NOT_IN,     1u << SEARCH_TOKEN },
	{ "above",      "above",      MODIFIER_ABOVE,      1u << SEARCH_TOKEN | 1u << SEARCH_URI | 1u << SEARCH_REFERENCE },
	{ "below",      "below",      MODIFIER_BELOW,      1u << SEARCH_TOKEN | 1u << SEARCH_URI | 1u << SEARCH_REFERENCE },
	{ NULL,         "type",       MODIFIER_NONE,       1u << SEARCH_REFERENCE },
	{ "identifier", "identifier", MODIFIER_IDENTIFIER, 1u << SEARCH_REFERENCE },
	{ "of-type",    "ofType",     MODIFIER_OF_TYPE,    1u << SEARCH_TOKEN },
};

const char *
query_modifier(enum search_kind kind, size_t i)
{
	for (size_t k = 0; k < COUNT_OF(modifiers); k++)
		if ((modifiers[k].kinds & 1u << kind) != 0 && i-- == 0)
			return modifiers[k].code;
	return NULL;
}

struct slice
parser_modifier_code(enum query_modifier modifier)
{
	for (size_t i = 0; i < COUNT_OF(modifiers); i++)
		if (modifiers[i].text != NULL && modifiers[i].modifier == modifier)
			return slice_of(modifiers[i].code);
	return SLICE_NONE;
}

/* Modifiers that look elsewhere than at the parameter's own rows. */
static void
turn_clause(struct query_clause *c)
{
	if (c->modifier == MODIFIER_IDENTIFIER)
		c->kind = SEARCH_TOKEN;
	if (c->modifier == MODIFIER_TEXT) {
		c->on = CLAUSE_WORDS;
		c->words = WORDS_DISPLAY;
	}
}

static bool
take_modifier(struct parser *p, struct query_clause *c, struct slice text, struct slice *only_type)
{
	for (size_t i = 0; i < COUNT_OF(modifiers); i++)
		if (modifiers[i].text != NULL && slice_is(text, modifiers[i].text) && c->on == CLAUSE_INDEX
		    && (modifiers[i].kinds & 1u << c->kind) != 0) {
			c->modifier = modifiers[i].modifier;
			turn_clause(c);
			return use_allows_modifier(c->param, slice_of(modifiers[i].code));
		}
	if (c->kind != SEARCH_REFERENCE || pack_resource(p->index->pack, text) == NULL
	    || !search_may_refer(c->param, text) || !use_allows_modifier(c->param, SLICE("type")))
		return false;
	*only_type = text;
	return true;
}

static const struct { const char *code; enum clause_on on; enum query_words words; } by_code[] = {
	{ "_id",          CLAUSE_ID,           0 },
	{ "_lastUpdated", CLAUSE_LAST_UPDATED, 0 },
	{ "_text",        CLAUSE_WORDS,        WORDS_NARRATIVE },
	{ "_content",     CLAUSE_WORDS,        WORDS_CONTENT },
};

const struct search_param *
parser_param(struct parser *p, const struct type *type, struct slice code, struct query_clause *c)
{
	const struct search_param *param = search_param(p->index, type, code);

	*c = (struct query_clause){ .on = CLAUSE_INDEX, .param = param };
	if (param != NULL && search_index_is_building(p->index, param)) {
		p->building = true;
		p->code = param->code;
	}
	if (param == NULL || !search_index_supports(p->index, param) || slice_is(code, "_has")
	    || slice_is(code, "_list") || slice_is(code, "_filter"))
		return NULL;
	p->code = param->code;
	c->kind = param->kind;
	if (param->kind == SEARCH_SPECIAL)
		c->on = CLAUSE_NEAR;
	for (size_t i = 0; i < COUNT_OF(by_code); i++)
		if (slice_is(code, by_code[i].code)) {
			c->on = by_code[i].on;
			c->words = by_code[i].words;
		}
	return param;
}

struct query_clause *
parser_part(struct parser *p, struct query_clause *of)
{
	of->parts = arena_more(p->arena, of->parts, of->part_count, sizeof *of->parts);
	return &of->parts[of->part_count++];
}

static size_t
end_of_code(struct slice name)
{
	size_t i = 0;

	while (i < name.len && name.ptr[i] != ':' && name.ptr[i] != '.')
		i++;
	return i;
}

bool
parser_spend(struct parser *p)
{
	return ++p->links <= p->limits->of[LIMIT_SEARCH_CLAUSES];
}

bool
parser_may_repeat(struct parser *p, const struct search_param *param)
{
	if (use_allows_repeating(param))
		return true;
	for (uint32_t i = 0; i < p->once_before; i++)
		if (p->once[i] == param)
			return false;
	p->once = arena_more(p->arena, p->once, p->once_count, sizeof *p->once);
	p->once[p->once_count++] = param;
	return true;
}

/* Does a name make sense on this type?  Asked of types that were not named; says nothing. */
static bool
known(struct parser *p, const struct type *type, struct slice name)
{
	struct slice code = slice_sub(name, 0, end_of_code(name));
	const struct search_param *param = search_param(p->index, type, code);
	struct slice rest = slice_sub(name, code.len, name.len), only;
	size_t dot = slice_find(rest, '.');

	if (slice_is(code, "_has") || slice_is(code, "_type"))
		return true;
	if (!parser_spend(p) || param == NULL || (!search_index_supports(p->index, param)
	    && !search_index_is_building(p->index, param)))
		return false;
	if (dot == rest.len)
		return true;
	only = slice_sub(rest, 1, dot == 0 ? 0 : dot - 1);
	for (uint32_t i = 0; i < param->target_count; i++) {
		const struct type *target = pack_resource(p->index->pack,
		    only.len > 0 ? only : param->targets[i]);

		if (target != NULL && known(p, target, slice_sub(rest, dot + 1, rest.len)))
			return true;
	}
	return false;
}

static enum taken
linked(struct parser *p, const struct type *type, struct slice rest, struct slice value,
    struct query_clause *out)
{
	struct query_clause part;
	enum taken taken;

	p->depth++;
	taken = parser_clause(p, type, rest, value, &part);
	p->depth--;
	*parser_part(p, out) = part;
	return taken;
}

static enum taken
link_to(struct parser *p, const struct search_param *param, const struct type *target, bool implied,
    struct slice rest, struct slice value, struct query_clause *out)
{
	*out = (struct query_clause){ .on = CLAUSE_CHAIN, .param = param, .kind = SEARCH_REFERENCE,
		.type = target, .implied = implied };
	return linked(p, target, rest, value, out);
}

/* No type is named: any of those that may be referred to and have the parameter.  `patient`
 * finds Patients only, whatever its list says. */
static enum taken
chain_to_any(struct parser *p, const struct search_param *param, struct slice rest,
    struct slice value, struct query_clause *out)
{
	struct query_clause one;
	enum taken taken;

	*out = (struct query_clause){ .on = CLAUSE_ANY };
	for (uint32_t i = 0; i < param->target_count; i++) {
		const struct type *target = pack_resource(p->index->pack, param->targets[i]);

		if (target == NULL || !known(p, target, rest)
		    || (slice_is(param->code, "patient") && !slice_is(target->name, "Patient")))
			continue;
		taken = link_to(p, param, target, param->target_count > 1, rest, value, &one);
		if (taken != TAKEN)
			return taken;
		*parser_part(p, out) = one;
	}
	if (out->part_count == 1)
		*out = out->parts[0];
	return out->part_count > 0 ? TAKEN
	    : parser_refuse(p, FAULT_BAD_PARAMETER, "the chain fits no type that may be referred to");
}

static enum taken
take_chain(struct parser *p, const struct search_param *param, struct slice type_name,
    struct slice rest, struct slice value, struct query_clause *out)
{
	const struct type *target = pack_resource(p->index->pack, type_name);

	if (param->kind != SEARCH_REFERENCE)
		return parser_refuse(p, FAULT_BAD_PARAMETER, "only references can be chained");
	if (!use_allows_chain(param, slice_sub(rest, 0, end_of_code(rest))))
		return parser_refuse(p, FAULT_BAD_PARAMETER, "its definition does not name this chain");
	if (type_name.len > 0 && !use_allows_modifier(param, SLICE("type")))
		return parser_refuse(p, FAULT_BAD_PARAMETER, "the modifier is not supported");
	if (type_name.len == 0)
		return chain_to_any(p, param, rest, value, out);
	if (target == NULL || !search_may_refer(param, type_name))
		return parser_refuse(p, FAULT_BAD_PARAMETER, "no such type is referred to");
	return link_to(p, param, target, false, rest, value, out);
}

/* Of no parts. */
static struct query_clause
all_or_none(bool all)
{
	return (struct query_clause){ .on = all ? CLAUSE_ALL : CLAUSE_ANY };
}

/* "Type:code:name" */
static enum taken
take_has(struct parser *p, const struct type *type, struct slice text, struct slice value,
    struct query_clause *out)
{
	struct slice type_name = slice_cut(&text, ':'), code = slice_cut(&text, ':');
	const struct type *referrer = pack_resource(p->index->pack, type_name);
	struct query_clause found;
	const struct search_param *param;

	p->code = SLICE("_has");
	if (referrer == NULL || (param = parser_param(p, referrer, code, &found)) == NULL
	    || param->kind != SEARCH_REFERENCE || text.len == 0
	    || (p->query->part_count == 1 && !search_may_refer(param, type->name))) {
		p->code = SLICE("_has");
		return parser_refuse(p, FAULT_BAD_PARAMETER, "_has is _has:Type:reference:parameter");
	}
	if (!search_may_refer(param, type->name)) {     /* among several types: there is none of this one */
		*out = all_or_none(false);
		return TAKEN;
	}
	*out = (struct query_clause){ .on = CLAUSE_HAS, .param = param, .kind = SEARCH_REFERENCE,
		.type = referrer };
	return linked(p, referrer, text, value, out);
}

/* R4 search.html#type: the types that a resource may be of. */
static enum taken
take_type(struct parser *p, const struct type *type, struct slice modifier, struct slice value,
    struct query_clause *out)
{
	bool named = false, others = slice_is(modifier, ":not");

	p->code = SLICE("_type");
	if (modifier.len > 0 && !others)
		return parser_refuse(p, FAULT_BAD_PARAMETER, "the modifier is not supported");
	while (value.len > 0) {
		struct slice one = slice_cut(&value, ',');

		if (pack_resource(p->index->pack, one) == NULL)
			return parser_refuse(p, FAULT_BAD_SEARCH, "no such resource type");
		named |= slice_eq(one, type->name);
	}
	*out = all_or_none(named != others);
	return TAKEN;
}

/* R4 search.html#list: members of a List. */
static enum taken
take_list(struct parser *p, struct slice value, struct query_clause *out)
{
	const struct type *list = pack_resource(p->index->pack, SLICE("List"));
	struct query_clause *id;

	p->code = SLICE("_list");
	*out = (struct query_clause){ .on = CLAUSE_HAS, .kind = SEARCH_REFERENCE, .type = list };
	if (value.ptr[0] == '$')
		return parser_refuse(p, FAULT_NOT_SUPPORTED, "functional lists are not defined here");
	if (list == NULL || (out->param = search_param(p->index, list, SLICE("item"))) == NULL)
		return parser_refuse(p, FAULT_BAD_PARAMETER, "_list is the id of a List");
	id = parser_part(p, out);
	*id = (struct query_clause){ .on = CLAUSE_ID, .kind = SEARCH_TOKEN };
	return parser_values(p, id, list, value, SLICE_NONE);
}

/* What every resource has. */
static enum taken
never_missing(struct parser *p, struct slice value, struct query_clause *c)
{
	struct query_clause asked = { .modifier = MODIFIER_MISSING };
	enum taken taken = parser_values(p, &asked, NULL, value, SLICE_NONE);

	*c = all_or_none(!asked.missing);
	return taken;
}

/* Those that are none of the ids. */
static enum taken
other_ids(struct parser *p, const struct type *type, struct slice value, struct query_clause *c)
{
	struct query_clause ids = *c;
	enum taken taken = parser_values(p, &ids, type, value, SLICE_NONE);

	*c = (struct query_clause){ .on = CLAUSE_NOT };
	*parser_part(p, c) = ids;
	return taken;
}

/* R4 search.html#uri: "url|version" is the url and the version of what has both. */
static enum taken
version_of(struct parser *p, const struct type *type, const struct query_clause *url, struct slice value,
    struct query_clause *out)
{
	struct query_clause *part, version;
	struct slice before = parser_cut(&value, '|');
	enum taken taken;

	*out = (struct query_clause){ .on = CLAUSE_ALL };
	part = parser_part(p, out);
	*part = *url;
	taken = parser_values(p, part, type, before, SLICE_NONE);
	if (taken != TAKEN || value.len == 0 || parser_param(p, type, SLICE("version"), &version) == NULL)
		return taken;
	part = parser_part(p, out);
	*part = version;
	return parser_spend(p) ? parser_values(p, part, type, value, SLICE_NONE)
	    : parser_refuse(p, FAULT_TOO_COSTLY, "too many values");
}

static bool
names_versions(struct parser *p, const struct type *type, const struct query_clause *c, struct slice value)
{
	return c->kind == SEARCH_URI && c->modifier == MODIFIER_NONE && slice_is(c->param->code, "url")
	    && slice_find(value, '|') < value.len && search_param(p->index, type, SLICE("version")) != NULL;
}

static enum taken
take_versions(struct parser *p, const struct type *type, struct slice value, struct query_clause *c)
{
	struct query_clause url = *c;
	enum taken taken = TAKEN;

	*c = (struct query_clause){ .on = CLAUSE_ANY };
	while (value.len > 0 && taken == TAKEN) {
		struct query_clause one;

		taken = version_of(p, type, &url, parser_cut(&value, ','), &one);
		*parser_part(p, c) = one;
	}
	return taken;
}

static enum taken
take_plain(struct parser *p, const struct type *type, struct slice modifier, struct slice value,
    struct query_clause *c)
{
	struct slice only_type = SLICE_NONE;

	if (c->on == CLAUSE_ID && slice_is(modifier, ":not"))
		return other_ids(p, type, value, c);
	if ((c->on == CLAUSE_ID || c->on == CLAUSE_LAST_UPDATED) && slice_is(modifier, ":missing"))
		return never_missing(p, value, c);
	if (c->on == CLAUSE_NEAR && slice_is(modifier, ":missing")) {
		c->on = CLAUSE_INDEX;
		c->kind = SEARCH_NUMBER;        /* as positions are indexed */
	}
	if (modifier.len > 0 && !take_modifier(p, c, slice_sub(modifier, 1, modifier.len), &only_type))
		return parser_refuse(p, FAULT_BAD_PARAMETER, "the modifier is not supported");
	if (c->kind == SEARCH_REFERENCE && (c->modifier == MODIFIER_BELOW || c->modifier == MODIFIER_ABOVE))
		return parser_part_of(p, c->param, c->modifier == MODIFIER_BELOW, value, c);
	if (names_versions(p, type, c, value))
		return take_versions(p, type, value, c);
	return parser_values(p, c, type, value, only_type);
}

enum taken
parser_clause(struct parser *p, const struct type *type, struct slice name, struct slice value,
    struct query_clause *out)
{
	size_t end = end_of_code(name), dot;
	struct slice code = slice_sub(name, 0, end), rest = slice_sub(name, end, name.len);
	const struct search_param *param;

	*out = (struct query_clause){ .on = CLAUSE_ANY };
	if (!parser_spend(p) || p->depth > p->limits->of[LIMIT_SEARCH_LINKS])
		return parser_refuse(p, FAULT_TOO_COSTLY, "too many links in a chain");
	if (slice_is(code, "_has") && rest.len > 0)
		return take_has(p, type, slice_sub(rest, 1, rest.len), value, out);
	if (slice_is(code, "_type"))
		return take_type(p, type, rest, value, out);
	if (slice_is(name, "_list"))
		return take_list(p, value, out);
	if (slice_is(name, "_query"))
		return parser_refuse(p, FAULT_NOT_SUPPORTED, "no named queries are defined here");
	if (slice_is(name, "_filter"))
		return parser_filter(p, type, value, out);
	if ((param = parser_param(p, type, code, out)) == NULL)
		return parser_refuse(p, FAULT_BAD_PARAMETER, "");
	if (!parser_may_repeat(p, param))
		return parser_refuse(p, FAULT_BAD_PARAMETER, "the parameter stands once in a search");
	dot = slice_find(rest, '.');
	if (dot < rest.len)
		return take_chain(p, param, dot == 0 ? SLICE_NONE : slice_sub(rest, 1, dot - 1),
		    slice_sub(rest, dot + 1, rest.len), value, out);
	return take_plain(p, type, rest, value, out);
}
