/* pack.c -- see pack.h.
 *
 * Strings and value-set codes stay in the mapped file; the small tables are laid
 * out once, at opening, as arrays with pointers between them. */
#include "fhir/pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/digest.h"
#include "fhir/names.h"
#include "fhir/pack_format.h"
#include "json/json.h"

/* One file: the pack itself, or a compiled package beside it. */
struct pack_part {
	const struct pack_header *header;
	const uint32_t (*strings)[2], (*codes)[2], *words, *end;
	const char   *text;
	struct value_set *sets;
	uint32_t      set_count;
};

struct compartment {
	struct slice name;
	const struct type *type;
	struct slice *params;
	uint32_t count;
};

struct type_params {
	const struct search_param **at;         /* sorted by code */
	uint32_t count;
};

struct pack {
	struct arena *arena;
	void         *map;
	size_t        size;
	struct pack_part base, *part;           /* `part`: the one that is read */
	const struct pack_part **parts;         /* all of them, the base first */
	uint32_t      part_count;
	const uint32_t *at;
	bool          damaged;
	struct type  *types;
	uint32_t      type_count;
	struct search_param *params;
	uint32_t      param_count;
	struct type_params *of_type;
	const struct slice **definitions;       /* of packages */
	uint32_t      definition_count, definition_room;
	const struct value_set **sets;          /* of all parts, by set_names */
	uint32_t      set_count, set_room;
	struct compartment *compartments;
	uint32_t      compartment_count;
	const struct profile **profiles;        /* of all parts, by profile_names */
	uint32_t      profile_count, profile_room, constraint_count;
	struct names  type_names, set_names, profile_names;
	struct names *members;                  /* of each type: JSON name -> element << 8 | choice */
	struct ucum_unit *units;                    /* by unit_names */
	struct unit_prefix { struct slice code; double factor; } *prefixes;
	uint32_t      prefix_count;
	struct names  unit_names;
};

/* Reading the words */

static uint32_t
word(struct pack *p)
{
	if (p->at >= p->part->end) {
		p->damaged = true;
		return 0;
	}
	return *p->at++;
}

/* A count of things that take at least one word each. */
static uint32_t
count_word(struct pack *p)
{
	uint32_t n = word(p);

	if (n > (size_t)(p->part->end - p->at)) {
		p->damaged = true;
		return 0;
	}
	return n;
}

static struct slice
string_at(const struct pack_part *f, uint32_t number)
{
	if (number >= f->header->string_count)
		return SLICE_NONE;
	return slice_make(f->text + f->strings[number][0], f->strings[number][1]);
}

static struct slice
string(struct pack *p)
{
	return string_at(p->part, word(p));
}

static const struct type *
type_word(struct pack *p)
{
	uint32_t number = word(p);

	return number < p->type_count ? &p->types[number] : NULL;
}

static const struct value_set *
set_word(struct pack *p)
{
	uint32_t number = word(p);

	if (number < p->part->set_count)
		return &p->part->sets[number];
	if (number == PACK_NONE || (number & PACK_BY_URL) == 0)
		return NULL;
	return pack_value_set(p, string_at(p->part, number & ~PACK_BY_URL));
}

static const struct slice *
strings(struct pack *p, uint32_t *count)
{
	struct slice *list;

	*count = count_word(p);
	list = arena_array(p->arena, *count + 1, sizeof *list);
	for (uint32_t i = 0; i < *count; i++)
		list[i] = string(p);
	return list;
}

static const struct constraint *
read_constraints(struct pack *p, uint32_t *count)
{
	struct constraint *c;

	*count = count_word(p);
	c = arena_array(p->arena, *count + 1, sizeof *c);
	for (uint32_t i = 0; i < *count; i++) {
		c[i].number = p->constraint_count++;
		c[i].key = string(p);
		c[i].expression = string(p);
		c[i].human = string(p);
		c[i].error = word(p) != 0;
	}
	return c;
}

