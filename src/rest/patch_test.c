/* The patch languages against cases that we did not write: json-patch-tests (RFC 6902), and
 * the JSON, FHIRPath and XML patch tests of FHIR/fhir-test-cases; then our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "rest/patch.h"
#include "rest/patch_dom.h"
#include "rest/patch_tree.h"
#include "xml/xml.h"

#define CORPUS "../shared/corpus/"

static struct arena *arena;
static struct outcome outcome;
static struct pack *pack;

static int
open_all(void **state UNUSED)
{
	arena = arena_new(1 << 16);
	outcome_init(&outcome, arena);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &outcome);
	return pack == NULL;
}

static int
close_all(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

/* With the line ends that XML has once it is read. */
static struct slice
read_file(const char *path)
{
	struct slice text;
	struct buf b;

	assert_true(env_read_file(&env_real, path, 1 << 24, arena, &text));
	buf_init(&b, arena, SIZE_MAX);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			buf_add_char(&b, text.ptr[i]);
	return buf_slice(&b);
}

static struct json
parse(struct slice text)
{
	struct json j;

	outcome_init(&outcome, arena);
	assert_true(json_parse(text, json_bounds(&limits_default, false), arena, &j, &outcome));
	return j;
}

static struct slice
text_of(const struct json *j, uint32_t node)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	json_write_node(&b, j, node);
	return buf_slice(&b);
}

static bool
same_json(struct slice a, struct slice b)
{
	struct json x = parse(a), y = parse(b);

	return tree_equal(tree_of(&x, 0, arena, NULL), tree_of(&y, 0, arena, NULL), arena);
}

/* Corpora of JSON Patch */

static struct slice
member_text(const struct json *j, uint32_t n, const char *name)
{
	uint32_t node = json_get(j, n, slice_of(name));

	return node == 0 ? SLICE_NONE : text_of(j, node);
}

static bool
json_case_passes(const struct json *j, uint32_t n)
{
	struct json doc = parse(member_text(j, n, "doc")), patch = parse(member_text(j, n, "patch"));
	struct slice expected = member_text(j, n, "expected"), out;

	outcome_init(&outcome, arena);
	if (!patch_json(&doc, &patch, &limits_default, arena, &out, &outcome))
		return outcome.failed && member_text(j, n, "error").len > 0;
	return member_text(j, n, "error").len == 0 && (expected.len == 0 || same_json(out, expected));
}

/* The next object of the array: the file as a whole is none of ours to read, one of its cases
 * has a member twice. */
static struct slice
next_object(struct slice *rest)
{
	size_t i = slice_find(*rest, '{'), begin = i;
	int depth = 0;
	bool quoted = false;

	for (; i < rest->len; i++) {
		char c = rest->ptr[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '}') && (depth += c == '{' ? 1 : -1) == 0)
			break;
	}
	if (i >= rest->len)
		return SLICE_NONE;
	i++;
	*rest = slice_make(rest->ptr + i, rest->len - i);
	return slice_make(rest->ptr - (i - begin), i - begin);
}

static bool
json_text_passes(struct slice text)
{
	struct json j;

	outcome_init(&outcome, arena);
	if (!json_parse(text, json_bounds(&limits_default, false), arena, &j, &outcome))
		return memmem(text.ptr, text.len, "\"error\"", 7) != NULL;
	return json_get(&j, 0, SLICE("doc")) == 0 || json_case_passes(&j, 0);
}

static void
run_json_corpus(const char *path, int least)
{
	struct slice rest = read_file(path), one;
	int count = 0, failed = 0;

	while ((one = next_object(&rest)).len > 0) {
		count++;
		if (!json_text_passes(one)) {
			printf("%s: %.*s\n", path, SLICE_FMT(one));
			failed++;
		}
	}
	assert_int_equal(failed, 0);
	assert_true(count >= least);
}

static void
json_corpora(void **state UNUSED)
{
	run_json_corpus(CORPUS "json-patch/tests.json", 95);
	run_json_corpus(CORPUS "json-patch/spec_tests.json", 17);
	run_json_corpus(CORPUS "patch/json-patch-tests.json", 16);
}

