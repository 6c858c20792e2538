/* cloudformation_sam.c -- what the resources of the serverless transform stand for.
 *
 *   Function      AWS::Lambda::Function; "<id>Role" without Role; "<id>Url" with FunctionUrlConfig;
 *                 once for all functions "ServerlessRestApi" and "ServerlessHttpApi" with their
 *                 stages, when an event of Api or HttpApi names no API
 *   Api           AWS::ApiGateway::RestApi, "<id><StageName>Stage", "<id>UsagePlan"
 *   HttpApi       AWS::ApiGatewayV2::Api, "<id><StageName>Stage"
 *   SimpleTable   AWS::DynamoDB::Table
 *   StateMachine  AWS::StepFunctions::StateMachine; "<id>Role" without Role
 *   LayerVersion  AWS::Lambda::LayerVersion
 *
 * Others stay what they are.  It works on raw values: functions inside are evaluated later.
 * Properties that no row renames or drops keep their names.
 *
 * Source: AWS SAM specification, "Generated CloudFormation resources". */
#include "iac/cloudformation_stack.h"

#include "base/arena.h"
#include "base/attr.h"
#include "iac/hcl.h"

struct sam {
	struct arena       *arena;
	const struct value *globals;
	sam_emit           *emit;
	void               *ctx;
	bool                rest, http; /* the implied APIs are out */
};

/* A property under another name.  `inner`: the value becomes a member of a map.  No `to`: gone. */
struct renamed {
	struct slice from, to, inner;
};

struct shape {
	struct slice type, section, made;
	const struct renamed *renames;
	size_t rename_count;
	void (*more)(struct sam *, struct slice name, struct span, const struct value *raw,
	    const struct value *properties);
};

/* ---- making ---- */

static const struct value *
text(struct sam *s, struct span at, const char *cstr)
{
	return value_string(s->arena, at, slice_of(cstr));
}

static void
put(struct hcl_map *m, const char *key, struct span at, const struct value *v)
{
	if (v != &value_null)
		hcl_map_add(m, slice_of(key), at, v);
}

/* The member of another map, under a name. */
static void
pass(struct hcl_map *m, const char *key, const struct value *from, const char *name)
{
	const struct value *v = value_member(from, slice_of(name));

	put(m, key, v->span, v);
}

static const struct value *
pair(struct sam *s, struct span at, const char *key, const struct value *v)
{
	struct hcl_map m = { .arena = s->arena };

	put(&m, key, at, v);
	return hcl_map_end(&m, at);
}

static struct slice
named(struct sam *s, struct slice name, struct slice middle, const char *end)
{
	struct buf b;

	buf_init(&b, s->arena, name.len + middle.len + 32);
	buf_printf(&b, "%.*s%.*s%s", SLICE_FMT(name), SLICE_FMT(middle), end);
	return buf_slice(&b);
}

/* A resource of its own, under the condition of the one it comes from. */
static void
give(struct sam *s, struct slice name, struct span key, const char *type, const struct value *raw,
    const struct value *properties)
{
	struct hcl_map m = { .arena = s->arena };

	put(&m, "Type", key, text(s, key, type));
	put(&m, "Properties", properties->span, properties);
	pass(&m, "Condition", raw, "Condition");
	s->emit(s->ctx, name, key, hcl_map_end(&m, raw->span));
}

/* ---- Globals ---- */

/* Maps are merged, lists joined, the resource's own scalars win. */
static const struct value *
merged(struct sam *s, const struct value *global, const struct value *own, uint32_t depth)
{
	struct hcl_map m = { .arena = s->arena };
	struct value_builder b;
	uint32_t i;

	if (own == &value_null || depth == 0)
		return own == &value_null ? global : own;
	if (global->kind == VALUE_LIST && own->kind == VALUE_LIST) {
		value_begin(&b, s->arena, VALUE_LIST, own->span);
		for (i = 0; i < global->count; i++)
			value_append(&b, global->items[i]);
		for (i = 0; i < own->count; i++)
			value_append(&b, own->items[i]);
		return value_end(&b);
	}
	if (global->kind != VALUE_MAP || own->kind != VALUE_MAP)
		return own;
	for (i = 0; i < global->count; i++)
		hcl_map_add(&m, global->members[i].key, global->members[i].key_span, merged(s,
		    global->members[i].value, value_member(own, global->members[i].key), depth - 1));
	for (i = 0; i < own->count; i++)
		if (value_member(global, own->members[i].key) == &value_null)
			hcl_map_add(&m, own->members[i].key, own->members[i].key_span, own->members[i].value);
	return hcl_map_end(&m, own->span);
}

