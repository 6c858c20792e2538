/* terraform.h -- Terraform and OpenTofu: the sources of one directory, evaluated as a root module.
 *
 * Every resource, data source ("data.TYPE"), ephemeral resource ("ephemeral.TYPE"), provider,
 * variable, output, module call and terraform block becomes a resource of the project; count
 * and for_each are expanded, local modules inside `root_directory` are read and evaluated with
 * their arguments, others where .terraform/modules/modules.json says that they lie.  The label
 * of a nested block ("local-exec") is its member "_label".
 *
 * Override files are merged as Terraform merges them.  Variables are converted to their types;
 * their values come, the last wins, from `environment` of the project, terraform.tfvars,
 * terraform.tfvars.json, *.auto.tfvars and *.auto.tfvars.json by name, and its `variables`. */
#ifndef IAC_TERRAFORM_H
#define IAC_TERRAFORM_H

#include "iac/project.h"

/* Sources of ONE directory: .tf, .tf.json, .tofu, .tofu.json and files of values; others are
 * passed over. */
void terraform_read(struct project *, const uint32_t *sources, uint32_t count,
    struct slice root_directory);

/* A file of values (-var-file), HCL or JSON, as a map. */
const struct value *terraform_values(struct project *, uint32_t source);
/* TF_VAR_x=y of an environment (as environ(7)), as a map of texts. */
const struct value *terraform_environment(struct project *, char *const *environment);

#endif
