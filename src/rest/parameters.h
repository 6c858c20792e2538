/* parameters.h -- what an operation was asked with (R4 operations.html#executing): the query of a
 * GET, or the Parameters of a POST; and its answer. */
#ifndef REST_PARAMETERS_H
#define REST_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

struct exchange;
struct json;

struct parameter {
	struct slice name;
	struct slice text;              /* a primitive value, from either */
	uint32_t     node;              /* of Parameters.parameter, in the body; 0: from the query */
};

struct parameters {
	struct exchange   *x;
	const struct json *json;        /* of the body; NULL: there is none */
	struct parameter  *at;
	uint32_t           count;
	bool               bare;        /* the body is not Parameters, but the one resource among them */
};

/* All of them; each must be among the `names` (separated by spaces), else
 * FAULT_NOT_SUPPORTED: what would be ignored is refused, unless the client prefers
 * handling=lenient. */
MUST_USE bool parameters_read(struct exchange *, const char *names, struct parameters *);

/* The first with this name; NULL: none. */
const struct parameter *parameter_find(const struct parameters *, const char *name);
/* Its primitive value; empty when it is not there. */
struct slice parameter_text(const struct parameters *, const char *name);
/* The member ("valueCoding", "resource") of the first with this name; 0: none. */
uint32_t parameter_value(const struct parameters *, const char *name, const char *member);
/* A boolean; `otherwise` when it is not there. */
bool parameter_is(const struct parameters *, const char *name, bool otherwise);
/* A number that is not negative; `otherwise` when it is not there.  FAULT_INVALID for another text. */
MUST_USE bool parameter_number(const struct parameters *, const char *name, uint64_t otherwise,
    uint64_t *out);

/* Parameters as an answer: begin, one call for each, end. */
void parameters_begin(struct exchange *, struct buf *);
void parameters_add_bool(struct buf *, const char *name, bool value);
void parameters_add(struct buf *, const char *name, const char *member, struct slice value);
void parameters_end(struct exchange *, struct buf *);

#endif
