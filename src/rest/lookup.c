/* lookup.c -- $lookup and $subsumes (R4 codesystem-operation-lookup.html, codesystem-operation-subsumes.html). */
#include "rest/interactions.h"

#include "base/arena.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/terminology_format.h"
#include "rest/terminology.h"

struct lookup {
	struct parameters  p;
	struct terminology t;
	struct slice       language;
	struct concept     concept;
	const struct concept_row *row;
	struct buf        *b;
};

/* All, unless some are asked for. */
static bool
property_wanted(const struct lookup *l, struct slice code)
{
	bool any = false;

	for (uint32_t i = 0; i < l->p.count; i++) {
		if (!slice_is(l->p.at[i].name, "property"))
			continue;
		any = true;
		if (slice_eq(l->p.at[i].text, code))
			return true;
	}
	return !any;
}

/* "designation", or "lang.de" for those of a language (R4 codesystem-operation-lookup.html). */
static bool
designation_wanted(const struct lookup *l, struct slice language)
{
	if (property_wanted(l, SLICE("designation")))
		return true;
	for (uint32_t i = 0; i < l->p.count; i++) {
		struct slice text = l->p.at[i].text;

		if (slice_is(l->p.at[i].name, "property") && slice_starts(text, SLICE("lang."))
		    && rest_language_fits(language, slice_sub(text, sizeof "lang." - 1, text.len)))
			return true;
	}
	return false;
}

static void
add_part(struct buf *b, const char *name, struct slice member, struct slice value, bool bare)
{
	if (value.len == 0)
		return;
	if (b->ptr[b->len - 1] != '[')
		buf_add_char(b, ',');
	buf_printf(b, "{\"name\":\"%s\",\"%.*s\":", name, SLICE_FMT(member));
	if (bare)
		buf_add(b, value);
	else
		json_write_string(b, value);
	buf_add_char(b, '}');
}

bool
rest_value_is_bare(struct slice member)
{
	return slice_is(member, "valueBoolean") || slice_is(member, "valueInteger")
	    || slice_is(member, "valueDecimal") || slice_is(member, "valueCoding");
}

static void
add_property(const struct lookup *l, struct slice code, struct slice member, struct slice value,
    struct slice description)
{
	if (value.len == 0 || !property_wanted(l, code))
		return;
	buf_add(l->b, SLICE(",{\"name\":\"property\",\"part\":["));
	add_part(l->b, "code", SLICE("valueCode"), code, false);
	add_part(l->b, "value", member, value, rest_value_is_bare(member));
	add_part(l->b, "description", SLICE("valueString"), description, false);
	buf_add(l->b, SLICE("]}"));
}

static void
add_links(const struct lookup *l, const char *code, uint32_t first, uint32_t count)
{
	const struct code_system *s = l->concept.in;

	for (uint32_t i = 0; i < count; i++) {
		const struct concept_row *other = code_system_concept(s, code_system_link(s, first + i));

		add_property(l, slice_of(code), SLICE("valueCode"), code_system_text(s, other->code),
		    code_system_text(s, other->display));
	}
}

/* A link is told once, with the concept that it leads to, and whether the concept is inactive once, however the
 * system says it. */
static bool
is_told(const struct code_system *s, const struct property_row *p)
{
	static const char *const told[] = { "parent", "child", "subsumedBy", "inactive" };

	for (size_t i = 0; i < COUNT_OF(told); i++)
		if (slice_is(code_system_text(s, p->code), told[i]))
			return true;
	return false;
}

static void
add_properties(const struct lookup *l)
{
	const struct code_system *s = l->concept.in;

	add_property(l, SLICE("definition"), SLICE("valueString"), l->concept.definition, SLICE_NONE);
	add_property(l, SLICE("inactive"), SLICE("valueBoolean"), l->concept.inactive ? SLICE("true")
	    : SLICE("false"), SLICE_NONE);
	add_links(l, "parent", l->row->parents, l->row->parent_count);
	add_links(l, "child", l->row->children, l->row->child_count);
	for (uint32_t i = 0; i < l->row->property_count; i++) {
		const struct property_row *p = code_system_property(s, l->row->properties + i);

		if (!is_told(s, p))
			add_property(l, code_system_text(s, p->code), code_system_text(s, p->type),
			    code_system_text(s, p->value), SLICE_NONE);
	}
}

static void
add_designations(const struct lookup *l)
{
	const struct code_system *s = l->concept.in;

	for (uint32_t i = 0; i < l->row->designation_count; i++) {
		const struct designation_row *d = code_system_designation(s, l->row->designations + i);
		struct slice code = code_system_text(s, d->use_code);

		if (!designation_wanted(l, code_system_text(s, d->language)))
			continue;
		buf_add(l->b, SLICE(",{\"name\":\"designation\",\"part\":["));
		add_part(l->b, "language", SLICE("valueCode"), code_system_text(s, d->language), false);
		if (code.len > 0) {
			buf_printf(l->b, "%s{\"name\":\"use\",\"valueCoding\":{\"system\":",
			    l->b->ptr[l->b->len - 1] == '[' ? "" : ",");
			json_write_string(l->b, code_system_text(s, d->use_system));
			buf_add(l->b, SLICE(",\"code\":"));
			json_write_string(l->b, code);
			rest_write_member(l->b, "display", code_system_text(s, d->use_display));
			buf_add(l->b, SLICE("}}"));
		}
		add_part(l->b, "value", SLICE("valueString"), code_system_text(s, d->value), false);
		buf_add(l->b, SLICE("]}"));
	}
}

