/* given.h -- values that the user gives: of Terraform's variables, of parameters of templates.
 *
 * They are read once, into a project of their own, and handed to every project that is scanned.
 * Among equal names the last wins.  A file of values may name what no module declares.
 *
 * Source: "Input Variables" of the Terraform language (order of precedence: the environment,
 * terraform.tfvars, *.auto.tfvars, then -var and -var-file as they come). */
#ifndef IAC_GIVEN_H
#define IAC_GIVEN_H

#include "iac/hcl.h"

struct given {
	struct project project;         /* sources of the files, and what is wrong with them */
	const struct value *environment, *variables, *parameters;       /* maps */
};

void given_init(struct given *, struct arena *, const struct env *);

/* TF_VAR_x=y of an environment, as environ(7). */
void given_environment(struct given *, char *const *environment);
/* "NAME=VALUE"; false when it is not of that form. */
bool given_variable(struct given *, struct slice assignment);
/* Files: .tfvars or .tfvars.json; parameters of CloudFormation or of ARM.  False when the file cannot be
 * read; what is wrong inside is a problem of the project. */
bool given_variable_file(struct given *, struct slice path);
bool given_parameter_file(struct given *, struct slice path);
/* `terraform_environment`, `var`, `var_file` and `parameters` of the user's settings. */
bool given_settings(struct given *, const struct value *settings, char *const *environment);

/* Copies of all of them, with the sources they stand in, into a project. */
void given_hand(const struct given *, struct project *);

#endif