static void
read_element(struct pack *p, struct element *e)
{
	struct element_type *types;
	uint32_t flags;

	e->name = string(p);
	e->path = string(p);
	e->min = word(p);
	e->max = word(p);
	flags = word(p);
	e->choice = (flags & PACK_CHOICE) != 0;
	e->modifier = (flags & PACK_MODIFIER) != 0;
	e->summary = (flags & PACK_SUMMARY) != 0;
	e->binding_strength = (uint8_t)word(p);
	e->binding = set_word(p);
	e->constraints = read_constraints(p, &e->constraint_count);
	e->type_count = count_word(p);
	e->types = types = arena_array(p->arena, e->type_count + 1, sizeof *types);
	for (uint32_t i = 0; i < e->type_count; i++) {
		types[i].type = type_word(p);
		types[i].json_name = string(p);
		types[i].targets = strings(p, &types[i].target_count);
	}
}

static void
index_members(struct pack *p, const struct type *t)
{
	struct names *members = &p->members[t->number];

	names_init(members, p->arena, t->element_count + 8);
	for (uint32_t i = 0; i < t->element_count; i++)
		for (uint32_t k = 0; k < t->elements[i].type_count; k++)
			names_add(members, t->elements[i].types[k].json_name, i << 8 | k);
}

static void
read_type(struct pack *p, uint32_t number)
{
	struct type *t = &p->types[number];
	struct element *elements;

	t->number = (uint16_t)number;
	t->name = string(p);
	t->kind = (enum type_kind)word(p);
	t->abstract = (word(p) & PACK_ABSTRACT) != 0;
	t->base = type_word(p);
	t->pattern = string(p);
	t->constraints = read_constraints(p, &t->constraint_count);
	t->element_count = count_word(p);
	t->elements = elements = arena_array(p->arena, t->element_count + 1, sizeof *elements);
	for (uint32_t i = 0; i < t->element_count && !p->damaged; i++)
		read_element(p, &elements[i]);
	names_add(&p->type_names, t->name, number);
	index_members(p, t);
}

static const struct search_component *
read_components(struct pack *p, uint32_t *count)
{
	struct search_component *all;

	*count = count_word(p);
	all = arena_array(p->arena, *count + 1, sizeof *all);
	for (uint32_t i = 0; i < *count && !p->damaged; i++) {
		all[i].expression = string(p);
		all[i].kind = (enum search_kind)word(p);
		all[i].targets = strings(p, &all[i].target_count);
	}
	return all;
}

static void
read_param(struct pack *p, uint32_t number)
{
	struct search_param *s = &p->params[number];

	s->number = number;
	s->on = type_word(p);
	s->code = string(p);
	s->url = string(p);
	s->expression = string(p);
	s->kind = (enum search_kind)word(p);
	s->targets = strings(p, &s->target_count);
	s->components = read_components(p, &s->component_count);
	p->damaged |= s->on == NULL;
}

/* Params stand in the file by type, then code. */
static void
group_params(struct pack *p)
{
	p->of_type = arena_array(p->arena, p->type_count + 1, sizeof *p->of_type);
	for (uint32_t i = 0; i < p->param_count; i++) {
		struct type_params *of = &p->of_type[p->params[i].on->number];

		if (of->at == NULL)
			of->at = arena_array(p->arena, p->param_count - i, sizeof *of->at);
		of->at[of->count++] = &p->params[i];
	}
}

/* Room for `more` pointers in a list that names point into. */
static void *
room_for(struct pack *p, void *list, uint32_t count, uint32_t *room, uint32_t more)
{
	uint32_t wanted = count + more + 1;

	if (wanted <= *room)
		return list;
	list = arena_grow(p->arena, list, *room * sizeof(void *), wanted * sizeof(void *));
	*room = wanted;
	return list;
}

/* Known by its url, and by "url|version". */
static void
name_canonical(struct pack *p, struct names *names, struct slice url, struct slice version, uint32_t number)
{
	struct buf b;

	names_set(names, url, number);
	if (version.len == 0)
		return;
	buf_init(&b, p->arena, 65536);
	buf_add(&b, url);
	buf_add_char(&b, '|');
	buf_add(&b, version);
	names_set(names, buf_slice(&b), number);
}

