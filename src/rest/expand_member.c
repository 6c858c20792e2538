/* expand_member.c -- one member of an expansion as it is written: its display, its designations, its properties.
 *
 * R4 has no properties in an expansion; those that are asked for stand in the extension by which R4 says what R5
 * has an element for. */
#include "rest/expand.h"

#include "base/arena.h"
#include "exchange/exchange.h"
#include "fhir/terminology_format.h"

/* Names and designations */

static uint32_t
own_designations(const struct member *m)
{
	uint32_t list = m->list == NULL ? 0 : json_get(m->list, m->node, SLICE("designation"));

	return list != 0 && json_type(m->list, list) == JSON_ARRAY ? list : 0;
}

struct slice
expand_display(struct expand_asked *a, const struct member *m)
{
	uint32_t list = a->language.len == 0 ? 0 : own_designations(m);

	for (uint32_t n = list == 0 ? 0 : json_first(m->list, list); n != 0;
	    n = json_next(m->list, list, n))
		if (rest_language_fits(json_string(m->list, json_get(m->list, n, SLICE("language")),
		    a->x->arena), a->language))
			return json_string(m->list, json_get(m->list, n, SLICE("value")), a->x->arena);
	return m->in == NULL ? m->display
	    : rest_concept_display(m->in, m->number, a->language, m->display);
}

/* The parameter `designation`: tokens of languages ("urn:ietf:bcp:47|de") or uses; without it, all. */
static bool
designation_wanted(struct expand_asked *a, struct slice language, struct slice system, struct slice code)
{
	bool any = false;

	for (uint32_t i = 0; i < a->p.count; i++) {
		struct slice token = a->p.at[i].text, of = slice_cut(&token, '|');

		if (!slice_is(a->p.at[i].name, "designation"))
			continue;
		any = true;
		if (slice_is(of, "urn:ietf:bcp:47") ? slice_eq_nocase(language, token)
		    : slice_eq(of, system) && slice_eq(token, code))
			return true;
	}
	return !any;
}

/* It is among the others, unless it is shown as the display. */
static bool
designation_told(struct expand_asked *a, const struct member *m, struct slice display, struct slice language,
    struct slice value, struct slice system, struct slice code)
{
	bool shown = !slice_eq(display, m->display) && slice_eq(value, display)
	    && rest_language_fits(language, a->language);

	return !shown && designation_wanted(a, language, system, code);
}

static void
begin_designation(struct buf *b, bool *first)
{
	buf_add(b, *first ? SLICE(",\"designation\":[") : SLICE(","));
	*first = false;
}

static void
write_own_designations(struct expand_asked *a, struct buf *b, const struct member *m, struct slice display,
    bool *first)
{
	const struct json *j = m->list;
	uint32_t list = own_designations(m);

	for (uint32_t n = list == 0 ? 0 : json_first(j, list); n != 0; n = json_next(j, list, n)) {
		struct slice language = json_string(j, json_get(j, n, SLICE("language")), a->x->arena);
		struct slice value = json_string(j, json_get(j, n, SLICE("value")), a->x->arena);

		if (!designation_told(a, m, display, language, value,
		    json_string(j, json_path(j, n, "use.system"), a->x->arena),
		    json_string(j, json_path(j, n, "use.code"), a->x->arena)))
			continue;
		begin_designation(b, first);
		json_write_node(b, j, n);
	}
}

/* The system's own display, where another is shown. */
static void
write_first_display(struct expand_asked *a, struct buf *b, const struct member *m, struct slice display,
    bool *first)
{
	struct slice language = code_system_language(m->in);

	if (slice_eq(display, m->display) || language.len == 0
	    || !designation_wanted(a, language, SLICE_NONE, SLICE_NONE))
		return;
	begin_designation(b, first);
	buf_add(b, SLICE("{\"language\":"));
	json_write_string(b, language);
	buf_add(b, SLICE(",\"value\":"));
	json_write_string(b, m->display);
	buf_add_char(b, '}');
}

static void
write_system_designations(struct expand_asked *a, struct buf *b, const struct member *m, struct slice display,
    bool *first)
{
	const struct concept_row *row = code_system_concept(m->in, m->number);

	write_first_display(a, b, m, display, first);
	for (uint32_t i = 0; i < row->designation_count; i++) {
		const struct designation_row *d = code_system_designation(m->in, row->designations + i);

		if (!designation_told(a, m, display, code_system_text(m->in, d->language),
		    code_system_text(m->in, d->value), code_system_text(m->in, d->use_system),
		    code_system_text(m->in, d->use_code)))
			continue;
		begin_designation(b, first);
		buf_add_char(b, '{');
		rest_write_designation(b, m->in, d);
		buf_add_char(b, '}');
	}
}

static void
write_designations(struct expand_asked *a, struct buf *b, const struct member *m, struct slice display)
{
	bool first = true;

	write_own_designations(a, b, m, display, &first);
	if (m->in != NULL)
		write_system_designations(a, b, m, display, &first);
	if (!first)
		buf_add_char(b, ']');
}

/* Properties, in the order of the request */

#define PROPERTY_URL "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property"

static void
write_property(struct buf *b, struct slice code, struct slice type, struct slice value)
{
	buf_add(b, b->ptr[b->len - 1] == '{' ? SLICE("\"extension\":[") : SLICE(","));
	buf_add(b, SLICE("{\"url\":\"" PROPERTY_URL "\",\"extension\":[{\"url\":\"code\",\"valueCode\":"));
	json_write_string(b, code);
	buf_printf(b, "},{\"url\":\"value\",\"%.*s\":", SLICE_FMT(type));
	if (rest_value_is_bare(type))
		buf_add(b, value);
	else
		json_write_string(b, value);
	buf_add(b, SLICE("}]}"));
}

static void
write_properties_of(struct buf *b, const struct member *m, struct slice code)
{
	struct concept c = code_system_concept_at(m->in, m->number);
	const struct concept_row *row = code_system_concept(m->in, m->number);

	if (slice_is(code, "definition") && c.definition.len > 0)
		write_property(b, code, SLICE("valueString"), c.definition);
	for (uint32_t i = 0; i < row->property_count; i++) {
		const struct property_row *p = code_system_property(m->in, row->properties + i);

		if (slice_eq(code_system_text(m->in, p->code), code))
			write_property(b, code, code_system_text(m->in, p->type),
			    code_system_text(m->in, p->value));
	}
}

static void
write_properties(struct expand_asked *a, struct buf *b, const struct member *m)
{
	size_t before = b->len;

	for (uint32_t i = 0; i < a->p.count && m->in != NULL; i++)
		if (slice_is(a->p.at[i].name, "property"))
			write_properties_of(b, m, a->p.at[i].text);
	if (b->len > before)
		buf_add_char(b, ']');
}

/* One member */

static void
write_text(struct buf *b, const char *member, struct slice value)
{
	if (value.len == 0)
		return;
	if (b->ptr[b->len - 1] != '{')
		buf_add_char(b, ',');
	buf_printf(b, "\"%s\":", member);
	json_write_string(b, value);
}

void
expand_open_member(struct expand_asked *a, struct buf *b, const struct member *m)
{
	struct slice display = expand_display(a, m);

	buf_add_char(b, '{');
	write_properties(a, b, m);
	write_text(b, "system", m->system);
	if (m->abstract)
		buf_add(b, SLICE(",\"abstract\":true"));
	if (m->inactive)
		buf_add(b, SLICE(",\"inactive\":true"));
	write_text(b, "version", m->version);
	write_text(b, "code", m->code);
	write_text(b, "display", display);
	if (a->designations)
		write_designations(a, b, m, display);
}
