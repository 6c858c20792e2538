/* evaluate.c -- clauses on one lead.
 *
 * A clause is had as a set of rows where an index can give it, and is a test of one candidate
 * where it cannot (negations, _has, words).  Sets are remembered for as long as the search is at
 * the lead; those of the directory and of lead 0, which other leads ask for too, to its end.
 *
 * A chain looks at those leads that its lead refers to, and at each under the permit: a bound
 * caller's chain never leaves its compartment.  A target is in the set of its own lead, so it has
 * passed the gate there. */
#include "base/arena.h"
#include "base/outcome.h"
#include "store/sqlite/plan.h"

struct memo {
	const void  *of;                /* a clause, or the first of several */
	int64_t      lead;
	struct row_set set;
	uint32_t     nth;
	struct memo *next;
};

#define MEMO_MAX 256

static bool
remembered(struct plan *p, const void *of, int64_t lead, struct row_set *out)
{
	for (struct memo *m = lead == DIRECTORY ? p->memo : p->lead_memo; m != NULL; m = m->next)
		if (m->of == of && m->lead == lead) {
			*out = m->set;
			return true;
		}
	return false;
}

static void
remember(struct plan *p, const void *of, int64_t lead, const struct row_set *set)
{
	bool kept = lead == DIRECTORY;
	struct memo **list = kept ? &p->memo : &p->lead_memo;
	struct memo *m = arena_alloc(kept ? p->arena : p->scratch, sizeof *m);

	/* a walk over the directory asks in many leads, and comes back to none */
	if (!kept && *list != NULL && (*list)->nth == MEMO_MAX)
		*list = NULL;
	*m = (struct memo){ of, lead, *set, *list == NULL ? 1 : (*list)->nth + 1, *list };
	*list = m;
}

bool
plan_has_row(const struct row_set *set, int64_t row)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (set->at[middle] == row)
			return true;
		if (set->at[middle] < row)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static void
add_row(struct plan *p, struct row_set *set, int64_t lead, int64_t row)
{
	if ((set->count & (set->count - 1)) == 0 && (set->count == 0 || set->count >= 16)) {
		uint32_t room = set->count == 0 ? 16 : set->count * 2;

		set->at = arena_grow(lead == DIRECTORY ? p->arena : p->scratch, set->at,
		    set->count * sizeof row, room * sizeof row);
	}
	set->at[set->count++] = row;
}

static void
add_set(struct plan *p, struct row_set *set, int64_t lead, const struct row_set *more)
{
	for (uint32_t i = 0; i < more->count; i++)
		add_row(p, set, lead, more->at[i]);
}

int64_t
plan_lead_of(const struct plan *p, const struct type *type, int64_t lead, int64_t row)
{
	return type == p->reader->store->patient && row < INDEX_CONTAINED ? row : lead;
}

static bool
may_search(const struct plan *p, const struct query_clause *c)
{
	return permit_allows(p->permit, c->type, PERMIT_SEARCH);
}

/* Is something of the clause left when implied types that may not be searched are left out? */
static bool
is_left(struct plan *p, const struct query_clause *c)
{
	bool link = c->on == CLAUSE_CHAIN || c->on == CLAUSE_HAS, any = c->part_count == 0;

	if (link && !may_search(p, c)) {
		if (!c->implied)
			outcome_fail_at_once(p->outcome, FAULT_FORBIDDEN, "");
		return false;
	}
	for (uint32_t i = 0; i < c->part_count && !p->outcome->failed; i++) {
		bool left = is_left(p, &c->parts[i]);

		any |= left;
		if (!left && c->on != CLAUSE_ANY)
			return false;
	}
	return any;
}

bool
plan_allowed(struct plan *p)
{
	for (uint32_t i = 0; i < p->query->part_count; i++) {
		const struct query_part *part = &p->query->parts[i];

		if (!permit_allows(p->permit, part->type, PERMIT_SEARCH))
			return outcome_fail_at_once(p->outcome, FAULT_FORBIDDEN, "");
		for (uint32_t k = 0; k < part->clause_count; k++)
			if (!is_left(p, &part->clauses[k]))
				return p->outcome->failed ? false
				    : outcome_fail_at_once(p->outcome, FAULT_FORBIDDEN, "");
	}
	return true;
}