/* Corpora in XML: the pieces are documents of their own */

static struct slice
between(struct slice text, const char *open, const char *close, struct slice *rest)
{
	const char *from = memmem(text.ptr, text.len, open, strlen(open)), *to;

	if (from == NULL)
		return SLICE_NONE;
	from = memchr(from, '>', (size_t)(text.ptr + text.len - from));
	from++;
	to = memmem(from, (size_t)(text.ptr + text.len - from), close, strlen(close));
	if (to == NULL)
		return SLICE_NONE;
	if (rest != NULL)
		*rest = slice_sub(text, (size_t)(to - text.ptr) + strlen(close), text.len);
	return slice_trim(slice_make(from, (size_t)(to - from)));
}

static struct slice
whole(struct slice text, const char *open, const char *close)
{
	const char *from = memmem(text.ptr, text.len, open, strlen(open)), *to;

	if (from == NULL)
		return SLICE_NONE;
	to = memmem(from, (size_t)(text.ptr + text.len - from), close, strlen(close));
	return to == NULL ? SLICE_NONE : slice_make(from, (size_t)(to - from) + strlen(close));
}

/* The DOM with adjacent white space left out, so that layout does not matter. */
static void
write_plain(struct buf *b, struct dom *n)
{
	for (struct dom *c = n->first, *next; c != NULL; c = next) {
		next = c->next;
		if (dom_is_blank(c))
			dom_take(c);
		else if (c->kind == DOM_COMMENT || c->kind == DOM_TEXT)
			c->text = slice_trim(c->text);
		else
			write_plain(NULL, c);
	}
	if (b != NULL)
		dom_write(b, n);
}

static struct slice
plain(struct slice text)
{
	struct dom *document;
	struct buf b;

	outcome_init(&outcome, arena);
	assert_true(dom_parse(text, &limits_default, arena, &document, &outcome));
	buf_init(&b, arena, SIZE_MAX);
	write_plain(&b, document);
	return buf_slice(&b);
}

static bool
xml_case_passes(struct slice text)
{
	struct slice target = between(text, "<target>", "</target>", NULL);
	struct slice patch = whole(text, "<patch", "</patch>");
	struct slice patched = between(text, "<patched>", "</patched>", NULL), out;

	outcome_init(&outcome, arena);
	if (!patch_xml(target, patch, &limits_default, arena, &out, &outcome))
		return outcome.failed && patched.len == 0;
	return patched.len > 0 && slice_eq(plain(out), plain(patched));
}

/* Four cases of RFC 5261, appendix A, stand in comments ("no need for this"), A.8 with names that
 * its own patch puts into another namespace, A.10 with its input as the expected text.  They
 * are below, as the RFC has them. */
static const char *const commented_out[] = {
	"replace sel=\"doc/namespace::pref\"", "processing-instruction", "-.-",
};

static bool
is_commented_out(struct slice text)
{
	for (size_t i = 0; i < COUNT_OF(commented_out); i++)
		if (memmem(text.ptr, text.len, commented_out[i], strlen(commented_out[i])) != NULL)
			return true;
	return false;
}

static void
xml_corpus(void **state UNUSED)
{
	struct slice rest = read_file(CORPUS "patch/xml-patch-tests.xml"), one;
	int count = 0, failed = 0;

	while ((one = between(rest, "<case", "</case>", &rest)).len > 0) {
		if (is_commented_out(one))
			continue;
		count++;
		if (!xml_case_passes(one)) {
			printf("%.*s\n", SLICE_FMT(one));
			failed++;
		}
	}
	assert_int_equal(failed, 0);
	assert_int_equal(count, 29);
}

static struct slice
fhir_json(struct slice xml)
{
	struct slice json = SLICE_NONE;

	outcome_init(&outcome, arena);
	if (!xml_read(pack, xml, &limits_default, 0, arena, &json, NULL, &outcome)) {
		struct buf b;

		buf_init(&b, arena, SIZE_MAX);
		outcome_text(&outcome, NULL, &b);
		fail_msg("%.*s in %.*s", SLICE_FMT(buf_slice(&b)), SLICE_FMT(xml));
	}
	return json;
}

