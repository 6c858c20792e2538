/* rule.c -- see rule.h. */
#include "iac/rule.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"

const char *const severity_names[4] = { "low", "medium", "high", "critical" };

const struct control scan_controls[CONTROL_COUNT] = {
	{ "time-keeping", "Time Keeping", "TIME", "whether the clock is right now" },
	{ "communications", "Communications Security", "COMM", "the cipher a connection agrees on" },
	{ "authentication", "Authentication", "AUTHN", "who the users are, and what is in their tokens" },
	{ "authorization", "Authorization / Access Control", "AUTHZ",
	    "decisions on single patients inside the server" },
	{ "audit", "Audit", "AUDIT", "what AuditEvents hold" },
	{ "digital-signatures", "Digital Signatures", "SIGN", "signatures on resources and requests" },
	{ "attachments", "Attachments", "ATTACH", "what is in a Binary" },
	{ "labels", "Labels", "LABEL", "security labels inside resources (meta.security)" },
	{ "data-management", "Data Management Policies", "DATA", "what a consent says" },
	{ "narrative", "Narrative", "NARR", "the XHTML in text.div" },
	{ "input-validation", "Input Validation", "INPUT", "whether a payload is validated" },
};

static const struct hcl_expression *
expression(const struct hcl_body *body, const char *name)
{
	const struct hcl_attribute *a = hcl_attribute(body, name);

	return a == NULL ? NULL : a->expression;
}

/* A constant of a rule file. */
static const struct value *
constant(struct rules *r, const struct hcl_body *body, const char *name)
{
	const struct hcl_expression *e = expression(body, name);
	struct hcl_meter meter;

	hcl_meter_init(&meter);
	return e == NULL ? &value_null
	    : hcl_evaluate(e, &(struct hcl_scope){ .project = &r->project, .meter = &meter });
}

static struct slice
text_of(struct rules *r, const struct hcl_body *body, const char *name)
{
	const struct value *v = constant(r, body, name);

	return v->kind == VALUE_STRING ? slice_trim(v->text) : SLICE("");
}

static struct rule_names
names_of(const struct hcl_body *body, const char *block)
{
	const struct hcl_block *b = hcl_block(body, block, NULL);

	if (b == NULL)
		return (struct rule_names){ NULL, 0 };
	return (struct rule_names){ b->body.attributes, b->body.attribute_count };
}

static uint32_t
count_blocks(const struct hcl_body *body, const char *type)
{
	uint32_t n = 0;

	for (const struct hcl_block *b = NULL; (b = hcl_block(body, type, b)) != NULL; )
		n++;
	return n;
}

static void
wrong(struct rules *r, struct span span, const char *message)
{
	project_problem(&r->project, span, message);
}

static void *
one_more(struct rules *r, void **table, uint32_t *count, uint32_t *room, size_t size)
{
	if (*count == *room) {
		uint32_t before = *room;

		*room = before == 0 ? 16 : before * 2;
		*table = arena_grow(r->project.arena, *table, before * size, *room * size);
	}
	return (char *)*table + (*count)++ * size;
}

/* ---- rules ---- */

static struct slice
check_id(struct rules *r, const struct rule *rule, const struct hcl_block *b)
{
	struct buf text;

	buf_init(&text, r->project.arena, 1024);
	buf_add(&text, rule->id);
	buf_add_char(&text, '/');
	buf_add(&text, b->label_count > 0 ? b->labels[0] : SLICE("?"));
	return buf_slice(&text);
}

static void
read_check(struct rules *r, const struct rule *rule, const struct hcl_block *b, struct rule_check *c)
{
	*c = (struct rule_check){ .rule = rule, .block = b, .lets = names_of(&b->body, "let"),
		.when = expression(&b->body, "when"), .fail = expression(&b->body, "fail"),
		.at = expression(&b->body, "at"), .message = expression(&b->body, "message"),
		.fix = expression(&b->body, "fix"), .id = check_id(r, rule, b),
		.peers = constant(r, &b->body, "peers") };
	if (b->label_count == 0)
		wrong(r, b->head, "`on` needs the type of a resource or the name of a view");
	if (c->fail == NULL)
		wrong(r, b->head, "`on` needs `fail`");
}

static bool
read_kind(struct slice label, enum example_kind *out)
{
	static const char *const kinds[] = { "fail", "pass", "unknown" };

	for (uint32_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_is(label, kinds[i])) {
			*out = (enum example_kind)i;
			return true;
		}
	return false;
}

static void
read_example(struct rules *r, const struct hcl_block *b, struct rule_example *e)
{
	if (b->label_count != 2 || !read_kind(b->labels[0], &e->kind)) {
		wrong(r, b->head, "`example` has two labels: \"fail\", \"pass\" or \"unknown\", and a language");
		return;
	}
	e->language = b->labels[1];
	e->span = b->head;
	e->text = constant(r, &b->body, "text")->text;
	if (e->text.len == 0)
		wrong(r, b->head, "`example` needs `text`");
}

