/* function_tables.h -- the functions of FHIRPath, by file, and what they share. */
#ifndef FHIRPATH_FUNCTION_TABLES_H
#define FHIRPATH_FUNCTION_TABLES_H

#include "fhirpath/ast.h"

#define ARGS struct evaluation *e, const struct node *n, const struct list *focus, struct list *out

struct function_table {
	const struct function_row *rows;
	size_t count;
};

extern const struct function_table text_functions, conversion_functions, math_functions, boundary_functions;

/* An argument that is not about the items: seen from $this. */
bool function_argument(struct evaluation *, const struct node *argument, struct list *out);
/* One that is an integer; *given is false when it is empty, and *value then stays. */
bool function_integer(struct evaluation *, const struct node *argument, int64_t *value, bool *given);

#endif
