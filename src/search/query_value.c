/* query_value.c -- values of a query: the same numbers that index rows have. */
#include "search/parser.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/plant.h"

struct slice
parser_cut(struct slice *rest, char sep)
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
struct slice
parser_unescape(struct parser *p, struct slice s)
{
	char *to = arena_alloc(p->arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len && strchr(",|$\\", s.ptr[i + 1]) != NULL)
			i++;
		to[n++] = s.ptr[i];
	}
	return slice_make(to, n);
}

void
query_write_value(struct buf *b, struct slice value, struct arena *arena)
{
	struct buf escaped;

	buf_init(&escaped, arena, SIZE_MAX);
	for (size_t i = 0; i < value.len; i++) {
		if (memchr("\\,|$", value.ptr[i], 4) != NULL)
			buf_add_char(&escaped, '\\');
		buf_add_char(&escaped, value.ptr[i]);
	}
	encode_percent(b, buf_slice(&escaped));
}

static const struct { char text[3]; enum query_prefix prefix; } prefixes[] = {
	{ "eq", PREFIX_EQ }, { "ne", PREFIX_NE }, { "gt", PREFIX_GT }, { "lt", PREFIX_LT },
	{ "ge", PREFIX_GE }, { "le", PREFIX_LE }, { "sa", PREFIX_SA }, { "eb", PREFIX_EB },
	{ "ap", PREFIX_AP },
};

const char *
query_prefix(enum search_kind kind, size_t i)
{
	bool ordered = kind == SEARCH_NUMBER || kind == SEARCH_DATE || kind == SEARCH_QUANTITY;

	return ordered && i < COUNT_OF(prefixes) ? prefixes[i].text : NULL;
}

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

/* R4 search.html#number: the other prefixes take the number as exact. */
static bool
by_digits(enum query_prefix prefix)
{
	return prefix == PREFIX_EQ || prefix == PREFIX_NE || prefix == PREFIX_AP;
}

static bool
number_value(struct slice s, struct query_value *v)
{
	v->prefix = take_prefix(&s);
	if (!values_number(s, &v->x, &v->y))
		return false;
	if (!by_digits(v->prefix)) {
		values_exact(s, &v->x);
		v->y = v->x;
	}
	widen_numbers(v);
	return true;
}

static int64_t
hash(struct parser *p, struct slice s)
{
	return s.len == 0 ? 0 : (int64_t)index_hash(p->index, parser_unescape(p, s));
}

/* Scaling rounds: what is equal on paper must not miss by the last bit. */
static void
pad(struct query_value *v)
{
	double size = (v->x < 0 ? -v->x : v->x) + (v->y < 0 ? -v->y : v->y);

	v->x -= size * 1e-12;
	v->y += size * 1e-12;
}

/* [prefix]number, number|system|code, number||code, number|system| */
static bool
quantity_value(struct parser *p, struct slice s, struct query_value *v)
{
	struct slice rest = s, number = parser_cut(&rest, '|'), system = parser_cut(&rest, '|');
	struct slice code = parser_cut(&rest, '|');

	if (!number_value(number, v) || rest.len > 0)
		return false;
	v->any_system = system.len == 0;
	v->any_code = code.len == 0;
	v->any_unit = v->any_system && v->any_code;
	v->a = hash(p, code);
	v->b = v->any_unit ? index_canonical(p->index) : hash(p, system);
	if (!v->any_code && slice_is(system, "http://unitsofmeasure.org")
	    && values_canonical(p->index, parser_unescape(p, code), &v->x, &v->y, &v->a)) {
		v->b = index_canonical(p->index);
		if (!by_digits(v->prefix))
			pad(v);
	}
	return true;
}

/* A bare id may be of several types, each of which is two values. */
#define VALUES_OF_ONE 8

static bool
add_value(struct parser *p, struct query_clause *c, struct query_value v)
{
	if (c->count == p->limits->of[LIMIT_SEARCH_VALUES] * (planted(85) ? 2 : VALUES_OF_ONE))
		return parser_refuse(p, FAULT_TOO_COSTLY, "too many values") == TAKEN;
	c->values = arena_more(p->arena, c->values, c->count, sizeof v);
	c->values[c->count++] = v;
	return true;
}

/* What has no system may be a string. */
static bool
add_folded(struct parser *p, struct query_clause *c, struct slice text, struct query_value v)
{
	int64_t exact = v.a;

	v.a = values_folded(p->index, text, p->arena);
	return v.a == exact || parser_case_counts(p, c->param) || add_value(p, c, v);
}

/* code, system|code, |code, system|.  An element of type code has no system of its own: R4 search.html#token, "the
 * system is implied by the binding". */
