/* query.c -- query text to a query tree; see query.h.
 *
 * Each pair name=value becomes a clause or a setting.  Values are split at
 * unescaped commas and turned into the same numbers that index rows have. */
#include "search/query.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "search/values.h"

#define PAGE_DEFAULT 20

struct parser {
	const struct search_index   *index;
	const struct index_resolver *resolver;
	const struct limits *limits;
	struct arena   *arena;
	struct query   *query;
	struct outcome *outcome;
	bool            lenient;
	uint32_t        parameters;
	int64_t         now;            /* ms since 1970, for ap */
	struct buf      canonical;
	struct slice    code;           /* of the parameter at hand, known ones only */
};

enum taken { TAKEN, REFUSED, LEFT_OUT };

/* The place is a name from the definitions, never one from the request. */
static enum taken
refuse(struct parser *p, enum fault fault, const char *why)
{
	struct place place = { p->code, 0, 0 };

	if (p->lenient && (fault == FAULT_BAD_PARAMETER)) {
		outcome_warn(p->outcome, place, slice_of(why));
		return LEFT_OUT;
	}
	outcome_fail(p->outcome, fault, place, slice_of(why));
	return REFUSED;
}

/* Values */

/* Cuts at the first unescaped `sep`. */
static struct slice
cut_escaped(struct slice *rest, char sep)
{
	size_t i;
	struct slice piece;

	for (i = 0; i < rest->len && rest->ptr[i] != sep; i++)
		if (rest->ptr[i] == '\\' && i + 1 < rest->len)
			i++;
	if (i > rest->len)
		i = rest->len;
	piece = slice_sub(*rest, 0, i);
	*rest = i < rest->len ? slice_sub(*rest, i + 1, rest->len) : SLICE_NONE;
	return piece;
}

/* R4 search.html#escaping: \, \| \$ \\ */
static struct slice
unescape(struct slice s, struct arena *arena)
{
	char *to = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len && strchr(",|$\\", s.ptr[i + 1]) != NULL)
			i++;
		to[n++] = s.ptr[i];
	}
	return slice_make(to, n);
}

static const struct { char text[3]; enum query_prefix prefix; } prefixes[] = {
	{ "eq", PREFIX_EQ }, { "ne", PREFIX_NE }, { "gt", PREFIX_GT }, { "lt", PREFIX_LT },
	{ "ge", PREFIX_GE }, { "le", PREFIX_LE }, { "sa", PREFIX_SA }, { "eb", PREFIX_EB },
	{ "ap", PREFIX_AP },
};

static enum query_prefix
take_prefix(struct slice *s)
{
	for (size_t i = 0; i < COUNT_OF(prefixes); i++)
		if (slice_starts(*s, slice_of(prefixes[i].text))) {
			*s = slice_sub(*s, 2, s->len);
			return prefixes[i].prefix;
		}
	return PREFIX_EQ;
}

/* `ap` is within a tenth of the value's distance from now for dates (R4: "10 %"),
 * or of the value itself for numbers; widened here, so that a store sees overlap. */
static void
widen_numbers(struct query_value *v)
{
	double value = (v->x + v->y) / 2, tenth = (value < 0 ? -value : value) / 10;

	if (v->prefix == PREFIX_AP) {
		v->x -= tenth;
		v->y += tenth;
	}
}

static void
widen_dates(struct parser *p, struct query_value *v)
{
	int64_t distance = p->now - v->a, tenth = (distance < 0 ? -distance : distance) / 10;

	if (v->prefix == PREFIX_AP) {
		v->a -= tenth;
		v->b += tenth;
	}
}

static bool
date_value(struct parser *p, struct slice s, struct query_value *v)
{
	v->prefix = take_prefix(&s);
	if (!index_date(s, &v->a, &v->b))
		return false;
	widen_dates(p, v);
	return true;
}

static bool
number_value(struct slice s, struct query_value *v)
{
	v->prefix = take_prefix(&s);
	if (!values_number(s, &v->x, &v->y))
		return false;
	widen_numbers(v);
	return true;
}

