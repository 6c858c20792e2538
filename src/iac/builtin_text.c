/* builtin_text.c -- functions about texts: patterns, images, versions, durations, secrets. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/builtin.h"

enum { MATCHES_MAX = 10000, SECRETS_DEPTH = 30 };

/* ---- patterns ---- */

struct pattern {
	struct slice    text;
	pcre2_code     *code;
	struct pattern *next;
};

static void
free_code(void *code)
{
	pcre2_code_free(code);
}

/* Compiled once for a scan. */
static pcre2_code *
compiled(struct builtin_call *c, struct slice text)
{
	struct pattern *p;
	PCRE2_SIZE at;
	int error;

	for (p = c->engine->patterns; p != NULL; p = p->next)
		if (slice_eq(p->text, text))
			return p->code;
	p = arena_alloc(c->engine->arena, sizeof *p);
	p->text = slice_dup(text, c->engine->arena);
	p->code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error,
	    &at, NULL);
	if (p->code != NULL)
		arena_defer(c->engine->arena, free_code, p->code);
	p->next = c->engine->patterns;
	c->engine->patterns = p;
	return p->code;
}

static bool
match(pcre2_code *code, struct slice text, size_t from, pcre2_match_data *data)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	int n;

	pcre2_set_match_limit(limits, SCAN_LIMIT(REGEX_STEPS));
	n = pcre2_match(code, (PCRE2_SPTR)(text.ptr == NULL ? "" : text.ptr), text.len, from, 0, data, limits);
	pcre2_match_context_free(limits);
	return n >= 0;
}

static const struct value *
regex_match(struct builtin_call *c)
{
	pcre2_code *code = compiled(c, builtin_text_of(c, c->args[0]));
	pcre2_match_data *data;
	bool found = false;

	if (code == NULL)
		return builtin_unknown(c, "the regular expression is wrong");
	data = pcre2_match_data_create_from_pattern(code, NULL);
	for (uint32_t i = 1; i < c->count; i++) {
		const struct value *some = builtin_list(c->arena, c->args[i]);

		for (uint32_t k = 0; k < some->count && !found; k++)
			found = match(code, builtin_text_of(c, some->items[k]), 0, data);
	}
	pcre2_match_data_free(data);
	return builtin_bool(c, found);
}

/* The first group, or the whole, of each match. */
static const struct value *
regex_find(struct builtin_call *c)
{
	pcre2_code *code = compiled(c, builtin_text_of(c, c->args[0]));
	struct slice text = builtin_text_of(c, c->args[1]);
	pcre2_match_data *data;
	struct value_builder b;
	size_t from = 0;

	if (code == NULL)
		return builtin_unknown(c, "the regular expression is wrong");
	data = pcre2_match_data_create_from_pattern(code, NULL);
	value_begin(&b, c->arena, VALUE_LIST, c->args[1]->span);
	while (from <= text.len && b.made->count < MATCHES_MAX && match(code, text, from, data)) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
		uint32_t group = pcre2_get_ovector_count(data) > 1 && at[2] != PCRE2_UNSET ? 2 : 0;

		value_append(&b, value_string(c->arena, c->args[1]->span,
		    slice_dup(slice_sub(text, at[group], at[group + 1] - at[group]), c->arena)));
		from = at[1] > from ? at[1] : from + 1;
	}
	pcre2_match_data_free(data);
	return value_end(&b);
}

static char
small(char ch, bool nocase)
{
	return nocase && ch >= 'A' && ch <= 'Z' ? (char)(ch + 'a' - 'A') : ch;
}

