/* terraform_azapi.h -- resources of the provider azapi as the resources of ARM that they are.
 *
 * `type = "Microsoft.Sql/servers@2023-08-01"` with a `body`, a map or JSON, is scanned as a
 * resource of that type in a template, so that what is said of templates holds for it. */
#ifndef IAC_TERRAFORM_AZAPI_H
#define IAC_TERRAFORM_AZAPI_H

#include "base/slice.h"
#include "iac/value.h"

struct arena;

/* Without the version; empty: it is not known. */
struct slice terraform_azapi_type(const struct value *attributes);
const struct value *terraform_azapi_attributes(struct arena *, const struct value *attributes);

#endif
