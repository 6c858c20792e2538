/* cloudformation.c -- see cloudformation.h. */
#include "iac/cloudformation.h"

#include "base/arena.h"
#include "base/attr.h"
#include "iac/cloudformation_stack.h"
#include "iac/document.h"
#include "iac/files.h"
#include "iac/hcl.h"
#include "iac/host.h"

/* One template, and where those that it nests are found. */
struct template {
	struct stack        stack;
	const struct value *document;
	struct slice        root, path;
	const struct template *outer;
	uint32_t            depth;
	uint32_t           *templates;  /* left, of all that are nested */
};

static void read_template(struct project *, uint32_t source, struct template *);

static const struct slice beside[] = {
	SLICE_INIT("DeletionPolicy"), SLICE_INIT("UpdateReplacePolicy"), SLICE_INIT("DependsOn"),
	SLICE_INIT("CreationPolicy"), SLICE_INIT("UpdatePolicy"), SLICE_INIT("Metadata"),
	SLICE_INIT("Condition"),
};

/* The properties, then what stands beside them. */
static const struct value *
attributes_of(struct stack *s, const struct value *raw)
{
	const struct value *properties = stack_value(s, value_member(raw, SLICE("Properties"))), *v;
	struct hcl_map map = { .arena = s->arena };
	uint32_t i;

	for (i = 0; properties != NULL && properties->kind == VALUE_MAP && i < properties->count; i++)
		hcl_map_add(&map, properties->members[i].key, properties->members[i].key_span,
		    properties->members[i].value);
	for (i = 0; raw->kind == VALUE_MAP && i < raw->count; i++) {
		const struct member *m = &raw->members[i];

		for (size_t k = 0; k < COUNT_OF(beside); k++) {
			if (!slice_eq(beside[k], m->key)
			    || (properties != NULL && value_member(properties, m->key) != &value_null))
				continue;
			v = slice_is(m->key, "Condition") ? m->value : stack_value(s, m->value);
			if (v != NULL)
				hcl_map_add(&map, m->key, m->key_span, v);
		}
	}
	return hcl_map_end(&map, raw->span);
}

static void
depend(struct stack *s, const struct value *on)
{
	buf_add_cstr(&s->path, "DependsOn");
	if (on->kind == VALUE_STRING)
		stack_refer(s, on->text, on->span);
	for (uint32_t i = 0; on->kind == VALUE_LIST && i < on->count; i++)
		if (on->items[i]->kind == VALUE_STRING)
			stack_refer(s, on->items[i]->text, on->items[i]->span);
	s->path.len = 0;
}

static struct slice
in_module(struct stack *s, struct slice name)
{
	struct buf b;

	if (s->module.len == 0)
		return name;
	buf_init(&b, s->arena, s->module.len + name.len + 2);
	buf_printf(&b, "%.*s.%.*s", SLICE_FMT(s->module), SLICE_FMT(name));
	return buf_slice(&b);
}

/* Whether it can be there at all; what it depends on is said in `why`. */
static bool
may_exist(struct stack *s, const struct value *raw, const struct value **attributes)
{
	const struct value *condition = value_member(raw, SLICE("Condition")), *v;
	struct buf why;

	if (condition->kind != VALUE_STRING)
		return true;
	v = stack_condition(s, condition->text, condition->span, true);
	if (v->kind != VALUE_UNKNOWN)
		return v->boolean;
	if (attributes == NULL)
		return true;
	buf_init(&why, s->arena, 512);
	buf_printf(&why, "only when condition \"%.*s\" holds", (int)slice_sub(condition->text, 0, 200).len,
	    condition->text.ptr);
	*attributes = hcl_because(s->arena, *attributes, condition->span, buf_slice(&why));
	return true;
}

static struct span
from_key(struct span key, struct span value)
{
	if (value.source == key.source && value.end > key.end) {
		key.end = value.end;
		key.end_line = value.end_line;
	}
	return key;
}

/* ---- nested stacks ---- */

static bool
is_local(struct slice url)
{
	return url.len > 0 && memmem(url.ptr, url.len, "://", 3) == NULL;
}

static bool
is_inside(const struct template *t, struct slice path)
{
	while (t != NULL && !slice_eq(t->path, path))
		t = t->outer;
	return t != NULL;
}

