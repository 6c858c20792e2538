/* terminology.c -- finding definitions, and walking the hierarchy of a code system.
 *
 * The pack's entries are sorted, so that finding one is a binary search in the
 * mapped file; what was found (or not) is kept for the work's life. */
#include "fhir/terminology.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "fhir/terminology_format.h"
#include "fhir/terminology_inside.h"

static const struct json_bounds bounds = {
	.depth = 128, .nodes = 8000000, .number = 4096, .key = 4096
};

#define SOURCE_STEPS 2000       /* what a look into the source costs of the budget */

struct terminology_kept {
	enum terminology_kind     kind;
	struct slice              canonical;
	uint32_t                  package;
	const struct definition  *found;        /* NULL: nothing */
	struct terminology_kept  *next;
};

void
terminology_init(struct terminology *t, const struct pack *pack, const struct limits *limits,
    const struct terminology_source *source, struct arena *arena)
{
	*t = (struct terminology){ .pack = pack, .arena = arena,
		.steps = limits->of[LIMIT_TERMINOLOGY_STEPS],
		.members = (uint32_t)limits->of[LIMIT_EXPANSION] };
	if (source != NULL)
		t->source = *source;
}

bool
terminology_take(struct terminology *t, uint64_t steps)
{
	if (t->steps < steps) {
		t->steps = 0;
		t->spent = true;
		return false;
	}
	t->steps -= steps;
	return true;
}

/* The pack's section */

static struct slice
text_at(struct slice section, struct text_at t)
{
	if (t.at > section.len || t.len > section.len - t.at)
		return SLICE_NONE;
	return slice_make(section.ptr + t.at, t.len);
}

static const struct entry_row *
entries_of(struct slice section, uint32_t *count)
{
	*count = 0;
	if (section.len < sizeof *count)
		return NULL;
	memcpy(count, section.ptr, sizeof *count);
	if (*count > (section.len - sizeof *count) / sizeof(struct entry_row))
		*count = 0;
	return (const void *)(section.ptr + sizeof *count);
}

static int
entry_compare(struct slice section, const struct entry_row *e, uint32_t kind, struct slice url)
{
	if (e->kind != kind)
		return e->kind < kind ? -1 : 1;
	return slice_cmp(text_at(section, e->url), url);
}