static bool
read_severity(struct slice text, enum severity *out)
{
	for (uint32_t i = 0; i < COUNT_OF(severity_names); i++)
		if (slice_is(text, severity_names[i])) {
			*out = (enum severity)i;
			return true;
		}
	return false;
}

static bool
read_control(struct slice text, uint32_t *out)
{
	for (uint32_t i = 0; i < CONTROL_COUNT; i++)
		if (slice_is(text, scan_controls[i].key)) {
			*out = i;
			return true;
		}
	return false;
}

static void
read_parts(struct rules *r, struct rule *rule, const struct hcl_body *body)
{
	const struct hcl_block *b;
	uint32_t n;

	rule->check_count = count_blocks(body, "on");
	rule->checks = arena_array(r->project.arena, rule->check_count + 1u, sizeof *rule->checks);
	for (b = NULL, n = 0; (b = hcl_block(body, "on", b)) != NULL; n++)
		read_check(r, rule, b, &rule->checks[n]);
	rule->example_count = count_blocks(body, "example");
	rule->examples = arena_array(r->project.arena, rule->example_count + 1u, sizeof *rule->examples);
	for (b = NULL, n = 0; (b = hcl_block(body, "example", b)) != NULL; n++)
		read_example(r, b, &rule->examples[n]);
}

static void
override_severity(struct rules *r, struct rule *rule)
{
	const struct value *own = value_member(value_path(r->settings, "severity"), rule->id);

	if (own->kind == VALUE_STRING)
		read_severity(own->text, &rule->severity);
}

/* The block of a rule, of which the id is known. */
static void
read_rule(struct rules *r, struct rule *rule, const struct hcl_block *b)
{
	if (!slice_is(b->type, "rule") || b->label_count != 1) {
		wrong(r, b->head, "`rule` has one label, its id");
		return;
	}
	rule->span = b->head;
	rule->title = text_of(r, &b->body, "title");
	rule->advice = text_of(r, &b->body, "advice");
	rule->cites = constant(r, &b->body, "cites");
	rule->peers = constant(r, &b->body, "peers");
	rule->conceals = constant(r, &b->body, "conceal")->boolean;
	rule->lets = names_of(&b->body, "let");
	if (!read_severity(text_of(r, &b->body, "severity"), &rule->severity))
		wrong(r, b->head, "`severity` is \"low\", \"medium\", \"high\" or \"critical\"");
	if (!read_control(text_of(r, &b->body, "control"), &rule->control))
		wrong(r, b->head, "`control` is the key of a control, \"time-keeping\" ...");
	if (rule->title.len == 0)
		wrong(r, b->head, "`rule` needs `title`");
	override_severity(r, rule);
	read_parts(r, rule, &b->body);
}

/* ---- views ---- */

static bool
is_reserved(struct slice name)
{
	return slice_is(name, "when") || slice_is(name, "each");
}

/* Attributes but `when` and `each`. */
static struct rule_names
fields_of(struct rules *r, const struct hcl_body *body)
{
	struct hcl_attribute *list = arena_array(r->project.arena, body->attribute_count + 1u, sizeof *list);
	uint32_t n = 0;

	for (uint32_t i = 0; i < body->attribute_count; i++)
		if (!is_reserved(body->attributes[i].name))
			list[n++] = body->attributes[i];
	return (struct rule_names){ list, n };
}

static struct view *
named_view(struct rules *r, struct slice name)
{
	struct view *v;

	for (uint32_t i = 0; i < r->view_count; i++)
		if (slice_eq(r->views[i].name, name))
			return &r->views[i];
	v = one_more(r, (void **)&r->views, &r->view_count, &r->view_room, sizeof *v);
	*v = (struct view){ .name = name };
	return v;
}

/* Sources of a view that come from one block. */
static void
read_view(struct rules *r, struct view *v, const struct hcl_block *block, uint32_t file)
{
	uint32_t n = count_blocks(&block->body, "from");
	const struct hcl_block *b = NULL;

	v->sources = arena_grow(r->project.arena, v->sources, v->source_count * sizeof *v->sources,
	    (v->source_count + n) * sizeof *v->sources);
	while ((b = hcl_block(&block->body, "from", b)) != NULL)
		v->sources[v->source_count++] = (struct view_source){ .block = b, .file = file,
			.lets = names_of(&b->body, "let"), .fields = fields_of(r, &b->body),
			.when = expression(&b->body, "when"), .each = expression(&b->body, "each") };
}

/* ---- parsing what is needed ---- */

