/* designations.c -- the names of a concept, by language and use: which is shown, and how they are written.
 *
 * Languages are asked for as a list in the order of preference, as Accept-Language has it ("de-CH, de;q=0.8").
 * A range with q=0 and "*" ask for nothing. */
#include "base/arena.h"
#include "exchange/exchange.h"
#include "fhir/terminology_format.h"
#include "json/json.h"
#include "rest/terminology.h"

/* "de" fits "de-CH", and "de-CH" fits "de" (RFC 4647, filtering and lookup). */
static bool
fits_range(struct slice tag, struct slice range)
{
	struct slice longer = tag.len > range.len ? tag : range, shorter = tag.len > range.len ? range : tag;

	return shorter.len > 0 && slice_eq_nocase(slice_sub(longer, 0, shorter.len), shorter)
	    && (longer.len == shorter.len || longer.ptr[shorter.len] == '-');
}

static bool
asks_for_none(struct slice parameters)
{
	struct slice q = slice_trim(parameters);

	return slice_is(q, "q=0") || slice_is(q, "q=0.0");
}

/* The next range that asks for something; empty at the end. */
static struct slice
next_range(struct slice *rest)
{
	while (rest->len > 0) {
		struct slice parameters = slice_cut(rest, ','), range = slice_trim(slice_cut(&parameters, ';'));

		if (range.len > 0 && !slice_is(range, "*") && !asks_for_none(parameters))
			return range;
	}
	return SLICE_NONE;
}

bool
rest_language_fits(struct slice tag, struct slice wanted)
{
	struct slice range;

	while ((range = next_range(&wanted)).len > 0)
		if (fits_range(tag, range))
			return true;
	return false;
}

/* A tag has letters first (RFC 5646). */
static bool
is_tag(struct slice range)
{
	bool letters = range.len > 0;

	for (size_t i = 0; i < range.len && range.ptr[i] != '-'; i++)
		letters &= (range.ptr[i] | 0x20) >= 'a' && (range.ptr[i] | 0x20) <= 'z';
	return letters && range.ptr[0] != '-';
}

bool
rest_languages(const struct parameters *p, struct slice *out)
{
	struct slice rest, range;

	rest = *out = parameter_text(p, "displayLanguage");
	if (parameter_find(p, "displayLanguage") == NULL)
		*out = exchange_header(p->x, "accept-language");
	while ((range = next_range(&rest)).len > 0)
		if (!is_tag(range))
			return exchange_fail(p->x, FAULT_INVALID, "displayLanguage is no language");
	return true;
}

static struct slice
designation_in(const struct code_system *s, uint32_t number, struct slice range)
{
	const struct concept_row *row = code_system_concept(s, number);

	for (uint32_t i = 0; i < row->designation_count; i++) {
		const struct designation_row *d = code_system_designation(s, row->designations + i);

		if (fits_range(code_system_text(s, d->language), range))
			return code_system_text(s, d->value);
	}
	return SLICE_NONE;
}

struct slice
rest_concept_display(const struct code_system *s, uint32_t number, struct slice wanted,
    struct slice otherwise)
{
	struct slice range, found;

	while ((range = next_range(&wanted)).len > 0) {
		if (fits_range(code_system_language(s), range))
			return otherwise;
		if ((found = designation_in(s, number, range)).len > 0)
			return found;
		if (code_system_language(s).len == 0 && fits_range(SLICE("en"), range))
			return otherwise;       /* most that name no language are English, HL7's for one */
	}
	return otherwise;
}

bool
rest_concept_named(const struct concept *c, struct slice display, struct slice wanted)
{
	const struct concept_row *row = code_system_concept(c->in, c->number);
	struct slice language = code_system_language(c->in);
	bool any = language.len == 0 || rest_language_fits(language, wanted);
	bool named = any && code_compare(slice_trim(c->display), slice_trim(display), false) == 0;

	for (uint32_t i = 0; i < row->designation_count && !named; i++) {
		const struct designation_row *d = code_system_designation(c->in, row->designations + i);

		if (!rest_language_fits(code_system_text(c->in, d->language), wanted))
			continue;
		any = true;
		named = code_compare(code_system_text(c->in, d->value), slice_trim(display), false) == 0;
	}
	return named || display.len == 0 || (!any && concept_has_display(c, display));
}

void
rest_write_member(struct buf *b, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	buf_printf(b, ",\"%s\":", name);
	json_write_string(b, value);
}

void
rest_write_designation(struct buf *b, const struct code_system *s, const struct designation_row *d)
{
	struct slice language = code_system_text(s, d->language), code = code_system_text(s, d->use_code);

	if (language.len > 0) {
		buf_add(b, SLICE("\"language\":"));
		json_write_string(b, language);
		buf_add_char(b, ',');
	}
	if (code.len > 0) {
		buf_add(b, SLICE("\"use\":{\"system\":"));
		json_write_string(b, code_system_text(s, d->use_system));
		buf_add(b, SLICE(",\"code\":"));
		json_write_string(b, code);
		rest_write_member(b, "display", code_system_text(s, d->use_display));
		buf_add(b, SLICE("},"));
	}
	buf_add(b, SLICE("\"value\":"));
	json_write_string(b, code_system_text(s, d->value));
}