static void
read_sets(struct pack *p)
{
	struct pack_part *f = p->part;

	p->sets = room_for(p, p->sets, p->set_count, &p->set_room, f->set_count);
	for (uint32_t i = 0; i < f->set_count; i++) {
		struct value_set *v = &f->sets[i];
		uint32_t flags;

		v->part = f;
		v->url = string(p);
		v->version = string(p);
		flags = word(p);
		v->complete = (flags & PACK_COMPLETE) != 0;
		v->unknown = (flags & PACK_UNKNOWN) != 0;
		v->open = strings(p, &v->open_count);
		v->first = word(p);
		v->count = word(p);
		if (v->first > f->header->code_count || v->count > f->header->code_count - v->first)
			p->damaged = true;
		name_canonical(p, &p->set_names, v->url, v->version, p->set_count);
		p->sets[p->set_count++] = v;
	}
}

static void
read_compartments(struct pack *p)
{
	p->compartment_count = count_word(p);
	p->compartments = arena_array(p->arena, p->compartment_count + 1, sizeof *p->compartments);
	for (uint32_t i = 0; i < p->compartment_count; i++) {
		struct compartment *c = &p->compartments[i];

		c->name = string(p);
		c->type = type_word(p);
		c->params = (struct slice *)strings(p, &c->count);
	}
}

/* Profiles */

/* A value of a definition, parsed once. */
static const struct json *
value_word(struct pack *p)
{
	struct slice text = string(p);
	struct json *j;
	struct outcome o;

	if (text.len == 0)
		return NULL;
	outcome_init(&o, p->arena);
	j = arena_alloc(p->arena, sizeof *j);
	if (!json_parse(text, (struct json_bounds){ .depth = 64, .nodes = 10000, .number = 64,
	    .key = 256 }, p->arena, j, &o))
		p->damaged = true;
	return j;
}

static const struct discriminator *
read_discriminators(struct pack *p, uint32_t *count)
{
	struct discriminator *d;

	*count = count_word(p);
	d = arena_array(p->arena, *count + 1, sizeof *d);
	for (uint32_t i = 0; i < *count; i++) {
		d[i].kind = (enum discriminator_kind)word(p);
		d[i].path = string(p);
	}
	return d;
}

static const struct rule_type *
read_rule_types(struct pack *p, uint32_t *count)
{
	struct rule_type *t;

	*count = count_word(p);
	t = arena_array(p->arena, *count + 1, sizeof *t);
	for (uint32_t i = 0; i < *count; i++) {
		t[i].type = type_word(p);
		t[i].refer = (uint8_t)word(p);
		t[i].profiles = strings(p, &t[i].profile_count);
		t[i].targets = strings(p, &t[i].target_count);
	}
	return t;
}

static const struct rule_binding *
read_more_bindings(struct pack *p, uint32_t *count)
{
	struct rule_binding *more;

	*count = count_word(p);
	more = arena_array(p->arena, *count + 1, sizeof *more);
	for (uint32_t i = 0; i < *count; i++) {
		more[i].strength = (uint8_t)word(p);
		more[i].set = set_word(p);
	}
	return more;
}

static void
read_rule(struct pack *p, struct rule *r)
{
	uint32_t flags;

	r->name = string(p);
	r->slice = string(p);
	r->min = word(p);
	r->max = word(p);
	flags = word(p);
	r->choice = (flags & PACK_CHOICE) != 0;
	r->sliced = (flags & PACK_SLICED) != 0;
	r->ordered = (flags & PACK_ORDERED) != 0;
	r->closed = (flags & PACK_CLOSED) != 0;
	r->at_end = (flags & PACK_AT_END) != 0;
	r->has_value = (flags & PACK_HAS_VALUE) != 0;
	r->discriminators = read_discriminators(p, &r->discriminator_count);
	r->fixed = value_word(p);
	r->pattern = value_word(p);
	r->value_type = string(p);
	r->min_value = value_word(p);
	r->max_value = value_word(p);
	r->min_length = word(p);
	r->max_length = word(p);
	r->alternatives = strings(p, &r->alternative_count);
	r->binding_strength = (uint8_t)word(p);
	r->binding = set_word(p);
	r->more = read_more_bindings(p, &r->more_count);
	r->constraints = read_constraints(p, &r->constraint_count);
	r->types = read_rule_types(p, &r->type_count);
}