/* "Full Resource" brings a div as a string, with quotes where the file has &quot;: the same XHTML. */
static struct slice
with_quotes(struct slice text)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	for (size_t i = 0; i < text.len; i++)
		if (slice_starts(slice_sub(text, i, text.len), SLICE("&quot;"))) {
			buf_add(&b, SLICE("\\\""));
			i += 5;
		} else {
			buf_add_char(&b, text.ptr[i]);
		}
	return buf_slice(&b);
}

static bool
fhir_case_passes(struct slice text)
{
	struct json patch = parse(fhir_json(between(text, "<diff>", "</diff>", NULL)));
	struct slice input = fhir_json(between(text, "<input>", "</input>", NULL));
	struct slice output = between(text, "<output>", "</output>", NULL), out;

	outcome_init(&outcome, arena);
	if (!patch_fhirpath(pack, &env_real, input, &patch, &limits_default, arena, &out, &outcome))
		return outcome.worst == FAULT_PATCH && output.len == 0;
	return output.len > 0 && same_json(with_quotes(out), with_quotes(fhir_json(output)));
}

static void
fhir_corpus(void **state UNUSED)
{
	struct slice rest = read_file(CORPUS "patch/fhir-patch-tests.xml"), one;
	int count = 0, failed = 0;

	while ((one = between(rest, "<case", "</case>", &rest)).len > 0) {
		count++;
		if (!fhir_case_passes(one)) {
			printf("%.*s\n", SLICE_FMT(one));
			failed++;
		}
	}
	assert_int_equal(failed, 0);
	assert_int_equal(count, 33);
}

/* Our own */

static const struct json_case {
	const char *doc, *patch, *out;  /* out NULL: refused with `fault` */
	enum fault  fault;
} json_cases[] = {
	{ "{}", "{}", NULL, FAULT_INVALID },
	{ "{}", "[1]", NULL, FAULT_INVALID },
	{ "{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL, FAULT_INVALID },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/a~\",\"value\":1}]", NULL, FAULT_INVALID },
	{ "{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL, FAULT_INVALID },
	{ "{}", "[{\"op\":\"move\",\"path\":\"/a\"}]", NULL, FAULT_INVALID },
	{ "{}", "[{\"op\":\"spam\",\"path\":\"/a\"}]", NULL, FAULT_INVALID },
	/* a wrong operation is found before any is tried */
	{ "{}", "[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"x\",\"path\":\"/a\"}]", NULL, FAULT_INVALID },
	{ "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", NULL, FAULT_PATCH },
	{ "{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", NULL, FAULT_PATCH },
	{ "{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":\"1\"}]", NULL, FAULT_PATCH },
	{ "{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL, FAULT_PATCH },
	{ "{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/01\",\"value\":2}]", NULL, FAULT_PATCH },
	{ "{\"a\":1.50}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":15e-1}]", "{\"a\":1.50}", 0 },
	{ "{\"a\":0}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":-0.0}]", "{\"a\":0}", 0 },
	{ "{\"a\":\"\\u0041\"}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":\"A\"}]", "{\"a\":\"\\u0041\"}", 0 },
	{ "{\"a\":1.50}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]", "{\"a\":1.50,\"b\":1.50}", 0 },
	{ "{\"m~n/o\":1}", "[{\"op\":\"replace\",\"path\":\"/m~0n~1o\",\"value\":2}]", "{\"m~n/o\":2}", 0 },
	{ "{\"a\":{\"x\":1,\"y\":[1]}}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":[1],\"x\":1}},"
	  "{\"op\":\"move\",\"from\":\"/a/y\",\"path\":\"/b\"}]", "{\"a\":{\"x\":1},\"b\":[1]}", 0 },
};

static void
our_json(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(json_cases); i++) {
		const struct json_case *c = &json_cases[i];
		struct json doc = parse(slice_of(c->doc)), patch = parse(slice_of(c->patch));
		struct slice out;

		outcome_init(&outcome, arena);
		if (patch_json(&doc, &patch, &limits_default, arena, &out, &outcome)) {
			assert_non_null(c->out);
			assert_string_equal(slice_cstr(out, arena), c->out);
		} else {
			assert_null(c->out);
			assert_int_equal(outcome.worst, c->fault);
			assert_true(outcome.first->place.line > 0);
		}
	}
}