static bool
token_of_clause(struct parser *p, struct query_clause *c, struct slice s)
{
	struct slice rest = s, first = parser_cut(&rest, '|');
	bool bar = first.len < s.len;
	struct slice system = bar ? parser_unescape(p, first) : SLICE_NONE;
	struct slice code = parser_unescape(p, bar ? rest : first);
	bool implied = system.len > 0 && parser_system_implied(p, c->param, system, code);
	struct query_value v = { .prefix = PREFIX_EQ, .any_system = !bar, .any_code = code.len == 0 };

	if (code.len == 0 && system.len == 0)
		return false;
	v.a = code.len == 0 ? 0 : (int64_t)index_hash(p->index, code);
	v.b = system.len == 0 || implied ? 0 : (int64_t)index_hash(p->index, system);
	return add_value(p, c, v) && (system.len > 0 || add_folded(p, c, code, v));
}

/* system|code|value, all three (R4 search.html#token) */
static bool
of_type_value(struct parser *p, struct slice s, struct query_value *v)
{
	struct slice rest = s, system = parser_cut(&rest, '|'), code = parser_cut(&rest, '|');

	values_of_type(p->index, parser_unescape(p, system), parser_unescape(p, code),
	    parser_unescape(p, rest), p->arena, &v->a, &v->b);
	return system.len > 0 && code.len > 0 && rest.len > 0;
}

static bool
string_value(struct parser *p, struct slice s, struct query_value *v)
{
	struct slice text = parser_unescape(p, s);

	v->a = (int64_t)index_hash(p->index, text);
	v->text = index_fold_string(text, p->arena);
	return text.len > 0;
}

/* Metres of one, by UCUM code (R4 location.html: near). */
static const struct { const char *unit; double metres; } lengths[] = {
	{ "km", 1000 }, { "m", 1 }, { "[mi_us]", 1609.347 }, { "[mi_i]", 1609.344 }, { "mi", 1609.344 },
	{ "[ft_i]", 0.3048 }, { "cm", 0.01 },
};

#define NEAR_METRES 50000       /* when no distance is given */

static bool
plain_number(struct slice s, double *out)
{
	return values_exact(s, out);
}

/* latitude|longitude[|distance[|units]] */
static bool
near_value(struct slice s, struct query_value *v)
{
	struct slice latitude = slice_cut(&s, '|'), longitude = slice_cut(&s, '|');
	struct slice distance = slice_cut(&s, '|');

	v->reach = NEAR_METRES;
	if (!plain_number(latitude, &v->x) || !plain_number(longitude, &v->y)
	    || v->x < -90 || v->x > 90 || v->y < -180 || v->y > 180)
		return false;
	if (distance.len == 0)
		return s.len == 0;
	if (!plain_number(distance, &v->reach) || v->reach < 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(lengths); i++)
		if (slice_is(s.len == 0 ? SLICE("km") : s, lengths[i].unit)) {
			v->reach *= lengths[i].metres;
			return true;
		}
	return false;
}

static bool
add_foreign(struct parser *p, struct query_clause *c, struct slice text)
{
	return add_value(p, c, (struct query_value){ .a = values_foreign(p->index, text), .b = INDEX_FOREIGN });
}

/* Under its row number, and under the hash it has in rows that were written before it was there.  Always
 * both, row 0 for one that is not there: how many values there are must not tell. */
static bool
add_local(struct parser *p, struct query_clause *c, struct slice type, struct slice id)
{
	struct query_value v = { .a = 0 };
	struct buf text;

	if (p->resolver->find == NULL || !p->resolver->find(p->resolver->ctx, type, id, &v.b, &v.a))
		v.a = v.b = 0;
	buf_init(&text, p->arena, SIZE_MAX);
	buf_printf(&text, "%.*s/%.*s", SLICE_FMT(type), SLICE_FMT(id));
	return ((planted(85) && v.a == 0) || add_value(p, c, v)) && add_foreign(p, c, buf_slice(&text));
}

/* "abc": of the type that the modifier says, or of any that may be referred to. */
static bool
bare_id(struct parser *p, struct query_clause *c, struct slice id, struct slice only_type)
{
	if (only_type.len > 0 && search_may_refer(c->param, only_type) && !add_local(p, c, only_type, id))
		return false;
	for (uint32_t i = 0; only_type.len == 0 && i < c->param->target_count; i++)
		if (pack_resource(p->index->pack, c->param->targets[i]) != NULL
		    && !add_local(p, c, c->param->targets[i], id))
			return false;
	return c->count > 0 || add_foreign(p, c, id);   /* of no type, or in the text of a canonical */
}

