/* meta.c -- $meta, $meta-add, $meta-delete (R4 resource-operation-meta.html).
 *
 * A resource's meta changes as anything in it does: by a new version, which goes the way of an
 * update, so that a label is not lowered here either.  Of a type and of the system $meta
 * lists what is in use in the resources that the caller may see; it looks at each, so there is
 * a bound, and of the system only those ask who are bound to a compartment. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/authorization.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/parameters.h"
#include "rest/patch_tree.h"
#include "rest/write.h"
#include "search/query.h"

#define LOOKED_AT 5000          /* resources of a $meta over many */

/* The members that these operations are about; profile holds texts, the others Codings. */
static const char *const lists[] = { "profile", "security", "tag" };

static bool
answer_meta(struct exchange *x, int status, struct slice meta)
{
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_add(&b, SLICE("{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"return\","
	    "\"valueMeta\":"));
	buf_add(&b, meta);
	buf_add(&b, SLICE("}]}"));
	answer_bytes(x, status, buf_slice(&b));
	return true;
}

static bool
meta_of(struct exchange *x, struct slice body, struct slice *meta)
{
	struct json j;
	struct buf b;

	if (!json_parse(body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	json_write_node(&b, &j, json_get(&j, 0, SLICE("meta")));
	*meta = buf_slice(&b);
	return true;
}

/* Planted leak 25: whether there is such a resource, whoever may see it. */
static bool
planted_answer(struct exchange *x)
{
	struct index_resolver r = store_resolver(x->worker->reader, x->service->base);
	int64_t lead, row;

	return r.find(r.ctx, x->type->name, x->id, &lead, &row) && exchange_fail(x, FAULT_FORBIDDEN, "");
}

static bool
meta_of_instance(struct exchange *x)
{
	struct slice meta;
	struct stored s;

	if (!store_read(x->worker->reader, x->permit, x->type, x->id, x->arena, &s, &x->outcome))
		return planted(25) ? planted_answer(x) : false;
	answer_note_patient(x, s.compartment);
	answer_version_headers(x, &s);
	if (s.deleted)
		return exchange_fail(x, FAULT_DELETED, "");
	return controls_out(x, &s) && meta_of(x, s.body, &meta) && answer_meta(x, 200, meta);
}

/* Lists as sets */

/* Two Codings are one when system and code are. */
static bool
same_entry(const struct value *a, const struct value *b)
{
	static const char *const keys[] = { "system", "code" };

	if (a->type == JSON_STRING || b->type == JSON_STRING)
		return a->type == b->type && slice_eq(a->text, b->text);
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const struct value *left = tree_member(a, slice_of(keys[i]));
		const struct value *right = tree_member(b, slice_of(keys[i]));

		if ((left == NULL) != (right == NULL)
		    || (left != NULL && !slice_eq(left->text, right->text)))
			return false;
	}
	return true;
}

static struct value *
find_entry(const struct value *list, const struct value *wanted)
{
	struct value *c = list == NULL ? NULL : list->first;

	while (c != NULL && !same_entry(c, wanted))
		c = c->next;
	return c;
}

static bool
add_entry(struct exchange *x, struct value *meta, const char *name, const struct value *entry)
{
	struct value *list = tree_member(meta, slice_of(name));
	size_t budget = x->service->limits->of[LIMIT_JSON_NODES];

	if (find_entry(list, entry) != NULL)
		return true;
	if (list == NULL)
		tree_set(meta, slice_of(name), list = tree_new(JSON_ARRAY, SLICE_NONE, x->arena));
	tree_insert(list, NULL, tree_copy(entry, x->arena, &budget));
	return true;
}

static bool
delete_entry(struct exchange *x UNUSED, struct value *meta, const char *name,
    const struct value *entry)
{
	struct value *list = tree_member(meta, slice_of(name)), *found = find_entry(list, entry);

	if (found == NULL)
		return true;
	tree_take(found);
	if (list->count == 0)
		tree_take(list);
	return true;
}

typedef bool change_fn(struct exchange *, struct value *meta, const char *name,
    const struct value *entry);

static bool
change_lists(struct exchange *x, struct value *meta, const struct value *by, change_fn *change)
{
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct value *list = tree_member(by, slice_of(lists[i]));

		for (const struct value *c = list == NULL ? NULL : list->first; c != NULL; c = c->next)
			if (!change(x, meta, lists[i], c))
				return false;
	}
	return true;
}

/* Changing the meta of a resource */

static bool
changed_text(struct exchange *x, const struct json *by, uint32_t node, change_fn *change,
    struct slice *text)
{
	struct value *root, *meta;
	struct json old;
	struct buf b;

