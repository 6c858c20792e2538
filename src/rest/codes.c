/* codes.c -- $validate-code of value sets and code systems, $lookup, $subsumes (R4
 * valueset-operation-validate-code.html, codesystem-operations.html).
 *
 * What is not known is said to be not known: `result` is false, because "true iff the
 * details supplied are valid", and the message tells which of the two it is. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "exchange/exchange.h"
#include "exchange/service.h"
#include "fhir/terminology_format.h"
#include "rest/terminology.h"

/* Why not, or what to note; worst first. */
enum finding { FINDING_GOOD, FINDING_NOTE_INACTIVE, FINDING_NOTE_DISPLAY, FINDING_DISPLAY, FINDING_ABSTRACT,
	FINDING_NOT_IN_SET, FINDING_NO_SUCH_CODE, FINDING_NO_SYSTEM, FINDING_AMBIGUOUS, FINDING_VERSION, FINDING_VERSION_REFUSED,
	FINDING_UNKNOWN_VERSION,
	FINDING_UNKNOWN_SYSTEM, FINDING_UNKNOWN, FINDING_NONE };

static const struct { const char *message; bool result; } findings[] = {
	[FINDING_GOOD]           = { "", true },
	[FINDING_NOTE_INACTIVE]  = { "The code is in it, but inactive", true },
	[FINDING_NOTE_DISPLAY]   = { "The display is none of the code's", true },
	[FINDING_DISPLAY]        = { "The display is none of the code's", false },
	[FINDING_ABSTRACT]       = { "The code is abstract", false },
	[FINDING_NOT_IN_SET]     = { "The code is not in the value set", false },
	[FINDING_NO_SUCH_CODE]   = { "The code is not in the code system", false },
	[FINDING_NO_SYSTEM]      = { "A Coding without a system has no meaning", false },
	[FINDING_AMBIGUOUS]      = { "The code is of several code systems in the value set: name one", false },
	[FINDING_VERSION]        = { "The value set means another version of the code system", false },
	[FINDING_VERSION_REFUSED] = { "The code system has another version than check-system-version", false },
	[FINDING_UNKNOWN_VERSION] = { "Unknown: this version of the code system is not held here", false },
	[FINDING_UNKNOWN_SYSTEM] = { "Unknown: the code system is not held here", false },
	[FINDING_UNKNOWN]        = { "Unknown: not all that is needed to decide is held here", false },
	[FINDING_NONE]           = { "There is no code", false },
};

struct verdict {
	enum finding finding;
	struct slice system, version, code, display;
};

struct check {
	struct exchange *x;
	struct parameters p;
	struct terminology t;
	struct codings_asked codings;
	struct slice language;
	bool abstract, lenient;
	bool in_language;               /* the display must be of the language */
};

static struct verdict
judge_concept(struct check *k, const struct concept *c, const struct coding_asked *asked)
{
	struct verdict v = { .system = code_system_url(c->in), .version = code_system_version(c->in),
		.code = asked->code,
		.display = rest_concept_display(c->in, c->number, k->language, c->display) };
	bool named = k->in_language ? rest_concept_named(c, asked->display, k->language)
	    : concept_has_display(c, asked->display);

	if (c->abstract && !k->abstract)
		v.finding = FINDING_ABSTRACT;
	else if (!named)
		v.finding = k->lenient ? FINDING_NOTE_DISPLAY : FINDING_DISPLAY;
	else if (c->inactive)
		v.finding = FINDING_NOTE_INACTIVE;
	return v;
}

static const struct code_system *
system_of(struct check *k, const struct coding_asked *c)
{
	const struct code_system *s = c->system.len == 0 ? NULL
	    : terminology_system(&k->t, rest_canonical(k->x, c->system, c->version));

	return s == NULL ? NULL : terminology_supplemented(&k->t, s);
}

static enum finding
unknown_system(struct check *k, const struct coding_asked *c)
{
	return c->version.len > 0 && terminology_system(&k->t, c->system) != NULL
	    ? FINDING_UNKNOWN_VERSION : FINDING_UNKNOWN_SYSTEM;
}

/* What is known of a code that the set does not have, or that cannot be decided. */
static enum finding
judge_outside(struct check *k, enum known has, const struct sought *s, const struct coding_asked *c)
{
	const struct code_system *in = system_of(k, c);
	struct concept concept;

	if (k->t.conflict)
		return FINDING_VERSION_REFUSED;
	if (c->system.len > 0 && in == NULL && (has == UNKNOWN || s->in != NULL))
		return unknown_system(k, c);
	if (has == UNKNOWN)
		return FINDING_UNKNOWN;
	if (s->in != NULL && c->version.len > 0 && !slice_eq(c->version, code_system_version(s->in)))
		return FINDING_VERSION;
	return in != NULL && code_system_find(in, c->code, &concept) == KNOWN_NO ? FINDING_NO_SUCH_CODE
	    : FINDING_NOT_IN_SET;
}