#define RULE_DEPTH_MAX 64

/* A list with depths becomes a tree. */
static const struct rule *
read_rules(struct pack *p)
{
	uint32_t count = count_word(p);
	struct rule *rules = arena_array(p->arena, count + 1, sizeof *rules);
	struct rule *last[RULE_DEPTH_MAX] = { NULL };

	for (uint32_t i = 0; i < count && !p->damaged; i++) {
		uint32_t depth = word(p);

		if (depth >= RULE_DEPTH_MAX || (i == 0) != (depth == 0)
		    || (depth > 0 && last[depth - 1] == NULL)) {
			p->damaged = true;
			break;
		}
		if (depth > 0 && last[depth] != NULL)
			last[depth]->next = &rules[i];
		else if (depth > 0)
			last[depth - 1]->first = &rules[i];
		last[depth] = &rules[i];
		memset(last + depth + 1, 0, (RULE_DEPTH_MAX - depth - 1) * sizeof last[0]);
		read_rule(p, &rules[i]);
	}
	return count == 0 ? NULL : rules;
}

static void
name_profile(struct pack *p, const struct profile *f)
{
	name_canonical(p, &p->profile_names, f->url, f->version, p->profile_count);
	p->profiles[p->profile_count++] = f;
}

static void
read_profile(struct pack *p, struct profile *f)
{
	struct context *c;
	uint32_t flags;

	f->url = string(p);
	f->version = string(p);
	f->base = string(p);
	f->type = type_word(p);
	flags = word(p);
	f->modifier = (flags & PACK_MODIFIER_EXTENSION) != 0;
	f->global = (flags & PACK_GLOBAL) != 0;
	f->context_count = count_word(p);
	f->contexts = c = arena_array(p->arena, f->context_count + 1, sizeof *c);
	for (uint32_t i = 0; i < f->context_count; i++) {
		c[i].kind = string(p);
		c[i].expression = string(p);
	}
	f->root = read_rules(p);
	p->damaged |= f->type == NULL || f->root == NULL;
	if (!p->damaged)
		name_profile(p, f);
}

static void
read_profiles(struct pack *p)
{
	uint32_t count = count_word(p);
	struct profile *profiles = arena_array(p->arena, count + 1, sizeof *profiles);

	p->profiles = room_for(p, p->profiles, p->profile_count, &p->profile_room, count);
	for (uint32_t i = 0; i < count && !p->damaged; i++)
		read_profile(p, &profiles[i]);
}

static void
read_definitions(struct pack *p)
{
	uint32_t count;
	const struct slice *texts = strings(p, &count);

	p->definitions = room_for(p, p->definitions, p->definition_count, &p->definition_room, count);
	for (uint32_t i = 0; i < count; i++)
		p->definitions[p->definition_count++] = &texts[i];
}

/* Units */

static double
double_words(struct pack *p)
{
	uint32_t words[2];
	double value;

	words[0] = word(p);
	words[1] = word(p);
	memcpy(&value, words, sizeof value);
	return value;
}

static void
read_unit(struct pack *p, struct ucum_unit *u)
{
	uint32_t flags;

	u->code = string(p);
	flags = word(p);
	u->metric = (flags & 1) != 0;
	u->special = (flags & 2) != 0;
	u->arbitrary = (flags & 4) != 0;
	u->magnitude = double_words(p);
	for (int i = 0; i < 7; i++)
		u->dimensions[i] = (int32_t)word(p);
	u->moles = (int32_t)word(p);
}

