/* ucum.h -- UCUM expressions as factors of base units. */
#ifndef SEARCH_UCUM_H
#define SEARCH_UCUM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

struct pack;

#define UCUM_UNITS 384          /* bytes of a text that names dimensions, with its NUL */

/* Scales the interval to base units and names the dimensions: two expressions are comparable when
 * the names are equal.  False when the expression, or a unit in it, is not known. */
bool ucum_canonical(const struct pack *, struct slice code, double *low, double *high,
    char units[UCUM_UNITS]);

#endif