static void
nest(struct template *t, struct slice name, struct slice type, const struct value *attributes)
{
	bool application = slice_is(type, "AWS::Serverless::Application");
	const struct value *url = value_member(attributes, application ? SLICE("Location") : SLICE("TemplateURL"));
	struct project *p = t->stack.project;
	struct template inner = { .root = t->root, .depth = t->depth + 1, .templates = t->templates,
		.outer = t };
	uint32_t source;

	if (!application && !slice_is(type, "AWS::CloudFormation::Stack"))
		return;
	if (url->kind != VALUE_STRING || !is_local(url->text) || t->depth >= STACK_DEPTH || *t->templates == 0
	    || !files_source(p, t->root, files_join(p->arena, files_directory(t->path), url->text), &source)
	    || is_inside(t, p->sources[source].path))
		return;
	--*t->templates;
	inner.stack.module = in_module(&t->stack, name);
	inner.stack.given = value_member(attributes, SLICE("Parameters"));
	read_template(p, source, &inner);
}

/* ---- resources ---- */

static void
add(struct template *t, const struct member *m, const struct value *attributes)
{
	struct stack *s = &t->stack;
	struct resource *r = project_add_resource(s->project);

	*r = (struct resource){ .language = LANGUAGE_CLOUDFORMATION, .address = in_module(s, m->key),
		.module = s->module, .type = value_member(m->value, SLICE("Type"))->text, .name = m->key,
		.attributes = attributes, .references = s->references,
		.reference_count = s->reference_count, .span = from_key(m->key_span, m->value->span),
		.head = m->key_span };
}

static void
emit(void *ctx, struct slice name, struct span key, const struct value *raw)
{
	struct template *t = ctx;
	struct stack *s = &t->stack;
	struct member m = { name, key, raw };
	const struct value *attributes;

	if (project_is_full(s->project, key) || !may_exist(s, raw, NULL))
		return;
	s->references = NULL;
	s->reference_count = s->reference_room = 0;
	s->path.len = 0;
	attributes = attributes_of(s, raw);
	depend(s, value_member(raw, SLICE("DependsOn")));
	may_exist(s, raw, &attributes);
	add(t, &m, attributes);
	nest(t, name, value_member(raw, SLICE("Type"))->text, attributes);
}

/* A resource without a type is none; the template says something else than it means. */
static const struct value *
typed_only(struct stack *s, const struct value *resources)
{
	struct hcl_map map = { .arena = s->arena };

	for (uint32_t i = 0; resources->kind == VALUE_MAP && i < resources->count; i++) {
		const struct member *m = &resources->members[i];

		if (value_member(m->value, SLICE("Type"))->kind == VALUE_STRING)
			hcl_map_add(&map, m->key, m->key_span, m->value);
		else if (!slice_starts(m->key, SLICE("Fn::")))
			project_problem(s->project, m->key_span, "a resource has no Type");
	}
	return hcl_map_end(&map, resources->span);
}

static void
prepare(struct template *t, struct project *p)
{
	struct stack *s = &t->stack;
	struct slice conditions = SLICE("Conditions");

	s->project = p;
	s->arena = p->arena;
	s->steps = SCAN_LIMIT(TEMPLATE_STEPS);
	s->bytes = STACK_BYTES;
	buf_init(&s->path, p->arena, 4096);
	s->parameters = names_of(p->arena, value_member(t->document, SLICE("Parameters")));
	s->mappings = names_of(p->arena, value_member(t->document, SLICE("Mappings")));
	s->conditions = names_of(p->arena, stack_unfold(s, value_member(t->document, conditions)));
	s->busy = arena_array(p->arena, s->conditions.count + 1u, sizeof *s->busy);
	s->solved = arena_array(p->arena, s->conditions.count + 1u, sizeof *s->solved);
}

/* The document with its resources unfolded. */
static const struct value *
with_resources(struct stack *s, const struct value *document, const struct value *resources)
{
	struct hcl_map map = { .arena = s->arena };

	for (uint32_t i = 0; i < document->count; i++)
		hcl_map_add(&map, document->members[i].key, document->members[i].key_span,
		    slice_is(document->members[i].key, "Resources") ? resources : document->members[i].value);
	return hcl_map_end(&map, document->span);
}

