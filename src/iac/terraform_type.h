/* terraform_type.h -- type constraints of variables. */
#ifndef IAC_TERRAFORM_TYPE_H
#define IAC_TERRAFORM_TYPE_H

#include "iac/hcl.h"

/* The value as the constraint makes it: converted, without other attributes than an object()
 * has, with the defaults of optional().  What cannot be converted is unknown.  `type` may be
 * NULL: any.  Defaults are evaluated in `scope`. */
const struct value *terraform_convert(const struct hcl_scope *, const struct hcl_expression *type,
    const struct value *);

/* Whether a text given from outside (TF_VAR_x) is an expression, not itself. */
bool terraform_is_complex(const struct hcl_expression *type);

#endif
