/* filter.c -- _filter (R4 search_filter.html):
 *
 *   filter = term { ("and" | "or") term }          from left to right, without precedence
 *   term   = "not" "(" filter ")" | "(" filter ")" | path SP operator SP value
 *   path   = name [ "[" filter "]" ] [ "." path ]
 *   value  = JSON string | any characters but white space, ")" and "]"
 *
 * A test becomes the clause that a parameter with a modifier or a prefix would be.  `ne` is true
 * when there is a value that is not equal.  Codes and references are compared exactly. */
#include "search/parser.h"

#include "base/arena.h"
#include "base/ascii.h"

#define DEPTH_MAX 16            /* of brackets and paths */
#define NOT_ALLOWED "the definition of a parameter does not allow this"

struct filter {
	struct parser *p;
	struct slice   text;
	size_t         at;
	unsigned       depth;
	const struct search_param *via; /* that a chain came by; or NULL */
};

static enum taken test_or_group(struct filter *, const struct type *, struct query_clause *);
static enum taken path_test(struct filter *, const struct type *, struct query_clause *);

/* Scanning */

static enum taken
refuse(struct filter *f, const char *why)
{
	f->p->code = SLICE("_filter");
	return parser_refuse(f->p, FAULT_BAD_SEARCH, why);
}

static void
skip_space(struct filter *f)
{
	while (f->at < f->text.len && strchr(" \t\r\n", f->text.ptr[f->at]) != NULL)
		f->at++;
}

static bool
mark(struct filter *f, char c)
{
	skip_space(f);
	if (f->at == f->text.len || f->text.ptr[f->at] != c)
		return false;
	f->at++;
	return true;
}

static bool
name_char(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '_'
	    || c == '-';
}

static struct slice
name_at(struct filter *f)
{
	size_t begin;

	skip_space(f);
	for (begin = f->at; f->at < f->text.len && name_char(f->text.ptr[f->at]); f->at++)
		;
	return slice_sub(f->text, begin, f->at - begin);
}

/* A word that stands here, and is then behind us. */
static bool
word(struct filter *f, const char *which)
{
	size_t before = f->at;

	if (slice_is(name_at(f), which))
		return true;
	f->at = before;
	return false;
}

/* Behind the opening quote of a JSON string. */
static bool
quoted_value(struct filter *f, struct slice *out)
{
	struct buf b;

	buf_init(&b, f->p->arena, SIZE_MAX);
	for (; f->at < f->text.len && f->text.ptr[f->at] != '"'; f->at++) {
		if (f->text.ptr[f->at] == '\\'
		    && (++f->at == f->text.len || memchr("\"\\/", f->text.ptr[f->at], 3) == NULL))
			return false;
		buf_add_char(&b, f->text.ptr[f->at]);
	}
	*out = buf_slice(&b);
	return f->at++ < f->text.len;
}

/* A JSON string without its quotes, or a run of other characters. */
static bool
value_at(struct filter *f, struct slice *out)
{
	size_t begin;

	if (mark(f, '"'))
		return quoted_value(f, out);
	for (begin = f->at; f->at < f->text.len && strchr(" \t\r\n)]", f->text.ptr[f->at]) == NULL; f->at++)
		;
	*out = slice_sub(f->text, begin, f->at - begin);
	return f->at > begin;
}

/* Operators */

#define STRINGS  (1u << SEARCH_STRING)
#define TOKENS   (1u << SEARCH_TOKEN)
#define URIS     (1u << SEARCH_URI)
#define LINKS    (1u << SEARCH_REFERENCE)
#define ORDERED  (1u << SEARCH_DATE | 1u << SEARCH_NUMBER | 1u << SEARCH_QUANTITY)