static void
read_units(struct pack *p)
{
	uint32_t count = count_word(p);

	p->units = arena_array(p->arena, count + 1, sizeof *p->units);
	names_init(&p->unit_names, p->arena, count + 1);
	for (uint32_t i = 0; i < count && !p->damaged; i++) {
		read_unit(p, &p->units[i]);
		names_add(&p->unit_names, p->units[i].code, i);
	}
	p->prefix_count = count_word(p);
	p->prefixes = arena_array(p->arena, p->prefix_count + 1, sizeof *p->prefixes);
	for (uint32_t i = 0; i < p->prefix_count && !p->damaged; i++) {
		p->prefixes[i].code = string(p);
		p->prefixes[i].factor = double_words(p);
	}
}

static void
begin_sets(struct pack *p)
{
	p->part->set_count = count_word(p);
	p->part->sets = arena_array(p->arena, p->part->set_count + 1, sizeof *p->part->sets);
}

static bool
read_words(struct pack *p)
{
	p->type_count = count_word(p);
	p->param_count = count_word(p);
	begin_sets(p);
	p->types = arena_array(p->arena, p->type_count + 1, sizeof *p->types);
	p->members = arena_array(p->arena, p->type_count + 1, sizeof *p->members);
	p->params = arena_array(p->arena, p->param_count + 1, sizeof *p->params);
	names_init(&p->type_names, p->arena, p->type_count);
	names_init(&p->set_names, p->arena, p->part->set_count);
	names_init(&p->profile_names, p->arena, 2048);
	for (uint32_t i = 0; i < p->type_count && !p->damaged; i++)
		read_type(p, i);
	for (uint32_t i = 0; i < p->param_count && !p->damaged; i++)
		read_param(p, i);
	if (p->damaged)
		return false;
	group_params(p);
	read_sets(p);
	read_compartments(p);
	read_profiles(p);
	read_units(p);
	return !p->damaged && p->at == p->part->end;
}

/* The file */

static bool
strings_good(const struct pack_part *f)
{
	for (uint32_t i = 0; i < f->header->string_count; i++)
		if (f->strings[i][0] > f->header->text_bytes
		    || f->strings[i][1] > f->header->text_bytes - f->strings[i][0])
			return false;
	return true;
}

static bool
lay_out(struct pack_part *f, struct slice bytes)
{
	const struct pack_header *h = f->header = (const void *)bytes.ptr;
	uint8_t hash[SHA256_BYTES];
	uint64_t need;

	if (bytes.len < sizeof *h || memcmp(h->magic, PACK_MAGIC, sizeof h->magic) != 0
	    || h->format != PACK_FORMAT)
		return false;
	need = sizeof *h + (uint64_t)h->string_count * 8 + (uint64_t)h->code_count * 8
	    + (uint64_t)h->word_count * 4 + h->terminology_bytes + h->text_bytes;
	if (need != bytes.len)
		return false;
	sha256_one(slice_sub(bytes, sizeof *h, bytes.len), hash);
	if (memcmp(hash, h->hash, sizeof hash) != 0)
		return false;
	f->strings = (const void *)(bytes.ptr + sizeof *h);
	f->codes = f->strings + h->string_count;
	f->words = (const void *)(f->codes + h->code_count);
	f->end = f->words + h->word_count;
	f->text = (const char *)f->end + h->terminology_bytes;
	return strings_good(f);
}

static void
begin_part(struct pack *p, struct pack_part *f)
{
	p->part = f;
	p->at = f->words;
	p->parts = arena_more(p->arena, p->parts, p->part_count, sizeof *p->parts);
	p->parts[p->part_count++] = f;
}

bool
pack_add(struct pack *p, struct slice compiled, struct outcome *o)
{
	struct pack_part *f = arena_alloc(p->arena, sizeof *f);

	if (!lay_out(f, compiled))
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE,
		    "a compiled package is damaged, or of another version: firebreak package refresh");
	if (memcmp(f->header->base, p->base.header->hash, sizeof f->header->base) != 0)
		return outcome_fail_at_once(o, FAULT_UNAVAILABLE,
		    "a package was compiled for other definitions: firebreak package refresh");
	begin_part(p, f);
	begin_sets(p);
	read_sets(p);
	read_profiles(p);
	read_definitions(p);
	return (!p->damaged && p->at == f->end)
	    || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "a compiled package is damaged");
}

