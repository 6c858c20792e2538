/* terraform.h -- Terraform: the sources of one directory, evaluated as a root module.
 *
 * Every resource, data source ("data.TYPE"), provider, variable, output, module call and
 * terraform block becomes a resource of the project; count and for_each are expanded, local
 * modules inside `root_directory` are read and evaluated with their arguments.  The label
 * of a nested block ("local-exec") is its member "_label". */
#ifndef IAC_TERRAFORM_H
#define IAC_TERRAFORM_H

#include "iac/project.h"

/* Sources: .tf, terraform.tfvars and *.auto.tfvars of ONE directory; others are passed over. */
void terraform_read(struct project *, const uint32_t *sources, uint32_t count,
    struct slice root_directory);

#endif
