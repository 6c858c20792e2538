/* arm.c -- templates in JSON; see arm.h.
 *
 *   expression = primary { "." name | "[" expression "]" }
 *   primary    = name { "." name } "(" [ expression { "," expression } ] ")" | 'text' | number
 *
 * A text that begins with "[" and ends with "]" is an expression, unless it begins with "[[". */
#include "iac/arm.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "iac/azure.h"
#include "iac/document.h"
#include "iac/files.h"
#include "iac/host.h"

/* ---- expressions ---- */

struct reader {
	struct azure *azure;
	struct slice  text;
	size_t        at;
	struct span   span;
	uint32_t      depth;
};

static struct hcl_expression *expression(struct reader *);

static struct hcl_expression *
node(struct reader *r, enum hcl_kind kind, struct slice name, uint32_t room)
{
	struct hcl_expression *e = arena_alloc(r->azure->arena, sizeof *e);

	e->kind = (uint8_t)kind;
	e->name = name;
	e->span = r->span;
	e->items = arena_array(r->azure->arena, room + 1u, sizeof *e->items);
	return e;
}

static char
peek(struct reader *r)
{
	while (r->at < r->text.len && strchr(" \t\r\n", r->text.ptr[r->at]) != NULL && r->text.ptr[r->at] != '\0')
		r->at++;
	return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static bool
accept(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static bool
in_name(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c) || c == '_' || c == '-';
}

static struct slice
name(struct reader *r)
{
	size_t start;

	peek(r);
	start = r->at;
	while (r->at < r->text.len && in_name(r->text.ptr[r->at]))
		r->at++;
	return slice_sub(r->text, start, r->at - start);
}

/* '' is a quote. */
static struct hcl_expression *
quoted(struct reader *r)
{
	struct hcl_expression *e = node(r, HCL_LITERAL, SLICE_NONE, 0);
	struct buf b;

	buf_init(&b, r->azure->arena, r->text.len);
	for (; r->at < r->text.len; r->at++) {
		if (r->text.ptr[r->at] == '\'' && !(r->at + 1 < r->text.len && r->text.ptr[r->at + 1] == '\''))
			break;
		r->at += r->text.ptr[r->at] == '\'';
		buf_add_char(&b, r->text.ptr[r->at]);
	}
	e->literal = value_string(r->azure->arena, r->span, buf_slice(&b));
	return r->at++ < r->text.len ? e : NULL;
}

static struct hcl_expression *
numeral(struct reader *r)
{
	struct hcl_expression *e = node(r, HCL_LITERAL, SLICE_NONE, 0);
	size_t start = r->at;

	r->at += r->text.ptr[r->at] == '-' || r->text.ptr[r->at] == '+';
	while (r->at < r->text.len && ((r->text.ptr[r->at] >= '0' && r->text.ptr[r->at] <= '9')
	    || r->text.ptr[r->at] == '.'))
		r->at++;
	e->literal = value_number(r->azure->arena, r->span, slice_sub(r->text, start, r->at - start));
	return r->at > start ? e : NULL;
}

static bool
arguments(struct reader *r, struct hcl_expression *call)
{
	uint32_t room = 0;

	if (accept(r, ')'))
		return true;
	do {
		if (call->count == room) {
			room = room == 0 ? 4 : room * 2;
			call->items = arena_grow(r->azure->arena, call->items, call->count * sizeof(void *),
			    room * sizeof(void *));
		}
		if ((call->items[call->count] = expression(r)) == NULL)
			return false;
		call->count++;
	} while (accept(r, ','));
	return accept(r, ')');
}

/* if() computes only the branch that counts. */
static struct hcl_expression *
call(struct reader *r)
{
	struct slice first = name(r);
	size_t start = (size_t)(first.ptr - r->text.ptr);
	struct hcl_expression *e;

	while (first.len > 0 && accept(r, '.'))
		name(r);
	e = node(r, HCL_CALL, slice_sub(r->text, start, r->at - start), 0);
	if (first.len == 0 || !accept(r, '(') || !arguments(r, e))
		return NULL;
	if (slice_eq_nocase(e->name, SLICE("if")) && e->count == 3)
		e->kind = HCL_CONDITIONAL;
	return e;
}

static struct hcl_expression *
primary(struct reader *r)
{
	char c = peek(r);

	if (c == '\'') {
		r->at++;
		return quoted(r);
	}
	return c == '-' || c == '+' || ascii_is_digit(c) ? numeral(r) : call(r);
}

static struct hcl_expression *
steps(struct reader *r, struct hcl_expression *e)
{
	struct hcl_expression *outer;
	uint32_t count = 0;

	while (e != NULL && count++ < AZURE_LEVELS && (peek(r) == '.' || peek(r) == '[')) {
		bool index = r->text.ptr[r->at++] == '[';

		outer = node(r, index ? HCL_INDEX : HCL_MEMBER, index ? SLICE_NONE : name(r), 2);
		outer->items[0] = e;
		outer->count = index ? 2 : 1;
		if (index && ((outer->items[1] = expression(r)) == NULL || !accept(r, ']')))
			return NULL;
		e = outer;
	}
	return e;
}

static struct hcl_expression *
expression(struct reader *r)
{
	struct hcl_expression *e = NULL;

	if (r->depth++ < AZURE_LEVELS)
		e = steps(r, primary(r));
	r->depth--;
	return e;
}

struct hcl_expression *
arm_parse(struct azure *z, struct slice text, struct span span)
{
	struct reader r = { z, text, 0, span, 0 };
	struct hcl_expression *e = expression(&r);

	return e != NULL && peek(&r) == '\0' && r.at == text.len ? e : NULL;
}

/* ---- values ---- */

static const struct value *
text_value(struct azure *z, const struct value *v)
{
	struct slice t = v->text;
	struct hcl_expression *e;
	struct value *made;

	if (t.len < 2 || t.ptr[0] != '[' || t.ptr[t.len - 1] != ']')
		return v;
	made = arena_alloc(z->arena, sizeof *made);
	*made = *v;
	made->text = slice_sub(t, 1, t.len);
	if (t.ptr[1] == '[')
		return made;
	e = arm_parse(z, slice_sub(t, 1, t.len - 2), v->span);
	if (e == NULL)
		return value_unknown(z->arena, v->span, SLICE("the expression cannot be read"));
	*made = *azure_evaluate(z, e, NULL);
	made->span = v->span;
	return made;
}

static const struct value *
list_value(struct azure *z, const struct value *v)
{
	struct value_builder b;
	size_t before;

	value_begin(&b, z->arena, VALUE_LIST, v->span);
	for (uint32_t i = 0; i < v->count; i++) {
		azure_enter(z, &before, SLICE_NONE, i);
		value_append(&b, arm_value(z, v->items[i]));
		azure_leave(z, before);
	}
	return value_end(&b);
}

/* "copy": [{name, count, input}] makes the members that its rows name. */
static void
copy_members(struct azure *z, struct hcl_map *m, const struct value *copy)
{
	for (uint32_t i = 0; copy->kind == VALUE_LIST && i < copy->count; i++) {
		const struct value *row = copy->items[i], *name = value_member(row, SLICE("name"));
		const struct value *count = hcl_to_number(z->arena, arm_value(z, value_member(row, SLICE("count"))));
		struct azure_loop loop = { name->text, 0, NULL, z->loops };
		struct value_builder b;
		uint32_t n = count != NULL && count->kind == VALUE_NUMBER && count->number > 0
		    ? count->number > (double)AZURE_INSTANCES ? AZURE_INSTANCES : (uint32_t)count->number : 0;

		if (name->kind != VALUE_STRING)
			continue;
		if (count == NULL || count->kind != VALUE_NUMBER) {
			hcl_map_add(m, name->text, row->span, value_unknown(z->arena, row->span,
			    SLICE("how often it is repeated is not known")));
			continue;
		}
		value_begin(&b, z->arena, VALUE_LIST, row->span);
		for (z->loops = &loop; loop.index < n && z->meter->steps > 0; loop.index++)
			value_append(&b, arm_value(z, value_member(row, SLICE("input"))));
		z->loops = loop.next;
		hcl_map_add(m, name->text, row->span, value_end(&b));
	}
}

static const struct value *
map_value(struct azure *z, const struct value *v)
{
	struct hcl_map m = { .arena = z->arena };
	size_t before;

	for (uint32_t i = 0; i < v->count; i++) {
		const struct member *one = &v->members[i];
		const struct value *key;

		if (slice_is(one->key, "copy") && one->value->kind == VALUE_LIST) {
			copy_members(z, &m, one->value);
			continue;
		}
		key = text_value(z, &(struct value){ .kind = VALUE_STRING, .text = one->key, .span = one->key_span });
		azure_enter(z, &before, one->key, 0);
		hcl_map_add(&m, key->kind == VALUE_STRING || key->text.len > 0 ? key->text : one->key, one->key_span,
		    arm_value(z, one->value));
		azure_leave(z, before);
	}
	return hcl_map_end(&m, v->span);
}

const struct value *
arm_value(struct azure *z, const struct value *v)
{
	if (v->kind != VALUE_STRING && v->kind != VALUE_LIST && v->kind != VALUE_MAP)
		return v;
	if (z->meter->steps == 0)
		return value_unknown(z->arena, v->span, SLICE("this is too much to evaluate"));
	z->meter->steps--;
	if (v->kind == VALUE_STRING)
		return text_value(z, v);
	return v->kind == VALUE_LIST ? list_value(z, v) : map_value(z, v);
}

/* ---- resources ---- */

static void read_template(struct azure *, const struct value *template);

struct owner {
	struct slice type, name;
};

static uint32_t
parts(struct slice s)
{
	uint32_t n = 1;

	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '/';
	return n;
}

/* A nested child says the last parts of its type and name only ("blobServices/containers",
 * "default/images"), or all of them: then its type begins with that of its owner, or has as many
 * parts behind the provider as its name. */
static struct owner
whole(struct azure *z, struct owner outer, struct owner own)
{
	bool has_provider = slice_find(own.type, '.') < slice_find(own.type, '/') && parts(own.type) > 1;

	if (outer.type.len == 0)
		return own;
	if (!has_provider)
		own.type = azure_address(z, outer.type, own.type);
	if (parts(own.name) + 1 < parts(own.type))
		own.name = azure_address(z, outer.name, own.name);
	return own;
}

static const struct value *
attributes_of(struct azure *z, const struct value *raw, struct slice type, struct slice name)
{
	struct hcl_map m = { .arena = z->arena };
	struct value copy = *raw;
	const struct value *v;

	copy.count = 0;
	copy.members = arena_array(z->arena, raw->count + 1u, sizeof *copy.members);
	for (uint32_t i = 0; i < raw->count; i++)
		if (!slice_is(raw->members[i].key, "resources") && !slice_is(raw->members[i].key, "copy"))
			copy.members[copy.count++] = raw->members[i];
	v = map_value(z, &copy);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct member *one = &v->members[i];
		struct slice text = slice_is(one->key, "type") ? type : name;

		hcl_map_add(&m, one->key, one->key_span, one->value->kind == VALUE_STRING
		    && (slice_is(one->key, "type") || slice_is(one->key, "name"))
		    ? value_string(z->arena, one->value->span, text) : one->value);
	}
	return hcl_map_end(&m, raw->span);
}