static bool
reference_value(struct parser *p, struct query_clause *c, struct slice s, struct slice only_type)
{
	struct slice text = parser_unescape(p, s), type, id;
	size_t version;

	if (text.len == 0)
		return false;
	if (index_local(p->resolver, text, &type, &id)
	    && (only_type.len == 0 || slice_eq(type, only_type))) {
		version = (size_t)(id.ptr + id.len - type.ptr);
		if (type.ptr + version < text.ptr + text.len)   /* with /_history/: that version only */
			return add_foreign(p, c, slice_make(type.ptr, (size_t)(text.ptr + text.len - type.ptr)));
		return add_local(p, c, type, id);
	}
	if (slice_find(text, '/') == text.len && slice_find(text, ':') == text.len)
		return bare_id(p, c, text, only_type);
	return add_foreign(p, c, text);
}

static bool
id_value(struct parser *p, struct query_clause *c, const struct type *type, struct slice s)
{
	struct query_value v = { .a = 0 };

	if (p->resolver->find == NULL
	    || !p->resolver->find(p->resolver->ctx, type->name, parser_unescape(p, s), &v.b, &v.a))
		v.a = v.b = 0;
	return add_value(p, c, v);
}

/* As if the component were a parameter of its own. */
static bool
component_value(struct parser *p, const struct search_param *whole, uint32_t i, struct slice s,
    struct query_clause *out)
{
	const struct search_component *component = &whole->components[i];
	struct search_param as_param = { .targets = component->targets,
		.target_count = component->target_count };
	struct buf path;
	bool good;

	buf_init(&path, p->arena, SIZE_MAX);
	buf_printf(&path, "%.*s.%.*s", SLICE_FMT(whole->expression), SLICE_FMT(component->expression));
	as_param.expression = buf_slice(&path);
	*out = (struct query_clause){ .on = CLAUSE_INDEX, .param = &as_param, .kind = component->kind };
	good = s.len > 0 && parser_value(p, out, NULL, s, SLICE_NONE);
	out->param = NULL;
	return good;
}

/* The n-th choice of one alternative of each component. */
static struct query_value
choice(struct parser *p, const struct query_clause *parts, uint32_t count, uint32_t n)
{
	struct query_value v = { .parts = arena_array(p->arena, count + 1, sizeof v) };

	for (uint32_t i = 0; i < count; n /= parts[i++].count)
		v.parts[i] = parts[i].values[n % parts[i].count];
	return v;
}

/* a$b, one for each component; a reference's alternatives multiply. */
static bool
composite_value(struct parser *p, struct query_clause *c, struct slice s)
{
	uint32_t count = c->param->component_count, choices = 1;
	struct query_clause *parts = arena_array(p->arena, count + 1, sizeof *parts);

	for (uint32_t i = 0; i < count; choices *= parts[i++].count)
		if (!component_value(p, c->param, i, parser_cut(&s, '$'), &parts[i]))
			return false;
	for (uint32_t n = 0; n < choices; n++)
		if (!add_value(p, c, choice(p, parts, count, n)))
			return false;
	return s.len == 0;
}

static bool
plain_value(struct parser *p, enum search_kind kind, struct slice s, struct query_value *v)
{
	switch (kind) {
	case SEARCH_STRING:   return string_value(p, s, v);
	case SEARCH_DATE:     return date_value(p, s, v);
	case SEARCH_NUMBER:   return number_value(s, v);
	case SEARCH_QUANTITY: return quantity_value(p, s, v);
	default:
		v->text = parser_unescape(p, s);
		return true;
	}
}

/* R4 search.html#token: below and above by the code system's hierarchy; of what is not known, the code alone.
 * A media type has no system, and is above itself with parameters. */
static bool
hierarchy_value(struct parser *p, struct query_clause *c, struct slice s)
{
	struct slice code = s, system = parser_cut(&code, '|');

	if (c->modifier == MODIFIER_BELOW && system.len == s.len && slice_find(s, '/') < s.len)
		return add_value(p, c, (struct query_value){ .any_system = true,
			.a = values_media_type(p->index, parser_unescape(p, s), p->arena) });
	if (code.len == 0 || system.len == 0)
		return false;
	return parser_hierarchy(p, c, c->modifier == MODIFIER_BELOW, parser_unescape(p, system),
	    parser_unescape(p, code));
}

static bool
token_with_modifier(struct parser *p, struct query_clause *c, struct slice s)
{
	struct query_value v = { .prefix = PREFIX_EQ };

	switch (c->modifier) {
	case MODIFIER_IN:
	case MODIFIER_NOT_IN:  return parser_value_set(p, c, parser_unescape(p, s));
	case MODIFIER_ABOVE:
	case MODIFIER_BELOW:   return hierarchy_value(p, c, s);
	case MODIFIER_OF_TYPE: return of_type_value(p, s, &v) && add_value(p, c, v);
	default:               return token_of_clause(p, c, s);
	}
}

