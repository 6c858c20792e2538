/* plant.h -- leaks that are planted on purpose, for the test of the twin test.
 *
 * Only a build with -Dplant=true has them; in it the environment variable
 * FIREBREAK_PLANT says which one is alive.  In every other build planted() is
 * false when it is compiled, and nothing of a leak is in the program. */
#ifndef BASE_PLANT_H
#define BASE_PLANT_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/attr.h"

static inline bool
planted(int leak UNUSED)
{
#ifdef PLANTED
	const char *alive = getenv("FIREBREAK_PLANT");

	return alive != NULL && atoi(alive) == leak;
#else
	return false;
#endif
}

#endif
