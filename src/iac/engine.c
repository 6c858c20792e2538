/* engine.c -- see engine.h. */
#include "iac/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/value_copy.h"

/* ---- what is kept and what passes ---- */

struct project *
engine_keep(struct engine *e)
{
	struct project *before = e->current;

	e->current = &e->kept;
	return before;
}

void
engine_pass(struct engine *e, struct project *before)
{
	e->current = before;
}

/* ---- objects ---- */

static const char *const language_names[] = { "terraform", "plan", "cloudformation", "kubernetes",
	"compose", "dockerfile", "arm", "ansible", "cloud-init" };

bool
engine_is_place(const struct engine *e, struct span s)
{
	return s.source >= e->rules->project.source_count && s.source < e->project->source_count
	    && s.line > 0;
}

static uint32_t *
slot_of(const struct engine *e, const struct member *members)
{
	uint64_t hash = (uint64_t)(uintptr_t)members * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(hash >> 32) & (e->slot_room - 1);

	while (e->slots[i] != 0 && e->objects[e->slots[i] - 1].value->members != members)
		i = (i + 1) & (e->slot_room - 1);
	return &e->slots[i];
}

static void
grow_objects(struct engine *e)
{
	uint32_t before = e->object_room;

	e->object_room = before == 0 ? e->project->resource_count + 64 : before * 2;
	e->objects = arena_grow(e->arena, e->objects, before * sizeof *e->objects,
	    e->object_room * sizeof *e->objects);
	for (e->slot_room = 128; e->slot_room < e->object_room * 2; e->slot_room *= 2)
		;
	e->slots = arena_array(e->arena, e->slot_room, sizeof *e->slots);
	for (uint32_t i = 0; i < e->object_count; i++)
		*slot_of(e, e->objects[i].value->members) = i + 1;
}

/* The same with members of its own, none when it is no map. */
static const struct value *
with_own_members(struct engine *e, const struct value *v)
{
	struct value *own = arena_alloc(e->arena, sizeof *own);

	*own = *v;
	own->kind = VALUE_MAP;
	own->count = v->kind == VALUE_MAP ? v->count : 0;
	own->members = arena_array(e->arena, own->count + 1u, sizeof *own->members);
	if (own->count > 0)
		memcpy(own->members, v->members, own->count * sizeof *own->members);
	return own;
}

/* An object is known by its members: what has none, or those of another object, gets some of its own. */
const struct value *
engine_add_object(struct engine *e, const struct object *o)
{
	struct object *new;

	if (e->object_count == e->object_room)
		grow_objects(e);
	new = &e->objects[e->object_count];
	*new = *o;
	if (o->value->kind != VALUE_MAP || o->value->members == NULL || *slot_of(e, o->value->members) != 0)
		new->value = with_own_members(e, o->value);
	*slot_of(e, e->objects[e->object_count].value->members) = e->object_count + 1;
	return e->objects[e->object_count++].value;
}

const struct value *
engine_object(struct engine *e, uint32_t resource)
{
	const struct resource *r = &e->project->resources[resource];
	uint32_t *id = &e->object_of[resource];

	if (*id == 0) {
		*id = e->object_count + 1;
		engine_add_object(e, &(struct object){ .value = r->attributes, .resource = r, .span = r->span });
	}
	return e->objects[*id - 1].value;
}

const struct object *
engine_find_object(const struct engine *e, const struct value *v)
{
	uint32_t id = v->kind != VALUE_MAP || v->members == NULL || e->slot_room == 0 ? 0
	    : *slot_of(e, v->members);

	return id == 0 ? NULL : &e->objects[id - 1];
}

const struct value *
engine_objects(struct engine *e, struct slice type)
{
	const struct view *view = rules_view(e->rules, type);
	struct type_list *list;
	struct value_builder b;
	uint32_t from, to;

	if (view != NULL)
		return engine_rows(e, view);
	for (list = e->lists; list != NULL; list = list->next)
		if (slice_eq(list->type, type))
			return list->objects;
	graph_types(e->graph, type, &from, &to);
	value_begin(&b, e->arena, VALUE_LIST, (struct span){ 0 });
	for (; from < to; from++)
		value_append(&b, engine_object(e, e->graph->by_type[from]));
	list = arena_alloc(e->arena, sizeof *list);
	*list = (struct type_list){ slice_dup(type, e->arena), value_end(&b), e->lists };
	e->lists = list;
	return list->objects;
}