bool
builtin_glob(struct slice p, struct slice t, bool nocase)
{
	size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;

	while (i < t.len) {
		if (k < p.len && p.ptr[k] == '*') {
			star = k++;
			mark = i;
		} else if (k < p.len && (p.ptr[k] == '?' || small(p.ptr[k], nocase) == small(t.ptr[i], nocase))) {
			i++, k++;
		} else if (star != SIZE_MAX) {
			k = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (k < p.len && p.ptr[k] == '*')
		k++;
	return k == p.len;
}

static const struct value *
glob_match(struct builtin_call *c)
{
	struct slice pattern = builtin_text_of(c, c->args[0]);

	for (uint32_t i = 1; i < c->count; i++) {
		const struct value *some = builtin_list(c->arena, c->args[i]);

		for (uint32_t k = 0; k < some->count; k++)
			if (some->items[k]->kind != VALUE_NULL
			    && builtin_glob(pattern, builtin_text_of(c, some->items[k]), true))
				return builtin_bool(c, true);
	}
	return builtin_bool(c, false);
}

static const struct value *
lines(struct builtin_call *c)
{
	struct slice rest = builtin_text_of(c, c->args[0]);
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->args[0]->span);
	while (rest.len > 0)
		value_append(&b, value_string(c->arena, c->args[0]->span, slice_trim(slice_cut(&rest, '\n'))));
	return value_end(&b);
}

/* ---- images ---- */

static bool
is_registry(struct slice first)
{
	return slice_find(first, '.') < first.len || slice_find(first, ':') < first.len
	    || slice_is(first, "localhost");
}

/* "ghcr.io/a/b:1@sha256:..." in its parts. */
static const struct value *
image(struct builtin_call *c)
{
	struct slice whole = builtin_text_of(c, c->args[0]), rest, digest, registry = SLICE(""), tag = SLICE("");
	size_t at = slice_find(whole, '@'), slash, colon;
	struct hcl_map m = { .arena = c->arena };
	struct span span = c->args[0]->span;

	if (whole.len == 0)
		return &value_null;
	digest = slice_sub(whole, at + 1, whole.len);
	rest = slice_sub(whole, 0, at);
	slash = slice_find(rest, '/');
	if (slash < rest.len && is_registry(slice_sub(rest, 0, slash))) {
		registry = slice_sub(rest, 0, slash);
		rest = slice_sub(rest, slash + 1, rest.len);
	}
	colon = slice_find(rest, ':');
	tag = slice_sub(rest, colon + 1, rest.len);
	rest = slice_sub(rest, 0, colon);
	hcl_map_add(&m, SLICE("registry"), span, value_string(c->arena, span, registry));
	hcl_map_add(&m, SLICE("repository"), span, value_string(c->arena, span, rest));
	hcl_map_add(&m, SLICE("name"), span, value_string(c->arena, span, slice_after_last(rest, '/')));
	hcl_map_add(&m, SLICE("tag"), span, value_string(c->arena, span, tag));
	hcl_map_add(&m, SLICE("digest"), span, value_string(c->arena, span, digest));
	return hcl_map_end(&m, span);
}

/* The repository of the image ends with one of these: "samply/blaze". */
static const struct value *
image_is(struct builtin_call *c)
{
	const struct value *repository = value_member(image(c), SLICE("repository"));
	struct slice have = repository->text;

	for (uint32_t i = 1; i < c->count; i++) {
		struct slice want = builtin_text_of(c, c->args[i]);

		if (want.len > 0 && slice_ends(have, want)
		    && (have.len == want.len || have.ptr[have.len - want.len - 1] == '/'))
			return builtin_bool(c, true);
	}
	return builtin_bool(c, false);
}

/* ---- versions and durations ---- */

static const struct { const char *pattern; long double version; } tls_names[] = {
	{ "ELBSecurityPolicy-TLS13-1-3-*", 1.3L }, { "ELBSecurityPolicy-TLS13-1-2-*", 1.2L },
	{ "ELBSecurityPolicy-TLS13-1-1-*", 1.1L }, { "ELBSecurityPolicy-TLS13-1-0-*", 1.0L },
	{ "ELBSecurityPolicy-FS-1-2-*", 1.2L },    { "ELBSecurityPolicy-FS-1-1-*", 1.1L },
	{ "ELBSecurityPolicy-FS-*", 1.0L },        { "ELBSecurityPolicy-TLS-1-2-*", 1.2L },
	{ "ELBSecurityPolicy-TLS-1-1-*", 1.1L },   { "ELBSecurityPolicy-*", 1.0L },
	{ "Policy-Min-TLS-1-2-*", 1.2L },          { "Policy-Min-TLS-1-0-*", 1.0L },
	{ "AppGwSslPolicy20220101*", 1.2L },       { "AppGwSslPolicy20170401S", 1.2L },
	{ "AppGwSslPolicy20170401", 1.1L },        { "AppGwSslPolicy20150501", 1.0L },
	{ "TLSv1.1_2016", 1.1L }, { "TLSv1_2016", 1.0L },          /* CloudFront; the year is no version */
	{ "*SSLv*", 0.3L }, { "*TLS*1?3*", 1.3L }, { "*TLS*1?2*", 1.2L }, { "*TLS*1?1*", 1.1L },
	{ "*TLS*1?0*", 1.0L }, { "*TLSv1", 1.0L }, { "*TLS13*", 1.3L },
	{ "*TLS12*", 1.2L }, { "*TLS11*", 1.1L }, { "*TLS10*", 1.0L }, { "1.3", 1.3L }, { "1.2", 1.2L },
	{ "1.1", 1.1L }, { "1.0", 1.0L }, { "1", 1.0L },
};

static const struct value *
min_tls(struct builtin_call *c)
{
	struct slice text = builtin_text_of(c, c->args[0]);

	for (size_t i = 0; text.len > 0 && i < COUNT_OF(tls_names); i++)
		if (builtin_glob(slice_of(tls_names[i].pattern), text, true))
			return builtin_number(c, tls_names[i].version);
	return &value_null;
}

static const struct { char unit; long double days; } units[] = {
	{ 'y', 365 }, { 'w', 7 }, { 'd', 1 }, { 'h', 1.0L / 24 }, { 'm', 1.0L / 1440 }, { 's', 1.0L / 86400 },
};

/* "P1Y6M" counts months before the T, minutes behind it. */
static const struct value *
days(struct builtin_call *c)
{
	struct slice text = builtin_text_of(c, c->args[0]);
	bool iso = text.len > 0 && text.ptr[0] == 'P', date = iso;
	long double sum = 0, n;
	char *at = slice_cstr(text, c->arena), *end;

	if (text.len == 0)
		return &value_null;
	for (at += iso; *at != '\0'; at = end + 1) {
		if (*at == 'T') {
			date = false;
			end = at;
			continue;
		}
		n = strtold(at, &end);
		if (end == at)
			return builtin_unknown(c, "this is not a duration");
		if (*end == '\0')
			return builtin_number(c, sum + n);
		for (size_t i = 0; i < COUNT_OF(units); i++)
			if (small(*end, true) == units[i].unit)
				sum += n * (date && units[i].unit == 'm' ? 30 : units[i].days);
	}
	return builtin_number(c, sum);
}

/* ---- secrets and patients ---- */

static const char secret_names[] = "(?i)(pass(word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|"
    "private[_-]?key|credential|client[_-]?secret|auth[_-]?key|conn(ection)?[_-]?str(ing)?)s?$";
static const char not_secret_names[] = "(?i)(file|path|url|uri|arn|name|id|endpoint|ttl|expir\\w*|length|policy|"
    "enabled|type|issuer|audience|version|header|field|mount|dir|ref|rotation|lifetime|algorithm)$";
static const char secret_values[] = "AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|"
    "gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|sk_live_[0-9a-zA-Z]{24}|"
    "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.|AccountKey=[A-Za-z0-9+/=]{40,}|"
    "LS0tLS1CRUdJTi(?!BDRVJU|BQVUJM)|"                        /* base64 of "-----BEGIN", not of CERT or PUBL */
    "[a-z][a-z0-9+.-]*://[^/\\s:@${]+:[^/\\s:@${]{3,}@";
/* Not a value but where one comes from, or no secret at all. */
static const char not_secret_values[] = "(?i)^$|\\$\\{|^\\$|\\{\\{|^arn:|^/|^(var|local|data|module)\\.|"
    "^(true|false|null|none|string|required|optional|enabled|disabled|[0-9]+)$|"
    "^(projects|vault|secret|ssm|op|keyvault|azure|gcp|aws|https?|file):?[/:]|^@Microsoft\\.KeyVault|^<.*>$";

static bool
matches(struct builtin_call *c, const char *pattern, struct slice text)
{
	pcre2_code *code = compiled(c, slice_of(pattern));
	pcre2_match_data *data;
	bool found;

	if (code == NULL)
		return false;
	data = pcre2_match_data_create_from_pattern(code, NULL);
	found = match(code, text, 0, data);
	pcre2_match_data_free(data);
	return found;
}

/* One of these is in every match of secret_values, of secret_names: most texts are told at once. */
static const char *const value_marks[] = { "AKIA", "ASIA", "PRIVATE KEY", "gh", "xox", "AIza", "sk_live_", "eyJ",
	"AccountKey", "LS0tLS1C", "://", NULL };
static const char *const name_marks[] = { "pass", "pwd", "secret", "token", "key", "credential", "conn", NULL };

static bool
has_mark(struct slice s, const char *const *marks, bool nocase)
{
	for (; *marks != NULL; marks++) {
		struct slice mark = slice_of(*marks);

		for (size_t i = 0; i + mark.len <= s.len; i++)
			if ((s.ptr[i] | (nocase ? 0x20 : 0)) == mark.ptr[0] && (nocase
			    ? slice_eq_nocase(slice_sub(s, i, mark.len), mark)
			    : memcmp(s.ptr + i, mark.ptr, mark.len) == 0))
				return true;
	}
	return false;
}

static bool
is_secret(struct builtin_call *c, struct slice name, const struct value *v)
{
	if (v->kind != VALUE_STRING || v->text.len == 0)
		return false;
	if (has_mark(v->text, value_marks, false) && matches(c, secret_values, v->text))
		return true;
	return has_mark(name, name_marks, true) && matches(c, secret_names, name)
	    && !matches(c, not_secret_names, name) && !matches(c, not_secret_values, v->text);
}

static const struct value *
is_secret_like(struct builtin_call *c)
{
	struct slice name = c->count == 2 ? builtin_text_of(c, c->args[0]) : SLICE("");

	return builtin_bool(c, is_secret(c, name, c->args[c->count - 1]));
}

/* What people write of a thing is no credential of it. */
static bool
is_told_about(struct slice name)
{
	static const char *const names[] = { "tags", "tags_all", "Tags", "labels", "description", "Description",
		"token_validity_units", "TokenValidityUnits", "ServiceToken", "lifecycle", "depends_on" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

/* { name = "PASSWORD", value = "x" }, in any spelling. */
static struct slice
name_beside(const struct value *map, struct slice name)
{
	static const char *const names[] = { "name", "Name", "key", "Key" };

	for (size_t i = 0; slice_eq_nocase(name, SLICE("value")) && i < COUNT_OF(names); i++)
		if (value_path(map, names[i])->kind == VALUE_STRING)
			return value_path(map, names[i])->text;
	return name;
}

static void
add_secrets(struct builtin_call *c, struct value_builder *b, struct slice name, const struct value *v, uint32_t depth)
{
	uint32_t i;

	if (is_secret(c, name, v))
		value_append(b, v);
	for (i = 0; depth < SECRETS_DEPTH && v->kind == VALUE_LIST && i < v->count; i++)
		add_secrets(c, b, name, v->items[i], depth + 1);
	for (i = 0; depth < SECRETS_DEPTH && v->kind == VALUE_MAP && i < v->count; i++)
		if (!is_told_about(v->members[i].key))
			add_secrets(c, b, name_beside(v, v->members[i].key), v->members[i].value, depth + 1);
}

/* secrets(x): the texts in it, at any depth, that are credentials by their form or by their name. */
static const struct value *
secrets(struct builtin_call *c)
{
	const struct object *o = engine_find_object(c->engine, c->args[0]);
	struct value_builder b;

	value_begin(&b, c->arena, VALUE_LIST, c->args[0]->span);
	add_secrets(c, &b, SLICE(""), o != NULL && o->row_of != NULL ? o->self : c->args[0], 0);
	return value_end(&b);
}

/* Numbers of patients and persons are told by the name that stands beside them. */
static const char phi_values[] = "(?i)\\b(mrn|ssn|nhs[ _-]?(number|no)|patient[ _-]?(id|name|identifier)|"
    "medical[ _-]?record|dob|birth[ _-]?date|date[ _-]?of[ _-]?birth)\\b\\W{1,4}[\"']?[A-Z0-9][A-Z0-9 /-]{3,}|"
    "\\b(?!000|666|9\\d\\d)\\d{3}-(?!00)\\d{2}-(?!0000)\\d{4}\\b|\"resourceType\"\\s*:\\s*\"Patient\"";
static const char phi_names[] = "(?i)(^|[_.-])(mrn|ssn|nhs_?number|patient_?(id|name|mrn|ssn)?|dob|birth_?date|"
    "diagnosis|medical_?record(_?number)?)$";
static const char phi_texts[] = "(?i)^(?!(true|false|yes|no|none|null|enabled|disabled|https?:.*|[0-9]{1,4})$)"
    "(?=.*[0-9]).{5,}$";

static const struct value *
is_phi_like(struct builtin_call *c)
{
	struct slice name = builtin_text_of(c, c->args[0]), text = builtin_text_of(c, c->args[c->count - 1]);

	if (c->args[c->count - 1]->kind != VALUE_STRING)
		return builtin_bool(c, false);
	return builtin_bool(c, matches(c, phi_values, text)
	    || (c->count == 2 && matches(c, phi_names, name) && matches(c, phi_texts, text)));
}

const struct builtin builtins_text[] = {
	{ "days", 1, 1, 0, days },                { "glob_match", 2, 255, 0, glob_match },
	{ "image", 1, 1, 0, image },              { "image_is", 2, 255, 0, image_is },
	{ "is_phi_like", 1, 2, 0, is_phi_like },  { "is_secret_like", 1, 2, 0, is_secret_like },
	{ "lines", 1, 1, 0, lines },              { "min_tls", 1, 1, 0, min_tls },
	{ "regex_find", 2, 2, 0, regex_find },    { "regex_match", 2, 255, 0, regex_match },
	{ "secrets", 1, 1, 0, secrets },
};
const size_t builtins_text_count = COUNT_OF(builtins_text);