/* Folded, one space between. */
static struct slice
words_of(struct parser *p, struct slice text)
{
	struct slice folded = index_fold(text, p->arena);
	char *to = arena_alloc(p->arena, folded.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < folded.len; i++) {
		char ch = folded.ptr[i];
		bool word = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (ch & 0x80) != 0;

		if (word)
			to[n++] = ch;
		else if (n > 0 && to[n - 1] != ' ')
			to[n++] = ' ';
	}
	if (n > 0 && to[n - 1] == ' ')
		n--;
	return slice_make(to, n);
}

static bool
words_value(struct parser *p, struct query_clause *c, struct slice s)
{
	struct query_value v = { .text = c->words == WORDS_DISPLAY
	    ? index_fold(parser_unescape(p, s), p->arena) : words_of(p, parser_unescape(p, s)) };

	return v.text.len > 0 && add_value(p, c, v);
}

bool
parser_value(struct parser *p, struct query_clause *c, const struct type *type, struct slice s,
    struct slice only_type)
{
	struct query_value v = { .prefix = PREFIX_EQ };

	switch (c->on) {
	case CLAUSE_ID:           return id_value(p, c, type, s);
	case CLAUSE_LAST_UPDATED: return date_value(p, s, &v) && add_value(p, c, v);
	case CLAUSE_NEAR:         return near_value(s, &v) && add_value(p, c, v);
	case CLAUSE_WORDS:        return words_value(p, c, s);
	default:
		break;
	}
	switch (c->kind) {
	case SEARCH_REFERENCE: return reference_value(p, c, s, only_type);
	case SEARCH_COMPOSITE: return composite_value(p, c, s);
	case SEARCH_TOKEN:     return token_with_modifier(p, c, s);
	default:
		break;
	}
	if (!plain_value(p, c->kind, s, &v))
		return false;
	if (c->modifier == MODIFIER_EXACT || c->modifier == MODIFIER_DIFFERS)
		v.text = index_head(v.text);    /* rows of whole values */
	return add_value(p, c, v);
}

static bool
may_compare(const struct search_param *param, enum search_kind kind, struct slice s)
{
	for (size_t i = 0; query_prefix(kind, i) != NULL; i++)
		if (slice_starts(s, slice_of(query_prefix(kind, i))))
			return use_allows_comparator(param, slice_sub(s, 0, 2));
	return true;
}

/* The comparator of a value, or those of a composite's. */
static bool
may_compare_all(const struct query_clause *c, struct slice s)
{
	if (c->kind != SEARCH_COMPOSITE)
		return may_compare(c->param, c->kind, s);
	for (uint32_t i = 0; i < c->param->component_count; i++)
		if (!may_compare(c->param, c->param->components[i].kind, parser_cut(&s, '$')))
			return false;
	return true;
}

enum taken
parser_more_values(struct parser *p, const struct search_param *param, size_t count)
{
	if (count > p->limits->of[LIMIT_SEARCH_VALUES])
		return parser_refuse(p, FAULT_TOO_COSTLY, "too many values");
	return count < 2 || use_allows_values(param) ? TAKEN
	    : parser_refuse(p, FAULT_BAD_PARAMETER, "the parameter has one value");
}

/* R4 search.html#escaping: a backslash before anything else is illegal. */
static bool
escapes_hold(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\\' && (++i == s.len || memchr("\\,|$", s.ptr[i], 4) == NULL))
			return false;
	return true;
}

enum taken
parser_values(struct parser *p, struct query_clause *c, const struct type *type, struct slice value,
    struct slice only_type)
{
	size_t count = 0;

	if (c->modifier == MODIFIER_MISSING) {
		c->missing = slice_is(value, "true");
		return c->missing || slice_is(value, "false") ? TAKEN
		    : parser_refuse(p, FAULT_BAD_SEARCH, ":missing is true or false");
	}
	while (value.len > 0) {
		struct slice one = parser_cut(&value, ',');
		enum taken more = parser_more_values(p, c->param, ++count);

		if (more != TAKEN)
			return more;
		if (!may_compare_all(c, one))
			return parser_refuse(p, FAULT_BAD_PARAMETER, "the comparator is not supported");
		if (!escapes_hold(one) || !parser_value(p, c, type, one, only_type))
			return p->outcome->failed ? REFUSED
			    : parser_refuse(p, FAULT_BAD_SEARCH, "the value has the wrong form");
	}
	return TAKEN;
}