static int64_t
hash(struct parser *p, struct slice s)
{
	return s.len == 0 ? 0 : (int64_t)index_hash(p->index, unescape(s, p->arena));
}

/* [prefix]number, number|system|code, number||code */
static bool
quantity_value(struct parser *p, struct slice s, struct query_value *v)
{
	struct slice rest = s, number = cut_escaped(&rest, '|'), system;
	bool has_unit = number.len < s.len;

	if (!number_value(number, v))
		return false;
	v->any_unit = !has_unit;
	system = cut_escaped(&rest, '|');
	v->any_system = system.len == 0;
	v->a = hash(p, rest);
	v->b = hash(p, system);
	return !has_unit || rest.len > 0;
}

/* code, system|code, |code, system| */
static bool
token_value(struct parser *p, struct slice s, struct query_value *v)
{
	struct slice code = s, system = cut_escaped(&code, '|');

	if (system.len == s.len) {      /* no bar */
		v->any_system = true;
		v->a = hash(p, s);
		return s.len > 0;
	}
	v->a = hash(p, code);
	v->b = hash(p, system);
	v->any_code = code.len == 0;
	return code.len > 0 || system.len > 0;
}

static bool
string_value(struct parser *p, struct slice s, struct query_value *v)
{
	struct slice text = unescape(s, p->arena);

	v->a = (int64_t)index_hash(p->index, text);
	v->text = index_fold(text, p->arena);
	return text.len > 0;
}

static bool
add_value(struct parser *p, struct query_clause *c, struct query_value v)
{
	if (c->count == p->limits->of[LIMIT_SEARCH_VALUES] * 2)
		return false;
	c->values = arena_grow(p->arena, c->values, c->count * sizeof v, (c->count + 1) * sizeof v);
	c->values[c->count++] = v;
	return true;
}

/* Under its row number, and under the hash it has in rows that were written
 * before it was there. */
static void
add_local(struct parser *p, struct query_clause *c, struct slice type, struct slice id)
{
	int64_t row = p->resolver->row == NULL ? 0 : p->resolver->row(p->resolver->ctx, type, id);
	struct buf text;

	if (row > 0)
		add_value(p, c, (struct query_value){ .a = row });
	buf_init(&text, p->arena, SIZE_MAX);
	buf_printf(&text, "%.*s/%.*s", SLICE_FMT(type), SLICE_FMT(id));
	add_value(p, c, (struct query_value){ .a = values_foreign(p->index, buf_slice(&text)) });
}

static bool
reference_value(struct parser *p, struct query_clause *c, struct slice s, struct slice only_type)
{
	struct slice text = unescape(s, p->arena), type, id;

	if (values_local_reference(p->resolver, text, &type, &id)
	    && (only_type.len == 0 || slice_eq(type, only_type))) {
		add_local(p, c, type, id);
	} else if (slice_find(text, '/') == text.len && slice_find(text, ':') == text.len) {
		if (only_type.len > 0)
			add_local(p, c, only_type, text);
		for (uint32_t i = 0; only_type.len == 0 && i < c->param->target_count; i++)
			add_local(p, c, c->param->targets[i], text);
		if (c->count == 0)      /* a type that is no target: matches nothing */
			add_value(p, c, (struct query_value){ .a = values_foreign(p->index, text) });
	} else {
		add_value(p, c, (struct query_value){ .a = values_foreign(p->index, text) });
	}
	return text.len > 0;
}

static bool
id_value(struct parser *p, struct query_clause *c, struct slice s)
{
	struct query_value v = {
		.a = p->resolver->row == NULL ? 0
		    : p->resolver->row(p->resolver->ctx, p->query->type->name, unescape(s, p->arena)),
	};

	return add_value(p, c, v);
}