static bool
map_file(struct pack *p, const struct env *env, const char *path)
{
	int fd = env->open(env, path, O_RDONLY, 0);
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		p->size = (size_t)st.st_size;
		p->map = mmap(NULL, p->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p->map == MAP_FAILED)
			p->map = NULL;
	}
	env->close(env, fd);
	return p->map != NULL;
}

struct pack *
pack_open(const struct env *env, const char *path, struct outcome *o)
{
	struct arena *arena = arena_new(1 << 20);
	struct pack *p = arena_alloc(arena, sizeof *p);

	p->arena = arena;
	if (!map_file(p, env, path))
		outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the definitions pack cannot be read");
	else if (!lay_out(&p->base, slice_make(p->map, p->size)) || (begin_part(p, &p->base), !read_words(p)))
		outcome_fail_at_once(o, FAULT_UNAVAILABLE, "the definitions pack is damaged");
	else
		return p;
	pack_close(p);
	return NULL;
}

void
pack_close(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->map != NULL)
		munmap(p->map, p->size);
	arena_free(p->arena);
}

struct slice
pack_hash(const struct pack *p)
{
	return slice_make(p->base.header->hash, sizeof p->base.header->hash);
}

struct slice
pack_terminology(const struct pack *p, uint32_t part)
{
	const struct pack_part *f = part < p->part_count ? p->parts[part] : NULL;

	return f == NULL ? SLICE_NONE : slice_make(f->end, f->header->terminology_bytes);
}

uint32_t
pack_part_count(const struct pack *p)
{
	return p->part_count;
}

struct slice
pack_fhir_version(const struct pack *p)
{
	return string_at(&p->base, p->base.header->version);
}

/* Types */

uint32_t
pack_type_count(const struct pack *p)
{
	return p->type_count;
}

const struct type *
pack_type_at(const struct pack *p, uint32_t number)
{
	return &p->types[number];
}

const struct type *
pack_type(const struct pack *p, struct slice name)
{
	uint32_t number = names_find(&p->type_names, name);

	return number == NAME_UNKNOWN ? NULL : &p->types[number];
}

const struct type *
pack_resource(const struct pack *p, struct slice name)
{
	const struct type *t = pack_type(p, name);

	return t != NULL && t->kind == TYPE_RESOURCE && !t->abstract ? t : NULL;
}

bool
type_is(const struct type *type, const struct type *ancestor)
{
	while (type != NULL && type != ancestor)
		type = type->base;
	return type != NULL;
}

const struct element *
type_element(const struct type *type, struct slice name)
{
	for (uint32_t i = 0; i < type->element_count; i++)
		if (slice_eq(type->elements[i].name, name))
			return &type->elements[i];
	return NULL;
}

const struct element *
pack_member(const struct pack *p, const struct type *type, struct slice name,
    const struct element_type **which)
{
	uint32_t found = names_find(&p->members[type->number], name);
	const struct element *e;

	if (found == NAME_UNKNOWN)
		return NULL;
	e = &type->elements[found >> 8];
	if (which != NULL)
		*which = &e->types[found & 255];
	return e;
}

/* Search parameters, compartments, value sets */

static const char *const search_kinds[] = { "number", "date", "string", "token", "reference",
	"composite", "quantity", "uri", "special" };

const char *
search_kind_name(enum search_kind kind)
{
	return search_kinds[kind];
}

bool
search_kind_find(struct slice name, enum search_kind *kind)
{
	for (size_t i = 0; i < COUNT_OF(search_kinds); i++)
		if (slice_is(name, search_kinds[i])) {
			*kind = (enum search_kind)i;
			return true;
		}
	return false;
}

