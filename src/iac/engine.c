/* engine.c -- see engine.h. */
#include "iac/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"

/* ---- objects ---- */

static const char *const language_names[] = { "terraform", "plan", "cloudformation", "kubernetes",
	"compose", "dockerfile", "arm", "ansible", "cloud-init" };

bool
engine_is_place(const struct engine *e, struct span s)
{
	return s.source >= e->rules->project.source_count && s.source < e->project->source_count
	    && s.line > 0;
}

const struct value *
engine_add_object(struct engine *e, const struct value *map, const struct resource *r, struct span span)
{
	struct arena *a = e->arena;
	struct hcl_map m = { .arena = a };
	uint32_t id = e->object_count, before = e->object_room;
	struct value *made;
	char number[16];
	uint32_t i;

	for (i = 0; map->kind == VALUE_MAP && i < map->count; i++)
		hcl_map_add(&m, map->members[i].key, map->members[i].key_span, map->members[i].value);
	hcl_map_add(&m, SLICE("_address"), span, value_string(a, r->head, r->address));
	hcl_map_add(&m, SLICE("_type"), span, value_string(a, r->head, r->type));
	hcl_map_add(&m, SLICE("_name"), span, value_string(a, r->head, r->name));
	hcl_map_add(&m, SLICE("_module"), span, value_string(a, r->head, r->module));
	hcl_map_add(&m, SLICE("_file"), span, value_string(a, r->head,
	    e->project->sources[r->span.source].path));
	hcl_map_add(&m, SLICE("_language"), span, value_string(a, r->head,
	    slice_of(language_names[r->language])));
	snprintf(number, sizeof number, "%u", id);
	hcl_map_add(&m, SLICE("_id"), span, value_number(a, r->head, slice_of(number)));
	made = arena_alloc(a, sizeof *made);
	*made = (struct value){ .kind = VALUE_MAP, .members = m.members, .count = m.count, .span = span };
	if (id == before) {
		e->object_room = before == 0 ? 64 : before * 2;
		e->objects = arena_grow(a, e->objects, before * sizeof *e->objects,
		    e->object_room * sizeof *e->objects);
	}
	e->objects[e->object_count++] = (struct object){ made, r, span };
	return made;
}

const struct value *
engine_object(struct engine *e, uint32_t resource)
{
	const struct resource *r = &e->project->resources[resource];
	uint32_t *id = &e->object_of[resource];

	if (*id == 0) {
		*id = e->object_count + 1;
		engine_add_object(e, r->attributes, r, r->span);
	}
	return e->objects[*id - 1].value;
}

const struct object *
engine_find_object(const struct engine *e, const struct value *v)
{
	const struct member *last;

	if (v->kind != VALUE_MAP || v->count == 0)
		return NULL;
	last = &v->members[v->count - 1];
	if (!slice_is(last->key, "_id") || !(last->value->number < e->object_count))
		return NULL;
	return &e->objects[(uint32_t)last->value->number];
}

/* ---- types ---- */

bool
engine_type_matches(struct slice pattern, struct slice type)
{
	if (pattern.len > 0 && pattern.ptr[pattern.len - 1] == '*')
		return slice_starts(type, slice_sub(pattern, 0, pattern.len - 1));
	return slice_eq(pattern, type);
}

