/* document_yaml.c -- see document.h.
 *
 * libyaml gives events; this makes values of them by recursive descent:
 *
 *   stream   = STREAM-START { DOCUMENT-START node DOCUMENT-END } STREAM-END
 *   node     = ALIAS | SCALAR | SEQUENCE-START { node } SEQUENCE-END
 *            | MAPPING-START { node node } MAPPING-END
 *
 * libyaml counts characters; places_byte() makes bytes of them.  Its end of a block
 * collection is where the next token stands, so ours is the end of the last child. */
#include "iac/document.h"

#include <yaml.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/document_map.h"
#include "iac/places.h"

#define ANCHOR_BUCKETS 1024
#define BOM            SLICE("\xef\xbb\xbf")

/* A value with its size and height as if its aliases were copied. */
struct composed {
	const struct value *value;      /* NULL: the collection around it ended */
	uint32_t            nodes, height, end;
};

struct anchor {
	struct slice    name;
	struct composed of;
	struct anchor  *next;
};

struct composer {
	struct project  *project;
	struct arena    *arena;
	struct places    places;
	enum yaml_schema schema;
	yaml_parser_t    parser;
	uint32_t         skipped;       /* characters before libyaml's first: a BOM */
	uint32_t         nodes;
	bool             clean;
	struct anchor   *anchors[ANCHOR_BUCKETS];
};

static uint32_t
byte_of(const struct composer *c, yaml_mark_t mark)
{
	return places_byte(&c->places, (uint32_t)mark.index + c->skipped);
}

/* The reason is remembered; the reading may go on. */
static void
complain(struct composer *c, struct span span, const char *message)
{
	project_problem(c->project, span, message);
	c->clean = false;
}

/* The same, and the reading ends. */
static bool
give_up(struct composer *c, uint32_t start, uint32_t end, const char *message)
{
	complain(c, places_span(&c->places, start, end), message);
	return false;
}

static bool
parser_failed(struct composer *c)
{
	const yaml_parser_t *y = &c->parser;
	uint32_t at;

	if (y->error == YAML_READER_ERROR)
		at = (uint32_t)(y->problem_offset + c->skipped * BOM.len);
	else
		at = byte_of(c, y->problem_mark);
	return give_up(c, at, at, y->problem != NULL ? y->problem : "the text cannot be read");
}

static bool
next(struct composer *c, yaml_event_t *e)
{
	return yaml_parser_parse(&c->parser, e) || parser_failed(c);
}

static uint32_t
bucket(struct slice name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.ptr[i]) * 16777619u;
	return h % ANCHOR_BUCKETS;
}

static const struct anchor *
anchor_find(const struct composer *c, struct slice name)
{
	const struct anchor *a = c->anchors[bucket(name)];

	while (a != NULL && !slice_eq(a->name, name))
		a = a->next;
	return a;
}

static void
anchor_set(struct composer *c, const yaml_char_t *name, const struct composed *of)
{
	struct anchor *a = arena_alloc(c->arena, sizeof *a);

	a->name = slice_dup(slice_of((const char *)name), c->arena);
	a->of = *of;
	a->next = c->anchors[bucket(a->name)];
	c->anchors[bucket(a->name)] = a;
}

/* Behind the properties of a node (`&anchor !tag`), where the node itself begins. */
static uint32_t
behind_properties(const struct composer *c, uint32_t at, uint32_t end)
{
	const char *s = c->places.text.ptr;

	while (at < end && (s[at] == '&' || s[at] == '!')) {
		while (at < end && strchr(" \t\r\n,[]{}", s[at]) == NULL)
			at++;
		while (at < end && strchr(" \t\r\n", s[at]) != NULL)
			at++;
	}
	return at;
}

/* Block scalars end, for libyaml, behind the empty lines that follow them. */
static struct span
scalar_span(const struct composer *c, const yaml_event_t *e)
{
	uint32_t end = byte_of(c, e->end_mark), start = byte_of(c, e->start_mark);
	const char *s = c->places.text.ptr;

	start = behind_properties(c, start, end);
	while (end > start && strchr(" \t\r\n", s[end - 1]) != NULL)
		end--;
	return places_span(&c->places, start, end);
}

/* The source's own bytes where they are the value, a copy where they are not. */
static struct slice
scalar_text(const struct composer *c, const yaml_event_t *e, struct span span)
{
	struct slice text = slice_make(e->data.scalar.value, e->data.scalar.length);
	struct slice there = slice_sub(c->places.text, span.start, span.end - span.start);

	return slice_eq(text, there) ? there : slice_dup(text, c->arena);
}