/* Of the version that the set means; else of that which the code names, or of any. */
static bool
find_concept(struct check *k, enum known has, const struct sought *s, const struct coding_asked *c,
    struct concept *out)
{
	const struct code_system *in = s->in != NULL && c->version.len == 0 ? NULL : system_of(k, c);
	enum known there = in == NULL ? UNKNOWN : code_system_find(in, c->code, out);

	if (s->in == NULL || (has != KNOWN_YES && there == KNOWN_NO))
		return there == KNOWN_YES;
	*out = code_system_concept_at(s->in, s->number);
	return true;
}

/* A code that is listed without its system being held has no more than that. */
static struct verdict
judge_in_set(struct check *k, struct code_set *set, const struct coding_asked *c)
{
	struct sought s = { .system = c->system, .version = c->version, .code = c->code, .display = c->display };
	enum known has = code_set_find(&k->t, set, &s);
	struct concept concept = { .code = c->code };
	struct verdict v = { .system = c->system, .version = c->version, .code = c->code, .display = s.name };

	if (find_concept(k, has, &s, c, &concept)) {
		concept.abstract &= !s.listed;
		v = judge_concept(k, &concept, c);
	}
	if (c->system.len == 0 && c->of_coding)
		v = (struct verdict){ .finding = FINDING_NO_SYSTEM, .code = c->code };
	else if (has == KNOWN_YES && s.ambiguous)
		v = (struct verdict){ .finding = FINDING_AMBIGUOUS, .code = c->code };
	else if (has != KNOWN_YES || k->t.conflict)
		v.finding = judge_outside(k, has, &s, c);
	else if (v.finding == FINDING_DISPLAY && slice_eq(s.name, c->display))
		v.finding = FINDING_GOOD;
	return v;
}

static struct verdict
judge_in_system(struct check *k, const struct code_system *s, const struct coding_asked *c)
{
	struct verdict v = { .system = c->system, .version = c->version, .code = c->code };
	struct concept concept;

	if (s == NULL) {
		v.finding = unknown_system(k, c);
		return v;
	}
	v.system = code_system_url(s);
	v.version = code_system_version(s);
	switch (code_system_find(s, c->code, &concept)) {
	case KNOWN_NO:
		v.finding = FINDING_NO_SUCH_CODE;
		return v;
	case UNKNOWN:
		v.finding = FINDING_UNKNOWN;
		return v;
	case KNOWN_YES:
		break;
	}
	return judge_concept(k, &concept, c);
}

/* R4 names result, message and display; what was judged is said as later releases do. */
static bool
answer(struct check *k, const struct verdict *v)
{
	struct buf b;

	parameters_begin(k->x, &b);
	parameters_add_bool(&b, "result", findings[v->finding].result);
	parameters_add(&b, "message", "valueString", slice_of(findings[v->finding].message));
	parameters_add(&b, "display", "valueString", v->display);
	parameters_add(&b, "code", "valueCode", v->code);
	parameters_add(&b, "system", "valueUri", v->system);
	parameters_add(&b, "version", "valueString", v->version);
	parameters_end(k->x, &b);
	return true;
}

static bool
begin_check(struct exchange *x, const char *names, const char *version_name, struct check *k)
{
	*k = (struct check){ .x = x };
	rest_terminology(x, &k->t);
	if (!parameters_read(x, names, &k->p) || !rest_codings(&k->p, version_name, &k->codings)
	    || !rest_languages(&k->p, &k->language) || !rest_versions(&k->p, &k->t))
		return false;
	k->in_language = parameter_find(&k->p, "displayLanguage") != NULL;
	k->lenient = parameter_is(&k->p, "lenient-display-validation", false);
	k->abstract = parameter_is(&k->p, "abstract", false);
	return true;
}

static bool
keep_best(struct verdict *best, struct verdict v)
{
	if (v.finding < best->finding)
		*best = v;
	return best->finding != FINDING_GOOD;
}

bool
rest_validate_code(struct exchange *x)
{
	struct check k;
	struct code_set *set;
	struct verdict best = { .finding = FINDING_NONE };

	if (!begin_check(x, "url valueSet valueSetVersion context code system systemVersion display coding "
	    "codeableConcept abstract displayLanguage lenient-display-validation " REST_VERSION_NAMES,
	    "systemVersion", &k) || !rest_value_set(&k.p, &k.t, &set))
		return false;
	for (uint32_t i = 0; i < k.codings.count; i++)
		if (!keep_best(&best, judge_in_set(&k, set, &k.codings.at[i])))
			break;
	if (k.t.spent)
		return exchange_fail(x, FAULT_TOO_COSTLY, "");
	return answer(&k, &best);
}

