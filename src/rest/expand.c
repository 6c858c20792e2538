/* expand.c -- ValueSet/$expand (R4 valueset-operation-expand.html).
 *
 * A flat expansion has the codes that may be used; one that is asked to be nested
 * (excludeNested=false) has the others too, marked abstract, each below its
 * parent.  Pages are of the flat form only, as R4 says.
 *
 * An expansion that cannot be made whole is refused: not-supported when a code
 * system or value set is not held here, too-costly when there are too many codes.
 * An expansion that its definition gives, and calls open itself, says so again
 * (extension valueset-unclosed), and so does one of fragments of code systems. */
#include "rest/interactions.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/instant.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/terminology_format.h"
#include "rest/answer.h"
#include "rest/expand.h"
#include "search/index.h"

static const char names[] = "url valueSet valueSetVersion context filter offset count includeDesignations "
    "includeDefinition activeOnly excludeNested excludeNotForUI excludePostCoordinated "
    "displayLanguage exclude-system designation property " REST_VERSION_NAMES;

static bool
read_asked(struct exchange *x, struct terminology *t, struct expand_asked *a)
{
	*a = (struct expand_asked){ .x = x };
	if (!parameters_read(x, names, &a->p) || !parameter_number(&a->p, "offset", 0, &a->offset)
	    || !parameter_number(&a->p, "count", UINT64_MAX, &a->count))
		return false;
	a->filter = index_fold(parameter_text(&a->p, "filter"), x->arena);
	if (!rest_languages(&a->p, &a->language) || !rest_beside(&a->p, t))
		return false;
	a->designations = parameter_is(&a->p, "includeDesignations",
	    parameter_find(&a->p, "designation") != NULL);
	a->definition = parameter_is(&a->p, "includeDefinition", false);
	a->active_only = parameter_is(&a->p, "activeOnly", false);
	a->nested = !parameter_is(&a->p, "excludeNested", true);
	a->selectable_only = parameter_is(&a->p, "excludeNotForUI", !a->nested);
	a->paged = !a->nested && (a->offset > 0 || a->count != UINT64_MAX);
	return true;
}

/* Which members? */