#define YAML_TAG "tag:yaml.org,2002:"

static bool
is_text(const yaml_event_t *e)
{
	const char *tag = (const char *)e->data.scalar.tag;

	if (tag == NULL || strcmp(tag, "!") == 0)
		return tag != NULL || e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return strncmp(tag, YAML_TAG, strlen(YAML_TAG)) != 0
	    || strcmp(tag, YAML_TAG "str") == 0 || strcmp(tag, YAML_TAG "binary") == 0;
}

static void
scalar(struct composer *c, const yaml_event_t *e, struct composed *out)
{
	struct span span = scalar_span(c, e);
	struct slice text = scalar_text(c, e, span);

	out->value = is_text(e) ? value_string(c->arena, span, text)
	    : document_scalar(c->arena, span, text, c->schema);
	out->height = 1;
	out->end = span.end;
}

static const struct slice short_tags[] = {
	SLICE_INIT("And"), SLICE_INIT("Base64"), SLICE_INIT("Cidr"), SLICE_INIT("Equals"),
	SLICE_INIT("FindInMap"), SLICE_INIT("ForEach"), SLICE_INIT("GetAtt"), SLICE_INIT("GetAZs"),
	SLICE_INIT("If"), SLICE_INIT("ImportValue"), SLICE_INIT("Join"), SLICE_INIT("Length"),
	SLICE_INIT("Not"), SLICE_INIT("Or"), SLICE_INIT("Select"), SLICE_INIT("Split"),
	SLICE_INIT("Sub"), SLICE_INIT("ToJsonString"), SLICE_INIT("Transform"),
};

/* What a short tag is short for, or SLICE_NONE. */
static struct slice
long_name(struct arena *a, const yaml_char_t *tag)
{
	struct slice name = slice_of((const char *)tag);
	char *made;
	size_t i;

	if (name.len < 2 || name.ptr[0] != '!')
		return SLICE_NONE;
	name = slice_sub(name, 1, name.len);
	if (slice_is(name, "Ref") || slice_is(name, "Condition"))
		return slice_dup(name, a);
	for (i = 0; i < COUNT_OF(short_tags) && !slice_eq(short_tags[i], name); i++)
		;
	if (i == COUNT_OF(short_tags))
		return SLICE_NONE;
	made = arena_alloc(a, name.len + 4);
	memcpy(made, "Fn::", 4);
	memcpy(made + 4, name.ptr, name.len);
	return slice_make(made, name.len + 4);
}

static const yaml_char_t *
tag_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.tag;
	default:
		return NULL;
	}
}

static const yaml_char_t *
anchor_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

/* Promise 5: `!Sub x` is {"Fn::Sub": x}. */
static void
wrap(struct composer *c, const yaml_event_t *e, struct composed *out)
{
	struct slice name = long_name(c->arena, tag_of(e));
	uint32_t start = byte_of(c, e->start_mark);
	struct value_builder b;

	if (name.ptr == NULL)
		return;
	value_begin(&b, c->arena, VALUE_MAP, places_span(&c->places, start, out->end));
	value_put(&b, name, places_span(&c->places, start, out->value->span.start), out->value);
	out->value = value_end(&b);
	out->height++;
}

static bool node(struct composer *, uint32_t level, struct composed *out);

/* Ends at the closing bracket, or behind the last child when there is none. */
static uint32_t
collection_end(struct composer *c, const yaml_event_t *e, uint32_t last, const struct composed *end)
{
	bool flow = e->type == YAML_SEQUENCE_START_EVENT
	    ? e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
	    : e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	uint32_t start = byte_of(c, e->start_mark);

	if (flow)
		return end->end;
	return last > start ? last : start;
}

static struct span
collection_start(const struct composer *c, const yaml_event_t *e)
{
	uint32_t start = byte_of(c, e->start_mark);

	start = behind_properties(c, start, (uint32_t)c->places.text.len);
	return places_span(&c->places, start, start);
}

static void
taller(struct composed *out, const struct composed *child)
{
	if (out->height < child->height + 1)
		out->height = child->height + 1;
}

