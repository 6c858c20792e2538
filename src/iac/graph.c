/* graph.c -- which resources belong together: by reference, then by name. */
#include "iac/engine.h"

/* "a.b[0]" is "a.b" and "[0]"; "prod/Service/x#2" is "Service/x". */
static struct slice
base_of(struct slice address, struct slice *suffix)
{
	size_t len = address.len;

	*suffix = SLICE("");
	if (len > 0 && address.ptr[len - 1] == ']') {
		while (len > 0 && address.ptr[len - 1] != '[')
			len--;
		if (len > 0) {
			*suffix = slice_sub(address, len - 1, address.len);
			return slice_sub(address, 0, len - 1);
		}
	}
	return address;
}

static struct slice
without_namespace(struct slice address)
{
	size_t first = slice_find(address, '/');
	struct slice rest = slice_sub(address, first + 1, address.len);

	address = slice_find(rest, '/') < rest.len ? rest : address;
	return slice_sub(address, 0, slice_find(address, '#'));
}

static bool
addresses(struct slice reference, const struct resource *to)
{
	struct slice a, b, x, y;

	if (to->language == LANGUAGE_KUBERNETES)
		return slice_eq(reference, without_namespace(to->address));
	a = base_of(reference, &x);
	b = base_of(to->address, &y);
	return slice_eq(a, b) && (x.len == 0 || y.len == 0 || slice_eq(x, y));
}

bool
graph_refers(const struct resource *from, const struct resource *to)
{
	if (from->unit != to->unit)
		return false;
	for (uint32_t i = 0; i < from->reference_count; i++)
		if (addresses(from->references[i].address, to))
			return true;
	return false;
}

/* ---- names ---- */

static const char *const naming[] = { "bucket", "name", "id", "arn", "BucketName", "Name", "identifier",
	"cluster_identifier", "TableName", "FunctionName", "function_name", "LogGroupName" };

static bool
is_naming(struct slice key)
{
	return slice_is(key, "name") || slice_is(key, "Name");
}

/* The name itself, or an ARN or path that ends with it. */
static bool
holds(struct slice text, struct slice name)
{
	char before;

	if (name.len < 3 || !slice_ends(text, name))
		return false;
	if (text.len == name.len)
		return true;
	before = text.ptr[text.len - name.len - 1];
	return before == ':' || before == '/';
}

static bool
any_holds(const struct value *attributes, struct slice name)
{
	for (uint32_t i = 0; attributes->kind == VALUE_MAP && i < attributes->count; i++) {
		const struct member *m = &attributes->members[i];

		if (m->value->kind == VALUE_STRING && !is_naming(m->key) && holds(m->value->text, name))
			return true;
	}
	return false;
}

bool
graph_names(const struct resource *from, const struct resource *to)
{
	for (size_t i = 0; i < sizeof naming / sizeof naming[0]; i++) {
		const struct value *v = value_path(to->attributes, naming[i]);

		if (v->kind == VALUE_STRING && any_holds(from->attributes, v->text))
			return true;
	}
	return false;
}

/* ---- doubts ---- */

/* Attributes that may hold anything's name. */
static const char *const pointers[] = { "resource_arn", "resource_id", "target_resource_id", "target_id",
	"target_arn", "scope", "parent" };

/* Whether the first word of an attribute's name is a word of the type: "bucket", "aws_s3_bucket". */
static bool
may_point(struct slice attribute, struct slice type)
{
	struct slice word = slice_sub(attribute, 0, slice_find(attribute, '_')), part;

	for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
		if (slice_is(attribute, pointers[i]))
			return true;
	while (type.len > 0) {
		part = slice_cut(&type, '_');
		if (slice_eq(part, word))
			return true;
	}
	return false;
}

/* Whether the attribute refers to a resource that is there: then it is known where it points. */
static bool
is_bound(const struct project *p, const struct resource *from, struct slice attribute)
{
	for (uint32_t i = 0; i < from->reference_count; i++) {
		const struct reference *r = &from->references[i];

		if (!slice_eq(r->attribute, attribute))
			continue;
		for (uint32_t k = 0; k < p->resource_count; k++)
			if (p->resources[k].unit == from->unit && !slice_is(p->resources[k].type, "variable")
			    && !slice_is(p->resources[k].type, "module") && addresses(r->address, &p->resources[k]))
				return true;
	}
	return false;
}

const struct value *
graph_doubt(const struct project *p, const struct resource *from, const struct resource *to)
{
	const struct value *all = from->attributes;

	for (uint32_t i = 0; all->kind == VALUE_MAP && i < all->count; i++) {
		const struct member *m = &all->members[i];

		if (m->value->kind == VALUE_UNKNOWN && may_point(m->key, to->type)
		    && !is_bound(p, from, m->key))
			return m->value;
	}
	return NULL;
}