/* Names and paths of resources in dependsOn. */
static void
depend(struct azure *z, const struct value *attributes)
{
	const struct value *on = value_member(attributes, SLICE("dependsOn"));

	for (uint32_t i = 0; on->kind == VALUE_LIST && i < on->count; i++)
		if (on->items[i]->kind == VALUE_STRING)
			azure_refer(z, on->items[i]->text, "dependsOn", on->items[i]->span);
}

/* The template inside a deployment, or the local file it names. */
static void
nest(struct azure *z, const struct value *raw, struct slice type, struct slice name,
    const struct value *attributes)
{
	const struct value *template = value_path(raw, "properties.template");
	const struct value *link = value_path(attributes, "properties.templateLink.relativePath");
	const struct value *given = value_path(attributes, "properties.parameters");
	bool inner = slice_eq_nocase(value_path(raw, "properties.expressionEvaluationOptions.scope")->text,
	    SLICE("inner"));
	struct hcl_map m = { .arena = z->arena };
	struct azure *n;
	uint32_t source = z->source;

	if (!slice_eq_nocase(type, SLICE("Microsoft.Resources/deployments")) || z->depth >= AZURE_DEPTH
	    || *z->templates == 0)
		return;
	if (link->kind == VALUE_STRING && template->kind != VALUE_MAP) {
		if (!files_source(z->project, z->root, files_join(z->arena, files_directory(z->path), link->text), &source)
		    || !document_json(z->project, source, JSON_WITH_COMMENTS, &template))
			return;
		inner = true;
	}
	--*z->templates;
	n = arena_alloc(z->arena, sizeof *n);
	azure_init(n, z->project, source);
	n->meter = z->meter;
	n->templates = z->templates;
	n->root = z->root;
	n->depth = z->depth + 1;
	n->module = z->module.len > 0 ? azure_address(z, z->module, name) : name;
	n->outer = inner ? NULL : z->outer != NULL ? z->outer : z;
	for (uint32_t i = 0; given->kind == VALUE_MAP && i < given->count; i++)
		hcl_map_add(&m, given->members[i].key, given->members[i].key_span,
		    value_member(given->members[i].value, SLICE("value")));
	n->given = hcl_map_end(&m, raw->span);
	read_template(n, template);
}