/* Of ordered kinds the prefix goes before the value; of others the modifier counts. */
static const struct operator {
	const char *name;
	unsigned    kinds;
	enum query_modifier modifier;
	const char *prefix;
} operators[] = {
	{ "eq", STRINGS,        MODIFIER_EQUALS,   NULL },
	{ "eq", TOKENS | URIS | LINKS, MODIFIER_NONE, NULL },
	{ "eq", ORDERED,        MODIFIER_NONE,     "eq" },
	{ "ne", STRINGS,        MODIFIER_DIFFERS,  NULL },
	{ "ne", TOKENS | URIS | LINKS, MODIFIER_DIFFERS, NULL },
	{ "ne", ORDERED,        MODIFIER_NONE,     "ne" },
	{ "co", STRINGS,        MODIFIER_CONTAINS, NULL },
	{ "sw", STRINGS,        MODIFIER_NONE,     NULL },
	{ "ew", STRINGS,        MODIFIER_ENDS,     NULL },
	{ "gt", ORDERED,        MODIFIER_NONE,     "gt" },
	{ "lt", ORDERED,        MODIFIER_NONE,     "lt" },
	{ "ge", ORDERED,        MODIFIER_NONE,     "ge" },
	{ "le", ORDERED,        MODIFIER_NONE,     "le" },
	{ "ap", ORDERED,        MODIFIER_NONE,     "ap" },
	{ "sa", ORDERED,        MODIFIER_NONE,     "sa" },
	{ "eb", ORDERED,        MODIFIER_NONE,     "eb" },
	{ "po", 1u << SEARCH_DATE, MODIFIER_NONE,  "eq" },      /* overlap: see overlap() */
	{ "pr", ~0u,            MODIFIER_MISSING,  NULL },
	{ "ss", TOKENS,         MODIFIER_ABOVE,    NULL },
	{ "sb", TOKENS,         MODIFIER_BELOW,    NULL },
	{ "in", TOKENS,         MODIFIER_IN,       NULL },
	{ "ni", TOKENS,         MODIFIER_NOT_IN,   NULL },
	{ "re", LINKS | URIS,   MODIFIER_NONE,     NULL },
};

static const struct operator *
operator_of(struct slice name, enum search_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(operators); i++)
		if (slice_is(name, operators[i].name) && (operators[i].kinds & 1u << kind) != 0)
			return &operators[i];
	return NULL;
}

static struct slice
with_prefix(struct filter *f, const char *prefix, struct slice value)
{
	struct buf b;

	if (prefix == NULL)
		return value;
	buf_init(&b, f->p->arena, SIZE_MAX);
	buf_add_cstr(&b, prefix);
	buf_add(&b, value);
	return buf_slice(&b);
}

static enum taken
presence(struct filter *f, struct query_clause *c, struct slice value)
{
	c->missing = slice_is(value, "false");
	return c->missing || slice_is(value, "true") ? TAKEN : refuse(f, "pr is true or false");
}

/* As its definition allows the modifier or comparator that the operator stands for. */
static bool
is_allowed(const struct search_param *param, const struct operator *o)
{
	struct slice code = parser_modifier_code(o->modifier);

	return o->prefix != NULL ? use_allows_comparator(param, slice_of(o->prefix))
	    : code.len == 0 || use_allows_modifier(param, code);
}

static enum taken
test(struct filter *f, const struct type *type, struct query_clause *c)
{
	struct slice name = name_at(f), value;
	const struct operator *o = operator_of(name, c->kind);

	if (o == NULL || !value_at(f, &value))
		return refuse(f, "a test is: parameter operator value");
	if (!is_allowed(c->param, o)) {
		f->p->code = c->param->code;
		return parser_refuse(f->p, FAULT_BAD_PARAMETER, NOT_ALLOWED);
	}
	if (c->on != CLAUSE_INDEX && o->modifier != MODIFIER_NONE && o->prefix == NULL)
		return refuse(f, "the operator does not fit the parameter");
	c->modifier = o->modifier;
	if (c->modifier == MODIFIER_MISSING)
		return presence(f, c, value);
	if (!parser_value(f->p, c, type, with_prefix(f, o->prefix, value), SLICE_NONE))
		return f->p->outcome->failed ? REFUSED : refuse(f, "the value has the wrong form");
	for (uint32_t i = 0; slice_is(name, "po") && i < c->count; i++)
		c->values[i].prefix = PREFIX_AP;
	return TAKEN;
}

/* name[filter].path: the filter and the rest are about the same target. */
static enum taken
link_to(struct filter *f, const struct search_param *param, const struct type *target,
    bool filtered, struct query_clause *out)
{
	enum taken taken;

	*out = (struct query_clause){ .on = CLAUSE_CHAIN, .param = param, .kind = SEARCH_REFERENCE,
		.type = target, .implied = param->target_count > 1 };
	if (filtered && ((taken = test_or_group(f, target, parser_part(f->p, out))) != TAKEN))
		return taken;
	if (filtered && !mark(f, ']'))
		return refuse(f, "a bracket is not closed");
	if (mark(f, '.'))
		return path_test(f, target, parser_part(f->p, out));
	return filtered ? TAKEN : refuse(f, "a chain goes on behind the dot");
}

