/* terraform_json.h -- Terraform's JSON syntax as the tree that HCL gives.
 *
 * Which member is a block and which an attribute only a provider's schema knows: blocks of the
 * first level are made blocks, and `dynamic` inside them; everything else is an attribute whose
 * objects are maps.  Texts are templates.  Members named "//" are comments.
 *
 * Source: Terraform documentation, "JSON configuration syntax". */
#ifndef IAC_TERRAFORM_JSON_H
#define IAC_TERRAFORM_JSON_H

#include "iac/hcl.h"

/* False when a part could not be read; *out then holds the rest. */
bool terraform_json_parse(struct project *, uint32_t source, struct hcl_body **out);

/* A value as an expression: texts are templates, objects and lists may hold them. */
struct hcl_expression *terraform_json_expression(struct project *, const struct value *);

#endif