uint32_t
pack_param_count(const struct pack *p)
{
	return p->param_count;
}

const struct search_param *
pack_param_at(const struct pack *p, uint32_t number)
{
	return &p->params[number];
}

const struct search_param *const *
pack_params(const struct pack *p, const struct type *type, uint32_t *count)
{
	*count = p->of_type[type->number].count;
	return (const struct search_param *const *)p->of_type[type->number].at;
}

const struct search_param *
pack_param(const struct pack *p, const struct type *type, struct slice code)
{
	const struct type_params *of = &p->of_type[type->number];
	uint32_t low = 0, high = of->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		int order = slice_cmp(of->at[middle]->code, code);

		if (order == 0)
			return of->at[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint32_t
pack_added_param_count(const struct pack *p)
{
	return p->definition_count;
}

struct slice
pack_added_param(const struct pack *p, uint32_t number)
{
	return *p->definitions[number];
}

const struct slice *
pack_compartment(const struct pack *p, struct slice compartment, const struct type *type,
    uint32_t *count)
{
	for (uint32_t i = 0; i < p->compartment_count; i++)
		if (p->compartments[i].type == type && slice_eq(p->compartments[i].name, compartment)) {
			*count = p->compartments[i].count;
			return p->compartments[i].params;
		}
	*count = 0;
	return NULL;
}

/* "6.1" asks for any 6.1.x. */
static bool
version_fits(struct slice version, struct slice asked)
{
	return slice_starts(version, asked)
	    && (version.len == asked.len || version.ptr[asked.len] == '.');
}

const struct profile *
pack_profile(const struct pack *p, struct slice url)
{
	uint32_t number = names_find(&p->profile_names, url);
	struct slice asked = url, bare;

	if (number != NAME_UNKNOWN)
		return p->profiles[number];
	bare = slice_cut(&asked, '|');
	if (asked.len == 0 || (number = names_find(&p->profile_names, bare)) == NAME_UNKNOWN
	    || !version_fits(p->profiles[number]->version, asked))
		return NULL;
	return p->profiles[number];
}

uint32_t
pack_profile_count(const struct pack *p)
{
	return p->profile_count;
}

const struct profile *
pack_profile_at(const struct pack *p, uint32_t number)
{
	return p->profiles[number];
}

uint32_t
pack_constraint_count(const struct pack *p)
{
	return p->constraint_count;
}

const struct value_set *
pack_value_set(const struct pack *p, struct slice url)
{
	uint32_t number = names_find(&p->set_names, url);

	if (number == NAME_UNKNOWN)
		number = names_find(&p->set_names, slice_cut(&url, '|'));
	return number == NAME_UNKNOWN ? NULL : p->sets[number];
}

void
value_set_code(const struct value_set *set, uint32_t i, struct slice *system, struct slice *code)
{
	const uint32_t *row = set->part->codes[set->first + i];

	*system = string_at(set->part, row[0]);
	*code = string_at(set->part, row[1]);
}

static int
compare_code(const struct pack_part *f, const uint32_t row[2], struct slice system, struct slice code)
{
	int order = slice_cmp(string_at(f, row[1]), code);

	return order != 0 || system.len == 0 ? order : slice_cmp(string_at(f, row[0]), system);
}

/* Codes are sorted by (code, system). */
bool
value_set_has(const struct pack *p UNUSED, const struct value_set *set, struct slice system,
    struct slice code)
{
	uint32_t low = set->first, high = set->first + set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_code(set->part, set->part->codes[middle], system, code);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

const struct ucum_unit *
pack_unit(const struct pack *p, struct slice code)
{
	uint32_t number = names_find(&p->unit_names, code);

	return number == NAME_UNKNOWN ? NULL : &p->units[number];
}

bool
pack_unit_prefix(const struct pack *p, struct slice code, double *factor)
{
	for (uint32_t i = 0; i < p->prefix_count; i++)
		if (slice_eq(p->prefixes[i].code, code)) {
			*factor = p->prefixes[i].factor;
			return true;
		}
	return false;
}
