/* fix.c -- see fix.h. */
#include "iac/fix.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "json/json.h"

enum { TEXT_MAX = 1 << 16 };

struct editing {
	const struct findings *findings;
	const struct finding  *finding;
	struct arena          *arena;
	struct slice           text;            /* of the source */
	struct buf             out;
};

static char
byte_at(const struct editing *e, size_t at)
{
	return at < e->text.len ? e->text.ptr[at] : '\0';
}

static bool
is_hcl(const struct editing *e)
{
	return e->finding->resource->language == LANGUAGE_TERRAFORM;
}

/* Scalars, and lists of them, are written alike in HCL, JSON and flow YAML. */
static void
add_value(struct editing *e, const struct value *v)
{
	hcl_write_json(&e->out, e->arena, v, 0);
}

static void
add_spaces(struct editing *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		buf_add_char(&e->out, ' ');
}

/* Members that are maps in HCL, not blocks. */
static bool
is_hcl_map(struct slice name)
{
	static const char *const maps[] = { "tags", "labels", "metadata", "annotations", "environment" };

	for (size_t i = 0; i < COUNT_OF(maps); i++)
		if (slice_is(name, maps[i]))
			return true;
	return false;
}

/* "a.b" = v as nested blocks or mappings, a line each. */
static void
add_lines(struct editing *e, struct slice path, const struct value *v, uint32_t indent)
{
	struct slice rest = path, name = slice_cut(&rest, '.');
	bool last = rest.len == 0;

	add_spaces(e, indent);
	buf_add(&e->out, name);
	if (last) {
		buf_add_cstr(&e->out, is_hcl(e) ? " = " : ": ");
		add_value(e, v);
		buf_add_char(&e->out, '\n');
		return;
	}
	buf_add_cstr(&e->out, !is_hcl(e) ? ":\n" : is_hcl_map(name) ? " = {\n" : " {\n");
	add_lines(e, rest, v, indent + 2);
	if (is_hcl(e)) {
		add_spaces(e, indent);
		buf_add_cstr(&e->out, "}\n");
	}
}

/* The same on one line, as JSON or flow YAML. */
static void
add_flow(struct editing *e, struct slice path, const struct value *v, bool quoted)
{
	struct slice rest = path, name = slice_cut(&rest, '.');

	if (quoted)
		json_write_string(&e->out, name);
	else
		buf_add(&e->out, name);
	buf_add_cstr(&e->out, ": ");
	if (rest.len == 0) {
		add_value(e, v);
		return;
	}
	buf_add_char(&e->out, '{');
	add_flow(e, rest, v, quoted);
	buf_add_char(&e->out, '}');
}

/* ---- where ---- */

/* As far as the path goes: the value there, what is left of the path, and the member. */
static const struct value *
follow(const struct value *v, struct slice *path, const struct member **member)
{
	*member = NULL;
	while (path->len > 0) {
		struct slice rest = *path, name = slice_cut(&rest, '.');
		const struct member *found = NULL;
		uint64_t index;

		if (v->kind == VALUE_LIST && slice_uint(name, &index) && index < v->count) {
			v = v->items[index];
			*path = rest;
			continue;
		}
		while (v->kind == VALUE_LIST && v->count > 0)
			v = v->items[0];
		for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count && found == NULL; i++)
			if (slice_eq(v->members[i].key, name))
				found = &v->members[i];
		if (found == NULL)
			return v;
		*member = found;
		v = found->value;
		*path = rest;
	}
	return v;
}

const struct member *
fix_member(const struct value *v, struct slice path)
{
	const struct member *m;

	follow(v, &path, &m);
	return path.len == 0 ? m : NULL;
}

static bool
is_scalar_place(const struct editing *e, const struct member *m)
{
	struct span key = m->key_span, value = m->value->span;

	return m->value->kind != VALUE_UNKNOWN && m->value->kind != VALUE_MAP && value.source == key.source
	    && value.start >= key.end && value.end > value.start && value.end <= e->text.len
	    && value.line == key.line;
}

static bool
replace(struct editing *e, const struct member *m, struct fix_edit *edit)
{
	if (!is_scalar_place(e, m))
		return false;
	add_value(e, edit->value);
	edit->start = m->value->span.start;
	edit->end = m->value->span.end;
	return true;
}