static bool
contains(struct slice text, struct slice part)
{
	return part.len == 0 || (text.len >= part.len
	    && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

/* Every word of the filter is somewhere in the display that would be shown, the system's own, or the code. */
static bool
passes_filter(struct expand_asked *a, const struct member *m)
{
	struct slice rest = a->filter, shown, own, code;

	if (rest.len == 0)
		return true;
	shown = index_fold(expand_display(a, m), a->x->arena);
	own = index_fold(m->display, a->x->arena);
	code = index_fold(m->code, a->x->arena);
	while (rest.len > 0) {
		struct slice word = slice_cut(&rest, ' ');

		if (!contains(shown, word) && !contains(own, word) && !contains(code, word))
			return false;
	}
	return true;
}

static bool
system_excluded(struct expand_asked *a, const struct member *m)
{
	for (uint32_t i = 0; i < a->p.count; i++) {
		struct slice version = a->p.at[i].text, url = slice_cut(&version, '|');

		if (slice_is(a->p.at[i].name, "exclude-system") && slice_eq(url, m->system)
		    && version_fits(version, m->version))
			return true;
	}
	return false;
}

static bool
wanted(struct expand_asked *a, const struct member *m)
{
	return !(a->active_only && m->inactive) && !(a->selectable_only && m->abstract && !m->listed)
	    && !system_excluded(a, m) && passes_filter(a, m);
}

/* Nested: a member stands below the first of its parents that is a member; one that is listed where the list has
 * it. */

struct tree {
	const struct member *at;
	uint32_t *first, *next;         /* child, sibling; in the order of the members; NONE */
	uint32_t  count, roots;
};

#define NONE UINT32_MAX
#define TREE_DEPTH_MAX 64

static int
by_concept(const void *a, const void *b)
{
	const struct member *const *x = a, *const *y = b;

	if ((*x)->in != (*y)->in)
		return (*x)->in < (*y)->in ? -1 : 1;
	return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

static uint32_t
member_of_concept(const struct tree *t, const struct member **sorted, const struct code_system *in,
    uint32_t number)
{
	struct member key = { .in = in, .number = number };
	const struct member *key_at = &key;
	const struct member **found = bsearch(&key_at, sorted, t->count, sizeof *sorted, by_concept);

	return found == NULL ? NONE : (uint32_t)(*found - t->at);
}

static uint32_t
parent_of(const struct tree *t, const struct member **sorted, uint32_t i)
{
	const struct member *m = &t->at[i];
	const struct concept_row *row = m->in == NULL || m->listed ? NULL
	    : code_system_concept(m->in, m->number);

	for (uint32_t k = 0; row != NULL && k < row->parent_count; k++) {
		uint32_t parent = member_of_concept(t, sorted, m->in,
		    code_system_link(m->in, row->parents + k));

		if (parent < i)                 /* a parent stands before: so there is no circle */
			return parent;
	}
	return NONE;
}

static void
plant(struct tree *t, struct arena *arena)
{
	const struct member **sorted = arena_array(arena, t->count + 1, sizeof *sorted);
	uint32_t *last = arena_array(arena, t->count + 1, sizeof *last), last_root = NONE;

	t->first = arena_array(arena, t->count + 1, sizeof *t->first);
	t->next = arena_array(arena, t->count + 1, sizeof *t->next);
	for (uint32_t i = 0; i < t->count; i++) {
		sorted[i] = &t->at[i];
		t->first[i] = t->next[i] = last[i] = NONE;
	}
	if (t->count > 0)
		qsort(sorted, t->count, sizeof *sorted, by_concept);
	t->roots = NONE;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t parent = parent_of(t, sorted, i), *tail = parent == NONE ? &last_root : &last[parent];

		if (*tail != NONE)
			t->next[*tail] = i;
		else if (parent == NONE)
			t->roots = i;
		else
			t->first[parent] = i;
		*tail = i;
	}
}

static void
write_tree(struct expand_asked *a, struct buf *b, const struct tree *t, uint32_t from, int depth)
{
	buf_add(b, SLICE(",\"contains\":["));
	for (uint32_t i = from; i != NONE; i = t->next[i]) {
		if (i != from)
			buf_add_char(b, ',');
		expand_open_member(a, b, &t->at[i]);
		if (t->first[i] != NONE && depth < TREE_DEPTH_MAX)
			write_tree(a, b, t, t->first[i], depth + 1);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
write_page(struct expand_asked *a, struct buf *b, const struct member *at, uint32_t count)
{
	uint64_t from = a->offset < count ? a->offset : count;
	uint64_t n = a->count < count - from ? a->count : count - from;

	if (n > 0)
		buf_add(b, SLICE(",\"contains\":["));
	for (uint64_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		expand_open_member(a, b, &at[from + i]);
		buf_add_char(b, '}');
	}
	if (n > 0)
		buf_add_char(b, ']');
}

/* The resource around it */

static const struct slice left_out[] = {
	SLICE_INIT("text"), SLICE_INIT("expansion"), SLICE_INIT("contained"),
};
static const struct slice definition_parts[] = { SLICE_INIT("compose") };

static bool
name_among(const struct json *j, uint32_t name, const struct slice *at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (json_is(j, name, at[i]))
			return true;
	return false;
}

static void
write_resource(struct expand_asked *a, struct buf *b, const struct json *j, uint32_t node)
{
	buf_add(b, SLICE("{\"resourceType\":\"ValueSet\""));
	for (uint32_t n = json_first(j, node); n != 0; n = json_next(j, node, n)) {
		if (name_among(j, n, left_out, COUNT_OF(left_out)) || json_is(j, n, SLICE("resourceType"))
		    || (!a->definition && name_among(j, n, definition_parts, COUNT_OF(definition_parts))))
			continue;
		buf_add_char(b, ',');
		json_write_node(b, j, n);
		buf_add_char(b, ':');
		json_write_node(b, j, n + 1);
	}
}

static const struct { const char *name, *member; } said[] = {
	{ "filter", "valueString" }, { "offset", "valueInteger" }, { "count", "valueInteger" },
	{ "includeDesignations", "valueBoolean" }, { "includeDefinition", "valueBoolean" },
	{ "activeOnly", "valueBoolean" }, { "excludeNested", "valueBoolean" },
	{ "excludeNotForUI", "valueBoolean" }, { "excludePostCoordinated", "valueBoolean" },
	{ "displayLanguage", "valueCode" }, { "exclude-system", "valueUri" },
	{ "designation", "valueString" }, { "property", "valueString" }, { "system-version", "valueUri" },
	{ "check-system-version", "valueUri" }, { "force-system-version", "valueUri" },
	{ "useSupplement", "valueUri" },
};

static void
write_one_asked(struct buf *b, const char *name, const char *member, struct slice text)
{
	uint64_t n = 0;

	buf_printf(b, "%s{\"name\":\"%s\",\"%s\":", b->ptr[b->len - 1] == '[' ? "" : ",", name, member);
	if (slice_is(slice_of(member), "valueBoolean"))
		buf_add_cstr(b, slice_is(text, "true") ? "true" : "false");
	else if (slice_is(slice_of(member), "valueInteger") && slice_uint(text, &n))
		buf_add_uint(b, n);
	else
		json_write_string(b, text);
	buf_add_char(b, '}');
}

static void
write_asked(struct expand_asked *a, struct buf *b)
{
	for (uint32_t i = 0; i < a->p.count; i++)
		for (size_t k = 0; k < COUNT_OF(said); k++)
			if (slice_is(a->p.at[i].name, said[k].name))
				write_one_asked(b, said[k].name, said[k].member, a->p.at[i].text);
}

static void
write_used(struct expand_asked *a, struct buf *b, const char *name, struct slice url, struct slice version)
{
	buf_printf(b, "%s{\"name\":\"%s\",\"valueUri\":", b->ptr[b->len - 1] == '[' ? "" : ",", name);
	json_write_string(b, rest_canonical(a->x, url, version));
	buf_add_char(b, '}');
}

static void
write_parameters(struct expand_asked *a, struct buf *b, const struct code_set *set, const struct expansion *e)
{
	const struct code_system *s;
	size_t before = b->len;

	buf_add(b, SLICE(",\"parameter\":["));
	write_asked(a, b);
	for (uint32_t i = 0; i < e->used_count; i++)
		write_used(a, b, "version", e->used[i], SLICE_NONE);
	for (uint32_t i = 0; (s = code_set_supplement(set, i)) != NULL; i++)
		write_used(a, b, "used-supplement", code_system_url(s), code_system_version(s));
	if (b->ptr[b->len - 1] == '[')
		b->len = before;
	else
		buf_add_char(b, ']');
}

static void
write_expansion(struct expand_asked *a, struct buf *b, const struct code_set *set, const struct expansion *e,
    const struct member *at, uint32_t count)
{
	char now[INSTANT_TEXT];

	instant_format(a->x->received, now);
	buf_add(b, SLICE(",\"expansion\":{"));
	if (!e->complete)
		buf_add(b, SLICE("\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/"
		    "valueset-unclosed\",\"valueBoolean\":true}],"));
	buf_printf(b, "\"timestamp\":\"%.*s\",\"total\":%u", INSTANT_TEXT, now, count);
	if (a->paged)
		buf_printf(b, ",\"offset\":%llu", (unsigned long long)a->offset);
	write_parameters(a, b, set, e);
	if (a->nested && a->count > 0 && count > 0) {
		struct tree t = { .at = at, .count = count };

		plant(&t, a->x->arena);
		write_tree(a, b, &t, t.roots, 0);
	} else if (!a->nested) {
		write_page(a, b, at, count);
	}
	buf_add_char(b, '}');
}

static bool
answer(struct expand_asked *a, const struct code_set *set, const struct expansion *e)
{
	struct member *at = arena_array(a->x->arena, e->count + 1, sizeof *at);
	const struct json *j;
	uint32_t count = 0, node;
	struct buf b;

	for (uint32_t i = 0; i < e->count; i++)
		if (wanted(a, &e->at[i]))
			at[count++] = e->at[i];
	j = code_set_json(set, &node);
	buf_init(&b, a->x->arena, SIZE_MAX);
	write_resource(a, &b, j, node);
	write_expansion(a, &b, set, e, at, count);
	buf_add_char(&b, '}');
	answer_bytes(a->x, 200, buf_slice(&b));
	return true;
}

bool
rest_expand(struct exchange *x)
{
	struct expand_asked a;
	struct terminology t;
	struct code_set *set;
	const struct expansion *e;

	rest_terminology(x, &t);
	if (!read_asked(x, &t, &a) || !rest_value_set(&a.p, &t, &set))
		return false;
	e = code_set_expand(&t, set);
	if (t.spent)
		return exchange_fail(x, FAULT_TOO_COSTLY, "the expansion is too large");
	if (t.conflict)
		return exchange_fail(x, FAULT_BUSINESS_RULE,
		    "the value set means another version of a code system than check-system-version");
	if (!e->complete && !e->given && !e->open)
		return exchange_fail(x, FAULT_NOT_SUPPORTED,
		    "the value set needs a code system or a value set that is not held here");
	return answer(&a, set, e);
}