/* Of the types that may be referred to, those on which the rest makes sense: it is read once for each. */
static enum taken
chain(struct filter *f, const struct search_param *param, bool filtered, struct query_clause *out)
{
	size_t begin = f->at, end = begin;
	enum taken taken = LEFT_OUT;
	bool kept_out = false;

	*out = (struct query_clause){ .on = CLAUSE_ANY };
	for (uint32_t i = 0; i < param->target_count; i++) {
		const struct type *target = pack_resource(f->p->index->pack, param->targets[i]);
		struct parser aside = *f->p;
		struct outcome o;
		struct filter fork = *f;
		struct query_clause one;

		if (target == NULL)
			continue;
		outcome_init(&o, f->p->arena);
		aside.outcome = &o;
		aside.lenient = false;
		fork.p = &aside;
		fork.at = begin;
		fork.via = param;
		taken = link_to(&fork, param, target, filtered, &one);
		f->p->links = aside.links;
		f->p->once = aside.once;
		f->p->once_count = aside.once_count;
		if (taken == REFUSED && o.worst == FAULT_TOO_COSTLY)
			return parser_refuse(f->p, FAULT_TOO_COSTLY, "too many links in a chain");
		kept_out |= taken == REFUSED && o.worst == FAULT_BAD_PARAMETER;
		if (taken != TAKEN)
			continue;
		*parser_part(f->p, out) = one;
		end = fork.at;
	}
	f->at = end;
	if (out->part_count == 0 && kept_out)
		return parser_refuse(f->p, FAULT_BAD_PARAMETER, NOT_ALLOWED);
	return out->part_count > 0 ? TAKEN : refuse(f, "the path fits no type that may be referred to");
}

static enum taken
path_test(struct filter *f, const struct type *type, struct query_clause *out)
{
	struct slice name = name_at(f);
	const struct search_param *param = parser_param(f->p, type, name, out);
	bool filtered;

	if (++f->p->links > f->p->limits->of[LIMIT_SEARCH_CLAUSES])
		return parser_refuse(f->p, FAULT_TOO_COSTLY, "too many tests");
	if (param == NULL || out->kind == SEARCH_COMPOSITE || out->on == CLAUSE_NEAR)
		return refuse(f, "a parameter is not known");
	if ((f->via != NULL && !use_allows_chain(f->via, name)) || !parser_may_repeat(f->p, param))
		return parser_refuse(f->p, FAULT_BAD_PARAMETER, NOT_ALLOWED);
	filtered = mark(f, '[');
	if (!filtered && (f->at == f->text.len || f->text.ptr[f->at] != '.'))
		return test(f, type, out);
	if (param->kind != SEARCH_REFERENCE)
		return refuse(f, "only references can be chained");
	return chain(f, param, filtered, out);
}

static enum taken
one_term(struct filter *f, const struct type *type, struct query_clause *out)
{
	bool negated = word(f, "not");
	enum taken taken;

	if (!mark(f, '('))
		return negated ? refuse(f, "not is followed by a bracket") : path_test(f, type, out);
	if (negated) {
		*out = (struct query_clause){ .on = CLAUSE_NOT };
		out = parser_part(f->p, out);
	}
	if ((taken = test_or_group(f, type, out)) != TAKEN)
		return taken;
	return mark(f, ')') ? TAKEN : refuse(f, "a bracket is not closed");
}

static enum taken
group(struct filter *f, const struct type *type, struct query_clause *out)
{
	enum taken taken = one_term(f, type, out);

	while (taken == TAKEN) {
		bool all = word(f, "and");
		struct query_clause joined = { .on = all ? CLAUSE_ALL : CLAUSE_ANY };

		if (!all && !word(f, "or"))
			return TAKEN;
		*parser_part(f->p, &joined) = *out;
		taken = one_term(f, type, parser_part(f->p, &joined));
		*out = joined;
	}
	return taken;
}

static enum taken
test_or_group(struct filter *f, const struct type *type, struct query_clause *out)
{
	enum taken taken;

	if (++f->depth > DEPTH_MAX)
		return parser_refuse(f->p, FAULT_TOO_COSTLY, "nested too deeply");
	taken = group(f, type, out);
	f->depth--;
	return taken;
}

enum taken
parser_filter(struct parser *p, const struct type *type, struct slice text,
    struct query_clause *out)
{
	struct filter f = { .p = p, .text = text };
	enum taken taken = test_or_group(&f, type, out);

	p->code = SLICE("_filter");
	skip_space(&f);
	return taken != TAKEN || f.at == text.len ? taken
	    : refuse(&f, "something is left behind the filter");
}
