/* HCL texts as the JSON that the official parser's converter (npm @cdktf/hcl2json) prints, or YAML
 * texts as JSON, to compare them.
 *
 *   hcl_dump hcl|yaml < texts      texts end with a NUL; a line for each: JSON, or "error"
 *
 * hcl: literals, lists and objects are JSON; other expressions are "${source}"; a text with
 * interpolations is its parts.  yaml: a list of all documents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "iac/document.h"
#include "iac/hcl.h"
#include "json/json.h"

static struct slice text;               /* being read */
static struct arena *arena;

static void
add_source(struct buf *b, struct span span)
{
	buf_add(b, slice_sub(text, span.start, span.end - span.start));
}

static void add_part(struct buf *b, const struct hcl_expression *e);

/* "$${" and "%%{" stay escaped. */
static void
add_text(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (i + 1 < s.len && s.ptr[i + 1] == '{' && (s.ptr[i] == '$' || s.ptr[i] == '%'))
			buf_add_char(b, s.ptr[i]);
		buf_add_char(b, s.ptr[i]);
	}
}

static bool
is_empty(const struct hcl_expression *e)
{
	return (e->kind == HCL_LITERAL && e->literal->kind == VALUE_STRING && e->literal->text.len == 0)
	    || (e->kind == HCL_TEMPLATE && e->count == 0);
}

/* %{ if } as it was written, nearly. */
static void
add_conditional(struct buf *b, const struct hcl_expression *e)
{
	buf_add_cstr(b, "%{if ");
	add_source(b, e->items[0]->span);
	buf_add_cstr(b, "}");
	add_part(b, e->items[1]);
	if (!is_empty(e->items[2])) {
		buf_add_cstr(b, "%{else}");
		add_part(b, e->items[2]);
	}
	buf_add_cstr(b, "%{endif}");
}

/* "${x}" alone is x. */
static const struct hcl_expression *
unwrapped(const struct hcl_expression *e)
{
	while (e->kind == HCL_PARENTHESES && slice_sub(text, e->span.start, 1).ptr[0] != '(')
		e = e->items[0];
	return e;
}

static void
add_part(struct buf *b, const struct hcl_expression *e)
{
	e = unwrapped(e);
	if (e->kind == HCL_LITERAL && e->literal->kind == VALUE_STRING) {
		add_text(b, e->literal->text);
	} else if (e->kind == HCL_LITERAL && e->literal->kind != VALUE_NULL) {
		buf_add(b, hcl_to_string(arena, e->literal)->text);
	} else if (e->kind == HCL_TEMPLATE) {
		for (uint32_t i = 0; i < e->count; i++)
			add_part(b, e->items[i]);
	} else if (e->kind == HCL_CONDITIONAL && slice_sub(text, e->span.start, 2).ptr[0] == '%') {
		add_conditional(b, e);
	} else {
		buf_add_cstr(b, "${");
		add_source(b, e->span);
		buf_add_cstr(b, "}");
	}
}

static void expression(struct buf *out, const struct hcl_expression *e);

static void
object(struct buf *out, const struct hcl_expression *e)
{
	buf_add_char(out, '{');
	for (uint32_t i = 0; i + 1 < e->count; i += 2) {
		struct buf key;

		buf_init(&key, arena, 1 << 20);
		if (e->items[i]->kind == HCL_ROOT)
			buf_add(&key, e->items[i]->name);
		else
			add_part(&key, e->items[i]);
		if (i > 0)
			buf_add_char(out, ',');
		json_write_string(out, buf_slice(&key));
		buf_add_char(out, ':');
		expression(out, e->items[i + 1]);
	}
	buf_add_char(out, '}');
}

/* -1 and !true are values; NULL for others. */
static const struct value *
constant(const struct hcl_expression *e)
{
	struct hcl_meter m;
	struct project p;
	struct hcl_scope s = { .project = &p, .meter = &m };
	const struct value *v;

	if (e->kind != HCL_UNARY || e->items[0]->kind != HCL_LITERAL)
		return NULL;
	project_init(&p, arena, NULL);
	hcl_meter_init(&m);
	v = hcl_evaluate(e, &s);
	return v->kind == VALUE_UNKNOWN ? NULL : v;
}

