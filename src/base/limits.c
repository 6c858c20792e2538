/* limits.c -- see limits.h. */
#include "base/limits.h"

const struct limit_row limit_rows[LIMIT_COUNT] = {
#define X(sym, key, initial, ceiling, meaning) { #sym, key, initial, ceiling, meaning },
	LIMITS(X)
#undef X
};

const struct limits limits_default = { {
#define X(sym, key, initial, ceiling, meaning) [LIMIT_##sym] = initial,
	LIMITS(X)
#undef X
} };
