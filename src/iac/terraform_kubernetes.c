/* terraform_kubernetes.c -- see terraform_kubernetes.h. */
#include "iac/terraform_kubernetes.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/kubernetes.h"

enum { DEPTH_MAX = 40 };

/* ---- names ---- */

/* Blocks that are items of a list, and what the list is called. */
static const struct { const char *block, *list; } lists[] = {
	{ "container", "containers" }, { "init_container", "initContainers" },
	{ "ephemeral_container", "ephemeralContainers" }, { "port", "ports" }, { "ports", "ports" },
	{ "volume", "volumes" }, { "volume_mount", "volumeMounts" }, { "env", "env" },
	{ "env_from", "envFrom" }, { "volume_claim_template", "volumeClaimTemplates" },
	{ "toleration", "tolerations" }, { "image_pull_secrets", "imagePullSecrets" },
	{ "host_aliases", "hostAliases" }, { "rule", "rules" }, { "subject", "subjects" }, { "tls", "tls" },
	{ "path", "paths" }, { "ingress", "ingress" }, { "egress", "egress" }, { "from", "from" },
	{ "to", "to" }, { "items", "items" }, { "match_expressions", "matchExpressions" },
	{ "webhook", "webhooks" }, { "image_pull_secret", "imagePullSecrets" }, { "limit", "limits" },
	{ "metric", "metrics" }, { "sources", "sources" },
};

/* Maps whose keys are the user's, not the API's. */
static const char *const free_maps[] = { "labels", "annotations", "match_labels", "selector", "node_selector", "data",
	"binary_data", "string_data", "limits", "requests", "hard", "capacity", "parameters", "options",
	"volume_attributes" };

/* Words that the API writes in capitals, and the kinds the provider writes as one word. */
static const struct { const char *snake, *camel; } words[] = {
	{ "host_ipc", "hostIPC" }, { "host_pid", "hostPID" }, { "cluster_ip", "clusterIP" },
	{ "cluster_ips", "clusterIPs" }, { "external_ips", "externalIPs" },
	{ "load_balancer_ip", "loadBalancerIP" }, { "non_resource_urls", "nonResourceURLs" },
	{ "daemonset", "DaemonSet" }, { "default_service_account", "ServiceAccount" },
};

static struct slice
camel(struct arena *a, struct slice snake, bool capital)
{
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_is(snake, words[i].snake))
			return slice_of(words[i].camel);
	buf_init(&b, a, snake.len + 1);
	for (size_t i = 0; i < snake.len; i++) {
		char c = snake.ptr[i];

		if (c != '_')
			buf_add_char(&b, capital && c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
		capital = c == '_';
	}
	return buf_slice(&b);
}

/* ---- attributes ---- */

static const struct value *object(struct arena *, const struct value *, uint32_t depth);

/* The list that blocks of this name make, or NULL. */
static const char *
list_of(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (slice_is(name, lists[i].block))
			return lists[i].list;
	return NULL;
}

/* Blocks are lists of maps.  Some write `security_context = {}` for the block. */
static bool
is_blocks(const struct member *m)
{
	for (size_t i = 0; m->value->kind == VALUE_MAP && i < COUNT_OF(free_maps); i++)
		if (slice_is(m->key, free_maps[i]))
			return false;
	return m->value->kind == VALUE_MAP
	    || (m->value->kind == VALUE_LIST && (m->value->count == 0 || m->value->items[0]->kind == VALUE_MAP));
}

static const struct value *
objects(struct arena *a, const struct value *blocks, uint32_t depth)
{
	struct value_builder b;

	value_begin(&b, a, VALUE_LIST, blocks->span);
	if (blocks->kind == VALUE_MAP)
		value_append(&b, object(a, blocks, depth));
	for (uint32_t i = 0; blocks->kind == VALUE_LIST && i < blocks->count; i++)
		value_append(&b, object(a, blocks->items[i], depth));
	return value_end(&b);
}

static void
put(struct arena *a, struct value_builder *b, const struct member *m, uint32_t depth)
{
	const struct value *v = m->value;
	const char *list = list_of(m->key);
	struct slice name = camel(a, m->key, false);

	if (list != NULL && (is_blocks(m) ? v->count > 0 : v->kind == VALUE_UNKNOWN))
		value_put(b, slice_of(list), m->key_span, is_blocks(m) ? objects(a, v, depth) : v);
	else if (!is_blocks(m))
		value_put(b, name, m->key_span, v);
	else if (v->count > 0)
		value_put(b, name, m->key_span, object(a, v->kind == VALUE_LIST ? v->items[0] : v, depth));
}

static const struct value *
object(struct arena *a, const struct value *block, uint32_t depth)
{
	struct value_builder b;

	if (block->kind != VALUE_MAP || depth == DEPTH_MAX)
		return block;
	value_begin(&b, a, VALUE_MAP, block->span);
	for (uint32_t i = 0; i < block->count; i++)
		put(a, &b, &block->members[i], depth + 1);
	return value_end(&b);
}

/* ---- resources ---- */

/* "stateful_set_v1", "horizontal_pod_autoscaler_v2beta2" without the version. */
static struct slice
unversioned(struct slice type)
{
	size_t at = type.len;

	while (at > 0 && type.ptr[at - 1] != '_')
		at--;
	if (at < 2 || at + 1 >= type.len || type.ptr[at] != 'v' || type.ptr[at + 1] < '0' || type.ptr[at + 1] > '9')
		return type;
	return slice_sub(type, 0, at - 1);
}

static void
become(struct arena *a, struct resource *r, struct slice type)
{
	const struct value *manifest = value_member(r->attributes, SLICE("manifest"));

	if (kubernetes_is(manifest)) {
		r->type = value_member(manifest, SLICE("kind"))->text;
		r->attributes = manifest;
	} else if (value_member(r->attributes, SLICE("metadata"))->kind != VALUE_NULL
	    && value_member(r->attributes, SLICE("api_version"))->kind == VALUE_NULL) {
		r->type = camel(a, unversioned(type), true);
		r->attributes = object(a, r->attributes, 0);
	}
}

void
terraform_kubernetes(struct project *p, uint32_t first)
{
	const struct slice prefix = SLICE("kubernetes_");

	for (uint32_t i = first; i < p->resource_count; i++)
		if (slice_starts(p->resources[i].type, prefix))
			become(p->arena, &p->resources[i],
			    slice_sub(p->resources[i].type, prefix.len, p->resources[i].type.len));
}
