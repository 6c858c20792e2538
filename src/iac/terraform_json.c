/* terraform_json.c -- see terraform_json.h. */
#include "iac/terraform_json.h"

#include "base/arena.h"
#include "base/attr.h"
#include "iac/document.h"

enum { LABELS_MAX = 2, DEPTH_MAX = 100 };

struct reader {
	struct project *project;
	struct arena   *arena;
	bool            clean;
};

/* ---- expressions ---- */

static struct hcl_expression *
node(struct reader *r, enum hcl_kind kind, struct span span, uint32_t count)
{
	struct hcl_expression *e = arena_alloc(r->arena, sizeof *e);

	e->kind = (uint8_t)kind;
	e->span = span;
	e->count = count;
	if (count > 0)
		e->items = arena_array(r->arena, count, sizeof *e->items);
	return e;
}

static struct hcl_expression *
literal(struct reader *r, const struct value *v)
{
	struct hcl_expression *e = node(r, HCL_LITERAL, v->span, 0);

	e->literal = v;
	return e;
}

/* The parts of a template stand where the text does that holds it. */
static void
move(struct hcl_expression *e, struct span span)
{
	if (e == NULL)
		return;
	e->span = span;
	for (uint32_t i = 0; i < e->count; i++)
		move(e->items[i], span);
}

static bool
has_template(struct slice s)
{
	return s.len > 1 && (memmem(s.ptr, s.len, "${", 2) != NULL || memmem(s.ptr, s.len, "%{", 2) != NULL);
}

static struct hcl_expression *
template(struct reader *r, const struct value *v)
{
	uint32_t before = r->project->problem_count;
	struct hcl_expression *e;

	if (!has_template(v->text))
		return literal(r, v);
	e = hcl_parse_template(r->project, project_add_source(r->project, r->project->sources[v->span.source].path,
	    v->text));
	if (e == NULL) {
		r->project->problem_count = before;
		project_problem(r->project, v->span, "the template in this text cannot be read");
		r->clean = false;
		return literal(r, value_unknown(r->arena, v->span, SLICE("the template cannot be read")));
	}
	move(e, v->span);
	return e;
}

static struct hcl_expression *expression(struct reader *, const struct value *);

static struct hcl_expression *
object(struct reader *r, const struct value *v)
{
	struct hcl_expression *e = node(r, HCL_OBJECT, v->span, 2 * v->count);
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->count; i++) {
		const struct member *m = &v->members[i];

		if (slice_is(m->key, "//"))
			continue;
		e->items[n++] = template(r, value_string(r->arena, m->key_span, m->key));
		e->items[n++] = expression(r, m->value);
	}
	e->count = n;
	return e;
}

/* A document is bounded in depth. */
static struct hcl_expression *
expression(struct reader *r, const struct value *v)
{
	struct hcl_expression *e;

	if (v->kind == VALUE_STRING)
		return template(r, v);
	if (v->kind == VALUE_MAP)
		return object(r, v);
	if (v->kind != VALUE_LIST)
		return literal(r, v);
	e = node(r, HCL_TUPLE, v->span, v->count);
	for (uint32_t i = 0; i < v->count; i++)
		e->items[i] = expression(r, v->items[i]);
	return e;
}

struct hcl_expression *
terraform_json_expression(struct project *p, const struct value *v)
{
	struct reader r = { p, p->arena, true };

	return expression(&r, v);
}

/* ---- bodies ---- */

static struct hcl_block *
add_block(struct reader *r, struct hcl_body *body, struct slice type, struct span head)
{
	uint32_t n = body->block_count;
	struct hcl_block *b;

	if ((n & (n - 1)) == 0)
		body->blocks = arena_grow(r->arena, body->blocks, n * sizeof *body->blocks,
		    (n == 0 ? 1 : n * 2) * sizeof *body->blocks);
	b = &body->blocks[body->block_count++];
	*b = (struct hcl_block){ .type = type, .head = head };
	return b;
}

