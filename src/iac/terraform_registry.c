/* terraform_registry.c -- see terraform_registry.h. */
#include "iac/terraform_registry.h"

#include "base/attr.h"
#include "iac/hcl.h"

/* Names of arguments are those of the resource's attributes, except `names` ("argument>attribute",
 * "argument>block.attribute").  `defaults` are what the module sets when the call does not
 * ("attribute=true", "block.attribute=text"; "attribute=true@3": since version 3).  As of 2025-05. */
struct registry_module {
	const char *source, *type, *names, *defaults;
};

static const struct registry_module modules[] = {
	{ "terraform-aws-modules/alb/aws", "aws_lb", "", "drop_invalid_header_fields=true@9" },
	{ "terraform-aws-modules/ami/aws", "aws_ami", "", "" },
	{ "terraform-aws-modules/cloudfront/aws", "aws_cloudfront_distribution", "", "" },
	{ "terraform-aws-modules/cloudtrail/aws", "aws_cloudtrail", "", "" },
	{ "cloudposse/efs/aws", "aws_efs_file_system", "", "encrypted=true" },
	{ "cloudposse/cloudtrail/aws", "aws_cloudtrail", "kms_key_arn>kms_key_id",
	    "enable_log_file_validation=true is_multi_region_trail=true" },
	{ "terraform-aws-modules/cloudwatch/aws", "aws_cloudwatch_log_group", "", "" },
	{ "terraform-aws-modules/cloudwatch/aws//modules/log-group", "aws_cloudwatch_log_group", "", "" },
	{ "terraform-aws-modules/dax/aws", "aws_dax_cluster", "", "" },
	{ "terraform-aws-modules/dms/aws", "aws_dms_replication_instance", "repl_instance_publicly_accessible>publicly_accessible", "" },
	{ "terraform-aws-modules/docdb/aws", "aws_docdb_cluster", "", "" },
	{ "terraform-aws-modules/dynamodb-table/aws", "aws_dynamodb_table",
	    "server_side_encryption_enabled>server_side_encryption.enabled"
	    " server_side_encryption_kms_key_arn>server_side_encryption.kms_key_arn"
	    " point_in_time_recovery_enabled>point_in_time_recovery.enabled", "" },
	{ "terraform-aws-modules/ebs/aws", "aws_ebs_volume", "", "" },
	{ "terraform-aws-modules/ebs-encryption/aws", "aws_ebs_encryption_by_default", "", "" },
	{ "terraform-aws-modules/ec2-instance/aws", "aws_instance", "", "metadata_options.http_tokens=required@5" },
	{ "terraform-aws-modules/ecr/aws", "aws_ecr_repository",
	    "repository_image_tag_mutability>image_tag_mutability"
	    " repository_image_scan_on_push>image_scanning_configuration.scan_on_push",
	    "image_scanning_configuration.scan_on_push=true" },
	{ "terraform-aws-modules/efs/aws", "aws_efs_file_system", "kms_key_arn>kms_key_id", "encrypted=true" },
	{ "terraform-aws-modules/eks/aws", "aws_eks_cluster",
	    "cluster_enabled_log_types>enabled_cluster_log_types cluster_encryption_config>encryption_config"
	    " cluster_endpoint_public_access>vpc_config.endpoint_public_access"
	    " cluster_endpoint_private_access>vpc_config.endpoint_private_access"
	    " cluster_endpoint_public_access_cidrs>vpc_config.public_access_cidrs",
	    "vpc_config.endpoint_public_access=false@19 vpc_config.endpoint_private_access=true@19" },
	{ "terraform-aws-modules/elasticache/aws", "aws_elasticache_replication_group", "",
	    "at_rest_encryption_enabled=true transit_encryption_enabled=true" },
	{ "terraform-aws-modules/elasticsearch/aws", "aws_elasticsearch_domain", "", "" },
	{ "terraform-aws-modules/elb/aws", "aws_elb", "", "" },
	{ "terraform-aws-modules/guardduty/aws//modules/detector", "aws_guardduty_detector", "", "" },
	{ "terraform-aws-modules/kms/aws", "aws_kms_key", "", "enable_key_rotation=true" },
	{ "terraform-aws-modules/mq/aws", "aws_mq_broker", "", "" },
	{ "terraform-aws-modules/neptune/aws", "aws_neptune_cluster", "", "" },
	{ "terraform-aws-modules/opensearch/aws", "aws_opensearch_domain", "", "" },
	{ "terraform-aws-modules/rds/aws", "aws_db_instance", "", "storage_encrypted=true@3" },
	{ "terraform-aws-modules/rds-aurora/aws", "aws_rds_cluster", "", "storage_encrypted=true" },
	{ "terraform-aws-modules/redshift/aws", "aws_redshift_cluster", "", "encrypted=true@4" },
	{ "terraform-aws-modules/s3-bucket/aws", "aws_s3_bucket", "", "" },
	{ "terraform-aws-modules/s3-bucket/aws//modules/object", "aws_s3_object", "", "" },
	{ "terraform-aws-modules/secrets-manager/aws", "aws_secretsmanager_secret", "", "" },
	{ "terraform-aws-modules/sns/aws", "aws_sns_topic", "", "" },
	{ "terraform-aws-modules/sqs/aws", "aws_sqs_queue", "", "sqs_managed_sse_enabled=true@4" },
};

