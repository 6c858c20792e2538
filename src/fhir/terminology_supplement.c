/* terminology_supplement.c -- a code system together with a supplement (R4 codesystem.html#supplements): its own
 * concepts in its own order, each with the designations and properties that the supplement adds.  A concept that
 * only the supplement has is none.
 *
 * The strings of the two stand one behind the other, so that a row of the supplement is a row of the whole once its
 * strings are shifted. */
#include "base/arena.h"
#include "base/buf.h"
#include "fhir/terminology_format.h"
#include "fhir/terminology_inside.h"

struct blend {
	const struct code_system *base, *supplement, *whole;
	struct blend *next;
};

struct blending {
	const struct code_system *base, *supplement;
	struct buf concepts, properties, designations, kinds, text;
	uint32_t   shift;               /* of the supplement's strings */
};

static struct text_at
shifted(const struct blending *b, struct text_at t)
{
	return (struct text_at){ t.len == 0 ? 0 : t.at + b->shift, t.len };
}

static void
add_property(struct blending *b, const struct property_row *p, bool theirs)
{
	struct property_row row = *p;

	if (theirs)
		row = (struct property_row){ shifted(b, p->code), shifted(b, p->type), shifted(b, p->value) };
	buf_add_bytes(&b->properties, &row, sizeof row);
}

static void
add_designation(struct blending *b, const struct designation_row *d, bool theirs)
{
	struct designation_row row = *d;

	if (theirs)
		row = (struct designation_row){ shifted(b, d->language), shifted(b, d->use_system),
			shifted(b, d->use_code), shifted(b, d->use_display), shifted(b, d->value) };
	buf_add_bytes(&b->designations, &row, sizeof row);
}

static void
add_rows(struct blending *b, const struct code_system *s, const struct concept_row *from, bool theirs)
{
	for (uint32_t i = 0; i < from->property_count; i++)
		add_property(b, code_system_property(s, from->properties + i), theirs);
	for (uint32_t i = 0; i < from->designation_count; i++)
		add_designation(b, code_system_designation(s, from->designations + i), theirs);
}

static void
add_concept(struct blending *b, uint32_t number)
{
	struct concept_row row = *code_system_concept(b->base, number);
	struct concept_row added = { .property_count = 0 };
	struct concept more;

	if (code_system_find(b->supplement, code_system_text(b->base, row.code), &more) == KNOWN_YES)
		added = *code_system_concept(b->supplement, more.number);
	add_rows(b, b->base, &row, false);
	add_rows(b, b->supplement, &added, true);
	row.property_count += added.property_count;
	row.designation_count += added.designation_count;
	row.properties = (uint32_t)(b->properties.len / sizeof(struct property_row)) - row.property_count;
	row.designations = (uint32_t)(b->designations.len / sizeof(struct designation_row))
	    - row.designation_count;
	row.flags |= added.flags;
	buf_add_bytes(&b->concepts, &row, sizeof row);
}

static void
add_kinds(struct blending *b)
{
	const struct system_head *base = code_system_head(b->base), *more = code_system_head(b->supplement);

	for (uint32_t i = 0; i < base->kind_count; i++)
		buf_add_bytes(&b->kinds, code_system_kind(b->base, i), sizeof(struct kind_row));
	for (uint32_t i = 0; i < more->kind_count; i++) {
		const struct kind_row *k = code_system_kind(b->supplement, i);
		struct kind_row row = { shifted(b, k->code), shifted(b, k->uri), shifted(b, k->description),
			shifted(b, k->type) };

		if (code_system_property_type(b->base, code_system_text(b->supplement, k->code)).len == 0)
			buf_add_bytes(&b->kinds, &row, sizeof row);
	}
}

static struct slice
bytes_at(const struct code_system *s, uint32_t at, size_t len)
{
	return slice_make((const char *)s + at, len);
}

static struct slice
text_of(const struct code_system *s)
{
	const struct system_head *h = code_system_head(s);

	return bytes_at(s, h->text, h->bytes - h->text);
}

/* The order and the links are those of the base, because the concepts are. */
static const struct code_system *
blend(struct blending *b, struct arena *arena)
{
	struct system_head head = *code_system_head(b->base);
	struct buf *const all[] = { &b->concepts, &b->properties, &b->designations, &b->kinds, &b->text };
	struct system_parts parts = {
		.order = bytes_at(b->base, head.order, head.concept_count * sizeof(uint32_t)),
		.links = bytes_at(b->base, head.links, head.link_count * 2 * sizeof(uint32_t)),
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		buf_init(all[i], arena, SYSTEM_PART_MAX);
	buf_add(&b->text, text_of(b->base));
	b->shift = (uint32_t)b->text.len;
	buf_add(&b->text, text_of(b->supplement));
	for (uint32_t i = 0; i < head.concept_count; i++)
		add_concept(b, i);
	add_kinds(b);
	parts.concepts = buf_slice(&b->concepts);
	parts.properties = buf_slice(&b->properties);
	parts.designations = buf_slice(&b->designations);
	parts.kinds = buf_slice(&b->kinds);
	parts.text = buf_slice(&b->text);
	return code_system_at(code_system_assemble(&head, &parts, arena));
}

const struct code_system *
terminology_supplement(struct terminology *t, struct slice url)
{
	return terminology_find_system(t, TERMINOLOGY_SUPPLEMENT, url, PACKAGE_NONE);
}

const struct code_system *
terminology_needed_supplement(struct terminology *t, struct slice url)
{
	const struct code_system *s = t->missing_supplement.len > 0 ? NULL : terminology_supplement(t, url);

	if (s == NULL && t->missing_supplement.len == 0)
		t->missing_supplement = url;
	return s;
}

bool
code_system_supplemented_by(const struct code_system *base, const struct code_system *supplement)
{
	struct slice version = code_system_text(supplement, code_system_head(supplement)->supplements);
	struct slice url = slice_cut(&version, '|');

	return slice_eq(url, code_system_url(base)) && version_fits(version, code_system_version(base));
}

const struct code_system *
terminology_with(struct terminology *t, const struct code_system *base, const struct code_system *supplement)
{
	struct blending b = { .base = base, .supplement = supplement };
	struct blend *one;

	for (one = t->blends; one != NULL; one = one->next)
		if (one->base == base && one->supplement == supplement)
			return one->whole;
	if (!terminology_take(t, (code_system_head(base)->bytes + code_system_head(supplement)->bytes) / 64))
		return base;
	one = arena_alloc(t->arena, sizeof *one);
	*one = (struct blend){ base, supplement, blend(&b, t->arena), t->blends };
	t->blends = one;
	return one->whole;
}

const struct code_system *
terminology_supplemented(struct terminology *t, const struct code_system *base)
{
	for (uint32_t i = 0; i < t->supplement_count; i++) {
		const struct code_system *s = terminology_needed_supplement(t, t->supplements[i]);

		if (s != NULL && code_system_supplemented_by(base, s))
			base = terminology_with(t, base, s);
	}
	return base;
}
