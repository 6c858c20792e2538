/* view.c -- rows of views: resources of many kinds under one set of names.
 *
 * Views are data (rules/views.hcl).  The rows of one are made when a rule first asks. */
#include "base/arena.h"
#include "iac/engine.h"

struct rows {
	struct engine           *engine;
	const struct view_source *source;
	const struct resource   *resource;
	const struct value      *self;
	struct value_builder     list;
};

static void
begin(struct rows *r, struct frame *f)
{
	frame_init(f, r->engine, r->source->file, r->self);
	frame_lets(f, 0, r->source->lets);
}

/* One row; `item` is what `each` gave, or NULL. */
static void
add_row(struct rows *r, const struct value *item)
{
	struct engine *e = r->engine;
	struct hcl_map fields = { .arena = e->arena };
	const struct rule_names *names = &r->source->fields;
	struct span span = r->resource->span;
	struct value row = { .kind = VALUE_MAP };
	struct frame f;

	begin(r, &f);
	f.item = item;
	if (item != NULL && engine_is_place(e, item->span))
		span = item->span;
	for (uint32_t i = 0; i < names->count; i++) {
		const struct value *v = frame_evaluate(&f, names->list[i].expression);

		hcl_map_add(&fields, names->list[i].name, v->span, v);
	}
	if (item != NULL)
		hcl_map_add(&fields, SLICE("item"), span, item);
	hcl_map_add(&fields, SLICE("resource"), span, r->self);
	row.members = fields.members;
	row.count = fields.count;
	value_append(&r->list, engine_add_object(e, &row, r->resource, span));
}

static void
add_rows(struct rows *r)
{
	const struct value *when, *each;
	struct frame f;

	begin(r, &f);
	if (r->source->when != NULL) {
		when = frame_evaluate(&f, r->source->when);
		if (when->kind != VALUE_BOOL || !when->boolean)
			return;
	}
	if (r->source->each == NULL) {
		add_row(r, NULL);
		return;
	}
	each = frame_evaluate(&f, r->source->each);
	for (uint32_t i = 0; each->kind == VALUE_LIST && i < each->count; i++)
		add_row(r, each->items[i]);
}

static void
add_source(struct rows *r)
{
	for (uint32_t i = 0; i < r->source->block->label_count; i++) {
		const struct value *all = engine_objects(r->engine, r->source->block->labels[i]);

		for (uint32_t k = 0; k < all->count; k++) {
			r->self = all->items[k];
			r->resource = engine_find_object(r->engine, r->self)->resource;
			add_rows(r);
		}
	}
}

const struct value *
engine_rows(struct engine *e, const struct view *view)
{
	static const struct value none = { .kind = VALUE_LIST };
	const struct value **made = &e->rows[view - e->rules->views];
	struct rows r = { .engine = e };

	if (*made != NULL)
		return *made;
	*made = &none;          /* what a view that asks for itself sees */
	value_begin(&r.list, e->arena, VALUE_LIST, (struct span){ 0 });
	for (uint32_t i = 0; i < view->source_count; i++) {
		r.source = &view->sources[i];
		add_source(&r);
	}
	return *made = value_end(&r.list);
}