static struct slice
source_of(struct slice given)
{
	struct slice host = SLICE("registry.terraform.io/");

	return slice_starts(given, host) ? slice_sub(given, host.len, given.len) : given;
}

const struct registry_module *
terraform_registry_find(struct slice source, const struct registry_module *after)
{
	source = source_of(source);
	for (const struct registry_module *m = after == NULL ? modules : after + 1; m < modules + COUNT_OF(modules); m++)
		if (slice_is(source, m->source))
			return m;
	return NULL;
}

struct slice
terraform_registry_type(const struct registry_module *m)
{
	return slice_of(m->type);
}

/* The attribute that an argument gives. */
static struct slice
attribute_of(const struct registry_module *m, struct slice argument)
{
	struct slice names = slice_of(m->names), to;

	while (names.len > 0) {
		to = slice_cut(&names, ' ');
		if (slice_eq(slice_cut(&to, '>'), argument))
			return to;
	}
	return argument;
}

static const struct value *
held(const struct hcl_map *map, struct slice key)
{
	for (uint32_t i = map->count; i-- > 0; )
		if (slice_eq(map->members[i].key, key))
			return map->members[i].value;
	return &value_null;
}

/* "block.attribute" is put into the block. */
static void
put(struct hcl_map *map, struct slice path, struct span span, const struct value *v)
{
	struct slice head = slice_cut(&path, '.');
	struct hcl_map inner = { .arena = map->arena };
	const struct value *before = held(map, head);

	if (path.len == 0) {
		hcl_map_add(map, head, span, v);
		return;
	}
	for (uint32_t i = 0; before->kind == VALUE_MAP && i < before->count; i++)
		hcl_map_add(&inner, before->members[i].key, before->members[i].key_span, before->members[i].value);
	hcl_map_add(&inner, path, span, v);
	hcl_map_add(map, head, span, hcl_map_end(&inner, v->span));
}

/* The least major version that a constraint names ("~> 3.0": 3); the newest when it names none. */
static uint64_t
version_of(const struct value *constraint)
{
	struct slice text = constraint->kind == VALUE_STRING ? constraint->text : SLICE("");
	uint64_t version;
	size_t i = 0, end;

	while (i < text.len && (text.ptr[i] < '0' || text.ptr[i] > '9'))
		i++;
	for (end = i; end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9'; )
		end++;
	return slice_uint(slice_sub(text, i, end - i), &version) ? version : UINT64_MAX;
}

static const struct value *
default_of(struct arena *arena, struct span span, struct slice text)
{
	if (slice_is(text, "true") || slice_is(text, "false"))
		return value_bool(arena, span, slice_is(text, "true"));
	return value_string(arena, span, text);
}

static bool
is_given(const struct hcl_map *map, struct slice path)
{
	struct slice head = slice_cut(&path, '.');
	const struct value *v = held(map, head);

	return (path.len == 0 ? v : value_member(v, path))->kind != VALUE_NULL;
}

static void
put_defaults(struct hcl_map *map, const struct registry_module *m, const struct value *call)
{
	struct slice rest = slice_of(m->defaults), row, name, value;
	uint64_t since, version = version_of(value_member(call, SLICE("version")));

	while (rest.len > 0) {
		row = slice_cut(&rest, ' ');
		name = slice_cut(&row, '=');
		value = slice_cut(&row, '@');
		if (!is_given(map, name) && (!slice_uint(row, &since) || version >= since))
			put(map, name, call->span, default_of(map->arena, call->span, value));
	}
}

const struct value *
terraform_registry_attributes(struct arena *arena, const struct registry_module *m, const struct value *call)
{
	struct hcl_map map = { .arena = arena };
	struct value *made;

	for (uint32_t i = 0; i < call->count; i++)
		put(&map, attribute_of(m, call->members[i].key), call->members[i].key_span, call->members[i].value);
	put_defaults(&map, m, call);
	made = (struct value *)(uintptr_t)hcl_map_end(&map, call->span);
	made->why = call->why;
	return made;
}
