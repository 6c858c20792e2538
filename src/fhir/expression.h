/* expression.h -- the expression of a SearchParameter with several bases (R4
 * searchparameter.html, SearchParameter.expression). */
#ifndef FHIR_EXPRESSION_H
#define FHIR_EXPRESSION_H

#include "base/slice.h"

struct arena;

/* Of "Patient.name | Practitioner.name", what is for Patient; all of it when nothing says so. */
struct slice expression_for(struct slice whole, struct slice base, struct arena *);

#endif
