/* use.c -- see use.h. */
#include "search/use.h"

#include "base/arena.h"
#include "base/buf.h"
#include "json/json.h"
#include "search/custom.h"
#include "search/query.h"

static struct use_list
read_list(const struct json *j, uint32_t node, const char *name, struct arena *arena)
{
	uint32_t list = json_get(j, node, slice_of(name));
	struct use_list out = { .stated = list != 0 && json_type(j, list) == JSON_ARRAY };

	if (!out.stated)
		return out;
	out.at = arena_array(arena, json_size(j, list) + 1, sizeof *out.at);
	for (uint32_t n = json_first(j, list); n != 0; n = json_next(j, list, n))
		out.at[out.count++] = slice_dup(json_string(j, n, arena), arena);
	return out;
}

static bool
is_false(const struct json *j, uint32_t node, const char *name)
{
	uint32_t value = json_get(j, node, slice_of(name));

	return value != 0 && json_type(j, value) == JSON_FALSE;
}

struct search_use
use_read(const struct json *j, uint32_t node, struct arena *arena)
{
	return (struct search_use){
		.modifiers = read_list(j, node, "modifier", arena),
		.comparators = read_list(j, node, "comparator", arena),
		.chains = read_list(j, node, "chain", arena),
		.one_value = is_false(j, node, "multipleOr"),
		.once = is_false(j, node, "multipleAnd"),
	};
}

static const struct search_use *
use_of(const struct search_param *p)
{
	static const struct search_use any;

	return p == NULL || p->number < CUSTOM_FIRST ? &any : &((const struct custom_param *)p)->use;
}

static bool
allows(const struct use_list *list, struct slice name)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (slice_eq(list->at[i], name))
			return true;
	return !list->stated;
}

bool
use_allows_modifier(const struct search_param *p, struct slice code)
{
	return allows(&use_of(p)->modifiers, code);
}

bool
use_allows_comparator(const struct search_param *p, struct slice prefix)
{
	return slice_is(prefix, "eq") || allows(&use_of(p)->comparators, prefix);
}

bool
use_allows_chain(const struct search_param *p, struct slice code)
{
	return allows(&use_of(p)->chains, code);
}

bool
use_allows_values(const struct search_param *p)
{
	return !use_of(p)->one_value;
}

bool
use_allows_repeating(const struct search_param *p)
{
	return !use_of(p)->once;
}

/* In words */

static void
write_allowed(struct buf *b, const char *title, const struct use_list *list, enum search_kind kind,
    const char *(*at)(enum search_kind, size_t))
{
	const char *separator = " ";

	if (!list->stated || at(kind, 0) == NULL)
		return;
	buf_printf(b, "%s:", title);
	for (size_t i = 0; at(kind, i) != NULL; i++)
		if (allows(list, slice_of(at(kind, i)))) {
			buf_printf(b, "%s%s", separator, at(kind, i));
			separator = ", ";
		}
	buf_add_cstr(b, *separator == ' ' ? " none. " : ". ");
}

static void
write_chains(struct buf *b, const struct use_list *list)
{
	if (!list->stated)
		return;
	buf_add(b, SLICE("Chains:"));
	for (uint32_t i = 0; i < list->count; i++)
		buf_printf(b, "%s %.*s", i == 0 ? "" : ",", SLICE_FMT(list->at[i]));
	buf_add(b, SLICE(". "));
}

struct slice
use_words(const struct search_param *p, struct arena *arena)
{
	const struct search_use *use = use_of(p);
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	write_allowed(&b, "Modifiers", &use->modifiers, p->kind, query_modifier);
	write_allowed(&b, "Comparators", &use->comparators, p->kind, query_prefix);
	write_chains(&b, &use->chains);
	if (use->one_value)
		buf_add(&b, SLICE("One value at a time. "));
	if (use->once)
		buf_add(&b, SLICE("Once in a search. "));
	return slice_trim(buf_slice(&b));
}
