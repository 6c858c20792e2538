/* permit_make.h -- the inside of a permit, for those who may make one. */
#ifndef STORE_PERMIT_MAKE_H
#define STORE_PERMIT_MAKE_H

#include "store/permit.h"

struct arena;

struct permit_rule {                    /* one scope: verbs on one type or on all */
	const struct type *type;        /* NULL: every type */
	unsigned           verbs;       /* enum permit_verb, or-ed */
	bool               bound;       /* only within the compartment (patient/ scopes) */
};

struct permit {
	const struct permit_rule *rules;
	uint32_t count;
	bool     bound;                 /* hidden: all outside `compartment` */
	int64_t  compartment;           /* > 0; with bound set and 0, nothing at all is visible */
	int      clearance;
	bool     chooses_ids;
	uint64_t maker;                 /* of whom: see permit_maker() */
};

#endif
