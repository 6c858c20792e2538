/* suppress_kics.h -- queries of KICS by their id. */
#ifndef IAC_SUPPRESS_KICS_H
#define IAC_SUPPRESS_KICS_H

#include "base/slice.h"

/* "d7dc9350-..." is "ansible/config/..."; empty: no rule names it. */
struct slice kics_query_name(struct slice id);

#endif