static int
by_type(const void *a, const void *b, void *project)
{
	const struct resource *all = ((struct project *)project)->resources;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = slice_cmp(all[x].type, all[y].type);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static void
index_types(struct engine *e)
{
	uint32_t n = e->project->resource_count;

	e->object_of = arena_array(e->arena, n + 1u, sizeof *e->object_of);
	e->by_type = arena_array(e->arena, n + 1u, sizeof *e->by_type);
	for (uint32_t i = 0; i < n; i++)
		e->by_type[i] = i;
	qsort_r(e->by_type, n, sizeof *e->by_type, by_type, e->project);
}

/* The first resource in by_type whose type is not less. */
static uint32_t
lower_bound(const struct engine *e, struct slice type)
{
	uint32_t low = 0, high = e->project->resource_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (slice_cmp(e->project->resources[e->by_type[middle]].type, type) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct value *
engine_objects(struct engine *e, struct slice type)
{
	const struct view *view = rules_view(e->rules, type);
	struct slice prefix = type;
	struct value_builder b;

	if (view != NULL)
		return engine_rows(e, view);
	if (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '*')
		prefix.len--;
	value_begin(&b, e->arena, VALUE_LIST, (struct span){ 0 });
	for (uint32_t i = lower_bound(e, prefix); i < e->project->resource_count; i++) {
		if (!engine_type_matches(type, e->project->resources[e->by_type[i]].type))
			break;
		value_append(&b, engine_object(e, e->by_type[i]));
	}
	return value_end(&b);
}

/* ---- frames ---- */

void
frame_init(struct frame *f, struct engine *e, uint32_t file, const struct value *self)
{
	*f = (struct frame){ .engine = e, .file = file, .self = self };
}

void
frame_lets(struct frame *f, int which, struct rule_names names)
{
	f->lets[which] = names;
	f->memo[which] = arena_array(f->engine->arena, names.count + 1u, sizeof *f->memo[which]);
}

static const struct value in_work = { .kind = VALUE_UNKNOWN };

static const struct value *
named(struct frame *f, const struct rule_names *names, const struct value **memo, struct slice name)
{
	for (uint32_t i = 0; i < names->count; i++) {
		if (!slice_eq(names->list[i].name, name))
			continue;
		if (memo[i] == &in_work)
			return value_unknown(f->engine->arena, names->list[i].span,
			    SLICE("the value depends on itself"));
		if (memo[i] == NULL) {
			memo[i] = &in_work;
			memo[i] = frame_evaluate(f, names->list[i].expression);
		}
		return memo[i];
	}
	return NULL;
}

static const struct value *
frame_root(void *ctx, struct slice name)
{
	struct frame *f = ctx;
	const struct value *v = NULL;

	if (slice_is(name, "self"))
		return f->self;
	if (slice_is(name, "it") && f->item != NULL)
		return f->item;
	for (int i = 0; i < 2 && v == NULL; i++)
		v = named(f, &f->lets[i], f->memo[i], name);
	return v;
}

/* local.x: of the same file. */
static const struct value *
frame_traverse(void *ctx, const struct hcl_step *steps, uint32_t count, uint32_t *used)
{
	struct frame *f = ctx, own;
	struct engine *e = f->engine;
	const struct rule_names *names = &e->rules->files[f->file].locals;

	if (count < 2 || !slice_is(steps[0].key->text, "local"))
		return NULL;
	if (e->locals[f->file] == NULL)
		e->locals[f->file] = arena_array(e->arena, names->count + 1u, sizeof **e->locals);
	frame_init(&own, e, f->file, &value_null);
	*used = 2;
	return named(&own, names, e->locals[f->file], steps[1].key->text);
}

const struct value *
frame_evaluate(struct frame *f, const struct hcl_expression *x)
{
	struct hcl_scope s = { .project = f->engine->project, .meter = &f->engine->meter, .ctx = f,
		.root = frame_root, .traverse = frame_traverse, .call = builtin_call, .lenient = true };

	return hcl_evaluate(x, &s);
}

/* ---- places ---- */

/* From the name of a member to the end of its value, when they are beside each other. */
static struct span
member_place(const struct engine *e, const struct member *m)
{
	struct span key = m->key_span, value = m->value->span;

	if (m->value->kind == VALUE_LIST && m->value->count > 0 && !engine_is_place(e, value))
		value = m->value->items[0]->span;
	if (!engine_is_place(e, key))
		return value;
	if (value.source == key.source && value.start >= key.start && value.end > key.end) {
		key.end = value.end;
		key.end_line = value.end_line;
	}
	return key;
}

static const struct member *
find_member(const struct value *v, struct slice key)
{
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		if (slice_eq(v->members[i].key, key))
			return &v->members[i];
	return NULL;
}

static bool
is_index(struct slice s, uint64_t *n)
{
	return s.len > 0 && slice_uint(s, n);
}

/* The place of the longest part of the path that is there. */
static bool
path_place(const struct engine *e, const struct value *v, struct slice path, struct span *out)
{
	bool whole = true;
	uint64_t n;

	while (path.len > 0 && whole) {
		struct slice step = slice_cut(&path, '.');
		const struct member *m;
		struct span at;

		if (v->kind == VALUE_LIST && is_index(step, &n)) {
			v = value_item(v, (uint32_t)n);
			if (engine_is_place(e, v->span))
				*out = v->span;
			continue;
		}
		while (v->kind == VALUE_LIST && v->count > 0)
			v = v->items[0];
		m = find_member(v, step);
		whole = m != NULL;
		if (m == NULL)
			break;
		at = member_place(e, m);
		v = m->value;
		if (engine_is_place(e, at))
			*out = at;
	}
	return whole;
}

/* In a row of a view also what it was made of: its item, then its resource. */
static bool
place_in_row(const struct engine *e, const struct value *v, struct slice path, struct span *out)
{
	static const char *const parts[] = { "item", "resource" };
	struct span found = *out;

	if (path_place(e, v, path, &found)) {
		*out = found;
		return true;
	}
	for (int i = 0; i < 2; i++) {
		const struct member *part = find_member(v, slice_of(parts[i]));

		if (part != NULL && engine_find_object(e, v) != NULL && path_place(e, part->value, path, &found)) {
			*out = found;
			return true;
		}
	}
	path_place(e, v, path, out);
	return false;
}

/* `at` is a path or several: the first that is there whole, else as far as the last goes. */
static void
find_place(struct engine *e, const struct value *v, const struct value *at, struct span *out,
    struct slice *attribute)
{
	const struct value *paths = at->kind == VALUE_STRING ? NULL : at;
	uint32_t i, n = paths == NULL ? 1 : paths->kind == VALUE_LIST ? paths->count : 0;

	for (i = 0; i < n; i++) {
		struct slice path = paths == NULL ? at->text : paths->items[i]->text;
		struct span found = *out;

		*attribute = path;
		if (place_in_row(e, v, path, &found) || i + 1 == n) {
			*out = found;
			return;
		}
	}
}

/* ---- findings ---- */

struct asking {
	struct engine           *engine;
	const struct rule_check *check;
	struct frame             frame;
	struct tally            *tally;
	bool                     failed, unknown;
};

static struct slice
message_of(struct asking *q)
{
	const struct value *v = q->check->message == NULL ? &value_null
	    : frame_evaluate(&q->frame, q->check->message);

	if (v->text.len > 0 && (v->kind == VALUE_STRING || v->kind == VALUE_UNKNOWN))
		return v->text;
	return q->check->rule->title;
}

/* The place of a project as a whole: its first resource. */
static struct span
first_place(const struct engine *e)
{
	return e->project->resource_count > 0 ? e->project->resources[0].head : (struct span){ 0 };
}

static void
report(struct asking *q, enum finding_status status, const struct value *item, const struct why *why)
{
	struct engine *e = q->engine;
	const struct object *o = item == NULL ? NULL : engine_find_object(e, item);
	const struct value *within = item == NULL ? q->frame.self : item;
	struct finding *f = findings_add(e->findings);

	if (o == NULL)
		o = engine_find_object(e, q->frame.self);
	*f = (struct finding){ .rule = q->check->rule, .check = q->check, .status = status, .why = why,
		.resource = o == NULL ? NULL : o->resource,
		.address = o == NULL ? SLICE("project") : o->resource->address,
		.span = o == NULL ? first_place(e) : o->span };
	if (item != NULL && engine_is_place(e, item->span))
		f->span = item->span;
	q->frame.item = item == NULL ? q->frame.self : item;
	if (q->check->at != NULL)
		find_place(e, within, frame_evaluate(&q->frame, q->check->at), &f->span, &f->attribute);
	f->message = message_of(q);
	if (q->check->fix != NULL && status == FINDING_FAIL)
		f->fix = frame_evaluate(&q->frame, q->check->fix);
	q->frame.item = NULL;
	if (status == FINDING_FAIL)
		q->failed = true;
	else
		q->unknown = true;
}

static void
judge(struct asking *q, const struct value *v, bool applies)
{
	uint32_t i;

	if (v->kind == VALUE_UNKNOWN)
		report(q, FINDING_UNKNOWN, NULL, v->why);
	else if (v->kind == VALUE_BOOL && v->boolean)
		report(q, applies ? FINDING_FAIL : FINDING_UNKNOWN, NULL, v->why);
	else if (v->kind == VALUE_MAP)
		report(q, applies ? FINDING_FAIL : FINDING_UNKNOWN, v, v->why);
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		report(q, applies && v->items[i]->kind != VALUE_UNKNOWN ? FINDING_FAIL : FINDING_UNKNOWN,
		    v->items[i], v->items[i]->why);
}

static void
ask(struct engine *e, const struct rule_check *c, const struct value *self)
{
	struct asking q = { .engine = e, .check = c,
		.tally = &e->findings->by_rule[c->rule - e->rules->rules] };
	const struct value *when = NULL;

	hcl_meter_init(&e->meter);
	frame_init(&q.frame, e, c->rule->file, self);
	frame_lets(&q.frame, 0, c->lets);
	frame_lets(&q.frame, 1, c->rule->lets);
	if (c->when != NULL)
		when = frame_evaluate(&q.frame, c->when);
	if (when != NULL && when->kind != VALUE_UNKNOWN && !(when->kind == VALUE_BOOL && when->boolean))
		return;
	if (c->fail != NULL)
		judge(&q, frame_evaluate(&q.frame, c->fail), when == NULL || when->kind == VALUE_BOOL);
	q.tally->failed += q.failed;
	q.tally->unknown += q.unknown && !q.failed;
	q.tally->passed += !q.unknown && !q.failed;
}

static void
ask_project(struct engine *e, const struct rule_check *c)
{
	static const struct value empty = { .kind = VALUE_MAP };

	if (e->project->resource_count > 0)
		ask(e, c, &empty);
}

static void
run_check(struct engine *e, const struct rule_check *c)
{
	for (uint32_t i = 0; i < c->block->label_count; i++) {
		struct slice type = c->block->labels[i];
		const struct value *all;

		if (slice_is(type, "project")) {
			ask_project(e, c);
			continue;
		}
		all = engine_objects(e, type);
		for (uint32_t k = 0; k < all->count; k++)
			ask(e, c, all->items[k]);
	}
}

void
engine_run(const struct rules *rules, struct project *project, struct findings *out,
    const struct rule *only)
{
	struct engine e = { .rules = rules, .project = project, .arena = project->arena, .findings = out };

	hcl_meter_init(&e.meter);
	e.rows = arena_array(e.arena, rules->view_count + 1u, sizeof *e.rows);
	e.locals = arena_array(e.arena, rules->file_count + 1u, sizeof *e.locals);
	index_types(&e);
	for (uint32_t i = 0; i < rules->rule_count; i++)
		for (uint32_t k = 0; k < rules->rules[i].check_count; k++)
			if (only == NULL || only == &rules->rules[i])
				run_check(&e, &rules->rules[i].checks[k]);
	findings_finish(out);
}
