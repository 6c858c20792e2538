/* text_functions.h -- strings, conversions and mathematics. */
#ifndef FHIRPATH_TEXT_FUNCTIONS_H
#define FHIRPATH_TEXT_FUNCTIONS_H

#include "fhirpath/ast.h"

const struct function_row *text_function_find(struct slice name);

/* boundary_functions.c: boundaries, precision, sort. */
const struct function_row *boundary_function_find(struct slice name);

/* functions.c: an argument that is not about the items. */
bool function_argument(struct evaluation *, const struct node *argument, struct list *out);

#endif
