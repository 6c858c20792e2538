/* kubernetes.h -- Kubernetes: manifests, and what `helm template` and `kustomize build` print.
 *
 * Every object with apiVersion and kind becomes a resource: type is the kind, name is
 * metadata.name (else metadata.generateName, else empty), module the namespace, attributes
 * the object as it was written; no default of the server is filled in.  The address is
 * "Deployment/web"; where two of one source are alike the namespace goes ahead
 * ("prod/Deployment/web"), and where that does not help a number behind ("Deployment/web#2").
 * Lists ("List", "PodList") are unfolded.  When `# Source: chart/templates/x.yaml` stands
 * before a document, the `why` of the attributes says so.
 *
 * References point to addresses without namespace: "ServiceAccount/x", "Secret/y". */
#ifndef IAC_KUBERNETES_H
#define IAC_KUBERNETES_H

#include "iac/project.h"

/* YAML 1.1 with any number of documents, or JSON.  Other documents are passed over.  Templates
 * of Helm that were not rendered, outside of a chart (unbuilt.h), give one problem for their
 * directory. */
void kubernetes_read(struct project *, uint32_t source);

/* Has apiVersion and kind. */
bool kubernetes_is(const struct value *document);

#endif