static bool
one_value(struct parser *p, struct query_clause *c, struct slice s, struct slice only_type)
{
	struct query_value v = { .prefix = PREFIX_EQ };

	switch (c->kind) {
	case SEARCH_REFERENCE: return reference_value(p, c, s, only_type);
	case SEARCH_TOKEN:
		if (c->on == CLAUSE_ID)
			return id_value(p, c, s);
		return token_value(p, s, &v) && add_value(p, c, v);
	case SEARCH_STRING:   return string_value(p, s, &v) && add_value(p, c, v);
	case SEARCH_DATE:     return date_value(p, s, &v) && add_value(p, c, v);
	case SEARCH_NUMBER:   return number_value(s, &v) && add_value(p, c, v);
	case SEARCH_QUANTITY: return quantity_value(p, s, &v) && add_value(p, c, v);
	default:
		v.text = unescape(s, p->arena);
		return add_value(p, c, v);
	}
}

/* Clauses */

static const struct {
	const char *text;
	enum query_modifier modifier;
	unsigned kinds;                 /* bits of enum search_kind */
} modifiers[] = {
	{ "missing",  MODIFIER_MISSING,  ~0u },
	{ "exact",    MODIFIER_EXACT,    1u << SEARCH_STRING },
	{ "contains", MODIFIER_CONTAINS, 1u << SEARCH_STRING },
	{ "not",      MODIFIER_NOT,      1u << SEARCH_TOKEN },
};

static bool
take_modifier(struct parser *p, struct query_clause *c, struct slice text, struct slice *only_type)
{
	for (size_t i = 0; i < COUNT_OF(modifiers); i++)
		if (slice_is(text, modifiers[i].text) && c->on == CLAUSE_INDEX
		    && (modifiers[i].kinds & 1u << c->kind) != 0) {
			c->modifier = modifiers[i].modifier;
			return true;
		}
	if (c->kind != SEARCH_REFERENCE || pack_resource(p->index->pack, text) == NULL)
		return false;
	*only_type = text;
	return true;
}

static struct query_clause *
new_clause(struct parser *p)
{
	struct query *q = p->query;

	q->clauses = arena_grow(p->arena, q->clauses, q->clause_count * sizeof *q->clauses,
	    (q->clause_count + 1) * sizeof *q->clauses);
	return &q->clauses[q->clause_count];
}

static enum taken
take_values(struct parser *p, struct query_clause *c, struct slice value, struct slice only_type)
{
	size_t count = 0;

	if (c->modifier == MODIFIER_MISSING) {
		c->missing = slice_is(value, "true");
		return c->missing || slice_is(value, "false") ? TAKEN
		    : refuse(p, FAULT_BAD_SEARCH, ":missing is true or false");
	}
	while (value.len > 0) {
		if (++count > p->limits->of[LIMIT_SEARCH_VALUES])
			return refuse(p, FAULT_TOO_COSTLY, "too many values");
		if (!one_value(p, c, cut_escaped(&value, ','), only_type))
			return refuse(p, FAULT_BAD_SEARCH, "the value has the wrong form");
	}
	return TAKEN;
}

static bool
find_param(struct parser *p, struct slice code, struct query_clause *c)
{
	const struct search_param *param = pack_param(p->index->pack, p->query->type, code);

	*c = (struct query_clause){ .on = CLAUSE_INDEX, .param = param };
	if (param == NULL || !search_index_supports(p->index, param))
		return false;
	p->code = param->code;
	c->kind = param->kind;
	if (slice_is(code, "_id"))
		c->on = CLAUSE_ID;
	if (slice_is(code, "_lastUpdated"))
		c->on = CLAUSE_LAST_UPDATED;
	return true;
}

static enum taken
take_clause(struct parser *p, struct slice name, struct slice value)
{
	struct query_clause *c = new_clause(p);
	struct slice modifier = name, code = slice_cut(&modifier, ':'), only_type = SLICE_NONE;
	enum taken taken;

	if (!find_param(p, code, c))
		return refuse(p, FAULT_BAD_PARAMETER, "");
	if (code.len < name.len && !take_modifier(p, c, modifier, &only_type))
		return refuse(p, FAULT_BAD_PARAMETER, "the modifier is not supported");
	if ((taken = take_values(p, c, value, only_type)) == TAKEN)
		p->query->clause_count++;
	return taken;
}

