/* patch_json.c -- JSON Patch (RFC 6902) with pointers (RFC 6901).
 *
 * The whole patch is checked first, so that what is no patch is always 400; then
 * one operation after the other changes a tree of the target.  The tree may not
 * grow beyond what a resource may have: "copy" could double it each time. */
#include "rest/patch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "rest/patch_tree.h"

struct patch {
	const struct json  *json;       /* the patch */
	const struct limits *limits;
	struct arena       *arena;
	struct outcome     *outcome;
	struct value       *root;
	size_t              budget;     /* values that may still be made */
	uint32_t            at;         /* the operation, for its place */
};

struct operation_row {
	const char *name;
	bool        has_from, has_value;
	bool      (*run)(struct patch *, struct slice from, struct slice path, uint32_t value);
};

static bool
bad(struct patch *p, const char *why)
{
	return outcome_fail(p->outcome, FAULT_INVALID, json_place(p->json, p->at), slice_of(why));
}

static bool
cannot(struct patch *p, const char *why)
{
	return outcome_fail(p->outcome, FAULT_PATCH, json_place(p->json, p->at), slice_of(why));
}

/* Pointers */

static bool
pointer_good(struct slice pointer)
{
	if (pointer.len > 0 && pointer.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < pointer.len; i++)
		if (pointer.ptr[i] == '~' && (i + 1 == pointer.len
		    || (pointer.ptr[i + 1] != '0' && pointer.ptr[i + 1] != '1')))
			return false;
	return true;
}

static struct slice
token_text(struct slice token, struct arena *arena)
{
	char *to = arena_alloc(arena, token.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < token.len; i++)
		if (token.ptr[i] == '~')
			to[n++] = token.ptr[++i] == '0' ? '~' : '/';
		else
			to[n++] = token.ptr[i];
	return slice_make(to, n);
}

/* RFC 6901 4: digits without a leading zero. */
static bool
array_index(struct slice token, uint32_t *index)
{
	uint64_t n;

	if (token.len == 0 || (token.len > 1 && token.ptr[0] == '0') || !slice_uint(token, &n)
	    || n >= UINT32_MAX)
		return false;
	*index = (uint32_t)n;
	return true;
}

static struct value *
child_of(const struct value *v, struct slice token)
{
	uint32_t index;

	if (v->type == JSON_OBJECT)
		return tree_member(v, token);
	return v->type == JSON_ARRAY && array_index(token, &index) ? tree_item(v, index) : NULL;
}

static struct value *
find(struct patch *p, struct slice pointer)
{
	struct value *v = p->root;

	if (pointer.len == 0)
		return v;
	pointer = slice_sub(pointer, 1, pointer.len);
	for (bool more = true; more && v != NULL;) {
		size_t slash = slice_find(pointer, '/');

		v = child_of(v, token_text(slice_sub(pointer, 0, slash), p->arena));
		more = slash < pointer.len;
		pointer = slice_sub(pointer, slash + 1, pointer.len);
	}
	return v;
}

/* The container that the last token names a place in. */
static struct value *
find_parent(struct patch *p, struct slice pointer, struct slice *last)
{
	size_t slash = pointer.len;

	while (slash > 0 && pointer.ptr[slash - 1] != '/')
		slash--;
	*last = token_text(slice_sub(pointer, slash, pointer.len), p->arena);
	return find(p, slice_sub(pointer, 0, slash - 1));
}

/* Operations */

static bool
put_item(struct patch *p, struct value *array, struct slice token, struct value *v)
{
	uint32_t index = array->count;

	if (!slice_is(token, "-") && (!array_index(token, &index) || index > array->count))
		return cannot(p, "there is no such place in the array");
	tree_insert(array, tree_item(array, index), v);
	return true;
}

static size_t
depth_of(const struct value *v)
{
	size_t depth = 0;

	while ((v = v->parent) != NULL)
		depth++;
	return depth;
}

/* Of what is in it; counted no further than `most`. */
static size_t
height_of(const struct value *v, size_t most)
{
	size_t height = 0;

	for (const struct value *c = v->first; c != NULL && height < most; c = c->next) {
		size_t below = 1 + height_of(c, most - 1);

		if (below > height)
			height = below;
	}
	return height;
}

static bool
put(struct patch *p, struct slice path, struct value *v)
{
	size_t most = p->limits->of[LIMIT_JSON_DEPTH];
	struct slice token;
	struct value *parent;

	if (path.len == 0) {
		p->root = v;
		return true;
	}
	parent = find_parent(p, path, &token);
	if (parent == NULL || parent->type < JSON_ARRAY)
		return cannot(p, "the path leads nowhere");
	if (depth_of(parent) + height_of(v, most) >= most)
		return cannot(p, "nested too deeply");
	if (parent->type == JSON_ARRAY)
		return put_item(p, parent, token, v);
	tree_set(parent, token, v);
	return true;
}

static bool
run_add(struct patch *p, struct slice from UNUSED, struct slice path, uint32_t value)
{
	return put(p, path, tree_of(p->json, value, p->arena, NULL));
}

