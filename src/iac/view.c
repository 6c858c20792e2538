/* view.c -- rows of views: resources of many kinds under one set of names.
 *
 * Views are data (rules/views.hcl).  The rows of one are made when a rule first asks for the view,
 * their fields each time a rule asks for one. */
#include "base/arena.h"
#include "iac/engine.h"

struct rows {
	struct engine            *engine;
	const struct view_source *source;
	const struct object      *of;
	struct value_builder      list;
};

static void
begin(struct frame *f, struct engine *e, const struct view_source *source, const struct value *self)
{
	frame_init(f, e, source->file, self);
	frame_lets(f, 0, source->lets);
}

/* One row; `item` is what `each` gave, or NULL. */
static void
add_row(struct rows *r, const struct value *item)
{
	struct engine *e = r->engine;
	struct hcl_map fields = { .arena = e->arena };
	struct object row = { .resource = r->of->resource, .span = r->of->span, .row_of = r->source,
		.self = r->of->value, .item = item };

	if (item != NULL && engine_is_place(e, item->span))
		row.span = item->span;
	hcl_map_add(&fields, SLICE("resource"), row.span, row.self);
	if (item != NULL)
		hcl_map_add(&fields, SLICE("item"), row.span, item);
	row.value = hcl_map_end(&fields, row.span);
	value_append(&r->list, engine_add_object(e, &row));
}

static void
add_rows(struct rows *r)
{
	const struct value *when, *each;
	struct frame f;

	hcl_meter_init(&r->engine->meter);
	begin(&f, r->engine, r->source, r->of->value);
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
			struct object of = *engine_find_object(r->engine, all->items[k]);

			r->of = &of;
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
	struct hcl_meter meter = e->meter;
	struct project *before;

	if (*made != NULL)
		return *made;
	*made = &none;          /* what a view that asks for itself sees */
	before = engine_keep(e);
	value_begin(&r.list, e->arena, VALUE_LIST, (struct span){ 0 });
	for (uint32_t i = 0; i < view->source_count; i++) {
		r.source = &view->sources[i];
		add_source(&r);
	}
	e->meter = meter;       /* rows are not at the cost of the check that asks first */
	engine_pass(e, before);
	return *made = value_end(&r.list);
}

const struct value *
engine_field(struct engine *e, const struct object *row, struct slice name)
{
	const struct view_source *s = row->row_of;
	struct frame f;

	for (uint32_t i = 0; i < s->fields.count; i++) {
		if (!slice_eq(s->fields.list[i].name, name))
			continue;
		begin(&f, e, s, row->self);
		f.item = row->item;
		return frame_evaluate(&f, s->fields.list[i].expression);
	}
	return NULL;
}
