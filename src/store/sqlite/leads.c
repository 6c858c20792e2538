/* leads.c -- where a search looks.
 *
 * A permit that is bound to a compartment looks at that lead only.  Another looks at the
 * directory for Patients, at lead 0 for what is in no patient's compartment, and for all else at one
 * compartment with something of the type after the other (census.c).
 *
 * A clause may say the next lead at or behind another in which it can have a match: where the
 * table of occurrences has its code, or, for :not, one of the few others that there are, where something has a
 * shape in which a parameter is missing or is not, where the values of a range are, when these are few, where there
 * is a reference to what it names.  A part is
 * looked for where all of its clauses agree, found by turns: each leaps to what the last one said.
 * So a page costs what its leads cost, and what is rare is found where it is.
 *
 * A Patient's row has the number of its compartment, so that the same leaps go from Patient to
 * Patient: plan_next_agreed() of a part of Patients says the next row that can be a match. */
#include "base/arena.h"
#include "store/sqlite/plan.h"

/* What is found out about a clause once: whether it narrows, and how. */
struct whereabouts {
	const struct query_clause *of;
	bool narrows;
	bool by_parts;                  /* to where its own clauses agree */
	struct row_set leads;           /* to these */
	struct row_set targets;         /* to where there is a reference to one of these, of lead 0 */
	struct row_set codes, shapes;   /* to where one of these is */
	struct whereabouts *next;
};

/* More codes or targets than that are tried one by one nowhere; more chosen ids are not gathered. */
#define MANY 64

static void
add_number(struct plan *p, struct row_set *set, int64_t number)
{
	set->at = arena_more(p->arena, set->at, set->count, sizeof number);
	set->at[set->count++] = number;
}

static void
add_lead(struct plan *p, struct row_set *set, int64_t lead)
{
	if (lead >= 0)
		add_number(p, set, lead);
}

static void
lower(int64_t *least, int64_t lead)
{
	if (lead < *least)
		*least = lead;
}

bool
plan_in_compartments(const struct plan *p, const struct type *type)
{
	uint32_t count;

	return type == p->reader->store->patient || type == p->reader->store->binary
	    || pack_compartment(p->reader->store->config.pack, SLICE("Patient"), type, &count) != NULL;
}

static bool narrows(struct plan *, const struct query_clause *, const struct type *, bool *yes);

static bool
any_narrows(struct plan *p, const struct query_clause *clauses, uint32_t count, const struct type *type,
    bool *yes)
{
	*yes = false;
	for (uint32_t i = 0; i < count && !*yes; i++)
		if (!narrows(p, &clauses[i], type, yes))
			return false;
	return true;
}

/* Chains: targets that stand in one lead can be had at once, Patients, and what is in no
 * compartment.  Contained ones are in the lead of what refers to them. */

/* Where there is a reference to the target: under its own lead, or where backrefs say. */
static bool
add_referring(struct plan *p, uint32_t param, int64_t target_lead, int64_t target, struct row_set *out)
{
	struct pair *pairs;
	uint32_t count;

	if (!plan_backrefs(p, param, target, &pairs, &count))
		return false;
	add_lead(p, out, target_lead);
	for (uint32_t i = 0; i < count; i++)
		add_lead(p, out, pairs[i].target);
	return true;
}

static bool
add_referring_by_url(struct plan *p, const struct query_clause *c, int64_t row, struct row_set *out)
{
	struct row_set names;

	if (!plan_names(p, c->type, row, &names))
		return false;
	for (uint32_t i = 0; i < names.count; i++)
		if (!add_referring(p, c->param->number, INDEX_FOREIGN, names.at[i], out))
			return false;
	return true;
}

static bool
add_referring_row(struct plan *p, const struct query_clause *c, int64_t row, struct row_set *out)
{
	int64_t alias;

	return plan_alias_of(p, row, &alias)
	    && add_referring(p, c->param->number, plan_lead_of(p, c->type, DIRECTORY, row), row, out)
	    && (alias == 0 || add_referring(p, c->param->number, INDEX_FOREIGN, alias, out))
	    && add_referring_by_url(p, c, row, out);
}

static bool
leads_by_row(struct plan *p, const struct query_clause *c, const struct row_set *targets,
    struct row_set *out)
{
	for (uint32_t i = 0; i < targets->count; i++)
		if (!add_referring_row(p, c, targets->at[i], out))
			return false;
	return true;
}

