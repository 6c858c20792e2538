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