bool
plan_reachable(const struct plan *p, int64_t lead)
{
	return lead >= 0 && (lead == p->lead || plan_leaves(p, 60) || plan_leaves(p, 43));
}

/* Chains */

#define FEW 64

/* The lead in which targets under `target_lead` are looked for.  Patients of other compartments are
 * found all at once in the directory. */
static int64_t
search_lead(const struct plan *p, const struct query_clause *c, int64_t lead, int64_t target_lead)
{
	return c->type == p->reader->store->patient && !p->bound && target_lead != lead ? DIRECTORY
	    : target_lead;
}

static bool
refer_to_few(struct plan *p, const struct query_clause *c, int64_t lead, int64_t target_lead,
    const struct row_set *targets, struct row_set *out)
{
	for (uint32_t i = 0; i < targets->count; i++) {
		struct row_set one;

		if (!plan_referrers(p, c->param->number, lead, target_lead, targets->at[i], &one))
			return false;
		add_set(p, out, lead, &one);
	}
	return true;
}

static bool
refer_to_many(struct plan *p, const struct query_clause *c, int64_t lead, int64_t target_lead,
    const struct row_set *targets, struct row_set *out)
{
	struct pair *pairs;
	uint32_t count;

	if (!plan_pairs(p, c->param->number, lead, target_lead, &pairs, &count))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (plan_has_row(targets, pairs[i].target))
			add_row(p, out, lead, pairs[i].row);
	return true;
}

/* Rows of `lead` that refer to a match under one lead; of another compartment's Patients only its own. */
static bool
chain_to(struct plan *p, const struct query_clause *c, int64_t lead, int64_t target_lead,
    struct row_set *out)
{
	int64_t where = search_lead(p, c, lead, target_lead);
	struct row_set own = { &target_lead, 1 }, targets;

	p->leaking = planted(61);
	if (!plan_all(p, c->parts, c->part_count, c->type, where, &targets))
		return false;
	p->leaking = false;
	if (where != target_lead)
		return !plan_has_row(&targets, target_lead)
		    || refer_to_few(p, c, lead, target_lead, &own, out);
	return (targets.count < FEW ? refer_to_few : refer_to_many)(p, c, lead, target_lead, &targets,
	    out);
}

/* What a reference by a text is to, of the clause's type: `target` 0 for nothing. */
static bool
named_target(struct plan *p, const struct query_clause *c, int64_t name, int64_t *lead, int64_t *target)
{
	struct candidate meant;
	bool found;

	if (!plan_alias(p, c->type, name, lead, target))
		return false;
	if (*target != 0)
		return true;
	if (!plan_meant(p, c->type, name, &meant, &found))
		return false;
	*lead = DIRECTORY;
	*target = found ? meant.row : 0;
	return true;
}

static bool
name_matches(struct plan *p, const struct query_clause *c, int64_t lead, int64_t name, bool *yes)
{
	int64_t target_lead, target;
	struct row_set targets;

	*yes = false;
	if (!named_target(p, c, name, &target_lead, &target))
		return false;
	if (target == 0 || !plan_reachable(p, target_lead))
		return true;
	if (!plan_all(p, c->parts, c->part_count, c->type, search_lead(p, c, lead, target_lead), &targets))
		return false;
	*yes = plan_has_row(&targets, target);
	return true;
}