static void
expression(struct buf *out, const struct hcl_expression *e)
{
	const struct value *v;
	struct buf b;

	e = unwrapped(e);
	v = e->kind == HCL_LITERAL ? e->literal : constant(e);
	if (v != NULL && v->kind == VALUE_STRING) {
		buf_init(&b, arena, 16 << 20);
		add_text(&b, v->text);
		json_write_string(out, buf_slice(&b));
		return;
	}
	if (v != NULL) {
		hcl_write_json(out, arena, v, 0);
		return;
	}
	if (e->kind == HCL_OBJECT) {
		object(out, e);
		return;
	}
	if (e->kind == HCL_TUPLE) {
		buf_add_char(out, '[');
		for (uint32_t i = 0; i < e->count; i++) {
			if (i > 0)
				buf_add_char(out, ',');
			expression(out, e->items[i]);
		}
		buf_add_char(out, ']');
		return;
	}
	buf_init(&b, arena, 16 << 20);
	add_part(&b, e);
	json_write_string(out, buf_slice(&b));
}

/* ---- bodies: blocks of one path are a list ---- */

struct tree {
	struct slice       name;
	bool               leaf;
	const struct hcl_block **blocks;        /* of a leaf */
	uint32_t           block_count;
	struct tree       *children, *next;
};

static struct tree *
child(struct tree *t, struct slice name, bool leaf)
{
	struct tree **at = &t->children;

	while (*at != NULL && !(slice_eq((*at)->name, name) && (*at)->leaf == leaf))
		at = &(*at)->next;
	if (*at == NULL) {
		*at = arena_alloc(arena, sizeof **at);
		(*at)->name = name;
		(*at)->leaf = leaf;
	}
	return *at;
}

static void
plant(struct tree *root, const struct hcl_block *b)
{
	struct tree *t = child(root, b->type, b->label_count == 0);

	for (uint32_t i = 0; i < b->label_count; i++)
		t = child(t, b->labels[i], i + 1 == b->label_count);
	t->blocks = arena_grow(arena, (void *)t->blocks, t->block_count * sizeof(void *),
	    (t->block_count + 1) * sizeof(void *));
	t->blocks[t->block_count++] = b;
}

static void body(struct buf *out, const struct hcl_body *);

static void
children(struct buf *out, const struct tree *t, bool first)
{
	for (t = t->children; t != NULL; t = t->next) {
		if (!first)
			buf_add_char(out, ',');
		first = false;
		json_write_string(out, t->name);
		buf_add_char(out, ':');
		if (!t->leaf) {
			buf_add_char(out, '{');
			children(out, t, true);
			buf_add_char(out, '}');
			continue;
		}
		buf_add_char(out, '[');
		for (uint32_t i = 0; i < t->block_count; i++) {
			if (i > 0)
				buf_add_char(out, ',');
			body(out, &t->blocks[i]->body);
		}
		buf_add_char(out, ']');
	}
}

static void
body(struct buf *out, const struct hcl_body *of)
{
	struct tree root = { 0 };

	buf_add_char(out, '{');
	for (uint32_t i = 0; i < of->attribute_count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_write_string(out, of->attributes[i].name);
		buf_add_char(out, ':');
		expression(out, of->attributes[i].expression);
	}
	for (uint32_t i = 0; i < of->block_count; i++)
		plant(&root, &of->blocks[i]);
	children(out, &root, of->attribute_count == 0);
	buf_add_char(out, '}');
}

static bool
dump_hcl(struct project *p, struct buf *out)
{
	struct hcl_body *root;

	if (!hcl_parse(p, 0, &root))
		return false;
	body(out, root);
	return true;
}

static bool
dump_yaml(struct project *p, struct buf *out)
{
	const struct value **documents;
	uint32_t count;

	if (!document_yaml(p, 0, YAML_1_2_CORE, &documents, &count))
		return false;
	buf_add_char(out, '[');
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		hcl_write_json(out, arena, documents[i], 0);
	}
	buf_add_char(out, ']');
	return true;
}

int
main(int argc, char **argv)
{
	bool yaml = argc > 1 && strcmp(argv[1], "yaml") == 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getdelim(&line, &room, '\0', stdin)) > 0) {
		struct project p;
		struct buf out;

		if (line[n - 1] == '\0')
			n--;
		arena = arena_new(1 << 16);
		text = slice_make(line, (size_t)n);
		project_init(&p, arena, NULL);
		project_add_source(&p, SLICE("x"), text);
		buf_init(&out, arena, 64 << 20);
		if (yaml ? dump_yaml(&p, &out) : dump_hcl(&p, &out))
			printf("%.*s\n", SLICE_FMT(buf_slice(&out)));
		else
			printf("error %u:%u %.*s\n", p.problem_count > 0 ? p.problems[0].span.line : 0,
			    p.problem_count > 0 ? p.problems[0].span.column : 0, p.problem_count > 0
			    ? (int)p.problems[0].message.len : 0, p.problem_count > 0 ? p.problems[0].message.ptr : "");
		arena_free(arena);
	}
	free(line);
	return 0;
}