static void
add_attribute(struct reader *r, struct hcl_body *body, const struct member *m)
{
	uint32_t n = body->attribute_count;
	struct span span = m->key_span;

	span.end = m->value->span.end > span.end ? m->value->span.end : span.end;
	span.end_line = m->value->span.end_line > span.end_line ? m->value->span.end_line : span.end_line;
	if ((n & (n - 1)) == 0)
		body->attributes = arena_grow(r->arena, body->attributes, n * sizeof *body->attributes,
		    (n == 0 ? 1 : n * 2) * sizeof *body->attributes);
	body->attributes[body->attribute_count++] = (struct hcl_attribute){ m->key, span, m->key_span,
		expression(r, m->value) };
}

static void body_of(struct reader *, struct hcl_body *, const struct value *, uint32_t depth);

/* Bodies below `labels` more names; a list holds several of them. */
static void
blocks(struct reader *r, struct hcl_body *to, const struct member *m, struct slice type, struct slice *labels,
    uint32_t count, uint32_t wanted, uint32_t depth)
{
	const struct value *v = m->value;
	struct hcl_block *b;

	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		blocks(r, to, &(struct member){ m->key, m->key_span, v->items[i] }, type, labels, count, wanted, depth);
	if (v->kind != VALUE_MAP)
		return;
	for (uint32_t i = 0; count < wanted && i < v->count; i++) {
		if (slice_is(v->members[i].key, "//"))
			continue;
		labels[count] = v->members[i].key;
		blocks(r, to, &v->members[i], type, labels, count + 1, wanted, depth);
	}
	if (count < wanted)
		return;
	b = add_block(r, to, type, m->key_span);
	b->labels = arena_array(r->arena, wanted + 1u, sizeof *b->labels);
	for (uint32_t i = 0; i < wanted; i++)
		b->labels[i] = labels[i];
	b->label_count = wanted;
	b->span = m->key_span;
	b->span.end = v->span.end;
	b->span.end_line = v->span.end_line;
	b->body.span = v->span;
	body_of(r, &b->body, v, depth + 1);
}

static void
body_of(struct reader *r, struct hcl_body *body, const struct value *v, uint32_t depth)
{
	struct slice labels[LABELS_MAX];

	for (uint32_t i = 0; depth < DEPTH_MAX && i < v->count; i++) {
		const struct member *m = &v->members[i];

		if (slice_is(m->key, "//"))
			continue;
		if (slice_is(m->key, "dynamic") && m->value->kind != VALUE_STRING)
			blocks(r, body, m, SLICE("dynamic"), labels, 0, 1, depth);
		else if (slice_is(m->key, "content") && depth > 1 && m->value->kind == VALUE_MAP)
			blocks(r, body, m, SLICE("content"), labels, 0, 0, depth);
		else
			add_attribute(r, body, m);
	}
}

static const struct known {
	const char *type;
	uint32_t    labels;
} known[] = {
	{ "resource", 2 }, { "data", 2 }, { "ephemeral", 2 }, { "variable", 1 }, { "output", 1 }, { "module", 1 },
	{ "provider", 1 }, { "check", 1 }, { "locals", 0 }, { "terraform", 0 }, { "moved", 0 }, { "import", 0 },
	{ "removed", 0 },
};

static void
top(struct reader *r, struct hcl_body *body, const struct value *v)
{
	struct slice labels[LABELS_MAX];

	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		if (v->items[i]->kind == VALUE_MAP)
			top(r, body, v->items[i]);
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++) {
		const struct member *m = &v->members[i];

		for (size_t k = 0; k < COUNT_OF(known); k++)
			if (slice_is(m->key, known[k].type))
				blocks(r, body, m, m->key, labels, 0, known[k].labels, 0);
	}
}

bool
terraform_json_parse(struct project *p, uint32_t source, struct hcl_body **out)
{
	struct reader r = { p, p->arena, true };
	const struct value *document;
	struct hcl_body *body = arena_alloc(p->arena, sizeof *body);

	r.clean = document_json(p, source, JSON_STRICT, &document);
	body->span = document->span;
	top(&r, body, document);
	*out = body;
	return r.clean;
}
