/* permit.c -- see permit.h. */
#include "store/permit.h"

#include "base/plant.h"
#include "store/permit_make.h"

#define NO_COMPARTMENT (-1)     /* no row has it; 0 would be the rows of no patient */

bool
permit_allows(const struct permit *p, const struct type *type, enum permit_verb verb)
{
	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < p->count; i++)
		if ((p->rules[i].type == NULL || p->rules[i].type == type)
		    && (p->rules[i].verbs & verb) != 0)
			return true;
	return false;
}

bool
permit_knows(const struct permit *p, const struct type *type)
{
	return permit_allows(p, type, PERMIT_READ) || permit_allows(p, type, PERMIT_SEARCH) || planted(96);
}

bool
permit_compartment(const struct permit *p, int64_t *compartment)
{
	*compartment = p == NULL || p->compartment <= 0 ? NO_COMPARTMENT : p->compartment;
	return p == NULL || p->bound;
}

bool
permit_reaches(const struct permit *p, int64_t compartment, int level)
{
	if (p == NULL || level > p->clearance)
		return false;
	return !p->bound || (p->compartment > 0 && compartment == p->compartment);
}

int
permit_clearance(const struct permit *p)
{
	return p == NULL ? -1 : p->clearance;
}

uint64_t
permit_maker(const struct permit *p)
{
	return p == NULL ? 0 : p->maker;
}

bool
permit_chooses_ids(const struct permit *p)
{
	return p != NULL && p->chooses_ids;
}
