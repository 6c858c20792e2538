/* terraform_plan.h -- what `terraform show -json` prints of a plan or of a state.
 *
 * Every resource of planned_values becomes a resource of the project in the shape that the
 * Terraform reader gives (type, address, module, nested blocks as lists of maps); data sources
 * that were read are "data.TYPE", from prior_state where the plan does not hold them.  Providers
 * and variables are there too.
 *
 *   attributes   planned values; what after_unknown marks is unknown, what sensitive_values
 *                marks is sensitive; one member more, "_change": { actions, replace_paths }
 *   references   from `configuration`, through arguments and outputs of modules to resources
 *   span, head   the object in the plan; the line of its address
 *
 * Source: the Terraform documentation, "JSON output format" (format versions 0.x and 1.x). */
#ifndef IAC_TERRAFORM_PLAN_H
#define IAC_TERRAFORM_PLAN_H

#include "iac/project.h"

void terraform_plan_read(struct project *, uint32_t source);

#endif
