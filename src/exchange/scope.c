/* scope.c -- see scope.h. */
#include "exchange/scope.h"

#include "base/arena.h"
#include "store/permit.h"

static const struct { const char *word; enum scope_context context; } contexts[] = {
	{ "patient", SCOPE_PATIENT }, { "user", SCOPE_USER }, { "system", SCOPE_SYSTEM },
};

static const struct { const char *word; unsigned verbs; } first_version[] = {
	{ "read",  PERMIT_READ | PERMIT_SEARCH },
	{ "write", PERMIT_CREATE | PERMIT_UPDATE | PERMIT_DELETE },
	{ "*",     PERMIT_CREATE | PERMIT_READ | PERMIT_UPDATE | PERMIT_DELETE | PERMIT_SEARCH },
};

/* In the order in which a v2 suffix must have them. */
static const struct { char letter; unsigned verb; } letters[] = {
	{ 'c', PERMIT_CREATE }, { 'r', PERMIT_READ }, { 'u', PERMIT_UPDATE },
	{ 'd', PERMIT_DELETE }, { 's', PERMIT_SEARCH },
};

static bool
parse_suffix(struct slice s, unsigned *verbs)
{
	size_t at = 0;

	for (size_t i = 0; i < COUNT_OF(first_version); i++)
		if (slice_is(s, first_version[i].word)) {
			*verbs = first_version[i].verbs;
			return true;
		}
	*verbs = 0;
	for (size_t i = 0; i < COUNT_OF(letters) && at < s.len; i++)
		if (s.ptr[at] == letters[i].letter) {
			*verbs |= letters[i].verb;
			at++;
		}
	return s.len > 0 && at == s.len;
}

static bool
type_good(struct slice type)
{
	if (slice_is(type, "*"))
		return true;
	for (size_t i = 0; i < type.len; i++)
		if (!((type.ptr[i] >= 'A' && type.ptr[i] <= 'Z')
		    || (type.ptr[i] >= 'a' && type.ptr[i] <= 'z')))
			return false;
	return type.len > 0;
}

bool
scope_parse(struct slice one, struct scope *out)
{
	struct slice rest = one;
	struct slice context = slice_cut(&rest, '/');
	struct slice type = slice_cut(&rest, '.');

	if (!type_good(type) || !parse_suffix(rest, &out->verbs))
		return false;
	out->type = type;
	for (size_t i = 0; i < COUNT_OF(contexts); i++)
		if (slice_is(context, contexts[i].word)) {
			out->context = contexts[i].context;
			return true;
		}
	return false;
}

struct scope *
scope_parse_list(struct slice list, struct arena *arena, uint32_t *count)
{
	struct scope *scopes = arena_array(arena, list.len / 2 + 1, sizeof *scopes);

	*count = 0;
	while (list.len > 0) {
		struct slice one = slice_cut(&list, ' ');

		if (scope_parse(one, &scopes[*count]))
			++*count;
	}
	return scopes;
}

bool
scope_covers(const struct scope *maximum, const struct scope *asked)
{
	return maximum->context >= asked->context
	    && (slice_is(maximum->type, "*") || slice_eq(maximum->type, asked->type))
	    && (asked->verbs & ~maximum->verbs) == 0;
}

static bool
covered_by_any(const struct scope *maxima, uint32_t count, const struct scope *asked)
{
	for (uint32_t i = 0; i < count; i++)
		if (scope_covers(&maxima[i], asked))
			return true;
	return false;
}

bool
scope_list_covers(struct slice maximum, struct slice asked, struct arena *arena)
{
	uint32_t have, want;
	struct scope *maxima = scope_parse_list(maximum, arena, &have);
	struct scope *wanted = scope_parse_list(asked, arena, &want);

	for (uint32_t i = 0; i < want; i++)
		if (!covered_by_any(maxima, have, &wanted[i]))
			return false;
	return want > 0;
}