/* Copies that double cannot grow without bound. */
static void
copies_are_bounded(void **state UNUSED)
{
	struct json doc = parse(SLICE("{\"a\":[[1,2,3,4]]}")), patch;
	struct slice out;
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	for (int i = 0; i < 40; i++)
		buf_printf(&b, "%s{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-\"}", i == 0 ? "[" : ",");
	buf_add_char(&b, ']');
	patch = parse(buf_slice(&b));
	outcome_init(&outcome, arena);
	assert_false(patch_json(&doc, &patch, &limits_default, arena, &out, &outcome));
	assert_int_equal(outcome.worst, FAULT_TOO_COMPLEX);
}

/* Moves that wrap what was moved before cannot nest without bound. */
static void
moves_are_bounded(void **state UNUSED)
{
	static const char deep[] = "/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d";
	struct json doc = parse(SLICE("{\"a\":{}}")), patch;
	struct slice out;
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	for (int i = 0; i < 3; i++) {
		buf_printf(&b, "%s{\"op\":\"add\",\"path\":\"/b\",\"value\":", i == 0 ? "[" : ",");
		for (size_t k = 0; k < sizeof deep / 2; k++)
			buf_add_cstr(&b, "{\"d\":");
		buf_add(&b, SLICE("{}"));
		for (size_t k = 0; k < sizeof deep / 2; k++)
			buf_add_char(&b, '}');
		buf_printf(&b, "},{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b%s\"}", deep);
		buf_add_cstr(&b, ",{\"op\":\"move\",\"from\":\"/b\",\"path\":\"/a\"}");
	}
	buf_add_char(&b, ']');
	patch = parse(buf_slice(&b));
	outcome_init(&outcome, arena);
	assert_false(patch_json(&doc, &patch, &limits_default, arena, &out, &outcome));
	assert_int_equal(outcome.worst, FAULT_PATCH);
}

#define OP(type, path, more) "{\"name\":\"operation\",\"part\":[{\"name\":\"type\",\"valueCode\":\"" type "\"}," \
	"{\"name\":\"path\",\"valueString\":\"" path "\"}" more "]}"
#define PATCH(ops) "{\"resourceType\":\"Parameters\",\"parameter\":[" ops "]}"
#define NAME(text) ",{\"name\":\"name\",\"valueString\":\"" text "\"}"
#define VALUE(text) ",{\"name\":\"value\"," text "}"
#define PATIENT(more) "{\"resourceType\":\"Patient\"" more "}"
#define OBSERVATION(more) "{\"resourceType\":\"Observation\"" more "}"