/* ---- functions ---- */

static const struct renamed function_renames[] = {
	{ SLICE_INIT("Tracing"), SLICE_INIT("TracingConfig"), SLICE_INIT("Mode") },
	{ SLICE_INIT("CodeUri"), SLICE_INIT("Code"), SLICE_INIT("") },
	{ SLICE_INIT("InlineCode"), SLICE_INIT("Code"), SLICE_INIT("ZipFile") },
	{ SLICE_INIT("ImageUri"), SLICE_INIT("Code"), SLICE_INIT("ImageUri") },
	{ SLICE_INIT("DeadLetterQueue"), SLICE_INIT("DeadLetterConfig"), SLICE_INIT("") },
	{ SLICE_INIT("Events"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("Policies"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("FunctionUrlConfig"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("PermissionsBoundary"), SLICE_INIT(""), SLICE_INIT("") },
};

/* One of Policies: the name of a managed one, or a document; policy templates are neither. */
static void
add_policy(struct sam *s, struct value_builder *arns, struct value_builder *documents,
    const struct value *policy)
{
	struct hcl_map m = { .arena = s->arena };

	if (policy->kind == VALUE_STRING || value_member(policy, SLICE("Ref")) != &value_null) {
		value_append(arns, policy);
		return;
	}
	if (value_member(policy, SLICE("Statement")) == &value_null)
		return;
	put(&m, "PolicyName", policy->span, text(s, policy->span, "Policy"));
	put(&m, "PolicyDocument", policy->span, policy);
	value_append(documents, hcl_map_end(&m, policy->span));
}

static const struct value *
trust(struct sam *s, struct span at, const char *service)
{
	struct hcl_map statement = { .arena = s->arena };
	struct value_builder list;

	put(&statement, "Effect", at, text(s, at, "Allow"));
	put(&statement, "Principal", at, pair(s, at, "Service", text(s, at, service)));
	put(&statement, "Action", at, text(s, at, "sts:AssumeRole"));
	value_begin(&list, s->arena, VALUE_LIST, at);
	value_append(&list, hcl_map_end(&statement, at));
	return pair(s, at, "Statement", value_end(&list));
}

static void
give_role(struct sam *s, struct slice name, struct span key, const struct value *raw,
    const struct value *properties, const char *service)
{
	const struct value *policies = value_member(properties, SLICE("Policies"));
	struct hcl_map m = { .arena = s->arena };
	struct value_builder arns, documents;

	if (value_member(properties, SLICE("Role")) != &value_null)
		return;
	value_begin(&arns, s->arena, VALUE_LIST, key);
	value_begin(&documents, s->arena, VALUE_LIST, key);
	if (policies->kind != VALUE_LIST)
		add_policy(s, &arns, &documents, policies);
	for (uint32_t i = 0; policies->kind == VALUE_LIST && i < policies->count; i++)
		add_policy(s, &arns, &documents, policies->items[i]);
	put(&m, "AssumeRolePolicyDocument", key, trust(s, key, service));
	put(&m, "ManagedPolicyArns", key, value_end(&arns));
	put(&m, "Policies", key, value_end(&documents));
	pass(&m, "PermissionsBoundary", properties, "PermissionsBoundary");
	give(s, named(s, name, SLICE(""), "Role"), key, "AWS::IAM::Role", raw, hcl_map_end(&m, key));
}

static void rest_api(struct sam *, struct slice, struct span, const struct value *, const struct value *);
static void http_api(struct sam *, struct slice, struct span, const struct value *, const struct value *);

/* The API that SAM makes when an event names none. */
static void
imply(struct sam *s, struct span key, bool rest)
{
	struct slice name = rest ? SLICE("ServerlessRestApi") : SLICE("ServerlessHttpApi");
	const struct value *properties = value_member(s->globals, rest ? SLICE("Api") : SLICE("HttpApi"));
	bool *done = rest ? &s->rest : &s->http;

	if (*done)
		return;
	*done = true;
	if (properties->kind != VALUE_MAP)
		properties = pair(s, key, "", &value_null);
	give(s, name, key, rest ? "AWS::ApiGateway::RestApi" : "AWS::ApiGatewayV2::Api", &value_null, properties);
	(rest ? rest_api : http_api)(s, name, key, &value_null, properties);
}

static void
function(struct sam *s, struct slice name, struct span key, const struct value *raw,
    const struct value *properties)
{
	const struct value *url = value_member(properties, SLICE("FunctionUrlConfig"));
	const struct value *events = value_member(properties, SLICE("Events"));
	struct hcl_map m = { .arena = s->arena };

	give_role(s, name, key, raw, properties, "lambda.amazonaws.com");
	if (url->kind == VALUE_MAP) {
		pass(&m, "AuthType", url, "AuthType");
		pass(&m, "Cors", url, "Cors");
		put(&m, "TargetFunctionArn", key, pair(s, key, "Ref", value_string(s->arena, key, name)));
		give(s, named(s, name, SLICE(""), "Url"), key, "AWS::Lambda::Url", raw, hcl_map_end(&m, url->span));
	}
	for (uint32_t i = 0; events->kind == VALUE_MAP && i < events->count; i++) {
		const struct value *e = events->members[i].value;
		struct slice type = value_member(e, SLICE("Type"))->text;

		if (slice_is(type, "Api") && value_path(e, "Properties.RestApiId") == &value_null)
			imply(s, events->members[i].key_span, true);
		else if (slice_is(type, "HttpApi") && value_path(e, "Properties.ApiId") == &value_null)
			imply(s, events->members[i].key_span, false);
	}
}

static const struct renamed machine_renames[] = {
	{ SLICE_INIT("Logging"), SLICE_INIT("LoggingConfiguration"), SLICE_INIT("") },
	{ SLICE_INIT("Tracing"), SLICE_INIT("TracingConfiguration"), SLICE_INIT("") },
	{ SLICE_INIT("Type"), SLICE_INIT("StateMachineType"), SLICE_INIT("") },
	{ SLICE_INIT("Name"), SLICE_INIT("StateMachineName"), SLICE_INIT("") },
	{ SLICE_INIT("Role"), SLICE_INIT("RoleArn"), SLICE_INIT("") },
	{ SLICE_INIT("Events"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("Policies"), SLICE_INIT(""), SLICE_INIT("") },
};

static void
machine(struct sam *s, struct slice name, struct span key, const struct value *raw,
    const struct value *properties)
{
	give_role(s, name, key, raw, properties, "states.amazonaws.com");
}

/* ---- APIs ---- */

static const struct renamed rest_renames[] = {
	{ SLICE_INIT("DefinitionBody"), SLICE_INIT("Body"), SLICE_INIT("") },
	{ SLICE_INIT("DefinitionUri"), SLICE_INIT("BodyS3Location"), SLICE_INIT("") },
	{ SLICE_INIT("StageName"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("AccessLogSetting"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("MethodSettings"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("TracingEnabled"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("CacheClusterEnabled"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("Variables"), SLICE_INIT(""), SLICE_INIT("") },
};

static const char *const rest_stage[] = { "StageName", "AccessLogSetting", "MethodSettings",
	"TracingEnabled", "CacheClusterEnabled", "CacheClusterSize", "CanarySetting", "Variables", "Tags" };

static void
rest_api(struct sam *s, struct slice name, struct span key, const struct value *raw,
    const struct value *properties)
{
	const struct value *stage = value_member(properties, SLICE("StageName")), *self;
	const struct value *plan = value_path(properties, "Auth.UsagePlan.CreateUsagePlan");
	struct hcl_map m = { .arena = s->arena }, p = { .arena = s->arena };

	self = pair(s, key, "Ref", value_string(s->arena, key, name));
	put(&m, "RestApiId", key, self);
	for (size_t i = 0; i < COUNT_OF(rest_stage); i++)
		pass(&m, rest_stage[i], properties, rest_stage[i]);
	if (stage == &value_null)
		put(&m, "StageName", key, text(s, key, "Prod"));
	give(s, named(s, name, stage == &value_null ? SLICE("Prod") : stage->text, "Stage"), key,
	    "AWS::ApiGateway::Stage", raw, hcl_map_end(&m, properties->span));
	if (plan->kind != VALUE_STRING || slice_is(plan->text, "NONE"))
		return;
	put(&m, "ApiId", key, self);
	put(&m, "Stage", key, stage);
	put(&p, "ApiStages", key, hcl_map_end(&m, key));
	give(s, named(s, name, SLICE(""), "UsagePlan"), key, "AWS::ApiGateway::UsagePlan", raw,
	    hcl_map_end(&p, plan->span));
}

static const struct renamed http_renames[] = {
	{ SLICE_INIT("DefinitionBody"), SLICE_INIT("Body"), SLICE_INIT("") },
	{ SLICE_INIT("DefinitionUri"), SLICE_INIT("BodyS3Location"), SLICE_INIT("") },
	{ SLICE_INIT("StageName"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("AccessLogSettings"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("DefaultRouteSettings"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("RouteSettings"), SLICE_INIT(""), SLICE_INIT("") },
	{ SLICE_INIT("StageVariables"), SLICE_INIT(""), SLICE_INIT("") },
};

static const char *const http_stage[] = { "StageName", "AccessLogSettings", "DefaultRouteSettings",
	"RouteSettings", "StageVariables", "Tags" };

static void
http_api(struct sam *s, struct slice name, struct span key, const struct value *raw,
    const struct value *properties)
{
	const struct value *stage = value_member(properties, SLICE("StageName"));
	struct hcl_map m = { .arena = s->arena };

	put(&m, "ApiId", key, pair(s, key, "Ref", value_string(s->arena, key, name)));
	for (size_t i = 0; i < COUNT_OF(http_stage); i++)
		pass(&m, http_stage[i], properties, http_stage[i]);
	if (stage == &value_null)
		put(&m, "StageName", key, text(s, key, "$default"));
	put(&m, "AutoDeploy", key, value_bool(s->arena, key, true));
	give(s, named(s, name, stage == &value_null ? SLICE("ApiGatewayDefault") : stage->text, "Stage"), key,
	    "AWS::ApiGatewayV2::Stage", raw, hcl_map_end(&m, properties->span));
}

/* ---- all ---- */

static const struct renamed table_renames[] = {
	{ SLICE_INIT("PrimaryKey"), SLICE_INIT(""), SLICE_INIT("") },
};

static const struct shape shapes[] = {
	{ SLICE_INIT("AWS::Serverless::Function"), SLICE_INIT("Function"), SLICE_INIT("AWS::Lambda::Function"),
	    function_renames, COUNT_OF(function_renames), function },
	{ SLICE_INIT("AWS::Serverless::Api"), SLICE_INIT("Api"), SLICE_INIT("AWS::ApiGateway::RestApi"),
	    rest_renames, COUNT_OF(rest_renames), rest_api },
	{ SLICE_INIT("AWS::Serverless::HttpApi"), SLICE_INIT("HttpApi"), SLICE_INIT("AWS::ApiGatewayV2::Api"),
	    http_renames, COUNT_OF(http_renames), http_api },
	{ SLICE_INIT("AWS::Serverless::SimpleTable"), SLICE_INIT("SimpleTable"),
	    SLICE_INIT("AWS::DynamoDB::Table"), table_renames, COUNT_OF(table_renames), NULL },
	{ SLICE_INIT("AWS::Serverless::StateMachine"), SLICE_INIT("StateMachine"),
	    SLICE_INIT("AWS::StepFunctions::StateMachine"), machine_renames, COUNT_OF(machine_renames), machine },
	{ SLICE_INIT("AWS::Serverless::LayerVersion"), SLICE_INIT("LayerVersion"),
	    SLICE_INIT("AWS::Lambda::LayerVersion"), NULL, 0, NULL },
};

static const struct renamed *
rename_of(const struct shape *shape, struct slice name)
{
	for (size_t i = 0; i < shape->rename_count; i++)
		if (slice_eq(shape->renames[i].from, name))
			return &shape->renames[i];
	return NULL;
}

/* {a: 1} as [{Key: a, Value: 1}]. */
static const struct value *
tag_list(struct sam *s, const struct value *tags)
{
	struct value_builder b;

	if (tags->kind != VALUE_MAP)
		return tags;
	value_begin(&b, s->arena, VALUE_LIST, tags->span);
	for (uint32_t i = 0; i < tags->count; i++) {
		struct hcl_map m = { .arena = s->arena };
		const struct member *t = &tags->members[i];

		put(&m, "Key", t->key_span, value_string(s->arena, t->key_span, t->key));
		put(&m, "Value", t->value->span, t->value);
		value_append(&b, hcl_map_end(&m, t->key_span));
	}
	return value_end(&b);
}

static const struct value *
reshaped(struct sam *s, const struct shape *shape, const struct value *properties)
{
	struct hcl_map m = { .arena = s->arena };

	for (uint32_t i = 0; properties->kind == VALUE_MAP && i < properties->count; i++) {
		const struct member *p = &properties->members[i];
		const struct renamed *r = rename_of(shape, p->key);
		const struct value *v = slice_is(p->key, "Tags") ? tag_list(s, p->value) : p->value;

		if (r != NULL && r->to.len == 0)
			continue;
		if (r != NULL && r->inner.len > 0)
			v = pair(s, p->value->span, r->inner.ptr, p->value);
		hcl_map_add(&m, r != NULL ? r->to : p->key, p->key_span, v);
	}
	return hcl_map_end(&m, properties->span);
}

static void
expand(struct sam *s, const struct shape *shape, const struct member *resource)
{
	const struct value *raw = resource->value;
	const struct value *properties = value_member(raw, SLICE("Properties"));
	struct hcl_map m = { .arena = s->arena };

	properties = merged(s, value_member(s->globals, shape->section), properties, 20);
	for (uint32_t i = 0; i < raw->count; i++)
		if (!slice_is(raw->members[i].key, "Type") && !slice_is(raw->members[i].key, "Properties"))
			hcl_map_add(&m, raw->members[i].key, raw->members[i].key_span, raw->members[i].value);
	put(&m, "Type", raw->span, value_string(s->arena, raw->span, shape->made));
	put(&m, "Properties", properties->span, reshaped(s, shape, properties));
	s->emit(s->ctx, resource->key, resource->key_span, hcl_map_end(&m, raw->span));
	if (shape->more != NULL)
		shape->more(s, resource->key, resource->key_span, raw, properties);
}

static const struct shape *
shape_of(const struct value *raw)
{
	const struct value *type = value_member(raw, SLICE("Type"));

	for (size_t i = 0; i < COUNT_OF(shapes) && type->kind == VALUE_STRING; i++)
		if (slice_eq(shapes[i].type, type->text))
			return &shapes[i];
	return NULL;
}

void
sam_expand(struct arena *a, const struct value *template, sam_emit *emit, void *ctx)
{
	struct sam s = { .arena = a, .emit = emit, .ctx = ctx };
	const struct value *resources = value_member(template, SLICE("Resources"));

	s.globals = value_member(template, SLICE("Globals"));
	for (uint32_t i = 0; resources->kind == VALUE_MAP && i < resources->count; i++) {
		const struct member *m = &resources->members[i];
		const struct shape *shape = shape_of(m->value);

		if (shape != NULL)
			expand(&s, shape, m);
		else
			emit(ctx, m->key, m->key_span, m->value);
	}
}