static bool
sequence(struct composer *c, const yaml_event_t *e, uint32_t level, struct composed *out)
{
	struct span span = collection_start(c, e);
	struct composed item;
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, span);
	out->height = 1;
	for (out->end = span.start;; out->end = item.end) {
		if (!node(c, level + 1, &item))
			return false;
		if (item.value == NULL)
			break;
		value_append(&b, item.value);
		taller(out, &item);
	}
	out->end = collection_end(c, e, out->end, &item);
	b.made->span = places_span(&c->places, span.start, out->end);
	out->value = value_end(&b);
	return true;
}

/* Promise 4. */
static struct slice
key_text(const struct composer *c, const struct value *key)
{
	if (key->kind == VALUE_STRING || key->kind == VALUE_NUMBER)
		return key->text;
	return slice_sub(c->places.text, key->span.start, key->span.end - key->span.start);
}

/* `<<` without quotes. */
static bool
is_merge(const struct composer *c, const struct value *key)
{
	return key->kind == VALUE_STRING && slice_is(key->text, "<<")
	    && key->span.start < c->places.text.len && c->places.text.ptr[key->span.start] == '<';
}

static bool
merge_one(struct composer *c, struct map_maker *m, const struct value *from)
{
	if (from->kind != VALUE_MAP)
		return false;
	for (uint32_t i = 0; i < from->count; i++)
		map_add(m, c->arena, from->members[i], true);
	return true;
}

static void
merge(struct composer *c, struct map_maker *m, const struct value *from)
{
	bool good = true;

	if (from->kind == VALUE_LIST)
		for (uint32_t i = 0; i < from->count; i++)
			good &= merge_one(c, m, from->items[i]);
	else
		good = merge_one(c, m, from);
	if (!good && from->kind != VALUE_UNKNOWN)
		complain(c, from->span, "what a merge key names is not a map");
}

static void
member(struct composer *c, struct map_maker *m, const struct value *key, const struct value *v)
{
	if (is_merge(c, key))
		merge(c, m, v);
	else
		map_add(m, c->arena, (struct member){ key_text(c, key), key->span, v }, false);
}

/* What is merged becomes a part of this map, not a level below it. */
static void
flatten(struct composed *out, const struct composed *merged)
{
	uint32_t levels = merged->value->kind == VALUE_LIST ? 1 : 0;

	if (merged->height > levels && out->height < merged->height - levels)
		out->height = merged->height - levels;
}

static bool
mapping(struct composer *c, const yaml_event_t *e, uint32_t level, struct composed *out)
{
	struct span span = collection_start(c, e);
	struct composed key, value;
	struct map_maker m = { 0 };

	out->height = 1;
	for (out->end = span.start;; out->end = value.end > key.end ? value.end : key.end) {
		if (!node(c, level + 1, &key))
			return false;
		if (key.value == NULL)
			break;
		if (!node(c, level + 1, &value))
			return false;
		member(c, &m, key.value, value.value);
		taller(out, &key);
		if (is_merge(c, key.value))
			flatten(out, &value);
		else
			taller(out, &value);
	}
	out->end = collection_end(c, e, out->end, &key);
	c->clean &= map_end(&m, c->project, places_span(&c->places, span.start, out->end), &out->value);
	return true;
}

/* An anchor is known once its node is complete, so a value never holds itself. */
static void
alias(struct composer *c, const yaml_event_t *e, struct composed *out)
{
	uint32_t start = byte_of(c, e->start_mark), end = byte_of(c, e->end_mark);
	struct span span = places_span(&c->places, start, end);
	const struct anchor *a = anchor_find(c, slice_of((const char *)e->data.alias.anchor));

	if (a != NULL) {
		*out = a->of;
	} else {
		complain(c, span, "an alias to an anchor that is not there");
		*out = (struct composed){ .nodes = 1, .height = 1 };
		out->value = value_unknown(c->arena, span, SLICE("an alias to an anchor that is not there"));
	}
	out->end = end;
}

static bool
by_type(struct composer *c, const yaml_event_t *e, uint32_t level, struct composed *out)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		scalar(c, e, out);
		return true;
	case YAML_SEQUENCE_START_EVENT:
		return sequence(c, e, level, out);
	case YAML_MAPPING_START_EVENT:
		return mapping(c, e, level, out);
	default:
		out->end = byte_of(c, e->end_mark);
		return true;
	}
}

