/* document_map.c -- see document_map.h. */
#include "iac/document_map.h"

#include <stdlib.h>

#include "base/arena.h"

void
map_add(struct map_maker *m, struct arena *a, struct member member, bool merged)
{
	if (m->count == m->room) {
		m->room = m->room == 0 ? 8 : m->room * 2;
		m->all = arena_grow(a, m->all, m->count * sizeof *m->all, m->room * sizeof *m->all);
	}
	m->all[m->count] = (struct gathered){ .member = member, .order = m->count, .merged = merged };
	m->count++;
}

/* Equal keys: merged ones last, then in order. */
static int
by_key(const void *a, const void *b)
{
	const struct gathered *x = *(struct gathered *const *)a, *y = *(struct gathered *const *)b;
	int c = slice_cmp(x->member.key, y->member.key);

	if (c != 0)
		return c;
	if (x->merged != y->merged)
		return x->merged ? 1 : -1;
	return x->order < y->order ? -1 : 1;
}

/* Of two neighbours with one key the second is dropped; a written one leaves its value. */
static bool
settle(struct project *p, struct gathered *first, struct gathered *second)
{
	second->dropped = true;
	if (second->merged)
		return true;
	project_problem(p, second->member.key_span, "a key is repeated in a map");
	first->member.value = second->member.value;
	first->member.key_span = second->member.key_span;
	return false;
}

static bool
drop_repeated(struct map_maker *m, struct project *p)
{
	struct gathered **sorted = arena_array(p->arena, m->count + 1, sizeof *sorted);
	struct gathered *kept = NULL;
	bool distinct = true;
	uint32_t i;

	for (i = 0; i < m->count; i++)
		sorted[i] = &m->all[i];
	qsort(sorted, m->count, sizeof *sorted, by_key);
	for (i = 0; i < m->count; i++) {
		if (kept != NULL && slice_eq(kept->member.key, sorted[i]->member.key))
			distinct &= settle(p, kept, sorted[i]);
		else
			kept = sorted[i];
	}
	return distinct;
}

bool
map_end(struct map_maker *m, struct project *p, struct span span, const struct value **made)
{
	bool distinct = m->count < 2 || drop_repeated(m, p);
	struct value *v = arena_alloc(p->arena, sizeof *v);

	v->kind = VALUE_MAP;
	v->span = span;
	v->members = arena_array(p->arena, m->count + 1, sizeof *v->members);
	for (uint32_t i = 0; i < m->count; i++)
		if (!m->all[i].dropped)
			v->members[v->count++] = m->all[i].member;
	*made = v;
	return distinct;
}