/* Most Patients are referred to in their own lead only: one leaps to those that are not. */
static bool
leads_of_patients(struct plan *p, const struct query_clause *c, const struct row_set *targets,
    struct row_set *out)
{
	int64_t target = 0, wanted;

	for (uint32_t i = 0; i < targets->count; i++)
		add_lead(p, out, targets->at[i]);
	while ((wanted = plan_next_in(targets, target)) != NO_LEAD) {
		if (!plan_next_target(p, c->param->number, wanted, &target))
			return false;
		if (target == NO_LEAD)
			return true;
		if (target == wanted && !add_referring(p, c->param->number, wanted, target++, out))
			return false;
	}
	return true;
}

static void
cut_contained(struct row_set *set)
{
	while (set->count > 0 && set->at[set->count - 1] >= INDEX_CONTAINED)
		set->count--;
}

/* What is in compartments can be anywhere; where no reference leaves its lead, the target is beside it. */
static bool
place_beside(struct plan *p, const struct query_clause *c, struct whereabouts *out)
{
	int64_t first;

	if (!plan_next_target(p, c->param->number, INT64_MIN, &first)
	    || (first == NO_LEAD && !any_narrows(p, c->parts, c->part_count, c->type, &out->by_parts)))
		return false;
	out->narrows = out->by_parts;
	return true;
}

static bool
place_of_chain(struct plan *p, const struct query_clause *c, struct whereabouts *out)
{
	bool patients = c->type == p->reader->store->patient;
	struct row_set targets;
	int64_t first;

	if (!patients && plan_in_compartments(p, c->type))
		return place_beside(p, c, out);
	out->narrows = true;
	if (!permit_allows(p->permit, c->type, PERMIT_SEARCH))
		return true;                    /* implied, and left out */
	if (!plan_next_target(p, c->param->number, INT64_MIN, &first)
	    || (patients && first == NO_LEAD && !any_narrows(p, c->parts, c->part_count, c->type, &out->by_parts)))
		return false;
	if (out->by_parts)
		return true;
	if (!plan_all(p, c->parts, c->part_count, c->type, DIRECTORY, &targets))
		return false;
	cut_contained(&targets);
	if (!patients && first > 0 && targets.count <= MANY)
		out->targets = targets;
	else if (!(patients && first > 0 ? leads_of_patients : leads_by_row)(p, c, &targets, &out->leads))
		return false;
	plan_order(&out->leads);
	return true;
}

/* Reverse chains: where their own clauses agree, unless the reference is to another lead.  To
 * Patients such references are known by their target; to those of chosen ids, when these are few. */

static bool
place_of_has(struct plan *p, const struct query_clause *c, const struct type *type, struct whereabouts *out)
{
	bool patients = type == p->reader->store->patient;
	int64_t target = INT64_MIN;

	if (!any_narrows(p, c->parts, c->part_count, c->type, &out->narrows))
		return false;
	while (out->narrows) {
		int64_t lead, row;

		if (!plan_next_target(p, c->param->number, target, &target))
			return false;
		if (target == INT64_MAX || (patients && target > 0))
			break;
		out->narrows = patients && out->leads.count < MANY;
		if (!plan_alias(p, type, target++, &lead, &row))
			return false;
		if (row != 0)
			add_lead(p, &out->leads, row);
	}
	plan_order(&out->leads);
	return true;
}

/* Negations, and what is missing: where another code is, or something without the parameter. */

static bool
is_negative(const struct query_clause *c)
{
	return c->modifier == MODIFIER_NOT || c->modifier == MODIFIER_NOT_IN || c->modifier == MODIFIER_MISSING;
}

static bool
excludes(const struct query_clause *c, int64_t code)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->values[i].any_system && !c->values[i].any_code && c->values[i].a == code)
			return true;
	return false;
}

/* `few` false: they are too many to go by. */
static bool
other_codes(struct plan *p, const struct query_clause *c, struct row_set *out, bool *few)
{
	int64_t code = INT64_MIN;

	for (uint32_t n = 0; (*few = n <= MANY); n++, code++) {
		if (!plan_next_code(p, c->param->number, code, &code))
			return false;
		if (code == NO_LEAD)
			return true;
		if (!excludes(c, code))
			add_number(p, out, code);
	}
	return true;
}

