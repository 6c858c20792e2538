/* cloudformation.h -- CloudFormation and SAM templates, YAML or JSON.
 *
 * Every member of `Resources` becomes a resource of the project:
 *
 *   type, name, address  "AWS::S3::Bucket", the logical id, the same ("Nested.Bucket" inside the
 *                        nested stack "Nested", whose `module` is "Nested")
 *   attributes           the members of Properties, evaluated; beside them, where no property has
 *                        the name: DeletionPolicy, UpdateReplacePolicy, DependsOn, CreationPolicy,
 *                        UpdatePolicy, Metadata and Condition (its name)
 *   references           logical ids that Ref, GetAtt, Sub and DependsOn name
 *   span, head           from the logical id to the end; the logical id
 *
 * Every parameter is a resource too: type "parameter", address "parameter.NAME", attributes as
 * written.
 *
 * A parameter is its default, or the value it is given; without both it is unknown.  An unknown
 * that can only be one of some values (AllowedValues, the branches of Fn::If) lists them as
 * `items`.  A condition is solved over all allowed values: what holds for each of them holds.  A
 * resource whose condition can hold for no value is not there; one whose condition depends is
 * there, and its `why` says on what.
 *
 * Texts that are "true" or "false" are bools, as CloudFormation takes both for both.  What
 * AWS::NoValue stands for is absent.  Fn::Base64 gives the plain text: UserData can be read.
 * Serverless types stand for what SAM makes of them; see cloudformation_sam.c.  Nested stacks
 * and applications that name a local file are read, with their parameters.
 *
 * Source: the AWS CloudFormation user guide (template anatomy, intrinsic functions, pseudo
 * parameters, AWS::LanguageExtensions) and the SAM specification 2016-10-31. */
#ifndef IAC_CLOUDFORMATION_H
#define IAC_CLOUDFORMATION_H

#include "iac/project.h"

/* `parameters`: a map of values that are given; NULL: none. */
void cloudformation_read(struct project *, uint32_t source, const struct value *parameters,
    struct slice root_directory);

/* A file of parameter values: [{"ParameterKey": k, "ParameterValue": v}], ["k=v"] or {"Parameters": {k: v}};
 * NULL when it is neither. */
const struct value *cloudformation_parameters(struct project *, uint32_t source);

#endif