static const struct json_case fhir_cases[] = {
	/* lists of primitives and their companions go together */
	{ PATIENT(",\"name\":[{\"given\":[\"a\",\"b\"],\"_given\":[null,{\"id\":\"x\"}]}]"),
	  PATCH(OP("delete", "Patient.name[0].given[0]", "")),
	  PATIENT(",\"name\":[{\"given\":[\"b\"],\"_given\":[{\"id\":\"x\"}]}]"), 0 },
	{ PATIENT(",\"name\":[{\"given\":[\"a\",\"b\"],\"_given\":[null,{\"id\":\"x\"}]}]"),
	  PATCH(OP("delete", "Patient.name[0].given[1]", "")),
	  PATIENT(",\"name\":[{\"given\":[\"a\"]}]"), 0 },
	{ PATIENT(",\"name\":[{\"given\":[\"a\",\"b\"],\"_given\":[null,{\"id\":\"x\"}]}]"),
	  PATCH(OP("move", "Patient.name[0].given", ",{\"name\":\"source\",\"valueInteger\":1},"
	  "{\"name\":\"destination\",\"valueInteger\":0}")),
	  PATIENT(",\"name\":[{\"given\":[\"b\",\"a\"],\"_given\":[{\"id\":\"x\"},null]}]"), 0 },
	{ PATIENT(",\"name\":[{\"given\":[\"a\"]}]"),
	  PATCH(OP("insert", "Patient.name[0].given", ",{\"name\":\"index\",\"valueInteger\":0}"
	  VALUE("\"valueString\":\"z\",\"_valueString\":{\"id\":\"y\"}"))),
	  PATIENT(",\"name\":[{\"given\":[\"z\",\"a\"],\"_given\":[{\"id\":\"y\"},null]}]"), 0 },
	{ PATIENT(""), PATCH(OP("insert", "Patient.name", ",{\"name\":\"index\",\"valueInteger\":0}"
	  VALUE("\"valueHumanName\":{\"family\":\"x\"}"))), PATIENT(",\"name\":[{\"family\":\"x\"}]"), 0 },
	/* an element of a primitive goes to its companion */
	{ PATIENT(",\"birthDate\":\"1970\""), PATCH(OP("add", "Patient.birthDate", NAME("extension")
	  VALUE("\"valueString\":\"unused\""))), NULL, FAULT_PATCH },
	{ PATIENT(",\"birthDate\":\"1970\""), PATCH(OP("add", "Patient.birthDate", NAME("id")
	  VALUE("\"valueString\":\"q\""))), PATIENT(",\"birthDate\":\"1970\",\"_birthDate\":{\"id\":\"q\"}"), 0 },
	/* what is left empty does not stay, the value beside it does */
	{ PATIENT(",\"birthDate\":\"1970\",\"_birthDate\":{\"id\":\"q\"}"), PATCH(OP("delete", "Patient.birthDate.id", "")),
	  PATIENT(",\"birthDate\":\"1970\""), 0 },
	/* choices take the name that goes with the value */
	{ OBSERVATION(",\"valueString\":\"x\""), PATCH(OP("replace", "Observation.value",
	  VALUE("\"valueQuantity\":{\"value\":1.50}"))), OBSERVATION(",\"valueQuantity\":{\"value\":1.50}"), 0 },
	{ OBSERVATION(""), PATCH(OP("add", "Observation", NAME("value") VALUE("\"valueBoolean\":true"))),
	  OBSERVATION(",\"valueBoolean\":true"), 0 },
	{ OBSERVATION(",\"valueString\":\"x\""), PATCH(OP("add", "Observation", NAME("value") VALUE("\"valueBoolean\":true"))),
	  NULL, FAULT_PATCH },
	{ OBSERVATION(""), PATCH(OP("add", "Observation", NAME("value") VALUE("\"valueHumanName\":{\"text\":\"x\"}"))),
	  NULL, FAULT_PATCH },
	/* nothing, several, none of the resource */
	{ PATIENT(""), PATCH(OP("delete", "Patient.birthDate", "")), PATIENT(""), 0 },
	{ PATIENT(""), PATCH(OP("replace", "Patient.birthDate", VALUE("\"valueDate\":\"1970\""))), NULL, FAULT_PATCH },
	{ PATIENT(",\"name\":[{\"text\":\"a\"},{\"text\":\"b\"}]"), PATCH(OP("delete", "Patient.name", "")), NULL, FAULT_PATCH },
	{ PATIENT(""), PATCH(OP("delete", "Patient", "")), NULL, FAULT_PATCH },
	{ PATIENT(""), PATCH(OP("delete", "'x' | 'y'", "")), NULL, FAULT_PATCH },
	{ PATIENT(""), PATCH(OP("delete", "Patient.birthDat", "")), NULL, FAULT_INVALID },
	{ PATIENT(""), PATCH(OP("delete", "Patient.(", "")), NULL, FAULT_INVALID },
	{ PATIENT(""), PATCH(OP("spam", "Patient", "")), NULL, FAULT_INVALID },
	{ PATIENT(""), PATCH(OP("add", "Patient", NAME("nick") VALUE("\"valueString\":\"x\""))), NULL, FAULT_PATCH },
	{ PATIENT(""), PATCH(OP("add", "Patient", NAME("birthDate"))), NULL, FAULT_INVALID },
	{ PATIENT(""), PATCH("{\"name\":\"spam\",\"valueString\":\"x\"}"), NULL, FAULT_INVALID },
	{ PATIENT(",\"name\":[{\"text\":\"a\"}]"), PATCH(OP("move", "Patient.name", ",{\"name\":\"source\","
	  "\"valueInteger\":0},{\"name\":\"destination\",\"valueInteger\":1}")), NULL, FAULT_PATCH },
	/* contained resources are resources */
	{ PATIENT(",\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\"}]"),
	  PATCH(OP("add", "Patient.contained[0]", NAME("name") VALUE("\"valueString\":\"n\""))),
	  PATIENT(",\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"n\"}]"), 0 },
};

