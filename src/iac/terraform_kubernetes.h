/* terraform_kubernetes.h -- Kubernetes objects written in Terraform.
 *
 * A resource of the provider "kubernetes" gets the type and the attributes of the object it
 * makes, so that what is said of a manifest holds for it: "kubernetes_deployment_v1" becomes
 * "Deployment", `spec { template { spec { init_container { ... } } } }` becomes
 * spec.template.spec.initContainers[0].  kubernetes_manifest becomes its manifest.  Address,
 * name and language stay.
 *
 * Source: schema of the provider hashicorp/kubernetes 2. */
#ifndef IAC_TERRAFORM_KUBERNETES_H
#define IAC_TERRAFORM_KUBERNETES_H

#include "iac/project.h"

/* Resources from `first` on. */
void terraform_kubernetes(struct project *, uint32_t first);

#endif
