/* view.c -- rows of views: resources of many kinds under one set of names.
 *
 * Views are data (rules/views.hcl).  The rows of one are made when a rule first asks for the view,
 * their fields each time a rule asks for one. */
#include "base/arena.h"
#include "iac/engine.h"
#include "iac/value_copy.h"

struct rows {
	struct engine            *engine;
	struct arena             *scratch;      /* of the work on one resource */
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
	struct member *members = arena_array(e->arena, item == NULL ? 1 : 2, sizeof *members);
	struct value *made = arena_alloc(e->arena, sizeof *made);
	struct object row = { .resource = r->of->resource, .span = r->of->span, .row_of = r->source,
		.self = r->of->value, .item = item };

	if (item != NULL && engine_is_place(e, item->span))
		row.span = item->span;
	members[0] = (struct member){ SLICE("resource"), row.span, row.self };
	if (item != NULL)
		members[1] = (struct member){ SLICE("item"), row.span, item };
	*made = (struct value){ .kind = VALUE_MAP, .members = members, .count = item == NULL ? 1 : 2,
		.span = row.span };
	row.value = made;
	value_append(&r->list, engine_add_object(e, &row));
}

static void
add_rows(struct rows *r)
{
	const struct value *when, *each;
	struct value_copier keep;
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
	value_copier_init(&keep, r->engine->arena, r->scratch, NULL, 0);
	keep.only = r->scratch;
	each = value_copy(&keep, frame_evaluate(&f, r->source->each));
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
			arena_reset(r->scratch);
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
	struct project *before, passing = e->kept;

	if (*made != NULL)
		return *made;
	*made = &none;          /* what a view that asks for itself sees */
	before = e->current;
	e->current = &passing;
	r.scratch = passing.arena = arena_new(1 << 14);
	value_begin(&r.list, e->arena, VALUE_LIST, (struct span){ 0 });
	for (uint32_t i = 0; i < view->source_count; i++) {
		r.source = &view->sources[i];
		add_source(&r);
	}
	e->meter = meter;       /* rows are not at the cost of the check that asks first */
	arena_free(r.scratch);
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