static void
our_fhir(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(fhir_cases); i++) {
		const struct json_case *c = &fhir_cases[i];
		struct json patch = parse(slice_of(c->patch));
		struct slice out;

		outcome_init(&outcome, arena);
		if (patch_fhirpath(pack, &env_real, slice_of(c->doc), &patch, &limits_default, arena, &out,
		    &outcome)) {
			if (c->out == NULL || !same_json(out, slice_of(c->out)))
				fail_msg("%zu: %.*s", i, SLICE_FMT(out));
		} else if (c->out != NULL || outcome.worst != c->fault) {
			fail_msg("%zu: %s", i, faults[outcome.worst].symbol);
		}
	}
}

#define F "<Patient xmlns=\"http://hl7.org/fhir\">"
#define D "<diff xmlns=\"http://hl7.org/fhir\">"

static const struct json_case xml_cases[] = {
	{ F "<active value=\"true\"/></Patient>", "<diff><replace sel=\"f:Patient/f:active/@value\">false</replace></diff>",
	  F "<active value=\"false\"/></Patient>", 0 },
	{ F "<active value=\"true\"/></Patient>", D "<replace sel=\"/Patient/*[1]/@value\">a&lt;b</replace></diff>",
	  F "<active value=\"a&lt;b\"/></Patient>", 0 },
	{ F "<name><text value=\"a\"/></name><name><text value=\"b\"/></name></Patient>",
	  D "<add sel=\"Patient/name[2]\" pos=\"before\"><name><text value=\"c\"/></name></add></diff>",
	  F "<name><text value=\"a\"/></name><name><text value=\"c\"/></name><name><text value=\"b\"/></name></Patient>", 0 },
	{ F "<active value=\"true\"/></Patient>", D "<add sel=\"Patient\" pos=\"prepend\"><id value=\"x\"/></add></diff>",
	  F "<id value=\"x\"/><active value=\"true\"/></Patient>", 0 },
	{ F "<active value=\"true\"/></Patient>", D "<add sel=\"Patient/active\" pos=\"after\"><id value=\"x\"/></add></diff>",
	  F "<active value=\"true\"/><id value=\"x\"/></Patient>", 0 },
	{ "<a><b>x<c>y</c></b><b>z</b></a>", "<diff><remove sel=\"a/b[.='xy']\"/></diff>", "<a><b>z</b></a>", 0 },
	{ "<a><b><c>y</c></b><b>z</b></a>", "<diff><remove sel=\"a/b[c='y']\"/></diff>", "<a><b>z</b></a>", 0 },
	{ "<a> <b/></a>", "<diff><remove sel=\"a/b\" ws=\"before\"/></diff>", "<a/>", 0 },
	{ "<a><b/></a>", "<diff><remove sel=\"a/b\" ws=\"both\"/></diff>", NULL, FAULT_PATCH },
	/* RFC 5261 A.8, A.10, A.14, A.16 */
	{ "<doc xmlns:pref=\"urn:test\"><foo a=\"1\"/></doc>", "<diff><replace sel=\"doc/namespace::pref\">urn:new:xxx</replace></diff>",
	  "<doc xmlns:pref=\"urn:new:xxx\"><foo a=\"1\"/></doc>", 0 },
	{ "<doc><?test foo?></doc>", "<diff><replace sel=\"doc/processing-instruction('test')\"><?test bar?></replace></diff>",
	  "<doc><?test bar?></doc>", 0 },
	{ "<doc><?test foo?><?other foo?></doc>", "<diff><remove sel=\"doc/processing-instruction('test')\"/></diff>",
	  "<doc><?other foo?></doc>", 0 },
	{ "<doc><foo xmlns:pref=\"urn:test\"/></doc>", "<diff><remove sel=\"doc/foo/namespace::pref\"/></diff>",
	  "<doc><foo/></doc>", 0 },
	{ "<a/>", "<diff/>", NULL, FAULT_INVALID },
	{ "<a/>", "<diff><spam sel=\"a\"/></diff>", NULL, FAULT_INVALID },
	{ "<a/>", "<diff><remove/></diff>", NULL, FAULT_INVALID },
	{ "<a><b/></a>", "<diff><remove sel=\"//b\"/></diff>", NULL, FAULT_INVALID },
	{ "<a><b/></a>", "<diff><remove sel=\"a/b[last()]\"/></diff>", NULL, FAULT_INVALID },
	{ "<a><b/></a>", "<diff><remove sel=\"a/x:b\"/></diff>", NULL, FAULT_INVALID },
	{ "<a><b/></a>", "<diff><remove sel=\"a/b[0]\"/></diff>", NULL, FAULT_PATCH },
	{ "<a><b/></a>", "<diff><remove sel=\"a\"/></diff>", NULL, FAULT_PATCH },
	{ "<a><b/><b/></a>", "<diff><remove sel=\"a/b\"/></diff>", NULL, FAULT_PATCH },
	{ "<a b=\"1\"/>", "<diff><add sel=\"a\" type=\"@b\">2</add></diff>", NULL, FAULT_PATCH },
	{ "<a><b/></a>", "<diff><replace sel=\"a/b\"><c/><d/></replace></diff>", NULL, FAULT_INVALID },
	{ "<a><b/></a>", "<diff><remove sel=\".\"/></diff>", NULL, FAULT_PATCH },
	{ "<a><b/></a>", "<diff><replace sel=\".\"><c/></replace></diff>", NULL, FAULT_INVALID },
	{ "<a><b/></a>", "<diff><add sel=\".\" pos=\"after\"><c/></add></diff>", NULL, FAULT_PATCH },
	{ "<a/>", "<!DOCTYPE diff><diff><remove sel=\"a\"/></diff>", NULL, FAULT_SYNTAX },
};