/* Promise 2. */
static bool
within_bounds(struct composer *c, const yaml_event_t *e, uint32_t level, uint32_t nodes,
    uint32_t height)
{
	uint32_t start = byte_of(c, e->start_mark), end = byte_of(c, e->end_mark);

	if (level + height > DOCUMENT_DEPTH)
		return give_up(c, start, end, "too many levels");
	if (nodes > DOCUMENT_NODES - c->nodes)
		return give_up(c, start, end, "too many values");
	c->nodes += nodes;
	return true;
}

static bool
aliased(struct composer *c, const yaml_event_t *e, uint32_t level, struct composed *out)
{
	alias(c, e, out);
	return within_bounds(c, e, level, out->nodes, out->height);
}

const struct why document_reset = { .text = SLICE_INIT("!reset") };
const struct why document_override = { .text = SLICE_INIT("!override") };

/* Promise 6. */
static void
mark(struct composer *c, const yaml_event_t *e, struct composed *out)
{
	const char *tag = (const char *)tag_of(e);
	struct value *copy;

	if (tag == NULL || (strcmp(tag, "!reset") != 0 && strcmp(tag, "!override") != 0))
		return;
	copy = arena_alloc(c->arena, sizeof *copy);
	*copy = *out->value;
	copy->why = tag[1] == 'r' ? &document_reset : &document_override;
	out->value = copy;
}

static bool
made(struct composer *c, const yaml_event_t *e, uint32_t level, struct composed *out)
{
	uint32_t before = c->nodes;

	if (!within_bounds(c, e, level, 1, 1) || !by_type(c, e, level, out))
		return false;
	if (out->value == NULL)
		return true;
	wrap(c, e, out);
	mark(c, e, out);
	out->nodes = c->nodes - before + 1;
	if (anchor_of(e) != NULL)
		anchor_set(c, anchor_of(e), out);
	return true;
}

static bool
node(struct composer *c, uint32_t level, struct composed *out)
{
	yaml_event_t e;
	bool good;

	memset(out, 0, sizeof *out);
	if (!next(c, &e))
		return false;
	good = e.type == YAML_ALIAS_EVENT ? aliased(c, &e, level, out) : made(c, &e, level, out);
	yaml_event_delete(&e);
	return good;
}

/* Reads one event that only stands between nodes. */
static bool
between(struct composer *c, yaml_event_type_t *type)
{
	yaml_event_t e;

	if (!next(c, &e))
		return false;
	*type = e.type;
	yaml_event_delete(&e);
	return true;
}

struct list {
	const struct value **items;
	uint32_t             count, room;
};

static void
keep(struct composer *c, struct list *l, const struct value *v)
{
	if (l->count == l->room) {
		l->room = l->room == 0 ? 4 : l->room * 2;
		l->items = arena_grow(c->arena, (void *)l->items, l->count * sizeof *l->items,
		    l->room * sizeof *l->items);
	}
	l->items[l->count++] = v;
}

static void
documents_of(struct composer *c, struct list *l)
{
	struct composed root;
	yaml_event_type_t type;

	if (!between(c, &type))
		return;
	while (between(c, &type) && type == YAML_DOCUMENT_START_EVENT) {
		memset(c->anchors, 0, sizeof c->anchors);
		if (!node(c, 0, &root) || !between(c, &type))
			return;
		keep(c, l, root.value);
	}
}

static bool
start(struct composer *c, struct slice text)
{
	if (text.len > DOCUMENT_BYTES)
		return give_up(c, 0, 0, "the text is too long");
	if (!yaml_parser_initialize(&c->parser))
		return give_up(c, 0, 0, "out of memory");
	if (slice_starts(text, BOM)) {
		c->skipped = 1;
		text = slice_sub(text, BOM.len, text.len);
	}
	yaml_parser_set_encoding(&c->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&c->parser, (const unsigned char *)text.ptr, text.len);
	return true;
}

bool
document_yaml(struct project *p, uint32_t source, enum yaml_schema schema,
    const struct value ***documents, uint32_t *count)
{
	struct composer *c = arena_alloc(p->arena, sizeof *c);
	struct slice text = p->sources[source].text;
	struct list l = { 0 };

	*c = (struct composer){ .project = p, .arena = p->arena, .schema = schema, .clean = true };
	places_init(&c->places, p->arena, source, slice_sub(text, 0, DOCUMENT_BYTES));
	if (start(c, text)) {
		documents_of(c, &l);
		yaml_parser_delete(&c->parser);
	}
	*documents = l.items;
	*count = l.count;
	return c->clean;
}
