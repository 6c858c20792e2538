/* canonical.c -- references by canonical url (R4 references.html#canonical).
 *
 * Such a reference is a text; what it means is found by the texts that the resources themselves say
 * mean them: that of the version which it names or, when it names none, of any; of several
 * the one that was written last.  All of it under the gate, so that what is hidden is not
 * meant.  What has a canonical url is in no patient's compartment: it stands under lead 0. */
#include <stdlib.h>

#include "base/arena.h"
#include "store/sqlite/plan.h"

#define NAMES 2                 /* of a resource: with its version and without one */

/* The names of all resources of a type, by row. */
struct plan_names {
	const struct type *type;
	struct pair       *at;          /* target: the name; row */
	uint32_t           count;
	struct plan_names *next;
};

static const struct search_param *
naming(const struct plan *p, const struct type *type)
{
	return !plan_reachable(p, DIRECTORY) || plan_in_compartments(p, type) ? NULL
	    : search_canonical(p->query->index, type);
}

/* Within a millisecond by the version. */
static bool
is_later(const struct candidate *one, const struct candidate *other)
{
	return one->updated > other->updated || (one->updated == other->updated && one->vid > other->vid);
}

bool
plan_meant(struct plan *p, const struct type *type, int64_t name, struct candidate *out, bool *found)
{
	const struct search_param *param = naming(p, type);
	struct row_set rows = { NULL, 0 };
	bool leaking = p->leaking;

	*found = false;
	p->leaking |= planted(95);
	if (param != NULL && !plan_named(p, param->number, name, &rows))
		return false;
	for (uint32_t i = 0; i < rows.count; i++) {
		struct candidate one;
		bool there;

		if (!plan_find(p, type, DIRECTORY, rows.at[i], &one, &there))
			return false;
		if (there && (!*found || is_later(&one, out)))
			*out = one;
		*found |= there;
	}
	p->leaking = leaking;
	return true;
}

static int
by_row(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->row > y->row) - (x->row < y->row);
}

static bool
all_names(struct plan *p, const struct type *type, struct plan_names **out)
{
	const struct search_param *param = naming(p, type);
	struct plan_names *n = p->names;

	while (n != NULL && n->type != type)
		n = n->next;
	if ((*out = n) != NULL)
		return true;
	*out = n = arena_alloc(p->arena, sizeof *n);
	*n = (struct plan_names){ .type = type };
	if (param != NULL && !plan_names_in(p, param->number, &n->at, &n->count))
		return false;
	if (n->count > 0)
		qsort(n->at, n->count, sizeof *n->at, by_row);
	n->next = p->names;
	p->names = n;
	return true;
}

static const struct pair *
first_of(const struct plan_names *all, int64_t row)
{
	struct pair key = { .row = row };
	const struct pair *at = all->count == 0 ? NULL : bsearch(&key, all->at, all->count, sizeof key, by_row);

	while (at != NULL && at > all->at && at[-1].row == row)
		at--;
	return at;
}

bool
plan_names(struct plan *p, const struct type *type, int64_t row, struct row_set *out)
{
	const struct pair *at;
	struct plan_names *all;

	*out = (struct row_set){ NULL, 0 };
	if (!all_names(p, type, &all))
		return false;
	out->at = arena_array(p->scratch, NAMES, sizeof *out->at);
	for (at = first_of(all, row); at != NULL && at < all->at + all->count && at->row == row; at++) {
		struct candidate meant;
		bool found;

		if (!plan_meant(p, type, at->target, &meant, &found))
			return false;
		if (found && meant.row == row && out->count < NAMES)
			out->at[out->count++] = at->target;
	}
	return true;
}