/* ---- what the engine knows of an object ---- */

static struct slice file_of(struct engine *e, const struct resource *r)
{
	return e->project->sources[r->span.source].path;
}

static struct slice language_of(struct engine *e, const struct resource *r)
{
	(void)e;
	return slice_of(language_names[r->language]);
}

static struct slice address_of(struct engine *e, const struct resource *r) { (void)e; return r->address; }
static struct slice type_of(struct engine *e, const struct resource *r) { (void)e; return r->type; }
static struct slice own_name_of(struct engine *e, const struct resource *r) { (void)e; return r->name; }
static struct slice module_of(struct engine *e, const struct resource *r) { (void)e; return r->module; }

static const struct {
	const char *name;
	struct slice (*text)(struct engine *, const struct resource *);
} known[] = {
	{ "_address", address_of }, { "_type", type_of },   { "_name", own_name_of },
	{ "_module", module_of },   { "_file", file_of },   { "_language", language_of },
};

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
	f->memo[which] = arena_array(f->engine->current->arena, names.count + 1u, sizeof *f->memo[which]);
}

static const struct value in_work = { .kind = VALUE_UNKNOWN };

static const struct value *
named(struct frame *f, const struct rule_names *names, const struct value **memo, struct slice name)
{
	for (uint32_t i = 0; i < names->count; i++) {
		if (!slice_eq(names->list[i].name, name))
			continue;
		if (memo[i] == &in_work)
			return value_unknown(f->engine->current->arena, names->list[i].span,
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
	if (slice_is(name, "config"))
		return f->engine->rules->settings;
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
	struct project *before;
	const struct value *v;

	if (count < 2 || !slice_is(steps[0].key->text, "local"))
		return NULL;
	if (e->locals[f->file] == NULL)
		e->locals[f->file] = arena_array(e->arena, names->count + 1u, sizeof **e->locals);
	before = engine_keep(e);
	frame_init(&own, e, f->file, &value_null);
	*used = 2;
	v = named(&own, names, e->locals[f->file], steps[1].key->text);
	engine_pass(e, before);
	return v;
}

static const struct value *
frame_member(void *ctx, const struct value *map, struct slice name)
{
	struct engine *e = ((struct frame *)ctx)->engine;
	const struct object *o = engine_find_object(e, map);

	if (o == NULL)
		return NULL;
	for (size_t i = 0; name.len > 0 && name.ptr[0] == '_' && i < COUNT_OF(known); i++)
		if (slice_is(name, known[i].name))
			return value_string(e->current->arena, o->resource->head, known[i].text(e, o->resource));
	return o->row_of == NULL ? NULL : engine_field(e, o, name);
}

const struct value *
frame_evaluate(struct frame *f, const struct hcl_expression *x)
{
	struct hcl_scope s = { .project = f->engine->current, .meter = &f->engine->meter, .ctx = f,
		.root = frame_root, .traverse = frame_traverse, .call = builtin_call, .member = frame_member,
		.lenient = true };

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

/* Where something stands, and how it came to be. */
struct place {
	struct span       span;
	const struct why *why;
};

static void
put_place(const struct engine *e, struct place *out, struct span span, const struct value *v)
{
	if (engine_is_place(e, span))
		*out = (struct place){ span, v->why };
}

/* The place of the longest part of the path that is there. */
static bool
path_place(const struct engine *e, const struct value *v, struct slice path, struct place *out)
{
	bool whole = true;
	uint64_t n;

	while (path.len > 0 && whole) {
		struct slice step = slice_cut(&path, '.');
		const struct member *m;

		if (v->kind == VALUE_LIST && is_index(step, &n)) {
			v = value_item(v, (uint32_t)n);
			put_place(e, out, v->span, v);
			continue;
		}
		while (v->kind == VALUE_LIST && v->count > 0)
			v = v->items[0];
		m = find_member(v, step);
		whole = m != NULL;
		if (m == NULL)
			break;
		v = m->value;
		put_place(e, out, member_place(e, m), v);
	}
	return whole;
}

/* In a row of a view also what it was made of: its item, then its resource. */
static bool
place_in_row(struct engine *e, const struct value *v, struct slice path, struct place *out)
{
	const struct object *row = engine_find_object(e, v);
	struct slice rest = path, name = slice_cut(&rest, '.');
	const struct value *field;

	if (row == NULL || row->row_of == NULL)
		return path_place(e, v, path, out);
	if (row->item != NULL && path_place(e, row->item, path, &(struct place){ 0 }))
		return path_place(e, row->item, path, out);
	if (path_place(e, row->self, path, &(struct place){ 0 }))
		return path_place(e, row->self, path, out);
	field = engine_field(e, row, name);
	if (field == NULL || field->kind == VALUE_NULL)
		return row->item != NULL && path_place(e, row->item, path, out);
	put_place(e, out, field->span, field);
	return path_place(e, field, rest, out);
}

/* `at` is a path or several: the first that is there whole, else as far as the last goes. */
static void
find_place(struct engine *e, const struct value *v, const struct value *at, struct place *out,
    struct slice *attribute)
{
	const struct value *paths = at->kind == VALUE_STRING ? NULL : at;
	uint32_t i, n = paths == NULL ? 1 : paths->kind == VALUE_LIST ? paths->count : 0;

	for (i = 0; i < n; i++) {
		struct slice path = paths == NULL ? at->text : paths->items[i]->text;
		struct place found = *out;

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
		return slice_dup(v->text, q->engine->arena);
	return q->check->rule->title;
}

/* The place of a project as a whole: its first resource. */
static struct span
first_place(const struct engine *e)
{
	return e->project->resource_count > 0 ? e->project->resources[0].head : (struct span){ 0 };
}

/* The part of a file that a failing item, or a row, is made of. */
static const struct value *
part_of(struct engine *e, const struct value *self, const struct value *item, struct value_copier *c)
{
	const struct object *o = engine_find_object(e, item != NULL ? item : self);

	if (o == NULL)
		return item != NULL && engine_is_place(e, item->span) ? value_copy(c, item) : NULL;
	return o->row_of != NULL && o->item != NULL ? o->item : NULL;
}

static void
report(struct asking *q, enum finding_status status, const struct value *item, const struct why *why)
{
	struct engine *e = q->engine;
	const struct object *o = item == NULL ? NULL : engine_find_object(e, item);
	const struct value *within = item == NULL ? q->frame.self : item, *fix;
	struct finding *f = findings_add(e->findings);
	struct value_copier copier;
	struct place place;

	if (o == NULL)
		o = engine_find_object(e, q->frame.self);
	value_copier_init(&copier, e->arena, e->scratch, NULL, 0);
	copier.only = e->scratch;
	*f = (struct finding){ .rule = q->check->rule, .check = q->check, .status = status,
		.resource = o == NULL ? NULL : o->resource,
		.address = o == NULL ? SLICE("project") : o->resource->address };
	place = (struct place){ o == NULL ? first_place(e) : o->span, NULL };
	if (item != NULL)
		put_place(e, &place, item->span, item);
	q->frame.item = item == NULL ? q->frame.self : item;
	if (q->check->at != NULL)
		find_place(e, within, frame_evaluate(&q->frame, q->check->at), &place, &f->attribute);
	f->span = place.span;
	f->why = value_copy_why(&copier, why != NULL ? why : place.why);
	f->attribute = slice_dup(f->attribute, e->arena);
	f->message = message_of(q);
	fix = q->check->fix == NULL || status != FINDING_FAIL ? NULL : frame_evaluate(&q->frame, q->check->fix);
	f->fix = fix == NULL ? NULL : value_copy(&copier, fix);
	f->within = fix == NULL ? NULL : part_of(e, q->frame.self, item, &copier);
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
	frame_init(&q.frame, e, c->rule->text.file, self);
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
ask_and_forget(struct engine *e, const struct rule_check *c, const struct value *self)
{
	ask(e, c, self);
	arena_reset(e->scratch);
}

static void
run_check(struct engine *e, const struct rule_check *c)
{
	static const struct value empty = { .kind = VALUE_MAP };

	for (uint32_t i = 0; i < c->block->label_count; i++) {
		struct slice type = c->block->labels[i];
		const struct value *all;

		if (slice_is(type, "project")) {
			if (e->project->resource_count > 0)
				ask_and_forget(e, c, &empty);
			continue;
		}
		all = engine_objects(e, type);
		for (uint32_t k = 0; k < all->count; k++)
			ask_and_forget(e, c, all->items[k]);
	}
}

/* ---- all ---- */

enum { WORTH_A_THREAD = 500 };          /* resources */

struct run {
	const struct rules   *rules;
	const struct project *project;
	const struct graph   *graph;
	const struct rule    *only;
	atomic_uint           next;             /* rule */
};

/* One of the threads: an engine of its own, with findings of its own. */
struct worker {
	struct run     *run;
	struct engine   engine;
	struct findings findings;
};

static void
prepare(struct worker *w, struct run *r, struct arena *arena, struct tally *by_rule)
{
	struct engine *e = &w->engine;

	*w = (struct worker){ .run = r };
	*e = (struct engine){ .rules = r->rules, .project = r->project, .arena = arena, .graph = r->graph,
		.findings = &w->findings, .kept = *r->project, .passing = *r->project };
	e->kept.arena = arena;
	e->scratch = e->passing.arena = arena_new(1 << 14);
	e->current = &e->passing;
	e->rows = arena_array(arena, r->rules->view_count + 1u, sizeof *e->rows);
	e->locals = arena_array(arena, r->rules->file_count + 1u, sizeof *e->locals);
	e->object_of = arena_array(arena, r->project->resource_count + 1u, sizeof *e->object_of);
	w->findings = (struct findings){ .rules = r->rules, .project = &e->kept, .by_rule = by_rule };
}

static void *
work(void *ctx)
{
	struct worker *w = ctx;
	const struct rules *rules = w->run->rules;
	uint32_t i;

	while ((i = atomic_fetch_add(&w->run->next, 1)) < rules->rule_count) {
		const struct rule *r = &rules->rules[i];

		if (w->run->only != NULL ? r != w->run->only : rules_disabled(rules, r))
			continue;
		for (uint32_t k = 0; k < r->check_count; k++)
			run_check(&w->engine, &r->checks[k]);
	}
	arena_free(w->engine.scratch);
	return NULL;
}

static void
free_arena(void *arena)
{
	arena_free(arena);
}

static void
take_findings(struct findings *to, const struct findings *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		*findings_add(to) = from->list[i];
}

/* All that may be asked for: nothing is added to it behind this. */
static void
make_all_objects(struct engine *e)
{
	for (uint32_t i = 0; i < e->project->resource_count; i++)
		engine_object(e, i);
	for (uint32_t i = 0; i < e->rules->view_count; i++) {
		engine_rows(e, &e->rules->views[i]);
		arena_reset(e->scratch);
	}
}

/* Rules are shared out between two threads.  They see the same objects, lists and indexes are their
 * own. */
static void
run_in_two(struct worker *first, struct run *r, struct findings *out)
{
	struct arena *arena = arena_new(1 << 16);
	struct worker second;
	pthread_t thread;

	arena_defer(r->project->arena, free_arena, arena);
	make_all_objects(&first->engine);
	prepare(&second, r, arena, out->by_rule);
	second.engine.objects = first->engine.objects;
	second.engine.object_count = second.engine.object_room = first->engine.object_count;
	second.engine.slots = first->engine.slots;
	second.engine.slot_room = first->engine.slot_room;
	second.engine.object_of = first->engine.object_of;
	second.engine.rows = first->engine.rows;
	if (pthread_create(&thread, NULL, work, &second) != 0) {
		arena_free(second.engine.scratch);
		work(first);
		return;
	}
	work(first);
	pthread_join(thread, NULL);
	take_findings(out, &second.findings);
}

void
engine_run(const struct rules *rules, struct project *project, struct findings *out,
    const struct rule *only)
{
	struct run r = { .rules = rules, .project = project, .only = only };
	struct worker first;
	struct graph graph;

	graph_init(&graph, project->arena, project);
	r.graph = &graph;
	prepare(&first, &r, project->arena, out->by_rule);
	if (project->resource_count >= WORTH_A_THREAD && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		run_in_two(&first, &r, out);
	else
		work(&first);
	take_findings(out, &first.findings);
	findings_finish(out);
}
