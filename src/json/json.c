/* json.c -- text to tape, in one pass without recursion.
 *
 * The parser is a loop over "what may come here": a value, a name, a comma or
 * a closing bracket.  Open containers are a small stack of node indexes whose
 * depth is bounded.  A node is written when its first byte is seen and finished
 * (length, next) when its last one is.
 *
 * Promises, checked in json_test.c:
 *  (1) Every text that RFC 8259 allows and no limit forbids is accepted, but
 *      for lone surrogates and repeated names.
 *  (2) Nothing else is accepted.
 *  (3) Time is linear in the text: repeated names are found by a keyed hash. */
#include "json/json.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/siphash.h"

struct json_bounds
json_bounds(const struct limits *l, bool bundle)
{
	return (struct json_bounds){
		.depth = l->of[LIMIT_JSON_DEPTH],
		.nodes = l->of[bundle ? LIMIT_BUNDLE_NODES : LIMIT_JSON_NODES],
		.number = l->of[LIMIT_JSON_NUMBER],
		.key = l->of[LIMIT_JSON_KEY],
	};
}

struct parser {
	const char       *text, *at, *end;
	struct json_bounds bounds;
	struct arena     *arena;
	struct outcome   *outcome;
	struct json_node *nodes;
	uint32_t          count, room;
	uint32_t         *open;         /* stack of container nodes */
	size_t            depth;
};

static bool
fail_at(struct parser *p, const char *where, enum fault fault, const char *why)
{
	struct slice whole = slice_make(p->text, (size_t)(p->end - p->text));

	return outcome_fail(p->outcome, fault, place_of(whole, (size_t)(where - p->text)),
	    slice_of(why));
}

static bool
fail(struct parser *p, const char *why)
{
	return fail_at(p, p->at, FAULT_SYNTAX, why);
}

static bool
node_add(struct parser *p, enum json_type type, const char *at)
{
	if (p->count >= p->bounds.nodes)
		return fail_at(p, at, FAULT_TOO_COMPLEX, "too many values");
	if (p->count == p->room) {
		uint32_t room = p->room < 32 ? 64 : p->room * 2;

		p->nodes = arena_grow(p->arena, p->nodes, p->room * sizeof *p->nodes,
		    room * sizeof *p->nodes);
		p->room = room;
	}
	p->nodes[p->count++] = (struct json_node){
		.at = (uint32_t)(at - p->text), .next = p->count, .type = (uint8_t)type };
	return true;
}

/* Strings */

/* To the first byte that is a quote, a backslash, a control or not ASCII. */
static const char *
skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(0x20);

	for (; end - p >= 16; p += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* signed compare: bytes over 0x7f count as less than a space */
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(bytes, space),
		    _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
		int mask = _mm_movemask_epi8(odd);

		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80
	    && *p != '"' && *p != '\\')
		p++;
	return p;
}

static int
hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = ascii_is_digit(c) ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* p->at stands behind "\u".  A high surrogate needs its low one at once. */
static bool
unicode_escape(struct parser *p)
{
	int unit = hex4(p->at, p->end), low;

	if (unit < 0)
		return fail(p, "a \\u escape needs four hexadecimal digits");
	if (unit >= 0xDC00 && unit <= 0xDFFF)
		return fail(p, "lone surrogate");
	p->at += 4;
	if (unit < 0xD800 || unit > 0xDBFF)
		return true;
	if (p->end - p->at < 6 || p->at[0] != '\\' || p->at[1] != 'u')
		return fail(p, "lone surrogate");
	low = hex4(p->at + 2, p->end);
	if (low < 0xDC00 || low > 0xDFFF)
		return fail(p, "lone surrogate");
	p->at += 6;
	return true;
}

static bool
escape(struct parser *p)
{
	if (++p->at == p->end)
		return fail(p, "the text ends inside a string");
	switch (*p->at++) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
		return true;
	case 'u':
		return unicode_escape(p);
	default:
		p->at--;
		return fail(p, "unknown escape");
	}
}