/* Those in which the parameter finds something, or nothing. */
static bool
shapes_with(struct plan *p, const struct type *type, int64_t bit, bool found, struct row_set *out, bool *few)
{
	int64_t shape = 0;

	for (uint32_t n = 0; (*few = n <= MANY); n++, shape++) {
		if (!plan_next_shape(p, type, shape, &shape))
			return false;
		if (shape == NO_LEAD)
			return true;
		if (((shape & bit) != 0) == found)
			add_number(p, out, shape);
	}
	return true;
}

static bool
place_of_negative(struct plan *p, const struct query_clause *c, const struct type *type, struct whereabouts *out)
{
	int64_t bit = sqlite_shape_bit(p->reader->store, type, c->param);
	bool missing = c->modifier == MODIFIER_MISSING, leaking = p->leaking, good;

	if (bit == 0 || c->kind != c->param->kind || (!missing && (c->kind != SEARCH_TOKEN || c->count > MANY)))
		return true;
	p->leaking |= planted(98);
	good = shapes_with(p, type, bit, missing && !c->missing, &out->shapes, &out->narrows)
	    && (missing || !out->narrows || other_codes(p, c, &out->codes, &out->narrows));
	p->leaking = leaking;
	return good;
}

/* Ranges: where their values are, when these are few. */

#define FEW_VALUES 1024

static bool
place_of_range(struct plan *p, const struct query_clause *c, struct whereabouts *out)
{
	bool leaking = p->leaking, good = true;
	struct plan_range range;

	out->narrows = true;
	out->leads.at = arena_array(p->arena, FEW_VALUES + 1, sizeof *out->leads.at);
	p->leaking |= planted(99);
	for (uint32_t i = 0; i < c->count && good && out->narrows; i++) {
		good = !(out->narrows = plan_range(p, c, i, &range))
		    || plan_leads_of_range(p, &range, out->leads.at, FEW_VALUES + 1, &out->leads.count);
		out->narrows &= out->leads.count <= FEW_VALUES;
	}
	p->leaking = leaking;
	plan_order(&out->leads);
	return good;
}

static bool
is_range(const struct plan *p, const struct query_clause *c)
{
	struct plan_range range;

	return plan_range(p, c, 0, &range);
}

static bool
whereabouts_of(struct plan *p, const struct query_clause *c, const struct type *type, struct whereabouts *out)
{
	switch (c->on) {
	case CLAUSE_HAS:   return place_of_has(p, c, type, out);
	case CLAUSE_CHAIN: return place_of_chain(p, c, out);
	default:           return is_negative(c) ? place_of_negative(p, c, type, out) : place_of_range(p, c, out);
	}
}

static bool
find_place(struct plan *p, const struct query_clause *c, const struct type *type, struct whereabouts **out)
{
	struct whereabouts *at = p->known;

	while (at != NULL && at->of != c)
		at = at->next;
	if ((*out = at) != NULL)
		return true;
	*out = at = arena_alloc(p->arena, sizeof *at);
	*at = (struct whereabouts){ .of = c };
	if (!whereabouts_of(p, c, type, at))
		return false;
	at->next = p->known;
	p->known = at;
	return true;
}

/* Which clauses say where */

static bool
index_narrows(const struct query_clause *c)
{
	bool exact = c->modifier != MODIFIER_MISSING && c->modifier != MODIFIER_DIFFERS
	    && c->count <= MANY && plan_settable(c);

	if (c->kind == SEARCH_REFERENCE)
		return c->modifier == MODIFIER_NONE;
	for (uint32_t i = 0; i < c->count && exact; i++)
		exact = !c->values[i].any_code;
	return exact && c->kind == SEARCH_TOKEN;
}

static bool
narrows(struct plan *p, const struct query_clause *c, const struct type *type, bool *yes)
{
	struct whereabouts *place;

	*yes = c->on == CLAUSE_ID || (c->on == CLAUSE_INDEX && index_narrows(c));
	switch (c->on) {
	case CLAUSE_INDEX:
		if (!is_negative(c) && !is_range(p, c))
			return true;
		/* fall through */
	case CLAUSE_CHAIN:
	case CLAUSE_HAS:
		if (!find_place(p, c, type, &place))
			return false;
		*yes = place->narrows;
		return true;
	case CLAUSE_ALL:
		return any_narrows(p, c->parts, c->part_count, type, yes);
	case CLAUSE_ANY:
		*yes = c->part_count > 0;
		for (uint32_t i = 0; i < c->part_count && *yes; i++)
			if (!narrows(p, &c->parts[i], type, yes))
				return false;
		return true;
	default:
		return true;
	}
}