/* The system of the instance, inline, by url, or the coding's own. */
static bool
asked_system(struct check *k, const struct code_system **out, bool *named)
{
	struct definition_asked asked;

	*out = NULL;
	if (!rest_definition(&k->p, TERMINOLOGY_SYSTEM, "codeSystem", "url", "version", &asked))
		return false;
	*named = asked.json != NULL || asked.canonical.len > 0;
	if (asked.json != NULL)
		*out = code_system_compile(asked.json, asked.node, k->x->arena);
	else if (asked.canonical.len > 0)
		*out = terminology_system(&k->t, asked.canonical);
	if (*out != NULL)
		*out = terminology_supplemented(&k->t, *out);
	return rest_supplements(k->x, &k->t);
}

static bool
same_system(const struct code_system *s, const struct coding_asked *c)
{
	return s == NULL || c->system.len == 0 || slice_eq(code_system_url(s), c->system);
}

/* A Coding may name another version than the one that was asked for. */
static bool
same_version(const struct code_system *s, const struct coding_asked *c)
{
	return s == NULL || c->version.len == 0 || slice_eq(c->version, code_system_version(s));
}

bool
rest_validate_code_of_system(struct exchange *x)
{
	struct check k;
	const struct code_system *s = NULL;
	struct verdict best = { .finding = FINDING_NONE };
	bool named;

	if (!begin_check(x, "url codeSystem version code display coding codeableConcept abstract "
	    "displayLanguage lenient-display-validation useSupplement", "version", &k)
	    || !asked_system(&k, &s, &named))
		return false;
	for (uint32_t i = 0; i < k.codings.count; i++) {
		const struct coding_asked *c = &k.codings.at[i];
		struct verdict v = { .finding = FINDING_NO_SUCH_CODE, .system = c->system, .code = c->code };

		if (same_system(s, c))
			v = judge_in_system(&k, named && same_version(s, c) ? s : system_of(&k, c), c);
		if (!keep_best(&best, v))
			break;
	}
	return answer(&k, &best);
}

/* $lookup */

struct lookup {
	struct exchange   *x;
	struct parameters *p;
	struct concept     concept;
	const struct concept_row *row;
	struct buf        *b;
};

/* All, unless some are asked for. */
static bool
property_wanted(const struct lookup *l, struct slice code)
{
	bool any = false;

	for (uint32_t i = 0; i < l->p->count; i++) {
		if (!slice_is(l->p->at[i].name, "property"))
			continue;
		any = true;
		if (slice_eq(l->p->at[i].text, code))
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
	for (uint32_t i = 0; i < l->p->count; i++) {
		struct slice text = l->p->at[i].text;

		if (slice_is(l->p->at[i].name, "property") && slice_starts(text, SLICE("lang."))
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

static bool
answer_lookup(struct check *k, const struct concept *c)
{
	const struct system_head *h = code_system_head(c->in);
	struct slice title = code_system_text(c->in, h->title);
	struct buf b;
	struct lookup l = { k->x, &k->p, *c, code_system_concept(c->in, c->number), &b };

	parameters_begin(k->x, &b);
	if (title.len == 0)
		title = code_system_text(c->in, h->name);
	parameters_add(&b, "name", "valueString", title.len > 0 ? title : code_system_url(c->in));
	parameters_add(&b, "version", "valueString", code_system_version(c->in));
	parameters_add(&b, "display", "valueString", rest_concept_display(c->in, c->number, k->language,
	    c->display.len > 0 ? c->display : c->code));
	add_designations(&l);
	add_properties(&l);
	parameters_end(k->x, &b);
	return true;
}

bool
rest_lookup(struct exchange *x)
{
	struct check k;
	const struct code_system *s;
	struct concept c;

	if (!begin_check(x, "code system version coding displayLanguage property useSupplement", "version", &k))
		return false;
	if (k.codings.count == 0 || k.codings.at[0].system.len == 0)
		return exchange_fail(x, FAULT_INVALID, "a code and its system are needed");
	if ((s = system_of(&k, &k.codings.at[0])) == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "the code system is not held here");
	if (!rest_supplements(x, &k.t))
		return false;
	if (code_system_find(s, k.codings.at[0].code, &c) != KNOWN_YES)
		return exchange_fail(x, FAULT_NO_SUCH, "the code is not known");
	return answer_lookup(&k, &c);
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
	if (!same_system(s, &a) || !same_system(s, &b) || !same_version(s, &a) || !same_version(s, &b))
		return exchange_fail(x, FAULT_NOT_SUPPORTED,
		    "both codes must be of the code system, and of its version");
	if ((outcome = relation(&t, s, a.code, b.code)) == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "the codes, or how they relate, are not known");
	parameters_begin(x, &out);
	parameters_add(&out, "outcome", "valueCode", slice_of(outcome));
	parameters_end(x, &out);
	return true;
}