/* Settings */

static enum taken
take_count(struct parser *p, struct slice value)
{
	uint64_t n;

	if (!slice_uint(value, &n))
		return refuse(p, FAULT_BAD_SEARCH, "_count is a number");
	p->query->count_only |= n == 0;
	p->query->page = n > p->limits->of[LIMIT_PAGE] ? (uint32_t)p->limits->of[LIMIT_PAGE]
	    : n == 0 ? 1 : (uint32_t)n;
	return TAKEN;
}

static bool
sortable(enum search_kind kind)
{
	return kind == SEARCH_STRING || kind == SEARCH_DATE || kind == SEARCH_NUMBER
	    || kind == SEARCH_QUANTITY || kind == SEARCH_URI;
}

static enum taken
take_sort(struct parser *p, struct slice value)
{
	struct query *q = p->query;

	q->sorts = arena_array(p->arena, 4, sizeof *q->sorts);
	while (value.len > 0) {
		struct slice one = slice_cut(&value, ',');
		struct query_clause c;
		bool down = one.len > 0 && one.ptr[0] == '-';

		if (down)
			one = slice_sub(one, 1, one.len);
		if (q->sort_count == 4 || !find_param(p, one, &c)
		    || (c.on == CLAUSE_INDEX && !sortable(c.kind))) {
			p->code = SLICE("_sort");
			return refuse(p, FAULT_BAD_PARAMETER, "cannot sort by this");
		}
		q->sorts[q->sort_count++] = (struct query_sort){ c.on, c.param,
			c.on == CLAUSE_LAST_UPDATED ? SEARCH_DATE : c.kind, down };
	}
	return TAKEN;
}

static enum taken
take_total(struct parser *p, struct slice value)
{
	if (slice_is(value, "accurate"))
		p->query->total = TOTAL_ACCURATE;
	else if (!slice_is(value, "none"))
		return refuse(p, FAULT_BAD_PARAMETER, "_total is none or accurate");
	return TAKEN;
}

static enum taken
take_summary(struct parser *p, struct slice value)
{
	if (slice_is(value, "count"))
		p->query->count_only = true;
	else if (!slice_is(value, "false"))
		return refuse(p, FAULT_BAD_PARAMETER, "_summary is count or false");
	return TAKEN;
}

static enum taken
take_cursor(struct parser *p, struct slice value)
{
	p->query->cursor = value;
	return TAKEN;
}

static enum taken
take_format(struct parser *p, struct slice value)
{
	(void)p;
	(void)value;
	return TAKEN;                   /* was looked at before the search began */
}

static const struct {
	const char *name;
	enum taken (*take)(struct parser *, struct slice);
	bool shown;                     /* in the self link */
} settings[] = {
	{ "_count",   take_count,   true },
	{ "_sort",    take_sort,    true },
	{ "_total",   take_total,   true },
	{ "_summary", take_summary, true },
	{ "_cursor",  take_cursor,  false },
	{ "_format",  take_format,  false },
	{ "_pretty",  take_format,  false },
};

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
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		if (slice_is(name, settings[i].name)) {
			p->code = slice_of(settings[i].name);
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

bool
query_parse(const struct search_index *index, const struct type *type, struct slice text,
    struct slice form, bool lenient, const struct index_resolver *resolver,
    const struct limits *limits, int64_t now, struct arena *arena, struct query *out,
    struct outcome *o)
{
	struct parser p = {
		.index = index, .resolver = resolver, .limits = limits, .arena = arena, .query = out,
		.outcome = o, .lenient = lenient, .now = now,
	};

	*out = (struct query){ .type = type, .page = PAGE_DEFAULT };
	if (out->page > limits->of[LIMIT_PAGE])
		out->page = (uint32_t)limits->of[LIMIT_PAGE];
	buf_init(&p.canonical, arena, SIZE_MAX);
	if (!take_pairs(&p, text) || !take_pairs(&p, form))
		return false;
	out->canonical = buf_slice(&p.canonical);
	return true;
}