static const struct hcl_block *
parse(struct rules *r, struct rule_source *t)
{
	struct hcl_body *body;

	t->parsed = true;
	hcl_parse(&r->project, t->source, &body);
	return body->block_count > 0 ? &body->blocks[0] : NULL;
}

void
rules_need(struct rules *r, struct rule *rule)
{
	const struct hcl_block *b;

	if (!rule->text.parsed && (b = parse(r, &rule->text)) != NULL)
		read_rule(r, rule, b);
}

static void
need_view(struct rules *r, struct view *v)
{
	const struct hcl_block *b;

	for (uint32_t i = 0; i < v->text_count; i++)
		if (!v->texts[i].parsed && (b = parse(r, &v->texts[i])) != NULL)
			read_view(r, v, b, v->texts[i].file);
}

void
rules_need_all(struct rules *r)
{
	for (uint32_t i = 0; i < r->view_count; i++)
		need_view(r, &r->views[i]);
	for (uint32_t i = 0; i < r->rule_count; i++)
		rules_need(r, &r->rules[i]);
}

struct asked {
	struct rules *rules;
	bool        (*has)(void *ctx, struct slice type);
	void         *ctx;
	bool         *views;            /* which have rows, perhaps */
};

static bool
may_apply(const struct asked *q, const struct rule_source *t, const char *part)
{
	for (uint32_t i = 0; i < t->part_count; i++)
		for (uint32_t k = 0; slice_is(t->parts[i].type, part) && k < t->parts[i].label_count; k++) {
			struct slice type = t->parts[i].labels[k];
			const struct view *v = rules_view(q->rules, type);

			if (v != NULL ? q->views[v - q->rules->views] : slice_is(type, "project")
			    || q->has(q->ctx, type))
				return true;
		}
	return false;
}

/* Views may be made of views: until no more is found. */
static void
need_views(struct asked *q)
{
	bool more = true;

	while (more) {
		more = false;
		for (uint32_t i = 0; i < q->rules->view_count; i++) {
			struct view *v = &q->rules->views[i];

			for (uint32_t k = 0; k < v->text_count && !q->views[i]; k++)
				q->views[i] = more = may_apply(q, &v->texts[k], "from");
		}
	}
	for (uint32_t i = 0; i < q->rules->view_count; i++)
		if (q->views[i])
			need_view(q->rules, &q->rules->views[i]);
}

void
rules_need_types(struct rules *r, bool (*has)(void *ctx, struct slice type), void *ctx)
{
	struct asked q = { r, has, ctx, arena_array(r->project.arena, r->view_count + 1u, sizeof *q.views) };

	need_views(&q);
	for (uint32_t i = 0; i < r->rule_count; i++)
		if (!r->rules[i].text.parsed && may_apply(&q, &r->rules[i].text, "on"))
			rules_need(r, &r->rules[i]);
}

/* The label that is this type, letters without case; empty: there is none. */
static struct slice
spelling_in(const struct rule_source *t, struct slice type)
{
	for (uint32_t i = 0; i < t->part_count; i++)
		for (uint32_t k = 0; k < t->parts[i].label_count; k++)
			if (slice_eq_nocase(t->parts[i].labels[k], type))
				return t->parts[i].labels[k];
	return SLICE("");
}

static struct slice
spelling(const struct rules *r, struct slice type)
{
	struct slice found = SLICE("");

	for (uint32_t i = 0; i < r->rule_count && found.len == 0; i++)
		found = spelling_in(&r->rules[i].text, type);
	for (uint32_t i = 0; i < r->view_count; i++)
		for (uint32_t k = 0; k < r->views[i].text_count && found.len == 0; k++)
			found = spelling_in(&r->views[i].texts[k], type);
	return found;
}

void
rules_spell_types(const struct rules *r, struct project *p)
{
	struct slice type, known;

	for (uint32_t i = 0; i < p->resource_count; i++) {
		type = p->resources[i].type;
		if (slice_find(type, '/') == type.len)
			continue;
		known = spelling(r, type);
		if (known.len > 0)
			p->resources[i].type = known;
	}
}

/* ---- files ---- */

static struct rule_source
block_source(struct rules *r, struct slice path, struct slice text, const struct rule_block *b, uint32_t file)
{
	uint32_t source = project_add_source(&r->project, path, slice_sub(text, b->start, b->end - b->start));

	r->project.sources[source].line = b->line;
	return (struct rule_source){ source, file, b->parts, b->part_count, false };
}

static void
add_rule(struct rules *r, struct slice path, struct slice text, const struct rule_block *b, uint32_t file)
{
	struct rule_source own = block_source(r, path, text, b, file);
	struct rule *rule;

	if (rules_find(r, b->label) != NULL) {
		wrong(r, (struct span){ own.source, 0, 0, b->line, 1, b->line },
		    "there is a rule with this id already");
		return;
	}
	rule = one_more(r, (void **)&r->rules, &r->rule_count, &r->rule_room, sizeof *rule);
	*rule = (struct rule){ .text = own, .id = b->label, .cites = &value_null, .peers = &value_null };
}