static void add_all(struct azure *, const struct value *resources, struct owner);

static void
give(struct azure *z, const struct value *raw, struct owner self, bool conditional)
{
	const struct value *attributes = attributes_of(z, raw, self.type, self.name);
	struct span head = value_member(raw, SLICE("type"))->span;

	if (conditional)
		attributes = hcl_because(z->arena, attributes, raw->span, SLICE("only when its condition holds"));
	depend(z, attributes);
	azure_give(z, &(struct resource){ .type = self.type, .name = self.name, .attributes = attributes,
	    .span = raw->span, .head = head });
	nest(z, raw, self.type, self.name, attributes);
}

static void
add_one(struct azure *z, const struct value *raw, struct owner owner)
{
	const struct value *condition = value_member(raw, SLICE("condition"));
	bool before = z->by_default;
	enum azure_presence presence;
	struct owner self;

	self.type = azure_text(z, arm_value(z, value_member(raw, SLICE("type"))));
	self.name = azure_text(z, arm_value(z, value_member(raw, SLICE("name"))));
	self = whole(z, owner, self);
	z->by_default = false;
	condition = arm_value(z, condition);
	presence = azure_presence(z, condition, z->by_default);
	z->by_default = before;
	z->reference_count = 0;
	if (presence == AZURE_ABSENT)
		return;
	give(z, raw, self, presence == AZURE_CONDITIONAL);
	add_all(z, value_member(raw, SLICE("resources")), self);
}

