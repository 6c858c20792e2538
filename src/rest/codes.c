/* codes.c -- $validate-code of value sets and code systems (R4 valueset-operation-validate-code.html,
 * codesystem-operation-validate-code.html).
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
	const struct code_system *in = rest_system_of(k->x, &k->t, c);
	struct concept concept;

	if (k->t.conflict)
		return FINDING_VERSION_REFUSED;
	if (c->system.len > 0 && in == NULL && (has == UNKNOWN || (s->in != NULL && c->version.len > 0)))
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
	const struct code_system *named = s->in != NULL && c->version.len == 0 ? NULL
	    : rest_system_of(k->x, &k->t, c);
	enum known there = named == NULL ? UNKNOWN : code_system_find(named, c->code, out);

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
	    || !rest_languages(&k->p, &k->language) || !rest_beside(&k->p, &k->t))
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

bool
rest_validate_code_of_system(struct exchange *x)
{
	struct check k;
	const struct code_system *s = NULL;
	struct verdict best = { .finding = FINDING_NONE };
	bool named;

	if (!begin_check(x, "url codeSystem version code display coding codeableConcept abstract "
	    "displayLanguage lenient-display-validation " REST_BESIDE_NAMES, "version", &k)
	    || !asked_system(&k, &s, &named))
		return false;
	for (uint32_t i = 0; i < k.codings.count; i++) {
		const struct coding_asked *c = &k.codings.at[i];
		struct verdict v = { .finding = FINDING_NO_SUCH_CODE, .system = c->system, .code = c->code };

		if (rest_is_of_system(s, c) && named && rest_is_of_version(s, c))
			v = judge_in_system(&k, s, c);
		else if (rest_is_of_system(s, c))
			v = judge_in_system(&k, rest_system_of(x, &k.t, c), c);
		if (!keep_best(&best, v))
			break;
	}
	return answer(&k, &best);
}