static size_t
sequence_length(unsigned char lead)
{
	return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* p->at stands on a byte over 0x7f. */
static bool
beyond_ascii(struct parser *p)
{
	size_t left = (size_t)(p->end - p->at), n = sequence_length((unsigned char)*p->at);

	if (!utf8_valid(slice_make(p->at, n < left ? n : left)))
		return fail(p, "not UTF-8");
	p->at += n;
	return true;
}

/* p->at stands on the opening quote; the node holds what is between the quotes. */
static bool
string(struct parser *p, uint8_t flags)
{
	struct json_node *node;

	if (!node_add(p, JSON_STRING, ++p->at))
		return false;
	for (;;) {
		p->at = skip_plain(p->at, p->end);
		if (p->at == p->end)
			return fail(p, "the text ends inside a string");
		if (*p->at == '"')
			break;
		if (*p->at == '\\') {
			flags |= JSON_ESCAPED;
			if (!escape(p))
				return false;
		} else if ((unsigned char)*p->at < 0x20) {
			return fail(p, "a control character in a string");
		} else if (!beyond_ascii(p)) {
			return false;
		}
	}
	node = &p->nodes[p->count - 1];
	node->len = (uint32_t)(p->at++ - p->text) - node->at;
	node->flags = flags;
	return true;
}

/* Numbers and words */

static bool
is_digit(const struct parser *p)
{
	return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

static bool
digits(struct parser *p)
{
	if (!is_digit(p))
		return fail(p, "a digit is expected");
	while (is_digit(p))
		p->at++;
	return true;
}

static bool
next_is(struct parser *p, char a, char b)
{
	if (p->at == p->end || (*p->at != a && *p->at != b))
		return false;
	p->at++;
	return true;
}

/* number = [ "-" ] ( "0" / 1-9 *digit ) [ "." 1*digit ] [ e [ "+" / "-" ] 1*digit ] */
static bool
number(struct parser *p)
{
	const char *start = p->at;
	bool zero;

	if (!node_add(p, JSON_NUMBER, start))
		return false;
	next_is(p, '-', '-');
	zero = p->at < p->end && *p->at == '0';
	if (zero)
		p->at++;
	else if (!digits(p))
		return false;
	if (zero && is_digit(p))
		return fail(p, "a number has no leading zero");
	if (next_is(p, '.', '.') && !digits(p))
		return false;
	if (next_is(p, 'e', 'E')) {
		next_is(p, '+', '-');
		if (!digits(p))
			return false;
	}
	if ((size_t)(p->at - start) > p->bounds.number)
		return fail_at(p, start, FAULT_SYNTAX, "the number is too long");
	p->nodes[p->count - 1].len = (uint32_t)(p->at - start);
	return true;
}

static const struct { const char *text; enum json_type type; } words[] = {
	{ "true", JSON_TRUE }, { "false", JSON_FALSE }, { "null", JSON_NULL },
};

static bool
word(struct parser *p)
{
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t n = strlen(words[i].text);

		if ((size_t)(p->end - p->at) < n || memcmp(p->at, words[i].text, n) != 0)
			continue;
		if (!node_add(p, words[i].type, p->at))
			return false;
		p->nodes[p->count - 1].len = (uint32_t)n;
		p->at += n;
		return true;
	}
	return fail(p, "a value is expected");
}

/* Repeated names */

static struct siphash_key name_key;
static pthread_once_t name_key_made = PTHREAD_ONCE_INIT;

static void
make_name_key(void)
{
	env_entropy(&env_real, &name_key, sizeof name_key);
}

static struct json
view(const struct parser *p)
{
	return (struct json){ slice_make(p->text, (size_t)(p->end - p->text)), p->nodes, p->count };
}

static bool
repeated(struct parser *p, uint32_t name)
{
	return fail_at(p, p->text + p->nodes[name].at - 1, FAULT_SYNTAX, "a repeated member name");
}

#define FEW_NAMES 12

static bool
few_names_distinct(struct parser *p, const struct json *j, uint32_t object)
{
	struct slice seen[FEW_NAMES];
	uint32_t n = 0;

	for (uint32_t name = object + 1; name < p->count; name = p->nodes[name + 1].next) {
		seen[n] = json_string(j, name, p->arena);
		for (uint32_t i = 0; i < n; i++)
			if (slice_eq(seen[i], seen[n]))
				return repeated(p, name);
		n++;
	}
	return true;
}

static bool
many_names_distinct(struct parser *p, const struct json *j, uint32_t object, uint32_t members)
{
	size_t slots = 32;
	struct slice *table;

	pthread_once(&name_key_made, make_name_key);
	while (slots < (size_t)members * 2)
		slots *= 2;
	table = arena_array(p->arena, slots, sizeof *table);
	for (uint32_t name = object + 1; name < p->count; name = p->nodes[name + 1].next) {
		struct slice text = json_string(j, name, p->arena);
		size_t at = siphash(&name_key, text) & (slots - 1);

		for (; table[at].ptr != NULL; at = (at + 1) & (slots - 1))
			if (slice_eq(table[at], text))
				return repeated(p, name);
		table[at] = text;
	}
	return true;
}

static bool
names_distinct(struct parser *p, uint32_t object)
{
	struct json j = view(p);
	uint32_t members = 0;

	for (uint32_t name = object + 1; name < p->count; name = p->nodes[name + 1].next)
		members++;
	return members <= FEW_NAMES ? few_names_distinct(p, &j, object)
	    : many_names_distinct(p, &j, object, members);
}

/* Structure */

static void
skip_space(struct parser *p)
{
	while (p->at < p->end
	    && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
		p->at++;
}

static bool
open_container(struct parser *p, enum json_type type)
{
	if (p->depth == p->bounds.depth)
		return fail(p, "nested too deeply");
	if (!node_add(p, type, p->at++))
		return false;
	p->open[p->depth++] = p->count - 1;
	return true;
}

static bool
close_container(struct parser *p)
{
	uint32_t node = p->open[--p->depth];

	p->at++;
	p->nodes[node].next = p->count;
	p->nodes[node].len = (uint32_t)(p->at - p->text) - p->nodes[node].at;
	return p->nodes[node].type == JSON_ARRAY || names_distinct(p, node);
}

/* name = string ":" */
static bool
member_name(struct parser *p)
{
	skip_space(p);
	if (p->at == p->end || *p->at != '"')
		return fail(p, "a member name is expected");
	if (!string(p, JSON_IS_NAME))
		return false;
	if (p->nodes[p->count - 1].len > p->bounds.key)
		return fail(p, "the member name is too long");
	skip_space(p);
	if (p->at == p->end || *p->at != ':')
		return fail(p, "a colon is expected");
	p->at++;
	return true;
}

static char
closing_of(const struct parser *p)
{
	return p->nodes[p->open[p->depth - 1]].type == JSON_OBJECT ? '}' : ']';
}

/* A scalar, or the opening of a container; an empty container is closed at once. */
static bool
value(struct parser *p, bool *opened)
{
	*opened = false;
	skip_space(p);
	if (p->at == p->end)
		return fail(p, "a value is expected");
	if (*p->at == '"')
		return string(p, 0);
	if (*p->at == '-' || (*p->at >= '0' && *p->at <= '9'))
		return number(p);
	if (*p->at != '{' && *p->at != '[')
		return word(p);
	if (!open_container(p, *p->at == '{' ? JSON_OBJECT : JSON_ARRAY))
		return false;
	skip_space(p);
	if (p->at < p->end && *p->at == closing_of(p))
		return close_container(p);
	*opened = true;
	return true;
}

/* Behind a value: brackets that close, until a comma or the end of all. */
static bool
after_value(struct parser *p, bool *done)
{
	for (*done = false; p->depth > 0;) {
		skip_space(p);
		if (p->at < p->end && *p->at == ',') {
			p->at++;
			return true;
		}
		if (p->at == p->end || *p->at != closing_of(p))
			return fail(p, "a comma or a closing bracket is expected");
		if (!close_container(p))
			return false;
	}
	*done = true;
	return true;
}

static bool
document(struct parser *p)
{
	bool opened, done = false;

	while (!done) {
		if (p->depth > 0 && closing_of(p) == '}' && !member_name(p))
			return false;
		if (!value(p, &opened))
			return false;
		if (!opened && !after_value(p, &done))
			return false;
	}
	skip_space(p);
	return p->at == p->end || fail(p, "something follows the value");
}

bool
json_parse(struct slice text, struct json_bounds bounds, struct arena *arena, struct json *out,
    struct outcome *outcome)
{
	struct parser p = {
		.text = text.ptr, .at = text.ptr, .end = text.ptr + text.len,
		.bounds = bounds, .arena = arena, .outcome = outcome,
	};

	if (text.len >= UINT32_MAX)
		return outcome_fail_at_once(outcome, FAULT_TOO_BIG, "");
	p.open = arena_array(arena, bounds.depth + 1, sizeof *p.open);
	p.room = text.len / 16 < 64 ? 64 : (uint32_t)(text.len / 16);
	if (p.room > bounds.nodes)
		p.room = (uint32_t)bounds.nodes;
	p.nodes = arena_array(arena, p.room, sizeof *p.nodes);
	if (!document(&p))
		return false;
	*out = (struct json){ text, p.nodes, p.count };
	return true;
}