/* Before the '}' of a block of HCL. */
static bool
insert_hcl(struct editing *e, struct span block, struct slice path, struct fix_edit *edit)
{
	size_t close = block.end, line;
	uint32_t indent = 0;

	while (close > block.start && byte_at(e, close - 1) != '}')
		close--;
	if (close-- <= block.start)
		return false;
	for (line = close; line > block.start && (byte_at(e, line - 1) == ' ' || byte_at(e, line - 1) == '\t'); line--)
		indent++;
	edit->start = edit->end = (uint32_t)line;
	if (byte_at(e, line - 1) != '\n') {
		buf_add_char(&e->out, '\n');
		indent = 0;
		for (size_t i = block.start; i > 0 && byte_at(e, i - 1) != '\n'; i--)
			indent = byte_at(e, i - 1) == ' ' ? indent + 1 : 0;
	}
	add_lines(e, path, edit->value, indent + 2);
	if (byte_at(e, line - 1) != '\n')
		add_spaces(e, indent);
	return true;
}

/* Before the first member of a mapping. */
static bool
insert_mapping(struct editing *e, const struct value *map, struct slice path, struct fix_edit *edit)
{
	struct span first;
	size_t before;

	if (map->kind != VALUE_MAP || map->count == 0)
		return false;
	first = map->members[0].key_span;
	if (first.source != e->finding->resource->span.source || first.line == 0 || first.start >= e->text.len)
		return false;
	for (before = first.start; before > 0 && strchr(" \t\r\n", byte_at(e, before - 1)) != NULL; before--)
		;
	edit->start = edit->end = first.start;
	if (before > 0 && (byte_at(e, before - 1) == '{' || byte_at(e, before - 1) == ',')) {
		add_flow(e, path, edit->value, byte_at(e, first.start) == '"');
		buf_add_cstr(&e->out, ", ");
		return true;
	}
	add_lines(e, path, edit->value, first.column - 1);
	e->out.ptr += first.column - 1;         /* the first line is indented already */
	e->out.len -= first.column - 1;
	add_spaces(e, first.column - 1);
	return true;
}

/* A path from the resource to a block of which the failing one is known begins behind its name. */
static struct slice
path_within(const struct editing *e, const struct value *within, struct slice path)
{
	struct slice rest = path, first = slice_cut(&rest, '.');

	if (within == e->finding->resource->attributes || rest.len == 0
	    || value_member(within, first)->kind != VALUE_NULL
	    || value_member(e->finding->resource->attributes, first)->kind != VALUE_LIST)
		return path;
	return rest;
}

static bool
place(struct editing *e, const struct value *within, struct fix_edit *edit)
{
	struct slice rest = path_within(e, within, edit->path);
	const struct member *m;
	const struct value *at = follow(within, &rest, &m);
	struct span block = at->span.line > 0 && at != within ? at->span : within == e->finding->resource->attributes
	    ? e->finding->resource->span : within->span;

	buf_init(&e->out, e->arena, TEXT_MAX);
	if (rest.len == 0)
		return m != NULL && replace(e, m, edit);
	while (at->kind == VALUE_LIST && at->count == 1)
		at = at->items[0];
	if (at->kind != VALUE_MAP)
		return false;
	return is_hcl(e) ? insert_hcl(e, block, rest, edit) : insert_mapping(e, at, rest, edit);
}

static bool
can_edit(const struct finding *f)
{
	static const bool languages[] = { [LANGUAGE_TERRAFORM] = true, [LANGUAGE_CLOUDFORMATION] = true,
		[LANGUAGE_KUBERNETES] = true, [LANGUAGE_COMPOSE] = true, [LANGUAGE_ARM] = true,
		[LANGUAGE_CLOUD_INIT] = false };

	return f->resource != NULL && languages[f->resource->language];
}

const struct fix_edit *
fix_edits(const struct findings *all, const struct finding *f, struct arena *arena, uint32_t *count)
{
	struct editing e = { .findings = all, .finding = f, .arena = arena };
	struct fix_edit *edits;

	*count = f->fix != NULL && f->fix->kind == VALUE_MAP ? f->fix->count : 0;
	edits = arena_array(arena, *count + 1u, sizeof *edits);
	for (uint32_t i = 0; i < *count; i++) {
		struct fix_edit *edit = &edits[i];

		edit->path = f->fix->members[i].key;
		edit->value = f->fix->members[i].value;
		if (!can_edit(f) || value_has_unknown(edit->value))
			continue;
		edit->source = f->resource->span.source;
		e.text = all->project->sources[edit->source].text;
		edit->placed = (f->within != NULL && place(&e, f->within, edit))
		    || place(&e, f->resource->attributes, edit);
		edit->text = buf_slice(&e.out);
	}
	return edits;
}