/* What the stack is asked for: whether it is hidden (NoEcho) matters. */
static void
add_parameters(struct template *t)
{
	const struct value *all = value_member(t->document, SLICE("Parameters"));
	struct buf b;

	for (uint32_t i = 0; all->kind == VALUE_MAP && i < all->count; i++) {
		const struct member *m = &all->members[i];

		if (project_is_full(t->stack.project, m->key_span))
			return;
		buf_init(&b, t->stack.arena, m->key.len + 16);
		buf_printf(&b, "parameter.%.*s", SLICE_FMT(m->key));
		*project_add_resource(t->stack.project) = (struct resource){ .language = LANGUAGE_CLOUDFORMATION,
			.address = in_module(&t->stack, buf_slice(&b)), .module = t->stack.module,
			.type = SLICE("parameter"), .name = m->key, .attributes = m->value,
			.span = from_key(m->key_span, m->value->span), .head = m->key_span };
	}
}

static bool
is_json(const struct source *s)
{
	struct slice start = slice_trim(slice_sub(s->text, 0, 4096));

	return slice_starts(start, SLICE("{")) && !slice_ends(s->path, SLICE(".yaml"))
	    && !slice_ends(s->path, SLICE(".yml"));
}

static void
read_document(struct project *p, const struct value *document, struct template *t)
{
	const struct value *resources;

	t->document = document;
	prepare(t, p);
	add_parameters(t);
	resources = typed_only(&t->stack, stack_unfold(&t->stack, value_member(t->document, SLICE("Resources"))));
	t->stack.resources = names_of(p->arena, resources);
	sam_expand(p->arena, with_resources(&t->stack, t->document, resources), emit, t);
}

/* Each document of a stream is a template of its own. */
static void
read_template(struct project *p, uint32_t source, struct template *t)
{
	const struct value **documents, *one = &value_null;
	uint32_t count = 1;

	documents = &one;
	if (is_json(&p->sources[source]))
		document_json(p, source, JSON_STRICT, &one);
	else
		document_yaml(p, source, YAML_1_1, &documents, &count);
	t->path = p->sources[source].path;
	for (uint32_t i = 0; i < count; i++) {
		struct template each = *t;

		if (value_member(documents[i], SLICE("Resources"))->kind == VALUE_MAP)
			read_document(p, documents[i], &each);
	}
}

void
cloudformation_read(struct project *p, uint32_t source, const struct value *parameters,
    struct slice root_directory)
{
	uint32_t templates = SCAN_LIMIT(TEMPLATES), first = p->resource_count;
	struct template t = { .root = root_directory, .templates = &templates };

	t.stack.given = parameters;
	read_template(p, source, &t);
	host_gather(p, first);
}

/* {"ParameterKey": k, "ParameterValue": v}, or "k=v"; without a value it keeps its default. */
static void
add_parameter_value(struct hcl_map *map, const struct value *v)
{
	const struct value *key = value_member(v, SLICE("ParameterKey")), *given = value_member(v, SLICE("ParameterValue"));
	struct slice text = v->text, name;

	if (key->kind == VALUE_STRING && given != &value_null)
		hcl_map_add(map, key->text, key->span, given);
	if (v->kind != VALUE_STRING)
		return;
	name = slice_cut(&text, '=');
	hcl_map_add(map, name, v->span, value_string(map->arena, v->span, text));
}

const struct value *
cloudformation_parameters(struct project *p, uint32_t source)
{
	const struct value *document = &value_null, *named, **documents = NULL;
	struct hcl_map map = { .arena = p->arena };
	uint32_t count = 0;

	if (slice_ends(p->sources[source].path, SLICE(".json")))
		document_json(p, source, JSON_WITH_COMMENTS, &document);
	else if (document_yaml(p, source, YAML_1_1, &documents, &count) && count > 0)
		document = documents[0];
	named = value_member(document, SLICE("Parameters"));
	if (named->kind == VALUE_MAP)
		return named;
	if (document->kind != VALUE_LIST)
		return NULL;
	for (uint32_t i = 0; i < document->count; i++)
		add_parameter_value(&map, document->items[i]);
	return hcl_map_end(&map, document->span);
}
