/* terraform_data.h -- data sources whose result needs no cloud.
 *
 *   aws_iam_policy_document   json, minified_json, with source and override documents
 *   template_file             rendered
 *   cloudinit_config, template_cloudinit_config   rendered: the MIME parts in plain text, whatever
 *                             gzip and base64_encode say, so that they can be read */
#ifndef IAC_TERRAFORM_DATA_H
#define IAC_TERRAFORM_DATA_H

#include "iac/hcl.h"

/* The attributes with those that are computed; the same ones for other types. */
const struct value *terraform_data(const struct hcl_scope *, struct slice type, const struct value *attributes);

#endif