/* Once, or as often as `copy` says. */
static void
add(struct azure *z, const struct value *raw, struct owner owner)
{
	const struct value *copy = value_member(raw, SLICE("copy")), *count;
	struct azure_loop loop = { value_member(copy, SLICE("name"))->text, 0, NULL, z->loops };
	uint32_t n;

	if (raw->kind != VALUE_MAP || value_member(raw, SLICE("type"))->kind != VALUE_STRING
	    || value_member(raw, SLICE("existing"))->boolean)
		return;
	if (copy->kind != VALUE_MAP) {
		add_one(z, raw, owner);
		return;
	}
	count = hcl_to_number(z->arena, arm_value(z, value_member(copy, SLICE("count"))));
	z->loops = &loop;
	if (count == NULL || count->kind != VALUE_NUMBER || count->number > (double)AZURE_INSTANCES) {
		loop.unknown = value_unknown(z->arena, copy->span, SLICE("how often it is repeated is not known"));
		add_one(z, raw, owner);
	} else {
		for (n = count->number > 0 ? (uint32_t)count->number : 0; loop.index < n; loop.index++)
			add_one(z, raw, owner);
	}
	z->loops = loop.next;
}

/* A list, or a map by symbolic names. */
static void
add_all(struct azure *z, const struct value *resources, struct owner owner)
{
	for (uint32_t i = 0; resources->kind == VALUE_LIST && i < resources->count; i++)
		add(z, resources->items[i], owner);
	for (uint32_t i = 0; resources->kind == VALUE_MAP && i < resources->count; i++)
		add(z, resources->members[i].value, owner);
}