/* References by canonical urls, and those that were written before their target had its chosen id. */
static bool
chain_to_named(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	struct pair *pairs;
	uint32_t count;
	bool yes = false;

	if (!plan_pairs(p, c->param->number, lead, INDEX_FOREIGN, &pairs, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		bool again = i > 0 && pairs[i].target == pairs[i - 1].target;

		if (!again && !name_matches(p, c, lead, pairs[i].target, &yes))
			return false;
		if (yes)
			add_row(p, out, lead, pairs[i].row);
	}
	return true;
}

static bool
chain_set(struct plan *p, const struct query_clause *c, int64_t lead, struct row_set *out)
{
	struct row_set leads;

	*out = (struct row_set){ NULL, 0 };
	if (!may_search(p, c))
		return true;                    /* implied: see plan_allowed() */
	if (!plan_leads_referred(p, c->param->number, lead, &leads))
		return false;
	for (uint32_t i = 0; i < leads.count; i++) {
		if (leads.at[i] == INDEX_FOREIGN ? !chain_to_named(p, c, lead, out)
		    : plan_reachable(p, leads.at[i]) && !chain_to(p, c, lead, leads.at[i], out))
			return false;
	}
	plan_order(out);
	return true;
}

/* Reverse chains: the candidate's own referrers, one by one. */

static bool
referrer_matches(struct plan *p, const struct query_clause *c, int64_t lead, int64_t row, bool *yes)
{
	struct candidate there;

	*yes = false;
	if (row >= INDEX_CONTAINED || !plan_reachable(p, lead))
		return true;
	if (!plan_find(p, c->type, lead, row, &there, yes) || !*yes)
		return !p->outcome->failed;
	for (uint32_t i = 0; i < c->part_count && *yes; i++)
		if (!plan_test(p, &c->parts[i], c->type, lead, &there, yes))
			return false;
	return true;
}

static bool
any_settable(const struct query_clause *c)
{
	for (uint32_t i = 0; i < c->part_count; i++)
		if (plan_settable(&c->parts[i]))
			return true;
	return false;
}

/* Where an index gives the matches of the lead: does one of them refer to the target?  A few are asked
 * for; of many it is the target's referrers that are few. */
#define ASKED 8

static bool
any_of_matches(struct plan *p, const struct query_clause *c, int64_t lead, int64_t target_lead,
    int64_t target, bool *yes)
{
	struct row_set rows, referrers = { NULL, 0 };

	if (!plan_all(p, c->parts, c->part_count, c->type, lead, &rows))
		return false;
	for (uint32_t i = 0; i < rows.count && i < ASKED && !*yes; i++)
		if (rows.at[i] < INDEX_CONTAINED
		    && !plan_refers(p, c->param->number, lead, target_lead, target, rows.at[i], yes))
			return false;
	if (!*yes && rows.count > ASKED
	    && !plan_referrers(p, c->param->number, lead, target_lead, target, &referrers))
		return false;
	for (uint32_t i = 0; i < referrers.count && !*yes; i++)
		*yes = referrers.at[i] < INDEX_CONTAINED && plan_has_row(&rows, referrers.at[i]);
	return true;
}

static bool
any_under_lead(struct plan *p, const struct query_clause *c, int64_t lead, int64_t target_lead,
    int64_t target, bool *yes)
{
	struct row_set rows;

	p->leaking = planted(42);
	if (plan_reachable(p, lead) && lead != DIRECTORY && any_settable(c)) {
		bool good = any_of_matches(p, c, lead, target_lead, target, yes);

		p->leaking = false;
		return good;
	}
	if (!plan_referrers(p, c->param->number, lead, target_lead, target, &rows))
		return false;
	for (uint32_t i = 0; i < rows.count && !*yes; i++)
		if (!referrer_matches(p, c, lead, rows.at[i], yes))
			return false;
	p->leaking = false;
	return true;
}

static bool
any_elsewhere(struct plan *p, const struct query_clause *c, int64_t target, bool *yes)
{
	struct pair *pairs;
	uint32_t count;

	if (!plan_leaves(p, 43))
		return true;
	if (!plan_backrefs(p, c->param->number, target, &pairs, &count))
		return false;
	for (uint32_t i = 0; i < count && !*yes; i++)
		if (!referrer_matches(p, c, pairs[i].target, pairs[i].row, yes))
			return false;
	return true;
}

/* By one of the texts that a reference to the target can be. */
static bool
any_by_name(struct plan *p, const struct query_clause *c, int64_t lead, int64_t name, bool *yes)
{
	return any_under_lead(p, c, lead, INDEX_FOREIGN, name, yes) && (*yes || any_elsewhere(p, c, name, yes));
}

static bool
any_by_url(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead, int64_t row,
    bool *yes)
{
	struct row_set names = { NULL, 0 };

	if (lead == DIRECTORY && !plan_names(p, type, row, &names))
		return false;
	for (uint32_t i = 0; i < names.count && !*yes; i++)
		if (!any_by_name(p, c, lead, names.at[i], yes))
			return false;
	return true;
}

static bool
has_test(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead,
    int64_t row, bool *yes)
{
	int64_t own = plan_lead_of(p, type, lead, row), alias;

	*yes = false;
	if (row >= INDEX_CONTAINED || !may_search(p, c))
		return true;
	if (!any_under_lead(p, c, own, own, row, yes) || (!*yes && !any_elsewhere(p, c, row, yes)))
		return false;
	if (*yes)
		return true;
	return plan_alias_of(p, row, &alias) && (alias == 0 || any_by_name(p, c, own, alias, yes))
	    && (*yes || any_by_url(p, c, type, own, row, yes));
}

/* Sets */

bool
plan_settable(const struct query_clause *c)
{
	switch (c->on) {
	case CLAUSE_INDEX:
		return c->modifier != MODIFIER_NOT && c->modifier != MODIFIER_NOT_IN
		    && !(c->modifier == MODIFIER_MISSING && c->missing);
	case CLAUSE_ID:
	case CLAUSE_CHAIN:
	case CLAUSE_NEAR:
		return true;
	case CLAUSE_ANY:
		for (uint32_t i = 0; i < c->part_count; i++)
			if (!plan_settable(&c->parts[i]))
				return false;
		return true;
	default:
		return false;
	}
}

/* _id: those that are there. */
static bool
id_set(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead,
    struct row_set *out)
{
	*out = (struct row_set){ NULL, 0 };
	for (uint32_t i = 0; i < c->count; i++) {
		struct candidate there;
		bool found;

		if (c->values[i].a == 0)
			continue;
		if (!plan_find(p, type, lead, c->values[i].a, &there, &found))
			return false;
		if (found)
			add_row(p, out, lead, there.row);
	}
	plan_order(out);
	return true;
}

static bool
any_set(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead,
    struct row_set *out)
{
	*out = (struct row_set){ NULL, 0 };
	for (uint32_t i = 0; i < c->part_count; i++) {
		struct row_set one;

		if (!plan_set(p, &c->parts[i], type, lead, &one))
			return false;
		add_set(p, out, lead, &one);
	}
	plan_order(out);
	return true;
}

bool
plan_set(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead,
    struct row_set *out)
{
	bool good;

	if (remembered(p, c, lead, out))
		return true;
	switch (c->on) {
	case CLAUSE_ID:    good = id_set(p, c, type, lead, out); break;
	case CLAUSE_CHAIN: good = chain_set(p, c, lead, out); break;
	case CLAUSE_ANY:   good = any_set(p, c, type, lead, out); break;
	case CLAUSE_NEAR:  good = plan_near(p, c, lead, out); break;
	default:           good = plan_leaf(p, c, lead, out); break;
	}
	if (good)
		remember(p, c, lead, out);
	return good;
}

/* Tests */

static bool
instant_matches(enum query_prefix prefix, int64_t at, int64_t low, int64_t high)
{
	bool eq = low <= at && at <= high;

	switch (prefix) {
	case PREFIX_EQ: return eq;
	case PREFIX_NE: return !eq;
	case PREFIX_GT:
	case PREFIX_SA: return at > high;
	case PREFIX_LT:
	case PREFIX_EB: return at < low;
	case PREFIX_GE: return at > high || eq;
	case PREFIX_LE: return at < low || eq;
	case PREFIX_AP: return eq;
	}
	return false;
}

static bool
updated_test(const struct query_clause *c, const struct candidate *at)
{
	if (at->row >= INDEX_CONTAINED)
		return false;
	for (uint32_t i = 0; i < c->count; i++)
		if (instant_matches(c->values[i].prefix, at->updated, c->values[i].a, c->values[i].b))
			return true;
	return false;
}

static bool
words_test(struct plan *p, const struct query_clause *c, const struct type *type,
    const struct candidate *at, bool *yes)
{
	struct slice body;

	*yes = false;
	if (at->row >= INDEX_CONTAINED)
		return true;
	if (!plan_body(p, type, at->vid, &body))
		return false;
	*yes = query_words_match(p->query->index, c, type, body, p->text);
	return true;
}

static bool
parts_test(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead,
    const struct candidate *at, bool *yes)
{
	bool all = c->on == CLAUSE_ALL;

	*yes = all;
	for (uint32_t i = 0; i < c->part_count && *yes == all; i++)
		if (!plan_test(p, &c->parts[i], type, lead, at, yes))
			return false;
	return true;
}

bool
plan_test(struct plan *p, const struct query_clause *c, const struct type *type, int64_t lead,
    const struct candidate *at, bool *yes)
{
	struct row_set set;

	switch (c->on) {
	case CLAUSE_LAST_UPDATED: *yes = updated_test(c, at); return true;
	case CLAUSE_HAS:          return has_test(p, c, type, lead, at->row, yes);
	case CLAUSE_WORDS:        return words_test(p, c, type, at, yes);
	case CLAUSE_ALL:
	case CLAUSE_ANY:          return parts_test(p, c, type, lead, at, yes);
	case CLAUSE_NOT:
		if (!plan_test(p, &c->parts[0], type, lead, at, yes))
			return false;
		*yes = !*yes;
		return true;
	default:
		break;
	}
	if (!plan_set(p, c, type, lead, &set))
		return false;
	*yes = plan_has_row(&set, at->row) == plan_settable(c);
	return true;
}

/* All clauses together, without a limit: the targets of a chain. */

struct gathering {
	const struct query_clause *clauses;
	uint32_t count;
	struct row_set *out;
};

static bool
test_rest(struct plan *p, const struct query_clause *clauses, uint32_t count,
    const struct type *type, int64_t lead, const struct candidate *at, bool *yes)
{
	*yes = true;
	for (uint32_t i = 0; i < count && *yes; i++)
		if (!plan_test(p, &clauses[i], type, lead, at, yes))
			return false;
	return true;
}

static bool
gather(struct plan *p, const struct type *type, int64_t lead, const struct candidate *at, void *ctx,
    bool *more UNUSED)
{
	struct gathering *g = ctx;
	bool yes;

	if (!test_rest(p, g->clauses, g->count, type, lead, at, &yes))
		return false;
	if (yes)
		add_row(p, g->out, lead, at->row);
	return true;
}

static bool
gather_contained(struct plan *p, const struct query_clause *clauses, uint32_t count,
    const struct type *type, int64_t lead, struct row_set *out)
{
	struct row_set rows;

	if (!plan_contained(p, type, lead, &rows))
		return false;
	for (uint32_t i = 0; i < rows.count; i++) {
		struct candidate at = { .row = rows.at[i] };
		bool yes;

		if (!test_rest(p, clauses, count, type, lead, &at, &yes))
			return false;
		if (yes)
			add_row(p, out, lead, at.row);
	}
	return true;
}

/* With a set to begin with, its rows are the candidates; what needs the version looks it up. */
static bool
narrow(struct plan *p, const struct query_clause *clauses, uint32_t count, uint32_t begin,
    const struct type *type, int64_t lead, struct row_set *out)
{
	struct row_set set;

	if (!plan_set(p, &clauses[begin], type, lead, &set))
		return false;
	if (count == 1) {
		*out = set;
		return true;
	}
	for (uint32_t i = 0; i < set.count; i++) {
		struct candidate at = { .row = set.at[i] };
		bool yes = true;

		if (at.row < INDEX_CONTAINED && !plan_find(p, type, lead, at.row, &at, &yes))
			return false;
		if (yes && !test_rest(p, clauses, count, type, lead, &at, &yes))
			return false;
		if (yes)
			add_row(p, out, lead, at.row);
	}
	return true;
}

bool
plan_all(struct plan *p, const struct query_clause *clauses, uint32_t count,
    const struct type *type, int64_t lead, struct row_set *out)
{
	struct gathering g = { clauses, count, out };
	uint32_t begin = 0;
	bool good, more = true;

	/* the memo of a list of clauses is under the address behind the first one's beginning */
	if (remembered(p, (const char *)clauses + 1, lead, out))
		return true;
	*out = (struct row_set){ NULL, 0 };
	while (begin < count && !plan_settable(&clauses[begin]))
		begin++;
	good = begin < count ? narrow(p, clauses, count, begin, type, lead, out)
	    : plan_scan(p, type, lead, 0, gather, &g, &more)
	        && gather_contained(p, clauses, count, type, lead, out);
	if (good)
		remember(p, (const char *)clauses + 1, lead, out);
	return good;
}