static bool
run_remove(struct patch *p, struct slice from UNUSED, struct slice path, uint32_t value UNUSED)
{
	struct value *v = find(p, path);

	if (v == NULL || v == p->root)
		return cannot(p, "there is nothing to remove");
	tree_take(v);
	return true;
}

static bool
run_replace(struct patch *p, struct slice from UNUSED, struct slice path, uint32_t value)
{
	struct value *v = find(p, path);

	if (v == NULL)
		return cannot(p, "there is nothing to replace");
	if (v == p->root)
		p->root = tree_of(p->json, value, p->arena, NULL);
	else
		tree_replace(v, tree_of(p->json, value, p->arena, NULL));
	return true;
}

static bool
run_move(struct patch *p, struct slice from, struct slice path, uint32_t value UNUSED)
{
	struct value *v = find(p, from);

	if (v == NULL)
		return cannot(p, "there is nothing to move");
	if (slice_eq(from, path))
		return true;
	if (v == p->root || (slice_starts(path, from) && path.ptr[from.len] == '/'))
		return cannot(p, "a value cannot be moved into itself");
	tree_take(v);
	return put(p, path, v);
}

static bool
run_copy(struct patch *p, struct slice from, struct slice path, uint32_t value UNUSED)
{
	struct value *v = find(p, from);

	if (v == NULL)
		return cannot(p, "there is nothing to copy");
	if ((v = tree_copy(v, p->arena, &p->budget)) == NULL)
		return outcome_fail_at_once(p->outcome, FAULT_TOO_COMPLEX, "");
	return put(p, path, v);
}

static bool
run_test(struct patch *p, struct slice from UNUSED, struct slice path, uint32_t value)
{
	struct value *v = find(p, path);

	return (v != NULL && tree_equal(v, tree_of(p->json, value, p->arena, NULL), p->arena))
	    || cannot(p, "the test failed");
}

static const struct operation_row operation_rows[] = {
	{ "add",     false, true,  run_add },
	{ "remove",  false, false, run_remove },
	{ "replace", false, true,  run_replace },
	{ "move",    true,  false, run_move },
	{ "copy",    true,  false, run_copy },
	{ "test",    false, true,  run_test },
};

static const struct operation_row *
row_of(struct patch *p)
{
	uint32_t op = json_get(p->json, p->at, SLICE("op"));

	for (size_t i = 0; op != 0 && i < COUNT_OF(operation_rows); i++)
		if (json_is(p->json, op, slice_of(operation_rows[i].name)))
			return &operation_rows[i];
	return NULL;
}

static struct slice
pointer_of(struct patch *p, const char *member)
{
	return json_string(p->json, json_get(p->json, p->at, slice_of(member)), p->arena);
}

static bool
pointer_member(struct patch *p, const char *member)
{
	uint32_t node = json_get(p->json, p->at, slice_of(member));

	if (node == 0 || json_type(p->json, node) != JSON_STRING)
		return bad(p, "an operation lacks a pointer");
	return pointer_good(pointer_of(p, member)) || bad(p, "a pointer has the wrong form");
}

static bool
check_one(struct patch *p)
{
	const struct operation_row *row = row_of(p);

	if (row == NULL)
		return bad(p, "an operation is one of add, remove, replace, move, copy and test");
	if (row->has_value && json_get(p->json, p->at, SLICE("value")) == 0)
		return bad(p, "an operation lacks its value");
	return pointer_member(p, "path") && (!row->has_from || pointer_member(p, "from"));
}

static bool
check(struct patch *p)
{
	if (json_type(p->json, 0) != JSON_ARRAY)
		return bad(p, "a patch is an array of operations");
	if (json_size(p->json, 0) > p->limits->of[LIMIT_PATCH_OPERATIONS])
		return outcome_fail_at_once(p->outcome, FAULT_TOO_COMPLEX, "too many operations");
	for (p->at = json_first(p->json, 0); p->at != 0; p->at = json_next(p->json, 0, p->at))
		if (!check_one(p))
			return false;
	return true;
}

static bool
apply(struct patch *p)
{
	size_t start = arena_used(p->arena);

	for (p->at = json_first(p->json, 0); p->at != 0; p->at = json_next(p->json, 0, p->at))
		if (arena_used(p->arena) - start > PATCH_MEMORY)
			return outcome_fail_at_once(p->outcome, FAULT_TOO_COSTLY, "");
		else if (!row_of(p)->run(p, pointer_of(p, "from"), pointer_of(p, "path"),
		    json_get(p->json, p->at, SLICE("value"))))
			return false;
	return true;
}

bool
patch_json(const struct json *target, const struct json *patch, const struct limits *limits,
    struct arena *arena, struct slice *out, struct outcome *o)
{
	struct patch p = { .json = patch, .limits = limits, .arena = arena, .outcome = o,
		.budget = limits->of[LIMIT_JSON_NODES] };
	struct buf b;

	p.root = tree_of(target, 0, arena, NULL);
	if (!check(&p) || !apply(&p))
		return false;
	buf_init(&b, arena, limits->of[LIMIT_BODY]);
	tree_write(&b, p.root);
	*out = buf_slice(&b);
	return buf_ok(&b) || outcome_fail_at_once(o, FAULT_TOO_BIG, "");
}