static void
answer_lookup(struct exchange *x, struct lookup *l)
{
	const struct concept *c = &l->concept;
	const struct system_head *h = code_system_head(c->in);
	struct slice title = code_system_text(c->in, h->title);
	struct buf b;

	l->row = code_system_concept(c->in, c->number);
	l->b = &b;
	if (title.len == 0)
		title = code_system_text(c->in, h->name);
	parameters_begin(x, &b);
	parameters_add(&b, "name", "valueString", title.len > 0 ? title : code_system_url(c->in));
	parameters_add(&b, "version", "valueString", code_system_version(c->in));
	parameters_add(&b, "display", "valueString", rest_concept_display(c->in, c->number, l->language,
	    c->display.len > 0 ? c->display : c->code));
	add_designations(l);
	add_properties(l);
	parameters_end(x, &b);
}

static const char lookup_names[] = "code system version coding displayLanguage property "
    REST_BESIDE_NAMES;

bool
rest_lookup(struct exchange *x)
{
	struct lookup l = { .b = NULL };
	struct codings_asked codings;
	const struct code_system *s;

	rest_terminology(x, &l.t);
	if (!parameters_read(x, lookup_names, &l.p) || !rest_codings(&l.p, "version", &codings)
	    || !rest_languages(&l.p, &l.language) || !rest_beside(&l.p, &l.t))
		return false;
	if (codings.count == 0 || codings.at[0].system.len == 0)
		return exchange_fail(x, FAULT_INVALID, "a code and its system are needed");
	if ((s = rest_system_of(x, &l.t, &codings.at[0])) == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "the code system is not held here");
	if (!rest_supplements(x, &l.t))
		return false;
	if (code_system_find(s, codings.at[0].code, &l.concept) != KNOWN_YES)
		return exchange_fail(x, FAULT_NO_SUCH, "the code is not known");
	answer_lookup(x, &l);
	return true;
}

/* $subsumes */

static bool
read_side(struct parameters *p, const char *code_name, const char *coding_name,
    struct coding_asked *out)
{
	uint32_t coding = parameter_value(p, coding_name, "valueCoding");
	struct arena *a = p->x->arena;

	*out = (struct coding_asked){ .code = parameter_text(p, code_name) };
	if (coding != 0)
		*out = (struct coding_asked){
			.code = json_string(p->json, json_get(p->json, coding, SLICE("code")), a),
			.system = json_string(p->json, json_get(p->json, coding, SLICE("system")), a),
			.version = json_string(p->json, json_get(p->json, coding, SLICE("version")), a),
		};
	return out->code.len > 0 || exchange_fail(p->x, FAULT_INVALID, "two codes are needed");
}

static bool
subsuming_system(struct parameters *p, struct terminology *t, const struct coding_asked *a,
    const struct code_system **out)
{
	struct definition_asked asked;

	if (!rest_definition(p, TERMINOLOGY_SYSTEM, "codeSystem", "system", "version", &asked))
		return false;
	if (asked.json == NULL && asked.canonical.len == 0)
		asked.canonical = rest_canonical(p->x, a->system, a->version);
	if (asked.json == NULL && asked.canonical.len == 0)
		return exchange_fail(p->x, FAULT_INVALID, "a system is needed");
	*out = asked.json != NULL ? code_system_compile(asked.json, asked.node, p->x->arena)
	    : terminology_system(t, asked.canonical);
	return *out != NULL || exchange_fail(p->x, FAULT_NO_SUCH, "the code system is not held here");
}

static const char *
relation(struct terminology *t, const struct code_system *s, struct slice a, struct slice b)
{
	enum known down = code_system_subsumes(t, s, a, b), up = code_system_subsumes(t, s, b, a);

	if (down == UNKNOWN || up == UNKNOWN)
		return NULL;
	if (down == KNOWN_YES)
		return up == KNOWN_YES ? "equivalent" : "subsumes";
	return up == KNOWN_YES ? "subsumed-by" : "not-subsumed";
}

bool
rest_subsumes(struct exchange *x)
{
	struct parameters p;
	struct terminology t;
	struct coding_asked a, b;
	const struct code_system *s = NULL;
	const char *outcome;
	struct buf out;

	rest_terminology(x, &t);
	if (!parameters_read(x, "codeA codeB system version codingA codingB", &p)
	    || !read_side(&p, "codeA", "codingA", &a) || !read_side(&p, "codeB", "codingB", &b)
	    || !subsuming_system(&p, &t, &a, &s))
		return false;
	if (!rest_is_of_system(s, &a) || !rest_is_of_system(s, &b) || !rest_is_of_version(s, &a) || !rest_is_of_version(s, &b))
		return exchange_fail(x, FAULT_NOT_SUPPORTED,
		    "both codes must be of the code system, and of its version");
	if ((outcome = relation(&t, s, a.code, b.code)) == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "the codes, or how they relate, are not known");
	parameters_begin(x, &out);
	parameters_add(&out, "outcome", "valueCode", slice_of(outcome));
	parameters_end(x, &out);
	return true;
}