/* The next one */

static bool
next_of_index(struct plan *p, const struct query_clause *c, int64_t from, int64_t *lead)
{
	for (uint32_t i = 0; i < c->count; i++) {
		const struct query_value *v = &c->values[i];
		bool reference = c->kind == SEARCH_REFERENCE;
		int64_t one;

		if (reference && v->b >= from)
			lower(lead, v->b);
		if (!(reference ? plan_next_referring(p, c->param->number, v->a, from, &one)
		    : plan_next_occurrence(p, c->param->number, v->a, from, &one)))
			return false;
		lower(lead, one);
	}
	return true;
}

int64_t
plan_next_in(const struct row_set *set, int64_t from)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (set->at[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low == set->count ? NO_LEAD : set->at[low];
}

static bool agree(struct plan *, const struct query_clause *, uint32_t count, const struct type *,
    int64_t from, int64_t *lead);

static bool
next_of_has(struct plan *p, const struct query_clause *c, const struct type *type, int64_t from,
    int64_t *lead)
{
	int64_t target;
	bool good;

	p->leaking = planted(42);
	good = agree(p, c->parts, c->part_count, c->type, from, lead);
	if (good && type == p->reader->store->patient
	    && (good = plan_next_target(p, c->param->number, from, &target)))
		lower(lead, target);
	p->leaking = false;
	return good;
}

static bool
next_of_chain(struct plan *p, const struct query_clause *c, const struct whereabouts *place, int64_t from,
    int64_t *lead)
{
	int64_t one;

	if (!plan_next_contained(p, c->type, from, lead))
		return false;
	if (place->by_parts) {
		if (!agree(p, c->parts, c->part_count, c->type, from, &one))
			return false;
		lower(lead, one);
	}
	if (place->targets.count > 0 && from <= DIRECTORY)
		lower(lead, DIRECTORY);
	for (uint32_t i = 0; i < place->targets.count; i++, lower(lead, one))
		if (!plan_next_referring(p, c->param->number, place->targets.at[i], from, &one))
			return false;
	return true;
}

static bool
next_of_place(struct plan *p, const struct query_clause *c, const struct type *type, int64_t from, int64_t *lead)
{
	struct whereabouts *place;
	int64_t one;

	if (!find_place(p, c, type, &place))
		return false;
	if (is_range(p, c))
		lower(lead, plan_next_in(&place->leads, from));
	else if (c->modifier != MODIFIER_MISSING && from <= DIRECTORY)
		*lead = DIRECTORY;              /* its codes are not known */
	for (uint32_t i = 0; i < place->shapes.count && *lead > from; i++, lower(lead, one))
		if (!plan_next_of_shape(p, type, place->shapes.at[i], from, &one))
			return false;
	for (uint32_t i = 0; i < place->codes.count && *lead > from; i++, lower(lead, one))
		if (!plan_next_occurrence(p, c->param->number, place->codes.at[i], from, &one))
			return false;
	return true;
}

static bool
next_of(struct plan *p, const struct query_clause *c, const struct type *type, int64_t from,
    int64_t *lead)
{
	struct whereabouts *place;
	int64_t one;

	*lead = NO_LEAD;
	switch (c->on) {
	case CLAUSE_ID:
		for (uint32_t i = 0; i < c->count; i++)
			if (c->values[i].a != 0 && c->values[i].b >= from)
				lower(lead, c->values[i].b);
		return true;
	case CLAUSE_CHAIN:
	case CLAUSE_HAS:
		if (!find_place(p, c, type, &place)
		    || !(c->on == CLAUSE_HAS ? next_of_has(p, c, type, from, lead)
		        : next_of_chain(p, c, place, from, lead)))
			return false;
		lower(lead, plan_next_in(&place->leads, from));
		return true;
	case CLAUSE_ALL:
		return agree(p, c->parts, c->part_count, type, from, lead);
	case CLAUSE_ANY:
		for (uint32_t i = 0; i < c->part_count; i++, lower(lead, one))
			if (!next_of(p, &c->parts[i], type, from, &one))
				return false;
		return true;
	default:
		return is_negative(c) || is_range(p, c) ? next_of_place(p, c, type, from, lead) : next_of_index(p, c, from, lead);
	}
}

/* The first lead at or behind `from` that all clauses name which name any. */
static bool
agree(struct plan *p, const struct query_clause *clauses, uint32_t count, const struct type *type,
    int64_t from, int64_t *lead)
{
	uint32_t agreed = 0;

	*lead = from;
	for (uint32_t i = 0; agreed < count && *lead != NO_LEAD; i = (i + 1) % count) {
		int64_t was = *lead;
		bool yes;

		if (!narrows(p, &clauses[i], type, &yes) || (yes && !next_of(p, &clauses[i], type, was, lead)))
			return false;
		agreed = *lead == was ? agreed + 1 : 1;
	}
	return true;
}

/* Of a planted leak. */
static bool
has_date(const struct query_part *part)
{
	for (uint32_t i = 0; i < part->clause_count; i++)
		if (part->clauses[i].kind == SEARCH_DATE)
			return true;
	return false;
}

static bool
in_one_lead(const struct plan *p, const struct query_part *part)
{
	return p->bound || part->type == p->reader->store->patient || !plan_in_compartments(p, part->type);
}

bool
plan_narrows(struct plan *p, const struct query_part *part, bool *yes)
{
	return any_narrows(p, part->clauses, part->clause_count, part->type, yes);
}

bool
plan_clause_narrows(struct plan *p, const struct query_part *part, uint32_t clause, bool *yes)
{
	return narrows(p, &part->clauses[clause], part->type, yes);
}

/* An id may name a lead of which the caller sees nothing: only those count in which it sees something, as
 * the order of an answer hangs on this. */
bool
plan_is_sparse(struct plan *p, const struct query_part *part, bool *yes)
{
	int64_t at = DIRECTORY - 1, there;
	int count = 0;

	*yes = false;
	for (uint32_t i = 0; i < part->clause_count && !*yes; i++)
		if (is_range(p, &part->clauses[i]) && !plan_clause_narrows(p, part, i, yes))
			return false;
	if (*yes || !plan_narrows(p, part, yes) || !*yes)
		return !p->outcome->failed;
	while (count < MANY && at != NO_LEAD) {
		if (!plan_next_agreed(p, part, at + 1, &at) || !plan_next_inhabited(p, part->type, at, &there))
			return false;
		count += there == at || planted(90);
	}
	*yes = at == NO_LEAD;
	return true;
}

bool
plan_leads(struct plan *p, const struct query_part *part)
{
	bool yes = false;

	p->leads = LEADS_ONE;
	if (p->query->in_patient)
		p->leads = LEADS_PATIENT;
	else if ((planted(1) && has_date(part)) || (!p->bound && p->query->contained != CONTAINED_FALSE))
		p->leads = LEADS_ALL;
	else if (!in_one_lead(p, part)) {
		if (!plan_narrows(p, part, &yes))
			return false;
		p->leads = yes ? LEADS_AGREED : LEADS_INHABITED;
	}
	return true;
}

/* The compartments in which a Patient is: its own, and those of sets. */
static bool
next_of_patient(struct plan *p, int64_t patient, int64_t from, int64_t *lead)
{
	bool stays = !plan_leaves(p, 59);

	if (stays && from < p->lead)
		from = p->lead;
	if (patient == 0 || !plan_next_set(p, patient, from, lead))
		return patient == 0;
	if (patient >= from)
		lower(lead, patient);
	if (stays && *lead != p->lead)
		*lead = NO_LEAD;
	return true;
}

bool
plan_next_lead(struct plan *p, const struct query_part *part, int64_t from, int64_t *lead)
{
	int64_t only = p->bound ? p->lead : DIRECTORY;

	*lead = NO_LEAD;
	switch (p->leads) {
	case LEADS_ONE:
		*lead = only >= from ? only : NO_LEAD;
		return true;
	case LEADS_PATIENT:
		return next_of_patient(p, p->query->patient, from, lead);
	case LEADS_INHABITED:
		return plan_next_inhabited(p, part->type, from, lead);
	case LEADS_ALL:
		return plan_next_compartment(p, from, lead);
	case LEADS_AGREED:
		break;
	}
	return plan_next_agreed(p, part, from, lead);
}

bool
plan_next_agreed(struct plan *p, const struct query_part *part, int64_t from, int64_t *lead)
{
	return agree(p, part->clauses, part->clause_count, part->type, from, lead);
}