static void
our_xml(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(xml_cases); i++) {
		const struct json_case *c = &xml_cases[i];
		struct slice out;

		outcome_init(&outcome, arena);
		if (patch_xml(slice_of(c->doc), slice_of(c->patch), &limits_default, arena, &out, &outcome)) {
			if (c->out == NULL || !slice_is(out, c->out))
				fail_msg("%zu: %.*s", i, SLICE_FMT(out));
		} else if (c->out != NULL || outcome.worst != c->fault) {
			fail_msg("%zu: %s", i, faults[outcome.worst].symbol);
		}
	}
}

/* A selector of many tests that all hold looks at every node for each. */
static void
selectors_are_bounded(void **state UNUSED)
{
	struct slice out;
	struct buf doc, patch;

	buf_init(&doc, arena, SIZE_MAX);
	buf_init(&patch, arena, SIZE_MAX);
	buf_add_cstr(&doc, "<a>");
	for (int i = 0; i < 2000; i++)
		buf_add_cstr(&doc, "<b/>");
	buf_add_cstr(&doc, "</a>");
	buf_add_cstr(&patch, "<diff><remove sel=\"a/b");
	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&patch, "[.='']");
	buf_add_cstr(&patch, "[1]\"/></diff>");
	outcome_init(&outcome, arena);
	assert_false(patch_xml(buf_slice(&doc), buf_slice(&patch), &limits_default, arena, &out, &outcome));
	assert_int_equal(outcome.worst, FAULT_BUDGET);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_corpora), cmocka_unit_test(xml_corpus),
		cmocka_unit_test(fhir_corpus), cmocka_unit_test(our_json),
		cmocka_unit_test(copies_are_bounded), cmocka_unit_test(moves_are_bounded),
		cmocka_unit_test(our_fhir), cmocka_unit_test(our_xml), cmocka_unit_test(selectors_are_bounded),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