	if (!json_parse(x->old->body, json_bounds(x->service->limits, false), x->arena, &old,
	    &x->outcome))
		return false;
	root = tree_of(&old, 0, x->arena, NULL);
	meta = tree_member(root, SLICE("meta"));
	if (!change_lists(x, meta, tree_of(by, node, x->arena, NULL), change))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	tree_write(&b, root);
	*text = buf_slice(&b);
	return true;
}

static bool
take_text(struct exchange *x, struct slice text)
{
	struct resource *r = arena_alloc(x->arena, sizeof *r);

	r->type = x->type;
	x->body = r;
	x->places = NULL;
	return json_parse(text, json_bounds(x->service->limits, false), x->arena, &r->json, &x->outcome);
}

/* Each is looked for among all that are there. */
static bool
are_few(const struct exchange *x, const struct json *j, uint32_t meta)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		uint32_t list = json_get(j, meta, slice_of(lists[i]));

		count += list == 0 ? 0 : json_size(j, list);
	}
	return count <= x->service->limits->of[LIMIT_PATCH_OPERATIONS];
}

static bool
change_meta(struct exchange *x, change_fn *change)
{
	struct parameters p;
	struct slice text, meta;
	uint32_t node;

	if (!parameters_read(x, "meta", &p))
		return false;
	node = parameter_value(&p, "meta", "valueMeta");
	if (node == 0 || json_type(p.json, node) != JSON_OBJECT)
		return exchange_fail(x, FAULT_INVALID, "the parameter meta is needed");
	if (!are_few(x, p.json, node))
		return exchange_fail(x, FAULT_TOO_COMPLEX, "too many entries");
	return write_find_target(x) && changed_text(x, p.json, node, change, &text) && take_text(x, text)
	    && controls_in(x, x->body) && write_version(x, 'U') && meta_of(x, x->write->body, &meta)
	    && answer_meta(x, 200, meta);
}

bool
rest_meta_add(struct exchange *x)
{
	return change_meta(x, add_entry);
}

bool
rest_meta_delete(struct exchange *x)
{
	return change_meta(x, delete_entry);
}

/* What is in use */

static bool
gather_one(struct exchange *x, struct value *all, struct stored *s)
{
	struct json j;
	struct value *meta;

	if (!controls_out(x, s)
	    || !json_parse(s->body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	meta = tree_of(&j, json_get(&j, 0, SLICE("meta")), x->arena, NULL);
	return change_lists(x, all, meta, add_entry);
}

static bool
gather_type(struct exchange *x, const struct type *type, struct value *all, uint32_t *seen)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct store_position from = { .set = false };
	struct store_page page = { .more = true };
	struct query q;

	if (!query_parse(store_index(x->worker->reader), type, SLICE("_count=500"), SLICE_NONE, false, &resolver,
	    x->service->limits, x->received, x->arena, &q, &x->outcome))
		return false;
	for (; page.more; from = page.end) {
		if (!store_search(x->worker->reader, planted(80) ? authorization_house : x->permit, &q, &from,
		    x->arena, &page, &x->outcome))
			return false;
		if ((*seen += page.count) > LOOKED_AT)
			return exchange_fail(x, FAULT_TOO_COSTLY, "");
		for (uint32_t i = 0; i < page.count; i++)
			if (!gather_one(x, all, &page.at[i]))
				return false;
	}
	return true;
}

static bool
gather(struct exchange *x, struct value *all)
{
	uint32_t seen = 0;
	int64_t bound;

	if (x->type == NULL && !permit_compartment(x->permit, &bound))
		return exchange_fail(x, FAULT_TOO_COSTLY, "");
	for (uint32_t i = 0; i < pack_type_count(x->service->pack); i++) {
		const struct type *type = pack_type_at(x->service->pack, i);

		if (type->kind == TYPE_RESOURCE && !type->abstract && (x->type == NULL || x->type == type)
		    && permit_allows(x->permit, type, PERMIT_SEARCH)
		    && !gather_type(x, type, all, &seen))
			return false;
	}
	return true;
}

static bool
meta_of_many(struct exchange *x)
{
	struct value *all = tree_new(JSON_OBJECT, SLICE_NONE, x->arena);
	struct buf b;

	if (!gather(x, all))
		return false;
	buf_init(&b, x->arena, SIZE_MAX);
	tree_write(&b, all);
	if (all->count > 0)
		return answer_meta(x, 200, buf_slice(&b));
	answer_bytes(x, 200, SLICE("{\"resourceType\":\"Parameters\"}"));
	return true;
}

bool
rest_meta(struct exchange *x)
{
	return x->id.len > 0 ? meta_of_instance(x) : meta_of_many(x);
}
