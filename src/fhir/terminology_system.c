/* terminology_system.c -- reading the tables of one code system where they lie.
 *
 * That the parts lie within the bytes is checked once, when the system is found;
 * numbers and strings are checked as they are used, because a check of each
 * would touch every page of a large system. */
#include "fhir/terminology.h"

#include "fhir/terminology_format.h"

struct code_system {
	struct system_head head;
};

static const struct concept_row no_concept;
static const struct property_row no_property;
static const struct designation_row no_designation;
static const struct kind_row no_kind;

static bool
part_good(const struct system_head *h, uint32_t at, uint64_t count, size_t size)
{
	return at % 4 == 0 && at <= h->bytes && count * size <= h->bytes - at;
}

const struct code_system *
code_system_at(struct slice bytes)
{
	const struct system_head *h = (const void *)bytes.ptr;

	if (bytes.len < sizeof *h || h->bytes > bytes.len || (uintptr_t)bytes.ptr % 4 != 0
	    || h->text > h->bytes
	    || !part_good(h, h->concepts, h->concept_count, sizeof(struct concept_row))
	    || !part_good(h, h->order, h->concept_count, sizeof(uint32_t))
	    || !part_good(h, h->links, h->link_count * 2ull, sizeof(uint32_t))
	    || !part_good(h, h->properties, h->property_count, sizeof(struct property_row))
	    || !part_good(h, h->designations, h->designation_count, sizeof(struct designation_row))
	    || !part_good(h, h->kinds, h->kind_count, sizeof(struct kind_row)))
		return NULL;
	return (const void *)bytes.ptr;
}

struct slice
code_system_bytes(const struct code_system *s)
{
	return slice_make(s, s->head.bytes);
}

const struct system_head *
code_system_head(const struct code_system *s)
{
	return &s->head;
}

static const void *
part(const struct code_system *s, uint32_t at)
{
	return (const char *)s + at;
}

const struct concept_row *
code_system_concept(const struct code_system *s, uint32_t number)
{
	const struct concept_row *rows = part(s, s->head.concepts);

	return number < s->head.concept_count ? &rows[number] : &no_concept;
}

const struct property_row *
code_system_property(const struct code_system *s, uint32_t number)
{
	const struct property_row *rows = part(s, s->head.properties);

	return number < s->head.property_count ? &rows[number] : &no_property;
}

const struct designation_row *
code_system_designation(const struct code_system *s, uint32_t number)
{
	const struct designation_row *rows = part(s, s->head.designations);

	return number < s->head.designation_count ? &rows[number] : &no_designation;
}

const struct kind_row *
code_system_kind(const struct code_system *s, uint32_t number)
{
	const struct kind_row *rows = part(s, s->head.kinds);

	return number < s->head.kind_count ? &rows[number] : &no_kind;
}

/* A number of a concept; of none when there is no such link. */
uint32_t
code_system_link(const struct code_system *s, uint32_t number)
{
	const uint32_t *links = part(s, s->head.links);

	return number < s->head.link_count * 2ull ? links[number] : UINT32_MAX;
}

struct slice
code_system_text(const struct code_system *s, struct text_at t)
{
	uint32_t room = s->head.bytes - s->head.text;

	if (t.len == 0 || t.at > room || t.len > room - t.at)
		return SLICE_NONE;
	return slice_make((const char *)s + s->head.text + t.at, t.len);
}

struct slice
code_system_url(const struct code_system *s)
{
	return code_system_text(s, s->head.url);
}

struct slice
code_system_version(const struct code_system *s)
{
	return code_system_text(s, s->head.version);
}

struct slice
code_system_content(const struct code_system *s)
{
	return code_system_text(s, s->head.content);
}

struct slice
code_system_language(const struct code_system *s)
{
	return code_system_text(s, s->head.language);
}

struct slice
code_system_property_type(const struct code_system *s, struct slice property)
{
	for (uint32_t i = 0; i < s->head.kind_count; i++)
		if (slice_eq(code_system_text(s, code_system_kind(s, i)->code), property))
			return code_system_text(s, code_system_kind(s, i)->type);
	return SLICE_NONE;
}

static unsigned char
folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int
code_compare(struct slice a, struct slice b, bool exact)
{
	size_t n = a.len < b.len ? a.len : b.len;

	if (exact)
		return slice_cmp(a, b);
	for (size_t i = 0; i < n; i++)
		if (folded(a.ptr[i]) != folded(b.ptr[i]))
			return folded(a.ptr[i]) < folded(b.ptr[i]) ? -1 : 1;
	return a.len < b.len ? -1 : a.len > b.len;
}

struct concept
code_system_concept_at(const struct code_system *s, uint32_t number)
{
	const struct concept_row *row = code_system_concept(s, number);

	return (struct concept){
		.in = s, .number = number, .code = code_system_text(s, row->code),
		.display = code_system_text(s, row->display),
		.definition = code_system_text(s, row->definition),
		.abstract = (row->flags & CONCEPT_ABSTRACT) != 0,
		.inactive = (row->flags & CONCEPT_INACTIVE) != 0,
	};
}

enum known
code_system_find(const struct code_system *s, struct slice code, struct concept *out)
{
	const uint32_t *order = part(s, s->head.order);
	bool exact = (s->head.flags & SYSTEM_CASE_SENSITIVE) != 0;
	uint32_t low = 0, high = s->head.concept_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct concept_row *row = code_system_concept(s, order[middle]);
		int way = code_compare(code_system_text(s, row->code), code, exact);

		if (way == 0) {
			if (out != NULL)
				*out = code_system_concept_at(s, order[middle]);
			return KNOWN_YES;
		}
		if (way < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (s->head.flags & SYSTEM_COMPLETE) != 0 ? KNOWN_NO : UNKNOWN;
}

static bool
has_designation(const struct code_system *s, const struct concept_row *row, struct slice display)
{
	for (uint32_t i = 0; i < row->designation_count; i++)
		if (code_compare(code_system_text(s, code_system_designation(s,
		    row->designations + i)->value), display, false) == 0)
			return true;
	return false;
}

bool
concept_has_display(const struct concept *c, struct slice display)
{
	return display.len == 0 || c->display.len == 0
	    || code_compare(slice_trim(c->display), slice_trim(display), false) == 0
	    || has_designation(c->in, code_system_concept(c->in, c->number), slice_trim(display));
}
