/* terraform_registry.h -- modules of the public registry that are not read, by what they make.
 *
 * Such a call is scanned as the resource that the module is for, with the call's arguments and
 * the module's own defaults: "terraform-aws-modules/rds/aws" as an aws_db_instance that is
 * encrypted unless the call says otherwise. */
#ifndef IAC_TERRAFORM_REGISTRY_H
#define IAC_TERRAFORM_REGISTRY_H

#include "base/slice.h"
#include "iac/value.h"

struct arena;
struct registry_module;

/* The next row for a module's source behind `after` (NULL: the first); NULL: there is none. */
const struct registry_module *terraform_registry_find(struct slice source, const struct registry_module *after);
struct slice terraform_registry_type(const struct registry_module *);
/* The attributes of that resource, from the arguments of the call, a map. */
const struct value *terraform_registry_attributes(struct arena *, const struct registry_module *, const struct value *call);

#endif