static const struct entry_row *
first_entry(struct slice section, uint32_t kind, struct slice url, const struct entry_row **end)
{
	uint32_t count, low = 0, high;
	const struct entry_row *entries = entries_of(section, &count);

	high = count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (entry_compare(section, &entries[middle], kind, url) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*end = entries + count;
	return entries + low;
}

/* Packages are numbered through all parts. */
static uint32_t
package_of(uint32_t part, const struct entry_row *e)
{
	return part << 16 | e->package;
}

struct found {
	const struct entry_row *entry;          /* NULL: none */
	struct slice section;
	uint32_t     package;
};

static bool
is_higher(const struct found *than, struct slice version)
{
	return than->entry == NULL || version_compare(version, text_at(than->section, than->entry->version)) > 0;
}

/* A version that is asked for must be the one, or the highest that fits; else that of the package, else the
 * first. */
static bool
find_in_part(const struct pack *pack, uint32_t part, uint32_t kind, struct slice url,
    struct slice version, uint32_t package, struct found *out)
{
	struct slice section = pack_terminology(pack, part);
	const struct entry_row *end, *e = first_entry(section, kind, url, &end);
	bool wide = version_is_wide(version);

	for (; e < end && entry_compare(section, e, kind, url) == 0; e++) {
		struct slice its = text_at(section, e->version);
		bool it = version.len > 0 ? slice_eq(its, version) : package_of(part, e) == package;
		bool fits = wide ? version_fits(version, its) && is_higher(out, its) : version.len == 0
		    && out->entry == NULL;

		if (it || fits)
			*out = (struct found){ e, section, package_of(part, e) };
		if (it)
			return true;
	}
	return false;
}

static struct found
find_entry(const struct pack *pack, uint32_t kind, struct slice url, struct slice version,
    uint32_t package)
{
	struct found found = { NULL, SLICE_NONE, 0 };

	for (uint32_t part = 0; part < pack_part_count(pack); part++)
		if (find_in_part(pack, part, kind, url, version, package, &found))
			break;
	return found;
}

const struct json *
terminology_parse(struct terminology *t, struct slice text)
{
	struct json *j = arena_alloc(t->arena, sizeof *j);
	struct outcome aside;

	outcome_init(&aside, t->arena);
	return json_parse(text, bounds, t->arena, j, &aside) ? j : NULL;
}

static bool
is_system(uint32_t kind)
{
	return kind == TERMINOLOGY_SYSTEM || kind == TERMINOLOGY_SUPPLEMENT;
}

static bool
from_entry(struct terminology *t, const struct found *f, struct definition *d)
{
	struct slice body = text_at(f->section, f->entry->body);

	d->package = f->package;
	if (is_system(f->entry->kind))
		d->system = code_system_at(body);
	else
		d->json = terminology_parse(t, body);
	return d->system != NULL || d->json != NULL;
}

static bool
from_source(struct terminology *t, enum terminology_kind kind, struct slice url,
    struct slice version, struct definition *d)
{
	if (t->source.find == NULL || kind >= TERMINOLOGY_OPERATION || !terminology_take(t, SOURCE_STEPS))
		return false;
	d->package = PACKAGE_NONE;
	d->json = t->source.find(t->source.ctx, kind, url, version, t->arena);
	if (d->json != NULL && is_system(kind))
		d->system = code_system_compile(d->json, 0, t->arena);
	return is_system(kind) ? d->system != NULL : d->json != NULL;
}

static const struct definition *
look_up(struct terminology *t, enum terminology_kind kind, struct slice canonical,
    uint32_t package)
{
	struct slice version = canonical, url = slice_cut(&version, '|');
	struct found f = find_entry(t->pack, kind, url, version, package);
	struct definition *d = arena_alloc(t->arena, sizeof *d);

	if (url.len == 0)
		return NULL;
	if (f.entry == NULL && version.len > 0) /* the old tables of v2 have a bar in their url */
		f = find_entry(t->pack, kind, canonical, SLICE_NONE, package);
	if (f.entry != NULL)
		return from_entry(t, &f, d) ? d : NULL;
	return from_source(t, kind, url, version, d) ? d : NULL;
}

static void
note_missing(struct terminology *t, enum terminology_kind kind, struct slice canonical)
{
	struct slice *where = kind == TERMINOLOGY_SYSTEM ? &t->missing_system
	    : kind == TERMINOLOGY_VALUE_SET ? &t->missing_set : NULL;

	if (where != NULL && where->len == 0)
		*where = canonical;
}

const struct definition *
terminology_find(struct terminology *t, enum terminology_kind kind, struct slice canonical,
    uint32_t package)
{
	struct terminology_kept *k;

	for (k = t->kept; k != NULL; k = k->next)
		if (k->kind == kind && k->package == package && slice_eq(k->canonical, canonical))
			break;
	if (k == NULL && t->spent)
		return NULL;
	if (k == NULL) {
		k = arena_alloc(t->arena, sizeof *k);
		*k = (struct terminology_kept){ kind, slice_dup(canonical, t->arena), package,
			look_up(t, kind, canonical, package), t->kept };
		t->kept = k;
	}
	if (k->found == NULL)
		note_missing(t, kind, k->canonical);
	return k->found;
}

const struct definition *
terminology_find_expansion(struct terminology *t, struct slice canonical)
{
	return terminology_find(t, TERMINOLOGY_EXPANSION, canonical, PACKAGE_NONE);
}

const struct json *
terminology_definition(struct terminology *t, enum terminology_kind kind, struct slice canonical,
    uint32_t *node)
{
	const struct definition *d = terminology_find(t, kind, canonical, PACKAGE_NONE);

	*node = d == NULL ? 0 : d->node;
	return d == NULL ? NULL : d->json;
}

static const struct entry_row *
entry_of_id(struct slice section, enum terminology_kind kind, struct slice id)
{
	uint32_t count;
	const struct entry_row *e = entries_of(section, &count);

	for (uint32_t i = 0; i < count; i++)
		if (e[i].kind == kind && slice_eq(text_at(section, e[i].id), id))
			return &e[i];
	return NULL;
}

struct slice
pack_definition(const struct pack *pack, enum terminology_kind kind, struct slice id,
    struct slice *url)
{
	*url = SLICE_NONE;
	for (uint32_t part = 0; part < pack_part_count(pack); part++) {
		struct slice section = pack_terminology(pack, part);
		const struct entry_row *e = entry_of_id(section, kind, id);

		if (e != NULL) {
			*url = text_at(section, e->url);
			return text_at(section, e->body);
		}
	}
	return SLICE_NONE;
}

bool
pack_definitions(const struct pack *pack, enum terminology_kind kind, uint64_t *at,
    struct slice *url, struct slice *version)
{
	for (uint32_t part = (uint32_t)(*at >> 32); part < pack_part_count(pack); part++) {
		struct slice section = pack_terminology(pack, part);
		uint32_t count, i = (uint32_t)*at;
		const struct entry_row *e = entries_of(section, &count);

		while (i < count && e[i].kind != kind)
			i++;
		if (i < count) {
			*url = text_at(section, e[i].url);
			*version = text_at(section, e[i].version);
			*at = (uint64_t)part << 32 | (i + 1);
			return true;
		}
		*at = (uint64_t)(part + 1) << 32;
	}
	return false;
}

/* Code systems */

const struct code_system *
terminology_find_system(struct terminology *t, enum terminology_kind kind, struct slice canonical,
    uint32_t package)
{
	const struct definition *d = terminology_find(t, kind, canonical, package);

	return d == NULL ? NULL : d->system;
}

const struct code_system *
terminology_system(struct terminology *t, struct slice url)
{
	return terminology_find_system(t, TERMINOLOGY_SYSTEM, url, PACKAGE_NONE);
}

struct walk {
	struct terminology *terminology;
	const struct code_system *system;
	uint8_t  *seen;
	uint32_t *at;
	uint32_t  count, room, concepts;
};

static void
reach(struct walk *w, uint32_t number)
{
	if (number >= w->concepts || (w->seen[number / 8] & 1 << number % 8) != 0
	    || !terminology_take(w->terminology, 1))
		return;
	w->seen[number / 8] |= (uint8_t)(1 << number % 8);
	if (w->count == w->room) {
		uint32_t room = w->room == 0 ? 64 : w->room * 2;

		w->at = arena_grow(w->terminology->arena, w->at, w->room * sizeof *w->at,
		    room * sizeof *w->at);
		w->room = room;
	}
	w->at[w->count++] = number;
}

const uint32_t *
terminology_walk(struct terminology *t, const struct code_system *s, uint32_t start, bool up,
    uint32_t *count, uint8_t **bits)
{
	struct walk w = { .terminology = t, .system = s,
		.concepts = code_system_head(s)->concept_count };

	w.seen = arena_alloc(t->arena, w.concepts / 8 + 1);
	reach(&w, start);
	for (uint32_t i = 0; i < w.count; i++) {
		const struct concept_row *row = code_system_concept(s, w.at[i]);
		uint32_t first = up ? row->parents : row->children;
		uint32_t n = up ? row->parent_count : row->child_count;

		for (uint32_t k = 0; k < n && !t->spent; k++)
			reach(&w, code_system_link(s, first + k));
	}
	*count = w.count;
	if (bits != NULL)
		*bits = w.seen;
	return w.at;
}

enum known
code_system_subsumes(struct terminology *t, const struct code_system *s, struct slice ancestor,
    struct slice code)
{
	struct concept a, c;
	const uint32_t *above;
	uint32_t count;

	if (code_system_find(s, ancestor, &a) != KNOWN_YES
	    || code_system_find(s, code, &c) != KNOWN_YES)
		return UNKNOWN;
	if (a.number == c.number)
		return KNOWN_YES;
	if ((code_system_head(s)->flags & SYSTEM_IS_A) == 0)
		return UNKNOWN;
	above = terminology_walk(t, s, c.number, true, &count, NULL);
	for (uint32_t i = 0; i < count; i++)
		if (above[i] == a.number)
			return KNOWN_YES;
	return t->spent ? UNKNOWN : KNOWN_NO;
}

enum known
terminology_subsumes(struct terminology *t, struct slice system, struct slice ancestor,
    struct slice code)
{
	const struct code_system *s = terminology_system(t, system);

	return s == NULL ? UNKNOWN : code_system_subsumes(t, s, ancestor, code);
}

static enum known
each_related(struct terminology *t, struct slice system, struct slice code, bool up,
    terminology_each *each, void *ctx)
{
	const struct code_system *s = terminology_system(t, system);
	struct concept c;
	const uint32_t *at;
	uint32_t count;

	if (s == NULL || code_system_find(s, code, &c) != KNOWN_YES)
		return UNKNOWN;
	at = terminology_walk(t, s, c.number, up, &count, NULL);
	for (uint32_t i = 0; i < count; i++) {
		struct concept one = code_system_concept_at(s, at[i]);

		if (!each(ctx, &one))
			break;
	}
	return t->spent ? UNKNOWN : KNOWN_YES;
}

enum known
terminology_below(struct terminology *t, struct slice system, struct slice code,
    terminology_each *each, void *ctx)
{
	return each_related(t, system, code, false, each, ctx);
}

enum known
terminology_above(struct terminology *t, struct slice system, struct slice code,
    terminology_each *each, void *ctx)
{
	return each_related(t, system, code, true, each, ctx);
}