/* ---- templates ---- */

static void
declare_parameters(struct azure *z, const struct value *parameters)
{
	for (uint32_t i = 0; parameters->kind == VALUE_MAP && i < parameters->count; i++) {
		const struct member *m = &parameters->members[i];
		const struct value *usual = value_member(m->value, SLICE("defaultValue"));
		struct slice type = value_member(m->value, SLICE("type"))->text;
		struct azure_cell *c = azure_add(z, AZURE_PARAMETER, m->key, m->key_span);

		c->raw = usual == &value_null ? NULL : usual;
		c->allowed = value_member(m->value, SLICE("allowedValues"));
		c->secure = slice_eq_nocase(slice_sub(type, 0, 6), SLICE("secure"));
	}
}

static void
declare_variables(struct azure *z, const struct value *variables)
{
	const struct value *copy = value_member(variables, SLICE("copy"));

	for (uint32_t i = 0; variables->kind == VALUE_MAP && i < variables->count; i++)
		if (variables->members[i].value != copy || copy->kind != VALUE_LIST)
			azure_add(z, AZURE_VARIABLE, variables->members[i].key, variables->members[i].key_span)->raw =
			    variables->members[i].value;
	for (uint32_t i = 0; copy->kind == VALUE_LIST && i < copy->count; i++) {
		struct hcl_map m = { .arena = z->arena };
		struct value_builder b;
		struct azure_cell *c = azure_add(z, AZURE_VARIABLE,
		    value_member(copy->items[i], SLICE("name"))->text, copy->items[i]->span);

		value_begin(&b, z->arena, VALUE_LIST, copy->span);
		value_append(&b, copy->items[i]);
		hcl_map_add(&m, SLICE("copy"), copy->span, value_end(&b));
		c->raw = hcl_map_end(&m, copy->span);
		c->copied = true;
	}
}

static void
read_template(struct azure *z, const struct value *template)
{
	declare_parameters(z, value_member(template, SLICE("parameters")));
	declare_variables(z, value_member(template, SLICE("variables")));
	azure_sort(z);
	z->functions = value_member(template, SLICE("functions"));
	add_all(z, value_member(template, SLICE("resources")), (struct owner){ SLICE(""), SLICE("") });
}

/* An artifact of a blueprint, or a whole deployment, has its template inside. */
static const struct value *
template_of(const struct value *document)
{
	const struct value *inner = value_path(document, "properties.template");

	return value_member(document, SLICE("resources")) == &value_null && inner->kind == VALUE_MAP ? inner : document;
}

void
arm_read(struct project *p, uint32_t source, const struct value *parameters, struct slice root_directory)
{
	struct hcl_meter meter;
	uint32_t templates = SCAN_LIMIT(TEMPLATES), first = p->resource_count;
	const struct value *document;
	struct azure z;

	hcl_meter_init(&meter);
	meter.steps /= 10;
	azure_init(&z, p, source);
	z.meter = &meter;
	z.templates = &templates;
	z.root = root_directory;
	if (parameters != NULL)
		z.given = parameters;
	if (slice_ends(z.path, SLICE(".bicep"))) {
		bicep_read(&z);
	} else {
		document_json(p, source, JSON_WITH_COMMENTS, &document);
		read_template(&z, template_of(document));
	}
	azure_give_parameters(&z);
	azure_distinct(p, first);
	host_gather(p, first);
}

const struct value *
arm_parameters(struct project *p, uint32_t source)
{
	const struct value *document, *named;
	struct hcl_map m = { .arena = p->arena };

	document_json(p, source, JSON_WITH_COMMENTS, &document);
	named = value_member(document, SLICE("parameters"));
	if (named->kind != VALUE_MAP)
		return NULL;
	for (uint32_t i = 0; i < named->count; i++)
		if (value_member(named->members[i].value, SLICE("value")) != &value_null)
			hcl_map_add(&m, named->members[i].key, named->members[i].key_span,
			    value_member(named->members[i].value, SLICE("value")));
	return hcl_map_end(&m, document->span);
}