static void
add_view(struct rules *r, struct slice path, struct slice text, const struct rule_block *b, uint32_t file)
{
	struct view *v = named_view(r, b->label);

	v->texts = arena_grow(r->project.arena, v->texts, v->text_count * sizeof *v->texts,
	    (v->text_count + 1) * sizeof *v->texts);
	v->texts[v->text_count++] = block_source(r, path, text, b, file);
}

static void
add_locals(struct rules *r, struct slice path, struct slice text, const struct rule_block *b,
    struct rule_file *f)
{
	struct hcl_body *body;

	hcl_parse(&r->project, block_source(r, path, text, b, 0).source, &body);
	if (body->block_count > 0)
		f->locals = (struct rule_names){ body->blocks[0].body.attributes,
			body->blocks[0].body.attribute_count };
}

static void
add_block(struct rules *r, struct slice path, struct slice text, const struct rule_block *b, uint32_t file)
{
	if (slice_is(b->type, "rule"))
		add_rule(r, path, text, b, file);
	else if (slice_is(b->type, "view"))
		add_view(r, path, text, b, file);
	else if (slice_is(b->type, "locals"))
		add_locals(r, path, text, b, &r->files[file]);
	else
		wrong(r, (struct span){ project_add_source(&r->project, path, text), 0, 0, b->line, 1, b->line },
		    "a rule file holds `rule`, `view` and `locals`");
}

static void
add_file(struct rules *r, struct slice path, struct slice text, const struct rule_block *blocks, uint32_t count)
{
	uint32_t file = r->file_count;

	*(struct rule_file *)one_more(r, (void **)&r->files, &r->file_count, &r->file_room,
	    sizeof *r->files) = (struct rule_file){ { NULL, 0 } };
	for (uint32_t i = 0; i < count; i++)
		add_block(r, path, text, &blocks[i], file);
}

void
rules_add(struct rules *r, struct slice path, struct slice text)
{
	uint32_t source, before = r->project.problem_count;
	struct rule_index index;
	struct hcl_body *body;

	if (rule_index_read(&index, r->project.arena, text)) {
		add_file(r, path, text, index.blocks, index.count);
		return;
	}
	source = project_add_source(&r->project, path, text);
	hcl_parse(&r->project, source, &body);
	if (r->project.problem_count == before)
		wrong(r, (struct span){ source, 0, 0, 1, 1, 1 }, "the blocks of the file cannot be told apart");
}

void
rules_init(struct rules *r, struct arena *arena, const struct env *env, bool whole)
{
	memset(r, 0, sizeof *r);
	project_init(&r->project, arena, env);
	r->settings = &value_null;
	project_add_source(&r->project, SLICE(""), SLICE(""));
	for (const struct rule_text *t = rule_texts; t < rule_texts + rule_text_count; t++)
		if (whole)
			rules_add(r, t->path, t->whole);
		else
			add_file(r, t->path, t->bare, t->blocks, t->block_count);
}

void
rules_configure(struct rules *r, struct slice path, struct slice text)
{
	uint32_t source = project_add_source(&r->project, path, text);
	struct hcl_map map = { .arena = r->project.arena };
	struct hcl_body *body;

	hcl_parse(&r->project, source, &body);
	for (uint32_t i = 0; i < body->attribute_count; i++) {
		struct slice name = body->attributes[i].name;

		hcl_map_add(&map, name, body->attributes[i].name_span,
		    constant(r, body, slice_cstr(name, r->project.arena)));
	}
	r->settings = hcl_map_end(&map, body->span);
}

bool
rules_disabled(const struct rules *r, const struct rule *rule)
{
	const struct value *list = value_path(r->settings, "disable");

	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count; i++)
		if (list->items[i]->kind == VALUE_STRING && slice_eq_nocase(list->items[i]->text, rule->id))
			return true;
	return false;
}

void
rules_attach(const struct rules *r, struct project *p, struct arena *arena)
{
	project_init(p, arena, r->project.env);
	for (uint32_t i = 0; i < r->project.source_count; i++)
		project_add_source(p, r->project.sources[i].path, r->project.sources[i].text);
}

struct rule *
rules_find(const struct rules *r, struct slice id)
{
	for (uint32_t i = 0; i < r->rule_count; i++)
		if (slice_eq(r->rules[i].id, id))
			return &r->rules[i];
	return NULL;
}

const struct view *
rules_view(const struct rules *r, struct slice name)
{
	for (uint32_t i = 0; i < r->view_count; i++)
		if (slice_eq(r->views[i].name, name))
			return &r->views[i];
	return NULL;
}
